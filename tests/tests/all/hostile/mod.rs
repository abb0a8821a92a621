//! Attacks on nodes that run: by strangers at the doors, by a member that misuses its transport key,
//! by slow clients of the API.
//! Holds: whoever attacks is dropped, not endured; the others go on; memory stays bounded.

mod assailant;
mod clients;
mod doors;
mod members;

use std::fs;
use std::time::{Duration, Instant};

use crate::harness::author::Role;
use crate::harness::consortium::Consortium;
use crate::harness::node::Node;

/// By when a member is ready, and whoever ends no request is gone (docs/resilience.md).
const PROMISED: Duration = Duration::from_secs(30);

/// Memory of a process that the system holds for it (KiB).
fn resident_kib(node: &Node) -> u64 {
    let status = fs::read_to_string(format!("/proc/{}/status", node.pid())).unwrap();
    let line = status.lines().find(|line| line.starts_with("VmRSS:")).unwrap();
    line.split_whitespace().nth(1).unwrap().parse().unwrap()
}

/// Commits one record after another at node 0 until `is_over`, at least some; how many a second.
fn pace(consortium: &Consortium, mut is_over: impl FnMut(Duration) -> bool) -> f64 {
    let (admin, began, mut count) = (consortium.admin(0), Instant::now(), 0u32);
    while count < 5 || !is_over(began.elapsed()) {
        consortium.nodes[0].api.commit(&admin.register(Role::Officer).0);
        count += 1;
    }
    f64::from(count) / began.elapsed().as_secs_f64()
}

/// What is measured for docs/resilience.md.
fn tell(attack: &str, before: f64, during: f64, memory_kib: (u64, u64)) {
    let (was, is) = memory_kib;
    println!(
        "{attack}: {before:.1} commits/s before, {during:.1} during ({:.0} %); memory {} MiB, then {} MiB",
        100.0 * during / before,
        was / 1024,
        is / 1024
    );
}
