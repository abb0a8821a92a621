"""Evidence bundles of grants that bind and of two legs that were tampered with: (what, bytes, due), as in tampered_bundles.

Holds: where proofs are forged, they are certified by all validators.
"""

from cases import world as w
from comity import shapes
from comity.grounds import dataset_key, grant_key, grant_version_key, request_key, usage_key

import bundles
import closure
import contents
import genuine_bundles as genuine
from forged_bundles import put, with_state
from genuine_bound import BELOW, BOUND, LIFTED, PARENT, RULED
from genuine_bundles import PASSED

ABOVE, BY_RULE = genuine.grant(PARENT, BOUND), genuine.grant(RULED, BOUND)
DATASET = dataset_key("health.gd/vaccinations")


def named(case):
    """The entries that the objects of a case name."""
    found = set()
    for key, value in case.objects(case.keys).items():
        letter = key[:1].decode()
        name = contents.OBJECTS[letter][1](key[1:]).split(" ")[0]
        found.update(at for at, _ in closure.positions(letter, name, value))
    return found


def incomplete(chance):
    """With one object or one entry left out, of the grant, of the one above it, or of what was derived from it."""
    for title, case in (("derived", PASSED), ("above", ABOVE), ("by rule", BY_RULE)):
        subject = grant_key(case.case["grant"])
        for key in case.keys:
            rest = [one for one in case.keys if one != key]
            due = "case: subject" if key == subject else "objects: missing"
            yield f"{title}, without {key[:1].decode()} {key[1:].hex()[:24]}", case.packed(case.members(keys=rest)), due
        due_there = named(case)
        for index in case.entries:
            kind = case.statements[index]["action"]["kind"]
            if index in due_there:
                due = "positions: missing"
            elif kind == "record-access":
                due = "accesses: count"
            else:
                # What is counted nowhere: see `rest`.
                assert kind in ("record-denial", "acknowledge-access"), kind
                continue
            rest = [one for one in case.entries if one != index]
            yield f"{title}, without entry {index}, {kind}", case.packed(case.members(entries=rest)), due
    said = genuine.signer("civil gateway", BOUND)
    for what, key in (("grant", grant_key(PARENT)), ("usage", usage_key(PARENT))):
        rest = [one for one in said.keys if one != key]
        yield f"an acknowledgement without the {what}", said.packed(said.members(keys=rest)), "objects: missing"


def changed(key, shape, case=PASSED, **more):
    """The bundle with fields of one object changed."""
    return with_state(put(key, shape, **more), case)


def in_terms(**fields):
    """A change of a grant's terms."""
    return lambda grant: {**grant["terms"], **fields}


def bound(chance):
    """Certified by all validators, and still no true story of grants passed on and changed."""
    above, below, ruled = (grant_key(name) for name in (PARENT, BELOW, RULED))
    for case in (PASSED, ABOVE, BY_RULE):
        assert bundles.verify(w.GENESIS, with_state(lambda held: None, case)).get("fault") is None
    for what, key, case, more, due in (
        ("derived from nothing", below, PASSED, {"parent": None}, "positions: other"),
        ("on a request", below, PASSED, {"request": "R85"}, "objects: missing"),
        ("of a version that is not there", below, PASSED, {"version": 2}, "objects: missing"),
        ("with a version hidden", above, PASSED, {"version": 2}, "judgements: otherwise"),
        ("first used under another", above, PASSED, {"first_use": {"at": 86, "on": w.NOW}}, "positions: other"),
        ("first used by a denial", below, PASSED, {"first_use": {"at": 87, "on": w.NOW}}, "positions: other"),
        ("delivered with an acknowledgement", below, PASSED, {"delivered": {"at": 90, "on": w.NOW}}, "positions: other"),
        ("its terms made elsewhere", above, PASSED, {"version_at": 92}, "positions: other"),
        ("no longer to be passed on", above, PASSED, {"terms": in_terms(onward=[])}, "positions: other"),
        ("derived with more", below, PASSED, {"terms": in_terms(matters=["LOW-INCOME", "SCHOOL"])}, "positions: other"),
        ("another undertaking fulfilled", above, PASSED, {"fulfilled": [
            {"number": 1, "count": 1, "last": {"at": 96, "on": w.NOW}, "before": None}]}, "positions: other"),
        ("an undertaking fulfilled by another act", above, PASSED, {"fulfilled": [
            {"number": 2, "count": 1, "last": {"at": 95, "on": w.NOW}, "before": None}]}, "positions: other"),
        ("an undertaking fulfilled before by another act", above, PASSED, {"fulfilled": [
            {"number": 2, "count": 2, "last": {"at": 96, "on": w.NOW}, "before": {"at": 95, "on": w.NOW}}]},
         "positions: other"),
        ("by rule, of no request", ruled, BY_RULE, {"request": None}, "positions: other"),
        ("by rule, of another request", ruled, BY_RULE, {"request": "R28"}, "objects: missing"),
        ("by rule, never narrowed", ruled, BY_RULE, {"version": 1, "version_at": 85}, "positions: other"),
    ):
        yield what, changed(key, shapes.GRANT, case, **more), due
    first = grant_version_key(PARENT, 1)
    for what, more in (("other terms at first", {"terms": in_terms(total_quota=4)}),
                       ("first terms made elsewhere", {"version_at": 90})):
        yield what, changed(first, shapes.GRANT_VERSION, **more), "positions: other"
    for what, outcome in (
        ("decided after all", {"outcome": "approved", "grant": RULED, "by_rule": False}),
        ("by rule, another grant", {"outcome": "approved", "grant": LIFTED, "by_rule": True}),
    ):
        reply = {"at": 85, "on": w.NOW, "outcome": outcome}
        yield what, changed(request_key("R85"), shapes.ASKED, BY_RULE, reply=reply), "positions: other"


def counted(chance):
    """Batches counted as one, and uses that the grant above does not count."""
    for what, name, total, case in (
        ("a batch as one", BELOW, 2, PASSED), ("a batch as one, above", PARENT, 3, ABOVE),
        ("only its own", PARENT, 1, ABOVE), ("one too many", PARENT, 6, ABOVE), ("nothing", BELOW, 0, PASSED),
        ("above fewer than below", PARENT, 4, PASSED),
    ):
        yield what, changed(usage_key(name), shapes.USAGE, case, total=total), "accesses: count"


def shared(chance):
    """A dataset that is not shared, with grants that were, or were not, issued all the same."""
    def not_shared(*grants):
        changes = [put(grant_key(name), shapes.GRANT, sharing="not-shared") for name in grants]
        closed = put(DATASET, shapes.PUBLISHED_DATASET, dataset=lambda one: {**one["dataset"], "sharing": "not-shared"})

        def change(held):
            for one in (*changes, closed):
                one(held)
        return with_state(change, PASSED)

    for what, grants in (("no grant", ()), ("the grant above alone", (PARENT,)), ("both grants", (PARENT, BELOW))):
        yield f"{what} signed for as not shared", not_shared(*grants), "positions: other"


FAMILIES = (incomplete, bound, counted, shared)


def rest():
    """Bundles that verify, for all that they lack or hold: what the ledger does not count, and objects of no case."""
    for index in PASSED.entries:
        if PASSED.statements[index]["action"]["kind"] == "acknowledge-access":
            left = [one for one in PASSED.entries if one != index]
            yield f"without the acknowledgement {index}", PASSED.packed(PASSED.members(entries=left))
    numbers = b"j" + bytes.fromhex(w.public("health gateway 2"))
    yield "with calendars, rule packs, an office and a gateway's numbers", PASSED.packed(PASSED.members(
        keys=sorted({*PASSED.keys, b"w440100", b"w", b"z", b"isupervisor", numbers})))
