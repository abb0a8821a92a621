//! What runs the further clocks, and what stops them: checks, disputes, incidents, emergencies, draws,
//! findings, assessments.
//! Holds: most deeds are by whoever may do them; what the rules refuse changes nothing.

use std::collections::BTreeMap;

use comity_core::agency::KeyRole;
use comity_core::assessment::AssessmentTerms;
use comity_core::check_request::CheckTerms;
use comity_core::dispute::DisputeAbout;
use comity_core::emergency::{EmergencyScope, EmergencyTerms};
use comity_core::governance::{Choice, Measure};
use comity_core::ids::{
    AssessmentId, CheckId, DisputeId, DrawId, EmergencyId, FindingId, IncidentId, LogIndex,
    ProposalId, TimeMs,
};
use comity_core::incident::IncidentTerms;
use comity_core::oversight::{DrawState, DrawnVerdict, FindingAbout, FindingOutcome};
use comity_core::rule_pack::Clock;
use comity_core::state;
use comity_core::statement::{Action, VerifiedRecord};

use super::reader::{Given, Reader};
use super::{Clocked, DAY_MS};
use crate::acts::AUTHORITY;
use crate::assessments::survey;
use crate::checks::{self, claim, upheld};
use crate::disputes::{self, anew};
use crate::incidents::leak;
use crate::oversight::{REVIEWERS, gateway, range};
use crate::story::{CIVIL, FINANCE, HEALTH, HOUR_MS, MEMBERS, START, secret, signed_by, text};

/// Who granted, and to whom.
fn sides(given: &Given) -> (&'static str, &'static str) {
    if given.parent.is_some() { (FINANCE, HEALTH) } else { (CIVIL, FINANCE) }
}

impl Clocked {
    /// Something of all this; at once where something cannot wait.
    pub(super) fn further_deed(&mut self) -> VerifiedRecord {
        match self.chance.below(17) {
            0..=2 => self.check_deed(),
            3..=8 => self.dispute_deed(),
            9..=11 => self.urgent_deed(),
            12 => self.incident_deed(),
            13 => self.draw_deed(),
            14 => self.assessment_deed(),
            _ => self.finding_deed(),
        }
    }

    /// One of the last of its kind.
    fn last_of<T>(&mut self, of: fn(&Reader) -> &BTreeMap<u64, T>) -> Option<LogIndex> {
        let last: Vec<u64> = of(&self.reader).keys().rev().take(4).copied().collect();
        if last.is_empty() {
            return None;
        }
        Some(LogIndex(*self.chance.pick(&last)))
    }

    fn check_deed(&mut self) -> VerifiedRecord {
        let last = self.last_of(|reader| &reader.contested.checks);
        let Some(id) = last.filter(|_| self.chance.below(4) > 0) else {
            return self.claiming_some();
        };
        let check = self.reader.contested.checks[&id.0].clone();
        let (id, holder) = (CheckId(id), check.holder());
        match self.chance.below(7) {
            0 => {
                let to = *self.chance.pick(&MEMBERS);
                self.story.offering(holder, id, to)
            }
            1 => self.story.accepting(check.offered.unwrap_or(HEALTH), id),
            2 => self.story.declining(check.offered.unwrap_or(HEALTH), id),
            3..=5 => {
                let wrong = upheld(START, self.story.now);
                let outcome = if self.chance.below(2) == 0 { wrong } else { checks::stands() };
                self.story.answering(holder, id, outcome)
            }
            _ => self.story.correcting(CIVIL, id),
        }
    }

    fn claiming_some(&mut self) -> VerifiedRecord {
        let Some((grant, given)) = self.some_grant() else { return self.story.refreshing() };
        let (asked, by) = sides(&given);
        let terms =
            CheckTerms { grant: Some(grant.into()), asked: asked.parse().unwrap(), ..claim() };
        self.story.record(by, KeyRole::Officer, Action::OpenCheck { terms })
    }

    fn dispute_deed(&mut self) -> VerifiedRecord {
        let last = self.last_of(|reader| &reader.contested.disputes);
        let Some(id) = last.filter(|_| self.chance.below(3) > 0) else {
            return self.disputing_some();
        };
        let dispute = self.reader.contested.disputes[&id.0].clone();
        let (id, step) = (DisputeId(id), dispute.step());
        if self.chance.below(2) == 0 {
            let action = Action::EscalateDispute { dispute: id, grounds: text("Nothing new") };
            return self.story.record(dispute.claimant, KeyRole::Steward, action);
        }
        let ruling = if self.chance.below(2) == 0 { anew() } else { disputes::stands() };
        let action = match step.clock {
            Clock::DisputeAnswer => Action::AnswerDispute { dispute: id, ruling },
            _ => Action::DecideDispute { dispute: id, ruling },
        };
        self.story.record(step.by, KeyRole::Steward, action)
    }

    fn disputing_some(&mut self) -> VerifiedRecord {
        let check = self.last_of(|reader| &reader.contested.checks);
        let (about, by) = match (self.chance.below(5), check) {
            (0..=1, Some(check)) => {
                let by = self.reader.contested.checks[&check.0].by;
                (DisputeAbout::Check(CheckId(check)), by)
            }
            (2, _) => match self.some_grant() {
                Some((grant, given)) => (DisputeAbout::Delivery(grant), sides(&given).1),
                None => return self.story.refreshing(),
            },
            _ => (DisputeAbout::Request(self.some_request()), FINANCE),
        };
        let action = Action::OpenDispute { about, grounds: text("It names another act") };
        self.story.record(by, KeyRole::Steward, action)
    }

    fn incident_deed(&mut self) -> VerifiedRecord {
        let last = self.last_of(|reader| &reader.contested.incidents);
        if let Some(id) = last.filter(|_| self.chance.below(3) == 0) {
            let by = self.reader.contested.incidents[&id.0].0;
            return self.story.telling(by, IncidentId(id));
        }
        let Some((grant, given)) = self.some_grant() else { return self.story.refreshing() };
        let (provider, requester) = sides(&given);
        let by = *self.chance.pick(&[provider, requester]);
        let found = TimeMs(self.story.now.0 - self.chance.next() % (6 * DAY_MS));
        let terms = IncidentTerms { grants: [grant].into(), since: found, found, ..leak() };
        self.story.reporting(by, terms)
    }

    fn urgent_deed(&mut self) -> VerifiedRecord {
        let last = self.last_of(|reader| &reader.watched.emergencies);
        let Some(at) = last.filter(|_| self.chance.below(4) > 0) else {
            return self.declaring_some();
        };
        let id = EmergencyId(at);
        match self.chance.below(9) {
            0 => self.story.stopping(AUTHORITY, id),
            1 => self.asking_in(id),
            2..=5 => {
                let accesses = &self.reader.watched.emergencies[&at.0].accesses;
                let open = accesses.iter().find(|(_, (_, _, justified))| justified.is_none());
                let (access, by) =
                    open.map_or((at, FINANCE), |(at, (by, ..))| (LogIndex(*at), *by));
                self.story.justifying((by, KeyRole::Steward), id, [access])
            }
            6..=7 => {
                let by = *self.chance.pick(&[HEALTH, AUTHORITY]);
                self.story.judging(by, KeyRole::Auditor, id)
            }
            _ => self.renewing(id),
        }
    }

    /// An emergency, and what is asked in it at once.
    fn declaring_some(&mut self) -> VerifiedRecord {
        let by = *self.chance.pick(&[AUTHORITY, HEALTH]);
        let requesters = [*self.chance.pick(&[FINANCE, FINANCE, HEALTH])];
        let whole =
            EmergencyScope { datasets: [].into(), agencies: [CIVIL.parse().unwrap()].into() };
        let flood = self.story.flood();
        let scope = if self.chance.below(2) == 0 { whole } else { flood.scope.clone() };
        let until = self.story.now.plus(HOUR_MS + self.chance.next() % (71 * HOUR_MS));
        let requesters = requesters.map(|one| one.parse().unwrap()).into();
        let terms = EmergencyTerms { scope, requesters, until, ..flood };
        let id = EmergencyId(LogIndex(self.story.ledger.log().size()));
        let record = self.story.record(by, KeyRole::Steward, Action::DeclareEmergency { terms });
        self.commit(record);
        if self.reader.watched.emergencies.contains_key(&id.0.0) {
            for _ in 0..self.chance.below(3) {
                let record = self.asking_in(id);
                self.commit(record);
            }
        }
        self.asking_in(id)
    }

    fn asking_in(&mut self, id: EmergencyId) -> VerifiedRecord {
        let urgent = self.reader.watched.emergencies.get(&id.0.0);
        let by = urgent.and_then(|urgent| urgent.terms.requesters.first().cloned());
        let by = by.unwrap_or(FINANCE.parse().unwrap());
        let officer = secret(by.as_str(), KeyRole::Officer);
        let mut attempt = self.story.urgent(id);
        (attempt.requester, attempt.officer) = (by, officer.public());
        self.story.access_of(&signed_by(&officer, attempt))
    }

    fn renewing(&mut self, emergency: EmergencyId) -> VerifiedRecord {
        let proposal = ProposalId(LogIndex(self.story.ledger.log().size()));
        let until = self.story.now.plus(71 * HOUR_MS);
        let measure = Measure::RenewEmergency { emergency, until };
        let record = self.story.proposing(AUTHORITY, measure);
        self.commit(record);
        let record = self.story.ballot(CIVIL, proposal, Choice::For);
        self.commit(record);
        self.story.ballot(FINANCE, proposal, Choice::For)
    }

    /// Whether there is a draw in which it is time to reveal.
    pub(super) fn is_revealing(&self) -> bool {
        let now = self.story.now;
        let last = self.reader.watched.draws.values().next_back();
        last.is_some_and(|draw| draw.state(now) == DrawState::Revealing)
    }

    /// What is next in the last draw, by all who have a part in it but now and then one.
    pub(super) fn draw_deed(&mut self) -> VerifiedRecord {
        let last = self.reader.watched.draws.iter().next_back();
        let Some((at, draw)) = last.map(|(at, draw)| (*at, draw.clone())) else {
            return self.drawing_some();
        };
        let id = DrawId(LogIndex(at));
        match draw.state(self.story.now) {
            DrawState::Revealing => {
                let withheld = self.chance.below(2 * draw.commits.len());
                for (place, by) in draw.commits.keys().enumerate() {
                    if place != withheld {
                        let record = self.story.revealing(by.as_str(), id);
                        self.commit(record);
                    }
                }
                self.story.revealing(AUTHORITY, id)
            }
            DrawState::Drawn if self.chance.below(3) > 0 => {
                let drawn = (1..).zip(draw.drawn().unwrap());
                let (number, one) = drawn.max_by_key(|_| self.chance.next()).unwrap();
                let verdict = DrawnVerdict::InOrder;
                let action = Action::ReportReview { draw: id, number, verdict };
                self.story.record(one.reviewer.as_str(), KeyRole::Auditor, action)
            }
            _ => self.drawing_some(),
        }
    }

    fn drawing_some(&mut self) -> VerifiedRecord {
        let id = DrawId(LogIndex(self.story.ledger.log().size()));
        let last = state::gateway_numbers(&self.story.ledger, &gateway()).last;
        let count = u16::try_from(1 + self.chance.next() % last.clamp(1, 3)).unwrap();
        let record = self.story.drawing(HEALTH, vec![range(1, last)], count);
        self.commit(record);
        let record = self.story.committing(REVIEWERS[0], id);
        self.commit(record);
        let record = self.story.committing(REVIEWERS[1], id);
        if self.chance.below(2) == 0 {
            self.commit(record);
            return self.story.committing(REVIEWERS[2], id);
        }
        record
    }

    fn finding_deed(&mut self) -> VerifiedRecord {
        let last = self.last_of(|reader| &reader.watched.findings);
        let Some(id) = last.filter(|_| self.chance.below(3) > 0) else {
            let by = *self.chance.pick(&[AUTHORITY, HEALTH]);
            let against = *self.chance.pick(&[CIVIL, FINANCE]);
            return self.story.finding_by(by, against, FindingAbout::Entry(LogIndex(1)));
        };
        let found = self.reader.watched.findings[&id.0].clone();
        let id = FindingId(id);
        if self.chance.below(2) == 0 {
            return self.story.answering_finding(found.against, KeyRole::Steward, id);
        }
        let outcome = *self.chance.pick(&FindingOutcome::ALL);
        self.story.closing_finding(found.by, id, outcome)
    }

    fn assessment_deed(&mut self) -> VerifiedRecord {
        let last = self.last_of(|reader| &reader.watched.assessments);
        let Some(id) = last.filter(|_| self.chance.below(3) > 0) else {
            let by = *self.chance.pick(&[FINANCE, HEALTH]);
            let agency = self.chance.pick(&[CIVIL, FINANCE]).parse().unwrap();
            let recommendations = u16::try_from(self.chance.below(4)).unwrap();
            let terms = AssessmentTerms { agency, recommendations, ..survey() };
            return self.story.assessing(by, terms);
        };
        let agency = self.reader.watched.assessments[&id.0].agency;
        self.story.following_up(agency, KeyRole::Steward, AssessmentId(id))
    }
}
