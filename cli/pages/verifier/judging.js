/* Accesses and denials of an evidence bundle, judged again as things stood before each.
   Holds: what cannot be told from the bundle alone is never called wrong.
   May not enter: faults, the page.
   Source: docs/formats.md, "Evaluation", "Judging again". */

const MAX_VALIDITY_MS = 86400000n;
const MAX_TIME_MS = (1n << 64n) - 1n;
const DAY_MS = 86400000n;
// What one agency may record in one emergency.
const MAX_EMERGENCY_ENTRIES = 1024;
const HOSTING_RULES = ['requester-hosting-over', 'provider-hosting-over', 'lead-gone'];
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
    const open = one => (this.isBefore(one.ended_at) ? one : { ...one, ended_at: null, ended_on: null });
    return held.filter(one => this.isBefore(one.at)).map(open);
  }

  key(name) {
    const key = this.objects.get(KEY_OF.key(name));
    return key && (key.registered_at === null || this.isBefore(key.registered_at)) ? this.unended(key) : null;
  }

  grant(name) {
    const grant = this.objects.get(KEY_OF.grant(name));
    if (!grant || !this.isBefore(grant.issued_at)) return null;
    let { terms } = grant;
    for (let number = 1; number <= grant.version && number <= this.objects.size + 1; number++) {
      const one = number === grant.version ? grant : this.objects.get(KEY_OF.grantVersion(name, number));
      if (one && this.isBefore(one.version_at)) ({ terms } = one);
    }
    return { ...this.unended(grant), terms, suspensions: this.interruptions(grant.suspensions) };
  }

  emergency(name) {
    const found = this.objects.get(KEY_OF.emergency(name));
    if (!found || !this.isBefore(found.declared_at)) return null;
    const renewals = found.renewals.filter(({ mark }) => this.isBefore(mark.at));
    const ended = found.ended && this.isBefore(found.ended.mark.at) ? found.ended : null;
    return { ...found, renewals, ended };
  }

  taskForce(name) {
    const found = name === null ? undefined : this.objects.get(KEY_OF.taskForce(name));
    if (!found || !this.isBefore(found.formed_at)) return null;
    const then = one => (one && this.isBefore(one.mark.at) ? one : null);
    const memberships = found.memberships.filter(({ joined }) => this.isBefore(joined.at));
    return { ...found, ended: then(found.ended), memberships: memberships.map(one => ({ ...one, left: then(one.left) })) };
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
    if (departure && this.isBefore(departure.at) && departure.on <= this.time) return { rule: `${party}-left`, at: departure.at };
    const until = this.objects.get(KEY_OF.agency(agency))?.standing.hosted?.until;
    return until !== undefined && this.time >= until ? { rule: `${party}-hosting-over`, until } : null;
  }

  hasExchange(exchange) {
    // That of an access in an emergency is kept for good.
    return this.accesses.some(({ attempt }) =>
      attempt.exchange === exchange && (isUrgent(attempt.grant) || attempt.valid_until >= this.time));
  }

  /** Accesses under a grant: all, and those of today. */
  usage(grant) {
    const offset = this.objects.get(PARAMS_KEY).day_offset_minutes;
    const uses = this.accesses.filter(({ attempt }) => chargedTo(this.objects, attempt).includes(grant));
    const today = dayOf(this.time, offset);
    return { total: charged(uses), onDay: charged(uses.filter(one => dayOf(one.time, offset) === today)) };
  }
}

/** The grants to which an access is charged, as far as they are held; in an emergency none. */
function chargedTo(objects, attempt) {
  if (isUrgent(attempt.grant)) return [];
  const parent = objects.get(KEY_OF.grant(attempt.grant))?.parent ?? null;
  return parent === null ? [attempt.grant] : [attempt.grant, parent];
}

/** The accesses of an attempt's requester that count in its emergency. */
const inEmergency = (accesses, { grant, requester }) =>
  accesses.filter(({ attempt, counts }) => counts && attempt.grant === grant && attempt.requester === requester);

/** As how many accesses these are charged: a batch as all that are in it. */
const charged = accesses => accesses.reduce((sum, { attempt }) => sum + BigInt(attempt.batch?.count ?? 1), 0n);

/** The numbers of the versions that a later one replaced, or null where the bundle cannot hold so many. */
const replacedVersions = (objects, version) =>
  (version > objects.size ? null : Array.from({ length: Math.max(version - 1, 0) }, (_, at) => at + 1));

/** Whether a dataset is there with all its versions, each of this dataset. */
function hasDataset(objects, id) {
  const published = objects.get(KEY_OF.dataset(id));
  const isIts = one => one !== undefined && one.dataset.id === id;
  const versions = published && replacedVersions(objects, published.version);
  return Boolean(versions) && isIts(published) && versions.every(number => isIts(objects.get(KEY_OF.version(id, number))));
}

/** Whether all terms are there that a grant ever had. */
const hasTerms = (objects, name, { version }) =>
  replacedVersions(objects, version)?.every(number => objects.has(KEY_OF.grantVersion(name, number))) ?? false;

/** Whether all is there by which an attempt is judged. */
function hasGrounds(objects, past, attempt) {
  if (!objects.get(PARAMS_KEY)) return false;
  if (isUrgent(attempt.grant)) {
    // What was never published is not opened.
    return !objects.has(KEY_OF.dataset(attempt.dataset)) || hasDataset(objects, attempt.dataset);
  }
  const grant = past.grant(attempt.grant);
  if (!grant) return true;
  const { dataset } = objects.get(KEY_OF.grant(attempt.grant)).terms;
  const wasThere = () => new Past(objects, [], grant.issued_at, 0n).dataset(dataset) !== null;
  const isOwn = (name, { issued_at: at }) => name === `G${at}`;
  if (!isOwn(attempt.grant, grant) || !hasTerms(objects, attempt.grant, grant)) return false;
  if (!hasDataset(objects, dataset) || !wasThere()) return false;
  const held = grant.terms.task_force;
  const force = held === null ? null : objects.get(KEY_OF.taskForce(held));
  if (held !== null && !(force && held === `T${force.formed_at}` && force.formed_at < grant.issued_at)) return false;
  const parent = grant.parent === null ? null : objects.get(KEY_OF.grant(grant.parent));
  return parent === null || Boolean(parent) && isOwn(grant.parent, parent) && parent.issued_at < grant.issued_at
    && parent.terms.dataset === dataset && hasTerms(objects, grant.parent, parent);
}

/** From when on a revoked key does not count for who judges a time that is over. */
const endsFrom = ({ on, suspect_since: since }) => (since !== null && since < on ? since : on);

/** Since when an emergency was over at a time that may be over itself, or null. */
function overSince({ terms, renewals, ended }, time) {
  if (ended && ended.mark.on <= time) return ended.mark.on;
  const until = renewals.filter(({ mark }) => mark.on <= time).at(-1)?.until ?? terms.until;
  return time >= until ? until : null;
}

/** The interruption that went on at a time that may be over, or undefined. */
const wentOn = (held, time) => held.filter(one => one.on <= time && (one.ended_on === null || time < one.ended_on)).at(-1);

/** The refusal of an attempt, or null where it is allowed. What a grant rests on must be there. */
function evaluate(past, attempt, time) {
  const officer = past.key(attempt.officer);
  if (!officer || officer.registered_on !== null && officer.registered_on > time) return { rule: 'officer-unknown' };
  if (officer.role !== 'officer' || officer.agency !== attempt.requester) return { rule: 'not-an-officer' };
  if (officer.revoked && time >= endsFrom(officer.revoked)) return { rule: 'officer-revoked', at: officer.revoked.at };
  if (officer.valid_until !== null && time >= officer.valid_until) return { rule: 'officer-expired', until: officer.valid_until };
  const requester = past.membershipFault('requester', attempt.requester);
  if (requester) return requester;
  const until = attempt.valid_until;
  if (time > until) return { rule: 'attempt-expired', until };
  const latest = time + MAX_VALIDITY_MS < MAX_TIME_MS ? time + MAX_VALIDITY_MS : MAX_TIME_MS;
  if (until > latest) return { rule: 'attempt-too-long' };
  if (past.hasExchange(attempt.exchange)) return { rule: 'exchange-used' };
  return isUrgent(attempt.grant) ? evaluateUrgent(past, attempt, time) : evaluateGrant(past, attempt, officer, time);
}

/** The same, for what only an attempt under a grant has to meet. */
function evaluateGrant(past, attempt, officer, time) {
  const grant = past.grant(attempt.grant);
  if (!grant) return { rule: 'no-such-grant', grant: attempt.grant };
  if (grant.terms.dataset !== attempt.dataset) return { rule: 'other-dataset', dataset: grant.terms.dataset };
  const force = past.taskForce(grant.terms.task_force);
  const stranger = mayNotAsk(grant, force, attempt);
  if (stranger) return stranger;
  const provider = past.membershipFault('provider', attempt.dataset.split('/')[0]);
  if (provider) return provider;
  const published = past.dataset(attempt.dataset);
  const above = grant.parent === null ? null : past.grant(grant.parent);
  const because = refusal => refusal && { rule: 'parent-not-in-force', parent: grant.parent, because: refusal.rule };
  const ofParent = check => because(above && check(above));
  return forceGone(past, grant.terms.task_force, force, time) ?? hasEnded(grant, published, time) ?? ofParent(() => past.membershipFault('requester', above.terms.requester))
    ?? ofParent(() => hasEnded(above, published, time))
    ?? ofParent(() => (above.terms.onward.includes(grant.terms.requester) ? null : { rule: 'onward-not-allowed' }))
    ?? isPaused(grant, published, time) ?? ofParent(() => isPaused(above, published, time))
    ?? notNamed(grant.terms.officers, attempt.officer, officer) ?? notCovered(grant.terms, attempt)
    ?? ofParent(() => notCovered(above.terms, attempt)) ?? notOffered(published.dataset, attempt)
    ?? usedUp(grant.terms, past.usage(attempt.grant), charged([{ attempt }]))
    ?? ofParent(() => usedUp(above.terms, past.usage(grant.parent), charged([{ attempt }])));
}

/** Whether the requesting agency may ask under a grant at all, and in this capacity. */
function mayNotAsk({ terms, issued_at: issued }, force, { capacity, requester }) {
  const name = terms.task_force;
  const due = name === null ? 'agency' : { 'task-force': name };
  if (!sameJson(capacity, due)) return { rule: 'wrong-capacity', capacity: due };
  if (name === null) return terms.requester === requester ? null : { rule: 'other-requester', requester: terms.requester };
  const held = force.memberships.find(({ agency, left }) => agency === requester && left === null);
  if (!held) return { rule: 'not-a-member', task_force: name };
  if (held.invited_at > issued) return { rule: 'invited-after-grant', at: held.invited_at };
  return requester === terms.dataset.split('/')[0] ? { rule: 'own-dataset' } : null;
}

/** Whether the task force that holds a grant lets nothing through. */
function forceGone(past, name, force, time) {
  if (!force) return null;
  const { ended, terms } = force;
  if (ended || time >= terms.until) return { rule: 'task-force-ended', since: ended ? ended.mark.on : terms.until };
  return past.membershipFault('requester', terms.lead) ? { rule: 'lead-gone', task_force: name } : null;
}

/** The same, for what only an attempt in an emergency has to meet. */
function evaluateUrgent(past, attempt, time) {
  const { grant: name, dataset, requester, matter } = attempt;
  const emergency = past.emergency(name);
  if (!emergency) return { rule: 'no-such-emergency', emergency: name };
  const { terms: { scope, requesters, matter: due }, declared_on: from } = emergency;
  if (time < from) return { rule: 'emergency-not-yet', from };
  if (attempt.capacity !== 'agency') return { rule: 'wrong-capacity', capacity: 'agency' };
  const provider = dataset.split('/')[0];
  const published = past.dataset(dataset);
  const isNamed = scope.datasets.includes(dataset);
  if (!published || !(isNamed || scope.agencies.includes(provider))) return { rule: 'dataset-not-opened', dataset };
  if (!requesters.includes(requester)) return { rule: 'requester-not-named' };
  if (requester === provider) return { rule: 'own-dataset' };
  const gone = past.membershipFault('provider', provider);
  if (gone) return gone;
  const since = overSince(emergency, time);
  if (since !== null) return { rule: 'emergency-ended', since };
  for (const [rule, held] of [['dataset-withdrawn', published.withdrawals], ['dataset-suspended', published.suspensions]]) {
    const one = wentOn(held, time);
    if (one) return { rule, at: one.at };
  }
  const { sharing } = published.dataset;
  if (!isNamed && !['unconditional', 'conditional'].includes(sharing)) return { rule: 'dataset-not-shared', sharing };
  if (matter !== due) return { rule: 'emergency-matter', matter: due };
  const isUsedUp = inEmergency(past.accesses, attempt).length >= MAX_EMERGENCY_ENTRIES;
  return notOffered(published.dataset, attempt)
    ?? (isUsedUp ? { rule: 'emergency-used', limit: BigInt(MAX_EMERGENCY_ENTRIES) } : null);
}

function notNamed(officers, key, { post }) {
  const isNamed = officers === 'all' || (officers.posts ? officers.posts.includes(post) : officers.keys.includes(key));
  return isNamed ? null : { rule: 'officer-not-named' };
}

function hasEnded(grant, published, time) {
  const { terms } = grant;
  if (grant.revoked) return { rule: 'grant-revoked', at: grant.revoked.at };
  const withdrawn = published.withdrawals.find(one => one.at > grant.issued_at);
  if (withdrawn) return { rule: 'dataset-withdrawn', at: withdrawn.at };
  return time >= terms.not_after ? { rule: 'grant-expired', until: terms.not_after } : null;
}

function isPaused(grant, published, time) {
  const { terms } = grant;
  for (const [rule, held] of [['grant-suspended', grant], ['dataset-suspended', published]]) {
    const last = held.suspensions.at(-1);
    if (last && last.ended_at === null) return { rule, at: last.at };
  }
  const { sharing } = published.dataset;
  const isShared = ['unconditional', 'conditional'].includes(sharing) || (sharing === 'not-shared' && grant.sharing === sharing);
  if (!isShared) return { rule: 'dataset-not-shared', sharing };
  return time < terms.not_before ? { rule: 'grant-not-yet-in-force', from: terms.not_before } : null;
}

function notCovered(terms, { matter, items, mode }) {
  if (!terms.matters.includes(matter)) return { rule: 'matter-not-covered', matter };
  if (terms.items !== 'all') {
    if (items === 'all') return { rule: 'whole-not-covered' };
    const item = items.only.find(one => !terms.items.only.includes(one));
    if (item !== undefined) return { rule: 'item-not-covered', item };
  }
  return terms.modes.includes(mode) ? null : { rule: 'mode-not-covered' };
}

function notOffered(dataset, { items, mode }) {
  const unlisted = items === 'all' ? undefined : items.only.find(one => !dataset.items.some(listed => listed.name === one));
  if (unlisted !== undefined) return { rule: 'item-not-listed', item: unlisted };
  return dataset.modes.includes(mode) ? null : { rule: 'mode-no-longer-offered' };
}

function usedUp({ total_quota: total, daily_quota: daily }, usage, more) {
  if (total !== null && usage.total + more > total) return { rule: 'quota-used', limit: total };
  return daily !== null && usage.onDay + more > daily ? { rule: 'daily-quota-used', limit: daily } : null;
}

/** Whether all is there that the quotas of a grant are counted by. */
function isCounted(objects, accesses, genesis, name, { terms }) {
  if (terms.total_quota === null && terms.daily_quota === null) return true;
  const shown = charged(accesses.filter(({ attempt }) => chargedTo(objects, attempt).includes(name)));
  if (shown !== (objects.get(KEY_OF.usage(name))?.total ?? 0n)) return false;
  const offset = objects.get(PARAMS_KEY).day_offset_minutes;
  return terms.daily_quota === null || offset === genesis.params.day_offset_minutes;
}

/** Whether all is there that counts for how often an agency may ask in an emergency. */
function hasEntries(objects, accesses, attempt) {
  const used = objects.get(KEY_OF.emergencyUse(attempt.grant, attempt.requester))?.entries ?? 0;
  return used < MAX_EMERGENCY_ENTRIES || inEmergency(accesses, attempt).length === used;
}

/** Whether all uses are there that count for an attempt. */
function hasUses(objects, accesses, genesis, past, attempt) {
  if (isUrgent(attempt.grant)) return hasEntries(objects, accesses, attempt);
  const grant = past.grant(attempt.grant);
  const above = grant && grant.parent !== null ? past.grant(grant.parent) : null;
  const isEnough = (name, one) => one === null || isCounted(objects, accesses, genesis, name, one);
  return isEnough(attempt.grant, grant) && isEnough(grant?.parent, above);
}

/** How an access or a denial is judged again: `same`, `otherwise`, or why that cannot be done. */
function judgedAgain(objects, accesses, genesis, { index, time: committed, action }) {
  const { attempt } = attemptIn(action);
  const isLate = action.kind === 'embed-late';
  // What went in late is judged as of when it was asked.
  const time = isLate && attempt.made_at < committed ? attempt.made_at : committed;
  const named = (isLate ? action.against : action.refusal) ?? null;
  if ((objects.get(RULES_KEY) ?? 1) !== 1) return 'rules';
  const past = new Past(objects, accesses, index, time);
  if (!hasGrounds(objects, past, attempt)) return 'objects';
  if (!hasUses(objects, accesses, genesis, past, attempt)) return 'quota';
  if (named?.rule === 'exchange-used' && !past.hasExchange(attempt.exchange)) return 'exchange';
  const found = evaluate(past, attempt, time);
  if ([named, found].some(one => HOSTING_RULES.includes(one?.rule)) && !sameJson(named, found)) return 'hosting';
  if (found?.rule === 'exchange-used' && named?.rule !== found.rule) return 'window';
  return sameJson(named, found) ? 'same' : 'otherwise';
}
