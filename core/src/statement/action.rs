//! What statements do: one variant for each kind of act.
//! Holds: variants and their fields are only ever added at the end. Longer than 500 lines because an enum
//! stands in one place.
//! May not enter: who may act, and when (see `apply`). Source: docs/formats.md, "Statements".

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use crate::access::{AccessRefusal, SignedAttempt};
use crate::agency::{KeyAlgorithm, KeyRole};
use crate::assessment::AssessmentTerms;
use crate::basis::Basis;
use crate::calendar::Calendar;
use crate::check_request::{CheckOutcome, CheckTerms};
use crate::codes::{CodeEntry, CodeList};
use crate::dataset::Dataset;
use crate::dispute::{DisputeAbout, Ruling};
use crate::emergency::{EmergencyTerms, Verdict};
use crate::encoding::{Decode, Encode};
use crate::equivocation::Equivocation;
use crate::governance::{Choice, Measure};
use crate::grant::GrantTerms;
use crate::hash::{DrawCommitment, DrawSecret};
use crate::ids::{
    AssessmentId, CheckId, DatasetId, DisputeId, DrawId, EmergencyId, FindingId, GrantId,
    IncidentId, LogIndex, ProposalId, RequestId, TaskForceId, TimeMs,
};
use crate::incident::IncidentTerms;
use crate::keys::{PublicKey, Signature};
use crate::late::{Accessed, LateAccess};
use crate::legs::{Acknowledgement, Answer};
use crate::oversight::{DrawRange, DrawnVerdict, FindingAbout, FindingOutcome};
use crate::request::RequestTerms;
use crate::rule_pack::RulePack;
use crate::task_force::TaskForceTerms;
use crate::text::{AgencyId, Code, Text};

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
        /// The number that the record takes among those of its gateway's key.
        number: u64,
        /// What was handed over, where the gateway says.
        #[serde(default)]
        answer: Option<Answer>,
    },
    /// A refused access. Signed by the provider's gateway; valid only where evaluation at this
    /// position gives this refusal.
    RecordDenial {
        /// The officer's signed attempt.
        attempt: SignedAttempt,
        /// The rule that refuses it, with what it found.
        refusal: AccessRefusal,
        /// The number that the record takes among those of its gateway's key.
        number: u64,
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
    /// Reviews a request's form. Signed by the steward of the request's reviewer.
    ReviewRequest {
        /// The request.
        request: RequestId,
        /// What is amiss, which sends it back; empty: nothing.
        fault: Text<256>,
    },
    /// Takes further days for a reply, once. Signed by the steward of the dataset's owner.
    ExtendReply {
        /// The request.
        request: RequestId,
        /// Working days.
        days: u16,
        /// Why.
        reason: Text<256>,
    },
    /// Says that a grant's data is ready 提供. Signed by the steward of the dataset's owner.
    ReportDelivery {
        /// The grant.
        grant: GrantId,
    },
    /// Says that a dataset's data was made new. Signed by its owner's steward.
    RefreshDataset {
        /// The dataset.
        dataset: DatasetId,
    },
    /// Says which days are worked. Signed by the competent authority's steward.
    PublishCalendar {
        /// The calendar.
        calendar: Calendar,
    },
    /// Publishes the counts that will rule. Signed by the stewards of the competent authority and of
    /// the supervisor.
    PublishRules {
        /// The pack.
        pack: RulePack,
    },
    /// Narrows what a grant permits. Signed by the steward of who granted it.
    NarrowGrant {
        /// The grant.
        grant: GrantId,
        /// Its terms from now on, within those that it has.
        terms: GrantTerms,
        /// The version that it replaces, so that no change overwrites another unseen.
        version: u32,
    },
    /// Approves a grant anew, for other terms. Signed as if it were issued.
    ExtendGrant {
        /// The grant.
        grant: GrantId,
        /// Its terms from now on.
        terms: GrantTerms,
        /// The version that it replaces.
        version: u32,
    },
    /// Passes a grant on to an agency that it names, one level down. Signed by the steward of its
    /// requester.
    IssueOnward {
        /// The grant from which this one is derived.
        parent: GrantId,
        /// The derived grant's terms, within those.
        terms: GrantTerms,
    },
    /// Says that an undertaking was fulfilled. Signed by the steward of the side that undertook it.
    FulfilUndertaking {
        /// The grant.
        grant: GrantId,
        /// The undertaking's place among the grant's, from 1.
        number: u8,
        /// What was done.
        note: Text<256>,
    },
    /// The acknowledgement leg 接收确认 of accesses: what the requesting side received. Signed by an
    /// officer or a gateway of the grant's requester, or of an agency that may ask in the emergency.
    AcknowledgeAccess {
        /// The grant, or the emergency, under which they were.
        grant: Basis,
        /// What was received (at least one).
        accesses: Vec<Acknowledgement>,
    },
    /// Says that data are wrong 核查申请. Signed by an officer of an agency that has, or had, them.
    OpenCheck {
        /// What is claimed.
        terms: CheckTerms,
    },
    /// Offers a check to another agency. Signed by the steward of who holds it.
    OfferHandover {
        /// The check.
        check: CheckId,
        /// To whom.
        to: AgencyId,
        /// Why that agency.
        reason: Text<256>,
    },
    /// Takes a check over. Signed by the steward of whom it was offered to.
    AcceptHandover {
        /// The check.
        check: CheckId,
    },
    /// Does not take it over. Signed by the same.
    DeclineHandover {
        /// The check.
        check: CheckId,
    },
    /// Answers a check. Signed by the steward of who holds it.
    AnswerCheck {
        /// The check.
        check: CheckId,
        /// What was found.
        outcome: CheckOutcome,
    },
    /// Says that what a check found was corrected. Signed by the steward of the dataset's owner.
    ReportCorrection {
        /// The check.
        check: CheckId,
        /// What was done.
        note: Text<512>,
    },
    /// Reports an incident 安全事件. Signed by the steward of a party to all that it names.
    ReportIncident {
        /// What is reported.
        terms: IncidentTerms,
    },
    /// Gives news of an incident. Signed by the steward of who reported it.
    UpdateIncident {
        /// The incident.
        incident: IncidentId,
        /// What is known now.
        note: Text<512>,
    },
    /// Closes an incident. Signed by the steward of who reported it.
    CloseIncident {
        /// The incident.
        incident: IncidentId,
        /// What was done about it.
        measures: Text<512>,
    },
    /// Declares an emergency 应急共享. Signed by the steward of an agency that may.
    DeclareEmergency {
        /// What is declared.
        terms: EmergencyTerms,
    },
    /// Ends an emergency before its time. Signed by the steward of who declared it.
    EndEmergency {
        /// The emergency.
        emergency: EmergencyId,
        /// Why.
        reason: Text<256>,
    },
    /// Says what an emergency was worth, after its end. Signed by a steward or an auditor of an
    /// agency that had no part in it.
    ReviewEmergency {
        /// The emergency.
        emergency: EmergencyId,
        /// What was found.
        verdict: Verdict,
        /// In words.
        text: Text<512>,
    },
    /// Disputes 争议 a refusal or a lapse. Signed by the steward of the agency that asked.
    OpenDispute {
        /// What is disputed.
        about: DisputeAbout,
        /// Why it should not stand. Never a person's data.
        grounds: Text<512>,
    },
    /// Says what the respondent makes of a dispute. Signed by its steward.
    AnswerDispute {
        /// The dispute.
        dispute: DisputeId,
        /// Whether it decides anew.
        ruling: Ruling,
    },
    /// Takes a dispute one step further up. Signed by the claimant's steward.
    EscalateDispute {
        /// The dispute.
        dispute: DisputeId,
        /// Why the step before does not settle it.
        grounds: Text<512>,
    },
    /// Rules on a dispute that was escalated. Signed by the steward of whom it was escalated to.
    DecideDispute {
        /// The dispute.
        dispute: DisputeId,
        /// What is ruled.
        ruling: Ruling,
    },
    /// Says why accesses in an emergency were needed. Signed by the steward of whose officers asked.
    JustifyAccess {
        /// The emergency.
        emergency: EmergencyId,
        /// The entries that record the accesses, 1 to 64.
        accesses: BTreeSet<LogIndex>,
        /// On which duty they rest.
        basis: Code,
        /// In words.
        text: Text<512>,
    },
    /// Opens a draw 双随机 of records that are looked at. Signed by an auditor of an agency that
    /// reviews stewards.
    OpenDraw {
        /// The records from which is drawn.
        scope: Vec<DrawRange>,
        /// How many are drawn.
        count: u16,
    },
    /// Commits to a secret in a draw. Signed by an auditor of an agency of its pool.
    CommitDraw {
        /// The draw.
        draw: DrawId,
        /// The commitment.
        commitment: DrawCommitment,
    },
    /// Reveals that secret. Signed by an auditor of the same agency.
    RevealDraw {
        /// The draw.
        draw: DrawId,
        /// The secret.
        secret: DrawSecret,
    },
    /// Says what was found of a drawn record. Signed by an auditor of its reviewer.
    ReportReview {
        /// The draw.
        draw: DrawId,
        /// The record's place among what was drawn, from 1.
        number: u16,
        /// What was found.
        verdict: DrawnVerdict,
    },
    /// Holds something against an agency 审计发现. Signed by an auditor of one that reviews the power,
    /// of the drawn reviewer, or of the competent authority.
    OpenFinding {
        /// Who has to answer.
        agency: AgencyId,
        /// What it is about.
        about: FindingAbout,
        /// What was found.
        text: Text<512>,
    },
    /// Answers a finding. Signed by a steward or an admin of who has to.
    AnswerFinding {
        /// The finding.
        finding: FindingId,
        /// In words.
        answer: Text<512>,
    },
    /// Closes a finding. Signed by an auditor of who opened it.
    CloseFinding {
        /// The finding.
        finding: FindingId,
        /// How it ends.
        outcome: FindingOutcome,
        /// In words.
        text: Text<512>,
    },
    /// Takes onto the ledger an access in an emergency 断网补录 whose own time ran out while the network
    /// was cut. Signed by a gateway of the provider.
    EmbedLate {
        /// What was signed then.
        record: Box<LateAccess>,
        /// The smaller numbers of that gateway that no record has used.
        missing: BTreeSet<u64>,
        /// By which rule the access was refused at the time at which the officer says to have asked,
        /// if it was.
        against: Option<AccessRefusal>,
    },
    /// Forms a task force 专班. Signed by the steward of its lead, which is a member at once.
    FormTaskForce {
        /// What it is for, and who is invited.
        terms: TaskForceTerms,
    },
    /// Invites a further agency into a task force. Signed by its lead's steward.
    InviteToTaskForce {
        /// The task force.
        task_force: TaskForceId,
        /// Who is invited.
        agency: AgencyId,
    },
    /// Excludes a member, or takes an invitation back. Signed by its lead's steward.
    ExcludeFromTaskForce {
        /// The task force.
        task_force: TaskForceId,
        /// Who is excluded.
        agency: AgencyId,
        /// Why.
        reason: Text<256>,
    },
    /// Joins a task force. Signed by the steward of an agency that was invited.
    JoinTaskForce {
        /// The task force.
        task_force: TaskForceId,
    },
    /// Leaves a task force. Signed by the steward of a member.
    LeaveTaskForce {
        /// The task force.
        task_force: TaskForceId,
        /// Why.
        reason: Text<256>,
    },
    /// Ends a task force before its time, and all its grants with it. Signed by its lead's steward.
    EndTaskForce {
        /// The task force.
        task_force: TaskForceId,
        /// Why.
        reason: Text<256>,
    },
    /// Reports an assessment 评估. Signed by an auditor of an assessor.
    ReportAssessment {
        /// What is reported.
        terms: AssessmentTerms,
    },
    /// Says what was done about an assessment 整改. Signed by a steward or an admin of who was assessed.
    FollowUpAssessment {
        /// The assessment.
        assessment: AssessmentId,
        /// In words.
        text: Text<512>,
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
            Action::ReviewRequest { .. } => "review-request",
            Action::ExtendReply { .. } => "extend-reply",
            Action::ReportDelivery { .. } => "report-delivery",
            Action::RefreshDataset { .. } => "refresh-dataset",
            Action::PublishCalendar { .. } => "publish-calendar",
            Action::PublishRules { .. } => "publish-rules",
            Action::NarrowGrant { .. } => "narrow-grant",
            Action::ExtendGrant { .. } => "extend-grant",
            Action::IssueOnward { .. } => "issue-onward",
            Action::FulfilUndertaking { .. } => "fulfil-undertaking",
            Action::AcknowledgeAccess { .. } => "acknowledge-access",
            Action::OpenCheck { .. } => "open-check",
            Action::OfferHandover { .. } => "offer-handover",
            Action::AcceptHandover { .. } => "accept-handover",
            Action::DeclineHandover { .. } => "decline-handover",
            Action::AnswerCheck { .. } => "answer-check",
            Action::ReportCorrection { .. } => "report-correction",
            Action::ReportIncident { .. } => "report-incident",
            Action::UpdateIncident { .. } => "update-incident",
            Action::CloseIncident { .. } => "close-incident",
            Action::DeclareEmergency { .. } => "declare-emergency",
            Action::EndEmergency { .. } => "end-emergency",
            Action::ReviewEmergency { .. } => "review-emergency",
            Action::OpenDispute { .. } => "open-dispute",
            Action::AnswerDispute { .. } => "answer-dispute",
            Action::EscalateDispute { .. } => "escalate-dispute",
            Action::DecideDispute { .. } => "decide-dispute",
            Action::JustifyAccess { .. } => "justify-access",
            Action::OpenDraw { .. } => "open-draw",
            Action::CommitDraw { .. } => "commit-draw",
            Action::RevealDraw { .. } => "reveal-draw",
            Action::ReportReview { .. } => "report-review",
            Action::OpenFinding { .. } => "open-finding",
            Action::AnswerFinding { .. } => "answer-finding",
            Action::CloseFinding { .. } => "close-finding",
            Action::EmbedLate { .. } => "embed-late",
            Action::FormTaskForce { .. } => "form-task-force",
            Action::InviteToTaskForce { .. } => "invite-to-task-force",
            Action::ExcludeFromTaskForce { .. } => "exclude-from-task-force",
            Action::JoinTaskForce { .. } => "join-task-force",
            Action::LeaveTaskForce { .. } => "leave-task-force",
            Action::EndTaskForce { .. } => "end-task-force",
            Action::ReportAssessment { .. } => "report-assessment",
            Action::FollowUpAssessment { .. } => "follow-up-assessment",
        }
    }

    /// What it says of an access that took place, in its time or late, if it says that of one.
    pub fn access(&self) -> Option<Accessed<'_>> {
        match self {
            Action::RecordAccess { attempt, number, answer } => {
                Some(Accessed { attempt, number: *number, answer: answer.as_ref(), late: None })
            }
            Action::EmbedLate { record, against, .. } => {
                let late = Some((record.as_ref(), against.as_ref()));
                let LateAccess { attempt, number, answer, .. } = record.as_ref();
                Some(Accessed { attempt, number: *number, answer: answer.as_ref(), late })
            }
            _ => None,
        }
    }

    /// The signed attempt inside, if there is one.
    pub fn attempt(&self) -> Option<&SignedAttempt> {
        match self {
            Action::RecordAccess { attempt, .. } | Action::RecordDenial { attempt, .. } => {
                Some(attempt)
            }
            Action::EmbedLate { record, .. } => Some(&record.attempt),
            Action::RegisterKey { .. }
            | Action::RevokeKey { .. }
            | Action::PublishDataset { .. }
            | Action::IssueGrant { .. }
            | Action::RevokeGrant { .. }
            | Action::AmendDataset { .. }
            | Action::WithdrawDataset { .. }
            | Action::SuspendDataset { .. }
            | Action::ResumeDataset { .. }
            | Action::SuspendGrant { .. }
            | Action::ResumeGrant { .. }
            | Action::OpenRequest { .. }
            | Action::ApproveRequest { .. }
            | Action::RefuseRequest { .. }
            | Action::WithdrawRequest { .. }
            | Action::UrgeRequest { .. }
            | Action::PublishCodes { .. }
            | Action::WithdrawCode { .. }
            | Action::OpenProposal { .. }
            | Action::CastBallot { .. }
            | Action::RecordEquivocation { .. }
            | Action::ReviewRequest { .. }
            | Action::ExtendReply { .. }
            | Action::ReportDelivery { .. }
            | Action::RefreshDataset { .. }
            | Action::PublishCalendar { .. }
            | Action::PublishRules { .. }
            | Action::NarrowGrant { .. }
            | Action::ExtendGrant { .. }
            | Action::IssueOnward { .. }
            | Action::FulfilUndertaking { .. }
            | Action::AcknowledgeAccess { .. }
            | Action::OpenCheck { .. }
            | Action::OfferHandover { .. }
            | Action::AcceptHandover { .. }
            | Action::DeclineHandover { .. }
            | Action::AnswerCheck { .. }
            | Action::ReportCorrection { .. }
            | Action::ReportIncident { .. }
            | Action::UpdateIncident { .. }
            | Action::CloseIncident { .. }
            | Action::DeclareEmergency { .. }
            | Action::EndEmergency { .. }
            | Action::ReviewEmergency { .. }
            | Action::OpenDispute { .. }
            | Action::AnswerDispute { .. }
            | Action::EscalateDispute { .. }
            | Action::DecideDispute { .. }
            | Action::JustifyAccess { .. }
            | Action::OpenDraw { .. }
            | Action::CommitDraw { .. }
            | Action::RevealDraw { .. }
            | Action::ReportReview { .. }
            | Action::OpenFinding { .. }
            | Action::AnswerFinding { .. }
            | Action::CloseFinding { .. }
            | Action::FormTaskForce { .. }
            | Action::InviteToTaskForce { .. }
            | Action::ExcludeFromTaskForce { .. }
            | Action::JoinTaskForce { .. }
            | Action::LeaveTaskForce { .. }
            | Action::EndTaskForce { .. }
            | Action::ReportAssessment { .. }
            | Action::FollowUpAssessment { .. } => None,
        }
    }
}
