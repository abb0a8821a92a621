//! The command line: every command, option and example that `--help` shows.
//! Holds: what is parsed is well-formed; whether it fits the files is for the commands to say.
//! May not enter: reading or writing files.

mod init;
mod members;
mod upkeep;

use std::ffi::OsString;
use std::path::PathBuf;

use clap::{CommandFactory as _, Parser, Subcommand};
use comity_core::genesis::Params;
use comity_core::text::{AgencyId, Text, TextError};

pub(crate) use upkeep::{
    BackupArgs, DoctorArgs, GuardCommand, GuardResetArgs, RepairArgs, RestoreArgs,
};

pub(crate) use init::{InitArgs, KINDS, LEVELS, named};
pub(crate) use members::{JoinArgs, KeyCommand, KeyOf};

use crate::logging::{LogFilter, LogFormat};
use crate::node::SnapshotSource;

const EXIT_CODES: &str = "\
Exit codes:
  0  done
  1  failed on the way: a file, the disk, a port, another file's content
  2  not understood: the command line or config.toml; nothing was done
  3  refused, nothing was done: another process works in the directory, the directory
     or a key belongs to another agency or consortium, others can read a key, or a
     file would be overwritten
  4  comityd doctor found something to look at
  5  comityd doctor found trouble

Setting up a consortium: each agency runs comityd init and hands over its member.json;
one of them runs comityd genesis and sends genesis.json to all; each compares the
consortium's id by telephone, copies the file into its directory, and runs comityd run.";

/// Run an agency's node of a Comity consortium: the shared record of who was allowed to see
/// which data, and who saw it.
#[derive(Debug, Parser)]
#[command(name = "comityd", version, after_help = EXIT_CODES, max_term_width = 100)]
pub(crate) struct Args {
    #[command(subcommand)]
    pub(crate) command: Command,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    Init(Box<InitArgs>),
    Genesis(Box<GenesisArgs>),
    /// Set up the node of an agency that is to join a consortium that runs already
    ///
    /// Takes what comityd init takes, and asks for what is missing; the keys are proven for the
    /// consortium whose genesis is given. member.json then goes to the admin of a member, who
    /// proposes to admit the agency; once that has passed, the node follows from the genesis on.
    #[command(after_help = "\
Example:
  comityd join --genesis genesis.json \\
    --peer /ip4/10.20.0.7/tcp/7070/p2p/12D3KooWFKvnAUeiuAFkSn19dgkHoSHPskYLTAN7oFRZNwM1SDbv \\
    --dir /var/lib/comity --agency school.gd --name \"School Board\" --level county \\
    --region 440100 --admin-card admin.card.json")]
    Join(Box<JoinArgs>),
    Run(RunArgs),
    /// Make and replace the node's own keys
    #[command(subcommand)]
    Key(KeyCommand),
    Export(ExportArgs),
    Snapshot(SnapshotArgs),
    Reindex(ReindexArgs),
    Doctor(DoctorArgs),
    Repair(RepairArgs),
    Backup(BackupArgs),
    Restore(RestoreArgs),
    /// Look at what keeps this node from voting twice, or let a node from a backup vote again
    #[command(subcommand)]
    Guard(GuardCommand),
    /// Look at a node's settings
    #[command(subcommand)]
    Config(ConfigCommand),
    /// Print a script by which a shell completes commands with the Tab key
    #[command(after_help = "\
Examples:
  comityd completions bash > /usr/share/bash-completion/completions/comityd
  comityd completions zsh > /usr/share/zsh/site-functions/_comityd
  comityd completions fish > /usr/share/fish/vendor_completions.d/comityd.fish")]
    Completions {
        /// The shell
        shell: clap_complete::Shell,
    },
    /// Write the manual pages of all commands
    #[command(after_help = "\
Example:
  comityd man --out /usr/local/share/man/man1
Then: man comityd-run")]
    Man {
        /// The folder to write them to; it is made if it is not there
        #[arg(long, value_name = "DIR")]
        out: PathBuf,
    },
}

/// Make the genesis of a consortium from the members' member.json files
///
/// The genesis names the founding members, their keys, the codes and the rules that all share.
/// Its hash is the consortium's id, which every member compares with the others before starting.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Example:
  comityd genesis --name \"County data sharing\" --authority data.gd --codes codes.toml \\
    --member health.json --member data.json --member tax.json --member civil.json \\
    --out genesis.json")]
pub(crate) struct GenesisArgs {
    /// The consortium's name
    #[arg(long, required_unless_present = "sample_codes", value_parser = parse_name::<128>)]
    pub(crate) name: Option<Text<128>>,
    /// The member that is the competent authority for data sharing
    #[arg(long, value_name = "AGENCY", required_unless_present = "sample_codes")]
    pub(crate) authority: Option<AgencyId>,
    /// A member's member.json; once for each
    #[arg(long, value_name = "FILE", required_unless_present = "sample_codes")]
    pub(crate) member: Vec<PathBuf>,
    /// The published codes of matters and duty bases, in TOML (see --sample-codes)
    #[arg(long, value_name = "FILE")]
    pub(crate) codes: Option<PathBuf>,
    /// Where to write the genesis
    #[arg(long, value_name = "FILE", required_unless_present = "sample_codes")]
    pub(crate) out: Option<PathBuf>,
    /// Print a list of codes to start from, for --codes, and do nothing else
    #[arg(long, exclusive = true)]
    pub(crate) sample_codes: bool,
    #[command(flatten)]
    pub(crate) params: ParamsArgs,
}

/// Rules that all members share, for ever.
#[derive(Debug, clap::Args)]
#[command(next_help_heading = "Rules (all members share them)")]
pub(crate) struct ParamsArgs {
    /// A block at least this often (milliseconds, 100 to 86400000)
    #[arg(long, default_value_t = Params::default().heartbeat_ms)]
    pub(crate) heartbeat_ms: u64,
    /// How far a block's time may be from a node's clock (milliseconds, 100 to 600000)
    #[arg(long, default_value_t = Params::default().drift_ms)]
    pub(crate) drift_ms: u64,
    /// Longest record (bytes, 1024 to 65535)
    #[arg(long, default_value_t = Params::default().record_bytes)]
    pub(crate) record_bytes: u32,
    /// Most records in a block (1 to 16384)
    #[arg(long, default_value_t = Params::default().block_records)]
    pub(crate) block_records: u32,
    /// Most bytes of records in a block (record-bytes to 4194304)
    #[arg(long, default_value_t = Params::default().block_bytes)]
    pub(crate) block_bytes: u32,
    /// Most records of one agency in a block (1 to block-records)
    #[arg(long, default_value_t = Params::default().agency_records)]
    pub(crate) agency_records: u32,
    /// Most bytes of one agency's records in a block (record-bytes to block-bytes)
    #[arg(long, default_value_t = Params::default().agency_bytes)]
    pub(crate) agency_bytes: u32,
    /// Minutes east of UTC at which days begin, for daily quotas (-840 to 840)
    #[arg(long, default_value_t = Params::default().day_offset_minutes, allow_negative_numbers = true)]
    pub(crate) day_offset_minutes: i16,
    /// A proposal passes with more than this share of the members with a ballot (its numerator)
    #[arg(long, default_value_t = Params::default().ballot_numerator)]
    pub(crate) ballot_numerator: u8,
    /// The share's denominator; the share is at least a half and less than one
    #[arg(long, default_value_t = Params::default().ballot_denominator)]
    pub(crate) ballot_denominator: u8,
    /// How long ballots on a proposal are taken (milliseconds, 60000 to 31622400000)
    #[arg(long, default_value_t = Params::default().ballot_open_ms)]
    pub(crate) ballot_open_ms: u64,
}

/// Run the node until it is stopped (Ctrl-C, or the stop of the service)
///
/// Needs genesis.json in the directory. Writes its log to stderr.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Example:
  comityd run --dir /var/lib/comity")]
pub(crate) struct RunArgs {
    /// The node's directory
    #[arg(long)]
    pub(crate) dir: PathBuf,
    /// Start a node that has no blocks yet from a snapshot instead of from the first block: a file
    /// that another member made with comityd snapshot, or "peers" to fetch it from whichever peer
    /// has one. Every byte is verified from genesis.json
    #[arg(long, value_name = "FILE|peers", value_parser = parse_source)]
    pub(crate) from_snapshot: Option<SnapshotSource>,
    /// How to write the log, whatever config.toml says
    #[arg(long, value_enum)]
    pub(crate) log_format: Option<LogFormat>,
    /// How much to write to the log (error, warn, info, debug, trace), whatever config.toml says
    #[arg(long, value_name = "LEVEL")]
    pub(crate) log: Option<LogFilter>,
}

/// Write the whole chain into one file, for an auditor or a backup
///
/// The file can be checked by anyone who has the genesis, without trusting this node:
/// comity verify archive. The node may be running meanwhile.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Example:
  comityd export --dir /var/lib/comity --out chain-2026-05-03.comity")]
pub(crate) struct ExportArgs {
    /// The node's directory
    #[arg(long)]
    pub(crate) dir: PathBuf,
    /// File to write; it must not exist
    #[arg(long, value_name = "FILE")]
    pub(crate) out: PathBuf,
}

/// Take a snapshot of the ledger, from which a new node can start without replaying the log
///
/// The node goes on meanwhile; it may also be stopped. Whoever has the genesis can verify every
/// byte of a snapshot, without trusting this node. It stays in the directory snapshots/, where
/// peers fetch it, until newer ones take its place; --out copies it.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Example:
  comityd snapshot --dir /var/lib/comity --out county-2026-05-03.snapshot
On the new node: comityd run --dir /var/lib/comity --from-snapshot county-2026-05-03.snapshot")]
pub(crate) struct SnapshotArgs {
    /// The node's directory
    #[arg(long)]
    pub(crate) dir: PathBuf,
    /// File to copy it to; it must not exist
    #[arg(long, value_name = "FILE")]
    pub(crate) out: Option<PathBuf>,
}

/// Verify every block on this node's disk, and build its state and indexes anew from them
///
/// For when the view was damaged or is in doubt. The node must be stopped.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Example:
  comityd reindex --dir /var/lib/comity")]
pub(crate) struct ReindexArgs {
    /// The node's directory
    #[arg(long)]
    pub(crate) dir: PathBuf,
}

#[derive(Debug, Subcommand)]
pub(crate) enum ConfigCommand {
    /// Check config.toml, keys and genesis without starting anything, and show the consortium's id
    #[command(after_help = "\
Example:
  comityd config check --dir /var/lib/comity")]
    Check {
        /// The node's directory
        #[arg(long)]
        dir: PathBuf,
    },
}

/// Reads a command line, the program's name first. Errors: what clap has to say, help and the
/// version included.
pub(crate) fn parse(args: impl IntoIterator<Item = OsString>) -> Result<Args, clap::Error> {
    Args::try_parse_from(args)
}

/// The whole command line, for completions and manual pages.
pub(crate) fn command() -> clap::Command {
    Args::command()
}

impl ParamsArgs {
    /// The parameters, not yet checked against their bounds.
    pub(crate) fn params(&self) -> Params {
        Params {
            heartbeat_ms: self.heartbeat_ms,
            drift_ms: self.drift_ms,
            record_bytes: self.record_bytes,
            block_records: self.block_records,
            block_bytes: self.block_bytes,
            agency_records: self.agency_records,
            agency_bytes: self.agency_bytes,
            day_offset_minutes: self.day_offset_minutes,
            ballot_numerator: self.ballot_numerator,
            ballot_denominator: self.ballot_denominator,
            ballot_open_ms: self.ballot_open_ms,
        }
    }
}

fn parse_source(text: &str) -> Result<SnapshotSource, std::convert::Infallible> {
    Ok(match text {
        "peers" => SnapshotSource::Peers,
        path => SnapshotSource::File(PathBuf::from(path)),
    })
}

/// Text that says something.
pub(crate) fn parse_name<const MAX: usize>(text: &str) -> Result<Text<MAX>, TextError> {
    match text.trim() {
        "" => Err(TextError::Empty { what: "the text" }),
        _ => text.parse(),
    }
}

#[cfg(test)]
mod tests;
