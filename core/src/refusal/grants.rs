//! Refusals of how grants are bound, changed and passed on.
//! Holds: names never change meaning.
//! Source: docs/formats.md, "Rules", issue-grant and narrow-grant to fulfil-undertaking.

use serde::{Deserialize, Serialize};

use crate::grant::TermField;
use crate::ids::{GrantId, LogIndex, TimeMs};
use crate::keys::PublicKey;
use crate::text::AgencyId;

/// Why terms, or a change of a grant, are refused.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[serde(tag = "rule", rename_all = "kebab-case")]
pub enum GrantRefusal {
    /// No officer is named, or more than allowed.
    #[error("a grant names 1 to {limit} posts or keys of officers, or none and lets all use it")]
    OfficerCount {
        /// Posts or keys allowed.
        limit: u64,
    },
    /// A post without a name.
    #[error("a post that may use the grant has no name")]
    PostEmpty,
    /// A key that is no officer's of the requester.
    #[error("{key} is not an officer's key of {agency}")]
    OfficerUnfit {
        /// The key.
        key: PublicKey,
        /// The requester.
        agency: AgencyId,
    },
    /// Passed on to more agencies than allowed.
    #[error("a grant may be passed on to at most {limit} agencies")]
    OnwardCount {
        /// Agencies allowed.
        limit: u64,
    },
    /// Passed on to one that is a side of the grant already.
    #[error("{agency} is a side of the grant itself")]
    OnwardToParty {
        /// The agency.
        agency: AgencyId,
    },
    /// More undertakings than allowed.
    #[error("a grant has at most {limit} undertakings")]
    UndertakingCount {
        /// Undertakings allowed.
        limit: u64,
    },
    /// An undertaking of no day, or of too many.
    #[error("undertaking {number} must be of 1 to {limit} working days")]
    UndertakingDays {
        /// Its place.
        number: u8,
        /// Working days allowed.
        limit: u16,
    },
    /// An undertaking that this side cannot keep.
    #[error("undertaking {number} is not one that this side can keep")]
    UndertakingSide {
        /// Its place.
        number: u8,
    },
    /// The same promise of one side twice.
    #[error("undertaking {number} stands twice")]
    UndertakingTwice {
        /// Its second place.
        number: u8,
    },
    /// The grant was changed by another statement in the meantime.
    #[error("{grant} is at version {version}, made by entry {at}")]
    GrantChanged {
        /// The grant.
        grant: GrantId,
        /// Its version.
        version: u32,
        /// The entry that made that version.
        at: LogIndex,
    },
    /// A change that changes nothing.
    #[error("{grant} already says exactly this")]
    GrantUnchanged {
        /// The grant.
        grant: GrantId,
    },
    /// The grant has ended.
    #[error("{grant} ended at {until}")]
    GrantOver {
        /// The grant.
        grant: GrantId,
        /// When it ended.
        until: TimeMs,
    },
    /// A narrowing that permits more.
    #[error("the narrowed grant would go beyond the grant in its {field}")]
    NarrowingBeyond {
        /// The first field that does.
        field: TermField,
    },
    /// An extension for another dataset or requester.
    #[error("an extension keeps the grant's {field}")]
    ExtensionOfOther {
        /// The field that differs.
        field: TermField,
    },
    /// What was undertaken is not kept at its place.
    #[error("what was undertaken in {grant} stays as it is")]
    UndertakingsKept {
        /// The grant.
        grant: GrantId,
    },
    /// The grant may not be passed on to this agency.
    #[error("{parent} may not be passed on to {agency}")]
    OnwardNotAllowed {
        /// The grant.
        parent: GrantId,
        /// The agency.
        agency: AgencyId,
    },
    /// Passed on once more.
    #[error("{parent} was derived from {origin}: grants are passed on one level down only")]
    OnwardOfOnward {
        /// The grant.
        parent: GrantId,
        /// The grant from which it was derived.
        origin: GrantId,
    },
    /// A derived grant that could be passed on itself.
    #[error("a derived grant names no agency to which it may be passed on")]
    OnwardAgain,
    /// A derived grant that permits more than the one from which it is derived.
    #[error("the derived grant would go beyond {parent} in its {field}")]
    OnwardBeyond {
        /// The grant.
        parent: GrantId,
        /// The first field that does.
        field: TermField,
    },
    /// No such undertaking.
    #[error("{grant} has no undertaking {number}")]
    UndertakingUnknown {
        /// The grant.
        grant: GrantId,
        /// The number.
        number: u8,
    },
    /// Fulfilled without a word on how.
    #[error("whoever fulfils an undertaking says what was done")]
    FulfilmentWithoutNote,
    /// An undertaking that does not bind yet.
    #[error("undertaking {number} of {grant} binds from the first access on")]
    UndertakingNotBegun {
        /// The grant.
        grant: GrantId,
        /// Its place.
        number: u8,
    },
    /// Deleted while more may come.
    #[error("{grant} lets data through until {until}; what it gave is deleted after that")]
    DeletionTooEarly {
        /// The grant.
        grant: GrantId,
        /// When it ends.
        until: TimeMs,
    },
    /// Fulfilled for good already.
    #[error("undertaking {number} of {grant} was fulfilled with entry {at}")]
    UndertakingFulfilled {
        /// The grant.
        grant: GrantId,
        /// Its place.
        number: u8,
        /// The entry.
        at: LogIndex,
    },
}

impl GrantRefusal {
    /// The rule's name.
    pub fn rule(&self) -> &'static str {
        match self {
            GrantRefusal::OfficerCount { .. } => "officer-count",
            GrantRefusal::PostEmpty => "post-empty",
            GrantRefusal::OfficerUnfit { .. } => "officer-unfit",
            GrantRefusal::OnwardCount { .. } => "onward-count",
            GrantRefusal::OnwardToParty { .. } => "onward-to-party",
            GrantRefusal::UndertakingCount { .. } => "undertaking-count",
            GrantRefusal::UndertakingDays { .. } => "undertaking-days",
            GrantRefusal::UndertakingSide { .. } => "undertaking-side",
            GrantRefusal::UndertakingTwice { .. } => "undertaking-twice",
            GrantRefusal::GrantChanged { .. } => "grant-changed",
            GrantRefusal::GrantUnchanged { .. } => "grant-unchanged",
            GrantRefusal::GrantOver { .. } => "grant-over",
            GrantRefusal::NarrowingBeyond { .. } => "narrowing-beyond",
            GrantRefusal::ExtensionOfOther { .. } => "extension-of-other",
            GrantRefusal::UndertakingsKept { .. } => "undertakings-kept",
            GrantRefusal::OnwardNotAllowed { .. } => "onward-not-allowed",
            GrantRefusal::OnwardOfOnward { .. } => "onward-of-onward",
            GrantRefusal::OnwardAgain => "onward-again",
            GrantRefusal::OnwardBeyond { .. } => "onward-beyond",
            GrantRefusal::UndertakingUnknown { .. } => "undertaking-unknown",
            GrantRefusal::FulfilmentWithoutNote => "fulfilment-without-note",
            GrantRefusal::UndertakingNotBegun { .. } => "undertaking-not-begun",
            GrantRefusal::DeletionTooEarly { .. } => "deletion-too-early",
            GrantRefusal::UndertakingFulfilled { .. } => "undertaking-fulfilled",
        }
    }
}
