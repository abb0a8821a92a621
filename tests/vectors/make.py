#!/usr/bin/env python3
"""Writes the vectors of docs/formats.md, or compares them: `make.py`, `make.py --check`.

Everything comes from fixed seeds, so that two runs write the same bytes. Writing is a deliberate
change of format; the changes belong into one commit with those of docs/formats.md and the code.
Needs nothing but Python 3.9.
"""

import json
import pathlib
import sys

sys.dont_write_bytecode = True

from cases import (
    archives, clocking, founding, judging, keyfiles, legging, noting, overseeing, proving, records, signing, texts, trees, trusting, values, voting,
    wires,
    world,
)

HERE = pathlib.Path(__file__).resolve().parent
ORIGIN = (
    "Written by tests/vectors/make.py from docs/formats.md, independently of the Rust code. "
    "Do not edit: change the formats and the program, and run it."
)
CONSORTIUM = {"genesis": world.GENESIS, "consortium": world.CONSORTIUM.hex()}
FILES = {
    "values": ("Encoding", {}, values.values),
    "malformed": ("Encoding", {}, values.malformed),
    "text": ("Text", {}, texts.cases),
    "keys": ("Signatures", {}, signing.keys),
    "signatures": ("Signatures", {"consortium": world.CONSORTIUM.hex()}, signing.signatures),
    "tags": ("Domain separation", {}, signing.tags),
    "keyfiles": ("Key files", {}, keyfiles.cases),
    "genesis": ("Genesis", {}, founding.genesis),
    "validators": ("Validators", {}, founding.validators),
    "statements": ("Statements", {"consortium": world.CONSORTIUM.hex()}, records.statements),
    "records": ("Statements", {"consortium": world.CONSORTIUM.hex()}, records.records),
    "rules": ("Rules", {**CONSORTIUM, "archive": world.CHAIN.archive().hex()}, judging.cases),
    "duties": ("Duties", {**CONSORTIUM, "archive": world.CHAIN.archive().hex(), "plain": clocking.plain_pack()},
               clocking.duty_cases),
    "state": ("State", {"consortium": world.CONSORTIUM.hex()}, trees.state),
    "batches": ("Batches", {"consortium": world.CONSORTIUM.hex()}, legging.cases),
    "draws": ("Oversight", {"consortium": world.CONSORTIUM.hex()}, overseeing.chosen),
    "log": ("Log tree", {}, trees.log),
    "consensus": ("Consensus", {"validators": world.CHAIN.ledger.validators}, voting.consensus),
    "blocks": ("Blocks", {}, voting.blocks),
    "archives": ("Archive", CONSORTIUM, archives.cases),
    "trustpaths": ("Trust paths", {"genesis": world.GENESIS}, trusting.trust_paths),
    "snapshots": ("Snapshots", {"genesis": world.GENESIS}, trusting.snapshots),
    "proofs": ("Proof files", {"genesis": world.GENESIS}, proving.cases),
    "checkpoints": ("Checkpoints", noting.SHARED, noting.cases),
    "messages": ("Network", {}, wires.messages),
    "storage": ("Storage files", {}, wires.storage),
}


def text(name):
    """The content of a vector file."""
    section, shared, source = FILES[name]
    cases = list(source())
    head = {"origin": ORIGIN, "section": section, "shared": shared, "count": len(cases)}
    lines = [json.dumps(case, ensure_ascii=True) for case in cases]
    start = json.dumps(head, ensure_ascii=True)[:-1]
    return f"{start},\n\"cases\": [\n" + ",\n".join(lines) + "\n]}\n"


def main():
    """Writes or compares; fails on a file that is no vector."""
    check = sys.argv[1:] == ["--check"]
    if sys.argv[1:] and not check:
        sys.exit("usage: make.py [--check]")
    wrong = [path.name for path in HERE.glob("*.json") if path.stem not in FILES]
    for name in FILES:
        path, made = HERE / f"{name}.json", text(name)
        if not check:
            path.write_text(made)
        elif not path.exists() or path.read_text() != made:
            wrong.append(path.name)
    if wrong:
        sys.exit("these differ from what docs/formats.md gives: " + ", ".join(sorted(wrong)))
    print(f"{len(FILES)} files of vectors are {'as they should be' if check else 'written'}")


if __name__ == "__main__":
    main()
