//! A directory is one node's and one process's, and what is missing in it is explained.

use super::*;

fn node_dir() -> (tempfile::TempDir, DataDir) {
    let temp = tempfile::tempdir().unwrap();
    let dir = DataDir::create(&temp.path().join("node")).unwrap();
    std::fs::write(dir.config_file(), "").unwrap();
    (temp, dir)
}

#[test]
fn second_process_is_refused_and_told_which_one_is_there() {
    let (_temp, dir) = node_dir();
    let held = dir.lock().unwrap();
    let refused = Failure::from(dir.lock().unwrap_err());
    let pid = std::process::id();
    assert_eq!(refused.ending(), Ending::Refused);
    assert_eq!(
        refused.to_string(),
        format!(
            "Error: another process (number {pid}) is working in {}.\n\
             Two processes in one directory could sign two different votes, so only one may \
             run. Nothing was changed.\n\
             Next: let it run, or stop it first; look at it with: ps -p {pid}\n",
            dir.root().display()
        )
    );
    drop(held);
    dir.lock().unwrap();
}

#[test]
fn genesis_that_is_missing_or_damaged_is_explained() {
    let (_temp, dir) = node_dir();
    let missing = Failure::from(dir.genesis().unwrap_err()).to_string();
    assert!(missing.contains("genesis.json does not exist.\n"), "{missing}");
    assert!(missing.contains("compare the consortium's id with them by telephone"));
    std::fs::write(dir.genesis_file(), "{\n \"version\": }").unwrap();
    let damaged = Failure::from(dir.genesis().unwrap_err()).to_string();
    assert!(damaged.contains("expected value at line 2 column 13"), "{damaged}");
}

#[test]
fn directory_with_anything_in_it_is_not_taken() {
    let (_temp, dir) = node_dir();
    assert!(matches!(DataDir::create(dir.root()), Err(DataDirError::AlreadyANode(_))));
    std::fs::remove_file(dir.config_file()).unwrap();
    assert!(matches!(DataDir::create(dir.root()), Err(DataDirError::NotEmpty(_))));
    assert!(matches!(DataDir::open(dir.root()), Err(DataDirError::NotADataDir(_))));
}
