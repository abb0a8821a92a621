//! The agencies' people: they sign records, submit the identical bytes until committed, to one node
//! or to several, and remember what they were told.

use std::collections::BTreeMap;

use comity_core::access::{Attempt, SignedAttempt};
use comity_core::agency::KeyRole;
use comity_core::dataset::{Dataset, DeliveryMode, Grade, Items, Openness, Sharing};
use comity_core::grant::GrantTerms;
use comity_core::hash::{ConsortiumId, LeafHash, leaf_hash};
use comity_core::ids::{DatasetId, ExchangeId, GrantId, LogIndex, Nonce, TimeMs};
use comity_core::keys::SecretKey;
use comity_core::statement::{
    Action, Capacity, STATEMENT_VERSION, SignedRecord, Statement, StatementSigner,
};

use crate::chance::Chance;
use crate::consortium::{Consortium, Member, text};

/// How a record that a client wants committed fares.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fate {
    /// Not known yet.
    Open,
    /// A node said that it is committed.
    Committed,
    /// A rule refuses it.
    Refused,
}

/// A record that a client wants committed.
#[derive(Clone, Debug)]
pub struct Wish {
    /// Its bytes.
    pub bytes: Vec<u8>,
    /// How it fares.
    pub fate: Fate,
}

/// All clients together.
#[derive(Debug)]
pub struct Clients {
    consortium: ConsortiumId,
    members: Vec<Member>,
    /// What was asked for, by leaf hash.
    pub wishes: BTreeMap<LeafHash, Wish>,
    /// What has not begun: the next steps of the story.
    stage: usize,
    grants: Vec<(GrantId, usize, usize)>,
    issuing: BTreeMap<LeafHash, (usize, usize)>,
    made: usize,
}

impl Clients {
    /// The people of a consortium.
    pub fn new(consortium: &Consortium) -> Clients {
        Clients {
            consortium: consortium.genesis.id(),
            members: consortium.members.clone(),
            wishes: BTreeMap::new(),
            stage: 0,
            grants: Vec::new(),
            issuing: BTreeMap::new(),
            made: 0,
        }
    }

    /// Whether nothing is open.
    pub fn all_settled(&self) -> bool {
        self.wishes.values().all(|wish| wish.fate != Fate::Open)
    }

    /// Records made so far.
    pub fn made(&self) -> usize {
        self.made
    }

    /// The open records' bytes.
    pub fn open(&self) -> Vec<(LeafHash, Vec<u8>)> {
        let open = self.wishes.iter().filter(|(_, wish)| wish.fate == Fate::Open);
        open.map(|(leaf, wish)| (*leaf, wish.bytes.clone())).collect()
    }

    /// A node announced an entry.
    pub fn committed(&mut self, leaf: &LeafHash, index: LogIndex) {
        if let Some(wish) = self.wishes.get_mut(leaf) {
            wish.fate = Fate::Committed;
        }
        if let Some((provider, requester)) = self.issuing.remove(leaf) {
            self.grants.push((GrantId(index), provider, requester));
        }
    }

    /// A node refused a record.
    pub fn refused(&mut self, leaf: &LeafHash) {
        if let Some(wish) = self.wishes.get_mut(leaf).filter(|w| w.fate == Fate::Open) {
            wish.fate = Fate::Refused;
        }
        self.issuing.remove(leaf);
    }

    /// Makes the next records of the story, at `now`: first everyone's keys, then their datasets,
    /// then grants, then a mixture of accesses, further grants and revocations.
    pub fn make(&mut self, now: TimeMs, chance: &mut Chance) {
        match self.stage {
            0 => (0..self.members.len()).for_each(|m| self.register_keys(m, now, chance)),
            1 => (0..self.members.len()).for_each(|m| self.publish(m, now, chance)),
            2 => (0..self.members.len()).for_each(|m| self.issue(m, now, chance)),
            _ => self.mixture(now, chance),
        }
        self.stage += 1;
    }

    fn mixture(&mut self, now: TimeMs, chance: &mut Chance) {
        for _ in 0..=chance.index(6) {
            let die = chance.between(0, 99);
            if self.grants.is_empty() || die < 10 {
                self.issue(chance.index(self.members.len()), now, chance);
            } else if die < 18 {
                let at = chance.index(self.grants.len());
                let (grant, provider, _) = self.grants.swap_remove(at);
                let action = Action::RevokeGrant { grant, reason: text("no longer needed") };
                let steward = self.members[provider].steward.clone();
                self.wish(provider, &steward, KeyRole::Steward, action, now, chance);
            } else {
                self.access(now, chance);
            }
        }
    }

    fn register_keys(&mut self, member: usize, now: TimeMs, chance: &mut Chance) {
        let Member { agency, admin, steward, officer, gateway, .. } = self.members[member].clone();
        let roles =
            [(KeyRole::Steward, steward), (KeyRole::Officer, officer), (KeyRole::Gateway, gateway)];
        for (role, key) in roles {
            let action = Action::RegisterKey {
                key: key.public(),
                role,
                post: text("a post"),
                valid_until: None,
                possession: key.sign_possession(&self.consortium, &agency, role),
            };
            self.wish(member, &admin, KeyRole::Admin, action, now, chance);
        }
    }

    fn dataset_of(&self, member: usize) -> DatasetId {
        DatasetId { agency: self.members[member].agency.clone(), slug: text("register") }
    }

    fn publish(&mut self, member: usize, now: TimeMs, chance: &mut Chance) {
        let dataset = Dataset {
            id: self.dataset_of(member),
            title: text("A register"),
            summary: text(""),
            items: Vec::new(),
            sharing: Sharing::Conditional,
            conditions: text(""),
            openness: Openness::Closed,
            grade: Grade::General,
            modes: [DeliveryMode::Query].into(),
            contact: text("the office"),
        };
        let steward = self.members[member].steward.clone();
        let action = Action::PublishDataset { dataset };
        self.wish(member, &steward, KeyRole::Steward, action, now, chance);
    }

    fn issue(&mut self, provider: usize, now: TimeMs, chance: &mut Chance) {
        let others = self.members.len() - 1;
        let requester = (provider + 1 + chance.index(others)) % self.members.len();
        let terms = GrantTerms {
            dataset: self.dataset_of(provider),
            requester: self.members[requester].agency.clone(),
            matters: [text("LOW-INCOME")].into(),
            duty_basis: text("STATUTE-1"),
            items: Items::All,
            modes: [DeliveryMode::Query].into(),
            not_before: TimeMs(0),
            not_after: now.plus(chance.between(5_000, 300_000)),
            total_quota: Some(chance.between(1, 30)),
            daily_quota: None,
            conditions: text(""),
        };
        let steward = self.members[provider].steward.clone();
        let action = Action::IssueGrant { terms };
        let leaf = self.wish(provider, &steward, KeyRole::Steward, action, now, chance);
        self.issuing.insert(leaf, (provider, requester));
    }

    fn access(&mut self, now: TimeMs, chance: &mut Chance) {
        let (grant, provider, requester) = self.grants[chance.index(self.grants.len())];
        let Member { agency, officer, .. } = &self.members[requester];
        let attempt = Attempt {
            consortium: self.consortium,
            exchange: ExchangeId(chance.bytes()),
            grant,
            dataset: self.dataset_of(provider),
            requester: agency.clone(),
            officer: officer.public(),
            matter: text(if chance.per_mille(100) { "HOUSING" } else { "LOW-INCOME" }),
            items: Items::All,
            mode: DeliveryMode::Query,
            made_at: now,
            valid_until: now.plus(60_000),
        };
        let signature = officer.sign_attempt(&attempt);
        let action = Action::RecordAccess { attempt: SignedAttempt { attempt, signature } };
        let gateway = self.members[provider].gateway.clone();
        self.wish(provider, &gateway, KeyRole::Gateway, action, now, chance);
    }

    fn wish(
        &mut self,
        member: usize,
        key: &SecretKey,
        role: KeyRole,
        action: Action,
        now: TimeMs,
        chance: &mut Chance,
    ) -> LeafHash {
        let signer = StatementSigner {
            agency: self.members[member].agency.clone(),
            key: key.public(),
            role,
            capacity: Capacity::Agency,
        };
        let statement = Statement {
            version: STATEMENT_VERSION,
            consortium: self.consortium,
            nonce: Nonce(chance.bytes()),
            valid_until: now.plus(3_600_000),
            signers: vec![signer],
            sealed: Vec::new(),
            action,
        };
        let signatures = vec![key.sign_statement(&statement)];
        let bytes = SignedRecord { statement, signatures }.to_bytes();
        let leaf = leaf_hash(&bytes);
        self.wishes.insert(leaf, Wish { bytes, fate: Fate::Open });
        self.made += 1;
        leaf
    }
}
