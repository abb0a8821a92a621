//! Which module describes an act, where that is not the one above: changes of grants, supervision, and all by which agencies answer
//! for their data.
//! Holds: an act that is new is named here, or this does not compile.
//! May not enter: texts.

use comity_core::statement::Action;
use jiff::tz::TimeZone;

use super::{
    Rows, assessments, binding, checks, disputes, emergency, incidents, oversight, supervision,
    task_forces,
};
use crate::client::Committed;

/// What an act is about.
enum Area {
    Supervision,
    Binding,
    Check,
    Incident,
    Emergency,
    Dispute,
    Oversight,
    TaskForce,
    Assessment,
    /// Described by the module above.
    Elsewhere,
}

fn area(action: &Action) -> Area {
    match action {
        Action::ReviewRequest { .. }
        | Action::ExtendReply { .. }
        | Action::ReportDelivery { .. }
        | Action::RefreshDataset { .. }
        | Action::PublishCalendar { .. }
        | Action::PublishRules { .. } => Area::Supervision,
        Action::NarrowGrant { .. }
        | Action::ExtendGrant { .. }
        | Action::IssueOnward { .. }
        | Action::FulfilUndertaking { .. } => Area::Binding,
        Action::OpenCheck { .. }
        | Action::OfferHandover { .. }
        | Action::AcceptHandover { .. }
        | Action::DeclineHandover { .. }
        | Action::AnswerCheck { .. }
        | Action::ReportCorrection { .. } => Area::Check,
        Action::ReportIncident { .. }
        | Action::UpdateIncident { .. }
        | Action::CloseIncident { .. } => Area::Incident,
        Action::DeclareEmergency { .. }
        | Action::EndEmergency { .. }
        | Action::ReviewEmergency { .. }
        | Action::JustifyAccess { .. } => Area::Emergency,
        Action::OpenDispute { .. }
        | Action::AnswerDispute { .. }
        | Action::EscalateDispute { .. }
        | Action::DecideDispute { .. } => Area::Dispute,
        Action::OpenDraw { .. }
        | Action::CommitDraw { .. }
        | Action::RevealDraw { .. }
        | Action::ReportReview { .. }
        | Action::OpenFinding { .. }
        | Action::AnswerFinding { .. }
        | Action::CloseFinding { .. } => Area::Oversight,
        Action::FormTaskForce { .. }
        | Action::InviteToTaskForce { .. }
        | Action::ExcludeFromTaskForce { .. }
        | Action::JoinTaskForce { .. }
        | Action::LeaveTaskForce { .. }
        | Action::EndTaskForce { .. } => Area::TaskForce,
        Action::ReportAssessment { .. } | Action::FollowUpAssessment { .. } => Area::Assessment,
        Action::RegisterKey { .. }
        | Action::RevokeKey { .. }
        | Action::PublishDataset { .. }
        | Action::IssueGrant { .. }
        | Action::RevokeGrant { .. }
        | Action::RecordAccess { .. }
        | Action::RecordDenial { .. }
        | Action::EmbedLate { .. }
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
        | Action::AcknowledgeAccess { .. } => Area::Elsewhere,
    }
}

/// One of these actions in one sentence.
pub(super) fn sentence(action: &Action) -> String {
    match area(action) {
        Area::Supervision => supervision::sentence(action),
        Area::Binding => binding::sentence(action),
        Area::Check => checks::sentence(action),
        Area::Incident => incidents::sentence(action),
        Area::Emergency => emergency::sentence(action),
        Area::Dispute => disputes::sentence(action),
        Area::Oversight => oversight::sentence(action),
        Area::TaskForce => task_forces::sentence(action),
        Area::Assessment => assessments::sentence(action),
        Area::Elsewhere => action.kind().to_owned(),
    }
}

/// What one of these actions has changed.
pub(super) fn done(action: &Action, committed: &Committed) -> String {
    match area(action) {
        Area::Supervision => supervision::done(action),
        Area::Binding => binding::done(action, committed),
        Area::Check => checks::done(action, committed),
        Area::Incident => incidents::done(action, committed),
        Area::Emergency => emergency::done(action, committed),
        Area::Dispute => disputes::done(action, committed),
        Area::Oversight => oversight::done(action, committed),
        Area::TaskForce => task_forces::done(action, committed),
        Area::Assessment => assessments::done(action, committed),
        Area::Elsewhere => action.kind().to_owned(),
    }
}

/// The terms of one of these actions, with times in `zone`.
pub(super) fn rows(action: &Action, zone: &TimeZone) -> Rows {
    match area(action) {
        Area::Supervision => supervision::rows(action, zone),
        Area::Binding => binding::rows(action, zone),
        Area::Check => checks::rows(action, zone),
        Area::Incident => incidents::rows(action, zone),
        Area::Emergency => emergency::rows(action, zone),
        Area::Dispute => disputes::rows(action),
        Area::Oversight => oversight::rows(action),
        Area::TaskForce => task_forces::rows(action, zone),
        Area::Assessment => assessments::rows(action, zone),
        Area::Elsewhere => vec![],
    }
}
