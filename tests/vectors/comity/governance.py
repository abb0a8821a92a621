"""The rules of proposals, ballots and equivocations (docs/formats.md, "Governance", "Measures")."""

from . import shapes
from .forms import Unfit, check_params, has_its_keys, place_of, standing_of
from .grounds import (
    MAX_TIME, PUBLIC, Refusal, agency_key, departure_key, equivocation_key, key_key, office_key,
    official_key, official_keys, proposal_key, require, sponsor_of,
)

MAX_ELECTORATE = 512
MAX_ADMINS = 8
NODE_ROLES = ("validator", "transport", "note", "admin")


def unfit(fault):
    """The refusal of a measure that cannot be carried out."""
    return Refusal("measure-unfit", fault=fault)


def fit(holds, fault):
    """Errors: `unfit(fault)` unless it holds."""
    if not holds:
        raise unfit(fault)


class Governance:
    """Proposals, ballots, measures and equivocations."""

    def roll(self):
        return self.read(shapes.ROLL, b"l")

    def rules_version(self):
        return self.read(shapes.U16, b"o") or 1

    def require_ballot(self, signers):
        """The agency of an admin whose agency has a ballot."""
        agency = signers[0]["agency"]
        self.require_sole_signer(signers, agency, "admin")
        require(agency in self.roll()["electorate"], "no-ballot", agency=agency)
        return agency

    def open_proposal(self, signers, action, index, time):
        agency = self.require_ballot(signers)
        self.carry_out(action["measure"], index, time)
        proposal = {
            "measure": action["measure"], "opened_by": agency, "opened_at": index,
            "closes": min(time + self.params()["ballot_open_ms"], MAX_TIME),
            "ballots": {agency: {"choice": "for", "at": index}}, "passed_at": None,
        }
        return self.tally(f"P{index}", proposal, index, time)

    def cast_ballot(self, signers, action, index, time):
        agency, name = self.require_ballot(signers), action["proposal"]
        proposal = self.read(shapes.PROPOSED_MEASURE, proposal_key(name))
        require(proposal is not None, "proposal-unknown", proposal=name)
        at, closes = proposal["passed_at"], proposal["closes"]
        require(at is None, "proposal-passed", proposal=name, at=at)
        require(time < closes, "proposal-closed", proposal=name, closes=closes)
        if agency in proposal["ballots"]:
            raise Refusal("ballot-cast", at=proposal["ballots"][agency]["at"])
        proposal["ballots"][agency] = {"choice": action["choice"], "at": index}
        return self.tally(name, proposal, index, time)

    def tally(self, name, proposal, index, time):
        """What a proposal with these ballots puts, and its measure if it passes."""
        params, electorate = self.params(), self.roll()["electorate"]
        ayes = sum(
            ballot["choice"] == "for" and agency in electorate
            for agency, ballot in proposal["ballots"].items()
        )
        puts = {}
        if ayes * params["ballot_denominator"] > len(electorate) * params["ballot_numerator"]:
            puts = self.carry_out(proposal["measure"], index, time)
            proposal = {**proposal, "passed_at": index}
        return {**puts, proposal_key(name): shapes.PROPOSED_MEASURE.put(proposal)}

    def carry_out(self, measure, index, time):
        """What a measure puts. Errors: `Refusal`, why it cannot be carried out."""
        act = getattr(self, "measure_" + measure["measure"].replace("-", "_"))
        return act(measure, index, time)

    def measure_admit(self, measure, index, time):
        member = measure["member"]
        agency = member["agency"]
        name = agency["id"]
        fit(agency_key(name) not in self.state, "agency-exists")
        fit(has_its_keys(member), "keys")
        roll = self.roll()
        self.enter(roll, agency, time)
        if agency["kind"] not in PUBLIC:
            answers = sponsor_of(agency)
            fit(answers is not None, "sponsor")
            self.check_sponsor(answers)
        puts = {agency_key(name): shapes.AGENCY.put(agency)}
        seen = set()
        for key in member["keys"]:
            if key["key"] in seen:
                role = next(k["role"] for k in member["keys"] if k["key"] == key["key"])
                raise Refusal("key-taken", agency=name, role=role)
            seen.add(key["key"])
            puts.update(self.begin_key(name, key, index, time))
        if standing_of(agency["standing"]) == "validator":
            own = next(key["key"] for key in member["keys"] if key["role"] == "validator")
            power = agency["standing"]["validator"]["power"]
            puts.update(self.set_validator(name, own, power))
        puts[official_key(name)] = shapes.OFFICIAL_KEYS.put(official_keys(member))
        return {**puts, b"l": shapes.ROLL.put(roll)}

    def enter(self, roll, agency, time):
        """Takes a member into the roll, as its standing says."""
        standing = agency["standing"]
        if standing_of(standing) != "hosted":
            fit(len(roll["electorate"]) < MAX_ELECTORATE, "too-many-members")
            roll["electorate"] = roll["electorate"] + [agency["id"]]
            return
        sponsor, until = standing["hosted"]["sponsor"], standing["hosted"]["until"]
        fit(sponsor in roll["electorate"], "sponsor")
        fit(until > time, "hosting-over")
        fit(len(roll["hosted"]) < MAX_ELECTORATE, "too-many-members")
        roll["hosted"][agency["id"]] = sponsor

    def member(self, name):
        """An agency that is a member today."""
        agency = self.read(shapes.AGENCY, agency_key(name))
        known = agency is not None and departure_key(name) not in self.state
        require(known, "agency-unknown", agency=name)
        return agency

    def is_authority(self, name):
        return self.read(shapes.AGENCY_ID, b"c") == name

    def hosts(self, roll, name, time):
        """Whether an agency hosts a member whose time is not over."""
        return any(
            sponsor == name and self.membership_fault(hosted, time) is None
            for hosted, sponsor in roll["hosted"].items()
        )

    def measure_remove(self, measure, index, time):
        name = measure["agency"]
        member, roll = self.member(name), self.roll()
        fit(not self.is_authority(name), "is-authority")
        fit(not self.hosts(roll, name, time), "is-sponsor")
        puts = {}
        if standing_of(member["standing"]) == "validator":
            puts.update(self.set_validator(name))
        roll["electorate"] = [agency for agency in roll["electorate"] if agency != name]
        roll["hosted"].pop(name, None)
        departure = {"at": index, "on": time, "reason": measure["reason"]}
        puts[departure_key(name)] = shapes.DEPARTURE.put(departure)
        return {**puts, b"l": shapes.ROLL.put(roll)}

    def measure_replace_key(self, measure, index, time):
        name, old, new = measure["agency"], measure["old"], measure["new"]
        member = self.member(name)
        puts, role = {}, None
        if old is not None:
            key = self.own_key(name, old)
            role = key["role"]
            puts.update(self.end_key(old, key, index, time, measure["suspect_since"]))
        if new is not None:
            fit(new["role"] in NODE_ROLES and role in (None, new["role"]), "key-role")
            role = new["role"]
            puts.update(self.begin_key(name, new, index, time))
        fit(role is not None, "key-role")
        official = self.read(shapes.OFFICIAL_KEYS, official_key(name))
        begun = None if new is None else new["key"]
        if role == "admin":
            official["admins"] += (new is not None) - (old is not None)
            fit(1 <= official["admins"] <= MAX_ADMINS, "admin-count")
        elif role == "note":
            fit(standing_of(member["standing"]) != "hosted", "keys")
            fit(old is not None or official["note"] is None, "keys")
            official["note"] = begun
        else:
            fit(old is not None and new is not None, "key-role")
            if role == "transport":
                official["transport"] = begun
            else:
                power = member["standing"]["validator"]["power"]
                puts.update(self.set_validator(name, begun, power))
        return {**puts, official_key(name): shapes.OFFICIAL_KEYS.put(official)}

    def own_key(self, name, public):
        """A node's or admin key of an agency that is not revoked."""
        key = self.read(shapes.KEY, key_key(public))
        require(key is not None, "key-unknown", key=public)
        require(key["agency"] == name, "key-of-other", agency=key["agency"])
        fit(key["role"] in NODE_ROLES, "key-role")
        if key["revoked"] is not None:
            raise Refusal("key-already-revoked", at=key["revoked"]["at"])
        return key

    def begin_key(self, name, new, index, time):
        taken = self.read(shapes.KEY, key_key(new["key"]))
        if taken is not None:
            raise Refusal("key-taken", agency=taken["agency"], role=taken["role"])
        key = {
            "agency": name, "role": new["role"], "algorithm": new["algorithm"],
            "post": new["post"], "registered_at": index, "registered_on": time,
        }
        return {key_key(new["key"]): shapes.KEY.put(key)}

    def end_key(self, public, key, index, time, suspect_since=None):
        revoked = {"at": index, "reason": "", "suspect_since": suspect_since, "on": time}
        return {key_key(public): shapes.KEY.put({**key, "revoked": revoked})}

    def set_validator(self, name, key=None, power=None):
        """The next set with this agency's validator as given, or without one."""
        validators = self.read(shapes.VALIDATOR_SET, b"v")
        chosen = [v for v in validators if v["agency"] != name]
        if key is not None:
            chosen.append({"agency": name, "key": key, "power": power})
        chosen.sort(key=lambda v: v["agency"].encode())
        fit(shapes.is_validator_set(chosen), "validator-set")
        return {b"v": shapes.VALIDATOR_SET.put(chosen)}

    def measure_change_operator(self, measure, index, time):
        member = self.member(measure["agency"])
        fit(measure["operated_by"] not in ("", member["operated_by"]), "nothing-changes")
        changed = {**member, "operated_by": measure["operated_by"]}
        return {agency_key(measure["agency"]): shapes.AGENCY.put(changed)}

    def measure_change_standing(self, measure, index, time):
        name, standing, key = measure["agency"], measure["standing"], measure["key"]
        member = self.member(name)
        fit(member["standing"] != standing, "nothing-changes")
        steps = (standing_of(member["standing"]), standing_of(standing))
        fit(set(steps) != {"validator", "hosted"}, "standing")
        after = {**member, "standing": standing}
        wanted = {("observer", "validator"): "validator", ("hosted", "observer"): "transport"}
        fit((None if key is None else key["role"]) == wanted.get(steps), "keys")
        step = getattr(self, "from_{}_to_{}".format(*steps))
        puts = step(after, key, index, time)
        return {**puts, agency_key(name): shapes.AGENCY.put(after)}

    def validator_of(self, name):
        validators = self.read(shapes.VALIDATOR_SET, b"v")
        return next(v for v in validators if v["agency"] == name)

    def from_observer_to_validator(self, after, key, index, time):
        name, power = after["id"], after["standing"]["validator"]["power"]
        return {**self.begin_key(name, key, index, time), **self.set_validator(name, key["key"], power)}

    def from_validator_to_validator(self, after, key, index, time):
        name, power = after["id"], after["standing"]["validator"]["power"]
        return self.set_validator(name, self.validator_of(name)["key"], power)

    def from_validator_to_observer(self, after, key, index, time):
        public = self.validator_of(after["id"])["key"]
        ended = self.end_key(public, self.read(shapes.KEY, key_key(public)), index, time)
        return {**self.set_validator(after["id"]), **ended}

    def from_observer_to_hosted(self, after, key, index, time):
        name = after["id"]
        fit(not self.is_authority(name), "is-authority")
        fit(not self.hosts(self.roll(), name, time), "is-sponsor")
        official, puts = self.read(shapes.OFFICIAL_KEYS, official_key(name)), {}
        for role in ("transport", "note"):
            public, official[role] = official[role], None
            if public is not None:
                puts.update(self.end_key(public, self.read(shapes.KEY, key_key(public)), index, time))
        puts[official_key(name)] = shapes.OFFICIAL_KEYS.put(official)
        return {**puts, **self.move(after, time)}

    def from_hosted_to_hosted(self, after, key, index, time):
        return self.move(after, time)

    def from_hosted_to_observer(self, after, key, index, time):
        name = after["id"]
        official = self.read(shapes.OFFICIAL_KEYS, official_key(name))
        official["transport"] = key["key"]
        puts = self.begin_key(name, key, index, time)
        puts[official_key(name)] = shapes.OFFICIAL_KEYS.put(official)
        return {**puts, **self.move(after, time)}

    def move(self, after, time):
        """Out of the roll and in again."""
        roll = self.roll()
        roll["electorate"] = [agency for agency in roll["electorate"] if agency != after["id"]]
        roll["hosted"].pop(after["id"], None)
        self.enter(roll, after, time)
        return {b"l": shapes.ROLL.put(roll)}

    def measure_change_authority(self, measure, index, time):
        name = measure["agency"]
        self.member(name)
        fit(name in self.roll()["electorate"], "standing")
        fit(not self.is_authority(name), "nothing-changes")
        fit(name not in (self.read(shapes.AGENCY_IDS, office_key("supervisor")) or []), "office")
        return {b"c": shapes.AGENCY_ID.put(name)}

    def measure_change_params(self, measure, index, time):
        params = measure["params"]
        try:
            check_params(params)
        except Unfit as fault:
            raise unfit("parameters") from fault
        fit(params != self.params(), "nothing-changes")
        return {b"p": shapes.PARAMS.put(params)}

    def measure_activate_version(self, measure, index, time):
        fit(measure["version"] == self.rules_version() + 1, "version")
        return {b"o": shapes.U16.put(measure["version"])}

    def measure_appoint(self, measure, index, time):
        office, agencies = measure["office"], measure["agencies"]
        for agency in agencies:
            self.member(agency)
        authority = self.read(shapes.AGENCY_ID, b"c")
        limit, oneself = (1, authority in agencies) if office == "supervisor" else (64, False)
        fit(1 <= len(agencies) <= limit and not oneself, "office")
        holders = self.read(shapes.AGENCY_IDS, office_key(office)) or []
        fit(holders != agencies, "nothing-changes")
        return {office_key(office): shapes.AGENCY_IDS.put(agencies)}

    def check_sponsor(self, name):
        """Errors: `Refusal` unless an agency may answer for others."""
        member = self.member(name)
        fit(member["kind"] in PUBLIC and name in self.roll()["electorate"], "sponsor")

    def measure_change_sponsor(self, measure, index, time):
        name, sponsor = measure["agency"], measure["sponsor"]
        member = self.member(name)
        hosted = standing_of(member["standing"]) == "hosted"
        fit(not hosted and member["kind"] not in PUBLIC, "standing")
        self.check_sponsor(sponsor)
        fit(member.get("sponsor") != sponsor, "nothing-changes")
        return {agency_key(name): shapes.AGENCY.put({**member, "sponsor": sponsor})}

    def record_equivocation(self, signers, action, index, time):
        self.require_sole_signer(signers, signers[0]["agency"], "validator")
        place = place_of(action["equivocation"])
        key = self.read(shapes.KEY, key_key(place["validator"]))
        require(key is not None, "key-unknown", key=place["validator"])
        agency, role = key["agency"], key["role"]
        require(role == "validator", "not-a-validator", agency=agency, role=role)
        known = self.read(shapes.LOG_INDEX, equivocation_key(place))
        require(known is None, "equivocation-known", at=known)
        return {equivocation_key(place): shapes.LOG_INDEX.put(index)}
