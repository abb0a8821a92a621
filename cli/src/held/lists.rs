//! Lists of objects: all of a kind that fit, ascending by id, on one page.

use comity_core::agency::Key;
use comity_core::dataset::PublishedDataset;
use comity_core::ids::{
    AssessmentId, CheckId, DisputeId, DrawId, EmergencyId, FindingId, GrantId, IncidentId,
    LogIndex, ProposalId, RequestId, TaskForceId,
};
use comity_core::keys::PublicKey;
use comity_core::oversight::DrawState;
use comity_core::state::{self, object};
use comity_core::text::AgencyId;
use comity_listing::{
    AssessmentFilter, AssessmentShape, CheckFilter, CheckShape, DUTY_LETTERS, DatasetFilter,
    DatasetShape, DisputeFilter, DisputeShape, DrawShape, DutyFilter, DutyFound, DutyShape,
    EmergencyFilter, EmergencyFound, EmergencyShape, FindingFilter, FindingShape, GrantFilter,
    GrantFound, GrantShape, IncidentFilter, IncidentShape, KeyShape, ProposalFilter, ProposalFound,
    ProposalShape, RequestFilter, RequestShape, TaskForceFilter, TaskForceFound, TaskForceShape,
    duties_of, may_owe,
};
use serde::Serialize;
use serde_json::{Value, json};

use super::{Asked, Held};
use crate::fault::Fault;

/// All of a list, as the last page of it.
fn page(name: &str, found: impl Iterator<Item = impl Serialize>) -> Result<Value, Fault> {
    let found: Vec<Value> = found.map(|one| json!(one)).collect();
    Ok(json!({ name: found, "next": null }))
}

impl Held {
    /// The list of this name.
    pub(super) fn list(&self, name: &str, asked: &Asked<'_>) -> Result<Value, Fault> {
        match name {
            "datasets" => self.datasets(asked),
            "requests" => self.requests(asked),
            "grants" => self.grants(asked),
            "checks" => self.checks(asked),
            "incidents" => self.incidents(asked),
            "disputes" => self.disputes(asked),
            "emergencies" => self.emergencies(asked),
            "task-forces" => self.task_forces(asked),
            "assessments" => self.assessments(asked),
            "proposals" => self.proposals(asked),
            "draws" => self.draws(asked),
            "findings" => self.findings(asked),
            "keys" => self.keys(asked),
            _ => Err(self.needs_node()),
        }
    }

    fn datasets(&self, asked: &Asked<'_>) -> Result<Value, Fault> {
        asked.only(&["agency", "sharing", "state"])?;
        let (agency, sharing, state) =
            (asked.of("agency")?, asked.of("sharing")?, asked.of("state")?);
        let filter = DatasetFilter { agency, sharing, state };
        let all = self.pairs(b'd').into_iter().map(|(_, value)| object::<PublishedDataset>(value));
        page("datasets", all.filter(|one| filter.fits(one)).map(DatasetShape::of))
    }

    fn requests(&self, asked: &Asked<'_>) -> Result<Value, Fault> {
        asked.only(&["provider", "requester", "dataset", "bundle", "state"])?;
        let filter = RequestFilter {
            provider: asked.of("provider")?,
            requester: asked.of("requester")?,
            dataset: asked.of("dataset")?,
            bundle: asked.of("bundle")?,
            state: asked.of("state")?,
        };
        let state = self.state();
        let all = self.numbers(b'r').map(|at| RequestId(LogIndex(at)));
        let all = all.filter_map(|id| Some((id, state::request(&state, id)?)));
        page("requests", all.filter(|(_, one)| filter.fits(one)).map(RequestShape::of))
    }

    fn grants(&self, asked: &Asked<'_>) -> Result<Value, Fault> {
        asked.only(&["provider", "requester", "dataset", "standing"])?;
        let filter = GrantFilter {
            provider: asked.of("provider")?,
            requester: asked.of("requester")?,
            dataset: asked.of("dataset")?,
            standing: asked.of("standing")?,
        };
        let (state, next) = (self.state(), self.next());
        let all = self.numbers(b'g').map(|at| GrantId(LogIndex(at)));
        let all = all.filter_map(|id| GrantFound::read(&state, next, id));
        page("grants", all.filter(|one| filter.fits(one)).map(GrantShape::of))
    }

    fn checks(&self, asked: &Asked<'_>) -> Result<Value, Fault> {
        asked.only(&["agency", "holder", "dataset", "state"])?;
        let filter = CheckFilter {
            agency: asked.of("agency")?,
            holder: asked.of("holder")?,
            dataset: asked.of("dataset")?,
            state: asked.of("state")?,
        };
        let state = self.state();
        let all = self.numbers(b'B').map(|at| CheckId(LogIndex(at)));
        let all = all.filter_map(|id| Some((id, state::check_request(&state, id)?)));
        page("checks", all.filter(|(_, one)| filter.fits(one)).map(CheckShape::of))
    }

    fn incidents(&self, asked: &Asked<'_>) -> Result<Value, Fault> {
        asked.only(&["agency", "dataset", "grant", "state"])?;
        let filter = IncidentFilter {
            agency: asked.of("agency")?,
            dataset: asked.of("dataset")?,
            grant: asked.of("grant")?,
            state: asked.of("state")?,
        };
        let state = self.state();
        let all = self.numbers(b'I').map(|at| IncidentId(LogIndex(at)));
        let all = all.filter_map(|id| Some((id, state::incident(&state, id)?)));
        page("incidents", all.filter(|(_, one)| filter.fits(&state, one)).map(IncidentShape::of))
    }

    fn disputes(&self, asked: &Asked<'_>) -> Result<Value, Fault> {
        asked.only(&["agency", "by", "state"])?;
        let (agency, by, state) = (asked.of("agency")?, asked.of("by")?, asked.of("state")?);
        let filter = DisputeFilter { agency, by, state };
        let state = self.state();
        let all = self.numbers(b'D').map(|at| DisputeId(LogIndex(at)));
        let all = all.filter_map(|id| Some((id, state::dispute(&state, id)?)));
        page("disputes", all.filter(|(_, one)| filter.fits(one)).map(DisputeShape::of))
    }

    fn emergencies(&self, asked: &Asked<'_>) -> Result<Value, Fault> {
        asked.only(&["state", "agency"])?;
        let filter = EmergencyFilter { state: asked.of("state")?, agency: asked.of("agency")? };
        let (state, now) = (self.state(), self.ledger().tip().time);
        let all = self.numbers(b'h').map(|at| EmergencyId(LogIndex(at)));
        let all = all.filter_map(|id| EmergencyFound::read(&state, now, id));
        page("emergencies", all.filter(|one| filter.fits(one)).map(EmergencyShape::of))
    }

    fn assessments(&self, asked: &Asked<'_>) -> Result<Value, Fault> {
        asked.only(&["agency", "kind", "open"])?;
        let (agency, kind, open) = (asked.of("agency")?, asked.of("kind")?, asked.of("open")?);
        let filter = AssessmentFilter { agency, kind, open };
        let state = self.state();
        let all = self.numbers(b'A').map(|at| AssessmentId(LogIndex(at)));
        let all = all.filter_map(|id| Some((id, state::assessment(&state, id)?)));
        page("assessments", all.filter(|(_, one)| filter.fits(one)).map(AssessmentShape::of))
    }

    fn task_forces(&self, asked: &Asked<'_>) -> Result<Value, Fault> {
        asked.only(&["state", "agency"])?;
        let filter = TaskForceFilter { state: asked.of("state")?, agency: asked.of("agency")? };
        let (state, now) = (self.state(), self.ledger().tip().time);
        let all = self.numbers(b'T').map(|at| TaskForceId(LogIndex(at)));
        let all = all.filter_map(|id| TaskForceFound::read(&state, now, id));
        page("task_forces", all.filter(|one| filter.fits(one)).map(TaskForceShape::of))
    }

    fn proposals(&self, asked: &Asked<'_>) -> Result<Value, Fault> {
        asked.only(&["state", "agency", "kind"])?;
        let (state, agency) = (asked.of("state")?, asked.of("agency")?);
        let kind = asked.words("kind").map(str::to_owned);
        let filter = ProposalFilter { state, agency, kind };
        let (state, now) = (self.state(), self.ledger().tip().time);
        let all = self.numbers(b'q').map(|at| ProposalId(LogIndex(at)));
        let all = all.filter_map(|id| ProposalFound::read(&state, now, id));
        page("proposals", all.filter(|one| filter.fits(one)).map(ProposalShape::of))
    }

    fn draws(&self, asked: &Asked<'_>) -> Result<Value, Fault> {
        asked.only(&["state"])?;
        let wanted: Option<DrawState> = asked.of("state")?;
        let (state, now) = (self.state(), self.ledger().tip().time);
        let all = self.numbers(b'W').map(|at| DrawId(LogIndex(at)));
        let all = all.filter_map(|id| state::draw(&state, id));
        let all = all.filter(|draw| wanted.is_none_or(|wanted| draw.state(now) == wanted));
        page("draws", all.map(|draw| DrawShape::of(draw, now)))
    }

    fn findings(&self, asked: &Asked<'_>) -> Result<Value, Fault> {
        asked.only(&["agency", "closed"])?;
        let filter = FindingFilter { agency: asked.of("agency")?, closed: asked.of("closed")? };
        let state = self.state();
        let all = self.numbers(b'F').map(|at| FindingId(LogIndex(at)));
        let all = all.filter_map(|id| Some((id, state::finding(&state, id)?)));
        page("findings", all.filter(|(_, one)| filter.fits(one)).map(FindingShape::of))
    }

    fn keys(&self, asked: &Asked<'_>) -> Result<Value, Fault> {
        asked.only(&["agency"])?;
        let agency: Option<AgencyId> = asked.of("agency")?;
        let state = self.state();
        let registered = |(key, value): (&[u8], &[u8])| {
            let key = PublicKey::try_from(*key.last_chunk::<32>()?).ok()?;
            Some((key, object::<Key>(value)))
        };
        let all = self.pairs(b'k').into_iter().filter_map(registered);
        let all = all.filter(|(_, key)| agency.as_ref().is_none_or(|agency| key.agency == *agency));
        page("keys", all.map(|found| KeyShape::of(found, &state)))
    }

    /// Duties, by the objects that make them owed.
    pub(super) fn duties(&self, asked: &Asked<'_>) -> Result<Value, Fault> {
        asked.only(&["agency", "to", "state", "undone"])?;
        let (owed_by, owed_to, state) = (asked.of("agency")?, asked.of("to")?, asked.of("state")?);
        let filter = DutyFilter { owed_by, owed_to, state };
        let undone = asked.of("undone")?.unwrap_or(false);
        let (state, now) = (self.state(), self.ledger().tip().time);
        let objects = DUTY_LETTERS.into_iter().flat_map(|letter| self.pairs(letter));
        let objects = objects.filter(|(key, value)| !undone || may_owe(key, value) != Some(false));
        let all = objects.flat_map(|(key, value)| duties_of(&state, key, value));
        let all = all.map(|duty| DutyFound { state: duty.state(now), duty });
        page("duties", all.filter(|one| filter.fits(one)).map(DutyShape::of))
    }
}
