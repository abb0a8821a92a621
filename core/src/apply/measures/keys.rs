//! Keys that measures bring in, replace and end.
//! Holds: a key is registered once ever; after each change an agency has the keys that its standing
//! needs. Source: docs/formats.md, "Measures", replace-key.

use super::{require_member, set_validator, unfit};
use crate::agency::{Agency, Key, KeyRevocation, KeyRole, OfficialKeys, Standing};
use crate::apply::Position;
use crate::genesis::{GenesisKey, MAX_ADMINS};
use crate::ids::TimeMs;
use crate::keys::PublicKey;
use crate::refusal::{MeasureFault, Refusal};
use crate::state::{self, Changes, StateKey, StateRead};
use crate::text::{AgencyId, Text};
use crate::validators::Validator;

/// One key in the place of another, or one more, or one less.
pub(super) struct Replacement<'a> {
    /// The key that ends.
    pub(super) old: Option<&'a PublicKey>,
    /// The key that begins.
    pub(super) new: Option<&'a GenesisKey>,
}

pub(super) fn replace(
    state: &impl StateRead,
    at: Position,
    agency: &AgencyId,
    change: &Replacement<'_>,
    suspect_since: Option<TimeMs>,
) -> Result<Changes, Refusal> {
    let member = require_member(state, agency)?;
    let mut changes = Changes::default();
    let mut role = None;
    if let Some(old) = change.old {
        let key = require_own(state, agency, old)?;
        role = Some(key.role);
        changes.extend(end(at, old, key, suspect_since));
    }
    if let Some(new) = change.new {
        if new.role.is_registered_by_admin() || role.is_some_and(|role| role != new.role) {
            return unfit(MeasureFault::KeyRole);
        }
        role = Some(new.role);
        changes.extend(begin(state, at, agency, new)?);
    }
    let Some(role) = role else { return unfit(MeasureFault::KeyRole) };
    changes.extend(take_up(state, &member, role, change)?);
    Ok(changes)
}

/// What follows for the agency's standing from the change of a key of this role.
fn take_up(
    state: &impl StateRead,
    member: &Agency,
    role: KeyRole,
    change: &Replacement<'_>,
) -> Result<Changes, Refusal> {
    let agency = &member.id;
    let mut official = state::official_keys(state, agency);
    let new = change.new.map(|new| new.key);
    let mut changes = Changes::default();
    match (role, change.old, new) {
        (KeyRole::Admin, old, new) => {
            official.admins += u64::from(new.is_some());
            official.admins -= u64::from(old.is_some());
            if !(1..=MAX_ADMINS as u64).contains(&official.admins) {
                return unfit(MeasureFault::AdminCount);
            }
        }
        (KeyRole::Transport, Some(_), Some(new)) => official.transport = Some(new),
        (KeyRole::Note, old, new) => take_up_note(member, &mut official, old, new)?,
        (KeyRole::Validator, Some(_), Some(new)) => {
            let Standing::Validator { power } = member.standing else {
                unreachable!("who has a validator key that counts votes")
            };
            let validator = Validator { agency: agency.clone(), key: new, power };
            changes.extend(set_validator(state, agency, Some(validator))?);
        }
        // Of a node's other keys there is always exactly one.
        _ => return unfit(MeasureFault::KeyRole),
    }
    changes.put(&StateKey::OfficialKeys(agency), &official);
    Ok(changes)
}

/// A node has at most one note key.
fn take_up_note(
    member: &Agency,
    official: &mut OfficialKeys,
    old: Option<&PublicKey>,
    new: Option<PublicKey>,
) -> Result<(), Refusal> {
    let has_node = !matches!(member.standing, Standing::Hosted { .. });
    if !has_node || (old.is_none() && official.note.is_some()) {
        return unfit(MeasureFault::Keys);
    }
    official.note = new;
    Ok(())
}

/// A node's or admin key of the agency that is not revoked.
fn require_own(
    state: &impl StateRead,
    agency: &AgencyId,
    public: &PublicKey,
) -> Result<Key, Refusal> {
    let Some(key) = state::key(state, public) else {
        return Err(Refusal::KeyUnknown { key: *public });
    };
    if key.agency != *agency {
        return Err(Refusal::KeyOfOther { agency: key.agency });
    }
    if key.role.is_registered_by_admin() {
        return unfit(MeasureFault::KeyRole);
    }
    match &key.revoked {
        Some(revocation) => Err(Refusal::KeyAlreadyRevoked { at: revocation.at }),
        None => Ok(key),
    }
}

/// Ends a key with this entry.
pub(super) fn end(
    at: Position,
    public: &PublicKey,
    key: Key,
    suspect_since: Option<TimeMs>,
) -> Changes {
    let (at, on, reason) = (at.index, at.time, Text::default());
    let revoked = Some(KeyRevocation { at, reason, suspect_since, on });
    Changes::of(&StateKey::Key(public), &Key { revoked, ..key })
}

/// Registers a key that a measure brings in.
pub(super) fn begin(
    state: &impl StateRead,
    at: Position,
    agency: &AgencyId,
    new: &GenesisKey,
) -> Result<Changes, Refusal> {
    if let Some(taken) = state::key(state, &new.key) {
        return Err(Refusal::KeyTaken { agency: taken.agency, role: taken.role });
    }
    let key = Key {
        agency: agency.clone(),
        role: new.role,
        algorithm: new.algorithm,
        post: new.post.clone(),
        registered_at: Some(at.index),
        valid_until: None,
        revoked: None,
        registered_on: Some(at.time),
    };
    Ok(Changes::of(&StateKey::Key(&new.key), &key))
}
