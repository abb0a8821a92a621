"""proofs.json: proof files, what they show, and why the others do not."""

from comity.forms import Unfit
from comity.hashing import header_hash, leaf_hash
from comity.proofs import MAGIC, proof_file, verify
from comity.trees import StateTree, log_consistency, log_path, log_root

from . import world as w
from .trusting import CHANGES, FIRST, THIRD, agencies, certified, header

BLOCKS = w.CHAIN.blocks
RECORDS = [bytes.fromhex(record) for block in BLOCKS for record in block["records"]]
LEAVES = [leaf_hash(record) for record in RECORDS]
STATE = w.CHAIN.ledger.state


def way(height):
    """The path to a block of the chain, whose validators never change."""
    following = BLOCKS[height]["parent_certificate"] if height < len(BLOCKS) else w.CHAIN.certificate
    return {"changes": [], "header": BLOCKS[height - 1]["header"], "certificate": following}


def receipt(index, **more):
    """An entry's receipt."""
    at = next(n for n, b in enumerate(BLOCKS, 1) if index < b["header"]["log_size"])
    size = BLOCKS[at - 1]["header"]["log_size"]
    return {
        "index": index, "record": RECORDS[index].hex(), "path": way(at),
        "inclusion": [one.hex() for one in log_path(index, LEAVES[:size])], **more,
    }


def extract(*keys, **more):
    """What the state holds under these keys."""
    tree = StateTree(w.CONSORTIUM, STATE)
    claims = [{"key": key.hex(), "value": STATE[key].hex() if key in STATE else None,
               "proof": tree.prove(key)} for key in sorted(keys)]
    return {"claims": claims, "path": way(len(BLOCKS)), **more}


def extension(earlier, later, **more):
    """That the log of a later height begins with that of an earlier one."""
    sizes = [BLOCKS[height - 1]["header"]["log_size"] for height in (earlier, later)]
    first = way(earlier)
    return {
        "earlier": first["header"], "earlier_certificate": first["certificate"],
        "consistency": [one.hex() for one in log_consistency(sizes[0], LEAVES[: sizes[1]])],
        "path": way(later), **more,
    }


def collection(*indexes, **more):
    """Entries of the chain, each below its own block, over one path to the last of them."""
    blocks = {}
    for one in map(receipt, indexes):
        path = one.pop("path")
        own = {"header": path["header"], "certificate": path["certificate"], "entries": []}
        blocks.setdefault(path["header"]["height"], own)["entries"].append(one)
    return {"changes": [], "blocks": [blocks[height] for height in sorted(blocks)], **more}


def remade(whole, block, **more):
    """A collection of which one block is changed."""
    blocks = list(whole["blocks"])
    blocks[block] = {**blocks[block], **more}
    return {"collection": {**whole, "blocks": blocks}}


def branch(time, rnd, by, polkas=()):
    """One of two blocks of height 12."""
    own = header(12, THIRD, time=w.GENESIS_TIME + time)
    held = [w.polka(12, at, header_hash(own).hex(), who) for at, who in polkas]
    return {**certified(own, THIRD, rnd, by), "polkas": held}


def fork(one, other, **more):
    """Two blocks of one height, in order."""
    pair = sorted((one, other), key=lambda b: header_hash(b["header"]))
    return {"changes": CHANGES, "one": pair[0], "other": pair[1], **more}


def good():
    """Proofs that hold."""
    last = len(RECORDS) - 1
    yield "the first entry", {"receipt": receipt(0)}
    yield "an entry in the middle of a block", {"receipt": receipt(last // 2)}
    yield "the last entry", {"receipt": receipt(last)}
    keys = sorted(STATE)
    yield "one object", {"extract": extract(keys[0])}
    yield "an object and an absence", {"extract": extract(keys[3], b"anobody.gd")}
    yield "many objects", {"extract": extract(*keys[::7], b"kx", b"gx")}
    tip = len(BLOCKS)
    yield "the whole log since block 1", {"extension": extension(1, tip)}
    yield "one block more", {"extension": extension(tip - 1, tip)}
    everyone = agencies(THIRD)
    one, other = branch(20_000, 0, everyone), branch(21_000, 0, everyone)
    yield "two blocks in one round", {"fork": fork(one, other)}
    later = branch(21_000, 2, everyone)
    yield "two blocks in different rounds", {"fork": fork(one, later)}
    accused = branch(21_000, 2, everyone, [(2, everyone)])
    yield "a later prevote for another block", {"fork": fork(one, accused)}
    freed = branch(21_000, 2, everyone, [(1, everyone), (2, everyone)])
    yield "an earlier quorum for the other block", {"fork": fork(one, freed)}
    before = branch(20_000, 0, everyone, [(0, everyone)])
    yield "a quorum of the round of the certificate", {"fork": fork(before, later)}
    yield "a collection of one entry", {"collection": collection(0)}
    yield "entries of one block", {"collection": collection(last - 1, last)}
    yield "entries of several blocks", {"collection": collection(0, 1, last // 2, last - 1, last)}
    yield "every entry", {"collection": collection(*range(last + 1))}
    yield "entries after changes of the validators", {"collection": over_changes()}
    yield "a block before the last, by its certificate alone", by_another(0)


def over_changes(**more):
    """One entry certified by the first validators, the next by the third."""
    blocks = []
    for index, (height, members) in enumerate(((2, FIRST), (12, THIRD))):
        root = log_root(LEAVES[: index + 1]).hex()
        own = header(height, members, first_index=index, log_size=index + 1, log_root=root)
        inclusion = [leaf.hex() for leaf in LEAVES[:index]]
        entry = {"index": index, "record": RECORDS[index].hex(), "inclusion": inclusion}
        blocks.append({**certified(own, members), "entries": [entry]})
    return {"changes": CHANGES, "blocks": blocks, **more}


def by_another(block):
    """The collection over changes, with one block proposed by another than whose turn it was."""
    whole = over_changes()
    own = whole["blocks"][block]
    members = (FIRST, THIRD)[block]
    other = next(one for one in agencies(members) if one != own["header"]["proposer"])
    return remade(whole, block, **certified({**own["header"], "proposer": other}, members))


def bad_collections():
    """Collections that hold no longer, with one fault each."""
    last = len(RECORDS) - 1
    whole = collection(0, 1, last - 1, last)
    first, end = whole["blocks"]
    one, two = first["entries"]
    yield "no block", {"collection": {**whole, "blocks": []}}
    yield "a block without entries", remade(whole, 0, entries=[])
    yield "the blocks backwards", {"collection": {**whole, "blocks": [end, first]}}
    yield "a block twice", {"collection": {**whole, "blocks": [first, first, end]}}
    yield "the entries backwards", remade(whole, 0, entries=[two, one])
    yield "an entry twice", remade(whole, 0, entries=[one, one])
    yield "an entry of another block", remade(whole, 1, entries=[one, *end["entries"]])
    moved = [{**one, "index": two["index"]}]
    yield "an entry at the place of another", remade(whole, 0, entries=moved)
    swapped = [{**one, "record": two["record"]}, {**two, "record": one["record"]}]
    yield "the records of two entries swapped", remade(whole, 0, entries=swapped)
    broken = {**one, "record": one["record"][:-2] + ("00" if one["record"][-2:] != "00" else "01")}
    yield "an entry with another signature", remade(whole, 0, entries=[broken, two])
    longer = {**two, "inclusion": two["inclusion"] + ["00" * 32]}
    yield "an entry with a hash too many", remade(whole, 0, entries=[one, longer])
    yield "the certificate of another block", remade(whole, 0, certificate=end["certificate"])
    yield "the last block by another's certificate", remade(whole, 1, certificate=first["certificate"])
    zero = {**first["header"], "height": 0}
    yield "a block of height 0", remade(whole, 0, header=zero)
    yield "a block of a version to come", remade(whole, 0, header={**first["header"], "version": 2})
    yield "a block of another consortium", remade(
        whole, 0, header={**first["header"], "consortium": "00" * 32})
    later = {**first["header"], "time": first["header"]["time"] + 1}
    yield "a block that nobody certified", remade(whole, 0, header=later)
    changing = over_changes()
    yield "changes left out", {"collection": {**changing, "changes": []}}
    yield "one change left out", {"collection": {**changing, "changes": CHANGES[1:]}}
    yield "the last block by whose turn it was not", by_another(1)
    strangers = header(2, THIRD)
    early = {**certified(strangers, THIRD), "entries": changing["blocks"][0]["entries"]}
    yield "a block by validators of another time", {
        "collection": {**changing, "blocks": [early, changing["blocks"][1]]}}


def bad():
    """Proofs that do not, with one fault each."""
    yield from bad_collections()
    last = len(RECORDS) - 1
    whole = receipt(last)
    yield "another index of the block", {"receipt": {**whole, "index": last - 1}}
    yield "an index of another block", {"receipt": {**whole, "index": 0}}
    yield "an index beyond the log", {"receipt": {**whole, "index": last + 1}}
    yield "another record", {"receipt": {**whole, "record": RECORDS[last - 1].hex()}}
    broken = RECORDS[last][:-1] + bytes([RECORDS[last][-1] ^ 1])
    yield "a record with another signature", {"receipt": {**whole, "record": broken.hex()}}
    cut = RECORDS[last][:-1]
    yield "a record cut short", {"receipt": {**whole, "record": cut.hex()}}
    yield "a hash too few", {"receipt": {**whole, "inclusion": whole["inclusion"][:-1]}}
    yield "a hash too many", {"receipt": {**whole, "inclusion": whole["inclusion"] + ["00" * 32]}}
    swapped = whole["inclusion"][::-1]
    yield "the hashes backwards", {"receipt": {**whole, "inclusion": swapped}}
    few = w.certificate(len(BLOCKS), 0, header_hash(BLOCKS[-1]["header"]).hex(), w.VALIDATORS[:2])
    stale = {**way(len(BLOCKS)), "certificate": few}
    yield "too few votes", {"receipt": {**whole, "path": stale}}
    older = {**way(len(BLOCKS)), "certificate": way(1)["certificate"]}
    yield "the certificate of an older block", {"receipt": {**whole, "path": older}}
    keys = sorted(STATE)
    two = extract(keys[0], keys[1])
    yield "no claim", {"extract": {**two, "claims": []}}
    yield "claims backwards", {"extract": {**two, "claims": two["claims"][::-1]}}
    first, second = two["claims"]
    yield "a claim twice", {"extract": {**two, "claims": [first, first]}}
    hidden = {**second, "value": None}
    yield "an object denied", {"extract": {**two, "claims": [first, hidden]}}
    bent = {**second, "value": first["value"]}
    yield "another object's value", {"extract": {**two, "claims": [first, bent]}}
    crossed = {**second, "proof": first["proof"]}
    yield "another object's proof", {"extract": {**two, "claims": [first, crossed]}}
    yield "the state of an older block", {"extract": {**two, "path": way(1)}}
    tip = len(BLOCKS)
    grown = extension(1, tip)
    yield "the later block first", {"extension": {**grown, "path": way(1)}}
    backwards = grown["consistency"][::-1]
    yield "consistency backwards", {"extension": {**grown, "consistency": backwards}}
    yield "no consistency", {"extension": {**grown, "consistency": []}}
    later = {**grown["earlier"], "time": grown["earlier"]["time"] + 1}
    yield "an earlier header that nobody certified", {"extension": {**grown, "earlier": later}}
    everyone = agencies(THIRD)
    one, other = branch(20_000, 0, everyone), branch(21_000, 0, everyone)
    forked = fork(one, other)
    yield "one block twice", {"fork": {**forked, "other": forked["one"]}}
    yield "the larger hash first", {"fork": {**forked, "one": forked["other"], "other": forked["one"]}}
    weak = branch(21_000, 0, everyone[:1])
    yield "a block that was never certified", {"fork": fork(one, weak)}
    lower = {**certified(header(11, THIRD), THIRD), "polkas": []}
    yield "blocks of two heights", {"fork": fork(one, lower)}
    false = branch(21_000, 0, everyone, [(1, everyone[:1])])
    yield "a quorum of prevotes that is none", {"fork": fork(one, false)}
    yield "a change of the validators left out", {"fork": {**forked, "changes": CHANGES[1:]}}


def result(data):
    """What a file shows, or why it shows nothing."""
    try:
        return {"shows": verify(w.GENESIS, data), "fault": None}
    except Unfit as unfit:
        return {"shows": None, "fault": unfit.name}


def cases():
    """The cases of proofs.json."""
    whole = proof_file({"receipt": receipt(0)})
    files = [(what, proof_file(proof)) for what, proof in [*good(), *bad()]]
    files += [
        ("nothing", b""), ("another kind of file", b"COMITYA1" + whole[8:]),
        ("the first bytes alone", MAGIC), ("an unknown kind", MAGIC + (5).to_bytes(4, "little")),
        ("a byte too many", whole + b"\0"), ("a byte too few", whole[:-1]),
    ]
    for what, data in files:
        yield {"what": what, "proof": data.hex(), **result(data)}
