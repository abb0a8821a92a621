"""Cases of rules.json and duties.json about emergencies."""

from . import world as w
from .answering import (
    DATA, GATEWAY, INDEX, OFFICER, STEWARD, UNTIL, act, amended, make, paused, withdrawn,
)
from .governing import passing, removal

HOUR = 3_600_000
DAYS = 72 * HOUR
REVIEWER, AUDITOR, OTHER = "univ steward", "univ.gd auditor", "tax.gd steward"


def appointing(*agencies, office="emergency-declarer"):
    """A measure that names who holds an office."""
    return {"measure": "appoint", "office": office, "agencies": list(agencies)}


APPOINTED = passing("declarers", appointing("data.gd", "tax.gd"))
DECLARED = INDEX + len(APPOINTED)
NAME = f"E{DECLARED}"


def terms(datasets=("health.gd/vaccinations",), agencies=(), **more):
    """What is declared."""
    return {
        "scope": {"datasets": list(datasets), "agencies": list(agencies)},
        "requesters": ["civil.gd"], "matter": "LOW-INCOME", "until": w.NOW + 48 * HOUR,
        "reason": "The river is over its banks 洪水", **more,
    }


def declared(what, by=DATA, time=w.NOW, **more):
    """A declaration."""
    return act(what, "declare-emergency", by, time + w.VALIDITY, terms=terms(**more))


BEFORE = [*APPOINTED, declared("first"),
          make("univ.gd admin", w.register(REVIEWER), "urgent reviewer")]


def ended(what, by=DATA, name=NAME, reason="The water has gone", time=w.NOW):
    """An end before the time."""
    return act(what, "end-emergency", by, time + w.VALIDITY, emergency=name, reason=reason)


def reviewed(what, by=REVIEWER, name=NAME, verdict="warranted", text="It had risen", time=w.NOW):
    """A review."""
    return act(what, "review-emergency", by, time + w.VALIDITY, emergency=name, verdict=verdict,
               text=text)


def then(records):
    """Records of the position's own time, before one of a later time."""
    return [(record, w.NOW) for record in records]


def renewing(until, name=NAME):
    """A measure that lets an emergency go on."""
    return {"measure": "renew-emergency", "emergency": name, "until": until}


def sources():
    """All the cases, by what they are about."""
    return (declarations(), repetitions(), renewals(), ends(), reviews(), offices(), attempts(),
            justifications(), receipts())


def declarations():
    """declare-emergency."""
    yield "an emergency where nobody may declare one", declared("nobody")
    yield "an emergency", declared("plain"), w.NOW, APPOINTED
    yield "an emergency by one who may not", declared("health", STEWARD), w.NOW, APPOINTED
    yield "an emergency by an officer", declared("officer", OFFICER), w.NOW, APPOINTED
    many = [f"agency-{at:02}.gd" for at in range(65)]
    for what, more in (
        ("of nothing", {"datasets": []}),
        ("of a whole agency", {"datasets": [], "agencies": ["health.gd"]}),
        ("of 65", {"agencies": many[:64]}),
        ("of 64, which are no members", {"agencies": many[:63]}),
        ("on no dataset", {"datasets": ["health.gd/none"]}),
        ("on a withdrawn dataset", {"datasets": ["health.gd/old"]}),
        ("for nobody", {"requesters": []}),
        ("for 65", {"requesters": many}),
        ("for no member", {"requesters": ["nobody.gd"]}),
        ("for one that is no public body", {"requesters": ["civil.gd", "univ.gd"]}),
        ("for its declarer", {"requesters": ["data.gd"]}),
        ("for a matter that is not published", {"matter": "FLOOD"}),
        ("until now", {"until": w.NOW}),
        ("for a moment", {"until": w.NOW + 1}),
        ("for 72 hours", {"until": w.NOW + DAYS}),
        ("for a moment more", {"until": w.NOW + DAYS + 1}),
        ("without a reason", {"reason": ""}),
    ):
        yield f"an emergency {what}", declared(what, **more), w.NOW, APPOINTED
    left = [*APPOINTED, *passing("left", removal("tax.gd"), DECLARED)]
    yield "an emergency for one that left", declared("left", requesters=["tax.gd"]), w.NOW, left
    yield "an emergency on data of one that left", declared("gone", agencies=["tax.gd"]), w.NOW, left
    gone = [*APPOINTED, withdrawn("urgent")]
    yield "an emergency on a dataset that was withdrawn", declared("withdrawn"), w.NOW, gone


def repetitions():
    """declare-emergency: the same again."""
    yield "the same emergency again", declared("again"), w.NOW, BEFORE
    whole = {"datasets": [], "agencies": ["health.gd"]}
    yield "its dataset within an agency", declared("whole", **whole), w.NOW, BEFORE
    yield "its agency after a dataset of it", declared("part"), w.NOW, [
        *APPOINTED, declared("whole first", **whole)]
    yield "an agency again", declared("twice", **whole), w.NOW, [
        *APPOINTED, declared("whole first", **whole)]
    yield "for others", declared("others", requesters=["health.gd"]), w.NOW, BEFORE
    yield "on other data", declared("other", datasets=["health.gd/clinics"]), w.NOW, BEFORE
    early = [*BEFORE, ended("early")]
    yield "the same after it was ended", declared("ended"), w.NOW, early
    for what, when in (("a moment before", w.NOW + DAYS - 1), ("as soon as", w.NOW + DAYS)):
        again = declared(what, time=when, until=when + HOUR)
        yield f"the same {what} it may be", again, when, then(early)
    when = w.NOW + 48 * HOUR + DAYS
    for what, time in (("before", when - 1), ("at", when)):
        again = declared(f"out {what}", time=time, until=time + HOUR)
        yield f"the same {what} that after it ran out", again, time, then(BEFORE)
    eight = [declared(f"n {at}", datasets=[], agencies=[agency], requesters=[asks])
             for at, (agency, asks) in enumerate(
                 (agency, asks) for agency in ("civil.gd", "health.gd", "tax.gd")
                 for asks in ("civil.gd", "data.gd", "health.gd", "tax.gd"))]
    yield "the eighth of one", eight[7], w.NOW, [*APPOINTED, *eight[:7]]
    yield "the ninth of one", eight[8], w.NOW, [*APPOINTED, *eight[:8]]


def renewals():
    """renew-emergency."""
    at = INDEX + len(BEFORE)
    until = w.NOW + DAYS
    carried = passing("renewed", renewing(until), at)
    yield "an emergency renewed", carried[-1], w.NOW, [*BEFORE, *carried[:-1]]
    for what, measure in (
        ("to its own end", renewing(w.NOW + 48 * HOUR)),
        ("for too long", renewing(until + 1)),
        ("until now", renewing(w.NOW)),
        ("that there is not", renewing(until, "E1")),
    ):
        yield f"an emergency renewed {what}", passing(what, measure, at)[0], w.NOW, BEFORE
    early = [*BEFORE, ended("renewal")]
    yield "an ended emergency renewed", passing("over", renewing(until), at + 1)[0], w.NOW, early


def ends():
    """end-emergency."""
    yield "an emergency ended", ended("plain"), w.NOW, BEFORE
    yield "an emergency ended by another that may declare", ended("tax", OTHER), w.NOW, [
        *BEFORE, make("tax.gd admin", w.register(OTHER, "tax.gd", "steward"), OTHER)]
    yield "an emergency ended by the provider", ended("provider", STEWARD), w.NOW, BEFORE
    yield "no emergency ended", ended("none", name="E1"), w.NOW, BEFORE
    yield "an emergency ended without a reason", ended("bare", reason=""), w.NOW, BEFORE
    yield "an emergency ended twice", ended("twice"), w.NOW, [*BEFORE, ended("once")]
    over = w.NOW + 48 * HOUR
    yield "an emergency ended a moment early", ended("last", time=over - 1), over - 1, then(BEFORE)
    yield "an emergency ended when it is over", ended("over", time=over), over, then(BEFORE)


def reviews():
    """review-emergency."""
    after = [*BEFORE, ended("review")]
    auditor = [*after, make("univ.gd admin", w.register(AUDITOR, "univ.gd", "auditor"), AUDITOR)]
    yield "an emergency reviewed", reviewed("plain"), w.NOW, after
    yield "an emergency reviewed by an auditor", reviewed("auditor", AUDITOR), w.NOW, auditor
    yield "an emergency reviewed by an officer", reviewed("officer", "tax officer"), w.NOW, after
    for what, by in (("declarer", DATA), ("provider", STEWARD), ("requester", "civil steward")):
        yield f"an emergency reviewed by its {what}", reviewed(what, by), w.NOW, after
    yield "no emergency reviewed", reviewed("none", name="E1"), w.NOW, after
    yield "an emergency reviewed while it is in force", reviewed("early"), w.NOW, BEFORE
    over = w.NOW + 48 * HOUR
    yield "an emergency reviewed a moment early", reviewed("moment", time=over - 1), over - 1, then(BEFORE)
    yield "an emergency reviewed as it is over", reviewed("over", time=over), over, then(BEFORE)
    yield "an emergency reviewed twice", reviewed("twice", AUDITOR), w.NOW, [
        *auditor, reviewed("once")]
    yield "an emergency reviewed without words", reviewed("bare", text=""), w.NOW, after
    for verdict in ("excessive", "unwarranted"):
        yield f"an {verdict} emergency", reviewed(verdict, verdict=verdict), w.NOW, after


def helped(what, number=w.NEXT_NUMBER, key=OFFICER, time=w.NOW, **more):
    """A record of an access in the emergency."""
    value = w.attempt(f"urgent {what}", more.pop("grant", NAME), valid_until=time + w.VALIDITY, **more)
    return make(GATEWAY, w.access(value, key, number), f"urgent {what}", time + w.VALIDITY)


WHOLE = [*APPOINTED, declared("whole first", datasets=[], agencies=["health.gd"])]


def attempts():
    """record-access, record-denial: in an emergency."""
    yield "an access in an emergency", helped("plain"), w.NOW, BEFORE
    twice = [*BEFORE, helped("first")]
    yield "a second access in an emergency", helped("second", w.NEXT_NUMBER + 1), w.NOW, twice
    batch = {"count": 500, "root": w.short("batch", 32)}
    yield "a batch in an emergency", helped("batch", batch=batch), w.NOW, BEFORE
    yield "an access in an emergency that there is not", helped("none", grant="E11")
    for what, more in (
        ("on other data", {"dataset": "health.gd/clinics"}),
        ("on another's data", {"dataset": "tax.gd/income"}),
        ("for another matter", {"matter": "HOUSING"}),
        ("of an item that is not listed", {"items": {"only": ["any"]}}),
        ("of the whole", {"items": "all"}), ("in another mode", {"mode": "batch"}),
    ):
        yield f"an access in an emergency {what}", helped(what, **more), w.NOW, BEFORE
    tax = {"requester": "tax.gd", "officer": w.public("tax officer"), "key": "tax officer"}
    yield "an access in an emergency by another", helped("by", **tax), w.NOW, BEFORE
    yield "an access in an emergency on another's key", helped("key", key="tax officer",
        officer=w.public("tax officer")), w.NOW, BEFORE
    for what, name in (("that there is", "vaccinations"), ("that there is not", "none")):
        data = helped(f"whole {what}", dataset=f"health.gd/{name}")
        yield f"an access to data {what} of an agency", data, w.NOW, WHOLE
    yield "an access to withdrawn data of an agency", helped("old", dataset="health.gd/old"), w.NOW, WHOLE
    hidden = {"sharing": "not-shared", "conditions": "Act 9"}
    for what, before in (("by name", BEFORE), ("within an agency", WHOLE)):
        further = [*before, amended(what=f"urgent {what}", **hidden)]
        yield f"what is not shared, opened {what}", helped(f"hidden {what}"), w.NOW, further
    yield "an access to suspended data in an emergency", helped("paused"), w.NOW, [
        *BEFORE, paused("urgent")]
    yield "an access to data withdrawn in an emergency", helped("gone"), w.NOW, [
        *BEFORE, withdrawn("urgent")]
    own = [*APPOINTED, declared("own", requesters=["health.gd"]),
           make("health.gd admin", w.register("health.gd officer", "health.gd", "officer"), "own")]
    mine = {"requester": "health.gd", "officer": w.public("health.gd officer"), "key": "health.gd officer"}
    yield "an access to its own data in an emergency", helped("own", **mine), w.NOW, own
    yield "an access in an ended emergency", helped("ended"), w.NOW, [*BEFORE, ended("attempt")]
    over = w.NOW + 48 * HOUR
    for what, time in (("a moment before its end", over - 1), ("at its end", over)):
        yield f"an access in an emergency {what}", helped(what, time=time), time, then(BEFORE)
    value = w.attempt("urgent deny", NAME, matter="HOUSING")
    for what, refusal in (("plain", {"rule": "emergency-matter", "matter": "LOW-INCOME"}),
                          ("other", {"rule": "emergency-ended", "since": over})):
        denied = make(GATEWAY, w.denial(value, refusal), f"urgent deny {what}")
        yield f"a denial in an emergency, {what}", denied, w.NOW, BEFORE


ACCESS = INDEX + len(BEFORE)
HELPED = [*BEFORE, helped("first"), helped("second", w.NEXT_NUMBER + 1)]
ASKER = "civil steward"


def justified(what, accesses=(ACCESS,), by=ASKER, name=NAME, time=w.NOW, basis="STATUTE-1",
              text="Forty people on a roof 屋顶救援"):
    """A justification."""
    return act(what, "justify-access", by, time + w.VALIDITY, emergency=name,
               accesses=list(accesses), basis=basis, text=text)


def justifications():
    """justify-access."""
    yield "an access justified", justified("plain"), w.NOW, HELPED
    yield "two accesses justified", justified("two", (ACCESS, ACCESS + 1)), w.NOW, HELPED
    yield "an access justified when all is over", justified("late", time=w.SOON), w.SOON, then(HELPED)
    yield "an access justified by an officer", justified("officer", by=OFFICER), w.NOW, HELPED
    yield "an access justified by its provider", justified("provider", by=STEWARD), w.NOW, HELPED
    yield "an access justified in no emergency", justified("none", name="E11"), w.NOW, HELPED
    yield "nothing justified", justified("nothing", ()), w.NOW, HELPED
    yield "65 accesses justified", justified("many", range(65)), w.NOW, HELPED
    for what, access in (("what is no access", 3), ("an access under a grant", 21)):
        yield f"{what} justified", justified(what, (ACCESS, access)), w.NOW, HELPED
    both = [*APPOINTED, declared("both", requesters=["civil.gd", "health.gd"]), helped("first")]
    others = justified("others", (DECLARED + 1,), STEWARD)
    yield "another's access justified", others, w.NOW, both
    once = [*HELPED, justified("once")]
    yield "an access justified twice", justified("twice"), w.NOW, once
    yield "the other access justified", justified("second", (ACCESS + 1,)), w.NOW, once
    yield "an access justified by no code", justified("code", basis="NONE"), w.NOW, HELPED
    yield "an access justified without words", justified("bare", text=""), w.NOW, HELPED


def receipts():
    """acknowledge-access: in an emergency."""
    def said(what, access=ACCESS, by=OFFICER, name=NAME):
        one = w.received("urgent first", access)
        return act(f"urgent {what}", "acknowledge-access", by, grant=name, accesses=[one])

    yield "an access in an emergency acknowledged", said("plain"), w.NOW, HELPED
    yield "such an access acknowledged by another", said("by", by="tax officer"), w.NOW, HELPED
    yield "such an access acknowledged by a steward", said("steward", by=ASKER), w.NOW, HELPED
    yield "an access in no emergency acknowledged", said("none", name="E11"), w.NOW, HELPED
    yield "an access before the emergency acknowledged", said("before", DECLARED), w.NOW, HELPED


def offices():
    """appoint, of those who declare."""
    for what, agencies in (
        ("one", ["health.gd"]), ("the authority", ["data.gd"]), ("nobody", []),
        ("no member", ["nobody.gd"]),
    ):
        yield f"{what} appointed to declare", passing(what, appointing(*agencies))[0]
    again = passing("again", appointing("data.gd", "tax.gd"), DECLARED)[0]
    yield "the same appointed to declare", again, w.NOW, APPOINTED


def owing():
    """Emergencies in duties.json."""
    over = [*BEFORE, ended("duties")]
    yield "an emergency in force", NAME, BEFORE
    yield "an emergency that was ended", NAME, over
    yield "a reviewed emergency", NAME, [*over, reviewed("duties")]
    for agency in ("univ.gd", "civil.gd"):
        named = passing(agency, appointing(agency, office="supervisor"), INDEX + len(BEFORE))
        yield f"an emergency where {agency} supervises", NAME, [*BEFORE, *named]
    place = INDEX + len(BEFORE)
    for agencies in (["univ.gd"], ["civil.gd", "univ.gd"], ["civil.gd", "health.gd"]):
        names = " and ".join(agencies)
        named = passing(names, appointing(*agencies, office="emergency-reviewer"), place)
        yield f"an emergency that {names} may review", NAME, [*BEFORE, *named]
    both = passing("supervises too", appointing("civil.gd", office="supervisor"), place)
    both += passing("reviews too", appointing("univ.gd", office="emergency-reviewer"), place + len(both))
    yield "an emergency with a reviewer and a supervisor", NAME, [*BEFORE, *both]
    gone = passing("reviews and leaves", appointing("univ.gd", office="emergency-reviewer"), place)
    gone += passing("left", removal("univ.gd"), place + len(gone))
    yield "an emergency whose reviewer has left", NAME, [*BEFORE, *gone]


def owing_accesses():
    """Accesses in an emergency in duties.json."""
    yield "an access in an emergency", (NAME, ACCESS), HELPED
    yield "a justified access in an emergency", (NAME, ACCESS), [*HELPED, justified("duties")]


def actions():
    """Who signs, and what, of each action."""
    yield DATA, {"kind": "declare-emergency", "terms": terms(agencies=["civil.gd", "tax.gd"])}
    yield DATA, {"kind": "end-emergency", "emergency": "E40", "reason": "Over 已过"}
    yield REVIEWER, {"kind": "review-emergency", "emergency": "E40", "verdict": "excessive",
                     "text": "Too wide 范围过宽"}
    yield ASKER, {"kind": "justify-access", "emergency": "E40", "accesses": [41, 43],
                  "basis": "STATUTE-1", "text": "Forty people on a roof 屋顶救援"}


def stored():
    """Values of the state."""
    mark = {"at": 41, "on": w.NOW}
    value = {
        "terms": terms(), "declared_by": "data.gd", "declared_at": 40, "declared_on": w.NOW,
        "until": w.NOW + DAYS, "renewals": [{"mark": mark, "until": w.NOW + DAYS}],
        "ended": {"mark": mark, "reason": "Over"},
        "reviews": [{"by": "univ.gd", "verdict": "warranted", "mark": mark}],
    }
    yield "emergency", value
    yield "emergency", {**value, "renewals": [], "ended": None, "reviews": []}
    yield "emergency-terms", value["terms"]
    access = {"requester": "civil.gd", "on": w.NOW, "justified": None, "late": None}
    yield "emergency-access", {**access, "late": w.TIMES[1]}
    yield from (("emergency-access", {**access, "justified": one}) for one in (None, mark))
    usage = {"total": 512, "day": 20_000, "on_day": 7, "onward": 0}
    yield "emergency-use", {"usage": usage, "entries": 3, "justified": 2}
