"""Cases of rules.json about task forces."""

from . import world as w
from .answering import DATA, GATEWAY, INDEX, OFFICER, STEWARD, act, amended, make
from .governing import passing, removal
from .urgent import then

LEAD, OTHER, ASKER = "civil steward", "tax.gd steward", "tax officer"
DAYS = 731 * w.DAY
NAME = f"T{INDEX + 1}"
GRANT = f"G{INDEX + 3}"
FORCE = {"task-force": NAME}


def terms(**more):
    """What is formed."""
    return {
        "title": "Housing after the flood 受灾安置专班", "lead": "civil.gd", "invited": ["tax.gd"],
        "matter": "LOW-INCOME", "duty_basis": "STATUTE-1", "until": w.NOW + 20 * w.DAY, **more,
    }


def formed(what, by=LEAD, time=w.NOW, **more):
    """A forming."""
    return act(what, "form-task-force", by, time + w.VALIDITY, terms=terms(**more))


def invited(what, agency="data.gd", by=LEAD, name=NAME):
    """An invitation."""
    return act(what, "invite-to-task-force", by, task_force=name, agency=agency)


def excluded(what, agency="tax.gd", by=LEAD, reason="Its part is done", name=NAME):
    """An exclusion."""
    return act(what, "exclude-from-task-force", by, task_force=name, agency=agency, reason=reason)


def joined(what, by=OTHER, name=NAME, time=w.NOW):
    """A joining."""
    return act(what, "join-task-force", by, time + w.VALIDITY, task_force=name)


def left(what, by=OTHER, reason="Done", name=NAME):
    """A leaving."""
    return act(what, "leave-task-force", by, task_force=name, reason=reason)


def ended(what, by=LEAD, reason="All are housed", name=NAME, time=w.NOW):
    """An end before the time."""
    return act(what, "end-task-force", by, time + w.VALIDITY, task_force=name, reason=reason)


def granting(**more):
    """Terms of a grant to the task force."""
    return w.terms(**{"matters": ["LOW-INCOME"], "task_force": NAME,
                      "not_after": w.NOW + 10 * w.DAY, **more})


def granted(what, by=STEWARD, **more):
    """A grant."""
    return act(f"force {what}", "issue-grant", by, terms=granting(**more))


STEWARDS = [make("tax.gd admin", w.register(OTHER, "tax.gd", "steward"), "force tax steward")]
FORMED = [*STEWARDS, formed("first")]
JOINED = [*FORMED, joined("first")]
HELD = [*JOINED, granted("first")]


def in_capacity(what, key, action, capacity=FORCE, until=w.NOW + w.VALIDITY):
    """A record that is signed in a capacity."""
    return make(key, action, f"force {what}", until, signers=[w.signer(key, capacity=capacity)])


def used(what, key=ASKER, capacity=FORCE, number=w.NEXT_NUMBER, time=w.NOW, **more):
    """A record of an access of a member."""
    value = w.attempt(f"force {what}", more.pop("grant", GRANT), capacity=capacity,
                      requester=w.holder(key)[0], officer=w.public(key),
                      valid_until=time + w.VALIDITY, **more)
    return make(GATEWAY, w.access(value, key, number), f"force {what}", time + w.VALIDITY)


USED = [*HELD, used("first")]


def sources():
    """All the cases, by what they are about."""
    return (formings(), invitations(), joinings(), leavings(), ends(), grants(), officers(),
            requests(), attempts(), afterwards(), overseers())


def formings():
    """form-task-force."""
    yield "a task force", formed("plain")
    yield "a task force formed by another", formed("by", DATA)
    yield "a task force formed by an officer", formed("officer", OFFICER)
    many = [f"agency-{at:02}.gd" for at in range(64)]
    for what, more in (
        ("without a title", {"title": ""}), ("of one", {"invited": []}), ("of 65", {"invited": many}),
        ("of 64, which are no members", {"invited": many[:63]}),
        ("with its lead invited", {"invited": ["civil.gd", "tax.gd"]}),
        ("with its provider", {"invited": ["health.gd", "tax.gd"]}),
        ("with no member", {"invited": ["nobody.gd"]}),
        ("with one that is no public body", {"invited": ["univ.gd"]}),
        ("for a matter that is not published", {"matter": "FLOOD"}),
        ("on a basis that is not published", {"duty_basis": "STATUTE-9"}),
        ("until now", {"until": w.NOW}), ("for a moment", {"until": w.NOW + 1}),
        ("for two years", {"until": w.NOW + DAYS}),
        ("for a moment more", {"until": w.NOW + DAYS + 1}),
    ):
        yield f"a task force {what}", formed(what, **more)
    yield "a task force led by one that is no public body", formed("univ", "univ steward", lead="univ.gd"), \
        w.NOW, [make("univ.gd admin", w.register("univ steward"), "force univ")]
    gone = passing("force left", removal("tax.gd"))
    yield "a task force with one that left", formed("left"), w.NOW, gone


def invitations():
    """invite-to-task-force."""
    yield "a further invitation", invited("plain"), w.NOW, JOINED
    yield "an invitation by a member", invited("member", by=OTHER), w.NOW, JOINED
    yield "an invitation into none", invited("none", name="T1"), w.NOW, JOINED
    yield "an invitation of a member", invited("twice", "tax.gd"), w.NOW, JOINED
    yield "an invitation of one invited", invited("again", "tax.gd"), w.NOW, FORMED
    yield "an invitation of the lead", invited("lead", "civil.gd"), w.NOW, JOINED
    yield "an invitation of no member", invited("nobody", "nobody.gd"), w.NOW, JOINED
    yield "an invitation of one that is no public body", invited("univ", "univ.gd"), w.NOW, JOINED
    yield "an invitation after the end", invited("ended"), w.NOW, [*JOINED, ended("invite")]
    back = [*JOINED, left("invite")]
    yield "an invitation of one that left", invited("back", "tax.gd"), w.NOW, back


def joinings():
    """join-task-force."""
    yield "an agency joins", joined("plain"), w.NOW, FORMED
    yield "an officer joins", joined("officer", ASKER), w.NOW, FORMED
    yield "one that was not invited joins", joined("data", DATA), w.NOW, FORMED
    yield "the lead joins", joined("lead", LEAD), w.NOW, FORMED
    yield "an agency joins none", joined("none", name="T1"), w.NOW, FORMED
    yield "an agency joins twice", joined("twice"), w.NOW, JOINED
    yield "an agency joins after its invitation was taken back", joined("back"), w.NOW, [
        *FORMED, excluded("joining")]
    yield "an agency joins again", joined("again"), w.NOW, [
        *JOINED, left("joining"), invited("joining", "tax.gd")]
    yield "an agency joins again without an invitation", joined("unasked"), w.NOW, [
        *JOINED, left("joining")]
    yield "an agency joins after the end", joined("ended"), w.NOW, [*FORMED, ended("joining")]
    over = w.NOW + 20 * w.DAY
    for what, time in (("a moment before", over - 1), ("at", over)):
        yield f"an agency joins {what} the end", joined(what, time=time), time, then(FORMED)


def leavings():
    """leave-task-force, exclude-from-task-force."""
    yield "a member leaves", left("plain"), w.NOW, JOINED
    yield "an officer leaves", left("officer", ASKER), w.NOW, JOINED
    yield "one that is no member leaves", left("data", DATA), w.NOW, JOINED
    yield "one that was only invited leaves", left("invited"), w.NOW, FORMED
    yield "the lead leaves", left("lead", LEAD), w.NOW, JOINED
    yield "a member leaves without a reason", left("bare", reason=""), w.NOW, JOINED
    yield "a member leaves none", left("none", name="T1"), w.NOW, JOINED
    yield "a member leaves after the end", left("ended"), w.NOW, [*JOINED, ended("leaving")]
    yield "a member is excluded", excluded("plain"), w.NOW, JOINED
    yield "an invitation is taken back", excluded("invitation"), w.NOW, FORMED
    yield "a member is excluded by another", excluded("by", by=OTHER), w.NOW, JOINED
    yield "the lead is excluded", excluded("lead", "civil.gd"), w.NOW, JOINED
    yield "no member is excluded", excluded("nobody", "data.gd"), w.NOW, JOINED
    yield "a member is excluded without a reason", excluded("bare", reason=""), w.NOW, JOINED
    yield "a member is excluded from none", excluded("none", name="T1"), w.NOW, JOINED
    yield "a member is excluded twice", excluded("twice"), w.NOW, [*JOINED, excluded("once")]
    yield "a member is excluded after the end", excluded("over"), w.NOW, [*JOINED, ended("out")]


def ends():
    """end-task-force."""
    yield "a task force ended", ended("plain"), w.NOW, JOINED
    yield "a task force ended by a member", ended("member", OTHER), w.NOW, JOINED
    yield "no task force ended", ended("none", name="T1"), w.NOW, JOINED
    yield "a task force ended without a reason", ended("bare", reason=""), w.NOW, JOINED
    yield "a task force ended twice", ended("twice"), w.NOW, [*JOINED, ended("once")]
    over = w.NOW + 20 * w.DAY
    for what, time in (("a moment early", over - 1), ("when it is over", over)):
        yield f"a task force ended {what}", ended(what, time=time), time, then(JOINED)


def grants():
    """issue-grant, extend-grant, narrow-grant: to a task force."""
    yield "a grant to a task force", granted("plain"), w.NOW, JOINED
    yield "a grant to no task force", granted("none", task_force="T1"), w.NOW, JOINED
    yield "a grant to an ended task force", granted("ended"), w.NOW, [*JOINED, ended("grant")]
    for what, more in (
        ("by a member that does not lead it", {"requester": "tax.gd"}),
        ("for another matter", {"matters": ["HOUSING"]}),
        ("for a further matter", {"matters": ["HOUSING", "LOW-INCOME"]}),
        ("on another basis", {"duty_basis": "STATUTE-2"}),
        ("to its last moment", {"not_after": w.NOW + 20 * w.DAY}),
        ("beyond its end", {"not_after": w.NOW + 20 * w.DAY + 1}),
        ("to be passed on", {"onward": ["data.gd"]}),
    ):
        yield f"a grant to a task force {what}", granted(what, **more), w.NOW, JOINED

    def changed(what, kind, value):
        fields = {"grant": GRANT, "terms": value, "version": 1}
        return act(f"force {what}", kind, STEWARD, **fields)

    own = granting(task_force=None)
    yield "a task force's grant narrowed", changed("narrow", "narrow-grant", granting(total_quota=2)), w.NOW, HELD
    yield "a task force's grant taken from it", changed("taken", "narrow-grant", own), w.NOW, HELD
    longer = granting(not_after=w.NOW + 12 * w.DAY)
    yield "a task force's grant extended", changed("extend", "extend-grant", longer), w.NOW, HELD
    yield "a task force's grant made its lead's", changed("lead", "extend-grant", own), w.NOW, HELD
    further = granting(not_after=w.NOW + 21 * w.DAY)
    yield "a task force's grant extended beyond it", changed("far", "extend-grant", further), w.NOW, HELD
    # The provider is a member, but needs no grant on what is its own.
    both = [*STEWARDS, formed("first", invited=["health.gd", "tax.gd"]), joined("health", STEWARD)]
    yield "a grant by a member", granted("own"), w.NOW, both


def officers():
    """Officers named in a task force's grant."""
    for what, key in (("a member", ASKER), ("the lead", OFFICER), ("no member", "village officer")):
        named = {"officers": {"keys": [w.public(key)]}}
        yield f"a grant to an officer of {what}", granted(f"of {what}", **named), w.NOW, JOINED
    only = [*JOINED, granted("first", officers={"keys": [w.public(ASKER)]})]
    yield "an access by the officer named", used("named"), w.NOW, only
    yield "an access by another member's officer", used("unnamed", OFFICER), w.NOW, only


def requests():
    """open-request to urge-request, in a task force's capacity."""
    place = INDEX + len(JOINED)
    asking = {"kind": "open-request", "terms": w.asking(granting())}
    plain = {"kind": "open-request", "terms": w.asking()}
    opened = in_capacity("ask", OFFICER, asking)
    yield "a request of a task force", opened, w.NOW, JOINED
    yield "a request of a task force for the agency", in_capacity("as agency", OFFICER, asking, "agency"), \
        w.NOW, JOINED
    yield "an agency's request for a task force", in_capacity("own", OFFICER, plain), w.NOW, JOINED
    yield "a request of a task force by a member", in_capacity("member", ASKER, asking), w.NOW, JOINED
    none = {"kind": "open-request", "terms": w.asking(granting(task_force="T1"))}
    yield "a request of no task force", in_capacity("none", OFFICER, none, {"task-force": "T1"}), w.NOW, JOINED
    before = [*JOINED, opened]
    for kind, more in (("withdraw-request", {"reason": "Not needed"}), ("urge-request", {})):
        action = {"kind": kind, "request": f"R{place}", **more}
        for what, capacity in (("in its capacity", FORCE), ("for the agency", "agency")):
            yield f"{kind} {what}", in_capacity(f"{kind} {what}", OFFICER, action, capacity), w.NOW, before
    approve = act("force approve", "approve-request", STEWARD, request=f"R{place}", terms=granting())
    yield "a task force's request approved", approve, w.NOW, before
    alone = act("force alone", "approve-request", STEWARD, request=f"R{place}",
                terms=granting(task_force=None))
    yield "a task force's request approved for its lead alone", alone, w.NOW, before
    by_steward = in_capacity("steward", STEWARD, {"kind": "issue-grant", "terms": granting()})
    yield "a grant issued in a task force's capacity", by_steward, w.NOW, JOINED
    rule = granting(dataset="health.gd/clinics", items="all", modes=["batch"])
    by_rule = in_capacity("rule", OFFICER, {"kind": "open-request", "terms": w.asking(rule)})
    yield "a task force's request granted by rule", by_rule, w.NOW, JOINED


def attempts():
    """record-access, record-denial: under a task force's grant."""
    yield "a member's access", used("plain"), w.NOW, HELD
    yield "the lead's access", used("lead", OFFICER), w.NOW, HELD
    yield "a member's second access", used("second", number=w.NEXT_NUMBER + 1), w.NOW, USED
    batch = {"count": 500, "root": w.short("batch", 32)}
    yield "a member's batch", used("batch", number=w.NEXT_NUMBER + 1, batch=batch), w.NOW, USED
    yield "a member's access for its agency", used("agency", capacity="agency"), w.NOW, HELD
    yield "an access for another task force", used("other", capacity={"task-force": "T1"}), w.NOW, HELD
    yield "an access under an agency's grant for a task force", used("own", OFFICER, grant="G11"), w.NOW, HELD
    yield "an access of one only invited", used("invited", grant=f"G{INDEX + 2}"), w.NOW, [
        *FORMED, act("force early", "issue-grant", STEWARD, terms=granting())]
    yield "an access of one that left", used("left"), w.NOW, [*HELD, left("access")]
    yield "an access of one excluded", used("out"), w.NOW, [*HELD, excluded("access")]
    back = [*HELD, left("access"), invited("access", "tax.gd"), joined("access")]
    yield "an access of one that came back after the grant", used("back"), w.NOW, back
    yield "an access under a grant after that", used("anew", grant=f"G{INDEX + len(back)}"), w.NOW, [
        *back, granted("anew")]
    early = [*FORMED, act("force early", "issue-grant", STEWARD, terms=granting()), joined("late")]
    yield "an access of one invited before the grant and joined after it", \
        used("late", grant=f"G{INDEX + 2}"), w.NOW, early
    yield "an access after the end", used("ended"), w.NOW, [*HELD, ended("access")]
    provider = [*STEWARDS, formed("first", invited=["health.gd", "tax.gd"]), joined("health", STEWARD),
                granted("own"),
                make("health.gd admin", w.register("health.gd officer", "health.gd", "officer"), "force own")]
    yield "a member's access to its own data", used("mine", "health.gd officer"), w.NOW, provider
    short = [*STEWARDS, formed("first", until=w.NOW + w.DAY), joined("first"),
             granted("short", not_after=w.NOW + w.DAY)]
    for what, time in (("a moment before", w.NOW + w.DAY - 1), ("at", w.NOW + w.DAY)):
        yield f"an access {what} the end", used(what, time=time), time, then(short)
    gone = [*HELD, *passing("force lead", removal("civil.gd"), INDEX + len(HELD))]
    yield "an access after the lead left", used("gone"), w.NOW, gone
    quota = [*JOINED, granted("first", total_quota=2), used("one"), used("two", OFFICER,
                                                                       number=w.NEXT_NUMBER + 1)]
    yield "an access beyond what members share", used("three", number=w.NEXT_NUMBER + 2), w.NOW, quota
    value = w.attempt("force deny", GRANT, requester="tax.gd", officer=w.public(ASKER))
    for what, refusal in (("plain", {"rule": "wrong-capacity", "capacity": FORCE}),
                          ("other", {"rule": "wrong-capacity", "capacity": "agency"})):
        denied = make(GATEWAY, w.denial(value, refusal, ASKER), f"force deny {what}")
        yield f"a denial of a task force, {what}", denied, w.NOW, HELD


def afterwards():
    """acknowledge-access, fulfil-undertaking, open-check, report-incident: of a task force."""
    access = INDEX + len(HELD)
    said = {"kind": "acknowledge-access", "grant": GRANT,
            "accesses": [w.received("force first", access)]}
    gone = [*USED, left("afterwards")]
    yield "a member acknowledges", in_capacity("said", ASKER, said), w.NOW, USED
    yield "a member acknowledges for its agency", in_capacity("said own", ASKER, said, "agency"), w.NOW, USED
    yield "one that left acknowledges", in_capacity("said gone", ASKER, said), w.NOW, gone
    nobody = "data.gd officer"
    outside = [*USED, make("data.gd admin", w.register(nobody, "data.gd", "officer"), "force outside")]
    yield "one that never was a member acknowledges", in_capacity("said none", nobody, said), w.NOW, outside
    check = {"kind": "open-check", "terms": {
        "dataset": "health.gd/vaccinations", "items": "all", "grant": GRANT, "asked": "health.gd",
        "claim": "The date is wrong",
    }}
    for what, key, before in (("a member", ASKER, USED), ("one that left", ASKER, gone),
                              ("no member", nobody, outside)):
        yield f"a check by {what}", in_capacity(f"check {what}", key, check), w.NOW, before
    yield "a check for an agency", in_capacity("check own", ASKER, check, "agency"), w.NOW, USED
    report = {"kind": "report-incident", "terms": {
        "datasets": [], "grants": [GRANT], "since": w.NOW, "found": w.NOW, "nature": "Lost on the way",
    }}
    for what, key, before in (("a member", OTHER, USED), ("one that left", OTHER, gone),
                              ("no member", DATA, USED)):
        yield f"an incident of {what}", make(key, report, f"force incident {what}"), w.NOW, before
    undertaken = [{"by": "requester", "what": {"delete-after-days": 5}},
                  {"by": "provider", "what": {"notify-incident-days": 1}}]
    bound = [*JOINED, granted("first", undertakings=undertaken), used("first"), ended("undertaken")]
    done = {"kind": "fulfil-undertaking", "grant": GRANT, "number": 1, "note": "Deleted"}
    yield "the lead fulfils for all", in_capacity("done", LEAD, done), w.NOW, bound
    yield "the lead fulfils for its agency", in_capacity("done own", LEAD, done, "agency"), w.NOW, bound
    yield "a member fulfils", in_capacity("done member", OTHER, done), w.NOW, bound
    told = {**done, "number": 2}
    yield "the provider fulfils", in_capacity("told", STEWARD, told, "agency"), w.NOW, bound


def overseers():
    """issue-grant: what the authority receives as a member."""
    hidden = amended(what="force hidden", sharing="not-shared", conditions="Act 9")
    for what, agencies in (("with", ["data.gd", "tax.gd"]), ("without", ["tax.gd"])):
        before = [*STEWARDS, formed("first", invited=agencies), hidden]
        yield f"what is not shared, to a task force {what} the authority", granted(f"hidden {what}"), \
            w.NOW, before


def acts():
    """Who signs, and what, of each action."""
    yield LEAD, {"kind": "form-task-force", "terms": terms(invited=["data.gd", "tax.gd"])}
    yield LEAD, {"kind": "invite-to-task-force", "task_force": "T40", "agency": "data.gd"}
    yield LEAD, {"kind": "exclude-from-task-force", "task_force": "T40", "agency": "tax.gd",
                 "reason": "Its part is done 任务已完成"}
    yield OTHER, {"kind": "join-task-force", "task_force": "T40"}
    yield OTHER, {"kind": "leave-task-force", "task_force": "T40", "reason": ""}
    yield LEAD, {"kind": "end-task-force", "task_force": "T40", "reason": "Over 已结束"}


def stored():
    """Values of the state."""
    mark = {"at": 41, "on": w.NOW}
    lead = {"agency": "civil.gd", "invited_at": 40, "joined": {"at": 40, "on": w.NOW}, "left": None}
    gone = {"agency": "tax.gd", "invited_at": 40, "joined": mark,
            "left": {"mark": {"at": 43, "on": w.NOW + 5}, "by": "civil.gd", "reason": "Done"}}
    value = {
        "terms": terms(), "formed_at": 40, "formed_on": w.NOW, "invited": {"tax.gd": 40},
        "memberships": [lead], "ended": None,
    }
    yield "task-force-terms", value["terms"]
    yield "task-force", value
    yield "task-force", {**value, "invited": {"data.gd": 44, "tax.gd": 45},
                         "memberships": [lead, gone], "ended": {"mark": mark, "reason": "Over"}}
    yield "grant-terms", granting()
    yield "statement-signer", w.signer(ASKER, capacity=FORCE)
    yield "attempt", w.attempt("force stored", GRANT, capacity=FORCE)
