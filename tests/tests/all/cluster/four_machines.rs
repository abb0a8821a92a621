//! Four machines with addresses of their own, and `docs/operations.md` followed on them word for word.
//! Holds: nothing outlives the test and nothing of this machine is changed: all of it happens in
//! namespaces that end with the process.
//! May not enter: commands that an operator would need and the page does not give.

mod machine;

use std::fs;
use std::time::Duration;

use crate::harness::namespaces;
use crate::harness::page::{Block, Page};
use crate::harness::terminal;
use crate::harness::transcript::Transcript;
use crate::harness::wait;
use machine::{Machine, network};

const PAGE: &str = "docs/operations.md";
/// The test's own name, by which it is run again inside.
const NAME: &str = "cluster::four_machines::page_founds_a_consortium_on_four_machines";
/// The machine whose operator's day is told.
const TOLD: usize = 1;
/// Longest that all of it may take.
const LIMIT: Duration = Duration::from_secs(240);

#[test]
fn page_founds_a_consortium_on_four_machines() {
    if let Err(reason) = terminal::available() {
        println!("skipped: {reason}");
        return;
    }
    let programs = ["ip", "nsenter", "curl", "useradd", "su"];
    namespaces::run(NAME, &programs, "ip netns add try", LIMIT, inside);
}

/// What the page says, in its order, on every machine that it says it of.
fn inside() {
    let page = Page::read(PAGE);
    let mut machines: Vec<Machine> = network(&page.table("ADDRESS"));
    let mut unit = None;
    let mut transcript = Transcript::default();
    for block in page.blocks() {
        if block.is("unit") {
            unit = Some(block);
        } else if block.is("values") {
            assert_is_of_the_table(&block, &machines);
        } else if block.is("start") {
            let command = exec_start(unit.as_ref().expect("the unit stands before its start"));
            machines.iter_mut().for_each(|machine| machine.start(&command));
            machines.iter().for_each(Machine::until_ready);
        } else if let Some(on) = block.mark("on") {
            follow(&machines, on, &block.text, &mut transcript);
        }
    }
    transcript.settle("operator");
    all_stand_at_one_tip(&machines);
    only_the_machine_itself_reaches_its_api(&machines);
    three_go_on_without_the_fourth(&mut machines);
}

/// What is typed once is told; of what is typed on all machines, what was seen on [`TOLD`].
fn follow(machines: &[Machine], on: &str, text: &str, transcript: &mut Transcript) {
    let told = &machines[TOLD];
    let screens: Vec<(usize, String)> = match on {
        "collector" => vec![(TOLD, machines[0].operator(text))],
        "operator" => vec![(TOLD, told.operator(text))],
        "server" => machines.iter().map(|machine| machine.operator(text)).enumerate().collect(),
        "root" => machines.iter().map(|machine| machine.root(text)).enumerate().collect(),
        "admin" => machines.iter().map(|machine| machine.admin(text)).enumerate().collect(),
        other => panic!("{PAGE}: nobody is called {other:?}"),
    };
    for (_, screen) in screens.iter().filter(|(number, _)| *number == TOLD) {
        transcript.add(on, text.trim_end(), screen, 0);
    }
}

/// The values in a block of the page are those of a row of its table.
fn assert_is_of_the_table(block: &Block, machines: &[Machine]) {
    let lines: Vec<&str> = block.text.lines().collect();
    let of_one = machines.iter().any(|m| {
        let values = m.assignments();
        lines.iter().all(|line| values.iter().any(|value| value == line))
    });
    assert!(of_one, "{PAGE}: these are values of no row of the table: {lines:?}");
}

fn exec_start(unit: &Block) -> String {
    let command = unit.text.lines().find_map(|line| line.strip_prefix("ExecStart="));
    command.expect("the unit starts something").to_owned()
}

fn all_stand_at_one_tip(machines: &[Machine]) {
    wait::until("one tip on four machines", || {
        let found: Vec<String> = machines
            .iter()
            .map(|machine| {
                let status = machine.status();
                format!("{} {}", status["header_hash"], status["log_size"])
            })
            .collect();
        // Every agency's admin registered an officer.
        let whole = found.iter().all(|tip| *tip == found[0] && tip.ends_with(" 4"));
        if whole { Ok(()) } else { Err(format!("{found:#?}")) }
    });
}

fn only_the_machine_itself_reaches_its_api(machines: &[Machine]) {
    let address = &machines[1].address;
    let from_outside =
        machines[0].try_root(&format!("curl -sS --max-time 3 http://{address}:8080/healthz"));
    assert!(!from_outside.success(), "the API of {address} answers another machine");
}

fn three_go_on_without_the_fourth(machines: &mut [Machine]) {
    machines[3].kill();
    machines[0].admin(
        "comity key new --agency \"$AGENCY\" --role steward --post \"catalogue desk\" --out s.key\n\
         comity key register --key admin.key --card s.card.json\n",
    );
    let command = machines[3].command.clone();
    machines[3].start(&command);
    wait::until("the fourth to catch up", || {
        let sizes: Vec<_> = machines.iter().map(|m| m.status()["log_size"].clone()).collect();
        if sizes.iter().all(|size| *size == 5) { Ok(()) } else { Err(format!("{sizes:?}")) }
    });
    for machine in machines {
        let log = fs::read_to_string(&machine.log).unwrap_or_default();
        assert!(!log.contains("ERROR"), "{log}");
    }
}
