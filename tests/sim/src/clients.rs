//! The agencies' people: they sign records, submit the identical bytes until committed, to one node
//! or to several, and remember what they were told.

mod answers;
mod assembly;
mod tricks;

use std::collections::{BTreeMap, BTreeSet};

use comity_core::access::{Attempt, SignedAttempt};
use comity_core::agency::{KeyAlgorithm, KeyRole};
use comity_core::dataset::{Dataset, DeliveryMode, Grade, Items, Openness, Sharing};
use comity_core::grant::GrantTerms;
use comity_core::hash::{ConsortiumId, LeafHash, leaf_hash};
use comity_core::ids::{DatasetId, ExchangeId, GrantId, LogIndex, Nonce, RequestId, TimeMs};
use comity_core::keys::SecretKey;
use comity_core::statement::{
    Action, Capacity, STATEMENT_VERSION, SignedRecord, Statement, StatementSigner,
};

use crate::chance::Chance;
use crate::consortium::{Consortium, Member, text};

pub use assembly::Assembly;

/// Most members whose people act: more would only take longer to found their datasets.
const MOST_ACTIVE: usize = 5;

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
    /// What it does.
    pub kind: &'static str,
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
    /// Requests that were opened, with the provider, the requester and what was asked.
    requests: Vec<(RequestId, Asked)>,
    opening: BTreeMap<LeafHash, Asked>,
    /// Each member's dataset, by how often it was amended.
    versions: Vec<u32>,
    amending: BTreeMap<LeafHash, usize>,
    /// Grants whose suspension was asked for, with their providers.
    paused: Vec<(GrantId, usize)>,
    /// Codes whose publication was asked for.
    codes: usize,
    /// Each member's gateway: numbers that it got back, and the next one.
    numbers: Vec<BTreeSet<u64>>,
    numbering: BTreeMap<LeafHash, (usize, u64)>,
    tricks: tricks::Tricks,
    made: usize,
}

/// Who asked whom for what.
#[derive(Clone, Debug)]
struct Asked {
    provider: usize,
    requester: usize,
    terms: GrantTerms,
}

impl Clients {
    /// The people of a consortium.
    pub fn new(consortium: &Consortium) -> Clients {
        Clients {
            consortium: consortium.genesis.id(),
            members: consortium.members[..consortium.founders.min(MOST_ACTIVE)].to_vec(),
            wishes: BTreeMap::new(),
            stage: 0,
            grants: Vec::new(),
            issuing: BTreeMap::new(),
            requests: Vec::new(),
            opening: BTreeMap::new(),
            versions: vec![1; consortium.founders.min(MOST_ACTIVE)],
            amending: BTreeMap::new(),
            paused: Vec::new(),
            codes: 0,
            numbers: vec![[1].into(); consortium.founders.min(MOST_ACTIVE)],
            numbering: BTreeMap::new(),
            tricks: tricks::Tricks::default(),
            made: 0,
        }
    }

    /// Whether nothing is open.
    pub fn all_settled(&self) -> bool {
        self.wishes.values().all(|wish| wish.fate != Fate::Open)
    }

    /// Whether a record is known to be committed.
    pub fn saw_committed(&self, leaf: &LeafHash) -> bool {
        self.wishes.get(leaf).is_some_and(|wish| wish.fate == Fate::Committed)
    }

    /// Records made so far.
    pub fn made(&self) -> usize {
        self.made
    }

    /// What was done: the kinds of the committed records.
    pub fn done(&self) -> BTreeSet<&'static str> {
        let committed = self.wishes.values().filter(|wish| wish.fate == Fate::Committed);
        committed.map(|wish| wish.kind).collect()
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
        self.tricks.committed(leaf);
        if let Some((provider, requester)) = self.issuing.remove(leaf) {
            self.grants.push((GrantId(index), provider, requester));
        }
        if let Some(asked) = self.opening.remove(leaf) {
            self.requests.push((RequestId(index), asked));
        }
        if let Some(version) = self.amending.remove(leaf).and_then(|m| self.versions.get_mut(m)) {
            *version += 1;
        }
    }

    /// A node refused a record.
    pub fn refused(&mut self, leaf: &LeafHash) {
        if let Some(wish) = self.wishes.get_mut(leaf).filter(|w| w.fate == Fate::Open) {
            wish.fate = Fate::Refused;
        }
        self.issuing.remove(leaf);
        self.opening.remove(leaf);
        self.amending.remove(leaf);
        if let Some((provider, number)) = self.numbering.remove(leaf) {
            self.numbers[provider].insert(number);
        }
    }

    /// Makes the next records of the story, at `now`: first everyone's keys, then their datasets,
    /// then grants, then a mixture of accesses, further grants, revocations, requests and replies,
    /// suspensions, amendments and codes.
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
            if self.try_a_trick(now, chance) {
                continue;
            }
            let die = chance.between(0, 99);
            if self.grants.is_empty() || die < 10 {
                self.issue(chance.index(self.members.len()), now, chance);
            } else if die < 18 {
                let at = chance.index(self.grants.len());
                let (grant, provider, _) = self.grants[at];
                // Now and then nobody tells the officer.
                if chance.per_mille(500) {
                    self.grants.swap_remove(at);
                }
                let action = Action::RevokeGrant { grant, reason: text("no longer needed") };
                let steward = self.members[provider].steward.clone();
                self.wish(provider, &steward, KeyRole::Steward, action, now, chance);
            } else if die < 60 {
                self.answer(now, chance);
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
                algorithm: KeyAlgorithm::Ed25519,
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
        let dataset = self.described(member, "A register");
        let steward = self.members[member].steward.clone();
        let action = Action::PublishDataset { dataset };
        self.wish(member, &steward, KeyRole::Steward, action, now, chance);
    }

    fn described(&self, member: usize, title: &str) -> Dataset {
        Dataset {
            id: self.dataset_of(member),
            title: text(title),
            summary: text(""),
            items: Vec::new(),
            sharing: Sharing::Conditional,
            conditions: text(""),
            openness: Openness::Closed,
            grade: Grade::General,
            modes: [DeliveryMode::Query].into(),
            contact: text("the office"),
            identifier: text(""),
            details: None,
            update_days: None,
            reliable: false,
            manager: None,
            service: Default::default(),
            stated: Vec::new(),
        }
    }

    /// Someone else than `member`.
    fn other_than(&self, member: usize, chance: &mut Chance) -> usize {
        let others = self.members.len() - 1;
        (member + 1 + chance.index(others)) % self.members.len()
    }

    fn terms(
        &self,
        provider: usize,
        requester: usize,
        now: TimeMs,
        chance: &mut Chance,
    ) -> GrantTerms {
        let most = if chance.per_mille(300) { 2 } else { 30 };
        let longest_ms = if chance.per_mille(300) { 12_000 } else { 300_000 };
        GrantTerms {
            dataset: self.dataset_of(provider),
            requester: self.members[requester].agency.clone(),
            matters: [text("LOW-INCOME")].into(),
            duty_basis: text("STATUTE-1"),
            items: Items::All,
            modes: [DeliveryMode::Query].into(),
            not_before: TimeMs(0),
            not_after: now.plus(chance.between(4_000, longest_ms)),
            total_quota: Some(chance.between(1, most)),
            daily_quota: None,
            conditions: Default::default(),
            officers: Default::default(),
            onward: Default::default(),
            undertakings: Vec::new(),
            task_force: None,
        }
    }

    fn issue(&mut self, provider: usize, now: TimeMs, chance: &mut Chance) {
        let requester = self.other_than(provider, chance);
        let terms = self.terms(provider, requester, now, chance);
        let steward = self.members[provider].steward.clone();
        let action = Action::IssueGrant { terms };
        let leaf = self.wish(provider, &steward, KeyRole::Steward, action, now, chance);
        self.issuing.insert(leaf, (provider, requester));
    }

    fn access(&mut self, now: TimeMs, chance: &mut Chance) {
        let grant = self.grants[chance.index(self.grants.len())];
        self.access_under(grant, now, chance);
    }

    fn access_under(
        &mut self,
        (grant, provider, requester): (GrantId, usize, usize),
        now: TimeMs,
        chance: &mut Chance,
    ) {
        let Member { agency, officer, .. } = &self.members[requester];
        let attempt = Attempt {
            consortium: self.consortium,
            exchange: ExchangeId(chance.bytes()),
            grant: grant.into(),
            dataset: self.dataset_of(provider),
            requester: agency.clone(),
            officer: officer.public(),
            matter: text(if chance.per_mille(100) { "HOUSING" } else { "LOW-INCOME" }),
            items: Items::All,
            mode: DeliveryMode::Query,
            made_at: now,
            valid_until: now.plus(60_000),
            sealed: vec![],
            batch: None,
            capacity: Default::default(),
        };
        let signature = officer.sign_attempt(&attempt);
        let attempt = SignedAttempt { attempt, signature };
        self.tricks.saw_attempt(provider, &attempt);
        self.record_access(provider, attempt, now, chance);
    }

    /// The provider's gateway records it under the lowest number that it has not given away, or that
    /// it got back.
    fn record_access(
        &mut self,
        provider: usize,
        attempt: SignedAttempt,
        now: TimeMs,
        chance: &mut Chance,
    ) {
        let free = &mut self.numbers[provider];
        let number = free.pop_first().unwrap_or(1);
        if free.is_empty() {
            free.insert(number + 1);
        }
        let action = Action::RecordAccess { attempt, number, answer: None };
        let gateway = self.members[provider].gateway.clone();
        let leaf = self.wish(provider, &gateway, KeyRole::Gateway, action, now, chance);
        self.numbering.insert(leaf, (provider, number));
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
        let kind = action.kind();
        let valid_until = match self.stage {
            // Without the first keys and datasets nothing else can be done.
            0..=2 => now.plus(3_600_000),
            _ => tricks::valid_until(now, chance),
        };
        let statement = Statement {
            version: STATEMENT_VERSION,
            consortium: self.consortium,
            nonce: Nonce(chance.bytes()),
            valid_until,
            signers: vec![signer],
            sealed: Vec::new(),
            action,
        };
        let signatures = vec![key.sign_statement(&statement)];
        let bytes = SignedRecord { statement, signatures }.to_bytes();
        let leaf = leaf_hash(&bytes);
        self.wishes.insert(leaf, Wish { bytes, kind, fate: Fate::Open });
        self.made += 1;
        leaf
    }
}
