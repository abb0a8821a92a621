//! Proof files: what they show, and why the others do not.

use comity_core::genesis::Genesis;
use comity_core::proof::{Judged, Proof, Verdict};
use serde::Deserialize;
use serde_json::{Value, json};

use super::{Hex, Vectors};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Founded {
    genesis: Genesis,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Case {
    what: String,
    proof: Hex,
    shows: Option<Value>,
    fault: Option<String>,
}

pub(super) fn check(vectors: &Vectors) {
    let Founded { genesis } = vectors.shared();
    vectors.each(|case: Case| match shown(&case.proof.0, &genesis) {
        Ok(shows) => {
            assert_eq!(case.fault, None, "{}", case.what);
            assert_eq!(Some(shows), case.shows, "{}", case.what);
        }
        Err(fault) => assert_eq!(Some(fault), case.fault.as_deref(), "{}", case.what),
    });
}

/// What a proof file shows, or the fault's name.
pub(crate) fn shown(bytes: &[u8], genesis: &Genesis) -> Result<Value, &'static str> {
    let proof = Proof::from_bytes(bytes).map_err(|error| error.name())?;
    assert_eq!(proof.to_bytes(), bytes);
    Ok(match proof {
        Proof::Receipt(receipt) => {
            let shown = receipt.verify(genesis).map_err(|error| error.name())?;
            let (header, index) = (shown.header(), shown.index());
            json!({"kind": "receipt", "height": header.height, "time": header.time, "index": index})
        }
        Proof::Extract(extract) => {
            let shown = extract.verify(genesis).map_err(|error| error.name())?;
            let holds: Vec<_> = shown.pairs().map(|(_, value)| value.is_some()).collect();
            let header = shown.header();
            json!({"kind": "extract", "height": header.height, "time": header.time, "holds": holds})
        }
        Proof::Extension(extension) => {
            let shown = extension.verify(genesis).map_err(|error| error.name())?;
            let (earlier, later) = (shown.earlier().height, shown.later());
            let (height, time) = (later.height, later.time);
            json!({"kind": "extension", "height": height, "time": time, "earlier": earlier})
        }
        Proof::Fork(fork) => {
            let shown = fork.verify(genesis).map_err(|error| error.name())?;
            let judged: Vec<_> = shown.judged().iter().map(verdict).collect();
            let [header, _] = shown.headers();
            let one = &fork.one.header;
            assert_eq!(header, one);
            json!({"kind": "fork", "height": one.height, "time": one.time, "judged": judged})
        }
        Proof::Collection(collection) => {
            let shown = collection.verify(genesis).map_err(|error| error.name())?;
            let indexes: Vec<_> = shown.entries().iter().map(|entry| entry.index).collect();
            let header = shown.path().header();
            json!({"kind": "collection", "height": header.height, "time": header.time, "indexes": indexes})
        }
    })
}

fn verdict(judged: &Judged) -> Value {
    let word = match judged.verdict {
        Verdict::Guilty(_) => "guilty",
        Verdict::Undetermined(_) => "undetermined",
        Verdict::Cleared { .. } => "cleared",
    };
    json!([judged.agency, word])
}
