"""statements.json: signed records, byte by byte. records.json: records refused for their form."""

import base64

from comity import ed25519, shapes
from comity.forms import Record, Unfit, check_record
from comity.hashing import preimage

from . import governing, late, values, world as w


def attempts():
    """Signed attempts."""
    whole = w.attempt("all", "G18", items="all", mode="batch")
    for value in (w.attempt("values", "G11"), whole, w.attempt("sealed", "G11", sealed=w.SEALED)):
        body = shapes.ATTEMPT.put(value)
        yield {
            "attempt": value, "seed": w.seed("civil officer").hex(), "bytes": body.hex(),
            "preimage": preimage("attempt", w.CONSORTIUM, body).hex(),
            "signature": w.sign("civil officer", "attempt", w.CONSORTIUM, body),
        }


def queries():
    """Signed queries."""
    for name, value in values.signed_queries():
        body = shapes.QUERY.put(value)
        signature = w.sign(name, "query", w.CONSORTIUM, body)
        signed = shapes.SIGNED_QUERY.put({"query": value, "signature": signature})
        yield {
            "query": value, "seed": w.seed(name).hex(), "bytes": body.hex(),
            "preimage": preimage("query", w.CONSORTIUM, body).hex(), "signature": signature,
            "header": "Comity " + base64.b64encode(signed).decode(),
        }


def possessions():
    """Proofs of possession for a consortium."""
    for name, (agency, role, _) in w.HOLDERS.items():
        yield {
            "agency": agency, "role": role, "seed": w.seed(name).hex(),
            "possession": w.possession(name, agency, role, w.CONSORTIUM),
        }


def statements():
    """The cases of statements.json."""
    for names, value in values.statements():
        body, record = shapes.STATEMENT.put(value), w.signed(names, value)
        data = shapes.SIGNED_RECORD.put(record)
        checked = Record(data, w.CONSORTIUM)
        yield {
            "statement": value, "seeds": [w.seed(name).hex() for name in names],
            "bytes": body.hex(), "preimage": preimage("statement", w.CONSORTIUM, body).hex(),
            "signatures": record["signatures"], "record": data.hex(),
            "record_id": checked.id.hex(), "leaf_hash": checked.leaf.hex(),
            "agency": checked.agency,
        }
    yield from attempts()
    yield from queries()
    yield from possessions()


REVOKE = {"kind": "revoke-grant", "grant": "G11", "reason": "Ended"}
UNTIL = w.TIMES[0] + w.VALIDITY


def revoke(**more):
    """A plain statement."""
    return w.statement(["health steward"], REVOKE, "refused", UNTIL, **more)


def put(value, names=("health steward",)):
    """A record's bytes."""
    return shapes.SIGNED_RECORD.put(w.signed(names, value))


def records():
    """The cases of records.json."""
    sources = (heads(), encodings(), forms(), signatures(), inner_signatures(), late.malformed())
    for source in sources:
        for what, data, rule in source:
            found = None
            try:
                check_record(data, w.CONSORTIUM)
            except Unfit as unfit:
                found = unfit.name
            assert found == rule, (what, found)
            yield {"what": what, "record": data.hex(), "rule": rule}


def heads():
    """Version and consortium, which are looked at first."""
    good = put(revoke())
    yield "good", good, None
    yield "nothing", b"", "record-truncated"
    yield "half a version", b"\1", "record-truncated"
    yield "a version alone", b"\1\0", "record-truncated"
    yield "another version alone", b"\2\0", "wrong-version"
    yield "version 0", b"\0\0" + good[2:], "wrong-version"
    yield "version 2", put({**revoke(), "version": 2}), "wrong-version"
    yield "version 257", b"\1\1" + good[2:], "wrong-version"
    yield "version 2, and then nothing that could be read", b"\2\0" + b"\xff" * 99, "wrong-version"
    other = w.statement(["health steward"], REVOKE, "refused", UNTIL, consortium=bytes(32))
    yield "another consortium", put(other), "wrong-consortium"
    yield "another consortium, and then nothing", b"\1\0" + b"\xee" * 32, "wrong-consortium"
    yield "another version and consortium", put({**other, "version": 2}), "wrong-version"
    yield "33 bytes", good[:33], "record-truncated"
    yield "34 bytes", good[:34], "record-truncated"


def encodings():
    """Bytes that are no canonical record."""
    good = put(revoke())
    yield "a byte too few", good[:-1], "record-truncated"
    yield "half of it", good[: len(good) // 2], "record-truncated"
    yield "a byte too many", good + b"\0", "record-trailing"
    yield "twice", good + good, "record-trailing"
    long = w.dataset(summary="x" * 2048, items=[
        {"name": f"{n} " + "x" * 80, "kind": "y" * 48} for n in range(500)
    ])
    publish = {"kind": "publish-dataset", "dataset": long}
    data = put(w.statement(["health steward"], publish, "refused", UNTIL))
    assert len(data) > 65_535
    yield "more than 65,535 bytes", data, "record-oversized"
    yield from longest(long)
    at = good.index(bytes.fromhex(w.public("health steward")))
    weak = good[:at] + b"\1" + bytes(31) + good[at + 32 :]
    yield "a signer's key of small order", weak, "record-malformed"
    above = good[:at] + (2**255 - 16).to_bytes(32, "little") + good[at + 32 :]
    yield "a signer's key that is not reduced", above, "record-malformed"
    yield "an unknown role", good[: at + 32] + b"\x08" + good[at + 33 :], "record-malformed"
    yield "an unknown capacity", good[: at + 36] + values.after_last("capacity") + good[at + 40 :], "record-malformed"
    at = good.index(b"\x05\0\0\0\0\0\0\0Ended")
    yield "an unknown action", good[: at - 12] + values.after_last("action") + good[at - 8 :], "record-malformed"
    for what, text in (
        ("bad UTF-8", b"End\xff\xff"), ("a control character", b"End\0d"),
        ("a bidirectional override", "Xx\u202e".encode()),
    ):
        yield what, good[: at + 8] + text + good[at + 13 :], "record-malformed"
    huge = good[:at] + b"\xff" * 8 + good[at + 8 :]
    yield "a text of 2^64 - 1 bytes", huge, "record-truncated"
    signers = good.index(b"\1\0\0\0\0\0\0\0\x09\0\0\0\0\0\0\0health.gd")
    many = good[:signers] + (2**32).to_bytes(8, "little") + good[signers + 8 :]
    yield "2^32 signers", many, "record-truncated"
    yield from sets()


def longest(dataset):
    """The longest record that there can be."""
    def data(**more):
        publish = {"kind": "publish-dataset", "dataset": {**dataset, **more}}
        return put(w.statement(["health steward"], publish, "refused", UNTIL))

    items = dataset["items"]
    while len(data(items=items, conditions="")) > 65_535:
        items = items[:-1]
    spare = 65_535 - len(data(items=items, conditions=""))
    exact = data(items=items, conditions="x" * spare)
    assert len(exact) == 65_535
    yield "exactly 65,535 bytes", exact, None


def sets():
    """Sets that are none, in a record that is right otherwise: its signature is over these bytes."""
    modes, codes = shapes.MODE, shapes.CODE
    for what, old, new in (
        ("modes out of order", modes.put("verify") + modes.put("query"),
         modes.put("query") + modes.put("verify")),
        ("matters out of order", codes.put("LOW-INCOME") + codes.put("SCHOOL"),
         codes.put("SCHOOL") + codes.put("LOW-INCOME")),
        ("a mode twice", modes.put("verify") + modes.put("query"), modes.put("verify") * 2),
    ):
        value = w.statement(["health steward"], {"kind": "issue-grant", "terms": w.terms()},
                            "refused", UNTIL)
        body = shapes.STATEMENT.put(value)
        assert body.count(old) == 1
        body = body.replace(old, new)
        signature = ed25519.sign(
            w.seed("health steward"), preimage("statement", w.CONSORTIUM, body)
        )
        yield what, body + (1).to_bytes(8, "little") + signature, "record-not-canonical"


def forms():
    """Signers, sealed commitments and the number of signatures."""
    people = [f"signer {n}" for n in range(17)]
    signers = [
        {"agency": "health.gd", "key": w.public(p), "role": "steward", "capacity": "agency"}
        for p in people
    ]
    yield "no signer", put(revoke(signers=[]) | {"signers": []}, []), "signers"
    yield "16 signers", put(revoke(signers=signers[:16]), people[:16]), None
    yield "17 signers", put(revoke(signers=signers), people), "signers"
    twice = [w.signer("health steward"), w.signer("civil steward"), w.signer("health steward")]
    names = ["health steward", "civil steward", "health steward"]
    yield "a key twice", put(revoke(signers=twice), names), "signers"
    roles = [w.signer("health steward"), w.signer("health steward", agency="tax.gd", role="admin")]
    yield "a key in two roles", put(revoke(signers=roles), ["health steward"] * 2), "signers"
    seals = [w.short(f"seal {n}", 32) for n in range(17)]
    yield "16 sealed commitments", put(revoke(sealed=seals[:16])), None
    yield "17 sealed commitments", put(revoke(sealed=seals)), "sealed-count"
    yield "commitments in no order", put(revoke(sealed=[seals[1], seals[0], seals[1]])), None
    record = w.signed(["health steward"], revoke())
    for what, given in (
        ("no signature", []), ("a signature too many", record["signatures"] * 2)
    ):
        data = shapes.SIGNED_RECORD.put({**record, "signatures": given})
        yield what, data, "signature-count"


def signatures():
    """Signatures that do not verify."""
    two = ["health steward", "civil steward"]
    value = w.statement(two, REVOKE, "refused", UNTIL)
    record = w.signed(two, value)
    yield "two signers", shapes.SIGNED_RECORD.put(record), None
    swapped = {**record, "signatures": record["signatures"][::-1]}
    yield "signatures in another order", shapes.SIGNED_RECORD.put(swapped), "bad-signature"
    record = w.signed(["health steward"], revoke())
    good = bytes.fromhex(record["signatures"][0])
    s = int.from_bytes(good[32:], "little")
    body = shapes.STATEMENT.put(revoke())
    bare = ed25519.sign(w.seed("health steward"), body)
    for what, data in (
        ("zeros", bytes(64)), ("a bit of R", bytes([good[0] ^ 1]) + good[1:]),
        ("a bit of s", good[:63] + bytes([good[63] ^ 1])),
        ("s + L", good[:32] + (s + ed25519.L).to_bytes(32, "little")),
        ("over the statement without its preimage", bare),
        ("another person's", bytes.fromhex(w.sign("civil steward", "statement", w.CONSORTIUM, body))),
        ("for an attempt", bytes.fromhex(w.sign("health steward", "attempt", w.CONSORTIUM, body))),
    ):
        changed = {**record, "signatures": [data.hex()]}
        yield f"a signature: {what}", shapes.SIGNED_RECORD.put(changed), "bad-signature"
    changed = {**record, "statement": {**revoke(), "valid_until": UNTIL + 1}}
    yield "a statement that was changed", shapes.SIGNED_RECORD.put(changed), "bad-signature"


def inner_signatures():
    """Attempts and proofs of possession inside."""
    attempt = w.attempt("values", "G11")

    def gateway(action):
        return put(w.statement(["health gateway"], action, "refused", UNTIL), ["health gateway"])

    foreign = w.access({**attempt, "consortium": "00" * 32})
    yield "an attempt for another consortium", gateway(foreign), "attempt-wrong-consortium"
    empty = w.access({**attempt, "items": {"only": []}})
    yield "an attempt for no item at all", gateway(empty), "attempt-without-items"
    seals = [w.short(f"seal {n}", 32) for n in range(17)]
    yield "16 commitments in an attempt", gateway(w.access({**attempt, "sealed": seals[:16]})), None
    many = w.access({**attempt, "sealed": seals})
    yield "17 commitments in an attempt", gateway(many), "attempt-sealed-count"
    for count, fault in ((1, "attempt-batch-count"), (2, None), (65_536, None),
                         (65_537, "attempt-batch-count")):
        batch = {"count": count, "root": w.short("batch", 32)}
        yield f"a batch of {count}", gateway(w.access({**attempt, "batch": batch})), fault
    wrong = w.access(attempt, "civil steward")
    yield "an attempt signed by another key", gateway(wrong), "attempt-bad-signature"
    changed = w.access(attempt)
    changed["attempt"]["attempt"] = {**attempt, "mode": "query"}
    yield "an attempt that was changed", gateway(changed), "attempt-bad-signature"
    refusal = {"rule": "grant-expired", "until": 1}
    wrong = w.denial(attempt, refusal, "civil steward")
    yield "a denied attempt signed by another key", gateway(wrong), "attempt-bad-signature"

    def admin(action):
        return put(w.statement(["health.gd admin"], action, "refused", UNTIL), ["health.gd admin"])

    good = w.register("health steward")
    for what, proof in (
        ("for a genesis", w.possession("health steward", "health.gd", "steward")),
        ("for another agency", w.possession("health steward", "tax.gd", "steward", w.CONSORTIUM)),
        ("for another role", w.possession("health steward", "health.gd", "gateway", w.CONSORTIUM)),
        ("by another key", w.possession("health gateway", "health.gd", "steward", w.CONSORTIUM)),
    ):
        yield f"a proof of possession {what}", admin({**good, "possession": proof}), "bad-possession"
    yield from proofs_of_measures(admin)
    yield from contradictions()


def proofs_of_measures(admin):
    """Proofs of possession in measures."""
    def proposing(measure):
        return admin({"kind": "open-proposal", "measure": measure})

    yield "an admission", proposing(w.admitting(w.NEW)), None
    member = w.joining(w.NEW)
    for at, key in enumerate(member["keys"]):
        wrong = {**key, "possession": w.possession(f"{w.NEW} {key['role']}", w.NEW, key["role"])}
        keys = member["keys"][:at] + [wrong] + member["keys"][at + 1 :]
        yield f"an admission with a proof for a genesis: {key['role']}", proposing(
            w.admitting(w.NEW, keys=keys)), "bad-possession"
    new = w.new_key("tax.gd", "admin", 1)
    good = governing.replacing("tax.gd", "tax.gd admin", new)
    yield "a key replaced", proposing(good), None
    yield "a key replaced for another agency", proposing(
        {**good, "agency": "health.gd"}), "bad-possession"
    key = w.new_key("univ.gd", "validator", 1)
    power = {"validator": {"power": 1}}
    yield "a new validator", proposing(governing.standing("univ.gd", power, key)), None
    yield "a new validator by another's key", proposing(
        governing.standing("univ.gd", power, {**key, "key": new["key"]})), "bad-possession"


def contradictions():
    """Equivocations that are none."""
    def accusing(value, what="a"):
        action = {"kind": "record-equivocation", "equivocation": value}
        names = ["civil.gd validator"]
        return put(w.statement(names, action, "refused", UNTIL), names)

    for what, value in governing.EQUIVOCATIONS.items():
        yield f"an equivocation: {what}", accusing(value), None
    signed, one, tax = governing.signed, governing.ONE, governing.TAX
    first = signed(tax, "prevote", 7, 1, one)
    for what, other in (
        ("the same twice", first), ("another kind", signed(tax, "precommit", 7, 1, None)),
        ("another height", signed(tax, "prevote", 8, 1, None)),
        ("another round", signed(tax, "prevote", 7, 2, None)),
        ("another key", signed("data.gd validator", "prevote", 7, 1, None)),
    ):
        value = governing.contradiction(first, other)
        yield f"no equivocation: {what}", accusing(value), "no-equivocation"
    proposal = signed(tax, "proposal", 7, 1, one)
    value = governing.contradiction(proposal, proposal)
    yield "no equivocation: one proposal", accusing(value), "no-equivocation"
    for name in ("first_signature", "second_signature"):
        for what, pair in governing.EQUIVOCATIONS.items():
            kind, content = next(iter(pair.items()))
            flipped = f"{int(content[name][:2], 16) ^ 1:02x}" + content[name][2:]
            yield f"an equivocation with a wrong {name}: {what}", accusing(
                {kind: {**content, name: flipped}}), "equivocation-bad-signature"
    forged = governing.contradiction(first, (signed(tax, "prevote", 7, 1, None)[0], first[1]))
    yield "a signature twice", accusing(forged), "equivocation-bad-signature"
