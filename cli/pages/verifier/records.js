/* The types of docs/formats.md that what is signed and what is proven are made of: measures, emergencies, draws, votes,
   statements, headers, proof files, and what lies under which key of the state.
   Holds: as shapes.js. May not enter: checks that need more than the value itself (checks.js).
   Source: docs/formats.md, the sections named below. */

// "Governance", "Measures"

const OFFICE = unit(
  'supervisor', 'emergency-declarer', 'steward-reviewer', 'emergency-reviewer', 'rules-reviewer', 'admin-reviewer', 'assessor');
const OFFICE_HOLDERS = set(AGENCY_ID, compareText);

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
  'appoint': struct({ office: OFFICE, agencies: OFFICE_HOLDERS }),
  'change-sponsor': struct({ agency: AGENCY_ID, sponsor: AGENCY_ID }),
  'renew-emergency': struct({ emergency: EMERGENCY_ID, until: TIME_MS }),
});
const CHOICE = unit('for', 'against');
const BALLOT = struct({ choice: CHOICE, at: LOG_INDEX });
const PROPOSED_MEASURE = struct({
  measure: MEASURE, opened_by: AGENCY_ID, opened_at: LOG_INDEX, closes: TIME_MS, ballots: map(AGENCY_ID, BALLOT),
  passed_at: option(LOG_INDEX),
});
const ROLL = struct({ electorate: set(AGENCY_ID, compareText), hosted: map(AGENCY_ID, AGENCY_ID) });
const DEPARTURE = struct({ at: LOG_INDEX, on: TIME_MS, reason: text(256) });

// "Emergencies"

const EMERGENCY_TERMS = struct({
  scope: struct({ datasets: set(DATASET_ID, compareDatasets), agencies: set(AGENCY_ID, compareText) }),
  requesters: set(AGENCY_ID, compareText), matter: CODE, until: TIME_MS, reason: text(512),
});
const VERDICT = unit('warranted', 'excessive', 'unwarranted');
const EMERGENCY = struct({
  terms: EMERGENCY_TERMS, declared_by: AGENCY_ID, declared_at: LOG_INDEX, declared_on: TIME_MS, until: TIME_MS,
  renewals: list(struct({ mark: MARK, until: TIME_MS })), ended: option(struct({ mark: MARK, reason: text(256) })),
  reviews: list(struct({ by: AGENCY_ID, verdict: VERDICT, mark: MARK })),
});
const EMERGENCY_IDS = list(EMERGENCY_ID);
const EMERGENCY_ACCESS = struct({ requester: AGENCY_ID, on: TIME_MS, justified: option(MARK), late: option(TIME_MS) });
const EMERGENCY_USE = struct({ usage: USAGE, entries: U32, justified: U32 });

// "Task forces"

const TASK_FORCE_TERMS = struct({
  title: text(128), lead: AGENCY_ID, invited: set(AGENCY_ID, compareText), matter: CODE, duty_basis: CODE, until: TIME_MS,
});
const TASK_FORCE = struct({
  terms: TASK_FORCE_TERMS, formed_at: LOG_INDEX, formed_on: TIME_MS, invited: map(AGENCY_ID, LOG_INDEX),
  memberships: list(struct({
    agency: AGENCY_ID, invited_at: LOG_INDEX, joined: MARK,
    left: option(struct({ mark: MARK, by: AGENCY_ID, reason: text(256) })),
  })),
  ended: option(struct({ mark: MARK, reason: text(256) })),
});

// "Oversight"

const POWER = unit('stewards', 'emergencies', 'rules', 'admins');
const DRAW_RANGE = struct({ gateway: PUBLIC_KEY, first: U64, last: U64 });
const DRAWN_VERDICT = outer({ 'in-order': null, 'finding': FINDING_ID });
const DRAW = struct({
  consortium: HASH, scope: list(DRAW_RANGE), providers: list(AGENCY_ID), count: U16, opened_by: AGENCY_ID, opened: MARK,
  pool: set(AGENCY_ID, compareText),
  commits: map(AGENCY_ID, struct({ commitment: HASH, made: MARK, reveal: option(struct({ secret: HASH, made: MARK })) })),
  reviews: map(asName(U16), struct({ verdict: DRAWN_VERDICT, made: MARK }), (a, b) => a - b),
});
const FINDING_ABOUT = outer({ entry: LOG_INDEX, drawn: struct({ draw: DRAW_ID, number: U16 }), power: POWER });
const FINDING_OUTCOME = unit('remedied', 'unfounded', 'upheld');
const FINDING = struct({
  agency: AGENCY_ID, about: FINDING_ABOUT, text: text(512), opened_by: AGENCY_ID, opened: MARK,
  answer: option(struct({ given: MARK, text: text(512) })),
  closed: option(struct({ made: MARK, outcome: FINDING_OUTCOME, text: text(512) })),
});

// "Assessments"

const ASSESSMENT_KIND = unit('satisfaction', 'third-party');
const ASSESSMENT_TERMS = struct({
  agency: AGENCY_ID, kind: ASSESSMENT_KIND, matter: option(CODE), from: TIME_MS, until: TIME_MS, respondents: option(U32),
  score_permille: U16, report: HASH, text: text(512), recommendations: U16,
});
const ASSESSMENT = struct({
  terms: ASSESSMENT_TERMS, reported_by: AGENCY_ID, reported: MARK,
  followed_up: option(struct({ made: MARK, text: text(512) })),
});

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

const STATEMENT_SIGNER = struct({ agency: AGENCY_ID, key: PUBLIC_KEY, role: KEY_ROLE, capacity: CAPACITY });
const LATE_ACCESS = struct({
  nonce: NONCE, valid_until: TIME_MS, gateway: STATEMENT_SIGNER, sealed: list(HASH), attempt: SIGNED_ATTEMPT, number: U64,
  answer: option(ANSWER), signature: SIGNATURE,
});
const ACTION = tagged('kind', {
  'register-key': struct({
    key: PUBLIC_KEY, role: KEY_ROLE, algorithm: KEY_ALGORITHM, post: text(96), valid_until: option(TIME_MS),
    possession: SIGNATURE,
  }, { missing: { post: '' } }),
  'revoke-key': struct({ key: PUBLIC_KEY, reason: text(256), suspect_since: option(TIME_MS) }),
  'publish-dataset': struct({ dataset: DATASET }),
  'issue-grant': struct({ terms: GRANT_TERMS }),
  'revoke-grant': struct({ grant: GRANT_ID, reason: text(256) }),
  'record-access': struct({ attempt: SIGNED_ATTEMPT, number: U64, answer: option(ANSWER) }),
  'record-denial': struct({ attempt: SIGNED_ATTEMPT, refusal: ACCESS_REFUSAL, number: U64 }),
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
  'review-request': struct({ request: REQUEST_ID, fault: text(256) }),
  'extend-reply': struct({ request: REQUEST_ID, days: U16, reason: text(256) }),
  'report-delivery': struct({ grant: GRANT_ID }),
  'refresh-dataset': struct({ dataset: DATASET_ID }),
  'publish-calendar': struct({ calendar: CALENDAR }),
  'publish-rules': struct({ pack: RULE_PACK }),
  'narrow-grant': struct({ grant: GRANT_ID, terms: GRANT_TERMS, version: U32 }),
  'extend-grant': struct({ grant: GRANT_ID, terms: GRANT_TERMS, version: U32 }),
  'issue-onward': struct({ parent: GRANT_ID, terms: GRANT_TERMS }),
  'fulfil-undertaking': struct({ grant: GRANT_ID, number: U8, note: text(256) }),
  'acknowledge-access': struct({ grant: BASIS, accesses: list(ACKNOWLEDGEMENT) }),
  'open-check': struct({ terms: CHECK_TERMS }),
  'offer-handover': struct({ check: CHECK_ID, to: AGENCY_ID, reason: text(256) }),
  'accept-handover': struct({ check: CHECK_ID }),
  'decline-handover': struct({ check: CHECK_ID }),
  'answer-check': struct({ check: CHECK_ID, outcome: CHECK_OUTCOME }),
  'report-correction': struct({ check: CHECK_ID, note: text(512) }),
  'report-incident': struct({ terms: INCIDENT_TERMS }),
  'update-incident': struct({ incident: INCIDENT_ID, note: text(512) }),
  'close-incident': struct({ incident: INCIDENT_ID, measures: text(512) }),
  'declare-emergency': struct({ terms: EMERGENCY_TERMS }),
  'end-emergency': struct({ emergency: EMERGENCY_ID, reason: text(256) }),
  'review-emergency': struct({ emergency: EMERGENCY_ID, verdict: VERDICT, text: text(512) }),
  'open-dispute': struct({ about: DISPUTE_ABOUT, grounds: text(512) }),
  'answer-dispute': struct({ dispute: DISPUTE_ID, ruling: RULING }),
  'escalate-dispute': struct({ dispute: DISPUTE_ID, grounds: text(512) }),
  'decide-dispute': struct({ dispute: DISPUTE_ID, ruling: RULING }),
  'justify-access': struct({ emergency: EMERGENCY_ID, accesses: NUMBERS, basis: CODE, text: text(512) }),
  'open-draw': struct({ scope: list(DRAW_RANGE), count: U16 }),
  'commit-draw': struct({ draw: DRAW_ID, commitment: HASH }),
  'reveal-draw': struct({ draw: DRAW_ID, secret: HASH }),
  'report-review': struct({ draw: DRAW_ID, number: U16, verdict: DRAWN_VERDICT }),
  'open-finding': struct({ agency: AGENCY_ID, about: FINDING_ABOUT, text: text(512) }),
  'answer-finding': struct({ finding: FINDING_ID, answer: text(512) }),
  'close-finding': struct({ finding: FINDING_ID, outcome: FINDING_OUTCOME, text: text(512) }),
  'embed-late': struct({ record: LATE_ACCESS, missing: NUMBERS, against: option(ACCESS_REFUSAL) }),
  'form-task-force': struct({ terms: TASK_FORCE_TERMS }),
  'invite-to-task-force': struct({ task_force: TASK_FORCE_ID, agency: AGENCY_ID }),
  'exclude-from-task-force': struct({ task_force: TASK_FORCE_ID, agency: AGENCY_ID, reason: text(256) }),
  'join-task-force': struct({ task_force: TASK_FORCE_ID }),
  'leave-task-force': struct({ task_force: TASK_FORCE_ID, reason: text(256) }),
  'end-task-force': struct({ task_force: TASK_FORCE_ID, reason: text(256) }),
  'report-assessment': struct({ terms: ASSESSMENT_TERMS }),
  'follow-up-assessment': struct({ assessment: ASSESSMENT_ID, text: text(512) }),
});
const STATEMENT = struct({
  version: U16, consortium: HASH, nonce: NONCE, valid_until: TIME_MS, signers: list(STATEMENT_SIGNER),
  sealed: list(HASH), action: ACTION,
});
/** The statement that a gateway signed in its time, from what a later one carries of it. */
const lateStatement = ({ nonce, valid_until, gateway, sealed, attempt, number, answer }, { version, consortium }) => ({
  version, consortium, nonce, valid_until, signers: [gateway], sealed, action: { kind: 'record-access', attempt, number, answer },
});
/** The signed attempt inside an action, or undefined. */
const attemptIn = action => (action.kind === 'embed-late' ? action.record.attempt : action.attempt);
/** Whether an action is of an access that took place. */
const isAccess = ({ kind }) => kind === 'record-access' || kind === 'embed-late';
const COUNTED_ALL_THE_SAME = ['provider-left', 'provider-hosting-over', 'emergency-ended', 'dataset-withdrawn', 'dataset-suspended',
  'dataset-not-shared', 'emergency-matter', 'item-not-listed', 'mode-no-longer-offered'];
/** Whether an access counts in its emergency: of one that went in late, by what stood against it. */
const countsThere = ({ kind, against }) =>
  kind === 'record-access' || kind === 'embed-late' && (against === null || COUNTED_ALL_THE_SAME.includes(against.rule));
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
  f: { kind: 'grant-version', name: 'grant-version', type: GRANT_VERSION },
  u: { kind: 'usage', name: 'G', type: USAGE },
  j: { kind: 'gateway-numbers', name: 'key', type: GATEWAY_NUMBERS },
  r: { kind: 'request', name: 'R', type: REQUEST },
  q: { kind: 'proposal', name: 'P', type: PROPOSED_MEASURE },
  l: { kind: 'roll', name: 'none', type: ROLL },
  x: { kind: 'departure', name: 'agency', type: DEPARTURE },
  n: { kind: 'official-keys', name: 'agency', type: OFFICIAL_KEYS },
  o: { kind: 'rules-version', name: 'none', type: U16 },
  y: { kind: 'equivocation', name: 'place', type: LOG_INDEX },
  e: { kind: 'dataset-version', name: 'version', type: DATASET_VERSION },
  w: { kind: 'calendars', name: 'region', type: REGION_CALENDARS },
  z: { kind: 'rule-packs', name: 'none', type: RULE_PACKS },
  i: { kind: 'office', name: 'office', type: OFFICE_HOLDERS },
  B: { kind: 'check-request', name: 'C', type: CHECK_REQUEST },
  I: { kind: 'incident', name: 'I', type: INCIDENT },
  D: { kind: 'dispute', name: 'D', type: DISPUTE },
  O: { kind: 'last-dispute', name: 'disputed', type: DISPUTE_ID },
  E: { kind: 'recent-emergencies', name: 'none', type: EMERGENCY_IDS },
  h: { kind: 'emergency', name: 'E', type: EMERGENCY },
  s: { kind: 'emergency-access', name: 'emergency-access', type: EMERGENCY_ACCESS },
  X: { kind: 'emergency-exchange', name: 'exchange', type: LOG_INDEX },
  R: { kind: 'emergency-recipient', name: 'emergency-recipient', type: LOG_INDEX },
  S: { kind: 'emergency-use', name: 'emergency-use', type: EMERGENCY_USE },
  W: { kind: 'draw', name: 'W', type: DRAW },
  F: { kind: 'finding', name: 'F', type: FINDING },
  T: { kind: 'task-force', name: 'T', type: TASK_FORCE },
  M: { kind: 'member-usage', name: 'member-usage', type: USAGE },
  A: { kind: 'assessment', name: 'A', type: ASSESSMENT },
  H: { kind: 'reported', name: 'reported', type: ASSESSMENT_ID },
};
