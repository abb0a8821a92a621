#!/usr/bin/env python3
"""Makes files that were tampered with, and says why each is refused: `tamper.py DIRECTORY [--seed N]`.

Writes genesis.json, the files, and manifest.json: `seed`, `genuine` and `tampered`, each a list of
{`what`, `file`, `as` (`archive`, `proof` or `bundle`), `fault` (null: it verifies), `more` (of a bundle, the
faults of the checks after the first that fails), `counts` (of a genuine bundle, `accesses` by grant and `urgent` by emergency and
agency: how many are `shown` of how many in `total`), `height` (of an archive's block, where the fault has one), `loose` (the bytes of a value were hit, and docs/formats.md,
"Encoding", does not fix which of several faults is reported)}. Fails where one is not refused, or
not by the name that is the only right one.
"""

import argparse
import json
import pathlib
import random
import sys

sys.dont_write_bytecode = True
sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "vectors"))

import bundles
import genuine_bundles
import signatures
import tampered_archives
import tampered_bundles
import tampered_proofs
from cases import world as w
from comity import proofs
from comity.chain import verify_archive
from comity.forms import Unfit
from genuine_answering import ANSWERED
from genuine_forces import FORCED
from genuine_bound import BOUND

SEED = 5


def verdict(kind, data):
    """What the verifier says of a file."""
    if kind == "archive":
        return verify_archive(w.GENESIS, data)
    if kind == "bundle":
        return bundles.verify(w.GENESIS, data)
    try:
        return proofs.verify(w.GENESIS, data)
    except Unfit as unfit:
        return {"fault": unfit.name}


def counts(found):
    """How many accesses are in a bundle, of how many."""
    return {name: found[name] for name in ("accesses", "urgent")}


def genuine():
    """Files that verify."""
    for name, story in tampered_archives.STORIES:
        yield name, "archive", story.archive()
    yield "bound", "archive", BOUND.archive()
    yield "answering", "archive", ANSWERED.archive()
    yield "forces", "archive", FORCED.archive()
    for kind, proof in tampered_proofs.GENUINE.items():
        yield kind, "proof", proofs.proof_file(proof)
    for what, case in genuine_bundles.GENUINE:
        yield what, "bundle", case.packed()
    for what, data in tampered_bundles.rest():
        yield what, "bundle", data


def tampered(seed):
    """(what, kind, bytes, due, loose) of all that is tampered with, each once."""
    seen = set()
    sources = (
        ("archive", tampered_archives), ("proof", tampered_proofs), ("bundle", tampered_bundles))
    for kind, source in sources:
        for what, data, due, loose in source.tampered(random.Random(seed)):
            if (kind, data) not in seen:
                seen.add((kind, data))
                yield what, kind, data, due, loose


def main():
    """Writes the files and their manifest."""
    parser = argparse.ArgumentParser(description="Makes files that were tampered with.")
    parser.add_argument("directory", type=pathlib.Path)
    parser.add_argument("--seed", type=int, default=SEED)
    args = parser.parse_args()
    signatures.choose()
    args.directory.mkdir(parents=True, exist_ok=True)
    (args.directory / "genesis.json").write_text(json.dumps(w.GENESIS))
    wrong, lists = [], {"genuine": [], "tampered": []}
    cases = [("genuine", *case, None, False) for case in genuine()]
    cases += [("tampered", *case) for case in tampered(args.seed)]
    for number, (group, what, kind, data, due, loose) in enumerate(cases):
        found, name = verdict(kind, data), f"{number:03}.{kind}"
        (args.directory / name).write_bytes(data)
        fault = found.get("fault")
        if (fault is None) != (group == "genuine") or (due and not fault.startswith(due)):
            wrong.append(f"{what}: {fault}, due: {due}")
        height = found.get("height") if fault and kind == "archive" else None
        faults = [check["fault"] for check in found.get("checks", []) if "fault" in check]
        lists[group].append({"what": what, "file": name, "as": kind, "fault": fault, "more": faults[1:],
                             "counts": counts(found) if kind == "bundle" and group == "genuine" else None,
                             "height": height, "loose": loose})
    manifest = json.dumps({"seed": args.seed, **lists}, indent=0)
    (args.directory / "manifest.json").write_text(manifest)
    faults = {case["fault"] for case in lists["tampered"]}
    print(f"seed {args.seed}: {len(lists['tampered'])} tampered files, refused for {len(faults)} "
          f"reasons; {len(lists['genuine'])} genuine ones")
    if wrong:
        sys.exit("not as they should be:\n" + "\n".join(wrong))


if __name__ == "__main__":
    main()
