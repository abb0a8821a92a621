//! Evidence bundles of a live consortium: exported, verified without it, and refused by name
//! wherever a part of them was changed.

mod answering;
mod stamped;
mod story;
mod tampered;
mod zip;

use std::fs;

use serde_json::{Value, json};

use crate::harness::consortium::Consortium;
use crate::harness::program::{Ran, comity, run};
use story::{DATASET, Story};

/// Exports a case to a file.
fn export(story: &Story, node: usize, file: &str, args: &[&str]) -> Value {
    let args = [&["evidence", "export", "--out", file, "--json"], args].concat();
    story.consortium.comity(node, &args).done_json()
}

fn read(story: &Story, file: &str) -> Vec<u8> {
    fs::read(story.consortium.dir().join(file)).unwrap()
}

fn verify(consortium: &Consortium, file: &str, genesis: &str) -> Ran {
    // No node is asked: nobody listens there.
    let args = ["evidence", "verify", file, "--genesis", genesis, "--json"];
    run(comity(consortium.dir(), args).args(["--node", "http://127.0.0.1:9"]))
}

fn verified(story: &Story, file: &str) -> Value {
    let genesis = story.consortium.genesis.display().to_string();
    verify(&story.consortium, file, &genesis).done_json()
}

/// How a check ended, and what was seen.
fn outcome(verified: &Value, check: &str) -> (String, String) {
    let all = verified["checks"].as_array().unwrap();
    let found = all.iter().find(|one| one["check"] == check).unwrap();
    let text = |name: &str| found[name].as_str().unwrap_or_default().to_owned();
    (text("outcome"), text("what"))
}

#[test]
fn case_from_request_to_revocation_is_exported_and_verified_without_any_node() {
    let story = Story::told();
    let (grant, reader) = (story.grant.to_string(), story.reader());
    let steward = story.steward.display().to_string();
    story.consortium.same_tip(&[0, 1], 1);

    // The case of the grant, with the case number opened by the node of the officer's agency.
    let access = story.access.to_string();
    let args = ["--grant", &grant, "--open", &access, "--key", &reader];
    let told = export(&story, 1, "grant.comity", &args);
    assert_eq!(told["openings"], 1);
    let shown = verified(&story, "grant.comity");
    assert_eq!(shown["verified"], true);
    assert_eq!(shown["case"], json!({ "kind": "grant", "grant": grant }));
    let passed = ["container", "manifest", "genesis", "entries", "state", "as-of", "case"];
    let also = ["objects", "positions", "accesses", "signers", "judgements", "openings"];
    for check in passed.into_iter().chain(also).chain(["summaries"]) {
        assert_eq!(outcome(&shown, check).0, "passed", "{check} of {shown:#}");
    }
    assert_eq!(outcome(&shown, "accesses").1.split(": ").last(), Some("3 of 3"));
    let judged = outcome(&shown, "judgements").1;
    assert!(judged.starts_with("7 accesses and refusals are judged as they were; 0 "), "{judged}");

    let mut parts = zip::unpacked(&read(&story, "grant.comity"));
    for language in ["en", "zh"] {
        let page = zip::part(&mut parts, &format!("summary.{language}.html")).clone();
        let page = String::from_utf8(page).unwrap();
        assert!(page.contains("2026-0117") && page.contains("Desk &lt;3&gt; &amp; co"), "{page}");
        assert!(!page.contains("missing text") && !page.contains("<script"), "{page}");
        keep(&format!("grant.{language}.html"), page.as_bytes());
    }
    keep("grant.comity", &read(&story, "grant.comity"));
    keep("genesis.json", &fs::read(&story.consortium.genesis).unwrap());

    // One refusal; all accesses to the dataset; what the steward signed.
    let denial = story.denial.to_string();
    for (file, args) in [
        ("denial.comity", &["--access", &denial][..]),
        ("dataset.comity", &["--dataset", DATASET]),
        ("today.comity", &["--dataset", DATASET, "--from", "1d"]),
        ("mine.comity", &["--mine", "--key", &steward]),
    ] {
        let told = export(&story, 0, file, args);
        let shown = verified(&story, file);
        assert_eq!(shown["entries"].as_array().unwrap().len(), told["entries"], "{file}");
        assert_eq!(outcome(&shown, "judgements").0, "passed", "{file}: {shown:#}");
    }
    let old = ["evidence", "verify", "mine.comity", "--max-age", "0s", "--genesis"];
    let genesis = story.consortium.genesis.display().to_string();
    assert_eq!(story.consortium.comity(0, &[&old[..], &[&genesis]].concat()).code, Some(5));
}

/// Keeps a file for whoever wants to look at it.
fn keep(name: &str, bytes: &[u8]) {
    if let Some(folder) = std::env::var_os("COMITY_KEEP_EVIDENCE") {
        fs::create_dir_all(&folder).unwrap();
        fs::write(std::path::Path::new(&folder).join(name), bytes).unwrap();
    }
}

#[test]
fn same_case_as_of_the_same_block_is_the_same_file() {
    let story = Story::told();
    let grant = story.grant.to_string();
    for round in 0..20 {
        let files = [format!("one-{round}.comity"), format!("other-{round}.comity")];
        let told = files.each_ref().map(|file| export(&story, 0, file, &["--grant", &grant]));
        // A block may come in between.
        if told[0]["as_of"] == told[1]["as_of"] {
            assert_eq!(read(&story, &files[0]), read(&story, &files[1]));
            return;
        }
    }
    panic!("twenty times a block came in between");
}

#[test]
fn what_is_no_part_of_the_ledger_is_not_exported() {
    let story = Story::told();
    let export = |args: &[&str]| {
        let args = [&["evidence", "export", "--out", "none.comity", "--json"], args].concat();
        story.consortium.comity(0, &args)
    };
    let (grant, steward) = (story.grant.to_string(), story.steward.display().to_string());
    assert_eq!(export(&["--grant", "G0"]).code, Some(1));
    assert_eq!(export(&["--access", "0"]).code, Some(1));
    assert_eq!(export(&["--grant", &grant, "--open", "0", "--key", &steward]).code, Some(1));
    assert_eq!(export(&["--grant", &grant, "--access", "1"]).code, Some(2));
    assert_eq!(export(&["--mine"]).code, Some(2));
    assert!(!story.consortium.dir().join("none.comity").exists());
}

/// How many accesses the case of the figures has; `COMITY_ACCESSES=1000` for the full size.
fn many() -> u64 {
    let wanted = std::env::var("COMITY_ACCESSES").ok();
    wanted.map_or(40, |count| count.parse().unwrap())
}

#[test]
fn case_with_many_accesses_is_whole_and_small() {
    let (story, _) = Story::granted(Some(1_000_000), None);
    story.accesses(many());
    let began = std::time::Instant::now();
    export(&story, 0, "many.comity", &["--grant", &story.grant.to_string()]);
    let exported_ms = began.elapsed().as_millis();
    let began = std::time::Instant::now();
    let shown = verified(&story, "many.comity");
    let verified_ms = began.elapsed().as_millis();
    let size_bytes = read(&story, "many.comity").len();
    let count = many();
    println!(
        "{count} accesses: {size_bytes} bytes, exported {exported_ms} ms, verified {verified_ms} ms"
    );
    for (name, content) in zip::unpacked(&read(&story, "many.comity")) {
        println!("  {name}: {} bytes", content.len());
    }
    let whole = format!("{count} of {count}");
    assert_eq!(outcome(&shown, "accesses").1.split(": ").last(), Some(&whole[..]));
    // A block each is the most that an access can cost.
    assert!(size_bytes as u64 <= 200_000 + count * 6_000, "{size_bytes} bytes");
}
