//! What ended a grant: of all that did, what did so first.
//! Holds: whatever happens to a grant, or to those whom it binds, after its end changes nothing of how it ended.
//! May not enter: whether an access is let through (core decides, and names the first rule that refuses).

use comity_core::agency::Standing;
use comity_core::apply::Position;
use comity_core::grant::Grant;
use comity_core::ids::{LogIndex, TimeMs};
use comity_core::state::{self, StateRead};
use comity_core::text::AgencyId;

use crate::states::GrantStanding;

/// When something ended a grant, and how it then counts.
type End = ((TimeMs, LogIndex), GrantStanding);

/// What a clock ends, it ends before all entries of the blocks of that time.
const BY_CLOCK: LogIndex = LogIndex(0);

/// What ended a grant first, where it has ended by a position.
pub(crate) fn first(state: &impl StateRead, at: Position, grant: &Grant) -> Option<GrantStanding> {
    let mut ends = own(state, grant);
    let owner = &grant.terms.dataset.agency;
    let provider = (GrantStanding::ProviderLeft, GrantStanding::ProviderHostingOver);
    ends.extend(gone(state, owner, provider));
    let requester = (GrantStanding::RequesterLeft, GrantStanding::RequesterHostingOver);
    match state::task_force_of(state, &grant.terms) {
        None => ends.extend(gone(state, &grant.terms.requester, requester)),
        Some(force) => {
            let over = force.ended.as_ref().map_or(BY_CLOCK, |end| end.mark.at);
            ends.push(((force.ends(), over), GrantStanding::TaskForceEnded));
            let lead = (GrantStanding::LeadGone, GrantStanding::LeadGone);
            ends.extend(gone(state, &force.terms.lead, lead));
        }
    }
    if let Some(parent) = grant.parent.and_then(|id| state::grant(state, id)) {
        let above = own(state, &parent).into_iter();
        let above = above.chain(gone(state, &parent.terms.requester, requester));
        ends.extend(above.map(|(when, _)| (when, GrantStanding::ParentNotInForce)));
    }
    ends.retain(|((on, _), _)| *on <= at.time);
    // Of what happened at once, what befell the grant itself is named.
    ends.into_iter().min_by_key(|(when, _)| *when).map(|(_, standing)| standing)
}

/// What ends a grant or will, whoever has it.
fn own(state: &impl StateRead, grant: &Grant) -> Vec<End> {
    let revoked = grant.revoked.iter().map(|end| ((end.on, end.at), GrantStanding::Revoked));
    let dataset = state::dataset(state, &grant.terms.dataset);
    let withdrawal = dataset.as_ref().and_then(|found| found.withdrawn_since(grant.issued_at));
    let withdrawal = withdrawal.into_iter();
    let withdrawn = withdrawal.map(|end| ((end.on, end.at), GrantStanding::DatasetWithdrawn));
    let expired = ((grant.terms.not_after, BY_CLOCK), GrantStanding::Expired);
    revoked.chain(withdrawn).chain([expired]).collect()
}

/// When an agency acts no more: it left, or its hosting is over.
fn gone(
    state: &impl StateRead,
    agency: &AgencyId,
    (left, over): (GrantStanding, GrantStanding),
) -> impl Iterator<Item = End> {
    let departure = state::departure(state, agency).map(|end| ((end.on, end.at), left));
    let hosting = match state::agency(state, agency).map(|agency| agency.standing) {
        Some(Standing::Hosted { until, .. }) => Some(((until, BY_CLOCK), over)),
        _ => None,
    };
    departure.into_iter().chain(hosting)
}
