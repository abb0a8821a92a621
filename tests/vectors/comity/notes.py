"""Signed notes, checkpoints and cosignatures (docs/formats.md, "Checkpoints"; C2SP)."""

import base64
import binascii

from . import ed25519
from .forms import require
from .hashing import sha256

DASH = "\u2014"
ED25519, COSIGNATURE = 1, 4
MAX_BYTES, MAX_LINES = 65_536, 64


def origin(consortium):
    """The origin line of a consortium's log."""
    return "comity/" + consortium.hex()


def key_id(name, kind, key):
    """The first four bytes of a hash over name, kind and key."""
    return sha256(name.encode(), b"\n", bytes([kind]), key)[:4]


def written(name, kind, key):
    """A key as tools for transparency logs write it."""
    body = base64.b64encode(bytes([kind]) + key).decode()
    return f"{name}+{key_id(name, kind, key).hex()}+{body}"


def line(name, kind, key, signature):
    """A signature line."""
    body = base64.b64encode(key_id(name, kind, key) + signature).decode()
    return f"{DASH} {name} {body}\n"


def checkpoint(consortium, size, root):
    """A checkpoint's text."""
    return f"{origin(consortium)}\n{size}\n{base64.b64encode(root).decode()}\n"


def cosigned(text, time):
    """What a witness signs."""
    return f"cosignature/v1\ntime {time}\n{text}".encode()


def parse(data):
    """(text, [(name, id, signature)]). Errors: `Unfit`."""
    require(len(data) <= MAX_BYTES, "too-long")
    try:
        whole = data.decode()
    except UnicodeDecodeError:
        require(False, "not-text")
    require(all(byte >= 32 or byte == 10 for byte in data), "not-text")
    text, gap, lines = whole.rpartition("\n\n")
    require(gap and text.strip("\n") and lines.endswith("\n"), "shape")
    lines = lines[:-1].split("\n")
    require(len(lines) <= MAX_LINES, "too-long")
    return text + "\n", [signature(one) for one in lines]


def signature(text):
    """A signature line's parts."""
    parts = text.split(" ")
    require(len(parts) == 3 and parts[0] == DASH and parts[1] and "+" not in parts[1], "line")
    try:
        body = base64.b64decode(parts[2], validate=True)
    except binascii.Error:
        require(False, "line")
    require(len(body) > 4 and base64.b64encode(body).decode() == parts[2], "line")
    return parts[1], body[:4], body[4:]


def verify(data, key, consortium):
    """(size, root) of a checkpoint that a node's key signed. Errors: `Unfit`."""
    text, lines = parse(data)
    name = origin(consortium)
    ours = [body for who, ident, body in lines
            if (who, ident) == (name, key_id(name, ED25519, key))]
    require(ours, "unknown-keys")
    for body in ours:
        require(len(body) == 64 and ed25519.verify(key, text.encode(), body), "bad-signature")
    parts = text[:-1].split("\n")
    require(len(parts) >= 3 and all(parts), "not-a-checkpoint")
    size, root = parts[1], parts[2]
    require(size.isascii() and size.isdigit() and str(int(size)) == size, "not-a-checkpoint")
    require(int(size) < 1 << 64, "not-a-checkpoint")
    try:
        digest = base64.b64decode(root, validate=True)
    except binascii.Error:
        require(False, "not-a-checkpoint")
    require(len(digest) == 32 and base64.b64encode(digest).decode() == root, "not-a-checkpoint")
    require(parts[0] == name, "other-log")
    return int(size), digest
