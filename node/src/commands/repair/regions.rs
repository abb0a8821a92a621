//! Damaged regions of the block log, put right from the other members' nodes.
//! Holds: the whole chain is verified, from the genesis to the last block that this node had,
//! before a byte is changed; only segments with damage are replaced, each whole or not at all.

use std::collections::BTreeMap;

use comity_core::block::CommittedBlock;
use comity_core::genesis::Genesis;
use comity_core::ids::Height;
use comity_core::keys::SecretKey;
use comity_core::ledger::Ledger;
use comity_core::polka::check_polkas;
use comity_core::statement::VerifiedRecord;
use comity_replica::storage::{BlockSurvey, StorageError, WalSurvey, rewrite_segment};

use crate::commands::doctor::in_words;
use crate::config::Config;
use crate::data_dir::{DataDir, DataDirError};
use crate::disk::FileDisk;
use crate::key_store;
use crate::read_disk::ReadDisk;
use crate::snapshots::SnapshotFile;

use super::peers::{Peers, PeersError};
use super::{RepairError, check_startable};

/// Most blocks that are held in memory until they are put back.
const MOST_BYTES: u64 = 1 << 30;

/// The chain as it is put together from this disk and the others.
struct Mending<'a> {
    disk: ReadDisk,
    survey: BlockSurvey,
    config: &'a Config,
    genesis: &'a Genesis,
    transport: SecretKey,
    peers: Option<Peers>,
    /// After the last block that was verified.
    ledger: Ledger,
    fetched: BTreeMap<u64, Vec<u8>>,
    /// Came with others, and may be asked for next.
    ahead: BTreeMap<u64, Vec<u8>>,
    fetched_bytes: u64,
}

pub(super) fn from_peers(
    dir: &DataDir,
    config: &Config,
    genesis: &Genesis,
) -> Result<String, RepairError> {
    if !dir.log_dir().is_dir() {
        return Ok("There is no block log yet: a start fetches it from the other members.\n".into());
    }
    let disk = ReadDisk::open(&dir.log_dir()).map_err(StorageError::from)?;
    let survey = BlockSurvey::of(&disk)?;
    let named = WalSurvey::of(&disk)?.durable_tip.map(|(height, _)| height);
    let tip = survey.highest().max(named).unwrap_or(0);
    let transport = key_store::load(dir, config, genesis)?.present().transport;
    let first = first_height(dir, &survey);
    let ledger = Ledger::new(genesis)
        .map_err(|source| DataDirError::GenesisUnfit { path: dir.genesis_file(), source })?;
    let mut mending = Mending {
        disk,
        survey,
        config,
        genesis,
        transport,
        peers: None,
        ledger,
        fetched: BTreeMap::new(),
        ahead: BTreeMap::new(),
        fetched_bytes: 0,
    };
    if first > 1 {
        mending.begin(dir, first)?;
    }
    mending.verify_all(first, tip)?;
    let Mending { disk, survey, peers, fetched, .. } = mending;
    drop(peers);
    if fetched.is_empty() {
        check_startable(dir, genesis, Height(tip))?;
        return Ok(format!(
            "Nothing to repair: blocks {first} to {tip} on this disk were all verified.\n"
        ));
    }
    let rewritten = put_back(dir, &disk, &survey, &fetched, (first, tip))?;
    check_startable(dir, genesis, Height(tip))?;
    Ok(report(dir, &survey, &fetched, &rewritten, (first, tip)))
}

impl Mending<'_> {
    /// Goes through the chain; what is not good here is fetched.
    fn verify_all(&mut self, first: u64, tip: u64) -> Result<(), RepairError> {
        for height in (first..=tip).map(Height) {
            if height <= self.ledger.tip().height {
                continue;
            }
            let own = self.survey.payload(&self.disk, height.0)?;
            if let Some(payload) = own
                && self.take_own(height, &payload)?
            {
                continue;
            }
            self.fetch(height)?;
        }
        Ok(())
    }

    /// Takes up the ledger of the snapshot that this node started from, verified from the genesis; its
    /// block is put back from it where it is damaged here.
    fn begin(&mut self, dir: &DataDir, first: u64) -> Result<(), RepairError> {
        let path = dir.start_file();
        let loaded = SnapshotFile::open(&path, self.genesis).and_then(|file| file.load())?;
        let (block, ledger) = (loaded.block, loaded.ledger);
        let proof = block.certificate.clone().verify(&self.genesis.id(), ledger.tip_validators());
        if proof.is_err() || ledger.tip().height != Height(first) {
            return Err(RepairError::Unlinked(Height(first)));
        }
        if self.survey.payload(&self.disk, first)?.is_none() {
            self.fetched.insert(first, block.to_bytes());
        }
        self.ledger = ledger;
        Ok(())
    }

    /// Verifies a block of this disk; whether it is good. Errors: `Unlinked` for one that is proven
    /// and does not follow: that is not damage.
    fn take_own(&mut self, height: Height, payload: &[u8]) -> Result<bool, RepairError> {
        let Ok(own) = CommittedBlock::from_bytes(payload) else { return Ok(false) };
        let is_next =
            own.block.header.parent == self.ledger.tip().hash && own.block.header.height == height;
        let is_proven = self.is_proven(&own);
        if !is_next && is_proven {
            return Err(RepairError::Unlinked(height));
        }
        Ok(is_next && is_proven && self.push(own))
    }

    fn is_proven(&self, committed: &CommittedBlock) -> bool {
        let CommittedBlock { block, certificate, polkas } = committed;
        let (consortium, set) = (self.genesis.id(), self.ledger.validators());
        certificate.header_hash == block.header.hash()
            && certificate.height == block.header.height
            && certificate.clone().verify(&consortium, set).is_ok()
            && check_polkas(polkas, block.header.height, &consortium, set).is_ok()
    }

    /// Executes a block; whether it is valid. One that is not leaves everything as it was.
    fn push(&mut self, committed: CommittedBlock) -> bool {
        let CommittedBlock { block, certificate, .. } = committed;
        let id = self.genesis.id();
        let records: Result<Vec<_>, _> =
            block.records.iter().map(|bytes| VerifiedRecord::verify(bytes, &id)).collect();
        let parent = block.parent_certificate.clone();
        let parent = parent.map(|of| of.verify(&id, self.ledger.tip_validators())).transpose();
        let is_proven = certificate.verify(&id, self.ledger.validators()).is_ok();
        let (Ok(records), Ok(parent), true) = (records, parent, is_proven) else { return false };
        match self.ledger.execute(&block.header, records, parent.as_ref()) {
            Ok(executed) => {
                self.ledger.commit(&executed);
                true
            }
            Err(_) => false,
        }
    }

    /// Gets a block from whoever has it as it must be.
    fn fetch(&mut self, height: Height) -> Result<(), RepairError> {
        if let Some(payload) = self.ahead.remove(&height.0)
            && self.take_fetched(height, payload)?
        {
            return Ok(());
        }
        if self.peers.is_none() {
            let (config, genesis, key) = (self.config, self.genesis, self.transport.clone());
            self.peers = Some(Peers::call(config, genesis, key, &self.ledger)?);
        }
        let all = self.peers.as_ref().map(Peers::all).unwrap_or_default();
        for peer in all {
            let blocks = self.peers.as_mut().map(|peers| peers.blocks(peer, height));
            self.ahead = (height.0..).zip(blocks.unwrap_or_default()).collect();
            if let Some(payload) = self.ahead.remove(&height.0)
                && self.take_fetched(height, payload)?
            {
                return Ok(());
            }
        }
        Err(PeersError::NoBlock(height).into())
    }

    /// Verifies a block that came; whether it is the one that belongs here.
    fn take_fetched(&mut self, height: Height, payload: Vec<u8>) -> Result<bool, RepairError> {
        let Ok(theirs) = CommittedBlock::from_bytes(&payload) else { return Ok(false) };
        let fits = theirs.block.header.height == height && self.is_proven(&theirs);
        if !fits || !self.push(theirs) {
            return Ok(false);
        }
        self.fetched_bytes += payload.len() as u64;
        self.fetched.insert(height.0, payload);
        if self.fetched_bytes > MOST_BYTES {
            return Err(RepairError::TooMany(self.fetched.len() as u64));
        }
        Ok(true)
    }
}

/// The first block that belongs here: that of the snapshot which the node started from, where the
/// blocks before it were not put back since.
pub(in crate::commands) fn first_height(dir: &DataDir, survey: &BlockSurvey) -> u64 {
    let first = survey.segments.first().map_or(1, |segment| segment.first_height);
    if dir.start_file().exists() { first } else { 1 }
}

/// Writes the segments anew that hold a fetched block; their first and last blocks.
fn put_back(
    dir: &DataDir,
    old: &ReadDisk,
    survey: &BlockSurvey,
    fetched: &BTreeMap<u64, Vec<u8>>,
    (begin, tip): (u64, u64),
) -> Result<Vec<(u64, u64)>, RepairError> {
    let mut disk = FileDisk::open(&dir.log_dir()).map_err(StorageError::from)?;
    let mut rewritten = Vec::new();
    for (first, last) in survey.shares(begin, tip) {
        if fetched.range(first..=last).next().is_none() {
            continue;
        }
        let mut payloads = Vec::new();
        for height in first..=last {
            let payload = match fetched.get(&height) {
                Some(payload) => payload.clone(),
                None => survey.payload(old, height)?.unwrap_or_default(),
            };
            payloads.push(payload);
        }
        rewrite_segment(&mut disk, first, &payloads, getrandom::u64()?)?;
        rewritten.push((first, last));
    }
    Ok(rewritten)
}

fn report(
    dir: &DataDir,
    survey: &BlockSurvey,
    fetched: &BTreeMap<u64, Vec<u8>>,
    rewritten: &[(u64, u64)],
    (first, tip): (u64, u64),
) -> String {
    let mut text = String::from("Damage that was found:\n");
    for segment in &survey.segments {
        for (start, end) in &segment.bad {
            text += &format!("  {}, bytes {start} to {}\n", segment.name, end.saturating_sub(1));
        }
    }
    let mut runs: Vec<(u64, u64)> = Vec::new();
    for height in fetched.keys() {
        match runs.last_mut() {
            Some((_, last)) if *last + 1 == *height => *last = *height,
            _ => runs.push((*height, *height)),
        }
    }
    let size: usize = fetched.values().map(Vec::len).sum();
    text += &format!(
        "Fetched from the other members and put back: {} ({size} bytes).\nWritten anew with the \
         blocks around them unchanged: {}. No other segment was touched.\nAll blocks from {first} to \
         {tip} were verified against the genesis before anything was changed.\nNext: start the \
         node: comityd run --dir {}\n",
        in_words(&runs),
        in_words(rewritten),
        dir.root().display()
    );
    text
}
