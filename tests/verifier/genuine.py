"""What is tampered with: two ledgers of the vectors' consortium and one of another, with their keys.

Holds: everything here verifies; the keys are those of tests/vectors, which everybody knows.
"""

import copy
import itertools

from cases import governing, world as w
from comity import shapes
from comity.chain import archive
from comity.hashing import body_hash, certificate_hash, commitment, header_hash, leaf_hash
from comity.trees import log_root

UNTIL = w.TIMES[2] + w.VALIDITY


def steward(agency, name="", consortium=w.CONSORTIUM, by=None):
    """A record by which an agency registers a steward."""
    key = f"tampering {agency} {name}"
    action = w.register(key, agency, "steward", consortium=consortium)
    return w.record(by or f"{agency} admin", action, key, UNTIL, consortium=consortium)


class Story(w.Chain):
    """A chain that keeps who certified each block, and who was to rule after it."""

    def __init__(self, genesis=None):
        super().__init__(genesis)
        self.agencies, self.next_sets = [], []

    def push(self, records, time, rnd=0, agencies=tuple(w.VALIDATORS), precommit_round=None):
        super().push(records, time, rnd, list(agencies), precommit_round)
        self.agencies.append(list(agencies))
        self.next_sets.append(self.ledger.validators)
        self.last = time

    @property
    def size(self):
        """The index of the next entry."""
        return self.ledger.log.size

    def tell(self, what, acts):
        """A block of these acts, a second after the last one."""
        time = self.last + 1_000
        self.push([one if isinstance(one, bytes) else
                   w.record(one[0], one[1], f"told {what} {n}", time + w.VALIDITY, sealed=one[2])
                   for n, one in enumerate(acts)], time)


def settled():
    """The chain of the vectors' story, whose validators never change."""
    story = Story()
    story.push(w.first_records(), w.TIMES[0])
    story.push(w.second_records(), w.TIMES[1], rnd=1, agencies=w.VALIDATORS[1:])
    story.push(w.third_records(), w.TIMES[2], precommit_round=1)
    story.push(w.fourth_records(), w.TIMES[3])
    return story


def moving():
    """A chain in which a validator comes and another goes."""
    story, everyone = Story(), w.VALIDATORS + [w.NEW]
    left = [agency for agency in everyone if agency != "tax.gd"]
    coming = governing.passing("tampering in", w.admitting(w.NEW), 0)
    story.push(coming, w.TIMES[0])
    voters = w.GOVERNORS + [f"{w.NEW} admin"]
    going = governing.passing("tampering out", governing.removal("tax.gd"), len(coming), voters)
    story.push(going, w.TIMES[1], agencies=everyone)
    story.push([steward("civil.gd"), steward("health.gd"), steward("data.gd")], w.TIMES[2],
               agencies=left)
    story.push([], w.TIMES[3], agencies=left)
    story.push([steward(w.NEW), steward("civil.gd", "again")], w.TIMES[4], agencies=left)
    return story


def told():
    """The story of the vectors, told on: accesses and denials of many kinds, sealed details, a dataset that
    changes, and a hosted member whose time is over."""
    story = Story()
    for records, time, more in (
        (w.first_records(), w.TIMES[0], {}),
        (w.second_records(), w.TIMES[1], {"rnd": 1, "agencies": w.VALIDATORS[1:]}),
        (w.third_records(), w.TIMES[2], {"precommit_round": 1}), (w.fourth_records(), w.TIMES[3], {}),
        (w.fifth_records(), w.TIMES[4], {}), (w.sixth_records(), w.TIMES[5], {}),
    ):
        story.push(records, time, **more)
    numbers = itertools.count(w.NEXT_NUMBER)
    for at, acts in enumerate((seventh(), eighth(), ninth())):
        time = w.TIMES[5] + (1_000, 2_000, 60_000)[at]
        story.push([w.record(by, numbered(action, numbers), f"told {at} {n}", time + w.VALIDITY, sealed=sealed)
                    for n, (by, action, sealed) in enumerate(acts)], time)
    return story


def told_on():
    """That story, and an emergency after it; `helped` is its first access."""
    story = told()
    story.helped = told_urgently(story)
    return story


def numbered(action, numbers):
    """An action with the gateway's next number, if it has one."""
    return {**action, "number": next(numbers)} if "attempt" in action else action


OPENINGS = {name: w.opening(detail, text, f"told {name}") for name, detail, text in (
    ("case", "case-number", "2026-0117"), ("purpose", "purpose", "低保复核"),
    ("rows", "row-filter", "born before 1950"))}


def sealed(name):
    """The commitment of an opening, in hexadecimal."""
    return commitment(w.CONSORTIUM, OPENINGS[name]).hex()


def refused(exchange, under, rule, by="civil officer", more=None, **fields):
    """A denial by the gateway of health.gd, for a reason."""
    asked = w.attempt(exchange, under, officer=w.public(by), **(more or {}))
    return "health gateway", w.denial(asked, {"rule": rule, **fields}, by), []


def seventh():
    """Entry 56 on: an access with sealed details, and refusals for what was used up or ended."""
    asked = w.attempt("five", "G11", sealed=[sealed("purpose"), sealed("rows")])
    return [
        ("health gateway", w.access(asked), [w.SEALED[0], sealed("case")]),
        refused("one", "G11", "exchange-used"),
        refused("six", "G15", "quota-used", limit=1),
        refused("seven", "G16", "daily-quota-used", limit=1),
        refused("eight", "G12", "grant-revoked", at=20),
        refused("nine", "G11", "officer-revoked", by="civil officer revoked", at=19),
        refused("ten", "G9", "no-such-grant", grant="G9"),
        refused("eleven", "G11", "officer-unknown", by="a stranger"),
        refused("twelve", "G11", "item-not-covered", more={"items": {"only": ["vaccine"]}}, item="vaccine"),
    ]


def eighth():
    """Entry 65 on: the dataset loses an item and is suspended; what that refuses."""
    fewer = {**w.DATASETS[0], "items": w.DATASETS[0]["items"][::2], "modes": ["query"]}
    name = fewer["id"]
    query = {"mode": "query", "items": {"only": ["\u59d3\u540d"]}}
    return [
        ("health steward", {"kind": "amend-dataset", "dataset": fewer, "version": 1}, []),
        refused("thirteen", "G11", "item-not-listed", more={"mode": "query"}, item="dose date"),
        refused("fourteen", "G11", "mode-no-longer-offered", more={**query, "mode": "verify"}),
        ("health gateway", w.access(w.attempt("fifteen", "G29", matter="SCHOOL", **query)), []),
        ("health steward", {"kind": "suspend-dataset", "dataset": name, "reason": "Being checked"}, []),
        refused("sixteen", "G11", "dataset-suspended", more=query, at=69),
        ("health steward", {"kind": "resume-dataset", "dataset": name}, []),
        ("health steward", {"kind": "revoke-grant", "grant": "G29", "reason": "The case is closed"}, []),
    ]


def ninth():
    """Entry 73 on: the hosted member's time is over; a gateway's key is replaced."""
    other = "health gateway 2"
    asked = {"requester": "village.gd"}
    return [
        refused("seventeen", "G52", "requester-hosting-over", by="village officer", more=asked, until=w.SOON),
        ("health.gd admin", w.register(other, "health.gd", "gateway"), []),
        ("health.gd admin", {"kind": "revoke-key", "key": w.public("health gateway"),
                             "reason": "Replaced", "suspect_since": None}, []),
        ("civil.gd admin", {"kind": "revoke-key", "key": w.public("civil officer"),
                            "reason": "Moved on", "suspect_since": None}, []),
        ("health.gd admin", w.register("health steward 2", "health.gd", "steward"), []),
    ]


def helped(story, name, number, refusal=None, **more):
    """An access in the emergency, or its denial, by another gateway of health.gd."""
    key = "civil.gd officer"
    asked = w.attempt(f"told urgent {number}", name, officer=w.public(key), made_at=w.TIMES[5],
                      valid_until=story.last + w.VALIDITY, **more)
    if refusal is not None:
        return "health.gd gateway", w.denial(asked, refusal, key, number), []
    return "health.gd gateway", w.access(asked, key, number), []


def unsent(story, name, number, asked, **more):
    """What that gateway signed while the network was cut, as a later statement carries it."""
    key = "civil.gd officer"
    fields = {"made_at": story.declared, "valid_until": story.declared + w.VALIDITY, **more}
    value = w.attempt(f"told urgent {asked}", name, officer=w.public(key), **fields)
    signers, until = [w.signer("health.gd gateway", "health.gd", "gateway")], story.declared + 1
    action = w.access(value, key, number)
    statement = w.statement(["health.gd gateway"], action, f"told unsent {number}", until, [], signers)
    record = w.signed(["health.gd gateway"], statement)
    return {"nonce": statement["nonce"], "valid_until": until, "gateway": signers[0], "sealed": [],
            "attempt": action["attempt"], "number": number, "answer": None,
            "signature": record["signatures"][0]}


def told_late():
    """That story, and what goes in late after it: allowed, asked for again, and for another matter, with a number left
    out. `late` is the first of it."""
    story = told_on()
    story.late, name = story.size, f"E{story.helped - 1}"
    asked = {"mode": "query", "items": {"only": ["\u59d3\u540d"]}}

    def late(number, against=None, missing=(), what=None, **more):
        record = unsent(story, name, number, what or number, **asked, **more)
        action = {"kind": "embed-late", "record": record, "missing": list(missing), "against": against}
        return "health.gd gateway", action, []

    other = {"rule": "emergency-matter", "matter": "LOW-INCOME"}
    story.tell("late", [
        late(5), late(6, {"rule": "exchange-used"}, what=1), late(8, other, [7], matter="SCHOOL")])
    return story


def told_urgently(story):
    """The last blocks: who may declare an emergency, and one from its declaration to its review."""
    story.tell("office", governing.passing("told declarers", {
        "measure": "appoint", "office": "emergency-declarer", "agencies": ["data.gd"]}, story.size))
    story.tell("keys", [
        ("health.gd admin", w.register("health.gd gateway", "health.gd", "gateway"), []),
        ("civil.gd admin", w.register("civil.gd officer", "civil.gd", "officer"), []),
        ("univ.gd admin", w.register("univ steward", "univ.gd", "steward"), [])])
    name = f"E{story.size}"
    terms = {"scope": {"datasets": ["health.gd/vaccinations"], "agencies": []},
             "requesters": ["civil.gd"], "matter": "LOW-INCOME", "until": story.last + 3_600_000,
             "reason": "The river is over its banks"}
    story.tell("declared", [("data steward", {"kind": "declare-emergency", "terms": terms}, [])])
    story.declared = story.last
    asked = {"mode": "query", "items": {"only": ["\u59d3\u540d"]}}
    other = {"rule": "emergency-matter", "matter": "LOW-INCOME"}
    first = story.size
    story.tell("helped", [helped(story, name, 1, **asked), helped(story, name, 2, **asked),
                          helped(story, name, 3, other, matter="SCHOOL", **asked)])
    story.tell("justified", [
        ("civil steward", {"kind": "justify-access", "emergency": name, "accesses": [first],
                           "basis": "STATUTE-1", "text": "Forty people on a roof"}, []),
        ("data steward", {"kind": "end-emergency", "emergency": name, "reason": "Over"}, [])])
    story.tell("reviewed", [
        helped(story, name, 4, {"rule": "emergency-ended", "since": story.last}, **asked),
        ("univ steward", {"kind": "review-emergency", "emergency": name, "verdict": "warranted",
                          "text": "It had risen"}, [])])
    return first


def foreign():
    """A chain of another consortium with the same members and keys."""
    story = Story({**w.GENESIS, "name": "Another county"})
    own = story.ledger.consortium
    story.push([steward("health.gd", consortium=own)], w.TIMES[0])
    story.push([], w.TIMES[1])
    story.push([steward("civil.gd", consortium=own), steward("tax.gd", consortium=own)], w.TIMES[2])
    return story


class Draft:
    """A copy of a chain's content that can be changed, and made consistent again."""

    def __init__(self, story):
        self.consortium = story.ledger.consortium
        self.blocks, self.last = copy.deepcopy(story.blocks), copy.deepcopy(story.certificate)
        self.polkas, self.agencies = copy.deepcopy(story.polkas), story.agencies

    def put(self):
        """The blocks as bytes."""
        return [shapes.BLOCK.put(block) for block in self.blocks]

    def archive(self, blocks=None):
        """The archive of what the draft holds."""
        last = shapes.COMMIT_CERTIFICATE.put(self.last)
        polkas = {at: shapes.POLKAS.put(held) for at, held in enumerate(self.polkas) if held}
        return archive(self.consortium, blocks or self.put(), last, polkas)

    def certificate(self, at):
        """The certificate of a block."""
        end = at + 1 == len(self.blocks)
        return self.last if end else self.blocks[at + 1]["parent_certificate"]

    def set_certificate(self, at, certificate):
        """Puts another in its place."""
        if at + 1 == len(self.blocks):
            self.last = certificate
        else:
            self.blocks[at + 1]["parent_certificate"] = certificate

    def remade(self, start, signed, keep=()):
        """From a block on, all hashes are made to fit, but for the fields of `keep` in that block;
        certificates name the new hashes, and are signed anew where `signed`."""
        leaves = [leaf_hash(bytes.fromhex(record)) for block in self.blocks[:start]
                  for record in block["records"]]
        for at in range(start, len(self.blocks)):
            block = self.blocks[at]
            own = [leaf_hash(bytes.fromhex(record)) for record in block["records"]]
            parent = self.blocks[at - 1]["header"] if at else None
            proof = block["parent_certificate"]
            follows = {
                "parent": header_hash(parent).hex() if at else self.consortium.hex(),
                "parent_certificate": certificate_hash(self.consortium, proof).hex() if proof
                else bytes(32).hex(),
                "body": body_hash(self.consortium, own).hex(), "first_index": len(leaves),
            }
            leaves += own
            follows.update(log_size=len(leaves), log_root=log_root(leaves).hex())
            kept = keep if at == start else ()
            block["header"].update({k: v for k, v in follows.items() if k not in kept})
            self.certify(at, signed)
        return self

    def certify(self, at, signed):
        """Has a block's certificate name it."""
        header, old = self.blocks[at]["header"], self.certificate(at)
        new = {**old, "header_hash": header_hash(header).hex()}
        if signed:
            new = w.certificate(header["height"], old["round"], new["header_hash"],
                                self.agencies[at], self.consortium)
        self.set_certificate(at, new)
