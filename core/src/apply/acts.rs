//! Which rules judge which act.
//! Holds: every action has its rules; the compiler sees to it in [`act`], which is one match for that reason.
//! May not enter: rules. Source: docs/formats.md, "Rules".

use super::{
    Position, accesses, assessments, checks, codes, datasets, disputes, emergencies, equivocations,
    governance, grants, incidents, keys, late, legs, onward, oversight, requests, supervision,
    task_forces, undertakings, urgent, versions,
};
use crate::check_request::HandoverEnd;
use crate::refusal::Refusal;
use crate::state::{Changes, StateRead};
use crate::statement::{Action, Statement};

/// What a statement changes at a position. Errors: the first rule of its act that refuses it.
pub(super) fn act(
    state: &impl StateRead,
    at: Position,
    statement: &Statement,
) -> Result<Changes, Refusal> {
    let (by, consortium) = (statement.signers.as_slice(), &statement.consortium);
    match &statement.action {
        Action::RegisterKey { key, role, algorithm, post, valid_until, possession: _ } => {
            let (role, algorithm, valid_until) = (*role, *algorithm, *valid_until);
            let new = keys::NewKey { key, role, algorithm, post, valid_until };
            keys::register(state, at, by, &new)
        }
        Action::RevokeKey { key, reason, suspect_since } => {
            keys::revoke(state, at, by, key, reason, *suspect_since)
        }
        Action::PublishDataset { dataset } => datasets::publish(state, at, by, dataset),
        Action::AmendDataset { dataset, version } => {
            datasets::amend(state, at, by, dataset, *version)
        }
        Action::WithdrawDataset { dataset, reason } => {
            datasets::withdraw(state, at, by, dataset, reason)
        }
        Action::SuspendDataset { dataset, reason } => {
            datasets::suspend(state, at, by, dataset, reason)
        }
        Action::ResumeDataset { dataset } => datasets::resume(state, at, by, dataset),
        Action::RefreshDataset { dataset } => datasets::refresh(state, at, by, dataset),
        Action::IssueGrant { terms } => grants::issue(state, at, by, terms),
        Action::RevokeGrant { grant, reason } => grants::revoke(state, at, by, *grant, reason),
        Action::SuspendGrant { grant, reason } => grants::suspend(state, at, by, *grant, reason),
        Action::ResumeGrant { grant } => grants::resume(state, at, by, *grant),
        Action::ReportDelivery { grant } => grants::deliver(state, at, by, *grant),
        Action::NarrowGrant { grant, terms, version } => {
            versions::narrow(state, at, by, *grant, terms, *version)
        }
        Action::ExtendGrant { grant, terms, version } => {
            versions::extend(state, at, by, *grant, terms, *version)
        }
        Action::IssueOnward { parent, terms } => onward::issue(state, at, by, *parent, terms),
        Action::FulfilUndertaking { grant, number, note } => {
            undertakings::fulfil(state, at, by, *grant, *number, note)
        }
        Action::RecordAccess { attempt, number, answer } => {
            accesses::record(state, at, by, attempt, (*number, answer.as_ref()))
        }
        Action::RecordDenial { attempt, refusal, number } => {
            accesses::deny(state, at, by, attempt, (*number, refusal))
        }
        Action::AcknowledgeAccess { grant, accesses } => {
            legs::acknowledge(state, at, by, *grant, accesses)
        }
        Action::OpenRequest { terms } => requests::open(state, at, by, terms),
        Action::ApproveRequest { request, terms } => {
            requests::approve(state, at, by, *request, terms)
        }
        Action::RefuseRequest { request, legal_basis, reason } => {
            requests::refuse(state, at, by, *request, legal_basis, reason)
        }
        Action::WithdrawRequest { request, reason } => {
            requests::withdraw(state, at, by, *request, reason)
        }
        Action::UrgeRequest { request } => requests::urge(state, at, by, *request),
        Action::ReviewRequest { request, fault } => {
            requests::review(state, at, by, *request, fault)
        }
        Action::ExtendReply { request, days, reason } => {
            requests::extend(state, at, by, *request, *days, reason)
        }
        Action::OpenCheck { terms } => checks::open(state, at, by, terms),
        Action::OfferHandover { check, to, reason } => {
            checks::offer(state, at, by, *check, to, reason)
        }
        Action::AcceptHandover { check } => {
            checks::settle(state, by, *check, HandoverEnd::Accepted(at.mark()))
        }
        Action::DeclineHandover { check } => {
            checks::settle(state, by, *check, HandoverEnd::Declined(at.mark()))
        }
        Action::AnswerCheck { check, outcome } => checks::answer(state, at, by, *check, outcome),
        Action::ReportCorrection { check, note } => checks::correct(state, at, by, *check, note),
        Action::ReportIncident { terms } => incidents::report(state, at, by, terms),
        Action::UpdateIncident { incident, note } => {
            incidents::update(state, at, by, *incident, note)
        }
        Action::CloseIncident { incident, measures } => {
            incidents::close(state, at, by, *incident, measures)
        }
        Action::OpenDispute { about, grounds } => disputes::open(state, at, by, *about, grounds),
        Action::AnswerDispute { dispute, ruling } => {
            disputes::answer(state, at, by, *dispute, ruling)
        }
        Action::EscalateDispute { dispute, grounds } => {
            disputes::escalate(state, at, by, *dispute, grounds)
        }
        Action::DecideDispute { dispute, ruling } => {
            disputes::decide(state, at, by, *dispute, ruling)
        }
        Action::DeclareEmergency { terms } => emergencies::declare(state, at, by, terms),
        Action::EndEmergency { emergency, reason } => {
            emergencies::end(state, at, by, *emergency, reason)
        }
        Action::ReviewEmergency { emergency, verdict, text } => {
            emergencies::review(state, at, by, *emergency, (*verdict, text))
        }
        Action::JustifyAccess { emergency, accesses, basis, text } => {
            urgent::justify(state, at, by, *emergency, accesses, (basis, text))
        }
        Action::OpenDraw { scope, count } => {
            oversight::open_draw(state, at, by, consortium, (scope, *count))
        }
        Action::CommitDraw { draw, commitment } => {
            oversight::commit(state, at, by, *draw, *commitment)
        }
        Action::RevealDraw { draw, secret } => oversight::reveal(state, at, by, *draw, *secret),
        Action::ReportReview { draw, number, verdict } => {
            oversight::report(state, at, by, (*draw, *number), *verdict)
        }
        Action::OpenFinding { agency, about, text } => {
            oversight::open_finding(state, at, by, (agency, *about), text)
        }
        Action::AnswerFinding { finding, answer } => {
            oversight::answer(state, at, by, *finding, answer)
        }
        Action::CloseFinding { finding, outcome, text } => {
            oversight::close(state, at, by, *finding, (*outcome, text))
        }
        Action::FormTaskForce { terms } => task_forces::form(state, at, by, terms),
        Action::InviteToTaskForce { task_force, agency } => {
            task_forces::invite(state, at, by, *task_force, agency)
        }
        Action::ExcludeFromTaskForce { task_force, agency, reason } => {
            task_forces::exclude(state, at, by, *task_force, (agency, reason))
        }
        Action::JoinTaskForce { task_force } => task_forces::join(state, at, by, *task_force),
        Action::LeaveTaskForce { task_force, reason } => {
            task_forces::leave(state, at, by, *task_force, reason)
        }
        Action::EndTaskForce { task_force, reason } => {
            task_forces::end(state, at, by, *task_force, reason)
        }
        Action::ReportAssessment { terms } => assessments::report(state, at, by, terms),
        Action::FollowUpAssessment { assessment, text } => {
            assessments::follow_up(state, at, by, *assessment, text)
        }
        Action::OpenProposal { measure } => governance::open(state, at, by, measure),
        Action::CastBallot { proposal, choice } => {
            governance::cast(state, at, by, *proposal, *choice)
        }
        Action::RecordEquivocation { equivocation } => {
            equivocations::record(state, at, by, equivocation)
        }
        Action::PublishCalendar { calendar } => {
            supervision::publish_calendar(state, at, by, calendar)
        }
        Action::PublishRules { pack } => supervision::publish_rules(state, at, by, pack),
        Action::PublishCodes { list, codes } => codes::publish(state, at, by, *list, codes),
        Action::WithdrawCode { list, code, reason: _ } => {
            codes::withdraw(state, at, by, *list, code)
        }
        Action::EmbedLate { record, missing, against } => {
            late::embed(state, at, by, record, missing, against.as_ref())
        }
    }
}
