//! How far a long work is, and how long it will take yet.
//! Holds: nothing is said of the time left before there is something to judge by.
//! May not enter: what the work is; where it is shown.

use std::time::{Duration, Instant};

use crate::messages::say;

/// How often it is worth a new line.
const PAUSE: Duration = Duration::from_millis(200);
/// How much must have been done before the time left is guessed.
const LEAST: Duration = Duration::from_secs(1);

/// A long work under way.
#[derive(Debug)]
pub(crate) struct Progress {
    began: Instant,
    shown: Option<Instant>,
    /// Where it began and where it ends, in whatever unit it is counted.
    from: u64,
    to: u64,
}

impl Progress {
    /// A work that begins now.
    pub(crate) fn new(from: u64, to: u64) -> Progress {
        Progress { began: Instant::now(), shown: None, from, to }
    }

    /// How far it is, in words, if it is time to say so.
    pub(crate) fn at(&mut self, done: u64) -> Option<String> {
        if self.shown.is_some_and(|shown| shown.elapsed() < PAUSE) {
            return None;
        }
        self.shown = Some(Instant::now());
        Some(words(self.began.elapsed(), self.from, done, self.to))
    }
}

fn words(elapsed: Duration, from: u64, done: u64, to: u64) -> String {
    let to = to.max(done).max(1);
    let share = u128::from(done) * 100 / u128::from(to);
    let (passed, left) = (done.saturating_sub(from), to - done);
    if passed == 0 || elapsed < LEAST {
        return say!("words-share", share = share);
    }
    let left_s = elapsed.as_millis() * u128::from(left) / u128::from(passed) / 1_000;
    let left = match left_s {
        ..=90 => say!("words-left-seconds", count = left_s),
        91..=5_400 => say!("words-left-minutes", count = left_s.div_ceil(60)),
        _ => say!("words-left-hours", count = left_s.div_ceil(3_600)),
    };
    say!("words-share-and-left", share = share, left = left)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn time_left_is_judged_by_what_was_done_since_the_beginning() {
        let after = |seconds| Duration::from_secs(seconds);
        assert_eq!(words(after(0), 0, 0, 200), "0 %");
        assert_eq!(words(after(10), 0, 50, 200), "25 %, about 30 s left");
        assert_eq!(words(after(10), 100, 150, 200), "75 %, about 10 s left");
        assert_eq!(words(after(60), 0, 10, 200), "5 %, about 19 min left");
        assert_eq!(words(after(600), 0, 1, 200), "0 %, about 34 h left");
        assert_eq!(words(after(10), 0, 300, 200), "100 %, about 0 s left");
    }
}
