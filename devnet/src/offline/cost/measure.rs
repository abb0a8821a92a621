//! What applying one record costs: time, keys read, and the state tree's update, which is measured apart.
//! Holds: each record is accepted; none is kept, so that all of a kind meet the same state; signatures
//! were verified before the clock runs.

use std::cell::{Cell, RefCell};
use std::collections::BTreeSet;
use std::hint::black_box;
use std::time::{Duration, Instant};

use comity_core::apply;
use comity_core::hash::RecordId;
use comity_core::ids::ExchangeId;
use comity_core::state::StateRead;

use super::acts::Act;
use super::town::Town;
use crate::failure::{DevnetError, unexpected};

/// Records of each kind.
pub(super) const RECORDS: u64 = 300;

/// What a kind of act came to at one size.
#[derive(Clone, Debug)]
pub(super) struct Cost {
    /// The kind's name.
    pub(super) kind: &'static str,
    /// What is special about it.
    pub(super) note: &'static str,
    /// Different state keys that one record reads, at most.
    pub(super) reads: usize,
    /// State keys that one record writes, at most.
    pub(super) writes: usize,
    /// Applying a record, by the rules alone.
    pub(super) apply: Spread,
    /// Putting what it changes into the state tree, by itself.
    pub(super) tree: Spread,
}

/// Many times, in short.
#[derive(Clone, Copy, Debug)]
pub(super) struct Spread {
    pub(super) median: Duration,
    pub(super) p99: Duration,
}

impl Spread {
    fn of(mut times: Vec<Duration>) -> Spread {
        times.sort_unstable();
        let at = |per_mille: usize| {
            let place = (times.len() * per_mille / 1_000).min(times.len().saturating_sub(1));
            times.get(place).copied().unwrap_or_default()
        };
        Spread { median: at(500), p99: at(990) }
    }
}

/// A state that notes which keys are read of it.
struct Noting<'a> {
    town: &'a Town,
    keys: RefCell<BTreeSet<Vec<u8>>>,
    asked: Cell<usize>,
}

impl StateRead for Noting<'_> {
    fn get(&self, key: &[u8]) -> Option<&[u8]> {
        self.keys.borrow_mut().insert(key.to_vec());
        self.town.get(key)
    }
    fn has_record(&self, id: &RecordId) -> bool {
        self.asked.set(self.asked.get() + 1);
        self.town.has_record(id)
    }
    fn has_exchange(&self, id: &ExchangeId) -> bool {
        self.asked.set(self.asked.get() + 1);
        self.town.has_exchange(id)
    }
}

/// Measures a kind of act. Errors: the rules refuse one of its records.
pub(super) fn measure(town: &Town, act: &Act) -> Result<Cost, DevnetError> {
    let made = (0..RECORDS).map(|number| act.record(town, number));
    let records: Vec<_> = made.collect::<Result<_, _>>()?;
    let Some(first) = records.first() else {
        return Err(unexpected("there is nothing to measure"));
    };
    let (kind, note) = (first.statement().action.kind(), act.note);
    let at = town.position();
    let (mut reads, mut writes) = (0, 0);
    let (mut applied, mut put) = (Vec::new(), Vec::new());
    for record in &records {
        let began = Instant::now();
        let result = black_box(apply::apply(town, at, black_box(record)));
        applied.push(began.elapsed());
        let changes = result.map_err(|refusal| unexpected(format!("{kind}: {refusal}")))?;
        writes = writes.max(changes.puts.len());
        let began = Instant::now();
        let tree = black_box(town.tree.with(changes.puts));
        put.push(began.elapsed());
        drop(tree);
    }
    // Afterwards, so that noting what is read warms no cache.
    for record in &records {
        let noting = Noting { town, keys: RefCell::default(), asked: Cell::new(0) };
        apply::apply(&noting, at, record).map_err(unexpected)?;
        reads = reads.max(noting.keys.into_inner().len() + noting.asked.get());
    }
    let (apply, tree) = (Spread::of(applied), Spread::of(put));
    Ok(Cost { kind, note, reads, writes, apply, tree })
}
