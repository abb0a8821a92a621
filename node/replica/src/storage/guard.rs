//! The sign guard: what a validator's key has signed, so that it never signs two values in one place.
//! Holds: signed positions only rise; one position has one message, repeated byte for byte.
//! May not enter: keys, signing, files (see `wal`). Source: docs/formats.md, "Write-ahead log".

use std::collections::BTreeMap;
use std::fmt;

use comity_core::encoding::{Decode, Encode};
pub use comity_core::equivocation::Step;

/// Where in consensus a message is signed. Ordered by height, round, step.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct MarkPosition {
    /// Height of the block that is voted on.
    pub height: u64,
    /// Round of that height, from 0.
    pub round: u32,
    /// Step of that round.
    pub step: Step,
}

impl fmt::Display for MarkPosition {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let step = match self.step {
            Step::Proposal => "proposal",
            Step::Prevote => "prevote",
            Step::Precommit => "precommit",
        };
        write!(f, "{step} of height {}, round {}", self.height, self.round)
    }
}

/// One signature made with the validator key.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub struct SignedMark {
    /// Height of the block that is voted on.
    pub height: u64,
    /// Round of that height, from 0.
    pub round: u32,
    /// Step of that round.
    pub step: Step,
    /// Hash of the message that was signed.
    pub message_hash: [u8; 32],
    /// The Ed25519 signature over it.
    pub signature: [u8; 64],
}

impl SignedMark {
    /// Where in consensus it was signed.
    pub fn position(&self) -> MarkPosition {
        MarkPosition { height: self.height, round: self.round, step: self.step }
    }
}

/// Why the guard refuses a signature.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum GuardConflict {
    /// There is no guard: what this key has signed is not known.
    #[error("there is no sign guard, so {asked} may contradict an earlier signature")]
    Missing {
        /// What was to be signed.
        asked: MarkPosition,
    },
    /// Another message, or the same one with another signature, was signed there.
    #[error("another message was signed for {asked}")]
    Contradicts {
        /// What was to be signed.
        asked: MarkPosition,
    },
    /// A later position was signed already.
    #[error("{asked} comes before {last}, which is signed")]
    Backwards {
        /// What was to be signed.
        asked: MarkPosition,
        /// The highest position signed.
        last: MarkPosition,
    },
    /// The guard was taken up anew and stays silent below a height.
    #[error("{asked} is below height {vote_from}, from which this guard lets sign")]
    TooEarly {
        /// What was to be signed.
        asked: MarkPosition,
        /// First height that may be signed.
        vote_from: u64,
    },
}

/// What one validator key has signed: everything above the durable tip, and the highest always.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Guard {
    public_key: [u8; 32],
    vote_from: u64,
    marks: BTreeMap<MarkPosition, SignedMark>,
}

/// Whether a mark must be written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Admission {
    New,
    Repeat,
}

impl Guard {
    pub(crate) fn new(public_key: [u8; 32], vote_from: u64) -> Self {
        Guard { public_key, vote_from, marks: BTreeMap::new() }
    }

    /// The validator key that this guard was born with (32 bytes, Ed25519).
    pub fn public_key(&self) -> &[u8; 32] {
        &self.public_key
    }

    /// First height that may be signed: 0 unless the guard was adopted after a loss.
    pub fn vote_from(&self) -> u64 {
        self.vote_from
    }

    /// The highest mark; `None` when the key has never signed.
    pub fn last(&self) -> Option<&SignedMark> {
        self.marks.last_key_value().map(|(_, mark)| mark)
    }

    /// The mark at `position`, to send the identical signature again. Known for every height
    /// above the durable tip, and for the highest mark.
    pub fn mark(&self, position: MarkPosition) -> Option<&SignedMark> {
        self.marks.get(&position)
    }

    /// All marks that are kept, in ascending order.
    pub fn marks(&self) -> impl Iterator<Item = &SignedMark> {
        self.marks.values()
    }

    /// Whether the key may sign `mark`. A position that was signed is refused when anything
    /// differs, the signature too: a repeat is a re-emission, never a second signing.
    pub(crate) fn check(&self, mark: &SignedMark) -> Result<Admission, GuardConflict> {
        let asked = mark.position();
        if mark.height < self.vote_from {
            return Err(GuardConflict::TooEarly { asked, vote_from: self.vote_from });
        }
        self.check_order(mark)
    }

    /// The same for a mark that was signed earlier and is read again, which may lie below
    /// `vote_from`.
    pub(crate) fn check_order(&self, mark: &SignedMark) -> Result<Admission, GuardConflict> {
        let asked = mark.position();
        match self.marks.get(&asked) {
            Some(signed) if signed == mark => return Ok(Admission::Repeat),
            Some(_) => return Err(GuardConflict::Contradicts { asked }),
            None => {}
        }
        match self.marks.last_key_value() {
            Some((last, _)) if asked < *last => {
                Err(GuardConflict::Backwards { asked, last: *last })
            }
            _ => Ok(Admission::New),
        }
    }

    /// Takes up a mark that was just signed; whether it is new, and so must be kept. Errors: it
    /// contradicts what was signed before.
    pub(crate) fn admit(&mut self, mark: SignedMark) -> Result<bool, GuardConflict> {
        let fresh = self.check(&mark)? == Admission::New;
        if fresh {
            self.record(mark);
        }
        Ok(fresh)
    }

    pub(crate) fn record(&mut self, mark: SignedMark) {
        self.marks.insert(mark.position(), mark);
    }

    /// Takes the place of `earlier`: marks of the same key stay, and so does its silence.
    pub(crate) fn succeed(&mut self, earlier: Guard) {
        if earlier.public_key == self.public_key {
            self.vote_from = self.vote_from.max(earlier.vote_from);
            self.marks = earlier.marks;
        }
    }

    /// Forgets marks of heights up to `tip`, which are decided, but never the highest.
    pub(crate) fn forget_through(&mut self, tip: u64) {
        if let Some(last) = self.marks.last_key_value().map(|(last, _)| *last) {
            self.marks.retain(|position, _| position.height > tip || *position == last);
        }
    }
}
