//! Blocks: what fits into one, what a header must say, what is left for later.

use comity_core::access::AccessRefusal;
use comity_core::agency::KeyRole;
use comity_core::block::Header;
use comity_core::genesis::Params;
use comity_core::governance::Measure;
use comity_core::hash::{
    BodyHash, CertificateHash, ConsortiumId, HeaderHash, LogRoot, StateRoot, ValidatorSetHash,
};
use comity_core::ids::{Height, LogIndex};
use comity_core::ledger::{BlockError, Executed};
use comity_core::refusal::Refusal;
use comity_core::statement::{Action, VerifiedRecord};

use crate::source::{assert_complete, parts};
use crate::story::{
    CIVIL, FINANCE, HEALTH, MEMBERS, Story, certificate, dataset, new_key, secret, terms,
};

const SOURCE: &str = include_str!("../../src/block.rs");
const LEDGER: &str = include_str!("../../src/ledger.rs");

/// A change to a field of a header, and the field that execution then finds wrong.
type Tampering = (&'static str, fn(&mut Header), &'static str);

const TAMPERINGS: &[Tampering] = &[
    ("version", |h| h.version = 2, "version"),
    ("consortium", |h| h.consortium = ConsortiumId([9; 32]), "consortium"),
    ("height", |h| h.height = Height(h.height.0 + 1), "height"),
    ("height", |h| h.height = Height(h.height.0 - 1), "height"),
    // Another round has another proposer.
    ("proposal_round", |h| h.proposal_round = 1, "proposer"),
    ("time", |h| h.time.0 -= 1_000, "time"),
    ("parent", |h| h.parent = HeaderHash([9; 32]), "parent"),
    (
        "parent_certificate",
        |h| h.parent_certificate = CertificateHash([9; 32]),
        "parent certificate",
    ),
    ("body", |h| h.body = BodyHash([9; 32]), "body hash"),
    ("first_index", |h| h.first_index.0 += 1, "first index"),
    ("log_size", |h| h.log_size += 1, "log size"),
    ("log_root", |h| h.log_root = LogRoot([9; 32]), "log root"),
    ("state_root", |h| h.state_root = StateRoot([9; 32]), "state root"),
    ("validators", |h| h.validators = ValidatorSetHash([9; 32]), "validators"),
    ("next_validators", |h| h.next_validators = ValidatorSetHash([9; 32]), "next validators"),
    ("proposer", |h| h.proposer = "stranger.gd".parse().unwrap(), "proposer"),
];

/// A story in which the next block of one access is executed with its header changed.
fn executed_with(change: impl Fn(&mut Header)) -> (Executed, Result<Executed, BlockError>) {
    let (mut story, grant) = Story::with_grant(terms());
    // The grant keeps the time of the first access, and of no other.
    let first = story.access(grant);
    story.commit(vec![first]);
    let access = story.access(grant);
    let built = story.build(vec![access.clone()]).executed;
    let mut header = built.header.clone();
    change(&mut header);
    let parent = story.parent();
    let executed = story.ledger.execute(&header, vec![access], parent.as_ref());
    (built, executed)
}

#[test]
fn a_block_executes_to_what_its_builder_found() {
    let (built, executed) = executed_with(|_| {});
    let executed = executed.unwrap();
    assert_eq!(executed.hash, built.hash);
    assert_eq!(executed.header, built.header);
    assert_eq!(executed.changes, built.changes);
    assert_eq!(executed.state().root(), built.header.state_root);
    assert_eq!(executed.log().root(), built.header.log_root);
}

#[test]
fn every_field_of_a_header_that_follows_is_checked() {
    for (name, change, field) in TAMPERINGS {
        let (_, executed) = executed_with(change);
        assert_eq!(executed.err(), Some(BlockError::Header { field }), "{name}");
    }
    let tried = TAMPERINGS.iter().map(|(name, ..)| (*name).to_owned());
    assert_complete(&parts(SOURCE, "pub struct Header"), tried);
}

#[test]
fn what_a_proposer_is_free_to_choose_makes_another_block() {
    let later: fn(&mut Header) = |h| h.time.0 += 1;
    // Four rounds on, the turn is the same validator's.
    let rounds: fn(&mut Header) = |h| h.proposal_round += 4;
    for change in [later, rounds] {
        let (built, executed) = executed_with(change);
        assert_ne!(executed.unwrap().hash, built.hash);
    }
}

#[test]
fn a_block_is_later_than_its_parent() {
    let mut story = Story::new(Params::default());
    story.commit(Vec::new());
    let parent = story.parent();
    let mut header = story.build(Vec::new()).executed.header;
    for (time, fits) in [(story.ledger.tip().time, false), (story.ledger.tip().time.plus(1), true)]
    {
        header.time = time;
        let executed = story.ledger.execute(&header, Vec::new(), parent.as_ref());
        assert_eq!(executed.is_ok(), fits, "{time}");
    }
}

#[test]
fn a_block_carries_the_certificate_of_its_very_parent() {
    let mut story = Story::new(Params::default());
    let first = story.build(Vec::new()).executed.header;
    story.commit(Vec::new());
    let of_first = story.parent();
    let wrong = Some(BlockError::Header { field: "parent certificate" });
    let fresh = Story::new(Params::default());
    let early = fresh.ledger.execute(&first, Vec::new(), of_first.as_ref());
    assert_eq!(early.err(), wrong, "the first block has no parent");
    story.commit(Vec::new());
    let header = story.build(Vec::new()).executed.header;
    for other in [None, of_first.as_ref()] {
        assert_eq!(story.ledger.execute(&header, Vec::new(), other).err(), wrong);
    }
    // The same parent, committed by other members' signatures: another certificate.
    let consortium = story.consortium();
    let set = story.ledger.tip_validators();
    let other = certificate(&consortium, story.ledger.tip(), 0, &MEMBERS[1..]);
    let other = other.verify(&consortium, set).unwrap();
    assert_eq!(story.ledger.execute(&header, Vec::new(), Some(&other)).err(), wrong);
}

#[test]
fn records_in_another_order_are_another_block() {
    let (mut story, grant) = Story::with_grant(terms());
    let records = vec![story.access(grant), story.access(grant)];
    let header = story.build(records.clone()).executed.header;
    let swapped = vec![records[1].clone(), records[0].clone()];
    let parent = story.parent();
    let executed = story.ledger.execute(&header, swapped, parent.as_ref());
    assert_eq!(executed.err(), Some(BlockError::Header { field: "body hash" }));
    let cut = story.ledger.execute(&header, records[..1].to_vec(), parent.as_ref());
    assert_eq!(cut.err(), Some(BlockError::Header { field: "body hash" }));
}

#[test]
fn a_block_with_one_refused_record_is_refused_whole() {
    let (mut story, grant) = Story::with_grant(terms());
    let good = story.access(grant);
    let revocation = story.revoke_grant(grant);
    let late = story.access(grant);
    let header = story.build(vec![good.clone(), revocation.clone()]).executed.header;
    let parent = story.parent();
    let before = story.ledger.state_root();
    let executed = story.ledger.execute(&header, vec![good, revocation, late], parent.as_ref());
    let at = LogIndex(story.ledger.log().size() + 1);
    let refusal = Box::new(Refusal::Access(AccessRefusal::GrantRevoked { at }));
    assert_eq!(executed.err(), Some(BlockError::Record { position: 2, refusal }));
    assert_eq!(story.ledger.state_root(), before, "and has changed nothing");
}

/// Registrations of so many new officers of a member.
fn registrations(story: &mut Story, member: &str, count: u8) -> Vec<VerifiedRecord> {
    let first = 10 * u8::try_from(MEMBERS.iter().position(|m| *m == member).unwrap()).unwrap();
    (first..first + count)
        .map(|number| story.register(member, KeyRole::Officer, &new_key(number), None))
        .collect()
}

/// Commits candidates block by block until none is left; how many records each block holds.
fn commit_all(story: &mut Story, mut waiting: Vec<VerifiedRecord>) -> Vec<usize> {
    let mut sizes = Vec::new();
    while !waiting.is_empty() {
        let built = story.build(waiting.clone());
        assert!(built.refused.is_empty(), "what does not fit is left, not refused");
        waiting.retain(|record| !built.executed.records.contains(record));
        sizes.push(built.executed.records.len());
        story.take(built.block, &built.executed);
    }
    sizes
}

#[test]
fn records_beyond_a_blocks_number_wait_for_the_next() {
    let params = Params { block_records: 3, agency_records: 3, ..Params::default() };
    let mut story = Story::new(params);
    let mut records = registrations(&mut story, CIVIL, 2);
    records.extend(registrations(&mut story, FINANCE, 2));
    records.extend(registrations(&mut story, HEALTH, 3));
    assert_eq!(commit_all(&mut story, records), [3, 3, 1]);
}

#[test]
fn one_agencys_many_records_leave_room_for_the_others() {
    let params = Params { block_records: 4, agency_records: 2, ..Params::default() };
    let mut story = Story::new(params);
    let mut records = registrations(&mut story, CIVIL, 5);
    let finance = registrations(&mut story, FINANCE, 1);
    records.extend(finance.clone());
    let first = story.build(records.clone()).executed.records;
    assert_eq!(first, [&records[..2], &finance[..]].concat());
    assert_eq!(commit_all(&mut story, records), [3, 2, 1]);
}

#[test]
fn bytes_beyond_a_limit_wait_for_the_next_block() {
    let size = {
        let mut story = Story::new(Params::default());
        u32::try_from(registrations(&mut story, CIVIL, 1)[0].bytes().len()).unwrap()
    };
    let most = size * 5;
    assert!(most > 1_024);
    let limits = |block_bytes, agency_bytes| Params {
        record_bytes: 1_024,
        block_bytes,
        agency_bytes,
        ..Params::default()
    };
    let mut story = Story::new(limits(most, most));
    let records = registrations(&mut story, CIVIL, 6);
    assert_eq!(commit_all(&mut story, records), [5, 1], "exactly as many bytes as allowed");
    let mut story = Story::new(limits(most - 1, most - 1));
    let records = registrations(&mut story, CIVIL, 6);
    assert_eq!(commit_all(&mut story, records), [4, 2], "one byte less");
    let mut story = Story::new(limits(most * 2, most - 1));
    let mut records = registrations(&mut story, CIVIL, 6);
    records.extend(registrations(&mut story, FINANCE, 1));
    assert_eq!(commit_all(&mut story, records), [5, 2], "four of one agency, one of another");
}

#[test]
fn a_block_beyond_a_limit_is_refused() {
    let size = {
        let mut story = Story::new(Params::default());
        u32::try_from(registrations(&mut story, CIVIL, 1)[0].bytes().len()).unwrap()
    };
    let agency = || CIVIL.parse().unwrap();
    let room = Params { record_bytes: 1_024, ..Params::default() };
    let few = Params { block_records: 4, agency_records: 4, ..room.clone() };
    let short = Params { block_bytes: size * 4, agency_bytes: size * 4, ..room.clone() };
    let cases = [
        (few.clone(), BlockError::Limit { what: "records" }),
        (Params { block_records: 9, ..few }, BlockError::Quota { agency: agency() }),
        (short.clone(), BlockError::Limit { what: "bytes" }),
        (Params { block_bytes: size * 9, ..short }, BlockError::Quota { agency: agency() }),
    ];
    for (params, fault) in cases {
        let mut story = Story::new(params);
        let records = registrations(&mut story, CIVIL, 5);
        let header = story.build(records[..4].to_vec()).executed.header;
        assert_eq!(header.log_size, 4, "four fit");
        assert_eq!(story.ledger.execute(&header, records, None).err(), Some(fault));
    }
}

#[test]
fn each_kind_of_block_error_is_met_here() {
    let tried = ["Header", "Limit", "Quota", "Record", "Rules"].map(str::to_owned);
    assert_complete(&parts(LEDGER, "pub enum BlockError"), tried);
}

#[test]
fn a_record_goes_on_the_account_of_its_first_signer() {
    let params = Params { block_records: 9, agency_records: 1, ..Params::default() };
    let mut story = Story::new(params);
    let by_civil = story.register(CIVIL, KeyRole::Officer, &new_key(1), None);
    let by_steward = story.steward(Action::PublishDataset { dataset: dataset() });
    let by_health = story.revoke_key(HEALTH, &secret(HEALTH, KeyRole::Officer));
    let built = story.build(vec![by_civil.clone(), by_steward, by_health.clone()]);
    assert_eq!(built.executed.records, [by_civil, by_health]);
    assert!(built.refused.is_empty());
}

#[test]
fn no_block_follows_an_activation_of_rules_that_this_software_does_not_know() {
    let mut story = Story::new(Params::default());
    story.pass(Measure::ActivateVersion { version: 2 });
    let header = story.build(vec![]).executed.header;
    let executed = story.ledger.execute(&header, vec![], story.parent().as_ref()).err();
    assert_eq!(executed, Some(BlockError::Rules { version: 2 }));
}

#[test]
#[should_panic(expected = "committed on the tip it was executed on")]
fn a_block_executed_on_another_tip_is_never_committed() {
    let mut story = Story::new(Params::default());
    let stale = story.build(Vec::new()).executed;
    story.commit(Vec::new());
    story.ledger.commit(&stale);
}
