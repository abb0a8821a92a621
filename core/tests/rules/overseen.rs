//! Oversight as it goes: what is drawn, over many draws; what is owed; what silence comes to.

use std::collections::{BTreeMap, BTreeSet};

use comity_core::agency::KeyRole;
use comity_core::duty::{self, DutyEnd, DutyObject, DutyState};
use comity_core::governance::Office;
use comity_core::hash::{ConsortiumId, DrawSecret};
use comity_core::ids::{DrawId, FindingId, LogIndex, TimeMs};
use comity_core::oversight::{
    DRAW_PHASE_MS, Draw, DrawRange, DrawState, DrawnVerdict, Finding, FindingAbout, FindingOutcome,
    MAX_DRAWN, Power, draw_commitment,
};
use comity_core::refusal::OversightRefusal;
use comity_core::rule_pack::Clock;
use comity_core::state;
use comity_core::statement::{Action, VerifiedRecord};
use comity_core::text::AgencyId;

use crate::acts::AUTHORITY;
use crate::chance::Chance;
use crate::governance::removal;
use crate::oversight::{REVIEWERS, closed, gateway, id, range, refused, secret_of};
use crate::refusals::wrong_signer;
use crate::story::{CIVIL, FINANCE, HEALTH, HOUR_MS, Story, terms, text};

impl Story {
    pub(crate) fn finding_by(
        &mut self,
        by: &str,
        against: &str,
        about: FindingAbout,
    ) -> VerifiedRecord {
        let text = text("No basis stands beside it");
        let action = Action::OpenFinding { agency: id(against), about, text };
        self.record(by, KeyRole::Auditor, action)
    }

    /// The authority finds something about the grant.
    pub(crate) fn found_fault(&mut self) -> FindingId {
        let record = self.finding_by(AUTHORITY, CIVIL, FindingAbout::Entry(LogIndex(1)));
        FindingId(self.commit(vec![record]))
    }

    pub(crate) fn answering_finding(
        &mut self,
        by: &str,
        role: KeyRole,
        finding: FindingId,
    ) -> VerifiedRecord {
        let answer = text("It stands in the letter");
        self.record(by, role, Action::AnswerFinding { finding, answer })
    }

    pub(crate) fn answered_finding(&mut self) -> FindingId {
        let finding = self.found_fault();
        let record = self.answering_finding(CIVIL, KeyRole::Steward, finding);
        self.commit(vec![record]);
        finding
    }

    pub(crate) fn closing_finding(
        &mut self,
        by: &str,
        finding: FindingId,
        outcome: FindingOutcome,
    ) -> VerifiedRecord {
        let action = Action::CloseFinding { finding, outcome, text: text("Seen") };
        self.record(by, KeyRole::Auditor, action)
    }

    pub(crate) fn finding_of(&self, finding: FindingId) -> Finding {
        state::finding(&self.ledger, finding).unwrap()
    }
}

/// One act of each kind.
pub(crate) fn one_of_each() -> [Action; 7] {
    let (draw, finding) = (DrawId(LogIndex(6)), FindingId(LogIndex(7)));
    let (agency, about) = (id(CIVIL), FindingAbout::Drawn { draw, number: 2 });
    let commitment = draw_commitment(&ConsortiumId([3; 32]), draw, &agency, &secret_of(CIVIL, 1));
    [
        Action::OpenDraw { scope: vec![range(1, 9), range(11, 12)], count: 5 },
        Action::CommitDraw { draw, commitment },
        Action::RevealDraw { draw, secret: secret_of(CIVIL, 1) },
        Action::ReportReview { draw, number: 2, verdict: DrawnVerdict::Finding(finding) },
        Action::OpenFinding { agency, about, text: text("No basis stands beside it") },
        Action::AnswerFinding { finding, answer: text("It stands in the letter") },
        Action::CloseFinding { finding, outcome: FindingOutcome::Upheld, text: text("Seen") },
    ]
}

/// A draw as it would stand on the ledger once these had revealed.
fn draw_with(secrets: &[(&str, DrawSecret)], scope: Vec<DrawRange>, count: u16) -> Draw {
    let mark = |at| duty::Mark { at: LogIndex(at), on: TimeMs(at) };
    let commits = (2..).zip(secrets).map(|(at, (agency, secret))| {
        let reveal = Some(comity_core::oversight::Reveal { secret: *secret, made: mark(at) });
        let commitment = Default::default();
        (id(agency), comity_core::oversight::Commit { commitment, made: mark(1), reveal })
    });
    Draw {
        consortium: ConsortiumId([5; 32]),
        providers: vec![id(CIVIL); scope.len()],
        scope,
        count,
        opened_by: id(HEALTH),
        opened: mark(0),
        pool: REVIEWERS.into_iter().chain([CIVIL]).map(id).collect(),
        commits: commits.collect(),
        reviews: BTreeMap::new(),
    }
}

#[test]
fn a_draw_takes_distinct_records_of_the_ranges_and_reviewers_of_other_agencies() {
    let mut chance = Chance(71);
    for _ in 0..300 {
        let scope: Vec<DrawRange> = (0..=chance.next() % 3)
            .map(|place| {
                let first = 1 + place * 1_000 + chance.next() % 100;
                range(first, first + chance.next() % 40)
            })
            .collect();
        let total: u64 = scope.iter().map(DrawRange::len).sum();
        let count = 1 + chance.next() % total.min(u64::from(MAX_DRAWN));
        let count = u16::try_from(count).unwrap();
        let secrets =
            [HEALTH, FINANCE].map(|by| (by, secret_of(by, chance.next().to_le_bytes()[0])));
        let draw = draw_with(&secrets, scope.clone(), count);
        let drawn = draw.drawn().unwrap();
        assert_eq!(drawn.len(), usize::from(count));
        let numbers: BTreeSet<u64> = drawn.iter().map(|one| one.number).collect();
        assert_eq!(numbers.len(), drawn.len(), "no record twice");
        for one in &drawn {
            assert!(scope.iter().any(|range| (range.first..=range.last).contains(&one.number)));
            assert!(one.reviewer != id(CIVIL) && draw.pool.contains(&one.reviewer));
        }
        assert_eq!(draw.drawn().unwrap(), drawn);
    }
}

#[test]
fn what_is_drawn_follows_from_the_reveals_and_from_each_of_them() {
    let secrets = REVIEWERS.map(|by| (by, secret_of(by, 1)));
    let scope = vec![range(1, 1_000_000)];
    let drawn = draw_with(&secrets, scope.clone(), 8).drawn().unwrap();
    // When they came, and what else stands in the draw, is nothing to it.
    let mut later = draw_with(&secrets, scope.clone(), 8);
    for commit in later.commits.values_mut() {
        commit.made.on = TimeMs(99);
        commit.commitment = comity_core::hash::DrawCommitment([9; 32]);
    }
    assert_eq!(later.drawn().unwrap(), drawn);
    for changed in 0..secrets.len() {
        let mut others = secrets;
        others[changed].1 = secret_of(others[changed].0, 2);
        assert_ne!(draw_with(&others, scope.clone(), 8).drawn().unwrap(), drawn, "{changed}");
    }
    let mut elsewhere = draw_with(&secrets, scope, 8);
    elsewhere.consortium = ConsortiumId([6; 32]);
    assert_ne!(elsewhere.drawn().unwrap(), drawn);
}

#[test]
fn over_many_seeds_each_record_and_each_reviewer_comes_up_about_as_often() {
    let (mut records, mut reviewers) = (BTreeMap::new(), BTreeMap::new());
    let mut chance = Chance(5);
    for _ in 0..2_000 {
        let mut secret = [0; 32];
        secret[..8].copy_from_slice(&chance.next().to_le_bytes());
        let secrets = [(HEALTH, DrawSecret(secret)), (FINANCE, secret_of(FINANCE, 1))];
        for one in draw_with(&secrets, vec![range(1, 6), range(11, 14)], 3).drawn().unwrap() {
            *records.entry(one.number).or_insert(0u32) += 1;
            *reviewers.entry(one.reviewer).or_insert(0u32) += 1;
        }
    }
    // 6,000 over ten records and three reviewers; the bounds are over four standard deviations.
    assert!(records.len() == 10 && records.values().all(|n| n.abs_diff(600) < 90), "{records:?}");
    assert!(reviewers.len() == 3 && reviewers.values().all(|n| n.abs_diff(2_000) < 150));
}

#[test]
fn a_draw_of_all_there_is_takes_all_there_is() {
    let secrets = [HEALTH, FINANCE].map(|by| (by, secret_of(by, 4)));
    let drawn = draw_with(&secrets, vec![range(1, 64)], 64).drawn().unwrap();
    let numbers: BTreeSet<u64> = drawn.iter().map(|one| one.number).collect();
    assert_eq!(numbers, (1..=64).collect());
}

#[test]
fn a_withheld_reveal_voids_the_draw_and_names_who_withheld() {
    let (mut story, _) = Story::with_grant(terms());
    let draw = story.thrown(&REVIEWERS, &[AUTHORITY, HEALTH]);
    let found = story.draw_of(draw);
    assert_eq!(found.state(story.now), DrawState::Revealing);
    assert_eq!(found.withheld(story.now), Vec::<&AgencyId>::new(), "there is still time");
    let over = found.reveals_until();
    assert_eq!(found.state(over), DrawState::Void);
    assert_eq!(found.withheld(over), [&id(FINANCE)]);
    assert_eq!((found.drawn(), found.settled()), (None, None));
    assert!(duty::of_draw(&story.ledger, &found).is_empty());
}

#[test]
fn one_agency_alone_draws_nothing() {
    let (mut story, _) = Story::with_grant(terms());
    let draw = story.thrown(&[HEALTH], &[HEALTH]);
    let found = story.draw_of(draw);
    assert_eq!((found.state(story.now), found.drawn()), (DrawState::Void, None));
}

#[test]
fn a_draw_goes_through_its_phases_and_its_reviews_are_owed() {
    let (mut story, _) = Story::with_grant(terms());
    let opened = story.opened_draw();
    let found = story.draw_of(opened);
    assert_eq!(found.commits_until(), found.opened.on.plus(DRAW_PHASE_MS));
    assert_eq!(found.reveals_until(), found.opened.on.plus(2 * DRAW_PHASE_MS));
    assert_eq!(found.state(TimeMs(found.commits_until().0 - 1)), DrawState::Committing);
    let (mut story, _) = Story::with_grant(terms());
    let draw = story.settled_draw();
    let found = story.draw_of(draw);
    let settled = found.settled().unwrap();
    assert_eq!(settled.at.0 + 1, story.ledger.log().size(), "as soon as the last one has revealed");
    assert_eq!(found.state(story.now), DrawState::Drawn);
    let duties = duty::of_draw(&story.ledger, &found);
    assert_eq!(duties.len(), 3);
    for (number, (owed, drawn)) in (1..).zip(duties.iter().zip(found.drawn().unwrap())) {
        assert_eq!((owed.clock, &owed.owed_by), (Clock::DrawnReview, &drawn.reviewer));
        assert_eq!((&owed.object, owed.began), (&DutyObject::Drawn { draw, number }, settled.on));
    }
    let on = story.now;
    let record = story.reporting_drawn(draw, 2, DrawnVerdict::InOrder);
    story.commit(vec![record]);
    let duties = duty::of_draw(&story.ledger, &story.draw_of(draw));
    assert_eq!(duties[1].end, Some(DutyEnd::Done(on)));
    assert_eq!((duties[0].end, duties[2].end), (None, None));
    let late = duties[0].due;
    assert_eq!(duties[0].state(late), DutyState::Lapsed);
}

#[test]
fn a_reviewer_reports_the_finding_that_it_opened_about_what_was_drawn() {
    let (mut story, _) = Story::with_grant(terms());
    let draw = story.settled_draw();
    let reviewer = story.reviewer_of(draw, 1);
    let about = FindingAbout::Drawn { draw, number: 1 };
    let record = story.finding_by(reviewer.as_str(), CIVIL, about);
    let finding = FindingId(story.commit(vec![record]));
    let elsewhere = story.reporting_drawn(draw, 2, DrawnVerdict::Finding(finding));
    let refusal = refused(OversightRefusal::FindingOfOther { finding });
    assert_eq!(story.check(&elsewhere), Err(refusal));
    let record = story.reporting_drawn(draw, 1, DrawnVerdict::Finding(finding));
    story.commit(vec![record]);
    assert_eq!(story.draw_of(draw).reviews[&1].verdict, DrawnVerdict::Finding(finding));
    assert_eq!(story.finding_of(finding).about, about);
}

#[test]
fn a_number_that_a_gateway_left_out_can_be_drawn() {
    let (mut story, grant) = Story::with_grant(terms());
    story.reviewed_by(Office::StewardReviewer, &REVIEWERS);
    story.number();
    story.number();
    let record = story.access(grant);
    story.commit(vec![record]);
    let missing = state::gateway_numbers(&story.ledger, &gateway()).missing;
    assert!(missing.iter().eq([1, 2]));
    let record = story.drawing(HEALTH, vec![range(1, 3)], 3);
    assert_eq!(story.check(&record), Ok(()), "a gap shields nothing");
}

#[test]
fn the_answer_and_then_the_closure_are_owed() {
    let (mut story, _) = Story::with_grant(terms());
    let began = story.now;
    let finding = story.found_fault();
    let owed = duty::of_finding(&story.ledger, &story.finding_of(finding));
    let [answer] = owed.as_slice() else { panic!("{owed:?}") };
    assert_eq!((answer.clock, &answer.owed_by), (Clock::FindingAnswer, &id(CIVIL)));
    assert_eq!((answer.began, &answer.owed_to), (began, &Some(id(AUTHORITY))));
    let on = story.now;
    let record = story.answering_finding(CIVIL, KeyRole::Admin, finding);
    story.commit(vec![record]);
    let owed = duty::of_finding(&story.ledger, &story.finding_of(finding));
    let [answer, closure] = owed.as_slice() else { panic!("{owed:?}") };
    assert_eq!(answer.end, Some(DutyEnd::Done(on)));
    assert_eq!((closure.clock, &closure.owed_by), (Clock::FindingClosure, &id(AUTHORITY)));
    assert_eq!((closure.began, closure.end), (on, None));
    let on = story.now;
    let record = story.closing_finding(AUTHORITY, finding, FindingOutcome::Remedied);
    let at = story.commit(vec![record]);
    let found = story.finding_of(finding);
    let closure = found.closed.clone().unwrap();
    assert_eq!((closure.outcome, closure.made.at), (FindingOutcome::Remedied, at));
    assert_eq!(duty::of_finding(&story.ledger, &found)[1].end, Some(DutyEnd::Done(on)));
}

#[test]
fn silence_is_upheld_once_the_time_for_the_answer_is_over() {
    let (mut story, _) = Story::with_grant(terms());
    let finding = story.found_fault();
    let due = duty::of_finding(&story.ledger, &story.finding_of(finding))[0].due;
    story.pass_until(due);
    let record = story.closing_finding(AUTHORITY, finding, FindingOutcome::Upheld);
    story.commit(vec![record]);
    let owed = duty::of_finding(&story.ledger, &story.finding_of(finding));
    assert_eq!(owed.len(), 1, "nothing was answered, so that no closure was waited for");
    assert_eq!(owed[0].state(story.now), DutyState::Lapsed);
}

#[test]
fn who_was_wrong_may_say_so_at_once() {
    let (mut story, _) = Story::with_grant(terms());
    let (finding, _) = closed(&mut story);
    let owed = duty::of_finding(&story.ledger, &story.finding_of(finding));
    assert_eq!(owed[0].state(story.now), DutyState::Released);
}

#[test]
fn what_a_member_that_left_had_found_the_authority_closes() {
    let (mut story, _) = Story::with_grant(terms());
    story.reviewed_by(Office::AdminReviewer, &[HEALTH]);
    let record = story.finding_by(HEALTH, CIVIL, FindingAbout::Power(Power::Admins));
    let finding = FindingId(story.commit(vec![record]));
    let early = story.closing_finding(AUTHORITY, finding, FindingOutcome::Unfounded);
    assert_eq!(story.check(&early), Err(wrong_signer(HEALTH, KeyRole::Auditor)));
    story.pass(removal(HEALTH));
    let record = story.closing_finding(AUTHORITY, finding, FindingOutcome::Unfounded);
    assert_eq!(story.check(&record), Ok(()));
}

#[test]
fn each_power_has_an_office_of_its_own_that_reviews_it() {
    let (mut story, _) = Story::with_grant(terms());
    for power in Power::ALL {
        story.reviewed_by(power.reviewer(), &[HEALTH]);
        for other in Power::ALL {
            let record = story.finding_by(HEALTH, CIVIL, FindingAbout::Power(other));
            assert_eq!(story.check(&record).is_ok(), other == power, "{power} {other}");
        }
        let record = story.finding_by(HEALTH, CIVIL, FindingAbout::Entry(LogIndex(0)));
        assert_eq!(story.check(&record), Ok(()));
        story.reviewed_by(power.reviewer(), &[FINANCE]);
    }
}

/// However agencies commit and reveal, a draw holds what it holds: a naive reading of the log says the same.
#[test]
fn whatever_agencies_do_a_draw_is_drawn_from_all_reveals_or_not_at_all() {
    for seed in 0..16 {
        let mut chance = Chance(seed);
        let (mut story, _) = Story::with_grant(terms());
        let draw = story.opened_draw();
        let (mut committed, mut revealed) = (BTreeSet::new(), BTreeSet::new());
        for _ in 0..24 {
            story.now = story.now.plus(chance.next() % (9 * HOUR_MS));
            let by = *chance.pick(&[AUTHORITY, CIVIL, FINANCE, HEALTH]);
            let found = story.draw_of(draw);
            let (early, late) = (found.commits_until(), found.reveals_until());
            let (commits, now) = (chance.below(2) == 0, story.now);
            let (record, may) = match commits {
                true => {
                    let may = by != CIVIL && now < early && !committed.contains(by);
                    (story.committing(by, draw), may)
                }
                false => {
                    let due = committed.contains(by) && !revealed.contains(by);
                    (story.revealing(by, draw), due && now >= early && now < late)
                }
            };
            assert_eq!(story.attempted(record).is_ok(), may, "seed {seed}: {by}");
            if may {
                if commits {
                    committed.insert(by)
                } else {
                    revealed.insert(by)
                };
            }
            let whole = committed.len() >= 2 && committed == revealed;
            assert_eq!(story.draw_of(draw).drawn().is_some(), whole, "seed {seed}");
        }
        let end = story.draw_of(draw).reveals_until();
        let silent: Vec<AgencyId> = committed.difference(&revealed).map(|by| id(by)).collect();
        let found = story.draw_of(draw);
        assert_eq!(found.withheld(end), silent.iter().collect::<Vec<_>>(), "seed {seed}");
    }
}
