"""Cases of rules.json and duties.json about calendars, rule packs and duties."""

from comity import shapes
from comity.forms import Record
from comity.grounds import (
    assessment_key, check_key, dataset_key, dispute_key, draw_key, emergency_key, finding_key, grant_key, incident_key,
    request_key,
)
from comity.supervision import PLAIN

from . import assessing, binding, checking, disputing, incidents, overseeing, urgent, world as w
from .answering import DATA, GATEWAY, OFFICER, STEWARD, act, amended, approved, make, opened
from .governing import passing

INDEX = w.CHAIN.ledger.log.size
# Monday 2 March 2026 in the consortium's zone.
TODAY = 20_514
SUPERVISOR = "univ steward"
WEEK = 0b0011111
ADMIT_SUPERVISOR = {"measure": "appoint", "office": "supervisor", "agencies": ["univ.gd"]}


def sources():
    """All the cases of rules.json, by what they are about."""
    return (calendars(), offices(), packs(), reviews(), extensions(), deliveries(), updates())


def at(days, hours=0):
    """A time so many days after the position's."""
    return w.NOW + days * w.DAY + hours * 3_600_000


def calendar(first=TODAY, last=TODAY + 90, **more):
    """A calendar."""
    return {"region": "", "first": first, "last": last, "week": WEEK, "holidays": [], "workdays": [],
            **more}


def publishing(what, value, by=DATA, **more):
    """A record that publishes a calendar."""
    return make(by, {"kind": "publish-calendar", "calendar": value}, f"calendar {what}", **more)


def calendars():
    """publish-calendar."""
    spring = calendar(holidays=[TODAY + 3, TODAY + 4], workdays=[TODAY + 5])
    yield "a calendar", publishing("plain", spring)
    yield "a calendar of a region", publishing("region", calendar(region="440100"))
    yield "a calendar by another", publishing("by", spring, STEWARD)
    yield "a calendar by an admin", publishing("admin", spring, "data.gd admin")
    yield "a calendar that begins long ago", publishing("ago", calendar(TODAY - 600, TODAY + 30))
    yield "a calendar of every day", publishing("all", calendar(week=127))
    for what, value in (
        ("that ends before it begins", calendar(TODAY, TODAY - 1)),
        ("of 732 days", calendar(TODAY, TODAY + 731)), ("of 733 days", calendar(TODAY, TODAY + 732)),
        ("without a worked day", calendar(week=0)), ("of an eighth day", calendar(week=128)),
        ("with a holiday on a Saturday", calendar(holidays=[TODAY + 5])),
        ("with a make-up day on a Monday", calendar(workdays=[TODAY + 7])),
        ("with a holiday before it", calendar(TODAY + 1, holidays=[TODAY])),
        ("with a make-up day after it", calendar(last=TODAY + 32, workdays=[TODAY + 34])),
        ("that reaches 30 days ahead", calendar(last=TODAY + 30)),
        ("that ends too soon", calendar(last=TODAY + 29)), ("from tomorrow on", calendar(TODAY + 1)),
        ("from the day after tomorrow on", calendar(TODAY + 2)),
    ):
        yield f"a calendar {what}", publishing(what, value)
    first = [publishing("first", calendar(TODAY - 10, TODAY + 40))]
    for what, value in (
        ("right after another", calendar(TODAY + 41, TODAY + 90)),
        ("over another's end", calendar(TODAY + 20, TODAY + 90)),
        ("from tomorrow", calendar(TODAY + 1, TODAY + 40)), ("from today", calendar(TODAY, TODAY + 90)),
        ("a day after another", calendar(TODAY + 42, TODAY + 90)),
        ("that ends before another", calendar(TODAY + 1, TODAY + 39)),
        ("of another region, from today", calendar(region="440100")),
    ):
        yield f"a calendar {what}", publishing(what, value), w.NOW, first
    many = [publishing("many", calendar(TODAY - 10, TODAY + 40))] + [
        publishing(f"many {n}", calendar(TODAY + 41 + n, TODAY + 41 + n)) for n in range(127)
    ]
    yield "the 128th calendar", many[-1], w.NOW, many[:-1]
    yield "the 129th calendar", publishing("129", calendar(TODAY + 168, TODAY + 168)), w.NOW, many


def offices():
    """The measure appoint."""
    def appointing(*agencies):
        return {"measure": "appoint", "office": "supervisor", "agencies": list(agencies)}

    def carried(what, measure, *before):
        records = [*before, *passing(what, measure, INDEX + len(before))]
        return what, records[-1], w.NOW, records[:-1]

    yield carried("a supervisor", ADMIT_SUPERVISOR)
    for what, measure in (
        ("nobody as supervisor", appointing()), ("two supervisors", appointing("tax.gd", "univ.gd")),
        ("the authority as supervisor", appointing("data.gd")),
        ("a stranger as supervisor", appointing("x.gd")),
    ):
        yield what, passing(what, measure)[0]
    before = passing("appointed", ADMIT_SUPERVISOR)
    again = passing("the supervisor that there is", ADMIT_SUPERVISOR, INDEX + len(before))
    yield "the supervisor that there is", again[0], w.NOW, before
    own = {"measure": "change-authority", "agency": "univ.gd"}
    taken = passing("the supervisor as authority", own, INDEX + len(before))
    yield "the supervisor as authority", taken[0], w.NOW, before


def pack(name="CN-2025", after=7, clocks=None, **more):
    """A rule pack that rules so many days after the position."""
    usual = {"compliance-review": 2, "reply-unconditional": 1, "reply-conditional": 10, "delivery": 20}
    return {
        "name": name, "title": "A regulation 条例", "source": "Decree no. 1", "from": at(after),
        "clocks": usual if clocks is None else clocks, "stewards_important": 2, "stewards_core": 3,
        **more,
    }


def ruling(what, value, by=(DATA, SUPERVISOR), until=None):
    """A record that publishes a rule pack."""
    action = {"kind": "publish-rules", "pack": value}
    value = w.statement(list(by), action, f"rules pack {what}", until or at(0) + w.VALIDITY)
    return shapes.SIGNED_RECORD.put(w.signed(list(by), value))


def supervised():
    """Records after which there is a supervisor with a steward's key."""
    key = make("univ.gd admin", w.register(SUPERVISOR), "supervisor's steward")
    return [*passing("supervisor", ADMIT_SUPERVISOR), key]


def packs():
    """publish-rules."""
    before = supervised()
    yield "rules without a supervisor", ruling("none", pack(), (DATA,))
    for what, value, *by in (
        ("rules", pack()), ("rules signed the other way round", pack(), (SUPERVISOR, DATA)),
        ("rules signed by one", pack(), (DATA,)),
        ("rules signed by the supervisor alone", pack(), (SUPERVISOR,)),
        ("rules signed by another beside", pack(), (DATA, SUPERVISOR, STEWARD)),
        ("rules signed by the wrong two", pack(), (DATA, STEWARD)),
        ("rules without a title", pack(title="")), ("rules without a source", pack(source="")),
        ("rules with a clock of 500 days", pack(clocks={"delivery": 500})),
        ("rules with a clock of 501 days", pack(clocks={"delivery": 501})),
        ("rules with a clock of undertakings", pack(clocks={"undertaking": 5})),
        ("rules without clocks", pack(clocks={})),
        ("rules without stewards", pack(stewards_core=0)),
        ("rules with too many stewards", pack(stewards_important=9)),
        ("rules for tomorrow", pack(after=1)),
        ("rules a moment too soon", {**pack(), "from": at(7) - 1}),
    ):
        yield what, ruling(what, value, *by), w.NOW, before
    first = [*before, ruling("first", pack())]
    for what, value in (
        ("rules of a name that there was", pack(after=9)),
        ("rules from the same time", pack("OTHER")),
        ("rules a moment later", {**pack("OTHER"), "from": at(7) + 1}),
    ):
        yield what, ruling(what, value), w.NOW, first
    many = before + [ruling(f"n {n}", {**pack(f"P{n}"), "from": at(7) + n}) for n in range(256)]
    yield "the 256th rules", many[-1], w.NOW, many[:-1]
    yield "the 257th rules", ruling("257", pack("P256", after=9)), w.NOW, many


def later(record, time):
    """A record at a time of its own."""
    return record, time


def under(what, clocks=None):
    """Records after which rules with these clocks are published."""
    records = [*supervised(), ruling(what, pack(clocks=clocks))]
    return [later(record, w.NOW) for record in records]


def under_review(asked="asked"):
    """Records after which rules ask for a review, and a request that waits for it."""
    time = at(8)
    return [*under("review"), later(opened(asked, until=time), time)]


def reviews():
    """review-request."""
    before = under_review()
    name, time = f"R{INDEX + len(before) - 1}", at(8)

    def reviewed(what, fault="", by=DATA, request=name, until=time):
        action = {"kind": "review-request", "request": request, "fault": fault}
        return make(by, action, f"review {what}", until)

    yield "a review", reviewed("plain"), time, before
    yield "a review that sends back", reviewed("back", "No duty is named"), time, before
    yield "a review by the provider", reviewed("by", by=STEWARD), time, before
    yield "a review of no request", reviewed("none", request="R99"), time, before
    yield "a review where none is asked for", reviewed("plain rules", request="R35", until=w.NOW)
    done = [*before, later(reviewed("once"), time)]
    yield "a review again", reviewed("again"), time, done
    back = [*before, later(reviewed("returned", "Unclear"), time)]
    yield "a review of what was sent back", reviewed("after"), time, back
    taken = act("returned", "approve-request", request=name, terms=w.terms(), until=time)
    yield "an approval of what was sent back", taken, time, back


def extensions():
    """extend-reply."""
    def put_off(what, days=10, by=STEWARD, request="R35", reason="Much work", time=w.NOW):
        action = {"kind": "extend-reply", "request": request, "days": days, "reason": reason}
        return make(by, action, f"extend {what}", time)

    yield "a reply put off", put_off("plain")
    yield "a reply put off for a day", put_off("one", 1)
    yield "a reply put off for nothing", put_off("zero", 0)
    yield "a reply put off for too long", put_off("long", 11)
    yield "a reply put off without a reason", put_off("reason", reason="")
    yield "a reply put off by the requester", put_off("by", by=OFFICER)
    yield "a reply put off by another steward", put_off("other", by="civil steward")
    yield "a reply put off that there is", put_off("replied", request="R28")
    yield "a reply put off to no request", put_off("none", request="R99")
    yield "a reply put off twice", put_off("twice", 1), w.NOW, [put_off("once", 1)]
    # Ten working days after Monday are over with the second Monday after.
    last = (TODAY + 15) * w.DAY - 8 * 3_600_000
    yield "a reply put off at the last moment", put_off("last", time=last), last - 1
    yield "a reply put off when it is due", put_off("due", time=last), last
    shut = [later(publishing("shut", calendar(holidays=[TODAY + 1, TODAY + 2])), w.NOW)]
    yield "a reply put off while holidays delay it", put_off("holidays", time=last + w.DAY), last, shut
    bare = [*under("bare", {"delivery": 20}),
            later(opened("bare", until=at(8)), at(8))]
    record = put_off("bare", request=f"R{INDEX + len(bare) - 1}", time=at(8))
    yield "a reply put off where rules allow none", record, at(8), bare
    bare = [*under("bare", {"reply-extension": 5}),
            later(opened("bare", until=at(8)), at(8))]
    record = put_off("no clock", 5, request=f"R{INDEX + len(bare) - 1}", time=at(8))
    yield "a reply put off where no clock runs", record, at(8), bare


def deliveries():
    """report-delivery."""
    def ready(what, grant="G13", by=STEWARD, time=w.NOW):
        return make(by, {"kind": "report-delivery", "grant": grant}, f"deliver {what}", time)

    yield "data made ready", ready("plain")
    yield "data made ready by a gateway", ready("gateway", by=GATEWAY)
    yield "data made ready that was used", ready("used", "G11")
    yield "data made ready under no grant", ready("none", "G99")
    yield "data made ready under a revoked grant", ready("revoked", "G12")
    yield "data made ready twice", ready("twice"), w.NOW, [ready("once")]
    yield "data made ready at the end of a grant", ready("end", "G14", time=w.SOON), w.SOON
    yield "data made ready before its end", ready("before", "G14", time=w.SOON), w.SOON - 1


def updates():
    """refresh-dataset."""
    def fresh(what, by=STEWARD, name="health.gd/vaccinations"):
        return act(what, "refresh-dataset", by, dataset=name)

    promised = [amended(what="promise", update_days=30)]
    yield "an update promised", promised[0]
    yield "an update promised for every moment", amended(what="zero", update_days=0)
    yield "an update", fresh("plain"), w.NOW, promised
    yield "an update that nobody promised", fresh("none")
    yield "an update by another", fresh("by", "civil steward"), w.NOW, promised
    dropped = [*promised, amended(2, "drop", update_days=None)]
    yield "an update that is no longer promised", fresh("dropped"), w.NOW, dropped
    yield "an update after the last that was promised", fresh("after"), w.NOW, [*dropped, fresh("last")]
    yield "an update of a withdrawn dataset", fresh("old", name="health.gd/old")


def duties():
    """The cases of duties.json: objects after some records, and what they make owed."""
    region = publishing("region", calendar(region="county", holidays=[TODAY + 1], workdays=[TODAY + 5]))
    common = publishing("common", calendar(holidays=[TODAY + 1, TODAY + 2, TODAY + 3]))
    extended = make(STEWARD, {"kind": "extend-reply", "request": "R35", "days": 3, "reason": "x"},
                    "duties extend", w.NOW)
    review = under_review("duties")
    request = f"R{INDEX + len(review) - 1}"
    done = make(DATA, {"kind": "review-request", "request": request, "fault": ""}, "duties review",
                at(8))
    promised = amended(what="duties", update_days=30)
    yield "a request that waits", owed("request", "R35")
    yield "a request put off", owed("request", "R35", extended)
    yield "a request after a calendar of all", owed("request", "R35", common)
    yield "a request after a calendar of another region", owed("request", "R35", region)
    yield "a request that was approved", owed("request", "R28")
    yield "a request that was refused", owed("request", "R37")
    yield "a request that was taken back", owed("request", "R39")
    yield "a request under review", owed("request", request, *review)
    yield "a reviewed request", owed("request", request, *review, later(done, at(8)))
    yield "a request approved now", owed("request", "R35", approved("duties"))
    for grant in w.GRANTS:
        yield f"the grant {grant}", owed("grant", grant)
    yield "a grant to a village", owed("grant", "G51")
    yield "a grant by a village", owed("grant", "G52")
    yield "a dataset without a promise", owed("dataset", "health.gd/vaccinations")
    yield "a dataset with a promise", owed("dataset", "health.gd/vaccinations", promised)
    for what, grant, before in binding.promises():
        yield what, owed("grant", grant, *before)
    for what, name, before in checking.duties(common):
        yield what, owed("check", name, *before)
    for what, name, before in incidents.duties():
        yield what, owed("incident", name, *before)
    for what, name, before in disputing.duties():
        yield what, owed("dispute", name, *before)
    gone = act("duties", "withdraw-dataset", dataset="health.gd/vaccinations", reason="")
    name = "health.gd/vaccinations"
    yield "a withdrawn dataset", owed("dataset", name, promised, gone)
    for what, days in (("longer", 300), ("shorter", 3), ("no", None)):
        changed = amended(2, what=f"duties {what}", update_days=days)
        yield f"a dataset with {what} period later on", owed("dataset", name, promised, changed)
        fresh = act(f"duties {what}", "refresh-dataset", dataset=name)
        yield f"a dataset made new with {what} period", owed("dataset", name, promised, changed, fresh)
    late = at(80)
    lapsed = act("lapsed", "withdraw-dataset", until=late, dataset=name, reason="")
    yield "a dataset withdrawn after its update lapsed", owed("dataset", name, promised, later(lapsed, late))
    for grant in w.GRANTS:
        yield f"the grant {grant} on a withdrawn dataset", owed("grant", grant, gone)
    for what, grant, before in binding.promises():
        yield f"{what}, on a withdrawn dataset", owed("grant", grant, *before, gone)


def after(before):
    """The judge after these records, and the records as they are rendered."""
    judge = w.CHAIN.ledger.judge()
    steps = [one if isinstance(one, tuple) else (one, w.NOW) for one in before]
    for number, (record, time) in enumerate(steps):
        judge.apply(Record(record, w.CONSORTIUM), INDEX + number, time)
    return judge, [{"time": time, "record": record.hex()} for record, time in steps]


def owed(kind, name, *before):
    """What an object makes owed after these records."""
    judge, steps = after(before)
    key, shape, derive = {
        "request": (request_key, shapes.ASKED, judge.duties_of_request),
        "grant": (grant_key, shapes.GRANT, judge.duties_of_grant),
        "check": (check_key, shapes.CHECK_REQUEST, judge.duties_of_check),
        "incident": (incident_key, shapes.INCIDENT, judge.duties_of_incident),
        "dispute": (dispute_key, shapes.DISPUTE, judge.duties_of_dispute),
        "dataset": (dataset_key, shapes.PUBLISHED_DATASET, judge.duties_of_dataset),
        "emergency": (emergency_key, shapes.EMERGENCY, judge.duties_of_emergency),
        "draw": (draw_key, shapes.DRAW, judge.duties_of_draw),
        "finding": (finding_key, shapes.FINDING, judge.duties_of_finding),
        "assessment": (assessment_key, shapes.ASSESSMENT, judge.duties_of_assessment),
    }[kind]
    return {
        "object": {kind: name}, "index": INDEX,
        "before": steps, "duties": derive(judge.read(shape, key(name))),
    }


def duty_cases():
    """The cases of duties.json."""
    for what, case in duties():
        yield {"what": what, **case}
    for what, name, before in urgent.owing():
        yield {"what": what, **owed("emergency", name, *before)}
    for what, (name, access), before in urgent.owing_accesses():
        judge, steps = after(before)
        yield {"what": what, "object": {"emergency-access": {"emergency": name, "access": access}},
               "index": INDEX, "before": steps, "duties": judge.duties_of_emergency_access(name, access)}
    for what, kind, name, before in (*overseeing.owing(), *assessing.owing()):
        yield {"what": what, **owed(kind, name, *before)}


def plain_pack():
    """What rules where no pack was published."""
    return {**PLAIN}
