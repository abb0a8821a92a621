//! What judging a record reads: whatever lies in the state, a few keys, and the same ones.
//! Holds: nothing that has run out is looked for, and none of it costs anything.

mod contested;
mod crowd;
mod forces;
mod watched;

use std::cell::{Cell, RefCell};
use std::collections::BTreeSet;

use comity_core::access::AccessRefusal;
use comity_core::agency::KeyRole;
use comity_core::apply::{self, Position};
use comity_core::codes::CodeList;
use comity_core::dataset::{Dataset, DeliveryMode};
use comity_core::emergency::{Emergency, EmergencyTerms, MAX_EMERGENCY_MS, MAX_RECENT};
use comity_core::governance::Choice;
use comity_core::grant::GrantTerms;
use comity_core::hash::RecordId;
use comity_core::ids::{EmergencyId, ExchangeId, GrantId, LogIndex, TimeMs};
use comity_core::legs::Acknowledgement;
use comity_core::refusal::Refusal;
use comity_core::rule_pack::Clock;
use comity_core::state::{Changes, Overlay, StateKey, StateRead};
use comity_core::statement::{Action, VerifiedRecord};

use crate::acts::{AUTHORITY, another, asking, entry};
use crate::bindings::{derived, longer, used, wide};
use crate::equivocations::{accusing, votes};
use crate::governance::removal;
use crate::source::{assert_complete, parts, variant};
use crate::story::{
    CIVIL, FINANCE, HEALTH, START, Story, dataset, dataset_id, new_key, secret, signed_by_officer,
    terms,
};
use crowd::crowd;

const GRANT: GrantId = GrantId(LogIndex(1));
/// The most keys that judging a record reads which names one matter and passes on to one agency.
pub(crate) const MOST_KEYS: usize = 24;
/// How many of each kind of object that have run out are laid into a state, and as many ids.
const CROWD: u64 = 3_000;

/// A state that counts what is read of it.
pub(crate) struct Counting<'a, S> {
    below: &'a S,
    /// Which keys were read.
    keys: RefCell<BTreeSet<Vec<u8>>>,
    /// Reads of the state, one key several times included.
    reads: Cell<usize>,
    /// Bytes of the values found.
    bytes: Cell<usize>,
    /// Questions to the replay window.
    asked: Cell<usize>,
}

/// What was read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Read {
    pub(crate) keys: BTreeSet<Vec<u8>>,
    pub(crate) reads: usize,
    pub(crate) bytes: usize,
    pub(crate) asked: usize,
}

impl<S: StateRead> StateRead for Counting<'_, S> {
    fn get(&self, key: &[u8]) -> Option<&[u8]> {
        self.keys.borrow_mut().insert(key.to_vec());
        self.reads.set(self.reads.get() + 1);
        let value = self.below.get(key);
        self.bytes.set(self.bytes.get() + value.map_or(0, <[u8]>::len));
        value
    }
    fn has_record(&self, id: &RecordId) -> bool {
        self.asked.set(self.asked.get() + 1);
        self.below.has_record(id)
    }
    fn has_exchange(&self, id: &ExchangeId) -> bool {
        self.asked.set(self.asked.get() + 1);
        self.below.has_exchange(id)
    }
}

/// What judging a record reads, and how it is judged.
pub(crate) fn judged(
    below: &impl StateRead,
    at: Position,
    record: &VerifiedRecord,
) -> (Read, Result<Changes, Refusal>) {
    let counting = Counting {
        below,
        keys: RefCell::default(),
        reads: Cell::new(0),
        bytes: Cell::new(0),
        asked: Cell::new(0),
    };
    let result = apply::apply(&counting, at, record);
    let Counting { keys, reads, bytes, asked, .. } = counting;
    let (reads, bytes, asked) = (reads.get(), bytes.get(), asked.get());
    (Read { keys: keys.into_inner(), reads, bytes, asked }, result)
}

/// A record that is accepted, and how many keys judging it may read. The dataset is published at 0,
/// the grant issued at 1.
pub(crate) type Act = (usize, fn(&mut Story) -> VerifiedRecord);

/// One of each kind at least.
pub(crate) const ACTS: &[Act] = &[
    (5, |story| story.register(FINANCE, KeyRole::Officer, &new_key(1), None)),
    (5, |story| story.revoke_key(FINANCE, &secret(FINANCE, KeyRole::Officer))),
    (5, |story| story.steward(Action::PublishDataset { dataset: another() })),
    (10, |story| story.steward(Action::IssueGrant { terms: terms() })),
    (5, |story| story.revoke_grant(GRANT)),
    (11, |story| story.access(GRANT)),
    (15, |story| {
        // Charged to two grants.
        let (_, below) = story.passed_on(wide(), derived());
        story.access_below(below)
    }),
    (10, |story| {
        let mut attempt = story.attempt(GRANT);
        attempt.mode = DeliveryMode::Verify;
        let attempt = signed_by_officer(attempt);
        story.denial_of(&attempt, AccessRefusal::ModeNotCovered)
    }),
    (5, |story| {
        let promised = Dataset { update_days: Some(30), ..dataset() };
        story.steward(Action::AmendDataset { dataset: promised, version: 1 })
    }),
    (5, Story::withdrawal),
    (5, Story::pause),
    (5, |story| {
        let record = story.pause();
        story.commit(vec![record]);
        story.resumption(dataset_id())
    }),
    (6, |story| story.pause_grant(GRANT)),
    (6, |story| {
        let record = story.pause_grant(GRANT);
        story.commit(vec![record]);
        story.resume_grant(GRANT)
    }),
    (10, |story| story.officer(Action::OpenRequest { terms: asking(terms()) })),
    (11, |story| {
        let request = story.opened();
        story.steward(Action::ApproveRequest { request, terms: terms() })
    }),
    (6, |story| {
        let request = story.opened();
        story.refusal(request)
    }),
    (5, |story| {
        let request = story.opened();
        story.taking_back(request)
    }),
    (5, |story| {
        let request = story.opened();
        story.officer(Action::UrgeRequest { request })
    }),
    (6, |story| story.listing(CodeList::Matters, vec![entry("PENSIONS")])),
    (6, |story| story.delisting(CodeList::Matters, "HOUSING")),
    (9, |story| story.proposing(AUTHORITY, removal(HEALTH))),
    (10, |story| {
        // With this ballot it passes and is carried out.
        let proposal = story.propose(removal(HEALTH));
        story.vote(CIVIL, proposal);
        story.ballot(FINANCE, proposal, Choice::For)
    }),
    (6, |story| accusing(story, votes(&secret(HEALTH, KeyRole::Validator), None))),
    (5, |story| {
        story.under_rules(&[(Clock::ComplianceReview, 2), (Clock::ReplyConditional, 5)]);
        let request = story.opened();
        story.reviewing(request, "")
    }),
    (9, |story| {
        let request = story.opened();
        story.extending(request, 10)
    }),
    (6, |story| story.delivering(GRANT)),
    (5, |story| {
        let promised = Dataset { update_days: Some(30), ..dataset() };
        story.amend(promised, 1).unwrap();
        story.refreshing()
    }),
    (6, |story| {
        let calendar = story.calendar(0, 400);
        story.publishing(calendar)
    }),
    (10, |story| {
        story.supervised();
        let pack = story.pack(&[(Clock::Delivery, 20)]);
        story.ruling(pack)
    }),
    (6, |story| story.narrowing(GRANT, GrantTerms { total_quota: Some(5), ..terms() }, 1)),
    (11, |story| story.extending_grant(GRANT, longer(), 1)),
    (12, |story| {
        let parent = story.issue(wide());
        story.passing_on(parent, derived())
    }),
    (6, |story| {
        let grant = used(story);
        story.fulfilling(FINANCE, grant, 2)
    }),
    (5, |story| {
        let access = story.access(GRANT);
        let exchange = access.statement().action.attempt().unwrap().attempt.exchange;
        let access = story.commit(vec![access]);
        let accesses = vec![Acknowledgement { access, exchange, digest: None, count: 1 }];
        let action = Action::AcknowledgeAccess { grant: GRANT.into(), accesses };
        story.record(FINANCE, KeyRole::Gateway, action)
    }),
];

#[test]
fn a_record_of_any_kind_reads_a_few_keys_and_the_same_ones_whatever_has_run_out() {
    let mut tried = Vec::new();
    let (nobody, among) = (Changes::default(), crowd(CROWD));
    for (bound, act) in ACTS.iter().chain(contested::ACTS).chain(watched::ACTS).chain(forces::ACTS)
    {
        let (mut story, _) = Story::with_grant(terms());
        let record = act(&mut story);
        let kind = variant(&record.statement().action);
        let at = story.ledger.next_position(story.now);
        let read = |changes| judged(&Overlay { below: &story.ledger, changes }, at, &record);
        let (alone, result) = read(&nobody);
        assert!(result.is_ok(), "{kind}: {result:?}");
        assert!(alone.keys.len() <= *bound, "{kind} reads {} keys, not {bound}", alone.keys.len());
        // No key is read again and again either.
        assert!(alone.reads <= 2 * bound, "{kind} reads {} times", alone.reads);
        assert!(alone.asked <= 2, "{kind} asks the window {} times", alone.asked);
        assert_eq!(read(&among), (alone, result), "{kind}, among {CROWD} that have run out");
        tried.push(kind);
    }
    let action = include_str!("../../src/statement/action.rs");
    assert_complete(&parts(action, "pub enum Action"), tried);
}

#[test]
fn a_declaration_reads_no_more_emergencies_than_there_may_be_at_a_time() {
    let (mut story, _) = Story::with_grant(terms());
    let first = story.flooded();
    let other = EmergencyTerms { requesters: [HEALTH.parse().unwrap()].into(), ..story.flood() };
    let record = story.declares(other);
    let at = story.ledger.next_position(story.now);
    let (few, result) = judged(&story.ledger, at, &record);
    assert!(result.is_ok(), "{result:?}");
    let flood = story.flood();
    let next = story.declares(flood);
    // All that the list may hold, and all over for long: none is held against it.
    let mut changes = Changes::default();
    let ended = story.emergency(first);
    let declared = |number: usize| LogIndex(5_000_000 + number as u64);
    let ids: Vec<_> = (0..MAX_RECENT).map(|number| EmergencyId(declared(number))).collect();
    for id in &ids {
        let until = TimeMs(START.0 - MAX_EMERGENCY_MS);
        let over = Emergency { declared_at: id.0, until, ..ended.clone() };
        changes.put(&StateKey::Emergency(*id), &over);
    }
    changes.put(&StateKey::RecentEmergencies, &ids);
    let below = Overlay { below: &story.ledger, changes: &changes };
    let (many, result) = judged(&below, at, &record);
    assert!(result.is_ok(), "{result:?}");
    assert_eq!(many.keys.len(), few.keys.len() + MAX_RECENT - 1);
    // They are read this once: what remains in the list is what counts.
    let (left, _) = judged(&Overlay { below: &below, changes: &result.unwrap() }, at, &next);
    assert_eq!(left.keys.len(), few.keys.len());
}
