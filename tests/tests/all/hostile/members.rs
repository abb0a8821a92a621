//! A member, of four the one that only follows, misuses its transport key, while the others go on.

use std::thread;
use std::time::Duration;

use comity_replica::message::Gossip;

use super::assailant::{Attack, Ended, attack};
use super::{pace, resident_kib, tell};
use crate::cluster::strangers::metric;
use crate::harness::author::Role;
use crate::harness::consortium::Consortium;

/// How long the pace is taken before an attack.
const BEFORE: Duration = Duration::from_secs(4);
/// What is left of the others' pace, at least, while somebody is shut out again and again (per cent).
const PACE_PERCENT: f64 = 80.0;
/// How often the pace is measured at most: other work on the machine can spoil it too.
const TRIES: u32 = 3;
/// Memory that an attack may cost a node, at most (KiB).
const MEMORY_KIB: u64 = 192 * 1024;

/// The validators run; the observer's key is in bad hands.
fn three_of_four() -> Consortium {
    let mut consortium = Consortium::found_with_observer_in_memory(3);
    consortium.nodes[..3].iter_mut().for_each(|node| node.start());
    consortium.nodes[..3].iter_mut().for_each(|node| node.ready());
    consortium
}

/// Attacks node 1 while records are committed at node 0; what came of it.
fn assault(consortium: &Consortium, name: &str, what: Attack) -> Ended {
    assault_measured(consortium, name, what).0
}

/// The same, and what was left of the pace (per cent).
fn assault_measured(consortium: &Consortium, name: &str, what: Attack) -> (Ended, f64) {
    let victim = &consortium.nodes[1];
    let before = pace(consortium, |elapsed| elapsed >= BEFORE);
    let memory = resident_kib(victim);
    let (mut during, mut most) = (0.0, memory);
    let ended = thread::scope(|scope| {
        let attacking = scope.spawn(|| attack(victim, &consortium.nodes[3], consortium.id(), what));
        during = pace(consortium, |_| {
            most = most.max(resident_kib(victim));
            attacking.is_finished()
        });
        attacking.join().unwrap()
    });
    tell(name, before, during, (memory, most));
    let Ended { disconnected, after, sent } = ended;
    println!("{name}: {sent} sent in {:.1} s, disconnected: {disconnected}", after.as_secs_f64());
    assert!(during > 0.0, "the others go on");
    assert!(most - memory < MEMORY_KIB, "{name}: from {memory} to {most} KiB");
    consortium.same_tip(&[0, 1, 2], 1);
    assert_nobody_else_is_shut_out(consortium);
    (ended, 100.0 * during / before)
}

/// Whoever asks so is shut out, however often it comes back, and the others hardly notice.
fn assert_costs_little(name: &str, what: &Attack, reason: &str) {
    let mut best = 0.0_f64;
    for _ in 0..TRIES {
        let consortium = three_of_four();
        let (ended, percent) = assault_measured(&consortium, name, what.clone());
        assert_shut_out(&consortium, ended, reason);
        best = best.max(percent);
        if best >= PACE_PERCENT {
            return;
        }
    }
    panic!("{name}: the others kept {best:.0} % of their pace");
}

/// However fast they commit meanwhile, and however much they have to say to one another.
fn assert_nobody_else_is_shut_out(consortium: &Consortium) {
    let assailant = &consortium.nodes[3].agency;
    for node in &consortium.nodes[..3] {
        let log = node.log();
        let mut cut = log.lines().filter(|line| line.contains("disconnecting a peer"));
        assert!(cut.all(|line| line.contains(assailant)), "{}: {log}", node.agency);
    }
}

fn assert_shut_out(consortium: &Consortium, ended: Ended, reason: &str) {
    assert!(ended.disconnected, "endured: {ended:?}");
    let victim = &consortium.nodes[1];
    assert!(metric(victim.api, "comity_peers_banished_total") >= 1.0);
    let (log, agency) = (victim.log(), &consortium.nodes[3].agency);
    let names = |line: &str| line.contains(reason) && line.contains(agency);
    assert!(log.lines().any(names), "{reason} of {agency} is not in the log: {log}");
}

#[test]
fn member_that_gossips_garbage_is_shut_out() {
    let consortium = three_of_four();
    let ended = assault(&consortium, "garbage", Attack::Garbage);
    assert_shut_out(&consortium, ended, "it sends messages that are not valid");
}

#[test]
fn member_that_floods_is_shut_out() {
    let consortium = three_of_four();
    let record = consortium.admin(0).register(Role::Officer).0;
    consortium.nodes[0].api.commit(&record);
    // A record that is on the log is nobody's fault to pass on: only how often is wrong.
    let ended = assault(&consortium, "flood", Attack::Flood(Gossip::Records(vec![record])));
    assert_shut_out(&consortium, ended, "it sends more messages than a node has to say");
}

#[test]
fn member_that_asks_what_is_no_question_is_shut_out() {
    let reason = "it sends requests that cannot be read";
    assert_costs_little("unreadable requests", &Attack::NoRequest, reason);
}

#[test]
fn member_that_announces_requests_over_the_limit_is_shut_out() {
    let reason = "it sends requests that cannot be read";
    assert_costs_little("oversize requests", &Attack::LongRequest, reason);
}

#[test]
fn member_that_breaks_its_requests_off_is_shut_out() {
    let reason = "it begins requests and does not end them";
    assert_costs_little("requests broken off", &Attack::BrokenRequest, reason);
}

#[test]
fn member_that_falls_silent_is_disconnected() {
    let consortium = three_of_four();
    let ended = assault(&consortium, "reads and says nothing", Attack::Frozen);
    assert!(ended.disconnected, "endured: {ended:?}");
}

#[test]
fn member_that_does_not_read_its_answers_costs_little() {
    let consortium = three_of_four();
    let ended = assault(&consortium, "answers unread", Attack::Unread);
    assert!(ended.sent > 0);
}
