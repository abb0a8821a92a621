"""Proof files (docs/formats.md, "Proof files"): read, verified and judged."""

from . import shapes
from .forms import Unfit, check_polkas, check_record, require, rising
from .hashing import header_hash, leaf_hash
from .trees import StateTree, is_consistent, path_root
from .trust import Walk
from .wire import Refused, decode

MAGIC = b"COMITYP1"
MAX_BYTES = 16 * 1024 * 1024
MAX_CLAIMS = 65_536


def proof_file(proof):
    """The file of a proof."""
    return MAGIC + shapes.PROOF.put(proof)


def read(data):
    """(kind, content). Errors: `Unfit`."""
    require(data[:8] == MAGIC, "not-a-proof")
    try:
        proof = decode(shapes.PROOF, data[8:], MAX_BYTES - 8)
    except Refused as refused:
        raise Unfit("damaged") from refused
    return next(iter(proof.items()))


def verify(genesis, data):
    """What a proof file shows, as plain values. Errors: `Unfit`, by the fault's name."""
    kind, content = read(data)
    return {"kind": kind, **KINDS[kind](genesis, content)}


def walked(genesis, path):
    """The walk over a path."""
    walk = Walk(genesis)
    walk.walk(path)
    return walk


def place(header):
    """As of when a header speaks."""
    return {"height": header["height"], "time": header["time"]}


def receipt(genesis, value):
    """A receipt."""
    walk = walked(genesis, value["path"])
    header = value["path"]["header"]
    check_entry(walk.consortium, header, value)
    return {**place(header), "index": value["index"]}


def check_entry(consortium, header, entry):
    """An entry in the block of a proven header. Errors: `Unfit`."""
    record, index = bytes.fromhex(entry["record"]), entry["index"]
    check_record(record, consortium)
    require(header["first_index"] <= index < header["log_size"], "other-block")
    path = [bytes.fromhex(sibling) for sibling in entry["inclusion"]]
    root = path_root(leaf_hash(record), index, header["log_size"], path)
    require(root is not None and root.hex() == header["log_root"], "inclusion")


def collection(genesis, value):
    """A collection of entries."""
    blocks = value["blocks"]
    indexes = [[entry["index"] for entry in block["entries"]] for block in blocks]
    require(blocks and rising([block["header"]["height"] for block in blocks]), "order")
    require(all(own and rising(own) for own in indexes), "order")
    last = blocks[-1]
    walk = walked(genesis, {"changes": value["changes"], "header": last["header"],
                            "certificate": last["certificate"]})
    for block in blocks:
        if block is not last:
            walk.passes(block["header"], block["certificate"])
        for entry in block["entries"]:
            check_entry(walk.consortium, block["header"], entry)
    return {**place(last["header"]), "indexes": [index for own in indexes for index in own]}


def extract(genesis, value):
    """An extract of the state."""
    walk = walked(genesis, value["path"])
    header, claims = value["path"]["header"], value["claims"]
    keys = [bytes.fromhex(claim["key"]) for claim in claims]
    require(1 <= len(claims) <= MAX_CLAIMS and rising(keys), "claims")
    tree, root = StateTree(walk.consortium, {}), bytes.fromhex(header["state_root"])
    for key, claim in zip(keys, claims):
        held = None if claim["value"] is None else bytes.fromhex(claim["value"])
        require(tree.proves(claim["proof"], root, key, held), "claim")
    return {**place(header), "holds": [claim["value"] is not None for claim in claims]}


def extension(genesis, value):
    """An extension of the log."""
    walk = walked(genesis, value["path"])
    earlier, later = value["earlier"], value["path"]["header"]
    require(earlier["height"] < later["height"], "order")
    try:
        walk.passes(earlier, value["earlier_certificate"])
    except Unfit as unfit:
        raise Unfit("earlier") from unfit
    roots = [bytes.fromhex(header["log_root"]) for header in (earlier, later)]
    hashes = [bytes.fromhex(one) for one in value["consistency"]]
    sizes = earlier["log_size"], later["log_size"]
    require(is_consistent(sizes[0], roots[0], sizes[1], roots[1], hashes), "consistency")
    return {**place(later), "earlier": earlier["height"]}


def fork(genesis, value):
    """A fork, and how its validators stand."""
    branches, walks = [value["one"], value["other"]], []
    for branch in branches:
        path = {"changes": value["changes"], "header": branch["header"],
                "certificate": branch["certificate"]}
        walks.append(walked(genesis, path))
    heights = {branch["header"]["height"] for branch in branches}
    hashes = [header_hash(branch["header"]) for branch in branches]
    require(len(heights) == 1 and hashes[0] < hashes[1], "no-fork")
    (height,), members = heights, walks[0].sets[-1][1]
    for branch in branches:
        try:
            check_polkas(branch["polkas"], height, walks[0].consortium, members)
        except Unfit as unfit:
            raise Unfit("polkas") from unfit
    verdicts = blame([branch["certificate"] for branch in branches],
                     branches[0]["polkas"] + branches[1]["polkas"])
    judged = [[m["agency"], verdicts[m["key"]]] for m in members if m["key"] in verdicts]
    return {**place(branches[0]["header"]), "judged": judged}


def signers(certificate):
    """Who signed."""
    return {signed["validator"] for signed in certificate["signatures"]}


def blame(certificates, polkas):
    """Verdicts by key."""
    verdicts = {}
    for certificate in certificates:
        own, value = certificate["round"], certificate["header_hash"]
        for polka in polkas:
            if polka["round"] <= own or polka["value"] == value:
                continue
            frees = any(p["value"] == polka["value"] and own <= p["round"] < polka["round"]
                        for p in polkas)
            for key in signers(certificate) & signers(polka):
                if verdicts.get(key) != "undetermined":
                    verdicts[key] = "cleared" if frees else "undetermined"
    one, other = certificates
    if one["round"] == other["round"]:
        for key in signers(one) & signers(other):
            verdicts[key] = "guilty"
    return verdicts


KINDS = {
    "receipt": receipt, "extract": extract, "extension": extension, "fork": fork,
    "collection": collection,
}
