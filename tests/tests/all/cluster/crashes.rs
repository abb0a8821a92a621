//! Nodes that end without warning, and nodes that are stopped.
//! Holds: nothing that was acknowledged is ever missing afterwards.

use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use serde_json::Value;

use crate::harness::author::{Author, Role};
use crate::harness::consortium::Consortium;
use crate::harness::http::Api;
use crate::harness::wait;

const ALL: [usize; 4] = [0, 1, 2, 3];

/// A record that any admin can make at any time.
fn some_record(admin: &Author) -> Vec<u8> {
    admin.register(Role::Officer).0
}

#[test]
fn killed_node_catches_up() {
    let mut consortium = Consortium::start(4);
    let (admin, other) = (consortium.admin(3), consortium.admin(0));
    let before = consortium.nodes[3].api.commit(&some_record(&admin));
    consortium.nodes[3].kill();
    // The others may be a moment behind the one that told first.
    consortium.same_tip(&[0, 1, 2], 1);
    consortium.assert_everywhere(&[0, 1, 2], &before);
    let mut missed = Vec::new();
    for _ in 0..5 {
        missed.push(consortium.nodes[0].api.commit(&some_record(&other)));
    }
    consortium.nodes[3].start();
    consortium.nodes[3].ready();
    let height = missed.last().unwrap()["height"].as_u64().unwrap();
    consortium.same_tip(&ALL, height);
    for committed in missed.iter().chain([&before]) {
        consortium.assert_everywhere(&ALL, committed);
    }
    let after = consortium.nodes[3].api.commit(&some_record(&admin));
    consortium.same_tip(&ALL, height + 1);
    consortium.assert_everywhere(&ALL, &after);
}

/// Submits records one after the other until the node is gone; keeps what was acknowledged.
fn submit_until_gone(admin: &Author, api: Api, acknowledged: &Mutex<Vec<Value>>, end: &AtomicBool) {
    while !end.load(Ordering::Relaxed) {
        let Ok(answer) = api.submit("/v1/records?wait=commit", &some_record(admin)) else { return };
        if answer.status == 200 {
            acknowledged.lock().unwrap().push(answer.json());
        }
    }
}

#[test]
fn all_nodes_killed_at_once_go_on() {
    let mut consortium = Consortium::start(4);
    let admins = ALL.map(|node| consortium.admin(node));
    let apis = ALL.map(|node| consortium.nodes[node].api);
    let (acknowledged, end) = (Mutex::new(Vec::new()), AtomicBool::new(false));
    thread::scope(|scope| {
        for node in ALL.into_iter().flat_map(|node| [node, node]) {
            let (admin, acknowledged, end) = (&admins[node], &acknowledged, &end);
            scope.spawn(move || submit_until_gone(admin, apis[node], acknowledged, end));
        }
        wait::until("records under load", || match acknowledged.lock().unwrap().len() {
            0..40 => Err("too few".to_owned()),
            _ => Ok(()),
        });
        for node in &mut consortium.nodes {
            node.kill();
        }
        end.store(true, Ordering::Relaxed);
    });
    let acknowledged = acknowledged.into_inner().unwrap();
    consortium.start_all();
    let heights = acknowledged.iter().map(|committed| committed["height"].as_u64().unwrap());
    consortium.same_tip(&ALL, heights.max().unwrap());
    for committed in &acknowledged {
        consortium.assert_everywhere(&ALL, committed);
    }
    let after = apis[1].commit(&some_record(&admins[1]));
    consortium.same_tip(&ALL, after["height"].as_u64().unwrap());
    consortium.assert_everywhere(&ALL, &after);
}

#[test]
fn clean_stop_is_quick_and_needs_no_repair() {
    let mut consortium = Consortium::start(4);
    let admin = consortium.admin(0);
    let committed = consortium.nodes[0].api.commit(&some_record(&admin));
    let tip = consortium.same_tip(&ALL, committed["height"].as_u64().unwrap());
    // A listener that stays must not keep the node from ending.
    let mut listener = consortium.nodes[0].api.events("/v1/events?from=0", &[]);
    assert_eq!(listener.next().unwrap().0, 0);
    let began = Instant::now();
    assert_eq!(consortium.nodes[0].stop().code(), Some(0), "{}", consortium.nodes[0].log());
    assert!(began.elapsed() < Duration::from_secs(10), "{:?}", began.elapsed());
    assert!(listener.next().is_none(), "the stream goes on");
    let before = consortium.nodes[0].log();
    assert!(before.trim_end().ends_with("stopped"), "{before}");
    consortium.nodes[0].start();
    consortium.nodes[0].ready();
    assert_eq!(consortium.nodes[0].status()["state_root"], tip["state_root"]);
    let log = consortium.nodes[0].log().split_off(before.len());
    for repair in ["cut the unfinished end", "replay", "cannot be used", "WARN", "ERROR"] {
        assert!(!log.contains(repair), "{repair}: {log}");
    }
}
