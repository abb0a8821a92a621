//! Assessments: who may report which, what a report says, and that it is followed up once and in time.

use comity_core::agency::KeyRole;
use comity_core::assessment::{
    Assessment, AssessmentKind, AssessmentTerms, MAX_SCORE, report_hash,
};
use comity_core::codes::CodeList;
use comity_core::duty::{self, DutyEnd, DutyObject, DutyState};
use comity_core::governance::{Measure, Office};
use comity_core::hash::ConsortiumId;
use comity_core::ids::{AssessmentId, LogIndex, TimeMs};
use comity_core::refusal::{AssessmentRefusal, Refusal};
use comity_core::rule_pack::Clock;
use comity_core::state;
use comity_core::statement::{Action, VerifiedRecord};

use crate::acts::AUTHORITY;
use crate::governance::removal;
use crate::membership::hosted_provider;
use crate::oversight::id;
use crate::refusals::{Case, wrong_signer};
use crate::story::{CIVIL, FINANCE, HEALTH, HOUR_MS, START, Story, terms, text};

fn refused(refusal: AssessmentRefusal) -> Refusal {
    Refusal::Assessment(refusal)
}

/// What whom it serves say of the provider, in the quarter before.
pub(crate) fn survey() -> AssessmentTerms {
    AssessmentTerms {
        agency: id(CIVIL),
        kind: AssessmentKind::Satisfaction,
        matter: Some("HOUSING".parse().unwrap()),
        from: TimeMs(START.0 - 90 * 24 * HOUR_MS),
        until: START,
        respondents: Some(412),
        score_permille: 873,
        report: report_hash(&ConsortiumId([4; 32]), b"the whole report"),
        text: text("Most get their certificate on the first visit"),
        recommendations: 2,
    }
}

impl Story {
    /// These report assessments.
    pub(crate) fn assessed_by(&mut self, agencies: &[&str]) {
        self.reviewed_by(Office::Assessor, agencies);
    }

    pub(crate) fn assessing(&mut self, by: &str, terms: AssessmentTerms) -> VerifiedRecord {
        self.record(by, KeyRole::Auditor, Action::ReportAssessment { terms })
    }

    /// The same, of those that report.
    pub(crate) fn assessing_as_appointed(&mut self, terms: AssessmentTerms) -> VerifiedRecord {
        self.assessed_by(&[HEALTH]);
        self.assessing(HEALTH, terms)
    }

    pub(crate) fn assessed(&mut self, terms: AssessmentTerms) -> AssessmentId {
        let record = self.assessing_as_appointed(terms);
        AssessmentId(self.commit(vec![record]))
    }

    pub(crate) fn following_up(
        &mut self,
        by: &str,
        role: KeyRole,
        assessment: AssessmentId,
    ) -> VerifiedRecord {
        let text = text("The form is one page now");
        self.record(by, role, Action::FollowUpAssessment { assessment, text })
    }

    pub(crate) fn assessment_of(&self, assessment: AssessmentId) -> Assessment {
        state::assessment(&self.ledger, assessment).unwrap()
    }

    fn refused_as(
        &mut self,
        terms: AssessmentTerms,
        refusal: AssessmentRefusal,
    ) -> (VerifiedRecord, Refusal) {
        (self.assessing_as_appointed(terms), refused(refusal))
    }
}

/// Cases about assessments; the dataset is published at 0, the grant issued at 1.
pub(crate) const CASES: &[Case] = &[
    |story| {
        story.assessed_by(&[HEALTH]);
        let record = story.assessing(FINANCE, survey());
        (record, refused(AssessmentRefusal::NotAnAssessor { agency: id(FINANCE) }))
    },
    |story| {
        // Whoever answers for the sharing has no word in how others are seen.
        let record = story.assessing(AUTHORITY, survey());
        (record, refused(AssessmentRefusal::NotAnAssessor { agency: id(AUTHORITY) }))
    },
    |story| {
        story.assessed_by(&[HEALTH]);
        let action = Action::ReportAssessment { terms: survey() };
        (story.record(HEALTH, KeyRole::Steward, action), wrong_signer(HEALTH, KeyRole::Auditor))
    },
    |story| {
        let terms = AssessmentTerms { agency: id(HEALTH), ..survey() };
        story.refused_as(terms, AssessmentRefusal::AssessmentOfSelf)
    },
    |story| {
        let agency = id("stranger.gd");
        let terms = AssessmentTerms { agency: agency.clone(), ..survey() };
        (story.assessing_as_appointed(terms), Refusal::AgencyUnknown { agency })
    },
    |story| {
        // Its host does not assess whom it hosts.
        let until = story.now.plus(90 * 24 * HOUR_MS);
        hosted_provider(story, until);
        story.assessed_by(&[CIVIL]);
        let hosted = crate::governance::VILLAGE;
        let terms = AssessmentTerms { agency: id(hosted), ..survey() };
        let (assessor, agency) = (id(CIVIL), id(hosted));
        let refusal = refused(AssessmentRefusal::AssessorTied { assessor, agency });
        (story.assessing(CIVIL, terms), refusal)
    },
    |story| {
        story.assessed_by(&[HEALTH]);
        let at = story.pass(removal(CIVIL));
        let record = story.assessing(HEALTH, survey());
        (record, Refusal::AgencyLeft { agency: id(CIVIL), at })
    },
    |story| {
        let code = "UNHEARD-OF".parse().unwrap();
        let terms = AssessmentTerms { matter: Some(code), ..survey() };
        let code = "UNHEARD-OF".parse().unwrap();
        let refusal = Refusal::CodeUnknown { list: CodeList::Matters, code };
        (story.assessing_as_appointed(terms), refusal)
    },
    |story| {
        let terms = AssessmentTerms { from: START, ..survey() };
        let record = story.assessing_as_appointed(terms);
        (record, refused(AssessmentRefusal::AssessmentPeriod { now: story.now }))
    },
    |story| {
        // It is not over.
        story.assessed_by(&[HEALTH]);
        let until = TimeMs(story.now.0 + 1);
        let record = story.assessing(HEALTH, AssessmentTerms { until, ..survey() });
        (record, refused(AssessmentRefusal::AssessmentPeriod { now: story.now }))
    },
    |story| {
        let terms = AssessmentTerms { score_permille: MAX_SCORE + 1, ..survey() };
        let limit = u64::from(MAX_SCORE);
        story.refused_as(terms, AssessmentRefusal::AssessmentScore { limit })
    },
    |story| {
        let terms = AssessmentTerms { respondents: None, ..survey() };
        story.refused_as(terms, AssessmentRefusal::RespondentsMissing)
    },
    |story| {
        let kind = AssessmentKind::ThirdParty;
        let terms = AssessmentTerms { kind, respondents: Some(0), ..survey() };
        story.refused_as(terms, AssessmentRefusal::RespondentsMissing)
    },
    |story| {
        let terms = AssessmentTerms { text: text(""), ..survey() };
        story.refused_as(terms, AssessmentRefusal::AssessmentTextEmpty)
    },
    |story| {
        let assessment = AssessmentId(LogIndex(1));
        let record = story.following_up(CIVIL, KeyRole::Steward, assessment);
        (record, refused(AssessmentRefusal::AssessmentUnknown { assessment }))
    },
    |story| {
        let assessment = story.assessed(survey());
        let record = story.following_up(HEALTH, KeyRole::Steward, assessment);
        (record, wrong_signer(CIVIL, KeyRole::Steward))
    },
    |story| {
        let assessment = story.assessed(AssessmentTerms { recommendations: 0, ..survey() });
        let record = story.following_up(CIVIL, KeyRole::Steward, assessment);
        (record, refused(AssessmentRefusal::NothingToFollowUp { assessment }))
    },
    |story| {
        let assessment = story.assessed(survey());
        let record = story.following_up(CIVIL, KeyRole::Admin, assessment);
        let at = story.commit(vec![record]);
        let record = story.following_up(CIVIL, KeyRole::Steward, assessment);
        (record, refused(AssessmentRefusal::FollowedUpAlready { assessment, at }))
    },
    |story| {
        // Other figures, words and recommendations make no other report of it.
        let assessment = story.assessed(survey());
        let terms = AssessmentTerms {
            respondents: Some(1),
            score_permille: 1,
            text: text("Something else"),
            recommendations: 9,
            ..survey()
        };
        let record = story.assessing(HEALTH, terms);
        (record, refused(AssessmentRefusal::AssessmentAgain { assessment }))
    },
    |story| {
        let assessment = story.assessed(survey());
        let action = Action::FollowUpAssessment { assessment, text: text("") };
        let record = story.record(CIVIL, KeyRole::Steward, action);
        (record, refused(AssessmentRefusal::AssessmentTextEmpty))
    },
];

/// One act of each kind.
pub(crate) fn one_of_each() -> [Action; 2] {
    let assessment = AssessmentId(LogIndex(9));
    [
        Action::ReportAssessment { terms: survey() },
        Action::FollowUpAssessment { assessment, text: text("The form is one page now") },
    ]
}

#[test]
fn what_was_recommended_is_followed_up_within_its_own_clock() {
    let (mut story, _) = Story::with_grant(terms());
    story.assessed_by(&[HEALTH]);
    let began = story.now;
    let record = story.assessing(HEALTH, survey());
    let assessment = AssessmentId(story.commit(vec![record]));
    let owed = duty::of_assessment(&story.ledger, &story.assessment_of(assessment));
    let [follow_up] = owed.as_slice() else { panic!("{owed:?}") };
    assert_eq!((follow_up.clock, &follow_up.owed_by), (Clock::AssessmentFollowUp, &id(CIVIL)));
    assert_eq!((follow_up.began, &follow_up.owed_to), (began, &Some(id(HEALTH))));
    assert_eq!(follow_up.object, DutyObject::Assessment(assessment));
    assert_eq!(follow_up.state(follow_up.due), DutyState::Lapsed);
    let on = story.now;
    let record = story.following_up(CIVIL, KeyRole::Steward, assessment);
    let at = story.commit(vec![record]);
    let found = story.assessment_of(assessment);
    assert_eq!(found.followed_up.as_ref().unwrap().made.at, at);
    assert_eq!(duty::of_assessment(&story.ledger, &found)[0].end, Some(DutyEnd::Done(on)));
}

#[test]
fn one_report_is_filed_once_for_each_agency_kind_matter_time_and_assessor() {
    let (mut story, _) = Story::with_grant(terms());
    story.assessed_by(&[HEALTH, FINANCE]);
    let record = story.assessing(HEALTH, survey());
    story.commit(vec![record]);
    let report = report_hash(&ConsortiumId([4; 32]), b"the whole report, corrected");
    for other in [
        AssessmentTerms { agency: id(FINANCE), ..survey() },
        AssessmentTerms { kind: AssessmentKind::ThirdParty, ..survey() },
        AssessmentTerms { matter: None, ..survey() },
        AssessmentTerms { from: TimeMs(START.0 - HOUR_MS), ..survey() },
        AssessmentTerms { until: TimeMs(START.0 - 1), ..survey() },
        AssessmentTerms { report, ..survey() },
    ] {
        let record = story.assessing(HEALTH, other.clone());
        assert_eq!(story.check(&record), Ok(()), "{other:?}");
    }
    let record = story.assessing(FINANCE, survey());
    assert_eq!(story.check(&record), Ok(()), "by another assessor");
}

#[test]
fn what_recommends_nothing_makes_no_duty() {
    let (mut story, _) = Story::with_grant(terms());
    let assessment = story.assessed(AssessmentTerms { recommendations: 0, ..survey() });
    assert!(duty::of_assessment(&story.ledger, &story.assessment_of(assessment)).is_empty());
}

#[test]
fn a_follow_up_that_comes_late_is_taken_and_stays_late() {
    let (mut story, _) = Story::with_grant(terms());
    let assessment = story.assessed(survey());
    let due = duty::of_assessment(&story.ledger, &story.assessment_of(assessment))[0].due;
    story.pass_until(due);
    let record = story.following_up(CIVIL, KeyRole::Steward, assessment);
    story.commit(vec![record]);
    let owed = duty::of_assessment(&story.ledger, &story.assessment_of(assessment));
    assert_eq!(owed[0].state(story.now), DutyState::MetLate);
}

#[test]
fn what_was_reported_stands_after_the_assessor_lost_its_office() {
    let (mut story, _) = Story::with_grant(terms());
    let assessment = story.assessed(survey());
    story.pass(Measure::Appoint { office: Office::Assessor, agencies: [id(FINANCE)].into() });
    let late = story.assessing(HEALTH, survey());
    let refusal = refused(AssessmentRefusal::NotAnAssessor { agency: id(HEALTH) });
    assert_eq!(story.check(&late), Err(refusal));
    assert_eq!(story.assessment_of(assessment).terms, survey());
    let record = story.following_up(CIVIL, KeyRole::Steward, assessment);
    assert_eq!(story.check(&record), Ok(()));
}

#[test]
fn who_is_hosted_does_not_assess_its_host() {
    let (mut story, _) = Story::with_grant(terms());
    let until = story.now.plus(90 * 24 * HOUR_MS);
    hosted_provider(&mut story, until);
    let hosted = crate::governance::VILLAGE;
    story.assessed_by(&[hosted]);
    let record = story.assessing(hosted, survey());
    let (assessor, agency) = (id(hosted), id(CIVIL));
    let refusal = refused(AssessmentRefusal::AssessorTied { assessor, agency });
    assert_eq!(story.check(&record), Err(refusal));
    let terms = AssessmentTerms { agency: id(FINANCE), ..survey() };
    let record = story.assessing(hosted, terms);
    assert_eq!(story.check(&record), Ok(()));
}

#[test]
fn a_report_is_known_by_its_bytes_and_its_consortium() {
    let (one, other) = (ConsortiumId([1; 32]), ConsortiumId([2; 32]));
    assert_eq!(report_hash(&one, b"report"), report_hash(&one, b"report"));
    assert_ne!(report_hash(&one, b"report"), report_hash(&other, b"report"));
    assert_ne!(report_hash(&one, b"report"), report_hash(&one, b"report "));
}
