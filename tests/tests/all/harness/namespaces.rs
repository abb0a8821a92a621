//! A test run again inside namespaces of networks, mounts and processes of its own.
//! Holds: nothing of the machine is changed, and nothing outlives the test: it all ends with the
//! namespaces, and these with their first process.

use std::env;
use std::process::{Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use super::consortium::turn;

/// Set for the process inside; the value is the test's name.
const INSIDE: &str = "COMITY_TEST_INSIDE_NAMESPACES";
/// What every such test does first, tried beforehand.
const BEGINNING: &str = "mount -t tmpfs -o mode=0755 none /run && mkdir /run/netns";

/// Runs `inside` in namespaces, as root: by running the test of this name again. Where that is not
/// possible it is skipped, with the reason: `programs` are those it needs, `tried` is a command of the
/// shell that must succeed there.
pub(crate) fn run(name: &str, programs: &[&str], tried: &str, limit: Duration, inside: fn()) {
    if env::var(INSIDE).is_ok_and(|test| test == name) {
        assert!(shell(BEGINNING).status().unwrap().success(), "{BEGINNING}");
        return inside();
    }
    if let Err(reason) = possible(programs, tried) {
        println!("skipped: {reason}");
        return;
    }
    let _turn = turn();
    let mut command = unshare();
    command.arg(env::current_exe().unwrap()).args(["--exact", "--nocapture", name]);
    let mut child = command.env(INSIDE, name).stdin(Stdio::null()).spawn().unwrap();
    let began = Instant::now();
    let mut status = child.try_wait().unwrap();
    while status.is_none() && began.elapsed() < limit {
        thread::park_timeout(Duration::from_millis(50));
        status = child.try_wait().unwrap();
    }
    // All processes inside end with the first of them. It may have ended.
    let _ = child.kill();
    assert!(status.is_some_and(|status| status.success()), "{status:?}, see above");
}

fn possible(programs: &[&str], tried: &str) -> Result<(), String> {
    for program in programs {
        let found = shell(&format!("command -v {program}")).output();
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

fn shell(script: &str) -> Command {
    let mut command = Command::new("sh");
    command.args(["-c", script]);
    command
}
