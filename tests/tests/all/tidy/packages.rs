//! Which package may depend on which, and where versions are written.
//! Source: ARCHITECTURE.md.

use std::collections::BTreeMap;

use toml::{Table, Value};

use super::assert_none;
use super::tree;

/// Each package: its directory, and the packages of the workspace that it may know.
const PACKAGES: &[(&str, &str, &[&str])] = &[
    ("comity-core", "core", &[]),
    ("comity-listing", "node/listing", &["comity-core"]),
    ("comity-replica", "node/replica", &["comity-core"]),
    ("comity-node", "node", &["comity-core", "comity-listing", "comity-replica"]),
    ("comity-cli", "cli", &["comity-core", "comity-listing", "comity-replica"]),
    (
        "comity-hostile",
        "tests/hostile",
        &["comity-core", "comity-replica", "comity-node", "comity-cli"],
    ),
    ("comity-sim", "tests/sim", &["comity-core", "comity-replica"]),
    // It knows the others by their sources alone, which it copies and changes.
    ("comity-planted", "tests/planted", &[]),
    ("comity-devnet", "devnet", &["comity-core", "comity-replica", "comity-node", "comity-cli"]),
    ("comity-tests", "tests", &["comity-core", "comity-replica", "comity-node", "comity-cli"]),
];

/// All that core may build on: an auditor reads it whole.
const CORE_MAY_USE: &[&str] = &[
    "argon2",
    "base64",
    "bincode",
    "chacha20poly1305",
    "ed25519-dalek",
    "hex",
    "serde",
    "sha2",
    "thiserror",
    "zeroize",
];

/// What would make the replica impure.
const REPLICA_MAY_NOT_USE: &[&str] = &[
    "async-trait",
    "axum",
    "futures",
    "getrandom",
    "jiff",
    "libp2p",
    "prometheus-client",
    "rand",
    "sled",
    "tokio",
    "tracing",
    "ureq",
];

const KINDS: [&str; 3] = ["dependencies", "dev-dependencies", "build-dependencies"];

fn manifest(directory: &str) -> Table {
    let path =
        if directory.is_empty() { "Cargo.toml".into() } else { format!("{directory}/Cargo.toml") };
    tree::read(&path).unwrap_or_else(|| panic!("{path} is missing")).parse().unwrap()
}

/// A manifest's dependencies, of every kind and target.
fn dependencies(manifest: &Table) -> BTreeMap<String, Value> {
    let targets = manifest.get("target").and_then(Value::as_table);
    let targets = targets.into_iter().flat_map(|t| t.values()).filter_map(Value::as_table);
    let tables = targets.chain([manifest]);
    tables
        .flat_map(|table| KINDS.iter().filter_map(|kind| table.get(*kind)?.as_table()))
        .flat_map(|table| table.iter().map(|(name, value)| (name.clone(), value.clone())))
        .collect()
}

/// The dependencies that are compiled into the package itself.
fn shipped(manifest: &Table) -> Vec<String> {
    let table = manifest.get("dependencies").and_then(Value::as_table);
    table.into_iter().flat_map(|table| table.keys().cloned()).collect()
}

#[test]
fn the_workspace_is_the_one_that_the_rules_are_about() {
    let root = manifest("");
    let members = root["workspace"]["members"].as_array().unwrap();
    let mut members: Vec<&str> = members.iter().filter_map(Value::as_str).collect();
    let mut known: Vec<&str> = PACKAGES.iter().map(|(_, directory, _)| *directory).collect();
    members.sort_unstable();
    known.sort_unstable();
    assert_eq!(members, known);
    for (name, directory, _) in PACKAGES {
        assert_eq!(manifest(directory)["package"]["name"].as_str(), Some(*name));
    }
}

#[test]
fn dependencies_point_one_way() {
    let mut offenders = Vec::new();
    for (name, directory, allowed) in PACKAGES {
        for dependency in dependencies(&manifest(directory)).keys() {
            let is_ours = dependency.starts_with("comity-");
            if is_ours && !allowed.contains(&dependency.as_str()) {
                offenders.push(format!("{directory}/Cargo.toml: {name} may not know {dependency}"));
            }
        }
    }
    assert_none(offenders);
}

#[test]
fn core_builds_on_what_an_auditor_can_read() {
    let used = shipped(&manifest("core"));
    let offenders = used.iter().filter(|name| !CORE_MAY_USE.contains(&name.as_str()));
    assert_none(offenders.map(|name| format!("core/Cargo.toml: {name}")).collect());
}

#[test]
fn the_replica_builds_on_nothing_that_performs() {
    let used = shipped(&manifest("node/replica"));
    let offenders = used.iter().filter(|name| REPLICA_MAY_NOT_USE.contains(&name.as_str()));
    assert_none(offenders.map(|name| format!("node/replica/Cargo.toml: {name}")).collect());
}

#[test]
fn versions_are_written_in_the_root_manifest_alone() {
    let mut offenders = Vec::new();
    for (_, directory, _) in PACKAGES {
        let manifest = manifest(directory);
        for (name, value) in dependencies(&manifest) {
            let inherits = value.get("workspace").and_then(Value::as_bool) == Some(true);
            let names_its_own = ["version", "git", "path"].iter().any(|k| value.get(k).is_some());
            if !inherits || names_its_own {
                offenders.push(format!("{directory}/Cargo.toml: {name}"));
            }
        }
        for field in ["version", "edition", "rust-version", "license", "publish"] {
            if manifest["package"].get(field).and_then(|v| v.get("workspace")).is_none() {
                offenders.push(format!("{directory}/Cargo.toml: {field} of its own"));
            }
        }
        let lints = manifest.get("lints").and_then(|lints| lints.get("workspace"));
        if lints.and_then(Value::as_bool) != Some(true) {
            offenders.push(format!("{directory}/Cargo.toml: lints of its own"));
        }
    }
    assert_none(offenders);
}

#[test]
fn what_bytes_and_safety_depend_on_is_pinned_exactly() {
    let pinned = ["libp2p", "ed25519-dalek", "sha2", "sled", "bincode"];
    let engine = ["malachite-consensus", "malachite-types", "malachite-signing"];
    let root = manifest("");
    let offenders = pinned.iter().chain(&engine).filter(|name| {
        let dependency = root["workspace"]["dependencies"].get(**name);
        let version = dependency.and_then(|d| d.as_str().or_else(|| d.get("version")?.as_str()));
        version.is_some_and(|version| !version.starts_with('='))
    });
    assert_none(offenders.map(|name| format!("Cargo.toml: {name}")).collect());
}
