//! The measurement: what is on the ledger and what was read from the entries, added up.
//! Holds: pure; what began in the period counts, and stands as it stands at the last block.
//! Source: docs/indicators.md.

use std::collections::BTreeMap;

use comity_core::calendar::Day;
use comity_core::duty::{self, Duty, DutyEnd};
use comity_core::grant::Grant;
use comity_core::ids::{DatasetId, GrantId, RequestId, TimeMs};
use comity_core::ledger::TreeState;
use comity_core::request::{Outcome, Request};
use comity_core::rule_pack::Clock;
use comity_core::state_tree::StateTree;
use comity_core::text::AgencyId;
use serde::Serialize;

use super::assessed::{self, Assessed};
use super::facts::Facts;
use super::figures::{Contribution, DatasetFunnel, Figures, GrantFunnel, RequestFunnel};
use super::groups::{Groups, Sides, Table};
use super::objects::Objects;
use super::sums::Sums;
use super::waiting::{self, Waiting};
use crate::args::Dimension;

/// The state at the end of what was read, and when that is.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Moment<'a> {
    /// The state.
    pub(crate) state: &'a StateTree,
    /// The last block's time.
    pub(crate) now: TimeMs,
    /// Minutes east of UTC by which duties are counted there.
    pub(crate) offset_minutes: i16,
}

/// All that is reported.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(crate) struct Report {
    /// Of all.
    pub(crate) overall: Figures,
    /// By each dimension that was asked for.
    pub(crate) by: BTreeMap<Dimension, Table>,
    /// Of every agency that shares, who serves most first.
    pub(crate) contributions: Vec<Contribution>,
    /// What has been waited for the longest.
    pub(crate) waiting: Vec<Waiting>,
    /// What others reported of agencies, which is their word and no figure of the log's own.
    pub(crate) assessments: Assessed,
}

impl Report {
    /// The same with one table only.
    pub(crate) fn only(mut self, dimension: Option<Dimension>) -> Report {
        let is_wanted = |held: &Dimension| dimension.is_none_or(|wanted| *held == wanted);
        self.by.retain(|held, _| is_wanted(held));
        self.assessments.by.retain(|held, _| is_wanted(held));
        self
    }
}

/// How far something came on its way to use.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
enum Stage {
    #[default]
    Catalogued,
    Requested,
    Granted,
    Delivered,
    Used,
}

/// What a grant's way is at the end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Fate {
    /// It is or was used.
    Used,
    /// It has not begun.
    Early,
    /// In force, its data not ready.
    Undelivered,
    /// In force and ready, never used.
    Unused,
    /// Over, and its data was never ready.
    EndedUndelivered,
    /// Over, ready, and was never used.
    EndedUnused,
}

/// Measures. Errors: none; the state is one that the rules wrote.
pub(crate) fn measure(moment: &Moment<'_>, objects: &Objects, facts: &Facts) -> Report {
    let scene = Scene { moment: *moment, objects, facts };
    let mut groups = Groups::new(&objects.agencies);
    scene.add_uses(&mut groups);
    scene.add_datasets(&mut groups);
    scene.add_requests(&mut groups);
    scene.add_grants(&mut groups);
    scene.add_emergencies(&mut groups);
    scene.add_task_forces(&mut groups);
    let mut contributions = groups.contributions();
    contributions.retain(|one| scene.contributes(one));
    contributions
        .sort_by(|one, other| rank(other).cmp(&rank(one)).then(one.agency.cmp(&other.agency)));
    let (overall, by) = groups.figures();
    let (waiting, assessments) = (waiting::longest(&scene), assessed::assessed(&scene));
    Report { overall, by, contributions, waiting, assessments }
}

fn rank(one: &Contribution) -> (u64, u64) {
    (one.matters_served, one.agencies_served)
}

/// What is measured.
#[derive(Clone, Copy, Debug)]
pub(super) struct Scene<'a> {
    moment: Moment<'a>,
    pub(super) objects: &'a Objects,
    pub(super) facts: &'a Facts,
}

impl<'a> Scene<'a> {
    pub(super) fn now(&self) -> TimeMs {
        self.moment.now
    }

    pub(super) fn state(&self) -> TreeState<'a> {
        TreeState(self.moment.state)
    }

    /// Days that an agency works, after one time until another.
    pub(super) fn working_days(&self, agency: &AgencyId, from: TimeMs, to: TimeMs) -> u64 {
        let day = |time| Day::of(time, self.moment.offset_minutes);
        duty::working_days(&self.state(), agency).between(day(from), day(to))
    }

    /// Those requests that were opened in the period, for what is another's.
    pub(super) fn requests(&self) -> impl Iterator<Item = (RequestId, &'a Request, Sides<'a>)> {
        let (objects, period) = (self.objects, self.facts.period());
        objects.requests.iter().filter_map(move |(id, request)| {
            let asked = &request.terms.asked;
            let quarter = period.quarter(request.opened_on)?;
            let sides = Sides {
                provider: Some(&request.decided_by),
                requester: Some(&asked.requester),
                matters: asked.matters.iter().collect(),
                quarter,
            };
            (asked.requester != asked.dataset.agency).then_some((*id, request, sides))
        })
    }

    /// Those grants that were issued in the period, on what is another's.
    pub(super) fn grants(&self) -> impl Iterator<Item = (GrantId, &'a Grant, Sides<'a>)> {
        let (objects, period) = (self.objects, self.facts.period());
        objects.grants.iter().filter_map(move |(id, grant)| {
            let terms = &grant.terms;
            let sides = Sides {
                provider: Some(&terms.dataset.agency),
                requester: Some(&terms.requester),
                matters: terms.matters.iter().collect(),
                quarter: period.quarter(grant.issued_on)?,
            };
            (terms.requester != terms.dataset.agency).then_some((*id, grant, sides))
        })
    }

    pub(super) fn fate(&self, grant: &Grant) -> Fate {
        let is_over = duty::grant_ends(&self.state(), grant) <= self.now();
        match (&grant.first_use, &grant.delivered) {
            (Some(_), _) => Fate::Used,
            (None, Some(_)) if is_over => Fate::EndedUnused,
            (None, Some(_)) => Fate::Unused,
            (None, None) if is_over => Fate::EndedUndelivered,
            (None, None) if self.now() < grant.terms.not_before => Fate::Early,
            (None, None) => Fate::Undelivered,
        }
    }

    fn add_uses(&self, groups: &mut Groups<'a>) {
        for (of, tally) in self.facts.uses() {
            let sides = Sides {
                provider: Some(&of.dataset.agency),
                requester: Some(&of.requester),
                matters: vec![&of.matter],
                quarter: of.quarter,
            };
            let published = self.objects.datasets.get(&of.dataset);
            groups.add(&sides, |sums| sums.add_use(of, tally, published));
        }
    }

    fn add_datasets(&self, groups: &mut Groups<'a>) {
        let stages = self.stages();
        for (id, published) in &self.objects.datasets {
            let since = self.facts.published(id);
            let quarter = since.and_then(|time| self.facts.period().quarter(time));
            let Some(quarter) = quarter.filter(|_| published.withdrawals.current().is_none())
            else {
                continue;
            };
            let stage = stages.get(id).copied().unwrap_or_default();
            let is_unclassified =
                published.dataset.sharing == comity_core::dataset::Sharing::Unclassified;
            let sides =
                Sides { provider: Some(&id.agency), requester: None, matters: Vec::new(), quarter };
            groups.add(&sides, |sums| {
                let DatasetFunnel { catalogued, unclassified, requested, granted, delivered, used } =
                    &mut sums.datasets;
                *catalogued += 1;
                *unclassified += u64::from(is_unclassified);
                *requested += u64::from(stage >= Stage::Requested);
                *granted += u64::from(stage >= Stage::Granted);
                *delivered += u64::from(stage >= Stage::Delivered);
                *used += u64::from(stage >= Stage::Used);
            });
        }
    }

    /// How far each dataset ever came, with whomever.
    fn stages(&self) -> BTreeMap<&'a DatasetId, Stage> {
        let mut stages: BTreeMap<&DatasetId, Stage> = BTreeMap::new();
        let mut reach = |dataset: &'a DatasetId, stage: Stage| {
            let reached = stages.entry(dataset).or_default();
            *reached = stage.max(*reached);
        };
        let objects = self.objects;
        for request in objects.requests.values() {
            let asked = &request.terms.asked;
            if asked.requester != asked.dataset.agency {
                reach(&asked.dataset, Stage::Requested);
            }
        }
        for grant in objects.grants.values() {
            if grant.terms.requester != grant.terms.dataset.agency {
                reach(&grant.terms.dataset, stage_of(grant));
            }
        }
        stages
    }

    fn add_requests(&self, groups: &mut Groups<'a>) {
        for (_, request, sides) in self.requests() {
            let stage = match request.reply.as_ref().map(|reply| &reply.outcome) {
                Some(Outcome::Approved { grant, .. }) => {
                    self.objects.grants.get(grant).map_or(Stage::Granted, stage_of)
                }
                _ => Stage::Requested,
            };
            let duties = duty::of_request(&self.state(), request);
            let reply = duties.iter().find(|duty| duty.clock != Clock::ComplianceReview);
            // Nobody is to be praised for an answer that a rule gave.
            let reply = reply.filter(|_| !is_by_rule(request)).map(|duty| self.judged(duty));
            groups.add(&sides, |sums| {
                count_request(sums, request, stage);
                if let Some((state, days)) = reply {
                    sums.replies.add(state, days);
                }
            });
        }
    }

    fn add_grants(&self, groups: &mut Groups<'a>) {
        for (_, grant, sides) in self.grants() {
            let (stage, fate) = (stage_of(grant), self.fate(grant));
            let request = grant.request.and_then(|id| self.objects.requests.get(&id));
            let is_once = request.is_some_and(|request| request.terms.once);
            let duties = duty::of_grant(&self.state(), grant);
            let delivery = duties.iter().find(|duty| duty.clock == Clock::Delivery);
            let delivery = delivery.map(|duty| self.judged(duty));
            groups.add(&sides, |sums| {
                sums.shared.insert(&grant.terms.dataset);
                match (grant.parent, is_once) {
                    (Some(_), _) => sums.depth.grants_onward += 1,
                    (None, true) => sums.depth.grants_once += 1,
                    (None, false) => sums.depth.grants_standing += 1,
                }
                count_grant(&mut sums.grants, stage, fate);
                if let Some((state, days)) = delivery {
                    sums.deliveries.add(state, days);
                }
            });
        }
    }

    /// Who declares an emergency has asked for what it opens, for all that it names.
    fn add_emergencies(&self, groups: &mut Groups<'a>) {
        for emergency in self.objects.emergencies.values() {
            let Some(quarter) = self.facts.period().quarter(emergency.declared_on) else {
                continue;
            };
            let sides = Sides {
                provider: None,
                requester: Some(&emergency.declared_by),
                matters: vec![&emergency.terms.matter],
                quarter,
            };
            groups.add(&sides, |sums| sums.depth.emergencies += 1);
        }
    }

    /// Who leads a task force asks for it, in its matter.
    fn add_task_forces(&self, groups: &mut Groups<'a>) {
        for force in self.objects.task_forces.values() {
            let Some(quarter) = self.facts.period().quarter(force.formed_on) else { continue };
            let sides = Sides {
                provider: None,
                requester: Some(&force.terms.lead),
                matters: vec![&force.terms.matter],
                quarter,
            };
            groups.add(&sides, |sums| sums.depth.task_forces += 1);
        }
    }

    /// How a duty stands, and the working days that it took, if it was done.
    pub(super) fn judged(&self, duty: &Duty) -> (duty::DutyState, Option<u64>) {
        let days = match duty.end {
            Some(DutyEnd::Done(done)) => Some(self.working_days(&duty.owed_by, duty.began, done)),
            _ => None,
        };
        (duty.state(self.now()), days)
    }

    /// Whether an agency is one that shares, or at least is asked to.
    fn contributes(&self, one: &Contribution) -> bool {
        let owns = self.objects.datasets.keys().any(|id| id.agency.as_str() == one.agency);
        owns || one.replies_judged > 0
    }
}

fn is_by_rule(request: &Request) -> bool {
    let outcome = request.reply.as_ref().map(|reply| &reply.outcome);
    matches!(outcome, Some(Outcome::Approved { by_rule: true, .. }))
}

fn stage_of(grant: &Grant) -> Stage {
    match (&grant.first_use, &grant.delivered) {
        (Some(_), _) => Stage::Used,
        (None, Some(_)) => Stage::Delivered,
        (None, None) => Stage::Granted,
    }
}

fn count_request(sums: &mut Sums<'_>, request: &Request, stage: Stage) {
    let RequestFunnel { opened, granted, delivered, used, .. } = &mut sums.requests;
    *opened += 1;
    *granted += u64::from(stage >= Stage::Granted);
    *delivered += u64::from(stage >= Stage::Delivered);
    *used += u64::from(stage >= Stage::Used);
    sums.depth.requests += 1;
    let place = match request.reply.as_ref().map(|reply| &reply.outcome) {
        Some(Outcome::Approved { by_rule: true, .. }) => &mut sums.depth.granted_by_rule,
        Some(Outcome::Approved { by_rule: false, .. }) => &mut sums.depth.granted_by_decision,
        Some(Outcome::Refused { .. }) => &mut sums.requests.refused,
        Some(Outcome::Returned { .. }) => &mut sums.requests.returned,
        Some(Outcome::Withdrawn { .. }) => &mut sums.requests.withdrawn,
        None if waiting::is_in_review(request) => &mut sums.requests.in_review,
        None => &mut sums.requests.undecided,
    };
    *place += 1;
}

fn count_grant(funnel: &mut GrantFunnel, stage: Stage, fate: Fate) {
    funnel.issued += 1;
    funnel.delivered += u64::from(stage >= Stage::Delivered);
    funnel.used += u64::from(stage >= Stage::Used);
    match fate {
        Fate::Used | Fate::Early => {}
        Fate::Undelivered => funnel.undelivered += 1,
        Fate::Unused => funnel.unused += 1,
        Fate::EndedUndelivered => funnel.ended_undelivered += 1,
        Fate::EndedUnused => funnel.ended_unused += 1,
    }
}
