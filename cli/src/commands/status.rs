//! `comity status`: the node.
//! Holds: whether the node votes, and why not, is said in words.

use comity_core::ids::Height;

use crate::client::{Status, Voting};
use crate::fault::Fault;
use crate::messages::say;
use crate::shell::{Session, Shell};
use crate::{table, time, voting};

pub(super) fn status(session: &mut Session<'_>) -> Result<(), Fault> {
    let client = session.client()?;
    let found = client.value("/v1/status", &vec![])?;
    let status: Status = client.read(&found)?;
    // What the node does not say stops nobody from seeing the rest.
    let members = client.members().unwrap_or_default();
    let shares = voting::shares(&voting::seats(&status.validators, &members));
    session.result(&found, |shell| {
        let best = status.best_peer_height.unwrap_or(Height(0));
        let behind = best.0.saturating_sub(status.height.0);
        let tip = say!(
            "words-block",
            height = status.height,
            time = time::show(status.time, &shell.zone),
            hash = status.header_hash,
        );
        let mut rows = vec![
            (say!("label-consortium"), format!("{} ({})", status.name, status.consortium)),
            (
                say!("label-node"),
                say!("words-node", agency = status.agency, version = status.version),
            ),
            (say!("label-last-block"), tip),
            (say!("label-entries"), status.log_size.to_string()),
            (say!("label-behind"), say!("words-behind", behind = behind)),
            (say!("label-voting"), voting(&status)),
            (say!("label-pending"), status.pending.to_string()),
        ];
        for voter in &status.validators {
            let key = table::short(voter.key);
            let words = say!("words-voter", agency = voter.agency, power = voter.power, key = key);
            rows.push((say!("label-validator"), words));
        }
        for peer in &status.peers {
            let agency = peer.agency.as_ref().map(ToString::to_string).unwrap_or_default();
            let address = peer.address.as_deref().unwrap_or_default();
            let height = peer.height.map(|height| height.to_string()).unwrap_or_default();
            let words = say!("words-peer", agency = agency, address = address, height = height);
            rows.push((say!("label-peer"), words));
        }
        let mut text = format!("{}\n{}", head(&status, behind, shell), table::pairs(&rows));
        for warning in voting::warnings(&shares) {
            text.push('\n');
            text.push_str(&warning);
        }
        text
    })
}

/// How the node stands, in a sentence.
fn head(status: &Status, behind: u64, shell: &Shell) -> String {
    let agency = &status.agency;
    let age_s = shell.now().0.saturating_sub(status.time.0) / 1000;
    match behind {
        // As /readyz judges it of a node that has caught up once: a block or two on the way are no lag.
        0..=2 => say!("status-in-step", agency = agency, age_s = age_s),
        _ => say!("status-behind", agency = agency, age_s = age_s, behind = behind),
    }
}

fn voting(status: &Status) -> String {
    match status.voting {
        Voting::Active => say!("voting-active"),
        Voting::Observer => say!("voting-observer"),
        Voting::Asking => say!("voting-asking"),
        Voting::Later => {
            let from = status.votes_from.map(|height| height.to_string()).unwrap_or_default();
            say!("voting-later", height = from)
        }
        Voting::Withheld => say!("voting-withheld"),
    }
}
