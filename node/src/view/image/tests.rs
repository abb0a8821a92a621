//! Images: what is read is what was written; what was changed is not taken for it, nor read without end.

use comity_core::hash::ConsortiumId;
use tempfile::TempDir;

use super::*;

type Pairs = Vec<(Vec<u8>, Vec<u8>)>;

fn state(count: u32) -> StateTree {
    let pair = |number: u32| (number.to_be_bytes().to_vec(), vec![7; number as usize % 90]);
    StateTree::new(&ConsortiumId([1; 32])).with((0..count).map(pair))
}

/// All pairs, as they come.
fn read(dir: &Path, height: u64) -> Result<Pairs, ViewError> {
    let image = Image::open(dir, Height(height))?;
    let mut all = Vec::new();
    while let Some(piece) = image.next_piece()? {
        for pair in pairs(&piece) {
            let (key, value) = pair?;
            all.push((key.to_vec(), value.to_vec()));
        }
    }
    Ok(all)
}

fn files(dir: &Path) -> Vec<String> {
    let entries = fs::read_dir(dir).unwrap();
    let mut names: Vec<_> =
        entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

#[test]
fn every_pair_is_read_again_in_the_order_of_the_state() {
    let dir = TempDir::new().unwrap();
    for count in [0, 1, 50, 500] {
        let state = state(count);
        let length = write(dir.path(), Height(4), &state).unwrap();
        assert_eq!(fs::metadata(dir.path().join("state-4")).unwrap().len(), length);
        let expected: Vec<_> = state.iter().map(|(k, v)| (k.to_vec(), v.to_vec())).collect();
        assert_eq!(read(dir.path(), 4).unwrap(), expected);
    }
    assert_eq!(files(dir.path()), ["state-4"]);
}

#[test]
fn image_that_is_cut_off_or_changed_gives_an_error_or_other_pairs_and_no_more() {
    let dir = TempDir::new().unwrap();
    let state = state(60);
    write(dir.path(), Height(1), &state).unwrap();
    let path = dir.path().join("state-1");
    let whole = fs::read(&path).unwrap();
    let expected = read(dir.path(), 1).unwrap();
    for at in 0..whole.len() {
        fs::write(&path, &whole[..at]).unwrap();
        assert!(read(dir.path(), 1).map_or(true, |pairs| pairs.len() < 60), "cut at {at}");
        let mut changed = whole.clone();
        changed[at] ^= 0xFF;
        fs::write(&path, changed).unwrap();
        assert!(read(dir.path(), 1).map_or(true, |pairs| pairs != expected), "changed at {at}");
    }
    fs::remove_file(&path).unwrap();
    assert!(matches!(read(dir.path(), 1), Err(ViewError::Image { .. })));
}

#[test]
fn other_images_are_removed_and_nothing_else() {
    let dir = TempDir::new().unwrap();
    for height in [3, 30, 31] {
        write(dir.path(), Height(height), &state(3)).unwrap();
    }
    for other in ["state-32.new", "db", "snap.7"] {
        fs::write(dir.path().join(other), b"x").unwrap();
    }
    remove_others(dir.path(), Height(30)).unwrap();
    assert_eq!(files(dir.path()), ["db", "snap.7", "state-30"]);
}
