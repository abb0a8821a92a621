//! Extensions: that one certified log goes on where another ended.
//! Holds: both ends are certified headers of one consortium, and nothing of the earlier log changed.
//! May not enter: entries. Source: docs/formats.md, "Extensions".

use crate::block::Header;
use crate::encoding::{Decode, Encode};
use crate::genesis::Genesis;
use crate::log_tree::{ProofError, verify_consistency};
use crate::trust_path::{Anchor, PathError, StepFault, TrustPath, VerifiedPath};
use crate::vote::CommitCertificate;

/// Two certified headers, and that the later log begins with the earlier one.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct Extension {
    /// The earlier header.
    pub earlier: Header,
    /// What committed it.
    pub earlier_certificate: CommitCertificate,
    /// RFC 9162's consistency proof between the two logs.
    pub consistency: Vec<[u8; 32]>,
    /// To the later header.
    pub path: TrustPath,
}

/// Why an extension proves nothing.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ExtensionError {
    /// The way to the later header fails.
    #[error("its later header is not proven: {0}")]
    Path(#[from] PathError),
    /// The earlier header is not proven.
    #[error("its earlier header is not proven: {0}")]
    Earlier(#[source] StepFault),
    /// It is not below the later one.
    #[error("its earlier header is not below the later one")]
    Order,
    /// The later log does not begin with the earlier one.
    #[error("the later log is not shown to begin with the earlier one: {0}")]
    Consistency(#[from] ProofError),
}

/// An extension that holds.
#[derive(Clone, Debug)]
pub struct VerifiedExtension {
    earlier: Header,
    path: VerifiedPath,
}

impl Extension {
    /// Verifies the extension from the genesis. Errors: the first thing that does not hold.
    pub fn verify(&self, genesis: &Genesis) -> Result<VerifiedExtension, ExtensionError> {
        let path = self.path.verify_from(&Anchor::genesis(genesis).map_err(PathError::from)?)?;
        let (earlier, later) = (&self.earlier, path.header());
        if earlier.height >= later.height {
            return Err(ExtensionError::Order);
        }
        path.prove(earlier, &self.earlier_certificate).map_err(ExtensionError::Earlier)?;
        verify_consistency(
            earlier.log_size,
            &earlier.log_root,
            later.log_size,
            &later.log_root,
            &self.consistency,
        )?;
        Ok(VerifiedExtension { earlier: earlier.clone(), path })
    }
}

impl VerifiedExtension {
    /// The earlier header.
    pub fn earlier(&self) -> &Header {
        &self.earlier
    }

    /// The later header.
    pub fn later(&self) -> &Header {
        self.path.header()
    }
}
