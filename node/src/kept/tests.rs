//! What is kept survives, what is erased does not come back, and the whole has a bound.

use std::os::unix::fs::PermissionsExt as _;

use comity_core::dataset::{MAX_DETAILS_BYTES, details_hash};
use comity_core::ids::TimeMs;
use comity_core::keys::{PublicKey, SecretKey};
use comity_core::sealed::{Detail, Opening, Salt};
use tempfile::TempDir;

use super::*;

const CONSORTIUM: ConsortiumId = ConsortiumId([7; 32]);
const ROOM_BYTES: u64 = 1 << 20;

fn key(number: u8) -> PublicKey {
    SecretKey::from_seed(&[number; 32]).public()
}

fn opening(number: u8) -> Opening {
    let text = format!("case {number}").parse().unwrap();
    Opening { detail: Detail::CaseNumber, salt: Salt([number; 32]), text }
}

fn erasure(number: u8) -> Erasure {
    Erasure {
        erased_at: TimeMs(u64::from(number)),
        erased_by: key(number),
        reason: "Retention period has ended".parse().unwrap(),
    }
}

fn open(dir: &TempDir) -> Kept {
    Kept::open(&dir.path().join("kept"), CONSORTIUM, ROOM_BYTES).unwrap()
}

/// All files below a directory, with their bytes.
fn all_files(dir: &Path) -> Vec<(PathBuf, Vec<u8>)> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(dir).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(all_files(&path));
        } else {
            found.push((path.clone(), std::fs::read(&path).unwrap()));
        }
    }
    found
}

#[test]
fn what_is_kept_is_there_after_a_restart_for_its_owner_alone() {
    let dir = TempDir::new().unwrap();
    let given = vec![opening(1), opening(2)];
    let commitments = open(&dir).keep(given.clone(), key(1), TimeMs(5)).unwrap();
    let kept = open(&dir);
    for (commitment, opening) in commitments.iter().zip(given) {
        assert_eq!(*commitment, opening.commitment(&CONSORTIUM));
        let expected = KeptOpening { opening, kept_at: TimeMs(5), kept_by: key(1) };
        assert_eq!(kept.sought(commitment).unwrap(), Sought::Kept(Box::new(expected)));
    }
    let files = all_files(dir.path());
    assert_eq!(files.len(), 2);
    for (path, _) in files {
        assert_eq!(path.metadata().unwrap().permissions().mode() & 0o777, 0o600);
        for above in path.ancestors().skip(1).take(3) {
            assert_eq!(above.metadata().unwrap().permissions().mode() & 0o777, 0o700, "{above:?}");
        }
    }
}

#[test]
fn giving_the_same_again_changes_nothing() {
    let dir = TempDir::new().unwrap();
    let kept = open(&dir);
    let commitment = kept.keep(vec![opening(1)], key(1), TimeMs(5)).unwrap()[0];
    let before = (kept.sought(&commitment).unwrap(), kept.used_bytes());
    kept.keep(vec![opening(1), opening(1)], key(2), TimeMs(9)).unwrap();
    assert_eq!((kept.sought(&commitment).unwrap(), kept.used_bytes()), before);
}

#[test]
fn what_is_erased_is_unlinked_and_never_comes_back() {
    let dir = TempDir::new().unwrap();
    let kept = open(&dir);
    let commitment = kept.keep(vec![opening(1)], key(1), TimeMs(5)).unwrap()[0];
    assert_eq!(kept.erase(&commitment, erasure(2)).unwrap(), Sought::Erased(erasure(2)));
    // Erasing again says what the first said.
    assert_eq!(kept.erase(&commitment, erasure(3)).unwrap(), Sought::Erased(erasure(2)));
    for (path, bytes) in all_files(dir.path()) {
        let text = String::from_utf8(bytes).unwrap();
        assert!(!text.contains("case 1") && !text.contains(&"01".repeat(32)), "{path:?}: {text}");
    }
    // A request that is sent again, or a client that tries again, does not bring it back.
    let again = kept.keep(vec![opening(2), opening(1)], key(1), TimeMs(6));
    assert!(matches!(again, Err(KeptError::Erased { .. })), "{again:?}");
    assert_eq!(kept.sought(&opening(2).commitment(&CONSORTIUM)).unwrap(), Sought::Unknown);
    let kept = open(&dir);
    assert_eq!(kept.sought(&commitment).unwrap(), Sought::Erased(erasure(2)));
    assert_eq!(kept.used_bytes(), 4096, "the tombstone alone");
}

#[test]
fn what_was_never_kept_is_not_erased() {
    let dir = TempDir::new().unwrap();
    let kept = open(&dir);
    let commitment = opening(1).commitment(&CONSORTIUM);
    assert_eq!(kept.erase(&commitment, erasure(1)).unwrap(), Sought::Unknown);
    assert_eq!(all_files(dir.path()), []);
}

#[test]
fn half_written_files_are_ignored_and_cleaned_at_the_next_start() {
    let dir = TempDir::new().unwrap();
    let kept = open(&dir);
    let commitment = kept.keep(vec![opening(1)], key(1), TimeMs(5)).unwrap()[0];
    let (whole, bytes) = all_files(dir.path()).remove(0);
    let torn = whole.with_file_name(format!("{}.json.new", opening(2).commitment(&CONSORTIUM)));
    std::fs::write(&torn, &bytes[..bytes.len() / 2]).unwrap();
    assert_eq!(kept.sought(&opening(2).commitment(&CONSORTIUM)).unwrap(), Sought::Unknown);
    let kept = open(&dir);
    assert!(!torn.exists());
    assert!(matches!(kept.sought(&commitment).unwrap(), Sought::Kept(_)));
    assert_eq!(kept.used_bytes(), 4096);
}

#[test]
fn an_erasure_that_a_crash_cut_short_is_finished_at_the_next_start() {
    let dir = TempDir::new().unwrap();
    let kept = open(&dir);
    let commitment = kept.keep(vec![opening(1)], key(1), TimeMs(5)).unwrap()[0];
    let (path, bytes) = all_files(dir.path()).remove(0);
    kept.erase(&commitment, erasure(2)).unwrap();
    // As if the process had died between the tombstone and the unlinking.
    std::fs::write(&path, bytes).unwrap();
    assert_eq!(kept.sought(&commitment).unwrap(), Sought::Erased(erasure(2)));
    let kept = open(&dir);
    assert!(!path.exists());
    assert_eq!(kept.sought(&commitment).unwrap(), Sought::Erased(erasure(2)));
}

#[test]
fn a_full_store_keeps_no_more_and_still_erases() {
    let dir = TempDir::new().unwrap();
    let kept = Kept::open(&dir.path().join("kept"), CONSORTIUM, 8192).unwrap();
    let commitment = kept.keep(vec![opening(1)], key(1), TimeMs(5)).unwrap()[0];
    let refused = kept.keep(vec![opening(2), opening(3)], key(1), TimeMs(5));
    assert!(matches!(refused, Err(KeptError::Full { wanted_bytes: 8192, .. })), "{refused:?}");
    assert_eq!(all_files(dir.path()).len(), 1, "of several, all or none");
    kept.keep(vec![opening(2)], key(1), TimeMs(5)).unwrap();
    assert!(matches!(kept.erase(&commitment, erasure(1)).unwrap(), Sought::Erased(_)));
    assert_eq!(kept.used_bytes(), 8192);
}

#[test]
fn a_changed_opening_is_damage_and_never_given_back() {
    let dir = TempDir::new().unwrap();
    let kept = open(&dir);
    let commitment = kept.keep(vec![opening(1)], key(1), TimeMs(5)).unwrap()[0];
    let (path, bytes) = all_files(dir.path()).remove(0);
    let changed = String::from_utf8(bytes).unwrap().replace("case 1", "case 9");
    std::fs::write(&path, changed).unwrap();
    let found = kept.sought(&commitment);
    assert!(matches!(found, Err(KeptError::Damaged(at)) if at == path));
    assert!(matches!(kept.erase(&commitment, erasure(1)).unwrap(), Sought::Erased(_)));
}

#[test]
fn details_are_kept_under_their_hash_only() {
    let dir = TempDir::new().unwrap();
    let kept = open(&dir);
    let text = b"what else is known".to_vec();
    let hash = details_hash(&CONSORTIUM, &text);
    assert_eq!(kept.details(&hash).unwrap(), None);
    assert!(matches!(kept.keep_details(&hash, b"other"), Err(KeptError::HashMismatch)));
    let long = vec![b'x'; MAX_DETAILS_BYTES + 1];
    let refused = kept.keep_details(&details_hash(&CONSORTIUM, &long), &long);
    assert!(matches!(refused, Err(KeptError::TooLong { .. })));
    kept.keep_details(&hash, &text).unwrap();
    kept.keep_details(&hash, &text).unwrap();
    let kept = open(&dir);
    assert_eq!(kept.details(&hash).unwrap().as_ref(), Some(&text));
    let (path, _) = all_files(dir.path()).remove(0);
    std::fs::write(&path, b"rotten").unwrap();
    assert!(matches!(kept.details(&hash), Err(KeptError::Damaged(_))));
    kept.keep_details(&hash, &text).unwrap();
    assert_eq!(kept.details(&hash).unwrap(), Some(text));
    assert_eq!(kept.used_bytes(), 4096);
}
