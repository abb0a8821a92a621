//! The shell of each node: it feeds the replica and obeys its effects, as the real one does.

use std::sync::Arc;

use comity_core::equivocation::Equivocation;
use comity_core::hash::leaf_hash;
use comity_replica::io::{Commit, Effect, Input, Now, Peer};
use comity_replica::storage::StorageOp;

use super::{NodeEvent, World};
use crate::checker::Violation;

impl World {
    pub(super) fn happen_at(&mut self, node: usize, event: NodeEvent) -> Result<(), Violation> {
        match event {
            NodeEvent::PeerUp { peer } => {
                let agency = Some(self.nodes[peer].member.agency.clone());
                let peer = Peer(peer as u64);
                self.feed(node, Input::PeerUp { peer, agency })?;
            }
            NodeEvent::PeerDown { peer } => {
                self.feed(node, Input::PeerDown { peer: Peer(peer as u64) })?;
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
                self.submitted.insert((node, ticket), leaf_hash(&bytes));
                self.feed(node, Input::Submit { ticket, bytes })?;
            }
        }
        self.feed(node, Input::Drained)
    }

    pub(super) fn feed(&mut self, node: usize, input: Input) -> Result<(), Violation> {
        let now = Now { mono_ms: self.now_ms, wall: self.wall(node) };
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
                let (low, high) = self.plan.verify_ms;
                let after = self.chance.between(low, high);
                self.plan_for(node, after, NodeEvent::Verified { ticket, records });
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
            Effect::Answer { ticket, admission } => self.answered(node, ticket, &admission)?,
            Effect::Dropped { leaf, .. } => self.dropped(node, leaf)?,
            Effect::Committed(commit) => self.announced(node, &commit)?,
            Effect::Disconnect { peer, reason } => self.shut_out(node, peer, &reason)?,
            Effect::Misbehaviour(equivocation) => self.reported(node, &equivocation)?,
            Effect::Note(text) => self.note(|| format!("node {node}: {text}")),
            // Caught in its own lies, it starts again.
            Effect::Halt { .. } if self.is_liar(node) => self.crash(node),
            Effect::Halt { reason } => return Err(format!("node {node} halts: {reason}")),
            Effect::Verdict { .. } | Effect::Evaluated { .. } => {}
        }
        Ok(())
    }

    fn announced(&mut self, node: usize, commit: &Arc<Commit>) -> Result<(), Violation> {
        self.checker.announced(node, commit, self.latest_block_time())?;
        self.mix(&commit.header_hash.0);
        self.note(|| {
            let (height, records) = (commit.header.height, commit.records.len());
            format!("node {node} commits block {height} with {records} records")
        });
        self.told(node, commit);
        Ok(())
    }

    /// A node says that a validator signed twice. Invariant 9: of the liar alone.
    fn reported(&mut self, node: usize, equivocation: &Equivocation) -> Result<(), Violation> {
        let Some(place) = equivocation.place() else {
            return Err(format!("9: node {node} reports what is no equivocation"));
        };
        let guilty = self.nodes.iter().enumerate().find(|(at, one)| {
            self.is_liar(*at) && one.member.validator.public() == place.validator
        });
        if guilty.is_none() {
            return Err(format!("9: a correct node is blamed by node {node}: {equivocation:?}"));
        }
        self.reports += 1;
        self.note(|| format!("node {node} reports the liar at height {}", place.height));
        Ok(())
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
}
