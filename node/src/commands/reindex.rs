//! `comityd reindex`: verifies every block on the disk and derives the view from them anew.
//! Holds: the old view stays until the new one is whole.

use std::fs;
use std::io;
use std::path::Path;

use comity_core::ids::Height;
use comity_core::ledger::Ledger;

use crate::args::ReindexArgs;
use crate::config::Config;
use crate::data_dir::{DataDir, DataDirError, io_error, sync_dir};
use crate::failure::Failure;
use crate::logging::{self, LogFilter};
use crate::node::{NodeError, open_storage};
use crate::view::{self, View};

pub(super) fn perform(args: &ReindexArgs) -> Result<String, Failure> {
    let dir = DataDir::open(&args.dir)?;
    let config = Config::load(&dir.config_file())?;
    logging::start(config.log.format, &LogFilter::default());
    let (ledger, first) = rebuild(&dir)?;
    let tip = ledger.tip();
    if tip.height == Height(0) {
        return Ok("There is no block yet; the view holds what the genesis says.\n".to_owned());
    }
    let from = match first {
        Height(0 | 1) => String::new(),
        first => format!(
            "The blocks on this disk begin at {first}: the snapshot of that height, verified from \
             the genesis, was the beginning. Older records are not listed here; comityd repair \
             puts them back from an archive.\n"
        ),
    };
    Ok(format!(
        "Every block up to {} was verified, and the view was built anew from them.\n{from}\
         Records:    {}\n\
         Last block: {}\n\
         Log root:   {}\n\
         State root: {}\n\
         Next: compare the roots with another member's (comity status), then start the node: \
         comityd run --dir {}\n",
        tip.height,
        ledger.log().size(),
        tip.hash,
        ledger.log().root(),
        ledger.state_root(),
        dir.root().display(),
    ))
}

/// The ledger, and the first block on the disk (0 where there is none).
fn rebuild(dir: &DataDir) -> Result<(Ledger, Height), NodeError> {
    let _lock = dir.lock()?;
    let genesis = dir.genesis()?;
    let (storage, _) = open_storage(dir, &genesis, None)?;
    let (old, new) = (dir.view_dir(), dir.root().join("view.new"));
    // What an interrupted run left.
    remove(&new)?;
    let (fresh, saved) = View::open(&new, genesis.id())?;
    let built = view::boot(&genesis, &fresh, saved, storage.reader(), &dir.start_file());
    fresh.close();
    drop(fresh);
    let (ledger, _) = match built {
        Ok(built) => built,
        Err(error) => {
            remove(&new)?;
            return Err(error.into());
        }
    };
    remove(&old)?;
    fs::rename(&new, &old).map_err(|source| io_error("rename", &new, source))?;
    sync_dir(dir.root())?;
    Ok((ledger, Height(storage.reader().first_height().unwrap_or(0))))
}

fn remove(path: &Path) -> Result<(), DataDirError> {
    match fs::remove_dir_all(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => {
            Err(io_error("remove", path, error))
        }
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests;
