//! A part of the benchmark that is a process of its own, and how the benchmark talks with it.
//! Holds: what it is to do stands in a file, its one argument; both say lines, each at once; its last line is
//! a result in JSON; one that waits for the benchmark to say something ends when that has gone; none is left
//! when the benchmark drops it.
//! May not enter: what any of them does.

use std::ffi::OsString;
use std::io::{self, BufRead as _, BufReader, Read as _, Write as _};
use std::path::Path;
use std::process::{Child, ChildStdin, ChildStdout, Command, ExitCode, Stdio};

use serde::Serialize;
use serde::de::DeserializeOwned;
use tokio::sync::mpsc;
use tokio::task::LocalSet;

use crate::failure::DevnetError;
use crate::invocation::Invocation;
use crate::place::io_error;
use crate::process::Program;

/// What a part says when it is connected.
pub(super) const READY: &str = "ready";
/// What one that waits for its sign is told.
pub(super) const GO: &str = "go";

/// The whole process of a part: does what its file says, on this thread alone. Returns its exit code; of what
/// went wrong its standard error tells.
pub(super) fn main<T: DeserializeOwned>(
    args: impl IntoIterator<Item = OsString>,
    carried_out: impl AsyncFnOnce(T) -> Result<(), DevnetError>,
) -> ExitCode {
    let path = args.into_iter().nth(1).unwrap_or_default();
    match done(Path::new(&path), carried_out) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            let text = error.text(&Invocation::of_process(None));
            // Where that cannot be written, nobody is there to be told.
            let _ = io::stderr().write_all(text.as_bytes());
            error.exit()
        }
    }
}

fn done<T: DeserializeOwned>(
    path: &Path,
    carried_out: impl AsyncFnOnce(T) -> Result<(), DevnetError>,
) -> Result<(), DevnetError> {
    let text = std::fs::read(path).map_err(|source| io_error("read", path, source))?;
    let told: T = serde_json::from_slice(&text)
        .map_err(|error| DevnetError::Unexpected(format!("{}: {error}", path.display())))?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let runtime = runtime.map_err(|source| process_error("begin".to_owned(), source))?;
    LocalSet::new().block_on(&runtime, carried_out(told))
}

/// Says a line to the benchmark. Errors: it has gone.
pub(super) fn say(line: &str) -> Result<(), DevnetError> {
    let mut out = io::stdout();
    writeln!(out, "{line}").and_then(|()| out.flush()).map_err(DevnetError::Output)
}

/// Says a result, in one line. Errors: the benchmark has gone.
pub(super) fn say_result(result: &impl Serialize) -> Result<(), DevnetError> {
    say(&serde_json::to_string(result).unwrap_or_default())
}

/// The lines that the benchmark says; what they say does not matter. It ends when the benchmark does, or wants
/// no more.
pub(super) fn input() -> mpsc::UnboundedReceiver<()> {
    let (send, receive) = mpsc::unbounded_channel();
    // A thread that waits in the system's call: nothing else of the process does.
    std::thread::spawn(move || {
        for _ in io::stdin().lock().lines().map_while(Result::ok) {
            if send.send(()).is_err() {
                break;
            }
        }
    });
    receive
}

/// A part that runs, as the benchmark has it.
#[derive(Debug)]
pub(super) struct Companion {
    /// What it is, in words.
    what: &'static str,
    child: Child,
    /// Closed, it tells the process that no more is wanted of it.
    tell: Option<ChildStdin>,
    answers: BufReader<ChildStdout>,
}

impl Companion {
    /// Writes what it is to do into `file`, starts it, and waits until it says `ready`. Errors: the file cannot
    /// be written; it does not start, or says something else.
    pub(super) fn start(
        program: Program,
        what: &'static str,
        file: &Path,
        told: &impl Serialize,
        ready: &str,
    ) -> Result<Companion, DevnetError> {
        let text = serde_json::to_vec(told).unwrap_or_default();
        std::fs::write(file, text).map_err(|source| io_error("write", file, source))?;
        let command = program.command([file]);
        Companion::of(command.map_err(|source| process_error(start_of(what), source))?, what, ready)
    }

    fn of(mut command: Command, what: &'static str, ready: &str) -> Result<Companion, DevnetError> {
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let child = command.spawn();
        let mut child = child.map_err(|source| process_error(start_of(what), source))?;
        let (tell, answers) = (child.stdin.take(), child.stdout.take());
        let Some(answers) = answers.map(BufReader::new) else {
            unreachable!("its output was asked for");
        };
        let mut companion = Companion { what, child, tell, answers };
        if companion.line()? == ready { Ok(companion) } else { Err(companion.failure()) }
    }

    /// Its number on this system.
    pub(super) fn id(&self) -> u32 {
        self.child.id()
    }

    /// Tells it a line. Errors: it has ended.
    pub(super) fn tell(&mut self, line: &str) -> Result<(), DevnetError> {
        let told = match &mut self.tell {
            Some(pipe) => pipe.write_all(format!("{line}\n").as_bytes()),
            None => Err(io::ErrorKind::BrokenPipe.into()),
        };
        told.map_err(|source| self.talk_failed(source))
    }

    /// The next line that it says, without its end; empty where it has ended. Errors: it cannot be read.
    pub(super) fn line(&mut self) -> Result<String, DevnetError> {
        let mut line = String::new();
        let read = self.answers.read_line(&mut line);
        read.map_err(|source| self.talk_failed(source))?;
        Ok(line.trim().to_owned())
    }

    /// Wants no more of it than its result, and waits for its end. Errors: it ends badly; its last line is no
    /// such result.
    pub(super) fn last<T: DeserializeOwned>(mut self) -> Result<T, DevnetError> {
        drop(self.tell.take());
        let line = self.line()?;
        // Read to its end first, lest it wait for room to say what went wrong.
        let failure = self.failure();
        let status = self.child.wait().map_err(|source| self.talk_failed(source))?;
        match serde_json::from_str(&line) {
            Ok(result) if status.success() => Ok(result),
            _ => Err(failure),
        }
    }

    /// Why it ends, in its own words, for which this waits.
    fn failure(&mut self) -> DevnetError {
        drop(self.tell.take());
        let mut said = String::new();
        if let Some(pipe) = &mut self.child.stderr {
            // What was read until an error is still worth showing.
            let _ = pipe.read_to_string(&mut said);
        }
        DevnetError::Unexpected(format!("{} failed: {}", self.what, said.trim()))
    }

    fn talk_failed(&self, source: io::Error) -> DevnetError {
        process_error(format!("talk with {}", self.what), source)
    }
}

impl Drop for Companion {
    fn drop(&mut self) {
        // One that has ended already is not there to be ended, and is taken off the system's list.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn start_of(what: &str) -> String {
    format!("start {what}")
}

fn process_error(operation: String, source: io::Error) -> DevnetError {
    DevnetError::Process { operation, source }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A stand-in for a part: a shell with these commands.
    fn companion(script: &str) -> Result<Companion, DevnetError> {
        let mut command = Command::new("sh");
        command.args(["-c", script]);
        Companion::of(command, "the stand-in", READY)
    }

    #[test]
    fn a_part_is_let_go_asked_and_gives_its_result_at_the_end() {
        let script = "echo ready; read sign; echo \"heard $sign\"; while read more; do :; done; \
                      echo '[1,2]'";
        let mut part = companion(script).unwrap();
        part.tell(GO).unwrap();
        assert_eq!(part.line().unwrap(), "heard go");
        assert_eq!(part.last::<Vec<u8>>().unwrap(), [1, 2]);
    }

    #[test]
    fn a_part_that_fails_is_shown_in_its_own_words() {
        let at_first = companion("echo 'no node listens' >&2; exit 1").unwrap_err();
        assert_eq!(at_first.to_string(), "the stand-in failed: no node listens");
        let late = companion("echo ready; read sign; echo 'an answer is not the one meant' >&2");
        let late = late.unwrap().last::<Vec<u8>>().unwrap_err();
        assert_eq!(late.to_string(), "the stand-in failed: an answer is not the one meant");
        let after_its_result = companion("echo ready; echo '[]'; echo 'too late' >&2; exit 1");
        let after_its_result = after_its_result.unwrap().last::<Vec<u8>>().unwrap_err();
        assert_eq!(after_its_result.to_string(), "the stand-in failed: too late");
    }

    #[test]
    fn a_part_that_is_dropped_has_ended() {
        // Not one that ends with its input.
        let part = companion("echo ready; while true; do read line; done").unwrap();
        let process = format!("/proc/{}", part.id());
        let known = Path::new("/proc/self").exists();
        assert_eq!(Path::new(&process).exists(), known);
        drop(part);
        assert!(!Path::new(&process).exists());
    }

    #[test]
    fn what_a_part_is_to_do_is_read_from_its_file() {
        let temp = tempfile::tempdir().unwrap();
        let file = temp.path().join("told.json");
        let mut heard = Vec::new();
        std::fs::write(&file, "[7,8]").unwrap();
        done(&file, async |told: Vec<u8>| {
            heard = told;
            Ok(())
        })
        .unwrap();
        assert_eq!(heard, [7, 8]);
        std::fs::write(&file, "[7,").unwrap();
        let error = done(&file, async |_: Vec<u8>| Ok(())).unwrap_err();
        assert!(error.to_string().contains("told.json: EOF"), "{error}");
    }
}
