"""Cases of rules.json and duties.json about assessments."""

from comity.assessments import report_hash

from . import world as w
from .answering import INDEX, STEWARD, act, make
from .governing import passing, removal
from .urgent import appointing, then
from .world import HOSTED, admitting

TAX, CIVIL, UNIV = "tax.gd auditor", "civil.gd auditor", "univ.gd auditor"
GUEST = f"{HOSTED} auditor"
AUDITORS = [make(f"{name.split()[0]} admin", w.register(name, name.split()[0], "auditor"), name)
            for name in (TAX, CIVIL, UNIV)]
BEFORE = [*AUDITORS, *passing("assessors", appointing("tax.gd", "univ.gd", office="assessor"),
                              INDEX + len(AUDITORS))]
AT = INDEX + len(BEFORE)
NAME = f"A{AT}"
DAY = w.DAY
REPORT = "Survey of the halls 大厅满意度调查\n".encode()


def survey(**more):
    """What a report says."""
    return {
        "agency": "health.gd", "kind": "satisfaction", "matter": "HOUSING",
        "from": w.GENESIS_TIME - 90 * DAY, "until": w.GENESIS_TIME, "respondents": 412,
        "score_permille": 873, "report": report_hash(w.CONSORTIUM, REPORT),
        "text": "Most come once 多数一次办成", "recommendations": 2, **more,
    }


def assessed(what, by=TAX, time=w.NOW, **more):
    """A record that reports."""
    return act(f"assess {what}", "report-assessment", by, time + w.VALIDITY, terms=survey(**more))


ASSESSED = [*BEFORE, assessed("before")]


def followed(what, by=STEWARD, name=NAME, text="One form now 一表办理", time=w.NOW):
    """A record that says what was done."""
    return act(f"follow up {what}", "follow-up-assessment", by, time + w.VALIDITY, assessment=name,
               text=text)


def sources():
    """All the cases, by what they are about."""
    return reports(), ties(), follow_ups(), offices()


def reports():
    """report-assessment."""
    yield "an assessment", assessed("plain"), w.NOW, BEFORE
    yield "an assessment by no assessor", assessed("civil", CIVIL), w.NOW, BEFORE
    yield "an assessment where nobody assesses", assessed("nobody"), w.NOW, AUDITORS
    yield "an assessment by a steward", assessed("steward", STEWARD), w.NOW, BEFORE
    for what, more in (
        ("by a third party", {"kind": "third-party", "respondents": None}),
        ("by a third party that asked", {"kind": "third-party", "respondents": 1}),
        ("by a third party that nobody answered", {"kind": "third-party", "respondents": 0}),
        ("that nobody answered", {"respondents": 0}),
        ("that does not say how many answered", {"respondents": None}),
        ("in all matters", {"matter": None}),
        ("in an unknown matter", {"matter": "UNHEARD-OF"}),
        ("of oneself", {"agency": "tax.gd"}),
        ("of no member", {"agency": "x.gd"}),
        ("of no time", {"from": w.GENESIS_TIME}),
        ("that is over just now", {"until": w.NOW}),
        ("that is not over", {"until": w.NOW + 1}),
        ("of the best score", {"score_permille": 1000}),
        ("of the worst score", {"score_permille": 0}),
        ("above the best score", {"score_permille": 1001}),
        ("without words", {"text": ""}),
        ("that recommends nothing", {"recommendations": 0}),
    ):
        yield f"an assessment {what}", assessed(what, **more), w.NOW, BEFORE
    yield "a second assessment like the first", assessed("again"), w.NOW, ASSESSED
    for what, more in (
        ("with other figures", {"respondents": 1, "score_permille": 1, "text": "Other", "recommendations": 9}),
        ("of another agency", {"agency": "data.gd"}), ("of another kind", {"kind": "third-party"}),
        ("in another matter", {"matter": "LOW-INCOME"}), ("in all matters", {"matter": None}),
        ("from another time on", {"from": w.GENESIS_TIME - DAY}), ("until another time", {"until": w.GENESIS_TIME - 1}),
        ("of another report", {"report": report_hash(w.CONSORTIUM, b"corrected")}), ("of another assessor", {"by": UNIV}),
    ):
        yield f"a second assessment {what}", assessed(f"again {what}", **more), w.NOW, ASSESSED
    left = [*BEFORE, *passing("assessed", removal("civil.gd"), AT)]
    yield "an assessment of one that left", assessed("left", agency="civil.gd"), w.NOW, left


def ties():
    """report-assessment, where one answers for the other."""
    guest = [*AUDITORS, *passing("guest", admitting(HOSTED), INDEX + len(AUDITORS))]
    guest.append(make(f"{HOSTED} admin", w.register(GUEST, HOSTED, "auditor"), GUEST))
    host = next(member["standing"]["hosted"]["sponsor"] for member in [w.joining(HOSTED)["agency"]])
    appointed = appointing(host, HOSTED, office="assessor")
    before = [*guest, *passing("hosts", appointed, INDEX + len(guest))]
    by_host = assessed("hosted", f"{host} auditor", agency=HOSTED)
    yield "an assessment of one that is hosted by its host", by_host, w.NOW, before
    yield "an assessment of the host by one that is hosted", assessed(
        "host", GUEST, agency=host), w.NOW, before
    yield "an assessment of another by one that is hosted", assessed("other", GUEST), w.NOW, before


def follow_ups():
    """follow-up-assessment."""
    yield "a follow-up", followed("plain"), w.NOW, ASSESSED
    yield "an admin's follow-up", followed("admin", "health.gd admin"), w.NOW, ASSESSED
    yield "a follow-up by another", followed("other", "civil steward"), w.NOW, ASSESSED
    yield "a follow-up by the assessor", followed("assessor", TAX), w.NOW, ASSESSED
    yield "a follow-up of nothing", followed("none", name="A1"), w.NOW, ASSESSED
    yield "a follow-up without words", followed("bare", text=""), w.NOW, ASSESSED
    yield "a second follow-up", followed("twice"), w.NOW, [*ASSESSED, followed("once")]
    content = [*BEFORE, assessed("content", recommendations=0)]
    yield "a follow-up where nothing is recommended", followed("content"), w.NOW, content
    # Twenty working days after Monday, 2 March, and then the midnight of the consortium.
    late = w.GENESIS_TIME - 8 * 3_600_000 + 40 * DAY
    yield "a late follow-up", followed("late", time=late), late, then(ASSESSED)


def offices():
    """appoint, of those who assess."""
    yield "two appointed as assessors", passing(
        "assessor", appointing("data.gd", "tax.gd", office="assessor"))[0]
    yield "nobody appointed as assessor", passing(
        "no assessor", appointing(office="assessor"))[0]


def owing():
    """Assessments in duties.json: what, kind, name, records before."""
    yield "an assessment that waits", "assessment", NAME, ASSESSED
    yield "an assessment that was followed up", "assessment", NAME, [*ASSESSED, followed("duties")]
    late = w.NOW + 40 * DAY
    yield "an assessment that was followed up late", "assessment", NAME, [
        *then(ASSESSED), (followed("duties late", time=late), late)]
    yield "an assessment that recommends nothing", "assessment", NAME, [
        *BEFORE, assessed("duties", recommendations=0)]


def acts():
    """Who signs, and what, of each action."""
    yield TAX, {"kind": "report-assessment", "terms": survey()}
    yield TAX, {"kind": "report-assessment", "terms": survey(
        kind="third-party", matter=None, respondents=None, recommendations=0)}
    yield STEWARD, {"kind": "follow-up-assessment", "assessment": "A70", "text": "One form now"}


def values():
    """Values about assessments."""
    mark = {"at": 61, "on": w.NOW}
    assessment = {"terms": survey(), "reported_by": "tax.gd", "reported": mark, "followed_up": None}
    yield "assessment-terms", survey()
    yield "assessment", assessment
    yield "assessment", {
        **assessment, "terms": survey(kind="third-party", matter=None, respondents=None),
        "followed_up": {"made": mark, "text": "One form now 一表办理"},
    }
