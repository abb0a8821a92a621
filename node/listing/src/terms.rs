//! By what each entry is found: agencies, objects, keys, matters.
//! Holds: whoever is concerned by an entry finds it.
//! May not enter: how entries are stored.

use std::collections::BTreeSet;
use std::rc::Rc;

use comity_core::basis::Basis;
use comity_core::codes::CodeList;
use comity_core::dispute::DisputeAbout;
use comity_core::emergency::EmergencyTerms;
use comity_core::grant::{Grant, GrantTerms};
use comity_core::ids::{
    AssessmentId, CheckId, DisputeId, DrawId, EmergencyId, FindingId, GrantId, IncidentId,
    LogIndex, RequestId, TaskForceId,
};
use comity_core::keys::PublicKey;
use comity_core::ledger::TreeState;
use comity_core::state::{self, StateKey};
use comity_core::state_tree::StateTree;
use comity_core::statement::{Action, Statement, StatementSigner};
use comity_core::text::AgencyId;

use crate::entries::Term;

/// By what the entry of a statement is found. `state` is the state after its block.
pub fn terms(statement: &Statement, index: LogIndex, state: &StateTree) -> Vec<Term> {
    let mut terms = vec![Term::Kind(statement.action.kind().to_owned())];
    for signer in &statement.signers {
        terms.extend([Term::Agency(signer.agency.clone()), Term::Key(signer.key)]);
    }
    terms.extend(about(&statement.action, index, state));
    terms
}

/// By what an act is found, whoever signs it.
fn about(action: &Action, index: LogIndex, state: &StateTree) -> Vec<Term> {
    match action {
        Action::RegisterKey { key, .. } | Action::RevokeKey { key, .. } => vec![Term::Key(*key)],
        Action::PublishDataset { dataset } | Action::AmendDataset { dataset, .. } => {
            vec![Term::Dataset(dataset.id.to_string())]
        }
        Action::WithdrawDataset { dataset, .. }
        | Action::SuspendDataset { dataset, .. }
        | Action::ResumeDataset { dataset }
        | Action::RefreshDataset { dataset } => vec![Term::Dataset(dataset.to_string())],
        Action::IssueGrant { .. } => grant_terms(GrantId(index), state),
        Action::IssueOnward { parent, .. } => onward_terms(index, *parent, state),
        Action::RevokeGrant { grant, .. }
        | Action::SuspendGrant { grant, .. }
        | Action::ResumeGrant { grant }
        | Action::ReportDelivery { grant }
        | Action::NarrowGrant { grant, .. }
        | Action::ExtendGrant { grant, .. }
        | Action::FulfilUndertaking { grant, .. } => grant_terms(*grant, state),
        Action::OpenRequest { .. } => opened_terms(index, state),
        Action::ApproveRequest { request, .. } => {
            [request_terms(*request, state), grant_terms(GrantId(index), state)].concat()
        }
        Action::RefuseRequest { request, .. }
        | Action::WithdrawRequest { request, .. }
        | Action::UrgeRequest { request }
        | Action::ReviewRequest { request, .. }
        | Action::ExtendReply { request, .. } => request_terms(*request, state),
        Action::OpenCheck { .. } => check_terms(CheckId(index), state),
        Action::OfferHandover { check, .. }
        | Action::AcceptHandover { check }
        | Action::DeclineHandover { check }
        | Action::AnswerCheck { check, .. }
        | Action::ReportCorrection { check, .. } => check_terms(*check, state),
        Action::ReportIncident { .. } => incident_terms(IncidentId(index), state),
        Action::UpdateIncident { incident, .. } | Action::CloseIncident { incident, .. } => {
            incident_terms(*incident, state)
        }
        Action::OpenDispute { .. } => dispute_terms(DisputeId(index), state),
        Action::AnswerDispute { dispute, .. }
        | Action::EscalateDispute { dispute, .. }
        | Action::DecideDispute { dispute, .. } => dispute_terms(*dispute, state),
        Action::OpenDraw { .. } => draw_terms(DrawId(index), state),
        Action::CommitDraw { draw, .. }
        | Action::RevealDraw { draw, .. }
        | Action::ReportReview { draw, .. } => draw_terms(*draw, state),
        Action::OpenFinding { .. } => finding_terms(FindingId(index), state),
        Action::AnswerFinding { finding, .. } | Action::CloseFinding { finding, .. } => {
            finding_terms(*finding, state)
        }
        Action::ReportAssessment { .. } => assessment_terms(AssessmentId(index), state),
        Action::FollowUpAssessment { assessment, .. } => assessment_terms(*assessment, state),
        Action::DeclareEmergency { .. }
        | Action::EndEmergency { .. }
        | Action::ReviewEmergency { .. }
        | Action::JustifyAccess { .. }
        | Action::PublishCodes { .. }
        | Action::WithdrawCode { .. }
        | Action::PublishCalendar { .. }
        | Action::PublishRules { .. }
        | Action::CastBallot { .. }
        | Action::OpenProposal { .. }
        | Action::RecordEquivocation { .. } => governance_terms(action, index, state),
        Action::FormTaskForce { .. } => task_force_terms(TaskForceId(index), state),
        Action::InviteToTaskForce { task_force, .. }
        | Action::ExcludeFromTaskForce { task_force, .. }
        | Action::JoinTaskForce { task_force }
        | Action::LeaveTaskForce { task_force, .. }
        | Action::EndTaskForce { task_force, .. } => task_force_terms(*task_force, state),
        Action::AcknowledgeAccess { .. }
        | Action::RecordAccess { .. }
        | Action::RecordDenial { .. }
        | Action::EmbedLate { .. } => exchange_terms(action, state),
    }
}

/// By what an act about the consortium itself, or about what holds for all, is found.
fn governance_terms(action: &Action, index: LogIndex, state: &StateTree) -> Vec<Term> {
    let mut terms = Vec::new();
    match action {
        Action::PublishCodes { list: CodeList::Matters, codes } => {
            terms.extend(codes.iter().map(|entry| Term::Matter(entry.code.clone())));
        }
        Action::WithdrawCode { list: CodeList::Matters, code, .. } => {
            terms.push(Term::Matter(code.clone()));
        }
        Action::DeclareEmergency { .. } => terms.extend(emergency_terms(EmergencyId(index), state)),
        Action::EndEmergency { emergency, .. }
        | Action::ReviewEmergency { emergency, .. }
        | Action::JustifyAccess { emergency, .. } => {
            terms.extend(emergency_terms(*emergency, state));
        }
        Action::CastBallot { proposal, .. } => {
            terms.push(Term::Proposal(proposal.0));
            let proposal = state::proposal(&TreeState(state), *proposal);
            terms.extend(
                proposal.iter().filter_map(|p| p.measure.agency().cloned()).map(Term::Agency),
            );
        }
        Action::OpenProposal { measure } => {
            terms.push(Term::Proposal(index));
            terms.extend(measure.agency().cloned().map(Term::Agency));
            terms.extend(measure.new_keys().into_iter().map(|(_, key)| Term::Key(key.key)));
        }
        Action::RecordEquivocation { equivocation } => {
            let Some(place) = equivocation.place() else { return terms };
            terms.push(Term::Key(place.validator));
            let key = state::key(&TreeState(state), &place.validator);
            terms.extend(key.map(|key| Term::Agency(key.agency)));
        }
        _ => {}
    }
    terms
}

/// By what a leg of an exchange is found.
fn exchange_terms(action: &Action, state: &StateTree) -> Vec<Term> {
    let mut terms = Vec::new();
    match action {
        Action::AcknowledgeAccess { grant, accesses } => {
            terms.extend(basis_terms(*grant, state));
            terms.extend(accesses.iter().map(|one| Term::Exchange(one.exchange)));
        }
        _ => {
            let Some(signed) = action.attempt() else { return terms };
            let attempt = &signed.attempt;
            terms.extend([
                Term::Agency(attempt.requester.clone()),
                Term::Dataset(attempt.dataset.to_string()),
                Term::Grant(attempt.grant.made_at()),
                Term::Key(attempt.officer),
                Term::Matter(attempt.matter.clone()),
                Term::Exchange(attempt.exchange),
            ]);
            // What is used under a derived grant is charged to the one above it.
            let grant = attempt.grant.grant().and_then(|id| granted(id, state));
            terms.extend(grant.as_ref().and_then(|grant| grant.parent).map(|id| Term::Grant(id.0)));
            // And what a member uses, its task force uses.
            terms
                .extend(grant.and_then(|grant| grant.terms.task_force).map(|id| Term::Grant(id.0)));
            // Whose record it was in its time.
            if let Action::EmbedLate { record, .. } = action {
                let StatementSigner { agency, key, .. } = &record.gateway;
                terms.extend([Term::Agency(agency.clone()), Term::Key(*key)]);
            }
        }
    }
    terms
}

fn basis_terms(basis: Basis, state: &StateTree) -> Vec<Term> {
    match basis {
        Basis::Grant(id) => grant_terms(id, state),
        Basis::Emergency(id) => emergency_terms(id, state),
    }
}

/// An emergency is found as a grant is: no entry makes both.
fn emergency_terms(id: EmergencyId, state: &StateTree) -> Vec<Term> {
    let mut found = vec![Term::Grant(id.0)];
    let emergency = state::emergency(&TreeState(state), id);
    found.extend(emergency.iter().flat_map(|emergency| opened(&emergency.terms)));
    found
}

fn granted(id: GrantId, state: &StateTree) -> Option<Rc<Grant>> {
    state::shared(&TreeState(state), &StateKey::Grant(id))
}

fn grant_terms(id: GrantId, state: &StateTree) -> Vec<Term> {
    let mut found = vec![Term::Grant(id.0)];
    let grant = granted(id, state);
    found.extend(grant.iter().flat_map(|grant| concerns(&grant.terms, state)));
    found
}

/// A draw concerns who takes part in it, and those whose records may be drawn.
fn draw_terms(id: DrawId, state: &StateTree) -> Vec<Term> {
    let Some(draw) = state::draw(&TreeState(state), id) else { return vec![] };
    let agencies: BTreeSet<AgencyId> = draw.pool.into_iter().chain(draw.providers).collect();
    let gateways: BTreeSet<PublicKey> = draw.scope.iter().map(|range| range.gateway).collect();
    let keys = gateways.into_iter().map(Term::Key);
    agencies.into_iter().map(Term::Agency).chain(keys).collect()
}

/// A grant that was passed on concerns whom it and the one above it concern.
fn onward_terms(index: LogIndex, parent: GrantId, state: &StateTree) -> Vec<Term> {
    [grant_terms(GrantId(index), state), grant_terms(parent, state)].concat()
}

/// A finding concerns who has to answer and who opened it.
fn finding_terms(id: FindingId, state: &StateTree) -> Vec<Term> {
    let Some(finding) = state::finding(&TreeState(state), id) else { return vec![] };
    [finding.agency, finding.opened_by].map(Term::Agency).into()
}

/// An assessment concerns who was assessed and who reported it.
fn assessment_terms(id: AssessmentId, state: &StateTree) -> Vec<Term> {
    let Some(assessment) = state::assessment(&TreeState(state), id) else { return vec![] };
    [assessment.terms.agency, assessment.reported_by].map(Term::Agency).into()
}

/// A check concerns its dataset, the grant that it names, and everyone who had, or has, a part in it.
fn check_terms(id: CheckId, state: &StateTree) -> Vec<Term> {
    let Some(check) = state::check_request(&TreeState(state), id) else { return vec![] };
    let mut found = vec![
        Term::Dataset(check.terms.dataset.to_string()),
        Term::Agency(check.terms.dataset.agency),
        Term::Agency(check.terms.asked),
        Term::Agency(check.opened_by),
    ];
    found.extend(check.terms.grant.map(|grant| Term::Grant(grant.made_at())));
    found.extend(check.handovers.into_iter().map(|handover| Term::Agency(handover.to)));
    found
}

/// A dispute concerns its matter with all whom that concerns, both sides, and who rules.
fn dispute_terms(id: DisputeId, state: &StateTree) -> Vec<Term> {
    let Some(dispute) = state::dispute(&TreeState(state), id) else { return vec![] };
    let mut found = match dispute.about {
        DisputeAbout::Request(request) => request_terms(request, state),
        DisputeAbout::Delivery(grant) => grant_terms(grant, state),
        DisputeAbout::Check(check) => check_terms(check, state),
    };
    found.extend([dispute.claimant, dispute.respondent].map(Term::Agency));
    found.extend(dispute.steps.into_iter().map(|step| Term::Agency(step.by)));
    found
}

/// An incident concerns all that its report names, with both sides of each grant.
fn incident_terms(id: IncidentId, state: &StateTree) -> Vec<Term> {
    let Some(incident) = state::incident(&TreeState(state), id) else { return vec![] };
    let mut found: Vec<Term> = vec![Term::Agency(incident.reported_by)];
    found.extend(incident.terms.datasets.iter().flat_map(|dataset| {
        [Term::Dataset(dataset.to_string()), Term::Agency(dataset.agency.clone())]
    }));
    found.extend(incident.terms.grants.iter().flat_map(|grant| grant_terms(*grant, state)));
    found
}

/// Whom and what an emergency concerns.
fn opened(declared: &EmergencyTerms) -> impl Iterator<Item = Term> {
    let agencies = declared.requesters.iter().chain(&declared.scope.agencies);
    let datasets = declared.scope.datasets.iter().map(|id| Term::Dataset(id.to_string()));
    let owners = declared.scope.datasets.iter().map(|id| id.agency.clone());
    let whom: BTreeSet<AgencyId> = agencies.cloned().chain(owners).collect();
    let matter = Term::Matter(declared.matter.clone());
    whom.into_iter().map(Term::Agency).chain(datasets).chain([matter])
}

/// A request that was opened, and its grant, where a rule granted it at once.
fn opened_terms(index: LogIndex, state: &StateTree) -> Vec<Term> {
    let mut terms = request_terms(RequestId(index), state);
    let granted = state::grant(&TreeState(state), GrantId(index)).is_some();
    terms.extend(granted.then_some(Term::Grant(index)));
    terms
}

fn request_terms(id: RequestId, state: &StateTree) -> Vec<Term> {
    let mut found = vec![Term::Request(id.0)];
    let request = state::request(&TreeState(state), id);
    found.extend(request.iter().flat_map(|request| concerns(&request.terms.asked, state)));
    found
}

/// A task force is found as a grant is: no entry makes both. It concerns all that are or were members,
/// and who is invited.
fn task_force_terms(id: TaskForceId, state: &StateTree) -> Vec<Term> {
    let mut found = vec![Term::Grant(id.0)];
    let Some(force) = state::task_force(&TreeState(state), id) else { return found };
    let agencies: BTreeSet<&AgencyId> =
        force.all_members().into_iter().chain(force.invited.keys()).collect();
    found.extend(agencies.into_iter().cloned().map(Term::Agency));
    found.push(Term::Matter(force.terms.matter.clone()));
    found
}

/// Whom and what the terms of a grant, issued or asked for, concern: also the task force for which
/// they are, and its members.
fn concerns(terms: &GrantTerms, state: &StateTree) -> impl Iterator<Item = Term> {
    let force = terms.task_force.map(|id| task_force_terms(id, state)).unwrap_or_default();
    let agencies = [&terms.requester, &terms.dataset.agency].map(|id| Term::Agency(id.clone()));
    let dataset = Term::Dataset(terms.dataset.to_string());
    let matters = terms.matters.iter().cloned().map(Term::Matter);
    agencies.into_iter().chain([dataset]).chain(matters).chain(force)
}
