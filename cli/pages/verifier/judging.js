/* Accesses and denials of an evidence bundle, judged again as things stood before each.
   Holds: what cannot be told from the bundle alone is never called wrong.
   May not enter: faults, the page.
   Source: docs/formats.md, "Evaluation", "Judging again". */

const MAX_VALIDITY_MS = 86400000n;
const MAX_TIME_MS = (1n << 64n) - 1n;
const DAY_MS = 86400000n;
const HOSTING_RULES = ['requester-hosting-over', 'provider-hosting-over'];
const dayOf = (time, offsetMinutes) => {
  const local = time + 60000n * BigInt(offsetMinutes);
  return (local < 0n ? 0n : local > MAX_TIME_MS ? MAX_TIME_MS : local) / DAY_MS;
};

/** The objects of a bundle as they were before an entry. `objects`: a Map from key to value; `accesses`: [{index, time, attempt}]. */
class Past {
  constructor(objects, accesses, index, time) {
    Object.assign(this, { objects, index, time });
    this.accesses = accesses.filter(one => one.index < index);
  }

  isBefore(at) {
    return at !== null && at < this.index;
  }

  /** Something that ended, as if it had not, where that came later. */
  unended(value) {
    return value.revoked && !this.isBefore(value.revoked.at) ? { ...value, revoked: null } : value;
  }

  interruptions(held) {
    const open = one => ({ ...one, ended_at: this.isBefore(one.ended_at) ? one.ended_at : null });
    return held.filter(one => this.isBefore(one.at)).map(open);
  }

  key(name) {
    const key = this.objects.get(KEY_OF.key(name));
    return key && (key.registered_at === null || this.isBefore(key.registered_at)) ? this.unended(key) : null;
  }

  grant(name) {
    const grant = this.objects.get(KEY_OF.grant(name));
    if (!grant || !this.isBefore(grant.issued_at)) return null;
    return { ...this.unended(grant), suspensions: this.interruptions(grant.suspensions) };
  }

  dataset(id) {
    const published = this.objects.get(KEY_OF.dataset(id));
    if (!published) return null;
    const versions = [published];
    for (let number = 1; number < published.version && versions.length <= this.objects.size; number++) {
      versions.push(this.objects.get(KEY_OF.version(id, number)));
    }
    const then = versions.filter(one => one && this.isBefore(one.version_at))
      .reduce((best, one) => (best && best.version_at > one.version_at ? best : one), null);
    return then && {
      dataset: then.dataset, suspensions: this.interruptions(published.suspensions),
      withdrawals: this.interruptions(published.withdrawals),
    };
  }

  /** How the membership of a party had ended: a refusal, or null. */
  membershipFault(party, agency) {
    const departure = this.objects.get(KEY_OF.departure(agency));
    if (departure && this.isBefore(departure.at)) return { rule: `${party}-left`, at: departure.at };
    const until = this.objects.get(KEY_OF.agency(agency))?.standing.hosted?.until;
    return until !== undefined && this.time >= until ? { rule: `${party}-hosting-over`, until } : null;
  }

  hasExchange(exchange) {
    return this.accesses.some(({ attempt }) => attempt.exchange === exchange && attempt.valid_until >= this.time);
  }

  /** Accesses under a grant: all, and those of today. */
  usage(grant) {
    const offset = this.objects.get(PARAMS_KEY).day_offset_minutes;
    const days = this.accesses.filter(({ attempt }) => attempt.grant === grant).map(one => dayOf(one.time, offset));
    const today = dayOf(this.time, offset);
    return { total: BigInt(days.length), onDay: BigInt(days.filter(day => day === today).length) };
  }
}

/** Whether a dataset is there with all its versions. */
function hasDataset(objects, id) {
  const published = objects.get(KEY_OF.dataset(id));
  if (!published || published.version > objects.size) return false;
  const numbers = Array.from({ length: published.version - 1 }, (_, at) => at + 1);
  return numbers.every(number => objects.has(KEY_OF.version(id, number)));
}

/** The refusal of an attempt, or null where it is allowed. What a grant rests on must be there. */
function evaluate(past, attempt, time) {
  const officer = past.key(attempt.officer);
  if (!officer) return { rule: 'officer-unknown' };
  if (officer.role !== 'officer' || officer.agency !== attempt.requester) return { rule: 'not-an-officer' };
  if (officer.revoked) return { rule: 'officer-revoked', at: officer.revoked.at };
  if (officer.valid_until !== null && time >= officer.valid_until) return { rule: 'officer-expired', until: officer.valid_until };
  const requester = past.membershipFault('requester', attempt.requester);
  if (requester) return requester;
  const until = attempt.valid_until;
  if (time > until) return { rule: 'attempt-expired', until };
  const latest = time + MAX_VALIDITY_MS < MAX_TIME_MS ? time + MAX_VALIDITY_MS : MAX_TIME_MS;
  if (until > latest) return { rule: 'attempt-too-long' };
  if (past.hasExchange(attempt.exchange)) return { rule: 'exchange-used' };
  const grant = past.grant(attempt.grant);
  if (!grant) return { rule: 'no-such-grant', grant: attempt.grant };
  for (const field of ['dataset', 'requester']) {
    if (grant.terms[field] !== attempt[field]) return { rule: `other-${field}`, [field]: grant.terms[field] };
  }
  const provider = past.membershipFault('provider', attempt.dataset.split('/')[0]);
  if (provider) return provider;
  const published = past.dataset(attempt.dataset);
  return notInForce(grant, published, time) ?? notCovered(grant.terms, published.dataset, attempt)
    ?? usedUp(grant.terms, past.usage(attempt.grant));
}

function notInForce(grant, published, time) {
  const { terms } = grant;
  if (grant.revoked) return { rule: 'grant-revoked', at: grant.revoked.at };
  const withdrawn = published.withdrawals.find(one => one.at > grant.issued_at);
  if (withdrawn) return { rule: 'dataset-withdrawn', at: withdrawn.at };
  if (time >= terms.not_after) return { rule: 'grant-expired', until: terms.not_after };
  for (const [rule, held] of [['grant-suspended', grant], ['dataset-suspended', published]]) {
    const last = held.suspensions.at(-1);
    if (last && last.ended_at === null) return { rule, at: last.at };
  }
  const { sharing } = published.dataset;
  if (sharing !== 'unconditional' && sharing !== 'conditional') return { rule: 'dataset-not-shared', sharing };
  return time < terms.not_before ? { rule: 'grant-not-yet-in-force', from: terms.not_before } : null;
}

function notCovered(terms, dataset, { matter, items, mode }) {
  if (!terms.matters.includes(matter)) return { rule: 'matter-not-covered', matter };
  if (terms.items !== 'all') {
    if (items === 'all') return { rule: 'whole-not-covered' };
    const item = items.only.find(one => !terms.items.only.includes(one));
    if (item !== undefined) return { rule: 'item-not-covered', item };
  }
  if (!terms.modes.includes(mode)) return { rule: 'mode-not-covered' };
  const unlisted = items === 'all' ? undefined : items.only.find(one => !dataset.items.some(listed => listed.name === one));
  if (unlisted !== undefined) return { rule: 'item-not-listed', item: unlisted };
  return dataset.modes.includes(mode) ? null : { rule: 'mode-no-longer-offered' };
}

function usedUp({ total_quota: total, daily_quota: daily }, usage) {
  if (total !== null && usage.total >= total) return { rule: 'quota-used', limit: total };
  return daily !== null && usage.onDay >= daily ? { rule: 'daily-quota-used', limit: daily } : null;
}

/** Whether all is there that the quotas of a grant are counted by. */
function isCounted(objects, accesses, genesis, name, { terms }) {
  if (terms.total_quota === null && terms.daily_quota === null) return true;
  const shown = BigInt(accesses.filter(({ attempt }) => attempt.grant === name).length);
  if (shown !== (objects.get(KEY_OF.usage(name))?.total ?? 0n)) return false;
  const offset = objects.get(PARAMS_KEY).day_offset_minutes;
  return terms.daily_quota === null || offset === genesis.params.day_offset_minutes;
}

/** How an access or a denial is judged again: `same`, `otherwise`, or why that cannot be done. */
function judgedAgain(objects, accesses, genesis, { index, time, action }) {
  const { attempt } = action.attempt;
  const named = action.refusal ?? null;
  if ((objects.get(RULES_KEY) ?? 1) !== 1) return 'rules';
  const past = new Past(objects, accesses, index, time);
  const grant = past.grant(attempt.grant);
  if (!objects.get(PARAMS_KEY) || (grant && !(hasDataset(objects, grant.terms.dataset) && past.dataset(grant.terms.dataset)))) return 'objects';
  const found = evaluate(past, attempt, time);
  if (grant && !isCounted(objects, accesses, genesis, attempt.grant, grant)) return 'quota';
  if (named?.rule === 'exchange-used' && !past.hasExchange(attempt.exchange)) return 'exchange';
  if ([named, found].some(one => HOSTING_RULES.includes(one?.rule)) && !sameJson(named, found)) return 'hosting';
  if (found?.rule === 'exchange-used' && named?.rule !== found.rule) return 'window';
  return sameJson(named, found) ? 'same' : 'otherwise';
}
