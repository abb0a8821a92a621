//! Duties: what the authorities set, what is done about duties, and how clocks come out.
//! Holds: a clock equals one that is counted day by day.

use comity_core::binding::{Promise, Side, Undertaking};
use comity_core::calendar::{Calendar, Day, Week};
use comity_core::dataset::Dataset;
use comity_core::duty::{self, Duty, DutyEnd, DutyState};
use comity_core::genesis::Params;
use comity_core::grant::GrantTerms;
use comity_core::ids::{GrantId, TimeMs};
use comity_core::refusal::Refusal;
use comity_core::rule_pack::Clock;
use comity_core::state;

use crate::acts::AUTHORITY;
use crate::bindings::{derived, wide};
use crate::chance::Chance;
use crate::story::{CIVIL, FINANCE, Story, dataset, dataset_id, terms};

const DAY_MS: u64 = 86_400_000;

fn state_at(duty: &Duty, time: TimeMs) -> DutyState {
    duty.state(time)
}

#[test]
fn a_reply_is_due_after_the_working_days_of_its_day_and_lapses_without_anybody_saying_so() {
    let mut story = story();
    let request = story.opened();
    let [reply] = &story.duties_of(request)[..] else { panic!("one duty") };
    assert_eq!((reply.clock, reply.owed_by.as_str()), (Clock::ReplyConditional, CIVIL));
    assert_eq!(state_at(reply, TimeMs(reply.due.0 - 1)), DutyState::Running);
    assert_eq!(state_at(reply, reply.due), DutyState::Lapsed);
    story.pass_until(reply.due);
    let refusal = story.refusal(request);
    story.commit(vec![refusal]);
    assert_eq!(state_at(&story.duties_of(request)[0], story.now), DutyState::MetLate);
}

#[test]
fn a_request_that_is_taken_back_in_time_owes_nothing_and_one_that_lapsed_stays_lapsed() {
    for (late, state) in [(false, DutyState::Released), (true, DutyState::Lapsed)] {
        let mut story = story();
        let request = story.opened();
        let due = story.duties_of(request)[0].due;
        if late {
            story.pass_until(due);
        }
        let record = story.taking_back(request);
        story.commit(vec![record]);
        assert_eq!(state_at(&story.duties_of(request)[0], due.plus(DAY_MS)), state);
    }
}

#[test]
fn the_replys_clock_begins_with_the_review_and_not_later_than_the_review_was_due() {
    let mut story = story();
    story.under_rules(&[(Clock::ComplianceReview, 2), (Clock::ReplyConditional, 5)]);
    let request = story.opened();
    let [review, reply] = &story.duties_of(request)[..] else { panic!("two duties") };
    assert_eq!(review.owed_by.as_str(), AUTHORITY);
    assert_eq!(reply.began, review.due, "nobody has reviewed it yet");
    let record = story.reviewing(request, "");
    story.commit(vec![record]);
    let [review, reply] = &story.duties_of(request)[..] else { panic!("two duties") };
    assert_eq!(review.state(story.now), DutyState::Met);
    assert!(reply.began < review.due && reply.began > review.began);
}

#[test]
fn a_review_that_finds_something_amiss_sends_the_request_back() {
    let mut story = story();
    story.under_rules(&[(Clock::ComplianceReview, 2), (Clock::ReplyConditional, 5)]);
    let request = story.opened();
    let record = story.reviewing(request, "no duty is named");
    let at = story.commit(vec![record]);
    assert_eq!(
        story.approve(request, late_terms(&story)),
        Err(Refusal::RequestClosed { request, at })
    );
    let states: Vec<_> =
        story.duties_of(request).iter().map(|duty| duty.state(story.now)).collect();
    assert_eq!(states, [DutyState::Met, DutyState::Released]);
}

fn late_terms(story: &Story) -> GrantTerms {
    GrantTerms { not_after: story.now.plus(DAY_MS), ..terms() }
}

#[test]
fn an_extension_moves_the_end_by_its_working_days() {
    let mut story = story();
    let request = story.opened();
    let before = story.duties_of(request)[0].clone();
    let record = story.extending(request, 10);
    story.commit(vec![record]);
    let after = story.duties_of(request)[0].due;
    assert_eq!(after.0 - before.due.0, 14 * DAY_MS, "two plain weeks");
}

#[test]
fn the_first_access_shows_that_the_data_is_ready() {
    let (mut story, grant) = Story::with_grant(terms());
    let owed = |story: &Story| {
        duty::of_grant(&story.ledger, &state::grant(&story.ledger, grant).unwrap()).remove(0)
    };
    assert_eq!(owed(&story).end, None);
    let access = story.access(grant);
    let on = story.now;
    story.commit(vec![access]);
    assert_eq!(owed(&story).end, Some(DutyEnd::Done(on)));
    let second = story.access(grant);
    story.commit(vec![second]);
    assert_eq!(owed(&story).end, Some(DutyEnd::Done(on)), "the first one counts");
}

#[test]
fn a_revoked_grant_needs_no_delivery() {
    let (mut story, grant) = Story::with_grant(terms());
    let record = story.revoke_grant(grant);
    let on = story.now;
    story.commit(vec![record]);
    let kept = state::grant(&story.ledger, grant).unwrap();
    let owed = duty::of_grant(&story.ledger, &kept).remove(0);
    assert_eq!(owed.end, Some(DutyEnd::Released(on)));
}

/// The duty of making a grant's data ready.
fn delivery(story: &Story, grant: GrantId) -> Duty {
    duty::of_grant(&story.ledger, &state::grant(&story.ledger, grant).unwrap()).remove(0)
}

#[test]
fn a_grant_that_has_run_out_owes_no_delivery_even_if_it_is_revoked_later_on() {
    let mut story = story();
    let soon = GrantTerms { not_after: story.now.plus(DAY_MS), ..terms() };
    let grant = story.issue(soon.clone());
    let due = delivery(&story, grant).due;
    story.pass_until(due);
    assert_eq!(delivery(&story, grant).state(story.now), DutyState::Released);
    let record = story.revoke_grant(grant);
    story.commit(vec![record]);
    let end = delivery(&story, grant).end;
    assert_eq!(end, Some(DutyEnd::Released(soon.not_after)), "it had ended before");
}

#[test]
fn a_derived_grant_that_ends_with_the_one_above_it_owes_no_delivery() {
    let mut story = story();
    let (parent, below) = story.passed_on(wide(), derived());
    let record = story.revoke_grant(parent);
    let on = story.now;
    story.commit(vec![record]);
    assert_eq!(delivery(&story, below).end, Some(DutyEnd::Released(on)));
}

#[test]
fn a_provider_cannot_put_off_a_delivery_by_narrowing_the_grant() {
    let mut story = story();
    let grant = story.issue(terms());
    let before = delivery(&story, grant);
    let later = GrantTerms { not_before: story.now.plus(20 * DAY_MS), ..terms() };
    let record = story.narrowing(grant, later, 1);
    story.commit(vec![record]);
    let after = delivery(&story, grant);
    assert_eq!((after.began, after.due), (before.began, before.due));
}

#[test]
fn an_update_is_owed_again_after_each_one() {
    let mut story = story();
    let promised = Dataset { update_days: Some(30), ..dataset() };
    story.amend(promised, 1).unwrap();
    let owed = |story: &Story| {
        let published = state::dataset(&story.ledger, &dataset_id()).unwrap();
        duty::of_dataset(&story.ledger, &published).remove(0)
    };
    let first = owed(&story);
    assert!(first.due.0 > first.began.0 + 30 * DAY_MS);
    story.pass_until(first.due);
    assert_eq!(owed(&story).state(story.now), DutyState::Lapsed);
    let record = story.refreshing();
    story.commit(vec![record]);
    assert_eq!(owed(&story).state(story.now), DutyState::Running);
}

#[test]
fn no_amendment_makes_an_update_vanish_that_was_promised() {
    for update_days in [None, Some(3_000), Some(1)] {
        let mut story = story();
        story.amend(Dataset { update_days: Some(30), ..dataset() }, 1).unwrap();
        let owed = |story: &Story| {
            let published = state::dataset(&story.ledger, &dataset_id()).unwrap();
            duty::of_dataset(&story.ledger, &published)
        };
        let first = owed(&story).remove(0);
        story.pass_until(first.due);
        story.amend(Dataset { update_days, ..dataset() }, 2).unwrap();
        assert_eq!(owed(&story), std::slice::from_ref(&first), "it was promised, and lapsed");
        assert_eq!(first.state(story.now), DutyState::Lapsed);
        // It is made new after all; from then on the later promise counts, if there is any.
        let record = story.refreshing();
        let on = story.now;
        story.commit(vec![record]);
        let next: Vec<_> = owed(&story).iter().map(|duty| duty.began).collect();
        assert_eq!(next, update_days.map(|_| on).into_iter().collect::<Vec<_>>());
        // Nothing that was promised later counts from a time before that.
        if update_days.is_none() {
            assert!(story.check(&story.clone().refreshing()).is_err(), "nothing is promised now");
            let on = story.now;
            story.amend(Dataset { update_days: Some(9), ..dataset() }, 3).unwrap();
            assert_eq!(owed(&story)[0].began, on);
        }
    }
}

#[test]
fn no_amendment_makes_a_change_vanish_that_was_not_told() {
    let (mut story, _) = Story::with_grant(terms());
    let undertakings = vec![Undertaking { by: Side::Provider, what: Promise::NotifyChangeDays(5) }];
    let grant = story.issue(GrantTerms { undertakings, ..terms() });
    let owed = |story: &Story| story.undertaken(grant).pop().unwrap();
    let on = story.now;
    story.amend(story.dataset_without("address"), 1).unwrap();
    let first = owed(&story);
    assert_eq!(first.began, on);
    story.pass_until(first.due);
    for version in 2..9 {
        story.amend(Dataset { update_days: Some(version), ..dataset() }, version.into()).unwrap();
        assert_eq!(owed(&story), first, "the first change was not told in time");
    }
    assert_eq!(first.state(story.now), DutyState::Lapsed);
    // One telling tells all of them, late; what is changed after it is news again.
    let record = story.fulfilling(CIVIL, grant, 1);
    story.commit(vec![record]);
    assert_eq!((owed(&story).began, owed(&story).state(story.now)), (on, DutyState::MetLate));
    let next = story.now;
    story.amend(dataset(), 9).unwrap();
    assert_eq!((owed(&story).began, owed(&story).state(story.now)), (next, DutyState::Running));
}

#[test]
fn a_withdrawal_releases_an_update_that_is_not_due_and_keeps_one_that_lapsed() {
    for lapses in [false, true] {
        let mut story = story();
        story.amend(Dataset { update_days: Some(30), ..dataset() }, 1).unwrap();
        let owed = |story: &Story| {
            let published = state::dataset(&story.ledger, &dataset_id()).unwrap();
            duty::of_dataset(&story.ledger, &published).remove(0)
        };
        let due = owed(&story).due;
        if lapses {
            story.pass_until(due);
        }
        let withdrawal = story.withdrawal();
        story.commit(vec![withdrawal]);
        let expected = if lapses { DutyState::Lapsed } else { DutyState::Released };
        for now in [story.now, due.plus(DAY_MS)] {
            assert_eq!(owed(&story).state(now), expected);
        }
        story.publish_again(Dataset { update_days: Some(30), ..dataset() }).unwrap();
        assert_eq!(owed(&story).state(story.now), DutyState::Running);
    }
}

#[test]
fn a_withdrawal_releases_deliveries_that_are_not_due_and_begins_deletions() {
    let mut story = story();
    let undertakings = vec![Undertaking { by: Side::Requester, what: Promise::DeleteAfterDays(5) }];
    let used = story.issue(GrantTerms { undertakings, ..terms() });
    let unused = story.issue(terms());
    let access = story.access(used);
    story.commit(vec![access]);
    let early = story.fulfilling(FINANCE, used, 1);
    assert!(story.check(&early).is_err(), "while the grant lasts, nothing is deleted");
    let on = story.now;
    let withdrawal = story.withdrawal();
    story.commit(vec![withdrawal]);
    let duties = |story: &Story, grant| {
        duty::of_grant(&story.ledger, &state::grant(&story.ledger, grant).unwrap())
    };
    let delivery = duties(&story, unused).remove(0);
    assert_eq!(delivery.end, Some(DutyEnd::Released(on)));
    assert_eq!(delivery.state(delivery.due), DutyState::Released);
    let deletion = duties(&story, used).remove(1);
    assert_eq!((deletion.clock, deletion.began, deletion.end), (Clock::Undertaking, on, None));
    assert_eq!(deletion.state(deletion.due), DutyState::Lapsed, "what is there has to go");
    // Also where the dataset comes back, the grant does not.
    story.publish_again(dataset()).unwrap();
    assert_eq!(duties(&story, used)[1], deletion);
    let record = story.fulfilling(FINANCE, used, 1);
    story.commit(vec![record]);
    assert_eq!(duties(&story, used)[1].state(story.now), DutyState::Met);
}

#[test]
fn rules_that_were_published_later_do_not_touch_what_began_before_them() {
    let mut story = story();
    let request = story.opened();
    let before = story.duties_of(request);
    story.under_rules(&[(Clock::ReplyConditional, 1)]);
    assert_eq!(story.duties_of(request), before);
}

#[test]
fn a_calendar_that_comes_later_cannot_revive_what_has_lapsed() {
    let mut story = story();
    let request = story.opened();
    let due = story.duties_of(request)[0].due;
    let calendar = story.calendar(0, 400);
    let record = story.publishing(calendar);
    story.commit(vec![record]);
    assert_eq!(story.duties_of(request)[0].due, due);
    story.pass_until(due);
    let mut holidays = story.calendar(1, 400);
    holidays.week = Week(0b100_0000);
    let record = story.publishing(holidays);
    story.commit(vec![record]);
    assert_eq!(story.duties_of(request)[0].due, due);
    assert_eq!(story.duties_of(request)[0].state(story.now), DutyState::Lapsed);
}

/// Whether a day is worked, told from every calendar as it was published, latest first.
fn naively_worked(published: &[Calendar], day: Day) -> bool {
    let last = published.iter().rposition(|calendar| calendar.first <= day && day <= calendar.last);
    let Some(at) = last else { return Week::PLAIN.works_on(day) };
    let calendar = &published[at];
    if calendar.holidays.contains(&day) {
        return false;
    }
    calendar.workdays.contains(&day) || calendar.week.works_on(day)
}

#[test]
fn every_clock_equals_one_that_is_counted_day_by_day() {
    for seed in 0..40 {
        let mut chance = Chance(seed);
        let mut story = story();
        let mut published = Vec::new();
        for _ in 0..below(&mut chance, 5) {
            let mut calendar =
                story.calendar(1 + below(&mut chance, 60), 60 + below(&mut chance, 300));
            calendar.week = Week(1 + u8::try_from(below(&mut chance, 127)).unwrap());
            for _ in 0..below(&mut chance, 20) {
                let day =
                    Day(calendar.first.0 + below(&mut chance, calendar.last.0 - calendar.first.0));
                let exceptions = if calendar.week.works_on(day) {
                    &mut calendar.holidays
                } else {
                    &mut calendar.workdays
                };
                exceptions.insert(day);
            }
            let record = story.publishing(calendar.clone());
            if story.attempted(record).is_ok() {
                published.push(calendar);
            }
        }
        let offset = Params::default().day_offset_minutes;
        for _ in 0..20 {
            let began = story.now.plus(below(&mut chance, 300 * DAY_MS));
            let days = u16::try_from(below(&mut chance, 30)).unwrap();
            let due = duty::due(&story.ledger, &FINANCE.parse().unwrap(), began, days);
            let mut day = Day::of(began, offset);
            let mut left = days;
            while left > 0 {
                day = day.next();
                left -= u16::from(naively_worked(&published, day));
            }
            assert_eq!(due, day.next().begins(offset), "seed {seed}, {days} days after {began}");
        }
    }
}

fn below(chance: &mut Chance, bound: u64) -> u64 {
    chance.next() % bound
}

/// The dataset is published.
fn story() -> Story {
    let mut story = Story::new(Params::default());
    story.publish();
    story
}
