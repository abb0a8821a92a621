//! Keys as people keep them: passphrases, permissions, cards, replacement, warnings.

use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use comity_core::agency::KeyRole;
use comity_core::ids::TimeMs;
use comity_core::key_file::KeyFile;
use comity_core::statement::{Action, VerifiedRecord};
use serde_json::{Value, json};

use super::fake_node::Answer;
use super::fixture::{NOW, Office, Ran, genesis, secret};
use super::flows::Desk;
use crate::fault::Exit;

const WORDS: &str = "correct horse battery";
const DAY_MS: u64 = 86_400_000;

/// Makes an officer's key of `finance.gd` at an office without a node. Returns its path.
fn make(office: &Office, name: &str, typed: &[&str], extra: &[&str]) -> (String, Ran) {
    let (out, genesis) = (office.path(name), office.path("genesis.json"));
    let new = ["key", "new", "--agency", "finance.gd", "--role", "officer", "--post", "Desk 4"];
    let rest = ["--out", &out, "--genesis", &genesis];
    let ran = office.run_typing(typed, &[&new[..], &rest, extra].concat());
    (out, ran)
}

/// A file that only its owner may read.
fn put_private(office: &Office, name: &str, text: &str) -> String {
    office.put(name, text.as_bytes());
    let path = office.path(name);
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o600)).unwrap();
    path
}

fn read(path: &str) -> Value {
    serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap()
}

fn mode(path: &str) -> u32 {
    std::fs::metadata(path).unwrap().permissions().mode() & 0o777
}

#[test]
fn a_new_key_is_under_a_passphrase_that_was_typed_twice() {
    let office = Office::new();
    let (path, ran) = make(&office, "desk4.key", &[WORDS, WORDS], &["--json"]);
    let made = ran.ended(Exit::Done);
    assert!(made.err.contains("[Choose several words"), "{}", made.err);
    assert!(made.err.contains("[The same again: ]"), "{}", made.err);
    assert!(!made.err.contains(WORDS) && !made.out.contains(WORDS));
    assert_eq!(made.json()["sealed"], true);
    assert_eq!(mode(&path), 0o600);
    let file = read(&path);
    let sealed = &file["secret"]["sealed"];
    assert_eq!((&sealed["memory_kib"], &sealed["passes"]), (&json!(65_536), &json!(3)));
    // The seed of the first draw.
    assert!(!file.to_string().contains(&"01".repeat(32)), "{file}");
    assert!(Path::new(&office.path("desk4.card.json")).exists());
    let ran = office.run(&["key", "show", &path]).ended(Exit::Done);
    assert!(ran.out.contains("under a passphrase"), "{}", ran.out);
}

#[test]
fn a_new_passphrase_that_is_empty_short_or_mistyped_makes_no_key() {
    let office = Office::new();
    let cases: [(&[&str], Exit, &str); 4] = [
        (&[""], Exit::Usage, "the passphrase is empty"),
        (&["short"], Exit::Usage, "at least 8 characters"),
        (&[WORDS, "correct horse batterie"], Exit::Failed, "are not the same"),
        (&[], Exit::Failed, "could not be asked for"),
    ];
    for (typed, exit, says) in cases {
        let (path, ran) = make(&office, "desk4.key", typed, &[]);
        let ran = ran.ended(exit);
        assert!(ran.err.contains(says), "{}", ran.err);
        assert!(!Path::new(&path).exists() && !Path::new(&office.path("desk4.card.json")).exists());
    }
    let out = office.path("desk4.key");
    let new = ["key", "new", "--agency", "finance.gd", "--role", "officer", "--post", "Desk 4"];
    let ran = office.run(&[&new[..], &["--for-genesis", "--out", &out]].concat());
    let ran = ran.ended(Exit::Usage);
    assert!(ran.err.contains("nobody is there to be asked"), "{}", ran.err);
    assert!(ran.err.contains("--no-passphrase"), "{}", ran.err);
}

#[test]
fn a_machines_key_without_a_passphrase_says_what_that_means() {
    let office = Office::new();
    let (path, ran) = make(&office, "gate.key", &[], &["--no-passphrase"]);
    let ran = ran.ended(Exit::Done);
    assert!(ran.err.contains("Whoever can copy the file"), "{}", ran.err);
    assert!(read(&path)["secret"]["plain"].is_string());
    let both = ["--no-passphrase", "--new-passphrase-file", "x"];
    make(&office, "other.key", &[], &both).1.ended(Exit::Usage);
}

/// A desk whose steward's key is under [`WORDS`]. Returns the key's path.
fn sealed_steward(desk: &Desk) -> String {
    let path = desk.office.key("civil.gd", KeyRole::Steward);
    let ran = desk.office.run_typing(&[WORDS, WORDS], &["key", "passphrase", &path]);
    ran.ended(Exit::Done);
    path
}

#[test]
fn a_sealed_key_signs_for_whoever_knows_its_passphrase() {
    let desk = Desk::new();
    let (key, url) = (sealed_steward(&desk), desk.node.url());
    let file = desk.office.path("marriages.toml");
    let args = ["dataset", "publish", &file, "--key", &key, "--node", &url];
    let ran = desk.office.run_typing(&["wrong", "wrong again", WORDS], &args).ended(Exit::Done);
    assert!(ran.err.contains(&format!("[Passphrase of {key}: ]")), "{}", ran.err);
    assert_eq!(ran.err.matches("That is not the passphrase. Try again.").count(), 2);
    assert!(!ran.err.contains("wrong again") && !ran.err.contains(WORDS), "{}", ran.err);

    let ran = desk.office.run_typing(&["a", "b", "c", WORDS], &args).ended(Exit::Failed);
    assert!(ran.err.contains(&format!("That is not the passphrase of {key}")), "{}", ran.err);
    let ran = desk.office.run(&[&args[..], &["--yes"]].concat()).ended(Exit::Usage);
    assert!(ran.err.contains("--passphrase-file"), "{}", ran.err);
    assert_eq!(desk.node.asked("POST").len(), 1);
}

#[test]
fn a_passphrase_file_opens_keys_for_programs() {
    let desk = Desk::new();
    let key = sealed_steward(&desk);
    let words = put_private(&desk.office, "words", &format!("{WORDS}\r\n"));
    let file = desk.office.path("marriages.toml");
    let args = ["dataset", "publish", &file, "--yes", "--key", &key, "--passphrase-file"];
    desk.ask(&[&args[..], &[&words]].concat()).ended(Exit::Done);

    let wrong = put_private(&desk.office, "wrong", "something else");
    let ran = desk.ask(&[&args[..], &[&wrong]].concat()).ended(Exit::Failed);
    assert!(ran.err.contains("That is not the passphrase"), "{}", ran.err);
    let empty = put_private(&desk.office, "empty", "\n");
    desk.ask(&[&args[..], &[&empty]].concat()).ended(Exit::Usage);
    std::fs::set_permissions(&words, std::fs::Permissions::from_mode(0o644)).unwrap();
    let ran = desk.ask(&[&args[..], &[&words]].concat()).ended(Exit::Usage);
    assert!(ran.err.contains(&format!("chmod 600 {words}")), "{}", ran.err);
    assert!(!ran.err.contains(WORDS));
    desk.office.put("image", &[0xff, 0xfe]);
    let image = put_private(&desk.office, "text", "x").replace("text", "image");
    std::fs::set_permissions(&image, std::fs::Permissions::from_mode(0o600)).unwrap();
    let ran = desk.ask(&[&args[..], &[&image]].concat()).ended(Exit::Failed);
    assert!(ran.err.contains("it is no text"), "{}", ran.err);
}

#[test]
fn a_passphrase_typed_on_another_keyboard_is_the_same() {
    let office = Office::new();
    let (composed, decomposed) = ("Résumé Résumé", "Re\u{301}sume\u{301} Re\u{301}sume\u{301}");
    let (path, ran) = make(&office, "desk4.key", &[composed, composed], &[]);
    ran.ended(Exit::Done);
    let genesis = office.path("genesis.json");
    let args = ["key", "export-public", &path, "--genesis", &genesis];
    let ran = office.run_typing(&[decomposed], &args).ended(Exit::Done);
    assert_eq!(ran.json(), read(&office.path("desk4.card.json")));
}

#[test]
fn a_passphrase_is_changed_and_taken_away() {
    let office = Office::new();
    let (path, ran) = make(&office, "desk4.key", &[WORDS, WORDS], &[]);
    ran.ended(Exit::Done);
    let before = read(&path);
    let new = "staple paper clip";
    let ran = office.run_typing(&[WORDS, new, new], &["key", "passphrase", &path]);
    let ran = ran.ended(Exit::Done);
    assert!(ran.out.contains("Copies and backups"), "{}", ran.out);
    let after = read(&path);
    assert_ne!(before["secret"]["sealed"]["salt"], after["secret"]["sealed"]["salt"]);
    assert_ne!(before["secret"]["sealed"]["nonce"], after["secret"]["sealed"]["nonce"]);
    assert_eq!(before["public_key"], after["public_key"]);
    assert_eq!(mode(&path), 0o600);
    let away = ["key", "passphrase", &path, "--no-passphrase"];
    office.run_typing(&[WORDS, WORDS, WORDS], &away).ended(Exit::Failed);
    assert_eq!(read(&path), after, "a wrong passphrase changes nothing");
    office.run_typing(&[new], &away).ended(Exit::Done);
    assert!(read(&path)["secret"]["plain"].is_string());

    let (old, new) = (put_private(&office, "o", WORDS), put_private(&office, "n", "another one"));
    let seal = ["key", "passphrase", &path, "--new-passphrase-file"];
    office.run(&[&seal[..], &[&old]].concat()).ended(Exit::Done);
    office.run(&[&seal[..], &[&new, "--passphrase-file", &old]].concat()).ended(Exit::Done);
    office.run(&[&seal[..], &[&new, "--passphrase-file", &new]].concat()).ended(Exit::Done);
    office.run(&[&seal[..], &[&new, "--passphrase-file", &old]].concat()).ended(Exit::Failed);
}

#[test]
fn a_key_file_that_was_changed_or_costs_too_much_is_not_used() {
    let office = Office::new();
    let (path, ran) = make(&office, "desk4.key", &[WORDS, WORDS], &[]);
    ran.ended(Exit::Done);
    let good = read(&path);
    let changes = [
        ("/role", json!("steward"), "That is not the passphrase"),
        ("/post", json!("Desk 5"), "That is not the passphrase"),
        ("/secret/sealed/memory_kib", json!(4_000_000_000_u32), "unreasonable amount of memory"),
        ("/secret/sealed/box", json!("00"), "is damaged"),
        ("/secret/sealed/kdf", json!("none"), "does not know"),
        ("/agency", json!("NOT AN AGENCY"), "is not a key file"),
    ];
    for (place, value, says) in changes {
        let mut file = good.clone();
        *file.pointer_mut(place).unwrap() = value;
        let path = put_private(&office, "changed.key", &file.to_string());
        let words = put_private(&office, "words", WORDS);
        let genesis = office.path("genesis.json");
        let args = ["key", "export-public", &path, "--genesis", &genesis];
        let ran = office.run(&[&args[..], &["--passphrase-file", &words]].concat());
        let ran = ran.ended(Exit::Failed);
        assert!(ran.err.contains(says), "{place}: {}", ran.err);
    }
}

#[test]
fn registering_shows_what_the_card_proves_and_warns_of_a_key_without_end() {
    let desk = Desk::new();
    make(&desk.office, "desk4.key", &[WORDS, WORDS], &[]).1.ended(Exit::Done);
    let card = desk.office.path("desk4.card.json");
    let (admin, url) = (desk.office.key("finance.gd", KeyRole::Admin), desk.node.url());
    let args = ["key", "register", "--card", &card, "--key", &admin, "--node", &url];
    let ran = desk.office.run_answering("n\n", &args).ended(Exit::Failed);
    for shown in ["whoever made it holds the key", "has no end", "Desk 4", "officer", "no end"] {
        assert!(ran.err.contains(shown), "{shown} is missing in {}", ran.err);
    }
    assert!(desk.node.asked("POST").is_empty());
    let args = [&args[..], &["--valid-until", "2026-12-31"]].concat();
    let ran = desk.office.run_answering("y\n", &args).ended(Exit::Done);
    assert!(!ran.err.contains("has no end"), "{}", ran.err);
    assert!(ran.err.contains("2027-01-01T00:00:00+08:00"), "{}", ran.err);
}

#[test]
fn a_key_is_replaced_without_anyone_being_locked_out() {
    let desk = Desk::new();
    let (old, admin) = (
        desk.office.key("finance.gd", KeyRole::Officer),
        desk.office.key("finance.gd", KeyRole::Admin),
    );
    let (out, url) = (desk.office.path("officer-2027.key"), desk.node.url());
    let args = ["key", "rotate", "--key", &old, "--out", &out, "--admin-key", &admin];
    let args = [&args[..], &["--valid-until", "2027-12-31", "--node", &url]].concat();
    let ran = desk.office.run_typing(&[WORDS, WORDS], &args).ended(Exit::Done);
    assert!(ran.err.contains(&format!("From now on sign with {out}")), "{}", ran.err);
    let posted = desk.node.asked("POST /v1/records");
    let kinds: Vec<&str> = posted
        .iter()
        .map(|bytes| VerifiedRecord::verify(bytes, &genesis().id()).unwrap())
        .map(|record| record.statement().action.kind())
        .collect();
    assert_eq!(kinds, ["register-key", "revoke-key"], "the new one first");
    let new = read(&out)["public_key"].as_str().unwrap().to_owned();
    let old = secret("finance.gd", KeyRole::Officer).public().to_string();
    let ran = desk.ask(&["key", "show", &new]).ended(Exit::Done);
    assert!(ran.out.contains("officer key of finance.gd"), "{}", ran.out);
    let ran = desk.ask(&["key", "show", &old]).ended(Exit::Done);
    assert!(ran.out.contains(&format!("Replaced by {new}")), "{}", ran.out);
    assert!(ran.out.contains("Warning: this key was revoked by entry 1"), "{}", ran.out);
    // It is replaced once: a second successor would be in force beside the first.
    let (again, posted) = (desk.office.path("again.key"), posted.len());
    let old = desk.office.key("finance.gd", KeyRole::Officer);
    let args = ["key", "rotate", "--key", &old, "--out", &again, "--admin-key", &admin, "--yes"];
    let args = [&args[..], &["--no-passphrase", "--node", &url]].concat();
    let ran = desk.office.run(&args).ended(Exit::Failed);
    assert!(ran.err.contains("was revoked by entry 1 (Replaced by"), "{}", ran.err);
    assert!(!Path::new(&again).exists(), "{}", ran.err);
    assert_eq!(desk.node.asked("POST /v1/records").len(), posted);
}

#[test]
fn a_key_is_suspect_since_a_time_that_lies_behind() {
    let desk = Desk::new();
    desk.office.key("finance.gd", KeyRole::Officer);
    let key = secret("finance.gd", KeyRole::Officer).public();
    let text = key.to_string();
    let revoke = ["key", "revoke", &text, "--reason", "Stolen", "--suspect-since"];
    let ran = desk.sign("finance.gd", KeyRole::Admin, &[&revoke[..], &["2099-01-01"]].concat());
    let ran = ran.ended(Exit::Usage);
    assert!(ran.err.contains("that time is to come"), "{}", ran.err);
    assert!(desk.node.asked("POST").is_empty());
    // A duration says how long ago.
    desk.sign("finance.gd", KeyRole::Admin, &[&revoke[..], &["3d"]].concat()).ended(Exit::Done);
    let posted = desk.node.asked("POST /v1/records");
    let record = VerifiedRecord::verify(&posted[0], &genesis().id()).unwrap();
    let Action::RevokeKey { suspect_since, .. } = &record.statement().action else { panic!() };
    assert_eq!(*suspect_since, Some(TimeMs(NOW.0 - 3 * DAY_MS)));
}

#[test]
fn a_replacement_that_is_cut_short_says_how_to_go_on() {
    let desk = Desk::new();
    let (old, admin) = (
        desk.office.key("finance.gd", KeyRole::Officer),
        desk.office.key("finance.gd", KeyRole::Admin),
    );
    let url = desk.node.url();
    let rotate = |out: &str, answers: &'static str| {
        let args = ["key", "rotate", "--key", &old, "--out", out, "--admin-key", &admin];
        let rest = ["--no-passphrase", "--node", &url];
        desk.office.run_answering(answers, &[&args[..], &rest].concat()).ended(Exit::Failed)
    };
    let ran = rotate(&desk.office.path("a.key"), "n\n");
    assert!(ran.err.contains("the old one is as it was"), "{}", ran.err);
    assert!(ran.err.contains("comity key register --card "), "{}", ran.err);
    let ran = rotate(&desk.office.path("b.key"), "y\nn\n");
    assert!(ran.err.contains("the old one is still in force"), "{}", ran.err);
    let old_key = secret("finance.gd", KeyRole::Officer).public();
    assert!(ran.err.contains(&format!("comity key revoke {old_key}")), "{}", ran.err);

    let other = desk.office.key("civil.gd", KeyRole::Admin);
    let out = desk.office.path("c.key");
    let args = ["key", "rotate", "--key", &old, "--out", &out, "--admin-key", &other, "--yes"];
    desk.ask(&[&args[..], &["--no-passphrase"]].concat()).ended(Exit::Failed);
    assert!(!Path::new(&out).exists(), "another agency's admin makes no key");
    let args = ["key", "rotate", "--key", &admin, "--out", &out, "--no-passphrase"];
    let ran = desk.ask(&args).ended(Exit::Usage);
    assert!(ran.err.contains("cannot be replaced yet"), "{}", ran.err);
}

#[test]
fn a_replacement_without_the_admin_says_what_to_hand_over() {
    let desk = Desk::new();
    let old = desk.office.key("finance.gd", KeyRole::Officer);
    let out = desk.office.path("next.json");
    let args = ["key", "rotate", "--key", &old, "--out", &out, "--no-passphrase"];
    let ran = desk.ask(&args).ended(Exit::Done);
    let card = desk.office.path("next.card.json");
    assert!(ran.out.contains(&format!("comity key register --card {card}")), "{}", ran.out);
    assert!(ran.out.contains(&format!("go on signing with {old}")), "{}", ran.out);
    assert!(desk.node.asked("POST").is_empty());
    let file: KeyFile = serde_json::from_value(read(&out)).unwrap();
    assert_eq!((file.role, file.post.as_str()), (KeyRole::Officer, "Duty desk"));
}

/// The ledger's answer about a key.
fn registered(member: &str, role: KeyRole, valid_until: Option<u64>, revoked: &Value) -> Value {
    json!({
        "public_key": secret(member, role).public(),
        "key": {
            "agency": member, "role": role, "algorithm": "ed25519", "post": "Duty desk",
            "registered_at": 4, "valid_until": valid_until, "revoked": revoked,
            "registered_on": 5,
        },
    })
}

#[test]
fn whoever_signs_is_told_that_the_key_ends_soon_or_is_suspect() {
    let desk = Desk::new();
    let ends = registered("civil.gd", KeyRole::Steward, Some(NOW.0 + 3 * DAY_MS), &Value::Null);
    desk.node.answer("GET /v1/keys/", Answer::Json(200, ends));
    let ran = desk.publish().ended(Exit::Done);
    assert!(ran.err.contains("in 3 days") && ran.err.contains("comity key rotate"), "{}", ran.err);
    let revoked =
        json!({"at": 9, "reason": "Stolen", "suspect_since": NOW.0 - DAY_MS, "on": NOW.0});
    let suspect = registered("civil.gd", KeyRole::Steward, None, &revoked);
    desk.node.answer("GET /v1/keys/", Answer::Json(200, suspect));
    let ran = desk.publish().ended(Exit::Refused);
    assert!(ran.err.contains("suspect since 2026-05-02T11:09:37+08:00"), "{}", ran.err);
    let ran = desk.publish().ended(Exit::Refused);
    assert!(!ran.err.contains("Note:") && !ran.err.contains("Warning:"), "{}", ran.err);
}

#[test]
fn an_entry_of_a_suspect_key_is_shown_as_such() {
    let desk = Desk::new();
    desk.publish().ended(Exit::Done);
    for (since, says) in [(NOW.0, "is SUSPECT since"), (NOW.0 + 1, "became suspect later")] {
        let revoked = json!({"at": 9, "reason": "Stolen", "suspect_since": since, "on": NOW.0});
        let answer = registered("civil.gd", KeyRole::Steward, None, &revoked);
        desk.node.answer("GET /v1/keys/", Answer::Json(200, answer));
        let ran = desk.ask(&["log", "show", "0"]).ended(Exit::Done);
        assert!(ran.out.contains(says), "{}", ran.out);
    }
}

#[test]
fn listed_keys_say_how_they_stand() {
    let desk = Desk::new();
    let revoked =
        json!({"at": 9, "reason": "Stolen", "suspect_since": NOW.0 - DAY_MS, "on": NOW.0});
    let keys = [
        (registered("civil.gd", KeyRole::Officer, Some(NOW.0 + DAY_MS), &Value::Null), "ends-soon"),
        (registered("civil.gd", KeyRole::Steward, Some(NOW.0), &Value::Null), "expired"),
        (registered("civil.gd", KeyRole::Gateway, None, &revoked), "revoked"),
        (registered("civil.gd", KeyRole::Admin, None, &Value::Null), "in-force"),
    ];
    let answer = json!({"keys": keys.each_ref().map(|(key, _)| key), "next": null});
    desk.node.answer("GET /v1/keys", Answer::Json(200, answer.clone()));
    let ran = desk.ask(&["key", "list", "--agency", "civil.gd"]).ended(Exit::Done);
    let shown = ["(in 1 day)", "EXPIRED", "revoked by entry 9, suspect since", "without end"];
    for words in shown {
        assert!(ran.out.contains(words), "{words} is missing in {}", ran.out);
    }
    desk.node.answer("GET /v1/keys", Answer::Json(200, answer));
    let listed = desk.ask(&["key", "list", "--json"]).ended(Exit::Done).json();
    let states: Vec<&Value> =
        listed["keys"].as_array().unwrap().iter().map(|key| &key["state"]).collect();
    assert_eq!(states, keys.each_ref().map(|(_, state)| *state));
}

#[test]
fn a_folders_key_files_are_listed_without_their_secrets() {
    let office = Office::new();
    let (sealed, ran) = make(&office, "desk4.key", &[WORDS, WORDS], &[]);
    ran.ended(Exit::Done);
    let open = office.key("finance.gd", KeyRole::Gateway);
    std::fs::set_permissions(&open, std::fs::Permissions::from_mode(0o640)).unwrap();
    let folder = Path::new(&sealed).parent().unwrap().to_str().unwrap().to_owned();
    let args = ["key", "list", "--files", &folder, "--agency", "finance.gd"];
    let ran = office.run(&args).ended(Exit::Done);
    let line =
        |name: &str| ran.out.lines().find(|line| line.trim_start().starts_with(name)).unwrap();
    assert!(line("desk4.key").contains("under a passphrase"), "{}", ran.out);
    assert!(line("desk4.card.json").contains("none (a card)"), "{}", ran.out);
    assert!(line("finance.gd.officer.key").contains("in the plain"), "{}", ran.out);
    assert!(line("finance.gd.gateway.key").contains("OTHERS CAN READ IT"), "{}", ran.out);
    assert!(!ran.out.contains("civil.gd"), "{}", ran.out);
    let listed = office.run(&[&args[..], &["--json"]].concat()).ended(Exit::Done).json();
    assert_eq!(listed["files"].as_array().unwrap().len(), 6);
    let seed = hex::encode(*secret("finance.gd", KeyRole::Officer).seed());
    assert!(!listed.to_string().contains(&seed));
    std::fs::create_dir(office.path("empty")).unwrap();
    office.run(&["key", "list", "--files", &office.path("empty")]).ended(Exit::Failed);
}
