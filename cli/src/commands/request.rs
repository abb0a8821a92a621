//! `comity request`: asks for data, and answers, takes back, urges, lists and explains requests.
//! Holds: an approval is shown with what it leaves out of what was asked.

mod look;
mod open;
mod scene;

use comity_core::dataset::Items;
use comity_core::grant::GrantTerms;
use comity_core::ids::RequestId;
use comity_core::statement::Action;
use serde_json::json;

use crate::args::{ApproveRequest, RequestVerb};
use crate::client::RequestAnswer;
use crate::fault::{Exit, Fault};
use crate::impact::gained;
use crate::messages::{fault, say};
use crate::shell::Session;
use crate::sign::Desk;
use crate::time;
use crate::time::Edge;

pub(super) use look::{post, titled, waiting};

pub(super) fn run(verb: RequestVerb, session: &mut Session<'_>) -> Result<Exit, Fault> {
    match verb {
        RequestVerb::Open(args) => return open::run(&args, session),
        RequestVerb::Approve(args) => approve(&args, session),
        RequestVerb::Refuse(args) => {
            let desk = Desk::open(session, &args.signing.key)?;
            let (request, legal_basis, reason) = (args.request, args.legal_basis, args.reason);
            let action = Action::RefuseRequest { request, legal_basis, reason };
            desk.change(session, action, |_| json!({ "request": request })).map(drop)
        }
        RequestVerb::Withdraw(args) => {
            let desk = Desk::open(session, &args.signing.key)?;
            let (request, reason) = (args.request, args.reason);
            let action = Action::WithdrawRequest { request, reason };
            desk.change(session, action, |_| json!({ "request": request })).map(drop)
        }
        RequestVerb::Urge(args) => {
            let desk = Desk::open(session, &args.signing.key)?;
            let request = args.request;
            let action = Action::UrgeRequest { request };
            desk.change(session, action, |_| json!({ "request": request })).map(drop)
        }
        RequestVerb::Review(args) => {
            let desk = Desk::open(session, &args.signing.key)?;
            let (request, fault) = (args.request, args.send_back.unwrap_or_default());
            let action = Action::ReviewRequest { request, fault };
            desk.change(session, action, |_| json!({ "request": request })).map(drop)
        }
        RequestVerb::Extend(args) => {
            let desk = Desk::open(session, &args.signing.key)?;
            let (request, days, reason) = (args.request, args.days, args.reason);
            let action = Action::ExtendReply { request, days, reason };
            desk.change(session, action, |_| json!({ "request": request })).map(drop)
        }
        RequestVerb::List(args) => look::list(&args, session),
        RequestVerb::Show(args) => look::show(&args, session),
    }?;
    Ok(Exit::Done)
}

fn approve(args: &ApproveRequest, session: &mut Session<'_>) -> Result<(), Fault> {
    let desk = Desk::open(session, &args.who.signing.key)?;
    let answer = asked_here(&desk, args.request)?;
    let asked = &answer.request.terms.asked;
    let terms = narrowed(asked, args, session)?;
    session.shell.note(&look::asked_by(&desk.client, &answer, session)?);
    session.shell.note(&compared(asked, &terms));
    if let Some(text) = gained(&desk.client, &terms)? {
        session.shell.note(&text);
    }
    let request = args.request;
    let action = Action::ApproveRequest { request, terms };
    desk.change_with(session, &args.who, action)
}

/// The request to be approved. Errors: there is none, said as the ledger would.
fn asked_here(desk: &Desk, request: RequestId) -> Result<RequestAnswer, Fault> {
    desk.client.ask_request(request).map_err(|fault| match fault.name.as_str() {
        "not-found" => fault!(Refused, "request-unknown", request = request),
        _ => fault,
    })
}

/// What was asked, with what the steward says otherwise.
fn narrowed(
    asked: &GrantTerms,
    args: &ApproveRequest,
    session: &Session<'_>,
) -> Result<GrantTerms, Fault> {
    let (zone, now) = (&session.shell.zone, session.shell.now());
    let mut terms = asked.clone();
    if !args.matter.is_empty() {
        terms.matters = args.matter.iter().cloned().collect();
    }
    if !args.item.is_empty() {
        terms.items = Items::Only(args.item.iter().cloned().collect());
    }
    if !args.mode.is_empty() {
        terms.modes = args.mode.iter().copied().collect();
    }
    if let Some(from) = &args.from {
        terms.not_before = time::instant(from, Edge::Start, zone, now)?;
    }
    if let Some(until) = &args.until {
        terms.not_after = time::instant(until, Edge::End, zone, now)?;
    }
    terms.total_quota = args.quotas.total_quota.or(terms.total_quota);
    terms.daily_quota = args.quotas.daily_quota.or(terms.daily_quota);
    if !args.condition.is_empty() {
        terms.conditions = args.condition.iter().copied().collect();
    }
    Ok(terms)
}

/// In what an approval grants less than was asked.
fn compared(asked: &GrantTerms, granted: &GrantTerms) -> String {
    let period = (asked.not_before, asked.not_after) != (granted.not_before, granted.not_after);
    let less = [
        (asked.matters != granted.matters, say!("label-matters")),
        (asked.items != granted.items, say!("label-items")),
        (asked.modes != granted.modes, say!("label-modes")),
        (period, say!("label-in-force")),
        (asked.total_quota != granted.total_quota, say!("label-total-quota")),
        (asked.daily_quota != granted.daily_quota, say!("label-daily-quota")),
        (asked.conditions != granted.conditions, say!("label-conditions")),
    ];
    let less: Vec<String> =
        less.into_iter().filter(|(differs, _)| *differs).map(|(_, label)| label).collect();
    match less.is_empty() {
        true => say!("note-approves-as-asked"),
        false => say!("note-approves-less", fields = less.join(", ").to_lowercase()),
    }
}

/// Whether a request waits for its reply.
pub(super) fn is_open(answer: &RequestAnswer) -> bool {
    answer.request.reply.is_none()
}
