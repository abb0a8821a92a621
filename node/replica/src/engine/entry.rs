//! What the engine wants to find again after a crash, as bytes for the write-ahead log.
//! Holds: an entry reads back as the input that it was.
//! Source: docs/formats.md, "Write-ahead log".

use comity_core::encoding::{Decode, DecodeError, Encode, decode, encode};
use comity_core::hash::HeaderHash;
use comity_core::keys::{PublicKey, Signature};
use comity_core::vote::Proposal;
use malachite_consensus::{Input, ProposedValue};
use malachite_types::{Round, SignedMessage, Timeout, TimeoutKind, Validity, ValueOrigin};

use super::context::{
    Addr, BlockId, Ctx, EngineHeight, core_proposal, core_vote, engine_proposal, engine_vote,
    round_number,
};
use super::convert::{core_polka, engine_polka};
use crate::message::{PolkaCertificate, SignedVote, Witnessed};

/// Longest entry (bytes).
const MAX_ENTRY_BYTES: usize = 64 * 1024;

#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
enum Step {
    Propose,
    Prevote,
    Precommit,
}

#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
enum Entry {
    Vote(SignedVote),
    Proposal {
        proposal: Proposal,
        signature: Signature,
    },
    Timeout {
        step: Step,
        round: u32,
    },
    Value {
        height: u64,
        round: u32,
        polka_round: Option<u32>,
        proposer: PublicKey,
        header_hash: HeaderHash,
        valid: bool,
    },
    Polka(PolkaCertificate),
}

/// An entry's bytes; `None` for an input that the engine does not keep.
pub(crate) fn entry_bytes(input: &Input<Ctx>) -> Option<Vec<u8>> {
    let entry = match input {
        Input::Vote(vote) => {
            Entry::Vote(SignedVote { vote: core_vote(&vote.message)?, signature: vote.signature })
        }
        Input::Proposal(proposal) => Entry::Proposal {
            proposal: core_proposal(&proposal.message)?,
            signature: proposal.signature,
        },
        Input::TimeoutElapsed(timeout) => Entry::Timeout {
            step: match timeout.kind {
                TimeoutKind::Propose => Step::Propose,
                TimeoutKind::Prevote => Step::Prevote,
                TimeoutKind::Precommit => Step::Precommit,
                TimeoutKind::Rebroadcast | TimeoutKind::FinalizeHeight(_) => return None,
            },
            round: round_number(timeout.round)?,
        },
        Input::ProposedValue(value, _origin) => Entry::Value {
            height: value.height.0,
            round: round_number(value.round)?,
            polka_round: round_number(value.valid_round),
            proposer: PublicKey::try_from(value.proposer.0).ok()?,
            header_hash: value.value.0,
            valid: value.validity.is_valid(),
        },
        Input::PolkaCertificate(certificate) => Entry::Polka(core_polka(certificate)?),
        _ => return None,
    };
    Some(encode(&entry))
}

/// The input that an entry was. Errors: not the bytes of an entry.
pub(crate) fn entry_input(bytes: &[u8]) -> Result<Input<Ctx>, DecodeError> {
    Ok(match decode(bytes, MAX_ENTRY_BYTES)? {
        Entry::Vote(SignedVote { vote, signature }) => {
            Input::Vote(SignedMessage::new(engine_vote(&vote), signature))
        }
        Entry::Proposal { proposal, signature } => {
            Input::Proposal(SignedMessage::new(engine_proposal(&proposal), signature))
        }
        Entry::Timeout { step, round } => {
            let kind = match step {
                Step::Propose => TimeoutKind::Propose,
                Step::Prevote => TimeoutKind::Prevote,
                Step::Precommit => TimeoutKind::Precommit,
            };
            Input::TimeoutElapsed(Timeout::new(Round::new(round), kind))
        }
        Entry::Value { height, round, polka_round, proposer, header_hash, valid } => {
            let value = ProposedValue {
                height: EngineHeight(height),
                round: Round::new(round),
                valid_round: polka_round.map_or(Round::Nil, Round::new),
                proposer: Addr::from(proposer),
                value: BlockId(header_hash),
                validity: Validity::from_bool(valid),
            };
            Input::ProposedValue(value, ValueOrigin::Consensus)
        }
        Entry::Polka(certificate) => Input::PolkaCertificate(engine_polka(&certificate)),
    })
}

/// The validator's message that an entry keeps, if it is one.
pub(crate) fn entry_witness(bytes: &[u8]) -> Option<Witnessed> {
    match decode(bytes, MAX_ENTRY_BYTES) {
        Ok(Entry::Vote(vote)) => Some(Witnessed::Vote(vote)),
        Ok(Entry::Proposal { proposal, signature }) => {
            Some(Witnessed::Proposal { proposal, signature })
        }
        _ => None,
    }
}

/// The block that an entry names as proposed and valid, if it is one of those.
pub(crate) fn entry_names(bytes: &[u8]) -> Option<HeaderHash> {
    match decode(bytes, MAX_ENTRY_BYTES) {
        Ok(Entry::Value { header_hash, valid: true, .. }) => Some(header_hash),
        _ => None,
    }
}
