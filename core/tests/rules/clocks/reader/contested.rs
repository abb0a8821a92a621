//! What the log alone tells of checks, disputes and incidents, and by when what they make is owed.
//! May not enter: the state; the core's own counting. Source: docs/formats.md, "Duties".

use std::collections::BTreeMap;

use comity_core::binding::{Promise, Side};
use comity_core::check_request::CheckOutcome;
use comity_core::dispute::{DisputeAbout, Ruling};
use comity_core::ids::LogIndex;
use comity_core::incident::IncidentTerms;
use comity_core::rule_pack::Clock;
use comity_core::statement::Action;

use super::{Owed, Reader, known};
use crate::acts::AUTHORITY;
use crate::story::{CIVIL, FINANCE, HEALTH};

/// Place and time of an entry.
type At = (u64, u64);

/// A check as it was opened, and what became of it.
#[derive(Clone)]
pub(in crate::clocks) struct Checked {
    pub(in crate::clocks) by: &'static str,
    asked: &'static str,
    on: u64,
    pub(in crate::clocks) offered: Option<&'static str>,
    /// Who took it over, and where.
    taken: Vec<(&'static str, At)>,
    /// Each answer, those that were set aside too: where, and whether the check was upheld.
    answers: Vec<(At, bool)>,
    corrected: Option<u64>,
}

impl Checked {
    /// Who has to answer now.
    pub(in crate::clocks) fn holder(&self) -> &'static str {
        self.taken.last().map_or(self.asked, |(holder, _)| holder)
    }
}

/// One step of a dispute.
#[derive(Clone)]
pub(in crate::clocks) struct Step {
    pub(in crate::clocks) clock: Clock,
    pub(in crate::clocks) by: &'static str,
    on: u64,
    /// Where it was ruled, and whether for a decision anew.
    pub(in crate::clocks) ruled: Option<(At, bool)>,
}

/// A dispute as it was opened, and its steps.
#[derive(Clone)]
pub(in crate::clocks) struct Disputed {
    about: DisputeAbout,
    pub(in crate::clocks) claimant: &'static str,
    respondent: &'static str,
    at: u64,
    pub(in crate::clocks) steps: Vec<Step>,
}

impl Disputed {
    pub(in crate::clocks) fn step(&self) -> &Step {
        self.steps.last().unwrap()
    }
}

/// What was read of all this.
#[derive(Default)]
pub(in crate::clocks) struct Contested {
    pub(in crate::clocks) checks: BTreeMap<u64, Checked>,
    pub(in crate::clocks) disputes: BTreeMap<u64, Disputed>,
    /// Who reported what, and when.
    pub(in crate::clocks) incidents: BTreeMap<u64, (&'static str, u64, IncidentTerms)>,
    /// By request: where it was answered or dropped, and whether it was answered.
    decisions: BTreeMap<u64, Vec<(At, bool)>>,
}

impl Reader {
    /// Reads what an entry by this agency says of all this.
    pub(super) fn read_contested(&mut self, at: At, by: &'static str, action: &Action) {
        let (place, on) = at;
        let contested = &mut self.contested;
        let mut decided = |request: LogIndex, answered| {
            contested.decisions.entry(request.0).or_default().push((at, answered));
        };
        match action {
            Action::ApproveRequest { request, .. } | Action::RefuseRequest { request, .. } => {
                decided(request.0, true);
            }
            Action::WithdrawRequest { request, .. } => decided(request.0, false),
            Action::ReviewRequest { request, fault } if !fault.as_str().is_empty() => {
                decided(request.0, false);
            }
            Action::ReportIncident { terms } => {
                contested.incidents.insert(place, (by, on, terms.clone()));
            }
            Action::OpenDispute { about, .. } => self.open_dispute(at, by, *about),
            Action::AnswerDispute { dispute, ruling }
            | Action::DecideDispute { dispute, ruling } => {
                let dispute = contested.disputes.get_mut(&dispute.0.0).unwrap();
                let anew = matches!(ruling, Ruling::Anew { .. });
                dispute.steps.last_mut().unwrap().ruled = Some((at, anew));
            }
            Action::EscalateDispute { dispute, .. } => {
                let dispute = contested.disputes.get_mut(&dispute.0.0).unwrap();
                // The health agency is above both.
                let is_first = dispute.steps.len() == 1 && dispute.respondent != AUTHORITY;
                let by = if is_first { AUTHORITY } else { HEALTH };
                dispute.steps.push(Step { clock: Clock::DisputeDecision, by, on, ruled: None });
            }
            _ => self.read_check(at, by, action),
        }
    }

    fn read_check(&mut self, at: At, by: &'static str, action: &Action) {
        let (place, on) = at;
        let checks = &mut self.contested.checks;
        match action {
            Action::OpenCheck { terms } => {
                let checked = Checked {
                    by,
                    asked: known(&terms.asked),
                    on,
                    offered: None,
                    taken: Vec::new(),
                    answers: Vec::new(),
                    corrected: None,
                };
                checks.insert(place, checked);
            }
            Action::OfferHandover { check, to, .. } => {
                checks.get_mut(&check.0.0).unwrap().offered = Some(known(to));
            }
            Action::AcceptHandover { check } => {
                let checked = checks.get_mut(&check.0.0).unwrap();
                let holder = checked.offered.take().unwrap();
                checked.taken.push((holder, at));
            }
            Action::DeclineHandover { check } => {
                checks.get_mut(&check.0.0).unwrap().offered = None;
            }
            Action::AnswerCheck { check, outcome } => {
                let upheld = matches!(outcome, CheckOutcome::Upheld { .. });
                checks.get_mut(&check.0.0).unwrap().answers.push((at, upheld));
            }
            Action::ReportCorrection { check, .. } => {
                checks.get_mut(&check.0.0).unwrap().corrected = Some(on);
            }
            _ => {}
        }
    }

    fn open_dispute(&mut self, (at, on): At, claimant: &'static str, about: DisputeAbout) {
        let respondent = match about {
            DisputeAbout::Request(_) | DisputeAbout::Delivery(_) => CIVIL,
            DisputeAbout::Check(check) => self.contested.checks[&check.0.0].holder(),
        };
        let first = Step { clock: Clock::DisputeAnswer, by: respondent, on, ruled: None };
        let dispute = Disputed { about, claimant, respondent, at, steps: vec![first] };
        self.contested.disputes.insert(at, dispute);
    }

    pub(in crate::clocks) fn of_check(&self, id: u64) -> Vec<Owed> {
        let check = &self.contested.checks[&id];
        let first = check.answers.first();
        let reply = |by, began, done, released| {
            let due = self.due(by, began, self.days(Clock::CheckReply, began)?);
            let (clock, to) = (Clock::CheckReply, Some(check.by));
            Some(Owed { clock, by, to, began, due, done, released })
        };
        let mut owed = Vec::new();
        let (mut holder, mut began) = (check.asked, check.on);
        for (next, (at, on)) in &check.taken {
            // Whoever takes it over after an answer that was set aside owes nothing here.
            if first.is_some_and(|((answered, _), _)| at >= answered) {
                break;
            }
            owed.extend(reply(holder, began, None, Some(*on)));
            (holder, began) = (*next, *on);
        }
        owed.extend(reply(holder, began, first.map(|((_, on), _)| *on), None));
        let upheld = check.answers.last().filter(|(_, upheld)| *upheld);
        let correction = upheld.and_then(|((_, began), _)| {
            let (clock, by, began) = (Clock::Correction, CIVIL, *began);
            let due = self.due(by, began, self.days(clock, began)?);
            Some(Owed { clock, by, to: None, began, due, done: check.corrected, released: None })
        });
        owed.extend(correction);
        owed
    }

    pub(in crate::clocks) fn of_dispute(&self, id: u64) -> Vec<Owed> {
        let dispute = &self.contested.disputes[&id];
        let to = Some(dispute.claimant);
        let mut owed = Vec::new();
        for Step { clock, by, on, ruled } in &dispute.steps {
            let Some(days) = self.days(*clock, *on) else { continue };
            let due = self.due(by, *on, days);
            let done = ruled.map(|((_, on), _)| on);
            let after = self.decided_after(dispute.about, dispute.at, due);
            let released = after.map(|(on, _)| on).filter(|_| done.is_none());
            owed.push(Owed { clock: *clock, by, to, began: *on, due, done, released });
        }
        if let Some(((at, began), true)) = dispute.step().ruled
            && let Some(days) = self.days(Clock::DecideAnew, began)
        {
            let (clock, by) = (Clock::DecideAnew, dispute.respondent);
            let due = self.due(by, began, days);
            let after = self.decided_after(dispute.about, at, due);
            let done = after.filter(|(_, done)| *done).map(|(on, _)| on);
            let released = after.filter(|(_, done)| !done).map(|(on, _)| on);
            owed.push(Owed { clock, by, to, began, due, done, released });
        }
        owed
    }

    /// When what is disputed was first decided or dropped after an entry, and whether decided.
    fn decided_after(&self, about: DisputeAbout, after: u64, due: u64) -> Option<(u64, bool)> {
        match about {
            DisputeAbout::Request(request) => {
                let decisions = self.contested.decisions.get(&request.0.0)?;
                let found = decisions.iter().find(|((at, _), _)| *at > after)?;
                Some((found.0.1, found.1))
            }
            DisputeAbout::Check(check) => {
                let answers = &self.contested.checks[&check.0.0].answers;
                let found = answers.iter().find(|((at, _), _)| *at > after)?;
                Some((found.0.1, true))
            }
            DisputeAbout::Delivery(grant) => {
                let given = &self.grants[&grant.0.0];
                let ends = self.ends(given);
                let delivered = given.delivered.map(|on| (on, true));
                delivered.or(Some((ends, false)).filter(|_| ends < due))
            }
        }
    }

    /// What the reporter of an incident had undertaken in the grants that it names.
    pub(in crate::clocks) fn of_incident(&self, id: u64) -> Vec<Owed> {
        let (reporter, told, terms) = &self.contested.incidents[&id];
        let began = terms.found.0;
        let mut owed = Vec::new();
        for given in terms.grants.iter().map(|grant| &self.grants[&grant.0.0]) {
            let derived = given.parent.is_some();
            let (provider, requester) = if derived { (FINANCE, HEALTH) } else { (CIVIL, FINANCE) };
            let own = given.terms.undertakings.iter().find_map(|one| {
                let Promise::NotifyIncidentDays(days) = one.what else { return None };
                let (by, to, bound) = match one.by {
                    Side::Provider => (provider, requester, true),
                    Side::Requester => {
                        (requester, provider, given.used.is_some_and(|used| used <= began))
                    }
                };
                (by == *reporter && bound).then_some((by, to, days))
            });
            // What was granted since was granted with it in sight.
            if let Some((by, to, days)) = own.filter(|_| given.on <= began) {
                let (clock, due) = (Clock::Undertaking, self.due(by, began, days));
                let (to, done) = (Some(to), Some(*told));
                owed.push(Owed { clock, by, to, began, due, done, released: None });
            }
        }
        owed
    }
}
