//! The directory where copies of the sources are changed and built.
//! Holds: nothing outside it is written; what did not change is not built again.

use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::bug::Bug;
use crate::plant::{PlantError, SWITCH_MODULE, plant};

/// The packages that are copied: what is tested, and the simulator that tests it.
pub const PACKAGES: [&str; 3] = ["core", "node/replica", "tests/sim"];
/// Files of the root that a build needs.
const ROOT_FILES: [&str; 2] = ["Cargo.toml", "Cargo.lock"];
const CORE_LIBRARY: &str = "core/src/lib.rs";
const CORE_SWITCH: &str = "core/src/planted.rs";

/// Why there is no program to hunt with.
#[derive(Debug, thiserror::Error)]
pub enum WorkshopError {
    /// A file could not be read or written.
    #[error("{path}: {source}")]
    File {
        /// Which.
        path: PathBuf,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// The bugs do not fit the sources.
    #[error(transparent)]
    Plant(#[from] PlantError),
    /// The root manifest is not as expected.
    #[error("Cargo.toml of the workspace has no line `members = [...]` to put the copies' in")]
    Members,
    /// Cargo could not be started.
    #[error(
        "cargo could not be started ({0}): planted bugs need it, and the sources of what is built upon"
    )]
    NoCargo(#[source] io::Error),
    /// The changed sources do not build.
    #[error("the sources with planted bugs do not build, neither offline nor online:\n{0}")]
    Build(String),
}

/// Where the copies lie and are built.
#[derive(Clone, Debug)]
pub struct Workshop {
    directory: PathBuf,
}

impl Workshop {
    /// The workshop of this workspace: `planted` in its target directory.
    pub fn new() -> Workshop {
        let target = std::env::var_os("CARGO_TARGET_DIR").map(PathBuf::from);
        let target = target.unwrap_or_else(|| root().join("target"));
        Workshop { directory: root().join(target).join("planted") }
    }

    /// The sources as they are, by path from the root. Errors: `File`.
    pub fn sources() -> Result<BTreeMap<String, String>, WorkshopError> {
        let mut sources = BTreeMap::new();
        for package in PACKAGES {
            collect(&root().join(package), package, &mut sources)?;
        }
        Ok(sources)
    }

    /// Copies the sources, plants the bugs and builds. Returns the program. Errors: all.
    pub fn build(&self, bugs: &[Bug]) -> Result<PathBuf, WorkshopError> {
        let mut sources = Self::sources()?;
        plant(bugs, &mut sources)?;
        if let Some(library) = sources.get_mut(CORE_LIBRARY) {
            library.push_str("\n#[doc(hidden)]\npub mod planted;\n");
        }
        sources.insert(CORE_SWITCH.to_owned(), SWITCH_MODULE.to_owned());
        for name in ROOT_FILES {
            sources.insert(name.to_owned(), read(&root().join(name))?);
        }
        if let Some(manifest) = sources.get_mut(ROOT_FILES[0]) {
            *manifest = with_members(manifest).ok_or(WorkshopError::Members)?;
        }
        self.write(&sources)?;
        self.cargo_build()?;
        let name = format!("comity-sim{}", std::env::consts::EXE_SUFFIX);
        Ok(self.directory.join("target").join("release").join(name))
    }

    /// Brings the copies in line with `sources`, leaving alone what is the same.
    fn write(&self, sources: &BTreeMap<String, String>) -> Result<(), WorkshopError> {
        let mut stale = BTreeMap::new();
        for package in PACKAGES {
            collect(&self.directory.join(package), package, &mut stale)?;
        }
        let kept: BTreeSet<&String> = sources.keys().collect();
        for path in stale.keys().filter(|path| !kept.contains(path)) {
            let path = self.directory.join(path);
            std::fs::remove_file(&path).map_err(|source| WorkshopError::File { path, source })?;
        }
        for (name, text) in sources {
            let path = self.directory.join(name);
            if std::fs::read_to_string(&path).is_ok_and(|written| written == *text) {
                continue;
            }
            let parent = path.parent().unwrap_or(&self.directory);
            let written =
                std::fs::create_dir_all(parent).and_then(|()| std::fs::write(&path, text));
            written.map_err(|source| WorkshopError::File { path, source })?;
        }
        Ok(())
    }

    fn cargo_build(&self) -> Result<(), WorkshopError> {
        let mut said = String::new();
        // What is built upon was fetched when this very program was built; if not, then now.
        for online in [&["--offline"][..], &[]] {
            let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
            let mut command = Command::new(cargo);
            command.args(["build", "--release", "--package", "comity-sim"]).args(online);
            command.arg("--target-dir").arg(self.directory.join("target"));
            command.current_dir(&self.directory);
            // A bug may leave a variable unused; which lints are on is another test's concern.
            command.env("RUSTFLAGS", "--cap-lints allow");
            command.env_remove("CARGO_ENCODED_RUSTFLAGS").env_remove("CARGO_TARGET_DIR");
            let output = command.output().map_err(WorkshopError::NoCargo)?;
            if output.status.success() {
                return Ok(());
            }
            said.push_str(&String::from_utf8_lossy(&output.stderr));
        }
        Err(WorkshopError::Build(said))
    }
}

impl Default for Workshop {
    fn default() -> Self {
        Workshop::new()
    }
}

/// The root of the workspace that this package belongs to.
pub fn root() -> PathBuf {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    here.ancestors().nth(2).unwrap_or(here).to_owned()
}

fn read(path: &Path) -> Result<String, WorkshopError> {
    std::fs::read_to_string(path)
        .map_err(|source| WorkshopError::File { path: path.to_owned(), source })
}

/// All texts below a directory, by path with `prefix`; none where there is no such directory.
fn collect(
    directory: &Path,
    prefix: &str,
    texts: &mut BTreeMap<String, String>,
) -> Result<(), WorkshopError> {
    let failed = |source| WorkshopError::File { path: directory.to_owned(), source };
    let entries = match std::fs::read_dir(directory) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        entries => entries.map_err(failed)?,
    };
    for entry in entries {
        let entry = entry.map_err(failed)?;
        let (path, name) = (entry.path(), entry.file_name());
        let inner = format!("{prefix}/{}", name.to_string_lossy());
        if path.is_dir() {
            collect(&path, &inner, texts)?;
        } else if let Ok(text) = std::fs::read_to_string(&path) {
            texts.insert(inner, text);
        }
    }
    Ok(())
}

/// The root manifest with the copied packages alone as members.
fn with_members(manifest: &str) -> Option<String> {
    let start = manifest.find("members = [")?;
    let end = start + manifest[start..].find(']')? + 1;
    let members = PACKAGES.map(|package| format!("\"{package}\"")).join(", ");
    Some(format!("{}members = [{members}]{}", &manifest[..start], &manifest[end..]))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn manifest_names_the_copied_packages_alone() {
        let manifest = "[workspace]\nmembers = [\n  \"core\", \"node\",\n]\n\n[profile.release]\n";
        let expected = "[workspace]\nmembers = [\"core\", \"node/replica\", \"tests/sim\"]\n\n[profile.release]\n";
        assert_eq!(with_members(manifest).as_deref(), Some(expected));
        assert_eq!(with_members("[package]\n"), None);
    }
}
