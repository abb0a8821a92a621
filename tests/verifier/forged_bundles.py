"""Evidence bundles that all validators certified, and that are still not of one piece.

Holds: entries and proofs verify; only the state was changed, in a block after the last.
"""

from cases import world as w
from comity import shapes
from comity.forms import select
from comity.hashing import header_hash
from comity.proofs import proof_file
from comity.trees import StateTree
from comity.wire import decode

import bundles
import genuine_bundles as genuine
from genuine_bundles import STORY, USED, as_of

OFFICER, GATEWAY = w.public("civil officer"), w.public("health gateway")


def replaced_as_of(header, state, entries=None, case=USED, **more):
    """The bundle with the state of another header, and the manifest to fit."""
    members = case.members(entries)
    members["state.proof"] = state
    return case.packed(members, as_of=as_of(header), **more)


def sibling(header, **fields):
    """A header changed, with no change of validators before it, certified by all."""
    value = {**header, **fields}
    certificate = w.certificate(value["height"], value["proposal_round"], header_hash(value).hex())
    return {"changes": [], "header": value, "certificate": certificate}


def forged_extract(keys, state, header, path):
    """The proof file of what a state holds, certified or not."""
    tree = StateTree(w.CONSORTIUM, state)
    claims = [{"key": key.hex(), "value": state[key].hex() if key in state else None,
               "proof": tree.prove(key)} for key in sorted(keys)]
    return proof_file({"extract": {"claims": claims, "path": {**path, "header": header}}})


def with_state(change, case=USED):
    """The bundle with the state changed, of a block after the last."""
    story = case.story
    held = dict(story.ledger.state)
    change(held)
    tree, header = StateTree(w.CONSORTIUM, held), story.blocks[-1]["header"]
    later = sibling(header, height=header["height"] + 1, time=header["time"] + 1_000,
                    parent=header_hash(header).hex(), first_index=header["log_size"],
                    state_root=tree.root().hex(), proposer=proposer_after(header, story))
    return replaced_as_of(later["header"], forged_extract(case.keys, held, later["header"], later), case=case)


def put(key, shape, **more):
    """A change of the state: another value in fields of an object, or what a function makes of the value."""
    def change(held):
        value = decode(shape, held[key], len(held[key]))
        held[key] = shape.put({**value, **{name: one(value) if callable(one) else one
                                           for name, one in more.items()}})
    return change


def drop(key):
    """A change of the state: an object less."""
    return lambda held: held.pop(key)


def hold(key, data):
    """A change of the state: other bytes under a key."""
    return lambda held: held.update({key: data})


def proposer_after(header, story):
    """Whose turn the next height is."""
    members = story.ledger.validators
    return members[select(members, header["height"] + 1, header["proposal_round"])]["agency"]


def forged(chance):
    """Certified by all validators, and still not of one piece."""
    grant, usage = (letter + (11).to_bytes(8, "big") for letter in (b"g", b"u"))
    officer, gateway = (b"k" + bytes.fromhex(key) for key in (OFFICER, GATEWAY))
    dataset = b"dhealth.gd/vaccinations"

    assert bundles.verify(w.GENESIS, with_state(lambda held: None)).get("fault") is None
    yield "a value of another type", with_state(hold(usage, b"\1")), "state: unreadable"
    yield "a grant that is none", with_state(hold(grant, bytes(40))), "state: unreadable"
    for what, more, due in (
        ("a grant issued elsewhere", {"issued_at": 12}, "positions: missing"),
        ("a grant issued by another act", {"issued_at": 7}, "positions: other"),
        ("a grant of other terms", {"terms": w.terms(conditions=[1])}, "positions: other"),
        ("a grant on request", {"request": "R28"}, "objects: missing"),
        ("a grant revoked by another act", {"revoked": {"at": 76, "reason": "", "on": w.NOW}}, "positions: other"),
        ("a grant suspended by another act", {"suspensions": [
            {"at": 69, "reason": "", "ended_at": None, "on": w.NOW}]}, "positions: other"),
    ):
        yield what, with_state(put(grant, shapes.GRANT, **more)), due
    for what, more, due in (
        ("a dataset published elsewhere", {"published_at": 11}, "positions: other"),
        ("a dataset of another version", {"version_at": 7}, "positions: other"),
        ("a dataset of versions that are not there", {"version": 9}, "objects: missing"),
        ("a dataset never suspended", {"suspensions": []}, "judgements: otherwise"),
        ("a dataset withdrawn by another act", {"withdrawals": [
            {"at": 69, "reason": "", "ended_at": None, "on": w.NOW}]}, "positions: other"),
    ):
        yield what, with_state(put(dataset, shapes.PUBLISHED_DATASET, **more)), due
    for what, total in (("uses hidden", 1), ("uses invented", 3), ("no use", 0)):
        yield what, with_state(put(usage, shapes.USAGE, total=total)), "accesses: count"
    yield "a use without a count", with_state(drop(usage)), "accesses: count"
    for what, key, more, due in (
        ("a signer's key of another agency", gateway, {"agency": "tax.gd"}, "signers: other"),
        ("a signer's key in another role", gateway, {"role": "steward"}, "signers: other"),
        ("a key registered later", gateway, {"registered_at": 75}, "positions: other"),
        ("a key revoked before", gateway, {"revoked": {
            "at": 19, "reason": "", "suspect_since": None, "on": w.TIMES[0]}}, "positions: other"),
        ("a signer's key that expired", gateway, {"valid_until": w.TIMES[2]}, "signers: expired"),
        ("an officer's key that expired", officer, {"valid_until": w.TIMES[2]}, "judgements: otherwise"),
        ("an officer's key in another role", officer, {"role": "auditor"}, "judgements: otherwise"),
    ):
        yield what, with_state(put(key, shapes.KEY, **more)), due
    with_code = genuine.Case(USED.case, USED.entries, [*USED.keys, b"mCARE"], openings=genuine.OPENED)
    assert bundles.verify(w.GENESIS, with_state(lambda held: None, with_code)).get("fault") is None
    yield "a code of another title", with_state(
        put(b"mCARE", shapes.PUBLISHED_CODE, title="Care of others"), with_code), "positions: other"
    yield "a code of another list", with_state(
        hold(b"bCARE", STORY.ledger.state[b"mCARE"]),
        genuine.Case(USED.case, with_code.entries, [*with_code.keys, b"bCARE"])), "positions: other"
    yield "a signer's key that is not there", with_state(drop(gateway)), "signers: unknown"
    yield "an officer's key that is not there", with_state(drop(officer)), "judgements: otherwise"
    gone = shapes.DEPARTURE.put({"at": 46, "on": w.TIMES[5], "reason": "Closed"})
    joined = genuine.grant("G52")
    for what, agency, due in (("a signer's agency that left before", "health.gd", "signers: left"),
                              ("a requester that left before", "village.gd", "signers: left")):
        yield what, with_state(hold(b"x" + agency.encode(), gone), joined), due
    hosted = put(b"avillage.gd", shapes.AGENCY, standing="observer")
    assert bundles.verify(w.GENESIS, with_state(hosted, joined)).get("fault") is None
    params = {**w.GENESIS["params"], "day_offset_minutes": -600}
    daily = genuine.grant("G16")
    other = with_state(hold(b"p", shapes.PARAMS.put(params)), daily)
    assert bundles.verify(w.GENESIS, other)["judgements"] == {23: "quota", 59: "quota"}
