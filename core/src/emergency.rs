//! Emergencies 应急共享: data that goes without a grant for some days, and is looked at afterwards.
//! Holds: an emergency ends by itself; what it let through is never forgotten, nor is who reviewed it.
//! May not enter: the rules (see `apply`); single accesses' details. Source: docs/formats.md,
//! "Emergencies".

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use crate::duty::Mark;
use crate::encoding::{Decode, Encode};
use crate::grant::Usage;
use crate::ids::{DatasetId, LogIndex, TimeMs};
use crate::text::{AgencyId, Code, Text};

/// An emergency lasts at most so long (ms), from its declaration or its renewal: 72 hours.
pub const MAX_EMERGENCY_MS: u64 = 72 * 60 * 60 * 1000;
/// Most datasets and agencies that a scope names.
pub const MAX_SCOPE: usize = 64;
/// Most agencies that an emergency lets ask.
pub const MAX_EMERGENCY_REQUESTERS: usize = 64;
/// Most emergencies of one agency that are in force or ended less than [`MAX_EMERGENCY_MS`] ago.
pub const MAX_RECENT_OF_ONE: usize = 8;
/// Most such emergencies of all agencies.
pub const MAX_RECENT: usize = 64;
/// Most times that an emergency is renewed.
pub const MAX_RENEWALS: usize = 16;
/// Most reviews of one emergency.
pub const MAX_REVIEWS: usize = 16;
/// Most accesses that one agency records in one emergency; one that stands for a batch is one.
pub const MAX_EMERGENCY_ENTRIES: u32 = 1_024;
/// Most accesses that one statement justifies.
pub const MAX_JUSTIFIED: usize = 64;

/// What an emergency opens.
#[derive(Clone, Debug, Default, PartialEq, Eq, Encode, Decode, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EmergencyScope {
    /// Single datasets, however they are classified.
    pub datasets: BTreeSet<DatasetId>,
    /// Agencies of which everything that may be shared is open.
    pub agencies: BTreeSet<AgencyId>,
}

impl EmergencyScope {
    /// How much is named: datasets and agencies.
    pub fn len(&self) -> usize {
        self.datasets.len() + self.agencies.len()
    }

    /// Whether nothing is named.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Whether data of an agency is open, all of it or some.
    pub fn has_provider(&self, agency: &AgencyId) -> bool {
        self.agencies.contains(agency) || self.datasets.iter().any(|one| one.agency == *agency)
    }

    /// Whether some dataset is open by both.
    pub fn meets(&self, other: &EmergencyScope) -> bool {
        let within = |one: &EmergencyScope, by: &EmergencyScope| {
            let named = |dataset: &DatasetId| {
                by.datasets.contains(dataset) || by.agencies.contains(&dataset.agency)
            };
            one.datasets.iter().any(named)
        };
        within(self, other) || within(other, self) || !self.agencies.is_disjoint(&other.agencies)
    }
}

/// What is declared.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EmergencyTerms {
    /// What it opens.
    pub scope: EmergencyScope,
    /// Whose officers it lets ask.
    pub requesters: BTreeSet<AgencyId>,
    /// For which matter, and for no other.
    pub matter: Code,
    /// It is in force in blocks before this time.
    pub until: TimeMs,
    /// Why.
    pub reason: Text<512>,
}

/// An emergency on the ledger. State value under its id.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, Serialize, Deserialize)]
pub struct Emergency {
    /// What was declared.
    pub terms: EmergencyTerms,
    /// By whom.
    pub declared_by: AgencyId,
    /// The entry that declared it; also its id.
    pub declared_at: LogIndex,
    /// The time of that entry's block.
    pub declared_on: TimeMs,
    /// It is in force in blocks before this time: what was declared, or the last renewal.
    pub until: TimeMs,
    /// The ballots that renewed it, in their order.
    pub renewals: Vec<Renewal>,
    /// How it was ended before its time, if it was.
    pub ended: Option<EmergencyEnd>,
    /// What agencies that had no part in it said of it, in their order.
    pub reviews: Vec<Review>,
}

/// A renewal by ballot.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode, Serialize, Deserialize)]
pub struct Renewal {
    /// The entry with whose ballot it passed, and when.
    pub mark: Mark,
    /// Until when it was in force from then on.
    pub until: TimeMs,
}

/// An end before the time.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, Serialize, Deserialize)]
pub struct EmergencyEnd {
    /// The entry that ended it, and when.
    pub mark: Mark,
    /// Why.
    pub reason: Text<256>,
}

/// What a reviewer found.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Verdict {
    /// It was needed, and used as it was meant.
    Warranted,
    /// It was needed, but was wider, longer or used further than it had to be.
    Excessive,
    /// It was not needed.
    Unwarranted,
}

impl Verdict {
    /// Every verdict, in the order of its encoding.
    pub const ALL: [Verdict; 3] = [Verdict::Warranted, Verdict::Excessive, Verdict::Unwarranted];

    /// The verdict as it is written in commands and files.
    pub fn as_str(self) -> &'static str {
        match self {
            Verdict::Warranted => "warranted",
            Verdict::Excessive => "excessive",
            Verdict::Unwarranted => "unwarranted",
        }
    }
}

impl std::fmt::Display for Verdict {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.as_str())
    }
}

/// One agency's review. Its words are in the entry.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, Serialize, Deserialize)]
pub struct Review {
    /// Whose review it is.
    pub by: AgencyId,
    /// What it found.
    pub verdict: Verdict,
    /// The entry, and when.
    pub mark: Mark,
}

/// An access in an emergency, until it is justified and after. State value under the emergency and
/// the access's entry, which tells the rest.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, Serialize, Deserialize)]
pub struct EmergencyAccess {
    /// Whose officer asked.
    pub requester: AgencyId,
    /// The time of the entry's block: of an access that went in late, when it did.
    pub on: TimeMs,
    /// The entry that justified it, and when.
    pub justified: Option<Mark>,
    /// Of an access that went in late, when the officer says to have asked.
    pub late: Option<TimeMs>,
}

/// What one agency used of one emergency. State value.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Encode, Decode, Serialize, Deserialize)]
pub struct EmergencyUse {
    /// Accesses; of a batch each one.
    pub usage: Usage,
    /// Entries that recorded them.
    pub entries: u32,
    /// Entries that were justified.
    pub justified: u32,
}

impl EmergencyUse {
    /// This use with one more entry of `count` accesses, on `day`; none where there were as many as
    /// there may be.
    pub fn with(&self, count: u64, day: u64) -> Option<EmergencyUse> {
        let entries = self.entries.saturating_add(1);
        let usage = self.usage.with(count, day);
        (entries <= MAX_EMERGENCY_ENTRIES).then_some(EmergencyUse { usage, entries, ..*self })
    }

    /// Entries that nobody justified yet.
    pub fn open(&self) -> u32 {
        self.entries.saturating_sub(self.justified)
    }
}

/// How an emergency stands. Derived, never stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum EmergencyState {
    /// It lets data through.
    InForce,
    /// It has ended, and nobody without a part in it has reviewed it.
    AwaitingReview,
    /// It has ended and was reviewed.
    Reviewed,
}

impl Emergency {
    /// When it ends, as things stand, or ended: from this time on it lets nothing through.
    pub fn ends(&self) -> TimeMs {
        self.ended.as_ref().map_or(self.until, |end| end.mark.on)
    }

    /// Whether it is over at a time. What was ended is over at once, also for the rest of its block.
    pub fn is_over(&self, now: TimeMs) -> bool {
        self.over_since(now).is_some()
    }

    /// Since when it was over at a time that may itself be over, if it was: a ballot may have renewed
    /// it since.
    pub fn over_since(&self, now: TimeMs) -> Option<TimeMs> {
        let ended = self.ended.as_ref().map(|end| end.mark.on).filter(|on| *on <= now);
        let renewed = self.renewals.iter().rfind(|renewal| renewal.mark.on <= now);
        let until = renewed.map_or(self.terms.until, |renewal| renewal.until);
        ended.or((now >= until).then_some(until))
    }

    /// How it stands at a time.
    pub fn state(&self, now: TimeMs) -> EmergencyState {
        if !self.is_over(now) {
            return EmergencyState::InForce;
        }
        match self.reviews.is_empty() {
            true => EmergencyState::AwaitingReview,
            false => EmergencyState::Reviewed,
        }
    }

    /// Whether it opens a dataset, as far as that may be shared where its agency is named alone.
    pub fn opens(&self, dataset: &DatasetId) -> bool {
        let EmergencyScope { datasets, agencies } = &self.terms.scope;
        datasets.contains(dataset) || agencies.contains(&dataset.agency)
    }

    /// Whether an agency has a part in it: declared it, may ask, or has to provide.
    pub fn involves(&self, agency: &AgencyId) -> bool {
        self.declared_by == *agency
            || self.terms.requesters.contains(agency)
            || self.terms.scope.has_provider(agency)
    }

    /// Whether another emergency would let some agency at some dataset that this one did.
    pub fn overlaps(&self, terms: &EmergencyTerms) -> bool {
        !self.terms.requesters.is_disjoint(&terms.requesters)
            && self.terms.scope.meets(&terms.scope)
    }

    /// Whether it is in force at a time, or has been over for less than its longest duration: so
    /// long, only a ballot opens the same again.
    pub fn is_recent(&self, now: TimeMs) -> bool {
        self.ends().plus(MAX_EMERGENCY_MS) > now
    }
}
