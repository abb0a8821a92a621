//! Puts all bugs into the text of the sources, each behind a switch.
//! Holds: every edit is made, or an error says which one no longer fits.
//! May not enter: files (see `workshop`).

use std::collections::BTreeMap;
use std::ops::Range;

use crate::bug::{Bug, Edit, SWITCH};

/// The environment variable that names, by its number, the bug that is switched on.
pub const VARIABLE: &str = "COMITY_PLANTED";

/// The module with the switch, as it is added to the copy of core.
pub const SWITCH_MODULE: &str = r#"//! Which planted bug is switched on.

use std::collections::BTreeSet;
use std::sync::{LazyLock, Mutex};

static ON: LazyLock<u32> = LazyLock::new(|| {
    std::env::var("COMITY_PLANTED").ok().and_then(|n| n.parse().ok()).unwrap_or(0)
});
static SEEN: Mutex<BTreeSet<[u8; 32]>> = Mutex::new(BTreeSet::new());

/// Whether this bug is switched on.
pub fn is(number: u32) -> bool {
    *ON == number
}

/// Whether `remember` was told of these bytes before.
pub fn knows(bytes: &[u8; 32]) -> bool {
    SEEN.lock().is_ok_and(|seen| seen.contains(bytes))
}

/// Remembers some bytes.
pub fn remember(bytes: [u8; 32]) {
    if let Ok(mut seen) = SEEN.lock() {
        seen.insert(bytes);
    }
}
"#;

/// Why bugs cannot be planted: the source has changed, and the table must follow.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PlantError {
    /// What is to be replaced stands there not once.
    #[error(
        "the bug {bug} no longer fits: in {file} what it replaces stands {times} times, not once. \
         Write the edit anew in tests/planted/src/bugs/:\n{find}"
    )]
    NotOnce {
        /// Which bug.
        bug: &'static str,
        /// In which file.
        file: &'static str,
        /// How often the text stands there.
        times: usize,
        /// The text.
        find: &'static str,
    },
    /// Two edits are about the same text.
    #[error("the bugs {bug} and {other} change the same text of {file}")]
    Overlap {
        /// One.
        bug: &'static str,
        /// The other.
        other: &'static str,
        /// In which file.
        file: &'static str,
    },
    /// Nothing switches an edit on.
    #[error("an edit of the bug {bug} in {file} has no {SWITCH} in it")]
    NoSwitch {
        /// Which bug.
        bug: &'static str,
        /// In which file.
        file: &'static str,
    },
    /// There is no such file.
    #[error("the bug {bug} is about {file}, which is not there")]
    NoFile {
        /// Which bug.
        bug: &'static str,
        /// Which file.
        file: &'static str,
    },
}

/// A bug's number: its place in the table, from 1.
pub fn number(at: usize) -> u32 {
    u32::try_from(at + 1).unwrap_or(u32::MAX)
}

/// Makes all edits in `sources`, the texts by path. Errors: the first edit that does not fit.
pub fn plant(bugs: &[Bug], sources: &mut BTreeMap<String, String>) -> Result<(), PlantError> {
    let mut by_file: BTreeMap<&'static str, Vec<Planned>> = BTreeMap::new();
    for (at, bug) in bugs.iter().enumerate() {
        for edit in bug.edits {
            let planned = planned(number(at), bug, edit, sources)?;
            by_file.entry(edit.file).or_default().push(planned);
        }
    }
    for (file, mut edits) in by_file {
        edits.sort_by_key(|edit| edit.range.start);
        if let Some(pair) = edits.windows(2).find(|pair| pair[0].range.end > pair[1].range.start) {
            return Err(PlantError::Overlap { bug: pair[0].bug, other: pair[1].bug, file });
        }
        let Some(text) = sources.get_mut(file) else { unreachable!("planned in this file") };
        // From the end, so that the places before stay where they are.
        for edit in edits.into_iter().rev() {
            text.replace_range(edit.range, &edit.text);
        }
    }
    Ok(())
}

struct Planned {
    bug: &'static str,
    range: Range<usize>,
    text: String,
}

fn planned(
    number: u32,
    bug: &Bug,
    edit: &Edit,
    sources: &BTreeMap<String, String>,
) -> Result<Planned, PlantError> {
    let (bug, file) = (bug.name, edit.file);
    let source = sources.get(file).ok_or(PlantError::NoFile { bug, file })?;
    let places: Vec<usize> = source.match_indices(edit.find).map(|(at, _)| at).collect();
    let [start] = places[..] else {
        let (times, find) = (places.len(), edit.find);
        return Err(PlantError::NotOnce { bug, file, times, find });
    };
    if !edit.replace.contains(SWITCH) {
        return Err(PlantError::NoSwitch { bug, file });
    }
    let crate_name = if file.starts_with("core/") { "crate" } else { "comity_core" };
    let switch = format!("{crate_name}::planted::is({number})");
    let text = edit.replace.replace(SWITCH, &switch);
    Ok(Planned { bug, range: start..start + edit.find.len(), text })
}

#[cfg(test)]
mod tests {
    use super::*;

    const ONE: Edit = Edit { file: "core/src/a.rs", find: "x > 1", replace: "(PLANTED || x > 1)" };

    fn bug(edits: &'static [Edit]) -> Bug {
        Bug { name: "one", breaks: "", edits, arguments: &[], seeds: 1 }
    }

    fn sources(text: &str) -> BTreeMap<String, String> {
        [("core/src/a.rs".to_owned(), text.to_owned())].into()
    }

    #[test]
    fn edit_is_made_behind_its_switch() {
        let mut sources = sources("if x > 1 {}");
        plant(&[bug(&[ONE])], &mut sources).unwrap();
        assert_eq!(sources["core/src/a.rs"], "if (crate::planted::is(1) || x > 1) {}");
    }

    #[test]
    fn text_that_is_gone_or_stands_twice_is_an_error_that_names_the_bug() {
        for (text, times) in [("if y {}", 0), ("x > 1 && x > 1", 2)] {
            let error = plant(&[bug(&[ONE])], &mut sources(text)).unwrap_err();
            assert!(
                matches!(error, PlantError::NotOnce { times: t, bug: "one", .. } if t == times)
            );
        }
    }

    #[test]
    fn edits_of_the_same_text_are_an_error() {
        let error = plant(&[bug(&[ONE]), bug(&[ONE])], &mut sources("x > 1")).unwrap_err();
        assert!(matches!(error, PlantError::Overlap { .. }));
    }

    #[test]
    fn edit_without_a_switch_is_an_error() {
        const BARE: Edit = Edit { file: "core/src/a.rs", find: "x", replace: "y" };
        let error = plant(&[bug(&[BARE])], &mut sources("x")).unwrap_err();
        assert!(matches!(error, PlantError::NoSwitch { .. }));
    }
}
