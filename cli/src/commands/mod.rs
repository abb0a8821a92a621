//! What each command does, by noun.
//! Holds: a command asks, shows and signs; it decides nothing that the ledger decides.

mod access;
mod dataset;
mod grant;
mod key;
mod log;
mod record;
mod replay;
mod status;
mod verify;

use crate::args::Noun;
use crate::client::Query;
use crate::fault::{Exit, Fault};
use crate::shell::Session;

/// Runs a command.
pub(crate) fn run(noun: Noun, session: &mut Session<'_>) -> Result<Exit, Fault> {
    match noun {
        Noun::Key(verb) => key::run(verb, session),
        Noun::Dataset(verb) => dataset::run(verb, session),
        Noun::Grant(verb) => grant::run(verb, session),
        Noun::Access(verb) => return access::run(verb, session),
        Noun::Record(verb) => record::run(verb, session),
        Noun::Log(verb) => log::run(verb, session),
        Noun::Agency(verb) => status::agencies(&verb, session),
        Noun::Status => status::status(session),
        Noun::Codes => status::codes(session),
        Noun::Verify(verb) => return verify::run(verb, session),
    }?;
    Ok(Exit::Done)
}

/// Adds a filter to a query, if it was given.
fn filter(query: &mut Query, name: &'static str, value: Option<impl ToString>) {
    if let Some(value) = value {
        query.push((name, value.to_string()));
    }
}
