//! `comity inbox` and `codes`: what they take.
//! Holds: no secret is ever an argument; a key is named by its file.
//! May not enter: help texts (they are in the catalogue under `help-` and `arg-`).

use std::path::PathBuf;

use clap::{Args, Subcommand, ValueEnum};
use comity_core::agency::KeyRole;
use comity_core::codes::CodeList;
use comity_core::text::{AgencyId, Code, Text};

use super::nouns::Signing;
use super::words;

/// `inbox`.
#[derive(Debug, Args)]
pub(crate) struct ShowInbox {
    /// Whose: the holder of this key.
    #[arg(long, value_name = "FILE", env = "COMITY_KEY",
          required_unless_present_all = ["agency", "role"])]
    pub(crate) key: Option<PathBuf>,
    /// Whose: this agency.
    #[arg(long, requires = "role")]
    pub(crate) agency: Option<AgencyId>,
    /// In which role.
    #[arg(long, requires = "agency", value_parser = words::role())]
    pub(crate) role: Option<KeyRole>,
}

/// What is done with code lists.
#[derive(Debug, Subcommand)]
pub(crate) enum CodesVerb {
    /// Lists them.
    List(ListCodes),
    /// Publishes codes.
    Publish(PublishCodes),
    /// Withdraws one.
    Withdraw(WithdrawCode),
}

/// `codes list`.
#[derive(Debug, Args)]
pub(crate) struct ListCodes {
    /// With those that were withdrawn.
    #[arg(long)]
    pub(crate) withdrawn: bool,
}

/// `codes publish`.
#[derive(Debug, Args)]
pub(crate) struct PublishCodes {
    /// The lists.
    pub(crate) file: PathBuf,
    /// Who signs.
    #[command(flatten)]
    pub(crate) signing: Signing,
}

/// One of the two lists.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum WhichList {
    /// Matters.
    Matters,
    /// Duty bases.
    DutyBases,
}

impl From<WhichList> for CodeList {
    fn from(which: WhichList) -> CodeList {
        match which {
            WhichList::Matters => CodeList::Matters,
            WhichList::DutyBases => CodeList::DutyBases,
        }
    }
}

/// `codes withdraw`.
#[derive(Debug, Args)]
pub(crate) struct WithdrawCode {
    /// From which list.
    pub(crate) list: WhichList,
    /// Which.
    pub(crate) code: Code,
    /// Why.
    #[arg(long, value_name = "TEXT", value_parser = words::text::<256>)]
    pub(crate) reason: Text<256>,
    /// Who signs.
    #[command(flatten)]
    pub(crate) signing: Signing,
}
