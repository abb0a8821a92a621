//! What all of a consortium has in common: members, rules, codes, calendars; and one object by its id.

use comity_core::agency::{Agency, Key};
use comity_core::calendar::RegionCalendars;
use comity_core::codes::PublishedCode;
use comity_core::dataset::PublishedDataset;
use comity_core::genesis::Params;
use comity_core::governance::Roll;
use comity_core::ids::DatasetId;
use comity_core::keys::PublicKey;
use comity_core::ledger::TreeState;
use comity_core::rule_pack;
use comity_core::state::{self, StateKey, object};
use comity_core::text::AgencyId;
use comity_listing::{
    AgencyShape, AssessmentShape, CheckShape, DatasetShape, DisputeShape, DrawShape,
    EmergencyFound, EmergencyShape, FindingShape, GrantFound, GrantShape, IncidentShape, KeyShape,
    ProposalFound, ProposalShape, RequestShape, TaskForceFound, TaskForceShape, VersionShape,
    dataset_versions,
};
use serde::Serialize;
use serde_json::{Value, json};

use super::Held;
use crate::fault::Fault;

impl Held {
    /// The values of a letter, ascending by key.
    pub(super) fn pairs(&self, letter: u8) -> Vec<(&[u8], &[u8])> {
        let all = self.ledger.state().iter();
        let mut pairs: Vec<_> = all.filter(|(key, _)| key.first() == Some(&letter)).collect();
        pairs.sort_unstable();
        pairs
    }

    /// The positions that the keys of a letter end with, ascending.
    pub(super) fn numbers(&self, letter: u8) -> impl Iterator<Item = u64> {
        let numbers: Vec<u64> = self
            .pairs(letter)
            .into_iter()
            .filter_map(|(key, _)| key.last_chunk::<8>().map(|bytes| u64::from_be_bytes(*bytes)))
            .collect();
        numbers.into_iter()
    }

    pub(super) fn agencies(&self) -> Value {
        let state = self.state();
        let member = |(_, value): (&[u8], &[u8])| {
            let agency: Agency = object(value);
            let departure = state::departure(&state, &agency.id);
            AgencyShape::of(agency, departure)
        };
        let agencies: Vec<AgencyShape> = self.pairs(b'a').into_iter().map(member).collect();
        json!({ "agencies": agencies })
    }

    pub(super) fn rules(&self) -> Result<Value, Fault> {
        let state = self.state();
        let roll: Option<Roll> = state::read(&state, &StateKey::Roll);
        let params: Option<Params> = state::read(&state, &StateKey::Params);
        let (Some(roll), Some(params)) = (roll, params) else { return Err(self.missing("rules")) };
        Ok(json!({
            "protocol_version": state::protocol_version(&state),
            "params": params,
            "competent_authority": state::competent_authority(&state),
            "electorate": roll.electorate,
        }))
    }

    pub(super) fn codes(&self) -> Value {
        let of = |letter| -> Vec<PublishedCode> {
            self.pairs(letter).into_iter().map(|(_, value)| object(value)).collect()
        };
        json!({ "matters": of(b'm'), "duty_bases": of(b'b') })
    }

    pub(super) fn calendars(&self) -> Value {
        let regions = self.pairs(b'w').into_iter();
        let regions: Vec<RegionCalendars> = regions.map(|(_, value)| object(value)).collect();
        let calendars: Vec<_> = regions.iter().flat_map(|region| region.all()).collect();
        json!({ "calendars": calendars })
    }

    pub(super) fn rule_packs(&self) -> Value {
        let state = self.state();
        let in_force = rule_pack::rules_at(&state, self.ledger.tip().time);
        json!({ "in_force": in_force, "published": rule_pack::published(&state) })
    }

    fn published(&self, id: &str) -> Result<PublishedDataset, Fault> {
        let parsed: Option<DatasetId> = id.parse().ok();
        let found = parsed.and_then(|id| state::dataset(&self.state(), &id));
        found.ok_or_else(|| self.missing(id))
    }

    pub(super) fn dataset(&self, id: &str) -> Result<Value, Fault> {
        Ok(json!(DatasetShape::of(self.published(id)?)))
    }

    pub(super) fn versions(&self, id: &str) -> Result<Value, Fault> {
        let present = self.published(id)?;
        let all = dataset_versions(&self.state(), &present, 1, usize::MAX).into_iter();
        Ok(json!({ "versions": all.map(VersionShape::of).collect::<Vec<_>>(), "next": null }))
    }

    /// An object by its id, as its list has it.
    pub(super) fn one(&self, list: &str, id: &str) -> Result<Value, Fault> {
        let (state, now) = (&self.state(), self.ledger.tip().time);
        let found = match list {
            "requests" => of(id, |id| state::request(state, id).map(|r| RequestShape::of((id, r)))),
            "grants" => of(id, |id| GrantFound::read(state, self.next(), id).map(GrantShape::of)),
            "checks" => of(id, |id| {
                state::check_request(state, id).map(|found| CheckShape::of((id, found)))
            }),
            "incidents" => {
                of(id, |id| state::incident(state, id).map(|found| IncidentShape::of((id, found))))
            }
            "disputes" => {
                of(id, |id| state::dispute(state, id).map(|found| DisputeShape::of((id, found))))
            }
            "emergencies" => {
                of(id, |id| EmergencyFound::read(state, now, id).map(EmergencyShape::of))
            }
            "assessments" => of(id, |id| {
                state::assessment(state, id).map(|found| AssessmentShape::of((id, found)))
            }),
            "task-forces" => {
                of(id, |id| TaskForceFound::read(state, now, id).map(TaskForceShape::of))
            }
            "proposals" => of(id, |id| ProposalFound::read(state, now, id).map(ProposalShape::of)),
            "draws" => of(id, |id| state::draw(state, id).map(|draw| DrawShape::of(draw, now))),
            "findings" => {
                of(id, |id| state::finding(state, id).map(|found| FindingShape::of((id, found))))
            }
            "keys" => of(id, |key: PublicKey| {
                state::key(state, &key).map(|found: Key| KeyShape::of((key, found), state))
            }),
            "agencies" => of(id, |id: AgencyId| agency(state, &id)),
            _ => return Err(self.needs_node()),
        };
        found.ok_or_else(|| self.missing(id))
    }
}

/// What is found under an id; nothing where the words are no id.
fn of<I: std::str::FromStr, T: Serialize>(
    id: &str,
    find: impl FnOnce(I) -> Option<T>,
) -> Option<Value> {
    find(id.parse().ok()?).map(|found| json!(found))
}

fn agency(state: &TreeState<'_>, id: &AgencyId) -> Option<AgencyShape> {
    let agency = state::agency(state, id)?;
    Some(AgencyShape::of(agency, state::departure(state, id)))
}
