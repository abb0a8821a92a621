"""Cases of rules.json about proposals, ballots, measures, leaving and equivocations."""

from comity import shapes
from comity.hashing import accusation_nonce, preimage

from . import world as w
from .answering import GATEWAY, OFFICER, STEWARD, UNTIL, give, make, opened
from .world import GOVERNORS, HOSTED, NEW, admitting, hosting, joining, new_key

INDEX = w.CHAIN.ledger.log.size
LATER = w.NOW + w.DAY
CLOSES = w.TIMES[5] + 600_000


def sources():
    """All the cases, by what they are about."""
    return (proposals(), ballots(), admissions(), removals(), closing(), keys(), standings(),
            other_measures(), leaving(), equivocations())


def proposing(what, measure, by="data.gd admin", **more):
    """A record that opens a proposal."""
    return make(by, {"kind": "open-proposal", "measure": measure}, f"propose {what}", **more)


def voting(what, proposal, by, choice="for", **more):
    """A record that casts a ballot."""
    action = {"kind": "cast-ballot", "proposal": proposal, "choice": choice}
    return make(by, action, f"ballot {what} {by}", **more)


def passing(what, measure, at=INDEX, by=GOVERNORS):
    """Records that propose a measure, at this position, and carry it."""
    first, *others = by
    return [proposing(what, measure, first)] + [
        voting(what, f"P{at}", name) for name in others
    ]


def passed(*measures):
    """Records that pass these measures one after the other."""
    records = []
    for number, measure in enumerate(measures):
        records += passing(f"before {number}", measure, INDEX + len(records))
    return records


def removal(agency, reason="Dissolved"):
    """A measure that removes a member."""
    return {"measure": "remove", "agency": agency, "reason": reason}


def replacing(agency, old=None, new=None, since=None):
    """A measure that changes a key."""
    return {"measure": "replace-key", "agency": agency, "old": old and w.public(old), "new": new,
            "suspect_since": since}


def standing(agency, value, key=None):
    """A measure that changes a standing."""
    return {"measure": "change-standing", "agency": agency, "standing": value, "key": key}


def params(**more):
    """A measure that changes parameters."""
    return {"measure": "change-params", "params": {**w.GENESIS["params"], **more}}


VERSION = {"measure": "activate-version", "version": 2}


def proposals():
    """open-proposal."""
    yield "a proposal", proposing("plain", removal("tax.gd"))
    yield "a proposal by an observer", proposing("observer", VERSION, "univ.gd admin")
    yield "a proposal by a steward", proposing("steward", VERSION, STEWARD)
    two = w.statement(["data.gd admin", "tax.gd admin"], {"kind": "open-proposal",
                      "measure": VERSION}, "propose two", UNTIL)
    yield "a proposal by two", shapes.SIGNED_RECORD.put(
        w.signed(["data.gd admin", "tax.gd admin"], two))
    hosted = passed(admitting(HOSTED))
    yield "a proposal by a hosted member", proposing("hosted", VERSION, f"{HOSTED} admin"), \
        w.NOW, hosted
    yield "a proposal that cannot be carried out", proposing("unfit", removal("x.gd"))
    few = shrinking()
    yield "a proposal where two have ballots", proposing("few", VERSION), w.NOW, few
    few += passing("alone", removal("univ.gd"), INDEX + len(few), GOVERNORS[0:3:2])
    yield "a proposal where one has a ballot", proposing("one", VERSION), w.NOW, few


def shrinking():
    """Records after which only data.gd and univ.gd have ballots, and both are needed."""
    records = passing("half", params(ballot_numerator=1, ballot_denominator=2))
    data, _, univ, health = GOVERNORS
    for agency, by in (
        ("civil.gd", (data, univ, health)), ("tax.gd", (data, univ, health)),
        ("health.gd", (data, univ)),
    ):
        records += passing(f"shrink {agency}", removal(agency), INDEX + len(records), by)
    return records


def ballots():
    """cast-ballot."""
    opening = [proposing("b", removal("tax.gd"))]
    name = f"P{INDEX}"
    three = opening + [voting("b", name, f"{agency} admin") for agency in ("civil.gd", "univ.gd")]
    for choice in ("for", "against"):
        yield f"a ballot {choice}", voting(choice, name, "civil.gd admin", choice), w.NOW, opening
    yield "a second ballot", voting("again", name, "data.gd admin", "against"), w.NOW, opening
    yield "a ballot on no proposal", voting("none", f"P{INDEX - 1}", "civil.gd admin")
    yield "a ballot by a steward", voting("steward", name, STEWARD), w.NOW, opening
    yield "the third of five ballots", three[2], w.NOW, three[:2]
    last = voting("b", name, "health.gd admin")
    yield "the fourth of five ballots", last, w.NOW, three
    yield "the fourth ballot is against", voting("no", name, "health.gd admin", "against"), \
        w.NOW, three
    yield "a ballot of the member that is removed", voting("own", name, "tax.gd admin"), \
        w.NOW, three
    yield "a ballot after it passed", voting("late", name, "tax.gd admin"), w.NOW, passed(VERSION)
    yield "a ballot of one who left", voting("left", f"P{INDEX + 4}", "tax.gd admin"), w.NOW, \
        passed(removal("tax.gd")) + [proposing("x", VERSION)]
    # tax.gd was for it and left: three of four are more than two thirds, tax.gd's no more among them.
    stale = [proposing("s", VERSION), voting("s", name, "tax.gd admin")]
    stale += passing("s", removal("tax.gd"), INDEX + 2)
    yield "a ballot counted without one who left", voting("s", name, "civil.gd admin"), w.NOW, stale
    more = stale + [voting("s", name, "civil.gd admin")]
    yield "and the next, which is enough", voting("s", name, "health.gd admin"), w.NOW, more
    twice = [proposing("t1", removal("tax.gd"))]
    twice += [voting("t1", name, f"{agency} admin") for agency in ("civil.gd", "health.gd")]
    twice += passing("t2", removal("tax.gd"), INDEX + 3)
    yield "the ballot that would pass what cannot be done any more", voting(
        "t1", name, "univ.gd admin"), w.NOW, twice
    yield "a ballot against it", voting("t3", name, "univ.gd admin", "against"), w.NOW, twice


def admissions():
    """Measures that admit."""
    for agency in (NEW, "new.observer", HOSTED):
        measure = admitting(agency)
        yield f"{agency} admitted", passing(agency, measure)[-1], w.NOW, passing(agency, measure)[:-1]
    yield "a member admitted", proposing("member", admitting("civil.gd"))
    yield "one who left admitted", proposing("left", admitting("tax.gd")), w.NOW, passed(
        removal("tax.gd"))
    member = joining(NEW)
    for what, keys in (
        ("without a validator key", [key for key in member["keys"] if key["role"] != "validator"]),
        ("without a transport key", [key for key in member["keys"] if key["role"] != "transport"]),
        ("without an admin key", [key for key in member["keys"] if key["role"] != "admin"]),
        ("with two note keys", member["keys"] + [new_key(NEW, "note", n) for n in range(2)]),
        ("with nine admin keys", member["keys"] + [new_key(NEW, "admin", n) for n in range(8)]),
    ):
        yield f"a member admitted {what}", proposing(what, admitting(NEW, keys=keys))
    hosted = joining(HOSTED)["keys"]
    yield "a hosted member with a transport key", proposing(
        "hosted transport", admitting(HOSTED, keys=hosted + [new_key(HOSTED, "transport", 1)]))
    again = {**new_key(NEW, "steward", 1), "role": "steward"}
    yield "a member with a key twice", proposing(
        "twice", admitting(NEW, keys=member["keys"] + [again, again]))
    taken = w.genesis_key("tax.gd admin", NEW, "admin")
    taken["possession"] = w.possession("tax.gd admin", NEW, "admin", w.CONSORTIUM)
    yield "a member with another's key", proposing(
        "taken", admitting(NEW, keys=member["keys"] + [taken]))
    for power in (0, 2**40 - 5, 2**40 - 4, 2**64 - 1):
        yield f"a member with power {power}", proposing(
            f"power {power}", admitting(NEW, standing={"validator": {"power": power}}))
    for what, value in (
        ("by a stranger", hosting("x.gd")), ("by itself", hosting(HOSTED)),
        ("until now", hosting("civil.gd", w.NOW)), ("until soon", hosting("civil.gd", w.NOW + 1)),
    ):
        yield f"hosted {what}", proposing(what, admitting(HOSTED, standing=value))
    guest = passed(admitting(HOSTED))
    other = admitting("new.observer", standing=hosting(HOSTED),
                      keys=[new_key("new.observer", "admin")])
    yield "hosted by a hosted member", proposing("by guest", other), w.NOW, guest


def removals():
    """Measures that remove."""
    yield "a stranger removed", proposing("stranger", removal("x.gd"))
    yield "one who left removed", proposing("left", removal("tax.gd")), w.NOW, passed(
        removal("tax.gd"))
    yield "the competent authority removed", proposing("authority", removal("data.gd"))
    moved = {"measure": "change-authority", "agency": "civil.gd"}
    yield "the former authority removed", proposing("former", removal("data.gd")), w.NOW, \
        passed(moved)
    guest = passed(admitting(HOSTED))
    yield "a sponsor removed", proposing("sponsor", removal("civil.gd")), w.NOW, guest
    yield "its guest removed", proposing("guest", removal(HOSTED)), w.NOW, guest
    yield "a sponsor without guests removed", proposing("empty", removal("civil.gd")), w.NOW, \
        guest + passing("empty", removal(HOSTED), INDEX + 4)
    yield "an observer removed", proposing("observer", removal("univ.gd", ""))
    own = passing("own", removal("health.gd"))
    yield "a removal with the ballot of who goes", own[-1], w.NOW, own[:-1]


def keys():
    """Measures that change keys."""
    def change(what, *changes, before=()):
        return f"keys: {what}", proposing(what, replacing(*changes)), w.NOW, list(before)

    def carried(what, *changes):
        records = passing(what, replacing(*changes))
        return f"keys: {what}", records[-1], w.NOW, records[:-1]

    for role in ("validator", "transport", "admin"):
        yield carried(f"{role} replaced", "tax.gd", f"tax.gd {role}", new_key("tax.gd", role, 1))
    yield carried("note replaced", "data.gd", "data.gd note", new_key("data.gd", "note", 1))
    yield carried("replaced as suspect", "tax.gd", "tax.gd admin", new_key("tax.gd", "admin", 1),
                  w.GENESIS_TIME)
    yield carried("admin added", "tax.gd", None, new_key("tax.gd", "admin", 1))
    yield carried("note added", "tax.gd", None, new_key("tax.gd", "note", 1))
    yield carried("note taken away", "data.gd", "data.gd note", None)
    yield change("a second note", "data.gd", None, new_key("data.gd", "note", 1))
    second = passed(replacing("tax.gd", None, new_key("tax.gd", "admin", 1)))
    yield change("one of two admins taken away", "tax.gd", "tax.gd admin", None, before=second)
    yield change("the last admin taken away", "tax.gd", "tax.gd admin", None)
    many = [replacing("tax.gd", None, new_key("tax.gd", "admin", n)) for n in range(1, 8)]
    yield change("a ninth admin", "tax.gd", None, new_key("tax.gd", "admin", 9),
                 before=passed(*many))
    for role in ("validator", "transport"):
        yield change(f"a second {role}", "tax.gd", None, new_key("tax.gd", role, 1))
        yield change(f"the {role} taken away", "tax.gd", f"tax.gd {role}", None)
    yield change("nothing for nothing", "tax.gd", None, None)
    yield change("of another role", "tax.gd", "tax.gd transport", new_key("tax.gd", "admin", 1))
    yield change("a steward's", "health.gd", STEWARD, new_key("health.gd", "steward", 1))
    yield change("a new officer's", "tax.gd", None, new_key("tax.gd", "officer", 1))
    yield change("of a stranger", "x.gd", None, new_key("x.gd", "admin", 1))
    yield change("another's", "tax.gd", "health.gd admin", new_key("tax.gd", "admin", 1))
    yield change("an unknown one", "tax.gd", "nobody", new_key("tax.gd", "admin", 1))
    replaced = passed(replacing("tax.gd", "tax.gd admin", new_key("tax.gd", "admin", 1)))
    yield change("one that was replaced", "tax.gd", "tax.gd admin", new_key("tax.gd", "admin", 2),
                 before=replaced)
    yield change("one for itself", "tax.gd", "tax.gd admin", taken("tax.gd admin", "tax.gd"))
    guest = passed(admitting(HOSTED))
    yield change("a guest's note", HOSTED, None, new_key(HOSTED, "note", 1), before=guest)
    yield change("a guest's admin", HOSTED, f"{HOSTED} admin", new_key(HOSTED, "admin", 1),
                 before=guest)
    yield "a ballot with the old admin key", voting("old", f"P{INDEX + 4}", "tax.gd admin"), w.NOW, \
        replaced + [proposing("after", VERSION)]


def taken(name, agency, role="admin"):
    """A registered key with a good proof."""
    key = w.genesis_key(name, agency, role)
    return {**key, "possession": w.possession(name, agency, role, w.CONSORTIUM)}


def standings():
    """Measures that change a standing."""
    votes, guest = {"validator": {"power": 1}}, passed(admitting(HOSTED))
    begins = new_key("univ.gd", "validator", 1)
    moves = new_key(HOSTED, "transport", 1)

    def change(what, *changes, before=()):
        return f"standing: {what}", proposing(what, standing(*changes)), w.NOW, list(before)

    def carried(what, *changes, before=()):
        before = list(before)
        records = passing(what, standing(*changes), INDEX + len(before))
        return f"standing: {what}", records[-1], w.NOW, before + records[:-1]

    yield carried("an observer votes", "univ.gd", votes, begins)
    yield carried("a validator observes", "tax.gd", "observer")
    yield carried("more power", "tax.gd", {"validator": {"power": 7}})
    yield carried("an observer is hosted", "univ.gd", hosting("civil.gd"))
    yield carried("a guest observes", HOSTED, "observer", moves, before=guest)
    yield carried("a guest moves", HOSTED, hosting("health.gd"), before=guest)
    yield carried("a guest stays on", HOSTED, hosting("civil.gd", LATER + 1), before=guest)
    for what, *changes in (
        ("nothing", "tax.gd", votes), ("a validator is hosted", "tax.gd", hosting("civil.gd")),
        ("an observer votes without a key", "univ.gd", votes),
        ("an observer votes with another key", "univ.gd", votes, new_key("univ.gd", "note", 1)),
        ("an observer votes without power", "univ.gd", {"validator": {"power": 0}}, begins),
        ("an observer votes with a known key", "univ.gd", votes,
         taken("tax.gd validator", "univ.gd", "validator")),
        ("a validator votes with another key", "tax.gd", {"validator": {"power": 2}},
         new_key("tax.gd", "validator", 1)),
        ("too much power", "tax.gd", {"validator": {"power": 2**40 - 3}}),
        ("hosted by itself", "univ.gd", hosting("univ.gd")),
        ("hosted with a key", "univ.gd", hosting("civil.gd"), new_key("univ.gd", "transport", 1)),
        ("a stranger", "x.gd", "observer"),
    ):
        yield change(what, *changes)
    for what, *changes in (
        ("a guest votes", HOSTED, votes, new_key(HOSTED, "validator", 1)),
        ("a guest observes without a key", HOSTED, "observer"),
        ("a guest stays as it is", HOSTED, hosting("civil.gd")),
        ("a guest until now", HOSTED, hosting("civil.gd", w.NOW)),
    ):
        yield change(what, *changes, before=guest)
    observes = passed(standing("data.gd", "observer"))
    yield change("the authority is hosted", "data.gd", hosting("civil.gd"), before=observes)
    sponsor = passed(admitting(HOSTED), standing("civil.gd", "observer"))
    yield change("a sponsor is hosted", "civil.gd", hosting("tax.gd"), before=sponsor)
    rest = passed(*(standing(agency, "observer") for agency in ("civil.gd", "health.gd", "tax.gd")))
    yield change("the last validator observes", "data.gd", "observer", before=rest)
    yield "an act of one who came to be hosted", make(
        "univ.gd admin", w.register("univ officer", "univ.gd", "officer"), "univ"), w.NOW, passed(
        standing("univ.gd", hosting("civil.gd")))


def other_measures():
    """Operator, authority, parameters, version."""
    def operator(agency, name):
        return {"measure": "change-operator", "agency": agency, "operated_by": name}

    def authority(agency):
        return {"measure": "change-authority", "agency": agency}

    for what, measure in (
        ("another operator", operator("tax.gd", "A contractor 承包商")),
        ("another authority", authority("univ.gd")), ("other parameters", params(block_records=15)),
        ("another threshold", params(ballot_numerator=1, ballot_denominator=2)),
        ("version 2", VERSION),
    ):
        records = passing(what, measure)
        yield what, records[-1], w.NOW, records[:-1]
    guest = passed(admitting(HOSTED))
    for what, measure, *before in (
        ("the operator that there is", operator("tax.gd", "Tax Service")),
        ("no operator", operator("tax.gd", "")), ("a stranger's operator", operator("x.gd", "x")),
        ("the authority that there is", authority("data.gd")),
        ("a stranger as authority", authority("x.gd")),
        ("a guest as authority", authority(HOSTED), guest),
        ("the parameters that there are", params()),
        ("parameters out of bounds", params(block_records=0)),
        ("a threshold of all", params(ballot_numerator=3)),
        ("a threshold of less than a half", params(ballot_numerator=1)),
        ("a threshold of nothing", params(ballot_numerator=0, ballot_denominator=0)),
        ("version 1", {**VERSION, "version": 1}), ("version 3", {**VERSION, "version": 3}),
    ):
        yield what, proposing(what, measure), w.NOW, *before
    codes = {"kind": "publish-codes", "list": "matters", "codes": [{"code": "N", "title": "New"}]}
    moved = passed(authority("civil.gd"))
    yield "codes published by the former authority", make("data steward", codes, "former"), w.NOW, \
        moved
    yield "codes published by the new authority", make("civil steward", codes, "new"), w.NOW, moved
    short = passed(params(record_bytes=1_024))
    long = w.dataset("health.gd/long", summary="x" * 1_024)
    yield "a record longer than newly allowed, in the same block", make(
        STEWARD, {"kind": "publish-dataset", "dataset": long}, "newly long"), w.NOW, short
    yield "rules of version 2 begin with the next block", make(
        STEWARD, {"kind": "revoke-grant", "grant": "G11", "reason": ""}, "v2"), w.NOW, passed(VERSION)


def leaving():
    """What those who left, and those whose hosting is over, do and are given."""
    gone = passed(removal("civil.gd"))
    yield "an act of one who left", make(OFFICER, {
        "kind": "withdraw-request", "request": "R35", "reason": ""}, "left"), w.NOW, gone
    yield "an access of one who left", give("left"), w.NOW, gone
    due = {"rule": "requester-left", "at": INDEX + 3}
    yield "its denial", make(GATEWAY, w.denial(w.attempt("rules gone", "G11"), due), "gone"), \
        w.NOW, gone
    issue = {"kind": "issue-grant", "terms": w.terms()}
    yield "a grant to one who left", make(STEWARD, issue, "to left"), w.NOW, gone
    approve = {"kind": "approve-request", "request": "R35", "terms": w.terms()}
    yield "a request of one who left approved", make(STEWARD, approve, "approve left"), w.NOW, gone
    refuse = {"kind": "refuse-request", "request": "R35", "legal_basis": "x", "reason": "left"}
    yield "a request of one who left refused", make(STEWARD, refuse, "refuse left"), w.NOW, gone
    gone = passed(removal("health.gd"))
    yield "an access to one who left", give("provider left"), w.NOW, gone
    yield "a request to one who left", opened("to left"), w.NOW, gone
    withdraw = {"kind": "withdraw-request", "request": "R35", "reason": ""}
    yield "a request to one who left taken back", make(OFFICER, withdraw, "back"), w.NOW, gone
    yield "an act of one who left, by its admin", make(
        "health.gd admin", w.register("health officer", "health.gd", "officer"), "admin left"), \
        w.NOW, gone
    yield from hosted()


def hosted():
    """A hosted member asks and provides until its time is over."""
    until = w.NOW + 1_000
    guest = passed(admitting(HOSTED, standing=hosting("civil.gd", until)))
    register = make(f"{HOSTED} admin", w.register("guest officer", HOSTED, "officer"), "guest")
    yield "an act of a guest", register, w.NOW, guest
    at = INDEX + 4
    register = [
        make(f"{HOSTED} admin", w.register(f"guest {role}", HOSTED, role), f"guest {role}")
        for role in ("officer", "steward", "gateway")
    ]
    granted = w.terms(requester=HOSTED)
    asks = guest + register + [make(STEWARD, {"kind": "issue-grant", "terms": granted}, "to guest")]
    more = {"requester": HOSTED, "officer": w.public("guest officer")}
    yield "an access of a guest", give("guest", "guest officer", grant=f"G{at + 3}", **more), w.NOW, \
        asks
    own = w.dataset(f"{HOSTED}/d")
    gives = guest + register + [
        make("guest steward", {"kind": "publish-dataset", "dataset": own}, "own",
             signers=[w.signer("guest steward", HOSTED, "steward")]),
        make("guest steward", {"kind": "issue-grant", "terms": w.terms(dataset=f"{HOSTED}/d")},
             "own grant", signers=[w.signer("guest steward", HOSTED, "steward")]),
    ]
    value = w.attempt("rules from guest", f"G{at + 4}", dataset=f"{HOSTED}/d")
    access = make("guest gateway", w.access(value), "from guest",
                  signers=[w.signer("guest gateway", HOSTED, "gateway")])
    yield "an access to a guest's data", access, w.NOW, gives
    yield from over()


def over():
    """The guest of the chain, village.gd, until its time is over, and after."""
    def moments(what, record):
        yield f"{what}, a moment before", record, w.SOON - 1
        yield f"{what}, at the end", record, w.SOON

    village = {"requester": "village.gd", "officer": w.public("village officer")}
    record = make("village.gd admin", w.register("v", "village.gd", "officer"), "village")
    yield from moments("an act of a guest", record)
    asks = give("village", "village officer", grant="G52", **village)
    yield from moments("an access of a guest", asks)
    gives = give("households", by="village gateway", grant="G51", dataset="village.gd/households")
    yield from moments("an access to a guest's data", gives)
    due = {"rule": "requester-hosting-over", "until": w.SOON}
    value = w.attempt("rules village", "G52", **village)
    denial = make(GATEWAY, w.denial(value, due, "village officer"), "village over")
    yield "a denial to a guest", denial
    request = opened("households", w.terms(dataset="village.gd/households"))
    yield from moments("a request to a guest", request)
    stays = standing("village.gd", hosting("health.gd"))
    yield "a guest may stay on when its time is over", record, w.NOW, passed(stays)
    yield "a sponsor leaves when its guest's time is over", proposing(
        "free", removal("civil.gd")), w.NOW


def closing():
    """The proposal of the chain, P53, until it is closed, and after."""
    for what, time in (("a moment before it closes", -1), ("when it closes", 0)):
        yield f"a ballot {what}", voting("closing", "P53", "data.gd admin"), CLOSES + time


def signed(name, kind, height, rnd, value, **more):
    """A message of a validator key at a position, and its signature."""
    if kind == "proposal":
        content = {"height": height, "round": rnd, "value": value, "polka_round": None,
                   "validator": w.public(name), **more}
        return content, w.sign(name, "proposal", w.CONSORTIUM, shapes.PROPOSAL.put(content))
    content = {"kind": kind, "height": height, "round": rnd, "value": value,
               "validator": w.public(name), **more}
    return content, w.sign(name, "vote", w.CONSORTIUM, shapes.VOTE.put(content))


def contradiction(first, second):
    """The two signed messages as an equivocation."""
    kind = "votes" if "kind" in first[0] else "proposals"
    return {kind: {"first": first[0], "first_signature": first[1], "second": second[0],
                   "second_signature": second[1]}}


ONE, OTHER = "11" * 32, "22" * 32
TAX = "tax.gd validator"
EQUIVOCATIONS = {
    "two prevotes": contradiction(
        signed(TAX, "prevote", 7, 1, ONE), signed(TAX, "prevote", 7, 1, OTHER)),
    "a precommit and one for nothing": contradiction(
        signed(TAX, "precommit", 7, 1, ONE), signed(TAX, "precommit", 7, 1, None)),
    "two proposals": contradiction(
        signed(TAX, "proposal", 7, 1, ONE), signed(TAX, "proposal", 7, 1, OTHER)),
    "one block with two polka rounds": contradiction(
        signed(TAX, "proposal", 7, 3, ONE, polka_round=1), signed(TAX, "proposal", 7, 3, ONE)),
}


def accusing(what, equivocation, by="civil.gd validator"):
    """A record of an equivocation."""
    return make(by, {"kind": "record-equivocation", "equivocation": equivocation}, f"accuse {what}")


def equivocations():
    """record-equivocation."""
    for what, value in EQUIVOCATIONS.items():
        yield f"an equivocation: {what}", accusing(what, value)
    votes = EQUIVOCATIONS["two prevotes"]
    yield "an equivocation put on the log by an admin", accusing("admin", votes, "civil.gd admin")
    yield "by its own author", accusing("author", votes, TAX)
    turned = contradiction(
        signed(TAX, "prevote", 7, 1, OTHER), signed(TAX, "prevote", 7, 1, None))
    known = [accusing("known", votes)]
    yield "an equivocation once more", accusing("again", votes, "data.gd validator"), w.NOW, known
    yield "the same place in other words", accusing("turned", turned), w.NOW, known
    yield "another place", accusing("elsewhere", contradiction(
        signed(TAX, "prevote", 7, 2, ONE), signed(TAX, "prevote", 7, 2, OTHER))), w.NOW, known
    for what, name in (("an unknown key", "nobody"), ("an admin's key", "tax.gd admin")):
        yield f"an equivocation of {what}", accusing(what, contradiction(
            signed(name, "prevote", 7, 1, ONE), signed(name, "prevote", 7, 1, OTHER)))
    yield "an equivocation of one who left", accusing("left", votes), w.NOW, passed(
        removal("tax.gd"))
    replaced = passed(replacing("tax.gd", TAX, new_key("tax.gd", "validator", 1)))
    yield "an equivocation of a key that was replaced", accusing("old", votes), w.NOW, replaced


def accusations():
    """Nonces of the statements by which nodes accuse."""
    for what, value in EQUIVOCATIONS.items():
        pair = next(iter(value.values()))["first"]
        place = {name: pair[name] for name in ("validator", "height", "round")}
        place["step"] = pair.get("kind", "proposal")
        for until in (w.NOW, 2**64 - 1):
            body = shapes.ACCUSATION.put({"place": place, "valid_until": until})
            yield {"equivocation": value, "consortium": w.CONSORTIUM.hex(), "valid_until": until,
                   "preimage": preimage("accusation", w.CONSORTIUM, body).hex(),
                   "nonce": accusation_nonce(w.CONSORTIUM, place, until).hex()}
