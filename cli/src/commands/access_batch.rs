//! `comity access batch`: many accesses in one attempt, each provable.
//! Holds: openings stay in the files of whoever made the batch; a proof shows one of them alone.
//! May not enter: what is asked of the provider under the batch, which goes another way.

use std::path::Path;

use comity_core::batch::{Batch, BatchTree, BatchedAccess};
use comity_core::hash::{BatchRoot, ConsortiumId};
use comity_core::ids::LogIndex;
use comity_core::sealed::Salt;
use comity_core::text::Text;
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::log;
use crate::args::{BatchVerb, PrepareBatch, ProveBatch, VerifyBatch, normal};
use crate::client::Status;
use crate::fault::Fault;
use crate::keys::{self, Readers};
use crate::messages::{fault, say};
use crate::shell::Session;

const BATCH: &str = "comity-batch-1";
const PROOF: &str = "comity-batch-proof-1";

/// A batch with all that opens it.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct BatchFile {
    format: String,
    consortium: ConsortiumId,
    batch: Batch,
    accesses: Vec<BatchedAccess>,
}

/// What proves one access of a batch.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct BatchProof {
    format: String,
    consortium: ConsortiumId,
    batch: Batch,
    place: u32,
    access: BatchedAccess,
    path: Vec<BatchRoot>,
}

pub(super) fn run(verb: &BatchVerb, session: &mut Session<'_>) -> Result<(), Fault> {
    match verb {
        BatchVerb::Prepare(args) => prepare(args, session),
        BatchVerb::Prove(args) => prove(args, session),
        BatchVerb::Verify(args) => verify(args, session),
    }
}

/// The batch of a file, for an attempt in this consortium.
pub(super) fn load(path: &Path, consortium: ConsortiumId) -> Result<Batch, Fault> {
    let (file, _) = opened(path)?;
    if file.consortium != consortium {
        return Err(unfit(path, "it was made for another consortium"));
    }
    Ok(file.batch)
}

fn prepare(args: &PrepareBatch, session: &mut Session<'_>) -> Result<(), Fault> {
    let text = keys::read_text(&args.file, |cause| unfit(&args.file, &cause))?;
    let status: Status = session.client()?.get("/v1/status")?;
    let mut accesses = Vec::new();
    // The first line has the headings.
    for (number, line) in (1..).zip(text.lines()).skip(1) {
        let line: Text<2048> = normal(line)
            .parse()
            .map_err(|error| unfit(&args.file, &format!("line {number}: {error}")))?;
        let salt = Salt(session.shell.draw()?);
        accesses.push(BatchedAccess { salt, text: line });
    }
    let consortium = status.consortium;
    let Some(tree) = tree(&accesses, &consortium) else {
        return Err(unfit(&args.file, &say!("batch-size", count = accesses.len())));
    };
    let batch = tree.batch();
    let file = BatchFile { format: BATCH.to_owned(), consortium, batch, accesses };
    keys::write_new(&args.out, format!("{}\n", json!(file)).as_bytes(), Readers::Owner)?;
    session.result(&json!({ "batch": batch, "file": args.out }), |_| {
        say!("ok-batch-prepare", count = batch.count, root = batch.root, path = args.out.display())
    })
}

fn prove(args: &ProveBatch, session: &mut Session<'_>) -> Result<(), Fault> {
    let (file, tree) = opened(&args.file)?;
    // Line 1 of the table has the headings.
    let place = args.line.checked_sub(2);
    let access = place.and_then(|place| file.accesses.get(usize::try_from(place).ok()?));
    let (Some(place), Some(access)) = (place, access) else {
        return Err(fault!(Usage, "batch-line", last = u64::from(file.batch.count) + 1));
    };
    let path = tree.path(place).map_err(|error| unfit(&args.file, &error.to_string()))?;
    let proof = BatchProof {
        format: PROOF.to_owned(),
        consortium: file.consortium,
        batch: file.batch,
        place,
        access: access.clone(),
        path: path.into_iter().map(BatchRoot).collect(),
    };
    keys::write_new(&args.out, format!("{:#}\n", json!(proof)).as_bytes(), Readers::Owner)?;
    session.result(&json!({ "place": place, "file": args.out }), |_| {
        say!("ok-batch-prove", line = args.line, path = args.out.display())
    })
}

fn verify(args: &VerifyBatch, session: &mut Session<'_>) -> Result<(), Fault> {
    let proof: BatchProof =
        keys::load_json(&args.file, |cause| unfit(&args.file, &cause.to_string()))?;
    if proof.format != PROOF {
        return Err(unfit(&args.file, "it is no proof of an access of a batch"));
    }
    let path: Vec<[u8; 32]> = proof.path.iter().map(|step| step.0).collect();
    let unproven = |cause: &str| fault!(Unverified, "batch-unproven", cause = cause);
    proof
        .batch
        .verify(&proof.consortium, proof.place, &proof.access, &path)
        .map_err(|error| unproven(&error.to_string()))?;
    let BatchProof { batch, access, .. } = &proof;
    let line = u64::from(proof.place) + 2;
    let object = json!({ "verified": true, "batch": batch, "line": line, "text": access.text,
        "access": args.access });
    let text = &access.text;
    let Some(index) = args.access else {
        return session.result(&object, |_| {
            say!("ok-batch-verify", line = line, text = text, root = batch.root)
        });
    };
    let client = session.client()?;
    let status: Status = client.get("/v1/status")?;
    let entry = client.ask_entry(LogIndex(index))?;
    log::verified(&entry, &status)
        .map_err(|cause| fault!(Unverified, "entry-damaged", index = index, cause = cause))?;
    let signed = entry.record.statement.action.attempt();
    if signed.and_then(|signed| signed.attempt.batch) != Some(*batch) {
        return Err(unproven(&say!("batch-of-other-access", index = index)));
    }
    session.result(&object, |_| {
        say!("ok-batch-verify-access", line = line, text = text, index = index)
    })
}

/// A batch's file, and the tree of what is in it. Errors: it is none, or they do not fit.
fn opened(path: &Path) -> Result<(BatchFile, BatchTree), Fault> {
    let file: BatchFile = keys::load_json(path, |cause| unfit(path, &cause.to_string()))?;
    if file.format != BATCH {
        return Err(unfit(path, "it is no batch"));
    }
    match tree(&file.accesses, &file.consortium).filter(|tree| tree.batch() == file.batch) {
        Some(tree) => Ok((file, tree)),
        None => Err(unfit(path, "its accesses are not those of its root")),
    }
}

fn tree(accesses: &[BatchedAccess], consortium: &ConsortiumId) -> Option<BatchTree> {
    BatchTree::new(accesses.iter().map(|access| access.commitment(consortium)))
}

fn unfit(path: &Path, cause: &str) -> Fault {
    fault!(Failed, "batch-unreadable", path = path.display(), cause = cause)
}
