//! Lies: what a Byzantine member's node says in place of what its replica wants to say.
//! Holds: it signs with its own key alone; everything else in its messages may be false.
//! May not enter: whom a lie is told (see `world::network`).

mod answers;
mod blocks;
mod certificates;
mod fetched;

use comity_core::hash::{ConsortiumId, HeaderHash};
use comity_core::ids::Height;
use comity_core::keys::{PublicKey, SecretKey};
use comity_core::vote::{Vote, VoteKind};
use comity_replica::message::{Gossip, SignedVote};

use crate::chance::Chance;
use crate::family::Family;

pub use answers::false_answer;
pub use blocks::garbled;

/// Messages sent at once in a flood.
const FLOOD: u64 = 80;
/// Messages of the past that a liar keeps.
const MOST_KEPT: usize = 64;

/// How a lie is told.
#[derive(Clone, Debug)]
pub enum Lie {
    /// A contradiction: to some the truth, to some this, to some both.
    Split(Gossip),
    /// To everyone these, one after another, and the truth to nobody.
    Staged(Vec<Gossip>),
    /// To everyone all of these, to each in another order; and the truth.
    Also(Vec<Gossip>),
    /// Nothing is said.
    Silence,
}

/// A liar: its key, what it knows, and what it kept to show again.
pub struct Liar<'a> {
    /// Its key.
    pub key: &'a SecretKey,
    /// The consortium.
    pub consortium: &'a ConsortiumId,
    /// The validators' keys.
    pub validators: &'a [PublicKey],
    /// Which lies it tells.
    pub families: &'a [Family],
    /// What it said before.
    pub past: &'a mut Vec<Gossip>,
    /// The run's chance.
    pub chance: &'a mut Chance,
}

/// Whether a kind of lie can be told about a message.
fn fits(family: Family, message: &Gossip) -> bool {
    match message {
        Gossip::Vote(_) => matches!(
            family,
            Family::DoubleVote
                | Family::Flood
                | Family::StaleCertificate
                | Family::ForgedCertificate
        ),
        Gossip::Proposal(signed) => {
            let fresh = signed.proposal.polka_round.is_none();
            let of_blocks =
                [Family::RivalBlocks, Family::InvalidBlock, Family::UntimelyBlock, Family::Flood];
            (fresh && of_blocks.contains(&family)) || family == Family::StaleCertificate
        }
        Gossip::Records(_) => family == Family::Flood,
        Gossip::Polka(_) | Gossip::Round(_) => family == Family::StaleCertificate,
    }
}

impl Liar<'_> {
    /// A lie about this message, and its kind; `None` where there is nothing to lie about.
    pub fn lie(&mut self, message: &Gossip) -> Option<(Family, Lie)> {
        self.keep(message);
        let fitting: Vec<Family> =
            self.families.iter().copied().filter(|family| fits(*family, message)).collect();
        if fitting.is_empty() {
            return None;
        }
        let family = fitting[self.chance.index(fitting.len())];
        let lie = match (family, message) {
            (Family::DoubleVote, Gossip::Vote(signed)) => Lie::Split(self.other_vote(&signed.vote)),
            (Family::Flood, Gossip::Vote(signed)) => Lie::Also(self.votes_for_all(&signed.vote)),
            (Family::Flood, Gossip::Records(records)) => {
                let garbage = records.iter().map(|record| garbled(record)).collect();
                Lie::Also(vec![Gossip::Records(garbage)])
            }
            (Family::StaleCertificate, _) => Lie::Also(self.old_messages()?),
            (Family::ForgedCertificate, Gossip::Vote(signed)) => {
                Lie::Also(self.forged_certificates(&signed.vote))
            }
            (_, Gossip::Proposal(signed)) => self.other_proposal(family, signed)?,
            _ => return None,
        };
        Some((family, lie))
    }

    fn keep(&mut self, message: &Gossip) {
        if matches!(message, Gossip::Records(_)) {
            return;
        }
        if self.past.len() >= MOST_KEPT {
            self.past.remove(0);
        }
        self.past.push(message.clone());
    }

    fn old_messages(&mut self) -> Option<Vec<Gossip>> {
        let old = &self.past[..self.past.len().checked_sub(1)?];
        if old.is_empty() {
            return None;
        }
        Some((0..4).map(|_| old[self.chance.index(old.len())].clone()).collect())
    }

    /// A vote for another value; now and then in another validator's name.
    fn other_vote(&mut self, vote: &Vote) -> Gossip {
        let value = match vote.value {
            Some(_) if self.chance.per_mille(800) => None,
            _ => Some(self.some_value()),
        };
        let validator = match self.chance.per_mille(150) {
            true => self.validators[self.chance.index(self.validators.len())],
            false => vote.validator,
        };
        self.signed(Vote { value, validator, ..*vote })
    }

    /// A block that others propose, where one is known, or one that nobody did.
    fn some_value(&mut self) -> HeaderHash {
        let proposed = self.past.iter().rev().find_map(|message| match message {
            Gossip::Proposal(signed) => Some(signed.proposal.value),
            Gossip::Polka(certificate) => Some(certificate.value),
            _ => None,
        });
        match proposed.filter(|_| self.chance.per_mille(500)) {
            Some(value) => value,
            None => HeaderHash(self.chance.bytes()),
        }
    }

    /// Votes for values, rounds and heights of every kind.
    fn votes_for_all(&mut self, vote: &Vote) -> Vec<Gossip> {
        let all = (0..FLOOD).map(|_| {
            let ahead = [0, 0, 1, 2, 3, 1_000][self.chance.index(6)];
            let rounds = [0, 1, 2, 10, 100_000][self.chance.index(5)];
            let kind = match self.chance.per_mille(500) {
                true => VoteKind::Prevote,
                false => VoteKind::Precommit,
            };
            let vote = Vote {
                kind,
                height: Height(vote.height.0 + ahead),
                round: vote.round + rounds,
                value: Some(HeaderHash(self.chance.bytes())),
                validator: vote.validator,
            };
            self.signed(vote)
        });
        all.collect()
    }

    fn signed(&self, vote: Vote) -> Gossip {
        let signature = self.key.sign_vote(self.consortium, &vote);
        Gossip::Vote(SignedVote { vote, signature })
    }
}
