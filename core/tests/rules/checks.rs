//! Check requests: every rule about them broken once, who answers, and what the clocks come to.
//! Holds: somebody always holds a check until it is answered. Longer than 500 lines because each rule
//! about checks is broken here once.

use comity_core::access::Attempt;
use comity_core::agency::KeyRole;
use comity_core::check_request::{
    CheckOutcome, CheckRequest, CheckTerms, HandoverEnd, MAX_HANDOVERS,
};
use comity_core::dataset::{Dataset, Items};
use comity_core::duty::{self, Duty, DutyEnd, DutyObject, DutyState};
use comity_core::genesis::Params;
use comity_core::grant::GrantTerms;
use comity_core::ids::{CheckId, EmergencyId, GrantId, LogIndex, TimeMs};
use comity_core::refusal::{CheckRefusal, EmergencyRefusal, Refusal};
use comity_core::rule_pack::Clock;
use comity_core::state;
use comity_core::statement::{Action, VerifiedRecord};

use crate::acts::{AUTHORITY, another};
use crate::bindings::{derived, wide};
use crate::chance::Chance;
use crate::governance::removal;
use crate::refusals::{Case, wrong_signer};
use crate::story::{
    CIVIL, FINANCE, HEALTH, MEMBERS, START, Story, dataset_id, secret, terms, text,
};

const DAY_MS: u64 = 86_400_000;
const GRANT: GrantId = GrantId(LogIndex(1));

/// What the requesting agency claims of the data that it has under the usual grant.
pub(crate) fn claim() -> CheckTerms {
    CheckTerms {
        dataset: dataset_id(),
        items: Items::Only(["income".parse().unwrap()].into()),
        grant: Some(GRANT.into()),
        asked: CIVIL.parse().unwrap(),
        claim: text("The income of two households is last year's"),
    }
}

pub(crate) fn upheld(from: TimeMs, to: TimeMs) -> CheckOutcome {
    CheckOutcome::Upheld { from, to, correction: text("This year's income is entered") }
}

pub(crate) fn stands() -> CheckOutcome {
    CheckOutcome::NotUpheld { basis: text("Act 12, art. 9"), reason: text("As declared") }
}

impl Story {
    pub(crate) fn claiming(&mut self, terms: CheckTerms) -> VerifiedRecord {
        self.officer(Action::OpenCheck { terms })
    }

    pub(crate) fn checked(&mut self) -> CheckId {
        let record = self.claiming(claim());
        CheckId(self.commit(vec![record]))
    }

    pub(crate) fn offering(&mut self, by: &str, check: CheckId, to: &str) -> VerifiedRecord {
        let (to, reason) = (to.parse().unwrap(), text("They enter the income"));
        self.record(by, KeyRole::Steward, Action::OfferHandover { check, to, reason })
    }

    pub(crate) fn accepting(&mut self, by: &str, check: CheckId) -> VerifiedRecord {
        self.record(by, KeyRole::Steward, Action::AcceptHandover { check })
    }

    pub(crate) fn declining(&mut self, by: &str, check: CheckId) -> VerifiedRecord {
        self.record(by, KeyRole::Steward, Action::DeclineHandover { check })
    }

    pub(crate) fn answering(
        &mut self,
        by: &str,
        check: CheckId,
        outcome: CheckOutcome,
    ) -> VerifiedRecord {
        self.record(by, KeyRole::Steward, Action::AnswerCheck { check, outcome })
    }

    pub(crate) fn upholding(&mut self, check: CheckId) -> VerifiedRecord {
        let to = self.now;
        self.answering(CIVIL, check, upheld(START, to))
    }

    pub(crate) fn correcting(&mut self, by: &str, check: CheckId) -> VerifiedRecord {
        let action = Action::ReportCorrection { check, note: text("Entered anew") };
        self.record(by, KeyRole::Steward, action)
    }

    /// The check is taken over.
    fn handed(&mut self, check: CheckId, from: &str, to: &str) {
        for record in [self.offering(from, check, to), self.accepting(to, check)] {
            self.commit(vec![record]);
        }
    }

    fn check_of(&self, check: CheckId) -> CheckRequest {
        state::check_request(&self.ledger, check).unwrap()
    }

    fn duties_of_check(&self, check: CheckId) -> Vec<Duty> {
        duty::of_check(&self.ledger, &self.check_of(check))
    }
}

fn refused(refusal: CheckRefusal) -> Refusal {
    Refusal::Check(refusal)
}

fn not_a_recipient(agency: &str) -> Refusal {
    let (agency, dataset) = (agency.parse().unwrap(), dataset_id());
    refused(CheckRefusal::NotARecipient { agency, dataset })
}

fn not_answerable(agency: &str) -> Refusal {
    let (agency, dataset) = (agency.parse().unwrap(), dataset_id());
    refused(CheckRefusal::NotAnswerable { agency, dataset })
}

fn answered(story: &mut Story) -> (CheckId, LogIndex) {
    let check = story.checked();
    let record = story.answering(CIVIL, check, stands());
    (check, story.commit(vec![record]))
}

/// Something that breaks each rule. The grant is the usual one.
pub(crate) const CASES: &[Case] = &[
    |story| {
        let record = story.record(FINANCE, KeyRole::Steward, Action::OpenCheck { terms: claim() });
        (record, wrong_signer(FINANCE, KeyRole::Officer))
    },
    |story| {
        let dataset = another().id;
        let record = story.claiming(CheckTerms { dataset: dataset.clone(), ..claim() });
        (record, Refusal::DatasetUnknown { dataset })
    },
    |story| {
        let record = story.claiming(CheckTerms { items: Items::Only([].into()), ..claim() });
        (record, Refusal::NoItems)
    },
    |story| {
        let item: comity_core::text::ItemName = "religion".parse().unwrap();
        let items = Items::Only([item.clone()].into());
        (story.claiming(CheckTerms { items, ..claim() }), Refusal::ItemUnknown { item })
    },
    |story| {
        let grant = GrantId(LogIndex(9));
        let record = story.claiming(CheckTerms { grant: Some(grant.into()), ..claim() });
        (record, Refusal::GrantUnknown { grant })
    },
    |story| {
        let record = story.claiming(CheckTerms { grant: None, ..claim() });
        (record, not_a_recipient(FINANCE))
    },
    |story| {
        // Another agency's grant.
        let record = story.record(HEALTH, KeyRole::Officer, Action::OpenCheck { terms: claim() });
        (record, not_a_recipient(HEALTH))
    },
    |story| {
        // A grant on another dataset.
        let publication = story.steward(Action::PublishDataset { dataset: another() });
        story.commit(vec![publication]);
        let grant = story.issue(GrantTerms { dataset: another().id, ..terms() });
        let record = story.claiming(CheckTerms { grant: Some(grant.into()), ..claim() });
        (record, not_a_recipient(FINANCE))
    },
    |story| {
        let emergency = EmergencyId(GRANT.0);
        let record = story.claiming(CheckTerms { grant: Some(emergency.into()), ..claim() });
        (record, Refusal::Emergency(EmergencyRefusal::EmergencyUnknown { emergency }))
    },
    |story| {
        // It might have asked in the emergency, and did not.
        let emergency = story.flooded();
        let record = story.claiming(CheckTerms { grant: Some(emergency.into()), ..claim() });
        (record, not_a_recipient(FINANCE))
    },
    |story| {
        // Another used the emergency.
        let emergency = story.flooded();
        story.helped(emergency);
        let terms = CheckTerms { grant: Some(emergency.into()), ..claim() };
        let record = story.record(HEALTH, KeyRole::Officer, Action::OpenCheck { terms });
        (record, not_a_recipient(HEALTH))
    },
    |story| {
        // The emergency does not open the dataset.
        let emergency = story.flooded();
        story.helped(emergency);
        let publication = story.steward(Action::PublishDataset { dataset: another() });
        story.commit(vec![publication]);
        let (dataset, grant) = (another().id, Some(emergency.into()));
        let record = story.claiming(CheckTerms { dataset: dataset.clone(), grant, ..claim() });
        let agency = FINANCE.parse().unwrap();
        (record, refused(CheckRefusal::NotARecipient { agency, dataset }))
    },
    |story| {
        let record = story.claiming(CheckTerms { asked: HEALTH.parse().unwrap(), ..claim() });
        (record, not_answerable(HEALTH))
    },
    |story| {
        // Who declared the emergency gave nothing.
        let emergency = story.flooded();
        story.helped(emergency);
        let asked = AUTHORITY.parse().unwrap();
        let grant = Some(emergency.into());
        let record = story.claiming(CheckTerms { asked, grant, ..claim() });
        (record, not_answerable(AUTHORITY))
    },
    |story| {
        // The owner asks itself.
        let terms = CheckTerms { grant: None, ..claim() };
        let record = story.record(CIVIL, KeyRole::Officer, Action::OpenCheck { terms });
        (record, not_answerable(CIVIL))
    },
    |story| {
        let at = story.pass(removal(CIVIL));
        let agency = CIVIL.parse().unwrap();
        (story.claiming(claim()), Refusal::AgencyLeft { agency, at })
    },
    |story| {
        let record = story.claiming(CheckTerms { claim: text(""), ..claim() });
        (record, refused(CheckRefusal::CheckTextEmpty))
    },
    |story| {
        let check = CheckId(GRANT.0);
        let record = story.offering(CIVIL, check, HEALTH);
        (record, refused(CheckRefusal::CheckUnknown { check }))
    },
    |story| {
        let check = story.checked();
        (story.offering(HEALTH, check, HEALTH), wrong_signer(CIVIL, KeyRole::Steward))
    },
    |story| {
        // Who held it before does not hold it any longer.
        let check = story.checked();
        story.handed(check, CIVIL, HEALTH);
        (story.offering(CIVIL, check, AUTHORITY), wrong_signer(HEALTH, KeyRole::Steward))
    },
    |story| {
        let (check, at) = answered(story);
        let record = story.offering(CIVIL, check, HEALTH);
        (record, refused(CheckRefusal::CheckAnswered { check, at }))
    },
    |story| {
        let check = story.checked();
        let first = story.offering(CIVIL, check, HEALTH);
        let at = story.commit(vec![first]);
        let to = HEALTH.parse().unwrap();
        let record = story.offering(CIVIL, check, AUTHORITY);
        (record, refused(CheckRefusal::HandoverWaiting { check, to, at }))
    },
    |story| {
        let check = story.checked();
        for _ in 0..MAX_HANDOVERS {
            for record in [story.offering(CIVIL, check, HEALTH), story.declining(HEALTH, check)] {
                story.commit(vec![record]);
            }
        }
        let limit = MAX_HANDOVERS as u64;
        let record = story.offering(CIVIL, check, HEALTH);
        (record, refused(CheckRefusal::TooManyHandovers { limit }))
    },
    |story| {
        let check = story.checked();
        let agency = CIVIL.parse().unwrap();
        let record = story.offering(CIVIL, check, CIVIL);
        (record, refused(CheckRefusal::HandoverUnfit { agency }))
    },
    |story| {
        let check = story.checked();
        let agency = FINANCE.parse().unwrap();
        let record = story.offering(CIVIL, check, FINANCE);
        (record, refused(CheckRefusal::HandoverUnfit { agency }))
    },
    |story| {
        let check = story.checked();
        let agency = "stranger.gd".parse().unwrap();
        (story.offering(CIVIL, check, "stranger.gd"), Refusal::AgencyUnknown { agency })
    },
    |story| {
        let check = story.checked();
        let at = story.pass(removal(HEALTH));
        let agency = HEALTH.parse().unwrap();
        (story.offering(CIVIL, check, HEALTH), Refusal::AgencyLeft { agency, at })
    },
    |story| {
        let check = story.checked();
        let (to, reason) = (HEALTH.parse().unwrap(), text(""));
        let record = story.steward(Action::OfferHandover { check, to, reason });
        (record, refused(CheckRefusal::CheckTextEmpty))
    },
    |story| {
        let check = story.checked();
        (story.accepting(HEALTH, check), refused(CheckRefusal::NoHandover { check }))
    },
    |story| {
        let check = story.checked();
        story.handed(check, CIVIL, HEALTH);
        (story.declining(HEALTH, check), refused(CheckRefusal::NoHandover { check }))
    },
    |story| {
        let check = story.checked();
        let offer = story.offering(CIVIL, check, HEALTH);
        story.commit(vec![offer]);
        (story.accepting(CIVIL, check), wrong_signer(HEALTH, KeyRole::Steward))
    },
    |story| {
        // An offer waits no longer than the check.
        let check = story.checked();
        let offer = story.offering(CIVIL, check, HEALTH);
        story.commit(vec![offer]);
        let answer = story.answering(CIVIL, check, stands());
        let at = story.commit(vec![answer]);
        (story.accepting(HEALTH, check), refused(CheckRefusal::CheckAnswered { check, at }))
    },
    |story| {
        let check = story.checked();
        (story.answering(HEALTH, check, stands()), wrong_signer(CIVIL, KeyRole::Steward))
    },
    |story| {
        let (check, at) = answered(story);
        (story.upholding(check), refused(CheckRefusal::CheckAnswered { check, at }))
    },
    |story| {
        let check = story.checked();
        let record = story.answering(CIVIL, check, upheld(START, START));
        (record, refused(CheckRefusal::CheckPeriod))
    },
    |story| {
        let check = story.checked();
        let later = story.now.plus(1);
        let record = story.answering(CIVIL, check, upheld(START, later));
        (record, refused(CheckRefusal::CheckPeriod))
    },
    |story| {
        let check = story.checked();
        let outcome = CheckOutcome::NotUpheld { basis: text(""), reason: text("So it is") };
        let record = story.answering(CIVIL, check, outcome);
        (record, refused(CheckRefusal::CheckTextEmpty))
    },
    |story| {
        let check = story.checked();
        (story.correcting(CIVIL, check), refused(CheckRefusal::CheckNotUpheld { check }))
    },
    |story| {
        let (check, _) = answered(story);
        (story.correcting(CIVIL, check), refused(CheckRefusal::CheckNotUpheld { check }))
    },
    |story| {
        // Who found it wrong is not whose data it is.
        let check = story.checked();
        story.handed(check, CIVIL, HEALTH);
        let outcome = upheld(START, story.now);
        let record = story.answering(HEALTH, check, outcome);
        story.commit(vec![record]);
        (story.correcting(HEALTH, check), wrong_signer(CIVIL, KeyRole::Steward))
    },
    |story| {
        let check = story.checked();
        let record = story.upholding(check);
        story.commit(vec![record]);
        let first = story.correcting(CIVIL, check);
        let at = story.commit(vec![first]);
        let record = story.correcting(CIVIL, check);
        (record, refused(CheckRefusal::CheckCorrected { check, at }))
    },
];

#[test]
fn whoever_is_asked_first_answers_until_another_accepts() {
    let (mut story, _) = Story::with_grant(terms());
    let check = story.checked();
    let holder = |story: &Story| story.check_of(check).holder().to_string();
    assert_eq!(holder(&story), CIVIL);
    let offer = story.offering(CIVIL, check, HEALTH);
    story.commit(vec![offer]);
    assert_eq!(holder(&story), CIVIL, "an offer moves nothing");
    let decline = story.declining(HEALTH, check);
    story.commit(vec![decline]);
    assert_eq!(holder(&story), CIVIL);
    story.handed(check, CIVIL, HEALTH);
    assert_eq!(holder(&story), HEALTH);
    story.handed(check, HEALTH, AUTHORITY);
    story.handed(check, AUTHORITY, CIVIL);
    assert_eq!(holder(&story), CIVIL, "it may come back");
    let ends: Vec<bool> = story
        .check_of(check)
        .handovers
        .iter()
        .map(|one| matches!(one.end, Some(HandoverEnd::Accepted(_))))
        .collect();
    assert_eq!(ends, [false, true, true, true], "nothing is forgotten");
}

#[test]
fn data_that_were_had_under_a_grant_that_ended_may_be_claimed_wrong() {
    let (mut story, grant) = Story::with_grant(terms());
    let records = vec![story.revoke_grant(grant), story.withdrawal()];
    story.commit(records);
    let record = story.claiming(claim());
    assert_eq!(story.check(&record), Ok(()));
}

#[test]
fn who_passed_a_grant_on_and_who_manages_may_be_asked() {
    let (mut story, _) = Story::with_grant(terms());
    let (_, below) = story.passed_on(wide(), derived());
    for (asked, allowed) in [(FINANCE, true), (CIVIL, true), (AUTHORITY, false)] {
        let asked = asked.parse().unwrap();
        let terms = CheckTerms { grant: Some(below.into()), asked, ..claim() };
        let record = story.record(HEALTH, KeyRole::Officer, Action::OpenCheck { terms });
        assert_eq!(story.check(&record).is_ok(), allowed);
    }
    let manager = Some(AUTHORITY.parse().unwrap());
    story.amend(Dataset { manager, ..crate::story::dataset() }, 1).unwrap();
    let record = story.claiming(CheckTerms { asked: AUTHORITY.parse().unwrap(), ..claim() });
    assert_eq!(story.check(&record), Ok(()));
    for (by, asked) in [(AUTHORITY, CIVIL), (CIVIL, AUTHORITY)] {
        // Who has the data by its office needs no grant.
        let terms = CheckTerms { grant: None, asked: asked.parse().unwrap(), ..claim() };
        let record = story.record(by, KeyRole::Officer, Action::OpenCheck { terms });
        assert_eq!(story.check(&record), Ok(()), "{by}");
    }
}

#[test]
fn each_holder_owes_the_answer_for_its_own_time() {
    let (mut story, _) = Story::with_grant(terms());
    let began = story.now;
    let check = story.checked();
    let days = |count: u64| TimeMs(began.0 + count * DAY_MS);
    story.pass_until(days(3));
    story.handed(check, CIVIL, HEALTH);
    let accepted = story.check_of(check).accepted().next().unwrap().1.on;
    story.pass_until(days(30));
    story.handed(check, HEALTH, AUTHORITY);
    let answered = story.now;
    let record = story.answering(AUTHORITY, check, stands());
    story.commit(vec![record]);
    let duties = story.duties_of_check(check);
    let found: Vec<_> = duties
        .iter()
        .map(|duty| (duty.clock, duty.owed_by.as_str(), duty.state(story.now)))
        .collect();
    let clock = Clock::CheckReply;
    assert_eq!(
        found,
        [
            (clock, CIVIL, DutyState::Released),
            (clock, HEALTH, DutyState::Lapsed),
            (clock, AUTHORITY, DutyState::Met),
        ],
        "who kept it too long lapsed, though it was handed on"
    );
    assert_eq!((duties[0].began, duties[1].began), (began, accepted));
    assert_eq!(duties[2].end, Some(DutyEnd::Done(answered)));
    for duty in &duties {
        assert_eq!(duty.object, DutyObject::Check(check));
        assert_eq!(duty.owed_to, Some(FINANCE.parse().unwrap()));
        assert_eq!(duty.due, duty::due(&story.ledger, &duty.owed_by, duty.began, 10));
    }
}

#[test]
fn what_is_upheld_is_corrected_by_the_owner_whoever_found_it() {
    let (mut story, _) = Story::with_grant(terms());
    let check = story.checked();
    story.handed(check, CIVIL, HEALTH);
    let (from, to) = (START, story.now);
    let record = story.answering(HEALTH, check, upheld(from, to));
    let upheld_on = story.now;
    story.commit(vec![record]);
    let correction = |story: &Story| story.duties_of_check(check).pop().unwrap();
    let owed = correction(&story);
    assert_eq!((owed.clock, owed.owed_by.as_str()), (Clock::Correction, CIVIL));
    assert_eq!((owed.owed_to, owed.began, owed.end), (None, upheld_on, None));
    story.pass_until(owed.due);
    assert_eq!(correction(&story).state(story.now), DutyState::Lapsed);
    let record = story.correcting(CIVIL, check);
    story.commit(vec![record]);
    assert_eq!(correction(&story).state(story.now), DutyState::MetLate);
}

#[test]
fn rules_without_these_clocks_make_nothing_owed() {
    let (mut story, _) = Story::with_grant(terms());
    story.under_rules(&[(Clock::Delivery, 20)]);
    let check = story.checked();
    let record = story.upholding(check);
    story.commit(vec![record]);
    assert_eq!(story.duties_of_check(check), []);
}

#[test]
fn who_received_what_was_wrong_is_told_by_dataset_item_and_time() {
    let (mut story, grant) = Story::with_grant(terms());
    let attempt = story.attempt(grant);
    let check = story.checked();
    let (from, to) = (START, story.now);
    assert!(!story.check_of(check).concerns(&attempt, from), "nothing was found yet");
    let record = story.answering(CIVIL, check, upheld(from, to));
    story.commit(vec![record]);
    let found = story.check_of(check);
    let last = TimeMs(to.0 - 1);
    for (on, told) in [(TimeMs(from.0 - 1), false), (from, true), (last, true), (to, false)] {
        assert_eq!(found.concerns(&attempt, on), told, "{on}");
    }
    let of = |items: Items| found.concerns(&Attempt { items, ..attempt.clone() }, from);
    assert!(of(Items::All));
    assert!(of(Items::Only(["name", "income"].map(|item| item.parse().unwrap()).into())));
    assert!(!of(Items::Only(["name".parse().unwrap()].into())));
    let elsewhere = Attempt { dataset: another().id, ..attempt.clone() };
    assert!(!found.concerns(&elsewhere, from));
}

#[test]
fn a_check_is_held_by_exactly_one_whatever_is_tried() {
    let mut answers = 0;
    for seed in 0..60 {
        let mut chance = Chance(seed);
        let (mut story, _) = Story::with_grant(terms());
        let check = story.checked();
        // A naive account of who holds it, who was offered it, and whether it was answered.
        let (mut holder, mut offered, mut done) = (CIVIL, None, false);
        for _ in 0..25 {
            let (by, to) = (*chance.pick(&MEMBERS), *chance.pick(&MEMBERS));
            let before = (holder, offered, done);
            let (record, fits) = match chance.below(8) {
                0..=2 => {
                    let fits = by == holder && offered.is_none() && to != holder && to != FINANCE;
                    offered = if fits && !done { Some(to) } else { offered };
                    (story.offering(by, check, to), fits)
                }
                3..=5 => {
                    let fits = offered == Some(by);
                    (holder, offered) = if fits { (by, None) } else { (holder, offered) };
                    (story.accepting(by, check), fits)
                }
                6 => {
                    let fits = offered == Some(by);
                    offered = if fits { None } else { offered };
                    (story.declining(by, check), fits)
                }
                _ => {
                    let fits = by == holder && chance.below(3) == 0;
                    let outcome = if fits { stands() } else { upheld(START, START) };
                    done |= fits;
                    (story.answering(by, check, outcome), fits)
                }
            };
            let allowed = fits && !before.2;
            assert_eq!(story.check(&record).is_ok(), allowed, "seed {seed}");
            if !allowed {
                (holder, offered, done) = before;
                continue;
            }
            story.commit(vec![record]);
            let found = story.check_of(check);
            assert_eq!(found.holder().as_str(), holder, "seed {seed}");
            let waits = found.waiting().map(|offer| offer.to.as_str());
            assert_eq!(waits, offered, "seed {seed}");
            assert_eq!(found.answer.is_some(), done, "seed {seed}");
            let owing: Vec<_> = story
                .duties_of_check(check)
                .into_iter()
                .filter(|duty| duty.end.is_none())
                .collect();
            assert_eq!(owing.len(), usize::from(!done), "seed {seed}");
            assert!(owing.iter().all(|duty| duty.owed_by.as_str() == holder), "seed {seed}");
        }
        answers += usize::from(done);
    }
    assert!(answers > 10, "{answers}");
}

#[test]
fn the_officer_who_claimed_is_on_the_record() {
    let (mut story, _) = Story::with_grant(terms());
    let check = story.checked();
    let found = story.check_of(check);
    assert_eq!(found.opener, secret(FINANCE, KeyRole::Officer).public());
    assert_eq!((found.opened_by.as_str(), found.opened.at), (FINANCE, check.0));
    assert_eq!(found.terms, claim());
}

#[test]
fn who_received_data_in_an_emergency_alone_may_say_that_they_are_wrong() {
    let mut story = Story::new(Params::default());
    story.publish();
    let emergency = story.flooded();
    story.helped(emergency);
    // Also long after it is over.
    story.over(emergency);
    let on = story.now.plus(200 * DAY_MS);
    story.pass_until(on);
    let record = story.claiming(CheckTerms { grant: Some(emergency.into()), ..claim() });
    let check = CheckId(story.commit(vec![record]));
    let owed = story.duties_of_check(check).remove(0);
    assert_eq!((owed.owed_by.as_str(), owed.clock), (CIVIL, Clock::CheckReply));
}
