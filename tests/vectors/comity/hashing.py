"""Preimages and hashes (docs/formats.md, "Domain separation"), and what is signed with them."""

import hashlib

from . import ed25519, shapes

NO_CONSORTIUM = bytes(32)
TAGS = {
    "genesis": "comity/genesis/1",
    "statement": "comity/statement/1",
    "attempt": "comity/attempt/1",
    "possession": "comity/possession/1",
    "header": "comity/header/1",
    "body": "comity/body/1",
    "certificate": "comity/certificate/1",
    "validator-set": "comity/validator-set/1",
    "vote": "comity/vote/1",
    "proposal": "comity/proposal/1",
    "state-key": "comity/state-key/1",
    "state-value": "comity/state-value/1",
    "leaf": "comity/leaf/1",
    "node": "comity/node/1",
    "sealed": "comity/sealed/1",
    "details": "comity/details/1",
    "query": "comity/query/1",
    "accusation": "comity/accusation/1",
    "batched": "comity/batched/1",
    "answer": "comity/answer/1",
    "draw-commitment": "comity/draw-commitment/1",
    "draw-seed": "comity/draw-seed/1",
    "draw-record": "comity/draw-record/1",
    "draw-reviewer": "comity/draw-reviewer/1",
    "report": "comity/report/1",
}


def sha256(*parts):
    """SHA-256 of the parts joined."""
    return hashlib.sha256(b"".join(parts)).digest()


def preimage(purpose, consortium, body):
    """What is hashed or signed for a purpose."""
    tag = TAGS[purpose].encode()
    return bytes([len(tag)]) + tag + consortium + len(body).to_bytes(8, "little") + body


def tagged(purpose, consortium, body):
    """The hash for a purpose."""
    return sha256(preimage(purpose, consortium, body))


def consortium_id(genesis_bytes):
    """The one tagged hash without a consortium id in it."""
    return sha256(preimage("genesis", b"", genesis_bytes))


def leaf_hash(record):
    """RFC 6962 leaf."""
    return sha256(b"\0", record)


def possession_body(agency, role, key):
    """What a proof of possession is over."""
    return shapes.POSSESSION.put({"agency": agency, "role": role, "key": key.hex()})


def commitment(consortium, opening):
    """The commitment that an opening opens."""
    return tagged("sealed", consortium, shapes.OPENING.put(opening))


def batched_commitment(consortium, access):
    """The commitment to one access of a batch."""
    return tagged("batched", consortium, shapes.BATCHED_ACCESS.put(access))


def answer_hash(consortium, exchange, salt, answer):
    """The hash of what was handed over in an exchange; all but the consortium in hexadecimal."""
    return tagged("answer", consortium, b"".join(map(bytes.fromhex, (exchange, salt, answer))))


def accusation_nonce(consortium, place, valid_until):
    """The nonce of a node's statement about an equivocation."""
    body = shapes.ACCUSATION.put({"place": place, "valid_until": valid_until})
    return tagged("accusation", consortium, body)[:16]


def header_hash(header):
    """A block's id."""
    return tagged("header", bytes.fromhex(header["consortium"]), shapes.HEADER.put(header))


def certificate_hash(consortium, certificate):
    """A certificate's hash."""
    return tagged("certificate", consortium, shapes.COMMIT_CERTIFICATE.put(certificate))


def validator_set_hash(consortium, validators):
    """A validator set's hash."""
    return tagged("validator-set", consortium, shapes.VALIDATOR_SET.put(validators))


def body_hash(consortium, leaves):
    """The hash of a block's records."""
    return tagged("body", consortium, shapes.LEAF_HASHES.put([leaf.hex() for leaf in leaves]))


def verifies(purpose, consortium, body, key, signature):
    """Whether a signature (key and signature in hexadecimal) is valid for a purpose."""
    message = preimage(purpose, consortium, body)
    return ed25519.verify(bytes.fromhex(key), message, bytes.fromhex(signature))
