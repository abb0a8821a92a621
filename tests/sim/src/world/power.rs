//! Starts, crashes, and disks that come back with less than they held.

use comity_core::ids::TimeMs;
use comity_replica::io::Input;
use comity_replica::storage::{MemoryDisk, Storage, StorageOptions};

use super::{Event, NodeEvent, ODD_NODE, World};
use crate::checker::Violation;
use crate::consortium::BEGINNING_MS;
use crate::plan::Odd;

/// How old (ms) a copy of a disk is at least when it is put back: others have since seen something
/// that its guard lacks.
const OLD_COPY_MS: u64 = 10_000;

impl World {
    pub(super) fn start(&mut self, node: usize) -> Result<(), Violation> {
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

    pub(super) fn crash_someone(&mut self) {
        if !self.faulty() {
            return;
        }
        let up: Vec<usize> =
            (0..self.nodes.len()).filter(|n| self.nodes[*n].running.is_some()).collect();
        let all_up = up.len() == self.nodes.len();
        let victims = match (all_up, self.plan.blackouts) {
            (false, _) => Vec::new(),
            // What it forgets, only nodes that stay up can remember for it.
            (true, _) if self.plan.odd == Odd::Forgetful => vec![ODD_NODE],
            (true, true) => up,
            (true, false) => vec![up[self.chance.index(up.len())]],
        };
        for node in victims {
            self.crash(node);
        }
        if let Some(every) = self.plan.crash_every_ms {
            let after = self.chance.between(every / 2, every * 2);
            self.plan_event(after, Event::Crash);
        }
    }

    /// Stops a node at once, and has it started again after a while.
    pub(super) fn crash(&mut self, node: usize) {
        self.note(|| format!("node {node} crashes"));
        self.nodes[node].crash(&mut self.chance);
        self.checker.crashed(node);
        self.timers.retain(|(of, _), _| *of != node);
        self.submitted.retain(|(of, _), _| *of != node);
        self.waiting.retain(|(of, _)| *of != node);
        self.crashes += 1;
        if self.plan.odd == Odd::Forgetful && node == ODD_NODE {
            self.lose_disk();
        }
        for peer in 0..self.nodes.len() {
            if peer != node {
                self.plan_for(peer, 5, NodeEvent::PeerDown { peer: node });
            }
        }
        let after = self.chance.between(100, 3_000);
        self.plan_event(after, Event::Start { node });
    }

    /// Now and then puts an empty disk, or an old copy, in place of the odd node's.
    fn lose_disk(&mut self) {
        let old = self.backup.take().filter(|(_, taken)| self.now_ms >= taken + OLD_COPY_MS);
        let (disk, what) = match (self.chance.index(3), old) {
            (0, _) => (MemoryDisk::new(), "an empty disk"),
            (1, Some((copy, _))) => (copy, "an old copy of its disk"),
            _ => return,
        };
        self.note(|| format!("node {ODD_NODE} comes back with {what}"));
        let tip = Storage::open(disk.fork(), StorageOptions::new(1))
            .map_or(0, |(storage, _)| storage.tip().unwrap_or(0));
        self.nodes[ODD_NODE].disk = disk;
        self.checker.forgot(ODD_NODE, tip);
        self.losses += 1;
    }

    pub(super) fn back_up(&mut self) {
        if self.backup.is_none() && self.nodes[ODD_NODE].running.is_some() {
            self.backup = Some((self.nodes[ODD_NODE].disk.fork(), self.now_ms));
        }
        self.plan_event(1_000, Event::Backup);
    }

    /// The wall clock of a node.
    pub(super) fn wall(&self, node: usize) -> TimeMs {
        let now = BEGINNING_MS + self.now_ms;
        TimeMs(now.saturating_add_signed(self.nodes[node].ahead_ms))
    }

    /// No block that correct validators vote for is later than this.
    pub(super) fn latest_block_time(&self) -> TimeMs {
        let drift_ms = self.consortium.genesis.params.drift_ms;
        TimeMs(BEGINNING_MS + self.now_ms).plus(self.plan.skew_ms).plus(drift_ms)
    }
}
