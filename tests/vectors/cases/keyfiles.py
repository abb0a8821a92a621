"""keyfiles.json: key files, plain and sealed, good and refused; key cards."""

import copy

from comity import shapes
from comity.argon2id import argon2id
from comity.hashing import NO_CONSORTIUM
from comity.wire import Struct
from comity.xchacha import seal

from . import world as w

BOUND = Struct(
    ("format", shapes.Text(64)), ("agency", shapes.AGENCY_ID), ("role", shapes.KEY_ROLE),
    ("post", shapes.Text(96)), ("public_key", shapes.PUBLIC_KEY),
)
NAME, PASSPHRASE = "health steward", "correct horse 电池 staple"


def head(post="Head of the data office"):
    """What a file says beside the secret."""
    return {
        "format": "comity-key-1", "agency": "health.gd", "role": "steward", "post": post,
        "public_key": w.public(NAME),
    }


def sealed(said, passphrase, memory=64, passes=1, lanes=1, label="first"):
    """A sealed key file, and the associated data."""
    salt, nonce = bytes.fromhex(w.short(label)), bytes.fromhex(w.short(label + " nonce", 24))
    key = argon2id(passphrase.encode(), salt, memory, passes, lanes, 32)
    bound = BOUND.put(said)
    secret = {
        "kdf": "argon2id", "memory_kib": memory, "passes": passes, "lanes": lanes,
        "salt": salt.hex(), "cipher": "xchacha20-poly1305", "nonce": nonce.hex(),
        "box": seal(key, nonce, w.seed(NAME), bound).hex(),
    }
    return {**said, "secret": {"sealed": secret}}, bound


def opening():
    """Files that open."""
    seed = w.seed(NAME).hex()
    yield {"what": "plain", "file": {**head(), "secret": {"plain": seed}}, "seed": seed}
    plans = [
        ("sealed", PASSPHRASE, head(), {}),
        ("without a post", "p", head(""), {"label": "second"}),
        ("two lanes, three passes", PASSPHRASE * 30, head(),
         {"memory": 130, "passes": 3, "lanes": 2, "label": "third"}),
    ]
    for what, passphrase, said, how in plans:
        file, bound = sealed(said, passphrase, **how)
        yield {"what": what, "file": file, "passphrase": passphrase, "bound": bound.hex(),
               "seed": seed}


def changed(what, refused, *changes, passphrase=PASSPHRASE):
    """A file that was good before these members were set."""
    file = copy.deepcopy(sealed(head(), PASSPHRASE)[0])
    for place, value in changes:
        *way, last = place.split("/")
        inside = file
        for step in way:
            inside = inside[step]
        inside[last] = value
    return {"what": what, "file": file, "passphrase": passphrase, "refused": refused}


def refused():
    """Files that do not open."""
    wrong, inside = "wrong-passphrase", "secret/sealed/"
    yield changed("another passphrase", wrong, passphrase=PASSPHRASE + " ")
    for place, value in [
        ("agency", "tax.gd"), ("role", "officer"), ("post", "Another post"),
        ("public_key", w.public("health officer")), (inside + "passes", 2),
        (inside + "salt", "00" * 16), (inside + "nonce", "00" * 24), (inside + "box", "00" * 48),
    ]:
        yield changed(f"{place} exchanged", wrong, (place, value))
    for memory, passes, lanes in [
        (1_048_577, 1, 1), (1_048_576, 5, 1), (64, 17, 1), (64, 0, 1), (1024, 1, 9), (1024, 1, 0),
        (7, 1, 1), (15, 1, 2), (4_294_967_295, 4_294_967_295, 4_294_967_295),
    ]:
        changes = [("memory_kib", memory), ("passes", passes), ("lanes", lanes)]
        what = f"{memory} KiB, {passes} passes, {lanes} lanes"
        yield changed(what, "cost", *[(inside + name, value) for name, value in changes])
    yield changed("another derivation", "unknown-sealing", (inside + "kdf", "scrypt"))
    yield changed("another cipher", "unknown-sealing", (inside + "cipher", "aes-256-gcm"))
    yield changed("a short box", "damaged", (inside + "box", "00" * 47))
    yield changed("no digits", "damaged", (inside + "salt", "z" * 32))
    yield changed("an unknown member", "unreadable", ("note", ""))
    yield changed("an unknown member inside", "unreadable", (inside + "version", 1))
    yield changed("both secrets", "unreadable", ("secret/plain", w.seed(NAME).hex()))
    other = {**head(), "secret": {"plain": w.seed("health officer").hex()}}
    yield {"what": "a seed of another key", "file": other, "refused": "mismatch"}
    plain = {**head(), "secret": {"plain": w.seed(NAME).hex()}}
    yield {"what": "another format", "file": {**plain, "format": "comity-key-2"},
           "refused": "format"}
    yield {"what": "a short seed", "file": {**head(), "secret": {"plain": "00" * 31}},
           "refused": "damaged"}


def cards():
    """Cards, true and forged."""
    for consortium in (NO_CONSORTIUM, bytes([9] * 32)):
        said = {**head(), "format": "comity-key-card-1", "consortium": consortium.hex()}
        proof = w.possession(NAME, "health.gd", "steward", consortium)
        card = {**said, "possession": proof}
        yield {"what": "card", "card": card, "proven": True}
        yield {"what": "another role", "card": {**card, "role": "admin"}, "proven": False}
        yield {"what": "another agency", "card": {**card, "agency": "tax.gd"}, "proven": False}
        other = bytes([consortium[0] ^ 1]) + consortium[1:]
        yield {"what": "another consortium", "card": {**card, "consortium": other.hex()},
               "proven": False}


def cases():
    """The cases of keyfiles.json."""
    yield from opening()
    yield from refused()
    yield from cards()
