//! What files of others are read as, apart from any command: for whoever judges bytes (tests/hostile).
//! Holds: the same code as in `comity dataset import` reads them.
//! May not enter: nodes; what would be signed.

use std::path::Path;

use comity_core::dataset::Dataset;
use comity_core::hash::ConsortiumId;
use comity_core::ids::TimeMs;
use comity_core::rule_pack::RulePack;
use comity_core::statement::Action;
use comity_core::text::{AgencyId, Text};

use crate::catalogue::{self, Details, Draft, Ledger, Rules, Withdrawn};

/// An entry of a catalogue as it would be published.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// How the catalogue tells it apart.
    pub identifier: Text<256>,
    /// Its title.
    pub title: Text<256>,
    /// What it is.
    pub summary: Text<2048>,
    /// The office that answers.
    pub contact: Text<128>,
    /// The text that the owner's node would keep.
    pub details: Vec<u8>,
}

/// The entries of a catalogue, of any format and encoding, where `contact` is the office that answers
/// where none is named; for each that is left out the name of the reason. Errors: it is no catalogue;
/// the name of the message that says so.
pub fn catalogue(bytes: &[u8], contact: &Text<128>) -> Result<Vec<Result<Entry, String>>, String> {
    let found = catalogue::understood(Path::new("catalogue"), bytes, None, None);
    let (format, _, found) = found.map_err(|fault| fault.name)?;
    let rules = rules(contact);
    let entry = |found: catalogue::Found| {
        let draft = found.entry.and_then(|entry| format.draft(&entry, &rules));
        draft.map(Entry::from).map_err(|reason| reason.name().to_owned())
    };
    Ok(found.into_iter().map(entry).collect())
}

/// The datasets that an agency which has published nothing yet would publish of a catalogue, where
/// `contact` is the office that answers where none is named. Errors: it is no catalogue; the name of the
/// message that says so.
pub fn datasets(
    bytes: &[u8],
    (agency, consortium): (&AgencyId, ConsortiumId),
    contact: &Text<128>,
) -> Result<Vec<Dataset>, String> {
    let found = catalogue::understood(Path::new("catalogue"), bytes, None, None);
    let (format, _, found) = found.map_err(|fault| fault.name)?;
    let (agency, datasets) = (agency.clone(), Vec::new());
    let ledger = Ledger { consortium, agency, datasets, kept: &|_| None };
    let plan = catalogue::plan(format, found, &rules(contact), Withdrawn::Leave, &ledger);
    let published = plan.changes.into_iter().filter_map(|change| match change.action {
        Action::PublishDataset { dataset } => Some(dataset),
        _ => None,
    });
    Ok(published.collect())
}

/// A rule pack that comes with the program, by the name that `comity rules example` takes, as it rules
/// from a time on. Errors: there is no such pack, or it is not as it should be; in words.
pub fn rule_pack(name: &str, from: TimeMs) -> Result<RulePack, String> {
    crate::commands::shipped_rules(name, from)
}

/// The entry that kept details are read as, as an export reads them. `None` where they are not an entry's.
pub fn kept(details: &[u8], contact: &Text<128>) -> Option<Result<Entry, String>> {
    let Details { catalogue, entry } = Details::from_bytes(details)?;
    let draft = catalogue.draft(&entry, &rules(contact));
    Some(draft.map(Entry::from).map_err(|reason| reason.name().to_owned()))
}

fn rules(contact: &Text<128>) -> Rules {
    Rules { contact: Some(contact.clone()), ..Rules::default() }
}

impl From<Draft> for Entry {
    fn from(draft: Draft) -> Entry {
        let Draft { identifier, title, summary, contact, details, .. } = draft;
        Entry { identifier, title, summary, contact, details }
    }
}
