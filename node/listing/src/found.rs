//! Objects with what is known about them at a position: what was used of them, how they stand.
//! Holds: read from one state; nothing of it is stored.

use std::collections::BTreeMap;

use comity_core::apply::Position;
use comity_core::dataset::{DatasetVersion, PublishedDataset};
use comity_core::emergency::{Emergency, EmergencyState, EmergencyUse};
use comity_core::genesis::Params;
use comity_core::governance::{Proposal, Roll, Tally};
use comity_core::grant::{Grant, Usage};
use comity_core::ids::{EmergencyId, GrantId, ProposalId, TaskForceId, TimeMs};
use comity_core::state::{self, StateKey, StateRead};
use comity_core::task_force::{TaskForce, TaskForceState};
use comity_core::text::AgencyId;

use crate::states::{GrantStanding, ProposalState};

/// A grant with what is known about it at a snapshot.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GrantFound {
    /// Its id.
    pub id: GrantId,
    /// The grant.
    pub grant: Grant,
    /// How far it is used.
    pub usage: Usage,
    /// Where it stands at the snapshot's time.
    pub standing: GrantStanding,
    /// Of a task force's grant, what each member used of it, as far as any did.
    pub members: BTreeMap<AgencyId, Usage>,
}

/// A task force with how it stands at a snapshot.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TaskForceFound {
    /// Its id.
    pub id: TaskForceId,
    /// The task force.
    pub task_force: TaskForce,
    /// How it stands at the last block's time.
    pub state: TaskForceState,
}

/// An emergency with what is known about it at a snapshot.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EmergencyFound {
    /// Its id.
    pub id: EmergencyId,
    /// The emergency.
    pub emergency: Emergency,
    /// How it stands at the last block's time.
    pub state: EmergencyState,
    /// What each agency used of it, as far as any did.
    pub uses: BTreeMap<AgencyId, EmergencyUse>,
}

/// A proposal with what is known about it at a snapshot.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProposalFound {
    /// Its id.
    pub id: ProposalId,
    /// The proposal.
    pub proposal: Proposal,
    /// Where it stands at the snapshot's time.
    pub state: ProposalState,
    /// How its ballots stand.
    pub tally: Tally,
}

/// The versions of a dataset, ascending from version `from` on, with the entries that made them, at
/// most `limit`. The last of all is the present one.
pub fn dataset_versions(
    state: &impl StateRead,
    present: &PublishedDataset,
    from: u32,
    limit: usize,
) -> Vec<(u32, DatasetVersion)> {
    let version = |version| {
        if version == present.version {
            let PublishedDataset { dataset, version_at, version_on, .. } = present.clone();
            return Some((version, DatasetVersion { dataset, version_at, version_on }));
        }
        let key = StateKey::DatasetVersion(&present.dataset.id, version);
        state::read(state, &key).map(|found| (version, found))
    };
    (from.max(1)..=present.version).take(limit).filter_map(version).collect()
}

impl GrantFound {
    /// A grant, with how it would stand for the next record, at `next`.
    pub fn read(state: &impl StateRead, next: Position, id: GrantId) -> Option<GrantFound> {
        let grant = state::grant(state, id)?;
        let usage = state::usage(state, id);
        let standing = GrantStanding::of(state, next, &grant, &usage);
        let members = members_use(state, id, &grant);
        Some(GrantFound { id, grant, usage, standing, members })
    }
}

/// What each that is or was a member of the task force that holds a grant used of it.
fn members_use(state: &impl StateRead, id: GrantId, grant: &Grant) -> BTreeMap<AgencyId, Usage> {
    let force = state::task_force_of(state, &grant.terms);
    let members = force.iter().flat_map(TaskForce::all_members);
    let used = members.map(|agency| (agency.clone(), state::member_usage(state, id, agency)));
    used.filter(|(_, used)| used.total > 0).collect()
}

impl TaskForceFound {
    /// A task force, with how it stands at a time.
    pub fn read(state: &impl StateRead, now: TimeMs, id: TaskForceId) -> Option<TaskForceFound> {
        let task_force = state::task_force(state, id)?;
        let state = task_force.state(now);
        Some(TaskForceFound { id, task_force, state })
    }
}

impl EmergencyFound {
    /// An emergency, with how it stands at a time and what was used of it.
    pub fn read(state: &impl StateRead, now: TimeMs, id: EmergencyId) -> Option<EmergencyFound> {
        let emergency = state::emergency(state, id)?;
        let used = |agency: &AgencyId| {
            let used = state::emergency_use(state, id, agency);
            (used.entries > 0).then(|| (agency.clone(), used))
        };
        let uses = emergency.terms.requesters.iter().filter_map(used).collect();
        let state = emergency.state(now);
        Some(EmergencyFound { id, emergency, state, uses })
    }
}

impl ProposalFound {
    /// A proposal, with how it and its ballots stand at a time.
    pub fn read(state: &impl StateRead, now: TimeMs, id: ProposalId) -> Option<ProposalFound> {
        let proposal = state::proposal(state, id)?;
        let roll: Roll = state::read(state, &StateKey::Roll)?;
        let params: Params = state::read(state, &StateKey::Params)?;
        let tally = roll.tally(&proposal, &params);
        let state = ProposalState::of(&proposal, now);
        Some(ProposalFound { id, proposal, state, tally })
    }
}
