//! `comity dispute`: opens, answers, escalates and decides disputes, lists and shows them.
//! Holds: who has it now, and since when, is said wherever one is shown.

use comity_core::dispute::{Dispute, Ruling, Stage, Step};
use comity_core::ids::DisputeId;
use comity_core::statement::Action;
use jiff::tz::TimeZone;
use serde_json::json;

use super::filter;
use crate::args::{DisputeVerb, ListDisputes, ShowDispute};
use crate::client::DisputeFound;
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
        if found.state == "stands" && found.dispute.step().stage != Stage::Superior {
            lines.push(say!("dispute-next", dispute = found.id));
        }
        fold(&lines.join("\n"))
    })
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
