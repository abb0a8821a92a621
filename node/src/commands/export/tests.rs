//! An exported archive verifies, whatever the node does meanwhile, and nothing is overwritten.

use comity_core::archive::{
    FRAME_HEAD_BYTES, Frame, HEAD_BYTES, Verified, Verifier, check_block, decode_frame, frame_head,
};

use super::*;
use crate::founding::{Founded, comityd, text};

/// Verifies an archive as an auditor does.
fn verify(founded: &Founded, path: &Path) -> Verified {
    let bytes = fs::read(path).unwrap();
    let mut verifier = Verifier::new(&founded.genesis).unwrap();
    verifier.check_head(bytes[..HEAD_BYTES].try_into().unwrap()).unwrap();
    let mut at = HEAD_BYTES;
    loop {
        let (kind, length) =
            frame_head(bytes[at..][..FRAME_HEAD_BYTES].try_into().unwrap()).unwrap();
        at += FRAME_HEAD_BYTES;
        let frame = decode_frame(kind, &bytes[at..][..length]).unwrap();
        at += length;
        match frame {
            Frame::Block(block) => {
                verifier.push(check_block(&founded.genesis.id(), block).unwrap()).unwrap();
            }
            Frame::Polkas(polkas) => verifier.polkas(&polkas).unwrap(),
            Frame::Certificate(certificate) => {
                assert_eq!(at, bytes.len());
                return verifier.finish(certificate).unwrap();
            }
        }
    }
}

fn export_to(founded: &Founded, out: &Path) -> Result<String, Failure> {
    let dir = text(founded.dir("tax.gd").root());
    comityd(&["export", "--dir", &dir, "--out", &text(out)])
}

#[test]
fn exported_archive_verifies_up_to_the_last_block() {
    let founded = Founded::new();
    let blocks = founded.blocks(5);
    founded.store(founded.dir("tax.gd"), &blocks);
    let out = founded.temp.path().join("chain.comity");
    let report = export_to(&founded, &out).unwrap();
    let verified = verify(&founded, &out);
    assert_eq!((verified.tip.height, verified.tip.hash), (Height(5), blocks[4].0));
    assert!(report.contains("holds the whole chain up to block 5: 0 records, "), "{report}");
    assert!(!beside(&out).exists());
}

#[test]
fn export_beside_a_running_node_leaves_out_a_block_that_is_half_written() {
    let founded = Founded::new();
    let dir = founded.dir("tax.gd");
    founded.store(dir, &founded.blocks(3));
    let _running = dir.lock().unwrap();
    let segment = dir.log_dir().join("blocks-00000000000000000001.log");
    let whole = fs::metadata(&segment).unwrap().len();
    let file = File::options().write(true).open(&segment).unwrap();
    file.set_len(whole - 10).unwrap();
    let out = founded.temp.path().join("chain.comity");
    let report = export_to(&founded, &out).unwrap();
    assert!(report.contains(" up to block 2: "), "{report}");
    assert_eq!(verify(&founded, &out).tip.height, Height(2));
    assert_eq!(fs::metadata(&segment).unwrap().len(), whole - 10, "the log is only read");
}

#[test]
fn export_overwrites_nothing_and_leaves_nothing_behind_when_it_fails() {
    let founded = Founded::new();
    let out = founded.temp.path().join("chain.comity");
    let empty = export_to(&founded, &out).unwrap_err();
    assert_eq!(
        empty.to_string(),
        "Error: no block has been committed yet.\n\
         There is nothing to export. Nothing was written.\n\
         Next: start the node, wait for the first block (comity status), then export\n"
    );
    assert!(!out.exists() && !beside(&out).exists());
    fs::write(&out, "precious").unwrap();
    let refused = export_to(&founded, &out).unwrap_err();
    assert_eq!(refused.ending(), Ending::Refused);
    assert_eq!(
        refused.to_string(),
        format!(
            "Error: {} exists already.\nIt is not overwritten. Nothing was changed.\n\
             Next: choose another name, or move the old file away\n",
            out.display()
        )
    );
    assert_eq!(fs::read_to_string(&out).unwrap(), "precious");
}

#[test]
fn blocks_of_another_consortium_are_not_exported_under_this_genesis() {
    let (founded, other) = (Founded::new(), Founded::new());
    founded.store(founded.dir("tax.gd"), &other.blocks(1));
    let out = founded.temp.path().join("chain.comity");
    let refused = export_to(&founded, &out).unwrap_err();
    let expected = format!(
        "Error: the blocks on this disk are of consortium {}, genesis.json is of {}.\n",
        other.genesis.id(),
        founded.genesis.id()
    );
    assert!(refused.to_string().starts_with(&expected), "{refused}");
    assert!(!out.exists());
}
