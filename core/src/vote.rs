//! Votes, proposals and commit certificates: what validators sign.
//! Holds: a verified certificate is of distinct members with more than two thirds of the power.
//! May not enter: the consensus engine (see the replica). Source: docs/formats.md, "Consensus".

use serde::{Deserialize, Serialize};

use crate::encoding::{Decode, Encode, encode};
use crate::hash::{CertificateHash, ConsortiumId, HeaderHash, Purpose, tagged};
use crate::ids::Height;
use crate::keys::{PublicKey, Signature, SignatureError};
use crate::text::AgencyId;
use crate::validators::ValidatorSet;

/// The two kinds of vote.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Encode, Decode, Serialize, Deserialize,
)]
#[serde(rename_all = "kebab-case")]
pub enum VoteKind {
    /// First vote of a round.
    Prevote,
    /// Second vote of a round; more than two thirds of them for one block commit it.
    Precommit,
}

/// A vote's signed content: nothing that is not here influences the signature.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Encode, Decode, Serialize, Deserialize,
)]
pub struct Vote {
    /// Prevote or precommit.
    pub kind: VoteKind,
    /// For which height.
    pub height: Height,
    /// In which round.
    pub round: u32,
    /// For which block; `None` is a vote for none.
    pub value: Option<HeaderHash>,
    /// Who votes.
    pub validator: PublicKey,
}

impl Vote {
    /// The hash of the vote, by which the sign guard remembers it.
    pub fn hash(&self, consortium: &ConsortiumId) -> [u8; 32] {
        tagged(Purpose::Vote, consortium, &encode(self))
    }
}

/// A proposal's signed content.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Encode, Decode, Serialize, Deserialize,
)]
pub struct Proposal {
    /// For which height.
    pub height: Height,
    /// In which round.
    pub round: u32,
    /// The block.
    pub value: HeaderHash,
    /// Where the block is proposed again: the round in which it had a quorum of prevotes.
    pub polka_round: Option<u32>,
    /// Who proposes.
    pub validator: PublicKey,
}

impl Proposal {
    /// The hash of the proposal, by which the sign guard remembers it.
    pub fn hash(&self, consortium: &ConsortiumId) -> [u8; 32] {
        tagged(Purpose::Proposal, consortium, &encode(self))
    }
}

/// One vote of a certificate.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Encode, Decode, Serialize, Deserialize,
)]
pub struct CertificateSignature {
    /// Who voted.
    pub validator: PublicKey,
    /// The signature over the precommit.
    pub signature: Signature,
}

/// Commit certificate 提交证书: the precommits that committed a block.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, Serialize, Deserialize)]
pub struct CommitCertificate {
    /// The block's height.
    pub height: Height,
    /// The round of the precommits.
    pub round: u32,
    /// The block.
    pub header_hash: HeaderHash,
    /// The precommits, ascending by key.
    pub signatures: Vec<CertificateSignature>,
}

/// Why a certificate proves nothing.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CertificateError {
    /// Signatures are not strictly ascending by key: a validator twice, or a second spelling.
    #[error("its signatures are not distinct and in order")]
    Order,
    /// Someone signed who is no validator at that height.
    #[error("{0:?} is not a validator at this height")]
    Stranger(PublicKey),
    /// A vote's signature fails.
    #[error("the vote of {agency} does not verify")]
    Signature {
        /// Whose.
        agency: AgencyId,
        /// What failed.
        #[source]
        source: SignatureError,
    },
    /// Too little power.
    #[error("it carries {power} of {total} voting power; more than two thirds is needed")]
    NoQuorum {
        /// Power that signed.
        power: u64,
        /// Power in all.
        total: u64,
    },
    /// It is for another block than the one at hand, or of a round before that was proposed.
    #[error("it is for another block, or of a round before this one was proposed")]
    OtherBlock,
}

impl CommitCertificate {
    /// Checks the certificate against the validators of its height.
    pub fn verify(
        self,
        consortium: &ConsortiumId,
        set: &ValidatorSet,
    ) -> Result<VerifiedCertificate, CertificateError> {
        self.verify_but(consortium, set, |_, _| false)
    }

    /// As [`verify`](Self::verify), but a vote of which `is_verified` says so is one whose signature the caller has
    /// verified before: a node meets most votes of a certificate one by one before it meets them together.
    pub fn verify_but(
        self,
        consortium: &ConsortiumId,
        set: &ValidatorSet,
        is_verified: impl Fn(&Vote, &Signature) -> bool,
    ) -> Result<VerifiedCertificate, CertificateError> {
        check_quorum(self.voted(), &self.signatures, (consortium, set), is_verified)?;
        let hash = self.hash(consortium);
        Ok(VerifiedCertificate { certificate: self, hash })
    }

    /// The votes that it consists of, each with its signature.
    pub fn votes(&self) -> impl Iterator<Item = (Vote, Signature)> {
        self.voted().votes(&self.signatures)
    }

    fn voted(&self) -> Voted {
        let CommitCertificate { height, round, header_hash: value, .. } = *self;
        Voted { kind: VoteKind::Precommit, height, round, value }
    }

    /// The certificate's hash, as the next header names it.
    pub fn hash(&self, consortium: &ConsortiumId) -> CertificateHash {
        CertificateHash(tagged(Purpose::Certificate, consortium, &encode(self)))
    }
}

/// What all votes of a certificate say.
#[derive(Clone, Copy)]
pub(crate) struct Voted {
    pub(crate) kind: VoteKind,
    pub(crate) height: Height,
    pub(crate) round: u32,
    pub(crate) value: HeaderHash,
}

impl Voted {
    /// The votes of all of them, each with its signature.
    pub(crate) fn votes(
        self,
        signatures: &[CertificateSignature],
    ) -> impl Iterator<Item = (Vote, Signature)> {
        signatures.iter().map(move |by| (self.by(by.validator), by.signature))
    }

    /// The vote of one of them.
    pub(crate) fn by(self, validator: PublicKey) -> Vote {
        let Voted { kind, height, round, value } = self;
        Vote { kind, height, round, value: Some(value), validator }
    }
}

/// Whether these are votes of distinct validators with more than two thirds of the power.
pub(crate) fn check_quorum(
    voted: Voted,
    signatures: &[CertificateSignature],
    (consortium, set): (&ConsortiumId, &ValidatorSet),
    is_verified: impl Fn(&Vote, &Signature) -> bool,
) -> Result<(), CertificateError> {
    if !signatures.windows(2).all(|pair| pair[0].validator < pair[1].validator) {
        return Err(CertificateError::Order);
    }
    let mut power = 0u64;
    for CertificateSignature { validator, signature } in signatures {
        let member = set.by_key(validator).ok_or(CertificateError::Stranger(*validator))?;
        let vote = voted.by(*validator);
        if !is_verified(&vote, signature) {
            validator.verify_vote(consortium, &vote, signature).map_err(|source| {
                CertificateError::Signature { agency: member.agency.clone(), source }
            })?;
        }
        power += member.power;
    }
    if !set.is_quorum(power) {
        return Err(CertificateError::NoQuorum { power, total: set.total_power() });
    }
    Ok(())
}

/// A certificate that was checked against the validators of its height.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VerifiedCertificate {
    certificate: CommitCertificate,
    hash: CertificateHash,
}

impl VerifiedCertificate {
    /// The certificate.
    pub fn certificate(&self) -> &CommitCertificate {
        &self.certificate
    }

    /// Its hash.
    pub fn hash(&self) -> CertificateHash {
        self.hash
    }
}
