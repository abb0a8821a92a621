//! The webhook against a real listener: order, trying again, restarts, and a node that goes on.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::Path;
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::time::Duration;

use comity_core::ids::LogIndex;
use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::Sha256;
use tempfile::TempDir;

use super::*;
use crate::http::tests::fixture::Node;
use crate::view::tests::chain::Chain;

/// Longer than anything here takes.
const PATIENT: Duration = Duration::from_secs(60);

/// A message as it arrived; whoever answers it decides how.
struct Message {
    index: u64,
    head: Vec<String>,
    body: Vec<u8>,
    stream: TcpStream,
}

impl Message {
    fn answer(mut self, status: u16) -> u64 {
        let head = format!("HTTP/1.1 {status} X\r\ncontent-length: 0\r\nconnection: close\r\n\r\n");
        self.stream.write_all(head.as_bytes()).unwrap();
        self.index
    }

    fn header(&self, name: &str) -> Option<&str> {
        let named = self.head.iter().filter_map(|line| line.split_once(": "));
        named.filter(|(found, _)| found.eq_ignore_ascii_case(name)).map(|(_, value)| value).next()
    }
}

/// A receiver that hands each message to the test.
struct Listening {
    address: SocketAddr,
    messages: Receiver<Message>,
}

impl Listening {
    fn start() -> Listening {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let (tell, messages) = channel();
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                if receive(stream.unwrap(), &tell).is_none() {
                    return;
                }
            }
        });
        Listening { address, messages }
    }

    fn next(&self) -> Message {
        self.messages.recv_timeout(PATIENT).expect("a message comes in time")
    }

    /// Takes the next messages; their indexes.
    fn take(&self, count: usize) -> Vec<u64> {
        (0..count).map(|_| self.next().answer(204)).collect()
    }
}

fn receive(stream: TcpStream, tell: &Sender<Message>) -> Option<()> {
    let mut reader = BufReader::new(stream);
    let mut head = Vec::new();
    loop {
        let mut line = String::new();
        reader.read_line(&mut line).ok()?;
        match line.trim_end() {
            "" => break,
            line => head.push(line.to_owned()),
        }
    }
    let message =
        Message { index: 0, head, body: vec![], stream: reader.get_ref().try_clone().ok()? };
    let length = message.header("content-length")?.parse().ok()?;
    let mut body = vec![0; length];
    reader.read_exact(&mut body).ok()?;
    let index = serde_json::from_slice::<serde_json::Value>(&body).ok()?["index"].as_u64()?;
    assert_eq!(message.header("comity-index"), Some(index.to_string().as_str()));
    tell.send(Message { index, body, ..message }).ok()
}

fn options(address: SocketAddr, extra: &str) -> WebhookOptions {
    toml::from_str(&format!("url = \"http://{address}/comity\"\n{extra}")).unwrap()
}

fn courier(node: &Node, dir: &Path, options: &WebhookOptions) -> Courier {
    std::fs::write(dir.join("config.toml"), "").unwrap();
    let dir = DataDir::open(dir).unwrap();
    let consortium = node.api.consortium();
    Courier {
        post: Post::new(options, &dir, consortium).unwrap(),
        cursor: Cursor::open(dir.webhook_cursor_file(), consortium).unwrap(),
        filters: filters(options, &"health.gd".parse().unwrap()),
        api: node.api.clone(),
        view: node.view.clone(),
        numbers: Numbers::default(),
        patience: Patience { first: Duration::from_millis(2), longest: Duration::from_millis(8) },
        closing: Arc::default(),
    }
}

fn start(courier: Courier) -> (Webhook, Numbers) {
    let (view, numbers) = (courier.view.clone(), courier.numbers.clone());
    (Webhook::run(courier, &view, &Handle::current()).unwrap(), numbers)
}

fn cursor(dir: &Path) -> u64 {
    let text = std::fs::read(dir.join("webhook.cursor")).unwrap();
    serde_json::from_slice::<serde_json::Value>(&text).unwrap()["next"].as_u64().unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn each_entry_is_sent_in_order_as_the_api_shows_it() {
    let mut node = Node::start(Chain::with_accesses(3)).await;
    let (listening, dir) = (Listening::start(), TempDir::new().unwrap());
    let secret = dir.path().join("secret");
    std::fs::write(&secret, "0123456789abcdef\n").unwrap();
    let mode = std::os::unix::fs::PermissionsExt::from_mode(0o600);
    std::fs::set_permissions(&secret, mode).unwrap();
    let options = options(listening.address, "secret_file = \"secret\"");
    let (webhook, numbers) = start(courier(&node, dir.path(), &options));
    for index in 0..8 {
        let message = listening.next();
        let shown = node.view.entry(&node.view.snapshot(), LogIndex(index)).unwrap().unwrap();
        assert_eq!(message.body, node.api.entry_text(&shown).unwrap().as_bytes());
        let consortium = node.api.consortium().to_string();
        assert_eq!(message.header("comity-consortium"), Some(consortium.as_str()));
        assert_eq!(message.header("content-type"), Some("application/json"));
        let mut mac = Hmac::<Sha256>::new_from_slice(b"0123456789abcdef").unwrap();
        mac.update(&message.body);
        let expected = format!("sha256={}", hex::encode(mac.finalize().into_bytes()));
        assert_eq!(message.header("comity-signature"), Some(expected.as_str()));
        assert_eq!(message.answer(200), index);
    }
    // And those that are committed from then on.
    let record = node.chain.access();
    node.commit(vec![record]);
    assert_eq!(listening.take(1), [8]);
    drop(webhook);
    assert_eq!((numbers.delivered.get(), numbers.behind.get()), (9, 0));
    assert_eq!(cursor(dir.path()), 9);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_not_taken_is_sent_again_before_anything_after_it() {
    let node = Node::start(Chain::with_accesses(1)).await;
    let (listening, dir) = (Listening::start(), TempDir::new().unwrap());
    let options = options(listening.address, "");
    let (webhook, numbers) = start(courier(&node, dir.path(), &options));
    assert_eq!(listening.take(1), [0]);
    for refusal in [500, 503, 404, 410, 301] {
        assert_eq!(listening.next().answer(refusal), 1);
    }
    // No answer at all.
    drop(listening.next().stream);
    let again = listening.next();
    assert!(numbers.failing_since.get() > 0);
    assert_eq!(numbers.behind.get(), 3);
    assert_eq!(again.answer(200), 1);
    assert_eq!(listening.take(2), [2, 3]);
    drop(webhook);
    assert_eq!((numbers.failing_since.get(), numbers.delivered.get()), (0, 4));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_restart_goes_on_at_the_cursor_and_loses_nothing() {
    let mut node = Node::start(Chain::with_accesses(1)).await;
    let (listening, dir) = (Listening::start(), TempDir::new().unwrap());
    let options = options(listening.address, "");
    let (webhook, _) = start(courier(&node, dir.path(), &options));
    assert_eq!(listening.take(2), [0, 1]);
    let unanswered = listening.next();
    assert_eq!(unanswered.index, 2);
    // Ends while a message is under way: what was not answered counts as not taken.
    webhook.closing.store(true, Ordering::Release);
    drop(unanswered.stream);
    drop(webhook);
    assert_eq!(cursor(dir.path()), 2);
    let record = node.chain.access();
    node.commit(vec![record]);
    node.view.settle().unwrap();
    let (webhook, _) = start(courier(&node, dir.path(), &options));
    assert_eq!(listening.take(3), [2, 3, 4]);
    drop(webhook);
    assert_eq!(cursor(dir.path()), 5);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_receiver_that_does_not_answer_holds_up_no_commit() {
    let mut node = Node::start(Chain::with_accesses(0)).await;
    let (listening, dir) = (Listening::start(), TempDir::new().unwrap());
    let options = options(listening.address, "");
    let (webhook, numbers) = start(courier(&node, dir.path(), &options));
    let held = listening.next();
    for _ in 0..200 {
        let record = node.chain.access();
        node.commit(vec![record]);
    }
    node.view.settle().unwrap();
    assert_eq!(node.view.snapshot().log_size(), 202);
    assert_eq!(held.answer(200), 0);
    let expected: Vec<u64> = (1..202).collect();
    assert_eq!(listening.take(201), expected);
    drop(webhook);
    assert_eq!((numbers.delivered.get(), cursor(dir.path())), (202, 202));
}

#[tokio::test(flavor = "multi_thread")]
async fn only_what_is_wanted_is_sent() {
    let mut chain = Chain::with_accesses(1);
    let own = chain.publish("civil.gd/marriages");
    chain.push(vec![own]);
    let node = Node::start(chain).await;
    let cases = [
        ("agencies = [\"tax.gd\"]", vec![1, 2, 3]),
        ("agencies = [\"civil.gd\", \"tax.gd\"]", vec![1, 2, 3, 4]),
        ("agencies = \"all\"\nkinds = [\"publish-dataset\", \"issue-grant\"]", vec![0, 1, 4]),
        ("", vec![0, 1, 2, 3]),
    ];
    for (extra, wanted) in cases {
        let (listening, dir) = (Listening::start(), TempDir::new().unwrap());
        let options = options(listening.address, extra);
        let (webhook, numbers) = start(courier(&node, dir.path(), &options));
        assert_eq!(listening.take(wanted.len()), wanted, "{extra}");
        let deadline = std::time::Instant::now() + PATIENT;
        while (numbers.delivered.get(), numbers.behind.get()) != (wanted.len() as u64, 0) {
            assert!(std::time::Instant::now() < deadline, "{numbers:?}");
            std::thread::yield_now();
        }
        drop(webhook);
        let found = listening.messages.recv_timeout(Duration::ZERO);
        assert!(matches!(found, Err(RecvTimeoutError::Timeout)), "nothing else is sent");
        assert!(cursor(dir.path()) > *wanted.last().unwrap());
    }
}

#[test]
fn waits_double_up_to_the_longest() {
    let patience = Patience::default();
    let seconds = |failures| patience.wait(failures).as_secs();
    assert_eq!([1, 2, 3, 4, 7, 8, 1000].map(seconds), [1, 2, 4, 8, 60, 60, 60]);
}

#[test]
fn a_cursor_of_another_consortium_or_that_cannot_be_read_is_not_used() {
    let dir = TempDir::new().unwrap();
    let path = dir.path().join("webhook.cursor");
    let mut cursor = Cursor::open(path.clone(), ConsortiumId([1; 32])).unwrap();
    cursor.advance(LogIndex(7));
    cursor.write().unwrap();
    assert_eq!(Cursor::open(path.clone(), ConsortiumId([1; 32])).unwrap().next(), LogIndex(7));
    let other = Cursor::open(path.clone(), ConsortiumId([2; 32]));
    assert!(matches!(other, Err(WebhookError::OtherConsortium { .. })));
    std::fs::write(&path, "7").unwrap();
    let unread = Cursor::open(path, ConsortiumId([1; 32]));
    assert!(matches!(unread, Err(WebhookError::Cursor { .. })));
}
