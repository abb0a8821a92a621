"""The types of docs/formats.md, table by table."""

from . import ed25519
from .wire import (
    Blob, Bool, Gaps, List, Map, Option, Outer, Raw, Refused, Set, Str, Struct, Tagged, Unit, I16,
    U8, U16, U32, U64,
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
AGENCY_IDS = Set(AGENCY_ID, str.encode)

# "Identifiers"

HASH = Raw(32)
NONCE = Raw(16)
PUBLIC_KEY = Raw(32, ed25519.is_key)
SIGNATURE = Raw(64)
HEIGHT = LOG_INDEX = TIME_MS = U64
MARK = Struct(("at", LOG_INDEX), ("on", TIME_MS))


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
PROPOSAL_ID, CHECK_ID = PositionType("P"), PositionType("C")
INCIDENT_ID, EMERGENCY_ID, DISPUTE_ID = PositionType("I"), PositionType("E"), PositionType("D")
DRAW_ID, FINDING_ID = PositionType("W"), PositionType("F")
TASK_FORCE_ID = PositionType("T")
# "Statements": it stands in attempts too.
CAPACITY = Outer(**{"agency": None, "task-force": TASK_FORCE_ID})
ASSESSMENT_ID = PositionType("A")


class BasisType:
    """A grant or an emergency, written as the one or the other is."""

    kinds = (GRANT_ID, EMERGENCY_ID)

    def put(self, value):
        number = "GE".index(value[0])
        return U32.put(number) + self.kinds[number].put(value)

    def take(self, reader):
        number = U32.take(reader)
        if number >= len(self.kinds):
            raise Refused("malformed", f"{number} is no variant")
        return self.kinds[number].take(reader)


BASIS = BasisType()

# "Keys"

KEY_ROLE = Unit(
    "validator", "transport", "note", "admin", "steward", "officer", "gateway", "auditor"
)
KEY_REVOCATION = Struct(
    ("at", LOG_INDEX), ("reason", Text(256)), ("suspect_since", Option(TIME_MS)), ("on", TIME_MS),
)
KEY_ALGORITHM = Unit("ed25519")
KEY = Struct(
    ("agency", AGENCY_ID), ("role", KEY_ROLE), ("algorithm", KEY_ALGORITHM), ("post", Text(96)),
    ("registered_at", Option(LOG_INDEX)), ("valid_until", Option(TIME_MS)),
    ("revoked", Option(KEY_REVOCATION)), ("registered_on", Option(TIME_MS)),
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
    ("operated_by", Text(128)), ("standing", STANDING), ("sponsor", Option(AGENCY_ID)),
    absent=("superior", "authority", "sponsor"),
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
    ("details", Option(HASH)), ("update_days", Option(U16)), ("reliable", Bool()),
    ("manager", Option(AGENCY_ID)), ("service", Text(512)), ("stated", List(Text(256))),
    absent=("details", "update_days", "reliable", "manager"),
)
ITEMS = Outer(all=None, only=ITEM_NAMES)

# "Interruptions"

INTERRUPTIONS = List(
    Struct(
        ("at", LOG_INDEX), ("reason", Text(256)), ("ended_at", Option(LOG_INDEX)), ("on", TIME_MS),
        ("ended_on", Option(TIME_MS)),
    )
)
PUBLISHED_DATASET = Struct(
    ("dataset", DATASET), ("version", U32), ("published_at", LOG_INDEX), ("version_at", LOG_INDEX),
    ("suspensions", INTERRUPTIONS), ("withdrawals", INTERRUPTIONS), ("updated", MARK),
    ("version_on", TIME_MS), ("promised", Option(Struct(("update_days", U16), ("since", TIME_MS)))),
)
DATASET_VERSION = Struct(("dataset", DATASET), ("version_at", LOG_INDEX), ("version_on", TIME_MS))

# "Grants"

BEARERS = Outer(all=None, posts=Set(Text(96), str.encode), keys=Set(PUBLIC_KEY, bytes.fromhex))
SIDE = Unit("provider", "requester")
PROMISE = Outer(**{
    "delete-after-days": U16, "report-use-every-days": U16, "notify-incident-days": U16,
    "notify-change-days": U16,
})
UNDERTAKING = Struct(("by", SIDE), ("what", PROMISE))
FULFILMENT = Struct(("number", U8), ("count", U32), ("last", MARK), ("before", Option(MARK)))
GRANT_TERMS = Struct(
    ("dataset", DATASET_ID), ("requester", AGENCY_ID), ("matters", CODES), ("duty_basis", CODE),
    ("items", ITEMS), ("modes", MODES), ("not_before", TIME_MS), ("not_after", TIME_MS),
    ("total_quota", Option(U64)), ("daily_quota", Option(U64)),
    ("conditions", Set(U8, lambda number: number)),
    ("officers", BEARERS), ("onward", AGENCY_IDS), ("undertakings", List(UNDERTAKING)),
    ("task_force", Option(TASK_FORCE_ID)),
)
REVOCATION = Struct(("at", LOG_INDEX), ("reason", Text(256)), ("on", TIME_MS))
GRANT = Struct(
    ("terms", GRANT_TERMS), ("issued_at", LOG_INDEX), ("request", Option(REQUEST_ID)),
    ("suspensions", INTERRUPTIONS), ("revoked", Option(REVOCATION)), ("issued_on", TIME_MS),
    ("delivered", Option(MARK)), ("version", U32), ("version_at", LOG_INDEX),
    ("parent", Option(GRANT_ID)), ("first_use", Option(MARK)), ("fulfilled", List(FULFILMENT)),
    ("sharing", SHARING),
)
GRANT_VERSION = Struct(("terms", GRANT_TERMS), ("version_at", LOG_INDEX))
USAGE = Struct(("total", U64), ("day", U64), ("on_day", U64), ("onward", U64))

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
    approved=Struct(("grant", GRANT_ID), ("by_rule", Bool())),
    refused=Struct(("legal_basis", Text(256)), ("reason", Text(512))),
    withdrawn=Struct(("reason", Text(256))),
    returned=Struct(("reason", Text(256))),
)
REPLY_EXTENSION = Struct(("at", LOG_INDEX), ("days", U16), ("reason", Text(256)))
REPLY = Struct(("at", LOG_INDEX), ("on", TIME_MS), ("outcome", OUTCOME))
ASKED = Struct(
    ("terms", REQUEST_TERMS), ("opened_at", LOG_INDEX), ("opened_by", PUBLIC_KEY),
    ("opened_on", TIME_MS), ("urging", URGING), ("reply", Option(REPLY)),
    ("sharing", SHARING), ("reviewer", Option(AGENCY_ID)), ("reviewed", Option(MARK)),
    ("extension", Option(REPLY_EXTENSION)), ("decided_by", AGENCY_ID), ("earlier", List(REPLY)),
)

# "Check requests"

CHECK_TERMS = Struct(
    ("dataset", DATASET_ID), ("items", ITEMS), ("grant", Option(BASIS)), ("asked", AGENCY_ID),
    ("claim", Text(512)),
)
HANDOVER = Struct(
    ("to", AGENCY_ID), ("reason", Text(256)), ("offered", MARK),
    ("end", Option(Outer(accepted=MARK, declined=MARK))),
)
CHECK_OUTCOME = Tagged(
    "outcome",
    upheld=Struct(("from", TIME_MS), ("to", TIME_MS), ("correction", Text(512))),
    not_upheld=Struct(("basis", Text(256)), ("reason", Text(512))),
)
CHECK_ANSWER = Struct(("given", MARK), ("outcome", CHECK_OUTCOME))
CHECK_REQUEST = Struct(
    ("terms", CHECK_TERMS), ("opened_by", AGENCY_ID), ("opener", PUBLIC_KEY), ("opened", MARK),
    ("handovers", List(HANDOVER)),
    ("answer", Option(CHECK_ANSWER)),
    ("corrected", Option(Struct(("made", MARK), ("note", Text(512))))), ("earlier", List(CHECK_ANSWER)),
)

# "Incidents"

INCIDENT_TERMS = Struct(
    ("datasets", Set(DATASET_ID, lambda name: [part.encode() for part in name.split("/")])),
    ("grants", Set(GRANT_ID, lambda name: int(name[1:]))), ("since", TIME_MS), ("found", TIME_MS),
    ("nature", Text(512)),
)
INCIDENT = Struct(
    ("terms", INCIDENT_TERMS), ("reported_by", AGENCY_ID), ("reported", MARK), ("updates", U32),
    ("updated", Option(MARK)),
    ("closed", Option(Struct(("on", MARK), ("measures", Text(512))))),
)

# "Disputes"

DISPUTE_ABOUT = Outer(request=REQUEST_ID, delivery=GRANT_ID, check=CHECK_ID)
RULING = Tagged(
    "ruling",
    anew=Struct(("reason", Text(512))),
    stands=Struct(("basis", Text(256)), ("reason", Text(512))),
)
DISPUTE = Struct(
    ("about", DISPUTE_ABOUT), ("grounds", Text(512)), ("claimant", AGENCY_ID), ("respondent", AGENCY_ID),
    ("opened", MARK),
    ("steps", List(Struct(
        ("stage", Unit("parties", "authority", "superior")), ("by", AGENCY_ID), ("began", MARK),
        ("ruled", Option(Struct(("given", MARK), ("ruling", RULING)))),
    ))),
)

# "Accesses", "Batches", "Gateways' numbers", "Two legs"

BATCH = Struct(("count", U32), ("root", HASH))
BATCHED_ACCESS = Struct(("salt", HASH), ("text", Text(2048)))
GATEWAY_NUMBERS = Struct(("last", U64), ("missing", Gaps(1_024)))
ANSWER = Struct(("digest", HASH), ("reliable", Bool()))
ACKNOWLEDGEMENT = Struct(
    ("access", LOG_INDEX), ("exchange", NONCE), ("digest", Option(HASH)), ("count", U32)
)
ATTEMPT = Struct(
    ("consortium", HASH), ("exchange", NONCE), ("grant", BASIS), ("dataset", DATASET_ID),
    ("requester", AGENCY_ID), ("officer", PUBLIC_KEY), ("matter", CODE), ("items", ITEMS),
    ("mode", MODE), ("made_at", TIME_MS), ("valid_until", TIME_MS), ("sealed", List(HASH)),
    ("batch", Option(BATCH)), ("capacity", CAPACITY),
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
    provider_hosting_over=Struct(("until", TIME_MS)), officer_not_named=Struct(),
    parent_not_in_force=Struct(("parent", GRANT_ID), ("because", CODE)),
    no_such_emergency=Struct(("emergency", EMERGENCY_ID)),
    dataset_not_opened=Struct(("dataset", DATASET_ID)), requester_not_named=Struct(),
    own_dataset=Struct(), emergency_ended=Struct(("since", TIME_MS)),
    emergency_matter=Struct(("matter", CODE)), emergency_used=Struct(("limit", U64)),
    emergency_not_yet=Struct(("from", TIME_MS)),
    wrong_capacity=Struct(("capacity", CAPACITY)), not_a_member=Struct(("task_force", TASK_FORCE_ID)),
    invited_after_grant=Struct(("at", LOG_INDEX)), task_force_ended=Struct(("since", TIME_MS)),
    lead_gone=Struct(("task_force", TASK_FORCE_ID)),
)

# "Sealed details", "Signed queries"

DETAIL = Unit("case-number", "purpose", "row-filter")
OPENING = Struct(("detail", DETAIL), ("salt", HASH), ("text", Text(2048)))
QUERY = Struct(
    ("consortium", HASH), ("key", PUBLIC_KEY), ("method", Text(8)), ("path", Text(1024)),
    ("body", Text(64)), ("made_at", TIME_MS),
)
SIGNED_QUERY = Struct(("query", QUERY), ("signature", SIGNATURE))

# "Calendars", "Rule packs"

DAYS = Set(U64, lambda day: day)
CALENDAR = Struct(
    ("region", Text(64)), ("first", U64), ("last", U64), ("week", U8), ("holidays", DAYS),
    ("workdays", DAYS),
)
REGION_CALENDARS = List(Struct(("calendar", CALENDAR), ("at", LOG_INDEX)))
CLOCK = Unit(
    "compliance-review", "reply-unconditional", "reply-conditional", "reply-unclassified",
    "reply-extension", "delivery", "update", "undertaking", "check-reply", "correction", "emergency-review",
    "dispute-answer", "dispute-decision", "decide-anew",
    "emergency-justification",
    "drawn-review", "finding-answer", "finding-closure",
    "assessment-follow-up",
)
RULE_PACK = Struct(
    ("name", CODE), ("title", Text(128)), ("source", Text(512)), ("from", TIME_MS),
    ("clocks", Map(CLOCK, U16, CLOCK.rank)), ("stewards_important", U8), ("stewards_core", U8),
)
RULE_PACKS = List(Struct(("pack", RULE_PACK), ("at", LOG_INDEX)))

# "Governance"

OFFICE = Unit(
    "supervisor", "emergency-declarer", "steward-reviewer", "emergency-reviewer", "rules-reviewer",
    "admin-reviewer", "assessor",
)

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
    appoint=Struct(("office", OFFICE), ("agencies", AGENCY_IDS)),
    change_sponsor=Struct(("agency", AGENCY_ID), ("sponsor", AGENCY_ID)),
    renew_emergency=Struct(("emergency", EMERGENCY_ID), ("until", TIME_MS)),
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

# "Emergencies"

EMERGENCY_SCOPE = Struct(
    ("datasets", Set(DATASET_ID, lambda name: [part.encode() for part in name.split("/")])),
    ("agencies", AGENCY_IDS),
)
EMERGENCY_TERMS = Struct(
    ("scope", EMERGENCY_SCOPE), ("requesters", AGENCY_IDS), ("matter", CODE), ("until", TIME_MS),
    ("reason", Text(512)),
)
VERDICT = Unit("warranted", "excessive", "unwarranted")
REVIEW = Struct(("by", AGENCY_ID), ("verdict", VERDICT), ("mark", MARK))
EMERGENCY = Struct(
    ("terms", EMERGENCY_TERMS), ("declared_by", AGENCY_ID), ("declared_at", LOG_INDEX),
    ("declared_on", TIME_MS), ("until", TIME_MS),
    ("renewals", List(Struct(("mark", MARK), ("until", TIME_MS)))),
    ("ended", Option(Struct(("mark", MARK), ("reason", Text(256))))), ("reviews", List(REVIEW)),
)
EMERGENCY_IDS = List(EMERGENCY_ID)
EMERGENCY_ACCESS = Struct(
    ("requester", AGENCY_ID), ("on", TIME_MS), ("justified", Option(MARK)),
    ("late", Option(TIME_MS)),
)
EMERGENCY_USE = Struct(("usage", USAGE), ("entries", U32), ("justified", U32))

# "Task forces"

TASK_FORCE_TERMS = Struct(
    ("title", Text(128)), ("lead", AGENCY_ID), ("invited", AGENCY_IDS), ("matter", CODE),
    ("duty_basis", CODE), ("until", TIME_MS),
)
MEMBERSHIP = Struct(
    ("agency", AGENCY_ID), ("invited_at", LOG_INDEX), ("joined", MARK),
    ("left", Option(Struct(("mark", MARK), ("by", AGENCY_ID), ("reason", Text(256))))),
)
TASK_FORCE = Struct(
    ("terms", TASK_FORCE_TERMS), ("formed_at", LOG_INDEX), ("formed_on", TIME_MS),
    ("invited", Map(AGENCY_ID, LOG_INDEX, str.encode)), ("memberships", List(MEMBERSHIP)),
    ("ended", Option(Struct(("mark", MARK), ("reason", Text(256))))),
)

# "Oversight"

POWER = Unit("stewards", "emergencies", "rules", "admins")
DRAW_RANGE = Struct(("gateway", PUBLIC_KEY), ("first", U64), ("last", U64))
DRAW_SECRET_OF = Struct(("draw", DRAW_ID), ("agency", AGENCY_ID), ("secret", HASH))
DRAW_REVEALS = Struct(("draw", DRAW_ID), ("reveals", Map(AGENCY_ID, HASH, str.encode)))
DRAWN_VERDICT = Outer(**{"in-order": None, "finding": FINDING_ID})
DRAW = Struct(
    ("consortium", HASH), ("scope", List(DRAW_RANGE)), ("providers", List(AGENCY_ID)),
    ("count", U16), ("opened_by", AGENCY_ID), ("opened", MARK), ("pool", AGENCY_IDS),
    ("commits", Map(AGENCY_ID, Struct(
        ("commitment", HASH), ("made", MARK),
        ("reveal", Option(Struct(("secret", HASH), ("made", MARK)))),
    ), str.encode)),
    ("reviews", Map(U16, Struct(("verdict", DRAWN_VERDICT), ("made", MARK)), int)),
)
FINDING_ABOUT = Outer(
    entry=LOG_INDEX, drawn=Struct(("draw", DRAW_ID), ("number", U16)), power=POWER,
)
FINDING_OUTCOME = Unit("remedied", "unfounded", "upheld")
FINDING = Struct(
    ("agency", AGENCY_ID), ("about", FINDING_ABOUT), ("text", Text(512)), ("opened_by", AGENCY_ID),
    ("opened", MARK), ("answer", Option(Struct(("given", MARK), ("text", Text(512))))),
    ("closed", Option(
        Struct(("made", MARK), ("outcome", FINDING_OUTCOME), ("text", Text(512))))),
)

# "Assessments"

ASSESSMENT_KIND = Unit("satisfaction", "third-party")
ASSESSMENT_TERMS = Struct(
    ("agency", AGENCY_ID), ("kind", ASSESSMENT_KIND), ("matter", Option(CODE)), ("from", TIME_MS),
    ("until", TIME_MS), ("respondents", Option(U32)), ("score_permille", U16), ("report", HASH),
    ("text", Text(512)), ("recommendations", U16),
)
ASSESSMENT = Struct(
    ("terms", ASSESSMENT_TERMS), ("reported_by", AGENCY_ID), ("reported", MARK),
    ("followed_up", Option(Struct(("made", MARK), ("text", Text(512))))),
)

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

STATEMENT_SIGNER = Struct(
    ("agency", AGENCY_ID), ("key", PUBLIC_KEY), ("role", KEY_ROLE), ("capacity", CAPACITY)
)
LATE_ACCESS = Struct(
    ("nonce", NONCE), ("valid_until", TIME_MS), ("gateway", STATEMENT_SIGNER), ("sealed", List(HASH)),
    ("attempt", SIGNED_ATTEMPT), ("number", U64), ("answer", Option(ANSWER)),
    ("signature", SIGNATURE),
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
    record_access=Struct(("attempt", SIGNED_ATTEMPT), ("number", U64), ("answer", Option(ANSWER))),
    record_denial=Struct(
        ("attempt", SIGNED_ATTEMPT), ("refusal", ACCESS_REFUSAL), ("number", U64)
    ),
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
    review_request=Struct(("request", REQUEST_ID), ("fault", Text(256))),
    extend_reply=Struct(("request", REQUEST_ID), ("days", U16), ("reason", Text(256))),
    report_delivery=Struct(("grant", GRANT_ID)),
    refresh_dataset=Struct(("dataset", DATASET_ID)),
    publish_calendar=Struct(("calendar", CALENDAR)),
    publish_rules=Struct(("pack", RULE_PACK)),
    narrow_grant=Struct(("grant", GRANT_ID), ("terms", GRANT_TERMS), ("version", U32)),
    extend_grant=Struct(("grant", GRANT_ID), ("terms", GRANT_TERMS), ("version", U32)),
    issue_onward=Struct(("parent", GRANT_ID), ("terms", GRANT_TERMS)),
    fulfil_undertaking=Struct(("grant", GRANT_ID), ("number", U8), ("note", Text(256))),
    acknowledge_access=Struct(("grant", BASIS), ("accesses", List(ACKNOWLEDGEMENT))),
    open_check=Struct(("terms", CHECK_TERMS)),
    offer_handover=Struct(("check", CHECK_ID), ("to", AGENCY_ID), ("reason", Text(256))),
    accept_handover=Struct(("check", CHECK_ID)),
    decline_handover=Struct(("check", CHECK_ID)),
    answer_check=Struct(("check", CHECK_ID), ("outcome", CHECK_OUTCOME)),
    report_correction=Struct(("check", CHECK_ID), ("note", Text(512))),
    report_incident=Struct(("terms", INCIDENT_TERMS)),
    update_incident=Struct(("incident", INCIDENT_ID), ("note", Text(512))),
    close_incident=Struct(("incident", INCIDENT_ID), ("measures", Text(512))),
    declare_emergency=Struct(("terms", EMERGENCY_TERMS)),
    end_emergency=Struct(("emergency", EMERGENCY_ID), ("reason", Text(256))),
    review_emergency=Struct(
        ("emergency", EMERGENCY_ID), ("verdict", VERDICT), ("text", Text(512))
    ),
    open_dispute=Struct(("about", DISPUTE_ABOUT), ("grounds", Text(512))),
    answer_dispute=Struct(("dispute", DISPUTE_ID), ("ruling", RULING)),
    escalate_dispute=Struct(("dispute", DISPUTE_ID), ("grounds", Text(512))),
    decide_dispute=Struct(("dispute", DISPUTE_ID), ("ruling", RULING)),
    justify_access=Struct(
        ("emergency", EMERGENCY_ID), ("accesses", Set(LOG_INDEX, lambda index: index)),
        ("basis", CODE), ("text", Text(512)),
    ),
    open_draw=Struct(("scope", List(DRAW_RANGE)), ("count", U16)),
    commit_draw=Struct(("draw", DRAW_ID), ("commitment", HASH)),
    reveal_draw=Struct(("draw", DRAW_ID), ("secret", HASH)),
    report_review=Struct(("draw", DRAW_ID), ("number", U16), ("verdict", DRAWN_VERDICT)),
    open_finding=Struct(("agency", AGENCY_ID), ("about", FINDING_ABOUT), ("text", Text(512))),
    answer_finding=Struct(("finding", FINDING_ID), ("answer", Text(512))),
    close_finding=Struct(
        ("finding", FINDING_ID), ("outcome", FINDING_OUTCOME), ("text", Text(512))
    ),
    embed_late=Struct(
        ("record", LATE_ACCESS), ("missing", Set(U64, lambda number: number)),
        ("against", Option(ACCESS_REFUSAL)),
    ),
    form_task_force=Struct(("terms", TASK_FORCE_TERMS)),
    invite_to_task_force=Struct(("task_force", TASK_FORCE_ID), ("agency", AGENCY_ID)),
    exclude_from_task_force=Struct(
        ("task_force", TASK_FORCE_ID), ("agency", AGENCY_ID), ("reason", Text(256))
    ),
    join_task_force=Struct(("task_force", TASK_FORCE_ID)),
    leave_task_force=Struct(("task_force", TASK_FORCE_ID), ("reason", Text(256))),
    end_task_force=Struct(("task_force", TASK_FORCE_ID), ("reason", Text(256))),
    report_assessment=Struct(("terms", ASSESSMENT_TERMS)),
    follow_up_assessment=Struct(("assessment", ASSESSMENT_ID), ("text", Text(512))),
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
    neighbours=List(Raw(32)),
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
    noted=None,
)
