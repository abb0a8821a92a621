//! Damage of every sort is repaired from a neighbour's archive; two histories are not.

use std::fs::{self, File};
use std::os::unix::fs::FileExt as _;

use comity_core::block::Block;

use super::*;
use crate::founding::{Founded, comityd, text};

/// A consortium whose node `tax.gd` has `count` blocks, and an archive of them from `data.gd`.
fn with_archive(count: u64) -> (Founded, PathBuf) {
    let founded = Founded::new();
    let blocks = founded.blocks(count);
    founded.store(founded.dir("tax.gd"), &blocks);
    founded.store(founded.dir("data.gd"), &blocks);
    let archive = founded.temp.path().join("chain.comity");
    let dir = text(founded.dir("data.gd").root());
    comityd(&["export", "--dir", &dir, "--out", &text(&archive)]).unwrap();
    (founded, archive)
}

fn repair_tax(founded: &Founded, archive: &Path) -> Result<String, Failure> {
    let dir = text(founded.dir("tax.gd").root());
    comityd(&["repair", "--dir", &dir, "--archive", &text(archive)])
}

fn segment(founded: &Founded) -> PathBuf {
    founded.dir("tax.gd").log_dir().join("blocks-00000000000000000001.log")
}

/// Changes one byte at a fraction of the block log.
fn rot(founded: &Founded, percent: u64) {
    let file = File::options().read(true).write(true).open(segment(founded)).unwrap();
    let at = file.metadata().unwrap().len() * percent / 100;
    let mut byte = [0];
    file.read_exact_at(&mut byte, at).unwrap();
    file.write_all_at(&[byte[0] ^ 0x40], at).unwrap();
}

fn is_startable(founded: &Founded) -> Result<Height, NodeError> {
    let (storage, _) = open_storage(founded.dir("tax.gd"), &founded.genesis, None)?;
    Ok(Height(storage.tip().unwrap_or(0)))
}

#[test]
fn damaged_blocks_are_put_back_from_a_neighbours_archive() {
    for percent in [2, 30, 60, 90] {
        let (founded, archive) = with_archive(6);
        rot(&founded, percent);
        let report = repair_tax(&founded, &archive).unwrap();
        assert!(report.contains(" to 6 were put back from the archive; "), "{percent}: {report}");
        assert_eq!(is_startable(&founded).unwrap(), Height(6));
        let again = repair_tax(&founded, &archive).unwrap();
        assert_eq!(
            again,
            "Nothing to repair: blocks 1 to 6 on this disk are those of the archive.\n"
        );
    }
}

#[test]
fn blocks_that_are_gone_altogether_are_put_back() {
    let (founded, archive) = with_archive(4);
    fs::remove_file(segment(&founded)).unwrap();
    assert!(is_startable(&founded).is_err(), "the write-ahead log remembers them");
    let report = repair_tax(&founded, &archive).unwrap();
    assert!(report.starts_with("Blocks 1 to 4 were put back"), "{report}");
    assert_eq!(is_startable(&founded).unwrap(), Height(4));
}

#[test]
fn archive_that_does_not_reach_far_enough_is_refused() {
    for percent in [40, 90] {
        let (founded, archive) = with_archive(3);
        founded.store(founded.dir("tax.gd"), &founded.blocks(5)[3..]);
        rot(&founded, percent);
        let failure = repair_tax(&founded, &archive).unwrap_err().to_string();
        let expected = "Error: the archive ends with block 3, but this node had block ";
        assert!(failure.starts_with(expected), "{failure}");
        assert!(failure.contains("\nNext: have another member run comityd export now"));
    }
}

#[test]
fn damaged_archive_changes_nothing() {
    let (founded, archive) = with_archive(4);
    rot(&founded, 50);
    let before = fs::read(segment(&founded)).unwrap();
    let mut bytes = fs::read(&archive).unwrap();
    let at = bytes.len() / 2;
    bytes[at] ^= 1;
    fs::write(&archive, &bytes).unwrap();
    let failure = repair_tax(&founded, &archive).unwrap_err().to_string();
    assert!(failure.contains("chain.comity cannot be used: block "), "{failure}");
    bytes[at] ^= 1;
    bytes.pop();
    fs::write(&archive, &bytes).unwrap();
    let failure = repair_tax(&founded, &archive).unwrap_err().to_string();
    assert!(failure.contains("the archive ends too early"), "{failure}");
    assert_eq!(fs::read(segment(&founded)).unwrap(), before);
}

#[test]
fn second_history_is_never_written_over_the_first() {
    let (founded, archive) = with_archive(2);
    let dir = founded.dir("tax.gd");
    fs::remove_dir_all(dir.log_dir()).unwrap();
    let mut forked = founded.blocks(1);
    let Block { header, .. } = &mut forked[0].1.block;
    header.time = header.time.plus(7);
    forked[0].0 = header.hash();
    forked[0].1.certificate = founded.certificate(&forked[0].1.block);
    founded.store(dir, &forked);
    let refused = repair_tax(&founded, &archive).unwrap_err();
    assert_eq!(refused.ending(), Ending::Refused);
    assert!(refused.to_string().contains("somebody signed two histories. Nothing was changed.\n"));
    assert_eq!(is_startable(&founded).unwrap(), Height(1));
}
