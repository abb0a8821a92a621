"""A consortium of five agencies, its keys, and a chain of six blocks, all from fixed seeds."""

import hashlib

from comity import ed25519, shapes
from comity.chain import Ledger, archive
from comity.forms import Record
from comity.hashing import (
    NO_CONSORTIUM, consortium_id, header_hash, possession_body, preimage,
)

GENESIS_TIME = 1_772_409_600_000  # 2026-03-02T00:00:00Z
TIMES = [GENESIS_TIME + 1_000 * n for n in range(1, 7)]
SOON = TIMES[2] + 10_000
NOW = TIMES[2] + 60_000
VALIDITY = 600_000
DAY = 86_400_000


def seed(name):
    """The seed of a named key."""
    return hashlib.sha256(b"comity vector key: " + name.encode()).digest()


def short(name, size=16):
    """A named nonce or exchange id, in hexadecimal."""
    return hashlib.sha256(b"comity vector bytes: " + name.encode()).digest()[:size].hex()


def public(name):
    """The public key of a named key, in hexadecimal."""
    return ed25519.public_key(seed(name)).hex()


def sign(name, purpose, consortium, body):
    """A named key's signature, in hexadecimal."""
    return ed25519.sign(seed(name), preimage(purpose, consortium, body)).hex()


def possession(name, agency, role, consortium=NO_CONSORTIUM):
    """A named key's proof of possession."""
    body = possession_body(agency, role, bytes.fromhex(public(name)))
    return sign(name, "possession", consortium, body)


def genesis_key(name, agency, role, post=""):
    """A key as a member brings it into a genesis."""
    return {
        "role": role, "algorithm": "ed25519", "key": public(name), "post": post,
        "possession": possession(name, agency, role),
    }


def member(agency, title, standing, roles, **more):
    """A founding member with a key for each role."""
    fields = {
        "id": agency, "name": title, "level": "municipal", "region": "440100",
        "kind": "government", "operated_by": title, "standing": standing, **more,
    }
    posts = {"admin": "Key custodian"}
    keys = [
        genesis_key(f"{agency} {role}", agency, role, posts.get(role, "")) for role in roles
    ]
    return {"agency": fields, "keys": keys}


def make_genesis():
    """The genesis of the vectors."""
    votes, follows = ["validator", "transport", "admin"], ["transport", "admin"]
    one = {"validator": {"power": 1}}
    return {
        "version": 1,
        "name": "County data sharing 县数据共享",
        "time": GENESIS_TIME,
        "params": {
            "heartbeat_ms": 10_000, "drift_ms": 10_000, "record_bytes": 4_096,
            "block_records": 16, "block_bytes": 12_288, "agency_records": 12,
            "agency_bytes": 8_192, "day_offset_minutes": 480, "ballot_numerator": 2,
            "ballot_denominator": 3, "ballot_open_ms": 600_000,
        },
        "competent_authority": "data.gd",
        "matters": [
            {"code": "HOUSING", "title": "Housing support 住房保障"},
            {"code": "LOW-INCOME", "title": "Low income check 低保核查"},
            {"code": "SCHOOL", "title": "School enrolment"},
        ],
        "duty_bases": [
            {"code": "STATUTE-1", "title": "Social Assistance Act, art. 7"},
            {"code": "STATUTE-2", "title": "Education Act, art. 12"},
        ],
        "members": [
            member("civil.gd", "Civil Affairs 民政局", one, votes, authority="county.gd"),
            member("data.gd", "Data Bureau 数据局", one, votes + ["note"], level="provincial"),
            member("health.gd", "Health Commission", {"validator": {"power": 2}}, votes,
                   superior="health", authority="county.gd"),
            member("tax.gd", "Tax Service", one, votes, level="county"),
            member("univ.gd", "University", "observer", follows, kind="research"),
        ],
    }


GENESIS = make_genesis()
CONSORTIUM = consortium_id(shapes.GENESIS.put(GENESIS))
VALIDATORS = ["civil.gd", "data.gd", "health.gd", "tax.gd"]
# Four of the five who have a ballot: just enough.
GOVERNORS = ["data.gd admin", "civil.gd admin", "univ.gd admin", "health.gd admin"]
# Who may join: with a node that votes, with one that follows, hosted.
NEW, FOLLOWER, HOSTED = "new.gd", "new.observer", "hamlet.gd"


def new_key(agency, role, number=0):
    """A key as a measure brings it in."""
    name = f"{agency} {role}" if number == 0 else f"{agency} {role} {number}"
    return {**genesis_key(name, agency, role), "possession": possession(
        name, agency, role, CONSORTIUM)}


def hosting(sponsor, until=None):
    """The standing of a hosted member."""
    return {"hosted": {"sponsor": sponsor, "until": NOW + DAY if until is None else until}}


def joining(agency, standing=None, keys=None):
    """A member as a measure admits it."""
    usual = {
        NEW: ({"validator": {"power": 1}}, ["validator", "transport", "note", "admin"]),
        FOLLOWER: ("observer", ["transport", "admin"]),
    }
    default, roles = usual.get(agency, (hosting("civil.gd"), ["admin"]))
    fields = {
        "id": agency, "name": agency, "level": "village", "region": "440100",
        "kind": "government", "operated_by": agency, "standing": standing or default,
    }
    return {"agency": fields, "keys": keys or [new_key(agency, role) for role in roles]}


def admitting(agency, **more):
    """A measure that admits a member."""
    return {"measure": "admit", "member": joining(agency, **more)}

# name of the key: agency, role, post
HOLDERS = {
    "health steward": ("health.gd", "steward", "Data steward"),
    "health gateway": ("health.gd", "gateway", "Exchange gateway 1"),
    "civil officer": ("civil.gd", "officer", "Assistance desk 3"),
    "civil officer revoked": ("civil.gd", "officer", "Assistance desk 4"),
    "civil officer expiring": ("civil.gd", "officer", "Assistance desk 5"),
    "civil steward": ("civil.gd", "steward", "Data steward"),
    "tax officer": ("tax.gd", "officer", "Audit desk"),
    "data steward": ("data.gd", "steward", "Code list editor"),
    "univ steward": ("univ.gd", "steward", "Supervision"),
    "village officer": ("village.gd", "officer", "Village office"),
    "village steward": ("village.gd", "steward", "Village office"),
    "village gateway": ("village.gd", "gateway", "Village exchange"),
}


def holder(name):
    """Agency and role of a named key."""
    if name in HOLDERS:
        return HOLDERS[name][:2]
    agency, role = name.rsplit(" ", 1)
    return agency, role


def signer(name, agency=None, role=None, capacity="agency"):
    """A signer of a statement."""
    known = holder(name)
    return {
        "agency": agency or known[0], "key": public(name), "role": role or known[1],
        "capacity": capacity,
    }


def statement(names, action, nonce, valid_until, sealed=(), signers=None, consortium=CONSORTIUM):
    """A statement of named keys."""
    return {
        "version": 1, "consortium": consortium.hex(), "nonce": short(f"nonce {nonce}"),
        "valid_until": valid_until, "signers": signers or [signer(name) for name in names],
        "sealed": list(sealed), "action": action,
    }


def signed(names, value):
    """A signed record: statement and signatures."""
    consortium = bytes.fromhex(value["consortium"])
    body = shapes.STATEMENT.put(value)
    signatures = [sign(name, "statement", consortium, body) for name in names]
    return {"statement": value, "signatures": signatures}


def record(name, action, nonce, valid_until, **more):
    """The bytes of a record of one named key."""
    value = statement([name], action, nonce, valid_until, **more)
    return shapes.SIGNED_RECORD.put(signed([name], value))


def register(name, agency=None, role=None, post=None, valid_until=None, consortium=CONSORTIUM):
    """The action that registers a named key."""
    known = HOLDERS.get(name, (agency, role, "A post"))
    agency, role = agency or known[0], role or known[1]
    return {
        "kind": "register-key", "key": public(name), "role": role, "algorithm": "ed25519",
        "post": known[2] if post is None else post, "valid_until": valid_until,
        "possession": possession(name, agency, role, consortium),
    }


def dataset(name="health.gd/vaccinations", **more):
    """A dataset."""
    return {
        "id": name, "title": "Vaccinations 疫苗接种", "summary": "One line for each dose given.",
        "items": [
            {"name": "姓名", "kind": "text"}, {"name": "dose date", "kind": "date"},
            {"name": "vaccine", "kind": "code"},
        ],
        "sharing": "conditional", "conditions": "For statutory duties only", "openness": "closed",
        "grade": "general", "modes": ["verify", "query"], "contact": "Data office",
        "identifier": "", "service": "On working days, by the hour",
        "stated": ["Once a week 每周一次", "Delete after use"], **more,
    }


def terms(**more):
    """Terms of a grant."""
    return {
        "dataset": "health.gd/vaccinations", "requester": "civil.gd",
        "matters": ["LOW-INCOME", "SCHOOL"], "duty_basis": "STATUTE-1",
        "items": {"only": ["dose date", "姓名"]}, "modes": ["verify", "query"],
        "not_before": GENESIS_TIME, "not_after": GENESIS_TIME + 30 * DAY, "total_quota": None,
        "daily_quota": None, "conditions": [], "officers": "all", "onward": [], "undertakings": [],
        "task_force": None,
        **more,
    }


def attempt(exchange, grant, **more):
    """An attempt of the officer of civil.gd."""
    return {
        "consortium": CONSORTIUM.hex(), "exchange": short(f"exchange {exchange}"),
        "grant": grant, "dataset": "health.gd/vaccinations", "requester": "civil.gd",
        "officer": public("civil officer"), "matter": "LOW-INCOME",
        "items": {"only": ["dose date"]}, "mode": "verify", "made_at": TIMES[1],
        "valid_until": NOW + VALIDITY, "sealed": [], "batch": None, "capacity": "agency", **more,
    }


def asking(asked=None, **more):
    """Terms of a request."""
    return {
        "asked": asked or terms(), "once": False, "needed_by": None, "bundle": None, **more
    }


def opening(detail="case-number", text="2026-0117", salt="salt"):
    """What opens a commitment."""
    return {"detail": detail, "salt": short(salt, 32), "text": text}


def signed_attempt(name, value):
    """An attempt signed by a named key."""
    consortium = bytes.fromhex(value["consortium"])
    signature = sign(name, "attempt", consortium, shapes.ATTEMPT.put(value))
    return {"attempt": value, "signature": signature}


# The number after those that the gateway of health.gd has used on the chain of the vectors.
NEXT_NUMBER = 5


def access(value, name="civil officer", number=NEXT_NUMBER, answer=None):
    """The action that records an allowed access."""
    return {"kind": "record-access", "attempt": signed_attempt(name, value), "number": number,
            "answer": answer}


def denial(value, refusal, name="civil officer", number=NEXT_NUMBER):
    """The action that records a refused access."""
    return {"kind": "record-denial", "attempt": signed_attempt(name, value), "refusal": refusal,
            "number": number}


def received(exchange, access, digest=None, count=1):
    """The requesting side's word about one access."""
    return {"access": access, "exchange": short(f"exchange {exchange}"), "digest": digest,
            "count": count}


def vote(agency, kind, height, rnd, value, consortium=CONSORTIUM):
    """A vote of an agency's validator key, and its signature."""
    name = f"{agency} validator"
    content = {
        "kind": kind, "height": height, "round": rnd, "value": value, "validator": public(name)
    }
    return content, sign(name, "vote", consortium, shapes.VOTE.put(content))


def certificate(height, rnd, value, agencies=VALIDATORS, consortium=CONSORTIUM):
    """The precommits of these agencies."""
    signatures = []
    for agency in agencies:
        content, signature = vote(agency, "precommit", height, rnd, value, consortium)
        signatures.append({"validator": content["validator"], "signature": signature})
    signatures.sort(key=lambda s: s["validator"])
    return {"height": height, "round": rnd, "header_hash": value, "signatures": signatures}


def polka(height, rnd, value, agencies=VALIDATORS, consortium=CONSORTIUM):
    """The prevotes of these agencies."""
    signatures = []
    for agency in agencies:
        content, signature = vote(agency, "prevote", height, rnd, value, consortium)
        signatures.append({"validator": content["validator"], "signature": signature})
    signatures.sort(key=lambda s: s["validator"])
    return {"height": height, "round": rnd, "value": value, "signatures": signatures}


class Chain:
    """A chain under construction."""

    def __init__(self, genesis=None):
        self.ledger = Ledger(genesis or GENESIS)
        self.blocks, self.certificate, self.polkas = [], None, []

    def next_block(self, records, time, rnd=0, header=None):
        """The next block; `header` replaces fields, right or wrong."""
        consortium = self.ledger.consortium
        verified = [Record(data, consortium) for data in records]
        follows = self.ledger.follow(verified, time, rnd, self.certificate)[0]
        return {
            "header": {**follows, **(header or {})}, "parent_certificate": self.certificate,
            "records": [data.hex() for data in records],
        }

    def push(self, records, time, rnd=0, agencies=VALIDATORS, precommit_round=None):
        """Appends a block and its certificate."""
        block = self.next_block(records, time, rnd)
        self.ledger.execute(block)
        self.blocks.append(block)
        consortium = self.ledger.consortium
        decided = rnd if precommit_round is None else precommit_round
        height, value = block["header"]["height"], header_hash(block["header"]).hex()
        self.certificate = certificate(height, decided, value, agencies, consortium)
        rounds = range(1, decided + 1) if rnd else range(decided + 1)
        held = [polka(height, at, value, agencies, consortium) for at in rounds]
        self.polkas.append(held if decided else [])

    def archive(self):
        """The archive of the chain."""
        blocks = [shapes.BLOCK.put(block) for block in self.blocks]
        last = shapes.COMMIT_CERTIFICATE.put(self.certificate)
        polkas = {at: shapes.POLKAS.put(held) for at, held in enumerate(self.polkas) if held}
        return archive(self.ledger.consortium, blocks, last, polkas)


def first_records():
    """Block 1: the admins register keys."""
    admins = {"health.gd": "health.gd admin", "civil.gd": "civil.gd admin", "tax.gd": "tax.gd admin"}
    until = TIMES[0] + VALIDITY
    ends = {"civil officer expiring": SOON}
    return [
        record(admins[HOLDERS[name][0]], register(name, valid_until=ends.get(name)),
               f"register {name}", until)
        for name in HOLDERS if HOLDERS[name][0] in admins
    ]


DATASETS = [
    dataset(),
    dataset("health.gd/staff", sharing="not-shared", conditions="Personnel Act, art. 3"),
    dataset("health.gd/drafts", sharing="unclassified", conditions=""),
    dataset("health.gd/clinics", title="Clinics", items=[], sharing="unconditional",
            conditions="", openness="open", grade="general", modes=["batch"]),
]
RETITLED = {**DATASETS[3], "title": "Clinics and wards", "identifier": "HC-0042",
            "details": short("details", 32)}
GRANTS = {
    "G11": terms(),
    "G12": terms(matters=["HOUSING"]),
    "G13": terms(not_before=NOW + 1_000),
    "G14": terms(not_after=SOON),
    "G15": terms(total_quota=1),
    "G16": terms(daily_quota=1),
    "G17": terms(requester="tax.gd", total_quota=100, daily_quota=10),
    "G18": terms(dataset="health.gd/clinics", items="all", modes=["batch"], conditions=[1]),
}


def second_records():
    """Block 2: datasets and grants."""
    until = TIMES[1] + VALIDITY
    actions = [{"kind": "publish-dataset", "dataset": value} for value in DATASETS]
    actions += [{"kind": "issue-grant", "terms": value} for value in GRANTS.values()]
    return [
        record("health steward", action, f"second {at}", until)
        for at, action in enumerate(actions)
    ]


SEALED = [short("commitment 1", 32), short("commitment 2", 32)]


def third_records():
    """Block 3: revocations, accesses, a denial."""
    until = NOW + VALIDITY
    later = {"rule": "grant-not-yet-in-force", "from": NOW + 1_000}
    gateway = "health gateway"
    return [
        record("civil.gd admin",
               {"kind": "revoke-key", "key": public("civil officer revoked"),
                "reason": "Left the post", "suspect_since": TIMES[0]}, "third 0", until),
        record("health steward",
               {"kind": "revoke-grant", "grant": "G12", "reason": "Issued by mistake"},
               "third 1", until),
        record(gateway, access(attempt("one", "G11"), number=1), "third 2", until, sealed=SEALED),
        record(gateway, access(attempt("two", "G15"), number=2), "third 3", until),
        record(gateway, access(attempt("three", "G16"), number=3), "third 4", until),
        record(gateway, denial(attempt("four", "G13"), later, number=4), "third 5", until),
    ]


def fourth_records():
    """Block 4: codes, a request approved, and what interrupts grants and datasets."""
    until = NOW + VALIDITY
    codes = [{"code": "PENSION", "title": "Pensions"}, {"code": "CARE", "title": "Care 养老"}]
    old = dataset("health.gd/old", summary="")
    acts = [
        ("data.gd admin", register("data steward")),
        ("data steward", {"kind": "publish-codes", "list": "matters", "codes": codes}),
        ("data steward", {"kind": "withdraw-code", "list": "matters", "code": "PENSION",
                          "reason": "Now part of CARE"}),
        ("civil officer", {"kind": "open-request", "terms": asking(
            terms(total_quota=50), needed_by=NOW + DAY, bundle=short("bundle"))}),
        ("health steward", {"kind": "approve-request", "request": "R28",
                            "terms": terms(matters=["SCHOOL"], total_quota=20)}),
        ("health steward", {"kind": "amend-dataset", "dataset": RETITLED, "version": 1}),
        ("health steward", {"kind": "suspend-grant", "grant": "G17", "reason": "Under review"}),
        ("health steward", {"kind": "resume-grant", "grant": "G17"}),
        ("health steward", {"kind": "publish-dataset", "dataset": old}),
        ("health steward", {"kind": "withdraw-dataset", "dataset": "health.gd/old",
                            "reason": "Moved"}),
    ]
    return [record(name, action, f"fourth {at}", until) for at, (name, action) in enumerate(acts)]


def fifth_records():
    """Block 5: requests that stay open, are urged, refused and taken back; a dataset suspended."""
    until = NOW + VALIDITY
    opened = {"kind": "open-request", "terms": asking()}
    once = {"kind": "open-request", "terms": asking(terms(total_quota=1), once=True)}
    acts = [
        ("civil officer", opened),
        ("civil officer", {"kind": "urge-request", "request": "R35"}),
        ("civil officer", once),
        ("health steward", {"kind": "refuse-request", "request": "R37",
                            "legal_basis": "Health Act, art. 9", "reason": "Not this office"}),
        ("civil officer", opened),
        ("civil officer", {"kind": "withdraw-request", "request": "R39", "reason": "A mistake"}),
        ("health steward", {"kind": "suspend-dataset", "dataset": "health.gd/staff",
                            "reason": "Being corrected"}),
        ("health steward", {"kind": "resume-dataset", "dataset": "health.gd/staff"}),
    ]
    return [record(name, action, f"fifth {at}", until) for at, (name, action) in enumerate(acts)]


def contradiction(name, kind, height, rnd, values):
    """Two votes of a validator key at one place."""
    votes = [
        {"kind": kind, "height": height, "round": rnd, "value": value, "validator": public(name)}
        for value in values
    ]
    first, second = (sign(name, "vote", CONSORTIUM, shapes.VOTE.put(vote)) for vote in votes)
    return {"votes": {"first": votes[0], "first_signature": first, "second": votes[1],
                      "second_signature": second}}


def sixth_records():
    """Block 6: a member is admitted as hosted until soon, provides and is given; a proposal and an
    equivocation."""
    until = NOW + VALIDITY
    village = admitting("village.gd", standing=hosting("civil.gd", SOON))
    leave = {"measure": "remove", "agency": "tax.gd", "reason": "Merged into data.gd"}
    ballot = {"kind": "cast-ballot", "proposal": "P43", "choice": "for"}
    twice = contradiction("tax.gd validator", "precommit", 3, 0, ("ab" * 32, None))
    acts = [
        (GOVERNORS[0], {"kind": "open-proposal", "measure": village}),
        *((name, ballot) for name in GOVERNORS[1:]),
        *(("village.gd admin", register(f"village {role}"))
          for role in ("officer", "steward", "gateway")),
        ("village steward", {"kind": "publish-dataset",
                             "dataset": dataset("village.gd/households", summary="")}),
        ("village steward", {"kind": "issue-grant", "terms": terms(dataset="village.gd/households")}),
        ("health steward", {"kind": "issue-grant", "terms": terms(requester="village.gd")}),
        ("univ.gd admin", {"kind": "open-proposal", "measure": leave}),
        ("civil.gd admin", {"kind": "cast-ballot", "proposal": "P53", "choice": "against"}),
        ("civil.gd validator", {"kind": "record-equivocation", "equivocation": twice}),
    ]
    return [record(name, action, f"sixth {at}", until) for at, (name, action) in enumerate(acts)]


def make_chain():
    """The chain of the vectors: block 2 was decided in round 1, block 3 proposed again in it."""
    chain = Chain()
    chain.push(first_records(), TIMES[0])
    chain.push(second_records(), TIMES[1], rnd=1, agencies=["data.gd", "health.gd", "tax.gd"])
    chain.push(third_records(), TIMES[2], precommit_round=1)
    chain.push(fourth_records(), TIMES[3])
    chain.push(fifth_records(), TIMES[4])
    chain.push(sixth_records(), TIMES[5])
    return chain


CHAIN = make_chain()
