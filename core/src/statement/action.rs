//! What statements do: one variant for each kind of act.
//! Holds: variants and their fields are only ever added at the end.
//! May not enter: who may act, and when (see `apply`). Source: docs/formats.md, "Statements".

use serde::{Deserialize, Serialize};

use crate::access::{AccessRefusal, SignedAttempt};
use crate::agency::{KeyAlgorithm, KeyRole};
use crate::codes::{CodeEntry, CodeList};
use crate::dataset::Dataset;
use crate::encoding::{Decode, Encode};
use crate::equivocation::Equivocation;
use crate::governance::{Choice, Measure};
use crate::grant::GrantTerms;
use crate::ids::{DatasetId, GrantId, ProposalId, RequestId, TimeMs};
use crate::keys::{PublicKey, Signature};
use crate::request::RequestTerms;
use crate::text::{Code, Text};

/// What a statement does.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case")]
pub enum Action {
    /// Registers a key of the signing agency. Signed by its admin.
    RegisterKey {
        /// The key.
        key: PublicKey,
        /// Its role.
        role: KeyRole,
        /// What it signs with.
        algorithm: KeyAlgorithm,
        /// The post that holds it.
        post: Text<96>,
        /// Valid for records in blocks before this time, where set.
        valid_until: Option<TimeMs>,
        /// The key's own signature, for this agency and role.
        possession: Signature,
    },
    /// Revokes a key of the signing agency. Signed by its admin.
    RevokeKey {
        /// The key.
        key: PublicKey,
        /// Why.
        reason: Text<256>,
        /// If its secret may have leaked: since when.
        suspect_since: Option<TimeMs>,
    },
    /// Publishes a dataset, or publishes again one that was withdrawn. Signed by its owner's
    /// steward.
    PublishDataset {
        /// The dataset.
        dataset: Dataset,
    },
    /// Issues a grant that no request asked for. Signed by the steward of the dataset's owner.
    IssueGrant {
        /// Its terms.
        terms: GrantTerms,
    },
    /// Revokes a grant. Signed by the steward of the dataset's owner.
    RevokeGrant {
        /// The grant.
        grant: GrantId,
        /// Why.
        reason: Text<256>,
    },
    /// The disclosure leg of an allowed access. Signed by the provider's gateway.
    RecordAccess {
        /// The officer's signed attempt.
        attempt: SignedAttempt,
    },
    /// A refused access. Signed by the provider's gateway; valid only where evaluation at this
    /// position gives this refusal.
    RecordDenial {
        /// The officer's signed attempt.
        attempt: SignedAttempt,
        /// The rule that refuses it, with what it found.
        refusal: AccessRefusal,
    },
    /// Replaces what is published about a dataset. Signed by its owner's steward.
    AmendDataset {
        /// The dataset as it is from now on.
        dataset: Dataset,
        /// The version that it replaces, so that no amendment overwrites another unseen.
        version: u32,
    },
    /// Takes a dataset out of the catalogue and ends every grant on it. Signed by its owner's
    /// steward.
    WithdrawDataset {
        /// The dataset.
        dataset: DatasetId,
        /// Why.
        reason: Text<256>,
    },
    /// Suspends a dataset and so every grant on it. Signed by its owner's steward.
    SuspendDataset {
        /// The dataset.
        dataset: DatasetId,
        /// Why.
        reason: Text<256>,
    },
    /// Ends a dataset's suspension. Signed by its owner's steward.
    ResumeDataset {
        /// The dataset.
        dataset: DatasetId,
    },
    /// Suspends a grant. Signed by the steward of the dataset's owner.
    SuspendGrant {
        /// The grant.
        grant: GrantId,
        /// Why.
        reason: Text<256>,
    },
    /// Ends a grant's suspension. Signed by the steward of the dataset's owner.
    ResumeGrant {
        /// The grant.
        grant: GrantId,
    },
    /// Asks for a grant. Signed by an officer of the requesting agency.
    OpenRequest {
        /// What is asked for.
        terms: RequestTerms,
    },
    /// Approves a request and issues the grant. Signed by the steward of the dataset's owner.
    ApproveRequest {
        /// The request.
        request: RequestId,
        /// The grant's terms, within what was asked.
        terms: GrantTerms,
    },
    /// Refuses a request. Signed by the steward of the dataset's owner.
    RefuseRequest {
        /// The request.
        request: RequestId,
        /// On what legal basis.
        legal_basis: Text<256>,
        /// Why.
        reason: Text<512>,
    },
    /// Takes a request back. Signed by an officer of the requesting agency.
    WithdrawRequest {
        /// The request.
        request: RequestId,
        /// Why.
        reason: Text<256>,
    },
    /// Urges 催办 the reply to a request. Signed by an officer of the requesting agency.
    UrgeRequest {
        /// The request.
        request: RequestId,
    },
    /// Adds codes to a list. Signed by the competent authority's steward.
    PublishCodes {
        /// Which list.
        list: CodeList,
        /// The codes, at least one.
        codes: Vec<CodeEntry>,
    },
    /// Takes a code out of use. Signed by the competent authority's steward.
    WithdrawCode {
        /// Which list.
        list: CodeList,
        /// The code.
        code: Code,
        /// Why.
        reason: Text<256>,
    },
    /// Proposes a measure; also the proposer's ballot for it. Signed by the admin of an agency
    /// that has a ballot.
    OpenProposal {
        /// What is proposed.
        measure: Measure,
    },
    /// Casts an agency's ballot. Signed by its admin.
    CastBallot {
        /// On which proposal.
        proposal: ProposalId,
        /// For or against.
        choice: Choice,
    },
    /// Puts a validator's equivocation on the log. Signed by the validator key of any node.
    RecordEquivocation {
        /// The two messages.
        equivocation: Equivocation,
    },
}

impl Action {
    /// The action's name, as in listings.
    pub fn kind(&self) -> &'static str {
        match self {
            Action::RegisterKey { .. } => "register-key",
            Action::RevokeKey { .. } => "revoke-key",
            Action::PublishDataset { .. } => "publish-dataset",
            Action::IssueGrant { .. } => "issue-grant",
            Action::RevokeGrant { .. } => "revoke-grant",
            Action::RecordAccess { .. } => "record-access",
            Action::RecordDenial { .. } => "record-denial",
            Action::AmendDataset { .. } => "amend-dataset",
            Action::WithdrawDataset { .. } => "withdraw-dataset",
            Action::SuspendDataset { .. } => "suspend-dataset",
            Action::ResumeDataset { .. } => "resume-dataset",
            Action::SuspendGrant { .. } => "suspend-grant",
            Action::ResumeGrant { .. } => "resume-grant",
            Action::OpenRequest { .. } => "open-request",
            Action::ApproveRequest { .. } => "approve-request",
            Action::RefuseRequest { .. } => "refuse-request",
            Action::WithdrawRequest { .. } => "withdraw-request",
            Action::UrgeRequest { .. } => "urge-request",
            Action::PublishCodes { .. } => "publish-codes",
            Action::WithdrawCode { .. } => "withdraw-code",
            Action::OpenProposal { .. } => "open-proposal",
            Action::CastBallot { .. } => "cast-ballot",
            Action::RecordEquivocation { .. } => "record-equivocation",
        }
    }

    /// The signed attempt inside, if there is one.
    pub fn attempt(&self) -> Option<&SignedAttempt> {
        match self {
            Action::RecordAccess { attempt } | Action::RecordDenial { attempt, .. } => {
                Some(attempt)
            }
            _ => None,
        }
    }
}
