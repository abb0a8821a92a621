"""Trust paths and snapshots (docs/formats.md, "Trust paths", "Snapshots"): made and verified."""

from . import shapes
from .forms import (
    MAX_VALIDITY_MS, Unfit, check_certificate, first_validators, require, select,
)
from .hashing import (
    body_hash, certificate_hash, consortium_id, header_hash, leaf_hash, tagged, validator_set_hash,
)
from .trees import EMPTY, Frontier, StateTree, frontier, goes_right, log_root
from .wire import Refused, decode

MAGIC = b"COMITYS1"
MAX_PATH_BYTES = 8 * 1024 * 1024
MAX_MANIFEST_BYTES = 8 * 1024 * 1024
MAX_CHUNK_BYTES = 1024 * 1024
MAX_LEVEL = 12


class Walk:
    """A path on its way from an anchor."""

    def __init__(self, genesis, anchor=None):
        self.consortium = consortium_id(shapes.GENESIS.put(genesis))
        if anchor is None:
            self.height, self.time, first = 0, genesis["time"], first_validators(genesis)
        else:
            header, first = anchor
            self.height, self.time = header["height"], header["time"]
        self.anchor = self.height
        self.sets = [(self.height + 1, first)]

    def at(self, height):
        """The validators of a height on the way."""
        return [members for start, members in self.sets if start <= height][-1]

    def proven(self, header, certificate, members):
        """A header's certificate."""
        named = (certificate["height"], certificate["header_hash"])
        ours = (header["height"], header_hash(header).hex())
        require(named == ours and certificate["round"] >= header["proposal_round"], "certificate")
        try:
            check_certificate(certificate, self.consortium, members)
        except Unfit as unfit:
            raise Unfit("certificate") from unfit

    def passes(self, header, certificate):
        """Another header on the way, below the end. Errors: `Unfit`, by the fault's name."""
        require(header["height"] > self.anchor, "height")
        require(header["version"] == 1, "version")
        require(header["consortium"] == self.consortium.hex(), "consortium")
        members = self.at(header["height"])
        hashed = validator_set_hash(self.consortium, members).hex()
        require(header["validators"] == hashed, "skipped")
        self.proven(header, certificate, members)

    def certified(self, header, certificate):
        """A header that follows. Errors: `Unfit`, by the fault's name."""
        members = self.sets[-1][1]
        require(header["version"] == 1, "version")
        require(header["consortium"] == self.consortium.hex(), "consortium")
        require(header["height"] >= self.sets[-1][0], "height")
        require(header["time"] > self.time, "time")
        hashed = validator_set_hash(self.consortium, members).hex()
        require(header["validators"] == hashed, "skipped")
        turn = members[select(members, header["height"], header["proposal_round"])]
        require(header["proposer"] == turn["agency"], "proposer")
        self.proven(header, certificate, members)

    def walk(self, path):
        """Over a whole path. Errors: `Unfit`, by the fault's name."""
        require(path["header"]["height"] > self.anchor, "not-after")
        for change in path["changes"]:
            header = change["header"]
            if 1 <= header["height"] <= self.anchor:
                continue
            self.certified(header, change["certificate"])
            require(header["next_validators"] != header["validators"], "no-change")
            hashed = validator_set_hash(self.consortium, change["next"]).hex()
            require(hashed == header["next_validators"], "next-set")
            self.time = header["time"]
            self.sets.append((header["height"] + 1, change["next"]))
        self.certified(path["header"], path["certificate"])


def path_fault(genesis, path, anchor=None):
    """Why a path proves nothing, or None."""
    try:
        Walk(genesis, anchor).walk(path)
    except Unfit as unfit:
        return unfit.name
    return None


def cut_log(at, entries, limit):
    """(part, chunk) of entries from index `at` on, each chunk of at most `limit` bytes."""
    while entries:
        level = min((at & -at).bit_length() - 1 if at else MAX_LEVEL, MAX_LEVEL)
        size, fitting = 8, 0
        for entry in entries[: 1 << level]:
            size += 8 + len(entry)
            if size > limit and fitting:
                break
            fitting += 1
        level = min(fitting.bit_length() - 1, level)
        own, entries = entries[: 1 << level], entries[1 << level :]
        at += len(own)
        chunk = shapes.ENTRIES.put([entry.hex() for entry in own])
        root = log_root([leaf_hash(entry) for entry in own]).hex()
        yield {"level": level, "root": root, "size_bytes": len(chunk)}, chunk


def cut_state(consortium, pairs, limit):
    """(part, chunk) of a state, each chunk of at most `limit` bytes if that can be."""
    tree = StateTree(consortium, pairs)
    keyed = sorted((tree.path(key), key, value) for key, value in pairs.items())

    def cut(own, depth):
        chunk = shapes.PAIRS.put([{"key": k.hex(), "value": v.hex()} for _, k, v in own])
        if len(own) < 2 or len(chunk) <= limit:
            digest = tree.subtree([path for path, _, _ in own], depth).hex()
            part = {"depth": depth, "keys": len(own), "hash": digest, "size_bytes": len(chunk)}
            return [(part, chunk)]
        halves = [[p for p in own if goes_right(p[0], depth) == side] for side in (False, True)]
        return cut(halves[0], depth + 1) + cut(halves[1], depth + 1)

    return cut(keyed, 0)


def snapshot(manifest, chunks):
    """The file."""
    data = shapes.MANIFEST.put(manifest)
    head = MAGIC + bytes.fromhex(manifest["path"]["header"]["consortium"])
    return head + b"".join(chunks) + data + len(data).to_bytes(4, "little")


def fold(consortium, parts):
    """The root of a state's parts, and where each begins. Errors: `Unfit`."""
    rest, places = list(parts), []

    def total(depth, bits):
        require(rest, "state-parts")
        part = rest[0]
        if part["depth"] == depth:
            rest.pop(0)
            places.append(bits)
            digest = bytes.fromhex(part["hash"])
            require(part["keys"] or digest == EMPTY, "state-parts")
            return part["keys"], digest
        require(depth < part["depth"] <= 256, "state-parts")
        (left, first), (right, second) = total(depth + 1, bits + "0"), total(depth + 1, bits + "1")
        if left + right == 0:
            return 0, EMPTY
        if left + right == 1:
            return 1, first if left else second
        return left + right, tagged("node", consortium, first + second)

    root = total(0, "")[1]
    require(not rest, "state-parts")
    return root, places


def check_manifest(manifest, genesis):
    """The walk, and the places of the state's parts. Errors: `Unfit`, by the fault's name."""
    require(manifest["version"] == 1, "version")
    walk = Walk(genesis)
    try:
        walk.walk(manifest["path"])
    except Unfit as unfit:
        raise Unfit("path") from unfit
    header, parent = manifest["path"]["header"], manifest["parent_certificate"]
    mark = bytes(32) if parent is None else certificate_hash(walk.consortium, parent)
    first = header["parent_certificate"] == bytes(32).hex()
    named = mark.hex() == header["parent_certificate"] and first == (parent is None)
    require(named, "parent-certificate")
    log, cut_off = Frontier(frontier([])), manifest["cut_off"]
    if cut_off is not None:
        check_cut_off(walk, header, cut_off)
        log = Frontier(cut_off["log"])
    for part in manifest["log_parts"]:
        fits = part["size_bytes"] <= MAX_CHUNK_BYTES and part["level"] <= MAX_LEVEL
        require(fits, "chunk-size")
        require(log.size % (1 << part["level"]) == 0, "log-parts")
        log.push(bytes.fromhex(part["root"]), part["level"])
    require((log.size, log.root().hex()) == (header["log_size"], header["log_root"]), "log-parts")
    for part in manifest["state_parts"]:
        require(part["size_bytes"] <= MAX_CHUNK_BYTES, "chunk-size")
    root, places = fold(walk.consortium, manifest["state_parts"])
    require(root.hex() == header["state_root"], "state-parts")
    return walk, places


def check_cut_off(walk, end, cut_off):
    """Where entries begin. Errors: `Unfit`."""
    header = cut_off["header"]
    members = walk.at(header["height"]) if 0 < header["height"] <= end["height"] else None
    hashed = members and validator_set_hash(walk.consortium, members).hex()
    holds = (members and header["version"] == 1 and header["validators"] == hashed
             and header["consortium"] == walk.consortium.hex())
    require(holds, "cut-off")
    try:
        walk.proven(header, cut_off["certificate"], members)
    except Unfit as unfit:
        raise Unfit("cut-off") from unfit
    old = header["time"] + MAX_VALIDITY_MS <= end["time"] and header["height"] < end["height"]
    require(old, "cut-off-young")
    log = Frontier(cut_off["log"])
    named = (log.size, log.root().hex()) == (header["log_size"], header["log_root"])
    require(named, "cut-off-log")


def check_entries(part, chunk):
    """The entries of a chunk. Errors: `Unfit`, `Refused`."""
    entries = [bytes.fromhex(e) for e in decode(shapes.ENTRIES, chunk, part["size_bytes"])]
    root = log_root([leaf_hash(entry) for entry in entries]).hex()
    require((len(entries), root) == (1 << part["level"], part["root"]), "entries")
    return entries


def check_pairs(consortium, part, place, chunk):
    """The pairs of a chunk. Errors: `Unfit`, `Refused`."""
    taken = decode(shapes.PAIRS, chunk, part["size_bytes"])
    pairs = {bytes.fromhex(p["key"]): bytes.fromhex(p["value"]) for p in taken}
    tree = StateTree(consortium, pairs)
    paths = [tree.path(bytes.fromhex(pair["key"])) for pair in taken]
    inside = all(f"{int.from_bytes(path, 'big'):0256b}".startswith(place) for path in paths)
    rising = all(a < b for a, b in zip(paths, paths[1:]))
    require(inside and rising, "pairs")
    digest = tree.subtree(paths, part["depth"]).hex()
    require((digest, len(pairs)) == (part["hash"], part["keys"]), "pairs")
    return pairs


def load(data, genesis):
    """What a snapshot's file holds: the ledger's parts. Errors: `Unfit`, by the fault's name."""
    consortium = consortium_id(shapes.GENESIS.put(genesis))
    require(len(data) >= 44 and data[:8] == MAGIC, "not-a-snapshot")
    require(data[8:40] == consortium, "other-consortium")
    length = int.from_bytes(data[-4:], "little")
    require(length <= MAX_MANIFEST_BYTES and length <= len(data) - 44, "length")
    try:
        manifest = decode(shapes.MANIFEST, data[len(data) - 4 - length : -4], MAX_MANIFEST_BYTES)
    except Refused as refused:
        raise Unfit("decode") from refused
    sizes = [p["size_bytes"] for p in manifest["log_parts"] + manifest["state_parts"]]
    require(40 + sum(sizes) == len(data) - 4 - length, "length")
    walk, places = check_manifest(manifest, genesis)
    chunks, at = [], 40
    for size in sizes:
        chunks.append(data[at : at + size])
        at += size
    entries, pairs, count = [], {}, len(manifest["log_parts"])
    try:
        for part, chunk in zip(manifest["log_parts"], chunks):
            entries += check_entries(part, chunk)
    except (Unfit, Refused) as error:
        raise Unfit("entries") from error
    try:
        for part, place, chunk in zip(manifest["state_parts"], places, chunks[count:]):
            pairs.update(check_pairs(consortium, part, place, chunk))
    except (Unfit, Refused) as error:
        raise Unfit("pairs") from error
    header = manifest["path"]["header"]
    own = entries[len(entries) - (header["log_size"] - header["first_index"]) :]
    own = own if header["log_size"] > header["first_index"] else []
    body = body_hash(consortium, [leaf_hash(entry) for entry in own]).hex()
    require(body == header["body"], "body")
    return manifest, entries, pairs, window(consortium, header["time"], entries)


def window(consortium, time, entries):
    """The ids that must not be used again yet, each with its end."""
    found = {}
    for entry in entries:
        statement = decode(shapes.SIGNED_RECORD, entry, 65_535)["statement"]
        record = tagged("statement", consortium, shapes.STATEMENT.put(statement))
        found[record.hex()] = statement["valid_until"]
        if statement["action"]["kind"] == "record-access":
            attempt = statement["action"]["attempt"]["attempt"]
            found[attempt["exchange"]] = attempt["valid_until"]
    return {name: until for name, until in found.items() if until > time}
