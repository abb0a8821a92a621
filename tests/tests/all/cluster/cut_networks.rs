//! Seven nodes over slow cables that are cut, torn and mended.
//! Holds: whoever has a quorum goes on; after mending, all are at one tip again and what waited
//! anywhere is committed.

use std::time::{Duration, Instant};

use serde_json::Value;

use crate::harness::author::Role;
use crate::harness::consortium::Consortium;
use crate::harness::links::{Links, Quality};
use crate::harness::size::sized;
use crate::harness::wait;

const AGENCIES: [&str; 7] =
    ["civil.th", "data.th", "health.th", "housing.th", "school.th", "tax.th", "water.th"];
const ALL: [usize; 7] = [0, 1, 2, 3, 4, 5, 6];
/// 200 ± 50 ms each way.
const SLOW: Quality = Quality { delay_ms: 200, spread_ms: 50, bytes_per_second: None };
/// The same, and no faster than a bad telephone line.
const NARROW: Quality = Quality { bytes_per_second: Some(32 * 1024), ..SLOW };
const SEED: u64 = 4;
/// Longest wait for what shall take less than 30 s on a machine with nothing else to do.
const LIMIT: Duration = Duration::from_secs(120);

/// What is done to the cables.
struct Fault {
    name: &'static str,
    begin: fn(&Links),
    /// Who goes on meanwhile; nobody, where no side has a quorum.
    going_on: &'static [usize],
    /// Where a record waits for the end of it.
    waiting: usize,
}

static FAULTS: [Fault; 6] = [
    Fault {
        name: "two of seven cut off",
        begin: |links| links.cut(&[0, 1, 2, 3, 4], &[5, 6]),
        going_on: &[0, 1, 2, 3, 4],
        waiting: 5,
    },
    Fault {
        name: "one hears and is not heard",
        begin: |links| links.cut_one_way(&[6], &[0, 1, 2, 3, 4, 5]),
        going_on: &[0, 1, 2, 3, 4, 5],
        waiting: 6,
    },
    Fault {
        name: "four against three",
        begin: |links| links.cut(&[0, 1, 2, 3], &[4, 5, 6]),
        going_on: &[],
        waiting: 4,
    },
    Fault {
        name: "one is heard and does not hear",
        begin: |links| links.cut_one_way(&[0, 1, 2, 3, 4, 5], &[6]),
        going_on: &[0, 1, 2, 3, 4, 5],
        waiting: 6,
    },
    Fault {
        name: "every connection torn",
        begin: |links| links.tear(&ALL, &ALL),
        going_on: &[],
        waiting: 0,
    },
    Fault {
        name: "nobody reaches anybody",
        begin: |links| links.cut(&ALL, &ALL),
        going_on: &[],
        waiting: 2,
    },
];

/// Gives a node a record without waiting for what becomes of it; its id.
fn hand_in(consortium: &Consortium, node: usize) -> String {
    let record = consortium.admin(node).register(Role::Officer).0;
    let answer = consortium.nodes[node].api.submit("/v1/records", &record).unwrap();
    assert_eq!(answer.status, 202, "{}", answer.text());
    answer.json()["record_id"].as_str().unwrap().to_owned()
}

/// Waits until a node shows a record as committed.
fn until_shown(consortium: &Consortium, node: usize, id: &str) -> Value {
    wait::within(LIMIT, &format!("a record at node {node}"), || {
        let answer = consortium.nodes[node].api.get(&format!("/v1/records/{id}"));
        if answer.status == 200 { Ok(answer.json()) } else { Err(answer.text()) }
    })
}

/// Lets a fault last and mends it; how long it took until every node had what waited, and all
/// stood at one tip.
fn recover(consortium: &Consortium, links: &Links, fault: &Fault, lasting: Duration) -> Duration {
    let began = Instant::now();
    (fault.begin)(links);
    let waiting = hand_in(consortium, fault.waiting);
    if let Some(first) = fault.going_on.first() {
        let meanwhile = hand_in(consortium, *first);
        fault.going_on.iter().for_each(|node| drop(until_shown(consortium, *node, &meanwhile)));
    }
    wait::last(lasting.saturating_sub(began.elapsed()));
    links.heal();
    let healed = Instant::now();
    for node in ALL {
        until_shown(consortium, node, &waiting);
    }
    wait::within(LIMIT, "one tip", || {
        let tips: Vec<Value> = ALL
            .iter()
            .map(|node| consortium.nodes[*node].status()["header_hash"].clone())
            .collect();
        if tips.iter().all(|tip| *tip == tips[0]) { Ok(()) } else { Err(format!("{tips:?}")) }
    });
    healed.elapsed()
}

#[test]
fn seven_nodes_recover_from_cut_cables() {
    let mut consortium = Consortium::found_by(&AGENCIES);
    let links = Links::lay(&consortium.nodes, SLOW, SEED);
    consortium.start_all();
    let faults = sized(&FAULTS[..3], &FAULTS[..]);
    let (lasting, runs) = sized((Duration::from_secs(6), 1), (Duration::from_secs(45), 3));
    for run in 0..runs {
        for fault in faults {
            let took = recover(&consortium, &links, fault, lasting);
            println!("{} for {lasting:?}: recovered in {took:.1?} (run {run})", fault.name);
        }
    }
    one_behind_a_narrow_cable_keeps_up(&consortium, &links);
}

fn one_behind_a_narrow_cable_keeps_up(consortium: &Consortium, links: &Links) {
    links.set(&[6], &[0, 1, 2, 3, 4, 5], NARROW);
    let began = Instant::now();
    let records: Vec<String> = (0..20).map(|n| hand_in(consortium, n % 6)).collect();
    for id in &records {
        until_shown(consortium, 6, id);
    }
    println!("20 records behind 32 KiB/s: after {:.1?}", began.elapsed());
}
