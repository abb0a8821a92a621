//! What an import would change: the catalogue's entries against what the ledger has.
//! Holds: an entry is the dataset that has its identifier, under whatever name; what the catalogue
//! describes follows the catalogue, how it may be shared follows the steward; nothing that is the
//! same is published again.
//! May not enter: the node; sending.

use std::collections::{BTreeMap, BTreeSet};

use comity_core::dataset::{Dataset, PublishedDataset, details_hash};
use comity_core::hash::{ConsortiumId, DetailsHash};
use comity_core::ids::DatasetId;
use comity_core::statement::Action;
use comity_core::text::{AgencyId, Slug};

use super::entry::Found;
use super::{Catalogue, Classification, Details, Draft, Place, Reason, Rules, Tally, slug};

/// What the ledger and the owner's node have of an agency.
pub(crate) struct Ledger<'a> {
    /// The consortium.
    pub(crate) consortium: ConsortiumId,
    /// The agency.
    pub(crate) agency: AgencyId,
    /// Its datasets, withdrawn ones too.
    pub(crate) datasets: Vec<PublishedDataset>,
    /// Asks the node for kept details.
    pub(crate) kept: &'a dyn Fn(DetailsHash) -> Option<Vec<u8>>,
}

/// One change.
#[derive(Clone, Debug)]
pub(crate) struct Planned {
    /// Which entry asks for it; without an index where none does.
    pub(crate) place: Place,
    /// The dataset.
    pub(crate) id: DatasetId,
    /// What is to be signed.
    pub(crate) action: Action,
    /// The details to be kept first.
    pub(crate) details: Option<(DetailsHash, Vec<u8>)>,
}

/// What an import would change.
#[derive(Debug, Default)]
pub(crate) struct Plan {
    /// Publications, amendments.
    pub(crate) changes: Vec<Planned>,
    /// Datasets that are as the catalogue has them.
    pub(crate) unchanged: usize,
    /// Entries left out.
    pub(crate) left_out: Vec<(Place, Reason)>,
    /// Published datasets of a catalogue that this file does not have.
    pub(crate) missing: Vec<DatasetId>,
    /// Withdrawn datasets that the file has and that stay withdrawn.
    pub(crate) still_withdrawn: Vec<DatasetId>,
    /// Datasets whose classification on the ledger is another than the catalogue's, and stays.
    pub(crate) classified: Vec<DatasetId>,
    /// Datasets that will not be classified once this is done.
    pub(crate) unclassified: usize,
    /// What was taken out or cut.
    pub(crate) tally: Tally,
}

/// What becomes of withdrawn datasets that the file has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Withdrawn {
    /// They stay withdrawn.
    Leave,
    /// They are published again.
    Republish,
}

/// Compares entries with the ledger.
pub(crate) fn plan(
    format: Catalogue,
    found: Vec<Found>,
    rules: &Rules,
    withdrawn: Withdrawn,
    ledger: &Ledger<'_>,
) -> Plan {
    let datasets = ledger.datasets.iter();
    let of_catalogue = datasets.filter(|d| !d.dataset.identifier.as_str().is_empty());
    let by_identifier: BTreeMap<&str, &PublishedDataset> =
        of_catalogue.rev().map(|d| (d.dataset.identifier.as_str(), d)).collect();
    let mut taken: BTreeSet<Slug> =
        ledger.datasets.iter().map(|d| d.dataset.id.slug.clone()).collect();
    let mut seen: BTreeMap<String, usize> = BTreeMap::new();
    let mut plan = Plan::default();
    for Found { place, entry } in found {
        if !place.identifier.is_empty() {
            if let Some(first) = seen.get(&place.identifier) {
                let first = *first;
                plan.left_out.push((place, Reason::IdentifierTwice { first }));
                continue;
            }
            seen.insert(place.identifier.clone(), place.index);
        }
        let draft = match entry.and_then(|entry| format.draft(&entry, rules)) {
            Ok(draft) => draft,
            Err(reason) => {
                plan.left_out.push((place, reason));
                continue;
            }
        };
        plan.tally.add(draft.tally);
        match by_identifier.get(draft.identifier.as_str()) {
            None => plan.publish(place, draft, ledger, &mut taken),
            Some(known) => plan.compare(place, draft, known, (rules, withdrawn), ledger),
        }
    }
    let is_missing = |d: &&&PublishedDataset| {
        d.withdrawals.current().is_none() && !seen.contains_key(d.dataset.identifier.as_str())
    };
    let missing = by_identifier.values().filter(is_missing);
    plan.missing = missing.map(|d| d.dataset.id.clone()).collect();
    plan
}

impl Plan {
    fn publish(
        &mut self,
        place: Place,
        draft: Draft,
        ledger: &Ledger<'_>,
        taken: &mut BTreeSet<Slug>,
    ) {
        let slug = slug::name(draft.title.as_str(), draft.identifier.as_str(), taken);
        let id = DatasetId { agency: ledger.agency.clone(), slug };
        let hash = details_hash(&ledger.consortium, &draft.details);
        let items = draft.items.clone().unwrap_or_default();
        let (mut dataset, details) = described(draft, id.clone(), items, hash);
        details.0.give(&mut dataset);
        self.count(&dataset);
        let action = Action::PublishDataset { dataset };
        self.changes.push(Planned { place, id, action, details: Some((hash, details.1)) });
    }

    fn compare(
        &mut self,
        place: Place,
        draft: Draft,
        known: &PublishedDataset,
        (rules, withdrawn): (&Rules, Withdrawn),
        ledger: &Ledger<'_>,
    ) {
        let id = known.dataset.id.clone();
        let is_withdrawn = known.withdrawals.current().is_some();
        if is_withdrawn && withdrawn == Withdrawn::Leave {
            self.still_withdrawn.push(id);
            return;
        }
        let hash = details_hash(&ledger.consortium, &draft.details);
        let items = draft.items.clone().unwrap_or_else(|| known.dataset.items.clone());
        let (mut dataset, (mapped, bytes)) = described(draft, id.clone(), items, hash);
        let standing = Classification::of(&known.dataset);
        if mapped == standing || follows(known, &standing, hash, rules, ledger) {
            mapped.give(&mut dataset);
        } else {
            standing.give(&mut dataset);
            self.classified.push(id.clone());
        }
        self.count(&dataset);
        let action = match (is_withdrawn, dataset == known.dataset) {
            (true, _) => Action::PublishDataset { dataset },
            (false, true) => {
                self.unchanged += 1;
                return;
            }
            (false, false) => Action::AmendDataset { dataset, version: known.version },
        };
        let details = (known.dataset.details != Some(hash)).then_some((hash, bytes));
        self.changes.push(Planned { place, id, action, details });
    }

    fn count(&mut self, dataset: &Dataset) {
        let unclassified = dataset.sharing == comity_core::dataset::Sharing::Unclassified;
        self.unclassified += usize::from(unclassified);
    }
}

/// Whether the classification on the ledger is the one that the catalogue's earlier entry gave, so
/// that no steward has touched it. Where that entry is not kept any more, it is the steward's.
fn follows(
    known: &PublishedDataset,
    standing: &Classification,
    hash: DetailsHash,
    rules: &Rules,
    ledger: &Ledger<'_>,
) -> bool {
    let Some(earlier) = known.dataset.details.filter(|earlier| *earlier != hash) else {
        return false;
    };
    let kept = (ledger.kept)(earlier).and_then(|bytes| Details::from_bytes(&bytes));
    let Some(kept) = kept else { return false };
    // The earlier import may have been told less than this one.
    let untold = Rules { contacts: rules.contacts.clone(), ..Rules::default() };
    [rules, &untold].into_iter().any(|rules| {
        let draft = kept.catalogue.draft(&kept.entry, rules);
        draft.is_ok_and(|draft| draft.classification == *standing)
    })
}

/// The dataset as the catalogue describes it; how it may be shared, and its details, beside it.
fn described(
    draft: Draft,
    id: DatasetId,
    items: Vec<comity_core::dataset::Item>,
    hash: DetailsHash,
) -> (Dataset, (Classification, Vec<u8>)) {
    let Draft { identifier, title, summary, classification, openness, contact, details, .. } =
        draft;
    let Classification { sharing, conditions, grade, modes } = classification.clone();
    let dataset = Dataset {
        id,
        title,
        summary,
        items,
        sharing,
        manager: None,
        service: Default::default(),
        stated: vec![],
        conditions,
        openness,
        grade,
        modes,
        contact,
        identifier,
        details: Some(hash),
        update_days: None,
        reliable: false,
    };
    (dataset, (classification, details))
}
