//! `comity key`: what its verbs take.
//! Holds: no secret is ever an argument; a key is named by its file.
//! May not enter: help texts (they are in the catalogue under `help-` and `arg-`).

use std::path::PathBuf;

use clap::{Args, Subcommand};
use comity_core::agency::KeyRole;
use comity_core::keys::PublicKey;
use comity_core::text::{AgencyId, Text};

use super::nouns::Signing;
use super::words;

/// What is done with keys.
#[derive(Debug, Subcommand)]
pub(crate) enum KeyVerb {
    /// Makes one.
    New(NewKey),
    /// Shows one.
    Show(ShowKey),
    /// Makes its card again.
    ExportPublic(ExportPublic),
    /// Changes its passphrase.
    Passphrase(ChangePassphrase),
    /// Registers one.
    Register(RegisterKey),
    /// Revokes one.
    Revoke(RevokeKey),
    /// Replaces one.
    Rotate(RotateKey),
    /// Lists them.
    List(ListKeys),
}

/// For which consortium a card is made.
#[derive(Debug, Args)]
pub(crate) struct ForWhom {
    /// For a genesis that is being made.
    #[arg(long, conflicts_with = "genesis")]
    pub(crate) for_genesis: bool,
    /// For the consortium of this genesis.
    #[arg(long, value_name = "FILE")]
    pub(crate) genesis: Option<PathBuf>,
}

/// How a new key file is protected.
#[derive(Debug, Args)]
pub(crate) struct Protection {
    /// Under the passphrase in this file.
    #[arg(long, value_name = "FILE", conflicts_with = "no_passphrase")]
    pub(crate) new_passphrase_file: Option<PathBuf>,
    /// Not at all.
    #[arg(long)]
    pub(crate) no_passphrase: bool,
}

/// `key new`.
#[derive(Debug, Args)]
pub(crate) struct NewKey {
    /// Whose.
    #[arg(long)]
    pub(crate) agency: AgencyId,
    /// What for.
    #[arg(long, value_parser = words::role())]
    pub(crate) role: KeyRole,
    /// Who holds it.
    #[arg(long, default_value = "", value_parser = words::text::<96>)]
    pub(crate) post: Text<96>,
    /// Where to.
    #[arg(long, value_name = "FILE")]
    pub(crate) out: PathBuf,
    /// For which consortium.
    #[command(flatten)]
    pub(crate) whom: ForWhom,
    /// How it is protected.
    #[command(flatten)]
    pub(crate) protection: Protection,
}

/// `key show`.
#[derive(Debug, Args)]
pub(crate) struct ShowKey {
    /// A key file, a card, or a public key.
    #[arg(value_name = "FILE|PUBLICKEY")]
    pub(crate) key: String,
}

/// `key export-public`.
#[derive(Debug, Args)]
pub(crate) struct ExportPublic {
    /// The key file.
    #[arg(value_name = "FILE")]
    pub(crate) file: PathBuf,
    /// Where to, if not to standard output.
    #[arg(long, value_name = "FILE")]
    pub(crate) out: Option<PathBuf>,
    /// For which consortium.
    #[command(flatten)]
    pub(crate) whom: ForWhom,
}

/// `key passphrase`.
#[derive(Debug, Args)]
pub(crate) struct ChangePassphrase {
    /// The key file.
    #[arg(value_name = "FILE")]
    pub(crate) file: PathBuf,
    /// How it is protected from now on.
    #[command(flatten)]
    pub(crate) protection: Protection,
}

/// `key register`.
#[derive(Debug, Args)]
pub(crate) struct RegisterKey {
    /// The card.
    #[arg(long, value_name = "FILE")]
    pub(crate) card: PathBuf,
    /// Until when.
    #[arg(long, value_name = "DATE")]
    pub(crate) valid_until: Option<String>,
    /// Who signs.
    #[command(flatten)]
    pub(crate) signing: Signing,
}

/// `key revoke`.
#[derive(Debug, Args)]
pub(crate) struct RevokeKey {
    /// Which.
    pub(crate) public_key: PublicKey,
    /// Why.
    #[arg(long, value_name = "TEXT", value_parser = words::text::<256>)]
    pub(crate) reason: Text<256>,
    /// Since when it may have leaked.
    #[arg(long, value_name = "TIME")]
    pub(crate) suspect_since: Option<String>,
    /// Who signs.
    #[command(flatten)]
    pub(crate) signing: Signing,
}

/// `key rotate`.
#[derive(Debug, Args)]
pub(crate) struct RotateKey {
    /// The key that is replaced.
    #[command(flatten)]
    pub(crate) old: Signing,
    /// Where the new one goes.
    #[arg(long, value_name = "FILE")]
    pub(crate) out: PathBuf,
    /// The admin's, where it is at hand.
    #[arg(long, value_name = "FILE")]
    pub(crate) admin_key: Option<PathBuf>,
    /// Until when the new one is valid.
    #[arg(long, value_name = "DATE", requires = "admin_key")]
    pub(crate) valid_until: Option<String>,
    /// Since when the old one may have leaked.
    #[arg(long, value_name = "TIME", requires = "admin_key")]
    pub(crate) suspect_since: Option<String>,
    /// How the new one is protected.
    #[command(flatten)]
    pub(crate) protection: Protection,
}

/// `key list`.
#[derive(Debug, Args)]
pub(crate) struct ListKeys {
    /// Whose.
    #[arg(long)]
    pub(crate) agency: Option<AgencyId>,
    /// Key files and cards in this folder, instead of the ledger's keys.
    #[arg(long, value_name = "FOLDER")]
    pub(crate) files: Option<PathBuf>,
}
