//! The client process: submits records over many connections, all on one thread, and notes when each
//! was answered.
//! Holds: every record is submitted once, at the node of its list; the first that is not committed ends
//! the run. Where records arrive by the clock, an arrival is never left out: its latency counts from when
//! it should have been submitted, however late it was.
//! May not enter: signing; verifying; what the numbers mean.

use std::cell::{Cell, RefCell};
use std::ffi::OsString;
use std::io;
use std::process::ExitCode;
use std::rc::Rc;
use std::time::{Duration, Instant};

use crate::failure::DevnetError;
use crate::usage::of_process;

use super::apart::{self, READY, input, say, say_result};
use super::link::Link;
use super::plan::{Answered, Done, Plan, read_records, write_answers};

const OK: u16 = 200;
/// Records that arrive by the clock are given up when they take so many times as long as they should.
const PATIENCE: u32 = 4;

/// The process: its one argument is the plan.
pub(crate) fn main(args: impl IntoIterator<Item = OsString>) -> ExitCode {
    apart::main(args, carried_out)
}

async fn carried_out(plan: Plan) -> Result<(), DevnetError> {
    let records = read_records(&plan.input, plan.ports.len())?;
    let begin = async || {
        say(READY)?;
        // The benchmark takes its readings, then says so; if it has gone, this process goes, too.
        let gone = || failed("begin", io::ErrorKind::UnexpectedEof.into());
        input().recv().await.ok_or_else(gone)
    };
    let (done, answers) = driven(&plan, records, begin).await?;
    write_answers(&plan.output, &answers)?;
    say_result(&done)
}

/// What all connections share.
struct Shared {
    plan: Plan,
    queues: Vec<Queue>,
    answers: RefCell<Vec<Answered>>,
    failure: RefCell<Option<DevnetError>>,
    began: Instant,
}

/// Records of one list.
struct Queue {
    records: Vec<Vec<u8>>,
    submitted: Cell<usize>,
}

/// Connects, calls `begin`, and submits. Errors: nobody listens; a record is not committed.
async fn driven(
    plan: &Plan,
    records: Vec<Vec<Vec<u8>>>,
    begin: impl AsyncFnOnce() -> Result<(), DevnetError>,
) -> Result<(Done, Vec<Answered>), DevnetError> {
    let count = plan.ports.len();
    let mut links = Vec::new();
    for number in 0..plan.in_flight {
        // With few of them, each goes from node to node; with many, each has its own.
        let own =
            if plan.in_flight < count { 0..count } else { number % count..number % count + 1 };
        let mut open = Vec::new();
        for list in own {
            let link = Link::open(plan.ports[list]).await;
            open.push((list, link.map_err(|source| failed("connect to a node", source))?));
        }
        links.push(open);
    }
    begin().await?;
    let cpu_s = of_process("self").cpu_s;
    let queue = |records| Queue { records, submitted: Cell::new(0) };
    let shared = Rc::new(Shared {
        plan: plan.clone(),
        queues: records.into_iter().map(queue).collect(),
        answers: RefCell::default(),
        failure: RefCell::default(),
        began: Instant::now(),
    });
    let clients: Vec<_> = links
        .into_iter()
        .map(|links| tokio::task::spawn_local(client(shared.clone(), links)))
        .collect();
    for client in clients {
        client.await.map_err(|error| DevnetError::Unexpected(error.to_string()))?;
    }
    let elapsed = shared.began.elapsed();
    if let Some(failure) = shared.failure.take() {
        return Err(failure);
    }
    let left = |queue: &Queue| queue.records.len() - queue.submitted.get();
    let left = shared.queues.iter().map(left).collect();
    let done = Done { elapsed, cpu_s: of_process("self").cpu_s - cpu_s, left };
    Ok((done, shared.answers.take()))
}

/// One of those that submit, with its connections, each to the node of a list.
async fn client(shared: Rc<Shared>, mut links: Vec<(usize, Link)>) {
    let mut turn = 0;
    while !links.is_empty() && shared.failure.borrow().is_none() {
        turn %= links.len();
        let (list, link) = &mut links[turn];
        let Some((place, due)) = shared.next(*list) else {
            links.remove(turn);
            continue;
        };
        if due > Instant::now() {
            // The timer wakes up to a millisecond late; that is counted, too.
            tokio::time::sleep_until(due.into()).await;
        }
        if let Err(error) = shared.submit(*list, place, due, link).await {
            shared.failure.borrow_mut().get_or_insert(error);
        }
        turn += 1;
    }
}

impl Shared {
    /// The next record of a list, and when it is due; none when there are no more, or the time is
    /// over.
    fn next(&self, list: usize) -> Option<(usize, Instant)> {
        let queue = &self.queues[list];
        let place = queue.submitted.get();
        let due = match self.plan.interval {
            None => Instant::now(),
            Some(interval) => self.began + arrival(interval, place, list, self.queues.len()),
        };
        if place >= queue.records.len() || due >= self.began + self.plan.limit {
            return None;
        }
        queue.submitted.set(place + 1);
        Some((place, due))
    }

    async fn submit(
        &self,
        list: usize,
        place: usize,
        due: Instant,
        link: &mut Link,
    ) -> Result<(), DevnetError> {
        if self.plan.interval.is_some() && self.began.elapsed() > self.plan.limit * PATIENCE {
            let text = "the nodes do not keep up with this rate; name a lower one".to_owned();
            return Err(DevnetError::Unexpected(text));
        }
        let answer = link.submit(&self.queues[list].records[place]).await;
        let answer = answer.map_err(|source| failed("submit a record", source))?;
        let latency = due.elapsed();
        match (answer.status, answer.entry()) {
            (OK, Some(entry)) => {
                self.answers.borrow_mut().push(Answered { list, place, latency, entry });
                Ok(())
            }
            _ => {
                let text = answer.text();
                let text = format!("a record of the benchmark was not committed: {text}");
                Err(DevnetError::Unexpected(text))
            }
        }
    }
}

/// When the record at a place of a list is due, after the beginning: the lists take turns.
fn arrival(interval: Duration, place: usize, list: usize, lists: usize) -> Duration {
    let number = (place * lists + list) as u64;
    let nanoseconds = u64::try_from(interval.as_nanos()).unwrap_or(u64::MAX);
    Duration::from_nanos(nanoseconds.saturating_mul(number))
}

fn failed(operation: &str, source: io::Error) -> DevnetError {
    DevnetError::Process { operation: operation.to_owned(), source }
}

#[cfg(test)]
mod tests {
    use std::io::{Read as _, Write as _};
    use std::net::{Ipv4Addr, TcpListener};
    use std::path::PathBuf;
    use std::thread;

    use tokio::task::LocalSet;

    use super::*;

    const COMMITTED: &str = "HTTP/1.1 200 OK\r\ncontent-length: 11\r\n\r\n{\"index\":7}";

    /// Answers requests of one connection, the first of them after `stall`.
    fn server(stall: Duration, answer: &'static str) -> u16 {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let port = listener.local_addr().unwrap().port();
        thread::spawn(move || {
            let (mut stream, _) = listener.accept().unwrap();
            let (mut buffer, mut due) = ([0; 4096], None);
            while stream.read(&mut buffer).is_ok_and(|count| count > 0) {
                let due = *due.get_or_insert_with(|| Instant::now() + stall);
                while Instant::now() < due {
                    thread::yield_now();
                }
                stream.write_all(answer.as_bytes()).unwrap();
            }
        });
        port
    }

    fn run(
        port: u16,
        count: usize,
        interval: Option<Duration>,
    ) -> Result<(Done, Vec<Answered>), DevnetError> {
        let plan = Plan {
            ports: vec![port],
            in_flight: 1,
            limit: Duration::from_secs(20),
            interval,
            input: PathBuf::new(),
            output: PathBuf::new(),
        };
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let records = vec![vec![vec![1, 2, 3]; count]];
        LocalSet::new().block_on(&runtime, driven(&plan, records, async || Ok(())))
    }

    #[test]
    fn a_stall_counts_against_every_record_that_was_due_meanwhile() {
        let (stall, interval) = (Duration::from_millis(300), Duration::from_millis(10));
        let (done, by_the_clock) = run(server(stall, COMMITTED), 5, Some(interval)).unwrap();
        assert_eq!((by_the_clock.len(), done.left), (5, vec![0]));
        for answered in &by_the_clock {
            assert!(answered.latency >= stall - 5 * interval, "{answered:?}");
        }
        // One after the other, only the first waits: what such a client would leave out.
        let (_, in_turn) = run(server(stall, COMMITTED), 5, None).unwrap();
        assert!(in_turn[0].latency >= stall && in_turn[4].latency < stall, "{in_turn:?}");
    }

    #[test]
    fn a_record_that_is_not_committed_ends_the_run() {
        for answer in [
            "HTTP/1.1 409 Conflict\r\ncontent-length: 3\r\n\r\nno.",
            "HTTP/1.1 202 Accepted\r\ncontent-length: 2\r\n\r\n{}",
        ] {
            assert!(run(server(Duration::ZERO, answer), 2, None).is_err(), "{answer}");
        }
    }

    #[test]
    fn lists_take_turns_by_the_clock() {
        let at = |place, list| arrival(Duration::from_millis(2), place, list, 4).as_millis();
        assert_eq!([at(0, 0), at(0, 3), at(1, 0), at(10, 2)], [0, 6, 8, 84]);
    }
}
