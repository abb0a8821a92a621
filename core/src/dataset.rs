//! Datasets 数据资源: what an agency says it holds and how it may be shared.
//! May not enter: data. Source: docs/formats.md, "Datasets".

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use crate::encoding::{Decode, Encode};
use crate::hash::{ConsortiumId, DetailsHash, Purpose, tagged};
use crate::ids::{DatasetId, LogIndex};
use crate::interruption::{Interruption, Interruptions};
use crate::text::{ItemName, Text};

/// Most items (信息项) that a dataset may list.
pub const MAX_ITEMS: usize = 128;

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
    /// The conditions under which it is shared, or the legal basis on which it is not.
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
}

impl Dataset {
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
}

impl PublishedDataset {
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
