//! A new directory holds what it should, for the right eyes only; wrong cards make none.

use std::cell::RefCell;
use std::collections::VecDeque;
use std::io::{self, Write};
use std::os::unix::fs::PermissionsExt as _;
use std::rc::Rc;

use comity_core::genesis::NO_CONSORTIUM;
use comity_core::key_file::KeyFile;
use comity_core::keys::SecretKey;
use comity_replica::storage::StorageOptions;

use super::*;
use crate::config::Config;
use crate::failure::Ending;
use crate::network::peer_id;
use crate::passphrase;

fn admin_key(agency: &str, role: KeyRole) -> KeyFile {
    let secret = SecretKey::from_seed(&[7; 32]);
    KeyFile::new(agency.parse().unwrap(), role, Text::default(), &secret)
}

fn write_card(dir: &Path, card: &KeyCard) -> PathBuf {
    let path = dir.join("admin.card.json");
    fs::write(&path, serde_json::to_vec(card).unwrap()).unwrap();
    path
}

fn good_card(dir: &Path) -> PathBuf {
    write_card(dir, &admin_key("health.gd", KeyRole::Admin).card(&NO_CONSORTIUM).unwrap())
}

fn init(dir: &Path, card: &Path, more: &[&str]) -> Result<String, Failure> {
    let (dir, card) = (dir.display().to_string(), card.display().to_string());
    let mut words = vec!["comityd", "init", "--dir", &dir, "--agency", "health.gd"];
    words.extend(["--name", "Health Bureau", "--level", "county", "--region", "440100"]);
    words.extend(["--admin-card", &card]);
    words.extend(more);
    let args = crate::args::parse(words.iter().map(Into::into)).unwrap();
    super::super::perform(args.command, &mut Terminal::nobody())
}

fn mode(path: &Path) -> u32 {
    fs::metadata(path).unwrap().permissions().mode() & 0o777
}

#[test]
fn new_directory_holds_what_a_node_needs_and_only_its_owner_sees_the_keys() {
    let temp = tempfile::tempdir().unwrap();
    let root = temp.path().join("node");
    let report = init(&root, &good_card(temp.path()), &[]).unwrap();
    let dir = DataDir::open(&root).unwrap();
    for private in [root.clone(), root.join("keys"), dir.log_dir()] {
        assert_eq!(mode(&private), 0o700, "{}", private.display());
    }
    let mut public_keys = Vec::new();
    for role in [KeyRole::Validator, KeyRole::Transport, KeyRole::Note] {
        let path = dir.key_file(role);
        assert_eq!(mode(&path), 0o600);
        let key: KeyFile = serde_json::from_slice(&fs::read(&path).unwrap()).unwrap();
        key.secret().unwrap();
        public_keys.push(key.public_key);
    }
    assert_eq!(mode(&dir.config_file()), 0o600);
    let config = Config::load(&dir.config_file()).unwrap();
    assert_eq!(config.agency.as_str(), "health.gd");
    assert_eq!(mode(&dir.member_file()), 0o644);
    let member: GenesisMember =
        serde_json::from_slice(&fs::read(dir.member_file()).unwrap()).unwrap();
    member.check().unwrap();
    assert_eq!(member.agency.operated_by.as_str(), "Health Bureau");
    assert_eq!(member.keys.len(), 4);
    assert!(public_keys.iter().all(|key| member.keys.iter().any(|known| known.key == *key)));
    let identity = peer_id(&public_keys[1]).unwrap().to_string();
    assert!(report.contains(&format!("identity on the network: {identity}\n")), "{report}");
    let mut names: Vec<String> = fs::read_dir(&root)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    assert_eq!(names, ["config.toml", "keys", "log", "member.json"]);
}

#[test]
fn sign_guard_is_born_with_the_validator_key() {
    let temp = tempfile::tempdir().unwrap();
    let root = temp.path().join("node");
    init(&root, &good_card(temp.path()), &[]).unwrap();
    let dir = DataDir::open(&root).unwrap();
    let key: KeyFile =
        serde_json::from_slice(&fs::read(dir.key_file(KeyRole::Validator)).unwrap()).unwrap();
    let disk = FileDisk::open(&dir.log_dir()).unwrap();
    let (_, recovered) = Storage::open(disk, StorageOptions::new(1)).unwrap();
    let guard = recovered.guard.unwrap();
    assert_eq!(guard.public_key(), key.public_key.as_bytes());
    assert_eq!(guard.last(), None);
}

#[test]
fn observer_has_no_validator_key() {
    let temp = tempfile::tempdir().unwrap();
    let root = temp.path().join("node");
    init(&root, &good_card(temp.path()), &["--observer"]).unwrap();
    let dir = DataDir::open(&root).unwrap();
    assert!(!dir.key_file(KeyRole::Validator).exists());
    assert!(!dir.log_dir().join("wal").exists());
    let text = fs::read_to_string(dir.member_file()).unwrap();
    assert!(text.contains("\"standing\": \"observer\""), "{text}");
}

#[test]
fn directory_that_holds_a_node_is_refused() {
    let temp = tempfile::tempdir().unwrap();
    let root = temp.path().join("node");
    let card = good_card(temp.path());
    init(&root, &card, &[]).unwrap();
    let key = fs::read(root.join("keys/validator.json")).unwrap();
    let refused = init(&root, &card, &[]).unwrap_err();
    assert_eq!(refused.ending(), Ending::Refused);
    assert_eq!(
        refused.to_string(),
        format!(
            "Error: {0} already holds a node: there is a config.toml in it.\n\
             Its keys exist once; new ones would make this another node. Nothing was changed.\n\
             Next: start it with comityd run --dir {0}, or choose another directory\n",
            root.display()
        )
    );
    assert_eq!(fs::read(root.join("keys/validator.json")).unwrap(), key);
    let other = temp.path().join("other");
    fs::create_dir(&other).unwrap();
    fs::write(other.join("letter.txt"), "mine").unwrap();
    let refused = init(&other, &card, &[]).unwrap_err();
    assert!(refused.to_string().contains("is not empty.\n"), "{refused}");
    assert_eq!(fs::read_dir(&other).unwrap().count(), 1);
}

#[test]
fn cards_that_prove_nothing_here_make_no_directory() {
    let temp = tempfile::tempdir().unwrap();
    let card = |key: KeyFile| key.card(&NO_CONSORTIUM).unwrap();
    let mut forged = card(admin_key("health.gd", KeyRole::Admin));
    forged.possession.0[3] ^= 1;
    let elsewhere = admin_key("health.gd", KeyRole::Admin)
        .card(&comity_core::hash::ConsortiumId([9; 32]))
        .unwrap();
    let cases = [
        (
            card(admin_key("tax.gd", KeyRole::Admin)),
            "is a card of tax.gd, but this is the node of health.gd.\n",
        ),
        (
            card(admin_key("health.gd", KeyRole::Officer)),
            "is the card of a key for the role officer, not admin.\n",
        ),
        (elsewhere, "is a card for a consortium that exists already, not for a new one.\n"),
        (forged, "is wrong: the signature does not verify.\n"),
    ];
    let root = temp.path().join("node");
    for (card, expected) in cases {
        let path = write_card(temp.path(), &card);
        let failure = init(&root, &path, &[]).unwrap_err().to_string();
        assert!(failure.contains(expected), "{failure}");
        assert!(failure.contains("Nothing was created.\nNext: "), "{failure}");
        assert!(!root.exists());
    }
}

#[test]
fn private_key_in_the_place_of_a_card_is_recognised_and_not_repeated() {
    let temp = tempfile::tempdir().unwrap();
    let path = temp.path().join("admin.json");
    let text = serde_json::to_string(&admin_key("health.gd", KeyRole::Admin)).unwrap();
    fs::write(&path, text).unwrap();
    let failure = init(&temp.path().join("node"), &path, &[]).unwrap_err().to_string();
    assert!(failure.contains("admin.json is a private key, not a key card.\n"), "{failure}");
    assert!(!failure.contains(&hex::encode([7u8; 32])), "the seed is not shown");
}

const WORDS: &str = "staple paper clip";

/// A screen that can be read afterwards.
#[derive(Clone, Default)]
struct Screen(Rc<RefCell<Vec<u8>>>);

impl Write for Screen {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.borrow_mut().write(bytes)
    }
    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Sets up a node as somebody who gives these answers and types these passphrases. Returns what
/// was reported, and the screen.
fn answered(
    args: &[&str],
    answers: &str,
    passphrases: &[&str],
) -> (Result<String, Failure>, String) {
    let screen = Screen::default();
    let mut asked = screen.clone();
    let mut typed: VecDeque<String> = passphrases.iter().map(|s| (*s).to_owned()).collect();
    let secret = Box::new(move |question: &str| {
        writeln!(asked, "{question}")?;
        typed.pop_front().ok_or_else(|| io::ErrorKind::UnexpectedEof.into())
    });
    let mut terminal = Terminal::answering(answers, Box::new(screen.clone()), secret);
    let words = ["comityd", "init"].iter().chain(args).map(Into::into);
    let args = crate::args::parse(words).unwrap();
    let result = super::super::perform(args.command, &mut terminal);
    let shown = String::from_utf8(screen.0.borrow().clone()).unwrap();
    (result, shown)
}

/// Answers to all questions, in their order.
fn answers(root: &Path, admin: &str) -> String {
    let lines = [
        // The agency: two answers are corrected at once.
        "Health",
        "health.gd",
        "Health Bureau",
        "city",
        "county",
        "440100",
        "",
        "",
        "data.gd",
        // The node.
        &root.display().to_string(),
        "Cloud Company",
        "",
        "10.20.0.7:7070",
        "0.0.0.0:8080",
        "",
        // The admin key.
        admin,
    ];
    lines.join("\n") + "\n"
}

#[test]
fn operator_who_is_asked_sets_up_the_node_that_was_meant() {
    let temp = tempfile::tempdir().unwrap();
    let root = temp.path().join("node");
    let card = good_card(temp.path()).display().to_string();
    let (report, shown) = answered(&[], &answers(&root, &format!("{card}\nyes")), &[]);
    let report = report.unwrap();
    assert!(report.contains("Keep secret: keys/validator.json"), "{report}");
    for told in [
        "Not usable: \"Health\" is not an agency id",
        "Not usable: answer one of national, provincial, municipal",
        "0.0.0.0:8080 can be reached from other machines",
        "Operated by [Health Bureau]: ",
        "Listens at   /ip4/10.20.0.7/tcp/7070",
    ] {
        assert!(shown.contains(told), "{told} is missing in {shown}");
    }
    let dir = DataDir::open(&root).unwrap();
    let config = Config::load(&dir.config_file()).unwrap();
    assert_eq!(config.network.listen[0].multiaddr().to_string(), "/ip4/10.20.0.7/tcp/7070");
    let member: GenesisMember =
        serde_json::from_slice(&fs::read(dir.member_file()).unwrap()).unwrap();
    assert_eq!(member.agency.operated_by.as_str(), "Cloud Company");
    assert_eq!(member.agency.authority.unwrap().as_str(), "data.gd");
    assert_eq!(member.agency.superior, None);
}

#[test]
fn admin_key_that_is_made_here_is_under_a_passphrase_and_outside_of_the_directory() {
    let temp = tempfile::tempdir().unwrap();
    let (root, key) = (temp.path().join("node"), temp.path().join("admin.key"));
    let inside = root.join("admin.key");
    let admin = format!("\n\n{}\n{}\n\n", inside.display(), key.display());
    let typed = ["short", WORDS, "staple paper clips", WORDS, WORDS];
    let (report, shown) = answered(&[], &answers(&root, &admin), &typed);
    let report = report.unwrap();
    assert!(report.contains("Take away: ") && report.contains("then delete them here"), "{report}");
    for told in ["would lie in the node's directory", "shorter than 8", "the two are not the same"]
    {
        assert!(shown.contains(told), "{told} is missing in {shown}");
    }
    assert!(!shown.contains(WORDS) && !report.contains(WORDS));
    assert_eq!(mode(&key), 0o600);
    let file: KeyFile = serde_json::from_slice(&fs::read(&key).unwrap()).unwrap();
    assert!(file.is_sealed());
    file.unlock(&passphrase::normal(WORDS).unwrap()).unwrap();
    assert_eq!(file.post.as_str(), "Head of the data office");
    let card: KeyCard =
        serde_json::from_slice(&fs::read(temp.path().join("admin.card.json")).unwrap()).unwrap();
    card.verify().unwrap();
    let dir = DataDir::open(&root).unwrap();
    let member: GenesisMember =
        serde_json::from_slice(&fs::read(dir.member_file()).unwrap()).unwrap();
    assert!(member.keys.iter().any(|key| key.key == card.public_key));
}

#[test]
fn nothing_is_made_before_it_is_confirmed() {
    let temp = tempfile::tempdir().unwrap();
    let root = temp.path().join("node");
    let key = temp.path().join("admin.key");
    let admin = format!("\n\n{}\nno\n", key.display());
    let (refused, _) = answered(&[], &answers(&root, &admin), &[WORDS, WORDS]);
    assert!(refused.unwrap_err().to_string().contains("Nothing was created."));
    let cut_short = answers(&root, "");
    let (refused, _) = answered(&[], &cut_short, &[]);
    let refused = refused.unwrap_err().to_string();
    assert!(refused.starts_with("Error: nobody answered"), "{refused}");
    assert!(!root.exists() && !key.exists());
}

#[test]
fn script_gives_everything_as_arguments_or_is_told_what_is_missing() {
    let temp = tempfile::tempdir().unwrap();
    let (root, key) = (temp.path().join("node"), temp.path().join("admin"));
    let words = temp.path().join("words");
    write_new(&words, WORDS.as_bytes(), PRIVATE_FILE).unwrap();
    let [root_text, key_text, words_text] = [&root, &key, &words].map(|p| p.display().to_string());
    let run = |more: &[&str]| {
        let args = ["comityd", "init", "--dir", &root_text, "--agency", "health.gd"];
        let args = crate::args::parse(args.iter().chain(more).map(Into::into)).unwrap();
        super::super::perform(args.command, &mut Terminal::nobody())
    };
    let refused = run(&["--name", "Health Bureau"]).unwrap_err();
    assert_eq!(refused.ending(), Ending::NotUnderstood);
    let shown = refused.to_string();
    assert!(shown.contains("these are missing: --level, --region, --admin-card."), "{shown}");
    let about = ["--name", "Health Bureau", "--level", "county", "--region", "440100"];
    let admin = ["--new-admin-key", &key_text, "--admin-post", "Data office"];
    let refused = run(&[&about[..], &admin].concat()).unwrap_err().to_string();
    assert!(refused.contains("these are missing: --admin-passphrase-file."), "{refused}");
    assert!(!root.exists() && !key.exists());

    let files = ["--admin-passphrase-file", &words_text, "--node-passphrase-file", &words_text];
    let report = run(&[&about[..], &admin, &files].concat()).unwrap();
    assert!(report.contains(&format!("with the passphrase in {words_text}")), "{report}");
    let dir = DataDir::open(&root).unwrap();
    let config = Config::load(&dir.config_file()).unwrap();
    assert_eq!(config.keys.passphrase_file, Some(words));
    for path in [key.clone(), dir.key_file(KeyRole::Validator), dir.key_file(KeyRole::Note)] {
        let file: KeyFile = serde_json::from_slice(&fs::read(&path).unwrap()).unwrap();
        assert!(file.is_sealed(), "{}", path.display());
    }
    assert!(temp.path().join("admin.card.json").exists());
    let other = temp.path().join("other").display().to_string();
    let args = ["comityd", "init", "--dir", &other, "--agency", "health.gd"];
    let args = args.iter().chain(&about).chain(&admin).chain(&files).map(Into::into);
    let refused =
        super::super::perform(crate::args::parse(args).unwrap().command, &mut Terminal::nobody());
    assert!(refused.unwrap_err().to_string().contains("exists already"));
}
