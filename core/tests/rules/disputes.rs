//! Disputes: every rule about them broken once, who rules at which step, and what the clocks come to.
//! Holds: nobody rules in a matter of its own but the respondent on its own decision.

use comity_core::agency::KeyRole;
use comity_core::check_request::{CheckOutcome, CheckTerms};
use comity_core::dispute::{Dispute, DisputeAbout, MAX_REOPENINGS, Ruling, Stage};
use comity_core::duty::{self, Duty, DutyObject, DutyState};
use comity_core::genesis::Params;
use comity_core::grant::GrantTerms;
use comity_core::ids::{CheckId, DisputeId, GrantId, LogIndex, RequestId, TimeMs};
use comity_core::refusal::{CheckRefusal, DisputeRefusal, Refusal};
use comity_core::rule_pack::Clock;
use comity_core::state;
use comity_core::statement::{Action, VerifiedRecord};

use crate::acts::AUTHORITY;
use crate::checks::claim;
use crate::governance::removal;
use crate::refusals::{Case, wrong_signer};
use crate::story::{CIVIL, FINANCE, HEALTH, START, Story, genesis, terms, text};

const DAY_MS: u64 = 86_400_000;
const GRANT: GrantId = GrantId(LogIndex(1));

pub(crate) fn anew() -> Ruling {
    Ruling::Anew { reason: text("The purpose was not looked at") }
}

pub(crate) fn stands() -> Ruling {
    Ruling::Stands { basis: text("Act 12, art. 4"), reason: text("The purpose is another") }
}

impl Story {
    pub(crate) fn disputing(&mut self, about: DisputeAbout) -> VerifiedRecord {
        let grounds = text("The refusal names another act");
        self.record(FINANCE, KeyRole::Steward, Action::OpenDispute { about, grounds })
    }

    pub(crate) fn disputed(&mut self, about: DisputeAbout) -> DisputeId {
        let record = self.disputing(about);
        DisputeId(self.commit(vec![record]))
    }

    pub(crate) fn replying(&mut self, dispute: DisputeId, ruling: Ruling) -> VerifiedRecord {
        self.record(CIVIL, KeyRole::Steward, Action::AnswerDispute { dispute, ruling })
    }

    pub(crate) fn escalating(&mut self, dispute: DisputeId) -> VerifiedRecord {
        let grounds = text("The answer says nothing new");
        self.record(FINANCE, KeyRole::Steward, Action::EscalateDispute { dispute, grounds })
    }

    pub(crate) fn deciding(
        &mut self,
        by: &str,
        dispute: DisputeId,
        ruling: Ruling,
    ) -> VerifiedRecord {
        self.record(by, KeyRole::Steward, Action::DecideDispute { dispute, ruling })
    }

    pub(crate) fn dispute_of(&self, dispute: DisputeId) -> Dispute {
        state::dispute(&self.ledger, dispute).unwrap()
    }

    pub(crate) fn duties_of_dispute(&self, dispute: DisputeId) -> Vec<Duty> {
        duty::of_dispute(&self.ledger, &self.dispute_of(dispute))
    }

    /// A request that was refused, and the dispute about that.
    pub(crate) fn contested(&mut self) -> (RequestId, DisputeId) {
        let request = self.opened();
        let record = self.refusal(request);
        self.commit(vec![record]);
        (request, self.disputed(DisputeAbout::Request(request)))
    }

    /// The respondent lets its refusal stand.
    pub(crate) fn insisted(&mut self) -> (RequestId, DisputeId) {
        let (request, dispute) = self.contested();
        let record = self.replying(dispute, stands());
        self.commit(vec![record]);
        (request, dispute)
    }

    /// It is with the competent authority.
    pub(crate) fn escalated(&mut self) -> (RequestId, DisputeId, LogIndex) {
        let (request, dispute) = self.insisted();
        let record = self.escalating(dispute);
        let at = self.commit(vec![record]);
        (request, dispute, at)
    }

    /// It is with the agency above both.
    pub(crate) fn highest(&mut self) -> DisputeId {
        let (_, dispute, _) = self.escalated();
        let ruled = self.deciding(AUTHORITY, dispute, stands());
        self.commit(vec![ruled]);
        let record = self.escalating(dispute);
        self.commit(vec![record]);
        dispute
    }

    fn refused_anew(&mut self, request: RequestId) -> LogIndex {
        let record = self.refusal(request);
        self.commit(vec![record])
    }
}

/// A consortium in which these are above those, with the dataset and the grant.
fn led(above: &[(usize, &str)]) -> Story {
    let mut genesis = genesis(Params::default());
    for (place, superior) in above {
        genesis.members[*place].agency.superior = Some(superior.parse().unwrap());
    }
    let mut story = Story::founded_by(genesis);
    story.publish();
    story.issue(terms());
    story
}

/// Where the members stand in the genesis.
const PLACES: [usize; 2] = [1, 2];

/// HEALTH is above both sides.
pub(crate) fn under_health() -> Story {
    led(&PLACES.map(|place| (place, HEALTH)))
}

fn refused(refusal: DisputeRefusal) -> Refusal {
    Refusal::Dispute(refusal)
}

/// Something that breaks each rule. The grant is the usual one.
pub(crate) const CASES: &[Case] = &[
    |story| {
        let request = RequestId(GRANT.0);
        let record = story.disputing(DisputeAbout::Request(request));
        (record, Refusal::RequestUnknown { request })
    },
    |story| {
        let grant = GrantId(LogIndex(9));
        (story.disputing(DisputeAbout::Delivery(grant)), Refusal::GrantUnknown { grant })
    },
    |story| {
        let check = CheckId(GRANT.0);
        let record = story.disputing(DisputeAbout::Check(check));
        (record, Refusal::Check(CheckRefusal::CheckUnknown { check }))
    },
    |story| {
        let about = DisputeAbout::Delivery(GRANT);
        let action = Action::OpenDispute { about, grounds: text("Late") };
        let record = story.record(HEALTH, KeyRole::Steward, action);
        (record, wrong_signer(FINANCE, KeyRole::Steward))
    },
    |story| {
        let request = story.opened();
        let record = story.disputing(DisputeAbout::Request(request));
        (record, refused(DisputeRefusal::NothingToDispute))
    },
    |story| {
        let record = story.disputing(DisputeAbout::Delivery(GRANT));
        (record, refused(DisputeRefusal::NothingToDispute))
    },
    |story| {
        let (request, dispute) = story.contested();
        let record = story.disputing(DisputeAbout::Request(request));
        (record, refused(DisputeRefusal::DisputedAlready { dispute }))
    },
    |story| {
        // What lapsed is disputed once, too.
        let request = story.opened();
        story.pass_until(story.now.plus(40 * DAY_MS));
        let dispute = story.disputed(DisputeAbout::Request(request));
        let record = story.disputing(DisputeAbout::Request(request));
        (record, refused(DisputeRefusal::DisputedAlready { dispute }))
    },
    |story| {
        let (request, mut dispute) = story.contested();
        for round in 1..=MAX_REOPENINGS {
            let record = story.replying(dispute, anew());
            story.commit(vec![record]);
            story.refused_anew(request);
            if round < MAX_REOPENINGS {
                dispute = story.disputed(DisputeAbout::Request(request));
            }
        }
        let limit = MAX_REOPENINGS as u64;
        let record = story.disputing(DisputeAbout::Request(request));
        (record, refused(DisputeRefusal::TooManyReopenings { limit }))
    },
    |story| {
        let (request, about) = {
            let request = story.opened();
            (request, DisputeAbout::Request(request))
        };
        story.refused_anew(request);
        let action = Action::OpenDispute { about, grounds: text("") };
        let record = story.record(FINANCE, KeyRole::Steward, action);
        (record, refused(DisputeRefusal::DisputeTextEmpty))
    },
    |story| {
        let dispute = DisputeId(GRANT.0);
        let record = story.replying(dispute, anew());
        (record, refused(DisputeRefusal::DisputeUnknown { dispute }))
    },
    |story| {
        let (_, dispute) = story.contested();
        let action = Action::AnswerDispute { dispute, ruling: anew() };
        let record = story.record(FINANCE, KeyRole::Steward, action);
        (record, wrong_signer(CIVIL, KeyRole::Steward))
    },
    |story| {
        let (_, dispute) = story.contested();
        let record = story.replying(dispute, Ruling::Anew { reason: text("") });
        (record, refused(DisputeRefusal::DisputeTextEmpty))
    },
    |story| {
        let (_, dispute) = story.contested();
        let ruling = Ruling::Stands { basis: text(""), reason: text("Because") };
        (story.replying(dispute, ruling), refused(DisputeRefusal::DisputeTextEmpty))
    },
    |story| {
        let (_, dispute) = story.contested();
        let first = story.replying(dispute, stands());
        let at = story.commit(vec![first]);
        let record = story.replying(dispute, anew());
        (record, refused(DisputeRefusal::DisputeRuled { dispute, at }))
    },
    |story| {
        let (_, dispute) = story.contested();
        let first = story.replying(dispute, anew());
        let at = story.commit(vec![first]);
        let record = story.escalating(dispute);
        (record, refused(DisputeRefusal::DisputeRuled { dispute, at }))
    },
    |story| {
        let (_, dispute, at) = story.escalated();
        let record = story.replying(dispute, anew());
        (record, refused(DisputeRefusal::DisputeEscalated { dispute, at }))
    },
    |story| {
        let (_, dispute) = story.contested();
        let record = story.deciding(AUTHORITY, dispute, anew());
        (record, refused(DisputeRefusal::DisputeNotEscalated { dispute }))
    },
    |story| {
        let (_, dispute, _) = story.escalated();
        let record = story.deciding(HEALTH, dispute, anew());
        (record, wrong_signer(AUTHORITY, KeyRole::Steward))
    },
    |story| {
        let (_, dispute) = story.contested();
        let step = story.dispute_of(dispute).steps[0].clone();
        let due = duty::due(&story.ledger, &step.by, step.began.on, 5);
        let record = story.escalating(dispute);
        (record, refused(DisputeRefusal::EscalationTooEarly { dispute, due }))
    },
    |story| {
        let (_, dispute) = story.insisted();
        let grounds = text("x");
        let action = Action::EscalateDispute { dispute, grounds };
        let record = story.record(CIVIL, KeyRole::Steward, action);
        (record, wrong_signer(FINANCE, KeyRole::Steward))
    },
    |story| {
        let (_, dispute) = story.insisted();
        let action = Action::EscalateDispute { dispute, grounds: text("") };
        let record = story.record(FINANCE, KeyRole::Steward, action);
        (record, refused(DisputeRefusal::DisputeTextEmpty))
    },
    |story| {
        // Nobody is above both.
        let (_, dispute, _) = story.escalated();
        let ruled = story.deciding(AUTHORITY, dispute, stands());
        story.commit(vec![ruled]);
        let record = story.escalating(dispute);
        (record, refused(DisputeRefusal::NoCommonSuperior { dispute }))
    },
    |story| {
        *story = under_health();
        let dispute = story.highest();
        let ruled = story.deciding(HEALTH, dispute, stands());
        story.commit(vec![ruled]);
        (story.escalating(dispute), refused(DisputeRefusal::DisputeFinal { dispute }))
    },
    |story| {
        // What was overdue was refused meanwhile, and that is disputed by itself.
        let request = story.opened();
        story.pass_until(story.now.plus(40 * DAY_MS));
        let about = DisputeAbout::Request(request);
        let first = story.disputed(about);
        story.refused_anew(request);
        let dispute = story.disputed(about);
        let record = story.escalating(first);
        (record, refused(DisputeRefusal::DisputeSuperseded { dispute }))
    },
    |story| {
        // What was overdue was granted meanwhile.
        let request = story.opened();
        story.pass_until(story.now.plus(20 * DAY_MS));
        let dispute = story.disputed(DisputeAbout::Request(request));
        story.approve(request, terms()).unwrap();
        let record = story.replying(dispute, anew());
        (record, refused(DisputeRefusal::NothingToDispute))
    },
    |story| {
        // Who should have decided has left.
        let request = story.opened();
        story.refused_anew(request);
        let at = story.pass(removal(CIVIL));
        let record = story.disputing(DisputeAbout::Request(request));
        (record, Refusal::AgencyLeft { agency: CIVIL.parse().unwrap(), at })
    },
];

#[test]
fn what_is_ruled_anew_is_open_again_and_what_was_decided_stays_on_record() {
    let (mut story, _) = Story::with_grant(terms());
    let (request, dispute) = story.contested();
    let before = state::request(&story.ledger, request).unwrap().reply.unwrap();
    let record = story.replying(dispute, anew());
    story.commit(vec![record]);
    let found = state::request(&story.ledger, request).unwrap();
    assert_eq!((found.reply, found.earlier), (None, vec![before.clone()]));
    story.approve(request, terms()).unwrap();
    let found = state::request(&story.ledger, request).unwrap();
    assert_eq!(found.earlier, [before]);
    assert!(found.reply.is_some());
}

#[test]
fn steps_go_from_the_two_to_the_authority_to_who_is_above_both() {
    let mut story = under_health();
    let dispute = story.highest();
    let steps = story.dispute_of(dispute).steps;
    let found: Vec<_> = steps.iter().map(|step| (step.stage, step.by.as_str())).collect();
    let expected =
        [(Stage::Parties, CIVIL), (Stage::Authority, AUTHORITY), (Stage::Superior, HEALTH)];
    assert_eq!(found, expected);
    let record = story.deciding(HEALTH, dispute, anew());
    assert_eq!(story.check(&record), Ok(()));
}

#[test]
fn the_authority_is_passed_over_where_it_is_a_side() {
    let mut story = led(&[(0, HEALTH), (1, HEALTH), (2, HEALTH)]);
    let amended = comity_core::dataset::Dataset {
        manager: Some(AUTHORITY.parse().unwrap()),
        ..crate::story::dataset()
    };
    story.amend(amended, 1).unwrap();
    let request = story.opened();
    let action = Action::RefuseRequest {
        request,
        legal_basis: text("Act 12"),
        reason: text("Another purpose"),
    };
    let record = story.record(AUTHORITY, KeyRole::Steward, action);
    story.commit(vec![record]);
    let dispute = story.disputed(DisputeAbout::Request(request));
    assert_eq!(story.dispute_of(dispute).respondent.as_str(), AUTHORITY);
    let action = Action::AnswerDispute { dispute, ruling: stands() };
    let record = story.record(AUTHORITY, KeyRole::Steward, action);
    story.commit(vec![record]);
    let record = story.escalating(dispute);
    story.commit(vec![record]);
    let step = story.dispute_of(dispute).step().clone();
    assert_eq!((step.stage, step.by.as_str()), (Stage::Superior, HEALTH));
}

#[test]
fn the_nearest_above_both_is_found_in_the_branch_and_locally() {
    // FINANCE is below HEALTH; CIVIL belongs to it locally: one level each.
    let mut genesis = genesis(Params::default());
    genesis.members[2].agency.superior = Some(HEALTH.parse().unwrap());
    genesis.members[1].agency.authority = Some(HEALTH.parse().unwrap());
    genesis.members[3].agency.superior = Some(AUTHORITY.parse().unwrap());
    let mut story = Story::founded_by(genesis);
    story.publish();
    story.issue(terms());
    let dispute = story.highest();
    assert_eq!(story.dispute_of(dispute).step().by.as_str(), HEALTH);
}

#[test]
fn a_side_that_is_above_the_other_is_not_above_both() {
    let mut story = led(&[(2, CIVIL)]);
    let (_, dispute, _) = story.escalated();
    let ruled = story.deciding(AUTHORITY, dispute, stands());
    story.commit(vec![ruled]);
    let record = story.escalating(dispute);
    let refusal = refused(DisputeRefusal::NoCommonSuperior { dispute });
    assert_eq!(story.check(&record), Err(refusal));
}

#[test]
fn whoever_does_not_rule_in_time_lapses_and_is_passed() {
    let (mut story, _) = Story::with_grant(terms());
    let (_, dispute) = story.contested();
    let [duty] = &story.duties_of_dispute(dispute)[..] else { panic!("one step") };
    assert_eq!((duty.clock, duty.owed_by.as_str()), (Clock::DisputeAnswer, CIVIL));
    assert_eq!(duty.object, DutyObject::Dispute(dispute));
    let due = duty.due;
    story.pass_until(due);
    let record = story.escalating(dispute);
    story.commit(vec![record]);
    let now = story.now;
    let found = story.duties_of_dispute(dispute);
    let states: Vec<_> = found.iter().map(|duty| duty.state(now)).collect();
    assert_eq!(states, [DutyState::Lapsed, DutyState::Running]);
    assert_eq!((found[1].clock, found[1].owed_by.as_str()), (Clock::DisputeDecision, AUTHORITY));
}

#[test]
fn to_decide_anew_is_owed_until_it_is_decided_and_can_be_disputed_where_it_is_not() {
    let (mut story, _) = Story::with_grant(terms());
    let (request, dispute) = story.contested();
    let record = story.replying(dispute, anew());
    story.commit(vec![record]);
    let duty = story.duties_of_dispute(dispute)[1].clone();
    assert_eq!((duty.clock, duty.owed_by.as_str()), (Clock::DecideAnew, CIVIL));
    assert_eq!(duty.state(story.now), DutyState::Running);
    let about = DisputeAbout::Request(request);
    let early = story.disputing(about);
    assert_eq!(story.check(&early), Err(refused(DisputeRefusal::NothingToDispute)));
    let mut kept = story.clone();
    kept.refused_anew(request);
    assert_eq!(kept.duties_of_dispute(dispute)[1].state(kept.now), DutyState::Met);
    let again = kept.disputing(about);
    assert_eq!(kept.check(&again), Ok(()), "what was decided anew is another decision");
    story.pass_until(duty.due);
    assert_eq!(story.duties_of_dispute(dispute)[1].state(story.now), DutyState::Lapsed);
    let again = story.disputing(about);
    assert_eq!(story.check(&again), Ok(()));
}

#[test]
fn the_first_reply_was_in_time_whatever_became_of_it() {
    let (mut story, _) = Story::with_grant(terms());
    let (request, dispute) = story.contested();
    let before = story.duties_of(request);
    let record = story.replying(dispute, anew());
    story.commit(vec![record]);
    story.pass_until(story.now.plus(60 * DAY_MS));
    assert_eq!(story.duties_of(request), before);
    assert_eq!(before[0].state(story.now), DutyState::Met);
}

#[test]
fn data_that_were_not_made_ready_are_disputed_until_they_are() {
    let not_after = START.plus(400 * DAY_MS);
    let (mut story, grant) = Story::with_grant(GrantTerms { not_after, ..terms() });
    let about = DisputeAbout::Delivery(grant);
    let due = duty::of_grant(&story.ledger, &story.granted(grant))[0].due;
    story.pass_until(TimeMs(due.0 - 60_000));
    let early = story.disputing(about);
    assert_eq!(story.check(&early), Err(refused(DisputeRefusal::NothingToDispute)));
    story.pass_until(due);
    let dispute = story.disputed(about);
    let record = story.replying(dispute, anew());
    story.commit(vec![record]);
    assert_eq!(story.duties_of_dispute(dispute)[1].state(story.now), DutyState::Running);
    let record = story.delivering(grant);
    story.commit(vec![record]);
    assert_eq!(story.duties_of_dispute(dispute)[1].state(story.now), DutyState::Met);
    let late = story.disputing(about);
    assert_eq!(story.check(&late), Err(refused(DisputeRefusal::NothingToDispute)));
}

#[test]
fn a_check_that_was_not_upheld_is_answered_anew() {
    let (mut story, _) = Story::with_grant(terms());
    let record = story.claiming(CheckTerms { grant: Some(GRANT.into()), ..claim() });
    let check = CheckId(story.commit(vec![record]));
    let (basis, reason) = (text("Act 12"), text("As declared"));
    let outcome = CheckOutcome::NotUpheld { basis, reason };
    let record = story.steward(Action::AnswerCheck { check, outcome });
    story.commit(vec![record]);
    let dispute = story.disputed(DisputeAbout::Check(check));
    let record = story.replying(dispute, anew());
    story.commit(vec![record]);
    let found = state::check_request(&story.ledger, check).unwrap();
    assert_eq!((found.answer, found.earlier.len()), (None, 1));
    let record = story.upholding(check);
    story.commit(vec![record]);
    let found = state::check_request(&story.ledger, check).unwrap();
    let duties = duty::of_check(&story.ledger, &found);
    assert_eq!(
        duties.iter().map(|duty| duty.clock).collect::<Vec<_>>(),
        [Clock::CheckReply, Clock::Correction,]
    );
    assert_eq!(duties[0].state(story.now), DutyState::Met, "by its first answer");
    assert_eq!(story.duties_of_dispute(dispute)[1].state(story.now), DutyState::Met);
}
