//! The simulated world: an agenda of events, and the nodes, disks, network and people in it.
//! Holds: events happen in the order of their time, ties in the order of their making.

mod network;
mod people;
mod power;
mod shell;

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet, BinaryHeap};

use comity_core::hash::LeafHash;
use comity_replica::io::{Ticket, Timer};
use comity_replica::message::{Gossip, Request, Response};
use comity_replica::storage::MemoryDisk;

use crate::chance::Chance;
use crate::checker::{Checker, Violation};
use crate::clients::Clients;
use crate::consortium::Consortium;
use crate::node::{Node, Running, Verified};
use crate::plan::{Odd, Plan};

/// How long (ms) after the faults all that is open must be settled and all nodes be level.
const HEALING_MS: u64 = 120_000;
/// The node that is odd, where the plan has one.
const ODD_NODE: usize = 0;

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
    /// The odd node's disk is copied.
    Backup,
    /// The network falls apart, or comes together.
    Split,
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
    PeerDown { peer: usize },
}

/// What a run came to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Outcome {
    /// Blocks committed.
    pub blocks: u64,
    /// Records committed.
    pub records: usize,
    /// The kinds of those that clients saw committed.
    pub kinds: BTreeSet<&'static str>,
    /// Crashes.
    pub crashes: u64,
    /// Crashes after which the disk held less than was durable before.
    pub losses: u64,
    /// Reports of the liar.
    pub reports: u64,
    /// Simulated time (ms).
    pub simulated_ms: u64,
    /// Hash of the run: equal for equal seeds.
    pub trace: u64,
}

/// Whether a run says what happens in it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Telling {
    /// It is silent.
    Silent,
    /// It says so on stderr.
    Aloud,
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
    waiting: BTreeSet<(usize, LeafHash)>,
    /// One side of the network, while it is in two parts.
    cut_off: Option<BTreeSet<usize>>,
    /// An old copy of the odd node's disk, and when it was taken (ms).
    backup: Option<(MemoryDisk, u64)>,
    tickets: u64,
    crashes: u64,
    losses: u64,
    reports: u64,
    committed: usize,
    trace: u64,
    telling: Telling,
}

impl World {
    /// A run of a plan.
    pub fn new(plan: Plan, telling: Telling) -> World {
        let mut chance = Chance::new(plan.seed);
        let consortium = Consortium::new(plan.nodes, &mut chance);
        let nodes = consortium.members.iter().enumerate().map(|(at, member)| {
            let skew_ms = i64::try_from(chance.between(0, plan.skew_ms)).unwrap_or(0);
            let ahead_ms = match plan.odd {
                Odd::Clock { ahead_ms } if at == ODD_NODE => ahead_ms,
                _ => skew_ms,
            };
            Node::new(member.clone(), ahead_ms, &mut chance)
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
            waiting: BTreeSet::new(),
            cut_off: None,
            backup: None,
            tickets: 0,
            crashes: 0,
            losses: 0,
            reports: 0,
            committed: 0,
            trace: 0,
            telling,
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
        if let Some(every) = self.plan.split_every_ms {
            self.plan_event(every, Event::Split);
        }
        if self.plan.odd == Odd::Forgetful {
            self.plan_event(1_000, Event::Backup);
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

    fn happen(&mut self, event: Event) -> Result<(), Violation> {
        match event {
            Event::Crash => self.crash_someone(),
            Event::Start { node } => self.start(node)?,
            Event::Backup => self.back_up(),
            Event::Split => self.split_or_heal(),
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

    fn faulty(&self) -> bool {
        self.now_ms < self.plan.faults_until_ms
    }

    fn is_liar(&self, node: usize) -> bool {
        self.plan.odd == Odd::Liar && node == ODD_NODE
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
            kinds: self.clients.done(),
            crashes: self.crashes,
            losses: self.losses,
            reports: self.reports,
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

    fn running(&mut self, node: usize) -> Option<&mut Running> {
        self.nodes[node].running.as_mut()
    }

    fn ticket(&mut self) -> Ticket {
        self.tickets += 1;
        Ticket(self.tickets)
    }

    fn note(&mut self, text: impl FnOnce() -> String) {
        if self.telling == Telling::Aloud {
            use std::io::Write as _;
            let _ = writeln!(std::io::stderr().lock(), "{:>8} {}", self.now_ms, text());
        }
    }

    /// Takes something into the hash of the run.
    fn mix(&mut self, bytes: &[u8]) {
        let begun = self.trace ^ self.now_ms;
        self.trace = bytes
            .iter()
            .fold(begun, |hash, byte| (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01B3));
    }
}
