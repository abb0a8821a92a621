"""Cases of rules.json and duties.json about draws and findings; draws.json: what is drawn."""

from comity import shapes
from comity.oversight import PHASE_MS, draw_commitment, drawn

from . import world as w
from .answering import INDEX, OFFICER, STEWARD, act, make
from .governing import passing, removal
from .urgent import appointing, then

AUTHORITY, TAX, UNIV = "data.gd auditor", "tax.gd auditor", "univ.gd auditor"
HEALTH, CIVIL = "health.gd auditor", "civil.gd auditor"
AUDITORS = [make(f"{name.split()[0]} admin", w.register(name, name.split()[0], "auditor"), name)
            for name in (AUTHORITY, TAX, UNIV, HEALTH, CIVIL)]
POOL = ("health.gd", "tax.gd", "univ.gd")
BEFORE = [*AUDITORS, *passing("draws", appointing(*POOL, office="steward-reviewer"),
                              INDEX + len(AUDITORS))]
AT = INDEX + len(BEFORE)
NAME = f"W{AT}"
COMMITTED, REVEALED = w.NOW + PHASE_MS, w.NOW + 2 * PHASE_MS
DAY = w.DAY


def spread(first=1, last=4, gateway="health gateway"):
    """A range of a gateway's records."""
    return {"gateway": w.public(gateway), "first": first, "last": last}


def drawing(what, *scope, count=2, by=TAX):
    """A record that opens a draw."""
    return act(f"draw {what}", "open-draw", by, scope=list(scope) or [spread()], count=count)


def secret(by):
    """An agency's secret."""
    return w.short(f"draw secret {by}", 32)


def committed(what, by=TAX, name=NAME, time=w.NOW, **more):
    """A record that commits."""
    agency = by.split()[0]
    commitment = draw_commitment(w.CONSORTIUM, name, agency, secret(by))
    return act(f"commit {what} {by}", "commit-draw", by, time + w.VALIDITY,
               **{"draw": name, "commitment": commitment, **more})


def revealed(what, by=TAX, name=NAME, time=COMMITTED, **more):
    """A record that reveals."""
    return act(f"reveal {what} {by}", "reveal-draw", by, time + w.VALIDITY,
               **{"draw": name, "secret": secret(by), **more})


OPENED = [*BEFORE, drawing("before")]
BOTH = [*OPENED, committed("before", TAX), committed("before", UNIV)]
SETTLED = [*then(BOTH), (revealed("before", TAX), COMMITTED), (revealed("before", UNIV), COMMITTED)]


def state_after(records):
    """The draw that stands after these."""
    from comity.forms import Record
    judge = w.CHAIN.ledger.judge()
    steps = [one if isinstance(one, tuple) else (one, w.NOW) for one in records]
    for number, (record, time) in enumerate(steps):
        judge.apply(Record(record, w.CONSORTIUM), INDEX + number, time)
    return judge.draw(NAME)


DRAWN = drawn(state_after(SETTLED))
REVIEWERS = [f"{one['reviewer']} auditor" for one in DRAWN]
OTHER = next(name for name in (HEALTH, TAX, UNIV) if name != REVIEWERS[0])


def reported(what, by=REVIEWERS[0], number=1, verdict="in-order", name=NAME, time=COMMITTED):
    """A record that reports a review."""
    return act(f"report {what}", "report-review", by, time + w.VALIDITY, draw=name, number=number,
               verdict=verdict)


def found(what, by=AUTHORITY, agency="health.gd", about=None, text="No basis 无依据", time=w.NOW):
    """A record that opens a finding."""
    return act(f"finding {what}", "open-finding", by, time + w.VALIDITY, agency=agency,
               about=about or {"entry": 11}, text=text)


FOUND = [*AUDITORS, found("before")]
FINDING = f"F{INDEX + len(AUDITORS)}"


def answered(what, by=STEWARD, name=FINDING, answer="See the letter", time=w.NOW):
    """A record that answers a finding."""
    return act(f"answer {what}", "answer-finding", by, time + w.VALIDITY, finding=name, answer=answer)


def closed(what, by=AUTHORITY, name=FINDING, outcome="remedied", text="Seen", time=w.NOW):
    """A record that closes a finding."""
    return act(f"close {what}", "close-finding", by, time + w.VALIDITY, finding=name,
               outcome=outcome, text=text)


def sources():
    """All the cases, by what they are about."""
    return (draws(), commitments(), reveals(), reports(), findings(), answers(), closures(),
            offices())


def draws():
    """open-draw."""
    yield "a draw", drawing("plain"), w.NOW, BEFORE
    yield "a draw where nobody reviews", drawing("nobody"), w.NOW, AUDITORS
    yield "a draw by one that does not review", drawing("other", by=CIVIL), w.NOW, BEFORE
    yield "a draw by a steward", drawing("steward", by=STEWARD), w.NOW, BEFORE
    for what, scope, count in (
        ("of no range", None, 1),
        ("of 65 ranges", [spread()] * 65, 1),
        ("of an unknown key", [spread(gateway="nobody")], 1),
        ("of an officer", [spread(gateway=OFFICER)], 1),
        ("of what is not yet", [spread(1, 5)], 1),
        ("from zero", [spread(0, 2)], 1),
        ("of an empty range", [spread(3, 2)], 1),
        ("of two ranges", [spread(4, 4), spread(1, 2)], 3),
        ("of two ranges that meet", [spread(2, 4), spread(1, 2)], 1),
        ("of a range within another", [spread(1, 4), spread(2, 3)], 1),
        ("of nothing", [spread()], 0),
        ("of all", [spread()], 4),
        ("of more than all", [spread()], 5),
    ):
        record = act(f"draw {what}", "open-draw", TAX, scope=scope or [], count=count)
        yield f"a draw {what}", record, w.NOW, BEFORE
    few = [*AUDITORS, *passing("few", appointing("tax.gd", office="steward-reviewer"),
                               INDEX + len(AUDITORS))]
    yield "a draw of one reviewer", drawing("few"), w.NOW, few
    left = [*BEFORE, *passing("left", removal("univ.gd"), AT)]
    yield "a draw after a reviewer left", drawing("left"), w.NOW, left


def commitments():
    """commit-draw."""
    yield "a commitment", committed("plain"), w.NOW, OPENED
    yield "a commitment to no draw", committed("none", name="W1"), w.NOW, OPENED
    yield "a commitment by one out of the pool", committed("civil", CIVIL), w.NOW, OPENED
    yield "a commitment by a steward", committed("steward", STEWARD), w.NOW, OPENED
    yield "a second commitment", committed("again", commitment=w.short("x", 32)), w.NOW, BOTH
    for what, time in (("at the last moment", COMMITTED - 1), ("too late", COMMITTED)):
        yield f"a commitment {what}", committed(what, time=time), time, then(OPENED)


def reveals():
    """reveal-draw."""
    yield "a reveal", revealed("plain"), COMMITTED, then(BOTH)
    yield "a reveal in no draw", revealed("none", name="W1"), COMMITTED, then(BOTH)
    yield "a reveal by a steward", revealed("steward", STEWARD), COMMITTED, then(BOTH)
    yield "a reveal by one that did not commit", revealed("health", HEALTH), COMMITTED, then(BOTH)
    early = revealed("early", time=COMMITTED - 1)
    yield "a reveal too early", early, COMMITTED - 1, then(BOTH)
    yield "a reveal of another secret", revealed("other", secret=secret(UNIV)), COMMITTED, then(BOTH)
    yield "a second reveal", revealed("again"), COMMITTED, SETTLED
    for what, time in (("at the last moment", REVEALED - 1), ("too late", REVEALED)):
        yield f"a reveal {what}", revealed(what, time=time), time, then(BOTH)


def reports():
    """report-review."""
    yield "a review reported", reported("plain"), COMMITTED, SETTLED
    yield "a review reported by another", reported("other", OTHER), COMMITTED, SETTLED
    yield "a review of no draw", reported("none", name="W1"), COMMITTED, SETTLED
    yield "a review of what is not drawn", reported("early"), COMMITTED, SETTLED[:-1]
    alone = [*then([*OPENED, committed("alone")]), (revealed("alone"), COMMITTED)]
    yield "a review where one committed", reported("alone"), COMMITTED, alone
    for number in (0, 3):
        record = reported(f"number {number}", number=number)
        yield f"a review of number {number} of two", record, COMMITTED, SETTLED
    second = reported("second", REVIEWERS[1], 2)
    yield "a review of the second", second, COMMITTED, SETTLED
    twice = [*SETTLED, (reported("once"), COMMITTED)]
    yield "a review reported twice", reported("twice"), COMMITTED, twice
    about = {"drawn": {"draw": NAME, "number": 1}}
    own = found("drawn", REVIEWERS[0], about=about, time=COMMITTED)
    with_own = [*SETTLED, (own, COMMITTED)]
    name = f"F{INDEX + len(SETTLED)}"
    yield "a finding about what was drawn", own, COMMITTED, SETTLED
    report = reported("found", verdict={"finding": name})
    yield "a review with its finding", report, COMMITTED, with_own
    report = reported("found none", verdict={"finding": "F1"})
    yield "a review with no finding", report, COMMITTED, SETTLED
    report = reported("found second", REVIEWERS[1], 2, {"finding": name})
    yield "a review with a finding about another", report, COMMITTED, with_own
    other = found("drawn other", OTHER, about=about, time=COMMITTED)
    yield "a finding about what another was drawn for", other, COMMITTED, SETTLED
    for what, place in (("no draw", {"draw": "W1", "number": 1}), ("nothing drawn", {"draw": NAME, "number": 3})):
        record = found(f"drawn {what}", about={"drawn": place}, time=COMMITTED)
        yield f"a finding about {what}", record, COMMITTED, SETTLED


def findings():
    """open-finding."""
    yield "a finding", found("plain"), w.NOW, AUDITORS
    yield "a finding by a steward", found("steward", "data steward"), w.NOW, AUDITORS
    yield "a finding about no entry", found("none", about={"entry": AT}), w.NOW, AUDITORS
    yield "a finding by one that reviews nothing", found("tax", TAX), w.NOW, AUDITORS
    yield "a finding by one that reviews stewards", found("tax", TAX), w.NOW, BEFORE
    for power in ("stewards", "emergencies", "rules", "admins"):
        about = {"power": power}
        yield f"a finding about {power} by a reviewer of stewards", found(
            f"power {power}", TAX, about=about), w.NOW, BEFORE
        yield f"a finding about {power} by the authority", found(
            f"authority {power}", about=about), w.NOW, BEFORE
    yield "a finding against oneself", found("self", agency="data.gd"), w.NOW, AUDITORS
    yield "a finding against no member", found("nobody", agency="x.gd"), w.NOW, AUDITORS
    left = [*AUDITORS, *passing("found", removal("tax.gd"), INDEX + len(AUDITORS))]
    yield "a finding against one that left", found("left", agency="tax.gd"), w.NOW, left
    yield "a finding without words", found("bare", text=""), w.NOW, AUDITORS


def answers():
    """answer-finding."""
    yield "an answer to a finding", answered("plain"), w.NOW, FOUND
    yield "an admin's answer to a finding", answered("admin", "health.gd admin"), w.NOW, FOUND
    yield "an answer by another", answered("other", "civil steward"), w.NOW, FOUND
    yield "an answer by its auditor", answered("auditor", HEALTH), w.NOW, FOUND
    yield "an answer to no finding", answered("none", name="F1"), w.NOW, FOUND
    yield "an answer without words", answered("bare", answer=""), w.NOW, FOUND
    yield "a second answer", answered("twice"), w.NOW, [*FOUND, answered("once")]
    over = [*FOUND, closed("unfounded", outcome="unfounded")]
    yield "an answer to a closed finding", answered("closed"), w.NOW, over


def closures():
    """close-finding."""
    heard = [*FOUND, answered("heard")]
    for outcome in ("remedied", "unfounded", "upheld"):
        record = closed(outcome, outcome=outcome)
        yield f"a finding {outcome}", record, w.NOW, heard
        yield f"a finding {outcome} unheard", record, w.NOW, FOUND
    yield "a finding closed by another", closed("other", TAX), w.NOW, heard
    yield "a finding closed by a steward", closed("steward", "data steward"), w.NOW, heard
    yield "no finding closed", closed("none", name="F1"), w.NOW, heard
    yield "a finding closed without words", closed("bare", text=""), w.NOW, heard
    yield "a finding closed twice", closed("twice"), w.NOW, [*heard, closed("once")]
    # Ten working days after Monday, 2 March, and then the midnight of the consortium.
    due = w.GENESIS_TIME - 8 * 3_600_000 + 15 * DAY
    for what, time in (("a moment before it may be", due - 1), ("when it may be", due)):
        record = closed(what, outcome="upheld", time=time)
        yield f"silence upheld {what}", record, time, then(FOUND)
    gone = [*BEFORE, found("gone", UNIV), *passing("closer", removal("univ.gd"), AT + 1)]
    for what, by in (("it", UNIV), ("the authority", AUTHORITY)):
        record = closed(f"gone {what}", by, f"F{AT}", "unfounded")
        yield f"a finding of one that left closed by {what}", record, w.NOW, gone


def offices():
    """appoint, of those who review."""
    for office in ("steward-reviewer", "emergency-reviewer", "rules-reviewer", "admin-reviewer"):
        measure = appointing("data.gd", "tax.gd", office=office)
        yield f"two appointed as {office}", passing(office, measure)[0]
        yield f"nobody appointed as {office}", passing(f"no {office}", appointing(office=office))[0]


def owing():
    """Draws and findings in duties.json: what, kind, name, records before."""
    yield "a draw that is open", "draw", NAME, then(BOTH)
    yield "a draw that is settled", "draw", NAME, SETTLED
    done = [*SETTLED, (reported("duties", time=COMMITTED + DAY), COMMITTED + DAY)]
    yield "a draw with a review", "draw", NAME, done
    heard = [*FOUND, answered("duties")]
    yield "a finding that waits", "finding", FINDING, FOUND
    yield "a finding that was answered", "finding", FINDING, heard
    yield "a finding that was closed", "finding", FINDING, [*heard, closed("duties")]
    back = [*FOUND, closed("duties", outcome="unfounded")]
    yield "a finding that was taken back", "finding", FINDING, back


def acts():
    """Who signs, and what, of each action."""
    yield TAX, {"kind": "open-draw", "scope": [spread(), spread(1, 9, "tax gateway")], "count": 3}
    yield TAX, {"kind": "commit-draw", "draw": "W61", "commitment": w.short("commitment", 32)}
    yield TAX, {"kind": "reveal-draw", "draw": "W61", "secret": secret(TAX)}
    for verdict in ("in-order", {"finding": "F70"}):
        yield TAX, {"kind": "report-review", "draw": "W61", "number": 2, "verdict": verdict}
    for about in ({"entry": 11}, {"drawn": {"draw": "W61", "number": 2}}, {"power": "rules"}):
        yield TAX, {"kind": "open-finding", "agency": "health.gd", "about": about, "text": "无依据"}
    yield STEWARD, {"kind": "answer-finding", "finding": "F70", "answer": "See the letter"}
    for outcome in shapes.FINDING_OUTCOME.names:
        yield TAX, {"kind": "close-finding", "finding": "F70", "outcome": outcome, "text": "Seen"}


def values():
    """Values about draws and findings."""
    mark = {"at": 61, "on": w.NOW}
    draw = state_after(SETTLED)
    yield "draw", state_after(OPENED)
    yield "draw", draw
    yield "draw", {**draw, "reviews": {
        2: {"verdict": {"finding": "F70"}, "made": mark}, 300: {"verdict": "in-order", "made": mark},
    }}
    finding = {
        "agency": "health.gd", "about": {"entry": 11}, "text": "No basis", "opened_by": "tax.gd",
        "opened": mark, "answer": None, "closed": None,
    }
    yield "finding", finding
    yield "finding", {
        **finding, "about": {"power": "admins"}, "answer": {"given": mark, "text": "See"},
        "closed": {"made": mark, "outcome": "upheld", "text": "Seen"},
    }


def chosen():
    """The cases of draws.json."""
    for by in (TAX, UNIV, HEALTH):
        agency = by.split()[0]
        yield {"draw": NAME, "agency": agency, "secret": secret(by),
               "commitment": draw_commitment(w.CONSORTIUM, NAME, agency, secret(by))}
    settled = state_after(SETTLED)
    gateways = [w.public(name) for name in ("health gateway", "tax gateway")]
    for what, scope, count in (
        ("two of four", None, 2), ("all of them", None, 4),
        ("64 of 64", [(0, 1, 64)], 64), ("of two gateways", [(0, 1, 40), (1, 7, 60), (0, 41, 41)], 30),
        ("of very many", [(1, 1, 2**63), (0, 5, 2**63 + 2**62)], 64), ("one of one", [(1, 9, 9)], 1),
    ):
        draw = {**settled, "count": count}
        if scope is not None:
            draw["scope"] = [{"gateway": gateways[which], "first": first, "last": last}
                             for which, first, last in scope]
            draw["providers"] = [("health.gd", "tax.gd")[which] for which, _, _ in scope]
        yield {"what": what, "value": shapes.DRAW.put(draw).hex(), "drawn": drawn(draw)}
    yield {"what": "nothing yet", "value": shapes.DRAW.put(state_after(BOTH)).hex(), "drawn": None}
