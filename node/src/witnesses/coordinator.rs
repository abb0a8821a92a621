//! The witnesses' thread: which checkpoint is asked for, whom to ask and when, what is published.
//! Holds: all are asked for the same checkpoint, so that enough can meet on one; one that does not
//! answer holds up neither the others nor the next checkpoint for long; what is published is
//! durable first; one line in the log when a witness stops to cosign, one when it does again.
//! May not enter: the node's own threads, which it never holds up.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender};
use std::time::{Duration, Instant};

use comity_core::checkpoint::Checkpoint;
use comity_core::keys::SecretKey;
use comity_core::note::{NoteKey, NoteKind};

use super::ask::{Candidate, Cosignature, Refusal, Witness};
use super::board::Board;
use super::numbers::Numbers;
use super::store::{Kept, Store};
use crate::failure::with_causes;
use crate::view::View;

/// A question that is not answered after so long does not keep the next checkpoint waiting.
const ROUND_LIMIT: Duration = Duration::from_secs(10);
/// A cosignature is asked for anew when it is so old: it says that its witness knew of no larger
/// log then.
const RENEW: Duration = Duration::from_secs(600);
/// Nothing is waited for longer than this at once.
const LONGEST_WAIT: Duration = Duration::from_secs(60);
/// Shortest wait, so that times that are over already cannot make a thread spin.
const SHORTEST_WAIT: Duration = Duration::from_millis(20);
/// A witness may be a step ahead, since other nodes ask it too; so often in a row it may not.
const TOO_OFTEN_AHEAD: u32 = 10;
const FIRST_RETRY: Duration = Duration::from_secs(1);
const LAST_RETRY: Duration = Duration::from_secs(60);

/// What the thread is told.
#[derive(Debug)]
pub(super) enum Event {
    /// There may be a new block, or it is to end.
    Ring,
    /// A witness has answered.
    Answer(Answer),
}

/// What became of a question.
#[derive(Debug)]
pub(super) struct Answer {
    witness: usize,
    candidate: Arc<Candidate>,
    outcome: Result<Cosignature, Refusal>,
}

/// How the operator wants it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Policy {
    pub(super) required: usize,
    pub(super) every: Duration,
    pub(super) patience: Duration,
}

/// All that the thread works with.
#[derive(Debug)]
pub(super) struct Coordinator {
    pub(super) view: View,
    pub(super) key: SecretKey,
    pub(super) origin: String,
    pub(super) witnesses: Vec<Standing>,
    pub(super) policy: Policy,
    pub(super) board: Board,
    pub(super) store: Store,
    pub(super) numbers: Numbers,
    pub(super) events: SyncSender<Event>,
    pub(super) closing: Arc<AtomicBool>,
    pub(super) round: Option<Round>,
    /// Entries of the last checkpoint that was published, and since when the log has more.
    pub(super) published: Option<u64>,
    pub(super) waiting_since: Option<Instant>,
}

/// A witness, and how it stands with it.
#[derive(Debug)]
pub(super) struct Standing {
    witness: Arc<Witness>,
    /// Entries up to which it is thought to have the log.
    known: u64,
    is_busy: bool,
    failures: u32,
    /// Refusals in a row for having a larger log than this node's.
    times_ahead: u32,
    is_conflicting: bool,
    not_before: Option<Instant>,
}

/// One checkpoint that the witnesses are asked for.
#[derive(Debug)]
pub(super) struct Round {
    candidate: Arc<Candidate>,
    began: Instant,
    /// What has been signed of it, by the number of the witness, and when that came.
    signed: BTreeMap<usize, (Cosignature, Instant)>,
}

impl Standing {
    pub(super) fn new(witness: Witness) -> Standing {
        let witness = Arc::new(witness);
        Standing {
            witness,
            known: 0,
            is_busy: false,
            failures: 0,
            times_ahead: 0,
            is_conflicting: false,
            not_before: None,
        }
    }

    fn key(&self) -> &NoteKey {
        self.witness.key()
    }

    /// Remembers that it did not cosign, and says so where that is new. Whether it is a failure.
    fn refused(&mut self, refusal: &Refusal, candidate: &Candidate, now: Instant) -> bool {
        if let Refusal::Ahead { size } = refusal {
            // Other nodes of the consortium ask it too: it is asked again with the next checkpoint.
            self.known = *size;
            self.times_ahead = self.times_ahead.saturating_add(1);
            self.not_before = Some(now + FIRST_RETRY);
            if self.times_ahead < TOO_OFTEN_AHEAD {
                return false;
            }
        }
        let (name, cause) = (self.witness.key().name(), with_causes(refusal));
        if refusal.is_conflict() && !self.is_conflicting {
            self.is_conflicting = true;
            let checkpoint = candidate.note.to_string();
            tracing::error!(witness = name, ?checkpoint, "a witness has seen another log: {cause}");
        } else if self.failures == 0 {
            tracing::warn!(witness = name, %cause, "a witness does not cosign; the node goes on");
        }
        self.failures = self.failures.saturating_add(1);
        self.not_before = Some(now + retry_after(self.failures));
        true
    }

    /// Remembers that it cosigned a log of so many entries.
    fn cosigned(&mut self, size: u64) {
        (self.known, self.times_ahead) = (size, 0);
        (self.is_conflicting, self.not_before) = (false, None);
        if std::mem::take(&mut self.failures) > 0 {
            tracing::info!(witness = self.key().name(), "a witness cosigns again");
        }
    }
}

/// The wait after so many failures in a row (from 1): doubled each time, up to the last.
pub(super) fn retry_after(failures: u32) -> Duration {
    FIRST_RETRY.saturating_mul(1 << failures.saturating_sub(1).min(16)).min(LAST_RETRY)
}

impl Coordinator {
    /// Asks until it is closed.
    pub(super) fn run(mut self, events: &Receiver<Event>) {
        self.resume();
        while !self.closing.load(Ordering::Acquire) {
            let wait = self.advance(Instant::now());
            match events.recv_timeout(wait) {
                Ok(Event::Ring) | Err(RecvTimeoutError::Timeout) => {}
                Ok(Event::Answer(answer)) => self.take(answer, Instant::now()),
                Err(RecvTimeoutError::Disconnected) => break,
            }
        }
    }

    /// Publishes what was published before the node ended, where that still holds.
    fn resume(&mut self) {
        self.board.begin_at(self.head().size);
        let own = match NoteKey::new(&self.origin, NoteKind::Ed25519, self.key.public()) {
            Ok(own) => own,
            Err(error) => unreachable!("an origin is a key's name: {error}"),
        };
        let keys: Vec<NoteKey> = self.witnesses.iter().map(|of| of.key().clone()).collect();
        let kept = self.store.read((&self.origin, &own), (&keys, self.policy.required));
        let view = self.view.clone();
        let checked = kept.and_then(|kept| {
            let Some(kept) = kept else { return Ok(None) };
            kept.check(&self.head(), |old, size| view.consistency_proof(old, size).ok())?;
            Ok(Some(kept))
        });
        match checked {
            Ok(Some(kept)) => self.go_on(kept),
            Ok(None) => {}
            Err(error) => tracing::warn!(
                path = %self.store.path.display(),
                cause = %with_causes(&error),
                "the checkpoint that was cosigned before is not used"
            ),
        }
    }

    fn go_on(&mut self, kept: Kept) {
        let Kept { checkpoint, note, cosignatures } = kept;
        let size = checkpoint.size;
        for (number, _) in &cosignatures {
            if let Some(standing) = self.witnesses.get_mut(*number) {
                standing.known = size;
            }
        }
        self.board.publish(size, note.to_string());
        self.numbers.published.set(size);
        self.published = Some(size);
        tracing::info!("the checkpoint of {size} entries, cosigned before, is published");
    }

    /// Asks whoever is to be asked now, and says how long there is nothing to do.
    fn advance(&mut self, now: Instant) -> Duration {
        let head = self.head();
        self.judge_delay(head.size, now);
        if head.size == 0 {
            return LONGEST_WAIT;
        }
        if self.begins_anew(&head, now) {
            self.begin(head.clone(), now);
        }
        let Some(round) = &self.round else { return LONGEST_WAIT };
        let due = |number: usize, standing: &Standing| -> Option<Instant> {
            let renewed = round.signed.get(&number).map(|(_, at)| *at + RENEW);
            (!standing.is_busy).then(|| standing.not_before.max(renewed).unwrap_or(now))
        };
        let times = self.witnesses.iter().enumerate().map(|(number, of)| due(number, of));
        let times: Vec<Option<Instant>> = times.collect();
        let mut next = now + LONGEST_WAIT;
        let candidate = Arc::clone(&round.candidate);
        if candidate.checkpoint != head {
            next = next.min((round.began + self.policy.every).max(now));
        }
        if let Some(since) = self.waiting_since {
            let over = since + self.policy.patience;
            next = if over > now { next.min(over) } else { next };
        }
        for (number, time) in times.into_iter().enumerate() {
            match time {
                Some(time) if time <= now => self.ask(number, &candidate),
                Some(time) => next = next.min(time),
                None => {}
            }
        }
        next.saturating_duration_since(now).max(SHORTEST_WAIT)
    }

    /// Since when the log has more than what is published, and whether that is too long.
    fn judge_delay(&mut self, size: u64, now: Instant) {
        let lacks = size > 0 && self.published.is_none_or(|published| published < size);
        self.waiting_since = lacks.then(|| self.waiting_since.unwrap_or(now));
        let over = |since: Instant| now.duration_since(since) >= self.policy.patience;
        let is_overdue = self.waiting_since.is_some_and(over);
        self.board.set_overdue(is_overdue);
        let text = "the newest checkpoint lacks cosignatures for longer than patience_seconds";
        if self.numbers.set_overdue(is_overdue) {
            match is_overdue {
                true => tracing::warn!(published = self.published, size, "{text}"),
                false => tracing::info!(size, "enough witnesses have cosigned again"),
            }
        }
    }

    /// Whether another checkpoint is asked for from now on.
    fn begins_anew(&self, head: &Checkpoint, now: Instant) -> bool {
        let Some(round) = &self.round else { return true };
        let asked_for = now.duration_since(round.began);
        let is_over = round.signed.len() >= self.policy.required
            || !self.witnesses.iter().any(|of| of.is_busy)
            || asked_for >= ROUND_LIMIT;
        round.candidate.checkpoint != *head && asked_for >= self.policy.every && is_over
    }

    fn begin(&mut self, head: Checkpoint, now: Instant) {
        let note = match head.sign(&self.key) {
            Ok(note) => note,
            Err(error) => unreachable!("a checkpoint is the text of a note: {error}"),
        };
        self.board.collect(&note.text, Vec::new());
        let candidate = Arc::new(Candidate { checkpoint: head, note });
        self.round = Some(Round { candidate, began: now, signed: BTreeMap::new() });
    }

    /// Asks one witness, on a thread that ends with its answer.
    fn ask(&mut self, number: usize, candidate: &Arc<Candidate>) {
        let Some(standing) = self.witnesses.get_mut(number) else { return };
        let (witness, known) = (Arc::clone(&standing.witness), standing.known);
        let (view, events) = (self.view.clone(), self.events.clone());
        let candidate = Arc::clone(candidate);
        let work = move || {
            let prove = |old, size| view.consistency_proof(old, size).ok();
            let outcome = witness.ask(&candidate, known, prove);
            // Where nobody listens any more the node ends.
            let _ = events.send(Event::Answer(Answer { witness: number, candidate, outcome }));
        };
        let spawned = std::thread::Builder::new().name("witness".to_owned()).spawn(work);
        standing.is_busy = spawned.is_ok();
        if spawned.is_err() {
            standing.not_before = Some(Instant::now() + LAST_RETRY);
        }
    }

    fn take(&mut self, answer: Answer, now: Instant) {
        let Answer { witness: number, candidate, outcome } = answer;
        let Some(standing) = self.witnesses.get_mut(number) else { return };
        standing.is_busy = false;
        match outcome {
            Ok(cosignature) => {
                standing.cosigned(candidate.checkpoint.size);
                self.numbers.cosigned(standing.key().name());
                self.collect(number, &candidate, cosignature, now);
            }
            Err(refusal) => {
                if standing.refused(&refusal, &candidate, now) {
                    self.numbers.failed(standing.key().name(), refusal.is_conflict());
                }
            }
        }
    }

    /// Keeps a cosignature of what is asked for now, and publishes it with enough others.
    fn collect(&mut self, number: usize, of: &Candidate, cosignature: Cosignature, now: Instant) {
        // One that took longer than the round is of no use to the next.
        let Some(round) = self.round.as_mut().filter(|round| *round.candidate == *of) else {
            return;
        };
        round.signed.insert(number, (cosignature, now));
        let lines: Vec<_> = round.signed.values().map(|(of, _)| of.line.clone()).collect();
        let is_enough = lines.len() >= self.policy.required;
        let mut note = of.note.clone();
        note.signatures.extend(lines.iter().cloned());
        self.board.collect(&note.text, lines);
        if !is_enough {
            return;
        }
        let note = note.to_string();
        if let Err(error) = self.store.write(&note) {
            // After a restart an older one is published, until this one is signed again.
            tracing::warn!(cause = %with_causes(&error), "the cosigned checkpoint was not written");
        }
        self.board.publish(of.checkpoint.size, note);
        self.numbers.published.set(of.checkpoint.size);
        if self.published != Some(of.checkpoint.size) {
            self.published = Some(of.checkpoint.size);
            // What the log has more by now begins to wait now.
            self.waiting_since = None;
        }
    }

    /// The newest checkpoint.
    fn head(&self) -> Checkpoint {
        let at = self.view.snapshot();
        Checkpoint { origin: self.origin.clone(), size: at.log_size(), root: at.log_root() }
    }
}
