//! Bytes that are no acceptable record, whatever the state: every way, by every bit. Longer than 500 lines because the tables
//! of all faults stand in one place.

use comity_core::access::{AccessRefusal, Attempt};
use comity_core::agency::{KeyAlgorithm, KeyRole};
use comity_core::batch::{Batch, MAX_BATCH};
use comity_core::codes::CodeList;
use comity_core::dataset::{DeliveryMode, Items};
use comity_core::dispute::DisputeAbout;
use comity_core::emergency::Verdict;
use comity_core::encoding::{DecodeError, decode, encode};
use comity_core::equivocation::Equivocation;
use comity_core::genesis::Params;
use comity_core::governance::Choice;
use comity_core::grant::GrantTerms;
use comity_core::hash::{BatchRoot, Commitment, ConsortiumId, HeaderHash};
use comity_core::ids::{
    CheckId, DisputeId, EmergencyId, GrantId, IncidentId, LogIndex, ProposalId, RequestId,
};
use comity_core::keys::{Signature, SignatureError};
use comity_core::late::LateAccess;
use comity_core::legs::Acknowledgement;
use comity_core::rule_pack::Clock;
use comity_core::statement::{
    Action, Capacity, MAX_RECORD_BYTES, MAX_SEALED, MAX_SIGNERS, RecordError, SignedRecord,
    Statement, StatementSigner, VerifiedRecord,
};

use crate::acts::{AUTHORITY, asking, entry};
use crate::equivocations::{accusing, votes};
use crate::source::{assert_complete, parts, variant};
use crate::story::{
    CIVIL, Draft, FINANCE, HEALTH, Story, dataset, dataset_id, new_key, secret, signed_by,
    signed_by_officer, terms, text,
};
use crate::{assessments, checks, disputes, incidents, overseen, task_forces};

const SOURCE: &str = include_str!("../../src/statement.rs");
const ACTIONS: &str = include_str!("../../src/statement/action.rs");
const ENCODING: &str = include_str!("../../src/encoding.rs");

/// Bytes that are refused, and why.
type Case = fn(&mut Story) -> (Vec<u8>, RecordError);

const OTHER: ConsortiumId = ConsortiumId([9; 32]);

/// Bytes that cannot be read.
const DECODING: &[Case] = &[
    |story| {
        let mut bytes = publication(story).signed().to_bytes();
        bytes.resize(MAX_RECORD_BYTES + 1, 0);
        let (size, limit) = (MAX_RECORD_BYTES + 1, MAX_RECORD_BYTES);
        (bytes, DecodeError::Oversized { size, limit }.into())
    },
    |story| {
        let mut bytes = publication(story).signed().to_bytes();
        bytes.pop();
        (bytes, DecodeError::Truncated.into())
    },
    |_| (Vec::new(), DecodeError::Truncated.into()),
    |story| {
        let mut bytes = publication(story).signed().to_bytes();
        bytes.push(0);
        (bytes, DecodeError::Trailing { count: 1 }.into())
    },
    |story| {
        // Two delivery modes in the wrong order: the same set, spelt otherwise.
        let draft = publication(story);
        let (in_order, reversed) = (encode(&dataset().modes), encode(&[1u32, 0u32]));
        let reversed = [&2u64.to_le_bytes()[..], &reversed].concat();
        assert_eq!(in_order.len(), reversed.len());
        (
            replaced(draft.signed().to_bytes(), &in_order, &reversed),
            DecodeError::NotCanonical.into(),
        )
    },
    |story| {
        let bytes = publication(story).signed().to_bytes();
        let hidden = "居民登\u{202E}".as_bytes();
        let reason = "this text may not contain U+202E (at byte 9)".to_owned();
        (replaced(bytes, "居民登记".as_bytes(), hidden), DecodeError::Malformed { reason }.into())
    },
];

/// Records that can be read and are wrong in themselves.
const FORM: &[Case] = &[
    |story| {
        let mut draft = publication(story);
        draft.statement.version = 2;
        (draft.signed().to_bytes(), RecordError::Version { found: 2 })
    },
    |story| {
        let mut draft = publication(story);
        draft.statement.consortium = OTHER;
        let expected = story.consortium();
        (draft.signed().to_bytes(), RecordError::Consortium { found: OTHER, expected })
    },
    |story| {
        let mut draft = publication(story);
        (draft.statement.signers, draft.keys) = (Vec::new(), Vec::new());
        (draft.signed().to_bytes(), RecordError::Signers)
    },
    |story| {
        let draft = signed_by_many(story, MAX_SIGNERS + 1);
        (draft.signed().to_bytes(), RecordError::Signers)
    },
    |story| {
        let mut draft = signed_by_many(story, 2);
        draft.statement.signers[1].key = draft.statement.signers[0].key;
        draft.keys[1] = draft.keys[0].clone();
        (draft.signed().to_bytes(), RecordError::Signers)
    },
    |story| {
        let mut draft = publication(story);
        draft.statement.sealed = vec![Commitment([1; 32]); MAX_SEALED + 1];
        (draft.signed().to_bytes(), RecordError::Sealed)
    },
    |story| {
        let mut draft = publication(story);
        draft.keys.push(new_key(1));
        let (signers, signatures) = (1, 2);
        (draft.signed().to_bytes(), RecordError::SignatureCount { signers, signatures })
    },
    |story| {
        let mut draft = signed_by_many(story, 3);
        draft.keys.pop();
        let (signers, signatures) = (3, 2);
        (draft.signed().to_bytes(), RecordError::SignatureCount { signers, signatures })
    },
];

/// Signatures that do not verify.
const SIGNATURES: &[Case] = &[
    |story| {
        let mut draft = publication(story);
        draft.keys = vec![new_key(1)];
        (draft.signed().to_bytes(), bad_signature(1, CIVIL))
    },
    |story| {
        // Each signature is genuine, but they stand in the wrong order.
        let mut draft = signed_by_many(story, 2);
        draft.keys.reverse();
        (draft.signed().to_bytes(), bad_signature(1, HEALTH))
    },
    |story| {
        // A signature of the same key over something else of the same consortium.
        let draft = publication(story);
        let mut signed = draft.signed();
        let (agency, role) = (CIVIL.parse().unwrap(), KeyRole::Steward);
        signed.signatures[0] = draft.keys[0].sign_possession(&story.consortium(), &agency, role);
        (signed.to_bytes(), bad_signature(1, CIVIL))
    },
    |story| {
        let key = new_key(1);
        let agency = HEALTH.parse().unwrap();
        let possession = key.sign_possession(&story.consortium(), &agency, KeyRole::Officer);
        (registration(story, possession), RecordError::Possession(SignatureError::Invalid))
    },
    |story| {
        let key = new_key(1);
        let agency = CIVIL.parse().unwrap();
        let possession = key.sign_possession(&story.consortium(), &agency, KeyRole::Steward);
        (registration(story, possession), RecordError::Possession(SignatureError::Invalid))
    },
    |story| {
        let attempt = Attempt { consortium: OTHER, ..story.attempt(GrantId(LogIndex(1))) };
        let action = story.recording(&signed_by_officer(attempt));
        let draft = story.draft(CIVIL, KeyRole::Gateway, action);
        (draft.signed().to_bytes(), RecordError::AttemptConsortium)
    },
    |story| {
        let items = Items::Only([].into());
        let attempt = Attempt { items, ..story.attempt(GrantId(LogIndex(1))) };
        let action = story.recording(&signed_by_officer(attempt));
        let draft = story.draft(CIVIL, KeyRole::Gateway, action);
        (draft.signed().to_bytes(), RecordError::AttemptWithoutItems)
    },
    |story| {
        let sealed = vec![Commitment([1; 32]); MAX_SEALED + 1];
        let attempt = Attempt { sealed, ..story.attempt(GrantId(LogIndex(1))) };
        let action = story.recording(&signed_by_officer(attempt));
        let draft = story.draft(CIVIL, KeyRole::Gateway, action);
        (draft.signed().to_bytes(), RecordError::AttemptSealed)
    },
    |story| {
        let batch = Some(Batch { count: 1, root: BatchRoot([1; 32]) });
        let attempt = Attempt { batch, ..story.attempt(GrantId(LogIndex(1))) };
        let action = story.recording(&signed_by_officer(attempt));
        let draft = story.draft(CIVIL, KeyRole::Gateway, action);
        (draft.signed().to_bytes(), RecordError::AttemptBatch)
    },
    |story| {
        let batch = Some(Batch { count: MAX_BATCH + 1, root: BatchRoot([1; 32]) });
        let attempt = Attempt { batch, ..story.attempt(GrantId(LogIndex(1))) };
        let action = story.recording(&signed_by_officer(attempt));
        let draft = story.draft(CIVIL, KeyRole::Gateway, action);
        (draft.signed().to_bytes(), RecordError::AttemptBatch)
    },
    |story| {
        let late = story.unsent(EmergencyId(LogIndex(1)));
        let late = LateAccess { number: late.number + 1, ..late };
        let fault = RecordError::LateSignature(SignatureError::Invalid);
        (taking_in(story, late), fault)
    },
    |story| {
        let attempt = signed_by_officer(story.attempt(GrantId(LogIndex(1))));
        let late = story.unsent_of(&attempt);
        (taking_in(story, late), RecordError::LateNotUrgent)
    },
    |story| {
        let attempt = signed_by(&new_key(1), story.attempt(GrantId(LogIndex(1))));
        let action = story.recording(&attempt);
        let draft = story.draft(CIVIL, KeyRole::Gateway, action);
        let fault = RecordError::AttemptSignature(SignatureError::Invalid);
        (draft.signed().to_bytes(), fault)
    },
    |story| {
        // What the officer signed, with one thing changed by the gateway.
        let mut attempt = signed_by_officer(story.attempt(GrantId(LogIndex(1))));
        attempt.attempt.mode = DeliveryMode::Batch;
        let action = story.recording(&attempt);
        let draft = story.draft(CIVIL, KeyRole::Gateway, action);
        let fault = RecordError::AttemptSignature(SignatureError::Invalid);
        (draft.signed().to_bytes(), fault)
    },
    |story| {
        let equal = votes(&secret(CIVIL, KeyRole::Validator), Some(HeaderHash([1; 32])));
        (accusation(story, equal), RecordError::NoEquivocation)
    },
    |story| {
        // What one node signed, said to be another's.
        let mut forged = votes(&secret(CIVIL, KeyRole::Validator), None);
        if let Equivocation::Votes { first, second, .. } = &mut forged {
            let key = secret(HEALTH, KeyRole::Validator).public();
            (first.validator, second.validator) = (key, key);
        }
        let fault = RecordError::EquivocationSignature(SignatureError::Invalid);
        (accusation(story, forged), fault)
    },
];

fn accusation(story: &mut Story, equivocation: Equivocation) -> Vec<u8> {
    let action = Action::RecordEquivocation { equivocation };
    story.draft(CIVIL, KeyRole::Validator, action).signed().to_bytes()
}

fn all_cases() -> impl Iterator<Item = Case> {
    [DECODING, FORM, SIGNATURES].into_iter().flatten().copied()
}

fn taking_in(story: &mut Story, record: LateAccess) -> Vec<u8> {
    let record = Box::new(record);
    let action = Action::EmbedLate { record, missing: [].into(), against: None };
    story.draft(CIVIL, KeyRole::Gateway, action).signed().to_bytes()
}

fn publication(story: &mut Story) -> Draft {
    story.draft(CIVIL, KeyRole::Steward, Action::PublishDataset { dataset: dataset() })
}

/// A statement of so many signers, the first one health's.
fn signed_by_many(story: &mut Story, count: usize) -> Draft {
    let mut draft = publication(story);
    draft.keys = (0..count).map(|number| new_key(u8::try_from(number).unwrap())).collect();
    let signer = |key: &comity_core::keys::SecretKey| StatementSigner {
        agency: HEALTH.parse().unwrap(),
        key: key.public(),
        role: KeyRole::Steward,
        capacity: Capacity::Agency,
    };
    draft.statement.signers = draft.keys.iter().map(signer).collect();
    draft
}

/// The registration of a new officer's key of civil's, with this proof of possession.
fn registration(story: &mut Story, possession: Signature) -> Vec<u8> {
    let action = Action::RegisterKey {
        key: new_key(1).public(),
        algorithm: KeyAlgorithm::Ed25519,
        role: KeyRole::Officer,
        post: text("A post"),
        valid_until: None,
        possession,
    };
    story.draft(CIVIL, KeyRole::Admin, action).signed().to_bytes()
}

fn bad_signature(position: usize, agency: &str) -> RecordError {
    let agency = agency.parse().unwrap();
    RecordError::Signature { position, agency, source: SignatureError::Invalid }
}

/// `bytes` with the one place where `old` stands overwritten by `new`.
fn replaced(mut bytes: Vec<u8>, old: &[u8], new: &[u8]) -> Vec<u8> {
    let places: Vec<usize> =
        bytes.windows(old.len()).enumerate().filter(|(_, w)| *w == old).map(|(at, _)| at).collect();
    let [at] = places[..] else { panic!("it stands at {places:?}") };
    bytes.splice(at..at + old.len(), new.iter().copied());
    bytes
}

#[test]
fn each_fault_of_a_record_is_named() {
    for case in all_cases() {
        let mut story = Story::new(Params::default());
        let (bytes, fault) = case(&mut story);
        assert_eq!(VerifiedRecord::verify(&bytes, &story.consortium()), Err(fault));
    }
}

#[test]
fn no_fault_of_a_record_is_without_a_case() {
    let faults = all_cases().map(|case| case(&mut Story::new(Params::default())).1);
    let (mut records, mut decoding) = (Vec::new(), Vec::new());
    for fault in faults {
        records.push(variant(&fault));
        if let RecordError::Decode(inner) = &fault {
            decoding.push(variant(inner));
        }
    }
    assert_complete(&parts(SOURCE, "pub enum RecordError"), records);
    assert_complete(&parts(ENCODING, "pub enum DecodeError"), decoding);
}

#[test]
fn faults_of_records_have_distinct_names() {
    let mut names = std::collections::BTreeMap::new();
    for case in all_cases() {
        let fault = case(&mut Story::new(Params::default())).1;
        let kind = match &fault {
            RecordError::Decode(inner) => variant(inner),
            other => variant(other),
        };
        let known = names.entry(fault.rule()).or_insert_with(|| kind.clone());
        assert_eq!(*known, kind, "{} names two faults", fault.rule());
    }
}

/// One record of each kind.
fn one_of_each(story: &mut Story) -> Vec<VerifiedRecord> {
    let (grant, request) = (GrantId(LogIndex(1)), RequestId(LogIndex(2)));
    let (check, incident) = (CheckId(LogIndex(4)), IncidentId(LogIndex(5)));
    let dispute = DisputeId(LogIndex(6));
    let key = new_key(1);
    let attempt = signed_by_officer(story.attempt(grant));
    let refusal = comity_core::access::AccessRefusal::NoSuchGrant { grant };
    let exchange = attempt.attempt.exchange;
    let received = Acknowledgement { access: LogIndex(3), exchange, digest: None, count: 1 };
    let receipt = Action::AcknowledgeAccess { grant: grant.into(), accesses: vec![received] };
    let receipt = story.record(FINANCE, KeyRole::Gateway, receipt);
    let overseen = overseen::one_of_each().map(|act| story.record(HEALTH, KeyRole::Auditor, act));
    let assessed =
        assessments::one_of_each().map(|act| story.record(HEALTH, KeyRole::Auditor, act));
    let urgent = in_emergency(story);
    let others = vec![
        story.register(CIVIL, KeyRole::Officer, &key, Some(story.now.plus(1_000))),
        story.revoke_key(CIVIL, &key),
        story.steward(Action::PublishDataset { dataset: dataset() }),
        story.steward(Action::IssueGrant { terms: GrantTerms { total_quota: Some(7), ..terms() } }),
        story.revoke_grant(grant),
        story.access_of(&attempt),
        story.denial_of(&attempt, refusal),
        story.steward(Action::AmendDataset { dataset: dataset(), version: 1 }),
        story.withdrawal(),
        story.pause(),
        story.resumption(dataset_id()),
        story.pause_grant(grant),
        story.resume_grant(grant),
        story.officer(Action::OpenRequest { terms: asking(terms()) }),
        story.steward(Action::ApproveRequest { request, terms: terms() }),
        story.refusal(request),
        story.taking_back(request),
        story.officer(Action::UrgeRequest { request }),
        story.listing(CodeList::Matters, vec![entry("PENSIONS")]),
        story.delisting(CodeList::DutyBases, "ACT-12"),
        story.proposing(CIVIL, story.replacement(CIVIL, KeyRole::Admin, &new_key(2))),
        story.ballot(HEALTH, ProposalId(LogIndex(5)), Choice::Against),
        accusing(story, votes(&secret(HEALTH, KeyRole::Validator), None)),
        story.reviewing(request, "no duty is named"),
        story.extending(request, 3),
        story.delivering(grant),
        story.refreshing(),
        story.publishing(story.calendar(0, 60)),
        story.ruling(story.pack(&[(Clock::Delivery, 20)])),
        story.narrowing(grant, terms(), 1),
        story.extending_grant(grant, terms(), 1),
        story.passing_on(grant, terms()),
        story.fulfilling(CIVIL, grant, 1),
        receipt,
        story.claiming(checks::claim()),
        story.offering(CIVIL, check, HEALTH),
        story.accepting(HEALTH, check),
        story.declining(HEALTH, check),
        story.upholding(check),
        story.correcting(CIVIL, check),
        story.reporting(FINANCE, incidents::leak()),
        story.telling(FINANCE, incident),
        story.closing(FINANCE, incident),
        story.disputing(DisputeAbout::Request(request)),
        story.replying(dispute, disputes::anew()),
        story.escalating(dispute),
        story.deciding(AUTHORITY, dispute, disputes::anew()),
    ];
    let together = task_forces::one_of_each(story);
    others.into_iter().chain(urgent).chain(together).chain(overseen).chain(assessed).collect()
}

/// What is recorded about an emergency.
fn in_emergency(story: &mut Story) -> [VerifiedRecord; 5] {
    let emergency = EmergencyId(LogIndex(4));
    let late = story.unsent(emergency);
    let declared = Action::DeclareEmergency { terms: story.flood() };
    let ended = Action::EndEmergency { emergency, reason: text("The water has gone") };
    let (verdict, said) = (Verdict::Excessive, text("Wider than it had to be"));
    let reviewed = Action::ReviewEmergency { emergency, verdict, text: said };
    let (accesses, basis) = ([LogIndex(5), LogIndex(6)].into(), "ACT-12".parse().unwrap());
    let said = text("Forty people on a roof");
    let justified = Action::JustifyAccess { emergency, accesses, basis, text: said };
    [
        story.record(AUTHORITY, KeyRole::Steward, declared),
        story.record(AUTHORITY, KeyRole::Steward, ended),
        story.record(HEALTH, KeyRole::Auditor, reviewed),
        story.record(FINANCE, KeyRole::Steward, justified),
        story.embedding(&late, [3], Some(AccessRefusal::ExchangeUsed)),
    ]
}

#[test]
fn one_of_each_is_one_of_each() {
    let mut story = Story::new(Params::default());
    let records = one_of_each(&mut story);
    let kinds = records.iter().map(|record| variant(&record.statement().action));
    assert_complete(&parts(ACTIONS, "pub enum Action"), kinds);
}

#[test]
fn any_flipped_bit_of_a_signed_record_is_detected() {
    let mut story = Story::new(Params::default());
    let consortium = story.consortium();
    for record in one_of_each(&mut story) {
        let kind = record.statement().action.kind();
        let mut bytes = record.bytes().to_vec();
        for bit in 0..bytes.len() * 8 {
            bytes[bit / 8] ^= 1 << (bit % 8);
            assert!(VerifiedRecord::verify(&bytes, &consortium).is_err(), "{kind}, bit {bit}");
            bytes[bit / 8] ^= 1 << (bit % 8);
        }
        assert_eq!(VerifiedRecord::verify(&bytes, &consortium), Ok(record));
    }
}

#[test]
fn a_record_cut_short_anywhere_is_refused() {
    let mut story = Story::new(Params::default());
    let consortium = story.consortium();
    for record in one_of_each(&mut story) {
        for end in 0..record.bytes().len() {
            assert!(VerifiedRecord::verify(&record.bytes()[..end], &consortium).is_err());
        }
    }
}

#[test]
fn records_and_statements_decode_to_what_was_encoded() {
    let mut story = Story::new(Params::default());
    for record in one_of_each(&mut story) {
        let signed: SignedRecord = decode(record.bytes(), MAX_RECORD_BYTES).unwrap();
        assert_eq!(signed, *record.record());
        assert_eq!(signed.to_bytes(), **record.bytes());
        let statement = encode(&signed.statement);
        assert_eq!(decode::<Statement>(&statement, MAX_RECORD_BYTES), Ok(signed.statement));
    }
}

#[test]
fn the_most_signers_and_seals_are_still_accepted() {
    let mut story = Story::new(Params::default());
    let mut draft = signed_by_many(&mut story, MAX_SIGNERS);
    draft.statement.sealed = vec![Commitment([1; 32]); MAX_SEALED];
    assert_eq!(draft.verified().record().signatures.len(), MAX_SIGNERS);
}

#[test]
fn sealed_details_change_the_statement_and_no_rule_reads_them() {
    let mut story = Story::new(Params::default());
    let mut draft = publication(&mut story);
    let plain = draft.verified();
    draft.statement.sealed = vec![Commitment([7; 32])];
    let sealed = draft.verified();
    assert_ne!(plain.id(), sealed.id());
    let [plain, sealed] = [plain, sealed].map(|record| story.build(vec![record]).executed);
    assert_eq!(plain.header.state_root, sealed.header.state_root);
    assert_ne!(plain.header.log_root, sealed.header.log_root);
}

#[test]
fn a_record_of_one_consortium_means_nothing_in_another() {
    let mut story = Story::new(Params::default());
    let mut other = story.genesis.clone();
    other.name = text("Another consortium");
    let found = story.consortium();
    for record in one_of_each(&mut story) {
        let refused = VerifiedRecord::verify(record.bytes(), &other.id());
        assert_eq!(refused, Err(RecordError::Consortium { found, expected: other.id() }));
        // Nor when it is relabelled: the signature was made for the first one.
        let mut relabelled = record.record().clone();
        relabelled.statement.consortium = other.id();
        let refused = VerifiedRecord::verify(&relabelled.to_bytes(), &other.id());
        assert!(refused.is_err(), "{refused:?}");
    }
}
