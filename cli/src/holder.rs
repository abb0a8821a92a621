//! Who reads: the holder of a key, as its file or card says it.
//! Holds: nothing is signed with it, and no secret is kept.
//! May not enter: asking a node.

use std::path::Path;

use comity_core::agency::KeyRole;
use comity_core::keys::PublicKey;
use comity_core::text::AgencyId;

use crate::fault::Fault;
use crate::keys;

/// Who somebody is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Holder {
    /// The agency.
    pub(crate) agency: AgencyId,
    /// The role in it.
    pub(crate) role: KeyRole,
    /// The post; may be empty.
    pub(crate) post: String,
    /// The key.
    pub(crate) key: PublicKey,
    /// Whether the secret is under a passphrase; `None` for a card, which has no secret.
    pub(crate) sealed: Option<bool>,
}

impl Holder {
    /// Reads a key file or a card. Errors: it is neither.
    pub(crate) fn load(path: &Path) -> Result<Holder, Fault> {
        if let Ok(card) = keys::load_card(path) {
            let (agency, role, key) = (card.agency, card.role, card.public_key);
            return Ok(Holder { agency, role, post: card.post.into(), key, sealed: None });
        }
        let file = keys::load_key_file(path)?;
        let (agency, role, key) = (file.agency.clone(), file.role, file.public_key);
        let sealed = Some(file.is_sealed());
        Ok(Holder { agency, role, post: file.post.to_string(), key, sealed })
    }
}
