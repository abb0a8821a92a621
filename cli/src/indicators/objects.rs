//! What a ledger holds, by what it is: agencies, datasets, grants, requests, emergencies, task forces, assessments.
//! Holds: objects are never deleted, so that the state at the end knows all that there ever were.

use std::collections::BTreeMap;

use comity_core::agency::Agency;
use comity_core::assessment::Assessment;
use comity_core::dataset::PublishedDataset;
use comity_core::emergency::Emergency;
use comity_core::grant::Grant;
use comity_core::ids::{AssessmentId, DatasetId, EmergencyId, GrantId, RequestId, TaskForceId};
use comity_core::request::Request;
use comity_core::state::object;
use comity_core::state_tree::StateTree;
use comity_core::task_force::TaskForce;
use comity_core::text::AgencyId;

/// The objects that indicators are made of.
#[derive(Clone, Debug, Default)]
pub(crate) struct Objects {
    pub(super) agencies: BTreeMap<AgencyId, Agency>,
    pub(super) datasets: BTreeMap<DatasetId, PublishedDataset>,
    pub(super) grants: BTreeMap<GrantId, Grant>,
    pub(super) requests: BTreeMap<RequestId, Request>,
    pub(super) emergencies: BTreeMap<EmergencyId, Emergency>,
    pub(super) task_forces: BTreeMap<TaskForceId, TaskForce>,
    pub(super) assessments: BTreeMap<AssessmentId, Assessment>,
}

impl Objects {
    /// Those of a state that the rules wrote. The letters are those of docs/formats.md, "State".
    pub(crate) fn of(state: &StateTree) -> Objects {
        let mut found = Objects::default();
        for (key, value) in state.iter() {
            match key.first() {
                Some(b'a') => {
                    let agency: Agency = object(value);
                    found.agencies.insert(agency.id.clone(), agency);
                }
                Some(b'd') => {
                    let published: PublishedDataset = object(value);
                    found.datasets.insert(published.dataset.id.clone(), published);
                }
                Some(b'g') => {
                    let grant: Grant = object(value);
                    found.grants.insert(GrantId(grant.issued_at), grant);
                }
                Some(b'r') => {
                    let request: Request = object(value);
                    found.requests.insert(RequestId(request.opened_at), request);
                }
                Some(b'h') => {
                    let declared: Emergency = object(value);
                    found.emergencies.insert(EmergencyId(declared.declared_at), declared);
                }
                Some(b'T') => {
                    let formed: TaskForce = object(value);
                    found.task_forces.insert(TaskForceId(formed.formed_at), formed);
                }
                Some(b'A') => {
                    let assessment: Assessment = object(value);
                    found.assessments.insert(assessment.id(), assessment);
                }
                _ => {}
            }
        }
        found
    }
}
