//! Starts, crashes, and disks that come back with something else than they held.

use comity_core::ids::TimeMs;
use comity_replica::io::Input;
use comity_replica::storage::StorageError;

use super::{Event, NodeEvent, World};
use crate::checker::Violation;
use crate::consortium::BEGINNING_MS;
use crate::disk::PowerLoss;
use crate::family::{Family, Role};
use crate::node::StartError;

/// How old (ms) a copy of a disk is at least when it is put back: others have since seen something
/// that its guard lacks.
const OLD_COPY_MS: u64 = 6_000;
/// How often, in a thousand times, its network comes back later than the machine.
const ALONE_PER_MILLE: u64 = 750;
/// How often, in a thousand times, another node stands still while a log is lost.
const STUCK_PER_MILLE: u64 = 750;
/// After how long (ms) a node that could not start tries again.
const RETRY_MS: u64 = 1_000;

impl World {
    pub(super) fn start(&mut self, node: usize) -> Result<(), Violation> {
        if self.nodes[node].running.is_some() || !self.nodes[node].is_wanted {
            return Ok(());
        }
        let genesis = &self.consortium.genesis;
        let started = self.nodes[node].start(genesis, &mut self.verified, &mut self.chance);
        if let Err(error) = started {
            return self.not_started(node, error);
        }
        let tip = self.running(node).map_or(0, |r| r.storage.tip().unwrap_or(0));
        self.note(|| format!("node {node} starts at block {tip}"));
        if self.role(node) == Some(Role::BadDisk) {
            // The last block may have gone bad and look like one that was never written.
            self.checker.forgot(node, tip);
        }
        if !self.lies(node) {
            self.checker.started(node, tip)?;
        }
        self.feed(node, Input::Start)?;
        for peer in 0..self.nodes.len() {
            let is_other = self.nodes[peer].place != self.nodes[node].place;
            if is_other && self.nodes[peer].running.is_some() {
                self.plan_for(node, 5, NodeEvent::PeerUp { peer });
                self.plan_for(peer, 5, NodeEvent::PeerUp { peer: node });
            }
        }
        Ok(())
    }

    /// What an operator does about a node that does not start. Errors: a correct node with a
    /// correct disk starts.
    fn not_started(&mut self, node: usize, error: StartError) -> Result<(), Violation> {
        self.note(|| format!("node {node} does not start: {error}"));
        if let StartError::Storage(StorageError::Disk(_)) = &error {
            // The disk fails at this very moment: it is tried again.
            self.note_power_loss(node);
            self.plan_event(RETRY_MS, Event::Start { node });
            return Ok(());
        }
        match self.role(node) {
            Some(Role::BadDisk) => self.repair(node, &error),
            Some(Role::Byzantine | Role::Twins | Role::Amnesiac) => {
                self.nodes[node].disk.wipe();
                self.checker.forgot(node, 0);
            }
            Some(Role::BadClock) | None => {
                return Err(format!("node {node} does not start: {error}"));
            }
        }
        self.plan_event(RETRY_MS, Event::Start { node });
        Ok(())
    }

    /// Damage: blocks are put back from another node, or the directory goes.
    fn repair(&mut self, node: usize, error: &StartError) {
        let is_of_blocks = matches!(error, StartError::Storage(StorageError::BlockDamaged { .. }));
        let blocks = self.blocks_of_another(node);
        let one = &mut self.nodes[node];
        let repaired = is_of_blocks && one.repair_blocks(&blocks, &mut self.chance).is_ok();
        if !repaired {
            one.disk.wipe();
        }
        let tip = one.tip_on_disk().unwrap_or(0);
        if tip == 0 {
            one.disk.wipe();
        }
        self.checker.forgot(node, tip);
        self.note(|| format!("node {node} is repaired up to block {tip}: {repaired}"));
    }

    fn blocks_of_another(&mut self, node: usize) -> Vec<Vec<u8>> {
        let correct = (0..self.nodes.len()).filter(|other| *other != node);
        let whole = correct.filter(|other| self.role(*other).is_none());
        let best = whole.filter_map(|other| self.nodes[other].running.as_ref());
        let best = best.max_by_key(|running| running.storage.tip());
        let blocks = best.map(|running| running.storage.reader().read_range(1, u64::MAX));
        blocks.and_then(Result::ok).unwrap_or_default()
    }

    /// The process is killed; what it wrote can still be read.
    pub(super) fn kill(&mut self, node: usize) {
        self.stop(node);
        self.nodes[node].disk.process_killed();
        self.restart_later(node);
    }

    /// The machine loses power.
    pub(super) fn lose_power(&mut self, node: usize, loss: PowerLoss) {
        if self.nodes[node].running.is_none() {
            return;
        }
        self.stop(node);
        let strays = self.nodes[node].disk.power_lost(loss, &mut self.chance);
        (0..strays).for_each(|_| self.tally.add(Family::MisdirectedWrite));
        self.restart_later(node);
    }

    /// A disk operation failed: the process aborts. What failed tells which fault it was.
    pub(super) fn abort(&mut self, node: usize, error: &StorageError) -> Result<(), Violation> {
        self.note(|| format!("node {node} aborts: {error}"));
        let is_damage =
            matches!(error, StorageError::WalDamaged { .. } | StorageError::BlockDamaged { .. });
        if is_damage && self.role(node) != Some(Role::BadDisk) {
            return Err(format!("node {node}: a correct disk is called damaged: {error}"));
        }
        self.stop(node);
        if !self.note_power_loss(node) {
            self.nodes[node].disk.process_killed();
            if let StorageError::Disk(failed) = error {
                use comity_replica::storage::DiskOperation::Sync;
                let is_full = failed.source.kind() == std::io::ErrorKind::StorageFull;
                self.tally.add(match (failed.operation, is_full) {
                    (_, true) => Family::NoSpace,
                    (Sync, false) => Family::SyncError,
                    _ => Family::WriteError,
                });
            }
        }
        self.restart_later(node);
        Ok(())
    }

    /// Where the power went in the middle of an operation: it comes back, the last write torn.
    fn note_power_loss(&mut self, node: usize) -> bool {
        let went = self.nodes[node].disk.is_off();
        if went {
            self.tally.add(Family::TornWrite);
            let strays = self.nodes[node].disk.power_lost(PowerLoss::Torn, &mut self.chance);
            (0..strays).for_each(|_| self.tally.add(Family::MisdirectedWrite));
        }
        went
    }

    pub(super) fn stop(&mut self, node: usize) {
        self.note(|| format!("node {node} stops"));
        self.nodes[node].running = None;
        self.timers.retain(|(of, _), _| *of != node);
        self.submitted.retain(|(of, _), _| *of != node);
        self.waiting.retain(|(of, _)| *of != node);
        for peer in 0..self.nodes.len() {
            if peer != node {
                self.plan_for(peer, 5, NodeEvent::PeerDown { peer: node });
            }
        }
    }

    fn restart_later(&mut self, node: usize) {
        let after = self.chance.between(100, 3_000);
        self.plan_event(after, Event::Start { node });
    }

    /// An amnesiac comes back with less than it made durable.
    pub(super) fn forget(&mut self, family: Family) {
        let Some(node) = self.someone_with(Role::Amnesiac) else { return };
        let old = self.backups.get(&node).filter(|(_, at)| self.now_ms >= at + OLD_COPY_MS);
        let old = old.map(|(disk, _)| disk.clone());
        if family == Family::OldBackup && old.is_none() {
            return;
        }
        self.lose_power(node, PowerLoss::Part);
        let disk = &mut self.nodes[node].disk;
        match (family, old) {
            (Family::OldBackup, Some(old)) => {
                disk.become_copy_of(&old);
                self.backups.remove(&node);
            }
            (Family::LostWal, _) => {
                disk.lose_file("wal");
                disk.lose_file("wal.new");
            }
            _ => disk.wipe(),
        }
        self.tally.add(family);
        self.note(|| format!("node {node}: {}", family.name()));
        let tip = self.nodes[node].tip_on_disk().unwrap_or(0);
        self.checker.forgot(node, tip);
        if family == Family::OldBackup && self.chance.per_mille(ALONE_PER_MILLE) {
            self.leave_alone(node);
        }
        if family == Family::LostWal && self.chance.per_mille(STUCK_PER_MILLE) {
            self.hold_up(node);
        }
    }

    /// Another node stands still meanwhile, so that what was being decided still is when this one
    /// is back.
    fn hold_up(&mut self, node: usize) {
        let all = (0..self.nodes.len()).filter(|at| *at != node);
        let others: Vec<usize> = all.filter(|at| self.nodes[*at].running.is_some()).collect();
        if others.is_empty() {
            return;
        }
        let other = others[self.chance.index(others.len())];
        self.nodes[other].frozen_until_ms = self.now_ms + self.chance.between(1_000, 4_000);
        self.note(|| format!("node {other} stands still meanwhile"));
    }

    /// A machine that comes back may come back before its network does: whoever then does not wait
    /// for its peers has only its own disk to go by.
    fn leave_alone(&mut self, node: usize) {
        let until_ms = self.now_ms + self.chance.between(3_000, 8_000);
        for other in (0..self.nodes.len()).filter(|other| *other != node) {
            for way in [(node, other), (other, node)] {
                let cut = self.cuts.entry(way).or_default();
                *cut = until_ms.max(*cut);
            }
        }
        self.note(|| format!("node {node} comes back alone, until {until_ms}"));
    }

    pub(super) fn back_up(&mut self) {
        for node in 0..self.nodes.len() {
            let is_amnesiac = self.role(node) == Some(Role::Amnesiac);
            let is_new = !self.backups.contains_key(&node);
            if is_amnesiac && is_new && self.nodes[node].running.is_some() {
                self.backups.insert(node, (self.nodes[node].disk.fork(), self.now_ms));
            }
        }
        self.plan_event(1_000, Event::Backup);
    }

    /// A disk changes what was durable, or is about to.
    pub(super) fn corrupt(&mut self, family: Family) {
        let Some(node) = self.someone_with(Role::BadDisk) else { return };
        if family == Family::MisdirectedWrite {
            // Counted when it has reached the platter, and shows after a loss of power.
            let at = self.chance.draw();
            self.nodes[node].disk.misdirect_next(at);
            if self.chance.per_mille(500) {
                self.lose_power(node, PowerLoss::Torn);
            }
            return;
        }
        let Some(file) = self.nodes[node].disk.flip_bit(&mut self.chance) else { return };
        self.tally.add(family);
        self.note(|| format!("a bit turns in {file} of node {node}"));
        if self.chance.per_mille(700) {
            self.kill(node);
            let tip = self.nodes[node].tip_on_disk().unwrap_or(0);
            self.checker.forgot(node, tip);
        }
    }

    /// The wall clock of a node.
    pub(super) fn wall(&self, node: usize) -> TimeMs {
        let now = BEGINNING_MS + self.now_ms;
        TimeMs(now.saturating_add_signed(self.nodes[node].ahead_ms))
    }

    /// No block that correct validators vote for is later than this.
    pub(super) fn latest_block_time(&self) -> TimeMs {
        let drift_ms = self.consortium.genesis.params.drift_ms;
        TimeMs(BEGINNING_MS + self.now_ms).plus(self.plan.rates.skew_ms).plus(drift_ms)
    }
}
