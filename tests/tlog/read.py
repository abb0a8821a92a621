#!/usr/bin/env python3
"""Reads a node's log with two packages from PyPI that nobody here wrote: aics-tlog (Python) and, where it
is installed, metamorphic-log (Rust, by UniFFI). Both know C2SP's transparency logs and nothing of Comity.

    read.py PREFIX ORIGIN LOG-VKEY [--older FILE] [--witness VKEY] [--quorum N]

Holds: Merkle proofs, notes and cosignatures are judged by the packages; here is only which are asked for.
"""
import argparse
import urllib.request
from importlib.metadata import version

import aics_tlog as tlog


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("prefix")
    parser.add_argument("origin")
    parser.add_argument("vkey")
    parser.add_argument("--older")
    parser.add_argument("--witness", action="append", default=[])
    parser.add_argument("--quorum", type=int, default=0)
    args = parser.parse_args()
    with urllib.request.urlopen(args.prefix + "/checkpoint", timeout=30) as answer:
        text = answer.read()
    note = tlog.parse_note(text)
    head = tlog.parse_checkpoint(note.text)
    assert head.origin == args.origin, head
    checked = by_aics(args, head, note)
    by_metamorphic(args, text, head, checked)


def by_aics(args, head, note):
    """Every tile and entry against the checkpoint; proofs made from the tiles."""
    log = tlog.parse_vkey(args.vkey)
    witnesses = [tlog.parse_vkey(key) for key in args.witness]
    result = tlog.verify_checkpoint(note, log, witnesses, quorum=args.quorum)
    assert result.ok, result
    reader = tlog.HttpTileReader([args.prefix + "/"])
    report = tlog.audit_tiles(reader, head.size, head.root)
    tiles = tlog.VerifiedTileReader(reader, head.size, head.root)
    step = 1 + head.size // 50
    proofs = {n: tlog.inclusion_proof_from_tiles(tiles, n, head.size) for n in range(0, head.size, step)}
    for index, proof in proofs.items():
        entry = tiles.entry(index)
        assert tlog.verify_leaf_inclusion(entry, index, head.size, proof, head.root), index
        assert not tlog.verify_leaf_inclusion(entry + b"\0", index, head.size, proof, head.root), index
    wrong = bytes([head.root[0] ^ 1]) + head.root[1:]
    try:
        tlog.audit_tiles(reader, head.size, wrong)
        raise SystemExit("another root was taken")
    except tlog.TileVerificationError:
        pass
    consistency = None
    if args.older:
        with open(args.older, "rb") as file:
            older_text = file.read()
        older_note = tlog.parse_note(older_text)
        older = tlog.parse_checkpoint(older_note.text)
        assert tlog.verify_checkpoint(older_note, log).ok
        proof = tlog.consistency_proof_from_tiles(tiles, older.size, head.size)
        assert tlog.verify_consistency(older.size, head.size, older.root, head.root, proof)
        consistency = older_text, proof
        print(f"aics-tlog: it goes on where the checkpoint of {older.size} entries ended")
    names = ", ".join(key.name for key in witnesses) or "nobody"
    print(f"aics-tlog {version('aics-tlog')}: {head.size} entries, {report}, cosigned by {names} (quorum {args.quorum})")
    leaves = {n: tiles.leaf_hash(n) for n in proofs}
    return proofs, leaves, consistency


def by_metamorphic(args, text, head, checked):
    try:
        import metamorphic_log as other
    except ImportError as error:
        print(f"skipped: metamorphic-log cannot be used here: {error}")
        return
    proofs, leaves, consistency = checked
    note, keys = text.decode(), [args.vkey]
    found = other.checkpoint_verify(note, keys)
    assert (found.origin, found.size) == (args.origin, head.size), found
    for index, proof in proofs.items():
        other.checkpoint_verify_inclusion(note, keys, index, leaves[index], proof)
    if consistency:
        older, proof = consistency
        other.checkpoint_verify_consistency(older.decode(), note, keys, proof)
    try:
        other.checkpoint_verify(note.replace(str(head.size), str(head.size + 1), 1), keys)
        raise SystemExit("a changed checkpoint was taken")
    except other.VerifyError:
        pass
    print(f"metamorphic-log {version('metamorphic-log')}: checkpoint, {len(proofs)} inclusion proofs"
          + (", consistency" if consistency else ""))


if __name__ == "__main__":
    main()
