#!/usr/bin/env python3
"""Verifies a Comity file with nothing of Comity's: `verify.py GENESIS.json FILE [--max-age S] [--json]`.

FILE is an archive (the whole log), a proof (a receipt, a collection of entries, an extract of the state,
an extension of the log, a fork) or an evidence bundle. Written from docs/formats.md alone. Needs Python 3.9; with the package `cryptography` it
is more than ten times as fast.

Exit codes: 0 verified; 5 not; 2 wrong usage.
"""

import argparse
import datetime
import json
import pathlib
import sys
import time

sys.dont_write_bytecode = True
sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "vectors"))

import bundles
import reading
import signatures
from comity import chain, proofs, shapes
from comity.forms import Unfit
from comity.hashing import consortium_id
from contents import claimed, said, signed
from words import explained

VERIFIED, USAGE, UNVERIFIED = 0, 2, 5
PROGRESS_S = 2
JUDGED = {"same": "judged as it was", "otherwise": "NOT judged as it was"}


def arguments():
    """What was asked for."""
    parser = argparse.ArgumentParser(
        description="Verifies an archive, a proof or an evidence bundle of a Comity log against its genesis.",
        epilog="Exit codes: 0 verified, 5 not verified, 2 wrong usage.",
    )
    parser.add_argument("genesis", metavar="GENESIS.json", help="the consortium's genesis")
    parser.add_argument("file", metavar="FILE", help="an archive, a proof or a bundle")
    parser.add_argument("--max-age", type=seconds, metavar="SECONDS",
                        help="refuse what speaks of a time longer ago than this")
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    parser.add_argument("--signatures", choices=("library", "pure"), default="library",
                        help="who checks signatures: `cryptography` if it is there, or Python alone")
    return parser.parse_args()


def seconds(text):
    """A number of seconds."""
    if not (text.isascii() and text.isdigit() and len(text) < 12):
        raise argparse.ArgumentTypeError(f"{text!r} is not a number of seconds")
    return int(text)


def moment(time_ms):
    """A time as people write it, where it can be written."""
    try:
        at = datetime.datetime.fromtimestamp(time_ms / 1000, datetime.timezone.utc)
    except (OverflowError, ValueError, OSError):
        return f"{time_ms} ms"
    return at.strftime("%Y-%m-%d %H:%M:%S UTC")


def verify(genesis, path, progress):
    """What a file shows, as plain values, `fault` among them where it shows nothing."""
    with open(path, "rb") as file:
        magic = file.read(8)
    if magic == proofs.MAGIC:
        return proof(genesis, path)
    if magic == chain.MAGIC:
        return archive(genesis, path, progress)
    if magic[:4] == bundles.MAGIC:
        return bundles.verify(genesis, reading.read_up_to(path, bundles.MAX_BYTES))
    return {"kind": "unknown", "fault": "not-known"}


def archive(genesis, path, progress):
    """A whole log."""
    replay = chain.Replay(genesis)
    with open(path, "rb") as file:
        found = replay.verify(file, progress)
    if "fault" in found:
        return {"kind": "archive", **found}
    set_then, signed = replay.ledger.tip_validators, {s["validator"] for s in replay.last["signatures"]}
    agencies = [v["agency"] for v in set_then if v["key"] in signed]
    return {"kind": "archive", **found, "time": replay.ledger.time, "signed_by": agencies,
            "validators": len(set_then)}


def proof(genesis, path):
    """A proof file."""
    data = reading.read_up_to(path, proofs.MAX_BYTES)
    if len(data) > proofs.MAX_BYTES:
        return {"kind": "proof", "fault": "damaged"}
    try:
        found = proofs.verify(genesis, data)
    except Unfit as unfit:
        return {"kind": "proof", "fault": unfit.name}
    return {**found, **said(*proofs.read(data))}


def old(found, max_age_s, now_ms):
    """The same, refused where it speaks of a time too long ago."""
    if max_age_s is None or "fault" in found:
        return found
    if max(found.get("times", [found["time"]])) >= now_ms - max_age_s * 1000:
        return found
    return {**found, "fault": "too-old"}


def shown(genesis, found):
    """What was checked and what it shows, line by line."""
    kind, at = found["kind"], f"block {found['height']} of {moment(found['time'])}"
    trust = [f"{at} is certified by more than two thirds of its validators",
             "every change of the validators since the genesis is certified by those before it"]
    lines = {
        "archive": lambda: [
            f"every block from 1 to {found['height']} follows from the one before it, by the rules",
            f"each of its {found['entries']} entries is signed, and was allowed where it stands",
            f"each block is certified by more than two thirds of its validators; the last, of "
            f"{moment(found['time'])}, by {', '.join(found['signed_by'])}",
            "NOT shown: that no newer block exists; that what was signed is true",
        ],
        "receipt": lambda: trust + [
            f"entry {found['index']} stands on the log, in that block, with valid signatures:",
            f"  {signed(found['statement'])}",
            "NOT shown: that what was signed is true; what became of it later",
        ],
        "extract": lambda: trust + [
            "after that block the state held:",
            *(f"  {claim}" for claim in claimed(found["claims"])),
            "NOT shown: anything later than that block",
        ],
        "extension": lambda: trust + [
            f"the log of that block begins with all of the log of block {found['earlier']}",
            "NOT shown: anything later than that block",
        ],
        "fork": lambda: trust + [
            f"a DIFFERENT block {found['height']} is certified just the same: the log was forked",
            *(f"{agency}: {verdict}" for agency, verdict in found["judged"]),
        ],
        "collection": lambda: trust + [
            "these entries stand on the log, each in a block certified like it, with valid signatures:",
            *(f"  {e['index']}, since block {e['height']} of {moment(e['time'])}: {signed(e['statement'])}"
              for e in found["collected"]),
            "NOT shown: that these are all; that what was signed is true; what became of it later",
        ],
    }
    lines["bundle"] = lambda: trust + bundle_lines(found)
    return [f"consortium: {genesis['name']} ({consortium_id(shapes.GENESIS.put(genesis)).hex()})",
            *lines[kind]()]


def bundle_lines(found):
    """What a bundle shows, line by line."""
    openings = found["openings"]
    judged = [f"  {at}: {JUDGED.get(verdict, f'cannot be judged again from this alone ({verdict})')}"
              for at, verdict in found["judgements"].items()]
    return [
        f"the case: {json.dumps(found['case'], ensure_ascii=False)}",
        "its entries, each in a block certified like that one:",
        *(f"  {e['index']}, since block {e['height']} of {moment(e['time'])}: {signed(e['statement'])}"
          for e in found["collected"]),
        "after the block above the state held:",
        *(f"  {claim}" for claim in claimed(found["claims"])),
        *(f"accesses under {grant}: {counts['shown']} of {counts['total']} are here"
          for grant, counts in found["accesses"].items()),
        *(f"entries with accesses in an emergency, {use}: {counts['shown']} of {counts['total']} are here"
          for use, counts in found["urgent"].items()),
        *(["accesses and denials, judged again by the rules:", *judged] if judged else []),
        *(f"entry {at} sealed: {json.dumps(opened, ensure_ascii=False)}" for at, opened in openings.items()),
        f"by its own words it was made by {found['exported']['program']} from the node of "
        f"{found['exported']['node']}; nothing proves that",
        "NOT checked: that the summaries say the same"
        + (f"; {found['timestamps']} time stamps" if found["timestamps"] else ""),
        "NOT shown: that no denial and no other grant is missing; that what was signed is true; accesses that "
        "passed no gateway; anything later than that block",
    ]


def report(args, genesis, found, backend, elapsed_s):
    """Says what was found. Returns the exit code."""
    fault = found.get("fault")
    measured = {"signatures_checked": backend.checked, "signatures_by": backend.name,
                "elapsed_s": round(elapsed_s, 3)}
    if args.json:
        print(json.dumps({"verified": fault is None, **found, **measured}))
        return UNVERIFIED if fault else VERIFIED
    if fault is None:
        print(f"VERIFIED: {found['kind']}")
        print("\n".join(f"  {line}" for line in shown(genesis, found)))
    else:
        for check in found.get("checks", []):
            print(f"  {check['check']}: {check['result']} {check.get('fault', '')}".rstrip())
        where = f" at block {found['height']}" if found["kind"] == "archive" and "height" in found else ""
        print(f"NOT VERIFIED{where}: {explained(fault)}")
        print(f"  reason: {fault}")
    rate = ""
    if "entries" in found:
        rate = f", {round(found['entries'] / max(elapsed_s, 0.001))} entries/s"
    print(f"  {backend.checked} signatures checked by {backend.name} in {elapsed_s:.2f} s{rate}")
    return UNVERIFIED if fault else VERIFIED


def shower(args):
    """Tells on a terminal how far an archive is."""
    last = [time.monotonic()]

    def progress(ledger):
        if not args.json and sys.stderr.isatty() and time.monotonic() - last[0] > PROGRESS_S:
            last[0] = time.monotonic()
            print(f"block {ledger.height}, {ledger.log.size} entries", file=sys.stderr)

    return progress


def main():
    """Verifies; whatever the input, it ends with a word and a code."""
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="backslashreplace")
    args = arguments()
    backend = signatures.choose(args.signatures)
    genesis, began = None, time.monotonic()
    try:
        genesis = reading.genesis(args.genesis)
        backend.checked, began = 0, time.monotonic()
        found = verify(genesis, args.file, shower(args))
        found = old(found, args.max_age, int(time.time() * 1000))
    except OSError as error:
        print(f"{error.filename}: {error.strerror}", file=sys.stderr)
        return USAGE
    except Unfit as unfit:
        found = {"kind": "genesis", "fault": unfit.name}
    except (Exception, RecursionError, MemoryError) as error:
        found = {"kind": "unknown", "fault": "unverified", "cause": f"{type(error).__name__}: {error}"}
    return report(args, genesis, found, backend, time.monotonic() - began)


if __name__ == "__main__":
    sys.exit(main())
