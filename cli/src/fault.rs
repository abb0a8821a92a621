//! Faults: why a command ended otherwise than hoped, and with which exit code.
//! Holds: each fault has a name under which the catalogue says what happened, what it means and
//! what to do next.
//! May not enter: texts (they are in `messages`).

use std::io;

use serde_json::{Value, json};

use crate::messages;

/// How a command ends. The codes are documented in `comity --help` and never change meaning.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Exit {
    /// Done.
    Done,
    /// Failed; nothing was changed on the ledger.
    Failed,
    /// The command was not understood, or needs a confirmation.
    Usage,
    /// The ledger refused the change.
    Refused,
    /// The access was refused, and the denial is recorded.
    Denied,
    /// Verification failed.
    Unverified,
    /// The node cannot be reached, or the outcome is unknown.
    Unknown,
    /// Done in part: what was left out was reported.
    Partly,
}

impl Exit {
    /// The process's exit code.
    pub(crate) fn code(self) -> u8 {
        match self {
            Exit::Done => 0,
            Exit::Failed => 1,
            Exit::Usage => 2,
            Exit::Refused => 3,
            Exit::Denied => 4,
            Exit::Unverified => 5,
            Exit::Unknown => 6,
            Exit::Partly => 7,
        }
    }
}

/// Named values for the placeholders of a text.
pub(crate) type Fields = Vec<(String, String)>;

/// Why a command ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Fault {
    /// How the process ends.
    pub(crate) exit: Exit,
    /// The catalogue's name for it: a rule's name where the ledger refused.
    pub(crate) name: String,
    /// What the texts' placeholders stand for.
    pub(crate) fields: Fields,
}

const CLOSED_PIPE: &str = "output-closed";

impl Fault {
    /// A fault by its name in the catalogue. Use `fault!`, which the catalogue's test can read.
    pub(crate) fn new(exit: Exit, name: &str, fields: Fields) -> Fault {
        Fault { exit, name: name.to_owned(), fields }
    }

    /// A refusal by a rule of the ledger.
    pub(crate) fn refused(rule: &str, fields: Fields) -> Fault {
        Fault::new(Exit::Refused, rule, fields)
    }

    /// Output could not be written.
    pub(crate) fn output(error: &io::Error) -> Fault {
        match error.kind() {
            io::ErrorKind::BrokenPipe => Fault::new(Exit::Failed, CLOSED_PIPE, vec![]),
            _ => crate::messages::fault!(Failed, "output-failed", cause = error),
        }
    }

    /// Whether a node, or a log in the place of one, does not know what was asked for.
    pub(crate) fn is_not_found(&self) -> bool {
        matches!(self.name.as_str(), "not-found" | "not-held")
    }

    /// Whether the reader of the output went away, which is no failure of ours.
    pub(crate) fn is_closed_pipe(&self) -> bool {
        self.name == CLOSED_PIPE
    }

    /// The name under which the catalogue speaks of it; a rule that this version does not know
    /// has texts of its own.
    fn known_name(&self) -> &str {
        if messages::speaks_of(&self.name) { &self.name } else { "unknown-rule" }
    }

    fn text(&self, part: &str) -> String {
        let mut fields = self.fields.clone();
        fields.push(("rule".to_owned(), self.name.clone()));
        messages::render(&format!("{part}-{}", self.known_name()), &fields)
    }

    /// What happened, in one clause.
    pub(crate) fn what(&self) -> String {
        self.text("err")
    }

    /// What it means.
    pub(crate) fn means(&self) -> String {
        self.text("mean")
    }

    /// What to do next.
    pub(crate) fn next(&self) -> String {
        self.text("next")
    }

    /// The whole, for people.
    pub(crate) fn to_text(&self) -> String {
        let (what, means, next) = (self.what(), self.means(), self.next());
        match self.exit {
            Exit::Refused => {
                messages::say!("frame-refused", what = what, means = means, next = next)
            }
            _ => messages::say!("frame-failed", what = what, means = means, next = next),
        }
    }

    /// The whole, for programs: docs/cli.md, "Errors".
    pub(crate) fn to_json(&self) -> Value {
        let fields: serde_json::Map<String, Value> =
            self.fields.iter().map(|(name, value)| (name.clone(), json!(value))).collect();
        json!({ "error": {
            "name": self.name,
            "exit": self.exit.code(),
            "what": self.what(),
            "means": self.means(),
            "next": self.next(),
            "fields": fields,
        } })
    }
}
