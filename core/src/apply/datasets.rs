//! Publishing, amending, withdrawing, suspending and resuming datasets.
//! Holds: only the owner's steward acts; what is published can be granted or says why not; every
//! version stays.
//! Source: docs/formats.md, "Rules", publish-dataset and amend-dataset to resume-dataset.

use std::collections::BTreeSet;

use super::{Position, begin, require_sole_signer};
use crate::agency::KeyRole;
use crate::dataset::{Dataset, DatasetVersion, MAX_ITEMS, PublishedDataset, Sharing};
use crate::ids::DatasetId;
use crate::interruption::Interruptions;
use crate::refusal::{DatasetField, Refusal};
use crate::state::{self, Changes, StateKey, StateRead};
use crate::statement::StatementSigner;
use crate::text::Text;

pub(super) fn publish(
    state: &impl StateRead,
    at: Position,
    signers: &[StatementSigner],
    dataset: &Dataset,
) -> Result<Changes, Refusal> {
    require_sole_signer(signers, &dataset.id.agency, KeyRole::Steward)?;
    let earlier = state::dataset(state, &dataset.id);
    if let Some(earlier) = earlier.as_ref().filter(|e| e.withdrawals.current().is_none()) {
        let (dataset, at) = (dataset.id.clone(), earlier.published_at);
        return Err(Refusal::DatasetExists { dataset, at });
    }
    check_form(dataset)?;
    let Some(mut earlier) = earlier else {
        return Ok(put(&PublishedDataset {
            dataset: dataset.clone(),
            version: 1,
            published_at: at.index,
            version_at: at.index,
            suspensions: Interruptions::default(),
            withdrawals: Interruptions::default(),
        }));
    };
    earlier.withdrawals.end(at.index);
    Ok(replace(at, earlier, dataset))
}

pub(super) fn amend(
    state: &impl StateRead,
    at: Position,
    signers: &[StatementSigner],
    dataset: &Dataset,
    version: u32,
) -> Result<Changes, Refusal> {
    let published = require_own(state, signers, &dataset.id)?;
    if published.version != version {
        let PublishedDataset { version, version_at: at, .. } = published;
        return Err(Refusal::DatasetChanged { dataset: dataset.id.clone(), version, at });
    }
    if published.dataset == *dataset {
        return Err(Refusal::DatasetUnchanged { dataset: dataset.id.clone() });
    }
    check_form(dataset)?;
    Ok(replace(at, published, dataset))
}

pub(super) fn withdraw(
    state: &impl StateRead,
    at: Position,
    signers: &[StatementSigner],
    id: &DatasetId,
    reason: &Text<256>,
) -> Result<Changes, Refusal> {
    let mut published = require_own(state, signers, id)?;
    begin(&mut published.withdrawals, at, reason)?;
    Ok(put(&published))
}

pub(super) fn suspend(
    state: &impl StateRead,
    at: Position,
    signers: &[StatementSigner],
    id: &DatasetId,
    reason: &Text<256>,
) -> Result<Changes, Refusal> {
    let mut published = require_own(state, signers, id)?;
    if let Some(suspension) = published.suspensions.current() {
        let (dataset, at) = (id.clone(), suspension.at);
        return Err(Refusal::DatasetAlreadySuspended { dataset, at });
    }
    begin(&mut published.suspensions, at, reason)?;
    Ok(put(&published))
}

pub(super) fn resume(
    state: &impl StateRead,
    at: Position,
    signers: &[StatementSigner],
    id: &DatasetId,
) -> Result<Changes, Refusal> {
    let mut published = require_own(state, signers, id)?;
    if published.suspensions.current().is_none() {
        return Err(Refusal::DatasetNotSuspended { dataset: id.clone() });
    }
    published.suspensions.end(at.index);
    Ok(put(&published))
}

/// The dataset must be in the catalogue.
pub(super) fn require_published(
    state: &impl StateRead,
    id: &DatasetId,
) -> Result<PublishedDataset, Refusal> {
    let Some(published) = state::dataset(state, id) else {
        return Err(Refusal::DatasetUnknown { dataset: id.clone() });
    };
    match published.withdrawals.current() {
        Some(withdrawal) => {
            let (dataset, at) = (id.clone(), withdrawal.at);
            Err(Refusal::DatasetGone { dataset, at })
        }
        None => Ok(published),
    }
}

/// The dataset, if the signer is its owner's steward and it is in the catalogue.
fn require_own(
    state: &impl StateRead,
    signers: &[StatementSigner],
    id: &DatasetId,
) -> Result<PublishedDataset, Refusal> {
    require_sole_signer(signers, &id.agency, KeyRole::Steward)?;
    require_published(state, id)
}

/// A new version, with the earlier one beside it.
fn replace(at: Position, earlier: PublishedDataset, dataset: &Dataset) -> Changes {
    let PublishedDataset { version, version_at, .. } = earlier;
    let next = PublishedDataset {
        dataset: dataset.clone(),
        version: version + 1,
        version_at: at.index,
        ..earlier.clone()
    };
    let mut changes = put(&next);
    let replaced = DatasetVersion { dataset: earlier.dataset, version_at };
    changes.put(&StateKey::DatasetVersion(&dataset.id, version), &replaced);
    changes
}

fn put(published: &PublishedDataset) -> Changes {
    Changes::of(&StateKey::Dataset(&published.dataset.id), published)
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
