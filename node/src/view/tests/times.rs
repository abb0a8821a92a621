//! Entries by the time of their blocks.

use comity_core::ids::{LogIndex, TimeMs};

use super::chain::{BEGIN, Chain};
use super::listings::view_of;
use crate::view::{EntryFilter, Order, View};

fn between(since: Option<TimeMs>, until: Option<TimeMs>) -> EntryFilter {
    EntryFilter { since, until, ..EntryFilter::default() }
}

fn found(view: &View, filter: &EntryFilter, order: Order, limit: usize) -> Vec<u64> {
    let at = view.snapshot();
    let (mut found, mut from) = (Vec::new(), None);
    loop {
        let page = view.entries(&at, filter, order, from, limit).unwrap();
        found.extend(page.found.iter().map(|place| place.index.0));
        from = page.next;
        if from.is_none() {
            return found;
        }
    }
}

/// Entry 0 at second 1, entry 1 at 2, entries 2 and 3 at 3, a block without any at 4, entries 4
/// and 5 at 5.
fn chain() -> Chain {
    let mut chain = Chain::with_accesses(1);
    chain.push(vec![]);
    let accesses = vec![chain.access(), chain.access()];
    chain.push(accesses);
    chain
}

#[test]
fn entries_are_found_from_one_time_on_and_before_another() {
    let (_dir, view) = view_of(&chain());
    let second = |second: u64| Some(BEGIN.plus(second * 1000));
    let just_after = |second: u64| Some(BEGIN.plus(second * 1000 + 1));
    let cases: [(EntryFilter, &[u64]); 10] = [
        (between(second(0), None), &[0, 1, 2, 3, 4, 5]),
        (between(second(3), None), &[2, 3, 4, 5]),
        (between(just_after(3), None), &[4, 5]),
        (between(second(4), second(5)), &[]),
        (between(just_after(5), None), &[]),
        (between(None, second(1)), &[]),
        (between(None, second(3)), &[0, 1]),
        (between(None, just_after(3)), &[0, 1, 2, 3]),
        (between(second(2), second(5)), &[1, 2, 3]),
        (between(second(5), second(2)), &[]),
    ];
    for (filter, expected) in cases {
        for limit in [1, 2, 100] {
            assert_eq!(found(&view, &filter, Order::Ascending, limit), expected, "{filter:?}");
            let newest_first: Vec<u64> = expected.iter().rev().copied().collect();
            assert_eq!(found(&view, &filter, Order::Descending, limit), newest_first, "{filter:?}");
        }
    }
    let kind = Some("record-access".to_owned());
    let accesses = EntryFilter { kind, ..between(just_after(2), second(5)) };
    assert_eq!(found(&view, &accesses, Order::Ascending, 1), [2, 3]);
}

#[test]
fn cursor_outside_the_times_asked_for_does_not_lead_out_of_them() {
    let (_dir, view) = view_of(&chain());
    let at = view.snapshot();
    let filter = between(Some(BEGIN.plus(2000)), Some(BEGIN.plus(4000)));
    for (order, from, expected) in [
        (Order::Ascending, 0, [1, 2, 3].as_slice()),
        (Order::Ascending, 5, &[]),
        (Order::Descending, 5, &[3, 2, 1]),
        (Order::Descending, 0, &[]),
    ] {
        let page = view.entries(&at, &filter, order, Some(LogIndex(from)), 9).unwrap();
        let found: Vec<u64> = page.found.iter().map(|place| place.index.0).collect();
        assert_eq!(found, expected, "{order:?} from {from}");
    }
}
