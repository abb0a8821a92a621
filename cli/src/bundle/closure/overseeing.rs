//! What belongs to a case of draws, findings and assessments.
//! Holds: the tables of docs/formats.md, "What a bundle holds". May not enter: fetching, proofs.

use comity_core::assessment::Assessment;
use comity_core::codes::CodeList;
use comity_core::ids::{AssessmentId, DrawId, FindingId, LogIndex};
use comity_core::oversight::{Draw, DrawnVerdict, Finding, FindingAbout};
use comity_core::state::StateKey;
use comity_core::statement::Action;

use super::super::objects::Held;
use super::Place;

/// The keys of the objects that such an act needs.
pub(super) fn needs(index: LogIndex, action: &Action) -> Vec<Vec<u8>> {
    match action {
        Action::OpenDraw { .. } => vec![of_draw(DrawId(index))],
        Action::CommitDraw { draw, .. } | Action::RevealDraw { draw, .. } => vec![of_draw(*draw)],
        Action::ReportReview { draw, verdict, .. } => {
            [of_draw(*draw)].into_iter().chain(of_verdict(*verdict)).collect()
        }
        Action::OpenFinding { .. } => vec![of_finding(FindingId(index))],
        Action::AnswerFinding { finding, .. } | Action::CloseFinding { finding, .. } => {
            vec![of_finding(*finding)]
        }
        Action::ReportAssessment { .. } => vec![of_assessment(AssessmentId(index))],
        Action::FollowUpAssessment { assessment, .. } => vec![of_assessment(*assessment)],
        _ => vec![],
    }
}

fn of_draw(draw: DrawId) -> Vec<u8> {
    StateKey::Draw(draw).to_bytes()
}

fn of_finding(finding: FindingId) -> Vec<u8> {
    StateKey::Finding(finding).to_bytes()
}

fn of_assessment(assessment: AssessmentId) -> Vec<u8> {
    StateKey::Assessment(assessment).to_bytes()
}

fn of_verdict(verdict: DrawnVerdict) -> Option<Vec<u8>> {
    match verdict {
        DrawnVerdict::InOrder => None,
        DrawnVerdict::Finding(finding) => Some(of_finding(finding)),
    }
}

/// The keys of the objects that a draw needs: the gateways from whose records is drawn, and what
/// was found.
pub(super) fn of_drawn(draw: &Draw) -> Vec<Vec<u8>> {
    let gateways = draw.scope.iter().map(|range| StateKey::Key(&range.gateway).to_bytes());
    let found = draw.reviews.values().filter_map(|review| of_verdict(review.verdict));
    gateways.chain(found).collect()
}

/// The keys of the objects that a finding needs.
pub(super) fn of_found(finding: &Finding) -> Vec<Vec<u8>> {
    match finding.about {
        FindingAbout::Drawn { draw, .. } => vec![of_draw(draw)],
        FindingAbout::Entry(_) | FindingAbout::Power(_) => vec![],
    }
}

/// The keys of the objects that an assessment needs: its matter.
pub(super) fn of_assessed(assessment: &Assessment) -> Vec<Vec<u8>> {
    let matter = assessment.terms.matter.iter();
    matter.map(|code| StateKey::code(CodeList::Matters, code).to_bytes()).collect()
}

/// The positions that an assessment names.
pub(super) fn assessed_at(assessment: &Assessment) -> Vec<(Place, LogIndex)> {
    let done = assessment.followed_up.as_ref().map(|done| (Place::Answered, done.made.at));
    [(Place::Made, assessment.reported.at)].into_iter().chain(done).collect()
}

/// The positions that a draw names.
pub(super) fn drawn_at(draw: &Draw) -> Vec<(Place, LogIndex)> {
    let mut found = vec![(Place::Made, draw.opened.at)];
    for commit in draw.commits.values() {
        found.push((Place::Committed, commit.made.at));
        found.extend(commit.reveal.map(|reveal| (Place::Revealed, reveal.made.at)));
    }
    found.extend(draw.reviews.values().map(|review| (Place::Reviewed, review.made.at)));
    found
}

/// The positions that a finding names.
pub(super) fn found_at(finding: &Finding) -> Vec<(Place, LogIndex)> {
    let mut found = vec![(Place::Made, finding.opened.at)];
    if let FindingAbout::Entry(entry) = finding.about {
        found.push((Place::About, entry));
    }
    found.extend(finding.answer.as_ref().map(|answer| (Place::Answered, answer.given.at)));
    found.extend(finding.closed.as_ref().map(|closed| (Place::Ended, closed.made.at)));
    found
}

/// Whether an entry is the act that a draw, a finding or an assessment says of its position.
pub(super) fn is_act(held: &Held, place: Place, index: LogIndex, action: &Action) -> bool {
    match held {
        Held::Draw(id, draw) => is_of_draw(*id, draw, (place, index), action),
        Held::Finding(id, finding) => is_of_finding(*id, finding, place, action),
        Held::Assessment(id, assessment) => is_of_assessment(*id, assessment, place, action),
        _ => false,
    }
}

fn is_of_draw(id: DrawId, held: &Draw, (place, index): (Place, LogIndex), action: &Action) -> bool {
    let mut commits = held.commits.values();
    match (place, action) {
        (Place::Made, Action::OpenDraw { scope, count }) => {
            *scope == held.scope && *count == held.count
        }
        (Place::Committed, Action::CommitDraw { draw, commitment }) => {
            *draw == id && commits.all(|one| one.made.at != index || one.commitment == *commitment)
        }
        (Place::Revealed, Action::RevealDraw { draw, secret }) => {
            let mut reveals = commits.filter_map(|one| one.reveal);
            *draw == id && reveals.all(|one| one.made.at != index || one.secret == *secret)
        }
        (Place::Reviewed, Action::ReportReview { draw, number, verdict }) => {
            let mut reviews = held.reviews.iter().filter(|(_, one)| one.made.at == index);
            *draw == id && reviews.all(|(at, one)| at == number && one.verdict == *verdict)
        }
        _ => false,
    }
}

fn is_of_finding(id: FindingId, held: &Finding, place: Place, action: &Action) -> bool {
    match (place, action) {
        (Place::Made, Action::OpenFinding { agency, about, text }) => {
            *agency == held.agency && *about == held.about && *text == held.text
        }
        // It is about what was done there, whatever that is.
        (Place::About, _) => true,
        (Place::Answered, Action::AnswerFinding { finding, answer }) => {
            *finding == id && held.answer.as_ref().is_some_and(|own| own.text == *answer)
        }
        (Place::Ended, Action::CloseFinding { finding, outcome, text }) => {
            let is_it = held.closed.as_ref().map(|own| (own.outcome, &own.text));
            *finding == id && is_it == Some((*outcome, text))
        }
        _ => false,
    }
}

fn is_of_assessment(id: AssessmentId, held: &Assessment, place: Place, action: &Action) -> bool {
    match (place, action) {
        (Place::Made, Action::ReportAssessment { terms }) => *terms == held.terms,
        (Place::Answered, Action::FollowUpAssessment { assessment, text }) => {
            *assessment == id && held.followed_up.as_ref().is_some_and(|own| own.text == *text)
        }
        _ => false,
    }
}
