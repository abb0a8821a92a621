//! Drawing records for review, and what is found.
//! Holds: nobody steers a draw, and nobody reviews itself; a finding is answered before it is held up.
//! Source: docs/formats.md, "Rules", open-draw to close-finding.

mod draws;
mod findings;

pub(super) use draws::{commit, open_draw, report, reveal};
pub(super) use findings::{answer, close, open_finding};

use super::acting;
use crate::agency::KeyRole;
use crate::refusal::{OversightRefusal, Refusal};
use crate::statement::StatementSigner;
use crate::text::AgencyId;

fn refuse<T>(refusal: OversightRefusal) -> Result<T, Refusal> {
    Err(Refusal::Oversight(refusal))
}

/// The agency whose auditor, and nobody else, has signed.
fn auditing(signers: &[StatementSigner]) -> Result<&AgencyId, Refusal> {
    let by = acting(signers);
    super::require_sole_signer(signers, by, KeyRole::Auditor)?;
    Ok(by)
}
