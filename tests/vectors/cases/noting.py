"""checkpoints.json: checkpoints of the log, signed by a node's note key, and what is none."""

import base64

from comity import ed25519
from comity.forms import Unfit
from comity.notes import (
    COSIGNATURE, DASH, ED25519, checkpoint, cosigned, key_id, line, origin, verify, written,
)

from . import world as w

SEED = w.seed("data.gd note")
KEY = ed25519.public_key(SEED)
OTHER = w.seed("health.gd validator")
NAME = origin(w.CONSORTIUM)
TIP = w.CHAIN.blocks[-1]["header"]
TEXT = checkpoint(w.CONSORTIUM, TIP["log_size"], bytes.fromhex(TIP["log_root"]))
WITNESS, SEEN = "witness.example/w1", 1_800_000_000


def signed(text, seed=SEED, name=NAME):
    """A note of a text."""
    key = ed25519.public_key(seed)
    return text + "\n" + line(name, ED25519, key, ed25519.sign(seed, text.encode()))


def cosignature(text):
    """A witness's line."""
    body = SEEN.to_bytes(8, "big") + ed25519.sign(OTHER, cosigned(text, SEEN))
    return line(WITNESS, COSIGNATURE, ed25519.public_key(OTHER), body)


def notes():
    """What is read, good and bad."""
    good = signed(TEXT)
    size, root = str(TIP["log_size"]), base64.b64encode(bytes.fromhex(TIP["log_root"])).decode()
    yield "the newest block's log", good
    yield "the empty log", signed(checkpoint(w.CONSORTIUM, 0, bytes(32)))
    yield "with a witness's cosignature", good + cosignature(TEXT)
    yield "with a line of somebody else's first", TEXT + "\n" + cosignature(TEXT) + good[len(TEXT) + 1:]
    yield "with an extension", signed(TEXT + "more\n")
    yield "nothing", ""
    yield "no signature", TEXT
    yield "no line after the gap", TEXT + "\n"
    yield "no newline at the end", good[:-1]
    yield "a tab", good.replace(size, size + "\t")
    yield "a hyphen for the dash", good.replace(DASH, "-")
    yield "a signature that is no base64", good[:-2] + "!\n"
    yield "a signature line too many", good + good[len(TEXT) + 1:] * 64
    yield "another size under the signature", good.replace(f"\n{size}\n", "\n7\n")
    yield "signed by another's key", signed(TEXT, OTHER)
    yield "signed under another name", signed(TEXT, SEED, "comity/elsewhere")
    bent = line(NAME, ED25519, KEY, bytes(64))
    yield "a false signature", TEXT + "\n" + bent
    short = line(NAME, ED25519, KEY, bytes(63))
    yield "a signature too short", TEXT + "\n" + short
    yield "a good and a false signature", good + bent
    yield "a leading zero", signed(TEXT.replace(f"\n{size}\n", f"\n0{size}\n"))
    yield "a size that is none", signed(TEXT.replace(f"\n{size}\n", "\nmany\n"))
    yield "a size beyond 64 bits", signed(TEXT.replace(f"\n{size}\n", f"\n{1 << 64}\n"))
    yield "a root too short", signed(TEXT.replace(root, root[4:]))
    yield "two lines", signed(f"{NAME}\n{size}\n")
    other = checkpoint(bytes(32), TIP["log_size"], bytes.fromhex(TIP["log_root"]))
    yield "another log", signed(other)


def cases():
    """The cases of checkpoints.json."""
    for what, text in notes():
        try:
            size, root = verify(text.encode(), KEY, w.CONSORTIUM)
            shows, fault = {"size": size, "root": root.hex()}, None
        except Unfit as unfit:
            shows, fault = None, unfit.name
        yield {"what": what, "note": text, "shows": shows, "fault": fault}


SHARED = {
    "consortium": w.CONSORTIUM.hex(), "key": written(NAME, ED25519, KEY),
    "witness": written(WITNESS, COSIGNATURE, ed25519.public_key(OTHER)),
    "key_id": key_id(NAME, ED25519, KEY).hex(), "seen": SEEN,
}
