"""Blocks and archives (docs/formats.md, "Blocks", "Archive"): executed, and verified by replay."""

import heapq
import io

from . import shapes
from .forms import (
    Record, Unfit, check_certificate, check_genesis, check_polkas, first_validators, select,
)
from .hashing import (
    body_hash, certificate_hash, consortium_id, header_hash, validator_set_hash,
)
from .rules import Judge, Refusal, founding_state
from .trees import Frontier, GrowingTree, frontier
from .wire import Refused, decode

MAGIC = b"COMITYA1"
MAX_BLOCK_BYTES = 8 * 1024 * 1024
MAX_CERTIFICATE_BYTES = 64 * 1024
MAX_POLKAS_BYTES = 1024 * 1024
RULES_VERSION = 1


class Fault(Exception):
    """What is wrong with a block, by a name such as `header: time`."""


class ParentFault(Fault):
    """The same, of the block before the one at hand."""


class Overlay:
    """A mapping over another, which it leaves as it is."""

    def __init__(self, below):
        self.below, self.puts = below, {}

    def get(self, key):
        """What lies under a key, or None."""
        value = self.puts.get(key)
        return self.below.get(key) if value is None else value

    def __contains__(self, key):
        return key in self.puts or key in self.below

    def __setitem__(self, key, value):
        self.puts[key] = value

    def update(self, puts):
        """Puts all of these."""
        self.puts.update(puts)


class Window:
    """The replay window: ids that earlier blocks put there, without those whose time is over."""

    def __init__(self):
        self.records, self.exchanges, self.ends = {}, {}, []

    def advance(self, records, exchanges, time):
        """Takes the ids of a block of this time, and lets go of those that are over then."""
        for ids, new in ((self.records, records), (self.exchanges, exchanges)):
            for name, until in new.items():
                ids[name] = until
                heapq.heappush(self.ends, (until, ids is self.records, name))
        while self.ends and self.ends[0][0] <= time:
            until, is_record, name = heapq.heappop(self.ends)
            ids = self.records if is_record else self.exchanges
            if ids.get(name) == until:
                del ids[name]


class Ledger:
    """The state of a consortium after its last block."""

    def __init__(self, genesis):
        check_genesis(genesis)
        self.consortium = consortium_id(shapes.GENESIS.put(genesis))
        self.height, self.hash, self.time = 0, self.consortium, genesis["time"]
        self.proposal_round = self.polkas_of = 0
        self.state, self.log = founding_state(genesis), Frontier(frontier([]))
        self.tree, self.window = GrowingTree(self.consortium).grown(self.state), Window()
        self.tip_validators = self.validators = first_validators(genesis)

    def judge(self):
        """Judges records on the state, which it leaves as it is."""
        parts = (self.state, self.window.records, self.window.exchanges)
        return Judge(*(Overlay(part) for part in parts))

    def follow(self, records, time, rnd=0, parent=None):
        """The header that follows from these (with which it is given), and what it stands for."""
        judge, log = self.judge(), self.log.copy()
        limits = Limits(judge.params())
        for position, record in enumerate(records):
            limits.count(record, judge.account(record.agency))
            try:
                judge.apply(record, log.size, time)
            except Refusal as refusal:
                raise Fault(f"record {position}: {refusal.value['rule']}") from refusal
            log.push(record.leaf)
        tree = self.tree.grown(judge.state.puts)
        next_validators = judge.read(shapes.VALIDATOR_SET, b"v")
        height, mark = self.height + 1, bytes(32)
        if parent is not None:
            mark = certificate_hash(self.consortium, parent)
        proposer = self.validators[select(self.validators, height, rnd)]["agency"]
        header = {
            "version": 1, "consortium": self.consortium.hex(), "height": height,
            "proposal_round": rnd, "time": time, "parent": self.hash.hex(),
            "parent_certificate": mark.hex(),
            "body": body_hash(self.consortium, [record.leaf for record in records]).hex(),
            "first_index": self.log.size, "log_size": log.size, "log_root": log.root().hex(),
            "state_root": tree.root().hex(),
            "validators": validator_set_hash(self.consortium, self.validators).hex(),
            "next_validators": validator_set_hash(self.consortium, next_validators).hex(),
            "proposer": proposer,
        }
        return header, judge, log, tree, next_validators

    def execute(self, block):
        """Executes a block and makes it the tip. Errors: `Fault`."""
        header, parent = block["header"], block["parent_certificate"]
        records = []
        for position, data in enumerate(block["records"]):
            try:
                records.append(Record(bytes.fromhex(data), self.consortium))
            except Unfit as unfit:
                raise Fault(f"form of record {position}: {unfit.name}") from unfit
        if parent is not None:
            check_proof(parent, self.consortium, self.tip_validators)
            if parent["height"] == self.height and not self.is_named_by(parent):
                raise ParentFault("certificate: other-block")
        self.check_parent(header, parent)
        follows, judge, log, tree, validators = self.follow(
            records, header["time"], header["proposal_round"], parent
        )
        for field in follows:
            if follows[field] != header[field]:
                raise Fault(f"header: {field}")
        self.state.update(judge.state.puts)
        self.window.advance(judge.records.puts, judge.exchanges.puts, header["time"])
        self.log, self.tree = log, tree
        self.height, self.hash, self.time = header["height"], header_hash(header), header["time"]
        self.proposal_round = header["proposal_round"]
        self.tip_validators, self.validators = self.validators, validators

    def take_polkas(self, polkas):
        """Checks polka certificates of the tip. Errors: `Fault`."""
        if self.height == 0:
            raise Fault("frame")
        if not polkas or self.polkas_of == self.height:
            raise ParentFault("frame")
        try:
            check_polkas(polkas, self.height, self.consortium, self.tip_validators)
        except Unfit as unfit:
            raise ParentFault(unfit.name) from unfit
        self.polkas_of = self.height

    def is_named_by(self, certificate):
        """Whether a certificate is of the tip, and of no round before it was proposed."""
        named = (certificate["height"], certificate["header_hash"]) == (self.height, self.hash.hex())
        return named and certificate["round"] >= self.proposal_round

    def check_parent(self, header, parent):
        version = Judge(self.state, {}, {}).rules_version()
        if version > RULES_VERSION:
            raise Fault(f"rules: {version}")
        for field, holds in (
            ("version", header["version"] == 1),
            ("height", header["height"] == self.height + 1),
            ("time", header["time"] > self.time),
            ("parent_certificate", (parent is None) == (self.height == 0)),
        ):
            if not holds:
                raise Fault(f"header: {field}")
        if parent is not None and parent["height"] != self.height:
            raise Fault("header: parent_certificate")


class Limits:
    """The room of a block."""

    def __init__(self, params):
        self.params, self.records, self.size, self.agencies = params, 0, 0, {}

    def count(self, record, account):
        """Errors: `Fault` where a record exceeds a limit."""
        size = len(record.data)
        if self.records + 1 > self.params["block_records"]:
            raise Fault("limit: records")
        if self.size + size > self.params["block_bytes"]:
            raise Fault("limit: bytes")
        records, used = self.agencies.get(account, (0, 0))
        over = records + 1 > self.params["agency_records"]
        if over or used + size > self.params["agency_bytes"]:
            raise Fault(f"quota: {account}")
        self.records, self.size = self.records + 1, self.size + size
        self.agencies[account] = (records + 1, used + size)


def check_proof(certificate, consortium, validators):
    """A certificate's validity, as a `Fault`."""
    try:
        check_certificate(certificate, consortium, validators)
    except Unfit as unfit:
        raise Fault(f"certificate: {unfit.name}") from unfit


def frame(kind, content):
    """A frame of an archive."""
    return bytes([kind]) + len(content).to_bytes(4, "little") + content


def archive(consortium, blocks, certificate, polkas=None):
    """An archive of these blocks (bytes), polka certificates beside some (bytes, by their place),
    and the last certificate (bytes)."""
    frames = []
    for at, block in enumerate(blocks):
        frames.append(frame(1, block))
        if polkas and at in polkas:
            frames.append(frame(3, polkas[at]))
    return MAGIC + consortium + b"".join(frames) + frame(2, certificate)


def read_frames(stream):
    """(kind, value) of each frame. No more is read at once than a frame may have. Errors: `Fault`."""
    while head := stream.read(5):
        if len(head) < 5:
            raise Fault("truncated")
        kind, length = head[0], int.from_bytes(head[1:], "little")
        limits = {1: MAX_BLOCK_BYTES, 2: MAX_CERTIFICATE_BYTES, 3: MAX_POLKAS_BYTES}
        if kind not in limits or length > limits[kind]:
            raise Fault("frame")
        content = stream.read(length)
        if len(content) < length:
            raise Fault("truncated")
        shape = {1: shapes.BLOCK, 2: shapes.COMMIT_CERTIFICATE, 3: shapes.POLKAS}[kind]
        try:
            yield kind, decode(shape, content, limits[kind])
        except Refused as refused:
            raise Fault(f"decode: {refused.kind}") from refused


class Replay:
    """An archive on its way through a ledger."""

    def __init__(self, genesis):
        self.ledger, self.last = Ledger(genesis), None

    def faulted(self, fault, ahead):
        """How a fault is reported: of the tip's block, or of that ahead of it."""
        return {"height": self.ledger.height + ahead, "fault": str(fault)}

    def take(self, kind, value):
        """One frame. Errors: `Fault`."""
        if kind == 1:
            self.ledger.execute(value)
        elif kind == 3:
            self.ledger.take_polkas(value)
        else:
            self.last = value

    def verify(self, stream, progress=lambda ledger: None):
        """What an archive proves: its last height, header hash, entries, signers; or its fault."""
        head = stream.read(40)
        if head[:8] != MAGIC:
            return {"fault": "not-an-archive"}
        if len(head) < 40:
            return self.faulted("truncated", 1)
        if head[8:] != self.ledger.consortium:
            return {"fault": "other-consortium"}
        try:
            for kind, value in read_frames(stream):
                if self.last is not None:
                    return self.faulted("trailing", 0)
                self.take(kind, value)
                progress(self.ledger)
        except Fault as fault:
            if self.last is not None:
                return self.faulted("trailing", 0)
            return self.faulted(fault, 0 if isinstance(fault, ParentFault) else 1)
        return self.faulted("truncated", 1) if self.last is None else self.finish()

    def finish(self):
        """The certificate of the tip."""
        ledger, last = self.ledger, self.last
        try:
            if not ledger.is_named_by(last):
                raise Fault("certificate: other-block")
            check_proof(last, ledger.consortium, ledger.tip_validators)
        except Fault as fault:
            return self.faulted(fault, 0)
        return {
            "height": ledger.height, "header_hash": ledger.hash.hex(), "entries": ledger.log.size,
            "signers": len(last["signatures"]),
        }


def verify_archive(genesis, data):
    """What the bytes of an archive prove."""
    return Replay(genesis).verify(io.BytesIO(data))
