//! A validator that lies: it signs a second message for a step it has already signed in.
//! Holds: it has no key but its own; what it says in another's name does not verify.

use comity_core::hash::{ConsortiumId, HeaderHash};
use comity_core::ids::Height;
use comity_core::keys::SecretKey;
use comity_core::vote::Vote;
use comity_replica::message::{Gossip, Response, SignedProposal, SignedVote, Witnessed};

use crate::chance::Chance;
use crate::consortium::Consortium;

/// How far (ms) ahead of time a block is that no correct validator votes for.
const FAR_FUTURE_MS: u64 = 3_600_000;
/// Blocks proposed at once for one round.
const FLOOD: u64 = 80;

/// What a liar says in place of a message.
#[derive(Clone, Debug)]
pub enum Lie {
    /// A contradiction: to some the truth, to some this, to some both.
    Split(Gossip),
    /// To everyone these, one after another, and the truth to nobody.
    Staged(Vec<Gossip>),
    /// To everyone all of these, to each in another order, and the truth to nobody.
    Flood(Vec<Gossip>),
}

/// A lie about this message; `None` where there is nothing to lie about.
pub fn lie(
    message: &Gossip,
    key: &SecretKey,
    consortium: &Consortium,
    chance: &mut Chance,
) -> Option<Lie> {
    match message {
        Gossip::Vote(signed) if signed.vote.validator == key.public() => {
            Some(Lie::Split(other_vote(&signed.vote, key, consortium, chance)))
        }
        Gossip::Proposal(signed) if signed.proposal.validator == key.public() => {
            other_proposal(signed, key, &consortium.genesis.id(), chance)
        }
        Gossip::Records(records) => Some(Lie::Split(Gossip::Records(garbage(records)))),
        Gossip::Vote(_) | Gossip::Proposal(_) | Gossip::Polka(_) | Gossip::Round(_) => None,
    }
}

/// A vote for another value; now and then in another validator's name.
fn other_vote(
    vote: &Vote,
    key: &SecretKey,
    consortium: &Consortium,
    chance: &mut Chance,
) -> Gossip {
    let value = match vote.value {
        Some(_) if chance.per_mille(800) => None,
        _ => Some(HeaderHash(chance.bytes())),
    };
    let validator = match chance.per_mille(200) {
        true => consortium.members[chance.index(consortium.members.len())].validator.public(),
        false => vote.validator,
    };
    let vote = Vote { value, validator, ..*vote };
    let signature = key.sign_vote(&consortium.genesis.id(), &vote);
    Gossip::Vote(SignedVote { vote, signature })
}

/// Blocks of the same records at other times: one as good as the first; or one from the far
/// future, shown first as if a quorum had prevoted it before; or more than anyone can keep.
fn other_proposal(
    signed: &SignedProposal,
    key: &SecretKey,
    consortium: &ConsortiumId,
    chance: &mut Chance,
) -> Option<Lie> {
    if signed.proposal.polka_round.is_some() {
        return None;
    }
    let later = |by_ms: u64| {
        let mut other = signed.clone();
        other.header.time = other.header.time.plus(by_ms);
        other.proposal.value = other.header.hash();
        other
    };
    let sign = |mut other: SignedProposal| {
        other.signature = key.sign_proposal(consortium, &other.proposal);
        Gossip::Proposal(Box::new(other))
    };
    Some(match chance.index(10) {
        0..3 => Lie::Split(sign(later(1))),
        // About as far ahead as validators still accept.
        3..6 => Lie::Split(sign(later(chance.between(5_000, 15_000)))),
        6..9 => {
            let fresh = later(FAR_FUTURE_MS);
            let mut again = fresh.clone();
            // A later round in which it is this validator's turn again, among four.
            again.proposal.polka_round = Some(fresh.proposal.round);
            again.proposal.round += 4;
            Lie::Staged(vec![sign(again), sign(fresh)])
        }
        _ => Lie::Flood((1..=FLOOD).map(|by_ms| sign(later(by_ms))).collect()),
    })
}

/// Known statements under signatures that do not verify.
fn garbage(records: &[Vec<u8>]) -> Vec<Vec<u8>> {
    records.iter().map(|record| garbled(record)).collect()
}

/// A record with the last byte of its last signature changed: it still decodes.
pub fn garbled(record: &[u8]) -> Vec<u8> {
    let mut garbled = record.to_vec();
    if let Some(last) = garbled.last_mut() {
        *last ^= 0x40;
    }
    garbled
}

/// What it answers in place of the truth.
pub fn false_answer(response: &Response, chance: &mut Chance) -> Option<Response> {
    match response {
        // A tip that it does not have and cannot prove, or a vote that the asker never cast.
        Response::Status(status) => {
            let mut status = (**status).clone();
            match chance.per_mille(500) {
                true => status.height = Height(status.height.0 + chance.between(1, 50)),
                false => status.newest_of_yours = status.newest_of_yours.map(much_later),
            }
            Some(Response::Status(Box::new(status)))
        }
        Response::Blocks(blocks) => {
            let mut blocks = blocks.clone();
            let at = chance.index(blocks.len().max(1));
            let block = blocks.get_mut(at)?;
            let byte = chance.index(block.len().max(1));
            *block.get_mut(byte)? ^= 1 << chance.index(8);
            Some(Response::Blocks(blocks))
        }
        Response::Body(_) => Some(Response::Body(None)),
    }
}

/// The same witness of a much later height: its signature does not fit.
fn much_later(witnessed: Witnessed) -> Witnessed {
    match witnessed {
        Witnessed::Vote(mut signed) => {
            signed.vote.height.0 += 1_000;
            Witnessed::Vote(signed)
        }
        Witnessed::Proposal { mut proposal, signature } => {
            proposal.height.0 += 1_000;
            Witnessed::Proposal { proposal, signature }
        }
    }
}
