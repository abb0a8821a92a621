//! A gateway's log held against the ledger: each exchange of one side is looked for on the other.
//! Holds: no row and no entry is used twice, so that data that was handed over twice under one record
//! shows; what is outside the window is never one-sided, but may be the other side of what is inside.
//! May not enter: files; texts.

use std::collections::BTreeMap;

use comity_core::ids::{ExchangeId, TimeMs};

use super::disclosed::{Leg, Outcome};
use super::gateway_log::Row;

/// What is compared.
#[derive(Clone, Copy, Debug)]
pub(super) struct Window {
    /// From when (inclusive) …
    pub(super) from: TimeMs,
    /// … to when (exclusive).
    pub(super) to: TimeMs,
    /// Until when (inclusive) the ledger's side is known for certain, whatever the clocks.
    pub(super) settled: TimeMs,
    /// How far the two clocks may differ (ms).
    pub(super) tolerance_ms: u64,
    /// Whether denials that the gateway does not mention count.
    pub(super) with_denials: bool,
}

/// Why a row stands alone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Alone {
    /// No entry is of its exchange.
    NoRecord,
    /// The entries of its exchange belong to other rows.
    RecordedOnce,
}

/// Where two sides of one exchange differ.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Difference<'a> {
    pub(super) row: &'a Row,
    pub(super) leg: &'a Leg,
    /// The column.
    pub(super) what: &'static str,
    pub(super) gateway: String,
    pub(super) ledger: String,
}

/// What came of it.
#[derive(Debug, Default)]
pub(super) struct Matched<'a> {
    /// Rows and entries of one exchange that agree (count).
    pub(super) agree: usize,
    pub(super) gateway_only: Vec<(&'a Row, Alone)>,
    pub(super) ledger_only: Vec<&'a Leg>,
    pub(super) differ: Vec<Difference<'a>>,
    /// Rows without an entry that are so new that theirs may still come (count).
    pub(super) too_new: usize,
}

impl Matched<'_> {
    /// Whether both sides say the same.
    pub(super) fn is_clean(&self) -> bool {
        self.gateway_only.is_empty() && self.ledger_only.is_empty() && self.differ.is_empty()
    }
}

impl Window {
    pub(super) fn has(&self, time: TimeMs) -> bool {
        (self.from..self.to).contains(&time)
    }
}

/// Holds rows against entries.
pub(super) fn matched<'a>(rows: &'a [Row], legs: &'a [Leg], window: &Window) -> Matched<'a> {
    let mut of_exchange: BTreeMap<ExchangeId, Vec<usize>> = BTreeMap::new();
    for (at, leg) in legs.iter().enumerate() {
        of_exchange.entry(leg.exchange).or_default().push(at);
    }
    let mut used = vec![false; legs.len()];
    let mut found = Matched::default();
    for row in rows {
        let known = of_exchange.get(&row.exchange).map_or(&[][..], Vec::as_slice);
        let free = known.iter().copied().filter(|at| !used[*at]);
        match free.min_by_key(|at| distance(row, &legs[*at])) {
            Some(at) => {
                used[at] = true;
                if window.has(row.time) || window.has(legs[at].time) {
                    found.compare(row, &legs[at], window.tolerance_ms);
                }
            }
            None if window.has(row.time) && row.time > window.settled => found.too_new += 1,
            None if window.has(row.time) => {
                let alone = if known.is_empty() { Alone::NoRecord } else { Alone::RecordedOnce };
                found.gateway_only.push((row, alone));
            }
            None => {}
        }
    }
    let counts = |leg: &Leg| {
        window.has(leg.time) && (window.with_denials || leg.outcome == Outcome::Allowed)
    };
    let alone = legs.iter().zip(used).filter(|(leg, used)| !used && counts(leg));
    found.ledger_only = alone.map(|(leg, _)| leg).collect();
    found
}

/// How far an entry is from being what a row speaks of.
fn distance(row: &Row, leg: &Leg) -> (bool, bool, u64) {
    let other_digest = row.digest.is_some_and(|digest| digest != leg.leaf);
    (other_digest, row.outcome != leg.outcome, row.time.0.abs_diff(leg.time.0))
}

impl<'a> Matched<'a> {
    fn compare(&mut self, row: &'a Row, leg: &'a Leg, tolerance_ms: u64) {
        let before = self.differ.len();
        let mut differs = |what, gateway: String, ledger: String| {
            self.differ.push(Difference { row, leg, what, gateway, ledger });
        };
        if row.outcome != leg.outcome {
            differs("outcome", row.outcome.word().to_owned(), leg.outcome.word().to_owned());
        }
        if let Some(digest) = row.digest.filter(|digest| *digest != leg.leaf) {
            differs("digest", digest.to_string(), leg.leaf.to_string());
        }
        if row.time.0.abs_diff(leg.time.0) > tolerance_ms {
            differs("time", instant(row.time), instant(leg.time));
        }
        for (what, said) in &row.said {
            if said != leg.says(what) {
                differs(what, said.clone(), leg.says(what).to_owned());
            }
        }
        if self.differ.len() == before {
            self.agree += 1;
        }
    }
}

/// A time as the gateway's log has it, in UTC.
pub(super) fn instant(time: TimeMs) -> String {
    let time = i64::try_from(time.0).ok().and_then(|ms| jiff::Timestamp::from_millisecond(ms).ok());
    time.map_or_else(String::new, |time| format!("{time:.3}"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use comity_core::hash::LeafHash;
    use comity_core::ids::LogIndex;

    fn row(line: u64, exchange: u8, time: u64) -> Row {
        let (exchange, time) = (ExchangeId([exchange; 16]), TimeMs(time));
        Row { line, exchange, time, digest: None, outcome: Outcome::Allowed, said: vec![] }
    }

    fn leg(index: u64, exchange: u8, time: u64) -> Leg {
        Leg {
            index: LogIndex(index),
            time: TimeMs(time),
            exchange: ExchangeId([exchange; 16]),
            leaf: LeafHash([exchange; 32]),
            outcome: Outcome::Allowed,
            dataset: "civil.gd/births".into(),
            requester: "tax.gd".into(),
            grant: "G4".into(),
        }
    }

    fn refused(leg: Leg) -> Leg {
        Leg { outcome: Outcome::Refused, ..leg }
    }

    const WINDOW: Window = Window {
        from: TimeMs(1_000),
        to: TimeMs(9_000),
        settled: TimeMs(8_000),
        tolerance_ms: 100,
        with_denials: true,
    };

    fn lines(found: &Matched<'_>) -> (Vec<(u64, Alone)>, Vec<u64>, Vec<&'static str>) {
        let gateway = found.gateway_only.iter().map(|(row, why)| (row.line, *why)).collect();
        let ledger = found.ledger_only.iter().map(|leg| leg.index.0).collect();
        (gateway, ledger, found.differ.iter().map(|difference| difference.what).collect())
    }

    #[test]
    fn what_is_on_one_side_only_is_found() {
        let rows = [row(2, 1, 2_000), row(3, 2, 2_000), row(4, 2, 2_100)];
        let legs = [leg(10, 1, 2_050), leg(11, 2, 2_000), leg(12, 3, 3_000)];
        let found = matched(&rows, &legs, &WINDOW);
        assert_eq!(lines(&found), (vec![(4, Alone::RecordedOnce)], vec![12], vec![]));
        assert_eq!(found.agree, 2);
        let found = matched(&rows[..1], &[], &WINDOW);
        assert_eq!(lines(&found), (vec![(2, Alone::NoRecord)], vec![], vec![]));
        let rows = [row(2, 1, 8_000), row(3, 2, 8_001)];
        let found = matched(&rows, &[], &WINDOW);
        assert_eq!(lines(&found).0, [(2, Alone::NoRecord)]);
        assert_eq!(found.too_new, 1);
    }

    #[test]
    fn what_is_at_the_edge_of_the_window_has_its_other_side_outside() {
        let rows = [row(2, 1, 999), row(3, 2, 8_999), row(4, 3, 500), row(5, 4, 9_000)];
        let legs = [leg(10, 1, 1_000), leg(11, 2, 9_010), leg(12, 5, 9_010)];
        let found = matched(&rows, &legs, &WINDOW);
        assert_eq!(lines(&found), (vec![], vec![], vec![]));
        assert!(found.is_clean());
        assert_eq!(found.agree, 2);
    }

    #[test]
    fn every_difference_of_one_exchange_is_named() {
        let said = vec![("dataset", "civil.gd/deaths".to_owned()), ("grant", "G4".to_owned())];
        let digest = Some(LeafHash([9; 32]));
        let rows = [Row { digest, said, ..row(2, 1, 2_000) }];
        let legs = [refused(leg(10, 1, 2_101))];
        let found = matched(&rows, &legs, &WINDOW);
        assert_eq!(lines(&found).2, ["outcome", "digest", "time", "dataset"]);
    }

    #[test]
    fn a_row_is_held_against_the_entry_that_it_means() {
        let digest = Some(LeafHash([1; 32]));
        let rows = [Row { digest, ..row(2, 1, 2_000) }, row(3, 1, 2_000)];
        let other = Leg { leaf: LeafHash([7; 32]), ..leg(10, 1, 2_000) };
        let legs = [other, leg(11, 1, 2_050), refused(leg(12, 1, 2_000))];
        let found = matched(&rows, &legs, &WINDOW);
        assert_eq!(lines(&found), (vec![], vec![12], vec![]));
        let found = matched(&rows, &legs, &Window { with_denials: false, ..WINDOW });
        assert!(found.is_clean());
    }
}
