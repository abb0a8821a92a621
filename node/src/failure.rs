//! What an operator is told when a command does not succeed.
//! Holds: always three lines: what happened, what it means, what to do next.
//! May not enter: type names, backtraces, how an error came about inside the program.

use std::error::Error;
use std::fmt;
use std::process::ExitCode;

/// How a command ends when it does not succeed; the exit code says which.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Ending {
    /// 1: something failed on the way.
    Failed,
    /// 2: the command line or a file that a person writes is not understood.
    NotUnderstood,
    /// 3: going on would do harm, so nothing was done.
    Refused,
}

impl From<Ending> for ExitCode {
    fn from(ending: Ending) -> ExitCode {
        ExitCode::from(match ending {
            Ending::Failed => 1,
            Ending::NotUnderstood => 2,
            Ending::Refused => 3,
        })
    }
}

/// How a failure is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Rendering {
    Lines,
    Json,
}

/// A failure in an operator's words.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Failure {
    ending: Ending,
    happened: String,
    meaning: String,
    next: String,
    rendering: Rendering,
}

impl Failure {
    /// What happened, what it means, what to do next: sentences for a person.
    pub(crate) fn new(
        ending: Ending,
        happened: impl Into<String>,
        meaning: impl Into<String>,
        next: impl Into<String>,
    ) -> Failure {
        Failure {
            ending,
            happened: happened.into(),
            meaning: meaning.into(),
            next: next.into(),
            rendering: Rendering::Lines,
        }
    }

    /// As [`Failure::new`], with an error and its causes as what happened.
    pub(crate) fn because(
        ending: Ending,
        error: &dyn Error,
        meaning: impl Into<String>,
        next: impl Into<String>,
    ) -> Failure {
        Failure::new(ending, with_causes(error), meaning, next)
    }

    /// The same, to be written as one JSON object on one line, as the log is.
    pub(crate) fn into_json(self) -> Failure {
        Failure { rendering: Rendering::Json, ..self }
    }

    /// How the command ended.
    pub(crate) fn ending(&self) -> Ending {
        self.ending
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Failure { happened, meaning, next, rendering, .. } = self;
        match rendering {
            Rendering::Lines => writeln!(f, "Error: {happened}\n{meaning}\nNext: {next}"),
            Rendering::Json => {
                let fields =
                    serde_json::json!({ "message": happened, "meaning": meaning, "next": next });
                writeln!(f, "{}", serde_json::json!({ "level": "ERROR", "fields": fields }))
            }
        }
    }
}

/// An error and what caused it, as one sentence.
pub(crate) fn with_causes(error: &dyn Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        let said = without_number(&error.to_string());
        // Some libraries repeat their cause in their own text.
        if !text.contains(&said) {
            text = format!("{text}: {said}");
        }
        cause = error.source();
    }
    if text.ends_with(['.', '!', '?']) { text } else { text + "." }
}

/// The system's text without the number that Rust puts behind it.
fn without_number(text: &str) -> String {
    text.split(" (os error ").next().unwrap_or_default().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, thiserror::Error)]
    #[error("the file could not be read")]
    struct Outer(#[source] std::io::Error);

    #[test]
    fn failure_has_three_lines_and_names_its_cause() {
        let error = Outer(std::io::Error::from_raw_os_error(13));
        let failure = Failure::because(Ending::Failed, &error, "Nothing was read.", "try again");
        assert_eq!(
            failure.to_string(),
            "Error: the file could not be read: Permission denied.\nNothing was read.\nNext: try again\n"
        );
    }
}
