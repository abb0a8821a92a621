"""trustpaths.json: paths and why they fail. snapshots.json: files and what they hold."""

from comity import shapes
from comity.forms import Unfit, first_validators, select
from comity.hashing import header_hash, leaf_hash, validator_set_hash
from comity.trees import frontier
from comity.trust import cut_log, cut_state, load, path_fault, snapshot

from . import world as w

FIRST = first_validators(w.GENESIS)
# health.gd loses a vote; then civil.gd leaves.
SECOND = [{**v, "power": 1} for v in FIRST]
THIRD = [v for v in SECOND if v["agency"] != "civil.gd"]
TEMPLATE = w.CHAIN.blocks[0]["header"]


def agencies(members):
    return [member["agency"] for member in members]


def header(height, members, after=None, **more):
    """A header of a height, by whose turn it is."""
    value = {
        **TEMPLATE, "height": height, "time": w.GENESIS_TIME + 1_000 * height,
        "validators": validator_set_hash(w.CONSORTIUM, members).hex(),
        "next_validators": validator_set_hash(w.CONSORTIUM, after or members).hex(),
        "proposer": members[select(members, height, 0)]["agency"], "proposal_round": 0,
    }
    return {**value, **more}


def certified(value, members, rnd=0, by=None):
    """A header with its certificate."""
    by = agencies(members) if by is None else by
    certificate = w.certificate(value["height"], rnd, header_hash(value).hex(), by)
    return {"header": value, "certificate": certificate}


def change(height, members, after, by=None, **more):
    """A change of the validators."""
    return {**certified(header(height, members, after, **more), members, by=by), "next": after}


CHANGES = [change(5, FIRST, SECOND), change(9, SECOND, THIRD)]


def path(changes=None, end=None):
    """A path, to height 12 unless another end is given."""
    changes = CHANGES if changes is None else changes
    return {"changes": changes, **(end or certified(header(12, THIRD), THIRD))}


def bad_paths():
    """Paths with one fault each."""
    two, few = CHANGES, ["data.gd", "health.gd"]
    yield "version", path(end=certified(header(12, THIRD, version=2), THIRD))
    yield "consortium", path(end=certified(header(12, THIRD, consortium="00" * 32), THIRD))
    yield "a change twice", path([two[0], two[0], two[1]])
    yield "changes in another order", path(two[::-1])
    yield "the end below a change", path(end=certified(header(8, THIRD), THIRD))
    yield "the time of the change before", path(
        end=certified(header(12, THIRD, time=w.GENESIS_TIME + 9_000), THIRD))
    yield "the genesis time", path([], certified(header(3, FIRST, time=w.GENESIS_TIME), FIRST))
    yield "a change of height 0 before the first", path([change(0, FIRST, SECOND)] + two)
    yield "the first change missing", path(two[1:])
    yield "the last change missing", path(two[:1])
    yield "no change", path([])
    leaked = certified(header(12, THIRD), THIRD, by=agencies(FIRST))
    yield "the end signed by former validators too", path(end=leaked)
    yield "a shortcut signed by the first validators", path([], leaked)
    yield "another proposer", path(end=certified(header(12, THIRD, proposer="civil.gd"), THIRD))
    good = certified(header(12, THIRD), THIRD)
    other = {**good, "certificate": certified(header(12, THIRD, time=w.NOW), THIRD)["certificate"]}
    yield "a certificate of another header", path(end=other)
    late = header(12, THIRD, proposal_round=3, proposer=THIRD[select(THIRD, 12, 3)]["agency"])
    yield "proposed in round 3, certified in round 2", path(end=certified(late, THIRD, 2))
    yield "two thirds and no more", path(end=certified(header(12, THIRD), THIRD, by=few))
    yield "a change of two fifths", path([change(5, FIRST, SECOND, by=few[:1]), two[1]])
    yield "a change that changes nothing", path([change(3, FIRST, FIRST)] + two)
    yield "another set than the one named", path([{**two[0], "next": THIRD}, two[1]])
    stale = path([{**two[0], "next": FIRST}, two[1]])
    yield "the same set as before", stale


def trust_paths():
    """The cases of trustpaths.json."""
    good = [
        ("two changes", path(), None),
        ("to the first change", path([], certified(CHANGES[0]["header"], FIRST)), None),
        ("to the height after a change", path(CHANGES[:1], certified(header(6, SECOND), SECOND)),
         None),
        ("no change", path([], certified(header(1, FIRST), FIRST)), None),
        ("by three of five", path(CHANGES[:1], certified(
            header(6, SECOND), SECOND, by=["civil.gd", "data.gd", "health.gd"])), None),
        ("in a later round", path(end=certified(header(12, THIRD), THIRD, 4)), None),
        ("from a header, with what came before", path(), CHANGES[0]),
        ("from a header, without it", path(CHANGES[1:]), CHANGES[0]),
        ("from the last change", path([]), CHANGES[1]),
    ]
    bad = [(what, value, None) for what, value in bad_paths()]
    forged = certified(header(12, FIRST), FIRST)
    bad += [
        ("a history by leaked keys, from a header after the change", path([], forged), CHANGES[0]),
        ("no higher than what is trusted", path(CHANGES[:1], certified(CHANGES[1]["header"], SECOND)),
         CHANGES[1]),
        ("below what is trusted", path([], certified(header(4, FIRST), FIRST)), CHANGES[0]),
    ]
    good.append(("a history by leaked keys, from the genesis alone", path([], forged), None))
    for what, value, anchor in good + bad:
        trusted = None if anchor is None else (anchor["header"], anchor["next"])
        fault = path_fault(w.GENESIS, value, trusted)
        yield {"what": what, "path": shapes.TRUST_PATH.put(value).hex(),
               "anchor": anchor and {"header": anchor["header"], "next": anchor["next"]},
               "fault": fault}


def long_chain():
    """A chain whose first blocks are older than the longest validity when it ends."""
    chain = w.Chain()
    late = w.TIMES[1] + w.DAY
    chain.push(w.first_records(), w.TIMES[0])
    chain.push([], w.TIMES[1])
    until = late + w.VALIDITY

    def steward(agency):
        name = f"late {agency}"
        return w.record(f"{agency} admin", w.register(name, agency, "steward"), name, until)

    chain.push([steward("health.gd")], late - 1_000)
    chain.push([], late)
    chain.push([steward("civil.gd"), steward("tax.gd")], late + 1_000)
    return chain


def take(chain, limit, cut_height=0):
    """Manifest and chunks of a chain's last block."""
    ledger, last = chain.ledger, chain.blocks[-1]
    entries = [bytes.fromhex(data) for block in chain.blocks for data in block["records"]]
    cut_off = None
    if cut_height:
        value = chain.blocks[cut_height - 1]["header"]
        proof = chain.blocks[cut_height]["parent_certificate"]
        log = frontier([leaf_hash(entry) for entry in entries[: value["log_size"]]])
        cut_off = {"header": value, "certificate": proof, "log": log}
        entries = entries[value["log_size"] :]
    at = cut_off["log"]["size"] if cut_off else 0
    log_parts, state_parts = list(cut_log(at, entries, limit)), cut_state(
        ledger.consortium, ledger.state, limit)
    manifest = {
        "version": 1, "rules_version": 1,
        "path": {"changes": [], "header": last["header"], "certificate": chain.certificate},
        "parent_certificate": last["parent_certificate"], "cut_off": cut_off,
        "log_parts": [part for part, _ in log_parts],
        "state_parts": [part for part, _ in state_parts],
    }
    return manifest, [chunk for _, chunk in log_parts + state_parts]


def bad_snapshots():
    """Files with one fault each."""
    chain = long_chain()
    manifest, chunks = take(chain, 4_000, 2)
    data = snapshot(manifest, chunks)
    yield "another magic", b"COMITYS2" + data[8:]
    yield "another consortium", data[:8] + bytes(32) + data[40:]
    yield "a head alone", data[:40]
    yield "the last byte cut", data[:-1]
    yield "a byte between", data[:40] + b"\0" + data[40:]
    yield "another version", snapshot({**manifest, "version": 2}, chunks)
    other = {**manifest["path"], "header": {**manifest["path"]["header"], "time": w.NOW}}
    yield "another header", snapshot({**manifest, "path": other}, chunks)
    yield "no certificate of the parent", snapshot({**manifest, "parent_certificate": None}, chunks)
    yield "a cut-off that is too young", snapshot(*take(chain, 4_000, 3))
    cut = manifest["cut_off"]
    bare = {**cut, "log": frontier([])}
    yield "another log at the cut-off", snapshot({**manifest, "cut_off": bare}, chunks)
    forged = {**cut, "header": {**cut["header"], "time": w.GENESIS_TIME + 1}}
    yield "another header at the cut-off", snapshot({**manifest, "cut_off": forged}, chunks)
    yield "entries missing", snapshot({**manifest, "log_parts": manifest["log_parts"][1:]},
                                      chunks[1:])
    yield "a part of the state missing", snapshot(
        {**manifest, "state_parts": manifest["state_parts"][:-1]}, chunks[:-1])
    parts = [dict(part) for part in manifest["state_parts"]]
    parts[0]["hash"] = "ee" * 32
    yield "another hash of a part", snapshot({**manifest, "state_parts": parts}, chunks)
    count = len(manifest["log_parts"])
    for what, number in (("an entry", 0), ("a value of the state", count)):
        flipped = [bytearray(chunk) for chunk in chunks]
        flipped[number][-1] ^= 1
        yield f"a bit of {what}", snapshot(manifest, [bytes(chunk) for chunk in flipped])


def snapshots():
    """The cases of snapshots.json."""
    late = long_chain()
    good = [
        ("the chain of the vectors", snapshot(*take(w.CHAIN, 262_144))),
        ("in small chunks", snapshot(*take(w.CHAIN, 1_500))),
        ("one entry and one pair each", snapshot(*take(w.CHAIN, 1))),
        ("cut off", snapshot(*take(late, 4_000, 2))),
        ("cut off earlier than it could be", snapshot(*take(late, 4_000, 1))),
        ("not cut off", snapshot(*take(late, 262_144))),
    ]
    for what, data in good + list(bad_snapshots()):
        try:
            manifest, entries, pairs, ids = load(data, w.GENESIS)
        except Unfit as unfit:
            yield {"what": what, "snapshot": data.hex(), "fault": unfit.name}
            continue
        end = manifest["path"]["header"]
        yield {"what": what, "snapshot": data.hex(), "height": end["height"],
               "header_hash": header_hash(end).hex(), "entries": len(entries),
               "keys": len(pairs), "window": dict(sorted(ids.items()))}
