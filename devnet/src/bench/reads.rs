//! Reading while others write: what is asked, and what came of it.
//! Holds: the reader is a process of its own; it asks by the clock, of all nodes in turn.
//! May not enter: asking (see `reader`).
//! Source: docs/benchmarks.md, "Reading meanwhile".

use std::time::Duration;

use comity_core::encoding::decode;
use comity_core::statement::{MAX_RECORD_BYTES, SignedRecord};

use crate::api::Api;
use crate::failure::DevnetError;
use crate::nodes::Network;
use crate::process::Program;

use super::apart::{Companion, READY};
use super::load::Driven;
use super::mix::Batch;
use super::prepare::Provider;
use super::reader::{Asked, Questions, Read};

/// Entries of which some are asked for by their ids, all over what was committed to warm up (count).
const ENTRIES: usize = 1000;
/// Entries of a listing (count).
const LISTED: usize = 1000;
/// One listing for so many questions of another kind.
const LISTING_EVERY: u32 = 20;
const LISTING: &str = "/v1/entries?limit=1000&order=desc";

/// The kinds of questions, each with the keys of its figures.
pub(super) const KINDS: [(&str, [&str; 3]); 4] = [
    ("entry", ["read_entry_p50_ms", "read_entry_p99_ms", "read_entry_p999_ms"]),
    ("grant", ["read_grant_p50_ms", "read_grant_p99_ms", "read_grant_p999_ms"]),
    ("listing", ["read_listing_p50_ms", "read_listing_p99_ms", "read_listing_p999_ms"]),
    // What a node answers without reading anything: what is left is the machine's.
    ("nothing", ["read_nothing_p50_ms", "read_nothing_p99_ms", "read_nothing_p999_ms"]),
];

/// What is asked: `rate` questions of each kind in a second, listings fewer, about what `driven` has committed.
/// Errors: a record cannot be read.
pub(super) fn questions(
    network: &Network,
    providers: &[Provider],
    (batch, driven): (&Batch, &Driven),
    (rate, limit): (u16, Duration),
) -> Result<Questions, DevnetError> {
    let every = driven.answers.len().div_ceil(ENTRIES).max(1);
    let mut entries = Vec::new();
    for answered in driven.answers.iter().step_by(every) {
        let record = &batch.lists[answered.list][answered.place];
        let SignedRecord { statement, .. } = decode(record, MAX_RECORD_BYTES)
            .map_err(|error| DevnetError::Unexpected(error.to_string()))?;
        entries.push(format!("/v1/records/{}", statement.id()));
    }
    let grants = providers.iter().map(|provider| format!("/v1/grants/{}", provider.grant));
    let between = Duration::from_secs(1) / u32::from(rate.max(1));
    let asked = |(name, _): &(&str, [&str; 3])| {
        let (paths, interval) = match *name {
            "entry" => (entries.clone(), between),
            "grant" => (grants.clone().collect(), between),
            "listing" => (vec![LISTING.to_owned()], between * LISTING_EVERY),
            _ => (vec!["/healthz".to_owned()], between),
        };
        Asked { name: (*name).to_owned(), paths, interval }
    };
    let ports = network.topology.nodes.iter().map(|node| node.api_port).collect();
    Ok(Questions { ports, limit, kinds: KINDS.iter().map(asked).collect() })
}

/// Errors: the newest entries are too few for a listing.
pub(super) fn check_listing(network: &Network) -> Result<(), DevnetError> {
    let size = network.status(network.first())?.log_size;
    if size < LISTED as u64 {
        let text = format!(
            "a listing has {LISTED} entries, and there are {size}: submit more, as with \
             --in-flight 256"
        );
        return Err(DevnetError::Unexpected(text));
    }
    // So that the first one is not the only one that finds nothing read before.
    Api::of(network.first()).get::<serde::de::IgnoredAny>(LISTING)?;
    Ok(())
}

/// Starts a reader, and waits until it is connected; it asks when it is told to. Errors: it does not start.
pub(super) fn start(network: &Network, questions: &Questions) -> Result<Companion, DevnetError> {
    let file = network.place.root().join("bench-questions.json");
    let what = "the benchmark's reader";
    Companion::start(Program::BenchReader, what, &file, questions, READY)
}

/// The figures of a reader, by their keys.
pub(super) fn figures(read: &Read) -> Vec<(&'static str, f64)> {
    let mut figures = Vec::new();
    let (mut count, mut listing) = (0, 0.0);
    for (name, keys) in KINDS {
        let Some(told) = read.kinds.iter().find(|told| told.name == name) else { continue };
        figures.extend(keys.into_iter().zip([500, 990, 999].map(|part| told.percentile_ms(part))));
        count += told.took_ns.len();
        if name == "listing" {
            listing = told.bytes as f64 / (told.took_ns.len() as f64).max(1.0);
        }
    }
    figures.push(("reads", count as f64));
    figures.push(("read_listing_bytes", listing));
    figures.push(("reader_cpu_us_per_read", read.cpu_s * 1e6 / (count as f64).max(1.0)));
    figures
}
