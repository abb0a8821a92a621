//! `comity responsibility`: the list of responsibilities 数据共享责任清单: of each dataset who owns it, who
//! decides about it, who uses it, what was promised, and what is owed on it now.
//! Holds: owner, manager and users are read from the ledger; nothing here is kept by hand.

use std::collections::{BTreeMap, BTreeSet};

use comity_core::dataset::PublishedDataset;
use comity_core::duty::DutyObject;
use comity_core::ids::{DatasetId, GrantId, RequestId};
use comity_core::text::AgencyId;
use jiff::tz::TimeZone;
use serde_json::{Value, json};

use super::duty::{self, DutyAnswer};
use crate::args::{ListResponsibilities, ResponsibilityVerb};
use crate::client::Client;
use crate::fault::Fault;
use crate::messages::{say, text};
use crate::shell::Session;
use crate::{table, time};

pub(super) fn run(verb: ResponsibilityVerb, session: &mut Session<'_>) -> Result<(), Fault> {
    match verb {
        ResponsibilityVerb::List(args) => list(&args, session),
    }
}

/// What is owed, and who uses it, on one dataset.
#[derive(Default)]
struct Around {
    users: BTreeSet<AgencyId>,
    duties: Vec<(DutyAnswer, Value)>,
}

fn list(args: &ListResponsibilities, session: &mut Session<'_>) -> Result<(), Fault> {
    let client = session.client()?;
    let (mut datasets, _) =
        client.listed::<PublishedDataset>("/v1/datasets", &vec![], "datasets")?;
    datasets.retain(|published| {
        let dataset = &published.dataset;
        let concerns =
            |agency: &AgencyId| *agency == dataset.id.agency || agency == dataset.managed_by();
        published.withdrawals.current().is_none() && args.agency.iter().all(concerns)
    });
    let around = around(&client)?;
    let none = Around::default();
    let of = |id: &DatasetId| around.get(id).unwrap_or(&none);
    let objects: Vec<Value> = datasets.iter().map(|one| object(one, of(&one.dataset.id))).collect();
    let zone = session.shell.zone.clone();
    session.result(&json!({ "responsibilities": objects }), |_| {
        let in_file = [
            "column-dataset",
            "column-owner",
            "column-manager",
            "column-office",
            "column-renewed",
            "column-users",
            "column-owed",
            "column-service",
        ];
        let shown = [
            "column-owner",
            "column-dataset",
            "column-manager",
            "column-renewed",
            "column-office",
            "column-users",
            "column-owed",
            "column-service",
        ];
        let rows: Vec<_> =
            datasets.iter().map(|one| row(one, of(&one.dataset.id), &zone)).collect();
        table::rows(&shown.map(text), rows.iter().map(|row| spoken(row)).collect())
            .folding_after(4)
            .with_file_columns(&in_file.map(text), rows)
    })
}

/// Users and open duties by dataset.
fn around(client: &Client) -> Result<BTreeMap<DatasetId, Around>, Fault> {
    let mut around: BTreeMap<DatasetId, Around> = BTreeMap::new();
    let mut of_grant: BTreeMap<GrantId, DatasetId> = BTreeMap::new();
    for answer in client.grants(&vec![])? {
        let terms = &answer.grant.terms;
        of_grant.insert(answer.id, terms.dataset.clone());
        if answer.may_be_used() {
            let users = &mut around.entry(terms.dataset.clone()).or_default().users;
            users.insert(terms.requester.clone());
        }
    }
    let open = client.requests(&vec![("state", "open".to_owned())])?;
    let of_request: BTreeMap<RequestId, DatasetId> =
        open.into_iter().map(|answer| (answer.id, answer.request.terms.asked.dataset)).collect();
    let undone = vec![("undone", "true".to_owned())];
    let (duties, values) = duty::listed(client, &undone)?;
    for (answer, value) in duties.into_iter().zip(values) {
        let dataset = match &answer.duty.object {
            DutyObject::Dataset(dataset) => Some(dataset),
            DutyObject::Grant(grant) | DutyObject::Undertaking { grant, .. } => of_grant.get(grant),
            DutyObject::Request(request) => of_request.get(request),
            // It is about no one dataset.
            DutyObject::Check(_)
            | DutyObject::Emergency(_)
            | DutyObject::Dispute(_)
            | DutyObject::EmergencyAccess { .. }
            | DutyObject::Drawn { .. }
            | DutyObject::Finding(_)
            | DutyObject::Assessment(_) => None,
        };
        if let Some(dataset) = dataset.filter(|_| duty::is_open(&answer)).cloned() {
            around.entry(dataset).or_default().duties.push((answer, value));
        }
    }
    for one in around.values_mut() {
        one.duties.sort_by_key(|(answer, _)| (answer.duty.due, answer.duty.object.clone()));
    }
    Ok(around)
}

fn object(published: &PublishedDataset, around: &Around) -> Value {
    let dataset = &published.dataset;
    json!({
        "dataset": dataset.id,
        "title": dataset.title,
        "owner": dataset.id.agency,
        "manager": dataset.managed_by(),
        "contact": dataset.contact,
        "sharing": dataset.sharing,
        "grade": dataset.grade,
        "update_days": dataset.update_days,
        "updated": published.updated,
        "service": dataset.service,
        "stated": dataset.stated,
        "users": around.users,
        "duties": around.duties.iter().map(|(_, value)| value).collect::<Vec<_>>(),
    })
}

/// The columns of a row as a terminal shows them: those that go beneath the others say what they are.
fn spoken(row: &[String]) -> Vec<String> {
    let [dataset, owner, manager, office, renewed, users, owed, service] = row else {
        return row.to_vec();
    };
    let said = |value: &str, line: String| if value.is_empty() { String::new() } else { line };
    vec![
        owner.clone(),
        dataset.clone(),
        manager.clone(),
        renewed.clone(),
        said(office, say!("responsibility-office", office = office)),
        said(users, say!("responsibility-users", users = users)),
        said(owed, say!("responsibility-owing", owed = owed)),
        said(service, say!("responsibility-service", service = service)),
    ]
}

fn row(published: &PublishedDataset, around: &Around, zone: &TimeZone) -> Vec<String> {
    let dataset = &published.dataset;
    let owed = |(answer, _): &(DutyAnswer, Value)| {
        let duty = &answer.duty;
        say!(
            "responsibility-owed",
            agency = duty.owed_by,
            what = text(&format!("clock-{}", duty.clock)),
            about = duty::about(&duty.object),
            day = time::last_date(duty.due, zone),
            state = duty::stands(answer, zone),
        )
    };
    vec![
        dataset.id.to_string(),
        dataset.id.agency.to_string(),
        dataset.managed_by().to_string(),
        dataset.contact.to_string(),
        match dataset.update_days {
            Some(days) => say!("responsibility-every", days = days),
            None => say!("responsibility-no-period"),
        },
        around.users.iter().map(ToString::to_string).collect::<Vec<_>>().join(", "),
        around.duties.iter().map(owed).collect::<Vec<_>>().join("; "),
        dataset.service.to_string(),
    ]
}
