//! Nodes that were away for long, or were never there, while the others go on.
//! Holds: they come to the others' tip while records keep coming; blocks are fetched from several
//! peers; who hands out false blocks is turned away, and the log says why.

use std::fs;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use comity_core::block::CommittedBlock;

use crate::harness::author::{Author, Role};
use crate::harness::block_log;
use crate::harness::consortium::Consortium;
use crate::harness::http::Api;
use crate::harness::node::Node;
use crate::harness::size::sized;
use crate::harness::wait;

/// The validators that stay, and the one that is away.
const STAYING: [usize; 3] = [0, 1, 2];
const AWAY: usize = 3;
/// The observer, which knows one address: that of the first validator.
const OBSERVER: usize = 4;
/// Clients that fill the log, and clients that keep asking meanwhile.
const CLIENTS: usize = 6;
/// Longest wait for 2,000 entries, and half the wait for what comes before them.
const LIMIT: Duration = Duration::from_secs(30);
/// How long a client waits when the node has no room (ms).
const NO_ROOM_MS: u64 = 50;

/// Hands in records, without waiting for each, until so many are handed in by all together.
fn fill(admin: &Author, api: Api, left: &AtomicU64) {
    while left.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |n| n.checked_sub(1)).is_ok() {
        let record = admin.register(Role::Officer).0;
        loop {
            let answer = api.submit("/v1/records", &record).unwrap();
            if answer.status == 202 {
                break;
            }
            assert_eq!(answer.status, 503, "{}", answer.text());
            wait::last(std::time::Duration::from_millis(NO_ROOM_MS));
        }
    }
}

/// Keeps records coming, one after the other.
fn keep_asking(admin: &Author, api: Api, end: &AtomicBool) {
    while !end.load(Ordering::Relaxed) {
        api.commit(&admin.register(Role::Officer).0);
    }
}

fn log_size(node: &Node) -> u64 {
    node.status()["log_size"].as_u64().unwrap()
}

/// Fills the log of the nodes that are there with so many entries more.
fn grow(consortium: &Consortium, nodes: &[usize], entries: u64) {
    let (left, wanted) = (AtomicU64::new(entries), log_size(&consortium.nodes[0]) + entries);
    let admins: Vec<Author> = nodes.iter().map(|node| consortium.admin(*node)).collect();
    thread::scope(|scope| {
        for number in 0..CLIENTS {
            let at = number % nodes.len();
            let (admin, api, left) = (&admins[at], consortium.nodes[nodes[at]].api, &left);
            scope.spawn(move || fill(admin, api, left));
        }
    });
    let limit = LIMIT * u32::try_from(2 + entries / 2_000).unwrap();
    wait::within(limit, "all entries to be committed", || {
        let found = log_size(&consortium.nodes[0]);
        if found >= wanted { Ok(()) } else { Err(format!("{found} of {wanted}")) }
    });
}

/// Starts a node and waits until it has so many entries; entries in a second, from the start of
/// the process.
fn catch_up(node: &mut Node, entries: u64) -> f64 {
    let before = Instant::now();
    node.start();
    let limit = LIMIT * u32::try_from(2 + entries / 2_000).unwrap();
    let api = node.api;
    wait::within(limit, "catching up", || {
        let answer = api.ask("GET /v1/status", &[], b"").map_err(|error| error.to_string())?;
        let found = answer.json()["log_size"].as_u64().unwrap();
        if found >= entries { Ok(()) } else { Err(format!("{found} of {entries}")) }
    });
    let took = before.elapsed();
    f64::from(u32::try_from(entries).unwrap()) / took.as_secs_f64()
}

/// Bytes of blocks that a node has handed to others.
fn served_bytes(node: &Node) -> u64 {
    let text = node.api.get("/metrics").text();
    let line = text.lines().find(|line| line.starts_with("comity_blocks_served_bytes_total "));
    line.and_then(|line| line.rsplit(' ').next()?.parse().ok()).expect("it is counted")
}

#[test]
fn nodes_that_were_away_catch_up_while_records_keep_coming() {
    let entries = sized(5_000, 100_000);
    let mut consortium = Consortium::found_with_observer(4);
    consortium.nodes[..4].iter_mut().for_each(Node::start);
    consortium.nodes[..4].iter_mut().for_each(Node::ready);
    consortium.nodes[AWAY].kill();
    let began = Instant::now();
    grow(&consortium, &STAYING, entries);
    println!("{entries} entries without one of four validators: {:.1?}", began.elapsed());
    let (admin, api, end) = (consortium.admin(1), consortium.nodes[1].api, AtomicBool::new(false));
    thread::scope(|scope| {
        let over = wait::Over(&end);
        scope.spawn(|| keep_asking(&admin, api, &end));
        let before: Vec<u64> = STAYING.map(|n| served_bytes(&consortium.nodes[n])).to_vec();
        let rate = catch_up(&mut consortium.nodes[AWAY], entries);
        println!("validator that missed {entries} entries: {rate:.0} entries a second");
        let served = STAYING.map(|n| served_bytes(&consortium.nodes[n]));
        let givers = served.iter().zip(&before).filter(|(now, before)| now > before).count();
        println!("blocks came from {givers} of 3 peers: {served:?} bytes");
        assert!(givers >= 2, "{served:?} {before:?}");
        let rate = catch_up(&mut consortium.nodes[OBSERVER], entries);
        println!("new observer with one address: {rate:.0} entries a second");
        drop(over);
    });
    consortium.nodes[AWAY].ready();
    consortium.nodes[AWAY].until_status("to vote", |status| status["voting"] == "active");
    consortium.nodes[OBSERVER].until_status("to follow", |status| status["voting"] == "observer");
    let tip = consortium.same_tip(&[0, 1, 2, AWAY, OBSERVER], 1);
    assert!(tip["log_size"].as_u64().unwrap() >= entries);
}

/// Changes a block in a stopped node's log, and makes the frame's checks right again.
fn falsify(node: &Node, height: u64, change: impl Fn(&mut CommittedBlock)) {
    let path = block_log::segments(&node.file("log")).remove(0);
    let mut file = fs::read(&path).unwrap();
    let (frames, salt) = block_log::frames(&file);
    let frame = frames.iter().find(|frame| frame.kind == 1 && frame.height == height).unwrap();
    let mut block = CommittedBlock::from_bytes(&frame.payload).unwrap();
    change(&mut block);
    block_log::rewritten(&mut file, frame, salt, &block.to_bytes());
    fs::write(&path, file).unwrap();
}

/// A change to a block.
type Bend = fn(&mut CommittedBlock);

/// What a liar does to its second block, and what the log of whoever fetches it says.
const LIES: [(Bend, &str); 2] = [
    (
        |block| block.certificate.signatures[0].signature.0[9] ^= 1,
        "it sent a block with a bad certificate",
    ),
    (|block| *block.block.records[0].last_mut().unwrap() ^= 1, "it sent block 2 with a bad record"),
];

#[test]
fn peer_that_hands_out_false_blocks_is_turned_away_and_named() {
    let mut consortium = Consortium::found_with_observer(4);
    // Else they would hear of one another by way of the liar, and meet.
    consortium.mislead(OBSERVER, &[1, 2, 3]);
    (1..4).for_each(|number| consortium.mislead(number, &[OBSERVER]));
    consortium.nodes[..4].iter_mut().for_each(Node::start);
    consortium.nodes[..4].iter_mut().for_each(Node::ready);
    let admin = consortium.admin(1);
    for _ in 0..4 {
        consortium.nodes[1].api.commit(&admin.register(Role::Officer).0);
    }
    consortium.same_tip(&[0, 1, 2, 3], 4);
    consortium.nodes[0].stop();
    let honest = fs::read(&block_log::segments(&consortium.nodes[0].file("log"))[0]).unwrap();
    for (lie, said) in LIES {
        falsify(&consortium.nodes[0], 2, lie);
        consortium.nodes[0].start();
        consortium.nodes[0].ready();
        // It reaches nobody else.
        consortium.nodes[OBSERVER].start();
        let observer = &consortium.nodes[OBSERVER];
        wait::until("the liar to be turned away", || {
            let log = observer.log();
            if log.contains(said) { Ok(()) } else { Err(log) }
        });
        let height = observer.status()["height"].as_u64().unwrap();
        assert!(height <= 1, "it took block {height} from the liar");
        consortium.nodes[OBSERVER].stop();
        consortium.nodes[0].stop();
        let path = block_log::segments(&consortium.nodes[0].file("log")).remove(0);
        fs::write(path, &honest).unwrap();
    }
    falsify(&consortium.nodes[0], 2, LIES[0].0);
    consortium.introduce_observer(OBSERVER);
    for number in [0, OBSERVER] {
        consortium.nodes[number].start();
        consortium.nodes[number].ready();
    }
    // With honest peers beside the liar it gets there.
    consortium.same_tip(&[0, 1, 2, 3, OBSERVER], 4);
}
