//! Grants 授权: what one agency lets another do with a dataset.
//! Holds: terms never change; a status change keeps its position.
//! May not enter: the rules (see `apply`). Source: docs/formats.md, "Grants".

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use crate::dataset::{DeliveryMode, Items};
use crate::encoding::{Decode, Encode};
use crate::ids::{DatasetId, LogIndex, TimeMs};
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

/// A grant on the ledger. State value under its id.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, Serialize, Deserialize)]
pub struct Grant {
    /// What it permits.
    pub terms: GrantTerms,
    /// The entry that issued it; also its id.
    pub issued_at: LogIndex,
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
