//! The rules that a reader of the log relies on: an access has a grant in force, and each thing
//! happens once.
//! Holds: told from the entries alone, in their order.

use std::collections::{BTreeMap, BTreeSet};

use comity_core::agency::KeyRole;

use super::Violation;
use super::members::Members;
use super::plain::{Act, Attempt, Bytes32, Entry, Terms};

/// Furthest that a record's or an attempt's end may lie ahead of its block (ms): a day.
const LONGEST_MS: u64 = 24 * 60 * 60 * 1_000;

#[derive(Clone, Debug)]
struct Grant {
    terms: Terms,
    is_over: bool,
    is_suspended: bool,
    used: u64,
}

#[derive(Clone, Debug, Default)]
struct Dataset {
    is_shared: bool,
    is_withdrawn: bool,
    is_suspended: bool,
}

/// What the entries so far make of grants and datasets.
#[derive(Clone, Debug, Default)]
pub(super) struct Rules {
    datasets: BTreeMap<String, Dataset>,
    grants: BTreeMap<u64, Grant>,
    exchanges: BTreeSet<[u8; 16]>,
    /// Numbers that gateways' records have used.
    numbers: BTreeSet<(Bytes32, u64)>,
    statements: BTreeMap<Bytes32, u64>,
    /// Whom the log blames.
    blamed: BTreeSet<Bytes32>,
}

impl Rules {
    /// Whether the log blames this key.
    pub(super) fn blames(&self, key: &Bytes32) -> bool {
        self.blamed.contains(key)
    }

    /// Judges an entry at its place and takes it in. Errors: invariants 6, 7 and 9.
    pub(super) fn take(
        &mut self,
        members: &mut Members,
        index: u64,
        time: u64,
        entry: &Entry,
    ) -> Result<(), Violation> {
        if let Some(first) = self.statements.insert(entry.id, index) {
            return Err(format!("6: a statement stands at {first} and at {index}"));
        }
        if entry.valid_until < time {
            return Err(format!("6: entry {index} had run out when it was committed"));
        }
        if entry.valid_until > time + LONGEST_MS {
            return Err(format!("6: entry {index} is valid for longer than any may be"));
        }
        members.check_signers(index, time, entry)?;
        if let (Some(number), Some((_, gateway, _))) = (entry.number, entry.signers.first())
            && (number == 0 || !self.numbers.insert((*gateway, number)))
        {
            return Err(format!("6: entry {index} has a number that its gateway used before"));
        }
        let by = entry.signers.first().map(|(agency, _, _)| agency.as_str()).unwrap_or("");
        match &entry.act {
            Act::Register(key) => members.register(index, key)?,
            Act::Revoke(key) => members.revoke(key),
            Act::Open(change) => members.open(index, time, by, change)?,
            Act::Ballot { proposal, is_for } => {
                members.cast(index, time, *proposal, by, *is_for)?
            }
            Act::Blame(key) => {
                self.blamed.insert(*key);
            }
            Act::Access(attempt) => self.access(members, index, time, by, attempt)?,
            act => self.manage(index, by, act)?,
        }
        Ok(())
    }

    fn manage(&mut self, index: u64, by: &str, act: &Act) -> Result<(), Violation> {
        let owner = match act {
            Act::Describe(id, _) | Act::Withdraw(id) => Some(id.clone()),
            Act::SuspendDataset(id) | Act::ResumeDataset(id) => Some(id.clone()),
            Act::Grant(terms) => Some(terms.dataset.clone()),
            Act::RevokeGrant(grant) | Act::SuspendGrant(grant) | Act::ResumeGrant(grant) => {
                let held = self.grants.get(grant).map(|grant| grant.terms.dataset.clone());
                Some(held.ok_or_else(|| format!("6: entry {index} is about no grant"))?)
            }
            _ => None,
        };
        if owner.is_some_and(|id| id.split('/').next() != Some(by)) {
            return Err(format!("6: entry {index} is another agency's business"));
        }
        match act {
            Act::Describe(id, is_shared) => {
                let dataset = self.datasets.entry(id.clone()).or_default();
                (dataset.is_shared, dataset.is_withdrawn) = (*is_shared, false);
            }
            Act::Withdraw(id) => {
                let dataset = self.datasets.entry(id.clone()).or_default();
                (dataset.is_withdrawn, dataset.is_suspended) = (true, false);
                let grants = self.grants.values_mut().filter(|grant| grant.terms.dataset == *id);
                grants.for_each(|grant| grant.is_over = true);
            }
            Act::SuspendDataset(id) => {
                self.datasets.entry(id.clone()).or_default().is_suspended = true
            }
            Act::ResumeDataset(id) => {
                self.datasets.entry(id.clone()).or_default().is_suspended = false
            }
            Act::Grant(terms) => {
                let terms = terms.clone();
                let grant = Grant { terms, is_over: false, is_suspended: false, used: 0 };
                self.grants.insert(index, grant);
            }
            Act::RevokeGrant(grant) => self.on(*grant, |grant| grant.is_over = true),
            Act::SuspendGrant(grant) => self.on(*grant, |grant| grant.is_suspended = true),
            Act::ResumeGrant(grant) => self.on(*grant, |grant| grant.is_suspended = false),
            _ => {}
        }
        Ok(())
    }

    fn on(&mut self, grant: u64, change: impl FnOnce(&mut Grant)) {
        if let Some(grant) = self.grants.get_mut(&grant) {
            change(grant);
        }
    }

    /// An access must be allowed at its very place.
    fn access(
        &mut self,
        members: &Members,
        index: u64,
        time: u64,
        by: &str,
        attempt: &Attempt,
    ) -> Result<(), Violation> {
        let refuse = |why: &str| Err(format!("7: entry {index} is an access {why}"));
        if !self.exchanges.insert(attempt.exchange) {
            return refuse("under an exchange that was recorded before");
        }
        let Some(grant) = self.grants.get_mut(&attempt.grant) else {
            return refuse("without a grant");
        };
        let dataset = self.datasets.get(&attempt.dataset).cloned().unwrap_or_default();
        let terms = &grant.terms;
        let fits = terms.dataset == attempt.dataset
            && terms.requester == attempt.requester
            && terms.matters.contains(&attempt.matter)
            && attempt.dataset.split('/').next() == Some(by);
        let officer = (&attempt.requester, &attempt.officer);
        if !fits {
            return refuse("that its grant does not cover");
        }
        if grant.is_over || grant.is_suspended || dataset.is_withdrawn || dataset.is_suspended {
            return refuse("after its grant or dataset was taken back");
        }
        if time < terms.not_before || time >= terms.not_after {
            return refuse("outside its grant's time");
        }
        if !dataset.is_shared {
            return refuse("to a dataset that is not shared");
        }
        if attempt.valid_until < time || attempt.valid_until > time + LONGEST_MS {
            return refuse("by an attempt that had run out");
        }
        if !members.key_counts(officer.0, officer.1, KeyRole::Officer, time) {
            return refuse("by an officer whose key does not count");
        }
        if terms.quota.is_some_and(|quota| grant.used >= quota) {
            return refuse("beyond its grant's quota");
        }
        grant.used += 1;
        Ok(())
    }
}
