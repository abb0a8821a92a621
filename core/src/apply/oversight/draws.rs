//! Opening draws, committing and revealing in them, and reporting what reviewers found.
//! Holds: a pool is those that held the office when it was opened; who is drawn follows from all reveals.
//! Source: docs/formats.md, "Rules", open-draw to report-review.

use std::collections::BTreeSet;

use super::super::{Position, check_membership, require_sole_signer};
use super::{auditing, refuse};
use crate::agency::KeyRole;
use crate::governance::Office;
use crate::hash::{ConsortiumId, DrawCommitment, DrawSecret};
use crate::ids::DrawId;
use crate::oversight::{
    Commit, Draw, DrawRange, DrawnReview, DrawnVerdict, FindingAbout, MAX_DRAWN, MAX_RANGES,
    MIN_COMMITTED, Reveal, draw_commitment,
};
use crate::refusal::{OversightRefusal, Refusal};
use crate::state::{self, Changes, StateKey, StateRead};
use crate::statement::StatementSigner;
use crate::text::AgencyId;

pub(in super::super) fn open_draw(
    state: &impl StateRead,
    at: Position,
    signers: &[StatementSigner],
    consortium: &ConsortiumId,
    (scope, count): (&[DrawRange], u16),
) -> Result<Changes, Refusal> {
    let by = auditing(signers)?;
    let holders = state::office(state, Office::StewardReviewer);
    if !holders.contains(by) {
        return refuse(OversightRefusal::NotAReviewer { agency: by.clone() });
    }
    if !(1..=MAX_RANGES).contains(&scope.len()) {
        return refuse(OversightRefusal::DrawScope { limit: MAX_RANGES as u64 });
    }
    let providers = scope.iter().map(|range| check_range(state, range));
    let providers = providers.collect::<Result<Vec<AgencyId>, Refusal>>()?;
    check_apart(scope)?;
    let is_member = |agency: &AgencyId| check_membership(state, at, agency).is_ok();
    let pool: BTreeSet<AgencyId> = holders.into_iter().filter(is_member).collect();
    if pool.len() < MIN_COMMITTED {
        return refuse(OversightRefusal::PoolTooSmall { needed: MIN_COMMITTED as u64 });
    }
    let draw = Draw {
        consortium: *consortium,
        scope: scope.to_vec(),
        providers,
        count,
        opened_by: by.clone(),
        opened: at.mark(),
        pool,
        commits: Default::default(),
        reviews: Default::default(),
    };
    let limit = draw.total().min(u64::from(MAX_DRAWN));
    if count == 0 || u64::from(count) > limit {
        return refuse(OversightRefusal::DrawCount { limit });
    }
    Ok(put(&draw))
}

/// Whose the gateway is, if it has come as far as the range. What it left out on the way may be drawn too.
fn check_range(state: &impl StateRead, range: &DrawRange) -> Result<AgencyId, Refusal> {
    let gateway = range.gateway;
    let Some(key) = state::key(state, &gateway) else {
        return Err(Refusal::KeyUnknown { key: gateway });
    };
    if key.role != KeyRole::Gateway {
        return refuse(OversightRefusal::NotAGateway { key: gateway });
    }
    let last = state::gateway_numbers(state, &gateway).last;
    if range.first == 0 || range.is_empty() || range.last > last {
        return refuse(OversightRefusal::DrawRange { gateway, last });
    }
    Ok(key.agency)
}

/// No record stands in two ranges: it would be drawn twice as often.
fn check_apart(scope: &[DrawRange]) -> Result<(), Refusal> {
    let mut sorted: Vec<&DrawRange> = scope.iter().collect();
    sorted.sort_by_key(|range| (range.gateway, range.first));
    let meet = |pair: &&[&DrawRange]| match pair {
        [one, next] => one.gateway == next.gateway && next.first <= one.last,
        _ => false,
    };
    match sorted.windows(2).find(meet) {
        Some(pair) => refuse(OversightRefusal::DrawOverlap { gateway: pair[0].gateway }),
        None => Ok(()),
    }
}

pub(in super::super) fn commit(
    state: &impl StateRead,
    at: Position,
    signers: &[StatementSigner],
    id: DrawId,
    commitment: DrawCommitment,
) -> Result<Changes, Refusal> {
    let by = auditing(signers)?;
    let mut draw = require(state, id)?;
    if !draw.pool.contains(by) {
        return refuse(OversightRefusal::NotInPool { draw: id, agency: by.clone() });
    }
    let until = draw.commits_until();
    if at.time >= until {
        return refuse(OversightRefusal::CommitsOver { draw: id, until });
    }
    if let Some(earlier) = draw.commits.get(by) {
        return refuse(OversightRefusal::CommittedAlready { at: earlier.made.at });
    }
    draw.commits.insert(by.clone(), Commit { commitment, made: at.mark(), reveal: None });
    Ok(put(&draw))
}

pub(in super::super) fn reveal(
    state: &impl StateRead,
    at: Position,
    signers: &[StatementSigner],
    id: DrawId,
    secret: DrawSecret,
) -> Result<Changes, Refusal> {
    let by = auditing(signers)?;
    let mut draw = require(state, id)?;
    let (from, until) = (draw.commits_until(), draw.reveals_until());
    let due = draw_commitment(&draw.consortium, id, by, &secret);
    let Some(commit) = draw.commits.get_mut(by) else {
        return refuse(OversightRefusal::NotCommitted { draw: id, agency: by.clone() });
    };
    if at.time < from {
        return refuse(OversightRefusal::RevealEarly { draw: id, from });
    }
    if let Some(earlier) = commit.reveal {
        return refuse(OversightRefusal::RevealedAlready { at: earlier.made.at });
    }
    if at.time >= until {
        return refuse(OversightRefusal::RevealsOver { draw: id, until });
    }
    if due != commit.commitment {
        return refuse(OversightRefusal::RevealMismatch { draw: id });
    }
    commit.reveal = Some(Reveal { secret, made: at.mark() });
    Ok(put(&draw))
}

pub(in super::super) fn report(
    state: &impl StateRead,
    at: Position,
    signers: &[StatementSigner],
    (id, number): (DrawId, u16),
    verdict: DrawnVerdict,
) -> Result<Changes, Refusal> {
    let mut draw = require(state, id)?;
    let reviewer = reviewer(&draw, number)?;
    require_sole_signer(signers, &reviewer, KeyRole::Auditor)?;
    if let Some(earlier) = draw.reviews.get(&number) {
        return refuse(OversightRefusal::ReportedAlready { at: earlier.made.at });
    }
    if let DrawnVerdict::Finding(finding) = verdict {
        let about = FindingAbout::Drawn { draw: id, number };
        match state::finding(state, finding) {
            None => return refuse(OversightRefusal::FindingUnknown { finding }),
            Some(found) if found.about != about || found.opened_by != reviewer => {
                return refuse(OversightRefusal::FindingOfOther { finding });
            }
            Some(_) => {}
        }
    }
    draw.reviews.insert(number, DrawnReview { verdict, made: at.mark() });
    Ok(put(&draw))
}

/// Who reviews what was drawn at a place, from 1.
pub(super) fn reviewer(draw: &Draw, number: u16) -> Result<AgencyId, Refusal> {
    let Some(drawn) = draw.drawn() else {
        return refuse(OversightRefusal::NothingDrawn { draw: draw.id() });
    };
    let place = usize::from(number).checked_sub(1);
    match place.and_then(|place| drawn.into_iter().nth(place)) {
        Some(one) => Ok(one.reviewer),
        None => refuse(OversightRefusal::NoSuchNumber { limit: u64::from(draw.count) }),
    }
}

pub(super) fn require(state: &impl StateRead, id: DrawId) -> Result<Draw, Refusal> {
    let unknown = Refusal::Oversight(OversightRefusal::DrawUnknown { draw: id });
    state::draw(state, id).ok_or(unknown)
}

fn put(draw: &Draw) -> Changes {
    Changes::of(&StateKey::Draw(draw.id()), draw)
}
