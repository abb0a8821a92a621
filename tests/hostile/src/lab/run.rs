//! Four real replicas over disks in memory and a network that loses nothing but what it is told to.
//! Holds: the same story gives the same bytes.
//! May not enter: real time, real files.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::Arc;

use comity_core::block::CommittedBlock;
use comity_core::genesis::Genesis;
use comity_core::hash::LeafHash;
use comity_core::ids::{LogIndex, TimeMs};
use comity_core::ledger::Ledger;
use comity_core::statement::VerifiedRecord;
use comity_core::vote::CommitCertificate;
use comity_replica::io::{Commit, Effect, Input, Now, Peer, Ticket, Timer};
use comity_replica::message::{Gossip, Request, Response};
use comity_replica::replica::{Boot, Replica, ReplicaConfig};
use comity_replica::storage::{Disk as _, MemoryDisk, Storage, StorageOptions};

use super::founding::{BEGINNING_MS, Member};

/// More inputs than any story needs: past it the run hangs.
const MOST_INPUTS: usize = 500_000;
/// Most bytes of blocks in one answer: so few that catching up takes several.
const BLOCKS_BYTES: u64 = 16 * 1024;

struct Node {
    disk: MemoryDisk,
    storage: Storage<MemoryDisk>,
    replica: Replica,
}

/// The replicas, and what is under way between them.
pub(super) struct Run {
    genesis: Genesis,
    nodes: Vec<Node>,
    now_ms: u64,
    inputs: VecDeque<(usize, Input)>,
    timers: BTreeMap<(usize, Timer), u64>,
    /// Who awaits the answer to a request, and under which ticket of its own.
    owed: BTreeMap<Ticket, (usize, Ticket)>,
    tickets: u64,
    /// The node that neither hears nor is heard.
    pub(super) cut_off: Option<usize>,
    /// Where each record lies, as node 0 was told.
    pub(super) places: BTreeMap<LeafHash, LogIndex>,
    pub(super) gossip: Vec<Gossip>,
    pub(super) requests: Vec<Request>,
    pub(super) responses: Vec<Response>,
}

impl Run {
    pub(super) fn new(genesis: &Genesis, members: &[Member]) -> Run {
        let nodes = members.iter().zip(1..).map(|(member, salt)| node(genesis, member, salt));
        let mut run = Run {
            genesis: genesis.clone(),
            nodes: nodes.collect(),
            now_ms: 0,
            inputs: VecDeque::new(),
            timers: BTreeMap::new(),
            owed: BTreeMap::new(),
            tickets: 1 << 32,
            cut_off: None,
            places: BTreeMap::new(),
            gossip: Vec::new(),
            requests: Vec::new(),
            responses: Vec::new(),
        };
        for at in 0..members.len() {
            run.inputs.push_back((at, Input::Start));
            for (other, member) in members.iter().enumerate().filter(|(other, _)| *other != at) {
                let (peer, agency) = (Peer(other as u64), Some(member.agency.clone()));
                run.inputs.push_back((at, Input::PeerUp { peer, agency }));
            }
        }
        run
    }

    pub(super) fn now(&self) -> TimeMs {
        TimeMs(BEGINNING_MS + self.now_ms)
    }

    pub(super) fn height(&self, node: usize) -> u64 {
        self.nodes[node].replica.status().height.0
    }

    pub(super) fn submit(&mut self, node: usize, bytes: Vec<u8>) {
        let ticket = self.ticket();
        self.inputs.push_back((node, Input::Submit { ticket, bytes }));
    }

    /// Goes on until `reached` holds and nothing is under way at this moment.
    pub(super) fn until(&mut self, reached: impl Fn(&Run) -> bool) {
        for _ in 0..MOST_INPUTS {
            match self.inputs.pop_front() {
                Some((node, input)) => {
                    self.feed(node, input);
                    self.feed(node, Input::Drained);
                }
                None if reached(self) => return,
                None => self.ring(),
            }
        }
        unreachable!("the story comes to its end");
    }

    /// The chain as node 0 has it on its disk.
    pub(super) fn blocks(&self) -> Vec<CommittedBlock> {
        let reader = self.nodes[0].storage.reader();
        let read = |height| match reader.read(height) {
            Ok(Some(bytes)) => match CommittedBlock::from_bytes(&bytes) {
                Ok(committed) => committed,
                Err(error) => unreachable!("block {height} was written by this run: {error}"),
            },
            other => unreachable!("block {height} is on the disk: {other:?}"),
        };
        (1..=reader.tip().unwrap_or(0)).map(read).collect()
    }

    /// A node's write-ahead log, as the next start would write it.
    pub(super) fn wal_after_restart(&self, node: usize) -> Vec<u8> {
        let disk = self.disk(node);
        match Storage::open(disk.clone(), StorageOptions::new(9)) {
            Ok(_) => disk.read("wal", 0, usize::MAX).unwrap_or_default(),
            Err(error) => unreachable!("what a node wrote opens: {error}"),
        }
    }

    /// A copy of a node's disk.
    pub(super) fn disk(&self, node: usize) -> MemoryDisk {
        self.nodes[node].disk.fork()
    }

    fn ticket(&mut self) -> Ticket {
        self.tickets += 1;
        Ticket(self.tickets)
    }

    fn ring(&mut self) {
        let next = self.timers.iter().min_by_key(|(_, due)| **due).map(|(key, due)| (*key, *due));
        let Some(((node, timer), due)) = next else { unreachable!("a node has timers") };
        self.timers.remove(&(node, timer));
        self.now_ms = self.now_ms.max(due);
        self.inputs.push_back((node, Input::Timer(timer)));
    }

    fn feed(&mut self, node: usize, input: Input) {
        let now = Now { mono_ms: self.now_ms, wall: self.now() };
        for effect in self.nodes[node].replica.step(now, input) {
            self.obey(node, effect);
        }
    }

    fn obey(&mut self, node: usize, effect: Effect) {
        match effect {
            Effect::Persist(op) => {
                if let Err(error) = self.nodes[node].storage.perform(op) {
                    unreachable!("the disk takes it: {error}");
                }
            }
            Effect::Sync { ticket } => {
                if let Err(error) = self.nodes[node].storage.sync() {
                    unreachable!("the disk syncs: {error}");
                }
                self.inputs.push_back((node, Input::Durable { ticket }));
            }
            Effect::Broadcast(message) => self.tell(node, message),
            Effect::Request { peer, ticket, request } => self.ask(node, peer, ticket, request),
            Effect::Respond { ticket, response } => {
                if let Some((asker, asked)) = self.owed.remove(&ticket) {
                    self.answer(node, asker, asked, response);
                }
            }
            Effect::Verify { ticket, records } => {
                let consortium = self.genesis.id();
                let verify = |bytes: &Vec<u8>| VerifiedRecord::verify(bytes, &consortium);
                let results = records.iter().map(verify).collect();
                self.inputs.push_back((node, Input::Verified { ticket, results }));
            }
            Effect::SetTimer { timer, after_ms } => {
                self.timers.insert((node, timer), self.now_ms + after_ms);
            }
            Effect::CancelTimer(timer) => {
                self.timers.remove(&(node, timer));
            }
            Effect::Committed(commit) if node == 0 => self.note_places(&commit),
            Effect::Halt { reason } => unreachable!("nothing is wrong here: {reason}"),
            _ => {}
        }
    }

    fn note_places(&mut self, commit: &Arc<Commit>) {
        for (record, index) in commit.records.iter().zip(commit.header.first_index.0..) {
            self.places.insert(record.leaf(), LogIndex(index));
        }
    }

    fn is_lost(&self, from: usize, to: usize) -> bool {
        self.cut_off.is_some_and(|cut| cut == from || cut == to)
    }

    fn tell(&mut self, from: usize, message: Gossip) {
        for to in 0..self.nodes.len() {
            if to != from && !self.is_lost(from, to) {
                let (peer, ticket, message) = (Peer(from as u64), self.ticket(), message.clone());
                self.inputs.push_back((to, Input::Gossip { peer, ticket, message }));
            }
        }
        self.gossip.push(message);
    }

    fn ask(&mut self, node: usize, peer: Peer, ticket: Ticket, request: Request) {
        let to = usize::try_from(peer.0).unwrap_or(0);
        self.requests.push(request.clone());
        if self.is_lost(node, to) {
            self.inputs.push_back((node, Input::Response { peer, ticket, response: None }));
        } else if let Request::Blocks { from, max_bytes } = request {
            let max_bytes = BLOCKS_BYTES.min(max_bytes.into());
            let blocks = self.nodes[to].storage.reader().read_range(from.0, max_bytes);
            self.answer(to, node, ticket, Response::Blocks(blocks.unwrap_or_default()));
        } else {
            let own = self.ticket();
            self.owed.insert(own, (node, ticket));
            let peer = Peer(node as u64);
            self.inputs.push_back((to, Input::Request { peer, ticket: own, request }));
        }
    }

    fn answer(&mut self, from: usize, to: usize, ticket: Ticket, response: Response) {
        self.responses.push(response.clone());
        let peer = Peer(from as u64);
        self.inputs.push_back((to, Input::Response { peer, ticket, response: Some(response) }));
    }
}

fn node(genesis: &Genesis, member: &Member, salt: u64) -> Node {
    let mut disk = MemoryDisk::new();
    let key = *member.validator.public().as_bytes();
    if let Err(error) = Storage::create_guard(&mut disk, key, salt) {
        unreachable!("an empty disk takes a guard: {error}");
    }
    let options = StorageOptions { segment_limit_bytes: 24 * 1024, ..StorageOptions::new(salt) };
    let (storage, recovered) = match Storage::open(disk.clone(), options) {
        Ok(opened) => opened,
        Err(error) => unreachable!("an empty disk opens: {error}"),
    };
    let ledger = founded(genesis);
    let boot = Boot { ledger, certificate: None, recovered };
    let replica = match Replica::new(config(member), boot) {
        Ok(replica) => replica,
        Err(error) => unreachable!("a new node starts: {error}"),
    };
    Node { disk, storage, replica }
}

/// How a member's node is set up.
pub(crate) fn config(member: &Member) -> ReplicaConfig {
    ReplicaConfig {
        agency: member.agency.clone(),
        validator_key: Some(member.validator.clone()),
        pool_records: 64,
        pool_records_per_agency: 32,
        seed: 1,
    }
}

/// The ledger at height 0.
pub(super) fn founded(genesis: &Genesis) -> Ledger {
    match Ledger::new(genesis) {
        Ok(ledger) => ledger,
        Err(error) => unreachable!("the genesis is one: {error}"),
    }
}

/// The ledger after the first `count` blocks of a chain, and the certificate of its tip.
pub(super) fn replayed(
    genesis: &Genesis,
    blocks: &[CommittedBlock],
    count: usize,
) -> (Ledger, Option<CommitCertificate>) {
    let (mut ledger, mut last) = (founded(genesis), None);
    for CommittedBlock { block, certificate, .. } in blocks.iter().take(count) {
        let consortium = *ledger.consortium();
        let verify = |bytes: &Vec<u8>| VerifiedRecord::verify(bytes, &consortium);
        let records = block.records.iter().map(verify).collect::<Result<Vec<_>, _>>();
        let parent = block
            .parent_certificate
            .clone()
            .map(|parent| parent.verify(ledger.consortium(), ledger.tip_validators()));
        let (Ok(records), Ok(parent)) = (records, parent.transpose()) else {
            unreachable!("the chain is genuine")
        };
        match ledger.execute(&block.header, records, parent.as_ref()) {
            Ok(executed) => ledger.commit(&executed),
            Err(error) => unreachable!("the chain executes: {error}"),
        }
        last = Some(certificate.clone());
    }
    (ledger, last)
}

/// Every leaf of `wanted` has its place.
pub(super) fn all_placed(run: &Run, wanted: &BTreeSet<LeafHash>) -> bool {
    wanted.iter().all(|leaf| run.places.contains_key(leaf))
}
