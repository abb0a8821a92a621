//! By what entries of the log are found.
//! Source: docs/api.md.

use comity_core::basis::Basis;
use comity_core::ids::{
    DatasetId, ExchangeId, LogIndex, ProposalId, RequestId, TaskForceId, TimeMs,
};
use comity_core::keys::PublicKey;
use comity_core::text::{AgencyId, Code};

/// Which entries; all conditions together.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct EntryFilter {
    /// The action's name.
    pub kind: Option<String>,
    /// An agency that signs, or for which an officer asks, or that has part in the grant or request.
    pub agency: Option<AgencyId>,
    /// The dataset that is published, changed, granted or asked for.
    pub dataset: Option<DatasetId>,
    /// The grant or the emergency that is issued or declared, changed, ended or relied on.
    pub grant: Option<Basis>,
    /// A key that signs (an attempt too), is registered or revoked.
    pub key: Option<PublicKey>,
    /// The request that is opened, answered, taken back or urged.
    pub request: Option<RequestId>,
    /// A matter that is asked for, published or withdrawn, or that the grant or request is for.
    pub matter: Option<Code>,
    /// The proposal that is opened or voted on.
    pub proposal: Option<ProposalId>,
    /// The exchange that is recorded, denied or acknowledged.
    pub exchange: Option<ExchangeId>,
    /// The task force that is formed, joined, left or ended, or that is granted something and uses it.
    pub task_force: Option<TaskForceId>,
    /// In blocks of this time or later.
    pub since: Option<TimeMs>,
    /// In blocks before this time.
    pub until: Option<TimeMs>,
}

/// By what entries can be found.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Term {
    /// An agency that signs, or for which an officer asks, or that a grant is for.
    Agency(AgencyId),
    /// A dataset.
    Dataset(String),
    /// A grant, an emergency or a task force, by the index of the entry that made it: no entry makes
    /// both.
    Grant(LogIndex),
    /// A key that signs, is registered or revoked.
    Key(PublicKey),
    /// The action's name.
    Kind(String),
    /// A request, by the index of the entry that opened it.
    Request(LogIndex),
    /// A matter's code.
    Matter(Code),
    /// A proposal, by the index of the entry that opened it.
    Proposal(LogIndex),
    /// An exchange: its attempts and acknowledgements.
    Exchange(ExchangeId),
}

impl EntryFilter {
    /// The conditions, the one that lets least through (as a rule) first.
    pub fn terms(&self) -> Vec<Term> {
        let terms = [
            self.exchange.map(Term::Exchange),
            self.proposal.map(|id| Term::Proposal(id.0)),
            self.request.map(|id| Term::Request(id.0)),
            self.grant.map(|basis| Term::Grant(basis.made_at())),
            self.task_force.map(|id| Term::Grant(id.0)),
            self.key.map(Term::Key),
            self.dataset.as_ref().map(|id| Term::Dataset(id.to_string())),
            self.matter.clone().map(Term::Matter),
            self.agency.clone().map(Term::Agency),
            self.kind.clone().map(Term::Kind),
        ];
        terms.into_iter().flatten().collect()
    }
}
