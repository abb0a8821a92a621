//! The command line of what keeps a node well: doctor, repair, backup, restore, guard.
//! Holds: what changes something says what, before anything else.

use std::path::PathBuf;

use clap::Subcommand;
use comity_core::text::AgencyId;

/// Look at everything that could keep this node from its work, and say what to do
///
/// Works while the node runs (it is asked) and while it is stopped (the directory is read). The
/// worst comes first. Changes nothing.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Exit codes: 0 all is well, 4 something to look at, 5 trouble.

Example:
  comityd doctor --dir /var/lib/comity")]
pub(crate) struct DoctorArgs {
    /// The node's directory
    #[arg(long)]
    pub(crate) dir: PathBuf,
    /// Say it as JSON, for a program
    #[arg(long)]
    pub(crate) json: bool,
}

/// Put damaged or missing blocks back, from the other members or from an archive
///
/// For when the node says that something on its disk is damaged. Without --archive the blocks come
/// from the nodes named in config.toml. Every block is verified against the whole chain before
/// anything is changed; segments without damage are not touched. A write-ahead log that cannot be
/// read is put aside: the node then follows, and votes again when it is certain that its key
/// signed nothing newer. The node must be stopped.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  comityd repair --dir /var/lib/comity
  comityd repair --dir /var/lib/comity --archive chain-2026-05-03.comity")]
pub(crate) struct RepairArgs {
    /// The node's directory
    #[arg(long)]
    pub(crate) dir: PathBuf,
    /// Archive that another member made with comityd export
    #[arg(long, value_name = "FILE")]
    pub(crate) archive: Option<PathBuf>,
}

/// Copy what only this node has into a new directory, while it runs or not
///
/// Copies the settings, the genesis, the node's keys, what is kept beside the log (sealed details:
/// nobody else has them), the webhook's place and observed misbehaviour. Never copies the write-ahead
/// log, whose old copy would make the node vote twice, nor the blocks, which every member has.
/// What was written is read back and compared.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Example:
  comityd backup --dir /var/lib/comity --to /mnt/backup/comity-2026-05-03")]
pub(crate) struct BackupArgs {
    /// The node's directory
    #[arg(long)]
    pub(crate) dir: PathBuf,
    /// Directory to make; it must not exist
    #[arg(long, value_name = "DIR")]
    pub(crate) to: PathBuf,
    /// Leave out the key that signs votes: a node restored from this can only follow until the
    /// members have voted a new key for it
    #[arg(long)]
    pub(crate) without_validator_key: bool,
}

/// Make a node's directory from a backup
///
/// Checks every file of the backup first. The node then fetches the log from the other members and
/// follows without voting, until comityd guard reset.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Example:
  comityd restore --from /mnt/backup/comity-2026-05-03 --dir /var/lib/comity")]
pub(crate) struct RestoreArgs {
    /// Directory that comityd backup made
    #[arg(long, value_name = "DIR")]
    pub(crate) from: PathBuf,
    /// The directory to make; it may exist if it is empty
    #[arg(long)]
    pub(crate) dir: PathBuf,
}

#[derive(Debug, Subcommand)]
pub(crate) enum GuardCommand {
    /// Show what this node knows to have signed, and what the other members say of its key
    #[command(after_help = "\
Example:
  comityd guard show --dir /var/lib/comity")]
    Show {
        /// The node's directory
        #[arg(long)]
        dir: PathBuf,
    },
    Reset(GuardResetArgs),
}

/// Let a node vote again that was restored from a backup, or whose sign guard is lost
///
/// A validator that signs two different votes for one step is named on the log for ever. This
/// command says what will be believed, and asks. The node must be stopped.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Without --from-height the node decides by itself from which height it votes, once members with more
than two thirds of the voting power have told it what they know of its key. With --from-height the
operator decides, for when so many members cannot be reached; comityd guard show, run while
the node runs, must have asked those who can, and --without names the others.

Examples:
  comityd guard reset --dir /var/lib/comity
  comityd guard reset --dir /var/lib/comity --from-height 12000 --without civil.gz")]
pub(crate) struct GuardResetArgs {
    /// The node's directory
    #[arg(long)]
    pub(crate) dir: PathBuf,
    /// The first height at which the key may sign again
    #[arg(long, value_name = "HEIGHT")]
    pub(crate) from_height: Option<u64>,
    /// A member with a vote that could not be asked; once for each
    #[arg(long, value_name = "AGENCY", requires = "from_height")]
    pub(crate) without: Vec<AgencyId>,
    /// The agency's name, instead of typing it when asked: no other machine runs with these keys
    #[arg(long, value_name = "AGENCY")]
    pub(crate) old_machine_is_gone: Option<AgencyId>,
}
