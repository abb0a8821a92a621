//! Acts in emergencies, and of those who watch, each with how many keys judging it may read.

use comity_core::agency::KeyRole;
use comity_core::emergency::MAX_JUSTIFIED;
use comity_core::ids::{FindingId, LogIndex};
use comity_core::oversight::{DrawnVerdict, FindingAbout, FindingOutcome};

use super::Act;
use crate::acts::AUTHORITY;
use crate::assessments::survey;
use crate::oversight::{REVIEWERS, range};
use crate::story::{CIVIL, FINANCE, HEALTH, signed_by_officer};

/// One of each kind at least; the dataset is published at 0, the grant issued at 1.
pub(super) const ACTS: &[Act] = &[
    (10, |story| {
        story.appointed();
        let terms = story.flood();
        story.declares(terms)
    }),
    (5, |story| {
        let emergency = story.flooded();
        story.stopping(AUTHORITY, emergency)
    }),
    (5, |story| {
        let emergency = story.flooded();
        story.over(emergency);
        story.judging(HEALTH, KeyRole::Auditor, emergency)
    }),
    (13, |story| {
        let emergency = story.flooded();
        let attempt = signed_by_officer(story.urgent(emergency));
        story.access_of(&attempt)
    }),
    (14, |story| {
        let emergency = story.flooded();
        let late = story.unsent(emergency);
        story.embedding(&late, [], None)
    }),
    (8, |story| {
        let emergency = story.flooded();
        let access = story.helped(emergency);
        story.justifying((FINANCE, KeyRole::Steward), emergency, [access])
    }),
    (7 + MAX_JUSTIFIED, |story| {
        // As many as one statement may name.
        let emergency = story.flooded();
        let accesses: Vec<_> = (0..MAX_JUSTIFIED).map(|_| story.helped(emergency)).collect();
        story.justifying((FINANCE, KeyRole::Steward), emergency, accesses)
    }),
    (11, |story| {
        story.watched();
        story.drawing(HEALTH, vec![range(1, 10)], 3)
    }),
    (5, |story| {
        let draw = story.opened_draw();
        story.committing(HEALTH, draw)
    }),
    (5, |story| {
        let draw = story.thrown(&REVIEWERS, &[]);
        story.revealing(HEALTH, draw)
    }),
    (5, |story| {
        let draw = story.settled_draw();
        story.reporting_drawn(draw, 1, DrawnVerdict::InOrder)
    }),
    (6, |story| {
        let draw = story.settled_draw();
        let by = story.reviewer_of(draw, 1).to_string();
        let record = story.finding_by(&by, CIVIL, FindingAbout::Drawn { draw, number: 1 });
        let finding = FindingId(story.commit(vec![record]));
        story.reporting_drawn(draw, 1, DrawnVerdict::Finding(finding))
    }),
    (7, |story| story.finding_by(AUTHORITY, CIVIL, FindingAbout::Entry(LogIndex(1)))),
    (8, |story| {
        // Not the authority: each office that reviews is asked.
        story.watched();
        story.finding_by(HEALTH, CIVIL, FindingAbout::Entry(LogIndex(1)))
    }),
    (5, |story| {
        let finding = story.found_fault();
        story.answering_finding(CIVIL, KeyRole::Steward, finding)
    }),
    (9, |story| {
        let finding = story.answered_finding();
        story.closing_finding(AUTHORITY, finding, FindingOutcome::Remedied)
    }),
    (9, |story| story.assessing_as_appointed(survey())),
    (5, |story| {
        let assessment = story.assessed(survey());
        story.following_up(CIVIL, KeyRole::Steward, assessment)
    }),
];
