//! What one block changes in the view, as one atomic batch.
//! Holds: the batch of a block leads from its parent's view to its own, the tip included.
//! May not enter: writing (see `writer`).

use std::collections::BTreeMap;

use comity_core::agency::Key;
use comity_core::encoding::encode;
use comity_core::grant::Grant;
use comity_core::hash::leaf_hash;
use comity_core::ids::LogIndex;
use comity_core::request::{Request, RequestTerms};
use comity_core::state::object;
use comity_core::state_tree::StateTree;
use comity_core::statement::VerifiedRecord;
use comity_core::trust_path::SetChange;
use comity_listing::{RequestState, Term, may_owe, terms};
use comity_replica::io::Commit;

use super::layout::{
    EntryChunk, GrantTerm, OWING, Positions, RequestTerm, SavedTip, UNLISTED, WindowChunk,
    WindowSum, agency_keys_prefix, entries_key, grant_prefix, numbered, posting_prefix,
    request_prefix, set_change_key, state_key, time_key, tip_key, window_key,
};
use super::tree::Batch;

/// Adds everything that `commit` changes, but for its part in the replay window and the values of the state, of which
/// `before` is the one that it changes. Returns its entries, by whose names they are to be found.
pub(super) fn add_block(
    batch: &mut Batch,
    commit: &Commit,
    before: &StateTree,
    window: WindowSum,
) -> EntryChunk {
    for (key, value) in &commit.changes.puts {
        if is_listed(key) {
            list_change(batch, key, value);
            if before.get(key).is_none() {
                list_new(batch, key, value);
            }
        }
    }
    let entries = add_entries(batch, commit);
    let tip = SavedTip {
        header: commit.header.clone(),
        log: commit.log.clone(),
        validators: commit.tip_validators.clone(),
        window,
    };
    batch.insert(tip_key(), encode(&tip));
    if let Some(change) = SetChange::of(&commit.header, &commit.certificate, &commit.validators) {
        batch.insert(set_change_key(commit.header.height), encode(&change));
    }
    entries
}

/// Adds by what the objects of a whole state are found.
pub(super) fn list_state<'a>(batch: &mut Batch, pairs: impl Iterator<Item = (&'a [u8], &'a [u8])>) {
    for (key, value) in pairs {
        if is_listed(key) {
            list_change(batch, key, value);
            list_new(batch, key, value);
        }
    }
}

fn is_listed(key: &[u8]) -> bool {
    key.first().is_some_and(|letter| !UNLISTED.contains(letter))
}

/// Adds by what a new object is found, for good.
fn list_new(batch: &mut Batch, key: &[u8], value: &[u8]) {
    batch.insert(state_key(key), &[]);
    match key.split_first() {
        Some((b'g', _)) => add_grant(batch, &object::<Grant>(value)),
        Some((b'k', public)) => {
            let key: Key = object(value);
            batch.insert([&agency_keys_prefix(&key.agency)[..], public].concat(), &[]);
        }
        _ => {}
    }
}

/// Adds by what an object is found as it stands now.
fn list_change(batch: &mut Batch, key: &[u8], value: &[u8]) {
    add_owing(batch, key, value);
    if key.first() == Some(&b'r') {
        add_request(batch, &object::<Request>(value));
    }
}

/// An object lies among those that owe something, or no longer does.
fn add_owing(batch: &mut Batch, key: &[u8], value: &[u8]) {
    let owing = [&[OWING], key].concat();
    match may_owe(key, value) {
        Some(true) => batch.insert(owing, &[]),
        Some(false) => batch.remove(owing),
        None => {}
    }
}

fn add_grant(batch: &mut Batch, grant: &Grant) {
    let dataset = &grant.terms.dataset;
    let terms = [
        GrantTerm::Provider(dataset.agency.clone()),
        GrantTerm::Requester(grant.terms.requester.clone()),
        GrantTerm::Dataset(dataset.to_string()),
    ];
    for term in terms {
        batch.insert(numbered(&grant_prefix(&term), grant.issued_at.0), &[]);
    }
}

/// A request moves from the open ones to those that ended alike.
fn add_request(batch: &mut Batch, request: &Request) {
    let RequestTerms { asked, bundle, .. } = &request.terms;
    let terms = [
        RequestTerm::Any,
        RequestTerm::Provider(asked.dataset.agency.clone()),
        RequestTerm::Requester(asked.requester.clone()),
        RequestTerm::Dataset(asked.dataset.to_string()),
    ];
    let state = RequestState::of(request);
    for term in terms.into_iter().chain(bundle.map(RequestTerm::Bundle)) {
        let key = |state| numbered(&request_prefix(&term, state), request.opened_at.0);
        batch.insert(key(None), &[]);
        if state != RequestState::Open {
            batch.remove(key(Some(RequestState::Open)));
        }
        // What a dispute set aside was a refusal.
        if state != RequestState::Refused && !request.earlier.is_empty() {
            batch.remove(key(Some(RequestState::Refused)));
        }
        batch.insert(key(Some(state)), &[]);
    }
}

fn add_entries(batch: &mut Batch, commit: &Commit) -> EntryChunk {
    let height = commit.header.height;
    let record_ids = commit.records.iter().map(VerifiedRecord::id).collect();
    let mut chunk = EntryChunk { height, record_ids, exchanges: Vec::new(), grants: Vec::new() };
    if commit.records.is_empty() {
        return chunk;
    }
    let first = commit.header.first_index;
    let mut postings: BTreeMap<Term, Positions> = BTreeMap::new();
    for ((position, record), index) in (0u32..).zip(&commit.records).zip(first.0..) {
        for term in terms(record.statement(), LogIndex(index), &commit.state) {
            match term {
                Term::Exchange(exchange) => chunk.exchanges.push((position, exchange)),
                Term::Grant(grant) => chunk.grants.push((position, grant)),
                term => {
                    let Positions(positions) = postings.entry(term).or_default();
                    if positions.last() != Some(&position) {
                        positions.push(position);
                    }
                }
            }
        }
    }
    for (term, positions) in postings {
        batch.insert(numbered(&posting_prefix(&term), first.0), encode(&positions));
    }
    batch.insert(entries_key(first), encode(&chunk));
    batch.insert(time_key(commit.header.time), &first.0.to_be_bytes());
    chunk
}

/// The chunk that a block adds to the replay window, under its key: what has run out by the
/// block's own time is left out, as the ledger forgets it at once.
pub(super) fn window_chunk(commit: &Commit) -> Option<(Vec<u8>, Vec<u8>)> {
    let now = commit.header.time;
    let changes = &commit.changes;
    let records = changes.records.iter().filter(|(_, until)| **until > now);
    let exchanges = changes.exchanges.iter().filter(|(_, until)| **until > now);
    let chunk = WindowChunk {
        records: records.map(|(id, until)| (*id, *until)).collect(),
        exchanges: exchanges.map(|(id, until)| (*id, *until)).collect(),
    };
    let last = chunk.records.values().chain(chunk.exchanges.values()).max()?;
    Some((window_key(*last, commit.header.height), encode(&chunk)))
}

impl WindowSum {
    /// A chunk more.
    pub(super) fn add(&mut self, key: &[u8], value: &[u8]) {
        self.chunks += 1;
        self.mix(key, value);
    }

    /// A chunk less.
    pub(super) fn remove(&mut self, key: &[u8], value: &[u8]) {
        self.chunks = self.chunks.saturating_sub(1);
        self.mix(key, value);
    }

    fn mix(&mut self, key: &[u8], value: &[u8]) {
        // Any hash would do; this one is at hand.
        let hash = leaf_hash(&[key, value].concat());
        self.sum.iter_mut().zip(hash.0).for_each(|(sum, byte)| *sum ^= byte);
    }
}
