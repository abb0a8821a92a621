"""Cases of rules.json about the two legs of an exchange; batches.json: batches, answers, and legs that
do not match."""

from comity.hashing import answer_hash, batched_commitment, leaf_hash
from comity.trees import log_path, log_root

from . import world as w
from .answering import GATEWAY, INDEX, OFFICER, STEWARD, UNTIL, act, amended, make

RECEIVER = "civil steward"


def sources():
    """All the cases, by what they are about."""
    return numbers(), batches(), answers(), acknowledgements()


def numbered(what, number, grant="G11", **more):
    """A record of an access under a number."""
    value = w.attempt(f"rules {what}", grant, **more)
    return make(GATEWAY, w.access(value, number=number), f"access {what}")


def numbers():
    """record-access and record-denial: the gateway's numbers."""
    yield "a number that was used", numbered("used number", 4)
    yield "number 0", numbered("number 0", 0)
    yield "the next number", numbered("next number", 5)
    yield "a number that leaves one out", numbered("number 6", 6)
    later = numbered("number 9", 9)
    yield "a number that was left out", numbered("number 7", 7), w.NOW, [later]
    yield "a number that was left out, used meanwhile", numbered("number 7 too", 7), w.NOW, [
        later, numbered("number 7", 7)]
    yield "the last number after others were left out", numbered("number 9 too", 9), w.NOW, [later]
    yield "a number that leaves out as many as may be", numbered("far", 4 + 1_025)
    yield "a number that leaves out one more", numbered("too far", 4 + 1_026)
    yield "the greatest number", numbered("greatest", 2**64 - 1)
    full = [numbered("far", 4 + 1_025)]
    yield "the next number when as many are left out as may be", numbered(
        "after far", 4 + 1_026), w.NOW, full
    yield "one that leaves out more then", numbered("after far too", 4 + 1_027), w.NOW, full
    refusal = {"rule": "mode-not-covered"}
    value = w.attempt("rules denied number", "G11", mode="batch")
    for number in (4, 5):
        yield f"a denial under number {number}", make(
            GATEWAY, w.denial(value, refusal, number=number), f"denied {number}")
    yield "an access under the number of a denial", numbered("denied number", 5), w.NOW, [
        make(GATEWAY, w.denial(value, refusal), "denied")]
    used = w.access(w.attempt("one", "G11"), number=4)
    yield "a used exchange under a used number", make(GATEWAY, used, "both used")


def batched(what, count, grant="G11", number=5):
    """A record of an access for many at once."""
    value = w.attempt(f"rules {what}", grant, batch={"count": count, "root": w.short("batch", 32)})
    return make(GATEWAY, w.access(value, number=number), f"batch {what}")


def batches():
    """record-access: quotas of batches."""
    limited = act("batches", "issue-grant", terms=w.terms(total_quota=10, daily_quota=7))
    grant = f"G{INDEX}"
    yield "a batch", batched("plain", 500)
    yield "a batch of as many as are left of the day", batched("day", 7, grant), w.NOW, [limited]
    yield "a batch of one more than are left of the day", batched("day 2", 8, grant), w.NOW, [limited]
    yield "a batch of more than there are in all", batched("all", 11, grant), w.NOW, [limited]
    first = batched("first", 5, grant)
    yield "a second batch on the day", batched("second", 3, grant, 6), w.NOW, [limited, first]
    yield "a second batch that fits", batched("fits", 2, grant, 6), w.NOW, [limited, first]
    yield "a batch of a used total quota", batched("total", 2, "G15")


def answers():
    """record-access: what the gateway says to have handed over."""
    def answered(what, reliable, **more):
        answer = {"digest": w.short(f"answer {what}", 32), "reliable": reliable}
        value = w.attempt(f"rules {what}", "G11", **more)
        return make(GATEWAY, w.access(value, answer=answer), f"answer {what}")

    declared = amended(reliable=True)
    yield "an answer with its hash", answered("hash", False)
    yield "an answer declared reliable where none are", answered("not", True)
    yield "an answer declared reliable", answered("declared", True), w.NOW, [declared]
    yield "an answer to a query declared reliable", answered("query", True, mode="query"), w.NOW, [
        declared]
    yield "a plain answer from a reliable dataset", answered("plain", False), w.NOW, [declared]


def acknowledgements():
    """acknowledge-access."""
    def said(what, accesses, by=OFFICER, grant="G11"):
        return act(what, "acknowledge-access", by, grant=grant, accesses=accesses)

    one = w.received("one", 21)
    gateway = [make("civil.gd admin", w.register("civil gateway", "civil.gd", "gateway"), "receiver")]
    signers = [w.signer("civil gateway", "civil.gd", "gateway")]
    by_gateway = make("civil gateway", {"kind": "acknowledge-access", "grant": "G11",
                                        "accesses": [one]}, "by gateway", signers=signers)
    yield "an access acknowledged", said("plain", [one])
    yield "an access acknowledged by a gateway", by_gateway, w.NOW, gateway
    yield "an access acknowledged by a steward", said("steward", [one], RECEIVER)
    yield "an access acknowledged by the provider", said("provider", [one], GATEWAY)
    yield "an access acknowledged by another", said("other", [one], "tax officer")
    yield "an access acknowledged under no grant", said("none", [one], grant="G10")
    yield "an access acknowledged after the grant was revoked", said("late", [one]), w.NOW, [
        act("late", "revoke-grant", grant="G11", reason="Ended")]
    yield "nothing acknowledged", said("empty", [])
    many = [{**one, "exchange": f"{at:032x}"} for at in range(257)]
    yield "257 accesses acknowledged", said("many", many[:257])
    yield "16 accesses acknowledged", said("few", many[:16])
    yield "an exchange acknowledged twice", said("twice", [one, {**one, "access": 22}])
    yield "an exchange acknowledged again, in another record", said("again", [one]), w.NOW, [
        said("first", [one])]
    yield "an access before its grant acknowledged", said("before", [w.received("one", 11)])
    yield "an access to come acknowledged", said("to come", [w.received("one", INDEX)])
    yield "an access that is not there acknowledged", said("invented", [w.received("x", 12)])
    for count in (0, 65_536, 65_537):
        yield f"{count} answers acknowledged", said(f"{count}", [{**one, "count": count}])


def proven():
    """Batches with the path of each access, and hashes of answers."""
    for count in (2, 3, 7, 8):
        accesses = [{"salt": w.short(f"batched {at}", 32), "text": f"case {at} 案"}
                    for at in range(count)]
        commitments = [batched_commitment(w.CONSORTIUM, one) for one in accesses]
        leaves = [leaf_hash(one) for one in commitments]
        for at, one in enumerate(accesses):
            yield {"batch": {"count": count, "root": log_root(leaves).hex()}, "place": at, "access": one,
                   "commitment": commitments[at].hex(),
                   "path": [step.hex() for step in log_path(at, leaves)]}


def hashed():
    """Hashes of what was handed over."""
    for what in (b"", b"yes", "是".encode()):
        exchange, salt = w.short("exchange one"), w.short("answer salt", 32)
        digest = answer_hash(w.CONSORTIUM, exchange, salt, what.hex())
        yield {"exchange": exchange, "salt": salt, "answer": what.hex(), "hash": digest.hex()}


def cases():
    """The cases of batches.json."""
    yield from proven()
    yield from hashed()
