//! All loads of one network: preparation, warming up, the runs, and what each came to.
//! Holds: before a run's clock the nodes have done the same for a while and come to rest.
//! May not enter: what figures mean (see `figures`).

use std::cell::RefCell;
use std::time::{Duration, Instant};

use comity_core::genesis::Genesis;

use crate::args::{BenchArgs, Mix};
use crate::commands;
use crate::failure::DevnetError;
use crate::grown;
use crate::nodes::Network;
use crate::offline::signatures_of;
use crate::page::Page;

use super::IN_FLIGHT_EACH;
use super::apart::{Companion, GO};
use super::cables::{Cables, Relayed};
use super::catching_up::{self, Caught, Missed};
use super::chain::Chain;
use super::figures::{Basis, Delayed, Figures};
use super::limits::{self, Limits};
use super::load::{Driven, Load};
use super::measure;
use super::mix::{self, Batch, Known};
use super::prepare::{self, Provider};
use super::reader::Read;
use super::reads;
use super::receipts;
use super::report::{Report, Row, Tested};

/// Records by which a network is warmed up and its speed guessed: so many for each under way (count).
const WARM_UP_EACH: usize = 16;
/// And at least so many.
const WARM_UP_LEAST: usize = 200;
/// Unless it takes longer than this: where nodes are far from one another, one at a time takes long.
const WARM_UP: Duration = Duration::from_secs(15);
/// Most records that are signed for one run (count): about 600 MB of memory, here and in the client.
const MOST_RECORDS: usize = 1_000_000;
/// Records by which the machine's limits are measured (count).
const LIKE_THEM: usize = 64;
/// How long it may take to warm up or to prepare.
const PREPARATION: Duration = Duration::from_secs(180);
/// Where records arrive by the clock: fewest under way at once for each node (count).
const BY_THE_CLOCK_EACH: usize = 16;

/// How records are submitted in a run.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Way {
    in_flight: usize,
    rate_per_s: Option<f64>,
}

impl Way {
    /// By the clock; as many may be under way as arrive in half a second, so that a connection is
    /// neither waited for nor idle for long.
    fn by_the_clock(rate_per_s: f64, nodes: usize) -> Way {
        // A rate is far below the greatest number.
        #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)]
        let half_a_second = (rate_per_s / 2.0).ceil() as usize;
        let most = (IN_FLIGHT_EACH * nodes).min(4096);
        let in_flight = half_a_second.max(BY_THE_CLOCK_EACH * nodes).min(most);
        Way { in_flight, rate_per_s: Some(rate_per_s) }
    }
}

/// A network that is measured.
struct Bench<'a> {
    args: &'a BenchArgs,
    network: &'a Network,
    /// The links between its nodes, if they are delayed.
    cables: Option<RefCell<&'a mut Cables>>,
    delay_ms: u16,
    providers: Vec<Provider>,
    genesis: Genesis,
    limits: Limits,
    /// Sealed commitments in each access.
    sealed: usize,
    cores: f64,
    memory_bytes: f64,
}

/// What is on a network's log before it is measured.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Past {
    /// Nothing.
    None,
    /// What `grow` has made.
    Grown,
}

/// Starts the nodes and measures all loads. Errors: a node does not start; a command fails; a record is
/// not committed.
pub(super) fn measure(
    args: &BenchArgs,
    network: &mut Network,
    (cables, past): (Option<&mut Cables>, Past),
    (report, page): (&mut Report, &mut Page),
) -> Result<(), DevnetError> {
    let delay = cables.as_ref().map(|cables| cables.delay).unwrap_or_default();
    // Named in whole milliseconds on the command line.
    let delay_ms = u16::try_from(delay.as_millis()).unwrap_or(u16::MAX);
    page.say("Starting the nodes ...")?;
    let began = Instant::now();
    commands::start_all(network)?;
    let started = began.elapsed();
    let (grants, providers) = providers(args, network, past, page)?;
    let before = measure::take(network)?;
    let genesis = prepare::genesis(network)?;
    let none = vec![Known::default(); providers.len()];
    let natural = like_them(&providers, &none, 0)?.first().map_or(0, Vec::len);
    let sealed = mix::sealed_for(usize::from(args.payload), natural);
    let records = like_them(&providers, &none, sealed)?;
    page.say(&format!(
        "A signed access has {natural} bytes by itself, {} with {sealed} sealed commitments.",
        records.first().map_or(0, Vec::len)
    ))?;
    page.say("Measuring what the machine can do at most ...")?;
    let limits = limits::measure(&genesis.id(), &records, network.place.root())?;
    let nodes = network.topology.nodes.len();
    report.networks.push(Tested {
        nodes,
        delay_ms,
        limits,
        entries: before.entries,
        grants,
        start_s: started.as_secs_f64(),
        rss_mb: before.peak_bytes as f64 / 1e6,
    });
    let bench = Bench {
        args,
        network: &*network,
        cables: cables.map(RefCell::new),
        delay_ms,
        providers,
        genesis,
        limits,
        sealed,
        cores: report.machine.cores as f64,
        memory_bytes: report.machine.memory_bytes.unwrap_or_default() as f64,
    };
    let mut fastest: f64 = 0.0;
    for in_flight in &args.in_flight {
        let way = Way { in_flight: usize::from(*in_flight), rate_per_s: None };
        let row = bench.repeated(way, page)?;
        fastest = fastest.max(row.median.get("committed_per_s"));
        report.loads.push(row);
    }
    let half = args.half.then_some((fastest / 2.0).max(1.0));
    for rate in args.rate.map(f64::from).into_iter().chain(half) {
        report.loads.push(bench.repeated(Way::by_the_clock(rate, nodes), page)?);
    }
    let Bench { providers, limits, .. } = bench;
    if let Some(count) = args.catch_up {
        let count = usize::try_from(count).unwrap_or(usize::MAX);
        let missed = Missed { providers: &providers, count, sealed, limits: &limits };
        let figures = catching_up::measure(&missed, network, page)?;
        report.catch_ups.push(Caught { nodes, delay_ms, figures });
    }
    Ok(())
}

/// Who gives data under which grants, and how many grants there are.
fn providers(
    args: &BenchArgs,
    network: &Network,
    past: Past,
    page: &mut Page,
) -> Result<(u64, Vec<Provider>), DevnetError> {
    let (grants, providers) = match past {
        Past::None => {
            page.say("Publishing datasets and issuing grants, with comity ...")?;
            let providers = prepare::all(network)?;
            (providers.len() as u64, providers)
        }
        Past::Grown => {
            let (notes, providers) = grown::providers(network)?;
            (notes.grants, providers)
        }
    };
    let providers = match args.mix {
        Mix::Access => providers,
        // What is acknowledged together is under one grant.
        Mix::Full => providers.into_iter().map(Provider::with_one_grant).collect(),
    };
    Ok((grants, providers))
}

/// Accesses that are not submitted.
fn like_them(
    providers: &[Provider],
    none: &[Known],
    sealed: usize,
) -> Result<Vec<Vec<u8>>, DevnetError> {
    let batch = mix::load(providers, none, LIKE_THEM, sealed, Mix::Access)?;
    let all: Vec<usize> = batch.lists.iter().map(Vec::len).collect();
    batch.take_back(providers, &all);
    Ok(batch.lists.into_iter().flatten().collect())
}

impl Bench<'_> {
    /// A load, as often as was asked for.
    fn repeated(&self, way: Way, page: &mut Page) -> Result<Row, DevnetError> {
        let (nodes, seconds) = (self.network.topology.nodes.len(), self.args.seconds);
        let mut runs = Vec::new();
        for turn in 1..=self.args.repeat {
            let how = match way.rate_per_s {
                Some(rate) => format!("{rate:.0} in a second"),
                None => format!("with {} in flight", way.in_flight),
            };
            let of = self.args.repeat;
            page.say(&format!("Submitting for {seconds} s {how} (run {turn} of {of}) ..."))?;
            runs.push(self.once(way)?);
        }
        Ok(Row::new((nodes, self.delay_ms), way.in_flight, way.rate_per_s, runs))
    }

    /// One run: a first, short load warms the nodes up and tells how many records to sign in advance.
    fn once(&self, way: Way) -> Result<Figures, DevnetError> {
        let limit = Duration::from_secs(self.args.seconds.into());
        let in_turn = self.load(way.in_flight, None);
        let first = (WARM_UP_EACH * way.in_flight).max(WARM_UP_LEAST);
        let none = vec![Known::default(); self.providers.len()];
        let warm_up = mix::load(&self.providers, &none, first, self.sealed, Mix::Access)?;
        let (guess, ()) = self.driven(&in_turn, &warm_up, WARM_UP, || Ok(()))?;
        let wanted = match way.rate_per_s {
            Some(rate) => expected(rate, limit) + self.providers.len(),
            None => enough(guess.answers.len() as u64, guess.elapsed, limit).max(first),
        };
        let known = match self.args.mix {
            Mix::Access => none,
            Mix::Full => {
                let before = mix::before(&self.providers, wanted)?;
                let (there, ()) = self.driven(&in_turn, &before, PREPARATION, || Ok(()))?;
                before.known(&there.answers)?
            }
        };
        let batch = mix::load(&self.providers, &known, wanted, self.sealed, self.args.mix)?;
        let load = self.load(way.in_flight, way.rate_per_s);
        let mut reader = self.reader((&warm_up, &guess), limit)?;
        let reading = || {
            let taken = (measure::take(self.network)?, self.relayed()?);
            reader.as_mut().map_or(Ok(()), |reader| reader.tell(GO))?;
            Ok(taken)
        };
        let (driven, (before, relayed)) = self.driven(&load, &batch, limit, reading)?;
        let read = reader.map(Companion::last::<Read>).transpose()?;
        let after = measure::take(self.network)?;
        let delayed = self.delayed(relayed)?;
        let chain = Chain::read(self.network, before.height, after.height)?;
        let sample = receipts::check(self.network, &self.genesis, &batch.lists, &driven.answers)?;
        let (signed_bytes, signatures) = of_records(&batch, &driven);
        let figures = Figures::of(&Basis {
            driven: &driven,
            before: &before,
            after: &after,
            sample: &sample,
            limits: &self.limits,
            cores: self.cores,
            memory_bytes: self.memory_bytes,
            signed_bytes,
            signatures,
            in_flight: way.in_flight,
            chain: &chain,
            agencies: &self.agencies(),
            delayed: &delayed,
        });
        Ok(figures.with(read.as_ref().map(reads::figures).unwrap_or_default()))
    }

    fn agencies(&self) -> Vec<&str> {
        self.network.topology.nodes.iter().map(|node| node.agency.as_str()).collect()
    }

    /// A reader that waits for its sign, where reading is measured.
    fn reader(
        &self,
        known: (&Batch, &Driven),
        limit: Duration,
    ) -> Result<Option<Companion>, DevnetError> {
        let Some(rate) = self.args.reads else { return Ok(None) };
        reads::check_listing(self.network)?;
        let questions = reads::questions(self.network, &self.providers, known, (rate, limit))?;
        reads::start(self.network, &questions).map(Some)
    }

    /// What the links have done so far.
    fn relayed(&self) -> Result<Relayed, DevnetError> {
        match &self.cables {
            Some(cables) => cables.borrow_mut().relayed(),
            None => Ok(Relayed::default()),
        }
    }

    /// What the links have done since.
    fn delayed(&self, before: Relayed) -> Result<Delayed, DevnetError> {
        let after = self.relayed()?;
        let pieces = after.passed.pieces.saturating_sub(before.passed.pieces) as f64;
        let held_s = after.passed.held_s - before.passed.held_s;
        Ok(Delayed {
            delay_ms: f64::from(self.delay_ms),
            held_ms: held_s * 1000.0 / pieces.max(1.0),
            cpu_s: after.cpu_s - before.cpu_s,
        })
    }

    fn load(&self, in_flight: usize, rate_per_s: Option<f64>) -> Load<'_> {
        Load {
            dir: self.network.place.root(),
            ports: self.network.topology.nodes.iter().map(|node| node.api_port).collect(),
            in_flight,
            interval: rate_per_s.map(|rate| Duration::from_secs_f64(1.0 / rate.max(1e-3))),
        }
    }

    /// Submits the records; the numbers of those that were not submitted are used again.
    fn driven<T>(
        &self,
        load: &Load<'_>,
        batch: &Batch,
        limit: Duration,
        before: impl FnOnce() -> Result<T, DevnetError>,
    ) -> Result<(Driven, T), DevnetError> {
        let (driven, taken) = load.drive(&batch.lists, limit, before)?;
        batch.take_back(&self.providers, &driven.left);
        Ok((driven, taken))
    }
}

/// Bytes of, and signatures on and in, a committed record, on average.
fn of_records(batch: &Batch, driven: &Driven) -> (f64, f64) {
    let (mut bytes, mut signatures) = (0.0, 0.0);
    for answered in &driven.answers {
        let record = &batch.lists[answered.list][answered.place];
        bytes += record.len() as f64;
        signatures += signatures_of(record) as f64;
    }
    let count = (driven.answers.len() as f64).max(1.0);
    (bytes / count, signatures / count)
}

/// How many records are enough for a load, by what an earlier one committed: twice as many as at that
/// speed, since the nodes are warmer now.
fn enough(committed: u64, within: Duration, limit: Duration) -> usize {
    let (within, limit) = (within.as_millis().max(1), limit.as_millis());
    let wanted = u128::from(committed) * limit * 2 / within;
    // Bounded, so that no guess asks for more memory than there is.
    usize::try_from(wanted).unwrap_or(usize::MAX).min(MOST_RECORDS)
}

/// How many records arrive by the clock.
fn expected(rate_per_s: f64, limit: Duration) -> usize {
    // Bounded below the greatest number.
    #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)]
    let count = (rate_per_s * limit.as_secs_f64()).ceil().min(MOST_RECORDS as f64) as usize;
    count
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn more_records_are_signed_than_the_first_load_lets_expect() {
        let (second, ten) = (Duration::from_secs(1), Duration::from_secs(10));
        assert_eq!(enough(200, second, ten), 4_000);
        assert_eq!(enough(200, Duration::ZERO, ten), MOST_RECORDS);
        assert_eq!(enough(u64::MAX, second, ten), MOST_RECORDS);
        assert_eq!(expected(250.5, ten), 2_505);
    }

    #[test]
    fn by_the_clock_connections_are_neither_too_few_nor_idle_for_long() {
        let in_flight = |rate, nodes| Way::by_the_clock(rate, nodes).in_flight;
        assert_eq!([in_flight(10.0, 4), in_flight(1_000.0, 4), in_flight(1e6, 4)], [64, 500, 4096]);
        assert_eq!(in_flight(1e6, 1), 1024);
    }
}
