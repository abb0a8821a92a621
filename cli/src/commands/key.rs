//! `comity key`: makes, protects, shows, lists, registers, replaces and revokes keys.
//! Holds: a secret is written to its file and nowhere else.
//! May not enter: what one verb alone needs (see the modules).

mod change;
mod list;
mod make;
mod show;

use comity_core::genesis::NO_CONSORTIUM;
use comity_core::hash::ConsortiumId;
use serde::Serialize;

use crate::args::{ForWhom, KeyVerb};
use crate::client::Status;
use crate::fault::Fault;
use crate::keys;
use crate::shell::Session;

pub(super) fn run(verb: KeyVerb, session: &mut Session<'_>) -> Result<(), Fault> {
    match verb {
        KeyVerb::New(args) => make::new(&args, session),
        KeyVerb::ExportPublic(args) => make::export_public(&args, session),
        KeyVerb::Passphrase(args) => make::passphrase(&args, session),
        KeyVerb::Show(args) => show::show(&args, session),
        KeyVerb::List(args) => list::list(&args, session),
        KeyVerb::Register(args) => change::register(&args, session),
        KeyVerb::Revoke(args) => change::revoke(args, session),
        KeyVerb::Rotate(args) => change::rotate(&args, session),
    }
}

/// For which consortium a card is made.
fn consortium_of(whom: &ForWhom, session: &Session<'_>) -> Result<ConsortiumId, Fault> {
    if whom.for_genesis {
        return Ok(NO_CONSORTIUM);
    }
    if let Some(path) = &whom.genesis {
        return Ok(keys::load_genesis(path)?.id());
    }
    if let Some(consortium) = session.global.consortium {
        return Ok(consortium);
    }
    Ok(session.client()?.get::<Status>("/v1/status")?.consortium)
}

pub(super) fn json_bytes(value: &impl Serialize) -> Vec<u8> {
    match serde_json::to_vec_pretty(value) {
        Ok(mut bytes) => {
            bytes.push(b'\n');
            bytes
        }
        Err(error) => unreachable!("key files and cards are plain JSON: {error}"),
    }
}
