//! `comityd run`: the node itself, until it is stopped.

use crate::args::RunArgs;
use crate::config::Config;
use crate::data_dir::DataDir;
use crate::disk::DiskTrial;
use crate::failure::Failure;
use crate::logging::{self, LogFormat};
use crate::node;

pub(super) fn perform(args: &RunArgs, trial: Option<DiskTrial>) -> Result<String, Failure> {
    let dir = DataDir::open(&args.dir)?;
    let config = Config::load(&dir.config_file())?;
    let format = args.log_format.unwrap_or(config.log.format);
    logging::start(format, args.log.as_ref().unwrap_or(&config.log.level));
    match node::run(&dir, &config, args.from_snapshot.as_ref(), trial).map_err(Failure::from) {
        Ok(()) => Ok(String::new()),
        Err(failure) if format == LogFormat::Json => Err(failure.into_json()),
        Err(failure) => Err(failure),
    }
}

#[cfg(test)]
mod tests;
