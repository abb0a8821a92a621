//! What belongs to a case: from its entries to the objects that they need, from the objects to
//! the entries that made them.
//! Holds: exporter and verifier go by the same tables, which are those of docs/formats.md, "What a
//! bundle holds". May not enter: fetching, proofs.

use comity_core::codes::CodeList;
use comity_core::dataset::PublishedDataset;
use comity_core::grant::{Grant, GrantTerms};
use comity_core::ids::{GrantId, LogIndex, ProposalId, RequestId};
use comity_core::interruption::Interruptions;
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
}

/// The keys of the objects that are in every bundle.
pub(crate) fn always() -> Vec<Vec<u8>> {
    vec![StateKey::Params.to_bytes(), StateKey::ProtocolVersion.to_bytes()]
}

/// The keys of the objects that an entry needs.
pub(crate) fn of_entry(index: LogIndex, statement: &Statement) -> Vec<Vec<u8>> {
    let mut keys = Vec::new();
    for signer in &statement.signers {
        keys.push(StateKey::Key(&signer.key).to_bytes());
        keys.extend(of_agency(&signer.agency));
    }
    if let Some(signed) = statement.action.attempt() {
        let attempt = &signed.attempt;
        keys.push(StateKey::Key(&attempt.officer).to_bytes());
        keys.extend(of_agency(&attempt.requester));
        keys.extend(of_grant(attempt.grant));
    }
    match &statement.action {
        Action::IssueGrant { .. } => keys.extend(of_grant(GrantId(index))),
        Action::ApproveRequest { request, .. } => {
            keys.extend(of_grant(GrantId(index)));
            keys.push(StateKey::Request(*request).to_bytes());
        }
        Action::RevokeGrant { grant, .. }
        | Action::SuspendGrant { grant, .. }
        | Action::ResumeGrant { grant } => keys.extend(of_grant(*grant)),
        Action::OpenRequest { .. } => keys.push(StateKey::Request(RequestId(index)).to_bytes()),
        Action::RefuseRequest { request, .. }
        | Action::WithdrawRequest { request, .. }
        | Action::UrgeRequest { request } => keys.push(StateKey::Request(*request).to_bytes()),
        Action::PublishDataset { dataset } | Action::AmendDataset { dataset, .. } => {
            keys.push(StateKey::Dataset(&dataset.id).to_bytes());
        }
        Action::WithdrawDataset { dataset, .. }
        | Action::SuspendDataset { dataset, .. }
        | Action::ResumeDataset { dataset } => keys.push(StateKey::Dataset(dataset).to_bytes()),
        Action::RegisterKey { key, .. } | Action::RevokeKey { key, .. } => {
            keys.push(StateKey::Key(key).to_bytes());
        }
        Action::OpenProposal { .. } => keys.push(StateKey::Proposal(ProposalId(index)).to_bytes()),
        Action::CastBallot { proposal, .. } => keys.push(StateKey::Proposal(*proposal).to_bytes()),
        Action::WithdrawCode { list, code, .. } => {
            keys.push(StateKey::code(*list, code).to_bytes());
        }
        Action::PublishCodes { .. }
        | Action::RecordAccess { .. }
        | Action::RecordDenial { .. }
        | Action::RecordEquivocation { .. } => {}
    }
    keys
}

fn of_agency(agency: &AgencyId) -> [Vec<u8>; 2] {
    [StateKey::Agency(agency).to_bytes(), StateKey::Departure(agency).to_bytes()]
}

fn of_grant(grant: GrantId) -> [Vec<u8>; 2] {
    [StateKey::Grant(grant).to_bytes(), StateKey::Usage(grant).to_bytes()]
}

/// The keys of the objects that an object needs.
pub(crate) fn of_object(held: &Held) -> Vec<Vec<u8>> {
    match held {
        Held::Grant(_, Grant { terms, request, .. }) => {
            let mut keys = vec![StateKey::Dataset(&terms.dataset).to_bytes()];
            keys.extend(request.map(|request| StateKey::Request(request).to_bytes()));
            keys.extend(codes_of(terms));
            keys.extend(of_agency(&terms.requester));
            keys
        }
        Held::Request(_, request) => {
            vec![StateKey::Dataset(&request.terms.asked.dataset).to_bytes()]
        }
        Held::Dataset(id, published) => (1..published.version)
            .map(|version| StateKey::DatasetVersion(id, version).to_bytes())
            .collect(),
        _ => vec![],
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
        Held::Grant(_, grant) => {
            found.push((Place::Made, grant.issued_at));
            found.extend(interruptions(&grant.suspensions, (Place::Suspended, Place::Resumed)));
            found.extend(grant.revoked.as_ref().map(|end| (Place::Ended, end.at)));
        }
        Held::Request(_, Request { opened_at, urging, reply, .. }) => {
            found.push((Place::Made, *opened_at));
            found.extend(urging.last_at.map(|at| (Place::Urged, at)));
            found.extend(reply.as_ref().map(|reply| (Place::Answered, reply.at)));
        }
        Held::Dataset(_, PublishedDataset { published_at, version_at, .. }) => {
            found.extend([(Place::Made, *published_at), (Place::Version, *version_at)]);
        }
        Held::Version(version) => found.push((Place::Version, version.version_at)),
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
        Held::Usage(..) | Held::Agency | Held::Params | Held::Rules | Held::Other => {}
    }
    if let Held::Dataset(_, published) = held {
        let (suspended, withdrawn) = (&published.suspensions, &published.withdrawals);
        found.extend(interruptions(suspended, (Place::Suspended, Place::Resumed)));
        found.extend(interruptions(withdrawn, (Place::Withdrawn, Place::Again)));
    }
    found
}

fn interruptions(
    all: &Interruptions,
    (begin, end): (Place, Place),
) -> impl Iterator<Item = (Place, LogIndex)> {
    let places = move |at: LogIndex, ended_at: Option<LogIndex>| {
        [Some((begin, at)), ended_at.map(|at| (end, at))]
    };
    all.all().iter().flat_map(move |one| places(one.at, one.ended_at)).flatten()
}

/// Whether an entry is the act that an object says of its position.
pub(crate) fn is_act(held: &Held, place: Place, index: LogIndex, action: &Action) -> bool {
    use Action as A;
    let is_vote = matches!(action, A::OpenProposal { .. } | A::CastBallot { .. });
    match (held, place, action) {
        (Held::Grant(_, grant), Place::Made, A::IssueGrant { terms }) => {
            grant.request.is_none() && *terms == grant.terms
        }
        (Held::Grant(_, grant), Place::Made, A::ApproveRequest { request, terms }) => {
            grant.request == Some(*request) && *terms == grant.terms
        }
        (Held::Grant(id, _), Place::Suspended, A::SuspendGrant { grant, .. })
        | (Held::Grant(id, _), Place::Resumed, A::ResumeGrant { grant })
        | (Held::Grant(id, _), Place::Ended, A::RevokeGrant { grant, .. }) => id == grant,
        (Held::Request(_, request), Place::Made, A::OpenRequest { terms }) => {
            *terms == request.terms
        }
        (Held::Request(id, _), Place::Urged, A::UrgeRequest { request }) => id == request,
        (Held::Request(id, request), Place::Answered, _) => is_reply(*id, request, action),
        (Held::Dataset(id, _), _, _) => is_of_dataset(held, place, action, &id.to_string()),
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

fn is_reply(id: RequestId, request: &Request, action: &Action) -> bool {
    let outcome = request.reply.as_ref().map(|reply| &reply.outcome);
    let named = match (action, outcome) {
        (Action::ApproveRequest { request, .. }, Some(Outcome::Approved { .. }))
        | (Action::RefuseRequest { request, .. }, Some(Outcome::Refused { .. }))
        | (Action::WithdrawRequest { request, .. }, Some(Outcome::Withdrawn { .. })) => request,
        _ => return false,
    };
    *named == id
}

fn is_of_dataset(held: &Held, place: Place, action: &Action, id: &str) -> bool {
    let Held::Dataset(_, published) = held else { return false };
    match (place, action) {
        (Place::Made | Place::Again, Action::PublishDataset { dataset }) => {
            dataset.id == published.dataset.id
        }
        (Place::Version, Action::PublishDataset { dataset })
        | (Place::Version, Action::AmendDataset { dataset, .. }) => *dataset == published.dataset,
        (Place::Suspended, Action::SuspendDataset { dataset, .. })
        | (Place::Resumed, Action::ResumeDataset { dataset })
        | (Place::Withdrawn, Action::WithdrawDataset { dataset, .. }) => dataset.to_string() == id,
        _ => false,
    }
}
