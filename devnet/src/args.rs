//! The command line: every command, option and example that `--help` shows.
//! May not enter: what the commands do.

use std::ffi::OsString;
use std::path::PathBuf;

use clap::{Parser, Subcommand};

use crate::invocation::Invocation;
use crate::place;
use crate::topology::MAX_NODES;

const EXAMPLES: &str = "\
Examples:
  comity-devnet demo                          a consortium of four, and its story
  comity-devnet cli civil.th -- grant list    comity, at the node of civil.th
  comity-devnet down

Everything lies in one directory (see --dir), and nothing leaves this machine.
Exit codes: 0 done, 1 failed, 2 not understood; cli: those of comity --help.";

/// A whole Comity consortium on this machine, for trying it out: real nodes, one process each
#[derive(Debug, Parser)]
#[command(name = "comity-devnet", version, after_help = EXAMPLES, max_term_width = 100)]
pub(crate) struct Args {
    #[command(subcommand)]
    pub(crate) command: Command,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Start four agencies' nodes, and play the life of a grant through them
    Demo(DemoArgs),
    /// Start the nodes; the first time, set them up
    Up(UpArgs),
    /// Stop the nodes; all that they have stays
    Down(Where),
    /// Show the nodes and how they stand
    Status(Where),
    /// Stop the nodes and remove everything
    Reset(Where),
    /// Run comity at the node of an agency
    Cli(CliArgs),
    /// Measure how fast records are committed, on a devnet of its own
    Bench(BenchArgs),
    /// Make a devnet with a long past for measuring, or let one grow further
    Grow(GrowArgs),
    /// Measure what a start and a block cost one node of a devnet that has grown
    BenchCommit(BenchCommitArgs),
    /// Kill, stop and halt nodes of a devnet of its own under load, and check that nothing is lost
    Soak(SoakArgs),
    /// Make a long log offline, for measuring only: its keys are known to everybody
    Generate(GenerateArgs),
    /// Make the archive of an invented year, for trying things out: its keys are known to everybody
    Year(YearArgs),
    /// Measure how fast an archive is verified, beside bare signature verification
    BenchVerify(BenchVerifyArgs),
    /// Measure how large receipts are, and how quickly checked
    BenchProofs(BenchProofsArgs),
    /// Measure what applying a record costs, by its kind and by how many grants there are
    BenchApply(BenchApplyArgs),
}

/// Which devnet.
#[derive(Debug, clap::Args)]
pub(crate) struct Where {
    /// The devnet's directory [default: comity-devnet in your state directory]
    #[arg(long)]
    dir: Option<PathBuf>,
}

impl Command {
    /// How to call this program again for the devnet that the command is about.
    pub(crate) fn invocation(&self) -> Invocation {
        match self {
            Command::Demo(args) => args.place.invocation(),
            Command::Up(args) => args.place.invocation(),
            Command::Cli(args) => args.place.invocation(),
            Command::Down(place) | Command::Status(place) | Command::Reset(place) => {
                place.invocation()
            }
            Command::Bench(args) => Invocation::of_process(args.dir.as_deref()),
            Command::Grow(args) => Invocation::of_process(Some(&args.dir)),
            Command::BenchCommit(args) => Invocation::of_process(Some(&args.dir)),
            Command::Soak(args) => Invocation::of_process(args.dir.as_deref()),
            Command::Generate(_)
            | Command::Year(_)
            | Command::BenchVerify(_)
            | Command::BenchProofs(_)
            | Command::BenchApply(_) => Invocation::without_nodes(),
        }
    }
}

impl Where {
    /// The directory meant.
    pub(crate) fn dir(&self) -> PathBuf {
        self.dir.clone().unwrap_or_else(place::default_dir)
    }

    /// How to call this program again for the same devnet.
    pub(crate) fn invocation(&self) -> Invocation {
        Invocation::of_process(self.dir.as_deref())
    }
}

#[derive(Debug, clap::Args)]
pub(crate) struct DemoArgs {
    #[command(flatten)]
    pub(crate) place: Where,
    /// Stop the nodes at the end
    #[arg(long)]
    pub(crate) exit: bool,
    /// If there is a devnet in the directory, stop and remove it first, whatever it is (without
    /// this, only what a demo left behind)
    #[arg(long)]
    pub(crate) fresh: bool,
}

#[derive(Debug, clap::Args)]
pub(crate) struct UpArgs {
    #[command(flatten)]
    pub(crate) place: Where,
    /// How many agencies, each with its node [default: 4, or as many as there are]
    #[arg(long, value_parser = clap::value_parser!(u8).range(1..=MAX_NODES as i64))]
    pub(crate) nodes: Option<u8>,
}

#[derive(Debug, clap::Args)]
pub(crate) struct CliArgs {
    #[command(flatten)]
    pub(crate) place: Where,
    /// Whose node to ask, as in civil.th; with a role, as in civil.th/officer, also whose key to
    /// sign with
    pub(crate) who: String,
    /// What comity is to do (comity --help)
    #[arg(trailing_var_arg = true, allow_hyphen_values = true, value_name = "COMITY ARGUMENTS")]
    pub(crate) args: Vec<OsString>,
}

/// What a benchmark submits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum Mix {
    /// Accesses alone
    Access,
    /// Requests, approvals, grants, accesses, acknowledgements and revocations
    Full,
}

#[derive(Debug, clap::Args)]
pub(crate) struct BenchArgs {
    /// How many nodes, one network after the other
    #[arg(long, value_delimiter = ',', default_value = "4",
          value_parser = clap::value_parser!(u8).range(1..=MAX_NODES as i64))]
    pub(crate) nodes: Vec<u8>,
    /// How many records are under way at once, one run for each
    #[arg(long, value_delimiter = ',', default_value = "1,16,256,2048",
          value_parser = clap::value_parser!(u16).range(1..=4096))]
    pub(crate) in_flight: Vec<u16>,
    /// Also submit so many records in a second, whether earlier ones are answered or not
    #[arg(long, value_parser = clap::value_parser!(u32).range(1..=1_000_000))]
    pub(crate) rate: Option<u32>,
    /// Also submit half as many in a second as the fastest run committed
    #[arg(long)]
    pub(crate) half: bool,
    /// About how many bytes a signed access has, if that is more than it needs by itself
    #[arg(long, default_value_t = 512, value_parser = clap::value_parser!(u16).range(1..=4096))]
    pub(crate) payload: u16,
    /// What is submitted
    #[arg(long, value_enum, default_value_t = Mix::Access)]
    pub(crate) mix: Mix,
    /// How long every byte between two nodes takes, each way, in milliseconds; one network after the
    /// other. 0: as it comes
    #[arg(long, value_delimiter = ',', default_value = "0", value_name = "D",
          value_parser = clap::value_parser!(u16).range(0..=1000))]
    pub(crate) delay_ms: Vec<u16>,
    /// Meanwhile ask so many questions of each kind in a second: an entry by id, a grant; and a
    /// listing of 1,000 entries for every twenty of them
    #[arg(long, value_name = "R", value_parser = clap::value_parser!(u16).range(1..=1000))]
    pub(crate) reads: Option<u16>,
    /// After the loads: stop a node, commit so many records, start it again, and measure how fast it
    /// catches up and how fast the log is replayed
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=500_000))]
    pub(crate) catch_up: Option<u32>,
    /// How long each run lasts, in seconds
    #[arg(long, default_value_t = 30, value_parser = clap::value_parser!(u16).range(1..=600))]
    pub(crate) seconds: u16,
    /// How often each run is made; medians are shown
    #[arg(long, default_value_t = 1, value_parser = clap::value_parser!(u8).range(1..=99))]
    pub(crate) repeat: u8,
    /// Write the results to this file as JSON, too
    #[arg(long, value_name = "FILE")]
    pub(crate) json: Option<PathBuf>,
    /// Write them to this file as a page with charts, too
    #[arg(long, value_name = "FILE")]
    pub(crate) html: Option<PathBuf>,
    /// Where the nodes' files lie meanwhile; which disk it is decides much [default: a temporary
    /// directory]
    #[arg(long)]
    pub(crate) dir: Option<PathBuf>,
    /// Measure this devnet, which comity-devnet grow has made; it stays
    #[arg(long, value_name = "DIR", conflicts_with_all = ["dir", "nodes", "entries", "grants"])]
    pub(crate) from: Option<PathBuf>,
    /// Give the log so many entries first, as comity-devnet grow does
    #[arg(long, value_parser = clap::value_parser!(u64).range(1..=100_000_000))]
    pub(crate) entries: Option<u64>,
    /// So many grants among them [default: a tenth of the entries]
    #[arg(long, requires = "entries", value_parser = clap::value_parser!(u64).range(1..=10_000_000))]
    pub(crate) grants: Option<u64>,
}

#[derive(Debug, clap::Args)]
pub(crate) struct GrowArgs {
    /// The devnet's directory: a new one, or one that has grown before
    #[arg(long)]
    pub(crate) dir: PathBuf,
    /// How many nodes a new one has
    #[arg(long, default_value_t = 4, value_parser = clap::value_parser!(u8).range(2..=MAX_NODES as i64))]
    pub(crate) nodes: u8,
    /// How many entries the log is to have
    #[arg(long, default_value_t = 10_000, value_parser = clap::value_parser!(u64).range(1..=100_000_000))]
    pub(crate) entries: u64,
    /// How many of them are grants, the first time [default: a tenth]
    #[arg(long, value_parser = clap::value_parser!(u64).range(1..=10_000_000))]
    pub(crate) grants: Option<u64>,
    /// How many entries in a block
    #[arg(long, default_value_t = 500, value_parser = clap::value_parser!(u64).range(1..=1_000))]
    pub(crate) per_block: u64,
    /// Write the first node's directory alone: enough for bench-commit, and a quarter of the room
    #[arg(long)]
    pub(crate) first: bool,
}

#[derive(Debug, clap::Args)]
pub(crate) struct BenchCommitArgs {
    /// The devnet's directory
    pub(crate) dir: PathBuf,
    /// How many blocks are put on the log
    #[arg(long, default_value_t = 200, value_parser = clap::value_parser!(u64).range(1..=100_000))]
    pub(crate) blocks: u64,
    /// How many accesses in a block
    #[arg(long, default_value_t = 256, value_parser = clap::value_parser!(u64).range(1..=1_000))]
    pub(crate) per_block: u64,
    /// Write the results to this file as JSON, too
    #[arg(long, value_name = "FILE")]
    pub(crate) json: Option<PathBuf>,
}

#[derive(Debug, clap::Args)]
pub(crate) struct SoakArgs {
    /// How long the nodes are under load and in trouble
    #[arg(long, default_value_t = 1, value_parser = clap::value_parser!(u16).range(1..=1440))]
    pub(crate) minutes: u16,
    /// What happens, and to whom, follows from this number
    #[arg(long, default_value_t = 1)]
    pub(crate) seed: u64,
    /// Where the nodes' files lie meanwhile [default: a temporary directory]
    #[arg(long)]
    pub(crate) dir: Option<PathBuf>,
}

#[derive(Debug, clap::Args)]
pub(crate) struct GenerateArgs {
    /// How many entries
    #[arg(long, default_value_t = 10_000, value_parser = clap::value_parser!(u64).range(1..=100_000_000))]
    pub(crate) entries: u64,
    /// How many changes of the validators among them (three entries each)
    #[arg(long, default_value_t = 0)]
    pub(crate) changes: u64,
    /// How many accesses in a block
    #[arg(long, default_value_t = 100, value_parser = clap::value_parser!(u64).range(1..=2_000))]
    pub(crate) per_block: u64,
    /// The archive to write
    #[arg(long, value_name = "FILE")]
    pub(crate) out: PathBuf,
    /// The genesis to write
    #[arg(long, value_name = "FILE")]
    pub(crate) genesis: PathBuf,
}

#[derive(Debug, clap::Args)]
pub(crate) struct YearArgs {
    /// What happens follows from this number
    #[arg(long, default_value_t = 1)]
    pub(crate) seed: u64,
    /// How many requests are made; each leaves about ten entries
    #[arg(long, default_value_t = 3_000, value_parser = clap::value_parser!(u64).range(1..=100_000))]
    pub(crate) requests: u64,
    /// A catalogue, or a directory of them (DCAT-US as JSON, tables as CSV): each file becomes what one
    /// more agency has
    #[arg(long, value_name = "PATH")]
    pub(crate) catalogs: Vec<PathBuf>,
    /// The archive to write
    #[arg(long, short, value_name = "FILE")]
    pub(crate) out: PathBuf,
    /// The genesis to write [default: beside the archive, as in year.genesis.json]
    #[arg(long, value_name = "FILE")]
    pub(crate) genesis: Option<PathBuf>,
}

#[derive(Debug, clap::Args)]
pub(crate) struct BenchVerifyArgs {
    /// The archive
    pub(crate) archive: PathBuf,
    /// Its genesis
    #[arg(long, value_name = "FILE")]
    pub(crate) genesis: PathBuf,
    /// How many cores [default: all that there are]
    #[arg(long)]
    pub(crate) cores: Option<u16>,
    /// How often, the bare rate and the verification in turn
    #[arg(long, default_value_t = 3, value_parser = clap::value_parser!(u16).range(1..=100))]
    pub(crate) turns: u16,
}

#[derive(Debug, clap::Args)]
pub(crate) struct BenchProofsArgs {
    /// At which lengths of the log
    #[arg(long, value_delimiter = ',', default_value = "1000,10000")]
    pub(crate) entries: Vec<u64>,
    /// Read this archive instead of making a log; its validators must not change
    #[arg(long, value_name = "FILE", requires = "genesis")]
    pub(crate) archive: Option<PathBuf>,
    /// The archive's genesis
    #[arg(long, value_name = "FILE")]
    pub(crate) genesis: Option<PathBuf>,
    /// After how many changes of the validators, one log for each
    #[arg(long, value_delimiter = ',', default_value = "0,10,50")]
    pub(crate) changes: Vec<u64>,
    /// How many accesses in a block
    #[arg(long, default_value_t = 100, value_parser = clap::value_parser!(u64).range(1..=2_000))]
    pub(crate) per_block: u64,
}

#[derive(Debug, clap::Args)]
pub(crate) struct BenchApplyArgs {
    /// At which numbers of grants; a million takes about two GiB of memory
    #[arg(long, value_delimiter = ',', default_value = "1000,10000,100000,1000000",
          value_parser = clap::value_parser!(u64).range(100..=10_000_000))]
    pub(crate) grants: Vec<u64>,
    /// Write the results as JSON instead
    #[arg(long)]
    pub(crate) json: bool,
}

/// Reads a command line, the program's name first. Errors: what clap has to say, help and the
/// version included.
pub(crate) fn parse(args: Vec<OsString>) -> Result<Args, clap::Error> {
    Args::try_parse_from(args)
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory as _;

    use super::*;

    fn read(line: &str) -> Result<Args, clap::Error> {
        parse(line.split(' ').map(OsString::from).collect())
    }

    #[test]
    fn command_line_is_sound() {
        Args::command().debug_assert();
        for line in ["comity-devnet up --nodes 0", "comity-devnet up --nodes 11"] {
            assert!(read(line).is_err(), "{line}");
        }
    }

    #[test]
    fn what_comity_is_asked_is_passed_on_with_and_without_dashes() {
        for line in [
            "comity-devnet cli civil.th/officer -- grant list --json",
            "comity-devnet cli civil.th/officer grant list --json",
            "comity-devnet cli --dir d civil.th/officer grant list --json",
        ] {
            let Command::Cli(cli) = read(line).unwrap().command else { panic!("{line}") };
            assert_eq!(cli.who, "civil.th/officer");
            assert_eq!(cli.args, ["grant", "list", "--json"], "{line}");
        }
    }

    #[test]
    fn bench_runs_from_one_at_a_time_to_many_unless_told_otherwise() {
        let Command::Bench(bench) = read("comity-devnet bench").unwrap().command else { panic!() };
        assert_eq!((bench.nodes, bench.in_flight), (vec![4], vec![1, 16, 256, 2048]));
        let line = "comity-devnet bench --in-flight 8 --seconds 3 --nodes 4,10 --mix full --half";
        let Command::Bench(bench) = read(line).unwrap().command else { panic!() };
        assert_eq!((bench.in_flight, bench.seconds, bench.mix), (vec![8], 3, Mix::Full));
        assert_eq!((bench.nodes, bench.half), (vec![4, 10], true));
    }
}
