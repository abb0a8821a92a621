/* Evidence bundles: check by check.
   Holds: the checks and their order are those of docs/formats.md; a check that this page does not make says so; nothing of a
   bundle is used before what proves it holds.
   May not enter: the page; words.
   Source: docs/formats.md, "Evidence bundles", "Verifying a bundle". */

/** The checks that follow from one another, and the others. */
const CHAINED_CHECKS = ['container', 'manifest', 'genesis', 'entries', 'state'];
const OTHER_CHECKS = ['as-of', 'case', 'objects', 'positions', 'accesses', 'signers', 'judgements', 'openings', 'summaries', 'timestamps'];

const OPENING = struct({ detail: unit('case-number', 'purpose', 'row-filter'), salt: HASH, text: text(2048) });

/** A value as JSON in the one form that members have. */
function writeJson(value, indent = '') {
  const inner = `${indent}  `;
  if (typeof value === 'bigint' || typeof value === 'number') return String(value);
  if (value === null || typeof value !== 'object') return JSON.stringify(value);
  const isList = Array.isArray(value);
  const parts = isList
    ? value.map(one => writeJson(one, inner))
    : Object.entries(value).map(([name, one]) => `${JSON.stringify(name)}: ${writeJson(one, inner)}`);
  const [open, close] = isList ? '[]' : '{}';
  return parts.length ? `${open}\n${parts.map(part => inner + part).join(',\n')}\n${indent}${close}` : open + close;
}

/** The value of JSON in any form. Errors: `Fault('form')`. */
function anyJson(bytes) {
  try {
    return readJson(new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes));
  } catch (error) {
    throw new Fault('form', String(error));
  }
}

const isOfForm = (value, bytes) => isSame(utf8(`${writeJson(value)}\n`), bytes);
const isOf = (type, value) => {
  try {
    encode(type, value);
    return true;
  } catch (error) {
    if (error instanceof Refused || error instanceof TypeError || error instanceof SyntaxError) return false;
    throw error;
  }
};
const hasMembers = (value, ...names) => value !== null && typeof value === 'object' && !Array.isArray(value)
  && Object.keys(value).join() === names.join();
const isNumber = value => typeof value === 'bigint' && isOf(U64, value);
const isString = value => typeof value === 'string';
const isTime = value => value === null || isNumber(value);

const CASE_FORMS = {
  grant: { grant: value => isOf(GRANT_ID, value) },
  access: { entry: isNumber },
  dataset: { dataset: value => isOf(DATASET_ID, value), from: isTime, to: isTime },
  signer: { key: value => isString(value) && isOf(PUBLIC_KEY, value), from: isTime, to: isTime },
};
const isCase = value => {
  const form = value && isString(value.kind) && Object.hasOwn(CASE_FORMS, value.kind) ? CASE_FORMS[value.kind] : null;
  return form !== null && hasMembers(value, 'kind', ...Object.keys(form))
    && Object.entries(form).every(([name, accepts]) => accepts(value[name]));
};

/** The manifest in these bytes. Errors: `Fault`. */
function readManifest(bytes) {
  const value = anyJson(bytes);
  if (value?.format === 'comity-evidence') require(value.version === 1n, 'version');
  const form = holds => require(holds, 'form');
  form(hasMembers(value, 'format', 'version', 'consortium', 'case', 'as_of', 'exported', 'members'));
  const { format, consortium, as_of: asOf, exported, members } = value;
  form(format === 'comity-evidence' && isString(consortium) && isOf(HASH, consortium) && isCase(value.case));
  form(hasMembers(asOf, 'height', 'time', 'header') && isNumber(asOf.height) && isNumber(asOf.time) && isOf(HASH, asOf.header));
  form(hasMembers(exported, 'program', 'node') && isOf(text(64), exported.program) && isOf(AGENCY_ID, exported.node));
  form(Array.isArray(members));
  const isListed = one => hasMembers(one, 'name', 'size_bytes', 'sha256') && isString(one.name)
    && isNumber(one.size_bytes) && isOf(HASH, one.sha256);
  form(members.every(isListed) && isOfForm(value, bytes));
  return value;
}

/** The openings in a member. Errors: `Fault`. */
function readOpenings(bytes) {
  const value = anyJson(bytes);
  const isOne = one => hasMembers(one, 'detail', 'salt', 'text') && isOf(OPENING, one);
  require(Array.isArray(value) && value.length > 0 && value.every(isOne) && isOfForm(value, bytes), 'form');
  return value;
}

/** A bundle on its way through its checks. Errors of its checks: `Fault`, without the check's name. */
class Bundle {
  constructor(genesis, signatures, bytes, pause) {
    Object.assign(this, { genesis, signatures, bytes, pause, consortium: toHex(signatures.consortium) });
    this.objects = new Map();
    this.found = { collected: [], claims: [] };
  }

  async checkContainer() {
    this.members = await unpackBundle(this.bytes, this.pause);
    return { members: this.members.size, size: this.bytes.length };
  }

  async checkManifest() {
    this.manifest = readManifest(this.members.get('manifest.json'));
    const own = [...this.members].filter(([name]) => name !== 'manifest.json' && !isTimestamp(name));
    const listed = this.manifest.members;
    require(sameJson(listed.map(one => one.name), own.map(([name]) => name)), 'members');
    for (const [at, [, content]] of own.entries()) {
      const isListed = listed[at].size_bytes === BigInt(content.length) && listed[at].sha256 === toHex(await sha256(content));
      require(isListed, 'member');
    }
    Object.assign(this.found, { case: this.manifest.case, exported: this.manifest.exported });
    return this.manifest.exported;
  }

  async checkGenesis() {
    require(this.manifest.consortium === this.consortium, 'other-consortium');
    const held = await renamed('differs', () => readGenesis(this.members.get('genesis.json')));
    require(toHex(held.consortium) === this.consortium, 'differs');
    return { id: this.consortium };
  }

  /** A member's proof of a kind, verified. */
  async proof(name, wanted) {
    const { kind, content } = await readProof(this.members.get(name), this.pause);
    require(kind === wanted, 'kind');
    const course = new Course();
    course.plan(KINDS[kind].steps);
    return KINDS[kind].verify(course, this.genesis, this.signatures, content);
  }

  async checkEntries() {
    const { collected, headers } = await this.proof('entries.proof', 'collection');
    this.headers = headers;
    this.entries = new Map(collected.map(one => [one.index, { ...one, statement: one.record.statement }]));
    this.accesses = collected.map(({ index, time, record }) => ({ index, time, action: record.statement.action }))
      .filter(({ action }) => isAccess(action))
      .map(({ index, time, action }) => ({ index, time, attempt: attemptIn(action).attempt, counts: countsThere(action) }));
    this.found.collected = collected;
    return { count: collected.length };
  }

  async checkState() {
    const shows = await this.proof('state.proof', 'extract');
    Object.assign(this.found, shows);
    this.place = shows;
    this.claims = new Map(shows.claims.map(claim => [claim.key, claim]));
    for (const claim of shows.claims.filter(one => one.holds)) {
      require(claim.kind !== null, 'unreadable');
      this.objects.set(claim.key, claim.value);
    }
    return { count: shows.claims.length, height: shows.height };
  }

  async checkAsOf() {
    const { height, time, header } = this.manifest.as_of;
    require(sameJson([height, time, header], [this.place.height, this.place.time, this.place.headerHash]), 'header');
    for (const one of this.headers) {
      require(one.height < height || (one.height === height && sameJson(one, this.place.header)), 'earlier');
    }
    return { height };
  }

  async checkCase() {
    const { kind, entry, grant, dataset, key } = this.manifest.case;
    const subject = { grant: () => KEY_OF.grant(grant), dataset: () => KEY_OF.dataset(dataset), signer: () => KEY_OF.key(key) };
    if (kind === 'access') require(attemptIn(this.entries.get(entry)?.statement.action ?? {}) !== undefined, 'subject');
    else require(this.claims.get(subject[kind]())?.holds, 'subject');
  }

  held() {
    return [...this.claims.values()].filter(claim => claim.holds);
  }

  async checkObjects() {
    const needed = new Set([PARAMS_KEY, RULES_KEY]);
    for (const [index, { statement }] of this.entries) needsOfEntry(index, statement).forEach(key => needed.add(key));
    for (const one of this.held()) needsOfObject(one, this.claims.size + 1).forEach(key => needed.add(key));
    require([...needed].every(key => this.claims.has(key)), 'missing');
    return { count: needed.size };
  }

  async checkPositions() {
    let count = 0;
    for (const object of this.held()) {
      for (const [at, isDue] of positionsOf(object)) {
        require(this.entries.has(at), 'missing');
        require(isDue(at, this.entries.get(at).statement.action), 'other');
        count += 1;
      }
    }
    return { count };
  }

  /** The grants of which all accesses must be there. */
  wholeGrants() {
    const { kind, grant, dataset, from, to } = this.manifest.case;
    if (kind === 'grant') return [grant];
    if (kind !== 'dataset' || from !== null || to !== null) return [];
    return this.held().filter(one => one.kind === 'grant' && one.value.terms.dataset === dataset).map(one => one.name);
  }

  /** Each member's own accesses under a grant to its task force: as many as are here, and as the ledger counts. */
  memberAccesses(whole) {
    const held = this.held().filter(({ kind }) => kind === 'member-usage').map(({ name }) => name.split(' '));
    const own = this.accesses.map(({ attempt }) => attempt).filter(({ capacity }) => capacity !== 'agency');
    const shown = new Map([...held, ...own.map(({ grant, requester }) => [grant, requester])].map(of => [KEY_OF.memberUsage(...of), of]));
    return [...shown].map(([key, [grant, agency]]) => ({
      count: charged(this.accesses.filter(({ attempt: { grant: under, requester, capacity } }) =>
        capacity !== 'agency' && under === grant && requester === agency)),
      total: this.objects.get(key)?.total ?? 0n, isWhole: whole.includes(grant),
    }));
  }

  /** The entries with accesses of each agency in each emergency: as many as are here, and as the ledger counts. */
  urgentEntries() {
    const own = this.accesses.filter(({ attempt, counts }) => isUrgent(attempt.grant) && counts).map(({ attempt }) => attempt);
    return [...new Map(own.map(attempt => [`${attempt.grant} ${attempt.requester}`, attempt])).values()].map(attempt => ({
      emergency: attempt.grant, agency: attempt.requester, count: inEmergency(this.accesses, attempt).length,
      total: this.objects.get(KEY_OF.emergencyUse(attempt.grant, attempt.requester))?.entries ?? 0,
    }));
  }

  async checkAccesses() {
    const whole = this.wholeGrants();
    const shown = new Map(whole.map(grant => [grant, 0n]));
    for (const one of this.accesses) {
      for (const grant of chargedTo(this.objects, one.attempt)) shown.set(grant, (shown.get(grant) ?? 0n) + charged([one]));
    }
    this.found.accesses = [...shown].map(([grant, count]) =>
      ({ grant, count, total: this.objects.get(KEY_OF.usage(grant))?.total ?? 0n, isWhole: whole.includes(grant) }));
    const agrees = ({ count, total, isWhole }) => count === total || (count < total && !isWhole);
    require(this.found.accesses.every(agrees), 'count');
    require(this.memberAccesses(whole).every(agrees), 'count');
    this.found.urgent = this.urgentEntries();
    require(this.found.urgent.every(({ count, total }) => count <= total), 'count');
    return { count: charged(this.accesses) };
  }

  async checkSigners() {
    let count = 0;
    for (const [index, { time, statement }] of this.entries) {
      for (const signer of statement.signers) this.checkSigner(index, time, signer);
      count += statement.signers.length;
    }
    return { count };
  }

  checkSigner(index, time, signer) {
    const key = this.objects.get(KEY_OF.key(signer.key));
    require(key !== undefined, 'unknown');
    require(key.agency === signer.agency && key.role === signer.role, 'other');
    require(key.registered_at === null || key.registered_at < index, 'not-yet');
    require(key.revoked === null || key.revoked.at >= index, 'revoked');
    require(key.valid_until === null || key.valid_until > time, 'expired');
    const departure = this.objects.get(KEY_OF.departure(signer.agency));
    require(departure === undefined || departure.at >= index, 'left');
  }

  async checkJudgements() {
    this.found.judgements = new Map();
    for (const [index, { time, statement }] of this.entries) {
      const { action } = statement;
      if (!attemptIn(action)) continue;
      this.found.judgements.set(index, judgedAgain(this.objects, this.accesses, this.genesis, { index, time, action }));
      await this.pause();
    }
    const verdicts = [...this.found.judgements.values()];
    require(!verdicts.includes('otherwise'), 'otherwise');
    const same = verdicts.filter(verdict => verdict === 'same').length;
    return { same, unjudged: verdicts.length - same };
  }

  async checkOpenings() {
    this.found.openings = new Map();
    for (const [name, content] of this.members) {
      if (!isOpening(name)) continue;
      const index = placeOfMember(name).number;
      const opened = readOpenings(content);
      require(this.entries.has(index), 'entry');
      await this.checkOpened(this.entries.get(index).statement, opened);
      this.found.openings.set(index, opened);
    }
    return { count: this.found.openings.size };
  }

  /** Whether openings open commitments of a statement, in order and none twice. */
  async checkOpened({ sealed, action }, opened) {
    const then = action.kind === 'embed-late' ? action.record.sealed : [];
    const rest = [...sealed, ...then, ...(attemptIn(action)?.attempt.sealed ?? [])];
    for (const opening of opened) {
      const at = rest.indexOf(toHex(await hashFor('sealed', this.signatures.consortium, encode(OPENING, opening))));
      require(at >= 0, 'commitment');
      rest.splice(0, at + 1);
    }
  }

  async checkSummaries() {
    return { isLeftOut: true };
  }

  async checkTimestamps() {
    return { isLeftOut: true, count: [...this.members.keys()].filter(isTimestamp).length };
  }
}

const methodOf = check => `check${check.replace(/(^|-)(\w)/g, (whole, dash, letter) => letter.toUpperCase())}`;

/** Verifies a bundle, each check a step `bundle-…`; gives what it shows. Errors: `Fault`, the first that there was. */
async function verifyBundle(course, genesis, signatures, bytes) {
  const bundle = new Bundle(genesis, signatures, bytes, () => course.onProgress(course.signatures));
  course.plan([...CHAINED_CHECKS, ...OTHER_CHECKS].map(check => `bundle-${check}`));
  let first = null;
  for (const check of [...CHAINED_CHECKS, ...OTHER_CHECKS]) {
    try {
      await course.take(`bundle-${check}`, () => renamedFault(check, () => bundle[methodOf(check)]()));
    } catch (error) {
      if (!(error instanceof Fault)) throw error;
      first ??= error;
      if (CHAINED_CHECKS.includes(check)) break;
    }
  }
  if (first) throw first;
  return bundle.found;
}

/** `work`'s value; a fault gets the check's name before its own. */
async function renamedFault(check, work) {
  try {
    return await work();
  } catch (error) {
    throw error instanceof Fault ? new Fault(`${check}: ${error.fault}`, error.reason) : error;
  }
}
