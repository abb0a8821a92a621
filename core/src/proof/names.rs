//! The names of what is wrong with a proof, by which verifiers of different makers compare.
//! Holds: one name for each reason; they are the words of docs/formats.md and never change.
//! Source: docs/formats.md, "Trust paths", "Proof files".

use super::{
    CollectionError, ExtensionError, ExtractError, ForkError, ProofFileError, ReceiptError,
};
use crate::trust_path::{PathError, StepFault};

impl StepFault {
    /// The fault's name.
    pub fn name(&self) -> &'static str {
        match self {
            StepFault::Version => "version",
            StepFault::Consortium => "consortium",
            StepFault::Height => "height",
            StepFault::Time => "time",
            StepFault::Skipped => "skipped",
            StepFault::Proposer => "proposer",
            StepFault::Certificate(_) => "certificate",
            StepFault::NoChange => "no-change",
            StepFault::NextSet => "next-set",
        }
    }
}

impl PathError {
    /// The fault's name.
    pub fn name(&self) -> &'static str {
        match self {
            PathError::Genesis(_) => "genesis",
            PathError::NotAfter { .. } => "not-after",
            PathError::Step { fault, .. } => fault.name(),
        }
    }
}

impl ProofFileError {
    /// The fault's name.
    pub fn name(&self) -> &'static str {
        match self {
            ProofFileError::NotAProof => "not-a-proof",
            ProofFileError::Decode(_) => "damaged",
        }
    }
}

impl ReceiptError {
    /// The fault's name.
    pub fn name(&self) -> &'static str {
        match self {
            ReceiptError::Path(error) => error.name(),
            ReceiptError::Record(error) => error.rule(),
            ReceiptError::OtherBlock { .. } => "other-block",
            ReceiptError::Inclusion(_) => "inclusion",
        }
    }
}

impl CollectionError {
    /// The fault's name.
    pub fn name(&self) -> &'static str {
        match self {
            CollectionError::Order => "order",
            CollectionError::Path(error) => error.name(),
            CollectionError::Entry { fault, .. } => fault.name(),
        }
    }
}

impl ExtractError {
    /// The fault's name.
    pub fn name(&self) -> &'static str {
        match self {
            ExtractError::Path(error) => error.name(),
            ExtractError::Order => "claims",
            ExtractError::Claim { .. } => "claim",
        }
    }
}

impl ExtensionError {
    /// The fault's name.
    pub fn name(&self) -> &'static str {
        match self {
            ExtensionError::Path(error) => error.name(),
            ExtensionError::Order => "order",
            ExtensionError::Earlier(_) => "earlier",
            ExtensionError::Consistency(_) => "consistency",
        }
    }
}

impl ForkError {
    /// The fault's name.
    pub fn name(&self) -> &'static str {
        match self {
            ForkError::Path(error) => error.name(),
            ForkError::NoFork => "no-fork",
            ForkError::Polkas(_) => "polkas",
        }
    }
}
