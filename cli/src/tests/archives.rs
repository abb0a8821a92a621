//! Archives, whole and tampered with, through `comity verify archive`.

use comity_core::access::{Attempt, SignedAttempt};
use comity_core::agency::KeyRole;
use comity_core::archive::{HEAD_BYTES, block_frame, certificate_frame, head};
use comity_core::dataset::{Dataset, Items};
use comity_core::grant::GrantTerms;
use comity_core::ids::{ExchangeId, GrantId, LogIndex, Nonce, TimeMs};
use comity_core::ledger::{Ledger, NewBlock};
use comity_core::statement::{Action, Capacity, SignedRecord, StatementSigner, VerifiedRecord};

use super::fixture::{NOW, Office, Ran, certificate, genesis, secret};
use crate::fault::Exit;
use crate::messages::dataset_sample;
use crate::sign::statement;

/// A chain of four blocks: a dataset, a grant, an access, nothing.
pub(super) struct Chain {
    pub(super) bytes: Vec<u8>,
    /// Where each block's frame begins, then where the certificate's does.
    starts: Vec<usize>,
}

/// What a member's key signs. `nonce`: another one for each.
pub(super) fn signed(member: &str, role: KeyRole, nonce: u8, action: Action) -> VerifiedRecord {
    let secret = secret(member, role);
    let consortium = genesis().id();
    let signer = StatementSigner {
        agency: member.parse().unwrap(),
        key: secret.public(),
        role,
        capacity: Capacity::Agency,
    };
    let until = NOW.plus(600_000);
    let statement = statement(signer, consortium, Nonce([nonce; 16]), until, action);
    let signatures = vec![secret.sign_statement(&statement)];
    let bytes = SignedRecord { statement, signatures }.to_bytes();
    VerifiedRecord::verify(&bytes, &consortium).unwrap()
}

/// What finance.gd wants of a dataset.
pub(super) fn terms(dataset: &Dataset) -> GrantTerms {
    GrantTerms {
        dataset: dataset.id.clone(),
        requester: "finance.gd".parse().unwrap(),
        matters: ["LOW-INCOME-CHECK".parse().unwrap()].into(),
        duty_basis: "ACT-12".parse().unwrap(),
        items: Items::All,
        modes: dataset.modes.clone(),
        not_before: NOW,
        not_after: NOW.plus(86_400_000),
        total_quota: None,
        daily_quota: None,
        conditions: Default::default(),
        officers: Default::default(),
        onward: Default::default(),
        undertakings: Vec::new(),
        task_force: None,
    }
}

fn records() -> Vec<Vec<VerifiedRecord>> {
    let dataset: Dataset = toml::from_str(dataset_sample()).unwrap();
    let (id, terms) = (dataset.id.clone(), terms(&dataset));
    let officer = secret("finance.gd", KeyRole::Officer);
    let attempt = Attempt {
        consortium: genesis().id(),
        exchange: ExchangeId([9; 16]),
        grant: GrantId(LogIndex(1)).into(),
        dataset: id,
        requester: "finance.gd".parse().unwrap(),
        officer: officer.public(),
        matter: "LOW-INCOME-CHECK".parse().unwrap(),
        items: Items::All,
        mode: *dataset.modes.first().unwrap(),
        made_at: NOW,
        valid_until: NOW.plus(600_000),
        sealed: vec![],
        batch: None,
        capacity: Default::default(),
    };
    let attempt = SignedAttempt { signature: officer.sign_attempt(&attempt), attempt };
    let access = Action::RecordAccess { attempt, number: 1, answer: None };
    let steward = |nonce, action| signed("civil.gd", KeyRole::Steward, nonce, action);
    vec![
        vec![steward(1, Action::PublishDataset { dataset })],
        vec![steward(2, Action::IssueGrant { terms })],
        vec![signed("civil.gd", KeyRole::Gateway, 3, access)],
        vec![],
    ]
}

pub(super) fn chain() -> Chain {
    let times = (0u64..).map(|at| TimeMs(NOW.0 + 1_000 * at));
    chain_of(times.zip(records()).collect())
}

/// A chain of these blocks: the time of each, and its records, none of which is refused.
pub(super) fn chain_of(blocks: Vec<(TimeMs, Vec<VerifiedRecord>)>) -> Chain {
    let mut ledger = Ledger::new(&genesis()).unwrap();
    let consortium = *ledger.consortium();
    let (mut bytes, mut starts) = (head(&consortium), vec![]);
    let mut last = None;
    for (time, records) in blocks {
        let parent = last.take().map(|certificate: comity_core::vote::CommitCertificate| {
            certificate.verify(&consortium, ledger.validators()).unwrap()
        });
        let new = NewBlock { time, round: 0, parent: parent.as_ref() };
        let built = ledger.build(&new, records);
        assert!(built.refused.is_empty(), "{:?}", built.refused);
        starts.push(bytes.len());
        bytes.extend(block_frame(&built.block));
        ledger.commit(&built.executed);
        last = Some(certificate(ledger.tip().height, ledger.tip().hash));
    }
    starts.push(bytes.len());
    bytes.extend(certificate_frame(&last.unwrap()));
    Chain { bytes, starts }
}

/// Verifies these bytes as an archive.
fn verify(office: &Office, bytes: &[u8]) -> Ran {
    office.put("a.archive", bytes);
    let (file, genesis) = (office.path("a.archive"), office.path("genesis.json"));
    office.run(&["verify", "archive", &file, "--genesis", &genesis, "--json"])
}

/// The fault's name and the block that it names.
fn failed(ran: Ran) -> (String, u64) {
    let ran = ran.ended(Exit::Unverified);
    let error = &ran.json()["error"];
    let height = error["fields"]["height"].as_str().unwrap_or("0").parse().unwrap();
    (error["name"].as_str().unwrap().to_owned(), height)
}

#[test]
fn a_whole_archive_is_verified_and_says_what_it_proves() {
    let office = Office::new();
    let ran = verify(&office, &chain().bytes).ended(Exit::Done);
    let result = ran.json();
    assert_eq!(result["verified"], true);
    assert_eq!((result["entries"].as_u64(), result["blocks"].as_u64()), (Some(3), Some(4)));
    assert_eq!(result["signers"].as_array().unwrap().len(), 4);
    let (file, genesis) = (office.path("a.archive"), office.path("genesis.json"));
    let ran = office.run(&["verify", "archive", &file, "--genesis", &genesis]).ended(Exit::Done);
    for words in ["Verified: every block", "2026-05-03T11:09:40+08:00", "civil.gd", "per second"] {
        assert!(ran.out.contains(words), "{words}: {}", ran.out);
    }
    assert!(!ran.out.contains("Note:"), "no one operates a third: {}", ran.out);
}

#[test]
fn one_byte_changed_anywhere_names_the_block() {
    let office = Office::new();
    let Chain { bytes, starts } = chain();
    for at in (0..bytes.len()).step_by(29).chain(starts.iter().copied()) {
        let mut changed = bytes.clone();
        changed[at] ^= if at % 2 == 0 { 0x01 } else { 0x80 };
        let (name, height) = failed(verify(&office, &changed));
        if at < HEAD_BYTES {
            assert!(["archive-not-one", "archive-other-consortium"].contains(&&name[..]), "{name}");
            continue;
        }
        // Where a block still makes sense by itself, the signatures on it no longer do: those come
        // with the next block, and the last ones after the last block.
        let block = starts.partition_point(|start| *start <= at).min(4) as u64;
        assert!((block..=block + 1).contains(&height), "byte {at}: {name} in block {height}");
    }
}

#[test]
fn a_truncated_archive_says_so_wherever_it_ends() {
    let office = Office::new();
    let Chain { bytes, starts } = chain();
    for end in (8..bytes.len()).step_by(41).chain(starts.iter().copied()) {
        let (name, height) = failed(verify(&office, &bytes[..end]));
        assert_eq!(name, "archive-truncated", "cut at {end}");
        let whole_blocks = starts.iter().skip(1).filter(|start| **start <= end).count() as u64;
        assert_eq!(height, whole_blocks + 1, "cut at {end}");
    }
}

#[test]
fn bytes_after_the_end_are_not_overlooked() {
    let office = Office::new();
    let Chain { bytes, starts } = chain();
    let certificate = bytes[starts[4]..].to_vec();
    let block = bytes[starts[0]..starts[1]].to_vec();
    for tail in [vec![0], vec![1, 2, 3, 4, 5, 6], certificate, block] {
        let longer = [&bytes[..], &tail].concat();
        assert_eq!(failed(verify(&office, &longer)), ("archive-trailing".to_owned(), 4));
    }
}

#[test]
fn a_block_left_out_or_put_twice_is_named() {
    let office = Office::new();
    let Chain { bytes, starts } = chain();
    let without = [&bytes[..starts[1]], &bytes[starts[2]..]].concat();
    assert_eq!(failed(verify(&office, &without)).1, 2);
    let twice = [&bytes[..starts[2]], &bytes[starts[1]..]].concat();
    assert_eq!(failed(verify(&office, &twice)).1, 3);
}

#[test]
fn another_genesis_and_another_file_are_told_apart() {
    let office = Office::new();
    let bytes = chain().bytes;
    assert_eq!(
        failed(verify(&office, b"not an archive, but long enough to hold a head")).0,
        "archive-not-one"
    );
    assert_eq!(failed(verify(&office, b"")).0, "archive-not-one");
    office.put("a.archive", &bytes);
    let mut other = genesis();
    other.name = "Another consortium".parse().unwrap();
    office.put("other.json", &serde_json::to_vec(&other).unwrap());
    let (file, other) = (office.path("a.archive"), office.path("other.json"));
    let ran =
        office.run(&["verify", "archive", &file, "--genesis", &other]).ended(Exit::Unverified);
    assert!(ran.err.contains("not of this consortium"), "{}", ran.err);
    let ran = office.run(&["verify", "archive", &file, "--genesis", &file]).ended(Exit::Failed);
    assert!(ran.err.contains("is not a genesis"), "{}", ran.err);
    let missing = office.path("missing");
    office.run(&["verify", "archive", &missing, "--genesis", &other]).ended(Exit::Failed);
}

#[test]
fn validators_in_one_operators_hands_are_pointed_out() {
    let office = Office::new();
    let mut genesis = genesis();
    for member in &mut genesis.members[..2] {
        member.agency.operated_by = "Cloud contractor".parse().unwrap();
    }
    let consortium = genesis.id();
    let mut ledger = Ledger::new(&genesis).unwrap();
    let new = NewBlock { time: NOW, round: 0, parent: None };
    let built = ledger.build(&new, []);
    ledger.commit(&built.executed);
    let tip = ledger.tip();
    let mut certificate = certificate(tip.height, tip.hash);
    for signature in &mut certificate.signatures {
        let vote = comity_core::vote::Vote {
            kind: comity_core::vote::VoteKind::Precommit,
            height: tip.height,
            round: 0,
            value: Some(tip.hash),
            validator: signature.validator,
        };
        let keys = super::fixture::MEMBERS.map(|m| secret(m, KeyRole::Validator));
        let key = keys.iter().find(|key| key.public() == signature.validator).unwrap();
        signature.signature = key.sign_vote(&consortium, &vote);
    }
    let frames = [block_frame(&built.block), certificate_frame(&certificate)].concat();
    office.put("genesis.json", &serde_json::to_vec(&genesis).unwrap());
    let bytes = [head(&consortium), frames].concat();
    let ran = verify(&office, &bytes).ended(Exit::Done);
    assert_eq!(ran.json()["operators_with_a_third"], serde_json::json!(["Cloud contractor"]));
}
