//! What the people do and are told.

use comity_core::hash::LeafHash;
use comity_core::ids::{LogIndex, TimeMs};
use comity_core::refusal::Refusal;
use comity_replica::io::{Admission, Commit, Ticket};

use super::{Event, NodeEvent, World};
use crate::checker::Violation;
use crate::consortium::BEGINNING_MS;
use crate::liar;

/// Submissions, in a thousand, that come first under a signature that does not verify.
const GARBLED_PER_MILLE: u64 = 50;

impl World {
    /// Clients make new records when the last are settled, and submit what is open, again and
    /// again, each time to a node of their choice, now and then to two.
    pub(super) fn let_clients_act(&mut self) {
        let now = TimeMs(BEGINNING_MS + self.now_ms);
        if self.clients.all_settled() && self.clients.made() < self.plan.records {
            self.clients.make(now, &mut self.chance);
        }
        for (leaf, bytes) in self.clients.open() {
            let is_waited_for = self.waiting.iter().any(|(_, waited)| *waited == leaf);
            if is_waited_for && !self.chance.per_mille(100) {
                continue;
            }
            let node = self.chance.index(self.nodes.len());
            if self.chance.per_mille(GARBLED_PER_MILLE) {
                let bytes = liar::garbled(&bytes);
                self.plan_for(node, 0, NodeEvent::Submit { bytes });
            }
            let after = self.chance.between(0, 20);
            self.plan_for(node, after, NodeEvent::Submit { bytes });
        }
        self.plan_event(250, Event::Clients);
    }

    /// A node says at once how a record fares.
    pub(super) fn answered(
        &mut self,
        node: usize,
        ticket: Ticket,
        admission: &Admission,
    ) -> Result<(), Violation> {
        let Some(leaf) = self.submitted.remove(&(node, ticket)) else { return Ok(()) };
        let is_genuine = self.clients.wishes.contains_key(&leaf);
        match admission {
            Admission::Busy => {}
            Admission::Invalid(_) if !is_genuine => {}
            Admission::Invalid(error) => {
                return Err(format!("6: node {node} calls a genuine record invalid: {error}"));
            }
            _ if !is_genuine => {
                return Err(format!("6: node {node} takes a record with a bad signature"));
            }
            Admission::Pending(_) => {
                self.waiting.insert((node, leaf));
            }
            Admission::Refused { refusal, .. } => {
                self.note(|| format!("node {node} refuses {leaf:?}: {refusal}"));
                match refusal {
                    // The node has it on its log already.
                    Refusal::Replayed => self.settle_replayed(leaf),
                    _ => self.clients.refused(&leaf),
                }
            }
        }
        Ok(())
    }

    /// A node drops a record that waited there: it does so only when a committed block, or its
    /// clock, has made it invalid.
    pub(super) fn dropped(&mut self, node: usize, leaf: LeafHash) -> Result<(), Violation> {
        if !self.waiting.remove(&(node, leaf)) {
            return Ok(());
        }
        self.clients.refused(&leaf);
        let now = self.wall(node);
        let bytes = self.clients.wishes.get(&leaf).map(|wish| wish.bytes.clone());
        let genesis = &self.consortium.genesis;
        let record = bytes.and_then(|bytes| self.verified.verify(&bytes, genesis).ok());
        let ledger = self.nodes[node].running.as_ref().map(|running| running.replica.ledger());
        match record.zip(ledger).map(|(record, ledger)| ledger.check(&record, now)) {
            Some(Ok(())) => Err(format!("11: node {node} drops {leaf:?}, which its ledger takes")),
            _ => Ok(()),
        }
    }

    /// A node announces a block to those who wait.
    pub(super) fn told(&mut self, node: usize, commit: &Commit) {
        for (at, record) in commit.records.iter().enumerate() {
            let index = LogIndex(commit.header.first_index.0 + at as u64);
            if self.waiting.remove(&(node, record.leaf())) {
                self.checker.acknowledged(record.leaf());
                self.committed += 1;
                self.clients.committed(&record.leaf(), index);
            }
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
