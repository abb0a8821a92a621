"""Argon2id as RFC 9106 says: slow, plain, and only for the small parameters of vectors."""

import hashlib

MASK = (1 << 64) - 1
VERSION = 0x13
WORDS = 128  # of 64 bits in a block of 1 KiB
SLICES = 4


def le32(number):
    """Four bytes."""
    return number.to_bytes(4, "little")


def blake2b(data, size=64):
    """BLAKE2b."""
    return hashlib.blake2b(data, digest_size=size).digest()


def long_hash(data, size):
    """H' (section 3.3)."""
    data = le32(size) + data
    if size <= 64:
        return blake2b(data, size)
    part, made = blake2b(data), b""
    while size - len(made) > 64:
        made += part[:32]
        left = size - len(made)
        part = blake2b(part, min(left, 64))
    return made + part


def mix(v, a, b, c, d):
    """GB on four words of v (section 3.6)."""
    low = 0xFFFFFFFF
    for first, second in ((32, 24), (16, 63)):
        v[a] = (v[a] + v[b] + 2 * (v[a] & low) * (v[b] & low)) & MASK
        x = v[d] ^ v[a]
        v[d] = (x >> first | x << (64 - first)) & MASK
        v[c] = (v[c] + v[d] + 2 * (v[c] & low) * (v[d] & low)) & MASK
        x = v[b] ^ v[c]
        v[b] = (x >> second | x << (64 - second)) & MASK


def permute(v, at):
    """P on the sixteen words of v at these places (section 3.6)."""
    for a, b, c, d in ((0, 4, 8, 12), (1, 5, 9, 13), (2, 6, 10, 14), (3, 7, 11, 15),
                       (0, 5, 10, 15), (1, 6, 11, 12), (2, 7, 8, 13), (3, 4, 9, 14)):
        mix(v, at[a], at[b], at[c], at[d])


def compress(x, y):
    """G on two blocks (section 3.5)."""
    r = [a ^ b for a, b in zip(x, y)]
    z = list(r)
    for row in range(8):
        permute(z, range(16 * row, 16 * row + 16))
    for column in range(8):
        permute(z, [16 * i + 2 * column + j for i in range(8) for j in (0, 1)])
    return [a ^ b for a, b in zip(r, z)]


def words(data):
    """A block's words."""
    return [int.from_bytes(data[i : i + 8], "little") for i in range(0, len(data), 8)]


class Filling:
    """The memory of one computation."""

    def __init__(self, passes, lanes, memory):
        self.passes, self.lanes = passes, lanes
        self.total = memory // (4 * lanes) * 4 * lanes
        self.columns = self.total // lanes
        self.segment = self.columns // SLICES
        self.blocks = [[None] * self.columns for _ in range(lanes)]

    def addresses(self, turn, lane, part):
        """Pseudo-random words that do not depend on the passphrase (section 3.4.1.2)."""
        made, zero = [], [0] * WORDS
        for count in range(1, -(-self.segment // WORDS) + 1):
            head = [turn, lane, part, self.total, self.passes, 2, count]
            block = compress(zero, head + [0] * (WORDS - len(head)))
            made += compress(zero, block)
        return made

    def reference(self, word, turn, lane, part, index):
        """Which block is mixed in (section 3.4.2)."""
        j1, j2 = word & 0xFFFFFFFF, word >> 32
        other = lane if turn == 0 and part == 0 else j2 % self.lanes
        done = part * self.segment if turn == 0 else self.columns - self.segment
        if other == lane:
            size = done + index - 1
        else:
            size = done - (1 if index == 0 else 0)
        relative = size - 1 - (size * (j1 * j1 >> 32) >> 32)
        start = 0 if turn == 0 or part == SLICES - 1 else (part + 1) * self.segment
        return self.blocks[other][(start + relative) % self.columns]

    def fill(self, turn, part, lane):
        """One segment."""
        fixed = turn == 0 and part < SLICES // 2
        addresses = self.addresses(turn, lane, part) if fixed else None
        row = self.blocks[lane]
        for index in range(2 if turn == 0 and part == 0 else 0, self.segment):
            column = part * self.segment + index
            before = row[column - 1]
            word = addresses[index] if fixed else before[0]
            new = compress(before, self.reference(word, turn, lane, part, index))
            old = row[column]
            row[column] = new if turn == 0 else [a ^ b for a, b in zip(old, new)]


def argon2id(password, salt, memory, passes, lanes, size, secret=b"", data=b""):
    """The tag of `size` bytes; memory in KiB."""
    start = b"".join(le32(n) for n in (lanes, size, memory, passes, VERSION, 2))
    for part in (password, salt, secret, data):
        start += le32(len(part)) + part
    first = blake2b(start)
    state = Filling(passes, lanes, memory)
    for lane in range(lanes):
        for column in (0, 1):
            block = long_hash(first + le32(column) + le32(lane), 1024)
            state.blocks[lane][column] = words(block)
    for turn in range(passes):
        for part in range(SLICES):
            for lane in range(lanes):
                state.fill(turn, part, lane)
    last = [0] * WORDS
    for row in state.blocks:
        last = [a ^ b for a, b in zip(last, row[-1])]
    return long_hash(b"".join(word.to_bytes(8, "little") for word in last), size)
