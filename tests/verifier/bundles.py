"""Evidence bundles: check by check.

Holds: a check that is left out says so; each that fails has the name of its first fault.
Source: docs/formats.md, "Evidence bundles", "Verifying a bundle".
"""

import collections
import hashlib
import json
import re

import closure
import container
import contents
import judging
import reading
from comity import proofs, shapes
from comity.forms import Unfit, require
from comity.grounds import dataset_key, departure_key, emergency_use_key, grant_key, key_key, member_usage_key, usage_key
from comity.hashing import commitment, consortium_id, header_hash
from comity.rules import count_of
from comity.wire import Refused, decode

MAGIC = container.LOCAL
MAX_BYTES = container.MAX_BYTES
FORMAT, VERSION = "comity-evidence", 1
PASSED, FAILED, NOT_MADE, NOT_CHECKED = "passed", "failed", "not-made", "not-checked"
# The checks that follow from one another, and the others.
FIRST = ("container", "manifest", "genesis", "entries", "state")
THEN = ("as-of", "case", "objects", "positions", "accesses", "signers", "judgements", "openings",
        "summaries", "timestamps")
CASES = {
    "grant": ("grant",), "access": ("entry",), "dataset": ("dataset", "from", "to"),
    "signer": ("key", "from", "to"),
}


class Bundle:
    """A bundle on its way through its checks. `found` is what is known of it so far."""

    def __init__(self, genesis, data):
        self.genesis, self.data = genesis, data
        self.consortium = consortium_id(shapes.GENESIS.put(genesis)).hex()
        self.checks = {name: NOT_MADE for name in FIRST + THEN}
        self.faults, self.found = {}, {}

    def verify(self):
        """What it shows, as plain values, `fault` among them where a check fails."""
        for name in FIRST:
            if not self.make(name):
                return self.report()
        for name in THEN:
            self.make(name)
        return self.report()

    def make(self, name):
        """Makes a check. Returns whether it did not fail."""
        try:
            self.checks[name] = getattr(self, f"check_{name.replace('-', '_')}")() or PASSED
        except Unfit as unfit:
            self.checks[name], self.faults[name] = FAILED, f"{name}: {unfit.name}"
        return self.checks[name] != FAILED

    def report(self):
        """The result."""
        checks = [{"check": name, "result": result, **({"fault": self.faults[name]} if
                   name in self.faults else {})} for name, result in self.checks.items()]
        first = next(iter(self.faults.values()), None)
        found = {"kind": "bundle", "checks": checks, **self.found}
        return found if first is None else {**found, "fault": first}

    # The checks that follow from one another.

    def check_container(self):
        self.members = container.unpack(self.data)
        self.content = dict(self.members)

    def check_manifest(self):
        self.manifest = manifest = manifest_of(self.content["manifest.json"])
        own = [(name, content) for name, content in self.members
               if name != "manifest.json" and not name.startswith("timestamps/")]
        listed = manifest["members"]
        require([one["name"] for one in listed] == [name for name, _ in own], "members")
        for one, (_, content) in zip(listed, own):
            said = one["size_bytes"], one["sha256"]
            require(said == (len(content), hashlib.sha256(content).hexdigest()), "member")
        self.found.update({name: manifest[name] for name in ("case", "exported")})

    def check_genesis(self):
        require(self.manifest["consortium"] == self.consortium, "other-consortium")
        try:
            held = reading.genesis_of(self.content["genesis.json"])
        except Unfit as unfit:
            raise Unfit("differs") from unfit
        require(consortium_id(shapes.GENESIS.put(held)).hex() == self.consortium, "differs")

    def proof(self, name, wanted):
        """A member's proof, verified. Errors: `Unfit`."""
        data = self.content[name]
        kind, content = proofs.read(data)
        require(kind == wanted, "kind")
        shown = proofs.verify(self.genesis, data)
        return content, shown

    def check_entries(self):
        content, _ = self.proof("entries.proof", "collection")
        self.headers, self.records = [], {}
        for block in content["blocks"]:
            self.headers.append(block["header"])
            for entry in block["entries"]:
                statement = contents.statement(entry["record"])
                self.records[entry["index"]] = (block["header"]["time"], statement)
        self.accesses = [
            (index, time, judging.accessed(statement["action"]))
            for index, (time, statement) in self.records.items()
            if judging.is_access(statement["action"])]
        self.found["collected"] = contents.said("collection", content)["collected"]

    def check_state(self):
        content, shown = self.proof("state.proof", "extract")
        self.header = content["path"]["header"]
        self.claims = {bytes.fromhex(claim["key"]): claim["value"] for claim in content["claims"]}
        self.held, self.names = {}, {}
        for key, value in self.claims.items():
            if value is not None:
                self.names[key], self.held[key] = held(key, bytes.fromhex(value))
        self.found.update({name: shown[name] for name in ("height", "time")})
        self.found["claims"] = contents.said("extract", content)["claims"]

    # The others.

    def check_as_of(self):
        said, header = self.manifest["as_of"], self.header
        own = {"height": header["height"], "time": header["time"], "header": header_hash(header).hex()}
        require(said == own, "header")
        for entry in self.headers:
            require(entry["height"] <= header["height"], "earlier")
            require(entry["height"] < header["height"] or entry == header, "earlier")

    def check_case(self):
        case = self.manifest["case"]
        kind = case["kind"]
        if kind == "access":
            _, statement = self.records.get(case["entry"], (0, {"action": {"kind": None}}))
            return require(judging.attempt_in(statement["action"]) is not None, "subject")
        key = {"grant": grant_key, "dataset": dataset_key, "signer": key_key}[kind]
        name = case[{"signer": "key"}.get(kind, kind)]
        return require(self.claims.get(key(name)) is not None, "subject")

    def check_objects(self):
        needed = set(closure.ALWAYS)
        for index, (_, statement) in self.records.items():
            needed.update(closure.needs_of_entry(index, statement))
        for key, value in self.held.items():
            needed.update(closure.needs_of_object(letter(key), self.called(key), value))
        require(needed <= set(self.claims), "missing")

    def check_positions(self):
        for key, value in self.held.items():
            for at, is_due in closure.positions(letter(key), self.called(key), value):
                require(at in self.records, "missing")
                require(is_due(at, self.records[at][1]["action"]), "other")

    def called(self, key):
        """What an object is called in actions: a version by its dataset."""
        name = self.names[key]
        return name.split(" ")[0] if letter(key) in "ef" else name

    def accesses_due(self):
        """The grants of which all accesses must be there."""
        case = self.manifest["case"]
        if case["kind"] == "grant":
            return [case["grant"]]
        if case["kind"] != "dataset" or (case["from"], case["to"]) != (None, None):
            return []
        return [self.names[key] for key, value in self.held.items()
                if letter(key) == "g" and value["terms"]["dataset"] == case["dataset"]]

    def check_accesses(self):
        whole = self.accesses_due()
        named = collections.Counter()
        for _, _, attempt in self.accesses:
            for name in judging.charged(self.held, attempt):
                named[name] += count_of(attempt)
        counts = {**{name: 0 for name in whole}, **named}
        totals = {name: self.held.get(usage_key(name), {"total": 0})["total"] for name in counts}
        self.found["accesses"] = {
            name: {"shown": counts[name], "total": totals[name]} for name in counts}
        for name, count in counts.items():
            require(count <= totals[name] and (count == totals[name] or name not in whole), "count")
        self.check_members(whole)
        entries = collections.Counter(
            (attempt["grant"], attempt["requester"])
            for _, _, attempt in self.accesses
            if attempt["grant"][0] == "E" and attempt.get("counts", True))
        self.found["urgent"] = {}
        for (emergency, agency), count in entries.items():
            total = self.held.get(emergency_use_key(emergency, agency), {"entries": 0})["entries"]
            self.found["urgent"][f"{emergency} {agency}"] = {"shown": count, "total": total}
            require(count <= total, "count")

    def check_members(self, whole):
        """Each member's own accesses under a grant to its task force."""
        shown = collections.Counter({key: 0 for key in self.held if letter(key) == "M"})
        grants = {key: self.names[key].split(" ")[0] for key in shown}
        for _, _, attempt in self.accesses:
            if attempt["capacity"] != "agency":
                key = member_usage_key(attempt["grant"], attempt["requester"])
                shown[key] += count_of(attempt)
                grants[key] = attempt["grant"]
        for key, count in shown.items():
            total = self.held.get(key, {"total": 0})["total"]
            require(count <= total and (count == total or grants[key] not in whole), "count")

    def check_signers(self):
        for index, (time, statement) in self.records.items():
            for signer in statement["signers"]:
                self.check_signer(index, time, signer)

    def check_signer(self, index, time, signer):
        """Whether a signer was entitled to be one. Errors: `Unfit`."""
        key = self.held.get(key_key(signer["key"]))
        require(key is not None, "unknown")
        require((key["agency"], key["role"]) == (signer["agency"], signer["role"]), "other")
        require(key["registered_at"] is None or key["registered_at"] < index, "not-yet")
        require(key["revoked"] is None or key["revoked"]["at"] >= index, "revoked")
        require(key["valid_until"] is None or key["valid_until"] > time, "expired")
        left = self.held.get(departure_key(signer["agency"]))
        require(left is None or left["at"] >= index, "left")

    def check_judgements(self):
        found = {}
        for index, (time, statement) in self.records.items():
            if judging.attempt_in(statement["action"]) is not None:
                found[index] = judging.judged(
                    self.held, self.accesses, self.genesis, (index, time), statement["action"])
        self.found["judgements"] = found
        require(judging.OTHERWISE not in found.values(), "otherwise")

    def check_openings(self):
        self.found["openings"] = {}
        for name, content in self.members:
            if name.startswith("openings/"):
                index = container.place(name)[1]
                opened = openings_of(content)
                require(index in self.records, "entry")
                self.check_opened(index, opened)
                self.found["openings"][index] = opened

    def check_opened(self, index, opened):
        """Whether openings open commitments of an entry, in order. Errors: `Unfit`."""
        statement = self.records[index][1]
        action = statement["action"]
        attempt = (judging.attempt_in(action) or {"attempt": {"sealed": []}})["attempt"]
        then = action["record"]["sealed"] if judging.is_late(action) else []
        rest = iter(statement["sealed"] + then + attempt["sealed"])
        for opening in opened:
            require(commitment(bytes.fromhex(self.consortium), opening).hex() in rest, "commitment")

    def check_summaries(self):
        return NOT_CHECKED

    def check_timestamps(self):
        self.found["timestamps"] = sum(name.startswith("timestamps/") for name in self.content)
        return NOT_CHECKED


def letter(key):
    """The first letter of a state key."""
    return key[:1].decode("latin-1")


def held(key, value):
    """What an object is called, and what is held under its key. Errors: `Unfit`."""
    _, name, shape = contents.OBJECTS.get(letter(key), (None, None, None))
    called = name(key[1:]) if name else None
    try:
        require(called is not None, "unreadable")
        return called, decode(shape, value, len(value))
    except Refused as refused:
        raise Unfit("unreadable") from refused


def plain(text):
    """JSON in the one form that counts, or `Unfit`."""
    def once(pairs):
        require(len(dict(pairs)) == len(pairs), "form")
        return dict(pairs)

    try:
        value = json.loads(text.decode(), object_pairs_hook=once)
    except (ValueError, RecursionError) as error:
        raise Unfit("form") from error
    return value


def written(value):
    """A value as JSON in the manifest's form."""
    return (json.dumps(value, indent=2, ensure_ascii=False) + "\n").encode("utf-8", "surrogatepass")


def is_number(value, most=2**64 - 1):
    """Whether a value is a whole number that fits."""
    return type(value) is int and 0 <= value <= most


def is_hex(value, size):
    """Whether a value is so many bytes in hexadecimal."""
    return type(value) is str and re.fullmatch("[0-9a-f]*", value) and len(value) == 2 * size


def has(value, *names):
    """Whether a value is an object with exactly these members in this order."""
    return type(value) is dict and tuple(value) == names


def manifest_of(data):
    """The manifest in these bytes. Errors: `Unfit`."""
    value = plain(data)
    if type(value) is dict and value.get("format") == FORMAT:
        require(is_number(value.get("version")) and value["version"] == VERSION, "version")
    named = ("format", "version", "consortium", "case", "as_of", "exported", "members")
    require(has(value, *named) and value["format"] == FORMAT, "form")
    as_of, exported = value["as_of"], value["exported"]
    require(is_hex(value["consortium"], 32) and is_case(value["case"]), "form")
    require(has(as_of, "height", "time", "header"), "form")
    require(all(is_number(as_of[name]) for name in ("height", "time")) and is_hex(as_of["header"], 32), "form")
    require(has(exported, "program", "node"), "form")
    require(all(type(words) is str for words in exported.values()), "form")
    require(shapes.is_text(exported["program"], 64) and contents.is_agency(exported["node"]), "form")
    require(type(value["members"]) is list, "form")
    for one in value["members"]:
        require(has(one, "name", "size_bytes", "sha256") and type(one["name"]) is str, "form")
        require(is_number(one["size_bytes"]) and is_hex(one["sha256"], 32), "form")
    require(written(value) == data, "form")
    return value


def is_case(case):
    """Whether a value is one of the cases."""
    kind = case.get("kind") if type(case) is dict else None
    if type(kind) is not str or kind not in CASES or not has(case, "kind", *CASES[kind]):
        return False
    times = [case[name] for name in ("from", "to") if name in case]
    if not all(time is None or is_number(time) for time in times):
        return False
    if kind == "access":
        return is_number(case["entry"])
    if kind == "grant":
        named = re.fullmatch("G(0|[1-9][0-9]{0,19})", case["grant"]) if type(case["grant"]) is str else None
        return bool(named) and int(named[1]) < 2**64
    if kind == "dataset":
        return type(case["dataset"]) is str and contents.is_dataset(case["dataset"])
    return bool(is_hex(case["key"], 32)) and contents.public_key(bytes.fromhex(case["key"])) is not None


def openings_of(data):
    """The openings in a member. Errors: `Unfit`."""
    value = plain(data)
    require(type(value) is list and value, "form")
    for one in value:
        require(has(one, "detail", "salt", "text"), "form")
        try:
            read = shapes.OPENING.put(one)
            require(decode(shapes.OPENING, read, len(read)) == one, "form")
        except (*reading.MISSHAPEN, Refused) as error:
            raise Unfit("form") from error
    require(written(value) == data, "form")
    return value


def verify(genesis, data):
    """What a bundle shows, as plain values, `fault` among them where a check fails."""
    return Bundle(genesis, data).verify()
