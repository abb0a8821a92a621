//! The part of the node in tests that knows datasets and keeps details of them.
//! Holds: only what the hash names is kept.

use std::collections::BTreeSet;

use comity_core::dataset::{DatasetVersion, PublishedDataset, details_hash};
use comity_core::ids::DatasetId;
use comity_core::ledger::Ledger;
use comity_core::state::{self, StateKey};
use serde_json::{Value, json};

use super::fake_node::{Answer, Inside};

impl Inside {
    /// Every dataset that was ever published.
    pub(super) fn datasets(&self) -> Vec<PublishedDataset> {
        let published = self.entries().iter().map(|entry| {
            let action = &entry["record"]["statement"]["action"];
            action["dataset"]["id"].as_str().and_then(|id| id.parse().ok())
        });
        let ids: BTreeSet<DatasetId> = published.flatten().collect();
        ids.iter().filter_map(|id| state::dataset(self.ledger(), id)).collect()
    }

    /// Answers what is about details and versions.
    pub(super) fn catalogue(&mut self, method: &str, path: &str, body: &[u8]) -> Option<Answer> {
        let none = json!({"type": "urn:comity:problem:not-found", "status": 404});
        if let Some(hash) = path.strip_prefix("/v1/details/") {
            if method == "PUT" {
                let found = details_hash(self.ledger().consortium(), body).to_string();
                assert_eq!(found, hash);
                self.details.insert(found, String::from_utf8(body.to_vec()).unwrap());
                return Some(Answer::Json(200, json!({})));
            }
            return Some(match self.details.get(hash) {
                Some(text) => Answer::Stream("application/json", text.clone()),
                None => Answer::Json(404, none),
            });
        }
        let id = path.strip_prefix("/v1/datasets/")?.strip_suffix("/versions")?;
        Some(match state::dataset(self.ledger(), &id.parse().unwrap()) {
            None => Answer::Json(404, none),
            Some(found) => Answer::Json(200, versions(self.ledger(), &found)),
        })
    }
}

fn versions(ledger: &Ledger, published: &PublishedDataset) -> Value {
    let PublishedDataset { version, version_at, dataset, .. } = published;
    let earlier = (1..*version).map(|version| {
        let key = StateKey::DatasetVersion(&dataset.id, version);
        let found: DatasetVersion = state::read(ledger, &key).unwrap();
        json!({ "version": version, "version_at": found.version_at, "dataset": found.dataset })
    });
    let last = json!({ "version": version, "version_at": version_at, "dataset": dataset });
    json!({ "versions": earlier.chain([last]).collect::<Vec<_>>(), "next": null })
}
