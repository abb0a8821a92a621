"""The rules (docs/formats.md, "Rules", "Evaluation", "State"): of all records, keys and accesses."""

import functools

from . import shapes
from .acts import Catalogue, Requests
from .assessments import Assessments
from .checks import Checks
from .disputes import Disputes
from .emergencies import Emergencies
from .forms import MAX_VALIDITY_MS, first_validators
from .governance import Governance
from .grounds import (
    MAX_TIME, SHARED, UNUSED, Refusal, agency_key, code_key, current, dataset_key, day_of, departure_key,
    emergency_exchange_key, end_of_key, grant_key, is_known, key_key, official_key, official_keys, require, usage_key,
)
from .incidents import Incidents
from .late import Late
from .legs import Legs
from .oversight import Oversight
from .supervision import Supervision
from .task_forces import TaskForces
from .wire import decode

ADMINISTERED = ("steward", "officer", "gateway", "auditor")


def founding_state(genesis):
    """The state that a genesis founds."""
    validators = shapes.VALIDATOR_SET.put(first_validators(genesis))
    state = {
        b"p": shapes.PARAMS.put(genesis["params"]),
        b"c": shapes.AGENCY_ID.put(genesis["competent_authority"]),
        b"v": validators,
        b"l": shapes.ROLL.put({
            "electorate": [member["agency"]["id"] for member in genesis["members"]], "hosted": {},
        }),
    }
    for name, codes in (("matters", genesis["matters"]), ("duty-bases", genesis["duty_bases"])):
        for entry in codes:
            state[code_key(name, entry["code"])] = shapes.PUBLISHED_CODE.put(entry)
    for member in genesis["members"]:
        agency = member["agency"]
        state[agency_key(agency["id"])] = shapes.AGENCY.put(agency)
        state[official_key(agency["id"])] = shapes.OFFICIAL_KEYS.put(official_keys(member))
        for key in member["keys"]:
            registered = {name: key[name] for name in ("role", "algorithm", "post")}
            registered["agency"] = agency["id"]
            state[key_key(key["key"])] = shapes.KEY.put(registered)
    return state


@functools.lru_cache(maxsize=8)
def decoded_params(value):
    """The parameters that these bytes are; read for every record, and never changed."""
    return decode(shapes.PARAMS, value, len(value))


def count_of(attempt):
    """How many accesses an attempt is charged as."""
    return 1 if attempt["batch"] is None else attempt["batch"]["count"]


class Judge(Catalogue, Requests, Governance, Supervision, Legs, Checks, Incidents, Emergencies, Disputes,
            Oversight, Late, TaskForces, Assessments):
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
        return decoded_params(self.state.get(b"p"))

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
        self.check_capacities(statement)
        self.consortium = statement["consortium"]
        action = statement["action"]
        act = getattr(self, action["kind"].replace("-", "_"))
        puts = act(statement["signers"], action, index, time)
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
        self.check_membership(signer["agency"], time)

    def membership_fault(self, agency, time):
        """How an agency's membership ended: what and when, or None."""
        departure = self.read(shapes.DEPARTURE, departure_key(agency))
        if departure is not None and departure["on"] <= time:
            return {"at": departure["at"]}
        member = self.read(shapes.AGENCY, agency_key(agency))
        standing = None if member is None else member["standing"]
        if isinstance(standing, dict) and "hosted" in standing:
            until = standing["hosted"]["until"]
            return {"until": until} if time >= until else None
        return None

    def check_membership(self, agency, time):
        fault = self.membership_fault(agency, time)
        if fault is not None:
            raise Refusal("agency-left" if "at" in fault else "hosting-over", agency=agency, **fault)

    def check_party(self, party, agency, time):
        """The same of one party to an access."""
        fault = self.membership_fault(agency, time)
        if fault is not None:
            raise Refusal(f"{party}-left" if "at" in fault else f"{party}-hosting-over", **fault)

    def account(self, agency):
        """The agency on whose account a record of `agency` goes."""
        member = self.read(shapes.AGENCY, agency_key(agency))
        standing = None if member is None else member["standing"]
        hosted = isinstance(standing, dict) and standing.get("hosted")
        return hosted["sponsor"] if hosted else agency

    def require_sole_signer(self, signers, agency, role):
        sole = len(signers) == 1 and (signers[0]["agency"], signers[0]["role"]) == (agency, role)
        require(sole, "wrong-signer", agency=agency, role=role)

    def require_signers(self, signers, needed):
        """The act needs exactly these signatures, in any order."""
        signed = [(signer["agency"], signer["role"]) for signer in signers]
        whole = sorted(signed) == sorted(needed)
        names = [{"agency": agency, "role": role} for agency, role in needed]
        require(whole, "wrong-signers", needed=names)

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
            "agency": agency, "role": role, "algorithm": action["algorithm"],
            "post": action["post"], "registered_at": index, "valid_until": until,
            "registered_on": time,
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
            "at": index, "reason": action["reason"], "suspect_since": action["suspect_since"],
            "on": time,
        }
        return {key_key(action["key"]): shapes.KEY.put(key)}

    def record_access(self, signers, action, index, time):
        attempt = action["attempt"]["attempt"]
        self.require_provider(signers, attempt["dataset"], "gateway")
        charged = self.evaluate(attempt, time)
        self.check_answer(attempt, action["answer"])
        puts = self.numbered(signers[0]["key"], action["number"])
        self.exchanges[attempt["exchange"]] = attempt["valid_until"]
        if attempt["grant"][0] == "E":
            opened = self.opened_access(attempt, charged, index, time)
            return {**puts, **opened, **self.used_exchange(attempt, index)}
        puts.update({usage_key(name): shapes.USAGE.put(usage) for name, usage in charged.items()})
        puts.update(self.put_member_usage(attempt["grant"], attempt, count_of(attempt), time))
        grant, here = self.known_grant(attempt["grant"]), {"at": index, "on": time}
        if grant["first_use"] is None:
            grant["first_use"], grant["delivered"] = here, grant["delivered"] or here
            puts[grant_key(attempt["grant"])] = shapes.GRANT.put(grant)
        return puts

    def record_denial(self, signers, action, index, time):
        attempt = action["attempt"]["attempt"]
        self.require_provider(signers, attempt["dataset"], "gateway")
        try:
            self.evaluate(attempt, time)
        except Refusal as due:
            if due.value != action["refusal"]:
                raise Refusal("denial-mismatch", due=due.value) from due
            return self.numbered(signers[0]["key"], action["number"])
        raise Refusal("denial-not-due")

    def evaluate(self, attempt, time):
        """The usage, after an allowed attempt, of each grant to which it is charged, or the use of
        the emergency. The time of an access that goes in late is over. Errors: `Refusal`, an access
        refusal."""
        key = self.read(shapes.KEY, key_key(attempt["officer"]))
        require(is_known(key, time), "officer-unknown")
        fits = (key["role"], key["agency"]) == ("officer", attempt["requester"])
        require(fits, "not-an-officer")
        end = end_of_key(key, time)
        if end is not None:
            raise Refusal(f"officer-{end[0]}", **end[1])
        self.check_party("requester", attempt["requester"], time)
        until = attempt["valid_until"]
        require(time <= until, "attempt-expired", until=until)
        require(until <= min(time + MAX_VALIDITY_MS, MAX_TIME), "attempt-too-long")
        require(attempt["exchange"] not in self.exchanges, "exchange-used")
        if attempt["grant"][0] == "E":
            used = emergency_exchange_key(attempt["exchange"]) in self.state
            require(not used, "exchange-used")
            return self.evaluate_urgent(attempt, count_of(attempt), time)
        return self.evaluate_granted(key, attempt, time)

    def evaluate_granted(self, key, attempt, time):
        grant = self.read(shapes.GRANT, grant_key(attempt["grant"]))
        require(grant is not None, "no-such-grant", grant=attempt["grant"])
        terms = grant["terms"]
        name = terms["dataset"]
        require(name == attempt["dataset"], "other-dataset", dataset=name)
        self.check_asker(grant, attempt)
        self.check_party("provider", terms["dataset"].split("/")[0], time)
        published = self.read(shapes.PUBLISHED_DATASET, dataset_key(terms["dataset"]))
        self.check_force_there(terms, time)
        self.check_in_force(grant, published, time)
        self.check_bearer(terms["officers"], attempt["officer"], key)
        self.check_coverage(terms, attempt)
        parent = grant["parent"]
        above = None if parent is None else self.known_grant(parent)["terms"]
        if above is not None:
            self.above(parent, self.check_coverage, above, attempt)
        self.check_offered(published["dataset"], attempt)
        name, count = attempt["grant"], count_of(attempt)
        charged = {name: self.usage_after(name, count, terms, time)}
        if above is not None:
            charged[parent] = self.above(parent, self.usage_after, parent, count, above, time)
            charged[parent]["onward"] += count
        return charged

    def check_coverage(self, terms, attempt):
        matter = attempt["matter"]
        require(matter in terms["matters"], "matter-not-covered", matter=matter)
        self.check_items(terms["items"], attempt["items"])
        require(attempt["mode"] in terms["modes"], "mode-not-covered")

    def check_in_force(self, grant, published, time):
        self.check_not_ended(grant, published, time)
        parent = grant["parent"]
        if parent is not None:
            above = self.known_grant(parent)
            self.above(parent, self.check_party, "requester", above["terms"]["requester"], time)
            self.above(parent, self.check_not_ended, above, published, time)
            named = grant["terms"]["requester"] in above["terms"]["onward"]
            require(named, "parent-not-in-force", parent=parent, because="onward-not-allowed")
        self.check_not_paused(grant, published, time)
        if parent is not None:
            self.above(parent, self.check_not_paused, above, published, time)

    def check_usable(self, grant, time):
        """Whether a grant lets anything through, whoever asks for what."""
        if grant["terms"]["task_force"] is None:
            self.check_party("requester", grant["terms"]["requester"], time)
        self.check_party("provider", grant["terms"]["dataset"].split("/")[0], time)
        self.check_force_there(grant["terms"], time)
        published = self.read(shapes.PUBLISHED_DATASET, dataset_key(grant["terms"]["dataset"]))
        self.check_in_force(grant, published, time)

    def check_not_ended(self, grant, published, time):
        terms = grant["terms"]
        if grant["revoked"] is not None:
            raise Refusal("grant-revoked", at=grant["revoked"]["at"])
        for withdrawal in published["withdrawals"]:
            at = withdrawal["at"]
            require(at <= grant["issued_at"], "dataset-withdrawn", at=at)
        require(time < terms["not_after"], "grant-expired", until=terms["not_after"])

    def check_not_paused(self, grant, published, time):
        terms, dataset = grant["terms"], published["dataset"]
        for rule, holder in (("grant-suspended", grant), ("dataset-suspended", published)):
            suspension = current(holder["suspensions"])
            if suspension is not None:
                raise Refusal(rule, at=suspension["at"])
        sharing = dataset["sharing"]
        signed = sharing == "not-shared" and grant["sharing"] == "not-shared"
        require(sharing in SHARED or signed, "dataset-not-shared", sharing=sharing)
        start = terms["not_before"]
        require(time >= start, "grant-not-yet-in-force", **{"from": start})

    def check_offered(self, dataset, attempt):
        if attempt["items"] != "all":
            names = [item["name"] for item in dataset["items"]]
            for item in attempt["items"]["only"]:
                require(item in names, "item-not-listed", item=item)
        require(attempt["mode"] in dataset["modes"], "mode-no-longer-offered")

    def check_items(self, granted, wanted):
        if granted == "all":
            return
        require(wanted != "all", "whole-not-covered")
        for item in wanted["only"]:
            require(item in granted["only"], "item-not-covered", item=item)

    def usage_after(self, grant, count, terms, time):
        after = self.used_with(self.read(shapes.USAGE, usage_key(grant)) or UNUSED, count, time)
        most, daily = terms["total_quota"], terms["daily_quota"]
        require(most is None or after["total"] <= most, "quota-used", limit=most)
        require(daily is None or after["on_day"] <= daily, "daily-quota-used", limit=daily)
        return after

    def used_with(self, used, count, time):
        """A usage with more accesses."""
        day = day_of(time, self.params()["day_offset_minutes"])
        before = used["on_day"] if used["day"] == day else 0
        return {**used, "total": used["total"] + count, "day": day, "on_day": before + count}
