"""Cases of rules.json and duties.json about disputes."""

from . import checking, governing, world as w
from .answering import STEWARD, act

INDEX = w.CHAIN.ledger.log.size
CLAIMANT, OFFICER = "civil steward", "civil officer"
AUTHORITY = OTHER = "data steward"
REQUEST, NAME = "R35", f"D{INDEX + 1}"
DAY_MS = 86_400_000
# Long after every clock of today has run out.
LATE = w.NOW + 60 * DAY_MS
# After the delivery clock, and before the grants end.
OVERDUE = w.NOW + 29 * DAY_MS


def at(what, time, kind, by, **fields):
    """A record of an act in a block of that time, with the time."""
    return act(f"dispute {what}", kind, by, time + w.VALIDITY, **fields), time


def anew(reason="The purpose was not looked at"):
    """A ruling."""
    return {"ruling": "anew", "reason": reason}


def stands(basis="Health Act, art. 9", reason="Not for that"):
    """The other ruling."""
    return {"ruling": "stands", "basis": basis, "reason": reason}


def refused(what="refused", time=w.NOW, request=REQUEST):
    """A refusal of a request."""
    return at(what, time, "refuse-request", STEWARD, request=request, legal_basis="Health Act", reason="Not for that")


def opened(what="opened", time=w.NOW, by=CLAIMANT, about=None, grounds="It is for that"):
    """A dispute."""
    return at(what, time, "open-dispute", by, about=about or {"request": REQUEST}, grounds=grounds)


def answered(what, ruling, time=w.NOW, by=STEWARD, dispute=NAME):
    """The respondent's word."""
    return at(what, time, "answer-dispute", by, dispute=dispute, ruling=ruling)


def escalated(what="escalated", time=w.NOW, by=CLAIMANT, dispute=NAME, grounds="Nothing new"):
    """One step further up."""
    return at(what, time, "escalate-dispute", by, dispute=dispute, grounds=grounds)


def decided(what, ruling, time=w.NOW, by=AUTHORITY, dispute=NAME):
    """The word of who is above."""
    return at(what, time, "decide-dispute", by, dispute=dispute, ruling=ruling)


def sources():
    """All the cases, by what they are about."""
    return (openings(), answers(), escalations(), decisions())


def case(what, record, before=()):
    """A case: the record and its time, after these."""
    data, time = record
    return what, data, time, [one if isinstance(one, tuple) else (one, w.NOW) for one in before]


def openings():
    """open-dispute."""
    before = [refused()]
    yield case("a dispute about a refusal", opened(), before)
    yield case("a dispute about a lapse", opened("lapse", LATE))
    yield case("a dispute about a delivery", opened("delivery", OVERDUE, about={"delivery": "G13"}))
    yield case("a dispute about a delivery that is not due", opened("soon", about={"delivery": "G13"}))
    for name, what in (("G11", "was made"), ("G12", "was revoked"), ("G14", "was over")):
        yield case(f"a dispute about a delivery that {what}", opened(name, OVERDUE, about={"delivery": name}))
    yield case("a dispute about a request that is not due", opened("early"))
    yield case("a dispute about no request", opened("none", about={"request": "R11"}), before)
    yield case("a dispute about no grant", opened("no grant", about={"delivery": "G99"}), before)
    yield case("a dispute about no check", opened("no check", about={"check": "C99"}), before)
    yield case("a dispute by another", opened("other", by=OTHER), before)
    yield case("a dispute by an officer", opened("officer", by=OFFICER), before)
    yield case("a dispute without grounds", opened("bare", grounds=""), before)
    yield case("a dispute twice", opened("twice"), [*before, opened("once")])
    yield case("a dispute about a lapse twice", opened("lapse twice", LATE), [opened("lapse once", LATE)])
    check = f"C{INDEX}"
    dismissed = [checking.opened("disputed"), checking.answered("disputed", checking.stands(), check=check)]
    about = {"check": check}
    yield case("a dispute about a check", opened("check", about=about), dismissed)
    wrong = [dismissed[0], checking.answered("upheld", checking.upheld(), check=check)]
    yield case("a dispute about a check that was upheld", opened("upheld", about=about), wrong)
    waiting = [dismissed[0]]
    yield case("a dispute about a check that waits", opened("waits", about=about), waiting)
    yield case("a dispute about a check that is overdue", opened("overdue", LATE, about=about), waiting)
    again = [*before, opened("first"), answered("anew", anew())]
    yield case("a dispute before it is decided anew", opened("before"), again)
    yield case("a dispute of what is not decided anew in time", opened("in time", LATE), again)
    yield case("a dispute of what was decided anew", opened("anew"), [*again, refused("again")])
    many = []
    for number in range(8):
        name = f"D{INDEX + 3 * number + 1}"
        many += [refused(f"round {number}"), opened(f"round {number}"),
                 answered(f"round {number}", anew(), dispute=name)]
    yield case("a ninth dispute", opened("ninth"), [*many, refused("ninth")])
    yield case("an eighth ruling anew", many[-1], many[:-1])


def answers():
    """answer-dispute."""
    before = [refused(), opened()]
    for what, ruling in (
        ("a dispute conceded", anew()), ("a dispute contested", stands()),
        ("a dispute conceded without a reason", anew("")), ("a dispute contested without a basis", stands("")),
        ("a dispute contested without a reason", stands(reason="")),
    ):
        yield case(what, answered(what, ruling), before)
    yield case("a dispute answered by another", answered("by", anew(), by=OTHER), before)
    yield case("no dispute answered", answered("none", anew(), dispute="D99"), before)
    yield case("a dispute answered twice", answered("twice", anew()), [*before, answered("once", stands())])
    yield case("a dispute answered again", answered("again", stands()), [*before, answered("at once", anew())])
    late = [opened("late", LATE)]
    name = f"D{INDEX}"
    settled = [*late, at("withdrawn", LATE, "withdraw-request", OFFICER, request=REQUEST, reason="")]
    yield case("a dispute answered that is settled", answered("settled", anew(), LATE, dispute=name), settled)
    newer = [*late, refused("newer", LATE), opened("newer", LATE)]
    yield case("a dispute answered that another took over", answered("old", anew(), LATE, dispute=name), newer)
    upward = [*before, answered("no", stands()), escalated("up")]
    yield case("a dispute answered after it was escalated", answered("after", anew()), upward)


def escalations():
    """escalate-dispute."""
    before = [refused(), opened()]
    denied = [*before, answered("denied", stands())]
    yield case("a dispute escalated", escalated(), denied)
    yield case("a dispute escalated too early", escalated("early"), before)
    yield case("a dispute escalated after a lapse", escalated("lapse", LATE), before)
    yield case("a dispute escalated by another", escalated("by", by=STEWARD), denied)
    yield case("a dispute escalated without grounds", escalated("bare", grounds=""), denied)
    yield case("no dispute escalated", escalated("none", dispute="D99"), denied)
    conceded = [*before, answered("conceded", anew())]
    yield case("a dispute escalated that was conceded", escalated("conceded"), conceded)
    twice = [*denied, escalated("first"), decided("denied", stands())]
    yield case("a dispute escalated to nobody", escalated("nobody"), twice)
    keys = [w.new_key("county.gd", role) for role in ("transport", "admin")]
    county = governing.passed(w.admitting("county.gd", standing="observer", keys=keys))
    name = f"D{INDEX + len(county) + 1}"
    upward = [
        *county, refused("county"), opened("county"), answered("county", stands(), dispute=name),
        escalated("county", dispute=name), decided("county", stands(), dispute=name),
    ]
    highest = escalated("above both", dispute=name)
    yield case("a dispute escalated to who is above both", highest, upward)
    last = escalated("final", dispute=name)
    yield case("a dispute escalated past its last step", last, [*upward, highest])


def decisions():
    """decide-dispute."""
    before = [refused(), opened()]
    upward = [*before, answered("up", stands()), escalated("decisions")]
    yield case("a dispute decided anew", decided("anew", anew()), upward)
    yield case("a dispute decided against", decided("stands", stands()), upward)
    yield case("a dispute decided by another", decided("by", anew(), by=STEWARD), upward)
    yield case("a dispute decided before it was escalated", decided("before", anew()), before)
    yield case("a dispute decided twice", decided("twice", anew()), [*upward, decided("once", stands())])
    yield case("no dispute decided", decided("none", anew(), dispute="D99"), upward)


def duties():
    """Disputes of duties.json: what, name, records before."""
    before = [refused(), opened()]
    yield "a dispute", NAME, before
    yield "a dispute contested", NAME, [*before, answered("duty stands", stands())]
    conceded = [*before, answered("duty anew", anew())]
    yield "a dispute conceded", NAME, conceded
    yield "a dispute decided anew", NAME, [*conceded, refused("duty again")]
    upward = [*before, escalated("duty late", LATE)]
    yield "a dispute escalated after a lapse", NAME, upward
    yield "a dispute decided", NAME, [*upward, decided("duty decided", anew(), LATE)]
    late = f"D{INDEX}"
    overdue = [opened("duty overdue", LATE)]
    yield "a dispute about a lapse that was ended by a refusal", late, [*overdue, refused("duty refused", LATE)]
    yield "a dispute about a delivery", late, [opened("duty delivery", OVERDUE, about={"delivery": "G13"})]


def values():
    """Values about disputes."""
    mark = {"at": 61, "on": w.NOW}
    abouts = ({"request": "R5"}, {"delivery": "G6"}, {"check": "C7"})
    yield from (("dispute-about", value) for value in abouts)
    yield from (("ruling", value) for value in (anew(), stands()))
    steps = [
        {"stage": stage, "by": by, "began": mark, "ruled": {"given": mark, "ruling": ruling}}
        for stage, by, ruling in (
            ("parties", "health.gd", stands()), ("authority", "data.gd", stands()), ("superior", "gd", anew()))
    ]
    dispute = {
        "about": abouts[0], "grounds": "It is for that", "claimant": "civil.gd", "respondent": "health.gd",
        "opened": mark, "steps": [{**steps[0], "ruled": None}],
    }
    yield "dispute", dispute
    yield "dispute", {**dispute, "steps": steps}


def acts():
    """An act of each kind, with who signs it."""
    yield CLAIMANT, {"kind": "open-dispute", "about": {"delivery": "G11"}, "grounds": "It is late"}
    yield STEWARD, {"kind": "answer-dispute", "dispute": "D61", "ruling": anew()}
    yield CLAIMANT, {"kind": "escalate-dispute", "dispute": "D61", "grounds": "Nothing new"}
    yield AUTHORITY, {"kind": "decide-dispute", "dispute": "D61", "ruling": stands()}
