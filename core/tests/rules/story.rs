//! A small consortium with known keys, and the telling of its story block by block.
//! Holds: the same keys, times and ids in every run.

use comity_core::access::{AccessRefusal, Attempt, SignedAttempt};
use comity_core::agency::{Agency, AgencyKind, KeyAlgorithm, KeyRole, Level, Standing};
use comity_core::basis::Basis;
use comity_core::block::{Block, CommittedBlock};
use comity_core::codes::CodeEntry;
use comity_core::dataset::{Dataset, DeliveryMode, Grade, Item, Items, Openness, Sharing};
use comity_core::genesis::{
    GENESIS_VERSION, Genesis, GenesisKey, GenesisMember, NO_CONSORTIUM, Params,
};
use comity_core::grant::GrantTerms;
use comity_core::hash::ConsortiumId;
use comity_core::ids::{DatasetId, ExchangeId, GrantId, LogIndex, Nonce, TimeMs};
use comity_core::keys::SecretKey;
use comity_core::ledger::{Built, Executed, Ledger, NewBlock, Tip};
use comity_core::refusal::Refusal;
use comity_core::statement::{
    Action, Capacity, STATEMENT_VERSION, SignedRecord, Statement, StatementSigner, VerifiedRecord,
};
use comity_core::text::Text;
use comity_core::vote::{
    CertificateSignature, CommitCertificate, VerifiedCertificate, Vote, VoteKind,
};

/// When the first block may be made.
pub(crate) const START: TimeMs = TimeMs(1_777_777_777_000);
/// The provider.
pub(crate) const CIVIL: &str = "civil.gd";
/// The requesting agency.
pub(crate) const FINANCE: &str = "finance.gd";
/// A member with no part in the grant.
pub(crate) const HEALTH: &str = "health.gd";
/// The members, in order.
pub(crate) const MEMBERS: [&str; 4] = ["audit.gd", CIVIL, FINANCE, HEALTH];
/// Those who are not members from the beginning.
pub(crate) const JOINERS: [&str; 3] = ["archive.gd", "village.gd", "school.gd"];
/// An hour (ms): how long statements and attempts are valid here.
pub(crate) const HOUR_MS: u64 = 3_600_000;

/// The genesis key of a member in a role.
pub(crate) fn secret(member: &str, role: KeyRole) -> SecretKey {
    let place = MEMBERS.iter().chain(&JOINERS).position(|m| *m == member).unwrap();
    let role = KeyRole::ALL.iter().position(|r| *r == role).unwrap();
    let mut seed = [0x33; 32];
    seed[0] = u8::try_from(place).unwrap();
    seed[1] = u8::try_from(role).unwrap();
    SecretKey::from_seed(&seed)
}

/// A key that the genesis does not have.
pub(crate) fn new_key(number: u8) -> SecretKey {
    let mut seed = [0x44; 32];
    seed[0] = number;
    SecretKey::from_seed(&seed)
}

fn member(id: &str) -> GenesisMember {
    member_of(id, &NO_CONSORTIUM)
}

/// A member with a node that votes, and its keys as it brings them into a consortium.
pub(crate) fn member_of(id: &str, consortium: &ConsortiumId) -> GenesisMember {
    let key = |role: KeyRole| {
        let secret = secret(id, role);
        GenesisKey {
            role,
            algorithm: KeyAlgorithm::Ed25519,
            key: secret.public(),
            post: text("Duty desk"),
            possession: secret.sign_possession(consortium, &id.parse().unwrap(), role),
        }
    };
    let agency = Agency {
        id: id.parse().unwrap(),
        name: text(id),
        level: Level::Municipal,
        region: text("440100"),
        kind: AgencyKind::Government,
        superior: None,
        authority: None,
        operated_by: text(id),
        standing: Standing::Validator { power: 1 },
        sponsor: None,
    };
    GenesisMember { agency, keys: KeyRole::ALL.into_iter().map(key).collect() }
}

/// The genesis of the consortium.
pub(crate) fn genesis(params: Params) -> Genesis {
    let code = |code: &str| CodeEntry { code: code.parse().unwrap(), title: text("As published") };
    Genesis {
        version: GENESIS_VERSION,
        name: text("A small consortium"),
        time: TimeMs(START.0 - HOUR_MS),
        params,
        competent_authority: "audit.gd".parse().unwrap(),
        matters: vec![code("HOUSING"), code("LOW-INCOME")],
        duty_bases: vec![code("ACT-12"), code("ACT-13")],
        members: MEMBERS.map(member).into(),
    }
}

/// A bounded text.
pub(crate) fn text<const MAX: usize>(text: &str) -> Text<MAX> {
    text.parse().unwrap()
}

/// The certificate by which these members commit a block.
pub(crate) fn certificate(
    consortium: &ConsortiumId,
    tip: Tip,
    round: u32,
    members: &[&str],
) -> CommitCertificate {
    let sign = |member: &&str| {
        let key = secret(member, KeyRole::Validator);
        let vote = Vote {
            kind: VoteKind::Precommit,
            height: tip.height,
            round,
            value: Some(tip.hash),
            validator: key.public(),
        };
        CertificateSignature {
            validator: key.public(),
            signature: key.sign_vote(consortium, &vote),
        }
    };
    let mut signatures: Vec<_> = members.iter().map(sign).collect();
    signatures.sort_by_key(|signed| signed.validator);
    CommitCertificate { height: tip.height, round, header_hash: tip.hash, signatures }
}

/// The dataset that the story is about.
pub(crate) fn dataset_id() -> DatasetId {
    "civil.gd/residents".parse().unwrap()
}

/// The dataset as it is published.
pub(crate) fn dataset() -> Dataset {
    let item = |name: &str| Item { name: name.parse().unwrap(), kind: text("text") };
    Dataset {
        id: dataset_id(),
        title: text("居民登记"),
        summary: text(""),
        items: vec![item("name"), item("income"), item("address")],
        sharing: Sharing::Conditional,
        conditions: text(""),
        openness: Openness::Closed,
        grade: Grade::General,
        modes: [DeliveryMode::Verify, DeliveryMode::Query].into(),
        contact: text("Data office"),
        identifier: Default::default(),
        details: None,
        update_days: None,
        reliable: false,
        manager: None,
        service: text(""),
        stated: vec![text("Only at the counter"), text("Delete after use")],
    }
}

/// A grant on it, for 30 days from the start of the story.
pub(crate) fn terms() -> GrantTerms {
    GrantTerms {
        dataset: dataset_id(),
        requester: FINANCE.parse().unwrap(),
        matters: ["LOW-INCOME".parse().unwrap()].into(),
        duty_basis: "ACT-12".parse().unwrap(),
        items: Items::Only(["name", "income"].map(|item| item.parse().unwrap()).into()),
        modes: [DeliveryMode::Query].into(),
        not_before: START,
        not_after: START.plus(30 * 24 * HOUR_MS),
        total_quota: None,
        daily_quota: None,
        conditions: [].into(),
        officers: Default::default(),
        onward: Default::default(),
        undertakings: Vec::new(),
        task_force: None,
    }
}

/// A statement before it is signed, to be bent as a test needs it.
pub(crate) struct Draft {
    /// The statement.
    pub(crate) statement: Statement,
    /// Who signs, in this order.
    pub(crate) keys: Vec<SecretKey>,
}

impl Draft {
    /// The record.
    pub(crate) fn signed(&self) -> SignedRecord {
        let sign = |key: &SecretKey| key.sign_statement(&self.statement);
        SignedRecord {
            statement: self.statement.clone(),
            signatures: self.keys.iter().map(sign).collect(),
        }
    }

    /// The record, verified.
    pub(crate) fn verified(&self) -> VerifiedRecord {
        VerifiedRecord::verify(&self.signed().to_bytes(), &self.statement.consortium).unwrap()
    }
}

/// A ledger and how it came about.
#[derive(Clone)]
pub(crate) struct Story {
    /// What it began with.
    pub(crate) genesis: Genesis,
    /// Where it stands.
    pub(crate) ledger: Ledger,
    /// The tip's certificate.
    pub(crate) certificate: Option<CommitCertificate>,
    /// The time of the next block.
    pub(crate) now: TimeMs,
    /// The blocks so far.
    pub(crate) blocks: Vec<CommittedBlock>,
    drawn: u64,
    numbered: u64,
}

impl Story {
    /// Nothing has happened yet.
    pub(crate) fn new(params: Params) -> Story {
        Story::founded_by(genesis(params))
    }

    /// A consortium of these, before its first block.
    pub(crate) fn founded_by(genesis: Genesis) -> Story {
        let ledger = Ledger::new(&genesis).unwrap();
        let blocks = Vec::new();
        Story { genesis, ledger, certificate: None, now: START, blocks, drawn: 0, numbered: 0 }
    }

    /// The dataset is published and a grant on it issued.
    pub(crate) fn with_grant(terms: GrantTerms) -> (Story, GrantId) {
        let mut story = Story::new(Params::default());
        story.publish();
        let grant = story.issue(terms);
        (story, grant)
    }

    /// The consortium.
    pub(crate) fn consortium(&self) -> ConsortiumId {
        *self.ledger.consortium()
    }

    /// Sixteen bytes that were not drawn before.
    pub(crate) fn draw(&mut self) -> [u8; 16] {
        self.drawn += 1;
        let mut bytes = [0; 16];
        bytes[..8].copy_from_slice(&self.drawn.to_le_bytes());
        bytes
    }

    /// A number that no gateway's record was given before.
    pub(crate) fn number(&mut self) -> u64 {
        self.numbered += 1;
        self.numbered
    }

    /// A statement of a member, to be signed with its genesis key of that role.
    pub(crate) fn draft(&mut self, member: &str, role: KeyRole, action: Action) -> Draft {
        let key = secret(member, role);
        self.draft_by(member, role, key, action)
    }

    /// A statement of a member, to be signed with `key`.
    pub(crate) fn draft_by(
        &mut self,
        member: &str,
        role: KeyRole,
        key: SecretKey,
        action: Action,
    ) -> Draft {
        let signer = StatementSigner {
            agency: member.parse().unwrap(),
            key: key.public(),
            role,
            capacity: Capacity::Agency,
        };
        let statement = Statement {
            version: STATEMENT_VERSION,
            consortium: self.consortium(),
            nonce: Nonce(self.draw()),
            valid_until: self.now.plus(HOUR_MS),
            signers: vec![signer],
            sealed: Vec::new(),
            action,
        };
        Draft { statement, keys: vec![key] }
    }

    /// A record of a member, signed with its genesis key of that role.
    pub(crate) fn record(&mut self, member: &str, role: KeyRole, action: Action) -> VerifiedRecord {
        self.draft(member, role, action).verified()
    }

    /// A record of the provider's steward.
    pub(crate) fn steward(&mut self, action: Action) -> VerifiedRecord {
        self.record(CIVIL, KeyRole::Steward, action)
    }

    /// A registration of `key` by the admin of `member`.
    pub(crate) fn register(
        &mut self,
        member: &str,
        role: KeyRole,
        key: &SecretKey,
        valid_until: Option<TimeMs>,
    ) -> VerifiedRecord {
        let agency = member.parse().unwrap();
        let action = Action::RegisterKey {
            key: key.public(),
            algorithm: KeyAlgorithm::Ed25519,
            role,
            post: text("A post"),
            valid_until,
            possession: key.sign_possession(&self.consortium(), &agency, role),
        };
        self.record(member, KeyRole::Admin, action)
    }

    /// A revocation of a key by the admin of `member`.
    pub(crate) fn revoke_key(&mut self, member: &str, key: &SecretKey) -> VerifiedRecord {
        let reason = text("left the post");
        let action = Action::RevokeKey { key: key.public(), reason, suspect_since: None };
        self.record(member, KeyRole::Admin, action)
    }

    /// A revocation of a grant by the provider's steward.
    pub(crate) fn revoke_grant(&mut self, grant: GrantId) -> VerifiedRecord {
        self.steward(Action::RevokeGrant { grant, reason: text("no longer needed") })
    }

    /// What the requesting agency's officer asks, within the terms.
    pub(crate) fn attempt(&mut self, grant: impl Into<Basis>) -> Attempt {
        Attempt {
            consortium: self.consortium(),
            exchange: ExchangeId(self.draw()),
            grant: grant.into(),
            dataset: dataset_id(),
            requester: FINANCE.parse().unwrap(),
            officer: secret(FINANCE, KeyRole::Officer).public(),
            matter: "LOW-INCOME".parse().unwrap(),
            items: Items::Only(["income".parse().unwrap()].into()),
            mode: DeliveryMode::Query,
            made_at: self.now,
            valid_until: self.now.plus(HOUR_MS),
            sealed: vec![],
            batch: None,
            capacity: Capacity::Agency,
        }
    }

    /// A new access within the terms, recorded by the provider's gateway.
    pub(crate) fn access(&mut self, grant: GrantId) -> VerifiedRecord {
        let attempt = self.attempt(grant);
        self.access_of(&signed_by_officer(attempt))
    }

    /// An attempt, recorded as an access by the provider's gateway.
    pub(crate) fn access_of(&mut self, attempt: &SignedAttempt) -> VerifiedRecord {
        let action = self.recording(attempt);
        self.record(CIVIL, KeyRole::Gateway, action)
    }

    /// The act of recording an attempt as an access, under a new number.
    pub(crate) fn recording(&mut self, attempt: &SignedAttempt) -> Action {
        Action::RecordAccess { attempt: attempt.clone(), number: self.number(), answer: None }
    }

    /// The act of recording it as denied by a rule.
    pub(crate) fn denying(&mut self, attempt: &SignedAttempt, refusal: AccessRefusal) -> Action {
        Action::RecordDenial { attempt: attempt.clone(), refusal, number: self.number() }
    }

    /// An attempt, recorded as denied by a rule.
    pub(crate) fn denial_of(
        &mut self,
        attempt: &SignedAttempt,
        refusal: AccessRefusal,
    ) -> VerifiedRecord {
        let action = self.denying(attempt, refusal);
        self.record(CIVIL, KeyRole::Gateway, action)
    }

    /// What the rules say of a record that would be the next block's first.
    pub(crate) fn check(&self, record: &VerifiedRecord) -> Result<(), Refusal> {
        self.ledger.check(record, self.now)
    }

    /// The tip's certificate, verified.
    pub(crate) fn parent(&self) -> Option<VerifiedCertificate> {
        let certificate = self.certificate.clone()?;
        Some(certificate.verify(&self.consortium(), self.ledger.tip_validators()).unwrap())
    }

    /// The next block of these candidates.
    pub(crate) fn build(&self, records: Vec<VerifiedRecord>) -> Built {
        let parent = self.parent();
        let new = NewBlock { time: self.now, round: 0, parent: parent.as_ref() };
        self.ledger.build(&new, records)
    }

    /// Commits a block of exactly these records, and lets a second pass.
    pub(crate) fn commit(&mut self, records: Vec<VerifiedRecord>) -> LogIndex {
        let count = records.len();
        let Built { block, executed, refused } = self.build(records);
        assert!(refused.is_empty(), "{refused:?}");
        assert_eq!(executed.records.len(), count, "all of them fit");
        self.take(block, &executed);
        executed.header.first_index
    }

    /// Commits a block as it was built, and lets a second pass.
    pub(crate) fn take(&mut self, block: Block, executed: &Executed) {
        self.ledger.commit(executed);
        let voters = self.ledger.tip_validators().members();
        let enough = voters.len() * 2 / 3 + 1;
        let voters: Vec<&str> = voters[..enough].iter().map(|v| v.agency.as_str()).collect();
        let certificate = certificate(&self.consortium(), self.ledger.tip(), 0, &voters);
        self.certificate = Some(certificate.clone());
        self.blocks.push(CommittedBlock { block, certificate, polkas: Vec::new() });
        self.now = executed.header.time.plus(1_000);
    }

    /// Commits an empty block at `time`, so that consensus time moves there.
    pub(crate) fn pass_until(&mut self, time: TimeMs) {
        self.now = time;
        self.commit(Vec::new());
    }

    /// Publishes the dataset.
    pub(crate) fn publish(&mut self) {
        let record = self.steward(Action::PublishDataset { dataset: dataset() });
        self.commit(vec![record]);
    }

    /// Issues a grant.
    pub(crate) fn issue(&mut self, terms: GrantTerms) -> GrantId {
        let record = self.steward(Action::IssueGrant { terms });
        GrantId(self.commit(vec![record]))
    }
}

/// An attempt with the signature of the requesting agency's officer.
pub(crate) fn signed_by_officer(attempt: Attempt) -> SignedAttempt {
    signed_by(&secret(FINANCE, KeyRole::Officer), attempt)
}

/// An attempt with a signature.
pub(crate) fn signed_by(key: &SecretKey, attempt: Attempt) -> SignedAttempt {
    let signature = key.sign_attempt(&attempt);
    SignedAttempt { attempt, signature }
}
