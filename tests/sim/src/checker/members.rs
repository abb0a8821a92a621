//! Who belongs to the consortium, whose node votes with what weight, and which keys count: told
//! from the entries alone.
//! Holds: own counting of ballots and of power.

use std::collections::{BTreeMap, BTreeSet};

use comity_core::agency::KeyRole;

use super::Violation;
use super::plain::{Bytes32, Change, Entry, KeyOf, Voter};

/// A key's life.
#[derive(Clone, Debug)]
struct Life {
    of: KeyOf,
    ended: bool,
}

#[derive(Clone, Debug)]
struct Ballots {
    change: Change,
    closes: u64,
    cast: BTreeSet<String>,
    ayes: BTreeSet<String>,
    is_passed: bool,
}

/// The members as the entries so far make them.
#[derive(Clone, Debug, Default)]
pub(super) struct Members {
    voters: Vec<Voter>,
    electorate: BTreeSet<String>,
    gone: BTreeSet<String>,
    keys: BTreeMap<Bytes32, Life>,
    proposals: BTreeMap<u64, Ballots>,
    share: (u64, u64),
    open_ms: u64,
    /// What passed, with the entry that passed it.
    passed: Vec<(u64, Change)>,
}

impl Members {
    /// The founders; a measure passes with more than `share` of the electorate, within `open_ms`.
    pub(super) fn new(
        founders: Vec<(String, Option<u64>, Vec<KeyOf>)>,
        share: (u64, u64),
        open_ms: u64,
    ) -> Members {
        let mut members = Members { share, open_ms, ..Members::default() };
        for (agency, power, keys) in founders {
            members.admit(agency, power, keys);
        }
        members
    }

    /// Whose nodes vote at the next height.
    pub(super) fn voters(&self) -> &[Voter] {
        &self.voters
    }

    /// What passed so far, in order.
    pub(super) fn passed(&self) -> &[(u64, Change)] {
        &self.passed
    }

    /// Whether the agency is a member today.
    pub(super) fn is_member(&self, agency: &str) -> bool {
        self.electorate.contains(agency)
    }

    /// Whether a key counts at this moment, in this role, for this agency.
    pub(super) fn key_counts(&self, agency: &str, key: &Bytes32, role: KeyRole, time: u64) -> bool {
        self.keys.get(key).is_some_and(|life| {
            life.of.agency == agency
                && life.of.role == role
                && !life.ended
                && life.of.valid_until.is_none_or(|until| time < until)
        })
    }

    /// Judges an entry's signers. Errors: a key that does not count here (invariant 6).
    pub(super) fn check_signers(
        &self,
        index: u64,
        time: u64,
        entry: &Entry,
    ) -> Result<(), Violation> {
        for (agency, key, role) in &entry.signers {
            let is_gone = self.gone.contains(agency) && *role != KeyRole::Validator;
            if is_gone || !self.key_counts(agency, key, *role, time) {
                return Err(format!("6: entry {index} is signed with a key that does not count"));
            }
        }
        Ok(())
    }

    /// A key begins. Errors: it was used before.
    pub(super) fn register(&mut self, index: u64, key: &KeyOf) -> Result<(), Violation> {
        let life = Life { of: key.clone(), ended: false };
        match self.keys.insert(key.key, life) {
            Some(_) => Err(format!("6: entry {index} registers a key a second time")),
            None => Ok(()),
        }
    }

    /// A key ends.
    pub(super) fn revoke(&mut self, key: &Bytes32) {
        if let Some(life) = self.keys.get_mut(key) {
            life.ended = true;
        }
    }

    /// A measure is proposed, which is a ballot for it.
    pub(super) fn open(
        &mut self,
        index: u64,
        time: u64,
        by: &str,
        change: &Change,
    ) -> Result<(), Violation> {
        let ballots = Ballots {
            change: change.clone(),
            closes: time + self.open_ms,
            cast: BTreeSet::new(),
            ayes: BTreeSet::new(),
            is_passed: false,
        };
        self.proposals.insert(index, ballots);
        self.cast(index, time, index, by, true)
    }

    /// A ballot. Errors: one that should not have been taken (invariant 6).
    pub(super) fn cast(
        &mut self,
        index: u64,
        time: u64,
        proposal: u64,
        by: &str,
        is_for: bool,
    ) -> Result<(), Violation> {
        let (has_ballot, electorate) = (self.electorate.contains(by), self.electorate.clone());
        let Some(ballots) = self.proposals.get_mut(&proposal) else {
            return Err(format!("6: entry {index} is a ballot on nothing"));
        };
        let late = ballots.is_passed || time >= ballots.closes;
        if late || !has_ballot || !ballots.cast.insert(by.to_owned()) {
            return Err(format!("6: entry {index} is a ballot that does not count"));
        }
        if is_for {
            ballots.ayes.insert(by.to_owned());
        }
        let ayes = ballots.ayes.intersection(&electorate).count() as u64;
        if ayes * self.share.1 > electorate.len() as u64 * self.share.0 {
            ballots.is_passed = true;
            let change = ballots.change.clone();
            self.carry_out(index, change)?;
        }
        Ok(())
    }

    fn carry_out(&mut self, index: u64, change: Change) -> Result<(), Violation> {
        match change.clone() {
            Change::Admit { agency, power, keys } => self.admit(agency, power, keys),
            Change::Remove(agency) => {
                self.electorate.remove(&agency);
                self.voters.retain(|voter| voter.agency != agency);
                self.gone.insert(agency);
            }
            Change::Replace { agency, old, new } => {
                if let Some(old) = old {
                    self.revoke(&old);
                }
                if let Some(new) = new {
                    self.register(index, &new)?;
                    let own = self.voters.iter_mut().find(|voter| voter.agency == agency);
                    if let Some(voter) = own.filter(|_| new.role == KeyRole::Validator) {
                        voter.key = new.key;
                    }
                }
            }
            Change::Standing { agency, power, key } => {
                let own = self.voters.iter().find(|voter| voter.agency == agency).cloned();
                self.voters.retain(|voter| voter.agency != agency);
                if let Some(key) = &key {
                    self.register(index, key)?;
                }
                match (power, key.map(|key| key.key).or(own.as_ref().map(|own| own.key))) {
                    (Some(power), Some(key)) => self.give_vote(Voter { agency, key, power }),
                    _ => own.iter().for_each(|own| self.revoke(&own.key)),
                }
            }
            Change::Share(numerator, denominator) => self.share = (numerator, denominator),
            Change::Other => {}
        }
        self.passed.push((index, change));
        Ok(())
    }

    fn admit(&mut self, agency: String, power: Option<u64>, keys: Vec<KeyOf>) {
        let vote = keys.iter().find(|key| key.role == KeyRole::Validator).map(|key| key.key);
        if let Some((power, key)) = power.zip(vote) {
            self.give_vote(Voter { agency: agency.clone(), key, power });
        }
        for key in keys {
            self.keys.insert(key.key, Life { of: key, ended: false });
        }
        self.electorate.insert(agency);
    }

    fn give_vote(&mut self, voter: Voter) {
        self.voters.push(voter);
        self.voters.sort_by(|a, b| a.agency.cmp(&b.agency));
    }
}

/// The weight of those keys, each counted once, and of all.
pub(super) fn power_of<'a>(
    voters: &[Voter],
    keys: impl IntoIterator<Item = &'a Bytes32>,
) -> (u64, u64) {
    let distinct: BTreeSet<&Bytes32> = keys.into_iter().collect();
    let of = voters.iter().filter(|v| distinct.contains(&v.key)).map(|v| v.power).sum();
    (of, voters.iter().map(|v| v.power).sum())
}

/// Whether that is more than two thirds.
pub(super) fn is_quorum((power, all): (u64, u64)) -> bool {
    power * 3 > all * 2
}

/// Who proposes: the voter in whose share the height falls, and the one after it each round.
pub(super) fn proposer(voters: &[Voter], height: u64, round: u32) -> Option<&Voter> {
    let all: u64 = voters.iter().map(|voter| voter.power).sum();
    let mut seats = Vec::new();
    for (at, voter) in voters.iter().enumerate() {
        seats.extend(std::iter::repeat_n(at, usize::try_from(voter.power).unwrap_or(0)));
    }
    let seat = usize::try_from(height.checked_rem(all)?).ok()?;
    let first = *seats.get(seat)?;
    voters.get((first + usize::try_from(round).ok()?) % voters.len())
}
