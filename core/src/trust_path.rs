//! Trust paths: from what one trusts to any certified header, by one certified header for each change
//! of the validators in between.
//! Holds: a verified path has every change of the validators in it, each certified by more than two
//! thirds of the set before it. May not enter: state, records, what the header at the end is for.
//! Source: docs/formats.md, "Trust paths".

use crate::block::{HEADER_VERSION, Header};
use crate::encoding::{Decode, DecodeError, Encode, decode, encode};
use crate::genesis::{Genesis, GenesisError};
use crate::hash::{ConsortiumId, HeaderHash};
use crate::ids::{Height, TimeMs};
use crate::ledger::Tip;
use crate::validators::ValidatorSet;
use crate::vote::{CertificateError, CommitCertificate, VerifiedCertificate};

/// No encoded trust path is longer than this (bytes).
pub const MAX_TRUST_PATH_BYTES: usize = 8 * 1024 * 1024;

/// A certified header after which other validators rule, and those validators.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct SetChange {
    /// The header; the set that it names next is not its own.
    pub header: Header,
    /// What committed it.
    pub certificate: CommitCertificate,
    /// The set that rules from the next height on.
    pub next: ValidatorSet,
}

/// The way to a certified header.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct TrustPath {
    /// Every change of the validators below the header, ascending by height.
    pub changes: Vec<SetChange>,
    /// Where the path leads.
    pub header: Header,
    /// What committed it.
    pub certificate: CommitCertificate,
}

/// What one trusts before: the genesis, or a header that was verified, or compared with somebody,
/// earlier.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Anchor {
    consortium: ConsortiumId,
    height: Height,
    time: TimeMs,
    validators: ValidatorSet,
}

/// Why a path does not lead where it says.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PathError {
    /// The genesis founds no consortium.
    #[error("the genesis is not usable: {0}")]
    Genesis(#[from] GenesisError),
    /// It ends at or below what is trusted already.
    #[error("it ends at height {end}, and what is trusted already is at height {anchor}")]
    NotAfter {
        /// Where it ends.
        end: Height,
        /// What is trusted.
        anchor: Height,
    },
    /// A step fails.
    #[error("its header of height {height} fails: {fault}")]
    Step {
        /// The height that the header states.
        height: Height,
        /// Why.
        #[source]
        fault: StepFault,
    },
}

/// What is wrong with one header of a path.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum StepFault {
    /// A header of another version.
    #[error("its version is not known here")]
    Version,
    /// Another consortium's.
    #[error("it is of another consortium")]
    Consortium,
    /// Not above the one before.
    #[error("its height is not above the one before")]
    Height,
    /// Not later than the one before.
    #[error("its time is not after the one before")]
    Time,
    /// It names validators to which the changes before it do not lead.
    #[error("a change of the validators is missing before it, or it is forged")]
    Skipped,
    /// Another agency than the one whose turn it was proposed it.
    #[error("it names another proposer than the one whose turn it was")]
    Proposer,
    /// The certificate is of another block, or proves nothing.
    #[error("its certificate does not prove it: {0}")]
    Certificate(#[from] CertificateError),
    /// The validators stay the same after it.
    #[error("the validators do not change after it")]
    NoChange,
    /// The set that follows is not the one that the header names.
    #[error("the validators given with it are not those that it names next")]
    NextSet,
}

/// A header to which a path leads, and who ruled on the way.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VerifiedPath {
    header: Header,
    certificate: VerifiedCertificate,
    /// The sets, each with the first height that it ruled, ascending; at least one.
    sets: Vec<(Height, ValidatorSet)>,
}

impl SetChange {
    /// A committed header as a step of a path, if other validators rule after it.
    pub fn of(
        header: &Header,
        certificate: &CommitCertificate,
        next: &ValidatorSet,
    ) -> Option<SetChange> {
        let (header, certificate, next) = (header.clone(), certificate.clone(), next.clone());
        (header.validators != header.next_validators).then_some(SetChange {
            header,
            certificate,
            next,
        })
    }
}

impl Anchor {
    /// The genesis itself. Errors: it founds no consortium.
    pub fn genesis(genesis: &Genesis) -> Result<Anchor, GenesisError> {
        genesis.check()?;
        Ok(Anchor {
            consortium: genesis.id(),
            height: Height(0),
            time: genesis.time,
            validators: genesis.validators()?,
        })
    }

    /// A header that is trusted, with the validators of the height after it; `None` where they are
    /// not those that it names.
    pub fn header(header: &Header, next: &ValidatorSet) -> Option<Anchor> {
        let Header { consortium, height, time, next_validators, .. } = *header;
        (next.hash(&consortium) == next_validators).then(|| Anchor {
            consortium,
            height,
            time,
            validators: next.clone(),
        })
    }
}

impl TrustPath {
    /// The canonical bytes.
    pub fn to_bytes(&self) -> Vec<u8> {
        encode(self)
    }

    /// Reads a path. Errors: not the canonical bytes of one of at most [`MAX_TRUST_PATH_BYTES`].
    pub fn from_bytes(bytes: &[u8]) -> Result<TrustPath, DecodeError> {
        decode(bytes, MAX_TRUST_PATH_BYTES)
    }

    /// Verifies the path from the genesis: one certificate for each change of the validators, and
    /// one for the end. Errors: the first step that fails.
    pub fn verify(&self, genesis: &Genesis) -> Result<VerifiedPath, PathError> {
        self.verify_from(&Anchor::genesis(genesis)?)
    }

    /// Verifies the path from a header that is trusted already: against keys of former validators
    /// that leaked since. Changes from height 1 up to that header are passed over. Errors: the first
    /// step that fails; `NotAfter`.
    pub fn verify_from(&self, anchor: &Anchor) -> Result<VerifiedPath, PathError> {
        if self.header.height <= anchor.height {
            return Err(PathError::NotAfter { end: self.header.height, anchor: anchor.height });
        }
        let mut walk = Walk { consortium: anchor.consortium, time: anchor.time, sets: Vec::new() };
        walk.sets.push((anchor.height.next(), anchor.validators.clone()));
        let known = Height(1)..=anchor.height;
        for change in self.changes.iter().filter(|change| !known.contains(&change.header.height)) {
            walk.pass(change).map_err(|fault| at(&change.header, fault))?;
        }
        let certificate = walk
            .certified(&self.header, &self.certificate)
            .map_err(|fault| at(&self.header, fault))?;
        Ok(VerifiedPath { header: self.header.clone(), certificate, sets: walk.sets })
    }
}

fn at(header: &Header, fault: StepFault) -> PathError {
    PathError::Step { height: header.height, fault }
}

/// A path on the way.
struct Walk {
    consortium: ConsortiumId,
    /// The time of the last header.
    time: TimeMs,
    sets: Vec<(Height, ValidatorSet)>,
}

impl Walk {
    fn pass(&mut self, change: &SetChange) -> Result<(), StepFault> {
        let SetChange { header, certificate, next } = change;
        self.certified(header, certificate)?;
        if header.next_validators == header.validators {
            return Err(StepFault::NoChange);
        }
        if next.hash(&self.consortium) != header.next_validators {
            return Err(StepFault::NextSet);
        }
        self.time = header.time;
        self.sets.push((header.height.next(), next.clone()));
        Ok(())
    }

    /// Whether a header follows and is certified by the validators that rule at its height.
    fn certified(
        &self,
        header: &Header,
        certificate: &CommitCertificate,
    ) -> Result<VerifiedCertificate, StepFault> {
        let Some((from, set)) = self.sets.last() else { unreachable!("a walk begins with a set") };
        if header.version != HEADER_VERSION {
            return Err(StepFault::Version);
        }
        if header.consortium != self.consortium {
            return Err(StepFault::Consortium);
        }
        if header.height < *from {
            return Err(StepFault::Height);
        }
        if header.time <= self.time {
            return Err(StepFault::Time);
        }
        if header.validators != set.hash(&self.consortium) {
            return Err(StepFault::Skipped);
        }
        if header.proposer != set.select(header.height, header.proposal_round).agency {
            return Err(StepFault::Proposer);
        }
        proven(header, certificate, &self.consortium, set)
    }
}

fn proven(
    header: &Header,
    certificate: &CommitCertificate,
    consortium: &ConsortiumId,
    set: &ValidatorSet,
) -> Result<VerifiedCertificate, StepFault> {
    if !Tip::of(header).is_named_by(certificate) {
        return Err(CertificateError::OtherBlock.into());
    }
    Ok(certificate.clone().verify(consortium, set)?)
}

impl VerifiedPath {
    /// Where the path leads.
    pub fn header(&self) -> &Header {
        &self.header
    }

    /// Its hash.
    pub fn hash(&self) -> HeaderHash {
        self.certificate.certificate().header_hash
    }

    /// What proves it.
    pub fn certificate(&self) -> &VerifiedCertificate {
        &self.certificate
    }

    /// The validators of its height.
    pub fn validators(&self) -> &ValidatorSet {
        match self.sets.last() {
            Some((_, set)) => set,
            None => unreachable!("a path has a set"),
        }
    }

    /// The validators of a height on the way: from the one after the anchor up to the end.
    pub fn validators_at(&self, height: Height) -> Option<&ValidatorSet> {
        let after = self.sets.partition_point(|(from, _)| *from <= height);
        let known = height <= self.header.height;
        self.sets.get(after.checked_sub(1)?).filter(|_| known).map(|(_, set)| set)
    }

    /// Another header below the end, proven by the validators of its height. Errors: its fault.
    pub fn prove(
        &self,
        header: &Header,
        certificate: &CommitCertificate,
    ) -> Result<VerifiedCertificate, StepFault> {
        let consortium = &self.header.consortium;
        let set = self.validators_at(header.height).ok_or(StepFault::Height)?;
        if header.version != HEADER_VERSION {
            return Err(StepFault::Version);
        }
        if header.consortium != *consortium {
            return Err(StepFault::Consortium);
        }
        if header.validators != set.hash(consortium) {
            return Err(StepFault::Skipped);
        }
        proven(header, certificate, consortium, set)
    }
}
