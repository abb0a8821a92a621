//! What the log alone tells of emergencies, draws, findings and assessments, and by when what they make is owed.
//! May not enter: the state; the core's own counting. Who is drawn comes of the reveals by the core's own
//! shuffle, which the golden vectors hold. Source: docs/formats.md, "Duties".

use std::collections::BTreeMap;

use comity_core::duty::Mark;
use comity_core::emergency::EmergencyTerms;
use comity_core::governance::{Choice, Measure};
use comity_core::hash::ConsortiumId;
use comity_core::ids::{LogIndex, TimeMs};
use comity_core::late::counts;
use comity_core::oversight::{Commit, Draw, Reveal};
use comity_core::rule_pack::Clock;
use comity_core::statement::Action;

use super::{Owed, Reader, known};
use crate::acts::AUTHORITY;
use crate::oversight::REVIEWERS;
use crate::story::{CIVIL, HEALTH};

/// An emergency as it was declared, and what became of it.
#[derive(Clone)]
pub(in crate::clocks) struct Urgent {
    by: &'static str,
    pub(in crate::clocks) terms: EmergencyTerms,
    until: u64,
    ended: Option<u64>,
    reviewed: Option<u64>,
    /// By entry: who asked, when, and when that was justified.
    pub(in crate::clocks) accesses: BTreeMap<u64, (&'static str, u64, Option<u64>)>,
}

/// A finding as it was opened, and what became of it.
#[derive(Clone)]
pub(in crate::clocks) struct Found {
    pub(in crate::clocks) by: &'static str,
    pub(in crate::clocks) against: &'static str,
    on: u64,
    answered: Option<u64>,
    closed: Option<u64>,
}

/// An assessment as it was reported, and when it was followed up.
#[derive(Clone)]
pub(in crate::clocks) struct Assessed {
    by: &'static str,
    pub(in crate::clocks) agency: &'static str,
    on: u64,
    recommends: bool,
    followed_up: Option<u64>,
}

/// What was read of all this.
#[derive(Default)]
pub(in crate::clocks) struct Watched {
    pub(in crate::clocks) emergencies: BTreeMap<u64, Urgent>,
    /// Proposed renewals: of which, until when, and how many are for it.
    renewals: BTreeMap<u64, (u64, u64, u32)>,
    pub(in crate::clocks) draws: BTreeMap<u64, Draw>,
    /// When each drawn record was reviewed.
    reviews: BTreeMap<(u64, u16), u64>,
    pub(in crate::clocks) findings: BTreeMap<u64, Found>,
    pub(in crate::clocks) assessments: BTreeMap<u64, Assessed>,
}

impl Watched {
    /// Reads what an entry by this agency says of all this.
    pub(super) fn read(
        &mut self,
        consortium: &ConsortiumId,
        (at, on): (u64, u64),
        by: &'static str,
        action: &Action,
    ) {
        let made = Mark { at: LogIndex(at), on: TimeMs(on) };
        match action {
            Action::OpenDraw { scope, count } => {
                let draw = Draw {
                    consortium: *consortium,
                    providers: vec![CIVIL.parse().unwrap(); scope.len()],
                    scope: scope.clone(),
                    count: *count,
                    opened_by: by.parse().unwrap(),
                    opened: made,
                    pool: REVIEWERS.into_iter().map(|one| one.parse().unwrap()).collect(),
                    commits: BTreeMap::new(),
                    reviews: BTreeMap::new(),
                };
                self.draws.insert(at, draw);
            }
            Action::CommitDraw { draw, commitment } => {
                let commit = Commit { commitment: *commitment, made, reveal: None };
                let draw = self.draws.get_mut(&draw.0.0).unwrap();
                draw.commits.insert(by.parse().unwrap(), commit);
            }
            Action::RevealDraw { draw, secret } => {
                let draw = self.draws.get_mut(&draw.0.0).unwrap();
                let commit = draw.commits.get_mut(&by.parse().unwrap()).unwrap();
                commit.reveal = Some(Reveal { secret: *secret, made });
            }
            Action::ReportReview { draw, number, .. } => {
                self.reviews.insert((draw.0.0, *number), on);
            }
            Action::OpenFinding { agency, .. } => {
                let against = known(agency);
                let found = Found { by, against, on, answered: None, closed: None };
                self.findings.insert(at, found);
            }
            Action::AnswerFinding { finding, .. } => {
                self.findings.get_mut(&finding.0.0).unwrap().answered = Some(on);
            }
            Action::CloseFinding { finding, .. } => {
                self.findings.get_mut(&finding.0.0).unwrap().closed = Some(on);
            }
            Action::ReportAssessment { terms } => {
                let (agency, recommends) = (known(&terms.agency), terms.recommendations != 0);
                let assessed = Assessed { by, agency, on, recommends, followed_up: None };
                self.assessments.insert(at, assessed);
            }
            Action::FollowUpAssessment { assessment, .. } => {
                self.assessments.get_mut(&assessment.0.0).unwrap().followed_up = Some(on);
            }
            _ => self.read_urgent((at, on), by, action),
        }
    }

    fn read_urgent(&mut self, (at, on): (u64, u64), by: &'static str, action: &Action) {
        let emergencies = &mut self.emergencies;
        match action {
            Action::DeclareEmergency { terms } => {
                let urgent = Urgent {
                    by,
                    terms: terms.clone(),
                    until: terms.until.0,
                    ended: None,
                    reviewed: None,
                    accesses: BTreeMap::new(),
                };
                emergencies.insert(at, urgent);
            }
            Action::EndEmergency { emergency, .. } => {
                emergencies.get_mut(&emergency.0.0).unwrap().ended = Some(on);
            }
            Action::ReviewEmergency { emergency, .. } => {
                emergencies.get_mut(&emergency.0.0).unwrap().reviewed.get_or_insert(on);
            }
            Action::RecordAccess { attempt, .. } => {
                let Some(id) = attempt.attempt.grant.emergency() else { return };
                let asked = (known(&attempt.attempt.requester), on, None);
                emergencies.get_mut(&id.0.0).unwrap().accesses.insert(at, asked);
            }
            Action::EmbedLate { record, against, .. } if counts(against.as_ref()) => {
                let Some(id) = record.emergency() else { return };
                let asked = (known(&record.attempt.attempt.requester), on, None);
                emergencies.get_mut(&id.0.0).unwrap().accesses.insert(at, asked);
            }
            Action::JustifyAccess { emergency, accesses, .. } => {
                let urgent = emergencies.get_mut(&emergency.0.0).unwrap();
                for access in accesses {
                    urgent.accesses.get_mut(&access.0).unwrap().2 = Some(on);
                }
            }
            Action::OpenProposal { measure: Measure::RenewEmergency { emergency, until } } => {
                self.renewals.insert(at, (emergency.0.0, until.0, 1));
            }
            Action::CastBallot { proposal, choice: Choice::For } => {
                let Some((id, until, votes)) = self.renewals.get_mut(&proposal.0.0) else {
                    return;
                };
                *votes += 1;
                // Three of four members are enough.
                if *votes == 3 {
                    emergencies.get_mut(id).unwrap().until = *until;
                }
            }
            _ => {}
        }
    }
}

impl Reader {
    pub(in crate::clocks) fn of_emergency(&self, id: u64) -> Vec<Owed> {
        let urgent = &self.watched.emergencies[&id];
        let scope = &urgent.terms.scope;
        // The supervisor looks at it, if it neither declared it, nor may ask, nor has to provide.
        let is_health = |agency: &comity_core::text::AgencyId| agency.as_str() == HEALTH;
        let involved = urgent.by == HEALTH
            || urgent.terms.requesters.iter().any(is_health)
            || scope.agencies.iter().any(is_health)
            || scope.datasets.iter().any(|dataset| is_health(&dataset.agency));
        let by = if involved { AUTHORITY } else { HEALTH };
        let (clock, began) = (Clock::EmergencyReview, urgent.ended.unwrap_or(urgent.until));
        let review = self.days(clock, began).map(|days| {
            let (due, done) = (self.due(by, began, days), urgent.reviewed);
            Owed { clock, by, to: None, began, due, done, released: None }
        });
        review.into_iter().collect()
    }

    pub(in crate::clocks) fn of_emergency_access(&self, id: u64, access: u64) -> Vec<Owed> {
        let (by, began, done) = self.watched.emergencies[&id].accesses[&access];
        let clock = Clock::EmergencyJustification;
        let owed = self.days(clock, began).map(|days| {
            let due = self.due(by, began, days);
            Owed { clock, by, to: None, began, due, done, released: None }
        });
        owed.into_iter().collect()
    }

    pub(in crate::clocks) fn of_draw(&self, id: u64) -> Vec<Owed> {
        let draw = &self.watched.draws[&id];
        let reveals = draw.commits.values().map(|commit| commit.reveal.map(|one| one.made.on.0));
        // All that committed have revealed, and they were two at least.
        let Some(reveals) = reveals.collect::<Option<Vec<u64>>>() else { return vec![] };
        if reveals.len() < 2 {
            return vec![];
        }
        let (clock, began) = (Clock::DrawnReview, reveals.into_iter().max().unwrap());
        let Some(days) = self.days(clock, began) else { return vec![] };
        let drawn = (1..).zip(draw.drawn().unwrap());
        let owed = drawn.map(|(number, one)| {
            let (by, done) =
                (known(&one.reviewer), self.watched.reviews.get(&(id, number)).copied());
            let due = self.due(by, began, days);
            Owed { clock, by, to: None, began, due, done, released: None }
        });
        owed.collect()
    }

    pub(in crate::clocks) fn of_finding(&self, id: u64) -> Vec<Owed> {
        let Found { by, against, on, answered, closed } = self.watched.findings[&id];
        let mut owed = Vec::new();
        if let Some(days) = self.days(Clock::FindingAnswer, on) {
            let (clock, due) = (Clock::FindingAnswer, self.due(against, on, days));
            let (done, released) = (answered, closed.filter(|_| answered.is_none()));
            let to = Some(by);
            owed.push(Owed { clock, by: against, to, began: on, due, done, released });
        }
        if let Some(began) = answered
            && let Some(days) = self.days(Clock::FindingClosure, began)
        {
            let (clock, due) = (Clock::FindingClosure, self.due(by, began, days));
            let to = Some(against);
            owed.push(Owed { clock, by, to, began, due, done: closed, released: None });
        }
        owed
    }

    pub(in crate::clocks) fn of_assessment(&self, id: u64) -> Vec<Owed> {
        let Assessed { by, agency, on, recommends, followed_up } = self.watched.assessments[&id];
        let clock = Clock::AssessmentFollowUp;
        let owed = self.days(clock, on).filter(|_| recommends).map(|days| {
            let due = self.due(agency, on, days);
            let (to, done) = (Some(by), followed_up);
            Owed { clock, by: agency, to, began: on, due, done, released: None }
        });
        owed.into_iter().collect()
    }
}
