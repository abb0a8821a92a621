//! Publishing datasets.
//! Holds: only the owner's steward publishes; what is published can be granted or says why not.
//! Source: docs/formats.md, "Rules", publish-dataset.

use std::collections::BTreeSet;

use super::{Position, require_sole_signer};
use crate::agency::KeyRole;
use crate::dataset::{Dataset, MAX_ITEMS, PublishedDataset, Sharing};
use crate::refusal::{DatasetField, Refusal};
use crate::state::{self, Changes, StateKey, StateRead};
use crate::statement::StatementSigner;

pub(super) fn publish(
    state: &impl StateRead,
    at: Position,
    signers: &[StatementSigner],
    dataset: &Dataset,
) -> Result<Changes, Refusal> {
    require_sole_signer(signers, &dataset.id.agency, KeyRole::Steward)?;
    if let Some(published) = state::dataset(state, &dataset.id) {
        let dataset = dataset.id.clone();
        return Err(Refusal::DatasetExists { dataset, at: published.published_at });
    }
    check_form(dataset)?;
    let mut changes = Changes::default();
    let published = PublishedDataset { dataset: dataset.clone(), published_at: at.index };
    changes.put(&StateKey::Dataset(&dataset.id), &published);
    Ok(changes)
}

fn check_form(dataset: &Dataset) -> Result<(), Refusal> {
    let required = [
        (DatasetField::Title, dataset.title.as_str()),
        (DatasetField::Contact, dataset.contact.as_str()),
    ];
    if let Some((field, _)) = required.iter().find(|(_, text)| text.is_empty()) {
        return Err(Refusal::DatasetFieldEmpty { field: *field });
    }
    if dataset.items.len() > MAX_ITEMS {
        let (count, limit) = (dataset.items.len() as u64, MAX_ITEMS as u64);
        return Err(Refusal::TooManyItems { count, limit });
    }
    let mut seen = BTreeSet::new();
    if let Some(item) = dataset.items.iter().find(|item| !seen.insert(&item.name)) {
        return Err(Refusal::ItemTwice { item: item.name.clone() });
    }
    if dataset.modes.is_empty() {
        return Err(Refusal::NoModes);
    }
    if dataset.sharing == Sharing::NotShared && dataset.conditions.as_str().is_empty() {
        return Err(Refusal::NotSharedWithoutBasis);
    }
    Ok(())
}
