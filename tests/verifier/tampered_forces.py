"""Evidence bundles about a task force, tampered with: (what, bytes, due), as in tampered_bundles.

Holds: where proofs are forged, they are certified by all validators.
"""

from cases import world as w
from comity import shapes
from comity.grounds import grant_key, member_usage_key, task_force_key, usage_key

import genuine_bundles as genuine
from forged_bundles import hold, put, with_state
from genuine_forces import FORCED, TOLD
from tampered_bound import named

GRANTED = genuine.grant(TOLD.grant, FORCED)
LED, LEFT = genuine.signer("civil steward", FORCED), genuine.signer("tax.gd steward", FORCED)
ONCE = genuine.access(TOLD.access, story=FORCED)
CASES = (("a task force's grant", GRANTED), ("a lead", LED), ("a member", LEFT))
ACTS = ("form-task-force", "exclude-from-task-force", "join-task-force", "leave-task-force", "end-task-force")
FORCE = task_force_key(TOLD.force)


def forces(chance):
    """With one object or one entry of a task force left out."""
    for title, case in CASES:
        for key in case.keys:
            if key[0] in b"TM":
                rest = [one for one in case.keys if one != key]
                yield f"{title}, without {key[:1].decode()} {key[1:].hex()[:24]}", case.packed(case.members(keys=rest)), \
                    "objects: missing"
        for index in sorted(named(case)):
            kind = case.statements[index]["action"]["kind"]
            if kind in ACTS:
                rest = [one for one in case.entries if one != index]
                yield f"{title}, without entry {index}, {kind}", case.packed(case.members(entries=rest)), "positions: missing"


def membership(at, **more):
    """A change of one of the memberships."""
    return {"memberships": lambda value: [
        {**one, **more} if place == at else one for place, one in enumerate(value["memberships"])]}


def terms(**more):
    """A change of what was formed."""
    return {"terms": lambda value: {**value["terms"], **more}}


def untrue(chance):
    """Certified by all validators, and still no true story of a task force."""
    formed = int(TOLD.force[1:])
    gone = {"mark": {"at": formed + 1, "on": w.NOW}, "by": "tax.gd", "reason": "Its part is done"}
    for what, more, due in (
        ("under another title", terms(title="None"), "positions: other"),
        ("for another matter", terms(matter="SCHOOL"), "objects: missing"),
        ("led by another", terms(lead="data.gd"), "objects: missing"),
        ("until later", terms(until=FORCED.last + 300 * w.DAY), "positions: other"),
        ("joined by another act", membership(1, joined={"at": formed, "on": w.NOW}), "positions: other"),
        ("joined by an act that is not there", membership(1, joined={"at": formed + 2, "on": w.NOW}), "positions: missing"),
        ("joined by another agency", membership(1, agency="data.gd"), "positions: other"),
        ("left by another act", membership(1, left=gone), "positions: other"),
        ("ended by another act", {"ended": {"mark": {"at": formed + 1, "on": w.NOW}, "reason": "All are housed"}},
         "positions: other"),
        ("ended for another reason", {"ended": lambda value: {**value["ended"], "reason": "None"}}, "positions: other"),
    ):
        yield what, with_state(put(FORCE, shapes.TASK_FORCE, **more), GRANTED), due
    once = put(usage_key(TOLD.grant), shapes.USAGE, total=1)
    yield "a grant used once", with_state(once, GRANTED), "accesses: count"
    for what, more, case in (
        ("less of a member than is shown", {"total": 0}, GRANTED), ("more of a member than is shown", {"total": 2}, GRANTED),
        ("less of a member than its one access", {"total": 0}, ONCE),
    ):
        yield what, with_state(put(member_usage_key(TOLD.grant, "tax.gd"), shapes.USAGE, **more), case), "accesses: count"
    unused = member_usage_key(TOLD.grant, "data.gd")
    yield "of a member that used nothing", with_state(hold(unused, FORCED.ledger.state[usage_key(TOLD.grant)]), genuine.Case(
        GRANTED.case, GRANTED.entries, [*GRANTED.keys, unused], story=FORCED)), "accesses: count"
    swapped = {member_usage_key(TOLD.grant, agency): total for agency, total in (("civil.gd", 0), ("tax.gd", 2))}
    yield "of one member what another used", with_state(
        lambda held: [put(key, shapes.USAGE, total=total)(held) for key, total in swapped.items()], GRANTED), "accesses: count"
    alone = put(grant_key(TOLD.grant), shapes.GRANT, terms=lambda value: {**value["terms"], "task_force": None})
    yield "a grant of its lead alone", with_state(alone, GRANTED), "positions: other"


FAMILIES = (forces, untrue)
