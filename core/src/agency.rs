//! Members, the roles of keys, and key registrations.
//! Holds: a key belongs to one agency in one role, for ever.
//! May not enter: rules about who may register whom (see `apply`). Source: docs/formats.md, "Keys".

use serde::{Deserialize, Serialize};

use crate::encoding::{Decode, Encode};
use crate::ids::{LogIndex, TimeMs};
use crate::keys::PublicKey;
use crate::text::{AgencyId, Text};

/// Level of government 层级 that an agency belongs to.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Encode, Decode, Serialize, Deserialize,
)]
#[serde(rename_all = "kebab-case")]
pub enum Level {
    /// 国家级
    National,
    /// 省级
    Provincial,
    /// 市级
    Municipal,
    /// 县级
    County,
    /// 乡镇、街道
    Township,
    /// 村、社区
    Village,
}

/// What kind of body a member is.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Encode, Decode, Serialize, Deserialize,
)]
#[serde(rename_all = "kebab-case")]
pub enum AgencyKind {
    /// A government department 行政机关.
    Government,
    /// A public institution 事业单位.
    PublicInstitution,
    /// A party, legislative or judicial body.
    PartyLegislativeOrJudicial,
    /// An enterprise 企业.
    Enterprise,
    /// A social organisation 社会组织.
    SocialOrganisation,
    /// A research body 科研机构.
    Research,
}

impl AgencyKind {
    /// Whether it is a public body: others act on the word of one.
    pub fn is_public(self) -> bool {
        matches!(
            self,
            AgencyKind::Government
                | AgencyKind::PublicInstitution
                | AgencyKind::PartyLegislativeOrJudicial
        )
    }
}

/// What a member's node does.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Encode, Decode, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Standing {
    /// Its node votes, with this weight (≥ 1).
    Validator {
        /// Voting power.
        power: u64,
    },
    /// Its node follows.
    Observer,
    /// It has keys only, on its sponsor's node, and no ballot.
    Hosted {
        /// The member whose node it uses.
        sponsor: AgencyId,
        /// It acts in blocks before this time.
        until: TimeMs,
    },
}

/// A member agency as the ledger knows it.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Agency {
    /// Its id.
    pub id: AgencyId,
    /// Its name, as people write it.
    pub name: Text<128>,
    /// Its level.
    pub level: Level,
    /// The region it serves: a code or a name.
    pub region: Text<64>,
    /// What kind of body it is.
    pub kind: AgencyKind,
    /// Line superior 条: the agency above it in its own branch.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub superior: Option<AgencyId>,
    /// Local authority 块: the government or body that it belongs to locally.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub authority: Option<AgencyId>,
    /// Who operates its node 管运分离; its own name where it does so itself.
    pub operated_by: Text<128>,
    /// Whether its node votes.
    pub standing: Standing,
    /// Who answers for it 保荐单位, where it is no public body. Of a hosted member it is its host.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sponsor: Option<AgencyId>,
}

impl Agency {
    /// Who answers for it: of a hosted member its host.
    pub fn answered_for_by(&self) -> Option<&AgencyId> {
        match &self.standing {
            Standing::Hosted { sponsor, .. } => Some(sponsor),
            _ => self.sponsor.as_ref(),
        }
    }
}

/// What a key is for. A key has one role, for ever.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Encode, Decode, Serialize, Deserialize,
)]
#[serde(rename_all = "kebab-case")]
pub enum KeyRole {
    /// The node's: votes and proposals.
    Validator,
    /// The node's: its identity on the network.
    Transport,
    /// The node's: checkpoints.
    Note,
    /// The agency's, kept cold: registers and revokes the agency's other keys.
    Admin,
    /// 数据管理员: publishes datasets, issues and revokes grants.
    Steward,
    /// 经办人: requests, and signs each attempt at an access.
    Officer,
    /// A machine that records accesses and denials.
    Gateway,
    /// Reads all, opens findings.
    Auditor,
}

impl KeyRole {
    /// Every role, in the order of its encoding.
    pub const ALL: [KeyRole; 8] = [
        KeyRole::Validator,
        KeyRole::Transport,
        KeyRole::Note,
        KeyRole::Admin,
        KeyRole::Steward,
        KeyRole::Officer,
        KeyRole::Gateway,
        KeyRole::Auditor,
    ];

    /// The role as it is written in commands and files.
    pub fn as_str(self) -> &'static str {
        match self {
            KeyRole::Validator => "validator",
            KeyRole::Transport => "transport",
            KeyRole::Note => "note",
            KeyRole::Admin => "admin",
            KeyRole::Steward => "steward",
            KeyRole::Officer => "officer",
            KeyRole::Gateway => "gateway",
            KeyRole::Auditor => "auditor",
        }
    }

    /// Whether an agency's admin registers and revokes keys of this role. The node's keys and
    /// admin keys are set by the genesis and by measures.
    pub fn is_registered_by_admin(self) -> bool {
        matches!(self, KeyRole::Steward | KeyRole::Officer | KeyRole::Gateway | KeyRole::Auditor)
    }
}

impl std::fmt::Display for KeyRole {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.as_str())
    }
}

/// What a key signs with. Further algorithms will be added at the end.
#[derive(
    Clone,
    Copy,
    Debug,
    Default,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Encode,
    Decode,
    Serialize,
    Deserialize,
)]
#[serde(rename_all = "kebab-case")]
pub enum KeyAlgorithm {
    /// RFC 8032, as docs/formats.md, "Signatures", narrows it.
    #[default]
    Ed25519,
}

/// A registered key. State value under the public key.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, Serialize, Deserialize)]
pub struct Key {
    /// Whose key it is.
    pub agency: AgencyId,
    /// What it is for.
    pub role: KeyRole,
    /// What it signs with.
    pub algorithm: KeyAlgorithm,
    /// The post that holds it (never a person's name); may be empty for a node's keys.
    pub post: Text<96>,
    /// The entry that registered it; `None` for a key of the genesis.
    pub registered_at: Option<LogIndex>,
    /// Valid for records in blocks before this time, where it is set.
    pub valid_until: Option<TimeMs>,
    /// Its revocation, if any.
    pub revoked: Option<KeyRevocation>,
    /// The time of the block of the entry that registered it; `None` for a key of the genesis.
    pub registered_on: Option<TimeMs>,
}

/// The keys of an agency that only the genesis and measures change, beside its validator key, which
/// the validator set names. State value under the agency.
#[derive(Clone, Debug, Default, PartialEq, Eq, Encode, Decode, Serialize, Deserialize)]
pub struct OfficialKeys {
    /// How many admin keys count.
    pub admins: u64,
    /// Its node's identity on the network; `None` for a hosted member.
    pub transport: Option<PublicKey>,
    /// Its node's key for checkpoints, if it has one.
    pub note: Option<PublicKey>,
}

/// Why a registered key does not count.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KeyEnd {
    /// This entry revoked it.
    Revoked(LogIndex),
    /// It was valid until this time only.
    Expired(TimeMs),
}

impl Key {
    /// Why the key does not count at `now`, if it does not. Its end is not included.
    pub fn end(&self, now: TimeMs) -> Option<KeyEnd> {
        if let Some(revocation) = &self.revoked {
            return Some(KeyEnd::Revoked(revocation.at));
        }
        self.valid_until.filter(|until| now >= *until).map(KeyEnd::Expired)
    }

    /// Why the key did not count at a time that may be over, by what is known since: also by when
    /// its secret may have leaked.
    pub fn end_then(&self, time: TimeMs) -> Option<KeyEnd> {
        if let Some(revocation) = self.revoked.as_ref().filter(|end| end.counts_from() <= time) {
            return Some(KeyEnd::Revoked(revocation.at));
        }
        self.valid_until.filter(|until| time >= *until).map(KeyEnd::Expired)
    }

    /// Whether the ledger knew the key at a time that may be over.
    pub fn is_known(&self, now: TimeMs) -> bool {
        self.registered_on.is_none_or(|on| on <= now)
    }
}

/// A key's end.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, Serialize, Deserialize)]
pub struct KeyRevocation {
    /// The entry that revoked it: the key is valid for entries before.
    pub at: LogIndex,
    /// Why.
    pub reason: Text<256>,
    /// If its secret may have leaked: since when. Nothing is rewritten; readers are warned.
    pub suspect_since: Option<TimeMs>,
    /// The time of that entry's block.
    pub on: TimeMs,
}

impl KeyRevocation {
    /// From when on the key does not count for whoever judges a time that is over.
    fn counts_from(&self) -> TimeMs {
        self.suspect_since.map_or(self.on, |since| since.min(self.on))
    }
}
