//! `comity audit sync`: takes in what nodes have committed since, verified block by block.
//! Holds: a node that shows another history than the copy's is refused and named.

use comity_core::archive::Verifier;
use comity_core::hash::HeaderHash;
use comity_core::ids::Height;
use serde::Deserialize;
use serde_json::json;
use std::io::BufReader;
use std::path::Path;

use super::copy::Copy;
use crate::args::SyncCopy;
use crate::client::{Client, Status};
use crate::commands::replay::{self, Accepted, ReplayError, Taker};
use crate::commands::verify::{archive_fault, show_progress};
use crate::fault::{Exit, Fault};
use crate::messages::{fault, say};
use crate::progress::Progress;
use crate::shell::{Session, Shell};

/// A block as `GET /v1/blocks/{height}` has it, as far as it is needed here.
#[derive(Debug, Deserialize)]
pub(super) struct BlockAnswer {
    pub(super) header_hash: HeaderHash,
}

pub(super) fn run(args: &SyncCopy, session: &mut Session<'_>) -> Result<Exit, Fault> {
    let nodes = match args.nodes.is_empty() {
        true => vec![session.global.node_url().to_owned()],
        false => args.nodes.clone(),
    };
    let cores = replay::cores(args.cores);
    let mut copy = Copy::open(&args.copy, args.genesis.as_deref())?;
    let mut verifier = at_end(&mut copy, session.shell, cores)?;
    let (before, _) = copy.tip();
    let mut failed: Vec<Fault> = Vec::new();
    for url in &nodes {
        let client = Client::new(url)?;
        match from_node(&client, &mut copy, &mut verifier, (session.shell, cores)) {
            Ok(()) => {}
            // What proves something against a node ends the run; one that is away does not.
            Err(error) if error.exit == Exit::Unverified => return Err(error),
            Err(error) => failed.push(error),
        }
        session.shell.show_progress("");
        if copy.is_ahead() {
            verifier = at_end(&mut copy, session.shell, cores)?;
        }
    }
    let agree = nodes.len() - failed.len();
    if agree == 0 {
        return Err(failed.pop().unwrap_or_else(|| fault!(Usage, "audit-no-node")));
    }
    for fault in &failed {
        session.shell.note(&say!("note-audit-skipped", what = fault.what()));
    }
    let ((height, hash), ledger) = (copy.tip(), verifier.ledger());
    let (entries, time) = (ledger.log().size(), ledger.tip().time);
    let object = json!({
        "copy": args.copy, "consortium": copy.genesis().id(), "height": height, "time": time,
        "header_hash": hash, "entries": entries, "new_blocks": height.0 - before.0,
        "nodes_asked": nodes.len(), "nodes_that_agree": agree,
    });
    session.result(&object, |_| {
        say!(
            "ok-audit-sync",
            height = height,
            entries = entries,
            hash = hash,
            new_blocks = height.0 - before.0,
            reached = agree,
            asked = nodes.len(),
        )
    })?;
    Ok(if failed.is_empty() { Exit::Done } else { Exit::Partly })
}

/// The verifier at the copy's end.
fn at_end(copy: &mut Copy, shell: &mut Shell, cores: usize) -> Result<Verifier, Fault> {
    let mut progress = Progress::new(0, copy.archive_bytes());
    let verifier =
        copy.verifier(|verifier, done| show_progress(shell, verifier, progress.at(done)), cores)?;
    shell.show_progress("");
    Ok(verifier)
}

/// Takes in what one node has beyond the copy. Errors: it cannot be reached; what it shows is not
/// proven, or another history than the copy's.
fn from_node(
    client: &Client,
    copy: &mut Copy,
    verifier: &mut Verifier,
    (shell, cores): (&mut Shell, usize),
) -> Result<(), Fault> {
    let status: Status = client.get("/v1/status")?;
    let (url, consortium) = (client.url(), copy.genesis().id());
    if status.consortium != consortium {
        let found = status.consortium;
        return Err(fault!(Unverified, "audit-other-consortium", url = url, found = found));
    }
    refuse_rewrite(client, copy, status.height)?;
    let (height, _) = copy.tip();
    if status.height <= height {
        return Ok(());
    }
    let query = vec![("from", height.next().to_string())];
    let mut stream = BufReader::new(client.stream("/v1/archive", &query)?);
    let progress = Progress::new(verifier.ledger().log().size(), status.log_size);
    let mut taking = Taking { copy, shell, progress };
    let taken = replay::replay_frames(&mut stream, verifier, &mut taking, cores);
    let ended = taken.and_then(|certificate| {
        certificate.iter().try_for_each(|certificate| verifier.check_tip(certificate))?;
        Ok(certificate)
    });
    match ended {
        Ok(certificate) => {
            let is_whole = certificate.is_some();
            copy.finish(verifier, certificate)?;
            if is_whole { Ok(()) } else { Err(fault!(Unknown, "audit-broken-off", url = url)) }
        }
        Err(error) => {
            // What was proven before the fault stays.
            copy.finish(verifier, None)?;
            Err(match error {
                ReplayError::Read(_) => fault!(Unknown, "audit-broken-off", url = url),
                ReplayError::Archive(error) => archive_fault(error, Path::new(url)),
                ReplayError::Taker(fault) => fault,
            })
        }
    }
}

/// Compares the last block that both have. Errors: the node shows another.
fn refuse_rewrite(client: &Client, copy: &Copy, height: Height) -> Result<(), Fault> {
    let (own, hash) = copy.tip();
    let common = own.min(height);
    if common == Height(0) {
        return Ok(());
    }
    let held = match common == own {
        true => hash,
        false => copy.frames()?.shown(common)?.header.hash(),
    };
    let shown: BlockAnswer = client.get(&format!("/v1/blocks/{common}"))?;
    if shown.header_hash == held {
        return Ok(());
    }
    Err(fault!(Unverified, "audit-rewrite", url = client.url(), height = common))
}

/// The copy, and somebody who watches.
struct Taking<'a> {
    copy: &'a mut Copy,
    shell: &'a mut Shell,
    progress: Progress,
}

impl Taker for Taking<'_> {
    fn before(&mut self, verifier: &Verifier) {
        self.copy.before(verifier);
    }

    fn take(&mut self, verifier: &Verifier, frame: Accepted<'_>) -> Result<(), Fault> {
        self.copy.take(verifier, frame)
    }

    fn rest(&mut self, verifier: &Verifier) -> Result<(), Fault> {
        let entries = verifier.ledger().log().size();
        show_progress(self.shell, verifier, self.progress.at(entries));
        self.copy.rest(verifier)
    }
}
