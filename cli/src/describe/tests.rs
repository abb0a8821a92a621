//! Every kind of act is described: before it is signed, when it is done, and with its terms.

use std::collections::BTreeSet;
use std::path::Path;

use comity_core::hash::{HeaderHash, LeafHash, RecordId};
use comity_core::ids::{Height, LogIndex, TimeMs};
use comity_core::statement::Action;
use jiff::tz::TimeZone;
use serde_json::Value;

use super::{done, rows, sentence};
use crate::client::Committed;

/// The actions of the golden vectors: each kind at least once.
fn actions() -> Vec<Action> {
    let vectors = Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/vectors/statements.json");
    let vectors: Value = serde_json::from_slice(&std::fs::read(vectors).unwrap()).unwrap();
    let cases = vectors["cases"].as_array().unwrap().iter();
    let actions = cases.filter_map(|case| case.get("statement")?.get("action")).cloned();
    actions.filter_map(|action| serde_json::from_value(action).ok()).collect()
}

#[test]
fn every_kind_of_act_is_described_in_words() {
    let committed = Committed {
        record_id: RecordId([1; 32]),
        leaf_hash: LeafHash([2; 32]),
        index: LogIndex(3),
        height: Height(4),
        time: TimeMs(5),
        header_hash: HeaderHash([6; 32]),
    };
    let mut kinds = BTreeSet::new();
    for action in actions() {
        let kind = action.kind();
        for words in [sentence(&action), done(&action, &committed)] {
            let is_said = !words.is_empty() && words != kind && !words.contains("(missing text)");
            assert!(is_said, "{kind}: {words:?}");
        }
        assert!(!rows(&action, &TimeZone::UTC).is_empty(), "{kind} has no terms");
        kinds.insert(kind);
    }
    let source = include_str!("../../../core/src/statement/action.rs");
    let (_, variants) = source.split_once("pub fn kind(&self)").unwrap();
    let (variants, _) = variants.split_once("\n    }\n").unwrap();
    let all: BTreeSet<&str> = variants.lines().filter_map(|line| line.split('"').nth(1)).collect();
    assert_eq!(kinds, all, "kinds that the vectors have, and that there are");
}
