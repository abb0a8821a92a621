//! Clients at four nodes that are killed, halted, cut off and started again: what they were told
//! fits one order of the log.

use std::fs;
use std::thread;
use std::time::Duration;

use super::checker::faults;
use super::clients::Desk;
use super::{Op, Told};
use crate::harness::author::Role;
use crate::harness::block_log;
use crate::harness::consortium::Consortium;
use crate::harness::links::{Chance, Links, Quality};
use crate::harness::size::sized;
use crate::harness::wait;

const ALL: [usize; 4] = [0, 1, 2, 3];
const CIVIL: usize = 0;
const HEALTH: usize = 2;
const CLIENTS_EACH: usize = 2;
const QUICK: Quality = Quality { delay_ms: 2, spread_ms: 1, bytes_per_second: None };
const SEED: u64 = 10;
/// How long nothing is done, and how long something lasts that is done.
const PAUSE: Duration = Duration::from_millis(700);

/// Does the next thing to a node.
fn trouble(consortium: &mut Consortium, links: &Links, chance: &mut Chance) {
    let at = usize::try_from(chance.next() % 4).unwrap();
    let others: Vec<usize> = ALL.into_iter().filter(|other| *other != at).collect();
    match chance.next() % 4 {
        0 => {
            consortium.nodes[at].kill();
            wait::last(PAUSE);
            consortium.nodes[at].start();
        }
        1 => {
            links.cut(&[at], &others);
            wait::last(2 * PAUSE);
            links.heal();
        }
        2 => {
            consortium.nodes[at].signal("STOP");
            wait::last(PAUSE);
            consortium.nodes[at].signal("CONT");
        }
        _ => links.tear(&[at], &others),
    }
    consortium.nodes[at].ready();
    wait::last(PAUSE);
}

#[test]
fn what_clients_are_told_under_faults_fits_one_order_of_the_log() {
    let mut consortium = Consortium::found(4);
    let links = Links::lay(&consortium.nodes, QUICK, SEED);
    consortium.start_all();
    let people = [
        consortium.person(CIVIL, Role::Steward),
        consortium.person(CIVIL, Role::Gateway),
        consortium.person(HEALTH, Role::Officer),
        consortium.admin(CIVIL),
    ];
    let desk = Desk::new(consortium.nodes.iter().map(|node| node.api).collect(), people);
    desk.publish();
    let rounds = sized(5, 60);
    let history: Vec<Op> = thread::scope(|scope| {
        let over = wait::Over(&desk.end);
        let numbers = (0..ALL.len() * CLIENTS_EACH).zip(SEED..);
        let clients: Vec<_> = numbers
            .map(|(number, seed)| {
                let desk = &desk;
                scope.spawn(move || desk.client(number % ALL.len(), seed))
            })
            .collect();
        let mut chance = Chance(SEED);
        (0..rounds).for_each(|_| trouble(&mut consortium, &links, &mut chance));
        drop(over);
        clients.into_iter().flat_map(|client| client.join().unwrap()).collect()
    });
    consortium.same_tip(&ALL, 1);
    consortium.nodes.iter_mut().for_each(|node| assert!(node.stop().success()));
    let logs: Vec<Vec<String>> = consortium
        .nodes
        .iter()
        .map(|node| block_log::record_ids(&node.file("log"), &consortium.id()))
        .collect();
    assert!(logs.iter().all(|log| *log == logs[0]), "the nodes have different logs");
    let faults = faults(&history, &logs[0]);
    let count = |wanted: fn(&Told) -> bool| history.iter().filter(|op| wanted(&op.told)).count();
    println!(
        "{} answers, {} of them commits, {} questions without answer, {} entries: {} faults",
        history.len(),
        count(|told| matches!(told, Told::Committed(_))),
        count(|told| *told == Told::Unknown),
        logs[0].len(),
        faults.len()
    );
    assert!(
        count(|told| matches!(told, Told::Committed(_))) >= 10,
        "hardly anything was committed"
    );
    if !faults.is_empty() {
        let kept = std::env::temp_dir().join("comity-history.txt");
        fs::write(&kept, format!("{history:#?}\n{:#?}", logs[0])).unwrap();
        panic!("{faults:#?}\nthe history is in {}", kept.display());
    }
}
