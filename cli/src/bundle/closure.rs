//! What belongs to a case: from its entries to the objects that they need, from the objects to
//! the entries that made them.
//! Holds: exporter and verifier go by the same tables, which are those of docs/formats.md, "What a
//! bundle holds". May not enter: fetching, proofs.

mod answering;
mod dataset;
mod forces;
mod granted;
mod overseeing;

use comity_core::basis::Basis;
use comity_core::codes::CodeList;
use comity_core::dataset::PublishedDataset;
use comity_core::dispute::DisputeAbout;
use comity_core::grant::{Grant, GrantTerms, GrantVersion};
use comity_core::ids::{GrantId, LogIndex, ProposalId, RequestId};
use comity_core::request::{Outcome, Request};
use comity_core::state::StateKey;
use comity_core::statement::{Action, Statement};
use comity_core::text::AgencyId;

use super::objects::Held;

/// What an object says of one of its positions.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Place {
    /// It was made there.
    Made,
    /// This version of it was.
    Version,
    /// It was interrupted there.
    Suspended,
    /// It went on there.
    Resumed,
    /// It was taken out of the catalogue there.
    Withdrawn,
    /// It was published again there.
    Again,
    /// It was ended there.
    Ended,
    /// A reply was urged there.
    Urged,
    /// It was answered there.
    Answered,
    /// A ballot on it was cast there, or it passed.
    Ballot,
    /// The form of it was reviewed there.
    Reviewed,
    /// The reply to it was put off there.
    Extended,
    /// Its data was first ready there.
    Delivered,
    /// Its data was made new there.
    Updated,
    /// It was first used there.
    Used,
    /// What was undertaken in it was fulfilled there.
    Fulfilled,
    /// Another agency was asked to take it over there …
    Offered,
    /// … took it over …
    Accepted,
    /// … or did not.
    Declined,
    /// What it found was corrected there.
    Corrected,
    /// It was answered there, and a dispute set that aside.
    SetAside,
    /// It was taken one step further up there.
    Escalated,
    /// It was ruled on there.
    Ruled,
    /// Somebody committed to a secret in it there …
    Committed,
    /// … and revealed it.
    Revealed,
    /// It is about what was done there.
    About,
    /// A member left it there.
    Left,
}

/// The keys of the objects that are in every bundle.
pub(crate) fn always() -> Vec<Vec<u8>> {
    vec![StateKey::Params.to_bytes(), StateKey::ProtocolVersion.to_bytes()]
}

/// The keys of the objects that an entry needs.
pub(crate) fn of_entry(index: LogIndex, statement: &Statement) -> Vec<Vec<u8>> {
    let mut keys = Vec::new();
    let late = match &statement.action {
        Action::EmbedLate { record, .. } => Some(&record.gateway),
        _ => None,
    };
    for signer in statement.signers.iter().chain(late) {
        keys.push(StateKey::Key(&signer.key).to_bytes());
        keys.extend(of_agency(&signer.agency));
        keys.extend(forces::of_capacity(signer.capacity));
    }
    if let Some(signed) = statement.action.attempt() {
        let attempt = &signed.attempt;
        keys.push(StateKey::Key(&attempt.officer).to_bytes());
        keys.extend(of_agency(&attempt.requester));
        match attempt.grant {
            Basis::Grant(grant) => {
                keys.extend(of_grant(grant));
                let force = forces::of_capacity(attempt.capacity);
                let usage = StateKey::MemberUsage(grant, &attempt.requester).to_bytes();
                keys.extend(force.into_iter().flat_map(|force| [force, usage.clone()]));
            }
            Basis::Emergency(emergency) => {
                keys.push(answering::of_emergency(emergency));
                keys.push(StateKey::EmergencyUse(emergency, &attempt.requester).to_bytes());
                keys.push(StateKey::Dataset(&attempt.dataset).to_bytes());
            }
        }
    }
    keys.extend(of_action(index, &statement.action));
    keys
}

/// A grant that is passed on, and the one above it.
fn of_onward(grant: GrantId, parent: GrantId) -> impl Iterator<Item = Vec<u8>> {
    [grant, parent].into_iter().flat_map(of_grant)
}

/// The keys of the objects that an act itself needs; what an attempt in it needs comes beside.
fn of_action(index: LogIndex, action: &Action) -> Vec<Vec<u8>> {
    let mut keys = Vec::new();
    match action {
        Action::IssueGrant { .. } => keys.extend(of_grant(GrantId(index))),
        Action::IssueOnward { parent, .. } => keys.extend(of_onward(GrantId(index), *parent)),
        Action::ApproveRequest { request, .. } => keys.extend(of_approval(index, *request)),
        Action::RevokeGrant { grant, .. }
        | Action::SuspendGrant { grant, .. }
        | Action::ResumeGrant { grant }
        | Action::ReportDelivery { grant }
        | Action::NarrowGrant { grant, .. }
        | Action::ExtendGrant { grant, .. }
        | Action::FulfilUndertaking { grant, .. } => keys.extend(of_grant(*grant)),
        Action::OpenRequest { .. } => keys.push(StateKey::Request(RequestId(index)).to_bytes()),
        Action::RefuseRequest { request, .. }
        | Action::WithdrawRequest { request, .. }
        | Action::UrgeRequest { request }
        | Action::ReviewRequest { request, .. }
        | Action::ExtendReply { request, .. } => keys.push(StateKey::Request(*request).to_bytes()),
        Action::PublishDataset { .. }
        | Action::AmendDataset { .. }
        | Action::WithdrawDataset { .. }
        | Action::SuspendDataset { .. }
        | Action::ResumeDataset { .. }
        | Action::RefreshDataset { .. }
        | Action::RegisterKey { .. }
        | Action::RevokeKey { .. }
        | Action::OpenProposal { .. }
        | Action::CastBallot { .. }
        | Action::WithdrawCode { .. } => keys.extend(of_membership(index, action)),
        Action::RecordAccess { .. }
        | Action::AcknowledgeAccess { .. }
        | Action::DeclareEmergency { .. }
        | Action::EndEmergency { .. }
        | Action::ReviewEmergency { .. }
        | Action::JustifyAccess { .. }
        | Action::EmbedLate { .. }
        | Action::OpenCheck { .. }
        | Action::OfferHandover { .. }
        | Action::AcceptHandover { .. }
        | Action::DeclineHandover { .. }
        | Action::AnswerCheck { .. }
        | Action::ReportCorrection { .. }
        | Action::ReportIncident { .. }
        | Action::UpdateIncident { .. }
        | Action::CloseIncident { .. }
        | Action::OpenDispute { .. }
        | Action::AnswerDispute { .. }
        | Action::EscalateDispute { .. }
        | Action::DecideDispute { .. } => keys.extend(answering::needs(index, action)),
        Action::OpenDraw { .. }
        | Action::CommitDraw { .. }
        | Action::RevealDraw { .. }
        | Action::ReportReview { .. }
        | Action::OpenFinding { .. }
        | Action::AnswerFinding { .. }
        | Action::CloseFinding { .. }
        | Action::ReportAssessment { .. }
        | Action::FollowUpAssessment { .. } => keys.extend(overseeing::needs(index, action)),
        Action::FormTaskForce { .. }
        | Action::InviteToTaskForce { .. }
        | Action::ExcludeFromTaskForce { .. }
        | Action::JoinTaskForce { .. }
        | Action::LeaveTaskForce { .. }
        | Action::EndTaskForce { .. } => keys.extend(forces::needs(index, action)),
        Action::RecordDenial { .. }
        | Action::PublishCodes { .. }
        | Action::PublishCalendar { .. }
        | Action::PublishRules { .. }
        | Action::RecordEquivocation { .. } => {}
    }
    keys
}

/// The same, of acts on the catalogue and on the consortium itself.
fn of_membership(index: LogIndex, action: &Action) -> Option<Vec<u8>> {
    let key = match action {
        Action::PublishDataset { dataset } | Action::AmendDataset { dataset, .. } => {
            StateKey::Dataset(&dataset.id)
        }
        Action::WithdrawDataset { dataset, .. }
        | Action::SuspendDataset { dataset, .. }
        | Action::ResumeDataset { dataset }
        | Action::RefreshDataset { dataset } => StateKey::Dataset(dataset),
        Action::RegisterKey { key, .. } | Action::RevokeKey { key, .. } => StateKey::Key(key),
        Action::OpenProposal { .. } => StateKey::Proposal(ProposalId(index)),
        Action::CastBallot { proposal, .. } => StateKey::Proposal(*proposal),
        Action::WithdrawCode { list, code, .. } => StateKey::code(*list, code),
        _ => return None,
    };
    Some(key.to_bytes())
}

fn of_agency(agency: &AgencyId) -> [Vec<u8>; 2] {
    [StateKey::Agency(agency).to_bytes(), StateKey::Departure(agency).to_bytes()]
}

/// A request, and the grant that its approval issued there.
fn of_approval(index: LogIndex, request: RequestId) -> Vec<Vec<u8>> {
    let asked = StateKey::Request(request).to_bytes();
    of_grant(GrantId(index)).into_iter().chain([asked]).collect()
}

fn of_grant(grant: GrantId) -> [Vec<u8>; 2] {
    [StateKey::Grant(grant).to_bytes(), StateKey::Usage(grant).to_bytes()]
}

/// The keys of the objects that an object needs.
pub(crate) fn of_object(held: &Held) -> Vec<Vec<u8>> {
    match held {
        Held::Grant(id, Grant { terms, request, version, parent, .. }) => {
            let mut keys = vec![StateKey::Dataset(&terms.dataset).to_bytes()];
            keys.extend(request.map(|request| StateKey::Request(request).to_bytes()));
            keys.extend(codes_of(terms));
            keys.extend(of_agency(&terms.requester));
            keys.extend(parent.iter().flat_map(|parent| of_grant(*parent)));
            keys.extend((1..*version).map(|at| StateKey::GrantVersion(*id, at).to_bytes()));
            keys.extend(terms.task_force.map(forces::of));
            keys
        }
        Held::Request(_, request) => {
            let asked = &request.terms.asked;
            let mut keys = vec![StateKey::Dataset(&asked.dataset).to_bytes()];
            keys.extend(asked.task_force.map(forces::of));
            keys
        }
        Held::TaskForce(_, force) => forces::of_object(force),
        Held::Emergency(_, emergency) => {
            vec![StateKey::code(CodeList::Matters, &emergency.terms.matter).to_bytes()]
        }
        Held::EmergencyAccess((emergency, _), _) => vec![answering::of_emergency(*emergency)],
        Held::Dataset(id, published) => (1..published.version)
            .map(|version| StateKey::DatasetVersion(id, version).to_bytes())
            .collect(),
        Held::Check(_, check) => {
            let mut keys = vec![StateKey::Dataset(&check.terms.dataset).to_bytes()];
            match check.terms.grant {
                Some(Basis::Grant(grant)) => keys.extend(of_grant(grant)),
                Some(Basis::Emergency(emergency)) => keys.push(answering::of_emergency(emergency)),
                None => {}
            }
            keys
        }
        Held::Dispute(_, dispute) => match dispute.about {
            DisputeAbout::Request(id) => vec![StateKey::Request(id).to_bytes()],
            DisputeAbout::Delivery(id) => of_grant(id).into(),
            DisputeAbout::Check(id) => vec![StateKey::CheckRequest(id).to_bytes()],
        },
        Held::Incident(_, incident) => {
            let datasets = incident.terms.datasets.iter();
            let datasets = datasets.map(|dataset| StateKey::Dataset(dataset).to_bytes());
            let grants = incident.terms.grants.iter().flat_map(|grant| of_grant(*grant));
            datasets.chain(grants).collect()
        }
        Held::Draw(_, draw) => overseeing::of_drawn(draw),
        Held::Finding(_, finding) => overseeing::of_found(finding),
        Held::Assessment(_, assessment) => overseeing::of_assessed(assessment),
        Held::Usage(..)
        | Held::EmergencyUse
        | Held::MemberUsage(..)
        | Held::Version(_)
        | Held::GrantVersion(_)
        | Held::Key(..)
        | Held::Agency
        | Held::Departure(_)
        | Held::Proposal(..)
        | Held::Code(..)
        | Held::Params
        | Held::Rules
        | Held::Other => vec![],
    }
}

fn codes_of(terms: &GrantTerms) -> Vec<Vec<u8>> {
    let matters = terms.matters.iter().map(|code| StateKey::code(CodeList::Matters, code));
    let basis = StateKey::code(CodeList::DutyBases, &terms.duty_basis);
    matters.chain([basis]).map(|key| key.to_bytes()).collect()
}

/// The positions that an object names.
pub(crate) fn positions(held: &Held) -> Vec<(Place, LogIndex)> {
    let mut found = Vec::new();
    match held {
        Held::Grant(_, grant) => found.extend(granted::positions(grant)),
        Held::Request(
            _,
            Request { opened_at, urging, reply, reviewed, extension, earlier, .. },
        ) => {
            found.extend(reviewed.map(|mark| (Place::Reviewed, mark.at)));
            found.extend(extension.as_ref().map(|extension| (Place::Extended, extension.at)));
            found.push((Place::Made, *opened_at));
            found.extend(urging.last_at.map(|at| (Place::Urged, at)));
            found.extend(earlier.iter().map(|reply| (Place::SetAside, reply.at)));
            found.extend(reply.as_ref().map(|reply| (Place::Answered, reply.at)));
        }
        Held::Dataset(_, PublishedDataset { published_at, version_at, updated, .. }) => {
            found.extend([(Place::Made, *published_at), (Place::Version, *version_at)]);
            found.push((Place::Updated, updated.at));
        }
        Held::Version(version) => found.push((Place::Version, version.version_at)),
        Held::GrantVersion(version) => found.push((Place::Version, version.version_at)),
        Held::Key(_, key) => {
            found.extend(key.registered_at.map(|at| (Place::Made, at)));
            found.extend(key.revoked.as_ref().map(|end| (Place::Ended, end.at)));
        }
        Held::Departure(departure) => found.push((Place::Ended, departure.at)),
        Held::Proposal(_, proposal) => {
            found.push((Place::Made, proposal.opened_at));
            found.extend(proposal.ballots.values().map(|ballot| (Place::Ballot, ballot.at)));
            found.extend(proposal.passed_at.map(|at| (Place::Ballot, at)));
        }
        Held::Code(_, code) => {
            found.extend(code.published_at.map(|at| (Place::Made, at)));
            found.extend(code.withdrawn_at.map(|at| (Place::Ended, at)));
        }
        Held::Check(..)
        | Held::Incident(..)
        | Held::Dispute(..)
        | Held::Emergency(..)
        | Held::EmergencyAccess(..) => found.extend(answering::positions(held)),
        Held::Draw(_, draw) => found.extend(overseeing::drawn_at(draw)),
        Held::Finding(_, finding) => found.extend(overseeing::found_at(finding)),
        Held::TaskForce(_, force) => found.extend(forces::positions(force)),
        Held::Assessment(_, held) => found.extend(overseeing::assessed_at(held)),
        Held::Usage(..)
        | Held::EmergencyUse
        | Held::MemberUsage(..)
        | Held::Agency
        | Held::Params
        | Held::Rules
        | Held::Other => {}
    }
    if let Held::Dataset(_, published) = held {
        let (suspended, withdrawn) = (&published.suspensions, &published.withdrawals);
        found.extend(dataset::interruptions(suspended, (Place::Suspended, Place::Resumed)));
        found.extend(dataset::interruptions(withdrawn, (Place::Withdrawn, Place::Again)));
    }
    found
}

/// Whether an entry is the act that an object says of its position.
pub(crate) fn is_act(held: &Held, place: Place, index: LogIndex, action: &Action) -> bool {
    use Action as A;
    let is_vote = matches!(action, A::OpenProposal { .. } | A::CastBallot { .. });
    match (held, place, action) {
        (Held::Grant(..) | Held::GrantVersion(_), _, _) => is_of_grant(held, place, index, action),
        (Held::Request(id, _), Place::Reviewed, A::ReviewRequest { request, .. })
        | (Held::Request(id, _), Place::Extended, A::ExtendReply { request, .. }) => id == request,
        (Held::Request(_, request), Place::Made, A::OpenRequest { terms }) => {
            *terms == request.terms
        }
        (Held::Request(id, _), Place::Urged, A::UrgeRequest { request }) => id == request,
        (Held::Request(id, request), Place::Answered, _) => is_reply(*id, request, action),
        (Held::Request(id, _), Place::SetAside, A::RefuseRequest { request, .. }) => id == request,
        (
            Held::Check(..)
            | Held::Incident(..)
            | Held::Dispute(..)
            | Held::Emergency(..)
            | Held::EmergencyAccess(..),
            _,
            _,
        ) => answering::is_act(held, place, index, action),
        (Held::Draw(..) | Held::Finding(..) | Held::Assessment(..), _, _) => {
            overseeing::is_act(held, place, index, action)
        }
        (Held::TaskForce(id, force), _, _) => forces::is_act((*id, force), place, index, action),
        (Held::Dataset(id, _), _, _) => dataset::is_act(held, place, action, &id.to_string()),
        (Held::Version(version), Place::Version, A::PublishDataset { dataset })
        | (Held::Version(version), Place::Version, A::AmendDataset { dataset, .. }) => {
            version.dataset == *dataset
        }
        (Held::Key(own, _), Place::Made, A::RegisterKey { key, .. })
        | (Held::Key(own, _), Place::Ended, A::RevokeKey { key, .. }) => own == key,
        (Held::Key(..) | Held::Departure(_), _, _) => is_vote,
        (Held::Proposal(_, proposal), Place::Made, A::OpenProposal { measure }) => {
            proposal.measure == *measure
        }
        (Held::Proposal(id, _), Place::Ballot, A::OpenProposal { .. }) => id.0 == index,
        (Held::Proposal(id, _), Place::Ballot, A::CastBallot { proposal, .. }) => id == proposal,
        (Held::Code(own, code), Place::Made, A::PublishCodes { list, codes }) => {
            own == list && codes.iter().any(|one| one.code == code.code && one.title == code.title)
        }
        (Held::Code(own, known), Place::Ended, A::WithdrawCode { list, code, .. }) => {
            own == list && *code == known.code
        }
        _ => false,
    }
}

fn is_of_grant(held: &Held, place: Place, index: LogIndex, action: &Action) -> bool {
    use Action as A;
    match (held, place, action) {
        (Held::Grant(_, grant), Place::Made, A::IssueGrant { .. }) => {
            grant.request.is_none() && grant.parent.is_none()
        }
        (Held::Grant(_, grant), Place::Made, A::ApproveRequest { request, .. }) => {
            grant.request == Some(*request)
        }
        (Held::Grant(_, grant), Place::Made, A::IssueOnward { parent, .. }) => {
            grant.parent == Some(*parent)
        }
        (Held::Grant(id, Grant { terms: own, .. }), Place::Version, _) => {
            terms_made(index, action) == Some((*id, own))
        }
        (Held::GrantVersion(GrantVersion { terms: own, .. }), Place::Version, _) => {
            terms_made(index, action).is_some_and(|(_, terms)| terms == own)
        }
        (Held::Grant(id, _), Place::Used, A::RecordAccess { attempt, .. }) => {
            attempt.attempt.grant == (*id).into()
        }
        (Held::Grant(id, of), Place::Fulfilled, A::FulfilUndertaking { grant, number, .. }) => {
            let done = of.fulfilment(*number).filter(|_| id == grant);
            done.is_some_and(|done| {
                [Some(done.last), done.before].iter().flatten().any(|mark| mark.at == index)
            })
        }
        // Granted by rule with the request itself; of its terms, that which made their version speaks.
        (Held::Grant(id, grant), Place::Made, A::OpenRequest { .. }) => {
            grant.request == Some(RequestId(id.0))
        }
        (Held::Grant(id, _), Place::Suspended, A::SuspendGrant { grant, .. })
        | (Held::Grant(id, _), Place::Resumed, A::ResumeGrant { grant })
        | (Held::Grant(id, _), Place::Ended, A::RevokeGrant { grant, .. }) => id == grant,
        (Held::Grant(id, _), Place::Delivered, A::ReportDelivery { grant }) => id == grant,
        (Held::Grant(id, _), Place::Delivered, A::RecordAccess { attempt, .. }) => {
            attempt.attempt.grant == (*id).into()
        }
        _ => false,
    }
}

/// The grant whose terms an entry made, and the terms.
fn terms_made(index: LogIndex, action: &Action) -> Option<(GrantId, &GrantTerms)> {
    match action {
        Action::IssueGrant { terms }
        | Action::ApproveRequest { terms, .. }
        | Action::IssueOnward { terms, .. } => Some((GrantId(index), terms)),
        // Where it was granted by rule.
        Action::OpenRequest { terms } => Some((GrantId(index), &terms.asked)),
        Action::NarrowGrant { grant, terms, .. } | Action::ExtendGrant { grant, terms, .. } => {
            Some((*grant, terms))
        }
        _ => None,
    }
}

fn is_reply(id: RequestId, request: &Request, action: &Action) -> bool {
    let outcome = request.reply.as_ref().map(|reply| &reply.outcome);
    let named = match (action, outcome) {
        (Action::OpenRequest { terms }, Some(Outcome::Approved { by_rule: true, grant })) => {
            return grant.0 == id.0 && *terms == request.terms;
        }
        (
            Action::ApproveRequest { request, .. },
            Some(Outcome::Approved { by_rule: false, .. }),
        )
        | (Action::RefuseRequest { request, .. }, Some(Outcome::Refused { .. }))
        | (Action::WithdrawRequest { request, .. }, Some(Outcome::Withdrawn { .. }))
        | (Action::ReviewRequest { request, .. }, Some(Outcome::Returned { .. })) => request,
        _ => return false,
    };
    *named == id
}
