//! What a seed does to a run: sizes and rates of faults, drawn once at its beginning.

use crate::chance::Chance;

/// What is wrong with one node of a run, for as long as the run lasts. The others are correct:
/// they lose messages and power, but never what they made durable.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Odd {
    /// Nothing.
    Nobody,
    /// Its clock is off by so much (ms), more than the drift that validators accept.
    Clock {
        /// How far it is ahead; behind where negative.
        ahead_ms: i64,
    },
    /// It now and then comes back from a crash with an old copy of its disk, or with an empty one.
    Forgetful,
    /// It signs two messages for one step, shows them to different nodes, and claims what is not
    /// so.
    Liar,
}

/// The faults of one run.
#[derive(Clone, Debug)]
pub struct Plan {
    /// The seed.
    pub seed: u64,
    /// Nodes, all of them validators.
    pub nodes: usize,
    /// Records that the clients want committed.
    pub records: usize,
    /// Messages lost, in a thousand.
    pub loss_per_mille: u64,
    /// Messages delivered twice, in a thousand.
    pub duplicates_per_mille: u64,
    /// Shortest and longest way of a message (ms).
    pub delay_ms: (u64, u64),
    /// Shortest and longest sync of a disk (ms).
    pub sync_ms: (u64, u64),
    /// Shortest and longest time to verify the records of one batch (ms).
    pub verify_ms: (u64, u64),
    /// A crash about this often (ms); `None`: never.
    pub crash_every_ms: Option<u64>,
    /// Whether all nodes lose power at once instead of one.
    pub blackouts: bool,
    /// The network falls into two parts about this often (ms); `None`: never.
    pub split_every_ms: Option<u64>,
    /// How far each correct node's clock may be ahead (ms).
    pub skew_ms: u64,
    /// What is wrong with node 0.
    pub odd: Odd,
    /// Until when faults happen (ms); then all heals, and progress is demanded.
    pub faults_until_ms: u64,
}

impl Plan {
    /// The plan of a seed.
    pub fn of(seed: u64, nodes: usize) -> Plan {
        let mut chance = Chance::new(seed ^ 0x706C_616E);
        let calm = chance.per_mille(150);
        let slowest = *[3, 20, 80, 300].get(chance.index(4)).unwrap_or(&3);
        let odd = match chance.index(8) {
            0 => Odd::Clock { ahead_ms: far_off(&mut chance) },
            1 | 2 => Odd::Forgetful,
            3 | 4 => Odd::Liar,
            _ => Odd::Nobody,
        };
        let splits = !calm && chance.per_mille(500);
        Plan {
            seed,
            nodes,
            records: 24 + chance.index(40),
            loss_per_mille: if calm { 0 } else { chance.between(0, 80) },
            duplicates_per_mille: if calm { 0 } else { chance.between(0, 200) },
            delay_ms: (1, slowest),
            sync_ms: (1, chance.between(1, 20)),
            verify_ms: (1, chance.between(1, 60)),
            crash_every_ms: (!calm).then(|| chance.between(600, 6_000)),
            // Peers alone know what a forgetful node has signed, while they run.
            blackouts: odd != Odd::Forgetful && chance.per_mille(300),
            split_every_ms: splits.then(|| chance.between(2_000, 12_000)),
            skew_ms: chance.between(0, 2_000),
            odd,
            faults_until_ms: chance.between(10_000, 40_000),
        }
    }
}

/// A clock error beyond the drift that validators accept (10 s by default).
fn far_off(chance: &mut Chance) -> i64 {
    let far_ms = i64::try_from(chance.between(15_000, 40_000)).unwrap_or(15_000);
    if chance.per_mille(500) { far_ms } else { -far_ms }
}
