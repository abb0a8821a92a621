//! No planted bug is in what ships.

use comity_planted::plant::VARIABLE;
use comity_planted::workshop::{PACKAGES, Workshop, root};

#[test]
fn sources_that_ship_know_nothing_of_planted_bugs() {
    let sources = Workshop::sources().unwrap();
    assert!(PACKAGES.iter().all(|package| sources.keys().any(|path| path.starts_with(package))));
    let offenders: Vec<&String> = sources
        .iter()
        .filter(|(_, text)| text.contains(VARIABLE) || text.contains("planted::is("))
        .map(|(path, _)| path)
        .collect();
    assert!(offenders.is_empty(), "{offenders:?}");
}

/// Whatever programs of the workspace are built beside this test are free of the switch. Where only
/// this package was built there is none to look at; their sources are looked at above.
#[test]
fn programs_that_ship_have_no_switch() {
    let here = std::env::current_exe().unwrap();
    let built = here.parent().and_then(|deps| deps.parent()).unwrap();
    for name in ["comityd", "comity", "comity-devnet", "comity-multicall", "comity-sim"] {
        let path = built.join(format!("{name}{}", std::env::consts::EXE_SUFFIX));
        let Ok(bytes) = std::fs::read(&path) else { continue };
        let mark = VARIABLE.as_bytes();
        let has_switch = bytes.windows(mark.len()).any(|window| window == mark);
        assert!(!has_switch, "{} can switch planted bugs on", path.display());
    }
}

#[test]
fn copies_lie_in_a_directory_of_their_own() {
    let sources = root();
    for package in PACKAGES {
        assert!(sources.join(package).join("Cargo.toml").exists(), "{package}");
        assert!(!sources.join(package).join("src").join("planted.rs").exists(), "{package}");
    }
}
