//! The checker fed with what no correct node does: it must not let it pass.

use comity_core::block::CommittedBlock;
use comity_core::hash::HeaderHash;
use comity_core::ids::{Height, TimeMs};
use comity_core::keys::SecretKey;
use comity_core::ledger::{Ledger, NewBlock};
use comity_core::statement::VerifiedRecord;
use comity_core::vote::{CertificateSignature, CommitCertificate, Vote, VoteKind};
use comity_replica::io::Commit;
use comity_replica::message::{Gossip, SignedVote};
use comity_replica::storage::{MemoryDisk, SignedMark, Step, Storage, StorageOp, StorageOptions};
use comity_sim::chance::Chance;
use comity_sim::checker::{Checker, Violation};
use comity_sim::clients::Clients;
use comity_sim::consortium::{BEGINNING_MS, Consortium};

const LATEST: TimeMs = TimeMs(u64::MAX);

/// A chain that grows as a test needs it.
struct Chain {
    consortium: Consortium,
    ledger: Ledger,
    records: Vec<VerifiedRecord>,
    certificate: Option<CommitCertificate>,
}

/// A block of the chain, as a node announces and as it stores it.
struct Made {
    commit: Commit,
    stored: CommittedBlock,
}

impl Chain {
    fn new() -> Chain {
        let mut chance = Chance::new(7);
        let consortium = Consortium::new(4, &mut chance);
        let ledger = Ledger::new(&consortium.genesis).unwrap();
        let mut clients = Clients::new(&consortium);
        clients.make(TimeMs(BEGINNING_MS), &mut chance);
        let verify = |bytes: &Vec<u8>| VerifiedRecord::verify(bytes, ledger.consortium()).unwrap();
        let records = clients.open().iter().map(|(_, bytes)| verify(bytes)).collect();
        Chain { consortium, ledger, records, certificate: None }
    }

    /// The next block, of these of the clients' records, so long after the last; not the tip yet.
    fn next(&self, records: std::ops::Range<usize>, after_ms: u64) -> Made {
        let set = self.ledger.tip_validators();
        let parent = self
            .certificate
            .clone()
            .map(|certificate| certificate.verify(self.ledger.consortium(), set).unwrap());
        let time = self.ledger.tip().time.plus(after_ms);
        let new = NewBlock { time, round: 0, parent: parent.as_ref() };
        let built = self.ledger.build(&new, self.records[records].to_vec());
        let header = built.executed.header.clone();
        let certificate = self.certify(header.height, built.executed.hash);
        let commit = Commit {
            header,
            header_hash: built.executed.hash,
            certificate: certificate.clone(),
            records: built.executed.records.clone(),
            changes: built.executed.changes.clone(),
            state: built.executed.state().clone(),
            log: built.executed.log().clone(),
            tip_validators: self.ledger.validators().clone(),
            validators: built.executed.next_validators().clone(),
        };
        Made { commit, stored: CommittedBlock { block: built.block, certificate } }
    }

    /// Makes a block the tip.
    fn push(&mut self, records: std::ops::Range<usize>) -> Made {
        let made = self.next(records, 1_000);
        let consortium = *self.ledger.consortium();
        let block = &made.stored.block;
        let parent = block.parent_certificate.clone().map(|certificate| {
            certificate.verify(&consortium, self.ledger.tip_validators()).unwrap()
        });
        let records = made.commit.records.clone();
        let executed = self.ledger.execute(&block.header, records, parent.as_ref()).unwrap();
        self.ledger.commit(&executed);
        self.certificate = Some(made.stored.certificate.clone());
        made
    }

    fn certify(&self, height: Height, header_hash: HeaderHash) -> CommitCertificate {
        let sign = |key: &SecretKey| {
            let vote = vote(key, VoteKind::Precommit, height, Some(header_hash));
            let signature = key.sign_vote(self.ledger.consortium(), &vote);
            CertificateSignature { validator: key.public(), signature }
        };
        let members = &self.consortium.members;
        let mut signatures: Vec<_> = members.iter().map(|m| sign(&m.validator)).collect();
        signatures.sort_by_key(|signed| signed.validator);
        CommitCertificate { height, round: 0, header_hash, signatures }
    }
}

fn vote(key: &SecretKey, kind: VoteKind, height: Height, value: Option<HeaderHash>) -> Vote {
    Vote { kind, height, round: 0, value, validator: key.public() }
}

fn announce(checker: &mut Checker, node: usize, made: &Made) -> Result<(), Violation> {
    checker.announced(node, &made.commit, LATEST)
}

#[track_caller]
fn assert_caught(result: Result<(), Violation>, what: &str) {
    let violation = result.expect_err("it must not pass");
    assert!(violation.starts_with(what), "{violation}");
}

#[test]
fn equal_commits_of_all_nodes_pass() {
    let (mut chain, mut checker) = (Chain::new(), Checker::default());
    let blocks = [chain.push(0..4), chain.push(4..4), chain.push(4..9)];
    for node in 0..4 {
        for made in &blocks {
            announce(&mut checker, node, made).unwrap();
        }
    }
    assert_eq!(checker.height(), 3);
    assert_eq!(checker.tip(), Some(blocks[2].commit.header_hash));
}

#[test]
fn two_blocks_at_one_height_are_caught() {
    let (chain, mut checker) = (Chain::new(), Checker::default());
    announce(&mut checker, 0, &chain.next(0..4, 1)).unwrap();
    assert_caught(announce(&mut checker, 1, &chain.next(0..4, 2)), "1: node 1");
}

#[test]
fn another_state_under_the_same_block_is_caught() {
    let (chain, mut checker) = (Chain::new(), Checker::default());
    let made = chain.next(0..4, 1);
    announce(&mut checker, 0, &made).unwrap();
    let mut other = chain.next(0..4, 1);
    other.commit.state = other.commit.state.with([(b"x".to_vec(), b"y".to_vec())]);
    assert_caught(announce(&mut checker, 1, &other), "5: node 1");
}

#[test]
fn other_entries_under_the_same_block_are_caught() {
    let (chain, mut checker) = (Chain::new(), Checker::default());
    announce(&mut checker, 0, &chain.next(0..4, 1)).unwrap();
    let mut other = chain.next(0..4, 1);
    other.commit.records.swap(0, 1);
    assert_caught(announce(&mut checker, 1, &other), "1: node 1 has another entry");
}

#[test]
fn statement_committed_twice_is_caught() {
    let (mut chain, mut checker) = (Chain::new(), Checker::default());
    let first = chain.push(0..2);
    announce(&mut checker, 0, &first).unwrap();
    let mut again = chain.next(2..4, 1);
    again.commit.records[1] = first.commit.records[0].clone();
    assert_caught(announce(&mut checker, 0, &again), "6: a statement stands at 0 and at 3");
}

#[test]
fn block_announced_twice_or_out_of_order_is_caught() {
    let (mut chain, mut checker) = (Chain::new(), Checker::default());
    let (first, second) = (chain.push(0..1), chain.push(1..2));
    announce(&mut checker, 0, &first).unwrap();
    announce(&mut checker, 0, &second).unwrap();
    for made in [second, first] {
        assert_caught(announce(&mut checker, 0, &made), "2: node 0");
    }
}

#[test]
fn block_from_the_future_is_caught() {
    let (chain, mut checker) = (Chain::new(), Checker::default());
    let made = chain.next(0..1, 1_000);
    let just_in_time = made.commit.header.time;
    let late = TimeMs(just_in_time.0 - 1);
    assert_caught(checker.announced(0, &made.commit, late), "time: block 1");
    checker.announced(0, &made.commit, just_in_time).unwrap();
}

#[test]
fn restart_below_what_was_announced_is_caught() {
    let (mut chain, mut checker) = (Chain::new(), Checker::default());
    announce(&mut checker, 0, &chain.push(0..1)).unwrap();
    announce(&mut checker, 0, &chain.push(1..2)).unwrap();
    checker.started(0, 2).unwrap();
    checker.started(1, 0).unwrap();
    assert_caught(checker.started(0, 1), "2: node 0 announced block 2, restarted at 1");
    checker.forgot(0, 1);
    checker.started(0, 1).expect("a disk that was lost explains it");
}

/// A vote of node 0, and the mark that its storage would keep of it.
fn voted(chain: &Chain, value: Option<HeaderHash>) -> (Gossip, SignedMark) {
    let key = &chain.consortium.members[0].validator;
    let vote = vote(key, VoteKind::Prevote, Height(1), value);
    let signature = key.sign_vote(chain.ledger.consortium(), &vote);
    let mark = SignedMark {
        height: 1,
        round: 0,
        step: Step::Prevote,
        message_hash: vote.hash(chain.ledger.consortium()),
        signature: signature.0,
    };
    (Gossip::Vote(SignedVote { vote, signature }), mark)
}

#[test]
fn vote_that_is_durable_may_be_sent_again_and_again() {
    let (chain, mut checker) = (Chain::new(), Checker::default());
    let own = chain.consortium.members[0].validator.public();
    let (message, mark) = voted(&chain, Some(HeaderHash([1; 32])));
    checker.wrote_mark(0, &mark);
    checker.synced(0);
    checker.sent(0, &own, &message).unwrap();
    checker.crashed(0);
    checker.sent(0, &own, &message).unwrap();
}

#[test]
fn second_vote_for_one_step_is_caught() {
    let (chain, mut checker) = (Chain::new(), Checker::default());
    let own = chain.consortium.members[0].validator.public();
    for (value, passes) in [(Some(HeaderHash([1; 32])), true), (None, false)] {
        let (message, mark) = voted(&chain, value);
        checker.wrote_mark(0, &mark);
        checker.synced(0);
        let sent = checker.sent(0, &own, &message);
        assert_eq!(sent.is_ok(), passes, "{sent:?}");
        if !passes {
            assert_caught(sent, "4: node 0 signed two values");
        }
    }
}

#[test]
fn vote_sent_before_it_is_durable_is_caught() {
    let chain = Chain::new();
    let own = chain.consortium.members[0].validator.public();
    let (message, mark) = voted(&chain, None);
    let sent = |prepare: fn(&mut Checker, &SignedMark)| {
        let mut checker = Checker::default();
        prepare(&mut checker, &mark);
        checker.sent(0, &own, &message)
    };
    let undurable = "4: node 0 sent what was not durable";
    assert_caught(sent(|_, _| {}), undurable);
    assert_caught(sent(|checker, mark| checker.wrote_mark(0, mark)), undurable);
    let lost: fn(&mut Checker, &SignedMark) = |checker, mark| {
        checker.wrote_mark(0, mark);
        checker.crashed(0);
        checker.synced(0);
    };
    assert_caught(sent(lost), undurable);
    let others: fn(&mut Checker, &SignedMark) = |checker, mark| {
        checker.wrote_mark(1, mark);
        checker.synced(1);
    };
    assert_caught(sent(others), undurable);
    sent(|checker, mark| checker.recovered_mark(0, mark)).unwrap();
}

/// A disk with these blocks in its block log.
fn disk_of(blocks: &[&Made]) -> MemoryDisk {
    let disk = MemoryDisk::new();
    let (mut storage, _) = Storage::open(disk.clone(), StorageOptions::new(1)).unwrap();
    for made in blocks {
        let commit = StorageOp::Commit {
            height: made.commit.header.height.0,
            header_hash: made.commit.header_hash,
            payload: made.stored.to_bytes(),
        };
        storage.perform(commit).unwrap();
        storage.sync().unwrap();
    }
    disk
}

#[test]
fn acknowledged_record_that_a_disk_lacks_is_caught() {
    let (mut chain, mut checker) = (Chain::new(), Checker::default());
    let (first, second) = (chain.push(0..2), chain.push(2..4));
    announce(&mut checker, 0, &first).unwrap();
    announce(&mut checker, 0, &second).unwrap();
    let genesis = &chain.consortium.genesis;
    checker.acknowledged(first.commit.records[1].leaf());
    checker.check_disk(0, &disk_of(&[&first]), genesis).unwrap();
    checker.acknowledged(second.commit.records[0].leaf());
    assert_caught(checker.check_disk(0, &disk_of(&[&first]), genesis), "8: node 0 lacks");
    checker.check_disk(0, &disk_of(&[&first, &second]), genesis).unwrap();
    checker.acknowledged(chain.records[9].leaf());
    let never_committed = checker.check_disk(0, &disk_of(&[&first, &second]), genesis);
    assert_caught(never_committed, "8: node 0 lacks");
}

#[test]
fn chain_that_does_not_verify_is_caught_on_any_disk() {
    let mut chain = Chain::new();
    let (first, mut second) = (chain.push(0..2), chain.push(2..4));
    let (checker, genesis) = (Checker::default(), chain.consortium.genesis.clone());
    second.stored.certificate.signatures.truncate(2);
    let unproven = checker.check_disk(0, &disk_of(&[&first, &second]), &genesis);
    assert_caught(unproven, "3: node 0: block 2 fails");
    second.stored.block.records.reverse();
    let altered = checker.check_disk(0, &disk_of(&[&first, &second]), &genesis);
    assert_caught(altered, "3: node 0: block 2 fails");
    second.stored.block.records[0].pop();
    let garbled = checker.check_disk(0, &disk_of(&[&first, &second]), &genesis);
    assert_caught(garbled, "3: node 0: block 2");
}
