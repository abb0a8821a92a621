//! `comity grant`: issues, revokes, lists and explains grants.

use comity_core::grant::GrantTerms;
use comity_core::statement::Action;
use jiff::tz::TimeZone;
use serde_json::{Value, json};

use super::filter;
use crate::args::{GrantVerb, IssueGrant, ListGrants, RevokeGrant, ShowGrant};
use crate::client::GrantAnswer;
use crate::fault::Fault;
use crate::messages::{find, say};
use crate::shell::Session;
use crate::sign::Desk;
use crate::time::Edge;
use crate::{describe, table, time};

/// Most grants listed.
const MAX_LISTED: usize = 100_000;

pub(super) fn run(verb: GrantVerb, session: &mut Session<'_>) -> Result<(), Fault> {
    match verb {
        GrantVerb::Issue(args) => issue(*args, session),
        GrantVerb::Revoke(args) => revoke(args, session),
        GrantVerb::List(args) => list(&args, session),
        GrantVerb::Show(args) => show(&args, session),
    }
}

fn issue(args: IssueGrant, session: &mut Session<'_>) -> Result<(), Fault> {
    let (zone, now) = (session.shell.zone.clone(), session.shell.now());
    let items = args.scope.items();
    let terms = GrantTerms {
        dataset: args.dataset,
        requester: args.to,
        matters: args.matter.into_iter().collect(),
        duty_basis: args.basis,
        items,
        modes: args.mode.into_iter().collect(),
        not_before: time::instant(&args.from, Edge::Start, &zone, now)?,
        not_after: time::instant(&args.until, Edge::End, &zone, now)?,
        total_quota: args.total_quota,
        daily_quota: args.daily_quota,
        conditions: args.conditions,
    };
    let desk = Desk::open(session, &args.signing.key)?;
    let action = Action::IssueGrant { terms };
    desk.change(session, action, |committed| json!({ "grant": format!("G{}", committed.index) }))
        .map(drop)
}

fn revoke(args: RevokeGrant, session: &mut Session<'_>) -> Result<(), Fault> {
    let desk = Desk::open(session, &args.signing.key)?;
    let grant = args.grant;
    let action = Action::RevokeGrant { grant, reason: args.reason };
    desk.change(session, action, |_| json!({ "grant": grant })).map(drop)
}

fn list(args: &ListGrants, session: &mut Session<'_>) -> Result<(), Fault> {
    let client = session.client()?;
    let mut query = vec![];
    filter(&mut query, "provider", args.provider.as_ref());
    filter(&mut query, "requester", args.requester.as_ref());
    filter(&mut query, "dataset", args.dataset.as_ref());
    let found = client.list("/v1/grants", &query, "grants", MAX_LISTED)?;
    let grants: Vec<GrantAnswer> =
        found.iter().map(|grant| client.read(grant)).collect::<Result<_, _>>()?;
    session.result(&json!({ "grants": Value::Array(found) }), |shell| {
        let row = |answer: &GrantAnswer| {
            let terms = &answer.grant.terms;
            vec![
                answer.id.to_string(),
                terms.dataset.to_string(),
                terms.requester.to_string(),
                standing(&answer.standing),
                used(answer),
                time::show(terms.not_after, &shell.zone),
            ]
        };
        let headings = [
            &say!("column-grant"),
            &say!("column-dataset"),
            &say!("column-requester"),
            &say!("column-standing"),
            &say!("column-used"),
            &say!("column-ends"),
        ];
        table::rows(&headings.map(String::as_str), grants.iter().map(row).collect())
    })
}

fn show(args: &ShowGrant, session: &mut Session<'_>) -> Result<(), Fault> {
    let client = session.client()?;
    let found = client.value(&format!("/v1/grants/{}", args.grant), &vec![])?;
    let answer: GrantAnswer = client.read(&found)?;
    session.result(&found, |shell| explain(&answer, &shell.zone))
}

/// A grant in its own words, then its terms.
fn explain(answer: &GrantAnswer, zone: &TimeZone) -> String {
    let GrantAnswer { id, grant, standing: word, .. } = answer;
    let terms = &grant.terms;
    let end = match &grant.revoked {
        Some(revocation) => {
            say!("grant-was-revoked", index = revocation.at, reason = revocation.reason)
        }
        None => say!("grant-ends", until = time::show(terms.not_after, zone)),
    };
    let story = say!(
        "grant-story",
        grant = id,
        provider = terms.dataset.agency,
        requester = terms.requester,
        dataset = terms.dataset,
        standing = standing(word),
        used = used(answer),
        end = end,
        index = grant.issued_at,
    );
    format!("{story}\n{}", table::pairs(&describe::terms_rows(terms, zone)))
}

/// How a grant stands, in the reader's words.
fn standing(word: &str) -> String {
    find(&format!("standing-{word}")).unwrap_or(word).to_owned()
}

/// How much of a grant is used.
fn used(answer: &GrantAnswer) -> String {
    let total = answer.usage.total;
    match answer.grant.terms.total_quota {
        Some(limit) => say!("words-used-of", total = total, limit = limit),
        None => say!("words-used", total = total),
    }
}
