//! The shell around a command: streams, clock, randomness, time zone. Real ones for the program,
//! chosen ones in tests.
//! Holds: results go to standard output, all else to standard error; no control character from
//! elsewhere reaches a terminal.
//! May not enter: what the commands do.

use std::io::{self, BufRead, IsTerminal, Write};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};

use comity_core::ids::TimeMs;
use jiff::tz::TimeZone;
use serde_json::Value;
use zeroize::Zeroizing;

use crate::args::Global;
use crate::client::Client;
use crate::fault::Fault;
use crate::messages::{Language, fault, say, text};
use crate::table::Listing;
use crate::wrap::{self, visible};

/// Whether a person can answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Input {
    /// Standard input is a terminal.
    Person,
    /// It is not.
    Program,
}

/// How wide lines may be (columns). `None`: no terminal is there, a line is as long as it is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Widths {
    /// On standard output.
    pub(crate) out: Option<usize>,
    /// On standard error.
    pub(crate) err: Option<usize>,
}

impl Widths {
    /// `COLUMNS`, where it is set, else the terminals' own.
    fn of_process() -> Widths {
        let stated = std::env::var("COLUMNS").ok().and_then(|text| text.trim().parse().ok());
        if let Some(width) = stated.filter(|width| *width > 0) {
            return Widths { out: Some(width), err: Some(width) };
        }
        let columns = |size: Option<(terminal_size::Width, terminal_size::Height)>| {
            size.map(|(width, _)| usize::from(width.0)).filter(|width| *width > 0)
        };
        Widths {
            out: columns(terminal_size::terminal_size_of(io::stdout())),
            err: columns(terminal_size::terminal_size_of(io::stderr())),
        }
    }
}

/// What a command has to show.
pub(crate) enum Shown {
    /// Sentences and pairs.
    Text(String),
    /// A listing.
    Listing(Listing),
    /// A listing that people read as a text.
    Report(String, Listing),
}

impl From<String> for Shown {
    fn from(text: String) -> Shown {
        Shown::Text(text)
    }
}

impl From<(String, Listing)> for Shown {
    fn from((text, listing): (String, Listing)) -> Shown {
        Shown::Report(text, listing)
    }
}

impl From<Listing> for Shown {
    fn from(listing: Listing) -> Shown {
        Shown::Listing(listing)
    }
}

/// Fills with random bytes.
pub(crate) type Random = Box<dyn FnMut(&mut [u8]) -> io::Result<()>>;

/// Asks a person for a secret, whose answer is not shown.
pub(crate) type AskSecret = Box<dyn FnMut(&str) -> io::Result<String>>;

/// What surrounds a command.
pub(crate) struct Shell {
    /// Standard output.
    pub(crate) out: Box<dyn Write>,
    /// Standard error.
    pub(crate) err: Box<dyn Write>,
    /// Standard input.
    pub(crate) answers: Box<dyn BufRead>,
    /// Asks for a passphrase.
    pub(crate) secret: AskSecret,
    /// Whether a person sits at standard input.
    pub(crate) input: Input,
    /// How wide lines may be on standard output and standard error (columns).
    pub(crate) widths: Widths,
    /// What the person reads, where no command says otherwise.
    pub(crate) language: Language,
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
            secret: Box::new(|question| rpassword::prompt_password(question)),
            input: if person { Input::Person } else { Input::Program },
            widths: Widths::of_process(),
            language: Language::of_environment(|name| std::env::var(name).ok()),
            progress: io::stderr().is_terminal(),
            clock: system_time,
            random: Box::new(|bytes| getrandom::fill(bytes).map_err(io::Error::other)),
            zone: TimeZone::system(),
            pending_dir: PathBuf::new(),
        }
    }

    /// A line of the result. Errors: it cannot be written.
    pub(crate) fn line(&mut self, text: &str) -> Result<(), Fault> {
        self.write(&format!("{}\n", visible(text)))
    }

    /// Sentences and pairs beside the result, broken to fit. Where they cannot be written, there
    /// is nobody to tell.
    pub(crate) fn note(&mut self, text: &str) {
        let _ = writeln!(self.err, "{}", fitting(&visible(text), self.widths.err));
    }

    /// A script, as programs made it. Errors: it cannot be written.
    pub(crate) fn script(&mut self, bytes: &[u8]) -> Result<(), Fault> {
        let written = self.out.write_all(bytes).and_then(|()| self.out.flush());
        written.map_err(|error| Fault::output(&error))
    }

    /// A part of the result as it stands. Errors: it cannot be written.
    fn write(&mut self, text: &str) -> Result<(), Fault> {
        self.script(text.as_bytes())
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

    /// What a person types without its being shown, if a person is there. Errors: nobody types.
    pub(crate) fn ask_secret(&mut self, question: &str) -> Option<io::Result<Zeroizing<String>>> {
        match self.input {
            Input::Person => {
                Some((self.secret)(&format!("{} ", visible(question))).map(Zeroizing::new))
            }
            Input::Program => None,
        }
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
    /// The node to ask, or the file that is read in its place. Errors: no address.
    pub(crate) fn client(&self) -> Result<Client, Fault> {
        match &self.global.held {
            Some(held) => Ok(Client::of_held(Arc::clone(held))),
            None => Client::new(self.global.node_url()),
        }
    }

    /// As of when the answers are: the end of the log that is read in the place of a node, else this
    /// computer's time.
    pub(crate) fn as_of(&self) -> TimeMs {
        self.global.held.as_ref().map_or_else(|| self.shell.now(), |held| held.as_of())
    }

    /// Prints a result: as JSON or CSV if asked, else for people, as `shown` makes it.
    pub(crate) fn result<S: Into<Shown>>(
        &mut self,
        json: &Value,
        shown: impl FnOnce(&Shell) -> S,
    ) -> Result<(), Fault> {
        if self.global.json {
            return self.shell.line(&json.to_string());
        }
        let listing = match shown(self.shell).into() {
            Shown::Text(_) if self.global.csv => return Err(fault!(Usage, "no-table")),
            Shown::Report(_, listing) if self.global.csv => listing,
            Shown::Text(text) | Shown::Report(text, _) => {
                let text = fitting(&visible(&text), self.shell.widths.out);
                return self.shell.line(&text);
            }
            Shown::Listing(listing) => listing,
        };
        if self.global.csv {
            let text = listing.to_csv(&self.shell.zone);
            return self.shell.write(&text);
        }
        let table = listing.to_table(self.shell.widths.out, &self.shell.zone);
        self.shell.line(&table)?;
        if listing.is_empty() {
            self.shell.note(&say!("note-nothing-listed"));
        }
        Ok(())
    }

    /// Says to people how to see what comes after this page, if something does: from `next` on.
    pub(crate) fn more(&mut self, next: Option<impl ToString>) {
        let Some(next) = next.filter(|_| !self.global.json) else { return };
        let command = again_from(&self.global.typed, &next.to_string());
        self.shell.note(&say!("note-more", command = command));
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

/// Text in lines that fit.
fn fitting(text: &str, width: Option<usize>) -> String {
    let Some(width) = width else { return text.to_owned() };
    text.lines().flat_map(|line| wrap::flowed(line, width)).collect::<Vec<_>>().join("\n")
}

/// The command that was typed, with another beginning.
fn again_from(typed: &[String], from: &str) -> String {
    let mut words = Vec::new();
    let mut typed = typed.iter();
    while let Some(word) = typed.next() {
        if word == "--from" {
            typed.next();
        } else if !word.starts_with("--from=") {
            words.push(quoted(word));
        }
    }
    format!("comity {} --from {from}", words.join(" "))
}

/// A word as a shell reads it.
fn quoted(word: &str) -> String {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || "-_./:=,+@%".contains(c);
    if !word.is_empty() && word.chars().all(is_plain) {
        return word.to_owned();
    }
    format!("'{}'", word.replace('\'', "'\\''"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_next_page_is_the_same_command_with_another_beginning() {
        let typed = |words: &[&str]| words.iter().map(|&word| word.to_owned()).collect::<Vec<_>>();
        let first = typed(&["log", "list", "--from", "9", "--matter", "A B", "--limit=5"]);
        assert_eq!(again_from(&first, "4"), "comity log list --matter 'A B' --limit=5 --from 4");
        assert_eq!(
            again_from(&typed(&["log", "list", "--from=9"]), "4"),
            "comity log list --from 4"
        );
        assert_eq!(quoted("it's"), "'it'\\''s'");
    }
}
