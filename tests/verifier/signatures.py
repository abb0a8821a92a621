"""Who checks signatures: the `cryptography` library, where it is installed, or the pure code.

Holds: both answer by the same predicate, that of docs/formats.md, "Signatures"; a library that does
not is found out at the start and not used.
"""

import functools

from comity import ed25519

# The y coordinates of the points of order 1, 2 and 4.
TORSION_Y = {0, 1, ed25519.P - 1}


def order_eight():
    """The y coordinates of the points of order 8: what a point times L is."""
    found = set()
    for number in range(2, 64):
        point = ed25519.decode_point(number.to_bytes(32, "little"))
        if point is None:
            continue
        for times in (1, 2, 4):
            torsion = ed25519.encode_point(ed25519.multiply(ed25519.L * times, point))
            found.add(int.from_bytes(torsion, "little") & (2**255 - 1))
    return found


@functools.lru_cache(maxsize=1)
def small_points():
    """The encodings, in any spelling, of the points of small order."""
    wanted = TORSION_Y | order_eight()
    return frozenset(
        (y + more | sign << 255).to_bytes(32, "little")
        for y in wanted for more in (0, ed25519.P) for sign in (0, 1) if y + more < 1 << 255
    )


class Library:
    """The library for rule 3, and the rules that it leaves out."""

    def __init__(self):
        import cryptography
        from cryptography.exceptions import InvalidSignature
        from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
        self.name = f"cryptography {cryptography.__version__}"
        self.invalid, self.load = InvalidSignature, Ed25519PublicKey.from_public_bytes
        self.keys, self.small = functools.lru_cache(maxsize=4096)(self.load), small_points()

    def __call__(self, key, message, signature):
        """Whether a signature is valid.

        The library compares R byte for byte with what it computes, so that rule 3 holds and R is the
        one spelling of a point; what is left of rule 2 is that the point is not of small order.
        """
        if len(signature) != 64 or not ed25519.is_key(key) or signature[:32] in self.small:
            return False
        if int.from_bytes(signature[32:], "little") >= ed25519.L:
            return False
        try:
            self.keys(key).verify(signature, message)
        except (self.invalid, ValueError):
            return False
        return True


class Pure:
    """The code of tests/vectors/comity."""

    name = "pure Python"

    def __call__(self, key, message, signature):
        return ed25519.predicate(key, message, signature)


class Counted:
    """A back end that counts."""

    def __init__(self, implementation):
        self.implementation, self.checked = implementation, 0
        self.name = implementation.name

    def __call__(self, key, message, signature):
        self.checked += 1
        return self.implementation(key, message, signature)


def forged():
    """(key, message, signature) that a library which multiplies by the cofactor takes for valid."""
    seed, message = bytes(range(32)), b"a check of the library"
    scalar, key = ed25519.expand(seed)[0], ed25519.public_key(seed)
    torsion = ed25519.decode_point((ed25519.P - 1).to_bytes(32, "little"))
    r = ed25519.encode_point(ed25519.add(ed25519.multiply(7, ed25519.BASE), torsion))
    s = (7 + ed25519.scalar_hash(r, key, message) * scalar) % ed25519.L
    return key, message, r + s.to_bytes(32, "little")


def is_strict(implementation):
    """Whether a back end takes what is valid, and not what some libraries take beside it."""
    key, message, bad = forged()
    good = ed25519.sign(bytes(range(32)), message)
    over = int.from_bytes(good[32:], "little") + ed25519.L
    spelled = good[:32] + over.to_bytes(32, "little")
    return implementation(key, message, good) and not any(
        implementation(key, message, signature) for signature in (bad, spelled)
    )


def choose(wanted=None):
    """Takes a back end into use: the library unless it is missing or not strict, or `pure` is wanted.

    Returns the back end, counting.
    """
    implementation = Pure()
    if wanted != "pure":
        try:
            library = Library()
            implementation = library if is_strict(library) else implementation
        except ImportError:
            pass
    counted = Counted(implementation)
    ed25519.use(counted)
    return counted
