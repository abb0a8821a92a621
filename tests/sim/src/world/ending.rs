//! The end of a run: everything heals, progress is demanded, and every disk is judged.

use std::collections::BTreeSet;

use comity_replica::replica::Voting;

use super::{BLAMING_MS, World};
use crate::checker::Violation;
use crate::family::{Role, Tally};
use crate::plan::most_odd;

/// What a run came to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Outcome {
    /// Blocks committed.
    pub blocks: u64,
    /// Polka certificates that the judged nodes keep beside their blocks.
    pub polkas: usize,
    /// Records committed.
    pub records: usize,
    /// The kinds of those that clients saw committed.
    pub kinds: BTreeSet<&'static str>,
    /// Measures that passed.
    pub measures: usize,
    /// Starts that were not the first of a node.
    pub restarts: u64,
    /// Reports of members that lie.
    pub reports: u64,
    /// How often a node that does not lie called a block invalid.
    pub called_invalid: u64,
    /// How often a node that may forget signed against what it had signed before.
    pub slips: u64,
    /// Whether correct nodes committed different blocks: where more than a third lies.
    pub forked: bool,
    /// How many keys were blamed.
    pub blamed: usize,
    /// How often each family of faults happened.
    pub faults: Tally,
    /// Simulated time (ms).
    pub simulated_ms: u64,
    /// Hash over every event and effect of the run: equal for equal seeds.
    pub trace: u64,
}

impl World {
    /// All faults end: what is cut is joined, who stands still moves, disks have room, clocks are
    /// set. Who lies goes on lying.
    pub(super) fn heal(&mut self) {
        self.cuts.clear();
        self.hidden.clear();
        for node in 0..self.nodes.len() {
            let skew_ms = self.chance.between(0, self.plan.rates.skew_ms);
            let one = &mut self.nodes[node];
            one.disk.make_room();
            one.disk.disarm();
            one.ahead_ms = i64::try_from(skew_ms).unwrap_or(0);
        }
        self.note(|| "everything heals".to_owned());
    }

    pub(super) fn is_finished(&self) -> bool {
        if self.faulty() {
            return false;
        }
        if self.plan.is_beyond_bound() {
            return self.now_ms > self.plan.faults_until_ms + BLAMING_MS;
        }
        self.clients.made() >= self.plan.records
            && self.clients.all_settled()
            && self.assembly.is_settled()
            && self.judged_nodes().filter(|node| self.votes(*node)).all(|node| {
                let running = self.nodes[node].running.as_ref();
                let votes = running.map(|running| running.replica.status().voting);
                let keeps_its_guard = matches!(self.role(node), None | Some(Role::BadClock));
                // Nobody can talk a correct validator out of voting.
                let is_silent = keeps_its_guard && votes != Some(Voting::Active);
                !is_silent && !self.checker.accuses_in_vain(node)
            })
            && self.judged_nodes().all(|node| {
                self.nodes[node].running.as_ref().is_some_and(|r| {
                    r.replica.status().height.0 == self.checker.height()
                        && r.storage.tip().unwrap_or(0) == self.checker.height()
                })
            })
    }

    fn votes(&self, node: usize) -> bool {
        let agency = self.nodes[node].member.agency.as_str();
        self.checker.voters().iter().any(|voter| voter.agency == agency)
    }

    /// Nodes that are to run and do not lie.
    fn judged_nodes(&self) -> impl Iterator<Item = usize> {
        let all = 0..self.nodes.len();
        all.filter(|node| self.nodes[*node].is_wanted && !self.lies(*node))
    }

    pub(super) fn stalled(&self) -> Violation {
        let states: Vec<String> = self
            .nodes
            .iter()
            .map(|node| match &node.running {
                Some(r) => {
                    let s = r.replica.status();
                    format!("{}/{} {:?} pending {}", s.height, s.round, s.voting, s.pending)
                }
                None if node.is_wanted => "down".into(),
                None => "not wanted".into(),
            })
            .collect();
        let open = self.clients.open().len() + self.assembly.open().len();
        let states = states.join("; ");
        format!("11: no progress after healing: {open} records open; nodes: {states}")
    }

    pub(super) fn finish(self) -> Result<Outcome, Violation> {
        let mut polkas = 0;
        for node in self.judged_nodes().collect::<Vec<_>>() {
            let (standard, disk) = (self.standard(node), &self.nodes[node].disk);
            polkas += self.checker.check_disk(standard, disk, &self.consortium.genesis)?;
        }
        if self.plan.peers_remember() && self.checker.slips() > 0 {
            return Err("4: a node signed against what its peers saw it sign".into());
        }
        self.check_blame()?;
        let restarts = self.nodes.iter().map(|node| node.lives.saturating_sub(1)).sum();
        Ok(Outcome {
            blocks: self.checker.height(),
            polkas,
            records: self.committed,
            kinds: self.clients.done(),
            measures: self.checker.passed().len(),
            restarts,
            reports: self.reports,
            called_invalid: self.called_invalid,
            slips: self.checker.slips(),
            forked: self.checker.forks().is_some_and(|forks| forks.happened()),
            blamed: self.checker.blamed().len(),
            faults: self.tally,
            simulated_ms: self.now_ms,
            trace: self.trace.value(),
        })
    }

    /// Where two certificates of one height and round prove more than f guilty, and both were seen
    /// by nodes that are connected at the end, all of them are named.
    fn check_blame(&self) -> Result<(), Violation> {
        let Some(forks) = self.checker.forks() else { return Ok(()) };
        let provable = forks.provable();
        let honest = provable.iter().any(|key| {
            self.consortium.members.iter().enumerate().any(|(place, member)| {
                member.validator.public().as_bytes() == key
                    && self.plan.odd.get(&place) != Some(&Role::Twins)
            })
        });
        if honest {
            return Err("9: two certificates of one round both carry a correct node's vote".into());
        }
        let named = self.checker.blamed();
        let bound = most_odd(self.plan.nodes);
        if forks.same_round_at_the_end() && named.len() <= bound {
            let (named, most) = (named.len(), bound + 1);
            return Err(format!("9: a fork is proven, but {named} are named, not {most}"));
        }
        Ok(())
    }
}
