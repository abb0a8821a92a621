//! Acts that several sign: drafted, passed on, signed apart, submitted.

use std::path::Path;

use comity_core::agency::KeyRole;
use comity_core::key_file::KeyFile;
use comity_core::keys::SecretKey;
use serde_json::Value;

use super::fixture::{Ran, genesis, secret};
use super::flows::Desk;
use crate::fault::Exit;
use crate::keys::{self, Readers};

/// The card of a member's key, in a file.
fn card(desk: &Desk, member: &str, role: KeyRole) -> String {
    let key = secret(member, role);
    written(desk, &format!("{member}.{role}"), member, role, &key)
}

/// A second steward of civil.gd, registered: its key file's name, and its card beside it.
fn second_steward(desk: &Desk) -> (String, String) {
    let (member, role) = ("civil.gd", KeyRole::Steward);
    let key = SecretKey::from_seed(&[99; 32]);
    let file = KeyFile::new(member.parse().unwrap(), role, "Desk 2".parse().unwrap(), &key);
    let path = desk.office.path("second.key");
    keys::write_new(Path::new(&path), &serde_json::to_vec(&file).unwrap(), Readers::Owner).unwrap();
    let card = written(desk, "second", member, role, &key);
    desk.sign(member, KeyRole::Admin, &["key", "register", "--card", &card]).ended(Exit::Done);
    (path, card)
}

fn written(desk: &Desk, name: &str, member: &str, role: KeyRole, key: &SecretKey) -> String {
    let file = KeyFile::new(member.parse().unwrap(), role, "Desk 2".parse().unwrap(), key);
    let card = file.card(&genesis().id()).unwrap();
    let name = format!("{name}.card.json");
    desk.office.put(&name, &serde_json::to_vec(&card).unwrap());
    desk.office.path(&name)
}

fn drafted(desk: &Desk, others: &[&str]) -> (Ran, String) {
    let path = desk.office.path("draft.json");
    let args = [&["--draft", &path, "--with"][..], others].concat();
    (desk.grant(&args), path)
}

/// Signs a draft, with no node to ask.
fn sign(desk: &Desk, draft: &str, key: &str) -> Ran {
    desk.office.run(&["draft", "sign", draft, "--key", key, "--yes"])
}

fn signed(shown: &Value) -> Vec<bool> {
    let signers = shown["signers"].as_array().unwrap();
    signers.iter().map(|signer| signer["signed"].as_bool().unwrap()).collect()
}

#[test]
fn a_draft_names_all_its_signers_and_goes_to_the_ledger_when_all_have_signed() {
    let desk = Desk::new();
    desk.publish().ended(Exit::Done);
    let (key, second) = second_steward(&desk);
    let (ran, draft) = drafted(&desk, &[&second]);
    let ran = ran.ended(Exit::Done);
    assert!(ran.err.contains("let finance.gd use civil.gd/marriage-register"), "{}", ran.err);
    assert!(ran.out.contains("Nothing is on the log yet"), "{}", ran.out);
    assert_eq!(desk.node.asked("POST /v1/records").len(), 2, "nothing was submitted for it");
    let ran = desk.ask(&["draft", "submit", &draft, "--yes"]).ended(Exit::Failed);
    assert!(ran.err.contains("Not all have signed"), "{}", ran.err);
    let shown = desk.office.run(&["draft", "show", &draft, "--json"]).ended(Exit::Done).json();
    assert_eq!(signed(&shown), [true, false]);
    let ran = sign(&desk, &draft, &key).ended(Exit::Done);
    assert!(ran.err.contains("date of marriage"), "who signs sees what: {}", ran.err);
    assert!(ran.out.contains("and all have"), "{}", ran.out);
    // A general dataset needs one steward, and exactly those who are needed sign.
    let ran = desk.ask(&["draft", "submit", &draft, "--yes"]).ended(Exit::Refused);
    assert!(ran.err.contains("civil.gd"), "{}", ran.err);
}

#[test]
fn copies_that_were_signed_apart_are_joined() {
    let desk = Desk::new();
    desk.publish().ended(Exit::Done);
    let (key, second) = second_steward(&desk);
    let audit = card(&desk, "audit.gd", KeyRole::Steward);
    let (ran, draft) = drafted(&desk, &[&second, &audit]);
    ran.ended(Exit::Done);
    let copy = desk.office.path("copy.json");
    std::fs::copy(&draft, &copy).unwrap();
    sign(&desk, &draft, &key).ended(Exit::Done);
    sign(&desk, &copy, &desk.office.key("audit.gd", KeyRole::Steward)).ended(Exit::Done);
    let show = |files: &[&str]| {
        let args = [&["draft", "show", "--json"][..], files].concat();
        desk.office.run(&args).ended(Exit::Done).json()
    };
    assert_eq!(signed(&show(&[&draft])), [true, true, false]);
    assert_eq!(signed(&show(&[&copy])), [true, false, true]);
    assert_eq!(signed(&show(&[&draft, &copy])), [true, true, true]);
    let other = desk.office.path("other.json");
    let args = ["--draft", &other, "--with", &second];
    desk.grant(&args).ended(Exit::Done);
    let ran = desk.office.run(&["draft", "show", &draft, &other]).ended(Exit::Failed);
    assert!(ran.err.contains("not a copy of the same draft"), "{}", ran.err);
}

#[test]
fn a_draft_is_signed_only_by_those_it_names_and_once() {
    let desk = Desk::new();
    desk.publish().ended(Exit::Done);
    let (key, second) = second_steward(&desk);
    let (ran, draft) = drafted(&desk, &[&second]);
    ran.ended(Exit::Done);
    let finance = desk.office.key("finance.gd", KeyRole::Steward);
    let ran = sign(&desk, &draft, &finance).ended(Exit::Failed);
    assert!(ran.err.contains("none of the signers"), "{}", ran.err);
    sign(&desk, &draft, &key).ended(Exit::Done);
    let ran = sign(&desk, &draft, &key).ended(Exit::Failed);
    assert!(ran.err.contains("You have signed"), "{}", ran.err);
    // Two of the same key would be one signature too few.
    let ran = desk.grant(&["--with", &second, &second]).ended(Exit::Usage);
    assert!(ran.err.contains("named twice"), "{}", ran.err);
    let elsewhere = ["--consortium", &"0".repeat(64)];
    let args = [&["draft", "sign", &draft, "--key", &key, "--yes"][..], &elsewhere].concat();
    assert_ne!(desk.office.run(&args).exit, Exit::Done);
}

#[test]
fn a_changed_draft_is_no_draft() {
    let desk = Desk::new();
    desk.publish().ended(Exit::Done);
    let (_, second) = second_steward(&desk);
    let (ran, draft) = drafted(&desk, &[&second]);
    ran.ended(Exit::Done);
    let text = std::fs::read_to_string(&draft).unwrap();
    let file: Value = serde_json::from_str(&text).unwrap();
    let statement = file["statement"].as_str().unwrap();
    // The nonce, behind version and consortium.
    let changed = format!("{}ff{}", &statement[..68], &statement[70..]);
    let signature = file["signatures"].as_object().unwrap().values().next().unwrap();
    let signature = signature.as_str().unwrap();
    for (from, to) in [
        (statement, changed.as_str()),
        (statement, &statement[2..]),
        (signature, &"ab".repeat(64)),
        ("comity-draft-1", "comity-draft-2"),
    ] {
        desk.office.put("changed.json", text.replace(from, to).as_bytes());
        let path = desk.office.path("changed.json");
        let ran = desk.office.run(&["draft", "show", &path]).ended(Exit::Failed);
        assert!(ran.err.contains("is no draft"), "{}", ran.err);
    }
}
