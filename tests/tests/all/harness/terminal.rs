//! A person at a terminal: runs a command on a terminal of its own and answers what it asks.
//! Holds: a command that does not end is ended; an answer is given to a question and to nothing else.
//! May not enter: what the commands are.

use std::io::{Read as _, Write as _};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::thread;
use std::time::{Duration, Instant};

/// Longest that a command may take.
const LIMIT: Duration = Duration::from_secs(60);

/// What was to be seen on the terminal.
#[derive(Debug)]
pub(crate) struct Seen {
    pub(crate) code: Option<i32>,
    /// Questions and answers are part of it, as a person sees them.
    pub(crate) screen: String,
}

/// Questions, by words in their last line, and what the person answers.
pub(crate) type Answers<'a> = &'a [(&'a str, &'a str)];

/// The passphrase of all keys of everybody. Whether a terminal shows it depends on who is faster,
/// the program that hides it or the person who types.
const PASSPHRASE: &str = "quite another kettle of fish";

/// Signs what is shown, and has one passphrase for everything.
pub(crate) const A_PERSON: Answers<'static> = &[
    ("Go on? [y/N] ", "y"),
    ("assphrase ", PASSPHRASE),
    ("The same again:", PASSPHRASE),
    ("是否继续？[y/N] ", "y"),
    ("口令：", PASSPHRASE),
    ("再输入一次：", PASSPHRASE),
];

/// Whether this machine has what it takes; else why not.
pub(crate) fn available() -> Result<(), String> {
    let found = Command::new("script").arg("--version").stdout(Stdio::null()).status();
    found.map(|_| ()).map_err(|error| format!("the program `script` (util-linux): {error}"))
}

/// Runs a command of the shell on a terminal of 80 columns. `prepared` is a command that has what
/// comes before: environment, directory, another namespace; its last argument will be `script`'s.
pub(crate) fn run(mut prepared: Command, shell_command: &str, answers: Answers<'_>) -> Seen {
    let sized = format!("stty cols 80 rows 40; {shell_command}");
    prepared.args(["script", "--quiet", "--flush", "--return", "--command", &sized, "/dev/null"]);
    prepared.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::inherit());
    let mut running = Running(prepared.spawn().unwrap());
    let output = follow(&mut running.0);
    let mut input = running.0.stdin.take().unwrap();
    let screen = converse(&output, &mut input, answers, shell_command);
    let code = running.0.wait().unwrap().code();
    Seen { code, screen: screen.replace("\r\n", "\n").replace(PASSPHRASE, "") }
}

/// Does not leave a process behind when the test ends in a panic.
struct Running(Child);

impl Drop for Running {
    fn drop(&mut self) {
        // It has ended, or it shall.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

fn follow(child: &mut Child) -> Receiver<Vec<u8>> {
    let (send, receive) = channel();
    let mut pipe = child.stdout.take().unwrap();
    thread::spawn(move || {
        let mut bytes = [0; 4096];
        while let Ok(count @ 1..) = pipe.read(&mut bytes) {
            if send.send(bytes[..count].to_vec()).is_err() {
                return;
            }
        }
    });
    receive
}

fn converse(
    output: &Receiver<Vec<u8>>,
    input: &mut ChildStdin,
    answers: Answers<'_>,
    what: &str,
) -> String {
    let (began, mut bytes, mut answered) = (Instant::now(), Vec::new(), 0);
    loop {
        let left = LIMIT.saturating_sub(began.elapsed());
        match output.recv_timeout(left) {
            Ok(more) => bytes.extend(more),
            Err(RecvTimeoutError::Disconnected) => {
                return String::from_utf8_lossy(&bytes).into_owned();
            }
            Err(RecvTimeoutError::Timeout) => {
                panic!("{what} goes on after {LIMIT:?}: {}", String::from_utf8_lossy(&bytes))
            }
        }
        let open = String::from_utf8_lossy(&bytes[answered..]).into_owned();
        let line = open.rsplit('\n').next().unwrap_or_default();
        let is_question =
            [": ", ":", "： ", "：", "? ", "] "].iter().any(|end| line.ends_with(end));
        let asked = |(question, _): &&(&str, &str)| is_question && line.contains(question);
        if let Some((_, answer)) = answers.iter().find(asked) {
            answered = bytes.len();
            // Where the command has ended meanwhile, its output tells.
            let _ = input.write_all(format!("{answer}\n").as_bytes()).and_then(|()| input.flush());
        }
    }
}

#[test]
fn questions_are_answered_and_shown() {
    if let Err(reason) = available() {
        println!("skipped: {reason}");
        return;
    }
    let command = "printf 'Sure? '; read answer; echo got $answer; exit 7";
    let seen = run(Command::new("env"), command, &[("Sure? ", "yes")]);
    assert_eq!(seen.code, Some(7), "{seen:?}");
    assert!(seen.screen.contains("Sure? yes\ngot yes\n"), "{seen:?}");
}
