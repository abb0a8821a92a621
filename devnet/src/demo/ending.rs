//! The end of the demo: the nodes, what to try next, and how to stop.

use crate::commands::{called, show_nodes};
use crate::failure::DevnetError;
use crate::nodes::Network;
use crate::page::Page;

use super::{Afterwards, Story};

/// Says what there is now and what the reader can do with it. `devnet` and `option` are how this
/// program is called again. Errors: it cannot be written.
pub(super) fn show(
    network: &Network,
    page: &mut Page,
    story: &Story,
    (devnet, option): (&str, Option<&str>),
    afterwards: Afterwards,
) -> Result<(), DevnetError> {
    page.heading("The nodes")?;
    show_nodes(network, page)?;
    page.gap()?;
    page.say(&format!("All of it lies in {}", network.place.root().display()))?;
    page.heading("What to try next")?;
    if afterwards == Afterwards::Stop {
        page.say(&format!(
            "The nodes stop now. Start them again with: {}",
            called(devnet, "up", option)
        ))?;
        page.gap()?;
    }
    page.say("A short name for comity at one of these nodes (AGENCY, or AGENCY/ROLE to sign):")?;
    page.gap()?;
    let cli = called(devnet, "cli", option);
    page.output(&format!("alias at='{cli}'"))?;
    page.gap()?;
    let Story { grant, access } = story;
    for command in [
        "at data.gd access list".to_owned(),
        format!("at data.gd log show {access}"),
        "at civil.th log tail --from 1     # follow it; Ctrl-C ends".to_owned(),
        format!("at civil.th grant show {grant}"),
        format!("at health.gz/steward grant revoke {grant} --reason \"My own try\""),
        "at tax.cn log archive --out chain.comity".to_owned(),
    ] {
        page.output(&command)?;
    }
    page.gap()?;
    let status = called(devnet, "status", option);
    page.say(&format!("How the nodes are:  {status}"))?;
    page.say(&format!("Stop the nodes:     {}", called(devnet, "down", option)))?;
    page.say(&format!("Remove everything:  {}", called(devnet, "reset", option)))
}
