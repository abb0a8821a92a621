//! Keys that are another's, exposed, missing or damaged are refused in words that help.

use std::fs::{self, Permissions};

use comity_core::ledger::Ledger;

use super::*;
use crate::founding::{Founded, comityd, text};

fn load_as(founded: &Founded, dir: &str, agency: &str) -> Result<NodeKeys, Failure> {
    let held = load(founded.dir(dir), &config(agency), &founded.genesis).map_err(Failure::from)?;
    Ok(held.in_force(&Ledger::new(&founded.genesis).unwrap()))
}

fn config(agency: &str) -> Config {
    Config::parse(&format!("agency = \"{agency}\""), Path::new("config.toml")).unwrap()
}

#[test]
fn node_starts_with_the_keys_that_the_genesis_names() {
    let founded = Founded::new();
    let keys = load_as(&founded, "tax.gd", "tax.gd").unwrap();
    let member = founded.genesis.members.iter().find(|m| m.agency.id.as_str() == "tax.gd").unwrap();
    let named = |role| member.keys.iter().find(|key| key.role == role).map(|key| key.key);
    assert_eq!(keys.validator.map(|key| key.public()), named(KeyRole::Validator));
    assert_eq!(Some(keys.transport.public()), named(KeyRole::Transport));
}

#[test]
fn key_that_others_can_read_is_refused() {
    let founded = Founded::new();
    let path = founded.dir("tax.gd").key_file(KeyRole::Validator);
    fs::set_permissions(&path, Permissions::from_mode(0o640)).unwrap();
    let refused = load_as(&founded, "tax.gd", "tax.gd").unwrap_err();
    assert_eq!(refused.ending(), Ending::Refused);
    assert_eq!(
        refused.to_string(),
        format!(
            "Error: other users of this machine can read {0} (mode 640).\n\
             Whoever reads this key can act as your agency's node. Nothing was started.\n\
             Next: chmod 600 {0}; if people you do not trust use this machine, treat the key as \
             stolen\n",
            path.display()
        )
    );
}

#[test]
fn directory_of_another_agency_is_refused_with_both_names() {
    let founded = Founded::new();
    let refused = load_as(&founded, "tax.gd", "health.gd").unwrap_err();
    assert_eq!(
        refused.to_string(),
        format!(
            "Error: {} is a key of tax.gd, but config.toml says that this is the node of health.gd.\n\
             A file was copied here from another node or another place. Nothing was started.\n\
             Next: give the right directory after --dir, or put the right key in its place\n",
            founded.dir("tax.gd").key_file(KeyRole::Transport).display()
        )
    );
}

#[test]
fn genesis_of_strangers_is_refused() {
    let founded = Founded::new();
    let dir = crate::founding::init(founded.temp.path(), "police.gd");
    let config = config("police.gd");
    let refused = Failure::from(load(&dir, &config, &founded.genesis).unwrap_err()).to_string();
    assert!(
        refused.starts_with(
            "Error: police.gd is not a member of \"County data sharing\", whose genesis lies in \
             this directory.\n"
        ),
        "{refused}"
    );
}

#[test]
fn keys_made_anew_after_the_genesis_are_refused() {
    let (founded, again) = (Founded::new(), Founded::new());
    let config = config("tax.gd");
    let refused = load(again.dir("tax.gd"), &config, &founded.genesis).unwrap_err().to_string();
    let path = again.dir("tax.gd").key_file(KeyRole::Transport);
    let expected = format!(
        "the transport key in {} is not the one that the genesis has for tax.gd",
        path.display()
    );
    assert_eq!(refused, expected);
}

#[test]
fn keys_made_later_for_this_consortium_are_used_whatever_the_genesis_names() {
    // A new machine without a backup: keys that nobody knows, and the consortium's genesis.
    let (founded, again) = (Founded::new(), Founded::new());
    let dir = again.dir("tax.gd");
    fs::copy(founded.dir("tax.gd").genesis_file(), dir.genesis_file()).unwrap();
    let root = text(dir.root());
    let key = |verb, role| comityd(&["key", verb, "--dir", &root, "--role", role]).unwrap();
    let loads = || load(dir, &config("tax.gd"), &founded.genesis).is_ok();
    for role in ["validator", "transport", "note"] {
        assert!(!loads(), "the {role} key is still a stranger's");
        key("new", role);
    }
    assert!(loads());
    key("use", "transport");
    assert!(loads(), "also when it has taken the place of the other");
    key("new", "transport");
    key("use", "transport");
    assert!(loads(), "also when it is replaced once more");
    let card = dir.next_card_file(KeyRole::Note);
    let of_another = fs::read_to_string(&card).unwrap();
    let (own, other) = (founded.genesis.id().to_string(), again.genesis.id().to_string());
    fs::write(&card, of_another.replace(&own, &other)).unwrap();
    assert!(!loads(), "a card for another consortium says nothing");
}

#[test]
fn damaged_key_file_is_named_without_its_content() {
    let founded = Founded::new();
    let path = founded.dir("tax.gd").key_file(KeyRole::Transport);
    let text = fs::read_to_string(&path).unwrap();
    let seed = text.split("plain\": \"").nth(1).unwrap()[..64].to_owned();
    fs::write(&path, text.replace(&format!("\"{seed}\""), &format!("[\"{seed}\"]"))).unwrap();
    let failure = load_as(&founded, "tax.gd", "tax.gd").unwrap_err().to_string();
    assert!(failure.contains(" is not a key file (line 8, column "), "{failure}");
    assert!(!failure.contains(&seed), "no part of the secret is shown");
    fs::remove_file(&path).unwrap();
    let failure = load_as(&founded, "tax.gd", "tax.gd").unwrap_err().to_string();
    assert!(failure.starts_with("Error: the transport key is missing: "), "{failure}");
}

/// Puts a node's keys under a passphrase. Returns the file that holds it.
fn seal(dir: &DataDir, words: &str) -> std::path::PathBuf {
    let path = dir.root().join("words");
    write_new(&path, words.as_bytes(), PRIVATE_FILE).unwrap();
    let passphrase = passphrase::from_file(&path).unwrap();
    for role in [KeyRole::Validator, KeyRole::Transport, KeyRole::Note] {
        let path = dir.key_file(role);
        let file: KeyFile = serde_json::from_slice(&fs::read(&path).unwrap()).unwrap();
        let cost = DerivationCost { memory_kib: 64, passes: 1, lanes: 1 };
        let sealing = Sealing { cost, salt: [1; 16], nonce: [2; 24] };
        let (agency, key) = (file.agency.clone(), file.secret().unwrap());
        let sealed =
            KeyFile::sealed(agency, role, Text::default(), &key, &passphrase, &sealing).unwrap();
        fs::write(&path, serde_json::to_vec(&sealed).unwrap()).unwrap();
    }
    path
}

#[test]
fn node_opens_its_keys_with_the_passphrase_that_its_settings_name() {
    let founded = Founded::new();
    let dir = founded.dir("tax.gd");
    let words = seal(dir, "staple paper clip\n");
    let load = |line: &str| {
        let text = format!("agency = \"tax.gd\"\n{line}");
        let config = Config::parse(&text, Path::new("config.toml")).unwrap();
        load(dir, &config, &founded.genesis).map_err(|error| Failure::from(error).to_string())
    };
    let named = format!("[keys]\npassphrase_file = \"{}\"", words.display());
    assert!(load(&named).unwrap().present().validator.is_some());
    let beside = "[keys]\npassphrase_file = \"words\"";
    assert!(load(beside).is_ok(), "relative to the node's directory");
    let refused = load("").unwrap_err();
    assert!(refused.contains("config.toml names no passphrase_file"), "{refused}");
    fs::write(&words, "another passphrase").unwrap();
    let refused = load(beside).unwrap_err();
    assert!(refused.contains("cannot be used: the passphrase is wrong."), "{refused}");
    fs::set_permissions(&words, Permissions::from_mode(0o644)).unwrap();
    let refused = load(beside).unwrap_err();
    assert!(refused.contains("(mode 644)") && !refused.contains("another"), "{refused}");
    fs::remove_file(&words).unwrap();
    assert!(load(beside).unwrap_err().contains("could not read the passphrase"));
}
