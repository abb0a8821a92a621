"""Evidence bundles that were tampered with: (what, bytes, due), as in tampered_archives.

Holds: where proofs are forged, they are certified by all validators, whose keys everybody knows here.
"""

import copy
import json
import struct
import zlib

import bundles
import container
from cases import world as w
from comity.chain import Ledger
from comity.proofs import proof_file

import genuine_bundles as genuine
import tampered_answering
import tampered_bound
import tampered_forces
from forged_bundles import forged, forged_extract, replaced_as_of, sibling
from genuine import OPENINGS
from genuine_bundles import EARLIER, SEALED, STORY, USED, access, as_of
from tampered_archives import FOREIGN, flip
from tampered_proofs import collection, extract, receipt, way

DATA = USED.packed()
MEMBERS = USED.members()
NAMES = ["manifest.json", *MEMBERS]


def tampered(chance):
    """All of them."""
    families = (
        cut, padded, heads, names, directories, manifests, geneses, proofs, as_ofs, cases, lacking, forged,
        *tampered_bound.FAMILIES, *tampered_answering.FAMILIES, *tampered_forces.FAMILIES, openings, timestamps, flipped,
    )
    for family in families:
        for what, data, due in family(chance):
            yield f"{family.__name__}: {what}", data, due, False


def contents():
    """The members of the bundle, the manifest among them."""
    return container.unpack(DATA)


def place_of(name):
    """Where a member begins."""
    at = 0
    for one, content in contents():
        if one == name:
            return at
        at += container.HEAD.size + len(one) + len(content)
    raise KeyError(name)


def patched(name, offset, form, value):
    """The bundle with a number in a member's head changed."""
    data = bytearray(DATA)
    struct.pack_into(form, data, place_of(name) + offset, value)
    return bytes(data)


def cut(chance):
    """Truncated."""
    end = place_of("summary.zh.html")
    for place, due in ((0, "not-a-bundle"), (3, "not-a-bundle"), (4, "truncated"), (29, "truncated"),
                       (35, "truncated")):
        yield f"after {place} bytes", DATA[:place], f"container: {due}"
    for name in NAMES:
        at = place_of(name)
        if at:
            yield f"before {name}", DATA[:at], "container: missing"
        yield f"in the head of {name}", DATA[: at + 20], "container: truncated"
        yield f"in the name of {name}", DATA[: at + container.HEAD.size + 3], "container: truncated"
        content = at + container.HEAD.size + len(name)
        yield f"at the content of {name}", DATA[:content], "container: truncated"
    tail = len(container.tail(contents()))
    start = len(DATA) - tail
    for place in (start, start + 4, len(DATA) - 22, len(DATA) - 1,
                  *chance.sample(range(start + 5, len(DATA) - 23), 3)):
        yield f"in the directory, after {place}", DATA[:place], "container: truncated"
    for place in chance.sample(range(36, end), 6):
        yield f"after {place} bytes", DATA[:place], None


def padded(chance):
    """With something more."""
    start = len(DATA) - len(container.tail(contents()))
    yield "a zero at the end", DATA + b"\0", "container: trailing"
    yield "the bundle twice", DATA + DATA, "container: trailing"
    yield "another ZIP behind it", DATA + container.pack([("manifest.json", b"{}")]), "container: trailing"
    yield "something before it", b"MZ" + DATA, "container: not-a-bundle"
    yield "a zero before it", b"\0" + DATA, "container: not-a-bundle"
    yield "a gap before the directory", DATA[:start] + b"\0" * 8 + DATA[start:], "container: directory"
    at = place_of("state.proof")
    yield "a gap between members", DATA[:at] + b"\0" + DATA[at:], "container: missing"
    yield "a comment that is announced", DATA[:-2] + b"\4\0more", "container: directory"
    yield "an archive", STORY.archive(), "container: not-a-bundle"
    yield "a proof", MEMBERS["state.proof"], "container: not-a-bundle"


def heads(chance):
    """Members that say something else of themselves: compressed, encrypted, of other sizes."""
    for name in ("manifest.json", "entries.proof", "summary.en.html"):
        yield f"{name}: deflated, it says", patched(name, 8, "<H", 8), "container: compressed"
        yield f"{name}: a method to come", patched(name, 8, "<H", 93), "container: compressed"
        for what, offset, value in (
            ("a version to come", 4, 63), ("encrypted", 6, 1), ("sizes behind the content", 6, 8),
            ("a name in UTF-8", 6, 0x800), ("a time", 10, 1), ("another day", 12, 34),
            ("an extra field", 28, 4),
        ):
            yield f"{name}: {what}", patched(name, offset, "<H", value), "container: member-form"
        size = len(dict(contents())[name])
        for what, offset, value in (
            ("a size more", 22, size + 1), ("a size less", 22, size - 1), ("unpacked to 4 GiB", 22, 2**32 - 1),
            ("packed in nothing", 18, 0),
        ):
            yield f"{name}: {what}", patched(name, offset, "<I", value), "container: member-form"
        both = bytearray(patched(name, 18, "<I", size - 1))
        struct.pack_into("<I", both, place_of(name) + 22, size - 1)
        yield f"{name}: both sizes less", bytes(both), "container: checksum"
        for more, due in ((2**32 - 1, "too-large"), (container.MAX_MEMBER_BYTES + 1, "too-large"),
                          (container.MAX_MEMBER_BYTES, "truncated")):
            struct.pack_into("<II", both, place_of(name) + 18, more, more)
            yield f"{name}: {more} bytes, it says", bytes(both), f"container: {due}"
        yield f"{name}: another checksum", patched(name, 14, "<I", 1), "container: checksum"
        yield f"{name}: a name without end", patched(name, 26, "<H", 0xFFFF), None
    bomb = zlib.compress(bytes(1 << 24), 9)[2:-4]
    head = container.HEAD.pack(container.LOCAL, 20, 0, 8, 0, 33, zlib.crc32(bytes(1 << 24)), len(bomb),
                               1 << 24, len("manifest.json"), 0)
    yield "a bomb, in truth deflated", head + b"manifest.json" + bomb, "container: compressed"
    lying = container.HEAD.pack(container.LOCAL, 20, 0, 8, 0, 33, 0, len(bomb), 9, len("manifest.json"), 0)
    yield "a bomb that says it is small", lying + b"manifest.json" + bomb, "container: compressed"


def names(chance):
    """Names that lead elsewhere, are not known, stand twice, or in another order."""
    members = contents()
    for name in ("../manifest.json", "/etc/passwd", "openings/../genesis.json", "openings\\56.json", "C:x",
                 "openings/056.json", "openings/-1.json", "openings/+1.json", "openings/.json",
                 "openings/18446744073709551616.json", "openings/56.json/", "openings/", "Manifest.json",
                 "manifest.json\0", "summary.html", "timestamps/0.tsr", "timestamps/17.tsr",
                 "timestamps/01.tsr", "", "..", "a" * 300, "openings/\u0665.json"):
        other = [(name if one == "summary.zh.html" else one, content) for one, content in members]
        yield f"{name[:40]!r}", packed_as(other), "container: name"
    data = bytearray(DATA)
    data[place_of("genesis.json") + container.HEAD.size] = 0xFF
    yield "a name that is no text", bytes(data), "container: name"
    for at, (name, content) in enumerate(members):
        again = [*members[: at + 1], (name, content), *members[at + 1 :]]
        yield f"{name} twice", packed_as(again), "container: duplicate"
        if at + 1 < len(members):
            swapped = [*members[:at], members[at + 1], members[at], *members[at + 2 :]]
            yield f"{name} after the next", packed_as(swapped), "container: order"
        if name.startswith("openings/"):
            continue
        yield f"without {name}", packed_as(members[:at] + members[at + 1 :]), "container: missing"
    yield "backwards", packed_as(members[::-1]), "container: order"
    last = [name for name, _ in members].index("openings/56.json")
    for what, name in (("a later opening before", "openings/57.json"), ("another before", "openings/100.json")):
        early = [*members[:last], (name, b"[]"), *members[last:]]
        yield what, packed_as(early), "container: order"
    many = [(f"openings/{number}.json", b"[]") for number in range(container.MAX_OPENINGS + 1)]
    yield "1,025 openings", packed_as([*members[:last], *many, *members[last + 1 :]]), "container: too-many"
    long = [(f"openings/{SEALED}.json", bytes(container.MAX_SMALL_BYTES + 1))]
    yield "a long opening", packed_as([*members[:last], *long, *members[last + 1 :]]), "container: too-large"


def packed_as(members):
    """The container of members of any name."""
    return b"".join(container.local(name.encode(), content) + name.encode() + content
                    for name, content in members) + container.tail(members)


def directories(chance):
    """A directory that tells of other members than there are."""
    members = contents()
    start = len(DATA) - len(container.tail(members))
    for what, other in (
        ("without the last", members[:-1]), ("backwards", members[::-1]), ("twice", members + members),
        ("of nothing", []), ("with another name", [("a" + name[1:], data) for name, data in members]),
    ):
        yield what, DATA[:start] + pad(container.tail(other), len(DATA) - start), "container: directory"
    for place in chance.sample(range(start, len(DATA) - 2), 12):
        data = bytearray(DATA)
        data[place] ^= 1 << chance.randrange(8)
        # The first bytes of a directory may become those of a member.
        yield f"byte {place} changed", bytes(data), "container: "


def pad(tail, length):
    """At least as many bytes, so that nothing is merely missing."""
    return tail + b"\1" * max(0, length - len(tail))


def manifests(chance):
    """Manifests of other versions, of another form, of other members."""
    own = USED.manifest(MEMBERS)

    def with_text(text):
        return container.pack([("manifest.json", text), *MEMBERS.items()])

    def with_value(value):
        return with_text(bundles.written(value))

    for version in (0, 2, 65_536, -1, True, "1", None, [1]):
        yield f"version {version!r}", with_value({**own, "version": version}), "manifest: version"
    text = bundles.written(own)
    for what, bad in (
        ("nothing", b""), ("no JSON", b"manifest"), ("a list", b"[]\n"), ("an empty object", b"{}\n"),
        ("without the line feed", text[:-1]), ("a line feed more", text + b"\n"),
        ("a space more", text.replace(b": ", b":  ", 1)), ("tabs", text.replace(b"  ", b"\t")),
        ("on one line", json.dumps(own, ensure_ascii=False).encode() + b"\n"),
        ("with carriage returns", text.replace(b"\n", b"\r\n")),
        ("an escape", text.replace(b"comity-evidence", b"comity-evidenc\\u0065", 1)),
        ("a byte order mark", b"\xef\xbb\xbf" + text), ("in UTF-16", text.decode().encode("utf-16-le")),
        ("no UTF-8", text.replace(b"a program", b"\xff program", 1)),
        ("a member twice", text.replace(b'  "case": {', b'  "case": {},\n  "case": {', 1)),
        ("brackets without end", b"[" * 100_000), ("a comment", b"// \n" + text),
        ("a number with a point", text.replace(b'"size_bytes": ', b'"size_bytes": 0.', 1)),
        ("a number that is too long", text.replace(b'"height": ', b'"height": ' + b"9" * 30, 1)),
        ("a number of many digits", text.replace(b'"height": ', b'"height": ' + b"9" * 6_000, 1)),
    ):
        yield what, with_text(bad), "manifest: form"
    header = own["as_of"]
    for what, more in (
        ("another format", {"format": "comity-archive"}), ("a consortium in capitals", {
            "consortium": own["consortium"].upper()}), ("a short consortium", {"consortium": "00"}),
        ("something more", {"more": 1}), ("a time below zero", {"as_of": {**header, "time": -1}}),
        ("no hash", {"as_of": {**header, "header": ""}}), ("no header", {"as_of": {}}),
        ("no node", {"exported": {"program": "a"}}),
        ("a node that is none", {"exported": {"program": "a", "node": "Civil Affairs"}}),
        ("a program of 65 letters", {"exported": {"program": "a" * 65, "node": "civil.gd"}}),
        ("members that are none", {"members": {}}), ("members without a size", {
            "members": [{"name": "genesis.json", "sha256": "00" * 32}]}),
        ("a case of another kind", {"case": {"kind": "person", "person": "P1"}}),
        ("a case without a kind", {"case": {"grant": "G11"}}), ("a case in words", {"case": "grant"}),
        ("a grant that is a number", {"case": {"kind": "grant", "grant": 11}}),
        ("a grant with a zero before", {"case": {"kind": "grant", "grant": "G011"}}),
        ("a grant beyond numbers", {"case": {"kind": "grant", "grant": f"G{2**64}"}}),
        ("a dataset without an agency", {"case": {
            "kind": "dataset", "dataset": "vaccinations", "from": None, "to": None}}),
        ("a dataset without times", {"case": {"kind": "dataset", "dataset": "health.gd/vaccinations"}}),
        ("a key that is none", {"case": {"kind": "signer", "key": "00" * 32, "from": None, "to": None}}),
        ("an access by its name", {"case": {"kind": "access", "entry": "56"}}),
    ):
        yield what, with_value({**own, **more}), "manifest: form"
    backwards = {name: own[name] for name in reversed(own)}
    yield "its members in another order", with_value(backwards), "manifest: form"
    listed = own["members"]
    for what, other in (
        ("none listed", []), ("one not listed", listed[1:]), ("another order", listed[::-1]),
        ("one listed twice", [listed[0], *listed]), ("the manifest itself", [
            {**listed[0], "name": "manifest.json"}, *listed]),
        ("one that is not there", [*listed, {**listed[0], "name": "openings/99.json"}]),
        ("a path outside", [{**listed[0], "name": "../genesis.json"}, *listed[1:]]),
    ):
        yield what, with_value({**own, "members": other}), "manifest: members"
    for at, one in enumerate(listed):
        for what, more in (("size", {"size_bytes": one["size_bytes"] + 1}), ("hash", {"sha256": "ee" * 32})):
            other = [*listed[:at], {**one, **more}, *listed[at + 1 :]]
            yield f"another {what} of {one['name']}", with_value({**own, "members": other}), "manifest: member"
    for name in MEMBERS:
        changed = {**MEMBERS, name: MEMBERS[name] + b" "}
        yield f"{name} with a byte more", container.pack([("manifest.json", text), *changed.items()]), \
            "manifest: member"


def geneses(chance):
    """Of another consortium."""
    other = {**w.GENESIS, "name": "Another county"}
    theirs = json.dumps(other, ensure_ascii=False).encode()
    yield "another consortium's manifest", USED.packed(
        consortium=FOREIGN.ledger.consortium.hex()), "genesis: other-consortium"
    for what, text in (
        ("another genesis beside it", theirs), ("nothing", b""), ("half of it", genuine.GENESIS_JSON[:-9]),
        ("a list", b"[]"), ("brackets without end", b"[" * 100_000),
        ("one that founds nothing", genuine.GENESIS_JSON.replace(b'"version": 1', b'"version": 2', 1)),
        ("no text", b"\xff"),
    ):
        yield what, USED.packed({**MEMBERS, "genesis.json": text}), "genesis: differs"


def replaced(**members):
    """The bundle with other members; dots in names are written `_`."""
    return USED.packed({**MEMBERS, **{name.replace("_", "."): data for name, data in members.items()}})


def proofs(chance):
    """Proofs swapped, damaged, of another ledger, or of other entries."""
    entries, state = MEMBERS["entries.proof"], MEMBERS["state.proof"]
    yield "swapped", replaced(entries_proof=state, state_proof=entries), "entries: kind"
    yield "the entries twice", replaced(state_proof=entries), "state: kind"
    yield "the state twice", replaced(entries_proof=state), "entries: kind"
    yield "a receipt", replaced(entries_proof=proof_file({"receipt": receipt(56, STORY)})), "entries: kind"
    for name, check, data in (("entries_proof", "entries", entries), ("state_proof", "state", state)):
        for what, bad, due in (
            ("empty", b"", "not-a-proof"), ("its first bytes alone", data[:8], "damaged"),
            ("cut", data[:-1], "damaged"), ("continued", data + b"\0", "damaged"),
            ("of a kind to come", data[:8] + b"\5" + data[9:], "damaged"),
            ("of a format to come", b"COMITYP2" + data[8:], "not-a-proof"),
            ("an archive", STORY.archive(), "not-a-proof"),
        ):
            yield f"{check}: {what}", replaced(**{name: bad}), f"{check}: {due}"
    alien = proof_file({"collection": collection(0, 1, story=FOREIGN)})
    yield "another ledger's entries", replaced(entries_proof=alien), "entries: consortium"
    alien = proof_file({"extract": extract(b"o", b"p", story=FOREIGN)})
    yield "another ledger's state", replaced(state_proof=alien), "state: consortium"
    whole = collection(*USED.entries, story=STORY)

    def bent(bend):
        other = copy.deepcopy(whole)
        bend(other["blocks"])
        return replaced(entries_proof=proof_file({"collection": other}))

    def swap(blocks):
        one, two = blocks[0]["entries"][:2]
        one["record"], two["record"] = two["record"], one["record"]

    def stale(blocks):
        blocks[-1]["certificate"] = blocks[0]["certificate"]

    def unsigned(blocks):
        record = bytes.fromhex(blocks[0]["entries"][0]["record"])
        blocks[0]["entries"][0]["record"] = flip(record, len(record) * 8 - 3).hex()

    yield "two records swapped", bent(swap), "entries: inclusion"
    yield "a stale certificate", bent(stale), "entries: certificate"
    yield "a record whose signature was changed", bent(unsigned), "entries: bad-signature"
    yield "blocks backwards", bent(lambda blocks: blocks.reverse()), "entries: order"
    yield "an entry of another block", bent(
        lambda blocks: blocks[0].update(entries=blocks[1]["entries"])), "entries: other-block"
    held = extract(*USED.keys, story=STORY)
    claims = held["claims"]
    for what, change, due in (
        ("claims backwards", claims[::-1], "claims"), ("a claim twice", [claims[0], *claims], "claims"),
        ("no claim", [], "claims"),
        ("two values swapped", [{**claims[0], "value": claims[1]["value"]},
                                {**claims[1], "value": claims[0]["value"]}, *claims[2:]], "claim"),
    ):
        other = {"extract": {**held, "claims": change}}
        yield what, replaced(state_proof=proof_file(other)), f"state: {due}"
    usage = b"u" + (11).to_bytes(8, "big")
    denied = [{**one, "value": None} if one["key"] == usage.hex() else one for one in claims]
    yield "a use denied", replaced(
        state_proof=proof_file({"extract": {**held, "claims": denied}})), "state: claim"


def as_ofs(chance):
    """Of another block than the state's."""
    header = STORY.blocks[-1]["header"]
    own = as_of(header)
    for what, more in (
        ("a height more", {"height": own["height"] + 1}), ("a moment later", {"time": own["time"] + 1}),
        ("another hash", {"header": "ee" * 32}), ("of the block before", as_of(EARLIER.blocks[-1]["header"])),
    ):
        yield what, USED.packed(as_of={**own, **more}), "as-of: header"
    # One with an entry in the last block.
    last, older = access(STORY.helped + 5), way(len(STORY.blocks) - 1, STORY)
    held = forged_extract(last.keys, EARLIER_STATE, older["header"], older)
    yield "the state before its last entries", replaced_as_of(older["header"], held, case=last), "as-of: earlier"
    same = sibling(header, time=header["time"] + 5)
    held = forged_extract(last.keys, STORY.ledger.state, same["header"], same)
    yield "another block of the height of its last entries", replaced_as_of(same["header"], held, case=last), \
        "as-of: earlier"


def state_before(count):
    """The state after so many blocks."""
    ledger = Ledger(w.GENESIS)
    for block in STORY.blocks[:count]:
        ledger.execute(block)
    return ledger.state


EARLIER_STATE = state_before(len(STORY.blocks) - 1)


def cases(chance):
    """A case that the bundle does not hold."""
    for what, case in (
        ("a grant that is none", {"kind": "grant", "grant": "G10"}),
        ("another grant", {"kind": "grant", "grant": "G12"}),
        ("an entry that is no access", {"kind": "access", "entry": 11}),
        ("an entry that is not there", {"kind": "access", "entry": 22}),
        ("another dataset", {"kind": "dataset", "dataset": "health.gd/clinics", "from": None, "to": None}),
        ("a key that is not there", {"kind": "signer", "key": w.public("tax officer"), "from": None, "to": None}),
    ):
        yield what, USED.packed(case=case), "case: subject"


def lacking(chance):
    """With one object or one entry left out."""
    for key in USED.keys:
        rest = [one for one in USED.keys if one != key]
        due = "case: subject" if key == b"g" + (11).to_bytes(8, "big") else "objects: missing"
        yield f"without {key[:1].decode()} {key[1:].hex()[:24]}", USED.packed(USED.members(keys=rest)), due
    for index in USED.entries:
        action = USED.statements[index]["action"]["kind"]
        rest = [one for one in USED.entries if one != index]
        held = USED.members(entries=rest)
        if index == SEALED:
            due = "accesses: count"
        elif action == "record-denial":
            continue
        else:
            # The first access is one that the grant itself names.
            due = "positions: missing"
        yield f"without entry {index}, {action}", USED.packed(held), due
    both = genuine.dataset("health.gd/vaccinations")
    for index, due in ((22, "positions: missing"), (SEALED, "accesses: count")):
        rest = [one for one in both.entries if one != index]
        yield f"a dataset without access {index}", both.packed(both.members(entries=rest)), due


def openings(chance):
    """Openings of something else."""
    name = f"openings/{SEALED}.json"
    case, rows, purpose = (OPENINGS[one] for one in ("case", "rows", "purpose"))

    def opened(value):
        text = value if isinstance(value, bytes) else bundles.written(value)
        return USED.packed({**MEMBERS, name: text})

    good = bundles.written([case, rows])
    for what, bad in (
        ("none", []), ("no list", case), ("nothing", b""), ("no JSON", b"openings"),
        ("without the line feed", good[:-1]), ("on one line", json.dumps([case]).encode() + b"\n"),
        ("escaped", json.dumps([purpose], indent=2).encode() + b"\n"),
        ("of another detail", [{**case, "detail": "name"}]), ("without a salt", [{
            "detail": "purpose", "text": "a"}]), ("of a short salt", [{**case, "salt": "00"}]),
        ("of a salt in capitals", [{**case, "salt": case["salt"].upper()}]),
        ("of a text too long", [{**case, "text": "a" * 2049}]), ("of a text that is none", [{**case, "text": "\u202e"}]),
        ("with something more", [{**case, "more": 1}]),
        ("in another order of members", [dict(reversed(case.items()))]),
        ("a member twice", good.replace(b'"text"', b'"text": "",\n    "text"', 1)),
    ):
        yield what, opened(bad), "openings: form"
    for what, bad in (
        ("another text", [{**case, "text": "2026-0118"}]), ("another salt", [{**case, "salt": "ee" * 32}]),
        ("another detail", [{**case, "detail": "purpose"}]), ("backwards", [rows, case]),
        ("one twice", [case, case]), ("one too many", [case, purpose, rows, rows]),
    ):
        yield what, opened(bad), "openings: commitment"
    text = MEMBERS[name]
    for index, due in ((22, "entry"), (57, "commitment"), (11, "commitment")):
        moved = {one if one != name else f"openings/{index}.json": data for one, data in MEMBERS.items()}
        yield f"of entry {index}", USED.packed(moved), f"openings: {due}"
    beside = dict(sorted({**MEMBERS, "openings/64.json": text}.items(), key=lambda one: container.place(one[0])))
    yield "beside another", USED.packed(beside), "openings: commitment"


def timestamps(chance):
    """Time stamps out of their places."""
    for what, stamps, due in (
        ("the second without the first", [2], "order"), ("a gap", [1, 3], "order"), ("twice", [1, 1], "duplicate"),
        ("backwards", [2, 1], "order"),
    ):
        held = [(f"timestamps/{number}.tsr", b"0") for number in stamps]
        yield what, USED.packed(timestamps=held), f"container: {due}"
    long = [("timestamps/1.tsr", bytes(container.MAX_SMALL_BYTES + 1))]
    yield "a long one", USED.packed(timestamps=long), "container: too-large"
    early = [("timestamps/1.tsr", b"0"), *contents()]
    yield "before all", packed_as(early), "container: order"
    many = [(f"timestamps/{number}.tsr", b"0") for number in range(1, 18)]
    yield "seventeen", packed_as([*contents(), *many]), "container: name"


def flipped(chance):
    """One bit, anywhere."""
    for place in sorted(chance.sample(range(len(DATA) * 8), 60)):
        yield f"bit {place}", flip(DATA, place), "container: "


def rest():
    """Bundles that are genuine for all that is different: they verify."""
    yield "with time stamps", USED.packed(stamps=16)
    yield "with a program's name in Chinese", USED.packed(
        exported={"program": "\u5de5\u5177 \"1\" \\ \u0301", "node": "tax.gd"})
    yield "without openings", genuine.grant("G11").packed()
    yield "with more claims than it needs", access(56).packed(
        access(56).members(keys=sorted({*access(56).keys, b"l", b"anobody.gd", b"gx"})))
    yield from tampered_bound.rest()
    yield from tampered_answering.rest()
