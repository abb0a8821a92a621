//! `comity proposal list` and `show`: how proposals stand.
//! Holds: what is still needed, and until when, is said of every open one.

use comity_core::governance::{Ballot, Proposal};
use serde_json::{Value, json};

use crate::args::{ListProposals, ShowProposal};
use crate::client::{ProposalAnswer, Query};
use crate::commands::filter;
use crate::fault::Fault;
use crate::messages::say;
use crate::shell::{Session, Shell};
use crate::table::{self, Cell};
use crate::{measures, time};

pub(super) fn list(args: ListProposals, session: &mut Session<'_>) -> Result<(), Fault> {
    let client = session.client()?;
    let mut query: Query = vec![];
    filter(&mut query, "state", args.state);
    filter(&mut query, "agency", args.agency);
    filter(&mut query, "kind", args.kind);
    let (proposals, found) =
        client.listed::<ProposalAnswer>("/v1/proposals", &query, "proposals")?;
    session.result(&json!({ "proposals": Value::Array(found) }), |_| {
        let row = |answer: &ProposalAnswer| {
            let tally = &answer.tally;
            let ballots =
                say!("words-ballots", ayes = tally.ayes, needed = tally.needed, noes = tally.noes);
            vec![
                Cell::Text(answer.id.to_string()),
                Cell::Text(state_word(answer)),
                Cell::Text(ballots),
                Cell::Time(answer.proposal.closes),
                Cell::Text(answer.proposal.opened_by.to_string()),
                Cell::Text(measures::sentence(&answer.proposal.measure)),
            ]
        };
        let headings = [
            &say!("column-proposal"),
            &say!("column-state"),
            &say!("column-ballots"),
            &say!("column-closes"),
            &say!("column-by"),
            &say!("column-what"),
        ];
        let rows = proposals.iter().map(row).collect();
        table::rows(&headings.map(String::as_str), rows).folding_after(4)
    })
}

pub(super) fn show(args: &ShowProposal, session: &mut Session<'_>) -> Result<(), Fault> {
    let client = session.client()?;
    let found = client.value(&format!("/v1/proposals/{}", args.proposal), &vec![])?;
    let answer: ProposalAnswer = client.read(&found)?;
    let electorate = client.rules()?.electorate;
    session.result(&found, |shell| {
        let Proposal { measure, opened_by, opened_at, closes, ballots, .. } = &answer.proposal;
        let head = say!(
            "proposal-head",
            proposal = answer.id,
            measure = measures::sentence(measure),
            agency = opened_by,
            index = opened_at,
        );
        let mut rows = measures::rows(measure, &shell.zone);
        for (agency, Ballot { choice, at }) in ballots {
            let choice = measures::choice(*choice);
            let words = say!("words-ballot", agency = agency, choice = choice, index = at);
            rows.push((say!("label-ballot"), words));
        }
        if answer.state == "open" {
            let waiting = electorate.iter().filter(|agency| !ballots.contains_key(*agency));
            let waiting: Vec<String> = waiting.map(ToString::to_string).collect();
            rows.push((say!("label-no-ballot-yet"), waiting.join(", ")));
        }
        rows.push((say!("label-ballots-until"), time::show(*closes, &shell.zone)));
        format!("{head}\n{}\n{}", table::pairs(&rows), outcome(&answer, shell))
    })
}

/// What became of it, or what is still needed.
fn outcome(answer: &ProposalAnswer, shell: &Shell) -> String {
    let tally = &answer.tally;
    match (answer.proposal.passed_at, answer.state.as_str()) {
        (Some(at), _) => say!("proposal-passed", index = at),
        (None, "closed") => {
            say!("proposal-closed", ayes = tally.ayes, needed = tally.needed)
        }
        _ => {
            let missing = tally.needed.saturating_sub(tally.ayes);
            let until = time::show(answer.proposal.closes, &shell.zone);
            say!("proposal-open", missing = missing, all = tally.electorate, until = until)
        }
    }
}

fn state_word(answer: &ProposalAnswer) -> String {
    match answer.state.as_str() {
        "open" => say!("word-open"),
        "passed" => say!("word-passed"),
        "closed" => say!("word-closed"),
        other => other.to_owned(),
    }
}
