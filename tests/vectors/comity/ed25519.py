"""Ed25519 as RFC 8032 defines it, with the predicate of docs/formats.md, "Signatures".

May not enter: protection against timing; it signs with keys of vectors only.
"""

import functools
import hashlib

P = 2**255 - 19
L = 2**252 + 27742317777372353535851937790883648493
D = -121665 * pow(121666, P - 2, P) % P
SQRT_M1 = pow(2, (P - 1) // 4, P)

# Points are (X, Y, Z, T) with x = X/Z, y = Y/Z, x*y = T/Z.
NEUTRAL = (0, 1, 1, 0)


def add(a, b):
    """The sum of two points (RFC 8032, 5.1.4); complete, so doubling is no special case."""
    m = (a[1] - a[0]) * (b[1] - b[0]) % P
    n = (a[1] + a[0]) * (b[1] + b[0]) % P
    c = 2 * a[3] * b[3] * D % P
    d = 2 * a[2] * b[2] % P
    e, f, g, h = n - m, d - c, d + c, n + m
    return (e * f % P, g * h % P, f * g % P, e * h % P)


def negate(a):
    """The opposite point."""
    return (-a[0] % P, a[1], a[2], -a[3] % P)


def multiply(scalar, a):
    """The point added to itself `scalar` times."""
    result = NEUTRAL
    for bit in bin(scalar)[2:]:
        result = add(result, result)
        if bit == "1":
            result = add(result, a)
    return result


def is_neutral(a):
    """Whether this is the neutral element."""
    return a[0] % P == 0 and (a[1] - a[2]) % P == 0


def is_small(a):
    """Whether the order of the point divides 8."""
    return is_neutral(multiply(8, a))


def encode_point(a):
    """The canonical 32 bytes of a point."""
    inverse = pow(a[2], P - 2, P)
    x, y = a[0] * inverse % P, a[1] * inverse % P
    return (y | (x & 1) << 255).to_bytes(32, "little")


def recover_x(y, sign):
    """The x coordinate that goes with y, or None (RFC 8032, 5.1.3)."""
    square = (y * y - 1) * pow(D * y * y + 1, P - 2, P) % P
    x = pow(square, (P + 3) // 8, P)
    if x * x % P != square:
        x = x * SQRT_M1 % P
    if x * x % P != square:
        return None
    if x & 1 != sign:
        x = -x % P
    return x


def decode_point(data):
    """The point that 32 bytes stand for, reduced or not; None if they stand for none."""
    number = int.from_bytes(data, "little")
    y, sign = number & (2**255 - 1), number >> 255
    y %= P
    x = recover_x(y, sign)
    return None if x is None else (x, y, 1, x * y % P)


BASE = decode_point((4 * pow(5, P - 2, P) % P).to_bytes(32, "little"))


@functools.lru_cache(maxsize=1 << 16)
def key_point(data):
    """The point of an admissible public key; None for bytes that are none."""
    if int.from_bytes(data, "little") & (2**255 - 1) >= P:
        return None
    point = decode_point(data)
    return None if point is None or is_small(point) else point


def is_key(data):
    """Whether 32 bytes are admitted as a public key."""
    return key_point(data) is not None


def scalar_hash(*parts):
    """SHA-512 as a scalar."""
    return int.from_bytes(hashlib.sha512(b"".join(parts)).digest(), "little") % L


@functools.cache
def expand(seed):
    """The secret scalar and the prefix of a seed."""
    digest = hashlib.sha512(seed).digest()
    scalar = int.from_bytes(digest[:32], "little") & (2**254 - 8) | 2**254
    return scalar, digest[32:]


@functools.cache
def public_key(seed):
    """The public key of a seed."""
    return encode_point(multiply(expand(seed)[0], BASE))


@functools.cache
def sign(seed, message):
    """The signature of a message."""
    scalar, prefix = expand(seed)
    nonce = scalar_hash(prefix, message)
    r = encode_point(multiply(nonce, BASE))
    s = (nonce + scalar_hash(r, public_key(seed), message) * scalar) % L
    return r + s.to_bytes(32, "little")


def predicate(key, message, signature):
    """All of "Signatures", the admission of the key included."""
    a = key_point(key)
    r, s = signature[:32], int.from_bytes(signature[32:], "little")
    if a is None or s >= L:
        return False
    r_point = decode_point(r)
    if r_point is None or is_small(r_point):
        return False
    k = scalar_hash(r, key, message)
    return encode_point(add(multiply(s, BASE), negate(multiply(k, a)))) == r


answer = functools.lru_cache(maxsize=1 << 14)(predicate)


def verify(key, message, signature):
    """Whether a signature is valid."""
    return answer(key, message, signature)


def use(implementation):
    """Has `verify` answered by another implementation of the same predicate."""
    global answer
    answer = implementation
