//! The network: messages are delayed, lost, doubled and cut off; a liar's are its own.

use comity_replica::io::{Input, Peer, Ticket};
use comity_replica::message::{Gossip, Request, Response};

use super::{Event, NodeEvent, World};
use crate::checker::Violation;
use crate::liar::{self, Lie};

/// How long (ms) a request may take before its asker gives up.
const REQUEST_TIMEOUT_MS: u64 = 3_000;
/// Most bytes of blocks that a node answers with: few, so that catching up takes several turns.
const BLOCKS_BYTES: u32 = 20_000;
/// Messages that a liar contradicts, and answers that it falsifies, in a thousand.
const LIES_PER_MILLE: u64 = 200;
/// How long (ms) a node stays away from a peer that it shut out.
const SHUT_OUT_MS: u64 = 5_000;

impl World {
    pub(super) fn broadcast(&mut self, node: usize, message: Gossip) -> Result<(), Violation> {
        let key = self.nodes[node].member.validator.clone();
        self.checker.sent(node, &key.public(), &message)?;
        let lies = self.is_liar(node) && self.chance.per_mille(LIES_PER_MILLE);
        let lie =
            if lies { liar::lie(&message, &key, &self.consortium, &mut self.chance) } else { None };
        for to in (0..self.nodes.len()).filter(|to| *to != node) {
            let after = self.delay();
            match &lie {
                None => self.deliver(node, to, message.clone(), after),
                Some(Lie::Staged(others)) => {
                    for (at, other) in (0..).zip(others) {
                        self.deliver(node, to, other.clone(), after + at);
                    }
                }
                Some(Lie::Flood(others)) => {
                    let begin = self.chance.index(others.len());
                    let in_turn = others.iter().cycle().skip(begin).take(others.len());
                    for (at, other) in (0..).zip(in_turn) {
                        self.deliver(node, to, other.clone(), after + at);
                    }
                }
                Some(Lie::Split(other)) => {
                    let side = self.chance.index(3);
                    if side != 0 {
                        self.deliver(node, to, other.clone(), after);
                    }
                    if side != 1 {
                        let after = self.delay();
                        self.deliver(node, to, message.clone(), after);
                    }
                }
            }
        }
        Ok(())
    }

    fn deliver(&mut self, from: usize, to: usize, message: Gossip, after_ms: u64) {
        if self.is_lost(from, to) {
            return;
        }
        let twice = self.faulty() && self.chance.per_mille(self.plan.duplicates_per_mille);
        if twice {
            let later = self.delay();
            self.plan_for(to, later, NodeEvent::Gossip { from, message: message.clone() });
        }
        self.plan_for(to, after_ms, NodeEvent::Gossip { from, message });
    }

    pub(super) fn ask(&mut self, node: usize, peer: Peer, ticket: Ticket, request: Request) {
        let to = usize::try_from(peer.0).unwrap_or(0);
        let life = self.nodes[node].lives;
        if !self.is_lost(node, to) && self.nodes[to].running.is_some() {
            let after = self.delay();
            self.plan_for(to, after, NodeEvent::Request { from: node, life, ticket, request });
        }
        let timeout = NodeEvent::Response { from: to, ticket, response: None };
        self.plan_for(node, REQUEST_TIMEOUT_MS, timeout);
    }

    /// A node answers a request: for blocks its shell does, from the block log.
    pub(super) fn serve(
        &mut self,
        node: usize,
        from: usize,
        life: u64,
        ticket: Ticket,
        request: Request,
    ) -> Result<(), Violation> {
        if let Request::Blocks { from: first, max_bytes } = request {
            let Some(running) = self.running(node) else { return Ok(()) };
            let max_bytes = max_bytes.min(BLOCKS_BYTES).into();
            let blocks = running.storage.reader().read_range(first.0, max_bytes);
            let response = Response::Blocks(blocks.map_err(|error| error.to_string())?);
            self.respond(node, from, life, ticket, response);
            return Ok(());
        }
        let own = self.ticket();
        self.owed.insert((node, own), (from, life, ticket));
        let peer = Peer(from as u64);
        self.feed(node, Input::Request { peer, ticket: own, request })
    }

    pub(super) fn respond(
        &mut self,
        node: usize,
        to: usize,
        life: u64,
        ticket: Ticket,
        response: Response,
    ) {
        if self.nodes[to].lives != life || self.is_lost(node, to) {
            return;
        }
        let lies = self.is_liar(node) && self.chance.per_mille(LIES_PER_MILLE);
        let lie = if lies { liar::false_answer(&response, &mut self.chance) } else { None };
        let after = self.delay();
        let response = Some(lie.unwrap_or(response));
        let event = NodeEvent::Response { from: node, ticket, response };
        self.plan_event(after, Event::Node { node: to, life, event });
    }

    /// A node shuts a peer out: for good reasons only.
    pub(super) fn shut_out(
        &mut self,
        node: usize,
        peer: Peer,
        reason: &str,
    ) -> Result<(), Violation> {
        let peer = usize::try_from(peer.0).unwrap_or(0);
        if !self.is_liar(peer) {
            return Err(format!("a correct node is shut out by node {node}: {reason}"));
        }
        self.note(|| format!("node {node} shuts out node {peer}: {reason}"));
        self.plan_for(node, 1, NodeEvent::PeerDown { peer });
        self.plan_for(node, SHUT_OUT_MS, NodeEvent::PeerUp { peer });
        Ok(())
    }

    /// The network falls into two parts, or is whole again.
    pub(super) fn split_or_heal(&mut self) {
        let Some(every) = self.plan.split_every_ms.filter(|_| self.faulty()) else {
            self.cut_off = None;
            return;
        };
        let heals = self.cut_off.is_some();
        self.cut_off = if heals {
            None
        } else {
            let some = (0..self.nodes.len()).filter(|_| self.chance.per_mille(500));
            Some(some.collect())
        };
        let parts = self.cut_off.clone();
        self.note(|| format!("the network: cut off are {parts:?}"));
        let after = self.chance.between(every / 2, every);
        self.plan_event(after, Event::Split);
    }

    fn is_lost(&mut self, from: usize, to: usize) -> bool {
        let side = |node| self.cut_off.as_ref().is_some_and(|part| part.contains(&node));
        if !self.faulty() {
            return false;
        }
        side(from) != side(to) || self.chance.per_mille(self.plan.loss_per_mille)
    }

    fn delay(&mut self) -> u64 {
        let (low, high) = self.plan.delay_ms;
        self.chance.between(low, high)
    }
}
