//! A small consortium with keys from fixed seeds, and a chain built by it without a network.

use std::sync::Arc;

use comity_core::access::{AccessRefusal, Attempt, SignedAttempt};
use comity_core::agency::{Agency, AgencyKind, KeyAlgorithm, KeyRole, Level, Standing};
use comity_core::block::CommittedBlock;
use comity_core::codes::CodeEntry;
use comity_core::dataset::{Dataset, DeliveryMode, Grade, Items, Openness, Sharing};
use comity_core::genesis::{
    GENESIS_VERSION, Genesis, GenesisKey, GenesisMember, NO_CONSORTIUM, Params,
};
use comity_core::grant::GrantTerms;
use comity_core::ids::{BundleId, ExchangeId, Height, Nonce, TimeMs};
use comity_core::keys::SecretKey;
use comity_core::ledger::{Ledger, NewBlock};
use comity_core::request::RequestTerms;
use comity_core::statement::{
    Action, Capacity, STATEMENT_VERSION, SignedRecord, Statement, StatementSigner, VerifiedRecord,
};
use comity_core::vote::{
    CertificateSignature, CommitCertificate, VerifiedCertificate, Vote, VoteKind,
};
use comity_replica::io::Commit;
use comity_replica::storage::{Disk, Storage, StorageOp, StorageOptions};

/// The members, ascending. `health.gd` provides, the others request.
pub(crate) const MEMBERS: [&str; 4] = ["civil.gd", "health.gd", "housing.gd", "tax.gd"];
pub(crate) const DATASET: &str = "health.gd/vaccinations";
const ROLES: [KeyRole; 7] = [
    KeyRole::Validator,
    KeyRole::Transport,
    KeyRole::Admin,
    KeyRole::Steward,
    KeyRole::Officer,
    KeyRole::Gateway,
    KeyRole::Note,
];
/// The genesis time.
pub(crate) const BEGIN: TimeMs = TimeMs(1_700_000_000_000);

/// A member's key of a role.
pub(crate) fn secret(agency: &str, role: KeyRole) -> SecretKey {
    let member = MEMBERS.iter().position(|member| *member == agency).unwrap();
    let role = ROLES.iter().position(|known| *known == role).unwrap();
    SecretKey::from_seed(&[u8::try_from(member * 16 + role + 1).unwrap(); 32])
}

pub(crate) fn genesis() -> Genesis {
    let code = |code: &str| CodeEntry { code: code.parse().unwrap(), title: code.parse().unwrap() };
    Genesis {
        version: GENESIS_VERSION,
        name: "Test consortium".parse().unwrap(),
        time: BEGIN,
        params: Params::default(),
        competent_authority: MEMBERS[0].parse().unwrap(),
        matters: vec![code("LOW-INCOME"), code("SCHOOL")],
        duty_bases: vec![code("ACT-1")],
        members: MEMBERS.map(member).into(),
    }
}

fn member(id: &str) -> GenesisMember {
    let agency = Agency {
        id: id.parse().unwrap(),
        name: id.parse().unwrap(),
        level: Level::Provincial,
        region: "GD".parse().unwrap(),
        kind: AgencyKind::Government,
        superior: None,
        authority: None,
        operated_by: id.parse().unwrap(),
        standing: Standing::Validator { power: 1 },
        sponsor: None,
    };
    let keys = ROLES.map(|role| {
        let secret = secret(id, role);
        let possession = secret.sign_possession(&NO_CONSORTIUM, &agency.id, role);
        let post = format!("{role} desk").parse().unwrap();
        GenesisKey {
            role,
            algorithm: KeyAlgorithm::Ed25519,
            key: secret.public(),
            post,
            possession,
        }
    });
    GenesisMember { agency, keys: keys.into() }
}

/// A dataset that can be granted.
pub(crate) fn dataset(id: &str) -> Dataset {
    Dataset {
        id: id.parse().unwrap(),
        title: "疫苗接种记录".parse().unwrap(),
        summary: Default::default(),
        items: vec![],
        sharing: Sharing::Conditional,
        conditions: "on request".parse().unwrap(),
        openness: Openness::Closed,
        grade: Grade::General,
        modes: [DeliveryMode::Query].into(),
        contact: "data office".parse().unwrap(),
        identifier: Default::default(),
        details: None,
        update_days: None,
        reliable: false,
        manager: None,
        service: Default::default(),
        stated: Vec::new(),
    }
}

/// [`DATASET`] for a year.
pub(crate) fn terms(requester: &str) -> GrantTerms {
    GrantTerms {
        dataset: DATASET.parse().unwrap(),
        requester: requester.parse().unwrap(),
        matters: ["LOW-INCOME".parse().unwrap()].into(),
        duty_basis: "ACT-1".parse().unwrap(),
        items: Items::All,
        modes: [DeliveryMode::Query].into(),
        not_before: BEGIN,
        not_after: BEGIN.plus(365 * 86_400_000),
        total_quota: None,
        daily_quota: None,
        conditions: Default::default(),
        officers: Default::default(),
        onward: Default::default(),
        undertakings: Vec::new(),
        task_force: None,
    }
}

/// A chain in the making.
pub(crate) struct Chain {
    pub(crate) genesis: Genesis,
    pub(crate) ledger: Ledger,
    /// Every block so far, as it goes to the view.
    pub(crate) commits: Vec<Arc<Commit>>,
    /// Every block so far, as it goes to the block log.
    pub(crate) payloads: Vec<Vec<u8>>,
    certificate: Option<VerifiedCertificate>,
    drawn: u64,
    numbered: u64,
}

impl Chain {
    pub(crate) fn new() -> Chain {
        let genesis = genesis();
        let ledger = Ledger::new(&genesis).unwrap();
        let (commits, payloads) = (Vec::new(), Vec::new());
        Chain { genesis, ledger, commits, payloads, certificate: None, drawn: 0, numbered: 0 }
    }

    /// A chain in which `health.gd` publishes a dataset, grants it to `tax.gd` (entry 1), and then
    /// each further block records two accesses.
    pub(crate) fn with_accesses(blocks: usize) -> Chain {
        let mut chain = Chain::new();
        let published = chain.publish(DATASET);
        chain.push(vec![published]);
        let granted = chain.grant("tax.gd");
        chain.push(vec![granted]);
        for _ in 0..blocks {
            let accesses = vec![chain.access(), chain.access()];
            chain.push(accesses);
        }
        chain
    }

    /// Adds a block, one second after the last, and certifies it by three validators.
    pub(crate) fn push(&mut self, records: Vec<VerifiedRecord>) -> Arc<Commit> {
        self.push_after(1000, records)
    }

    pub(crate) fn push_after(&mut self, ms: u64, records: Vec<VerifiedRecord>) -> Arc<Commit> {
        let time = self.ledger.tip().time.plus(ms);
        let new = NewBlock { time, round: 0, parent: self.certificate.as_ref() };
        let built = self.ledger.build(&new, records);
        assert_eq!(built.refused, []);
        let executed = built.executed;
        let certificate = self.certify(executed.header.height, executed.hash);
        let committed = CommittedBlock {
            block: built.block,
            certificate: certificate.clone(),
            polkas: Vec::new(),
        };
        self.payloads.push(committed.to_bytes());
        let tip_validators = self.ledger.validators().clone();
        let consortium = *self.ledger.consortium();
        let verified = certificate.clone().verify(&consortium, &tip_validators).unwrap();
        self.ledger.commit(&executed);
        self.certificate = Some(verified);
        let commit = Arc::new(Commit {
            header: executed.header.clone(),
            header_hash: executed.hash,
            certificate,
            log: executed.log().clone(),
            records: executed.records,
            changes: executed.changes,
            state: self.ledger.state().clone(),
            tip_validators,
            validators: self.ledger.validators().clone(),
        });
        self.commits.push(Arc::clone(&commit));
        commit
    }

    fn certify(
        &self,
        height: Height,
        header_hash: comity_core::hash::HeaderHash,
    ) -> CommitCertificate {
        let precommit = |agency: &str| {
            let secret = secret(agency, KeyRole::Validator);
            let validator = secret.public();
            let kind = VoteKind::Precommit;
            let vote = Vote { kind, height, round: 0, value: Some(header_hash), validator };
            let signature = secret.sign_vote(self.ledger.consortium(), &vote);
            CertificateSignature { validator, signature }
        };
        let validators = self.ledger.validators();
        let votes = |agency: &&&str| validators.by_agency(&agency.parse().unwrap()).is_some();
        let voting = MEMBERS.iter().filter(votes).take(3);
        let mut signatures: Vec<_> = voting.map(|agency| precommit(agency)).collect();
        signatures.sort_by_key(|precommit| precommit.validator);
        CommitCertificate { height, round: 0, header_hash, signatures }
    }

    /// The next number of the gateway's.
    fn number(&mut self) -> u64 {
        self.numbered += 1;
        self.numbered
    }

    fn draw(&mut self) -> [u8; 16] {
        self.drawn += 1;
        u128::from(self.drawn).to_be_bytes()
    }

    /// A record of one signer, valid for an hour.
    pub(crate) fn record(&mut self, agency: &str, role: KeyRole, action: Action) -> VerifiedRecord {
        let secret = secret(agency, role);
        let signer = StatementSigner {
            agency: agency.parse().unwrap(),
            key: secret.public(),
            role,
            capacity: Capacity::Agency,
        };
        let consortium = *self.ledger.consortium();
        let statement = Statement {
            version: STATEMENT_VERSION,
            consortium,
            nonce: Nonce(self.draw()),
            valid_until: self.ledger.tip().time.plus(3_600_000),
            signers: vec![signer],
            sealed: vec![],
            action,
        };
        let signatures = vec![secret.sign_statement(&statement)];
        let bytes = SignedRecord { statement, signatures }.to_bytes();
        VerifiedRecord::verify(&bytes, &consortium).unwrap()
    }

    pub(crate) fn publish(&mut self, id: &str) -> VerifiedRecord {
        let dataset = dataset(id);
        let owner = dataset.id.agency.to_string();
        self.record(&owner, KeyRole::Steward, Action::PublishDataset { dataset })
    }

    /// A grant of [`DATASET`] for a year.
    pub(crate) fn grant(&mut self, requester: &str) -> VerifiedRecord {
        self.steward(Action::IssueGrant { terms: terms(requester) })
    }

    /// A record of the steward of `health.gd`.
    pub(crate) fn steward(&mut self, action: Action) -> VerifiedRecord {
        self.record("health.gd", KeyRole::Steward, action)
    }

    /// A request for [`DATASET`].
    pub(crate) fn ask(&mut self, requester: &str, bundle: Option<BundleId>) -> VerifiedRecord {
        let asked = terms(requester);
        let terms = RequestTerms { asked, once: false, needed_by: None, bundle };
        self.record(requester, KeyRole::Officer, Action::OpenRequest { terms })
    }

    /// An attempt of `tax.gd`'s officer under grant G1.
    pub(crate) fn attempt(&mut self, matter: &str) -> SignedAttempt {
        let officer = secret("tax.gd", KeyRole::Officer);
        let now = self.ledger.tip().time;
        let attempt = Attempt {
            consortium: *self.ledger.consortium(),
            exchange: ExchangeId(self.draw()),
            grant: "G1".parse().unwrap(),
            dataset: DATASET.parse().unwrap(),
            requester: "tax.gd".parse().unwrap(),
            officer: officer.public(),
            matter: matter.parse().unwrap(),
            items: Items::All,
            mode: DeliveryMode::Query,
            made_at: now,
            valid_until: now.plus(60_000),
            sealed: vec![],
            batch: None,
            capacity: comity_core::statement::Capacity::Agency,
        };
        let signature = officer.sign_attempt(&attempt);
        SignedAttempt { attempt, signature }
    }

    pub(crate) fn access(&mut self) -> VerifiedRecord {
        let attempt = self.attempt("LOW-INCOME");
        let action = Action::RecordAccess { attempt, number: self.number(), answer: None };
        self.record("health.gd", KeyRole::Gateway, action)
    }

    /// A denial of an attempt for a matter that the grant does not cover.
    pub(crate) fn denial(&mut self) -> VerifiedRecord {
        let attempt = self.attempt("SCHOOL");
        let refusal = AccessRefusal::MatterNotCovered { matter: "SCHOOL".parse().unwrap() };
        let action = Action::RecordDenial { attempt, refusal, number: self.number() };
        self.record("health.gd", KeyRole::Gateway, action)
    }

    /// Storage on `disk` with the first `blocks` blocks in its block log.
    pub(crate) fn stored<D: Disk + Clone>(&self, disk: D, blocks: usize) -> Storage<D> {
        let (mut storage, _) = Storage::open(disk, StorageOptions::new(7)).unwrap();
        for (commit, payload) in self.commits.iter().zip(&self.payloads).take(blocks) {
            let (height, header_hash) = (commit.header.height.0, commit.header_hash);
            let payload = payload.clone();
            storage.perform(StorageOp::Commit { height, header_hash, payload }).unwrap();
        }
        storage.sync().unwrap();
        storage
    }
}
