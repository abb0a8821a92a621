"""Proof files that were tampered with: (what, bytes, due), as in tampered_archives."""

import copy

from cases import proving, trusting, world as w
from comity import shapes
from comity.hashing import header_hash, leaf_hash
from comity.proofs import MAGIC, MAX_BYTES, MAX_CLAIMS, proof_file
from comity.trees import StateTree, log_consistency, log_path

from genuine import Draft
from tampered_archives import FOREIGN, MOVING, flip

LEAVES = [leaf_hash(bytes.fromhex(r)) for block in MOVING.blocks for r in block["records"]]
END = len(MOVING.blocks)


def way(height, story=MOVING):
    """The path to a block of a story."""
    draft = Draft(story)
    changes = [
        {"header": block["header"], "certificate": draft.certificate(at), "next": story.next_sets[at]}
        for at, block in enumerate(draft.blocks[: height - 1])
        if block["header"]["validators"] != block["header"]["next_validators"]
    ]
    return {"changes": changes, "header": draft.blocks[height - 1]["header"],
            "certificate": draft.certificate(height - 1)}


def receipt(index, story=MOVING):
    """An entry's receipt."""
    records = [bytes.fromhex(r) for block in story.blocks for r in block["records"]]
    leaves = [leaf_hash(record) for record in records]
    at = next(n for n, b in enumerate(story.blocks, 1) if index < b["header"]["log_size"])
    size = story.blocks[at - 1]["header"]["log_size"]
    return {"index": index, "record": records[index].hex(), "path": way(at, story),
            "inclusion": [one.hex() for one in log_path(index, leaves[:size])]}


def extract(*keys, story=MOVING):
    """What the state holds at the end of a story."""
    state = story.ledger.state
    tree = StateTree(story.ledger.consortium, state)
    claims = [{"key": key.hex(), "value": state[key].hex() if key in state else None,
               "proof": tree.prove(key)} for key in sorted(keys)]
    return {"claims": claims, "path": way(len(story.blocks), story)}


def extension(earlier, later):
    """That the log of a later block begins with that of an earlier one."""
    sizes = [MOVING.blocks[height - 1]["header"]["log_size"] for height in (earlier, later)]
    first = way(earlier)
    return {"earlier": first["header"], "earlier_certificate": first["certificate"],
            "consistency": [h.hex() for h in log_consistency(sizes[0], LEAVES[: sizes[1]])],
            "path": way(later)}


def collection(*indexes, story=MOVING):
    """Entries of a story, each below the header of its own block."""
    blocks = {}
    for index in indexes:
        one = receipt(index, story)
        path = one.pop("path")
        own = {"header": path["header"], "certificate": path["certificate"], "entries": []}
        blocks.setdefault(path["header"]["height"], own)["entries"].append(one)
    last = max(blocks)
    return {"changes": way(last, story)["changes"], "blocks": [blocks[at] for at in sorted(blocks)]}


def fork():
    """Two blocks of one height, with polka certificates."""
    everyone = trusting.agencies(trusting.THIRD)
    one = proving.branch(20_000, 0, everyone)
    other = proving.branch(21_000, 2, everyone, [(1, everyone), (2, everyone)])
    return proving.fork(one, other)


KEYS = sorted(MOVING.ledger.state)
# The first entry of the second block.
END_OF_FIRST = MOVING.blocks[0]["header"]["log_size"]
GENUINE = {
    "receipt": {"receipt": receipt(len(LEAVES) - 1)},
    "extract": {"extract": extract(KEYS[0], KEYS[5], KEYS[9], b"anobody.gd")},
    "extension": {"extension": extension(1, END)},
    "fork": {"fork": fork()},
    "collection": {"collection": collection(0, 1, END_OF_FIRST, len(LEAVES) - 2, len(LEAVES) - 1)},
}


def changed(kind, *where, to):
    """A genuine proof with one part replaced; `to` is the part, or makes it from the old one."""
    proof = copy.deepcopy(GENUINE[kind])
    holder = proof[kind]
    for step in where[:-1]:
        holder = holder[step]
    holder[where[-1]] = to(holder[where[-1]]) if callable(to) else to
    return proof_file(proof)


def tampered(chance):
    """All of them."""
    families = (cut, padded, spliced, paths, receipts, extracts, extensions, forks, collections, flipped)
    for family in families:
        for case in family(chance):
            what, data, due = case if len(case) == 3 else (*case, None)
            yield f"{family.__name__}: {what}", data, due, family is flipped


def cut(chance):
    """Truncated."""
    for kind, proof in GENUINE.items():
        data = proof_file(proof)
        for place in (0, 7):
            yield f"{kind}, after {place} bytes", data[:place], "not-a-proof"
        for place in (8, 12, len(data) - 1, *chance.sample(range(13, len(data) - 1), 3)):
            yield f"{kind}, after {place} bytes", data[:place], "damaged"


def padded(chance):
    """With something more, or of a kind to come."""
    for kind, proof in GENUINE.items():
        data = proof_file(proof)
        yield f"{kind}, a zero at the end", data + b"\0", "damaged"
        yield f"{kind}, twice", data + data, "damaged"
        yield f"{kind}, of a kind to come", data[:8] + (7).to_bytes(4, "little") + data[12:], "damaged"
        yield f"{kind}, of a format to come", b"COMITYP2" + data[8:], "not-a-proof"
        yield f"{kind}, as an archive", b"COMITYA1" + data[8:], "not-a-proof"
        other = (data[8] + 1) % len(GENUINE)
        yield f"{kind}, as another kind", data[:8] + bytes([other]) + data[9:], "damaged"
    data = proof_file(GENUINE["receipt"])
    yield "longer than a proof may be", data + bytes(MAX_BYTES + 1 - len(data)), "damaged"
    count = (2**63).to_bytes(8, "little")
    yield "a count without end", MAGIC + (1).to_bytes(4, "little") + count, "damaged"


def spliced(chance):
    """Put together from two ledgers or two proofs."""
    theirs = {"receipt": receipt(0, FOREIGN)}
    yield "another consortium's receipt", proof_file(theirs), "consortium"
    alien = extract(b"p", b"v", story=FOREIGN)
    yield "another consortium's extract", proof_file({"extract": alien}), "consortium"
    yield "their path under our receipt", changed("receipt", "path", to=way(3, FOREIGN)), "consortium"
    yield "their record", changed("receipt", "record", to=theirs["receipt"]["record"]), \
        "wrong-consortium"
    yield "their claims", changed("extract", "claims", to=alien["claims"]), "claim"
    yield "their inclusion", changed("receipt", "inclusion", to=receipt(2, FOREIGN)["inclusion"]), \
        "inclusion"
    first = way(1, FOREIGN)
    yield "their earlier header", changed("extension", "earlier", to=first["header"]), "earlier"
    yield "their certificate", changed(
        "extension", "earlier_certificate", to=first["certificate"]), "earlier"
    yield "our path to the fork of another", changed("fork", "changes", to=[]), "skipped"
    alien = collection(0, 1, story=FOREIGN)
    yield "another consortium's collection", proof_file({"collection": alien}), "consortium"
    yield "their block among ours", changed("collection", "blocks", to=lambda b: [
        *alien["blocks"][:1], *b[1:]]), "consortium"
    yield "their entry in our block", changed("collection", "blocks", 0, "entries", 0, "record", to=alien[
        "blocks"][0]["entries"][0]["record"]), "wrong-consortium"


def paths(chance):
    """Paths with a step left out, twice, by others, or of another version."""
    left = ["civil.gd", "data.gd", "health.gd", w.NEW]
    for kind, holder in (("receipt", ("path",)), ("extract", ("path",)), ("extension", ("path",))):
        def tamper(*where, to):
            return changed(kind, *holder, *where, to=to)

        yield f"{kind}, the first change left out", tamper("changes", to=lambda c: c[1:]), "skipped"
        yield f"{kind}, the last change left out", tamper("changes", to=lambda c: c[:1]), "skipped"
        yield f"{kind}, no change", tamper("changes", to=[]), "skipped"
        yield f"{kind}, a change twice", tamper("changes", to=lambda c: [c[0], *c]), "height"
        zero = {**MOVING.blocks[0]["header"], "height": 0}
        yield f"{kind}, padded with a change of height 0", tamper("changes", to=lambda c: [
            {**c[0], "header": zero}, *c]), "height"
        yield f"{kind}, changes in another order", tamper("changes", to=lambda c: c[::-1]), "skipped"
        yield f"{kind}, another set than was named", tamper(
            "changes", 0, "next", to=MOVING.next_sets[1]), "next-set"
        yield f"{kind}, a change's certificate for another", tamper(
            "changes", 1, "certificate", to=way(END)["certificate"]), "certificate"
        yield f"{kind}, the end's version", tamper("header", "version", to=2), "version"
        yield f"{kind}, a change's version", tamper("changes", 0, "header", "version", to=2), "version"
        yield f"{kind}, the end's consortium", tamper("header", "consortium", to="00" * 32), "consortium"
        yield f"{kind}, the end's time", tamper("header", "time", to=w.TIMES[1]), "time"
        yield f"{kind}, the end a moment later", tamper("header", "time", to=w.TIMES[4] + 1), \
            "certificate"
        yield f"{kind}, the end's height", tamper("header", "height", to=2), "height"
        yield f"{kind}, the end at height 0", tamper("header", "height", to=0), "not-after"
        yield f"{kind}, the end's proposer", tamper("header", "proposer", to="data.gd"), "proposer"
        yield f"{kind}, the end's roots", tamper("header", "log_root", to="ee" * 32), "certificate"
        value = way(END)["header"]
        named = header_hash(value).hex()
        for what, by in (("too few", left[:2]), ("members that left", w.VALIDATORS), ("nobody", [])):
            yield f"{kind}, the end certified by {what}", tamper(
                "certificate", to=w.certificate(END, 0, named, by)), "certificate"
        yield f"{kind}, a stale certificate", tamper(
            "certificate", to=way(END - 1)["certificate"]), "certificate"
        forged = {**value, "log_root": "ee" * 32, "state_root": "ee" * 32}
        stolen = w.certificate(END, 0, header_hash(forged).hex(), ["tax.gd", "civil.gd", "data.gd"])
        yield f"{kind}, forged with the key of one that left", changed(
            kind, *holder, to={**way(END), "header": forged, "certificate": stolen}), "certificate"


def receipts(chance):
    """Receipts of something else."""
    last, whole = len(LEAVES) - 1, GENUINE["receipt"]["receipt"]
    yield "the index before", changed("receipt", "index", to=last - 1), "inclusion"
    yield "the first index", changed("receipt", "index", to=0), "other-block"
    yield "an index beyond the log", changed("receipt", "index", to=last + 1), "other-block"
    yield "no index at all", changed("receipt", "index", to=2**64 - 1), "other-block"
    yield "another record", changed("receipt", "record", to=receipt(0)["record"]), "inclusion"
    record = bytes.fromhex(whole["record"])
    yield "an empty record", changed("receipt", "record", to=""), "record-truncated"
    yield "a record cut", changed("receipt", "record", to=record[:-1].hex()), "record-truncated"
    yield "a record continued", changed("receipt", "record", to=record.hex() + "00"), "record-trailing"
    yield "a record of another version", changed("receipt", "record", to="0200" + record[2:].hex()), \
        "wrong-version"
    yield "a record too long", changed("receipt", "record", to=record.hex() + "00" * 65_536), \
        "record-oversized"
    for place in chance.sample(range((len(record) - 64) * 8, len(record) * 8), 5):
        yield f"a bit of the signature ({place})", changed(
            "receipt", "record", to=flip(record, place).hex()), "bad-signature"
    for what, change in (
        ("a hash less", lambda p: p[:-1]), ("a hash more", lambda p: p + ["00" * 32]),
        ("backwards", lambda p: p[::-1]), ("none", lambda p: []),
        ("one hash other", lambda p: ["ee" * 32, *p[1:]]),
    ):
        yield f"inclusion: {what}", changed("receipt", "inclusion", to=change), "inclusion"
    yield "of an earlier block", changed("receipt", "path", to=way(3)), "other-block"
    yield "under the empty block", changed("receipt", "path", to=way(4)), "other-block"


def extracts(chance):
    """Extracts of something else."""
    whole = GENUINE["extract"]["extract"]["claims"]
    yield "no claims", changed("extract", "claims", to=[]), "claims"
    yield "backwards", changed("extract", "claims", to=whole[::-1]), "claims"
    yield "a claim twice", changed("extract", "claims", to=[whole[0], *whole]), "claims"
    held = next(claim["value"] for claim in whole if claim["value"])
    for at, claim in enumerate(whole):
        other = whole[(at + 1) % len(whole)]
        value = None if claim["value"] else held
        yield f"claim {at}: the opposite", changed("extract", "claims", at, "value", to=value), "claim"
        yield f"claim {at}: another's proof", changed(
            "extract", "claims", at, "proof", to=other["proof"]), "claim"
        if claim["value"]:
            bent = flip(bytes.fromhex(claim["value"]), chance.randrange(len(claim["value"]) * 4))
            yield f"claim {at}: a bit of its value", changed(
                "extract", "claims", at, "value", to=bent.hex()), "claim"
        yield f"claim {at}: a sibling less", changed(
            "extract", "claims", at, "proof", "siblings", to=lambda s: s[:-1]), "claim"
        yield f"claim {at}: a sibling more", changed(
            "extract", "claims", at, "proof", "siblings", to=lambda s: s + ["00" * 32]), "claim"
        yield f"claim {at}: another end", changed(
            "extract", "claims", at, "proof", "end", to="empty" if claim["value"] else "key"), "claim"
    bare = {"value": None, "proof": {"siblings": [], "end": "empty"}}
    over = [{**bare, "key": at.to_bytes(3, "big").hex()} for at in range(MAX_CLAIMS + 1)]
    yield "65,537 claims", changed("extract", "claims", to=over), "claims"
    many = ["00" * 32] * 257
    yield "257 siblings", changed("extract", "claims", 0, "proof", "siblings", to=many), "damaged"
    yield "the state of an earlier block", changed("extract", "path", to=way(1)), "claim"


def extensions(chance):
    """Extensions of something else."""
    yield "backwards", changed("extension", "path", to=way(1)), "order"
    yield "the later block twice", changed("extension", "earlier", to=way(END)["header"]), "order"
    yield "a version to come", changed("extension", "earlier", "version", to=2), "earlier"
    yield "height 0", changed("extension", "earlier", "height", to=0), "earlier"
    yield "a moment later", changed("extension", "earlier", "time", to=w.TIMES[0] + 1), "earlier"
    yield "another root", changed("extension", "earlier", "log_root", to="ee" * 32), "earlier"
    yield "the certificate of another", changed(
        "extension", "earlier_certificate", to=way(3)["certificate"]), "earlier"
    few = w.certificate(1, 0, way(1)["certificate"]["header_hash"], ["data.gd"])
    yield "certified by one", changed("extension", "earlier_certificate", to=few), "earlier"
    early = w.certificate(1, 0, few["header_hash"], w.VALIDATORS + [w.NEW])
    yield "certified by one who votes later", changed(
        "extension", "earlier_certificate", to=early), "earlier"
    for what, change in (
        ("a hash less", lambda p: p[:-1]), ("a hash more", lambda p: p + ["00" * 32]),
        ("backwards", lambda p: p[::-1]), ("none", lambda p: []),
        ("one hash other", lambda p: ["ee" * 32, *p[1:]]),
    ):
        yield f"consistency: {what}", changed("extension", "consistency", to=change), "consistency"


def forks(chance):
    """Forks that are none."""
    whole = GENUINE["fork"]["fork"]
    one, other = whole["one"], whole["other"]
    with_polkas = "one" if one["polkas"] else "other"
    yield "one block twice", changed("fork", "other", to=one), "no-fork"
    turned = {"fork": {**whole, "one": other, "other": one}}
    yield "the larger hash first", proof_file(turned), "no-fork"
    everyone = trusting.agencies(trusting.THIRD)
    lower = {**trusting.certified(trusting.header(11, trusting.THIRD), trusting.THIRD), "polkas": []}
    pair = sorted((one, lower), key=lambda b: header_hash(b["header"]))
    yield "two heights", proof_file({"fork": {**whole, "one": pair[0], "other": pair[1]}}), "no-fork"
    for side in ("one", "other"):
        yield f"{side}: a moment later", changed(
            "fork", side, "header", "time", to=lambda t: t + 1), "certificate"
        yield f"{side}: certified by one", changed(
            "fork", side, "certificate", "signatures", to=lambda s: s[:1]), "certificate"
        yield f"{side}: certified by one that left", changed("fork", side, "certificate", to=w.certificate(
            12, whole[side]["certificate"]["round"], whole[side]["certificate"]["header_hash"],
            everyone + ["civil.gd"])), "certificate"
        yield f"{side}: a version to come", changed("fork", side, "header", "version", to=2), "version"
    yield "polka certificates backwards", changed(
        "fork", with_polkas, "polkas", to=lambda p: p[::-1]), "polkas"
    yield "a polka certificate twice", changed(
        "fork", with_polkas, "polkas", to=lambda p: [p[0], *p]), "polkas"
    yield "a polka certificate of another height", changed(
        "fork", with_polkas, "polkas", 0, "height", to=11), "polkas"
    yield "a polka certificate of another round", changed(
        "fork", with_polkas, "polkas", 1, "round", to=3), "polkas"
    yield "a polka certificate by one", changed(
        "fork", with_polkas, "polkas", 0, "signatures", to=lambda s: s[:1]), "polkas"
    many = [w.polka(12, at, "ee" * 32, everyone[:1]) for at in range(65)]
    yield "65 polka certificates", changed("fork", with_polkas, "polkas", to=many), "polkas"
    yield "a change left out", changed("fork", "changes", to=lambda c: c[1:]), "skipped"


def collections(chance):
    """Collections of something else."""
    def tamper(*where, to):
        return changed("collection", *where, to=to)

    blocks = GENUINE["collection"]["collection"]["blocks"]
    last = len(blocks) - 1
    for what, change in (
        ("no block", lambda b: []), ("the blocks backwards", lambda b: b[::-1]),
        ("a block twice", lambda b: [b[0], *b]), ("the last block twice", lambda b: [*b, b[-1]]),
    ):
        yield what, tamper("blocks", to=change), "order"
    for at in (0, last):
        for what, change, due in (
            ("no entry", lambda e: [], "order"), ("its entries backwards", lambda e: e[::-1], "order"),
            ("an entry twice", lambda e: [e[0], *e], "order"),
        ):
            yield f"block {at}: {what}", tamper("blocks", at, "entries", to=change), due
        one, two = blocks[at]["entries"]
        yield f"block {at}: two records swapped", tamper("blocks", at, "entries", to=[
            {**one, "record": two["record"]}, {**two, "record": one["record"]}]), "inclusion"
        yield f"block {at}: two inclusions swapped", tamper("blocks", at, "entries", to=[
            {**one, "inclusion": two["inclusion"]}, {**two, "inclusion": one["inclusion"]}]), "inclusion"
        yield f"block {at}: an entry of another block", tamper(
            "blocks", at, "entries", 0, to=blocks[last - at]["entries"][0]), None
        yield f"block {at}: an index beyond the block", tamper(
            "blocks", at, "entries", 1, "index", to=2**64 - 1), "other-block"
        record = bytes.fromhex(one["record"])
        place = chance.randrange((len(record) - 64) * 8, len(record) * 8)
        yield f"block {at}: a bit of a signature", tamper(
            "blocks", at, "entries", 0, "record", to=flip(record, place).hex()), "bad-signature"
        yield f"block {at}: an empty record", tamper("blocks", at, "entries", 0, "record", to=""), \
            "record-truncated"
        for what, change in (("a hash less", lambda p: p[:-1]), ("a hash more", lambda p: p + ["00" * 32]),
                             ("one hash other", lambda p: ["ee" * 32, *p[1:]])):
            yield f"block {at}: inclusion: {what}", tamper(
                "blocks", at, "entries", 0, "inclusion", to=change), "inclusion"
        yield f"block {at}: certified by nobody", tamper(
            "blocks", at, "certificate", "signatures", to=[]), "certificate"
        yield f"block {at}: the certificate of another", tamper(
            "blocks", at, "certificate", to=blocks[last - at]["certificate"]), "certificate"
        yield f"block {at}: a version to come", tamper("blocks", at, "header", "version", to=2), "version"
        yield f"block {at}: of another consortium", tamper(
            "blocks", at, "header", "consortium", to="00" * 32), "consortium"
        yield f"block {at}: another root", tamper("blocks", at, "header", "log_root", to="ee" * 32), \
            "certificate"
        yield f"block {at}: of other validators", tamper(
            "blocks", at, "header", "validators", to="ee" * 32), "skipped"
    yield "a block of height 0", tamper("blocks", 0, "header", "height", to=0), "height"
    yield "the last block of height 0, alone", tamper("blocks", to=lambda b: [
        {**b[-1], "header": {**b[-1]["header"], "height": 0}}]), "not-after"
    for what, change, due in (
        ("the first change left out", lambda c: c[1:], "skipped"),
        ("the last change left out", lambda c: c[:1], "skipped"), ("no change", lambda c: [], "skipped"),
        ("a change twice", lambda c: [c[0], *c], "height"), ("changes backwards", lambda c: c[::-1], "skipped"),
    ):
        yield what, tamper("changes", to=change), due
    yield "another set than was named", tamper("changes", 0, "next", to=MOVING.next_sets[1]), "next-set"
    header = blocks[0]["header"]
    left = w.certificate(header["height"], 0, header_hash(header).hex(), w.VALIDATORS[:1])
    yield "a block certified by one", tamper("blocks", 0, "certificate", to=left), "certificate"
    early = w.certificate(header["height"], 0, header_hash(header).hex(), w.VALIDATORS + [w.NEW])
    yield "a block certified by one who votes later", tamper("blocks", 0, "certificate", to=early), \
        "certificate"


def flipped(chance):
    """One bit, anywhere."""
    for kind, proof in GENUINE.items():
        data = proof_file(proof)
        for place in sorted(chance.sample(range(len(data) * 8), 15)):
            yield f"{kind}, bit {place}", flip(data, place)
