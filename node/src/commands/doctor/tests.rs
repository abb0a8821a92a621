//! What the doctor says of directories that no node works in.

use std::fs;
use std::os::unix::fs::{FileExt as _, PermissionsExt as _};

use serde_json::Value;

use crate::founding::{Founded, comityd, text};

fn doctor(founded: &Founded, agency: &str) -> Value {
    let dir = text(founded.dir(agency).root());
    let said = comityd(&["doctor", "--json", "--dir", &dir]).unwrap();
    serde_json::from_str(&said).unwrap()
}

/// The level and the words of a subject.
fn of<'a>(report: &'a Value, subject: &str) -> (&'a str, &'a str) {
    let found = report["findings"].as_array().unwrap().iter().find(|f| f["subject"] == subject);
    let found = found.unwrap_or_else(|| panic!("no {subject} in {report:#}"));
    (found["level"].as_str().unwrap(), found["found"].as_str().unwrap())
}

#[test]
fn stopped_node_that_is_well_is_said_to_be_so() {
    let founded = Founded::new();
    founded.store(founded.dir("tax.gd"), &founded.blocks(3));
    let report = doctor(&founded, "tax.gd");
    assert_eq!(of(&report, "block log"), ("fine", "every block up to 3 is there and undamaged"));
    for subject in ["files", "kept", "room"] {
        assert_eq!(of(&report, subject).0, "fine", "{subject}: {report:#}");
    }
    assert_eq!(of(&report, "node").0, "warning", "it does not run");
    assert_ne!(report["worst"], "fine");
}

#[test]
fn lines_fit_a_terminal_and_the_worst_comes_first() {
    let founded = Founded::new();
    let dir = founded.dir("tax.gd");
    let key = dir.keys_dir().join("validator.json");
    fs::set_permissions(&key, fs::Permissions::from_mode(0o644)).unwrap();
    let said = comityd(&["doctor", "--dir", &text(dir.root())]).unwrap();
    let paths = text(founded.temp.path());
    let long = said.lines().filter(|line| !line.contains(&paths) && line.chars().count() > 80);
    assert_eq!(long.count(), 0, "{said}");
    assert!(said.starts_with("TROUBLE "), "{said}");
    assert!(said.contains("chmod 700"), "{said}");
    assert!(said.ends_with("The node of tax.gd is in trouble.\n"), "{said}");
}

#[test]
fn damage_of_every_sort_is_found_and_nothing_is_changed() {
    let founded = Founded::new();
    let dir = founded.dir("tax.gd");
    founded.store(dir, &founded.blocks(6));
    let segment = dir.log_dir().join("blocks-00000000000000000001.log");
    let file = fs::File::options().write(true).open(&segment).unwrap();
    let size = file.metadata().unwrap().len();
    file.write_all_at(&[0x5A; 7], size / 2).unwrap();
    fs::write(dir.log_dir().join("wal"), b"nothing that was ever written").unwrap();
    let drawer = dir.kept_dir().join("sealed").join("00");
    fs::create_dir_all(&drawer).unwrap();
    let kept = drawer.join(format!("{}.json", "00".repeat(32)));
    fs::write(&kept, b"{").unwrap();
    let before = fs::read(&segment).unwrap();
    let report = doctor(&founded, "tax.gd");
    let (level, found) = of(&report, "block log");
    assert!(level == "trouble" && found.starts_with("damaged or missing: block"), "{report:#}");
    let (level, found) = of(&report, "guard");
    assert!(level == "trouble" && found.contains("wal is damaged at byte 0"), "{report:#}");
    let (level, found) = of(&report, "kept");
    assert!(level == "trouble" && found.contains(&text(&kept)), "{report:#}");
    assert_eq!(report["worst"], "trouble");
    assert_eq!(fs::read(&segment).unwrap(), before);
}

#[test]
fn missing_guard_and_foreign_guard_are_told_apart() {
    let founded = Founded::new();
    let (ours, theirs) = (founded.dir("tax.gd"), founded.dir("data.gd"));
    fs::copy(theirs.log_dir().join("wal"), ours.log_dir().join("wal")).unwrap();
    let report = doctor(&founded, "tax.gd");
    assert_eq!(of(&report, "guard").0, "trouble", "{report:#}");
    fs::remove_file(ours.log_dir().join("wal")).unwrap();
    let report = doctor(&founded, "tax.gd");
    let (level, found) = of(&report, "guard");
    assert!(level == "warning" && found.starts_with("there is no sign guard"), "{report:#}");
}
