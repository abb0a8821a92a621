/* The types of docs/formats.md, table by table, as far as proof files need them.
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

// "Keys"

const KEY_ROLE = unit('validator', 'transport', 'note', 'admin', 'steward', 'officer', 'gateway', 'auditor');
const KEY_ALGORITHM = unit('ed25519');
const KEY_REVOCATION = struct({ at: LOG_INDEX, reason: text(256), suspect_since: option(TIME_MS) });
const KEY = struct({
  agency: AGENCY_ID, role: KEY_ROLE, algorithm: KEY_ALGORITHM, post: text(96), registered_at: option(LOG_INDEX),
  valid_until: option(TIME_MS), revoked: option(KEY_REVOCATION),
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
  authority: option(AGENCY_ID), operated_by: text(128), standing: STANDING,
}, { absent: ['superior', 'authority'] });
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
  identifier: text(256), details: option(HASH),
}, { absent: ['details'], missing: { summary: '', items: [], conditions: '', identifier: '' } });
const ITEMS = outer({ all: null, only: set(ITEM_NAME, compareText) });
const INTERRUPTIONS = list(struct({ at: LOG_INDEX, reason: text(256), ended_at: option(LOG_INDEX) }));
const PUBLISHED_DATASET = struct({
  dataset: DATASET, version: U32, published_at: LOG_INDEX, version_at: LOG_INDEX, suspensions: INTERRUPTIONS,
  withdrawals: INTERRUPTIONS,
});
const DATASET_VERSION = struct({ dataset: DATASET, version_at: LOG_INDEX });

// "Grants", "Codes"

const GRANT_TERMS = struct({
  dataset: DATASET_ID, requester: AGENCY_ID, matters: set(CODE, compareText), duty_basis: CODE, items: ITEMS,
  modes: MODES, not_before: TIME_MS, not_after: TIME_MS, total_quota: option(U64), daily_quota: option(U64),
  conditions: text(512),
}, { missing: { conditions: '' } });
const GRANT = struct({
  terms: GRANT_TERMS, issued_at: LOG_INDEX, request: option(REQUEST_ID), suspensions: INTERRUPTIONS,
  revoked: option(struct({ at: LOG_INDEX, reason: text(256) })),
});
const USAGE = struct({ total: U64, day: U64, on_day: U64 });
const CODE_LIST = unit('matters', 'duty-bases');
const PUBLISHED_CODE = struct({
  code: CODE, title: text(256), published_at: option(LOG_INDEX), withdrawn_at: option(LOG_INDEX),
});

// "Requests"

const REQUEST_TERMS = struct({
  asked: GRANT_TERMS, once: BOOL, needed_by: option(TIME_MS), bundle: option(NONCE),
}, { missing: { once: false } });
const OUTCOME = tagged('outcome', {
  approved: struct({ grant: GRANT_ID }),
  refused: struct({ legal_basis: text(256), reason: text(512) }),
  withdrawn: struct({ reason: text(256) }),
});
const URGING = struct({ count: U32, last_at: option(LOG_INDEX), last_day: U64 });
const REPLY = struct({ at: LOG_INDEX, on: TIME_MS, outcome: OUTCOME });
const REQUEST = struct({
  terms: REQUEST_TERMS, opened_at: LOG_INDEX, opened_by: PUBLIC_KEY, opened_on: TIME_MS, urging: URGING,
  reply: option(REPLY),
});

// "Accesses"

const ATTEMPT = struct({
  consortium: HASH, exchange: NONCE, grant: GRANT_ID, dataset: DATASET_ID, requester: AGENCY_ID, officer: PUBLIC_KEY,
  matter: CODE, items: ITEMS, mode: MODE, made_at: TIME_MS, valid_until: TIME_MS, sealed: list(HASH),
}, { missing: { sealed: [] } });
const SIGNED_ATTEMPT = struct({ attempt: ATTEMPT, signature: SIGNATURE });
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
});

// "Governance", "Measures"

const MEASURE = tagged('measure', {
  'admit': struct({ member: GENESIS_MEMBER }),
  'remove': struct({ agency: AGENCY_ID, reason: text(256) }),
  'replace-key': struct({
    agency: AGENCY_ID, old: option(PUBLIC_KEY), new: option(GENESIS_KEY), suspect_since: option(TIME_MS),
  }),
  'change-operator': struct({ agency: AGENCY_ID, operated_by: text(128) }),
  'change-standing': struct({ agency: AGENCY_ID, standing: STANDING, key: option(GENESIS_KEY) }),
  'change-authority': struct({ agency: AGENCY_ID }),
  'change-params': struct({ params: PARAMS }),
  'activate-version': struct({ version: U16 }),
});
const CHOICE = unit('for', 'against');
const BALLOT = struct({ choice: CHOICE, at: LOG_INDEX });
const PROPOSED_MEASURE = struct({
  measure: MEASURE, opened_by: AGENCY_ID, opened_at: LOG_INDEX, closes: TIME_MS, ballots: map(AGENCY_ID, BALLOT),
  passed_at: option(LOG_INDEX),
});
const ROLL = struct({ electorate: set(AGENCY_ID, compareText), hosted: map(AGENCY_ID, AGENCY_ID) });
const DEPARTURE = struct({ at: LOG_INDEX, on: TIME_MS, reason: text(256) });

// "Consensus", "Equivocation"

const VOTE_KIND = unit('prevote', 'precommit');
const VOTE = struct({
  kind: VOTE_KIND, height: HEIGHT, round: U32, value: option(HASH), validator: PUBLIC_KEY,
});
const PROPOSAL = struct({ height: HEIGHT, round: U32, value: HASH, polka_round: option(U32), validator: PUBLIC_KEY });
const CERTIFICATE_SIGNATURES = list(struct({ validator: PUBLIC_KEY, signature: SIGNATURE }));
const COMMIT_CERTIFICATE = struct({
  height: HEIGHT, round: U32, header_hash: HASH, signatures: CERTIFICATE_SIGNATURES,
});
const POLKA_CERTIFICATE = struct({ height: HEIGHT, round: U32, value: HASH, signatures: CERTIFICATE_SIGNATURES });
const twoOf = message => struct({
  first: message, first_signature: SIGNATURE, second: message, second_signature: SIGNATURE,
});
const EQUIVOCATION = outer({ votes: twoOf(VOTE), proposals: twoOf(PROPOSAL) });

// "Statements"

const CAPACITY = unit('agency');
const STATEMENT_SIGNER = struct({ agency: AGENCY_ID, key: PUBLIC_KEY, role: KEY_ROLE, capacity: CAPACITY });
const ACTION = tagged('kind', {
  'register-key': struct({
    key: PUBLIC_KEY, role: KEY_ROLE, algorithm: KEY_ALGORITHM, post: text(96), valid_until: option(TIME_MS),
    possession: SIGNATURE,
  }, { missing: { post: '' } }),
  'revoke-key': struct({ key: PUBLIC_KEY, reason: text(256), suspect_since: option(TIME_MS) }),
  'publish-dataset': struct({ dataset: DATASET }),
  'issue-grant': struct({ terms: GRANT_TERMS }),
  'revoke-grant': struct({ grant: GRANT_ID, reason: text(256) }),
  'record-access': struct({ attempt: SIGNED_ATTEMPT }),
  'record-denial': struct({ attempt: SIGNED_ATTEMPT, refusal: ACCESS_REFUSAL }),
  'amend-dataset': struct({ dataset: DATASET, version: U32 }),
  'withdraw-dataset': struct({ dataset: DATASET_ID, reason: text(256) }),
  'suspend-dataset': struct({ dataset: DATASET_ID, reason: text(256) }),
  'resume-dataset': struct({ dataset: DATASET_ID }),
  'suspend-grant': struct({ grant: GRANT_ID, reason: text(256) }),
  'resume-grant': struct({ grant: GRANT_ID }),
  'open-request': struct({ terms: REQUEST_TERMS }),
  'approve-request': struct({ request: REQUEST_ID, terms: GRANT_TERMS }),
  'refuse-request': struct({ request: REQUEST_ID, legal_basis: text(256), reason: text(512) }),
  'withdraw-request': struct({ request: REQUEST_ID, reason: text(256) }),
  'urge-request': struct({ request: REQUEST_ID }),
  'publish-codes': struct({ list: CODE_LIST, codes: list(CODE_ENTRY) }),
  'withdraw-code': struct({ list: CODE_LIST, code: CODE, reason: text(256) }),
  'open-proposal': struct({ measure: MEASURE }),
  'cast-ballot': struct({ proposal: PROPOSAL_ID, choice: CHOICE }),
  'record-equivocation': struct({ equivocation: EQUIVOCATION }),
});
const STATEMENT = struct({
  version: U16, consortium: HASH, nonce: NONCE, valid_until: TIME_MS, signers: list(STATEMENT_SIGNER),
  sealed: list(HASH), action: ACTION,
});
const SIGNED_RECORD = struct({ statement: STATEMENT, signatures: list(SIGNATURE) });

// "Blocks", "State proofs", "Trust paths"

const HEADER = struct({
  version: U16, consortium: HASH, height: HEIGHT, proposal_round: U32, time: TIME_MS, parent: HASH,
  parent_certificate: HASH, body: HASH, first_index: LOG_INDEX, log_size: U64, log_root: HASH, state_root: HASH,
  validators: HASH, next_validators: HASH, proposer: AGENCY_ID,
});
const STATE_PROOF = struct({
  siblings: list(HASH, siblings => siblings.length <= 256),
  end: outer({ empty: null, key: null, other: struct({ path: HASH, value_hash: HASH }) }),
});
const SET_CHANGE = struct({ header: HEADER, certificate: COMMIT_CERTIFICATE, next: VALIDATOR_SET });
const TRUST_PATH = struct({ changes: list(SET_CHANGE), header: HEADER, certificate: COMMIT_CERTIFICATE });

// "Proof files"

const BRANCH = struct({ header: HEADER, certificate: COMMIT_CERTIFICATE, polkas: list(POLKA_CERTIFICATE) });
const PROOF = outer({
  receipt: struct({ index: LOG_INDEX, record: BYTES, inclusion: list(HASH), path: TRUST_PATH }),
  extract: struct({
    claims: list(struct({ key: BYTES, value: option(BYTES), proof: STATE_PROOF })), path: TRUST_PATH,
  }),
  extension: struct({
    earlier: HEADER, earlier_certificate: COMMIT_CERTIFICATE, consistency: list(HASH), path: TRUST_PATH,
  }),
  fork: struct({ changes: list(SET_CHANGE), one: BRANCH, other: BRANCH }),
  collection: struct({
    changes: list(SET_CHANGE),
    blocks: list(struct({
      header: HEADER, certificate: COMMIT_CERTIFICATE,
      entries: list(struct({ index: LOG_INDEX, record: BYTES, inclusion: list(HASH) })),
    })),
  }),
});

/** "State": by the letter that a key begins with, how what follows is written, and the type of the value. */
const STATE_KINDS = {
  p: { kind: 'params', name: 'none', type: PARAMS },
  c: { kind: 'authority', name: 'none', type: AGENCY_ID },
  v: { kind: 'validator-set', name: 'none', type: VALIDATOR_SET },
  a: { kind: 'agency', name: 'agency', type: AGENCY },
  k: { kind: 'key', name: 'key', type: KEY },
  m: { kind: 'matter', name: 'code', type: PUBLISHED_CODE },
  b: { kind: 'duty-basis', name: 'code', type: PUBLISHED_CODE },
  d: { kind: 'dataset', name: 'dataset', type: PUBLISHED_DATASET },
  g: { kind: 'grant', name: 'G', type: GRANT },
  u: { kind: 'usage', name: 'G', type: USAGE },
  r: { kind: 'request', name: 'R', type: REQUEST },
  q: { kind: 'proposal', name: 'P', type: PROPOSED_MEASURE },
  l: { kind: 'roll', name: 'none', type: ROLL },
  x: { kind: 'departure', name: 'agency', type: DEPARTURE },
  n: { kind: 'official-keys', name: 'agency', type: OFFICIAL_KEYS },
  o: { kind: 'rules-version', name: 'none', type: U16 },
  y: { kind: 'equivocation', name: 'place', type: LOG_INDEX },
  e: { kind: 'dataset-version', name: 'version', type: DATASET_VERSION },
};
