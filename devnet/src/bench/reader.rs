//! The reader process: asks nodes questions by the clock while others write, and notes how long each answer
//! took.
//! Holds: an answer that was due is never left out: its latency counts from when its question was due, not
//! from when it was sent; the first answer that is not the one meant ends the run.
//! May not enter: reading what was answered, beyond its length.

use std::cell::RefCell;
use std::ffi::OsString;
use std::io;
use std::process::ExitCode;
use std::rc::Rc;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use tokio::task::spawn_local;
use tokio::time::Instant;

use crate::failure::DevnetError;
use crate::usage::of_process;

use super::apart::{self, READY, input, say, say_result};
use super::link::Link;
use super::percentile::percentile;

const OK: u16 = 200;

/// What the reader is to do.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct Questions {
    /// The nodes' API ports: each question goes to the next node.
    pub(super) ports: Vec<u16>,
    /// How long questions are asked, at most.
    pub(super) limit: Duration,
    /// The kinds, each asked by itself, on connections of its own.
    pub(super) kinds: Vec<Asked>,
}

/// Questions of one kind.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct Asked {
    /// What kind it is.
    pub(super) name: String,
    /// What is asked for, one path after the other, and again from the first.
    pub(super) paths: Vec<String>,
    /// Between two questions.
    pub(super) interval: Duration,
}

/// How the answers to one kind came.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct Told {
    /// What kind it is.
    pub(super) name: String,
    /// How long each took, from when it was due to the last byte of its answer (ns), in ascending order.
    pub(super) took_ns: Vec<u64>,
    /// Bytes of all answers.
    pub(super) bytes: u64,
}

/// What the reader prints at its end.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(super) struct Read {
    /// Each kind, in the order in which they were named.
    pub(super) kinds: Vec<Told>,
    /// The reader's own processor time (seconds).
    pub(super) cpu_s: f64,
}

/// The process: its one argument is the file of its [`Questions`]. It begins when it is sent a line, and ends
/// when its input or its time does.
pub(crate) fn main(args: impl IntoIterator<Item = OsString>) -> ExitCode {
    apart::main(args, carried_out)
}

async fn carried_out(questions: Questions) -> Result<(), DevnetError> {
    let askers = connected(&questions).await?;
    say(READY)?;
    let mut lines = input();
    // The benchmark says when; if it has gone, nothing is asked.
    let read = match lines.recv().await {
        Some(()) => {
            let over = async move { while lines.recv().await.is_some() {} };
            asked(&questions, askers, over).await?
        }
        None => Read::default(),
    };
    say_result(&read)
}

/// Who asks questions of one kind at one node.
struct Asker {
    kind: usize,
    link: Link,
    /// The first question, and how many others ask between two of its own.
    first: usize,
    step: usize,
}

/// A connection to each node for each kind. Errors: nobody listens.
async fn connected(questions: &Questions) -> Result<Vec<Asker>, DevnetError> {
    let mut askers = Vec::new();
    for kind in 0..questions.kinds.len() {
        for (first, port) in questions.ports.iter().enumerate() {
            let link = Link::open(*port).await;
            let link = link.map_err(|source| failed("connect to a node", source))?;
            askers.push(Asker { kind, link, first, step: questions.ports.len() });
        }
    }
    Ok(askers)
}

/// Asks until `over`, or until the time is. Errors: an answer is not the one meant.
async fn asked(
    questions: &Questions,
    askers: Vec<Asker>,
    over: impl Future<Output = ()>,
) -> Result<Read, DevnetError> {
    let (began, cpu_s) = (Instant::now(), of_process("self").cpu_s);
    let told = questions.kinds.iter().map(|kind| RefCell::new(Told::none(&kind.name)));
    let told: Rc<Vec<RefCell<Told>>> = Rc::new(told.collect());
    let questions = Rc::new(questions.clone());
    let limit = questions.limit;
    let all: Vec<_> = askers
        .into_iter()
        .map(|asker| spawn_local(asker.ask(questions.clone(), told.clone(), began)))
        .collect();
    tokio::select! {
        () = over => {}
        () = tokio::time::sleep_until(began + limit) => {}
    }
    let cpu_s = of_process("self").cpu_s - cpu_s;
    for one in all {
        if one.is_finished() {
            one.await.map_err(|error| DevnetError::Unexpected(error.to_string()))??;
        } else {
            one.abort();
        }
    }
    let kinds = told.iter().map(|told| told.borrow().clone().sorted()).collect();
    Ok(Read { kinds, cpu_s })
}

impl Asker {
    /// Asks one question after the other, for ever. Errors: an answer is not the one meant.
    async fn ask(
        mut self,
        questions: Rc<Questions>,
        told: Rc<Vec<RefCell<Told>>>,
        began: Instant,
    ) -> Result<(), DevnetError> {
        let Asked { paths, interval, name } = &questions.kinds[self.kind];
        for number in (self.first..).step_by(self.step) {
            let due = began + interval.saturating_mul(u32::try_from(number).unwrap_or(u32::MAX));
            if due > Instant::now() {
                tokio::time::sleep_until(due).await;
            }
            let path = &paths[number % paths.len()];
            let answer = self.link.ask(path).await.map_err(|e| failed("ask a question", e))?;
            if answer.status != OK {
                let text = format!("a question ({name}) was not answered: {}", answer.text());
                return Err(DevnetError::Unexpected(text));
            }
            let mut told = told[self.kind].borrow_mut();
            told.bytes += answer.body.len() as u64;
            told.took_ns.push(u64::try_from(due.elapsed().as_nanos()).unwrap_or(u64::MAX));
        }
        Ok(())
    }
}

impl Told {
    fn none(name: &str) -> Told {
        Told { name: name.to_owned(), took_ns: Vec::new(), bytes: 0 }
    }

    fn sorted(mut self) -> Told {
        self.took_ns.sort_unstable();
        self
    }

    /// How long so many of a thousand answers took at most (ms); 0 where there was none.
    pub(super) fn percentile_ms(&self, per_mille: usize) -> f64 {
        percentile(&self.took_ns, per_mille).map_or(0.0, |ns| ns as f64 / 1e6)
    }
}

fn failed(operation: &str, source: io::Error) -> DevnetError {
    DevnetError::Process { operation: operation.to_owned(), source }
}

#[cfg(test)]
mod tests {
    use std::io::{Read as _, Write as _};
    use std::net::{Ipv4Addr, TcpListener};
    use std::thread;

    use tokio::task::LocalSet;

    use super::*;

    /// Answers requests of one connection, the first of them after `stall`.
    fn server(stall: Duration, answer: &'static str) -> u16 {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let port = listener.local_addr().unwrap().port();
        thread::spawn(move || {
            let (mut stream, _) = listener.accept().unwrap();
            let (mut buffer, mut due) = ([0; 4096], None);
            while stream.read(&mut buffer).is_ok_and(|count| count > 0) {
                let due = *due.get_or_insert_with(|| std::time::Instant::now() + stall);
                while std::time::Instant::now() < due {
                    thread::yield_now();
                }
                stream.write_all(answer.as_bytes()).unwrap();
            }
        });
        port
    }

    fn run(port: u16, limit: Duration) -> Result<Read, DevnetError> {
        let interval = Duration::from_millis(10);
        let kind = Asked { name: "entry".to_owned(), paths: vec!["/a".to_owned()], interval };
        let questions = Questions { ports: vec![port], limit, kinds: vec![kind] };
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        LocalSet::new().block_on(&runtime, async {
            let askers = connected(&questions).await?;
            asked(&questions, askers, std::future::pending()).await
        })
    }

    #[test]
    fn a_stall_counts_against_every_question_that_was_due_meanwhile() {
        let answer = "HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n{}";
        let stall = Duration::from_millis(300);
        let read = run(server(stall, answer), 2 * stall).unwrap();
        let told = &read.kinds[0];
        assert!(told.took_ns.len() > 30 && told.bytes >= 60, "{told:?}");
        assert!(told.percentile_ms(1000) >= 299.0, "{told:?}");
        // Thirty questions were due while the first waited.
        let slow = told.took_ns.iter().filter(|ns| **ns > 50_000_000).count();
        assert!(slow >= 20, "{told:?}");
        assert!(told.percentile_ms(500) <= told.percentile_ms(990));
        assert!(Told::none("x").percentile_ms(990).abs() < 1e-9);
    }

    #[test]
    fn an_answer_that_is_not_the_one_meant_ends_the_run() {
        let answer = "HTTP/1.1 404 Not Found\r\ncontent-length: 3\r\n\r\nno.";
        assert!(run(server(Duration::ZERO, answer), Duration::from_millis(300)).is_err());
    }
}
