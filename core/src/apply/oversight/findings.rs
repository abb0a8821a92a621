//! Opening, answering and closing findings.
//! Holds: nobody finds against itself; what is held up was answered, or nobody answered in time.
//! Source: docs/formats.md, "Rules", open-finding to close-finding.

use super::super::{Position, require_member, require_sole_signer};
use super::{auditing, draws, refuse};
use crate::agency::KeyRole;
use crate::duty;
use crate::ids::FindingId;
use crate::oversight::{
    Finding, FindingAbout, FindingAnswer, FindingClosure, FindingOutcome, Power,
};
use crate::refusal::{OversightRefusal, Refusal};
use crate::state::{self, Changes, StateKey, StateRead};
use crate::statement::StatementSigner;
use crate::text::{AgencyId, Text};

pub(in super::super) fn open_finding(
    state: &impl StateRead,
    at: Position,
    signers: &[StatementSigner],
    (agency, about): (&AgencyId, FindingAbout),
    text: &Text<512>,
) -> Result<Changes, Refusal> {
    let by = auditing(signers)?;
    if let FindingAbout::Entry(entry) = about
        && entry >= at.index
    {
        return refuse(OversightRefusal::EntryUnknown { entry });
    }
    if !may_find(state, by, about)? {
        return refuse(OversightRefusal::NotAReviewer { agency: by.clone() });
    }
    if agency == by {
        return refuse(OversightRefusal::FindingAgainstSelf);
    }
    require_member(state, at, agency)?;
    require_words(text.as_str())?;
    let finding = Finding {
        agency: agency.clone(),
        about,
        text: text.clone(),
        opened_by: by.clone(),
        opened: at.mark(),
        answer: None,
        closed: None,
    };
    Ok(put(&finding))
}

/// Whether an agency may hold something against others that is about this.
fn may_find(state: &impl StateRead, by: &AgencyId, about: FindingAbout) -> Result<bool, Refusal> {
    let is_authority = state::competent_authority(state).as_ref() == Some(by);
    Ok(match about {
        FindingAbout::Drawn { draw, number } => {
            draws::reviewer(&draws::require(state, draw)?, number)? == *by
        }
        FindingAbout::Power(power) => {
            is_authority || state::office(state, power.reviewer()).contains(by)
        }
        FindingAbout::Entry(_) => {
            is_authority
                || Power::ALL.iter().any(|one| state::office(state, one.reviewer()).contains(by))
        }
    })
}

pub(in super::super) fn answer(
    state: &impl StateRead,
    at: Position,
    signers: &[StatementSigner],
    id: FindingId,
    answer: &Text<512>,
) -> Result<Changes, Refusal> {
    let mut finding = require_open(state, id)?;
    if require_sole_signer(signers, &finding.agency, KeyRole::Admin).is_err() {
        require_sole_signer(signers, &finding.agency, KeyRole::Steward)?;
    }
    if let Some(earlier) = &finding.answer {
        let at = earlier.given.at;
        return refuse(OversightRefusal::FindingAnswered { finding: id, at });
    }
    require_words(answer.as_str())?;
    finding.answer = Some(FindingAnswer { given: at.mark(), text: answer.clone() });
    Ok(put(&finding))
}

pub(in super::super) fn close(
    state: &impl StateRead,
    at: Position,
    signers: &[StatementSigner],
    id: FindingId,
    (outcome, text): (FindingOutcome, &Text<512>),
) -> Result<Changes, Refusal> {
    let mut finding = require_open(state, id)?;
    require_sole_signer(signers, &closer(state, &finding), KeyRole::Auditor)?;
    let due = duty::finding_answer_due(state, &finding);
    // Who was wrong may say so at once; nothing else is said before the other was heard.
    let heard = finding.answer.is_some() || due.is_some_and(|due| at.time >= due);
    if outcome != FindingOutcome::Unfounded && !heard {
        return refuse(OversightRefusal::FindingUnanswered { finding: id, due });
    }
    require_words(text.as_str())?;
    finding.closed = Some(FindingClosure { made: at.mark(), outcome, text: text.clone() });
    Ok(put(&finding))
}

/// Who opened it; once that one has left, the competent authority.
fn closer(state: &impl StateRead, finding: &Finding) -> AgencyId {
    match state::departure(state, &finding.opened_by) {
        Some(_) => state::require_competent_authority(state),
        None => finding.opened_by.clone(),
    }
}

fn require_open(state: &impl StateRead, id: FindingId) -> Result<Finding, Refusal> {
    let Some(finding) = state::finding(state, id) else {
        return refuse(OversightRefusal::FindingUnknown { finding: id });
    };
    match &finding.closed {
        Some(closure) => {
            let at = closure.made.at;
            refuse(OversightRefusal::FindingClosed { finding: id, at })
        }
        None => Ok(finding),
    }
}

fn require_words(text: &str) -> Result<(), Refusal> {
    if text.is_empty() {
        return refuse(OversightRefusal::FindingTextEmpty);
    }
    Ok(())
}

fn put(finding: &Finding) -> Changes {
    Changes::of(&StateKey::Finding(FindingId(finding.opened.at)), finding)
}
