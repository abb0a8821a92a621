//! What assessors report in the course of the year, and who follows it up.

use comity_core::assessment::{AssessmentKind, AssessmentTerms, report_hash};
use comity_core::ids::{AssessmentId, TimeMs};
use comity_core::state;
use comity_core::statement::Action;
use comity_core::text::AgencyId;

use super::agenda::Event;
use super::days::DAY_MS;
use super::people::{By, EMERGENCY_REVIEWER, MATTERS, SUPERVISOR};
use super::{Done, Year, said};

/// Who reports.
pub(super) const ASSESSORS: [&str; 2] = [SUPERVISOR, EMERGENCY_REVIEWER];
/// Of whom.
const ASSESSED: [&str; 5] =
    ["civil.city", "health.city", "housing.city", "police.city", "tax.city"];

impl Year {
    /// What people say of some agencies, and what others found of them. Errors: the rules refuse a record.
    pub(super) fn assess(&mut self) -> Done {
        let now = self.now();
        for (place, name) in ASSESSED.into_iter().enumerate() {
            let by: AgencyId = said(ASSESSORS[place % ASSESSORS.len()]);
            let kind = AssessmentKind::ALL[place % AssessmentKind::ALL.len()];
            let asked = u32::try_from(self.chance.between((80, 900))).unwrap_or_default();
            let text = format!("Report {now} of {name}");
            let terms = AssessmentTerms {
                agency: said(name),
                kind,
                matter: (place % 2 == 0).then(|| said(MATTERS[place].0)),
                from: TimeMs(now.0 - 90 * DAY_MS),
                until: TimeMs(now.0 - DAY_MS),
                respondents: (kind == AssessmentKind::Satisfaction).then_some(asked),
                score_permille: u16::try_from(self.chance.between((540, 970))).unwrap_or_default(),
                report: report_hash(&self.book.consortium(), text.as_bytes()),
                text: said("Most had to come once; some twice, for one more document"),
                recommendations: u16::try_from(place % 4).unwrap_or_default(),
            };
            let reported =
                self.book.act(&[By::auditor(&by)], Action::ReportAssessment { terms })?;
            // The last of them never says what it did.
            if place + 1 < ASSESSED.len() {
                let days = self.chance.between((5, 40));
                let at = self.at_desk(days);
                self.agenda.plan(at, Event::FollowUp(AssessmentId(reported)));
            }
        }
        Ok(())
    }

    /// What was done about one. Errors: the rules refuse it.
    pub(super) fn follow_up(&mut self, assessment: AssessmentId) -> Done {
        let Some(found) = state::assessment(&self.book, assessment) else { return Ok(()) };
        if !found.is_open() {
            return Ok(());
        }
        let text = said("The document is now asked of the register, and of nobody else");
        let action = Action::FollowUpAssessment { assessment, text };
        self.book.act(&[By::steward(&found.terms.agency)], action).map(drop)
    }
}
