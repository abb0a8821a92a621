//! `comity grant`: issues, suspends, resumes, revokes, lists and explains grants.
//! Holds: whoever takes a grant away is told first who loses what.

use comity_core::agency::Standing;
use comity_core::binding::Fulfilment;
use comity_core::grant::GrantTerms;
use comity_core::interruption::Interruption;
use comity_core::statement::Action;
use jiff::tz::TimeZone;
use serde_json::{Value, json};

use super::{filter, grant_change, request};
use crate::args::{
    GrantVerb, IssueGrant, ListGrants, ResumeGrant, RevokeGrant, ShowGrant, SuspendGrant,
};
use crate::client::{Client, Codes, EntryAnswer, GrantAnswer, MemberAnswer};
use crate::fault::Fault;
use crate::impact::{Change, gained, impact};
use crate::messages::{find, say};
use crate::shell::Session;
use crate::sign::Desk;
use crate::table::Cell;
use crate::time::Edge;
use crate::wrap::fold;
use crate::{describe, table, time};

pub(super) fn run(verb: GrantVerb, session: &mut Session<'_>) -> Result<(), Fault> {
    match verb {
        GrantVerb::Issue(args) => issue(*args, session),
        GrantVerb::Revoke(args) => revoke(args, session),
        GrantVerb::Suspend(args) => suspend(args, session),
        GrantVerb::Resume(args) => resume(args, session),
        GrantVerb::Narrow(args) => grant_change::narrow(&args, session),
        GrantVerb::Extend(args) => grant_change::extend(&args, session),
        GrantVerb::Onward(args) => grant_change::onward(&args, session),
        GrantVerb::Fulfil(args) => grant_change::fulfil(args, session),
        GrantVerb::Deliver(args) => {
            let desk = Desk::open(session, &args.signing.key)?;
            let grant = args.grant;
            let action = Action::ReportDelivery { grant };
            desk.change(session, action, |_| json!({ "grant": grant })).map(drop)
        }
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
        total_quota: args.quotas.total_quota,
        daily_quota: args.quotas.daily_quota,
        conditions: args.condition.into_iter().collect(),
        officers: args.binding.officers().unwrap_or_default(),
        onward: args.binding.onward(),
        undertakings: args.binding.undertakings(),
        task_force: args.task_force,
    };
    let desk = Desk::open(session, &args.who.signing.key)?;
    if let Some(text) = gained(&desk.client, &terms)? {
        session.shell.note(&text);
    }
    let action = Action::IssueGrant { terms };
    desk.change_with(session, &args.who, action)
}

fn revoke(args: RevokeGrant, session: &mut Session<'_>) -> Result<(), Fault> {
    let grant = args.grant;
    let change = Change::RevokeGrant(grant);
    if args.taking.dry_run {
        return foresee(session, change);
    }
    let desk = Desk::open(session, &args.taking.signing.key)?;
    forewarn(session, &desk, change)?;
    let action = Action::RevokeGrant { grant, reason: args.taking.reason };
    desk.change(session, action, |_| json!({ "grant": grant })).map(drop)
}

fn suspend(args: SuspendGrant, session: &mut Session<'_>) -> Result<(), Fault> {
    let reason = args.taking.reason;
    let (change, action, also) = match (&args.which.dataset, args.which.grant) {
        (Some(dataset), _) => (
            Change::SuspendDataset(dataset),
            Action::SuspendDataset { dataset: dataset.clone(), reason },
            json!({ "dataset": dataset }),
        ),
        (None, Some(grant)) => (
            Change::SuspendGrant(grant),
            Action::SuspendGrant { grant, reason },
            json!({ "grant": grant }),
        ),
        (None, None) => unreachable!("one of the two is required"),
    };
    if args.taking.dry_run {
        return foresee(session, change);
    }
    let desk = Desk::open(session, &args.taking.signing.key)?;
    forewarn(session, &desk, change)?;
    desk.change(session, action, |_| also).map(drop)
}

fn resume(args: ResumeGrant, session: &mut Session<'_>) -> Result<(), Fault> {
    let (action, also) = match (args.which.dataset, args.which.grant) {
        (Some(dataset), _) => {
            let also = json!({ "dataset": dataset });
            (Action::ResumeDataset { dataset }, also)
        }
        (None, Some(grant)) => (Action::ResumeGrant { grant }, json!({ "grant": grant })),
        (None, None) => unreachable!("one of the two is required"),
    };
    let desk = Desk::open(session, &args.signing.key)?;
    desk.change(session, action, |_| also).map(drop)
}

/// Says who would lose what, before a change is shown and confirmed.
fn forewarn(session: &mut Session<'_>, desk: &Desk, change: Change<'_>) -> Result<(), Fault> {
    match impact(&desk.client, change) {
        Ok(impact) => session.shell.note(&impact.to_text(&session.shell.zone)),
        // What there is not is the ledger's to refuse, in its own words.
        Err(fault) if fault.is_not_found() => {}
        Err(fault) => return Err(fault),
    }
    Ok(())
}

/// Says only who would lose what.
fn foresee(session: &mut Session<'_>, change: Change<'_>) -> Result<(), Fault> {
    let impact = impact(&session.client()?, change)?;
    session.result(&json!({ "impact": impact.to_json() }), |shell| impact.to_text(&shell.zone))
}

fn list(args: &ListGrants, session: &mut Session<'_>) -> Result<(), Fault> {
    let client = session.client()?;
    let mut query = vec![];
    filter(&mut query, "provider", args.provider.as_ref());
    filter(&mut query, "requester", args.requester.as_ref());
    filter(&mut query, "dataset", args.dataset.as_ref());
    filter(&mut query, "standing", args.standing.as_ref());
    let (grants, found) = client.listed::<GrantAnswer>("/v1/grants", &query, "grants")?;
    session.result(&json!({ "grants": Value::Array(found) }), |_| {
        let row = |answer: &GrantAnswer| {
            let terms = &answer.grant.terms;
            vec![
                Cell::Text(answer.id.to_string()),
                Cell::Text(terms.dataset.to_string()),
                Cell::Text(terms.requester.to_string()),
                Cell::Text(standing(&answer.standing)),
                Cell::Text(used(answer)),
                Cell::Time(terms.not_after),
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
    if session.global.json {
        return session.result(&found, |_| String::new());
    }
    let text = explain(&client, &answer, &session.shell.zone)?;
    session.result(&found, |_| text)
}

/// A grant in its own words: who agreed, how it stands, how far it is used, when it ends; then its
/// terms.
fn explain(client: &Client, answer: &GrantAnswer, zone: &TimeZone) -> Result<String, Fault> {
    let GrantAnswer { id, grant, standing: word, .. } = answer;
    let terms = &grant.terms;
    let entry = client.ask_entry(grant.issued_at)?;
    let (requester, dataset, standing) = (&terms.requester, &terms.dataset, standing(word));
    let mut lines = vec![match (grant.parent, entry.record.statement.signers.first()) {
        (Some(_), Some(signer)) => say!(
            "grant-story-onward",
            grant = id,
            provider = signer.agency,
            requester = requester,
            dataset = dataset,
            standing = standing,
        ),
        _ => say!(
            "grant-story",
            grant = id,
            provider = dataset.agency,
            requester = requester,
            dataset = dataset,
            standing = standing,
        ),
    }];
    lines.extend(agreed(client, answer, &entry, zone)?);
    let used = describe::usage(&answer.usage);
    lines.push(match terms.total_quota {
        Some(limit) => say!("grant-used-of", used = used, limit = limit),
        None => say!("grant-used", used = used),
    });
    lines.extend(together(answer));
    lines.extend(became(answer, zone));
    lines.extend(interruptions(client, answer)?);
    let lost = lost_party(client, answer, zone)?;
    lines.push(match (&grant.revoked, lost) {
        (Some(revocation), _) => {
            say!("grant-was-revoked", index = revocation.at, reason = revocation.reason)
        }
        (None, Some(lost)) => lost,
        (None, None) => say!("grant-ends", until = time::show(terms.not_after, zone)),
    });
    let codes: Codes = client.get("/v1/codes")?;
    let rows = request::titled(describe::terms_rows(terms, zone), &codes);
    Ok(format!("{}\n{}", fold(&lines.join("\n")), table::pairs(&rows)))
}

/// Whose it is beside its requester's, and what each member used, where a task force holds it.
fn together(answer: &GrantAnswer) -> Vec<String> {
    let Some(force) = answer.grant.terms.task_force else { return vec![] };
    let mut lines = vec![say!("grant-of-task-force", task_force = force)];
    lines.extend(answer.members.iter().map(|(agency, used)| {
        let used = describe::usage(used);
        say!("grant-member-used", agency = agency, used = used)
    }));
    lines
}

/// Who agreed: the steward that issued it, and the officer that asked for it.
fn agreed(
    client: &Client,
    answer: &GrantAnswer,
    entry: &EntryAnswer,
    zone: &TimeZone,
) -> Result<Vec<String>, Fault> {
    let (day, index) = (time::date(entry.time, zone), entry.index);
    // The first who signed is whose word it is: the owner's, the manager's, or who passes it on.
    let mut lines = match entry.record.statement.signers.first() {
        _ if answer.grant.request.is_some_and(|request| request.0 == index) => {
            vec![say!("grant-by-rule", day = day, index = index)]
        }
        Some(signer) => {
            let by = request::post(client, &signer.key)?;
            let provider = &signer.agency;
            vec![say!("grant-agreed", day = day, provider = provider, post = by, index = index)]
        }
        None => Vec::new(),
    };
    lines.push(match answer.grant.request {
        None => say!("grant-unasked"),
        Some(id) => {
            let asked = client.ask_request(id)?.request;
            say!(
                "grant-asked",
                request = id,
                day = time::date(asked.opened_on, zone),
                requester = asked.terms.asked.requester,
                post = request::post(client, &asked.opened_by)?,
            )
        }
    });
    Ok(lines)
}

/// From what it was derived, how it was changed and passed on, and what was fulfilled.
fn became(answer: &GrantAnswer, zone: &TimeZone) -> Vec<String> {
    let grant = &answer.grant;
    let mut lines: Vec<String> =
        grant.parent.iter().map(|parent| say!("grant-derived", parent = parent)).collect();
    if answer.usage.onward > 0 {
        lines.push(say!("grant-onward-use", count = answer.usage.onward));
    }
    if grant.version > 1 {
        lines.push(say!("grant-version", count = grant.version - 1, index = grant.version_at));
    }
    for Fulfilment { number, count, last, .. } in &grant.fulfilled {
        let (day, index) = (time::date(last.on, zone), last.at);
        lines.push(match count {
            1 => say!("grant-fulfilled", number = number, day = day, index = index),
            _ => say!(
                "grant-fulfilled-again",
                number = number,
                day = day,
                index = index,
                count = count
            ),
        });
    }
    lines
}

/// Every suspension of the grant and of its dataset, and the withdrawal that ended it.
fn interruptions(client: &Client, answer: &GrantAnswer) -> Result<Vec<String>, Fault> {
    let told = |interruption: &Interruption| {
        let Interruption { at, reason, ended_at, .. } = interruption;
        match ended_at {
            Some(end) => say!("grant-was-suspended", index = at, end = end, reason = reason),
            None => say!("grant-is-suspended", index = at, reason = reason),
        }
    };
    let mut lines: Vec<String> = answer.grant.suspensions.all().iter().map(told).collect();
    let issued_at = answer.grant.issued_at;
    let Some(dataset) = client.find_dataset(&answer.grant.terms.dataset)? else {
        return Ok(lines);
    };
    let touches = |i: &&Interruption| i.ended_at.is_none_or(|end| end > issued_at);
    for Interruption { at, reason, ended_at, .. } in
        dataset.suspensions.all().iter().filter(touches)
    {
        lines.push(match ended_at {
            Some(end) => say!("dataset-was-suspended", index = at, end = end, reason = reason),
            None => say!("dataset-is-suspended", index = at, reason = reason),
        });
    }
    if let Some(end) = dataset.withdrawn_since(issued_at) {
        lines.push(say!("dataset-was-withdrawn", index = end.at, reason = end.reason));
    }
    Ok(lines)
}

/// How its provider or its requesting agency came to act no more, if that is why it does not count.
fn lost_party(
    client: &Client,
    answer: &GrantAnswer,
    zone: &TimeZone,
) -> Result<Option<String>, Fault> {
    let Some(agency) = answer.lost_party() else { return Ok(None) };
    let member: MemberAnswer = client.get(&format!("/v1/agencies/{agency}"))?;
    Ok(match (member.departure, member.agency.standing) {
        (Some(departure), _) => Some(say!(
            "grant-party-left",
            agency = agency,
            index = departure.at,
            reason = departure.reason,
        )),
        (None, Standing::Hosted { until, .. }) => {
            let until = time::show(until, zone);
            Some(say!("grant-party-hosting-over", agency = agency, until = until))
        }
        _ => None,
    })
}

/// How a grant stands, in the reader's words.
pub(super) fn standing(word: &str) -> String {
    find(&format!("standing-{word}")).unwrap_or(word).to_owned()
}

/// How much of a grant is used.
pub(super) fn used(answer: &GrantAnswer) -> String {
    let total = answer.usage.total;
    match answer.grant.terms.total_quota {
        Some(limit) => say!("words-used-of", total = total, limit = limit),
        None => say!("words-used", total = total),
    }
}
