"""The rules of emergencies (docs/formats.md, "Emergencies", "Evaluation", "Rules",
declare-emergency to justify-access; "Measures"; "Duties")."""

from . import shapes
from .grounds import (
    MAX_TIME, PUBLIC, SHARED, UNUSED, Refusal, agency_key, current, current_at, dataset_key,
    departure_key, emergency_access_key, emergency_exchange_key, emergency_key,
    emergency_recipient_key, emergency_use_key, office_key, require,
)
from .supervision import duty

MAX_EMERGENCY_MS = 72 * 3_600_000
RECENT = b"E"
MAX_ENTRIES, MAX_JUSTIFIED = 1_024, 64


def ends(emergency):
    """When an emergency ends, as things stand, or ended."""
    ended = emergency["ended"]
    return emergency["until"] if ended is None else ended["mark"]["on"]


def over_since(emergency, time):
    """Since when it was over at a time that may be over itself, or None."""
    ended = emergency["ended"]
    if ended is not None and ended["mark"]["on"] <= time:
        return ended["mark"]["on"]
    until = [emergency["terms"]["until"]]
    until += [one["until"] for one in emergency["renewals"] if one["mark"]["on"] <= time]
    return until[-1] if time >= until[-1] else None


def is_over(emergency, time):
    """Whether it lets nothing through at a time."""
    return over_since(emergency, time) is not None


def is_recent(emergency, time):
    """Whether only a ballot opens the same again at a time."""
    return min(ends(emergency) + MAX_EMERGENCY_MS, MAX_TIME) > time


def owner(dataset):
    """Whose dataset it is."""
    return dataset.split("/")[0]


def meets(one, other):
    """Whether some dataset is open by both scopes."""
    def within(left, right):
        return any(name in right["datasets"] or owner(name) in right["agencies"]
                   for name in left["datasets"])
    return within(one, other) or within(other, one) or bool(
        set(one["agencies"]) & set(other["agencies"]))


def opens(emergency, dataset):
    """Whether it opens a dataset."""
    scope = emergency["terms"]["scope"]
    return dataset in scope["datasets"] or owner(dataset) in scope["agencies"]


def involves(emergency, agency):
    """Whether an agency has a part in it."""
    terms = emergency["terms"]
    return (agency == emergency["declared_by"] or agency in terms["requesters"]
            or agency in terms["scope"]["agencies"]
            or any(owner(name) == agency for name in terms["scope"]["datasets"]))


class Emergencies:
    """A judge's part for emergencies."""

    def emergency(self, name):
        """The emergency, which there is. Errors: `Refusal`."""
        found = self.read(shapes.EMERGENCY, emergency_key(name))
        require(found is not None, "emergency-unknown", emergency=name)
        return found

    def check_present(self, agency, time):
        """Errors: `Refusal` unless it is a member today."""
        known = self.read(shapes.AGENCY, agency_key(agency))
        require(known is not None, "agency-unknown", agency=agency)
        self.check_membership(agency, time)
        return known

    def declare_emergency(self, signers, action, index, time):
        declarer, terms = signers[0]["agency"], action["terms"]
        self.require_sole_signer(signers, declarer, "steward")
        holders = self.read(shapes.AGENCY_IDS, office_key("emergency-declarer")) or []
        require(declarer in holders, "not-a-declarer", agency=declarer)
        self.check_emergency_terms(terms, time)
        recent = self.read(shapes.EMERGENCY_IDS, RECENT) or []
        recent = [name for name in recent if is_recent(self.emergency(name), time)]
        for name in recent:
            earlier = self.emergency(name)["terms"]
            asks = set(earlier["requesters"]) & set(terms["requesters"])
            again = asks and meets(earlier["scope"], terms["scope"])
            require(not again, "emergency-again", emergency=name)
        own = [name for name in recent if self.emergency(name)["declared_by"] == declarer]
        for listed, limit in ((own, 8), (recent, 64)):
            require(len(listed) < limit, "too-many-emergencies", limit=limit)
        value = {"terms": terms, "declared_by": declarer, "declared_at": index,
                 "declared_on": time, "until": terms["until"], "renewals": [], "ended": None,
                 "reviews": []}
        name = f"E{index}"
        return {emergency_key(name): shapes.EMERGENCY.put(value),
                RECENT: shapes.EMERGENCY_IDS.put([*recent, name])}

    def check_emergency_terms(self, terms, time):
        scope, requesters = terms["scope"], terms["requesters"]
        named = len(scope["datasets"]) + len(scope["agencies"])
        require(1 <= named <= 64, "emergency-scope", limit=64)
        for name in scope["datasets"]:
            published = self.read(shapes.PUBLISHED_DATASET, dataset_key(name))
            require(published is not None, "dataset-unknown", dataset=name)
            gone = current(published["withdrawals"])
            if gone is not None:
                raise Refusal("dataset-gone", dataset=name, at=gone["at"])
        for agency in scope["agencies"]:
            self.check_present(agency, time)
        require(1 <= len(requesters) <= 64, "emergency-requesters", limit=64)
        for agency in requesters:
            public = self.check_present(agency, time)["kind"] in PUBLIC
            require(public, "requester-not-public", agency=agency)
        self.code_in_use("matters", terms["matter"])
        latest = min(time + MAX_EMERGENCY_MS, MAX_TIME)
        require(time < terms["until"] <= latest, "emergency-period", latest=latest)
        require(terms["reason"] != "", "words-missing")

    def measure_renew_emergency(self, measure, index, time):
        name, until = measure["emergency"], measure["until"]
        found = self.emergency(name)
        may_end = time < until <= min(time + MAX_EMERGENCY_MS, MAX_TIME) and until > found["until"]
        is_open = found["ended"] is None and is_recent(found, time)
        if not (may_end and is_open and len(found["renewals"]) < 16):
            raise Refusal("measure-unfit", fault="emergency")
        found["until"] = until
        found["renewals"].append({"mark": {"at": index, "on": time}, "until": until})
        return {emergency_key(name): shapes.EMERGENCY.put(found)}

    def end_emergency(self, signers, action, index, time):
        name = action["emergency"]
        found = self.emergency(name)
        self.require_sole_signer(signers, found["declared_by"], "steward")
        over = is_over(found, time)
        require(not over, "emergency-over", emergency=name, since=ends(found))
        require(action["reason"] != "", "words-missing")
        found["ended"] = {"mark": {"at": index, "on": time}, "reason": action["reason"]}
        return {emergency_key(name): shapes.EMERGENCY.put(found)}

    def review_emergency(self, signers, action, index, time):
        name, reviewer = action["emergency"], signers[0]["agency"]
        if (len(signers), signers[0]["role"]) != (1, "auditor"):
            self.require_sole_signer(signers, reviewer, "steward")
        found = self.emergency(name)
        part = involves(found, reviewer)
        require(not part, "reviewer-involved", emergency=name, agency=reviewer)
        require(is_over(found, time), "emergency-in-force", emergency=name, until=ends(found))
        for review in found["reviews"]:
            require(review["by"] != reviewer, "reviewed-already", at=review["mark"]["at"])
        require(action["text"] != "", "words-missing")
        require(len(found["reviews"]) < 16, "too-many-reviews", limit=16)
        mark = {"at": index, "on": time}
        found["reviews"].append({"by": reviewer, "verdict": action["verdict"], "mark": mark})
        return {emergency_key(name): shapes.EMERGENCY.put(found)}

    def require_requester(self, name, agency):
        """The emergency, in which this agency may ask. Errors: `Refusal`."""
        found = self.emergency(name)
        may = agency in found["terms"]["requesters"]
        require(may, "not-a-requester", emergency=name, agency=agency)
        return found

    def evaluate_urgent(self, attempt, count, time):
        """What the requester used of the emergency, after an allowed attempt. Errors: `Refusal`."""
        name, dataset, agency = attempt["grant"], attempt["dataset"], attempt["requester"]
        found = self.read(shapes.EMERGENCY, emergency_key(name))
        require(found is not None, "no-such-emergency", emergency=name)
        began = found["declared_on"]
        require(began <= time, "emergency-not-yet", **{"from": began})
        require(attempt["capacity"] == "agency", "wrong-capacity", capacity="agency")
        terms, provider = found["terms"], owner(dataset)
        scope, published = terms["scope"], self.read(shapes.PUBLISHED_DATASET, dataset_key(dataset))
        named = dataset in scope["datasets"]
        opened = published is not None and (named or provider in scope["agencies"])
        require(opened, "dataset-not-opened", dataset=dataset)
        require(agency in terms["requesters"], "requester-not-named")
        require(agency != provider, "own-dataset")
        self.check_party("provider", provider, time)
        since = over_since(found, time)
        require(since is None, "emergency-ended", since=since)
        for rule, what in (("withdrawn", "withdrawals"), ("suspended", "suspensions")):
            interruption = current_at(published[what], time)
            if interruption is not None:
                raise Refusal(f"dataset-{rule}", at=interruption["at"])
        sharing = published["dataset"]["sharing"]
        require(named or sharing in SHARED, "dataset-not-shared", sharing=sharing)
        require(attempt["matter"] == terms["matter"], "emergency-matter", matter=terms["matter"])
        self.check_offered(published["dataset"], attempt)
        used = self.used_of(name, agency)
        require(used["entries"] < MAX_ENTRIES, "emergency-used", limit=MAX_ENTRIES)
        usage = self.used_with(used["usage"], count, time)
        return {**used, "usage": usage, "entries": used["entries"] + 1}

    def used_of(self, name, agency):
        """What an agency used of an emergency."""
        used = self.read(shapes.EMERGENCY_USE, emergency_use_key(name, agency))
        return used or {"usage": UNUSED, "entries": 0, "justified": 0}

    def opened_access(self, attempt, used, index, time, late=None):
        """What an access puts that counts in an emergency."""
        name, agency = attempt["grant"], attempt["requester"]
        access = {"requester": agency, "on": time, "justified": None, "late": late}
        first = emergency_recipient_key(name, agency, attempt["dataset"])
        return {emergency_use_key(name, agency): shapes.EMERGENCY_USE.put(used),
                emergency_access_key(name, index): shapes.EMERGENCY_ACCESS.put(access),
                **self.put_first(first, index)}

    def used_exchange(self, attempt, index):
        """What keeps the exchange of an access in an emergency for good."""
        return self.put_first(emergency_exchange_key(attempt["exchange"]), index)

    def put_first(self, key, index):
        """An entry's place under a key where there is none yet."""
        return {} if key in self.state else {key: shapes.LOG_INDEX.put(index)}

    def justify_access(self, signers, action, index, time):
        name, agency, accesses = action["emergency"], signers[0]["agency"], action["accesses"]
        self.require_sole_signer(signers, agency, "steward")
        self.require_requester(name, agency)
        require(1 <= len(accesses) <= MAX_JUSTIFIED, "justified-count", limit=MAX_JUSTIFIED)
        puts, used = {}, self.used_of(name, agency)
        for access in accesses:
            key = emergency_access_key(name, access)
            found = self.read(shapes.EMERGENCY_ACCESS, key)
            require(found is not None, "no-emergency-access", emergency=name, access=access)
            by = found["requester"]
            require(by == agency, "access-of-other", access=access, agency=by)
            if found["justified"] is not None:
                raise Refusal("justified-already", access=access, at=found["justified"]["at"])
            found["justified"] = {"at": index, "on": time}
            puts[key] = shapes.EMERGENCY_ACCESS.put(found)
        self.code_in_use("duty-bases", action["basis"])
        require(action["text"] != "", "words-missing")
        used["justified"] += len(accesses)
        puts[emergency_use_key(name, agency)] = shapes.EMERGENCY_USE.put(used)
        return puts

    def duties_of_emergency_access(self, name, access):
        """The justification that is owed of an access."""
        found = self.read(shapes.EMERGENCY_ACCESS, emergency_access_key(name, access))
        began, owes, done = found["on"], found["requester"], found["justified"]
        due = self.clock_due("emergency-justification", owes, began)
        if due is None:
            return []
        about = {"emergency-access": {"emergency": name, "access": access}}
        end = None if done is None else {"done": done["on"]}
        return [duty("emergency-justification", about, owes, None, began, due, end)]

    def duties_of_emergency(self, emergency):
        """The review that is owed after the end."""
        named = [agency for office in ("emergency-reviewer", "supervisor")
                 for agency in self.read(shapes.AGENCY_IDS, office_key(office)) or []]
        apart = [agency for agency in named
                 if not involves(emergency, agency) and departure_key(agency) not in self.state]
        owes = [*apart, self.read(shapes.AGENCY_ID, b"c")][0]
        began = ends(emergency)
        due = self.clock_due("emergency-review", owes, began)
        if due is None:
            return []
        reviews = emergency["reviews"]
        end = {"done": reviews[0]["mark"]["on"]} if reviews else None
        about = {"emergency": f"E{emergency['declared_at']}"}
        return [duty("emergency-review", about, owes, None, began, due, end)]
