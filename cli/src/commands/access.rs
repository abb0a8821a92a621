//! `comity access`: the officer's attempt, the gateway's record of it, and what is on the log.
//! Holds: what is recorded is what the ledger's rules say; this file only reacts to them.

use std::path::Path;

use comity_core::access::{AccessRefusal, Attempt, SignedAttempt};
use comity_core::basis::Basis;
use comity_core::ids::{DatasetId, ExchangeId, TimeMs};
use comity_core::legs::Answer;
use comity_core::statement::{Action, Capacity};
use serde_json::json;

use super::{access_batch, access_late, access_legs, access_list, explain};
use crate::answer::Note;
use crate::args::{AccessVerb, Answering, MakeAttempt, RecordAttempt};
use crate::client::{Client, Committed, access_fields};
use crate::fault::{Exit, Fault};
use crate::keys::{self, Readers};
use crate::messages::{fault, say};
use crate::sealed::Sealed;
use crate::shell::Session;
use crate::sign::{self, Desk, NotCommitted};
use crate::{describe, privacy, table, time};

/// How often a denial that events overtake is judged again.
const MAX_TRIES: usize = 5;
/// How often a number is drawn again that another record of the gateway has taken meanwhile.
const MAX_NUMBERS: usize = 64;

pub(super) fn run(verb: AccessVerb, session: &mut Session<'_>) -> Result<Exit, Fault> {
    match verb {
        AccessVerb::Attempt(args) => attempt(args, session).map(|()| Exit::Done),
        AccessVerb::Record(args) => record(&args, session),
        AccessVerb::List(args) => access_list::list(&args, session).map(|()| Exit::Done),
        AccessVerb::Explain(args) => explain::run(&args, session),
        AccessVerb::Show(args) => access_legs::show(&args, session).map(|()| Exit::Done),
        AccessVerb::Acknowledge(args) => {
            access_legs::acknowledge(&args, session).map(|()| Exit::Done)
        }
        AccessVerb::EmbedLate(args) => access_late::run(&args, session).map(|()| Exit::Done),
        AccessVerb::Batch(verb) => access_batch::run(&verb, session).map(|()| Exit::Done),
    }
}

fn attempt(args: MakeAttempt, session: &mut Session<'_>) -> Result<(), Fault> {
    let valid_for_ms = time::duration_ms(&args.valid_for)?;
    if args.out.exists() {
        return Err(fault!(Failed, "file-exists", path = args.out.display()));
    }
    let desk = Desk::open(session, &args.signing.key)?;
    let Relied { grant, dataset, capacity } = relied_on(&args, &desk.client)?;
    let items = args.scope.items();
    let consortium = desk.consortium();
    let batch = args.batch.as_deref().map(|file| access_batch::load(file, consortium));
    let sealed = Sealed::gather(&args.details, session)?;
    let attempt = Attempt {
        consortium: desk.consortium(),
        exchange: ExchangeId(session.shell.draw()?),
        grant,
        dataset,
        requester: desk.key.file.agency.clone(),
        officer: desk.key.file.public_key,
        matter: args.matter,
        items,
        mode: args.mode,
        made_at: session.shell.now(),
        valid_until: desk.time_base(session.shell.now()).plus(valid_for_ms),
        sealed: sealed.commitments(&desk.consortium()),
        batch: batch.transpose()?,
        capacity,
    };
    let what = say!("does-attempt", dataset = attempt.dataset);
    let details = sealed.rows(desk.client.url());
    preview(session, &desk, (&what, &attempt, details), attempt.valid_until);
    privacy::warn(session, &attempt);
    session.confirm()?;
    sealed.keep(session, &desk)?;
    let signature = desk.key.secret.sign_attempt(&attempt);
    let signed = SignedAttempt { attempt, signature };
    let object = json!(signed);
    keys::write_new(&args.out, format!("{object:#}\n").as_bytes(), Readers::Any)?;
    session.result(&object, |_| {
        say!("ok-attempt", path = args.out.display(), provider = signed.attempt.dataset.agency)
    })
}

/// On what an attempt relies.
struct Relied {
    grant: Basis,
    dataset: DatasetId,
    capacity: Capacity,
}

/// The grant or the emergency, the dataset, a grant's own or the one named, and in whose name it is
/// used: a grant says that itself.
fn relied_on(args: &MakeAttempt, client: &Client) -> Result<Relied, Fault> {
    match (args.grant, args.emergency, &args.dataset) {
        (Some(id), _, _) => {
            let terms = client.ask_grant(id)?.grant.terms;
            let (grant, dataset) = (Basis::Grant(id), terms.dataset);
            Ok(Relied { grant, dataset, capacity: Capacity::of(terms.task_force) })
        }
        (None, Some(emergency), Some(dataset)) => {
            // What there is not is said before anything is signed.
            client.ask_emergency(emergency)?;
            let (grant, dataset) = (Basis::Emergency(emergency), dataset.clone());
            Ok(Relied { grant, dataset, capacity: Capacity::Agency })
        }
        (None, _, _) => unreachable!("one of the two is required, and the one needs a dataset"),
    }
}

fn preview(
    session: &mut Session<'_>,
    desk: &Desk,
    (what, attempt, more): (&str, &Attempt, Vec<(String, String)>),
    valid_until: TimeMs,
) {
    let zone = session.shell.zone.clone();
    let mut rows = describe::attempt_rows(attempt, &zone);
    rows.extend(more);
    rows.extend(desk.signer_rows(valid_until, &zone));
    session.shell.note(&say!("preview", what = what));
    session.shell.note(&table::pairs(&rows));
}

fn load(path: &Path) -> Result<SignedAttempt, Fault> {
    let signed: SignedAttempt = keys::load_json(path, |cause| {
        fault!(Failed, "attempt-unreadable", path = path.display(), cause = cause)
    })?;
    signed
        .verify()
        .map_err(|e| fault!(Failed, "attempt-forged", path = path.display(), cause = e))?;
    Ok(signed)
}

fn record(args: &RecordAttempt, session: &mut Session<'_>) -> Result<Exit, Fault> {
    let signed = load(&args.attempt)?;
    let desk = Desk::open(session, &args.signing.key)?;
    sign::check_consortium(&desk.status, signed.attempt.consortium, &desk.client)?;
    let Attempt { requester, dataset, .. } = &signed.attempt;
    let what = say!("does-record-either", requester = requester, dataset = dataset);
    let valid_until = desk.valid_until(session.shell.now());
    let handed_over = handed_over(&args.answering);
    preview(session, &desk, (&what, &signed.attempt, handed_over), valid_until);
    session.confirm()?;
    let answer = answered(args, &desk, signed.attempt.exchange, session)?;
    let mut known: Option<AccessRefusal> = None;
    let (mut overtaken, mut taken) = (0, 0);
    while overtaken < MAX_TRIES && taken < MAX_NUMBERS {
        let refusal = match known.take() {
            Some(refusal) => Some(refusal),
            None => judged(&desk.client, &signed)?,
        };
        let leg = Leg { signed: &signed, answer, valid_until };
        match submit(session, &desk, &leg, refusal)? {
            Outcome::Recorded(exit) => {
                // Nothing was handed over that a note could be about.
                if let (Exit::Denied, Some(note)) = (exit, &args.answering.note) {
                    let _ = std::fs::remove_file(note);
                }
                return Ok(exit);
            }
            Outcome::NumberTaken => taken += 1,
            Outcome::Overtaken(refusal) => {
                known = refusal;
                overtaken += 1;
            }
        }
    }
    Err(fault!(Failed, "overtaken", count = overtaken + taken))
}

/// What is recorded of one exchange.
struct Leg<'a> {
    signed: &'a SignedAttempt,
    answer: Option<Answer>,
    valid_until: TimeMs,
}

/// What will be said of what is handed over, as it is shown before it is signed.
fn handed_over(Answering { answer, reliable, .. }: &Answering) -> Vec<(String, String)> {
    let mut rows = Vec::new();
    if let Some(file) = answer {
        let hashed = say!("words-answer-hashed", file = file.display());
        rows.push((say!("label-answer-file"), hashed));
    }
    if *reliable {
        rows.push((say!("label-reliable"), say!("words-reliable")));
    }
    rows
}

/// What the gateway says of what it hands over; the note for the other side is written.
fn answered(
    args: &RecordAttempt,
    desk: &Desk,
    exchange: ExchangeId,
    session: &mut Session<'_>,
) -> Result<Option<Answer>, Fault> {
    let Answering { answer: Some(file), note: Some(out), reliable } = &args.answering else {
        return Ok(None);
    };
    let note = Note::make(session, (desk.consortium(), exchange), file, out)?;
    Ok(Some(Answer { digest: note.digest, reliable: *reliable }))
}

/// The refusal by which the ledger would refuse the attempt now.
fn judged(client: &Client, signed: &SignedAttempt) -> Result<Option<AccessRefusal>, Fault> {
    let judged = client.evaluate(signed)?;
    match (judged.allowed, judged.refusal) {
        (true, _) => Ok(None),
        (false, Some(refusal)) => Ok(Some(refusal)),
        (false, None) => {
            let cause = "no refusal";
            Err(fault!(Failed, "answer-unreadable", url = client.url(), cause = cause))
        }
    }
}

enum Outcome {
    /// It is on the log.
    Recorded(Exit),
    /// Another record of the gateway has its number.
    NumberTaken,
    /// By the time of ordering it had become otherwise; the refusal, where it is known.
    Overtaken(Option<AccessRefusal>),
}

/// Submits the access, or the denial where there is a refusal.
fn submit(
    session: &mut Session<'_>,
    desk: &Desk,
    &Leg { signed, answer, valid_until }: &Leg<'_>,
    refusal: Option<AccessRefusal>,
) -> Result<Outcome, Fault> {
    let attempt = signed.clone();
    let gateway = &desk.key.file.public_key;
    // A record that waits for the network keeps its number.
    let kept = access_late::kept_numbers(session, gateway)?;
    let numbers = desk.client.numbers(gateway)?;
    let Some(number) = numbers.free().find(|number| !kept.contains(number)) else {
        return Err(fault!(Failed, "overtaken", count = kept.len()));
    };
    let action = match &refusal {
        None => Action::RecordAccess { attempt, number, answer },
        Some(refusal) => Action::RecordDenial { attempt, refusal: refusal.clone(), number },
    };
    let statement = desk.draft(session, action, valid_until)?;
    let entry = desk.sign(statement)?;
    match (sign::submit(session, &desk.client, &entry), refusal) {
        (Ok(committed), None) => {
            sign::report(session, &entry, &committed, json!({ "outcome": "allowed" }))?;
            Ok(Outcome::Recorded(Exit::Done))
        }
        (Ok(committed), Some(refusal)) => {
            report_denial(session, &committed, signed, &refusal);
            let also = json!({
                "outcome": "denied",
                "rule": refusal.rule(),
                "refusal": refusal,
            });
            sign::report(session, &entry, &committed, also)?;
            Ok(Outcome::Recorded(Exit::Denied))
        }
        (Err(NotCommitted::Fault(fault)), _) => Err(fault),
        (Err(NotCommitted::Refused(problem)), _) if problem.rule() == Some("gateway-number") => {
            Ok(Outcome::NumberTaken)
        }
        (Err(NotCommitted::Refused(problem)), refusal) => {
            let overtaken = match refusal {
                None => problem.access_refusal().is_some(),
                Some(_) => matches!(problem.rule(), Some("denial-not-due" | "denial-mismatch")),
            };
            if !overtaken {
                let mut fields = desk.fields();
                fields.extend(sign::attempt_fields(&signed.attempt));
                return Err(problem.into_refusal(&session.shell.zone, fields));
            }
            let named = if refusal.is_none() { problem.access_refusal() } else { None };
            Ok(Outcome::Overtaken(named))
        }
    }
}

/// Says why the access is refused; that the denial is recorded is said as of any record.
fn report_denial(
    session: &mut Session<'_>,
    committed: &Committed,
    signed: &SignedAttempt,
    refusal: &AccessRefusal,
) {
    let mut fields = access_fields(refusal, &session.shell.zone);
    fields.extend(sign::attempt_fields(&signed.attempt));
    let why = Fault::new(Exit::Denied, refusal.rule(), fields);
    let index = committed.index;
    let (what, means, next) = (why.what(), why.means(), why.next());
    let text = say!("access-refused", what = what, means = means, next = next, index = index);
    session.shell.note(&text);
}
