//! The programs of `docs/examples`, in other languages and without our code, against a real node.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use comity_core::dataset::Item;
use comity_core::statement::Action;
use serde_json::{Value, json};

use crate::harness::author::{Author, Role, dataset};
use crate::harness::consortium::Consortium;
use crate::harness::page::root;
use crate::harness::program::{Ran, run};

const DATASET: &str = "civil.th/births";
const ITEM: &str = "name of the child";
const MATTER: &str = "SCHOOL-ENROLMENT";
const BASIS: &str = "DEPARTMENT-MANDATE";

/// A plain key file, as the page on formats describes it.
fn key_file(dir: &Path, officer: &Author) -> PathBuf {
    let seed = hex::encode(*officer.key.seed());
    let text = json!({
        "format": "comity-key-1",
        "agency": officer.agency,
        "role": "officer",
        "post": "Registry, desk 3",
        "public_key": officer.key.public().to_string(),
        "secret": {"plain": seed},
    });
    let path = dir.join("officer.key");
    fs::write(&path, text.to_string()).unwrap();
    path
}

/// Whether a program can be run here; else the test that needs it says so and ends.
fn runs(program: &str, args: &[&str]) -> bool {
    let ran = Command::new(program).args(args).output();
    let can = ran.as_ref().is_ok_and(|output| output.status.success());
    if !can {
        println!("skipped: `{program} {}` does not run here: {ran:?}", args.join(" "));
    }
    can
}

/// A node with a published dataset, an officer's key file, and the request that an example opens.
fn opened_by(call: impl Fn(&Consortium, &Path, &str) -> Command) -> (Ran, Value) {
    let consortium = Consortium::start(2);
    let steward = consortium.person(0, Role::Steward);
    let mut dataset = dataset(DATASET);
    dataset.items = vec![Item { name: ITEM.parse().unwrap(), kind: Default::default() }];
    consortium.nodes[0].api.commit(&steward.record(Action::PublishDataset { dataset }));
    let officer = consortium.person(1, Role::Officer);
    let node = &consortium.nodes[1];
    let key = key_file(consortium.dir(), &officer);
    let ran = run(&mut call(&consortium, &key, &consortium.id().to_string()));
    let entries = node.api.json("/v1/entries?kind=open-request");
    let entry = entries["entries"][0].clone();
    assert_eq!(entry["record"]["statement"]["signers"][0]["agency"], officer.agency, "{ran:#?}");
    (ran, entry)
}

fn assert_opened(ran: Ran, entry: &Value, items: &Value) {
    let answer: Value = ran.done_json();
    for part in ["index", "height", "record_id", "leaf_hash"] {
        assert_eq!(answer[part], entry[part], "{part}: {entry}");
    }
    let asked = &entry["record"]["statement"]["action"]["terms"]["asked"];
    assert_eq!(asked["dataset"], DATASET);
    assert_eq!((&asked["matters"], &asked["duty_basis"]), (&json!([MATTER]), &json!(BASIS)));
    assert_eq!((&asked["modes"], &asked["items"]), (&json!(["verify"]), items));
    let days = |field: &str| asked[field].as_u64().unwrap() / 86_400_000;
    assert_eq!(days("not_after") - days("not_before"), 90);
}

#[test]
fn request_opened_by_the_python_example_is_committed() {
    if !runs("python3", &["-c", "import cryptography"]) {
        return;
    }
    let (ran, entry) = opened_by(|consortium, key, id| {
        let mut command = Command::new("python3");
        command.arg(root().join("docs/examples/python/submit.py")).arg("--key").arg(key);
        command.args(["--node", &consortium.nodes[1].api.url(), "--consortium", id]);
        command.args(["--dataset", DATASET, "--matter", MATTER, "--duty-basis", BASIS]);
        command.args(["--days", "90", "--needed-in", "5"]);
        command
    });
    let terms = &entry["record"]["statement"]["action"]["terms"];
    assert!(terms["needed_by"].is_u64() && terms["once"] == json!(false), "{terms}");
    assert_opened(ran, &entry, &json!("all"));
}

#[test]
fn request_opened_by_the_java_example_is_committed() {
    if !runs("javac", &["--version"]) {
        return;
    }
    let (ran, entry) = opened_by(|consortium, key, id| {
        let mut command = Command::new("java");
        command.arg(root().join("docs/examples/java/Submit.java"));
        command.arg(consortium.nodes[1].api.url()).arg(key);
        command.args([id, DATASET, ITEM, MATTER, BASIS, "90"]);
        command
    });
    assert_opened(ran, &entry, &json!({"only": [ITEM]}));
}
