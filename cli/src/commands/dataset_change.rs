//! `comity dataset classify`, `amend`, `withdraw`: changes of what is published.
//! Holds: what is before and what will be after is shown, and who would lose by it; nothing that
//! someone else changed meanwhile is overwritten.

use std::collections::BTreeMap;

use comity_core::dataset::{Dataset, Grade, PublishedDataset, Sharing};
use comity_core::ids::LogIndex;
use comity_core::statement::Action;
use comity_core::text::Text;
use serde_json::{Value, json};

use super::dataset::load;
use super::dataset_bulk::{carry_out, left_out_json, left_out_text};
use crate::args::{AmendDataset, ClassifyDataset, WithdrawDataset, normal};
use crate::catalogue::{self, Classification, Place, Planned, Reason};
use crate::client::Client;
use crate::fault::{Exit, Fault};
use crate::impact::{Change, Impact, impact};
use crate::messages::{fault, say};
use crate::shell::Session;
use crate::sign::Desk;
use crate::{describe, privacy, table, time};

/// Records under way at once.
const IN_FLIGHT: usize = 32;
/// Most changes of one command whose losses are asked for one by one.
const MAX_ASKED: usize = 200;

/// Who would lose by these changes, in words; `None` where none of them can take anything.
pub(super) fn losses<'a>(
    session: &Session<'_>,
    desk: &Desk,
    actions: impl Iterator<Item = &'a Action>,
) -> Result<Option<String>, Fault> {
    let taking = actions.filter_map(|action| match action {
        Action::WithdrawDataset { dataset, .. } => Some(Change::WithdrawDataset(dataset)),
        Action::AmendDataset { dataset, .. } => Some(Change::AmendDataset(dataset)),
        _ => None,
    });
    let taking: Vec<Change<'_>> = taking.collect();
    if taking.is_empty() {
        return Ok(None);
    }
    if taking.len() > MAX_ASKED {
        return Ok(Some(say!("note-losses-not-asked", count = taking.len(), limit = MAX_ASKED)));
    }
    let mut all = Impact::default();
    for change in taking {
        all.extend(impact(&desk.client, change)?);
    }
    Ok(Some(all.to_text(&session.shell.zone)))
}

pub(super) fn classify(args: &ClassifyDataset, session: &mut Session<'_>) -> Result<Exit, Fault> {
    if let Some(file) = &args.file {
        return classify_many(file, args, session);
    }
    let (Some(id), Some(sharing)) = (&args.dataset, args.sharing) else {
        unreachable!("the arguments require both, or a file");
    };
    let desk = Desk::open(session, &args.signing.key)?;
    let published = desk.client.ask_dataset(id)?;
    let mut dataset = published.dataset.clone();
    dataset.sharing = sharing;
    if let Some(conditions) = &args.conditions {
        dataset.conditions = conditions.clone();
    } else if sharing == Sharing::Unconditional {
        dataset.conditions = Text::default();
    }
    dataset.grade = args.grade.unwrap_or(dataset.grade);
    if !args.mode.is_empty() {
        dataset.modes = args.mode.iter().copied().collect();
    }
    change(session, &desk, &published, dataset)?;
    Ok(Exit::Done)
}

pub(super) fn amend(args: &AmendDataset, session: &mut Session<'_>) -> Result<(), Fault> {
    let (dataset, version) = load(&args.file)?;
    let desk = Desk::open(session, &args.signing.key)?;
    let published = desk.client.ask_dataset(&dataset.id)?;
    if let Some(replaces) = args.replaces.or(version).filter(|v| *v != published.version) {
        return Err(overtaken(session, &desk.client, &published, replaces)?);
    }
    change(session, &desk, &published, dataset)
}

pub(super) fn withdraw(args: &WithdrawDataset, session: &mut Session<'_>) -> Result<(), Fault> {
    let desk = Desk::open(session, &args.signing.key)?;
    let (dataset, reason) = (args.dataset.clone(), args.reason.clone());
    let action = Action::WithdrawDataset { dataset, reason };
    if let Some(text) = losses(session, &desk, std::iter::once(&action))? {
        session.shell.note(&text);
    }
    desk.change(session, action, |_| json!({ "dataset": args.dataset })).map(drop)
}

/// Shows what differs and who loses, and amends.
fn change(
    session: &mut Session<'_>,
    desk: &Desk,
    published: &PublishedDataset,
    dataset: Dataset,
) -> Result<(), Fault> {
    session.shell.note(&say!("heading-differs", dataset = dataset.id, version = published.version));
    session.shell.note(&table::pairs(&differences(&published.dataset, &dataset)));
    let id = dataset.id.clone();
    let action = Action::AmendDataset { dataset, version: published.version };
    if let Some(text) = losses(session, desk, std::iter::once(&action))? {
        session.shell.note(&text);
    }
    let changed = desk.change(session, action, |_| json!({ "dataset": id }));
    match changed {
        // Someone was quicker: say who and when, if the node still answers.
        Err(fault) if fault.name == "dataset-changed" => {
            let now = desk.client.ask_dataset(&id).map_err(|_| fault.clone())?;
            let told = overtaken(session, &desk.client, &now, published.version);
            Err(told.unwrap_or(fault))
        }
        other => other.map(drop),
    }
}

/// What an amendment changes: each field that differs, before and after.
fn differences(before: &Dataset, after: &Dataset) -> Vec<(String, String)> {
    let (before, after) = (describe::dataset_rows(before), describe::dataset_rows(after));
    let before: BTreeMap<String, String> = before.into_iter().collect();
    let mut rows = Vec::new();
    for (label, value) in &after {
        let earlier = before.get(label).map(String::as_str).unwrap_or_default();
        if earlier != value {
            rows.push((label.clone(), say!("words-before-after", before = earlier, after = value)));
        }
    }
    let gone = before.iter().filter(|(label, _)| !after.iter().any(|(other, _)| other == *label));
    rows.extend(gone.map(|(label, value)| {
        (label.clone(), say!("words-before-after", before = value, after = ""))
    }));
    rows
}

/// Says who made the version that stands, and when.
fn overtaken(
    session: &Session<'_>,
    client: &Client,
    now: &PublishedDataset,
    replaces: u32,
) -> Result<Fault, Fault> {
    let entry = client.ask_entry(now.version_at)?;
    let signers = entry.record.statement.signers.iter();
    let who: Vec<String> = signers
        .map(|s| {
            format!(
                "{} ({}, {})",
                s.agency,
                crate::messages::word("role", s.role.as_str()),
                table::short(s.key)
            )
        })
        .collect();
    let zone = &session.shell.zone;
    let version_at: LogIndex = now.version_at;
    Ok(fault!(
        Refused,
        "dataset-overtaken",
        dataset = now.dataset.id,
        version = now.version,
        replaces = replaces,
        who = who.join(", "),
        time = time::show(entry.time, zone),
        at = version_at,
    ))
}

/// Classifies what a table says: id, sharing, conditions, grade.
fn classify_many(
    file: &std::path::Path,
    args: &ClassifyDataset,
    session: &mut Session<'_>,
) -> Result<Exit, Fault> {
    let mut rows = catalogue::table_rows(file)?.into_iter();
    let (_, headings) = rows.next().unwrap_or_default();
    require_columns(file, &headings)?;
    let desk = Desk::open(session, &args.signing.key)?;
    let agency = desk.key.file.agency.to_string();
    let known = desk.client.datasets(&vec![("agency", agency)])?;
    let known: BTreeMap<String, PublishedDataset> =
        known.into_iter().map(|p| (p.dataset.id.to_string(), p)).collect();
    let (mut changes, mut left_out, mut unchanged) = (Vec::new(), Vec::new(), 0_usize);
    for (at, (line, cells)) in rows.enumerate() {
        let row: BTreeMap<&str, &str> =
            headings.iter().map(String::as_str).zip(cells.iter().map(String::as_str)).collect();
        let identifier = row.get("id").copied().unwrap_or_default().to_owned();
        let place = Place { index: at + 1, line: Some(line), identifier };
        match classified(&row, &known) {
            Err(reason) => left_out.push((place, reason)),
            Ok((published, dataset)) if published.dataset == dataset => unchanged += 1,
            Ok((published, dataset)) => {
                let (id, version) = (dataset.id.clone(), published.version);
                let action = Action::AmendDataset { dataset, version };
                changes.push(Planned { place, id, action, details: None });
            }
        }
    }
    let text = say!(
        "classify-plan",
        count = changes.len(),
        unchanged = unchanged,
        left_out = left_out.len()
    );
    session.shell.note(&text);
    for Planned { id, action, .. } in &changes {
        if let (Action::AmendDataset { dataset, .. }, Some(before)) =
            (action, known.get(&id.to_string()))
        {
            session
                .shell
                .note(&format!("{id}\n{}", table::pairs(&differences(&before.dataset, dataset))));
        }
    }
    if let Some(text) = losses(session, &desk, changes.iter().map(|change| &change.action))? {
        session.shell.note(&text);
    }
    privacy::warn_each(session, changes.iter().map(|change| (&change.id, &change.action)));
    if !changes.is_empty() {
        session.confirm()?;
    }
    let mut done = carry_out(session, &desk, &changes, IN_FLIGHT)?;
    done.left_out.append(&mut left_out);
    let json = json!({
        "amended": done.amended, "unchanged": unchanged,
        "left_out": left_out_json(&done.left_out), "elapsed_ms": done.elapsed_ms,
    });
    session.result(&json, |_| {
        let (amended, left) = (done.amended.len(), done.left_out.len());
        let ok = say!("ok-classified", count = amended, unchanged = unchanged, left_out = left);
        format!("{}\n{ok}", left_out_text(&done.left_out)).trim_start().to_owned()
    })?;
    Ok(done.exit())
}

/// Errors: a column without which nothing can be classified is not there.
fn require_columns(file: &std::path::Path, headings: &[String]) -> Result<(), Fault> {
    for needed in ["id", "sharing"] {
        if !headings.iter().any(|heading| heading == needed) {
            let cause = say!("cause-column", column = needed);
            let path = file.display();
            return Err(fault!(Failed, "catalogue-unreadable", path = path, cause = cause));
        }
    }
    Ok(())
}

/// One row: the dataset as it is, and as it would be.
fn classified<'a>(
    row: &BTreeMap<&str, &str>,
    known: &'a BTreeMap<String, PublishedDataset>,
) -> Result<(&'a PublishedDataset, Dataset), Reason> {
    let cell = |column: &str| row.get(column).copied().unwrap_or_default();
    let wrong = |field: &'static str| Reason::Wrong { field, value: cell(field).to_owned() };
    let published = known.get(cell("id")).ok_or_else(|| wrong("id"))?;
    let read = |field: &'static str| -> Result<Value, Reason> { Ok(json!(cell(field))) };
    let mut dataset = published.dataset.clone();
    let mut classification = Classification::of(&dataset);
    classification.sharing =
        serde_json::from_value::<Sharing>(read("sharing")?).map_err(|_| wrong("sharing"))?;
    if !cell("grade").is_empty() {
        classification.grade =
            serde_json::from_value::<Grade>(read("grade")?).map_err(|_| wrong("grade"))?;
    }
    if !cell("conditions").is_empty() {
        let text = normal(cell("conditions"));
        classification.conditions = text.parse().map_err(|_| wrong("conditions"))?;
    } else if classification.sharing == Sharing::Unconditional {
        classification.conditions = Text::default();
    }
    if classification.sharing == Sharing::NotShared && classification.conditions.as_str().is_empty()
    {
        return Err(Reason::Missing { field: "conditions" });
    }
    classification.give(&mut dataset);
    Ok((published, dataset))
}
