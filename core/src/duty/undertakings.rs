//! The duties that the undertakings in a grant make.
//! Holds: their days stand in the grant; a requester owes nothing before it has used the grant.
//! Source: docs/formats.md, "Duties".

use super::{Duty, DutyEnd, DutyObject, Mark, due};
use crate::binding::{Promise, Side, Undertaking};
use crate::dataset::{DatasetVersion, PublishedDataset};
use crate::grant::Grant;
use crate::ids::{GrantId, LogIndex, TimeMs};
use crate::rule_pack::Clock;
use crate::state::{self, StateKey, StateRead};
use crate::text::AgencyId;

/// The duties of all undertakings of a grant that run or ran, in their order.
pub(super) fn of(state: &impl StateRead, grant: &Grant) -> Vec<Duty> {
    let numbered = (1..).zip(&grant.terms.undertakings);
    numbered.filter_map(|(number, one)| of_one(state, grant, number, one)).collect()
}

fn of_one(
    state: &impl StateRead,
    grant: &Grant,
    number: u8,
    undertaking: &Undertaking,
) -> Option<Duty> {
    let id = GrantId(grant.issued_at);
    let (began, end) = span(state, grant, number, undertaking.what)?;
    let (owed_by, owed_to) = sides(state, grant, undertaking.by);
    let due = due(state, &owed_by, began, undertaking.what.days());
    // What is no longer owed at the end of the grant was owed until then.
    let end = end.filter(|end| match end {
        DutyEnd::Done(_) => true,
        DutyEnd::Released(released) => *released < due,
    });
    Some(Duty {
        clock: Clock::Undertaking,
        object: DutyObject::Undertaking { grant: id, number },
        owed_by,
        owed_to: Some(owed_to),
        began,
        due,
        end,
    })
}

/// When the duty that now runs began, and how it ended or would.
fn span(
    state: &impl StateRead,
    grant: &Grant,
    number: u8,
    what: Promise,
) -> Option<(TimeMs, Option<DutyEnd>)> {
    let last = grant.fulfilment(number).map(|fulfilment| fulfilment.last);
    let ended = Some(DutyEnd::Released(ends(state, grant)));
    match what {
        Promise::DeleteAfterDays(_) => {
            grant.first_use?;
            Some((ends(state, grant), last.map(|mark| DutyEnd::Done(mark.on))))
        }
        Promise::ReportUseEveryDays(_) => {
            let since = last.or(grant.first_use)?;
            Some((since.on, ended))
        }
        Promise::NotifyChangeDays(_) => {
            let published = state::dataset(state, &grant.terms.dataset)?;
            let told = last.filter(|mark| mark.at > published.version_at);
            let before = match told {
                Some(_) => grant.fulfilment(number).and_then(|fulfilment| fulfilment.before),
                None => last,
            };
            // The first change that was not told runs on, whatever was changed after it.
            let after = before.map_or(grant.issued_at, |mark| mark.at.max(grant.issued_at));
            let changed = first_version_after(state, &published, after)?;
            if changed.on >= ends(state, grant) {
                return None;
            }
            Some((changed.on, told.map(|mark| DutyEnd::Done(mark.on)).or(ended)))
        }
        // Each incident makes one of its own: see `incidents`.
        Promise::NotifyIncidentDays(_) => None,
    }
}

/// The first version of a dataset that was made after a position. Reads as many versions as their
/// number has binary digits.
fn first_version_after(
    state: &impl StateRead,
    published: &PublishedDataset,
    after: LogIndex,
) -> Option<Mark> {
    let made = |version| {
        if version == published.version {
            return Mark { at: published.version_at, on: published.version_on };
        }
        match state::read(state, &StateKey::DatasetVersion(&published.dataset.id, version)) {
            Some(DatasetVersion { version_at: at, version_on: on, .. }) => Mark { at, on },
            None => unreachable!("every version that was replaced is kept"),
        }
    };
    let (mut first, mut beyond) = (1, published.version + 1);
    while first < beyond {
        let middle = first + (beyond - first) / 2;
        if made(middle).at > after {
            beyond = middle;
        } else {
            first = middle + 1;
        }
    }
    (first <= published.version).then(|| made(first))
}

/// When a grant ends, as things stand: with its dataset's withdrawal, with the grant from which it was
/// derived, or with the task force that holds it, if not before.
pub fn ends(state: &impl StateRead, grant: &Grant) -> TimeMs {
    let dataset = state::dataset(state, &grant.terms.dataset);
    let ends = |grant: &Grant| grant.ends_with(dataset.as_ref());
    let parent = grant.parent.and_then(|parent| state::grant(state, parent));
    let own = parent.map_or(ends(grant), |parent| ends(&parent).min(ends(grant)));
    let force = state::task_force_of(state, &grant.terms);
    force.map_or(own, |force| force.ends().min(own))
}

/// Who owes what a side of a grant undertook, and to whom. Who granted a derived grant is the
/// requester of the one from which it was derived.
pub(crate) fn sides(state: &impl StateRead, grant: &Grant, side: Side) -> (AgencyId, AgencyId) {
    let provider = state::grantor(state, grant);
    let requester = grant.terms.requester.clone();
    match side {
        Side::Provider => (provider, requester),
        Side::Requester => (requester, provider),
    }
}
