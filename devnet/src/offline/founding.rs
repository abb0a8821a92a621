//! A consortium of four whose keys follow from their places, for logs that are made to be measured.
//! Holds: the same in every run. May not enter: randomness.

use comity_core::agency::{Agency, AgencyKind, KeyAlgorithm, KeyRole, Level, Standing};
use comity_core::codes::CodeEntry;
use comity_core::genesis::{
    GENESIS_VERSION, Genesis, GenesisKey, GenesisMember, NO_CONSORTIUM, Params,
};
use comity_core::ids::TimeMs;
use comity_core::keys::SecretKey;
use comity_core::text::{AgencyId, Code, Text};

use crate::failure::DevnetError;

/// The members, in order.
pub(super) const MEMBERS: [&str; 4] = ["civil.gen", "data.gen", "health.gen", "tax.gen"];
/// When it begins: 1 January 2026.
pub(super) const BEGINS: TimeMs = TimeMs(1_767_225_600_000);

/// The matter of every access.
pub(super) fn matter() -> Result<Code, DevnetError> {
    parsed("LOW-INCOME-CHECK")
}

/// The duty basis of every grant.
pub(super) fn duty_basis() -> Result<Code, DevnetError> {
    parsed("SOCIAL-ASSISTANCE-MEASURES-ART-9")
}

/// A word as a value of core's. Errors: it is none.
pub(super) fn parsed<T: std::str::FromStr>(text: &str) -> Result<T, DevnetError> {
    text.parse().map_err(|_| DevnetError::Unexpected(format!("{text} is not what it should be")))
}

/// The key of a member in a role.
pub(super) fn secret(place: usize, role: KeyRole) -> SecretKey {
    let mut seed = *b"comity generated log, no secrets";
    let role = KeyRole::ALL.iter().position(|known| *known == role).unwrap_or_default();
    seed[0] = u8::try_from(place).unwrap_or(u8::MAX);
    seed[1] = u8::try_from(role).unwrap_or(u8::MAX);
    SecretKey::from_seed(&seed)
}

/// The genesis of the four. Errors: a name that is none.
pub(super) fn genesis() -> Result<Genesis, DevnetError> {
    let votes = Standing::Validator { power: 1 };
    let members = MEMBERS.iter().enumerate();
    let members = members.map(|(place, id)| member(place, id, votes.clone()));
    genesis_of(members.collect::<Result<_, _>>()?)
}

/// A genesis of these members, the first of whom is the competent authority. Errors: a name that is
/// none; no member.
pub(super) fn genesis_of(members: Vec<GenesisMember>) -> Result<Genesis, DevnetError> {
    let code = |code| Ok::<_, DevnetError>(CodeEntry { code, title: parsed("As published")? });
    let Some(first) = members.first() else {
        return Err(DevnetError::Unexpected("a consortium has members".into()));
    };
    Ok(Genesis {
        version: GENESIS_VERSION,
        name: parsed("Generated, for measuring only")?,
        time: BEGINS,
        params: Params { ballot_numerator: 2, ballot_denominator: 3, ..Params::default() },
        competent_authority: first.agency.id.clone(),
        matters: vec![code(matter()?)?],
        duty_bases: vec![code(duty_basis()?)?],
        members,
    })
}

/// A member, with the keys that its standing needs and those of its officers. Errors: a name that is
/// none.
pub(super) fn member(
    place: usize,
    id: &str,
    standing: Standing,
) -> Result<GenesisMember, DevnetError> {
    let name: Text<128> = parsed(id)?;
    let id: AgencyId = parsed(id)?;
    let post: Text<96> = parsed("Desk 1")?;
    let key = |role: KeyRole| {
        let secret = secret(place, role);
        let possession = secret.sign_possession(&NO_CONSORTIUM, &id, role);
        let (algorithm, key) = (KeyAlgorithm::Ed25519, secret.public());
        GenesisKey { role, algorithm, key, post: post.clone(), possession }
    };
    let votes = matches!(standing, Standing::Validator { .. });
    let is_needed = |role: &KeyRole| match role {
        KeyRole::Note | KeyRole::Auditor => false,
        KeyRole::Validator => votes,
        _ => true,
    };
    let keys = KeyRole::ALL.into_iter().filter(is_needed).map(key).collect();
    let agency = Agency {
        id: id.clone(),
        name: name.clone(),
        level: Level::Provincial,
        region: parsed("Measured")?,
        kind: AgencyKind::Government,
        superior: None,
        authority: None,
        operated_by: name,
        standing,
        sponsor: None,
    };
    Ok(GenesisMember { agency, keys })
}
