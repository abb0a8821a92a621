//! What a bundle shows, once its proofs hold.
//! Holds: every entry and object here was proven from the genesis.
//! May not enter: how the proofs are fetched or packed.

use std::collections::{BTreeMap, BTreeSet};

use comity_core::block::Header;
use comity_core::genesis::Genesis;
use comity_core::grant::Grant;
use comity_core::hash::Commitment;
use comity_core::ids::{EmergencyId, GrantId, LogIndex};
use comity_core::late::Accessed;
use comity_core::proof::{ProvenEntry, VerifiedCollection, VerifiedExtract};
use comity_core::sealed::Opening;
use comity_core::state;
use comity_core::statement::{Action, Capacity, Statement};
use comity_core::text::AgencyId;
use serde::Serialize;

use super::judging::Judgement;
use super::manifest::{Case, Exported};
use super::objects::Objects;

/// A case with what proves it.
#[derive(Debug)]
pub(crate) struct Contents {
    /// The genesis.
    pub(crate) genesis: Genesis,
    /// The case.
    pub(crate) case: Case,
    /// Who says to have exported it.
    pub(crate) exported: Exported,
    /// The entries, ascending.
    pub(crate) entries: Vec<Entry>,
    /// The objects.
    pub(crate) objects: Objects,
    /// The header of the objects.
    pub(crate) header: Header,
    /// Who certified that header.
    pub(crate) certified_by: Vec<String>,
    /// Openings of what entries seal.
    pub(crate) openings: BTreeMap<LogIndex, Vec<Opening>>,
    /// Accesses and denials, judged again.
    pub(crate) judgements: Vec<Judgement>,
}

/// An entry.
#[derive(Debug)]
pub(crate) struct Entry {
    /// Its position.
    pub(crate) index: LogIndex,
    /// The header of its block.
    pub(crate) header: Header,
    proven: ProvenEntry,
}

impl From<ProvenEntry> for Entry {
    fn from(proven: ProvenEntry) -> Entry {
        Entry { index: proven.index, header: proven.header.clone(), proven }
    }
}

impl Entry {
    /// What was signed.
    pub(crate) fn statement(&self) -> &Statement {
        self.proven.record.statement()
    }
}

/// The commitments of a statement, then those of a record that it takes in late, then those of the
/// attempt in it.
pub(crate) fn commitments(statement: &Statement) -> Vec<Commitment> {
    let attempt = statement.action.attempt();
    let of_attempt = attempt.into_iter().flat_map(|signed| signed.attempt.sealed.iter());
    let late = match &statement.action {
        Action::EmbedLate { record, .. } => record.sealed.as_slice(),
        _ => &[],
    };
    statement.sealed.iter().chain(late).chain(of_attempt).copied().collect()
}

/// How many accesses these acts charge to each grant: those under it, and under the grants that are held and
/// derived from it.
pub(crate) fn charged<'a>(
    objects: &Objects,
    actions: impl Iterator<Item = &'a Action>,
) -> BTreeMap<GrantId, u64> {
    let mut shown = BTreeMap::new();
    for access in actions.filter_map(Action::access) {
        let attempt = &access.attempt.attempt;
        for grant in objects.charged(attempt.grant) {
            *shown.entry(grant).or_default() += attempt.count();
        }
    }
    shown
}

/// How much of a use is here.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub(crate) struct Counted {
    /// How much is shown.
    pub(crate) shown: u64,
    /// How much the ledger counts.
    pub(crate) total: u64,
    /// Whether all of it must be here.
    #[serde(skip)]
    pub(crate) must: bool,
}

impl Counted {
    /// Whether no more is shown than there was, and all where all must be.
    pub(crate) fn holds(&self) -> bool {
        self.shown == self.total || (self.shown < self.total && !self.must)
    }
}

impl Contents {
    /// What proofs that hold show of a case; nothing is opened or judged yet.
    pub(crate) fn of(
        genesis: &Genesis,
        (case, exported): (Case, Exported),
        entries: &VerifiedCollection,
        state: &VerifiedExtract,
        objects: Objects,
    ) -> Contents {
        let certificate = state.path().certificate().certificate();
        let set = state.path().validators();
        let by = certificate.signatures.iter().filter_map(|by| set.by_key(&by.validator));
        Contents {
            genesis: genesis.clone(),
            case,
            exported,
            entries: entries.entries().iter().cloned().map(Entry::from).collect(),
            objects,
            header: state.header().clone(),
            certified_by: by.map(|validator| validator.agency.to_string()).collect(),
            openings: BTreeMap::new(),
            judgements: vec![],
        }
    }

    /// The entry at a position.
    pub(crate) fn entry(&self, index: LogIndex) -> Option<&Entry> {
        let found = self.entries.binary_search_by_key(&index, |entry| entry.index);
        found.ok().and_then(|place| self.entries.get(place))
    }

    /// The accesses under each grant that is held or was used.
    pub(crate) fn counted(&self) -> BTreeMap<GrantId, Counted> {
        let shown = self.accesses();
        let held: BTreeMap<GrantId, Grant> = self.objects.grants().collect();
        let named: BTreeSet<GrantId> = held.keys().chain(shown.keys()).copied().collect();
        let count = |id| Counted {
            shown: shown.get(&id).copied().unwrap_or(0),
            total: state::usage(&self.objects, id).total,
            must: held.get(&id).is_some_and(|one| self.case.must_be_whole(id, &one.terms.dataset)),
        };
        named.into_iter().map(|id| (id, count(id))).collect()
    }

    /// The entries that recorded accesses of each agency in each emergency, where one is shown.
    pub(crate) fn counted_urgent(&self) -> BTreeMap<(EmergencyId, AgencyId), Counted> {
        let count = |((id, agency), shown): ((EmergencyId, AgencyId), u32)| {
            let total = state::emergency_use(&self.objects, id, &agency).entries;
            let counted = Counted { shown: shown.into(), total: total.into(), must: false };
            ((id, agency), counted)
        };
        self.urgent_entries().into_iter().map(count).collect()
    }

    /// How many entries recorded accesses of each agency in each emergency, as far as they are shown.
    fn urgent_entries(&self) -> BTreeMap<(EmergencyId, AgencyId), u32> {
        let mut shown: BTreeMap<_, u32> = BTreeMap::new();
        for entry in &self.entries {
            let accessed = entry.statement().action.access().filter(Accessed::counts);
            if let Some(Accessed { attempt, .. }) = accessed {
                let attempt = &attempt.attempt;
                if let Some(emergency) = attempt.grant.emergency() {
                    *shown.entry((emergency, attempt.requester.clone())).or_default() += 1;
                }
            }
        }
        shown
    }

    /// How many accesses of each member are shown under each grant to its task force.
    pub(crate) fn member_accesses(&self) -> BTreeMap<(GrantId, AgencyId), u64> {
        let mut shown = BTreeMap::new();
        for entry in &self.entries {
            let Some(Accessed { attempt, .. }) = entry.statement().action.access() else {
                continue;
            };
            let attempt = &attempt.attempt;
            if let (Some(grant), Capacity::TaskForce(_)) = (attempt.grant.grant(), attempt.capacity)
            {
                *shown.entry((grant, attempt.requester.clone())).or_default() += attempt.count();
            }
        }
        shown
    }

    /// How many accesses of each grant are shown, in their time or late.
    pub(crate) fn accesses(&self) -> BTreeMap<GrantId, u64> {
        let actions = self.entries.iter().map(|entry| &entry.statement().action);
        charged(&self.objects, actions)
    }
}
