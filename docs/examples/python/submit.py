#!/usr/bin/env python3
"""Opens a request 共享申请: builds the record, signs it and submits it to a node.

Written from docs/formats.md and docs/api.md alone; the names in quotation marks below are
sections of docs/formats.md. Needs Python 3.9 and the package `cryptography`.

    python3 submit.py --key officer.key --consortium ID --dataset health.gz/vaccinations \
        --item vaccine --matter SCHOOL-ENROLMENT --duty-basis DEPARTMENT-MANDATE --days 90
"""

import argparse
import hashlib
import json
import os
import struct
import sys
import time
import unicodedata
import urllib.error
import urllib.request

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

MINUTE_MS = 60 * 1000
DAY_MS = 24 * 60 * MINUTE_MS
# Numbers of variants, from the tables of "Keys", "Statements" and "Grants".
ROLE_OFFICER, CAPACITY_AGENCY, ACTION_OPEN_REQUEST = 5, 0, 13
ITEMS_ALL, ITEMS_ONLY = 0, 1
OFFICERS_ALL = 0
MODES = {"verify": 0, "query": 1, "batch": 2}


# --- "Encoding": little-endian integers, lengths before what they count. ---

def u16(number): return struct.pack("<H", number)
def u32(number): return struct.pack("<I", number)
def u64(number): return struct.pack("<Q", number)


def text(string):
    """A `String`, in the normal form that whoever writes a statement brings it to ("Text")."""
    encoded = unicodedata.normalize("NFC", string).encode("utf-8")
    return u64(len(encoded)) + encoded


def several(parts):
    """A `List` of parts that are already encoded."""
    return u64(len(parts)) + b"".join(parts)


def names(strings):
    """A `Set` of names: strictly ascending by their bytes, without their lengths."""
    return several([text(name) for name in sorted(set(strings), key=lambda s: s.encode("utf-8"))])


def option(encoded):
    """An `Option`: None, or a value that is already encoded."""
    return b"\x00" if encoded is None else b"\x01" + encoded


def preimage(tag, consortium, body):
    """What is hashed and signed ("Domain separation")."""
    return bytes([len(tag)]) + tag + consortium + u64(len(body)) + body


# --- What is asked for, and the statement that says so. ---

def grant_terms(asked, requester, now):
    """`GrantTerms` ("Grants"): no quota is asked for here, no condition, and nothing else that binds."""
    agency, slug = asked.dataset.split("/")
    items = u32(ITEMS_ONLY) + names(asked.item) if asked.item else u32(ITEMS_ALL)
    return b"".join([
        text(agency) + text(slug),                                   # dataset
        text(requester),                                             # requester
        names(asked.matter),                                         # matters
        text(asked.duty_basis),                                      # duty_basis
        items,                                                       # items
        several([u32(n) for n in sorted({MODES[m] for m in asked.mode})]),  # modes
        u64(now), u64(now + asked.days * DAY_MS),                    # not_before, not_after
        option(None), option(None),                                  # total_quota, daily_quota
        several([]),                                                 # conditions: none
        u32(OFFICERS_ALL), several([]), several([]),                 # officers, onward, undertakings
        option(None),                                                # task_force: none
    ])


def request_terms(asked, requester, now):
    """`RequestTerms` ("Requests")."""
    needed_by = None if asked.needed_in is None else u64(now + asked.needed_in * DAY_MS)
    return b"".join([
        grant_terms(asked, requester, now),                          # asked
        b"\x00",                                                     # once: false
        option(needed_by),                                           # needed_by
        option(None),                                                # bundle
    ])


def statement(consortium, key, action, now):
    """`Statement` ("Statements"), by one signer."""
    signer = text(key["agency"]) + bytes.fromhex(key["public_key"]) \
        + u32(ROLE_OFFICER) + u32(CAPACITY_AGENCY)
    return b"".join([
        u16(1),                                                      # version
        consortium,                                                  # consortium
        os.urandom(16),                                              # nonce
        u64(now + 10 * MINUTE_MS),                                   # valid_until
        several([signer]),                                           # signers
        several([]),                                                 # sealed
        action,                                                      # action
    ])


# --- The node. ---

def ask(url, body=None):
    """Status and JSON of an answer; a problem (RFC 9457) is an answer too."""
    headers = {} if body is None else {"Content-Type": "application/octet-stream"}
    try:
        with urllib.request.urlopen(urllib.request.Request(url, body, headers), timeout=45) as answer:
            return answer.status, json.load(answer)
    except urllib.error.HTTPError as problem:
        return problem.code, json.load(problem)


def submit(node, record):
    """Submits until the outcome is known. The identical bytes may be sent again: they have the
    effect of one record, however often they arrive."""
    for attempt in range(1, 6):
        try:
            status, answer = ask(node + "/v1/records?wait=commit", record)
            if status not in (503, 504):
                return status, answer
        except OSError as fault:
            status, answer = 0, {"detail": str(fault)}
        print(f"attempt {attempt}: {answer.get('detail')}", file=sys.stderr)
        time.sleep(attempt)
    return status, answer


def arguments():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--node", default="http://127.0.0.1:8080")
    parser.add_argument("--key", required=True, help="the officer's key file, without a passphrase")
    parser.add_argument("--consortium", required=True, help="its id, as your office was told it")
    parser.add_argument("--dataset", required=True)
    parser.add_argument("--item", action="append", help="repeat for several; none means all")
    parser.add_argument("--matter", action="append", required=True)
    parser.add_argument("--duty-basis", required=True)
    parser.add_argument("--mode", action="append", choices=MODES, help="verify where not given")
    parser.add_argument("--days", type=int, default=90, help="how long the grant shall last")
    parser.add_argument("--needed-in", type=int, help="days within which a reply is needed")
    asked = parser.parse_args()
    asked.mode = asked.mode or ["verify"]
    return asked


def main():
    asked = arguments()
    with open(asked.key, encoding="utf-8") as file:
        key = json.load(file)
    # "Key files": here a plain one; to open a sealed one takes argon2id and XChaCha20-Poly1305.
    seed = bytes.fromhex(key["secret"]["plain"])
    secret = Ed25519PrivateKey.from_private_bytes(seed)
    consortium = bytes.fromhex(asked.consortium)

    _, status = ask(asked.node + "/v1/status")
    if status["consortium"] != asked.consortium:
        sys.exit(f"the node belongs to another consortium: {status['consortium']}")
    # The later of two clocks, so that a slow one here makes no statement that is over already.
    now = max(int(time.time() * 1000), status["time"])

    action = u32(ACTION_OPEN_REQUEST) + request_terms(asked, key["agency"], now)
    signed = preimage(b"comity/statement/1", consortium, body := statement(consortium, key, action, now))
    record = body + several([secret.sign(signed)])
    record_id = hashlib.sha256(signed).hexdigest()

    code, answer = submit(asked.node, record)
    print(json.dumps(answer, indent=2, ensure_ascii=False))
    if code != 200:
        sys.exit(1)
    assert answer["record_id"] == record_id, "the node committed something else"
    assert answer["leaf_hash"] == hashlib.sha256(b"\x00" + record).hexdigest()
    print(f"request R{answer['index']} is open", file=sys.stderr)


if __name__ == "__main__":
    main()
