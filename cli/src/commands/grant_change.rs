//! `comity grant narrow`, `extend`, `onward`, `fulfil`: what becomes of grants, and of promises.
//! Holds: a change says which version it replaces, as the node shows it; the ledger decides.

use comity_core::grant::GrantTerms;
use comity_core::ids::GrantId;
use comity_core::statement::Action;
use serde_json::json;

use crate::args::{ExtendGrant, FulfilUndertaking, NarrowGrant, PassOn, TermsChange};
use crate::client::GrantAnswer;
use crate::fault::Fault;
use crate::messages::fault;
use crate::shell::Session;
use crate::sign::Desk;
use crate::time::{self, Edge};

/// Less from now on.
pub(super) fn narrow(args: &NarrowGrant, session: &mut Session<'_>) -> Result<(), Fault> {
    let desk = Desk::open(session, &args.signing.key)?;
    let grant = args.grant;
    let (terms, version) = changed(&desk, grant, &args.change, session)?;
    let action = Action::NarrowGrant { grant, terms, version };
    desk.change(session, action, |_| json!({ "grant": grant })).map(drop)
}

/// More, or for longer, by a new approval.
pub(super) fn extend(args: &ExtendGrant, session: &mut Session<'_>) -> Result<(), Fault> {
    let desk = Desk::open(session, &args.who.signing.key)?;
    let grant = args.grant;
    let (terms, version) = changed(&desk, grant, &args.change, session)?;
    desk.change_with(session, &args.who, Action::ExtendGrant { grant, terms, version })
}

/// To another agency, within what this one has.
pub(super) fn onward(args: &PassOn, session: &mut Session<'_>) -> Result<(), Fault> {
    let desk = Desk::open(session, &args.who.signing.key)?;
    let above = granted(&desk, args.grant)?.grant.terms;
    let most = GrantTerms { onward: [].into(), ..above.passed_on_to(&args.to) };
    let terms = within_period(&args.change, most, session)?;
    let parent = args.grant;
    desk.change_with(session, &args.who, Action::IssueOnward { parent, terms })
}

/// A promise kept.
pub(super) fn fulfil(args: FulfilUndertaking, session: &mut Session<'_>) -> Result<(), Fault> {
    let desk = Desk::open(session, &args.signing.key)?;
    let FulfilUndertaking { grant, number, note, .. } = args;
    let action = Action::FulfilUndertaking { grant, number, note };
    desk.change(session, action, |_| json!({ "grant": grant, "number": number })).map(drop)
}

/// The terms that a grant is to have, and the version that they replace.
fn changed(
    desk: &Desk,
    grant: GrantId,
    change: &TermsChange,
    session: &Session<'_>,
) -> Result<(GrantTerms, u32), Fault> {
    let grant = granted(desk, grant)?.grant;
    Ok((within_period(change, grant.terms, session)?, grant.version))
}

fn within_period(
    change: &TermsChange,
    terms: GrantTerms,
    session: &Session<'_>,
) -> Result<GrantTerms, Fault> {
    let (zone, now) = (&session.shell.zone, session.shell.now());
    let mut terms = change.over(terms);
    if let Some(from) = &change.from {
        terms.not_before = time::instant(from, Edge::Start, zone, now)?;
    }
    if let Some(until) = &change.until {
        terms.not_after = time::instant(until, Edge::End, zone, now)?;
    }
    Ok(terms)
}

/// The grant. Errors: there is none, said as the ledger would.
fn granted(desk: &Desk, grant: GrantId) -> Result<GrantAnswer, Fault> {
    desk.client.ask_grant(grant).map_err(|fault| match fault.name.as_str() {
        "not-found" => fault!(Refused, "grant-unknown", grant = grant),
        _ => fault,
    })
}
