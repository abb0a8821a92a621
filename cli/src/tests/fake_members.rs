//! The fake node's members, proposals and rules, with the filters that the command line uses.
//! Holds: what is listed comes from the real ledger behind the node.

use comity_core::agency::Agency;
use comity_core::genesis::Params;
use comity_core::governance::Roll;
use comity_core::ids::{LogIndex, ProposalId};
use comity_core::state::{self, StateKey};
use comity_core::statement::Action;
use comity_core::text::AgencyId;
use serde_json::{Value, json};

use super::fake_lists::{Asked, Lists};

impl Lists<'_> {
    /// The list or object at a path about members.
    pub(super) fn about_members(&self, path: &str, asked: &Asked) -> Option<Value> {
        match path {
            "/v1/agencies" => {
                let found = self.members().iter().map(|id| self.member(id)).collect::<Vec<_>>();
                Some(json!({ "agencies": found }))
            }
            "/v1/proposals" => {
                let ids = self.records().filter_map(|(at, action)| {
                    matches!(action, Action::OpenProposal { .. }).then_some(ProposalId(at))
                });
                let found = ids.filter_map(|id| self.proposal(id));
                let fits = |found: &Value| {
                    asked.get("state").is_none_or(|state| found["state"] == json!(state))
                };
                Some(json!({ "proposals": found.filter(fits).collect::<Vec<_>>(), "next": null }))
            }
            "/v1/rules" => Some(json!({
                "protocol_version": state::protocol_version(self.ledger),
                "params": self.params(),
                "competent_authority":
                    state::read::<AgencyId>(self.ledger, &StateKey::CompetentAuthority),
                "electorate": self.roll().electorate,
            })),
            _ => match path.strip_prefix("/v1/agencies/") {
                Some(id) => {
                    let id: AgencyId = id.parse().unwrap();
                    state::agency(self.ledger, &id).map(|_| self.member(&id))
                }
                None => self.proposal(path.strip_prefix("/v1/proposals/")?.parse().unwrap()),
            },
        }
    }

    fn members(&self) -> Vec<AgencyId> {
        let proposed = self.records().filter_map(|(_, action)| match action {
            Action::OpenProposal { measure } => measure.agency().cloned(),
            _ => None,
        });
        let founding = super::fixture::MEMBERS.iter().map(|id| id.parse().unwrap());
        let mut all: Vec<AgencyId> = founding.chain(proposed).collect();
        all.sort();
        all.dedup();
        all.retain(|id| state::agency(self.ledger, id).is_some());
        all
    }

    fn member(&self, id: &AgencyId) -> Value {
        let agency: Agency = state::agency(self.ledger, id).unwrap();
        let mut found = json!(agency);
        found["departure"] = json!(state::departure(self.ledger, id));
        found
    }

    fn proposal(&self, id: ProposalId) -> Option<Value> {
        let proposal = state::proposal(self.ledger, id)?;
        let tally = self.roll().tally(&proposal, &self.params());
        let state = match proposal.passed_at {
            Some(LogIndex(_)) => "passed",
            None if self.ledger.tip().time >= proposal.closes => "closed",
            None => "open",
        };
        Some(json!({ "id": id, "proposal": proposal, "state": state, "tally": tally }))
    }

    fn roll(&self) -> Roll {
        state::read(self.ledger, &StateKey::Roll).unwrap()
    }

    fn params(&self) -> Params {
        state::read(self.ledger, &StateKey::Params).unwrap()
    }
}
