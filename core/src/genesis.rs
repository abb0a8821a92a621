//! The genesis: the members, keys, parameters and codes that a consortium starts from.
//! Holds: a checked genesis has a quorum-capable validator set and proofs for every key.
//! May not enter: file formats (JSON is a rendering; the id is over the canonical encoding).
//! Source: docs/formats.md, "Genesis".

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use crate::agency::{Agency, KeyAlgorithm, KeyRole, OfficialKeys, Standing};
use crate::codes::CodeEntry;
use crate::encoding::{Decode, Encode, encode};
use crate::hash::{ConsortiumId, genesis_id};
use crate::ids::TimeMs;
use crate::keys::{PublicKey, Signature};
use crate::statement::MAX_RECORD_BYTES;
use crate::text::{AgencyId, Text};
use crate::validators::{Validator, ValidatorSet, ValidatorSetError};

/// The genesis version that this software writes and reads.
pub const GENESIS_VERSION: u16 = 1;
/// Most bytes of records that any consortium may allow in a block.
pub const MAX_BODY_BYTES: u32 = 4 * 1024 * 1024;
/// Most admin keys that a member may have at one time.
pub const MAX_ADMINS: usize = 8;
/// Stands for "no consortium yet" in the possession proofs of a genesis.
pub const NO_CONSORTIUM: ConsortiumId = ConsortiumId([0; 32]);

/// Rules that every node applies alike.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Params {
    /// A block at least this often (ms), so that consensus time moves: 100 to 86,400,000.
    pub heartbeat_ms: u64,
    /// How far (ms) a fresh proposal's time may be from a validator's clock: 100 to 600,000.
    pub drift_ms: u64,
    /// Longest signed record (bytes): 1,024 to 65,535.
    pub record_bytes: u32,
    /// Most records in a block: 1 to 16,384.
    pub block_records: u32,
    /// Most bytes of records in a block: `record_bytes` to 4,194,304.
    pub block_bytes: u32,
    /// Most records of one agency in a block: 1 to `block_records`.
    pub agency_records: u32,
    /// Most bytes of one agency's records in a block: `record_bytes` to `block_bytes`.
    pub agency_bytes: u32,
    /// Minutes east of UTC at which days begin, for daily quotas: -840 to 840.
    pub day_offset_minutes: i16,
    /// A measure passes with more than this share of the electorate: numerator …
    pub ballot_numerator: u8,
    /// … and denominator; at least a half, less than all.
    pub ballot_denominator: u8,
    /// How long (ms) ballots on a proposal are taken: 60,000 to 31,622,400,000.
    pub ballot_open_ms: u64,
}

impl Default for Params {
    fn default() -> Self {
        Params {
            heartbeat_ms: 10_000,
            drift_ms: 10_000,
            record_bytes: 16 * 1024,
            block_records: 2_000,
            block_bytes: 2 * 1024 * 1024,
            agency_records: 1_000,
            agency_bytes: 1024 * 1024,
            day_offset_minutes: 480,
            ballot_numerator: 2,
            ballot_denominator: 3,
            ballot_open_ms: 30 * 24 * 60 * 60 * 1000,
        }
    }
}

impl Params {
    /// Checks that each is within its bounds. Errors: `Parameter`.
    pub fn check(&self) -> Result<(), GenesisError> {
        let Params { record_bytes, block_bytes, .. } = *self;
        let (numerator, denominator) =
            (u32::from(self.ballot_numerator), u32::from(self.ballot_denominator));
        let bounds = [
            ("heartbeat_ms", (100..=86_400_000).contains(&self.heartbeat_ms)),
            ("drift_ms", (100..=600_000).contains(&self.drift_ms)),
            ("record_bytes", (1_024..=MAX_RECORD_BYTES as u64).contains(&u64::from(record_bytes))),
            ("block_records", (1..=16_384).contains(&self.block_records)),
            ("block_bytes", (record_bytes..=MAX_BODY_BYTES).contains(&block_bytes)),
            ("agency_records", (1..=self.block_records).contains(&self.agency_records)),
            ("agency_bytes", (record_bytes..=block_bytes).contains(&self.agency_bytes)),
            ("ballot_numerator", numerator * 2 >= denominator && numerator < denominator),
            ("ballot_open_ms", (60_000..=31_622_400_000).contains(&self.ballot_open_ms)),
            ("day_offset_minutes", (-840..=840).contains(&self.day_offset_minutes)),
        ];
        match bounds.iter().find(|(_, holds)| !holds) {
            Some((name, _)) => Err(GenesisError::Parameter { name }),
            None => Ok(()),
        }
    }
}

/// A key that a member brings into the genesis.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct GenesisKey {
    /// Its role.
    pub role: KeyRole,
    /// Its algorithm.
    pub algorithm: KeyAlgorithm,
    /// The key.
    pub key: PublicKey,
    /// The post that holds it; may be empty for a node's keys.
    #[serde(default)]
    pub post: Text<96>,
    /// Its own signature, for this agency and role, under [`NO_CONSORTIUM`].
    pub possession: Signature,
}

/// A founding member.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct GenesisMember {
    /// The agency.
    pub agency: Agency,
    /// Its keys.
    pub keys: Vec<GenesisKey>,
}

impl GenesisMember {
    /// Checks this member by itself: the keys it needs, each with its proof of possession.
    pub fn check(&self) -> Result<(), GenesisError> {
        let agency = &self.agency.id;
        if matches!(self.agency.standing, Standing::Hosted { .. }) {
            return Err(GenesisError::Hosted(agency.clone()));
        }
        self.check_keys()?;
        for GenesisKey { role, key, possession, .. } in &self.keys {
            key.verify_possession(&NO_CONSORTIUM, agency, *role, possession)
                .map_err(|_| GenesisError::Possession { agency: agency.clone(), role: *role })?;
        }
        Ok(())
    }

    /// Those of its keys that only measures change.
    pub fn official_keys(&self) -> OfficialKeys {
        let of = |role| self.keys.iter().filter(move |key| key.role == role);
        OfficialKeys {
            admins: of(KeyRole::Admin).count() as u64,
            transport: of(KeyRole::Transport).next().map(|key| key.key),
            note: of(KeyRole::Note).next().map(|key| key.key),
        }
    }

    /// Checks that there are as many keys of each role as this member's standing needs.
    pub fn check_keys(&self) -> Result<(), GenesisError> {
        let agency = &self.agency.id;
        let count = |role| self.keys.iter().filter(|key| key.role == role).count();
        let (votes, has_node) = match self.agency.standing {
            Standing::Validator { .. } => (1, 1),
            Standing::Observer => (0, 1),
            Standing::Hosted { .. } => (0, 0),
        };
        let needs = [
            (KeyRole::Validator, votes..=votes),
            (KeyRole::Transport, has_node..=has_node),
            (KeyRole::Note, 0..=has_node),
            (KeyRole::Admin, 1..=MAX_ADMINS),
        ];
        for (role, allowed) in needs {
            if !allowed.contains(&count(role)) {
                return Err(GenesisError::Keys { agency: agency.clone(), role });
            }
        }
        Ok(())
    }
}

/// What a consortium starts from. Its hash is the consortium's id.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Genesis {
    /// Format version.
    pub version: u16,
    /// The consortium's name.
    pub name: Text<128>,
    /// When it begins; every block is later.
    pub time: TimeMs,
    /// The rules.
    pub params: Params,
    /// Competent authority 共享主管部门.
    pub competent_authority: AgencyId,
    /// Matters 事项 for which data may be used, ascending by code.
    pub matters: Vec<CodeEntry>,
    /// Duty bases 职责依据, ascending by code.
    pub duty_bases: Vec<CodeEntry>,
    /// The founding members, ascending by id.
    pub members: Vec<GenesisMember>,
}

/// Why a genesis cannot found a consortium.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum GenesisError {
    /// Unknown version.
    #[error("genesis version {0} is not known here (only {GENESIS_VERSION} is)")]
    Version(u16),
    /// A parameter out of its bounds.
    #[error("parameter {name} is out of its bounds (see docs/formats.md, \"Genesis\")")]
    Parameter {
        /// Which.
        name: &'static str,
    },
    /// A code list out of order.
    #[error("the {list} are not in ascending order, or one stands twice")]
    Codes {
        /// Which list.
        list: &'static str,
    },
    /// Members out of order, or twice.
    #[error("the members are not in ascending order of their ids, or one stands twice")]
    Members,
    /// The competent authority is no member.
    #[error("the competent authority {0} is not a member")]
    AuthorityUnknown(AgencyId),
    /// Too few or too many keys of a role.
    #[error(
        "{agency} has the wrong number of {role} keys (a validator needs one validator, one transport and at least one admin key)"
    )]
    Keys {
        /// Whose.
        agency: AgencyId,
        /// Of which role.
        role: KeyRole,
    },
    /// A founding member without a node of its own.
    #[error("{0} is hosted; a founding member has a node of its own")]
    Hosted(AgencyId),
    /// A possession proof that does not verify.
    #[error("the proof of possession of the {role} key of {agency} does not verify")]
    Possession {
        /// Whose.
        agency: AgencyId,
        /// Of which role.
        role: KeyRole,
    },
    /// A key that stands twice.
    #[error("key {0} stands twice: a key belongs to one agency in one role")]
    KeyTwice(PublicKey),
    /// The validators form no set.
    #[error("the validators: {0}")]
    Validators(#[from] ValidatorSetError),
}

impl Genesis {
    /// The consortium's id.
    pub fn id(&self) -> ConsortiumId {
        genesis_id(&encode(self))
    }

    /// Checks everything that a genesis must be.
    pub fn check(&self) -> Result<(), GenesisError> {
        if self.version != GENESIS_VERSION {
            return Err(GenesisError::Version(self.version));
        }
        self.params.check()?;
        for (list, codes) in [("matters", &self.matters), ("duty bases", &self.duty_bases)] {
            if !codes.windows(2).all(|pair| pair[0].code < pair[1].code) {
                return Err(GenesisError::Codes { list });
            }
        }
        if !self.members.windows(2).all(|pair| pair[0].agency.id < pair[1].agency.id) {
            return Err(GenesisError::Members);
        }
        let authority = &self.competent_authority;
        if !self.members.iter().any(|member| member.agency.id == *authority) {
            return Err(GenesisError::AuthorityUnknown(authority.clone()));
        }
        let mut seen = BTreeSet::new();
        for member in &self.members {
            member.check()?;
            if let Some(key) = member.keys.iter().find(|key| !seen.insert(key.key)) {
                return Err(GenesisError::KeyTwice(key.key));
            }
        }
        self.validators()?;
        Ok(())
    }

    /// The first validators.
    pub fn validators(&self) -> Result<ValidatorSet, ValidatorSetError> {
        let voting = self.members.iter().filter_map(|member| {
            let Standing::Validator { power } = member.agency.standing else { return None };
            let key = member.keys.iter().find(|key| key.role == KeyRole::Validator)?;
            Some(Validator { agency: member.agency.id.clone(), key: key.key, power })
        });
        ValidatorSet::try_from(voting.collect::<Vec<_>>())
    }
}
