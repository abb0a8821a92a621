//! Whether a member's node votes, follows, or there is none.
//! Holds: one step at a time between hosted, observer and validator; each step brings or ends
//! exactly the node's keys that it concerns.
//! Source: docs/formats.md, "Measures", change-standing.

use super::{
    enter, keys, put_agency, refuse_authority, refuse_sponsor, require_member, set_validator,
    unfit, validators,
};
use crate::agency::{Agency, KeyRole, Standing};
use crate::apply::Position;
use crate::apply::governance::roll;
use crate::genesis::GenesisKey;
use crate::keys::PublicKey;
use crate::refusal::{MeasureFault, Refusal};
use crate::state::{self, Changes, StateKey, StateRead};
use crate::text::AgencyId;
use crate::validators::Validator;

pub(super) fn change(
    state: &impl StateRead,
    at: Position,
    agency: &AgencyId,
    standing: &Standing,
    key: Option<&GenesisKey>,
) -> Result<Changes, Refusal> {
    use Standing::{Hosted, Observer, Validator as Votes};
    let before = require_member(state, agency)?;
    let after = Agency { standing: standing.clone(), ..before.clone() };
    let mut changes = match (&before.standing, standing, key.map(|key| (key.role, key))) {
        (before, after, _) if before == after => return unfit(MeasureFault::NothingChanges),
        (Votes { .. }, Hosted { .. }, _) | (Hosted { .. }, Votes { .. }, _) => {
            return unfit(MeasureFault::Standing);
        }
        (Observer, Votes { power }, Some((KeyRole::Validator, key))) => {
            begin_to_vote(state, at, agency, *power, key)?
        }
        (Votes { .. }, Votes { power }, None) => change_power(state, agency, *power)?,
        (Votes { .. }, Observer, None) => cease_to_vote(state, at, agency)?,
        (Observer, Hosted { .. }, None) => give_up_node(state, at, &after)?,
        (Hosted { .. }, Hosted { .. }, None) => move_in(state, at, &after, Changes::default())?,
        (Hosted { .. }, Observer, Some((KeyRole::Transport, key))) => {
            let mut official = state::official_keys(state, agency);
            official.transport = Some(key.key);
            let mut changes = keys::begin(state, at, agency, key)?;
            changes.put(&StateKey::OfficialKeys(agency), &official);
            move_in(state, at, &after, changes)?
        }
        _ => return unfit(MeasureFault::Keys),
    };
    changes.extend(put_agency(&after));
    Ok(changes)
}

fn begin_to_vote(
    state: &impl StateRead,
    at: Position,
    agency: &AgencyId,
    power: u64,
    key: &GenesisKey,
) -> Result<Changes, Refusal> {
    let mut changes = keys::begin(state, at, agency, key)?;
    let validator = Validator { agency: agency.clone(), key: key.key, power };
    changes.extend(set_validator(state, agency, Some(validator))?);
    Ok(changes)
}

fn change_power(state: &impl StateRead, agency: &AgencyId, power: u64) -> Result<Changes, Refusal> {
    let own = validators(state).by_agency(agency).cloned();
    set_validator(state, agency, own.map(|own| Validator { power, ..own }))
}

fn cease_to_vote(
    state: &impl StateRead,
    at: Position,
    agency: &AgencyId,
) -> Result<Changes, Refusal> {
    let own = validators(state).by_agency(agency).map(|own| own.key);
    let mut changes = set_validator(state, agency, None)?;
    changes.extend(end_all(state, at, own));
    Ok(changes)
}

/// A member with a node becomes a hosted one: its node's keys end.
fn give_up_node(state: &impl StateRead, at: Position, after: &Agency) -> Result<Changes, Refusal> {
    let agency = &after.id;
    refuse_authority(state, agency)?;
    refuse_sponsor(state, at, &roll(state), agency)?;
    let mut official = state::official_keys(state, agency);
    let ended = [official.transport.take(), official.note.take()];
    let mut changes = end_all(state, at, ended.into_iter().flatten());
    changes.put(&StateKey::OfficialKeys(agency), &official);
    move_in(state, at, after, changes)
}

fn end_all(
    state: &impl StateRead,
    at: Position,
    ended: impl IntoIterator<Item = PublicKey>,
) -> Changes {
    let mut changes = Changes::default();
    for public in ended {
        if let Some(key) = state::key(state, &public) {
            changes.extend(keys::end(at, &public, key, None));
        }
    }
    changes
}

/// Takes the member out of the roll and in again, as its new standing says.
fn move_in(
    state: &impl StateRead,
    at: Position,
    after: &Agency,
    mut changes: Changes,
) -> Result<Changes, Refusal> {
    let mut roll = roll(state);
    roll.electorate.remove(&after.id);
    roll.hosted.remove(&after.id);
    enter(state, at, &mut roll, after)?;
    changes.put(&StateKey::Roll, &roll);
    Ok(changes)
}
