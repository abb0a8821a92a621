"""Cases of rules.json about sharing attributes, managers, sponsors, and who lets data go."""

from comity import shapes

from . import world as w
from .answering import DATA, GATEWAY, OFFICER, STEWARD, UNTIL, act, amended, give, make, opened
from .clocking import ADMIT_SUPERVISOR
from .governing import passing

INDEX = w.CHAIN.ledger.log.size
SECOND, UNIVERSITY, CIVIL = "health.gd steward", "univ steward", "civil steward"


def sources():
    """All the cases, by what they are about."""
    return (conditions(), grades(), withheld(), sponsors(), managers(), by_rule())


def signed(names, action, what):
    """A record of several keys."""
    statement = w.statement(names, action, f"rules {what}", UNTIL)
    return shapes.SIGNED_RECORD.put(w.signed(names, statement))


def issued(names, what, **more):
    """A grant that several sign."""
    return signed(names, {"kind": "issue-grant", "terms": w.terms(**more)}, f"several {what}")


def second():
    """A second steward of the provider."""
    return make("health.gd admin", w.register(SECOND, "health.gd", "steward"), "second steward")


def conditions():
    """What a dataset states, and what a grant imposes."""
    def publish(what, **more):
        dataset = w.dataset("health.gd/new", **more)
        return make(STEWARD, {"kind": "publish-dataset", "dataset": dataset}, f"stated {what}")

    def issue(what, numbers):
        terms = w.terms(conditions=numbers)
        return make(STEWARD, {"kind": "issue-grant", "terms": terms}, f"conditions {what}")

    yield "16 conditions", publish("16", stated=[f"c{n}" for n in range(16)])
    yield "17 conditions", publish("17", stated=[f"c{n}" for n in range(17)])
    yield "an empty condition", publish("empty", stated=["a", "b", ""])
    yield "a condition twice", publish("twice", stated=["a", "b", "a", "b"])
    yield "no conditions", publish("none", stated=[])
    yield "a grant on all conditions", issue("all", [1, 2])
    yield "a grant on a condition that is not stated", issue("third", [1, 3])
    yield "a grant on condition 0", issue("zero", [0, 2])
    asked = w.terms(conditions=[2, 255])
    yield "a request with a condition that is not stated", opened("255", asked)
    fewer = [amended(stated=["Once a week"])]
    yield "a condition that is not stated any longer", issue("gone", [2]), w.NOW, fewer


def grades():
    """Dual control."""
    for grade in ("important", "core"):
        before = [second(), amended(grade=grade)]
        for what, names in (
            ("one steward", [STEWARD]), ("two stewards", [STEWARD, SECOND]),
            ("two stewards and the authority", [SECOND, DATA, STEWARD]),
            ("a steward and the authority", [STEWARD, DATA]),
            ("a steward and an officer", [STEWARD, OFFICER]),
            ("two stewards and a stranger", [STEWARD, SECOND, "tax officer"]),
        ):
            yield f"a grant of {grade} data by {what}", issued(
                names, f"{grade} {what}"), w.NOW, before
    approval = {"kind": "approve-request", "request": "R35", "terms": w.terms()}
    before = [second(), amended(grade="important")]
    yield "an approval by one of two", make(STEWARD, approval, "one of two"), w.NOW, before
    yield "an approval by both", signed([SECOND, STEWARD], approval, "both of two"), w.NOW, before
    yield "a grant that its requester signs too", issued([STEWARD, CIVIL], "both sides")
    yield "a grant that its requester signs alone", issued([CIVIL], "other side")
    yield "a grant of general data by two", issued([STEWARD, DATA], "too many")


def withheld():
    """What is not shared."""
    staff = {"dataset": "health.gd/staff"}
    yield "a grant of what is not shared", issued([STEWARD], "staff", **staff)
    together = issued([STEWARD, DATA], "staff data", **staff)
    yield "a grant of what is not shared, with the authority", together
    yield "a request for what is not shared", opened("staff", w.terms(**staff))
    own = {**staff, "requester": "data.gd"}
    yield "a grant to the authority itself", issued([STEWARD, DATA], "data both", **own)
    alone = issued([STEWARD], "data alone", **own)
    yield "a grant to the authority itself, with nobody above it", alone
    supervised = passing("overseer", ADMIT_SUPERVISOR) + [
        make("univ.gd admin", w.register(UNIVERSITY), "overseer's steward")
    ]
    yield "a grant to the authority itself, with a supervisor", issued(
        [STEWARD, UNIVERSITY], "data supervised", **own), w.NOW, supervised
    access = give("staff", grant=f"G{INDEX}", **staff)
    yield "an access to what is not shared", access, w.NOW, [together]
    closing = [amended(sharing="not-shared")]
    yield "an access to what is not shared any longer", give("closed"), w.NOW, closing
    signed_for = closing + [issued([STEWARD, DATA], "closed")]
    yield "an access to what went all the same", give(
        "all the same", grant=f"G{INDEX + 1}"), w.NOW, signed_for
    opening = signed_for + [amended(2, "unclassified", sharing="unclassified")]
    yield "an access to what nobody classifies any longer", give(
        "undecided", grant=f"G{INDEX + 1}"), w.NOW, opening


def sponsors():
    """Who is no public body."""
    def measure(agency, sponsor):
        return {"measure": "change-sponsor", "agency": agency, "sponsor": sponsor}

    def proposed(what, value):
        action = {"kind": "open-proposal", "measure": value}
        return make("data.gd admin", action, f"sponsor {what}")

    own = {"requester": "univ.gd"}
    yield "a grant for which nobody answers", issued([STEWARD], "nobody", **own)
    given = passing("sponsor", measure("univ.gd", "tax.gd"))
    yield "a sponsor", given[-1], w.NOW, given[:-1]
    yield "a grant without its sponsor", issued([STEWARD], "without", **own), w.NOW, given
    yield "a grant with another sponsor", issued([STEWARD, CIVIL], "other", **own), w.NOW, given
    for what, value in (
        ("for a government", measure("civil.gd", "tax.gd")),
        ("that is itself", measure("univ.gd", "univ.gd")),
        ("that is none", measure("univ.gd", "x.gd")),
        ("for no member", measure("x.gd", "tax.gd")),
    ):
        yield f"a sponsor {what}", proposed(what, value)
    again = proposed("again", measure("univ.gd", "tax.gd"))
    yield "a sponsor that answers already", again, w.NOW, given


def managers():
    """Who decides where that is not the owner."""
    to_civil = [amended(manager="data.gd")]
    by_owner = make(STEWARD, {"kind": "issue-grant", "terms": w.terms()}, "managed by owner")
    yield "a manager that is none", amended(manager="x.gd")
    yield "a grant by the owner of what another manages", by_owner, w.NOW, to_civil
    yield "a grant by the manager", issued([DATA], "managed"), w.NOW, to_civil
    for kind, fields in (
        ("refuse-request", {"request": "R35", "legal_basis": "Act 9", "reason": "No"}),
        ("suspend-grant", {"grant": "G11", "reason": "Later"}),
        ("revoke-grant", {"grant": "G11", "reason": "Ended"}),
        ("report-delivery", {"grant": "G13"}),
    ):
        for name in (STEWARD, DATA, CIVIL):
            record = act(f"managed {name}", kind, name, **fields)
            yield f"{kind} of what is managed, by {name}", record, w.NOW, to_civil
    yield "a request for what is managed", opened("managed"), w.NOW, to_civil
    yield "an access to what is managed", give("managed"), w.NOW, to_civil
    own = [amended(manager="civil.gd")]
    yield "a manager's own request", opened("own"), w.NOW, own
    yield "a grant to the manager by the owner", by_owner, w.NOW, own
    yield "a grant to the manager by itself", issued([CIVIL], "own"), w.NOW, own


def by_rule():
    """Unconditional sharing."""
    clinics = {"dataset": "health.gd/clinics", "items": "all", "modes": ["batch"]}
    asked = opened("clinics by rule", w.terms(**clinics))
    yield "a request that is granted by rule", asked
    yield "a request that is not sound", opened("bare", w.terms(**{**clinics, "modes": []}))
    approval = act("by rule", "approve-request", request=f"R{INDEX}", terms=w.terms(**clinics))
    yield "an approval of what was granted by rule", approval, w.NOW, [asked]
    access = give("by rule", grant=f"G{INDEX}", mode="batch", items="all",
                  dataset="health.gd/clinics")
    yield "an access under what was granted by rule", access, w.NOW, [asked]
    important = [amended(what="weighty", sharing="unconditional", grade="important")]
    yield "a request for weighty data", opened("weighty"), w.NOW, important
    general = [amended(what="free", sharing="unconditional")]
    yield "a request for general data", opened("free"), w.NOW, general
