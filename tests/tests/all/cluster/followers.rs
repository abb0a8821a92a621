//! Programs that follow the log of a node, which ends without warning and comes back.
//! Holds: they see every entry, in order; what was taken before the end is not sent or shown again.

use std::fs::{self, File};
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::os::unix::fs::PermissionsExt as _;
use std::process::{Child, Stdio};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread;

use serde_json::Value;
use sha2::{Digest as _, Sha256};

use crate::harness::author::{Author, Role};
use crate::harness::consortium::Consortium;
use crate::harness::node::Node;
use crate::harness::program::comity;
use crate::harness::wait;

const SECRET: &str = "a secret of a county bureau";

/// What the webhook sent; it is taken when the test says so.
struct Message {
    head: Vec<String>,
    body: Vec<u8>,
    stream: TcpStream,
}

impl Message {
    fn header(&self, name: &str) -> &str {
        let headers = self.head.iter().filter_map(|line| line.split_once(": "));
        let mut named = headers.filter(|(found, _)| found.eq_ignore_ascii_case(name));
        named.next().unwrap_or_else(|| panic!("{name} is not in {:?}", self.head)).1
    }

    fn index(&self) -> u64 {
        self.header("comity-index").parse().unwrap()
    }

    fn answer(mut self, status: u16) {
        let answer = format!("HTTP/1.1 {status} X\r\ncontent-length: 0\r\n\r\n");
        self.stream.write_all(answer.as_bytes()).unwrap();
    }
}

/// A program that the webhook tells.
struct Listening {
    port: u16,
    messages: Receiver<Message>,
}

impl Listening {
    fn start() -> Listening {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let port = listener.local_addr().unwrap().port();
        let (tell, messages) = channel();
        thread::spawn(move || {
            for stream in listener.incoming() {
                let (stream, tell) = (stream.unwrap(), tell.clone());
                thread::spawn(move || receive(stream, &tell));
            }
        });
        Listening { port, messages }
    }

    fn next(&self) -> Message {
        self.messages.recv_timeout(wait::LIMIT).expect("a message comes in time")
    }

    /// Takes the next message, which is of entry `index`, as the node's API shows it, and signed.
    fn take(&self, index: u64, node: &Node) {
        let message = self.next();
        assert_eq!(message.index(), index);
        let shown = node.api.get(&format!("/v1/entries/{index}"));
        assert_eq!(String::from_utf8_lossy(&message.body), shown.text());
        let signature = format!("sha256={}", hex::encode(hmac_sha256(SECRET, &message.body)));
        assert_eq!(message.header("comity-signature"), signature);
        message.answer(204);
    }
}

/// Hands over all messages of one connection.
fn receive(stream: TcpStream, tell: &Sender<Message>) -> Option<()> {
    let mut reader = BufReader::new(stream);
    loop {
        let lines = reader.by_ref().lines().map_while(Result::ok);
        let head: Vec<String> = lines.take_while(|line| !line.is_empty()).collect();
        let stream = reader.get_ref().try_clone().ok()?;
        let mut message = Message { head, body: vec![], stream };
        if message.head.is_empty() {
            return None;
        }
        message.body.resize(message.header("content-length").parse().ok()?, 0);
        reader.read_exact(&mut message.body).ok()?;
        tell.send(message).ok()?;
    }
}

/// RFC 2104, for a key not longer than a block.
fn hmac_sha256(key: &str, message: &[u8]) -> Vec<u8> {
    let mut pads = [[0x36; 64], [0x5c; 64]];
    for pad in &mut pads {
        pad.iter_mut().zip(key.bytes()).for_each(|(byte, key)| *byte ^= key);
    }
    let inner = Sha256::new().chain_update(pads[0]).chain_update(message).finalize();
    Sha256::new().chain_update(pads[1]).chain_update(inner).finalize().to_vec()
}

fn some_record(admin: &Author) -> Vec<u8> {
    admin.register(Role::Officer).0
}

/// Configures the webhook as docs/operations.md says.
fn configure_webhook(node: &Node, port: u16) {
    let secret = node.file("webhook.secret");
    fs::write(&secret, format!("{SECRET}\n")).unwrap();
    fs::set_permissions(&secret, fs::Permissions::from_mode(0o600)).unwrap();
    let mut config = File::options().append(true).open(node.file("config.toml")).unwrap();
    writeln!(config, "\n[webhook]\nurl = \"http://127.0.0.1:{port}/comity\"").unwrap();
    writeln!(config, "secret_file = \"webhook.secret\"").unwrap();
}

/// Waits until the node has kept that everything before entry `next` was taken.
fn until_cursor(node: &Node, next: u64) {
    wait::until("the webhook's cursor", || {
        let text = fs::read(node.file("webhook.cursor")).map_err(|error| error.to_string())?;
        let cursor: Value = serde_json::from_slice(&text).unwrap();
        if cursor["next"] == next { Ok(()) } else { Err(cursor.to_string()) }
    });
}

#[test]
fn webhook_of_a_killed_node_goes_on_with_the_entry_that_was_not_taken() {
    let mut consortium = Consortium::found(1);
    let listening = Listening::start();
    configure_webhook(&consortium.nodes[0], listening.port);
    consortium.start_all();
    let admin = consortium.admin(0);
    for index in 0..3 {
        consortium.nodes[0].api.commit(&some_record(&admin));
        listening.take(index, &consortium.nodes[0]);
    }
    until_cursor(&consortium.nodes[0], 3);
    // Two entries wait: one has been sent and is not answered, the other is behind it.
    consortium.nodes[0].api.commit(&some_record(&admin));
    let unanswered = listening.next();
    assert_eq!(unanswered.index(), 3);
    consortium.nodes[0].api.commit(&some_record(&admin));
    consortium.nodes[0].kill();
    drop(unanswered);
    // On a slow machine it may have been sent again before the end.
    listening.messages.try_iter().for_each(drop);

    consortium.start_all();
    for index in 3..5 {
        listening.take(index, &consortium.nodes[0]);
    }
    consortium.nodes[0].api.commit(&some_record(&admin));
    listening.take(5, &consortium.nodes[0]);
    until_cursor(&consortium.nodes[0], 6);
}

/// `comity log tail`, as another system runs it.
struct Tail {
    process: Child,
    entries: Receiver<Value>,
}

impl Tail {
    fn start(consortium: &Consortium, count: u64) -> Tail {
        let count = count.to_string();
        let mut command =
            comity(consortium.dir(), ["log", "tail", "--json", "--from", "0", "--count", &count]);
        command.args(["--node", &consortium.nodes[0].api.url()]);
        let process = command.stdout(Stdio::piped()).stderr(Stdio::null()).spawn();
        let mut process = process.unwrap();
        let out = BufReader::new(process.stdout.take().unwrap());
        let (tell, entries) = channel();
        thread::spawn(move || {
            let lines = out.lines().map_while(Result::ok);
            lines.map(|line| serde_json::from_str(&line).unwrap()).try_for_each(|e| tell.send(e))
        });
        Tail { process, entries }
    }

    fn next(&self) -> Value {
        self.entries.recv_timeout(wait::LIMIT).expect("an entry is shown in time")
    }
}

impl Drop for Tail {
    fn drop(&mut self) {
        // Where it has ended by itself there is nothing to end.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

#[test]
fn log_tail_skips_and_repeats_nothing_when_its_node_is_killed_and_comes_back() {
    let mut consortium = Consortium::start(1);
    let admin = consortium.admin(0);
    let mut tail = Tail::start(&consortium, 6);
    let mut committed = Vec::new();
    for _ in 0..3 {
        committed.push(consortium.nodes[0].api.commit(&some_record(&admin)));
    }
    let mut shown: Vec<Value> = (0..3).map(|_| tail.next()).collect();
    // Nobody knows whether the listener hears of this one before its node is gone.
    committed.push(consortium.nodes[0].api.commit(&some_record(&admin)));
    consortium.nodes[0].kill();
    consortium.start_all();
    for _ in 0..2 {
        committed.push(consortium.nodes[0].api.commit(&some_record(&admin)));
    }
    shown.extend((0..3).map(|_| tail.next()));
    for (index, (shown, committed)) in shown.iter().zip(&committed).enumerate() {
        assert_eq!(shown["index"], index);
        assert_eq!(shown["record_id"], committed["record_id"]);
    }
    let status = wait::until("log tail to end", || match tail.process.try_wait().unwrap() {
        Some(status) => Ok(status),
        None => Err("it runs".to_owned()),
    });
    assert_eq!(status.code(), Some(0));
    assert!(tail.entries.recv().is_err(), "more is shown than was asked for");
}
