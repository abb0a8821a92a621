//! `comity verify`: proves an archive or a proof file against a genesis, with no node and no network.
//! Holds: "verified" is said only of what core's verifier accepted to the last byte; what is not
//! proven by it is said too.

use std::collections::BTreeMap;
use std::io::BufReader;
use std::path::Path;
use std::time::Instant;

use comity_core::archive::{ArchiveError, BlockFault, Verified, Verifier};
use comity_core::genesis::Genesis;
use comity_core::ledger::{BlockError, Ledger};
use comity_core::proof::{MAX_PROOF_BYTES, Proof, ProofFileError};
use comity_core::state;
use serde_json::json;

use super::replay::{self, ReplayError, Watching};
use crate::args::{VerifyArchive, VerifyProof, VerifyVerb};
use crate::fault::{Exit, Fault};
use crate::keys;
use crate::messages::{fault, say};
use crate::progress::Progress;
use crate::shell::{Session, Shell};
use crate::{proven, table, time};

/// How much of a file is read at once (bytes).
const READ_BYTES: usize = 1024 * 1024;

pub(super) fn run(verb: VerifyVerb, session: &mut Session<'_>) -> Result<Exit, Fault> {
    match verb {
        VerifyVerb::Archive(args) => archive(&args, session),
        VerifyVerb::Proof(args) => proof(&args, session),
    }?;
    Ok(Exit::Done)
}

fn proof(args: &VerifyProof, session: &mut Session<'_>) -> Result<(), Fault> {
    let genesis = keys::load_genesis(&args.genesis)?;
    let max_age_ms = args.max_age.as_deref().map(time::duration_ms).transpose()?;
    let path = args.file.display();
    let bytes = keys::read_bounded(keys::open(&args.file)?, &args.file, MAX_PROOF_BYTES as u64)?
        .ok_or_else(|| fault!(Unverified, "proof-not-one", path = path))?;
    let fails = |(rule, cause): (&str, String)| {
        fault!(Unverified, "proof-fails", rule = rule, cause = cause)
    };
    let proof = Proof::from_bytes(&bytes).map_err(|error| match error {
        ProofFileError::NotAProof => fault!(Unverified, "proof-not-one", path = path),
        ProofFileError::Decode(_) => fails((error.name(), error.to_string())),
    })?;
    let proven = proven::verify(&proof, &genesis).map_err(fails)?;
    let (as_of, now) = (proven.as_of(), session.shell.now());
    if max_age_ms.is_some_and(|max_age_ms| as_of.plus(max_age_ms) < now) {
        let time = time::show(as_of, &session.shell.zone);
        return Err(fault!(Unverified, "proof-too-old", time = time));
    }
    let mut object = proven.json();
    object["verified"] = true.into();
    object["consortium"] = json!(genesis.id());
    session.result(&object, |shell| proven.text(&genesis, &shell.zone))
}

fn archive(args: &VerifyArchive, session: &mut Session<'_>) -> Result<(), Fault> {
    let genesis = keys::load_genesis(&args.genesis)?;
    let verifier = Verifier::new(&genesis).map_err(|error| archive_fault(error, &args.file))?;
    let file = keys::open(&args.file)?;
    let size_bytes = file.metadata().map_or(0, |found| found.len());
    let mut input = BufReader::with_capacity(READ_BYTES, file);
    let (began, mut progress) = (Instant::now(), Progress::new(0, size_bytes));
    let shell = &mut *session.shell;
    let mut watching = Watching::new(|verifier: &Verifier, done| {
        show_progress(shell, verifier, progress.at(done));
    });
    let replayed = replay::replay(&mut input, verifier, &mut watching, replay::cores(args.cores));
    session.shell.show_progress("");
    let finished = replayed.and_then(|(verifier, certificate)| {
        let set = verifier.ledger().validators().clone();
        let signers = certificate.signatures.iter().map(|signature| {
            let by_key = set.by_key(&signature.validator);
            by_key.map_or_else(|| signature.validator.to_string(), |v| v.agency.to_string())
        });
        let signers: Vec<String> = signers.collect();
        let operators = large_operators(verifier.ledger());
        Ok((verifier.finish(certificate)?, signers, operators))
    });
    let (verified, signers, operators) =
        finished.map_err(|error| replay_fault(error, &args.file))?;
    let elapsed_ms = u64::try_from(began.elapsed().as_millis()).unwrap_or(u64::MAX);
    report(session, &genesis, &verified, (&signers, &operators), elapsed_ms)
}

/// Says how far a verification is, if it is time to.
pub(super) fn show_progress(shell: &mut Shell, verifier: &Verifier, share: Option<String>) {
    let Some(share) = share else { return };
    let (height, entries) = (verifier.ledger().tip().height, verifier.ledger().log().size());
    let text = say!("progress-verify", height = height, entries = entries, share = share);
    shell.show_progress(&text);
}

fn report(
    session: &mut Session<'_>,
    genesis: &Genesis,
    verified: &Verified,
    (signers, operators): (&[String], &BTreeMap<String, u64>),
    elapsed_ms: u64,
) -> Result<(), Fault> {
    let rate = verified.entries.saturating_mul(1_000) / elapsed_ms.max(1);
    let object = json!({
        "verified": true,
        "consortium": genesis.id(),
        "name": genesis.name,
        "blocks": verified.tip.height,
        "entries": verified.entries,
        "tip": {
            "height": verified.tip.height,
            "header_hash": verified.tip.hash,
            "time": verified.tip.time,
        },
        "signers": signers,
        "operators_with_a_third": operators.keys().collect::<Vec<_>>(),
        "elapsed_ms": elapsed_ms,
        "entries_per_s": rate,
    });
    session.result(&object, |shell| {
        let zone = &shell.zone;
        let rows = [
            (say!("label-consortium"), format!("{} ({})", genesis.name, genesis.id())),
            (say!("label-entries"), verified.entries.to_string()),
            (say!("label-blocks"), verified.tip.height.to_string()),
            (say!("label-last-block-time"), time::show(verified.tip.time, zone)),
            (say!("label-last-block-hash"), verified.tip.hash.to_string()),
            (say!("label-last-signed-by"), signers.join(", ")),
            (say!("label-speed"), say!("words-rate", rate = rate, elapsed_ms = elapsed_ms)),
        ];
        let mut text = format!("{}\n{}", say!("ok-verified"), table::pairs(&rows));
        for (operator, power) in operators {
            text.push('\n');
            text.push_str(&say!("note-operator", operator = operator, power = power));
        }
        text
    })
}

/// Who operates the nodes of a third or more of the voting power, with that power in percent:
/// with so much in one hand, the signatures of many are the signatures of one.
fn large_operators(ledger: &Ledger) -> BTreeMap<String, u64> {
    let mut powers: BTreeMap<String, u64> = BTreeMap::new();
    for validator in ledger.validators().members() {
        if let Some(agency) = state::agency(ledger, &validator.agency) {
            *powers.entry(agency.operated_by.to_string()).or_default() += validator.power;
        }
    }
    let total: u64 = powers.values().sum();
    powers.retain(|_, power| *power * 3 >= total);
    powers.values_mut().for_each(|power| *power = *power * 100 / total.max(1));
    powers
}

/// What it means that an archive could not be replayed.
pub(super) fn replay_fault(error: ReplayError, path: &Path) -> Fault {
    match error {
        ReplayError::Read(error) => keys::unreadable(path, &error),
        ReplayError::Archive(error) => archive_fault(error, path),
        ReplayError::Taker(fault) => fault,
    }
}

/// What a failed verification means, by what failed.
pub(super) fn archive_fault(error: ArchiveError, path: &Path) -> Fault {
    let path = path.display();
    match error {
        ArchiveError::NotAnArchive => fault!(Unverified, "archive-not-one", path = path),
        ArchiveError::OtherConsortium { found, expected } => {
            fault!(Unverified, "archive-other-consortium", found = found, expected = expected)
        }
        ArchiveError::Genesis(error) => {
            fault!(Failed, "genesis-unusable", path = path, cause = error)
        }
        ArchiveError::Block { height, cause } => block_fault(height.0, *cause, &path),
    }
}

fn block_fault(height: u64, cause: BlockFault, path: &impl std::fmt::Display) -> Fault {
    match cause {
        BlockFault::Truncated => {
            fault!(Unverified, "archive-truncated", height = height, path = path)
        }
        BlockFault::Trailing => fault!(Unverified, "archive-trailing", height = height),
        BlockFault::Frame => fault!(Unverified, "archive-frame", height = height),
        BlockFault::Decode(error) => {
            fault!(Unverified, "archive-damaged", height = height, cause = error)
        }
        BlockFault::Certificate(error) => {
            fault!(Unverified, "archive-certificate", height = height, cause = error)
        }
        BlockFault::Polkas(error) => {
            fault!(Unverified, "archive-polkas", height = height, cause = error)
        }
        BlockFault::Record { position, source } => {
            let rule = source.rule();
            fault!(
                Unverified,
                "archive-record",
                height = height,
                position = position,
                rule = rule,
                cause = source
            )
        }
        BlockFault::Execution(BlockError::Record { position, refusal }) => {
            let rule = refusal.rule();
            fault!(
                Unverified,
                "archive-refused",
                height = height,
                position = position,
                rule = rule,
                cause = refusal
            )
        }
        BlockFault::Execution(BlockError::Header { field }) => {
            fault!(Unverified, "archive-header", height = height, field = field)
        }
        BlockFault::Execution(BlockError::Rules { version }) => {
            fault!(Unverified, "archive-rules", height = height, version = version)
        }
        BlockFault::Execution(error) => {
            fault!(Unverified, "archive-limit", height = height, cause = error)
        }
    }
}
