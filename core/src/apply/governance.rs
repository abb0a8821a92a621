//! Proposals, ballots, and what a measure does when it passes.
//! Holds: a measure passes by more than the stated share of today's electorate and takes effect
//! with the entry that passes it; a validator set always has members.
//! Source: docs/formats.md, "Rules", open-proposal and cast-ballot.

use super::{Position, acting, measures, params, require_sole_signer};
use crate::agency::KeyRole;
use crate::governance::{Ballot, Choice, Measure, Proposal, Roll};
use crate::ids::ProposalId;
use crate::refusal::Refusal;
use crate::state::{self, Changes, StateKey, StateRead};
use crate::statement::StatementSigner;
use crate::text::AgencyId;

pub(super) fn open(
    state: &impl StateRead,
    at: Position,
    signers: &[StatementSigner],
    measure: &Measure,
) -> Result<Changes, Refusal> {
    let agency = require_ballot(state, signers)?.clone();
    // A proposal that could not be carried out today is refused at once.
    measures::carry_out(state, at, measure)?;
    let ballot = Ballot { choice: Choice::For, at: at.index };
    let proposal = Proposal {
        measure: measure.clone(),
        opened_by: agency.clone(),
        opened_at: at.index,
        closes: at.time.plus(params(state).ballot_open_ms),
        ballots: [(agency, ballot)].into(),
        passed_at: None,
    };
    tally(state, at, ProposalId(at.index), proposal)
}

pub(super) fn cast(
    state: &impl StateRead,
    at: Position,
    signers: &[StatementSigner],
    id: ProposalId,
    choice: Choice,
) -> Result<Changes, Refusal> {
    let agency = require_ballot(state, signers)?;
    let Some(mut proposal) = state::proposal(state, id) else {
        return Err(Refusal::ProposalUnknown { proposal: id });
    };
    if let Some(at) = proposal.passed_at {
        return Err(Refusal::ProposalPassed { proposal: id, at });
    }
    if at.time >= proposal.closes {
        return Err(Refusal::ProposalClosed { proposal: id, closes: proposal.closes });
    }
    if let Some(ballot) = proposal.ballots.get(agency) {
        return Err(Refusal::BallotCast { at: ballot.at });
    }
    proposal.ballots.insert(agency.clone(), Ballot { choice, at: at.index });
    tally(state, at, id, proposal)
}

/// Puts the proposal and, if it passes, what its measure changes.
fn tally(
    state: &impl StateRead,
    at: Position,
    id: ProposalId,
    mut proposal: Proposal,
) -> Result<Changes, Refusal> {
    let mut changes = Changes::default();
    if roll(state).passes(&proposal, &params(state)) {
        changes = measures::carry_out(state, at, &proposal.measure)?;
        proposal.passed_at = Some(at.index);
    }
    changes.put(&StateKey::Proposal(id), &proposal);
    Ok(changes)
}

/// The act needs one signature: an admin's, of an agency that has a ballot.
fn require_ballot<'a>(
    state: &impl StateRead,
    signers: &'a [StatementSigner],
) -> Result<&'a AgencyId, Refusal> {
    let agency = acting(signers);
    require_sole_signer(signers, agency, KeyRole::Admin)?;
    if roll(state).electorate.contains(agency) {
        return Ok(agency);
    }
    Err(Refusal::NoBallot { agency: agency.clone() })
}

/// Who belongs to the consortium today.
pub(super) fn roll(state: &impl StateRead) -> Roll {
    match state::read(state, &StateKey::Roll) {
        Some(roll) => roll,
        None => unreachable!("the genesis puts the roll"),
    }
}
