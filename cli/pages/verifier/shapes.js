/* The types of docs/formats.md, table by table, as far as proof files need them; the rest is in records.js.
   Holds: fields and variants stand in the order of their tables; names are those of "JSON".
   May not enter: checks that need more than the value itself (checks.js).
   Source: docs/formats.md, the sections named below. */

// "Text"

const FORBIDDEN = [
  [0x0000, 0x001F], [0x007F, 0x009F], [0x00AD, 0x00AD], [0x061C, 0x061C], [0x115F, 0x1160], [0x17B4, 0x17B5],
  [0x180B, 0x180F], [0x200B, 0x200F], [0x2028, 0x2029], [0x202A, 0x202E], [0x2060, 0x206F], [0x3164, 0x3164],
  [0xD800, 0xDFFF], [0xE000, 0xF8FF], [0xFDD0, 0xFDEF], [0xFE00, 0xFE0F], [0xFEFF, 0xFEFF], [0xFFA0, 0xFFA0],
  [0xFFF0, 0xFFFF], [0xE0000, 0xE0FFF], [0xF0000, 0x10FFFF],
];
const isForbidden = code =>
  (code & 0xFFFE) === 0xFFFE || FORBIDDEN.some(([first, last]) => first <= code && code <= last);
const fits = (text, limit) => text.length <= limit && utf8(text).length <= limit;
const isText = (text, limit) => fits(text, limit) && !Array.from(text).some(c => isForbidden(c.codePointAt(0)));
const isDotted = (text, limit) =>
  fits(text, limit) && text.split('.').every(label => /^[a-z0-9]([a-z0-9-]*[a-z0-9])?$/.test(label));
const isCode = text => fits(text, 64) && text.split('.').every(part => /^[A-Za-z0-9-]+$/.test(part));
const SPACES = '\\u0020\\u00A0\\u1680\\u2000-\\u200A\\u202F\\u205F\\u3000';
const edgeSpace = new RegExp(`^[${SPACES}]|[${SPACES}]$`);
const isItemName = text => text !== '' && isText(text, 96) && !text.includes(',') && !edgeSpace.test(text);

const text = limit => string(value => isText(value, limit));
const AGENCY_ID = string(value => isDotted(value, 64));
const SLUG = string(value => isDotted(value, 96));
const CODE = string(isCode);
const ITEM_NAME = string(isItemName);

// "Identifiers"

const HASH = raw(32);
const NONCE = raw(16);
const PUBLIC_KEY = raw(32, isKey);
const SIGNATURE = raw(64);
const HEIGHT = U64;
const LOG_INDEX = U64;
const TIME_MS = U64;

const DATASET_ID = {
  put(value, out) {
    const parts = typeof value === 'string' ? value.split('/') : [];
    if (parts.length !== 2) fail('no dataset id');
    AGENCY_ID.put(parts[0], out);
    SLUG.put(parts[1], out);
  },
  take: reader => `${AGENCY_ID.take(reader)}/${SLUG.take(reader)}`,
};

/** A position on the log, written with a letter before it. */
const position = letter => ({
  put(value, out) {
    const found = new RegExp(`^${letter}(0|[1-9]\\d*)$`).exec(value);
    U64.put(found ? BigInt(found[1]) : fail(`no ${letter} number`), out);
  },
  take: reader => `${letter}${U64.take(reader)}`,
});
const GRANT_ID = position('G');
const REQUEST_ID = position('R');
const PROPOSAL_ID = position('P');
const CHECK_ID = position('C');
const INCIDENT_ID = position('I');
const EMERGENCY_ID = position('E');
const DISPUTE_ID = position('D');
const DRAW_ID = position('W');
const FINDING_ID = position('F');
const TASK_FORCE_ID = position('T');
const ASSESSMENT_ID = position('A');
const compareDatasets = (a, b) => {
  const [[agency, slug], [other, otherSlug]] = [a.split('/'), b.split('/')];
  return compareText(agency, other) || compareText(slug, otherSlug);
};
const comparePositions = (a, b) => {
  const [one, other] = [BigInt(a.slice(1)), BigInt(b.slice(1))];
  return one < other ? -1 : Number(one > other);
};

/** A grant or an emergency, written as the one or the other is. */
const BASES = [GRANT_ID, EMERGENCY_ID];
const BASIS = {
  put(value, out) {
    const number = ['G', 'E'].indexOf(String(value)[0]);
    if (number < 0) fail('no basis');
    U32.put(number, out);
    BASES[number].put(value, out);
  },
  take(reader) {
    const number = U32.take(reader);
    return number < BASES.length ? BASES[number].take(reader) : fail(`${number} is no variant`);
  },
};
const isUrgent = basis => basis[0] === 'E';

const MARK = struct({ at: LOG_INDEX, on: TIME_MS });
// "Statements": it stands in attempts too.
const CAPACITY = outer({ 'agency': null, 'task-force': TASK_FORCE_ID });

// "Keys"

const KEY_ROLE = unit('validator', 'transport', 'note', 'admin', 'steward', 'officer', 'gateway', 'auditor');
const KEY_ALGORITHM = unit('ed25519');
const KEY_REVOCATION = struct({ at: LOG_INDEX, reason: text(256), suspect_since: option(TIME_MS), on: TIME_MS });
const KEY = struct({
  agency: AGENCY_ID, role: KEY_ROLE, algorithm: KEY_ALGORITHM, post: text(96), registered_at: option(LOG_INDEX),
  valid_until: option(TIME_MS), revoked: option(KEY_REVOCATION), registered_on: option(TIME_MS),
});
const OFFICIAL_KEYS = struct({ admins: U64, transport: option(PUBLIC_KEY), note: option(PUBLIC_KEY) });
const POSSESSION = struct({ agency: AGENCY_ID, role: KEY_ROLE, key: PUBLIC_KEY });

// "Genesis"

const LEVEL = unit('national', 'provincial', 'municipal', 'county', 'township', 'village');
const AGENCY_KIND = unit(
  'government', 'public-institution', 'party-legislative-or-judicial', 'enterprise', 'social-organisation', 'research');
const STANDING = outer({
  validator: struct({ power: U64 }), observer: null, hosted: struct({ sponsor: AGENCY_ID, until: TIME_MS }),
});
const AGENCY = struct({
  id: AGENCY_ID, name: text(128), level: LEVEL, region: text(64), kind: AGENCY_KIND, superior: option(AGENCY_ID),
  authority: option(AGENCY_ID), operated_by: text(128), standing: STANDING, sponsor: option(AGENCY_ID),
}, { absent: ['superior', 'authority', 'sponsor'] });
const PARAMS = struct({
  heartbeat_ms: U64, drift_ms: U64, record_bytes: U32, block_records: U32, block_bytes: U32, agency_records: U32,
  agency_bytes: U32, day_offset_minutes: I16, ballot_numerator: U8, ballot_denominator: U8, ballot_open_ms: U64,
});
const CODE_ENTRY = struct({ code: CODE, title: text(256) });
const GENESIS_KEY = struct({
  role: KEY_ROLE, algorithm: KEY_ALGORITHM, key: PUBLIC_KEY, post: text(96), possession: SIGNATURE,
}, { missing: { post: '' } });
const GENESIS_MEMBER = struct({ agency: AGENCY, keys: list(GENESIS_KEY) });
const GENESIS = struct({
  version: U16, name: text(128), time: TIME_MS, params: PARAMS, competent_authority: AGENCY_ID,
  matters: list(CODE_ENTRY), duty_bases: list(CODE_ENTRY), members: list(GENESIS_MEMBER),
});

// "Validators"

const totalPower = validators => validators.reduce((sum, validator) => sum + BigInt(validator.power), 0n);
const isValidatorSet = validators =>
  validators.length >= 1 && validators.length <= 128
  && isRising(validators.map(validator => validator.agency), compareText)
  && new Set(validators.map(validator => validator.key)).size === validators.length
  && validators.every(validator => validator.power >= 1n) && totalPower(validators) <= 1n << 40n;
const VALIDATOR = struct({ agency: AGENCY_ID, key: PUBLIC_KEY, power: U64 });
const VALIDATOR_SET = list(VALIDATOR, isValidatorSet);

// "Datasets", "Interruptions"

const SHARING = unit('unconditional', 'conditional', 'not-shared', 'unclassified');
const OPENNESS = unit('open', 'on-conditions', 'closed', 'unstated');
const GRADE = unit('general', 'important', 'core');
const MODE = unit('verify', 'query', 'batch');
const MODES = set(MODE, MODE.compare);
const ITEM = struct({ name: ITEM_NAME, kind: text(48) });
const DATASET = struct({
  id: DATASET_ID, title: text(256), summary: text(2048), items: list(ITEM),
  sharing: SHARING, conditions: text(512), openness: OPENNESS, grade: GRADE, modes: MODES, contact: text(128),
  identifier: text(256), details: option(HASH), update_days: option(U16), reliable: BOOL, manager: option(AGENCY_ID),
  service: text(512), stated: list(text(256)),
}, {
  absent: ['details', 'update_days', 'reliable', 'manager'],
  missing: { summary: '', items: [], conditions: '', identifier: '', reliable: false, service: '', stated: [] },
});
const ITEMS = outer({ all: null, only: set(ITEM_NAME, compareText) });
const INTERRUPTIONS = list(struct({
  at: LOG_INDEX, reason: text(256), ended_at: option(LOG_INDEX), on: TIME_MS, ended_on: option(TIME_MS),
}));
const PUBLISHED_DATASET = struct({
  dataset: DATASET, version: U32, published_at: LOG_INDEX, version_at: LOG_INDEX, suspensions: INTERRUPTIONS,
  withdrawals: INTERRUPTIONS, updated: MARK, version_on: TIME_MS,
  promised: option(struct({ update_days: U16, since: TIME_MS })),
});
const DATASET_VERSION = struct({ dataset: DATASET, version_at: LOG_INDEX, version_on: TIME_MS });

// "Grants", "Codes"

const BEARERS = outer({ all: null, posts: set(text(96), compareText), keys: set(PUBLIC_KEY, compareText) });
const SIDE = unit('provider', 'requester');
const PROMISE = outer({
  'delete-after-days': U16, 'report-use-every-days': U16, 'notify-incident-days': U16, 'notify-change-days': U16,
});
const UNDERTAKING = struct({ by: SIDE, what: PROMISE });
const FULFILMENT = struct({ number: U8, count: U32, last: MARK, before: option(MARK) });
const GRANT_TERMS = struct({
  dataset: DATASET_ID, requester: AGENCY_ID, matters: set(CODE, compareText), duty_basis: CODE, items: ITEMS,
  modes: MODES, not_before: TIME_MS, not_after: TIME_MS, total_quota: option(U64), daily_quota: option(U64),
  conditions: set(U8, (a, b) => a - b), officers: BEARERS, onward: set(AGENCY_ID, compareText),
  undertakings: list(UNDERTAKING), task_force: option(TASK_FORCE_ID),
}, { missing: { conditions: [], officers: 'all', onward: [], undertakings: [] } });
const GRANT = struct({
  terms: GRANT_TERMS, issued_at: LOG_INDEX, request: option(REQUEST_ID), suspensions: INTERRUPTIONS,
  revoked: option(struct({ at: LOG_INDEX, reason: text(256), on: TIME_MS })), issued_on: TIME_MS,
  delivered: option(MARK), version: U32, version_at: LOG_INDEX, parent: option(GRANT_ID), first_use: option(MARK),
  fulfilled: list(FULFILMENT), sharing: SHARING,
});
const GRANT_VERSION = struct({ terms: GRANT_TERMS, version_at: LOG_INDEX });
const USAGE = struct({ total: U64, day: U64, on_day: U64, onward: U64 });
const CODE_LIST = unit('matters', 'duty-bases');
const PUBLISHED_CODE = struct({
  code: CODE, title: text(256), published_at: option(LOG_INDEX), withdrawn_at: option(LOG_INDEX),
});

// "Requests"

const REQUEST_TERMS = struct({
  asked: GRANT_TERMS, once: BOOL, needed_by: option(TIME_MS), bundle: option(NONCE),
}, { missing: { once: false } });
const OUTCOME = tagged('outcome', {
  approved: struct({ grant: GRANT_ID, by_rule: BOOL }),
  refused: struct({ legal_basis: text(256), reason: text(512) }),
  withdrawn: struct({ reason: text(256) }),
  returned: struct({ reason: text(256) }),
});
const URGING = struct({ count: U32, last_at: option(LOG_INDEX), last_day: U64 });
const REPLY = struct({ at: LOG_INDEX, on: TIME_MS, outcome: OUTCOME });
const EXTENSION = struct({ at: LOG_INDEX, days: U16, reason: text(256) });
const REQUEST = struct({
  terms: REQUEST_TERMS, opened_at: LOG_INDEX, opened_by: PUBLIC_KEY, opened_on: TIME_MS, urging: URGING,
  reply: option(REPLY), sharing: SHARING, reviewer: option(AGENCY_ID), reviewed: option(MARK),
  extension: option(EXTENSION), decided_by: AGENCY_ID, earlier: list(REPLY),
});

// "Check requests", "Incidents", "Disputes"

const CHECK_TERMS = struct({
  dataset: DATASET_ID, items: ITEMS, grant: option(BASIS), asked: AGENCY_ID, claim: text(512),
});
const HANDOVER = struct({
  to: AGENCY_ID, reason: text(256), offered: MARK, end: option(outer({ accepted: MARK, declined: MARK })),
});
const CHECK_OUTCOME = tagged('outcome', {
  'upheld': struct({ from: TIME_MS, to: TIME_MS, correction: text(512) }),
  'not-upheld': struct({ basis: text(256), reason: text(512) }),
});
const CHECK_ANSWER = struct({ given: MARK, outcome: CHECK_OUTCOME });
const CHECK_REQUEST = struct({
  terms: CHECK_TERMS, opened_by: AGENCY_ID, opener: PUBLIC_KEY, opened: MARK, handovers: list(HANDOVER),
  answer: option(CHECK_ANSWER), corrected: option(struct({ made: MARK, note: text(512) })), earlier: list(CHECK_ANSWER),
});
const INCIDENT_TERMS = struct({
  datasets: set(DATASET_ID, compareDatasets), grants: set(GRANT_ID, comparePositions), since: TIME_MS, found: TIME_MS,
  nature: text(512),
});
const INCIDENT = struct({
  terms: INCIDENT_TERMS, reported_by: AGENCY_ID, reported: MARK, updates: U32, updated: option(MARK),
  closed: option(struct({ on: MARK, measures: text(512) })),
});
const DISPUTE_ABOUT = outer({ request: REQUEST_ID, delivery: GRANT_ID, check: CHECK_ID });
const RULING = tagged('ruling', {
  anew: struct({ reason: text(512) }), stands: struct({ basis: text(256), reason: text(512) }),
});
const STAGE = unit('parties', 'authority', 'superior');
const DISPUTE = struct({
  about: DISPUTE_ABOUT, grounds: text(512), claimant: AGENCY_ID, respondent: AGENCY_ID, opened: MARK,
  steps: list(struct({
    stage: STAGE, by: AGENCY_ID, began: MARK, ruled: option(struct({ given: MARK, ruling: RULING })),
  })),
});

// "Accesses", "Batches", "Gateways' numbers", "Two legs"

const BATCH = struct({ count: U32, root: HASH });
const ATTEMPT = struct({
  consortium: HASH, exchange: NONCE, grant: BASIS, dataset: DATASET_ID, requester: AGENCY_ID, officer: PUBLIC_KEY,
  matter: CODE, items: ITEMS, mode: MODE, made_at: TIME_MS, valid_until: TIME_MS, sealed: list(HASH),
  batch: option(BATCH), capacity: CAPACITY,
}, { missing: { sealed: [], capacity: 'agency' } });
const SIGNED_ATTEMPT = struct({ attempt: ATTEMPT, signature: SIGNATURE });
const ANSWER = struct({ digest: HASH, reliable: BOOL });
const ACKNOWLEDGEMENT = struct({ access: LOG_INDEX, exchange: NONCE, digest: option(HASH), count: U32 });
const NUMBERS = set(U64, (a, b) => (a < b ? -1 : Number(a > b)));
const GATEWAY_NUMBERS = struct({ last: U64, missing: gaps(1024) });
const ACCESS_REFUSAL = tagged('rule', {
  'officer-unknown': struct({}), 'not-an-officer': struct({}), 'officer-revoked': struct({ at: LOG_INDEX }),
  'officer-expired': struct({ until: TIME_MS }), 'attempt-expired': struct({ until: TIME_MS }),
  'attempt-too-long': struct({}), 'exchange-used': struct({}), 'no-such-grant': struct({ grant: GRANT_ID }),
  'other-dataset': struct({ dataset: DATASET_ID }), 'other-requester': struct({ requester: AGENCY_ID }),
  'grant-revoked': struct({ at: LOG_INDEX }), 'grant-not-yet-in-force': struct({ from: TIME_MS }),
  'grant-expired': struct({ until: TIME_MS }), 'matter-not-covered': struct({ matter: CODE }),
  'item-not-covered': struct({ item: ITEM_NAME }), 'whole-not-covered': struct({}), 'mode-not-covered': struct({}),
  'quota-used': struct({ limit: U64 }), 'daily-quota-used': struct({ limit: U64 }),
  'grant-suspended': struct({ at: LOG_INDEX }), 'dataset-suspended': struct({ at: LOG_INDEX }),
  'dataset-withdrawn': struct({ at: LOG_INDEX }), 'dataset-not-shared': struct({ sharing: SHARING }),
  'item-not-listed': struct({ item: ITEM_NAME }), 'mode-no-longer-offered': struct({}),
  'requester-left': struct({ at: LOG_INDEX }), 'requester-hosting-over': struct({ until: TIME_MS }),
  'provider-left': struct({ at: LOG_INDEX }), 'provider-hosting-over': struct({ until: TIME_MS }),
  'officer-not-named': struct({}), 'parent-not-in-force': struct({ parent: GRANT_ID, because: CODE }),
  'no-such-emergency': struct({ emergency: EMERGENCY_ID }), 'dataset-not-opened': struct({ dataset: DATASET_ID }),
  'requester-not-named': struct({}), 'own-dataset': struct({}), 'emergency-ended': struct({ since: TIME_MS }),
  'emergency-matter': struct({ matter: CODE }), 'emergency-used': struct({ limit: U64 }),
  'emergency-not-yet': struct({ from: TIME_MS }),
  'wrong-capacity': struct({ capacity: CAPACITY }), 'not-a-member': struct({ task_force: TASK_FORCE_ID }),
  'invited-after-grant': struct({ at: LOG_INDEX }), 'task-force-ended': struct({ since: TIME_MS }),
  'lead-gone': struct({ task_force: TASK_FORCE_ID }),
});

// "Calendars", "Rule packs"

const CALENDAR = struct({ region: text(64), first: U64, last: U64, week: U8, holidays: NUMBERS, workdays: NUMBERS });
const REGION_CALENDARS = list(struct({ calendar: CALENDAR, at: LOG_INDEX }));
const CLOCK = unit(
  'compliance-review', 'reply-unconditional', 'reply-conditional', 'reply-unclassified', 'reply-extension', 'delivery',
  'update', 'undertaking', 'check-reply', 'correction', 'emergency-review', 'dispute-answer', 'dispute-decision',
  'decide-anew', 'emergency-justification', 'drawn-review', 'finding-answer', 'finding-closure',
  'assessment-follow-up');
const RULE_PACK = struct({
  name: CODE, title: text(128), source: text(512), from: TIME_MS, clocks: map(CLOCK, U16, CLOCK.compare),
  stewards_important: U8, stewards_core: U8,
});
const RULE_PACKS = list(struct({ pack: RULE_PACK, at: LOG_INDEX }));
