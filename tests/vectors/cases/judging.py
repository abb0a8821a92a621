"""rules.json: records judged on the state after the chain of the vectors."""

from comity import shapes
from comity.forms import MAX_VALIDITY_MS, Record
from comity.rules import Refusal

from . import answering, approving, assessing, binding, checking, clocking, disputing, forces, governing
from . import incidents, late, legging, overseeing, urgent, world as w
from .answering import GATEWAY, OFFICER, STEWARD, UNTIL, give, make

INDEX = w.CHAIN.ledger.log.size


def evaluated(judge, attempt, time):
    """What "Evaluation" says of an attempt, whoever may record it: a refusal, or None."""
    try:
        judge.evaluate(attempt, time)
    except Refusal as refusal:
        return refusal.value
    return None


def judged(what, data, time=w.NOW, before=()):
    """One record, judged at the next position after those `before` it in the same block."""
    judge, index = w.CHAIN.ledger.judge(), INDEX + len(before)
    # Some of them at times of their own.
    before = [one if isinstance(one, tuple) else (one, time) for one in before]
    for at, (earlier, when) in enumerate(before):
        judge.apply(Record(earlier, w.CONSORTIUM), INDEX + at, when)
    case = {"what": what, "time": time, "index": INDEX,
            "before": [{"time": when, "record": r.hex()} for r, when in before],
            "record": data.hex()}
    record = Record(data, w.CONSORTIUM)
    action = record.statement["action"]
    if action["kind"] == "record-access":
        case["evaluation"] = evaluated(judge, action["attempt"]["attempt"], time)
    try:
        puts = judge.apply(record, index, time)
    except Refusal as refusal:
        case["refusal"] = refusal.value
    else:
        case["puts"] = {key.hex(): value.hex() for key, value in puts.items()}
    return case


def cases():
    """The cases of rules.json."""
    for source in (common(), signers(), keys(), datasets(), grants(), revocations(), attempts(),
                   quotas(), denials(), *answering.sources(), *governing.sources(),
                   *clocking.sources(), *binding.sources(), *legging.sources(),
                   *approving.sources(), *checking.sources(), *incidents.sources(), *urgent.sources(),
                   *disputing.sources(), *overseeing.sources(), *late.sources(), *forces.sources(),
                   *assessing.sources()):
        for what, data, *more in source:
            yield judged(what, data, *more)


REVOKE = {"kind": "revoke-grant", "grant": "G11", "reason": "Ended"}


def common():
    """Size, time, replay."""
    yield "accepted", make(STEWARD, REVOKE, "plain")
    long = w.dataset("health.gd/long", summary="x" * 2048, conditions="x" * 512, items=[
        {"name": f"item {n}", "kind": "text"} for n in range(60)
    ])
    data = make(STEWARD, {"kind": "publish-dataset", "dataset": long}, "long")
    yield "longer than allowed", data
    spare = 4_096 - (len(data) - 2048)
    fitting = {**long, "summary": "x" * spare}
    data = make(STEWARD, {"kind": "publish-dataset", "dataset": fitting}, "long")
    assert len(data) == 4_096
    yield "as long as allowed", data
    fitting = {**long, "summary": "x" * (spare + 1)}
    yield "one byte too long", make(STEWARD, {"kind": "publish-dataset", "dataset": fitting}, "long")
    data = make(STEWARD, REVOKE, "time", w.NOW)
    yield "at its last moment", data
    yield "a moment after it", data, w.NOW + 1
    day = make(STEWARD, REVOKE, "day", w.NOW + MAX_VALIDITY_MS)
    yield "valid for a day", day
    yield "valid for a day and a moment", day, w.NOW - 1
    forever = make(STEWARD, REVOKE, "forever", 2**64 - 1)
    yield "valid for ever", forever
    yield "valid for ever, near the end of time", forever, 2**64 - 2
    yield "on the log already", w.third_records()[1]
    two = w.statement([STEWARD, "civil steward"], REVOKE, "rules two", UNTIL)
    yield "two signers", shapes.SIGNED_RECORD.put(w.signed([STEWARD, "civil steward"], two))


def signers():
    """The signer's key."""
    def signed(name, what, **more):
        return make(name, REVOKE, what, signers=[w.signer(name, **more)])

    ended = "civil officer expiring"
    yield "a key that is not registered", make("health.gd steward", REVOKE, "unknown")
    yield "a key of another agency", signed(STEWARD, "agency", agency="tax.gd")
    yield "a key of another role", signed(STEWARD, "role", role="admin")
    yield "a revoked key", make("civil officer revoked", REVOKE, "revoked")
    yield "a key that has ended", make(ended, REVOKE, "ended")
    yield "a key at its end", make(ended, REVOKE, "ended"), w.SOON
    yield "a key a moment before its end", make(ended, REVOKE, "ended"), w.SOON - 1
    yield "the wrong role", make(GATEWAY, REVOKE, "gateway")
    yield "the wrong agency", make("civil steward", REVOKE, "civil")


def keys():
    """register-key, revoke-key."""
    admin = "health.gd admin"

    def register(what, name="new key", role="officer", by=admin, **more):
        action = w.register(name, w.holder(by)[0], role, **more)
        return make(by, action, f"register {what}")

    yield "a key registered", register("plain")
    yield "a key registered until", register("until", valid_until=w.NOW + 1)
    yield "a key that would have ended", register("ended", valid_until=w.NOW)
    for role in ("steward", "gateway", "auditor", "validator", "transport", "note", "admin"):
        yield f"a {role} key registered", register(role, f"new {role}", role)
    yield "a key without a post", register("post", post="")
    yield "a key registered by a steward", register("steward by", by=STEWARD)
    yield "a key registered before", register("taken", OFFICER)
    yield "a revoked key registered again", register("again", "civil officer revoked")
    yield "a key of the genesis registered", register("genesis", "tax.gd validator")

    def revoke(what, name, by=admin, since=None):
        action = {"kind": "revoke-key", "key": w.public(name), "reason": what,
                  "suspect_since": since}
        return make(by, action, f"revoke {what}")

    yield "a key revoked", revoke("plain", STEWARD)
    yield "a key revoked as suspect", revoke("suspect", GATEWAY, since=w.GENESIS_TIME)
    yield "a key that ended revoked", revoke("late", "civil officer expiring", "civil.gd admin")
    yield "a key revoked by a steward", revoke("steward by", GATEWAY, STEWARD)
    yield "an unknown key revoked", revoke("unknown", "new key")
    yield "another agency's key revoked", revoke("other", OFFICER)
    yield "an admin key revoked", revoke("admin", admin)
    yield "a key revoked twice", revoke("twice", "civil officer revoked", "civil.gd admin")


def datasets():
    """publish-dataset."""
    def publish(what, name="health.gd/new", by=STEWARD, **more):
        action = {"kind": "publish-dataset", "dataset": w.dataset(name, **more)}
        return make(by, action, f"publish {what}")

    def items(count):
        return [{"name": f"i{n}", "kind": ""} for n in range(count)]

    yield "a dataset published", publish("plain")
    yield "another agency's dataset", publish("other", "tax.gd/income")
    yield "a dataset published by a gateway", publish("gateway", by=GATEWAY)
    yield "a dataset published before", publish("before", "health.gd/clinics")
    for field in ("title", "contact"):
        yield f"a dataset without {field}", publish(field, **{field: ""})
    yield "a dataset without title and contact", publish("bare", title="", contact="")
    yield "128 items", publish("128", items=items(128))
    yield "129 items", publish("129", items=items(129))
    yield "an item twice", publish("twice", items=items(3) + items(2))
    yield "no modes", publish("modes", modes=[])
    yield "not shared, without a basis", publish("basis", sharing="not-shared", conditions="")
    yield "unclassified, without a basis", publish("open", sharing="unclassified", conditions="")
    yield "no items and no summary", publish("empty", items=[], summary="")
    more = {"identifier": "HC-7", "details": w.short("details", 32)}
    yield "an identifier and details", publish("details", **more)


def grants():
    """issue-grant."""
    def issue(what, by=STEWARD, **more):
        return make(by, {"kind": "issue-grant", "terms": w.terms(**more)}, f"issue {what}")

    yield "a grant issued", issue("plain")
    yield "a grant issued by another", issue("other", by="civil steward")
    yield "an unknown dataset", issue("dataset", dataset="health.gd/none")
    yield "a grant to oneself", issue("self", requester="health.gd")
    yield "a grant to a stranger", issue("stranger", requester="x.gd")
    yield "a grant to an observer", issue("observer", requester="univ.gd")
    yield "no matter", issue("matters", matters=[])
    many = sorted([f"M{n}" for n in range(31)] + ["SCHOOL"])
    yield "32 matters, some unknown", issue("32", matters=many)
    yield "33 matters", issue("33", matters=sorted(many + ["LOW-INCOME"]))
    yield "an unknown matter", issue("matter", matters=["HOUSING", "OTHER", "SCHOOL"])
    yield "a duty basis as a matter", issue("basis as", matters=["STATUTE-1"])
    yield "an unknown duty basis", issue("basis", duty_basis="STATUTE-9")
    yield "a dataset that is not shared", issue("staff", dataset="health.gd/staff")
    yield "a dataset that is unclassified", issue("drafts", dataset="health.gd/drafts")
    yield "no item", issue("items", items={"only": []})
    yield "an unknown item", issue("item", items={"only": ["dose date", "name", "姓名"]})
    yield "all items", issue("all", items="all")
    clinics = {"dataset": "health.gd/clinics", "modes": ["batch"]}
    yield "an item of a dataset without items", issue("none", items={"only": ["a"]}, **clinics)
    yield "no mode", issue("modes", modes=[])
    yield "a mode not offered", issue("mode", modes=["verify", "batch"])
    yield "a period of nothing", issue("empty", not_before=w.NOW + 5, not_after=w.NOW + 5)
    yield "a period over", issue("over", not_after=w.NOW)
    yield "a period nearly over", issue("nearly", not_after=w.NOW + 1)
    yield "a total quota of 0", issue("total", total_quota=0)
    yield "a daily quota of 0", issue("daily", daily_quota=0)
    yield "quotas of 1", issue("one", total_quota=1, daily_quota=1)


def revocations():
    """revoke-grant."""
    def revoke(what, grant, by=STEWARD):
        action = {"kind": "revoke-grant", "grant": grant, "reason": ""}
        return make(by, action, f"end {what}")

    yield "a grant revoked", revoke("plain", "G18")
    yield "a grant that ended revoked", revoke("late", "G14")
    yield "no such grant", revoke("none", "G10")
    yield "no such grant, by another", revoke("none by", "G99", "civil steward")
    yield "a grant revoked by another", revoke("other", "G11", "civil steward")
    yield "a grant revoked twice", revoke("twice", "G12")


def attempts():
    """record-access: the attempt's officer, time, grant and scope."""
    def officer(name, **more):
        return give(name, name, officer=w.public(name), **more)

    yield "an access", give("plain")
    yield "an access recorded by a steward", give("by", by=STEWARD)
    yield "an access recorded by another agency", give("tax", dataset="tax.gd/income")
    yield "an unknown officer", officer("nobody")
    yield "a steward as officer", officer("civil steward")
    yield "an officer of another agency", officer("tax officer")
    yield "a revoked officer", officer("civil officer revoked")
    yield "an officer whose key has ended", officer("civil officer expiring")
    ending = officer("civil officer expiring")
    yield "an officer whose key ends now", ending, w.SOON
    yield "an officer whose key ends soon", ending, w.SOON - 1
    late = give("late", valid_until=w.NOW)
    yield "an attempt at its last moment", late
    yield "an attempt a moment after it", late, w.NOW + 1
    day = give("day", valid_until=w.NOW + MAX_VALIDITY_MS)
    yield "an attempt valid for a day", day
    yield "an attempt valid for a day and a moment", day, w.NOW - 1
    used = w.access(w.attempt("one", "G11", matter="SCHOOL"))
    yield "an exchange that was used", make(GATEWAY, used, "used")
    denied = w.access(w.attempt("four", "G11"))
    yield "an exchange that was only denied", make(GATEWAY, denied, "denied")
    yield "no such grant", give("none", grant="G10")
    yield "another dataset", give("other", grant="G18")
    yield "another requester", give("requester", grant="G17")
    yield "a revoked grant", give("revoked", grant="G12", matter="HOUSING")
    early = give("early", grant="G13")
    yield "a grant not yet in force", early
    yield "a grant a moment before it is in force", early, w.NOW + 999
    yield "a grant from its first moment", early, w.NOW + 1_000
    over = give("over", grant="G14")
    yield "a grant that has ended", over
    yield "a grant at its end", over, w.SOON
    yield "a grant a moment before its end", over, w.SOON - 1
    yield "another matter", give("matter", matter="HOUSING")
    yield "another item", give("item", items={"only": ["dose date", "vaccine", "zzz"]})
    yield "the whole dataset", give("whole", items="all")
    yield "another mode", give("mode", mode="batch")
    clinics = {"dataset": "health.gd/clinics", "grant": "G18", "mode": "batch"}
    yield "all items of a grant of all", give("all", items="all", **clinics)
    yield "an item that is not listed", give("some", items={"only": ["any"]}, **clinics)
    yield "commitments on an attempt", give("sealed", sealed=w.SEALED)
    yield "an access under an approved request", give("approved", grant="G29", matter="SCHOOL")


def quotas():
    """record-access: quotas, and what they count."""
    yield "a used total quota", give("total", grant="G15")
    yield "a used daily quota", give("daily", grant="G16")
    midnight = w.GENESIS_TIME - 8 * 3_600_000 + w.DAY
    tomorrow = w.attempt("rules tomorrow", "G16", valid_until=midnight + 1_000)
    data = make(GATEWAY, w.access(tomorrow), "tomorrow", midnight + 1_000)
    yield "a daily quota a moment before midnight", data, midnight - 1
    yield "a daily quota at midnight", data, midnight
    tomorrow = w.attempt("rules tomorrow 2", "G11", valid_until=midnight + 1_000)
    data = make(GATEWAY, w.access(tomorrow), "tomorrow 2", midnight + 1_000)
    yield "a second access on one day", data, midnight - 1
    yield "a second access on the next day", data, midnight


def denials():
    """record-denial."""
    def deny(what, refusal, by=GATEWAY, **more):
        value = w.attempt(f"rules deny {what}", more.pop("grant", "G11"), **more)
        return make(by, w.denial(value, refusal), f"deny {what}")

    revoked = {"rule": "grant-revoked", "at": 20}
    yield "a denial", deny("plain", revoked, grant="G12")
    yield "a denial by a steward", deny("by", revoked, STEWARD, grant="G12")
    yield "a denial of what is allowed", deny("allowed", revoked)
    yield "a denial by another rule", deny("rule", {"rule": "mode-not-covered"}, grant="G12")
    other = {"rule": "grant-revoked", "at": 21}
    yield "a denial with another finding", deny("finding", other, grant="G12")
    whole = {"rule": "whole-not-covered"}
    yield "a denial of the whole", deny("whole", whole, items="all")
    used = w.denial(w.attempt("one", "G11"), {"rule": "exchange-used"})
    yield "a denial of a used exchange", make(GATEWAY, used, "deny used")
    tax = w.denial(w.attempt("rules tax", "G11", dataset="tax.gd/income"),
                   {"rule": "other-dataset", "dataset": "health.gd/vaccinations"})
    yield "a denial for another agency's dataset", make(GATEWAY, tax, "deny tax")
