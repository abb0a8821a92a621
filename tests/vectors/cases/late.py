"""Cases about what goes in late: rules.json, records.json, values and actions."""

from . import world as w
from .answering import GATEWAY, OFFICER, UNTIL, act, make, paused
from .urgent import BEFORE, DATA, HOUR, INDEX, NAME, ended, helped, justified, then

SENT = w.NOW + 60_000  # until when what the gateway signed could have been committed
TIME = SENT + 1
NEW = "new gateway"
ACCESS = INDEX + len(BEFORE)


def attempt(what, **more):
    """What an officer asks while the network is cut."""
    fields = {"made_at": w.NOW, **more}
    return w.attempt(f"late {what}", fields.pop("grant", NAME), **fields)


def unsent(what, number=w.NEXT_NUMBER, by=GATEWAY, key=OFFICER, sealed=(), answer=None, until=SENT,
           value=None, signer=None, **more):
    """What the gateway signs then, as a later statement carries it."""
    action = w.access(value or attempt(what, **more), key, number, answer)
    signers = [signer or w.signer(by, "health.gd", "gateway")]
    statement = w.statement([by], action, f"late {what}", until, sealed, signers)
    record = w.signed([by], statement)
    return {"nonce": statement["nonce"], "valid_until": until, "gateway": signers[0],
            "sealed": list(sealed), "attempt": action["attempt"], "number": number,
            "answer": answer, "signature": record["signatures"][0]}


def embedded(what, record, missing=(), against=None, by=GATEWAY, time=TIME):
    """The record that takes it in."""
    return act(what, "embed-late", by, time + w.VALIDITY, record=record, missing=list(missing),
               against=against)


def sources():
    """All the cases, by what they are about."""
    return taken_in(), gateways(), numbers(), stood_against(), afterwards()


def taken_in():
    """embed-late: what is taken in."""
    before = then(BEFORE)
    yield "an access goes in late", embedded("plain", unsent("plain")), TIME, before
    full = unsent("full", sealed=w.SEALED, batch={"count": 500, "root": w.short("batch", 32)},
                  answer={"digest": w.short("answer late", 32), "reliable": True})
    yield "a batch goes in late", embedded("batch", full), TIME, before
    yield "an access goes in while it is still valid", embedded("early", unsent("early"), time=SENT), SENT, before
    yield "an access goes in late by another's gateway", embedded(
        "other", unsent("other"), by="health steward"), TIME, before
    long = w.NOW + 400 * HOUR
    yield "an access goes in long after the emergency", embedded(
        "long", unsent("long"), time=long), long, before


def gateways():
    """embed-late: the gateway of then."""
    before = then(BEFORE)
    yield "by a gateway that there is not", embedded("key", unsent("key", by=NEW)), TIME, before

    def registered(**more):
        action = w.register(NEW, "health.gd", "gateway", **more)
        return make("health.gd admin", action, "late gateway", TIME + w.VALIDITY)

    known = [*BEFORE, registered()]
    by_new = unsent("new", 1, NEW)
    yield "by a gateway that was registered before", embedded("new", by_new), TIME, then(known)
    later = [*before, (registered(), TIME)]
    yield "by a gateway that was registered since", embedded("since", by_new), TIME, later
    ends = w.NOW + 1_000
    limited = then([*BEFORE, registered(valid_until=ends)])
    for what, made_at in (("before it ran out", ends - 1), ("as it had run out", ends)):
        late = unsent(what, 1, NEW, made_at=made_at)
        yield f"by a gateway {what}", embedded(what, late), TIME, limited

    def revoked(since):
        action = {"kind": "revoke-key", "key": w.public(NEW), "reason": "Replaced",
                  "suspect_since": since}
        return make("health.gd admin", action, f"late revocation {since}", TIME + w.VALIDITY)

    for what, since, made_at in (
        ("revoked since", None, w.NOW), ("revoked before", None, SENT + 1),
        ("under suspicion since after", w.NOW + 2, w.NOW + 1),
        ("under suspicion since before", w.NOW + 2, w.NOW + 2),
    ):
        late = unsent(what, 1, NEW, made_at=made_at)
        before = [*then(known), (revoked(since), SENT)]
        yield f"by a gateway {what}", embedded(what, late), TIME, before
    for what, signer in (
        ("of another agency", w.signer(GATEWAY, "tax.gd", "gateway")),
        ("in another role", w.signer(GATEWAY, "health.gd", "steward")),
    ):
        late = unsent(what, signer=signer)
        yield f"by a key stated as {what}", embedded(what, late), TIME, then(BEFORE)


def numbers():
    """embed-late: the order of numbers."""
    before, first = then(BEFORE), w.NEXT_NUMBER
    once = [*before, (embedded("once", unsent("once")), TIME)]
    yield "what went in late goes in again", embedded("again", unsent("once")), TIME, once
    committed = then([*BEFORE, helped("first")])
    yield "under a number that was committed", embedded("used", unsent("used")), TIME, committed
    second = unsent("second", first + 1)
    yield "out of order", embedded("out", second), TIME, before
    yield "out of order, and said", embedded("said", second, [first]), TIME, before
    yield "in order, and another named", embedded("more", unsent("more"), [first - 1]), TIME, before
    yield "its own number named", embedded("own", unsent("own"), [first]), TIME, before
    left = [*before, (embedded("said", second, [first]), TIME)]
    yield "what was left out", embedded("left", unsent("left")), TIME, left
    far = unsent("far", first + 1_024)
    all_left = range(first, first + 1_024)
    yield "more left out than a record has room for", embedded("far", far, all_left), TIME, before
    too_far = unsent("too far", first + 1_025)
    yield "too many left out", embedded("too far", too_far), TIME, before
    yield "number 0", embedded("zero", unsent("zero", 0)), TIME, before


def stood_against():
    """embed-late: what stood against it."""
    used = {"rule": "exchange-used"}
    before = then(BEFORE)
    yield "nothing stood against it, and something is named", embedded(
        "none", unsent("none"), against=used), TIME, before
    over = w.NOW + 48 * HOUR
    clinics = "health.gd/clinics"
    for what, due, more, then_ in (
        ("another matter", {"rule": "emergency-matter", "matter": "LOW-INCOME"}, {"matter": "HOUSING"}, ()),
        ("other data", {"rule": "dataset-not-opened", "dataset": clinics}, {"dataset": clinics}, ()),
        ("no emergency", {"rule": "no-such-emergency", "emergency": "E11"}, {"grant": "E11"}, ()),
        ("before it was declared", {"rule": "emergency-not-yet", "from": w.NOW}, {"made_at": w.NOW - 1}, ()),
        ("too long an attempt", {"rule": "attempt-too-long"},
            {"made_at": w.NOW, "valid_until": w.NOW + 24 * HOUR + 1}, ()),
        ("an attempt that was over", {"rule": "attempt-expired", "until": w.NOW - 1},
            {"valid_until": w.NOW - 1}, ()),
        ("what is not listed", {"rule": "item-not-listed", "item": "any"}, {"items": {"only": ["any"]}}, ()),
        ("an ended emergency", {"rule": "emergency-ended", "since": w.NOW}, {}, (ended("late"),)),
        ("suspended data", {"rule": "dataset-suspended", "at": ACCESS}, {}, (paused("late"),)),
    ):
        so = then([*BEFORE, *then_])
        late = unsent(what, **more)
        yield f"{what}, and nothing named", embedded(f"{what} bare", late), TIME, so
        yield f"{what}, named", embedded(f"{what} named", late, against=due), TIME, so
        yield f"{what}, and another named", embedded(f"{what} other", late, against=used), TIME, so
    after = over + 1
    asked = unsent("over", made_at=over, until=over, valid_until=over + HOUR)
    due = {"rule": "emergency-ended", "since": over}
    yield "asked at the end", embedded("over", asked, against=due, time=after), after, before
    last = unsent("last", made_at=over - 1, until=over, valid_until=over + HOUR)
    yield "asked a moment before the end", embedded("last", last, time=after), after, before
    ahead = unsent("ahead", made_at=TIME + HOUR, valid_until=TIME + HOUR)
    yield "asked when it is not yet", embedded("ahead", ahead), TIME, before
    paused_since = [*before, (paused("since"), SENT)]
    yield "data suspended since", embedded("since", unsent("since")), TIME, paused_since
    record = make(GATEWAY, w.access(attempt("twice")), "late committed", w.NOW + w.VALIDITY)
    twice = unsent("twice", w.NEXT_NUMBER + 1)
    so = then([*BEFORE, record])
    yield "an attempt that was recorded in time", embedded("twice", twice), TIME, so
    yield "the same, named", embedded("twice named", twice, against=used), TIME, so
    after = w.NOW + 30 * HOUR
    yield "the same when the window has forgotten it", embedded(
        "forgotten", twice, time=after), after, so
    taken = [*before, (embedded("taken", unsent("taken")), TIME)]
    again = make(GATEWAY, w.access(attempt("taken"), number=w.NEXT_NUMBER + 1), "late again", TIME + w.VALIDITY)
    yield "an attempt that went in late, recorded as new", again, TIME, taken


def afterwards():
    """What follows for an access that went in late."""
    taken = [*then(BEFORE), (embedded("after", unsent("after")), TIME)]
    yield "a late access justified", justified("after", (ACCESS,), time=TIME), TIME, taken
    one = w.received("late after", ACCESS)
    said = act("late", "acknowledge-access", OFFICER, TIME + w.VALIDITY, grant=NAME, accesses=[one])
    yield "a late access acknowledged", said, TIME, taken
    due = {"rule": "dataset-not-opened", "dataset": "health.gd/clinics"}
    late = unsent("clinics", dataset="health.gd/clinics")
    against = [*then(BEFORE), (embedded("clinics", late, against=due), TIME)]
    uncounted = justified("uncounted", (ACCESS,), time=TIME)
    yield "what does not count justified", uncounted, TIME, against


def actions():
    """Who signs, and what, of the action."""
    yield GATEWAY, {"kind": "embed-late", "record": unsent("action"), "missing": [], "against": None}
    answer = {"digest": w.short("answer late", 32), "reliable": False}
    full = unsent("action full", 9, sealed=w.SEALED, answer=answer)
    yield GATEWAY, {"kind": "embed-late", "record": full, "missing": [5, 7],
                    "against": {"rule": "emergency-not-yet", "from": w.NOW}}


def malformed():
    """What has not the form, by its rule."""
    late = unsent("form")

    def put(what, record):
        return make(GATEWAY, {"kind": "embed-late", "record": record, "missing": [], "against": None},
                    f"late form {what}", UNTIL)

    yield "an access under a grant that goes in late", put("grant", unsent("form grant", grant="G11")), (
        "late-not-urgent")
    many = [w.short(f"late sealed {at}", 32) for at in range(17)]
    yield "a late access with 17 commitments", put("sealed", unsent("form sealed", sealed=many)), (
        "sealed-count")
    for what, more in (("number", {"number": 6}), ("time", {"valid_until": SENT + 1}),
                       ("nonce", {"nonce": w.short("another")}), ("answer", {"answer": {
                           "digest": w.short("late", 32), "reliable": False}})):
        yield f"a late access under another {what}", put(what, {**late, **more}), "late-bad-signature"
    bare = unsent("form items", items={"only": []})
    yield "a late access to nothing", put("items", bare), "attempt-without-items"
    forged = unsent("form forged", key="tax officer")
    yield "a late access with another officer's signature", put("forged", forged), "attempt-bad-signature"
    other = unsent("form other", consortium="00" * 32)
    yield "a late access of another consortium", put("other", other), "attempt-wrong-consortium"
