//! An auditor's own copy, kept from real nodes: as in docs/auditors.md, "A copy of your own".

use std::fs;
use std::io::{BufRead as _, BufReader, Write as _};
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::process::Stdio;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use serde_json::Value;

use crate::harness::author::{Author, Role};
use crate::harness::consortium::Consortium;
use crate::harness::http::Api;
use crate::harness::node::Node;
use crate::harness::ports::free_port;
use crate::harness::program::{Ran, comity};
use crate::harness::wait;

/// Blocks of a log that does not come through in one piece.
const MANY: usize = 640;
/// How long a connection that is held says nothing before it looks again.
const PAUSE: Duration = Duration::from_millis(20);

/// Publishes a dataset in a block of its own.
fn publish(node: &Node, steward: &Author, slug: &str) -> u64 {
    node.api.commit(&steward.publish(slug))["height"].as_u64().unwrap()
}

fn sync(consortium: &Consortium, urls: &[&str]) -> Ran {
    let genesis = consortium.genesis.display().to_string();
    let args = ["audit", "sync", "--copy", "evidence", "--genesis", &genesis, "--json"];
    consortium.comity(0, &[&args[..], urls].concat())
}

fn verified(consortium: &Consortium) -> Value {
    let genesis = consortium.genesis.display().to_string();
    let archive = "evidence/log.archive";
    consortium
        .comity(0, &["verify", "archive", archive, "--genesis", &genesis, "--json"])
        .done_json()
}

/// The fault's name: the command ended with this code.
fn fault(ran: &Ran, code: i32) -> String {
    assert_eq!(ran.code, Some(code), "{ran:#?}");
    let error = serde_json::from_str::<Value>(&ran.out).unwrap()["error"].take();
    error["name"].as_str().unwrap().to_owned()
}

/// A node with the same keys and the same past as another, at other ports: its twin does not know of it.
fn twin(consortium: &Consortium, number: usize) -> Node {
    let node = &consortium.nodes[number];
    let dir = consortium.dir().join("twin");
    copy_dir(&node.dir, &dir);
    let (port, api) = (free_port(), Api { port: free_port() });
    let config = fs::read_to_string(dir.join("config.toml")).unwrap();
    let config = config.replace(&format!("/tcp/{}", node.port), &format!("/tcp/{port}"));
    let config = config.replace(&format!(":{}", node.api.port), &format!(":{}", api.port));
    fs::write(dir.join("config.toml"), config).unwrap();
    Node::new(&node.agency, dir, api, port)
}

fn copy_dir(from: &std::path::Path, to: &std::path::Path) {
    fs::create_dir_all(to).unwrap();
    fs::set_permissions(to, fs::metadata(from).unwrap().permissions()).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let to = to.join(entry.file_name());
        match entry.file_type().unwrap().is_dir() {
            true => copy_dir(&entry.path(), &to),
            false => drop(fs::copy(entry.path(), &to).unwrap()),
        }
    }
}

#[test]
fn copy_grows_with_the_log_and_goes_on_where_it_ended() {
    let mut consortium = Consortium::start(4);
    let steward = consortium.person(0, Role::Steward);
    let first = publish(&consortium.nodes[0], &steward, "births");
    consortium.same_tip(&[0, 1, 2, 3], first);
    let urls: Vec<String> = consortium.nodes.iter().map(|node| node.api.url()).collect();
    let [one, two, three, ..] = &urls[..] else { panic!() };
    let ran = sync(&consortium, &[one, two, three]).done_json();
    assert_eq!((&ran["nodes_that_agree"], &ran["entries"]), (&3.into(), &2.into()), "{ran}");

    // A node that is behind the copy, or away, does not keep the others from being asked.
    consortium.nodes[3].kill();
    let second = publish(&consortium.nodes[0], &steward, "deaths");
    consortium.same_tip(&[0, 1, 2], second);
    let ran = sync(&consortium, &[three, &urls[3]]);
    assert_eq!(ran.code, Some(7), "{ran:#?}");
    assert!(ran.err.contains("Not from everyone"), "{ran:#?}");
    let found: Value = serde_json::from_str(&ran.out).unwrap();
    assert_eq!((&found["nodes_that_agree"], &found["entries"]), (&1.into(), &3.into()));
    let status = consortium.nodes[0].status();
    assert_eq!(found["header_hash"], status["header_hash"]);
    assert_eq!(verified(&consortium)["tip"]["header_hash"], status["header_hash"]);
    assert_eq!(fault(&sync(&consortium, &[&urls[3]]), 6), "node-unreachable");

    let args = ["audit", "compare", one, two, three, "--out", "fork.proof", "--json", "--genesis"];
    let genesis = consortium.genesis.display().to_string();
    let agreed = consortium.comity(0, &[&args[..], &[&genesis]].concat()).done_json();
    assert_eq!(agreed["agree"], true);
    assert!(!consortium.dir().join("fork.proof").exists());
}

#[test]
fn copy_that_was_damaged_or_is_of_another_consortium_is_refused() {
    let consortium = Consortium::start(1);
    let steward = consortium.person(0, Role::Steward);
    publish(&consortium.nodes[0], &steward, "births");
    let url = consortium.nodes[0].api.url();
    let other = consortium.other_genesis(None).display().to_string();
    let args = ["audit", "sync", "--copy", "evidence", "--json", &url, "--genesis"];
    // A copy that began with the wrong genesis holds nothing yet.
    let ran = consortium.comity(0, &[&args[..], &[&other]].concat());
    assert_eq!(fault(&ran, 5), "audit-other-consortium");
    sync(&consortium, &[&url]).done();
    let ran = consortium.comity(0, &[&args[..], &[&other]].concat());
    assert_eq!(fault(&ran, 1), "audit-other-genesis");
    let archive = consortium.dir().join("evidence/log.archive");
    let whole = fs::read(&archive).unwrap();
    let mark: Value =
        serde_json::from_slice(&fs::read(consortium.dir().join("evidence/copy.json")).unwrap())
            .unwrap();
    let proven = usize::try_from(mark["archive_bytes"].as_u64().unwrap()).unwrap();
    for place in [0, 41, proven / 2, proven - 1] {
        let mut changed = whole.clone();
        changed[place] ^= 1;
        fs::write(&archive, &changed).unwrap();
        assert_eq!(fault(&sync(&consortium, &[&url]), 5), "audit-copy-damaged", "byte {place}");
    }
    fs::write(&archive, &whole[..proven - 1]).unwrap();
    assert_eq!(fault(&sync(&consortium, &[&url]), 5), "audit-copy-damaged");
    // What a power cut leaves behind the last proven block is cut off.
    fs::write(&archive, [&whole[..proven], b"half a frame"].concat()).unwrap();
    sync(&consortium, &[&url]).done();
    assert_eq!(fs::read(&archive).unwrap(), whole);
    // The ledger that was kept may be lost, or be of no use.
    fs::write(consortium.dir().join("evidence/ledger.saved"), b"rubbish").unwrap();
    sync(&consortium, &[&url]).done();
}

#[test]
fn split_view_is_proven_with_who_is_to_blame_and_a_rewriting_is_refused() {
    let mut consortium = Consortium::start(1);
    let steward = consortium.person(0, Role::Steward);
    publish(&consortium.nodes[0], &steward, "births");
    consortium.nodes[0].stop();
    let mut twin = twin(&consortium, 0);
    consortium.nodes[0].start();
    consortium.nodes[0].ready();
    twin.start();
    twin.ready();
    let parted = publish(&consortium.nodes[0], &steward, "deaths");
    publish(&consortium.nodes[0], &steward, "marriages");
    assert_eq!(publish(&twin, &steward, "divorces"), parted);
    let urls = [consortium.nodes[0].api.url(), twin.api.url()];
    sync(&consortium, &[&urls[0]]).done();
    // The twin's log is shorter than the copy, and another.
    assert_eq!(fault(&sync(&consortium, &[&urls[1]]), 5), "audit-rewrite");

    let genesis = consortium.genesis.display().to_string();
    let both: &[&str] = &[&urls[0], &urls[1]];
    let with_copy: &[&str] = &["--copy", "evidence", &urls[1]];
    for (who, out) in [(both, "fork.proof"), (with_copy, "copy.proof")] {
        let args = ["audit", "compare", "--genesis", &genesis, "--json", "--out", out];
        let ran = consortium.comity(0, &[&args[..], who].concat());
        assert_eq!(ran.code, Some(5), "{ran:#?}");
        let found: Value = serde_json::from_str(&ran.out).unwrap();
        assert_eq!(found["agree"], false, "{found}");
        assert_eq!(found["blocks"][0]["height"], parted, "{found}");
        let args = ["verify", "proof", out, "--genesis", &genesis, "--json"];
        let proven = consortium.comity(0, &args).done_json();
        let judged = proven["judged"].as_array().unwrap();
        assert_eq!(judged.len(), 1, "{proven}");
        assert_eq!(judged[0]["agency"], consortium.nodes[0].agency.as_str());
        assert_eq!(judged[0]["verdict"], "guilty", "{proven}");
    }
    let proofs = ["fork.proof", "copy.proof"].map(|f| fs::read(consortium.dir().join(f)).unwrap());
    assert_eq!(proofs[0], proofs[1]);
}

/// Answers like a node, but for the archive, of which so many bytes come and then nothing.
struct Stalling<'a> {
    node: Api,
    archive_bytes: usize,
    over: &'a AtomicBool,
}

impl Stalling<'_> {
    fn serve(&self, listener: &TcpListener) {
        listener.set_nonblocking(true).unwrap();
        while !self.over.load(Ordering::Relaxed) {
            match listener.accept() {
                Ok((stream, _)) => self.answer(stream),
                Err(_) => wait::last(PAUSE),
            }
        }
    }

    fn answer(&self, stream: TcpStream) {
        stream.set_nonblocking(false).unwrap();
        let mut reader = BufReader::new(stream);
        let (mut request, mut line) = (String::new(), String::new());
        reader.read_line(&mut request).unwrap();
        while reader.read_line(&mut line).unwrap() > 2 {
            line.clear();
        }
        let path = request.split(' ').nth(1).unwrap();
        let answer = self.node.get(path);
        let sent = match path.starts_with("/v1/archive") {
            true => &answer.body[..self.archive_bytes],
            false => &answer.body[..],
        };
        let head = format!(
            "HTTP/1.1 200 OK\r\ncontent-length: {}\r\nconnection: close\r\n\r\n",
            answer.body.len()
        );
        let mut stream = reader.into_inner();
        // Whoever asked may be gone.
        let _ = stream.write_all(head.as_bytes()).and_then(|()| stream.write_all(sent));
        while sent.len() < answer.body.len() && !self.over.load(Ordering::Relaxed) {
            wait::last(PAUSE);
        }
    }
}

/// Ends a process that a test that fails would leave behind.
struct Running(std::process::Child);

impl Drop for Running {
    fn drop(&mut self) {
        // It has ended, or it shall.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

#[test]
fn copy_whose_run_was_killed_in_the_middle_goes_on_with_what_was_proven() {
    let consortium = Consortium::start(1);
    let steward = consortium.person(0, Role::Steward);
    for n in 0..MANY {
        publish(&consortium.nodes[0], &steward, &format!("set-{n}"));
    }
    let node = consortium.nodes[0].api;
    let archive_bytes = node.get("/v1/archive?from=1").body.len() * 95 / 100;
    let (over, listener) = (AtomicBool::new(false), TcpListener::bind((Ipv4Addr::LOCALHOST, 0)));
    let listener = listener.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let mark = consortium.dir().join("evidence/copy.json");
    let height = || -> u64 {
        let text = fs::read(&mark).unwrap_or_default();
        let mark: Value = serde_json::from_slice(&text).unwrap_or_default();
        mark["height"].as_u64().unwrap_or_default()
    };
    std::thread::scope(|scope| {
        let _over = wait::Over(&over);
        let stalling = Stalling { node, archive_bytes, over: &over };
        scope.spawn(move || stalling.serve(&listener));
        let genesis = consortium.genesis.display().to_string();
        let args = ["audit", "sync", "--copy", "evidence", "--genesis", &genesis, &url];
        let mut command = comity(consortium.dir(), args);
        let mut running =
            Running(command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap());
        wait::until("a part of the log in the copy", || match height() {
            0 => Err(format!("none; the command: {:?}", running.0.try_wait())),
            height => Ok(height),
        });
    });
    let before = height();
    let ran = sync(&consortium, &[&node.url()]).done_json();
    let status = consortium.nodes[0].status();
    assert_eq!(ran["header_hash"], status["header_hash"]);
    let new = status["height"].as_u64().unwrap() - before;
    assert!(new > 0, "{ran}");
    assert_eq!(ran["new_blocks"], new);
    assert_eq!(verified(&consortium)["tip"]["header_hash"], status["header_hash"]);
}
