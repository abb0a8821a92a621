//! Members and the proposals about them, as a snapshot has them.
//! Holds: every object is as the snapshot has it; the work of one page is bounded.
//! May not enter: rules (who may do what is core's to say), JSON.

use comity_core::agency::Agency;
use comity_core::genesis::Params;
use comity_core::governance::{Departure, Roll};
use comity_core::ids::ProposalId;
use comity_core::ledger::TreeState;
use comity_core::state::{self, StateKey};
use comity_core::text::AgencyId;
use comity_listing::{ProposalFilter, ProposalFound};

use super::layout::state_key;
use super::{Page, Snapshot, View, ViewError};

impl Snapshot {
    /// A proposal.
    pub fn proposal(&self, id: ProposalId) -> Option<ProposalFound> {
        ProposalFound::read(&TreeState(self.state()), self.tip().time, id)
    }

    /// How and when an agency left, if it did.
    pub fn departure(&self, id: &AgencyId) -> Option<Departure> {
        state::departure(&TreeState(self.state()), id)
    }

    /// Who has a ballot, and who hosts whom; none before the genesis is read.
    pub fn roll(&self) -> Option<Roll> {
        state::read(&TreeState(self.state()), &StateKey::Roll)
    }

    /// The parameters in force; none before the genesis is read.
    pub fn params(&self) -> Option<Params> {
        state::read(&TreeState(self.state()), &StateKey::Params)
    }

    /// The competent authority; none before the genesis is read.
    pub fn competent_authority(&self) -> Option<AgencyId> {
        state::competent_authority(&TreeState(self.state()))
    }

    /// The version of the rules in force.
    pub fn protocol_version(&self) -> u16 {
        state::protocol_version(&TreeState(self.state()))
    }
}

impl View {
    /// Proposals, ascending by id. Errors: the store.
    pub fn proposals(
        &self,
        at: &Snapshot,
        filter: &ProposalFilter,
        from: Option<ProposalId>,
        limit: usize,
    ) -> Result<Page<ProposalFound, ProposalId>, ViewError> {
        let first = state_key(b"q");
        let page = self.numbers(&first, &[], from.map(|from| from.0), limit, |index| {
            let found = at.proposal(ProposalId(index))?;
            filter.fits(&found).then_some(found)
        })?;
        Ok(Page { found: page.found, next: page.next.map(ProposalId) })
    }

    /// All who are or were members, ascending by id, with how those who left did. Errors: the
    /// store.
    pub fn members(&self, at: &Snapshot) -> Result<Vec<(Agency, Option<Departure>)>, ViewError> {
        let agencies = self.agencies(at)?.into_iter();
        Ok(agencies.map(|agency| (at.departure(&agency.id), agency)).map(|(d, a)| (a, d)).collect())
    }
}
