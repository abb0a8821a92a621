//! `comity agency`: the members, one of them in full, and the file by which a hosted one is admitted.
//! Holds: one that left is shown with how it left and what it left behind.

mod describe;
mod exit;
mod show;

use serde_json::{Value, json};

use crate::args::AgencyVerb;
use crate::client::MemberAnswer;
use crate::fault::Fault;
use crate::messages::say;
use crate::shell::Session;
use crate::{describe as words, measures, table};

pub(super) fn run(verb: AgencyVerb, session: &mut Session<'_>) -> Result<(), Fault> {
    match verb {
        AgencyVerb::List => list(session),
        AgencyVerb::Show(args) => show::show(&args, session),
        AgencyVerb::Describe(args) => describe::describe(*args, session),
    }
}

fn list(session: &mut Session<'_>) -> Result<(), Fault> {
    let client = session.client()?;
    let (agencies, found) = client.listed::<MemberAnswer>("/v1/agencies", &vec![], "agencies")?;
    session.result(&json!({ "agencies": Value::Array(found) }), |_| {
        let row = |MemberAnswer { agency, departure }: &MemberAnswer| {
            let standing = match departure {
                Some(departure) => say!("words-left", index = departure.at),
                None => measures::standing(&agency.standing),
            };
            vec![
                agency.id.to_string(),
                agency.name.to_string(),
                words::said("level", &agency.level),
                agency.region.to_string(),
                standing,
                agency.operated_by.to_string(),
            ]
        };
        let headings = [
            &say!("column-agency"),
            &say!("column-name"),
            &say!("column-level"),
            &say!("column-region"),
            &say!("column-standing"),
            &say!("column-operated-by"),
        ];
        table::rows(&headings.map(String::as_str), agencies.iter().map(row).collect())
    })
}
