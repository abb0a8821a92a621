//! One of the node's keys and the one that is to follow it: which of them is in force, and the
//! change from one to the other.
//! Holds: a key follows once the ledger has it in force; until the change is whole on the disk, it
//! is made again at the next start; no key is overwritten but one that had ended before.
//! May not enter: signing; how keys are read (see the parent).

use std::fs::{self, OpenOptions};
use std::io::{self, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;

use comity_core::agency::KeyRole;
use comity_core::keys::{PublicKey, SecretKey};
use comity_core::state::{self, StateRead};
use comity_core::text::AgencyId;

use super::{KeyStoreError, NodeKeys};
use crate::data_dir::{DataDir, PRIVATE_FILE, io_error, sync_dir};

/// A key of the node's, and the one that is to follow it. At least one is there.
#[derive(Debug)]
pub(super) struct Held {
    pub(super) role: KeyRole,
    pub(super) present: Option<SecretKey>,
    pub(super) next: Option<SecretKey>,
    /// Public keys of this role that the node had before.
    pub(super) ended: Vec<PublicKey>,
}

impl Held {
    /// Whether this node has that key.
    pub(super) fn holds(&self, key: &PublicKey) -> bool {
        let held = [&self.present, &self.next].into_iter().flatten();
        held.map(SecretKey::public).any(|held| held == *key)
    }

    /// Whether this node has, or had, that key.
    pub(super) fn knows(&self, key: &PublicKey) -> bool {
        self.holds(key) || self.ended.contains(key)
    }

    /// Whether the next key is the one to use, by the ledger's word.
    fn has_followed(&self, agency: &AgencyId, ledger: &impl StateRead) -> bool {
        let in_force = |key: &SecretKey| {
            state::key(ledger, &key.public()).is_some_and(|known| {
                known.agency == *agency && known.role == self.role && known.revoked.is_none()
            })
        };
        // A change that a crash cut short is gone on with, whatever the ledger knows by now.
        self.next.as_ref().is_some_and(|next| self.present.is_none() || in_force(next))
    }
}

/// All keys of the node, those to come included.
#[derive(Debug)]
pub(crate) struct HeldKeys {
    pub(super) agency: AgencyId,
    pub(super) held: Vec<Held>,
}

impl HeldKeys {
    /// The keys to run with, as the ledger has them.
    pub(crate) fn in_force(&self, ledger: &impl StateRead) -> NodeKeys {
        let key = |role| {
            let held = self.held.iter().find(|held| held.role == role)?;
            match held.has_followed(&self.agency, ledger) {
                true => held.next.clone(),
                false => held.present.clone(),
            }
        };
        let Some(transport) = key(KeyRole::Transport) else {
            unreachable!("a transport key was read");
        };
        NodeKeys { validator: key(KeyRole::Validator), transport, note: key(KeyRole::Note) }
    }

    /// The keys that are in their places, for whoever has no ledger at hand.
    pub(crate) fn present(self) -> NodeKeys {
        let (mut validator, mut transport, mut note) = (None, None, None);
        for Held { role, present, next, .. } in self.held {
            match role {
                KeyRole::Validator => validator = present.or(next),
                KeyRole::Transport => transport = present.or(next),
                KeyRole::Note => note = present.or(next),
                _ => {}
            }
        }
        let Some(transport) = transport else { unreachable!("a transport key was read") };
        NodeKeys { validator, transport, note }
    }

    /// Whether the validator key to run with takes the place of another now.
    pub(crate) fn validator_follows(&self, ledger: &impl StateRead) -> bool {
        let held = self.held.iter().find(|held| held.role == KeyRole::Validator);
        held.is_some_and(|held| held.has_followed(&self.agency, ledger))
    }

    /// Whether this node had that validator key before the present one.
    pub(crate) fn had_validator(&self, key: &[u8; 32]) -> bool {
        let mut validators = self.held.iter().filter(|held| held.role == KeyRole::Validator);
        validators.any(|held| {
            let present = held.present.iter().map(SecretKey::public);
            present.chain(held.ended.iter().copied()).any(|known| known.as_bytes() == key)
        })
    }

    /// Puts the next key of a role into its place, whatever the ledger says. Errors: `Missing`
    /// where there is none, `Write`.
    pub(crate) fn replace_by_next(
        &self,
        dir: &DataDir,
        role: KeyRole,
    ) -> Result<(), KeyStoreError> {
        let held = self.held.iter().find(|held| held.role == role);
        let Some(held) = held.filter(|held| held.next.is_some()) else {
            return Err(KeyStoreError::Missing { role, path: dir.next_key_file(role) });
        };
        if let Some(present) = &held.present {
            note_ended(dir, role, &present.public())?;
        }
        follow(dir, role)
    }

    /// Puts the keys that have followed into the places of those that they follow. Errors: `Write`.
    pub(crate) fn settle(
        &self,
        dir: &DataDir,
        ledger: &impl StateRead,
    ) -> Result<(), KeyStoreError> {
        for held in self.held.iter().filter(|held| held.has_followed(&self.agency, ledger)) {
            if let Some(present) = &held.present {
                note_ended(dir, held.role, &present.public())?;
            }
            follow(dir, held.role)?;
            tracing::info!("the {} key of this node is from now on the one made last", held.role);
        }
        Ok(())
    }
}

impl NodeKeys {
    /// What others know these keys by.
    pub(crate) fn public(&self) -> Vec<PublicKey> {
        let keys = [self.validator.as_ref(), Some(&self.transport), self.note.as_ref()];
        keys.into_iter().flatten().map(SecretKey::public).collect()
    }

    /// The key for checkpoints, unless it ended and the one that followed it is not here: what a
    /// revoked key signs looks like a thief's to whoever reads the log.
    pub(crate) fn note_in_force(&self, ledger: &impl StateRead) -> Option<SecretKey> {
        let has_ended = |key: &SecretKey| {
            state::key(ledger, &key.public()).is_some_and(|known| known.revoked.is_some())
        };
        self.note.clone().filter(|key| !has_ended(key))
    }
}

/// Puts the next key of a role into the place of the present one. Errors: `Write`.
fn follow(dir: &DataDir, role: KeyRole) -> Result<(), KeyStoreError> {
    let (present, next) = (dir.key_file(role), dir.next_key_file(role));
    if present.exists() {
        rename(&present, &dir.ended_key_file(role))?;
    }
    // The card goes first: without it the key could be taken for a stranger's at the next start.
    let card = dir.next_card_file(role);
    if card.exists() {
        rename(&card, &dir.card_file(role))?;
        sync_dir(dir.root())?;
    }
    rename(&next, &present)?;
    sync_dir(&dir.keys_dir())?;
    Ok(())
}

fn rename(from: &Path, to: &Path) -> Result<(), KeyStoreError> {
    let renamed = fs::rename(from, to).map_err(|source| io_error("rename", from, source));
    renamed.map_err(KeyStoreError::Write)
}

/// Writes down, before a key ends, that this node had it.
fn note_ended(dir: &DataDir, role: KeyRole, key: &PublicKey) -> Result<(), KeyStoreError> {
    let path = dir.ended_keys_file();
    let file = OpenOptions::new().append(true).create(true).mode(PRIVATE_FILE).open(&path);
    let written = file.and_then(|mut file| {
        writeln!(file, "{role} {key}")?;
        file.sync_all()
    });
    written.map_err(|source| KeyStoreError::Write(io_error("write", &path, source)))
}

/// The public keys of a role that the node had. Errors: `Read`.
pub(super) fn ended(dir: &DataDir, role: KeyRole) -> Result<Vec<PublicKey>, KeyStoreError> {
    let path = dir.ended_keys_file();
    let text = match fs::read_to_string(&path) {
        Ok(text) => text,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(source) => return Err(KeyStoreError::Read { path, source }),
    };
    let of_role = text.lines().filter_map(|line| line.split_once(' '));
    let of_role = of_role.filter(|(found, _)| *found == role.as_str());
    Ok(of_role.filter_map(|(_, key)| key.trim().parse().ok()).collect())
}
