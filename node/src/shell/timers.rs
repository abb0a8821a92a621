//! The replica's timers, on the monotonic clock.
//! Holds: a timer rings once, not before it is due, the earliest first.
//! May not enter: the wall clock; what a timer means.

use std::collections::BTreeMap;
use std::time::Duration;

use comity_replica::io::Timer;
use tokio::time::Instant;

/// What is set, and when it rings.
#[derive(Debug, Default)]
pub(crate) struct Timers {
    due: BTreeMap<Timer, Instant>,
}

impl Timers {
    /// Sets `timer` to ring `after_ms` from `now`, instead of when it was set to before.
    pub(crate) fn set(&mut self, timer: Timer, now: Instant, after_ms: u64) {
        // Further off than any clock can tell is never.
        match now.checked_add(Duration::from_millis(after_ms)) {
            Some(due) => self.due.insert(timer, due),
            None => self.due.remove(&timer),
        };
    }

    /// Does not ring `timer`.
    pub(crate) fn cancel(&mut self, timer: Timer) {
        self.due.remove(&timer);
    }

    /// Takes out the timer that should have rung first by `now`.
    pub(crate) fn take_due(&mut self, now: Instant) -> Option<Timer> {
        let (timer, due) = self.first()?;
        (due <= now).then(|| {
            self.due.remove(&timer);
            timer
        })
    }

    /// Waits for the next timer to be due; for ever when there is none. Takes nothing out, and may
    /// be dropped at any time.
    pub(crate) async fn wait(&self) {
        match self.first() {
            Some((_, due)) => tokio::time::sleep_until(due).await,
            None => std::future::pending().await,
        }
    }

    fn first(&self) -> Option<(Timer, Instant)> {
        let first = self.due.iter().min_by_key(|(_, due)| **due);
        first.map(|(timer, due)| (*timer, *due))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn timers_ring_in_order_and_once() {
        let now = Instant::now();
        let at = |after_ms| now + Duration::from_millis(after_ms);
        let mut timers = Timers::default();
        timers.set(Timer::Heartbeat, now, 20);
        timers.set(Timer::Status, now, 10);
        timers.set(Timer::Consensus { number: 7 }, now, 5);
        timers.set(Timer::Heartbeat, now, 8);
        timers.cancel(Timer::Consensus { number: 7 });
        assert_eq!(timers.take_due(at(7)), None);
        assert_eq!(timers.take_due(at(30)), Some(Timer::Heartbeat));
        assert_eq!(timers.take_due(at(30)), Some(Timer::Status));
        assert_eq!(timers.take_due(at(30)), None);
    }

    #[test]
    fn timer_beyond_all_time_never_rings() {
        let now = Instant::now();
        let mut timers = Timers::default();
        timers.set(Timer::Status, now, u64::MAX);
        assert!(timers.first().is_none_or(|(_, due)| due > now));
    }
}
