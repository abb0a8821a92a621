//! Assessments, counted: signed reports of others, and whether what they recommend was followed up.
//! Holds: they stand apart from every other figure, each with who signed it: a score is an assessor's word, and
//! nothing that the ledger found.
//! Source: docs/indicators.md, "Assessments: what others reported".

use std::collections::{BTreeMap, BTreeSet};

use comity_core::assessment::{Assessment, AssessmentKind};
use comity_core::duty;
use comity_core::hash::ReportHash;
use comity_core::ids::{AssessmentId, TimeMs};
use comity_core::text::{AgencyId, Code};
use serde::Serialize;

use super::figures::Timeliness;
use super::groups::names_of;
use super::measure::Scene;
use super::quarter::Quarter;
use super::sums::Judged;
use crate::args::Dimension;

/// All that is told of assessments.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub(crate) struct Assessed {
    /// Of all.
    pub(crate) overall: AssessedFigures,
    /// By each dimension that was asked for, of who was assessed; groups without a report are left out.
    pub(crate) by: BTreeMap<Dimension, Vec<AssessedGroup>>,
    /// The reports, ascending.
    pub(crate) reports: Vec<Reported>,
}

/// Of one group.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(crate) struct AssessedGroup {
    pub(crate) group: String,
    pub(crate) figures: AssessedFigures,
}

/// What reports of some agencies come to.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub(crate) struct AssessedFigures {
    pub(crate) satisfaction: Scores,
    pub(crate) third_party: Scores,
    /// Who signed them.
    pub(crate) assessors: Vec<AgencyId>,
    /// How what was recommended was followed up.
    pub(crate) follow_ups: Timeliness,
}

/// Reports of one kind.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub(crate) struct Scores {
    pub(crate) reports: u64,
    /// The plain mean of their scores in thousandths, rounded down.
    pub(crate) mean_permille: Option<u64>,
}

/// One report.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(crate) struct Reported {
    pub(crate) assessment: AssessmentId,
    pub(crate) agency: AgencyId,
    pub(crate) kind: AssessmentKind,
    pub(crate) matter: Option<Code>,
    /// Whose auditor signed it …
    pub(crate) reported_by: AgencyId,
    /// … and when.
    pub(crate) reported: TimeMs,
    /// What it looks at: from …
    pub(crate) from: TimeMs,
    /// … and until.
    pub(crate) until: TimeMs,
    pub(crate) respondents: Option<u32>,
    pub(crate) score_permille: u16,
    pub(crate) report: ReportHash,
    pub(crate) recommendations: u16,
    pub(crate) followed_up: Option<TimeMs>,
}

/// What a group comes to, as far as it was added up.
#[derive(Clone, Debug, Default)]
struct Sum {
    /// Reports and the sum of their scores, by kind.
    scores: BTreeMap<AssessmentKind, (u64, u64)>,
    assessors: BTreeSet<AgencyId>,
    follow_ups: Judged,
}

impl Sum {
    fn figures(&self) -> AssessedFigures {
        let scores = |kind| {
            let (reports, sum) = self.scores.get(&kind).copied().unwrap_or_default();
            Scores { reports, mean_permille: sum.checked_div(reports) }
        };
        AssessedFigures {
            satisfaction: scores(AssessmentKind::Satisfaction),
            third_party: scores(AssessmentKind::ThirdParty),
            assessors: self.assessors.iter().cloned().collect(),
            follow_ups: self.follow_ups.timeliness(),
        }
    }
}

/// Measures what was reported in the period.
pub(super) fn assessed(scene: &Scene<'_>) -> Assessed {
    let mut overall = Sum::default();
    let mut groups: BTreeMap<Dimension, BTreeMap<String, Sum>> =
        Dimension::ALL.into_iter().map(|dimension| (dimension, BTreeMap::new())).collect();
    let mut reports = Vec::new();
    for assessment in scene.objects.assessments.values() {
        let Some(quarter) = scene.facts.period().quarter(assessment.reported.on) else { continue };
        let owed = duty::of_assessment(&scene.state(), assessment);
        let owed = owed.first().map(|duty| scene.judged(duty));
        let add = |sum: &mut Sum| {
            let terms = &assessment.terms;
            let (count, scores) = sum.scores.entry(terms.kind).or_default();
            *count += 1;
            *scores += u64::from(terms.score_permille);
            sum.assessors.insert(assessment.reported_by.clone());
            if let Some((state, days)) = owed {
                sum.follow_ups.add(state, days);
            }
        };
        add(&mut overall);
        for (dimension, name) in groups_of(scene, assessment, quarter) {
            add(groups.entry(dimension).or_default().entry(name).or_default());
        }
        reports.push(told(assessment));
    }
    let named = |(group, sum): (String, Sum)| AssessedGroup { group, figures: sum.figures() };
    let groups = groups.into_iter();
    let by = groups.map(|(by, sums)| (by, sums.into_iter().map(named).collect()));
    Assessed { overall: overall.figures(), by: by.collect(), reports }
}

/// To which groups an assessment belongs: those of who was assessed, its matter, and when it was reported.
fn groups_of(
    scene: &Scene<'_>,
    assessment: &Assessment,
    quarter: Quarter,
) -> Vec<(Dimension, String)> {
    let terms = &assessment.terms;
    let agency = scene.objects.agencies.get(&terms.agency);
    let mut names: Vec<_> = agency.into_iter().flat_map(names_of).collect();
    names.extend(terms.matter.iter().map(|code| (Dimension::Matter, code.to_string())));
    names.push((Dimension::Quarter, quarter.to_string()));
    names
}

fn told(assessment: &Assessment) -> Reported {
    let terms = &assessment.terms;
    Reported {
        assessment: assessment.id(),
        agency: terms.agency.clone(),
        kind: terms.kind,
        matter: terms.matter.clone(),
        reported_by: assessment.reported_by.clone(),
        reported: assessment.reported.on,
        from: terms.from,
        until: terms.until,
        respondents: terms.respondents,
        score_permille: terms.score_permille,
        report: terms.report,
        recommendations: terms.recommendations,
        followed_up: assessment.followed_up.as_ref().map(|done| done.made.on),
    }
}
