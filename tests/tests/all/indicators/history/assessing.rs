//! Assessments in a history: who reports what of whom, and what was done about it.
//! Holds: what is reported follows from the place in the history alone, so that all else stays as it was.

use comity_core::agency::KeyRole::{Auditor, Steward};
use comity_core::assessment::{AssessmentKind, AssessmentTerms, report_hash};
use comity_core::ids::{AssessmentId, TimeMs};
use comity_core::statement::Action;

use super::super::founding::{MATTERS, MEMBERS};
use super::{DAY_MS, History};

/// Who reports assessments.
pub(super) const ASSESSORS: [&str; 2] = ["audit.prov", "univ.prov"];

impl History {
    /// Somebody's report of somebody; the rules refuse those of oneself and of who answers for one.
    pub(super) fn assess(&mut self, number: u64) {
        let place = |count: usize| usize::try_from(number / 9).unwrap() % count;
        let (by, of) = (ASSESSORS[place(2)], MEMBERS[place(MEMBERS.len())].0);
        let kind = AssessmentKind::ALL[place(3) % 2];
        let until = TimeMs(self.chain.now.0 - DAY_MS);
        let terms = AssessmentTerms {
            agency: of.parse().unwrap(),
            kind,
            matter: MATTERS.get(place(4)).map(|code| code.parse().unwrap()),
            from: TimeMs(until.0 - 90 * DAY_MS),
            until,
            respondents: (kind == AssessmentKind::Satisfaction).then_some(400),
            score_permille: u16::try_from(500 + number % 487).unwrap(),
            report: report_hash(self.chain.ledger.consortium(), &number.to_le_bytes()),
            text: "Most come once".parse().unwrap(),
            recommendations: u16::try_from(number % 4).unwrap(),
        };
        let reported = self.act(&[(by, Auditor)], Action::ReportAssessment { terms });
        self.assessments.extend(reported.map(|index| (AssessmentId(index), of)));
    }

    /// What was done about one of the last; of some nobody ever says it.
    pub(super) fn follow_up(&mut self, number: u64) {
        let back = usize::try_from(number / 9 % 5).unwrap();
        let last = self.assessments.iter().rev().nth(back).copied();
        if let Some((assessment, agency)) = last {
            let text = "One form instead of three".parse().unwrap();
            let action = Action::FollowUpAssessment { assessment, text };
            self.act(&[(agency, Steward)], action);
        }
    }
}
