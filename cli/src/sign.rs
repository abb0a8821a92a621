//! A change from statement to commit: build, show, confirm, sign, keep, submit, report.
//! Holds: what is shown is what is signed; bytes whose fate is unknown are kept, and only
//! identical bytes are ever sent again.
//! May not enter: what a change is about (see `commands`); rules.

use std::path::{Path, PathBuf};

use comity_core::access::Attempt;
use comity_core::genesis::NO_CONSORTIUM;
use comity_core::hash::ConsortiumId;
use comity_core::ids::{Nonce, TimeMs};
use comity_core::key_file::KeyFile;
use comity_core::statement::{
    Action, Capacity, STATEMENT_VERSION, SignedRecord, Statement, StatementSigner, VerifiedRecord,
};
use jiff::tz::TimeZone;
use serde_json::{Value, json};

use crate::client::{Client, Committed, Problem, Status, SubmitError};
use crate::fault::{Fault, Fields};
use crate::keys::{self, OwnKey, Readers};
use crate::messages::{fault, say};
use crate::sealed::Sealed;
use crate::shell::Session;
use crate::{capacity, describe, key_state, privacy, table, time};

/// How long a statement may wait for its commit (ms).
const VALIDITY_MS: u64 = 10 * 60 * 1000;

/// How the names of kept records begin.
const KEPT: &str = "comity-pending-";

/// One who signs, at one node.
pub(crate) struct Desk {
    /// The key.
    pub(crate) key: OwnKey,
    /// The node.
    pub(crate) client: Client,
    /// The node's state at the beginning.
    pub(crate) status: Status,
}

impl Desk {
    /// Loads the key and asks the node where it stands. Errors: nobody can confirm; the node is
    /// of another consortium than expected.
    pub(crate) fn open(session: &mut Session<'_>, key: &Path) -> Result<Desk, Fault> {
        session.require_confirmable()?;
        Desk::open_to_read(session, key)
    }

    /// Like [`Desk::open`], where nothing will be changed and so nothing confirmed.
    pub(crate) fn open_to_read(session: &mut Session<'_>, key: &Path) -> Result<Desk, Fault> {
        let key = keys::load_key(session, key)?;
        let client = session.client()?;
        let status: Status = client.get("/v1/status")?;
        let of_card = key.card.as_ref().map(|card| card.consortium);
        for expected in [session.global.consortium, of_card].into_iter().flatten() {
            check_consortium(&status, expected, &client)?;
        }
        let desk = Desk { key, client, status };
        desk.warn(session);
        Ok(desk)
    }

    /// Says what speaks against the key. A node that does not say stops nobody: the ledger judges.
    fn warn(&self, session: &mut Session<'_>) {
        let now = self.time_base(session.shell.now());
        let known = self.client.find_key(&self.key.file.public_key).ok().flatten();
        let zone = &session.shell.zone;
        let warning = known.and_then(|answer| key_state::warning(&answer.key, now, zone));
        if let Some(warning) = warning {
            session.shell.note(&warning);
        }
    }

    /// The consortium for which is signed.
    pub(crate) fn consortium(&self) -> ConsortiumId {
        self.status.consortium
    }

    /// The time from which validity counts: never behind consensus time, whatever this computer's
    /// clock says.
    pub(crate) fn time_base(&self, now: TimeMs) -> TimeMs {
        now.max(self.status.time)
    }

    /// Until when a statement made at `now` may wait for its commit.
    pub(crate) fn valid_until(&self, now: TimeMs) -> TimeMs {
        self.time_base(now).plus(VALIDITY_MS)
    }

    /// A statement of this key alone.
    pub(crate) fn draft(
        &self,
        session: &mut Session<'_>,
        action: Action,
        valid_until: TimeMs,
    ) -> Result<Statement, Fault> {
        Ok(self.statement(Nonce(session.shell.draw()?), action, valid_until))
    }

    /// A statement of this key alone, with a nonce drawn before.
    pub(crate) fn statement(&self, nonce: Nonce, action: Action, valid_until: TimeMs) -> Statement {
        let capacity = capacity::needed(&self.client, &action);
        let signer = StatementSigner { capacity, ..signer(&self.key) };
        statement(signer, self.consortium(), nonce, valid_until, action)
    }

    /// Says in plain words what is about to be signed.
    pub(crate) fn preview(&self, session: &mut Session<'_>, statement: &Statement) {
        let zone = session.shell.zone.clone();
        let mut rows = describe::rows(&statement.action, &zone);
        rows.extend(self.signer_rows(statement.valid_until, &zone));
        rows.extend(statement.signers.iter().filter_map(describe::capacity_row));
        let what = describe::sentence(&statement.action);
        session.shell.note(&say!("preview", what = what));
        session.shell.note(&table::pairs(&rows));
        privacy::warn(session, &statement.action);
    }

    /// Shows what goes to the node alone, where there is anything.
    pub(crate) fn show_sealed(&self, session: &mut Session<'_>, sealed: &Sealed) {
        let rows = sealed.rows(self.client.url());
        if !rows.is_empty() {
            session.shell.note(&table::pairs(&rows));
        }
    }

    /// Signs a statement of this key's.
    pub(crate) fn sign(&self, statement: Statement) -> Result<VerifiedRecord, Fault> {
        let signatures = vec![self.key.secret.sign_statement(&statement)];
        let bytes = SignedRecord { statement, signatures }.to_bytes();
        VerifiedRecord::verify(&bytes, &self.consortium())
            .map_err(|e| Fault::refused(e.rule(), vec![("detail".to_owned(), e.to_string())]))
    }

    /// Who signs, for which consortium, and until when it may be committed.
    pub(crate) fn signer_rows(
        &self,
        valid_until: TimeMs,
        zone: &TimeZone,
    ) -> Vec<(String, String)> {
        let (file, status) = (&self.key.file, &self.status);
        let post = match file.post.as_str() {
            "" => String::new(),
            post => format!(", {post}"),
        };
        let consortium = format!("{} ({})", status.name, table::short(status.consortium));
        vec![
            (
                say!("label-signer"),
                format!(
                    "{} ({}{post})",
                    file.agency,
                    crate::messages::word("role", file.role.as_str())
                ),
            ),
            (say!("label-key"), table::key(&file.public_key)),
            (say!("label-consortium"), consortium),
            (say!("label-valid-until"), time::show(valid_until, zone)),
        ]
    }

    /// What refusals' texts may say about the signer.
    pub(crate) fn fields(&self) -> Fields {
        signer_fields(&signer(&self.key))
    }

    /// The whole way of a change: shown, confirmed, signed, submitted, reported. Returns where it
    /// stands; `also` adds to the reported object.
    pub(crate) fn change(
        &self,
        session: &mut Session<'_>,
        action: Action,
        also: impl FnOnce(&Committed) -> Value,
    ) -> Result<Committed, Fault> {
        self.change_sealed(session, action, &Sealed::nothing(), also)
    }

    /// Like [`Desk::change`], with details that the node keeps and the statement only commits to.
    pub(crate) fn change_sealed(
        &self,
        session: &mut Session<'_>,
        action: Action,
        sealed: &Sealed,
        also: impl FnOnce(&Committed) -> Value,
    ) -> Result<Committed, Fault> {
        let valid_until = self.valid_until(session.shell.now());
        let mut statement = self.draft(session, action, valid_until)?;
        statement.sealed = sealed.commitments(&self.consortium());
        self.preview(session, &statement);
        self.show_sealed(session, sealed);
        session.confirm()?;
        sealed.keep(session, self)?;
        let record = self.sign(statement)?;
        let committed = match submit(session, &self.client, &record) {
            Ok(committed) => committed,
            Err(why) => {
                if let NotCommitted::Refused(_) = why {
                    sealed.note_refused(session, &self.consortium());
                }
                return Err(why.into_fault(&session.shell.zone, self.fields()));
            }
        };
        report(session, &record, &committed, also(&committed))?;
        Ok(committed)
    }
}

/// A statement of one signer.
pub(crate) fn statement(
    signer: StatementSigner,
    consortium: ConsortiumId,
    nonce: Nonce,
    valid_until: TimeMs,
    action: Action,
) -> Statement {
    Statement {
        version: STATEMENT_VERSION,
        consortium,
        nonce,
        valid_until,
        signers: vec![signer],
        sealed: vec![],
        action,
    }
}

/// What refusals' texts may say about who signed.
pub(crate) fn signer_fields(signer: &StatementSigner) -> Fields {
    vec![
        ("signer".to_owned(), signer.agency.to_string()),
        ("signer_role".to_owned(), signer.role.to_string()),
        ("signer_key".to_owned(), table::short(signer.key)),
    ]
}

/// What refusals' texts may say about what was attempted.
pub(crate) fn attempt_fields(attempt: &Attempt) -> Fields {
    vec![
        ("grant".to_owned(), attempt.grant.to_string()),
        ("dataset".to_owned(), attempt.dataset.to_string()),
    ]
}

fn signer(key: &OwnKey) -> StatementSigner {
    let KeyFile { agency, role, public_key, .. } = &key.file;
    let capacity = Capacity::Agency;
    StatementSigner { agency: agency.clone(), key: *public_key, role: *role, capacity }
}

/// Errors: the node is of another consortium than the one expected.
pub(crate) fn check_consortium(
    status: &Status,
    expected: ConsortiumId,
    client: &Client,
) -> Result<(), Fault> {
    let found = status.consortium;
    if is_expected(expected, found) {
        return Ok(());
    }
    Err(fault!(Failed, "other-consortium", url = client.url(), found = found, expected = expected))
}

/// Whether the consortium found is the one expected. A card made for a genesis expects none.
pub(crate) fn is_expected(expected: ConsortiumId, found: ConsortiumId) -> bool {
    expected == found || expected == NO_CONSORTIUM
}

/// Why a submitted record is not known to be committed.
pub(crate) enum NotCommitted {
    /// A rule refuses it; it is on no log.
    Refused(Box<Problem>),
    /// Anything else; the bytes are kept where the fault says.
    Fault(Fault),
}

impl NotCommitted {
    /// As a fault, with times in `zone` and what its text may say about the signer.
    pub(crate) fn into_fault(self, zone: &TimeZone, signer: Fields) -> Fault {
        match self {
            NotCommitted::Refused(problem) => problem.into_refusal(zone, signer),
            NotCommitted::Fault(fault) => fault,
        }
    }
}

impl From<Fault> for NotCommitted {
    fn from(fault: Fault) -> Self {
        NotCommitted::Fault(fault)
    }
}

/// Submits a record and waits for its commit. The bytes are kept in a file from before they are
/// sent until their fate is known.
pub(crate) fn submit(
    session: &Session<'_>,
    client: &Client,
    record: &VerifiedRecord,
) -> Result<Committed, NotCommitted> {
    let kept = keep(session, record)?;
    let path = kept.display();
    match client.submit(record.bytes()) {
        Ok(committed) => {
            if committed.record_id != record.id() || committed.leaf_hash != record.leaf() {
                let url = client.url();
                return Err(fault!(Unknown, "answer-other-record", url = url, path = path).into());
            }
            let _ = std::fs::remove_file(&kept);
            Ok(committed)
        }
        Err(SubmitError::Refused(problem)) => {
            // What was handed over in an emergency can go in late, from this very file.
            let is_over = problem.rule() == Some("record-expired");
            if !(is_over && may_go_in_late(record)) {
                let _ = std::fs::remove_file(&kept);
            }
            Err(NotCommitted::Refused(problem))
        }
        Err(SubmitError::NotTaken(cause)) => {
            Err(fault!(Unknown, "not-taken", url = client.url(), cause = cause, path = path).into())
        }
        Err(SubmitError::Unknown(cause)) => {
            Err(fault!(Unknown, "outcome-unknown", url = client.url(), cause = cause, path = path)
                .into())
        }
    }
}

fn may_go_in_late(record: &VerifiedRecord) -> bool {
    let access = record.statement().action.access();
    access.is_some_and(|access| access.attempt.attempt.grant.emergency().is_some())
}

/// Removes a file that a command kept, now that what it holds is on the log. One of another name is
/// somebody's own, and stays.
pub(crate) fn forget(path: &Path) {
    if is_kept(path) {
        let _ = std::fs::remove_file(path);
    }
}

fn is_kept(path: &Path) -> bool {
    let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
    name.starts_with(KEPT) && name.ends_with(".record")
}

/// The bytes of all records that were kept and whose fate is unknown.
pub(crate) fn kept(session: &Session<'_>) -> Result<Vec<Vec<u8>>, Fault> {
    let Ok(files) = std::fs::read_dir(&session.shell.pending_dir) else { return Ok(vec![]) };
    let names = files.filter_map(|file| file.ok().map(|file| file.path()));
    names.filter(|path| is_kept(path)).map(|path| keys::read(&path)).collect()
}

/// Keeps the bytes under a name of their own; the same bytes have the same name.
fn keep(session: &Session<'_>, record: &VerifiedRecord) -> Result<PathBuf, Fault> {
    let name = format!("{KEPT}{}.record", &record.leaf().to_string()[..16]);
    let path = session.shell.pending_dir.join(name);
    match keys::write_new(&path, record.bytes(), Readers::Any) {
        Err(fault) if fault.name == "file-exists" && keys::read(&path)? == **record.bytes() => {}
        other => other?,
    }
    Ok(path)
}

/// Says what was committed and how to check it. Adds the members of `also` to the object.
pub(crate) fn report(
    session: &mut Session<'_>,
    record: &VerifiedRecord,
    committed: &Committed,
    also: Value,
) -> Result<(), Fault> {
    let mut object = json!({
        "status": "committed",
        "kind": record.statement().action.kind(),
        "record_id": committed.record_id,
        "leaf_hash": committed.leaf_hash,
        "index": committed.index,
        "height": committed.height,
        "time": committed.time,
        "header_hash": committed.header_hash,
    });
    if let (Some(object), Value::Object(also)) = (object.as_object_mut(), also) {
        object.extend(also);
    }
    let (index, height) = (committed.index, committed.height);
    session.result(&object, |shell| {
        let time = time::show(committed.time, &shell.zone);
        let done = describe::done(&record.statement().action, committed);
        say!("ok-committed", done = done, index = index, height = height, time = time)
    })
}
