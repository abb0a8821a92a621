//! Restoring a ledger from what a node saved: the same ledger, or a refusal.

use comity_core::genesis::Params;
use comity_core::hash::{ConsortiumId, LogRoot, StateRoot};
use comity_core::ids::TimeMs;
use comity_core::ledger::{Ledger, Saved, SavedError};
use comity_core::refusal::Refusal;
use comity_core::state::Changes;
use comity_core::state_tree::StateTree;
use comity_core::statement::VerifiedRecord;
use comity_core::validators::{Validator, ValidatorSet};

use crate::story::{HOUR_MS, Story, terms};

/// A story with accesses in its replay window, and what a node would have saved of it.
fn saved() -> (Story, Vec<VerifiedRecord>, Saved) {
    let (mut story, grant) = Story::with_grant(terms());
    let accesses: Vec<_> = (0..3).map(|_| story.access(grant)).collect();
    let built = story.build(accesses.clone());
    story.take(built.block, &built.executed);
    let mut window = Changes::default();
    for record in &accesses {
        window.records.insert(record.id(), record.statement().valid_until);
        let attempt = &record.statement().action.attempt().unwrap().attempt;
        window.exchanges.insert(attempt.exchange, attempt.valid_until);
    }
    let saved = Saved {
        header: built.executed.header.clone(),
        state: story.ledger.state().clone(),
        log: story.ledger.log().clone(),
        window,
        validators: story.ledger.tip_validators().clone(),
    };
    (story, accesses, saved)
}

fn refused_state(change: impl FnOnce(&mut Vec<(Vec<u8>, Vec<u8>)>)) -> Option<SavedError> {
    let consortium = saved().0.consortium();
    refused(|saved| {
        let pairs = saved.state.iter();
        let mut pairs = pairs.map(|(key, value)| (key.to_vec(), value.to_vec())).collect();
        change(&mut pairs);
        saved.state = StateTree::new(&consortium).with(pairs);
    })
}

fn refused(change: impl FnOnce(&mut Saved)) -> Option<SavedError> {
    let (story, _, mut saved) = saved();
    change(&mut saved);
    Ledger::restore(&story.consortium(), saved).err()
}

#[test]
fn a_restored_ledger_is_the_one_that_was_saved() {
    let (mut story, accesses, saved) = saved();
    let mut restored = Ledger::restore(&story.consortium(), saved).unwrap();
    assert_eq!(restored.tip(), story.ledger.tip());
    assert_eq!(restored.state_root(), story.ledger.state_root());
    assert_eq!(restored.validators(), story.ledger.validators());
    assert_eq!(restored.params(), story.ledger.params());
    for record in &accesses {
        assert_eq!(restored.check(record, story.now), Err(Refusal::Replayed));
    }
    let grant = accesses[0].statement().action.attempt().unwrap().attempt.grant;
    let grant = grant.grant().unwrap();
    let next = story.access(grant);
    let header = story.build(vec![next.clone()]).executed.header;
    let parent = story.parent();
    let executed = restored.execute(&header, vec![next.clone()], parent.as_ref()).unwrap();
    restored.commit(&executed);
    story.commit(vec![next]);
    assert_eq!(restored.state_root(), story.ledger.state_root());
    assert_eq!(restored.tip(), story.ledger.tip());
}

#[test]
fn ids_that_have_run_out_are_not_taken_back() {
    let (story, _, mut saved) = saved();
    let over = saved.header.time;
    saved.window.records.values_mut().for_each(|until| *until = over);
    let restored = Ledger::restore(&story.consortium(), saved).unwrap();
    assert_eq!(restored.window_len(), 3, "the exchanges alone");
}

#[test]
fn a_restored_window_runs_out_like_the_one_that_was_saved() {
    let (mut story, _, saved) = saved();
    let mut restored = Ledger::restore(&story.consortium(), saved).unwrap();
    let end = TimeMs(story.now.0 + 2 * HOUR_MS);
    story.now = end;
    let header = story.build(Vec::new()).executed.header;
    let parent = story.parent();
    let executed = restored.execute(&header, Vec::new(), parent.as_ref()).unwrap();
    restored.commit(&executed);
    assert_eq!(restored.window_len(), 0);
}

#[test]
fn any_changed_value_of_the_state_is_noticed() {
    let keys = saved().2.state.len();
    for at in 0..keys {
        let root = Some(SavedError { field: "state root" });
        assert_eq!(refused_state(|pairs| *pairs[at].1.last_mut().unwrap() ^= 1), root);
        assert_eq!(refused_state(|pairs| pairs[at].0[0] ^= 1), root);
        assert_eq!(refused_state(|pairs| drop(pairs.remove(at))), root);
    }
    let added = refused_state(|pairs| pairs.push((b"x".to_vec(), b"y".to_vec())));
    assert_eq!(added, Some(SavedError { field: "state root" }));
}

#[test]
fn a_header_that_does_not_fit_is_noticed() {
    let noticed = |change: fn(&mut Saved)| refused(change).map(|error| error.field);
    assert_eq!(noticed(|s| s.header.state_root = StateRoot([9; 32])), Some("state root"));
    assert_eq!(noticed(|s| s.header.log_root = LogRoot([9; 32])), Some("log root"));
    assert_eq!(noticed(|s| s.header.log_size += 1), Some("log size"));
    assert_eq!(noticed(|s| s.header.consortium = ConsortiumId([9; 32])), Some("consortium"));
    assert_eq!(noticed(|s| s.log.push(comity_core::hash::leaf_hash(b"x"))), Some("log root"));
    let fewer = noticed(|s| {
        let validators: Vec<Validator> = s.validators.members()[1..].to_vec();
        s.validators = ValidatorSet::try_from(validators).unwrap();
    });
    assert_eq!(fewer, Some("validators"));
}

#[test]
fn state_saved_for_one_consortium_is_not_anothers() {
    let (story, _, saved) = saved();
    let other = crate::story::genesis(Params { drift_ms: 5_000, ..Params::default() });
    assert_ne!(other.id(), story.consortium());
    assert!(Ledger::restore(&other.id(), saved).is_err());
}
