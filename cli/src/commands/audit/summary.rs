//! `comity audit summary`: what may be told to everybody: how much was shared, refused, drawn, found and
//! put right, by agency, from an auditor's own copy or an archive.
//! Holds: counts only; no officer, post, case or text is in it.
//! May not enter: anything that names a person, a post or a key.

use std::collections::{BTreeMap, BTreeSet};

use comity_core::ids::{AssessmentId, DrawId, FindingId, LogIndex, TimeMs};
use comity_core::oversight::{DRAW_PHASE_MS, FindingOutcome, MIN_COMMITTED};
use comity_core::statement::{Action, Statement};
use comity_core::text::AgencyId;
use serde::Serialize;

use super::verified::Verified;
use crate::args::ShowSummary;
use crate::fault::{Exit, Fault};
use crate::messages::say;
use crate::shell::Session;
use crate::table;
use crate::time::{self, Edge, past_instant};

/// What there is to tell. Times choose what is counted; what a thing came to is told as it stands at the
/// end of the log.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
struct Counts {
    accesses: u64,
    denials: u64,
    requests: u64,
    refused_requests: u64,
    grants: u64,
    emergencies: u64,
    emergency_reviews: u64,
    draws: u64,
    drawn: u64,
    void_draws: u64,
    drawn_reviews: u64,
    /// By who withheld: how often.
    withheld: BTreeMap<AgencyId, u64>,
    /// By who has to answer.
    findings: BTreeMap<AgencyId, FindingCounts>,
    /// By who was assessed.
    assessments: BTreeMap<AgencyId, AssessmentCounts>,
}

/// Assessments of one agency. Scores are not told here: they are somebody's word, and stand with who signed it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
struct AssessmentCounts {
    reported: u64,
    followed_up: u64,
}

/// Findings against one agency.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
struct FindingCounts {
    opened: u64,
    answered: u64,
    remedied: u64,
    unfounded: u64,
    upheld: u64,
}

/// A draw, as far as it is told.
#[derive(Clone, Debug, Default)]
struct Drawing {
    reveals_until: TimeMs,
    committed: BTreeSet<AgencyId>,
    revealed: BTreeSet<AgencyId>,
}

/// Reads a log from its beginning on.
#[derive(Default)]
struct Teller {
    since: TimeMs,
    now: TimeMs,
    counts: Counts,
    draws: BTreeMap<DrawId, Drawing>,
    findings: BTreeMap<FindingId, AgencyId>,
    assessments: BTreeMap<AssessmentId, AgencyId>,
}

pub(super) fn run(args: &ShowSummary, session: &mut Session<'_>) -> Result<Exit, Fault> {
    let (zone, now) = (session.shell.zone.clone(), session.as_of());
    let since = args.since.as_ref().map(|text| past_instant(text, Edge::Start, &zone, now));
    let since = since.transpose()?.unwrap_or_default();
    let log = Verified::open(args.copy.as_deref(), session)?;
    let mut teller = Teller { since, ..Teller::default() };
    let until = log.each_entry(|index, time, statement| {
        teller.now = time;
        teller.add(index, statement);
    })?;
    teller.now = until;
    let counts = teller.told();
    let object = serde_json::json!({ "since": since, "until": until, "counts": counts });
    session.result(&object, |shell| {
        let head = say!("summary-head", until = time::show(until, &shell.zone));
        format!("{head}\n{}", table::pairs(&rows(&counts)))
    })?;
    Ok(Exit::Done)
}

impl Teller {
    /// Takes in the next entry, of a block at `now`.
    fn add(&mut self, index: LogIndex, statement: &Statement) {
        if self.now < self.since {
            return;
        }
        let by = statement.signers.first().map(|signer| &signer.agency);
        let counts = &mut self.counts;
        let access = statement.action.access();
        counts.accesses += access.map_or(0, |access| access.attempt.attempt.count());
        match &statement.action {
            Action::RecordDenial { .. } => counts.denials += 1,
            Action::OpenRequest { .. } => counts.requests += 1,
            Action::RefuseRequest { .. } => counts.refused_requests += 1,
            Action::IssueGrant { .. }
            | Action::ApproveRequest { .. }
            | Action::IssueOnward { .. } => counts.grants += 1,
            Action::DeclareEmergency { .. } => counts.emergencies += 1,
            Action::ReviewEmergency { .. } => counts.emergency_reviews += 1,
            Action::OpenDraw { .. } => {
                let reveals_until = self.now.plus(2 * DRAW_PHASE_MS);
                let drawing = Drawing { reveals_until, ..Drawing::default() };
                self.draws.insert(DrawId(index), drawing);
            }
            Action::CommitDraw { draw, .. } => {
                let drawing = self.draws.get_mut(draw);
                drawing.into_iter().for_each(|one| one.committed.extend(by.cloned()));
            }
            Action::RevealDraw { draw, .. } => {
                let drawing = self.draws.get_mut(draw);
                drawing.into_iter().for_each(|one| one.revealed.extend(by.cloned()));
            }
            Action::ReportReview { .. } => counts.drawn_reviews += 1,
            _ => self.add_held(index, &statement.action),
        }
    }

    /// The same, of what is held against agencies, or told of them.
    fn add_held(&mut self, index: LogIndex, action: &Action) {
        let counts = &mut self.counts;
        match action {
            Action::OpenFinding { agency, .. } => {
                self.findings.insert(FindingId(index), agency.clone());
                counts.findings.entry(agency.clone()).or_default().opened += 1;
            }
            Action::AnswerFinding { finding, .. } => {
                self.on_finding(finding, |found| found.answered += 1);
            }
            Action::CloseFinding { finding, outcome, .. } => {
                self.on_finding(finding, |found| match outcome {
                    FindingOutcome::Remedied => found.remedied += 1,
                    FindingOutcome::Unfounded => found.unfounded += 1,
                    FindingOutcome::Upheld => found.upheld += 1,
                });
            }
            Action::ReportAssessment { terms } => {
                self.assessments.insert(AssessmentId(index), terms.agency.clone());
                counts.assessments.entry(terms.agency.clone()).or_default().reported += 1;
            }
            Action::FollowUpAssessment { assessment, .. } => {
                if let Some(agency) = self.assessments.get(assessment) {
                    counts.assessments.entry(agency.clone()).or_default().followed_up += 1;
                }
            }
            _ => {}
        }
    }

    /// What is told of a finding, if it was opened in the time that is told.
    fn on_finding(&mut self, finding: &FindingId, change: impl FnOnce(&mut FindingCounts)) {
        let Some(agency) = self.findings.get(finding) else { return };
        change(self.counts.findings.entry(agency.clone()).or_default());
    }

    fn told(mut self) -> Counts {
        for drawing in self.draws.values() {
            let Drawing { reveals_until, committed, revealed } = drawing;
            let enough = committed.len() >= MIN_COMMITTED;
            self.counts.draws += 1;
            if enough && committed == revealed {
                self.counts.drawn += 1;
            } else if self.now >= *reveals_until {
                self.counts.void_draws += 1;
            }
            // As core names them, also where too few had committed.
            if self.now >= *reveals_until {
                for agency in committed.difference(revealed) {
                    *self.counts.withheld.entry(agency.clone()).or_default() += 1;
                }
            }
        }
        self.counts
    }
}

fn rows(counts: &Counts) -> Vec<(String, String)> {
    let number = |label: String, count: u64| (label, count.to_string());
    let mut rows = vec![
        number(say!("label-sum-accesses"), counts.accesses),
        number(say!("label-sum-denials"), counts.denials),
        number(say!("label-sum-requests"), counts.requests),
        number(say!("label-sum-refused"), counts.refused_requests),
        number(say!("label-sum-grants"), counts.grants),
        number(say!("label-sum-emergencies"), counts.emergencies),
        number(say!("label-sum-emergency-reviews"), counts.emergency_reviews),
    ];
    let Counts { draws, drawn, void_draws: void, .. } = counts;
    let words = say!("words-sum-draws", draws = draws, drawn = drawn, void = void);
    rows.push((say!("label-sum-draws"), words));
    rows.push(number(say!("label-sum-drawn-reviews"), counts.drawn_reviews));
    for (agency, count) in &counts.withheld {
        let words = say!("words-sum-withheld", agency = agency, count = count);
        rows.push((say!("label-sum-withheld"), words));
    }
    for (agency, found) in &counts.findings {
        let words = say!(
            "words-sum-findings",
            agency = agency,
            opened = found.opened,
            answered = found.answered,
            remedied = found.remedied,
            unfounded = found.unfounded,
            upheld = found.upheld
        );
        rows.push((say!("label-sum-findings"), words));
    }
    for (agency, AssessmentCounts { reported, followed_up: done }) in &counts.assessments {
        let words =
            say!("words-sum-assessments", agency = agency, reported = reported, done = done);
        rows.push((say!("label-sum-assessments"), words));
    }
    rows
}
