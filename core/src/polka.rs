//! Polka certificates: quorums of prevotes, kept beside a block that took more than one round.
//! Holds: a list that was checked is bounded, of one height, in order, and each of it is a quorum's.
//! May not enter: who is to blame by them. Source: docs/formats.md, "Polka certificates".

use serde::{Deserialize, Serialize};

use crate::encoding::{Decode, Encode};
use crate::hash::{ConsortiumId, HeaderHash};
use crate::ids::Height;
use crate::keys::Signature;
use crate::validators::ValidatorSet;
use crate::vote::{CertificateError, CertificateSignature, Vote, VoteKind, Voted, check_quorum};

/// Most polka certificates that are kept beside one block.
pub const MAX_POLKAS: usize = 64;

/// More than two thirds of prevotes for one block in one round.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, Serialize, Deserialize)]
pub struct PolkaCertificate {
    /// The height.
    pub height: Height,
    /// The round.
    pub round: u32,
    /// The block.
    pub value: HeaderHash,
    /// The prevotes, ascending by key.
    pub signatures: Vec<CertificateSignature>,
}

/// Why polka certificates beside a block are not what they must be.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PolkasError {
    /// More than are kept.
    #[error("there are {0} polka certificates; at most {MAX_POLKAS} are kept beside a block")]
    Count(usize),
    /// Not strictly ascending by round and block: one twice, or a second spelling.
    #[error("the polka certificates are not distinct and in order")]
    Order,
    /// One of another height than the block's.
    #[error("the polka certificate of round {round} is of another height")]
    Height {
        /// Its round.
        round: u32,
    },
    /// One that is no quorum's.
    #[error("the polka certificate of round {round} proves nothing: {source}")]
    Certificate {
        /// Its round.
        round: u32,
        /// Why.
        #[source]
        source: CertificateError,
    },
}

impl PolkaCertificate {
    /// Where it stands among those of one height.
    fn place(&self) -> (u32, HeaderHash) {
        (self.round, self.value)
    }

    /// Checks the certificate against the validators of its height.
    pub fn verify(
        &self,
        consortium: &ConsortiumId,
        set: &ValidatorSet,
    ) -> Result<(), CertificateError> {
        check_quorum(self.voted(), &self.signatures, (consortium, set), |_, _| false)
    }

    /// The votes that it consists of, each with its signature.
    pub fn votes(&self) -> impl Iterator<Item = (Vote, Signature)> {
        self.voted().votes(&self.signatures)
    }

    fn voted(&self) -> Voted {
        let PolkaCertificate { height, round, value, .. } = *self;
        Voted { kind: VoteKind::Prevote, height, round, value }
    }
}

/// Checks the polka certificates beside the block of a height against the validators of that
/// height. Errors: the first of the list that is wrong.
pub fn check_polkas(
    polkas: &[PolkaCertificate],
    height: Height,
    consortium: &ConsortiumId,
    set: &ValidatorSet,
) -> Result<(), PolkasError> {
    if polkas.len() > MAX_POLKAS {
        return Err(PolkasError::Count(polkas.len()));
    }
    if !polkas.windows(2).all(|pair| pair[0].place() < pair[1].place()) {
        return Err(PolkasError::Order);
    }
    for polka in polkas {
        let round = polka.round;
        if polka.height != height {
            return Err(PolkasError::Height { round });
        }
        polka
            .verify(consortium, set)
            .map_err(|source| PolkasError::Certificate { round, source })?;
    }
    Ok(())
}
