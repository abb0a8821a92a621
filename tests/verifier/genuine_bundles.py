"""Evidence bundles of a ledger: what a case needs, gathered until nothing is missing.

Holds: all of them verify; the same case gives the same bytes.
"""

import copy
import hashlib
import json

import bundles
import closure
import container
import contents
from cases import world as w
from comity import shapes
from comity.hashing import header_hash
from comity.proofs import proof_file
from comity.wire import decode

from genuine import OPENINGS, told_late, told_on
from genuine_answering import ANSWERED, TOLD
from genuine_bound import BELOW, BOUND, LIFTED, PARENT, RULED
from genuine_forces import FORCED, TOLD as FORCE
from judging import attempt_in
from tampered_proofs import collection, extract

STORY, LATE = told_on(), told_late()
# The same before its last block.
EARLIER = copy.deepcopy(STORY)
EARLIER.blocks.pop()
GENESIS_JSON = json.dumps(w.GENESIS, ensure_ascii=False, indent=1).encode()
SUMMARIES = [(name, f"<!doctype html><title>{name}</title>".encode()) for name in container.SUMMARIES]


class Case:
    """A case: its entry in the manifest, its entries and its keys, closed, and the openings shown."""

    def __init__(self, case, entries, keys=(), openings=None, story=STORY):
        self.case, self.story, self.opened = case, story, openings or {}
        records = [bytes.fromhex(r) for block in story.blocks for r in block["records"]]
        self.statements = [decode(shapes.SIGNED_RECORD, r, len(r))["statement"] for r in records]
        self.entries, self.keys = self.closed(entries, keys)

    def objects(self, keys):
        """What these keys hold, where they hold something: {key: value}."""
        state = self.story.ledger.state
        return {key: decode(contents.OBJECTS[key[:1].decode()][2], state[key], len(state[key]))
                for key in keys if key in state}

    def closed(self, entries, keys):
        """The entries and the keys that these need, with them."""
        entries, keys = set(entries), set(keys) | set(closure.ALWAYS)
        while True:
            before = len(entries) + len(keys)
            for index in entries:
                keys.update(closure.needs_of_entry(index, self.statements[index]))
            for key, value in self.objects(keys).items():
                letter = key[:1].decode()
                name = contents.OBJECTS[letter][1](key[1:]).split(" ")[0]
                keys = keys | set(closure.needs_of_object(letter, name, value))
                entries.update(at for at, _ in closure.positions(letter, name, value))
            if len(entries) + len(keys) == before:
                return sorted(entries), sorted(keys)

    def members(self, entries=None, keys=None, **contents_of):
        """The members but the manifest, by name; some with another content, or left out (None)."""
        entries, keys = entries or self.entries, keys or self.keys
        held = {
            "genesis.json": GENESIS_JSON,
            "entries.proof": proof_file({"collection": collection(*entries, story=self.story)}),
            "state.proof": proof_file({"extract": extract(*keys, story=self.story)}),
            **{f"openings/{index}.json": bundles.written([OPENINGS[name] for name in names])
               for index, names in sorted(self.opened.items())},
            **dict(SUMMARIES),
        }
        return {**held, **contents_of}

    def manifest(self, members, **more):
        """The manifest of these members."""
        header = self.story.blocks[-1]["header"]
        return {
            "format": bundles.FORMAT, "version": bundles.VERSION, "consortium": w.CONSORTIUM.hex(),
            "case": self.case, "as_of": as_of(header),
            "exported": {"program": "a program of tests", "node": "civil.gd"},
            "members": listed(members), **more,
        }

    def packed(self, members=None, timestamps=(), stamps=0, **more):
        """The bundle of these members, with so many time stamps that name its manifest and nothing else."""
        members = members or self.members()
        manifest = bundles.written(self.manifest(members, **more))
        token = b"\x04\x20" + hashlib.sha256(manifest).digest()
        stamped = [(f"timestamps/{number}.tsr", token) for number in range(1, stamps + 1)]
        first = [("manifest.json", manifest)]
        return container.pack(first + list(members.items()) + list(timestamps) + stamped)


def as_of(header):
    """The block of which a bundle speaks."""
    return {"height": header["height"], "time": header["time"], "header": header_hash(header).hex()}


def listed(members):
    """Members as a manifest lists them."""
    return [{"name": name, "size_bytes": len(content), "sha256": hashlib.sha256(content).hexdigest()}
            for name, content in members.items()]


def where(is_wanted, story=STORY):
    """The accesses and denials whose attempt is wanted."""
    probe = Case({}, [], story=story)
    return [index for index, statement in enumerate(probe.statements)
            if attempt_in(statement["action"]) and is_wanted(attempt_in(statement["action"])["attempt"])]


def below(name, story):
    """The grants that were derived from one."""
    state = story.ledger.state
    grants = [(key, decode(shapes.GRANT, value, len(value))) for key, value in state.items() if key[:1] == b"g"]
    return [f"G{int.from_bytes(key[1:], 'big')}" for key, value in grants if value["parent"] == name]


def acknowledged(names, story):
    """What the requesting side says to have received under these grants."""
    return [index for index, statement in enumerate(Case({}, [], story=story).statements)
            if statement["action"]["kind"] == "acknowledge-access" and statement["action"]["grant"] in names]


def grant(name, story=STORY, **more):
    """One grant, from the request to the last access, under it or under what was derived from it."""
    names = [name, *below(name, story)]
    used = where(lambda attempt: attempt["grant"] in names, story)
    entries = [int(name[1:]), *used, *acknowledged(names, story)]
    return Case({"kind": "grant", "grant": name}, entries, story=story, **more)


def access(index, **more):
    """One access or denial."""
    return Case({"kind": "access", "entry": index}, [index], **more)


def dataset(name, story=STORY, **more):
    """All accesses to a dataset, with every grant on it."""
    case = {"kind": "dataset", "dataset": name, "from": None, "to": None}
    used = where(lambda attempt: attempt["dataset"] == name, story)
    granted = [index for index, statement in enumerate(Case({}, [], story=story).statements)
               if statement["action"]["kind"] in ("issue-grant", "approve-request", "issue-onward")
               and statement["action"]["terms"]["dataset"] == name]
    return Case(case, used + granted, story=story, **more)


def signer(name, story=STORY, **more):
    """What a key signed."""
    case = {"kind": "signer", "key": w.public(name), "from": None, "to": None}
    signed = [index for index, statement in enumerate(Case({}, [], story=story).statements)
              if any(signer["key"] == case["key"] for signer in statement["signers"])]
    return Case(case, signed, [b"k" + bytes.fromhex(case["key"])], story=story, **more)


SEALED = 56
OPENED = {SEALED: ["case", "rows"]}
USED, PASSED = grant("G11", openings=OPENED), grant(BELOW, BOUND)
# The first is what most are tampered with.
GENUINE = [
    ("a grant with accesses, denials and openings", USED),
    ("a grant of one access, used", grant("G15")),
    ("a grant of one access a day, used", grant("G16")),
    ("a grant that was revoked", grant("G12")),
    ("a grant that was suspended and resumed", grant("G17")),
    ("a grant on request, used and revoked", grant("G29")),
    ("a grant to one who joined later and whose time is over", grant("G52")),
    ("an access with every opening", access(SEALED, openings={SEALED: ["case", "purpose", "rows"]})),
    ("a denial of an exchange that the first access used", access(57)),
    ("a denial of a quota that the first access used up", access(58)),
    ("a dataset that was amended and suspended", dataset("health.gd/vaccinations")),
    ("a dataset with details", dataset("health.gd/clinics")),
    ("a key that signed much", signer("health steward")),
    ("a key that was revoked before it signed", signer("civil officer revoked")),
    ("a key of one who joined later", signer("village gateway")),
    ("a grant that was passed on, changed and revoked", grant(PARENT, BOUND)),
    ("a grant derived from another, with batches", PASSED),
    ("a grant by rule, narrowed", grant(RULED, BOUND)),
    ("a grant whose quota was lifted", grant(LIFTED, BOUND)),
    ("a denial under a quota that was lifted, without the uses", access(101, story=BOUND)),
    ("a denial of a used exchange, without its use", access(112, story=BOUND)),
    ("a denial that the grant above caused", access(110, story=BOUND)),
    ("a dataset with grants of all kinds", dataset("health.gd/vaccinations", BOUND)),
    ("a dataset shared by rule", dataset("health.gd/clinics", BOUND)),
    ("a key that acknowledged", signer("civil gateway", BOUND)),
    ("a key that published a calendar", signer("data steward", BOUND)),
    ("a gateway that numbers its records", signer("health gateway 2", BOUND)),
    ("an access in an emergency, justified", access(STORY.helped)),
    ("an access in an emergency, not yet justified", access(STORY.helped + 1)),
    ("a denial for another matter than the emergency's", access(STORY.helped + 2)),
    ("a denial after the emergency", access(STORY.helped + 5)),
    ("an access that went in late", access(LATE.late, story=LATE)),
    ("an access that went in late though its exchange was used", access(LATE.late + 1, story=LATE)),
    ("an access that went in late for another matter", access(LATE.late + 2, story=LATE)),
    ("a grant on a request that was refused, disputed and decided anew", grant(TOLD.grant, ANSWERED)),
    ("a dataset with accesses in an emergency", dataset("health.gd/vaccinations", ANSWERED)),
    ("a key that acknowledged in an emergency, and asked for a check", signer("civil.gd officer", ANSWERED)),
    ("a key that disputed and justified", signer("civil steward", ANSWERED)),
    ("a key that ruled, took a check over and declared an emergency", signer("data steward", ANSWERED)),
    ("a key that took no check over", signer("tax.gd steward", ANSWERED)),
    ("a key that reviewed an emergency", signer("univ steward", ANSWERED)),
    ("a key that reported an incident and answered a finding", signer("health steward", ANSWERED)),
    ("a key that opened a draw", signer("data.gd auditor", ANSWERED)),
    ("a key that committed to a draw, found something in an entry, and assessed", signer("univ.gd auditor", ANSWERED)),
    ("a key that found something in how a power was used", signer("tax.gd auditor", ANSWERED)),
    ("a grant of a task force that was ended", grant(FORCE.grant, FORCED)),
    ("an access of a member of a task force", access(FORCE.access, story=FORCED)),
    ("a denial to one who left a task force", access(FORCE.denial, story=FORCED)),
    ("a dataset with a task force's accesses", dataset("health.gd/vaccinations", FORCED)),
    ("a key that formed a task force, and ended it", signer("civil steward", FORCED)),
    ("a key that joined a task force, and left it", signer("tax.gd steward", FORCED)),
    ("a key that received in a task force's capacity", signer("tax officer", FORCED)),
]
