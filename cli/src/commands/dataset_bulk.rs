//! Many changes of datasets at once: carried out, counted, reported.
//! Holds: what was left out is reported with its place and reason, and the exit code says so.
//! May not enter: which changes (see `dataset_import`, `dataset_change`).

use comity_core::statement::Action;
use serde_json::{Value, json};

use crate::catalogue::{self, Job, Outcome, Place, Planned, Reason};
use crate::fault::{Exit, Fault};
use crate::messages::say;
use crate::shell::Session;
use crate::sign::Desk;
use crate::table;

/// Most entries left out that are shown to people; `--json` has them all.
const MAX_SHOWN: usize = 40;

/// What was done.
#[derive(Debug, Default)]
pub(super) struct Done {
    pub(super) published: Vec<Value>,
    pub(super) amended: Vec<Value>,
    pub(super) withdrawn: Vec<Value>,
    pub(super) left_out: Vec<(Place, Reason)>,
    pub(super) elapsed_ms: u64,
}

impl Done {
    /// How the command ends.
    pub(super) fn exit(&self) -> Exit {
        if self.left_out.iter().any(|(_, reason)| reason.is_passing()) {
            Exit::Unknown
        } else if self.left_out.is_empty() {
            Exit::Done
        } else {
            Exit::Partly
        }
    }

    /// A planned change as it is reported.
    fn note(&mut self, planned: &Planned, entry: Value) {
        let list = match planned.action {
            Action::PublishDataset { .. } => &mut self.published,
            Action::WithdrawDataset { .. } => &mut self.withdrawn,
            _ => &mut self.amended,
        };
        let mut value = json!({ "dataset": planned.id, "identifier": planned.place.identifier });
        if planned.place.index > 0 {
            value["index"] = json!(planned.place.index);
        }
        if !entry.is_null() {
            value["entry"] = entry;
        }
        list.push(value);
    }
}

/// What would be done.
pub(super) fn foreseen(changes: &[Planned]) -> Done {
    let mut done = Done::default();
    for planned in changes {
        done.note(planned, Value::Null);
    }
    done
}

/// Signs and sends every change, with progress.
pub(super) fn carry_out(
    session: &mut Session<'_>,
    desk: &Desk,
    changes: &[Planned],
    in_flight: usize,
) -> Result<Done, Fault> {
    let mut jobs = Vec::with_capacity(changes.len());
    for Planned { action, details, .. } in changes {
        let nonce = comity_core::ids::Nonce(session.shell.draw()?);
        jobs.push(Job { action: action.clone(), nonce, details: details.clone() });
    }
    let (mut done, total, mut count) = (Done::default(), jobs.len(), 0_usize);
    let (clock, zone) = (session.shell.clock, session.shell.zone.clone());
    let started = clock();
    session.shell.show_progress(&say!("progress-send", done = count, total = total));
    catalogue::send(desk, clock, &jobs, in_flight, |at, outcome| {
        count += 1;
        session.shell.show_progress(&say!("progress-send", done = count, total = total));
        let planned = &changes[at];
        let reason = match outcome {
            Outcome::Committed(committed) => {
                done.note(planned, json!(committed.index));
                return;
            }
            Outcome::Refused(problem) => {
                let rule = problem.name().to_owned();
                let what = problem.into_refusal(&zone, desk.fields()).what();
                Reason::Refused { rule, what }
            }
            Outcome::DetailsNotKept(fault) => Reason::DetailsNotKept { what: fault.what() },
            Outcome::NotCommitted(cause) => Reason::NotCommitted { cause },
            Outcome::NotSent => Reason::NotSent,
        };
        let mut place = planned.place.clone();
        if place.identifier.is_empty() {
            place.identifier = planned.id.to_string();
        }
        done.left_out.push((place, reason));
    });
    session.shell.show_progress("");
    done.elapsed_ms = clock().0.saturating_sub(started.0);
    done.left_out.sort_by_key(|(place, _)| place.index);
    done.published.sort_by_key(|value| value["entry"].as_u64());
    done.amended.sort_by_key(|value| value["entry"].as_u64());
    Ok(done)
}

/// Entries left out, for programs.
pub(super) fn left_out_json(left_out: &[(Place, Reason)]) -> Vec<Value> {
    left_out.iter().map(|(place, reason)| reason.to_json(place)).collect()
}

/// Entries left out, for people; empty where there are none.
pub(super) fn left_out_text(left_out: &[(Place, Reason)]) -> String {
    if left_out.is_empty() {
        return String::new();
    }
    let row = |(place, reason): &(Place, Reason)| {
        let at = match place.line {
            Some(line) => say!("words-at-line", index = place.index, line = line),
            None if place.index > 0 => place.index.to_string(),
            None => String::new(),
        };
        vec![at, place.identifier.clone(), reason.words()]
    };
    let headings = [&say!("column-number"), &say!("column-identifier"), &say!("column-left-out")];
    let rows = left_out.iter().take(MAX_SHOWN).map(row).collect();
    let mut text = table::rows::<String>(&headings.map(String::as_str), rows).to_string();
    if let Some(more) = left_out.len().checked_sub(MAX_SHOWN).filter(|more| *more > 0) {
        text = format!("{text}\n{}", say!("note-more-left-out", count = more));
    }
    text
}
