"""The types of docs/formats.md, table by table."""

from . import ed25519
from .wire import (
    Blob, Bool, List, Map, Option, Outer, Raw, Refused, Set, Str, Struct, Tagged, Unit, I16, U8,
    U16, U32, U64,
)

# "Text"

FORBIDDEN = [
    (0x0000, 0x001F), (0x007F, 0x009F), (0x00AD, 0x00AD), (0x061C, 0x061C), (0x200B, 0x200F),
    (0x202A, 0x202E), (0x2060, 0x206F), (0x2028, 0x2029), (0x115F, 0x1160), (0x17B4, 0x17B5),
    (0x3164, 0x3164), (0xFFA0, 0xFFA0), (0x180B, 0x180F), (0xFE00, 0xFE0F), (0xFEFF, 0xFEFF),
    (0xFFF0, 0xFFFF), (0xFDD0, 0xFDEF), (0xE0000, 0xE0FFF), (0xE000, 0xF8FF), (0xF0000, 0x10FFFF),
] + [(plane << 16 | 0xFFFE, plane << 16 | 0xFFFF) for plane in range(17)]
SPACES = "\u0020\u00A0\u1680\u202F\u205F\u3000" + "".join(map(chr, range(0x2000, 0x200B)))
LOWER, UPPER, DIGITS = "abcdefghijklmnopqrstuvwxyz", "ABCDEFGHIJKLMNOPQRSTUVWXYZ", "0123456789"
LABEL_CHARACTERS, CODE_CHARACTERS = set(LOWER + DIGITS + "-"), set(UPPER + LOWER + DIGITS + "-")
FORBIDDEN_CHARACTERS = {
    chr(code) for first, last in FORBIDDEN for code in range(first, last + 1)
}


def fits(text, limit):
    """Whether a text has at most `limit` bytes."""
    return len(text.encode()) <= limit


def is_text(text, limit):
    """`Text<limit>`."""
    return fits(text, limit) and FORBIDDEN_CHARACTERS.isdisjoint(text)


def is_dotted(text, limit):
    """Labels joined by dots."""
    def is_label(label):
        plain = label != "" and LABEL_CHARACTERS.issuperset(label)
        return plain and label[0] != "-" and label[-1] != "-"
    return fits(text, limit) and all(is_label(label) for label in text.split("."))


def is_code(text):
    """`Code`."""
    return fits(text, 64) and all(
        part != "" and CODE_CHARACTERS.issuperset(part) for part in text.split(".")
    )


def is_item_name(text):
    """`ItemName`."""
    return (
        text != "" and is_text(text, 96) and "," not in text
        and text[0] not in SPACES and text[-1] not in SPACES
    )


def Text(limit):
    """The type `Text<limit>`."""
    return Str(lambda text: is_text(text, limit))


AGENCY_ID = Str(lambda text: is_dotted(text, 64))
SLUG = Str(lambda text: is_dotted(text, 96))
CODE = Str(is_code)
ITEM_NAME = Str(is_item_name)
CODES = Set(CODE, str.encode)
ITEM_NAMES = Set(ITEM_NAME, str.encode)

# "Identifiers"

HASH = Raw(32)
NONCE = Raw(16)
PUBLIC_KEY = Raw(32, ed25519.is_key)
SIGNATURE = Raw(64)
HEIGHT = LOG_INDEX = TIME_MS = U64


class DatasetIdType:
    """Agency and slug, written with a slash."""

    def put(self, value):
        agency, slug = value.split("/", 1)
        return AGENCY_ID.put(agency) + SLUG.put(slug)

    def take(self, reader):
        return f"{AGENCY_ID.take(reader)}/{SLUG.take(reader)}"


class PositionType:
    """A log index, written with a letter in front."""

    def __init__(self, letter):
        self.letter = letter

    def put(self, value):
        assert value[0] == self.letter
        return U64.put(int(value[1:]))

    def take(self, reader):
        return f"{self.letter}{U64.take(reader)}"


DATASET_ID, GRANT_ID, REQUEST_ID = DatasetIdType(), PositionType("G"), PositionType("R")
PROPOSAL_ID = PositionType("P")

# "Keys"

KEY_ROLE = Unit(
    "validator", "transport", "note", "admin", "steward", "officer", "gateway", "auditor"
)
KEY_REVOCATION = Struct(
    ("at", LOG_INDEX), ("reason", Text(256)), ("suspect_since", Option(TIME_MS))
)
KEY_ALGORITHM = Unit("ed25519")
KEY = Struct(
    ("agency", AGENCY_ID), ("role", KEY_ROLE), ("algorithm", KEY_ALGORITHM), ("post", Text(96)),
    ("registered_at", Option(LOG_INDEX)), ("valid_until", Option(TIME_MS)),
    ("revoked", Option(KEY_REVOCATION)),
)
OFFICIAL_KEYS = Struct(
    ("admins", U64), ("transport", Option(PUBLIC_KEY)), ("note", Option(PUBLIC_KEY))
)
POSSESSION = Struct(("agency", AGENCY_ID), ("role", KEY_ROLE), ("key", PUBLIC_KEY))

# "Genesis"

LEVEL = Unit("national", "provincial", "municipal", "county", "township", "village")
AGENCY_KIND = Unit(
    "government", "public-institution", "party-legislative-or-judicial", "enterprise",
    "social-organisation", "research",
)
STANDING = Outer(
    validator=Struct(("power", U64)),
    observer=None,
    hosted=Struct(("sponsor", AGENCY_ID), ("until", TIME_MS)),
)
AGENCY = Struct(
    ("id", AGENCY_ID), ("name", Text(128)), ("level", LEVEL), ("region", Text(64)),
    ("kind", AGENCY_KIND), ("superior", Option(AGENCY_ID)), ("authority", Option(AGENCY_ID)),
    ("operated_by", Text(128)), ("standing", STANDING), absent=("superior", "authority"),
)
PARAMS = Struct(
    ("heartbeat_ms", U64), ("drift_ms", U64), ("record_bytes", U32), ("block_records", U32),
    ("block_bytes", U32), ("agency_records", U32), ("agency_bytes", U32),
    ("day_offset_minutes", I16), ("ballot_numerator", U8), ("ballot_denominator", U8),
    ("ballot_open_ms", U64),
)
CODE_ENTRY = Struct(("code", CODE), ("title", Text(256)))
GENESIS_KEY = Struct(
    ("role", KEY_ROLE), ("algorithm", KEY_ALGORITHM), ("key", PUBLIC_KEY), ("post", Text(96)),
    ("possession", SIGNATURE),
)
GENESIS_MEMBER = Struct(("agency", AGENCY), ("keys", List(GENESIS_KEY)))
GENESIS = Struct(
    ("version", U16), ("name", Text(128)), ("time", TIME_MS), ("params", PARAMS),
    ("competent_authority", AGENCY_ID), ("matters", List(CODE_ENTRY)),
    ("duty_bases", List(CODE_ENTRY)), ("members", List(GENESIS_MEMBER)),
)

# "Validators"


def is_validator_set(validators):
    """Whether a list of validators is a set."""
    agencies = [v["agency"].encode() for v in validators]
    return (
        1 <= len(validators) <= 128
        and all(a < b for a, b in zip(agencies, agencies[1:]))
        and len({v["key"] for v in validators}) == len(validators)
        and all(v["power"] >= 1 for v in validators)
        and sum(v["power"] for v in validators) <= 2**40
    )


VALIDATOR = Struct(("agency", AGENCY_ID), ("key", PUBLIC_KEY), ("power", U64))
VALIDATOR_SET = List(VALIDATOR, is_validator_set)

# "Datasets"

SHARING = Unit("unconditional", "conditional", "not-shared", "unclassified")
OPENNESS = Unit("open", "on-conditions", "closed", "unstated")
GRADE = Unit("general", "important", "core")
MODE = Unit("verify", "query", "batch")
MODES = Set(MODE, MODE.rank)
ITEM = Struct(("name", ITEM_NAME), ("kind", Text(48)))
DATASET = Struct(
    ("id", DATASET_ID), ("title", Text(256)), ("summary", Text(2048)), ("items", List(ITEM)),
    ("sharing", SHARING), ("conditions", Text(512)), ("openness", OPENNESS), ("grade", GRADE),
    ("modes", MODES), ("contact", Text(128)), ("identifier", Text(256)),
    ("details", Option(HASH)), absent=("details",),
)
ITEMS = Outer(all=None, only=ITEM_NAMES)

# "Interruptions"

INTERRUPTIONS = List(
    Struct(("at", LOG_INDEX), ("reason", Text(256)), ("ended_at", Option(LOG_INDEX)))
)
PUBLISHED_DATASET = Struct(
    ("dataset", DATASET), ("version", U32), ("published_at", LOG_INDEX), ("version_at", LOG_INDEX),
    ("suspensions", INTERRUPTIONS), ("withdrawals", INTERRUPTIONS),
)
DATASET_VERSION = Struct(("dataset", DATASET), ("version_at", LOG_INDEX))

# "Grants"

GRANT_TERMS = Struct(
    ("dataset", DATASET_ID), ("requester", AGENCY_ID), ("matters", CODES), ("duty_basis", CODE),
    ("items", ITEMS), ("modes", MODES), ("not_before", TIME_MS), ("not_after", TIME_MS),
    ("total_quota", Option(U64)), ("daily_quota", Option(U64)), ("conditions", Text(512)),
)
REVOCATION = Struct(("at", LOG_INDEX), ("reason", Text(256)))
GRANT = Struct(
    ("terms", GRANT_TERMS), ("issued_at", LOG_INDEX), ("request", Option(REQUEST_ID)),
    ("suspensions", INTERRUPTIONS), ("revoked", Option(REVOCATION)),
)
USAGE = Struct(("total", U64), ("day", U64), ("on_day", U64))

# "Codes", "Requests"

CODE_LIST = Unit("matters", "duty-bases")
PUBLISHED_CODE = Struct(
    ("code", CODE), ("title", Text(256)), ("published_at", Option(LOG_INDEX)),
    ("withdrawn_at", Option(LOG_INDEX)),
)
REQUEST_TERMS = Struct(
    ("asked", GRANT_TERMS), ("once", Bool()), ("needed_by", Option(TIME_MS)),
    ("bundle", Option(NONCE)),
)
URGING = Struct(("count", U32), ("last_at", Option(LOG_INDEX)), ("last_day", U64))
OUTCOME = Tagged(
    "outcome",
    approved=Struct(("grant", GRANT_ID)),
    refused=Struct(("legal_basis", Text(256)), ("reason", Text(512))),
    withdrawn=Struct(("reason", Text(256))),
)
REPLY = Struct(("at", LOG_INDEX), ("on", TIME_MS), ("outcome", OUTCOME))
ASKED = Struct(
    ("terms", REQUEST_TERMS), ("opened_at", LOG_INDEX), ("opened_by", PUBLIC_KEY),
    ("opened_on", TIME_MS), ("urging", URGING), ("reply", Option(REPLY)),
)

# "Accesses"

ATTEMPT = Struct(
    ("consortium", HASH), ("exchange", NONCE), ("grant", GRANT_ID), ("dataset", DATASET_ID),
    ("requester", AGENCY_ID), ("officer", PUBLIC_KEY), ("matter", CODE), ("items", ITEMS),
    ("mode", MODE), ("made_at", TIME_MS), ("valid_until", TIME_MS), ("sealed", List(HASH)),
)
SIGNED_ATTEMPT = Struct(("attempt", ATTEMPT), ("signature", SIGNATURE))
ACCESS_REFUSAL = Tagged(
    "rule",
    officer_unknown=Struct(), not_an_officer=Struct(), officer_revoked=Struct(("at", LOG_INDEX)),
    officer_expired=Struct(("until", TIME_MS)), attempt_expired=Struct(("until", TIME_MS)),
    attempt_too_long=Struct(), exchange_used=Struct(), no_such_grant=Struct(("grant", GRANT_ID)),
    other_dataset=Struct(("dataset", DATASET_ID)), other_requester=Struct(("requester", AGENCY_ID)),
    grant_revoked=Struct(("at", LOG_INDEX)), grant_not_yet_in_force=Struct(("from", TIME_MS)),
    grant_expired=Struct(("until", TIME_MS)), matter_not_covered=Struct(("matter", CODE)),
    item_not_covered=Struct(("item", ITEM_NAME)), whole_not_covered=Struct(),
    mode_not_covered=Struct(), quota_used=Struct(("limit", U64)),
    daily_quota_used=Struct(("limit", U64)), grant_suspended=Struct(("at", LOG_INDEX)),
    dataset_suspended=Struct(("at", LOG_INDEX)), dataset_withdrawn=Struct(("at", LOG_INDEX)),
    dataset_not_shared=Struct(("sharing", SHARING)), item_not_listed=Struct(("item", ITEM_NAME)),
    mode_no_longer_offered=Struct(), requester_left=Struct(("at", LOG_INDEX)),
    requester_hosting_over=Struct(("until", TIME_MS)), provider_left=Struct(("at", LOG_INDEX)),
    provider_hosting_over=Struct(("until", TIME_MS)),
)

# "Sealed details", "Signed queries"

DETAIL = Unit("case-number", "purpose", "row-filter")
OPENING = Struct(("detail", DETAIL), ("salt", HASH), ("text", Text(2048)))
QUERY = Struct(
    ("consortium", HASH), ("key", PUBLIC_KEY), ("method", Text(8)), ("path", Text(1024)),
    ("body", Text(64)), ("made_at", TIME_MS),
)
SIGNED_QUERY = Struct(("query", QUERY), ("signature", SIGNATURE))

# "Governance"

MEASURE = Tagged(
    "measure",
    admit=Struct(("member", GENESIS_MEMBER)),
    remove=Struct(("agency", AGENCY_ID), ("reason", Text(256))),
    replace_key=Struct(
        ("agency", AGENCY_ID), ("old", Option(PUBLIC_KEY)), ("new", Option(GENESIS_KEY)),
        ("suspect_since", Option(TIME_MS)),
    ),
    change_operator=Struct(("agency", AGENCY_ID), ("operated_by", Text(128))),
    change_standing=Struct(
        ("agency", AGENCY_ID), ("standing", STANDING), ("key", Option(GENESIS_KEY))
    ),
    change_authority=Struct(("agency", AGENCY_ID)),
    change_params=Struct(("params", PARAMS)),
    activate_version=Struct(("version", U16)),
)
CHOICE = Unit("for", "against")
BALLOT = Struct(("choice", CHOICE), ("at", LOG_INDEX))
PROPOSED_MEASURE = Struct(
    ("measure", MEASURE), ("opened_by", AGENCY_ID), ("opened_at", LOG_INDEX), ("closes", TIME_MS),
    ("ballots", Map(AGENCY_ID, BALLOT, str.encode)), ("passed_at", Option(LOG_INDEX)),
)
ROLL = Struct(
    ("electorate", Set(AGENCY_ID, str.encode)), ("hosted", Map(AGENCY_ID, AGENCY_ID, str.encode))
)
DEPARTURE = Struct(("at", LOG_INDEX), ("on", TIME_MS), ("reason", Text(256)))

# "Consensus"

VOTE_KIND = Unit("prevote", "precommit")
VOTE = Struct(
    ("kind", VOTE_KIND), ("height", HEIGHT), ("round", U32), ("value", Option(HASH)),
    ("validator", PUBLIC_KEY),
)
PROPOSAL = Struct(
    ("height", HEIGHT), ("round", U32), ("value", HASH), ("polka_round", Option(U32)),
    ("validator", PUBLIC_KEY),
)
SIGNED_VOTE = Struct(("vote", VOTE), ("signature", SIGNATURE))
CERTIFICATE_SIGNATURE = Struct(("validator", PUBLIC_KEY), ("signature", SIGNATURE))
COMMIT_CERTIFICATE = Struct(
    ("height", HEIGHT), ("round", U32), ("header_hash", HASH),
    ("signatures", List(CERTIFICATE_SIGNATURE)),
)
POLKA_CERTIFICATE = Struct(
    ("height", HEIGHT), ("round", U32), ("value", HASH),
    ("signatures", List(CERTIFICATE_SIGNATURE)),
)
POLKAS = List(POLKA_CERTIFICATE)
STEP = Unit("proposal", "prevote", "precommit")


def two(message):
    """Two signed messages."""
    return Struct(
        ("first", message), ("first_signature", SIGNATURE), ("second", message),
        ("second_signature", SIGNATURE),
    )


EQUIVOCATION = Outer(votes=two(VOTE), proposals=two(PROPOSAL))
PLACE = Struct(("validator", PUBLIC_KEY), ("height", HEIGHT), ("round", U32), ("step", STEP))
ACCUSATION = Struct(("place", PLACE), ("valid_until", TIME_MS))

# "Statements"

CAPACITY = Unit("agency")
STATEMENT_SIGNER = Struct(
    ("agency", AGENCY_ID), ("key", PUBLIC_KEY), ("role", KEY_ROLE), ("capacity", CAPACITY)
)
ACTION = Tagged(
    "kind",
    register_key=Struct(
        ("key", PUBLIC_KEY), ("role", KEY_ROLE), ("algorithm", KEY_ALGORITHM), ("post", Text(96)),
        ("valid_until", Option(TIME_MS)), ("possession", SIGNATURE),
    ),
    revoke_key=Struct(
        ("key", PUBLIC_KEY), ("reason", Text(256)), ("suspect_since", Option(TIME_MS))
    ),
    publish_dataset=Struct(("dataset", DATASET)),
    issue_grant=Struct(("terms", GRANT_TERMS)),
    revoke_grant=Struct(("grant", GRANT_ID), ("reason", Text(256))),
    record_access=Struct(("attempt", SIGNED_ATTEMPT)),
    record_denial=Struct(("attempt", SIGNED_ATTEMPT), ("refusal", ACCESS_REFUSAL)),
    amend_dataset=Struct(("dataset", DATASET), ("version", U32)),
    withdraw_dataset=Struct(("dataset", DATASET_ID), ("reason", Text(256))),
    suspend_dataset=Struct(("dataset", DATASET_ID), ("reason", Text(256))),
    resume_dataset=Struct(("dataset", DATASET_ID)),
    suspend_grant=Struct(("grant", GRANT_ID), ("reason", Text(256))),
    resume_grant=Struct(("grant", GRANT_ID)),
    open_request=Struct(("terms", REQUEST_TERMS)),
    approve_request=Struct(("request", REQUEST_ID), ("terms", GRANT_TERMS)),
    refuse_request=Struct(
        ("request", REQUEST_ID), ("legal_basis", Text(256)), ("reason", Text(512))
    ),
    withdraw_request=Struct(("request", REQUEST_ID), ("reason", Text(256))),
    urge_request=Struct(("request", REQUEST_ID)),
    publish_codes=Struct(("list", CODE_LIST), ("codes", List(CODE_ENTRY))),
    withdraw_code=Struct(("list", CODE_LIST), ("code", CODE), ("reason", Text(256))),
    open_proposal=Struct(("measure", MEASURE)),
    cast_ballot=Struct(("proposal", PROPOSAL_ID), ("choice", CHOICE)),
    record_equivocation=Struct(("equivocation", EQUIVOCATION)),
)
STATEMENT = Struct(
    ("version", U16), ("consortium", HASH), ("nonce", NONCE), ("valid_until", TIME_MS),
    ("signers", List(STATEMENT_SIGNER)), ("sealed", List(HASH)), ("action", ACTION),
)
SIGNED_RECORD = Struct(("statement", STATEMENT), ("signatures", List(SIGNATURE)))

# "Blocks"

HEADER = Struct(
    ("version", U16), ("consortium", HASH), ("height", HEIGHT), ("proposal_round", U32),
    ("time", TIME_MS), ("parent", HASH), ("parent_certificate", HASH), ("body", HASH),
    ("first_index", LOG_INDEX), ("log_size", U64), ("log_root", HASH), ("state_root", HASH),
    ("validators", HASH), ("next_validators", HASH), ("proposer", AGENCY_ID),
)
BLOCK = Struct(
    ("header", HEADER), ("parent_certificate", Option(COMMIT_CERTIFICATE)),
    ("records", List(Blob())),
)
COMMITTED_BLOCK = Struct(
    ("block", BLOCK), ("certificate", COMMIT_CERTIFICATE), ("polkas", POLKAS)
)
LEAF_HASHES = List(HASH)

# "Log tree", "State proofs"


class FrontierType:
    """A frontier."""

    fields = Struct(("size", U64), ("subtrees", List(HASH)))

    def put(self, value):
        return self.fields.put(value)

    def take(self, reader):
        value = self.fields.take(reader)
        if value["size"] >> 63 or len(value["subtrees"]) != bin(value["size"]).count("1"):
            raise Refused("malformed", "no frontier")
        return value


FRONTIER = FrontierType()
PROOF_END = Outer(empty=None, key=None, other=Struct(("path", HASH), ("value_hash", HASH)))
STATE_PROOF = Struct(
    ("siblings", List(HASH, lambda siblings: len(siblings) <= 256)), ("end", PROOF_END)
)

# "Trust paths", "Snapshots"

SET_CHANGE = Struct(
    ("header", HEADER), ("certificate", COMMIT_CERTIFICATE), ("next", VALIDATOR_SET)
)
TRUST_PATH = Struct(
    ("changes", List(SET_CHANGE)), ("header", HEADER), ("certificate", COMMIT_CERTIFICATE)
)
CUT_OFF = Struct(("header", HEADER), ("certificate", COMMIT_CERTIFICATE), ("log", FRONTIER))
LOG_PART = Struct(("level", U8), ("root", HASH), ("size_bytes", U32))
STATE_PART = Struct(("depth", U16), ("keys", U64), ("hash", HASH), ("size_bytes", U32))
MANIFEST = Struct(
    ("version", U16), ("rules_version", U16), ("path", TRUST_PATH),
    ("parent_certificate", Option(COMMIT_CERTIFICATE)), ("cut_off", Option(CUT_OFF)),
    ("log_parts", List(LOG_PART)), ("state_parts", List(STATE_PART)),
)
ENTRIES = List(Blob())
PAIRS = List(Struct(("key", Blob()), ("value", Blob())))

# "Proof files"

RECEIPT = Struct(
    ("index", LOG_INDEX), ("record", Blob()), ("inclusion", List(HASH)), ("path", TRUST_PATH)
)
CLAIM = Struct(("key", Blob()), ("value", Option(Blob())), ("proof", STATE_PROOF))
EXTRACT = Struct(("claims", List(CLAIM)), ("path", TRUST_PATH))
EXTENSION = Struct(
    ("earlier", HEADER), ("earlier_certificate", COMMIT_CERTIFICATE), ("consistency", List(HASH)),
    ("path", TRUST_PATH),
)
BRANCH = Struct(("header", HEADER), ("certificate", COMMIT_CERTIFICATE), ("polkas", POLKAS))
FORK = Struct(("changes", List(SET_CHANGE)), ("one", BRANCH), ("other", BRANCH))
COLLECTED_ENTRY = Struct(("index", LOG_INDEX), ("record", Blob()), ("inclusion", List(HASH)))
COLLECTED_BLOCK = Struct(
    ("header", HEADER), ("certificate", COMMIT_CERTIFICATE), ("entries", List(COLLECTED_ENTRY))
)
COLLECTION = Struct(("changes", List(SET_CHANGE)), ("blocks", List(COLLECTED_BLOCK)))
PROOF = Outer(
    receipt=RECEIPT, extract=EXTRACT, extension=EXTENSION, fork=FORK, collection=COLLECTION
)

# "Write-ahead log", "Network"

SIGNED_MARK = Struct(
    ("height", U64), ("round", U32), ("step", STEP), ("message_hash", HASH),
    ("signature", SIGNATURE),
)
ROUND_CERTIFICATE = Struct(
    ("height", HEIGHT), ("round", U32), ("by_precommits", Bool()), ("votes", List(SIGNED_VOTE))
)
PROPOSED = Struct(("proposal", PROPOSAL), ("signature", SIGNATURE))
ENTRY = Outer(
    vote=SIGNED_VOTE,
    proposal=PROPOSED,
    timeout=Struct(("step", Unit("propose", "prevote", "precommit")), ("round", U32)),
    value=Struct(
        ("height", U64), ("round", U32), ("polka_round", Option(U32)), ("proposer", PUBLIC_KEY),
        ("header_hash", HASH), ("valid", Bool()),
    ),
    polka=POLKA_CERTIFICATE,
)
SIGNED_PROPOSAL = Struct(
    ("proposal", PROPOSAL), ("signature", SIGNATURE), ("header", HEADER),
    ("parent_certificate", Option(COMMIT_CERTIFICATE)), ("leaves", LEAF_HASHES),
)
GOSSIP = Outer(
    records=List(Blob()), vote=SIGNED_VOTE, proposal=SIGNED_PROPOSAL, polka=POLKA_CERTIFICATE,
    round=ROUND_CERTIFICATE,
)
WITNESSED = Outer(vote=SIGNED_VOTE, proposal=PROPOSED)
STATUS = Struct(
    ("consortium", HASH), ("height", HEIGHT), ("header_hash", HASH),
    ("certificate", Option(COMMIT_CERTIFICATE)), ("newest_of_yours", Option(WITNESSED)),
)
REQUEST = Outer(
    status=STATUS,
    blocks=Struct(("from", HEIGHT), ("max_bytes", U32)),
    body=Struct(("height", HEIGHT), ("header_hash", HASH)),
    snapshot=Struct(("height", Option(HEIGHT)), ("offset", U32)),
    snapshot_chunk=Struct(("height", HEIGHT), ("number", U32)),
    addresses=None,
)
MANIFEST_PIECE = Struct(("height", HEIGHT), ("size_bytes", U32), ("bytes", Blob()))
NODE_ADDRESS = Outer(
    ip4=Struct(("ip", Raw(4)), ("port", U16)), ip6=Struct(("ip", Raw(16)), ("port", U16)),
)
NODE_ADDRESSES = Struct(("key", Raw(32)), ("addresses", List(NODE_ADDRESS)))
RESPONSE = Outer(
    status=STATUS, blocks=List(Blob()), body=Option(Blob()),
    snapshot=Option(MANIFEST_PIECE), snapshot_chunk=Option(Blob()),
    addresses=List(NODE_ADDRESSES),
)
