//! `comity dataset`: describes, publishes, lists and shows datasets.

use std::path::Path;

use comity_core::dataset::{Dataset, PublishedDataset};
use comity_core::statement::Action;
use serde_json::{Value, json};

use super::filter;
use crate::args::{DatasetVerb, OfAgency, PublishDataset, ShowDataset};
use crate::fault::Fault;
use crate::keys;
use crate::messages::{DATASET_SAMPLE, fault, say};
use crate::shell::Session;
use crate::sign::Desk;
use crate::{describe, table};

/// Most datasets listed.
const MAX_LISTED: usize = 100_000;

pub(super) fn run(verb: DatasetVerb, session: &mut Session<'_>) -> Result<(), Fault> {
    match verb {
        DatasetVerb::Example => session.shell.line(DATASET_SAMPLE.trim_end()),
        DatasetVerb::Publish(args) => publish(&args, session),
        DatasetVerb::List(args) => list(&args, session),
        DatasetVerb::Show(args) => show(&args, session),
    }
}

fn publish(args: &PublishDataset, session: &mut Session<'_>) -> Result<(), Fault> {
    let dataset = load(&args.file)?;
    let desk = Desk::open(session, &args.signing.key)?;
    let id = dataset.id.clone();
    let action = Action::PublishDataset { dataset };
    desk.change(session, action, |_| json!({ "dataset": id })).map(drop)
}

/// Reads a description: JSON where the name ends so, else TOML.
fn load(path: &Path) -> Result<Dataset, Fault> {
    let unreadable = |cause: String| {
        fault!(Failed, "dataset-unreadable", path = path.display(), cause = cause.trim_end())
    };
    let text = String::from_utf8(keys::read(path)?).map_err(|e| unreadable(e.to_string()))?;
    let text = crate::args::normal(&text);
    if path.extension().is_some_and(|extension| extension == "json") {
        return serde_json::from_str(&text).map_err(|e| unreadable(e.to_string()));
    }
    toml::from_str(&text).map_err(|e| unreadable(e.to_string()))
}

fn list(args: &OfAgency, session: &mut Session<'_>) -> Result<(), Fault> {
    let client = session.client()?;
    let mut query = vec![];
    filter(&mut query, "agency", args.agency.as_ref());
    let found = client.list("/v1/datasets", &query, "datasets", MAX_LISTED)?;
    let datasets: Vec<PublishedDataset> =
        found.iter().map(|dataset| client.read(dataset)).collect::<Result<_, _>>()?;
    session.result(&json!({ "datasets": Value::Array(found) }), |_| {
        let row = |PublishedDataset { dataset, published_at }: &PublishedDataset| {
            vec![
                dataset.id.to_string(),
                dataset.title.to_string(),
                describe::word(&dataset.sharing),
                describe::word(&dataset.grade),
                describe::modes(dataset.modes.iter()),
                published_at.to_string(),
            ]
        };
        let headings = [
            &say!("column-dataset"),
            &say!("column-title"),
            &say!("column-sharing"),
            &say!("column-grade"),
            &say!("column-modes"),
            &say!("column-entry"),
        ];
        table::rows(&headings.map(String::as_str), datasets.iter().map(row).collect())
    })
}

fn show(args: &ShowDataset, session: &mut Session<'_>) -> Result<(), Fault> {
    let client = session.client()?;
    let found = client.value(&format!("/v1/datasets/{}", args.dataset), &vec![])?;
    let published: PublishedDataset = client.read(&found)?;
    session.result(&found, |_| {
        let mut rows = describe::dataset_rows(&published.dataset);
        rows.push((say!("label-published"), say!("words-entry", index = published.published_at)));
        table::pairs(&rows)
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::keys::Readers;

    #[test]
    fn the_sample_is_a_dataset() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("sample.toml");
        keys::write_new(&path, DATASET_SAMPLE.as_bytes(), Readers::Any).unwrap();
        let dataset = load(&path).unwrap();
        let json = dir.path().join("sample.json");
        keys::write_new(&json, &serde_json::to_vec(&dataset).unwrap(), Readers::Any).unwrap();
        assert_eq!(load(&json).unwrap(), dataset);
        assert!(!dataset.items.is_empty() && !dataset.modes.is_empty());
    }

    #[test]
    fn an_unknown_field_is_named() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("typo.toml");
        let typo = DATASET_SAMPLE.replace("\nsharing", "\nsharring");
        keys::write_new(&path, typo.as_bytes(), Readers::Any).unwrap();
        let text = load(&path).unwrap_err().to_text();
        assert!(text.contains("sharring"), "{text}");
    }
}
