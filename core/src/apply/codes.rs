//! Publishing and withdrawing codes of matters and duty bases.
//! Holds: a code is published once ever, and only by the competent authority.
//! Source: docs/formats.md, "Rules", publish-codes and withdraw-code.

use super::{Position, require_sole_signer};
use crate::agency::KeyRole;
use crate::codes::{CodeEntry, CodeList, MAX_CODES, PublishedCode};
use crate::refusal::Refusal;
use crate::state::{self, Changes, StateKey, StateRead};
use crate::statement::StatementSigner;
use crate::text::Code;

/// The signer must be the competent authority's steward.
pub(super) fn require_authority(
    state: &impl StateRead,
    signers: &[StatementSigner],
) -> Result<(), Refusal> {
    let authority = state::require_competent_authority(state);
    require_sole_signer(signers, &authority, KeyRole::Steward)
}

pub(super) fn publish(
    state: &impl StateRead,
    at: Position,
    signers: &[StatementSigner],
    list: CodeList,
    codes: &[CodeEntry],
) -> Result<Changes, Refusal> {
    require_authority(state, signers)?;
    if codes.is_empty() || codes.len() > MAX_CODES {
        return Err(Refusal::CodeCount { limit: MAX_CODES as u64 });
    }
    let mut changes = Changes::default();
    for CodeEntry { code, title } in codes {
        let key = StateKey::code(list, code);
        if state::code(state, list, code).is_some() || changes.puts.contains_key(&key.to_bytes()) {
            return Err(Refusal::CodeTaken { code: code.clone() });
        }
        if title.as_str().is_empty() {
            return Err(Refusal::CodeTitleEmpty { code: code.clone() });
        }
        let (code, title) = (code.clone(), title.clone());
        let listed =
            PublishedCode { code, title, published_at: Some(at.index), withdrawn_at: None };
        changes.put(&key, &listed);
    }
    Ok(changes)
}

pub(super) fn withdraw(
    state: &impl StateRead,
    at: Position,
    signers: &[StatementSigner],
    list: CodeList,
    code: &Code,
) -> Result<Changes, Refusal> {
    require_authority(state, signers)?;
    let mut listed = require_in_use(state, list, code)?;
    listed.withdrawn_at = Some(at.index);
    Ok(Changes::of(&StateKey::code(list, code), &listed))
}

/// The code must be on the list and not withdrawn.
pub(super) fn require_in_use(
    state: &impl StateRead,
    list: CodeList,
    code: &Code,
) -> Result<PublishedCode, Refusal> {
    let Some(listed) = state::code(state, list, code) else {
        return Err(Refusal::CodeUnknown { list, code: code.clone() });
    };
    match listed.withdrawn_at {
        Some(at) => Err(Refusal::CodeWithdrawn { list, code: code.clone(), at }),
        None => Ok(listed),
    }
}
