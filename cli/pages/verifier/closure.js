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
  grantVersion: (id, number) => stateKey('f', bigEndian(id.slice(1), 8), bigEndian(number, 4)),
  version: (id, number) => stateKey('e', utf8(id), Uint8Array.of(0), bigEndian(number, 4)),
  check: id => stateKey('B', bigEndian(id.slice(1), 8)),
  incident: id => stateKey('I', bigEndian(id.slice(1), 8)),
  dispute: id => stateKey('D', bigEndian(id.slice(1), 8)),
  emergency: id => stateKey('h', bigEndian(id.slice(1), 8)),
  emergencyAccess: (id, access) => stateKey('s', bigEndian(id.slice(1), 8), bigEndian(access, 8)),
  emergencyUse: (id, agency) => stateKey('S', bigEndian(id.slice(1), 8), utf8(agency)),
  taskForce: id => stateKey('T', bigEndian(id.slice(1), 8)),
  memberUsage: (id, agency) => stateKey('M', bigEndian(id.slice(1), 8), utf8(agency)),
  draw: id => stateKey('W', bigEndian(id.slice(1), 8)),
  finding: id => stateKey('F', bigEndian(id.slice(1), 8)),
  assessment: id => stateKey('A', bigEndian(id.slice(1), 8)),
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
  'report-delivery': action => grantKeys(action.grant),
  'narrow-grant': action => grantKeys(action.grant),
  'extend-grant': action => grantKeys(action.grant),
  'fulfil-undertaking': action => grantKeys(action.grant),
  'acknowledge-access': action => (isUrgent(action.grant) ? [] : grantKeys(action.grant)),
  'issue-onward': (action, index) => [...grantKeys(`G${index}`), ...grantKeys(action.parent)],
  'open-request': (action, index) => [KEY_OF.request(`R${index}`)],
  'refuse-request': action => [KEY_OF.request(action.request)],
  'withdraw-request': action => [KEY_OF.request(action.request)],
  'urge-request': action => [KEY_OF.request(action.request)],
  'review-request': action => [KEY_OF.request(action.request)],
  'extend-reply': action => [KEY_OF.request(action.request)],
  'publish-dataset': action => [KEY_OF.dataset(action.dataset.id)],
  'amend-dataset': action => [KEY_OF.dataset(action.dataset.id)],
  'withdraw-dataset': action => [KEY_OF.dataset(action.dataset)],
  'suspend-dataset': action => [KEY_OF.dataset(action.dataset)],
  'resume-dataset': action => [KEY_OF.dataset(action.dataset)],
  'refresh-dataset': action => [KEY_OF.dataset(action.dataset)],
  'register-key': action => [KEY_OF.key(action.key)],
  'revoke-key': action => [KEY_OF.key(action.key)],
  'open-proposal': (action, index) => [KEY_OF.proposal(`P${index}`)],
  'cast-ballot': action => [KEY_OF.proposal(action.proposal)],
  'withdraw-code': action => [KEY_OF.code(action.list, action.code)],
  'open-check': (action, index) => [KEY_OF.check(`C${index}`)],
  'offer-handover': action => [KEY_OF.check(action.check)],
  'accept-handover': action => [KEY_OF.check(action.check)],
  'decline-handover': action => [KEY_OF.check(action.check)],
  'answer-check': action => [KEY_OF.check(action.check)],
  'report-correction': action => [KEY_OF.check(action.check)],
  'report-incident': (action, index) => [KEY_OF.incident(`I${index}`)],
  'update-incident': action => [KEY_OF.incident(action.incident)],
  'close-incident': action => [KEY_OF.incident(action.incident)],
  'declare-emergency': (action, index) => [KEY_OF.emergency(`E${index}`)],
  'end-emergency': action => [KEY_OF.emergency(action.emergency)],
  'review-emergency': action => [KEY_OF.emergency(action.emergency)],
  'justify-access': action => [KEY_OF.emergency(action.emergency)],
  'open-dispute': (action, index) => [KEY_OF.dispute(`D${index}`)],
  'answer-dispute': action => [KEY_OF.dispute(action.dispute)],
  'escalate-dispute': action => [KEY_OF.dispute(action.dispute)],
  'decide-dispute': action => [KEY_OF.dispute(action.dispute)],
  'open-draw': (action, index) => [KEY_OF.draw(`W${index}`)],
  'commit-draw': action => [KEY_OF.draw(action.draw)],
  'reveal-draw': action => [KEY_OF.draw(action.draw)],
  'report-review': ({ draw, verdict }) => [KEY_OF.draw(draw), ...findingKeys(verdict)],
  'open-finding': (action, index) => [KEY_OF.finding(`F${index}`)],
  'answer-finding': action => [KEY_OF.finding(action.finding)],
  'close-finding': action => [KEY_OF.finding(action.finding)],
  'form-task-force': (action, index) => [KEY_OF.taskForce(`T${index}`)],
  'invite-to-task-force': action => [KEY_OF.taskForce(action.task_force)],
  'exclude-from-task-force': action => [KEY_OF.taskForce(action.task_force)],
  'join-task-force': action => [KEY_OF.taskForce(action.task_force)],
  'leave-task-force': action => [KEY_OF.taskForce(action.task_force)],
  'end-task-force': action => [KEY_OF.taskForce(action.task_force)],
  'report-assessment': (action, index) => [KEY_OF.assessment(`A${index}`)],
  'follow-up-assessment': action => [KEY_OF.assessment(action.assessment)],
};

/** The finding that a verdict on what was drawn names, if it does. */
function findingKeys(verdict) {
  return verdict.finding === undefined ? [] : [KEY_OF.finding(verdict.finding)];
}

/** The task force for which is signed, where it is for one. */
const forceKeys = capacity => (capacity === 'agency' ? [] : [KEY_OF.taskForce(capacity['task-force'])]);
/** The task force that terms name, if they do. */
const namedForce = ({ task_force: name }) => (name === null ? [] : [KEY_OF.taskForce(name)]);

/** The keys of the objects on which an attempt relies; `index` is its entry's. */
function basisKeys({ grant: basis, dataset, requester, capacity }, counts, index) {
  if (!isUrgent(basis)) {
    const force = forceKeys(capacity);
    return [...grantKeys(basis), ...force, ...force.map(() => KEY_OF.memberUsage(basis, requester))];
  }
  const own = counts ? [KEY_OF.emergencyAccess(basis, index)] : [];
  return [KEY_OF.emergency(basis), KEY_OF.emergencyUse(basis, requester), KEY_OF.dataset(dataset), ...own];
}

/** The keys of the objects that an entry needs. */
function needsOfEntry(index, { signers, action }) {
  const then = action.kind === 'embed-late' ? [action.record.gateway] : [];
  const keys = [...signers, ...then].flatMap(({ key, agency, capacity }) => [KEY_OF.key(key), ...agencyKeys(agency), ...forceKeys(capacity)]);
  const attempt = attemptIn(action)?.attempt;
  if (attempt) {
    keys.push(KEY_OF.key(attempt.officer), ...agencyKeys(attempt.requester), ...basisKeys(attempt, countsThere(action), index));
  }
  return [...keys, ...(NEEDS_OF_ACTION[action.kind]?.(action, index) ?? [])];
}

/** By kind of object, the keys of the objects that it needs. `most`: more versions than this are not asked for. */
const NEEDS_OF_OBJECT = {
  'request': ({ terms }) => [KEY_OF.dataset(terms.asked.dataset), ...namedForce(terms.asked)],
  'task-force': ({ terms }) => [
    KEY_OF.code('matters', terms.matter), KEY_OF.code('duty-bases', terms.duty_basis), ...agencyKeys(terms.lead),
  ],
  'dataset': ({ dataset, version }, name, most) => versionsBelow(version, most).map(at => KEY_OF.version(dataset.id, at)),
  'grant': ({ terms, request, parent, version }, name, most) => [
    ...(parent === null ? [] : grantKeys(parent)),
    ...versionsBelow(version, most).map(number => KEY_OF.grantVersion(name, number)),
    KEY_OF.dataset(terms.dataset), KEY_OF.code('duty-bases', terms.duty_basis),
    ...terms.matters.map(matter => KEY_OF.code('matters', matter)),
    ...(request === null ? [] : [KEY_OF.request(request)]), ...namedForce(terms), ...agencyKeys(terms.requester),
  ],
  'emergency': ({ terms }) => [KEY_OF.code('matters', terms.matter)],
  'emergency-access': (value, name) => [KEY_OF.emergency(name.split('/')[0])],
  'check-request': ({ terms: { dataset, grant } }) => {
    if (grant === null) return [KEY_OF.dataset(dataset)];
    return [KEY_OF.dataset(dataset), ...(isUrgent(grant) ? [KEY_OF.emergency(grant)] : grantKeys(grant))];
  },
  'incident': ({ terms }) => [...terms.datasets.map(KEY_OF.dataset), ...terms.grants.flatMap(grantKeys)],
  'dispute': ({ about: { request, delivery, check } }) => {
    if (delivery !== undefined) return grantKeys(delivery);
    return [request === undefined ? KEY_OF.check(check) : KEY_OF.request(request)];
  },
  'draw': ({ scope, reviews }) => [
    ...scope.map(({ gateway }) => KEY_OF.key(gateway)), ...Object.values(reviews).flatMap(one => findingKeys(one.verdict)),
  ],
  'finding': ({ about }) => (about.drawn === undefined ? [] : [KEY_OF.draw(about.drawn.draw)]),
  'assessment': ({ terms: { matter } }) => (matter === null ? [] : [KEY_OF.code('matters', matter)]),
};
const versionsBelow = (version, most) =>
  Array.from({ length: Math.max(Math.min(version - 1, most), 0) }, (_, at) => at + 1);

/** The keys of the objects that an object that is held needs. */
const needsOfObject = ({ kind, name, value }, most) => NEEDS_OF_OBJECT[kind]?.(value, name, most) ?? [];

const sameJson = (a, b) => {
  const plain = value => JSON.stringify(value, (key, one) => (typeof one === 'bigint' || typeof one === 'number' ? `#${one}` : one));
  return plain(a) === plain(b);
};
const isAct = (kinds, fields = {}) => (index, action) =>
  kinds.includes(action.kind) && Object.entries(fields).every(([name, value]) => sameJson(action[name] ?? null, value));
const eitherOf = (...tests) => (index, action) => tests.some(test => test(index, action));
const isOfDataset = (id, kinds) => (index, action) => kinds.includes(action.kind) && action.dataset.id === id;
const isUseOf = grant => (index, action) => isAccess(action) && attemptIn(action).attempt.grant === grant;
const ISSUES = ['issue-grant', 'approve-request', 'issue-onward', 'open-request'];
/** Whether an act made these terms, of the grant of this name if one is given; a request's are those of a grant by rule. */
const madeTerms = (terms, name) => (index, action) => {
  const isIssue = ISSUES.includes(action.kind);
  const own = isIssue ? `G${index}` : action.grant;
  const made = action.kind === 'open-request' ? action.terms.asked : action.terms;
  return (isIssue || ['narrow-grant', 'extend-grant'].includes(action.kind))
    && sameJson(made, terms) && (name === undefined || name === own);
};
/** Whether an act issued a grant. One whose request has its own number was issued by rule. */
const isIssueOf = (name, request, parent) => eitherOf(
  parent === null && request === null ? isAct(['issue-grant']) : () => false,
  parent === null ? () => false : isAct(['issue-onward'], { parent }),
  request === null ? () => false : isAct(['approve-request'], { request }),
  request !== null && request.slice(1) === name.slice(1) ? isAct(['open-request']) : () => false,
);
const isVote = isAct(['open-proposal', 'cast-ballot']);
const interruptionsOf = (held, begin, end) => held.flatMap(one => [[one.at, begin], [one.ended_at, end]]);

/** By kind of object, the positions that it names: [position or null, test]. `name`: what actions call it. */
const POSITIONS_OF = {
  grant: (name, { request, parent, terms, issued_at: at, version_at: made, suspensions, revoked, delivered, first_use: used, fulfilled }) => [
    [at, isIssueOf(name, request, parent)], [made, madeTerms(terms, name)], [used?.at ?? null, isUseOf(name)],
    ...fulfilled.flatMap(({ number, last, before }) => [last, before]
      .map(mark => [mark?.at ?? null, isAct(['fulfil-undertaking'], { grant: name, number })])),
    ...interruptionsOf(suspensions, isAct(['suspend-grant'], { grant: name }), isAct(['resume-grant'], { grant: name })),
    [revoked?.at ?? null, isAct(['revoke-grant'], { grant: name })],
    [delivered?.at ?? null, eitherOf(isAct(['report-delivery'], { grant: name }), isUseOf(name))],
  ],
  request: (name, { terms, opened_at: at, urging, reply, reviewed, extension, earlier }) => {
    const { outcome, grant, by_rule: isByRule } = reply?.outcome ?? {};
    const kind = {
      approved: 'approve-request', refused: 'refuse-request', withdrawn: 'withdraw-request', returned: 'review-request',
    }[outcome];
    const isOpening = isAct(['open-request'], { terms });
    const isAnswer = isByRule
      ? (index, action) => grant.slice(1) === name.slice(1) && isOpening(index, action)
      : isAct([kind], { request: name });
    return [
      [at, isOpening], [urging.last_at, isAct(['urge-request'], { request: name })],
      ...earlier.map(one => [one.at, isAct(['refuse-request'], { request: name })]), [reply?.at ?? null, isAnswer],
      [reviewed?.at ?? null, isAct(['review-request'], { request: name })],
      [extension?.at ?? null, isAct(['extend-reply'], { request: name })],
    ];
  },
  dataset: (name, value) => [
    [value.published_at, isOfDataset(name, ['publish-dataset'])], ...POSITIONS_OF['dataset-version'](name, value),
    ...interruptionsOf(value.suspensions, isAct(['suspend-dataset'], { dataset: name }), isAct(['resume-dataset'], { dataset: name })),
    ...interruptionsOf(value.withdrawals, isAct(['withdraw-dataset'], { dataset: name }), isOfDataset(name, ['publish-dataset'])),
    [value.updated.at, eitherOf(isOfDataset(name, ['publish-dataset']), isAct(['refresh-dataset'], { dataset: name }))],
  ],
  'grant-version': (name, { terms, version_at: at }) => [[at, madeTerms(terms)]],
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
  'emergency': (name, { terms, declared_at: at, renewals, ended, reviews }) => [
    [at, isAct(['declare-emergency'], { terms })], ...renewals.map(({ mark }) => [mark.at, isVote]),
    [ended?.mark.at ?? null, isAct(['end-emergency'], { emergency: name })],
    ...reviews.map(({ mark }) => [mark.at, isAct(['review-emergency'], { emergency: name })]),
  ],
  'task-force': (name, { terms, formed_at: at, invited, memberships, ended }) => {
    const isFormed = test => (index, action) => action.kind === 'form-task-force' && `T${index}` === name && test(action.terms);
    const isInvited = agency => eitherOf(
      isFormed(one => one.invited.includes(agency)), isAct(['invite-to-task-force'], { task_force: name, agency }));
    const isEnd = (agency, { by, reason }) => eitherOf(
      by === agency ? isAct(['leave-task-force'], { task_force: name, reason }) : () => false,
      by === terms.lead ? isAct(['exclude-from-task-force'], { task_force: name, agency, reason }) : () => false,
    );
    return [
      [at, isFormed(one => sameJson(one, terms))],
      ...memberships.slice(1).flatMap(({ agency, invited_at: asked, joined, left }) => [
        [asked, isInvited(agency)], [joined.at, isAct(['join-task-force'], { task_force: name })],
        [left?.mark.at ?? null, left === null ? () => false : isEnd(agency, left)],
      ]),
      ...Object.entries(invited).map(([agency, asked]) => [asked, isInvited(agency)]),
      [ended?.mark.at ?? null, isAct(['end-task-force'], { task_force: name, reason: ended?.reason ?? null })],
    ];
  },
  'emergency-access': (name, { justified }) => {
    const [emergency, access] = name.split('/');
    const isReason = (index, action) => action.kind === 'justify-access' && action.emergency === emergency
      && action.accesses.includes(BigInt(access));
    return [[BigInt(access), isUseOf(emergency)], [justified?.at ?? null, isReason]];
  },
  'check-request': (name, { terms, opened, handovers, answer, corrected, earlier }) => {
    const isAnswer = ({ outcome }) => isAct(['answer-check'], { check: name, outcome });
    return [
      [opened.at, isAct(['open-check'], { terms })],
      ...handovers.flatMap(({ to, offered, end }) => [
        [offered.at, isAct(['offer-handover'], { check: name, to })],
        [end?.accepted?.at ?? null, isAct(['accept-handover'], { check: name })],
        [end?.declined?.at ?? null, isAct(['decline-handover'], { check: name })],
      ]),
      ...[...earlier, ...(answer === null ? [] : [answer])].map(one => [one.given.at, isAnswer(one)]),
      [corrected?.made.at ?? null, isAct(['report-correction'], { check: name })],
    ];
  },
  'incident': (name, { terms, reported, updated, closed }) => [
    [reported.at, isAct(['report-incident'], { terms })],
    [updated?.at ?? null, isAct(['update-incident'], { incident: name })],
    [closed?.on.at ?? null, isAct(['close-incident'], { incident: name })],
  ],
  'dispute': (name, { about, grounds, opened, steps }) => [
    [opened.at, isAct(['open-dispute'], { about, grounds })],
    ...steps.slice(1).map(({ began }) => [began.at, isAct(['escalate-dispute'], { dispute: name })]),
    ...steps.filter(({ ruled }) => ruled !== null).map(({ stage, ruled: { given, ruling } }) =>
      [given.at, isAct([stage === 'parties' ? 'answer-dispute' : 'decide-dispute'], { dispute: name, ruling })]),
  ],
  'draw': (name, { scope, count, opened, commits, reviews }) => [
    [opened.at, isAct(['open-draw'], { scope, count })],
    ...Object.values(commits).flatMap(({ commitment, made, reveal }) => [
      [made.at, isAct(['commit-draw'], { draw: name, commitment })],
      [reveal?.made.at ?? null, isAct(['reveal-draw'], { draw: name, secret: reveal?.secret ?? null })],
    ]),
    ...Object.entries(reviews).map(([number, { verdict, made }]) =>
      [made.at, isAct(['report-review'], { draw: name, number: Number(number), verdict })]),
  ],
  'finding': (name, { agency, about, text: found, opened, answer, closed }) => [
    [opened.at, isAct(['open-finding'], { agency, about, text: found })], [about.entry ?? null, () => true],
    [answer?.given.at ?? null, isAct(['answer-finding'], { finding: name, answer: answer?.text ?? null })],
    [closed?.made.at ?? null, isAct(['close-finding'], { finding: name, outcome: closed?.outcome, text: closed?.text ?? null })],
  ],
  'assessment': (name, { terms, reported, followed_up: done }) => [
    [reported.at, isAct(['report-assessment'], { terms })],
    [done?.made.at ?? null, isAct(['follow-up-assessment'], { assessment: name, text: done?.text ?? null })],
  ],
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
