//! The memory disk: what it loses, and that it loses no more.
//! Holds: synced bytes survive any loss of power.
//! May not enter: storage formats.

use std::collections::BTreeSet;

use super::super::{Disk, DiskOperation, MemoryDisk};
use super::Random;

#[test]
fn synced_bytes_survive_and_the_rest_survives_in_every_possible_part() {
    let mut lengths = BTreeSet::new();
    let mut holes = 0;
    for seed in 0..500 {
        let mut random = Random(seed);
        let mut disk = MemoryDisk::new();
        disk.append("a", b"durable").unwrap();
        disk.sync("a").unwrap();
        disk.append("a", b"tail").unwrap();
        disk.crash(|| random.next());
        let bytes = disk.read("a", 0, 100).unwrap();
        assert!(bytes.starts_with(b"durable"), "seed {seed}");
        lengths.insert(bytes.len());
        holes += usize::from(bytes.contains(&0));
    }
    assert_eq!(lengths, BTreeSet::from([7, 8, 9, 10, 11]));
    assert!(holes > 10);
}

#[test]
fn file_that_was_never_synced_may_vanish_or_stay() {
    let mut outcomes = BTreeSet::new();
    for seed in 0..50 {
        let mut random = Random(seed);
        let mut disk = MemoryDisk::new();
        disk.append("a", b"x").unwrap();
        disk.crash(|| random.next());
        outcomes.insert(disk.size("a").unwrap());
    }
    assert_eq!(outcomes, BTreeSet::from([None, Some(0), Some(1)]));
}

#[test]
fn interrupted_rename_happens_wholly_or_not_at_all() {
    let mut outcomes = BTreeSet::new();
    for seed in 0..50 {
        let mut random = Random(seed);
        let mut disk = MemoryDisk::new();
        for (file, bytes) in [("old", b"o"), ("new", b"n")] {
            disk.append(file, bytes).unwrap();
            disk.sync(file).unwrap();
        }
        disk.cut_power_after(0);
        disk.rename("new", "old").unwrap_err();
        disk.append("old", b"never").unwrap_err();
        disk.crash(|| random.next());
        let files = disk.list().unwrap();
        outcomes.insert((files, disk.read("old", 0, 9).unwrap()));
    }
    let before = (vec!["new".to_owned(), "old".to_owned()], b"o".to_vec());
    let after = (vec!["old".to_owned()], b"n".to_vec());
    assert_eq!(outcomes, BTreeSet::from([before, after]));
}

#[test]
fn returned_rename_truncation_and_removal_survive() {
    let mut disk = MemoryDisk::new();
    for file in ["a", "b", "c"] {
        disk.append(file, b"12345").unwrap();
        disk.sync(file).unwrap();
    }
    disk.rename("a", "d").unwrap();
    disk.truncate("b", 2).unwrap();
    disk.remove("c").unwrap();
    disk.crash(|| 0);
    assert_eq!(disk.list().unwrap(), ["b", "d"]);
    assert_eq!(disk.read("b", 0, 9).unwrap(), b"12");
    assert_eq!(disk.read("d", 3, 9).unwrap(), b"45");
}

#[test]
fn operations_on_a_missing_file_fail_and_name_it() {
    let mut disk = MemoryDisk::new();
    let error = disk.sync("gone").unwrap_err();
    assert_eq!((error.operation, error.file.as_str()), (DiskOperation::Sync, "gone"));
    assert_eq!(error.source.kind(), std::io::ErrorKind::NotFound);
    disk.read("gone", 0, 1).unwrap_err();
    disk.rename("gone", "a").unwrap_err();
    disk.remove("gone").unwrap_err();
    assert_eq!(disk.size("gone").unwrap(), None);
}

#[test]
fn fork_shares_nothing_and_clone_shares_all() {
    let mut disk = MemoryDisk::new();
    disk.append("a", b"1").unwrap();
    let (fork, clone) = (disk.fork(), disk.clone());
    disk.append("a", b"2").unwrap();
    assert_eq!(fork.size("a").unwrap(), Some(1));
    assert_eq!(clone.size("a").unwrap(), Some(2));
}
