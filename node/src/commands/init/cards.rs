//! Cards of admin keys, as they are brought to a new node.
//! Holds: a card that is used proves possession, by an admin of this agency, for a genesis or for the
//! consortium that is joined.
//! May not enter: a private key; it is recognised, and never repeated.

use std::fs;
use std::path::{Path, PathBuf};

use comity_core::agency::KeyRole;
use comity_core::genesis::{GenesisKey, NO_CONSORTIUM};
use comity_core::hash::ConsortiumId;
use comity_core::key_file::{CARD_FORMAT, KeyCard};
use comity_core::text::AgencyId;

use super::failure::InitError;

/// Reads the cards of an agency's admin keys. Errors: one of them proves nothing here, or is
/// named twice.
pub(super) fn read_all(
    paths: &[PathBuf],
    agency: &AgencyId,
    consortium: &ConsortiumId,
) -> Result<Vec<GenesisKey>, InitError> {
    let mut admins: Vec<GenesisKey> = Vec::new();
    for path in paths {
        let key = read(path, agency, consortium)?.into_genesis_key();
        if admins.iter().any(|known| known.key == key.key) {
            return Err(InitError::CardTwice(path.clone()));
        }
        admins.push(key);
    }
    admins.sort_by_key(|admin| admin.key);
    Ok(admins)
}

/// Reads one card. Errors: it proves nothing here.
pub(super) fn read(
    path: &Path,
    agency: &AgencyId,
    consortium: &ConsortiumId,
) -> Result<KeyCard, InitError> {
    let path = path.to_owned();
    let text = match fs::read(&path) {
        Ok(text) => text,
        Err(source) => return Err(InitError::ReadCard { path, source }),
    };
    let card: KeyCard = match serde_json::from_slice(&text) {
        Ok(card) => card,
        // Checked by the field, since a damaged key file is still a secret.
        Err(_) if String::from_utf8_lossy(&text).contains("\"secret\"") => {
            return Err(InitError::PrivateKey(path));
        }
        Err(source) => return Err(InitError::CardText { path, source }),
    };
    if card.format != CARD_FORMAT {
        let source = serde::de::Error::custom(format!("its format is not {CARD_FORMAT}"));
        return Err(InitError::CardText { path, source });
    }
    if card.agency != *agency {
        return Err(InitError::CardAgency { path, found: card.agency, expected: agency.clone() });
    }
    if card.role != KeyRole::Admin {
        return Err(InitError::CardRole { path, found: card.role });
    }
    if card.consortium != *consortium {
        return Err(match *consortium == NO_CONSORTIUM {
            true => InitError::CardConsortium(path),
            false => InitError::CardElsewhere(path),
        });
    }
    match card.verify() {
        Ok(()) => Ok(card),
        Err(source) => Err(InitError::CardProof { path, source }),
    }
}
