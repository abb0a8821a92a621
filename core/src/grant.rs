//! Grants 授权: what one agency lets another do with a dataset.
//! Holds: each version of the terms stays; a status change keeps its position.
//! May not enter: the rules (see `apply`). Source: docs/formats.md, "Grants".

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use crate::binding::{Bearers, Fulfilment, Side, Undertaking};
use crate::dataset::{DeliveryMode, Items, PublishedDataset, Sharing};
use crate::duty::Mark;
use crate::encoding::{Decode, Encode};
use crate::ids::{DatasetId, GrantId, LogIndex, RequestId, TaskForceId, TimeMs};
use crate::interruption::Interruptions;
use crate::text::{AgencyId, Code, Text};

/// Most matters that a grant may name.
pub const MAX_MATTERS: usize = 32;

/// What a grant permits, as its provider's steward signs it.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct GrantTerms {
    /// The dataset.
    pub dataset: DatasetId,
    /// Who may use it.
    pub requester: AgencyId,
    /// For which matters 事项 (at least one).
    pub matters: BTreeSet<Code>,
    /// On what duty basis 职责依据.
    pub duty_basis: Code,
    /// Which items.
    pub items: Items,
    /// In which ways (at least one).
    pub modes: BTreeSet<DeliveryMode>,
    /// In force for blocks at or after this time …
    pub not_before: TimeMs,
    /// … and before this time.
    pub not_after: TimeMs,
    /// Most accesses in all, where limited.
    pub total_quota: Option<u64>,
    /// Most accesses on one day of consensus time, where limited.
    pub daily_quota: Option<u64>,
    /// Which of the conditions apply that the dataset states, by number from 1, in its version of
    /// that day.
    #[serde(default)]
    pub conditions: BTreeSet<u8>,
    /// Which of the requester's officers may use it.
    #[serde(default)]
    pub officers: Bearers,
    /// To which agencies the requester may pass it on, one level down (at most 16).
    #[serde(default)]
    pub onward: BTreeSet<AgencyId>,
    /// What both sides undertake (at most 8).
    #[serde(default)]
    pub undertakings: Vec<Undertaking>,
    /// The task force whose members may use it, where it is one that asks: the requester leads it.
    #[serde(default)]
    pub task_force: Option<TaskForceId>,
}

/// In what terms go beyond others.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum TermField {
    /// Another dataset.
    Dataset,
    /// Another requesting agency.
    Requester,
    /// A further matter.
    Matters,
    /// Another duty basis.
    DutyBasis,
    /// A further item.
    Items,
    /// A further delivery mode.
    Modes,
    /// A longer period.
    Period,
    /// A greater total quota.
    TotalQuota,
    /// A greater daily quota.
    DailyQuota,
    /// A further officer.
    Officers,
    /// A further agency to which it may be passed on.
    Onward,
    /// Less that the requester undertakes.
    Undertakings,
    /// A condition left out.
    Conditions,
    /// Another task force, or none, or one at all.
    TaskForce,
}

impl TermField {
    /// The field as it is written in messages' names.
    pub fn as_str(self) -> &'static str {
        match self {
            TermField::Dataset => "dataset",
            TermField::Requester => "requester",
            TermField::Matters => "matters",
            TermField::DutyBasis => "duty-basis",
            TermField::Items => "items",
            TermField::Modes => "modes",
            TermField::Period => "period",
            TermField::TotalQuota => "total-quota",
            TermField::DailyQuota => "daily-quota",
            TermField::Officers => "officers",
            TermField::Onward => "onward",
            TermField::Undertakings => "undertakings",
            TermField::Conditions => "conditions",
            TermField::TaskForce => "task-force",
        }
    }
}

impl std::fmt::Display for TermField {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.as_str())
    }
}

impl GrantTerms {
    /// The first field, in the order of [`TermField`], in which these terms permit more than
    /// `asked` does.
    pub fn beyond(&self, asked: &GrantTerms) -> Option<TermField> {
        // No limit is the greatest of all.
        let exceeds = |own: Option<u64>, limit: Option<u64>| {
            limit.is_some_and(|limit| own.is_none_or(|own| own > limit))
        };
        let beyond = [
            (TermField::Dataset, self.dataset != asked.dataset),
            (TermField::Requester, self.requester != asked.requester),
            (TermField::Matters, !self.matters.is_subset(&asked.matters)),
            (TermField::DutyBasis, self.duty_basis != asked.duty_basis),
            (TermField::Items, asked.items.missing(&self.items).is_some()),
            (TermField::Modes, !self.modes.is_subset(&asked.modes)),
            (
                TermField::Period,
                self.not_before < asked.not_before || self.not_after > asked.not_after,
            ),
            (TermField::TotalQuota, exceeds(self.total_quota, asked.total_quota)),
            (TermField::DailyQuota, exceeds(self.daily_quota, asked.daily_quota)),
            (TermField::Officers, self.officers.beyond(&asked.officers)),
            (TermField::Onward, !self.onward.is_subset(&asked.onward)),
            (TermField::Undertakings, self.undertakes_less_than(asked)),
            (TermField::Conditions, !asked.conditions.is_subset(&self.conditions)),
            (TermField::TaskForce, self.task_force != asked.task_force),
        ];
        beyond.into_iter().find(|(_, is_beyond)| *is_beyond).map(|(field, _)| field)
    }

    /// Whether the requester undertakes in `asked` what it does not here, or not as soon.
    fn undertakes_less_than(&self, asked: &GrantTerms) -> bool {
        let is_kept = |wanted: &Undertaking| {
            let alike = self.undertakings.iter().find(|own| own.is_like(wanted));
            alike.is_some_and(|own| own.what.days() <= wanted.what.days())
        };
        let by_requester = |one: &&Undertaking| one.by == Side::Requester;
        !asked.undertakings.iter().filter(by_requester).all(is_kept)
    }

    /// An undertaking by its number, from 1.
    pub fn undertaking(&self, number: u8) -> Option<&Undertaking> {
        let place = usize::from(number).checked_sub(1)?;
        self.undertakings.get(place)
    }

    /// The most that may be passed on to an agency: these terms, for it.
    pub fn passed_on_to(&self, requester: &AgencyId) -> GrantTerms {
        GrantTerms {
            requester: requester.clone(),
            // The officers named are another agency's.
            officers: Bearers::All,
            ..self.clone()
        }
    }
}

/// A grant on the ledger. State value under its id.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, Serialize, Deserialize)]
pub struct Grant {
    /// What it permits.
    pub terms: GrantTerms,
    /// The entry that issued it; also its id.
    pub issued_at: LogIndex,
    /// The request that it answers, where it answers one.
    pub request: Option<RequestId>,
    /// Its suspensions: no access is allowed while one goes on.
    pub suspensions: Interruptions,
    /// Its revocation, if any.
    pub revoked: Option<Revocation>,
    /// The time of the block that issued it.
    pub issued_on: TimeMs,
    /// Where the provider first made the data ready 提供: its word, or the first access.
    pub delivered: Option<Mark>,
    /// The version of the terms, from 1; each change of them makes one more.
    pub version: u32,
    /// The entry that made this version.
    pub version_at: LogIndex,
    /// The grant from which it was derived, where it was.
    pub parent: Option<GrantId>,
    /// The first access under it: from then on its requester is bound by what it undertakes.
    pub first_use: Option<Mark>,
    /// What was fulfilled of the undertakings, ascending by number.
    pub fulfilled: Vec<Fulfilment>,
    /// How the dataset was shared when the grant was issued. What was not shared went with the
    /// competent authority's signature, and so goes on.
    pub sharing: Sharing,
}

impl Grant {
    /// When it ends by itself or by its revocation, as things stand.
    pub fn ends(&self) -> TimeMs {
        let revoked = self.revoked.as_ref().map(|revocation| revocation.on);
        revoked.map_or(self.terms.not_after, |on| on.min(self.terms.not_after))
    }

    /// When it ends, as things stand with its dataset, whose withdrawal ends it; leaving the one from
    /// which it was derived out of account.
    pub fn ends_with(&self, dataset: Option<&PublishedDataset>) -> TimeMs {
        let withdrawal = dataset.and_then(|dataset| dataset.withdrawn_since(self.issued_at));
        withdrawal.map_or(self.ends(), |withdrawal| withdrawal.on.min(self.ends()))
    }

    /// How an undertaking was fulfilled, if it was.
    pub fn fulfilment(&self, number: u8) -> Option<&Fulfilment> {
        self.fulfilled.iter().find(|fulfilment| fulfilment.number == number)
    }
}

/// An earlier version of a grant's terms. State value under its id and version.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, Serialize, Deserialize)]
pub struct GrantVersion {
    /// What it permitted.
    pub terms: GrantTerms,
    /// The entry that made this version.
    pub version_at: LogIndex,
}

/// A grant's end before its time.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, Serialize, Deserialize)]
pub struct Revocation {
    /// The entry that revoked it: no access at or after this position is allowed.
    pub at: LogIndex,
    /// Why.
    pub reason: Text<256>,
    /// The time of that entry's block.
    pub on: TimeMs,
}

/// How far a grant is used up. State value beside the grant.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Encode, Decode, Serialize, Deserialize)]
pub struct Usage {
    /// Accesses so far.
    pub total: u64,
    /// The last day on which there was one, counted from 1970-01-01 in the consortium's zone.
    pub day: u64,
    /// Accesses on that day.
    pub on_day: u64,
    /// How many of all were under grants derived from it.
    pub onward: u64,
}

impl Usage {
    /// Accesses on `day`, which is the last used day or a later one.
    pub fn on(&self, day: u64) -> u64 {
        if self.day == day { self.on_day } else { 0 }
    }

    /// This usage with `count` more accesses, on `day`.
    pub fn with(&self, count: u64, day: u64) -> Usage {
        let total = self.total.saturating_add(count);
        let on_day = self.on(day).saturating_add(count);
        Usage { total, day, on_day, onward: self.onward }
    }

    /// This usage with `count` more accesses, on `day`, under a grant derived from this one.
    pub fn with_passed_on(&self, count: u64, day: u64) -> Usage {
        Usage { onward: self.onward.saturating_add(count), ..self.with(count, day) }
    }
}
