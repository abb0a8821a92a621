//! A test run again inside namespaces of networks, mounts and processes of its own.
//! Holds: nothing of the machine is changed, and nothing outlives the test: it all ends with the
//! namespaces, and these with their first process.

use std::env;
use std::process::{Command, Stdio};
use std::time::Duration;

use super::consortium::turn;
use super::program::Running;
use super::wait;

/// Set for the process inside; the value is the test's name.
const INSIDE: &str = "COMITY_TEST_INSIDE_NAMESPACES";
/// What every such test does first, tried beforehand.
const BEGINNING: &str = "mount -t tmpfs -o mode=0755 none /run && mkdir /run/netns";

/// Runs `inside` in namespaces, as root: by running the test of this name again. Where that is not
/// possible it is skipped, with the reason: `programs` are those it needs, `tried` is a command of the
/// shell that must succeed there.
pub(crate) fn run(name: &str, programs: &[&str], tried: &str, limit: Duration, inside: fn()) {
    if env::var(INSIDE).is_ok_and(|test| test == name) {
        sh(BEGINNING);
        return inside();
    }
    if let Err(reason) = possible(programs, tried) {
        println!("skipped: {reason}");
        return;
    }
    let _turn = turn();
    let mut command = unshare();
    command.arg(env::current_exe().unwrap()).args(["--exact", "--nocapture", name]);
    let child = command.env(INSIDE, name).stdin(Stdio::null()).spawn().unwrap();
    // All processes inside end with the first of them.
    let mut running = Running(child);
    let status = wait::within(limit, "the test inside to end", || {
        running.0.try_wait().unwrap().ok_or_else(|| "it runs".to_owned())
    });
    assert!(status.success(), "{status:?}, see above");
}

/// Runs a script of the shell, which must succeed.
pub(crate) fn sh(script: &str) {
    let status = Command::new("sh").args(["-ec", script]).status().unwrap();
    assert!(status.success(), "{script}");
}

fn possible(programs: &[&str], tried: &str) -> Result<(), String> {
    for program in programs {
        let found = Command::new("sh").args(["-c", &format!("command -v {program}")]).output();
        if !found.is_ok_and(|output| output.status.success()) {
            return Err(format!("there is no program {program}"));
        }
    }
    let script = format!("test \"$(id -u)\" = 0 && {BEGINNING} && {tried}");
    match unshare().args(["sh", "-c", &script]).output() {
        Ok(output) if output.status.success() => Ok(()),
        Ok(output) => {
            let told = String::from_utf8_lossy(&output.stderr).trim().to_owned();
            Err(format!("namespaces may not be made here: {told}"))
        }
        Err(error) => Err(format!("unshare (util-linux): {error}")),
    }
}

fn unshare() -> Command {
    let mut command = Command::new("unshare");
    command.args(["--net", "--mount", "--pid", "--fork", "--kill-child", "--mount-proc", "--"]);
    command
}
