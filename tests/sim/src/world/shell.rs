//! The shell of each node: it feeds the replica and obeys its effects, as the real one does.

use std::sync::Arc;

use comity_core::equivocation::Equivocation;
use comity_core::hash::leaf_hash;
use comity_core::state;
use comity_replica::io::{Commit, Effect, Input, Now, Peer};
use comity_replica::storage::StorageOp;

use super::{NodeEvent, World};
use crate::checker::Violation;
use crate::checker::plain::blamed;
use crate::family::Role;

impl World {
    pub(super) fn happen_at(&mut self, node: usize, event: NodeEvent) -> Result<(), Violation> {
        self.trace.number(node as u64);
        match event {
            NodeEvent::PeerUp { peer } => {
                let agency = self.known_agency(node, peer);
                let peer = Peer(peer as u64);
                self.feed(node, Input::PeerUp { peer, agency })?;
            }
            NodeEvent::PeerDown { peer } => {
                self.feed(node, Input::PeerDown { peer: Peer(peer as u64) })?;
            }
            NodeEvent::Gossip { from, message } => {
                self.trace.bytes(&message.to_bytes());
                let ticket = self.ticket();
                let peer = Peer(from as u64);
                self.feed(node, Input::Gossip { peer, ticket, message })?;
            }
            NodeEvent::Request { from, life, ticket, request } => {
                self.trace.bytes(&request.to_bytes());
                self.serve(node, from, life, ticket, request)?;
            }
            NodeEvent::Response { from, ticket, response } => {
                if let Some(response) = &response {
                    self.trace.bytes(&response.to_bytes());
                }
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
                if let Some(Err(error)) = self.running(node).map(|r| r.storage.sync()) {
                    return self.abort(node, &error);
                }
                self.feed(node, Input::Durable { ticket })?;
            }
            NodeEvent::Verified { ticket, records } => {
                let genesis = &self.consortium.genesis;
                let verified = &mut self.verified;
                let results = records.iter().map(|bytes| verified.verify(bytes, genesis)).collect();
                self.feed(node, Input::Verified { ticket, results })?;
            }
            NodeEvent::Submit { bytes } => {
                self.trace.bytes(&bytes);
                let ticket = self.ticket();
                self.submitted.insert((node, ticket), leaf_hash(&bytes));
                self.feed(node, Input::Submit { ticket, bytes })?;
            }
        }
        self.feed(node, Input::Drained)
    }

    /// The member that a peer's transport key shows, if the node's ledger knows it.
    fn known_agency(&mut self, node: usize, peer: usize) -> Option<comity_core::text::AgencyId> {
        let agency = self.nodes[peer].member.agency.clone();
        let ledger = self.running(node)?.replica.ledger();
        state::agency(ledger, &agency).map(|_| agency)
    }

    pub(super) fn feed(&mut self, node: usize, input: Input) -> Result<(), Violation> {
        let now = Now { mono_ms: self.now_ms, wall: self.wall(node) };
        let life = self.nodes[node].lives;
        let Some(running) = self.running(node) else { return Ok(()) };
        let effects = running.replica.step(now, input);
        let loads = running.replica.loads();
        if !self.lies(node) {
            self.checker.loads(node, &loads)?;
        }
        for effect in effects {
            // What follows on an effect that ended the process is never done.
            if self.nodes[node].running.is_none() || self.nodes[node].lives != life {
                break;
            }
            self.trace.effect(node, &effect);
            self.obey(node, effect)?;
        }
        let still_runs = self.nodes[node].running.is_some() && self.nodes[node].lives == life;
        self.checker.done_at_once(node, still_runs)
    }

    fn obey(&mut self, node: usize, effect: Effect) -> Result<(), Violation> {
        match effect {
            Effect::Persist(op) => self.write(node, op)?,
            Effect::Sync { ticket } => {
                let (low, high) = self.plan.rates.sync_ms;
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
                let (low, high) = self.plan.rates.verify_ms;
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
            Effect::Note(text) => self.noted(node, &text)?,
            Effect::Halt { reason } => self.halted(node, &reason)?,
            Effect::Verdict { .. } | Effect::Evaluated { .. } => {}
        }
        Ok(())
    }

    /// A node stops of itself. Errors: a correct one never has to.
    fn halted(&mut self, node: usize, reason: &str) -> Result<(), Violation> {
        self.note(|| format!("node {node} halts: {reason}"));
        match self.role(node) {
            // Caught in its own lies, it starts again.
            Some(Role::Byzantine | Role::Twins) => self.kill(node),
            // Its operator does what the message says: the directory goes.
            Some(Role::Amnesiac | Role::BadDisk) => {
                self.kill(node);
                self.nodes[node].disk.wipe();
                self.checker.forgot(node, 0);
            }
            // On the losing side of a fork, which it cannot mend by itself.
            _ if self.plan.is_beyond_bound() => self.kill(node),
            Some(Role::BadClock) | None => return Err(format!("node {node} halts: {reason}")),
        }
        Ok(())
    }

    /// A node remarks on something. Errors: it calls invalid what a correct validator proposed;
    /// then two correct nodes judge one block differently, and it may never be decided.
    fn noted(&mut self, node: usize, text: &str) -> Result<(), Violation> {
        self.note(|| format!("node {node}: {text}"));
        let Some((height, round)) = called_invalid(text).filter(|_| !self.lies(node)) else {
            return Ok(());
        };
        self.called_invalid += 1;
        let by = self.checker.proposer(height, round);
        let is_of = |place: &usize| by == Some(self.consortium.members[*place].agency.as_str());
        let place = (0..self.consortium.members.len()).find(is_of);
        let role = place.map(|place| self.plan.odd.get(&place));
        let is_correct = !matches!(role, None | Some(Some(Role::Byzantine | Role::Twins)));
        match is_correct && !self.plan.is_beyond_bound() {
            true => Err(format!("11: node {node} on what a correct one proposed: {text}")),
            false => Ok(()),
        }
    }

    fn announced(&mut self, node: usize, commit: &Arc<Commit>) -> Result<(), Violation> {
        self.note(|| {
            let (height, records) = (commit.header.height, commit.records.len());
            format!("node {node} commits block {height} with {records} records")
        });
        if !self.lies(node) {
            let latest = self.latest_block_time();
            let standard = self.standard(node);
            self.checker.announced(standard, commit, latest, &self.nodes[node].disk)?;
            self.told(node, commit);
        }
        self.carry_out_measures();
        Ok(())
    }

    /// A node says that a validator signed twice. Invariant 9: of those alone that do.
    fn reported(&mut self, node: usize, equivocation: &Equivocation) -> Result<(), Violation> {
        let genuine = equivocation.verify(&self.consortium.genesis.id()).is_ok();
        let Some(place) = equivocation.place().filter(|_| genuine) else {
            return Err(format!("9: node {node} reports what is no equivocation"));
        };
        if !self.lies(node) {
            self.checker.accused(node, blamed(equivocation))?;
            self.reports += 1;
        }
        self.note(|| format!("node {node} reports an equivocation at height {}", place.height));
        Ok(())
    }

    fn write(&mut self, node: usize, op: StorageOp) -> Result<(), Violation> {
        match self.running(node).map(|r| r.storage.perform(op)) {
            Some(Err(error)) if error.is_refusal() => {
                Err(format!("node {node}: storage refuses: {error}"))
            }
            Some(Err(error)) => self.abort(node, &error),
            _ => Ok(()),
        }
    }
}

/// The height and round of the block that a node calls invalid, where its remark does.
fn called_invalid(text: &str) -> Option<(u64, u32)> {
    let (place, _) = text.strip_prefix("the block proposed at ")?.split_once(" is not valid")?;
    let (height, round) = place.split_once('/')?;
    Some((height.parse().ok()?, round.parse().ok()?))
}
