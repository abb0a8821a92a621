//! Proposals that a correct proposer never makes.

use comity_core::block::body_hash;
use comity_core::hash::{LogRoot, StateRoot};
use comity_core::ids::{LogIndex, TimeMs};
use comity_replica::message::{Gossip, SignedProposal};

use super::{FLOOD, Liar, Lie};
use crate::family::Family;

/// How far (ms) ahead of time a block is that no correct validator votes for.
const FAR_FUTURE_MS: u64 = 3_600_000;

impl Liar<'_> {
    /// A bent proposal; `None` of a block that is proposed again, whose hash others know.
    pub(super) fn other_proposal(
        &mut self,
        family: Family,
        signed: &SignedProposal,
    ) -> Option<Lie> {
        if signed.proposal.polka_round.is_some() {
            return None;
        }
        Some(match family {
            Family::RivalBlocks => Lie::Split(self.later(signed, 1)),
            Family::Flood => Lie::Also((1..=FLOOD).map(|by| self.later(signed, by)).collect()),
            Family::UntimelyBlock => self.untimely(signed),
            _ => match self.chance.per_mille(500) {
                true => Lie::Split(self.invalid(signed)),
                false => Lie::Staged(vec![self.invalid(signed)]),
            },
        })
    }

    /// The same records at another time.
    fn later(&self, signed: &SignedProposal, by_ms: u64) -> Gossip {
        let mut other = signed.clone();
        other.header.time = other.header.time.plus(by_ms);
        self.sealed(other)
    }

    /// About as far ahead as validators still accept; or from the far future or past, and now and
    /// then shown first as if a quorum had prevoted it before.
    fn untimely(&mut self, signed: &SignedProposal) -> Lie {
        match self.chance.index(4) {
            0 => {
                let by_ms = self.chance.between(5_000, 15_000);
                Lie::Split(self.later(signed, by_ms))
            }
            1 => {
                let by_ms = self.chance.between(5_000, 15_000);
                Lie::Staged(vec![self.later(signed, by_ms)])
            }
            2 => Lie::Staged(vec![self.later(signed, FAR_FUTURE_MS)]),
            _ => {
                let mut fresh = signed.clone();
                fresh.header.time = fresh.header.time.plus(FAR_FUTURE_MS);
                let mut again = fresh.clone();
                // A later round in which it is this validator's turn again.
                again.proposal.polka_round = Some(fresh.proposal.round);
                again.proposal.round += u32::try_from(self.validators.len()).unwrap_or(4);
                Lie::Staged(vec![self.sealed(again), self.sealed(fresh)])
            }
        }
    }

    /// One field wrong, everything else right.
    fn invalid(&mut self, signed: &SignedProposal) -> Gossip {
        let mut other = signed.clone();
        let header = &mut other.header;
        match self.chance.index(10) {
            0..3 => header.state_root = StateRoot(self.chance.bytes()),
            3 => header.log_root = LogRoot(self.chance.bytes()),
            4 => header.log_size += 1,
            5 => header.first_index = LogIndex(header.first_index.0 + 1),
            6 => header.time = TimeMs(header.time.0.saturating_sub(9_000)),
            7 => std::mem::swap(&mut header.next_validators.0, &mut header.validators.0),
            8 => match &mut other.parent_certificate {
                // Too small a proof, but the one that the header names.
                Some(parent) if self.chance.per_mille(700) => {
                    parent.signatures.truncate(1);
                    header.parent_certificate = parent.hash(self.consortium);
                }
                _ => other.parent_certificate = None,
            },
            _ => {
                if let Some(leaf) = other.leaves.first().copied() {
                    other.leaves.push(leaf);
                }
                header.body = body_hash(self.consortium, &other.leaves);
                header.log_size += 1;
            }
        }
        self.sealed(other)
    }

    fn sealed(&self, mut other: SignedProposal) -> Gossip {
        other.proposal.value = other.header.hash();
        other.signature = self.key.sign_proposal(self.consortium, &other.proposal);
        Gossip::Proposal(Box::new(other))
    }
}

/// A record with the last byte of its last signature changed: it still decodes.
pub fn garbled(record: &[u8]) -> Vec<u8> {
    let mut garbled = record.to_vec();
    if let Some(last) = garbled.last_mut() {
        *last ^= 0x40;
    }
    garbled
}
