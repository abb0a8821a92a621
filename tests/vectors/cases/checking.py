"""Cases of rules.json and duties.json about check requests."""

from . import world as w
from .answering import DATA, OFFICER, STEWARD, act
from .urgent import BEFORE as DECLARED, HELPED, NAME as EMERGENCY

INDEX = w.CHAIN.ledger.log.size
OWNER, OPENER, OTHER = "health.gd", "civil.gd", "civil steward"
NAME = f"C{INDEX}"


def claim(**more):
    """What a check claims."""
    return {
        "dataset": w.dataset()["id"], "items": {"only": [w.dataset()["items"][0]["name"]]}, "grant": "G11",
        "asked": OWNER, "claim": "The second dose is missing", **more,
    }


def opened(what="opened", by=OFFICER, **more):
    """A record that opens a check."""
    return act(f"check {what}", "open-check", by, terms=claim(**more))


def offered(what, to="data.gd", by=STEWARD, check=NAME, reason="They enter it"):
    """A record that offers a check to another."""
    return act(f"check {what}", "offer-handover", by, check=check, to=to, reason=reason)


def settled(what, accepts, by=DATA, check=NAME):
    """A record that accepts or declines an offer."""
    return act(f"check {what}", f"{'accept' if accepts else 'decline'}-handover", by, check=check)


def upheld(since=w.GENESIS_TIME, until=w.NOW, correction="Entered from the paper record"):
    """An outcome."""
    return {"outcome": "upheld", "from": since, "to": until, "correction": correction}


def stands(basis="Health Act, art. 9", reason="As the clinic reported"):
    """The other outcome."""
    return {"outcome": "not-upheld", "basis": basis, "reason": reason}


def answered(what, outcome, by=STEWARD, check=NAME):
    """A record that answers a check."""
    return act(f"check {what}", "answer-check", by, check=check, outcome=outcome)


def corrected(what, by=STEWARD, check=NAME, note="Corrected"):
    """A record that reports a correction."""
    return act(f"check {what}", "report-correction", by, check=check, note=note)


def sources():
    """All the cases, by what they are about."""
    return (openings(), handovers(), answers(), corrections())


def openings():
    """open-check."""
    yield "a check", opened()
    yield "a check of all items", opened("all", items="all")
    yield "a check by a steward", opened("steward", OTHER)
    yield "a check by the owner's officer", opened("owner", "health officer", grant=None)
    for what, more in (
        ("of no dataset", {"dataset": "health.gd/none"}), ("of no items", {"items": {"only": []}}),
        ("of an item that there is not", {"items": {"only": ["religion"]}}),
        ("under no grant", {"grant": None}), ("under a grant that there is not", {"grant": "G99"}),
        ("under a grant on another dataset", {"dataset": "health.gd/clinics", "items": "all"}),
        ("under a revoked grant", {"grant": "G12"}), ("asked of itself", {"asked": OPENER}),
        ("asked of a stranger", {"asked": "x.gd"}), ("asked of another member", {"asked": "tax.gd"}),
        ("without a claim", {"claim": ""}),
        ("in an emergency that there is not", {"grant": "E11"}),
    ):
        yield f"a check {what}", opened(what, **more)
    urgent = {"grant": EMERGENCY}
    yield "a check in an emergency", opened("urgent", **urgent), w.NOW, HELPED
    yield "a check in an emergency by one who used nothing", opened("unused", **urgent), w.NOW, DECLARED
    yield "a check in an emergency by another", opened("other", "tax officer", **urgent), w.NOW, HELPED
    for what, more in (
        ("on other data", {"dataset": "health.gd/clinics", "items": "all"}),
        ("asked of its declarer", {"asked": "data.gd"}),
    ):
        yield f"a check in an emergency {what}", opened(f"urgent {what}", **urgent, **more), w.NOW, HELPED


def handovers():
    """offer-handover, accept-handover, decline-handover."""
    before = [opened()]
    yield "a handover", offered("plain"), w.NOW, before
    yield "a handover of no check", offered("none", check="C11"), w.NOW, before
    yield "a handover by another", offered("by", by=DATA), w.NOW, before
    yield "a handover to the holder", offered("own", OWNER), w.NOW, before
    yield "a handover to the opener", offered("opener", OPENER), w.NOW, before
    yield "a handover to a stranger", offered("stranger", "x.gd"), w.NOW, before
    yield "a handover without a reason", offered("bare", reason=""), w.NOW, before
    yield "an acceptance of nothing", settled("nothing", True), w.NOW, before
    waits = [*before, offered("waits")]
    yield "a second offer while one waits", offered("second", "tax.gd"), w.NOW, waits
    yield "a handover accepted", settled("accepted", True), w.NOW, waits
    yield "a handover declined", settled("declined", False), w.NOW, waits
    yield "a handover accepted by another", settled("other", True, OTHER), w.NOW, waits
    taken = [*waits, settled("taken", True)]
    yield "a handover accepted twice", settled("again", True), w.NOW, taken
    yield "a handover back", offered("back", OWNER, DATA), w.NOW, taken
    yield "a handover by who handed it over", offered("former", "tax.gd"), w.NOW, taken
    left = [*waits, settled("left", False)]
    yield "a handover offered again", offered("once more"), w.NOW, left
    over = [*waits, answered("over", stands())]
    yield "a handover accepted after the answer", settled("late", True), w.NOW, over
    many = list(before)
    for number in range(16):
        many += [offered(f"offer {number}"), settled(f"decline {number}", False)]
    yield "the 16th offer", many[-2], w.NOW, many[:-2]
    yield "the 17th offer", offered("seventeenth"), w.NOW, many


def answers():
    """answer-check."""
    before = [opened()]
    for what, outcome in (
        ("a check upheld", upheld()), ("a check not upheld", stands()),
        ("a check upheld for no time", upheld(w.NOW, w.NOW)),
        ("a check upheld for a time to come", upheld(until=w.NOW + 1)),
        ("a check upheld without a correction", upheld(correction="")),
        ("a check not upheld without a basis", stands(basis="")),
        ("a check not upheld without a reason", stands(reason="")),
    ):
        yield what, answered(what, outcome), w.NOW, before
    yield "a check answered by another", answered("by", stands(), DATA), w.NOW, before
    yield "no check answered", answered("none", stands(), check="C99"), w.NOW, before
    done = [*before, answered("done", stands())]
    yield "a check answered twice", answered("twice", upheld()), w.NOW, done
    taken = [*before, offered("first"), settled("taken", True)]
    yield "a check answered by who took it over", answered("taker", upheld(), DATA), w.NOW, taken
    yield "a check answered by who handed it over", answered("giver", upheld()), w.NOW, taken


def corrections():
    """report-correction."""
    before = [opened()]
    wrong = [*before, answered("wrong", upheld())]
    right = [*before, answered("right", stands())]
    yield "a correction", corrected("plain"), w.NOW, wrong
    yield "a correction by another", corrected("by", OTHER), w.NOW, wrong
    yield "a correction without a note", corrected("bare", note=""), w.NOW, wrong
    yield "a correction before the answer", corrected("before"), w.NOW, before
    yield "a correction of what stands", corrected("stands"), w.NOW, right
    yield "a correction of no check", corrected("none", check="C99"), w.NOW, wrong
    yield "a correction twice", corrected("twice"), w.NOW, [*wrong, corrected("once")]


def duties(holiday):
    """Checks of duties.json: what, name, records before; one of them publishes a calendar."""
    before = [opened()]
    yield "a check across a holiday", NAME, [*before, holiday]
    taken = [*before, offered("first"), settled("taken", True)]
    wrong = [*taken, answered("found", upheld(), DATA)]
    yield "a check that waits", NAME, before
    yield "a check that was handed over", NAME, taken
    yield "a check that was upheld", NAME, wrong
    yield "a check that was not upheld", NAME, [*before, answered("right", stands())]
    yield "a check that was corrected", NAME, [*wrong, corrected("done")]


def values():
    """Values about checks."""
    mark = {"at": 61, "on": w.NOW}
    ends = (None, {"accepted": mark}, {"declined": mark})
    handovers = [{"to": "data.gd", "reason": "They enter it", "offered": mark, "end": end} for end in ends]
    check = {
        "terms": claim(), "opened_by": OPENER, "opener": w.public(OFFICER), "opened": mark,
        "handovers": [], "answer": None, "corrected": None, "earlier": [],
    }
    yield from (("check-terms", value) for value in (claim(), claim(grant=None, items="all")))
    yield from (("check-outcome", value) for value in (upheld(), stands()))
    yield from (("handover", value) for value in handovers)
    yield "check-request", check
    yield "check-request", {
        **check, "handovers": handovers, "answer": {"given": mark, "outcome": upheld()},
        "corrected": {"made": mark, "note": "Corrected 已更正"}, "earlier": [{"given": mark, "outcome": stands()}],
    }


def acts():
    """An act of each kind, with who signs it."""
    name = "C61"
    yield OFFICER, {"kind": "open-check", "terms": claim()}
    yield STEWARD, {"kind": "offer-handover", "check": name, "to": "data.gd", "reason": "They enter it"}
    yield DATA, {"kind": "accept-handover", "check": name}
    yield DATA, {"kind": "decline-handover", "check": name}
    for outcome in (upheld(), stands()):
        yield STEWARD, {"kind": "answer-check", "check": name, "outcome": outcome}
    yield STEWARD, {"kind": "report-correction", "check": name, "note": "Corrected 已更正"}
