//! The log before the eyes of programs that nobody here wrote: Go's own transparency-log packages, two
//! readers and a witness from PyPI. `.ci/tlog` brings them; where they are not, these tests say so and
//! end.
//! Holds: what they judge is what a running node serves; nothing of ours checks it for them.
//! Source: c2sp.org/tlog-tiles, tlog-checkpoint, tlog-cosignature, tlog-witness.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use comity_core::checkpoint::{Checkpoint, verify_cosignature};
use comity_core::hash::LogRoot;
use comity_core::keys::SecretKey;
use comity_core::note::NoteKey;
use serde_json::Value;

use crate::cluster::strangers::metric;
use crate::cluster::witnesses::{configure, note_keys, published};
use crate::harness::author::{Author, Role};
use crate::harness::consortium::Consortium;
use crate::harness::http::Api;
use crate::harness::node::Node;
use crate::harness::page::root;
use crate::harness::ports::free_port;
use crate::harness::program::run;
use crate::harness::wait;

const WITNESS: &str = "w.example/1";

/// A program that `.ci/tlog` has brought; without it the reason is printed.
fn tool(name: &str) -> Option<PathBuf> {
    let path = root().join("target/tlog").join(name);
    if path.is_file() {
        return Some(path);
    }
    println!("skipped: target/tlog/{name} is not here: run .ci/tlog");
    None
}

/// Commits records until the log has `size` entries.
fn grow(consortium: &Consortium, admin: &Author, size: u64) {
    let node = &consortium.nodes[0];
    let has = || node.status()["log_size"].as_u64().unwrap();
    for _ in has()..size {
        let taken = node.api.submit("/v1/records", &admin.register(Role::Officer).0).unwrap();
        assert_eq!(taken.status, 202, "{}", taken.text());
    }
    wait::until("the log to grow", || match has() {
        found if found == size => Ok(()),
        found => Err(format!("{found} of {size}")),
    });
}

/// Waits until the published checkpoint has so many entries, and writes it to a file.
fn keep(node: &Node, key: &NoteKey, size: u64, dir: &Path) -> PathBuf {
    wait::until("the checkpoint", || match published(node, key) {
        Some((checkpoint, _)) if checkpoint.size == size => Ok(()),
        found => Err(format!("{size} wanted, {found:?} found")),
    });
    let path = dir.join(format!("{size}.checkpoint"));
    fs::write(&path, node.api.get("/tlog/checkpoint").body).unwrap();
    path
}

fn prefix(node: &Node) -> String {
    format!("{}/tlog", node.api.url())
}

#[test]
fn gos_own_packages_read_a_log_of_whole_and_partial_tiles_and_find_each_larger_one_consistent() {
    let Some(go) = tool("tlogread") else { return };
    let consortium = Consortium::start(1);
    let (node, key) = (&consortium.nodes[0], &note_keys(&consortium)[0]);
    let admin = consortium.admin(0);
    let mut older: Vec<PathBuf> = Vec::new();
    for size in [1, 255, 256, 257, 600] {
        grow(&consortium, &admin, size);
        let newest = keep(node, key, size, consortium.dir());
        let mut command = Command::new(&go);
        command.arg(prefix(node)).arg(key.name()).arg(key.to_string()).args(&older);
        let said = run(&mut command).done();
        println!("{said}");
        assert!(said.starts_with(&format!("{size} entries")), "{said}");
        assert!(said.contains("tiles with a changed byte are refused"), "{said}");
        let consistent = said.matches("it goes on where the checkpoint of").count();
        assert_eq!(consistent, older.len(), "{said}");
        older.push(newest);
    }
    let mut command = Command::new(&go);
    command.arg(prefix(node)).arg("comity/another").arg(key.to_string());
    run(&mut command).refused(1, &["not a checkpoint of comity/another"]);
}

/// A witness that nobody here wrote, with a log that it trusts.
struct ForeignWitness {
    process: Child,
    api: Api,
    key: NoteKey,
}

impl ForeignWitness {
    fn start(program: &Path, dir: &Path, trusted: &NoteKey) -> ForeignWitness {
        let dir = dir.join("witness");
        fs::create_dir(&dir).unwrap();
        let call = |args: &[&str]| {
            let mut command = Command::new(program);
            let config = ["--config", "witness.json"];
            command.args(args).args(config).current_dir(&dir).stdin(Stdio::null());
            command
        };
        let key = run(&mut call(&["init", "--name", WITNESS])).done().trim().parse().unwrap();
        let vkey = trusted.to_string();
        run(&mut call(&["add-log", "--origin", trusted.name(), "--vkey", &vkey])).done();
        let api = Api { port: free_port() };
        let address = format!("127.0.0.1:{}", api.port);
        let log = File::create(dir.join("log")).unwrap();
        let mut command = call(&["serve", "--listen", &address]);
        let process = command.stdout(Stdio::null()).stderr(log).spawn().unwrap();
        wait::until("the witness to listen", || {
            api.ask("GET /healthz", &[], b"").map(drop).map_err(|error| error.to_string())
        });
        ForeignWitness { process, api, key }
    }

    fn option(&self) -> String {
        let (url, key) = (self.api.url(), &self.key);
        format!("[[checkpoints.witnesses]]\nurl = \"{url}\"\nkey = \"{key}\"\n")
    }
}

impl Drop for ForeignWitness {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

#[test]
fn witness_and_readers_from_pypi_cosign_and_accept_the_log() {
    let Some(program) = tool("venv/bin/aics-witness") else { return };
    let Some(python) = tool("venv/bin/python") else { return };
    let mut consortium = Consortium::found(1);
    let key = note_keys(&consortium).remove(0);
    let witness = ForeignWitness::start(&program, consortium.dir(), &key);
    configure(&consortium.nodes[0], "", &[witness.option()]);
    consortium.start_all();
    let (node, admin) = (&consortium.nodes[0], consortium.admin(0));
    let mut older: Option<PathBuf> = None;
    for size in [3, 256, 600] {
        grow(&consortium, &admin, size);
        let newest = keep(node, &key, size, consortium.dir());
        let (_, note) = published(node, &key).unwrap();
        let signed = |line| verify_cosignature(&note.text, line, &witness.key).is_ok();
        assert!(note.signatures.iter().any(signed), "{note}");
        let mut command = Command::new(&python);
        command.arg(root().join("tests/tlog/read.py")).arg(prefix(node));
        command.arg(key.name()).arg(key.to_string());
        command.args(["--quorum", "1", "--witness", &witness.key.to_string()]);
        command.args(older.iter().flat_map(|path| ["--older".as_ref(), path.as_os_str()]));
        let said = run(&mut command).done();
        println!("{said}");
        assert!(said.contains(&format!("{size} entries")), "{said}");
        older = Some(newest);
    }
}

/// The key with which a node signs checkpoints.
fn note_secret(node: &Node) -> SecretKey {
    let file: Value =
        serde_json::from_slice(&fs::read(node.file("keys/note.json")).unwrap()).unwrap();
    let seed = hex::decode(file["secret"]["plain"].as_str().unwrap()).unwrap();
    SecretKey::from_seed(&seed.try_into().unwrap())
}

#[test]
fn witness_from_pypi_that_was_shown_another_log_refuses_this_one_and_the_node_says_so() {
    let Some(program) = tool("venv/bin/aics-witness") else { return };
    let mut consortium = Consortium::found(1);
    let key = note_keys(&consortium).remove(0);
    let witness = ForeignWitness::start(&program, consortium.dir(), &key);
    let another = Checkpoint { origin: key.name().to_owned(), size: 2, root: LogRoot([7; 32]) };
    let note = another.sign(&note_secret(&consortium.nodes[0])).unwrap();
    let shown = format!("old 0\n\n{note}");
    let taken = witness.api.ask("POST /add-checkpoint", &[], shown.as_bytes()).unwrap();
    assert_eq!(taken.status, 200, "{}", taken.text());

    configure(&consortium.nodes[0], "", &[witness.option()]);
    consortium.start_all();
    grow(&consortium, &consortium.admin(0), 3);
    let name = format!("comity_witness_conflict{{witness=\"{WITNESS}\"}}");
    let api = consortium.nodes[0].api;
    wait::until("the conflict", || match metric(api, &name) {
        1.0 => Ok(()),
        value => Err(value.to_string()),
    });
    assert!(published(&consortium.nodes[0], &key).is_none());
}
