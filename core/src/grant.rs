//! Grants 授权: what one agency lets another do with a dataset.
//! Holds: terms never change; a status change keeps its position.
//! May not enter: the rules (see `apply`). Source: docs/formats.md, "Grants".

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use crate::dataset::{DeliveryMode, Items};
use crate::encoding::{Decode, Encode};
use crate::ids::{DatasetId, LogIndex, RequestId, TimeMs};
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
    /// Conditions in words; not evaluated.
    #[serde(default)]
    pub conditions: Text<512>,
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
    /// `asked` does. Conditions only narrow, and are not compared.
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
        ];
        beyond.into_iter().find(|(_, is_beyond)| *is_beyond).map(|(field, _)| field)
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
}

/// A grant's end before its time.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, Serialize, Deserialize)]
pub struct Revocation {
    /// The entry that revoked it: no access at or after this position is allowed.
    pub at: LogIndex,
    /// Why.
    pub reason: Text<256>,
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
}

impl Usage {
    /// Accesses on `day`, which is the last used day or a later one.
    pub fn on(&self, day: u64) -> u64 {
        if self.day == day { self.on_day } else { 0 }
    }

    /// This usage with one more access, on `day`.
    pub fn with_one_on(&self, day: u64) -> Usage {
        Usage { total: self.total + 1, day, on_day: self.on(day) + 1 }
    }
}
