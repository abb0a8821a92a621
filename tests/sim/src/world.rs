//! The simulated world: an agenda of events, and the nodes, disks, network and people in it.
//! Holds: events happen in the order of their time, ties in the order of their making; a correct
//! node is never treated worse than its family of faults allows.

mod ending;
mod faults;
mod membership;
mod network;
mod people;
mod power;
mod shell;

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet, BinaryHeap};

use comity_core::hash::LeafHash;
use comity_replica::io::{Ticket, Timer};
use comity_replica::message::{Gossip, Request, Response, Status};

use crate::chance::Chance;
use crate::checker::{Checker, Standard, Violation};
use crate::clients::{Assembly, Clients};
use crate::consortium::Consortium;
use crate::disk::SimDisk;
use crate::family::{Family, Role, Tally};
use crate::node::{Node, Running, Verified};
use crate::plan::{Deed, Plan};
use crate::trace::Trace;

pub use ending::Outcome;

/// How long (ms) after the faults all that is open must be settled and all nodes be level.
const HEALING_MS: u64 = 180_000;
/// How long (ms) after the faults a run goes on in which a fork may have happened.
const BLAMING_MS: u64 = 30_000;

#[derive(Clone, Debug)]
enum Event {
    /// For a node in one of its lives.
    Node {
        node: usize,
        life: u64,
        event: NodeEvent,
    },
    Start {
        node: usize,
    },
    /// Something of this family happens.
    Fault(Family),
    /// What the plan's script says.
    Deed(Deed),
    /// A disk has room again.
    MakeRoom {
        node: usize,
    },
    /// A node gets its member's new key.
    Rekey {
        node: usize,
    },
    /// An amnesiac's disk is copied.
    Backup,
    Clients,
    Heal,
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
    /// The members' nodes in the order of the members, then the second nodes of twins.
    nodes: Vec<Node>,
    clients: Clients,
    assembly: Assembly,
    checker: Checker,
    verified: Verified,
    /// Timers by node: which number is in force.
    timers: BTreeMap<(usize, Timer), u64>,
    /// Answers owed: request ticket at the answering node → who asked, in which life, its ticket.
    owed: BTreeMap<(usize, Ticket), (usize, u64, Ticket)>,
    /// Who asked for which record's commit, at which node.
    submitted: BTreeMap<(usize, Ticket), LeafHash>,
    waiting: BTreeSet<(usize, LeafHash)>,
    /// Ways that are cut, and until when (ms).
    cuts: BTreeMap<(usize, usize), u64>,
    /// Pairs of a twin and another node that do not see each other.
    hidden: BTreeSet<(usize, usize)>,
    /// Old copies of amnesiacs' disks, and when they were taken (ms).
    backups: BTreeMap<usize, (SimDisk, u64)>,
    /// What liars said before, and a status that they gave.
    past: BTreeMap<usize, (Vec<Gossip>, Option<Status>)>,
    /// How many passed measures were put into effect on nodes.
    carried_out: usize,
    tickets: u64,
    tally: Tally,
    reports: u64,
    called_invalid: u64,
    committed: usize,
    trace: Trace,
    telling: Telling,
}

impl World {
    /// A run of a plan.
    pub fn new(plan: Plan, telling: Telling) -> World {
        let mut chance = Chance::new(plan.seed);
        let consortium = Consortium::new(plan.nodes, plan.observers, plan.joiners, &mut chance);
        let nodes = make_nodes(&plan, &consortium, &mut chance);
        let guilty = |role: &Role| *role != Role::BadClock;
        let may_be_blamed = plan.odd.iter().filter(|(_, role)| guilty(role)).flat_map(|(at, _)| {
            let member = &consortium.members[*at];
            [member.validator.public(), member.next_validator.public()]
        });
        let checker = Checker::new(&consortium.genesis, may_be_blamed);
        let checker = if plan.is_beyond_bound() { checker.allowing_forks() } else { checker };
        World {
            now_ms: 0,
            made: 0,
            agenda: BinaryHeap::new(),
            events: BTreeMap::new(),
            clients: Clients::new(&consortium),
            assembly: Assembly::new(&consortium, &plan),
            consortium,
            nodes,
            checker,
            verified: Verified::default(),
            timers: BTreeMap::new(),
            owed: BTreeMap::new(),
            submitted: BTreeMap::new(),
            waiting: BTreeSet::new(),
            cuts: BTreeMap::new(),
            hidden: BTreeSet::new(),
            backups: BTreeMap::new(),
            past: BTreeMap::new(),
            carried_out: 0,
            tickets: 0,
            tally: Tally::default(),
            reports: 0,
            called_invalid: 0,
            committed: 0,
            trace: Trace::default(),
            telling,
            chance,
            plan,
        }
    }

    /// Runs to the end. Errors: the first broken invariant.
    pub fn run(mut self) -> Result<Outcome, Violation> {
        for node in 0..self.nodes.len() {
            if self.nodes[node].is_wanted {
                let after = self.chance.between(0, 200);
                self.plan_event(after, Event::Start { node });
            }
        }
        self.plan_event(500, Event::Clients);
        self.plan_event(1_000, Event::Backup);
        self.plan_event(self.plan.faults_until_ms, Event::Heal);
        for (family, every) in self.plan.every_ms.clone() {
            let after = self.chance.between(every / 4, every);
            self.plan_event(after, Event::Fault(family));
        }
        for (at_ms, deed) in self.plan.script.clone() {
            self.plan_event(at_ms, Event::Deed(deed));
        }
        let deadline = self.plan.faults_until_ms + HEALING_MS;
        while let Some(Reverse((at, number))) = self.agenda.pop() {
            if at > deadline {
                return Err(self.stalled());
            }
            self.now_ms = at;
            let Some(event) = self.events.remove(&number) else { continue };
            if let Some(until_ms) = self.frozen_until(&event) {
                // It is fed everything, in order, when it moves again.
                self.agenda.push(Reverse((until_ms, number)));
                self.events.insert(number, event);
                continue;
            }
            self.happen(event)?;
            if self.is_finished() {
                return self.finish();
            }
        }
        Err("the agenda ran empty".into())
    }

    fn frozen_until(&self, event: &Event) -> Option<u64> {
        let Event::Node { node, .. } = event else { return None };
        Some(self.nodes[*node].frozen_until_ms).filter(|until| *until > self.now_ms)
    }

    fn happen(&mut self, event: Event) -> Result<(), Violation> {
        self.trace.number(self.now_ms);
        match event {
            Event::Fault(family) => self.befall(family)?,
            Event::Deed(deed) => self.perform(deed),
            Event::Start { node } => self.start(node)?,
            Event::MakeRoom { node } => self.nodes[node].disk.make_room(),
            Event::Rekey { node } => self.rekey(node)?,
            Event::Backup => self.back_up(),
            Event::Clients => self.let_clients_act(),
            Event::Heal => self.heal(),
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

    /// What is wrong with a node, if something is.
    fn role(&self, node: usize) -> Option<Role> {
        self.plan.odd.get(&self.nodes[node].place).copied()
    }

    fn lies(&self, node: usize) -> bool {
        matches!(self.role(node), Some(Role::Byzantine | Role::Twins))
    }

    fn standard(&self, node: usize) -> (usize, Standard) {
        let standard = match self.role(node) {
            Some(Role::Byzantine | Role::Twins) => Standard::Unjudged,
            Some(Role::Amnesiac) if self.plan.peers_remember() => Standard::Correct,
            Some(Role::Amnesiac | Role::BadDisk) => Standard::MayForget,
            Some(Role::BadClock) | None => Standard::Correct,
        };
        (node, standard)
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
}

fn make_nodes(plan: &Plan, consortium: &Consortium, chance: &mut Chance) -> Vec<Node> {
    let mut nodes = Vec::new();
    for (place, member) in consortium.members.iter().enumerate() {
        let votes = place < consortium.validators;
        let key = votes.then(|| member.validator.clone());
        let mut node = Node::new(place, member.clone(), key, chance);
        node.is_wanted = place < consortium.founders;
        nodes.push(node);
    }
    for (place, _) in plan.odd.iter().filter(|(_, role)| **role == Role::Twins) {
        let member = consortium.members[*place].clone();
        let key = Some(member.validator.clone());
        nodes.push(Node::new(*place, member, key, chance));
    }
    for node in &mut nodes {
        let skew_ms = chance.between(0, plan.rates.skew_ms);
        node.ahead_ms = i64::try_from(skew_ms).unwrap_or(0);
    }
    nodes
}
