//! The real disk under storage: plain files in one directory.
//! Holds: what `Disk` promises of durability, with fsync of files and of the directory.
//! May not enter: formats, retries after an error, locks (the caller holds the data directory's).

use std::collections::{BTreeMap, BTreeSet};
use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io::{self, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, FileExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use comity_replica::storage::{Disk, DiskError, DiskOperation};

/// Most files kept open (count). Segments of the block log are opened again when they are read.
const OPEN_FILES: usize = 64;

/// Whether something is about to happen to the disk, or has happened.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Moment {
    /// Nothing of it is done.
    Before,
    /// All of it is done, and nobody has been told.
    After,
}

/// A change of a file, as whoever watches a disk is told of it.
#[derive(Clone, Copy, Debug)]
pub struct DiskStep<'a> {
    /// When it is told.
    pub moment: Moment,
    /// What is changed; never a read, a measure or a list.
    pub operation: DiskOperation,
    /// The file, by the name it has before.
    pub path: &'a Path,
    /// What is appended; empty for all else.
    pub bytes: &'a [u8],
}

/// One who watches a disk, called on the thread that changes it. Tests end the process in it.
pub type DiskWatch = fn(&DiskStep<'_>);

/// How a node's logs are tried by a program that tests it.
#[derive(Clone, Copy, Debug)]
pub struct DiskTrial {
    /// Who is told of every change to the files of `log/`.
    pub watch: DiskWatch,
    /// Size past which the write-ahead log is rewritten (bytes); as shipped if `None`.
    pub wal_limit_bytes: Option<u64>,
    /// Size past which a segment of the block log is followed by a new one (bytes); as shipped if
    /// `None`.
    pub segment_limit_bytes: Option<u64>,
}

/// How much is read and written at once where bytes are written anew in their place.
const RENEWED_AT_ONCE_BYTES: usize = 1024 * 1024;

/// Files in a directory that holds nothing else. A clone is another handle on the same files.
#[derive(Clone, Debug)]
pub struct FileDisk {
    directory: PathBuf,
    open: Arc<Mutex<Open>>,
    watch: Option<DiskWatch>,
}

#[derive(Debug, Default)]
struct Open {
    files: BTreeMap<String, OpenFile>,
    /// Files whose existence is durable for certain.
    named: BTreeSet<String>,
}

#[derive(Debug)]
struct OpenFile {
    file: Arc<File>,
    /// Whether bytes were appended since the last sync. Such a file stays open: the error of a
    /// failed write-back is told to handles that were open at the time.
    is_dirty: bool,
}

impl FileDisk {
    /// The disk in `directory`, which is made (readable by its owner alone) when missing. The
    /// caller holds a lock that keeps other processes away. Errors: the operating system's.
    pub fn open(directory: &Path) -> Result<Self, DiskError> {
        let disk = FileDisk { directory: directory.to_owned(), open: Arc::default(), watch: None };
        let made = DirBuilder::new().recursive(true).mode(0o700).create(directory);
        made.map_err(failed(DiskOperation::List, "."))?;
        if let Some(parent) = directory.parent() {
            // So that the directory itself survives a loss of power.
            sync_directory(parent).map_err(failed(DiskOperation::Sync, "."))?;
        }
        Ok(disk)
    }

    /// The same disk, with somebody who watches it; nobody does where `watch` is `None`.
    #[must_use]
    pub fn watched_by(self, watch: Option<DiskWatch>) -> Self {
        FileDisk { watch, ..self }
    }

    /// Performs a change, and tells before and after it.
    fn change(
        &self,
        operation: DiskOperation,
        (file, bytes): (&str, &[u8]),
        perform: impl FnOnce() -> io::Result<()>,
    ) -> Result<(), DiskError> {
        let tell = |moment| {
            if let Some(watch) = self.watch {
                watch(&DiskStep { moment, operation, path: &self.path(file), bytes });
            }
        };
        tell(Moment::Before);
        perform().map_err(failed(operation, file))?;
        tell(Moment::After);
        Ok(())
    }

    fn path(&self, file: &str) -> PathBuf {
        self.directory.join(file)
    }

    fn open_files(&self) -> MutexGuard<'_, Open> {
        // No update of the table can panic half way.
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A handle on an existing file.
    fn existing(&self, file: &str) -> io::Result<Arc<File>> {
        let mut open = self.open_files();
        if let Some(known) = open.files.get(file) {
            return Ok(known.file.clone());
        }
        let options = OpenOptions::new().read(true).append(true).open(self.path(file))?;
        Ok(open.keep(file, options))
    }

    /// A handle on a file that is about to grow, made when missing.
    fn growing(&self, file: &str) -> io::Result<Arc<File>> {
        let mut open = self.open_files();
        if !open.files.contains_key(file) {
            let opened = OpenOptions::new()
                .read(true)
                .append(true)
                .create(true)
                .mode(0o600)
                .open(self.path(file))?;
            open.keep(file, opened);
        }
        match open.files.get_mut(file) {
            Some(known) => {
                known.is_dirty = true;
                Ok(known.file.clone())
            }
            None => unreachable!("it was just kept"),
        }
    }

    fn sync_file(&self, file: &str) -> io::Result<()> {
        self.existing(file)?.sync_data()?;
        if !self.open_files().named.contains(file) {
            sync_directory(&self.directory)?;
        }
        let mut open = self.open_files();
        open.named.insert(file.to_owned());
        if let Some(known) = open.files.get_mut(file) {
            known.is_dirty = false;
        }
        Ok(())
    }

    fn renew_file(&self, file: &str, offset: u64) -> io::Result<()> {
        // The handle that is synced later must be open now, and stay so: it is told of failed
        // write-backs.
        let synced = self.existing(file)?;
        if let Some(known) = self.open_files().files.get_mut(file) {
            known.is_dirty = true;
        }
        let size = synced.metadata()?.len();
        // Not the same handle: one that appends writes at the end, whatever place it is given.
        let in_place = OpenOptions::new().read(true).write(true).open(self.path(file))?;
        let mut at = offset;
        while at < size {
            let bytes = read_at_most(&in_place, at, RENEWED_AT_ONCE_BYTES)?;
            in_place.write_all_at(&bytes, at)?;
            at += bytes.len().max(1) as u64;
        }
        Ok(())
    }

    fn rename_file(&self, from: &str, to: &str) -> io::Result<()> {
        let mut open = self.open_files();
        fs::rename(self.path(from), self.path(to))?;
        open.named.remove(from);
        open.files.remove(to);
        if let Some(moved) = open.files.remove(from) {
            open.files.insert(to.to_owned(), moved);
        }
        sync_directory(&self.directory)?;
        open.named.insert(to.to_owned());
        Ok(())
    }

    fn truncate_file(&self, file: &str, size: u64) -> io::Result<()> {
        let handle = self.existing(file)?;
        if handle.metadata()?.len() < size {
            return Err(io::ErrorKind::InvalidInput.into());
        }
        handle.set_len(size)?;
        handle.sync_all()
    }

    fn remove_file(&self, file: &str) -> io::Result<()> {
        let mut open = self.open_files();
        fs::remove_file(self.path(file))?;
        open.files.remove(file);
        open.named.remove(file);
        sync_directory(&self.directory)
    }

    fn list_files(&self) -> io::Result<Vec<String>> {
        let mut names = Vec::new();
        for entry in fs::read_dir(&self.directory)? {
            let entry = entry?;
            if entry.file_type()?.is_file()
                && let Ok(name) = entry.file_name().into_string()
            {
                names.push(name);
            }
        }
        names.sort_unstable();
        Ok(names)
    }
}

impl Open {
    fn keep(&mut self, name: &str, file: File) -> Arc<File> {
        if self.files.len() >= OPEN_FILES {
            let clean = self.files.iter().find(|(_, open)| !open.is_dirty);
            if let Some(name) = clean.map(|(name, _)| name.clone()) {
                self.files.remove(&name);
            }
        }
        let file = Arc::new(file);
        self.files.insert(name.to_owned(), OpenFile { file: file.clone(), is_dirty: false });
        file
    }
}

impl Disk for FileDisk {
    fn read(&self, file: &str, offset: u64, length: usize) -> Result<Vec<u8>, DiskError> {
        let read = self.existing(file).and_then(|file| read_at_most(&file, offset, length));
        read.map_err(failed(DiskOperation::Read, file))
    }

    fn size(&self, file: &str) -> Result<Option<u64>, DiskError> {
        match fs::metadata(self.path(file)) {
            Ok(metadata) => Ok(Some(metadata.len())),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(failed(DiskOperation::Size, file)(error)),
        }
    }

    fn list(&self) -> Result<Vec<String>, DiskError> {
        self.list_files().map_err(failed(DiskOperation::List, "."))
    }

    fn append(&mut self, file: &str, bytes: &[u8]) -> Result<(), DiskError> {
        self.change(DiskOperation::Append, (file, bytes), || {
            self.growing(file).and_then(|file| (&*file).write_all(bytes))
        })
    }

    fn sync(&mut self, file: &str) -> Result<(), DiskError> {
        self.change(DiskOperation::Sync, (file, &[]), || self.sync_file(file))
    }

    fn renew(&mut self, file: &str, offset: u64) -> Result<(), DiskError> {
        self.change(DiskOperation::Append, (file, &[]), || self.renew_file(file, offset))
    }

    fn rename(&mut self, from: &str, to: &str) -> Result<(), DiskError> {
        self.change(DiskOperation::Rename, (from, &[]), || self.rename_file(from, to))
    }

    fn truncate(&mut self, file: &str, size: u64) -> Result<(), DiskError> {
        self.change(DiskOperation::Truncate, (file, &[]), || self.truncate_file(file, size))
    }

    fn remove(&mut self, file: &str) -> Result<(), DiskError> {
        self.change(DiskOperation::Remove, (file, &[]), || self.remove_file(file))
    }
}

/// Reads by position, so that other threads may read and write through the same handle.
fn read_at_most(file: &File, offset: u64, length: usize) -> io::Result<Vec<u8>> {
    let size = file.metadata()?.len();
    let available = usize::try_from(size.saturating_sub(offset)).unwrap_or(usize::MAX);
    let mut bytes = vec![0; length.min(available)];
    let mut filled = 0;
    while filled < bytes.len() {
        match file.read_at(&mut bytes[filled..], offset + filled as u64) {
            Ok(0) => break,
            Ok(count) => filled += count,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    bytes.truncate(filled);
    Ok(bytes)
}

/// Makes the names in a directory durable.
pub(crate) fn sync_directory(directory: &Path) -> io::Result<()> {
    // A path of one part has an empty parent, which means the current directory.
    let directory = if directory.as_os_str().is_empty() { Path::new(".") } else { directory };
    File::open(directory)?.sync_all()
}

fn failed(operation: DiskOperation, file: &str) -> impl FnOnce(io::Error) -> DiskError {
    let file = file.to_owned();
    move |source| DiskError { operation, file, source }
}

#[cfg(test)]
mod tests;
