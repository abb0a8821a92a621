//! Bugs that the simulation found, each with what brought it out. A seed alone would not keep: plans
//! mean something else whenever a family is added to what is drawn. So each is a script, run under
//! several seeds.

use comity_sim::family::Role;
use comity_sim::plan::{Deed, Plan};
use comity_sim::world::{Outcome, Telling, World};

#[track_caller]
fn run(plan: Plan) -> Outcome {
    match World::new(plan.clone(), Telling::Silent).run() {
        Ok(outcome) => outcome,
        Err(violation) => panic!("{violation}\n{plan:?}"),
    }
}

/// A sync of the block log fails; the process ends and starts again; what it reads is in the
/// system's memory alone, and the next sync reports success. Then the power goes. The block log
/// lost a block in its middle: bytes that may not be durable are now written once more at a start.
#[test]
fn block_whose_sync_failed_is_durable_after_the_next_start() {
    for seed in 0..12 {
        let script = vec![
            (4_000, Deed::FailSync(1)),
            (9_000, Deed::LosePower(1)),
            (11_000, Deed::FailSync(2)),
            (12_000, Deed::FailSync(2)),
            (17_000, Deed::LosePower(2)),
        ];
        run(Plan::scripted(seed, 4, None, script));
    }
}

/// A node's disk is put back from a copy while all its peers restart: what they had seen it sign
/// once lay in their memory alone, so that it could sign again, otherwise. They now read it from
/// their write-ahead logs and their last certificates.
#[test]
fn peers_that_restarted_still_know_what_a_node_signed_that_was_put_back() {
    for seed in 0..16 {
        let mut script = Vec::new();
        for at_ms in [9_000, 17_000, 25_000] {
            script.push((at_ms, Deed::PutBackCopy(0)));
            // When all that it had sent has arrived.
            script.extend((1..4).map(|node| (at_ms + 400, Deed::Kill(node))));
        }
        let outcome = run(Plan::scripted(seed, 4, Some((0, Role::Amnesiac)), script));
        assert_eq!(outcome.slips, 0, "seed {seed}");
    }
}
