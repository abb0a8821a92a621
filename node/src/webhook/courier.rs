//! The webhook's thread: which entry is next, sending it, and trying again.
//! Holds: an entry is sent only after all before it were taken; the cursor is written after the
//! answer; one line in the log when the receiver stops taking, one when it takes again.
//! May not enter: the node's own threads, which it never holds up.

use std::error::Error;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use comity_core::ids::LogIndex;

use super::Numbers;
use super::cursor::Cursor;
use super::post::Post;
use crate::http::ApiState;
use crate::view::{EntryFilter, EntryPlace, Order, View, ViewError};

/// Places of entries that are looked up, and held, at once (count, for each filter).
const BATCH: usize = 64;
/// Entries after which the cursor is written though more wait (count). A crash sends at most as
/// many again.
const UNWRITTEN: u64 = 64;

/// How long to wait before what was not taken is sent again.
#[derive(Clone, Copy, Debug)]
pub(super) struct Patience {
    pub(super) first: Duration,
    pub(super) longest: Duration,
}

impl Default for Patience {
    fn default() -> Self {
        Patience { first: Duration::from_secs(1), longest: Duration::from_secs(60) }
    }
}

impl Patience {
    /// The wait after so many failures in a row (from 1): doubled each time, up to the longest.
    pub(super) fn wait(&self, failures: u32) -> Duration {
        let doublings = failures.saturating_sub(1).min(16);
        self.first.saturating_mul(1 << doublings).min(self.longest)
    }
}

/// All that the thread works with.
#[derive(Debug)]
pub(super) struct Courier {
    pub(super) api: ApiState,
    pub(super) view: View,
    pub(super) post: Post,
    pub(super) cursor: Cursor,
    pub(super) filters: Vec<EntryFilter>,
    pub(super) numbers: Numbers,
    pub(super) patience: Patience,
    pub(super) closing: Arc<AtomicBool>,
}

type Cause = Box<dyn Error + Send + Sync>;

impl Courier {
    /// Sends until it is closed. `rings` says that there may be something new.
    pub(super) fn run(mut self, rings: &Receiver<()>) {
        tracing::info!("entries from {} on are sent to {}", self.cursor.next(), self.post.url());
        let mut failures = 0;
        while !self.is_closing() {
            match self.send_batch(&mut failures) {
                Ok(()) if self.behind() > 0 => {}
                Ok(()) => {
                    self.write_cursor();
                    if rings.recv().is_err() {
                        break;
                    }
                }
                Err(cause) => {
                    failures += 1;
                    if failures == 1 {
                        self.numbers.failing_since.set(unix_seconds());
                        tracing::warn!(
                            entry = %self.cursor.next(),
                            cause = %with_causes(&*cause),
                            "the webhook's receiver does not take entries; the node goes on and \
                             tries again"
                        );
                    }
                    self.write_cursor();
                    self.pause(rings, self.patience.wait(failures));
                }
            }
        }
        self.write_cursor();
    }

    /// Sends the entries among the next few that are wanted. Errors: one was not taken, or could
    /// not be read; the cursor is at it.
    fn send_batch(&mut self, failures: &mut u32) -> Result<(), Cause> {
        let (places, next) = self.next_places()?;
        for place in places {
            if self.is_closing() {
                return Ok(());
            }
            self.cursor.advance(place.index);
            self.post.send(place.index, &self.api.entry_text(&place)?)?;
            self.cursor.advance(LogIndex(place.index.0 + 1));
            self.numbers.delivered.inc();
            self.behind();
            self.recovered(failures);
            if self.cursor.unwritten() >= UNWRITTEN {
                self.write_cursor();
            }
        }
        self.recovered(failures);
        self.cursor.advance(next);
        self.behind();
        Ok(())
    }

    /// Says once that failures have ended.
    fn recovered(&self, failures: &mut u32) {
        if std::mem::take(failures) > 0 {
            self.numbers.failing_since.set(0);
            let next = self.cursor.next();
            tracing::info!(%next, "the webhook's receiver takes entries again");
        }
    }

    /// The next few entries that any filter lets through, in order, and up to where these are all.
    fn next_places(&self) -> Result<(Vec<EntryPlace>, LogIndex), ViewError> {
        let (at, from) = (self.view.snapshot(), self.cursor.next());
        let mut places = Vec::new();
        let mut next = LogIndex(at.log_size().max(from.0));
        for filter in &self.filters {
            let page = self.view.entries(&at, filter, Order::Ascending, Some(from), BATCH)?;
            places.extend(page.found);
            next = next.min(page.next.unwrap_or(next));
        }
        places.retain(|place| place.index < next);
        places.sort_by_key(|place| place.index);
        places.dedup_by_key(|place| place.index);
        Ok((places, next))
    }

    /// Entries of the log that were not come to; shown to whoever measures.
    fn behind(&self) -> u64 {
        let behind = self.view.snapshot().log_size().saturating_sub(self.cursor.next().0);
        self.numbers.behind.set(behind);
        behind
    }

    fn write_cursor(&mut self) {
        if let Err(error) = self.cursor.write() {
            // Without it some entries are sent again after a restart, which receivers expect.
            tracing::warn!(cause = %with_causes(&error), "the webhook's cursor was not written");
        }
    }

    /// Waits, whatever is committed meanwhile, until the time is over or it is closed.
    fn pause(&self, rings: &Receiver<()>, wait: Duration) {
        let until = Instant::now() + wait;
        while !self.is_closing() {
            self.behind();
            let left = until.saturating_duration_since(Instant::now());
            match rings.recv_timeout(left) {
                Ok(()) => {}
                Err(RecvTimeoutError::Timeout | RecvTimeoutError::Disconnected) => return,
            }
        }
    }

    fn is_closing(&self) -> bool {
        self.closing.load(Ordering::Acquire)
    }
}

fn unix_seconds() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs())
}

fn with_causes(error: &(dyn Error + 'static)) -> String {
    let causes = std::iter::successors(Some(error), |error| (*error).source());
    causes.map(ToString::to_string).collect::<Vec<_>>().join(": ")
}
