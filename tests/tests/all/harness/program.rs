//! The programs under test: `comityd` and `comity`, as processes of the multicall binary.
//! Holds: a command that does not end is ended; nothing of the caller's environment reaches it.

use std::ffi::OsStr;
use std::io::Read;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::thread::{self, JoinHandle};

use serde_json::Value;

use super::wait;

/// What a command left behind.
#[derive(Debug)]
pub(crate) struct Ran {
    pub(crate) code: Option<i32>,
    pub(crate) out: String,
    pub(crate) err: String,
}

/// A command of `comityd`.
pub(crate) fn comityd<S: AsRef<OsStr>>(args: impl IntoIterator<Item = S>) -> Command {
    multicall("comityd", args)
}

/// A command of `comity`, in the directory where it may leave files.
pub(crate) fn comity<S: AsRef<OsStr>>(dir: &Path, args: impl IntoIterator<Item = S>) -> Command {
    let mut command = multicall("comity", args);
    command.current_dir(dir);
    command
}

/// A program of the multicall binary, by its name.
pub(crate) fn multicall<S: AsRef<OsStr>>(name: &str, args: impl IntoIterator<Item = S>) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_comity-multicall"));
    command.arg(name).args(args).env_clear().env("TZ", "UTC").stdin(Stdio::null());
    command
}

/// Runs a command to its end.
pub(crate) fn run(command: &mut Command) -> Ran {
    let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let (out, err) = (read(child.stdout.take()), read(child.stderr.take()));
    let mut running = Running(child);
    let status = wait::until("a command to end", || match running.0.try_wait().unwrap() {
        Some(status) => Ok(status),
        None => Err(format!("{command:?} runs")),
    });
    Ran { code: status.code(), out: out.join().unwrap(), err: err.join().unwrap() }
}

/// Does not leave a process behind when the wait for it ends in a panic.
pub(crate) struct Running(pub(crate) Child);

impl Drop for Running {
    fn drop(&mut self) {
        // It has ended, or it shall.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

fn read(pipe: Option<impl Read + Send + 'static>) -> JoinHandle<String> {
    thread::spawn(move || {
        let mut bytes = Vec::new();
        pipe.unwrap().read_to_end(&mut bytes).unwrap();
        String::from_utf8_lossy(&bytes).into_owned()
    })
}

impl Ran {
    /// What the command printed, since it succeeded.
    pub(crate) fn done(self) -> String {
        assert_eq!(self.code, Some(0), "{self:#?}");
        self.out
    }

    /// What the command printed as JSON, since it succeeded.
    pub(crate) fn done_json(self) -> Value {
        serde_json::from_str(&self.done()).unwrap()
    }

    /// The command ended with `code`, printed no result, and said all of `words`.
    pub(crate) fn refused(self, code: i32, words: &[&str]) -> String {
        assert_eq!((self.code, self.out.as_str()), (Some(code), ""), "{self:#?}");
        for words in words {
            assert!(self.err.contains(words), "{words:?} is not in {self:#?}");
        }
        self.err
    }
}
