//! One agency's node: its directory, its process, its API.
//! Holds: the process does not outlive this; what it logged is shown when a test fails.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};

use serde_json::Value;

use super::http::Api;
use super::program::{comityd, multicall};
use super::wait;

/// Lines of a log that are shown when a test fails.
const TAIL_LINES: usize = 40;

/// A node.
pub(crate) struct Node {
    pub(crate) agency: String,
    /// Its data directory.
    pub(crate) dir: PathBuf,
    pub(crate) api: Api,
    /// Where it listens for other nodes.
    pub(crate) port: u16,
    log: PathBuf,
    process: Option<Child>,
}

impl Node {
    pub(crate) fn new(agency: &str, dir: PathBuf, api: Api, port: u16) -> Node {
        let log = dir.with_extension("stderr");
        Node { agency: agency.to_owned(), dir, api, port, log, process: None }
    }

    /// Starts the process. What it logs goes after what it logged before.
    pub(crate) fn start(&mut self) {
        self.start_with(&[]);
    }

    /// Starts the process with more options.
    pub(crate) fn start_with(&mut self, options: &[&str]) {
        let mut command = self.command(&["run"]);
        command.args(options);
        self.start_as(command);
    }

    /// Starts the process so that it ends by itself at a moment that `words` say (see
    /// `src/multicall/crashing.rs`).
    pub(crate) fn start_crashing(&mut self, words: &[&str]) {
        let mut command = multicall("comityd-crashing", words);
        command.args(["run", "--dir"]).arg(&self.dir);
        self.start_as(command);
    }

    /// Starts the process by a command that runs the node of this directory.
    pub(crate) fn start_as(&mut self, mut command: Command) {
        assert!(self.process.is_none(), "{} runs", self.agency);
        let log = File::options().create(true).append(true).open(&self.log).unwrap();
        self.process = Some(command.stdout(Stdio::null()).stderr(log).spawn().unwrap());
    }

    /// How the process ended, if it has; then it can be started again.
    pub(crate) fn ended(&mut self) -> Option<ExitStatus> {
        let status = self.process.as_mut()?.try_wait().unwrap()?;
        self.process = None;
        Some(status)
    }

    /// Sends a signal to the process, by its name.
    pub(crate) fn signal(&self, name: &str) {
        // std has no call for it, and small systems lack the program: the shell's own.
        let script = format!("kill -{name} {}", self.pid());
        assert!(Command::new("sh").args(["-c", &script]).status().unwrap().success());
    }

    /// A command of `comityd` on this node's directory.
    pub(crate) fn command(&self, args: &[&str]) -> Command {
        let mut command = comityd(args);
        command.arg("--dir").arg(&self.dir);
        command
    }

    /// Waits until the node is ready.
    pub(crate) fn ready(&mut self) {
        self.until("to be ready", |api| {
            let answer = api.ask("GET /readyz", &[], b"").map_err(|error| error.to_string())?;
            if answer.status == 200 { Ok(()) } else { Err(answer.text()) }
        });
    }

    /// Waits for something that the node's API shows, as long as the process lives.
    pub(crate) fn until<T>(
        &mut self,
        what: &str,
        mut look: impl FnMut(Api) -> Result<T, String>,
    ) -> T {
        let (api, process) = (self.api, self.process.as_mut().unwrap());
        wait::until(&format!("{} {what}", self.agency), || {
            let ended = process.try_wait().unwrap();
            assert!(ended.is_none(), "{} ended by itself: {ended:?}", self.agency);
            look(api)
        })
    }

    /// Waits until `/v1/status` is as `wanted` says, and returns it.
    pub(crate) fn until_status(&mut self, what: &str, wanted: impl Fn(&Value) -> bool) -> Value {
        self.until(what, |api| {
            let answer = api.ask("GET /v1/status", &[], b"").map_err(|error| error.to_string())?;
            let status = answer.json();
            if wanted(&status) { Ok(status) } else { Err(status.to_string()) }
        })
    }

    pub(crate) fn status(&self) -> Value {
        self.api.json("/v1/status")
    }

    /// Ends the process as a power cut would.
    pub(crate) fn kill(&mut self) {
        let mut process = self.process.take().unwrap();
        process.kill().unwrap();
        process.wait().unwrap();
    }

    /// Ends the process as a power cut would, and starts another.
    pub(crate) fn kill_and_start(&mut self) {
        self.kill();
        self.start();
    }

    /// Asks the process to end, as an operator or the system does, and waits until it has.
    pub(crate) fn stop(&mut self) -> ExitStatus {
        self.signal("TERM");
        let mut process = self.process.take().unwrap();
        wait::until(&format!("{} to end", self.agency), || match process.try_wait().unwrap() {
            Some(status) => Ok(status),
            None => Err("it runs".to_owned()),
        })
    }

    /// The process's number.
    pub(crate) fn pid(&self) -> u32 {
        self.process.as_ref().unwrap().id()
    }

    /// What the node has logged so far, of all its starts.
    pub(crate) fn log(&self) -> String {
        fs::read_to_string(&self.log).unwrap_or_default()
    }

    /// The node's identity on the network, as it logged it at its first start.
    pub(crate) fn identity(&self) -> String {
        let log = self.log();
        let line = log.lines().find(|line| line.contains(" on the network")).unwrap();
        let words = line.split("this node is ").nth(1).unwrap();
        words.split(' ').next().unwrap().to_owned()
    }

    /// A file of the node's.
    pub(crate) fn file(&self, name: impl AsRef<Path>) -> PathBuf {
        self.dir.join(name)
    }

    fn tail(&self) -> String {
        let log = self.log();
        let lines: Vec<&str> = log.lines().collect();
        lines[lines.len().saturating_sub(TAIL_LINES)..].join("\n")
    }
}

impl Drop for Node {
    fn drop(&mut self) {
        if let Some(mut process) = self.process.take() {
            // Where it has ended by itself there is nothing to end.
            let _ = process.kill();
            let _ = process.wait();
        }
        if std::thread::panicking() {
            println!("--- log of {} ---\n{}", self.agency, self.tail());
        }
    }
}
