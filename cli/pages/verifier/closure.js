/* What the entries and the objects of an evidence bundle need of each other.
   Holds: a need is a state key in hexadecimal, or a position with the test that its act must pass.
   May not enter: faults, the page.
   Source: docs/formats.md, "Evidence bundles", "What a bundle holds". */

const bigEndian = (number, size) => fromHex(BigInt(number).toString(16).padStart(2 * size, '0'));
const stateKey = (letter, ...parts) => toHex(join(utf8(letter), ...parts));
const KEY_OF = {
  key: key => stateKey('k', fromHex(key)),
  agency: id => stateKey('a', utf8(id)),
  departure: id => stateKey('x', utf8(id)),
  grant: id => stateKey('g', bigEndian(id.slice(1), 8)),
  usage: id => stateKey('u', bigEndian(id.slice(1), 8)),
  request: id => stateKey('r', bigEndian(id.slice(1), 8)),
  proposal: id => stateKey('q', bigEndian(id.slice(1), 8)),
  dataset: id => stateKey('d', utf8(id)),
  version: (id, number) => stateKey('e', utf8(id), Uint8Array.of(0), bigEndian(number, 4)),
  code: (list, code) => stateKey(list === 'matters' ? 'm' : 'b', utf8(code)),
};
const PARAMS_KEY = stateKey('p');
const RULES_KEY = stateKey('o');
const agencyKeys = id => [KEY_OF.agency(id), KEY_OF.departure(id)];
const grantKeys = id => [KEY_OF.grant(id), KEY_OF.usage(id)];

/** By kind of action, the objects that it needs beside its signers'; `index` is the entry's own. */
const NEEDS_OF_ACTION = {
  'issue-grant': (action, index) => grantKeys(`G${index}`),
  'approve-request': (action, index) => [...grantKeys(`G${index}`), KEY_OF.request(action.request)],
  'revoke-grant': action => grantKeys(action.grant),
  'suspend-grant': action => grantKeys(action.grant),
  'resume-grant': action => grantKeys(action.grant),
  'open-request': (action, index) => [KEY_OF.request(`R${index}`)],
  'refuse-request': action => [KEY_OF.request(action.request)],
  'withdraw-request': action => [KEY_OF.request(action.request)],
  'urge-request': action => [KEY_OF.request(action.request)],
  'publish-dataset': action => [KEY_OF.dataset(action.dataset.id)],
  'amend-dataset': action => [KEY_OF.dataset(action.dataset.id)],
  'withdraw-dataset': action => [KEY_OF.dataset(action.dataset)],
  'suspend-dataset': action => [KEY_OF.dataset(action.dataset)],
  'resume-dataset': action => [KEY_OF.dataset(action.dataset)],
  'register-key': action => [KEY_OF.key(action.key)],
  'revoke-key': action => [KEY_OF.key(action.key)],
  'open-proposal': (action, index) => [KEY_OF.proposal(`P${index}`)],
  'cast-ballot': action => [KEY_OF.proposal(action.proposal)],
  'withdraw-code': action => [KEY_OF.code(action.list, action.code)],
};

/** The keys of the objects that an entry needs. */
function needsOfEntry(index, { signers, action }) {
  const keys = signers.flatMap(signer => [KEY_OF.key(signer.key), ...agencyKeys(signer.agency)]);
  const attempt = action.attempt?.attempt;
  if (attempt) keys.push(KEY_OF.key(attempt.officer), ...agencyKeys(attempt.requester), ...grantKeys(attempt.grant));
  return [...keys, ...(NEEDS_OF_ACTION[action.kind]?.(action, index) ?? [])];
}

/** The keys of the objects that an object that is held needs. `most`: more versions than this are not asked for. */
function needsOfObject(kind, value, most) {
  if (kind === 'request') return [KEY_OF.dataset(value.terms.asked.dataset)];
  if (kind === 'dataset') {
    const count = Math.min(value.version - 1, most);
    return Array.from({ length: Math.max(count, 0) }, (_, at) => KEY_OF.version(value.dataset.id, at + 1));
  }
  if (kind !== 'grant') return [];
  const { terms, request } = value;
  return [
    KEY_OF.dataset(terms.dataset), KEY_OF.code('duty-bases', terms.duty_basis),
    ...terms.matters.map(matter => KEY_OF.code('matters', matter)),
    ...(request === null ? [] : [KEY_OF.request(request)]), ...agencyKeys(terms.requester),
  ];
}

const sameJson = (a, b) => {
  const plain = value => JSON.stringify(value, (key, one) => (typeof one === 'bigint' || typeof one === 'number' ? `#${one}` : one));
  return plain(a) === plain(b);
};
const isAct = (kinds, fields = {}) => (index, action) =>
  kinds.includes(action.kind) && Object.entries(fields).every(([name, value]) => sameJson(action[name] ?? null, value));
const eitherOf = (...tests) => (index, action) => tests.some(test => test(index, action));
const isOfDataset = (id, kinds) => (index, action) => kinds.includes(action.kind) && action.dataset.id === id;
const isVote = isAct(['open-proposal', 'cast-ballot']);
const interruptionsOf = (held, begin, end) => held.flatMap(one => [[one.at, begin], [one.ended_at, end]]);

/** By kind of object, the positions that it names: [position or null, test]. `name`: what actions call it. */
const POSITIONS_OF = {
  grant: (name, { request, terms, issued_at: at, suspensions, revoked }) => [
    [at, request === null ? isAct(['issue-grant'], { terms }) : isAct(['approve-request'], { request, terms })],
    ...interruptionsOf(suspensions, isAct(['suspend-grant'], { grant: name }), isAct(['resume-grant'], { grant: name })),
    [revoked?.at ?? null, isAct(['revoke-grant'], { grant: name })],
  ],
  request: (name, { terms, opened_at: at, urging, reply }) => {
    const answer = { approved: 'approve-request', refused: 'refuse-request', withdrawn: 'withdraw-request' }[reply?.outcome.outcome];
    return [
      [at, isAct(['open-request'], { terms })], [urging.last_at, isAct(['urge-request'], { request: name })],
      [reply?.at ?? null, isAct([answer], { request: name })],
    ];
  },
  dataset: (name, value) => [
    [value.published_at, isOfDataset(name, ['publish-dataset'])], ...POSITIONS_OF['dataset-version'](name, value),
    ...interruptionsOf(value.suspensions, isAct(['suspend-dataset'], { dataset: name }), isAct(['resume-dataset'], { dataset: name })),
    ...interruptionsOf(value.withdrawals, isAct(['withdraw-dataset'], { dataset: name }), isOfDataset(name, ['publish-dataset'])),
  ],
  'dataset-version': (name, { dataset, version_at: at }) => [[at, isAct(['publish-dataset', 'amend-dataset'], { dataset })]],
  key: (name, { registered_at: at, revoked }) => [
    [at, eitherOf(isAct(['register-key'], { key: name }), isVote)],
    [revoked?.at ?? null, eitherOf(isAct(['revoke-key'], { key: name }), isVote)],
  ],
  departure: (name, { at }) => [[at, isVote]],
  proposal: (name, { measure, opened_at: at, ballots, passed_at: passed }) => {
    const isOpened = (index, action) => action.kind === 'open-proposal' && `P${index}` === name;
    const isBallot = eitherOf(isOpened, isAct(['cast-ballot'], { proposal: name }));
    return [
      [at, isAct(['open-proposal'], { measure })],
      ...Object.values(ballots).map(ballot => [ballot.at, isBallot]), [passed, isBallot],
    ];
  },
  matter: (name, value) => positionsOfCode('matters', value),
  'duty-basis': (name, value) => positionsOfCode('duty-bases', value),
};

function positionsOfCode(list, { code, title, published_at: published, withdrawn_at: withdrawn }) {
  const isPublished = (index, action) =>
    action.kind === 'publish-codes' && action.list === list && action.codes.some(one => sameJson(one, { code, title }));
  return [[published, isPublished], [withdrawn, isAct(['withdraw-code'], { list, code })]];
}

/** The positions that an object names, with their tests. */
const positionsOf = ({ kind, name, value }) =>
  (POSITIONS_OF[kind]?.(name, value) ?? []).filter(([at]) => at !== null);
