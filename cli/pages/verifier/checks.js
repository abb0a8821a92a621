/* What must hold of a genesis, a record, a certificate and a trust path, in the order of docs/formats.md.
   Holds: the first check that fails gives the fault its name; nothing is taken on the word of the file.
   May not enter: the page; words.
   Source: docs/formats.md, "Genesis", "Validators", "Statements", "Consensus", "Trust paths". */

/** A check that fails, by its name. */
class Fault extends Error {
  constructor(name, reason = '') {
    super(name);
    this.fault = name;
    this.reason = reason;
  }
}

function require(holds, name) {
  if (!holds) throw new Fault(name);
}

/** `work`'s value; whatever fault it has is given another name. */
async function renamed(name, work) {
  try {
    return await work();
  } catch (error) {
    throw error instanceof Fault ? new Fault(name, error.fault) : error;
  }
}

const KEYS_NEEDED = {
  validator: { validator: [1, 1], transport: [1, 1], note: [0, 1], admin: [1, 8] },
  observer: { validator: [0, 0], transport: [1, 1], note: [0, 1], admin: [1, 8] },
  hosted: { validator: [0, 0], transport: [0, 0], note: [0, 0], admin: [1, 8] },
};
const standingOf = standing => (typeof standing === 'string' ? standing : Object.keys(standing)[0]);

/** Verifies signatures for one consortium, and tells `onSignature` after each. */
class Signatures {
  constructor(consortium, onSignature) {
    this.consortium = consortium;
    this.onSignature = onSignature;
  }

  async holds(purpose, body, key, signature, consortium = this.consortium) {
    const isValid = await isSignature(fromHex(key), preimage(purpose, consortium, body), fromHex(signature));
    await this.onSignature();
    return isValid;
  }

  possession(agency, key, consortium) {
    const body = encode(POSSESSION, { agency, role: key.role, key: key.key });
    return this.holds('possession', body, key.key, key.possession, consortium);
  }
}

/** The genesis of a `genesis.json`, with its consortium id. Errors: `Fault`. */
async function readGenesis(bytes) {
  try {
    const text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
    const encoded = encode(GENESIS, readJson(text));
    return { genesis: decode(GENESIS, encoded, Infinity), consortium: await consortiumOf(encoded) };
  } catch (error) {
    if (error instanceof Refused || error instanceof TypeError) throw new Fault('genesis-unreadable', error.message);
    throw error;
  }
}

/** Whether a genesis founds a consortium. Errors: `Fault`, as "Genesis" names it with `genesis-` before. */
async function checkGenesis(genesis, signatures) {
  const need = (holds, name) => require(holds, `genesis-${name}`);
  need(genesis.version === 1, 'version');
  need(areParams(genesis.params), 'parameter');
  for (const codes of [genesis.matters, genesis.duty_bases]) {
    need(isRising(codes.map(entry => entry.code), compareText), 'codes');
  }
  const ids = genesis.members.map(member => member.agency.id);
  need(isRising(ids, compareText), 'members');
  need(ids.includes(genesis.competent_authority), 'authority');
  const seen = new Set();
  for (const { agency, keys } of genesis.members) {
    const standing = standingOf(agency.standing);
    need(standing !== 'hosted', 'hosted');
    const count = role => keys.filter(key => key.role === role).length;
    const has = ([role, [least, most]]) => least <= count(role) && count(role) <= most;
    need(Object.entries(KEYS_NEEDED[standing]).every(has), 'keys');
    for (const key of keys) need(await signatures.possession(agency.id, key, ZEROS), 'possession');
    for (const key of keys) {
      need(!seen.has(key.key), 'key-twice');
      seen.add(key.key);
    }
  }
  need(isValidatorSet(firstValidators(genesis)), 'validators');
}

function areParams(params) {
  const within = (name, least, most) => least <= params[name] && params[name] <= most;
  const [share, whole] = [params.ballot_numerator, params.ballot_denominator];
  return within('heartbeat_ms', 100n, 86400000n) && within('drift_ms', 100n, 600000n)
    && within('record_bytes', 1024, 65535) && within('block_records', 1, 16384)
    && within('block_bytes', params.record_bytes, 4194304) && within('agency_records', 1, params.block_records)
    && within('agency_bytes', params.record_bytes, params.block_bytes) && within('day_offset_minutes', -840, 840)
    && within('ballot_open_ms', 60000n, 31622400000n) && 2 * share >= whole && share < whole;
}

/** The validators that a sound genesis names. */
const firstValidators = genesis => genesis.members
  .filter(member => standingOf(member.agency.standing) === 'validator')
  .map(member => ({
    agency: member.agency.id,
    key: member.keys.find(key => key.role === 'validator').key,
    power: member.agency.standing.validator.power,
  }));

/** Who proposes at a height, in a round. */
function proposerOf(validators, height, round) {
  let slot = height % totalPower(validators);
  const first = validators.findIndex(validator => (slot -= validator.power) < 0n);
  return validators[(first + round) % validators.length];
}

const MAX_RECORD_BYTES = 65535;

/** The record of these bytes, acceptable in form. Errors: `Fault`, by the name of the rule. */
async function checkRecord(bytes, signatures) {
  require(bytes.length < 2 || (bytes[0] === 1 && bytes[1] === 0), 'wrong-version');
  require(bytes.length < 34 || isSame(bytes.subarray(2, 34), signatures.consortium), 'wrong-consortium');
  let record;
  try {
    record = decode(SIGNED_RECORD, bytes, MAX_RECORD_BYTES);
  } catch (error) {
    throw error instanceof Refused ? new Fault(`record-${error.kind}`, error.message) : error;
  }
  checkCounts(record, toHex(signatures.consortium));
  await checkSignatures(record, signatures);
  return record;
}

function checkCounts({ statement, signatures }, consortium) {
  const { signers, sealed, action } = statement;
  const keys = new Set(signers.map(signer => signer.key));
  require(signers.length >= 1 && signers.length <= 16 && keys.size === signers.length, 'signers');
  require(sealed.length <= 16, 'sealed-count');
  require(signatures.length === signers.length, 'signature-count');
  if (action.kind === 'record-equivocation') require(contradicts(action.equivocation), 'no-equivocation');
  if (action.kind === 'embed-late') {
    require(action.record.sealed.length <= 16, 'sealed-count');
    require(isUrgent(action.record.attempt.attempt.grant), 'late-not-urgent');
  }
  if (!attemptIn(action)) return;
  const { attempt } = attemptIn(action);
  require(attempt.consortium === consortium, 'attempt-wrong-consortium');
  require(attempt.items === 'all' || attempt.items.only.length > 0, 'attempt-without-items');
  require(attempt.sealed.length <= 16, 'attempt-sealed-count');
  require(attempt.batch === null || (attempt.batch.count >= 2 && attempt.batch.count <= 65536), 'attempt-batch-count');
}

async function checkSignatures(record, signatures) {
  const { signers, action } = record.statement;
  const body = encode(STATEMENT, record.statement);
  for (const [at, signer] of signers.entries()) {
    require(await signatures.holds('statement', body, signer.key, record.signatures[at]), 'bad-signature');
  }
  if (attemptIn(action)) {
    const { attempt, signature } = attemptIn(action);
    const holds = await signatures.holds('attempt', encode(ATTEMPT, attempt), attempt.officer, signature);
    require(holds, 'attempt-bad-signature');
  }
  if (action.kind === 'embed-late') {
    const then = encode(STATEMENT, lateStatement(action.record, record.statement));
    require(await signatures.holds('statement', then, action.record.gateway.key, action.record.signature), 'late-bad-signature');
  }
  if (action.kind === 'register-key') {
    require(await signatures.possession(signers[0].agency, action), 'bad-possession');
  }
  for (const { agency, key } of action.kind === 'open-proposal' ? newKeys(action.measure) : []) {
    require(await signatures.possession(agency, key), 'bad-possession');
  }
  if (action.kind !== 'record-equivocation') return;
  const [[kind, pair]] = Object.entries(action.equivocation);
  const [purpose, type] = kind === 'votes' ? ['vote', VOTE] : ['proposal', PROPOSAL];
  for (const name of ['first', 'second']) {
    const { validator } = pair[name];
    const holds = await signatures.holds(purpose, encode(type, pair[name]), validator, pair[`${name}_signature`]);
    require(holds, 'equivocation-bad-signature');
  }
}

/** The keys that a measure brings in, each with the agency whose it will be. */
function newKeys(measure) {
  if (measure.measure === 'admit') {
    return measure.member.keys.map(key => ({ agency: measure.member.agency.id, key }));
  }
  const key = { 'replace-key': measure.new, 'change-standing': measure.key }[measure.measure] ?? null;
  return key === null ? [] : [{ agency: measure.agency, key }];
}

/** Whether the two messages of an equivocation contradict each other. */
function contradicts(equivocation) {
  const [[kind, { first, second }]] = Object.entries(equivocation);
  const differs = name => first[name] !== second[name];
  const isOnePlace = !['validator', 'height', 'round', 'kind'].some(differs);
  return isOnePlace && (differs('value') || (kind === 'proposals' && differs('polka_round')));
}

/** The power behind a quorum's signatures of a vote. Errors: `Fault`. */
async function checkQuorum(vote, signed, validators, signatures) {
  require(isRising(signed.map(one => one.validator), compareText), 'order');
  let power = 0n;
  for (const { validator, signature } of signed) {
    const member = validators.find(one => one.key === validator);
    require(member !== undefined, 'stranger');
    const body = encode(VOTE, { ...vote, validator });
    require(await signatures.holds('vote', body, validator, signature), 'signature');
    power += member.power;
  }
  require(3n * power > 2n * totalPower(validators), 'no-quorum');
  return power;
}

const headerHash = (header, consortium) => hashFor('header', consortium, encode(HEADER, header));
const setHash = async (validators, consortium) =>
  toHex(await hashFor('validator-set', consortium, encode(VALIDATOR_SET, validators)));

/** A path on its way from a genesis, or from a header that is trusted already (`anchor`: {header, next}). */
class Walk {
  constructor(genesis, signatures, anchor = null) {
    this.signatures = signatures;
    this.consortium = signatures.consortium;
    this.anchor = anchor ? anchor.header.height : 0n;
    this.time = anchor ? anchor.header.time : genesis.time;
    this.sets = [{ from: this.anchor + 1n, validators: anchor ? anchor.next : firstValidators(genesis) }];
  }

  /** The validators of a height on the way. */
  at(height) {
    return this.sets.findLast(set => set.from <= height).validators;
  }

  /** That validators certified this very header; gives {power, of}. Errors: `Fault('certificate')`. */
  async proven(header, certificate, validators) {
    const hash = toHex(await headerHash(header, this.consortium));
    const isOfIt = certificate.height === header.height && certificate.header_hash === hash
      && certificate.round >= header.proposal_round;
    require(isOfIt, 'certificate');
    const { height, round } = certificate;
    const vote = { kind: 'precommit', height, round, value: hash };
    const power = await renamed('certificate', () =>
      checkQuorum(vote, certificate.signatures, validators, this.signatures));
    return { power, of: totalPower(validators) };
  }

  /** Another header on the way, below the end; gives {power, of}. Errors: `Fault`. */
  async passes(header, certificate) {
    require(header.height > this.anchor, 'height');
    require(header.version === 1, 'version');
    require(header.consortium === toHex(this.consortium), 'consortium');
    const validators = this.at(header.height);
    require(header.validators === await setHash(validators, this.consortium), 'skipped');
    return this.proven(header, certificate, validators);
  }

  /** A header that follows the steps so far. Errors: `Fault`. */
  async certified(header, certificate) {
    const { from, validators } = this.sets.at(-1);
    require(header.version === 1, 'version');
    require(header.consortium === toHex(this.consortium), 'consortium');
    require(header.height >= from, 'height');
    require(header.time > this.time, 'time');
    require(header.validators === await setHash(validators, this.consortium), 'skipped');
    require(header.proposer === proposerOf(validators, header.height, header.proposal_round).agency, 'proposer');
    return this.proven(header, certificate, validators);
  }

  /** A whole path; gives what certified its end. Errors: `Fault`, by the names of "Trust paths". */
  async walk(path) {
    require(path.header.height > this.anchor, 'not-after');
    for (const { header, certificate, next } of path.changes) {
      if (1n <= header.height && header.height <= this.anchor) continue;
      await this.certified(header, certificate);
      require(header.next_validators !== header.validators, 'no-change');
      require(await setHash(next, this.consortium) === header.next_validators, 'next-set');
      this.time = header.time;
      this.sets.push({ from: header.height + 1n, validators: next });
    }
    return this.certified(path.header, path.certificate);
  }
}
