//! Refusals of task forces: who forms, joins and leaves them, what they are granted, who signs for them.
//! Holds: names never change meaning.
//! Source: docs/formats.md, "Rules", form-task-force to end-task-force.

use serde::{Deserialize, Serialize};

use crate::grant::TermField;
use crate::ids::{TaskForceId, TimeMs};
use crate::statement::Capacity;
use crate::text::AgencyId;

/// Why an act in or about a task force is refused.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[serde(tag = "rule", rename_all = "kebab-case")]
pub enum TaskForceRefusal {
    /// No such task force.
    #[error("there is no task force {task_force}")]
    TaskForceUnknown {
        /// The task force.
        task_force: TaskForceId,
    },
    /// The task force is over.
    #[error("{task_force} was over at {since}")]
    TaskForceOver {
        /// The task force.
        task_force: TaskForceId,
        /// Since when.
        since: TimeMs,
    },
    /// Nobody beside the lead, or more than there may ever be.
    #[error("a task force has 2 to {limit} agencies, those invited and those that left included")]
    TaskForceSize {
        /// Agencies allowed.
        limit: u64,
    },
    /// An end that is not after the beginning, or too late.
    #[error("the task force has to end after the entry that forms it, at {latest} at the latest")]
    TaskForcePeriod {
        /// The latest end.
        latest: TimeMs,
    },
    /// No title, or no reason.
    #[error("this has to be said in words")]
    TaskForceTextEmpty,
    /// A member that is no public body.
    #[error("{agency} is no public body, and needs a grant of its own")]
    MemberNotPublic {
        /// The agency.
        agency: AgencyId,
    },
    /// An agency that is a member, or invited, already.
    #[error("{agency} is a member already, or invited")]
    InTaskForce {
        /// The agency.
        agency: AgencyId,
    },
    /// An agency that was not invited, or no longer is.
    #[error("{agency} is not invited into {task_force}")]
    NotInvited {
        /// The task force.
        task_force: TaskForceId,
        /// The agency.
        agency: AgencyId,
    },
    /// An agency that is no member.
    #[error("{agency} is no member of {task_force}")]
    NotInTaskForce {
        /// The task force.
        task_force: TaskForceId,
        /// The agency.
        agency: AgencyId,
    },
    /// The lead neither leaves nor is excluded.
    #[error("{task_force} is led by this agency, which ends it instead of leaving it")]
    LeadStays {
        /// The task force.
        task_force: TaskForceId,
    },
    /// Terms that are not the task force's.
    #[error("the {field} is not that of {task_force}, or goes beyond it")]
    BeyondTaskForce {
        /// The task force.
        task_force: TaskForceId,
        /// The first field that is not.
        field: TermField,
    },
    /// A signature in another capacity than the act is done in.
    #[error("this is signed in the capacity {capacity} and in no other")]
    SignerCapacity {
        /// The capacity needed.
        capacity: Capacity,
    },
}

impl TaskForceRefusal {
    /// The rule's name.
    pub fn rule(&self) -> &'static str {
        match self {
            TaskForceRefusal::TaskForceUnknown { .. } => "task-force-unknown",
            TaskForceRefusal::TaskForceOver { .. } => "task-force-over",
            TaskForceRefusal::TaskForceSize { .. } => "task-force-size",
            TaskForceRefusal::TaskForcePeriod { .. } => "task-force-period",
            TaskForceRefusal::TaskForceTextEmpty => "task-force-text-empty",
            TaskForceRefusal::MemberNotPublic { .. } => "member-not-public",
            TaskForceRefusal::InTaskForce { .. } => "in-task-force",
            TaskForceRefusal::NotInvited { .. } => "not-invited",
            TaskForceRefusal::NotInTaskForce { .. } => "not-in-task-force",
            TaskForceRefusal::LeadStays { .. } => "lead-stays",
            TaskForceRefusal::BeyondTaskForce { .. } => "beyond-task-force",
            TaskForceRefusal::SignerCapacity { .. } => "signer-capacity",
        }
    }
}
