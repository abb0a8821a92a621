//! An operator's day with the real program: set up, found, run, look, stop, export, reindex.
//! Holds: what is asserted is what an operator sees: files, lines, exit codes.

// Everything here is test code, which clippy's own setting does not see outside of `#[test]`.
#![allow(clippy::unwrap_used)]

use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStderr, Command, Output, Stdio};
use std::time::Duration;

use comity_core::agency::KeyRole;
use comity_core::genesis::NO_CONSORTIUM;
use comity_core::key_file::KeyFile;
use comity_core::keys::SecretKey;
use comity_core::text::Text;

const AGENCY: &str = "health.gd";

fn comityd(words: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_comityd")).args(words).output().unwrap()
}

/// Runs a command that succeeds. Returns what it prints.
fn done(words: &[&str]) -> String {
    let output = comityd(words);
    let said = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(0), "{words:?}: {said}");
    String::from_utf8(output.stdout).unwrap()
}

/// Runs a command that does not succeed. Returns its exit code and what it says.
fn failed(words: &[&str]) -> (i32, String) {
    let output = comityd(words);
    assert!(output.stdout.is_empty(), "results alone go to stdout");
    (output.status.code().unwrap(), String::from_utf8(output.stderr).unwrap())
}

fn admin_card(dir: &Path) -> PathBuf {
    let secret = SecretKey::from_seed(&[3; 32]);
    let key = KeyFile::new(AGENCY.parse().unwrap(), KeyRole::Admin, Text::default(), &secret);
    let path = dir.join("admin.card.json");
    fs::write(&path, serde_json::to_vec(&key.card(&NO_CONSORTIUM).unwrap()).unwrap()).unwrap();
    path
}

/// A consortium of one, whose node commits by itself, on ports that are free.
fn set_up(temp: &Path) -> PathBuf {
    let (root, card, genesis) = (temp.join("node"), admin_card(temp), temp.join("genesis.json"));
    let [root_text, card, genesis_text] =
        [&root, &card, &genesis].map(|path| path.display().to_string());
    let about = ["--name", "Health Bureau", "--level", "county", "--region", "440100"];
    let ports = ["--listen", "/ip4/127.0.0.1/tcp/0", "--api-listen", "127.0.0.1:0"];
    let mut words = vec!["init", "--dir", &root_text, "--agency", AGENCY, "--admin-card", &card];
    words.extend(about);
    words.extend(ports);
    done(&words);
    let member = format!("{root_text}/member.json");
    let founding = ["--name", "Alone", "--authority", AGENCY, "--heartbeat-ms", "100"];
    let mut words = vec!["genesis", "--member", &member, "--out", &genesis_text];
    words.extend(founding);
    let report = done(&words);
    assert!(report.contains("\nConsortium id: "), "{report}");
    fs::copy(genesis, root.join("genesis.json")).unwrap();
    root
}

/// A running node; stopped when dropped.
struct Running {
    process: Child,
    log: BufReader<ChildStderr>,
}

impl Running {
    fn start(root: &Path, more: &[&str]) -> Running {
        let mut process = Command::new(env!("CARGO_BIN_EXE_comityd"))
            .args(["run", "--dir"])
            .arg(root)
            .args(more)
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let log = BufReader::new(process.stderr.take().unwrap());
        Running { process, log }
    }

    /// Reads the log up to a line with `text`. Returns that line.
    fn until(&mut self, text: &str) -> String {
        let mut read = String::new();
        loop {
            let at = read.len();
            assert_ne!(self.log.read_line(&mut read).unwrap(), 0, "no {text:?} in:\n{read}");
            if read[at..].contains(text) {
                return read[at..].trim_end().to_owned();
            }
        }
    }

    /// Waits until programs are answered. Returns the API's address.
    fn api(&mut self) -> String {
        let line = self.until("listening for programs on http://");
        line.split("http://").nth(1).unwrap().to_owned()
    }

    /// Stops it as a service manager does. Returns its exit code and the rest of its log.
    fn stop(mut self, signal: &str) -> (Option<i32>, String) {
        let pid = self.process.id().to_string();
        assert!(Command::new("kill").args([signal, &pid]).status().unwrap().success());
        let mut rest = String::new();
        self.log.read_to_string(&mut rest).unwrap();
        (self.process.wait().unwrap().code(), rest)
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        // It has ended already, unless the test failed.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// The status of a node, as a program reads it.
fn status(api: &str) -> serde_json::Value {
    let mut stream = TcpStream::connect(api).unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
    let request = "GET /v1/status HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n";
    stream.write_all(request.as_bytes()).unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    let (head, body) = answer.split_once("\r\n\r\n").unwrap();
    assert!(head.starts_with("HTTP/1.1 200 "), "{head}");
    serde_json::from_str(body).unwrap()
}

#[test]
fn node_runs_is_looked_at_and_stops_cleanly() {
    let temp = tempfile::tempdir().unwrap();
    let root = set_up(temp.path());
    let root_text = root.display().to_string();
    let mut running = Running::start(&root, &["--log", "debug"]);
    let first = running.until("comityd ");
    assert!(first.contains(" for health.gd of \"Alone\", consortium "), "{first}");
    let api = running.api();
    running.until("committed a block height=3 ");
    assert_eq!(status(&api)["agency"], AGENCY);
    let pid = running.process.id();
    for words in [["run", "--dir", &root_text], ["reindex", "--dir", &root_text]] {
        let (code, said) = failed(&words);
        assert_eq!(code, 3, "{said}");
        let expected =
            format!("Error: another process (number {pid}) is working in {root_text}.\n");
        assert!(said.starts_with(&expected), "{said}");
    }
    let archive = temp.path().join("chain.comity").display().to_string();
    let report = done(&["export", "--dir", &root_text, "--out", &archive]);
    assert!(report.contains("holds the whole chain up to block "), "{report}");
    let (code, rest) = running.stop("-TERM");
    assert_eq!(code, Some(0), "{rest}");
    assert!(rest.contains("stopping, since it was asked to (SIGTERM)"), "{rest}");
    assert!(rest.trim_end().ends_with("stopped"), "{rest}");
    let report = done(&["reindex", "--dir", &root_text]);
    assert!(report.starts_with("Every block up to "), "{report}");
}

#[test]
fn node_that_was_stopped_goes_on_where_it_was() {
    let temp = tempfile::tempdir().unwrap();
    let root = set_up(temp.path());
    let mut running = Running::start(&root, &["--log-format", "json", "--log", "debug"]);
    let line = running.until("\"height\":2,");
    let event: serde_json::Value = serde_json::from_str(&line).unwrap();
    assert_eq!(event["level"], "DEBUG", "every line is an object");
    let (code, rest) = running.stop("-INT");
    assert_eq!(code, Some(0), "{rest}");
    let mut running = Running::start(&root, &["--log", "debug"]);
    let line = running.until("the chain on this disk reaches to block ");
    let height: u64 = line.rsplit(' ').next().unwrap().parse().unwrap();
    assert!(height >= 2, "{line}");
    running.until(&format!("committed a block height={} ", height + 1));
    assert_eq!(running.stop("-TERM").0, Some(0));
}

#[test]
fn mistakes_end_with_the_code_that_the_help_promises() {
    let temp = tempfile::tempdir().unwrap();
    let root = set_up(temp.path());
    let root_text = root.display().to_string();
    assert_eq!(failed(&["run"]).0, 2);
    assert_eq!(failed(&["run", "--dir", "/nowhere/at/all"]).0, 2);
    fs::write(root.join("config.toml"), "agency = \"health.gd\"\n[apii]\n").unwrap();
    let (code, said) = failed(&["config", "check", "--dir", &root_text]);
    assert_eq!(code, 2);
    assert!(said.contains("config.toml, line 2, column 2: there is no option `apii`"), "{said}");
    let archive = temp.path().join("chain.comity").display().to_string();
    assert_eq!(failed(&["export", "--dir", &root_text, "--out", &archive]).0, 1);
    let help = done(&["--help"]);
    for code in ["0  done", "1  failed", "2  not understood", "3  refused"] {
        assert!(help.contains(code), "{help}");
    }
    assert!(done(&["--version"]).starts_with("comityd "));
}

#[test]
fn doctor_backup_and_restore_work_beside_a_running_node() {
    let temp = tempfile::tempdir().unwrap();
    let root = set_up(temp.path());
    let root_text = root.display().to_string();
    // What it finds here: the node does not run.
    let stopped = comityd(&["doctor", "--dir", &root_text]);
    let said = String::from_utf8(stopped.stdout).unwrap();
    assert!(matches!(stopped.status.code(), Some(4 | 5)), "{said}");
    assert!(said.contains("does not run in this directory"), "{said}");
    let config = fs::read_to_string(root.join("config.toml")).unwrap();
    let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let api = format!("listen = \"127.0.0.1:{port}\"");
    fs::write(root.join("config.toml"), config.replace("listen = \"127.0.0.1:0\"", &api)).unwrap();
    let mut running = Running::start(&root, &["--log", "debug"]);
    running.until("committed a block height=2 ");
    let asked = comityd(&["doctor", "--json", "--dir", &root_text]);
    let report: serde_json::Value = serde_json::from_slice(&asked.stdout).unwrap();
    let findings = report["findings"].as_array().unwrap();
    let of = |subject: &str| findings.iter().find(|found| found["subject"] == subject).unwrap();
    for subject in ["node", "quorum", "votes", "index", "rules", "files"] {
        assert_eq!(of(subject)["level"], "fine", "{report:#}");
    }
    assert!(matches!(asked.status.code(), Some(0 | 4 | 5)), "as bad as its worst finding");
    let backup = temp.path().join("backup").display().to_string();
    let said = done(&["backup", "--dir", &root_text, "--to", &backup]);
    assert!(said.contains("each was read back"), "{said}");
    assert_eq!(failed(&["backup", "--dir", &root_text, "--to", &backup]).0, 3);
    let (code, said) = failed(&["guard", "reset", "--dir", &root_text]);
    assert_eq!(code, 3, "another process works there: {said}");
    assert!(done(&["guard", "show", "--dir", &root_text]).contains("It needs no reset."));
    assert_eq!(running.stop("-TERM").0, Some(0));
    let new = temp.path().join("new").display().to_string();
    done(&["restore", "--from", &backup, "--dir", &new]);
    let mut restored = Running::start(Path::new(&new), &[]);
    restored.until("this directory was restored from a backup");
    assert_eq!(restored.stop("-TERM").0, Some(0));
}
