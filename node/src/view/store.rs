//! The directory of the view and the tree in it: opening, moving aside, loading.
//! Holds: what does not open, or is not of this consortium and layout, is moved aside and never
//! read again; nothing is lost by that, since the block log is the truth.
//! May not enter: what blocks change (see `batch`).

use std::fs;
use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use comity_core::encoding::{DecodeError, encode};
use comity_core::hash::ConsortiumId;
use comity_core::ledger::Saved;
use comity_core::state::Changes;

use super::ViewError;
use super::journal::Journal;
use super::layout::{
    Mark, SavedTip, VIEW_VERSION, WINDOW, WindowChunk, WindowSum, begin_key, mark_key,
    number_at_end, tip_key, value,
};
use super::loading::load_state;
use super::names::Names;
use super::tree::{Tree, under};

/// Memory that the tree may use for pages (bytes).
const CACHE_BYTES: u64 = 64 * 1024 * 1024;
/// Directories moved aside that are kept.
const BROKEN_KEPT: usize = 2;
/// How long a process that has just ended may still hold the lock.
const LOCK_PATIENCE: Duration = Duration::from_secs(1);
const LOCK_PAUSE: Duration = Duration::from_millis(50);

/// The open tree and what it held.
#[derive(Debug)]
pub(super) struct Opened {
    pub(super) tree: Tree,
    pub(super) saved: Option<Saved>,
    pub(super) window: WindowSum,
    pub(super) names: Names,
    pub(super) journal: Journal,
}

/// Why the content cannot be used.
#[derive(Debug, thiserror::Error)]
enum Unusable {
    #[error("the store does not open: {0}")]
    Store(#[from] sled::Error),
    #[error("the store does not open: it panicked")]
    Panicked,
    #[error("a value in it is damaged: {0}")]
    Value(#[from] DecodeError),
    #[error(transparent)]
    View(#[from] ViewError),
    #[error("it is of another consortium or of another version of this software")]
    Other,
    #[error("its replay window is not the one that was written")]
    Window,
    #[error("it does not list the entries up to its own tip")]
    Entries,
}

/// Opens the view in `dir`; where that is impossible, moves it aside and starts an empty one.
pub(super) fn open(dir: &Path, consortium: ConsortiumId) -> Result<Opened, ViewError> {
    wait_for_lock(dir)?;
    match attempt(dir, consortium) {
        Ok(opened) => Ok(opened),
        Err(cause) => {
            let aside = move_aside(dir)?;
            tracing::warn!(
                %cause,
                moved_to = %aside.display(),
                "the view cannot be used and is built anew from the block log; nothing is lost"
            );
            open_empty(dir, consortium)
        }
    }
}

/// Opens an empty view in `dir`, where there is none.
pub(super) fn open_empty(dir: &Path, consortium: ConsortiumId) -> Result<Opened, ViewError> {
    attempt(dir, consortium)
        .map_err(|cause| ViewError::Open { dir: dir.to_owned(), cause: cause.to_string() })
}

/// Gives `dir` another name beside it, and removes all but the newest such directories.
pub(super) fn move_aside(dir: &Path) -> Result<PathBuf, ViewError> {
    let mut broken = broken_beside(dir)?;
    let next = broken.last().map_or(1, |(number, _)| number + 1);
    let to = beside(dir, next);
    fs::rename(dir, &to).map_err(|source| directory(dir, source))?;
    broken.push((next, to.clone()));
    let surplus = broken.len().saturating_sub(BROKEN_KEPT);
    for (_, old) in &broken[..surplus] {
        fs::remove_dir_all(old).map_err(|source| directory(old, source))?;
    }
    Ok(to)
}

/// Directories moved aside before, ascending by number.
fn broken_beside(dir: &Path) -> Result<Vec<(u32, PathBuf)>, ViewError> {
    let prefix = format!("{}.broken-", name(dir));
    let parent = dir.parent().unwrap_or(Path::new("."));
    let mut found = Vec::new();
    for entry in fs::read_dir(parent).map_err(|source| directory(parent, source))? {
        let path = entry.map_err(|source| directory(parent, source))?.path();
        let number = name(&path).strip_prefix(&prefix).and_then(|digits| digits.parse().ok());
        found.extend(number.map(|number: u32| (number, path)));
    }
    found.sort();
    Ok(found)
}

fn beside(dir: &Path, number: u32) -> PathBuf {
    dir.with_file_name(format!("{}.broken-{number}", name(dir)))
}

fn name(path: &Path) -> String {
    path.file_name().unwrap_or_default().to_string_lossy().into_owned()
}

fn directory(path: &Path, source: io::Error) -> ViewError {
    ViewError::Directory { path: path.to_owned(), source }
}

/// A view that another process has open is not broken: it is left alone.
fn wait_for_lock(dir: &Path) -> Result<(), ViewError> {
    let Ok(file) = fs::OpenOptions::new().read(true).write(true).open(dir.join("db")) else {
        return Ok(());
    };
    let started = Instant::now();
    loop {
        match file.try_lock() {
            Ok(()) => return Ok(()),
            Err(_) if started.elapsed() < LOCK_PATIENCE => std::thread::sleep(LOCK_PAUSE),
            Err(_) => return Err(ViewError::Locked { dir: dir.to_owned() }),
        }
    }
}

/// The store is known to panic as well as to fail on what a crash left behind.
fn attempt(dir: &Path, consortium: ConsortiumId) -> Result<Opened, Unusable> {
    catch_unwind(AssertUnwindSafe(|| load(dir, consortium))).unwrap_or(Err(Unusable::Panicked))
}

fn load(dir: &Path, consortium: ConsortiumId) -> Result<Opened, Unusable> {
    // No flushing by the clock: the view's own thread does it.
    let config = sled::Config::new().path(dir).cache_capacity(CACHE_BYTES).flush_every_ms(None);
    let tree = Tree::new(config.open()?);
    let expected = Mark { version: VIEW_VERSION, consortium };
    match tree.get(mark_key())? {
        Some(mark) if value::<Mark>(&mark)? == expected => {}
        None if tree.is_empty() => {
            tree.insert(mark_key(), encode(&expected));
        }
        _ => return Err(Unusable::Other),
    }
    let Some(tip) = tree.get(tip_key())? else {
        let (window, names) = (WindowSum::default(), Names::default());
        return Ok(Opened { tree, saved: None, window, names, journal: Journal::new(dir) });
    };
    let tip: SavedTip = value(&tip)?;
    let window = load_window(&tree, tip.window)?;
    let begin = tree.get(begin_key())?.as_deref().and_then(number_at_end).unwrap_or(0);
    let names = Names::load(&tree, begin, tip.header.log_size)?.ok_or(Unusable::Entries)?;
    let (state, journal) = load_state(&tree, dir, &consortium)?;
    let SavedTip { header, log, validators, window: sum } = tip;
    let saved = Saved { header, state, log, window, validators };
    Ok(Opened { tree, saved: Some(saved), window: sum, names, journal })
}

/// No root commits to the window, and a wrong one would split the node from the others.
fn load_window(tree: &Tree, expected: WindowSum) -> Result<Changes, Unusable> {
    let mut window = Changes::default();
    let mut sum = WindowSum::default();
    for pair in tree.ascending(under(&[WINDOW])) {
        let (key, bytes) = pair?;
        sum.add(&key, &bytes);
        let chunk: WindowChunk = value(&bytes)?;
        for (id, until) in chunk.records {
            let kept = window.records.entry(id).or_default();
            *kept = until.max(*kept);
        }
        for (id, until) in chunk.exchanges {
            let kept = window.exchanges.entry(id).or_default();
            *kept = until.max(*kept);
        }
    }
    if sum == expected { Ok(window) } else { Err(Unusable::Window) }
}
