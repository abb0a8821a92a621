//! What the ledger says of the members: who runs how much of the voting power, and whose keys end.

use std::collections::{BTreeMap, BTreeSet};

use comity_core::agency::{Key, KeyRole, Standing};
use comity_core::ids::TimeMs;
use comity_core::text::AgencyId;
use serde::Deserialize;

use super::finding::{Finding, Report};

/// Keys that end within so many days are worth a word.
const SOON_DAYS: u64 = 30;
const DAY_MS: u64 = 86_400_000;

/// What is asked of a member. One that has left has no vote.
#[derive(Debug, Deserialize)]
pub(super) struct Member {
    id: AgencyId,
    operated_by: String,
    standing: Standing,
    departure: Option<serde_json::Value>,
}

/// One operator behind a third of the voting power can stop the consortium, and with two of them
/// gone wrong nothing is proven: then many members are one in truth.
pub(super) fn operators(members: &[Member], report: &mut Report) {
    let mut shares: BTreeMap<&str, (u64, Vec<&AgencyId>)> = BTreeMap::new();
    let mut total = 0;
    for agency in members.iter().filter(|member| member.departure.is_none()) {
        let Standing::Validator { power } = agency.standing else { continue };
        total += power;
        let share = shares.entry(agency.operated_by.as_str()).or_default();
        share.0 += power;
        share.1.push(&agency.id);
    }
    let large: Vec<String> = shares
        .iter()
        .filter(|(_, (power, members))| power * 3 >= total && members.len() > 1)
        .map(|(operator, (power, members))| {
            let members: Vec<&str> = members.iter().map(|id| id.as_str()).collect();
            format!("{operator} runs {power} of {total} ({})", members.join(", "))
        })
        .collect();
    if large.is_empty() {
        report.add(Finding::fine(
            "operators",
            format!("{} operators; none runs the nodes of a third of the votes", shares.len()),
        ));
    } else {
        report.add(Finding::warning(
            "operators",
            format!(
                "{}: a third of the voting power in one hand can stop the consortium, and makes \
                 the members' independence a fiction",
                large.join("; ")
            ),
            "have members run their own nodes, or by another operator (operated_by)",
        ));
    }
}

/// Keys of this agency's people that have ended or end soon.
pub(super) fn keys(keys: &[Key], now: TimeMs, report: &mut Report) {
    let of_people = [KeyRole::Admin, KeyRole::Steward, KeyRole::Officer, KeyRole::Gateway];
    let mut in_force: BTreeSet<KeyRole> = BTreeSet::new();
    let (mut soon, mut admins) = (Vec::new(), 0);
    for key in keys.iter().filter(|key| of_people.contains(&key.role) && key.end(now).is_none()) {
        in_force.insert(key.role);
        admins += u32::from(key.role == KeyRole::Admin);
        if let Some(until) = key.valid_until {
            let days = until.0.saturating_sub(now.0) / DAY_MS;
            if days < SOON_DAYS {
                soon.push(format!("{} \"{}\" in {days} days", key.role, key.post));
            }
        }
    }
    if admins == 0 {
        report.add(Finding::trouble(
            "keys",
            "no admin key of this agency is in force: nobody can register or revoke its keys",
            "the members must vote a new admin key for it: comity proposal open --help",
        ));
    }
    if soon.is_empty() {
        report.add(Finding::fine(
            "keys",
            format!("no key of this agency's people ends within {SOON_DAYS} days"),
        ));
    } else {
        report.add(Finding::warning(
            "keys",
            format!("keys that end: {}", soon.join(", ")),
            "the agency's admin registers new ones in time: comity key rotate --help",
        ));
    }
}
