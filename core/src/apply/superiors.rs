//! Who is above both sides of a dispute.
//! Holds: the nearest of the members above both, the same on every node; the search is bounded.
//! Source: docs/formats.md, "Disputes", "The common superior".

use std::collections::BTreeMap;

use super::{Position, check_membership};
use crate::dispute::{Dispute, MAX_ANCESTRY};
use crate::state::{self, StateRead};
use crate::text::AgencyId;

/// The nearest agency above both sides that is a member, is no side, and has not ruled yet.
pub(super) fn common(state: &impl StateRead, at: Position, dispute: &Dispute) -> Option<AgencyId> {
    let ours = above(state, &dispute.claimant);
    let theirs = above(state, &dispute.respondent);
    let is_fit = |agency: &AgencyId| {
        let has_part = [&dispute.claimant, &dispute.respondent].contains(&agency)
            || dispute.steps.iter().any(|step| step.by == *agency);
        !has_part && check_membership(state, at, agency).is_ok()
    };
    let both = ours.iter().filter_map(|(agency, own)| {
        let other = theirs.get(agency)?;
        Some((own + other, *own, agency))
    });
    both.filter(|&(_, _, agency)| is_fit(agency)).min().map(|(_, _, agency)| agency.clone())
}

/// Those above an agency, in its branch and locally, each with how many levels above it is.
fn above(state: &impl StateRead, agency: &AgencyId) -> BTreeMap<AgencyId, usize> {
    let mut found = BTreeMap::from([(agency.clone(), 0)]);
    let mut level = vec![agency.clone()];
    for distance in 1..=MAX_ANCESTRY {
        let members = level.iter().filter_map(|agency| state::agency(state, agency));
        let next = members.flat_map(|member| [member.superior, member.authority]).flatten();
        let next: Vec<AgencyId> = next.collect();
        level.clear();
        for agency in next {
            if !found.contains_key(&agency) && state::agency(state, &agency).is_some() {
                found.insert(agency.clone(), distance);
                level.push(agency);
            }
        }
    }
    found
}
