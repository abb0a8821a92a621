//! A node of one process: the real ledger behind a few routes of the API, and answers that can be
//! put in its mouth.
//! Holds: it listens on loopback only and ends with its owner.

use std::collections::{BTreeMap, VecDeque};
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use comity_core::access::SignedAttempt;
use comity_core::agency::KeyRole;
use comity_core::encoding::decode;
use comity_core::ids::TimeMs;
use comity_core::keys::SecretKey;
use comity_core::ledger::{Ledger, NewBlock};
use comity_core::query::{Query, SignedQuery};
use comity_core::refusal::Refusal;
use comity_core::sealed::Opening;
use comity_core::state;
use comity_core::statement::VerifiedRecord;
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

use super::fake_lists::{Lists, asked};
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
    /// Openings that are kept, and erased ones without them, by commitment.
    pub(super) kept: BTreeMap<String, Value>,
    /// Done before the next record is executed: what others commit meanwhile.
    pub(super) meanwhile: Vec<Vec<u8>>,
    /// Details of datasets, by hash.
    pub(super) details: BTreeMap<String, String>,
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
            kept: BTreeMap::new(),
            meanwhile: vec![],
            details: BTreeMap::new(),
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
    let (mut length, mut signed) = (0, None);
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
        if let Some((name, value)) = header.split_once(':')
            && name.eq_ignore_ascii_case("authorization")
        {
            let base64 = value.trim().strip_prefix("Comity ").unwrap();
            let bytes = BASE64_STANDARD.decode(base64).unwrap();
            signed = Some(decode::<SignedQuery>(&bytes, 4096).unwrap());
        }
    }
    if line.starts_with("STOP") {
        return None;
    }
    let mut body = vec![0; length];
    reader.read_exact(&mut body).ok()?;
    let request = line.trim_end().trim_end_matches(" HTTP/1.1").to_owned();
    if let Some(signed) = signed {
        signed.verify().unwrap();
        let Query { method, path, body: digest, .. } = signed.query;
        assert_eq!(format!("{method} {path}"), request);
        assert_eq!(digest.as_str(), hex::encode(Sha256::digest(&body)));
    } else {
        assert!(!request.contains(" /v1/sealed"), "{request} is signed");
    }
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
        if let Some(answer) = self.catalogue(method, path, &body) {
            return answer;
        }
        let answer = match (method, path.rsplit_once('/')) {
            ("GET", _) if path == "/v1/status" => Some(self.status()),
            ("GET", _) if path == "/v1/genesis" => Some(json!(genesis())),
            ("POST", _) if path == "/v1/records" => return self.submit(&body),
            ("POST", _) if path == "/v1/evaluate" => Some(self.evaluate(&body)),
            ("POST", _) if path == "/v1/sealed" => Some(self.keep(&body)),
            ("GET", Some(("/v1/sealed", at))) => return self.kept(at),
            ("DELETE", Some(("/v1/sealed", at))) => Some(self.erase(at, &body)),
            ("GET", Some(("/v1/keys", key))) => self.key(key),
            ("GET", Some(("/v1/entries", at))) => {
                self.entries.get(at.parse::<usize>().unwrap()).cloned()
            }
            ("GET", _) => {
                let lists = Lists { ledger: &self.ledger, entries: &self.entries };
                lists.answer(path, &asked(request))
            }
            _ => None,
        };
        let missing = json!({"type": "urn:comity:problem:not-found", "status": 404});
        answer.map_or(Answer::Json(404, missing), |found| Answer::Json(200, found))
    }

    fn keep(&mut self, body: &[u8]) -> Value {
        let body: Value = serde_json::from_slice(body).unwrap();
        let openings: Vec<Opening> = serde_json::from_value(body["openings"].clone()).unwrap();
        let keep = |opening: Opening| {
            let commitment = opening.commitment(self.ledger.consortium()).to_string();
            let mut kept = json!(opening);
            kept["commitment"] = json!(commitment);
            kept["kept_at"] = json!(NOW);
            kept["kept_by"] = json!(SecretKey::from_seed(&[1; 32]).public());
            self.kept.insert(commitment.clone(), kept);
            commitment
        };
        json!({ "commitments": openings.into_iter().map(keep).collect::<Vec<_>>() })
    }

    fn kept(&self, commitment: &str) -> Answer {
        let problem = |status: u16, name: &str, detail: &str| {
            let kind = format!("urn:comity:problem:{name}");
            Answer::Json(status, json!({ "type": kind, "status": status, "detail": detail }))
        };
        match self.kept.get(commitment) {
            Some(erasure) if erasure.get("text").is_none() => {
                let mut body = erasure.clone();
                body["type"] = json!("urn:comity:problem:erased");
                body["detail"] = json!(format!("erased at {} (ms since 1970)", body["erased_at"]));
                Answer::Json(410, body)
            }
            Some(kept) => Answer::Json(200, kept.clone()),
            None => problem(404, "not-kept", "not kept here"),
        }
    }

    fn erase(&mut self, commitment: &str, body: &[u8]) -> Value {
        let body: Value = serde_json::from_slice(body).unwrap();
        let by = self.kept[commitment]["kept_by"].clone();
        let erasure = json!({ "erased_at": NOW, "erased_by": by, "reason": body["reason"] });
        self.kept.insert(commitment.to_owned(), erasure.clone());
        erasure
    }

    pub(super) fn status(&self) -> Value {
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

    /// What is answered to a GET of this path.
    pub(super) fn object(&self, path: &str) -> Value {
        let lists = Lists { ledger: &self.ledger, entries: &self.entries };
        lists.answer(path, &asked(path)).unwrap()
    }

    fn key(&self, key: &str) -> Option<Value> {
        let key = key.parse().unwrap();
        let found = state::key(&self.ledger, &key)?;
        let numbers =
            (found.role == KeyRole::Gateway).then(|| state::gateway_numbers(&self.ledger, &key));
        Some(json!({ "public_key": key, "key": found, "numbers": numbers }))
    }

    /// The ledger.
    pub(super) fn ledger(&self) -> &Ledger {
        &self.ledger
    }

    /// Every entry, as the API shows it.
    pub(super) fn entries(&self) -> &[Value] {
        &self.entries
    }
}
