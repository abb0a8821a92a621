"""Proof files that the vectors do not hold, made with their second implementation: a receipt for every action, and receipts
after many changes of the validators.

Holds: everything is signed by the keys of the vectors; nothing is drawn at random.
"""

import json
import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "vectors"))

from cases.trusting import FIRST, SECOND, certified, change, header  # noqa: E402  (the path above)
from comity.hashing import leaf_hash  # noqa: E402
from comity.proofs import proof_file  # noqa: E402


def receipt(record, changes=0):
    """The file of a receipt for the only entry of a log, after so many changes of the validators."""
    sets = [FIRST, SECOND]
    done = [change(2 + n, sets[n % 2], sets[(n + 1) % 2]) for n in range(changes)]
    members = sets[changes % 2]
    end = header(2 + changes, members, first_index=0, log_size=1, log_root=leaf_hash(record).hex())
    path = {"changes": done, **certified(end, members)}
    return proof_file({"receipt": {"index": 0, "record": record.hex(), "inclusion": [], "path": path}})


def claims(count):
    """The file of an extract with so many claims, of which none holds."""
    bare = {"value": None, "proof": {"siblings": [], "end": "empty"}}
    held = [{**bare, "key": at.to_bytes(3, "big").hex()} for at in range(count)]
    return proof_file({"extract": {"claims": held, "path": {"changes": [], **certified(header(2, FIRST), FIRST)}}})


def actions(source):
    """(kind, file) for each statement of statements.json."""
    for case in json.loads(source)["cases"]:
        if "record" in case:
            yield case["statement"]["action"]["kind"], receipt(bytes.fromhex(case["record"]))
