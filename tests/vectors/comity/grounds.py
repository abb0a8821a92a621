"""What the rules stand on: refusals, state keys, days (docs/formats.md, "Rules", "State").

Refusals are dicts: `rule`, and what was found.
"""

MAX_TIME = 2**64 - 1
SHARED = ("unconditional", "conditional")
MAX_INTERRUPTIONS = 32


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


def request_key(request):
    return b"r" + int(request[1:]).to_bytes(8, "big")


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


def begin(interruptions, index, reason):
    """Begins an interruption. Errors: `Refusal`."""
    full = len(interruptions) >= MAX_INTERRUPTIONS
    require(not full, "too-many-interruptions", limit=MAX_INTERRUPTIONS)
    interruptions.append({"at": index, "reason": reason, "ended_at": None})


def day_of(time, offset_minutes):
    """The day of a time."""
    return min(max(0, time + 60_000 * offset_minutes), MAX_TIME) // 86_400_000
