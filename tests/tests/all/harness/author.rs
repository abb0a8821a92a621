//! People and machines that sign, by the core alone: what they sign may be as wrong as a test
//! wants it.
//! Holds: no two statements have the same nonce, no two new keys the same seed.

use std::collections::BTreeMap;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{SystemTime, UNIX_EPOCH};

use comity_core::access::{AccessRefusal, SignedAttempt};
use comity_core::agency::KeyAlgorithm;
pub(crate) use comity_core::agency::KeyRole as Role;
use comity_core::dataset::{Dataset, DeliveryMode, Grade, Items, Openness, Sharing};
use comity_core::grant::GrantTerms;
use comity_core::hash::ConsortiumId;
use comity_core::ids::{DatasetId, Nonce, TimeMs};
use comity_core::key_file::KeyFile;
use comity_core::keys::{PublicKey, SecretKey};
use comity_core::statement::{
    Action, Capacity, STATEMENT_VERSION, SignedRecord, Statement, StatementSigner,
};

/// How long a statement may wait for its commit (ms).
const VALIDITY_MS: u64 = 10 * 60 * 1000;

static DRAWN: AtomicU64 = AtomicU64::new(0);
/// The last number of each gateway.
static NUMBERS: Mutex<BTreeMap<PublicKey, u64>> = Mutex::new(BTreeMap::new());

/// One who signs.
#[derive(Clone, Debug)]
pub(crate) struct Author {
    pub(crate) consortium: ConsortiumId,
    pub(crate) agency: String,
    pub(crate) role: Role,
    pub(crate) key: SecretKey,
}

/// This machine's time.
pub(crate) fn now() -> TimeMs {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
    TimeMs(u64::try_from(since.as_millis()).unwrap())
}

/// Bytes that nothing else in this process draws.
pub(crate) fn drawn<const N: usize>() -> [u8; N] {
    let mut bytes = [7; N];
    bytes[..8].copy_from_slice(&DRAWN.fetch_add(1, Ordering::Relaxed).to_le_bytes());
    bytes
}

impl Author {
    /// The holder of a key file.
    pub(crate) fn of_key_file(consortium: ConsortiumId, file: &[u8]) -> Author {
        let file: KeyFile = serde_json::from_slice(file).unwrap();
        let (agency, role, key) = (file.agency.to_string(), file.role, file.secret().unwrap());
        Author { consortium, agency, role, key }
    }

    /// Someone of the same agency, with a new key that is on no ledger.
    pub(crate) fn colleague(&self, role: Role) -> Author {
        Author { role, key: SecretKey::from_seed(&drawn()), ..self.clone() }
    }

    /// A statement by this author alone.
    pub(crate) fn statement(&self, action: Action) -> Statement {
        let signer = StatementSigner {
            agency: self.agency.parse().unwrap(),
            key: self.key.public(),
            role: self.role,
            capacity: Capacity::Agency,
        };
        Statement {
            version: STATEMENT_VERSION,
            consortium: self.consortium,
            nonce: Nonce(drawn()),
            valid_until: now().plus(VALIDITY_MS),
            signers: vec![signer],
            sealed: vec![],
            action,
        }
    }

    /// A statement with this author's signature.
    pub(crate) fn sign(&self, statement: Statement) -> SignedRecord {
        SignedRecord { signatures: vec![self.key.sign_statement(&statement)], statement }
    }

    /// The next number of this gateway's records.
    pub(crate) fn number(&self) -> u64 {
        let mut numbers = NUMBERS.lock().unwrap();
        let last = numbers.entry(self.key.public()).or_default();
        *last += 1;
        *last
    }

    /// As a gateway: a record of an access.
    pub(crate) fn access(&self, attempt: SignedAttempt) -> Vec<u8> {
        self.record(Action::RecordAccess { attempt, number: self.number(), answer: None })
    }

    /// As a gateway: a record of a denial.
    pub(crate) fn denial(&self, attempt: SignedAttempt, refusal: AccessRefusal) -> Vec<u8> {
        self.record(Action::RecordDenial { attempt, refusal, number: self.number() })
    }

    /// The bytes of a record by this author.
    pub(crate) fn record(&self, action: Action) -> Vec<u8> {
        self.sign(self.statement(action)).to_bytes()
    }

    /// As an admin: a record that registers a new key, and who holds that key.
    pub(crate) fn register(&self, role: Role) -> (Vec<u8>, Author) {
        let person = self.colleague(role);
        let possession =
            person.key.sign_possession(&self.consortium, &self.agency.parse().unwrap(), role);
        let (key, post) = (person.key.public(), "Registry, desk 3".parse().unwrap());
        let algorithm = KeyAlgorithm::Ed25519;
        let action =
            Action::RegisterKey { key, role, algorithm, post, valid_until: None, possession };
        (self.record(action), person)
    }

    /// As a steward: publishes a dataset of the own agency.
    pub(crate) fn publish(&self, slug: &str) -> Vec<u8> {
        let dataset = dataset(&format!("{}/{slug}", self.agency));
        self.record(Action::PublishDataset { dataset })
    }

    /// As a steward: grants a dataset to an agency.
    pub(crate) fn grant(&self, dataset: &str, requester: &str) -> Vec<u8> {
        self.record(Action::IssueGrant { terms: terms(dataset, requester) })
    }
}

/// A dataset that can be granted.
pub(crate) fn dataset(id: &str) -> Dataset {
    Dataset {
        id: id.parse::<DatasetId>().unwrap(),
        title: "Register".parse().unwrap(),
        summary: "".parse().unwrap(),
        items: vec![],
        sharing: Sharing::Conditional,
        conditions: "".parse().unwrap(),
        openness: Openness::Closed,
        grade: Grade::General,
        modes: [DeliveryMode::Verify, DeliveryMode::Query].into(),
        contact: "Registry, duty desk".parse().unwrap(),
        identifier: Default::default(),
        details: None,
        update_days: None,
        reliable: false,
        manager: None,
        service: Default::default(),
        stated: Vec::new(),
    }
}

/// Terms on which a dataset of [`dataset`]'s sort can be granted.
pub(crate) fn terms(dataset: &str, requester: &str) -> GrantTerms {
    GrantTerms {
        dataset: dataset.parse().unwrap(),
        requester: requester.parse().unwrap(),
        matters: ["SCHOOL-ENROLMENT".parse().unwrap()].into(),
        duty_basis: "DEPARTMENT-MANDATE".parse().unwrap(),
        items: Items::All,
        modes: [DeliveryMode::Verify].into(),
        not_before: TimeMs(0),
        not_after: now().plus(1_000 * VALIDITY_MS),
        total_quota: None,
        daily_quota: None,
        conditions: Default::default(),
        officers: Default::default(),
        onward: Default::default(),
        undertakings: Vec::new(),
        task_force: None,
    }
}
