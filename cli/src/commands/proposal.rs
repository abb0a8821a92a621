//! `comity proposal`: opens proposals, casts ballots, lists and shows them.
//! Holds: before anything is signed it is shown what it will change, who has a ballot, and how many
//! are needed.
//! May not enter: what a measure may do (core decides).

mod look;
mod open;
mod outlook;

use comity_core::governance::Choice;
use comity_core::statement::Action;
use serde_json::{Value, json};

use crate::args::{CastBallot, ProposalVerb};
use crate::client::{Client, ProposalAnswer};
use crate::fault::Fault;
use crate::messages::say;
use crate::shell::Session;
use crate::sign::Desk;
use crate::{measures, table, time};

pub(super) fn run(verb: ProposalVerb, session: &mut Session<'_>) -> Result<(), Fault> {
    match verb {
        ProposalVerb::Open(what) => open::open(*what, session),
        ProposalVerb::Vote(args) => vote(&args, session),
        ProposalVerb::List(args) => look::list(args, session),
        ProposalVerb::Show(args) => look::show(&args, session),
    }
}

fn vote(args: &CastBallot, session: &mut Session<'_>) -> Result<(), Fault> {
    let desk = Desk::open(session, &args.signing.key)?;
    let answer = desk.client.ask_proposal(args.proposal)?;
    let measure = &answer.proposal.measure;
    let zone = session.shell.zone.clone();
    let head = say!(
        "preview-proposal",
        proposal = answer.id,
        measure = measures::sentence(measure),
        agency = answer.proposal.opened_by,
        until = time::show(answer.proposal.closes, &zone),
    );
    session.shell.note(&head);
    session.shell.note(&table::pairs(&measures::rows(measure, &zone)));
    outlook::show(session, &desk, measure)?;
    let tally = &answer.tally;
    let stands = say!("tally", ayes = tally.ayes, noes = tally.noes, needed = tally.needed);
    session.shell.note(&stands);
    let (proposal, choice) = (args.proposal, Choice::from(args.choice));
    let action = Action::CastBallot { proposal, choice };
    desk.change(session, action, |_| standing(&desk.client, proposal))?;
    say_standing(session, &desk.client, proposal);
    Ok(())
}

/// How a proposal stands after a ballot, for programs.
fn standing(client: &Client, id: comity_core::ids::ProposalId) -> Value {
    // The ballot is on the log whether or not the node answers this too.
    match client.ask_proposal(id) {
        Ok(ProposalAnswer { state, tally, .. }) => {
            json!({ "proposal": id, "state": state, "tally": tally })
        }
        Err(_) => json!({ "proposal": id }),
    }
}

/// How a proposal stands after a ballot, for people.
fn say_standing(session: &mut Session<'_>, client: &Client, id: comity_core::ids::ProposalId) {
    let Ok(answer) = client.ask_proposal(id) else { return };
    let tally = answer.tally;
    let text = match answer.proposal.passed_at {
        Some(at) => say!("note-passed", proposal = id, index = at),
        None => {
            let until = time::show(answer.proposal.closes, &session.shell.zone);
            let missing = tally.needed.saturating_sub(tally.ayes);
            say!("note-ballots-needed", proposal = id, missing = missing, until = until)
        }
    };
    session.shell.note(&text);
}
