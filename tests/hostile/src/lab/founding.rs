//! Four agencies, their keys, and the consortium that they found: the same in every run.

use comity_core::agency::{Agency, AgencyKind, KeyAlgorithm, KeyRole, Level, Standing};
use comity_core::codes::CodeEntry;
use comity_core::genesis::{
    GENESIS_VERSION, Genesis, GenesisKey, GenesisMember, NO_CONSORTIUM, Params,
};
use comity_core::ids::TimeMs;
use comity_core::keys::SecretKey;
use comity_core::text::AgencyId;

/// When the story begins (ms): 2026-01-01T00:00:00Z.
pub(super) const BEGINNING_MS: u64 = 1_767_225_600_000;
/// The members' names, ascending.
const NAMES: [&str; 4] = ["health.gd", "housing.gd", "police.gd", "tax.gd"];

/// One member's keys.
#[derive(Clone)]
pub struct Member {
    /// The agency.
    pub agency: AgencyId,
    /// The node's validator key.
    pub validator: SecretKey,
    /// The node's transport key.
    pub transport: SecretKey,
    /// The agency's admin key.
    pub admin: SecretKey,
    /// Publishes and grants.
    pub steward: SecretKey,
    /// Asks for data.
    pub officer: SecretKey,
    /// Records accesses.
    pub gateway: SecretKey,
}

/// The members, ascending by id.
pub(super) fn members() -> Vec<Member> {
    let member = |(at, name): (u8, &&str)| {
        let key = |role: u8| SecretKey::from_seed(&[at * 16 + role; 32]);
        Member {
            agency: text(name),
            validator: key(1),
            transport: key(2),
            admin: key(3),
            steward: key(4),
            officer: key(5),
            gateway: key(6),
        }
    };
    (1..).zip(&NAMES).map(member).collect()
}

/// What they found.
pub(super) fn genesis(members: &[Member]) -> Genesis {
    Genesis {
        version: GENESIS_VERSION,
        name: text("A consortium under attack"),
        time: TimeMs(BEGINNING_MS),
        params: Params { heartbeat_ms: 2_000, ..Params::default() },
        competent_authority: text(NAMES[0]),
        matters: vec![CodeEntry { code: text("LOW-INCOME"), title: text("Low income") }],
        duty_bases: vec![CodeEntry { code: text("STATUTE-1"), title: text("A statute") }],
        members: members.iter().map(genesis_member).collect(),
    }
}

fn genesis_member(member: &Member) -> GenesisMember {
    let keys = [
        (KeyRole::Validator, &member.validator),
        (KeyRole::Transport, &member.transport),
        (KeyRole::Admin, &member.admin),
    ];
    let keys = keys.map(|(role, key)| GenesisKey {
        role,
        algorithm: KeyAlgorithm::Ed25519,
        key: key.public(),
        post: text("a post"),
        possession: key.sign_possession(&NO_CONSORTIUM, &member.agency, role),
    });
    let agency = Agency {
        id: member.agency.clone(),
        name: text("An agency"),
        level: Level::Municipal,
        region: text("440100"),
        kind: AgencyKind::Government,
        superior: None,
        authority: None,
        operated_by: text("itself"),
        standing: Standing::Validator { power: 1 },
        sponsor: None,
    };
    GenesisMember { agency, keys: keys.to_vec() }
}

/// A text that is known to be well formed.
pub(super) fn text<T: std::str::FromStr>(text: &str) -> T {
    match text.parse() {
        Ok(parsed) => parsed,
        Err(_) => unreachable!("{text:?} is well formed"),
    }
}
