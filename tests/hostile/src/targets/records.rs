//! Signed records, as anyone may post and any member may gossip them.

use comity_core::encoding::decode;
use comity_core::statement::{MAX_RECORD_BYTES, SignedRecord};

use super::promises::{genuine_record, one_encoding};

/// A signed record: one encoding, and none that verifies but those that were signed.
pub fn record(data: &[u8]) {
    one_encoding::<SignedRecord>(data, MAX_RECORD_BYTES, decode(data, MAX_RECORD_BYTES));
    genuine_record(data);
}
