//! What statements about the two legs of an exchange say, in plain words.
//! Holds: every field that has an effect is shown.
//! May not enter: signing; the node.

use comity_core::basis::Basis;
use comity_core::legs::{Acknowledgement, Answer};

use super::Rows;
use crate::messages::say;
use crate::table;

/// What the gateway adds to an attempt that it records.
pub(super) fn recording_rows(number: u64, answer: Option<&Answer>) -> Rows {
    let mut rows = vec![(say!("label-number"), number.to_string())];
    if let Some(answer) = answer {
        rows.push((say!("label-answer"), answer.digest.to_string()));
    }
    if answer.is_some_and(|answer| answer.reliable) {
        rows.push((say!("label-reliable"), say!("words-reliable")));
    }
    rows
}

/// An acknowledgement in one sentence.
pub(super) fn sentence(grant: Basis, accesses: &[Acknowledgement]) -> String {
    say!("does-acknowledge-access", count = accesses.len(), grant = grant)
}

/// What it has changed.
pub(super) fn done(accesses: &[Acknowledgement]) -> String {
    say!("done-acknowledge-access", count = accesses.len())
}

/// Its terms.
pub(super) fn rows(grant: Basis, accesses: &[Acknowledgement]) -> Rows {
    let mut rows = vec![super::basis_row(grant)];
    rows.extend(accesses.iter().map(|one| {
        let (access, exchange, count) = (one.access, one.exchange, one.count);
        let said = match &one.digest {
            None => say!("words-received", exchange = exchange, count = count),
            Some(digest) => {
                let digest = table::short(digest);
                say!("words-received-hash", exchange = exchange, count = count, digest = digest)
            }
        };
        (say!("label-access-entry", index = access), said)
    }));
    rows
}
