//! An entry as a row: what it says, under the columns of docs/auditors.md, "The log as a table".
//! Holds: a column means the same in every kind of entry; what an entry does not say is null.
//! May not enter: what other entries say (that is for the database to join).

use comity_core::access::{Attempt, SignedAttempt};
use comity_core::basis::Basis;
use comity_core::check_request::CheckOutcome;
use comity_core::dataset::{Dataset, Items};
use comity_core::dispute::Ruling;
use comity_core::grant::GrantTerms;
use comity_core::hash::leaf_hash;
use comity_core::ids::{DatasetId, Height, LogIndex, TimeMs};
use comity_core::statement::{Action, Capacity, SignedRecord};
use serde_json::{Value, json};

use crate::csv::guarded;
use crate::describe::word;

/// The columns, in order. New ones come at the end.
pub(super) const COLUMNS: [&str; 45] = [
    "index",
    "height",
    "time_utc",
    "kind",
    "agency",
    "key",
    "role",
    "signers",
    "record_id",
    "leaf_hash",
    "valid_until_utc",
    "sealed",
    "dataset",
    "provider",
    "requester",
    "grant",
    "request",
    "proposal",
    "exchange",
    "outcome",
    "rule",
    "officer",
    "matter",
    "mode",
    "whole",
    "items",
    "made_at_utc",
    "matters",
    "duty_basis",
    "modes",
    "not_before_utc",
    "not_after_utc",
    "total_quota",
    "daily_quota",
    "sharing",
    "grade",
    "subject_key",
    "subject_role",
    "codes",
    "choice",
    "measure",
    "legal_basis",
    "reason",
    "emergency",
    "task_force",
];

/// Where an entry stands.
#[derive(Clone, Copy, Debug)]
pub(super) struct Place {
    pub(super) index: LogIndex,
    pub(super) height: Height,
    pub(super) time: TimeMs,
}

/// A row, a cell for each column.
#[derive(Clone, Debug)]
pub(super) struct Row([Value; COLUMNS.len()]);

impl Row {
    /// The row of an entry.
    pub(super) fn new(place: Place, record: &SignedRecord, bytes: &[u8]) -> Row {
        let mut row = Row(std::array::from_fn(|_| Value::Null));
        let statement = &record.statement;
        row.put("index", place.index);
        row.put("height", place.height);
        row.put("time_utc", utc(place.time));
        row.put("kind", statement.action.kind());
        if let Some(first) = statement.signers.first() {
            row.put("agency", &first.agency);
            row.put("key", first.key);
            row.put("role", word(&first.role));
        }
        row.put("signers", statement.signers.len());
        row.put("record_id", statement.id());
        row.put("leaf_hash", leaf_hash(bytes));
        row.put("valid_until_utc", utc(statement.valid_until));
        let attempt = statement.action.attempt().map_or(0, |signed| signed.attempt.sealed.len());
        let late = match &statement.action {
            Action::EmbedLate { record, .. } => record.sealed.len(),
            _ => 0,
        };
        row.put("sealed", statement.sealed.len() + late + attempt);
        row.action(place.index, &statement.action);
        row
    }

    /// As a line of CSV: nothing in it is read as a formula.
    pub(super) fn csv(&self) -> String {
        let cell = |value: &Value| match value {
            Value::Null => String::new(),
            Value::String(text) => quoted(&guarded(text)),
            other => quoted(&other.to_string()),
        };
        let cells: Vec<String> = self.0.iter().map(cell).collect();
        format!("{}\r\n", cells.join(","))
    }

    /// As a line of JSON.
    pub(super) fn jsonl(&self) -> String {
        let member = |(name, value): (&&str, &Value)| format!("\"{name}\":{value}");
        let members: Vec<String> = COLUMNS.iter().zip(&self.0).map(member).collect();
        format!("{{{}}}\n", members.join(","))
    }

    fn put(&mut self, column: &str, value: impl serde::Serialize) {
        match COLUMNS.iter().position(|name| *name == column) {
            Some(at) => self.0[at] = json!(value),
            None => unreachable!("{column} is a column"),
        }
    }

    fn action(&mut self, index: LogIndex, action: &Action) {
        match action {
            Action::RecordAccess { attempt, .. } => {
                self.attempt(attempt);
                self.put("outcome", "allowed");
            }
            Action::EmbedLate { record, against, .. } => {
                self.attempt(&record.attempt);
                self.put("outcome", "late");
                if let Some(against) = against {
                    self.put("rule", against.rule());
                }
            }
            Action::RecordDenial { attempt, refusal, .. } => {
                self.attempt(attempt);
                self.put("outcome", "refused");
                self.put("rule", refusal.rule());
            }
            Action::IssueGrant { terms } => {
                self.terms(terms);
                self.put("grant", index);
            }
            Action::ApproveRequest { request, terms } => {
                self.terms(terms);
                self.put("grant", index);
                self.put("request", request.0);
            }
            Action::OpenRequest { terms } => {
                self.terms(&terms.asked);
                self.put("request", index);
            }
            Action::RevokeGrant { grant, reason } | Action::SuspendGrant { grant, reason } => {
                self.put("grant", grant.0);
                self.put("reason", reason);
            }
            Action::IssueOnward { terms, .. } => {
                self.terms(terms);
                self.put("grant", index);
            }
            Action::NarrowGrant { grant, terms, .. } | Action::ExtendGrant { grant, terms, .. } => {
                self.terms(terms);
                self.put("grant", grant.0);
            }
            Action::FulfilUndertaking { grant, note, .. } => {
                self.put("grant", grant.0);
                self.put("reason", note);
            }
            Action::ResumeGrant { grant } | Action::ReportDelivery { grant } => {
                self.put("grant", grant.0);
            }
            Action::RefuseRequest { request, legal_basis, reason } => {
                self.put("request", request.0);
                self.put("legal_basis", legal_basis);
                self.put("reason", reason);
            }
            Action::WithdrawRequest { request, reason }
            | Action::ReviewRequest { request, fault: reason }
            | Action::ExtendReply { request, reason, .. } => {
                self.put("request", request.0);
                self.put("reason", reason);
            }
            Action::UrgeRequest { request } => self.put("request", request.0),
            other => self.other_action(index, other),
        }
    }

    fn other_action(&mut self, index: LogIndex, action: &Action) {
        match action {
            Action::PublishDataset { dataset } | Action::AmendDataset { dataset, .. } => {
                self.dataset(dataset);
            }
            Action::WithdrawDataset { dataset, reason }
            | Action::SuspendDataset { dataset, reason } => {
                self.dataset_id(dataset);
                self.put("reason", reason);
            }
            Action::ResumeDataset { dataset } | Action::RefreshDataset { dataset } => {
                self.dataset_id(dataset);
            }
            Action::RegisterKey { key, role, .. } => {
                self.put("subject_key", key);
                self.put("subject_role", word(role));
            }
            Action::RevokeKey { key, reason, .. } => {
                self.put("subject_key", key);
                self.put("reason", reason);
            }
            Action::PublishCodes { codes, .. } => {
                let codes: Vec<String> = codes.iter().map(|entry| entry.code.to_string()).collect();
                self.put("codes", codes);
            }
            Action::WithdrawCode { code, reason, .. } => {
                self.put("codes", [code.to_string()]);
                self.put("reason", reason);
            }
            Action::OpenProposal { measure } => {
                self.put("proposal", index);
                self.put("measure", measure.kind());
            }
            Action::CastBallot { proposal, choice } => {
                self.put("proposal", proposal.0);
                self.put("choice", word(choice));
            }
            Action::RecordEquivocation { equivocation } => {
                self.put("subject_key", equivocation.place().map(|place| place.validator));
            }
            answering => self.answering(index, answering),
        }
    }

    /// What somebody answers for.
    fn answering(&mut self, index: LogIndex, action: &Action) {
        match action {
            Action::OpenCheck { terms } => {
                self.dataset_id(&terms.dataset);
                self.items(&terms.items);
                self.put("grant", terms.grant.and_then(Basis::grant).map(|grant| grant.0));
                let emergency = terms.grant.and_then(Basis::emergency);
                self.put("emergency", emergency.map(|emergency| emergency.0));
                self.put("reason", &terms.claim);
            }
            Action::DeclareEmergency { .. }
            | Action::EndEmergency { .. }
            | Action::ReviewEmergency { .. }
            | Action::JustifyAccess { .. } => self.emergency(index, action),
            Action::FormTaskForce { .. }
            | Action::InviteToTaskForce { .. }
            | Action::ExcludeFromTaskForce { .. }
            | Action::JoinTaskForce { .. }
            | Action::LeaveTaskForce { .. }
            | Action::EndTaskForce { .. } => self.task_force(index, action),
            Action::ReportIncident { terms } => self.put("reason", &terms.nature),
            Action::ReportAssessment { terms } => {
                self.put("matters", &terms.matter);
                self.put("reason", &terms.text);
            }
            Action::OfferHandover { reason, .. } => self.put("reason", reason),
            Action::AnswerCheck { outcome: CheckOutcome::NotUpheld { basis, reason }, .. }
            | Action::AnswerDispute { ruling: Ruling::Stands { basis, reason }, .. }
            | Action::DecideDispute { ruling: Ruling::Stands { basis, reason }, .. } => {
                self.put("legal_basis", basis);
                self.put("reason", reason);
            }
            Action::AnswerCheck {
                outcome: CheckOutcome::Upheld { correction: reason, .. },
                ..
            }
            | Action::UpdateIncident { note: reason, .. }
            | Action::OpenDispute { grounds: reason, .. }
            | Action::EscalateDispute { grounds: reason, .. }
            | Action::AnswerDispute { ruling: Ruling::Anew { reason }, .. }
            | Action::DecideDispute { ruling: Ruling::Anew { reason }, .. }
            | Action::CloseIncident { measures: reason, .. }
            | Action::OpenFinding { text: reason, .. }
            | Action::AnswerFinding { answer: reason, .. }
            | Action::CloseFinding { text: reason, .. }
            | Action::FollowUpAssessment { text: reason, .. }
            | Action::ReportCorrection { note: reason, .. } => self.put("reason", reason),
            _ => {}
        }
    }

    fn task_force(&mut self, index: LogIndex, action: &Action) {
        match action {
            Action::FormTaskForce { terms } => {
                self.put("task_force", index);
                self.put("matters", [&terms.matter]);
                self.put("duty_basis", &terms.duty_basis);
                self.put("reason", &terms.title);
            }
            Action::InviteToTaskForce { task_force, .. } | Action::JoinTaskForce { task_force } => {
                self.put("task_force", task_force.0)
            }
            Action::ExcludeFromTaskForce { task_force, reason, .. }
            | Action::LeaveTaskForce { task_force, reason }
            | Action::EndTaskForce { task_force, reason } => {
                self.put("task_force", task_force.0);
                self.put("reason", reason);
            }
            _ => {}
        }
    }

    fn emergency(&mut self, index: LogIndex, action: &Action) {
        match action {
            Action::DeclareEmergency { terms } => {
                self.put("emergency", index);
                self.put("matters", [&terms.matter]);
                self.put("reason", &terms.reason);
            }
            Action::EndEmergency { emergency, reason } => {
                self.put("emergency", emergency.0);
                self.put("reason", reason);
            }
            Action::ReviewEmergency { emergency, text, .. } => {
                self.put("emergency", emergency.0);
                self.put("reason", text);
            }
            Action::JustifyAccess { emergency, basis, text, .. } => {
                self.put("emergency", emergency.0);
                self.put("duty_basis", basis);
                self.put("reason", text);
            }
            _ => {}
        }
    }

    fn attempt(&mut self, SignedAttempt { attempt, .. }: &SignedAttempt) {
        let Attempt { exchange, grant, dataset, requester, officer, matter, .. } = attempt;
        self.dataset_id(dataset);
        self.items(&attempt.items);
        self.put("requester", requester);
        self.put("grant", grant.grant().map(|grant| grant.0));
        self.put("emergency", grant.emergency().map(|emergency| emergency.0));
        self.put("exchange", exchange);
        self.put("officer", officer);
        self.put("matter", matter);
        self.put("mode", word(&attempt.mode));
        self.put("made_at_utc", utc(attempt.made_at));
        if let Capacity::TaskForce(id) = attempt.capacity {
            self.put("task_force", id.0);
        }
    }

    fn terms(&mut self, terms: &GrantTerms) {
        self.dataset_id(&terms.dataset);
        self.items(&terms.items);
        self.put("requester", &terms.requester);
        self.put("matters", &terms.matters);
        self.put("duty_basis", &terms.duty_basis);
        self.put("modes", &terms.modes);
        self.put("not_before_utc", utc(terms.not_before));
        self.put("not_after_utc", utc(terms.not_after));
        self.put("total_quota", terms.total_quota);
        self.put("daily_quota", terms.daily_quota);
        self.put("task_force", terms.task_force.map(|id| id.0));
    }

    fn dataset(&mut self, dataset: &Dataset) {
        self.dataset_id(&dataset.id);
        self.put("sharing", word(&dataset.sharing));
        self.put("grade", word(&dataset.grade));
        self.put("modes", &dataset.modes);
        let items: Vec<String> = dataset.items.iter().map(|item| item.name.to_string()).collect();
        self.put("items", items);
    }

    fn dataset_id(&mut self, dataset: &DatasetId) {
        self.put("dataset", dataset.to_string());
        self.put("provider", &dataset.agency);
    }

    fn items(&mut self, items: &Items) {
        self.put("whole", *items == Items::All);
        if let Items::Only(items) = items {
            self.put("items", items);
        }
    }
}

/// A cell, quoted where it must be (RFC 4180).
fn quoted(cell: &str) -> String {
    match cell.contains([',', '"', '\n', '\r', '\'']) || cell != cell.trim() {
        true => format!("\"{}\"", cell.replace('"', "\"\"")),
        false => cell.to_owned(),
    }
}

/// A time in UTC as databases read it; one after the year 9999 is the last that they know.
fn utc(time: TimeMs) -> String {
    let time = i64::try_from(time.0).ok().and_then(|ms| jiff::Timestamp::from_millisecond(ms).ok());
    let text = time.map(|time| time.strftime("%Y-%m-%d %H:%M:%S.%3f").to_string());
    text.unwrap_or_else(|| "9999-12-31 23:59:59.999".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cells_are_exact_in_json_and_no_formula_in_csv() {
        let mut row = Row(std::array::from_fn(|_| Value::Null));
        row.put("reason", "=HYPERLINK(\"x\")");
        row.put("matters", ["A", "B"]);
        row.put("grant", 7);
        let csv = row.csv();
        assert!(csv.contains(",\"[\"\"A\"\",\"\"B\"\"]\","), "{csv}");
        assert!(csv.ends_with(",\"'=HYPERLINK(\"\"x\"\")\",,\r\n"), "{csv}");
        let line: Value = serde_json::from_str(&row.jsonl()).unwrap();
        assert_eq!(line["reason"], "=HYPERLINK(\"x\")");
        assert_eq!(line["grant"], 7);
        assert!(line["rule"].is_null());
        assert_eq!(line.as_object().unwrap().len(), COLUMNS.len());
    }

    #[test]
    fn times_are_in_utc_and_never_beyond_what_databases_know() {
        assert_eq!(utc(TimeMs(1_777_777_777_007)), "2026-05-03 03:09:37.007");
        assert_eq!(utc(TimeMs(u64::MAX)), "9999-12-31 23:59:59.999");
    }
}
