//! What an operator's tools ask about a node's right to vote, and about its clock.
//! Holds: only what was proven: signatures were checked, tips have their certificates.
//! May not enter: advice (see the node's `doctor`).

use std::collections::BTreeMap;

use comity_core::ids::Height;
use comity_core::keys::PublicKey;

use super::Replica;
use super::startup::Standing;
use crate::storage::MarkPosition;

/// What is known of this node's own key, and of the others' clocks.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Health {
    /// The version of the rules in force.
    pub rules: u16,
    /// The validator key, if the node has one.
    pub key: Option<PublicKey>,
    /// Whether the operator has to let the node vote first (it comes from a backup).
    pub held: bool,
    /// Whether there is a sign guard.
    pub has_guard: bool,
    /// The newest message in the sign guard.
    pub last: Option<MarkPosition>,
    /// First height that the guard lets sign.
    pub vote_from: u64,
    /// What the other validators said of this key while this node did not vote; empty once it does.
    pub heard: BTreeMap<PublicKey, HeardOf>,
    /// How far ahead of this node's clock each proposer's was at its last proposal (ms; negative:
    /// behind), by key. The way of the message counts as behind.
    pub clocks: BTreeMap<PublicKey, i64>,
}

/// What a validator said.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct HeardOf {
    /// Its last block, proven.
    pub tip: Height,
    /// The newest message signed by this node's key that it showed.
    pub newest_of_ours: Option<MarkPosition>,
}

impl Replica {
    /// What is known of this node's own key, and of the others' clocks.
    pub fn health(&self) -> Health {
        let guard = self.signer.as_ref().map(|signer| &signer.guard);
        let asks = !matches!(self.standing, Standing::Active | Standing::Observer);
        let heard = self.heard.iter().filter(|_| asks).map(|(key, heard)| {
            let (tip, newest_of_ours) = (heard.tip, heard.newest_of_ours);
            (*key, HeardOf { tip, newest_of_ours })
        });
        Health {
            rules: self.ledger.rules_version(),
            key: self.me,
            held: self.standing == Standing::Held,
            has_guard: guard.is_some(),
            last: guard.and_then(|guard| guard.last()).map(|mark| mark.position()),
            vote_from: guard.map_or(0, |guard| guard.vote_from()),
            heard: heard.collect(),
            clocks: self.clocks.clone(),
        }
    }
}
