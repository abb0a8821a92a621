//! Puts a bundle together from what was gathered.
//! Holds: the same case as of the same block makes the same bytes.
//! May not enter: fetching, the clock.

use std::collections::BTreeMap;

use comity_core::encoding::decode;
use comity_core::genesis::Genesis;
use comity_core::grant::{Grant, Usage};
use comity_core::ids::{GrantId, LogIndex};
use comity_core::proof::{Collection, Extract, MAX_PROOF_BYTES, Proof};
use comity_core::sealed::Opening;
use comity_core::statement::{Action, MAX_RECORD_BYTES, SignedRecord};

use super::container::{self, Members};
use super::contents::{Contents, charged};
use super::manifest::{AsOf, Case, Exported, Manifest, json_bytes};
use super::member::Member;
use super::objects::{Held, Objects};
use super::report::Failure;
use super::summary;
use super::verify::{judged, unproven};
use crate::messages::say;

/// A bundle's bytes. Errors: a proof does not hold; it would be too large.
pub(crate) fn assemble(
    genesis: &Genesis,
    (case, exported): (Case, Exported),
    collection: &Collection,
    extract: &Extract,
    openings: &BTreeMap<LogIndex, Vec<Opening>>,
) -> Result<Vec<u8>, Failure> {
    let entries = collection.verify(genesis).map_err(|error| unproven(error.name(), &error))?;
    let state = extract.verify(genesis).map_err(|error| unproven(error.name(), &error))?;
    let objects = Objects::new(state.pairs()).map_err(|key| Failure {
        fault: "unreadable",
        what: say!("bundle-state-unreadable", key = hex::encode(key)),
    })?;
    let about = (case.clone(), exported.clone());
    let contents = Contents::of(genesis, about, &entries, &state, objects);
    let contents = judged(contents, Some(openings));
    let mut members = Members::new();
    members.insert(Member::Genesis, json_bytes(genesis));
    members.insert(Member::Entries, proof_bytes(&Proof::Collection(collection.clone()))?);
    members.insert(Member::State, proof_bytes(&Proof::Extract(extract.clone()))?);
    for (index, openings) in openings {
        members.insert(Member::Opening(index.0), json_bytes(openings));
    }
    for (member, language) in summary::LANGUAGES {
        members.insert(member, summary::page(&contents, language).into_bytes());
    }
    let about = (case, AsOf::of(state.header()), exported);
    let manifest = Manifest::new(genesis.id(), about, &members);
    members.insert(Member::Manifest, manifest.to_bytes());
    container::write(&members).map_err(|_| too_large())
}

fn proof_bytes(proof: &Proof) -> Result<Vec<u8>, Failure> {
    let bytes = proof.to_bytes();
    if bytes.len() > MAX_PROOF_BYTES { Err(too_large()) } else { Ok(bytes) }
}

fn too_large() -> Failure {
    let limit = container::MAX_BUNDLE_BYTES;
    Failure { fault: "too-large", what: say!("bundle-container-too-large", limit = limit) }
}

/// Whether every access is there that the case must hold.
pub(crate) fn is_whole(case: &Case, collection: &Collection, extract: &Extract) -> bool {
    let pairs = extract.claims.iter().map(|claim| (&claim.key[..], claim.value.as_deref()));
    let Ok(objects) = Objects::new(pairs) else { return false };
    let records = collection.blocks.iter().flat_map(|block| &block.entries).map(|entry| {
        let record: Result<SignedRecord, _> = decode(&entry.record, MAX_RECORD_BYTES);
        record.map(|record| record.statement.action)
    });
    let actions: Vec<Action> = records.filter_map(Result::ok).collect();
    let shown = charged(&objects, actions.iter());
    let mut used: BTreeMap<GrantId, u64> = BTreeMap::new();
    let mut grants: Vec<(GrantId, Grant)> = Vec::new();
    for held in objects.all() {
        match held {
            Held::Usage(id, Usage { total, .. }) => {
                used.insert(id, total);
            }
            Held::Grant(id, grant) => grants.push((id, grant)),
            _ => {}
        }
    }
    grants.iter().all(|(id, grant)| {
        let count = |of: &BTreeMap<GrantId, u64>| of.get(id).copied().unwrap_or(0);
        !case.must_be_whole(*id, &grant.terms.dataset) || count(&shown) == count(&used)
    })
}
