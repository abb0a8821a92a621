"""genesis.json, validators.json: what founds a consortium, and who votes."""

import copy

from comity import shapes
from comity.forms import Unfit, check_genesis, is_quorum, select
from comity.hashing import (
    NO_CONSORTIUM, consortium_id, possession_body, preimage, validator_set_hash,
)

from . import world as w


def judged(what, genesis):
    """One genesis, judged."""
    data = shapes.GENESIS.put(genesis)
    case = {"what": what, "bytes": data.hex(), "id": consortium_id(data).hex(), "fault": None}
    try:
        check_genesis(genesis)
    except Unfit as unfit:
        case["fault"] = unfit.name
    return case


def variants():
    """The genesis of the vectors, changed in one place each."""
    def changed(what, change):
        genesis = copy.deepcopy(w.GENESIS)
        change(genesis)
        return what, genesis

    def params(**values):
        return lambda g: g["params"].update(values)

    def keys(at):
        return lambda g: g["members"][at]["keys"]

    health = "health.gd"
    admins = [w.genesis_key(f"admin {n}", health, "admin") for n in range(8)]
    yield changed("good", lambda g: None)
    yield changed("version 2", lambda g: g.update(version=2))
    for name, least, most in (
        ("heartbeat_ms", 100, 86_400_000), ("drift_ms", 100, 600_000),
        ("record_bytes", 1_024, 8_192), ("block_records", 12, 16_384),
        ("block_bytes", 8_192, 4_194_304), ("agency_records", 1, 16),
        ("agency_bytes", 4_096, 12_288), ("day_offset_minutes", -840, 840),
        ("ballot_numerator", 2, 2), ("ballot_denominator", 3, 4),
        ("ballot_open_ms", 60_000, 31_622_400_000),
    ):
        yield changed(f"{name} at its least", params(**{name: least}))
        yield changed(f"{name} below it", params(**{name: least - 1}))
        yield changed(f"{name} at its most", params(**{name: most}))
        yield changed(f"{name} above it", params(**{name: most + 1}))
    for share, whole, what in ((1, 2, "a half"), (254, 255, "nearly all"), (255, 255, "all"),
                               (127, 255, "less than a half"), (0, 0, "nothing")):
        yield changed(f"a threshold of {what}", params(
            ballot_numerator=share, ballot_denominator=whole))
    wide = {"block_bytes": 131_072, "agency_bytes": 65_536}
    yield changed("record_bytes of 65,535", params(record_bytes=65_535, **wide))
    yield changed("record_bytes of 65,536", params(record_bytes=65_536, **wide))
    for codes in ("matters", "duty_bases"):
        yield changed(f"{codes} out of order", lambda g, c=codes: g[c].reverse())
        yield changed(f"{codes} twice", lambda g, c=codes: g[c].insert(0, g[c][0]))
        yield changed(f"no {codes}", lambda g, c=codes: g[c].clear())
    yield changed("members out of order", lambda g: g["members"].reverse())
    yield changed("a member twice", lambda g: g["members"].insert(0, g["members"][0]))
    yield changed("a stranger as authority", lambda g: g.update(competent_authority="x.gd"))
    for at, role in ((0, "validator"), (1, "transport"), (2, "admin")):
        yield changed(f"no {role} key", lambda g, at=at: keys(2)(g).pop(at))
    for role in ("validator", "transport", "note"):
        more = [w.genesis_key(f"more {role} {n}", health, role) for n in range(2)]
        yield changed(f"more {role} keys", lambda g, more=more: keys(2)(g).extend(more))
    yield changed("8 admin keys", lambda g: keys(2)(g).extend(admins[:7]))
    yield changed("9 admin keys", lambda g: keys(2)(g).extend(admins))
    steward = w.genesis_key("health steward", health, "steward", "Data steward")
    yield changed("a steward's key", lambda g: keys(2)(g).append(steward))
    yield changed("an observer with a validator key", lambda g: g["members"][4]["keys"].append(
        w.genesis_key("univ.gd validator", "univ.gd", "validator")))
    moved = {**steward, "possession": w.possession("health steward", "tax.gd", "steward")}
    yield changed("a proof for another agency", lambda g: keys(2)(g).append(moved))
    moved = {**steward, "role": "gateway"}
    yield changed("a proof for another role", lambda g: keys(2)(g).append(moved))
    moved = {**steward, "possession": w.possession("health steward", health, "steward", w.CONSORTIUM)}
    yield changed("a proof for a consortium", lambda g: keys(2)(g).append(moved))
    twice = w.genesis_key("civil.gd admin", health, "auditor")
    yield changed("a key of two members", lambda g: keys(2)(g).append(twice))
    twice = w.genesis_key("health.gd admin", health, "auditor")
    yield changed("a key in two roles", lambda g: keys(2)(g).append(twice))

    def power(value):
        return lambda g: g["members"][2]["agency"].update(standing={"validator": {"power": value}})

    yield changed("no power", power(0))
    yield changed("the most power", power(2**40 - 3))
    yield changed("too much power", power(2**40 - 2))

    def all_observe(genesis):
        for member in genesis["members"]:
            member["agency"]["standing"] = "observer"
            member["keys"] = [key for key in member["keys"] if key["role"] != "validator"]

    yield changed("nobody votes", all_observe)

    def hosted(genesis):
        genesis["members"][4]["agency"]["standing"] = w.hosting("civil.gd")
        genesis["members"][4]["keys"] = genesis["members"][4]["keys"][1:]

    yield changed("a hosted founder", hosted)


def genesis():
    """The cases of genesis.json."""
    data = shapes.GENESIS.put(w.GENESIS)
    yield {"genesis": w.GENESIS, "bytes": data.hex(), "preimage": preimage("genesis", b"", data).hex(),
           "id": consortium_id(data).hex()}
    for what, value in variants():
        yield judged(what, value)
    for member in w.GENESIS["members"]:
        agency = member["agency"]["id"]
        for key in member["keys"]:
            name = f"{agency} {key['role']}"
            body = possession_body(agency, key["role"], bytes.fromhex(key["key"]))
            yield {"seed": w.seed(name).hex(), "agency": agency, "role": key["role"],
                   "preimage": preimage("possession", NO_CONSORTIUM, body).hex(),
                   "possession": key["possession"]}


def validators():
    """The cases of validators.json."""
    names = ["a", "b", "c", "d", "e", "f", "g"]
    for powers in ([1], [1, 1, 1], [1, 1, 1, 1], [1] * 7, [1, 3, 2], [5, 1], [2**40 - 1, 1]):
        value = [
            {"agency": names[at], "key": w.public(f"validator {at}"), "power": power}
            for at, power in enumerate(powers)
        ]
        total = sum(powers)
        least = next(q for q in range(total * 2 // 3, total + 1) if is_quorum(q, value))
        heights = range(2 * total + 1) if total < 100 else (0, 1)
        rounds = (0, 1, 2, 7, 2**32 - 1)
        turns = [
            {"height": height, "round": rnd, "agency": names[select(value, height, rnd)]}
            for height in heights for rnd in rounds
        ] if total < 100 else []
        yield {"set": value, "bytes": shapes.VALIDATOR_SET.put(value).hex(), "total": total,
               "consortium": w.CONSORTIUM.hex(),
               "hash": validator_set_hash(w.CONSORTIUM, value).hex(), "quorum": least,
               "turns": turns}
