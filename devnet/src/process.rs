//! Processes of this same executable: how they are started, recognised and signalled.
//! Holds: a process is signalled only after it was seen to be the node of that very directory.
//! May not enter: what the programs do; waiting (see `nodes` and `run`).

use std::ffi::OsStr;
use std::fs::File;
use std::io;
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

/// The programs that this executable holds besides its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Program {
    /// An agency's node.
    Comityd,
    /// The command line of officers, stewards and auditors.
    Comity,
    /// The benchmark's client, whose processor time is counted apart.
    BenchClient,
    /// The links between nodes that a benchmark delays.
    BenchLinks,
    /// The benchmark's reader.
    BenchReader,
}

impl Program {
    const ALL: [Program; 5] = [
        Program::Comityd,
        Program::Comity,
        Program::BenchClient,
        Program::BenchLinks,
        Program::BenchReader,
    ];

    /// The program's name, as people type it.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Program::Comityd => "comityd",
            Program::Comity => "comity",
            Program::BenchClient => "comity-bench-client",
            Program::BenchLinks => "comity-bench-links",
            Program::BenchReader => "comity-bench-reader",
        }
    }

    /// The first argument that makes this executable that program.
    fn hidden_argument(self) -> &'static str {
        match self {
            Program::Comityd => "__comityd",
            Program::Comity => "__comity",
            Program::BenchClient => "__bench-client",
            Program::BenchLinks => "__bench-links",
            Program::BenchReader => "__bench-reader",
        }
    }

    /// The program that this first argument stands for, if any.
    pub(crate) fn of_hidden_argument(argument: &str) -> Option<Program> {
        Program::ALL.into_iter().find(|program| program.hidden_argument() == argument)
    }

    /// A command that runs the program. Errors: the system does not say where this executable is.
    pub(crate) fn command<I, S>(self, args: I) -> io::Result<Command>
    where
        I: IntoIterator<Item = S>,
        S: AsRef<OsStr>,
    {
        let mut command = Command::new(own_executable()?);
        command.arg(self.hidden_argument()).args(args);
        // What the caller's shell has set is meant for the caller's own node and keys.
        for name in ["COMITY_NODE", "COMITY_KEY", "COMITY_CONSORTIUM"] {
            command.env_remove(name);
        }
        Ok(command)
    }
}

/// When a node's process ends, if nobody ends it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Lifetime {
    /// Never: an interrupt that is typed at the terminal is meant for the launcher alone.
    OnItsOwn,
    /// An interrupt that is typed at the terminal ends it, too.
    WithTheLauncher,
}

/// The signals that nodes are stopped with, for good or for a while.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Signal {
    /// End in good order.
    Terminate,
    /// End at once.
    Kill,
    /// Stand still.
    Halt,
    /// Go on.
    Resume,
}

impl Signal {
    /// The signal's option of the command `kill`.
    pub(crate) fn option(self) -> &'static str {
        match self {
            Signal::Terminate => "-TERM",
            Signal::Kill => "-9",
            Signal::Halt => "-STOP",
            Signal::Resume => "-CONT",
        }
    }
}

/// Starts the node of `dir`, with its log appended to `log`. It lives on when this process ends.
/// Errors: the log or the process cannot be made.
pub(crate) fn start_node(dir: &Path, log: &Path, lifetime: Lifetime) -> io::Result<Child> {
    let log = File::options().create(true).append(true).open(log)?;
    let mut command = Program::Comityd.command(node_arguments(dir))?;
    command.stdin(Stdio::null()).stdout(log.try_clone()?).stderr(log);
    match lifetime {
        // A group of its own, which the terminal does not signal.
        Lifetime::OnItsOwn => command.process_group(0),
        Lifetime::WithTheLauncher => &mut command,
    };
    command.current_dir(dir).spawn()
}

/// Whether the process with this number is the running node of `dir`.
pub(crate) fn is_node_of(pid: u32, dir: &Path) -> bool {
    let Some(found) = command_line(pid) else { return false };
    let own = node_arguments(dir).map(|arg| arg.to_string_lossy().into_owned());
    let expected = format!(" {} {}", Program::Comityd.hidden_argument(), own.join(" "));
    found.ends_with(&expected)
}

/// Signals a process. Errors: there is no such process, or it is another user's.
pub(crate) fn signal(pid: u32, signal: Signal) -> io::Result<()> {
    // The shell's own `kill`: std has no call for it, and small systems lack the program.
    let script = format!("kill {} {pid}", signal.option());
    let output = Command::new("sh").args(["-c", &script]).stdin(Stdio::null()).output()?;
    if output.status.success() {
        return Ok(());
    }
    Err(io::Error::other(String::from_utf8_lossy(&output.stderr).trim().to_owned()))
}

fn node_arguments(dir: &Path) -> [&OsStr; 3] {
    ["run".as_ref(), "--dir".as_ref(), dir.as_os_str()]
}

fn own_executable() -> io::Result<PathBuf> {
    let path = std::env::current_exe()?;
    // Linux says so of a program that was built anew while it ran; the new one is as good.
    let name = path.to_string_lossy();
    Ok(name.strip_suffix(" (deleted)").map(PathBuf::from).unwrap_or(path))
}

/// The arguments of a running process, joined by spaces; `None` for one that is not there or that
/// has ended and is only still listed.
fn command_line(pid: u32) -> Option<String> {
    let text = if Path::new("/proc/self/cmdline").exists() {
        let bytes = std::fs::read(format!("/proc/{pid}/cmdline")).ok()?;
        String::from_utf8_lossy(&bytes).replace('\0', " ")
    } else {
        let pid = pid.to_string();
        let output = Command::new("ps").args(["-ww", "-o", "args=", "-p", &pid]).output().ok()?;
        String::from_utf8_lossy(&output.stdout).into_owned()
    };
    let text = text.trim_end();
    if text.is_empty() { None } else { Some(text.to_owned()) }
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, Instant};

    use super::*;

    #[test]
    fn no_process_but_the_directorys_own_node_is_taken_for_it() {
        let dir = Path::new("/var/lib/comity-devnet-of-a-test/nodes/health.gz");
        // A stand-in with a node's arguments, which it does not look at: it waits for a line.
        let mut child = Command::new("sh")
            .args(["-c", "read line", "node", "__comityd", "run", "--dir"])
            .arg(dir)
            .stdin(Stdio::piped())
            .spawn()
            .unwrap();
        // The system shows the arguments a moment after the start.
        let began = Instant::now();
        while !is_node_of(child.id(), dir) && began.elapsed() < Duration::from_secs(60) {
            std::thread::yield_now();
        }
        let found = is_node_of(child.id(), dir);
        let elsewhere = is_node_of(child.id(), Path::new("/nodes/health.gz"));
        signal(child.id(), Signal::Kill).unwrap();
        // Ended, but not yet asked about by its parent: nobody any more.
        let after = child.wait().map(|_| is_node_of(child.id(), dir)).unwrap();
        assert_eq!((found, elsewhere, after), (true, false, false));
        assert!(!is_node_of(std::process::id(), dir));
    }

    #[test]
    fn hidden_arguments_stand_for_the_programs_and_nothing_else_does() {
        assert_eq!(Program::of_hidden_argument("__comityd"), Some(Program::Comityd));
        assert_eq!(Program::of_hidden_argument("__comity"), Some(Program::Comity));
        assert_eq!(Program::of_hidden_argument("__bench-client"), Some(Program::BenchClient));
        for other in ["comity", "up", "", "--help"] {
            assert_eq!(Program::of_hidden_argument(other), None, "{other}");
        }
    }
}
