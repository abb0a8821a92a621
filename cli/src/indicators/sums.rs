//! Sums that become figures: sets of what is counted once, and counters.
//! Holds: nothing is counted twice that is one thing; the order of adding does not matter.

use std::collections::{BTreeMap, BTreeSet};

use comity_core::agency::Agency;
use comity_core::dataset::PublishedDataset;
use comity_core::duty::DutyState;
use comity_core::ids::DatasetId;
use comity_core::text::{AgencyId, Code, ItemName};

use super::facts::{Tally, Use};
use super::figures::{
    Breadth, Contribution, DatasetFunnel, Depth, Documents, Figures, Funnel, GrantFunnel,
    RequestFunnel, Speed, Thickness, Timeliness,
};

/// What one group comes to, as far as it was added up.
#[derive(Clone, Debug, Default)]
pub(super) struct Sums<'a> {
    pairs: BTreeSet<(&'a AgencyId, &'a AgencyId)>,
    served: BTreeSet<(&'a AgencyId, &'a Code)>,
    used: BTreeSet<&'a DatasetId>,
    items: BTreeSet<(&'a DatasetId, &'a ItemName)>,
    /// Datasets on which a grant was issued.
    pub(super) shared: BTreeSet<&'a DatasetId>,
    pub(super) depth: Depth,
    exchanges: u64,
    entries: u64,
    documents: Documents,
    pub(super) replies: Judged,
    pub(super) deliveries: Judged,
    pub(super) datasets: DatasetFunnel,
    pub(super) requests: RequestFunnel,
    pub(super) grants: GrantFunnel,
}

/// Duties of one kind, by how they stand, and the working days that those took that were done.
#[derive(Clone, Debug, Default)]
pub(super) struct Judged {
    states: BTreeMap<DutyState, u64>,
    days: Vec<u64>,
}

impl Judged {
    /// One more; with the working days that it took, if it was done.
    pub(super) fn add(&mut self, state: DutyState, days: Option<u64>) {
        *self.states.entry(state).or_default() += 1;
        self.days.extend(days);
    }

    fn count(&self, state: DutyState) -> u64 {
        self.states.get(&state).copied().unwrap_or_default()
    }

    /// How many were done or due.
    fn judged(&self) -> u64 {
        let states = [DutyState::Met, DutyState::MetLate, DutyState::Lapsed];
        states.into_iter().map(|state| self.count(state)).sum()
    }

    /// How they stand, counted.
    pub(super) fn timeliness(&self) -> Timeliness {
        let mut days = self.days.clone();
        days.sort_unstable();
        let met = self.count(DutyState::Met);
        Timeliness {
            met,
            met_late: self.count(DutyState::MetLate),
            lapsed: self.count(DutyState::Lapsed),
            running: self.count(DutyState::Running),
            released: self.count(DutyState::Released),
            in_time_percent: (met * 100).checked_div(self.judged()),
            median_working_days: days.get(days.len().saturating_sub(1) / 2).copied(),
        }
    }
}

impl<'a> Sums<'a> {
    /// Accesses. `published` is their dataset, as it is now.
    pub(super) fn add_use(
        &mut self,
        of: &'a Use,
        tally: &'a Tally,
        published: Option<&'a PublishedDataset>,
    ) {
        self.pairs.insert((&of.dataset.agency, &of.requester));
        self.served.insert((&of.requester, &of.matter));
        self.used.insert(&of.dataset);
        self.items.extend(tally.items.iter().map(|item| (&of.dataset, item)));
        if let Some(published) = published.filter(|_| tally.whole) {
            self.items.extend(published.dataset.items.iter().map(|item| (&of.dataset, &item.name)));
        }
        self.depth.two_legged += tally.two_legged;
        self.depth.batches += tally.batches;
        self.depth.emergency += tally.emergency;
        self.depth.task_force += tally.task_force;
        self.exchanges += tally.exchanges;
        self.entries += tally.entries;
        self.documents.not_asked += tally.documents;
        self.documents.acknowledged += tally.documents_acknowledged;
    }

    /// What a provider contributed, where this is all that it provided; none where it is nothing.
    pub(super) fn contribution(&self, agency: &AgencyId) -> Contribution {
        let requesters: BTreeSet<&AgencyId> = self.pairs.iter().map(|(_, to)| *to).collect();
        Contribution {
            agency: agency.to_string(),
            datasets_shared: count(self.shared.len()),
            datasets_used: count(self.used.len()),
            agencies_served: count(requesters.len()),
            matters_served: count(self.served.len()),
            documents_not_asked: self.documents.not_asked,
            replies_in_time: self.replies.count(DutyState::Met),
            replies_judged: self.replies.judged(),
        }
    }

    /// The figures. The agencies are those of the ledger.
    pub(super) fn figures(self, agencies: &BTreeMap<AgencyId, Agency>) -> Figures {
        Figures {
            breadth: breadth(&self.pairs, agencies),
            depth: self.depth,
            thickness: Thickness {
                datasets: count(self.used.len()),
                items: count(self.items.len()),
                exchanges: self.exchanges,
                entries: self.entries,
            },
            speed: Speed {
                replies: self.replies.timeliness(),
                deliveries: self.deliveries.timeliness(),
            },
            funnel: Funnel {
                datasets: Some(self.datasets),
                requests: self.requests,
                grants: self.grants,
            },
            documents: self.documents,
            matters_served: count(self.served.len()),
        }
    }
}

fn breadth(
    pairs: &BTreeSet<(&AgencyId, &AgencyId)>,
    agencies: &BTreeMap<AgencyId, Agency>,
) -> Breadth {
    let mut breadth = Breadth { pairs: count(pairs.len()), ..Breadth::default() };
    for (provider, requester) in pairs {
        let (Some(one), Some(other)) = (agencies.get(*provider), agencies.get(*requester)) else {
            continue;
        };
        breadth.across_levels += u64::from(one.level != other.level);
        breadth.across_regions += u64::from(one.region != other.region);
        breadth.across_kinds += u64::from(one.kind != other.kind);
    }
    breadth
}

fn count(length: usize) -> u64 {
    length as u64
}
