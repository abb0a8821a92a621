//! `comityd doctor`: everything that could keep a node from its work, the worst first.
//! Holds: nothing is changed; each finding says what to do; the whole fits one screen when all is
//! well.
//! May not enter: mending anything (see `repair`, `guard`, `reindex`).

mod directory;
mod disk;
mod finding;
mod members;
mod running;
mod stopped;
#[cfg(test)]
mod tests;
mod versions;
mod witnesses;

use crate::args::DoctorArgs;
use crate::config::Config;
use crate::data_dir::{DataDir, DataDirError};
use crate::failure::{Failure, with_causes};

use super::Done;
pub(crate) use finding::Level;
use finding::{Finding, Report};
pub(super) use stopped::in_words;

pub(super) fn perform(args: &DoctorArgs) -> Result<Done, Failure> {
    let dir = DataDir::open(&args.dir)?;
    let mut report = Report::default();
    let config = match Config::load(&dir.config_file()) {
        Ok(config) => config,
        Err(error) => {
            report.add(Finding::trouble(
                "settings",
                with_causes(&error),
                "correct config.toml; comityd config check says whether it can be used",
            ));
            return Ok(done(&report, args.json));
        }
    };
    report.agency = Some(config.agency.clone());
    // Held to the end, so that no node starts under the doctor's eyes.
    let lock = dir.lock();
    match &lock {
        Ok(_) => stopped::look(&dir, &config, &mut report),
        Err(DataDirError::InUse { pid, .. }) => running::look(&dir, &config, *pid, &mut report),
        Err(error) => report.add(Finding::trouble(
            "directory",
            with_causes(error),
            "run comityd doctor as the user who owns the directory",
        )),
    }
    directory::look(&dir, &config, &mut report);
    disk::look(&dir, &config, &mut report);
    drop(lock);
    Ok(done(&report, args.json))
}

fn done(report: &Report, json: bool) -> Done {
    let text = if json { report.json() } else { report.text() };
    Done { text, worst: report.worst() }
}
