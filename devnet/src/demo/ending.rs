//! The end of the demo: the nodes, what to try next, and how to stop.

use crate::commands::show_nodes;
use crate::failure::DevnetError;
use crate::invocation::Invocation;
use crate::nodes::Network;
use crate::page::Page;

use super::{Afterwards, Story};

/// Says what there is now and what the reader can do with it. Errors: it cannot be written.
pub(super) fn show(
    network: &Network,
    page: &mut Page,
    story: &Story,
    call: &Invocation,
    afterwards: Afterwards,
) -> Result<(), DevnetError> {
    page.heading("The nodes")?;
    show_nodes(network, page)?;
    page.gap()?;
    page.say(&format!("All of it lies in {}", network.place.root().display()))?;
    page.heading("What to try next")?;
    if afterwards == Afterwards::Stop {
        page.say("The nodes stop now. To start them again:")?;
        page.gap()?;
        page.paste(&call.to("up"))?;
        page.gap()?;
    }
    page.say("A short name for comity at one of these nodes (AGENCY, or AGENCY/ROLE to sign):")?;
    page.gap()?;
    let cli = call.to("cli");
    page.paste(&format!("alias ask='{cli}'"))?;
    page.gap()?;
    let Story { request, grant, access } = story;
    for command in [
        format!("ask civil.th/officer sealed show {request}"),
        "ask health.gz/steward inbox".to_owned(),
        "ask data.gd access list".to_owned(),
        format!("ask data.gd log show {access}"),
        "ask civil.th log tail --from 1     # follow it; Ctrl-C ends".to_owned(),
        format!("ask civil.th grant show {grant}"),
        format!("ask health.gz/steward grant revoke {grant} --reason \"My own try\""),
        "ask tax.cn log archive --out chain.comity".to_owned(),
    ] {
        page.paste(&command)?;
    }
    page.gap()?;
    page.say("To see how the nodes are, to stop them, to remove everything:")?;
    page.gap()?;
    ["status", "down", "reset"].iter().try_for_each(|verb| page.paste(&call.to(verb)))
}
