//! What the authorities set for all: calendars and rule packs.
//! Holds: nothing that is set changes a day that has begun.
//! Source: docs/formats.md, "Rules", publish-calendar and publish-rules.

use super::codes::require_authority;
use super::{Position, params, require_signers};
use crate::agency::KeyRole;
use crate::calendar::{Calendar, Day, MAX_CALENDARS, MIN_DAYS_AHEAD};
use crate::governance::Office;
use crate::refusal::{Refusal, SupervisionRefusal};
use crate::rule_pack::{self, MAX_RULE_PACKS, MIN_NOTICE_MS, PublishedRules, RulePack};
use crate::state::{self, Changes, StateKey, StateRead};
use crate::statement::StatementSigner;

pub(super) fn publish_calendar(
    state: &impl StateRead,
    at: Position,
    signers: &[StatementSigner],
    calendar: &Calendar,
) -> Result<Changes, Refusal> {
    require_authority(state, signers)?;
    check_calendar(state, at, calendar).map_err(Refusal::Supervision)?;
    let mut calendars = state::calendars(state, &calendar.region).unwrap_or_default();
    calendars.publish(calendar.clone(), at.index);
    Ok(Changes::of(&StateKey::Calendars(&calendar.region), &calendars))
}

fn check_calendar(
    state: &impl StateRead,
    at: Position,
    calendar: &Calendar,
) -> Result<(), SupervisionRefusal> {
    if let Some(fault) = calendar.fault() {
        return Err(SupervisionRefusal::CalendarUnfit { fault });
    }
    let today = Day::of(at.time, params(state).day_offset_minutes);
    let earliest_end = Day(today.0.saturating_add(MIN_DAYS_AHEAD));
    let earlier = state::calendars(state, &calendar.region).unwrap_or_default();
    let covered = earlier.last();
    let must_reach = covered.map_or(earliest_end, |last| last.max(earliest_end));
    if calendar.last < must_reach {
        return Err(SupervisionRefusal::CalendarTooShort { day: must_reach });
    }
    if covered.is_some() && calendar.first <= today {
        return Err(SupervisionRefusal::CalendarOverlap { day: today.next() });
    }
    let must_begin = covered.unwrap_or(today).next();
    if calendar.first > must_begin {
        return Err(SupervisionRefusal::CalendarGap { day: must_begin });
    }
    if earlier.all().len() >= MAX_CALENDARS {
        return Err(SupervisionRefusal::TooManyCalendars { limit: MAX_CALENDARS as u64 });
    }
    Ok(())
}

pub(super) fn publish_rules(
    state: &impl StateRead,
    at: Position,
    signers: &[StatementSigner],
    pack: &RulePack,
) -> Result<Changes, Refusal> {
    let supervisor = state::office(state, Office::Supervisor).into_iter().next();
    let Some(supervisor) = supervisor else {
        return Err(Refusal::Supervision(SupervisionRefusal::NoSupervisor));
    };
    let authority = state::require_competent_authority(state);
    require_signers(signers, &[(&authority, KeyRole::Steward), (&supervisor, KeyRole::Steward)])?;
    let mut packs = rule_pack::published(state);
    check_rules(at, pack, &packs).map_err(Refusal::Supervision)?;
    packs.push(PublishedRules { pack: pack.clone(), at: at.index });
    Ok(Changes::of(&StateKey::RulePacks, &packs))
}

fn check_rules(
    at: Position,
    pack: &RulePack,
    earlier: &[PublishedRules],
) -> Result<(), SupervisionRefusal> {
    if let Some(fault) = pack.fault() {
        return Err(SupervisionRefusal::RulesUnfit { fault });
    }
    if let Some(taken) = earlier.iter().find(|published| published.pack.name == pack.name) {
        return Err(SupervisionRefusal::RulesNameTaken { at: taken.at });
    }
    let notice = at.time.plus(MIN_NOTICE_MS);
    let last = earlier.last().map(|published| published.pack.from.plus(1));
    let earliest = last.map_or(notice, |last| last.max(notice));
    if pack.from < earliest {
        return Err(SupervisionRefusal::RulesTooSoon { earliest });
    }
    if earlier.len() >= MAX_RULE_PACKS {
        return Err(SupervisionRefusal::TooManyRules { limit: MAX_RULE_PACKS as u64 });
    }
    Ok(())
}
