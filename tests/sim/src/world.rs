//! The simulated world: an agenda of events, a network, disks that take time, crashes.
//! Holds: events happen in the order of their time, ties in the order of their making.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BinaryHeap};

use comity_core::hash::LeafHash;
use comity_core::ids::{LogIndex, TimeMs};
use comity_replica::io::{Admission, Effect, Input, Now, Peer, Ticket, Timer};
use comity_replica::message::{Gossip, Request, Response};
use comity_replica::storage::StorageOp;

use crate::chance::Chance;
use crate::checker::{Checker, Violation};
use crate::clients::Clients;
use crate::consortium::{BEGINNING_MS, Consortium};
use crate::node::{Node, Running, Verified};
use crate::plan::Plan;

/// How long (ms) a request may take before its asker gives up.
const REQUEST_TIMEOUT_MS: u64 = 3_000;
/// How long (ms) after the faults all that is open must be settled and all nodes be level.
const HEALING_MS: u64 = 120_000;

#[derive(Clone, Debug)]
enum Event {
    /// For a node in one of its lives.
    Node {
        node: usize,
        life: u64,
        event: NodeEvent,
    },
    Crash,
    Start {
        node: usize,
    },
    Clients,
}

#[derive(Clone, Debug)]
enum NodeEvent {
    Gossip { from: usize, message: Gossip },
    Request { from: usize, life: u64, ticket: Ticket, request: Request },
    Response { from: usize, ticket: Ticket, response: Option<Response> },
    Timer { timer: Timer, number: u64 },
    Synced { ticket: Ticket },
    Verified { ticket: Ticket, records: Vec<Vec<u8>> },
    Submit { bytes: Vec<u8> },
    PeerUp { peer: usize },
}

/// What a run came to.
#[derive(Clone, Debug)]
pub struct Outcome {
    /// Blocks committed.
    pub blocks: u64,
    /// Records committed.
    pub records: usize,
    /// Crashes.
    pub crashes: u64,
    /// Simulated time (ms).
    pub simulated_ms: u64,
    /// Hash of the run: equal for equal seeds.
    pub trace: u64,
}

/// One run.
pub struct World {
    plan: Plan,
    chance: Chance,
    now_ms: u64,
    made: u64,
    agenda: BinaryHeap<Reverse<(u64, u64)>>,
    events: BTreeMap<u64, Event>,
    consortium: Consortium,
    nodes: Vec<Node>,
    clients: Clients,
    checker: Checker,
    verified: Verified,
    /// Timers by node: which number is in force.
    timers: BTreeMap<(usize, Timer), u64>,
    /// Answers owed: request ticket at the answering node → who asked, in which life, its ticket.
    owed: BTreeMap<(usize, Ticket), (usize, u64, Ticket)>,
    /// Who asked for which record's commit, at which node.
    submitted: BTreeMap<(usize, Ticket), LeafHash>,
    waiting: BTreeMap<(usize, LeafHash), ()>,
    tickets: u64,
    crashes: u64,
    committed: usize,
    trace: u64,
    verbose: bool,
}

impl World {
    /// A run of a plan; `verbose` prints what happens.
    pub fn new(plan: Plan, trace: Option<()>) -> World {
        let mut chance = Chance::new(plan.seed);
        let consortium = Consortium::new(plan.nodes, &mut chance);
        let nodes = consortium.members.iter().map(|member| {
            let skew_ms = chance.between(0, plan.skew_ms);
            Node::new(member.clone(), skew_ms, &mut chance)
        });
        let nodes: Vec<Node> = nodes.collect();
        let clients = Clients::new(&consortium);
        World {
            plan,
            chance,
            now_ms: 0,
            made: 0,
            agenda: BinaryHeap::new(),
            events: BTreeMap::new(),
            consortium,
            nodes,
            clients,
            checker: Checker::default(),
            verified: Verified::default(),
            timers: BTreeMap::new(),
            owed: BTreeMap::new(),
            submitted: BTreeMap::new(),
            waiting: BTreeMap::new(),
            tickets: 0,
            crashes: 0,
            committed: 0,
            trace: 0,
            verbose: trace.is_some(),
        }
    }

    /// Runs to the end. Errors: the first broken invariant.
    pub fn run(mut self) -> Result<Outcome, Violation> {
        for node in 0..self.nodes.len() {
            let after = self.chance.between(0, 200);
            self.plan_event(after, Event::Start { node });
        }
        self.plan_event(500, Event::Clients);
        if let Some(every) = self.plan.crash_every_ms {
            self.plan_event(every, Event::Crash);
        }
        let deadline = self.plan.faults_until_ms + HEALING_MS;
        while let Some(Reverse((at, number))) = self.agenda.pop() {
            if at > deadline {
                return Err(self.stalled());
            }
            self.now_ms = at;
            let Some(event) = self.events.remove(&number) else { continue };
            self.happen(event)?;
            if self.is_finished() {
                return self.finish();
            }
        }
        Err("the agenda ran empty".into())
    }

    fn faulty(&self) -> bool {
        self.now_ms < self.plan.faults_until_ms
    }

    fn is_finished(&self) -> bool {
        !self.faulty()
            && self.clients.made() >= self.plan.records
            && self.clients.all_settled()
            && self.nodes.iter().all(|node| {
                node.running.as_ref().is_some_and(|r| {
                    r.replica.status().height.0 == self.checker.height()
                        && r.storage.tip().unwrap_or(0) == self.checker.height()
                })
            })
    }

    fn stalled(&self) -> Violation {
        let states: Vec<String> = self
            .nodes
            .iter()
            .map(|node| match &node.running {
                Some(r) => {
                    let s = r.replica.status();
                    format!("{}/{} {:?} pending {}", s.height, s.round, s.voting, s.pending)
                }
                None => "down".into(),
            })
            .collect();
        let open = self.clients.open().len();
        format!("11: no progress after healing: {open} records open; nodes: {}", states.join("; "))
    }

    fn finish(self) -> Result<Outcome, Violation> {
        for (at, node) in self.nodes.iter().enumerate() {
            self.checker.check_disk(at, &node.disk, &self.consortium.genesis)?;
        }
        Ok(Outcome {
            blocks: self.checker.height(),
            records: self.committed,
            crashes: self.crashes,
            simulated_ms: self.now_ms,
            trace: self.trace,
        })
    }

    fn plan_event(&mut self, after_ms: u64, event: Event) {
        self.made += 1;
        self.agenda.push(Reverse((self.now_ms + after_ms, self.made)));
        self.events.insert(self.made, event);
    }

    fn plan_for(&mut self, node: usize, after_ms: u64, event: NodeEvent) {
        let life = self.nodes[node].lives;
        self.plan_event(after_ms, Event::Node { node, life, event });
    }

    fn note(&mut self, text: impl FnOnce() -> String) {
        if self.verbose {
            use std::io::Write as _;
            let _ = writeln!(std::io::stderr().lock(), "{:>8} {}", self.now_ms, text());
        }
    }

    fn happen(&mut self, event: Event) -> Result<(), Violation> {
        match event {
            Event::Crash => self.crash_someone(),
            Event::Start { node } => self.start(node)?,
            Event::Clients => self.let_clients_act(),
            Event::Node { node, life, event } => {
                let runs = self.nodes[node].running.is_some() && self.nodes[node].lives == life;
                if runs {
                    self.happen_at(node, event)?;
                }
            }
        }
        Ok(())
    }

    fn start(&mut self, node: usize) -> Result<(), Violation> {
        if self.nodes[node].running.is_some() {
            return Ok(());
        }
        let genesis = &self.consortium.genesis;
        self.nodes[node]
            .start(genesis, &mut self.verified, &mut self.chance)
            .map_err(|error| format!("node {node} does not start: {error}"))?;
        let tip = self.running(node).map_or(0, |r| r.storage.tip().unwrap_or(0));
        self.note(|| format!("node {node} starts at block {tip}"));
        self.checker.started(node, tip)?;
        if let Some(guard) = self.nodes[node].running.as_ref().and_then(|r| r.storage.guard()) {
            for mark in guard.marks() {
                self.checker.recovered_mark(node, mark);
            }
        }
        self.feed(node, Input::Start)?;
        for peer in 0..self.nodes.len() {
            if peer != node && self.nodes[peer].running.is_some() {
                self.plan_for(node, 5, NodeEvent::PeerUp { peer });
                self.plan_for(peer, 5, NodeEvent::PeerUp { peer: node });
            }
        }
        Ok(())
    }

    fn running(&mut self, node: usize) -> Option<&mut Running> {
        self.nodes[node].running.as_mut()
    }

    fn crash_someone(&mut self) {
        if !self.faulty() {
            return;
        }
        let up: Vec<usize> =
            (0..self.nodes.len()).filter(|n| self.nodes[*n].running.is_some()).collect();
        let all_up = up.len() == self.nodes.len();
        let victims = match (all_up, self.plan.blackouts) {
            (true, true) => up,
            (true, false) => vec![up[self.chance.index(up.len())]],
            (false, _) => Vec::new(),
        };
        for node in victims {
            self.note(|| format!("node {node} crashes"));
            self.nodes[node].crash(&mut self.chance);
            self.checker.crashed(node);
            self.timers.retain(|(of, _), _| *of != node);
            self.submitted.retain(|(of, _), _| *of != node);
            self.waiting.retain(|(of, _), ()| *of != node);
            self.crashes += 1;
            let after = self.chance.between(1, 3_000);
            self.plan_event(after, Event::Start { node });
        }
        if let Some(every) = self.plan.crash_every_ms {
            let after = self.chance.between(every / 2, every * 2);
            self.plan_event(after, Event::Crash);
        }
    }

    /// Clients make new records when the last are settled, and submit what is open, again and
    /// again, each time to a node of their choice, now and then to two.
    fn let_clients_act(&mut self) {
        let now = TimeMs(BEGINNING_MS + self.now_ms);
        if self.clients.all_settled() && self.clients.made() < self.plan.records {
            self.clients.make(now, &mut self.chance);
        }
        for (leaf, bytes) in self.clients.open() {
            let is_waited_for = self.waiting.keys().any(|(_, waited)| *waited == leaf);
            if is_waited_for && !self.chance.per_mille(100) {
                continue;
            }
            let node = self.chance.index(self.nodes.len());
            let after = self.chance.between(0, 20);
            self.plan_for(node, after, NodeEvent::Submit { bytes });
        }
        self.plan_event(250, Event::Clients);
    }

    fn happen_at(&mut self, node: usize, event: NodeEvent) -> Result<(), Violation> {
        match event {
            NodeEvent::PeerUp { peer } => {
                let agency = Some(self.nodes[peer].member.agency.clone());
                let peer = Peer(peer as u64);
                self.feed(node, Input::PeerUp { peer, agency })?;
            }
            NodeEvent::Gossip { from, message } => {
                let ticket = self.ticket();
                let peer = Peer(from as u64);
                self.feed(node, Input::Gossip { peer, ticket, message })?;
            }
            NodeEvent::Request { from, life, ticket, request } => {
                self.serve(node, from, life, ticket, request)?;
            }
            NodeEvent::Response { from, ticket, response } => {
                let peer = Peer(from as u64);
                self.feed(node, Input::Response { peer, ticket, response })?;
            }
            NodeEvent::Timer { timer, number } => {
                if self.timers.get(&(node, timer)) == Some(&number) {
                    self.timers.remove(&(node, timer));
                    self.feed(node, Input::Timer(timer))?;
                }
            }
            NodeEvent::Synced { ticket } => {
                let synced = self.running(node).map(|r| r.storage.sync());
                if let Some(Err(error)) = synced {
                    return Err(format!("node {node}: sync fails: {error}"));
                }
                self.checker.synced(node);
                self.feed(node, Input::Durable { ticket })?;
            }
            NodeEvent::Verified { ticket, records } => {
                let genesis = &self.consortium.genesis;
                let verified = &mut self.verified;
                let results = records.iter().map(|bytes| verified.verify(bytes, genesis)).collect();
                self.feed(node, Input::Verified { ticket, results })?;
            }
            NodeEvent::Submit { bytes } => {
                let ticket = self.ticket();
                let leaf = comity_core::hash::leaf_hash(&bytes);
                self.submitted.insert((node, ticket), leaf);
                self.feed(node, Input::Submit { ticket, bytes })?;
            }
        }
        self.feed(node, Input::Drained)
    }

    /// A node answers a request: for blocks its shell does, from the block log.
    fn serve(
        &mut self,
        node: usize,
        from: usize,
        life: u64,
        ticket: Ticket,
        request: Request,
    ) -> Result<(), Violation> {
        if let Request::Blocks { from: first, max_bytes } = request {
            let Some(running) = self.running(node) else { return Ok(()) };
            let blocks = running.storage.reader().read_range(first.0, max_bytes.min(20_000).into());
            let response = Response::Blocks(blocks.map_err(|error| error.to_string())?);
            self.respond(node, from, life, ticket, response);
            return Ok(());
        }
        let own = self.ticket();
        self.owed.insert((node, own), (from, life, ticket));
        let peer = Peer(from as u64);
        self.feed(node, Input::Request { peer, ticket: own, request })
    }

    fn respond(&mut self, node: usize, to: usize, life: u64, ticket: Ticket, response: Response) {
        if self.nodes[to].lives != life || self.is_lost() {
            return;
        }
        let after = self.delay();
        let event = NodeEvent::Response { from: node, ticket, response: Some(response) };
        self.plan_event(after, Event::Node { node: to, life, event });
    }

    fn ticket(&mut self) -> Ticket {
        self.tickets += 1;
        Ticket(self.tickets)
    }

    fn is_lost(&mut self) -> bool {
        self.faulty() && self.chance.per_mille(self.plan.loss_per_mille)
    }

    fn delay(&mut self) -> u64 {
        let (low, high) = self.plan.delay_ms;
        self.chance.between(low, high)
    }

    fn feed(&mut self, node: usize, input: Input) -> Result<(), Violation> {
        let skew_ms = self.nodes[node].skew_ms;
        let wall = TimeMs(BEGINNING_MS + self.now_ms + skew_ms);
        let now = Now { mono_ms: self.now_ms, wall };
        let Some(running) = self.running(node) else { return Ok(()) };
        for effect in running.replica.step(now, input) {
            self.obey(node, effect)?;
        }
        Ok(())
    }

    fn obey(&mut self, node: usize, effect: Effect) -> Result<(), Violation> {
        match effect {
            Effect::Persist(op) => self.write(node, op)?,
            Effect::Sync { ticket } => {
                let (low, high) = self.plan.sync_ms;
                let after = self.chance.between(low, high);
                self.plan_for(node, after, NodeEvent::Synced { ticket });
            }
            Effect::Broadcast(message) => self.broadcast(node, message)?,
            Effect::Request { peer, ticket, request } => self.ask(node, peer, ticket, request),
            Effect::Respond { ticket, response } => {
                if let Some((to, life, asked)) = self.owed.remove(&(node, ticket)) {
                    self.respond(node, to, life, asked, response);
                }
            }
            Effect::Verify { ticket, records } => {
                self.plan_for(node, 1, NodeEvent::Verified { ticket, records });
            }
            Effect::SetTimer { timer, after_ms } => {
                self.tickets += 1;
                let number = self.tickets;
                self.timers.insert((node, timer), number);
                self.plan_for(node, after_ms, NodeEvent::Timer { timer, number });
            }
            Effect::CancelTimer(timer) => {
                self.timers.remove(&(node, timer));
            }
            Effect::Answer { ticket, admission } => self.answered(node, ticket, &admission),
            Effect::Dropped { leaf, .. } => {
                if self.waiting.remove(&(node, leaf)).is_some() {
                    self.clients.refused(&leaf);
                }
            }
            Effect::Committed(commit) => {
                self.checker.announced(node, &commit)?;
                self.trace = mix(self.trace, &commit.header_hash.0, self.now_ms);
                self.note(|| {
                    let (height, records) = (commit.header.height, commit.records.len());
                    format!("node {node} commits block {height} with {records} records")
                });
                self.announced(node, &commit);
            }
            Effect::Disconnect { reason, .. } => {
                return Err(format!("a correct node blames another: node {node}: {reason}"));
            }
            Effect::Misbehaviour { description, .. } => {
                return Err(format!("9: a correct node is blamed by node {node}: {description}"));
            }
            Effect::Note(text) => self.note(|| format!("node {node}: {text}")),
            Effect::Halt { reason } => return Err(format!("node {node} halts: {reason}")),
            Effect::Verdict { .. } | Effect::Evaluated { .. } => {}
        }
        Ok(())
    }

    fn announced(&mut self, node: usize, commit: &comity_replica::io::Commit) {
        for (at, record) in commit.records.iter().enumerate() {
            let index = LogIndex(commit.header.first_index.0 + at as u64);
            if self.waiting.remove(&(node, record.leaf())).is_some() {
                self.checker.acknowledged(record.leaf());
                self.committed += 1;
                self.clients.committed(&record.leaf(), index);
            }
        }
    }

    fn write(&mut self, node: usize, op: StorageOp) -> Result<(), Violation> {
        if let StorageOp::SignedMark(mark) = &op {
            self.checker.wrote_mark(node, mark);
        }
        let written = self.running(node).map(|r| r.storage.perform(op));
        match written {
            Some(Err(error)) => Err(format!("node {node}: storage refuses: {error}")),
            _ => Ok(()),
        }
    }

    fn broadcast(&mut self, node: usize, message: Gossip) -> Result<(), Violation> {
        let own = self.nodes[node].member.validator.public();
        self.checker.sent(node, &own, &message)?;
        for to in 0..self.nodes.len() {
            if to == node || self.is_lost() {
                continue;
            }
            let twice = self.faulty() && self.chance.per_mille(self.plan.duplicates_per_mille);
            for _ in 0..=usize::from(twice) {
                let after = self.delay();
                let message = message.clone();
                self.plan_for(to, after, NodeEvent::Gossip { from: node, message });
            }
        }
        Ok(())
    }

    fn ask(&mut self, node: usize, peer: Peer, ticket: Ticket, request: Request) {
        let to = usize::try_from(peer.0).unwrap_or(0);
        let life = self.nodes[node].lives;
        if !self.is_lost() && self.nodes[to].running.is_some() {
            let after = self.delay();
            self.plan_for(to, after, NodeEvent::Request { from: node, life, ticket, request });
        }
        let timeout = NodeEvent::Response { from: to, ticket, response: None };
        self.plan_for(node, REQUEST_TIMEOUT_MS, timeout);
    }

    fn answered(&mut self, node: usize, ticket: Ticket, admission: &Admission) {
        let Some(leaf) = self.submitted.remove(&(node, ticket)) else { return };
        match admission {
            Admission::Pending(_) => {
                self.waiting.insert((node, leaf), ());
            }
            Admission::Refused { refusal, .. } => {
                self.note(|| format!("node {node} refuses {leaf:?}: {refusal}"));
                match refusal {
                    // The node has it on its log already.
                    comity_core::refusal::Refusal::Replayed => self.settle_replayed(leaf),
                    _ => self.clients.refused(&leaf),
                }
            }
            Admission::Invalid(_) | Admission::Busy => {}
        }
    }

    fn settle_replayed(&mut self, leaf: LeafHash) {
        if let Some(index) = self.checker.index_of(&leaf) {
            self.checker.acknowledged(leaf);
            self.committed += 1;
            self.clients.committed(&leaf, index);
        }
    }
}

fn mix(trace: u64, bytes: &[u8], now_ms: u64) -> u64 {
    bytes
        .iter()
        .fold(trace ^ now_ms, |hash, byte| (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01B3))
}
