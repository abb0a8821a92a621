//! What single entries are found by: over runs, restarts, and a view that begins late. (In tests a
//! run has four entries.)

use std::path::Path;
use std::sync::PoisonError;

use comity_core::agency::KeyRole;
use comity_core::hash::RecordId;
use comity_core::ids::{ExchangeId, GrantId, Height, LogIndex};
use comity_core::legs::Acknowledgement;
use comity_core::statement::{Action, VerifiedRecord};
use comity_replica::storage::MemoryDisk;
use tempfile::TempDir;

use super::chain::{BEGIN, Chain, secret};
use super::listings::view_of;
use crate::view::beginning::Beginning;
use crate::view::layout::EntryChunk;
use crate::view::{EntryFilter, EntryPlace, Order, Snapshot, View, boot};

/// That `tax.gd` received the answer of entry 4.
fn received(chain: &mut Chain, exchange: ExchangeId) -> VerifiedRecord {
    let received = Acknowledgement { access: LogIndex(4), exchange, digest: None, count: 1 };
    let grant = GrantId(LogIndex(1)).into();
    let action = Action::AcknowledgeAccess { grant, accesses: vec![received] };
    chain.record("tax.gd", KeyRole::Officer, action)
}

/// A chain with an exchange that is recorded once, as entry 4, and acknowledged again and again, by
/// several entries of a block too; and the entries about it.
fn acknowledged() -> (Chain, ExchangeId, Vec<u64>) {
    let mut chain = Chain::with_accesses(1);
    let access = chain.access();
    let exchange = access.statement().action.attempt().unwrap().attempt.exchange;
    let other = chain.access();
    chain.push(vec![access, other]);
    let mut about = vec![4];
    for block in 0..6 {
        let mut records = vec![received(&mut chain, exchange), chain.access()];
        if block % 2 == 0 {
            records.push(received(&mut chain, exchange));
        }
        if block % 3 == 0 {
            chain.push(vec![]);
        }
        let commit = chain.push(records);
        let is_about = |record: &VerifiedRecord| {
            matches!(record.statement().action, Action::AcknowledgeAccess { .. })
        };
        let entries = (commit.header.first_index.0..).zip(&commit.records);
        about.extend(entries.filter(|(_, record)| is_about(record)).map(|(index, _)| index));
    }
    (chain, exchange, about)
}

/// Page by page.
fn listed(view: &View, at: &Snapshot, filter: &EntryFilter, how: (Order, usize)) -> Vec<u64> {
    let ((order, limit), mut found, mut from) = (how, Vec::new(), None);
    loop {
        let page = view.entries(at, filter, order, from, limit).unwrap();
        assert!(page.found.len() <= limit);
        found.extend(page.found.iter().map(|place| place.index.0));
        from = page.next;
        if from.is_none() {
            return found;
        }
    }
}

fn of(exchange: ExchangeId) -> EntryFilter {
    EntryFilter { exchange: Some(exchange), ..EntryFilter::default() }
}

/// Every entry from `first` on is found by its statement, and the exchange by its entries.
fn assert_finds_all(view: &View, chain: &Chain, about: &[u64], exchange: ExchangeId, first: u64) {
    let at = view.snapshot();
    for commit in &chain.commits {
        for (index, record) in (commit.header.first_index.0..).zip(&commit.records) {
            let found = view.record(&at, &record.id()).unwrap().map(|place| place.index.0);
            let expected = (first..at.log_size()).contains(&index).then_some(index);
            assert_eq!(found, expected);
        }
    }
    let inside = |index: &u64| (first..at.log_size()).contains(index);
    let expected: Vec<u64> = about.iter().copied().filter(inside).collect();
    assert_eq!(listed(view, &at, &of(exchange), (Order::Ascending, 1)), expected);
}

#[test]
fn entries_of_an_exchange_are_listed_with_every_other_condition_and_in_pages() {
    let (chain, exchange, about) = acknowledged();
    let (_dir, view) = view_of(&chain);
    let at = view.snapshot();
    let kind = |kind: &str| EntryFilter { kind: Some(kind.to_owned()), ..EntryFilter::default() };
    let agency =
        |id: &str| EntryFilter { agency: Some(id.parse().unwrap()), ..EntryFilter::default() };
    let key = secret("health.gd", KeyRole::Gateway).public();
    let seconds = |since: u64, until: u64| EntryFilter {
        since: Some(BEGIN.plus(since * 1000)),
        until: Some(BEGIN.plus(until * 1000)),
        ..EntryFilter::default()
    };
    let conditions = [
        EntryFilter::default(),
        kind("acknowledge-access"),
        kind("record-access"),
        agency("tax.gd"),
        agency("housing.gd"),
        EntryFilter { key: Some(key), ..EntryFilter::default() },
        EntryFilter { grant: Some(GrantId(LogIndex(1)).into()), ..kind("acknowledge-access") },
        seconds(5, 9),
        seconds(0, 5),
        seconds(9, 5),
    ];
    for condition in conditions {
        let without = listed(&view, &at, &condition, (Order::Ascending, 1000));
        let mut expected: Vec<u64> =
            about.iter().copied().filter(|index| without.contains(index)).collect();
        let filter = EntryFilter { exchange: Some(exchange), ..condition };
        for order in [Order::Ascending, Order::Descending] {
            for limit in [1, 2, 3, 1000] {
                assert_eq!(listed(&view, &at, &filter, (order, limit)), expected, "{filter:?}");
            }
            expected.reverse();
        }
    }
    assert!(listed(&view, &at, &of(ExchangeId([9; 16])), (Order::Ascending, 9)).is_empty());
}

#[test]
fn what_an_older_snapshot_has_not_is_not_found_by_its_names() {
    let (mut chain, exchange, about) = acknowledged();
    let (_dir, view) = view_of(&chain);
    let before = view.snapshot();
    for _ in 0..3 {
        let more = vec![received(&mut chain, exchange), received(&mut chain, exchange)];
        let ids: Vec<RecordId> = more.iter().map(VerifiedRecord::id).collect();
        view.apply(chain.push(more));
        view.settle().unwrap();
        for id in ids {
            assert_eq!(view.record(&before, &id).unwrap(), None);
            assert!(view.record(&view.snapshot(), &id).unwrap().is_some());
        }
        for order in [Order::Ascending, Order::Descending] {
            let mut found = listed(&view, &before, &of(exchange), (order, 2));
            found.sort_unstable();
            assert_eq!(found, about);
        }
    }
}

#[test]
fn view_that_is_left_after_any_block_finds_all_when_it_is_opened_again() {
    let (chain, exchange, about) = acknowledged();
    let dir = TempDir::new().unwrap();
    let place = dir.path().join("view");
    for blocks in 1..=chain.commits.len() {
        let (view, saved) = View::open(&place, *chain.ledger.consortium()).unwrap();
        let left_at = saved.as_ref().map(|saved| saved.header.height);
        assert_eq!(left_at, (blocks > 1).then(|| Height(blocks as u64 - 1)), "it was rebuilt");
        let storage = chain.stored(MemoryDisk::new(), blocks);
        boot(&chain.genesis, &view, saved, storage.reader(), Path::new("")).unwrap();
        assert_finds_all(&view, &chain, &about, exchange, 0);
        view.close();
    }
}

#[test]
fn view_that_begins_with_a_snapshot_finds_what_is_listed_from_there() {
    let mut chain = Chain::with_accesses(4);
    let exchange = ExchangeId([8; 16]);
    let dir = TempDir::new().unwrap();
    let place = dir.path().join("view");
    let consortium = *chain.ledger.consortium();
    let (view, _) = View::open(&place, consortium).unwrap();
    let commit = (**chain.commits.last().unwrap()).clone();
    let first = commit.header.first_index.0;
    let ledger = chain.ledger.clone();
    view.begin(Beginning { ledger, commit, changes: vec![], cut_off: None }).unwrap();
    assert_finds_all(&view, &chain, &[], exchange, first);
    for _ in 0..5 {
        let accesses = vec![chain.access(), chain.access(), chain.access()];
        view.apply(chain.push(accesses));
        view.settle().unwrap();
        assert_finds_all(&view, &chain, &[], exchange, first);
    }
    view.close();
    drop(view);
    let (view, saved) = View::open(&place, consortium).unwrap();
    assert_eq!(saved.map(|saved| saved.header), Some(chain.commits[10].header.clone()));
    let block = (chain.commits[10].header.clone(), chain.commits[10].certificate.clone());
    view.resume(&chain.ledger, block).unwrap();
    assert_finds_all(&view, &chain, &[], exchange, first);
}

#[test]
fn statement_whose_id_begins_like_another_is_not_taken_for_it() {
    let (chain, ..) = acknowledged();
    let (_dir, view) = view_of(&chain);
    let at = view.snapshot();
    let newest = chain.commits.last().unwrap();
    let (old, new) = (chain.commits[2].records[0].id(), newest.records[0].id());
    for id in [old, new] {
        let twin = RecordId(std::array::from_fn(|byte| id.0[byte] ^ u8::from(byte == 31)));
        assert_eq!(view.record(&at, &twin).unwrap(), None);
        // As if entries 0 and 9 were called so too.
        let record_ids = vec![twin];
        let chunk = EntryChunk { height: Height(1), record_ids, exchanges: vec![], grants: vec![] };
        let mut names = view.0.shared.names.write().unwrap_or_else(PoisonError::into_inner);
        names.add(0, &chunk);
        names.add(9, &chunk);
        drop(names);
        let found: Option<EntryPlace> = view.record(&at, &id).unwrap();
        assert_eq!(found.map(|place| place.record_id), Some(id));
        assert_eq!(view.record(&at, &twin).unwrap(), None);
    }
}
