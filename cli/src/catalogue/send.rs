//! Many records to one node, several in flight.
//! Holds: what is sent again is the identical record; no more are begun once the node takes none;
//! a dataset's details are kept before the record that names them is submitted.
//! May not enter: what is sent; printing.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::mpsc;
use std::time::Duration;

use comity_core::hash::DetailsHash;
use comity_core::ids::{Nonce, TimeMs};
use comity_core::statement::{Action, VerifiedRecord};

use crate::client::{Committed, Problem, SubmitError};
use crate::fault::{Exit, Fault};
use crate::messages::{self, say};
use crate::sign::Desk;

/// How often a record is sent before it is given up.
const ATTEMPTS: u32 = 12;
/// The first wait between two attempts; each further one is half as long again.
const FIRST_WAIT: Duration = Duration::from_millis(150);

/// One record to be made and sent.
#[derive(Clone, Debug)]
pub(crate) struct Job {
    /// What it does.
    pub(crate) action: Action,
    /// Its nonce.
    pub(crate) nonce: Nonce,
    /// Details to be kept first.
    pub(crate) details: Option<(DetailsHash, Vec<u8>)>,
}

/// What became of a job.
#[derive(Debug)]
pub(crate) enum Outcome {
    /// It is on the log.
    Committed(Committed),
    /// A rule refuses it.
    Refused(Box<Problem>),
    /// Its details are not kept, so it was not submitted.
    DetailsNotKept(Fault),
    /// The node did not take it, or its fate is not known.
    NotCommitted(String),
    /// It was never sent.
    NotSent,
}

/// Sends every job, up to `in_flight` at once; `each` is told of every outcome as it comes, with
/// the job's place. Jobs must not depend on each other.
pub(crate) fn send(
    desk: &Desk,
    now: fn() -> TimeMs,
    jobs: &[Job],
    in_flight: usize,
    mut each: impl FnMut(usize, Outcome),
) {
    let (next, stopped) = (AtomicUsize::new(0), AtomicBool::new(false));
    let (told, outcomes) = mpsc::channel();
    let language = messages::spoken();
    std::thread::scope(|scope| {
        for _ in 0..in_flight.clamp(1, jobs.len().max(1)) {
            let (told, next, stopped) = (told.clone(), &next, &stopped);
            scope.spawn(move || {
                let _speaking = messages::speak(language);
                loop {
                    let at = next.fetch_add(1, Ordering::Relaxed);
                    let Some(job) = jobs.get(at) else { return };
                    let outcome = match stopped.load(Ordering::Relaxed) {
                        true => Outcome::NotSent,
                        false => one(desk, now, job),
                    };
                    // What hinders one hinders all: the node is gone or full, or keeps no details.
                    if matches!(outcome, Outcome::NotCommitted(_) | Outcome::DetailsNotKept(_)) {
                        stopped.store(true, Ordering::Relaxed);
                    }
                    if told.send((at, outcome)).is_err() {
                        return;
                    }
                }
            });
        }
        drop(told);
        for (at, outcome) in outcomes {
            each(at, outcome);
        }
    });
}

fn one(desk: &Desk, now: fn() -> TimeMs, job: &Job) -> Outcome {
    if let Some((hash, bytes)) = &job.details {
        let path = format!("/v1/details/{hash}");
        let signer = (&desk.key.secret, desk.consortium());
        let keep = || {
            desk.client.signed_bytes(
                signer,
                now(),
                "PUT",
                &path,
                Some(("application/json", bytes.clone())),
            )
        };
        let is_passing = |fault: &Fault| fault.exit == Exit::Unknown;
        if let Err(fault) = insisting(keep, is_passing) {
            return Outcome::DetailsNotKept(fault);
        }
    }
    let statement = desk.statement(job.nonce, job.action.clone(), desk.valid_until(now()));
    match desk.sign(statement) {
        Ok(record) => submitted(desk, &record),
        Err(fault) => Outcome::NotCommitted(fault.what()),
    }
}

fn submitted(desk: &Desk, record: &VerifiedRecord) -> Outcome {
    let is_passing = |error: &SubmitError| !matches!(error, SubmitError::Refused(_));
    match insisting(|| desk.client.submit(record.bytes()), is_passing) {
        Ok(committed) if committed.record_id == record.id() => Outcome::Committed(committed),
        Ok(_) => Outcome::NotCommitted(say!("cause-other-record")),
        Err(SubmitError::Refused(problem)) => Outcome::Refused(problem),
        Err(error) => Outcome::NotCommitted(error.to_string()),
    }
}

/// Does it again, after longer and longer waits, while it fails in a way that may pass.
fn insisting<T, E>(
    act: impl Fn() -> Result<T, E>,
    is_passing: impl Fn(&E) -> bool,
) -> Result<T, E> {
    let mut wait = FIRST_WAIT;
    for _ in 1..ATTEMPTS {
        match act() {
            Err(error) if is_passing(&error) => std::thread::sleep(wait),
            other => return other,
        }
        wait += wait / 2;
    }
    act()
}
