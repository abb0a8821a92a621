//! Records in: from this node's own API and from peers.
//! Holds: a record is verified once; who submitted it is told how it fares.

use comity_core::hash::{LeafHash, leaf_hash};
use comity_core::refusal::{LegRefusal, Refusal};
use comity_core::statement::{RecordError, VerifiedRecord};

use super::{MAX_VERIFYING_RECORDS, Replica, Verifying};
use crate::io::{Admission, Effect, Ticket, Verdict};
use crate::message::{Gossip, RECORD_BATCH_BYTES};
use crate::pool::{Pending, Room};

/// Peers are told of an own record again this long (ms) after the last time.
const TELL_AGAIN_MS: u64 = 2_000;

/// Where a record came in.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Origin {
    Own,
    Peer,
}

impl Replica {
    pub(super) fn on_submit(&mut self, ticket: Ticket, bytes: Vec<u8>) {
        let leaf = leaf_hash(&bytes);
        let known = self.pool.get(&leaf).map(|pending| pending.record.clone());
        let full = self.submitted.len() + self.verifying_records() >= MAX_VERIFYING_RECORDS;
        let admission = match known {
            Some(record) => Admission::Pending(record),
            None if full => Admission::Busy,
            None => {
                self.submitted.push((ticket, (leaf, bytes)));
                return;
            }
        };
        self.effects.push(Effect::Answer { ticket, admission });
    }

    pub(super) fn verify_submitted(&mut self) {
        if self.submitted.is_empty() {
            return;
        }
        let submitted = std::mem::take(&mut self.submitted);
        let (tickets, records) = submitted.into_iter().unzip();
        self.verify(Verifying::Submitted(tickets), records);
    }

    pub(super) fn answer_submitted(
        &mut self,
        tickets: Vec<Ticket>,
        results: Vec<Result<VerifiedRecord, RecordError>>,
    ) {
        for (ticket, result) in tickets.into_iter().zip(results) {
            let admission = match result {
                Err(error) => Admission::Invalid(error),
                Ok(record) => {
                    self.fill_candidates(&record);
                    self.admit_own(record)
                }
            };
            self.effects.push(Effect::Answer { ticket, admission });
        }
    }

    pub(super) fn admit_own(&mut self, record: VerifiedRecord) -> Admission {
        if let Err(refusal) = self.ledger.check(&record, self.now.wall) {
            return Admission::Refused { record, refusal };
        }
        match self.pool.admit(self.pending(record.clone(), Origin::Own)) {
            Room::Full => Admission::Busy,
            Room::Known => Admission::Pending(record),
            Room::Taken => {
                self.to_tell.push(record.clone());
                Admission::Pending(record)
            }
        }
    }

    fn pending(&self, record: VerifiedRecord, origin: Origin) -> Pending {
        let account = self.ledger.account(record.agency());
        let (told_ms, judged_at) = (self.now.mono_ms, self.ledger.tip().height);
        Pending { record, account, own: origin == Origin::Own, told_ms, judged_at }
    }

    /// Tells peers of new records, many in one message.
    pub(super) fn tell_records(&mut self) {
        let mut batch = Vec::new();
        let mut size_bytes = 0;
        for record in std::mem::take(&mut self.to_tell) {
            if size_bytes + record.bytes().len() > RECORD_BATCH_BYTES {
                self.effects.push(Effect::Broadcast(Gossip::Records(std::mem::take(&mut batch))));
                size_bytes = 0;
            }
            size_bytes += record.bytes().len();
            batch.push(record.bytes().to_vec());
        }
        if !batch.is_empty() {
            self.effects.push(Effect::Broadcast(Gossip::Records(batch)));
        }
    }

    pub(super) fn on_gossiped_records(&mut self, ticket: Ticket, records: Vec<Vec<u8>>) {
        let mut verdict = |verdict| self.effects.push(Effect::Verdict { ticket, verdict });
        if records.is_empty() {
            return verdict(Verdict::Reject);
        }
        let count = records.len();
        let mut under_way = false;
        let is_new = |(leaf, _): &(LeafHash, _)| {
            let verifying = self.in_verification.contains(leaf);
            under_way |= verifying;
            !verifying && !self.pool.knows(leaf)
        };
        let unknown: Vec<_> = with_leaves(records).filter(is_new).collect();
        if unknown.is_empty() {
            // Who sent what is being verified is not to blame, nor vouched for.
            return verdict(if under_way { Verdict::Ignore } else { Verdict::Accept });
        }
        if count + self.verifying_records() > MAX_VERIFYING_RECORDS {
            return self.effects.push(Effect::Verdict { ticket, verdict: Verdict::Ignore });
        }
        self.verify(Verifying::Gossip { ticket }, unknown);
    }

    pub(super) fn take_gossiped(
        &mut self,
        ticket: Ticket,
        results: Vec<Result<VerifiedRecord, RecordError>>,
    ) {
        let genuine = results.iter().all(Result::is_ok);
        let mut known = true;
        for record in results.into_iter().flatten() {
            known &= self.admit_gossiped(record.clone());
            self.fill_candidates(&record);
        }
        let verdict = match (genuine, known) {
            (true, true) => Verdict::Accept,
            (true, false) => Verdict::Ignore,
            (false, _) => Verdict::Reject,
        };
        self.effects.push(Effect::Verdict { ticket, verdict });
    }

    /// Takes in a peer's record; whether its signers are known, so that passing it on burdens
    /// nobody with what anyone could have signed.
    fn admit_gossiped(&mut self, record: VerifiedRecord) -> bool {
        if self.pool.knows(&record.leaf()) {
            return true;
        }
        match self.ledger.check(&record, self.now.wall) {
            Ok(()) => {
                self.pool.admit(self.pending(record, Origin::Peer));
                true
            }
            Err(refusal) if is_final(&refusal) => true,
            Err(refusal) => {
                self.pool.park(record);
                !matches!(
                    refusal,
                    Refusal::SignerUnknown { .. }
                        | Refusal::SignerMismatch { .. }
                        | Refusal::SignerRevoked { .. }
                )
            }
        }
    }

    /// After a commit: drops what blocks leave out because they made it invalid, tries again what was
    /// parked.
    pub(super) fn review_pool(&mut self) {
        let now = self.now.wall;
        for record in self.pool.take_due_for_review(self.ledger.tip().height) {
            if let Err(refusal) = self.ledger.check(&record, now) {
                self.drop_record(&record.leaf(), refusal);
            }
        }
        for (record, tries_left) in self.pool.take_parked() {
            match self.ledger.check(&record, now) {
                Ok(()) => {
                    self.pool.admit(self.pending(record, Origin::Peer));
                }
                Err(refusal) if is_final(&refusal) => {}
                Err(_) => self.pool.repark(record, tries_left),
            }
        }
    }

    pub(super) fn drop_record(&mut self, leaf: &LeafHash, refusal: Refusal) {
        if self.pool.remove(leaf).is_some() {
            self.effects.push(Effect::Dropped { leaf: *leaf, refusal });
        }
    }

    /// Drops what has run out by this node's clock, and tells peers again of own records that
    /// they may have missed.
    pub(super) fn look_after_records(&mut self) {
        let now = self.now;
        let run_out: Vec<_> = self
            .pool
            .iter()
            .filter(|pending| pending.record.statement().valid_until < now.wall)
            .map(|pending| (pending.record.leaf(), pending.record.statement().valid_until))
            .collect();
        for (leaf, until) in run_out {
            self.drop_record(&leaf, Refusal::RecordExpired { until });
        }
        let again = self.pool.tell_again(now.mono_ms, TELL_AGAIN_MS);
        self.to_tell.extend(again);
        self.tell_records();
    }
}

/// Each with what it is remembered by.
pub(super) fn with_leaves(records: Vec<Vec<u8>>) -> impl Iterator<Item = (LeafHash, Vec<u8>)> {
    records.into_iter().map(|bytes| (leaf_hash(&bytes), bytes))
}

/// A refusal that no later block can lift.
fn is_final(refusal: &Refusal) -> bool {
    matches!(
        refusal,
        Refusal::Replayed
            | Refusal::RecordExpired { .. }
            | Refusal::RecordTooLong { .. }
            | Refusal::RecordTooFarAhead
            // Nobody unuses a number.
            | Refusal::Leg(LegRefusal::GatewayNumber { .. })
    )
}
