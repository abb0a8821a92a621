//! The fake node's draws, findings and assessments.
//! Holds: what is shown comes from the real ledger behind the node.

use comity_core::assessment::Assessment;
use comity_core::ids::{AssessmentId, DrawId, FindingId};
use comity_core::oversight::{Draw, Finding};
use comity_core::state;
use comity_core::statement::Action;
use serde_json::{Value, json};

use super::fake_lists::Lists;
use super::fixture::NOW;

impl Lists<'_> {
    /// The list or object at a path about oversight.
    pub(super) fn about_oversight(&self, path: &str) -> Option<Value> {
        match path {
            "/v1/draws" => {
                let ids = self.records().filter_map(|(at, action)| {
                    matches!(action, Action::OpenDraw { .. }).then_some(DrawId(at))
                });
                let found: Vec<Value> = ids.filter_map(|id| self.draw(id)).collect();
                Some(json!({ "draws": found, "next": null }))
            }
            "/v1/findings" => {
                let ids = self.records().filter_map(|(at, action)| {
                    matches!(action, Action::OpenFinding { .. }).then_some(FindingId(at))
                });
                let found: Vec<Value> = ids.filter_map(|id| self.finding(id)).collect();
                Some(json!({ "findings": found, "next": null }))
            }
            "/v1/assessments" => {
                let ids = self.records().filter_map(|(at, action)| {
                    let is_one = matches!(action, Action::ReportAssessment { .. });
                    is_one.then_some(AssessmentId(at))
                });
                let found: Vec<Value> = ids.filter_map(|id| self.assessment(id)).collect();
                Some(json!({ "assessments": found, "next": null }))
            }
            _ => match path.rsplit_once('/')? {
                ("/v1/draws", id) => self.draw(id.parse().unwrap()),
                ("/v1/assessments", id) => self.assessment(id.parse().unwrap()),
                ("/v1/findings", id) => self.finding(id.parse().unwrap()),
                _ => None,
            },
        }
    }

    fn draw(&self, id: DrawId) -> Option<Value> {
        let draw: Draw = state::draw(self.ledger, id)?;
        Some(json!({
            "id": id, "state": draw.state(NOW), "commits_until": draw.commits_until(),
            "reveals_until": draw.reveals_until(), "withheld": draw.withheld(NOW),
            "drawn": draw.drawn(), "draw": draw,
        }))
    }

    fn assessment(&self, id: AssessmentId) -> Option<Value> {
        let assessment: Assessment = state::assessment(self.ledger, id)?;
        Some(json!({ "id": id, "assessment": assessment }))
    }

    fn finding(&self, id: FindingId) -> Option<Value> {
        let finding: Finding = state::finding(self.ledger, id)?;
        Some(json!({ "id": id, "finding": finding }))
    }
}
