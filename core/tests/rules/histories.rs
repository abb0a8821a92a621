//! Random histories: whatever people do, every replay ends in the same state.
//! Holds: the same seeds in every run; a failure names its seed.

mod forces;
mod urgent;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::OnceLock;

use comity_core::access::Attempt;
use comity_core::block::{Block, CommittedBlock, Header, MAX_BLOCK_BYTES};
use comity_core::codes::CodeList;
use comity_core::encoding::{decode, encode};
use comity_core::genesis::{Genesis, Params};
use comity_core::grant::{GrantTerms, GrantVersion};
use comity_core::ids::{GrantId, LogIndex, TimeMs};
use comity_core::interruption::Interruptions;
use comity_core::ledger::Ledger;
use comity_core::request::Outcome;
use comity_core::state::{self, StateKey};
use comity_core::statement::{Action, VerifiedRecord};
use comity_core::vote::CommitCertificate;

use crate::acts::entry;
use crate::source::{parts, variant};
use crate::story::Story;
use crate::teller::{Teller, told};

const SEEDS: u64 = 18;
/// Blocks of a history.
const BLOCKS: usize = 110;

/// The histories, each told once for all tests that look at them.
fn histories() -> &'static [Teller] {
    static TOLD: OnceLock<Vec<Teller>> = OnceLock::new();
    TOLD.get_or_init(|| (0..SEEDS).map(|seed| told(seed, BLOCKS)).collect())
}

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
    let mut done = BTreeSet::new();
    for teller in histories() {
        let seed = teller.seed;
        let replayed = replay(Ledger::new(&teller.story.genesis).unwrap(), &teller.story.blocks);
        assert_alike(&replayed, &teller.story.ledger, seed);
        committed += teller.committed;
        done.extend(teller.earlier.iter().map(|record| variant(&record.statement().action)));
        for (rule, count) in &teller.refused {
            *refused.entry(*rule).or_default() += count;
        }
    }
    // A history in which nothing happens would prove nothing.
    assert!(committed > 500 && refused.values().sum::<usize>() > 500, "{committed}, {refused:?}");
    let met = ["grant-suspended", "dataset-suspended", "dataset-withdrawn", "dataset-gone"];
    let bound = ["onward-not-allowed", "parent-not-in-force", "grant-changed", "narrowing-beyond"];
    let closed = ["request-closed", "urged-today", "grant-beyond-request", "ballot-cast"];
    let urgent = ["emergency-ended", "emergency-again", "justified-already", "reviewer-involved"];
    let contested = ["check-answered", "no-handover", "disputed-already", "dispute-ruled"];
    let watched = ["incident-closed", "reveal-early", "nothing-drawn", "finding-unanswered"];
    let together = ["not-in-task-force", "not-invited", "wrong-capacity", "signer-capacity"];
    let assessed =
        ["not-an-assessor", "nothing-to-follow-up", "followed-up-already", "assessment-again"];
    let further =
        urgent.into_iter().chain(contested).chain(watched).chain(together).chain(assessed);
    for rule in met.into_iter().chain(bound).chain(closed).chain(further) {
        assert!(refused.contains_key(rule), "{rule}: {refused:?}");
    }
    // Nearly all that can be done is done in some history: what remains needs keys of validators.
    let action = include_str!("../../src/statement/action.rs");
    let undone = parts(action, "pub enum Action").difference(&done).cloned().collect::<Vec<_>>();
    assert_eq!(undone, ["RecordEquivocation"], "of all kinds of acts");
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

/// A grant's terms as they were at a position.
fn terms_at(ledger: &Ledger, id: GrantId, at: LogIndex) -> GrantTerms {
    let grant = state::grant(ledger, id).unwrap();
    if grant.version_at <= at {
        return grant.terms;
    }
    let replaced = (1..grant.version).rev().map(|version| -> GrantVersion {
        state::read(ledger, &StateKey::GrantVersion(id, version)).unwrap()
    });
    replaced.into_iter().find(|replaced| replaced.version_at <= at).unwrap().terms
}

/// The accesses on the log, each with its place and time.
fn accesses(teller: &Teller) -> impl Iterator<Item = (LogIndex, TimeMs, &Attempt)> {
    let entries = (0..).map(LogIndex).zip(&teller.times).zip(&teller.earlier);
    entries.filter_map(|((at, time), record)| match &record.statement().action {
        Action::RecordAccess { attempt, .. } => Some((at, *time, &attempt.attempt)),
        _ => None,
    })
}

#[test]
fn no_grant_is_used_beyond_its_quota_in_any_history() {
    let mut passed_on = 0;
    for teller in histories() {
        let seed = teller.seed;
        let ledger = &teller.story.ledger;
        let mut used = BTreeMap::<GrantId, u64>::new();
        let mut onward = BTreeMap::<GrantId, u64>::new();
        let mut by_day = BTreeMap::<(GrantId, u64), u64>::new();
        for (at, time, attempt) in accesses(teller) {
            // Days begin eight hours before those of UTC, told without the core's own counting.
            let day = (time.0 + 8 * 3_600_000) / 86_400_000;
            let Some(own) = attempt.grant.grant() else { continue };
            let parent = state::grant(ledger, own).unwrap().parent;
            for grant in [Some(own), parent].into_iter().flatten() {
                let (total, on_day) =
                    (used.entry(grant).or_default(), by_day.entry((grant, day)).or_default());
                *total += attempt.count();
                *on_day += attempt.count();
                let terms = terms_at(ledger, grant, at);
                let place = format!("seed {seed}: {grant} at {at}");
                assert!(terms.total_quota.is_none_or(|quota| *total <= quota), "{place}");
                assert!(terms.daily_quota.is_none_or(|quota| *on_day <= quota), "{place}");
            }
            if let Some(parent) = parent {
                *onward.entry(parent).or_default() += attempt.count();
                passed_on += 1;
            }
        }
        for (grant, count) in used {
            let on_ledger = state::usage(ledger, grant);
            assert_eq!(on_ledger.total, count, "seed {seed}: {grant}");
            let below = onward.get(&grant).copied().unwrap_or_default();
            assert_eq!(on_ledger.onward, below, "seed {seed}: {grant}");
        }
    }
    assert!(passed_on > 20, "{passed_on} accesses under grants that were passed on");
}

/// Whether one of these goes on at a position, told from what the latest state keeps of them.
fn interrupted(interruptions: &Interruptions, at: LogIndex) -> bool {
    interruptions.all().iter().any(|one| one.at <= at && one.ended_at.is_none_or(|end| at < end))
}

#[test]
fn no_access_stands_where_its_grant_or_dataset_did_not_count() {
    let (mut count, mut passed_on) = (0, 0);
    for teller in histories() {
        let seed = teller.seed;
        let ledger = &teller.story.ledger;
        for (at, time, attempt) in accesses(teller) {
            // Those in emergencies are judged in `urgent`.
            let Some(own) = attempt.grant.grant() else { continue };
            let own = state::grant(ledger, own).unwrap();
            let dataset = state::dataset(ledger, &own.terms.dataset).unwrap();
            let parent = own.parent.map(|id| state::grant(ledger, id).unwrap());
            // No derived grant lets through what the one above it would not.
            for grant in [Some(&own), parent.as_ref()].into_iter().flatten() {
                let terms = terms_at(ledger, GrantId(grant.issued_at), at);
                let revoked = grant.revoked.as_ref().is_some_and(|revoked| revoked.at <= at);
                let withdrawals = dataset.withdrawals.all();
                let withdrawn = withdrawals.iter().any(|w| grant.issued_at < w.at && w.at <= at);
                let paused =
                    interrupted(&grant.suspensions, at) || interrupted(&dataset.suspensions, at);
                assert!(!revoked && !withdrawn && !paused, "seed {seed}: entry {at}");
                let in_time = terms.not_before <= time && time < terms.not_after;
                let covered = terms.matters.contains(&attempt.matter)
                    && terms.modes.contains(&attempt.mode)
                    && terms.items.missing(&attempt.items).is_none();
                assert!(in_time && covered, "seed {seed}: entry {at}");
            }
            if let Some(parent) = &parent {
                let terms = terms_at(ledger, GrantId(parent.issued_at), at);
                assert!(terms.onward.contains(&attempt.requester), "seed {seed}: entry {at}");
                passed_on += 1;
            }
            count += 1;
        }
    }
    assert!(count > 100 && passed_on > 20, "{count} accesses, {passed_on} passed on");
}

#[test]
fn no_grant_is_derived_beyond_the_one_above_it_in_any_history() {
    let mut derived = 0;
    for teller in histories() {
        let seed = teller.seed;
        let ledger = &teller.story.ledger;
        for at in (0..ledger.log().size()).map(LogIndex) {
            let id = GrantId(at);
            let Some(grant) = state::grant(ledger, id).filter(|grant| grant.parent.is_some())
            else {
                continue;
            };
            let parent = grant.parent.unwrap();
            assert_eq!(state::grant(ledger, parent).unwrap().parent, None, "one level down");
            // Each version, by the terms above it as they were when it was made.
            let narrowed = |at: LogIndex| {
                let record = &teller.earlier[usize::try_from(at.0).unwrap()];
                matches!(record.statement().action, Action::NarrowGrant { .. })
            };
            let mut made: Vec<_> = (1..grant.version)
                .map(|version| -> GrantVersion {
                    state::read(ledger, &StateKey::GrantVersion(id, version)).unwrap()
                })
                .map(|replaced| (replaced.version_at, replaced.terms))
                .collect();
            made.push((grant.version_at, grant.terms.clone()));
            // One that is narrowed goes by what it was, not by what is above it now.
            for (at, terms) in made.into_iter().filter(|(at, _)| !narrowed(*at)) {
                let most = terms_at(ledger, parent, at).passed_on_to(&terms.requester);
                assert_eq!(terms.beyond(&most), None, "seed {seed}: {id} at {at}");
                derived += 1;
            }
        }
    }
    assert!(derived > 30, "{derived} derivations");
}

#[test]
fn every_approved_request_has_its_grant_within_what_was_asked() {
    let mut approved = 0;
    for teller in histories() {
        let seed = teller.seed;
        let ledger = &teller.story.ledger;
        for at in (0..ledger.log().size()).map(LogIndex) {
            let grant = state::grant(ledger, GrantId(at));
            if let Some(id) = grant.and_then(|grant| grant.request) {
                let request = state::request(ledger, id).unwrap();
                // An extension, later on, is an approval of its own.
                let issued = terms_at(ledger, GrantId(at), at);
                assert_eq!(issued.beyond(&request.terms.asked), None, "seed {seed}: {id}");
                let reply = request.reply.unwrap();
                assert_eq!(
                    (reply.at, reply.outcome),
                    (at, Outcome::Approved { grant: GrantId(at), by_rule: false })
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
    for teller in histories() {
        let seed = teller.seed;
        for name in ["residents", "marriages", "houses"] {
            let id = format!("civil.gd/{name}").parse().unwrap();
            let Some(published) = state::dataset(&teller.story.ledger, &id) else { continue };
            let mut before = None;
            for version in 1..published.version {
                let key = StateKey::DatasetVersion(&id, version);
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
    for teller in histories() {
        let seed = teller.seed;
        let mut ids: Vec<_> = teller.earlier.iter().map(VerifiedRecord::id).collect();
        let count = ids.len();
        ids.sort_unstable();
        ids.dedup();
        assert_eq!(ids.len(), count, "seed {seed}");
    }
}

#[test]
fn the_window_holds_no_more_than_what_can_still_be_replayed() {
    for teller in histories() {
        let seed = teller.seed;
        let now = teller.story.ledger.tip().time;
        let held = |record: &&VerifiedRecord| record.statement().valid_until > now;
        let accesses = teller.earlier.iter().filter_map(|record| {
            let Action::RecordAccess { attempt, .. } = &record.statement().action else {
                return None;
            };
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
    // Nothing that keeps the time of its block.
    let records = vec![
        together.listing(CodeList::Matters, vec![entry("PENSIONS")]),
        together.listing(CodeList::Matters, vec![entry("FISHING")]),
        together.listing(CodeList::DutyBases, vec![entry("ACT-14")]),
        together.delisting(CodeList::Matters, "FISHING"),
    ];
    together.commit(records.clone());
    for record in records {
        apart.commit(vec![record]);
    }
    assert_eq!(together.ledger.state_root(), apart.ledger.state_root());
    assert_eq!(together.ledger.log().root(), apart.ledger.log().root());
    assert_ne!(together.ledger.tip().hash, apart.ledger.tip().hash);
}
