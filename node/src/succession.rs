//! One key of the node's taking the place of another, at a start: the guard, the files, the words.
//! Holds: a guard that has signed nothing is taken up only for a key that follows now, and was born
//! with it; the guard is durable before the key's file is in its place.
//! May not enter: which key is in force (see `key_store`); signing. Source: docs/formats.md, "Sign
//! guard".

use std::fs;

use comity_core::agency::KeyRole;
use comity_core::keys::PublicKey;
use comity_core::ledger::Ledger;
use comity_core::state;
use comity_core::text::AgencyId;
use comity_replica::storage::{Recovered, Storage, StorageError, StorageOptions};

use crate::data_dir::DataDir;
use crate::disk::FileDisk;
use crate::key_store::{HeldKeys, NodeKeys};
use crate::node::NodeError;

/// Makes the keys that the ledger has in force the node's own, with their guard. Errors: the disk.
pub(crate) fn settle(
    dir: &DataDir,
    keys: &HeldKeys,
    ledger: &Ledger,
    (storage, recovered): (&mut Storage<FileDisk>, &mut Recovered),
) -> Result<(), NodeError> {
    let validator = keys.in_force(ledger).validator.map(|key| key.public());
    let guarded = recovered.guard.as_ref().map(|guard| *guard.public_key());
    if let Some(key) = validator
        && guarded != Some(*key.as_bytes())
    {
        let is_fresh = keys.validator_follows(ledger) && is_born_with(dir, &key)?;
        if is_fresh {
            storage.adopt_guard(*key.as_bytes(), 0)?;
            recovered.guard = storage.guard().cloned();
        } else if guarded.is_some_and(|guarded| keys.had_validator(&guarded)) {
            // The guard of the key before says nothing about this one.
            recovered.guard = None;
        }
    }
    keys.settle(dir, ledger)?;
    // A guard that lies beside is only of use as long as its key is to come.
    if !dir.next_key_file(KeyRole::Validator).exists() && dir.next_guard_dir().exists() {
        fs::remove_dir_all(dir.next_guard_dir()).map_err(NodeError::System)?;
    }
    Ok(())
}

/// Whether the guard that was born with this key lies beside, and has signed nothing.
fn is_born_with(dir: &DataDir, key: &PublicKey) -> Result<bool, NodeError> {
    let beside = dir.next_guard_dir();
    if !beside.exists() {
        return Ok(false);
    }
    let disk = FileDisk::open(&beside).map_err(StorageError::from)?;
    let (_, recovered) = Storage::open(disk, StorageOptions::new(getrandom::u64()?))?;
    let born = recovered.guard.filter(|guard| guard.last().is_none() && guard.vote_from() == 0);
    Ok(born.is_some_and(|guard| guard.public_key() == key.as_bytes()))
}

/// Tells the operator where the node stands among the members.
pub(crate) fn tell(agency: &AgencyId, keys: &NodeKeys, ledger: &Ledger) {
    if state::agency(ledger, agency).is_none() {
        tracing::info!(
            "{agency} is not a member yet, as far as the blocks on this disk go: other nodes let \
             this one in once a proposal to admit it has passed; it then follows from the genesis \
             by itself"
        );
        return;
    }
    if let Some(departure) = state::departure(ledger, agency) {
        tracing::warn!(
            "{agency} left with entry {}: other nodes do not let this one in",
            departure.at
        );
        return;
    }
    for key in keys.public() {
        let known = state::key(ledger, &key);
        if let Some((role, ended)) = known.and_then(|key| Some((key.role, key.revoked?.at))) {
            tracing::warn!(
                "the {role} key of this node ended with entry {ended}, and the one that followed \
                 it is not here"
            );
        }
    }
}
