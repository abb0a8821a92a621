//! What a seed does to a run: who is there, which families of faults happen, how often.
//! Holds: at most f members are odd, unless the plan is one of those that go beyond the bound;
//! all is drawn once, when the run begins.

use std::collections::{BTreeMap, BTreeSet};

use crate::chance::Chance;
use crate::family::{Family, Role};

/// Furthest that a clock jumps (ms): ten minutes.
pub const JUMP_MS: u64 = 600_000;

/// How often faults happen that befall each message, in a thousand, and how long things take.
#[derive(Clone, Debug)]
pub struct Rates {
    /// Messages lost.
    pub loss_per_mille: u64,
    /// Messages delivered twice.
    pub duplicates_per_mille: u64,
    /// Messages that others overtake.
    pub reorder_per_mille: u64,
    /// Messages that take seconds …
    pub slow_per_mille: u64,
    /// … up to so many (ms).
    pub slowest_ms: u64,
    /// Messages that a lying node bends, of those that it could.
    pub lies_per_mille: u64,
    /// Submissions that are made again, elsewhere or garbled.
    pub resubmit_per_mille: u64,
    /// Shortest and longest way of a message (ms).
    pub delay_ms: (u64, u64),
    /// Shortest and longest sync of a disk (ms).
    pub sync_ms: (u64, u64),
    /// Shortest and longest time to verify the records of one batch (ms).
    pub verify_ms: (u64, u64),
    /// How far each correct node's clock may be ahead (ms).
    pub skew_ms: u64,
}

/// Something that a plan has happen at a fixed time, whatever else is drawn.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Deed {
    /// A node's process is killed.
    Kill(usize),
    /// A node loses power, and every unsynced write.
    LosePower(usize),
    /// A node's next sync fails.
    FailSync(usize),
    /// A node comes back with the oldest copy of its disk.
    PutBackCopy(usize),
}

/// One run.
#[derive(Clone, Debug)]
pub struct Plan {
    /// The seed.
    pub seed: u64,
    /// Validators that found the consortium.
    pub nodes: usize,
    /// Founding members that only follow.
    pub observers: usize,
    /// Members that may be admitted on the way.
    pub joiners: usize,
    /// Records that the clients want committed.
    pub records: usize,
    /// What happens.
    pub families: BTreeSet<Family>,
    /// Which founding validators are odd, and how.
    pub odd: BTreeMap<usize, Role>,
    /// The rates.
    pub rates: Rates,
    /// About how often (ms) the families happen that have a time of their own.
    pub every_ms: BTreeMap<Family, u64>,
    /// What happens when (ms), beside what is drawn.
    pub script: Vec<(u64, Deed)>,
    /// Until when faults happen (ms); then all heals, and progress is demanded.
    pub faults_until_ms: u64,
}

impl Plan {
    /// The plan of a seed: a mixture of families.
    pub fn of(seed: u64, nodes: usize) -> Plan {
        let mut chance = Chance::new(seed ^ 0x706C_616E);
        if chance.per_mille(30) {
            return Plan::only(seed, nodes, Family::BeyondBound);
        }
        let mut families = BTreeSet::new();
        let share = [0, 150, 300, 500][chance.index(4)];
        for family in Family::ALL {
            let drawn = chance.per_mille(share);
            if family.role().is_none() && *family != Family::BeyondBound && drawn {
                families.insert(*family);
            }
        }
        let mut odd = BTreeMap::new();
        for _ in 0..most_odd(nodes) {
            if chance.per_mille(800) {
                let role = Role::ALL[chance.index(Role::ALL.len())];
                odd.insert(chance.index(nodes), role);
                families.extend(some_of(role, &mut chance));
            }
        }
        Plan::with(seed, nodes, families, odd, &mut chance)
    }

    /// A plan in which nothing happens but these deeds. An `odd` member is one of which they ask
    /// more than any correct one lives through.
    pub fn scripted(
        seed: u64,
        nodes: usize,
        odd: Option<(usize, Role)>,
        script: Vec<(u64, Deed)>,
    ) -> Plan {
        let mut chance = Chance::new(seed ^ 0x7363_7269);
        let odd = odd.into_iter().collect();
        let plan = Plan::with(seed, nodes, BTreeSet::new(), odd, &mut chance);
        let faults_until_ms = script.last().map_or(0, |(at_ms, _)| at_ms + 10_000);
        Plan { script, faults_until_ms, ..plan }
    }

    /// A plan in which this family alone happens, with what it needs to show.
    pub fn only(seed: u64, nodes: usize, family: Family) -> Plan {
        let mut chance = Chance::new(seed ^ 0x6F6E_6C79);
        let bound = most_odd(nodes);
        let (role, count) = match family {
            Family::BeyondBound => (Some(Role::Twins), bound + 1),
            _ => (family.role(), bound.max(1)),
        };
        let mut odd = BTreeMap::new();
        while let Some(role) = role.filter(|_| odd.len() < count) {
            odd.insert(chance.index(nodes), role);
        }
        let families = match family {
            Family::BeyondBound => [Family::BeyondBound, Family::Twins].into(),
            // Who has started anew has forgotten what it saw committed.
            Family::Resubmission => [Family::Resubmission, Family::Crash].into(),
            // Only who is behind asks for blocks.
            Family::FalseAnswer => {
                [Family::FalseAnswer, Family::Loss, Family::Pause, Family::Crash].into()
            }
            _ => [family].into(),
        };
        Plan::with(seed, nodes, families, odd, &mut chance)
    }

    fn with(
        seed: u64,
        nodes: usize,
        families: BTreeSet<Family>,
        odd: BTreeMap<usize, Role>,
        chance: &mut Chance,
    ) -> Plan {
        let rates = rates(&families, chance);
        let every_ms = families.iter().filter_map(|family| {
            let (low, high) = interval_ms(*family)?;
            Some((*family, chance.between(low, high)))
        });
        let every_ms = every_ms.collect();
        Plan {
            seed,
            nodes,
            observers: chance.index(3),
            joiners: if families.contains(&Family::Membership) { 1 + chance.index(2) } else { 0 },
            records: 40 + chance.index(60),
            every_ms,
            script: Vec::new(),
            families,
            odd,
            rates,
            faults_until_ms: chance.between(15_000, 40_000),
        }
    }

    /// Whether a family happens.
    pub fn has(&self, family: Family) -> bool {
        self.families.contains(&family)
    }

    /// Whether more members are odd than any rule allows for.
    pub fn is_beyond_bound(&self) -> bool {
        self.has(Family::BeyondBound)
    }

    /// Whether peers are certain to remember what an amnesiac signed: nothing keeps messages from
    /// them, and they never stop. Then it must not contradict itself.
    pub fn peers_remember(&self) -> bool {
        let harmless = [Family::Duplicates, Family::Resubmission, Family::Reordering];
        let forgets = |f: &Family| f.role() == Some(Role::Amnesiac) || harmless.contains(f);
        self.families.iter().all(forgets)
    }
}

/// How many of so many validators may be odd: fewer than a third.
pub fn most_odd(nodes: usize) -> usize {
    nodes.saturating_sub(1) / 3
}

/// At least one of the families that befall members with this role.
fn some_of(role: Role, chance: &mut Chance) -> Vec<Family> {
    let all: Vec<Family> =
        Family::ALL.iter().copied().filter(|family| family.role() == Some(role)).collect();
    let sure = all[chance.index(all.len())];
    all.into_iter().filter(|family| *family == sure || chance.per_mille(400)).collect()
}

fn rates(families: &BTreeSet<Family>, chance: &mut Chance) -> Rates {
    let slowest_ms = [3, 20, 80, 300][chance.index(4)];
    let mut rate = |family, low, high| {
        let drawn = chance.between(low, high);
        if families.contains(&family) { drawn } else { 0 }
    };
    Rates {
        loss_per_mille: rate(Family::Loss, 10, 300),
        duplicates_per_mille: rate(Family::Duplicates, 50, 500),
        reorder_per_mille: rate(Family::Reordering, 50, 400),
        slow_per_mille: rate(Family::Delay, 10, 200),
        slowest_ms: rate(Family::Delay, 1_000, 5_000),
        resubmit_per_mille: rate(Family::Resubmission, 100, 600),
        lies_per_mille: chance.between(50, 400),
        delay_ms: (1, slowest_ms),
        sync_ms: (1, chance.between(1, 20)),
        verify_ms: (1, chance.between(1, 60)),
        skew_ms: chance.between(0, 2_000),
    }
}

/// Shortest and longest time (ms) about which a family happens again; `None` for those that
/// follow from messages.
fn interval_ms(family: Family) -> Option<(u64, u64)> {
    Some(match family {
        Family::OneWayCut | Family::TwoWayCut => (2_000, 10_000),
        Family::Pause => (2_000, 8_000),
        Family::Crash | Family::UnsyncedLoss | Family::TornWrite => (800, 6_000),
        Family::Blackout => (3_000, 12_000),
        Family::NoSpace | Family::WriteError | Family::SyncError => (2_000, 8_000),
        Family::ClockSkew => (1_000, 5_000),
        Family::ClockJump => (2_000, 8_000),
        Family::OldBackup | Family::LostWal | Family::EmptyDisk => (3_000, 9_000),
        Family::BitFlip | Family::MisdirectedWrite => (3_000, 9_000),
        Family::Membership => (1_000, 4_000),
        Family::Twins => (500, 4_000),
        _ => return None,
    })
}
