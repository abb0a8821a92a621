/* What a record or an object of the state says, as rows of words: nothing is left out, nothing is added.
   Holds: every field of every type in shapes.js gets a row; a row is {label, text | code | rows | list}.
   May not enter: the page's elements. */

/** Fields by what they hold. What is in none of these is shown as it stands. */
const TIMES = ['valid_until', 'suspect_since', 'not_before', 'not_after', 'needed_by', 'made_at', 'until', 'from',
  'opened_on', 'issued_on', 'version_on', 'on', 'closes', 'time', 'to', 'since', 'found', 'declared_on', 'late', 'ended_on', 'registered_on', 'formed_on'];
const INDEXES = ['at', 'ended_at', 'registered_at', 'published_at', 'version_at', 'withdrawn_at', 'issued_at',
  'opened_at', 'passed_at', 'last_at', 'access', 'accesses', 'declared_at', 'entry', 'formed_at', 'invited_at'];
// Where there is none of these, it was so from the genesis on.
const FOUNDED = ['registered_at', 'published_at', 'registered_on'];
const AGENCIES = ['agency', 'requester', 'superior', 'authority', 'sponsor', 'opened_by', 'electorate', 'agencies', 'reviewer',
  'decided_by', 'manager', 'onward', 'asked', 'to', 'by', 'claimant', 'respondent', 'reported_by', 'declared_by', 'requesters',
  'providers', 'pool', 'lead', 'invited'];
const CODED = ['matter', 'matters', 'duty_basis', 'basis'];
const VALUES = new Set([KEY_ROLE, KEY_ALGORITHM, LEVEL, AGENCY_KIND, SHARING, OPENNESS, GRADE, MODE, CODE_LIST, CHOICE,
  OFFICE, ACCESS_REFUSAL, OUTCOME, MEASURE, STANDING, EQUIVOCATION, VOTE_KIND, CHECK_OUTCOME, RULING, STAGE, VERDICT, POWER,
  FINDING_OUTCOME, DRAWN_VERDICT, CAPACITY, ASSESSMENT_KIND].flatMap(type => type.names));
// A rule that refuses under the grant above, and never by itself.
VALUES.add('onward-not-allowed');
const ENUMS = ['role', 'algorithm', 'level', 'kind', 'sharing', 'openness', 'grade', 'mode', 'modes', 'list', 'choice',
  'rule', 'because', 'outcome', 'measure', 'standing', 'equivocation', 'office', 'verdict', 'ruling', 'stage', 'power', 'capacity'];
// Fields that hold a variant's name with its content below it.
const WITH_VARIANT = ['standing', 'equivocation'];
// Lists of which others say the number.
const NUMBERED = ['stated', 'undertakings'];
// Maps by agency.
const BY_AGENCY = ['ballots', 'commits', 'invited'];
// The last millisecond of which a browser knows the date.
const LAST_DATE_MS = 8640000000000000n;

/** A day since 1970-01-01 as a date, where a browser knows it. */
const dateOf = day => (day * 86400000n > LAST_DATE_MS ? String(day) : new Date(Number(day) * 86400000).toISOString().slice(0, 10));

/** Puts values into words of one language, by what one genesis knows. */
class Describer {
  constructor(language, genesis) {
    this.language = language;
    this.offset = genesis?.params.day_offset_minutes ?? 0;
    this.names = new Map(genesis?.members.map(({ agency }) => [agency.id, agency.name]));
    this.titles = new Map([...(genesis?.matters ?? []), ...(genesis?.duty_bases ?? [])].map(one => [one.code, one.title]));
  }

  say(name, values) {
    return say(this.language, name, values);
  }

  /** A time where the consortium's days begin, with its distance from UTC. */
  time(ms) {
    if (ms > LAST_DATE_MS) return `${ms} ms`;
    const local = new Date(Number(ms) + this.offset * 60000);
    if (Number.isNaN(local.getTime())) return `${ms} ms`;
    const size = Math.abs(this.offset);
    const pair = number => String(number).padStart(2, '0');
    const zone = `UTC${this.offset < 0 ? '−' : '+'}${pair(Math.floor(size / 60))}:${pair(size % 60)}`;
    return `${local.toISOString().replace('T', ' ').replace(/(\.000)?Z$/, '')} ${zone}`;
  }

  agency(id) {
    return this.names.has(id) ? this.say('in-the-genesis', { id, name: this.names.get(id) }) : id;
  }

  /** One value by the field that it stands in: {text | code | rows | list}. */
  value(field, value) {
    if (value === null && FOUNDED.includes(field)) return { text: this.say('the-genesis') };
    if (value === null) return { text: this.say('none') };
    if (typeof value === 'boolean') return { text: this.say(value ? 'yes' : 'no') };
    if (TIMES.includes(field) && typeof value === 'bigint') return { text: this.time(value) };
    if (INDEXES.includes(field) && typeof value === 'bigint') return { text: this.say('entry-number', { index: value }) };
    if (typeof value === 'string') return this.word(field, value);
    if (typeof value !== 'object') return { text: field === 'conditions' ? this.say('condition-number', { number: value }) : String(value) };
    if (field === 'items') return this.items(value);
    if (field === 'calendar') return { rows: this.rows(this.dated(value), field) };
    if (NUMBERED.includes(field) && value.length) return { rows: this.numbered(field, value) };
    if (field === 'attempt' && value.attempt) return { rows: this.rows({ ...value.attempt, signature: value.signature }) };
    if (field === 'sealed' && value.length > 0) return { list: value.map(code => ({ code })) };
    if (Array.isArray(value)) {
      return value.length ? { list: value.map(one => this.value(field, one)) } : { text: this.say('none') };
    }
    if (BY_AGENCY.includes(field) || field === 'hosted' && !('sponsor' in value)) return this.byAgency(value);
    if (field === 'reviews' && !('verdict' in value)) return this.byNumber(value);
    return { rows: this.rows(value, field) };
  }

  word(field, value) {
    if (AGENCIES.includes(field) && !/^[0-9a-f]{64}$/.test(value)) return { text: this.agency(value) };
    if (CODED.includes(field) && this.titles.has(value)) {
      return { text: this.say('code-is', { code: value, title: this.titles.get(value) }) };
    }
    if (['items', 'officers'].includes(field) && value === 'all') return { text: this.say(`all-${field}`) };
    if (ENUMS.includes(field) && VALUES.has(value)) return { text: this.say(`value-${value}`) };
    if (/^([0-9a-f]{32}|[0-9a-f]{64}|[0-9a-f]{128})$/.test(value)) return { code: value };
    return { text: value === '' ? this.say('none') : value };
  }

  /** Items of terms, or of a dataset with their kinds. */
  items(value) {
    const names = (value.only ?? value).map(one => (one.name ? `${one.name}${one.kind ? ` (${one.kind})` : ''}` : one));
    return names.length ? { list: names.map(text => ({ text })) } : { text: this.say('none') };
  }

  /** What is called by its place in a list, from 1. */
  numbered(field, values) {
    return values.map((value, at) => ({
      label: this.say('number-is', { number: at + 1 }), ...(value.what ? { text: this.promise(value) } : this.value(field, value)),
    }));
  }

  /** What a side of a grant undertakes. */
  promise({ by, what }) {
    const [[name, days]] = Object.entries(what);
    return this.say(`promise-${name}`, { by: this.say(`value-${by}`), days });
  }

  /** A calendar with its days as dates, and the days of its week by name. */
  dated({ region, first, last, week, holidays, workdays }) {
    const worked = [0, 1, 2, 3, 4, 5, 6].filter(day => week & (1 << day)).map(day => this.say(`weekday-${day}`));
    return {
      region, first: dateOf(first), last: dateOf(last), week: worked, holidays: holidays.map(dateOf), workdays: workdays.map(dateOf),
    };
  }

  byAgency(value) {
    const rows = Object.entries(value).map(([id, own]) => ({ label: this.agency(id), ...this.value(typeof own === 'bigint' ? 'at' : 'agency', own) }));
    return rows.length ? { rows } : { text: this.say('none') };
  }

  /** What was found about what was drawn, by its place in the draw. */
  byNumber(value) {
    const rows = Object.entries(value).map(([number, own]) => ({ label: this.say('number-is', { number }), ...this.value('review', own) }));
    return rows.length ? { rows } : { text: this.say('none') };
  }

  /** The fields of a struct or an enum's variant, in their order. `within`: in what, where a field has a name of its own. */
  rows(value, within) {
    return Object.entries(value).map(([field, own]) => ({ label: this.label(field, own, within), ...this.value(field, own) }));
  }

  label(field, value, within) {
    if (WITH_VARIANT.includes(within)) return this.say(`value-${field}`);
    if (field === 'grant' && typeof value === 'string' && isUrgent(value)) return this.say('field-emergency');
    const special = field === 'asked' && typeof value === 'string' ? 'field-asked-agency' : `field-${within}-${field}`;
    return this.say(special in TERMS ? special : `field-${field}`);
  }

  /** In one sentence, what a record did. */
  sentence({ signers, action }) {
    const terms = action.terms?.asked?.dataset ? action.terms.asked : action.terms ?? attemptIn(action)?.attempt ?? action.dataset ?? {};
    const dataset = typeof action.dataset === 'string' ? action.dataset : terms.dataset ?? terms.id;
    const named = field => (action[field] === undefined ? '' : this.say(`value-${action[field]}`));
    const count = action.codes?.length ?? action.accesses?.length ?? attemptIn(action)?.attempt.batch?.count ?? action.count;
    const [[about, disputed] = []] = Object.entries(action.about ?? {});
    return this.say(`did-${action.kind}${variantOf(action)}`, {
      ...action, agency: signers[0].agency, title: terms.title, dataset, requester: terms.requester, grant: action.grant ?? terms.grant,
      role: action.role && named('role'), choice: action.choice && named('choice'), list: action.list && named('list'),
      refusal: action.refusal && this.say(`value-${action.refusal.rule}`),
      against: action.against && this.say(`value-${action.against.rule}`), count, of: action.agency ?? terms.agency, asked: terms.asked,
      disputed, about: about && this.say(`about-${about}`, { disputed }), finding: action.finding ?? action.verdict?.finding,
      measure: action.measure && this.say(`value-${action.measure.measure}`),
      verdict: typeof action.verdict === 'string' ? named('verdict') : '',
      outcome: action.kind === 'close-finding' ? named('outcome') : '',
    });
  }

  /** A signed record: {sentence, rows}. */
  record({ statement }) {
    const { signers, sealed, action } = statement;
    const { kind, ...fields } = action;
    const rows = signers.map(signer => ({
      label: this.say('signed-by'),
      rows: [
        { label: this.say('field-agency'), text: this.agency(signer.agency) },
        { label: this.say('field-role'), text: this.say(`value-${signer.role}`) },
        { label: this.say('field-key'), code: signer.key },
        ...(signer.capacity === 'agency' ? [] : this.rows({ capacity: signer.capacity['task-force'] })),
      ],
    }));
    rows.push(...this.rows(fields, kind));
    if (sealed.length) rows.push({ label: this.say('sealed-details'), list: sealed.map(code => ({ code })) });
    rows.push({ label: this.say('valid_until'), text: this.time(statement.valid_until) });
    rows.push({ label: this.say('field-nonce'), code: statement.nonce });
    return { sentence: this.sentence(statement), rows };
  }

  /** An object of the state at a time: {title, rows}, or {title, text}. */
  claim({ kind, name, value, holds }, time) {
    const title = this.say(`object-${kind ?? 'unknown'}`, { name: kind === 'calendars' && name === '' ? this.say('all-regions') : name });
    if (!holds) return { title, text: this.say(kind === null ? 'no-such-name' : 'holds-none') };
    if (kind === null) return { title, text: this.say('unknown-object'), rows: [{ label: this.say('field-value'), code: value }] };
    const rows = this.contents(kind, value);
    const status = statusOf(kind, value, time);
    if (status) rows.unshift({ label: this.say('status'), text: this.say(`status-${status.name}`, status) });
    return { title, rows };
  }

  contents(kind, value) {
    if (kind === 'validator-set') {
      return value.map(one => ({ label: this.agency(one.agency), rows: this.rows({ key: one.key, power: one.power }) }));
    }
    const field = {
      authority: 'agency', 'rules-version': 'version', equivocation: 'at', office: 'agencies', 'last-dispute': 'dispute',
      'recent-emergencies': 'emergencies', reported: 'assessment', 'emergency-exchange': 'at', 'emergency-recipient': 'at',
    }[kind];
    if (Array.isArray(value) && !field) return value.flatMap(one => this.rows(one));
    return field ? this.rows({ [field]: value }) : this.rows(value, kind);
  }
}

/** Which of several sentences an act is told in: '' where there is but one. */
function variantOf({ kind, attempt, grant, outcome, ruling, verdict, against }) {
  const urgent = isUrgent(attempt?.attempt.grant ?? grant ?? ' ') ? '-urgent' : '';
  if (kind === 'record-access') return `${attempt.attempt.batch === null ? '' : '-batch'}${urgent}`;
  if (kind === 'embed-late') return against === null ? '' : '-against';
  if (kind === 'acknowledge-access') return urgent;
  if (kind === 'answer-check') return `-${outcome.outcome}`;
  if (kind === 'answer-dispute' || kind === 'decide-dispute') return `-${ruling.ruling}`;
  if (kind === 'report-review') return verdict === 'in-order' ? '' : '-finding';
  return '';
}

/** How an object stood at a time, by itself alone: {name, at}, or null where that means nothing. */
function statusOf(kind, value, time) {
  const open = list => list.find(one => one.ended_at === null);
  const paused = one => ({ name: 'suspended', at: one.at });
  if (kind === 'grant') {
    if (value.revoked) return { name: 'revoked', at: value.revoked.at };
    if (time >= value.terms.not_after) return { name: 'expired' };
    if (open(value.suspensions)) return paused(open(value.suspensions));
    return { name: time < value.terms.not_before ? 'not-yet' : 'in-force' };
  }
  if (kind === 'key') {
    if (value.revoked) return { name: 'revoked', at: value.revoked.at };
    return { name: value.valid_until !== null && time >= value.valid_until ? 'key-expired' : 'key-good' };
  }
  if (kind === 'dataset') {
    const gone = open(value.withdrawals);
    if (gone) return { name: 'dataset-gone', at: gone.at };
    return open(value.suspensions) ? paused(open(value.suspensions)) : { name: 'dataset-there' };
  }
  if (kind === 'matter' || kind === 'duty-basis') {
    return value.withdrawn_at === null ? { name: 'code-there' } : { name: 'code-gone', at: value.withdrawn_at };
  }
  if (kind === 'request') {
    return value.reply === null ? { name: 'request-open' } : { name: 'request-closed', at: value.reply.at };
  }
  if (kind in STATUSES) return STATUSES[kind](value, time);
  if (kind !== 'proposal') return null;
  return value.passed_at === null ? { name: 'proposal-open' } : { name: 'proposal-passed', at: value.passed_at };
}

/** The same, of that by which agencies answer for what was done. */
const STATUSES = {
  'task-force': ({ terms, ended }, time) => {
    if (ended) return { name: 'task-force-ended', at: ended.mark.at };
    return { name: time >= terms.until ? 'task-force-over' : 'task-force-open' };
  },
  'emergency': ({ until, ended }, time) => {
    if (ended) return { name: 'emergency-ended', at: ended.mark.at };
    return { name: time >= until ? 'emergency-over' : 'emergency-open' };
  },
  'emergency-access': ({ justified }) => (justified ? { name: 'access-justified', at: justified.at } : { name: 'access-unjustified' }),
  'check-request': ({ answer }) => (answer ? { name: 'check-answered', at: answer.given.at } : { name: 'check-open' }),
  'incident': ({ closed }) => (closed ? { name: 'incident-closed', at: closed.on.at } : { name: 'incident-open' }),
  'dispute': ({ steps }) => {
    const ruled = steps.at(-1)?.ruled;
    return ruled ? { name: 'dispute-ruled', at: ruled.given.at } : { name: 'dispute-open' };
  },
  'draw': ({ commits }) => {
    const all = Object.values(commits);
    return { name: all.length > 1 && all.every(one => one.reveal !== null) ? 'draw-settled' : 'draw-unsettled' };
  },
  'finding': ({ answer, closed }) => {
    if (closed) return { name: 'finding-closed', at: closed.made.at };
    return answer ? { name: 'finding-answered', at: answer.given.at } : { name: 'finding-open' };
  },
  'assessment': ({ terms, followed_up: done }) => {
    if (done) return { name: 'assessment-followed-up', at: done.made.at };
    return { name: terms.recommendations === 0 ? 'assessment-content' : 'assessment-open' };
  },
};
