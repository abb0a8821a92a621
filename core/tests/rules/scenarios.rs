//! Stories of offices that work together, each to its end: what everyone is owed at each step, which
//! clocks are met and which lapse, and what is left for whoever has the genesis and the blocks alone.
//! The same stories at the command line: `docs/scenarios/`.
//! Holds: a story ends with the evidence of it, read from a ledger that was replayed.

mod census;
mod certificate;
mod dispute;
mod flood;
mod life_event;
mod operator_replaced;
mod return_flow;

use comity_core::archive::{Verifier, check_block};
use comity_core::ids::TimeMs;
use comity_core::ledger::Ledger;

use crate::story::Story;

const DAY_MS: u64 = 86_400_000;

impl Story {
    /// The ledger as somebody has it years later who trusts the genesis and replays the blocks.
    fn years_later(&self) -> Ledger {
        self.caught_up(Verifier::new(&self.genesis).unwrap())
    }

    /// What has all but the newest blocks takes in those that it lacks, and checks each.
    fn caught_up(&self, mut verifier: Verifier) -> Ledger {
        let known = usize::try_from(verifier.ledger().tip().height.0).unwrap();
        for committed in &self.blocks[known..] {
            let block = Box::new(committed.block.clone());
            verifier.push(check_block(&self.consortium(), block).unwrap()).unwrap();
        }
        verifier.check_tip(self.certificate.as_ref().unwrap()).unwrap();
        assert_eq!(verifier.ledger().tip(), self.ledger.tip());
        verifier.ledger().clone()
    }

    /// So many days pass, in which nobody signs anything.
    fn let_pass(&mut self, days: u64) -> TimeMs {
        self.pass_until(self.now.plus(days * DAY_MS));
        self.now
    }
}
