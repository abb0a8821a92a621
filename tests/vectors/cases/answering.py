"""Cases of rules.json about requests, versions, suspensions, withdrawals and codes."""

from . import world as w

STEWARD, GATEWAY, OFFICER = "health steward", "health gateway", "civil officer"
DATA = "data steward"
UNTIL = w.NOW + w.VALIDITY
ROOM = w.dataset()["id"]
INDEX = w.CHAIN.ledger.log.size


def make(name, action, what, until=UNTIL, **more):
    """A record of one key. What it is about makes its nonce."""
    return w.record(name, action, f"rules {what}", until, **more)


def give(what, name=OFFICER, by=GATEWAY, grant="G11", **more):
    """A record of an access."""
    value = w.attempt(f"rules {what}", grant, **more)
    return make(by, w.access(value, name), f"access {what}")


def sources():
    """All the cases, by what they are about."""
    return (amendments(), withdrawals(), suspensions(), interrupted(), openings(), approvals(),
            replies(), urgings(), codes())


def act(what, kind, by=STEWARD, until=UNTIL, **fields):
    """A record of an act."""
    return make(by, {"kind": kind, **fields}, f"{kind} {what}", until)


def amended(version=1, what="amended", by=STEWARD, **more):
    """An amendment of the dataset of most grants."""
    return act(what, "amend-dataset", by, dataset=w.dataset(**more), version=version)


def amendments():
    """amend-dataset."""
    title = {"title": "Vaccinations given"}
    yield "a dataset amended", amended(**title)
    yield "a dataset amended by another", amended(by="civil steward", **title)
    yield "a dataset amended by an officer", amended(by=OFFICER, **title)
    yield "no dataset to amend", act("none", "amend-dataset", version=1,
                                     dataset=w.dataset("health.gd/none"))
    old = w.dataset("health.gd/old", title="Old")
    yield "a withdrawn dataset amended", act("old", "amend-dataset", dataset=old, version=1)
    yield "an amendment of an earlier version", act(
        "earlier", "amend-dataset", dataset=w.DATASETS[3], version=1)
    yield "an amendment of a later version", amended(2, **title)
    yield "an amendment of version 0", amended(0, **title)
    yield "the first version again", act("first", "amend-dataset", dataset=w.DATASETS[3], version=2)
    yield "an amendment that changes nothing", amended()
    yield "an amendment that changes nothing, with details", act(
        "same", "amend-dataset", dataset=w.RETITLED, version=2)
    yield "an amendment without a title", amended(title="")
    yield "an amendment without modes", amended(modes=[])
    yield "an amendment to not shared, without a basis", amended(
        sharing="not-shared", conditions="")
    yield "an amendment after another", amended(2), w.NOW, [amended(what="first", **title)]
    yield "two amendments of one version", amended(), w.NOW, [amended(what="first", **title)]


def withdrawn(what, name=ROOM, by=STEWARD):
    """A withdrawal of a dataset."""
    return act(what, "withdraw-dataset", by, dataset=name, reason="No longer kept")


def again(what, name=ROOM, **more):
    """A dataset published again."""
    return act(what, "publish-dataset", dataset=w.dataset(name, **more))


def withdrawals():
    """withdraw-dataset, and publish-dataset after it."""
    yield "a dataset withdrawn", withdrawn("plain")
    yield "a dataset withdrawn by another", withdrawn("by", by="civil steward")
    yield "no dataset to withdraw", withdrawn("none", "health.gd/none")
    yield "a dataset withdrawn twice", withdrawn("twice", "health.gd/old")
    yield "a withdrawn dataset published again", again("old", "health.gd/old", summary="")
    yield "a withdrawn dataset published in another form", again("form", "health.gd/old", grade="core")
    yield "a withdrawn dataset published without a title", again("bare", "health.gd/old", title="")
    grant = {"kind": "issue-grant", "terms": w.terms(dataset="health.gd/old")}
    yield "a grant on a withdrawn dataset", make(STEWARD, grant, "old")
    once = [again("old", "health.gd/old", summary="")]
    yield "a grant on a dataset published again", make(STEWARD, grant, "old"), w.NOW, once
    yield "a dataset published again twice", again("old twice", "health.gd/old"), w.NOW, once
    gone = [withdrawn("gone")]
    yield "an access after a withdrawal", give("gone"), w.NOW, gone
    back = gone + [again("back")]
    yield "an access after a withdrawal and a new publication", give("back"), w.NOW, back
    newer = back + [make(STEWARD, {"kind": "issue-grant", "terms": w.terms()}, "newer")]
    yield "an access under a grant after them", give("newer", grant=f"G{INDEX + 2}"), w.NOW, newer
    twice = newer + [withdrawn("gone again")]
    yield "an access after a second withdrawal", give("twice", grant=f"G{INDEX + 2}"), w.NOW, twice
    yield "the first withdrawal counts", give("first"), w.NOW, twice
    often = [record for n in range(32) for record in (withdrawn(f"n {n}"), again(f"n {n}"))]
    yield "the 32nd withdrawal", often[62], w.NOW, often[:62]
    yield "the 33rd withdrawal", withdrawn("33"), w.NOW, often


def paused(what, by=STEWARD, name=ROOM):
    """A suspension of a dataset."""
    return act(what, "suspend-dataset", by, dataset=name, reason="Under repair")


def resumed(what, by=STEWARD, name=ROOM):
    """The end of a dataset's suspension."""
    return act(what, "resume-dataset", by, dataset=name)


def held(what, by=STEWARD, grant="G11"):
    """A suspension of a grant."""
    return act(what, "suspend-grant", by, grant=grant, reason="Under review")


def freed(what, by=STEWARD, grant="G11"):
    """The end of a grant's suspension."""
    return act(what, "resume-grant", by, grant=grant)


def suspensions():
    """suspend-dataset, resume-dataset, suspend-grant, resume-grant."""
    yield "a dataset suspended", paused("plain")
    yield "a dataset suspended by another", paused("by", "civil steward")
    yield "no dataset to suspend", paused("none", name="health.gd/none")
    yield "a withdrawn dataset suspended", paused("old", name="health.gd/old")
    yield "a dataset suspended twice", paused("twice"), w.NOW, [paused("once")]
    yield "a dataset suspended anew", paused("anew", name="health.gd/staff")
    yield "a dataset resumed", resumed("plain"), w.NOW, [paused("once")]
    yield "a dataset resumed by another", resumed("by", "civil steward"), w.NOW, [paused("once")]
    yield "a dataset resumed that was not suspended", resumed("not")
    yield "a dataset resumed twice", resumed("twice", name="health.gd/staff")
    yield "no dataset to resume", resumed("none", name="health.gd/none")
    gone = [paused("once"), withdrawn("meanwhile")]
    yield "a suspended dataset that was withdrawn", resumed("gone"), w.NOW, gone
    yield "a dataset published again while suspended", again("on"), w.NOW, gone
    yield "and resumed", resumed("after"), w.NOW, gone + [again("on")]
    often = [record for n in range(32) for record in (paused(f"n {n}"), resumed(f"n {n}"))]
    yield "the 33rd suspension of a dataset", paused("33"), w.NOW, often
    yield "a grant suspended", held("plain")
    yield "a grant suspended by another", held("by", "civil steward")
    yield "no grant to suspend", held("none", grant="G10")
    yield "a revoked grant suspended", held("revoked", grant="G12")
    yield "a grant that ended suspended", held("ended", grant="G14")
    yield "a grant suspended twice", held("twice"), w.NOW, [held("once")]
    yield "a grant suspended anew", held("anew", grant="G17")
    yield "a grant resumed", freed("plain"), w.NOW, [held("once")]
    yield "a grant resumed by another", freed("by", OFFICER), w.NOW, [held("once")]
    yield "a grant resumed that was not suspended", freed("not")
    yield "a revoked grant resumed", freed("revoked", grant="G12")
    yield "no grant to resume", freed("none", grant="G10")
    often = [record for n in range(32) for record in (held(f"n {n}"), freed(f"n {n}"))]
    yield "the 33rd suspension of a grant", held("33"), w.NOW, often


def interrupted():
    """record-access and record-denial: what interrupts, and in which order it is named."""
    yield "an access to a suspended dataset", give("paused"), w.NOW, [paused("once")]
    yield "an access under a suspended grant", give("held"), w.NOW, [held("once")]
    yield "a grant and a dataset suspended", give("both"), w.NOW, [paused("once"), held("once")]
    over = [paused("once"), resumed("once"), held("once"), freed("once")]
    yield "an access after suspensions", give("over"), w.NOW, over
    early = [held("early", grant="G13"), paused("once")]
    yield "a suspended grant before its time", give("early", grant="G13"), w.NOW, early
    yield "a suspended grant after its end", give("ended", grant="G14"), w.NOW, [
        held("ended", grant="G14")]
    yield "a grant that ended on a withdrawn dataset", give("late", grant="G14"), w.NOW, [
        withdrawn("gone")]
    yield "a revoked grant on a withdrawn dataset", give("revoked too", grant="G12"), w.NOW, [
        withdrawn("gone")]
    for sharing in ("not-shared", "unclassified"):
        changed = amended(sharing=sharing)
        yield f"a dataset that is now {sharing}", give(sharing), w.NOW, [changed]
        yield f"a suspended dataset that is now {sharing}", give(f"{sharing} too"), w.NOW, [
            changed, paused("once")]
        yield f"a grant before its time, on a dataset that is now {sharing}", give(
            f"{sharing} early", grant="G13"), w.NOW, [changed]
    fewer = amended(items=w.dataset()["items"][:1])
    yield "an item that is no longer listed", give("fewer"), w.NOW, [fewer]
    yield "an item still listed", give("listed", items={"only": ["姓名"]}), w.NOW, [fewer]
    yield "an item neither granted nor listed", give("neither", items={"only": ["vaccine"]}), w.NOW, [
        fewer]
    batch = amended(modes=["query", "batch"])
    yield "a mode that is no longer offered", give("mode gone"), w.NOW, [batch]
    yield "a mode that is offered and not granted", give("mode new", mode="batch"), w.NOW, [batch]
    both = amended(items=w.dataset()["items"][:1], modes=["batch"])
    yield "an item and a mode that are gone", give("both gone"), w.NOW, [both]
    quota = give("quota", grant="G15")
    yield "a used quota on a dataset with fewer items", quota, w.NOW, [fewer]
    value = w.attempt("rules denied", "G11")
    due = {"rule": "dataset-suspended", "at": INDEX}
    yield "a denial while suspended", make(GATEWAY, w.denial(value, due), "held"), w.NOW, [
        paused("once")]


def opened(what, asked=None, by=OFFICER, until=UNTIL, **more):
    """A request."""
    return act(what, "open-request", by, until, terms=w.asking(asked, **more))


def openings():
    """open-request."""
    yield "a request", opened("plain")
    yield "a request with everything", opened(
        "full", w.terms(total_quota=1), once=True, needed_by=w.NOW + 1, bundle=w.short("bundle"))
    yield "a request by a steward", opened("steward", by="civil steward")
    yield "a request for another agency", opened("other", by="tax officer")
    yield "a request for an unknown dataset", opened("none", w.terms(dataset="health.gd/none"))
    yield "a request for a withdrawn dataset", opened("old", w.terms(dataset="health.gd/old"))
    yield "a request for what is not shared", opened("staff", w.terms(dataset="health.gd/staff"))
    bad = w.terms(dataset="health.gd/staff", items={"only": []}, total_quota=0)
    yield "a request for nothing of what is not shared", opened("bad", bad)
    yield "a request for what is unclassified", opened("drafts", w.terms(dataset="health.gd/drafts"))
    bad = w.terms(dataset="health.gd/drafts", items={"only": ["none"]})
    yield "a request for an unknown item", opened("item", bad)
    own = w.terms(dataset="civil.gd/none")
    yield "a request to oneself for what is not there", opened("self", own)
    yield "a request without matters", opened("matters", w.terms(matters=[]))
    yield "a request for a withdrawn matter", opened("pension", w.terms(matters=["PENSION"]))
    yield "a request for a period over", opened("over", w.terms(not_after=w.NOW))
    yield "a request for a new matter", opened("care", w.terms(matters=["CARE"]))
    yield "one answer without a quota", opened("once", once=True)
    yield "one answer twice", opened("two", w.terms(total_quota=2), once=True)
    yield "one answer never", opened("never", w.terms(total_quota=0), once=True)
    yield "one answer on each day", opened("day", w.terms(daily_quota=1), once=True)
    yield "a reply needed now", opened("now", needed_by=w.NOW)
    yield "one answer twice, needed now", opened("both", once=True, needed_by=w.NOW)
    yield "a request while suspended", opened("paused"), w.NOW, [paused("once")]


def approved(what, request="R35", by=STEWARD, **more):
    """An approval."""
    return act(what, "approve-request", by, request=request, terms=w.terms(**more))


def approvals():
    """approve-request."""
    yield "an approval", approved("plain")
    yield "an approval of less", approved(
        "less", matters=["SCHOOL"], items={"only": ["姓名"]}, modes=["query"],
        not_before=w.NOW, not_after=w.NOW + 1, total_quota=1, daily_quota=1, conditions=[2])
    yield "an approval by another", approved("by", by="civil steward")
    yield "an approval by the requester", approved("officer", by=OFFICER)
    yield "no request", approved("none", "R36")
    yield "no request, by another", approved("none by", "R99", OFFICER)
    for what, request in (("approved", "R28"), ("refused", "R37"), ("taken back", "R39")):
        yield f"an approval of what was {what}", approved(what, request)
    for what, more in (
        ("dataset", {"dataset": "health.gd/clinics"}), ("requester", {"requester": "tax.gd"}),
        ("matters", {"matters": ["HOUSING", "SCHOOL"]}), ("duty basis", {"duty_basis": "STATUTE-2"}),
        ("items", {"items": {"only": ["dose date", "vaccine"]}}), ("all items", {"items": "all"}),
        ("modes", {"modes": ["query", "batch"]}), ("beginning", {"not_before": w.GENESIS_TIME - 1}),
        ("end", {"not_after": w.GENESIS_TIME + 30 * w.DAY + 1}),
        ("everything", {"dataset": "health.gd/none", "requester": "x.gd", "duty_basis": "X"}),
    ):
        yield f"an approval beyond the request: {what}", approved(f"beyond {what}", **more)
    limited = opened("limited", w.terms(items="all", total_quota=10, daily_quota=5))
    for what, more in (
        ("within quotas", {"total_quota": 10, "daily_quota": 5}),
        ("all items", {"items": "all", "total_quota": 9, "daily_quota": 1}),
        ("without a total quota", {"daily_quota": 5}),
        ("beyond the total quota", {"total_quota": 11, "daily_quota": 5}),
        ("without a daily quota", {"total_quota": 10}),
        ("beyond the daily quota", {"total_quota": 10, "daily_quota": 6}),
    ):
        record = approved(what, f"R{INDEX}", **more)
        yield f"an approval of a limited request, {what}", record, w.NOW, [limited]
    yield "an approval of no item", approved("no item", items={"only": []})
    yield "an approval of a period of nothing", approved("period", not_before=w.NOW + w.DAY,
                                                         not_after=w.NOW + w.DAY)
    yield "an approval of no access", approved("zero", total_quota=0)
    drafts = w.terms(dataset="health.gd/drafts")
    asked = [opened("drafts", drafts)]
    record = act("drafts", "approve-request", request=f"R{INDEX}", terms=drafts)
    yield "an approval on what is unclassified", record, w.NOW, asked
    classified = w.dataset("health.gd/drafts", conditions="")
    asked.append(act("classify", "amend-dataset", dataset=classified, version=1))
    yield "an approval once it is classified", record, w.NOW, asked
    yield "an approval on a withdrawn dataset", approved("gone"), w.NOW, [withdrawn("gone")]
    repealed = [act("school", "withdraw-code", DATA, list="matters", code="SCHOOL", reason="")]
    yield "an approval for a withdrawn matter", approved("school"), w.NOW, repealed
    record = approved("rest", matters=["LOW-INCOME"])
    yield "an approval without the withdrawn matter", record, w.NOW, repealed


def replies():
    """refuse-request, withdraw-request."""
    def refused(what, request="R35", by=STEWARD, basis="Health Act, art. 9", reason="No"):
        return act(what, "refuse-request", by, request=request, legal_basis=basis, reason=reason)

    def taken_back(what, request="R35", by=OFFICER):
        return act(what, "withdraw-request", by, request=request, reason="")

    yield "a refusal", refused("plain")
    yield "a refusal by another", refused("by", by="civil steward")
    yield "a refusal by a gateway", refused("gateway", by=GATEWAY)
    yield "a refusal of no request", refused("none", "R34")
    yield "a refusal of what was approved", refused("approved", "R28")
    yield "a refusal without a legal basis", refused("basis", basis="")
    yield "a refusal without a reason", refused("reason", reason="")
    yield "a refusal without either", refused("either", basis="", reason="")
    yield "a refusal on a withdrawn dataset", refused("gone"), w.NOW, [withdrawn("gone")]
    yield "a request taken back", taken_back("plain")
    yield "a request taken back by the provider", taken_back("provider", by=STEWARD)
    yield "a request taken back by another's officer", taken_back("tax", by="tax officer")
    yield "a request taken back that was refused", taken_back("refused", "R37")
    yield "no request to take back", taken_back("none", "R34")


def urgings():
    """urge-request."""
    def urged(what, request="R35", by=OFFICER, until=UNTIL):
        return make(by, {"kind": "urge-request", "request": request}, f"urge {what}", until)

    yield "a reply urged twice on one day", urged("twice")
    midnight = w.GENESIS_TIME - 8 * 3_600_000 + w.DAY
    late = urged("late", until=midnight + 1)
    yield "a reply urged again a moment before midnight", late, midnight - 1
    yield "a reply urged again at midnight", late, midnight
    asked = [opened("urged")]
    yield "a reply urged for the first time", urged("first", f"R{INDEX}"), w.NOW, asked
    yield "a reply urged by the provider", urged("provider", by=STEWARD)
    yield "a reply urged that there is", urged("closed", "R28")
    yield "no request to urge", urged("none", "R36")


def codes():
    """publish-codes, withdraw-code."""
    def listed(what, codes, by=DATA, into="matters"):
        return act(what, "publish-codes", by, list=into, codes=codes)

    def struck(what, code, by=DATA, of="matters"):
        return act(what, "withdraw-code", by, list=of, code=code, reason="Repealed")

    def entry(code, title="A title"):
        return {"code": code, "title": title}

    many = [entry(f"C{n}") for n in range(65)]
    yield "codes published in any order", listed("plain", [entry("Z"), entry("A")])
    yield "duty bases published", listed("bases", [entry("HOUSING")], into="duty-bases")
    yield "codes published by another", listed("by", [entry("A")], STEWARD)
    yield "codes published by the admin", listed("admin", [entry("A")], "data.gd admin")
    yield "no codes", listed("none", [])
    yield "64 codes", listed("64", many[:64])
    yield "65 codes", listed("65", many)
    yield "a code that is taken", listed("taken", [entry("A"), entry("HOUSING", "")])
    yield "a code that was withdrawn", listed("again", [entry("PENSION")])
    yield "a code twice", listed("twice", [entry("A"), entry("B"), entry("A", "")])
    yield "a code without a title", listed("title", [entry("A"), entry("B", "")])
    yield "a code withdrawn", struck("plain", "CARE")
    yield "a code of the genesis withdrawn", struck("genesis", "STATUTE-1", of="duty-bases")
    yield "a code withdrawn by another", struck("by", "CARE", STEWARD)
    yield "an unknown code withdrawn", struck("unknown", "OTHER")
    yield "a matter withdrawn as a duty basis", struck("other", "CARE", of="duty-bases")
    yield "a code withdrawn twice", struck("twice", "PENSION")
    gone = [struck("statute", "STATUTE-1", of="duty-bases")]
    issue = {"kind": "issue-grant", "terms": w.terms()}
    yield "a grant on a withdrawn duty basis", make(STEWARD, issue, "gone"), w.NOW, gone
    issue = {"kind": "issue-grant", "terms": w.terms(matters=["PENSION"], duty_basis="X")}
    yield "a grant for a withdrawn matter", make(STEWARD, issue, "pension")
    yield "an access for a withdrawn code", give("code"), w.NOW, gone
