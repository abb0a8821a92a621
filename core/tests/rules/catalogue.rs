//! Datasets amended, withdrawn, suspended, and published again; grants suspended: what stays,
//! what ends, and what goes on.

use comity_core::access::AccessRefusal;
use comity_core::agency::KeyRole;
use comity_core::dataset::{Dataset, DatasetVersion, DeliveryMode, Items, Sharing};
use comity_core::genesis::Params;
use comity_core::grant::GrantTerms;
use comity_core::ids::{DatasetId, GrantId, LogIndex, TimeMs};
use comity_core::interruption::MAX_INTERRUPTIONS;
use comity_core::refusal::Refusal;
use comity_core::state::{self, StateKey};
use comity_core::statement::{Action, VerifiedRecord};

use crate::acts::another;
use crate::refusals::{Case, wrong_signer};
use crate::story::{CIVIL, HEALTH, HOUR_MS, Story, dataset, dataset_id, terms, text};

const GRANT: GrantId = GrantId(LogIndex(1));

/// Cases about published datasets and about suspensions.
pub(crate) const CASES: &[Case] = &[
    |story| {
        let record = story.steward(Action::AmendDataset { dataset: another(), version: 1 });
        (record, Refusal::DatasetUnknown { dataset: another().id })
    },
    |story| {
        let action = Action::AmendDataset { dataset: retitled(), version: 1 };
        let record = story.record(HEALTH, KeyRole::Steward, action);
        (record, wrong_signer(CIVIL, KeyRole::Steward))
    },
    |story| {
        let at = story.amend(retitled(), 1).unwrap();
        let record = story.steward(Action::AmendDataset { dataset: dataset(), version: 1 });
        (record, Refusal::DatasetChanged { dataset: dataset_id(), version: 2, at })
    },
    |story| {
        let record = story.steward(Action::AmendDataset { dataset: dataset(), version: 1 });
        (record, Refusal::DatasetUnchanged { dataset: dataset_id() })
    },
    |story| {
        let modeless = Dataset { modes: [].into(), ..dataset() };
        (story.steward(Action::AmendDataset { dataset: modeless, version: 1 }), Refusal::NoModes)
    },
    |story| {
        let withdrawal = story.withdrawal();
        let at = story.commit(vec![withdrawal]);
        (story.pause(), Refusal::DatasetGone { dataset: dataset_id(), at })
    },
    |story| {
        let withdrawal = story.withdrawal();
        let at = story.commit(vec![withdrawal]);
        let record = story.steward(Action::IssueGrant { terms: terms() });
        (record, Refusal::DatasetGone { dataset: dataset_id(), at })
    },
    |story| {
        let action = Action::WithdrawDataset { dataset: dataset_id(), reason: text("") };
        let record = story.record(CIVIL, KeyRole::Officer, action);
        (record, wrong_signer(CIVIL, KeyRole::Steward))
    },
    |story| {
        let pause = story.pause();
        let at = story.commit(vec![pause]);
        (story.pause(), Refusal::DatasetAlreadySuspended { dataset: dataset_id(), at })
    },
    |story| {
        let record = story.resumption(dataset_id());
        (record, Refusal::DatasetNotSuspended { dataset: dataset_id() })
    },
    |story| {
        let dataset: DatasetId = another().id;
        (story.resumption(dataset.clone()), Refusal::DatasetUnknown { dataset })
    },
    |story| {
        let pause = story.pause_grant(GRANT);
        let at = story.commit(vec![pause]);
        (story.pause_grant(GRANT), Refusal::GrantAlreadySuspended { grant: GRANT, at })
    },
    |story| (story.resume_grant(GRANT), Refusal::GrantNotSuspended { grant: GRANT }),
    |story| {
        let action = Action::SuspendGrant { grant: GRANT, reason: text("") };
        let record = story.record(HEALTH, KeyRole::Steward, action);
        (record, wrong_signer(CIVIL, KeyRole::Steward))
    },
    |story| {
        let grant = GrantId(LogIndex(0));
        (story.resume_grant(grant), Refusal::GrantUnknown { grant })
    },
    |story| {
        for _ in 0..MAX_INTERRUPTIONS {
            let records = vec![story.pause_grant(GRANT), story.resume_grant(GRANT)];
            story.commit(records);
        }
        let limit = MAX_INTERRUPTIONS as u64;
        (story.pause_grant(GRANT), Refusal::TooManyInterruptions { limit })
    },
];

fn retitled() -> Dataset {
    Dataset { title: text("Residents"), ..dataset() }
}

fn judged(story: &mut Story, grant: GrantId) -> Result<(), AccessRefusal> {
    let attempt = story.attempt(grant);
    story.ledger.evaluate(&attempt, story.now).map(drop)
}

/// An earlier version of the dataset.
fn version(story: &Story, version: u32) -> Option<DatasetVersion> {
    state::read(&story.ledger, &StateKey::DatasetVersion(&dataset_id(), version))
}

#[test]
fn every_version_of_a_dataset_stays_on_the_ledger() {
    let mut story = Story::new(Params::default());
    let mut on = vec![story.now];
    let first = story.publish_again(dataset()).unwrap();
    on.push(story.now);
    let second = story.amend(retitled(), 1).unwrap();
    let third = story.amend(dataset(), 2).unwrap();
    let published = state::dataset(&story.ledger, &dataset_id()).unwrap();
    assert_eq!((published.version, published.version_at), (3, third));
    assert_eq!((published.published_at, published.dataset), (first, dataset()));
    let kept =
        |dataset, version_at, version_on| Some(DatasetVersion { dataset, version_at, version_on });
    assert_eq!(version(&story, 1), kept(dataset(), first, on[0]));
    assert_eq!(version(&story, 2), kept(retitled(), second, on[1]));
    assert_eq!(version(&story, 3), None, "the current version lies under the dataset itself");
}

#[test]
fn of_two_amendments_of_one_version_the_first_wins() {
    let mut story = Story::new(Params::default());
    story.publish();
    let one = story.steward(Action::AmendDataset { dataset: retitled(), version: 1 });
    let other = Dataset { summary: text("Everyone who lives here"), ..dataset() };
    let other = story.steward(Action::AmendDataset { dataset: other, version: 1 });
    let at = LogIndex(1);
    let changed = Refusal::DatasetChanged { dataset: dataset_id(), version: 2, at };
    let built = story.build(vec![one, other.clone()]);
    assert_eq!(built.refused, [(other.leaf(), changed)]);
}

#[test]
fn a_withdrawal_ends_every_earlier_grant_and_publishing_again_revives_none() {
    let (mut story, before) = Story::with_grant(terms());
    let withdrawal = story.withdrawal();
    let at = story.commit(vec![withdrawal]);
    let ended = Err(AccessRefusal::DatasetWithdrawn { at });
    assert_eq!(judged(&mut story, before), ended);
    story.publish_again(dataset()).unwrap();
    assert_eq!(judged(&mut story, before), ended, "published again");
    let after = story.issue(terms());
    assert_eq!(judged(&mut story, after), Ok(()));
    let second = story.withdrawal();
    let second_at = story.commit(vec![second]);
    assert_eq!(judged(&mut story, before), ended, "the first withdrawal ended it");
    let ended = Err(AccessRefusal::DatasetWithdrawn { at: second_at });
    assert_eq!(judged(&mut story, after), ended);
}

#[test]
fn within_a_block_a_withdrawal_ends_what_stands_before_it_alone() {
    let mut story = Story::new(Params::default());
    story.publish();
    let records = vec![
        story.steward(Action::IssueGrant { terms: terms() }),
        story.withdrawal(),
        story.steward(Action::PublishDataset { dataset: dataset() }),
        story.steward(Action::IssueGrant { terms: terms() }),
    ];
    let first = story.commit(records);
    let at = LogIndex(first.0 + 1);
    let (before, after) = (GrantId(first), GrantId(LogIndex(first.0 + 3)));
    assert_eq!(judged(&mut story, before), Err(AccessRefusal::DatasetWithdrawn { at }));
    assert_eq!(judged(&mut story, after), Ok(()));
}

#[test]
fn a_dataset_published_again_is_a_new_version_and_keeps_its_past() {
    let mut story = Story::new(Params::default());
    let first = story.publish_again(dataset()).unwrap();
    let pause = story.pause();
    let withdrawal = story.withdrawal();
    let suspended_at = story.commit(vec![pause]);
    let withdrawn_at = story.commit(vec![withdrawal]);
    let again = story.publish_again(dataset()).unwrap();
    let published = state::dataset(&story.ledger, &dataset_id()).unwrap();
    assert_eq!((published.version, published.version_at), (2, again));
    assert_eq!(published.published_at, first);
    let [withdrawal] = published.withdrawals.all() else { panic!("one withdrawal") };
    assert_eq!((withdrawal.at, withdrawal.ended_at), (withdrawn_at, Some(again)));
    assert!(version(&story, 1).is_some());
    // What suspended it is still to be resolved, and can be.
    assert_eq!(published.suspensions.current().unwrap().at, suspended_at);
    let resumption = story.resumption(dataset_id());
    story.commit(vec![resumption]);
    let grant = story.issue(terms());
    assert_eq!(judged(&mut story, grant), Ok(()));
}

#[test]
fn a_suspended_dataset_gives_nothing_until_it_is_resumed() {
    let (mut story, grant) = Story::with_grant(terms());
    let pause = story.pause();
    let at = story.commit(vec![pause]);
    let suspended = Err(AccessRefusal::DatasetSuspended { at });
    assert_eq!(judged(&mut story, grant), suspended);
    let later = story.issue(terms());
    assert_eq!(judged(&mut story, later), suspended, "a grant may be issued meanwhile");
    let resumption = story.resumption(dataset_id());
    let ended_at = story.commit(vec![resumption]);
    assert_eq!(judged(&mut story, grant), Ok(()));
    let published = state::dataset(&story.ledger, &dataset_id()).unwrap();
    assert_eq!(published.suspensions.all()[0].ended_at, Some(ended_at));
    assert_eq!(published.version, 1, "a suspension makes no version");
}

#[test]
fn a_suspended_grant_gives_nothing_until_it_is_resumed_and_others_go_on() {
    let (mut story, grant) = Story::with_grant(terms());
    let other = story.issue(terms());
    let pause = story.pause_grant(grant);
    let at = story.commit(vec![pause]);
    assert_eq!(judged(&mut story, grant), Err(AccessRefusal::GrantSuspended { at }));
    assert_eq!(judged(&mut story, other), Ok(()));
    let resumption = story.resume_grant(grant);
    story.commit(vec![resumption]);
    assert_eq!(judged(&mut story, grant), Ok(()));
}

#[test]
fn a_revoked_grant_is_neither_suspended_nor_resumed() {
    let (mut story, grant) = Story::with_grant(terms());
    let records = vec![story.pause_grant(grant), story.revoke_grant(grant)];
    let at = LogIndex(story.commit(records).0 + 1);
    let revoked = Err(Refusal::GrantAlreadyRevoked { grant, at });
    for record in [story.pause_grant(grant), story.resume_grant(grant)] {
        assert_eq!(story.check(&record), revoked);
    }
    assert_eq!(judged(&mut story, grant), Err(AccessRefusal::GrantRevoked { at }));
}

/// Suspends and resumes, or withdraws and publishes again, as often as it may be done.
fn exhausted(begin: fn(&mut Story) -> VerifiedRecord, end: fn(&mut Story) -> VerifiedRecord) {
    let (mut story, _) = Story::with_grant(terms());
    for round in 0..MAX_INTERRUPTIONS {
        let records = vec![begin(&mut story), end(&mut story)];
        assert!(story.build(records.clone()).refused.is_empty(), "round {round}");
        story.commit(records);
    }
    let limit = MAX_INTERRUPTIONS as u64;
    let further = begin(&mut story);
    assert_eq!(story.check(&further), Err(Refusal::TooManyInterruptions { limit }));
    // It can still be kept from being used.
    let closed = Dataset { sharing: Sharing::Unclassified, ..dataset() };
    let version = state::dataset(&story.ledger, &dataset_id()).unwrap().version;
    story.amend(closed, version).unwrap();
    let revocation = story.revoke_grant(GRANT);
    assert_eq!(story.check(&revocation), Ok(()));
}

#[test]
fn an_object_is_interrupted_thirty_two_times_and_no_more() {
    assert_eq!(MAX_INTERRUPTIONS, 32);
    exhausted(|story| story.pause(), |story| story.resumption(dataset_id()));
    exhausted(|story| story.pause_grant(GRANT), |story| story.resume_grant(GRANT));
    let again = |story: &mut Story| story.steward(Action::PublishDataset { dataset: dataset() });
    exhausted(|story| story.withdrawal(), again);
}

#[test]
fn an_amendment_takes_effect_on_grants_that_there_are() {
    let (mut story, grant) = Story::with_grant(terms());
    let mut fewer = dataset();
    fewer.items.retain(|item| item.name.as_str() != "income");
    story.amend(fewer, 1).unwrap();
    let item = "income".parse().unwrap();
    assert_eq!(judged(&mut story, grant), Err(AccessRefusal::ItemNotListed { item }));
    let verify_only = Dataset { modes: [DeliveryMode::Verify].into(), ..dataset() };
    story.amend(verify_only, 2).unwrap();
    assert_eq!(judged(&mut story, grant), Err(AccessRefusal::ModeNoLongerOffered));
    let undecided = Dataset { sharing: Sharing::Unclassified, ..dataset() };
    story.amend(undecided, 3).unwrap();
    let sharing = Sharing::Unclassified;
    assert_eq!(judged(&mut story, grant), Err(AccessRefusal::DatasetNotShared { sharing }));
    story.amend(dataset(), 4).unwrap();
    assert_eq!(judged(&mut story, grant), Ok(()));
}

#[test]
fn an_amendment_widens_no_grant_of_single_items() {
    let (mut story, grant) = Story::with_grant(terms());
    let mut more = dataset();
    more.items[2].name = "religion".parse().unwrap();
    more.modes = [DeliveryMode::Batch, DeliveryMode::Query].into();
    story.amend(more, 1).unwrap();
    let mut attempt = story.attempt(grant);
    attempt.items = Items::Only(["religion".parse().unwrap()].into());
    let item = "religion".parse().unwrap();
    let refused = story.ledger.evaluate(&attempt, story.now);
    assert_eq!(refused, Err(AccessRefusal::ItemNotCovered { item }));
    let mut attempt = story.attempt(grant);
    attempt.mode = DeliveryMode::Batch;
    let refused = story.ledger.evaluate(&attempt, story.now);
    assert_eq!(refused, Err(AccessRefusal::ModeNotCovered));
}

#[test]
fn what_ended_for_good_is_named_before_what_only_pauses() {
    let until = terms().not_before.plus(HOUR_MS);
    let from = terms().not_before.plus(HOUR_MS / 2);
    let (mut story, grant) =
        Story::with_grant(GrantTerms { not_before: from, not_after: until, ..terms() });
    let due = |story: &mut Story, due: AccessRefusal| {
        let mut attempt = story.attempt(grant);
        // Nor does it matter that the attempt asks for too much.
        attempt.items = Items::All;
        assert_eq!(story.ledger.evaluate(&attempt, story.now), Err(due));
    };
    due(&mut story, AccessRefusal::GrantNotYetInForce { from });
    let undecided = Dataset { sharing: Sharing::Unclassified, ..dataset() };
    story.amend(undecided, 1).unwrap();
    due(&mut story, AccessRefusal::DatasetNotShared { sharing: Sharing::Unclassified });
    let pause = story.pause();
    let at = story.commit(vec![pause]);
    due(&mut story, AccessRefusal::DatasetSuspended { at });
    let pause = story.pause_grant(grant);
    let at = story.commit(vec![pause]);
    due(&mut story, AccessRefusal::GrantSuspended { at });
    let now = story.now;
    story.now = until;
    due(&mut story, AccessRefusal::GrantExpired { until });
    story.now = TimeMs(now.0);
    let withdrawal = story.withdrawal();
    let at = story.commit(vec![withdrawal]);
    due(&mut story, AccessRefusal::DatasetWithdrawn { at });
    let revocation = story.revoke_grant(grant);
    let at = story.commit(vec![revocation]);
    due(&mut story, AccessRefusal::GrantRevoked { at });
}
