"""messages.json: what nodes send. storage.json: files, and what opening them finds."""

from comity import shapes
from comity.hashing import header_hash, leaf_hash, preimage, sha256
from comity.storage import BLOCKS, WAL, File, frame

from . import world as w
from .archives import small

SALT = 0x0123_4567_89AB_CDEF
CHAIN = small(3)
CERTIFICATES = [block["parent_certificate"] for block in CHAIN.blocks[1:]] + [CHAIN.certificate]
COMMITTED = [
    shapes.COMMITTED_BLOCK.put({"block": block, "certificate": certificate, "polkas": []})
    for block, certificate in zip(CHAIN.blocks, CERTIFICATES)
]
HASHES = [header_hash(block["header"]) for block in CHAIN.blocks]


def signed_vote(agency, kind, rnd, value):
    """A vote at height 3."""
    content, signature = w.vote(agency, kind, 3, rnd, value)
    return {"vote": content, "signature": signature}


def signed_proposal(rnd, polka):
    """A proposal at height 3."""
    content = {"height": 3, "round": rnd, "value": HASHES[2].hex(), "polka_round": polka,
               "validator": w.public("health.gd validator")}
    body = shapes.PROPOSAL.put(content)
    return {"proposal": content,
            "signature": w.sign("health.gd validator", "proposal", w.CONSORTIUM, body)}


def gossip():
    """Gossip messages."""
    block, value = CHAIN.blocks[2], HASHES[2].hex()
    leaves = [leaf_hash(bytes.fromhex(data)).hex() for data in block["records"]]
    votes = [signed_vote(agency, "prevote", 0, value) for agency in w.VALIDATORS]
    nil = [signed_vote(agency, "precommit", 2, None) for agency in w.VALIDATORS]
    polka = sorted(
        ({"validator": v["vote"]["validator"], "signature": v["signature"]} for v in votes),
        key=lambda s: s["validator"],
    )
    yield {"records": block["records"][:2]}
    yield {"vote": votes[0]}
    yield {"vote": nil[1]}
    outline = {"header": block["header"], "parent_certificate": CERTIFICATES[1], "leaves": leaves}
    yield {"proposal": {**signed_proposal(0, None), **outline}}
    first = CHAIN.blocks[0]["header"]
    bare = {"header": first, "parent_certificate": None, "leaves": []}
    yield {"proposal": {**signed_proposal(4, 2), **bare}}
    yield {"polka": {"height": 3, "round": 0, "value": value, "signatures": polka}}
    yield {"round": {"height": 3, "round": 2, "by_precommits": True, "votes": nil}}
    skip = {"height": 3, "round": 0, "by_precommits": False, "votes": votes[:2]}
    yield {"round": skip}


def requests():
    """Requests and responses."""
    status = {"consortium": w.CONSORTIUM.hex(), "height": 2, "header_hash": HASHES[1].hex(),
              "certificate": CERTIFICATES[1], "newest_of_yours": None}
    witnessed = {"vote": signed_vote("tax.gd", "precommit", 0, None)}
    young = {"consortium": w.CONSORTIUM.hex(), "height": 0, "header_hash": w.CONSORTIUM.hex(),
             "certificate": None, "newest_of_yours": None}
    for value in (
        {"status": status}, {"status": young}, {"status": {**status, "newest_of_yours": witnessed}},
        {"status": {**status, "newest_of_yours": {"proposal": signed_proposal(0, None)}}},
    ):
        yield "request", value
        yield "response", value
    yield "request", {"blocks": {"from": 1, "max_bytes": 4_194_304}}
    yield "request", {"body": {"height": 3, "header_hash": HASHES[2].hex()}}
    yield "response", {"blocks": []}
    yield "response", {"blocks": [COMMITTED[0].hex()]}
    yield "response", {"body": None}
    yield "response", {"body": shapes.BLOCK.put(CHAIN.blocks[0]).hex()}
    yield "request", {"snapshot": {"height": None, "offset": 0}}
    yield "request", {"snapshot": {"height": 3, "offset": 262_144}}
    yield "request", {"snapshot_chunk": {"height": 3, "number": 7}}
    yield "response", {"snapshot": None}
    yield "response", {"snapshot": {"height": 3, "size_bytes": 4, "bytes": "01020304"}}
    yield "response", {"snapshot_chunk": None}
    yield "response", {"snapshot_chunk": "00ff"}
    yield "request", "addresses"
    yield "response", {"addresses": []}
    four = {"ip4": {"ip": "0a140007", "port": 7070}}
    six = {"ip6": {"ip": "fd" + "00" * 14 + "07", "port": 65_535}}
    keys = [w.public(f"{agency} transport") for agency in ("health.gd", "tax.gd")]
    yield "response", {"addresses": [{"key": keys[0], "addresses": [four, six]},
                                     {"key": keys[1], "addresses": []}]}
    yield "request", {"neighbours": []}
    yield "request", {"neighbours": keys[:2]}
    yield "response", "noted"


def messages():
    """The cases of messages.json."""
    for value in gossip():
        yield {"message": "gossip", "value": value, "bytes": shapes.GOSSIP.put(value).hex()}
    for name, value in requests():
        kind = shapes.REQUEST if name == "request" else shapes.RESPONSE
        yield {"message": name, "value": value, "bytes": kind.put(value).hex()}
    good = shapes.GOSSIP.put({"vote": signed_vote("tax.gd", "prevote", 0, None)})
    for name, data, fault in (
        ("gossip", b"\5\0\0\0", "malformed"), ("gossip", good + b"\0", "trailing"),
        ("gossip", good[:-1], "truncated"), ("request", b"\7\0\0\0", "malformed"),
        ("response", b"\7\0\0\0", "malformed"), ("response", b"\2\0\0\0\2", "malformed"),
        ("gossip", b"\0\0\0\0" + (2**40).to_bytes(8, "little"), "truncated"),
    ):
        yield {"message": name, "bytes": data.hex(), "fault": fault}
    for name, limit in (("gossip", 1_048_576), ("request", 65_536), ("response", 16_777_216)):
        yield {"message": name, "zeros": limit + 1, "fault": "oversized"}
        yield {"message": name, "zeros": limit, "fault": "trailing"}


def mark(height, rnd, step, value="ab" * 32):
    """A signed mark: what the guard keeps of a vote of tax.gd."""
    content, signature = w.vote("tax.gd", step, height, rnd, value)
    message = preimage("vote", w.CONSORTIUM, shapes.VOTE.put(content))
    return {"height": height, "round": rnd, "step": step,
            "message_hash": sha256(message).hex(), "signature": signature}


def signed(value):
    """A frame with a mark."""
    return 2, value["height"], shapes.SIGNED_MARK.put(value)


KEY = w.public("tax.gd validator")
ORIGIN = (1, 0, bytes.fromhex(KEY))
MARKS = [mark(3, 0, "prevote"), mark(3, 0, "precommit"), mark(4, 0, "prevote")]
ENTRY, BODY = b"an entry", b"a body"


def tip(height):
    """A frame with a tip."""
    return 5, height, HASHES[height - 1]


def wal(*frames, whole=(ORIGIN,), salt=SALT):
    """A write-ahead log; each frame after the first few is synced."""
    file = File(WAL, salt, 0, whole)
    for kind, height, payload in frames:
        file.append(kind, height, payload)
        file.sync()
    return file.data


def segment(first, heights, salt=SALT):
    """A segment with these blocks, each synced."""
    file = File(BLOCKS, salt, first)
    for height in heights:
        file.append(1, height, COMMITTED[height - 1])
        file.sync()
    return file.data


def name(first):
    """The name of a segment."""
    return f"blocks-{first:020}.log"


def opened(guard=None, tip_height=None, durable=None, entries=(), bodies=(), cut=(0, 0)):
    """What opening finds."""
    return {
        "guard": guard, "tip": tip_height,
        "durable_tip": durable and {"height": durable, "header_hash": HASHES[durable - 1].hex()},
        "entries": [{"height": height, "bytes": ENTRY.hex()} for height in entries],
        "bodies": [
            {"height": height, "header_hash": "cd" * 32, "bytes": BODY.hex()} for height in bodies
        ],
        "wal_cut_bytes": cut[0], "block_log_cut_bytes": cut[1],
    }


def guard(*marks, vote_from=0):
    """A sign guard."""
    return {"public_key": KEY, "vote_from": vote_from, "marks": list(marks)}


def storage():
    """The cases of storage.json."""
    for source in (whole_files(), torn_files(), damaged_files()):
        for what, files, result in source:
            found = {"fault": result} if isinstance(result, str) else {"opens": result}
            files = {file: data.hex() for file, data in files.items()}
            yield {"what": what, "files": files, **found}


def whole_files():
    """Files as they should be."""
    entry, body = (3, 4, ENTRY), (4, 4, bytes.fromhex("cd" * 32) + BODY)
    yield "nothing", {}, opened()
    yield "a new guard", {"wal": wal()}, opened(guard())
    yield "a rewrite that was interrupted", {"wal": wal(), "wal.new": b"any"}, opened(guard())
    blocks = {name(1): segment(1, [1, 2, 3])}
    yield "an observer's", blocks, opened(tip_height=3)
    yield "an observer's, with tips", {**blocks, "wal": wal(tip(3), whole=())}, opened(
        tip_height=3, durable=3)
    frames = [signed(MARKS[0]), signed(MARKS[1]), tip(3), signed(MARKS[2]), entry, body]
    yield "a validator's", {**blocks, "wal": wal(*frames)}, opened(
        guard(MARKS[2]), 3, 3, entries=[4], bodies=[4])
    old = [(3, 3, ENTRY), signed(MARKS[0]), signed(MARKS[1])]
    yield "entries of a height that the block log holds", {**blocks, "wal": wal(*old)}, opened(
        guard(MARKS[1]), 3)
    ahead = {name(1): segment(1, [1, 2]), "wal": wal(*old)}
    yield "marks above the block log", ahead, opened(
        guard(*MARKS[:2]), 2, entries=[3])
    two = {name(1): segment(1, [1]), name(2): segment(2, [2, 3], SALT + 1)}
    yield "two segments", two, opened(tip_height=3)
    again = (1, 6, bytes.fromhex(KEY))
    yield "a guard taken up again", {"wal": wal(signed(MARKS[0]), again)}, opened(
        guard(MARKS[0], vote_from=6))
    other = (1, 0, bytes.fromhex(w.public("data.gd validator")))
    yield "a guard of another key before", {"wal": wal(signed(MARKS[0]), ORIGIN, whole=[other])}, \
        opened(guard())
    yield "a mark twice", {"wal": wal(signed(MARKS[0]), signed(MARKS[0]))}, opened(guard(MARKS[0]))


def torn_files():
    """Files with an end that was never acknowledged."""
    good = wal(signed(MARKS[0]))
    for what, tail in (("zeros", bytes(40)), ("garbage", b"CmWL" + b"\7" * 90), ("a byte", b"C")):
        yield f"{what} behind the log", {"wal": good + tail}, opened(guard(MARKS[0]), cut=(len(tail), 0))
    longer = wal(signed(MARKS[0]), signed(MARKS[1]))
    for cut in (1, 60, len(longer) - len(good) - 1):
        rest = len(longer) - len(good) - cut
        yield f"{cut} bytes missing", {"wal": longer[:-cut]}, opened(guard(MARKS[0]), cut=(rest, 0))
    strange = wal(signed(MARKS[0]), signed(MARKS[1]), salt=SALT + 1)[len(good) :]
    yield "a frame of another file", {"wal": good + strange}, opened(
        guard(MARKS[0]), cut=(len(strange), 0))
    three, two = segment(1, [1, 2, 3]), segment(1, [1, 2])
    rest = len(three) - len(two) - 1
    yield "a block cut", {name(1): three[:-1]}, opened(tip_height=2, cut=(0, rest))
    yield "a segment with a head alone", {name(1): two, name(3): segment(3, [])}, opened(
        tip_height=2, cut=(0, 45))
    yield "a segment with half a head", {name(1): two, name(3): segment(3, [])[:20]}, opened(
        tip_height=2, cut=(0, 20))


def damaged_files():
    """Files with damage among what was durable."""
    three = segment(1, [1, 2, 3])

    def flipped(data, at):
        return data[:at] + bytes([data[at] ^ 1]) + data[at + 1 :]

    long = wal(signed(MARKS[0]), signed(MARKS[1]), signed(MARKS[2]))
    first = len(wal())
    for at in (first, first + 20, first + 40):
        yield f"byte {at} of the log", {"wal": flipped(long, at)}, "wal-damaged"
    yield "the head of the log", {"wal": flipped(long, 10)}, "wal-damaged"
    yield "a log shorter than it was born", {"wal": wal()[:-1]}, "wal-damaged"
    yield "an empty log", {"wal": b""}, "wal-damaged"
    newer = File(WAL, SALT, 0, [ORIGIN])
    head = File(WAL, SALT, 0)
    payload = (2).to_bytes(4, "little") + SALT.to_bytes(8, "little")
    data = frame(WAL, 0, 0, 0, 0, len(newer.data), payload) + newer.data[len(head.data) :]
    yield "version 2", {"wal": data}, "unknown-version"
    yield "a frame of kind 6", {"wal": wal((6, 1, b""))}, "unexpected-frame"
    yield "a mark before any origin", {"wal": wal(signed(MARKS[0]), whole=())}, "unexpected-frame"
    yield "a mark that is none", {"wal": wal((2, 3, b"\1"))}, "malformed"
    yield "marks that fall", {"wal": wal(signed(MARKS[1]), signed(MARKS[0]))}, "guard"
    other = mark(3, 0, "prevote", "ef" * 32)
    yield "two marks for one step", {"wal": wal(signed(MARKS[0]), signed(other))}, "guard"
    inside = len(segment(1, [1])) + 100
    yield "a block in the middle", {name(1): flipped(three, inside)}, "block-damaged"
    yield "the durable tip", {name(1): flipped(three, len(three) - 9), "wal": wal(tip(3))}, \
        "block-damaged"
    yield "no block at the durable tip", {"wal": wal(tip(3))}, "block-damaged"
    yield "a segment missing", {name(1): segment(1, [1]), name(3): segment(3, [3])}, "block-damaged"
    yield "a segment under another name", {name(2): three}, "block-damaged"
