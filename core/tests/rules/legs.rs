//! The two legs of an exchange: gateways' numbers, batches, declared answers, acknowledgements, and
//! what does not match.

use comity_core::access::{AccessRefusal, Attempt};
use comity_core::agency::KeyRole;
use comity_core::batch::{Batch, MAX_BATCH};
use comity_core::dataset::{Dataset, DeliveryMode};
use comity_core::gateway::MAX_MISSING;
use comity_core::genesis::Params;
use comity_core::grant::GrantTerms;
use comity_core::hash::{AnswerHash, BatchRoot};
use comity_core::ids::{GrantId, LogIndex};
use comity_core::legs::{Acknowledgement, Answer, Legs, MAX_ACKNOWLEDGED, Unmatched};
use comity_core::refusal::{LegRefusal, Refusal};
use comity_core::state;
use comity_core::statement::{Action, VerifiedRecord};

use crate::refusals::{Case, wrong_signer};
use crate::story::{
    CIVIL, FINANCE, HEALTH, Story, dataset, new_key, secret, signed_by_officer, terms,
};

const GRANT: GrantId = GrantId(LogIndex(1));

/// Cases about legs; the dataset is published at 0, the grant issued at 1.
pub(crate) const CASES: &[Case] = &[
    |story| {
        let first = story.access(GRANT);
        story.commit(vec![first]);
        let record = story.numbered(GRANT, 1);
        (record, Refusal::Leg(LegRefusal::GatewayNumber { expected: 2 }))
    },
    |story| {
        let third = story.numbered(GRANT, 3);
        story.commit(vec![third]);
        let record = story.numbered(GRANT, 3);
        (record, Refusal::Leg(LegRefusal::GatewayNumber { expected: 1 }))
    },
    |story| {
        let record = story.numbered(GRANT, 0);
        (record, Refusal::Leg(LegRefusal::GatewayNumber { expected: 1 }))
    },
    |story| {
        let limit = MAX_MISSING + 1;
        let record = story.numbered(GRANT, limit + 1);
        (record, Refusal::Leg(LegRefusal::GatewayNumberAhead { limit }))
    },
    |story| {
        // Denials are numbered among the accesses.
        let mut attempt = story.attempt(GRANT);
        attempt.mode = DeliveryMode::Verify;
        let attempt = signed_by_officer(attempt);
        let first = story.denial_of(&attempt, AccessRefusal::ModeNotCovered);
        story.commit(vec![first]);
        let refusal = AccessRefusal::ModeNotCovered;
        let action = Action::RecordDenial { attempt, refusal, number: 1 };
        let record = story.record(CIVIL, KeyRole::Gateway, action);
        (record, Refusal::Leg(LegRefusal::GatewayNumber { expected: 2 }))
    },
    |story| {
        // The dataset does not say so.
        let grant = verifying(story, dataset());
        let record = story.answered(grant, DeliveryMode::Verify, reliable());
        let dataset = terms().dataset;
        (record, Refusal::Leg(LegRefusal::NotReliable { dataset }))
    },
    |story| {
        // It does, but this is no answer to a question of yes or no.
        let grant = verifying(story, Dataset { reliable: true, ..dataset() });
        let record = story.answered(grant, DeliveryMode::Query, reliable());
        let dataset = terms().dataset;
        (record, Refusal::Leg(LegRefusal::NotReliable { dataset }))
    },
    |story| (story.acknowledging(vec![]), acknowledged_count()),
    |story| {
        let many = (0..=MAX_ACKNOWLEDGED).map(|_| story.received(LogIndex(0)));
        let many: Vec<_> = many.collect();
        (story.acknowledging(many), acknowledged_count())
    },
    |story| {
        let access = story.access(GRANT);
        let at = story.commit_one(access);
        let one = story.received(at);
        let again = Acknowledgement { count: 2, ..one };
        let record = story.acknowledging(vec![one, again]);
        (record, Refusal::Leg(LegRefusal::AcknowledgedTwice { exchange: one.exchange }))
    },
    |story| {
        // Not before the grant …
        let one = story.received(LogIndex(1));
        let record = story.acknowledging(vec![one]);
        (record, Refusal::Leg(LegRefusal::NoAccessThere { access: LogIndex(1) }))
    },
    |story| {
        // … and not here, nor later.
        let access = LogIndex(story.ledger.log().size());
        let one = story.received(access);
        (story.acknowledging(vec![one]), Refusal::Leg(LegRefusal::NoAccessThere { access }))
    },
    |story| received_count(story, 0),
    |story| received_count(story, MAX_BATCH + 1),
    |story| {
        let access = story.access(GRANT);
        let at = story.commit_one(access);
        let one = story.received(at);
        let grant = GrantId(LogIndex(9));
        let action = Action::AcknowledgeAccess { grant: grant.into(), accesses: vec![one] };
        (story.record(FINANCE, KeyRole::Gateway, action), Refusal::GrantUnknown { grant })
    },
    |story| {
        let record = story.acknowledging_by(CIVIL, KeyRole::Gateway);
        (record, wrong_signer(FINANCE, KeyRole::Officer))
    },
    |story| {
        let record = story.acknowledging_by(FINANCE, KeyRole::Steward);
        (record, wrong_signer(FINANCE, KeyRole::Officer))
    },
    |story| {
        let record = story.acknowledging_by(HEALTH, KeyRole::Officer);
        (record, wrong_signer(FINANCE, KeyRole::Officer))
    },
];

fn acknowledged_count() -> Refusal {
    Refusal::Leg(LegRefusal::AcknowledgedCount { limit: MAX_ACKNOWLEDGED as u64 })
}

fn received_count(story: &mut Story, count: u32) -> (VerifiedRecord, Refusal) {
    let access = story.access(GRANT);
    let at = story.commit_one(access);
    let one = Acknowledgement { count, ..story.received(at) };
    let limit = u64::from(MAX_BATCH);
    (story.acknowledging(vec![one]), Refusal::Leg(LegRefusal::ReceivedCount { limit }))
}

fn reliable() -> Option<Answer> {
    Some(Answer { digest: AnswerHash([5; 32]), reliable: true })
}

/// A grant that covers verifying, on the dataset as it is now said to be.
fn verifying(story: &mut Story, published: Dataset) -> GrantId {
    if published != dataset() {
        story.amend(published, 1).unwrap();
    }
    story.issue(GrantTerms { modes: [DeliveryMode::Verify, DeliveryMode::Query].into(), ..terms() })
}

impl Story {
    fn commit_one(&mut self, record: VerifiedRecord) -> LogIndex {
        self.commit(vec![record])
    }

    /// A new access under this number.
    fn numbered(&mut self, grant: GrantId, number: u64) -> VerifiedRecord {
        let attempt = signed_by_officer(self.attempt(grant));
        let action = Action::RecordAccess { attempt, number, answer: None };
        self.record(CIVIL, KeyRole::Gateway, action)
    }

    /// A new access of which the gateway says what it handed over.
    fn answered(
        &mut self,
        grant: GrantId,
        mode: DeliveryMode,
        answer: Option<Answer>,
    ) -> VerifiedRecord {
        let attempt = signed_by_officer(Attempt { mode, ..self.attempt(grant) });
        let action = Action::RecordAccess { attempt, number: self.number(), answer };
        self.record(CIVIL, KeyRole::Gateway, action)
    }

    /// A new access for so many at once.
    fn batched(&mut self, grant: GrantId, count: u32) -> VerifiedRecord {
        let batch = Some(Batch { count, root: BatchRoot([count.to_le_bytes()[0]; 32]) });
        let attempt = signed_by_officer(Attempt { batch, ..self.attempt(grant) });
        self.access_of(&attempt)
    }

    /// The requester's word about the access at an entry, if there is one.
    pub(crate) fn received(&mut self, access: LogIndex) -> Acknowledgement {
        let entry = self.entries().nth(usize::try_from(access.0).unwrap());
        let exchange =
            entry.and_then(|record| Some(record.statement().action.attempt()?.attempt.exchange));
        let exchange = exchange.unwrap_or_else(|| comity_core::ids::ExchangeId(self.draw()));
        Acknowledgement { access, exchange, digest: None, count: 1 }
    }

    fn acknowledging(&mut self, accesses: Vec<Acknowledgement>) -> VerifiedRecord {
        let action = Action::AcknowledgeAccess { grant: GRANT.into(), accesses };
        self.record(FINANCE, KeyRole::Gateway, action)
    }

    fn acknowledging_by(&mut self, member: &str, role: KeyRole) -> VerifiedRecord {
        let access = self.access(GRANT);
        let at = self.commit_one(access);
        let accesses = vec![self.received(at)];
        self.record(member, role, Action::AcknowledgeAccess { grant: GRANT.into(), accesses })
    }

    fn entries(&self) -> impl Iterator<Item = VerifiedRecord> {
        let consortium = self.consortium();
        let records = self.blocks.iter().flat_map(|committed| &committed.block.records);
        records.map(move |bytes| VerifiedRecord::verify(bytes, &consortium).unwrap())
    }

    pub(crate) fn legs(&self) -> Legs {
        let mut legs = Legs::default();
        for committed in &self.blocks {
            let header = &committed.block.header;
            for (index, bytes) in (header.first_index.0..).zip(&committed.block.records) {
                let record = VerifiedRecord::verify(bytes, &self.consortium()).unwrap();
                legs.add(LogIndex(index), header.time, record.statement());
            }
        }
        legs
    }
}

#[test]
fn records_of_one_gateway_may_come_in_any_order_and_none_may_be_left_out_for_good() {
    let (mut story, grant) = Story::with_grant(terms());
    let records: Vec<_> = [3, 1, 2].map(|number| story.numbered(grant, number)).into();
    story.commit(vec![records[0].clone()]);
    let key = secret(CIVIL, KeyRole::Gateway).public();
    let numbers = state::gateway_numbers(&story.ledger, &key);
    assert_eq!((numbers.last, Vec::from(numbers.missing)), (3, vec![1, 2]));
    story.commit(vec![records[2].clone(), records[1].clone()]);
    let numbers = state::gateway_numbers(&story.ledger, &key);
    assert_eq!((numbers.last, Vec::from(numbers.missing)), (3, vec![]));
    let too_far = story.numbered(grant, 3 + MAX_MISSING + 2);
    let limit = 3 + MAX_MISSING + 1;
    let ahead = Err(Refusal::Leg(LegRefusal::GatewayNumberAhead { limit }));
    assert_eq!(story.check(&too_far), ahead);
}

#[test]
fn each_gateway_numbers_its_records_by_itself() {
    let (mut story, grant) = Story::with_grant(terms());
    let key = new_key(1);
    let registration = story.register(CIVIL, KeyRole::Gateway, &key, None);
    story.commit(vec![registration]);
    let first = story.numbered(grant, 1);
    let attempt = signed_by_officer(story.attempt(grant));
    let action = Action::RecordAccess { attempt, number: 1, answer: None };
    let other = story.draft_by(CIVIL, KeyRole::Gateway, key, action).verified();
    story.commit(vec![first, other]);
}

#[test]
fn two_records_of_one_number_never_stand_in_one_block() {
    let (mut story, grant) = Story::with_grant(terms());
    let [first, second] = [1, 1].map(|number| story.numbered(grant, number));
    let built = story.build(vec![first, second.clone()]);
    let refusal = Refusal::Leg(LegRefusal::GatewayNumber { expected: 2 });
    assert_eq!(built.refused, [(second.leaf(), refusal)]);
}

#[test]
fn a_batch_is_charged_whole_or_not_at_all() {
    let quotas = GrantTerms { total_quota: Some(10), daily_quota: Some(7), ..terms() };
    let (mut story, grant) = Story::with_grant(quotas);
    let first = story.batched(grant, 5);
    story.commit(vec![first]);
    assert_eq!(state::usage(&story.ledger, grant).total, 5);
    let today = story.batched(grant, 3);
    let used = Err(Refusal::Access(AccessRefusal::DailyQuotaUsed { limit: 7 }));
    assert_eq!(story.check(&today), used);
    let ever = story.batched(grant, 6);
    let used = Err(Refusal::Access(AccessRefusal::QuotaUsed { limit: 10 }));
    assert_eq!(story.check(&ever), used);
    let fits = story.batched(grant, 2);
    story.commit(vec![fits]);
    let usage = state::usage(&story.ledger, grant);
    assert_eq!((usage.total, usage.on_day), (7, 7));
}

#[test]
fn a_first_batch_shows_that_the_data_is_ready() {
    let (mut story, grant) = Story::with_grant(terms());
    let batch = story.batched(grant, 40);
    let at = story.commit(vec![batch]);
    let delivered = state::grant(&story.ledger, grant).unwrap().delivered;
    assert_eq!(delivered.map(|mark| mark.at), Some(at));
    let next = story.batched(grant, 40);
    story.commit(vec![next]);
    assert_eq!(state::grant(&story.ledger, grant).unwrap().delivered, delivered);
}

#[test]
fn an_answer_is_declared_reliable_where_the_dataset_says_so_and_hashed_anywhere() {
    let (mut story, _) = Story::with_grant(terms());
    let grant = verifying(&mut story, Dataset { reliable: true, ..dataset() });
    let declared = story.answered(grant, DeliveryMode::Verify, reliable());
    let digest = AnswerHash([6; 32]);
    let hashed =
        story.answered(grant, DeliveryMode::Query, Some(Answer { digest, reliable: false }));
    story.commit(vec![declared, hashed]);
    let plain = Dataset { title: dataset().title, ..dataset() };
    story.amend(plain, 2).unwrap();
    let no_more = story.answered(grant, DeliveryMode::Verify, reliable());
    let dataset = terms().dataset;
    assert_eq!(story.check(&no_more), Err(Refusal::Leg(LegRefusal::NotReliable { dataset })));
}

#[test]
fn an_acknowledgement_changes_nothing_that_a_rule_reads() {
    let (mut story, grant) = Story::with_grant(terms());
    let access = story.access(grant);
    let at = story.commit_one(access);
    let before = story.ledger.state_root();
    let one = story.received(at);
    for role in [KeyRole::Gateway, KeyRole::Officer] {
        let action = Action::AcknowledgeAccess { grant: grant.into(), accesses: vec![one] };
        let record = story.record(FINANCE, role, action);
        story.commit(vec![record]);
    }
    assert_eq!(story.ledger.state_root(), before);
}

#[test]
fn what_was_received_is_acknowledged_after_the_grant_has_ended_too() {
    let (mut story, grant) = Story::with_grant(terms());
    let access = story.access(grant);
    let at = story.commit_one(access);
    let end = story.revoke_grant(grant);
    story.commit(vec![end]);
    let one = story.received(at);
    let record = story.acknowledging(vec![one]);
    assert_eq!(story.check(&record), Ok(()));
}

#[test]
fn every_way_in_which_legs_do_not_match_is_found() {
    let (mut story, grant) = Story::with_grant(terms());
    let digest = |byte: u8| AnswerHash([byte; 32]);
    let mut given = |byte| {
        let answer = Answer { digest: digest(byte), reliable: false };
        story.answered(grant, DeliveryMode::Query, Some(answer))
    };
    let mut records: Vec<_> = (0..4).map(&mut given).collect();
    records.push(story.batched(grant, 9));
    let first = story.commit(records);
    let at = |number: u64| LogIndex(first.0 + number);
    // Of five accesses the first matches, the second is another, the third is doubled, the fourth
    // is not acknowledged, and of the last, a batch, some are missing.
    let [one, two, three, batch] = [0, 1, 2, 4].map(|number| story.received(at(number)));
    let good = Acknowledgement { digest: Some(digest(0)), ..one };
    let other = Acknowledgement { digest: Some(digest(9)), ..two };
    let fewer = Acknowledgement { count: 8, ..batch };
    // An exchange that nobody disclosed, and one that is named with another's entry.
    let invented = Acknowledgement { exchange: comity_core::ids::ExchangeId([0xEE; 16]), ..one };
    let record = story.acknowledging(vec![good, other, three, fewer, invented]);
    let word = story.commit_one(record);
    let record = story.acknowledging(vec![three]);
    let again = story.commit_one(record);
    let legs = story.legs();
    let found: Vec<_> = legs
        .unmatched()
        .iter()
        .map(|found| (found.kind(), found.disclosure().map(|d| d.index), found.place()))
        .collect();
    let expected = [
        ("unacknowledged", Some(at(3)), at(3)),
        ("other-digest", Some(at(1)), word),
        ("other-count", Some(at(4)), word),
        ("undisclosed", None, word),
        ("doubled", Some(at(2)), again),
    ];
    assert_eq!(found, expected);
    let undisclosed = |found: &Unmatched<'_>| matches!(found, Unmatched::Undisclosed(receipt) if receipt.exchange.0 == [0xEE; 16]);
    assert!(legs.unmatched().iter().any(undisclosed));
}

#[test]
fn a_word_of_receipt_under_another_grant_discloses_nothing() {
    let mut story = Story::new(Params::default());
    story.publish();
    let [first, second] = [story.issue(terms()), story.issue(terms())];
    let access = story.access(second);
    let at = story.commit_one(access);
    let one = story.received(at);
    let action = Action::AcknowledgeAccess { grant: first.into(), accesses: vec![one] };
    let record = story.record(FINANCE, KeyRole::Officer, action);
    story.commit(vec![record]);
    let legs = story.legs();
    let kinds: Vec<_> = legs.unmatched().iter().map(Unmatched::kind).collect();
    assert_eq!(kinds, ["unacknowledged", "undisclosed"]);
}
