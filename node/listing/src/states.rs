//! What a request, a dataset, a grant, a check, an incident or a dispute counts as: derived, never stored on the ledger.
//! Holds: a grant is in force exactly where no access would be refused for the sake of the grant, its
//! dataset or its parties on any day; what ended it first is named, else the first reason in the order of refusals.
//! May not enter: rules of its own (see docs/formats.md, "Evaluation").

use comity_core::access::AccessRefusal;
use comity_core::apply::Position;
use comity_core::apply::accesses::check_in_force;
use comity_core::check_request::{CheckOutcome, CheckRequest};
use comity_core::dataset::PublishedDataset;
use comity_core::dispute::{Dispute, Ruling};
use comity_core::governance::Proposal;
use comity_core::grant::{Grant, Usage};
use comity_core::ids::TimeMs;
use comity_core::incident::Incident;
use comity_core::request::{Outcome, Request};
use comity_core::state::StateRead;
use serde::{Deserialize, Serialize};

use crate::ended;

/// Where a request stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum RequestState {
    /// It waits for its reply.
    Open,
    /// It was approved.
    Approved,
    /// It was refused.
    Refused,
    /// The requesting agency took it back.
    Withdrawn,
    /// The review of its form sent it back.
    Returned,
}

impl RequestState {
    /// Where `request` stands.
    pub fn of(request: &Request) -> RequestState {
        match request.reply.as_ref().map(|reply| &reply.outcome) {
            None => RequestState::Open,
            Some(Outcome::Approved { .. }) => RequestState::Approved,
            Some(Outcome::Refused { .. }) => RequestState::Refused,
            Some(Outcome::Withdrawn { .. }) => RequestState::Withdrawn,
            Some(Outcome::Returned { .. }) => RequestState::Returned,
        }
    }
}

/// Where a proposal stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ProposalState {
    /// Ballots are taken.
    Open,
    /// It passed.
    Passed,
    /// Its time ran out before it passed.
    Closed,
}

impl ProposalState {
    /// Where `proposal` stands at `time`.
    pub fn of(proposal: &Proposal, time: TimeMs) -> ProposalState {
        match proposal.passed_at {
            Some(_) => ProposalState::Passed,
            None if time >= proposal.closes => ProposalState::Closed,
            None => ProposalState::Open,
        }
    }
}

/// Where a dataset stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum DatasetState {
    /// In the catalogue.
    Listed,
    /// In the catalogue, but no access to it is allowed for now.
    Suspended,
    /// Out of the catalogue.
    Withdrawn,
}

impl DatasetState {
    /// Where `dataset` stands; one that was suspended and then withdrawn is withdrawn.
    pub fn of(dataset: &PublishedDataset) -> DatasetState {
        if dataset.withdrawals.current().is_some() {
            DatasetState::Withdrawn
        } else if dataset.suspensions.current().is_some() {
            DatasetState::Suspended
        } else {
            DatasetState::Listed
        }
    }
}

/// Whether a grant is in force.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum GrantStanding {
    /// It is.
    InForce,
    /// It was revoked.
    Revoked,
    /// It is suspended.
    Suspended,
    /// Its period has not begun.
    NotYetInForce,
    /// Its period is over.
    Expired,
    /// Its dataset was withdrawn after it was issued.
    DatasetWithdrawn,
    /// Its dataset is suspended.
    DatasetSuspended,
    /// Its dataset is not shared any longer.
    DatasetNotShared,
    /// Its total quota is used up.
    UsedUp,
    /// The agency that had it left the consortium.
    RequesterLeft,
    /// The agency that had it is hosted, and the time of that is over.
    RequesterHostingOver,
    /// The agency that gave it left the consortium.
    ProviderLeft,
    /// The agency that gave it is hosted, and the time of that is over.
    ProviderHostingOver,
    /// The grant from which it was derived does not count.
    ParentNotInForce,
    /// The task force that has it is over.
    TaskForceEnded,
    /// The lead of the task force that has it left the consortium, or its hosting is over.
    LeadGone,
}

impl GrantStanding {
    /// The standing of `grant` at a position: of what ended it, what did so first; else the first that
    /// applies, in the order in which an access would be refused.
    pub fn of(state: &impl StateRead, at: Position, grant: &Grant, usage: &Usage) -> GrantStanding {
        match check_in_force(state, at, grant) {
            Err(refusal) => {
                ended::first(state, at, grant).unwrap_or_else(|| GrantStanding::because(&refusal))
            }
            Ok(()) if grant.terms.total_quota.is_some_and(|quota| usage.total >= quota) => {
                GrantStanding::UsedUp
            }
            Ok(()) => GrantStanding::InForce,
        }
    }

    fn because(refusal: &AccessRefusal) -> GrantStanding {
        match refusal {
            AccessRefusal::GrantRevoked { .. } => GrantStanding::Revoked,
            AccessRefusal::GrantSuspended { .. } => GrantStanding::Suspended,
            AccessRefusal::GrantNotYetInForce { .. } => GrantStanding::NotYetInForce,
            AccessRefusal::GrantExpired { .. } => GrantStanding::Expired,
            AccessRefusal::DatasetWithdrawn { .. } => GrantStanding::DatasetWithdrawn,
            AccessRefusal::DatasetSuspended { .. } => GrantStanding::DatasetSuspended,
            AccessRefusal::DatasetNotShared { .. } => GrantStanding::DatasetNotShared,
            AccessRefusal::RequesterLeft { .. } => GrantStanding::RequesterLeft,
            AccessRefusal::RequesterHostingOver { .. } => GrantStanding::RequesterHostingOver,
            AccessRefusal::ProviderLeft { .. } => GrantStanding::ProviderLeft,
            AccessRefusal::ProviderHostingOver { .. } => GrantStanding::ProviderHostingOver,
            AccessRefusal::ParentNotInForce { .. } => GrantStanding::ParentNotInForce,
            AccessRefusal::TaskForceEnded { .. } => GrantStanding::TaskForceEnded,
            AccessRefusal::LeadGone { .. } => GrantStanding::LeadGone,
            _ => {
                unreachable!("no other reason lies in a grant, its dataset and parties: {refusal}")
            }
        }
    }
}

/// Where a check request stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum CheckState {
    /// It waits for its answer.
    Open,
    /// The data were wrong, and are not corrected yet.
    Upheld,
    /// The data stand.
    NotUpheld,
    /// The data were wrong, and were corrected.
    Corrected,
}

impl CheckState {
    /// Where `check` stands.
    pub fn of(check: &CheckRequest) -> CheckState {
        match check.answer.as_ref().map(|answer| &answer.outcome) {
            None => CheckState::Open,
            Some(CheckOutcome::NotUpheld { .. }) => CheckState::NotUpheld,
            Some(CheckOutcome::Upheld { .. }) if check.corrected.is_some() => CheckState::Corrected,
            Some(CheckOutcome::Upheld { .. }) => CheckState::Upheld,
        }
    }
}

/// Where an incident stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum IncidentState {
    /// It goes on.
    Open,
    /// It was closed.
    Closed,
}

impl IncidentState {
    /// Where `incident` stands.
    pub fn of(incident: &Incident) -> IncidentState {
        match incident.closed {
            Some(_) => IncidentState::Closed,
            None => IncidentState::Open,
        }
    }
}

/// Where a dispute stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum DisputeState {
    /// It waits for a ruling.
    Open,
    /// It was ruled that it stands. The claimant may take it further up.
    Stands,
    /// It was ruled that it is to be decided anew.
    Anew,
}

impl DisputeState {
    /// Where `dispute` stands.
    pub fn of(dispute: &Dispute) -> DisputeState {
        match dispute.step().ruled.as_ref().map(|ruled| &ruled.ruling) {
            None => DisputeState::Open,
            Some(Ruling::Stands { .. }) => DisputeState::Stands,
            Some(Ruling::Anew { .. }) => DisputeState::Anew,
        }
    }
}
