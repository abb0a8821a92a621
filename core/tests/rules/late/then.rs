//! What stood against an access when it was asked for, by what is known since.

use comity_core::access::{AccessRefusal, Attempt};
use comity_core::agency::KeyRole;
use comity_core::emergency::MAX_EMERGENCY_MS;
use comity_core::governance::Measure;
use comity_core::ids::{EmergencyId, LogIndex, TimeMs};
use comity_core::late::{LateAccess, counts};
use comity_core::refusal::LateRefusal;
use comity_core::state;

use super::{MINUTE_MS, late_of, refused};
use crate::story::{FINANCE, HOUR_MS, Story, dataset_id, new_key, signed_by, terms};

/// An access as of a time that is over, and what is refused about it by what is known since.
type Since = fn(&mut Story) -> (LateAccess, AccessRefusal);

const AGAINST: &[Since] = &[
    |story| {
        // The officer asked before the emergency was declared.
        story.appointed();
        let made_at = story.now.plus(1);
        story.now = story.now.plus(HOUR_MS);
        let from = story.now;
        let emergency = story.flooded();
        let attempt = Attempt { made_at, ..story.urgent(emergency) };
        (late_of(story, attempt), AccessRefusal::EmergencyNotYet { from })
    },
    |story| {
        let emergency = story.flooded();
        let made_at = story.now;
        let key = new_key(4);
        let record = story.register(FINANCE, KeyRole::Officer, &key, None);
        story.now = story.now.plus(MINUTE_MS);
        story.commit(vec![record]);
        let attempt = Attempt { officer: key.public(), made_at, ..story.urgent(emergency) };
        let late = story.unsent_of(&signed_by(&key, attempt));
        story.now = story.now.plus(6 * MINUTE_MS);
        (late, AccessRefusal::OfficerUnknown)
    },
    |story| {
        let emergency = story.flooded();
        let attempt = story.urgent(emergency);
        let attempt = Attempt { valid_until: TimeMs(attempt.made_at.0 - 1), ..attempt };
        let until = attempt.valid_until;
        (late_of(story, attempt), AccessRefusal::AttemptExpired { until })
    },
    |story| {
        let emergency = story.flooded();
        let attempt = story.urgent(emergency);
        let late = late_of(story, attempt.clone());
        story.embedded(&late, None);
        // Long after the replay window has forgotten it.
        story.pass_until(story.now.plus(30 * HOUR_MS));
        (late_of(story, attempt), AccessRefusal::ExchangeUsed)
    },
    |story| {
        let emergency = story.flooded();
        let since = story.emergency(emergency).until;
        story.now = since;
        let attempt = story.urgent(emergency);
        (late_of(story, attempt), AccessRefusal::EmergencyEnded { since })
    },
    |story| {
        let emergency = story.flooded();
        let record = story.pause();
        let at = story.commit(vec![record]);
        let attempt = story.urgent(emergency);
        let late = late_of(story, attempt);
        // It was resumed before this goes in.
        let record = story.resumption(dataset_id());
        story.commit(vec![record]);
        (late, AccessRefusal::DatasetSuspended { at })
    },
    |story| {
        let emergency = story.flooded();
        let attempt = Attempt { matter: "LOW-INCOME".parse().unwrap(), ..story.urgent(emergency) };
        let matter = "HOUSING".parse().unwrap();
        (late_of(story, attempt), AccessRefusal::EmergencyMatter { matter })
    },
    |story| {
        let emergency = EmergencyId(LogIndex(1));
        let attempt = story.urgent(emergency);
        (late_of(story, attempt), AccessRefusal::NoSuchEmergency { emergency })
    },
];

/// What stood against accesses that went in late.
pub(crate) fn stood_against() -> impl Iterator<Item = AccessRefusal> {
    AGAINST.iter().map(|prepare| prepare(&mut Story::with_grant(terms()).0).1)
}

#[test]
fn what_should_not_have_gone_out_goes_in_with_what_stood_against_it() {
    for (number, prepare) in AGAINST.iter().enumerate() {
        let (mut story, _) = Story::with_grant(terms());
        let (late, due) = prepare(&mut story);
        let record = story.embedding(&late, [], None);
        let expected = LateRefusal::AgainstMismatch { due: due.clone() };
        assert_eq!(story.check(&record), Err(refused(expected)), "{number}");
        let at = story.embedded(&late, Some(due.clone()));
        let attempt = &late.attempt.attempt;
        let recorded =
            late.emergency().and_then(|id| state::emergency_access(&story.ledger, id, at));
        assert_eq!(recorded.is_some(), counts(Some(&due)), "{number}: {due}");
        assert!(state::emergency_exchange(&story.ledger, &attempt.exchange).is_some());
    }
}

#[test]
fn nothing_is_open_between_the_end_of_an_emergency_and_the_ballot_that_renews_it() {
    let (mut story, _) = Story::with_grant(terms());
    let emergency = story.flooded();
    let end = story.emergency(emergency).until;
    story.pass_until(end.plus(HOUR_MS));
    let until = story.now.plus(MAX_EMERGENCY_MS);
    story.pass(Measure::RenewEmergency { emergency, until });
    let renewed = story.emergency(emergency).renewals[0].mark.on;
    let judged = |story: &mut Story, made_at: TimeMs| {
        let attempt = Attempt { made_at, ..story.urgent(emergency) };
        story.ledger.evaluate_as_of(&attempt, made_at).map(|_| ())
    };
    assert_eq!(judged(&mut story, TimeMs(end.0 - 1)), Ok(()));
    let over = Err(AccessRefusal::EmergencyEnded { since: end });
    assert_eq!(judged(&mut story, end), over);
    assert_eq!(judged(&mut story, TimeMs(renewed.0 - 1)), over);
    assert_eq!(judged(&mut story, renewed), Ok(()));
}
