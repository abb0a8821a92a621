//! The corpora: genuine bytes of the lab for each target, as small files, and what was found.
//! Holds: seeds come from the lab alone and are written anew by one command; findings stay.
//! May not enter: inputs that nobody can explain: a finding has a name that says what it broke.

use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use comity_core::encoding::encode;
use comity_core::vote::Vote;
use comity_replica::message::{Gossip, Request, Response};

use crate::lab::{Lab, lab};
use crate::targets::{KINDS, TARGETS, Target, spoken, unsealed};

/// How the name of a seed's file begins. Others are findings.
const SEED: &str = "seed-";
/// Longest seed of one target (bytes): with more, a fuzzer spends its time on copying.
const LONGEST: usize = 24 * 1024;
/// Seeds of one target, at most.
const MOST_SEEDS: usize = 12;

/// Where the corpora lie.
pub fn directory() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("corpora")
}

/// The committed inputs of a target, by the names of their files. Errors: the system's.
pub fn inputs(target: &Target) -> io::Result<BTreeMap<String, Vec<u8>>> {
    let mut inputs = BTreeMap::new();
    for entry in fs::read_dir(directory().join(target.name))? {
        let path = entry?.path();
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        inputs.insert(name, fs::read(&path)?);
    }
    Ok(inputs)
}

/// Writes the seeds of every target anew; findings stay. Errors: the system's.
pub fn write() -> io::Result<()> {
    for target in TARGETS {
        let directory = directory().join(target.name);
        fs::create_dir_all(&directory)?;
        for entry in fs::read_dir(&directory)? {
            let path = entry?.path();
            if path.file_name().is_some_and(|name| name.to_string_lossy().starts_with(SEED)) {
                fs::remove_file(path)?;
            }
        }
        for (name, bytes) in seeds(target.name) {
            fs::write(directory.join(name), bytes)?;
        }
    }
    Ok(())
}

/// The seeds of a target, by the names of their files.
pub fn seeds(target: &str) -> BTreeMap<String, Vec<u8>> {
    let lab = lab();
    let named = |(at, bytes): (usize, Vec<u8>)| (format!("{SEED}{at:02}"), bytes);
    let fitting = |bytes: &Vec<u8>| bytes.len() <= LONGEST;
    let all = genuine(target, lab);
    chosen(all.into_iter().filter(fitting).collect()).into_iter().enumerate().map(named).collect()
}

/// As many as are kept, from the first to the last, each once.
fn chosen(mut all: Vec<Vec<u8>>) -> Vec<Vec<u8>> {
    let mut seen = std::collections::BTreeSet::new();
    all.retain(|bytes| seen.insert(bytes.clone()));
    let step = all.len().div_ceil(MOST_SEEDS).max(1);
    all.into_iter().step_by(step).collect()
}

fn genuine(target: &str, lab: &Lab) -> Vec<Vec<u8>> {
    match target {
        "gossip" => of_each_kind(lab.gossip.iter().map(Gossip::to_bytes).collect()),
        "request" => of_each_kind(lab.requests.iter().map(Request::to_bytes).collect()),
        "response" => of_each_kind(lab.responses.iter().map(Response::to_bytes).collect()),
        "record" => lab.records.iter().cloned().collect(),
        "block" => lab.blocks.iter().map(|committed| committed.block.to_bytes()).collect(),
        "committed_block" => lab.blocks.iter().map(|committed| committed.to_bytes()).collect(),
        "certificate" => lab.blocks.iter().map(|b| encode(&b.certificate)).collect(),
        "vote" => said(lab, |gossip| match gossip {
            Gossip::Vote(signed) => Some(encode(signed)),
            _ => None,
        }),
        "proposal" => said(lab, |gossip| match gossip {
            Gossip::Proposal(signed) => Some(encode(&**signed)),
            _ => None,
        }),
        "conversation" => conversations(lab),
        "json" => renderings(lab),
        "wal" => {
            let whole = [&[0][..], &lab.wal_after_restart].concat();
            vec![whole, unsealed(&lab.wal_after_restart), unsealed(&lab.wal[..lab.wal.len() / 8])]
        }
        "block_log" => {
            let first = lab.segments.first().map_or(&[][..], |(_, bytes)| bytes);
            vec![[&[0][..], first].concat(), unsealed(first)]
        }
        "archive" => archives(lab),
        "snapshot" => [&lab.midway, &lab.at_tip].map(|(ledger, _)| lab.snapshot(ledger)).into(),
        "trust_path" => {
            [1, lab.blocks.len()].map(|height| lab.trust_path(height).to_bytes()).into()
        }
        #[cfg(feature = "shells")]
        "frame" | "http" | "config" | "catalogue" => crate::targets::shell_seeds(target, lab),
        _ => Vec::new(),
    }
}

fn said(lab: &Lab, wanted: impl Fn(&Gossip) -> Option<Vec<u8>>) -> Vec<Vec<u8>> {
    lab.gossip.iter().filter_map(wanted).collect()
}

/// The kinds of a message mixed, so that a choice among them has each.
fn of_each_kind(messages: Vec<Vec<u8>>) -> Vec<Vec<u8>> {
    let mut kinds: BTreeMap<u8, Vec<Vec<u8>>> = BTreeMap::new();
    for message in messages {
        kinds.entry(message.first().copied().unwrap_or(0)).or_default().push(message);
    }
    let share = MOST_SEEDS.div_ceil(kinds.len().max(1));
    kinds
        .into_values()
        .flat_map(|of_kind| {
            let step = of_kind.len().div_ceil(share).max(1);
            of_kind.into_iter().step_by(step).take(share).collect::<Vec<_>>()
        })
        .collect()
}

fn conversations(lab: &Lab) -> Vec<Vec<u8>> {
    let [gossip, request, response, timer] = KINDS;
    let half = lab.blocks.len() as u64 / 2;
    let near = |message: &&Gossip| match message {
        Gossip::Vote(signed) => signed.vote.height.0 == half + 1,
        Gossip::Proposal(signed) => signed.header.height.0 == half + 1,
        Gossip::Polka(polka) => polka.height.0 == half + 1,
        Gossip::Round(round) => round.height.0 == half + 1,
        Gossip::Records(_) => true,
    };
    let heard: Vec<Vec<u8>> = lab.gossip.iter().filter(near).map(Gossip::to_bytes).collect();
    let later: Vec<Vec<u8>> =
        lab.blocks.iter().skip(lab.blocks.len() / 2).map(|block| block.to_bytes()).collect();
    let blocks = Response::Blocks(later).to_bytes();
    let statuses: Vec<Vec<u8>> = lab.requests.iter().rev().take(6).map(Request::to_bytes).collect();
    let answers: Vec<Vec<u8>> =
        lab.responses.iter().rev().take(6).map(Response::to_bytes).collect();
    let told = |kind, messages: &[Vec<u8>]| -> Vec<(u8, Vec<u8>)> {
        messages.iter().map(|message| (kind, message.clone())).collect()
    };
    let whole: [Vec<(u8, Vec<u8>)>; 4] = [
        told(gossip, &heard),
        [told(request, &statuses), told(response, &answers), told(timer, &[vec![2], vec![1]])]
            .concat(),
        [told(request, &statuses), told(timer, &[vec![2]]), told(response, &[blocks])].concat(),
        told(timer, &[vec![0], vec![1], vec![2], vec![3, 0], vec![3, 0, 0]]),
    ];
    whole.iter().map(|one| spoken(one.iter().map(|(kind, m)| (*kind, m.as_slice())))).collect()
}

fn archives(lab: &Lab) -> Vec<Vec<u8>> {
    use comity_core::archive::{block_frames, certificate_frame, head};
    let part = |count: usize| {
        let mut bytes = head(&lab.consortium);
        for committed in &lab.blocks[..count] {
            bytes.extend(block_frames(&committed.block, &committed.polkas));
        }
        bytes.extend(certificate_frame(&lab.blocks[count - 1].certificate));
        bytes
    };
    [1, 2, lab.blocks.len() / 2, lab.blocks.len()].map(part).into()
}

fn renderings(lab: &Lab) -> Vec<Vec<u8>> {
    use comity_core::encoding::decode;
    use comity_core::statement::{Action, MAX_RECORD_BYTES, SignedRecord};
    let mut all = vec![serde_json::to_vec(&lab.genesis).unwrap_or_default()];
    for bytes in &lab.records {
        let Ok(record) = decode::<SignedRecord>(bytes, MAX_RECORD_BYTES) else { continue };
        all.push(serde_json::to_vec(&record).unwrap_or_default());
        all.push(match record.statement.action {
            Action::RecordAccess { attempt, .. } => {
                serde_json::to_vec(&attempt).unwrap_or_default()
            }
            Action::PublishDataset { dataset } => serde_json::to_vec(&dataset).unwrap_or_default(),
            Action::IssueGrant { terms } => serde_json::to_vec(&terms).unwrap_or_default(),
            _ => continue,
        });
    }
    let vote: Option<Vote> = None;
    all.push(serde_json::to_vec(&vote).unwrap_or_default());
    let opening = r#"{"detail":"case-number","salt":"00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff","text":"2026-17"}"#;
    all.push(opening.as_bytes().to_vec());
    all
}
