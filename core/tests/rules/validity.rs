//! When a record counts: how long it, its signers' keys and its id are good for, and that it
//! counts once.

use comity_core::agency::KeyRole;
use comity_core::dataset::Dataset;
use comity_core::genesis::Params;
use comity_core::ids::{LogIndex, TimeMs};
use comity_core::keys::Signature;
use comity_core::refusal::Refusal;
use comity_core::statement::{Action, MAX_VALIDITY_MS, VerifiedRecord};

use crate::story::{CIVIL, HOUR_MS, Story, dataset, new_key, secret};

fn publication(dataset: Dataset) -> Action {
    Action::PublishDataset { dataset }
}

#[test]
fn a_known_statement_under_a_garbage_signature_harms_nobody() {
    let mut story = Story::new(Params::default());
    let draft = story.draft(CIVIL, KeyRole::Steward, publication(dataset()));
    let good = draft.verified();
    let mut garbage = draft.signed();
    garbage.signatures[0] = Signature([0x5A; 64]);
    let bytes = garbage.to_bytes();
    assert!(VerifiedRecord::verify(&bytes, &story.consortium()).is_err());
    // One statement, so one record id; but nothing that is kept goes by that alone.
    assert_ne!(comity_core::hash::leaf_hash(&bytes), good.leaf());
    story.commit(vec![good.clone()]);
    assert_eq!(story.check(&good), Err(Refusal::Replayed));
}

#[test]
fn the_same_statement_twice_in_one_block_goes_in_once() {
    let mut story = Story::new(Params::default());
    let record = story.steward(publication(dataset()));
    let built = story.build(vec![record.clone(), record.clone()]);
    assert_eq!(built.executed.records.len(), 1);
    assert_eq!(built.refused, [(record.leaf(), Refusal::Replayed)]);
}

#[test]
fn a_record_is_valid_up_to_its_last_millisecond_and_not_beyond() {
    let mut story = Story::new(Params::default());
    let mut draft = story.draft(CIVIL, KeyRole::Steward, publication(dataset()));
    let until = story.now.plus(5_000);
    draft.statement.valid_until = until;
    let record = draft.verified();
    assert_eq!(story.ledger.check(&record, until), Ok(()));
    let expired = Err(Refusal::RecordExpired { until });
    assert_eq!(story.ledger.check(&record, until.plus(1)), expired);
}

#[test]
fn a_record_may_be_valid_for_the_whole_window_and_not_longer() {
    let mut story = Story::new(Params::default());
    let mut draft = story.draft(CIVIL, KeyRole::Steward, publication(dataset()));
    draft.statement.valid_until = story.now.plus(MAX_VALIDITY_MS);
    let record = draft.verified();
    assert_eq!(story.check(&record), Ok(()));
    let earlier = TimeMs(story.now.0 - 1);
    assert_eq!(story.ledger.check(&record, earlier), Err(Refusal::RecordTooFarAhead));
}

#[test]
fn a_key_signs_until_just_before_its_end() {
    let mut story = Story::new(Params::default());
    let (key, until) = (new_key(1), story.now.plus(60_000));
    let registration = story.register(CIVIL, KeyRole::Steward, &key, Some(until));
    story.commit(vec![registration]);
    let record = story.draft_by(CIVIL, KeyRole::Steward, key, publication(dataset())).verified();
    assert_eq!(story.ledger.check(&record, TimeMs(until.0 - 1)), Ok(()));
    assert_eq!(story.ledger.check(&record, until), Err(Refusal::SignerExpired { until }));
}

#[test]
fn a_revoked_key_signs_no_later_record_of_the_same_block() {
    let mut story = Story::new(Params::default());
    let revocation = story.revoke_key(CIVIL, &secret(CIVIL, KeyRole::Steward));
    let record = story.steward(publication(dataset()));
    let before = story.build(vec![record.clone(), revocation.clone()]);
    assert!(before.refused.is_empty(), "what stands before the revocation stays");
    let after = story.build(vec![revocation, record.clone()]);
    let refusal = Refusal::SignerRevoked { at: LogIndex(0) };
    assert_eq!(after.refused, [(record.leaf(), refusal)]);
}

#[test]
fn a_key_registered_in_a_block_signs_the_next_record_of_it() {
    let mut story = Story::new(Params::default());
    let key = new_key(1);
    let registration = story.register(CIVIL, KeyRole::Steward, &key, None);
    let record = story.draft_by(CIVIL, KeyRole::Steward, key, publication(dataset())).verified();
    story.commit(vec![registration, record]);
}

#[test]
fn the_replay_window_forgets_what_has_run_out() {
    let mut story = Story::new(Params::default());
    let mut draft = story.draft(CIVIL, KeyRole::Steward, publication(dataset()));
    let until = story.now.plus(HOUR_MS);
    draft.statement.valid_until = until;
    let record = draft.verified();
    story.commit(vec![record.clone()]);
    assert_eq!(story.ledger.window_len(), 1);
    story.pass_until(TimeMs(until.0 - 1));
    assert_eq!(story.ledger.window_len(), 1);
    assert_eq!(story.ledger.check(&record, until), Err(Refusal::Replayed), "at its last moment");
    story.pass_until(until);
    assert_eq!(story.ledger.window_len(), 0, "no later block is in time for it");
    assert_eq!(story.check(&record), Err(Refusal::RecordExpired { until }));
}
