//! Acts by which agencies answer for what they did, one of each kind: accepted as they stand here.

use comity_core::agency::KeyRole;
use comity_core::oversight::{DrawnVerdict, FindingAbout, FindingOutcome, Power};
use comity_core::statement::VerifiedRecord;

use crate::acts::AUTHORITY;
use crate::assessments::survey;
use crate::checks::claim;
use crate::disputes::anew;
use crate::incidents::leak;
use crate::oversight::{REVIEWERS, range};
use crate::story::{CIVIL, FINANCE, HEALTH, Story};
use crate::task_forces::force;

/// A record that is accepted. The dataset is published at 0, the grant issued at 1.
pub(crate) type Example = fn(&mut Story) -> VerifiedRecord;

/// What there is to dispute: the request that was refused.
fn dispute(story: &mut Story) -> VerifiedRecord {
    let request = story.opened();
    let record = story.refusal(request);
    story.commit(vec![record]);
    story.disputing(comity_core::dispute::DisputeAbout::Request(request))
}

/// One of each kind.
pub(crate) const ANSWERING: &[Example] = &[
    |story| story.claiming(claim()),
    |story| {
        let check = story.checked();
        story.offering(CIVIL, check, HEALTH)
    },
    |story| {
        let check = story.checked();
        let record = story.offering(CIVIL, check, HEALTH);
        story.commit(vec![record]);
        story.accepting(HEALTH, check)
    },
    |story| {
        let check = story.checked();
        let record = story.offering(CIVIL, check, HEALTH);
        story.commit(vec![record]);
        story.declining(HEALTH, check)
    },
    |story| {
        let check = story.checked();
        story.upholding(check)
    },
    |story| {
        let check = story.checked();
        let record = story.upholding(check);
        story.commit(vec![record]);
        story.correcting(CIVIL, check)
    },
    |story| story.reporting(FINANCE, leak()),
    |story| {
        let incident = story.reported(FINANCE, leak());
        story.telling(FINANCE, incident)
    },
    |story| {
        let incident = story.reported(FINANCE, leak());
        story.closing(FINANCE, incident)
    },
    |story| {
        story.appointed();
        let terms = story.flood();
        story.declares(terms)
    },
    |story| {
        let emergency = story.flooded();
        story.stopping(AUTHORITY, emergency)
    },
    |story| {
        let emergency = story.flooded();
        story.over(emergency);
        story.judging(HEALTH, KeyRole::Steward, emergency)
    },
    |story| {
        let emergency = story.flooded();
        let access = story.helped(emergency);
        story.justifying((FINANCE, KeyRole::Steward), emergency, [access])
    },
    |story| {
        let emergency = story.flooded();
        let late = story.unsent(emergency);
        story.embedding(&late, [], None)
    },
    dispute,
    |story| {
        let (_, dispute) = story.contested();
        story.replying(dispute, anew())
    },
    |story| {
        let (_, dispute) = story.insisted();
        story.escalating(dispute)
    },
    |story| {
        let (_, dispute, _) = story.escalated();
        story.deciding(AUTHORITY, dispute, anew())
    },
    |story| story.drawing_of(vec![range(1, 10)]),
    |story| {
        let draw = story.opened_draw();
        story.committing(HEALTH, draw)
    },
    |story| {
        let draw = story.thrown(&REVIEWERS, &[]);
        story.revealing(HEALTH, draw)
    },
    |story| {
        let draw = story.settled_draw();
        story.reporting_drawn(draw, 1, DrawnVerdict::InOrder)
    },
    |story| story.finding_by(AUTHORITY, CIVIL, FindingAbout::Power(Power::Stewards)),
    |story| {
        let finding = story.found_fault();
        story.answering_finding(CIVIL, KeyRole::Steward, finding)
    },
    |story| {
        let finding = story.answered_finding();
        story.closing_finding(AUTHORITY, finding, FindingOutcome::Remedied)
    },
    |story| story.forming(force()),
    |story| {
        let force = story.formed();
        story.inviting(force, CIVIL)
    },
    |story| {
        let force = story.joined();
        story.excluding(force, HEALTH)
    },
    |story| {
        let force = story.formed();
        story.joining(HEALTH, force)
    },
    |story| {
        let force = story.joined();
        story.leaving(HEALTH, force)
    },
    |story| {
        let force = story.joined();
        story.dissolving(force)
    },
    |story| story.assessing_as_appointed(survey()),
    |story| {
        let assessment = story.assessed(survey());
        story.following_up(CIVIL, KeyRole::Steward, assessment)
    },
];
