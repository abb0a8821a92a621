//! Datasets 数据资源: what an agency says it holds and how it may be shared.
//! May not enter: data. Source: docs/formats.md, "Datasets".

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use crate::duty::Mark;
use crate::encoding::{Decode, Encode};
use crate::hash::{ConsortiumId, DetailsHash, Purpose, tagged};
use crate::ids::{DatasetId, LogIndex, TimeMs};
use crate::interruption::{Interruption, Interruptions};
use crate::text::{AgencyId, ItemName, Text};

/// Most items (信息项) that a dataset may list.
pub const MAX_ITEMS: usize = 128;

/// Most conditions that a dataset may state.
pub const MAX_STATED: usize = 16;

/// How a dataset is shared between agencies 共享属性.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Encode, Decode, Serialize, Deserialize,
)]
#[serde(rename_all = "kebab-case")]
pub enum Sharing {
    /// 无条件共享
    Unconditional,
    /// 有条件共享
    Conditional,
    /// 不予共享
    NotShared,
    /// No steward has decided yet; nothing can be granted.
    Unclassified,
}

/// How open a dataset is to the public 开放属性.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Encode, Decode, Serialize, Deserialize,
)]
#[serde(rename_all = "kebab-case")]
pub enum Openness {
    /// 无条件开放
    Open,
    /// 有条件开放
    OnConditions,
    /// 不予开放
    Closed,
    /// Not said.
    Unstated,
}

/// Data grade 数据分级.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Encode, Decode, Serialize, Deserialize,
)]
#[serde(rename_all = "kebab-case")]
pub enum Grade {
    /// 一般数据
    General,
    /// 重要数据
    Important,
    /// 核心数据
    Core,
}

/// How data is handed over 提供方式.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Encode, Decode, Serialize, Deserialize,
)]
#[serde(rename_all = "kebab-case")]
pub enum DeliveryMode {
    /// 核验: yes or no to a stated fact.
    Verify,
    /// 查询: one record at a time.
    Query,
    /// 批量: many at once.
    Batch,
}

impl DeliveryMode {
    /// The mode as it is written in commands and files.
    pub fn as_str(self) -> &'static str {
        match self {
            DeliveryMode::Verify => "verify",
            DeliveryMode::Query => "query",
            DeliveryMode::Batch => "batch",
        }
    }
}

/// One data item 信息项.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Item {
    /// Its name, unique within the dataset.
    pub name: ItemName,
    /// Its type, in the owner's words (`text`, `date`, `CNY`).
    pub kind: Text<48>,
}

/// What an agency publishes about a dataset.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Dataset {
    /// Its id; the agency in it owns 归属权 it.
    pub id: DatasetId,
    /// Its title, in any language.
    pub title: Text<256>,
    /// What it holds, in a few sentences.
    #[serde(default)]
    pub summary: Text<2048>,
    /// Its items, in the owner's order; empty where the catalogue has none.
    #[serde(default)]
    pub items: Vec<Item>,
    /// How it is shared.
    pub sharing: Sharing,
    /// How it is shared, in words, or the legal basis on which it is not. Conditions that bind are
    /// in `stated`.
    #[serde(default)]
    pub conditions: Text<512>,
    /// How open it is to the public.
    pub openness: Openness,
    /// Its grade.
    pub grade: Grade,
    /// The ways in which it can be delivered; at least one.
    pub modes: BTreeSet<DeliveryMode>,
    /// The office (never a person) that answers for it.
    pub contact: Text<128>,
    /// Its identifier in the catalogue that it comes from; empty where it comes from none.
    #[serde(default)]
    pub identifier: Text<256>,
    /// Hash of what else is known about it, as a text that the owner's node keeps.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub details: Option<DetailsHash>,
    /// At least so often (days) the owner updates it 更新周期; none where it promises nothing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub update_days: Option<u16>,
    /// Whether its answers to `verify` may be declared reliable 结果互认: whoever relies on one needs no
    /// further document.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub reliable: bool,
    /// Who decides about its sharing 共享管理权, where that is not its owner.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub manager: Option<AgencyId>,
    /// How it is served: hours, capacity, whom to call.
    #[serde(default)]
    pub service: Text<512>,
    /// The conditions that a grant on it may impose, by number from 1; no others are imposed.
    #[serde(default)]
    pub stated: Vec<Text<256>>,
}

impl Dataset {
    /// Who decides about its sharing 共享管理权.
    pub fn managed_by(&self) -> &AgencyId {
        self.manager.as_ref().unwrap_or(&self.id.agency)
    }

    /// Whether an agency has the data: its owner or its manager.
    pub fn is_held_by(&self, agency: &AgencyId) -> bool {
        self.id.agency == *agency || self.manager.as_ref() == Some(agency)
    }

    /// Who decides what an agency may do with it: its manager, and its owner where the manager
    /// itself asks.
    pub fn decided_by(&self, requester: &AgencyId) -> &AgencyId {
        match self.managed_by() {
            manager if manager != requester => manager,
            _ => &self.id.agency,
        }
    }

    /// Those of these items, where single ones are named, that the dataset does not list.
    pub fn unlisted<'a>(&self, items: &'a Items) -> impl Iterator<Item = &'a ItemName> {
        let named = match items {
            Items::All => None,
            Items::Only(named) => Some(named),
        };
        let is_listed = |name: &ItemName| self.items.iter().any(|listed| listed.name == *name);
        named.into_iter().flatten().filter(move |name| !is_listed(name))
    }
}

/// Longest text (bytes) about a dataset that a node keeps.
pub const MAX_DETAILS_BYTES: usize = 262_144;

/// The hash by which a dataset names a text about it. `text` is hashed as it stands.
pub fn details_hash(consortium: &ConsortiumId, text: &[u8]) -> DetailsHash {
    DetailsHash(tagged(Purpose::Details, consortium, text))
}

/// A dataset on the ledger. State value under its id.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, Serialize, Deserialize)]
pub struct PublishedDataset {
    /// What is published, as last amended.
    pub dataset: Dataset,
    /// Its version, from 1; each amendment makes one more.
    pub version: u32,
    /// The entry that first published it.
    pub published_at: LogIndex,
    /// The entry that made this version.
    pub version_at: LogIndex,
    /// Its suspensions: no access to it is allowed while one goes on.
    pub suspensions: Interruptions,
    /// Its withdrawals from the catalogue, each ended where it was published again. A withdrawal
    /// ends every grant that was issued before it.
    pub withdrawals: Interruptions,
    /// Where its data was last made new: its publication, at first.
    pub updated: Mark,
    /// The time of the block that made this version.
    pub version_on: TimeMs,
    /// What its owner owes next, by what it promised when the data was last made new. An amendment
    /// changes what is promised from the next time on.
    pub promised: Option<UpdatePromise>,
}

/// That a dataset's data will be made new. Kept until it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode, Serialize, Deserialize)]
pub struct UpdatePromise {
    /// Within so many days …
    pub update_days: u16,
    /// … from this time on.
    pub since: TimeMs,
}

impl PublishedDataset {
    /// What is owed from a time on at which the data is new.
    pub fn promised_anew(dataset: &Dataset, since: TimeMs) -> Option<UpdatePromise> {
        dataset.update_days.map(|update_days| UpdatePromise { update_days, since })
    }

    /// The first withdrawal since a grant was issued at this position: it ended the grant.
    pub fn withdrawn_since(&self, issued_at: LogIndex) -> Option<&Interruption> {
        self.withdrawals.all().iter().find(|withdrawal| withdrawal.at > issued_at)
    }
}

/// An earlier version of a dataset. State value under its id and version.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, Serialize, Deserialize)]
pub struct DatasetVersion {
    /// What was published.
    pub dataset: Dataset,
    /// The entry that made this version.
    pub version_at: LogIndex,
    /// The time of its block.
    pub version_on: TimeMs,
}

/// Items of a dataset: all of them, or those named.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Encode, Decode, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Items {
    /// The dataset as a whole, listed items or not.
    All,
    /// These items (at least one).
    Only(BTreeSet<ItemName>),
}

impl Items {
    /// The first item of `wanted` that this set does not cover; `Some(None)` where `wanted` is
    /// the whole and this is not.
    pub fn missing<'a>(&self, wanted: &'a Items) -> Option<Option<&'a ItemName>> {
        match (self, wanted) {
            (Items::All, _) => None,
            (Items::Only(_), Items::All) => Some(None),
            (Items::Only(have), Items::Only(want)) => {
                want.iter().find(|item| !have.contains(*item)).map(Some)
            }
        }
    }
}
