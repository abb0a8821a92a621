//! What keeps a key from signing twice is not reset by chance.

use std::fs;

use comity_core::keys::PublicKey;
use serde_json::json;

use super::*;
use crate::founding::{AGENCIES, Founded, comityd, text};

fn words(founded: &Founded, more: &[&str]) -> Vec<String> {
    let dir = text(founded.dir("tax.gd").root());
    let first = ["guard", "reset", "--dir", &dir];
    first.iter().chain(more).map(|word| (*word).to_owned()).collect()
}

fn refused(founded: &Founded, more: &[&str]) -> String {
    let failure = comityd(&words(founded, more)).unwrap_err();
    assert_eq!(failure.ending(), Ending::Refused);
    failure.to_string()
}

/// What data.gd and health.gd said; civil.gd was away.
fn report(founded: &Founded) {
    let dir = founded.dir("tax.gd");
    let config = Config::load(&dir.config_file()).unwrap();
    let key = key_store::load(dir, &config, &founded.genesis)
        .unwrap()
        .present()
        .validator
        .unwrap()
        .public();
    let other = PublicKey::try_from([1; 32]).unwrap_or(key);
    let validators: Vec<_> =
        AGENCIES.iter().map(|id| json!({ "agency": id, "key": other, "power": 1 })).collect();
    let newest = json!({ "height": 20, "round": 0, "step": "prevote" });
    let heard = json!([
        { "agency": "data.gd", "power": 1, "height": 19, "newest": newest },
        { "agency": "health.gd", "power": 1, "height": 18, "newest": null },
    ]);
    let guard = json!({
        "key": key, "voting": "withheld", "votes_from": null, "held": true, "present": false,
        "last": null, "heard": heard,
    });
    let report = json!({
        "asked_at": 1, "consortium": founded.genesis.id(), "height": 12,
        "validators": validators, "guard": guard,
    });
    fs::write(dir.guard_report_file(), report.to_string()).unwrap();
}

#[test]
fn whole_guard_needs_no_reset() {
    let founded = Founded::new();
    let said = comityd(&words(&founded, &["--old-machine-is-gone", "tax.gd"])).unwrap();
    assert!(said.contains("There is nothing to reset"), "{said}");
    let dir = text(founded.dir("tax.gd").root());
    let shown = comityd(&["guard", "show", "--dir", &dir]).unwrap();
    assert!(shown.starts_with("The sign guard is there. What the key signed last: nothing."));
}

#[test]
fn restored_node_is_let_go_only_by_name() {
    let founded = Founded::new();
    let marker = founded.dir("tax.gd").restored_file();
    fs::write(&marker, "{}").unwrap();
    assert!(refused(&founded, &[]).starts_with("Error: nothing was confirmed."));
    let other = refused(&founded, &["--old-machine-is-gone", "data.gd"]);
    assert!(other.contains("this is the node of tax.gd"), "{other}");
    assert!(marker.exists());
    comityd(&words(&founded, &["--old-machine-is-gone", "tax.gd"])).unwrap();
    assert!(!marker.exists());
}

#[test]
fn operator_sets_a_height_only_above_what_is_known_and_names_who_was_not_asked() {
    let founded = Founded::new();
    let dir = founded.dir("tax.gd");
    fs::remove_file(dir.log_dir().join("wal")).unwrap();
    let gone = ["--old-machine-is-gone", "tax.gd", "--from-height"];
    let with = |more: &[&'static str]| [&gone[..], more].concat();
    assert!(refused(&founded, &with(&["23"])).contains("nobody was asked yet"));
    report(&founded);
    let unnamed = refused(&founded, &with(&["23"]));
    assert!(unnamed.contains("civil.gd could not be asked"), "{unnamed}");
    let low = refused(&founded, &with(&["22", "--without", "civil.gd"]));
    assert!(low.contains("data.gd has seen its prevote of height 20"), "{low}");
    assert!(low.contains("23 is the least"), "{low}");
    comityd(&words(&founded, &with(&["23", "--without", "civil.gd"]))).unwrap();
    let own = look(dir).unwrap();
    assert_eq!(own.guard.unwrap().vote_from(), 23);
    assert!(!dir.guard_report_file().exists());
}
