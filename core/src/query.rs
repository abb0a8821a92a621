//! Signed queries: how a person proves to a node whose key they hold, for what is not public.
//! Holds: a signature is for one method, path, body and minute, at one consortium.
//! May not enter: who may read what (the node's business). Source: docs/formats.md, "Signed queries".

use serde::{Deserialize, Serialize};

use crate::encoding::{Decode, Encode};
use crate::hash::ConsortiumId;
use crate::ids::TimeMs;
use crate::keys::{PublicKey, Signature, SignatureError};
use crate::text::Text;

/// How far (ms) a query's time may lie from the node's clock.
pub const MAX_QUERY_AGE_MS: u64 = 120_000;

/// What is asked of a node.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Query {
    /// The consortium.
    pub consortium: ConsortiumId,
    /// Who asks.
    pub key: PublicKey,
    /// The HTTP method, in capitals.
    pub method: Text<8>,
    /// The path, with the query string if there is one.
    pub path: Text<1024>,
    /// SHA-256 of the body; of nothing where there is none. In hexadecimal.
    pub body: Text<64>,
    /// When it was signed.
    pub made_at: TimeMs,
}

/// A query with its signature.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SignedQuery {
    /// What is asked.
    pub query: Query,
    /// The signature.
    pub signature: Signature,
}

impl SignedQuery {
    /// Checks the signature (not whether the ledger knows the key, nor the time).
    pub fn verify(&self) -> Result<(), SignatureError> {
        self.query.key.verify_query(&self.query, &self.signature)
    }
}
