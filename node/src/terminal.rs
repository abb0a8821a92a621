//! A person at a terminal: what is said to them, and what they answer.
//! Holds: an answer that cannot be used is told at once, and asked for again; a secret is not
//! shown while it is typed.
//! May not enter: what is asked (see `commands::init`).

use std::io::{self, BufRead, IsTerminal as _, Write};

use zeroize::Zeroizing;

/// Asks for a secret; what is typed is not shown.
pub(crate) type AskSecret = Box<dyn FnMut(&str) -> io::Result<String>>;

/// Where a person sits, if one does.
pub(crate) struct Terminal {
    answers: Box<dyn BufRead>,
    screen: Box<dyn Write>,
    secret: AskSecret,
    is_person: bool,
}

/// The person is gone, or never was there.
#[derive(Debug, thiserror::Error)]
#[error("nobody answered")]
pub(crate) struct NoAnswer(#[source] pub(crate) io::Error);

impl Terminal {
    /// The process's own. Questions go to standard error, which leaves standard output to results.
    pub(crate) fn of_process() -> Terminal {
        let is_person = io::stdin().is_terminal() && io::stderr().is_terminal();
        Terminal {
            answers: Box::new(io::stdin().lock()),
            screen: Box::new(io::stderr()),
            secret: Box::new(|question| rpassword::prompt_password(question)),
            is_person,
        }
    }

    /// Nobody.
    #[cfg(test)]
    pub(crate) fn nobody() -> Terminal {
        Terminal {
            answers: Box::new(io::empty()),
            screen: Box::new(io::sink()),
            secret: Box::new(|_| Err(io::ErrorKind::UnexpectedEof.into())),
            is_person: false,
        }
    }

    /// Somebody who gives these answers.
    #[cfg(test)]
    pub(crate) fn answering(answers: &str, screen: Box<dyn Write>, secret: AskSecret) -> Terminal {
        let answers = Box::new(io::Cursor::new(answers.to_owned()));
        Terminal { answers, screen, secret, is_person: true }
    }

    /// Whether a person can answer.
    pub(crate) fn is_person(&self) -> bool {
        self.is_person
    }

    /// Says something, in lines that fit a terminal of 80 columns. Where it cannot be shown, nobody
    /// is there to miss it.
    pub(crate) fn say(&mut self, text: &str) {
        let _ = writeln!(self.screen, "{}", filled(text));
    }

    /// Asks until the answer can be read; an empty answer stands for `default`, where there is
    /// one. Errors: the input ends.
    pub(crate) fn ask<T>(
        &mut self,
        question: &str,
        default: Option<&str>,
        read: impl Fn(&str) -> Result<T, String>,
    ) -> Result<T, NoAnswer> {
        loop {
            let shown = match default {
                Some("") => format!("{question} [none]: "),
                Some(default) => format!("{question} [{default}]: "),
                None => format!("{question}: "),
            };
            let _ = write!(self.screen, "{shown}").and_then(|()| self.screen.flush());
            let mut line = String::new();
            match self.answers.read_line(&mut line) {
                Ok(0) => return Err(NoAnswer(io::ErrorKind::UnexpectedEof.into())),
                Ok(_) => {}
                Err(error) => return Err(NoAnswer(error)),
            }
            let answer = match (line.trim(), default) {
                ("", Some(default)) => default,
                (answer, _) => answer,
            };
            match read(answer) {
                Ok(value) => return Ok(value),
                Err(why) => self.say(&format!("  Not usable: {why}")),
            }
        }
    }

    /// Asks for a secret. Errors: the input ends.
    pub(crate) fn ask_secret(&mut self, question: &str) -> Result<Zeroizing<String>, NoAnswer> {
        (self.secret)(question).map(Zeroizing::new).map_err(NoAnswer)
    }
}

/// Most characters on a line.
const WIDTH: usize = 79;
/// A line of fewer characters ends where its author ended it.
const FULL: usize = 60;

/// The text with its long lines broken anew; lines that are indented or short stay as they are.
fn filled(text: &str) -> String {
    let mut lines: Vec<String> = Vec::new();
    let mut goes_on = false;
    for line in text.split('\n') {
        let is_prose = !line.is_empty() && !line.starts_with(' ');
        match lines.last_mut().filter(|_| goes_on && is_prose) {
            Some(last) => *last = format!("{last} {line}"),
            None => lines.push(line.to_owned()),
        }
        goes_on = is_prose && line.chars().count() >= FULL;
    }
    let filled =
        lines.iter().map(|line| if line.starts_with(' ') { line.clone() } else { fill(line) });
    filled.collect::<Vec<_>>().join("\n")
}

/// One paragraph; a word that is too long has a line of its own.
fn fill(paragraph: &str) -> String {
    let mut out = String::new();
    let mut column = 0;
    for word in paragraph.split(' ') {
        let length = word.chars().count();
        if column > 0 && column + 1 + length > WIDTH {
            out.push('\n');
            column = 0;
        } else if column > 0 {
            out.push(' ');
            column += 1;
        }
        out += word;
        column += length;
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_said_fits_a_terminal_of_80_columns() {
        let long = "word ".repeat(30);
        let text = format!("{}\nand goes on.\n\nShort:\n  {long}\nEnd.", long.trim_end());
        let said = filled(&text);
        let prose = said.lines().filter(|line| !line.starts_with(' '));
        assert!(prose.clone().all(|line| line.chars().count() <= WIDTH), "{said}");
        assert!(said.contains("word and goes\non.\n\nShort:\n  word"), "{said}");
        assert!(said.ends_with("\nEnd."), "{said}");
    }
}
