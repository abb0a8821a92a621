//! The node's log: what an operator reads on stderr, or a program reads as JSON.
//! Holds: libraries speak up only when something is wrong.
//! May not enter: secrets, contents of records.

use std::io::IsTerminal as _;
use std::str::FromStr;

use serde::Deserialize;
use tracing_subscriber::EnvFilter;

/// How the log is written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, clap::ValueEnum)]
#[serde(rename_all = "kebab-case")]
pub enum LogFormat {
    /// Lines for people.
    #[default]
    Text,
    /// One JSON object a line.
    Json,
}

/// Which messages are written: a level, or a list of `target=level` as `tracing` defines it.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub struct LogFilter(String);

/// Text that names no level.
#[derive(Debug, thiserror::Error)]
#[error("{0:?} is not a level of the log: write error, warn, info, debug or trace")]
pub struct LogFilterError(String);

/// What libraries may say. Gossipsub warns of what is harmless here.
const LIBRARIES: &str = "warn,libp2p_gossipsub=error,libp2p_request_response=error";

const LEVELS: [&str; 5] = ["error", "warn", "info", "debug", "trace"];

impl Default for LogFilter {
    fn default() -> Self {
        LogFilter("info".to_owned())
    }
}

impl TryFrom<String> for LogFilter {
    type Error = LogFilterError;
    fn try_from(text: String) -> Result<Self, LogFilterError> {
        let is_list = text.contains('=') && EnvFilter::builder().parse(&text).is_ok();
        if LEVELS.contains(&text.as_str()) || is_list {
            Ok(LogFilter(text))
        } else {
            Err(LogFilterError(text))
        }
    }
}

impl FromStr for LogFilter {
    type Err = LogFilterError;
    fn from_str(text: &str) -> Result<Self, LogFilterError> {
        LogFilter::try_from(text.to_owned())
    }
}

impl LogFilter {
    /// The filter in full: a plain level is for our own code, and what libraries have to say
    /// (consensus tells each step at `info`) is heard from `warn` on.
    fn directives(&self) -> String {
        match self.0.as_str() {
            "error" => "error".to_owned(),
            level if LEVELS.contains(&level) => {
                format!(
                    "{LIBRARIES},comity_node={level},comity_replica={level},comity_core={level}"
                )
            }
            list => list.to_owned(),
        }
    }
}

/// Starts the log of this process, on stderr. A second call changes nothing.
pub(crate) fn start(format: LogFormat, filter: &LogFilter) {
    let filter = EnvFilter::new(filter.directives());
    let log = tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr);
    // Where a program that embeds the node has set up a log, that one stays.
    let _already = match format {
        LogFormat::Text => {
            log.with_target(false).with_ansi(std::io::stderr().is_terminal()).try_init()
        }
        LogFormat::Json => log.json().try_init(),
    };
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plain_level_keeps_libraries_quiet() {
        let directives = LogFilter::default().directives();
        assert!(
            directives.starts_with(
                "warn,libp2p_gossipsub=error,libp2p_request_response=error,comity_node=info,"
            ),
            "{directives}"
        );
        assert!(EnvFilter::builder().parse(directives).is_ok());
    }

    #[test]
    fn words_that_name_no_level_are_refused() {
        assert!("loud".parse::<LogFilter>().is_err());
        assert!("info=loud".parse::<LogFilter>().is_err());
        assert!("warn,comity_node::network=trace".parse::<LogFilter>().is_ok());
    }
}
