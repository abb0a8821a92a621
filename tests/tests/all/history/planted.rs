//! Histories that are right, and the same with one thing wrong: the checker finds each.

use super::checker::faults;
use super::{Act, Ask, Op, Told};

const NODE: usize = 0;
const OTHER: usize = 1;

fn op(node: usize, (began, ended): (u64, u64), ask: Ask, told: Told) -> Op {
    Op { node, began, ended: Some(ended), ask, told }
}

fn submit(node: usize, when: (u64, u64), record: &str, act: Act, index: u64) -> Op {
    let ask = Ask::Submit { record: record.to_owned(), act };
    op(node, when, ask, Told::Committed(index))
}

/// A grant is issued, used twice and revoked; of one access nobody heard what became of it.
fn right() -> (Vec<Op>, Vec<String>) {
    let lost = Ask::Submit { record: "lost".to_owned(), act: Act::Access(0) };
    let history = vec![
        submit(NODE, (0, 10), "grant", Act::Issue, 0),
        op(OTHER, (2, 4), Ask::Grant(0), Told::Absent),
        submit(NODE, (20, 30), "first", Act::Access(0), 1),
        op(NODE, (31, 32), Ask::Record("first".to_owned()), Told::Record(1)),
        op(NODE, (33, 34), Ask::Entry(2), Told::Absent),
        op(OTHER, (35, 36), Ask::Judge(0), Told::Allowed { used: 2 }),
        Op { node: NODE, began: 37, ended: None, ask: lost, told: Told::Unknown },
        op(NODE, (38, 39), Ask::Grant(0), Told::Grant { revoked: None, used: 1 }),
        submit(OTHER, (50, 60), "end", Act::Revoke(0), 3),
        op(OTHER, (61, 62), Ask::Judge(0), Told::Revoked { at: 3 }),
        op(NODE, (63, 64), Ask::Judge(0), Told::Allowed { used: 3 }),
        op(NODE, (70, 71), Ask::Entry(3), Told::Entry("end".to_owned())),
        op(NODE, (72, 73), Ask::Grant(0), Told::Grant { revoked: Some(3), used: 2 }),
    ];
    (history, ["grant", "first", "lost", "end"].map(str::to_owned).to_vec())
}

/// The fault that is found when the right history is changed so, has these words.
fn found(change: impl FnOnce(&mut Vec<Op>, &mut Vec<String>), words: &str) {
    let (mut history, mut log) = right();
    change(&mut history, &mut log);
    let faults = faults(&history, &log);
    assert!(faults.iter().any(|fault| fault.contains(words)), "{words:?} is not in {faults:#?}");
}

#[test]
fn right_history_has_no_fault_whatever_became_of_the_unknown() {
    let (mut history, mut log) = right();
    assert_eq!(faults(&history, &log), Vec::<String>::new());
    // The access of which nobody heard never came onto the log.
    log.remove(2);
    history.retain(|op| op.began < 50);
    log.truncate(2);
    assert_eq!(faults(&history, &log), Vec::<String>::new());
}

#[test]
fn lost_moved_and_doubled_entries_are_found() {
    found(|_, log| log.truncate(3), "there is no entry 3");
    found(|_, log| log.swap(1, 2), "entry 1 is lost");
    found(|_, log| log.push("lost".to_owned()), "twice");
    found(|history, _| history[0].told = Told::Committed(1), "entry 1 is first");
    let read = |history: &mut Vec<Op>| history[11].told = Told::Entry("grant".to_owned());
    found(|history, _| read(history), "entry 3 is end");
}

#[test]
fn writes_out_of_their_order_in_time_are_found() {
    // It was acknowledged before the one that stands before it was asked for.
    let late = |history: &mut Vec<Op>| history[6].began = 65;
    found(|history, _| late(history), "was asked for later");
    let early = |history: &mut Vec<Op>| {
        history.push(op(OTHER, (1, 2), Ask::Record("end".to_owned()), Told::Record(3)));
    };
    found(|history, _| early(history), "was asked for later");
}

#[test]
fn node_that_goes_back_is_found() {
    let add = |op| move |history: &mut Vec<Op>, _: &mut Vec<String>| history.push(op);
    found(add(op(NODE, (80, 81), Ask::Entry(3), Told::Absent)), "had shown 4");
    found(add(op(NODE, (80, 81), Ask::Record("first".to_owned()), Told::Absent)), "had shown 4");
    let told = Told::Grant { revoked: None, used: 2 };
    found(add(op(OTHER, (80, 81), Ask::Grant(0), told)), "had shown 4");
    found(add(op(OTHER, (80, 81), Ask::Judge(0), Told::Allowed { used: 3 })), "had shown 4");
    found(add(op(NODE, (11, 12), Ask::Grant(0), Told::Absent)), "had shown 1");
}

#[test]
fn judgements_that_fit_no_prefix_are_found() {
    let add = |op| move |history: &mut Vec<Op>, _: &mut Vec<String>| history.push(op);
    let judged = |told| op(OTHER, (40, 41), Ask::Judge(0), told);
    found(add(judged(Told::Allowed { used: 9 })), "never used 8 times");
    found(add(judged(Told::Revoked { at: 2 })), "not entry 2");
    found(add(judged(Told::Revoked { at: 3 })), "was asked for later");
    let told = Told::Grant { revoked: Some(3), used: 1 };
    found(add(op(OTHER, (80, 81), Ask::Grant(0), told)), "never true");
    let after = |history: &mut Vec<Op>, log: &mut Vec<String>| {
        history.push(submit(NODE, (80, 90), "late", Act::Access(0), 4));
        log.push("late".to_owned());
    };
    found(after, "which is revoked");
}
