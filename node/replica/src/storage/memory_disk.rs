//! A disk in memory that can lose power: for tests and the simulator.
//! Holds: it promises no more than `Disk` does; all that it loses follows from the given numbers.
//! May not enter: real files, a source of randomness of its own.

use std::collections::BTreeMap;
use std::io;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::disk::{Disk, DiskError, DiskOperation};

/// Files in memory. A clone is another handle on the same files; `fork` makes a copy.
#[derive(Clone, Debug, Default)]
pub struct MemoryDisk {
    state: Arc<Mutex<State>>,
}

#[derive(Clone, Debug, Default)]
struct State {
    files: BTreeMap<String, File>,
    power: Power,
    /// The operation during which the power went, when it changes more than one file's tail.
    interrupted: Option<Change>,
    failing: Option<DiskOperation>,
    syncs: u64,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Power {
    #[default]
    On,
    /// On for so many mutating operations; it goes in the middle of the one after.
    OnFor(u64),
    Off,
}

#[derive(Clone, Debug, Default)]
struct File {
    bytes: Vec<u8>,
    /// How many of the first bytes are durable.
    synced: usize,
    /// Whether the file's existence is durable.
    named: bool,
}

#[derive(Clone, Debug)]
enum Change {
    Rename { from: String, to: String },
    Truncate { file: String, size: u64 },
    Remove { file: String },
}

impl MemoryDisk {
    /// An empty disk.
    pub fn new() -> Self {
        Self::default()
    }

    /// A copy that shares nothing with this disk.
    pub fn fork(&self) -> Self {
        MemoryDisk { state: Arc::new(Mutex::new(self.state().clone())) }
    }

    /// Loss of power and restart. `random` decides what was not durable: of each file's unsynced
    /// bytes any first part survives, now and then with a hole of zeros in it; a file never
    /// synced may be gone; an interrupted rename, truncation or removal happened or did not.
    /// Afterwards the power is on and all that is left is durable.
    pub fn crash(&mut self, mut random: impl FnMut() -> u64) {
        let mut state = self.state();
        state.power = Power::On;
        state.failing = None;
        if let Some(change) = state.interrupted.take()
            && random() & 1 == 1
        {
            state.apply(&change);
        }
        state.files.retain(|_, file| file.named || random() & 1 == 1);
        for file in state.files.values_mut() {
            file.lose_power(&mut random);
        }
    }

    /// The power goes in the middle of the mutating operation that follows the next `operations`
    /// ones. From then on everything fails until `crash`. Without effect when it is off already.
    pub fn cut_power_after(&mut self, operations: u64) {
        let mut state = self.state();
        if state.power != Power::Off {
            state.power = Power::OnFor(operations);
        }
    }

    /// The next `operation` fails, once, and has no effect.
    pub fn fail_next(&mut self, operation: DiskOperation) {
        self.state().failing = Some(operation);
    }

    /// Bit rot: turns bit `bit` of `file`, counted from the lowest bit of its first byte. Returns
    /// whether there is such a bit.
    pub fn flip_bit(&mut self, file: &str, bit: u64) -> bool {
        let mut state = self.state();
        let Some(byte) = usize::try_from(bit / 8)
            .ok()
            .and_then(|index| state.files.get_mut(file)?.bytes.get_mut(index))
        else {
            return false;
        };
        *byte ^= 1 << (bit % 8);
        true
    }

    /// How often `sync` was called and succeeded, since the disk was made.
    pub fn syncs(&self) -> u64 {
        self.state().syncs
    }

    fn state(&self) -> MutexGuard<'_, State> {
        // A panic of another holder cannot leave the state half changed in a way that matters.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl File {
    fn lose_power(&mut self, random: &mut impl FnMut() -> u64) {
        let unsynced = self.bytes.len() - self.synced;
        let kept = below(random(), unsynced + 1);
        self.bytes.truncate(self.synced + kept);
        if kept > 0 && random() & 3 == 0 {
            let start = below(random(), kept);
            let length = 1 + below(random(), kept - start);
            self.bytes[self.synced + start..][..length].fill(0);
        }
        self.synced = self.bytes.len();
        self.named = true;
    }
}

/// `number` brought below `bound`, which is at least 1.
fn below(number: u64, bound: usize) -> usize {
    match usize::try_from(number % bound as u64) {
        Ok(index) => index,
        Err(_) => unreachable!("less than a usize"),
    }
}

impl State {
    fn file(&mut self, operation: DiskOperation, name: &str) -> Result<&mut File, DiskError> {
        let missing = || failure(operation, name, io::ErrorKind::NotFound.into());
        self.files.get_mut(name).ok_or_else(missing)
    }

    fn check_power(&self, operation: DiskOperation, name: &str) -> Result<(), DiskError> {
        if self.power == Power::Off {
            return Err(failure(operation, name, io::Error::other("the power is off")));
        }
        Ok(())
    }

    /// Takes note of a mutating operation: `true` when the power goes in the middle of it.
    fn power_goes(&mut self, operation: DiskOperation, name: &str) -> Result<bool, DiskError> {
        self.check_power(operation, name)?;
        if self.failing == Some(operation) {
            self.failing = None;
            return Err(failure(operation, name, io::Error::other("made to fail")));
        }
        match self.power {
            Power::OnFor(0) => self.power = Power::Off,
            Power::OnFor(left) => self.power = Power::OnFor(left - 1),
            Power::On | Power::Off => {}
        }
        Ok(self.power == Power::Off)
    }

    fn change(
        &mut self,
        operation: DiskOperation,
        name: &str,
        change: Change,
    ) -> Result<(), DiskError> {
        let goes = self.power_goes(operation, name)?;
        let size = self.file(operation, name)?.bytes.len() as u64;
        if let Change::Truncate { size: wanted, .. } = change
            && wanted > size
        {
            return Err(failure(operation, name, io::ErrorKind::InvalidInput.into()));
        }
        if goes {
            self.interrupted = Some(change);
            return self.check_power(operation, name);
        }
        self.apply(&change);
        Ok(())
    }

    fn apply(&mut self, change: &Change) {
        match change {
            Change::Rename { from, to } => {
                if let Some(mut file) = self.files.remove(from) {
                    file.named = true;
                    self.files.insert(to.clone(), file);
                }
            }
            Change::Truncate { file, size } => {
                if let Some(file) = self.files.get_mut(file) {
                    file.bytes.truncate(usize::try_from(*size).unwrap_or(usize::MAX));
                    file.synced = file.synced.min(file.bytes.len());
                }
            }
            Change::Remove { file } => {
                self.files.remove(file);
            }
        }
    }
}

fn failure(operation: DiskOperation, file: &str, source: io::Error) -> DiskError {
    DiskError { operation, file: file.to_owned(), source }
}

impl Disk for MemoryDisk {
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

    fn append(&mut self, file: &str, bytes: &[u8]) -> Result<(), DiskError> {
        let mut state = self.state();
        state.power_goes(DiskOperation::Append, file)?;
        // Also when the power goes: how much of it survives is then decided with the rest.
        state.files.entry(file.to_owned()).or_default().bytes.extend_from_slice(bytes);
        state.check_power(DiskOperation::Append, file)
    }

    fn sync(&mut self, file: &str) -> Result<(), DiskError> {
        let mut state = self.state();
        if state.power_goes(DiskOperation::Sync, file)? {
            return state.check_power(DiskOperation::Sync, file);
        }
        let entry = state.file(DiskOperation::Sync, file)?;
        entry.synced = entry.bytes.len();
        entry.named = true;
        state.syncs += 1;
        Ok(())
    }

    fn rename(&mut self, from: &str, to: &str) -> Result<(), DiskError> {
        let change = Change::Rename { from: from.to_owned(), to: to.to_owned() };
        self.state().change(DiskOperation::Rename, from, change)
    }

    fn truncate(&mut self, file: &str, size: u64) -> Result<(), DiskError> {
        let change = Change::Truncate { file: file.to_owned(), size };
        self.state().change(DiskOperation::Truncate, file, change)
    }

    fn remove(&mut self, file: &str) -> Result<(), DiskError> {
        let change = Change::Remove { file: file.to_owned() };
        self.state().change(DiskOperation::Remove, file, change)
    }
}
