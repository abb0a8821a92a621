//! A stopped node's directory is read: settings, keys, write-ahead log, block log, and what a start
//! would do.

use comity_core::agency::KeyRole;
use comity_core::block::CommittedBlock;
use comity_core::genesis::Genesis;
use comity_core::keys::PublicKey;
use comity_core::vote::CommitCertificate;
use comity_replica::storage::{BlockSurvey, MarkPosition, StorageError, WalSurvey};

use crate::commands::repair::first_height;
use crate::config::Config;
use crate::data_dir::{DataDir, DataDirError};
use crate::failure::with_causes;
use crate::key_store;
use crate::read_disk::ReadDisk;

use super::finding::{Finding, Report};

pub(super) fn look(dir: &DataDir, config: &Config, report: &mut Report) {
    report.add(Finding::warning(
        "node",
        format!("comityd {} does not run in this directory", env!("CARGO_PKG_VERSION")),
        format!(
            "start it: comityd run --dir {} (as a service: systemctl start comityd)",
            dir.root().display()
        ),
    ));
    let genesis = match dir.genesis() {
        Ok(genesis) => genesis,
        Err(error) => return report.add(no_genesis(&error)),
    };
    let key = match key_store::load(dir, config, &genesis) {
        Ok(held) => held.present().validator.map(|key| key.public()),
        Err(error) => {
            report.add(Finding::trouble(
                "node keys",
                with_causes(&error),
                "comityd config check says what to do; the node does not start with this",
            ));
            public_half(dir)
        }
    };
    if let Err(error) = logs(dir, &genesis, key, report) {
        report.add(Finding::trouble(
            "block log",
            with_causes(&error),
            "check the disk (df, dmesg) and that comityd runs as the owner of the directory",
        ));
    }
}

fn no_genesis(error: &DataDirError) -> Finding {
    Finding::trouble(
        "genesis",
        with_causes(error),
        "get genesis.json from another member and compare the consortium's id by telephone",
    )
}

fn public_half(dir: &DataDir) -> Option<PublicKey> {
    let text = std::fs::read(dir.key_file(KeyRole::Validator)).ok()?;
    let file: comity_core::key_file::KeyFile = serde_json::from_slice(&text).ok()?;
    Some(file.public_key)
}

fn logs(
    dir: &DataDir,
    genesis: &Genesis,
    key: Option<PublicKey>,
    report: &mut Report,
) -> Result<(), StorageError> {
    if !dir.log_dir().is_dir() {
        report
            .add(Finding::fine("block log", "there is none yet: it comes from the other members"));
        return Ok(());
    }
    let disk = ReadDisk::open(&dir.log_dir())?;
    let blocks = BlockSurvey::of(&disk)?;
    let wal = WalSurvey::of(&disk);
    let named = wal.as_ref().ok().and_then(|wal| wal.durable_tip).map(|(height, _)| height);
    let tip = blocks.highest().max(named).unwrap_or(0);
    let missing = blocks.missing(first_height(dir, &blocks), tip);
    report.add(if missing.is_empty() {
        Finding::fine("block log", format!("every block up to {tip} is there and undamaged"))
    } else {
        Finding::trouble(
            "block log",
            format!("damaged or missing: {}. The other members have them", in_words(&missing)),
            format!("comityd repair --dir {}", dir.root().display()),
        )
    });
    let shown = match key {
        Some(key) => signed_by(&blocks, &disk, tip, &key)?,
        None => None,
    };
    guard(dir, wal, key, shown, report);
    first_block(&blocks, &disk, genesis, report)
}

/// Runs of blocks.
pub(in crate::commands) fn in_words(runs: &[(u64, u64)]) -> String {
    let word = |(first, last): &(u64, u64)| match first == last {
        true => format!("block {first}"),
        false => format!("blocks {first} to {last}"),
    };
    let words: Vec<String> = runs.iter().take(8).map(word).collect();
    let more = runs.len().saturating_sub(words.len());
    let more = if more > 0 { format!(" and {more} more places") } else { String::new() };
    words.join(", ") + &more
}

/// Where the key signed the last block's certificate, if it did.
fn signed_by(
    blocks: &BlockSurvey,
    disk: &ReadDisk,
    tip: u64,
    key: &PublicKey,
) -> Result<Option<MarkPosition>, StorageError> {
    let Some(payload) = blocks.payload(disk, tip)? else { return Ok(None) };
    let Ok(CommittedBlock { certificate, .. }) = CommittedBlock::from_bytes(&payload) else {
        return Ok(None);
    };
    let CommitCertificate { height, round, signatures, .. } = certificate;
    let signed = signatures.iter().any(|of| of.validator == *key);
    let step = comity_replica::storage::Step::Precommit;
    Ok(signed.then_some(MarkPosition { height: height.0, round, step }))
}

fn guard(
    dir: &DataDir,
    wal: Result<WalSurvey, StorageError>,
    key: Option<PublicKey>,
    shown: Option<MarkPosition>,
    report: &mut Report,
) {
    let wal = match wal {
        Ok(wal) => wal,
        Err(error) => {
            return report.add(Finding::trouble(
                "guard",
                format!(
                    "{}. It holds what this node's key has signed; the node does not start",
                    with_causes(&error).trim_end_matches('.')
                ),
                format!(
                    "comityd repair --dir {}: it puts the file aside; the node then follows and \
                     votes again when that is safe",
                    dir.root().display()
                ),
            ));
        }
    };
    let Some(key) = key else {
        return report.add(Finding::fine("guard", "this node has no validator key: it follows"));
    };
    let Some(guard) = wal.guard else {
        return report.add(Finding::warning(
            "guard",
            "there is no sign guard: at the next start the node follows without voting, and votes \
             again three blocks after the highest block of the others, once members with more than \
             two thirds of the voting power (without it) have answered",
            "nothing, if enough members run",
        ));
    };
    if guard.public_key() != key.as_bytes() {
        return report.add(Finding::trouble(
            "guard",
            "log/wal belongs to another validator key: the node does not start with it",
            "put this node's own keys/ and log/ back; never copy log/wal between nodes",
        ));
    }
    let last = guard.last().map(|mark| mark.position());
    let covers = |at: MarkPosition| at.height < guard.vote_from() || last >= Some(at);
    report.add(match (last, shown.filter(|at| !covers(*at))) {
        (_, Some(at)) => Finding::warning(
            "guard",
            format!(
                "log/wal is older than the block log: a certificate shows a signature of this key \
                 ({at}) that it does not know. The node will follow, and vote again when that is safe"
            ),
            "nothing, if enough members run; find out who put an old log/wal here",
        ),
        (Some(last), None) => Finding::fine(
            "guard",
            format!("whole; the key signed last the {last}. At a start the node asks the others, then votes"),
        ),
        (None, None) => Finding::fine("guard", "whole; the key has signed nothing since it was made"),
    });
}

fn first_block(
    blocks: &BlockSurvey,
    disk: &ReadDisk,
    genesis: &Genesis,
    report: &mut Report,
) -> Result<(), StorageError> {
    let Some(first) = blocks.segments.first().map(|segment| segment.first_height) else {
        return Ok(());
    };
    let Some(payload) = blocks.payload(disk, first)? else { return Ok(()) };
    let found = CommittedBlock::from_bytes(&payload).map(|of| of.block.header.consortium);
    if found.is_ok_and(|found| found != genesis.id()) {
        report.add(Finding::trouble(
            "genesis",
            "the blocks here are of another consortium than genesis.json: the node does not start",
            "put the genesis.json of this node's consortium back",
        ));
    }
    Ok(())
}
