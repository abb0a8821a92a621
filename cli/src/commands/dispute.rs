//! `comity dispute`: opens, answers, escalates and decides disputes, lists and shows them.
//! Holds: who has it now, since when and until when is said wherever one is shown.

use comity_core::dispute::{Dispute, DisputeAbout, Ruling, Stage, Step};
use comity_core::duty::{DutyObject, DutyState};
use comity_core::ids::DisputeId;
use comity_core::statement::Action;
use comity_core::text::AgencyId;
use jiff::tz::TimeZone;
use serde_json::json;

use super::duty::DutyAnswer;
use super::{duty, filter};
use crate::args::{DisputeVerb, ListDisputes, ShowDispute};
use crate::client::{Client, DisputeFound};
use crate::fault::Fault;
use crate::messages::say;
use crate::shell::Session;
use crate::sign::Desk;
use crate::wrap::fold;
use crate::{describe, table, time};

pub(super) fn run(verb: DisputeVerb, session: &mut Session<'_>) -> Result<(), Fault> {
    match verb {
        DisputeVerb::Open(args) => {
            let desk = Desk::open(session, &args.signing.key)?;
            let action = Action::OpenDispute { about: args.about(), grounds: args.grounds };
            desk.change(session, action, |done| json!({ "dispute": DisputeId(done.index) }))
                .map(drop)
        }
        DisputeVerb::Answer(args) => {
            let desk = Desk::open(session, &args.signing.key)?;
            let (dispute, ruling) = (args.dispute, args.ruling());
            change(&desk, session, dispute, Action::AnswerDispute { dispute, ruling })
        }
        DisputeVerb::Escalate(args) => {
            let desk = Desk::open(session, &args.signing.key)?;
            let (dispute, grounds) = (args.dispute, args.grounds);
            change(&desk, session, dispute, Action::EscalateDispute { dispute, grounds })
        }
        DisputeVerb::Decide(args) => {
            let desk = Desk::open(session, &args.signing.key)?;
            let (dispute, ruling) = (args.dispute, args.ruling());
            change(&desk, session, dispute, Action::DecideDispute { dispute, ruling })
        }
        DisputeVerb::List(args) => list(&args, session),
        DisputeVerb::Show(args) => show(&args, session),
    }
}

fn change(
    desk: &Desk,
    session: &mut Session<'_>,
    dispute: DisputeId,
    action: Action,
) -> Result<(), Fault> {
    desk.change(session, action, |_| json!({ "dispute": dispute })).map(drop)
}

fn list(args: &ListDisputes, session: &mut Session<'_>) -> Result<(), Fault> {
    let client = session.client()?;
    let mut query = vec![];
    filter(&mut query, "agency", args.agency.as_ref());
    filter(&mut query, "by", args.by.as_ref());
    filter(&mut query, "state", args.state.map(|state| state.as_str()));
    let (disputes, values) = client.listed::<DisputeFound>("/v1/disputes", &query, "disputes")?;
    session.result(&json!({ "disputes": values }), |shell| {
        let headings = [
            &say!("column-dispute"),
            &say!("column-by"),
            &say!("column-against"),
            &say!("column-with"),
            &say!("column-state"),
            &say!("column-since"),
            &say!("column-disputed"),
        ];
        let row = |found: &DisputeFound| {
            let Dispute { claimant, respondent, about, .. } = &found.dispute;
            let step = found.dispute.step();
            vec![
                found.id.to_string(),
                claimant.to_string(),
                respondent.to_string(),
                step.by.to_string(),
                state(&found.state),
                time::date(step.began.on, &shell.zone),
                describe::disputed(*about),
            ]
        };
        let rows = disputes.iter().map(row).collect();
        table::rows(&headings.map(String::as_str), rows).folding_after(6)
    })
}

/// How a dispute stands, in the reader's words.
fn state(word: &str) -> String {
    match word {
        "open" => say!("dispute-open"),
        "stands" => say!("dispute-stands"),
        "anew" => say!("dispute-anew"),
        other => other.to_owned(),
    }
}

fn show(args: &ShowDispute, session: &mut Session<'_>) -> Result<(), Fault> {
    let client = session.client()?;
    let value = client.value(&format!("/v1/disputes/{}", args.dispute), &vec![])?;
    let found: DisputeFound = client.read(&value)?;
    let owed = match session.global.json {
        true => None,
        false => owed(&client, &found)?,
    };
    session.result(&value, |shell| {
        let Dispute { about, grounds, claimant, respondent, opened, steps } = &found.dispute;
        let head = say!(
            "dispute-story",
            dispute = found.id,
            claimant = claimant,
            about = describe::disputed(*about),
            respondent = respondent,
            day = time::date(opened.on, &shell.zone),
            grounds = grounds,
        );
        let mut lines = vec![head];
        lines.extend(steps.iter().map(|step| told(step, &shell.zone)));
        lines.extend(next(&found, owed.as_ref(), &shell.zone));
        fold(&lines.join("\n"))
    })
}

/// Who acts next: the agency that has it, or the one that is to decide anew; nobody has to where it
/// stands.
fn acts_next(found: &DisputeFound) -> Option<&AgencyId> {
    let step = found.dispute.step();
    match &step.ruled {
        None => Some(&step.by),
        Some(_) => found.dispute.anew().map(|_| &found.dispute.respondent),
    }
}

/// What is owed next in a dispute, where a clock runs for it.
fn owed(client: &Client, found: &DisputeFound) -> Result<Option<DutyAnswer>, Fault> {
    let Some(agency) = acts_next(found) else { return Ok(None) };
    let query = vec![("agency", agency.to_string()), ("undone", "true".to_owned())];
    let began = found.dispute.anew().unwrap_or(found.dispute.step().began).on;
    let (duties, _) = duty::listed(client, &query)?;
    let is_it = |answer: &DutyAnswer| {
        answer.duty.object == DutyObject::Dispute(found.id) && answer.duty.began == began
    };
    Ok(duties.into_iter().rfind(is_it))
}

/// What is to be done next, by whom and by when, and what the claimant may do.
fn next(found: &DisputeFound, owed: Option<&DutyAnswer>, zone: &TimeZone) -> Vec<String> {
    let (dispute, step) = (found.id, found.dispute.step());
    let is_late = owed.is_some_and(|answer| answer.state == DutyState::Lapsed);
    let up = || (step.stage != Stage::Superior).then(|| may_escalate(found));
    let Some(agency) = acts_next(found) else { return up().into_iter().collect() };
    let is_anew = step.ruled.is_some();
    let command = match (step.stage, is_anew) {
        (_, true) => decided_with(found.dispute.about),
        (Stage::Parties, _) => format!("comity dispute answer {dispute} --help"),
        (Stage::Authority | Stage::Superior, _) => {
            format!("comity dispute decide {dispute} --help")
        }
    };
    let what = if is_anew { say!("words-to-decide-anew") } else { say!("words-to-rule") };
    let line = match owed {
        Some(answer) if !duty::is_open(answer) => {
            let command = looked_at_with(found.dispute.about);
            return vec![say!("dispute-dealt-with", command = command)];
        }
        Some(answer) => {
            let day = time::last_date(answer.duty.due, zone);
            match is_late {
                false => {
                    say!("dispute-due", agency = agency, day = day, what = what, command = command)
                }
                true => {
                    say!("dispute-late", agency = agency, day = day, what = what, command = command)
                }
            }
        }
        None => say!("dispute-without-clock", agency = agency, what = what, command = command),
    };
    // A step that has time is not passed; what is to be decided anew and is not, is disputed again.
    let passed = !is_anew && (is_late || owed.is_none());
    std::iter::once(line).chain(up().filter(|_| passed)).collect()
}

fn may_escalate(found: &DisputeFound) -> String {
    say!("dispute-next", claimant = found.dispute.claimant, dispute = found.id)
}

/// The command with which what is disputed is decided.
fn decided_with(about: DisputeAbout) -> String {
    match about {
        DisputeAbout::Delivery(grant) => format!("comity grant deliver {grant} --help"),
        DisputeAbout::Request(_) | DisputeAbout::Check(_) => looked_at_with(about),
    }
}

/// The command that shows what is disputed.
fn looked_at_with(about: DisputeAbout) -> String {
    match about {
        DisputeAbout::Request(request) => format!("comity request show {request}"),
        DisputeAbout::Delivery(grant) => format!("comity grant show {grant}"),
        DisputeAbout::Check(check) => format!("comity check show {check}"),
    }
}

/// Who was to rule at a step, and what was ruled.
fn told(step: &Step, zone: &TimeZone) -> String {
    let (agency, since) = (&step.by, time::date(step.began.on, zone));
    let stage = match step.stage {
        Stage::Parties => say!("stage-parties"),
        Stage::Authority => say!("stage-authority"),
        Stage::Superior => say!("stage-superior"),
    };
    let Some(ruled) = &step.ruled else {
        return say!("step-waits", agency = agency, stage = stage, since = since);
    };
    let (day, index) = (time::date(ruled.given.on, zone), ruled.given.at);
    match &ruled.ruling {
        Ruling::Anew { reason } => say!(
            "step-anew",
            agency = agency,
            stage = stage,
            day = day,
            index = index,
            reason = reason
        ),
        Ruling::Stands { basis, reason } => say!(
            "step-stands",
            agency = agency,
            stage = stage,
            day = day,
            index = index,
            basis = basis,
            reason = reason
        ),
    }
}
