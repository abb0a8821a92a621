//! What each command does, by noun.
//! Holds: a command asks, shows and signs; it decides nothing that the ledger decides.

mod access;
mod access_batch;
mod access_late;
mod access_legs;
mod access_list;
mod agency;
mod assessment;
mod audit;
mod calendar;
mod check;
mod clauses;
mod codes;
mod dataset;
mod dataset_bulk;
mod dataset_change;
mod dataset_export;
mod dataset_import;
mod dispute;
mod draft;
mod draw;
mod duplicates;
mod duty;
mod emergency;
mod evidence;
mod explain;
mod export;
mod finding;
mod grant;
mod grant_change;
pub(crate) mod holding;
mod inbox;
mod incident;
mod key;
mod log;
mod manual;
mod proof;
mod proposal;
mod recipients;
mod record;
mod replay;
mod report;
mod request;
mod responsibility;
mod rules;
mod sealed;
mod status;
mod task_force;
mod verify;

use crate::args::Noun;
use crate::client::Query;
use crate::fault::{Exit, Fault};
use crate::shell::Session;

pub(crate) use rules::shipped as shipped_rules;

/// Runs a command.
pub(crate) fn run(noun: Noun, session: &mut Session<'_>) -> Result<Exit, Fault> {
    match noun {
        Noun::Key(verb) => key::run(verb, session),
        Noun::Dataset(verb) => return dataset::run(verb, session),
        Noun::Request(verb) => return request::run(verb, session),
        Noun::Responsibility(verb) => responsibility::run(verb, session),
        Noun::Grant(verb) => grant::run(verb, session),
        Noun::Access(verb) => return access::run(verb, session),
        Noun::Check(verb) => check::run(verb, session),
        Noun::Dispute(verb) => dispute::run(verb, session),
        Noun::Incident(verb) => incident::run(verb, session),
        Noun::Emergency(verb) => emergency::run(verb, session),
        Noun::TaskForce(verb) => task_force::run(verb, session),
        Noun::Inbox(args) => inbox::run(&args, session),
        Noun::Evidence(verb) => evidence::run(verb, session),
        Noun::Record(verb) => record::run(verb, session),
        Noun::Draft(verb) => draft::run(verb, session),
        Noun::Sealed(verb) => sealed::run(verb, session),
        Noun::Log(verb) => log::run(verb, session),
        Noun::Agency(verb) => agency::run(verb, session),
        Noun::Proof(verb) => proof::run(verb, session),
        Noun::Proposal(verb) => proposal::run(verb, session),
        Noun::Status => status::status(session),
        Noun::Codes(verb) => codes::run(verb, session),
        Noun::Duty(verb) => duty::run(verb, session),
        Noun::Calendar(verb) => calendar::run(verb, session),
        Noun::Rules(verb) => rules::run(verb, session),
        Noun::Verify(verb) => return verify::run(verb, session),
        Noun::Audit(verb) => return audit::run(&verb, session),
        Noun::Draw(verb) => draw::run(verb, session),
        Noun::Finding(verb) => finding::run(verb, session),
        Noun::Assessment(verb) => assessment::run(verb, session),
        Noun::Report(verb) => report::run(&verb, session),
        Noun::Completions(args) => manual::completions(&args, session),
        Noun::Man(args) => manual::pages(&args, session),
    }?;
    Ok(Exit::Done)
}

/// Adds a filter to a query, if it was given.
fn filter(query: &mut Query, name: &'static str, value: Option<impl ToString>) {
    if let Some(value) = value {
        query.push((name, value.to_string()));
    }
}
