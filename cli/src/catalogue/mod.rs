//! Catalogues of datasets, in from files and out to them.
//! Holds: one entry of a catalogue is one dataset, told apart by the catalogue's identifier; what
//! is personal is taken out before anything leaves this computer; a bad entry is left out alone.
//! May not enter: rules of the ledger; printing. Source: docs/catalogues.md.

mod dcat;
mod directory;
mod entry;
mod export;
mod office;
mod personal;
mod plan;
mod reason;
mod send;
mod slug;
mod source;
mod tidy;

use std::collections::{BTreeMap, BTreeSet};

use comity_core::dataset::{Dataset, DeliveryMode, Grade, Item, Openness, Sharing};
use comity_core::text::Text;
use serde::Serialize;

pub(crate) use entry::{Catalogue, Details, Found};
pub(crate) use export::{Exported, lacking, to_dcat, to_table};
pub(crate) use plan::{Ledger, Plan, Planned, Withdrawn, plan};
pub(crate) use reason::Reason;
pub(crate) use send::{Job, Outcome, send};
pub(crate) use source::{Encoding, read, table_rows, understood};

/// Where an entry stands in its file.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub(crate) struct Place {
    /// Its number in the file, from 1.
    pub(crate) index: usize,
    /// The line on which it begins, where the file has one for each.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) line: Option<u64>,
    /// Its identifier, as far as it could be read.
    pub(crate) identifier: String,
}

/// What an import was told beside the file.
#[derive(Clone, Debug, Default)]
pub(crate) struct Rules {
    /// The legal basis of what is not shared and does not name its own.
    pub(crate) sharing_basis: Option<Text<512>>,
    /// The office that answers where the catalogue names none.
    pub(crate) contact: Option<Text<128>>,
    /// The ways of delivery, whatever the catalogue says.
    pub(crate) modes: BTreeSet<DeliveryMode>,
    /// The grade.
    pub(crate) grade: Option<Grade>,
    /// Contacts that are published already, by identifier: these are offices.
    pub(crate) contacts: BTreeMap<String, Text<128>>,
    /// Bases on which datasets are not shared already, by identifier.
    pub(crate) bases: BTreeMap<String, Text<512>>,
}

impl Rules {
    /// Without anything but what `datasets` say themselves.
    pub(crate) fn of<'a>(datasets: impl Iterator<Item = &'a Dataset> + Clone) -> Rules {
        let named = datasets.filter(|dataset| !dataset.identifier.as_str().is_empty());
        let contact = |dataset: &Dataset| (dataset.identifier.to_string(), dataset.contact.clone());
        let basis = |dataset: &Dataset| {
            let is_closed = dataset.sharing == Sharing::NotShared;
            is_closed.then(|| (dataset.identifier.to_string(), dataset.conditions.clone()))
        };
        Rules {
            contacts: named.clone().map(contact).collect(),
            bases: named.filter_map(basis).collect(),
            ..Rules::default()
        }
    }
}

/// How a dataset may be shared, which is the steward's to decide.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Classification {
    pub(crate) sharing: Sharing,
    pub(crate) conditions: Text<512>,
    pub(crate) grade: Grade,
    pub(crate) modes: BTreeSet<DeliveryMode>,
}

impl Classification {
    /// A dataset's.
    pub(crate) fn of(dataset: &Dataset) -> Classification {
        let Dataset { sharing, conditions, grade, modes, .. } = dataset.clone();
        Classification { sharing, conditions, grade, modes }
    }

    /// Gives it to a dataset.
    pub(crate) fn give(self, dataset: &mut Dataset) {
        let Classification { sharing, conditions, grade, modes } = self;
        dataset.sharing = sharing;
        dataset.conditions = conditions;
        dataset.grade = grade;
        dataset.modes = modes;
    }
}

/// An entry as it would be published.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Draft {
    pub(crate) identifier: Text<256>,
    pub(crate) title: Text<256>,
    pub(crate) summary: Text<2048>,
    /// `None` where the catalogue has no place for items.
    pub(crate) items: Option<Vec<Item>>,
    pub(crate) classification: Classification,
    pub(crate) openness: Openness,
    pub(crate) contact: Text<128>,
    /// The text that the owner's node keeps.
    pub(crate) details: Vec<u8>,
    /// What was taken out or cut.
    pub(crate) tally: Tally,
}

/// What was taken out of entries, and what was cut.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub(crate) struct Tally {
    /// Contacts that were not clearly an office's.
    pub(crate) names_dropped: usize,
    /// Mailboxes and telephones in fields of their own.
    pub(crate) mailboxes_dropped: usize,
    /// Addresses and numbers masked in texts.
    pub(crate) masked: usize,
    /// Characters that the ledger does not take.
    pub(crate) characters_removed: usize,
    /// Titles, summaries and conditions that were too long; the details have them whole.
    pub(crate) shortened: usize,
    /// Entries said to be not shared, without a basis: unclassified.
    pub(crate) without_basis: usize,
}

impl Tally {
    /// Adds another's.
    pub(crate) fn add(&mut self, other: Tally) {
        self.names_dropped += other.names_dropped;
        self.mailboxes_dropped += other.mailboxes_dropped;
        self.masked += other.masked;
        self.characters_removed += other.characters_removed;
        self.shortened += other.shortened;
        self.without_basis += other.without_basis;
    }
}
