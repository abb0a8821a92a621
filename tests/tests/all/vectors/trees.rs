//! Keys, roots and proofs of the state; roots, frontiers and proofs of the log.

use comity_core::agency::{Agency, Key, OfficialKeys};
use comity_core::assessment::{Assessment, AssessmentTerms};
use comity_core::batch::{Batch, BatchTree, BatchedAccess};
use comity_core::check_request::CheckRequest;
use comity_core::codes::PublishedCode;
use comity_core::dataset::{DatasetVersion, PublishedDataset};
use comity_core::dispute::{Dispute, DisputeAbout};
use comity_core::emergency::{Emergency, EmergencyAccess, EmergencyUse};
use comity_core::encoding::{Decode, Encode, decode, encode};
use comity_core::equivocation::{Place, Step};
use comity_core::gateway::GatewayNumbers;
use comity_core::genesis::Params;
use comity_core::governance::{Departure, Proposal, Roll};
use comity_core::grant::{Grant, Usage};
use comity_core::hash::{
    AnswerHash, Commitment, ConsortiumId, LeafHash, LogRoot, Purpose, StateRoot, leaf_hash,
};
use comity_core::ids::{AssessmentId, DisputeId, EmergencyId, ExchangeId, Height, LogIndex};
use comity_core::incident::Incident;
use comity_core::legs::answer_hash;
use comity_core::log_tree::{
    Frontier, consistency_proof, inclusion_path, verify_consistency, verify_inclusion,
};
use comity_core::oversight::{Draw, Finding};
use comity_core::request::Request;
use comity_core::sealed::Salt;
use comity_core::state::StateKey;
use comity_core::state_tree::{ProofError, StateProof, StateTree};
use comity_core::task_force::TaskForce;
use comity_core::text::AgencyId;
use comity_core::validators::ValidatorSet;
use serde::Deserialize;

use super::{Hex, Vectors, preimage, sha256};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Shared {
    consortium: ConsortiumId,
}

/// What names a report, and who filed it.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Report {
    by: AgencyId,
    terms: AssessmentTerms,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum State {
    Key(NamedKey),
    Single(Single),
    Tree(Tree),
    Refused(Refused),
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct NamedKey {
    key: String,
    name: String,
    bytes: Hex,
    value: Hex,
}

/// A tree of one key.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Single {
    of: Hex,
    value: Hex,
    path: Hex,
    value_hash: Hex,
    leaf: StateRoot,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Tree {
    set: String,
    pairs: Vec<(Hex, Hex)>,
    root: StateRoot,
    proofs: Vec<Proof>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Proof {
    key: Hex,
    value: Option<Hex>,
    proof: Hex,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Refused {
    what: String,
    root: StateRoot,
    key: Hex,
    value: Option<Hex>,
    proof: Hex,
    fault: String,
}

pub(super) fn check_state(vectors: &Vectors) {
    let Shared { consortium } = vectors.shared();
    vectors.each(|case: State| match case {
        State::Key(case) => check_key(&case),
        State::Single(case) => check_single(&consortium, case),
        State::Tree(case) => check_tree(&consortium, case),
        State::Refused(case) => {
            let proof: StateProof = decode(&case.proof.0, StateProof::MAX_SIZE_BYTES).unwrap();
            let value = case.value.as_ref().map(|value| value.0.as_slice());
            let refused = proof.verify(&consortium, &case.root, &case.key.0, value).unwrap_err();
            assert_eq!(proof_fault(&refused), case.fault, "{}", case.what);
        }
    });
}

/// An access in its batch, or the hash of an answer.
#[derive(Deserialize)]
#[serde(untagged)]
enum Leg {
    Batched(Box<InBatch>),
    Answered(Answered),
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct InBatch {
    batch: Batch,
    place: u32,
    access: BatchedAccess,
    commitment: Commitment,
    path: Vec<Hex>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Answered {
    exchange: ExchangeId,
    salt: Salt,
    answer: Hex,
    hash: AnswerHash,
}

pub(super) fn check_batches(vectors: &Vectors) {
    let Shared { consortium } = vectors.shared();
    let mut of_batch: Vec<Commitment> = Vec::new();
    let mut paths: Vec<Vec<[u8; 32]>> = Vec::new();
    vectors.each(|case: Leg| match case {
        Leg::Batched(case) => {
            assert_eq!(case.access.commitment(&consortium), case.commitment);
            let path: Vec<[u8; 32]> = case.path.iter().map(Hex::array::<32>).collect();
            assert_eq!(case.batch.verify(&consortium, case.place, &case.access, &path), Ok(()));
            let short = path.get(1..).unwrap_or_default();
            assert!(case.batch.verify(&consortium, case.place, &case.access, short).is_err());
            of_batch.push(case.commitment);
            paths.push(path);
            if of_batch.len() == usize::try_from(case.batch.count).unwrap() {
                let tree = BatchTree::new(of_batch.drain(..)).unwrap();
                assert_eq!(tree.batch(), case.batch);
                for (place, path) in (0..).zip(paths.drain(..)) {
                    assert_eq!(tree.path(place).unwrap(), path);
                }
            }
        }
        Leg::Answered(case) => {
            let found = answer_hash(&consortium, &case.exchange, &case.salt, &case.answer.0);
            assert_eq!(found, case.hash);
        }
    });
    assert!(of_batch.is_empty(), "every batch is whole");
}

/// A place as the vectors name it: the key, height, round and step.
fn place(name: &str) -> Place {
    let parts: Vec<&str> = name.split(' ').collect();
    let [key, height, round, "precommit"] = parts[..] else { panic!("another step: {name}") };
    Place {
        validator: key.parse().unwrap(),
        height: Height(height.parse().unwrap()),
        round: round.parse().unwrap(),
        step: Step::Precommit,
    }
}

fn is_a<T: Encode + Decode<()>>(value: &[u8]) {
    assert!(decode::<T>(value, value.len()).is_ok(), "the value is of its key's type");
}

fn check_key(case: &NamedKey) {
    let (name, value) = (&case.name, case.value.0.as_slice());
    let (bytes, holds): (Vec<u8>, fn(&[u8])) = match case.key.as_str() {
        "params" => (StateKey::Params.to_bytes(), is_a::<Params>),
        "competent-authority" => (StateKey::CompetentAuthority.to_bytes(), is_a::<AgencyId>),
        "validators" => (StateKey::Validators.to_bytes(), is_a::<ValidatorSet>),
        "agency" => (StateKey::Agency(&name.parse().unwrap()).to_bytes(), is_a::<Agency>),
        "key" => (StateKey::Key(&name.parse().unwrap()).to_bytes(), is_a::<Key>),
        "matter" => (StateKey::Matter(&name.parse().unwrap()).to_bytes(), is_a::<PublishedCode>),
        "duty-basis" => {
            (StateKey::DutyBasis(&name.parse().unwrap()).to_bytes(), is_a::<PublishedCode>)
        }
        "dataset" => {
            (StateKey::Dataset(&name.parse().unwrap()).to_bytes(), is_a::<PublishedDataset>)
        }
        "grant" => (StateKey::Grant(name.parse().unwrap()).to_bytes(), is_a::<Grant>),
        "request" => (StateKey::Request(name.parse().unwrap()).to_bytes(), is_a::<Request>),
        "proposal" => (StateKey::Proposal(name.parse().unwrap()).to_bytes(), is_a::<Proposal>),
        "roll" => (StateKey::Roll.to_bytes(), is_a::<Roll>),
        "departure" => (StateKey::Departure(&name.parse().unwrap()).to_bytes(), is_a::<Departure>),
        "official-keys" => {
            (StateKey::OfficialKeys(&name.parse().unwrap()).to_bytes(), is_a::<OfficialKeys>)
        }
        "protocol-version" => (StateKey::ProtocolVersion.to_bytes(), is_a::<u16>),
        "equivocation" => (StateKey::Equivocation(&place(name)).to_bytes(), is_a::<LogIndex>),
        "dataset-version" => {
            let (id, version) = name.split_once(' ').unwrap();
            let (id, version) = (id.parse().unwrap(), version.parse().unwrap());
            (StateKey::DatasetVersion(&id, version).to_bytes(), is_a::<DatasetVersion>)
        }
        "gateway-numbers" => {
            (StateKey::GatewayNumbers(&name.parse().unwrap()).to_bytes(), is_a::<GatewayNumbers>)
        }
        "check-request" => {
            (StateKey::CheckRequest(name.parse().unwrap()).to_bytes(), is_a::<CheckRequest>)
        }
        "dispute" => (StateKey::Dispute(name.parse().unwrap()).to_bytes(), is_a::<Dispute>),
        "last-dispute" => {
            let request = name.strip_prefix("request ").unwrap().parse().unwrap();
            let about = DisputeAbout::Request(request);
            (StateKey::LastDispute(about).to_bytes(), is_a::<DisputeId>)
        }
        "draw" => (StateKey::Draw(name.parse().unwrap()).to_bytes(), is_a::<Draw>),
        "finding" => (StateKey::Finding(name.parse().unwrap()).to_bytes(), is_a::<Finding>),
        "assessment" => {
            (StateKey::Assessment(name.parse().unwrap()).to_bytes(), is_a::<Assessment>)
        }
        "reported" => {
            let Report { by, terms } = serde_json::from_str(name).unwrap();
            (StateKey::Reported(&by, &terms).to_bytes(), is_a::<AssessmentId>)
        }
        "incident" => (StateKey::Incident(name.parse().unwrap()).to_bytes(), is_a::<Incident>),
        "task-force" => (StateKey::TaskForce(name.parse().unwrap()).to_bytes(), is_a::<TaskForce>),
        "member-usage" => {
            let (id, agency) = name.split_once(' ').unwrap();
            let (id, agency) = (id.parse().unwrap(), agency.parse().unwrap());
            (StateKey::MemberUsage(id, &agency).to_bytes(), is_a::<Usage>)
        }
        "usage" => (StateKey::Usage(name.parse().unwrap()).to_bytes(), is_a::<Usage>),
        other => emergency_key(other, name),
    };
    assert_eq!(bytes, case.bytes.0);
    holds(value);
}

/// Where what belongs to an emergency lies.
fn emergency_key(kind: &str, name: &str) -> (Vec<u8>, fn(&[u8])) {
    match kind {
        "emergency" => (StateKey::Emergency(name.parse().unwrap()).to_bytes(), is_a::<Emergency>),
        "recent-emergencies" => (StateKey::RecentEmergencies.to_bytes(), is_a::<Vec<EmergencyId>>),
        "emergency-access" => {
            let (id, access) = name.split_once(' ').unwrap();
            let (id, access) = (id.parse().unwrap(), LogIndex(access.parse().unwrap()));
            (StateKey::EmergencyAccess(id, access).to_bytes(), is_a::<EmergencyAccess>)
        }
        "emergency-use" => {
            let (id, agency) = name.split_once(' ').unwrap();
            let (id, agency) = (id.parse().unwrap(), agency.parse().unwrap());
            (StateKey::EmergencyUse(id, &agency).to_bytes(), is_a::<EmergencyUse>)
        }
        "emergency-exchange" => {
            let exchange = name.parse().unwrap();
            (StateKey::EmergencyExchange(&exchange).to_bytes(), is_a::<LogIndex>)
        }
        "emergency-recipient" => {
            let mut parts = name.split(' ');
            let mut part = || parts.next().unwrap();
            let (id, agency) = (part().parse().unwrap(), part().parse().unwrap());
            let dataset = part().parse().unwrap();
            let key = StateKey::EmergencyRecipient(id, &agency, &dataset);
            (key.to_bytes(), is_a::<LogIndex>)
        }
        other => panic!("no state key {other}"),
    }
}

/// The tree gives its root alone, so path and value hash are put together here.
fn check_single(consortium: &ConsortiumId, case: Single) {
    let Single { of, value, path, value_hash, leaf } = case;
    let hash = |purpose: Purpose, body: &[u8]| sha256(&preimage(purpose.tag(), consortium, body));
    assert_eq!(hash(Purpose::StateKey, &of.0).to_vec(), path.0);
    assert_eq!(hash(Purpose::StateValue, &value.0).to_vec(), value_hash.0);
    assert_eq!(hash(Purpose::StateLeaf, &[path.0, value_hash.0].concat()), *leaf.as_bytes());
    assert_eq!(StateTree::new(consortium).with([(of.0, value.0)]).root(), leaf);
}

fn check_tree(consortium: &ConsortiumId, case: Tree) {
    let Tree { set, pairs, root, proofs } = case;
    let tree = StateTree::new(consortium).with(pairs.into_iter().map(|(k, v)| (k.0, v.0)));
    assert_eq!(tree.root(), root, "{set}");
    for Proof { key, value, proof } in proofs {
        let value = value.as_ref().map(|value| value.0.as_slice());
        assert_eq!(tree.get(&key.0), value, "{set}");
        assert_eq!(encode(&tree.prove(&key.0)), proof.0, "{set}");
        let proof: StateProof = decode(&proof.0, StateProof::MAX_SIZE_BYTES).unwrap();
        proof.verify(consortium, &root, &key.0, value).unwrap();
    }
}

fn proof_fault(error: &ProofError) -> &'static str {
    match error {
        ProofError::TooManySiblings { .. } => "too-many-siblings",
        ProofError::ShowsAbsence => "shows-absence",
        ProofError::ShowsValue => "shows-value",
        ProofError::MisplacedLeaf => "misplaced",
        ProofError::RootMismatch => "root",
    }
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Log {
    Leaf(Leaf),
    Size(Size),
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Leaf {
    entry: Hex,
    leaf: LeafHash,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Size {
    size: u64,
    root: LogRoot,
    frontier: Hex,
    inclusion: Vec<Inclusion>,
    consistency: Vec<Consistency>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Inclusion {
    index: u64,
    path: Vec<Hex>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Consistency {
    first: u64,
    proof: Vec<Hex>,
}

/// The log whose entries are `entry 0`, `entry 1` …
fn leaf(index: u64) -> LeafHash {
    leaf_hash(format!("entry {index}").as_bytes())
}

/// The frontier over some of these entries.
fn frontier(entries: std::ops::Range<u64>) -> Frontier {
    let mut frontier = Frontier::new();
    entries.for_each(|index| frontier.push(leaf(index)));
    frontier
}

pub(super) fn check_log(vectors: &Vectors) {
    vectors.each(|case: Log| match case {
        Log::Leaf(Leaf { entry, leaf }) => assert_eq!(leaf_hash(&entry.0), leaf),
        Log::Size(case) => check_size(&case),
    });
}

fn check_size(case: &Size) {
    let Size { size, root, frontier: expected, inclusion, consistency } = case;
    let log = frontier(0..*size);
    assert_eq!((log.size(), log.root()), (*size, *root));
    assert_eq!(encode(&log), expected.0);
    assert_eq!(decode::<Frontier>(&expected.0, expected.0.len()), Ok(log));
    let subtree = |level: u32, index: u64| {
        let width = 1u64 << level;
        Some(frontier(index * width..(index + 1) * width).root().0)
    };
    let hashes = |path: &[Hex]| path.iter().map(Hex::array::<32>).collect::<Vec<_>>();
    for Inclusion { index, path } in inclusion {
        let path = hashes(path);
        assert_eq!(inclusion_path(*index, *size, subtree), Ok(path.clone()));
        verify_inclusion(&leaf(*index), *index, *size, &path, root).unwrap();
    }
    for Consistency { first, proof } in consistency {
        let (proof, earlier) = (hashes(proof), frontier(0..*first).root());
        assert_eq!(consistency_proof(*first, *size, subtree), Ok(proof.clone()));
        verify_consistency(*first, &earlier, *size, root, &proof).unwrap();
    }
}
