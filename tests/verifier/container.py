"""The container of an evidence bundle: written, and read back strictly.

Holds: every byte of a container follows from its members; nothing is unpacked, and no size is believed.
Source: docs/formats.md, "Evidence bundles", "Container".
"""

import re
import struct
import zlib

from comity.forms import Unfit, require

MAX_BYTES = 64 * 1024 * 1024
MAX_MEMBER_BYTES = 16 * 1024 * 1024
MAX_SMALL_BYTES = 64 * 1024
MAX_OPENINGS, MAX_TIMESTAMPS = 1024, 16
LOCAL, ENTRY, END = b"PK\3\4", b"PK\1\2", b"PK\5\6"
HEAD = struct.Struct("<4sHHHHHIIIHH")
# version needed, flags, method, time, date: what every member says.
VERSION, FLAGS, STORED, TIME, DATE = 10, 0, 0, 0, 33
SINGLE = ("manifest.json", "genesis.json", "entries.proof", "state.proof")
SUMMARIES = ("summary.en.html", "summary.zh.html")
NUMBERED = (("openings/", ".json"), ("timestamps/", ".tsr"))
OPENING, TIMESTAMP = len(SINGLE), len(SINGLE) + 3
NUMBERS = {OPENING: range(2**64), TIMESTAMP: range(1, MAX_TIMESTAMPS + 1)}


def place(name):
    """Where a member comes in the order, by its name. Errors: `Unfit`."""
    if name in SINGLE:
        return SINGLE.index(name), 0
    if name in SUMMARIES:
        return len(SINGLE) + 1 + SUMMARIES.index(name), 0
    for (start, end), rank in zip(NUMBERED, NUMBERS):
        if name.startswith(start) and name.endswith(end):
            number = name[len(start) : -len(end)]
            is_one = re.fullmatch("0|[1-9][0-9]{0,19}", number) is not None
            require(is_one and int(number) in NUMBERS[rank], "name")
            return rank, int(number)
    raise Unfit("name")


def local(name, content):
    """The head of a member."""
    size, crc = len(content), zlib.crc32(content)
    return HEAD.pack(LOCAL, VERSION, FLAGS, STORED, TIME, DATE, crc, size, size, len(name), 0)


def tail(members):
    """What follows the members: the directory and its end."""
    directory, at = b"", 0
    for name, content in members:
        raw = name.encode()
        head = local(raw, content)
        directory += ENTRY + struct.pack("<H", VERSION) + head[4:]
        directory += struct.pack("<HHHII", 0, 0, 0, 0, at) + raw
        at += len(head) + len(raw) + len(content)
    count = len(members)
    return directory + END + struct.pack("<HHHHIIH", 0, 0, count, count, len(directory), at, 0)


def pack(members):
    """The container of (name, content) pairs."""
    parts = [local(name.encode(), content) + name.encode() + content for name, content in members]
    return b"".join(parts) + tail(members)


def unpack(data):
    """The members, [(name, content)]. Errors: `Unfit`, by the fault's name."""
    require(len(data) <= MAX_BYTES, "too-large")
    require(data[:4] == LOCAL, "not-a-bundle")
    at, members = 0, []
    while data[at : at + 4] == LOCAL:
        name, content, at = member(data, at, [one for one, _ in members])
        members.append((name, content))
    names = [name for name, _ in members]
    require(all(name in names for name in SINGLE + SUMMARIES), "missing")
    rest, due = data[at:], tail(members)
    require(len(rest) >= len(due), "truncated")
    require(rest[: len(due)] == due, "directory")
    require(len(rest) == len(due), "trailing")
    return members


def member(data, at, names):
    """The member that begins at a place: its name, its content, and where it ends. Errors: `Unfit`."""
    require(len(data) - at >= HEAD.size, "truncated")
    _, version, flags, method, time, date, crc, packed, size, length, extra = HEAD.unpack_from(data, at)
    require(method == STORED, "compressed")
    said = (version, flags, time, date, extra, packed)
    require(said == (VERSION, FLAGS, TIME, DATE, 0, size), "member-form")
    at += HEAD.size
    raw = data[at : at + length]
    require(len(raw) == length, "truncated")
    try:
        name = raw.decode("ascii")
    except UnicodeDecodeError as error:
        raise Unfit("name") from error
    rank, number = place(name)
    require(name not in names, "duplicate")
    last = place(names[-1]) if names else (-1, 0)
    require((rank, number) > last, "order")
    if rank == TIMESTAMP:
        require(number == (last[1] + 1 if last[0] == TIMESTAMP else 1), "order")
    openings = sum(place(one)[0] == OPENING for one in names)
    require(rank != OPENING or openings < MAX_OPENINGS, "too-many")
    small = rank in (OPENING, TIMESTAMP)
    require(size <= (MAX_SMALL_BYTES if small else MAX_MEMBER_BYTES), "too-large")
    at += length
    content = data[at : at + size]
    require(len(content) == size, "truncated")
    require(zlib.crc32(content) == crc, "checksum")
    return name, content, at + size
