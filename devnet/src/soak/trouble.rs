//! What is done to the nodes of the soak: one at a time is killed, stopped in good order or halted
//! for a while, and is back before the next.
//! Holds: which, whom and for how long follows from the seed; the first node is halted now and then but
//! never ended, so that its memory can be watched from beginning to end.
//! May not enter: load.

use std::thread;
use std::time::{Duration, Instant};

use crate::failure::DevnetError;
use crate::nodes::Network;
use crate::process::Signal;

/// The least and the most time between two troubles, and that a node is away (ms).
const QUIET_MS: (u64, u64) = (1_000, 5_000);
const AWAY_MS: (u64, u64) = (200, 4_000);

/// The trouble, and how much there was of it.
#[derive(Debug)]
pub(super) struct Trouble {
    chance: u64,
    killed: u64,
    stopped: u64,
    halted: u64,
}

impl Trouble {
    pub(super) fn new(seed: u64) -> Trouble {
        Trouble { chance: seed, killed: 0, stopped: 0, halted: 0 }
    }

    /// Makes trouble until `end`. Errors: a node does not come back.
    pub(super) fn until(&mut self, end: Instant, network: &mut Network) -> Result<(), DevnetError> {
        while Instant::now() < end {
            self.once(network)?;
            let quiet = self.draw(QUIET_MS);
            thread::sleep(quiet.min(end.saturating_duration_since(Instant::now())));
        }
        Ok(())
    }

    /// What happened, in words.
    pub(super) fn tally(&self) -> String {
        let Trouble { killed, stopped, halted, .. } = self;
        format!("nodes killed {killed} times, stopped {stopped} times, halted {halted} times")
    }

    fn once(&mut self, network: &mut Network) -> Result<(), DevnetError> {
        let count = network.topology.nodes.len() as u64;
        let at = usize::try_from(self.next() % count).unwrap_or_default();
        let agency = network.topology.nodes[at].agency.clone();
        let kind = if at == 0 { 3 } else { self.next() % 4 };
        let away = self.draw(AWAY_MS);
        if kind == 3 {
            network.signal(&agency, Signal::Halt)?;
            thread::sleep(away);
            network.signal(&agency, Signal::Resume)?;
            self.halted += 1;
            return network.wait_ready(&[agency]);
        }
        if kind == 2 {
            network.terminate(&agency)?;
            self.stopped += 1;
        } else {
            network.kill(&agency)?;
            self.killed += 1;
        }
        thread::sleep(away);
        network.start(std::slice::from_ref(&agency))?;
        network.wait_ready(&[agency])
    }

    fn draw(&mut self, (least, most): (u64, u64)) -> Duration {
        Duration::from_millis(least + self.next() % (most - least + 1))
    }

    /// SplitMix64.
    fn next(&mut self) -> u64 {
        self.chance = self.chance.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.chance;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }
}
