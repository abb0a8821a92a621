//! `comityd join` and `comityd key`: what they take.
//! Holds: no secret is an argument.

use std::path::PathBuf;

use clap::Subcommand;
use clap::builder::{PossibleValuesParser, TypedValueParser};
use comity_core::agency::KeyRole;
use comity_core::text::AgencyId;

use super::InitArgs;
use crate::config::{AddressError, PeerOption};

/// `comityd join`: all that `comityd init` takes, and the consortium.
#[derive(Debug, clap::Args)]
pub(crate) struct JoinArgs {
    /// The consortium's genesis.json, from any member
    #[arg(long, value_name = "FILE", required = true)]
    pub(crate) genesis: PathBuf,
    /// A member's node: its address and identity, such as /ip4/10.20.0.7/tcp/7070/p2p/12D3K…; its
    /// operator finds both in its log. One is enough, since members tell where the others are; a second
    /// helps when that one is down
    #[arg(long, value_name = "ADDRESS", required = true, value_parser = parse_peer)]
    pub(crate) peer: Vec<PeerOption>,
    /// Do not try whether these nodes can be reached and prove their identity
    #[arg(long)]
    pub(crate) offline: bool,
    /// The node.
    #[command(flatten)]
    pub(crate) node: InitArgs,
}

/// `comityd key`.
#[derive(Debug, Subcommand)]
pub(crate) enum KeyCommand {
    /// Make the key that is to follow one of the node's keys
    ///
    /// The present key stays in use until a proposal to replace it has passed; the node then takes
    /// the new one by itself, from the very next block on.
    #[command(after_help = "\
Example:
  comityd key new --dir /var/lib/comity --role validator
  comity proposal open replace-key health.gd --card validator.next.card.json --key admin.key")]
    New(KeyOf),
    /// Put the next key in its place by hand, for a node that was off while its key was replaced
    ///
    /// Only for the transport key, without which the node is not let in to learn of the change. The
    /// node must be stopped.
    #[command(after_help = "\
Example:
  comityd key use --dir /var/lib/comity --role transport")]
    Use(KeyOf),
}

/// Of which node, in which role.
#[derive(Debug, clap::Args)]
pub(crate) struct KeyOf {
    /// The node's directory
    #[arg(long)]
    pub(crate) dir: PathBuf,
    /// What the key is for
    #[arg(long, value_parser = role())]
    pub(crate) role: KeyRole,
}

fn role() -> impl TypedValueParser<Value = KeyRole> {
    const ROLES: [KeyRole; 3] = [KeyRole::Validator, KeyRole::Transport, KeyRole::Note];
    PossibleValuesParser::new(ROLES.map(KeyRole::as_str)).map(|word| {
        match ROLES.into_iter().find(|role| role.as_str() == word) {
            Some(role) => role,
            None => unreachable!("only the listed words pass"),
        }
    })
}

fn parse_peer(text: &str) -> Result<PeerOption, AddressError> {
    PeerOption::called(None::<AgencyId>, text)
}
