//! Names in memory and in runs: all are found, within bounds and in order; what is damaged is seen.

use comity_core::ids::{ExchangeId, Height};

use super::super::tree::under;
use super::*;

fn store() -> Tree {
    Tree::in_memory()
}

fn id(first: u8, last: u8) -> RecordId {
    let mut bytes = [first; 32];
    bytes[31] = last;
    RecordId(bytes)
}

/// A block of one entry that is about three exchanges, and its names.
fn chunk(number: u8) -> EntryChunk {
    let exchanges = [1, number, number % 3 + 200].map(|n| (0, ExchangeId([n; 16]))).to_vec();
    let record_ids = vec![id(number, number)];
    let grants = vec![(0, LogIndex(7)), (0, LogIndex(u64::from(number) % 5))];
    EntryChunk { height: Height(1), record_ids, exchanges, grants }
}

/// Applies blocks of one entry each, as the view's thread does.
fn grown(tree: &Tree, names: &mut Names, numbers: std::ops::Range<u8>) {
    for number in numbers {
        let (first, chunk) = (u64::from(number), chunk(number));
        let mut batch = Batch::default();
        batch.insert(entries_key(LogIndex(first)), encode(&chunk));
        names.add(first, &chunk);
        let fills = names.write(&mut batch, first + 1);
        tree.put(batch);
        if fills {
            names.is_written(first + 1);
        }
    }
}

fn found(tree: &Tree, names: &Names, kind: Kind, name: Name) -> Vec<u64> {
    let within = |bounds, order| -> Vec<u64> {
        let parts = names.parts(kind, name, bounds);
        in_parts(tree.clone(), parts, (kind, name), bounds, order).map(Result::unwrap).collect()
    };
    let all = within((0, u64::MAX), Order::Ascending);
    let newest_first = within((0, u64::MAX), Order::Descending);
    assert!(newest_first.iter().rev().eq(&all));
    for lowest in 0..32 {
        for highest in lowest..32 {
            let inside = all.iter().filter(|index| (lowest..=highest).contains(*index));
            assert!(within((lowest, highest), Order::Ascending).iter().eq(inside));
        }
    }
    all
}

#[test]
fn every_name_is_found_in_memory_and_in_the_runs() {
    let tree = store();
    let mut names = Names::default();
    grown(&tree, &mut names, 0..30);
    assert_eq!((names.runs.firsts.len(), names.runs.end), (7, 28));
    for number in 0..30u8 {
        let of = found(&tree, &names, Kind::Record, [number; 16]);
        assert_eq!(of, [u64::from(number)], "{number}");
        let of = found(&tree, &names, Kind::Exchange, [number; 16]);
        let expected: Vec<u64> =
            if number == 1 { (0..30).collect() } else { vec![u64::from(number)] };
        assert_eq!(of, expected, "{number}: equal names are in one piece of a run");
    }
    assert_eq!(found(&tree, &names, Kind::Grant, of_grant(LogIndex(7))).len(), 30);
    let of_four: Vec<u64> = (0..30).filter(|number| number % 5 == 4).collect();
    assert_eq!(found(&tree, &names, Kind::Grant, of_grant(LogIndex(4))), of_four);
    assert!(found(&tree, &names, Kind::Record, [77; 16]).is_empty());
    assert!(found(&tree, &names, Kind::Exchange, [255; 16]).is_empty());
}

#[test]
fn what_is_loaded_is_what_was_held() {
    let tree = store();
    let mut names = Names::default();
    for end in 1..20 {
        grown(&tree, &mut names, end - 1..end);
        let loaded = Names::load(&tree, 0, u64::from(end)).unwrap();
        assert_eq!(loaded.unwrap(), names, "after {end}");
    }
}

#[test]
fn entries_with_a_gap_or_too_few_of_them_are_seen() {
    let tree = store();
    grown(&tree, &mut Names::default(), 0..6);
    assert!(Names::load(&tree, 0, 6).unwrap().is_some());
    assert!(Names::load(&tree, 0, 7).unwrap().is_none(), "one is not listed");
    assert!(Names::load(&tree, 0, 3).unwrap().is_none(), "the runs go beyond the log");
    tree.remove(entries_key(LogIndex(4)));
    assert!(Names::load(&tree, 0, 6).unwrap().is_none(), "a gap");
}

#[test]
fn runs_that_are_not_what_is_said_of_them_are_seen() {
    let tree = store();
    grown(&tree, &mut Names::default(), 0..13);
    let load = || Names::load(&tree, 0, 13).unwrap();
    let names = load().unwrap();
    assert_eq!(names.runs, Runs { firsts: vec![0, 4, 8], end: 12 });
    let wrong = [(vec![0, 4], 8), (vec![0, 4, 8, 12], 16), (vec![4, 8], 12), (vec![0, 9, 8], 12)];
    for (firsts, end) in wrong {
        let runs = Runs { firsts, end };
        // Where only a run less is named, its entries' names are in memory instead: nothing is lost.
        let is_whole = runs.end == 8;
        tree.insert(name_runs_key(), encode(&runs));
        assert_eq!(load().is_some(), is_whole, "{runs:?}");
    }
    tree.insert(name_runs_key(), encode(&names.runs));
    assert!(load().is_some());
    let last = tree.get(entries_key(LogIndex(11))).unwrap().unwrap();
    tree.remove(entries_key(LogIndex(11)));
    assert!(load().is_none(), "the last block of a run is not listed");
    tree.insert(entries_key(LogIndex(11)), last);
    for pair in tree.ascending(under(&name_piece_key(b'r', 4, None))) {
        tree.remove(pair.unwrap().0);
    }
    assert!(load().is_none(), "a run has no names");
}

#[test]
fn piece_that_is_cut_off_is_no_answer() {
    let tree = store();
    let mut names = Names::default();
    grown(&tree, &mut names, 0..4);
    let key = name_piece_key(b'r', 0, Some(&[0; 16]));
    let whole = tree.get(&key).unwrap().unwrap();
    tree.insert(key, &whole[..whole.len() - 1]);
    assert!(in_run(&tree, Kind::Record, 0, &[0; 16]).is_err());
}

#[test]
fn few_entries_with_many_names_fill_a_run() {
    let tree = store();
    let mut names = Names::default();
    let exchanges: Vec<_> = (0..30).map(|n| (0, ExchangeId([n; 16]))).collect();
    let many =
        EntryChunk { height: Height(1), record_ids: vec![id(7, 7)], exchanges, grants: vec![] };
    let mut batch = Batch::default();
    names.add(0, &many);
    assert!(names.write(&mut batch, 1));
    tree.put(batch);
    names.is_written(1);
    assert_eq!((names.runs.end, names.recent.len()), (1, 0));
    for number in 0..30 {
        assert_eq!(found(&tree, &names, Kind::Exchange, [number; 16]), [0]);
    }
}

#[test]
fn names_that_are_equal_by_half_are_all_found() {
    let tree = store();
    let mut names = Names::default();
    for first in 0..10u64 {
        let twin = id(9, u8::try_from(first).unwrap());
        let record_ids = vec![twin];
        let (exchanges, grants) = (vec![], vec![]);
        let chunk = EntryChunk { height: Height(1), record_ids, exchanges, grants };
        let mut batch = Batch::default();
        names.add(first, &chunk);
        let fills = names.write(&mut batch, first + 1);
        tree.put(batch);
        if fills {
            names.is_written(first + 1);
        }
    }
    assert_eq!(names.runs.end, 8);
    let all: Vec<u64> = (0..10).collect();
    assert_eq!(found(&tree, &names, Kind::Record, [9; 16]), all);
}

#[test]
fn runs_outside_the_bounds_are_not_asked() {
    let tree = store();
    let mut names = Names::default();
    grown(&tree, &mut names, 0..14);
    let parts = |bounds| names.parts(Kind::Exchange, [1; 16], bounds);
    assert_eq!(parts((5, 7)), [Part::Run(4), Part::Recent(vec![])]);
    assert_eq!(parts((7, 8)), [Part::Run(4), Part::Run(8), Part::Recent(vec![])]);
    assert_eq!(parts((12, 12)), [Part::Recent(vec![12])]);
}

#[test]
fn first_run_begins_where_the_view_does() {
    let tree = store();
    let mut names = Names::load(&tree, 100, 100).unwrap().unwrap();
    grown(&tree, &mut names, 100..110);
    assert_eq!(names.runs.firsts, [100, 104]);
    assert_eq!(Names::load(&tree, 100, 110).unwrap().unwrap(), names);
    assert_eq!(found(&tree, &names, Kind::Record, [105; 16]), [105]);
}
