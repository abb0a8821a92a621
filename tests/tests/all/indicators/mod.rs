//! The indicators of `comity report collaboration` against a second computation, by
//! `tests/indicators/compute.py`, which shares nothing with the first but docs/indicators.md.
//! Holds: every figure of every group agrees, over histories made by chance; none of them is always
//! zero there, so that to agree means something.
//! May not enter: nodes; figures that are only looked at here.

mod founding;
mod history;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;

use crate::harness::program::{Ran, comity, run};
use history::History;

/// How many things are tried in a history.
const TRIES: u64 = 600;
const SEEDS: [u64; 4] = [1, 2, 3, 4];

fn program() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("indicators/compute.py")
}

/// The other computation; `None`, and the reason printed, without Python.
fn computed(directory: &Path, period: &[&str]) -> Option<Value> {
    if Command::new("python3").arg("--version").output().is_err() {
        println!("skipped: python3 does not run here");
        return None;
    }
    let mut command = Command::new("python3");
    command.arg(program()).args(["log.archive", "genesis.json"]).args(period);
    let ran = run(command.current_dir(directory));
    assert_eq!(ran.code, Some(0), "{}", ran.err);
    Some(serde_json::from_str(&ran.out).unwrap())
}

fn reported(directory: &Path, more: &[&str]) -> Ran {
    let args = ["report", "collaboration", "--archive", "log.archive", "--genesis", "genesis.json"];
    let ran = run(&mut comity(directory, args.iter().chain(more)));
    assert_eq!(ran.code, Some(0), "{}", ran.err);
    ran
}

/// What differs, by its place in the report.
fn differences(place: &str, ours: &Value, theirs: &Value, found: &mut Vec<String>) {
    match (ours, theirs) {
        (Value::Object(ours), Value::Object(theirs)) => {
            let names: std::collections::BTreeSet<_> = ours.keys().chain(theirs.keys()).collect();
            for name in names {
                let of = |side: &serde_json::Map<String, Value>| {
                    side.get(name).cloned().unwrap_or("missing".into())
                };
                differences(&format!("{place}/{name}"), &of(ours), &of(theirs), found);
            }
        }
        (Value::Array(ours), Value::Array(theirs)) if ours.len() == theirs.len() => {
            for (at, (one, other)) in ours.iter().zip(theirs).enumerate() {
                differences(&format!("{place}/{at}"), one, other, found);
            }
        }
        _ if ours == theirs => {}
        _ => found.push(format!("{place}: {ours}, not {theirs}")),
    }
}

/// Adds up the numbers of a report's figures, by their names.
fn add(place: &str, value: &Value, sums: &mut BTreeMap<String, u64>) {
    match value {
        Value::Object(fields) => {
            for (name, value) in fields {
                add(&format!("{place}/{name}"), value, sums);
            }
        }
        _ => *sums.entry(place.to_owned()).or_default() += value.as_u64().unwrap_or(0),
    }
}

#[test]
fn the_other_computation_comes_to_the_same_figures() {
    let mut sums = BTreeMap::new();
    for seed in SEEDS {
        let directory = tempfile::tempdir().unwrap();
        let history = History::of(seed, TRIES);
        history.chain.write(directory.path());
        println!("seed {seed}: {} entries", history.chain.ledger.log().size());
        for period in [&[][..], &["--from", "2026-02-10", "--to", "2026-05-20"]] {
            let Some(theirs) = computed(directory.path(), period) else { return };
            let ours: Value = serde_json::from_str(
                &reported(directory.path(), &[&["--json"], period].concat()).out,
            )
            .unwrap();
            let mut found = Vec::new();
            differences("", &ours, &theirs, &mut found);
            assert!(found.is_empty(), "seed {seed}, {period:?}:\n{}", found.join("\n"));
            add("", &ours["overall"], &mut sums);
            let mut assessed = ours["assessments"]["overall"].clone();
            // Those are names, and nobody is let off a follow-up.
            assessed.as_object_mut().unwrap().remove("assessors");
            assessed["follow_ups"].as_object_mut().unwrap().remove("released");
            add("/assessments", &assessed, &mut sums);
        }
    }
    let never: Vec<_> = sums.iter().filter(|(_, sum)| **sum == 0).collect();
    assert!(never.is_empty(), "the histories have none of {never:?}");
}

#[test]
fn a_page_fetches_nothing_runs_nothing_and_shows_what_people_wrote_as_text() {
    let directory = tempfile::tempdir().unwrap();
    History::of(4, 80).chain.write(directory.path());
    for language in ["en", "zh"] {
        let file = format!("{language}.html");
        let more = ["--format", "html", "--out", &file, "--lang", language];
        reported(directory.path(), &more);
        let page = std::fs::read_to_string(directory.path().join(&file)).unwrap();
        assert!(page.starts_with("<!doctype html>") && page.contains("<svg"), "{page}");
        for runs in ["<script", "javascript:", "http://", "https://", "@import", "onload"] {
            assert!(!page.contains(runs), "{runs} in {page}");
        }
        assert!(page.contains("Figures &lt;twice&gt; &amp; &quot;checked&quot;"), "{page}");
        assert!(!page.contains("<twice>") && !page.contains("(missing text)"), "{page}");
    }
}
