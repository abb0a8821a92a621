//! Interruptions: times, by position on the log, in which an object does not count.
//! Holds: an interruption keeps both its ends for ever, so that the latest state tells the past.
//! May not enter: what interrupts what (see `apply`). Source: docs/formats.md, "Interruptions".

use serde::{Deserialize, Serialize};

use crate::duty::Mark;
use crate::encoding::{Decode, Encode};
use crate::ids::{LogIndex, TimeMs};
use crate::text::Text;

/// Most interruptions of one kind that an object may have in all its life.
pub const MAX_INTERRUPTIONS: usize = 32;

/// One interruption.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, Serialize, Deserialize)]
pub struct Interruption {
    /// The entry that began it.
    pub at: LogIndex,
    /// Why.
    pub reason: Text<256>,
    /// The entry that ended it, if one did.
    pub ended_at: Option<LogIndex>,
    /// The time of the block of the entry that began it.
    pub on: TimeMs,
    /// The time of the block of the entry that ended it, if one did.
    pub ended_on: Option<TimeMs>,
}

impl Interruption {
    /// Whether it went on at a time that may be over. Its end is not included.
    fn goes_on(&self, now: TimeMs) -> bool {
        self.on <= now && self.ended_on.is_none_or(|on| on > now)
    }
}

/// All interruptions of one kind, oldest first; only the last may go on.
#[derive(Clone, Debug, Default, PartialEq, Eq, Encode, Decode, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Interruptions(Vec<Interruption>);

impl Interruptions {
    /// All of them.
    pub fn all(&self) -> &[Interruption] {
        &self.0
    }

    /// The one that goes on, if one does.
    pub fn current(&self) -> Option<&Interruption> {
        self.0.last().filter(|last| last.ended_at.is_none())
    }

    /// The one that went on at a time that may be over, if one did.
    pub fn at(&self, now: TimeMs) -> Option<&Interruption> {
        self.0.iter().rfind(|one| one.goes_on(now))
    }

    /// Whether no further one may begin.
    pub fn is_full(&self) -> bool {
        self.0.len() >= MAX_INTERRUPTIONS
    }

    /// Begins one. The caller has seen that none goes on.
    pub fn begin(&mut self, mark: Mark, reason: Text<256>) {
        let Mark { at, on } = mark;
        self.0.push(Interruption { at, reason, ended_at: None, on, ended_on: None });
    }

    /// Ends the one that goes on.
    pub fn end(&mut self, mark: Mark) {
        if let Some(last) = self.0.last_mut().filter(|last| last.ended_at.is_none()) {
            (last.ended_at, last.ended_on) = (Some(mark.at), Some(mark.on));
        }
    }
}
