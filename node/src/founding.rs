//! For tests: a consortium of four founded with the real commands, and a chain of its blocks.
//! May not enter: anything that a running node uses.

use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};

use comity_core::agency::KeyRole;
use comity_core::block::{Block, CommittedBlock};
use comity_core::genesis::{Genesis, NO_CONSORTIUM};
use comity_core::hash::HeaderHash;
use comity_core::key_file::KeyFile;
use comity_core::keys::SecretKey;
use comity_core::ledger::{Ledger, NewBlock};
use comity_core::text::{AgencyId, Text};
use comity_core::vote::{CertificateSignature, CommitCertificate, Vote, VoteKind};
use comity_replica::storage::{Storage, StorageOp, StorageOptions};
use tempfile::TempDir;

use crate::data_dir::DataDir;
use crate::disk::FileDisk;
use crate::failure::Failure;
use crate::terminal::Terminal;

pub(crate) const AGENCIES: [&str; 4] = ["civil.gd", "data.gd", "health.gd", "tax.gd"];

/// Four agencies with their directories, each with the genesis in it.
pub(crate) struct Founded {
    pub(crate) temp: TempDir,
    pub(crate) genesis: Genesis,
    pub(crate) dirs: Vec<DataDir>,
}

/// Runs `comityd` with these words after its name.
pub(crate) fn comityd<S: AsRef<str>>(words: &[S]) -> Result<String, Failure> {
    let words = words.iter().map(|word| OsString::from(word.as_ref()));
    let args = crate::args::parse([OsString::from("comityd")].into_iter().chain(words)).unwrap();
    crate::commands::perform(args.command, &mut Terminal::nobody())
}

pub(crate) fn text(path: &Path) -> String {
    path.display().to_string()
}

impl Founded {
    pub(crate) fn new() -> Founded {
        let temp = tempfile::tempdir().unwrap();
        let dirs: Vec<DataDir> = AGENCIES.iter().map(|id| init(temp.path(), id)).collect();
        let out = temp.path().join("genesis.json");
        let mut words = vec!["genesis", "--name", "County data sharing", "--authority", "data.gd"];
        let (out_text, members) = (text(&out), dirs.iter().map(|dir| text(&dir.member_file())));
        let members: Vec<String> = members.collect();
        words.extend(["--out", &out_text]);
        words.extend(members.iter().flat_map(|member| ["--member", member]));
        comityd(&words).unwrap();
        for dir in &dirs {
            fs::copy(&out, dir.genesis_file()).unwrap();
        }
        let genesis = dirs[0].genesis().unwrap();
        Founded { temp, genesis, dirs }
    }

    /// The directory of an agency.
    pub(crate) fn dir(&self, agency: &str) -> &DataDir {
        &self.dirs[AGENCIES.iter().position(|id| *id == agency).unwrap()]
    }

    /// Empty blocks from height 1 on, each a second after the one before, signed by all.
    pub(crate) fn blocks(&self, count: u64) -> Vec<(HeaderHash, CommittedBlock)> {
        let mut ledger = Ledger::new(&self.genesis).unwrap();
        let mut parent = None;
        let mut blocks = Vec::new();
        for _ in 0..count {
            let time = ledger.tip().time.plus(1_000);
            let new = NewBlock { time, round: 0, parent: parent.as_ref() };
            let built = ledger.build(&new, []);
            let certificate = self.certificate(&built.block);
            let signed = certificate.clone();
            let verified = signed.verify(ledger.consortium(), ledger.validators()).unwrap();
            ledger.commit(&built.executed);
            parent = Some(verified);
            blocks.push((
                built.executed.hash,
                CommittedBlock { block: built.block, certificate, polkas: Vec::new() },
            ));
        }
        blocks
    }

    /// Puts blocks onto a node's disk, as the node does when it commits them.
    pub(crate) fn store(&self, dir: &DataDir, blocks: &[(HeaderHash, CommittedBlock)]) {
        let disk = FileDisk::open(&dir.log_dir()).unwrap();
        let (mut storage, _) = Storage::open(disk, StorageOptions::new(5)).unwrap();
        for (header_hash, block) in blocks {
            let height = block.block.header.height.0;
            let payload = block.to_bytes();
            let commit = StorageOp::Commit { height, header_hash: *header_hash, payload };
            storage.perform(commit).unwrap();
        }
        storage.sync().unwrap();
    }

    /// A certificate that all of them sign.
    pub(crate) fn certificate(&self, block: &Block) -> CommitCertificate {
        let (height, header_hash) = (block.header.height, block.header.hash());
        let mut signatures: Vec<CertificateSignature> = self
            .dirs
            .iter()
            .map(|dir| {
                let key = secret(dir, KeyRole::Validator);
                let validator = key.public();
                let kind = VoteKind::Precommit;
                let vote = Vote { kind, height, round: 0, value: Some(header_hash), validator };
                let signature = key.sign_vote(&self.genesis.id(), &vote);
                CertificateSignature { validator, signature }
            })
            .collect();
        signatures.sort_by_key(|signature| signature.validator);
        CommitCertificate { height, round: 0, header_hash, signatures }
    }
}

/// A node's directory, with an admin card made for it.
pub(crate) fn init(parent: &Path, agency: &str) -> DataDir {
    let card = write_admin_card(parent, agency);
    let root = parent.join(agency);
    let (root_text, card_text) = (text(&root), text(&card));
    let mut words = vec!["init", "--dir", &root_text, "--agency", agency, "--name", agency];
    words.extend(["--level", "county", "--region", "440100", "--admin-card", &card_text]);
    comityd(&words).unwrap();
    DataDir::open(&root).unwrap()
}

fn write_admin_card(dir: &Path, agency: &str) -> PathBuf {
    let mut seed = [1; 32];
    seed[..agency.len()].copy_from_slice(agency.as_bytes());
    let id: AgencyId = agency.parse().unwrap();
    let key = KeyFile::new(id, KeyRole::Admin, Text::default(), &SecretKey::from_seed(&seed));
    let path = dir.join(format!("{agency}.admin.card.json"));
    fs::write(&path, serde_json::to_vec(&key.card(&NO_CONSORTIUM).unwrap()).unwrap()).unwrap();
    path
}

fn secret(dir: &DataDir, role: KeyRole) -> SecretKey {
    let file: KeyFile = serde_json::from_slice(&fs::read(dir.key_file(role)).unwrap()).unwrap();
    file.secret().unwrap()
}
