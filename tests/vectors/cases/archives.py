"""archives.json: whole archives, and what their verification says."""

from comity import shapes
from comity.chain import archive, frame, verify_archive
from comity.hashing import header_hash

from . import governing, world as w

UNTIL = w.TIMES[2] + w.VALIDITY


def steward(agency):
    """A record by which an agency registers a steward."""
    name = f"small {agency}"
    return w.record(f"{agency} admin", w.register(name, agency, "steward"), name, UNTIL)


SMALL = [[steward("health.gd")], [], [steward("civil.gd"), steward("tax.gd")]]


def small(height):
    """A chain up to a height."""
    chain = w.Chain()
    for records, time in zip(SMALL[:height], w.TIMES):
        chain.push(records, time)
    return chain


def put(chain):
    """The blocks of a chain as bytes."""
    return [shapes.BLOCK.put(block) for block in chain.blocks]


def ended(chain, block):
    """The archive of a chain and one more block, which all validators certify, right or wrong."""
    header = block["header"]
    last = w.certificate(header["height"], 0, header_hash(header).hex())
    blocks = put(chain) + [shapes.BLOCK.put(block)]
    return archive(w.CONSORTIUM, blocks, shapes.COMMIT_CERTIFICATE.put(last))


def cases():
    """The cases of archives.json."""
    for source in (good(), files(), certificates(), headers(), bodies(), memberships(), polkas()):
        for what, data in source:
            yield {"what": what, "archive": data.hex(), "result": verify_archive(w.GENESIS, data)}


def good():
    """Archives that verify."""
    yield "the chain of the vectors", w.CHAIN.archive()
    for height in (1, 2, 3):
        yield f"{height} blocks", small(height).archive()
    chain = small(2)
    yield "a time a moment later", ended(chain, chain.next_block([], w.TIMES[1] + 1))


def files():
    """Files that are damaged or none."""
    data = small(3).archive()
    yield "another magic", b"COMITYA2" + data[8:]
    yield "another consortium", data[:8] + bytes(32) + data[40:]
    yield "half a head", data[:20]
    yield "a head alone", data[:40]
    yield "a frame's head cut", data[:43]
    yield "a block cut", data[:100]
    yield "the last byte cut", data[:-1]
    last = data.rindex(b"\2" + len(data[-(8 + 4 + 32 + 8 + 4 * 96):]).to_bytes(4, "little"))
    yield "no certificate", data[:last]
    yield "a byte at the end", data + b"\1"
    yield "a frame at the end", data + frame(2, b"")
    yield "a block at the end", data + frame(1, put(small(1))[0])
    yield "a frame of kind 0", data[:40] + b"\0" + data[41:]
    yield "a frame of kind 4", data[:last] + b"\4" + data[last + 1 :]
    yield "a certificate in a frame of polka certificates", data[:last] + b"\3" + data[last + 1 :]
    over = (8 * 1024 * 1024 + 1).to_bytes(4, "little")
    yield "a frame of more than 8 MiB", data[:40] + b"\1" + over + data[45:]
    over = (64 * 1024 + 1).to_bytes(4, "little")
    yield "a certificate of more than 64 KiB", data[:last] + b"\2" + over + data[last + 5 :]
    blocks, certificate = put(small(3)), data[last + 5 :]
    yield "a byte in a block's frame", archive(
        w.CONSORTIUM, [blocks[0] + b"\0"] + blocks[1:], certificate)
    yield "a block short of a byte", archive(
        w.CONSORTIUM, [blocks[0][:-1]] + blocks[1:], certificate)
    yield "the certificate first", archive(w.CONSORTIUM, [], certificate) + frame(1, blocks[0])
    yield "the certificate alone", archive(w.CONSORTIUM, [], certificate)
    yield "a block missing", archive(w.CONSORTIUM, [blocks[0], blocks[2]], certificate)
    yield "a block twice", archive(w.CONSORTIUM, [blocks[0]] + blocks, certificate)
    flipped = bytearray(data)
    flipped[last - 10] ^= 1
    yield "a bit of a record's signature", bytes(flipped)


def certificates():
    """Certificates that prove something else, or nothing."""
    chain = small(3)
    blocks, (height, value) = put(chain), (3, chain.ledger.hash.hex())

    def last(content):
        return archive(w.CONSORTIUM, blocks, shapes.COMMIT_CERTIFICATE.put(content))

    yield "a certificate of another round", last(w.certificate(3, 4, value))
    yield "a certificate of the block before", last(chain.blocks[2]["parent_certificate"])
    yield "a certificate of another height", last(w.certificate(4, 0, value))
    yield "a certificate of another block", last(w.certificate(height, 0, "ee" * 32))
    few = ["civil.gd", "data.gd", "tax.gd"]
    yield "a certificate of 3 of 5", last(w.certificate(height, 0, value, few))
    good = w.certificate(height, 0, value)
    turned = {**good, "signatures": good["signatures"][::-1]}
    yield "a certificate out of order", last(turned)
    for what, parent in (
        ("of 3 of 5", w.certificate(2, 0, small(2).ledger.hash.hex(), few)),
        ("of another block", w.certificate(2, 0, "ee" * 32)),
        ("of another height", w.certificate(1, 0, small(1).ledger.hash.hex())),
        ("of fewer, but enough", w.certificate(2, 0, small(2).ledger.hash.hex(), w.VALIDATORS[1:])),
        ("missing", None),
    ):
        chain = small(2)
        block = chain.next_block(SMALL[2], w.TIMES[2])
        yield f"a parent certificate {what}", ended(chain, {**block, "parent_certificate": parent})
    chain = w.Chain()
    block = chain.next_block(SMALL[0], w.TIMES[0])
    unasked = w.certificate(0, 0, w.CONSORTIUM.hex())
    yield "a parent certificate at height 1", ended(chain, {**block, "parent_certificate": unasked})
    early = small(2)
    late = early.next_block(SMALL[2], w.TIMES[2], rnd=7)
    yield "proposed in round 7, certified in round 0", ended(early, late)


def headers():
    """One field of the last header wrong, and certified all the same."""
    chain = small(2)
    header = chain.next_block(SMALL[2], w.TIMES[2])["header"]
    for field, value in header.items():
        if isinstance(value, int):
            wrong = [value + 1] + ([value - 1] if value else [])
        else:
            wrong = ["ee" * 32] if field != "proposer" else ["data.gd"]
        for changed in wrong:
            # Round and time are the proposer's to choose, so others follow from them.
            if field in ("proposal_round", "time") and changed > value:
                continue
            yield f"{field}: {changed}", ended(chain, chain.next_block(
                SMALL[2], w.TIMES[2], header={field: changed}))
    yield "another round's proposer", ended(
        chain, chain.next_block(SMALL[2], w.TIMES[2], header={"proposal_round": 1}))
    yield "the parent's time", ended(chain, chain.next_block([], w.TIMES[1]))
    first = w.Chain()
    yield "the genesis time", ended(first, first.next_block([], w.GENESIS_TIME))


def bodies():
    """Records that a block may not hold."""
    chain = small(2)
    fine = chain.next_block(SMALL[2], w.TIMES[2])

    def replaced(records, header=fine):
        return ended(chain, {**header, "records": [data.hex() for data in records]})

    yield "records in another order", replaced(SMALL[2][::-1])
    yield "a record missing", replaced(SMALL[2][:1])
    yield "a record twice", replaced([SMALL[2][0]] * 2)
    yield "a record of block 1 again", replaced(SMALL[0] + SMALL[2])
    other = w.statement(["tax.gd admin"], w.register("x", "tax.gd", "steward"), "x", UNTIL,
                        consortium=bytes(32))
    foreign = shapes.SIGNED_RECORD.put(w.signed(["tax.gd admin"], other))
    yield "a record of another consortium", replaced([SMALL[2][0], foreign])
    yield "a record that is refused", replaced(
        [SMALL[2][0], w.record("tax.gd admin", w.register("x", "tax.gd", "admin"), "x", UNTIL)])
    yield "a record that has expired", replaced(
        [w.record("tax.gd admin", w.register("x", "tax.gd", "steward"), "x", w.TIMES[1])])
    many = [
        w.record(f"{agency} admin", w.register(f"{agency} {n}", agency, "officer"), f"{agency} {n}",
                 UNTIL)
        for n in range(12) for agency in ("health.gd", "tax.gd")
    ]
    yield "16 records", ended(chain, chain.next_block(many[:16], w.TIMES[2]))
    yield "17 records", replaced(many[:17])
    one = [data for data in many if b"tax.gd" in data]
    yield "12 records of one agency", ended(chain, chain.next_block(one, w.TIMES[2]))
    more = w.record("tax.gd admin", w.register("one more", "tax.gd", "officer"), "more", UNTIL)
    yield "13 records of one agency", replaced(one + [more])
    yield from sizes()


def polkas():
    """Polka certificates beside blocks: what a node saw, and so optional."""
    def begun():
        chain = w.Chain()
        chain.push(SMALL[0], w.TIMES[0], precommit_round=2)
        chain.push(SMALL[1], w.TIMES[1], rnd=1)
        return chain

    chain = begun()
    blocks, last = put(chain), shapes.COMMIT_CERTIFICATE.put(chain.certificate)
    held = {at: shapes.POLKAS.put(list(value)) for at, value in enumerate(chain.polkas)}

    def beside(polkas):
        return archive(w.CONSORTIUM, blocks, last, polkas)

    yield "beside two blocks", beside(held)
    yield "left out", beside({})
    yield "beside the last block", beside({1: held[1]})
    yield "of another node, which saw one", beside({0: shapes.POLKAS.put(chain.polkas[0][1:2])})
    yield "none in a frame", beside({0: shapes.POLKAS.put([])})
    yield "those of the next block", beside({0: held[1]})
    few = w.polka(1, 1, "ee" * 32, ["civil.gd", "data.gd", "tax.gd"])
    yield "one of 3 of 5", beside({0: shapes.POLKAS.put([few])})
    yield "the wrong order", beside({0: shapes.POLKAS.put(chain.polkas[0][::-1])})
    yield "a byte behind them", beside({0: held[0] + b"\0"})
    head = len(w.CONSORTIUM) + 8
    plain, third = beside({}), frame(3, held[0])
    first = head + 5 + len(blocks[0])
    yield "before any block", plain[:head] + third + plain[head:]
    yield "twice", plain[:first] + third + third + plain[first:]
    yield "after the last certificate", plain + third
    over = (1024 * 1024 + 1).to_bytes(4, "little")
    yield "more than 1 MiB", plain[:first] + b"\3" + over + plain[first:]


def memberships():
    """Measures that pass in block 1, and the blocks after it."""
    def begun(measure):
        chain = w.Chain()
        chain.push(governing.passing("archive", measure, 0), w.TIMES[0])
        return chain

    def certified(chain, agencies):
        """One more block, and the archive with a certificate of these."""
        block = chain.next_block([], w.TIMES[1])
        value = header_hash(block["header"]).hex()
        last = shapes.COMMIT_CERTIFICATE.put(w.certificate(2, 0, value, agencies))
        return archive(w.CONSORTIUM, put(chain) + [shapes.BLOCK.put(block)], last)

    admitted = begun(w.admitting(w.NEW))
    everyone = w.VALIDATORS + [w.NEW]
    yield "a validator admitted", admitted.archive()
    yield "and the next block certified by all", certified(admitted, everyone)
    few = ["civil.gd", "data.gd", "health.gd"]
    yield "4 of 6 are not enough", certified(admitted, few)
    yield "5 of 6 are", certified(admitted, few + [w.NEW])
    early = begun(w.admitting(w.NEW))
    early.certificate = w.certificate(1, 0, early.ledger.hash.hex(), everyone)
    yield "a block certified by one who votes from the next", early.archive()
    removed = begun(governing.removal("tax.gd"))
    yield "the block that removes a validator, certified by it", removed.archive()
    yield "the next block, certified by it", certified(removed, w.VALIDATORS)
    yield "the next block, certified without it", certified(removed, few)
    replaced = begun(governing.replacing(
        "tax.gd", "tax.gd validator", w.new_key("tax.gd", "validator", 1)))
    yield "the next block, certified by a key that was replaced", certified(replaced, w.VALIDATORS)
    version = begun(governing.VERSION)
    yield "newer rules activated", version.archive()
    empty = version.ledger.follow([], w.TIMES[1], 0, version.certificate)[0]
    block = {"header": empty, "parent_certificate": version.certificate, "records": []}
    yield "a block by newer rules", ended(version, block)
    guest = begun(w.admitting(w.HOSTED))
    own, other = [
        [
            w.record(f"{agency} admin", w.register(f"{agency} {n}", agency, "officer"),
                     f"guest {agency} {n}", UNTIL)
            for n in range(12)
        ]
        for agency in ("civil.gd", w.HOSTED)
    ]
    fitting = guest.next_block(own[:6] + other[:6], w.TIMES[1])
    yield "12 records of a sponsor and its guest", ended(guest, fitting)
    over = {**fitting, "records": [data.hex() for data in own[:6] + other[:7]]}
    yield "13 records of a sponsor and its guest", ended(guest, over)


def sizes():
    """Blocks at the limits of bytes: 8,192 of one agency, 12,288 in all."""
    chain = w.Chain()
    first = [
        w.record(f"{agency} admin", w.register(f"big {agency}", agency, "steward"), f"big {agency}",
                 UNTIL)
        for agency in ("health.gd", "tax.gd")
    ]
    chain.push(first, w.TIMES[0])

    def big(agency, at, size):
        """A record of exactly so many bytes."""
        def publish(summary):
            dataset = w.dataset(f"{agency}/d{at}", summary="x" * summary, conditions="x" * 512)
            dataset["items"] = [{"name": f"item {n}", "kind": "x" * 40} for n in range(10)]
            action = {"kind": "publish-dataset", "dataset": dataset}
            return w.record(f"big {agency}", action, f"big {agency} {at}", UNTIL,
                            signers=[w.signer(f"big {agency}", agency, "steward")])

        summary = size - len(publish(0))
        assert 0 <= summary <= 2048
        return publish(summary)

    def block(*sizes):
        records = [big(agency, at, size) for at, (agency, size) in enumerate(sizes)]
        try:
            value = chain.next_block(records, w.TIMES[1])
        except Exception:
            value = chain.next_block([], w.TIMES[1])
            value["records"] = [data.hex() for data in records]
        return ended(chain, value)

    health, tax = "health.gd", "tax.gd"
    three = [(health, 2_700), (health, 2_700), (health, 2_792)]
    yield "8,192 bytes of one agency", block(*three)
    yield "8,193 bytes of one agency", block(*three[:2], (health, 2_793))
    yield "12,288 bytes", block(*three, (tax, 2_048), (tax, 2_048))
    yield "12,289 bytes", block(*three, (tax, 2_048), (tax, 2_049))
