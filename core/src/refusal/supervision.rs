//! Refusals of what the authorities set for all: calendars and rule packs.
//! Holds: names never change meaning.
//! Source: docs/formats.md, "Rules", publish-calendar and publish-rules.

use serde::{Deserialize, Serialize};

use crate::calendar::{CalendarFault, Day};
use crate::ids::{LogIndex, TimeMs};
use crate::rule_pack::RulePackFault;

/// Why a calendar or a rule pack is refused.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[serde(tag = "rule", rename_all = "kebab-case")]
pub enum SupervisionRefusal {
    /// A calendar that cannot be.
    #[error("the calendar cannot be: {fault}")]
    CalendarUnfit {
        /// Why.
        fault: CalendarFault,
    },
    /// A calendar that ends too soon.
    #[error("the calendar must reach day {} or beyond", day.0)]
    CalendarTooShort {
        /// The day that it must reach.
        day: Day,
    },
    /// A calendar for days that have begun.
    #[error("a calendar says nothing new about days before day {}", day.0)]
    CalendarOverlap {
        /// The first day of which it may speak.
        day: Day,
    },
    /// A calendar that leaves days out, after the one before it or from tomorrow on.
    #[error("the calendar leaves days out: it must begin on day {} or earlier", day.0)]
    CalendarGap {
        /// The latest day on which it may begin.
        day: Day,
    },
    /// As many calendars as a region may have.
    #[error("the region already has {limit} calendars")]
    TooManyCalendars {
        /// Calendars allowed.
        limit: u64,
    },
    /// No agency holds the office that has to sign beside the competent authority.
    #[error("no agency is the supervisor, who signs rule packs beside the competent authority")]
    NoSupervisor,
    /// A rule pack that cannot be.
    #[error("the rule pack cannot be: {fault}")]
    RulesUnfit {
        /// Why.
        fault: RulePackFault,
    },
    /// A rule pack of a name that there was.
    #[error("a rule pack of this name was published by entry {at}")]
    RulesNameTaken {
        /// The entry that published it.
        at: LogIndex,
    },
    /// A rule pack that would rule before people could have read it.
    #[error("the rule pack may begin at {earliest} or later")]
    RulesTooSoon {
        /// The earliest time.
        earliest: TimeMs,
    },
    /// As many rule packs as there may ever be.
    #[error("{limit} rule packs were already published")]
    TooManyRules {
        /// Packs allowed.
        limit: u64,
    },
}

impl SupervisionRefusal {
    /// The rule's name.
    pub fn rule(&self) -> &'static str {
        match self {
            SupervisionRefusal::CalendarUnfit { .. } => "calendar-unfit",
            SupervisionRefusal::CalendarTooShort { .. } => "calendar-too-short",
            SupervisionRefusal::CalendarOverlap { .. } => "calendar-overlap",
            SupervisionRefusal::CalendarGap { .. } => "calendar-gap",
            SupervisionRefusal::TooManyCalendars { .. } => "too-many-calendars",
            SupervisionRefusal::NoSupervisor => "no-supervisor",
            SupervisionRefusal::RulesUnfit { .. } => "rules-unfit",
            SupervisionRefusal::RulesNameTaken { .. } => "rules-name-taken",
            SupervisionRefusal::RulesTooSoon { .. } => "rules-too-soon",
            SupervisionRefusal::TooManyRules { .. } => "too-many-rules",
        }
    }
}
