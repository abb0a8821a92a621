//! Loading a snapshot chunk by chunk into a ledger.
//! Holds: at any moment one chunk is in memory beside what becomes of it.

use super::{Manifest, SnapshotError, VerifiedManifest};
use crate::block::CommittedBlock;
use crate::encoding::{Decode, Encode, decode};
use crate::genesis::Params;
use crate::ledger::{Ledger, LedgerParts, Tip, TreeState};
use crate::state::{Changes, StateKey, Window, protocol_version};
use crate::state_tree::{CheckedPart, StateTree};
use crate::statement::replay_ids;
use crate::validators::ValidatorSet;

/// A snapshot on its way into a ledger.
pub struct Loading {
    manifest: VerifiedManifest,
    /// Chunks taken so far.
    taken: usize,
    /// The index of the next entry.
    next_index: u64,
    window: Window,
    /// The entries of the snapshot's own block, so far.
    records: Vec<Vec<u8>>,
    state: Vec<CheckedPart>,
}

/// A ledger that was loaded.
#[derive(Debug)]
pub struct Loaded {
    /// The ledger after the snapshot's block.
    pub ledger: Ledger,
    /// That block, put together again.
    pub block: CommittedBlock,
    /// The manifest that it was loaded by.
    pub manifest: Manifest,
}

impl Loading {
    /// Nothing is loaded yet.
    pub fn new(manifest: VerifiedManifest) -> Loading {
        let next_index = manifest.manifest.first_entry();
        let (window, records, state) = (Window::default(), Vec::new(), Vec::new());
        Loading { manifest, taken: 0, next_index, window, records, state }
    }

    /// Takes the next chunk, in the order of the file. Errors: it is not that chunk.
    pub fn push(&mut self, bytes: &[u8]) -> Result<(), SnapshotError> {
        match self.manifest.manifest.place(self.taken) {
            super::ChunkPlace::Log(place) => {
                let entries = self.manifest.entries(place, bytes)?;
                self.take_entries(entries);
            }
            super::ChunkPlace::State(place) => {
                self.state.push(self.manifest.pairs(place, bytes)?);
            }
        }
        self.taken += 1;
        Ok(())
    }

    /// Entries were accepted by the consortium: their signatures need no second look.
    fn take_entries(&mut self, entries: Vec<Vec<u8>>) {
        let header = &self.manifest.manifest.path.header;
        let mut changes = Changes::default();
        for entry in entries {
            replay_ids(&entry, &header.consortium, &mut changes);
            if self.next_index >= header.first_index.0 {
                self.records.push(entry);
            }
            self.next_index += 1;
        }
        self.window.advance(&changes, header.time);
    }

    /// The ledger, when every chunk was taken. Errors: what does not fit together.
    pub fn finish(self) -> Result<Loaded, SnapshotError> {
        let Loading { manifest: verified, taken, window, records, state, .. } = self;
        if taken != verified.manifest.chunk_count() {
            return Err(SnapshotError::ChunkCount);
        }
        let block = verified.block(records)?;
        let VerifiedManifest { manifest, path, log, state: partition } = verified;
        let header = &manifest.path.header;
        let consortium = header.consortium;
        let state = partition.join(state)?;
        let validators: ValidatorSet = stored(&state, &StateKey::Validators)
            .filter(|set: &ValidatorSet| set.hash(&consortium) == header.next_validators)
            .ok_or(SnapshotError::State { field: "validators" })?;
        let params: Params = stored(&state, &StateKey::Params)
            .ok_or(SnapshotError::State { field: "parameters" })?;
        if protocol_version(&TreeState(&state)) != manifest.rules_version {
            return Err(SnapshotError::State { field: "version of the rules" });
        }
        let tip_validators = path.validators().clone();
        let tip = Tip::of(header);
        let parts =
            LedgerParts { consortium, tip, state, log, window, tip_validators, validators, params };
        Ok(Loaded { ledger: Ledger::of_parts(parts), block, manifest })
    }
}

/// An object of a state that the rules may not have written.
fn stored<T: Encode + Decode<()>>(state: &StateTree, key: &StateKey<'_>) -> Option<T> {
    let bytes = state.get(&key.to_bytes())?;
    decode(bytes, bytes.len()).ok()
}
