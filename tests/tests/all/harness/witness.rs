//! A witness of checkpoints, as c2sp.org/tlog-witness@v1.0.0 has it, for trying what the node makes of
//! good and bad ones. It is ours, on core's own Merkle proofs: that others' witnesses agree is shown
//! in `tlog`.
//! Holds: while its manner is honest it signs only what follows on what it signed before.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use comity_core::checkpoint::{Checkpoint, cosign, verify_cosignature};
use comity_core::hash::LogRoot;
use comity_core::keys::SecretKey;
use comity_core::log_tree::verify_consistency;
use comity_core::note::{Note, NoteKey, NoteKind};

use super::author::now;

/// How it treats who asks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Manner {
    /// As the specification has it.
    Honest,
    /// It ends every connection without a word.
    Away,
    /// It signs with another key than its own.
    Forging,
    /// What it answers is none.
    Babbling,
}

/// A witness that listens until the test ends.
pub(crate) struct Witness {
    url: String,
    name: String,
    secret: [u8; 32],
    state: Arc<Mutex<State>>,
}

struct State {
    manner: Manner,
    trusted: Vec<NoteKey>,
    size: u64,
    root: LogRoot,
    /// The old sizes that it was asked from.
    asked_from: Vec<u64>,
}

impl Witness {
    /// A witness that trusts these note keys.
    pub(crate) fn start(name: &str, seed: u8, trusted: Vec<NoteKey>) -> Witness {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let (manner, root) = (Manner::Honest, LogRoot([0; 32]));
        let state = State { manner, trusted, size: 0, root, asked_from: Vec::new() };
        let (state, secret) = (Arc::new(Mutex::new(state)), [seed; 32]);
        let (shared, own) = (Arc::clone(&state), name.to_owned());
        std::thread::spawn(move || {
            for stream in listener.incoming().map_while(Result::ok) {
                let mut state = lock(&shared);
                // One who asks and goes away hears nothing.
                let _ = state.serve(&stream, &own, &secret);
            }
        });
        Witness { url, name: name.to_owned(), secret, state }
    }

    /// Its verifier key.
    pub(crate) fn key(&self) -> NoteKey {
        let public = SecretKey::from_seed(&self.secret).public();
        NoteKey::new(&self.name, NoteKind::Cosignature, public).unwrap()
    }

    /// What a node's settings say of it.
    pub(crate) fn option(&self) -> String {
        let (url, key) = (&self.url, self.key());
        format!("[[checkpoints.witnesses]]\nurl = \"{url}\"\nkey = \"{key}\"\n")
    }

    pub(crate) fn is_from_now_on(&self, manner: Manner) {
        lock(&self.state).manner = manner;
    }

    /// Has it believe that it has signed this.
    pub(crate) fn has_signed(&self, size: u64, root: LogRoot) {
        let mut state = lock(&self.state);
        (state.size, state.root) = (size, root);
    }

    /// The old sizes that it was asked from so far.
    pub(crate) fn asked_from(&self) -> Vec<u64> {
        lock(&self.state).asked_from.clone()
    }

    /// Whether its cosignature is on a note, and holds.
    pub(crate) fn has_cosigned(&self, note: &Note) -> bool {
        let key = self.key();
        note.signatures.iter().any(|line| verify_cosignature(&note.text, line, &key).is_ok())
    }
}

fn lock(state: &Mutex<State>) -> MutexGuard<'_, State> {
    state.lock().unwrap_or_else(PoisonError::into_inner)
}

impl State {
    fn serve(&mut self, stream: &TcpStream, name: &str, secret: &[u8; 32]) -> std::io::Result<()> {
        let body = read(stream)?;
        let (status, kind, answer) = match self.manner {
            Manner::Away => return Ok(()),
            Manner::Babbling => (200, "text/plain", "\u{2014} what a day\n".to_owned()),
            Manner::Honest | Manner::Forging => self.judge(&body, name, secret),
        };
        let length = answer.len();
        let mut stream = stream;
        write!(
            stream,
            "HTTP/1.1 {status} X\r\ncontent-type: {kind}\r\ncontent-length: {length}\r\n\
             connection: close\r\n\r\n{answer}"
        )
    }

    /// The answer of `add-checkpoint`: status, type, body.
    fn judge(&mut self, body: &str, name: &str, secret: &[u8; 32]) -> (u16, &'static str, String) {
        let plain = |status| (status, "text/plain", String::new());
        let Some((head, note)) = body.split_once("\n\n") else { return plain(400) };
        let mut lines = head.split('\n');
        let old = lines.next().and_then(|line| line.strip_prefix("old ")?.parse::<u64>().ok());
        let proof: Option<Vec<[u8; 32]>> =
            lines.map(|line| STANDARD.decode(line).ok()?.try_into().ok()).collect();
        let (Some(old), Some(proof)) = (old, proof) else { return plain(400) };
        let Ok(note) = Note::parse(note.as_bytes()) else { return plain(400) };
        let Ok(checkpoint) = Checkpoint::parse(&note.text) else { return plain(400) };
        self.asked_from.push(old);
        if !self.trusted.iter().any(|key| key.name() == checkpoint.origin) {
            return plain(404);
        }
        if !self.trusted.iter().any(|key| note.verify(key).is_ok()) {
            return plain(403);
        }
        let Checkpoint { size, root, .. } = checkpoint;
        if old > size {
            return plain(400);
        }
        if old != self.size {
            return (409, "text/x.tlog.size", format!("{}\n", self.size));
        }
        let follows = match old {
            0 => proof.is_empty(),
            _ => verify_consistency(old, &self.root, size, &root, &proof).is_ok(),
        };
        if !follows {
            return plain(422);
        }
        (self.size, self.root) = (size, root);
        let secret = match self.manner {
            Manner::Forging => SecretKey::from_seed(&[0xee; 32]),
            _ => SecretKey::from_seed(secret),
        };
        let line = cosign(&note.text, name, &secret, now().0 / 1_000).unwrap();
        (200, "text/plain; charset=utf-8", line.to_string())
    }
}

fn read(stream: &TcpStream) -> std::io::Result<String> {
    let mut reader = BufReader::new(stream);
    let mut length = 0;
    loop {
        let mut line = String::new();
        reader.read_line(&mut line)?;
        if let Some(value) = line.to_lowercase().strip_prefix("content-length:") {
            length = value.trim().parse().unwrap_or(0);
        }
        if line.trim_end().is_empty() {
            break;
        }
    }
    let mut body = vec![0; length];
    reader.read_exact(&mut body)?;
    Ok(String::from_utf8_lossy(&body).into_owned())
}
