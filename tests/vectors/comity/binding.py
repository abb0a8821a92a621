"""The rules (docs/formats.md, "Rules") of how grants are bound, changed and passed on."""

from . import shapes, task_forces
from .grounds import (
    Refusal, agency_key, dataset_key, decider, grant_key, grant_version_key, key_key, require,
)

MAX_BEARERS, MAX_ONWARD, MAX_UNDERTAKINGS, MAX_DAYS = 32, 16, 8, 500
SIDES = {
    "delete-after-days": ("requester",), "report-use-every-days": ("requester",),
    "notify-incident-days": ("provider", "requester"), "notify-change-days": ("provider",),
}


def promise(undertaking):
    """Who undertakes what, and its days."""
    what, days = next(iter(undertaking["what"].items()))
    return (undertaking["by"], what), days


def wider_officers(officers, others):
    """Whether officers go beyond others."""
    if others == "all":
        return False
    (kind, named), = others.items()
    return officers == "all" or kind not in officers or not set(officers[kind]) <= set(named)


def undertakes_less(undertakings, others):
    """Whether the requester undertakes in the others what it does not in these, or not as soon."""
    own = {}
    for one in reversed(undertakings):
        alike, days = promise(one)
        own[alike] = days
    wanted = [promise(one) for one in others if one["by"] == "requester"]
    return any(alike not in own or own[alike] > days for alike, days in wanted)


def passed_on(terms, requester):
    """The most that may be passed on to an agency."""
    return {**terms, "requester": requester, "officers": "all"}


class Bindings:
    """Officers named, onward sharing, undertakings, versions."""

    def known_grant(self, name):
        """A grant that there is."""
        grant = self.read(shapes.GRANT, grant_key(name))
        require(grant is not None, "grant-unknown", grant=name)
        return grant

    def not_revoked(self, name, grant):
        """Errors: `Refusal` where it was revoked."""
        if grant["revoked"] is not None:
            raise Refusal("grant-already-revoked", grant=name, at=grant["revoked"]["at"])

    def grantor(self, grant):
        """Who granted."""
        if grant["parent"] is None:
            key = dataset_key(grant["terms"]["dataset"])
            dataset = self.read(shapes.PUBLISHED_DATASET, key)["dataset"]
            return decider(dataset, grant["terms"]["requester"])
        return self.known_grant(grant["parent"])["terms"]["requester"]

    def grant_ends(self, grant):
        """When a grant ends, with its dataset or the one from which it was derived if not before."""
        ends = [grant["terms"]["not_after"]]
        published = self.read(shapes.PUBLISHED_DATASET, dataset_key(grant["terms"]["dataset"]))
        withdrawals = [] if published is None else published["withdrawals"]
        ends += [one["on"] for one in withdrawals if one["at"] > grant["issued_at"]][:1]
        if grant["revoked"] is not None:
            ends.append(grant["revoked"]["on"])
        if grant["parent"] is not None:
            ends.append(self.grant_ends(self.known_grant(grant["parent"])))
        force = self.force_of(grant["terms"])
        if force is not None:
            ends.append(task_forces.ends(force))
        return min(ends)

    def sides(self, grant, side):
        """Who owes what a side undertook, and to whom."""
        two = [self.grantor(grant), grant["terms"]["requester"]]
        return two if side == "provider" else two[::-1]

    def fulfilment(self, grant, number):
        """How an undertaking was fulfilled, or None."""
        return next((one for one in grant["fulfilled"] if one["number"] == number), None)

    def check_officers(self, terms):
        """Whether the officers named can be."""
        if terms["officers"] == "all":
            return
        (kind, named), = terms["officers"].items()
        require(1 <= len(named) <= MAX_BEARERS, "officer-count", limit=MAX_BEARERS)
        if kind == "posts":
            require("" not in named, "post-empty")
            return
        force = self.force_of(terms)
        asks = lambda agency: agency == terms["requester"] if force is None else (
            task_forces.membership(force, agency) is not None)
        for key in sorted(named):
            held = self.read(shapes.KEY, key_key(key))
            fits = held is not None and held["role"] == "officer" and asks(held["agency"])
            require(fits, "officer-unfit", key=key, agency=terms["requester"])

    def check_onward(self, terms):
        """Whether it may be passed on to these."""
        parties = (terms["requester"], terms["dataset"].split("/")[0])
        require(len(terms["onward"]) <= MAX_ONWARD, "onward-count", limit=MAX_ONWARD)
        for agency in sorted(terms["onward"], key=str.encode):
            require(agency not in parties, "onward-to-party", agency=agency)
            require(agency_key(agency) in self.state, "agency-unknown", agency=agency)

    def check_undertakings(self, undertakings):
        """Whether undertakings can be kept."""
        require(len(undertakings) <= MAX_UNDERTAKINGS, "undertaking-count", limit=MAX_UNDERTAKINGS)
        seen = []
        for number, one in enumerate(undertakings, 1):
            (side, what), days = promise(one)
            require(1 <= days <= MAX_DAYS, "undertaking-days", number=number, limit=MAX_DAYS)
            require(side in SIDES[what], "undertaking-side", number=number)
            require((side, what) not in seen, "undertaking-twice", number=number)
            seen.append((side, what))

    def check_bearer(self, officers, officer, key):
        """Whether an officer may use a grant."""
        named = {"all": officers == "all"}
        if officers != "all":
            (kind, values), = officers.items()
            named = {kind: (key["post"] if kind == "posts" else officer) in values}
        require(any(named.values()), "officer-not-named")

    def above(self, parent, check, *arguments):
        """A check of the grant above, whose refusal is one of the grant below."""
        try:
            return check(*arguments)
        except Refusal as refusal:
            because = refusal.value["rule"]
            raise Refusal("parent-not-in-force", parent=parent, because=because) from refusal

    def changed(self, name, grant, terms, index):
        """What a new version puts."""
        version = {"terms": grant["terms"], "version_at": grant["version_at"]}
        following = {**grant, "terms": terms, "version": grant["version"] + 1, "version_at": index}
        key = grant_version_key(name, grant["version"])
        return {grant_key(name): shapes.GRANT.put(following), key: shapes.GRANT_VERSION.put(version)}

    def check_change(self, name, grant, action, time):
        """What a narrowing and an extension share."""
        until, version = grant["terms"]["not_after"], grant["version"]
        require(time < until, "grant-over", grant=name, until=until)
        same = version == action["version"]
        require(same, "grant-changed", grant=name, version=version, at=grant["version_at"])
        # As they are encoded: sets have no order.
        put = shapes.GRANT_TERMS.put
        require(put(grant["terms"]) != put(action["terms"]), "grant-unchanged", grant=name)

    def narrow_grant(self, signers, action, index, time):
        name, terms = action["grant"], action["terms"]
        grant = self.live_grant(signers, name)
        self.check_change(name, grant, action, time)
        field = self.beyond(terms, grant["terms"])
        require(field is None, "narrowing-beyond", field=field)
        kept = terms["undertakings"] == grant["terms"]["undertakings"]
        require(kept, "undertakings-kept", grant=name)
        require(1 <= len(terms["matters"]) <= 32, "matter-count", limit=32)
        require(terms["items"] == "all" or terms["items"]["only"], "no-items")
        require(terms["modes"], "no-modes")
        self.check_limits(terms, time)
        self.check_officers(terms)
        dataset = self.read(shapes.PUBLISHED_DATASET, dataset_key(terms["dataset"]))["dataset"]
        self.check_conditions(dataset, terms)
        return self.changed(name, grant, terms, index)

    def extend_grant(self, signers, action, index, time):
        name, terms = action["grant"], action["terms"]
        grant = self.known_grant(name)
        for field in ("dataset", "requester", "task-force"):
            held = field.replace("-", "_")
            require(terms[held] == grant["terms"][held], "extension-of-other", field=field)
        if grant["parent"] is None:
            dataset = self.in_catalogue(terms["dataset"])["dataset"]
            self.require_approval(signers, dataset, terms, time)
        else:
            self.require_onward(signers, grant["parent"], terms, time)
        self.not_revoked(name, grant)
        self.check_change(name, grant, action, time)
        undertaken = grant["terms"]["undertakings"]
        kept = terms["undertakings"][:len(undertaken)] == undertaken
        require(kept, "undertakings-kept", grant=name)
        dataset = self.check_grantable(terms, time)
        for withdrawal in self.in_catalogue(terms["dataset"])["withdrawals"]:
            at, dataset = withdrawal["at"], terms["dataset"]
            require(at <= grant["issued_at"], "dataset-gone", dataset=dataset, at=at)
        if grant["parent"] is None:
            grant["sharing"] = self.in_catalogue(terms["dataset"])["dataset"]["sharing"]
        return self.changed(name, grant, terms, index)

    def require_onward(self, signers, parent, terms, time):
        """A grant of these terms may be derived from this one, and its requester signs."""
        above = self.known_grant(parent)
        self.require_sole_signer(signers, above["terms"]["requester"], "steward")
        origin = above["parent"]
        require(origin is None, "onward-of-onward", parent=parent, origin=origin)
        self.above(parent, self.check_usable, above, time)
        agency = terms["requester"]
        allowed = agency in above["terms"]["onward"]
        require(allowed, "onward-not-allowed", parent=parent, agency=agency)
        require(not terms["onward"], "onward-again")
        field = self.beyond(terms, passed_on(above["terms"], agency))
        require(field is None, "onward-beyond", parent=parent, field=field)

    def issue_onward(self, signers, action, index, time):
        parent, terms = action["parent"], action["terms"]
        self.require_onward(signers, parent, terms, time)
        self.check_grantable(terms, time)
        sharing = self.known_grant(parent)["sharing"]
        return self.issued(sharing, terms, None, index, time, parent)

    def fulfil_undertaking(self, signers, action, index, time):
        name, number = action["grant"], action["number"]
        grant = self.known_grant(name)
        undertakings = grant["terms"]["undertakings"]
        known = 1 <= number <= len(undertakings)
        require(known, "undertaking-unknown", grant=name, number=number)
        (side, what), _ = promise(undertakings[number - 1])
        self.require_sole_signer(signers, self.sides(grant, side)[0], "steward")
        begun = side == "provider" or grant["first_use"] is not None
        require(begun, "undertaking-not-begun", grant=name, number=number)
        earlier = self.fulfilment(grant, number)
        if what == "delete-after-days":
            until = self.grant_ends(grant)
            require(time >= until, "deletion-too-early", grant=name, until=until)
            if earlier is not None:
                at = earlier["last"]["at"]
                raise Refusal("undertaking-fulfilled", grant=name, number=number, at=at)
        require(action["note"] != "", "fulfilment-without-note")
        count = 1 if earlier is None else earlier["count"] + 1
        before = None if earlier is None else earlier["last"]
        done = {"number": number, "count": count, "last": {"at": index, "on": time}, "before": before}
        others = [one for one in grant["fulfilled"] if one["number"] != number]
        grant["fulfilled"] = sorted([*others, done], key=lambda one: one["number"])
        return {grant_key(name): shapes.GRANT.put(grant)}
