//! The image of a state: a file with all its pairs, beside the tree.
//! Holds: it has its name once it is whole and durable, and is never changed then; it is read in bounded pieces, by
//! several threads.
//! May not enter: whether it is the right one (the state's root tells, see `boot`); which one counts (see `journal`).
//!
//! A file is pieces, each a length (four bytes, big-endian) and so many bytes of pairs; a pair is two such lengths, a key
//! and a value. The pairs are in the order of the state tree, whatever that is.

#[cfg(test)]
mod tests;

use std::fs::{self, File};
use std::io::{self, BufReader, Read, Write};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use comity_core::encoding::DecodeError;
use comity_core::ids::Height;
use comity_core::state_tree::StateTree;

use super::ViewError;
use crate::disk::sync_directory;

/// Bytes of pairs at which a piece ends (bytes).
const PIECE_BYTES: usize = if cfg!(test) { 256 } else { 1024 * 1024 };
/// Pieces after which what is written is made durable, so that the logs' own syncs never wait for a whole image (count).
const PIECES_PER_SYNC: usize = 8;
const NAME: &str = "state-";
const UNFINISHED: &str = ".new";

/// Writes the image of a state as it is after the block of this height. Returns its length (bytes). Errors: the disk.
pub(super) fn write(dir: &Path, height: Height, state: &StateTree) -> io::Result<u64> {
    let path = path(dir, height);
    let unfinished = dir.join(format!("{NAME}{height}{UNFINISHED}"));
    let mut file = File::create(&unfinished)?;
    let mut piece = Vec::new();
    let (mut pieces, mut length) = (0, 0);
    for (key, value) in state.iter() {
        put_pair(&mut piece, key, value);
        if piece.len() >= PIECE_BYTES {
            length += put_piece(&mut file, &mut piece)?;
            pieces += 1;
            if pieces % PIECES_PER_SYNC == 0 {
                file.sync_data()?;
            }
        }
    }
    if !piece.is_empty() {
        length += put_piece(&mut file, &mut piece)?;
    }
    file.sync_all()?;
    fs::rename(unfinished, path)?;
    sync_directory(dir)?;
    Ok(length)
}

/// Removes all images but the one of this height, unfinished ones too. Errors: the disk.
pub(super) fn remove_others(dir: &Path, height: Height) -> io::Result<()> {
    let kept = path(dir, height);
    for entry in fs::read_dir(dir)? {
        let entry = entry?;
        if entry.file_name().to_string_lossy().starts_with(NAME) && entry.path() != kept {
            fs::remove_file(entry.path())?;
        }
    }
    Ok(())
}

/// Adds a pair to bytes that [`pairs`] reads.
pub(super) fn put_pair(bytes: &mut Vec<u8>, key: &[u8], value: &[u8]) {
    for part in [key, value] {
        // No object of the ledger comes near: a block has at most some MiB.
        let length = u32::try_from(part.len()).unwrap_or(u32::MAX);
        bytes.extend_from_slice(&length.to_be_bytes());
    }
    bytes.extend_from_slice(key);
    bytes.extend_from_slice(value);
}

/// The pairs in these bytes. After an error there are no more.
pub(super) fn pairs(mut bytes: &[u8]) -> impl Iterator<Item = Result<Borrowed<'_>, DecodeError>> {
    std::iter::from_fn(move || {
        if bytes.is_empty() {
            return None;
        }
        let read = take_pair(bytes);
        bytes = read.map_or(&[], |(_, rest)| rest);
        Some(read.map(|(pair, _)| pair).ok_or(DecodeError::Truncated))
    })
}

/// A key and its value.
type Borrowed<'a> = (&'a [u8], &'a [u8]);

/// A pair, and the bytes after it.
fn take_pair(bytes: &[u8]) -> Option<(Borrowed<'_>, &[u8])> {
    let (key, bytes) = bytes.split_first_chunk::<4>()?;
    let (value, bytes) = bytes.split_first_chunk::<4>()?;
    let length = |length: &[u8; 4]| usize::try_from(u32::from_be_bytes(*length)).ok();
    let (key, bytes) = bytes.split_at_checked(length(key)?)?;
    let (value, bytes) = bytes.split_at_checked(length(value)?)?;
    Some(((key, value), bytes))
}

/// An image that is being read.
#[derive(Debug)]
pub(super) struct Image {
    path: PathBuf,
    rest: Mutex<Rest>,
}

#[derive(Debug)]
struct Rest {
    file: BufReader<File>,
    /// Bytes that were not read yet.
    length: u64,
}

impl Image {
    /// The image of this height. Errors: the disk; there is none.
    pub(super) fn open(dir: &Path, height: Height) -> Result<Image, ViewError> {
        let path = path(dir, height);
        let opened = File::open(&path).and_then(|file| Ok((file.metadata()?.len(), file)));
        let (length, file) = opened.map_err(|source| failed(&path, source))?;
        Ok(Image { path, rest: Mutex::new(Rest { file: BufReader::new(file), length }) })
    }

    /// The next piece that no thread has taken; `None` after the last. Errors: the disk; the file is cut off.
    pub(super) fn next_piece(&self) -> Result<Option<Vec<u8>>, ViewError> {
        let mut rest = self.rest.lock().unwrap_or_else(PoisonError::into_inner);
        rest.next_piece().map_err(|source| failed(&self.path, source))
    }
}

impl Rest {
    fn next_piece(&mut self) -> io::Result<Option<Vec<u8>>> {
        if self.length == 0 {
            return Ok(None);
        }
        let mut length = [0; 4];
        self.file.read_exact(&mut length)?;
        let length = u32::from_be_bytes(length);
        // No more is asked of the memory than the file has.
        let Some(rest) = self.length.checked_sub(4 + u64::from(length)) else {
            return Err(io::ErrorKind::UnexpectedEof.into());
        };
        let mut piece = vec![0; usize::try_from(length).map_err(io::Error::other)?];
        self.file.read_exact(&mut piece)?;
        self.length = rest;
        Ok(Some(piece))
    }
}

/// Writes a piece and empties it. Returns how many bytes that were.
fn put_piece(file: &mut File, piece: &mut Vec<u8>) -> io::Result<u64> {
    let length = u32::try_from(piece.len()).map_err(io::Error::other)?;
    file.write_all(&length.to_be_bytes())?;
    file.write_all(piece)?;
    piece.clear();
    Ok(4 + u64::from(length))
}

fn path(dir: &Path, height: Height) -> PathBuf {
    dir.join(format!("{NAME}{height}"))
}

fn failed(path: &Path, source: io::Error) -> ViewError {
    ViewError::Image { path: path.to_owned(), source }
}
