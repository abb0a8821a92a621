//! A disk that can fail in every way that storage must live with, and in some that it must notice.
//! Holds: it promises no more than `Disk` does; all that it loses follows from the run's chance.
//! May not enter: what files mean.

use std::collections::BTreeMap;
use std::io;
use std::ops::Range;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use comity_replica::storage::{Disk, DiskError, DiskOperation};

use crate::chance::Chance;

/// What a loss of power does to unsynced bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PowerLoss {
    /// They are gone.
    Whole,
    /// Of each file any first part is left, with a hole in it now and then.
    Part,
    /// All is left but the end of the last write.
    Torn,
}

/// Files of one machine. A clone is another handle on them; `fork` makes a copy.
#[derive(Clone, Debug, Default)]
pub struct SimDisk(Arc<Mutex<State>>);

#[derive(Clone, Debug, Default)]
struct State {
    files: BTreeMap<String, File>,
    /// Mutating operations until the power goes.
    power_for: Option<u64>,
    is_off: bool,
    is_full: bool,
    fails_append: bool,
    fails_sync: bool,
    misdirects: Option<u64>,
}

#[derive(Clone, Debug, Default)]
struct File {
    /// What a reader sees.
    bytes: Vec<u8>,
    /// How many of the first bytes a sync has covered.
    synced: usize,
    /// Of those, what is not on the platter although a sync has covered it.
    hollow: Vec<Range<usize>>,
    /// What is on the platter in another place than it was meant for.
    strays: Vec<(usize, Vec<u8>)>,
    /// From where on the bytes were written anew since the last sync.
    renewed_from: Option<usize>,
    /// Where the last write began.
    last_write: usize,
    /// Whether the file's existence is durable.
    named: bool,
}

impl SimDisk {
    /// An empty disk.
    pub fn new() -> SimDisk {
        SimDisk::default()
    }

    /// A copy that shares nothing with this disk.
    pub fn fork(&self) -> SimDisk {
        SimDisk(Arc::new(Mutex::new(self.state().clone())))
    }

    /// Takes the files of another disk in place of its own.
    pub fn become_copy_of(&mut self, other: &SimDisk) {
        let files = other.state().files.clone();
        *self.state() = State { files, ..State::default() };
    }

    /// The process is gone, the machine is not: what was written can still be read.
    pub fn process_killed(&mut self) {
        let mut state = self.state();
        (state.power_for, state.is_off) = (None, false);
        (state.fails_append, state.fails_sync) = (false, false);
    }

    /// The power is gone and comes back. How many writes landed elsewhere is returned.
    pub fn power_lost(&mut self, loss: PowerLoss, chance: &mut Chance) -> usize {
        let mut state = self.state();
        let files = std::mem::take(&mut state.files);
        *state = State { is_full: state.is_full, ..State::default() };
        let mut strays = 0;
        for (name, mut file) in files {
            if !file.named && (loss == PowerLoss::Whole || chance.per_mille(500)) {
                continue;
            }
            strays += file.strays.len();
            file.lose_power(loss, chance);
            state.files.insert(name, file);
        }
        strays
    }

    /// The power goes in the middle of the mutating operation after the next `operations` ones.
    pub fn cut_power_after(&mut self, operations: u64) {
        self.state().power_for = Some(operations);
    }

    /// Whether the power went.
    pub fn is_off(&self) -> bool {
        self.state().is_off
    }

    /// No write finds room any more.
    pub fn fill(&mut self) {
        self.state().is_full = true;
    }

    /// There is room again.
    pub fn make_room(&mut self) {
        self.state().is_full = false;
    }

    /// The next write fails, done in part.
    pub fn fail_next_append(&mut self) {
        self.state().fails_append = true;
    }

    /// The next sync fails; what it was to cover counts as clean from then on.
    pub fn fail_next_sync(&mut self) {
        self.state().fails_sync = true;
    }

    /// What was to fail does not.
    pub fn disarm(&mut self) {
        let mut state = self.state();
        (state.power_for, state.misdirects) = (None, None);
        (state.fails_append, state.fails_sync) = (false, false);
    }

    /// The next write lands elsewhere (`at` says where) when it reaches the platter.
    pub fn misdirect_next(&mut self, at: u64) {
        self.state().misdirects = Some(at);
    }

    /// Turns one bit among the durable bytes of some file; which file, if there is such a bit.
    pub fn flip_bit(&mut self, chance: &mut Chance) -> Option<String> {
        let mut state = self.state();
        let mut files: Vec<_> = state.files.iter_mut().filter(|(_, f)| f.synced > 0).collect();
        if files.is_empty() {
            return None;
        }
        let at = chance.index(files.len());
        let (name, file) = &mut files[at];
        let byte = chance.index(file.synced);
        file.bytes[byte] ^= 1 << chance.index(8);
        Some((*name).clone())
    }

    /// Removes a file, as an operator or an accident would.
    pub fn lose_file(&mut self, name: &str) {
        self.state().files.remove(name);
    }

    /// Removes everything.
    pub fn wipe(&mut self) {
        *self.state() = State::default();
    }

    /// Whether the bytes lie, durable, in a file whose name begins so.
    pub fn holds_durably(&self, prefix: &str, bytes: &[u8]) -> bool {
        let state = self.state();
        let mut files = state.files.iter().filter(|(name, _)| name.starts_with(prefix));
        files.any(|(_, file)| file.named && file.holds_durably(bytes))
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl File {
    fn holds_durably(&self, bytes: &[u8]) -> bool {
        let durable = &self.bytes[..self.synced];
        let found = durable.windows(bytes.len()).rposition(|window| window == bytes);
        found.is_some_and(|at| {
            let held = at..at + bytes.len();
            self.hollow.iter().all(|gap| gap.end <= held.start || held.end <= gap.start)
        })
    }

    fn lose_power(&mut self, loss: PowerLoss, chance: &mut Chance) {
        self.renewed_from = None;
        let unsynced = self.bytes.len() - self.synced;
        let torn = self.bytes.len().saturating_sub(self.last_write).min(unsynced);
        let kept = match loss {
            PowerLoss::Whole => 0,
            PowerLoss::Part => chance.index(unsynced + 1),
            PowerLoss::Torn => unsynced - torn + chance.index(torn + 1),
        };
        self.bytes.truncate(self.synced + kept);
        if kept > 0 && chance.per_mille(250) {
            let start = self.synced + chance.index(kept);
            let end = start + 1 + chance.index(self.bytes.len() - start);
            let garbage = if chance.per_mille(500) { 0 } else { 0xA5 };
            self.bytes[start..end].fill(garbage);
        }
        for gap in std::mem::take(&mut self.hollow) {
            let end = gap.end.min(self.bytes.len());
            if gap.start < end {
                self.bytes[gap.start..end].fill(0);
            }
        }
        for (at, stray) in std::mem::take(&mut self.strays) {
            let end = (at + stray.len()).min(self.bytes.len());
            if at < end {
                self.bytes[at..end].copy_from_slice(&stray[..end - at]);
            }
        }
        self.synced = self.bytes.len();
        self.last_write = self.synced;
        self.named = true;
    }

    fn cut(&mut self, size: usize) {
        self.bytes.truncate(size);
        self.synced = self.synced.min(size);
        self.last_write = self.last_write.min(size);
        self.hollow.retain_mut(|gap| {
            gap.end = gap.end.min(size);
            gap.start < gap.end
        });
    }
}

fn failure(operation: DiskOperation, file: &str, source: io::Error) -> DiskError {
    DiskError { operation, file: file.to_owned(), source }
}

impl State {
    fn check_power(&self, operation: DiskOperation, name: &str) -> Result<(), DiskError> {
        match self.is_off {
            true => Err(failure(operation, name, io::Error::other("the power is off"))),
            false => Ok(()),
        }
    }

    /// Takes note of a mutating operation; whether the power goes in the middle of it.
    fn power_goes(&mut self, operation: DiskOperation, name: &str) -> Result<bool, DiskError> {
        self.check_power(operation, name)?;
        match &mut self.power_for {
            Some(0) => self.is_off = true,
            Some(left) => *left -= 1,
            None => {}
        }
        Ok(self.is_off)
    }

    fn file(&mut self, operation: DiskOperation, name: &str) -> Result<&mut File, DiskError> {
        let missing = || failure(operation, name, io::ErrorKind::NotFound.into());
        self.files.get_mut(name).ok_or_else(missing)
    }

    /// A change of a whole file: with the power going, it has happened where `bit` says so.
    fn whole(
        &mut self,
        operation: DiskOperation,
        name: &str,
        change: impl FnOnce(&mut State),
    ) -> Result<(), DiskError> {
        let goes = self.power_goes(operation, name)?;
        self.file(operation, name)?;
        let length = self.files.values().map(|file| file.bytes.len()).sum::<usize>();
        if !goes || length & 1 == 1 {
            change(self);
        }
        self.check_power(operation, name)
    }
}

impl Disk for SimDisk {
    fn read(&self, file: &str, offset: u64, length: usize) -> Result<Vec<u8>, DiskError> {
        let mut state = self.state();
        state.check_power(DiskOperation::Read, file)?;
        let bytes = &state.file(DiskOperation::Read, file)?.bytes;
        let start = usize::try_from(offset).unwrap_or(usize::MAX).min(bytes.len());
        let end = start.saturating_add(length).min(bytes.len());
        Ok(bytes[start..end].to_vec())
    }

    fn size(&self, file: &str) -> Result<Option<u64>, DiskError> {
        let state = self.state();
        state.check_power(DiskOperation::Size, file)?;
        Ok(state.files.get(file).map(|file| file.bytes.len() as u64))
    }

    fn list(&self) -> Result<Vec<String>, DiskError> {
        let state = self.state();
        state.check_power(DiskOperation::List, ".")?;
        Ok(state.files.keys().cloned().collect())
    }

    fn append(&mut self, name: &str, bytes: &[u8]) -> Result<(), DiskError> {
        let mut state = self.state();
        state.power_goes(DiskOperation::Append, name)?;
        let fails = std::mem::take(&mut state.fails_append);
        let written = if state.is_full || fails { bytes.len() / 2 } else { bytes.len() };
        let stray = state.misdirects.take();
        let file = state.files.entry(name.to_owned()).or_default();
        file.last_write = file.bytes.len();
        if let Some(at) = stray.filter(|_| file.last_write > 0) {
            let at = usize::try_from(at % file.last_write as u64).unwrap_or(0);
            file.strays.push((at, bytes.to_vec()));
            file.hollow.push(file.last_write..file.last_write + written);
        }
        file.bytes.extend_from_slice(&bytes[..written]);
        if state.is_full {
            return Err(failure(DiskOperation::Append, name, io::ErrorKind::StorageFull.into()));
        }
        if fails {
            return Err(failure(DiskOperation::Append, name, io::Error::other("made to fail")));
        }
        state.check_power(DiskOperation::Append, name)
    }

    fn sync(&mut self, name: &str) -> Result<(), DiskError> {
        let mut state = self.state();
        if state.power_goes(DiskOperation::Sync, name)? {
            return state.check_power(DiskOperation::Sync, name);
        }
        let fails = std::mem::take(&mut state.fails_sync);
        let file = state.file(DiskOperation::Sync, name)?;
        if fails && file.synced < file.bytes.len() {
            file.hollow.push(file.synced..file.bytes.len());
        }
        if let Some(from) = file.renewed_from.take().filter(|_| !fails) {
            file.hollow.retain_mut(|gap| {
                gap.end = gap.end.min(from);
                gap.start < gap.end
            });
        }
        file.synced = file.bytes.len();
        file.named |= !fails;
        match fails {
            true => Err(failure(DiskOperation::Sync, name, io::Error::other("made to fail"))),
            false => Ok(()),
        }
    }

    fn renew(&mut self, name: &str, offset: u64) -> Result<(), DiskError> {
        let mut state = self.state();
        if state.power_goes(DiskOperation::Append, name)? {
            return state.check_power(DiskOperation::Append, name);
        }
        let file = state.file(DiskOperation::Append, name)?;
        file.renewed_from = usize::try_from(offset).ok();
        Ok(())
    }

    fn rename(&mut self, from: &str, to: &str) -> Result<(), DiskError> {
        self.state().whole(DiskOperation::Rename, from, |state| {
            if let Some(mut file) = state.files.remove(from) {
                file.named = true;
                state.files.insert(to.to_owned(), file);
            }
        })
    }

    fn truncate(&mut self, name: &str, size: u64) -> Result<(), DiskError> {
        let size = usize::try_from(size).unwrap_or(usize::MAX);
        self.state().whole(DiskOperation::Truncate, name, |state| {
            if let Some(file) = state.files.get_mut(name) {
                file.cut(size);
            }
        })
    }

    fn remove(&mut self, name: &str) -> Result<(), DiskError> {
        self.state().whole(DiskOperation::Remove, name, |state| {
            state.files.remove(name);
        })
    }
}
