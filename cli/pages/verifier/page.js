/* The page: takes files, runs the verification, and shows what came out.
   Holds: whatever comes from a file is put into the page as text, never as markup; nothing leaves the page.
   May not enter: checks. */

const page = {
  language: /^zh\b/i.test(navigator.language) ? 'zh' : 'en',
  files: { proof: null, genesis: null },
  notice: null,
  outcome: null,
  run: 0,
};

const find = selector => document.querySelector(selector);
const words = (name, values) => say(page.language, name, values);

/** An element with attributes and children; strings become text. */
function element(name, attributes = {}, ...children) {
  const made = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  made.append(...children.filter(child => child !== null));
  return made;
}

/** Which of the two a file is, by its first bytes. `wanted`: where a person put it, if they said so. */
function kindOf(bytes, wanted) {
  if (wanted) return wanted;
  const start = new TextDecoder().decode(bytes.subarray(0, 64)).trimStart();
  return start.startsWith('{') ? 'genesis' : 'proof';
}

/** Takes files that were dropped or chosen, and verifies once both are there. */
async function takeFiles(list, wanted = null) {
  page.notice = null;
  for (const file of list) await takeFile(file, wanted);
  const { proof, genesis } = page.files;
  if (!page.notice && !proof && genesis) page.notice = ['need-proof'];
  if (!page.notice && proof && !genesis) page.notice = ['need-genesis'];
  page.outcome = null;
  show();
  if (proof && genesis && !page.notice) await check();
}

async function takeFile(file, wanted) {
  try {
    const start = new Uint8Array(await file.slice(0, 4).arrayBuffer());
    if (file.size > (beginsAsZip(start) ? MAX_BUNDLE_BYTES : MAX_PROOF_BYTES)) {
      page.notice = ['too-big', { name: file.name }];
      return;
    }
    const bytes = new Uint8Array(await file.arrayBuffer());
    page.files[kindOf(bytes, wanted)] = { name: file.name, bytes };
  } catch {
    page.notice = ['unread', { name: file.name }];
  }
}

async function check() {
  const run = ++page.run;
  const { proof, genesis } = page.files;
  const began = performance.now();
  let shown = began;
  find('#progress').hidden = false;
  const onProgress = async count => {
    if (performance.now() - shown < 50) return;
    find('#progress-text').textContent = words('checking', { count });
    await new Promise(resolve => setTimeout(resolve));
    shown = performance.now();
  };
  const outcome = await verifyProof(genesis.bytes, proof.bytes, onProgress);
  if (run !== page.run) return;
  outcome.checkedAt = Math.floor(Date.now() / 1000) * 1000;
  outcome.tookMs = Math.round(performance.now() - began);
  outcome.hashes = globalThis.crypto?.subtle
    ? { proof: toHex(await sha256(proof.bytes)), genesis: toHex(await sha256(genesis.bytes)) } : {};
  find('#progress').hidden = true;
  page.outcome = outcome;
  show();
  find('#result').focus({ preventScroll: true });
  find('.verdict').scrollIntoView({ block: 'start' });
}

function startOver() {
  page.run += 1;
  Object.assign(page, { files: { proof: null, genesis: null }, notice: null, outcome: null });
  for (const input of document.querySelectorAll('input[type=file]')) input.value = '';
  find('#progress').hidden = true;
  show();
  find('#proof-file').focus();
}

/** Everything that depends on the language or on what was found. */
function show() {
  document.documentElement.lang = page.language === 'zh' ? 'zh-CN' : 'en';
  document.title = words('title');
  for (const one of document.querySelectorAll('[data-say]')) one.textContent = words(one.dataset.say);
  for (const one of document.querySelectorAll('[data-label]')) one.setAttribute('aria-label', words(one.dataset.label));
  for (const one of document.querySelectorAll('[data-language]')) {
    one.setAttribute('aria-pressed', String(one.dataset.language === page.language));
  }
  for (const [kind, file] of Object.entries(page.files)) {
    const name = file ? words('file-is', { name: file.name, size: file.bytes.length }) : words('none-yet');
    find(`#${kind}-name`).textContent = name;
  }
  find('#notice').textContent = page.notice ? words(...page.notice) : '';
  find('.actions').hidden = page.outcome === null;
  find('#result').replaceChildren(...(page.outcome ? showOutcome(page.outcome) : []));
}

function showOutcome(outcome) {
  const describer = new Describer(page.language, outcome.genesis);
  const around = [showSteps(outcome, describer), showPlace(outcome, describer)];
  if (outcome.fault) return [showFault(outcome), ...around];
  // Of a bundle all that is in it comes last: it is long.
  const [first, ...rest] = SHOWS[outcome.kind](outcome.shows, describer);
  return [showProven(outcome, describer), first, ...around, showLimits(outcome, describer), ...rest];
}

const section = (title, ...children) => element('section', {}, element('h2', {}, words(title)), ...children);

function showProven({ kind, shows, genesis }, describer) {
  const values = {
    index: shows.index, height: shows.height, time: describer.time(shows.time), consortium: genesis.name,
    earlier: shows.earlier?.height, count: shows.collected?.length,
  };
  const isGrave = kind === 'fork';
  return element('section', { class: `verdict ${isGrave ? 'grave' : 'good'}` },
    element('h2', {}, `✓ ${words(isGrave ? 'proven-grave' : 'proven')}`),
    element('p', {}, words(`proven-${kind}`, values)),
    isGrave ? showLine('next', words('fork-next')) : null);
}

/** A line that begins with what it is. */
const showLine = (label, ...content) => element('p', {}, element('strong', {}, words(label)), ...content);

/** The first failure: its name, what it means, what to do next. */
function showFault({ fault, reason, steps }) {
  const [next, happened, means] = faultWords(fault);
  const own = LANGUAGES.indexOf(page.language);
  const failed = steps.find(step => step.state === 'failed');
  return element('section', { class: 'verdict bad' },
    element('h2', {}, `✗ ${words('not-proven')}`),
    element('p', { class: 'sentence' }, happened[own]),
    showLine('means', means[own]), showLine('next', NEXT[next][own]),
    failed ? showLine('failed-at', words(`step-${failed.name}`)) : null,
    showLine('fault', element('code', {}, fault)),
    reason ? element('p', { class: 'note' }, words('reason'), element('code', {}, reason)) : null);
}

const MARKS = { passed: '✓', failed: '✗', open: '–', 'left-out': '–' };

function showSteps({ steps, kind, signatures, tookMs }, describer) {
  const items = steps.map(step => {
    const template = step.name.startsWith('path') ? 'path' : step.name;
    const isTaken = step.state === 'passed' || step.state === 'left-out';
    const since = words(step.changes ? 'since-some' : 'since-none', step);
    const values = { ...step, since, kind: kind ? describer.say(`kind-${kind}`) : '' };
    return element('li', { class: step.state },
      element('span', { class: 'state' }, `${MARKS[step.state]} ${words(step.state)}`),
      element('span', {}, words(`step-${step.name}`)),
      isTaken ? element('span', { class: 'detail' }, words(`did-${template}`, values)) : null);
  });
  return section('checked', element('ol', { class: 'steps' }, ...items),
    element('p', { class: 'note' }, words('took', { count: signatures, ms: tookMs })));
}

/** Rows of words as a list of terms. */
function showRows(rows) {
  const content = row => {
    if (row.rows) return showRows(row.rows);
    if (row.list) return element('ul', {}, ...row.list.map(one => element('li', {}, content(one))));
    return row.code === undefined ? document.createTextNode(row.text) : element('code', {}, row.code);
  };
  const note = row => (row.note ? element('div', { class: 'note' }, row.note) : null);
  const line = row => element('div', {}, element('dt', {}, row.label), element('dd', {}, content(row), note(row) ?? ''));
  return element('dl', {}, ...rows.map(line));
}

const showBlock = (label, place, describer) =>
  ({ label, text: `${place.height}, ${describer.time(place.time)}` });

/** One entry of the log: its sentence, and its rows; `more` come first. */
function showEntry({ index, record, height, time, leafHash: leaf }, describer, more = []) {
  const { sentence, rows } = describer.record(record);
  const since = { label: words('on-the-log-since'), text: `${height}, ${describer.time(time)}` };
  return [
    element('h3', {}, words('entry-title', { index })), element('p', { class: 'sentence' }, sentence),
    showRows([since, ...more, ...rows, { label: words('leaf-hash'), code: leaf }]),
  ];
}

/** How an access was judged again, and what was opened of what it sealed. */
function moreOf(index, { judgements, openings }) {
  const verdict = judgements.get(index);
  const rows = verdict ? [{ label: words('judged'), text: words(`judged-${verdict}`) }] : [];
  const opened = openings.get(index)?.map(one => ({ label: words(`detail-${one.detail}`), text: one.text }));
  return opened ? [...rows, { label: words('opened'), rows: opened }] : rows;
}

/** What a case is about. */
function showCase({ case: own, exported, accesses, urgent }, describer) {
  const limits = ['from', 'to'].filter(name => (own[name] ?? null) !== null);
  return showRows([
    { label: words('subject'), text: words(`case-${own.kind}`, own) },
    ...(own.key ? [{ label: words('case-key'), code: own.key }] : []),
    ...limits.map(name => ({ label: words(`case-${name}`), text: describer.time(own[name]) })),
    ...accesses.map(one => ({ label: words('accesses-of', one), text: words('accesses-are', one) })),
    ...urgent.map(one => ({ label: words('entries-of', one), text: words('accesses-are', one) })),
    { label: words('exported-by'), text: words('exported-is', exported) },
  ]);
}

/** Objects of the state, each under its name. */
const showClaims = (claims, time, describer) => claims.flatMap(claim => {
  const { title, text: note, rows } = describer.claim(claim, time);
  return [element('h3', {}, title), note ? element('p', {}, note) : null, rows ? showRows(rows) : null];
}).filter(one => one !== null);

const SHOWS = {
  bundle: (shows, describer) => [
    section('says-case', showCase(shows, describer)),
    section('says-collection', ...shows.collected.flatMap(entry => showEntry(entry, describer, moreOf(entry.index, shows)))),
    section('says-objects', ...showClaims(shows.claims, shows.time, describer)),
  ],
  collection: ({ collected }, describer) =>
    [section('says-collection', ...collected.flatMap(entry => showEntry(entry, describer)))],
  receipt({ record, index, recordId, leafHash: leaf }, describer) {
    const { sentence, rows } = describer.record(record);
    const head = { label: words('entry'), text: String(index) };
    const tail = [{ label: words('record-id'), code: recordId }, { label: words('leaf-hash'), code: leaf }];
    return [section('says-record', element('p', { class: 'sentence' }, sentence), showRows([head, ...rows, ...tail]))];
  },
  extract: ({ claims, time }, describer) => [section('says-extract', ...showClaims(claims, time, describer))],
  extension(shows, describer) {
    const of = place => [
      { label: words('log-size'), text: String(place.header.log_size) },
      { label: words('log-root'), code: place.header.log_root },
      { label: words('header-hash'), code: place.headerHash },
    ];
    return [section('says-extension', showRows([
      showBlock(words('earlier-block'), shows.earlier, describer), ...of(shows.earlier),
      showBlock(words('block'), shows, describer), ...of(shows),
    ]))];
  },
  fork({ judged, rounds }, describer) {
    const rows = judged.map(one => ({
      label: describer.agency(one.agency),
      text: words(`verdict-${one.verdict}`), note: one.key,
    }));
    const named = judged.length ? showRows(rows) : element('p', {}, words('nobody-judged'));
    return [section('says-fork', named, showRows([{ label: words('rounds'), text: rounds.join(', ') }]))];
  },
};

/** Of what consortium and as of when the proof speaks, as far as that was found. */
function showPlace({ consortium, genesis, shows, hashes, fault, checkedAt }, describer) {
  const rows = [];
  if (genesis) rows.push({ label: words('consortium'), text: genesis.name });
  if (consortium) rows.push({ label: words('consortium-id'), code: consortium, note: words('compare-id') });
  if (shows && !fault) {
    rows.push({ label: words('block'), text: String(shows.height) });
    rows.push({ label: words('block-time'), text: describer.time(shows.time) });
    if (shows.other) rows.push({ label: words('block-time-other'), text: describer.time(shows.other.time) });
    rows.push({ label: words('age'), text: ageOf(asOfWhen(shows)) }, { label: words('header-hash'), code: shows.headerHash });
    if (shows.other) rows.push({ label: words('header-hash-other'), code: shows.other.headerHash });
  }
  rows.push({ label: words('checked-on'), text: describer.time(BigInt(checkedAt)) });
  for (const [kind, hash] of Object.entries(hashes)) rows.push({ label: words(`${kind}-sha256`), code: hash, note: page.files[kind].name });
  return section(fault ? 'against' : 'as-of', showRows(rows));
}

function ageOf(time) {
  const days = Math.floor((Date.now() - Number(time)) / 86400000);
  return days < 0 ? words('from-future') : words('days-old', { days });
}

/** What cannot be said, honestly. */
function showLimits({ kind, shows }, describer) {
  const values = { height: shows.height, time: describer.time(asOfWhen(shows)) };
  const isAccess = shows.record?.statement.action.attempt || shows.claims || shows.collected;
  const names = ['truth', 'newest', ['receipt', 'collection', 'bundle'].includes(kind) ? kind : null, isAccess ? 'bypass' : null,
    kind === 'fork' ? 'fork' : null, 'genesis', 'leaked', 'page'];
  const items = names.filter(Boolean).map(name => element('li', {}, words(`limit-${name}`, values)));
  return section('limits', element('ul', { class: 'limits' }, ...items));
}

function start() {
  for (const kind of ['proof', 'genesis']) {
    find(`#${kind}-file`).addEventListener('change', event => takeFiles(event.target.files, kind));
  }
  for (const button of document.querySelectorAll('[data-language]')) {
    button.addEventListener('click', () => {
      page.language = button.dataset.language;
      show();
    });
  }
  const drag = isOver => event => {
    event.preventDefault();
    document.body.classList.toggle('dragging', isOver);
  };
  document.addEventListener('dragover', drag(true));
  document.addEventListener('dragleave', drag(false));
  document.addEventListener('drop', event => {
    drag(false)(event);
    takeFiles([...event.dataTransfer.files]);
  });
  find('#print').addEventListener('click', () => window.print());
  find('#start-over').addEventListener('click', startOver);
  show();
}

start();
