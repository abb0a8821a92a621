"""XChaCha20-Poly1305: RFC 8439, with the longer nonce of draft-irtf-cfrg-xchacha-03."""

CONSTANTS = [int.from_bytes(b"expand 32-byte k"[i : i + 4], "little") for i in range(0, 16, 4)]
PRIME = (1 << 130) - 5
CLAMP = 0x0FFFFFFC0FFFFFFC0FFFFFFC0FFFFFFF


def words(data):
    """Little-endian words of 32 bits."""
    return [int.from_bytes(data[i : i + 4], "little") for i in range(0, len(data), 4)]


def quarter(v, a, b, c, d):
    """The quarter round."""
    for x, y, z, turn in ((a, b, d, 16), (c, d, b, 12), (a, b, d, 8), (c, d, b, 7)):
        v[x] = (v[x] + v[y]) & 0xFFFFFFFF
        mixed = v[z] ^ v[x]
        v[z] = (mixed << turn | mixed >> (32 - turn)) & 0xFFFFFFFF


def rounds(state):
    """Twenty rounds."""
    v = list(state)
    for _ in range(10):
        for i in range(4):
            quarter(v, i, 4 + i, 8 + i, 12 + i)
        for i in range(4):
            quarter(v, i, 4 + (i + 1) % 4, 8 + (i + 2) % 4, 12 + (i + 3) % 4)
    return v


def joined(numbers):
    """Words as bytes."""
    return b"".join(number.to_bytes(4, "little") for number in numbers)


def block(key, counter, nonce):
    """ChaCha20's block."""
    state = CONSTANTS + words(key) + [counter] + words(nonce)
    return joined((a + b) & 0xFFFFFFFF for a, b in zip(state, rounds(state)))


def hchacha(key, nonce):
    """A key from a key and the first sixteen bytes of the nonce."""
    state = rounds(CONSTANTS + words(key) + words(nonce))
    return joined(state[:4] + state[12:])


def poly1305(key, message):
    """The tag."""
    r, total = int.from_bytes(key[:16], "little") & CLAMP, 0
    for i in range(0, len(message), 16):
        total = (total + int.from_bytes(message[i : i + 16] + b"\1", "little")) * r % PRIME
    total += int.from_bytes(key[16:], "little")
    return (total & ((1 << 128) - 1)).to_bytes(16, "little")


def padded(data):
    """Filled up to whole blocks."""
    return data + bytes(-len(data) % 16)


def seal(key, nonce, text, data):
    """Ciphertext and tag."""
    key, nonce = hchacha(key, nonce[:16]), bytes(4) + nonce[16:]
    stream = b"".join(block(key, 1 + i, nonce) for i in range(-(-len(text) // 64)))
    boxed = bytes(a ^ b for a, b in zip(text, stream))
    lengths = len(data).to_bytes(8, "little") + len(text).to_bytes(8, "little")
    tag = poly1305(block(key, 0, nonce)[:32], padded(data) + padded(boxed) + lengths)
    return boxed + tag
