//! A consortium for simulations: members, keys and genesis from a seed.

use comity_core::agency::{Agency, AgencyKind, KeyAlgorithm, KeyRole, Level, Standing};
use comity_core::codes::CodeEntry;
use comity_core::genesis::{
    GENESIS_VERSION, Genesis, GenesisKey, GenesisMember, NO_CONSORTIUM, Params,
};
use comity_core::ids::TimeMs;
use comity_core::keys::SecretKey;
use comity_core::text::AgencyId;

use crate::chance::Chance;

/// The wall clock when a run begins (ms): 2026-01-01T00:00:00Z.
pub const BEGINNING_MS: u64 = 1_767_225_600_000;

/// One member's keys.
#[derive(Clone, Debug)]
pub struct Member {
    /// The agency.
    pub agency: AgencyId,
    /// The node's validator key.
    pub validator: SecretKey,
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
    /// The members, ascending by id.
    pub members: Vec<Member>,
    /// The genesis.
    pub genesis: Genesis,
}

impl Consortium {
    /// A consortium of `count` validators.
    pub fn new(count: usize, chance: &mut Chance) -> Consortium {
        let mut members: Vec<Member> = (0..count).map(|at| member(at, chance)).collect();
        members.sort_by(|a, b| a.agency.cmp(&b.agency));
        let Some(first) = members.first() else { unreachable!("a consortium has members") };
        let genesis = Genesis {
            version: GENESIS_VERSION,
            name: text("Simulated consortium"),
            time: TimeMs(BEGINNING_MS),
            params: Params { heartbeat_ms: 2_000, ..Params::default() },
            competent_authority: first.agency.clone(),
            matters: vec![code("HOUSING", "Housing support"), code("LOW-INCOME", "Low income")],
            duty_bases: vec![code("STATUTE-1", "A statute")],
            members: members.iter().map(|m| genesis_member(m, chance)).collect(),
        };
        Consortium { members, genesis }
    }
}

fn member(at: usize, chance: &mut Chance) -> Member {
    let mut key = || SecretKey::from_seed(&chance.bytes());
    Member {
        agency: text(&format!("agency-{at:02}.sim")),
        validator: key(),
        admin: key(),
        steward: key(),
        officer: key(),
        gateway: key(),
    }
}

fn genesis_member(member: &Member, chance: &mut Chance) -> GenesisMember {
    let transport = SecretKey::from_seed(&chance.bytes());
    let keys = [
        (KeyRole::Validator, &member.validator),
        (KeyRole::Transport, &transport),
        (KeyRole::Admin, &member.admin),
    ];
    let keys = keys.map(|(role, key)| GenesisKey {
        role,
        algorithm: KeyAlgorithm::Ed25519,
        key: key.public(),
        post: text("a post"),
        possession: key.sign_possession(&NO_CONSORTIUM, &member.agency, role),
    });
    GenesisMember {
        agency: Agency {
            id: member.agency.clone(),
            name: text("An agency"),
            level: Level::Municipal,
            region: text("440100"),
            kind: AgencyKind::Government,
            superior: None,
            authority: None,
            operated_by: text("itself"),
            standing: Standing::Validator { power: 1 },
        },
        keys: keys.to_vec(),
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
