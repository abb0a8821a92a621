"""keys.json, signatures.json, tags.json: keys, the one predicate, and what is signed."""

from comity import ed25519 as e, shapes
from comity.assessments import report_hash
from comity.hashing import TAGS, commitment, preimage, tagged

from . import assessing, governing, world as w

BODY = b"a statement's bytes, of whatever kind"


def encode(number):
    """A number as 32 bytes."""
    return number.to_bytes(32, "little")


def torsion():
    """A point of order 8."""
    for y in range(2, 100):
        point = e.decode_point(encode(y))
        if point is None:
            continue
        small = e.multiply(e.L, point)
        if not e.is_neutral(e.multiply(4, small)):
            return small
    raise AssertionError("some point has a component of order 8")


EIGHTH = torsion()
SMALL = [e.encode_point(e.multiply(n, EIGHTH)) for n in range(8)]


def second_spellings():
    """Encodings of points that are not the canonical ones."""
    for y in range(19):
        for sign in (0, 1):
            data = encode(e.P + y | sign << 255)
            if e.decode_point(data) is not None:
                yield data
    yield encode(1 | 1 << 255)
    yield encode(e.P - 1 | 1 << 255)


def keys():
    """The cases of keys.json."""
    for seed in (bytes(32), bytes([255] * 32), w.seed("health steward")):
        yield {"what": "of a seed", "seed": seed.hex(), "key": e.public_key(seed).hex(),
               "accepted": True}
    honest = e.key_point(bytes.fromhex(w.public("health steward")))
    mixed = e.encode_point(e.add(honest, EIGHTH))
    yield {"what": "large and small order mixed", "key": mixed.hex(), "accepted": e.is_key(mixed)}
    for data in SMALL:
        yield {"what": "small order", "key": data.hex(), "accepted": e.is_key(data)}
    for data in second_spellings():
        yield {"what": "a second spelling", "key": data.hex(), "accepted": e.is_key(data)}
    for y in (2, 7, e.P - 2):
        yield {"what": f"y = {y}", "key": encode(y).hex(), "accepted": e.is_key(encode(y))}


def sign_with(scalar, key, nonce, r, body):
    """A signature that solves the equation for these, whatever they are."""
    k = e.scalar_hash(r, key, preimage("statement", w.CONSORTIUM, body))
    return r + encode((nonce + k * scalar) % e.L)


def bodies_with(key, r, wanted, multiple=8):
    """A body whose challenge is `wanted` modulo `multiple`."""
    for number in range(1000):
        body = BODY + b" " + str(number).encode()
        k = e.scalar_hash(r, key, preimage("statement", w.CONSORTIUM, body))
        if k % multiple == wanted:
            return body
    raise AssertionError("some challenge fits")


def case(what, key, body, signature):
    """One signature, judged."""
    valid = e.verify(key, preimage("statement", w.CONSORTIUM, body), signature)
    return {"what": what, "key": key.hex(), "body": body.hex(), "signature": signature.hex(),
            "valid": valid}


def signatures():
    """The cases of signatures.json."""
    seed = w.seed("health steward")
    scalar, key = e.expand(seed)[0], e.public_key(seed)
    message = preimage("statement", w.CONSORTIUM, BODY)
    good = e.sign(seed, message)
    r, s = good[:32], int.from_bytes(good[32:], "little")
    yield case("good", key, BODY, good)
    yield case("another body", key, BODY + b"!", good)
    yield case("another key", bytes.fromhex(w.public("civil steward")), BODY, good)
    yield case("over the body without the preimage", key, BODY, e.sign(seed, BODY))
    other = e.sign(seed, preimage("attempt", w.CONSORTIUM, BODY))
    yield case("for another purpose", key, BODY, other)
    other = e.sign(seed, preimage("statement", bytes(32), BODY))
    yield case("for another consortium", key, BODY, other)
    yield case("zeros", key, BODY, bytes(64))
    yield case("s = 0", key, BODY, r + bytes(32))
    for n in range(1, 8):
        yield case(f"s + {n} L", key, BODY, r + encode(s + n * e.L))
    yield case("a top bit of s set", key, BODY, r + encode(s | 1 << 255))
    yield case("-s", key, BODY, r + encode(e.L - s))
    flipped = r[:31] + bytes([r[31] ^ 0x80])
    yield case("-R", key, BODY, flipped + good[32:])
    yield from twisted_r(scalar, key)
    yield from twisted_key(scalar, key)


def twisted_r(scalar, key):
    """R of small order, mixed order, second spelling: each solves some naive equation."""
    for point in SMALL:
        yield case("R of small order", key, BODY, sign_with(scalar, key, 0, point, BODY))
    for data in second_spellings():
        signature = sign_with(scalar, key, 0, data, BODY)
        yield case("R in a second spelling", key, BODY, signature)
    nonce = 12345
    for n in range(1, 8):
        mixed = e.add(e.multiply(nonce, e.BASE), e.multiply(n, EIGHTH))
        r = e.encode_point(mixed)
        yield case("R of mixed order", key, BODY, sign_with(scalar, key, nonce, r, BODY))
    off = next(encode(y) for y in range(2, 50) if e.decode_point(encode(y)) is None)
    yield case("R that is no point", key, BODY, sign_with(scalar, key, 0, off, BODY))
    above = next(d for d in second_spellings() if not e.is_small(e.decode_point(d)))
    yield case("R not reduced, of large order", key, BODY, sign_with(scalar, key, 1, above, BODY))


def twisted_key(scalar, key):
    """Keys of small and of mixed order."""
    nonce = 54321
    r = e.encode_point(e.multiply(nonce, e.BASE))
    for point in SMALL:
        body = bodies_with(point, r, 0)
        yield case("key of small order", point, body, r + encode(nonce))
    mixed = e.encode_point(e.add(e.key_point(key), EIGHTH))
    for wanted in range(8):
        body = bodies_with(mixed, r, wanted)
        signature = sign_with(scalar, mixed, nonce, r, body)
        yield case(f"key of mixed order, challenge {wanted} mod 8", mixed, body, signature)


def tags():
    """The cases of tags.json."""
    for purpose, tag in TAGS.items():
        yield {"purpose": purpose, "tag": tag}
    for detail, text in (
        ("case-number", "2026-0117"), ("purpose", "低保核查"), ("row-filter", "household = 7"),
        ("case-number", ""), ("purpose", "2026-0117"),
    ):
        yield sealed(w.opening(detail, text))
    yield sealed(w.opening(salt="another salt"))
    for text in (b"", b"{}", "{\"description\": \"疫苗\"}".encode(), bytes(range(256))):
        yield {"details": text.hex(), "consortium": w.CONSORTIUM.hex(),
               "preimage": preimage("details", w.CONSORTIUM, text).hex(),
               "hash": tagged("details", w.CONSORTIUM, text).hex()}
    for text in (b"", assessing.REPORT):
        yield {"report": text.hex(), "consortium": w.CONSORTIUM.hex(),
               "preimage": preimage("report", w.CONSORTIUM, text).hex(),
               "hash": report_hash(w.CONSORTIUM, text)}
    yield from governing.accusations()


def sealed(opening):
    """A sealed commitment."""
    body = shapes.OPENING.put(opening)
    return {"opening": opening, "consortium": w.CONSORTIUM.hex(), "bytes": body.hex(),
            "preimage": preimage("sealed", w.CONSORTIUM, body).hex(),
            "commitment": commitment(w.CONSORTIUM, opening).hex()}
