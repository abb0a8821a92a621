//! The rules: what a record does to the state at its position, or which rule refuses it.
//! Holds: the same state, position and record give the same changes or the same refusal; a refused
//! record changes nothing.
//! May not enter: signatures (a `VerifiedRecord` has passed them); blocks (see `ledger`).
//! Source: docs/formats.md, "Rules".

pub mod accesses;
mod acts;
mod approval;
mod assessments;
mod bindings;
mod capacities;
mod checks;
mod codes;
mod datasets;
mod disputes;
mod emergencies;
mod equivocations;
mod forces;
mod governance;
mod grants;
mod incidents;
mod keys;
mod late;
mod legs;
mod measures;
mod onward;
mod oversight;
mod requests;
mod superiors;
mod supervision;
mod task_forces;
mod undertakings;
mod urgent;
mod versions;

use std::rc::Rc;

use crate::agency::{Agency, Key, KeyEnd, KeyRole, Standing};
use crate::duty::Mark;
use crate::genesis::Params;
use crate::ids::{LogIndex, TimeMs};
use crate::interruption::{Interruptions, MAX_INTERRUPTIONS};
use crate::refusal::{Refusal, SignerNeeded};
use crate::state::{self, Changes, StateKey, StateRead};
use crate::statement::{MAX_VALIDITY_MS, Statement, StatementSigner, VerifiedRecord};
use crate::text::{AgencyId, Text};

/// Where a record is judged.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Position {
    /// The index that it takes if it is accepted.
    pub index: LogIndex,
    /// The time of its block.
    pub time: TimeMs,
}

impl Position {
    /// This place and time, as an object keeps them.
    fn mark(self) -> Mark {
        Mark { at: self.index, on: self.time }
    }
}

/// Executes one record. Errors: the first rule that refuses it, in the order of
/// docs/formats.md, "Rules".
pub fn apply(
    state: &impl StateRead,
    at: Position,
    record: &VerifiedRecord,
) -> Result<Changes, Refusal> {
    let statement = record.statement();
    check_size(state, record)?;
    check_time(statement, at)?;
    if state.has_record(&record.id()) {
        return Err(Refusal::Replayed);
    }
    for signer in &statement.signers {
        check_signer(state, at, signer)?;
    }
    capacities::check(state, statement)?;
    let mut changes = acts::act(state, at, statement)?;
    changes.records.insert(record.id(), statement.valid_until);
    Ok(changes)
}

/// The agency on whose account a record of `agency` goes in a block: a hosted member's sponsor,
/// else itself.
pub fn account(state: &impl StateRead, agency: &AgencyId) -> AgencyId {
    match state::shared::<Agency>(state, &StateKey::Agency(agency)).as_deref() {
        Some(Agency { standing: Standing::Hosted { sponsor, .. }, .. }) => sponsor.clone(),
        _ => agency.clone(),
    }
}

/// The agency whose act it is: the first signer's.
fn acting(signers: &[StatementSigner]) -> &AgencyId {
    match signers.first() {
        Some(signer) => &signer.agency,
        None => unreachable!("a verified record has a signer"),
    }
}

/// Begins an interruption here, unless there were too many.
fn begin(
    interruptions: &mut Interruptions,
    at: Position,
    reason: &Text<256>,
) -> Result<(), Refusal> {
    if interruptions.is_full() {
        return Err(Refusal::TooManyInterruptions { limit: MAX_INTERRUPTIONS as u64 });
    }
    interruptions.begin(at.mark(), reason.clone());
    Ok(())
}

/// The consortium's parameters.
pub fn params(state: &impl StateRead) -> Rc<Params> {
    match state::shared(state, &StateKey::Params) {
        Some(params) => params,
        None => unreachable!("the genesis puts the parameters"),
    }
}

fn check_size(state: &impl StateRead, record: &VerifiedRecord) -> Result<(), Refusal> {
    let (size, limit) = (record.bytes().len() as u64, u64::from(params(state).record_bytes));
    if size > limit {
        return Err(Refusal::RecordTooLong { size, limit });
    }
    Ok(())
}

fn check_time(statement: &Statement, at: Position) -> Result<(), Refusal> {
    if at.time > statement.valid_until {
        return Err(Refusal::RecordExpired { until: statement.valid_until });
    }
    if statement.valid_until > at.time.plus(MAX_VALIDITY_MS) {
        return Err(Refusal::RecordTooFarAhead);
    }
    Ok(())
}

/// A signer's key must be on the ledger as stated, not revoked and not run out.
fn check_signer(
    state: &impl StateRead,
    at: Position,
    signer: &StatementSigner,
) -> Result<(), Refusal> {
    let Some(key) = state::shared::<Key>(state, &StateKey::Key(&signer.key)) else {
        return Err(Refusal::SignerUnknown { key: signer.key });
    };
    if key.agency != signer.agency || key.role != signer.role {
        return Err(Refusal::SignerMismatch { agency: key.agency.clone(), role: key.role });
    }
    match key.end(at.time) {
        Some(KeyEnd::Revoked(at)) => return Err(Refusal::SignerRevoked { at }),
        Some(KeyEnd::Expired(until)) => return Err(Refusal::SignerExpired { until }),
        None => {}
    }
    check_membership(state, at, &signer.agency)
}

/// A signer's agency must be a member at the position, whose time may be over where a late access is
/// judged, and a hosted one within its time.
fn check_membership(
    state: &impl StateRead,
    at: Position,
    agency: &AgencyId,
) -> Result<(), Refusal> {
    let left = state::departure(state, agency).filter(|departure| departure.on <= at.time);
    if let Some(departure) = left {
        return Err(Refusal::AgencyLeft { agency: agency.clone(), at: departure.at });
    }
    match state::shared::<Agency>(state, &StateKey::Agency(agency)).as_deref() {
        Some(Agency { standing: Standing::Hosted { until, .. }, .. }) if at.time >= *until => {
            Err(Refusal::HostingOver { agency: agency.clone(), until: *until })
        }
        _ => Ok(()),
    }
}

/// The agency that an act names, which must be a member today.
fn require_member(
    state: &impl StateRead,
    at: Position,
    agency: &AgencyId,
) -> Result<Agency, Refusal> {
    let Some(found) = state::agency(state, agency) else {
        return Err(Refusal::AgencyUnknown { agency: agency.clone() });
    };
    check_membership(state, at, agency)?;
    Ok(found)
}

/// The act needs exactly one signature: `agency`'s, in `role`.
fn require_sole_signer(
    signers: &[StatementSigner],
    agency: &AgencyId,
    role: KeyRole,
) -> Result<(), Refusal> {
    match signers {
        [signer] if signer.agency == *agency && signer.role == role => Ok(()),
        _ => Err(Refusal::WrongSigner { agency: agency.clone(), role }),
    }
}

/// The act needs exactly these signatures, in any order; of an agency that is named twice, two.
fn require_signers(
    signers: &[StatementSigner],
    needed: &[(&AgencyId, KeyRole)],
) -> Result<(), Refusal> {
    let mut signed: Vec<_> = signers.iter().map(|s| (&s.agency, s.role)).collect();
    let mut wanted = needed.to_vec();
    signed.sort();
    wanted.sort();
    if signed == wanted {
        return Ok(());
    }
    let needed =
        needed.iter().map(|(agency, role)| SignerNeeded { agency: (*agency).clone(), role: *role });
    Err(Refusal::WrongSigners { needed: needed.collect() })
}
