//! One witness: asking it to cosign a checkpoint, and what it may answer.
//! Holds: every question ends, with a cosignature that was verified or with a reason; of an answer
//! no more is read than a note can have; nothing is sent but to the address in the settings (no
//! proxy, no redirect).
//! May not enter: when to ask, how many are enough (see `coordinator`).
//! Source: c2sp.org/tlog-witness@v1.0.0; docs/formats.md, "Witnesses".

use std::fmt::Write as _;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use comity_core::checkpoint::{Checkpoint, Cosigned, verify_cosignature};
use comity_core::note::{MAX_NOTE_BYTES, Note, NoteError, NoteKey, NoteSignature, signature_lines};
use ureq::Agent;
use ureq::http::Response;

use crate::clock::system_time;
use crate::config::WitnessOption;

const CONNECT_TIMEOUT: Duration = Duration::from_secs(3);
/// How long a witness may take to answer one question.
const ANSWER_TIMEOUT: Duration = Duration::from_secs(8);
/// Questions for one cosignature: a witness says once how far it is, and may have been taken
/// further by another node meanwhile.
const QUESTIONS: usize = 3;
/// So far ahead of this machine's clock a witness may date what it signs (seconds).
const AHEAD_S: u64 = 300;
/// What a witness that names its size calls that.
const SIZE_TYPE: &str = "text/x.tlog.size";

/// The hashes that prove that a log begins with a smaller one.
pub(super) type Proof = Vec<[u8; 32]>;

/// A checkpoint to be cosigned, with the node's own signature.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Candidate {
    pub(super) checkpoint: Checkpoint,
    pub(super) note: Note,
}

/// A witness's signature of a candidate, and when it gave it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Cosignature {
    pub(super) line: NoteSignature,
    pub(super) time_s: u64,
}

/// Why a witness did not cosign.
#[derive(Debug, thiserror::Error)]
pub(super) enum Refusal {
    #[error("no answer came")]
    Unanswered(#[source] Box<ureq::Error>),
    #[error("it answered HTTP {0}")]
    Status(u16),
    #[error("it does not know this log: have its operator add the origin and this node's note key")]
    UnknownLog,
    #[error("it does not trust this node's note key: have its operator add it to this log's keys")]
    UntrustedKey,
    #[error("it has the log up to {size} entries already, more than this node")]
    Ahead { size: u64 },
    #[error(
        "it has cosigned a log of {old} entries that is not the beginning of this node's: two logs \
         were signed as one (docs/operations.md, \"A witness has seen another log\")"
    )]
    AnotherLog { old: u64 },
    #[error("it has the log up to {old} entries, from where this node can prove nothing")]
    NoProof { old: u64 },
    #[error("its answer is none: {0}")]
    Rubbish(&'static str),
    #[error("its signature does not hold")]
    Signature(#[source] NoteError),
    #[error("its signature is dated {time_s} (seconds since 1970), which is not yet")]
    Future { time_s: u64 },
}

impl Refusal {
    /// Whether it says that two logs were signed as one.
    pub(super) fn is_conflict(&self) -> bool {
        matches!(self, Refusal::AnotherLog { .. })
    }
}

/// The way to a witness.
#[derive(Debug)]
pub(super) struct Witness {
    agent: Agent,
    url: String,
    key: NoteKey,
}

/// What a witness says to one question.
enum Answer {
    Cosigned(Cosignature),
    /// How far it has the log.
    Has(u64),
}

impl Witness {
    pub(super) fn new(option: &WitnessOption) -> Witness {
        let config = Agent::config_builder()
            .http_status_as_error(false)
            .proxy(None)
            .max_redirects(0)
            .max_redirects_will_error(false)
            .timeout_connect(Some(CONNECT_TIMEOUT))
            .timeout_global(Some(ANSWER_TIMEOUT))
            .user_agent(concat!("comityd/", env!("CARGO_PKG_VERSION")))
            .build();
        let url = format!("{}/add-checkpoint", option.url);
        Witness { agent: config.into(), url, key: option.key.get().clone() }
    }

    pub(super) fn key(&self) -> &NoteKey {
        &self.key
    }

    /// Asks for a cosignature, from the size at which the witness is thought to be. Blocks the
    /// thread, at most for as long as three answers take. Errors: why there is none.
    pub(super) fn ask(
        &self,
        candidate: &Candidate,
        known: u64,
        prove: impl Fn(u64, u64) -> Option<Proof>,
    ) -> Result<Cosignature, Refusal> {
        let size = candidate.checkpoint.size;
        let mut old = known.min(size);
        for _ in 0..QUESTIONS {
            let proof = match old {
                0 => Proof::new(),
                _ if old == size => Proof::new(),
                _ => prove(old, size).ok_or(Refusal::NoProof { old })?,
            };
            match self.question(candidate, old, &proof)? {
                Answer::Cosigned(cosignature) => return Ok(cosignature),
                Answer::Has(has) if has > size => return Err(Refusal::Ahead { size: has }),
                // Version 1.0.0 of the protocol says so where the roots of one size differ.
                Answer::Has(has) if has == old => return Err(Refusal::AnotherLog { old }),
                Answer::Has(has) => old = has,
            }
        }
        Err(Refusal::Rubbish("it names another size each time"))
    }

    fn question(&self, of: &Candidate, old: u64, proof: &Proof) -> Result<Answer, Refusal> {
        let body = question_body(&of.note, old, proof);
        let unanswered = |error: ureq::Error| Refusal::Unanswered(Box::new(error));
        let sent = self.agent.post(&self.url).header("content-type", "text/plain; charset=utf-8");
        let mut response = sent.send(body.as_bytes()).map_err(unanswered)?;
        let limit = MAX_NOTE_BYTES as u64;
        let read = response.body_mut().with_config().limit(limit).read_to_vec();
        let bytes = match read {
            Ok(bytes) => bytes,
            Err(ureq::Error::BodyExceedsLimit(_)) => {
                return Err(Refusal::Rubbish("it is too long"));
            }
            Err(error) => return Err(unanswered(error)),
        };
        match response.status().as_u16() {
            200 => cosignature(&of.note.text, &bytes, &self.key).map(Answer::Cosigned),
            409 => size(&response, &bytes).map(Answer::Has),
            // With a proof, and it does not hold for what the witness has; or another root.
            422 if old > 0 => Err(Refusal::AnotherLog { old }),
            403 => Err(Refusal::UntrustedKey),
            404 => Err(Refusal::UnknownLog),
            status => Err(Refusal::Status(status)),
        }
    }
}

/// The old size, the proof, an empty line, and the checkpoint.
fn question_body(note: &Note, old: u64, proof: &Proof) -> String {
    let mut body = format!("old {old}\n");
    for hash in proof {
        // Writing to a string does not fail.
        let _ = writeln!(body, "{}", STANDARD.encode(hash));
    }
    let _ = write!(body, "\n{note}");
    body
}

/// The size in an answer of 409.
fn size<T>(response: &Response<T>, bytes: &[u8]) -> Result<u64, Refusal> {
    let kind = response.headers().get("content-type").and_then(|kind| kind.to_str().ok());
    if kind != Some(SIZE_TYPE) {
        return Err(Refusal::Rubbish("a conflict that names no size"));
    }
    let text = std::str::from_utf8(bytes).ok().and_then(|text| text.strip_suffix('\n'));
    let digits = text.filter(|text| {
        let is_plain = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
        is_plain && (*text == "0" || !text.starts_with('0'))
    });
    let size = digits.and_then(|digits| digits.parse().ok());
    size.ok_or(Refusal::Rubbish("a conflict that names no size"))
}

/// The witness's own line among those of an answer. Those of other keys are passed over.
fn cosignature(text: &str, bytes: &[u8], key: &NoteKey) -> Result<Cosignature, Refusal> {
    let answer = std::str::from_utf8(bytes).map_err(|_| Refusal::Rubbish("it is not text"))?;
    let lines = signature_lines(answer).map_err(|_| Refusal::Rubbish("no signature lines"))?;
    let line = lines.into_iter().find(|line| key.is_named_by(line));
    let line = line.ok_or(Refusal::Rubbish("no line is signed with its key"))?;
    let Cosigned { time_s } = verify_cosignature(text, &line, key).map_err(Refusal::Signature)?;
    match time_s > (system_time().0 / 1_000).saturating_add(AHEAD_S) {
        true => Err(Refusal::Future { time_s }),
        false => Ok(Cosignature { line, time_s }),
    }
}
