//! Task forces 专班: agencies that work on one matter for a time, and use what is granted to them together.
//! Holds: a task force ends by itself; nobody is a member against its word; every membership is kept
//! with both its ends, so that who was a member at a position can be proven.
//! May not enter: the rules (see `apply`). Source: docs/formats.md, "Task forces".

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use crate::duty::Mark;
use crate::encoding::{Decode, Encode};
use crate::ids::{LogIndex, TimeMs};
use crate::text::{AgencyId, Code, Text};

/// Most memberships, past ones included, and open invitations of one task force in all.
pub const MAX_TASK_FORCE: usize = 64;
/// A task force lasts at most so long (ms): two years.
pub const MAX_TASK_FORCE_MS: u64 = 731 * 24 * 60 * 60 * 1000;

/// What a task force is formed for.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TaskForceTerms {
    /// What it is called.
    pub title: Text<128>,
    /// Who leads it.
    pub lead: AgencyId,
    /// Who is invited to join (at least one agency beside the lead).
    pub invited: BTreeSet<AgencyId>,
    /// For which matter 事项, and for no other.
    pub matter: Code,
    /// On what duty basis 职责依据.
    pub duty_basis: Code,
    /// It lives in blocks before this time.
    pub until: TimeMs,
}

/// A task force on the ledger. State value under its id.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, Serialize, Deserialize)]
pub struct TaskForce {
    /// What it was formed for.
    pub terms: TaskForceTerms,
    /// The entry that formed it; also its id.
    pub formed_at: LogIndex,
    /// The time of that entry's block.
    pub formed_on: TimeMs,
    /// Who may join, each with the entry that invited it.
    pub invited: BTreeMap<AgencyId, LogIndex>,
    /// Every membership that there is and was, in the order of their beginnings; the lead's first.
    pub memberships: Vec<Membership>,
    /// How it was ended before its time, if it was.
    pub ended: Option<TaskForceEnd>,
}

/// The time for which an agency was a member.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, Serialize, Deserialize)]
pub struct Membership {
    /// The agency.
    pub agency: AgencyId,
    /// The entry that had invited it; of the lead the one that formed the task force.
    pub invited_at: LogIndex,
    /// The entry with which it joined, and when.
    pub joined: Mark,
    /// How it ended, if it did before the task force.
    pub left: Option<Leaving>,
}

/// The end of a membership.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, Serialize, Deserialize)]
pub struct Leaving {
    /// The entry, and when.
    pub mark: Mark,
    /// Whose word it was: its own, or the lead's.
    pub by: AgencyId,
    /// Why.
    pub reason: Text<256>,
}

/// An end before the time.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, Serialize, Deserialize)]
pub struct TaskForceEnd {
    /// The entry that ended it, and when.
    pub mark: Mark,
    /// Why.
    pub reason: Text<256>,
}

/// How a task force stands. Derived, never stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum TaskForceState {
    /// It may be granted data, and uses it.
    Active,
    /// It has ended, and its grants with it.
    Over,
}

impl TaskForce {
    /// How it stands at a time.
    pub fn state(&self, now: TimeMs) -> TaskForceState {
        match self.is_over(now) {
            true => TaskForceState::Over,
            false => TaskForceState::Active,
        }
    }

    /// As it was before an entry, as far as accesses are judged by it; if it was formed by then.
    pub fn before(&self, at: LogIndex) -> Option<TaskForce> {
        let there = self.memberships.iter().filter(|one| one.joined.at < at).cloned();
        let memberships = there
            .map(|one| Membership { left: one.left.filter(|leaving| leaving.mark.at < at), ..one });
        (self.formed_at < at).then(|| TaskForce {
            memberships: memberships.collect(),
            ended: self.ended.clone().filter(|end| end.mark.at < at),
            ..self.clone()
        })
    }

    /// Every entry that changed who is a member, or ended it, in the order of the memberships.
    pub fn changed_at(&self) -> impl Iterator<Item = LogIndex> {
        let of = |one: &Membership| {
            [Some(one.joined.at), one.left.as_ref().map(|leaving| leaving.mark.at)]
        };
        let ended = self.ended.as_ref().map(|end| end.mark.at);
        self.memberships.iter().flat_map(of).flatten().chain(ended)
    }

    /// When it ends, as things stand, or ended.
    pub fn ends(&self) -> TimeMs {
        self.ended.as_ref().map_or(self.terms.until, |end| end.mark.on)
    }

    /// Whether it is over at a time. What was ended is over at once, also for the rest of its block.
    pub fn is_over(&self, now: TimeMs) -> bool {
        self.ended.is_some() || now >= self.terms.until
    }

    /// The membership that an agency has, while neither it nor the lead has ended that.
    pub fn membership(&self, agency: &AgencyId) -> Option<&Membership> {
        self.memberships.iter().find(|one| one.agency == *agency && one.left.is_none())
    }

    /// The membership that an agency had at an entry: joined before it, and had not left by then.
    pub fn membership_at(&self, agency: &AgencyId, at: LogIndex) -> Option<&Membership> {
        self.memberships.iter().find(|one| {
            let has_left = one.left.as_ref().is_some_and(|leaving| leaving.mark.at < at);
            one.agency == *agency && one.joined.at < at && !has_left
        })
    }

    /// Whether an agency is, or ever was, a member: it may have received something.
    pub fn ever_had(&self, agency: &AgencyId) -> bool {
        self.memberships.iter().any(|one| one.agency == *agency)
    }

    /// The agencies that are members, ascending.
    pub fn members(&self) -> BTreeSet<&AgencyId> {
        self.memberships.iter().filter(|one| one.left.is_none()).map(|one| &one.agency).collect()
    }

    /// The agencies that are or were members, ascending.
    pub fn all_members(&self) -> BTreeSet<&AgencyId> {
        self.memberships.iter().map(|one| &one.agency).collect()
    }

    /// Whether an agency leads it, is or was a member, or is invited.
    pub fn concerns(&self, agency: &AgencyId) -> bool {
        self.ever_had(agency) || self.invited.contains_key(agency)
    }

    /// How many agencies it counts: those invited, and every membership.
    pub fn size(&self) -> usize {
        self.memberships.len() + self.invited.len()
    }
}
