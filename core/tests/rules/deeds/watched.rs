//! Deeds of random histories in draws, about findings, and about assessments.
//! Holds: most are by whoever may do them, on what there is; the rules refuse the others. Some who commit
//! never reveal.

use comity_core::agency::KeyRole;
use comity_core::assessment::AssessmentTerms;
use comity_core::ids::{AssessmentId, DrawId, FindingId};
use comity_core::oversight::{
    Draw, DrawState, DrawnVerdict, Finding, FindingAbout, FindingOutcome, Power,
};
use comity_core::state;
use comity_core::statement::{Action, VerifiedRecord};

use crate::acts::AUTHORITY;
use crate::assessments::survey;
use crate::oversight::{REVIEWERS, gateway, range};
use crate::story::{CIVIL, FINANCE, HEALTH};
use crate::teller::Teller;

impl Teller {
    /// Something in a draw: mostly what is next in it.
    pub(crate) fn draw_deed(&mut self) -> VerifiedRecord {
        let id = DrawId(self.some_position(&["open-draw"]));
        let Some(draw) = state::draw(&self.story.ledger, id) else { return self.drawing_some() };
        let by = *self.chance.pick(&REVIEWERS);
        match (self.chance.below(24), draw.state(self.story.now)) {
            (0, _) | (3..=8, DrawState::Void) => self.drawing_some(),
            (1, _) => {
                let by = *self.chance.pick(&[by, CIVIL]);
                self.story.committing(by, id)
            }
            (2, _) => self.story.revealing(by, id),
            (_, DrawState::Committing) => {
                let missing =
                    REVIEWERS.iter().find(|one| !draw.commits.contains_key(&one.parse().unwrap()));
                self.story.committing(missing.unwrap_or(&by), id)
            }
            (_, DrawState::Revealing) => {
                let missing = draw.commits.iter().find(|(_, commit)| commit.reveal.is_none());
                let by = missing.map_or(by.to_owned(), |(by, _)| by.to_string());
                self.story.revealing(&by, id)
            }
            (_, DrawState::Drawn | DrawState::Void) => self.reporting_some(id, &draw),
        }
    }

    fn drawing_some(&mut self) -> VerifiedRecord {
        let last = state::gateway_numbers(&self.story.ledger, &gateway()).last;
        let first = 1 + self.chance.next() % last.max(1);
        let count = u16::try_from(1 + self.chance.below(3)).unwrap();
        let by = *self.chance.pick(&REVIEWERS);
        self.story.drawing(by, vec![range(first, last)], count)
    }

    fn reporting_some(&mut self, id: DrawId, draw: &Draw) -> VerifiedRecord {
        let number = u16::try_from(1 + self.chance.below(3)).unwrap();
        let finding = FindingId(self.some_position(&["open-finding"]));
        let verdict = match self.chance.below(3) {
            0 => DrawnVerdict::Finding(finding),
            _ => DrawnVerdict::InOrder,
        };
        let by = self.reviewer(draw, number);
        let action = Action::ReportReview { draw: id, number, verdict };
        self.story.record(&by, KeyRole::Auditor, action)
    }

    /// Who is to review what was drawn at a place; any other where nobody is.
    fn reviewer(&mut self, draw: &Draw, number: u16) -> String {
        let drawn = draw.drawn().unwrap_or_default();
        let one = drawn.get(usize::from(number) - 1);
        one.map_or(HEALTH.to_owned(), |one| one.reviewer.to_string())
    }

    /// Something about a finding: opened, answered, closed.
    pub(crate) fn finding_deed(&mut self) -> VerifiedRecord {
        let id = FindingId(self.some_position(&["open-finding"]));
        let Some(finding) = state::finding(&self.story.ledger, id) else {
            return self.finding_some();
        };
        match self.chance.below(7) {
            0..=1 => self.finding_some(),
            2..=3 => {
                let role = *self.chance.pick(&[KeyRole::Steward, KeyRole::Admin]);
                self.story.answering_finding(finding.agency.as_str(), role, id)
            }
            4 => self.story.answering_finding(HEALTH, KeyRole::Steward, id),
            _ => self.closing_some(id, &finding),
        }
    }

    fn closing_some(&mut self, id: FindingId, finding: &Finding) -> VerifiedRecord {
        let outcome = *self.chance.pick(&FindingOutcome::ALL);
        self.story.closing_finding(finding.opened_by.as_str(), id, outcome)
    }

    fn finding_some(&mut self) -> VerifiedRecord {
        let against = *self.chance.pick(&[CIVIL, CIVIL, FINANCE]);
        let draw = DrawId(self.some_position(&["open-draw"]));
        let (about, by) = match self.chance.below(4) {
            0 => {
                let about = FindingAbout::Drawn { draw, number: 1 };
                let drawn = state::draw(&self.story.ledger, draw);
                (about, drawn.map(|draw| self.reviewer(&draw, 1)))
            }
            1 => (FindingAbout::Power(*self.chance.pick(&Power::ALL)), None),
            _ => (FindingAbout::Entry(self.some_position(&["issue-grant"])), None),
        };
        let other = *self.chance.pick(&[AUTHORITY, HEALTH, FINANCE]);
        let by = by.unwrap_or(other.to_owned());
        self.story.finding_by(&by, against, about)
    }

    /// Something about an assessment: reported, followed up.
    pub(crate) fn assessment_deed(&mut self) -> VerifiedRecord {
        let id = AssessmentId(self.some_position(&["report-assessment"]));
        let found = state::assessment(&self.story.ledger, id);
        let Some(assessment) = found.filter(|_| self.chance.below(3) > 0) else {
            let by = *self.chance.pick(&[HEALTH, HEALTH, FINANCE, AUTHORITY]);
            let agency = self.chance.pick(&[CIVIL, FINANCE]).parse().unwrap();
            let recommendations = u16::try_from(self.chance.below(3)).unwrap();
            let terms = AssessmentTerms { agency, recommendations, ..survey() };
            return self.story.assessing(by, terms);
        };
        let role = *self.chance.pick(&[KeyRole::Steward, KeyRole::Admin]);
        self.story.following_up(assessment.terms.agency.as_str(), role, id)
    }
}
