//! Passphrases that nobody remembers: as in docs/operations.md, "A forgotten passphrase".
//! Holds: without the passphrase a key signs nothing; its successor does what it did.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::PathBuf;

use serde_json::Value;

use crate::harness::author::{Author, Role};
use crate::harness::consortium::Consortium;
use crate::harness::program::{comity, run};

/// A file that holds a passphrase, for its owner alone.
fn passphrase(consortium: &Consortium, words: &str) -> PathBuf {
    let path = consortium.dir().join(words.replace(' ', "-"));
    fs::write(&path, words).unwrap();
    fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).unwrap();
    path
}

/// Makes a key file under a passphrase. Returns its path and its card.
fn key(consortium: &Consortium, agency: &str, role: &str, words: &str) -> (String, Value) {
    let path = consortium.dir().join(format!("{agency}.{role}.{}.key", words.len()));
    let mut new = comity(consortium.dir(), ["key", "new", "--json", "--agency", agency]);
    new.args(["--role", role, "--post", "Desk 1", "--genesis"]).arg(&consortium.genesis);
    new.arg("--new-passphrase-file").arg(passphrase(consortium, words)).arg("--out").arg(&path);
    let made = run(&mut new).done_json();
    (path.display().to_string(), made)
}

#[test]
fn officers_key_is_revoked_and_a_new_one_registered() {
    let consortium = Consortium::start(4);
    let agency = consortium.nodes[3].agency.clone();
    let (old, made) = key(&consortium, &agency, "officer", "the one that is forgotten");
    let register = |made: &Value| {
        let card = made["card_file"].as_str().unwrap();
        consortium.act(3, &["key", "register", "--card", card]).done_json();
    };
    register(&made);
    // Whatever is tried, it does not open.
    let guess = passphrase(&consortium, "was it this one").display().to_string();
    let sign = ["key", "passphrase", &old, "--passphrase-file", &guess, "--new-passphrase-file"];
    let tried = consortium.comity(3, &[&sign[..], &[&guess]].concat());
    assert_ne!(tried.code, Some(0), "{tried:#?}");
    assert!(tried.err.contains("passphrase"), "{tried:#?}");

    let public = made["public_key"].as_str().unwrap().to_owned();
    consortium.act(3, &["key", "revoke", &public, "--reason", "Passphrase forgotten"]).done_json();
    let (_, made) = key(&consortium, &agency, "officer", "and now a new one");
    register(&made);
    let keys = consortium.nodes[0].api.json(&format!("/v1/keys?agency={agency}"));
    let keys = keys["keys"].as_array().unwrap();
    let of =
        |made: &Value| keys.iter().find(|key| key["public_key"] == made["public_key"]).unwrap();
    assert!(of(&made)["key"]["revoked"].is_null(), "{keys:#?}");
    assert!(
        keys.iter().any(|key| key["public_key"] == *public && !key["key"]["revoked"].is_null())
    );
}

#[test]
fn only_admin_key_of_an_agency_is_replaced_by_the_vote_of_the_members() {
    let consortium = Consortium::start(4);
    let agency = consortium.nodes[3].agency.clone();
    let old = consortium.admin(3);
    let path = consortium.dir().join("new-admin.json");
    let mut new = comity(consortium.dir(), ["key", "new", "--json", "--no-passphrase"]);
    new.args(["--agency", &agency, "--role", "admin", "--post", "Head of office", "--genesis"]);
    let made = run(new.arg(&consortium.genesis).arg("--out").arg(&path)).done_json();
    let card = made["card_file"].as_str().unwrap();
    let ended = old.key.public().to_string();
    let replace = ["replace-key", &agency, "--card", card, "--old", &ended];
    let id = consortium.propose(0, &[1, 2], &replace);
    assert_eq!(consortium.state_of(0, &id), "passed");
    let admin = Author::of_key_file(consortium.id(), &fs::read(&path).unwrap());
    let committed = consortium.nodes[3].api.commit(&admin.register(Role::Officer).0);
    consortium.same_tip(&[0, 1, 2, 3], committed["height"].as_u64().unwrap());
    let record = old.register(Role::Officer).0;
    let refused = consortium.nodes[3].api.submit("/v1/records?wait=commit", &record).unwrap();
    assert_eq!(refused.json()["rule"], "signer-revoked", "{}", refused.text());
}
