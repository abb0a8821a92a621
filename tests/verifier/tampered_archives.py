"""Archives that were tampered with: (what, bytes, due); `due` begins the name of the refusal where
only one can be right."""

import random

from cases import governing, world as w
from comity import shapes
from comity.chain import MAGIC, archive, frame
from comity.hashing import header_hash

import tampered_answers
import tampered_legs
from genuine import Draft, Story, UNTIL, foreign, moving, settled, steward

SETTLED, MOVING, FOREIGN = settled(), moving(), foreign()
STORIES = [("settled", SETTLED), ("moving", MOVING)]


def frames(data):
    """Where each frame of an archive begins, and where the last ends."""
    at, places = 40, [40]
    while at < len(data):
        at += 5 + int.from_bytes(data[at + 1 : at + 5], "little")
        places.append(at)
    return places


def tampered(chance):
    """All of them."""
    for family in (cut, padded, reordered, spliced, swapped, stale, future, removed, flipped, subtle,
                   *tampered_legs.FAMILIES, *tampered_answers.FAMILIES):
        for case in family(chance):
            what, data, due = case if len(case) == 3 else (*case, None)
            yield f"{family.__name__}: {what}", data, due, family is flipped


def cut(chance):
    """Truncated."""
    for name, story in STORIES:
        data = story.archive()
        places = frames(data)
        for place in places[:-1]:
            yield f"{name}, before the frame at {place}", data[:place], "truncated"
        for place in sorted(chance.sample(range(41, len(data)), 10)):
            yield f"{name}, after {place} bytes", data[:place], "truncated"
    yield "in the head", data[:39], "truncated"
    yield "in the first bytes", data[:7], "not-an-archive"
    yield "to nothing", b"", "not-an-archive"


def padded(chance):
    """With something more."""
    data = MOVING.archive()
    places = frames(data)
    first, last = data[places[0] : places[1]], data[places[-2] :]
    for what, tail in (("a zero", b"\0"), ("a block", first), ("its certificate again", last),
                       ("polka certificates", frame(3, shapes.POLKAS.put([]))),
                       ("the archive again", data), ("noise", chance.randbytes(100))):
        yield f"{what} at the end", data + tail, "trailing"
    for place in places[:-1]:
        kind, length = data[place], int.from_bytes(data[place + 1 : place + 5], "little")
        content = data[place + 5 : place + 5 + length]
        after = data[place + 5 + length :]
        longer = data[:place] + frame(kind, content + b"\0") + after
        yield f"a zero in the frame at {place}", longer, "decode: trailing"
        yield f"a zero before the frame at {place}", data[:place] + b"\0" + data[place:], "frame"
    for kind, most in ((1, 8 << 20), (2, 64 << 10), (3, 1 << 20)):
        head = bytes([kind]) + (most + 1).to_bytes(4, "little")
        yield f"a frame of kind {kind} that is too long", data[:40] + head + data[45:], "frame"
    most = bytes([1]) + (0xFFFFFFFF).to_bytes(4, "little")
    yield "a frame that says it has 4 GiB", data[:40] + most + data[45:], "frame"


def reordered(chance):
    """Blocks and records in another order, left out or twice."""
    for name, story in STORIES:
        count = len(story.blocks)
        for at in range(count - 1):
            draft = Draft(story)
            blocks = draft.put()
            blocks[at], blocks[at + 1] = blocks[at + 1], blocks[at]
            yield f"{name}, blocks {at + 1} and {at + 2}", draft.archive(blocks)
            blocks = draft.put()
            yield f"{name}, without block {at + 1}", draft.archive(blocks[:at] + blocks[at + 1 :])
            yield f"{name}, block {at + 1} twice", draft.archive(blocks[: at + 1] + blocks[at:])
        draft = Draft(story)
        yield f"{name}, backwards", draft.archive(draft.put()[::-1])
    for signed in (False, True):
        draft = Draft(SETTLED)
        draft.blocks[1]["records"].reverse()
        due = "record 0: dataset-unknown" if signed else None
        yield f"records, hashes made to fit, certified {signed}", \
            draft.remade(1, signed).archive(), due
        draft = Draft(SETTLED)
        draft.blocks[2]["records"].pop(2)
        yield f"a record left out, hashes made to fit, certified {signed}", \
            draft.remade(2, signed).archive()
        draft = Draft(SETTLED)
        draft.blocks[2]["records"].insert(3, draft.blocks[2]["records"][2])
        due = "record 3: replayed"
        yield f"a record twice, hashes made to fit, certified {signed}", \
            draft.remade(2, signed).archive(), due
        draft = Draft(SETTLED)
        draft.blocks[3]["records"].insert(0, draft.blocks[2]["records"][2])
        yield f"a record of an earlier block again, hashes made to fit, certified {signed}", \
            draft.remade(3, signed).archive()


def spliced(chance):
    """Put together from two ledgers."""
    ours, theirs = Draft(MOVING), Draft(FOREIGN)
    mine, other = ours.archive(), theirs.archive()
    yield "another consortium's", other, "other-consortium"
    yield "another consortium's under our head", mine[:40] + other[40:]
    yield "ours under another head", other[:40] + mine[40:], "other-consortium"
    for at in range(3):
        blocks = ours.put()
        blocks[at] = theirs.put()[at]
        yield f"their block {at + 1}", ours.archive(blocks)
    for at in range(3):
        draft = Draft(MOVING)
        draft.set_certificate(at, theirs.certificate(at))
        yield f"their certificate of block {at + 1}", draft.archive()
    for what, record in (
        ("their record", theirs.blocks[0]["records"][0]),
        ("our record of another ledger", SETTLED.blocks[0]["records"][0]),
    ):
        for signed in (False, True):
            draft = Draft(MOVING)
            draft.blocks[2]["records"].append(record)
            due = "form of record 3: wrong-consortium" if what == "their record" else None
            yield f"{what}, hashes made to fit, certified {signed}", \
                draft.remade(2, signed).archive(), due
    blocks = Draft(SETTLED).put()
    for at in range(1, 4):
        yield f"two histories, from block {at + 1}", ours.archive(ours.put()[:at] + blocks[at:])


def swapped(chance):
    """Certificates and polka certificates of other blocks."""
    for name, story in STORIES:
        for at in range(len(story.blocks)):
            for other in range(len(story.blocks)):
                if other == at or abs(other - at) > 2:
                    continue
                draft = Draft(story)
                draft.set_certificate(at, draft.certificate(other))
                yield f"{name}, the certificate of block {other + 1} for {at + 1}", draft.archive()
    draft = Draft(SETTLED)
    draft.polkas = [draft.polkas[2], [], [], []]
    yield "polka certificates of block 3 beside block 1", draft.archive(), "polkas: height"
    draft = Draft(SETTLED)
    draft.polkas[2] = draft.polkas[2] + draft.polkas[1]
    yield "polka certificates of block 2 beside block 3 too", draft.archive(), "polkas: "
    commit = Draft(SETTLED).certificate(2)
    as_polka = {"height": 3, "round": commit["round"], "value": commit["header_hash"],
                "signatures": commit["signatures"]}
    draft = Draft(SETTLED)
    draft.polkas[2] = [as_polka]
    yield "precommits for prevotes", draft.archive(), "polka: signature"
    held = SETTLED.polkas[2][-1]
    draft = Draft(SETTLED)
    draft.set_certificate(2, {"height": 3, "round": held["round"], "header_hash": held["value"],
                              "signatures": held["signatures"]})
    yield "prevotes for precommits", draft.archive(), "certificate: signature"


def stale(chance):
    """Certificates that were enough once, or for something else."""
    for what, by, due in (
        ("by the first validators", w.VALIDATORS, "certificate: stranger"),
        ("by too few", ["civil.gd", "data.gd", w.NEW], "certificate: no-quorum"),
        ("by one", ["health.gd"], "certificate: no-quorum"),
        ("by nobody", [], "certificate: no-quorum"),
    ):
        for at in (2, 4):
            draft = Draft(MOVING)
            header = draft.blocks[at]["header"]
            draft.set_certificate(at, w.certificate(
                header["height"], 0, header_hash(header).hex(), by))
            yield f"block {at + 1} certified {what}", draft.archive(), due
    draft = Draft(MOVING)
    old = draft.last
    draft.last = {**old, "signatures": old["signatures"][::-1]}
    yield "signatures backwards", draft.archive(), "certificate: order"
    draft.last = {**old, "signatures": [old["signatures"][0], *old["signatures"]]}
    yield "a signature twice", draft.archive(), "certificate: order"
    draft.last = {**old, "round": old["round"] + 1}
    yield "of another round", draft.archive(), "certificate: signature"
    late = SETTLED.ledger.hash.hex()
    draft = Draft(SETTLED)
    draft.set_certificate(1, w.certificate(2, 0, header_hash(draft.blocks[1]["header"]).hex()))
    yield "of a round before the proposal's", draft.archive(), "certificate: other-block"
    draft = Draft(SETTLED)
    draft.last = w.certificate(5, 0, late)
    yield "of a height that is not there", draft.archive(), "certificate: other-block"


def future(chance):
    """Of versions to come."""
    data = MOVING.archive()
    yield "an archive's", b"COMITYA2" + data[8:], "not-an-archive"
    places = frames(data)
    for place in places[:-1]:
        newer = data[:place] + b"\4" + data[place + 1 :]
        yield f"a frame's at {place}", newer, "frame"
    for at in range(5):
        draft = Draft(MOVING)
        draft.blocks[at]["header"]["version"] = 2
        yield f"a header's, {at + 1}", draft.remade(at, True).archive(), "header: version"
    draft = Draft(MOVING)
    record = bytes.fromhex(draft.blocks[2]["records"][1])
    draft.blocks[2]["records"][1] = (b"\2\0" + record[2:]).hex()
    yield "a statement's", draft.remade(2, True).archive(), "form of record 1: wrong-version"
    story = Story()
    story.push(governing.passing("tampering version", governing.VERSION, 0), w.TIMES[0])
    draft = Draft(story)
    header = {**draft.blocks[0]["header"], "height": 2, "time": w.TIMES[1]}
    draft.blocks.append({"header": header, "parent_certificate": draft.last, "records": []})
    draft.polkas.append([])
    draft.agencies = draft.agencies * 2
    draft.last = w.certificate(2, 0, header_hash(header).hex())
    yield "the rules'", draft.remade(1, True).archive(), "rules: 2"


def removed(chance):
    """Signed by members that left, or by keys that were replaced or revoked."""
    late = steward("tax.gd", "late")
    for signed in (False, True):
        draft = Draft(MOVING)
        draft.blocks[2]["records"].append(late.hex())
        yield f"a record of a member that left, certified {signed}", \
            draft.remade(2, signed).archive(), "record 3: agency-left"
        draft = Draft(SETTLED)
        opened = {"kind": "open-request", "terms": w.asking()}
        by = w.record("civil officer revoked", opened, "tampering revoked", UNTIL)
        draft.blocks[3]["records"].insert(0, by.hex())
        yield f"a record by a revoked key, certified {signed}", \
            draft.remade(3, signed).archive(), "record 0: signer-revoked"
        draft = Draft(SETTLED)
        draft.blocks[3]["records"].append(steward("tax.gd", "other", by="health.gd admin").hex())
        yield f"a record for another agency, certified {signed}", draft.remade(3, signed).archive()
    everyone = w.VALIDATORS + [w.NEW]
    for at in (2, 3, 4):
        draft = Draft(MOVING)
        header = draft.blocks[at]["header"]
        draft.set_certificate(at, w.certificate(
            header["height"], 0, header_hash(header).hex(), everyone))
        yield f"block {at + 1} certified by one that left too", draft.archive(), \
            "certificate: stranger"
    draft = Draft(MOVING)
    header = draft.blocks[0]["header"]
    draft.set_certificate(0, w.certificate(1, 0, header_hash(header).hex(), everyone))
    yield "block 1 certified by one who votes from the next", draft.archive(), \
        "certificate: stranger"
    keys = governing.replacing("tax.gd", "tax.gd validator", w.new_key("tax.gd", "validator", 1))
    story = Story()
    story.push(governing.passing("tampering keys", keys, 0), w.TIMES[0])
    story.push([], w.TIMES[1], agencies=["civil.gd", "data.gd", "health.gd"])
    draft = Draft(story)
    draft.last = w.certificate(2, 0, story.ledger.hash.hex())
    yield "certified by a key that was replaced", draft.archive(), "certificate: stranger"


def flipped(chance):
    """One bit, anywhere."""
    for name, story in STORIES:
        data = story.archive()
        for place in sorted(chance.sample(range(len(data) * 8), 40)):
            yield f"{name}, bit {place}", flip(data, place)


def flip(data, place):
    """The same with one bit turned."""
    changed = bytearray(data)
    changed[place // 8] ^= 1 << place % 8
    return bytes(changed)


def subtle(chance):
    """A field or a bit of a record, with every hash made to fit, and certified all the same."""
    fields = {"height": 1, "proposal_round": 1, "time": -1_000, "parent": None, "first_index": 1,
              "parent_certificate": None, "body": None, "log_size": 1, "log_root": None,
              "state_root": None, "validators": None, "next_validators": None, "proposer": None,
              "consortium": None}
    for field, step in fields.items():
        for signed in (False, True):
            draft = Draft(MOVING)
            header = draft.blocks[2]["header"]
            other = "data.gd" if header["proposer"] != "data.gd" else "civil.gd"
            wrong = other if field == "proposer" else "ee" * 32
            header[field] = wrong if step is None else max(header[field] + step, 0)
            yield f"{field}, certified {signed}", draft.remade(2, signed, keep=(field,)).archive()
    for number in range(12):
        draft = Draft(SETTLED)
        at = chance.randrange(len(draft.blocks))
        records = draft.blocks[at]["records"]
        which = chance.randrange(len(records))
        record = bytes.fromhex(records[which])
        # The last 64 bytes are the signature: everything decodes, and nothing verifies.
        place = chance.randrange((len(record) - 64) * 8, len(record) * 8)
        records[which] = flip(record, place).hex()
        yield f"a signature's bit in block {at + 1}, record {which} ({number})", \
            draft.remade(at, True).archive(), f"form of record {which}: bad-signature"
