//! Random histories: whatever people do, every replay ends in the same state.
//! Holds: the same seeds in every run; a failure names its seed.

use std::collections::BTreeMap;

use comity_core::block::{Block, CommittedBlock, Header, MAX_BLOCK_BYTES};
use comity_core::encoding::{decode, encode};
use comity_core::genesis::{Genesis, Params};
use comity_core::ids::{GrantId, LogIndex};
use comity_core::interruption::Interruptions;
use comity_core::ledger::Ledger;
use comity_core::request::Outcome;
use comity_core::state;
use comity_core::statement::{Action, VerifiedRecord};
use comity_core::vote::CommitCertificate;

use crate::story::{START, Story, terms};
use crate::teller::told;

const SEEDS: u64 = 16;

/// Executes the encoded blocks on `ledger`, one after another.
fn replay(mut ledger: Ledger, blocks: &[CommittedBlock]) -> Ledger {
    let consortium = *ledger.consortium();
    for committed in blocks {
        let Block { header, parent_certificate, records } =
            Block::from_bytes(&committed.block.to_bytes()).unwrap();
        let records = records.iter().map(|r| VerifiedRecord::verify(r, &consortium).unwrap());
        let parent =
            parent_certificate.map(|c| c.verify(&consortium, ledger.tip_validators()).unwrap());
        let executed = ledger.execute(&header, records.collect(), parent.as_ref()).unwrap();
        assert_eq!(executed.hash, committed.certificate.header_hash);
        ledger.commit(&executed);
    }
    ledger
}

fn assert_alike(a: &Ledger, b: &Ledger, seed: u64) {
    assert_eq!(a.tip(), b.tip(), "seed {seed}");
    assert_eq!(a.state_root(), b.state_root(), "seed {seed}");
    assert_eq!(a.log().root(), b.log().root(), "seed {seed}");
    assert_eq!(a.window_len(), b.window_len(), "seed {seed}");
}

#[test]
fn a_replay_from_the_genesis_ends_in_the_same_state() {
    let (mut committed, mut refused) = (0, BTreeMap::<_, usize>::new());
    for seed in 0..SEEDS {
        let teller = told(seed, 30);
        let replayed = replay(Ledger::new(&teller.story.genesis).unwrap(), &teller.story.blocks);
        assert_alike(&replayed, &teller.story.ledger, seed);
        committed += teller.committed;
        for (rule, count) in teller.refused {
            *refused.entry(rule).or_default() += count;
        }
    }
    // A history in which nothing happens would prove nothing.
    assert!(committed > 500 && refused.values().sum::<usize>() > 500, "{committed}, {refused:?}");
    let met = ["grant-suspended", "dataset-suspended", "dataset-withdrawn", "dataset-gone"];
    for rule in met.into_iter().chain(["request-closed", "urged-today", "grant-beyond-request"]) {
        assert!(refused.contains_key(rule), "{rule}: {refused:?}");
    }
}

#[test]
fn a_replay_from_any_saved_point_ends_in_the_same_state() {
    for seed in 0..SEEDS {
        let mut teller = told(seed, 1 + usize::try_from(seed).unwrap());
        let saved = teller.saved();
        let consortium = teller.story.consortium();
        let restored = Ledger::restore(&consortium, saved).unwrap();
        assert_alike(&restored, &teller.story.ledger, seed);
        let from = teller.story.blocks.len();
        (0..12).for_each(|_| teller.block());
        let replayed = replay(restored, &teller.story.blocks[from..]);
        assert_alike(&replayed, &teller.story.ledger, seed);
    }
}

#[test]
fn no_grant_is_used_beyond_its_quota_in_any_history() {
    for seed in 0..SEEDS {
        let teller = told(seed, 30);
        let mut used = BTreeMap::<GrantId, u64>::new();
        for record in &teller.earlier {
            if let Action::RecordAccess { attempt } = &record.statement().action {
                *used.entry(attempt.attempt.grant).or_default() += 1;
            }
        }
        for (grant, count) in used {
            let on_ledger = state::usage(&teller.story.ledger, grant).total;
            let terms = state::grant(&teller.story.ledger, grant).unwrap().terms;
            assert_eq!(on_ledger, count, "seed {seed}: {grant}");
            assert!(count <= terms.total_quota.unwrap(), "seed {seed}: {grant}");
        }
    }
}

/// Whether one of these goes on at a position, told from what the latest state keeps of them.
fn interrupted(interruptions: &Interruptions, at: LogIndex) -> bool {
    interruptions.all().iter().any(|one| one.at <= at && one.ended_at.is_none_or(|end| at < end))
}

#[test]
fn no_access_stands_where_its_grant_or_dataset_did_not_count() {
    let mut accesses = 0;
    for seed in 0..SEEDS {
        let teller = told(seed, 30);
        for (at, record) in (0..).map(LogIndex).zip(&teller.earlier) {
            let Action::RecordAccess { attempt } = &record.statement().action else { continue };
            let grant = state::grant(&teller.story.ledger, attempt.attempt.grant).unwrap();
            let dataset = state::dataset(&teller.story.ledger, &grant.terms.dataset).unwrap();
            let revoked = grant.revoked.is_some_and(|revocation| revocation.at <= at);
            let withdrawals = dataset.withdrawals.all();
            let withdrawn = withdrawals.iter().any(|w| grant.issued_at < w.at && w.at <= at);
            let paused =
                interrupted(&grant.suspensions, at) || interrupted(&dataset.suspensions, at);
            assert!(!revoked && !withdrawn && !paused, "seed {seed}: entry {at}");
            accesses += 1;
        }
    }
    assert!(accesses > 100, "{accesses} accesses");
}

#[test]
fn every_approved_request_has_its_grant_within_what_was_asked() {
    let mut approved = 0;
    for seed in 0..SEEDS {
        let teller = told(seed, 30);
        let ledger = &teller.story.ledger;
        for at in (0..ledger.log().size()).map(LogIndex) {
            let grant = state::grant(ledger, GrantId(at));
            if let Some((grant, id)) = grant.and_then(|grant| Some((grant.clone(), grant.request?)))
            {
                let request = state::request(ledger, id).unwrap();
                assert_eq!(grant.terms.beyond(&request.terms.asked), None, "seed {seed}: {id}");
                let reply = request.reply.unwrap();
                assert_eq!(
                    (reply.at, reply.outcome),
                    (at, Outcome::Approved { grant: GrantId(at) })
                );
                approved += 1;
            }
        }
    }
    assert!(approved > 20, "{approved} approved");
}

#[test]
fn every_version_of_every_dataset_is_kept_in_any_history() {
    let mut kept = 0;
    for seed in 0..SEEDS {
        let teller = told(seed, 30);
        for name in ["residents", "marriages", "houses"] {
            let id = format!("civil.gd/{name}").parse().unwrap();
            let Some(published) = state::dataset(&teller.story.ledger, &id) else { continue };
            let mut before = None;
            for version in 1..published.version {
                let key = state::StateKey::DatasetVersion(&id, version);
                let earlier: comity_core::dataset::DatasetVersion =
                    state::read(&teller.story.ledger, &key).unwrap();
                assert!(before < Some(earlier.version_at), "seed {seed}: {id}, {version}");
                before = Some(earlier.version_at);
                kept += 1;
            }
            assert!(before < Some(published.version_at));
        }
    }
    assert!(kept > 50, "{kept} versions");
}

#[test]
fn a_statement_stands_on_the_log_once_in_any_history() {
    for seed in 0..SEEDS {
        let teller = told(seed, 30);
        let mut ids: Vec<_> = teller.earlier.iter().map(VerifiedRecord::id).collect();
        let count = ids.len();
        ids.sort_unstable();
        ids.dedup();
        assert_eq!(ids.len(), count, "seed {seed}");
    }
}

#[test]
fn the_window_holds_no_more_than_what_can_still_be_replayed() {
    for seed in 0..SEEDS {
        let teller = told(seed, 30);
        let now = teller.story.ledger.tip().time;
        let held = |record: &&VerifiedRecord| record.statement().valid_until > now;
        let accesses = teller.earlier.iter().filter_map(|record| {
            let Action::RecordAccess { attempt } = &record.statement().action else { return None };
            Some(attempt.attempt.valid_until).filter(|until| *until > now)
        });
        let expected = teller.earlier.iter().filter(held).count() + accesses.count();
        assert_eq!(teller.story.ledger.window_len(), expected, "seed {seed}");
    }
}

#[test]
fn blocks_headers_and_certificates_decode_to_what_was_encoded() {
    for committed in told(7, 20).story.blocks {
        let CommittedBlock { block, certificate, .. } = &committed;
        assert_eq!(CommittedBlock::from_bytes(&committed.to_bytes()).as_ref(), Ok(&committed));
        assert_eq!(Block::from_bytes(&block.to_bytes()).as_ref(), Ok(block));
        let header = encode(&block.header);
        assert_eq!(decode::<Header>(&header, MAX_BLOCK_BYTES).as_ref(), Ok(&block.header));
        let bytes = encode(certificate);
        assert_eq!(decode::<CommitCertificate>(&bytes, MAX_BLOCK_BYTES).as_ref(), Ok(certificate));
        for end in [0, 1, bytes.len() / 2, bytes.len() - 1] {
            assert!(decode::<CommitCertificate>(&bytes[..end], MAX_BLOCK_BYTES).is_err());
        }
    }
}

#[test]
fn the_genesis_decodes_to_what_was_encoded_and_its_id_fixes_every_byte() {
    let genesis = Story::new(Params::default()).genesis;
    let mut bytes = encode(&genesis);
    assert_eq!(decode::<Genesis>(&bytes, MAX_BLOCK_BYTES).as_ref(), Ok(&genesis));
    for at in 0..bytes.len() {
        bytes[at] ^= 1;
        if let Ok(changed) = decode::<Genesis>(&bytes, MAX_BLOCK_BYTES) {
            assert_ne!(changed.id(), genesis.id(), "byte {at}");
        }
        bytes[at] ^= 1;
    }
}

#[test]
fn the_state_of_a_history_does_not_depend_on_how_it_is_cut_into_blocks() {
    let mut together = Story::new(Params::default());
    together.publish();
    let mut apart = together.clone();
    let issue = together.steward(Action::IssueGrant { terms: terms() });
    let grant = GrantId(LogIndex(together.ledger.log().size()));
    let records = vec![issue, together.access(grant), together.access(grant)];
    assert_eq!(START.day(480), together.now.day(480), "one day, so one daily count");
    together.commit(records.clone());
    for record in records {
        apart.commit(vec![record]);
    }
    assert_eq!(together.ledger.state_root(), apart.ledger.state_root());
    assert_eq!(together.ledger.log().root(), apart.ledger.log().root());
    assert_ne!(together.ledger.tip().hash, apart.ledger.tip().hash);
}
