//! A log that was verified from a file, answering in the place of a node: the same questions, the same
//! answers, read-only.
//! Holds: what is answered is of the last block that was verified; a question that a file cannot answer
//! is refused in plain words, never answered with less.
//! May not enter: reading files (see `commands::holding`); sockets. Source: docs/api.md.

mod asked;
mod entries;
mod lists;
mod objects;

use std::path::PathBuf;

use comity_core::apply::Position;
use comity_core::genesis::Genesis;
use comity_core::ids::{LogIndex, TimeMs};
use comity_core::ledger::{Ledger, TreeState};
use serde_json::{Value, json};

use crate::client::Query;
use crate::fault::Fault;
use crate::messages::fault;
use asked::Asked;
pub(crate) use entries::HeldEntry;

/// A verified log: its entries, and the ledger after the last of them.
pub(crate) struct Held {
    /// Where it was read from.
    path: PathBuf,
    genesis: Genesis,
    ledger: Ledger,
    entries: Vec<HeldEntry>,
}

impl std::fmt::Debug for Held {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Held").field("path", &self.path).finish_non_exhaustive()
    }
}

impl Held {
    /// A log, with the ledger after its last entry.
    pub(crate) fn new(
        path: PathBuf,
        genesis: Genesis,
        ledger: Ledger,
        entries: Vec<HeldEntry>,
    ) -> Held {
        Held { path, genesis, ledger, entries }
    }

    /// What it is called.
    pub(crate) fn name(&self) -> String {
        self.path.display().to_string()
    }

    /// The ledger after its last entry.
    pub(crate) fn ledger(&self) -> &Ledger {
        &self.ledger
    }

    /// What it began with.
    pub(crate) fn genesis(&self) -> &Genesis {
        &self.genesis
    }

    /// The time of its last block: what "now" is for whoever reads it.
    pub(crate) fn as_of(&self) -> TimeMs {
        self.ledger.tip().time
    }

    /// What a node would answer to `GET path`. Errors: there is no such thing; a file cannot answer
    /// it.
    pub(crate) fn value(&self, path: &str, query: &Query) -> Result<Value, Fault> {
        let asked = Asked { held: self, query };
        let parts: Vec<&str> = path.split('/').skip(2).collect();
        match parts.as_slice() {
            ["status"] => Ok(self.status()),
            ["genesis"] => Ok(json!(self.genesis)),
            ["entries"] => self.list_entries(&asked),
            ["entries", index] => self.entry(index),
            ["rules"] => self.rules(),
            ["codes"] => Ok(self.codes()),
            ["calendars"] => Ok(self.calendars()),
            ["rule-packs"] => Ok(self.rule_packs()),
            ["agencies"] => Ok(self.agencies()),
            ["duties"] => self.duties(&asked),
            ["datasets", agency, slug, "versions"] => self.versions(&format!("{agency}/{slug}")),
            ["datasets", agency, slug] => self.dataset(&format!("{agency}/{slug}")),
            [list] => self.list(list, &asked),
            [list, id] => self.one(list, id),
            _ => Err(self.needs_node()),
        }
    }

    /// That a file cannot do it.
    pub(crate) fn needs_node(&self) -> Fault {
        fault!(Failed, "needs-node", path = self.name())
    }

    fn missing(&self, what: &str) -> Fault {
        fault!(Failed, "not-held", path = self.name(), detail = what)
    }

    fn state(&self) -> TreeState<'_> {
        TreeState(self.ledger.state())
    }

    /// Where the next record would stand.
    fn next(&self) -> Position {
        let index = LogIndex(self.ledger.log().size());
        Position { index, time: self.ledger.tip().time }
    }

    /// As far as a file has it: nobody votes here.
    fn status(&self) -> Value {
        let tip = self.ledger.tip();
        json!({
            "agency": self.genesis.competent_authority,
            "consortium": self.ledger.consortium(),
            "name": self.genesis.name,
            "version": env!("CARGO_PKG_VERSION"),
            "height": tip.height,
            "header_hash": tip.hash,
            "time": tip.time,
            "log_size": self.ledger.log().size(),
            "voting": "observer",
        })
    }
}
