//! What went wrong, for the person at the terminal.
//! Holds: what happened, and what to do next, in plain words.
//! May not enter: the programs' own errors, which speak for themselves.

use std::error::Error;
use std::io;
use std::path::PathBuf;
use std::process::ExitCode;

use comity_core::text::AgencyId;

use crate::api::ApiError;
use crate::invocation::Invocation;
use crate::place::PlaceError;
use crate::ports::NoFreePort;
use crate::topology::TopologyError;

/// Why a command of the devnet ended otherwise than hoped.
#[derive(Debug, thiserror::Error)]
pub(crate) enum DevnetError {
    /// The directory.
    #[error(transparent)]
    Place(#[from] PlaceError),
    /// The list of nodes.
    #[error(transparent)]
    Topology(#[from] TopologyError),
    /// The ports.
    #[error(transparent)]
    Ports(#[from] NoFreePort),
    /// A node's API.
    #[error(transparent)]
    Api(#[from] ApiError),
    /// What there is to read could not be written.
    #[error("the output could not be written")]
    Output(#[source] io::Error),
    /// A process could not be started, watched or signalled.
    #[error("could not {operation}")]
    Process {
        /// What was tried.
        operation: String,
        /// What the system said.
        #[source]
        source: io::Error,
    },
    /// A command ended with another exit code than it should.
    #[error("{command}\nended with exit code {found}, not {expected}{}", indented(output))]
    Command {
        /// As a person would type it.
        command: String,
        /// What it should have been.
        expected: u8,
        /// What it was, in words where a signal ended it.
        found: String,
        /// What it wrote, where that was not shown before.
        output: String,
    },
    /// A command did not end in time.
    #[error("{command}\ndid not end within {limit_s} seconds and was stopped")]
    Overdue {
        /// As a person would type it.
        command: String,
        /// How long it had (seconds).
        limit_s: u64,
    },
    /// A node ended by itself.
    #[error("the node of {agency} ended by itself ({how}). The end of its log:{}", indented(log))]
    NodeEnded {
        /// Whose.
        agency: AgencyId,
        /// How.
        how: String,
        /// The last lines of its log.
        log: String,
    },
    /// A node did not come to do something in time.
    #[error(
        "the node of {agency} did not {what} within {limit_s} seconds ({last}). The end of its \
         log:{}",
        indented(log)
    )]
    NodeLate {
        /// Whose.
        agency: AgencyId,
        /// What was waited for.
        what: &'static str,
        /// How long (seconds).
        limit_s: u64,
        /// How it stood at the end.
        last: String,
        /// The last lines of its log.
        log: String,
    },
    /// A node could not be stopped.
    #[error("the node of {agency} (process {pid}) did not end")]
    NodeStays {
        /// Whose.
        agency: AgencyId,
        /// Its process.
        pid: u32,
    },
    /// Another number of nodes than there are.
    #[error("this devnet has {found} nodes, not {asked}")]
    OtherCount {
        /// How many it has.
        found: usize,
        /// How many were asked for.
        asked: usize,
    },
    /// An agency that is not there.
    #[error("there is no agency {0} in this devnet; there are: {1}")]
    NoSuchAgency(String, String),
    /// A key that nobody has made yet.
    #[error("{who} has no key: {} does not exist", path.display())]
    NoSuchKey {
        /// As it was typed.
        who: String,
        /// Where the key would be.
        path: PathBuf,
    },
    /// Something that the demo or the benchmark relies on is not so.
    #[error("{0}")]
    Unexpected(String),
}

impl DevnetError {
    /// What to do next.
    fn next(&self, call: &Invocation) -> String {
        let (up, status, reset) = (call.to("up"), call.to("status"), call.to("reset"));
        match self {
            DevnetError::Place(PlaceError::Absent(_)) => format!("make one: {up}"),
            DevnetError::Place(PlaceError::Foreign(_)) => {
                "nothing was changed; name a directory that is not there yet, with --dir".into()
            }
            DevnetError::Place(PlaceError::Present(_)) => format!(
                "remove it with {reset} (the demo does so by itself with --fresh), or name \
                 another directory with --dir"
            ),
            DevnetError::Place(PlaceError::InUse(_)) => {
                "let the other command finish, or end it with Ctrl-C".into()
            }
            DevnetError::Topology(TopologyError::Write(_)) | DevnetError::Place(_) => {
                "check the path and the disk".into()
            }
            DevnetError::Topology(TopologyError::Unfinished(_))
            | DevnetError::OtherCount { .. } => {
                format!("start anew: {reset}, then {up}")
            }
            DevnetError::Topology(_) => {
                "stop the nodes that still run (ps), and remove the directory by hand".into()
            }
            DevnetError::Ports(_) => "stop what listens there".into(),
            DevnetError::Api(_) => format!("see how the nodes are: {status}"),
            DevnetError::Output(_) => "check where the output goes".into(),
            DevnetError::Process { .. } => "check that the program may do so, and try again".into(),
            DevnetError::NoSuchAgency(..) => status,
            DevnetError::NoSuchKey { .. } => {
                "make one with comity key new, and register it (comity key register --help)".into()
            }
            DevnetError::NodeStays { .. } => "look at it with: ps -p and its number".into(),
            _ if !call.has_nodes() => "check the files and options that it was given".into(),
            DevnetError::Command { .. }
            | DevnetError::Overdue { .. }
            | DevnetError::NodeEnded { .. }
            | DevnetError::NodeLate { .. }
            | DevnetError::Unexpected(_) => {
                format!("look at the nodes: {status}; or start anew: {reset}")
            }
        }
    }

    /// Whether only the reader of the output went away, which is no failure.
    pub(crate) fn is_closed_pipe(&self) -> bool {
        matches!(self, DevnetError::Output(error) if error.kind() == io::ErrorKind::BrokenPipe)
    }

    /// All of it, for the person.
    pub(crate) fn text(&self, call: &Invocation) -> String {
        format!("Error: {}\nNext: {}\n", with_causes(self), self.next(call))
    }

    /// The exit code.
    pub(crate) fn exit(&self) -> ExitCode {
        match self {
            DevnetError::NoSuchAgency(..) | DevnetError::NoSuchKey { .. } => ExitCode::from(2),
            _ => ExitCode::FAILURE,
        }
    }
}

/// What should not be so: an error with what is behind it, or a text.
pub(crate) fn unexpected<'a>(what: impl Into<Box<dyn Error + 'a>>) -> DevnetError {
    DevnetError::Unexpected(with_causes(what.into().as_ref()))
}

fn with_causes(error: &dyn Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        text = format!("{text}: {error}");
        cause = error.source();
    }
    text
}

fn indented(text: &str) -> String {
    text.trim_end().lines().map(|line| format!("\n    {line}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_command_without_nodes_names_none_to_look_at() {
        let error = unexpected("a block of 3 records: refused");
        let advice = |call: &Invocation| error.text(call).lines().last().unwrap().to_owned();
        let offline = advice(&Invocation::without_nodes());
        assert_eq!(offline, "Next: check the files and options that it was given");
        let of_nodes = advice(&Invocation::of_process(None));
        assert!(of_nodes.starts_with("Next: look at the nodes: "), "{of_nodes}");
    }
}
