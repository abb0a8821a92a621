//! Judging attempts, and recording accesses and denials.
//! Holds: an access is recorded only where evaluation allows it; a denial only where evaluation
//! refuses by the very rule that it names.
//! Source: docs/formats.md, "Rules", record-access and record-denial.

use std::rc::Rc;

use super::approval::require_provider;
use super::{Position, check_membership, forces, legs, params, urgent};
use crate::access::{AccessRefusal, Attempt, SignedAttempt};
use crate::agency::{Key, KeyEnd, KeyRole};
use crate::basis::Basis;
use crate::dataset::{Dataset, PublishedDataset, Sharing};
use crate::emergency::EmergencyUse;
use crate::grant::{Grant, Usage};
use crate::ids::{EmergencyId, GrantId, TimeMs};
use crate::legs::Answer;
use crate::refusal::Refusal;
use crate::state::{self, Changes, StateKey, StateRead};
use crate::statement::{Capacity, MAX_VALIDITY_MS, StatementSigner};
use crate::text::AgencyId;

/// Whether an attempt is allowed at a position; if so, the usage after it of the grant, or of the
/// emergency by the requesting agency. Errors: the
/// first rule that refuses, in the order of docs/formats.md, "Evaluation".
pub fn evaluate(
    state: &impl StateRead,
    at: Position,
    attempt: &Attempt,
) -> Result<Usage, AccessRefusal> {
    Ok(match judge(state, at, attempt)? {
        Allowed::Granted(granted) => granted.usage,
        Allowed::Urgent(_, used) => used.usage,
    })
}

/// An access that is allowed, and what it uses up.
enum Allowed {
    Granted(Box<Granted>),
    Urgent(EmergencyId, EmergencyUse),
}

/// What one uses up under a grant.
struct Granted {
    id: GrantId,
    grant: Rc<Grant>,
    usage: Usage,
    /// The grant from which this one was derived, and its usage: both are charged.
    parent: Option<(GrantId, Usage)>,
    /// The member of a task force that uses it, and its own usage: counted, not limited.
    member: Option<(AgencyId, Usage)>,
}

fn judge(
    state: &impl StateRead,
    at: Position,
    attempt: &Attempt,
) -> Result<Allowed, AccessRefusal> {
    let officer = check_officer(state, at, attempt)?;
    check_requester(state, at, &attempt.requester)?;
    check_attempt(state, at, attempt)?;
    match attempt.grant {
        Basis::Grant(id) => {
            let granted = judge_granted(state, at, (id, &officer), attempt)?;
            Ok(Allowed::Granted(Box::new(granted)))
        }
        Basis::Emergency(id) => {
            urgent::judge(state, at, id, attempt).map(|used| Allowed::Urgent(id, used))
        }
    }
}

fn judge_granted(
    state: &impl StateRead,
    at: Position,
    (id, officer): (GrantId, &Key),
    attempt: &Attempt,
) -> Result<Granted, AccessRefusal> {
    let Some(grant) = state::shared::<Grant>(state, &StateKey::Grant(id)) else {
        return Err(AccessRefusal::NoSuchGrant { grant: id });
    };
    check_parties(&grant, attempt)?;
    let force = forces::of(state, &grant);
    forces::check_asker(&grant, force.as_ref(), attempt)?;
    check_provider(state, at, &attempt.dataset.agency)?;
    let published = dataset_of(state, &grant);
    let parent = parent_of(state, &grant);
    forces::check_there(state, at, force.as_ref())?;
    check_terms_in_force(state, at, &grant, parent.as_deref(), &published)?;
    if !grant.terms.officers.include(&attempt.officer, officer) {
        return Err(AccessRefusal::OfficerNotNamed);
    }
    check_coverage(&grant, attempt)?;
    if let Some(parent) = &parent {
        check_coverage(parent, attempt).map_err(because_of(parent))?;
    }
    check_offered(&published.dataset, attempt)?;
    let day = at.time.day(params(state).day_offset_minutes);
    // A batch goes through whole or not at all.
    let charged = |used: &Usage| used.with(attempt.count(), day);
    let usage = check_quota(state, &grant, charged)?;
    let parent = match &parent {
        None => None,
        Some(parent) => {
            let charged = |used: &Usage| used.with_passed_on(attempt.count(), day);
            let usage = check_quota(state, parent, charged).map_err(because_of(parent))?;
            Some((GrantId(parent.issued_at), usage))
        }
    };
    let member = force.map(|_| {
        let used = state::member_usage(state, id, &attempt.requester);
        (attempt.requester.clone(), used.with(attempt.count(), day))
    });
    Ok(Granted { id, grant, usage, parent, member })
}

/// What of the grant above refuses is a refusal of the one derived from it.
fn because_of(parent: &Grant) -> impl Fn(AccessRefusal) -> AccessRefusal {
    let id = GrantId(parent.issued_at);
    move |because| AccessRefusal::of_parent(id, &because)
}

fn check_officer(
    state: &impl StateRead,
    at: Position,
    attempt: &Attempt,
) -> Result<Rc<Key>, AccessRefusal> {
    let known = state::shared::<Key>(state, &StateKey::Key(&attempt.officer));
    let Some(key) = known.filter(|key| key.is_known(at.time)) else {
        return Err(AccessRefusal::OfficerUnknown);
    };
    if key.role != KeyRole::Officer || key.agency != attempt.requester {
        return Err(AccessRefusal::NotAnOfficer);
    }
    match key.end_then(at.time) {
        Some(KeyEnd::Revoked(at)) => Err(AccessRefusal::OfficerRevoked { at }),
        Some(KeyEnd::Expired(until)) => Err(AccessRefusal::OfficerExpired { until }),
        None => Ok(key),
    }
}

/// The requesting agency must be a member today, and a hosted one within its time.
fn check_requester(
    state: &impl StateRead,
    at: Position,
    requester: &AgencyId,
) -> Result<(), AccessRefusal> {
    match check_membership(state, at, requester) {
        Err(Refusal::AgencyLeft { at, .. }) => Err(AccessRefusal::RequesterLeft { at }),
        Err(Refusal::HostingOver { until, .. }) => {
            Err(AccessRefusal::RequesterHostingOver { until })
        }
        _ => Ok(()),
    }
}

/// So must the provider: nobody could record the access.
pub(super) fn check_provider(
    state: &impl StateRead,
    at: Position,
    provider: &AgencyId,
) -> Result<(), AccessRefusal> {
    match check_membership(state, at, provider) {
        Err(Refusal::AgencyLeft { at, .. }) => Err(AccessRefusal::ProviderLeft { at }),
        Err(Refusal::HostingOver { until, .. }) => {
            Err(AccessRefusal::ProviderHostingOver { until })
        }
        _ => Ok(()),
    }
}

fn check_attempt(
    state: &impl StateRead,
    at: Position,
    attempt: &Attempt,
) -> Result<(), AccessRefusal> {
    if at.time > attempt.valid_until {
        return Err(AccessRefusal::AttemptExpired { until: attempt.valid_until });
    }
    if attempt.valid_until > at.time.plus(MAX_VALIDITY_MS) {
        return Err(AccessRefusal::AttemptTooLong);
    }
    // What an emergency let through may go in after the replay window has forgotten it.
    let is_urgent = attempt.grant.emergency().is_some();
    if state.has_exchange(&attempt.exchange)
        || (is_urgent && state::emergency_exchange(state, &attempt.exchange).is_some())
    {
        return Err(AccessRefusal::ExchangeUsed);
    }
    Ok(())
}

fn check_parties(grant: &Grant, attempt: &Attempt) -> Result<(), AccessRefusal> {
    if grant.terms.dataset != attempt.dataset {
        return Err(AccessRefusal::OtherDataset { dataset: grant.terms.dataset.clone() });
    }
    let capacity = Capacity::of(grant.terms.task_force);
    if attempt.capacity != capacity {
        return Err(AccessRefusal::WrongCapacity { capacity });
    }
    // Who asks for a task force is a member of it: see `forces`.
    if grant.terms.task_force.is_none() && grant.terms.requester != attempt.requester {
        return Err(AccessRefusal::OtherRequester { requester: grant.terms.requester.clone() });
    }
    Ok(())
}

/// Whether a grant lets anything through at a position, whoever of its requester's asks for what.
/// Errors: the first reason why it does not, in the order in which [`evaluate`] refuses an access:
/// the requester is a member no more, nor the provider, then what befell the grant, the one from
/// which it was derived, and its dataset.
pub fn check_in_force(
    state: &impl StateRead,
    at: Position,
    grant: &Grant,
) -> Result<(), AccessRefusal> {
    let force = forces::of(state, grant);
    if force.is_none() {
        check_requester(state, at, &grant.terms.requester)?;
    }
    check_provider(state, at, &grant.terms.dataset.agency)?;
    forces::check_there(state, at, force.as_ref())?;
    let parent = parent_of(state, grant);
    check_terms_in_force(state, at, grant, parent.as_deref(), &dataset_of(state, grant))
}

fn parent_of(state: &impl StateRead, grant: &Grant) -> Option<Rc<Grant>> {
    grant.parent.map(|id| match state::shared(state, &StateKey::Grant(id)) {
        Some(parent) => parent,
        None => unreachable!("it was derived from a grant, and objects are never deleted"),
    })
}

fn dataset_of(state: &impl StateRead, grant: &Grant) -> Rc<PublishedDataset> {
    match state::shared(state, &StateKey::Dataset(&grant.terms.dataset)) {
        Some(published) => published,
        None => unreachable!("a grant is on a dataset, and objects are never deleted"),
    }
}

/// What is final comes first, so that nobody waits for the end of a suspension on a grant that has
/// ended.
fn check_terms_in_force(
    state: &impl StateRead,
    at: Position,
    grant: &Grant,
    parent: Option<&Grant>,
    published: &PublishedDataset,
) -> Result<(), AccessRefusal> {
    check_not_ended(grant, published, at.time)?;
    if let Some(parent) = parent {
        check_requester(state, at, &parent.terms.requester).map_err(because_of(parent))?;
        check_not_ended(parent, published, at.time).map_err(because_of(parent))?;
        if !parent.terms.onward.contains(&grant.terms.requester) {
            return Err(AccessRefusal::no_longer_onward(GrantId(parent.issued_at)));
        }
    }
    check_not_paused(grant, published, at.time)?;
    match parent {
        Some(parent) => check_not_paused(parent, published, at.time).map_err(because_of(parent)),
        None => Ok(()),
    }
}

fn check_not_paused(
    grant: &Grant,
    published: &PublishedDataset,
    now: TimeMs,
) -> Result<(), AccessRefusal> {
    if let Some(suspension) = grant.suspensions.current() {
        return Err(AccessRefusal::GrantSuspended { at: suspension.at });
    }
    if let Some(suspension) = published.suspensions.current() {
        return Err(AccessRefusal::DatasetSuspended { at: suspension.at });
    }
    let sharing = published.dataset.sharing;
    let may_go = match sharing {
        Sharing::Unconditional | Sharing::Conditional => true,
        // Only what the competent authority signed knowing that it is not shared.
        Sharing::NotShared => grant.sharing == Sharing::NotShared,
        Sharing::Unclassified => false,
    };
    if !may_go {
        return Err(AccessRefusal::DatasetNotShared { sharing });
    }
    if now < grant.terms.not_before {
        return Err(AccessRefusal::GrantNotYetInForce { from: grant.terms.not_before });
    }
    Ok(())
}

fn check_not_ended(
    grant: &Grant,
    published: &PublishedDataset,
    now: TimeMs,
) -> Result<(), AccessRefusal> {
    if let Some(revocation) = &grant.revoked {
        return Err(AccessRefusal::GrantRevoked { at: revocation.at });
    }
    if let Some(withdrawal) = published.withdrawn_since(grant.issued_at) {
        return Err(AccessRefusal::DatasetWithdrawn { at: withdrawal.at });
    }
    if now >= grant.terms.not_after {
        return Err(AccessRefusal::GrantExpired { until: grant.terms.not_after });
    }
    Ok(())
}

/// What is covered by the grant may not be offered any longer.
pub(super) fn check_offered(dataset: &Dataset, attempt: &Attempt) -> Result<(), AccessRefusal> {
    if let Some(item) = dataset.unlisted(&attempt.items).next() {
        return Err(AccessRefusal::ItemNotListed { item: item.clone() });
    }
    if !dataset.modes.contains(&attempt.mode) {
        return Err(AccessRefusal::ModeNoLongerOffered);
    }
    Ok(())
}

fn check_coverage(grant: &Grant, attempt: &Attempt) -> Result<(), AccessRefusal> {
    if !grant.terms.matters.contains(&attempt.matter) {
        return Err(AccessRefusal::MatterNotCovered { matter: attempt.matter.clone() });
    }
    match grant.terms.items.missing(&attempt.items) {
        Some(Some(item)) => return Err(AccessRefusal::ItemNotCovered { item: item.clone() }),
        Some(None) => return Err(AccessRefusal::WholeNotCovered),
        None => {}
    }
    if !grant.terms.modes.contains(&attempt.mode) {
        return Err(AccessRefusal::ModeNotCovered);
    }
    Ok(())
}

fn check_quota(
    state: &impl StateRead,
    grant: &Grant,
    charged: impl Fn(&Usage) -> Usage,
) -> Result<Usage, AccessRefusal> {
    let after = charged(&state::usage(state, GrantId(grant.issued_at)));
    if let Some(limit) = grant.terms.total_quota.filter(|limit| after.total > *limit) {
        return Err(AccessRefusal::QuotaUsed { limit });
    }
    if let Some(limit) = grant.terms.daily_quota.filter(|limit| after.on_day > *limit) {
        return Err(AccessRefusal::DailyQuotaUsed { limit });
    }
    Ok(after)
}

pub(super) fn record(
    state: &impl StateRead,
    at: Position,
    signers: &[StatementSigner],
    signed: &SignedAttempt,
    (number, answer): (u64, Option<&Answer>),
) -> Result<Changes, Refusal> {
    let attempt = &signed.attempt;
    require_provider(state, signers, &attempt.dataset, KeyRole::Gateway)?;
    let allowed = judge(state, at, attempt).map_err(Refusal::Access)?;
    legs::check_answer(state, attempt, answer)?;
    let mut changes = Changes::default();
    legs::number(state, legs::gateway(signers), number, &mut changes)?;
    match allowed {
        Allowed::Granted(granted) => granted.put(&mut changes, at),
        Allowed::Urgent(id, used) => {
            urgent::put(state, &mut changes, at, (id, attempt), (&used, None));
            urgent::use_exchange(state, &mut changes, at, attempt);
        }
    }
    changes.exchanges.insert(attempt.exchange, attempt.valid_until);
    Ok(changes)
}

impl Granted {
    fn put(self, changes: &mut Changes, at: Position) {
        let Granted { id, grant, usage, parent, member } = self;
        changes.put(&StateKey::Usage(id), &usage);
        if let Some((agency, usage)) = &member {
            changes.put(&StateKey::MemberUsage(id, agency), usage);
        }
        if let Some((parent, usage)) = parent {
            changes.put(&StateKey::Usage(parent), &usage);
        }
        if grant.first_use.is_none() {
            let mut grant = Rc::unwrap_or_clone(grant);
            grant.first_use = Some(at.mark());
            // The first access shows that the data is ready.
            grant.delivered.get_or_insert(at.mark());
            changes.put(&StateKey::Grant(id), &grant);
        }
    }
}

pub(super) fn deny(
    state: &impl StateRead,
    at: Position,
    signers: &[StatementSigner],
    signed: &SignedAttempt,
    (number, named): (u64, &AccessRefusal),
) -> Result<Changes, Refusal> {
    let attempt = &signed.attempt;
    require_provider(state, signers, &attempt.dataset, KeyRole::Gateway)?;
    match evaluate(state, at, attempt) {
        Ok(_) => Err(Refusal::DenialNotDue),
        Err(actual) if actual != *named => Err(Refusal::DenialMismatch { due: actual }),
        Err(_) => {
            let mut changes = Changes::default();
            legs::number(state, legs::gateway(signers), number, &mut changes)?;
            Ok(changes)
        }
    }
}
