//! Runs the simulator with one bug switched on, seed after seed, until it finds something.
//! Holds: every seed runs in a process of its own, within a limit of time.

use std::collections::BTreeMap;
use std::io::{self, Read};
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use crate::bug::Bug;
use crate::plant::{VARIABLE, number};

/// One seed takes a second or so; one that has not ended after this long never will.
const SEED_LIMIT: Duration = Duration::from_secs(120);

/// What one seed came to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// No invariant was broken.
    Clean,
    /// The simulator says what is broken.
    Violation(String),
    /// The program broke off.
    Panic(String),
    /// It did not end.
    Endless,
}

/// How a hunt for one bug ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Catch {
    /// The seed that found it.
    pub seed: u64,
    /// How many seeds were run, that one included.
    pub runs: u64,
    /// What was said.
    pub verdict: Verdict,
}

/// Runs one seed with the bug of this number switched on; 0 is none. Errors: the program cannot
/// be started.
pub fn run_seed(program: &Path, arguments: &[&str], bug: u32, seed: u64) -> io::Result<Verdict> {
    let mut command = Command::new(program);
    command.args(arguments).args(["--seeds", &seed.to_string()]);
    command.env(VARIABLE, bug.to_string()).env("RUST_BACKTRACE", "0");
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn()?;
    let (tell, hear) = mpsc::channel();
    let mut pipes: Vec<Box<dyn Read + Send>> = Vec::new();
    pipes.extend(child.stdout.take().map(|pipe| Box::new(pipe) as _));
    pipes.extend(child.stderr.take().map(|pipe| Box::new(pipe) as _));
    let readers = pipes.len();
    for mut pipe in pipes {
        let tell = tell.clone();
        thread::spawn(move || {
            let mut text = Vec::new();
            let _ = pipe.read_to_end(&mut text);
            let _ = tell.send(String::from_utf8_lossy(&text).into_owned());
        });
    }
    let mut said = String::new();
    for _ in 0..readers {
        let Ok(text) = hear.recv_timeout(SEED_LIMIT) else {
            child.kill()?;
            child.wait()?;
            return Ok(Verdict::Endless);
        };
        said.push_str(&text);
    }
    let status = child.wait()?;
    let line = |mark: &str| said.lines().find(|line| line.contains(mark)).map(str::to_owned);
    Ok(match (status.success(), line("VIOLATION"), line("panicked at")) {
        (true, _, _) => Verdict::Clean,
        (_, Some(violation), _) => Verdict::Violation(violation),
        (_, _, Some(_)) => Verdict::Panic(said.trim().replace('\n', " ")),
        // A wrong argument, say: the hunt is broken, not the bug found.
        _ => return Err(io::Error::other(format!("the simulator ended with {status}: {said}"))),
    })
}

/// Hunts for one bug from seed `first` on. `None`: its seeds are used up. Errors: as `run_seed`.
pub fn hunt(program: &Path, bug: &Bug, number: u32, first: u64) -> io::Result<Option<Catch>> {
    for runs in 1..=bug.seeds {
        let seed = first + runs - 1;
        match run_seed(program, bug.arguments, number, seed)? {
            Verdict::Clean | Verdict::Endless => {}
            verdict => return Ok(Some(Catch { seed, runs, verdict })),
        }
    }
    Ok(None)
}

/// Hunts for the bugs whose places in the table are given, each from `first` on, on all cores;
/// `tell` hears of each hunt when it is over. Errors: as `run_seed`.
pub fn hunt_all(
    program: &Path,
    bugs: &[Bug],
    places: &[usize],
    first: u64,
    tell: impl Fn(&Bug, Option<&Catch>) + Sync,
) -> io::Result<BTreeMap<usize, Option<Catch>>> {
    let hunt_one = |at: &usize| {
        let catch = hunt(program, &bugs[*at], number(*at), first)?;
        tell(&bugs[*at], catch.as_ref());
        Ok(catch)
    };
    on_all_cores(places, hunt_one).map(|caught| places.iter().copied().zip(caught).collect())
}

/// Runs seeds with no bug switched on: the seeds, with the arguments, where something was found
/// all the same. Errors: as `run_seed`.
pub fn run_without_bugs(
    program: &Path,
    seeds: &[(&'static [&'static str], u64)],
) -> io::Result<Vec<(&'static [&'static str], u64, Verdict)>> {
    let verdicts = on_all_cores(seeds, |(arguments, seed)| run_seed(program, arguments, 0, *seed))?;
    let found = seeds.iter().zip(verdicts).filter(|(_, verdict)| *verdict != Verdict::Clean);
    Ok(found.map(|((arguments, seed), verdict)| (*arguments, *seed, verdict)).collect())
}

/// Does the work for each, in their order, as many at a time as there are cores.
fn on_all_cores<T: Sync, R: Send>(
    all: &[T],
    work: impl Fn(&T) -> io::Result<R> + Sync,
) -> io::Result<Vec<R>> {
    let next = AtomicUsize::new(0);
    let done = Mutex::new(BTreeMap::new());
    let cores = thread::available_parallelism().map_or(2, usize::from);
    thread::scope(|scope| {
        for _ in 0..cores {
            scope.spawn(|| {
                while let Some((at, one)) = {
                    let at = next.fetch_add(1, Ordering::Relaxed);
                    all.get(at).map(|one| (at, one))
                } {
                    let result = work(one);
                    if let Ok(mut done) = done.lock() {
                        done.insert(at, result);
                    }
                }
            });
        }
    });
    let done = done.into_inner().unwrap_or_else(std::sync::PoisonError::into_inner);
    done.into_values().collect()
}
