//! Steps 7 to 9: accesses that the rules refuse, each denial on the log with its reason.

use crate::failure::DevnetError;

use super::sharing::{GRANT, ITEMS};
use super::stage::{Shown, Stage, entry_in, grant_in};

/// The exit code of `comity access record` for an access that was refused and its denial recorded.
const DENIED: u8 = 4;

pub(super) fn beyond_the_grant(stage: &mut Stage<'_>, grant: &str) -> Result<(), DevnetError> {
    stage.step("Refused: another purpose, another item")?;
    stage.say("The same officer asks for something else: a check for housing support.")?;
    stage.page.gap()?;
    let args = format!("--grant {grant} --matter HOUSING-SUPPORT");
    stage.access(&args, "assessment grade", "attempt-2", Shown::Result, DENIED)?;
    stage.say("And for an item that was not granted: the diagnosis.")?;
    stage.page.gap()?;
    let args = format!("--grant {grant} --matter LOW-INCOME-CHECK");
    let said = stage.access(&args, "diagnosis", "attempt-3", Shown::Result, DENIED)?;
    let denial = entry_in(&said)?;
    stage.say(
        "Both were refused, by name of the rule. A denial is an entry of its own: it holds the \
         officer's signed attempt and the rule, and the nodes accept it only where that rule \
         really refuses that attempt. So no denial on the log was made up, and anybody can have \
         it explained:",
    )?;
    stage.page.gap()?;
    stage.comity(("anyone", "data.gd"), "access explain", &[&denial], Shown::All, 0)?;
    stage.say("Every clause was judged anew, on the grant as it stood at that entry.")
}

pub(super) fn before_its_time(stage: &mut Stage<'_>) -> Result<(), DevnetError> {
    stage.step("Refused: before its time")?;
    stage.say("A second grant begins in a week.")?;
    stage.page.gap()?;
    let period = ["--mode", "verify", "--from", "7d", "--until", "30d"];
    let more = [&ITEMS[..], &period].concat();
    let said = stage.sign(("steward", "health.gz"), GRANT, &more, Shown::Result)?;
    let later = grant_in(&said)?;
    let args = format!("--grant {later} --matter LOW-INCOME-CHECK");
    stage.access(&args, "assessment grade", "attempt-4", Shown::Result, DENIED)?;
    stage.say(
        "What counts is the time of the block, on which the validators agree, not the clock of \
         the officer, the gateway or any one node.",
    )
}

pub(super) fn after_revocation(stage: &mut Stage<'_>, grant: &str) -> Result<(), DevnetError> {
    stage.step("Refused: after the grant is revoked")?;
    let reason = ["--reason", "The programme has ended"];
    let revoke = format!("grant revoke {grant}");
    let said = stage.sign(("steward", "health.gz"), &revoke, &reason, Shown::Result)?;
    let revocation = entry_in(&said)?;
    let args = format!("--grant {grant} --matter LOW-INCOME-CHECK");
    stage.access(&args, "assessment grade", "attempt-5", Shown::Result, DENIED)?;
    stage.say(&format!(
        "Before signing, the steward was told who loses what. The refusal names entry \
         {revocation}, the revocation. The order of the log is the order \
         of events: after a revocation no access is recorded as allowed, on any node.",
    ))?;
    stage.page.gap()?;
    stage.comity(("anyone", "tax.cn"), "access list", &["--grant", grant], Shown::All, 0)?;
    stage.say(
        "That was asked at the node of the tax administration, which had no part in it. All \
         members see the same: one access, and what was refused, when, and by which rule.",
    )
}
