//! What waits, by name: requests without a reply, grants without data, data that nobody fetches.
//! Holds: who has been kept waiting longest comes first, by the working days of whoever lets wait.

use comity_core::ids::{DatasetId, LogIndex, TimeMs};
use comity_core::request::Request;
use comity_core::text::AgencyId;
use serde::Serialize;

use super::measure::{Fate, Scene};

/// So many are named; how many there are, the funnel says.
const MOST_NAMED: usize = 20;

/// What is waited for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Awaited {
    /// The review of a request's form.
    Review,
    /// The reply to a request.
    Reply,
    /// The data under a grant.
    Delivery,
    /// That it is used.
    Use,
}

/// Something that waits.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(crate) struct Waiting {
    /// For what.
    pub(crate) awaited: Awaited,
    /// The request or grant.
    pub(crate) object: String,
    /// On whom.
    pub(crate) agency: AgencyId,
    /// Who asked.
    pub(crate) requester: AgencyId,
    /// Of what.
    pub(crate) dataset: DatasetId,
    /// Since when.
    pub(crate) since: TimeMs,
    /// For how many working days of whoever lets wait.
    pub(crate) working_days: u64,
    /// The object's entry, by which equals are told apart.
    #[serde(skip)]
    entry: LogIndex,
}

/// Whether a request waits for the review of its form.
pub(super) fn is_in_review(request: &Request) -> bool {
    request.reply.is_none() && request.reviewer.is_some() && request.reviewed.is_none()
}

/// What has waited the longest.
pub(super) fn longest(scene: &Scene<'_>) -> Vec<Waiting> {
    let mut found: Vec<Waiting> = requests(scene).chain(grants(scene)).collect();
    found.sort_by_key(|one| (std::cmp::Reverse(one.working_days), one.since, one.entry));
    found.truncate(MOST_NAMED);
    found
}

fn requests(scene: &Scene<'_>) -> impl Iterator<Item = Waiting> {
    let open = scene.requests().filter(|(_, request, _)| request.reply.is_none());
    open.map(|(id, request, _)| {
        let (awaited, agency, since) = match (&request.reviewer, &request.reviewed) {
            (Some(reviewer), None) => (Awaited::Review, reviewer, request.opened_on),
            (Some(_), Some(reviewed)) => (Awaited::Reply, &request.decided_by, reviewed.on),
            (None, _) => (Awaited::Reply, &request.decided_by, request.opened_on),
        };
        let asked = &request.terms.asked;
        Waiting {
            awaited,
            object: id.to_string(),
            agency: agency.clone(),
            requester: asked.requester.clone(),
            dataset: asked.dataset.clone(),
            since,
            working_days: scene.working_days(agency, since, scene.now()),
            entry: request.opened_at,
        }
    })
}

fn grants(scene: &Scene<'_>) -> impl Iterator<Item = Waiting> {
    scene.grants().filter_map(|(id, grant, _)| {
        let terms = &grant.terms;
        let ready = grant.delivered.as_ref().map(|mark| mark.on);
        let (awaited, agency, since) = match (scene.fate(grant), ready) {
            (Fate::Undelivered, _) => {
                let since = grant.issued_on.max(terms.not_before);
                (Awaited::Delivery, &terms.dataset.agency, since)
            }
            (Fate::Unused, Some(ready)) => (Awaited::Use, &terms.requester, ready),
            _ => return None,
        };
        Some(Waiting {
            awaited,
            object: id.to_string(),
            agency: agency.clone(),
            requester: terms.requester.clone(),
            dataset: terms.dataset.clone(),
            since,
            working_days: scene.working_days(agency, since, scene.now()),
            entry: grant.issued_at,
        })
    })
}
