//! What a seed does to a run: sizes and rates of faults, drawn once at its beginning.

use crate::chance::Chance;

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
    /// A crash about this often (ms); `None`: never.
    pub crash_every_ms: Option<u64>,
    /// Whether all nodes lose power at once instead of one.
    pub blackouts: bool,
    /// How far each node's clock may be off (ms).
    pub skew_ms: u64,
    /// Until when faults happen (ms); then all heals, and progress is demanded.
    pub faults_until_ms: u64,
}

impl Plan {
    /// The plan of a seed.
    pub fn of(seed: u64, nodes: usize) -> Plan {
        let mut chance = Chance::new(seed ^ 0x706C_616E);
        let calm = chance.per_mille(150);
        let slowest = *[3, 20, 80, 300].get(chance.index(4)).unwrap_or(&3);
        Plan {
            seed,
            nodes,
            records: 24 + chance.index(40),
            loss_per_mille: if calm { 0 } else { chance.between(0, 80) },
            duplicates_per_mille: if calm { 0 } else { chance.between(0, 200) },
            delay_ms: (1, slowest),
            sync_ms: (1, chance.between(1, 20)),
            crash_every_ms: (!calm).then(|| chance.between(600, 6_000)),
            blackouts: chance.per_mille(300),
            skew_ms: chance.between(0, 2_000),
            faults_until_ms: chance.between(10_000, 40_000),
        }
    }
}
