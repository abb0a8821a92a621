//! The hash of a run: over every event that reaches a node and every effect that leaves it.
//! Holds: equal for equal runs; not a cryptographic hash, since nobody tries to make two alike.

use comity_replica::io::{Admission, Effect, Timer};
use comity_replica::storage::StorageOp;

/// The hash so far.
#[derive(Clone, Copy, Debug, Default)]
pub struct Trace(u64);

impl Trace {
    /// The hash.
    pub fn value(self) -> u64 {
        self.0
    }

    /// Takes in a number.
    pub fn number(&mut self, number: u64) {
        self.0 = (self.0.rotate_left(5) ^ number).wrapping_mul(0x517C_C1B7_2722_0A95);
    }

    /// Takes in bytes, with their length.
    pub fn bytes(&mut self, bytes: &[u8]) {
        self.number(bytes.len() as u64);
        for chunk in bytes.chunks(8) {
            let mut word = [0; 8];
            word[..chunk.len()].copy_from_slice(chunk);
            self.number(u64::from_le_bytes(word));
        }
    }

    /// Takes in an effect of a node.
    pub fn effect(&mut self, node: usize, effect: &Effect) {
        self.number(node as u64);
        match effect {
            Effect::Persist(op) => self.operation(op),
            Effect::Sync { ticket } => self.pair(2, ticket.0),
            Effect::Broadcast(message) => {
                self.number(3);
                self.bytes(&message.to_bytes());
            }
            Effect::Verdict { ticket, verdict } => {
                self.pair(4, ticket.0);
                self.number(*verdict as u64);
            }
            Effect::Request { peer, ticket, request } => {
                self.pair(5, ticket.0);
                self.number(peer.0);
                self.bytes(&request.to_bytes());
            }
            Effect::Respond { ticket, response } => {
                self.pair(6, ticket.0);
                self.bytes(&response.to_bytes());
            }
            Effect::Disconnect { peer, reason } => {
                self.pair(7, peer.0);
                self.bytes(reason.as_bytes());
            }
            Effect::Verify { ticket, records } => {
                self.pair(8, ticket.0);
                records.iter().for_each(|record| self.bytes(record));
            }
            Effect::SetTimer { timer, after_ms } => {
                self.pair(9, *after_ms);
                self.timer(*timer);
            }
            Effect::CancelTimer(timer) => {
                self.number(10);
                self.timer(*timer);
            }
            told => self.told(told),
        }
    }

    /// What a node tells its own people.
    fn told(&mut self, effect: &Effect) {
        match effect {
            Effect::Answer { ticket, admission } => {
                self.pair(11, ticket.0);
                self.number(match admission {
                    Admission::Pending(_) => 0,
                    Admission::Invalid(_) => 1,
                    Admission::Refused { .. } => 2,
                    Admission::Busy => 3,
                });
            }
            Effect::Evaluated { ticket, result } => {
                self.pair(12, ticket.0);
                self.number(u64::from(result.is_ok()));
            }
            Effect::Dropped { leaf, refusal } => {
                self.number(13);
                self.bytes(&leaf.0);
                self.bytes(refusal.to_string().as_bytes());
            }
            Effect::Committed(commit) => {
                self.pair(14, commit.header.height.0);
                self.bytes(&commit.header_hash.0);
                self.bytes(&commit.state.root().0);
            }
            Effect::Misbehaviour(equivocation) => {
                self.number(15);
                self.bytes(format!("{:?}", equivocation.place()).as_bytes());
            }
            Effect::Note(text) => {
                self.number(16);
                self.bytes(text.as_bytes());
            }
            Effect::Halt { reason } => {
                self.number(17);
                self.bytes(reason.as_bytes());
            }
            // The others are taken in above.
            _ => {}
        }
    }

    fn operation(&mut self, op: &StorageOp) {
        self.number(1);
        match op {
            StorageOp::SignedMark(mark) => self.bytes(&mark.signature),
            StorageOp::Entry { height, bytes } => {
                self.pair(1, *height);
                self.bytes(bytes);
            }
            StorageOp::Body { height, header_hash, .. } => {
                self.pair(2, *height);
                self.bytes(&header_hash.0);
            }
            StorageOp::AdoptGuard { vote_from, .. } => self.pair(3, *vote_from),
            StorageOp::Commit { height, payload, .. } => {
                self.pair(4, *height);
                self.bytes(payload);
            }
        }
    }

    fn timer(&mut self, timer: Timer) {
        match timer {
            Timer::Consensus { number } => self.pair(0, number),
            Timer::Heartbeat => self.number(1),
            Timer::Status => self.number(2),
            Timer::Housekeeping => self.number(3),
        }
    }

    fn pair(&mut self, kind: u64, number: u64) {
        self.number(kind);
        self.number(number);
    }
}
