"""The rules (docs/formats.md, "Rules", "Evaluation", "State").

Refusals are dicts: `rule`, and what was found.
"""

from . import shapes
from .forms import MAX_VALIDITY_MS, first_validators
from .wire import decode

ADMINISTERED = ("steward", "officer", "gateway", "auditor")
MAX_TIME = 2**64 - 1


class Refusal(Exception):
    """A rule that refuses, with what it found."""

    def __init__(self, rule, **found):
        super().__init__(rule)
        self.value = {"rule": rule, **found}


def require(holds, rule, **found):
    """Errors: `Refusal` unless it holds."""
    if not holds:
        raise Refusal(rule, **found)


def dataset_key(dataset):
    return b"d" + dataset.encode()


def grant_key(grant):
    return b"g" + int(grant[1:]).to_bytes(8, "big")


def usage_key(grant):
    return b"u" + int(grant[1:]).to_bytes(8, "big")


def key_key(key):
    return b"k" + bytes.fromhex(key)


def founding_state(genesis):
    """The state that a genesis founds."""
    validators = shapes.VALIDATOR_SET.put(first_validators(genesis))
    state = {
        b"p": shapes.PARAMS.put(genesis["params"]),
        b"c": shapes.AGENCY_ID.put(genesis["competent_authority"]),
        b"v": validators,
    }
    for letter, codes in ((b"m", genesis["matters"]), (b"b", genesis["duty_bases"])):
        for entry in codes:
            state[letter + entry["code"].encode()] = shapes.CODE_ENTRY.put(entry)
    for member in genesis["members"]:
        agency = member["agency"]
        state[b"a" + agency["id"].encode()] = shapes.AGENCY.put(agency)
        for key in member["keys"]:
            registered = {"agency": agency["id"], "role": key["role"], "post": key["post"]}
            state[key_key(key["key"])] = shapes.KEY.put(registered)
    return state


class Judge:
    """Judges records at positions on a state and a replay window, both of which it changes."""

    def __init__(self, state, records, exchanges):
        self.state, self.records, self.exchanges = state, records, exchanges

    def read(self, kind, key):
        """The object under a key, or None."""
        value = self.state.get(key)
        if value is None:
            return None
        return decode(kind, value, len(value))

    def params(self):
        return self.read(shapes.PARAMS, b"p")

    def apply(self, record, index, time):
        """Executes a record. Returns what it puts. Errors: `Refusal`."""
        statement = record.statement
        size, limit = len(record.data), self.params()["record_bytes"]
        require(size <= limit, "record-too-long", size=size, limit=limit)
        until = statement["valid_until"]
        require(time <= until, "record-expired", until=until)
        require(until <= min(time + MAX_VALIDITY_MS, MAX_TIME), "record-too-far-ahead")
        require(record.id not in self.records, "replayed")
        for signer in statement["signers"]:
            self.check_signer(signer, time)
        action = statement["action"]
        acts = {
            "register-key": self.register_key, "revoke-key": self.revoke_key,
            "publish-dataset": self.publish_dataset, "issue-grant": self.issue_grant,
            "revoke-grant": self.revoke_grant, "record-access": self.record_access,
            "record-denial": self.record_denial,
        }
        puts = acts[action["kind"]](statement["signers"], action, index, time)
        self.state.update(puts)
        self.records[record.id] = until
        return puts

    def check_signer(self, signer, time):
        key = self.read(shapes.KEY, key_key(signer["key"]))
        require(key is not None, "signer-unknown", key=signer["key"])
        fits = (key["agency"], key["role"]) == (signer["agency"], signer["role"])
        require(fits, "signer-mismatch", agency=key["agency"], role=key["role"])
        if key["revoked"] is not None:
            raise Refusal("signer-revoked", at=key["revoked"]["at"])
        until = key["valid_until"]
        require(until is None or time < until, "signer-expired", until=until)

    def require_sole_signer(self, signers, agency, role):
        sole = len(signers) == 1 and (signers[0]["agency"], signers[0]["role"]) == (agency, role)
        require(sole, "wrong-signer", agency=agency, role=role)

    def register_key(self, signers, action, index, time):
        agency, role, until = signers[0]["agency"], action["role"], action["valid_until"]
        self.require_sole_signer(signers, agency, "admin")
        require(role in ADMINISTERED, "role-not-registrable", role=role)
        require(action["post"] != "", "post-missing", role=role)
        require(until is None or until > time, "key-validity-over")
        taken = self.read(shapes.KEY, key_key(action["key"]))
        if taken is not None:
            raise Refusal("key-taken", agency=taken["agency"], role=taken["role"])
        key = {
            "agency": agency, "role": role, "post": action["post"], "registered_at": index,
            "valid_until": until,
        }
        return {key_key(action["key"]): shapes.KEY.put(key)}

    def revoke_key(self, signers, action, index, time):
        agency = signers[0]["agency"]
        self.require_sole_signer(signers, agency, "admin")
        key = self.read(shapes.KEY, key_key(action["key"]))
        require(key is not None, "key-unknown", key=action["key"])
        require(key["agency"] == agency, "key-of-other", agency=key["agency"])
        require(key["role"] in ADMINISTERED, "role-not-registrable", role=key["role"])
        if key["revoked"] is not None:
            raise Refusal("key-already-revoked", at=key["revoked"]["at"])
        key["revoked"] = {
            "at": index, "reason": action["reason"], "suspect_since": action["suspect_since"]
        }
        return {key_key(action["key"]): shapes.KEY.put(key)}

    def publish_dataset(self, signers, action, index, time):
        dataset = action["dataset"]
        name, items = dataset["id"], dataset["items"]
        self.require_sole_signer(signers, name.split("/")[0], "steward")
        published = self.read(shapes.PUBLISHED_DATASET, dataset_key(name))
        if published is not None:
            raise Refusal("dataset-exists", dataset=name, at=published["published_at"])
        for field in ("title", "contact"):
            require(dataset[field] != "", "dataset-field-empty", field=field)
        require(len(items) <= 128, "too-many-items", count=len(items), limit=128)
        names = [item["name"] for item in items]
        for at, item in enumerate(names):
            require(item not in names[:at], "item-twice", item=item)
        require(dataset["modes"], "no-modes")
        based = dataset["sharing"] != "not-shared" or dataset["conditions"] != ""
        require(based, "not-shared-without-basis")
        value = {"dataset": dataset, "published_at": index}
        return {dataset_key(name): shapes.PUBLISHED_DATASET.put(value)}

    def issue_grant(self, signers, action, index, time):
        terms = action["terms"]
        name, requester, matters = terms["dataset"], terms["requester"], terms["matters"]
        owner = name.split("/")[0]
        self.require_sole_signer(signers, owner, "steward")
        published = self.read(shapes.PUBLISHED_DATASET, dataset_key(name))
        require(published is not None, "dataset-unknown", dataset=name)
        dataset = published["dataset"]
        require(requester != owner, "grant-to-self")
        require(b"a" + requester.encode() in self.state, "agency-unknown", agency=requester)
        require(1 <= len(matters) <= 32, "matter-count", limit=32)
        for matter in matters:
            require(b"m" + matter.encode() in self.state, "matter-unknown", matter=matter)
        basis = terms["duty_basis"]
        require(b"b" + basis.encode() in self.state, "basis-unknown", basis=basis)
        sharing = dataset["sharing"]
        require(sharing in ("unconditional", "conditional"), "not-shareable", sharing=sharing)
        if terms["items"] != "all":
            require(terms["items"]["only"], "no-items")
            names = [item["name"] for item in dataset["items"]]
            for item in terms["items"]["only"]:
                require(item in names, "item-unknown", item=item)
        require(terms["modes"], "no-modes")
        for mode in terms["modes"]:
            require(mode in dataset["modes"], "mode-not-offered", mode=mode)
        lasts = terms["not_before"] < terms["not_after"] and terms["not_after"] > time
        require(lasts, "period-empty")
        require(0 not in (terms["total_quota"], terms["daily_quota"]), "quota-zero")
        return {grant_key(f"G{index}"): shapes.GRANT.put({"terms": terms, "issued_at": index})}

    def revoke_grant(self, signers, action, index, time):
        name = action["grant"]
        grant = self.read(shapes.GRANT, grant_key(name))
        require(grant is not None, "grant-unknown", grant=name)
        self.require_sole_signer(signers, grant["terms"]["dataset"].split("/")[0], "steward")
        if grant["revoked"] is not None:
            raise Refusal("grant-already-revoked", grant=name, at=grant["revoked"]["at"])
        grant["revoked"] = {"at": index, "reason": action["reason"]}
        return {grant_key(name): shapes.GRANT.put(grant)}

    def record_access(self, signers, action, index, time):
        attempt = action["attempt"]["attempt"]
        self.require_sole_signer(signers, attempt["dataset"].split("/")[0], "gateway")
        usage = self.evaluate(attempt, time)
        self.exchanges[attempt["exchange"]] = attempt["valid_until"]
        return {usage_key(attempt["grant"]): shapes.USAGE.put(usage)}

    def record_denial(self, signers, action, index, time):
        attempt = action["attempt"]["attempt"]
        self.require_sole_signer(signers, attempt["dataset"].split("/")[0], "gateway")
        try:
            self.evaluate(attempt, time)
        except Refusal as due:
            if due.value != action["refusal"]:
                raise Refusal("denial-mismatch", due=due.value) from due
            return {}
        raise Refusal("denial-not-due")

    def evaluate(self, attempt, time):
        """The grant's usage after an allowed attempt. Errors: `Refusal`, an access refusal."""
        key = self.read(shapes.KEY, key_key(attempt["officer"]))
        require(key is not None, "officer-unknown")
        fits = (key["role"], key["agency"]) == ("officer", attempt["requester"])
        require(fits, "not-an-officer")
        if key["revoked"] is not None:
            raise Refusal("officer-revoked", at=key["revoked"]["at"])
        until = key["valid_until"]
        require(until is None or time < until, "officer-expired", until=until)
        until = attempt["valid_until"]
        require(time <= until, "attempt-expired", until=until)
        require(until <= min(time + MAX_VALIDITY_MS, MAX_TIME), "attempt-too-long")
        require(attempt["exchange"] not in self.exchanges, "exchange-used")
        grant = self.read(shapes.GRANT, grant_key(attempt["grant"]))
        require(grant is not None, "grant-unknown", grant=attempt["grant"])
        terms = grant["terms"]
        for name in ("dataset", "requester"):
            require(terms[name] == attempt[name], f"other-{name}", **{name: terms[name]})
        if grant["revoked"] is not None:
            raise Refusal("grant-revoked", at=grant["revoked"]["at"])
        start, end = terms["not_before"], terms["not_after"]
        require(time >= start, "grant-not-yet-in-force", **{"from": start})
        require(time < end, "grant-expired", until=end)
        matter = attempt["matter"]
        require(matter in terms["matters"], "matter-not-covered", matter=matter)
        self.check_items(terms["items"], attempt["items"])
        require(attempt["mode"] in terms["modes"], "mode-not-covered")
        return self.usage_after(attempt["grant"], terms, time)

    def check_items(self, granted, wanted):
        if granted == "all":
            return
        require(wanted != "all", "whole-not-covered")
        for item in wanted["only"]:
            require(item in granted["only"], "item-not-covered", item=item)

    def usage_after(self, grant, terms, time):
        used = self.read(shapes.USAGE, usage_key(grant)) or {"total": 0, "day": 0, "on_day": 0}
        day = day_of(time, self.params()["day_offset_minutes"])
        on_day = used["on_day"] if used["day"] == day else 0
        total, daily = terms["total_quota"], terms["daily_quota"]
        require(total is None or used["total"] < total, "quota-used", limit=total)
        require(daily is None or on_day < daily, "daily-quota-used", limit=daily)
        return {"total": used["total"] + 1, "day": day, "on_day": on_day + 1}


def day_of(time, offset_minutes):
    """The day of a time."""
    return min(max(0, time + 60_000 * offset_minutes), MAX_TIME) // 86_400_000
