"""The story of `genuine`, told further: a grant that is passed on, batches, two legs, terms that change, a grant by rule.

Holds: everything here verifies; what stands at which position is said beside it.
"""

import itertools

from cases import world as w
from comity.hashing import answer_hash, batched_commitment, leaf_hash
from comity.trees import log_root

from genuine import numbered, told

PARENT, BELOW, RULED, LIFTED = "G82", "G83", "G85", "G84"
# Whose the keys are that the story registers.
HOLDERS = {
    "civil officer 8": ("civil.gd", "officer", "Assistance desk 8"),
    "civil officer 9": ("civil.gd", "officer", "Assistance desk 9"),
    "civil gateway": ("civil.gd", "gateway", "Exchange gateway"),
    "health gateway 2": ("health.gd", "gateway", "A post"),
}
DATASET = {**w.DATASETS[0], "reliable": True}
QUERY = {"mode": "query", "items": {"only": ["dose date"]}}
OWN = [{"by": "requester", "what": {"delete-after-days": 30}}, {"by": "requester", "what": {"report-use-every-days": 20}}]
TERMS = w.terms(
    onward=["tax.gd"], officers={"posts": ["Assistance desk 9"]}, total_quota=10, daily_quota=8, conditions=[1, 2],
    undertakings=[*OWN, {"by": "provider", "what": {"notify-change-days": 5}}])
PASSED_ON = w.terms(
    requester="tax.gd", matters=["LOW-INCOME"], total_quota=6, daily_quota=6, conditions=[1, 2], undertakings=OWN)
NARROWED = {**TERMS, "total_quota": 5, "daily_quota": 5}
EXTENDED = {**TERMS, "total_quota": None, "daily_quota": None, "not_after": TERMS["not_after"] + 30 * w.DAY}
ONCE = w.terms(total_quota=2)
WHOLE = w.terms(dataset="health.gd/clinics", items="all", modes=["batch"])


def bound():
    """The story, and what comes after it."""
    story, numbers = told(), itertools.count(1)
    for at, acts in enumerate((issued(), used(), changed())):
        time = w.TIMES[5] + 61_000 + 1_000 * at
        story.push([w.record(by, numbered(action, numbers), f"bound {at} {n}", time + w.VALIDITY, signers=[signer(by)])
                    for n, (by, action) in enumerate(acts)], time)
    return story


def signer(name):
    """A signer of a statement."""
    return w.signer(name, *HOLDERS.get(name, ())[:2])


def issued():
    """Entry 78 on: who receives, and the grants."""
    return [
        ("health steward", {"kind": "amend-dataset", "dataset": DATASET, "version": 2}),
        *(("civil.gd admin", w.register(name, *holder)) for name, holder in HOLDERS.items() if holder[0] == "civil.gd"),
        ("health steward", {"kind": "issue-grant", "terms": TERMS}),
        ("civil steward", {"kind": "issue-onward", "parent": PARENT, "terms": PASSED_ON}),
        ("health steward", {"kind": "issue-grant", "terms": ONCE}),
        ("civil officer 9", {"kind": "open-request", "terms": w.asking(WHOLE)}),
    ]


def batch(count):
    """So many accesses at once."""
    accesses = [{"salt": w.short(f"told batch {at}", 32), "text": f"case {at}"} for at in range(count)]
    leaves = [leaf_hash(batched_commitment(w.CONSORTIUM, one)) for one in accesses]
    return {"count": count, "root": log_root(leaves).hex()}


def answer(exchange, reliable=False):
    """What was handed over, by its hash."""
    digest = answer_hash(w.CONSORTIUM, w.short(f"exchange {exchange}"), w.short("told salt", 32), b"yes".hex())
    return {"digest": digest.hex(), "reliable": reliable}


def asked(exchange, under, by, **more):
    """An attempt by an officer of civil.gd or tax.gd."""
    return w.attempt(exchange, under, officer=w.public(by), requester=signer(by)["agency"], **more)


def given(exchange, under, by="tax officer", reply=None, **more):
    """An access that the new gateway of health.gd records."""
    return "health gateway 2", w.access(asked(exchange, under, by, **more), by, answer=reply)


def denied(exchange, under, refusal, by="tax officer", **more):
    """A denial by it, for a reason."""
    return "health gateway 2", w.denial(asked(exchange, under, by, **more), refusal, by)


def above(rule):
    """The grant above refuses, by this rule."""
    return {"rule": "parent-not-in-force", "parent": PARENT, "because": rule}


def used():
    """Entry 86 on: accesses on both grants, acknowledged; quotas of both; other terms."""
    first, second = answer("bound one"), answer("bound three", True)
    desk = "civil officer 9"
    return [
        given("bound one", BELOW, reply=first, batch=batch(3)),
        denied("bound two", BELOW, {"rule": "quota-used", "limit": 6}, batch=batch(4)),
        given("bound three", PARENT, desk, second, matter="SCHOOL"),
        denied("bound four", PARENT, {"rule": "officer-not-named"}, "civil officer 8"),
        ("tax officer", {"kind": "acknowledge-access", "grant": BELOW, "accesses": [
            w.received("bound one", 86, first["digest"], 3)]}),
        ("civil gateway", {"kind": "acknowledge-access", "grant": PARENT, "accesses": [
            w.received("bound three", 88, second["digest"])]}),
        ("health steward", {"kind": "narrow-grant", "grant": PARENT, "terms": NARROWED, "version": 1}),
        denied("bound five", BELOW, above("quota-used"), batch=batch(2)),
        ("health steward", {"kind": "extend-grant", "grant": PARENT, "terms": EXTENDED, "version": 2}),
        given("bound six", BELOW, **QUERY),
        ("civil steward", {"kind": "fulfil-undertaking", "grant": PARENT, "number": 2, "note": "Reported by letter"}),
        ("health steward", {"kind": "fulfil-undertaking", "grant": PARENT, "number": 3, "note": "Told by letter"}),
        given("bound seven", RULED, desk, dataset="health.gd/clinics", items="all", mode="batch"),
    ]


def changed():
    """Entry 99 on: a quota that is lifted; suspensions and the end of both grants; a calendar."""
    once = {"rule": "quota-used", "limit": 2}
    desk = "civil officer 9"
    day = w.TIMES[5] // w.DAY
    calendar = {"region": "440100", "first": day, "last": day + 200, "week": 31, "holidays": [], "workdays": []}
    return [
        given("bound eight", LIFTED, desk), given("bound nine", LIFTED, desk),
        denied("bound ten", LIFTED, once, desk),
        ("health steward", {"kind": "extend-grant", "grant": LIFTED, "terms": {**ONCE, "total_quota": None}, "version": 1}),
        ("health steward", {"kind": "narrow-grant", "grant": RULED, "terms": {**WHOLE, "matters": ["LOW-INCOME"]},
                            "version": 1}),
        ("civil steward", {"kind": "suspend-grant", "grant": BELOW, "reason": "Asked about"}),
        denied("bound eleven", BELOW, {"rule": "grant-suspended", "at": 104}),
        ("civil steward", {"kind": "resume-grant", "grant": BELOW}),
        ("health steward", {"kind": "suspend-grant", "grant": PARENT, "reason": "Asked about"}),
        denied("bound twelve", BELOW, above("grant-suspended")),
        ("health steward", {"kind": "revoke-grant", "grant": PARENT, "reason": "The case is closed"}),
        denied("bound thirteen", BELOW, above("grant-revoked")),
        ("data steward", {"kind": "publish-calendar", "calendar": calendar}),
        denied("five", LIFTED, {"rule": "exchange-used"}, desk),
    ]


BOUND = bound()
