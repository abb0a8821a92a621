//! The mempool: verified records that wait for a block.
//! Holds: bounded in all and on each agency's account; arrival order is kept; one entry per leaf hash.
//! May not enter: rules (the ledger's `check`); signatures (records come in verified).

use std::collections::{BTreeMap, VecDeque};

use comity_core::hash::LeafHash;
use comity_core::ids::Height;
use comity_core::spread::SpreadMap;
use comity_core::statement::VerifiedRecord;
use comity_core::text::AgencyId;

/// Records that a rule refused on arrival from a peer, which may have seen a block that this node
/// has not: tried again after the next commits.
const PARKED_RECORDS: usize = 1_024;
/// Commits after which a parked record is forgotten.
const PARKED_COMMITS: u8 = 3;
/// Blocks that may be committed without a record before the rules judge it anew. Most records are in
/// the next block or in the one after it, which judges them in any case.
const REVIEWED_AFTER_BLOCKS: u64 = 2;
/// Committed records, at least, that are still recognised when they arrive once more; at most twice as many.
const RECENT_RECORDS: usize = 16_384;

/// A record that waits.
#[derive(Clone, Debug)]
pub(crate) struct Pending {
    pub(crate) record: VerifiedRecord,
    /// The agency whose quota it uses: a hosted member's sponsor, else the first signer's.
    pub(crate) account: AgencyId,
    /// Whether it came in through this node's own API, which then sees that others have it.
    pub(crate) own: bool,
    /// When it came, or peers were last told of it (monotonic).
    pub(crate) told_ms: u64,
    /// The height of the tip by which the rules judged it last.
    pub(crate) judged_at: Height,
}

/// Whether there was room.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Room {
    Taken,
    Known,
    Full,
}

/// The records that wait.
#[derive(Debug)]
pub(crate) struct Pool {
    limit: usize,
    limit_per_account: usize,
    arrivals: u64,
    order: BTreeMap<u64, Pending>,
    places: SpreadMap<LeafHash, u64>,
    by_account: BTreeMap<AgencyId, usize>,
    parked: VecDeque<(VerifiedRecord, u8)>,
    recent: SpreadMap<LeafHash, ()>,
    /// Those committed before the recent ones.
    older: SpreadMap<LeafHash, ()>,
}

impl Pool {
    pub(crate) fn new(limit: usize, limit_per_account: usize) -> Self {
        Pool {
            limit,
            limit_per_account,
            arrivals: 0,
            order: BTreeMap::new(),
            places: SpreadMap::default(),
            by_account: BTreeMap::new(),
            parked: VecDeque::new(),
            recent: SpreadMap::default(),
            older: SpreadMap::default(),
        }
    }

    pub(crate) fn len(&self) -> usize {
        self.order.len()
    }

    /// Records that a rule refused for now.
    pub(crate) fn parked(&self) -> usize {
        self.parked.len()
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.order.is_empty()
    }

    pub(crate) fn get(&self, leaf: &LeafHash) -> Option<&Pending> {
        self.places.get(leaf).and_then(|place| self.order.get(place))
    }

    /// Whether these very bytes wait, are parked or were committed a short while ago.
    pub(crate) fn knows(&self, leaf: &LeafHash) -> bool {
        self.places.contains_key(leaf)
            || self.recent.contains_key(leaf)
            || self.older.contains_key(leaf)
            || self.parked.iter().any(|(record, _)| record.leaf() == *leaf)
    }

    /// In the order of arrival.
    pub(crate) fn iter(&self) -> impl Iterator<Item = &Pending> {
        self.order.values()
    }

    /// Those that were left out of so many blocks that the rules judge them anew, now that the tip is
    /// at `tip`; they count as judged.
    pub(crate) fn take_due_for_review(&mut self, tip: Height) -> Vec<VerifiedRecord> {
        let due = |p: &&mut Pending| tip.0.saturating_sub(p.judged_at.0) >= REVIEWED_AFTER_BLOCKS;
        let waiting = self.order.values_mut().filter(due).map(|pending| {
            pending.judged_at = tip;
            pending.record.clone()
        });
        waiting.collect()
    }

    /// Own records of which peers were last told `after_ms` ago or longer; they count as told now.
    pub(crate) fn tell_again(&mut self, now_ms: u64, after_ms: u64) -> Vec<VerifiedRecord> {
        let due = |p: &&mut Pending| p.own && now_ms.saturating_sub(p.told_ms) >= after_ms;
        let again = self.order.values_mut().filter(due).map(|pending| {
            pending.told_ms = now_ms;
            pending.record.clone()
        });
        again.collect()
    }

    pub(crate) fn admit(&mut self, pending: Pending) -> Room {
        let leaf = pending.record.leaf();
        if self.places.contains_key(&leaf) {
            return Room::Known;
        }
        let held = self.by_account.get(&pending.account).copied().unwrap_or(0);
        if self.order.len() >= self.limit || held >= self.limit_per_account {
            return Room::Full;
        }
        self.by_account.insert(pending.account.clone(), held + 1);
        self.places.insert(leaf, self.arrivals);
        self.order.insert(self.arrivals, pending);
        self.arrivals += 1;
        Room::Taken
    }

    pub(crate) fn remove(&mut self, leaf: &LeafHash) -> Option<Pending> {
        let pending = self.order.remove(&self.places.remove(leaf)?)?;
        if let Some(held) = self.by_account.get_mut(&pending.account) {
            *held -= 1;
            if *held == 0 {
                self.by_account.remove(&pending.account);
            }
        }
        Some(pending)
    }

    /// Takes out what was committed, and remembers it for a while.
    pub(crate) fn committed(&mut self, leaves: impl IntoIterator<Item = LeafHash>) {
        for leaf in leaves {
            self.remove(&leaf);
            self.recent.insert(leaf, ());
        }
        if self.recent.len() >= RECENT_RECORDS {
            self.older = std::mem::take(&mut self.recent);
        }
    }

    /// Keeps a record that a rule refused for now.
    pub(crate) fn park(&mut self, record: VerifiedRecord) {
        if self.parked.len() < PARKED_RECORDS {
            self.parked.push_back((record, PARKED_COMMITS));
        }
    }

    /// Takes out what is parked, to be tried again; what is refused again goes to `repark`.
    pub(crate) fn take_parked(&mut self) -> Vec<(VerifiedRecord, u8)> {
        self.parked.drain(..).collect()
    }

    /// Keeps a record that was refused once more, unless its tries are used up.
    pub(crate) fn repark(&mut self, record: VerifiedRecord, tries_left: u8) {
        if tries_left > 1 {
            self.parked.push_back((record, tries_left - 1));
        }
    }
}
