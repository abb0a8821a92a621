//! Faults that have a time of their own.

use super::{Event, World};
use crate::checker::Violation;
use crate::disk::PowerLoss;
use crate::family::{Family, Role};
use crate::plan::{Deed, JUMP_MS};

impl World {
    /// Something of this family happens now, and again after a while.
    pub(super) fn befall(&mut self, family: Family) -> Result<(), Violation> {
        if !self.faulty() {
            return Ok(());
        }
        match family {
            Family::OneWayCut | Family::TwoWayCut => self.cut(family),
            Family::Pause => self.pause(),
            Family::Crash => {
                if let Some(node) = self.someone() {
                    self.tally.add(family);
                    self.kill(node);
                }
            }
            Family::UnsyncedLoss => {
                if let Some(node) = self.someone() {
                    self.tally.add(family);
                    self.lose_power(node, PowerLoss::Whole);
                }
            }
            Family::TornWrite => {
                // Counted when the power goes, which is in the middle of one of the next writes.
                if let Some(node) = self.someone() {
                    let operations = self.chance.between(0, 12);
                    self.nodes[node].disk.cut_power_after(operations);
                }
            }
            Family::Blackout => {
                self.tally.add(family);
                for node in 0..self.nodes.len() {
                    self.lose_power(node, PowerLoss::Part);
                }
            }
            Family::NoSpace | Family::WriteError | Family::SyncError => self.spoil_disk(family),
            Family::ClockSkew => self.step_clock(),
            Family::ClockJump => self.jump_clock(),
            Family::OldBackup | Family::LostWal | Family::EmptyDisk => self.forget(family),
            Family::BitFlip | Family::MisdirectedWrite => self.corrupt(family),
            Family::Membership => self.propose_measure(),
            Family::Twins => self.redraw_views(),
            _ => {}
        }
        let every = self.plan.every_ms.get(&family).copied().unwrap_or(1_000);
        let after = self.chance.between(every / 2, every * 3 / 2);
        self.plan_event(after, Event::Fault(family));
        Ok(())
    }

    /// Does what a script says.
    pub(super) fn perform(&mut self, deed: Deed) {
        self.note(|| format!("{deed:?}"));
        match deed {
            Deed::Kill(node) if self.nodes[node].running.is_some() => self.kill(node),
            Deed::Kill(_) => {}
            Deed::LosePower(node) => self.lose_power(node, PowerLoss::Whole),
            Deed::FailSync(node) => self.nodes[node].disk.fail_next_sync(),
            Deed::PutBackCopy(_) => self.forget(Family::OldBackup),
        }
    }

    /// A node that runs; `None` while half of them are down, so that there is something to break.
    fn someone(&mut self) -> Option<usize> {
        let all = self.nodes.iter().enumerate();
        let up: Vec<usize> = all.filter(|(_, n)| n.running.is_some()).map(|(at, _)| at).collect();
        let wanted = self.nodes.iter().filter(|node| node.is_wanted).count();
        (up.len() * 2 > wanted).then(|| up[self.chance.index(up.len())])
    }

    /// Some node with this role that runs.
    pub(super) fn someone_with(&mut self, role: Role) -> Option<usize> {
        let with: Vec<usize> = (0..self.nodes.len())
            .filter(|node| self.role(*node) == Some(role) && self.nodes[*node].running.is_some())
            .collect();
        (!with.is_empty()).then(|| with[self.chance.index(with.len())])
    }

    fn cut(&mut self, family: Family) {
        let count = self.nodes.len();
        let until = self.now_ms + self.chance.between(500, 8_000);
        let share = [100, 300, 500][self.chance.index(3)];
        let part: Vec<bool> = (0..count).map(|_| self.chance.per_mille(share)).collect();
        for from in 0..count {
            for to in 0..count {
                let between = part[from] != part[to];
                if between && (family == Family::TwoWayCut || part[to]) {
                    self.cuts.insert((from, to), until);
                }
            }
        }
        if part.contains(&true) && part.contains(&false) {
            self.tally.add(family);
        }
        self.note(|| format!("{}: {part:?} until {until}", family.name()));
    }

    fn pause(&mut self) {
        let Some(node) = self.someone() else { return };
        let for_ms = self.chance.between(300, 8_000);
        self.nodes[node].frozen_until_ms = self.now_ms + for_ms;
        self.tally.add(Family::Pause);
        self.note(|| format!("node {node} stands still for {for_ms} ms"));
    }

    fn spoil_disk(&mut self, family: Family) {
        let Some(node) = self.someone() else { return };
        self.note(|| format!("{} at node {node}", family.name()));
        let disk = &mut self.nodes[node].disk;
        match family {
            Family::NoSpace => {
                disk.fill();
                let after = self.chance.between(500, 6_000);
                self.plan_event(after, Event::MakeRoom { node });
            }
            Family::WriteError => disk.fail_next_append(),
            _ => disk.fail_next_sync(),
        }
    }

    /// A correct node's clock is set, forwards or back, within what the rules allow.
    fn step_clock(&mut self) {
        let node = self.chance.index(self.nodes.len());
        if self.role(node) == Some(Role::BadClock) {
            return;
        }
        let skew_ms = self.chance.between(0, self.plan.rates.skew_ms);
        let ahead_ms = i64::try_from(skew_ms).unwrap_or(0);
        if self.nodes[node].ahead_ms != ahead_ms {
            self.nodes[node].ahead_ms = ahead_ms;
            self.tally.add(Family::ClockSkew);
        }
    }

    fn jump_clock(&mut self) {
        let Some(node) = self.someone_with(Role::BadClock) else { return };
        let far_ms = i64::try_from(self.chance.between(12_000, JUMP_MS)).unwrap_or(0);
        let ahead_ms = match self.chance.index(5) {
            0 => 0,
            1 | 2 => far_ms,
            _ => -far_ms,
        };
        self.nodes[node].ahead_ms = ahead_ms;
        self.tally.add(Family::ClockJump);
        self.note(|| format!("the clock of node {node} jumps to {ahead_ms} ms ahead"));
    }
}
