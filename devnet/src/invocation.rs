//! How this program was called, for telling people how to call it again.
//! Holds: what is shown can be pasted into the shell from which it was called.
//! May not enter: reading the command line.

use std::path::{Path, PathBuf};

use crate::run::quoted;

/// How this program was called.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Invocation {
    program: String,
    dir: Option<PathBuf>,
    has_nodes: bool,
}

impl Invocation {
    /// The call that led to this process, with the directory that was named in it, if any.
    pub(crate) fn of_process(dir: Option<&Path>) -> Invocation {
        // Cargo says so to what it runs.
        let program = if std::env::var_os("CARGO_MANIFEST_DIR").is_some() {
            "cargo run -q --release -p comity-devnet --".to_owned()
        } else {
            let program = std::env::args().next();
            program.map_or_else(|| "comity-devnet".to_owned(), |program| quoted(&program))
        };
        Invocation { program, dir: dir.map(Path::to_owned), has_nodes: true }
    }

    /// The call that led to this process, of a command that is about no devnet.
    pub(crate) fn without_nodes() -> Invocation {
        Invocation { has_nodes: false, ..Invocation::of_process(None) }
    }

    /// Whether the command is about a devnet, whose nodes can be looked at.
    pub(crate) fn has_nodes(&self) -> bool {
        self.has_nodes
    }

    /// How to have it do something with the same devnet.
    pub(crate) fn to(&self, verb: &str) -> String {
        match &self.dir {
            Some(dir) => {
                format!("{} {verb} --dir {}", self.program, quoted(&dir.to_string_lossy()))
            }
            None => format!("{} {verb}", self.program),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_directory_that_was_named_is_named_again() {
        let program = "comity-devnet".to_owned();
        let named = |dir: Option<&str>| Invocation {
            program: program.clone(),
            dir: dir.map(PathBuf::from),
            has_nodes: true,
        };
        assert_eq!(named(None).to("down"), "comity-devnet down");
        assert_eq!(named(Some("/a b")).to("down"), "comity-devnet down --dir \"/a b\"");
    }
}
