//! The story on four real processes, as a newcomer runs it.

use std::process::Command;

#[test]
fn the_story_plays_on_four_real_nodes_and_ends_with_a_verified_archive() {
    let directory = tempfile::tempdir().unwrap();
    let told = Command::new(env!("CARGO_BIN_EXE_comity-devnet"))
        .args(["demo", "--exit", "--dir"])
        .arg(directory.path().join("devnet"))
        .output()
        .unwrap();
    let words = String::from_utf8_lossy(&told.stdout);
    let errors = String::from_utf8_lossy(&told.stderr);
    assert!(told.status.success(), "{words}\n{errors}");
    let turns = [
        "Done: the grant G",
        "Done: the access is allowed and recorded",
        "refused: matter-not-covered",
        "refused: item-not-covered",
        "the grant was revoked by entry",
        "kill -9",
        "Verified: every block and every signature",
        "(exit code 5)",
    ];
    for turn in turns {
        let one_line = words.split_whitespace().collect::<Vec<_>>().join(" ");
        assert!(one_line.contains(turn), "the story lacks {turn:?}:\n{words}");
    }
}
