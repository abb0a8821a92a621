//! A view is built anew from the blocks, or the old one stays.

use super::*;
use crate::founding::{Founded, comityd, text};

fn reindex(dir: &DataDir) -> Result<String, Failure> {
    comityd(&["reindex", "--dir", &text(dir.root())])
}

#[test]
fn reindexed_view_reaches_the_last_block_and_says_its_roots() {
    let founded = Founded::new();
    let dir = founded.dir("tax.gd");
    let blocks = founded.blocks(4);
    founded.store(dir, &blocks);
    let report = reindex(dir).unwrap();
    let header = &blocks[3].1.block.header;
    for line in [
        "Every block up to 4 was verified, and the view was built anew from them.\n".to_owned(),
        format!("\nLast block: {}\n", blocks[3].0),
        format!("\nState root: {}\n", header.state_root),
    ] {
        assert!(report.contains(&line), "{report}");
    }
    let (_view, saved) = View::open(&dir.view_dir(), founded.genesis.id()).unwrap();
    assert_eq!(saved.unwrap().header, *header);
    assert!(!dir.root().join("view.new").exists());
}

#[test]
fn damaged_block_is_named_and_the_old_view_stays() {
    let founded = Founded::new();
    let dir = founded.dir("tax.gd");
    let mut blocks = founded.blocks(3);
    blocks[1].1.certificate.signatures.truncate(2);
    founded.store(dir, &blocks);
    fs::create_dir(dir.view_dir()).unwrap();
    fs::write(dir.view_dir().join("mark"), "old").unwrap();
    let failure = reindex(dir).unwrap_err().to_string();
    assert!(
        failure.starts_with(
            "Error: the node cannot start from the blocks on its disk: block 2 of the block log \
             fails: "
        ),
        "{failure}"
    );
    assert!(failure.contains("\nNext: check the disk; "), "{failure}");
    assert_eq!(fs::read_to_string(dir.view_dir().join("mark")).unwrap(), "old");
    assert!(!dir.root().join("view.new").exists());
}

#[test]
fn reindex_beside_a_running_node_is_refused() {
    let founded = Founded::new();
    let dir = founded.dir("tax.gd");
    let _running = dir.lock().unwrap();
    let refused = reindex(dir).unwrap_err();
    assert_eq!(refused.ending(), crate::failure::Ending::Refused);
}
