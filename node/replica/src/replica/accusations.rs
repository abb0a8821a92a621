//! Equivocations that this node saw, on their way to the log.
//! Holds: bounded; each is raised again until it is on the log; a raised record is the same for
//! the same equivocation and quarter of a day, so that it is not on the way twice.
//! May not enter: blame that two signatures do not prove. Source: docs/formats.md, "Equivocation".

use comity_core::agency::KeyRole;
use comity_core::equivocation::{Equivocation, Place, contradictions};
use comity_core::ids::TimeMs;
use comity_core::state::{self, StateKey};
use comity_core::statement::{
    Action, Capacity, MAX_VALIDITY_MS, STATEMENT_VERSION, SignedRecord, Statement, StatementSigner,
    VerifiedRecord,
};
use comity_core::vote::CommitCertificate;

use super::Replica;
use crate::io::Effect;

/// Most equivocations kept while they are not on the log.
const MAX_ACCUSATIONS: usize = 64;
/// A record is made to be valid for one to two of these (ms), half the longest validity.
const PERIOD_MS: u64 = MAX_VALIDITY_MS / 4;

impl Replica {
    /// Takes in an equivocation: told to the shell, and put on the log.
    pub(super) fn accuse(&mut self, equivocation: Equivocation) {
        let Some(place) = equivocation.place() else { return };
        if self.accusations.contains_key(&place) || self.accusations.len() >= MAX_ACCUSATIONS {
            return;
        }
        self.effects.push(Effect::Misbehaviour(Box::new(equivocation.clone())));
        self.accusations.insert(place, equivocation);
        self.raise_accusations();
    }

    /// A peer showed a certificate. One of this node's newest height for another block proves a
    /// fork; those who stand in both certificates of one round are guilty of it.
    pub(super) fn compare_with_own(&mut self, shown: &CommitCertificate) {
        let Some(own) = &self.certificate else { return };
        let (mine, height) = (own.certificate(), shown.height);
        if mine.height != height || mine.header_hash == shown.header_hash {
            return;
        }
        let (consortium, set) = (self.ledger.consortium(), self.ledger.tip_validators());
        let Ok(shown) = shown.clone().verify(consortium, set) else { return };
        let known = self.accusations.len();
        let proven = contradictions(own, &shown);
        for equivocation in proven {
            self.accuse(equivocation);
        }
        if self.accusations.len() > known {
            self.note(format!(
                "there are two certified blocks of height {height}: a third of the voting power or \
                 more has signed twice. Who did is on its way to the log; keep both logs as they \
                 are, stop recording, and see docs/operations.md"
            ));
        }
    }

    /// Puts what was seen before every proposer, until it is on the log.
    pub(super) fn raise_accusations(&mut self) {
        let known = |place: &Place| {
            state::read::<comity_core::ids::LogIndex>(&self.ledger, &StateKey::Equivocation(place))
                .is_some()
        };
        let done: Vec<Place> =
            self.accusations.keys().filter(|place| known(place)).copied().collect();
        for place in done {
            self.accusations.remove(&place);
        }
        let records: Vec<VerifiedRecord> = self
            .accusations
            .iter()
            .filter_map(|(place, equivocation)| self.accusation(place, equivocation))
            .filter(|record| !self.pool.knows(&record.leaf()))
            .collect();
        for record in records {
            // Refused or without room: it is raised again.
            let _ = self.admit_own(record);
        }
    }

    /// The record of an equivocation, signed by this node's validator key.
    fn accusation(&self, place: &Place, equivocation: &Equivocation) -> Option<VerifiedRecord> {
        let key = self.config.validator_key.as_ref()?;
        let agency = state::key(&self.ledger, &key.public())?.agency;
        let period = self.now.wall.max(self.ledger.tip().time).0 / PERIOD_MS;
        let valid_until = TimeMs((period + 2) * PERIOD_MS);
        let signer = StatementSigner {
            agency,
            key: key.public(),
            role: KeyRole::Validator,
            capacity: Capacity::Agency,
        };
        let consortium = *self.ledger.consortium();
        let nonce = place.nonce(&consortium, valid_until);
        let statement = Statement {
            version: STATEMENT_VERSION,
            consortium,
            nonce,
            valid_until,
            signers: vec![signer],
            sealed: Vec::new(),
            action: Action::RecordEquivocation { equivocation: equivocation.clone() },
        };
        let signatures = vec![key.sign_statement(&statement)];
        let bytes = SignedRecord { statement, signatures }.to_bytes();
        VerifiedRecord::verify(&bytes, &consortium).ok()
    }
}
