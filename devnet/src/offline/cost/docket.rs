//! What is pending beside the grants, so many of each kind: checks, incidents, disputes, emergencies, draws,
//! findings, assessments, task forces.
//! Holds: each lies there as records of its agencies would have left it; the same in every run.
//! May not enter: measuring.

pub(super) mod contested;
pub(super) mod together;
pub(super) mod watched;

use comity_core::duty::Mark;
use comity_core::ids::{LogIndex, TimeMs};
use comity_core::state::Changes;

use super::crowd::{Fate, Life};
use super::town::{DAY_MS, NOW, Town};

/// How many there are of each kind.
pub(super) const PENDING: u64 = 64;
/// The first entry that is about one of them: before any grant.
const FIRST: u64 = 20_000;

/// What is pending.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Pending {
    /// A check that was opened.
    Check,
    /// … that is offered to another.
    OfferedCheck,
    /// … that was upheld.
    UpheldCheck,
    /// An incident that was reported.
    Incident,
    /// A request that was refused, and nobody disputes it.
    Refusal,
    /// A dispute that nobody has answered.
    Dispute,
    /// … in which the refusal stands.
    AnsweredDispute,
    /// … that is with the competent authority.
    EscalatedDispute,
    /// An emergency in force.
    Emergency,
    /// One that is over.
    PastEmergency,
    /// A draw in which agencies commit.
    CommittingDraw,
    /// … reveal.
    RevealingDraw,
    /// … and in which all did.
    Drawn,
    /// A finding that was opened.
    Finding,
    /// … and answered.
    AnsweredFinding,
    /// An assessment that was reported.
    Assessment,
    /// A task force that lives.
    TaskForce,
}

impl Pending {
    /// Where one of these was made (step 0), or something was done about it.
    pub(super) fn at(self, number: u64, step: u64) -> LogIndex {
        LogIndex(FIRST + 1_000 * self as u64 + 8 * (number % PENDING) + step)
    }
}

/// So many days ago.
pub(super) fn ago(days: u64) -> TimeMs {
    TimeMs(NOW.0 - days * DAY_MS)
}

fn mark(at: LogIndex, days: u64) -> Mark {
    Mark { at, on: ago(days) }
}

/// A grant that is used, of which the competent authority is no side.
pub(super) fn life(town: &Town, number: u64) -> Life<'_> {
    let mut tried = (0..PENDING).map(|more| Life::of(town, Fate::Used, number % PENDING + more));
    let is_apart = |life: &Life<'_>| {
        let authority = &town.agencies[0];
        life.owner() != authority && life.first_requester() != authority
    };
    tried.find(is_apart).unwrap_or_else(|| Life::of(town, Fate::Used, number))
}

/// All of it.
pub(super) fn changes(town: &Town) -> Changes {
    let mut changes = Changes::default();
    for number in 0..PENDING {
        contested::put(town, number, &mut changes);
        watched::put(town, number, &mut changes);
        together::put(town, number, &mut changes);
    }
    watched::put_emergencies(town, &mut changes);
    changes
}
