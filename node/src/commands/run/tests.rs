//! A node that must not start says why, in the words an operator reads.

use std::fs;
use std::net::TcpListener;

use comity_core::agency::KeyRole;

use super::*;
use crate::failure::Ending;
use crate::founding::{Founded, comityd, text};

fn run(dir: &DataDir) -> Failure {
    comityd(&["run", "--dir", &text(dir.root())]).unwrap_err()
}

#[test]
fn second_start_is_refused_and_names_the_first() {
    let founded = Founded::new();
    let dir = founded.dir("tax.gd");
    let _running = dir.lock().unwrap();
    let refused = run(dir);
    let expected = format!(
        "Error: another process (number {}) is working in {}.\n",
        std::process::id(),
        dir.root().display()
    );
    assert_eq!(refused.ending(), Ending::Refused);
    assert!(refused.to_string().starts_with(&expected), "{refused}");
}

#[test]
fn node_without_its_genesis_explains_where_it_comes_from() {
    let founded = Founded::new();
    let dir = founded.dir("tax.gd");
    fs::remove_file(dir.genesis_file()).unwrap();
    assert_eq!(
        run(dir).to_string(),
        format!(
            "Error: {0} does not exist.\n\
             Without the genesis the node does not know which consortium it belongs to.\n\
             Next: get genesis.json from whoever ran comityd genesis, compare the consortium's id \
             with them by telephone, and copy it to {0}\n",
            dir.genesis_file().display()
        )
    );
}

#[test]
fn blocks_under_the_genesis_of_another_consortium_are_refused() {
    let founded = Founded::new();
    let dir = founded.dir("tax.gd");
    founded.store(dir, &founded.blocks(1));
    // The same members and keys, founded a moment later.
    let mut other = founded.genesis.clone();
    other.time = other.time.plus(1);
    fs::write(dir.genesis_file(), serde_json::to_vec(&other).unwrap()).unwrap();
    any_port(dir);
    assert_eq!(
        run(dir).to_string(),
        format!(
            "Error: the blocks in {} are of consortium {}, but genesis.json is of {}.\n\
             The genesis or the directory log/ was copied here from elsewhere. Nothing was \
             started.\n\
             Next: put the genesis.json of this node's consortium back: its id is the one that \
             all members compared\n",
            dir.root().display(),
            founded.genesis.id(),
            other.id()
        )
    );
    assert!(!dir.view_dir().exists(), "no view of strangers is begun");
}

#[test]
fn port_that_is_taken_is_named_with_the_option_to_change() {
    let founded = Founded::new();
    let dir = founded.dir("tax.gd");
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap();
    let config = format!("agency = \"tax.gd\"\n[api]\nlisten = \"{address}\"\n");
    fs::write(dir.config_file(), config).unwrap();
    let failure = run(dir).to_string();
    assert!(failure.contains(&address.to_string()), "{failure}");
    assert!(failure.contains("change listen under [api] in config.toml"), "{failure}");
}

#[test]
fn port_for_nodes_that_is_taken_is_named_with_the_option_to_change() {
    let founded = Founded::new();
    let dir = founded.dir("tax.gd");
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = taken.local_addr().unwrap().port();
    let config = format!(
        "agency = \"tax.gd\"\n[network]\nlisten = [\"/ip4/127.0.0.1/tcp/{port}\"]\n\
         [api]\nlisten = \"127.0.0.1:0\"\n"
    );
    fs::write(dir.config_file(), config).unwrap();
    let failure = run(dir).to_string();
    assert!(failure.contains(&format!("/ip4/127.0.0.1/tcp/{port}")), "{failure}");
    assert!(failure.contains("change listen under [network] in config.toml"), "{failure}");
}

#[test]
fn node_to_call_that_is_no_member_is_named() {
    let founded = Founded::new();
    let dir = founded.dir("tax.gd");
    any_port(dir);
    let mut config = fs::read_to_string(dir.config_file()).unwrap();
    config += "[[network.peers]]\nagency = \"police.gd\"\naddress = \"/ip4/10.0.0.2/tcp/7070\"\n";
    fs::write(dir.config_file(), config).unwrap();
    let failure = run(dir).to_string();
    assert!(failure.contains("police.gd is not a member of this consortium.\n"), "{failure}");
}

#[test]
fn sign_guard_of_another_key_is_refused() {
    let founded = Founded::new();
    let (dir, other) = (founded.dir("tax.gd"), founded.dir("data.gd"));
    any_port(dir);
    fs::copy(other.log_dir().join("wal"), dir.log_dir().join("wal")).unwrap();
    let refused = run(dir);
    assert_eq!(refused.ending(), Ending::Refused);
    assert!(refused.to_string().contains("put this node's own log/wal and keys back"));
}

#[test]
fn keys_are_checked_before_anything_is_opened() {
    let founded = Founded::new();
    let dir = founded.dir("tax.gd");
    fs::copy(founded.dir("data.gd").key_file(KeyRole::Transport), dir.key_file(KeyRole::Transport))
        .unwrap();
    let failure = run(dir).to_string();
    assert!(failure.contains("is a key of data.gd, but config.toml says"), "{failure}");
    assert!(!dir.view_dir().exists());
}

/// Settings under which no port is ever taken.
fn any_port(dir: &DataDir) {
    let config = "agency = \"tax.gd\"\n\
                  [api]\nlisten = \"127.0.0.1:0\"\n\
                  [network]\nlisten = [\"/ip4/127.0.0.1/tcp/0\"]\n";
    fs::write(dir.config_file(), config).unwrap();
}
