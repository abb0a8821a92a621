//! Fulfilling what was undertaken in a grant.
//! Holds: only the side that undertook it says so; what is done for good is done once.
//! Source: docs/formats.md, "Rules", fulfil-undertaking.

use super::{Position, grants, require_sole_signer};
use crate::agency::KeyRole;
use crate::binding::{Fulfilment, Promise, Side, Undertaking};
use crate::duty::{grant_ends, undertaking_sides};
use crate::grant::Grant;
use crate::ids::GrantId;
use crate::refusal::{GrantRefusal, Refusal};
use crate::state::{Changes, StateRead};
use crate::statement::StatementSigner;
use crate::text::Text;

pub(super) fn fulfil(
    state: &impl StateRead,
    at: Position,
    signers: &[StatementSigner],
    id: GrantId,
    number: u8,
    note: &Text<256>,
) -> Result<Changes, Refusal> {
    let mut grant = grants::find(state, id)?;
    let Some(undertaking) = grant.terms.undertaking(number).copied() else {
        return Err(Refusal::Grant(GrantRefusal::UndertakingUnknown { grant: id, number }));
    };
    let (owed_by, _) = undertaking_sides(state, &grant, undertaking.by);
    require_sole_signer(signers, &owed_by, KeyRole::Steward)?;
    check(state, at, &grant, number, undertaking).map_err(Refusal::Grant)?;
    if note.as_str().is_empty() {
        return Err(Refusal::Grant(GrantRefusal::FulfilmentWithoutNote));
    }
    let earlier = grant.fulfilment(number).copied();
    let count = earlier.map_or(0, |earlier| earlier.count) + 1;
    let before = earlier.map(|earlier| earlier.last);
    grant.fulfilled.retain(|earlier| earlier.number != number);
    grant.fulfilled.push(Fulfilment { number, count, last: at.mark(), before });
    grant.fulfilled.sort_by_key(|fulfilment| fulfilment.number);
    Ok(grants::put(id, &grant))
}

fn check(
    state: &impl StateRead,
    at: Position,
    grant: &Grant,
    number: u8,
    undertaking: Undertaking,
) -> Result<(), GrantRefusal> {
    let id = GrantId(grant.issued_at);
    if undertaking.by == Side::Requester && grant.first_use.is_none() {
        return Err(GrantRefusal::UndertakingNotBegun { grant: id, number });
    }
    if !matches!(undertaking.what, Promise::DeleteAfterDays(_)) {
        return Ok(());
    }
    let until = grant_ends(state, grant);
    if at.time < until {
        return Err(GrantRefusal::DeletionTooEarly { grant: id, until });
    }
    match grant.fulfilment(number) {
        Some(Fulfilment { last, .. }) => {
            Err(GrantRefusal::UndertakingFulfilled { grant: id, number, at: last.at })
        }
        None => Ok(()),
    }
}
