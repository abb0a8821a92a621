//! Oversight: draws that nobody steers, and findings that are answered and closed.

use std::collections::BTreeSet;

use comity_core::agency::KeyRole;
use comity_core::duty;
use comity_core::governance::{Measure, Office};
use comity_core::hash::DrawSecret;
use comity_core::ids::{DrawId, FindingId, LogIndex, TimeMs};
use comity_core::keys::PublicKey;
use comity_core::oversight::{
    Draw, DrawRange, DrawnVerdict, FindingAbout, FindingOutcome, MAX_RANGES, MIN_COMMITTED, Power,
    draw_commitment,
};
use comity_core::refusal::{OversightRefusal, Refusal};
use comity_core::state;
use comity_core::statement::{Action, VerifiedRecord};
use comity_core::text::AgencyId;

use crate::acts::AUTHORITY;
use crate::governance::removal;
use crate::refusals::{Case, wrong_signer};
use crate::story::{CIVIL, FINANCE, HEALTH, Story, new_key, secret, text};

/// Who reviews stewards here.
pub(crate) const REVIEWERS: [&str; 3] = [AUTHORITY, FINANCE, HEALTH];

pub(crate) fn id(agency: &str) -> AgencyId {
    agency.parse().unwrap()
}

pub(crate) fn refused(refusal: OversightRefusal) -> Refusal {
    Refusal::Oversight(refusal)
}

pub(crate) fn gateway() -> PublicKey {
    secret(CIVIL, KeyRole::Gateway).public()
}

/// The secret of an agency in a draw, one of many.
pub(crate) fn secret_of(agency: &str, number: u8) -> DrawSecret {
    let mut secret = [number; 32];
    secret[..agency.len()].copy_from_slice(agency.as_bytes());
    DrawSecret(secret)
}

pub(crate) fn range(first: u64, last: u64) -> DrawRange {
    DrawRange { gateway: gateway(), first, last }
}

impl Story {
    pub(crate) fn reviewed_by(&mut self, office: Office, agencies: &[&str]) {
        let agencies: BTreeSet<_> = agencies.iter().map(|agency| id(agency)).collect();
        if state::office(&self.ledger, office) != agencies {
            self.pass(Measure::Appoint { office, agencies });
        }
    }

    /// The gateway has recorded ten accesses, and three agencies review stewards.
    pub(crate) fn watched(&mut self) {
        self.reviewed_by(Office::StewardReviewer, &REVIEWERS);
        let grant = comity_core::ids::GrantId(LogIndex(1));
        let records: Vec<_> = (0..10).map(|_| self.access(grant)).collect();
        self.commit(records);
    }

    pub(crate) fn drawing(
        &mut self,
        by: &str,
        scope: Vec<DrawRange>,
        count: u16,
    ) -> VerifiedRecord {
        self.record(by, KeyRole::Auditor, Action::OpenDraw { scope, count })
    }

    pub(crate) fn drawing_of(&mut self, scope: Vec<DrawRange>) -> VerifiedRecord {
        self.watched();
        self.drawing(HEALTH, scope, 1)
    }

    /// A draw of three of the ten.
    pub(crate) fn opened_draw(&mut self) -> DrawId {
        self.watched();
        let record = self.drawing(HEALTH, vec![range(1, 10)], 3);
        DrawId(self.commit(vec![record]))
    }

    pub(crate) fn committing(&mut self, by: &str, draw: DrawId) -> VerifiedRecord {
        let secret = secret_of(by, 1);
        let commitment = draw_commitment(&self.consortium(), draw, &id(by), &secret);
        self.record(by, KeyRole::Auditor, Action::CommitDraw { draw, commitment })
    }

    pub(crate) fn revealing(&mut self, by: &str, draw: DrawId) -> VerifiedRecord {
        let secret = secret_of(by, 1);
        self.record(by, KeyRole::Auditor, Action::RevealDraw { draw, secret })
    }

    /// These have committed, and those revealed.
    pub(crate) fn thrown(&mut self, committed: &[&str], revealed: &[&str]) -> DrawId {
        let draw = self.opened_draw();
        for by in committed {
            let record = self.committing(by, draw);
            self.commit(vec![record]);
        }
        self.pass_until(self.draw_of(draw).commits_until());
        for by in revealed {
            let record = self.revealing(by, draw);
            self.commit(vec![record]);
        }
        draw
    }

    pub(crate) fn settled_draw(&mut self) -> DrawId {
        self.thrown(&REVIEWERS, &REVIEWERS)
    }

    pub(crate) fn draw_of(&self, draw: DrawId) -> Draw {
        state::draw(&self.ledger, draw).unwrap()
    }

    pub(crate) fn reviewer_of(&self, draw: DrawId, number: u16) -> AgencyId {
        self.draw_of(draw).drawn().unwrap()[usize::from(number) - 1].reviewer.clone()
    }

    pub(crate) fn reporting_drawn(
        &mut self,
        draw: DrawId,
        number: u16,
        verdict: DrawnVerdict,
    ) -> VerifiedRecord {
        let reviewer = self.reviewer_of(draw, number.clamp(1, 3)).to_string();
        let action = Action::ReportReview { draw, number, verdict };
        self.record(&reviewer, KeyRole::Auditor, action)
    }
}

/// Cases about draws and findings; the dataset is published at 0, the grant issued at 1.
pub(crate) const CASES: &[Case] = &[
    |story| {
        // Nobody holds the office.
        let record = story.drawing(HEALTH, vec![range(1, 1)], 1);
        (record, refused(OversightRefusal::NotAReviewer { agency: id(HEALTH) }))
    },
    |story| {
        story.watched();
        let action = Action::OpenDraw { scope: vec![range(1, 10)], count: 3 };
        let record = story.record(HEALTH, KeyRole::Steward, action);
        (record, wrong_signer(HEALTH, KeyRole::Auditor))
    },
    |story| (story.drawing_of(vec![]), draw_scope()),
    |story| (story.drawing_of(vec![range(1, 1); MAX_RANGES + 1]), draw_scope()),
    |story| {
        let key = new_key(9).public();
        let record = story.drawing_of(vec![DrawRange { gateway: key, first: 1, last: 1 }]);
        (record, Refusal::KeyUnknown { key })
    },
    |story| {
        let key = secret(CIVIL, KeyRole::Officer).public();
        let record = story.drawing_of(vec![DrawRange { gateway: key, first: 1, last: 1 }]);
        (record, refused(OversightRefusal::NotAGateway { key }))
    },
    |story| (story.drawing_of(vec![range(1, 11)]), beyond(10)),
    |story| (story.drawing_of(vec![range(0, 3)]), beyond(10)),
    |story| (story.drawing_of(vec![range(4, 3)]), beyond(10)),
    |story| (story.drawing_of(vec![range(5, 9), range(1, 5)]), overlap()),
    |story| (story.drawing_of(vec![range(1, 9), range(3, 4)]), overlap()),
    |story| {
        story.reviewed_by(Office::StewardReviewer, &[HEALTH]);
        let grant = comity_core::ids::GrantId(LogIndex(1));
        let access = story.access(grant);
        story.commit(vec![access]);
        let needed = MIN_COMMITTED as u64;
        let record = story.drawing(HEALTH, vec![range(1, 1)], 1);
        (record, refused(OversightRefusal::PoolTooSmall { needed }))
    },
    |story| {
        story.watched();
        let record = story.drawing(HEALTH, vec![range(1, 10)], 0);
        (record, refused(OversightRefusal::DrawCount { limit: 10 }))
    },
    |story| {
        story.watched();
        let record = story.drawing(HEALTH, vec![range(1, 2), range(9, 10)], 5);
        (record, refused(OversightRefusal::DrawCount { limit: 4 }))
    },
    |story| {
        let draw = DrawId(LogIndex(1));
        (story.committing(HEALTH, draw), refused(OversightRefusal::DrawUnknown { draw }))
    },
    |story| {
        let draw = DrawId(LogIndex(1));
        (story.revealing(HEALTH, draw), refused(OversightRefusal::DrawUnknown { draw }))
    },
    |story| {
        let draw = DrawId(LogIndex(1));
        let action = Action::ReportReview { draw, number: 1, verdict: DrawnVerdict::InOrder };
        let record = story.record(HEALTH, KeyRole::Auditor, action);
        (record, refused(OversightRefusal::DrawUnknown { draw }))
    },
    |story| {
        let draw = story.opened_draw();
        let (commitment, agency) = (Default::default(), id(HEALTH));
        let record =
            story.record(HEALTH, KeyRole::Officer, Action::CommitDraw { draw, commitment });
        (record, wrong_signer(agency.as_str(), KeyRole::Auditor))
    },
    |story| {
        let draw = story.opened_draw();
        let record = story.committing(CIVIL, draw);
        (record, refused(OversightRefusal::NotInPool { draw, agency: id(CIVIL) }))
    },
    |story| {
        // Who is appointed later has no part in what was opened before.
        let draw = story.opened_draw();
        story.reviewed_by(Office::StewardReviewer, &[CIVIL, HEALTH]);
        let record = story.committing(CIVIL, draw);
        (record, refused(OversightRefusal::NotInPool { draw, agency: id(CIVIL) }))
    },
    |story| {
        let draw = story.opened_draw();
        let until = story.draw_of(draw).commits_until();
        story.now = until;
        let record = story.committing(HEALTH, draw);
        (record, refused(OversightRefusal::CommitsOver { draw, until }))
    },
    |story| {
        let draw = story.opened_draw();
        let record = story.committing(HEALTH, draw);
        let at = story.commit(vec![record]);
        // Not even to something else.
        let (commitment, by) = (Default::default(), KeyRole::Auditor);
        let record = story.record(HEALTH, by, Action::CommitDraw { draw, commitment });
        (record, refused(OversightRefusal::CommittedAlready { at }))
    },
    |story| {
        let draw = story.thrown(&[HEALTH, FINANCE], &[]);
        let record = story.revealing(AUTHORITY, draw);
        (record, refused(OversightRefusal::NotCommitted { draw, agency: id(AUTHORITY) }))
    },
    |story| {
        let draw = story.opened_draw();
        let record = story.committing(HEALTH, draw);
        story.commit(vec![record]);
        let from = story.draw_of(draw).commits_until();
        story.pass_until(TimeMs(from.0 - 2_000));
        let record = story.revealing(HEALTH, draw);
        (record, refused(OversightRefusal::RevealEarly { draw, from }))
    },
    |story| {
        let draw = story.thrown(&[HEALTH, FINANCE], &[HEALTH]);
        let at = LogIndex(story.ledger.log().size() - 1);
        let record = story.revealing(HEALTH, draw);
        (record, refused(OversightRefusal::RevealedAlready { at }))
    },
    |story| {
        let draw = story.thrown(&[HEALTH, FINANCE], &[]);
        let until = story.draw_of(draw).reveals_until();
        story.now = until;
        let record = story.revealing(HEALTH, draw);
        (record, refused(OversightRefusal::RevealsOver { draw, until }))
    },
    |story| {
        let draw = story.thrown(&[HEALTH, FINANCE], &[]);
        let action = Action::RevealDraw { draw, secret: secret_of(HEALTH, 2) };
        let record = story.record(HEALTH, KeyRole::Auditor, action);
        (record, refused(OversightRefusal::RevealMismatch { draw }))
    },
    |story| {
        // What another committed to opens to nobody else.
        let draw = story.opened_draw();
        let copied = draw_commitment(&story.consortium(), draw, &id(HEALTH), &secret_of(HEALTH, 1));
        let action = Action::CommitDraw { draw, commitment: copied };
        let record = story.record(FINANCE, KeyRole::Auditor, action);
        story.commit(vec![record]);
        story.pass_until(story.draw_of(draw).commits_until());
        let action = Action::RevealDraw { draw, secret: secret_of(HEALTH, 1) };
        let record = story.record(FINANCE, KeyRole::Auditor, action);
        (record, refused(OversightRefusal::RevealMismatch { draw }))
    },
    |story| nothing_drawn(story, &REVIEWERS, &[HEALTH, FINANCE]),
    |story| nothing_drawn(story, &[HEALTH], &[HEALTH]),
    |story| {
        let draw = story.settled_draw();
        let record = story.reporting_drawn(draw, 4, DrawnVerdict::InOrder);
        (record, refused(OversightRefusal::NoSuchNumber { limit: 3 }))
    },
    |story| {
        let draw = story.settled_draw();
        let record = story.reporting_drawn(draw, 0, DrawnVerdict::InOrder);
        (record, refused(OversightRefusal::NoSuchNumber { limit: 3 }))
    },
    |story| {
        let draw = story.settled_draw();
        let reviewer = story.reviewer_of(draw, 1);
        let other = REVIEWERS.into_iter().find(|one| id(one) != reviewer).unwrap();
        let action = Action::ReportReview { draw, number: 1, verdict: DrawnVerdict::InOrder };
        let record = story.record(other, KeyRole::Auditor, action);
        (record, wrong_signer(reviewer.as_str(), KeyRole::Auditor))
    },
    |story| {
        let draw = story.settled_draw();
        let record = story.reporting_drawn(draw, 1, DrawnVerdict::InOrder);
        let at = story.commit(vec![record]);
        let record = story.reporting_drawn(draw, 1, DrawnVerdict::InOrder);
        (record, refused(OversightRefusal::ReportedAlready { at }))
    },
    |story| {
        let draw = story.settled_draw();
        let finding = FindingId(LogIndex(1));
        let record = story.reporting_drawn(draw, 1, DrawnVerdict::Finding(finding));
        (record, refused(OversightRefusal::FindingUnknown { finding }))
    },
    |story| {
        let draw = story.settled_draw();
        let finding = story.found_fault();
        let record = story.reporting_drawn(draw, 1, DrawnVerdict::Finding(finding));
        (record, refused(OversightRefusal::FindingOfOther { finding }))
    },
    |story| {
        let entry = LogIndex(story.ledger.log().size());
        let record = story.finding_by(AUTHORITY, CIVIL, FindingAbout::Entry(entry));
        (record, refused(OversightRefusal::EntryUnknown { entry }))
    },
    |story| {
        let record = story.finding_by(HEALTH, CIVIL, FindingAbout::Entry(LogIndex(1)));
        (record, refused(OversightRefusal::NotAReviewer { agency: id(HEALTH) }))
    },
    |story| {
        // The office for one power is none for another.
        story.reviewed_by(Office::RulesReviewer, &[HEALTH]);
        let record = story.finding_by(HEALTH, CIVIL, FindingAbout::Power(Power::Admins));
        (record, refused(OversightRefusal::NotAReviewer { agency: id(HEALTH) }))
    },
    |story| {
        let draw = story.settled_draw();
        let reviewer = story.reviewer_of(draw, 1);
        let other = REVIEWERS.into_iter().find(|one| id(one) != reviewer).unwrap();
        let record = story.finding_by(other, CIVIL, FindingAbout::Drawn { draw, number: 1 });
        (record, refused(OversightRefusal::NotAReviewer { agency: id(other) }))
    },
    |story| {
        let draw = DrawId(LogIndex(1));
        let record = story.finding_by(HEALTH, CIVIL, FindingAbout::Drawn { draw, number: 1 });
        (record, refused(OversightRefusal::DrawUnknown { draw }))
    },
    |story| {
        let about = FindingAbout::Power(Power::Rules);
        let record = story.finding_by(AUTHORITY, AUTHORITY, about);
        (record, refused(OversightRefusal::FindingAgainstSelf))
    },
    |story| {
        let agency = id("nobody.gd");
        let about = FindingAbout::Power(Power::Stewards);
        let record = story.finding_by(AUTHORITY, agency.as_str(), about);
        (record, Refusal::AgencyUnknown { agency })
    },
    |story| {
        let at = story.pass(removal(HEALTH));
        let record = story.finding_by(AUTHORITY, HEALTH, FindingAbout::Power(Power::Stewards));
        (record, Refusal::AgencyLeft { agency: id(HEALTH), at })
    },
    |story| {
        let about = FindingAbout::Entry(LogIndex(1));
        let action = Action::OpenFinding { agency: id(CIVIL), about, text: text("") };
        let record = story.record(AUTHORITY, KeyRole::Auditor, action);
        (record, refused(OversightRefusal::FindingTextEmpty))
    },
    |story| {
        let about = FindingAbout::Entry(LogIndex(1));
        let action = Action::OpenFinding { agency: id(CIVIL), about, text: text("A") };
        let record = story.record(AUTHORITY, KeyRole::Steward, action);
        (record, wrong_signer(AUTHORITY, KeyRole::Auditor))
    },
    |story| {
        let finding = FindingId(LogIndex(1));
        let record = story.answering_finding(CIVIL, KeyRole::Steward, finding);
        (record, refused(OversightRefusal::FindingUnknown { finding }))
    },
    |story| {
        let finding = story.found_fault();
        let record = story.answering_finding(HEALTH, KeyRole::Steward, finding);
        (record, wrong_signer(CIVIL, KeyRole::Steward))
    },
    |story| {
        let finding = story.found_fault();
        let record = story.answering_finding(CIVIL, KeyRole::Officer, finding);
        (record, wrong_signer(CIVIL, KeyRole::Steward))
    },
    |story| {
        let finding = story.answered_finding();
        let at = LogIndex(story.ledger.log().size() - 1);
        let record = story.answering_finding(CIVIL, KeyRole::Admin, finding);
        (record, refused(OversightRefusal::FindingAnswered { finding, at }))
    },
    |story| {
        let finding = story.found_fault();
        let action = Action::AnswerFinding { finding, answer: text("") };
        let record = story.record(CIVIL, KeyRole::Admin, action);
        (record, refused(OversightRefusal::FindingTextEmpty))
    },
    |story| {
        let finding = FindingId(LogIndex(1));
        let record = story.closing_finding(AUTHORITY, finding, FindingOutcome::Unfounded);
        (record, refused(OversightRefusal::FindingUnknown { finding }))
    },
    |story| {
        let finding = story.answered_finding();
        let record = story.closing_finding(HEALTH, finding, FindingOutcome::Remedied);
        (record, wrong_signer(AUTHORITY, KeyRole::Auditor))
    },
    |story| unheard(story, FindingOutcome::Upheld),
    |story| unheard(story, FindingOutcome::Remedied),
    |story| {
        let finding = story.answered_finding();
        let (outcome, text) = (FindingOutcome::Remedied, text(""));
        let action = Action::CloseFinding { finding, outcome, text };
        let record = story.record(AUTHORITY, KeyRole::Auditor, action);
        (record, refused(OversightRefusal::FindingTextEmpty))
    },
    |story| {
        let (finding, at) = closed(story);
        let record = story.closing_finding(AUTHORITY, finding, FindingOutcome::Upheld);
        (record, refused(OversightRefusal::FindingClosed { finding, at }))
    },
    |story| {
        let (finding, at) = closed(story);
        let record = story.answering_finding(CIVIL, KeyRole::Steward, finding);
        (record, refused(OversightRefusal::FindingClosed { finding, at }))
    },
];

fn draw_scope() -> Refusal {
    refused(OversightRefusal::DrawScope { limit: MAX_RANGES as u64 })
}

fn beyond(last: u64) -> Refusal {
    refused(OversightRefusal::DrawRange { gateway: gateway(), last })
}

fn overlap() -> Refusal {
    refused(OversightRefusal::DrawOverlap { gateway: gateway() })
}

fn nothing_drawn(
    story: &mut Story,
    committed: &[&str],
    revealed: &[&str],
) -> (VerifiedRecord, Refusal) {
    let draw = story.thrown(committed, revealed);
    story.pass_until(story.draw_of(draw).reveals_until());
    let action = Action::ReportReview { draw, number: 1, verdict: DrawnVerdict::InOrder };
    let record = story.record(HEALTH, KeyRole::Auditor, action);
    (record, refused(OversightRefusal::NothingDrawn { draw }))
}

fn unheard(story: &mut Story, outcome: FindingOutcome) -> (VerifiedRecord, Refusal) {
    let finding = story.found_fault();
    let due = duty::of_finding(&story.ledger, &story.finding_of(finding))[0].due;
    story.pass_until(TimeMs(due.0 - 2_000));
    let record = story.closing_finding(AUTHORITY, finding, outcome);
    (record, refused(OversightRefusal::FindingUnanswered { finding, due: Some(due) }))
}

/// A finding that was taken back, and by which entry.
pub(crate) fn closed(story: &mut Story) -> (FindingId, LogIndex) {
    let finding = story.found_fault();
    let record = story.closing_finding(AUTHORITY, finding, FindingOutcome::Unfounded);
    let at = story.commit(vec![record]);
    (finding, at)
}
