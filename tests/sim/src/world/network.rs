//! The network: messages are delayed, lost, doubled and cut off; a liar's are its own.

use comity_core::keys::PublicKey;
use comity_replica::io::{Input, Peer, Ticket};
use comity_replica::message::{Gossip, Request, Response};

use super::{Event, NodeEvent, World};
use crate::byzantine::{Liar, Lie, false_answer};
use crate::checker::Violation;
use crate::family::{Family, Role};

/// How long (ms) a request may take before its asker gives up.
const REQUEST_TIMEOUT_MS: u64 = 3_000;
/// Most bytes of blocks that a node answers with: few, so that catching up takes several turns.
const BLOCKS_BYTES: u32 = 20_000;
/// How long (ms) a node stays away from a peer that it shut out.
const SHUT_OUT_MS: u64 = 5_000;
/// How much longer (times) than usual a message may take that others overtake.
const OVERTAKEN_TIMES: u64 = 10;

/// Proposals that a liar bends beyond the rate of its other messages, in a thousand.
const PROPOSAL_LIES_PER_MILLE: u64 = 500;
/// The same of blocks that others ask it for, which happens seldom.
const BLOCK_LIES_PER_MILLE: u64 = 850;

impl World {
    pub(super) fn broadcast(&mut self, node: usize, message: Gossip) -> Result<(), Violation> {
        let own = self.nodes[node].key.as_ref().map(|key| key.public());
        let standard = self.standard(node);
        let tip = self.running(node).map_or(0, |running| running.storage.tip().unwrap_or(0));
        let disk = (&self.nodes[node].disk, tip);
        self.checker.sent(standard, own.as_ref(), &message, disk)?;
        let lie = self.lie(node, &message);
        for to in 0..self.nodes.len() {
            if self.nodes[to].place == self.nodes[node].place {
                continue;
            }
            match &lie {
                None => self.deliver(node, to, &message),
                Some(Lie::Silence) => {}
                Some(Lie::Staged(others)) => self.deliver_in_order(node, to, others, 0),
                Some(Lie::Also(others)) => {
                    let begin = self.chance.index(others.len().max(1));
                    self.deliver_in_order(node, to, others, begin);
                    self.deliver(node, to, &message);
                }
                Some(Lie::Split(other)) => {
                    let side = self.chance.index(3);
                    if side != 0 {
                        self.deliver(node, to, other);
                    }
                    if side != 1 {
                        self.deliver(node, to, &message);
                    }
                }
            }
        }
        Ok(())
    }

    /// What a liar makes of its message.
    fn lie(&mut self, node: usize, message: &Gossip) -> Option<Lie> {
        if self.role(node) != Some(Role::Byzantine) {
            return None;
        }
        if self.plan.has(Family::WithheldBody) && matches!(message, Gossip::Records(_)) {
            return Some(Lie::Silence);
        }
        // A node proposes seldom: of its proposals most are bent.
        let share = match message {
            Gossip::Proposal(_) => self.plan.rates.lies_per_mille + PROPOSAL_LIES_PER_MILLE,
            _ => self.plan.rates.lies_per_mille,
        };
        if !self.chance.per_mille(share) {
            return None;
        }
        let (family, lie) = self.with_liar(node, |liar| liar.lie(message))?;
        self.tally.add(family);
        let key = self.nodes[node].member.validator.public();
        match &lie {
            Lie::Silence => {}
            Lie::Split(other) => self.checker.overheard(&key, other),
            Lie::Staged(others) | Lie::Also(others) => {
                others.iter().for_each(|other| self.checker.overheard(&key, other));
            }
        }
        Some(lie)
    }

    fn with_liar<T>(
        &mut self,
        node: usize,
        tell: impl FnOnce(&mut Liar<'_>) -> Option<T>,
    ) -> Option<T> {
        let families: Vec<Family> = self
            .plan
            .families
            .iter()
            .copied()
            .filter(|family| family.role() == Some(Role::Byzantine))
            .collect();
        let members = &self.consortium.members[..self.consortium.validators];
        let validators: Vec<PublicKey> = members.iter().map(|m| m.validator.public()).collect();
        let (past, _) = self.past.entry(node).or_default();
        tell(&mut Liar {
            key: &self.nodes[node].member.validator,
            consortium: &self.consortium.genesis.id(),
            validators: &validators,
            families: &families,
            past,
            chance: &mut self.chance,
        })
    }

    fn deliver_in_order(&mut self, from: usize, to: usize, messages: &[Gossip], begin: usize) {
        let after = self.delay();
        let in_turn = messages.iter().cycle().skip(begin).take(messages.len());
        for (at, message) in (0..).zip(in_turn) {
            if !self.is_lost(from, to) {
                let event = NodeEvent::Gossip { from, message: message.clone() };
                self.plan_for(to, after + at, event);
            }
        }
    }

    fn deliver(&mut self, from: usize, to: usize, message: &Gossip) {
        if self.is_lost(from, to) {
            return;
        }
        if self.faulty() && self.chance.per_mille(self.plan.rates.duplicates_per_mille) {
            self.tally.add(Family::Duplicates);
            let later = self.delay();
            self.plan_for(to, later, NodeEvent::Gossip { from, message: message.clone() });
        }
        let after = self.delay();
        self.plan_for(to, after, NodeEvent::Gossip { from, message: message.clone() });
    }

    pub(super) fn ask(&mut self, node: usize, peer: Peer, ticket: Ticket, request: Request) {
        let to = usize::try_from(peer.0).unwrap_or(0);
        let life = self.nodes[node].lives;
        let request = self.false_request(node, request);
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
            let blocks = match running.storage.reader().read_range(first.0, max_bytes) {
                Ok(blocks) => blocks,
                Err(error) => return self.abort(node, &error),
            };
            if !self.lies(node) {
                self.checker.served(node, &blocks)?;
            }
            self.respond(node, from, life, ticket, Response::Blocks(blocks));
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
        let lie = self.false_answer(node, &response);
        if self.nodes[to].lives != life || self.is_lost(node, to) {
            return;
        }
        let after = self.delay();
        let response = Some(lie.unwrap_or(response));
        let event = NodeEvent::Response { from: node, ticket, response };
        self.plan_event(after, Event::Node { node: to, life, event });
    }

    fn false_answer(&mut self, node: usize, response: &Response) -> Option<Response> {
        if self.role(node) != Some(Role::Byzantine) {
            return None;
        }
        let old = self.past.get(&node).and_then(|(_, status)| status.clone());
        if let Response::Status(status) = response {
            let kept = &mut self.past.entry(node).or_default().1;
            if kept.as_ref().is_none_or(|kept| kept.height.0 + 20 < status.height.0) {
                *kept = Some((**status).clone());
            }
        }
        let withholds = self.plan.has(Family::WithheldBody);
        if withholds && matches!(response, Response::Body(Some(_))) && self.chance.per_mille(900) {
            self.tally.add(Family::WithheldBody);
            return Some(Response::Body(None));
        }
        let lies = self.plan.rates.lies_per_mille;
        let lies = match response {
            Response::Blocks(blocks) if !blocks.is_empty() => lies.max(BLOCK_LIES_PER_MILLE),
            _ => lies,
        };
        if !self.chance.per_mille(lies) {
            return None;
        }
        let told = self.with_liar(node, |liar| false_answer(liar, response, old.as_ref()));
        let (family, answer) = told?;
        self.tally.add(family);
        Some(answer)
    }

    /// Who lies in its answers lies where it asks as well: a status goes both ways.
    fn false_request(&mut self, node: usize, request: Request) -> Request {
        let Request::Status(status) = request else { return request };
        match self.false_answer(node, &Response::Status(status.clone())) {
            Some(Response::Status(bent)) => Request::Status(bent),
            _ => Request::Status(status),
        }
    }

    /// A node shuts a peer out: for good reasons only.
    pub(super) fn shut_out(
        &mut self,
        node: usize,
        peer: Peer,
        reason: &str,
    ) -> Result<(), Violation> {
        let peer = usize::try_from(peer.0).unwrap_or(0);
        let is_bad = self.lies(peer) || self.lies(node) || self.plan.is_beyond_bound();
        if !is_bad {
            return Err(format!("a correct node is shut out by node {node}: {reason}"));
        }
        self.note(|| format!("node {node} shuts out node {peer}: {reason}"));
        self.plan_for(node, 1, NodeEvent::PeerDown { peer });
        self.plan_for(node, SHUT_OUT_MS, NodeEvent::PeerUp { peer });
        Ok(())
    }

    /// Which of two twins each other node sees is drawn anew: one, the other, or both.
    pub(super) fn redraw_views(&mut self) {
        self.hidden.clear();
        let members = self.consortium.members.len();
        for second in members..self.nodes.len() {
            let first = self.nodes[second].place;
            let share = [0, 200, 500][self.chance.index(3)];
            for other in (0..self.nodes.len()).filter(|other| *other != first && *other != second) {
                if self.chance.per_mille(share) {
                    continue;
                }
                let unseen = if self.chance.per_mille(500) { first } else { second };
                self.hidden.insert((unseen, other));
                self.hidden.insert((other, unseen));
            }
            self.tally.add(Family::Twins);
        }
        if self.plan.is_beyond_bound() {
            self.part_for_twins();
        }
    }

    /// More than a third of the power on both sides of a cut: each side has a quorum.
    fn part_for_twins(&mut self) {
        self.hidden.clear();
        let members = self.consortium.members.len();
        let correct: Vec<usize> = (0..members).filter(|node| !self.lies(*node)).collect();
        let turn = self.chance.index(correct.len().max(1));
        for (at, node) in correct.iter().enumerate() {
            let side = (at + turn).is_multiple_of(2);
            for (other_at, other) in correct.iter().enumerate() {
                if side != ((other_at + turn).is_multiple_of(2)) {
                    self.hidden.insert((*node, *other));
                }
            }
            for second in members..self.nodes.len() {
                let unseen = if side { second } else { self.nodes[second].place };
                self.hidden.insert((*node, unseen));
                self.hidden.insert((unseen, *node));
            }
        }
        // Each first twin sees the first twins alone, each second the second.
        for first in 0..members {
            for second in members..self.nodes.len() {
                if self.lies(first) {
                    self.hidden.insert((first, second));
                    self.hidden.insert((second, first));
                }
            }
        }
        self.tally.add(Family::BeyondBound);
    }

    fn is_lost(&mut self, from: usize, to: usize) -> bool {
        if !self.faulty() {
            return false;
        }
        if self.hidden.contains(&(from, to)) {
            return true;
        }
        if self.cuts.get(&(from, to)).is_some_and(|until| *until > self.now_ms) {
            return true;
        }
        let lost = self.chance.per_mille(self.plan.rates.loss_per_mille);
        if lost {
            self.tally.add(Family::Loss);
        }
        lost
    }

    fn delay(&mut self) -> u64 {
        let (low, high) = self.plan.rates.delay_ms;
        let usual = self.chance.between(low, high);
        if !self.faulty() {
            return usual;
        }
        if self.chance.per_mille(self.plan.rates.slow_per_mille) {
            self.tally.add(Family::Delay);
            return self.chance.between(500, self.plan.rates.slowest_ms);
        }
        if self.chance.per_mille(self.plan.rates.reorder_per_mille) {
            self.tally.add(Family::Reordering);
            return usual + self.chance.between(0, high * OVERTAKEN_TIMES);
        }
        usual
    }
}
