"""Archives whose records of emergencies, checks, incidents, disputes, draws, findings and assessments were tampered with:
(what, bytes, due), as in tampered_archives.

Holds: what is changed is signed again by whoever the case says; all hashes are made to fit, and all validators certified it.
"""

from cases import world as w
from comity import shapes
from genuine import Draft
from genuine_answering import ANSWERED, TOLD
from tampered_legs import fields, statement_of

HELPED = ANSWERED.helped
# What follows where no rule refuses; where the next record, the second of its block, is what is refused.
EMERGENCY, RULES, AFTER = HELPED - 1, "header: state_root", "record 1: {}"


def place_of(index):
    """The block in which an entry stands, and its place there."""
    for at, block in enumerate(ANSWERED.blocks):
        first, size = block["header"]["first_index"], block["header"]["log_size"]
        if first <= index < size:
            return at, index - first
    raise IndexError(index)


def archive(index, change, by=None, officer=None):
    """The archive with one record changed, signed by its signer or by another; the attempt in it too, where an officer does."""
    (at, place), draft = place_of(index), Draft(ANSWERED)
    records = draft.blocks[at]["records"]
    statement = statement_of(records[place])["statement"]
    name = by or NAMES[statement["signers"][0]["key"]]
    statement["signers"] = [w.signer(name)]
    change(statement["action"])
    if officer:
        statement["action"]["attempt"] = w.signed_attempt(officer, statement["action"]["attempt"]["attempt"])
    records[place] = shapes.SIGNED_RECORD.put(w.signed([name], statement)).hex()
    return draft.remade(at, True).archive()


# Whose the keys are that sign what is changed here.
NAMES = {w.public(name): name for name in (
    "health steward", "civil steward", "data steward", "univ steward", "tax.gd steward", "civil.gd officer", "health.gd gateway",
    "data.gd auditor", "tax.gd auditor", "univ.gd auditor")}


def due_at(index, rule):
    """The fault of a record that a rule refuses."""
    return f"record {place_of(index)[1]}: {rule}"


def told(cases):
    """The archives of cases: (what, index, change, rule), and by whom it is signed instead."""
    for what, index, change, rule, *by in cases:
        due = RULES if rule is None else rule if rule.startswith("record") else due_at(index, rule)
        yield what, archive(index, change, *by), due


def nothing(action):
    """No change of an action."""


def within(name, **values):
    """A change of fields of one field of an action."""
    return lambda action: action[name].update(values)


def asked(**values):
    """A change of the attempt in an action."""
    return lambda action: action["attempt"]["attempt"].update(values)


def emergencies(chance):
    """Declared for too long, used for something else, justified and reviewed by the wrong ones."""
    day = w.DAY
    yield from told((
        ("declared for four days", EMERGENCY, lambda action: action["terms"].update(
            until=action["terms"]["until"] + 4 * day), "emergency-period"),
        ("declared for an hour more", EMERGENCY, lambda action: action["terms"].update(
            until=action["terms"]["until"] + 1), None),
        ("declared for nobody", EMERGENCY, within("terms", requesters=[]), "emergency-requesters"),
        ("declared by another", EMERGENCY, nothing, "not-a-declarer", "civil steward"),
        ("declared without a word", EMERGENCY, within("terms", reason=""), "words-missing"),
        ("for another matter", HELPED, asked(matter="SCHOOL"), "emergency-matter", "health.gd gateway", "civil.gd officer"),
        ("under no emergency", HELPED, asked(grant="E9"), "no-such-emergency", "health.gd gateway", "civil.gd officer"),
        ("of other data", HELPED, asked(dataset="health.gd/staff"), "dataset-not-opened", "health.gd gateway",
         "civil.gd officer"),
        ("an access that was denied all the same", HELPED + 2, asked(matter="LOW-INCOME"), "denial-not-due", "health.gd gateway",
         "civil.gd officer"),
        ("denied for another reason", HELPED + 2, fields(refusal={"rule": "requester-not-named"}), "denial-mismatch"),
        ("a denial justified", HELPED + 3, fields(accesses=[HELPED + 2]), "no-emergency-access"),
        ("nothing justified", HELPED + 3, fields(accesses=[]), "justified-count"),
        ("justified by who declared it", HELPED + 3, nothing, "not-a-requester", "data steward"),
        ("ended by another", HELPED + 4, nothing, "wrong-signer", "civil steward"),
        ("reviewed by who asked", HELPED + 6, nothing, "reviewer-involved", "civil steward"),
        ("reviewed otherwise", HELPED + 6, fields(verdict="unwarranted"), None),
    ))


def answers(chance):
    """Disputes, checks and incidents by the wrong ones, about nothing, or without a word."""
    dispute, check, incident = (int(name[1:]) for name in (TOLD.dispute, TOLD.check, TOLD.incident))
    stands = {"ruling": "stands", "basis": "", "reason": "It does"}
    never = {"outcome": "upheld", "from": w.TIMES[4], "to": w.TIMES[4], "correction": "So"}
    yield from told((
        ("a dispute about what was approved", dispute, fields(about={"request": "R28"}), "nothing-to-dispute"),
        ("a dispute about another's request", dispute, nothing, "wrong-signer", "tax.gd steward"),
        ("a dispute without grounds", dispute, fields(grounds=""), "dispute-text-empty"),
        ("a ruling without a basis", dispute + 1, fields(ruling=stands), "dispute-text-empty"),
        ("a ruling by the claimant", dispute + 1, nothing, "wrong-signer", "civil steward"),
        ("escalated by the respondent", dispute + 2, nothing, "wrong-signer", "health steward"),
        ("decided by the respondent", dispute + 3, nothing, "wrong-signer", "health steward"),
        ("decided to stand", dispute + 3, fields(ruling={**stands, "basis": "STATUTE-1"}), None),
        ("a check by who never received it", check, nothing, "wrong-signer", "data steward"),
        ("a check of whom it does not concern", check, within("terms", asked="tax.gd"), "not-answerable"),
        ("offered to who asked", check + 1, fields(to="civil.gd"), "handover-unfit"),
        ("declined by another", check + 2, nothing, "wrong-signer", "data steward"),
        ("accepted by another", check + 4, nothing, "wrong-signer", "tax.gd steward"),
        ("answered by who gave it away", check + 5, nothing, "wrong-signer", "health steward"),
        ("wrong for no time", check + 8, fields(outcome=never), "check-period"),
        ("not upheld after all", check + 8, fields(outcome={"outcome": "not-upheld", "basis": "A", "reason": "B"}),
         AFTER.format("check-not-upheld")),
        ("corrected by another", check + 9, nothing, "wrong-signer", "data steward"),
        ("an incident found before it was", incident, lambda action: action["terms"].update(
            found=action["terms"]["since"] - 1), "incident-times"),
        ("an incident of another's", incident, nothing, "not-a-party", "tax.gd steward"),
        ("news without a word", incident + 1, fields(note=""), "incident-text-empty"),
        ("closed by another", incident + 2, nothing, "wrong-signer", "civil steward"),
    ))


def oversight(chance):
    """Draws that are steered, findings that are nobody's to open or to close."""
    draw, finding, entry, power = (int(name[1:]) for name in (TOLD.draw, TOLD.finding, TOLD.entry, TOLD.power))
    yield from told((
        ("drawn more than there are", draw, fields(count=7), "draw-count"),
        ("drawn from what is to come", draw, lambda action: action["scope"][0].update(last=99), "draw-range"),
        ("drawn by who reviews nobody", draw, nothing, "wrong-signer", "data steward"),
        ("committed to something else", draw + 1, fields(commitment="ee" * 32), None),
        ("another secret", draw + 3, fields(secret="ee" * 32), "reveal-mismatch"),
        ("another's secret", draw + 3, nothing, "not-committed", "data.gd auditor"),
        ("reviewed what was not drawn", draw + 5, fields(number=3), "no-such-number"),
        ("reviewed with no finding", draw + 7, fields(verdict={"finding": "F9"}), "finding-unknown"),
        ("found in what was not drawn", finding, fields(about={"drawn": {"draw": TOLD.draw, "number": 3}}), "no-such-number"),
        ("found without a word", finding, fields(text=""), "finding-text-empty"),
        ("answered by another", finding + 2, nothing, "wrong-signer", "civil steward"),
        ("closed by another", finding + 3, nothing, "wrong-signer", "data.gd auditor"),
        ("upheld after all", finding + 3, fields(outcome="upheld"), None),
        ("found in an entry to come", entry, fields(about={"entry": entry}), "entry-unknown"),
        ("found in itself", entry, fields(agency="univ.gd"), "finding-against-self"),
        ("found in a power of another's to review", power, fields(about={"power": "rules"}), "not-a-reviewer"),
    ))


def assessments(chance):
    """Reports by whom nobody named, of whom they are tied to, and of what is not over."""
    at = int(TOLD.assessment[1:])

    def terms(**more):
        return lambda action: action["terms"].update(more)

    def again(action):
        action.clear()
        action.update({"kind": "report-assessment", "terms": {**TOLD.terms, "score_permille": 1}})

    yield from told((
        ("assessed by who was not named", at, nothing, "not-an-assessor", "tax.gd auditor"),
        ("assessed by a steward", at, nothing, "wrong-signer", "civil steward"),
        ("assessed itself", at, terms(agency="univ.gd"), "assessment-of-self"),
        ("assessed before its time", at, terms(until=2**60), "assessment-period"),
        ("assessed beyond the best", at, terms(score_permille=1001), "assessment-score"),
        ("assessed by nobody's word", at, terms(respondents=0), "respondents-missing"),
        ("assessed without a word", at, terms(text=""), "assessment-text-empty"),
        ("assessed otherwise", at, terms(score_permille=999), None),
        ("assessed once more", at + 1, again, "assessment-again", "univ.gd auditor"),
        ("followed up by another", at + 1, nothing, "wrong-signer", "civil steward"),
        ("followed up what there is not", at + 1, fields(assessment="A9"), "assessment-unknown"),
        ("followed up otherwise", at + 1, fields(text="Nothing"), None),
    ))


FAMILIES = (emergencies, answers, oversight, assessments)
