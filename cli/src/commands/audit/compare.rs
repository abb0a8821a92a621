//! `comity audit compare`: whether nodes show one history; where they do not, the proof of it.
//! Holds: two nodes differ only where both blocks are certified; a node that shows what nobody
//! certified is named, and no fork is claimed.

use std::io::BufReader;

use comity_core::genesis::Genesis;
use comity_core::hash::HeaderHash;
use comity_core::ids::Height;
use comity_core::proof::{Branch, Fork, Proof};
use comity_core::trust_path::SetChange;
use serde_json::json;

use super::copy::Copy;
use super::frames::{self, Frames};
use super::sync::BlockAnswer;
use crate::args::CompareNodes;
use crate::client::{Client, Status};
use crate::fault::{Exit, Fault};
use crate::keys::{self, Readers};
use crate::messages::{fault, say};
use crate::proven;
use crate::shell::Session;

/// Somebody who shows a history.
enum Source {
    Node(Client),
    Copy(Box<Copy>),
}

/// Who, and up to where.
struct Shown {
    name: String,
    source: Source,
    height: Height,
}

pub(super) fn run(args: &CompareNodes, session: &mut Session<'_>) -> Result<Exit, Fault> {
    let genesis = keys::load_genesis(&args.genesis)?;
    if args.out.exists() {
        return Err(fault!(Failed, "file-exists", path = args.out.display()));
    }
    let mut shown = Vec::new();
    if let Some(dir) = &args.copy {
        let copy = Copy::open(dir, None)?;
        if copy.genesis().id() != genesis.id() {
            return Err(fault!(Failed, "audit-other-genesis", path = dir.display()));
        }
        let (name, height) = (dir.display().to_string(), copy.tip().0);
        shown.push(Shown { name, source: Source::Copy(Box::new(copy)), height });
    }
    for url in &args.nodes {
        shown.push(stands(url, &genesis)?);
    }
    if shown.len() < 2 {
        return Err(fault!(Usage, "audit-too-few"));
    }
    for (at, one) in shown.iter().enumerate() {
        for other in &shown[at + 1..] {
            if let Some(height) = parting(one, other)? {
                return parted(args, &genesis, (one, other, height), session);
            }
        }
    }
    let common = shown.iter().map(|shown| shown.height).min().unwrap_or_default();
    let object = json!({ "agree": true, "nodes": shown.len(), "up_to": common });
    session.result(&object, |_| say!("ok-audit-compare", nodes = shown.len(), height = common))?;
    Ok(Exit::Done)
}

/// Two show different blocks of a height: proves what there is to prove.
fn parted(
    args: &CompareNodes,
    genesis: &Genesis,
    (one, other, height): (&Shown, &Shown, Height),
    session: &mut Session<'_>,
) -> Result<Exit, Fault> {
    let proof = Proof::Fork(proof(one, other, height)?);
    let verified = proven::verify(&proof, genesis).map_err(|(rule, cause)| {
        let (one, other) = (&one.name, &other.name);
        fault!(
            Unverified,
            "audit-unproven",
            one = one,
            other = other,
            height = height,
            rule = rule,
            cause = cause
        )
    })?;
    keys::write_new(&args.out, &proof.to_bytes(), Readers::Any)?;
    let mut object = verified.json();
    object["agree"] = false.into();
    object["file"] = json!(args.out);
    session.result(&object, |shell| verified.text(genesis, &shell.zone))?;
    session.shell.note(&say!("note-audit-fork", height = height, path = args.out.display()));
    Ok(Exit::Unverified)
}

/// Where a node stands. Errors: it cannot be reached; it is another consortium's.
fn stands(url: &str, genesis: &Genesis) -> Result<Shown, Fault> {
    let client = Client::new(url)?;
    let status: Status = client.get("/v1/status")?;
    if status.consortium != genesis.id() {
        let found = status.consortium;
        return Err(fault!(Unverified, "audit-other-consortium", url = url, found = found));
    }
    let name = client.url().to_owned();
    Ok(Shown { name, source: Source::Node(client), height: status.height })
}

/// The lowest height at which two nodes show different blocks; none where they agree as far as both
/// go. A block's hash fixes all before it, so that halving finds it.
fn parting(one: &Shown, other: &Shown) -> Result<Option<Height>, Fault> {
    let differ = |height: u64| -> Result<bool, Fault> {
        Ok(one.hash(Height(height))? != other.hash(Height(height))?)
    };
    let common = one.height.min(other.height).0;
    if common == 0 || !differ(common)? {
        return Ok(None);
    }
    let (mut same, mut different) = (0, common);
    while same + 1 < different {
        let middle = same + (different - same) / 2;
        match differ(middle)? {
            true => different = middle,
            false => same = middle,
        }
    }
    Ok(Some(Height(different)))
}

/// What two show of a height, put together.
fn proof(one: &Shown, other: &Shown, height: Height) -> Result<Fork, Fault> {
    // Below that height all is the same, so that either may tell; a copy keeps no list of it.
    let changes = match (&one.source, &other.source) {
        (Source::Node(client), _) | (_, Source::Node(client)) => changes(client, height)?,
        (Source::Copy(_), Source::Copy(_)) => unreachable!("at most one copy is compared"),
    };
    let (one, other) = (one.branch(height)?, other.branch(height)?);
    let in_order = one.header.hash() < other.header.hash();
    let (one, other) = if in_order { (one, other) } else { (other, one) };
    Ok(Fork { changes, one, other })
}

/// The changes of the validators below a height, as a node has them.
fn changes(client: &Client, height: Height) -> Result<Vec<SetChange>, Fault> {
    let bytes = client.bytes("/v1/extract", &vec![("keys", "70".to_owned())])?;
    let unreadable = |cause: &dyn std::fmt::Display| {
        fault!(Failed, "answer-unreadable", url = client.url(), cause = cause)
    };
    match Proof::from_bytes(&bytes) {
        Ok(Proof::Extract(extract)) => {
            let below = |change: &SetChange| change.header.height < height;
            Ok(extract.path.changes.into_iter().filter(below).collect())
        }
        Ok(_) => Err(unreadable(&"another proof")),
        Err(error) => Err(unreadable(&error)),
    }
}

impl Shown {
    fn hash(&self, height: Height) -> Result<HeaderHash, Fault> {
        match &self.source {
            Source::Node(client) => {
                let block: BlockAnswer = client.get(&format!("/v1/blocks/{height}"))?;
                Ok(block.header_hash)
            }
            Source::Copy(copy) if copy.tip().0 == height => Ok(copy.tip().1),
            Source::Copy(copy) => Ok(copy.frames()?.shown(height)?.header.hash()),
        }
    }

    /// What is shown of the block at a height: from the block, what is kept beside it, and the
    /// certificate that comes after.
    fn branch(&self, height: Height) -> Result<Branch, Fault> {
        let frames::Shown { header, polkas, certificate } = match &self.source {
            Source::Copy(copy) => copy.frames()?.shown(height)?,
            Source::Node(client) => {
                let query = vec![("from", height.to_string())];
                let stream = BufReader::new(client.stream("/v1/archive", &query)?);
                Frames::new(stream, self.name.clone()).shown(height)?
            }
        };
        Ok(Branch { header, certificate, polkas })
    }
}
