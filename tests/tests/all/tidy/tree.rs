//! The files of the project.

use std::fs;
use std::path::{Path, PathBuf};

/// What holds nothing of the project's own (in a second worktree, `.git` is a file).
const FOREIGN: [&str; 6] =
    [".git", "target", "__pycache__", "node_modules", ".hypothesis", ".schemathesis"];

/// A text file of the project.
pub(super) struct File {
    /// Its path from the project's root, with slashes.
    pub(super) path: String,
    /// What it says.
    pub(super) text: String,
}

impl File {
    /// Whether it lies under this directory.
    pub(super) fn is_under(&self, directory: &str) -> bool {
        self.path.strip_prefix(directory).is_some_and(|rest| rest.starts_with('/'))
    }

    /// Whether it is Rust.
    pub(super) fn is_rust(&self) -> bool {
        self.path.ends_with(".rs")
    }

    /// Whether the whole file is test code. (The simulator is a program in the tests' directory.)
    pub(super) fn is_test(&self) -> bool {
        let path = self.path.strip_prefix("tests/sim/src/").unwrap_or(&self.path);
        path.split('/').any(|part| matches!(part, "tests" | "tests.rs"))
    }
}

/// The project's root.
pub(super) fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap().to_owned()
}

/// Every text file of the project, in the order of their paths.
pub(super) fn files() -> Vec<File> {
    let mut files = Vec::new();
    collect(&root(), &root(), &mut files);
    files.sort_by(|a, b| a.path.cmp(&b.path));
    assert!(files.iter().any(|file| file.path == "core/src/lib.rs"), "the tree was found");
    files
}

/// The project's Rust files.
pub(super) fn rust_files() -> Vec<File> {
    files().into_iter().filter(File::is_rust).collect()
}

/// One file, where it exists.
pub(super) fn read(path: &str) -> Option<String> {
    fs::read_to_string(root().join(path)).ok()
}

fn collect(root: &Path, directory: &Path, files: &mut Vec<File>) {
    for entry in fs::read_dir(directory).unwrap() {
        let (path, kind) = entry.map(|e| (e.path(), e.file_type().unwrap())).unwrap();
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        if FOREIGN.contains(&name.as_str()) {
            continue;
        }
        if kind.is_dir() {
            collect(root, &path, files);
        } else if kind.is_file()
            && let Ok(text) = fs::read_to_string(&path)
        {
            let parts = path.strip_prefix(root).unwrap().iter();
            let path = parts.map(|p| p.to_string_lossy()).collect::<Vec<_>>().join("/");
            files.push(File { path, text });
        }
    }
}
