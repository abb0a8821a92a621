//! Registering and revoking keys.
//! Holds: a key is registered once ever, in one role; a revocation never changes the past.
//! Source: docs/formats.md, "Rules", register-key and revoke-key.

use super::{Position, acting, require_sole_signer};
use crate::agency::{Key, KeyAlgorithm, KeyRevocation, KeyRole};
use crate::ids::TimeMs;
use crate::keys::PublicKey;
use crate::refusal::Refusal;
use crate::state::{self, Changes, StateKey, StateRead};
use crate::statement::StatementSigner;
use crate::text::Text;

/// A key as a statement offers it.
pub(super) struct NewKey<'a> {
    pub(super) key: &'a PublicKey,
    pub(super) role: KeyRole,
    pub(super) algorithm: KeyAlgorithm,
    pub(super) post: &'a Text<96>,
    pub(super) valid_until: Option<TimeMs>,
}

pub(super) fn register(
    state: &impl StateRead,
    at: Position,
    signers: &[StatementSigner],
    new: &NewKey<'_>,
) -> Result<Changes, Refusal> {
    let agency = acting(signers);
    require_sole_signer(signers, agency, KeyRole::Admin)?;
    let role = new.role;
    if !role.is_registered_by_admin() {
        return Err(Refusal::RoleNotRegistrable { role });
    }
    if new.post.as_str().is_empty() {
        return Err(Refusal::PostMissing { role });
    }
    if new.valid_until.is_some_and(|until| until <= at.time) {
        return Err(Refusal::KeyValidityOver);
    }
    if let Some(taken) = state::key(state, new.key) {
        return Err(Refusal::KeyTaken { agency: taken.agency, role: taken.role });
    }
    let mut changes = Changes::default();
    let key = Key {
        agency: agency.clone(),
        role,
        algorithm: new.algorithm,
        post: new.post.clone(),
        registered_at: Some(at.index),
        valid_until: new.valid_until,
        revoked: None,
        registered_on: Some(at.time),
    };
    changes.put(&StateKey::Key(new.key), &key);
    Ok(changes)
}

pub(super) fn revoke(
    state: &impl StateRead,
    at: Position,
    signers: &[StatementSigner],
    key: &PublicKey,
    reason: &Text<256>,
    suspect_since: Option<TimeMs>,
) -> Result<Changes, Refusal> {
    let agency = acting(signers);
    require_sole_signer(signers, agency, KeyRole::Admin)?;
    let Some(mut registered) = state::key(state, key) else {
        return Err(Refusal::KeyUnknown { key: *key });
    };
    if registered.agency != *agency {
        return Err(Refusal::KeyOfOther { agency: registered.agency });
    }
    if !registered.role.is_registered_by_admin() {
        return Err(Refusal::RoleNotRegistrable { role: registered.role });
    }
    if let Some(revocation) = registered.revoked {
        return Err(Refusal::KeyAlreadyRevoked { at: revocation.at });
    }
    let (reason, on) = (reason.clone(), at.time);
    registered.revoked = Some(KeyRevocation { at: at.index, reason, suspect_since, on });
    Ok(Changes::of(&StateKey::Key(key), &registered))
}
