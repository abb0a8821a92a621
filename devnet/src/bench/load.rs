//! A load: the client process, started, let go and read.
//! Holds: readings are taken when the client is connected and when it has ended; its records lie in the
//! devnet's directory and are removed with it.
//! May not enter: signing; what the numbers mean.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::path::Path;
use std::process::{Child, Stdio};
use std::time::Duration;

use crate::failure::DevnetError;
use crate::place::io_error;
use crate::process::Program;

use super::driving::READY;
use super::plan::{Answered, Done, Plan, read_answers, write_records};

/// How records are submitted.
#[derive(Clone, Debug)]
pub(super) struct Load<'a> {
    /// Where the files for the client lie.
    pub(super) dir: &'a Path,
    /// The nodes' API ports.
    pub(super) ports: Vec<u16>,
    /// How many records are under way at once, at most.
    pub(super) in_flight: usize,
    /// Between two arrivals, where records arrive by the clock.
    pub(super) interval: Option<Duration>,
}

/// What came of it.
#[derive(Clone, Debug)]
pub(super) struct Driven {
    /// From the first submission to the last answer.
    pub(super) elapsed: Duration,
    /// The client's processor time (seconds).
    pub(super) client_cpu_s: f64,
    /// Every record that was committed.
    pub(super) answers: Vec<Answered>,
    /// Of each list, how many records at its end were not submitted.
    pub(super) left: Vec<usize>,
}

impl Driven {
    /// Records committed in a second.
    pub(super) fn per_second(&self) -> f64 {
        self.answers.len() as f64 / self.elapsed.as_secs_f64().max(1e-6)
    }

    /// The latencies that so many of a thousand records do not exceed, in milliseconds.
    pub(super) fn percentiles<const N: usize>(&self, per_mille: [usize; N]) -> [f64; N] {
        let mut latencies: Vec<Duration> = self.answers.iter().map(|one| one.latency).collect();
        latencies.sort_unstable();
        per_mille.map(|per_mille| {
            let at = (latencies.len() * per_mille).div_ceil(1000).saturating_sub(1);
            latencies.get(at).copied().unwrap_or_default().as_secs_f64() * 1000.0
        })
    }
}

impl Load<'_> {
    /// Has `records`, a list for each node, submitted until there are no more or the time is over.
    /// `before` is called when all is ready. Errors: a record is not committed; a connection fails.
    pub(super) fn drive<T>(
        &self,
        records: &[Vec<Vec<u8>>],
        limit: Duration,
        before: impl FnOnce() -> Result<T, DevnetError>,
    ) -> Result<(Driven, T), DevnetError> {
        let path = |name: &str| self.dir.join(name);
        let plan = Plan {
            ports: self.ports.clone(),
            in_flight: self.in_flight,
            limit,
            interval: self.interval,
            input: path("bench-records"),
            output: path("bench-answers"),
        };
        write_records(&plan.input, records)?;
        let text = serde_json::to_vec(&plan).unwrap_or_default();
        let file = path("bench-plan.json");
        std::fs::write(&file, text).map_err(|source| io_error("write", &file, source))?;
        let failed = |source| process_error("run the benchmark's client", source);
        let mut command = Program::BenchClient.command([&file]).map_err(failed)?;
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().map_err(failed)?;
        let (done, taken) = conversation(&mut child, before)?;
        let answers = read_answers(&plan.output)?;
        let Done { elapsed, cpu_s, left } = done;
        Ok((Driven { elapsed, client_cpu_s: cpu_s, answers, left }, taken))
    }
}

/// Waits until the client is ready, lets it go, and waits for its end. Errors: it ends badly.
fn conversation<T>(
    child: &mut Child,
    before: impl FnOnce() -> Result<T, DevnetError>,
) -> Result<(Done, T), DevnetError> {
    let failed = |source| process_error("talk with the benchmark's client", source);
    let mut lines = child.stdout.take().map(BufReader::new);
    let mut line = || -> Result<String, DevnetError> {
        let mut line = String::new();
        if let Some(lines) = &mut lines {
            lines.read_line(&mut line).map_err(failed)?;
        }
        Ok(line.trim().to_owned())
    };
    let mut taken = None;
    if line()? == READY {
        // If this fails, the pipe is closed and the client ends by itself.
        taken = Some(before()?);
        if let Some(mut pipe) = child.stdin.take() {
            pipe.write_all(b"go\n").map_err(failed)?;
        }
    }
    let done = line()?;
    let (status, mut said) = (child.wait().map_err(failed)?, String::new());
    if let Some(pipe) = &mut child.stderr {
        pipe.read_to_string(&mut said).map_err(failed)?;
    }
    match (serde_json::from_str(&done), taken) {
        (Ok(done), Some(taken)) if status.success() => Ok((done, taken)),
        _ => {
            Err(DevnetError::Unexpected(format!("the benchmark's client failed: {}", said.trim())))
        }
    }
}

fn process_error(operation: &str, source: std::io::Error) -> DevnetError {
    DevnetError::Process { operation: operation.to_owned(), source }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percentiles_are_latencies_that_were_measured() {
        let answered =
            |ms| Answered { list: 0, place: 0, latency: Duration::from_millis(ms), entry: 0 };
        let mut driven = Driven {
            elapsed: Duration::from_secs(2),
            client_cpu_s: 0.0,
            // As they came, not in order.
            answers: (1..=2000).rev().map(answered).collect(),
            left: vec![],
        };
        assert_eq!(driven.percentiles([500, 990, 999, 1000]), [1000.0, 1980.0, 1998.0, 2000.0]);
        assert!((driven.per_second() - 1000.0).abs() < 1e-9);
        driven.answers.clear();
        assert_eq!(driven.percentiles([990]), [0.0]);
    }
}
