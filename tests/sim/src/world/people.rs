//! What the people do and are told.

use comity_core::hash::LeafHash;
use comity_core::ids::{LogIndex, TimeMs};
use comity_core::refusal::Refusal;
use comity_replica::io::{Admission, Commit, Ticket};

use super::{Event, NodeEvent, World};
use crate::byzantine::garbled;
use crate::checker::Violation;
use crate::consortium::BEGINNING_MS;
use crate::family::{Family, Role};

/// How often, in a thousand times, someone hands in again what is committed already.
const AGAIN_PER_MILLE: u64 = 60;

impl World {
    /// Clients make new records when the last are settled, and submit what is open, again and
    /// again, each time to a node of their choice, now and then to several.
    pub(super) fn let_clients_act(&mut self) {
        let now = TimeMs(BEGINNING_MS + self.now_ms);
        if self.clients.all_settled() && self.clients.made() < self.plan.records {
            self.clients.make(now, &mut self.chance);
        }
        let open = self.clients.open().into_iter().chain(self.assembly.open());
        for (leaf, bytes) in open.collect::<Vec<_>>() {
            let is_waited_for = self.waiting.iter().any(|(_, waited)| *waited == leaf);
            if is_waited_for && !self.chance.per_mille(100) {
                continue;
            }
            self.submit(&bytes);
            if self.chance.per_mille(self.plan.rates.resubmit_per_mille) {
                self.tally.add(Family::Resubmission);
                match self.chance.index(3) {
                    // First under a signature that does not verify.
                    0 => self.submit(&garbled(&bytes)),
                    _ => (0..=self.chance.index(3)).for_each(|_| self.submit(&bytes)),
                }
            }
        }
        let resubmits = AGAIN_PER_MILLE.max(self.plan.rates.resubmit_per_mille);
        if self.chance.per_mille(resubmits)
            && let Some(bytes) = self.clients.some_committed(&mut self.chance)
        {
            self.submit(&bytes);
        }
        self.plan_event(250, Event::Clients);
    }

    fn submit(&mut self, bytes: &[u8]) {
        let node = self.chance.index(self.nodes.len());
        let after = self.chance.between(0, 20);
        self.plan_for(node, after, NodeEvent::Submit { bytes: bytes.to_vec() });
    }

    /// Whether what a node says of a record now decides its fate: it knows all that is committed,
    /// and its clock is right.
    fn is_up_to_date(&self, node: usize) -> bool {
        let judged = !self.lies(node) && self.role(node) != Some(Role::BadClock);
        let height = self.checker.height();
        let running = self.nodes[node].running.as_ref();
        judged && running.is_some_and(|running| running.replica.status().height.0 >= height)
    }

    fn knows(&self, leaf: &LeafHash) -> bool {
        self.bytes_of(leaf).is_some()
    }

    fn bytes_of(&self, leaf: &LeafHash) -> Option<Vec<u8>> {
        let wish = self.clients.wishes.get(leaf).map(|wish| &wish.bytes);
        wish.or(self.assembly.bytes_of(leaf)).cloned()
    }

    fn refused(&mut self, node: usize, leaf: &LeafHash) {
        if self.is_up_to_date(node) {
            self.clients.refused(leaf);
            self.assembly.refused(leaf);
        }
    }

    /// A node says at once how a record fares.
    pub(super) fn answered(
        &mut self,
        node: usize,
        ticket: Ticket,
        admission: &Admission,
    ) -> Result<(), Violation> {
        let Some(leaf) = self.submitted.remove(&(node, ticket)) else { return Ok(()) };
        let is_genuine = self.knows(&leaf);
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
                    _ => self.refused(node, &leaf),
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
        self.refused(node, &leaf);
        if self.lies(node) {
            return Ok(());
        }
        let now = self.wall(node);
        let bytes = self.bytes_of(&leaf);
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
            if self.waiting.remove(&(node, record.leaf())) && !self.lies(node) {
                self.checker.acknowledged(record.leaf());
                self.committed += 1;
                self.commit_wish(&record.leaf(), index);
            }
        }
    }

    fn commit_wish(&mut self, leaf: &LeafHash, index: LogIndex) {
        let now = TimeMs(BEGINNING_MS + self.now_ms);
        self.clients.committed(leaf, index);
        self.assembly.committed(leaf, index, now, &mut self.chance);
    }

    fn settle_replayed(&mut self, leaf: LeafHash) {
        if let Some(index) = self.checker.index_of(&leaf) {
            self.checker.acknowledged(leaf);
            if self.clients.saw_committed(&leaf) {
                return;
            }
            self.committed += 1;
            self.commit_wish(&leaf, LogIndex(index));
        }
    }
}
