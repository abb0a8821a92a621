"""Archives whose records of grants that bind and of two legs were tampered with: (what, bytes, due), as in
tampered_archives.

Holds: what is changed is signed again by whoever the case says; all hashes are made to fit, and all validators certified it.
"""

from cases import world as w
from comity import shapes
from comity.wire import decode

from genuine import Draft
from genuine_bound import BOUND

# Blocks of the story, by what they hold, with the index of their first entry.
ISSUED, USED, CHANGED = (9, 78), (10, 86), (11, 99)


def statement_of(record):
    """What a record in hexadecimal states, and its signatures."""
    data = bytes.fromhex(record)
    return decode(shapes.SIGNED_RECORD, data, len(data))


def resigned(record, by, change, officer=None):
    """A record with its action changed, signed again; the attempt in it too, where an officer does."""
    statement = statement_of(record)["statement"]
    action = statement["action"]
    change(action)
    if officer:
        action["attempt"] = w.signed_attempt(officer, action["attempt"]["attempt"])
    return shapes.SIGNED_RECORD.put(w.signed([by], statement)).hex()


def archive(block, index, by, change, officer=None):
    """The archive with one record changed."""
    place, first = block
    draft = Draft(BOUND)
    records = draft.blocks[place]["records"]
    records[index - first] = resigned(records[index - first], by, change, officer)
    return draft.remade(place, True).archive()


def without(block, index):
    """The archive without a record."""
    place, first = block
    draft = Draft(BOUND)
    draft.blocks[place]["records"].pop(index - first)
    return draft.remade(place, True).archive()


def fields(**values):
    """A change of fields of an action."""
    return lambda action: action.update(values)


def batch(**values):
    """A change of the batch in an attempt."""
    return lambda action: action["attempt"]["attempt"]["batch"].update(values)


def terms(**values):
    """A change of terms in an action."""
    return lambda action: action["terms"].update(values)


def accesses(*values):
    """A change of what an acknowledgement is of."""
    def change(action):
        own = action["accesses"][0]
        action["accesses"] = [{**own, **value} for value in values]
    return change


def numbers(chance):
    """Gateways' numbers used again, left out, or far ahead."""
    gateway = "health gateway 2"
    for what, index, number, due in (
        ("0", 86, 0, "record 0: gateway-number"), ("used again", 87, 1, "record 1: gateway-number"),
        ("of the next record", 86, 2, "record 1: gateway-number"),
        ("as far ahead as may be", 86, 1_025, "header: state_root"),
        ("further ahead", 86, 1_026, "record 0: gateway-number-ahead"), ("left out", 98, 8, "header: state_root"),
    ):
        yield what, archive(USED, index, gateway, fields(number=number)), due
    yield "of a denial that was kept back", without(USED, 87), "header: state_root"
    yield "of the last denial that was kept back", without(CHANGED, 112), "header: state_root"


def batches(chance):
    """Batches of another count or root."""
    gateway, officer = "health gateway 2", "tax officer"
    for what, change, by, due in (
        ("one more, the officer did not sign", batch(count=4), None, "form of record 0: attempt-bad-signature"),
        ("another root, the officer did not sign", batch(root="ee" * 32), None, "form of record 0: attempt-bad-signature"),
        ("none, the officer did not sign", lambda action: action["attempt"]["attempt"].update(batch=None), None,
         "form of record 0: attempt-bad-signature"),
        ("of one", batch(count=1), officer, "form of record 0: attempt-batch-count"),
        ("of too many", batch(count=65_537), officer, "form of record 0: attempt-batch-count"),
        ("beyond the quota", batch(count=7), officer, "record 0: quota-used"),
        ("one less", batch(count=2), officer, "record 1: denial-not-due"),
    ):
        yield what, archive(USED, 86, gateway, change, by), due
    few = archive(USED, 93, gateway, lambda action: action["refusal"].update(because="daily-quota-used"))
    yield "another rule of the grant above", few, "record 7: denial-mismatch"


def legs(chance):
    """Answers that may not be relied on; acknowledgements of what cannot be."""
    reliable = {"digest": "ee" * 32, "reliable": True}
    yield "a query declared reliable", archive(USED, 95, "health gateway 2", fields(answer=reliable)), \
        "record 9: not-reliable"
    officer = "tax officer"
    for what, change, due in (
        ("of nothing", accesses(), "acknowledged-count"), ("twice", accesses({}, {"access": 87}), "acknowledged-twice"),
        ("of one to come", accesses({"access": 95}), "no-access-there"),
        ("of one before the grant", accesses({"access": 21}), "no-access-there"),
        ("of no answer", accesses({"count": 0}), "received-count"),
        ("under no grant", fields(grant="G81"), "grant-unknown"), ("under another grant", fields(grant="G82"), "wrong-signer"),
    ):
        yield f"acknowledged: {what}", archive(USED, 90, officer, change), f"record 4: {due}"
    yield "an acknowledgement left out", without(USED, 90), "header: state_root"


def bound(chance):
    """Grants passed on, narrowed and extended beyond what they may be."""
    for what, change, due in (
        ("without a limit", terms(total_quota=None), "onward-beyond"),
        ("to another", terms(requester="univ.gd"), "onward-not-allowed"),
        ("for longer", terms(not_after=w.terms()["not_after"] + 1), "onward-beyond"),
        ("to be passed on", terms(onward=["data.gd"]), "onward-again"),
        ("with less undertaken", terms(undertakings=[]), "onward-beyond"),
        ("from a grant that may not be", fields(parent="G11"), "onward-not-allowed"),
    ):
        yield f"passed on {what}", archive(ISSUED, 83, "civil steward", change), f"record 5: {due}"
    for what, index, by, change, due in (
        ("narrowed to more", 92, "health steward", terms(total_quota=11), "record 6: narrowing-beyond"),
        ("narrowed in an old version", 92, "health steward", fields(version=2), "record 6: grant-changed"),
        ("extended for another", 94, "health steward", terms(requester="tax.gd"), "record 8: extension-of-other"),
        ("extended with less undertaken", 94, "health steward", terms(undertakings=[]), "record 8: undertakings-kept"),
        ("extended on a condition that is not stated", 94, "health steward", terms(conditions=[3]),
         "record 8: condition-not-stated"),
        ("what nobody undertook", 96, "civil steward", fields(number=9), "record 10: undertaking-unknown"),
        ("what the other side undertook", 96, "civil steward", fields(number=3), "record 10: wrong-signer"),
        ("fulfilled without a word", 96, "civil steward", fields(note=""), "record 10: fulfilment-without-note"),
    ):
        yield what, archive(USED, index, by, change), due


FAMILIES = (numbers, batches, legs, bound)
