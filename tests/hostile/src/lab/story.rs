//! What happens in the run: keys, a dataset, a request, a grant, accesses, a proposal; then one node is
//! cut off for some heights, among them some in which it should have proposed.

use std::collections::BTreeSet;

use comity_core::access::{Attempt, SignedAttempt};
use comity_core::agency::{KeyAlgorithm, KeyRole};
use comity_core::dataset::{Dataset, DeliveryMode, Grade, Items, Openness, Sharing};
use comity_core::governance::Measure;
use comity_core::grant::GrantTerms;
use comity_core::hash::{Commitment, ConsortiumId, LeafHash, leaf_hash};
use comity_core::ids::{DatasetId, ExchangeId, GrantId, Nonce, TimeMs};
use comity_core::keys::SecretKey;
use comity_core::statement::{
    Action, Capacity, STATEMENT_VERSION, SignedRecord, Statement, StatementSigner,
};
use comity_replica::storage::Disk;

use super::founding::{Member, genesis, members, text};
use super::run::{Run, all_placed, founded, replayed};
use super::{Lab, signature_of, signatures_in};

/// Heights during which node 3 is cut off.
const CUT_OFF_HEIGHTS: u64 = 9;

struct Author<'a> {
    members: &'a [Member],
    consortium: ConsortiumId,
    drawn: u8,
    records: BTreeSet<Vec<u8>>,
}

impl Author<'_> {
    fn draw(&mut self) -> [u8; 16] {
        self.drawn += 1;
        [self.drawn; 16]
    }

    fn sign(
        &mut self,
        run: &mut Run,
        member: usize,
        (role, key): (KeyRole, &SecretKey),
        action: Action,
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
            nonce: Nonce(self.draw()),
            valid_until: run.now().plus(3_600_000),
            signers: vec![signer],
            sealed: vec![Commitment([self.drawn; 32])],
            action,
        };
        let signatures = vec![key.sign_statement(&statement)];
        let bytes = SignedRecord { statement, signatures }.to_bytes();
        let leaf = leaf_hash(&bytes);
        self.records.insert(bytes.clone());
        run.submit(member, bytes);
        leaf
    }

    fn register(&mut self, run: &mut Run, member: usize) -> Vec<LeafHash> {
        let Member { agency, admin, steward, officer, gateway, .. } = self.members[member].clone();
        let new =
            [(KeyRole::Steward, steward), (KeyRole::Officer, officer), (KeyRole::Gateway, gateway)];
        let register = |(role, key): (KeyRole, SecretKey)| {
            let action = Action::RegisterKey {
                key: key.public(),
                role,
                algorithm: KeyAlgorithm::Ed25519,
                post: text("数据管理员"),
                valid_until: None,
                possession: key.sign_possession(&self.consortium, &agency, role),
            };
            self.sign(run, member, (KeyRole::Admin, &admin), action)
        };
        new.into_iter().map(register).collect()
    }

    fn dataset(&self) -> DatasetId {
        DatasetId { agency: self.members[0].agency.clone(), slug: text("vaccinations") }
    }

    fn publish(&mut self, run: &mut Run) -> LeafHash {
        let dataset = Dataset {
            id: self.dataset(),
            title: text("Vaccinations 疫苗接种"),
            summary: text("Who was vaccinated against what, and when"),
            items: Vec::new(),
            sharing: Sharing::Conditional,
            conditions: text("for benefits"),
            openness: Openness::Closed,
            grade: Grade::General,
            modes: [DeliveryMode::Query].into(),
            contact: text("the data office"),
            identifier: text("440100-7"),
            details: None,
            update_days: None,
            reliable: false,
            manager: None,
            service: Default::default(),
            stated: Vec::new(),
        };
        let steward = self.members[0].steward.clone();
        self.sign(run, 0, (KeyRole::Steward, &steward), Action::PublishDataset { dataset })
    }

    fn issue(&mut self, run: &mut Run) -> LeafHash {
        let terms = GrantTerms {
            dataset: self.dataset(),
            requester: self.members[1].agency.clone(),
            matters: [text("LOW-INCOME")].into(),
            duty_basis: text("STATUTE-1"),
            items: Items::All,
            modes: [DeliveryMode::Query].into(),
            not_before: TimeMs(0),
            not_after: run.now().plus(3_600_000),
            total_quota: Some(2),
            daily_quota: None,
            conditions: Default::default(),
            officers: Default::default(),
            onward: Default::default(),
            undertakings: Vec::new(),
            task_force: None,
        };
        let steward = self.members[0].steward.clone();
        self.sign(run, 0, (KeyRole::Steward, &steward), Action::IssueGrant { terms })
    }

    fn access(&mut self, run: &mut Run, grant: GrantId) -> LeafHash {
        let Member { agency, officer, .. } = self.members[1].clone();
        let attempt = Attempt {
            consortium: self.consortium,
            exchange: ExchangeId(self.draw()),
            grant: grant.into(),
            dataset: self.dataset(),
            requester: agency,
            officer: officer.public(),
            matter: text("LOW-INCOME"),
            items: Items::All,
            mode: DeliveryMode::Query,
            made_at: run.now(),
            valid_until: run.now().plus(60_000),
            sealed: vec![Commitment([9; 32])],
            batch: None,
            capacity: Default::default(),
        };
        let signature = officer.sign_attempt(&attempt);
        let attempt = SignedAttempt { attempt, signature };
        // Every statement draws once, so that no number comes twice.
        let action = Action::RecordAccess { attempt, number: u64::from(self.drawn), answer: None };
        let gateway = self.members[0].gateway.clone();
        self.sign(run, 0, (KeyRole::Gateway, &gateway), action)
    }

    fn propose(&mut self, run: &mut Run) -> LeafHash {
        let agency = self.members[2].agency.clone();
        let measure = Measure::ChangeOperator { agency, operated_by: text("a contractor") };
        let admin = self.members[3].admin.clone();
        self.sign(run, 3, (KeyRole::Admin, &admin), Action::OpenProposal { measure })
    }
}

/// Plays it.
pub(super) fn play() -> Lab {
    let members = members();
    let genesis = genesis(&members);
    let consortium = genesis.id();
    let mut run = Run::new(&genesis, &members);
    let mut author = Author { members: &members, consortium, drawn: 0, records: BTreeSet::new() };
    let keys = (0..2).flat_map(|member| author.register(&mut run, member)).collect();
    run.until(|run| all_placed(run, &keys));
    let published = [author.publish(&mut run)].into();
    run.until(|run| all_placed(run, &published));
    let issued = author.issue(&mut run);
    run.until(|run| run.places.contains_key(&issued));
    let grant = GrantId(run.places[&issued]);
    let used =
        [author.access(&mut run, grant), author.access(&mut run, grant), author.propose(&mut run)];
    run.until(|run| all_placed(run, &used.into()));
    let records = author.records;
    run.cut_off = Some(3);
    let high = run.height(0) + CUT_OFF_HEIGHTS;
    run.until(|run| run.height(0) >= high);
    run.cut_off = None;
    run.until(|run| (1..4).all(|node| run.height(node) == run.height(0)));
    gather(&run, members, records)
}

fn gather(run: &Run, members: Vec<Member>, records: BTreeSet<Vec<u8>>) -> Lab {
    let genesis = genesis(&members);
    let blocks = run.blocks();
    let mut signatures: BTreeSet<_> = run.gossip.iter().flat_map(signatures_in).collect();
    for committed in &blocks {
        let signed = committed.certificate.signatures.iter();
        signatures.extend(signed.map(|one| (one.validator, one.signature.0)));
    }
    for status in statuses(run) {
        if let Some(witnessed) = &status.newest_of_yours {
            let (key, signature) = signature_of(witnessed);
            signatures.insert((key, signature.0));
        }
    }
    let disk = run.disk(0);
    let file = |name: &str| match disk.read(name, 0, usize::MAX) {
        Ok(bytes) => bytes,
        Err(error) => unreachable!("the node wrote it: {error}"),
    };
    let names = disk.list().unwrap_or_default();
    let segments = names.into_iter().filter(|name| name.starts_with("blocks-"));
    let segments = segments.map(|name| (name.clone(), file(&name))).collect();
    let headers = blocks.iter().map(|b| (b.block.header.height, b.block.header.hash())).collect();
    Lab {
        consortium: genesis.id(),
        validators: founded(&genesis).validators().clone(),
        midway: replayed(&genesis, &blocks, blocks.len() / 2),
        at_tip: replayed(&genesis, &blocks, blocks.len()),
        members,
        genesis,
        records,
        gossip: run.gossip.clone(),
        requests: run.requests.clone(),
        responses: run.responses.clone(),
        blocks,
        wal: file("wal"),
        wal_after_restart: run.wal_after_restart(0),
        segments,
        headers,
        signatures,
    }
}

fn statuses(run: &Run) -> impl Iterator<Item = &comity_replica::message::Status> {
    use comity_replica::message::{Request, Response};
    let asked = run.requests.iter().filter_map(|request| match request {
        Request::Status(status) => Some(&**status),
        _ => None,
    });
    let answered = run.responses.iter().filter_map(|response| match response {
        Response::Status(status) => Some(&**status),
        _ => None,
    });
    asked.chain(answered)
}
