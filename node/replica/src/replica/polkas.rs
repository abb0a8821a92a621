//! Polka certificates on their way to the block log.
//! Holds: what this node saw at a height stays with that height's block, also over a restart.
//! May not enter: who is to blame by them. Source: docs/formats.md, "Polka certificates".

use std::collections::BTreeMap;

use comity_core::hash::HeaderHash;
use comity_core::polka::{MAX_POLKAS, PolkaCertificate};
use comity_core::vote::CommitCertificate;

use super::{Phase, Replica};
use crate::engine::{Engine, Setting};
use crate::verified::Verified;

/// Polka certificates of one height, by round and block.
type Polkas = BTreeMap<(u32, HeaderHash), PolkaCertificate>;

impl Replica {
    /// The polka certificates to keep beside the next block, which this certificate decides: those
    /// that this node saw, and those that came with it, verified. Where everything was decided in
    /// round 0 and no other block had a quorum they tell nothing more, and there are none.
    pub(super) fn polkas_beside(
        &self,
        certificate: &CommitCertificate,
        theirs: Vec<PolkaCertificate>,
    ) -> Vec<PolkaCertificate> {
        let theirs = theirs.into_iter().map(|polka| ((polka.round, polka.value), polka));
        let mut polkas: Polkas = theirs.collect();
        polkas.extend(self.polkas_seen());
        let usual = (0, certificate.header_hash);
        if certificate.round == 0 && polkas.keys().all(|place| *place == usual) {
            return Vec::new();
        }
        let too_many = polkas.len().saturating_sub(MAX_POLKAS);
        polkas.into_values().skip(too_many).collect()
    }

    /// Those that this node saw at the next height: before a restart too, where it has not begun
    /// the height again.
    fn polkas_seen(&self) -> Polkas {
        if let Phase::Deciding(engine) = &self.phase {
            return engine.polkas().clone();
        }
        let height = self.next_height();
        let Some(left) = self.left.get(&height.0) else { return Polkas::new() };
        let setting = Setting {
            consortium: *self.ledger.consortium(),
            height,
            validators: self.ledger.validators(),
            me: None,
            recovered: left.entries.clone(),
            verified: Verified::default(),
        };
        // Nothing that this engine wants is done: it only reads what was kept.
        match Engine::start(setting, &mut None) {
            Ok((engine, _)) => engine.polkas().clone(),
            Err(_) => Polkas::new(),
        }
    }
}
