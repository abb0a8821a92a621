//! `comity task-force`: forms, joins, leaves, ends, lists and explains task forces.
//! Holds: who was a member, and when, is said wherever one is shown.

use comity_core::ids::TaskForceId;
use comity_core::statement::Action;
use comity_core::task_force::{Membership, TaskForce, TaskForceState, TaskForceTerms};
use jiff::tz::TimeZone;
use serde_json::{Value, json};

use super::{filter, grant};
use crate::args::{
    ExcludeFromTaskForce, FormTaskForce, ListTaskForces, ShowTaskForce, TaskForceVerb,
};
use crate::client::{Client, GrantAnswer, TaskForceAnswer};
use crate::fault::Fault;
use crate::messages::say;
use crate::shell::Session;
use crate::sign::Desk;
use crate::table::Cell;
use crate::time::Edge;
use crate::wrap::fold;
use crate::{describe, table, time};

pub(super) fn run(verb: TaskForceVerb, session: &mut Session<'_>) -> Result<(), Fault> {
    match verb {
        TaskForceVerb::Form(args) => form(*args, session),
        TaskForceVerb::Invite(args) => {
            let (task_force, agency) = (args.task_force, args.agency);
            let desk = Desk::open(session, &args.signing.key)?;
            change(session, &desk, task_force, Action::InviteToTaskForce { task_force, agency })
        }
        TaskForceVerb::Exclude(args) => exclude(args, session),
        TaskForceVerb::Join(args) => join(args.task_force, &args.signing.key, session),
        TaskForceVerb::Leave(args) => {
            let (task_force, reason) = (args.task_force, args.reason);
            let desk = Desk::open(session, &args.signing.key)?;
            change(session, &desk, task_force, Action::LeaveTaskForce { task_force, reason })
        }
        TaskForceVerb::End(args) => {
            let (task_force, reason) = (args.task_force, args.reason);
            let desk = Desk::open(session, &args.signing.key)?;
            change(session, &desk, task_force, Action::EndTaskForce { task_force, reason })
        }
        TaskForceVerb::List(args) => list(&args, session),
        TaskForceVerb::Show(args) => show(&args, session),
    }
}

fn change(
    session: &mut Session<'_>,
    desk: &Desk,
    task_force: TaskForceId,
    action: Action,
) -> Result<(), Fault> {
    desk.change(session, action, |_| json!({ "task_force": task_force })).map(drop)
}

fn form(args: FormTaskForce, session: &mut Session<'_>) -> Result<(), Fault> {
    let (zone, now) = (session.shell.zone.clone(), session.shell.now());
    let until = time::instant(&args.until, Edge::End, &zone, now)?;
    let desk = Desk::open(session, &args.signing.key)?;
    let terms = TaskForceTerms {
        title: args.title,
        lead: desk.key.file.agency.clone(),
        invited: args.invite.into_iter().collect(),
        matter: args.matter,
        duty_basis: args.basis,
        until,
    };
    let action = Action::FormTaskForce { terms };
    let formed = |committed: &crate::client::Committed| {
        let id = TaskForceId(committed.index);
        json!({ "task_force": id })
    };
    desk.change(session, action, formed).map(drop)
}

fn exclude(args: ExcludeFromTaskForce, session: &mut Session<'_>) -> Result<(), Fault> {
    let ExcludeFromTaskForce { task_force, agency, reason, signing } = args;
    let desk = Desk::open(session, &signing.key)?;
    change(session, &desk, task_force, Action::ExcludeFromTaskForce { task_force, agency, reason })
}

/// Whoever joins is shown first what it joins.
fn join(
    task_force: TaskForceId,
    key: &std::path::Path,
    session: &mut Session<'_>,
) -> Result<(), Fault> {
    let desk = Desk::open(session, key)?;
    // What there is not is the ledger's to refuse, in its own words.
    if let Some(answer) = desk.client.find_task_force(task_force)? {
        let rows = describe::task_force_rows(&answer.task_force.terms, &session.shell.zone);
        session.shell.note(&table::pairs(&rows));
    }
    change(session, &desk, task_force, Action::JoinTaskForce { task_force })
}

fn list(args: &ListTaskForces, session: &mut Session<'_>) -> Result<(), Fault> {
    let client = session.client()?;
    let mut query = vec![];
    filter(&mut query, "state", args.state.map(|state| state.as_str()));
    filter(&mut query, "agency", args.agency.as_ref());
    let (found, values) =
        client.listed::<TaskForceAnswer>("/v1/task-forces", &query, "task_forces")?;
    session.result(&json!({ "task_forces": Value::Array(values) }), |_| {
        let headings = [
            &say!("column-task-force"),
            &say!("column-title"),
            &say!("column-lead"),
            &say!("column-members"),
            &say!("column-state"),
            &say!("column-ends"),
        ];
        table::rows(&headings.map(String::as_str), found.iter().map(row).collect())
    })
}

fn row(answer: &TaskForceAnswer) -> Vec<Cell> {
    let force = &answer.task_force;
    vec![
        Cell::Text(answer.id.to_string()),
        Cell::Text(force.terms.title.to_string()),
        Cell::Text(force.terms.lead.to_string()),
        Cell::Text(force.members().len().to_string()),
        Cell::Text(stands(answer.state)),
        Cell::Time(force.ends()),
    ]
}

fn stands(state: TaskForceState) -> String {
    match state {
        TaskForceState::Active => say!("task-force-active"),
        TaskForceState::Over => say!("task-force-over"),
    }
}

fn show(args: &ShowTaskForce, session: &mut Session<'_>) -> Result<(), Fault> {
    let client = session.client()?;
    let value = client.value(&format!("/v1/task-forces/{}", args.task_force), &vec![])?;
    let answer: TaskForceAnswer = client.read(&value)?;
    if session.global.json {
        return session.result(&value, |_| String::new());
    }
    let text = explain(&client, &answer, &session.shell.zone)?;
    session.result(&value, |_| text)
}

/// A task force in its own words: who leads it, how it stands, who was a member when, and what it was
/// granted and used; then what it was formed for.
fn explain(client: &Client, answer: &TaskForceAnswer, zone: &TimeZone) -> Result<String, Fault> {
    let (id, force) = (answer.id, &answer.task_force);
    let mut lines = vec![say!(
        "task-force-story",
        task_force = id,
        agency = force.terms.lead,
        time = time::show(force.formed_on, zone),
        title = force.terms.title
    )];
    lines.push(course(force, answer.state, zone));
    lines.extend(force.memberships.iter().map(|one| member(one, zone)));
    // Nobody joins one that is over.
    let invited = force.invited.iter().filter(|_| answer.state == TaskForceState::Active);
    lines.extend(invited.map(|(agency, index)| {
        say!("task-force-invited", agency = agency, index = index, task_force = id)
    }));
    let grants = held(client, id, force)?;
    if grants.is_empty() {
        lines.push(say!("task-force-ungranted"));
    }
    lines.extend(grants.iter().flat_map(granted));
    let rows = describe::task_force_rows(&force.terms, zone);
    Ok(format!("{}\n{}", fold(&lines.join("\n")), table::pairs(&rows)))
}

fn course(force: &TaskForce, state: TaskForceState, zone: &TimeZone) -> String {
    let ends = time::show(force.ends(), zone);
    match (&force.ended, state) {
        (Some(end), _) => {
            say!("task-force-ended-by", time = ends, index = end.mark.at, reason = end.reason)
        }
        (None, TaskForceState::Active) => say!("task-force-goes-on", until = ends),
        (None, TaskForceState::Over) => say!("task-force-ran-out", time = ends),
    }
}

fn member(one: &Membership, zone: &TimeZone) -> String {
    let (agency, since) = (&one.agency, time::show(one.joined.on, zone));
    match &one.left {
        None => say!("task-force-member", agency = agency, since = since, index = one.joined.at),
        Some(left) => say!(
            "task-force-was-member",
            agency = agency,
            since = since,
            until = time::show(left.mark.on, zone),
            by = left.by,
            index = left.mark.at,
            reason = left.reason
        ),
    }
}

/// The grants that a task force holds or held.
fn held(client: &Client, id: TaskForceId, force: &TaskForce) -> Result<Vec<GrantAnswer>, Fault> {
    let mut grants = client.grants(&vec![("requester", force.terms.lead.to_string())])?;
    grants.retain(|answer| answer.grant.terms.task_force == Some(id));
    Ok(grants)
}

fn granted(answer: &GrantAnswer) -> Vec<String> {
    let used = grant::used(answer);
    let mut lines = vec![say!(
        "task-force-grant",
        grant = answer.id,
        dataset = answer.grant.terms.dataset,
        standing = grant::standing(&answer.standing),
        used = used
    )];
    lines.extend(answer.members.iter().map(|(agency, usage)| {
        let used = describe::usage(usage);
        say!("grant-member-used", agency = agency, used = used)
    }));
    lines
}
