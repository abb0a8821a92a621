//! The view is derived: whatever becomes of it, the same state is served again.

use std::fs;

use serde_json::Value;

use crate::harness::author::Role;
use crate::harness::consortium::Consortium;
use crate::harness::program::run;

/// A node with some records, stopped; and where it stood.
fn stopped_node() -> (Consortium, Value) {
    let mut consortium = Consortium::start(1);
    let steward = consortium.person(0, Role::Steward);
    for slug in ["births", "marriages", "deaths"] {
        consortium.nodes[0].api.commit(&steward.publish(slug));
    }
    let status = consortium.nodes[0].status();
    assert_eq!(consortium.nodes[0].stop().code(), Some(0));
    (consortium, status)
}

/// Starts the node; it stands where it stood, and shows what it showed.
fn assert_starts_at(consortium: &mut Consortium, before: &Value) {
    consortium.start_all();
    let status = consortium.nodes[0].status();
    for part in ["height", "header_hash", "log_size", "log_root", "state_root", "time"] {
        assert_eq!(status[part], before[part], "{part}");
    }
    let api = consortium.nodes[0].api;
    assert_eq!(api.json("/v1/datasets")["datasets"].as_array().unwrap().len(), 3);
    assert_eq!(api.json("/v1/entries?kind=publish-dataset")["entries"][0]["index"], 1);
}

#[test]
fn damaged_view_is_rebuilt() {
    let (mut consortium, before) = stopped_node();
    let (db, conf) = (consortium.nodes[0].file("view/db"), consortium.nodes[0].file("view/conf"));
    let (whole, garbage) = (fs::read(&db).unwrap(), vec![0xA5; 4096]);
    let mut flipped = whole.clone();
    flipped.iter_mut().step_by(61).for_each(|byte| *byte ^= 0x20);
    let halved = whole[..whole.len() / 2].to_vec();
    for (file, damaged) in [(&db, flipped), (&db, halved), (&db, garbage.clone()), (&conf, garbage)]
    {
        fs::write(file, damaged).unwrap();
        assert_starts_at(&mut consortium, &before);
        assert_eq!(consortium.nodes[0].stop().code(), Some(0));
    }
    // Of what can be told from an empty store the operator is told, and can look at it.
    assert!(consortium.nodes[0].log().contains("nothing is lost"));
    assert!(consortium.nodes[0].file("view.broken-1/db").is_file());
    fs::remove_dir_all(consortium.nodes[0].file("view")).unwrap();
    assert_starts_at(&mut consortium, &before);
}

#[test]
fn reindex_gives_the_same_state() {
    let (mut consortium, before) = stopped_node();
    let report = run(&mut consortium.nodes[0].command(&["reindex"])).done();
    for part in ["header_hash", "log_root", "state_root"] {
        assert!(report.contains(before[part].as_str().unwrap()), "{part}: {report}");
    }
    assert_starts_at(&mut consortium, &before);
    let pid = consortium.nodes[0].pid().to_string();
    run(&mut consortium.nodes[0].command(&["reindex"])).refused(3, &["is working in", &pid]);
}
