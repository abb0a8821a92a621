//! Who waits for which record, told by one task that follows commits and drops.
//! Holds: whoever waits before a record is submitted is told its commit, however many blocks the
//! task had to catch up on; a waiter that is gone leaves nothing behind.
//! May not enter: HTTP.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use comity_core::block::Header;
use comity_core::hash::{HeaderHash, LeafHash};
use comity_core::ids::{Height, LogIndex, TimeMs};
use comity_core::refusal::Refusal;
use comity_core::statement::VerifiedRecord;
use comity_replica::io::Commit;
use tokio::sync::broadcast::{self, error::RecvError};
use tokio::sync::oneshot;

use super::ApiState;

/// What became of a record.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Fate {
    /// It is on the log.
    Committed(Place),
    /// It will not be committed as things stand.
    Dropped(Refusal),
}

/// Where a record is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Place {
    pub(super) index: LogIndex,
    pub(super) height: Height,
    pub(super) time: TimeMs,
    pub(super) header_hash: HeaderHash,
}

type Waiting = HashMap<LeafHash, Vec<(u64, oneshot::Sender<Fate>)>>;

/// All who wait.
#[derive(Debug, Default)]
pub(super) struct Waiters(Mutex<(u64, Waiting)>);

/// One who waits; when dropped, no more.
#[derive(Debug)]
pub(super) struct Waiter {
    waiters: Arc<Waiters>,
    leaf: LeafHash,
    number: u64,
    fate: oneshot::Receiver<Fate>,
}

impl Waiters {
    /// Begins to wait for the record with this leaf hash.
    pub(super) fn wait(self: &Arc<Self>, leaf: LeafHash) -> Waiter {
        let (tell, fate) = oneshot::channel();
        let mut waiting = self.waiting();
        waiting.0 += 1;
        let number = waiting.0;
        waiting.1.entry(leaf).or_default().push((number, tell));
        Waiter { waiters: Arc::clone(self), leaf, number, fate }
    }

    fn tell(&self, leaf: &LeafHash, fate: &Fate) {
        let waiting = self.waiting().1.remove(leaf).unwrap_or_default();
        for (_, tell) in waiting {
            // Who has gone need not know.
            let _ = tell.send(fate.clone());
        }
    }

    fn is_empty(&self) -> bool {
        self.waiting().1.is_empty()
    }

    fn waiting(&self) -> MutexGuard<'_, (u64, Waiting)> {
        // No change of the map can panic half way.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Waiter {
    /// What became of the record; `None` when nobody is left to tell.
    pub(super) async fn fate(&mut self) -> Option<Fate> {
        (&mut self.fate).await.ok()
    }
}

impl Drop for Waiter {
    fn drop(&mut self) {
        let mut waiting = self.waiters.waiting();
        if let Some(others) = waiting.1.get_mut(&self.leaf) {
            others.retain(|(number, _)| *number != self.number);
            if others.is_empty() {
                waiting.1.remove(&self.leaf);
            }
        }
    }
}

/// The task that tells them.
#[derive(Debug)]
pub(super) struct Feed {
    api: ApiState,
    committed: broadcast::Receiver<Arc<Commit>>,
    dropped: broadcast::Receiver<(LeafHash, Refusal)>,
    /// The last block whose waiters were told.
    height: Height,
}

impl Feed {
    /// Follows everything from now on.
    pub(super) fn new(api: &ApiState) -> Feed {
        let committed = api.view().committed();
        let dropped = api.shell().dropped();
        // Read after subscribing: a block in between is announced again and skipped.
        let height = api.view().snapshot().tip().height;
        Feed { api: api.clone(), committed, dropped, height }
    }

    /// Tells waiters until the node ends.
    pub(super) async fn run(mut self) {
        let mut drops_end = false;
        loop {
            tokio::select! {
                // A record that is committed and dropped at once is committed.
                biased;
                commit = self.committed.recv() => match commit {
                    Ok(commit) => self.tell_commit(&commit),
                    Err(RecvError::Lagged(_)) => self.catch_up().await,
                    Err(RecvError::Closed) => return,
                },
                dropped = self.dropped.recv(), if !drops_end => match dropped {
                    Ok((leaf, refusal)) => {
                        self.api.0.waiters.tell(&leaf, &Fate::Dropped(refusal));
                    }
                    // Those whose drop was missed time out and ask again.
                    Err(RecvError::Lagged(missed)) => {
                        tracing::warn!(missed, "drops of pending records were missed");
                    }
                    Err(RecvError::Closed) => drops_end = true,
                },
            }
        }
    }

    fn tell_commit(&mut self, commit: &Commit) {
        let header = &commit.header;
        if header.height <= self.height {
            return;
        }
        self.api.0.metrics.decided_in(commit.certificate.round);
        let leaves = commit.records.iter().map(VerifiedRecord::leaf);
        self.tell(header, commit.header_hash, leaves);
    }

    fn tell(
        &mut self,
        header: &Header,
        header_hash: HeaderHash,
        leaves: impl ExactSizeIterator<Item = LeafHash>,
    ) {
        self.height = header.height;
        self.api.0.metrics.committed(leaves.len());
        if self.api.0.waiters.is_empty() {
            return;
        }
        let (height, time) = (header.height, header.time);
        for (leaf, index) in leaves.zip(header.first_index.0..) {
            let place = Place { index: LogIndex(index), height, time, header_hash };
            self.api.0.waiters.tell(&leaf, &Fate::Committed(place));
        }
    }

    /// Tells the blocks that were missed, from the block log.
    async fn catch_up(&mut self) {
        let last = self.api.view().snapshot().tip().height;
        while self.height < last {
            let height = self.height.next();
            let read = move |api: &ApiState| Ok(api.blocks().block(height)?);
            match self.api.read(read).await {
                Ok(block) => {
                    let leaves: Vec<_> = block.leaves().collect();
                    self.api.0.metrics.decided_in(block.committed.certificate.round);
                    let header = &block.committed.block.header;
                    self.tell(header, block.header_hash, leaves.into_iter());
                }
                Err(problem) => {
                    tracing::warn!(?problem, height = height.0, "waiters could not be told");
                    self.height = height;
                }
            }
        }
    }
}
