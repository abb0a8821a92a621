//! The duties that requests, grants and datasets make.
//! Holds: they follow from the object, the rules of its day, and the calendars.
//! Source: docs/formats.md, "Duties".

use super::{Duty, DutyEnd, DutyObject, clock_due, due, undertakings};
use crate::dataset::{PublishedDataset, Sharing, UpdatePromise};
use crate::grant::{Grant, GrantTerms, GrantVersion};
use crate::ids::{GrantId, RequestId, TimeMs};
use crate::request::{Outcome, Request};
use crate::rule_pack::{Clock, rules_at};
use crate::state::{self, StateKey, StateRead};

/// A day (ms), as periods of updates are counted.
const DAY_MS: u64 = 24 * 60 * 60 * 1000;

/// The review of a request's form, where its rules ask for one, and the reply.
pub fn of_request(state: &impl StateRead, request: &Request) -> Vec<Duty> {
    let review = review_of(state, request);
    // Without a review in time, the reply's clock runs all the same.
    let began = match &review {
        Some(Duty { end: Some(DutyEnd::Done(done)), due, .. }) => (*done).min(*due),
        Some(Duty { due, .. }) => *due,
        None => request.opened_on,
    };
    let clock = match request.sharing {
        Sharing::Unconditional => Clock::ReplyUnconditional,
        Sharing::Conditional | Sharing::NotShared => Clock::ReplyConditional,
        Sharing::Unclassified => Clock::ReplyUnclassified,
    };
    let asked = &request.terms.asked;
    let more = request.extension.as_ref().map_or(0, |extension| extension.days);
    let due = clock_due(state, clock, &request.decided_by, began, more);
    let reply = due.map(|due| Duty {
        clock,
        object: DutyObject::Request(RequestId(request.opened_at)),
        owed_by: request.decided_by.clone(),
        owed_to: Some(asked.requester.clone()),
        began,
        due,
        end: request.first_reply().map(|reply| match reply.outcome {
            Outcome::Approved { .. } | Outcome::Refused { .. } => DutyEnd::Done(reply.on),
            Outcome::Withdrawn { .. } | Outcome::Returned { .. } => DutyEnd::Released(reply.on),
        }),
    });
    review.into_iter().chain(reply).collect()
}

fn review_of(state: &impl StateRead, request: &Request) -> Option<Duty> {
    let reviewer = request.reviewer.as_ref()?;
    let due = clock_due(state, Clock::ComplianceReview, reviewer, request.opened_on, 0)?;
    let replied = request.first_reply().map(|reply| match reply.outcome {
        Outcome::Returned { .. } => DutyEnd::Done(reply.on),
        _ => DutyEnd::Released(reply.on),
    });
    Some(Duty {
        clock: Clock::ComplianceReview,
        object: DutyObject::Request(RequestId(request.opened_at)),
        owed_by: reviewer.clone(),
        owed_to: Some(request.terms.asked.requester.clone()),
        began: request.opened_on,
        due,
        end: request.reviewed.map(|mark| DutyEnd::Done(mark.on)).or(replied),
    })
}

/// Making the data ready, after a grant; and what both sides undertook in it.
pub fn of_grant(state: &impl StateRead, grant: &Grant) -> Vec<Duty> {
    let provider = &grant.terms.dataset.agency;
    let began = delivery_began(state, grant);
    let due = delivery_due(state, grant);
    let ended = undertakings::ends(state, grant);
    let delivery = due.map(|due| Duty {
        clock: Clock::Delivery,
        object: DutyObject::Grant(GrantId(grant.issued_at)),
        owed_by: provider.clone(),
        owed_to: Some(grant.terms.requester.clone()),
        began,
        due,
        end: match grant.delivered {
            Some(mark) => Some(DutyEnd::Done(mark.on)),
            None if ended < due => Some(DutyEnd::Released(ended)),
            None => None,
        },
    });
    delivery.into_iter().chain(undertakings::of(state, grant)).collect()
}

/// The terms as they were granted.
fn first_terms(state: &impl StateRead, grant: &Grant) -> GrantTerms {
    let first = StateKey::GrantVersion(GrantId(grant.issued_at), 1);
    let replaced: Option<GrantVersion> = state::read(state, &first);
    replaced.map_or_else(|| grant.terms.clone(), |replaced| replaced.terms)
}

/// The next update of a dataset, where its owner promised any.
pub fn of_dataset(state: &impl StateRead, published: &PublishedDataset) -> Vec<Duty> {
    let dataset = &published.dataset;
    let withdrawn = published.withdrawals.current().map(|withdrawal| withdrawal.on);
    let duty = published.promised.map(|UpdatePromise { update_days, since }| {
        let period_ends = since.plus(u64::from(update_days).saturating_mul(DAY_MS));
        let grace = rules_at(state, period_ends).days(Clock::Update).unwrap_or_default();
        Duty {
            clock: Clock::Update,
            object: DutyObject::Dataset(dataset.id.clone()),
            owed_by: dataset.id.agency.clone(),
            owed_to: None,
            began: since,
            due: due(state, &dataset.id.agency, period_ends, grace),
            end: withdrawn.map(DutyEnd::Released),
        }
    });
    duty.into_iter().collect()
}

/// By when the data under a grant are to be ready, where that clock runs.
pub(crate) fn delivery_due(state: &impl StateRead, grant: &Grant) -> Option<TimeMs> {
    let began = delivery_began(state, grant);
    clock_due(state, Clock::Delivery, &grant.terms.dataset.agency, began, 0)
}

/// Nothing has to be ready before the grant is in force; but no later change of its terms, which
/// whoever owes the delivery may make alone, puts that off.
fn delivery_began(state: &impl StateRead, grant: &Grant) -> TimeMs {
    grant.issued_on.max(first_terms(state, grant).not_before)
}

/// Whether the reply to a request is due at a time.
pub(crate) fn reply_due(state: &impl StateRead, request: &Request) -> Option<TimeMs> {
    of_request(state, request)
        .last()
        .filter(|duty| duty.clock != Clock::ComplianceReview)
        .map(|d| d.due)
}
