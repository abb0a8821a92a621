"""Cases of rules.json and duties.json about incidents."""

from . import world as w
from .answering import DATA, OFFICER, STEWARD, act
from .binding import CHILD, LIMITED, PARENT, UNDERTAKINGS, issue, passed_on, under
from .answering import give

INDEX = w.CHAIN.ledger.log.size
OWN, OTHER = "health.gd/vaccinations", "civil steward"
NAME = f"I{INDEX}"


def leak(**more):
    """What is reported."""
    return {
        "datasets": [], "grants": ["G11"], "since": w.GENESIS_TIME, "found": w.NOW,
        "nature": "A laptop was lost 电脑遗失", **more,
    }


def reported(what, by=OTHER, **more):
    """A record that reports an incident."""
    return act(f"incident {what}", "report-incident", by, terms=leak(**more))


def told(what, by=OTHER, incident=NAME, note="It was found"):
    """A record that gives news of it."""
    return act(f"incident {what}", "update-incident", by, incident=incident, note=note)


def closed(what, by=OTHER, incident=NAME, measures="Disks are sealed"):
    """A record that closes it."""
    return act(f"incident {what}", "close-incident", by, incident=incident, measures=measures)


def sources():
    """All the cases, by what they are about."""
    return (reports(), sequels())


def reports():
    """report-incident."""
    yield "an incident", reported("plain")
    yield "an incident by an officer", reported("officer", OFFICER)
    yield "an incident reported by who granted", reported("granted", STEWARD)
    yield "an incident of a dataset", reported("dataset", STEWARD, datasets=[OWN], grants=[])
    many = [f"G{number}" for number in range(1, 18)]
    for what, more in (
        ("of nothing", {"grants": []}), ("of seventeen grants", {"grants": many}),
        ("of 16 grants and a dataset", {"grants": many[:16], "datasets": [OWN]}),
        ("of no dataset", {"datasets": ["health.gd/none"]}), ("of no grant", {"grants": ["G11", "G99"]}),
        ("of another's dataset", {"datasets": [OWN]}), ("that began after it came to light", {"since": w.NOW + 1}),
        ("that will come to light", {"found": w.NOW + 1}), ("without a word", {"nature": ""}),
        ("under a revoked grant", {"grants": ["G12"]}),
    ):
        yield f"an incident {what}", reported(what, **more)
    yield "an incident of another's grant", reported("other", DATA)
    several = ["health.gd/vaccinations", "health.gd/clinics"]
    yield "an incident of two datasets", reported("two", STEWARD, datasets=several)


def sequels():
    """update-incident, close-incident."""
    before = [reported("before")]
    over = [*before, closed("over")]
    for kind, record, text in (("news of", told, "note"), ("the end of", closed, "measures")):
        yield f"{kind} an incident", record("plain"), w.NOW, before
        yield f"{kind} an incident by another", record("by", STEWARD), w.NOW, before
        yield f"{kind} no incident", record("none", incident="I11"), w.NOW, before
        yield f"{kind} an incident without a word", record("bare", **{text: ""}), w.NOW, before
        yield f"{kind} a closed incident", record("late"), w.NOW, over
    yield "more news of an incident", told("more"), w.NOW, [*before, told("first")]


def duties():
    """Incidents of duties.json: what, name, records before."""
    fresh = issue("incidents", undertakings=UNDERTAKINGS)
    used = give("incidents", grant=PARENT)

    def after(what, records, by=OTHER, **more):
        return what, f"I{INDEX + len(records)}", [*records, reported(what, by, **more)]

    yield after("an incident under a grant without undertakings", [fresh])
    yield after("an incident of a requester", [fresh, used], grants=["G11", PARENT])
    yield after("an incident before the first use", [fresh], grants=[PARENT])
    yield after("an incident of a provider", [fresh], STEWARD, grants=[PARENT])
    yield after("an incident known when the grant was issued", [fresh, used], STEWARD,
                grants=[PARENT], found=w.NOW - 1)
    two = [LIMITED, passed_on("incidents", total_quota=2, daily_quota=2, undertakings=UNDERTAKINGS)]
    yield after("an incident of who passed a grant on", [*two, under("incidents")], grants=[CHILD])


def values():
    """Values about incidents."""
    mark = {"at": 61, "on": w.NOW}
    incident = {
        "terms": leak(), "reported_by": "civil.gd", "reported": mark, "updates": 0, "updated": None,
        "closed": None,
    }
    yield "incident-terms", leak()
    yield "incident-terms", leak(datasets=["a.gd/z", "a.gd/zz", "b/a"], grants=["G2", "G11"])
    yield "incident", incident
    yield "incident", {
        **incident, "updates": 2, "updated": mark, "closed": {"on": mark, "measures": "Disks are sealed"},
    }


def acts():
    """An act of each kind, with who signs it."""
    yield OTHER, {"kind": "report-incident", "terms": leak()}
    yield OTHER, {"kind": "update-incident", "incident": "I61", "note": "It was found"}
    yield OTHER, {"kind": "close-incident", "incident": "I61", "measures": "Disks are sealed"}
