"""Cases of rules.json and duties.json about how grants are bound, changed and passed on."""

from . import world as w
from .answering import GATEWAY, OFFICER, STEWARD, act, amended, make, withdrawn

INDEX = w.CHAIN.ledger.log.size
CIVIL, TAX = "civil steward", "tax officer"
DELETE, REPORT = {"delete-after-days": 30}, {"report-use-every-days": 20}
CHANGE, INCIDENT = {"notify-change-days": 5}, {"notify-incident-days": 1}


def by(side, what):
    """An undertaking of a side."""
    return {"by": side, "what": what}


UNDERTAKINGS = [
    by("requester", DELETE), by("requester", REPORT), by("provider", CHANGE),
    by("provider", INCIDENT), by("requester", INCIDENT),
]


def sources():
    """All the cases of rules.json, by what they are about."""
    return (terms(), bearers(), narrowings(), extensions(), derivations(), below(), fulfilments())


def issue(what, by_whom=STEWARD, **more):
    """A record that issues a grant."""
    action = {"kind": "issue-grant", "terms": w.terms(**more)}
    return make(by_whom, action, f"bound {what}")


def terms():
    """issue-grant and open-request: what binds."""
    yield "undertakings of all kinds", issue("all", undertakings=UNDERTAKINGS)
    for what, officers in (
        ("a post", {"posts": ["Assistance desk 3"]}), ("no post", {"posts": []}),
        ("32 posts", {"posts": [f"Desk {n:02}" for n in range(32)]}),
        ("33 posts", {"posts": [f"Desk {n:02}" for n in range(33)]}),
        ("a post without a name", {"posts": ["", "Desk"]}), ("no key", {"keys": []}),
        ("an officer's key", {"keys": [w.public(OFFICER)]}),
        ("a revoked officer's key", {"keys": [w.public("civil officer revoked")]}),
        ("another agency's officer", {"keys": [w.public(TAX)]}),
        ("a steward's key", {"keys": [w.public(CIVIL)]}),
        ("a key that is not registered", {"keys": [w.public(OFFICER), w.public("nobody")]}),
    ):
        yield f"a grant for {what}", issue(what, officers=officers)
    for what, onward in (
        ("an agency", ["tax.gd"]), ("two agencies", ["tax.gd", "univ.gd"]), ("its owner", ["health.gd"]),
        ("its requester", ["civil.gd", "tax.gd"]), ("a stranger", ["tax.gd", "x.gd"]),
        ("17 agencies", [f"a{n:02}.gd" for n in range(17)]),
    ):
        yield f"a grant to be passed on to {what}", issue(f"on {what}", onward=onward)
    for what, undertakings in (
        ("nine undertakings", [by("requester", DELETE)] * 9),
        ("an undertaking of no day", [by("requester", {"report-use-every-days": 0})]),
        ("an undertaking of 500 days", [by("provider", {"notify-change-days": 500})]),
        ("an undertaking of 501 days", [*UNDERTAKINGS[:1], by("provider", {"notify-change-days": 501})]),
        ("a provider that deletes", [by("provider", DELETE)]),
        ("a provider that reports", [by("provider", REPORT)]),
        ("a requester that tells of changes", [by("requester", CHANGE)]),
        ("an undertaking twice", [*UNDERTAKINGS, by("requester", {"delete-after-days": 9})]),
    ):
        yield f"a grant with {what}", issue(what, undertakings=undertakings)
    asked = w.asking(w.terms(officers={"keys": [w.public(TAX)]}))
    yield "a request for another agency's officer", act("bound", "open-request", OFFICER, terms=asked)
    wide = w.asking(w.terms(undertakings=UNDERTAKINGS[:1], officers={"posts": ["Desk"]}))
    opened = act("bound wide", "open-request", OFFICER, terms=wide)
    for what, more in (
        ("for all officers", {"officers": "all"}), ("for a key", {"officers": {"keys": []}}),
        ("for another post", {"officers": {"posts": ["Other"]}}),
        ("to be passed on", {"onward": ["tax.gd"]}), ("without undertakings", {"undertakings": []}),
        ("with a later deletion", {"undertakings": [by("requester", {"delete-after-days": 31})]}),
        ("with a sooner deletion", {"undertakings": [by("requester", {"delete-after-days": 29})]}),
        ("with more undertakings", {"undertakings": UNDERTAKINGS}), ("as asked", {}),
    ):
        granted = {**wide["asked"], **more}
        approval = act(f"bound {what}", "approve-request", request=f"R{INDEX}", terms=granted)
        yield f"an approval {what}", approval, w.NOW, [opened]


def give(what, name=OFFICER, after=0, **more):
    """A record of an access, the first one here or after so many."""
    value = w.attempt(f"bound {what}", officer=w.public(name), **more)
    number = w.NEXT_NUMBER + after
    return make(GATEWAY, w.access(value, name, number), f"bound access {what}")


def bearers():
    """record-access under grants that name officers."""
    desk = [issue("desk", officers={"posts": ["Assistance desk 3", "Desk"]})]
    other = [issue("other", officers={"posts": ["Desk"]})]
    key = [issue("key", officers={"keys": [w.public(OFFICER)]})]
    ended = [issue("ended", officers={"keys": [w.public("civil officer expiring")]})]
    for what, before in (("desk", desk), ("other", other), ("key", key), ("ended", ended)):
        yield f"an access with {what}", give(what, grant=f"G{INDEX}"), w.NOW, before
    wrong = give("other scope", grant=f"G{INDEX}", matter="HOUSING")
    yield "an access of another officer in another matter", wrong, w.NOW, other


def narrowed(what, version=1, grant="G11", by_whom=STEWARD, **more):
    """A record that narrows a grant."""
    return act(f"narrow {what}", "narrow-grant", by_whom, grant=grant, terms=w.terms(**more),
               version=version)


def narrowings():
    """narrow-grant."""
    yield "a grant narrowed", narrowed("plain", daily_quota=3)
    yield "a grant narrowed by its requester", narrowed("by", by_whom=CIVIL, daily_quota=3)
    yield "a grant narrowed by a gateway", narrowed("gateway", by_whom=GATEWAY, daily_quota=3)
    yield "no grant to narrow", narrowed("none", grant="G10", daily_quota=3)
    yield "a revoked grant narrowed", narrowed("revoked", grant="G12", matters=["HOUSING"])
    yield "a grant narrowed that has ended", narrowed("over", grant="G14", not_after=w.SOON)
    yield "a grant narrowed to what it is", narrowed("same")
    yield "a grant narrowed in another version", narrowed("version", 2, daily_quota=3)
    first = [narrowed("first", daily_quota=9)]
    yield "a grant narrowed again", narrowed("again", 2, daily_quota=3), w.NOW, first
    yield "a grant narrowed unseen", narrowed("unseen", 1, daily_quota=3), w.NOW, first
    for what, more in (
        ("another dataset", {"dataset": "health.gd/clinics"}), ("another requester", {"requester": "tax.gd"}),
        ("a further matter", {"matters": ["HOUSING", "LOW-INCOME", "SCHOOL"]}),
        ("another basis", {"duty_basis": "STATUTE-2"}), ("all items", {"items": "all"}),
        ("another mode", {"modes": ["batch"]}), ("a longer period", {"not_after": w.terms()["not_after"] + 1}),
        ("a further agency", {"onward": ["tax.gd"]}), ("an undertaking", {"undertakings": UNDERTAKINGS}),
        ("no matter", {"matters": []}), ("no item", {"items": {"only": []}}), ("no mode", {"modes": []}),
        ("nothing left", {"not_after": w.NOW}), ("a quota of 0", {"total_quota": 0}),
        ("a post", {"officers": {"posts": ["Desk"]}}), ("no officer", {"officers": {"keys": []}}),
        ("another's officer", {"officers": {"keys": [w.public(TAX)]}}),
        ("fewer items", {"items": {"only": ["dose date"]}}),
    ):
        yield f"a grant narrowed to {what}", narrowed(what, **more)
    gone = [amended(what="narrow", items=[])]
    yield "a grant narrowed without its items", narrowed("gone", daily_quota=3), w.NOW, gone
    used = narrowed("used", total_quota=1)
    yield "an access beyond a narrowed quota", give("narrowed", grant="G11"), w.NOW, [used]


def extended(what, version=1, grant="G11", by_whom=STEWARD, **more):
    """A record that extends a grant."""
    longer = {"not_after": w.terms()["not_after"] + w.DAY, **more}
    return act(f"extend {what}", "extend-grant", by_whom, grant=grant, terms=w.terms(**longer),
               version=version)


def extensions():
    """extend-grant."""
    yield "a grant extended", extended("plain")
    yield "a grant extended in all", extended("all", items="all", onward=["tax.gd"], undertakings=UNDERTAKINGS)
    yield "a grant extended by its requester", extended("by", by_whom=CIVIL)
    yield "no grant to extend", extended("none", grant="G10")
    yield "a grant extended to another dataset", extended("dataset", dataset="health.gd/clinics")
    yield "a grant extended to another requester", extended("requester", requester="tax.gd")
    yield "a revoked grant extended", extended("revoked", grant="G12")
    yield "a grant extended that has ended", extended("over", grant="G14")
    yield "a grant extended in another version", extended("version", 7)
    yield "a grant extended to what it is", extended("same", not_after=w.terms()["not_after"])
    yield "a grant extended to an unknown item", extended("item", items={"only": ["name"]})
    yield "a suspended dataset's grant extended", extended("shut"), w.NOW, [
        act("bound", "suspend-dataset", dataset="health.gd/vaccinations", reason="")]
    gone = [withdrawn("bound")]
    yield "a withdrawn dataset's grant extended", extended("gone"), w.NOW, gone
    back = [*gone, act("bound", "publish-dataset", dataset=w.dataset())]
    yield "a grant extended on a dataset published again", extended("back"), w.NOW, back
    promised = [issue("promised", undertakings=UNDERTAKINGS[:2])]
    for what, kept in (
        ("its undertakings", UNDERTAKINGS[:2]), ("more undertakings", UNDERTAKINGS),
        ("fewer undertakings", UNDERTAKINGS[:1]), ("other undertakings", UNDERTAKINGS[1:3]),
    ):
        record = extended(what, grant=f"G{INDEX}", undertakings=kept)
        yield f"a grant extended with {what}", record, w.NOW, promised


def passed_on(what, parent=None, by_whom=CIVIL, **more):
    """A record that passes a grant on."""
    action = {"kind": "issue-onward", "parent": parent or f"G{INDEX}",
              "terms": w.terms(**{"requester": "tax.gd", **more})}
    return make(by_whom, action, f"onward {what}")


WIDE = issue("wide", onward=["tax.gd", "univ.gd"])
LIMITED = issue("limited", onward=["tax.gd"], total_quota=2, daily_quota=2,
                undertakings=UNDERTAKINGS, officers={"posts": ["Assistance desk 3"]})
PARENT, CHILD = f"G{INDEX}", f"G{INDEX + 1}"


def derivations():
    """issue-onward."""
    wide = [WIDE]
    yield "a grant passed on", passed_on("plain"), w.NOW, wide
    yield "no grant to pass on", passed_on("none", "G10"), w.NOW, wide
    yield "a grant passed on by its owner", passed_on("owner", by_whom=STEWARD), w.NOW, wide
    yield "a grant passed on by an officer", passed_on("officer", by_whom=OFFICER), w.NOW, wide
    yield "a grant that is not to be passed on", passed_on("not", "G11"), w.NOW, wide
    yield "a revoked grant passed on", passed_on("revoked", "G12"), w.NOW, wide
    yield "a grant passed on too early", passed_on("early", "G13"), w.NOW, wide
    yield "a grant passed on too late", passed_on("late", "G14"), w.NOW, wide
    again = make("tax.gd admin", w.register("tax.gd steward", "tax.gd", "steward"), "onward key")
    twice = passed_on("twice", CHILD, "tax.gd steward", requester="univ.gd")
    yield "a grant passed on twice", twice, w.NOW, [WIDE, passed_on("once"), again]
    for what, more in (
        ("to be passed on", {"onward": ["univ.gd"]}), ("to its owner", {"requester": "health.gd"}),
        ("with more items", {"items": "all"}), ("for longer", {"not_after": w.terms()["not_after"] + 1}),
        ("with fewer items", {"items": {"only": ["dose date"]}}),
        ("with quotas", {"total_quota": 3, "daily_quota": 1}),
        ("for an officer", {"officers": {"keys": [w.public(TAX)]}}),
        ("for the wrong officer", {"officers": {"keys": [w.public(OFFICER)]}}),
        ("for nothing", {"matters": []}), ("with undertakings", {"undertakings": UNDERTAKINGS[:2]}),
    ):
        yield f"a grant passed on {what}", passed_on(what, **more), w.NOW, wide
    for what, more in (
        ("without a quota", {}), ("with a greater quota", {"total_quota": 3, "daily_quota": 2}),
        ("without undertakings", {"total_quota": 2, "daily_quota": 2}),
        ("whole", {"total_quota": 2, "daily_quota": 2, "undertakings": UNDERTAKINGS}),
    ):
        yield f"a limited grant passed on {what}", passed_on(f"limited {what}", **more), w.NOW, [LIMITED]
    changed = amended(what="onward", items=[])
    yield "a grant passed on without its items", passed_on("items"), w.NOW, [WIDE, changed]


def under(what, grant=CHILD, **more):
    """A record of an access of the tax service's under a derived grant."""
    return give(what, TAX, **{"grant": grant, "requester": "tax.gd", **more})


def below():
    """What befalls derived grants, and who decides about them."""
    two = [WIDE, passed_on("below")]
    yield "an access under a derived grant", under("plain"), w.NOW, two
    yield "a second access under it", under("second", after=1), w.NOW, [*two, under("first")]
    yield "an access under a derived grant by another", give("by", grant=CHILD), w.NOW, two
    revoke = {"kind": "revoke-grant", "reason": ""}
    for what, rest in (
        ("revoked", make(STEWARD, {**revoke, "grant": PARENT}, "onward revoked")),
        ("suspended", act("above", "suspend-grant", grant=PARENT, reason="")),
        ("narrowed in time", narrowed("time", grant=PARENT, onward=["tax.gd"], not_after=w.NOW + 1)),
        ("narrowed in items", narrowed("items", grant=PARENT, onward=["tax.gd"], items={"only": ["姓名"]})),
        ("narrowed in matters", narrowed("matters", grant=PARENT, onward=["tax.gd"], matters=["SCHOOL"])),
        ("narrowed in modes", narrowed("modes", grant=PARENT, onward=["tax.gd"], modes=["query"])),
        ("no longer to be passed on", narrowed("onward", grant=PARENT)),
        ("delayed", narrowed("delayed", grant=PARENT, onward=["tax.gd"], not_before=w.NOW + 9)),
    ):
        at = w.NOW + 1 if what == "narrowed in time" else w.NOW
        before = [(one, w.NOW) for one in (*two, rest)]
        yield f"an access below a grant {what}", under(what), at, before
    both = [*two, act("below", "suspend-grant", CIVIL, grant=CHILD, reason=""),
            make(STEWARD, {**revoke, "grant": PARENT}, "onward both")]
    yield "an access under a suspended grant below a revoked one", under("both"), w.NOW, both
    shut = act("both", "suspend-dataset", dataset="health.gd/vaccinations", reason="")
    yield "an access below, to a suspended dataset", under("shut"), w.NOW, [*two, shut]
    limited = [LIMITED, passed_on("limited", total_quota=2, daily_quota=2, undertakings=UNDERTAKINGS)]
    own = [give(f"own {n}", after=n, grant=PARENT) for n in range(2)]
    yield "an access below a used grant", under("used", after=2), w.NOW, [*limited, *own]
    spent = [under(f"spent {n}", after=n) for n in range(2)]
    yield "an access under a used derived grant", under("spent", after=2), w.NOW, [*limited, *spent]
    yield "an access above used derived grants", give("above", after=2, grant=PARENT), w.NOW, [*limited, *spent]
    mixed = [under("mixed 1"), give("mixed 2", after=1, grant=PARENT)]
    yield "an access below after one of each", under("mixed", after=2), w.NOW, [*limited, *mixed]
    for name in (STEWARD, CIVIL, OFFICER):
        record = make(name, {**revoke, "grant": CHILD}, f"onward end {name}")
        yield f"a derived grant revoked by {name}", record, w.NOW, two
        record = act(f"below {name}", "suspend-grant", name, grant=CHILD, reason="")
        yield f"a derived grant suspended by {name}", record, w.NOW, two
        record = narrowed(f"below {name}", grant=CHILD, by_whom=name, requester="tax.gd", total_quota=1)
        yield f"a derived grant narrowed by {name}", record, w.NOW, two
        less = {"requester": "tax.gd", "not_after": w.terms()["not_after"], "total_quota": 9}
        record = extended(f"below {name}", grant=CHILD, by_whom=name, **less)
        yield f"a derived grant extended by {name}", record, w.NOW, two
        ready = {"kind": "report-delivery", "grant": CHILD}
        yield f"a derived grant delivered by {name}", make(name, ready, f"below ready {name}"), w.NOW, two
    longer = extended("beyond", grant=CHILD, by_whom=CIVIL, requester="tax.gd")
    yield "a derived grant extended beyond", longer, w.NOW, two
    ended = [*two, make(STEWARD, {**revoke, "grant": PARENT}, "onward ended")]
    yield "a derived grant extended below a revoked one", longer, w.NOW, ended


def fulfilled(what, number, by_whom=CIVIL, grant=PARENT, note="As promised", until=None):
    """A record that fulfils an undertaking."""
    action = {"kind": "fulfil-undertaking", "grant": grant, "number": number, "note": note}
    return make(by_whom, action, f"fulfil {what}", until or w.NOW + w.VALIDITY)


def fulfilments():
    """fulfil-undertaking."""
    fresh = [issue("fresh", undertakings=UNDERTAKINGS)]
    used = [*fresh, give("fresh", grant=PARENT)]
    ended = [*used, make(STEWARD, {"kind": "revoke-grant", "grant": PARENT, "reason": ""}, "fresh ended")]
    yield "a report on the use", fulfilled("report", 2), w.NOW, used
    yield "a second report on the use", fulfilled("again", 2), w.NOW, [*used, fulfilled("report", 2)]
    yield "reports of two kinds", fulfilled("two", 2), w.NOW, [*used, fulfilled("incident", 5)]
    yield "a report by an officer", fulfilled("officer", 2, OFFICER), w.NOW, used
    yield "a report by the other side", fulfilled("other", 2, STEWARD), w.NOW, used
    yield "a report before the first use", fulfilled("unused", 2), w.NOW, fresh
    yield "a report without a note", fulfilled("bare", 2, note=""), w.NOW, used
    yield "a report on no grant", fulfilled("none", 2, grant="G10"), w.NOW, used
    yield "undertaking 0", fulfilled("zero", 0), w.NOW, used
    yield "undertaking 6", fulfilled("six", 6), w.NOW, used
    yield "undertaking 1 of none", fulfilled("without", 1, grant="G11"), w.NOW, used
    yield "a change told", fulfilled("change", 3, STEWARD), w.NOW, fresh
    yield "a change told by the other side", fulfilled("change by", 3), w.NOW, used
    yield "a deletion too early", fulfilled("early", 1), w.NOW, used
    yield "a deletion", fulfilled("deleted", 1), w.NOW, ended
    yield "a deletion twice", fulfilled("twice", 1), w.NOW, [*ended, fulfilled("deleted", 1)]
    yield "a report after the end", fulfilled("after", 2), w.NOW, ended
    two = [LIMITED, passed_on("promised", total_quota=2, daily_quota=2, undertakings=UNDERTAKINGS)]
    key = make("tax.gd admin", w.register("tax.gd steward", "tax.gd", "steward"), "fulfil key")
    below = [*two, key, under("promised")]
    for what, number, name in (
        ("by who received", 2, "tax.gd steward"), ("by who passed it on", 2, CIVIL),
        ("of a change by the owner", 3, STEWARD), ("of a change by who passed it on", 3, CIVIL),
    ):
        yield f"a report below {what}", fulfilled(f"below {what}", number, name, CHILD), w.NOW, below
    yield "a deletion below, too early", fulfilled("below early", 1, "tax.gd steward", CHILD), w.NOW, below
    revoked = make(STEWARD, {"kind": "revoke-grant", "grant": PARENT, "reason": ""}, "promised ended")
    done = fulfilled("below deleted", 1, "tax.gd steward", CHILD)
    yield "a deletion below a revoked grant", done, w.NOW, [*below, revoked]


def promises():
    """Grants with undertakings and what happened to them, for duties.json: what, grant, records."""
    fresh = issue("duties", undertakings=UNDERTAKINGS)
    used = give("duties", grant=PARENT)
    told, reported = fulfilled("duties told", 3, STEWARD), fulfilled("duties report", 2)
    changed = amended(what="duties bound", title="Vaccinations given")
    revoked = make(STEWARD, {"kind": "revoke-grant", "grant": PARENT, "reason": ""}, "duties ended")
    deleted = fulfilled("duties deleted", 1)
    yield "undertakings before the first use", PARENT, [fresh]
    yield "undertakings of a used grant", PARENT, [fresh, used]
    yield "a use that was reported", PARENT, [fresh, used, (reported, w.NOW + 9)]
    yield "a dataset that was amended", PARENT, [fresh, (changed, w.NOW + 7)]
    yield "an amendment told", PARENT, [fresh, (changed, w.NOW + 7), (told, w.NOW + 9)]
    yield "an amendment told before it was made", PARENT, [fresh, told, (changed, w.NOW + 7)]
    again = amended(what="duties again", title="Vaccinations, again", version=2)
    twice = [fresh, (changed, w.NOW + 7), (again, w.NOW + 8)]
    late = (fulfilled("duties late", 3, STEWARD), w.NOW + 9)
    yield "two amendments, of which none was told", PARENT, twice
    yield "two amendments told at once", PARENT, [*twice, late]
    third = amended(what="duties third", title="Vaccinations, thrice", version=3)
    yield "an amendment after two were told", PARENT, [*twice, late, (third, w.NOW + 10)]
    yield "an amendment before the grant", PARENT.replace(str(INDEX), str(INDEX + 1)), [changed, fresh]
    yield "undertakings of a revoked grant", PARENT, [fresh, used, (revoked, w.NOW + 5)]
    yield "an amendment after the end", PARENT, [fresh, (revoked, w.NOW + 5), (changed, w.NOW + 7)]
    yield "a deletion that was reported", PARENT, [fresh, used, revoked, (deleted, w.NOW + 5)]
    two = [LIMITED, passed_on("duties", total_quota=2, daily_quota=2, undertakings=UNDERTAKINGS)]
    below = [*two, under("duties")]
    yield "undertakings below", CHILD, below
    yield "undertakings above what was used below", PARENT, below
    later = narrowed("duties", grant=PARENT, undertakings=UNDERTAKINGS, not_before=w.NOW + 9 * w.DAY)
    yield "a delivery that a narrowing does not put off", PARENT, [fresh, later]
    over = make(STEWARD, {"kind": "revoke-grant", "grant": "G14", "reason": ""}, "duties over")
    yield "a grant that is revoked after its end", "G14", [(over, w.NOW + 5)]
    ended = make(STEWARD, {"kind": "revoke-grant", "grant": PARENT, "reason": ""}, "duties unused")
    yield "a delivery below a revoked grant", CHILD, [*two, (ended, w.NOW + 5)]
    yield "undertakings below a revoked grant", CHILD, [
        *below, (make(STEWARD, {"kind": "revoke-grant", "grant": PARENT, "reason": ""}, "duties above"),
                 w.NOW + 5)]

