//! `comity dataset`: describes, publishes, lists and shows datasets. Catalogues and changes are
//! in modules of their own.
//! Holds: a field that a description does not know is named, not left out.

use std::path::Path;

use comity_core::dataset::{Dataset, PublishedDataset};
use comity_core::statement::Action;
use serde::Deserialize;
use serde_json::{Value, json};

use super::{dataset_change, dataset_export, dataset_import, duplicates, filter};
use crate::args::{DatasetVerb, ListDatasets, PublishDataset, ShowDataset};
use crate::client::Version;
use crate::fault::{Exit, Fault};
use crate::keys;
use crate::messages::{self, dataset_sample, fault, say};
use crate::shell::Session;
use crate::sign::Desk;
use crate::{describe, table};

pub(super) fn run(verb: DatasetVerb, session: &mut Session<'_>) -> Result<Exit, Fault> {
    match verb {
        DatasetVerb::Example => session.shell.line(dataset_sample().trim_end()),
        DatasetVerb::Publish(args) => publish(&args, session),
        DatasetVerb::Import(args) => return dataset_import::import(&args, session),
        DatasetVerb::Classify(args) => return dataset_change::classify(&args, session),
        DatasetVerb::Amend(args) => dataset_change::amend(&args, session),
        DatasetVerb::Withdraw(args) => dataset_change::withdraw(&args, session),
        DatasetVerb::Refresh(args) => {
            let desk = Desk::open(session, &args.signing.key)?;
            let dataset = args.dataset;
            let also = json!({ "dataset": dataset });
            desk.change(session, Action::RefreshDataset { dataset }, |_| also).map(drop)
        }
        DatasetVerb::Export(args) => dataset_export::export(&args, session),
        DatasetVerb::List(args) => list(&args, session),
        DatasetVerb::Show(args) => show(&args, session),
        DatasetVerb::Duplicates(args) => duplicates::find(&args, session),
    }?;
    Ok(Exit::Done)
}

fn publish(args: &PublishDataset, session: &mut Session<'_>) -> Result<(), Fault> {
    let dataset = load(&args.file)?.0;
    let desk = Desk::open(session, &args.signing.key)?;
    duplicates::warn(session, &desk.client, &dataset);
    let id = dataset.id.clone();
    let action = Action::PublishDataset { dataset };
    desk.change(session, action, |_| json!({ "dataset": id })).map(drop)
}

/// Reads a description: JSON where the name ends so, else TOML. What `dataset show --json` prints
/// is one too, and says which version it is.
pub(super) fn load(path: &Path) -> Result<(Dataset, Option<u32>), Fault> {
    #[derive(Deserialize)]
    struct Shown {
        dataset: Dataset,
        version: u32,
    }
    let unreadable = |cause: String| {
        fault!(Failed, "dataset-unreadable", path = path.display(), cause = cause.trim_end())
    };
    let text = keys::read_text(path, unreadable)?;
    if path.extension().is_none_or(|extension| extension != "json") {
        return toml::from_str(&text)
            .map(|found| (found, None))
            .map_err(|e| unreadable(e.to_string()));
    }
    match serde_json::from_str(&text) {
        Ok(Shown { dataset, version }) => Ok((dataset, Some(version))),
        Err(_) => serde_json::from_str(&text)
            .map(|found| (found, None))
            .map_err(|e| unreadable(e.to_string())),
    }
}

/// Whether a dataset is in the catalogue.
pub(super) fn state(published: &PublishedDataset) -> &'static str {
    if published.withdrawals.current().is_some() {
        "withdrawn"
    } else if published.suspensions.current().is_some() {
        "suspended"
    } else {
        "listed"
    }
}

fn list(args: &ListDatasets, session: &mut Session<'_>) -> Result<(), Fault> {
    let client = session.client()?;
    let mut query = vec![];
    filter(&mut query, "agency", args.agency.as_ref());
    filter(&mut query, "sharing", args.sharing.as_ref().map(describe::word));
    filter(&mut query, "state", args.state.as_ref());
    let (datasets, found) =
        client.listed::<PublishedDataset>("/v1/datasets", &query, "datasets")?;
    session.result(&json!({ "datasets": Value::Array(found) }), |_| {
        let row = |published: &PublishedDataset| {
            let PublishedDataset { dataset, version_at, .. } = published;
            vec![
                dataset.id.to_string(),
                dataset.title.to_string(),
                describe::said("sharing", &dataset.sharing),
                describe::said("grade", &dataset.grade),
                describe::modes(dataset.modes.iter()),
                messages::word("state", state(published)),
                version_at.to_string(),
            ]
        };
        let headings = [
            &say!("column-dataset"),
            &say!("column-title"),
            &say!("column-sharing"),
            &say!("column-grade"),
            &say!("column-modes"),
            &say!("column-state"),
            &say!("column-entry"),
        ];
        table::rows(&headings.map(String::as_str), datasets.iter().map(row).collect())
    })
}

fn show(args: &ShowDataset, session: &mut Session<'_>) -> Result<(), Fault> {
    let client = session.client()?;
    let path = format!("/v1/datasets/{}", args.dataset);
    let mut found = client.value(&path, &vec![])?;
    let published: PublishedDataset = client.read(&found)?;
    let versions = match client.versions(&args.dataset) {
        // The dataset is known, so it is the list that this node does not have.
        Err(fault) if fault.is_not_found() => vec![],
        other => other?,
    };
    let details = match published.dataset.details {
        Some(hash) => dataset_export::kept(&client, hash)?,
        None => None,
    };
    let has_details = published.dataset.details.is_some();
    let is_kept = details.is_some();
    let details = details.and_then(|bytes| serde_json::from_slice::<Value>(&bytes).ok());
    found["state"] = json!(state(&published));
    found["versions"] = json!(versions);
    found["kept_details"] = details.clone().unwrap_or_default();
    session.result(&found, |_| {
        let mut rows = describe::dataset_rows(&published.dataset);
        rows.push((say!("label-state"), state_words(&published)));
        rows.push((say!("label-published"), say!("words-entry", index = published.published_at)));
        for version in versions.iter().rev() {
            rows.push((say!("label-version"), version_words(version)));
        }
        if has_details && !is_kept {
            rows.push((say!("label-kept-details"), say!("words-details-elsewhere")));
        }
        if let Some(details) = details {
            let text = serde_json::to_string_pretty(&details["entry"]).unwrap_or_default();
            return format!("{}\n{}\n{text}", table::pairs(&rows), say!("heading-kept-details"));
        }
        table::pairs(&rows)
    })
}

fn state_words(published: &PublishedDataset) -> String {
    let PublishedDataset { suspensions, withdrawals, .. } = published;
    match withdrawals.current().or(suspensions.current()) {
        Some(since) => say!(
            "words-state-since",
            state = messages::word("state", state(published)),
            index = since.at,
            reason = since.reason
        ),
        None => messages::word("state", state(published)),
    }
}

fn version_words(version: &Version) -> String {
    say!(
        "words-version-of",
        version = version.version,
        index = version.version_at,
        sharing = describe::word(&version.dataset.sharing),
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::keys::Readers;

    #[test]
    fn the_sample_is_a_dataset() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("sample.toml");
        keys::write_new(&path, dataset_sample().as_bytes(), Readers::Any).unwrap();
        let (dataset, version) = load(&path).unwrap();
        assert_eq!(version, None);
        let json = dir.path().join("sample.json");
        keys::write_new(&json, &serde_json::to_vec(&dataset).unwrap(), Readers::Any).unwrap();
        assert_eq!(load(&json).unwrap(), (dataset.clone(), None));
        let shown = json!({ "dataset": dataset, "version": 3, "state": "listed" });
        let json = dir.path().join("shown.json");
        keys::write_new(&json, shown.to_string().as_bytes(), Readers::Any).unwrap();
        assert_eq!(load(&json).unwrap(), (dataset.clone(), Some(3)));
        assert!(!dataset.items.is_empty() && !dataset.modes.is_empty());
    }

    #[test]
    fn an_unknown_field_is_named() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("typo.toml");
        let typo = dataset_sample().replace("\nsharing", "\nsharring");
        keys::write_new(&path, typo.as_bytes(), Readers::Any).unwrap();
        let text = load(&path).unwrap_err().to_text();
        assert!(text.contains("sharring"), "{text}");
    }
}
