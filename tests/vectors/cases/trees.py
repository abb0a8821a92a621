"""state.json: keys, tree and proofs of the state. log.json: roots, frontiers and proofs of logs."""

import json

from comity import shapes
from comity.forms import Record
from comity.grounds import (
    assessment_key, check_key, dispute_key, draw_key, emergency_access_key, emergency_exchange_key, emergency_key,
    emergency_recipient_key, emergency_use_key, equivocation_key,
    finding_key, incident_key, last_dispute_key, member_usage_key, reported_key, task_force_key,
)
from comity.hashing import leaf_hash
from comity.trees import StateTree, log_consistency, log_path, log_root, frontier

from . import assessing, checking, disputing, forces, governing, incidents, overseeing, urgent, world as w

CONSORTIUM = w.CONSORTIUM


def state_keys():
    """Every kind of state key, with the value that lies there after the chain of the vectors."""
    judge = w.CHAIN.ledger.judge()
    further = governing.passed(governing.VERSION, governing.removal("tax.gd"))
    check = f"C{governing.INDEX + len(further)}"
    incident = f"I{governing.INDEX + len(further) + 1}"
    dispute, about = f"D{governing.INDEX + len(further) + 3}", {"request": disputing.REQUEST}
    disputed = [disputing.refused("state")[0], disputing.opened("state")[0]]
    for at, data in enumerate([*further, checking.opened(), incidents.reported("state"), *disputed]):
        judge.apply(Record(data, CONSORTIUM), governing.INDEX + at, w.NOW)
    overseen = w.CHAIN.ledger.judge()
    later = [*overseeing.OPENED, overseeing.found("state")]
    for at, data in enumerate(later):
        overseen.apply(Record(data, CONSORTIUM), governing.INDEX + at, w.NOW)
    draw, finding = overseeing.NAME, f"F{governing.INDEX + len(later) - 1}"
    assessed = w.CHAIN.ledger.judge()
    for at, data in enumerate(assessing.ASSESSED):
        assessed.apply(Record(data, CONSORTIUM), governing.INDEX + at, w.NOW)
    states = judge.state, overseen.state, assessed.state
    equivocation = equivocation_key({
        "validator": w.public("tax.gd validator"), "height": 3, "round": 0, "step": "precommit",
    })
    number = (11).to_bytes(8, "big")
    for kind, name, key in (
        ("params", "", b"p"), ("competent-authority", "", b"c"), ("validators", "", b"v"),
        ("agency", "health.gd", b"ahealth.gd"),
        ("key", w.public("health steward"), b"k" + bytes.fromhex(w.public("health steward"))),
        ("matter", "LOW-INCOME", b"mLOW-INCOME"), ("duty-basis", "STATUTE-1", b"bSTATUTE-1"),
        ("dataset", "health.gd/vaccinations", b"dhealth.gd/vaccinations"),
        ("grant", "G11", b"g" + number), ("usage", "G11", b"u" + number),
        ("gateway-numbers", w.public("health gateway"),
         b"j" + bytes.fromhex(w.public("health gateway"))),
        ("grant", "G29", b"g" + (29).to_bytes(8, "big")),
        ("request", "R28", b"r" + (28).to_bytes(8, "big")),
        ("matter", "PENSION", b"mPENSION"),
        ("dataset-version", "health.gd/clinics 1", b"ehealth.gd/clinics\0\0\0\0\1"),
        ("proposal", "P43", b"q" + (43).to_bytes(8, "big")), ("roll", "", b"l"),
        ("departure", "tax.gd", b"xtax.gd"), ("protocol-version", "", b"o"),
        ("check-request", check, check_key(check)),
        ("incident", incident, incident_key(incident)),
        ("dispute", dispute, dispute_key(dispute)), ("last-dispute", "request R35", last_dispute_key(about)),
        ("draw", draw, draw_key(draw)), ("finding", finding, finding_key(finding)),
        ("assessment", assessing.NAME, assessment_key(assessing.NAME)),
        ("reported", json.dumps({"by": "tax.gd", "terms": assessing.survey()}), reported_key("tax.gd", assessing.survey())),
        ("official-keys", "data.gd", b"ndata.gd"),
        ("equivocation", f"{w.public('tax.gd validator')} 3 0 precommit", equivocation),
    ):
        value = next(filter(None, (one.get(key) for one in states)))
        yield {"key": kind, "name": name, "bytes": key.hex(), "value": value.hex()}
    yield from emergency_keys()
    yield from task_force_keys()


def emergency_keys():
    """The keys of an emergency that was used, with the values that lie there then."""
    judge = w.CHAIN.ledger.judge()
    for at, data in enumerate(urgent.HELPED):
        judge.apply(Record(data, CONSORTIUM), urgent.INDEX + at, w.NOW)
    name, access = urgent.NAME, urgent.ACCESS
    exchange, dataset = w.short("exchange urgent first"), "health.gd/vaccinations"
    for kind, what, key in (
        ("emergency", name, emergency_key(name)), ("recent-emergencies", "", b"E"),
        ("emergency-access", f"{name} {access}", emergency_access_key(name, access)),
        ("emergency-use", f"{name} civil.gd", emergency_use_key(name, "civil.gd")),
        ("emergency-exchange", exchange, emergency_exchange_key(exchange)),
        ("emergency-recipient", f"{name} civil.gd {dataset}",
         emergency_recipient_key(name, "civil.gd", dataset)),
    ):
        yield {"key": kind, "name": what, "bytes": key.hex(), "value": judge.state.get(key).hex()}


def task_force_keys():
    """The keys of a task force that was granted something and used it."""
    judge = w.CHAIN.ledger.judge()
    for at, data in enumerate(forces.USED):
        judge.apply(Record(data, CONSORTIUM), forces.INDEX + at, w.NOW)
    for kind, what, key in (
        ("task-force", forces.NAME, task_force_key(forces.NAME)),
        ("member-usage", f"{forces.GRANT} tax.gd", member_usage_key(forces.GRANT, "tax.gd")),
    ):
        yield {"key": kind, "name": what, "bytes": key.hex(), "value": judge.state.get(key).hex()}


def hashes():
    """Path, value hash and leaf of single keys: a tree of one."""
    for key, value in ((b"p", b""), (b"ahealth.gd", b"any bytes"), (b"", b"\0")):
        tree = StateTree(CONSORTIUM, {key: value})
        path, value_hash = tree.path(key), tree.value_hash(value)
        yield {"of": key.hex(), "value": value.hex(), "path": path.hex(),
               "value_hash": value_hash.hex(), "leaf": tree.leaf(path, value_hash).hex()}


def neighbours(bits):
    """Two keys whose paths agree in at least so many bits."""
    tree, seen = StateTree(CONSORTIUM, {}), {}
    for number in range(1 << bits):
        key = f"key {number}".encode()
        prefix = int.from_bytes(tree.path(key), "big") >> 256 - bits
        if prefix in seen:
            return seen[prefix], key
        seen[prefix] = key
    raise AssertionError("some two paths agree in so few bits")


def sets():
    """Sets of pairs: name, pairs."""
    a, b = neighbours(12)
    yield "nothing", {}
    yield "one", {b"p": b"value"}
    yield "two", {b"p": b"value", b"c": b"other"}
    yield "two that agree in 12 bits", {a: b"left", b: b"right"}
    yield "twenty", {f"key {n}".encode(): bytes([n]) * n for n in range(20)}
    yield "an empty key and an empty value", {b"": b"", b"x": b""}
    yield "the chain of the vectors", w.CHAIN.ledger.state


def trees():
    """Roots and proofs."""
    for name, pairs in sets():
        tree = StateTree(CONSORTIUM, pairs)
        known = sorted(pairs)[:4]
        keys = known + [b"absent", b"key 100"] + [b"key 7"] * (b"key 7" not in known)
        proofs = []
        for key in keys:
            proof, value = tree.prove(key), pairs.get(key)
            assert tree.proves(proof, tree.root(), key, value)
            proofs.append({
                "key": key.hex(), "value": None if value is None else value.hex(),
                "proof": shapes.STATE_PROOF.put(proof).hex(),
            })
        yield {"set": name, "pairs": [[k.hex(), v.hex()] for k, v in sorted(pairs.items())],
               "root": tree.root().hex(), "proofs": proofs}


def refused_proofs():
    """Proofs that prove nothing."""
    pairs = {f"key {n}".encode(): bytes([n]) for n in range(20)}
    tree = StateTree(CONSORTIUM, pairs)
    root, key, absent = tree.root(), b"key 3", b"key 100"
    good, none = tree.prove(key), tree.prove(absent)
    other = {"path": tree.path(b"key 4").hex(), "value_hash": tree.value_hash(b"\4").hex()}
    own = {"path": tree.path(key).hex(), "value_hash": tree.value_hash(b"\3").hex()}
    shorter = {**good, "siblings": good["siblings"][:-1]}
    longer = {**good, "siblings": good["siblings"] + ["00" * 32]}
    swapped = {**good, "siblings": good["siblings"][::-1]}
    for what, proof, name, value, fault in (
        ("another value", good, key, b"\4", "root"),
        ("another key", good, b"key 4", b"\3", "root"),
        ("a value as absent", good, key, None, "shows-value"),
        ("an absent key as a value", none, absent, b"", "shows-absence"),
        ("its own leaf as another's", {**good, "end": {"other": own}}, key, None, "misplaced"),
        ("a leaf that lies elsewhere", {**good, "end": {"other": other}}, key, None, "misplaced"),
        ("an empty subtree where a leaf is", {**good, "end": "empty"}, key, None, "root"),
        ("a sibling too few", shorter, key, b"\3", "root"),
        ("a sibling too many", longer, key, b"\3", "root"),
        ("siblings upside down", swapped, key, b"\3", "root"),
    ):
        assert not tree.proves(proof, root, name, value), what
        yield {"what": what, "root": root.hex(), "key": name.hex(),
               "value": None if value is None else value.hex(),
               "proof": shapes.STATE_PROOF.put(proof).hex(), "fault": fault}


def state():
    """The cases of state.json."""
    for source in (state_keys(), hashes(), trees(), refused_proofs()):
        yield from source


def log():
    """The cases of log.json."""
    leaves = [leaf_hash(f"entry {n}".encode()) for n in range(40)]
    for n in range(3):
        yield {"entry": f"entry {n}".encode().hex(), "leaf": leaves[n].hex()}
    for size in (*range(18), 31, 32, 33, 40):
        part = leaves[:size]
        paths = [
            {"index": at, "path": [h.hex() for h in log_path(at, part)]}
            for at in sorted({0, 1, size // 2, size - 2, size - 1}) if 0 <= at < size
        ]
        earlier = [
            {"first": first, "proof": [h.hex() for h in log_consistency(first, part)]}
            for first in sorted({0, 1, 2, size // 2, size - 1, size}) if 0 <= first <= size
        ]
        yield {"size": size, "root": log_root(part).hex(),
               "frontier": shapes.FRONTIER.put(frontier(part)).hex(),
               "inclusion": paths, "consistency": earlier}
