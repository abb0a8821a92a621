//! One witness that answers as the test wants: what is asked of it, and what its answers are worth.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::sync::mpsc::{Receiver, channel};

use comity_core::checkpoint::{Checkpoint, cosign};
use comity_core::hash::LogRoot;
use comity_core::log_tree::Frontier;
use comity_core::note::{NoteKey, NoteKind};
use tempfile::TempDir;

use super::ask::{Candidate, Cosignature, Refusal};
use super::coordinator::retry_after;
use super::store::{Store, StoreError};
use super::*;
use crate::config::{Fail, WitnessOption};

const ORIGIN: &str = "comity/00";
const NAME: &str = "w.example/1";

fn secret(seed: u8) -> SecretKey {
    SecretKey::from_seed(&[seed; 32])
}

fn key(kind: NoteKind, name: &str, seed: u8) -> NoteKey {
    NoteKey::new(name, kind, secret(seed).public()).unwrap()
}

fn candidate(size: u64, root: LogRoot) -> Candidate {
    let checkpoint = Checkpoint { origin: ORIGIN.to_owned(), size, root };
    let note = checkpoint.sign(&secret(1)).unwrap();
    Candidate { checkpoint, note }
}

fn answer(status: &str, kind: &str, body: &[u8]) -> Vec<u8> {
    let (length, close) = (body.len(), "connection: close");
    let head = format!("HTTP/1.1 {status}\r\ncontent-type: {kind}\r\ncontent-length: {length}\r\n");
    [head.as_bytes(), close.as_bytes(), b"\r\n\r\n", body].concat()
}

fn ok(body: &str) -> Vec<u8> {
    answer("200 OK", "text/plain", body.as_bytes())
}

fn conflict(body: &str) -> Vec<u8> {
    answer("409 Conflict", "text/x.tlog.size", body.as_bytes())
}

fn status(status: &str) -> Vec<u8> {
    answer(status, "text/plain", b"")
}

/// Answers so, one question after the other; hands out what it was asked.
fn witness(answers: Vec<Vec<u8>>) -> (Witness, Receiver<String>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let key = key(NoteKind::Cosignature, NAME, 2);
    let url = format!("http://{}/a", listener.local_addr().unwrap());
    let (tell, asked) = channel();
    std::thread::spawn(move || {
        for answer in answers {
            let (stream, _) = listener.accept().unwrap();
            tell.send(question(&stream)).unwrap();
            // One that says too much is not listened to until it ends.
            let _ = (&stream).write_all(&answer);
        }
    });
    let option: WitnessOption =
        toml::from_str(&format!("url = \"{url}/\"\nkey = \"{key}\"")).unwrap();
    (Witness::new(&option), asked)
}

fn question(stream: &TcpStream) -> String {
    let mut reader = BufReader::new(stream);
    let (mut head, mut length) = (String::new(), 0);
    loop {
        let mut line = String::new();
        reader.read_line(&mut line).unwrap();
        if let Some(value) = line.to_lowercase().strip_prefix("content-length:") {
            length = value.trim().parse().unwrap();
        }
        if line.trim_end().is_empty() {
            break;
        }
        head += &line;
    }
    assert!(head.starts_with("POST /a/add-checkpoint HTTP/1.1\r\n"), "{head}");
    let mut body = vec![0; length];
    reader.read_exact(&mut body).unwrap();
    String::from_utf8(body).unwrap()
}

fn now_s() -> u64 {
    crate::clock::system_time().0 / 1_000
}

fn asked(answers: Vec<Vec<u8>>, known: u64) -> (Result<Cosignature, Refusal>, Vec<String>) {
    let (witness, asked) = witness(answers);
    let of = candidate(5, LogRoot([9; 32]));
    let outcome = witness.ask(&of, known, |old, _| (old != 4).then(|| vec![[7; 32]]));
    (outcome, asked.try_iter().collect())
}

#[test]
fn witness_is_asked_from_where_it_is_and_what_it_signs_is_verified() {
    let note = candidate(5, LogRoot([9; 32])).note;
    let line = cosign(&note.text, NAME, &secret(2), now_s()).unwrap();
    let other = cosign(&note.text, "w.example/2", &secret(3), 1).unwrap();
    let (outcome, questions) =
        asked(vec![conflict("3\n"), conflict("5\n"), ok(&format!("{other}{line}"))], 0);
    let signed = outcome.unwrap();
    assert_eq!(signed.line, line);
    let proof = "BwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwc=";
    let expected = ["old 0\n\n", &format!("old 3\n{proof}\n\n"), "old 5\n\n"];
    assert_eq!(questions, expected.map(|begins| format!("{begins}{note}")));
}

#[test]
fn every_answer_that_is_no_cosignature_is_refused_by_its_name() {
    let note = candidate(5, LogRoot([9; 32])).note;
    let line = |text: &str, name: &str, seed, time_s| {
        cosign(text, name, &secret(seed), time_s).unwrap().to_string()
    };
    let good = line(&note.text, NAME, 2, now_s());
    let forged = {
        let mut line = cosign(&note.text, NAME, &secret(2), 7).unwrap();
        line.signature[20] ^= 1;
        line.to_string()
    };
    let cut = good.trim_end().to_owned();
    let long = ok(&"x".repeat(70_000));
    type Expected = fn(&Refusal) -> bool;
    let cases: Vec<(Vec<Vec<u8>>, u64, Expected)> = vec![
        (vec![status("404 X")], 0, |r| matches!(r, Refusal::UnknownLog)),
        (vec![status("403 X")], 0, |r| matches!(r, Refusal::UntrustedKey)),
        (vec![status("503 X")], 0, |r| matches!(r, Refusal::Status(503))),
        (vec![status("301 X")], 0, |r| matches!(r, Refusal::Status(301))),
        (vec![status("422 X")], 0, |r| matches!(r, Refusal::Status(422))),
        (vec![status("422 X")], 3, |r| matches!(r, Refusal::AnotherLog { old: 3 })),
        (vec![conflict("3\n"), status("422 X")], 0, Refusal::is_conflict),
        (vec![conflict("3\n")], 3, Refusal::is_conflict),
        (vec![conflict("6\n")], 0, |r| matches!(r, Refusal::Ahead { size: 6 })),
        (vec![conflict("4\n")], 0, |r| matches!(r, Refusal::NoProof { old: 4 })),
        (vec![status("409 X")], 0, |r| matches!(r, Refusal::Rubbish(_))),
        (vec![conflict("03\n")], 0, |r| matches!(r, Refusal::Rubbish(_))),
        (vec![conflict("3")], 0, |r| matches!(r, Refusal::Rubbish(_))),
        (vec![conflict("1\n"), conflict("2\n"), conflict("3\n")], 0, |r| {
            matches!(r, Refusal::Rubbish("it names another size each time"))
        }),
        (vec![ok("")], 0, |r| matches!(r, Refusal::Rubbish(_))),
        (vec![ok("hello\n")], 0, |r| matches!(r, Refusal::Rubbish(_))),
        (vec![ok(&cut)], 0, |r| matches!(r, Refusal::Rubbish(_))),
        (vec![answer("200 OK", "x", &[0xff, b'\n'])], 0, |r| matches!(r, Refusal::Rubbish(_))),
        (vec![ok(&good.repeat(65))], 0, |r| matches!(r, Refusal::Rubbish(_))),
        (vec![long], 0, |r| matches!(r, Refusal::Rubbish("it is too long"))),
        (vec![ok(&line(&note.text, NAME, 3, 7))], 0, |r| matches!(r, Refusal::Rubbish(_))),
        (vec![ok(&line("other\n", NAME, 2, 7))], 0, |r| matches!(r, Refusal::Signature(_))),
        (vec![ok(&forged)], 0, |r| matches!(r, Refusal::Signature(_))),
        (vec![ok(&line(&note.text, NAME, 2, now_s() + 4_000))], 0, |r| {
            matches!(r, Refusal::Future { .. })
        }),
        (vec![b"nonsense\r\n\r\n".to_vec()], 0, |r| matches!(r, Refusal::Unanswered(_))),
        (vec![Vec::new()], 0, |r| matches!(r, Refusal::Unanswered(_))),
    ];
    for (number, (answers, known, expected)) in cases.into_iter().enumerate() {
        let refusal = asked(answers, known).0.unwrap_err();
        assert!(expected(&refusal), "case {number}: {refusal:?}");
    }
}

#[test]
fn kept_checkpoint_is_used_only_if_it_is_still_good_enough() {
    let dir = TempDir::new().unwrap();
    let store = Store { path: dir.path().join("cosigned.checkpoint") };
    let own = key(NoteKind::Ed25519, ORIGIN, 1);
    let witnesses = [(NAME, 2), ("w.example/2", 3)].map(|(n, s)| key(NoteKind::Cosignature, n, s));
    let read = |required| store.read((ORIGIN, &own), (&witnesses, required));
    assert!(read(1).unwrap().is_none());

    let mut log = Frontier::new();
    (0..3).for_each(|n| log.push(comity_core::hash::leaf_hash(&[n])));
    let mut note = candidate(3, log.root()).note;
    note.signatures.push(cosign(&note.text, NAME, &secret(2), 7).unwrap());
    // Not verified: of no use, and no harm.
    note.signatures.push(cosign("other\n", "w.example/2", &secret(3), 7).unwrap());
    store.write(&note.to_string()).unwrap();
    let kept = read(1).unwrap().unwrap();
    assert_eq!((kept.checkpoint.size, kept.cosignatures.len(), kept.note.clone()), (3, 1, note));
    assert!(matches!(read(2), Err(StoreError::TooFew { found: 1, required: 2 })));
    let other = key(NoteKind::Ed25519, ORIGIN, 4);
    let found = store.read((ORIGIN, &other), (&witnesses, 1));
    assert!(matches!(found, Err(StoreError::Checkpoint(_))), "{found:?}");

    let at = |size, root| candidate(size, root).checkpoint;
    assert!(kept.check(&at(3, log.root()), |_, _| None).is_ok());
    let changed = kept.check(&at(3, LogRoot([1; 32])), |_, _| None);
    assert!(matches!(changed, Err(StoreError::AnotherLog(_))), "{changed:?}");
    let larger = kept.check(&at(2, log.root()), |_, _| None);
    assert!(matches!(larger, Err(StoreError::Larger { size: 3 })), "{larger:?}");
    let unproven = kept.check(&at(4, log.root()), |_, _| None);
    assert!(matches!(unproven, Err(StoreError::NoProof { size: 3 })), "{unproven:?}");
    let forged = kept.check(&at(4, log.root()), |_, _| Some(vec![[0; 32]; 2]));
    assert!(matches!(forged, Err(StoreError::AnotherLog(_))), "{forged:?}");

    store.write("no note").unwrap();
    assert!(matches!(read(1), Err(StoreError::Note(_))));
}

#[test]
fn waits_double_up_to_a_minute() {
    let seconds = |failures| retry_after(failures).as_secs();
    assert_eq!([1, 2, 3, 6, 7, 8, 1000].map(seconds), [1, 2, 4, 32, 60, 60, 60]);
}

#[test]
fn policy_closed_is_the_default() {
    assert_eq!(Fail::default(), Fail::Closed);
}
