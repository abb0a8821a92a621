//! Putting equivocations on the log.
//! Holds: one is recorded once, against a key that a member's node voted with.
//! Source: docs/formats.md, "Rules", record-equivocation.

use super::{Position, acting, require_sole_signer};
use crate::agency::KeyRole;
use crate::equivocation::Equivocation;
use crate::refusal::Refusal;
use crate::state::{self, Changes, StateKey, StateRead};
use crate::statement::StatementSigner;

pub(super) fn record(
    state: &impl StateRead,
    at: Position,
    signers: &[StatementSigner],
    equivocation: &Equivocation,
) -> Result<Changes, Refusal> {
    require_sole_signer(signers, acting(signers), KeyRole::Validator)?;
    let Some(place) = equivocation.place() else {
        unreachable!("a verified record's equivocation contradicts itself");
    };
    let Some(key) = state::key(state, &place.validator) else {
        return Err(Refusal::KeyUnknown { key: place.validator });
    };
    if key.role != KeyRole::Validator {
        return Err(Refusal::NotAValidator { agency: key.agency, role: key.role });
    }
    let mark = StateKey::Equivocation(&place);
    if let Some(at) = state::read(state, &mark) {
        return Err(Refusal::EquivocationKnown { at });
    }
    Ok(Changes::of(&mark, &at.index))
}
