//! Steps 4 and 5: an officer asks for data, and the steward answers.

use crate::failure::DevnetError;

use super::sharing::ITEMS;
use super::stage::{Shown, Stage, grant_in, request_in};

/// The number of the case for which the officer asks.
const CASE: &str = "2026-0417";

/// Returns the request's id.
pub(super) fn request(stage: &mut Stage<'_>) -> Result<String, DevnetError> {
    stage.step("An officer asks")?;
    let open = "request open --dataset health.gz/disability-register --matter LOW-INCOME-CHECK \
                --basis SOCIAL-SUPPORT-RULES --mode verify --until 30d --needed-by 5d";
    let more = [&ITEMS[..], &["--case-number", CASE]].concat();
    let said = stage.sign(("officer", "civil.th"), open, &more, Shown::All)?;
    let request = request_in(&said)?;
    stage.say(
        "The officer saw exactly these terms before signing. All members see the request and how \
         long it waits; the number of the case they do not. It stays at the officer's own node, \
         and the log has a commitment to it, with which the case can be proved later.",
    )?;
    Ok(request)
}

/// Returns the grant's id.
pub(super) fn approval(stage: &mut Stage<'_>, request: &str) -> Result<String, DevnetError> {
    stage.step("The steward answers")?;
    let inbox = ["--key", "steward.key"];
    stage.comity(("steward", "health.gz"), "inbox", &inbox, Shown::All, 0)?;
    let approve = format!("request approve {request} --daily-quota 200");
    let said = stage.sign(("steward", "health.gz"), &approve, &[], Shown::Result)?;
    let grant = grant_in(&said)?;
    stage.comity(("officer", "civil.th"), "grant show", &[&grant], Shown::All, 0)?;
    stage.say(&format!(
        "Approving issued the grant {grant}. A steward may grant less than was asked, never \
         more; this one granted it for at most 200 accesses a day. The grant says who agreed and \
         on whose request, and from now on every node judges by it.",
    ))?;
    Ok(grant)
}
