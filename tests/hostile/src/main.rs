//! `comity-hostile`: writes the corpora anew, and attacks the targets on any toolchain.

use std::io::Write as _;
use std::process::ExitCode;
use std::time::{Duration, Instant};

use clap::{Parser, Subcommand};
use comity_hostile::mutation::{Numbers, mutated};
use comity_hostile::{TARGETS, Target, corpus};

/// Hostile bytes against everything that reads bytes of others.
///
/// Example: comity-hostile attack --seconds 60 --seed 7 gossip record
#[derive(Parser)]
#[command(name = "comity-hostile", version)]
struct Args {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Writes the seeds of every target anew from a run of real nodes; findings stay.
    Corpora,
    /// Names the targets, and who can send them bytes.
    Targets,
    /// Mutates the corpora from a seed, for so long with each target; a broken promise panics and names
    /// the input.
    Attack {
        /// The targets; all of them where none is named.
        targets: Vec<String>,
        /// How long with each (seconds).
        #[arg(long, default_value_t = 10)]
        seconds: u64,
        /// The seed.
        #[arg(long, default_value_t = 1)]
        seed: u64,
    },
}

fn main() -> ExitCode {
    let outcome = match Args::parse().command {
        Command::Corpora => corpus::write(),
        Command::Targets => list(),
        Command::Attack { targets, seconds, seed } => {
            attack(&targets, Duration::from_secs(seconds), seed)
        }
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            let _ = writeln!(std::io::stderr(), "comity-hostile: {error}");
            ExitCode::FAILURE
        }
    }
}

fn list() -> std::io::Result<()> {
    let mut out = std::io::stdout().lock();
    TARGETS.iter().try_for_each(|target| writeln!(out, "{:16} {:?}", target.name, target.source))
}

fn attack(names: &[String], time: Duration, seed: u64) -> std::io::Result<()> {
    let is_named = |target: &&Target| names.is_empty() || names.iter().any(|n| n == target.name);
    let mut out = std::io::stdout().lock();
    for target in TARGETS.iter().filter(is_named) {
        let inputs: Vec<Vec<u8>> = corpus::inputs(target)?.into_values().collect();
        let (mut numbers, began, mut runs) = (Numbers::new(seed), Instant::now(), 0u64);
        while began.elapsed() < time && !inputs.is_empty() {
            let (one, other) = (numbers.below(inputs.len()), numbers.below(inputs.len()));
            let input = mutated(&inputs[one], &inputs[other], &mut numbers);
            let finding = Finding { target, input: &input };
            (target.run)(&input);
            std::mem::forget(finding);
            runs += 1;
        }
        writeln!(out, "{:16} {runs:>9} executions, seed {seed}", target.name)?;
        out.flush()?;
    }
    Ok(())
}

/// Writes its input down when a target panics.
struct Finding<'a> {
    target: &'a Target,
    input: &'a [u8],
}

impl Drop for Finding<'_> {
    fn drop(&mut self) {
        let path = format!("finding-{}.bin", self.target.name);
        let _ = std::fs::write(&path, self.input);
        let _ = writeln!(std::io::stderr(), "the input is in {path}");
    }
}
