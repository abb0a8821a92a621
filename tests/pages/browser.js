/* Runs inside the page: each vector file's cases through the page's own functions.
   Holds: every function gives a list of what differs; an empty list is a success.
   May not enter: anything that the page itself would need. */

(() => {
  const c = globalThis.comity;
  const plain = value => JSON.stringify(value, (key, one) => (typeof one === 'bigint' || typeof one === 'number' ? `#${one}` : one));
  const inOrder = value => (value && typeof value === 'object' && !Array.isArray(value)
    ? Object.fromEntries(Object.keys(value).sort().map(key => [key, inOrder(value[key])]))
    : Array.isArray(value) ? value.map(inOrder) : value);
  const same = (a, b) => plain(inOrder(a)) === plain(inOrder(b));
  const quiet = async () => {};
  const signaturesOf = consortium => new c.Signatures(c.fromHex(consortium), quiet);

  async function faultOf(work) {
    try {
      await work();
      return null;
    } catch (error) {
      return error.fault ?? error.kind ?? `thrown: ${error}`;
    }
  }

  // Types of the vectors that no proof file holds.
  const NOT_HERE = ['batched-access', 'detail', 'query', 'signed-query', 'frontier', 'block', 'committed-block'];

  const CHECKS = {
    keys: one => c.isKey(c.fromHex(one.key)) === one.accepted,

    async signatures(one, shared) {
      const message = c.preimage('statement', c.fromHex(shared.consortium), c.fromHex(one.body));
      return await c.isSignature(c.fromHex(one.key), message, c.fromHex(one.signature)) === one.valid;
    },

    async values(one) {
      if (NOT_HERE.includes(one.type)) return 'skipped';
      const type = c.types[one.type];
      const bytes = c.fromHex(one.bytes);
      return c.toHex(c.encode(type, one.json)) === one.bytes && same(c.decode(type, bytes, 1 << 24), one.json);
    },

    async malformed(one) {
      if (NOT_HERE.includes(one.type)) return 'skipped';
      return await faultOf(() => c.decode(c.types[one.type], c.fromHex(one.bytes), Number(one.limit))) === one.fault;
    },

    async text(one) {
      const type = c.types[one.type];
      const accepts = async text => await faultOf(() => c.encode(type, text)) === null;
      if (one.text !== undefined) return await accepts(one.text) === one.accepted;
      const taken = [];
      for (let code = 0; code < 0x110000; code++) {
        if (code >= 0xD800 && code < 0xE000) continue;
        try {
          c.encode(type, one.sweep.replace('{}', String.fromCodePoint(code)));
          taken.push(1);
        } catch {
          taken.push(0);
        }
      }
      const digest = new Uint8Array(await crypto.subtle.digest('SHA-256', Uint8Array.from(taken)));
      return c.toHex(digest) === one.digest;
    },

    async records(one, shared) {
      return await faultOf(() => c.checkRecord(c.fromHex(one.record), signaturesOf(shared.consortium))) === one.rule;
    },

    async statements(one, shared) {
      if (!one.record) return 'skipped';
      const bytes = c.fromHex(one.record);
      const record = await c.checkRecord(bytes, signaturesOf(shared.consortium));
      return same(record.statement, one.statement) && c.toHex(await c.leafHash(bytes)) === one.leaf_hash;
    },

    async genesis(one) {
      if (one.seed) return 'skipped';
      const bytes = c.fromHex(one.bytes);
      const id = await c.consortiumOf(bytes);
      if (one.genesis) {
        const read = await c.readGenesis(c.utf8(JSON.stringify(one.genesis, (key, value) => (typeof value === 'bigint' ? Number(value) : value))));
        if (c.toHex(read.consortium) !== one.id) return false;
      }
      const founded = c.decode(c.types.genesis, bytes, 1 << 24);
      const fault = await faultOf(() => c.checkGenesis(founded, new c.Signatures(id, quiet)));
      return c.toHex(id) === one.id && fault === (one.fault ? `genesis-${one.fault}` : null);
    },

    async log(one, shared, all) {
      if (one.size === undefined) return c.toHex(await c.leafHash(c.fromHex(one.entry))) === one.leaf;
      const root = c.fromHex(one.root);
      for (const { index, path } of one.inclusion) {
        const leaf = await c.leafHash(c.utf8(`entry ${index}`));
        const hashes = path.map(c.fromHex);
        if (!await c.isIncluded(leaf, index, one.size, root, hashes)) return false;
        if (await c.isIncluded(leaf, index + 1n, one.size, root, hashes)) return false;
        if (await c.isIncluded(leaf, index, one.size, root, [...hashes, root])) return false;
      }
      for (const { first, proof } of one.consistency) {
        const before = all.find(other => other.size === first);
        if (!before) continue;
        const sides = [before, one].map(side => ({ size: side.size, root: c.fromHex(side.root) }));
        if (!await c.isConsistent(...sides, proof.map(c.fromHex))) return false;
        if (await c.isConsistent(...sides, [...proof.map(c.fromHex), root])) return false;
      }
      return true;
    },

    async trustpaths(one, shared) {
      const founded = c.decode(c.types.genesis, c.encode(c.types.genesis, shared.genesis), 1 << 24);
      const consortium = await c.consortiumOf(c.encode(c.types.genesis, shared.genesis));
      const anchor = one.anchor && {
        header: c.decode(c.types.header, c.encode(c.types.header, one.anchor.header), 1 << 20),
        next: c.decode(c.types['validator-set'], c.encode(c.types['validator-set'], one.anchor.next), 1 << 20),
      };
      const walk = new c.Walk(founded, new c.Signatures(consortium, quiet), anchor);
      return await faultOf(() => walk.walk(c.decode(c.TRUST_PATH, c.fromHex(one.path), 1 << 23))) === one.fault;
    },
  };

  /** {passed, skipped, failed} of a vector file's text. */
  async function runVectors(name, source) {
    const { shared, cases } = c.readJson(source);
    const found = { passed: 0, skipped: 0, failed: [] };
    for (const [at, one] of cases.entries()) {
      let holds;
      try {
        holds = await CHECKS[name](one, shared, cases);
      } catch (error) {
        holds = `${error}`;
      }
      if (holds === 'skipped') found.skipped += 1;
      else if (holds === true) found.passed += 1;
      else found.failed.push(`case ${at} (${one.what ?? one.type ?? ''}): ${holds}`);
    }
    return found;
  }

  /** What a proof shows, as the vectors write it, with the time it took. */
  async function prove(genesis, proof) {
    const began = performance.now();
    const outcome = await c.verifyProof(c.utf8(genesis), c.fromHex(proof));
    const ms = performance.now() - began;
    if (outcome.fault) return { fault: outcome.fault, shows: null, ms, signatures: outcome.signatures };
    const { height, time, index, claims, earlier, judged, collected } = outcome.shows;
    const shows = { kind: outcome.kind, height: Number(height), time: Number(time) };
    if (outcome.kind === 'receipt') shows.index = Number(index);
    if (collected) shows.indexes = collected.map(one => Number(one.index));
    if (claims) shows.holds = claims.map(claim => claim.holds);
    if (earlier) shows.earlier = Number(earlier.height);
    if (judged) shows.judged = judged.map(one => [one.agency, one.verdict]);
    return { fault: null, shows, ms, signatures: outcome.signatures, asOf: Number(outcome.shows.asOf ?? time) };
  }

  /** What a bundle shows, as the second implementation writes it. */
  async function proveBundle(genesis, bundle) {
    const began = performance.now();
    const outcome = await c.verifyProof(c.utf8(genesis), c.fromHex(bundle));
    const ms = performance.now() - began;
    const words = { passed: 'passed', failed: 'failed', open: 'not-made', 'left-out': 'not-checked' };
    const checks = outcome.steps.filter(step => step.name.startsWith('bundle-'))
      .map(step => [step.name.slice('bundle-'.length), words[step.state]]);
    if (outcome.fault) return { fault: outcome.fault, checks, ms };
    const { collected, claims, judgements, accesses, urgent, openings } = outcome.shows;
    return {
      fault: null, checks, ms, indexes: collected.map(one => Number(one.index)), claims: claims.length,
      judgements: Object.fromEntries([...judgements].map(([index, verdict]) => [String(index), verdict])),
      accesses: Object.fromEntries(accesses.map(one => [one.grant, [Number(one.count), Number(one.total)]])),
      urgent: Object.fromEntries(urgent.map(one => [`${one.emergency} ${one.agency}`, [Number(one.count), Number(one.total)]])),
      openings: Object.fromEntries([...openings].map(([index, opened]) => [String(index), opened.map(one => one.text)])),
    };
  }

  /** Adds to a set what shows in texts where words are missing. */
  const noting = missing => said =>
    (JSON.stringify(said).match(/‹[^›]*›|undefined|\{\w+\}|\[object/g) ?? []).forEach(one => missing.add(one));

  /** Everything that the page can say of a whole story, its records and its state, in both languages; and whether each value is
      what the second implementation reads. */
  function wordlessStory({ records, claims }) {
    const missing = new Set();
    const note = noting(missing);
    for (const language of ['en', 'zh']) {
      const describer = new c.Describer(language, null);
      for (const record of records) note(describer.record(c.decode(c.SIGNED_RECORD, c.fromHex(record), 1 << 20)));
      for (const { key, value, read } of claims) {
        const claim = c.readClaim({ key, value });
        note(describer.claim(claim, 0n));
        if (claim.kind === null || !same(claim.value, c.readJson(read))) missing.add(`the value of ${key}`);
      }
    }
    return [...missing];
  }

  /** Everything that the page can say of these values, in both languages: texts without words show as ‹name›. */
  function wordless(source) {
    const { cases } = c.readJson(source);
    const missing = new Set();
    const note = noting(missing);
    const kinds = Object.fromEntries(Object.values(c.STATE_KINDS).map(one => [one.type, one.kind]));
    for (const language of ['en', 'zh']) {
      const describer = new c.Describer(language, null);
      for (const one of cases) {
        if (one.type === 'signed-record') note(describer.record(c.decode(c.types[one.type], c.fromHex(one.bytes), 1 << 20)));
        if (one.statement && one.record) note(describer.record(c.decode(c.SIGNED_RECORD, c.fromHex(one.record), 1 << 20)));
        for (const { kind, type } of Object.values(c.STATE_KINDS)) {
          if (one.type && c.types[one.type] === type && type !== c.types['log-index'] && type !== c.types.u16) {
            const value = c.decode(type, c.fromHex(one.bytes), 1 << 20);
            for (const time of [0n, 1n << 60n]) note(describer.claim({ kind, name: 'x', value, holds: true }, time));
          }
        }
      }
    }
    return [...missing];
  }

  globalThis.comityTests = { runVectors, prove, proveBundle, wordless, wordlessStory };
})();
