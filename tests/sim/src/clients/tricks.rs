//! What people try that a rule forbids: acting with keys that have ended, recording one exchange
//! twice, using a grant while it is taken back, meddling with others' grants, handing in what is
//! committed already, and being too late.
//! Holds: a correct ledger refuses all of it, so each trick is judged by what is committed.

use comity_core::access::SignedAttempt;
use comity_core::agency::{KeyAlgorithm, KeyRole};
use comity_core::hash::LeafHash;
use comity_core::ids::TimeMs;
use comity_core::keys::SecretKey;
use comity_core::statement::Action;

use super::{Clients, Fate};
use crate::chance::Chance;
use crate::consortium::text;

/// Of the mixture's turns, how many in a thousand are tricks.
const TRICKS_PER_MILLE: u64 = 350;
/// Of its records, how many in a thousand run out soon.
const HASTY_PER_MILLE: u64 = 80;
/// How long (ms) records are good otherwise.
const LONG_MS: u64 = 3_600_000;

/// A steward's key that ends before its holder stops using it.
#[derive(Clone, Debug)]
pub(super) struct Spare {
    member: usize,
    key: SecretKey,
    /// The record that registers it, until that is committed.
    registering: Option<LeafHash>,
    /// Whether the admin asked for its end; some run out by themselves.
    is_ended: bool,
}

/// What tricksters remember.
#[derive(Debug, Default)]
pub(super) struct Tricks {
    spares: Vec<Spare>,
    attempts: Vec<(usize, SignedAttempt)>,
}

impl Tricks {
    /// An access was asked for: it may be asked for again.
    pub(super) fn saw_attempt(&mut self, provider: usize, attempt: &SignedAttempt) {
        self.attempts.push((provider, attempt.clone()));
    }

    /// A record is committed.
    pub(super) fn committed(&mut self, leaf: &LeafHash) {
        for spare in self.spares.iter_mut().filter(|spare| spare.registering == Some(*leaf)) {
            spare.registering = None;
        }
    }
}

/// Until when a record of the mixture is good: now and then hardly longer than it takes.
pub(super) fn valid_until(now: TimeMs, chance: &mut Chance) -> TimeMs {
    match chance.per_mille(HASTY_PER_MILLE) {
        true => now.plus(chance.between(200, 4_000)),
        false => now.plus(LONG_MS),
    }
}

impl Clients {
    /// The bytes of some record that is committed: who missed the answer hands it in again.
    pub fn some_committed(&self, chance: &mut Chance) -> Option<Vec<u8>> {
        let committed = self.wishes.values().filter(|wish| wish.fate == Fate::Committed);
        let committed: Vec<&Vec<u8>> = committed.map(|wish| &wish.bytes).collect();
        let count = committed.len();
        (count > 0).then(|| committed[chance.index(count)].clone())
    }

    /// Tries something forbidden now and then; whether it did.
    pub(super) fn try_a_trick(&mut self, now: TimeMs, chance: &mut Chance) -> bool {
        if !chance.per_mille(TRICKS_PER_MILLE) {
            return false;
        }
        match chance.index(8) {
            0 => self.register_spare(now, chance),
            1..=3 => self.use_spare(now, chance),
            4 => self.repeat_attempt(now, chance),
            5 | 6 => self.race(now, chance),
            _ => self.meddle(now, chance),
        }
        true
    }

    fn register_spare(&mut self, now: TimeMs, chance: &mut Chance) {
        let member = chance.index(self.members.len());
        let key = SecretKey::from_seed(&chance.bytes());
        let (agency, admin) = {
            let member = &self.members[member];
            (member.agency.clone(), member.admin.clone())
        };
        let runs_out = chance.per_mille(400);
        let action = Action::RegisterKey {
            key: key.public(),
            algorithm: KeyAlgorithm::Ed25519,
            role: KeyRole::Steward,
            post: text("a deputy"),
            valid_until: runs_out.then(|| now.plus(chance.between(2_000, 8_000))),
            possession: key.sign_possession(&self.consortium, &agency, KeyRole::Steward),
        };
        let leaf = self.wish(member, &admin, KeyRole::Admin, action, now, chance);
        let spare = Spare { member, key, registering: Some(leaf), is_ended: runs_out };
        self.tricks.spares.push(spare);
    }

    /// The key is used; where it has not ended yet, its end is asked for at the same time.
    fn use_spare(&mut self, now: TimeMs, chance: &mut Chance) {
        let spares = &self.tricks.spares;
        let mut known: Vec<usize> =
            (0..spares.len()).filter(|at| spares[*at].registering.is_none()).collect();
        // Rather one that has ended.
        if known.iter().any(|at| spares[*at].is_ended) && chance.per_mille(600) {
            known.retain(|at| spares[*at].is_ended);
        }
        if known.is_empty() {
            return self.register_spare(now, chance);
        }
        let at = known[chance.index(known.len())];
        let Spare { member, key, is_ended, .. } = self.tricks.spares[at].clone();
        let requester = self.other_than(member, chance);
        let terms = self.terms(member, requester, now, chance);
        if !is_ended {
            self.tricks.spares[at].is_ended = true;
            let admin = self.members[member].admin.clone();
            let action = Action::RevokeKey {
                key: key.public(),
                reason: text("the deputy has left"),
                suspect_since: None,
            };
            self.wish(member, &admin, KeyRole::Admin, action, now, chance);
        }
        let leaf =
            self.wish(member, &key, KeyRole::Steward, Action::IssueGrant { terms }, now, chance);
        self.issuing.insert(leaf, (member, requester));
    }

    /// One exchange, recorded by another statement.
    fn repeat_attempt(&mut self, now: TimeMs, chance: &mut Chance) {
        let attempts = &self.tricks.attempts;
        if attempts.is_empty() {
            return;
        }
        let newest = attempts.len().saturating_sub(6);
        let at = newest + chance.index(attempts.len() - newest);
        let (provider, attempt) = attempts[at].clone();
        self.record_access(provider, attempt, now, chance);
    }

    /// A grant is taken back and used at the same moment: what comes first on the log decides.
    fn race(&mut self, now: TimeMs, chance: &mut Chance) {
        if self.grants.is_empty() {
            return;
        }
        let at = chance.index(self.grants.len());
        let grant = self.grants.swap_remove(at);
        let (id, provider, _) = grant;
        let action = Action::RevokeGrant { grant: id, reason: text("it is misused") };
        let steward = self.members[provider].steward.clone();
        self.wish(provider, &steward, KeyRole::Steward, action, now, chance);
        for _ in 0..2 {
            self.access_under(grant, now, chance);
        }
    }

    /// A steward takes back another agency's grant.
    fn meddle(&mut self, now: TimeMs, chance: &mut Chance) {
        if self.grants.is_empty() {
            return;
        }
        let (grant, provider, _) = self.grants[chance.index(self.grants.len())];
        let other = self.other_than(provider, chance);
        let action = Action::RevokeGrant { grant, reason: text("none of its business") };
        let steward = self.members[other].steward.clone();
        self.wish(other, &steward, KeyRole::Steward, action, now, chance);
    }
}
