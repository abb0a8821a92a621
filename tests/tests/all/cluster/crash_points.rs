//! A node that ends before, within or after a chosen change of its logs, on the way of a commit.
//! Holds: it starts again on what it left, has every entry that anyone was told of, votes, never
//! signed two values for one step, and its guard lost nothing of what it signed.

use std::os::unix::process::ExitStatusExt as _;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;

use serde_json::Value;

use crate::harness::author::{Author, Role};
use crate::harness::consortium::Consortium;
use crate::harness::http::Api;
use crate::harness::size::sized;
use crate::harness::wait;

const ALL: [usize; 4] = [0, 1, 2, 3];
/// Whose node ends again and again.
const VICTIM: usize = 3;
/// Entries that are committed before a moment counts as one that does not come.
const SEQUENCE: usize = 24;
/// SIGABRT: ended by itself, where it stood.
const ABORTED: i32 = 6;

/// When the victim ends.
#[derive(Clone, Copy, Debug)]
struct Point {
    how: &'static str,
    operation: &'static str,
    at: u64,
}

/// What became of the points of one run.
#[derive(Debug, Default)]
struct Tally {
    /// Ended there while it started.
    starting: usize,
    /// Ended there while it took part.
    committing: usize,
    /// Such an operation did not come.
    not_reached: usize,
}

/// Every kind of change, at moments that lie apart: those of a start come first (the write-ahead
/// log is replaced then), those of commits after it, with the write-ahead log replaced again for its
/// size and segments of the block log begun (the sizes are small ones, see
/// `src/multicall/crashing.rs`).
fn points() -> Vec<Point> {
    let appends = sized(vec![1, 9, 22], (1..=60).collect());
    let syncs = sized(vec![3, 11], (1..=40).collect());
    let rare = sized(vec![1, 3], (1..=4).collect());
    let beginnings = sized(vec![2, 4], (1..=8).collect());
    let mut points = Vec::new();
    let mut add = |how, operation, at: &[u64]| {
        points.extend(at.iter().map(|at| Point { how, operation, at: *at }));
    };
    for how in ["before", "within", "after"] {
        add(how, "append", &appends);
    }
    for how in ["before", "after", "power"] {
        add(how, "sync", &syncs);
    }
    for how in ["before", "after"] {
        for operation in ["rename", "truncate", "remove"] {
            add(how, operation, &rare);
        }
    }
    for how in ["before", "within", "after", "power"] {
        add(how, "beginning", &beginnings);
    }
    add("power", "append", &appends);
    points
}

/// One after the other: a record of the node's own agency, at the node, until it is gone.
fn submit(admin: &Author, api: Api, acknowledged: &Mutex<Vec<Value>>, end: &AtomicBool) {
    while !end.load(Ordering::Relaxed) {
        let record = admin.register(Role::Officer).0;
        let Ok(answer) = api.submit("/v1/records?wait=commit", &record) else { return };
        if answer.status == 200 {
            acknowledged.lock().unwrap().push(answer.json());
        }
    }
}

/// Runs the victim until it ends at `point`, then as it is shipped: it has all that was acknowledged
/// meanwhile, and votes. Returns what was acknowledged.
fn run_into(consortium: &mut Consortium, point: Point, tally: &mut Tally) -> Vec<Value> {
    let at = point.at.to_string();
    consortium.nodes[VICTIM].start_crashing(&[point.how, point.operation, &at]);
    let told = if takes_part(consortium, point) {
        load_until_ended(consortium, point, tally)
    } else {
        tally.starting += 1;
        consortium.nodes[VICTIM].start();
        Vec::new()
    };
    let victim = &mut consortium.nodes[VICTIM];
    victim.ready();
    victim.until_status("to vote", |status| status["voting"] == "active");
    let heights = told.iter().map(|committed| committed["height"].as_u64().unwrap());
    consortium.same_tip(&ALL, heights.max().unwrap_or(0));
    for committed in &told {
        consortium.assert_everywhere(&[VICTIM], committed);
    }
    consortium.nodes[VICTIM].kill();
    told
}

/// Has records committed until the victim ends, or enough are; then starts it as it is shipped.
fn load_until_ended(consortium: &mut Consortium, point: Point, tally: &mut Tally) -> Vec<Value> {
    let (told, end) = (Mutex::new(Vec::new()), AtomicBool::new(false));
    let load = [0, VICTIM, VICTIM].map(|node| (consortium.admin(node), consortium.nodes[node].api));
    let victim = &mut consortium.nodes[VICTIM];
    let ended = thread::scope(|scope| {
        let over = wait::Over(&end);
        for (admin, api) in &load {
            scope.spawn(|| submit(admin, *api, &told, &end));
        }
        let ended = wait::until(&format!("{point:?} to come"), || {
            if let Some(status) = victim.ended() {
                return Ok(Some(status));
            }
            match told.lock().unwrap().len() {
                SEQUENCE.. => Ok(None),
                few => Err(format!("{few} entries so far")),
            }
        });
        drop(over);
        // Whoever waits at another node for a height that needs the victim waits no longer.
        if ended.is_some() {
            victim.start()
        } else {
            victim.kill_and_start()
        }
        ended
    });
    match ended {
        Some(status) => {
            assert_eq!(status.signal(), Some(ABORTED), "{point:?}: {}", victim.log());
            tally.committing += 1;
        }
        None => tally.not_reached += 1,
    }
    told.into_inner().unwrap()
}

/// Waits until the victim takes part, or has ended at its point.
fn takes_part(consortium: &mut Consortium, point: Point) -> bool {
    let victim = &mut consortium.nodes[VICTIM];
    let ended = wait::until(&format!("a start, or {point:?}"), || {
        if let Some(status) = victim.ended() {
            return Ok(Some(status));
        }
        let status = victim.api.ask("GET /v1/status", &[], b"").map_err(|e| e.to_string())?;
        let voting = status.json()["voting"].clone();
        if voting == "active" { Ok(None) } else { Err(format!("voting: {voting}")) }
    });
    if let Some(status) = ended {
        assert_eq!(status.signal(), Some(ABORTED), "{point:?}: {}", victim.log());
    }
    ended.is_none()
}

#[test]
fn node_that_ends_at_any_change_of_its_logs_goes_on_with_all_it_acknowledged() {
    let mut consortium = Consortium::start(4);
    consortium.nodes[VICTIM].kill();
    let (mut acknowledged, mut tally) = (Vec::new(), Tally::default());
    let (points, runs) = (points(), sized(1, 2));
    for _ in 0..runs {
        for point in &points {
            acknowledged.extend(run_into(&mut consortium, *point, &mut tally));
        }
    }
    consortium.nodes[VICTIM].start();
    consortium.nodes[VICTIM].ready();
    consortium.same_tip(&ALL, 1);
    for committed in &acknowledged {
        consortium.assert_everywhere(&ALL, committed);
    }
    for node in &consortium.nodes {
        assert!(!node.file("misbehaviour.log").exists(), "{} saw misbehaviour", node.agency);
        let log = node.log();
        assert!(!log.contains("ERROR"), "{log}");
        // Whatever was lost with the power, the guard holds all that anybody could have seen.
        assert!(!log.contains("sign guard of this node"), "{log}");
    }
    let evidence = consortium.nodes[0].api.json("/v1/entries?kind=record-equivocation");
    assert_eq!(evidence["entries"], serde_json::json!([]), "{evidence}");
    println!(
        "crash points: {} x {runs} runs; ended while starting {}, while committing {}, did not \
         come {}; {} entries acknowledged, none missing",
        points.len(),
        tally.starting,
        tally.committing,
        tally.not_reached,
        acknowledged.len()
    );
    assert!(tally.committing >= points.len() / 3, "{tally:?}");
}
