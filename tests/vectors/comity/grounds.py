"""What the rules stand on: refusals, state keys, days (docs/formats.md, "Rules", "State").

Refusals are dicts: `rule`, and what was found.
"""

MAX_TIME = 2**64 - 1
SHARED = ("unconditional", "conditional")
MAX_INTERRUPTIONS = 32
UNUSED = {"total": 0, "day": 0, "on_day": 0, "onward": 0}
PUBLIC = ("government", "public-institution", "party-legislative-or-judicial")


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


def grant_version_key(grant, version):
    return b"f" + int(grant[1:]).to_bytes(8, "big") + version.to_bytes(4, "big")
def numbers_key(gateway):
    return b"j" + bytes.fromhex(gateway)


def request_key(request):
    return b"r" + int(request[1:]).to_bytes(8, "big")


def check_key(check):
    return b"B" + int(check[1:]).to_bytes(8, "big")


def dispute_key(dispute):
    return b"D" + int(dispute[1:]).to_bytes(8, "big")


def last_dispute_key(about):
    kind, name = next(iter(about.items()))
    letter = {"request": b"r", "delivery": b"g", "check": b"B"}[kind]
    return b"O" + letter + int(name[1:]).to_bytes(8, "big")


def incident_key(incident):
    return b"I" + int(incident[1:]).to_bytes(8, "big")


def version_key(dataset, version):
    return b"e" + dataset.encode() + b"\0" + version.to_bytes(4, "big")


def code_key(codes, code):
    return {"matters": b"m", "duty-bases": b"b"}[codes] + code.encode()


def key_key(key):
    return b"k" + bytes.fromhex(key)


def agency_key(agency):
    return b"a" + agency.encode()


def official_key(agency):
    return b"n" + agency.encode()


def departure_key(agency):
    return b"x" + agency.encode()


def calendars_key(region):
    return b"w" + region.encode()


def office_key(office):
    return b"i" + office.encode()


def emergency_key(emergency):
    return b"h" + int(emergency[1:]).to_bytes(8, "big")


def emergency_access_key(emergency, access):
    return b"s" + int(emergency[1:]).to_bytes(8, "big") + access.to_bytes(8, "big")


def emergency_use_key(emergency, agency):
    return b"S" + int(emergency[1:]).to_bytes(8, "big") + agency.encode()


def emergency_exchange_key(exchange):
    return b"X" + bytes.fromhex(exchange)


def emergency_recipient_key(emergency, agency, dataset):
    name = agency.encode() + b"\0" + dataset.encode()
    return b"R" + int(emergency[1:]).to_bytes(8, "big") + name


def draw_key(draw):
    return b"W" + int(draw[1:]).to_bytes(8, "big")


def finding_key(finding):
    return b"F" + int(finding[1:]).to_bytes(8, "big")


def task_force_key(force):
    return b"T" + int(force[1:]).to_bytes(8, "big")


def member_usage_key(grant, agency):
    return b"M" + int(grant[1:]).to_bytes(8, "big") + agency.encode()


def assessment_key(assessment):
    return b"A" + int(assessment[1:]).to_bytes(8, "big")


def reported_key(by, terms):
    """Where lies as which assessment an agency reported this."""
    kind = ("satisfaction", "third-party").index(terms["kind"])
    names = (by, terms["agency"], terms["matter"] or "")
    times = terms["from"].to_bytes(8, "big") + terms["until"].to_bytes(8, "big")
    return b"H" + bytes.fromhex(terms["report"]) + bytes([kind]) + times + "\0".join(names).encode()


def proposal_key(proposal):
    return b"q" + int(proposal[1:]).to_bytes(8, "big")


def equivocation_key(place):
    step = ("proposal", "prevote", "precommit").index(place["step"])
    height, rnd = place["height"].to_bytes(8, "big"), place["round"].to_bytes(4, "big")
    return b"y" + bytes.fromhex(place["validator"]) + height + rnd + bytes([step])


def official_keys(member):
    """The keys of a member that only measures change, beside its validator key."""
    keys = {role: [key["key"] for key in member["keys"] if key["role"] == role]
            for role in ("admin", "transport", "note")}
    return {
        "admins": len(keys["admin"]),
        "transport": next(iter(keys["transport"]), None),
        "note": next(iter(keys["note"]), None),
    }


def current(interruptions):
    """The interruption that goes on, or None."""
    last = interruptions[-1] if interruptions else None
    return last if last is not None and last["ended_at"] is None else None


def current_at(interruptions, time):
    """The interruption that went on at a time that may be over, or None."""
    on = [one for one in interruptions
          if one["on"] <= time and (one["ended_on"] is None or time < one["ended_on"])]
    return on[-1] if on else None


def end(interruption, index, time):
    """Ends an interruption."""
    interruption["ended_at"], interruption["ended_on"] = index, time


def end_of_key(key, time):
    """Why a key does not count at a time that may be over, by what is known since, or None: the name
    of the end and what it is."""
    revoked, until = key["revoked"], key["valid_until"]
    if revoked is not None:
        suspect = revoked["suspect_since"]
        if time >= (revoked["on"] if suspect is None else min(suspect, revoked["on"])):
            return "revoked", {"at": revoked["at"]}
    return ("expired", {"until": until}) if until is not None and time >= until else None


def is_known(key, time):
    """Whether the ledger knew a key at a time that may be over."""
    return key is not None and (key["registered_on"] is None or key["registered_on"] <= time)


def begin(interruptions, index, time, reason):
    """Begins an interruption. Errors: `Refusal`."""
    full = len(interruptions) >= MAX_INTERRUPTIONS
    require(not full, "too-many-interruptions", limit=MAX_INTERRUPTIONS)
    interruptions.append({"at": index, "reason": reason, "ended_at": None, "on": time,
                          "ended_on": None})


def promised(dataset, since):
    """What the owner owes from a time on at which the data is new."""
    days = dataset.get("update_days")
    return None if days is None else {"update_days": days, "since": since}


def day_of(time, offset_minutes):
    """The day of a time."""
    return min(max(0, time + 60_000 * offset_minutes), MAX_TIME) // 86_400_000


def sponsor_of(agency):
    """Who answers for an agency, or None."""
    standing = agency["standing"]
    if isinstance(standing, dict) and "hosted" in standing:
        return standing["hosted"]["sponsor"]
    return agency.get("sponsor")


def decider(dataset, requester):
    """Who decides what an agency may do with a dataset."""
    owner = dataset["id"].split("/")[0]
    manager = dataset.get("manager") or owner
    return owner if manager == requester else manager
