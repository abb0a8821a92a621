//! A node of one process: the real ledger behind a few routes of the API, and answers that can be
//! put in its mouth.
//! Holds: it listens on loopback only and ends with its owner.

use std::collections::VecDeque;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use comity_core::access::SignedAttempt;
use comity_core::grant::Usage;
use comity_core::ids::{GrantId, TimeMs};
use comity_core::ledger::{Ledger, NewBlock};
use comity_core::refusal::Refusal;
use comity_core::state;
use comity_core::statement::VerifiedRecord;
use serde_json::{Value, json};

use super::fixture::{NOW, certificate, genesis};

/// An answer.
#[derive(Clone, Debug)]
pub(super) enum Answer {
    /// A status and JSON.
    Json(u16, Value),
    /// Text of a stated type, after which the connection ends.
    Stream(&'static str, String),
    /// The connection ends without an answer.
    HangUp,
}

/// What the node knows, and what was asked of it.
pub(super) struct Inside {
    ledger: Ledger,
    entries: Vec<Value>,
    /// Answers to give first, by the beginning of the request line.
    pub(super) canned: VecDeque<(String, Answer)>,
    /// Request lines with bodies, as they came.
    pub(super) asked: Vec<(String, Vec<u8>)>,
    /// Done before the next record is executed: what others commit meanwhile.
    pub(super) meanwhile: Vec<Vec<u8>>,
}

/// A node on loopback.
pub(super) struct FakeNode {
    address: SocketAddr,
    inside: Arc<Mutex<Inside>>,
    thread: Option<JoinHandle<()>>,
}

impl FakeNode {
    pub(super) fn start() -> FakeNode {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let inside = Arc::new(Mutex::new(Inside {
            ledger: Ledger::new(&genesis()).unwrap(),
            entries: vec![],
            canned: VecDeque::new(),
            asked: vec![],
            meanwhile: vec![],
        }));
        let served = inside.clone();
        let thread = std::thread::spawn(move || {
            for stream in listener.incoming() {
                if serve(stream.unwrap(), &served).is_none() {
                    return;
                }
            }
        });
        FakeNode { address, inside, thread: Some(thread) }
    }

    pub(super) fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Looks or reaches inside.
    pub(super) fn inside<T>(&self, act: impl FnOnce(&mut Inside) -> T) -> T {
        act(&mut self.inside.lock().unwrap())
    }

    /// Gives this answer to the next request that begins so.
    pub(super) fn answer(&self, request: &str, answer: Answer) {
        self.inside(|inside| inside.canned.push_back((request.to_owned(), answer)));
    }

    /// Bodies of the requests that begin so.
    pub(super) fn asked(&self, request: &str) -> Vec<Vec<u8>> {
        self.inside(|inside| {
            let matching = inside.asked.iter().filter(|(line, _)| line.starts_with(request));
            matching.map(|(_, body)| body.clone()).collect()
        })
    }
}

impl Drop for FakeNode {
    fn drop(&mut self) {
        if let Ok(mut stream) = TcpStream::connect(self.address) {
            let _ = stream.write_all(b"STOP / HTTP/1.1\r\n\r\n");
        }
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

/// Answers one connection's one request; `None` when asked to stop.
fn serve(stream: TcpStream, inside: &Mutex<Inside>) -> Option<()> {
    let mut reader = BufReader::new(stream);
    let mut line = String::new();
    reader.read_line(&mut line).ok()?;
    let mut length = 0;
    loop {
        let mut header = String::new();
        reader.read_line(&mut header).ok()?;
        if header.trim().is_empty() {
            break;
        }
        if let Some((name, value)) = header.split_once(':')
            && name.eq_ignore_ascii_case("content-length")
        {
            length = value.trim().parse().unwrap();
        }
    }
    if line.starts_with("STOP") {
        return None;
    }
    let mut body = vec![0; length];
    reader.read_exact(&mut body).ok()?;
    let request = line.trim_end().trim_end_matches(" HTTP/1.1").to_owned();
    let answer = inside.lock().unwrap().answer(&request, body);
    write_answer(reader.into_inner(), answer);
    Some(())
}

fn write_answer(mut stream: TcpStream, answer: Answer) {
    let (status, kind, body) = match answer {
        Answer::HangUp => return,
        Answer::Json(status, value) => (status, "application/json", value.to_string()),
        Answer::Stream(kind, body) => (200, kind, body),
    };
    let head = format!(
        "HTTP/1.1 {status} X\r\ncontent-type: {kind}\r\ncontent-length: {}\r\nconnection: close\r\n\r\n",
        body.len()
    );
    let _ = stream.write_all(head.as_bytes()).and_then(|()| stream.write_all(body.as_bytes()));
}

/// A problem that names a rule.
pub(super) fn rule_problem(refusal: &Refusal) -> Value {
    let value = serde_json::to_value(refusal).unwrap();
    json!({
        "type": format!("urn:comity:rule:{}", refusal.rule()),
        "title": "Refused", "status": 409, "detail": refusal.to_string(),
        "rule": refusal.rule(), "refusal": value,
    })
}

impl Inside {
    fn answer(&mut self, request: &str, body: Vec<u8>) -> Answer {
        self.asked.push((request.to_owned(), body.clone()));
        if let Some(at) = self.canned.iter().position(|(start, _)| request.starts_with(start)) {
            return self.canned.remove(at).unwrap().1;
        }
        let (method, path) = request.split_once(' ').unwrap();
        let path = path.split('?').next().unwrap();
        let answer = match (method, path.rsplit_once('/')) {
            ("GET", _) if path == "/v1/status" => Some(self.status()),
            ("POST", _) if path == "/v1/records" => return self.submit(&body),
            ("POST", _) if path == "/v1/evaluate" => Some(self.evaluate(&body)),
            ("GET", Some(("/v1/grants", id))) => self.grant(id.parse().unwrap()),
            ("GET", Some(("/v1/keys", key))) => self.key(key),
            ("GET", Some(("/v1/entries", at))) => {
                self.entries.get(at.parse::<usize>().unwrap()).cloned()
            }
            _ => None,
        };
        let missing = json!({"type": "urn:comity:problem:not-found", "status": 404});
        answer.map_or(Answer::Json(404, missing), |found| Answer::Json(200, found))
    }

    fn status(&self) -> Value {
        let tip = self.ledger.tip();
        json!({
            "agency": "audit.gd", "consortium": self.ledger.consortium(),
            "name": "Test consortium", "version": "0.0.1", "height": tip.height,
            "header_hash": tip.hash, "time": tip.time, "log_size": self.ledger.log().size(),
            "voting": "active", "votes_from": null,
        })
    }

    fn submit(&mut self, bytes: &[u8]) -> Answer {
        for other in std::mem::take(&mut self.meanwhile) {
            assert!(self.commit(&other).is_ok(), "what others commit is in order");
        }
        match self.commit(bytes) {
            Ok(at) => {
                let entry = &self.entries[at];
                let mut answer = entry.clone();
                answer["status"] = json!("committed");
                answer["header_hash"] = json!(self.ledger.tip().hash);
                Answer::Json(200, answer)
            }
            Err(problem) => {
                let status = if problem["status"] == json!(400) { 400 } else { 409 };
                Answer::Json(status, problem)
            }
        }
    }

    /// Commits a record in a block of its own; one that is committed stays where it is.
    pub(super) fn commit(&mut self, bytes: &[u8]) -> Result<usize, Value> {
        let base64 = BASE64_STANDARD.encode(bytes);
        if let Some(at) = self.entries.iter().position(|entry| entry["bytes"] == json!(base64)) {
            return Ok(at);
        }
        let record = VerifiedRecord::verify(bytes, self.ledger.consortium())
            .map_err(|e| json!({"type": format!("urn:comity:rule:{}", e.rule()), "status": 400}))?;
        let tip = self.ledger.tip();
        let parent = (tip.height.0 > 0).then(|| {
            let certificate = certificate(tip.height, tip.hash);
            certificate.verify(self.ledger.consortium(), self.ledger.validators()).unwrap()
        });
        let time = TimeMs(NOW.0.max(tip.time.0 + 1));
        let new = NewBlock { time, round: 0, parent: parent.as_ref() };
        let built = self.ledger.build(&new, [record.clone()]);
        if let Some((_, refusal)) = built.refused.first() {
            return Err(rule_problem(refusal));
        }
        self.ledger.commit(&built.executed);
        self.entries.push(json!({
            "index": self.entries.len(), "height": self.ledger.tip().height, "time": time,
            "record_id": record.id(), "leaf_hash": record.leaf(),
            "kind": record.statement().action.kind(), "record": record.record(),
            "bytes": base64,
        }));
        Ok(self.entries.len() - 1)
    }

    fn evaluate(&self, body: &[u8]) -> Value {
        let attempt: SignedAttempt = serde_json::from_slice(body).unwrap();
        match self.ledger.evaluate(&attempt.attempt, NOW) {
            Ok(usage) => json!({ "allowed": true, "usage": usage }),
            Err(refusal) => {
                json!({ "allowed": false, "rule": refusal.rule(), "refusal": refusal })
            }
        }
    }

    fn grant(&self, id: GrantId) -> Option<Value> {
        let grant = state::grant(&self.ledger, id)?;
        let usage: Usage = state::usage(&self.ledger, id);
        let standing = if grant.revoked.is_some() { "revoked" } else { "in-force" };
        Some(json!({ "id": id, "grant": grant, "usage": usage, "standing": standing }))
    }

    fn key(&self, key: &str) -> Option<Value> {
        let key = key.parse().unwrap();
        let found = state::key(&self.ledger, &key)?;
        Some(json!({ "public_key": key, "key": found }))
    }

    /// Every entry, as the API shows it.
    pub(super) fn entries(&self) -> &[Value] {
        &self.entries
    }
}
