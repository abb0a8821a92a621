//! How the state lies on the disk: an image, which is a file with all pairs as they were after one block, and the
//! journal, which is what each block changed since and lies in the tree.
//! Holds: whatever interrupts the node, the image that the tree names and the journal are the state of the tree's tip.
//! An image is named in the batch that ends the journal before it, once it is durable; the file before it is removed
//! once that batch is.
//! May not enter: the bytes of images (see `image`); putting the state together (see `loading`).

#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::io;
use std::path::{Path, PathBuf};
use std::thread::JoinHandle;

use comity_core::encoding::{Decode, Encode, encode};
use comity_core::ids::Height;
use comity_core::state_tree::StateTree;
use sled::IVec;

use super::ViewError;
use super::image;
use super::layout::{JOURNAL, image_key, journal_key, value};
use super::tree::{Batch, Tree, under};

/// A journal is never replaced before it is so long (bytes).
const LEAST_BYTES: u64 = if cfg!(test) { 1024 } else { 4 * 1024 * 1024 };
/// A journal is replaced by an image when it has reached one part in so many of the last image's length: a start reads so
/// much more, and a block costs so many times its own changes.
const PARTS: u64 = 8;

/// Which image the state begins with. Value under [`image_key`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode)]
pub(super) struct ImageMark {
    /// Of the state after this block.
    pub(super) height: Height,
    /// The file's length (bytes).
    pub(super) bytes: u64,
}

/// The journal's account, and the image that is to replace it.
#[derive(Debug)]
pub(super) struct Journal {
    dir: PathBuf,
    image: Option<ImageMark>,
    /// Of the journal in the tree (bytes).
    bytes: u64,
    /// The length of the journal at which an image is made (bytes).
    due: u64,
    writing: Option<Writing>,
    /// Whether files may lie there that no tree names any more.
    has_older: bool,
}

/// An image in the making.
#[derive(Debug)]
struct Writing {
    height: Height,
    /// Of the journal that it replaces (bytes).
    replaces: u64,
    thread: JoinHandle<io::Result<u64>>,
}

impl Journal {
    /// Of a view in `dir` that has no state yet.
    pub(super) fn new(dir: &Path) -> Journal {
        Journal {
            dir: dir.to_owned(),
            image: None,
            bytes: 0,
            due: LEAST_BYTES,
            writing: None,
            has_older: false,
        }
    }

    /// As it lies in the tree; and its parts, the oldest first. Errors: the store.
    pub(super) fn load(tree: &Tree, dir: &Path) -> Result<(Journal, Vec<IVec>), ViewError> {
        let image = tree.get(image_key())?.map(|bytes| value::<ImageMark>(&bytes)).transpose()?;
        let parts = tree.ascending(under(&[JOURNAL])).map(|pair| Ok(pair?.1));
        let parts: Vec<IVec> = parts.collect::<sled::Result<_>>()?;
        let bytes = parts.iter().map(|part| part.len() as u64).sum();
        let due = due_after(image);
        let journal = Journal { image, bytes, due, ..Journal::new(dir) };
        Ok((journal, parts))
    }

    /// The image that the state begins with.
    pub(super) fn image(&self) -> Option<ImageMark> {
        self.image
    }

    /// Adds to a batch what a block changes; and, where an image has become durable meanwhile, that it counts from now on.
    pub(super) fn add(
        &mut self,
        batch: &mut Batch,
        height: Height,
        changes: &BTreeMap<Vec<u8>, Vec<u8>>,
    ) {
        if self.writing.as_ref().is_some_and(|writing| writing.thread.is_finished()) {
            self.take_over(batch);
        }
        if changes.is_empty() {
            return;
        }
        let mut bytes = Vec::new();
        for (key, value) in changes {
            image::put_pair(&mut bytes, key, value);
        }
        self.bytes += bytes.len() as u64;
        batch.insert(journal_key(height), bytes);
    }

    /// Begins an image of the state after the block that was applied last, if the journal is long enough and no other is in the making.
    /// It is written on a thread of its own: a state, once made, never changes.
    pub(super) fn replace_when_due(&mut self, height: Height, state: &StateTree) {
        if self.writing.is_some() || self.bytes < self.due {
            return;
        }
        let (dir, state) = (self.dir.clone(), state.clone());
        let write = move || image::write(&dir, height, &state);
        match std::thread::Builder::new().name("image".to_owned()).spawn(write) {
            Ok(thread) => {
                self.writing = Some(Writing { height, replaces: self.bytes, thread });
            }
            Err(error) => self.put_off(&error),
        }
    }

    /// Makes an image at once, for a state that comes as a whole, and adds to a batch that it counts. Errors: the disk.
    pub(super) fn begin(
        &mut self,
        batch: &mut Batch,
        height: Height,
        state: &StateTree,
    ) -> Result<(), ViewError> {
        let written = image::write(&self.dir, height, state);
        let bytes =
            written.map_err(|source| ViewError::Image { path: self.dir.clone(), source })?;
        self.name(batch, ImageMark { height, bytes });
        Ok(())
    }

    /// Waits for an image in the making, and adds to a batch that it counts. Returns whether there was one.
    pub(super) fn finish(&mut self, batch: &mut Batch) -> bool {
        let is_making = self.writing.is_some();
        self.take_over(batch);
        is_making
    }

    /// That the tree names this image is durable: others are removed, if it still does.
    pub(super) fn is_durable(&mut self, named: Option<ImageMark>) {
        // One in the making is not named yet, and is no older one.
        let may_remove = self.has_older && self.writing.is_none() && self.image == named;
        let Some(image) = self.image.filter(|_| may_remove) else { return };
        match image::remove_others(&self.dir, image.height) {
            Ok(()) => self.has_older = false,
            // It is tried again; until then a file lies there that nobody reads.
            Err(error) => tracing::warn!(%error, "an old image of the state cannot be removed"),
        }
    }

    fn take_over(&mut self, batch: &mut Batch) {
        let Some(Writing { height, replaces, thread }) = self.writing.take() else { return };
        let written = thread.join().unwrap_or_else(|_| Err(io::Error::other("it panicked")));
        match written {
            Ok(bytes) => {
                let first = self.image.map_or(Height(0), |image| image.height);
                (first.0..=height.0).for_each(|at| batch.remove(journal_key(Height(at))));
                self.bytes = self.bytes.saturating_sub(replaces);
                self.name(batch, ImageMark { height, bytes });
            }
            Err(error) => self.put_off(&error),
        }
    }

    fn name(&mut self, batch: &mut Batch, image: ImageMark) {
        batch.insert(image_key(), encode(&image));
        self.image = Some(image);
        self.due = due_after(self.image);
        self.has_older = true;
    }

    /// The journal has all that the image would have had: the next one is tried when it has grown again.
    fn put_off(&mut self, error: &io::Error) {
        tracing::warn!(%error, "no image of the state could be written; it is tried again later");
        self.due = self.bytes.saturating_add(due_after(self.image));
    }
}

fn due_after(image: Option<ImageMark>) -> u64 {
    image.map_or(0, |image| image.bytes / PARTS).max(LEAST_BYTES)
}
