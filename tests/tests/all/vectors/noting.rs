//! Checkpoints: which notes are one, of which log, and why the others are not.

use comity_core::checkpoint::{Checkpoint, origin, verify_cosignature};
use comity_core::hash::{ConsortiumId, LogRoot};
use comity_core::note::{Note, NoteKey};
use serde::Deserialize;

use super::{Hex, Vectors};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Shared {
    consortium: ConsortiumId,
    key: String,
    key_id: Hex,
    witness: String,
    seen: u64,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Case {
    what: String,
    note: String,
    shows: Option<Shown>,
    fault: Option<String>,
}

#[derive(Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
struct Shown {
    size: u64,
    root: LogRoot,
}

pub(super) fn check(vectors: &Vectors) {
    let shared: Shared = vectors.shared();
    let key: NoteKey = shared.key.parse().unwrap();
    assert_eq!((key.to_string(), key.id().to_vec()), (shared.key, shared.key_id.0));
    let witness: NoteKey = shared.witness.parse().unwrap();
    let origin = origin(&shared.consortium);
    let mut cosigned = 0;
    vectors.each(|case: Case| {
        let read = Note::parse(case.note.as_bytes()).map_err(|error| error.name());
        if let Ok(note) = &read {
            assert_eq!(note.to_string(), case.note, "{}", case.what);
            for line in note.signatures.iter().filter(|line| witness.is_named_by(line)) {
                let seen = verify_cosignature(&note.text, line, &witness).unwrap();
                assert_eq!(seen.time_s, shared.seen);
                cosigned += 1;
            }
        }
        let shown = read.and_then(|note| {
            Checkpoint::verify(&note, &key, &origin).map_err(|error| error.name())
        });
        match shown {
            Ok(Checkpoint { size, root, .. }) => {
                assert_eq!(case.fault, None, "{}", case.what);
                assert_eq!(case.shows, Some(Shown { size, root }), "{}", case.what);
            }
            Err(fault) => assert_eq!(Some(fault), case.fault.as_deref(), "{}", case.what),
        }
    });
    assert_eq!(cosigned, 2);
}
