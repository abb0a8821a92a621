//! What statements about the two legs of an exchange say, in plain words.
//! Holds: every field that has an effect is shown.
//! May not enter: signing; the node.

use std::collections::BTreeSet;

use comity_core::access::AccessRefusal;
use comity_core::basis::Basis;
use comity_core::late::LateAccess;
use comity_core::legs::{Acknowledgement, Answer};
use comity_core::statement::StatementSigner;
use jiff::tz::TimeZone;

use super::Rows;
use crate::messages::say;
use crate::{table, time};

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

/// What is added where an access goes in late.
pub(super) fn late_rows(
    record: &LateAccess,
    missing: &BTreeSet<u64>,
    against: Option<&AccessRefusal>,
    zone: &TimeZone,
) -> Rows {
    let StatementSigner { agency, key, .. } = &record.gateway;
    let numbers = missing.iter().map(u64::to_string).collect::<Vec<_>>().join(", ");
    let numbers = if missing.is_empty() { say!("word-late-none-missing") } else { numbers };
    let stood = match against {
        None => say!("word-late-nothing-against"),
        Some(refusal) => {
            let why = super::refusal(refusal, zone);
            say!("words-late-against", rule = refusal.rule(), why = why)
        }
    };
    vec![
        (say!("label-late-asked"), time::show(record.claimed(), zone)),
        (say!("label-late-valid-until"), time::show(record.valid_until, zone)),
        (say!("label-late-gateway"), format!("{agency}, {}", table::key(key))),
        (say!("label-late-missing"), numbers),
        (say!("label-late-against"), stood),
    ]
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
