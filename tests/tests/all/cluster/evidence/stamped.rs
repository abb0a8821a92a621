//! A bundle that outside authorities stamped: attached, verified by their certificates, and refused
//! without a good stamp. The authorities are OpenSSL's (`cli/src/bundle/tests/tokens/make.py`).

use std::fs;
use std::process::Command;

use serde_json::Value;

use super::story::Story;
use super::zip::{part, unpacked};
use super::{export, outcome, read, verify};
use crate::harness::page::root;
use crate::harness::program::Ran;

/// Makes tokens over a file into a folder; why not, where OpenSSL or Python is not here.
fn make(story: &Story) -> Result<(), String> {
    let version = Command::new("openssl").arg("version").output();
    let version = version.map(|ran| String::from_utf8_lossy(&ran.stdout).into_owned());
    if !version.is_ok_and(|version| version.starts_with("OpenSSL 3")) {
        return Err("OpenSSL 3 does not run here".to_owned());
    }
    let python = Command::new("python3").arg("--version").output();
    if !python.is_ok_and(|ran| ran.status.success()) {
        return Err("python3 does not run here".to_owned());
    }
    let script = root().join("cli/src/bundle/tests/tokens/make.py");
    let dir = story.consortium.dir();
    let ran = Command::new("python3").arg(script).arg(dir).arg(dir.join("manifest.json")).output();
    let ran = ran.unwrap();
    assert!(ran.status.success(), "{}", String::from_utf8_lossy(&ran.stderr));
    Ok(())
}

/// Verifies by the certificates in these files.
fn verify_by(story: &Story, file: &str, authorities: &[&str]) -> Ran {
    let genesis = story.consortium.genesis.display().to_string();
    let mut args = vec!["evidence", "verify", file, "--json", "--genesis", &genesis];
    args.extend(authorities.iter().flat_map(|file| ["--tsa", file]));
    story.consortium.comity(0, &args)
}

/// The name of a fault, and why.
fn refused(ran: &Ran) -> (String, Option<String>) {
    let last = ran.out.lines().last().unwrap();
    let error = serde_json::from_str::<Value>(last).unwrap()["error"].take();
    let text = |value: &Value| value.as_str().map(str::to_owned);
    (text(&error["name"]).unwrap(), text(&error["fields"]["fault"]))
}

#[test]
fn bundle_that_authorities_stamped_is_verified_by_their_certificates() {
    let (story, _) = Story::granted(None, None);
    export(&story, 0, "case.comity", &["--grant", &story.grant.to_string()]);
    let mut parts = unpacked(&read(&story, "case.comity"));
    let dir = story.consortium.dir();
    fs::write(dir.join("manifest.json"), part(&mut parts, "manifest.json")).unwrap();
    if let Err(reason) = make(&story) {
        println!("skipped: {reason}");
        return;
    }
    let stamp = |file: &str, token: &str, to: &str| {
        let args = ["evidence", "stamp", file, "--json", "--token", token, "--out", to];
        story.consortium.comity(0, &args)
    };
    stamp("case.comity", "good-rsa.tsr", "once.comity").done_json();
    stamp("once.comity", "good-p256.tsr", "twice.comity").done_json();

    let genesis = story.consortium.genesis.display().to_string();
    let unchecked = verify(&story.consortium, "twice.comity", &genesis).done_json();
    assert_eq!(outcome(&unchecked, "timestamps").0, "not-checked");
    let shown = verify_by(&story, "twice.comity", &["root.pem", "curve-root.pem"]).done_json();
    let (ended, seen) = outcome(&shown, "timestamps");
    assert_eq!(ended, "passed", "{shown:#}");
    assert!(seen.contains(" by Test rsa, Example Trust Ltd; stamped at "), "{seen}");
    let stamps = shown["timestamps"].as_array().unwrap();
    assert_eq!(stamps[1]["member"], "timestamps/2.tsr");
    assert_eq!(stamps[1]["authority"], "Test p256, Example Trust Ltd");
    // The authority's clock is this machine's, and so is the block's.
    let block_ms = shown["as_of"]["time"].as_u64().unwrap();
    assert!(stamps[0]["time"].as_u64().unwrap() + 1_000 > block_ms, "{shown:#}");

    for (file, authorities, fault) in [
        ("twice.comity", &["root.pem"][..], "untrusted"),
        ("twice.comity", &["stranger.pem", "curve-root.pem"], "untrusted"),
        ("case.comity", &["root.pem"], "missing"),
    ] {
        let ran = verify_by(&story, file, authorities);
        assert_eq!(ran.code, Some(5), "{ran:#?}");
        let due = ("stamp-refused".to_owned(), Some(format!("timestamps: {fault}")));
        assert_eq!(refused(&ran), due);
    }
    stamp("case.comity", "validity-not-yet.tsr", "early.comity").done_json();
    let ran = verify_by(&story, "early.comity", &["curve-root.pem"]);
    assert_eq!(refused(&ran).1.as_deref(), Some("timestamps: validity"));
    let ran = stamp("case.comity", "imprint-other.tsr", "other.comity");
    assert_eq!((ran.code, &refused(&ran).0[..]), (Some(5), "stamp-other"));
    let ran = verify_by(&story, "once.comity", &["manifest.json"]);
    assert_eq!((ran.code, &refused(&ran).0[..]), (Some(1), "tsa-unreadable"));
}
