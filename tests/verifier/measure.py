#!/usr/bin/env python3
"""Makes an archive of so many accesses and verifies it: `measure.py [ENTRIES] [--pure-entries N]`.

Says how many entries a second the verifier takes with each back end, beside the bare rate of
signatures, and how much memory. Needs `cryptography`, to sign quickly.
"""

import pathlib
import resource
import subprocess
import sys
import tempfile
import time

sys.dont_write_bytecode = True
HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "vectors"))

import json

import signatures
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from comity import ed25519

signatures.choose()
PRIVATE = {}


def sign(seed, message):
    """A signature by the library."""
    if seed not in PRIVATE:
        PRIVATE[seed] = Ed25519PrivateKey.from_private_bytes(seed)
    return PRIVATE[seed].sign(message)


ed25519.sign = sign

from cases import world as w
from comity import shapes
from comity.chain import MAGIC, frame
from comity.hashing import consortium_id

BLOCK_RECORDS = 256


def roomy():
    """The genesis of the vectors, with blocks of many records."""
    room = {"block_records": BLOCK_RECORDS, "agency_records": BLOCK_RECORDS,
            "block_bytes": 1 << 20, "agency_bytes": 1 << 20}
    return {**w.GENESIS, "params": {**w.GENESIS["params"], **room}}


def make(path, entries):
    """Writes an archive with about so many accesses. Returns its genesis."""
    genesis = roomy()
    consortium = consortium_id(shapes.GENESIS.put(genesis))
    w.CONSORTIUM = consortium
    for name in (w.statement, w.register, w.certificate, w.vote):
        name.__defaults__ = tuple(
            consortium if isinstance(d, bytes) else d for d in name.__defaults__)
    chain = w.Chain(genesis)
    chain.push(w.first_records(), w.TIMES[0])
    chain.push(w.second_records(), w.TIMES[1])
    with open(path, "wb") as file:
        file.write(MAGIC + consortium)
        made, time_ms = 0, w.TIMES[2]
        while made < entries:
            records = [
                w.record("health gateway", w.access(w.attempt(f"m{made + n}", "G11"), number=made + n + 1),
                         f"m{made + n}", time_ms + w.VALIDITY)
                for n in range(min(BLOCK_RECORDS, entries - made))
            ]
            chain.push(records, time_ms)
            made, time_ms = made + len(records), time_ms + 1_000
            for block in chain.blocks:
                file.write(frame(1, shapes.BLOCK.put(block)))
            chain.blocks.clear()
            print(f"\r{made} entries", end="", file=sys.stderr)
        file.write(frame(2, shapes.COMMIT_CERTIFICATE.put(chain.certificate)))
    print(file=sys.stderr)
    return genesis


def bare(implementation, count):
    """Signatures a second, without anything around them."""
    message = bytes(600)
    pairs = [(seed, ed25519.sign(seed, message)) for seed in (bytes([n] * 32) for n in range(8))]
    began = time.perf_counter()
    for n in range(count):
        seed, signature = pairs[n % 8]
        assert implementation(ed25519.public_key(seed), message, signature)
    return count / (time.perf_counter() - began)


def verified(genesis, path, backend):
    """What the verifier says of itself, and its memory in MiB."""
    run = subprocess.run(
        [sys.executable, str(HERE / "verify.py"), genesis, path, "--json", "--signatures", backend],
        capture_output=True, text=True, check=True)
    children = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss
    return json.loads(run.stdout), children // 1024


def main():
    """Measures."""
    numbers = [int(word) for word in sys.argv[1:] if word.isdigit()]
    entries, few = (numbers + [10_000, 300])[:2] if len(numbers) != 1 else (numbers[0], 300)
    with tempfile.TemporaryDirectory() as directory:
        for count, backend, implementation in (
            (few, "pure", signatures.Pure()), (entries, "library", signatures.Library()),
        ):
            path, founding = f"{directory}/{backend}.comity", f"{directory}/{backend}.json"
            pathlib.Path(founding).write_text(json.dumps(make(path, count)))
            found, mib = verified(founding, path, backend)
            rate = found["entries"] / found["elapsed_s"]
            size = pathlib.Path(path).stat().st_size / 2**20
            print(f"{backend}: {found['entries']} entries ({size:.1f} MiB) in {found['elapsed_s']} s, "
                  f"{rate:.0f} entries/s, {found['signatures_checked']} signatures, {mib} MiB; "
                  f"bare: {bare(implementation, 200 if backend == 'pure' else 5_000):.0f} signatures/s")


if __name__ == "__main__":
    main()
