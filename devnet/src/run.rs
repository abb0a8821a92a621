//! Runs a command of `comity` or `comityd` to its end and keeps what it wrote.
//! Holds: every run ends within a bound; a command is shown as a person would type it.
//! May not enter: what the commands mean.

use std::ffi::OsString;
use std::fmt;
use std::io::{self, Read};
use std::os::unix::process::ExitStatusExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, ExitStatus, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use crate::failure::DevnetError;
use crate::process::Program;

/// How long a command may take.
const LIMIT: Duration = Duration::from_secs(120);
const POLL: Duration = Duration::from_millis(5);

/// A command to be run.
#[derive(Clone, Debug)]
pub(crate) struct Task {
    program: Program,
    args: Vec<String>,
    dir: PathBuf,
    env: Vec<(&'static str, OsString)>,
}

/// A command that has ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Ran {
    /// Its exit code; `None` where a signal ended it.
    pub(crate) code: Option<u8>,
    /// What it wrote to standard output.
    pub(crate) out: String,
    /// What it wrote to standard error.
    pub(crate) err: String,
}

impl Task {
    /// A command to be run in `dir`.
    pub(crate) fn new(program: Program, args: &[&str], dir: &Path) -> Task {
        let args = args.iter().map(|arg| (*arg).to_owned()).collect();
        Task { program, args, dir: dir.to_owned(), env: Vec::new() }
    }

    /// The same, with a variable in its environment.
    pub(crate) fn with(mut self, name: &'static str, value: impl Into<OsString>) -> Task {
        self.env.push((name, value.into()));
        self
    }

    /// The command's words, quoted where a shell needs it, each option with its value.
    pub(crate) fn words(&self) -> Vec<String> {
        let mut words = vec![self.program.name().to_owned()];
        let mut after_option = false;
        for arg in &self.args {
            let is_option = arg.starts_with("--");
            match words.last_mut() {
                Some(option) if after_option && !is_option => {
                    option.push(' ');
                    option.push_str(&quoted(arg));
                }
                _ => words.push(quoted(arg)),
            }
            after_option = is_option;
        }
        words
    }

    /// Runs it to its end, whatever its exit code. Errors: it cannot be started, or does not end.
    pub(crate) fn run(&self) -> Result<Ran, DevnetError> {
        let failed = |source| DevnetError::Process { operation: format!("run {self}"), source };
        let mut command = self.program.command(&self.args).map_err(failed)?;
        command.current_dir(&self.dir).envs(self.env.iter().map(|(name, value)| (name, value)));
        // What is shown of it stands on a page.
        command.env("COLUMNS", crate::page::OUTPUT_WIDTH.to_string());
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().map_err(failed)?;
        let (out, err) = (child.stdout.take(), child.stderr.take());
        // Read beside each other, or a full pipe would hold the command up.
        let out = thread::spawn(move || read(out));
        let err = thread::spawn(move || read(err));
        let status = wait(&mut child, LIMIT).map_err(failed)?;
        let text = |reader: thread::JoinHandle<String>| reader.join().unwrap_or_default();
        let (out, err) = (text(out), text(err));
        let Some(status) = status else {
            return Err(DevnetError::Overdue {
                command: self.to_string(),
                limit_s: LIMIT.as_secs(),
            });
        };
        Ok(Ran { code: status.code().and_then(|code| u8::try_from(code).ok()), out, err })
    }

    /// Runs it and returns what it wrote to standard output. Errors: as `run`, or its exit code is
    /// not `expected`.
    pub(crate) fn run_expecting(&self, expected: u8) -> Result<Ran, DevnetError> {
        let ran = self.run()?;
        if ran.code == Some(expected) {
            return Ok(ran);
        }
        let output = format!("{}{}", ran.out, ran.err);
        Err(self.ended_otherwise(expected, &ran, output))
    }

    /// The error of an exit code that is not `expected`, with what was not shown before.
    pub(crate) fn ended_otherwise(&self, expected: u8, ran: &Ran, output: String) -> DevnetError {
        let found = ran.code.map_or_else(|| "(a signal)".to_owned(), |code| code.to_string());
        DevnetError::Command { command: self.to_string(), expected, found, output }
    }
}

impl fmt::Display for Task {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.words().join(" "))
    }
}

/// Waits until a child ends, or kills it at the limit and returns `None`. Errors: the system's.
fn wait(child: &mut Child, limit: Duration) -> io::Result<Option<ExitStatus>> {
    let began = Instant::now();
    loop {
        if let Some(status) = child.try_wait()? {
            return Ok(Some(status));
        }
        if began.elapsed() > limit {
            child.kill()?;
            child.wait()?;
            return Ok(None);
        }
        thread::sleep(POLL);
    }
}

/// How a process ended, in words.
pub(crate) fn ending(status: ExitStatus) -> String {
    match (status.code(), status.signal()) {
        (Some(code), _) => format!("exit code {code}"),
        (None, Some(signal)) => format!("signal {signal}"),
        (None, None) => "no exit code".to_owned(),
    }
}

fn read(stream: Option<impl Read>) -> String {
    let mut bytes = Vec::new();
    if let Some(mut stream) = stream {
        // What was read until an error is still worth showing.
        let _ = stream.read_to_end(&mut bytes);
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

/// A word as a shell needs it.
pub(crate) fn quoted(word: &str) -> String {
    let plain = |c: char| c.is_alphanumeric() || "-_./:=,@+".contains(c);
    if !word.is_empty() && word.chars().all(plain) {
        return word.to_owned();
    }
    if word.contains(['"', '$', '`', '\\', '!']) {
        return format!("'{}'", word.replace('\'', "'\\''"));
    }
    format!("\"{word}\"")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_command_is_written_as_a_shell_would_read_it() {
        let args = ["grant", "revoke", "G7", "--reason", "It's over", "--yes"];
        let task = Task::new(Program::Comity, &args, Path::new("/"));
        assert_eq!(
            task.words(),
            ["comity", "grant", "revoke", "G7", "--reason \"It's over\"", "--yes"]
        );
        assert_eq!(quoted("a $5 'note'"), "'a $5 '\\''note'\\'''");
        assert_eq!(quoted(""), "\"\"");
    }

    #[test]
    fn a_child_that_does_not_end_is_ended() {
        let mut child = std::process::Command::new("sleep").arg("600").spawn().unwrap();
        assert!(wait(&mut child, Duration::from_millis(1)).unwrap().is_none());
        let mut child = std::process::Command::new("true").spawn().unwrap();
        let status = wait(&mut child, Duration::from_secs(60)).unwrap().unwrap();
        assert_eq!(ending(status), "exit code 0");
    }
}
