//! What has run out, in great numbers, as it would lie in a state.
//! Holds: each is what records left of the same agencies, on the same dataset, under another number.

use comity_core::dispute::DisputeAbout;
use comity_core::duty::Mark;
use comity_core::emergency::{Emergency, EmergencyAccess, EmergencyUse};
use comity_core::grant::{Grant, GrantTerms, Usage};
use comity_core::hash::RecordId;
use comity_core::ids::{
    CheckId, DisputeId, DrawId, EmergencyId, ExchangeId, FindingId, GrantId, IncidentId, LogIndex,
    RequestId, TaskForceId, TimeMs,
};
use comity_core::oversight::FindingOutcome;
use comity_core::state::{self, Changes, StateKey};
use comity_core::task_force::TaskForce;

use crate::acts::AUTHORITY;
use crate::assessments::survey;
use crate::disputes::stands;
use crate::incidents::leak;
use crate::story::{CIVIL, FINANCE, HOUR_MS, START, Story, terms};

/// So many objects that one number has: each has a position of its own.
const STEP: u64 = 10;

/// Grants that ran out or were revoked, with their usage; requests that nobody ever answered; and
/// what is over of everything else: of the same agencies, on the same dataset.
pub(super) fn crowd(count: u64) -> Changes {
    let mut changes = Changes::default();
    requests_and_grants(&mut changes, count);
    contested(&mut changes, count);
    urgent(&mut changes, count);
    overseen(&mut changes, count);
    forces(&mut changes, count);
    changes
}

/// Where one of the objects of a number was made.
fn place(number: u64, object: u64) -> LogIndex {
    LogIndex(1_000_000 + STEP * number + object)
}

fn numbered<const SIZE: usize>(number: u64) -> [u8; SIZE] {
    let mut bytes = [0xee; SIZE];
    bytes[..8].copy_from_slice(&number.to_le_bytes());
    bytes
}

fn requests_and_grants(changes: &mut Changes, count: u64) {
    let (mut story, _) = Story::with_grant(terms());
    let opened = story.opened();
    let template = state::request(&story.ledger, opened).unwrap();
    let issued = story.issue(terms());
    let granted = state::grant(&story.ledger, issued).unwrap();
    for number in 0..count {
        let at = place(number, 0);
        let not_after = START.plus(1 + number % 500);
        let over = GrantTerms { not_after, ..terms() };
        let grant = Grant { terms: over.clone(), issued_at: at, version_at: at, ..granted.clone() };
        changes.put(&StateKey::Grant(GrantId(at)), &grant);
        let usage = Usage { total: 1, day: 20_000, on_day: 1, onward: 0 };
        changes.put(&StateKey::Usage(GrantId(at)), &usage);
        let at = place(number, 1);
        let mut request = template.clone();
        (request.opened_at, request.opened_on) = (at, TimeMs(START.0 - HOUR_MS));
        request.terms.asked = over;
        changes.put(&StateKey::Request(RequestId(at)), &request);
        let until = START.plus(number);
        changes.records.insert(RecordId(numbered(number)), until);
        changes.exchanges.insert(ExchangeId(numbered(number)), until);
    }
}

/// Checks that were answered and put right, incidents that are closed, disputes in which it was ruled
/// that a refusal stands.
fn contested(changes: &mut Changes, count: u64) {
    let (mut story, _) = Story::with_grant(terms());
    let check = story.checked();
    for record in [story.upholding(check), story.correcting(CIVIL, check)] {
        story.commit(vec![record]);
    }
    let incident = story.reported(FINANCE, leak());
    let record = story.closing(FINANCE, incident);
    story.commit(vec![record]);
    let (_, dispute) = story.insisted();
    let mut check = state::check_request(&story.ledger, check).unwrap();
    let mut incident = state::incident(&story.ledger, incident).unwrap();
    let mut dispute = state::dispute(&story.ledger, dispute).unwrap();
    assert!(matches!(&dispute.step().ruled, Some(ruled) if ruled.ruling == stands()));
    for number in 0..count {
        (check.opened.at, incident.reported.at) = (place(number, 2), place(number, 3));
        changes.put(&StateKey::CheckRequest(CheckId(place(number, 2))), &check);
        changes.put(&StateKey::Incident(IncidentId(place(number, 3))), &incident);
        let id = DisputeId(place(number, 4));
        let about = DisputeAbout::Request(RequestId(place(number, 1)));
        (dispute.opened.at, dispute.about) = (id.0, about);
        changes.put(&StateKey::Dispute(id), &dispute);
        changes.put(&StateKey::LastDispute(about), &id);
    }
}

/// Emergencies that ended, with an access that nobody ever justified.
fn urgent(changes: &mut Changes, count: u64) {
    let (mut story, _) = Story::with_grant(terms());
    let emergency = story.flooded();
    let access = story.helped(emergency);
    story.over(emergency);
    let ended = story.emergency(emergency);
    let requester = FINANCE.parse().unwrap();
    let used: EmergencyUse = state::emergency_use(&story.ledger, emergency, &requester);
    let recorded: EmergencyAccess =
        state::emergency_access(&story.ledger, emergency, access).unwrap();
    for number in 0..count {
        let id = EmergencyId(place(number, 5));
        let over = Emergency { declared_at: id.0, ..ended.clone() };
        changes.put(&StateKey::Emergency(id), &over);
        changes.put(&StateKey::EmergencyUse(id, &requester), &used);
        changes.put(&StateKey::EmergencyAccess(id, place(number, 6)), &recorded);
    }
}

/// Draws in which everything was revealed, or something withheld, findings that are closed, and assessments.
fn overseen(changes: &mut Changes, count: u64) {
    let (mut story, _) = Story::with_grant(terms());
    let finding = story.answered_finding();
    let record = story.closing_finding(AUTHORITY, finding, FindingOutcome::Remedied);
    story.commit(vec![record]);
    let draw = story.settled_draw();
    let mut finding = story.finding_of(finding);
    let drawn = story.draw_of(draw);
    let assessed = story.assessed(survey());
    let mut assessed = story.assessment_of(assessed);
    let mut void = drawn.clone();
    void.commits.values_mut().for_each(|commit| commit.reveal = None);
    for number in 0..count {
        let draw = if number % 2 == 0 { &drawn } else { &void };
        let opened = Mark { at: place(number, 7), ..draw.opened };
        let draw = comity_core::oversight::Draw { opened, ..draw.clone() };
        changes.put(&StateKey::Draw(DrawId(opened.at)), &draw);
        // Objects of different kinds may have the same number.
        finding.opened.at = opened.at;
        changes.put(&StateKey::Finding(FindingId(opened.at)), &finding);
        assessed.reported.at = opened.at;
        changes.put(&StateKey::Assessment(assessed.id()), &assessed);
    }
}

/// Task forces that ended, with the use that a member made of a grant.
fn forces(changes: &mut Changes, count: u64) {
    let (mut story, _) = Story::with_grant(terms());
    let (force, grant) = story.granted_to_force();
    let record = story.dissolving(force);
    story.commit(vec![record]);
    let (ended, granted) = (story.force_of(force), state::grant(&story.ledger, grant).unwrap());
    let usage = Usage { total: 1, day: 20_000, on_day: 1, onward: 0 };
    for number in 0..count {
        let (at, id) = (place(number, 8), GrantId(place(number, 9)));
        let over = TaskForce { formed_at: at, ..ended.clone() };
        changes.put(&StateKey::TaskForce(TaskForceId(at)), &over);
        let terms = GrantTerms { task_force: Some(TaskForceId(at)), ..granted.terms.clone() };
        let grant = Grant { terms, issued_at: id.0, version_at: id.0, ..granted.clone() };
        changes.put(&StateKey::Grant(id), &grant);
        changes.put(&StateKey::MemberUsage(id, &FINANCE.parse().unwrap()), &usage);
    }
}
