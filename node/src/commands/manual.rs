//! `comityd completions`, `comityd man`: what shells and `man` know of the commands.
//! Holds: both are made from the one definition of the command line.
//! May not enter: texts (they are in `args`).

use std::fs;
use std::path::{Path, PathBuf};

use clap_complete::Shell;

use crate::args;
use crate::data_dir::io_error;
use crate::failure::Failure;

const PROGRAM: &str = "comityd";

/// Returns the script.
pub(super) fn completions(shell: Shell) -> String {
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut args::command(), PROGRAM, &mut script);
    String::from_utf8_lossy(&script).into_owned()
}

/// Writes the pages into a folder, which is made if it is not there. Returns what to print.
pub(super) fn pages(out: &Path) -> Result<String, Failure> {
    fs::create_dir_all(out).map_err(|source| io_error("create", out, source))?;
    clap_mangen::generate_to(args::command(), out)
        .map_err(|source| io_error("write the pages to", out, source))?;
    let pages = pages_in(out).map_err(|source| io_error("read", out, source))?;
    Ok(format!("{} pages are in {}.\n", pages.len(), out.display()))
}

/// The program's pages in a folder.
fn pages_in(folder: &Path) -> std::io::Result<Vec<PathBuf>> {
    let mut pages = Vec::new();
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        let name = entry.file_name().to_string_lossy().into_owned();
        if name.starts_with(PROGRAM) && name.ends_with(".1") {
            pages.push(entry.path());
        }
    }
    Ok(pages)
}

#[cfg(test)]
mod tests {
    use std::fs;

    use crate::founding::{comityd, text};

    /// The paths of all commands, as in `comityd config check`.
    fn paths(command: &clap::Command, above: &str, found: &mut Vec<String>) {
        let here = format!("{above} {}", command.get_name()).trim().to_owned();
        for sub in command.get_subcommands() {
            paths(sub, &here, found);
        }
        found.push(here);
    }

    fn all() -> Vec<String> {
        let mut found = Vec::new();
        paths(&crate::args::command(), "", &mut found);
        assert!(found.contains(&"comityd config check".to_owned()), "{found:?}");
        found
    }

    #[test]
    fn shells_complete_every_command_and_its_options() {
        for shell in ["bash", "zsh", "fish"] {
            let script = comityd(&["completions", shell]).unwrap();
            for word in all().iter().flat_map(|path| path.split(' ')).chain(["archive"]) {
                assert!(script.contains(word), "{shell} does not complete {word}");
            }
        }
    }

    #[test]
    fn every_command_has_a_manual_page_in_a_folder_that_is_made() {
        let temp = tempfile::tempdir().unwrap();
        let folder = temp.path().join("share/man/man1");
        let said = comityd(&["man", "--out", &text(&folder)]).unwrap();
        assert_eq!(said, format!("{} pages are in {}.\n", all().len(), folder.display()));
        for path in all() {
            let page = folder.join(format!("{}.1", path.replace(' ', "-")));
            assert!(page.is_file(), "{} is missing", page.display());
        }
        let page = fs::read_to_string(folder.join("comityd-repair.1")).unwrap();
        assert!(page.contains("Put damaged or missing blocks back"), "{page}");
    }

    #[test]
    fn a_folder_that_cannot_be_made_is_named() {
        let temp = tempfile::tempdir().unwrap();
        let file = temp.path().join("file");
        fs::write(&file, "").unwrap();
        let refused = comityd(&["man", "--out", &text(&file)]).unwrap_err().to_string();
        assert!(refused.contains(&text(&file)), "{refused}");
    }
}
