//! A disk that is only looked at: the files as they were when it was opened.
//! Holds: nothing on the real disk ever changes, whatever opening a log asks for.
//! May not enter: writing.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io;
use std::os::unix::fs::FileExt as _;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use comity_replica::storage::{Disk, DiskError, DiskOperation};

/// The files of a directory, each up to the size that it had when this was opened. Another process
/// may append to them meanwhile; what it appends is not seen. Cutting a file's end and removing
/// a file take effect in this view alone.
#[derive(Clone, Debug)]
pub(crate) struct ReadDisk {
    directory: PathBuf,
    sizes: Arc<Mutex<BTreeMap<String, u64>>>,
}

impl ReadDisk {
    /// Looks at `directory`. Errors: the operating system's.
    pub(crate) fn open(directory: &Path) -> Result<ReadDisk, DiskError> {
        let sizes = sizes(directory).map_err(failed(DiskOperation::List, "."))?;
        let directory = directory.to_owned();
        Ok(ReadDisk { directory, sizes: Arc::new(Mutex::new(sizes)) })
    }

    fn with_sizes<T>(&self, act: impl FnOnce(&mut BTreeMap<String, u64>) -> T) -> T {
        // No update of the table can panic half way.
        act(&mut self.sizes.lock().unwrap_or_else(PoisonError::into_inner))
    }

    fn read_at(&self, file: &str, offset: u64, length: usize) -> io::Result<Vec<u8>> {
        let Some(size) = self.with_sizes(|sizes| sizes.get(file).copied()) else {
            return Err(io::ErrorKind::NotFound.into());
        };
        let left = usize::try_from(size.saturating_sub(offset)).unwrap_or(usize::MAX);
        let mut bytes = vec![0; length.min(left)];
        File::open(self.directory.join(file))?.read_exact_at(&mut bytes, offset)?;
        Ok(bytes)
    }
}

impl Disk for ReadDisk {
    fn read(&self, file: &str, offset: u64, length: usize) -> Result<Vec<u8>, DiskError> {
        self.read_at(file, offset, length).map_err(failed(DiskOperation::Read, file))
    }

    fn size(&self, file: &str) -> Result<Option<u64>, DiskError> {
        Ok(self.with_sizes(|sizes| sizes.get(file).copied()))
    }

    fn list(&self) -> Result<Vec<String>, DiskError> {
        Ok(self.with_sizes(|sizes| sizes.keys().cloned().collect()))
    }

    fn append(&mut self, file: &str, _bytes: &[u8]) -> Result<(), DiskError> {
        Err(failed(DiskOperation::Append, file)(io::ErrorKind::ReadOnlyFilesystem.into()))
    }

    /// Whatever can be read was committed with a certificate, durable on this machine or not.
    fn sync(&mut self, _file: &str) -> Result<(), DiskError> {
        Ok(())
    }

    fn rename(&mut self, from: &str, _to: &str) -> Result<(), DiskError> {
        Err(failed(DiskOperation::Rename, from)(io::ErrorKind::ReadOnlyFilesystem.into()))
    }

    fn truncate(&mut self, file: &str, size: u64) -> Result<(), DiskError> {
        self.with_sizes(|sizes| sizes.insert(file.to_owned(), size));
        Ok(())
    }

    fn remove(&mut self, file: &str) -> Result<(), DiskError> {
        self.with_sizes(|sizes| sizes.remove(file));
        Ok(())
    }
}

fn sizes(directory: &Path) -> io::Result<BTreeMap<String, u64>> {
    let mut names = Vec::new();
    for entry in fs::read_dir(directory)? {
        names.extend(entry?.file_name().into_string());
    }
    // The newest segment first: by the time it is there, those before it have their last size.
    names.sort_unstable_by(|a, b| b.cmp(a));
    let mut sizes = BTreeMap::new();
    for name in names {
        match fs::metadata(directory.join(&name)) {
            Ok(metadata) if metadata.is_file() => {
                sizes.insert(name, metadata.len());
            }
            Ok(_) => {}
            // The write-ahead log is replaced now and then.
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(error) => return Err(error),
        }
    }
    Ok(sizes)
}

fn failed(operation: DiskOperation, file: &str) -> impl FnOnce(io::Error) -> DiskError {
    let file = file.to_owned();
    move |source| DiskError { operation, file, source }
}
