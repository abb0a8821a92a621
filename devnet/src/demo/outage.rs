//! Step 10: a node is ended without warning; the others go on, and it catches up.

use std::time::Duration;

use crate::api::Api;
use crate::failure::DevnetError;
use crate::page::row;
use crate::process::Program;
use crate::run::Task;

use super::sharing::{GRANT, ITEMS};
use super::stage::{Shown, Stage, grant_in};

/// How long the node may take to catch up.
const CATCH_UP_LIMIT: Duration = Duration::from_secs(60);

/// Returns the id of the grant that is issued meanwhile.
pub(super) fn one_node_fails(stage: &mut Stage<'_>) -> Result<String, DevnetError> {
    stage.step("A node fails, and the others go on")?;
    let victim = stage.agency("tax.cn");
    let before = stage.statuses()?.iter().map(|(_, status)| status.height).max().unwrap_or(0);
    let pid = stage.kill(&victim)?;
    stage.page.command("operator@tax.cn", &[format!("kill -9 {pid}")])?;
    stage.page.gap()?;
    stage.say(
        "The node of the tax administration is gone, as after a power cut. Three of four are \
         left, just more than two thirds, so the work goes on: a new grant, and an access.",
    )?;
    stage.page.gap()?;
    let more = [&ITEMS[..], &["--mode", "verify", "--until", "30d"]].concat();
    let said = stage.sign(("steward", "health.gz"), GRANT, &more, Shown::Result)?;
    let grant = grant_in(&said)?;
    let args = format!("--grant {grant} --matter LOW-INCOME-CHECK");
    stage.access(&args, "valid until", "attempt-6", Shown::Result, 0)?;

    let dir = stage.network.place.node(&victim).display().to_string();
    let run = Task::new(Program::Comityd, &["run", "--dir", &dir], stage.network.place.root());
    stage.page.command("operator@tax.cn", &run.words())?;
    stage.page.gap()?;
    stage.restart(&victim)?;
    let height = catch_up(stage, &victim)?;
    let hash = same_hash(stage, height)?;
    stage.say(&format!(
        "Started again with nothing but its own disk, the node asked the others for what it \
         missed and verified it. It had block {before} when it died; now all four have block \
         {height}, and the same hash there ({}...), which commits to the whole log and to every \
         grant and key as it stands after that block.",
        &hash[..16]
    ))?;
    Ok(grant)
}

/// Waits until the node has every block of the others. Returns the height.
fn catch_up(
    stage: &mut Stage<'_>,
    agency: &comity_core::text::AgencyId,
) -> Result<u64, DevnetError> {
    let others = stage.statuses()?;
    let height = others.iter().map(|(_, status)| status.height).max().unwrap_or_default();
    let api = Api::of(stage.network.node(agency));
    stage.network.wait(agency, "catch up", CATCH_UP_LIMIT, || match api.status() {
        Ok(status) if status.height >= height => Ok(()),
        Ok(status) => Err(format!("it has block {} of {height}", status.height)),
        Err(error) => Err(error.to_string()),
    })?;
    Ok(height)
}

/// Shows the hash of the block at `height` on every node. Errors: they are not all the same.
fn same_hash(stage: &mut Stage<'_>, height: u64) -> Result<String, DevnetError> {
    let agencies: Vec<_> =
        stage.network.topology.nodes.iter().map(|node| node.agency.clone()).collect();
    let mut rows = vec![row(["NODE", "BLOCK", "ITS HASH (GET /v1/blocks/HEIGHT)"])];
    let mut hashes = Vec::new();
    for agency in &agencies {
        stage.settle(agency)?;
        let hash = Api::of(stage.network.node(agency)).header_hash(height)?;
        rows.push(row([agency.as_str(), &height.to_string(), &hash[..48]]));
        hashes.push(hash);
    }
    stage.page.table(&rows)?;
    stage.page.gap()?;
    match hashes.first() {
        Some(first) if hashes.iter().all(|hash| hash == first) => Ok(first.clone()),
        _ => Err(DevnetError::Unexpected(format!(
            "the nodes have different blocks at height {height}"
        ))),
    }
}
