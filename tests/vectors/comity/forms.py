"""What must hold before any state is looked at: of a genesis, a record, a certificate.

Source: docs/formats.md, "Genesis", "Statements", "Validators", "Consensus".
"""

from . import shapes
from .hashing import NO_CONSORTIUM, leaf_hash, possession_body, tagged, verifies
from .wire import Refused, decode

MAX_RECORD_BYTES = 65_535
MAX_VALIDITY_MS = 86_400_000


class Unfit(Exception):
    """A check that fails, by its name."""

    def __init__(self, name):
        super().__init__(name)
        self.name = name


def require(holds, name):
    """Errors: `Unfit(name)` unless it holds."""
    if not holds:
        raise Unfit(name)


def rising(values):
    """Whether values are strictly ascending."""
    return all(a < b for a, b in zip(values, values[1:]))


def check_genesis(genesis):
    """Errors: the first check that fails."""
    require(genesis["version"] == 1, "version")
    check_params(genesis["params"])
    for codes in (genesis["matters"], genesis["duty_bases"]):
        require(rising([entry["code"].encode() for entry in codes]), "codes")
    ids = [member["agency"]["id"].encode() for member in genesis["members"]]
    require(rising(ids), "members")
    require(genesis["competent_authority"].encode() in ids, "authority")
    seen = set()
    for member in genesis["members"]:
        check_member(member)
        for key in member["keys"]:
            require(key["key"] not in seen, "key-twice")
            seen.add(key["key"])
    require(shapes.is_validator_set(first_validators(genesis)), "validators")


def check_params(params):
    """The bounds of the parameters."""
    record, block = params["record_bytes"], params["block_bytes"]
    bounds = {
        "heartbeat_ms": (100, 86_400_000),
        "drift_ms": (100, 600_000),
        "record_bytes": (1_024, 65_535),
        "block_records": (1, 16_384),
        "block_bytes": (record, 4_194_304),
        "agency_records": (1, params["block_records"]),
        "agency_bytes": (record, block),
        "day_offset_minutes": (-840, 840),
        "ballot_open_ms": (60_000, 31_622_400_000),
    }
    for name, (least, most) in bounds.items():
        require(least <= params[name] <= most, "parameter")
    share, whole = params["ballot_numerator"], params["ballot_denominator"]
    require(2 * share >= whole and share < whole, "parameter")


def check_member(member):
    """A founding member and its keys."""
    agency, keys = member["agency"], member["keys"]
    require(standing_of(agency["standing"]) != "hosted", "hosted")
    require(has_its_keys(member), "keys")
    for key in keys:
        body = possession_body(agency["id"], key["role"], bytes.fromhex(key["key"]))
        proven = verifies("possession", NO_CONSORTIUM, body, key["key"], key["possession"])
        require(proven, "possession")


def standing_of(standing):
    """The name of a standing."""
    return standing if isinstance(standing, str) else next(iter(standing))


def has_its_keys(member):
    """Whether a member has as many keys of each role as its standing needs."""
    standing = standing_of(member["agency"]["standing"])
    votes, has_node = int(standing == "validator"), int(standing != "hosted")
    allowed = {
        "validator": (votes, votes), "transport": (has_node, has_node), "note": (0, has_node),
        "admin": (1, 8),
    }
    counts = {role: sum(key["role"] == role for key in member["keys"]) for role in allowed}
    return all(least <= counts[role] <= most for role, (least, most) in allowed.items())


def new_keys(measure):
    """The keys that a measure brings in, each with whose it is to be."""
    if measure["measure"] == "admit":
        member = measure["member"]
        return [(member["agency"]["id"], key) for key in member["keys"]]
    key = measure.get({"replace-key": "new", "change-standing": "key"}.get(measure["measure"]))
    return [] if key is None else [(measure["agency"], key)]


def place_of(equivocation):
    """Where an equivocation happened, or None where its two messages do not contradict."""
    kind, pair = next(iter(equivocation.items()))
    first, second = pair["first"], pair["second"]
    values = ("value",) if kind == "votes" else ("value", "polka_round")

    def place(message):
        fields = {name: message[name] for name in ("validator", "height", "round")}
        return {**fields, "step": message.get("kind", "proposal")}

    differ = any(first[name] != second[name] for name in values)
    return place(first) if place(first) == place(second) and differ else None


def equivocation_verifies(equivocation, consortium):
    """Whether both signatures of an equivocation verify."""
    kind, pair = next(iter(equivocation.items()))
    shape, purpose = {
        "votes": (shapes.VOTE, "vote"), "proposals": (shapes.PROPOSAL, "proposal")
    }[kind]
    return all(
        verifies(purpose, consortium, shape.put(pair[name]), pair[name]["validator"],
                 pair[f"{name}_signature"])
        for name in ("first", "second")
    )


def first_validators(genesis):
    """The validators that a genesis names."""
    return [
        {
            "agency": member["agency"]["id"],
            "key": next(key["key"] for key in member["keys"] if key["role"] == "validator"),
            "power": member["agency"]["standing"]["validator"]["power"],
        }
        for member in genesis["members"]
        if standing_of(member["agency"]["standing"]) == "validator"
    ]


def is_quorum(power, validators):
    """More than two thirds."""
    return 3 * power > 2 * sum(v["power"] for v in validators)


def select(validators, height, rnd):
    """The proposer's place in the set."""
    slot = height % sum(v["power"] for v in validators)
    for at, validator in enumerate(validators):
        if slot < validator["power"]:
            return (at + rnd) % len(validators)
        slot -= validator["power"]
    raise AssertionError("a slot is in somebody's share")


class Record:
    """A signed record that is acceptable in form."""

    def __init__(self, data, consortium):
        self.data, self.value = data, check_record(data, consortium)
        self.statement = self.value["statement"]
        self.id = tagged("statement", consortium, shapes.STATEMENT.put(self.statement))
        self.leaf = leaf_hash(data)
        self.agency = self.statement["signers"][0]["agency"]


def check_record(data, consortium):
    """The record of these bytes. Errors: the rule that refuses them."""
    require(len(data) < 2 or data[:2] == b"\1\0", "wrong-version")
    require(len(data) < 34 or data[2:34] == consortium, "wrong-consortium")
    try:
        record = decode(shapes.SIGNED_RECORD, data, MAX_RECORD_BYTES)
    except Refused as refused:
        raise Unfit(f"record-{refused.kind}") from refused
    statement, signatures = record["statement"], record["signatures"]
    signers, action = statement["signers"], statement["action"]
    late = action["record"] if action["kind"] == "embed-late" else None
    attempt = action.get("attempt") if late is None else late["attempt"]
    keys = {signer["key"] for signer in signers}
    require(1 <= len(signers) <= 16 and len(keys) == len(signers), "signers")
    require(len(statement["sealed"]) <= 16, "sealed-count")
    require(len(signatures) == len(signers), "signature-count")
    if action["kind"] == "record-equivocation":
        require(place_of(action["equivocation"]) is not None, "no-equivocation")
    require(late is None or len(late["sealed"]) <= 16, "sealed-count")
    require(late is None or attempt["attempt"]["grant"][0] == "E", "late-not-urgent")
    ours = consortium.hex()
    require(attempt is None or attempt["attempt"]["consortium"] == ours, "attempt-wrong-consortium")
    asks = attempt is None or attempt["attempt"]["items"] != {"only": []}
    require(asks, "attempt-without-items")
    few = attempt is None or len(attempt["attempt"]["sealed"]) <= 16
    require(few, "attempt-sealed-count")
    batch = attempt and attempt["attempt"]["batch"]
    require(batch is None or 2 <= batch["count"] <= 65_536, "attempt-batch-count")
    body = shapes.STATEMENT.put(statement)
    for signer, signature in zip(signers, signatures):
        require(verifies("statement", consortium, body, signer["key"], signature), "bad-signature")
    if attempt is not None:
        inner, key = shapes.ATTEMPT.put(attempt["attempt"]), attempt["attempt"]["officer"]
        proven = verifies("attempt", consortium, inner, key, attempt["signature"])
        require(proven, "attempt-bad-signature")
    if late is not None:
        inner, key = shapes.STATEMENT.put(late_statement(late, statement)), late["gateway"]["key"]
        proven = verifies("statement", consortium, inner, key, late["signature"])
        require(proven, "late-bad-signature")
    if action["kind"] == "register-key":
        key = action["key"]
        inner = possession_body(signers[0]["agency"], action["role"], bytes.fromhex(key))
        proven = verifies("possession", consortium, inner, key, action["possession"])
        require(proven, "bad-possession")
    if action["kind"] == "open-proposal":
        for agency, new in new_keys(action["measure"]):
            inner = possession_body(agency, new["role"], bytes.fromhex(new["key"]))
            proven = verifies("possession", consortium, inner, new["key"], new["possession"])
            require(proven, "bad-possession")
    if action["kind"] == "record-equivocation":
        proven = equivocation_verifies(action["equivocation"], consortium)
        require(proven, "equivocation-bad-signature")
    return record


def late_statement(late, outer):
    """The statement that a gateway signed in its time, from what a later one carries of it."""
    action = {"kind": "record-access", "attempt": late["attempt"], "number": late["number"],
              "answer": late["answer"]}
    return {"version": outer["version"], "consortium": outer["consortium"], "nonce": late["nonce"],
            "valid_until": late["valid_until"], "signers": [late["gateway"]],
            "sealed": late["sealed"], "action": action}


def check_certificate(certificate, consortium, validators):
    """Errors: why the certificate is not valid for this set."""
    height, rnd, value = (certificate[name] for name in ("height", "round", "header_hash"))
    vote = {"kind": "precommit", "height": height, "round": rnd, "value": value}
    check_quorum(vote, certificate["signatures"], consortium, validators)


MAX_POLKAS = 64


def check_polkas(polkas, height, consortium, validators):
    """Errors: why these are not polka certificates to stand beside the block of a height."""
    require(len(polkas) <= MAX_POLKAS, "polkas: count")
    places = [(polka["round"], bytes.fromhex(polka["value"])) for polka in polkas]
    require(rising(places), "polkas: order")
    for polka in polkas:
        require(polka["height"] == height, "polkas: height")
        vote = {"kind": "prevote", "height": height, "round": polka["round"],
                "value": polka["value"]}
        try:
            check_quorum(vote, polka["signatures"], consortium, validators)
        except Unfit as unfit:
            raise Unfit(f"polka: {unfit.name}") from unfit


def check_quorum(vote, signatures, consortium, validators):
    """Errors: why these are not a quorum's signatures of a vote."""
    require(rising([bytes.fromhex(s["validator"]) for s in signatures]), "order")
    power = 0
    for signed in signatures:
        key = signed["validator"]
        member = next((v for v in validators if v["key"] == key), None)
        require(member is not None, "stranger")
        body = shapes.VOTE.put({**vote, "validator": key})
        proven = verifies("vote", consortium, body, key, signed["signature"])
        require(proven, "signature")
        power += member["power"]
    require(is_quorum(power, validators), "no-quorum")
