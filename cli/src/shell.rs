//! The shell around a command: streams, clock, randomness, time zone. Real ones for the program,
//! chosen ones in tests.
//! Holds: results go to standard output, all else to standard error; no control character from
//! elsewhere reaches a terminal.
//! May not enter: what the commands do.

use std::io::{self, BufRead, IsTerminal, Write};
use std::path::PathBuf;
use std::time::{SystemTime, UNIX_EPOCH};

use comity_core::ids::TimeMs;
use comity_core::text::is_forbidden;
use jiff::tz::TimeZone;
use serde_json::Value;

use crate::args::Global;
use crate::client::Client;
use crate::fault::Fault;
use crate::messages::{fault, say, text};

/// Whether a person can answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Input {
    /// Standard input is a terminal.
    Person,
    /// It is not.
    Program,
}

/// Fills with random bytes.
pub(crate) type Random = Box<dyn FnMut(&mut [u8]) -> io::Result<()>>;

/// What surrounds a command.
pub(crate) struct Shell {
    /// Standard output.
    pub(crate) out: Box<dyn Write>,
    /// Standard error.
    pub(crate) err: Box<dyn Write>,
    /// Standard input.
    pub(crate) answers: Box<dyn BufRead>,
    /// Whether a person sits at standard input.
    pub(crate) input: Input,
    /// Whether progress may be shown on standard error.
    pub(crate) progress: bool,
    /// This computer's time.
    pub(crate) clock: fn() -> TimeMs,
    /// Fills with random bytes.
    pub(crate) random: Random,
    /// The zone in which dates are read and times shown.
    pub(crate) zone: TimeZone,
    /// Where a record is kept while its outcome is unknown.
    pub(crate) pending_dir: PathBuf,
}

impl Shell {
    /// The process's own.
    pub(crate) fn of_process() -> Shell {
        let person = io::stdin().is_terminal();
        Shell {
            out: Box::new(io::stdout().lock()),
            err: Box::new(io::stderr()),
            answers: Box::new(io::stdin().lock()),
            input: if person { Input::Person } else { Input::Program },
            progress: io::stderr().is_terminal(),
            clock: system_time,
            random: Box::new(|bytes| getrandom::fill(bytes).map_err(io::Error::other)),
            zone: TimeZone::system(),
            pending_dir: PathBuf::new(),
        }
    }

    /// A line of the result. Errors: it cannot be written.
    pub(crate) fn line(&mut self, text: &str) -> Result<(), Fault> {
        writeln!(self.out, "{}", visible(text))
            .and_then(|()| self.out.flush())
            .map_err(|error| Fault::output(&error))
    }

    /// A line beside the result. Where it cannot be written, there is nobody to tell.
    pub(crate) fn note(&mut self, text: &str) {
        let _ = writeln!(self.err, "{}", visible(text));
    }

    /// Rewrites the progress line, if anyone watches; an empty text removes it.
    pub(crate) fn show_progress(&mut self, text: &str) {
        if self.progress {
            let _ = write!(self.err, "\r\x1b[K{}", visible(text)).and_then(|()| self.err.flush());
        }
    }

    /// Random bytes.
    pub(crate) fn draw<const N: usize>(&mut self) -> Result<[u8; N], Fault> {
        let mut bytes = [0u8; N];
        (self.random)(&mut bytes).map_err(|e| fault!(Failed, "no-randomness", cause = e))?;
        Ok(bytes)
    }

    /// This computer's time.
    pub(crate) fn now(&self) -> TimeMs {
        (self.clock)()
    }

    fn ask(&mut self, question: &str) -> bool {
        let _ = write!(self.err, "{} ", visible(question)).and_then(|()| self.err.flush());
        let mut answer = String::new();
        // An unreadable answer is not a yes.
        let _ = self.answers.read_line(&mut answer);
        let answer = answer.trim().to_lowercase();
        text("answers-yes").split(' ').any(|yes| yes == answer)
    }
}

/// One command's shell and options.
pub(crate) struct Session<'a> {
    /// The shell.
    pub(crate) shell: &'a mut Shell,
    /// The options that every command has.
    pub(crate) global: Global,
}

impl Session<'_> {
    /// The node to ask.
    pub(crate) fn client(&self) -> Result<Client, Fault> {
        Client::new(self.global.node_url())
    }

    /// Prints a result: as JSON if asked, else as `text` makes it.
    pub(crate) fn result(
        &mut self,
        json: &Value,
        text: impl FnOnce(&Shell) -> String,
    ) -> Result<(), Fault> {
        let text = if self.global.json { json.to_string() } else { text(self.shell) };
        self.shell.line(&text)
    }

    /// Errors: nobody is there to confirm, and `--yes` was not passed.
    pub(crate) fn require_confirmable(&self) -> Result<(), Fault> {
        if self.global.yes || self.shell.input == Input::Person {
            return Ok(());
        }
        Err(fault!(Usage, "confirmation-needed"))
    }

    /// Asks whether to go on. Errors: no.
    pub(crate) fn confirm(&mut self) -> Result<(), Fault> {
        self.require_confirmable()?;
        if self.global.yes || self.shell.ask(&say!("ask-sign")) {
            return Ok(());
        }
        Err(fault!(Failed, "not-confirmed"))
    }
}

fn system_time() -> TimeMs {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    TimeMs(u64::try_from(since.as_millis()).unwrap_or(u64::MAX))
}

fn visible(text: &str) -> String {
    let shown = |c: char| if is_forbidden(c) && c != '\n' { '\u{FFFD}' } else { c };
    text.chars().map(shown).collect()
}
