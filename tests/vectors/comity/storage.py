"""Frames of storage files (docs/formats.md, "Frames")."""

VERSION = 1
WAL, BLOCKS = b"CmWL", b"CmBL"


def table():
    """The byte table of CRC-32C, reflected."""
    entries = []
    for byte in range(256):
        for _ in range(8):
            byte = byte >> 1 ^ (0x82F63B78 if byte & 1 else 0)
        entries.append(byte)
    return entries


TABLE = table()


def crc32c(data):
    """CRC-32C."""
    check = 0xFFFFFFFF
    for byte in data:
        check = TABLE[(check ^ byte) & 0xFF] ^ check >> 8
    return check ^ 0xFFFFFFFF


def frame(magic, salt, offset, kind, height, durable, payload):
    """The frame that stands at `offset` of a file."""
    fields = magic + bytes([kind]) + height.to_bytes(8, "little") + durable.to_bytes(8, "little")
    fields += len(payload).to_bytes(4, "little") + crc32c(payload).to_bytes(4, "little")
    sealed = salt.to_bytes(8, "little") + offset.to_bytes(8, "little") + fields
    return fields + crc32c(sealed).to_bytes(4, "little") + payload


def head(magic, salt, height, size):
    """The first frame of a file that came into being with `size` bytes."""
    payload = VERSION.to_bytes(4, "little") + salt.to_bytes(8, "little")
    return frame(magic, 0, 0, 0, height, size, payload)


HEAD_BYTES = len(head(WAL, 0, 0, 0))


class File:
    """A file of frames under construction."""

    def __init__(self, magic, salt, height, whole=()):
        """`whole`: frames (kind, height, payload) with which it comes into being."""
        self.magic, self.salt = magic, salt
        self.data = bytes(HEAD_BYTES)
        for kind, of, payload in whole:
            self.data += frame(magic, salt, len(self.data), kind, of, 0, payload)
        self.durable = len(self.data)
        self.data = head(magic, salt, height, len(self.data)) + self.data[HEAD_BYTES:]

    def append(self, kind, height, payload):
        """Adds a frame; what was there when `sync` was last called counts as durable."""
        offset = len(self.data)
        self.data += frame(self.magic, self.salt, offset, kind, height, self.durable, payload)

    def sync(self):
        self.durable = len(self.data)
