//! Task forces in random histories: who used what in whose name, reckoned from the entries alone.

use std::collections::{BTreeMap, BTreeSet};

use comity_core::ids::{GrantId, LogIndex, TaskForceId};
use comity_core::state;
use comity_core::statement::{Action, Capacity};

use super::{accesses, histories};
use crate::teller::Teller;

/// Who was a member at each entry, and since which invitation, told from the entries before it.
fn rolls(teller: &Teller) -> Vec<BTreeMap<TaskForceId, BTreeMap<String, u64>>> {
    let mut open = BTreeMap::<TaskForceId, BTreeMap<String, u64>>::new();
    let mut roll = BTreeMap::<TaskForceId, BTreeMap<String, u64>>::new();
    let mut rolls = Vec::new();
    for (at, record) in (0..).zip(&teller.earlier) {
        rolls.push(roll.clone());
        let by = record.agency().to_string();
        match &record.statement().action {
            Action::FormTaskForce { terms } => {
                let id = TaskForceId(LogIndex(at));
                let invited = terms.invited.iter().map(|agency| (agency.to_string(), at));
                open.insert(id, invited.collect());
                roll.insert(id, [(by, at)].into());
            }
            Action::InviteToTaskForce { task_force, agency } => {
                open.entry(*task_force).or_default().insert(agency.to_string(), at);
            }
            Action::JoinTaskForce { task_force } => {
                let invited = open.entry(*task_force).or_default().remove(&by).unwrap();
                roll.entry(*task_force).or_default().insert(by, invited);
            }
            Action::LeaveTaskForce { task_force, .. } => {
                roll.entry(*task_force).or_default().remove(&by).unwrap();
            }
            Action::ExcludeFromTaskForce { task_force, agency, .. } => {
                let name = agency.to_string();
                open.entry(*task_force).or_default().remove(&name);
                roll.entry(*task_force).or_default().remove(&name);
            }
            Action::EndTaskForce { task_force, .. } => {
                roll.remove(task_force);
            }
            _ => {}
        }
    }
    rolls
}

#[test]
fn whoever_used_a_task_forces_grant_was_a_member_then_in_any_history() {
    let (mut used, mut members) = (0, BTreeSet::new());
    for teller in histories() {
        let (seed, ledger, rolls) = (teller.seed, &teller.story.ledger, rolls(teller));
        let mut by_member = BTreeMap::<(GrantId, String), u64>::new();
        for (at, time, attempt) in accesses(teller) {
            let place = format!("seed {seed}: {at}");
            let held = attempt
                .grant
                .grant()
                .and_then(|grant| Some((grant, state::grant(ledger, grant)?.terms.task_force?)));
            let Some((grant, force)) = held else {
                assert_eq!(attempt.capacity, Capacity::Agency, "{place}");
                continue;
            };
            assert_eq!(attempt.capacity, Capacity::TaskForce(force), "{place}");
            let requester = attempt.requester.to_string();
            let roll = &rolls[usize::try_from(at.0).unwrap()];
            let invited = roll.get(&force).and_then(|roll| roll.get(&requester));
            assert!(invited.is_some_and(|invited| *invited <= grant.0.0), "{place}: {requester}");
            // And the latest state tells the same.
            let kept = state::task_force(ledger, force).unwrap();
            assert!(kept.membership_at(&attempt.requester, at).is_some(), "{place}");
            assert!(time < kept.terms.until, "{place}");
            *by_member.entry((grant, requester.clone())).or_default() += attempt.count();
            members.insert(requester);
            used += 1;
        }
        let mut together = BTreeMap::<GrantId, u64>::new();
        for ((grant, member), count) in by_member {
            let kept = state::member_usage(ledger, grant, &member.parse().unwrap());
            assert_eq!(kept.total, count, "seed {seed}: {member} under {grant}");
            *together.entry(grant).or_default() += count;
        }
        for (grant, count) in together {
            assert_eq!(state::usage(ledger, grant).total, count, "seed {seed}: {grant}");
        }
    }
    // A history in which nobody uses anything together would prove nothing.
    assert!(used > 30 && members.len() > 1, "{used} accesses by {members:?}");
}
