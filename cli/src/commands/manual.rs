//! `comity completions`, `comity man`: what shells and `man` know of the commands.
//! Holds: both are made from the one definition of the command line.
//! May not enter: texts.

use std::path::Path;

use serde_json::json;

use crate::args::{self, MakeCompletions, MakeManual};
use crate::fault::Fault;
use crate::messages::{fault, say};
use crate::shell::Session;

const PROGRAM: &str = "comity";

pub(super) fn completions(args: &MakeCompletions, session: &mut Session<'_>) -> Result<(), Fault> {
    let mut script = Vec::new();
    clap_complete::generate(args.shell, &mut args::command(), PROGRAM, &mut script);
    session.shell.script(&script)
}

pub(super) fn pages(args: &MakeManual, session: &mut Session<'_>) -> Result<(), Fault> {
    let out = &args.out;
    let unwritable = |cause: std::io::Error| {
        fault!(Failed, "file-unwritable", path = out.display(), cause = cause)
    };
    std::fs::create_dir_all(out).map_err(unwritable)?;
    clap_mangen::generate_to(args::command(), out).map_err(unwritable)?;
    let pages = pages_in(out).map_err(unwritable)?;
    session.result(&json!({ "folder": out, "pages": pages }), |_| {
        say!("ok-manual", path = out.display(), count = pages.len())
    })
}

/// The names of the program's pages in a folder, sorted.
fn pages_in(folder: &Path) -> std::io::Result<Vec<String>> {
    let mut names = Vec::new();
    for entry in std::fs::read_dir(folder)? {
        let name = entry?.file_name().to_string_lossy().into_owned();
        if name.starts_with(PROGRAM) && name.ends_with(".1") {
            names.push(name);
        }
    }
    names.sort();
    Ok(names)
}
