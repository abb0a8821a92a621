//! Publishing, amending, withdrawing, suspending and resuming datasets.
//! Holds: only the owner's steward acts; what is published can be granted or says why not; every
//! version stays.
//! Source: docs/formats.md, "Rules", publish-dataset and amend-dataset to resume-dataset.

use std::collections::BTreeSet;

use super::{Position, begin, require_member, require_sole_signer};
use crate::agency::KeyRole;
use crate::dataset::{Dataset, DatasetVersion, MAX_ITEMS, MAX_STATED, PublishedDataset, Sharing};
use crate::ids::DatasetId;
use crate::interruption::Interruptions;
use crate::refusal::{ApprovalRefusal, DatasetField, DutyRefusal, Refusal};
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
    check_manager(state, at, dataset)?;
    let Some(mut earlier) = earlier else {
        return Ok(put(&PublishedDataset {
            dataset: dataset.clone(),
            version: 1,
            published_at: at.index,
            version_at: at.index,
            suspensions: Interruptions::default(),
            withdrawals: Interruptions::default(),
            updated: at.mark(),
            version_on: at.time,
            promised: PublishedDataset::promised_anew(dataset, at.time),
        }));
    };
    earlier.withdrawals.end(at.mark());
    earlier.updated = at.mark();
    earlier.promised = PublishedDataset::promised_anew(dataset, at.time);
    Ok(replace(at, earlier, dataset))
}

pub(super) fn amend(
    state: &impl StateRead,
    at: Position,
    signers: &[StatementSigner],
    dataset: &Dataset,
    version: u32,
) -> Result<Changes, Refusal> {
    let mut published = require_own(state, signers, &dataset.id)?;
    if published.version != version {
        let PublishedDataset { version, version_at: at, .. } = published;
        return Err(Refusal::DatasetChanged { dataset: dataset.id.clone(), version, at });
    }
    if published.dataset == *dataset {
        return Err(Refusal::DatasetUnchanged { dataset: dataset.id.clone() });
    }
    check_form(dataset)?;
    check_manager(state, at, dataset)?;
    // What is owed already was promised as it was: no amendment puts it off or away.
    let first = || PublishedDataset::promised_anew(dataset, at.time);
    published.promised = published.promised.or_else(first);
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
    published.suspensions.end(at.mark());
    Ok(put(&published))
}

/// The owner's word that the data was made new.
pub(super) fn refresh(
    state: &impl StateRead,
    at: Position,
    signers: &[StatementSigner],
    id: &DatasetId,
) -> Result<Changes, Refusal> {
    let mut published = require_own(state, signers, id)?;
    if published.dataset.update_days.is_none() && published.promised.is_none() {
        return Err(Refusal::Duty(DutyRefusal::NoUpdatePromised { dataset: id.clone() }));
    }
    published.updated = at.mark();
    published.promised = PublishedDataset::promised_anew(&published.dataset, at.time);
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
    let PublishedDataset { version, version_at, version_on, .. } = earlier;
    let next = PublishedDataset {
        dataset: dataset.clone(),
        version: version + 1,
        version_at: at.index,
        version_on: at.time,
        ..earlier.clone()
    };
    let mut changes = put(&next);
    let replaced = DatasetVersion { dataset: earlier.dataset, version_at, version_on };
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
    if dataset.update_days == Some(0) {
        return Err(Refusal::Duty(DutyRefusal::UpdatePeriodZero));
    }
    if dataset.sharing == Sharing::NotShared && dataset.conditions.as_str().is_empty() {
        return Err(Refusal::NotSharedWithoutBasis);
    }
    check_stated(&dataset.stated).map_err(Refusal::Approval)
}

fn check_stated(stated: &[Text<256>]) -> Result<(), ApprovalRefusal> {
    if stated.len() > MAX_STATED {
        let (count, limit) = (stated.len() as u64, MAX_STATED as u64);
        return Err(ApprovalRefusal::TooManyConditions { count, limit });
    }
    let mut seen = BTreeSet::new();
    match stated.iter().position(|text| text.as_str().is_empty() || !seen.insert(text)) {
        Some(at) => Err(ApprovalRefusal::ConditionUnfit { number: at as u64 + 1 }),
        None => Ok(()),
    }
}

/// Who is to decide about the sharing must be able to.
fn check_manager(state: &impl StateRead, at: Position, dataset: &Dataset) -> Result<(), Refusal> {
    match &dataset.manager {
        Some(manager) => require_member(state, at, manager).map(drop),
        None => Ok(()),
    }
}
