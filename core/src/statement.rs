//! Statements and signed records: what people and machines sign, and what the log holds.
//! Holds: a `VerifiedRecord` is decoded, within limits, of one consortium, and carries exactly the
//! signatures that it names; whether its signers may act is for `apply`.
//! May not enter: state. Source: docs/formats.md, "Statements".

mod action;

use std::collections::BTreeSet;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::access::SignedAttempt;
use crate::agency::KeyRole;
use crate::batch::{MAX_BATCH, MIN_BATCH};
use crate::dataset::Items;
use crate::encoding::{Decode, DecodeError, Encode, decode, encode};
use crate::hash::{Commitment, ConsortiumId, LeafHash, Purpose, RecordId, leaf_hash, tagged};
use crate::ids::{Nonce, TaskForceId, TimeMs};
use crate::keys::{PublicKey, Signature, SignatureError};
use crate::state::Changes;
use crate::text::AgencyId;

pub use action::Action;

/// The statement version that this software writes and reads.
pub const STATEMENT_VERSION: u16 = 1;
/// A signed record is never longer than this, for ever (the limit of a tlog entry bundle).
pub const MAX_RECORD_BYTES: usize = 65_535;
/// Most signers of one statement.
pub const MAX_SIGNERS: usize = 16;
/// Most sealed commitments in one statement.
pub const MAX_SEALED: usize = 16;
/// Longest time (ms) that a record or an attempt may stay valid after the block that holds it: the
/// width of the replay window. A constant of the format. 24 hours.
pub const MAX_VALIDITY_MS: u64 = 24 * 60 * 60 * 1000;

/// In what capacity a signer signs.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Encode, Decode, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Capacity {
    /// For the agency.
    #[default]
    Agency,
    /// For the agency as one of a task force, in what that asks for and is given.
    TaskForce(TaskForceId),
}

impl Capacity {
    /// The capacity in which something is used that may be a task force's.
    pub fn of(task_force: Option<TaskForceId>) -> Capacity {
        task_force.map_or(Capacity::Agency, Capacity::TaskForce)
    }
}

/// As it is written in messages: `agency`, or the task force's id.
impl std::fmt::Display for Capacity {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Capacity::Agency => f.write_str("agency"),
            Capacity::TaskForce(id) => std::fmt::Display::fmt(id, f),
        }
    }
}

/// One who signs a statement.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StatementSigner {
    /// The agency.
    pub agency: AgencyId,
    /// The key.
    pub key: PublicKey,
    /// The key's role.
    pub role: KeyRole,
    /// In what capacity.
    pub capacity: Capacity,
}

/// What is signed.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Statement {
    /// Format version.
    pub version: u16,
    /// The consortium that it is for.
    pub consortium: ConsortiumId,
    /// Makes it unlike any other.
    pub nonce: Nonce,
    /// It may be committed in blocks up to and including this time.
    pub valid_until: TimeMs,
    /// Who signs; the signatures follow in this order.
    pub signers: Vec<StatementSigner>,
    /// Salted commitments to details kept off the log. No rule reads them.
    pub sealed: Vec<Commitment>,
    /// What it does.
    pub action: Action,
}

impl Statement {
    /// Identifies the statement, whatever its signatures: for replay only.
    pub fn id(&self) -> RecordId {
        RecordId(tagged(Purpose::Statement, &self.consortium, &encode(self)))
    }
}

/// A statement with its signatures, in the order of its signers: what the log holds.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SignedRecord {
    /// The statement.
    pub statement: Statement,
    /// One signature for each signer, in order.
    pub signatures: Vec<Signature>,
}

impl SignedRecord {
    /// The canonical bytes.
    pub fn to_bytes(&self) -> Vec<u8> {
        encode(self)
    }
}

/// Why bytes are not an acceptable signed record, whatever the state.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RecordError {
    /// Not the canonical bytes of a signed record.
    #[error("not a signed record: {0}")]
    Decode(#[from] DecodeError),
    /// Written by a newer (or no) version of the software.
    #[error("statement version {found} is not known here (only {STATEMENT_VERSION} is)")]
    Version {
        /// The version found.
        found: u16,
    },
    /// Made for another consortium.
    #[error("made for consortium {found}, but this is {expected}")]
    Consortium {
        /// The consortium named.
        found: ConsortiumId,
        /// The consortium here.
        expected: ConsortiumId,
    },
    /// No signer, too many, or a signer twice.
    #[error("a statement needs 1 to {MAX_SIGNERS} distinct signers")]
    Signers,
    /// More sealed commitments than allowed.
    #[error("at most {MAX_SEALED} sealed commitments are allowed")]
    Sealed,
    /// Signatures missing or left over.
    #[error("{signers} signers are named, but there are {signatures} signatures")]
    SignatureCount {
        /// Signers named.
        signers: usize,
        /// Signatures present.
        signatures: usize,
    },
    /// A signer's signature does not verify.
    #[error("the signature of signer {position} ({agency}) does not verify")]
    Signature {
        /// Which signer, from 1.
        position: usize,
        /// Its agency.
        agency: AgencyId,
        /// What failed.
        #[source]
        source: SignatureError,
    },
    /// The proof that comes with a key that is being registered does not verify.
    #[error("the proof of possession of the key being registered does not verify")]
    Possession(#[source] SignatureError),
    /// The embedded attempt is for another consortium.
    #[error("the attempt inside was made for another consortium")]
    AttemptConsortium,
    /// The embedded attempt asks for no item at all.
    #[error("the attempt inside asks for no item at all")]
    AttemptWithoutItems,
    /// More sealed commitments in the embedded attempt than allowed.
    #[error("the attempt inside has more than {MAX_SEALED} sealed commitments")]
    AttemptSealed,
    /// The embedded attempt's batch is of one access, or of more than a batch may have.
    #[error("the batch of the attempt inside has {MIN_BATCH} to {MAX_BATCH} accesses")]
    AttemptBatch,
    /// The two messages inside do not contradict each other.
    #[error("the two messages inside do not contradict each other")]
    NoEquivocation,
    /// A signature of the two messages inside does not verify.
    #[error("a signature of the two messages inside does not verify")]
    EquivocationSignature(#[source] SignatureError),
    /// The embedded attempt's signature does not verify.
    #[error("the officer's signature on the attempt inside does not verify")]
    AttemptSignature(#[source] SignatureError),
    /// The access that goes in late relies on a grant.
    #[error("the access inside relies on no emergency")]
    LateNotUrgent,
    /// The gateway's signature on the access that goes in late does not verify.
    #[error("the gateway's signature on the access inside does not verify")]
    LateSignature(#[source] SignatureError),
}

impl RecordError {
    /// The rule's name, as in the API's problem types and the message catalogue.
    pub fn rule(&self) -> &'static str {
        match self {
            RecordError::Decode(DecodeError::Oversized { .. }) => "record-oversized",
            RecordError::Decode(DecodeError::Truncated) => "record-truncated",
            RecordError::Decode(DecodeError::Trailing { .. }) => "record-trailing",
            RecordError::Decode(DecodeError::NotCanonical) => "record-not-canonical",
            RecordError::Decode(DecodeError::Malformed { .. }) => "record-malformed",
            RecordError::Version { .. } => "wrong-version",
            RecordError::Consortium { .. } => "wrong-consortium",
            RecordError::Signers => "signers",
            RecordError::Sealed => "sealed-count",
            RecordError::SignatureCount { .. } => "signature-count",
            RecordError::Signature { .. } => "bad-signature",
            RecordError::Possession(_) => "bad-possession",
            RecordError::AttemptConsortium => "attempt-wrong-consortium",
            RecordError::AttemptWithoutItems => "attempt-without-items",
            RecordError::AttemptSealed => "attempt-sealed-count",
            RecordError::AttemptBatch => "attempt-batch-count",
            RecordError::NoEquivocation => "no-equivocation",
            RecordError::EquivocationSignature(_) => "equivocation-bad-signature",
            RecordError::AttemptSignature(_) => "attempt-bad-signature",
            RecordError::LateNotUrgent => "late-not-urgent",
            RecordError::LateSignature(_) => "late-bad-signature",
        }
    }
}

/// A signed record whose form and signatures were checked. Cheap to clone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VerifiedRecord {
    record: Arc<SignedRecord>,
    bytes: Arc<[u8]>,
    id: RecordId,
    leaf: LeafHash,
}

impl VerifiedRecord {
    /// Decodes `bytes` strictly and checks everything about them that needs no state: size,
    /// version, consortium, signers and every signature, the officer's on an attempt included.
    pub fn verify(bytes: &[u8], consortium: &ConsortiumId) -> Result<Self, RecordError> {
        check_head(bytes, consortium)?;
        let record: SignedRecord = decode(bytes, MAX_RECORD_BYTES)?;
        let statement = &record.statement;
        check_form(&record)?;
        let signed = encode(statement);
        for (at, (signer, signature)) in
            statement.signers.iter().zip(&record.signatures).enumerate()
        {
            signer.key.verify_statement(consortium, &signed, signature).map_err(|source| {
                RecordError::Signature { position: at + 1, agency: signer.agency.clone(), source }
            })?;
        }
        check_inner_signatures(statement)?;
        let id = RecordId(tagged(Purpose::Statement, consortium, &signed));
        let leaf = leaf_hash(bytes);
        Ok(VerifiedRecord { record: Arc::new(record), bytes: bytes.into(), id, leaf })
    }

    /// The statement.
    pub fn statement(&self) -> &Statement {
        &self.record.statement
    }

    /// The record.
    pub fn record(&self) -> &SignedRecord {
        &self.record
    }

    /// The canonical bytes.
    pub fn bytes(&self) -> &Arc<[u8]> {
        &self.bytes
    }

    /// Identifies the statement (not its signatures): for replay only.
    pub fn id(&self) -> RecordId {
        self.id
    }

    /// Identifies these very bytes.
    pub fn leaf(&self) -> LeafHash {
        self.leaf
    }

    /// The agency whose act it is: its first signer's.
    pub fn agency(&self) -> &AgencyId {
        match self.record.statement.signers.first() {
            Some(signer) => &signer.agency,
            None => unreachable!("a verified record has at least one signer"),
        }
    }
}

/// Version and consortium stand first, so that a record of another version or consortium is named
/// as such even where the rest of it cannot be read.
fn check_head(bytes: &[u8], expected: &ConsortiumId) -> Result<(), RecordError> {
    if let Some((version, rest)) = bytes.split_first_chunk::<2>() {
        let found = u16::from_le_bytes(*version);
        if found != STATEMENT_VERSION {
            return Err(RecordError::Version { found });
        }
        if let Some(found) = rest.first_chunk::<32>().copied().map(ConsortiumId)
            && found != *expected
        {
            return Err(RecordError::Consortium { found, expected: *expected });
        }
    }
    Ok(())
}

/// Signatures that an action carries inside: the officer's on an attempt, a new key's own.
fn check_inner_signatures(statement: &Statement) -> Result<(), RecordError> {
    if let Some(attempt) = statement.action.attempt() {
        check_attempt_signature(attempt)?;
    }
    if let (Action::RegisterKey { key, role, possession, .. }, [signer, ..]) =
        (&statement.action, statement.signers.as_slice())
    {
        key.verify_possession(&statement.consortium, &signer.agency, *role, possession)
            .map_err(RecordError::Possession)?;
    }
    if let Action::OpenProposal { measure } = &statement.action {
        for (agency, new) in measure.new_keys() {
            new.key
                .verify_possession(&statement.consortium, agency, new.role, &new.possession)
                .map_err(RecordError::Possession)?;
        }
    }
    if let Action::RecordEquivocation { equivocation } = &statement.action {
        equivocation.verify(&statement.consortium).map_err(RecordError::EquivocationSignature)?;
    }
    if let Action::EmbedLate { record, .. } = &statement.action {
        record.verify_gateway(&statement.consortium).map_err(RecordError::LateSignature)?;
    }
    Ok(())
}

fn check_form(record: &SignedRecord) -> Result<(), RecordError> {
    let statement = &record.statement;
    let signers = &statement.signers;
    let twice =
        signers.iter().enumerate().any(|(i, s)| signers[..i].iter().any(|o| o.key == s.key));
    if signers.is_empty() || signers.len() > MAX_SIGNERS || twice {
        return Err(RecordError::Signers);
    }
    if statement.sealed.len() > MAX_SEALED {
        return Err(RecordError::Sealed);
    }
    if signers.len() != record.signatures.len() {
        let (signers, signatures) = (signers.len(), record.signatures.len());
        return Err(RecordError::SignatureCount { signers, signatures });
    }
    match &statement.action {
        Action::RecordEquivocation { equivocation } if equivocation.place().is_none() => {
            Err(RecordError::NoEquivocation)
        }
        Action::EmbedLate { record, .. } if record.sealed.len() > MAX_SEALED => {
            Err(RecordError::Sealed)
        }
        Action::EmbedLate { record, .. } if record.emergency().is_none() => {
            Err(RecordError::LateNotUrgent)
        }
        action => match action.attempt() {
            Some(attempt) => check_attempt_form(attempt, &statement.consortium),
            None => Ok(()),
        },
    }
}

fn check_attempt_form(
    SignedAttempt { attempt, .. }: &SignedAttempt,
    consortium: &ConsortiumId,
) -> Result<(), RecordError> {
    if attempt.consortium != *consortium {
        return Err(RecordError::AttemptConsortium);
    }
    if attempt.items == Items::Only(BTreeSet::new()) {
        return Err(RecordError::AttemptWithoutItems);
    }
    if attempt.sealed.len() > MAX_SEALED {
        return Err(RecordError::AttemptSealed);
    }
    if attempt.batch.is_some_and(|batch| !batch.is_sized()) {
        return Err(RecordError::AttemptBatch);
    }
    Ok(())
}

fn check_attempt_signature(attempt: &SignedAttempt) -> Result<(), RecordError> {
    attempt.verify().map_err(RecordError::AttemptSignature)
}

/// Adds what a committed entry put into the replay window. Bytes that are no record, which no
/// consortium commits, add nothing.
pub(crate) fn replay_ids(bytes: &[u8], consortium: &ConsortiumId, changes: &mut Changes) {
    let Ok(SignedRecord { statement, .. }) = decode(bytes, MAX_RECORD_BYTES) else { return };
    let id = RecordId(tagged(Purpose::Statement, consortium, &encode(&statement)));
    changes.records.insert(id, statement.valid_until);
    if let Action::RecordAccess { attempt, .. } = &statement.action {
        changes.exchanges.insert(attempt.attempt.exchange, attempt.attempt.valid_until);
    }
}

/// Checks an attempt that comes by itself as one inside a record is checked: consortium, items,
/// commitments and the officer's signature. Errors: those whose names begin with `Attempt`.
pub fn check_attempt(
    attempt: &SignedAttempt,
    consortium: &ConsortiumId,
) -> Result<(), RecordError> {
    check_attempt_form(attempt, consortium)?;
    check_attempt_signature(attempt)
}
