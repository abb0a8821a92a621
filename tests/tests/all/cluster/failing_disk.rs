//! A disk that refuses to sync or to write, under a node as it is shipped: `failing_disk.c` lies between
//! the program and the system.
//! Holds: the node stops, says why, and on a disk that works again has all that it acknowledged.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Mutex;
use std::thread;

use serde_json::Value;

use crate::harness::author::{Author, Role};
use crate::harness::consortium::Consortium;
use crate::harness::http::Api;
use crate::harness::wait;

const ALL: [usize; 4] = [0, 1, 2, 3];
/// The node whose disk fails.
const POOR: usize = 3;
/// Entries that are acknowledged before it does.
const BEFORE: usize = 5;

/// Builds what makes the disk fail. Errors: why that cannot be done here.
fn build(dir: &Path) -> Result<PathBuf, String> {
    let (source, library) = (dir.join("failing_disk.c"), dir.join("failing_disk.so"));
    fs::write(&source, include_str!("failing_disk.c")).unwrap();
    let mut compiler = Command::new("cc");
    compiler.args(["-shared", "-fPIC", "-O1", "-o"]).arg(&library).arg(&source);
    match compiler.output() {
        Ok(built) if built.status.success() => Ok(library),
        Ok(built) => Err(String::from_utf8_lossy(&built.stderr).into_owned()),
        Err(error) => Err(format!("there is no C compiler (cc): {error}")),
    }
}

/// Submits records one after the other until the node is gone; keeps what was acknowledged.
fn submit_until_gone(admin: &Author, api: Api, acknowledged: &Mutex<Vec<Value>>) {
    while let Ok(answer) = api.submit("/v1/records?wait=commit", &admin.register(Role::Officer).0) {
        if answer.status == 200 {
            acknowledged.lock().unwrap().push(answer.json());
        }
    }
}

/// The disk of the node fails so, while it takes records. Returns what it had acknowledged.
fn fail(consortium: &mut Consortium, orders: &Path, how: &str, said: &str) -> Vec<Value> {
    let acknowledged = Mutex::new(Vec::new());
    let (admin, api) = (consortium.admin(POOR), consortium.nodes[POOR].api);
    let node = &mut consortium.nodes[POOR];
    let (status, log_before) = thread::scope(|scope| {
        scope.spawn(|| submit_until_gone(&admin, api, &acknowledged));
        wait::until("some entries", || match acknowledged.lock().unwrap().len() {
            BEFORE.. => Ok(()),
            few => Err(format!("{few} so far")),
        });
        let log_before = node.log().len();
        fs::write(orders, how).unwrap();
        let ended = wait::until("the node to stop", || node.ended().ok_or("it runs".to_owned()));
        (ended, log_before)
    });
    fs::remove_file(orders).unwrap();
    let log = node.log()[log_before..].to_owned();
    assert_eq!(status.code(), Some(1), "{how}: {log}");
    for words in ["storage failed, and the node has stopped rather than write on", said] {
        assert!(log.contains(words), "{how}: {words:?} is not in {log}");
    }
    acknowledged.into_inner().unwrap()
}

#[test]
fn node_whose_disk_refuses_stops_and_later_has_all_that_it_acknowledged() {
    let mut consortium = Consortium::found(4);
    let library = match build(consortium.dir()) {
        Ok(library) => library,
        Err(reason) => {
            println!("skipped: {reason}");
            return;
        }
    };
    for node in &mut consortium.nodes[..POOR] {
        node.start();
    }
    let orders = consortium.dir().join("orders");
    let mut acknowledged = Vec::new();
    for (how, said) in [
        ("sync", "Input/output error"),
        ("write", "Input/output error"),
        ("full", "No space left on device"),
    ] {
        let mut run = consortium.nodes[POOR].command(&["run"]);
        run.env("LD_PRELOAD", &library).env("FAILING_DISK", &orders);
        consortium.nodes[POOR].start_as(run);
        consortium.nodes[POOR].ready();
        acknowledged.extend(fail(&mut consortium, &orders, how, said));
        // The others go on without it.
        let record = consortium.admin(0).register(Role::Officer).0;
        acknowledged.push(consortium.nodes[0].api.commit(&record));
    }
    consortium.nodes[POOR].start();
    consortium.nodes[POOR].ready();
    consortium.nodes[POOR].until_status("to vote", |status| status["voting"] == "active");
    consortium.same_tip(&ALL, 1);
    for committed in &acknowledged {
        consortium.assert_everywhere(&ALL, committed);
    }
    println!("failing disk: {} entries acknowledged, none missing", acknowledged.len());
}
