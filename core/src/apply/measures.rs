//! What each measure changes when it passes, and why it may not.
//! Holds: ids and keys are never used again; every member but a hosted one has the keys that its
//! standing needs; the competent authority and sponsors are members.
//! Source: docs/formats.md, "Measures".

use super::Position;
use super::governance::roll;
use crate::agency::{Agency, Key, KeyRevocation, KeyRole, Standing};
use crate::genesis::{GenesisKey, GenesisMember, MAX_ADMINS};
use crate::governance::{Departure, MAX_ELECTORATE, Measure, Roll};
use crate::ids::TimeMs;
use crate::keys::PublicKey;
use crate::refusal::{MeasureFault, Refusal};
use crate::state::{self, Changes, Overlay, StateKey, StateRead};
use crate::text::{AgencyId, Text};
use crate::validators::{Validator, ValidatorSet};

/// What `measure` changes at this position. Errors: why it cannot be carried out.
pub(super) fn carry_out(
    state: &impl StateRead,
    at: Position,
    measure: &Measure,
) -> Result<Changes, Refusal> {
    match measure {
        Measure::Admit { member } => admit(state, at, member),
        Measure::Remove { agency, reason } => remove(state, at, agency, reason),
        Measure::ReplaceKey { agency, old, new, suspect_since } => {
            replace_key(state, at, agency, old.as_ref(), new.as_ref(), *suspect_since)
        }
        Measure::ChangeOperator { agency, operated_by } => {
            let mut member = require_member(state, agency)?;
            if operated_by.as_str().is_empty() || member.operated_by == *operated_by {
                return unfit(MeasureFault::NothingChanges);
            }
            member.operated_by = operated_by.clone();
            Ok(put_agency(&member))
        }
        Measure::ChangeStanding { agency, standing, key } => {
            change_standing(state, at, agency, standing, key.as_ref())
        }
        Measure::ChangeAuthority { agency } => change_authority(state, agency),
        Measure::ChangeParams { params } => {
            if params.check().is_err() {
                return unfit(MeasureFault::Parameters);
            }
            if *params == super::params(state) {
                return unfit(MeasureFault::NothingChanges);
            }
            let mut changes = Changes::default();
            changes.put(&StateKey::Params, params);
            Ok(changes)
        }
        Measure::ActivateVersion { version } => {
            if *version <= state::protocol_version(state) {
                return unfit(MeasureFault::Version);
            }
            let mut changes = Changes::default();
            changes.put(&StateKey::ProtocolVersion, version);
            Ok(changes)
        }
    }
}

fn unfit<T>(fault: MeasureFault) -> Result<T, Refusal> {
    Err(Refusal::MeasureUnfit { fault })
}

fn admit(state: &impl StateRead, at: Position, member: &GenesisMember) -> Result<Changes, Refusal> {
    let agency = &member.agency;
    if state::agency(state, &agency.id).is_some() {
        return unfit(MeasureFault::AgencyExists);
    }
    if member.check_keys().is_err() {
        return unfit(MeasureFault::Keys);
    }
    let mut roll = roll(state);
    enter(state, at, &mut roll, agency)?;
    let mut changes = put_agency(agency);
    for key in &member.keys {
        changes.extend(begin_key(
            &Overlay { below: state, changes: &changes },
            at,
            &agency.id,
            key,
        )?);
    }
    if let Standing::Validator { power } = agency.standing
        && let Some(key) = member.keys.iter().find(|key| key.role == KeyRole::Validator)
    {
        let validator = Validator { agency: agency.id.clone(), key: key.key, power };
        changes.extend(set_validator(state, &agency.id, Some(validator))?);
    }
    let admins = member.keys.iter().filter(|key| key.role == KeyRole::Admin).count();
    put_admin_count(&mut changes, &agency.id, admins);
    changes.put(&StateKey::Roll, &roll);
    Ok(changes)
}

/// Takes a member with this standing into the roll.
fn enter(
    state: &impl StateRead,
    at: Position,
    roll: &mut Roll,
    agency: &Agency,
) -> Result<(), Refusal> {
    let Standing::Hosted { sponsor, until } = &agency.standing else {
        if roll.electorate.len() >= MAX_ELECTORATE {
            return unfit(MeasureFault::TooManyMembers);
        }
        roll.electorate.insert(agency.id.clone());
        return Ok(());
    };
    // Only a member with a node of its own can host another.
    if !roll.electorate.contains(sponsor) || require_member(state, sponsor).is_err() {
        return unfit(MeasureFault::Sponsor);
    }
    if *until <= at.time {
        return unfit(MeasureFault::HostingOver);
    }
    if roll.hosted.len() >= MAX_ELECTORATE {
        return unfit(MeasureFault::TooManyMembers);
    }
    roll.hosted.insert(agency.id.clone(), sponsor.clone());
    Ok(())
}

fn remove(
    state: &impl StateRead,
    at: Position,
    agency: &AgencyId,
    reason: &Text<256>,
) -> Result<Changes, Refusal> {
    let member = require_member(state, agency)?;
    let authority: Option<AgencyId> = state::read(state, &StateKey::CompetentAuthority);
    if authority.as_ref() == Some(agency) {
        return unfit(MeasureFault::IsAuthority);
    }
    let mut roll = roll(state);
    if roll.hosted.values().any(|sponsor| sponsor == agency) {
        return unfit(MeasureFault::IsSponsor);
    }
    roll.electorate.remove(agency);
    roll.hosted.remove(agency);
    let mut changes = Changes::default();
    if matches!(member.standing, Standing::Validator { .. }) {
        changes.extend(set_validator(state, agency, None)?);
    }
    changes.put(&StateKey::Roll, &roll);
    let departure = Departure { at: at.index, on: at.time, reason: reason.clone() };
    changes.put(&StateKey::Departure(agency), &departure);
    Ok(changes)
}

fn replace_key(
    state: &impl StateRead,
    at: Position,
    agency: &AgencyId,
    old: Option<&PublicKey>,
    new: Option<&GenesisKey>,
    suspect_since: Option<TimeMs>,
) -> Result<Changes, Refusal> {
    let member = require_member(state, agency)?;
    let mut changes = Changes::default();
    let mut admins = state::admin_count(state, agency);
    let mut role = None;
    if let Some(old) = old {
        let key = require_key(state, agency, old)?;
        role = Some(key.role);
        admins -= usize::from(key.role == KeyRole::Admin);
        let reason = Text::default();
        let revoked = Some(KeyRevocation { at: at.index, reason, suspect_since });
        changes.put(&StateKey::Key(old), &Key { revoked, ..key });
    }
    if let Some(new) = new {
        if new.role.is_registered_by_admin() || role.is_some_and(|role| role != new.role) {
            return unfit(MeasureFault::KeyRole);
        }
        role = Some(new.role);
        admins += usize::from(new.role == KeyRole::Admin);
        changes.extend(begin_key(state, at, agency, new)?);
    }
    // Only admin keys may be added or taken away; of a node's there is always one.
    let Some(role) = role.filter(|role| *role == KeyRole::Admin || old.is_some() == new.is_some())
    else {
        return unfit(MeasureFault::KeyRole);
    };
    if !(1..=MAX_ADMINS).contains(&admins) {
        return unfit(MeasureFault::AdminCount);
    }
    put_admin_count(&mut changes, agency, admins);
    if let (KeyRole::Validator, Some(new), Standing::Validator { power }) =
        (role, new, &member.standing)
    {
        let validator = Validator { agency: agency.clone(), key: new.key, power: *power };
        changes.extend(set_validator(state, agency, Some(validator))?);
    }
    Ok(changes)
}

fn change_standing(
    state: &impl StateRead,
    at: Position,
    agency: &AgencyId,
    standing: &Standing,
    key: Option<&GenesisKey>,
) -> Result<Changes, Refusal> {
    let mut member = require_member(state, agency)?;
    let set = validators(state);
    let own = set.by_agency(agency);
    let mut changes = Changes::default();
    let validator = match (&member.standing, standing, key) {
        (Standing::Hosted { .. }, _, _) | (_, Standing::Hosted { .. }, _) => {
            return unfit(MeasureFault::Standing);
        }
        (before, after, _) if before == after => return unfit(MeasureFault::NothingChanges),
        (Standing::Observer, Standing::Validator { power }, Some(key))
            if key.role == KeyRole::Validator =>
        {
            changes.extend(begin_key(state, at, agency, key)?);
            Some(Validator { agency: agency.clone(), key: key.key, power: *power })
        }
        (Standing::Validator { .. }, Standing::Validator { power }, None) => {
            own.map(|own| Validator { power: *power, ..own.clone() })
        }
        (Standing::Validator { .. }, Standing::Observer, None) => {
            if let Some(own) = own {
                let key = require_key(state, agency, &own.key)?;
                let revocation =
                    KeyRevocation { at: at.index, reason: Text::default(), suspect_since: None };
                changes.put(&StateKey::Key(&own.key), &Key { revoked: Some(revocation), ..key });
            }
            None
        }
        _ => return unfit(MeasureFault::Keys),
    };
    changes.extend(set_validator(state, agency, validator)?);
    member.standing = standing.clone();
    changes.extend(put_agency(&member));
    Ok(changes)
}

fn change_authority(state: &impl StateRead, agency: &AgencyId) -> Result<Changes, Refusal> {
    require_member(state, agency)?;
    if !roll(state).electorate.contains(agency) {
        return unfit(MeasureFault::Standing);
    }
    let authority: Option<AgencyId> = state::read(state, &StateKey::CompetentAuthority);
    if authority.as_ref() == Some(agency) {
        return unfit(MeasureFault::NothingChanges);
    }
    let mut changes = Changes::default();
    changes.put(&StateKey::CompetentAuthority, agency);
    Ok(changes)
}

/// The agency, if it is a member today.
fn require_member(state: &impl StateRead, agency: &AgencyId) -> Result<Agency, Refusal> {
    let member = state::agency(state, agency);
    let Some(member) = member.filter(|_| state::departure(state, agency).is_none()) else {
        return Err(Refusal::AgencyUnknown { agency: agency.clone() });
    };
    Ok(member)
}

/// A node's or admin key of the agency that is not revoked.
fn require_key(
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

/// Registers a key that a measure brings in.
fn begin_key(
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
    };
    let mut changes = Changes::default();
    changes.put(&StateKey::Key(&new.key), &key);
    Ok(changes)
}

fn put_admin_count(changes: &mut Changes, agency: &AgencyId, count: usize) {
    changes.put(&StateKey::AdminCount(agency), &(count as u64));
}

fn put_agency(agency: &Agency) -> Changes {
    let mut changes = Changes::default();
    changes.put(&StateKey::Agency(&agency.id), agency);
    changes
}

fn validators(state: &impl StateRead) -> ValidatorSet {
    match state::read(state, &StateKey::Validators) {
        Some(set) => set,
        None => unreachable!("the genesis puts the validators"),
    }
}

/// The set of the next height, with this agency's validator as given, or without one.
fn set_validator(
    state: &impl StateRead,
    agency: &AgencyId,
    validator: Option<Validator>,
) -> Result<Changes, Refusal> {
    let others = Vec::from(validators(state)).into_iter().filter(|v| v.agency != *agency);
    let mut set: Vec<Validator> = others.chain(validator).collect();
    set.sort_by(|a, b| a.agency.cmp(&b.agency));
    let Ok(set) = ValidatorSet::try_from(set) else {
        return unfit(MeasureFault::ValidatorSet);
    };
    let mut changes = Changes::default();
    changes.put(&StateKey::Validators, &set);
    Ok(changes)
}
