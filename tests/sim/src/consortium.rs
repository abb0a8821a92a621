//! A consortium for simulations: members, keys and genesis from a seed.

use comity_core::agency::{Agency, AgencyKind, KeyAlgorithm, KeyRole, Level, Standing};
use comity_core::codes::CodeEntry;
use comity_core::genesis::{
    GENESIS_VERSION, Genesis, GenesisKey, GenesisMember, NO_CONSORTIUM, Params,
};
use comity_core::hash::ConsortiumId;
use comity_core::ids::TimeMs;
use comity_core::keys::SecretKey;
use comity_core::text::AgencyId;

use crate::chance::Chance;

/// Most records of one agency in a block: few, so that the quota is felt.
pub const AGENCY_RECORDS: u32 = 3;

/// The wall clock when a run begins (ms): 2026-01-01T00:00:00Z.
pub const BEGINNING_MS: u64 = 1_767_225_600_000;

/// One member's keys.
#[derive(Clone, Debug)]
pub struct Member {
    /// The agency.
    pub agency: AgencyId,
    /// The node's validator key; of an observer, the one that it would vote with.
    pub validator: SecretKey,
    /// The validator key that replaces it when the members decide so.
    pub next_validator: SecretKey,
    /// The node's key on the network.
    pub transport: SecretKey,
    /// The agency's admin key.
    pub admin: SecretKey,
    /// Keys that the admin registers on the ledger.
    pub steward: SecretKey,
    /// Signs attempts.
    pub officer: SecretKey,
    /// Records accesses.
    pub gateway: SecretKey,
}

/// The members and what they founded.
#[derive(Clone, Debug)]
pub struct Consortium {
    /// The members, ascending by id: founding validators, founding observers, and those who may
    /// join later.
    pub members: Vec<Member>,
    /// How many of them founded it.
    pub founders: usize,
    /// How many of those vote from the beginning.
    pub validators: usize,
    /// The genesis.
    pub genesis: Genesis,
}

impl Consortium {
    /// A consortium of `validators` and `observers`; `joiners` more may be admitted.
    pub fn new(
        validators: usize,
        observers: usize,
        joiners: usize,
        chance: &mut Chance,
    ) -> Consortium {
        let founders = validators + observers;
        let members: Vec<Member> = (0..founders + joiners).map(|at| member(at, chance)).collect();
        let Some(first) = members.first() else { unreachable!("a consortium has members") };
        let founded = members[..founders].iter().enumerate().map(|(at, member)| {
            let standing = match at < validators {
                true => Standing::Validator { power: 1 },
                false => Standing::Observer,
            };
            member.as_genesis_member(&NO_CONSORTIUM, standing)
        });
        let genesis = Genesis {
            version: GENESIS_VERSION,
            name: text("Simulated consortium"),
            time: TimeMs(BEGINNING_MS),
            params: Params {
                heartbeat_ms: 2_000,
                agency_records: AGENCY_RECORDS,
                ..Params::default()
            },
            competent_authority: first.agency.clone(),
            matters: vec![code("HOUSING", "Housing support"), code("LOW-INCOME", "Low income")],
            duty_bases: vec![code("STATUTE-1", "A statute")],
            members: founded.collect(),
        };
        Consortium { members, founders, validators, genesis }
    }
}

fn member(at: usize, chance: &mut Chance) -> Member {
    let mut key = || SecretKey::from_seed(&chance.bytes());
    Member {
        agency: text(&format!("agency-{at:02}.sim")),
        validator: key(),
        next_validator: key(),
        transport: key(),
        admin: key(),
        steward: key(),
        officer: key(),
        gateway: key(),
    }
}

impl Member {
    /// A key of this member, with its proof of possession for a consortium.
    pub fn proven_key(
        &self,
        consortium: &ConsortiumId,
        role: KeyRole,
        key: &SecretKey,
    ) -> GenesisKey {
        GenesisKey {
            role,
            algorithm: KeyAlgorithm::Ed25519,
            key: key.public(),
            post: text("a post"),
            possession: key.sign_possession(consortium, &self.agency, role),
        }
    }

    /// The member as a genesis or a proposal to admit it describes it.
    pub fn as_genesis_member(
        &self,
        consortium: &ConsortiumId,
        standing: Standing,
    ) -> GenesisMember {
        let mut keys = vec![
            self.proven_key(consortium, KeyRole::Transport, &self.transport),
            self.proven_key(consortium, KeyRole::Admin, &self.admin),
        ];
        if matches!(standing, Standing::Validator { .. }) {
            keys.insert(0, self.proven_key(consortium, KeyRole::Validator, &self.validator));
        }
        GenesisMember {
            agency: Agency {
                id: self.agency.clone(),
                name: text("An agency"),
                level: Level::Municipal,
                region: text("440100"),
                kind: AgencyKind::Government,
                superior: None,
                authority: None,
                operated_by: text("itself"),
                sponsor: None,
                standing,
            },
            keys,
        }
    }
}

fn code(code: &str, title: &str) -> CodeEntry {
    CodeEntry { code: text(code), title: text(title) }
}

/// A text that is known to be well formed.
pub fn text<T: std::str::FromStr>(text: &str) -> T {
    match text.parse() {
        Ok(parsed) => parsed,
        Err(_) => unreachable!("{text:?} is well formed"),
    }
}
