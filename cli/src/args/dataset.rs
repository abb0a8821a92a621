//! `comity dataset`: what its verbs take.
//! Holds: no secret is ever an argument; a key is named by its file.
//! May not enter: help texts (they are in the catalogue under `help-` and `arg-`).

use std::path::PathBuf;

use clap::{ArgGroup, Args, Subcommand};
use comity_core::dataset::{DeliveryMode, Grade, Sharing};
use comity_core::ids::DatasetId;
use comity_core::text::{AgencyId, Text};

use super::nouns::Signing;
use super::words;
use crate::catalogue::{Catalogue, Encoding};

/// What is done with datasets.
#[derive(Debug, Subcommand)]
pub(crate) enum DatasetVerb {
    /// Prints a sample description.
    Example,
    /// Publishes one.
    Publish(PublishDataset),
    /// Takes in a catalogue.
    Import(Box<ImportCatalogue>),
    /// Says how datasets may be shared.
    Classify(Box<ClassifyDataset>),
    /// Replaces a description.
    Amend(AmendDataset),
    /// Takes one out of the catalogue.
    Withdraw(WithdrawDataset),
    /// Says that its data was made new.
    Refresh(RefreshDataset),
    /// Writes a catalogue.
    Export(ExportCatalogue),
    /// Lists them.
    List(ListDatasets),
    /// Shows one.
    Show(ShowDataset),
    /// Finds what is collected twice.
    Duplicates(FindDuplicates),
}

/// `dataset publish`.
#[derive(Debug, Args)]
pub(crate) struct PublishDataset {
    /// Its description.
    pub(crate) file: PathBuf,
    /// Who signs.
    #[command(flatten)]
    pub(crate) signing: Signing,
}

/// `dataset refresh`.
#[derive(Debug, Args)]
pub(crate) struct RefreshDataset {
    /// Which.
    pub(crate) dataset: DatasetId,
    /// Who signs.
    #[command(flatten)]
    pub(crate) signing: Signing,
}

/// `dataset import`.
#[derive(Debug, Args)]
pub(crate) struct ImportCatalogue {
    /// The catalogue.
    pub(crate) file: PathBuf,
    /// Its format.
    #[arg(long)]
    pub(crate) format: Option<Catalogue>,
    /// Its encoding.
    #[arg(long)]
    pub(crate) encoding: Option<Encoding>,
    /// Whether only to say what would be done.
    #[arg(long)]
    pub(crate) dry_run: bool,
    /// The basis of what is not shared.
    #[arg(long, value_name = "TEXT", value_parser = words::text::<512>)]
    pub(crate) sharing_basis: Option<Text<512>>,
    /// The office that answers.
    #[arg(long, value_name = "OFFICE", value_parser = words::text::<128>)]
    pub(crate) contact: Option<Text<128>>,
    /// How it is delivered.
    #[arg(long, num_args = 1.., value_parser = words::mode())]
    pub(crate) mode: Vec<DeliveryMode>,
    /// Its grade.
    #[arg(long, value_parser = words::grade())]
    pub(crate) grade: Option<Grade>,
    /// Whether what the file does not have is withdrawn.
    #[arg(long, requires = "reason")]
    pub(crate) withdraw_missing: bool,
    /// Why it is withdrawn.
    #[arg(long, value_name = "TEXT", value_parser = words::text::<256>)]
    pub(crate) reason: Option<Text<256>>,
    /// Whether what was withdrawn is published again.
    #[arg(long)]
    pub(crate) republish_withdrawn: bool,
    /// Records under way at once.
    #[arg(long, value_name = "N", default_value_t = 32, value_parser = clap::value_parser!(u16).range(1..=256))]
    pub(crate) in_flight: u16,
    /// Who signs.
    #[command(flatten)]
    pub(crate) signing: Signing,
}

/// `dataset classify`.
#[derive(Debug, Args)]
#[command(group = ArgGroup::new("which").required(true).args(["dataset", "file"]))]
pub(crate) struct ClassifyDataset {
    /// Which.
    #[arg(requires = "sharing")]
    pub(crate) dataset: Option<DatasetId>,
    /// A table of them.
    #[arg(long, conflicts_with_all = ["sharing", "conditions", "grade", "mode"])]
    pub(crate) file: Option<PathBuf>,
    /// How it is shared.
    #[arg(long, value_parser = words::sharing())]
    pub(crate) sharing: Option<Sharing>,
    /// On what conditions, or on what basis not.
    #[arg(long, value_name = "TEXT", value_parser = words::text::<512>)]
    pub(crate) conditions: Option<Text<512>>,
    /// Its grade.
    #[arg(long, value_parser = words::grade())]
    pub(crate) grade: Option<Grade>,
    /// How it is delivered.
    #[arg(long, num_args = 1.., value_parser = words::mode())]
    pub(crate) mode: Vec<DeliveryMode>,
    /// Who signs.
    #[command(flatten)]
    pub(crate) signing: Signing,
}

/// `dataset amend`.
#[derive(Debug, Args)]
pub(crate) struct AmendDataset {
    /// Its new description.
    pub(crate) file: PathBuf,
    /// The version that it replaces.
    #[arg(long, value_name = "N")]
    pub(crate) replaces: Option<u32>,
    /// Who signs.
    #[command(flatten)]
    pub(crate) signing: Signing,
}

/// `dataset withdraw`.
#[derive(Debug, Args)]
pub(crate) struct WithdrawDataset {
    /// Which.
    pub(crate) dataset: DatasetId,
    /// Why.
    #[arg(long, value_name = "TEXT", value_parser = words::text::<256>)]
    pub(crate) reason: Text<256>,
    /// Who signs.
    #[command(flatten)]
    pub(crate) signing: Signing,
}

/// `dataset export`.
#[derive(Debug, Args)]
pub(crate) struct ExportCatalogue {
    /// Whose; the node's own without it.
    #[arg(long)]
    pub(crate) agency: Option<AgencyId>,
    /// The format.
    #[arg(long)]
    pub(crate) format: Catalogue,
    /// The encoding.
    #[arg(long, value_enum, default_value_t = Encoding::Utf8)]
    pub(crate) encoding: Encoding,
    /// The office's mailbox.
    #[arg(long, value_name = "ADDRESS")]
    pub(crate) mailbox: Option<String>,
    /// The file to write.
    #[arg(long, short, value_name = "FILE")]
    pub(crate) out: PathBuf,
}

/// `dataset list`.
#[derive(Debug, Args)]
pub(crate) struct ListDatasets {
    /// Whose.
    #[arg(long)]
    pub(crate) agency: Option<AgencyId>,
    /// Shared how.
    #[arg(long, value_parser = words::sharing())]
    pub(crate) sharing: Option<Sharing>,
    /// In which state.
    #[arg(long, value_parser = ["listed", "suspended", "withdrawn"])]
    pub(crate) state: Option<String>,
}

/// `dataset show`.
#[derive(Debug, Args)]
pub(crate) struct ShowDataset {
    /// Which.
    pub(crate) dataset: DatasetId,
}

/// `dataset duplicates`.
#[derive(Debug, Args)]
pub(crate) struct FindDuplicates {
    /// Of this one.
    #[arg(long)]
    pub(crate) dataset: Option<DatasetId>,
    /// Of this agency's.
    #[arg(long)]
    pub(crate) agency: Option<AgencyId>,
}
