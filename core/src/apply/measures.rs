//! What each measure changes when it passes, and why it may not.
//! Holds: ids and keys are never used again; every member has the keys that its standing needs; the
//! competent authority, and who hosts others, are members with a node and a ballot.
//! Source: docs/formats.md, "Measures".

mod keys;
mod standing;

use std::collections::BTreeSet;

use super::Position;
use super::governance::roll;
use crate::agency::{Agency, KeyRole, Standing};
use crate::genesis::GenesisMember;
use crate::governance::{Departure, MAX_ELECTORATE, MAX_HOLDERS, Measure, Office, Roll};
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
            let change = keys::Replacement { old: old.as_ref(), new: new.as_ref() };
            keys::replace(state, at, agency, &change, *suspect_since)
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
            standing::change(state, at, agency, standing, key.as_ref())
        }
        Measure::ChangeAuthority { agency } => change_authority(state, agency),
        Measure::ChangeParams { params } => {
            if params.check().is_err() {
                return unfit(MeasureFault::Parameters);
            }
            if *params == *super::params(state) {
                return unfit(MeasureFault::NothingChanges);
            }
            Ok(Changes::of(&StateKey::Params, params))
        }
        Measure::ActivateVersion { version } => {
            // One after the other, so that no slip of a figure stops every node for ever.
            if Some(*version) != state::protocol_version(state).checked_add(1) {
                return unfit(MeasureFault::Version);
            }
            Ok(Changes::of(&StateKey::ProtocolVersion, version))
        }
        Measure::Appoint { office, agencies } => appoint(state, *office, agencies),
        Measure::RenewEmergency { emergency, until } => {
            super::emergencies::renew(state, at, *emergency, *until)
        }
        Measure::ChangeSponsor { agency, sponsor } => change_sponsor(state, agency, sponsor),
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
    if !agency.kind.is_public() {
        let Some(sponsor) = agency.answered_for_by() else {
            return unfit(MeasureFault::Sponsor);
        };
        check_sponsor(state, sponsor)?;
    }
    let mut changes = put_agency(agency);
    for key in &member.keys {
        let so_far = Overlay { below: state, changes: &changes };
        changes.extend(keys::begin(&so_far, at, &agency.id, key)?);
    }
    if let Standing::Validator { power } = agency.standing
        && let Some(key) = member.keys.iter().find(|key| key.role == KeyRole::Validator)
    {
        let validator = Validator { agency: agency.id.clone(), key: key.key, power };
        changes.extend(set_validator(state, &agency.id, Some(validator))?);
    }
    changes.put(&StateKey::OfficialKeys(&agency.id), &member.official_keys());
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
    refuse_authority(state, agency)?;
    let mut roll = roll(state);
    refuse_sponsor(state, at, &roll, agency)?;
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

fn change_authority(state: &impl StateRead, agency: &AgencyId) -> Result<Changes, Refusal> {
    require_member(state, agency)?;
    if !roll(state).electorate.contains(agency) {
        return unfit(MeasureFault::Standing);
    }
    let authority = state::competent_authority(state);
    if authority.as_ref() == Some(agency) {
        return unfit(MeasureFault::NothingChanges);
    }
    if state::office(state, Office::Supervisor).contains(agency) {
        return unfit(MeasureFault::Office);
    }
    Ok(Changes::of(&StateKey::CompetentAuthority, agency))
}

fn appoint(
    state: &impl StateRead,
    office: Office,
    agencies: &BTreeSet<AgencyId>,
) -> Result<Changes, Refusal> {
    agencies.iter().try_for_each(|agency| require_member(state, agency).map(drop))?;
    let counts = if office.is_single() { 1..=1 } else { 1..=MAX_HOLDERS };
    // Nobody supervises itself.
    let is_authority = |agency: &AgencyId| *agency == state::require_competent_authority(state);
    let oneself = office == Office::Supervisor && agencies.iter().any(is_authority);
    if !counts.contains(&agencies.len()) || oneself {
        return unfit(MeasureFault::Office);
    }
    if state::office(state, office) == *agencies {
        return unfit(MeasureFault::NothingChanges);
    }
    Ok(Changes::of(&StateKey::Office(office), agencies))
}

fn change_sponsor(
    state: &impl StateRead,
    agency: &AgencyId,
    sponsor: &AgencyId,
) -> Result<Changes, Refusal> {
    let mut member = require_member(state, agency)?;
    // Who is hosted is answered for by its host, and who is a public body by itself.
    if matches!(member.standing, Standing::Hosted { .. }) || member.kind.is_public() {
        return unfit(MeasureFault::Standing);
    }
    check_sponsor(state, sponsor)?;
    if member.sponsor.as_ref() == Some(sponsor) {
        return unfit(MeasureFault::NothingChanges);
    }
    member.sponsor = Some(sponsor.clone());
    Ok(put_agency(&member))
}

/// Who answers for others is a public body with a ballot.
fn check_sponsor(state: &impl StateRead, sponsor: &AgencyId) -> Result<(), Refusal> {
    let member = require_member(state, sponsor)?;
    if !member.kind.is_public() || !roll(state).electorate.contains(sponsor) {
        return unfit(MeasureFault::Sponsor);
    }
    Ok(())
}

/// The competent authority stays a member with a ballot.
fn refuse_authority(state: &impl StateRead, agency: &AgencyId) -> Result<(), Refusal> {
    let authority = state::competent_authority(state);
    match authority {
        Some(authority) if authority == *agency => unfit(MeasureFault::IsAuthority),
        _ => Ok(()),
    }
}

/// Who hosts a member whose time is not over keeps its node.
fn refuse_sponsor(
    state: &impl StateRead,
    at: Position,
    roll: &Roll,
    agency: &AgencyId,
) -> Result<(), Refusal> {
    let mut hosted = roll.hosted.iter().filter(|(_, sponsor)| *sponsor == agency);
    let acts = |hosted: &AgencyId| super::check_membership(state, at, hosted).is_ok();
    if hosted.any(|(hosted, _)| acts(hosted)) {
        return unfit(MeasureFault::IsSponsor);
    }
    Ok(())
}

/// The agency, if it is a member today.
fn require_member(state: &impl StateRead, agency: &AgencyId) -> Result<Agency, Refusal> {
    let member = state::agency(state, agency);
    let Some(member) = member.filter(|_| state::departure(state, agency).is_none()) else {
        return Err(Refusal::AgencyUnknown { agency: agency.clone() });
    };
    Ok(member)
}

fn put_agency(agency: &Agency) -> Changes {
    Changes::of(&StateKey::Agency(&agency.id), agency)
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
    Ok(Changes::of(&StateKey::Validators, &set))
}
