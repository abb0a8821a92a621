"""consensus.json: votes, proposals, certificates. blocks.json: headers, bodies, blocks."""

from comity import shapes
from comity.forms import Unfit, check_certificate, check_polkas
from comity.hashing import (
    body_hash, certificate_hash, header_hash, leaf_hash, preimage, sha256,
)

from . import world as w

VALUE = header_hash(w.CHAIN.blocks[1]["header"]).hex()


def message(kind, purpose, name, value):
    """A signed vote or proposal."""
    body = (shapes.VOTE if kind == "vote" else shapes.PROPOSAL).put(value)
    data = preimage(purpose, w.CONSORTIUM, body)
    return {kind: value, "seed": w.seed(name).hex(), "consortium": w.CONSORTIUM.hex(),
            "bytes": body.hex(), "preimage": data.hex(), "hash": sha256(data).hex(),
            "signature": w.sign(name, purpose, w.CONSORTIUM, body)}


def messages():
    """Votes and proposals."""
    for kind, rnd, value in (
        ("prevote", 0, VALUE), ("precommit", 0, VALUE), ("precommit", 1, VALUE),
        ("prevote", 2**32 - 1, None), ("precommit", 3, None),
    ):
        content = w.vote("tax.gd", kind, 2, rnd, value)[0]
        yield message("vote", "vote", "tax.gd validator", content)
    for rnd, polka in ((0, None), (4, 0), (4, 3)):
        content = {"height": 2, "round": rnd, "value": VALUE, "polka_round": polka,
                   "validator": w.public("data.gd validator")}
        yield message("proposal", "proposal", "data.gd validator", content)


def certificates():
    """Certificates, valid and not, for the validators of the vectors (powers 1, 1, 2, 1)."""
    good = w.certificate(2, 1, VALUE)
    signatures = good["signatures"]
    other = {"validator": w.public("stranger"), "signature": signatures[0]["signature"]}
    prevotes = []
    for agency in w.VALIDATORS:
        content, signature = w.vote(agency, "prevote", 2, 1, VALUE)
        prevotes.append({"validator": content["validator"], "signature": signature})
    prevotes.sort(key=lambda s: s["validator"])
    by = {s["validator"]: s for s in signatures}

    def some(*agencies):
        return w.certificate(2, 1, VALUE, list(agencies))

    for what, value in (
        ("all", good), ("4 of 5", some("civil.gd", "data.gd", "health.gd")),
        ("3 of 5", some("civil.gd", "data.gd", "tax.gd")),
        ("3 of 5, one of them with 2", some("civil.gd", "health.gd")),
        ("nobody", some()), ("out of order", {**good, "signatures": signatures[::-1]}),
        ("one twice", {**good, "signatures": [signatures[0]] + signatures}),
        ("a stranger", {**good, "signatures": sorted(
            signatures + [other], key=lambda s: s["validator"])}),
        ("for another round", {**good, "round": 0}), ("for another height", {**good, "height": 3}),
        ("for another block", {**good, "header_hash": "ee" * 32}),
        ("of prevotes", {**good, "signatures": prevotes}),
        ("another's signature", {**good, "signatures": [
            {**s, "signature": signatures[0]["signature"]} for s in by.values()]}),
        ("for another consortium", w.certificate(2, 1, VALUE, consortium=bytes(32))),
    ):
        fault = None
        try:
            check_certificate(value, w.CONSORTIUM, w.CHAIN.ledger.validators)
        except Unfit as unfit:
            fault = unfit.name
        yield {"what": what, "certificate": value, "consortium": w.CONSORTIUM.hex(),
               "bytes": shapes.COMMIT_CERTIFICATE.put(value).hex(),
               "hash": certificate_hash(w.CONSORTIUM, value).hex(), "fault": fault}


def polkas():
    """Polka certificates beside the block of height 2, as they must be and not."""
    one, other = sorted([VALUE, "ee" * 32])

    def at(rnd, value=VALUE, agencies=("civil.gd", "data.gd", "health.gd"), height=2, **more):
        return w.polka(height, rnd, value, list(agencies), **more)

    good = at(1)
    signatures = good["signatures"]
    precommits = w.certificate(2, 1, VALUE)["signatures"]
    many = [at(n) for n in range(3)] + [
        {"height": 2, "round": n, "value": VALUE, "signatures": []} for n in range(3, 65)
    ]
    for what, value in (
        ("none", []), ("one", [good]), ("two rounds", [at(0, "ee" * 32), good]),
        ("two blocks in one round", [at(1, one), at(1, other)]),
        ("above the round of the decision", [good, at(7)]),
        ("two blocks in the wrong order", [at(1, other), at(1, one)]),
        ("two rounds in the wrong order", [good, at(0)]), ("one twice", [good, good]),
        ("65", many), ("of another height", [at(1, height=3)]),
        ("3 of 5", [at(1, agencies=("civil.gd", "data.gd", "tax.gd"))]),
        ("of nobody", [{**good, "signatures": []}]),
        ("out of order", [{**good, "signatures": signatures[::-1]}]),
        ("of precommits", [{**good, "signatures": precommits}]),
        ("a stranger's", [{**good, "signatures": sorted(
            signatures + [{**signatures[0], "validator": w.public("stranger")}],
            key=lambda s: s["validator"])}]),
        ("for another consortium", [at(1, consortium=bytes(32))]),
        ("the second is wrong", [at(0), {**good, "round": 2}]),
    ):
        fault = None
        try:
            check_polkas(value, 2, w.CONSORTIUM, w.CHAIN.ledger.validators)
        except Unfit as unfit:
            fault = unfit.name
        yield {"what": what, "polkas": value, "height": 2, "consortium": w.CONSORTIUM.hex(),
               "bytes": shapes.POLKAS.put(value).hex(), "fault": fault}


def consensus():
    """The cases of consensus.json."""
    yield from messages()
    yield from certificates()
    yield from polkas()


def blocks():
    """The cases of blocks.json."""
    proofs = [block["parent_certificate"] for block in w.CHAIN.blocks[1:]] + [w.CHAIN.certificate]
    for block, certificate, polkas in zip(w.CHAIN.blocks, proofs, w.CHAIN.polkas):
        header = shapes.HEADER.put(block["header"])
        leaves = [leaf_hash(bytes.fromhex(data)) for data in block["records"]]
        yield {
            "header": block["header"], "header_bytes": header.hex(),
            "preimage": preimage("header", w.CONSORTIUM, header).hex(),
            "header_hash": header_hash(block["header"]).hex(),
            "leaves": [leaf.hex() for leaf in leaves],
            "body_hash": body_hash(w.CONSORTIUM, leaves).hex(),
            "block": shapes.BLOCK.put(block).hex(),
            "committed": shapes.COMMITTED_BLOCK.put(
                {"block": block, "certificate": certificate, "polkas": polkas}).hex(),
        }
    for count in (0, 1, 3):
        leaves = [leaf_hash(bytes([n])) for n in range(count)]
        yield {"consortium": w.CONSORTIUM.hex(), "leaves": [leaf.hex() for leaf in leaves],
               "body_hash": body_hash(w.CONSORTIUM, leaves).hex()}
