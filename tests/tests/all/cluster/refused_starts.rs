//! Starts that would do harm or cannot work, and what the operator is told.

use std::fs;
use std::net::{Ipv4Addr, TcpListener};
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use crate::harness::author::Role;
use crate::harness::consortium::Consortium;
use crate::harness::node::Node;
use crate::harness::program::run;

/// `comityd run` ends by itself with `code`, and says `words` and what to do next.
fn assert_refused(node: &Node, code: i32, words: &[&str]) {
    let said = run(&mut node.command(&["run"])).refused(code, words);
    assert!(said.contains("\nNext: "), "{said}");
}

fn change_config(node: &Node, from: &str, to: &str) {
    let config = fs::read_to_string(node.file("config.toml")).unwrap();
    assert!(config.contains(from), "{from:?} is not in {config}");
    fs::write(node.file("config.toml"), config.replacen(from, to, 1)).unwrap();
}

#[test]
fn second_start_is_refused_with_the_pid() {
    let consortium = Consortium::start(1);
    let pid = format!("number {}", consortium.nodes[0].pid());
    assert_refused(&consortium.nodes[0], 3, &["another process", &pid, "ps -p"]);
    assert_eq!(consortium.nodes[0].api.get("/readyz").status, 200);
}

#[test]
fn another_agencys_directory_is_refused() {
    let consortium = Consortium::found(2);
    let [civil, data] = &consortium.nodes[..] else { panic!() };
    fs::copy(civil.file("keys/transport.json"), data.file("keys/transport.json")).unwrap();
    let words = ["keys/transport.json is a key of civil.th", "this is the node of data.th"];
    assert_refused(data, 3, &words);
    change_config(civil, "agency = \"civil.th\"", "agency = \"data.th\"");
    assert_refused(civil, 3, &["is a key of civil.th", "this is the node of data.th"]);
}

#[test]
fn foreign_genesis_is_refused() {
    let mut consortium = Consortium::start(1);
    let committed = {
        let record = consortium.admin(0).register(Role::Officer).0;
        consortium.nodes[0].api.commit(&record)
    };
    assert_eq!(consortium.nodes[0].stop().code(), Some(0));
    let (own, other) = (consortium.nodes[0].file("genesis.json"), consortium.other_genesis(None));
    fs::copy(&other, &own).unwrap();
    let words = ["the blocks in", &consortium.id().to_string(), "but genesis.json is of"];
    assert_refused(&consortium.nodes[0], 3, &words);
    let moved = consortium.nodes[0].file("view.broken-1");
    assert!(!moved.exists(), "a start that is refused leaves the view as it was");
    let reindex = run(&mut consortium.nodes[0].command(&["reindex"]));
    reindex.refused(3, &["but genesis.json is of"]);

    fs::copy(&consortium.genesis, &own).unwrap();
    consortium.start_all();
    consortium.assert_everywhere(&[0], &committed);
}

#[test]
fn genesis_without_the_agency_is_refused() {
    let consortium = Consortium::found(1);
    let outsider = consortium.outsider();
    assert_refused(&outsider, 1, &["genesis.json does not exist"]);
    fs::copy(&consortium.genesis, outsider.file("genesis.json")).unwrap();
    assert_refused(&outsider, 3, &["tax.th is not a member of \"Thule\""]);
}

#[test]
fn mangled_config_names_the_line() {
    let consortium = Consortium::found(1);
    let node = &consortium.nodes[0];
    change_config(node, "# worker_threads = 2", "worker_treads = 2");
    let config = fs::read_to_string(node.file("config.toml")).unwrap();
    let line = config.lines().position(|line| line.starts_with("worker_treads")).unwrap() + 1;
    let words = ["config.toml", &format!("line {line}, column 1"), "worker_treads"];
    assert_refused(node, 2, &words);
    fs::write(node.file("config.toml"), "agency = \"civil.th\"\n[network\n").unwrap();
    assert_refused(node, 2, &["line 2"]);
    fs::write(node.file("config.toml"), [b'a', 0xFF, b'\n']).unwrap();
    assert_refused(node, 2, &["config.toml"]);
}

#[test]
fn taken_port_is_named() {
    let consortium = Consortium::found(1);
    let node = &consortium.nodes[0];
    for port in [node.api.port, node.port] {
        let taken = TcpListener::bind((Ipv4Addr::LOCALHOST, port)).unwrap();
        let said = run(&mut node.command(&["run"])).err;
        drop(taken);
        assert!(said.contains(&port.to_string()) && said.contains("in use"), "{said}");
        assert!(said.contains("\nNext: ") && said.contains("config.toml"), "{said}");
    }
    change_config(node, "\nlisten = \"127.0.0.1:", "\nlisten = \"0.0.0.0:");
    assert_refused(node, 2, &["can be reached from other machines", "ssh -L"]);
}

#[test]
fn loose_key_permissions_are_refused() {
    let consortium = Consortium::found(1);
    let node = &consortium.nodes[0];
    for role in ["validator", "transport", "note"] {
        let key = node.file(format!("keys/{role}.json"));
        set_mode(&key, 0o640);
        let command = format!("chmod 600 {}", key.display());
        assert_refused(node, 3, &["other users of this machine can read", "640", &command]);
        set_mode(&key, 0o600);
    }
}

fn set_mode(path: &Path, mode: u32) {
    fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
}
