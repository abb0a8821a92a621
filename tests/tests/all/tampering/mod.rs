//! Files that were tampered with, against both verifiers: ours, and the one in Python that shares
//! nothing with it but docs/formats.md.
//! Holds: each is refused by both, at one place and by one name; what is genuine verifies. Bundles go
//! through `comity evidence verify`, as people run it.
//! May not enter: files made here; `tests/verifier/tamper.py` makes them, from a seed that it prints.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use comity_core::genesis::Genesis;
use serde::Deserialize;
use serde_json::{Value, json};

use crate::harness::program::comity;
use crate::vectors::{verify_archive, verify_proof};

/// The exit code of `comity` for what is not verified.
const UNVERIFIED: i32 = 5;
/// Fewer would be no trial.
const AT_LEAST: usize = 200;
/// What can be wrong with bytes that are to be a value.
const DECODING: [&str; 5] = ["oversized", "truncated", "trailing", "not-canonical", "malformed"];

/// What `tamper.py` wrote.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Manifest {
    seed: u64,
    genuine: Vec<Case>,
    tampered: Vec<Case>,
}

/// One file, and what the verifier in Python says of it.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Case {
    what: String,
    file: String,
    #[serde(rename = "as")]
    kind: Kind,
    fault: Option<String>,
    /// Of a bundle: the faults of the checks after the first that failed.
    more: Vec<String>,
    /// Of a genuine bundle: how many accesses are in it, of how many.
    counts: Option<Value>,
    height: Option<u64>,
    /// Bytes of a value were hit, and which of several faults in them is reported is not fixed.
    loose: bool,
}

#[derive(Clone, Copy, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum Kind {
    Archive,
    Proof,
    Bundle,
}

/// What is said of a file: the first fault, those after it, and the block of an archive's.
#[derive(Debug, PartialEq, Eq)]
struct Said {
    fault: Option<String>,
    more: Vec<String>,
    height: Option<u64>,
}

/// What our verifier says of a file.
fn verdict(case: &Case, directory: &Path, genesis: &Genesis) -> Said {
    let bytes = fs::read(directory.join(&case.file)).unwrap();
    let found: Value = match case.kind {
        Kind::Archive => verify_archive(genesis, &bytes),
        Kind::Proof => match verify_proof(&bytes, genesis) {
            Ok(_) => json!({}),
            Err(fault) => json!({ "fault": fault }),
        },
        Kind::Bundle => return of_bundle(&case.file, directory),
    };
    let fault = found["fault"].as_str().map(str::to_owned);
    let height = fault.as_ref().and_then(|_| found["height"].as_u64());
    Said { fault, more: vec![], height }
}

/// What `comity evidence verify` tells of a bundle, and how it ended.
fn told_of(file: &str, directory: &Path) -> (Value, Option<i32>) {
    let args = ["--json", "evidence", "verify", file, "--genesis", "genesis.json"];
    let ran = comity(directory, args).output().unwrap();
    // After the result, the error is told too.
    let mut told = serde_json::Deserializer::from_slice(&ran.stdout).into_iter::<Value>();
    (told.next().unwrap().unwrap(), ran.status.code())
}

/// What `comity evidence verify` says of a bundle.
fn of_bundle(file: &str, directory: &Path) -> Said {
    let (said, exit) = told_of(file, directory);
    let failed = said["checks"].as_array().unwrap().iter().filter(|one| one["outcome"] == "failed");
    let name =
        |one: &Value| Some(format!("{}: {}", one["check"].as_str()?, one["fault"].as_str()?));
    let mut faults: Vec<String> = failed.map(|one| name(one).unwrap()).collect();
    assert_eq!(said["verified"], faults.is_empty(), "{file}");
    assert_eq!(exit, Some(if faults.is_empty() { 0 } else { UNVERIFIED }), "{file}");
    let more = faults.split_off(faults.len().min(1));
    Said { fault: faults.pop(), more, height: None }
}

/// A fault's name, without saying in which way bytes are no value.
fn loosened(fault: &str) -> String {
    let known = DECODING.iter().find_map(|way| {
        let start = fault.strip_suffix(*way)?;
        (start.ends_with("decode: ") || start.ends_with("record-")).then_some(start)
    });
    known.unwrap_or(fault).to_owned()
}

fn generator() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("verifier/tamper.py")
}

/// The files, and what is said of them; `None`, and the reason printed, without Python.
fn tampered(directory: &Path) -> Option<Manifest> {
    if Command::new("python3").arg("--version").output().is_err() {
        println!("skipped: python3 does not run here");
        return None;
    }
    let mut command = Command::new("python3");
    command.arg(generator()).arg(directory);
    if let Ok(seed) = std::env::var("COMITY_SEED") {
        command.args(["--seed", &seed]);
    }
    let ran = command.output().unwrap();
    let (out, err) = (String::from_utf8_lossy(&ran.stdout), String::from_utf8_lossy(&ran.stderr));
    println!("{out}{err}");
    assert!(ran.status.success(), "{err}");
    let manifest = fs::read(directory.join("manifest.json")).unwrap();
    Some(serde_json::from_slice(&manifest).unwrap())
}

#[test]
fn tampered_files_are_refused_for_the_reason_that_the_other_verifier_gives() {
    let directory = tempfile::tempdir().unwrap();
    let Some(manifest) = tampered(directory.path()) else { return };
    let genesis = fs::read(directory.path().join("genesis.json")).unwrap();
    let genesis: Genesis = serde_json::from_slice(&genesis).unwrap();
    for case in &manifest.genuine {
        let said = verdict(case, directory.path(), &genesis);
        assert_eq!(said, Said { fault: None, more: vec![], height: None }, "{}", case.what);
    }
    assert!(manifest.tampered.len() >= AT_LEAST, "{} files", manifest.tampered.len());
    let mut apart = Vec::new();
    for case in &manifest.tampered {
        let Said { fault, more, height } = verdict(case, directory.path(), &genesis);
        let due = case.fault.as_ref();
        let same = match (&fault, due) {
            (Some(ours), Some(theirs)) if case.loose => loosened(ours) == loosened(theirs),
            (ours, theirs) => ours.as_ref() == theirs,
        };
        if !same || fault.is_none() || height != case.height || more != case.more {
            let (what, place, then) = (&case.what, &case.height, &case.more);
            apart.push(format!(
                "{what}: {fault:?} at {height:?}, then {more:?}, not {due:?} at {place:?}, then {then:?}"
            ));
        }
    }
    let seed = manifest.seed;
    assert!(apart.is_empty(), "seed {seed}, {} files:\n{}", apart.len(), apart.join("\n"));
}

#[test]
fn accesses_in_a_bundle_are_counted_as_the_other_verifier_counts_them() {
    let directory = tempfile::tempdir().unwrap();
    let Some(manifest) = tampered(directory.path()) else { return };
    let mut mixed = 0;
    for case in manifest.genuine.iter().filter(|case| matches!(case.kind, Kind::Bundle)) {
        let (said, _) = told_of(&case.file, directory.path());
        let ours = json!({ "accesses": said["accesses"], "urgent": said["urgent"] });
        assert_eq!(Some(&ours), case.counts.as_ref(), "{}", case.what);
        let counts = |name: &str| ours[name].as_object().unwrap().values();
        let shown = |one: &Value| one["shown"].as_u64() > Some(1);
        mixed += usize::from(counts("accesses").any(shown) && counts("urgent").any(shown));
    }
    assert!(mixed > 0, "no bundle has accesses under a grant and in an emergency");
}

#[test]
fn names_of_faults_lose_only_the_way_in_which_bytes_are_no_value() {
    for (fault, loose) in [
        ("decode: trailing", "decode: "),
        ("form of record 2: record-malformed", "form of record 2: record-"),
        ("record-truncated", "record-"),
        ("truncated", "truncated"),
        ("trailing", "trailing"),
        ("record 1: record-expired", "record 1: record-expired"),
    ] {
        assert_eq!(loosened(fault), loose);
    }
}
