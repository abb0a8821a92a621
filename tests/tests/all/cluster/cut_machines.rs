//! Seven nodes on seven machines (network namespaces) whose switch falls apart: packets are lost
//! without a word, as the kernel's own TCP meets it, and come through again.
//! Holds: nothing of the machine is changed: all of it happens in namespaces that end with the
//! process.

use std::fs;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use serde_json::Value;

use crate::harness::author::Role;
use crate::harness::consortium::Consortium;
use crate::harness::namespaces::{self, sh};
use crate::harness::size::sized;
use crate::harness::wait;

const AGENCIES: [&str; 7] =
    ["civil.th", "data.th", "health.th", "housing.th", "school.th", "tax.th", "water.th"];
/// The test's own name, by which it is run again inside.
const NAME: &str = "cluster::cut_machines::seven_machines_recover_from_a_switch_that_fell_apart";
/// Longest wait for what shall take less than 30 s on a machine with nothing else to do.
const LIMIT: Duration = Duration::from_secs(120);
/// Longest that all of it may take.
const ALL_OF_IT: Duration = Duration::from_secs(1_500);

#[test]
fn seven_machines_recover_from_a_switch_that_fell_apart() {
    let tried = "ip netns add try && ip link add name lan0 type bridge";
    namespaces::run(NAME, &["ip", "curl"], tried, ALL_OF_IT, inside);
}

fn inside() {
    sh("ip netns add switch");
    for lan in ["lan", "other"] {
        sh(&format!(
            "ip -n switch link add name {lan} type bridge && ip -n switch link set {lan} up"
        ));
    }
    let mut consortium = Consortium::found_by(&AGENCIES);
    for number in 0..AGENCIES.len() {
        plug_in(number);
        move_there(&consortium, number);
    }
    for number in 0..AGENCIES.len() {
        let mut command = Command::new("ip");
        command.args(["netns", "exec", &format!("m{number}")]);
        command.arg(env!("CARGO_BIN_EXE_comity-multicall")).args(["comityd", "run", "--dir"]);
        command.arg(&consortium.nodes[number].dir);
        consortium.nodes[number].start_as(command);
    }
    let machines = Machines { consortium };
    machines.until_one_tip(&machines.hand_in(0));
    let (lasting, runs) = sized((Duration::from_secs(12), 1), (Duration::from_secs(45), 3));
    let partitions: [(&str, &[usize]); 2] =
        [("four against three", &[4, 5, 6]), ("two of seven cut off", &[5, 6])];
    for (name, apart) in partitions.iter().take(sized(1, 2)).cycle().take(sized(1, 2) * runs) {
        let took = machines.recover(apart, lasting);
        println!("{name} for {lasting:?}: recovered in {took:.1?}");
    }
}

fn address(number: usize) -> String {
    format!("10.30.0.{}", 10 + number)
}

fn plug_in(number: usize) {
    let address = address(number);
    sh(&format!(
        "ip netns add m{number}
         ip -n switch link add p{number} type veth peer name eth0 netns m{number}
         ip -n switch link set p{number} master lan up
         ip -n m{number} address add {address}/24 dev eth0
         ip -n m{number} link set eth0 up
         ip -n m{number} link set lo up"
    ));
}

/// Has a node's settings name the machines' addresses.
fn move_there(consortium: &Consortium, number: usize) {
    let path = consortium.nodes[number].file("config.toml");
    let mut config = fs::read_to_string(&path).unwrap();
    for (other, node) in consortium.nodes.iter().enumerate() {
        let (here, there) = (format!("/127.0.0.1/tcp/{}", node.port), address(other));
        config = config.replace(&here, &format!("/{there}/tcp/{}", node.port));
    }
    fs::write(path, config).unwrap();
}

/// Nodes that only their own machines reach.
struct Machines {
    consortium: Consortium,
}

impl Machines {
    /// Lets the switch fall apart for a while; how long it took from its mending until a record
    /// that waited on the smaller side was everywhere, and all stood at one tip.
    fn recover(&self, apart: &[usize], lasting: Duration) -> Duration {
        let plug = |lan| {
            for number in apart {
                sh(&format!("ip -n switch link set p{number} master {lan}"));
            }
        };
        plug("other");
        let began = Instant::now();
        let waiting = self.hand_in(apart[0]);
        wait::last(lasting.saturating_sub(began.elapsed()));
        plug("lan");
        let healed = Instant::now();
        self.until_one_tip(&waiting);
        healed.elapsed()
    }

    /// Gives a node a record without waiting for what becomes of it; its id.
    fn hand_in(&self, number: usize) -> String {
        let record = self.consortium.admin(number).register(Role::Officer).0;
        let path = self.consortium.nodes[number].file("record");
        fs::write(&path, record).unwrap();
        let body = format!("@{}", path.display());
        let options = ["-H", "content-type: application/octet-stream", "--data-binary", &body];
        wait::within(LIMIT, "a record to be taken", || {
            let answer = self.curl(number, "/v1/records", &options);
            let id = answer["record_id"].as_str().map(str::to_owned);
            id.ok_or_else(|| format!("{answer}; {}", self.consortium.nodes[number].log()))
        })
    }

    fn until_one_tip(&self, record: &str) {
        wait::within(LIMIT, "the record everywhere, and one tip", || {
            let mut tips = Vec::new();
            for number in 0..AGENCIES.len() {
                let found = self.curl(number, &format!("/v1/records/{record}"), &[]);
                if !found["index"].is_u64() {
                    return Err(format!("machine {number}: {found}"));
                }
                tips.push(self.curl(number, "/v1/status", &[])["header_hash"].clone());
            }
            if tips.iter().all(|tip| *tip == tips[0]) { Ok(()) } else { Err(format!("{tips:?}")) }
        });
    }

    fn curl(&self, number: usize, path: &str, options: &[&str]) -> Value {
        let url = format!("http://127.0.0.1:{}{path}", self.consortium.nodes[number].api.port);
        let mut command = Command::new("ip");
        command.args(["netns", "exec", &format!("m{number}"), "curl", "-sS", "--max-time", "20"]);
        let output = command.args(options).arg(&url).stderr(Stdio::null()).output().unwrap();
        serde_json::from_slice(&output.stdout).unwrap_or(Value::Null)
    }
}
