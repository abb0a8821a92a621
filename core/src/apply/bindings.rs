//! Whether what binds a grant beside its scope can be: officers named, agencies to which it may be
//! passed on, undertakings.
//! Source: docs/formats.md, "Rules", issue-grant.

use crate::agency::KeyRole;
use crate::binding::{
    Bearers, MAX_BEARERS, MAX_ONWARD, MAX_UNDERTAKING_DAYS, MAX_UNDERTAKINGS, Undertaking,
};
use crate::grant::GrantTerms;
use crate::refusal::{GrantRefusal, Refusal};
use crate::state::{self, StateRead};
use crate::text::AgencyId;

pub(super) fn check(state: &impl StateRead, terms: &GrantTerms) -> Result<(), Refusal> {
    check_officers(state, terms).map_err(Refusal::Grant)?;
    check_onward(state, terms)?;
    check_undertakings(&terms.undertakings).map_err(Refusal::Grant)
}

pub(super) fn check_officers(
    state: &impl StateRead,
    terms: &GrantTerms,
) -> Result<(), GrantRefusal> {
    let count = match &terms.officers {
        Bearers::All => return Ok(()),
        Bearers::Posts(posts) => posts.len(),
        Bearers::Keys(keys) => keys.len(),
    };
    if !(1..=MAX_BEARERS).contains(&count) {
        return Err(GrantRefusal::OfficerCount { limit: MAX_BEARERS as u64 });
    }
    match &terms.officers {
        Bearers::Posts(posts) if posts.iter().any(|post| post.as_str().is_empty()) => {
            Err(GrantRefusal::PostEmpty)
        }
        Bearers::Keys(keys) => {
            let force = state::task_force_of(state, terms);
            let asks = |agency: &AgencyId| match &force {
                Some(force) => force.membership(agency).is_some(),
                None => *agency == terms.requester,
            };
            let is_fit = |key| {
                state::key(state, key).is_some_and(|registered| {
                    asks(&registered.agency) && registered.role == KeyRole::Officer
                })
            };
            match keys.iter().find(|key| !is_fit(key)) {
                Some(key) => {
                    let agency = terms.requester.clone();
                    Err(GrantRefusal::OfficerUnfit { key: *key, agency })
                }
                None => Ok(()),
            }
        }
        _ => Ok(()),
    }
}

fn check_onward(state: &impl StateRead, terms: &GrantTerms) -> Result<(), Refusal> {
    if terms.onward.len() > MAX_ONWARD {
        return Err(Refusal::Grant(GrantRefusal::OnwardCount { limit: MAX_ONWARD as u64 }));
    }
    for agency in &terms.onward {
        if *agency == terms.requester || *agency == terms.dataset.agency {
            return Err(Refusal::Grant(GrantRefusal::OnwardToParty { agency: agency.clone() }));
        }
        if state::agency(state, agency).is_none() {
            return Err(Refusal::AgencyUnknown { agency: agency.clone() });
        }
    }
    Ok(())
}

fn check_undertakings(undertakings: &[Undertaking]) -> Result<(), GrantRefusal> {
    if undertakings.len() > MAX_UNDERTAKINGS {
        return Err(GrantRefusal::UndertakingCount { limit: MAX_UNDERTAKINGS as u64 });
    }
    for ((number, place), one) in (1..).zip(0..).zip(undertakings) {
        if !(1..=MAX_UNDERTAKING_DAYS).contains(&one.what.days()) {
            return Err(GrantRefusal::UndertakingDays { number, limit: MAX_UNDERTAKING_DAYS });
        }
        if !one.what.suits(one.by) {
            return Err(GrantRefusal::UndertakingSide { number });
        }
        if undertakings.iter().take(place).any(|earlier| earlier.is_like(one)) {
            return Err(GrantRefusal::UndertakingTwice { number });
        }
    }
    Ok(())
}
