/* Proof files: read, verified step by step, and what they show.
   Holds: every step is named before it is taken, and stands as passed, failed or not reached; a proof is verified only
   where all have passed.
   May not enter: the page; words.
   Source: docs/formats.md, "Proof files". */

const MAX_PROOF_BYTES = 16777216;
const MAX_CLAIMS = 65536;

/** The steps by which a kind of file is verified, in order. Another kind of file is one more entry here. */
const KINDS = {
  receipt: { steps: ['path', 'record', 'position', 'inclusion'], verify: verifyReceipt },
  extract: { steps: ['path', 'claims', 'claim'], verify: verifyExtract },
  extension: { steps: ['path', 'order', 'earlier', 'consistency'], verify: verifyExtension },
  fork: { steps: ['path-one', 'path-other', 'one-height', 'polkas', 'blame'], verify: verifyFork },
  collection: { steps: ['distinct', 'path', 'entries'], verify: verifyCollection },
};

/** A verification on its way. `steps`: [{name, state: 'open'|'passed'|'failed'|'left-out', ...details}]. */
class Course {
  constructor(onProgress = async () => {}) {
    this.steps = [];
    this.signatures = 0;
    this.onProgress = onProgress;
  }

  plan(names) {
    this.steps.push(...names.map(name => ({ name, state: 'open' })));
  }

  /** Takes a planned step. `work` gives the details to show; what it throws marks the step as failed. */
  async take(name, work) {
    const step = this.steps.find(one => one.name === name);
    try {
      Object.assign(step, await work());
      step.state = step.isLeftOut ? 'left-out' : 'passed';
    } catch (error) {
      step.state = 'failed';
      throw error;
    }
  }

  async countSignature() {
    this.signatures += 1;
    await this.onProgress(this.signatures);
  }
}

/** As of when what is shown speaks (ms). */
const asOfWhen = shows => shows.asOf ?? shows.time;

/** Verifies a proof file or an evidence bundle by a genesis, both as bytes. Never throws: gives {steps, fault, reason, shows, ...}. */
async function verifyProof(genesisBytes, proofBytes, onProgress) {
  const course = new Course(onProgress);
  const outcome = { steps: course.steps, fault: null, reason: '', kind: null, shows: null };
  try {
    if (!globalThis.crypto?.subtle) throw new Fault('no-crypto');
    const isBundle = beginsAsZip(proofBytes);
    course.plan(isBundle ? ['genesis'] : ['genesis', 'file']);
    let founded, proof;
    await course.take('genesis', async () => {
      founded = await found(genesisBytes, course);
      outcome.consortium = toHex(founded.consortium);
      outcome.genesis = founded.genesis;
      return { id: outcome.consortium, members: founded.genesis.members.length };
    });
    const signatures = new Signatures(founded.consortium, () => course.countSignature());
    if (isBundle) {
      outcome.kind = 'bundle';
      outcome.shows = await verifyBundle(course, founded.genesis, signatures, proofBytes);
      return Object.assign(outcome, { signatures: course.signatures });
    }
    await course.take('file', async () => {
      proof = await readProof(proofBytes, () => course.onProgress(course.signatures));
      return { kind: proof.kind, size: proofBytes.length };
    });
    outcome.kind = proof.kind;
    course.plan(KINDS[proof.kind].steps);
    outcome.shows = await KINDS[proof.kind].verify(course, founded.genesis, signatures, proof.content);
  } catch (error) {
    outcome.fault = error instanceof Fault ? error.fault : 'internal';
    outcome.reason = error instanceof Fault ? error.reason : String(error);
  }
  outcome.signatures = course.signatures;
  return outcome;
}

async function found(bytes, course) {
  const founded = await readGenesis(bytes);
  await checkGenesis(founded.genesis, new Signatures(founded.consortium, () => course.countSignature()));
  return founded;
}

/** {kind, content} of a proof file. Errors: `Fault`. */
async function readProof(bytes, pause) {
  require(isSame(bytes.subarray(0, 8), utf8('COMITYP1')), 'not-a-proof');
  try {
    const proof = await decodePatiently(PROOF, bytes.subarray(8), MAX_PROOF_BYTES - 8, pause);
    const [[kind, content]] = Object.entries(proof);
    return { kind, content };
  } catch (error) {
    throw error instanceof Refused ? new Fault('damaged', error.message) : error;
  }
}

/** An entry in the block of a proven header; gives its record. Errors: `Fault`. */
async function checkEntry(entry, header, signatures) {
  const bytes = fromHex(entry.record);
  const record = await checkRecord(bytes, signatures);
  require(header.first_index <= entry.index && entry.index < header.log_size, 'other-block');
  const leaf = await leafHash(bytes);
  const path = entry.inclusion.map(fromHex);
  require(await isIncluded(leaf, entry.index, header.log_size, fromHex(header.log_root), path), 'inclusion');
  return { index: entry.index, record, leafHash: toHex(leaf), height: header.height, time: header.time };
}

/** Takes the step that walks a path. */
async function walkPath(course, name, walk, path) {
  await course.take(name, async () => {
    const certified = await walk.walk(path);
    return { changes: walk.sets.length - 1, height: path.header.height, ...certified };
  });
}

/** As of when a header speaks. */
const placeOf = async (header, consortium) => ({
  height: header.height, time: header.time, headerHash: toHex(await headerHash(header, consortium)), header,
});

async function verifyReceipt(course, genesis, signatures, proof) {
  const walk = new Walk(genesis, signatures);
  const { header } = proof.path;
  const bytes = fromHex(proof.record);
  let record;
  await walkPath(course, 'path', walk, proof.path);
  await course.take('record', async () => {
    record = await checkRecord(bytes, signatures);
    return { signers: record.signatures.length };
  });
  await course.take('position', async () => {
    require(header.first_index <= proof.index && proof.index < header.log_size, 'other-block');
    return { index: proof.index, first: header.first_index, last: header.log_size - 1n };
  });
  const leaf = await leafHash(bytes);
  await course.take('inclusion', async () => {
    const path = proof.inclusion.map(fromHex);
    const holds = await isIncluded(leaf, proof.index, header.log_size, fromHex(header.log_root), path);
    require(holds, 'inclusion');
    return { hashes: path.length, size: header.log_size };
  });
  const id = await hashFor('statement', walk.consortium, encode(STATEMENT, record.statement));
  const place = await placeOf(header, walk.consortium);
  return { ...place, index: proof.index, record, recordId: toHex(id), leafHash: toHex(leaf) };
}

async function verifyExtract(course, genesis, signatures, proof) {
  const walk = new Walk(genesis, signatures);
  const { header } = proof.path;
  const keys = proof.claims.map(claim => fromHex(claim.key));
  await walkPath(course, 'path', walk, proof.path);
  await course.take('claims', async () => {
    require(keys.length > 0 && keys.length <= MAX_CLAIMS && isRising(keys, compareBytes), 'claims');
    return { count: keys.length };
  });
  await course.take('claim', async () => {
    const root = fromHex(header.state_root);
    for (const [at, claim] of proof.claims.entries()) {
      const value = claim.value === null ? null : fromHex(claim.value);
      require(await isProven(claim.proof, walk.consortium, root, keys[at], value), 'claim');
    }
    return { count: keys.length };
  });
  const place = await placeOf(header, walk.consortium);
  return { ...place, claims: proof.claims.map(readClaim) };
}

/** What a claim is about: {kind, name, value}; `kind` is null where this page does not know its like. */
function readClaim({ key, value }) {
  const bytes = fromHex(key);
  const known = STATE_KINDS[String.fromCharCode(bytes[0])];
  const unknown = { key, kind: null, name: key, value, holds: value !== null };
  if (!known) return unknown;
  try {
    const content = value === null ? null : decode(known.type, fromHex(value), MAX_PROOF_BYTES);
    const name = nameInState(known.name, bytes.subarray(1));
    return { key, kind: known.kind, name, value: content, holds: value !== null };
  } catch (error) {
    if (error instanceof Refused) return unknown;
    throw error;
  }
}

/** The name in a state key, as a person writes it. A key that only resembles one has none: that there is nothing under it
    says nothing about the object that it resembles. Errors: `Refused`. */
function nameInState(form, bytes) {
  const big = part => BigInt(`0x${toHex(part)}`);
  const sizes = {
    none: 0, key: 32, G: 8, R: 8, P: 8, C: 8, I: 8, D: 8, E: 8, W: 8, F: 8, T: 8, place: 45, 'grant-version': 12,
    'emergency-access': 16, 'disputed': 9,
  };
  if (form in sizes && sizes[form] !== bytes.length) fail('a key of another length');
  if (form === 'none') return '';
  if (form === 'key') return toHex(encode(PUBLIC_KEY, toHex(bytes)));
  if (form === 'place') {
    const [key, height, round] = [[0, 32], [32, 40], [40, 44]].map(([from, to]) => bytes.subarray(from, to));
    if (bytes[44] > 2) fail('no step');
    return `${nameInState('key', key)} / ${big(height)} / ${big(round)} / ${bytes[44]}`;
  }
  if (form in NAMED_BY_TEXT) return textOf(NAMED_BY_TEXT[form], bytes);
  if (form === 'grant-version') return `G${big(bytes.subarray(0, 8))} v${big(bytes.subarray(8))}`;
  if (form === 'emergency-access') return `E${big(bytes.subarray(0, 8))}/${big(bytes.subarray(8))}`;
  if (form === 'emergency-use' || form === 'member-usage') {
    if (bytes.length < 8) fail('no emergency or grant');
    const letter = form === 'emergency-use' ? 'E' : 'G';
    return `${letter}${big(bytes.subarray(0, 8))} ${textOf(AGENCY_ID, bytes.subarray(8))}`;
  }
  if (form === 'exchange') return bytes.length === 16 ? toHex(bytes) : fail('no exchange');
  if (form === 'emergency-recipient') {
    const end = bytes.indexOf(0, 8);
    if (bytes.length < 8 || end < 0) fail('nothing that was received');
    const [agency, dataset] = [textOf(AGENCY_ID, bytes.subarray(8, end)), textOf(DATASET_ID, bytes.subarray(end + 1))];
    return `E${big(bytes.subarray(0, 8))} ${agency} ${dataset}`;
  }
  if (form === 'reported') {
    const names = splitAtNul(bytes.subarray(49));
    if (bytes.length < 49 || bytes[32] > 1 || names.length !== 3) fail('no report');
    const [by, agency] = names.slice(0, 2).map(one => textOf(AGENCY_ID, one));
    const matter = names[2].length === 0 ? '-' : textOf(CODE, names[2]);
    const times = `${big(bytes.subarray(33, 41))}-${big(bytes.subarray(41, 49))}`;
    return `${by} ${agency} ${ASSESSMENT_KIND.names[bytes[32]]} ${matter} ${times} ${toHex(bytes.subarray(0, 32))}`;
  }
  if (form === 'disputed') {
    const letter = { r: 'R', g: 'G', B: 'C' }[String.fromCharCode(bytes[0])] ?? fail('nothing that is disputed');
    return `${letter}${big(bytes.subarray(1))}`;
  }
  if (form !== 'version') return `${form}${big(bytes)}`;
  const cut = bytes.length - 5;
  if (cut < 0 || bytes[cut] !== 0) fail('no version');
  return `${textOf(DATASET_ID, bytes.subarray(0, cut))} v${big(bytes.subarray(cut + 1))}`;
}

/** The parts of bytes between zero bytes. */
function splitAtNul(bytes) {
  const end = bytes.indexOf(0);
  return end < 0 ? [bytes] : [bytes.subarray(0, end), ...splitAtNul(bytes.subarray(end + 1))];
}

const NAMED_BY_TEXT = {
  agency: AGENCY_ID, code: CODE, dataset: DATASET_ID, region: text(64), office: string(name => OFFICE.names.includes(name)),
};

/** A text that is one of `type`. Errors: `Refused`. */
function textOf(type, bytes) {
  const found = decode(text(65535), join(encode(U64, BigInt(bytes.length)), bytes), 65535 + 8);
  encode(type, found);
  return found;
}

async function verifyExtension(course, genesis, signatures, proof) {
  const walk = new Walk(genesis, signatures);
  const { earlier } = proof;
  const later = proof.path.header;
  await walkPath(course, 'path', walk, proof.path);
  await course.take('order', async () => {
    require(earlier.height < later.height, 'order');
    return { earlier: earlier.height, later: later.height };
  });
  await course.take('earlier', async () => {
    return renamed('earlier', () => walk.passes(earlier, proof.earlier_certificate));
  });
  await course.take('consistency', async () => {
    const [one, other] = [earlier, later].map(header => ({ size: header.log_size, root: fromHex(header.log_root) }));
    require(await isConsistent(one, other, proof.consistency.map(fromHex)), 'consistency');
    return { from: one.size, to: other.size };
  });
  const place = await placeOf(later, walk.consortium);
  return { ...place, earlier: await placeOf(earlier, walk.consortium) };
}

async function verifyFork(course, genesis, signatures, proof) {
  const branches = { one: proof.one, other: proof.other };
  let walk;
  for (const [side, { header, certificate }] of Object.entries(branches)) {
    walk = new Walk(genesis, signatures);
    await walkPath(course, `path-${side}`, walk, { changes: proof.changes, header, certificate });
  }
  const { validators } = walk.sets.at(-1);
  const [one, other] = [proof.one, proof.other].map(branch => branch.header);
  const hashes = [await headerHash(one, walk.consortium), await headerHash(other, walk.consortium)];
  await course.take('one-height', async () => {
    require(one.height === other.height && compareBytes(hashes[0], hashes[1]) < 0, 'no-fork');
    return { height: one.height };
  });
  const polkas = [...proof.one.polkas, ...proof.other.polkas];
  await course.take('polkas', async () => {
    for (const branch of Object.values(branches)) {
      await renamed('polkas', () => checkPolkas(branch.polkas, one.height, validators, signatures));
    }
    return { count: polkas.length };
  });
  const verdicts = blame([proof.one.certificate, proof.other.certificate], polkas);
  const judged = validators.filter(one => verdicts.has(one.key))
    .map(one => ({ agency: one.agency, key: one.key, verdict: verdicts.get(one.key) }));
  await course.take('blame', async () => ({ count: judged.length }));
  const place = await placeOf(one, walk.consortium);
  const rounds = [proof.one.certificate.round, proof.other.certificate.round];
  const asOf = one.time > other.time ? one.time : other.time;
  return { ...place, asOf, other: await placeOf(other, walk.consortium), judged, rounds };
}

async function verifyCollection(course, genesis, signatures, { changes, blocks }) {
  const walk = new Walk(genesis, signatures);
  const last = blocks.at(-1);
  await course.take('distinct', async () => {
    require(blocks.length > 0 && isRising(blocks.map(block => block.header.height), compareNumbers), 'order');
    const inOrder = ({ entries }) => entries.length > 0 && isRising(entries.map(entry => entry.index), compareNumbers);
    require(blocks.every(inOrder), 'order');
    return { entries: blocks.reduce((sum, block) => sum + block.entries.length, 0), blocks: blocks.length };
  });
  await walkPath(course, 'path', walk, { changes, header: last.header, certificate: last.certificate });
  const collected = [];
  await course.take('entries', async () => {
    for (const block of blocks) {
      if (block !== last) await walk.passes(block.header, block.certificate);
      for (const entry of block.entries) collected.push(await checkEntry(entry, block.header, signatures));
    }
    return { count: collected.length };
  });
  return { ...await placeOf(last.header, walk.consortium), collected, headers: blocks.map(block => block.header) };
}

const compareNumbers = (a, b) => (a < b ? -1 : Number(a > b));

/** Polka certificates beside a block. Errors: `Fault`. */
async function checkPolkas(polkas, height, validators, signatures) {
  require(polkas.length <= 64, 'count');
  const order = (a, b) => a.round - b.round || compareText(a.value, b.value);
  require(isRising(polkas, order), 'order');
  for (const polka of polkas) {
    require(polka.height === height, 'height');
    const vote = { kind: 'prevote', height, round: polka.round, value: polka.value };
    await checkQuorum(vote, polka.signatures, validators, signatures);
  }
}

/** Verdicts by key, as "Forks" judges. */
function blame(certificates, polkas) {
  const verdicts = new Map();
  const signersOf = one => new Set(one.signatures.map(signed => signed.validator));
  const both = (a, b) => [...signersOf(a)].filter(key => signersOf(b).has(key));
  for (const certificate of certificates) {
    for (const polka of polkas) {
      if (polka.round <= certificate.round || polka.value === certificate.header_hash) continue;
      const frees = polkas.some(one =>
        one.value === polka.value && certificate.round <= one.round && one.round < polka.round);
      for (const key of both(certificate, polka)) {
        if (verdicts.get(key) !== 'undetermined') verdicts.set(key, frees ? 'cleared' : 'undetermined');
      }
    }
  }
  const [one, other] = certificates;
  if (one.round === other.round) for (const key of both(one, other)) verdicts.set(key, 'guilty');
  return verdicts;
}
