//! Reporting assessments, and saying what was done about them.
//! Holds: nobody assesses itself, nor whom it answers for; a report looks at what is over,
//! and is filed once; it is followed up once.
//! Source: docs/formats.md, "Rules", report-assessment and follow-up-assessment.

use super::codes::require_in_use;
use super::{Position, acting, check_membership, require_sole_signer};
use crate::agency::KeyRole;
use crate::assessment::{Assessment, AssessmentKind, AssessmentTerms, FollowUp, MAX_SCORE};
use crate::codes::CodeList;
use crate::governance::Office;
use crate::ids::AssessmentId;
use crate::refusal::{AssessmentRefusal, Refusal};
use crate::state::{self, Changes, StateKey, StateRead};
use crate::statement::StatementSigner;
use crate::text::{AgencyId, Text};

pub(super) fn report(
    state: &impl StateRead,
    at: Position,
    signers: &[StatementSigner],
    terms: &AssessmentTerms,
) -> Result<Changes, Refusal> {
    let by = acting(signers);
    require_sole_signer(signers, by, KeyRole::Auditor)?;
    if !state::office(state, Office::Assessor).contains(by) {
        return refuse(AssessmentRefusal::NotAnAssessor { agency: by.clone() });
    }
    check_independence(state, by, &terms.agency)?;
    check_membership(state, at, &terms.agency)?;
    if let Some(matter) = &terms.matter {
        require_in_use(state, CodeList::Matters, matter)?;
    }
    check_content(at, terms)?;
    // Twice the same would count twice in the mean.
    if let Some(assessment) = state::reported(state, by, terms) {
        return refuse(AssessmentRefusal::AssessmentAgain { assessment });
    }
    let assessment = Assessment {
        terms: terms.clone(),
        reported_by: by.clone(),
        reported: at.mark(),
        followed_up: None,
    };
    let mut changes = put(&assessment);
    changes.put(&StateKey::Reported(by, terms), &assessment.id());
    Ok(changes)
}

/// Neither is the other, answers for it or hosts it.
fn check_independence(
    state: &impl StateRead,
    by: &AgencyId,
    agency: &AgencyId,
) -> Result<(), Refusal> {
    if agency == by {
        return refuse(AssessmentRefusal::AssessmentOfSelf);
    }
    let Some(assessed) = state::agency(state, agency) else {
        return Err(Refusal::AgencyUnknown { agency: agency.clone() });
    };
    let assessor = state::agency(state, by);
    let answers = assessed.answered_for_by() == Some(by)
        || assessor.is_some_and(|assessor| assessor.answered_for_by() == Some(agency));
    if answers {
        return refuse(AssessmentRefusal::AssessorTied {
            assessor: by.clone(),
            agency: agency.clone(),
        });
    }
    Ok(())
}

/// The report is about a time that is over, in numbers that can be, and in words.
fn check_content(at: Position, terms: &AssessmentTerms) -> Result<(), Refusal> {
    if terms.from >= terms.until || terms.until > at.time {
        return refuse(AssessmentRefusal::AssessmentPeriod { now: at.time });
    }
    if terms.score_permille > MAX_SCORE {
        return refuse(AssessmentRefusal::AssessmentScore { limit: u64::from(MAX_SCORE) });
    }
    // How satisfied whom it serves are, only they can say.
    let nobody = match terms.kind {
        AssessmentKind::Satisfaction => terms.respondents.unwrap_or_default() == 0,
        AssessmentKind::ThirdParty => terms.respondents == Some(0),
    };
    if nobody {
        return refuse(AssessmentRefusal::RespondentsMissing);
    }
    require_words(&terms.text)
}

pub(super) fn follow_up(
    state: &impl StateRead,
    at: Position,
    signers: &[StatementSigner],
    id: AssessmentId,
    text: &Text<512>,
) -> Result<Changes, Refusal> {
    let Some(mut assessment) = state::assessment(state, id) else {
        return refuse(AssessmentRefusal::AssessmentUnknown { assessment: id });
    };
    let agency = &assessment.terms.agency;
    if require_sole_signer(signers, agency, KeyRole::Admin).is_err() {
        require_sole_signer(signers, agency, KeyRole::Steward)?;
    }
    if assessment.terms.recommendations == 0 {
        return refuse(AssessmentRefusal::NothingToFollowUp { assessment: id });
    }
    if let Some(earlier) = &assessment.followed_up {
        let at = earlier.made.at;
        return refuse(AssessmentRefusal::FollowedUpAlready { assessment: id, at });
    }
    require_words(text)?;
    assessment.followed_up = Some(FollowUp { made: at.mark(), text: text.clone() });
    Ok(put(&assessment))
}

fn require_words(text: &Text<512>) -> Result<(), Refusal> {
    if text.as_str().is_empty() {
        return refuse(AssessmentRefusal::AssessmentTextEmpty);
    }
    Ok(())
}

fn refuse<T>(refusal: AssessmentRefusal) -> Result<T, Refusal> {
    Err(Refusal::Assessment(refusal))
}

fn put(assessment: &Assessment) -> Changes {
    Changes::of(&StateKey::Assessment(assessment.id()), assessment)
}
