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
        "Done: R4 asks for health.gz/disability-register. It waits at health.gz",
        "What waits for health.gz, steward, Data office",
        "Done: the request R4 is approved, and the grant G5 issued",
        "Asked for in R4",
        "Done: the access is allowed and recorded",
        "Access refused: the grant does not cover the matter",
        "Access refused: the grant does not cover the item",
        "Next: comity grant show G5; ask for granted items only.",
        "the access was refused, since the grant does not cover the item diagnosis",
        "Who loses by it: civil.th loses G5.",
        "the grant was revoked by entry",
        "kill -9",
        "Verified: every block and every signature",
        "(exit code 5)",
    ];
    let one_line = words.split_whitespace().collect::<Vec<_>>().join(" ");
    for turn in turns {
        assert!(one_line.contains(turn), "the story lacks {turn:?}:\n{words}");
    }
    // The case's number is what the officer types and is shown before signing, and nothing more.
    assert_eq!(one_line.matches("2026-0417").count(), 2, "{words}");
    for preview in ["You are about to sign", "To be committed by"] {
        assert_eq!(one_line.matches(preview).count(), 2, "{preview} is shown twice:\n{words}");
    }
    let place = directory.path().display().to_string();
    let too_wide = |line: &&str| line.chars().count() > 80 && !line.contains(&place);
    assert_eq!(words.lines().find(too_wide), None, "{words}");
}
