//! Extracts 摘录: what the state holds under some keys, as of one certified header.
//! Holds: each answer, a value or its absence, is proven under the header's state root; an extract
//! is of its header's height and time, and claims nothing about later ones.
//! May not enter: what the objects mean. Source: docs/formats.md, "Extracts".

use std::collections::BTreeMap;

use crate::block::Header;
use crate::encoding::{Decode, DecodeError, Encode, decode};
use crate::genesis::Genesis;
use crate::state::StateKey;
use crate::state_tree::{ProofError, StateProof};
use crate::trust_path::{Anchor, PathError, TrustPath, VerifiedPath};

/// Most claims of one extract.
pub const MAX_CLAIMS: usize = 65_536;

/// What the state holds under one key.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct Claim {
    /// The key's bytes.
    pub key: Vec<u8>,
    /// The value's bytes; none: there is no such object.
    pub value: Option<Vec<u8>>,
    /// What proves it.
    pub proof: StateProof,
}

/// Claims about one state.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct Extract {
    /// The claims, strictly ascending by key: at least one, at most [`MAX_CLAIMS`].
    pub claims: Vec<Claim>,
    /// To the header whose state it is.
    pub path: TrustPath,
}

/// Why an extract proves nothing.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ExtractError {
    /// The way to its header fails.
    #[error("its header is not proven: {0}")]
    Path(#[from] PathError),
    /// No claim, too many, one twice, or not in order.
    #[error("its claims are none, more than {MAX_CLAIMS}, or not distinct and in order")]
    Order,
    /// A claim does not follow from the state root.
    #[error("claim {position} does not follow from the state root: {source}")]
    Claim {
        /// Which, from 0.
        position: usize,
        /// Why.
        #[source]
        source: ProofError,
    },
}

/// Why an object cannot be read from an extract.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ReadError {
    /// The extract says nothing about it.
    #[error("the extract says nothing about {key:?}")]
    NotInIt {
        /// The key's bytes.
        key: Vec<u8>,
    },
    /// The value is none of the expected object: of newer rules than this software knows.
    #[error("the object under {key:?} cannot be read by this software: {source}")]
    Unreadable {
        /// The key's bytes.
        key: Vec<u8>,
        /// Why.
        #[source]
        source: DecodeError,
    },
}

/// An extract that holds.
#[derive(Clone, Debug)]
pub struct VerifiedExtract {
    values: BTreeMap<Vec<u8>, Option<Vec<u8>>>,
    path: VerifiedPath,
}

impl Extract {
    /// Verifies the extract from the genesis. Errors: the first thing that does not hold.
    pub fn verify(&self, genesis: &Genesis) -> Result<VerifiedExtract, ExtractError> {
        self.verify_from(&Anchor::genesis(genesis).map_err(PathError::from)?)
    }

    /// Verifies the extract from a header that is trusted already. Errors: as [`Extract::verify`].
    pub fn verify_from(&self, anchor: &Anchor) -> Result<VerifiedExtract, ExtractError> {
        let path = self.path.verify_from(anchor)?;
        let in_order = self.claims.windows(2).all(|pair| pair[0].key < pair[1].key);
        if self.claims.is_empty() || self.claims.len() > MAX_CLAIMS || !in_order {
            return Err(ExtractError::Order);
        }
        let Header { consortium, state_root, .. } = path.header();
        for (position, Claim { key, value, proof }) in self.claims.iter().enumerate() {
            proof
                .verify(consortium, state_root, key, value.as_deref())
                .map_err(|source| ExtractError::Claim { position, source })?;
        }
        let pairs = self.claims.iter().map(|claim| (claim.key.clone(), claim.value.clone()));
        Ok(VerifiedExtract { values: pairs.collect(), path })
    }
}

impl VerifiedExtract {
    /// The header whose state it is: as of when it speaks.
    pub fn header(&self) -> &Header {
        self.path.header()
    }

    /// Who certified it.
    pub fn path(&self) -> &VerifiedPath {
        &self.path
    }

    /// Every key with its value, ascending.
    pub fn pairs(&self) -> impl Iterator<Item = (&[u8], Option<&[u8]>)> {
        self.values.iter().map(|(key, value)| (&key[..], value.as_deref()))
    }

    /// The object under a key; `None` where it is proven that there is none. Errors: the extract
    /// does not say; it is not readable.
    pub fn object<T: Encode + Decode<()>>(
        &self,
        key: &StateKey<'_>,
    ) -> Result<Option<T>, ReadError> {
        let key = key.to_bytes();
        match self.values.get(&key) {
            None => Err(ReadError::NotInIt { key }),
            Some(None) => Ok(None),
            Some(Some(value)) => decode(value, value.len())
                .map(Some)
                .map_err(|source| ReadError::Unreadable { key, source }),
        }
    }
}
