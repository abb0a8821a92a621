//! What an operator meets in bad nights, and how a node is brought back: each as in
//! docs/operations.md.

use std::fs;
use std::os::unix::fs::FileExt as _;
use std::path::{Path, PathBuf};
use std::process::Command;

use comity_core::dataset::details_hash;
use serde_json::Value;

use crate::harness::author::Role;
use crate::harness::consortium::Consortium;
use crate::harness::node::Node;
use crate::harness::program::{comityd, run};
use crate::harness::wait;

const ALL: [usize; 4] = [0, 1, 2, 3];
/// The node that meets misfortune.
const POOR: usize = 3;
const FIRST_SEGMENT: &str = "log/blocks-00000000000000000001.log";

/// Commits `count` records, one a block, at a node; the last height.
fn commit(consortium: &Consortium, node: usize, count: usize) -> u64 {
    let admin = consortium.admin(node);
    let api = consortium.nodes[node].api;
    let commit = |_| api.commit(&admin.register(Role::Officer).0)["height"].clone();
    let heights: Vec<Value> = (0..count).map(commit).collect();
    heights.last().unwrap().as_u64().unwrap()
}

/// What the doctor says, and its exit code.
fn doctor(node: &Node) -> (i32, Value) {
    let ran = run(&mut node.command(&["doctor", "--json"]));
    let report = serde_json::from_str(&ran.out).unwrap_or_else(|error| panic!("{error}: {ran:#?}"));
    (ran.code.unwrap(), report)
}

/// The level and the words of a subject, and what to do.
fn of<'a>(report: &'a Value, subject: &str) -> (&'a str, &'a str, &'a str) {
    let found = report["findings"].as_array().unwrap().iter().find(|f| f["subject"] == subject);
    let found = found.unwrap_or_else(|| panic!("no {subject} in {report:#}"));
    let text = |part: &str| found[part].as_str().unwrap_or_default();
    (text("level"), text("found"), text("next"))
}

fn flip(path: &Path, at: u64) {
    let file = fs::File::options().read(true).write(true).open(path).unwrap();
    let mut byte = [0];
    file.read_exact_at(&mut byte, at).unwrap();
    file.write_all_at(&[byte[0] ^ 0x10], at).unwrap();
}

fn copy_dir(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let path = entry.unwrap().path();
        fs::copy(&path, to.join(path.file_name().unwrap())).unwrap();
    }
}

#[test]
fn doctor_finds_a_running_node_well_and_names_who_is_missing() {
    let mut consortium = Consortium::start(4);
    let tip = commit(&consortium, 0, 3);
    consortium.same_tip(&ALL, tip);
    consortium.nodes[0].until_status("to vote", |status| status["voting"] == "active");
    wait::until("all to say what they run", || {
        let peers = consortium.nodes[0].api.json("/v1/node")["peers"].clone();
        let said = peers.as_array().unwrap().iter().filter(|peer| peer["software"].is_string());
        if said.count() == 3 { Ok(()) } else { Err(peers.to_string()) }
    });
    let (_, report) = doctor(&consortium.nodes[0]);
    let (level, found, _) = of(&report, "versions");
    assert_eq!(level, "fine", "{report:#}");
    assert!(found.contains("the 3 members in contact run comity/"), "{found}");
    for subject in ["quorum", "votes", "clock", "index", "rules", "files", "kept", "operators"] {
        assert_eq!(of(&report, subject).0, "fine", "{subject}: {report:#}");
    }
    let said = run(&mut consortium.nodes[0].command(&["doctor"])).out;
    assert!(said.contains("quorum") && said.contains("4 of 4 voting power"), "{said}");

    consortium.nodes[1].kill();
    consortium.nodes[2].kill();
    let agencies: Vec<String> = [1, 2].map(|n: usize| consortium.nodes[n].agency.clone()).into();
    consortium.nodes[0]
        .until_status("to miss two", |status| status["peers"].as_array().unwrap().len() == 1);
    let (code, report) = doctor(&consortium.nodes[0]);
    let (level, found, next) = of(&report, "quorum");
    assert_eq!((code, level), (5, "trouble"), "{report:#}");
    assert!(agencies.iter().all(|id| found.contains(id)), "{found}");
    assert!(next.contains("call the operators"), "{next}");
}

#[test]
fn node_restored_from_an_online_backup_follows_until_it_is_let_go() {
    let mut consortium = Consortium::start(4);
    consortium.nodes[POOR].until_status("to vote", |status| status["voting"] == "active");
    let text = b"what only this node keeps".to_vec();
    let hash = details_hash(&consortium.id(), &text).to_string();
    let kept = consortium.nodes[POOR].file(format!("kept/details/{}/{hash}", &hash[..2]));
    fs::create_dir_all(kept.parent().unwrap()).unwrap();
    fs::write(&kept, &text).unwrap();
    commit(&consortium, 0, 2);
    let backup = consortium.dir().join("backup");
    let mut command = consortium.nodes[POOR].command(&["backup"]);
    let said = run(command.arg("--to").arg(&backup)).done();
    assert!(
        said.contains("each was read back") && said.contains("not under a passphrase"),
        "{said}"
    );

    // The machine is lost, and the others go on.
    consortium.nodes[POOR].kill();
    let tip = commit(&consortium, 0, 2);
    let new = consortium.dir().join("new-machine");
    let mut command = comityd(["restore", "--from"]);
    command.arg(&backup).arg("--dir").arg(&new);
    assert!(run(&mut command).done().contains("comityd guard reset"));
    consortium.nodes[POOR].dir = new;
    consortium.nodes[POOR].start();
    consortium.nodes[POOR].ready();
    consortium.same_tip(&ALL, tip);
    assert_eq!(consortium.nodes[POOR].api.get(&format!("/v1/details/{hash}")).body, text);
    let health = consortium.nodes[POOR].until("to hear the others", |api| {
        let health = api.json("/v1/node");
        match health["guard"]["heard"].as_array().unwrap().len() {
            3 => Ok(health),
            _ => Err(health.to_string()),
        }
    });
    assert_eq!(health["guard"]["held"], true);
    assert_eq!(consortium.nodes[POOR].status()["voting"], "withheld");
    let tip = commit(&consortium, POOR, 4);
    assert_eq!(consortium.nodes[POOR].status()["voting"], "withheld", "it does not by itself");
    let shown = run(&mut consortium.nodes[POOR].command(&["guard", "show"])).done();
    assert!(shown.contains("These hold 3 of 4 voting power"), "{shown}");
    let (_, report) = doctor(&consortium.nodes[POOR]);
    assert_eq!(of(&report, "restored").0, "warning", "{report:#}");

    assert_eq!(consortium.nodes[POOR].stop().code(), Some(0));
    let reset = |more: &[&str]| run(consortium.nodes[POOR].command(&["guard", "reset"]).args(more));
    reset(&[]).refused(3, &["nothing was confirmed"]);
    let agency = consortium.nodes[POOR].agency.clone();
    reset(&["--old-machine-is-gone", &agency]).done();
    consortium.nodes[POOR].start();
    let status =
        consortium.nodes[POOR].until_status("to know when to vote", |s| s["voting"] == "later");
    assert_eq!(status["votes_from"].as_u64(), Some(tip + 3), "{status}");
    commit(&consortium, POOR, 3);
    consortium.nodes[POOR].until_status("to vote again", |s| s["voting"] == "active");
}

#[test]
fn old_disk_that_is_put_back_after_all_the_others_restarted_does_not_vote() {
    let mut consortium = Consortium::start(4);
    for node in ALL {
        consortium.nodes[node].until_status("to vote", |status| status["voting"] == "active");
    }
    commit(&consortium, 0, 2);
    assert_eq!(consortium.nodes[POOR].stop().code(), Some(0));
    let old = consortium.dir().join("old-log");
    copy_dir(&consortium.nodes[POOR].file("log"), &old);
    consortium.nodes[POOR].start();
    consortium.nodes[POOR].until_status("to vote", |status| status["voting"] == "active");
    // One of the others is away, so that its signature is needed and is in the certificates.
    consortium.nodes[1].kill();
    let tip = commit(&consortium, 0, 4);
    consortium.same_tip(&[0, 2, POOR], tip);
    for node in [0, 2, POOR] {
        assert_eq!(consortium.nodes[node].stop().code(), Some(0));
    }
    fs::remove_dir_all(consortium.nodes[POOR].file("log")).unwrap();
    copy_dir(&old, &consortium.nodes[POOR].file("log"));
    consortium.nodes.iter_mut().for_each(Node::start);
    let status = consortium.nodes[POOR].until_status("to say whether it votes", |status| {
        matches!(status["voting"].as_str(), Some("later" | "withheld" | "active"))
    });
    assert_ne!(status["voting"], "active", "{status}");
    let status =
        consortium.nodes[POOR].until_status("to know when to vote", |s| s["voting"] == "later");
    assert!(status["votes_from"].as_u64() >= Some(tip + 3), "{status}");
    commit(&consortium, 0, 3);
    consortium.nodes[POOR].until_status("to vote again", |s| s["voting"] == "active");
    let (_, report) = doctor(&consortium.nodes[0]);
    assert_eq!(
        report["findings"]
            .as_array()
            .unwrap()
            .iter()
            .filter(|f| { f["found"].as_str().unwrap().contains("contradicting") })
            .count(),
        0,
        "{report:#}"
    );
}

#[test]
fn damaged_regions_are_fetched_from_the_others_and_nothing_else_is_touched() {
    let mut consortium = Consortium::start(4);
    consortium.nodes[POOR].until_status("to vote", |status| status["voting"] == "active");
    let tip = commit(&consortium, 0, 12);
    consortium.same_tip(&ALL, tip);
    assert_eq!(consortium.nodes[POOR].stop().code(), Some(0));
    let segment = consortium.nodes[POOR].file(FIRST_SEGMENT);
    let whole = fs::metadata(&segment).unwrap().len();
    // In the middle, in several places, at the very beginning.
    for places in [vec![whole / 2], vec![200, whole / 3, whole - 100], vec![3]] {
        places.iter().for_each(|at| flip(&segment, *at));
        let (code, report) = doctor(&consortium.nodes[POOR]);
        let (level, found, next) = of(&report, "block log");
        assert_eq!((code, level), (5, "trouble"), "{places:?}: {report:#}");
        assert!(found.contains("damaged or missing: block"), "{found}");
        assert!(next.starts_with("comityd repair --dir "), "{next}");
        let said = run(&mut consortium.nodes[POOR].command(&["repair"])).done();
        assert!(said.contains("Fetched from the other members and put back: block"), "{said}");
        let (_, report) = doctor(&consortium.nodes[POOR]);
        assert_eq!(of(&report, "block log").0, "fine", "{places:?}: {report:#}");
        assert_eq!(of(&report, "guard").0, "fine", "the guard is as it was: {report:#}");
    }
    let again = run(&mut consortium.nodes[POOR].command(&["repair"])).done();
    assert!(again.starts_with("Nothing to repair: blocks 1 to "), "{again}");
    consortium.nodes[POOR].start();
    consortium.nodes[POOR].ready();
    consortium.same_tip(&ALL, tip);
    consortium.nodes[POOR].until_status("to vote", |status| status["voting"] == "active");
}

#[test]
fn damaged_write_ahead_log_is_put_aside_and_the_node_votes_again_later() {
    let mut consortium = Consortium::start(4);
    consortium.nodes[POOR].until_status("to vote", |status| status["voting"] == "active");
    let tip = commit(&consortium, 0, 2);
    consortium.same_tip(&ALL, tip);
    assert_eq!(consortium.nodes[POOR].stop().code(), Some(0));
    flip(&consortium.nodes[POOR].file("log/wal"), 50);
    let refused = run(&mut consortium.nodes[POOR].command(&["run"]));
    refused.refused(1, &["wal is damaged at byte", "comityd repair"]);
    let (code, report) = doctor(&consortium.nodes[POOR]);
    assert_eq!((code, of(&report, "guard").0), (5, "trouble"), "{report:#}");
    let said = run(&mut consortium.nodes[POOR].command(&["repair"])).done();
    assert!(said.contains("it is now ") && said.contains("Nothing to repair: blocks"), "{said}");
    assert!(consortium.nodes[POOR].file("wal.damaged-1").is_file());
    consortium.nodes[POOR].start();
    let status =
        consortium.nodes[POOR].until_status("to know when to vote", |s| s["voting"] == "later");
    assert_eq!(status["votes_from"].as_u64(), Some(tip + 3), "{status}");
    commit(&consortium, 0, 3);
    consortium.nodes[POOR].until_status("to vote again", |s| s["voting"] == "active");
}

/// A small disk, unmounted at the end.
struct SmallDisk(PathBuf);

impl SmallDisk {
    /// `None` where nobody may mount one.
    fn mount(at: &Path) -> Option<SmallDisk> {
        fs::create_dir_all(at).unwrap();
        let mut mount = Command::new("mount");
        mount.args(["-t", "tmpfs", "-o", "size=96m", "tmpfs"]).arg(at);
        let mounted = mount.output().is_ok_and(|ran| ran.status.success());
        mounted.then(|| SmallDisk(at.to_owned()))
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        // Lazily: a process may still be ending there.
        let _ = Command::new("umount").arg("-l").arg(&self.0).status();
    }
}

#[test]
fn full_disk_pauses_a_node_and_room_brings_it_back() {
    let mut consortium = Consortium::found(4);
    let Some(disk) = SmallDisk::mount(&consortium.dir().join("small-disk")) else {
        println!("skipped: nobody may mount a small disk here (needs root)");
        return;
    };
    let new = disk.0.join("node");
    let mut copied = Command::new("cp");
    copied.args(["-a"]).arg(&consortium.nodes[POOR].dir).arg(&new);
    assert!(copied.status().unwrap().success());
    consortium.nodes[POOR].dir = new;
    let config = fs::read_to_string(consortium.nodes[POOR].file("config.toml")).unwrap();
    let reserve = "# reserve_bytes = 268435456";
    assert!(config.contains(reserve), "{config}");
    let config = config.replace(reserve, "reserve_bytes = 33554432");
    fs::write(consortium.nodes[POOR].file("config.toml"), config).unwrap();
    consortium.start_all();
    let tip = commit(&consortium, POOR, 2);
    consortium.same_tip(&ALL, tip);

    let filler = disk.0.join("filler");
    fs::write(&filler, vec![1; 72 << 20]).unwrap();
    consortium.nodes[POOR].until("to notice", |api| {
        let answer = api.get("/readyz");
        let has_noticed = answer.status == 503 && answer.text().contains("the disk is nearly full");
        if has_noticed { Ok(()) } else { Err(answer.text()) }
    });
    let record = consortium.admin(POOR).register(Role::Officer).0;
    let refused = consortium.nodes[POOR].api.submit("/v1/records", &record).unwrap();
    refused.problem(503, "problem:disk-full");
    // The others go on; it loses nothing and takes no part.
    let later = commit(&consortium, 0, 3);
    consortium.same_tip(&[0, 1, 2], later);
    assert!(consortium.nodes[POOR].status()["height"].as_u64().unwrap() < later);
    let (code, report) = doctor(&consortium.nodes[POOR]);
    assert_eq!((code, of(&report, "room").0), (5, "trouble"), "{report:#}");

    fs::remove_file(&filler).unwrap();
    consortium.nodes[POOR].ready();
    consortium.same_tip(&ALL, later);
    assert!(consortium.nodes[POOR].log().contains("the disk has room again"));
    commit(&consortium, POOR, 1);
    consortium.nodes[POOR].stop();
}
