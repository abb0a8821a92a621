//! A backup holds what only the node has, says so, and gives it back; a changed one gives nothing.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::PathBuf;

use crate::failure::Ending;
use crate::founding::{Founded, comityd, text};

fn backed_up(founded: &Founded, more: &[&str]) -> (PathBuf, String) {
    let to = founded.temp.path().join("backup");
    let (dir, to_text) = (text(founded.dir("tax.gd").root()), text(&to));
    let words = ["backup", "--dir", &dir, "--to", &to_text];
    let report = comityd(&[&words[..], more].concat()).unwrap();
    (to, report)
}

/// Something that is kept, and something that was erased while it could still be read.
fn keep_something(founded: &Founded) -> (PathBuf, PathBuf) {
    let drawer = founded.dir("tax.gd").kept_dir().join("sealed").join("ab");
    fs::create_dir_all(&drawer).unwrap();
    let names = ["ab01", "ab02"].map(|name| drawer.join(format!("{name}.json")));
    for name in &names {
        fs::write(name, b"an opening").unwrap();
    }
    fs::write(drawer.join("ab02.erased.json"), b"a tombstone").unwrap();
    fs::write(drawer.join("ab03.json.new"), b"half").unwrap();
    let [kept, erased] = names;
    (kept, erased)
}

#[test]
fn backup_holds_all_but_the_log_and_what_was_erased() {
    let founded = Founded::new();
    founded.store(founded.dir("tax.gd"), &founded.blocks(2));
    keep_something(&founded);
    let (to, report) = backed_up(&founded, &[]);
    assert!(report.contains("not under a passphrase"), "{report}");
    for present in ["keys/validator.json", "kept/sealed/ab/ab01.json", "manifest.json"] {
        assert!(to.join(present).is_file(), "{present}");
        assert_eq!(to.join(present).metadata().unwrap().permissions().mode() & 0o77, 0);
    }
    for absent in ["log", "view", "kept/sealed/ab/ab02.json", "kept/sealed/ab/ab03.json.new"] {
        assert!(!to.join(absent).exists(), "{absent}");
    }
    assert!(to.join("kept/sealed/ab/ab02.erased.json").is_file());
    let again =
        comityd(&["backup", "--dir", &text(founded.dir("tax.gd").root()), "--to", &text(&to)]);
    assert_eq!(again.unwrap_err().ending(), Ending::Refused, "it overwrites nothing");
}

#[test]
fn restored_directory_is_the_node_again_and_is_marked() {
    let founded = Founded::new();
    let (kept, _) = keep_something(&founded);
    let (to, _) = backed_up(&founded, &[]);
    let new = founded.temp.path().join("new");
    let words = ["restore", "--from", &text(&to), "--dir", &text(&new)];
    let report = comityd(&words).unwrap();
    assert!(report.contains("It does not vote until you say so"), "{report}");
    let old = founded.dir("tax.gd");
    let relative = kept.strip_prefix(old.root()).unwrap();
    for name in ["config.toml", "genesis.json", "keys/validator.json", relative.to_str().unwrap()] {
        assert_eq!(fs::read(new.join(name)).unwrap(), fs::read(old.root().join(name)).unwrap());
    }
    assert!(new.join("restored.json").is_file() && !new.join("log/wal").exists());
    assert!(comityd(&["config", "check", "--dir", &text(&new)]).is_ok());
    assert_eq!(comityd(&words).unwrap_err().ending(), Ending::Refused, "it is not empty any more");
}

#[test]
fn backup_without_the_validator_key_restores_to_a_follower() {
    let founded = Founded::new();
    let (to, report) = backed_up(&founded, &["--without-validator-key"]);
    assert!(report.contains("The key that signs votes is not in it"), "{report}");
    assert!(!to.join("keys/validator.json").exists());
    let new = text(&founded.temp.path().join("new"));
    let report = comityd(&["restore", "--from", &text(&to), "--dir", &new]).unwrap();
    assert!(report.contains("follows without voting"), "{report}");
}

#[test]
fn changed_backup_restores_nothing() {
    let founded = Founded::new();
    let (to, _) = backed_up(&founded, &[]);
    let new = founded.temp.path().join("new");
    let restore = || comityd(&["restore", "--from", &text(&to), "--dir", &text(&new)]);
    let member = fs::read(to.join("member.json")).unwrap();
    fs::write(to.join("member.json"), b"{}").unwrap();
    let refused = restore().unwrap_err().to_string();
    assert!(refused.contains("member.json is missing or not as it was copied"), "{refused}");
    fs::write(to.join("member.json"), member).unwrap();
    let manifest = fs::read_to_string(to.join("manifest.json")).unwrap();
    for outside in ["../member.json", "/etc/passwd", "log/wal"] {
        let changed = manifest.replace("\"member.json\"", &format!("\"{outside}\""));
        fs::write(to.join("manifest.json"), changed).unwrap();
        assert_eq!(restore().unwrap_err().ending(), Ending::Refused, "{outside}");
    }
    assert!(!new.exists());
}

#[test]
fn backup_holds_no_guard_and_the_keys_of_a_change() {
    let founded = Founded::new();
    let dir = founded.dir("tax.gd");
    let root = text(dir.root());
    for (verb, role) in [("new", "validator"), ("new", "transport"), ("use", "transport")] {
        comityd(&["key", verb, "--dir", &root, "--role", role]).unwrap();
    }
    let damaged = dir.root().join("wal.damaged-1");
    fs::write(&damaged, b"what the key has signed").unwrap();
    // Even where somebody names one of them in the settings.
    let (guard, settings) = (dir.next_guard_dir().join("wal"), dir.config_file());
    let hook = "\n[webhook]\nurl = \"http://127.0.0.1:9000/\"\nsecret_file = \"guard.next/wal\"\n";
    let own = fs::read_to_string(&settings).unwrap();
    fs::write(&settings, own.clone() + hook).unwrap();
    assert!(guard.is_file());
    let (to, report) = backed_up(&founded, &[]);
    assert!(report.contains("guard.next/"), "{report}");
    for absent in ["guard.next", "log", "wal.damaged-1"] {
        assert!(!to.join(absent).exists(), "{absent}");
    }
    assert!(to.join("keys/validator.next.json").is_file());

    fs::remove_dir_all(&to).unwrap();
    fs::write(&settings, own).unwrap();
    backed_up(&founded, &[]);
    let new = text(&founded.temp.path().join("new"));
    let report = comityd(&["restore", "--from", &text(&to), "--dir", &new]).unwrap();
    // A transport key that is not the genesis's is this node's all the same.
    assert!(report.contains("It does not vote until you say so"), "{report}");
}
