//! The checker fed with what no correct node does: it must not let it pass.

use comity_core::block::CommittedBlock;
use comity_core::hash::HeaderHash;
use comity_core::ids::{Height, TimeMs};
use comity_core::keys::SecretKey;
use comity_core::ledger::{Ledger, NewBlock};
use comity_core::polka::PolkaCertificate;
use comity_core::statement::VerifiedRecord;
use comity_core::vote::{CertificateSignature, CommitCertificate, Vote, VoteKind};
use comity_replica::io::Commit;
use comity_replica::message::{Gossip, SignedVote};
use comity_replica::replica::Loads;
use comity_replica::storage::{SignedMark, Step, Storage, StorageOp, StorageOptions};
use comity_sim::chance::Chance;
use comity_sim::checker::{Checker, Standard, Violation};
use comity_sim::clients::Clients;
use comity_sim::consortium::{BEGINNING_MS, Consortium};
use comity_sim::disk::{PowerLoss, SimDisk};

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
        let consortium = Consortium::new(4, 0, 0, &mut chance);
        let ledger = Ledger::new(&consortium.genesis).unwrap();
        let mut clients = Clients::new(&consortium);
        clients.make(TimeMs(BEGINNING_MS), &mut chance);
        let verify = |bytes: &Vec<u8>| VerifiedRecord::verify(bytes, ledger.consortium()).unwrap();
        let records = clients.open().iter().map(|(_, bytes)| verify(bytes)).collect();
        Chain { consortium, ledger, records, certificate: None }
    }

    fn checker(&self) -> Checker {
        Checker::new(&self.consortium.genesis, [])
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
        Made {
            commit,
            stored: CommittedBlock { block: built.block, certificate, polkas: Vec::new() },
        }
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

fn correct(node: usize) -> (usize, Standard) {
    (node, Standard::Correct)
}

fn announce(checker: &mut Checker, node: usize, made: &Made) -> Result<(), Violation> {
    checker.announced(correct(node), &made.commit, LATEST, &disk_of(&[made]))
}

#[track_caller]
fn assert_caught<T: std::fmt::Debug>(result: Result<T, Violation>, what: &str) {
    let violation = result.expect_err("it must not pass");
    assert!(violation.starts_with(what), "{violation}");
}

#[test]
fn equal_commits_of_all_nodes_pass() {
    let mut chain = Chain::new();
    let mut checker = chain.checker();
    let blocks = [chain.push(0..4), chain.push(4..4), chain.push(4..9)];
    for node in 0..4 {
        for made in &blocks {
            announce(&mut checker, node, made).unwrap();
        }
    }
    assert_eq!(checker.height(), 3);
}

#[test]
fn two_blocks_at_one_height_are_caught() {
    let chain = Chain::new();
    let mut checker = chain.checker();
    announce(&mut checker, 0, &chain.next(0..4, 1)).unwrap();
    assert_caught(announce(&mut checker, 1, &chain.next(0..4, 2)), "1: node 1");
}

#[test]
fn another_state_than_the_header_says_is_caught() {
    let chain = Chain::new();
    let mut checker = chain.checker();
    let mut other = chain.next(0..4, 1);
    other.commit.state = other.commit.state.with([(b"x".to_vec(), b"y".to_vec())]);
    assert_caught(announce(&mut checker, 1, &other), "5: node 1");
}

#[test]
fn other_entries_under_the_same_block_are_caught() {
    let chain = Chain::new();
    let mut checker = chain.checker();
    announce(&mut checker, 0, &chain.next(0..4, 1)).unwrap();
    let mut other = chain.next(0..4, 1);
    other.commit.records.swap(0, 1);
    assert_caught(announce(&mut checker, 1, &other), "1: node 1 has other entries");
}

#[test]
fn entries_that_the_log_root_does_not_cover_are_caught() {
    let chain = Chain::new();
    let mut checker = chain.checker();
    let mut other = chain.next(0..4, 1);
    other.commit.records.swap(0, 1);
    assert_caught(announce(&mut checker, 0, &other), "3: block 1 has another log root");
}

#[test]
fn statement_committed_twice_is_caught() {
    let mut chain = Chain::new();
    let mut checker = chain.checker();
    let first = chain.push(0..2);
    announce(&mut checker, 0, &first).unwrap();
    let mut again = chain.next(2..4, 1);
    again.commit.records[1] = first.commit.records[0].clone();
    assert_caught(announce(&mut checker, 0, &again), "6: a statement stands at 0 and at 3");
}

#[test]
fn block_announced_twice_or_out_of_order_is_caught() {
    let mut chain = Chain::new();
    let mut checker = chain.checker();
    let (first, second) = (chain.push(0..1), chain.push(1..2));
    announce(&mut checker, 0, &first).unwrap();
    announce(&mut checker, 0, &second).unwrap();
    for made in [second, first] {
        assert_caught(announce(&mut checker, 0, &made), "2: node 0");
    }
}

/// A change to what was made.
type Bend = fn(&mut Made);

#[test]
fn block_that_does_not_link_or_go_on_is_caught() {
    let mut chain = Chain::new();
    let mut checker = chain.checker();
    announce(&mut checker, 0, &chain.push(0..1)).unwrap();
    let bent = |bend: fn(&mut Made)| {
        let mut made = chain.next(1..2, 1_000);
        bend(&mut made);
        made
    };
    let cases: [(Bend, &str); 4] = [
        (|made| made.commit.header.parent = HeaderHash([7; 32]), "3: block 2 does not link"),
        (|made| made.commit.header.time = TimeMs(BEGINNING_MS), "3: block 2 is not later"),
        (|made| made.commit.header.log_size += 1, "3: block 2 does not go on"),
        (
            |made| made.commit.header.proposer = "agency-03.sim".parse().unwrap(),
            "3: block 2 names the wrong proposer",
        ),
    ];
    for (node, (bend, what)) in (1..).zip(cases) {
        assert_caught(announce(&mut checker, node, &bent(bend)), what);
    }
}

#[test]
fn certificate_of_too_few_or_of_one_again_and_again_is_caught() {
    let chain = Chain::new();
    let mut checker = chain.checker();
    let bent = |bend: fn(&mut Vec<CertificateSignature>)| {
        let mut made = chain.next(0..1, 1);
        bend(&mut made.commit.certificate.signatures);
        made
    };
    let few = bent(|signatures| signatures.truncate(2));
    assert_caught(announce(&mut checker, 0, &few), "3: the certificate of block 1 carries too");
    let again = bent(|signatures| *signatures = vec![signatures[0]; 4]);
    assert_caught(announce(&mut checker, 1, &again), "3: the certificate of block 1 is not of");
    let forged = bent(|signatures| signatures[0].signature = signatures[1].signature);
    assert_caught(announce(&mut checker, 2, &forged), "3: the certificate of block 1 is forged");
    announce(&mut checker, 3, &bent(|signatures| signatures.truncate(3))).unwrap();
}

#[test]
fn block_from_the_future_is_caught() {
    let chain = Chain::new();
    let mut checker = chain.checker();
    let made = chain.next(0..1, 1_000);
    let just_in_time = made.commit.header.time;
    let late = TimeMs(just_in_time.0 - 1);
    let disk = disk_of(&[&made]);
    assert_caught(checker.announced(correct(0), &made.commit, late, &disk), "time: block 1");
    checker.announced(correct(0), &made.commit, just_in_time, &disk).unwrap();
}

#[test]
fn block_announced_before_it_is_durable_is_caught() {
    let chain = Chain::new();
    let mut checker = chain.checker();
    let made = chain.next(0..1, 1);
    let announced = checker.announced(correct(0), &made.commit, LATEST, &SimDisk::new());
    assert_caught(announced, "4: node 0 announced block 1 before it was durable");
}

#[test]
fn restart_below_what_was_announced_is_caught() {
    let mut chain = Chain::new();
    let mut checker = chain.checker();
    announce(&mut checker, 0, &chain.push(0..1)).unwrap();
    announce(&mut checker, 0, &chain.push(1..2)).unwrap();
    checker.started(0, 2).unwrap();
    checker.started(1, 0).unwrap();
    assert_caught(checker.started(0, 1), "2: node 0 announced block 2, restarted at 1");
    checker.forgot(0, 1);
    checker.started(0, 1).expect("a disk that was lost explains it");
}

/// A vote of a node, and the mark that its storage would keep of it.
fn voted(
    chain: &Chain,
    node: usize,
    (kind, round): (VoteKind, u32),
    value: Option<HeaderHash>,
) -> (Gossip, SignedMark) {
    let key = &chain.consortium.members[node].validator;
    let vote = Vote { round, ..vote(key, kind, Height(1), value) };
    let signature = key.sign_vote(chain.ledger.consortium(), &vote);
    let mark = SignedMark {
        height: 1,
        round,
        step: if kind == VoteKind::Prevote { Step::Prevote } else { Step::Precommit },
        message_hash: vote.hash(chain.ledger.consortium()),
        signature: signature.0,
    };
    (Gossip::Vote(SignedVote { vote, signature }), mark)
}

/// Sends a node's vote, durable on its disk.
fn send(
    checker: &mut Checker,
    chain: &Chain,
    node: usize,
    step: (VoteKind, u32),
    value: Option<HeaderHash>,
) -> Result<(), Violation> {
    let own = chain.consortium.members[node].validator.public();
    let (message, mark) = voted(chain, node, step, value);
    let disk = disk_with_guard(chain, node, &[mark]);
    checker.sent(correct(node), Some(&own), &message, (&disk, 0))?;
    checker.done_at_once(node, true)
}

const SOME: Option<HeaderHash> = Some(HeaderHash([1; 32]));
const OTHER: Option<HeaderHash> = Some(HeaderHash([2; 32]));

#[test]
fn second_vote_for_one_step_is_caught() {
    let chain = Chain::new();
    let mut checker = chain.checker();
    let step = (VoteKind::Prevote, 0);
    send(&mut checker, &chain, 0, step, SOME).unwrap();
    send(&mut checker, &chain, 0, step, SOME).expect("the same vote may be sent again");
    assert_caught(send(&mut checker, &chain, 0, step, None), "4: two values are signed");
}

#[test]
fn precommit_without_a_quorum_of_prevotes_is_caught() {
    let chain = Chain::new();
    let mut checker = chain.checker();
    for node in 0..2 {
        send(&mut checker, &chain, node, (VoteKind::Prevote, 0), SOME).unwrap();
    }
    let mut early = chain.checker();
    for node in 0..2 {
        send(&mut early, &chain, node, (VoteKind::Prevote, 0), SOME).unwrap();
    }
    let sent = send(&mut early, &chain, 0, (VoteKind::Precommit, 0), SOME);
    assert_caught(sent, "4: a block without a quorum of prevotes is precommitted");
    send(&mut checker, &chain, 2, (VoteKind::Prevote, 0), SOME).unwrap();
    send(&mut checker, &chain, 0, (VoteKind::Precommit, 0), SOME).unwrap();
}

#[test]
fn vote_against_a_lock_is_caught_unless_a_later_quorum_frees_it() {
    let chain = Chain::new();
    let locked = || {
        let mut checker = chain.checker();
        for node in 0..3 {
            send(&mut checker, &chain, node, (VoteKind::Prevote, 0), SOME).unwrap();
        }
        send(&mut checker, &chain, 0, (VoteKind::Precommit, 0), SOME).unwrap();
        checker
    };
    let broken = send(&mut locked(), &chain, 0, (VoteKind::Prevote, 2), OTHER);
    assert_caught(broken, "4: a lock of round 0 is broken at height 1, round 2");
    send(&mut locked(), &chain, 0, (VoteKind::Prevote, 2), SOME).unwrap();
    send(&mut locked(), &chain, 0, (VoteKind::Prevote, 2), None).unwrap();
    let mut freed = locked();
    for node in 1..4 {
        send(&mut freed, &chain, node, (VoteKind::Prevote, 1), OTHER).unwrap();
    }
    send(&mut freed, &chain, 0, (VoteKind::Prevote, 2), OTHER).unwrap();
}

#[test]
fn vote_sent_before_it_is_durable_is_caught() {
    let chain = Chain::new();
    let own = chain.consortium.members[0].validator.public();
    let (message, mark) = voted(&chain, 0, (VoteKind::Prevote, 0), None);
    let sent = |disk: &SimDisk| chain.checker().sent(correct(0), Some(&own), &message, (disk, 0));
    let undurable = "4: node 0 sent what was not durable";
    assert_caught(sent(&SimDisk::new()), undurable);
    let disk = disk_with_guard(&chain, 0, &[]);
    assert_caught(sent(&disk), undurable);
    let (mut storage, _) = Storage::open(disk.clone(), StorageOptions::new(1)).unwrap();
    storage.perform(StorageOp::SignedMark(mark)).unwrap();
    assert_caught(sent(&disk), undurable);
    let mut lost = disk.fork();
    lost.power_lost(PowerLoss::Whole, &mut Chance::new(1));
    assert_caught(sent(&lost), undurable);
    storage.sync().unwrap();
    sent(&disk).unwrap();
}

#[test]
fn blame_of_a_correct_validator_is_caught() {
    let chain = Chain::new();
    let key = |node: usize| chain.consortium.members[node].validator.public();
    let mut checker = Checker::new(&chain.consortium.genesis, [key(3)]);
    checker.accused(0, *key(3).as_bytes()).unwrap();
    assert_caught(checker.accused(0, *key(2).as_bytes()), "9: a correct node is blamed");
}

#[test]
fn block_served_otherwise_than_committed_is_caught() {
    let mut chain = Chain::new();
    let mut checker = chain.checker();
    let rival = chain.next(0..2, 5);
    let made = chain.push(0..2);
    announce(&mut checker, 0, &made).unwrap();
    checker.served(0, &[made.stored.to_bytes()]).unwrap();
    assert_caught(checker.served(0, &[rival.stored.to_bytes()]), "10: node 0 served another");
    assert_caught(checker.served(0, &[vec![1, 2, 3]]), "10: node 0 served what is no block");
}

#[test]
fn queue_beyond_its_bound_is_caught() {
    let checker = Chain::new().checker();
    let within = Loads { pending: 4_096, early: 4_096, candidates: 64, ..Loads::default() };
    checker.loads(0, &within).unwrap();
    let beyond = Loads { early: 4_097, ..within };
    assert_caught(checker.loads(0, &beyond), "10: node 0 holds 4097 early messages");
}

/// A disk with a node's guard, which holds these marks.
fn disk_with_guard(chain: &Chain, node: usize, marks: &[SignedMark]) -> SimDisk {
    let mut disk = SimDisk::new();
    let key = *chain.consortium.members[node].validator.public().as_bytes();
    Storage::create_guard(&mut disk, key, 1).unwrap();
    let (mut storage, _) = Storage::open(disk.clone(), StorageOptions::new(1)).unwrap();
    for mark in marks {
        storage.perform(StorageOp::SignedMark(mark.clone())).unwrap();
    }
    storage.sync().unwrap();
    disk
}

/// A disk with these blocks in its block log.
fn disk_of(blocks: &[&Made]) -> SimDisk {
    let disk = SimDisk::new();
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
    let mut chain = Chain::new();
    let mut checker = chain.checker();
    let (first, second) = (chain.push(0..2), chain.push(2..4));
    announce(&mut checker, 0, &first).unwrap();
    announce(&mut checker, 0, &second).unwrap();
    let genesis = &chain.consortium.genesis;
    checker.acknowledged(first.commit.records[1].leaf());
    checker.check_disk(correct(0), &disk_of(&[&first]), genesis).unwrap();
    checker.acknowledged(second.commit.records[0].leaf());
    let lacking = "node 0: 8: it lacks the acknowledged record";
    assert_caught(checker.check_disk(correct(0), &disk_of(&[&first]), genesis), lacking);
    checker.check_disk(correct(0), &disk_of(&[&first, &second]), genesis).unwrap();
    checker.acknowledged(chain.records[9].leaf());
    let never_committed = checker.check_disk(correct(0), &disk_of(&[&first, &second]), genesis);
    assert_caught(never_committed, lacking);
}

#[test]
fn false_quorum_of_prevotes_beside_a_block_is_caught() {
    let mut chain = Chain::new();
    let mut only = chain.push(0..2);
    let (checker, genesis) = (chain.checker(), chain.consortium.genesis.clone());
    let CommitCertificate { height, round, header_hash: value, signatures } =
        only.stored.certificate.clone();
    only.stored.polkas = vec![PolkaCertificate { height, round, value, signatures }];
    let precommits = checker.check_disk(correct(0), &disk_of(&[&only]), &genesis);
    assert_caught(precommits, "node 0: 3: a certificate beside block 1 is forged");
    only.stored.polkas[0].signatures.truncate(2);
    let too_few = checker.check_disk(correct(0), &disk_of(&[&only]), &genesis);
    assert_caught(too_few, "node 0: 3: a certificate beside block 1 carries too little power");
}

#[test]
fn chain_that_does_not_verify_is_caught_on_any_disk() {
    let mut chain = Chain::new();
    let (first, mut second) = (chain.push(0..2), chain.push(2..4));
    let (checker, genesis) = (chain.checker(), chain.consortium.genesis.clone());
    second.stored.certificate.signatures.truncate(2);
    let unproven = checker.check_disk(correct(0), &disk_of(&[&first, &second]), &genesis);
    assert_caught(unproven, "node 0: 3: the certificate of block 2 carries too little");
    second.stored.block.records.reverse();
    let altered = checker.check_disk(correct(0), &disk_of(&[&first, &second]), &genesis);
    assert_caught(altered, "node 0: 3: the certificate of block 2");
    second.stored.block.records[0].pop();
    let garbled = checker.check_disk(correct(0), &disk_of(&[&first, &second]), &genesis);
    assert!(garbled.is_err());
}
