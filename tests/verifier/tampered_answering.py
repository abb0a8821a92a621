"""Evidence bundles of that by which agencies answer for what was done, tampered with: (what, bytes, due), as in tampered_bundles.

Holds: where proofs are forged, they are certified by all validators.
"""

from cases import world as w
from comity import shapes
from comity.grounds import (
    assessment_key, check_key, dataset_key, dispute_key, draw_key, emergency_access_key, emergency_key, emergency_use_key,
    finding_key, grant_key, grant_version_key, incident_key, key_key, reported_key, request_key, usage_key,
)

import bundles
import genuine_bundles as genuine
from forged_bundles import drop, hold, put, with_state
from genuine_answering import ANSWERED, TOLD
from genuine_bound import BOUND, PARENT
from tampered_bound import named

RULED, DISPUTED = genuine.signer("data steward", ANSWERED), genuine.signer("civil steward", ANSWERED)
FOUND = genuine.signer("univ.gd auditor", ANSWERED)
REPORTED = genuine.signer("health steward", ANSWERED)
REVIEWED = genuine.signer("univ steward", ANSWERED)
GRANTED = genuine.grant(TOLD.grant, ANSWERED)
HELPED = genuine.access(genuine.STORY.helped)
CASES = (("a ruling", RULED), ("a dispute", DISPUTED), ("a finding", FOUND), ("a review", REVIEWED), ("help", HELPED))
# The objects and the acts of this part.
LETTERS = b"BIDhsSWFA"
ACTS = (
    "open-check", "offer-handover", "accept-handover", "decline-handover", "answer-check", "report-correction",
    "report-incident", "update-incident", "close-incident", "open-dispute", "answer-dispute", "escalate-dispute",
    "decide-dispute", "declare-emergency", "end-emergency", "review-emergency", "justify-access", "open-draw", "commit-draw",
    "reveal-draw", "report-review", "open-finding", "answer-finding", "close-finding", "refuse-request",
    "report-assessment", "follow-up-assessment",
)
EMERGENCY = f"E{genuine.STORY.helped - 1}"


def answering(chance):
    """With one object or one entry of this part left out."""
    for title, case in CASES:
        for key in case.keys:
            if key[0] in LETTERS:
                rest = [one for one in case.keys if one != key]
                yield f"{title}, without {key[:1].decode()} {key[1:].hex()[:24]}", case.packed(case.members(keys=rest)), \
                    "objects: missing"
        for index in sorted(named(case)):
            kind = case.statements[index]["action"]["kind"]
            if kind in ACTS or index == genuine.STORY.helped:
                rest = [one for one in case.entries if one != index]
                due = "case: subject" if case.case.get("entry") == index else "positions: missing"
                yield f"{title}, without entry {index}, {kind}", case.packed(case.members(entries=rest)), due


def one(field, **more):
    """A change of the first of several in a field."""
    return lambda value: [{**value[field][0], **more}, *value[field][1:]]


def changed(case, key, shape, **more):
    """The bundle with fields of one object changed."""
    return with_state(put(key, shape, **more), case)


def rewritten(chance):
    """Certified by all validators, and still no true story of a check, an incident, a dispute, a draw or a finding."""
    for _, case in (*CASES, ("", REPORTED), ("", GRANTED)):
        assert bundles.verify(w.GENESIS, with_state(lambda held: None, case)).get("fault") is None
    check, dispute, incident = check_key(TOLD.check), dispute_key(TOLD.dispute), incident_key(TOLD.incident)
    yes = {"outcome": "upheld", "from": w.TIMES[4], "to": w.TIMES[5], "correction": "The first is right"}
    for what, more in (
        ("of another claim", {"terms": lambda value: {**value["terms"], "claim": "None"}}),
        ("offered to another", {"handovers": one("handovers", to="univ.gd")}),
        ("taken over after all", {"handovers": one("handovers", end={"accepted": {"at": 113, "on": w.NOW}})}),
        ("declined by another act", {"handovers": one("handovers", end={"declined": {"at": 112, "on": w.NOW}})}),
        ("answered otherwise", {"answer": lambda value: {**value["answer"], "outcome": yes}}),
        ("answered otherwise at first", {"earlier": one("earlier", outcome=yes)}),
        ("corrected by another act", {"corrected": {"made": {"at": 113, "on": w.NOW}, "note": ""}}),
    ):
        yield f"a check {what}", changed(RULED, check, shapes.CHECK_REQUEST, **more), "positions: other"
    yield "a check without a grant", changed(RULED, check, shapes.CHECK_REQUEST, terms=lambda value: {
        **value["terms"], "grant": None}), "positions: other"
    yield "a check under another grant", changed(RULED, check, shapes.CHECK_REQUEST, terms=lambda value: {
        **value["terms"], "grant": "G12"}), "objects: missing"
    anew = {"given": {"at": 105, "on": w.NOW}, "ruling": {"ruling": "anew", "reason": "It is"}}
    for what, more in (
        ("on other grounds", {"grounds": "None"}), ("about something else", {"about": {"request": "R28"}}),
        ("that was conceded", {"steps": one("steps", ruled=anew)}),
        ("ruled at another step", {"steps": one("steps", stage="superior")}),
        ("never escalated", {"steps": lambda value: [value["steps"][0], {**value["steps"][1], "began": {"at": 105, "on": w.NOW}}]}),
    ):
        due = "objects: missing" if "about" in more else "positions: other"
        yield f"a dispute {what}", changed(DISPUTED, dispute, shapes.DISPUTE, **more), due
    for what, more in (
        ("of another nature", {"terms": lambda value: {**value["terms"], "nature": ""}}),
        ("of one dataset less", {"terms": lambda value: {**value["terms"], "datasets": ["health.gd/clinics"]}}),
        ("updated by its end", {"updated": {"at": 123, "on": w.NOW}}),
        ("closed by its news", {"closed": {"on": {"at": 122, "on": w.NOW}, "measures": ""}}),
    ):
        yield f"an incident {what}", changed(REPORTED, incident, shapes.INCIDENT, **more), "positions: other"
    yield "a request that was never refused", changed(
        GRANTED, request_key(TOLD.request), shapes.ASKED, earlier=one("earlier", at=107)), "positions: missing"
    yield "a request refused by its approval", changed(
        GRANTED, request_key(TOLD.request), shapes.ASKED, earlier=one("earlier", at=108)), "positions: other"


def overseen(chance):
    """The same, of draws and findings."""
    draw, drawn, entry = draw_key(TOLD.draw), finding_key(TOLD.finding), finding_key(TOLD.entry)

    def commits(agency, **more):
        return lambda value: {**value["commits"], agency: {**value["commits"][agency], **more}}

    secret = {"secret": "ee" * 32, "made": {"at": 127, "on": w.NOW}}
    for what, more, due in (
        ("of fewer", {"count": 1}, "positions: other"),
        ("of other records", {"scope": one("scope", last=2)}, "positions: other"),
        ("of another gateway", {"scope": one("scope", gateway=w.public("civil gateway"))}, "objects: missing"),
        ("with another commitment", {"commits": commits("tax.gd", commitment="ee" * 32)}, "positions: other"),
        ("with another secret", {"commits": commits("tax.gd", reveal=secret)}, "positions: other"),
        ("with two commitments at one place", {"commits": commits("univ.gd", made={"at": 125, "on": w.NOW})},
         "positions: other"),
        ("with another verdict", {"reviews": lambda value: {
            **value["reviews"], 2: {**value["reviews"][2], "verdict": "in-order"}}}, "positions: other"),
        ("with a verdict on another", {"reviews": lambda value: {3: value["reviews"][1], 2: value["reviews"][2]}},
         "positions: other"),
        ("with a finding that is not there", {"reviews": lambda value: {
            **value["reviews"], 1: {**value["reviews"][1], "verdict": {"finding": "F9"}}}}, "objects: missing"),
    ):
        yield f"a draw {what}", changed(FOUND, draw, shapes.DRAW, **more), due
    for what, key, more, due in (
        ("against another", drawn, {"agency": "civil.gd"}, "positions: other"),
        ("in other words", drawn, {"text": "Nothing"}, "positions: other"),
        ("of another draw", drawn, {"about": {"drawn": {"draw": "W9", "number": 2}}}, "objects: missing"),
        ("of another number", drawn, {"about": {"drawn": {"draw": TOLD.draw, "number": 1}}}, "positions: other"),
        ("about another entry", entry, {"about": {"entry": 999}}, "positions: other"),
        ("about a power", entry, {"about": {"power": "rules"}}, "positions: other"),
        ("answered otherwise", drawn, {"answer": lambda value: {**value["answer"], "text": "No"}}, "positions: other"),
        ("upheld", drawn, {"closed": lambda value: {**value["closed"], "outcome": "upheld"}}, "positions: other"),
        ("answered by its end", drawn, {"answer": lambda value: {
            **value["answer"], "given": value["closed"]["made"]}}, "positions: other"),
    ):
        yield f"a finding {what}", changed(FOUND, key, shapes.FINDING, **more), due


def assessed(chance):
    """The same, of an assessment."""
    key, own = assessment_key(TOLD.assessment), TOLD.terms
    for what, more, due in (
        ("of another", {"terms": {**own, "agency": "civil.gd"}}, "positions: other"),
        ("with a better score", {"terms": {**own, "score_permille": 1000}}, "positions: other"),
        ("of another report", {"terms": {**own, "report": "ee" * 32}}, "positions: other"),
        ("in another matter", {"terms": {**own, "matter": "ELSEWHERE"}}, "objects: missing"),
        ("in all matters", {"terms": {**own, "matter": None}}, "positions: other"),
        ("that recommends nothing", {"terms": {**own, "recommendations": 0}}, "positions: other"),
        ("followed up otherwise", {"followed_up": lambda value: {**value["followed_up"], "text": "No"}}, "positions: other"),
        ("followed up by its report", {"followed_up": lambda value: {
            **value["followed_up"], "made": value["reported"]}}, "positions: other"),
    ):
        yield f"an assessment {what}", changed(FOUND, key, shapes.ASSESSMENT, **more), due


def urgent(chance):
    """Accesses in an emergency that was another, or that had ended."""
    emergency, use = emergency_key(EMERGENCY), emergency_use_key(EMERGENCY, "civil.gd")
    access = emergency_access_key(EMERGENCY, genuine.STORY.helped)
    data = dataset_key("health.gd/vaccinations")

    def terms(**more):
        return {"terms": lambda value: {**value["terms"], **more}}

    for what, more, due in (
        ("for another matter", terms(matter="SCHOOL"), "objects: missing"),
        ("for others", terms(requesters=["tax.gd"]), "positions: other"),
        ("of other data", terms(scope={"datasets": ["health.gd/clinics"], "agencies": []}), "positions: other"),
        ("declared later", {"declared_at": genuine.STORY.helped + 3}, "positions: other"),
        ("ended before", {"ended": lambda value: {"reason": "", "mark": {"at": genuine.STORY.helped, "on": w.NOW}}}, "positions: other"),
        ("renewed by an access", {"renewals": [{"mark": {"at": genuine.STORY.helped, "on": w.NOW}, "until": 2**60}]},
         "positions: other"),
        ("reviewed by its end", {"reviews": lambda value: [
            {"by": "univ.gd", "verdict": "excessive", "mark": value["ended"]["mark"]}]}, "positions: other"),
    ):
        yield f"an emergency {what}", changed(HELPED, emergency, shapes.EMERGENCY, **more), due
    yield "an access justified by a denial", changed(
        HELPED, access, shapes.EMERGENCY_ACCESS, justified={"at": genuine.STORY.helped + 2, "on": w.NOW}), "positions: missing"
    unjustified = genuine.access(genuine.STORY.helped + 1)
    yield "an access justified by the word for another", changed(
        genuine.Case(unjustified.case, [*unjustified.entries, genuine.STORY.helped + 3]),
        emergency_access_key(EMERGENCY, genuine.STORY.helped + 1), shapes.EMERGENCY_ACCESS,
        justified={"at": genuine.STORY.helped + 3, "on": w.NOW}), "positions: other"
    late = genuine.access(genuine.LATE.late, story=genuine.LATE)
    for what, key, shape, more in (
        ("was over when it was asked", emergency, shapes.EMERGENCY, {"ended": lambda value: {
            **value["ended"], "mark": {**value["ended"]["mark"], "on": 0}}}),
        ("was declared after it was asked", emergency, shapes.EMERGENCY, {"declared_on": 2**60}),
        ("let an unknown officer ask", key_key(w.public("civil.gd officer")), shapes.KEY, {"registered_on": 2**60}),
    ):
        yield f"a late access whose emergency {what}", changed(late, key, shape, **more), "judgements: otherwise"
    yield "a late access that was not counted", with_state(put(use, shapes.EMERGENCY_USE, entries=0), late), "accesses: count"
    yield "an emergency that is not there", with_state(drop(emergency), HELPED), "judgements: otherwise"
    yield "data that was never published", with_state(drop(data), HELPED), "judgements: otherwise"
    yield "a use of another form", with_state(hold(use, b"\1"), HELPED), "state: unreadable"
    for what, change in (("hidden", drop(use)), ("not counted", put(use, shapes.EMERGENCY_USE, entries=0))):
        yield f"a use {what}", with_state(change, HELPED), "accesses: count"


def unreadable(chance):
    """Objects that have no part in a case, and are not what their keys say; keys that name nothing."""
    for what, key, value in (
        ("a roll", b"l", b"\1"), ("offices of another name", b"isupervisors", b"\0" * 8), ("rule packs", b"z", b"\1"),
        ("recent emergencies", b"E", b"\1"), ("calendars", b"w440100", b"\1"), ("numbers of no gateway", b"j1", b"\0" * 16),
        ("keys of no agency", b"nHealth", b"\0" * 10), ("validators", b"v", b"\0" * 8), ("an authority", b"c", b"\0" * 8),
        ("an equivocation at no step", b"y" + bytes.fromhex(w.public("tax.gd validator")) + b"\0" * 12 + b"\3", b"\0" * 8),
        ("a last dispute about nothing", b"Oq" + b"\0" * 8, b"\0" * 8), ("a kind to come", b"t" + b"\0" * 8, b"\0" * 8),
        ("a draw", draw_key("W9"), b"\1"), ("a finding", finding_key("F9"), b"\1"), ("an assessment", assessment_key("A9"), b"\1"),
        ("a report", reported_key("tax.gd", TOLD.terms), b"\1"),
    ):
        case = genuine.Case(HELPED.case, HELPED.entries, [*HELPED.keys])
        case.keys = sorted({*case.keys, key})
        yield what, with_state(hold(key, value), case), "state: unreadable"


def uncounted(chance):
    """Accesses under a grant that is proven to be none."""
    def gone(held):
        held.pop(grant_key(TOLD.grant))
        held.pop(usage_key(TOLD.grant))

    yield "under a grant that is none", with_state(gone, GRANTED), "case: subject"
    yield "one under a grant that is none", with_state(gone, genuine.access(TOLD.used, story=ANSWERED)), "accesses: count"


FAMILIES = (answering, rewritten, overseen, assessed, urgent, unreadable, uncounted)


def rest():
    """Bundles that verify, for all that they lack or hold."""
    above = genuine.grant(PARENT, BOUND)
    yield "with terms that were lost, which nothing can be judged by", with_state(drop(grant_version_key(PARENT, 1)), above)
    keys = {*GRANTED.keys, b"E", b"isteward-reviewer", b"Or" + request_key(TOLD.request)[1:], draw_key(TOLD.draw)}
    closed = genuine.Case(GRANTED.case, GRANTED.entries, keys, story=ANSWERED)
    yield "with recent emergencies, an office, the last dispute and a draw", closed.packed()
