//! Declaring, renewing, ending and reviewing emergencies.
//! Holds: nobody opens the same again without a ballot; who had a part in an emergency does not
//! review it.
//! Source: docs/formats.md, "Rules", declare-emergency to review-emergency; "Measures".

use super::codes::require_in_use;
use super::{Position, acting, require_member, require_sole_signer};
use crate::agency::KeyRole;
use crate::codes::CodeList;
use crate::emergency::{
    Emergency, EmergencyEnd, EmergencyScope, EmergencyTerms, MAX_EMERGENCY_MS,
    MAX_EMERGENCY_REQUESTERS, MAX_RECENT, MAX_RECENT_OF_ONE, MAX_RENEWALS, MAX_REVIEWS, MAX_SCOPE,
    Renewal, Review, Verdict,
};
use crate::governance::Office;
use crate::ids::{EmergencyId, TimeMs};
use crate::refusal::{EmergencyRefusal, MeasureFault, Refusal};
use crate::state::{self, Changes, StateKey, StateRead};
use crate::statement::StatementSigner;
use crate::text::{AgencyId, Text};

pub(super) fn refuse<T>(refusal: EmergencyRefusal) -> Result<T, Refusal> {
    Err(Refusal::Emergency(refusal))
}

pub(super) fn declare(
    state: &impl StateRead,
    at: Position,
    signers: &[StatementSigner],
    terms: &EmergencyTerms,
) -> Result<Changes, Refusal> {
    let declarer = acting(signers);
    require_sole_signer(signers, declarer, KeyRole::Steward)?;
    if !state::office(state, Office::EmergencyDeclarer).contains(declarer) {
        return refuse(EmergencyRefusal::NotADeclarer { agency: declarer.clone() });
    }
    check_scope(state, at, &terms.scope)?;
    check_requesters(state, at, terms)?;
    require_in_use(state, CodeList::Matters, &terms.matter)?;
    let latest = at.time.plus(MAX_EMERGENCY_MS);
    if terms.until <= at.time || terms.until > latest {
        return refuse(EmergencyRefusal::EmergencyPeriod { latest });
    }
    if terms.reason.as_str().is_empty() {
        return refuse(EmergencyRefusal::WordsMissing);
    }
    let mut recent = recent(state, at.time);
    check_recent(declarer, terms, &recent)?;
    let emergency = Emergency {
        terms: terms.clone(),
        declared_by: declarer.clone(),
        declared_at: at.index,
        declared_on: at.time,
        until: terms.until,
        renewals: Vec::new(),
        ended: None,
        reviews: Vec::new(),
    };
    recent.push(emergency.clone());
    let mut changes = put(&emergency);
    let ids: Vec<EmergencyId> = recent.iter().map(|one| EmergencyId(one.declared_at)).collect();
    changes.put(&StateKey::RecentEmergencies, &ids);
    Ok(changes)
}

fn check_scope(
    state: &impl StateRead,
    at: Position,
    scope: &EmergencyScope,
) -> Result<(), Refusal> {
    if !(1..=MAX_SCOPE).contains(&scope.len()) {
        return refuse(EmergencyRefusal::EmergencyScope { limit: MAX_SCOPE as u64 });
    }
    for id in &scope.datasets {
        let Some(published) = state::dataset(state, id) else {
            return Err(Refusal::DatasetUnknown { dataset: id.clone() });
        };
        if let Some(withdrawal) = published.withdrawals.current() {
            return Err(Refusal::DatasetGone { dataset: id.clone(), at: withdrawal.at });
        }
    }
    scope.agencies.iter().try_for_each(|agency| require_member(state, at, agency).map(drop))
}

fn check_requesters(
    state: &impl StateRead,
    at: Position,
    terms: &EmergencyTerms,
) -> Result<(), Refusal> {
    let limit = MAX_EMERGENCY_REQUESTERS;
    if !(1..=limit).contains(&terms.requesters.len()) {
        return refuse(EmergencyRefusal::EmergencyRequesters { limit: limit as u64 });
    }
    for id in &terms.requesters {
        // Who is no public body is decided on one by one, and answered for by a sponsor.
        if !require_member(state, at, id)?.kind.is_public() {
            return refuse(EmergencyRefusal::RequesterNotPublic { agency: id.clone() });
        }
    }
    Ok(())
}

/// The emergencies that are in force or ended a short time ago, by their declarations.
fn recent(state: &impl StateRead, now: TimeMs) -> Vec<Emergency> {
    let listed = state::recent_emergencies(state).into_iter();
    listed.filter_map(|id| state::emergency(state, id)).filter(|one| one.is_recent(now)).collect()
}

fn check_recent(
    declarer: &AgencyId,
    terms: &EmergencyTerms,
    recent: &[Emergency],
) -> Result<(), Refusal> {
    if let Some(earlier) = recent.iter().find(|earlier| earlier.overlaps(terms)) {
        let emergency = EmergencyId(earlier.declared_at);
        return refuse(EmergencyRefusal::EmergencyAgain { emergency });
    }
    // One declarer alone cannot use up what all have.
    let own = recent.iter().filter(|one| one.declared_by == *declarer).count();
    for (count, limit) in [(own, MAX_RECENT_OF_ONE), (recent.len(), MAX_RECENT)] {
        if count >= limit {
            return refuse(EmergencyRefusal::TooManyEmergencies { limit: limit as u64 });
        }
    }
    Ok(())
}

pub(super) fn require(state: &impl StateRead, id: EmergencyId) -> Result<Emergency, Refusal> {
    let unknown = Refusal::Emergency(EmergencyRefusal::EmergencyUnknown { emergency: id });
    state::emergency(state, id).ok_or(unknown)
}

fn put(emergency: &Emergency) -> Changes {
    Changes::of(&StateKey::Emergency(EmergencyId(emergency.declared_at)), emergency)
}

/// Carries out the measure. What was ended by its declarer, or is long over, is declared anew.
pub(super) fn renew(
    state: &impl StateRead,
    at: Position,
    id: EmergencyId,
    until: TimeMs,
) -> Result<Changes, Refusal> {
    let mut emergency = require(state, id)?;
    let may_end = until > at.time && until <= at.time.plus(MAX_EMERGENCY_MS);
    let is_open = emergency.ended.is_none()
        && emergency.is_recent(at.time)
        && emergency.renewals.len() < MAX_RENEWALS;
    if !is_open || !may_end || until <= emergency.until {
        return Err(Refusal::MeasureUnfit { fault: MeasureFault::Emergency });
    }
    emergency.until = until;
    emergency.renewals.push(Renewal { mark: at.mark(), until });
    Ok(put(&emergency))
}

pub(super) fn end(
    state: &impl StateRead,
    at: Position,
    signers: &[StatementSigner],
    id: EmergencyId,
    reason: &Text<256>,
) -> Result<Changes, Refusal> {
    let mut emergency = require(state, id)?;
    require_sole_signer(signers, &emergency.declared_by, KeyRole::Steward)?;
    if emergency.is_over(at.time) {
        let since = emergency.ends();
        return refuse(EmergencyRefusal::EmergencyOver { emergency: id, since });
    }
    if reason.as_str().is_empty() {
        return refuse(EmergencyRefusal::WordsMissing);
    }
    emergency.ended = Some(EmergencyEnd { mark: at.mark(), reason: reason.clone() });
    Ok(put(&emergency))
}

pub(super) fn review(
    state: &impl StateRead,
    at: Position,
    signers: &[StatementSigner],
    id: EmergencyId,
    (verdict, text): (Verdict, &Text<512>),
) -> Result<Changes, Refusal> {
    let reviewer = acting(signers);
    if require_sole_signer(signers, reviewer, KeyRole::Auditor).is_err() {
        require_sole_signer(signers, reviewer, KeyRole::Steward)?;
    }
    let mut emergency = require(state, id)?;
    if emergency.involves(reviewer) {
        let agency = reviewer.clone();
        return refuse(EmergencyRefusal::ReviewerInvolved { emergency: id, agency });
    }
    if !emergency.is_over(at.time) {
        let until = emergency.ends();
        return refuse(EmergencyRefusal::EmergencyInForce { emergency: id, until });
    }
    if let Some(earlier) = emergency.reviews.iter().find(|earlier| earlier.by == *reviewer) {
        return refuse(EmergencyRefusal::ReviewedAlready { at: earlier.mark.at });
    }
    if text.as_str().is_empty() {
        return refuse(EmergencyRefusal::WordsMissing);
    }
    if emergency.reviews.len() >= MAX_REVIEWS {
        return refuse(EmergencyRefusal::TooManyReviews { limit: MAX_REVIEWS as u64 });
    }
    emergency.reviews.push(Review { by: reviewer.clone(), verdict, mark: at.mark() });
    Ok(put(&emergency))
}
