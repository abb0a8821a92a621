//! Objects of the ledger, asked for by what they are.
//! Holds: a list is read to its end; what is asked for must be there, what is looked for need not. May not enter: printing. Source: docs/api.md.

use comity_core::dataset::PublishedDataset;
use comity_core::gateway::GatewayNumbers;
use comity_core::ids::{
    DatasetId, EmergencyId, GrantId, LogIndex, ProposalId, RequestId, TaskForceId,
};
use comity_core::keys::PublicKey;
use comity_core::text::AgencyId;
use serde::de::DeserializeOwned;
use serde_json::Value;

use super::{
    Client, EmergencyAnswer, EntryAnswer, GrantAnswer, KeyAnswer, MemberAnswer, ProposalAnswer,
    Query, RequestAnswer, RulesAnswer, TaskForceAnswer, Version,
};
use crate::fault::Fault;

/// Most objects read of one list.
const MAX_READ: usize = 100_000;

impl Client {
    /// All objects of a list.
    pub(crate) fn all<T: DeserializeOwned>(
        &self,
        path: &str,
        query: &Query,
        name: &str,
    ) -> Result<Vec<T>, Fault> {
        Ok(self.listed(path, query, name)?.0)
    }

    /// All objects of a list, and what the node said of each.
    pub(crate) fn listed<T: DeserializeOwned>(
        &self,
        path: &str,
        query: &Query,
        name: &str,
    ) -> Result<(Vec<T>, Vec<Value>), Fault> {
        let found = self.list(path, query, name, MAX_READ)?;
        let read = found.iter().map(|value| self.read(value)).collect::<Result<_, _>>()?;
        Ok((read, found))
    }

    /// Datasets that fit a query.
    pub(crate) fn datasets(&self, query: &Query) -> Result<Vec<PublishedDataset>, Fault> {
        self.all("/v1/datasets", query, "datasets")
    }

    /// Requests that fit a query.
    pub(crate) fn requests(&self, query: &Query) -> Result<Vec<RequestAnswer>, Fault> {
        self.all("/v1/requests", query, "requests")
    }

    /// Grants that fit a query.
    pub(crate) fn grants(&self, query: &Query) -> Result<Vec<GrantAnswer>, Fault> {
        self.all("/v1/grants", query, "grants")
    }

    /// One request.
    pub(crate) fn ask_request(&self, id: RequestId) -> Result<RequestAnswer, Fault> {
        self.get(&format!("/v1/requests/{id}"))
    }

    /// One grant.
    pub(crate) fn ask_grant(&self, id: GrantId) -> Result<GrantAnswer, Fault> {
        self.get(&format!("/v1/grants/{id}"))
    }

    /// One grant, where there is such a one.
    pub(crate) fn find_grant(&self, id: GrantId) -> Result<Option<GrantAnswer>, Fault> {
        found(self.ask_grant(id))
    }

    /// One task force.
    pub(crate) fn ask_task_force(&self, id: TaskForceId) -> Result<TaskForceAnswer, Fault> {
        self.get(&format!("/v1/task-forces/{id}"))
    }

    /// One task force, where there is such a one.
    pub(crate) fn find_task_force(
        &self,
        id: TaskForceId,
    ) -> Result<Option<TaskForceAnswer>, Fault> {
        found(self.ask_task_force(id))
    }

    /// One emergency.
    pub(crate) fn ask_emergency(&self, id: EmergencyId) -> Result<EmergencyAnswer, Fault> {
        self.get(&format!("/v1/emergencies/{id}"))
    }

    /// One emergency, where there is such a one.
    pub(crate) fn find_emergency(&self, id: EmergencyId) -> Result<Option<EmergencyAnswer>, Fault> {
        found(self.ask_emergency(id))
    }

    /// One dataset.
    pub(crate) fn ask_dataset(&self, id: &DatasetId) -> Result<PublishedDataset, Fault> {
        self.get(&format!("/v1/datasets/{id}"))
    }

    /// One dataset, where there is such a one.
    pub(crate) fn find_dataset(&self, id: &DatasetId) -> Result<Option<PublishedDataset>, Fault> {
        found(self.ask_dataset(id))
    }

    /// Every version of a dataset, ascending.
    pub(crate) fn versions(&self, id: &DatasetId) -> Result<Vec<Version>, Fault> {
        self.all(&format!("/v1/datasets/{id}/versions"), &vec![], "versions")
    }

    /// One key, where it is registered.
    pub(crate) fn find_key(&self, key: &PublicKey) -> Result<Option<KeyAnswer>, Fault> {
        found(self.get(&format!("/v1/keys/{key}")))
    }

    /// Which numbers the records of a gateway's key have used.
    pub(crate) fn numbers(&self, gateway: &PublicKey) -> Result<GatewayNumbers, Fault> {
        let numbers = self.find_key(gateway)?.and_then(|answer| answer.numbers);
        Ok(numbers.unwrap_or_default())
    }

    /// All who are or were members.
    pub(crate) fn members(&self) -> Result<Vec<MemberAnswer>, Fault> {
        self.all("/v1/agencies", &vec![], "agencies")
    }

    /// The keys of an agency, ended ones included.
    pub(crate) fn keys_of(&self, agency: &AgencyId) -> Result<Vec<KeyAnswer>, Fault> {
        self.all("/v1/keys", &vec![("agency", agency.to_string())], "keys")
    }

    /// The rules in force.
    pub(crate) fn rules(&self) -> Result<RulesAnswer, Fault> {
        self.get("/v1/rules")
    }

    /// One proposal.
    pub(crate) fn ask_proposal(&self, id: ProposalId) -> Result<ProposalAnswer, Fault> {
        self.get(&format!("/v1/proposals/{id}"))
    }

    /// One entry.
    pub(crate) fn ask_entry(&self, at: LogIndex) -> Result<EntryAnswer, Fault> {
        self.get(&format!("/v1/entries/{at}"))
    }
}

/// What there is not is none, and no fault.
fn found<T>(answer: Result<T, Fault>) -> Result<Option<T>, Fault> {
    match answer {
        Ok(object) => Ok(Some(object)),
        Err(fault) if fault.is_not_found() => Ok(None),
        Err(fault) => Err(fault),
    }
}
