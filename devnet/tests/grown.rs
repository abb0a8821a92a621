//! A devnet with a long past, as small as a test needs it: made, measured, grown further, started
//! together, and verified by an auditor.
//! May not enter: figures, which a test cannot judge.

#![cfg(test)]

use std::path::Path;
use std::process::{Command, Output};

use serde_json::Value;

fn run(directory: &Path, args: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_comity-devnet"))
        .args(args)
        .current_dir(directory)
        .env_remove("COMITY_NODE")
        .env_remove("COMITY_KEY")
        .output()
        .unwrap()
}

fn devnet(directory: &Path, args: &[&str]) -> String {
    let told = run(directory, args);
    let words = String::from_utf8_lossy(&told.stdout).into_owned();
    assert!(told.status.success(), "{args:?}\n{words}\n{}", String::from_utf8_lossy(&told.stderr));
    words.split_whitespace().collect::<Vec<_>>().join(" ")
}

fn json(directory: &Path, name: &str) -> Value {
    serde_json::from_slice(&std::fs::read(directory.join(name)).unwrap()).unwrap()
}

/// Has an auditor verify what a node has.
fn verified(directory: &Path, agency: &str, archive: &str) -> String {
    let node = format!("past/nodes/{agency}");
    devnet(directory, &["__comityd", "export", "--dir", &node, "--out", archive]);
    let genesis = "past/genesis.json";
    devnet(directory, &["__comity", "verify", "archive", archive, "--genesis", genesis])
}

#[test]
fn a_long_past_is_made_verifies_grows_and_goes_on_with_real_nodes() {
    let directory = tempfile::tempdir().unwrap();
    let at = directory.path();
    let grow = ["grow", "--dir", "past", "--per-block", "50", "--entries"];
    let told = devnet(at, &[&grow[..], &["400", "--grants", "60"]].concat());
    assert!(told.contains("400 entries in") && told.contains("60 grants"), "{told}");
    assert!(verified(at, "data.gd", "first.comity").contains("400"));

    // One node by itself, part by part.
    devnet(at, &["bench-commit", "past", "--blocks", "3", "--per-block", "20", "--json", "c.json"]);
    let costs = json(at, "c.json");
    assert_eq!((&costs["size"]["entries"], &costs["size"]["grants"]), (&400.into(), &60.into()));
    for part in costs["parts"].as_array().unwrap() {
        assert!(part["median_us"].as_f64().unwrap() > 0.0, "{part}");
    }

    // Further, with the same grants; every node has the same.
    let told = devnet(at, &[&grow[..], &["600"]].concat());
    assert!(told.contains("600 entries in") && told.contains("140 of them made"), "{told}");
    for node in ["health.gz", "tax.cn"] {
        assert!(verified(at, node, &format!("{node}.comity")).contains("600"), "{node}");
    }

    // All together, as real nodes: they vote, and what they commit comes after the past.
    let load = ["--in-flight", "8", "--seconds", "1", "--json", "b.json"];
    devnet(at, &[&["bench", "--from", "past"][..], &load].concat());
    let report = json(at, "b.json");
    let network = &report["networks"][0];
    assert_eq!((&network["entries"], &network["grants"]), (&600.into(), &60.into()));
    assert!(report["loads"][0]["receipts_checked"].as_f64().unwrap() > 0.0, "{report}");
    verified(at, "civil.th", "last.comity");
    devnet(at, &["reset", "--dir", "past"]);
}

#[test]
fn a_devnet_without_a_past_is_not_measured_as_if_it_had_one() {
    let directory = tempfile::tempdir().unwrap();
    let told = run(directory.path(), &["bench", "--from", "nothing"]);
    assert_eq!(told.status.code(), Some(1));
}
