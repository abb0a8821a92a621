//! The duties that the undertakings in a grant make.
//! Holds: their days stand in the grant; a requester owes nothing before it has used the grant.
//! Source: docs/formats.md, "Duties".

use super::{Duty, DutyEnd, DutyObject, due};
use crate::binding::{Promise, Side, Undertaking};
use crate::grant::Grant;
use crate::ids::{GrantId, TimeMs};
use crate::rule_pack::Clock;
use crate::state::{self, StateRead};
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
            let (since, until) = (published.version_on, ends(state, grant));
            if published.version_at <= grant.issued_at || since >= until {
                return None;
            }
            let told = last.filter(|mark| mark.at > published.version_at);
            Some((since, told.map(|mark| DutyEnd::Done(mark.on)).or(ended)))
        }
        // Each incident makes one of its own: see `incidents`.
        Promise::NotifyIncidentDays(_) => None,
    }
}

/// When a grant ends, as things stand: with its dataset's withdrawal, or with the grant from which it
/// was derived, if not before.
pub(crate) fn ends(state: &impl StateRead, grant: &Grant) -> TimeMs {
    let dataset = state::dataset(state, &grant.terms.dataset);
    let ends = |grant: &Grant| grant.ends_with(dataset.as_ref());
    let parent = grant.parent.and_then(|parent| state::grant(state, parent));
    parent.map_or(ends(grant), |parent| ends(&parent).min(ends(grant)))
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
