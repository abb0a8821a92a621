//! `comity access`: what the verbs about the two legs of an exchange, and about batches, take.
//! Holds: no secret is ever an argument; a key is named by its file.
//! May not enter: help texts (they are in the catalogue under `help-` and `arg-`).

use std::path::PathBuf;

use clap::{Args, Subcommand};

use super::access::Recorded;
use super::nouns::Signing;

/// What the gateway says of what it hands over.
#[derive(Debug, Args)]
pub(crate) struct Answering {
    /// The data that is handed over.
    #[arg(long, value_name = "FILE", requires = "note")]
    pub(crate) answer: Option<PathBuf>,
    /// Where the note about it goes.
    #[arg(long, value_name = "FILE", requires = "answer")]
    pub(crate) note: Option<PathBuf>,
    /// Whether it may be relied on.
    #[arg(long, requires = "answer")]
    pub(crate) reliable: bool,
}

/// `access acknowledge`.
#[derive(Debug, Args)]
pub(crate) struct AcknowledgeAccess {
    /// Which.
    #[arg(value_name = "ENTRY", required = true)]
    pub(crate) entries: Vec<u64>,
    /// The data that was received.
    #[arg(long, value_name = "FILE", requires = "note")]
    pub(crate) answer: Option<PathBuf>,
    /// The provider's note about it.
    #[arg(long, value_name = "FILE", requires = "answer")]
    pub(crate) note: Option<PathBuf>,
    /// How many answers came.
    #[arg(long, value_name = "N")]
    pub(crate) received: Option<u32>,
    /// Who signs.
    #[command(flatten)]
    pub(crate) signing: Signing,
}

/// `access show`.
#[derive(Debug, Args)]
pub(crate) struct ShowExchange {
    /// Which.
    #[arg(value_name = "ENTRY|EXCHANGE")]
    pub(crate) access: Recorded,
}

/// What is done about batches.
#[derive(Debug, Subcommand)]
pub(crate) enum BatchVerb {
    /// Makes one of a table.
    Prepare(PrepareBatch),
    /// Proves one access of it.
    Prove(ProveBatch),
    /// Checks such a proof.
    Verify(VerifyBatch),
}

/// `access batch prepare`.
#[derive(Debug, Args)]
pub(crate) struct PrepareBatch {
    /// The table.
    pub(crate) file: PathBuf,
    /// Where to.
    #[arg(long, value_name = "FILE")]
    pub(crate) out: PathBuf,
}

/// `access batch prove`.
#[derive(Debug, Args)]
pub(crate) struct ProveBatch {
    /// The batch.
    pub(crate) file: PathBuf,
    /// Which line of the table.
    #[arg(long, value_name = "N")]
    pub(crate) line: u32,
    /// Where to.
    #[arg(long, value_name = "FILE")]
    pub(crate) out: PathBuf,
}

/// `access batch verify`.
#[derive(Debug, Args)]
pub(crate) struct VerifyBatch {
    /// The proof.
    pub(crate) file: PathBuf,
    /// The access that it is said to be part of.
    #[arg(long, value_name = "ENTRY")]
    pub(crate) access: Option<u64>,
}
