//! What a long past consists of: grants, then accesses that use them in turn.
//! Holds: records are signed ahead on all cores while earlier blocks are committed; each has run out
//! by the next block, as all old records have, so that the replay window is that of a quiet moment.
//! May not enter: how blocks are written (see `dirs`).

use std::sync::atomic::Ordering;
use std::sync::mpsc::sync_channel;
use std::time::{Duration, Instant};

use comity_core::hash::ConsortiumId;
use comity_core::ids::TimeMs;
use comity_core::state;
use comity_core::statement::VerifiedRecord;

use super::Plan;
use super::dirs::Dirs;
use crate::bench::prepare::{Provider, Spread};
use crate::failure::{DevnetError, unexpected};
use crate::offline::on_all_cores;
use crate::page::Page;

/// Blocks that are signed at once.
const BLOCKS_AHEAD: u64 = 16;
/// Blocks from one sync of the disk to the next.
const BLOCKS_PER_SYNC: u64 = 16;
/// How often it is told how far it is.
const TOLD_EVERY: Duration = Duration::from_secs(20);

/// What is signed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// Grants that nobody asked for.
    Grants,
    /// Accesses.
    Accesses,
}

/// Consecutive records of one kind in blocks, a millisecond apart.
#[derive(Clone, Copy, Debug)]
pub(super) struct Stretch {
    pub(super) kind: Kind,
    pub(super) count: u64,
    pub(super) per_block: u64,
    /// The time of its first block.
    pub(super) begins: TimeMs,
}

/// Those who act, and how far they are to get.
pub(super) struct Filling<'a> {
    providers: &'a [Provider],
    plan: Plan,
}

impl<'a> Filling<'a> {
    pub(super) fn new(providers: &'a [Provider], plan: Plan) -> Filling<'a> {
        Filling { providers, plan }
    }

    /// Has all grants issued, the providers taking turns. Returns where those of each are. Errors: the
    /// rules refuse one; the disk.
    pub(super) fn grants(
        &mut self,
        dirs: &mut Dirs,
        page: &mut Page,
    ) -> Result<Vec<Spread>, DevnetError> {
        let (first, step) = (dirs.entries(), self.providers.len() as u64);
        let count = self.plan.grants.div_ceil(step).max(1);
        self.commit_all(dirs, (Kind::Grants, count * step), page)?;
        let spread = |place: u64| Spread { first: first + place, step, count };
        Ok((0..step).map(spread).collect())
    }

    /// Has accesses recorded until there are as many entries as were asked for. Errors: the rules refuse
    /// one; the disk.
    pub(super) fn accesses(&mut self, dirs: &mut Dirs, page: &mut Page) -> Result<(), DevnetError> {
        for provider in self.providers {
            let numbers = state::gateway_numbers(&dirs.ledger, &provider.gateway.public());
            provider.next.store(numbers.last + 1, Ordering::Relaxed);
        }
        let count = self.plan.entries.saturating_sub(dirs.entries());
        self.commit_all(dirs, (Kind::Accesses, count), page)
    }

    /// Signs on all cores and commits meanwhile.
    fn commit_all(
        &self,
        dirs: &mut Dirs,
        (kind, count): (Kind, u64),
        page: &mut Page,
    ) -> Result<(), DevnetError> {
        let per_block = self.plan.per_block;
        let stretch = Stretch { kind, count, per_block, begins: dirs.next_time() };
        let (consortium, providers) = (*dirs.ledger.consortium(), self.providers);
        let (signed, ready) = sync_channel(1);
        std::thread::scope(|scope| {
            scope.spawn(move || {
                let mut from = 0;
                while from < stretch.blocks() {
                    let to = (from + BLOCKS_AHEAD).min(stretch.blocks());
                    let blocks: Vec<u64> = (from..to).collect();
                    let one = |block: u64| stretch.block(block, providers, &consortium);
                    // Nobody takes more after an error.
                    if signed.send(on_all_cores(&blocks, one)).is_err() {
                        return;
                    }
                    from = to;
                }
            });
            let mut told = Instant::now();
            for blocks in ready {
                for records in blocks? {
                    let built = dirs.build(records)?;
                    dirs.commit(built.block, built.executed)?;
                    if dirs.height().is_multiple_of(BLOCKS_PER_SYNC) {
                        dirs.sync()?;
                    }
                }
                if told.elapsed() >= TOLD_EVERY {
                    told = Instant::now();
                    page.say(&format!("{} entries ...", dirs.entries()))?;
                }
            }
            dirs.sync().map(drop)
        })
    }
}

impl Stretch {
    /// Blocks that it fills (count).
    pub(super) fn blocks(&self) -> u64 {
        self.count.div_ceil(self.per_block)
    }

    /// The records of its block at this place, verified. Errors: no random numbers.
    pub(super) fn block(
        &self,
        block: u64,
        providers: &[Provider],
        consortium: &ConsortiumId,
    ) -> Result<Vec<VerifiedRecord>, DevnetError> {
        let records = self.bytes(block, providers)?;
        let verified =
            |bytes: &Vec<u8>| VerifiedRecord::verify(bytes, consortium).map_err(unexpected);
        records.iter().map(verified).collect()
    }

    /// Their bytes. Errors: no random numbers.
    pub(super) fn bytes(
        &self,
        block: u64,
        providers: &[Provider],
    ) -> Result<Vec<Vec<u8>>, DevnetError> {
        let (from, time) = (block * self.per_block, self.begins.plus(block));
        let to = (from + self.per_block).min(self.count);
        let one = |place: u64| {
            let count = providers.len() as u64;
            let provider = &providers[usize::try_from(place % count).unwrap_or_default()];
            match self.kind {
                Kind::Grants => provider.ample(time),
                Kind::Accesses => {
                    let number = provider.next.load(Ordering::Relaxed) + place / count;
                    provider.numbered_access(number, (time, time), 0)
                }
            }
        };
        (from..to).map(one).collect()
    }
}
