//! What is found, in which order, page by page.

use std::collections::BTreeSet;
use std::path::Path;
use std::sync::Arc;

use comity_core::agency::KeyRole;
use comity_core::codes::{CodeEntry, PublishedCode};
use comity_core::ids::{GrantId, LogIndex};
use comity_core::legs::Acknowledgement;
use comity_core::statement::Action;
use tempfile::TempDir;

use super::chain::{Chain, DATASET, MEMBERS, secret};
use crate::view::{DatasetFilter, EntryFilter, GrantFilter, Order, View, boot};
use comity_replica::storage::MemoryDisk;

/// The view of a chain, with its directory.
pub(super) fn view_of(chain: &Chain) -> (TempDir, View) {
    let dir = TempDir::new().unwrap();
    let (view, saved) = View::open(&dir.path().join("view"), *chain.ledger.consortium()).unwrap();
    let storage = chain.stored(MemoryDisk::new(), 0);
    boot(&chain.genesis, &view, saved, storage.reader(), Path::new("")).unwrap();
    for commit in &chain.commits {
        view.apply(Arc::clone(commit));
    }
    view.settle().unwrap();
    (dir, view)
}

/// A chain with every kind of entry: publish 0, grant 1, accesses 2 to 5, a denial 6, a second
/// grant 7, its revocation 8, an officer's key registered 9 and revoked 10.
fn varied() -> Chain {
    let mut chain = Chain::with_accesses(2);
    let records = vec![chain.denial(), chain.grant("civil.gd")];
    chain.push(records);
    let reason = "no longer needed".parse().unwrap();
    let revoke = Action::RevokeGrant { grant: GrantId(LogIndex(7)), reason };
    let revoke = chain.record("health.gd", KeyRole::Steward, revoke);
    chain.push(vec![revoke]);
    chain.push(vec![]);
    let new = comity_core::keys::SecretKey::from_seed(&[200; 32]);
    let (agency, role) = ("tax.gd".parse().unwrap(), KeyRole::Officer);
    let possession = new.sign_possession(chain.ledger.consortium(), &agency, role);
    let post = "desk 2".parse().unwrap();
    let key = new.public();
    let algorithm = comity_core::agency::KeyAlgorithm::Ed25519;
    let register =
        Action::RegisterKey { key, role, algorithm, post, valid_until: None, possession };
    let register = chain.record("tax.gd", KeyRole::Admin, register);
    chain.push(vec![register]);
    let reason = "post abolished".parse().unwrap();
    let revoke = Action::RevokeKey { key, reason, suspect_since: None };
    let revoke = chain.record("tax.gd", KeyRole::Admin, revoke);
    chain.push(vec![revoke]);
    chain
}

fn indexes(view: &View, filter: &EntryFilter, order: Order) -> Vec<u64> {
    let at = view.snapshot();
    let page = view.entries(&at, filter, order, None, 1000).unwrap();
    assert_eq!(page.next, None);
    page.found.iter().map(|place| place.index.0).collect()
}

#[test]
fn entries_are_found_by_all_that_they_concern() {
    let chain = varied();
    let (_dir, view) = view_of(&chain);
    let all = EntryFilter::default();
    let agency = |id: &str| EntryFilter { agency: Some(id.parse().unwrap()), ..all.clone() };
    let kind = |kind: &str| EntryFilter { kind: Some(kind.to_owned()), ..all.clone() };
    let grant = |at| EntryFilter { grant: Some(GrantId(LogIndex(at)).into()), ..all.clone() };
    let key = |key| EntryFilter { key: Some(key), ..all.clone() };
    let officer = secret("tax.gd", KeyRole::Officer).public();
    let new = comity_core::keys::SecretKey::from_seed(&[200; 32]).public();
    let dataset = EntryFilter { dataset: Some(DATASET.parse().unwrap()), ..all.clone() };
    let both = EntryFilter { kind: Some("record-access".to_owned()), ..agency("tax.gd") };
    let cases: [(EntryFilter, &[u64]); 12] = [
        (all.clone(), &[0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10]),
        (agency("health.gd"), &[0, 1, 2, 3, 4, 5, 6, 7, 8]),
        (agency("tax.gd"), &[1, 2, 3, 4, 5, 6, 9, 10]),
        (agency("civil.gd"), &[7, 8]),
        (agency("housing.gd"), &[]),
        (kind("record-denial"), &[6]),
        (grant(1), &[1, 2, 3, 4, 5, 6]),
        (grant(7), &[7, 8]),
        (key(officer), &[2, 3, 4, 5, 6]),
        (key(new), &[9, 10]),
        (dataset, &[0, 1, 2, 3, 4, 5, 6, 7, 8]),
        (both, &[2, 3, 4, 5]),
    ];
    for (filter, expected) in cases {
        assert_eq!(indexes(&view, &filter, Order::Ascending), expected, "{filter:?}");
        let newest_first: Vec<u64> = expected.iter().rev().copied().collect();
        assert_eq!(indexes(&view, &filter, Order::Descending), newest_first, "{filter:?}");
    }
}

#[test]
fn pages_join_to_the_whole_listing_in_either_order() {
    let chain = varied();
    let (_dir, view) = view_of(&chain);
    let at = view.snapshot();
    let filter = EntryFilter { agency: Some("tax.gd".parse().unwrap()), ..EntryFilter::default() };
    for order in [Order::Ascending, Order::Descending] {
        for limit in 1..5 {
            let (mut joined, mut from) = (Vec::new(), None);
            loop {
                let page = view.entries(&at, &filter, order, from, limit).unwrap();
                assert!(page.found.len() <= limit && !page.found.is_empty());
                joined.extend(page.found.iter().map(|place| place.index.0));
                from = page.next;
                if from.is_none() {
                    break;
                }
            }
            assert_eq!(joined, indexes(&view, &filter, order), "limit {limit}");
        }
    }
}

#[test]
fn entry_and_record_lookups_lead_to_the_block_that_holds_them() {
    let chain = varied();
    let (_dir, view) = view_of(&chain);
    let at = view.snapshot();
    for commit in &chain.commits {
        for (position, record) in commit.records.iter().enumerate() {
            let place = view.record(&at, &record.id()).unwrap().unwrap();
            assert_eq!(place.height, commit.header.height);
            assert_eq!(place.position, position);
            assert_eq!(place.record_id, record.id());
            assert_eq!(view.entry(&at, place.index).unwrap(), Some(place));
        }
    }
    assert_eq!(view.entry(&at, LogIndex(at.log_size())).unwrap(), None);
    let other = Chain::new().publish("health.gd/other").id();
    assert_eq!(view.record(&at, &other).unwrap(), None);
}

#[test]
fn what_is_asked_of_an_older_snapshot_does_not_show_later_entries() {
    let mut chain = Chain::with_accesses(1);
    let (_dir, view) = view_of(&chain);
    let before = view.snapshot();
    let access = chain.access();
    view.apply(chain.push(vec![access.clone()]));
    view.settle().unwrap();
    let seen = view.entries(&before, &EntryFilter::default(), Order::Descending, None, 9).unwrap();
    assert_eq!(seen.found.first().unwrap().index, LogIndex(3));
    assert_eq!(view.record(&before, &access.id()).unwrap(), None);
    assert!(view.record(&view.snapshot(), &access.id()).unwrap().is_some());
}

#[test]
fn grants_are_found_by_provider_requester_and_dataset() {
    let chain = varied();
    let (_dir, view) = view_of(&chain);
    let at = view.snapshot();
    let found = |filter: &GrantFilter| -> Vec<u64> {
        let page = view.grants(&at, filter, None, 1000).unwrap();
        page.found.iter().map(|found| found.id.0.0).collect()
    };
    let all = GrantFilter::default();
    let tax = GrantFilter { requester: Some("tax.gd".parse().unwrap()), ..all.clone() };
    let health = GrantFilter { provider: Some("health.gd".parse().unwrap()), ..tax.clone() };
    let none = GrantFilter { provider: Some("tax.gd".parse().unwrap()), ..all.clone() };
    let dataset = GrantFilter { dataset: Some(DATASET.parse().unwrap()), ..all.clone() };
    assert_eq!(found(&all), [1, 7]);
    assert_eq!(found(&tax), [1]);
    assert_eq!(found(&health), [1]);
    assert_eq!(found(&none), [0u64; 0]);
    assert_eq!(found(&dataset), [1, 7]);
    let first = view.grants(&at, &all, None, 1).unwrap();
    assert_eq!(first.next, Some(GrantId(LogIndex(7))));
    let rest = view.grants(&at, &all, first.next, 1).unwrap();
    assert_eq!((rest.found[0].id, rest.next), (GrantId(LogIndex(7)), None));
    assert!(rest.found[0].grant.revoked.is_some());
    assert_eq!(first.found[0].usage.total, 4);
}

#[test]
fn datasets_keys_agencies_and_codes_are_listed_in_order() {
    let mut chain = Chain::new();
    let records = ["health.gd/b", "tax.gd/x", "health.gd/a"].map(|id| chain.publish(id));
    chain.push(records.into());
    let (_dir, view) = view_of(&chain);
    let at = view.snapshot();
    let health = "health.gd".parse().unwrap();
    let of_health = DatasetFilter { agency: Some(health), ..DatasetFilter::default() };
    let page = view.datasets(&at, &of_health, None, 1).unwrap();
    assert_eq!(page.found[0].dataset.id.to_string(), "health.gd/a");
    let rest = view.datasets(&at, &of_health, page.next.as_ref(), 9).unwrap();
    assert_eq!(rest.found[0].dataset.id.to_string(), "health.gd/b");
    assert_eq!(rest.next, None);
    assert_eq!(view.datasets(&at, &DatasetFilter::default(), None, 9).unwrap().found.len(), 3);
    // A cursor of another agency does not lead out of the listing.
    let foreign = "a.gd/z".parse().unwrap();
    assert_eq!(view.datasets(&at, &of_health, Some(&foreign), 9).unwrap().found.len(), 2);

    let tax = view.keys(&at, Some(&"tax.gd".parse().unwrap()), None, 1000).unwrap();
    assert!(tax.found.iter().all(|(_, key)| key.agency.as_str() == "tax.gd"));
    assert_eq!(tax.found.len(), 7);
    let (mut all, mut from) = (BTreeSet::new(), None);
    loop {
        let page = view.keys(&at, None, from.as_ref(), 5).unwrap();
        all.extend(page.found.into_iter().map(|(key, _)| key));
        from = page.next;
        if from.is_none() {
            break;
        }
    }
    assert_eq!(all.len(), 28);
    let ids: Vec<String> = view.agencies(&at).unwrap().iter().map(|a| a.id.to_string()).collect();
    assert_eq!(ids, MEMBERS);
    let codes = |listed: Vec<PublishedCode>| -> Vec<_> {
        listed
            .into_iter()
            .map(|PublishedCode { code, title, .. }| CodeEntry { code, title })
            .collect()
    };
    assert_eq!(codes(view.matters(&at).unwrap()), chain.genesis.matters);
    assert_eq!(codes(view.duty_bases(&at).unwrap()), chain.genesis.duty_bases);
}

#[test]
fn both_legs_of_an_exchange_are_found_by_it_and_a_gateways_numbers_by_its_key() {
    let mut chain = Chain::with_accesses(1);
    let access = chain.access();
    let exchange = access.statement().action.attempt().unwrap().attempt.exchange;
    chain.push(vec![access]);
    let received = Acknowledgement { access: LogIndex(4), exchange, digest: None, count: 1 };
    let grant = GrantId(LogIndex(1)).into();
    let action = Action::AcknowledgeAccess { grant, accesses: vec![received] };
    let acknowledgement = chain.record("tax.gd", KeyRole::Officer, action);
    chain.push(vec![acknowledgement]);
    let (_dir, view) = view_of(&chain);
    let of_exchange = EntryFilter { exchange: Some(exchange), ..EntryFilter::default() };
    assert_eq!(indexes(&view, &of_exchange, Order::Ascending), [4, 5]);
    let gateway = secret("health.gd", KeyRole::Gateway).public();
    let numbers = view.snapshot().gateway_numbers(&gateway);
    assert_eq!((numbers.last, numbers.next()), (3, 4));
    let of_grant = EntryFilter { grant: Some(grant), ..EntryFilter::default() };
    assert_eq!(indexes(&view, &of_grant, Order::Descending)[0], 5);
}
