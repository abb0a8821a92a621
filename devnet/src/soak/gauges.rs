//! What the nodes of the soak use: memory, descriptors, threads and queues, every second.
//! Holds: slopes are those of the node that is never ended, by least squares, after the first third
//! of the time; the bounds stand here and are printed beside what was found.
//! May not enter: load and trouble. Linux only: elsewhere nothing is found, and nothing is judged.

use std::fs;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use crate::api::Api;
use crate::failure::DevnetError;
use crate::nodes::running;
use crate::page::{Page, row};
use crate::place::Place;
use crate::topology::Node;

const EVERY: Duration = Duration::from_secs(1);
/// A shorter soak shows no slope: what is made once at the beginning outweighs all else.
const LEAST_MINUTES: u16 = 5;

const GAUGES: usize = 5;
/// What is measured: name, bound of the most, bound of the slope (in a minute). Memory rises, less
/// and less, until the view's cache of 64 MiB is full.
const MEASURES: [(&str, f64, f64); GAUGES] = [
    ("memory (MiB)", 256.0, 8.0),
    ("descriptors", 256.0, 2.0),
    ("threads", 96.0, 1.0),
    ("records waiting", 256.0, 8.0),
    ("blocks the view is behind", 64.0, 1.0),
];

/// A node at one moment.
#[derive(Clone, Copy, Debug)]
struct Reading {
    node: usize,
    minutes: f64,
    values: [f64; GAUGES],
    entries: f64,
}

/// Readings under way.
pub(super) struct Gauges {
    stop: Arc<AtomicBool>,
    thread: JoinHandle<Vec<Reading>>,
}

/// All readings.
pub(super) struct Readings(Vec<Reading>);

impl Gauges {
    /// Reads every node's until told to end.
    pub(super) fn start(place: &Place, nodes: &[Node]) -> Gauges {
        let (place, nodes) = (place.clone(), nodes.to_vec());
        let stop = Arc::new(AtomicBool::new(false));
        let stopped = stop.clone();
        let thread = thread::spawn(move || {
            let (began, mut readings) = (Instant::now(), Vec::new());
            while !stopped.load(Ordering::Relaxed) {
                for (number, node) in nodes.iter().enumerate() {
                    let minutes = began.elapsed().as_secs_f64() / 60.0;
                    readings.extend(read(&place, node, number, minutes));
                }
                thread::sleep(EVERY);
            }
            readings
        });
        Gauges { stop, thread }
    }

    /// Ends them.
    pub(super) fn end(self) -> Readings {
        self.stop.store(true, Ordering::Relaxed);
        match self.thread.join() {
            Ok(readings) => Readings(readings),
            Err(_) => unreachable!("reading does not panic"),
        }
    }
}

/// One node's, if it runs and answers.
fn read(place: &Place, node: &Node, number: usize, minutes: f64) -> Option<Reading> {
    let pid = running(place, node)?;
    let status = fs::read_to_string(format!("/proc/{pid}/status")).ok()?;
    let memory_kib = field(&status, "VmRSS:")?;
    let threads = field(&status, "Threads:")?;
    let files = fs::read_dir(format!("/proc/{pid}/fd")).ok()?.count();
    let metrics = Api::of(node).metrics().ok()?;
    let files = f64::from(u32::try_from(files).ok()?);
    let waiting = field(&metrics, "comity_pending ")?;
    let behind = field(&metrics, "comity_view_lag_blocks ")?;
    let values = [memory_kib / 1024.0, files, threads, waiting, behind];
    Some(Reading { node: number, minutes, values, entries: field(&metrics, "comity_log_size ")? })
}

/// The number after a name at a line's beginning.
fn field(text: &str, name: &str) -> Option<f64> {
    let rest = text.lines().find_map(|line| line.strip_prefix(name))?;
    rest.split_whitespace().next()?.parse().ok()
}

impl Readings {
    /// The node that is never ended, once it is warm.
    fn warm(&self) -> Vec<Reading> {
        let last = self.0.last().map_or(0.0, |reading| reading.minutes);
        let is_warm = |reading: &&Reading| reading.node == 0 && reading.minutes >= last / 3.0;
        self.0.iter().filter(is_warm).copied().collect()
    }

    fn most(&self, at: usize) -> f64 {
        self.0.iter().map(|reading| reading.values[at]).fold(0.0, f64::max)
    }

    fn slope(&self, at: usize) -> f64 {
        let warm = self.warm();
        slope(&warm.iter().map(|reading| (reading.minutes, reading.values[at])).collect::<Vec<_>>())
    }

    /// A table of what was found and what is allowed. Errors: it cannot be written.
    pub(super) fn show(&self, page: &mut Page) -> Result<(), DevnetError> {
        let mut rows = vec![row(["WHAT", "MOST", "ALLOWED", "SLOPE PER MIN", "ALLOWED"])];
        for (at, &(name, most, rise)) in MEASURES.iter().enumerate() {
            let (found, slope) = (self.most(at), self.slope(at));
            let cells = [most, rise].map(|bound| format!("{bound:.0}"));
            let found = [format!("{found:.1}"), format!("{slope:+.2}")];
            rows.push(row([name, &found[0], &cells[0], &found[1], &cells[1]]));
        }
        page.table(&rows)?;
        let warm = self.warm();
        let entries: Vec<(f64, f64)> = warm.iter().map(|r| (r.minutes, r.entries)).collect();
        let by_entry: Vec<(f64, f64)> = warm.iter().map(|r| (r.entries, r.values[0])).collect();
        page.say(&format!(
            "{:.0} entries a minute; memory grows by {:.0} bytes an entry ({} readings).",
            slope(&entries),
            slope(&by_entry) * 1024.0 * 1024.0,
            warm.len()
        ))
    }

    /// Errors: a bound is passed.
    pub(super) fn judge(&self, minutes: u16) -> Result<(), DevnetError> {
        for (at, &(name, most, rise)) in MEASURES.iter().enumerate() {
            let (found, slope) = (self.most(at), self.slope(at));
            if found > most || minutes >= LEAST_MINUTES && slope > rise {
                let text = format!("{name}: {found:.1} at most, {slope:+.2} a minute");
                return Err(DevnetError::Unexpected(text));
            }
        }
        Ok(())
    }
}

/// How much y rises with each x, by least squares; 0 where there is nothing to tell it from.
fn slope(points: &[(f64, f64)]) -> f64 {
    let count = points.iter().map(|_| 1.0).sum::<f64>();
    let mean = |of: fn(&(f64, f64)) -> f64| points.iter().map(of).sum::<f64>() / count.max(1.0);
    let (x, y) = (mean(|point| point.0), mean(|point| point.1));
    let spread: f64 = points.iter().map(|point| (point.0 - x).powi(2)).sum();
    let together: f64 = points.iter().map(|point| (point.0 - x) * (point.1 - y)).sum();
    if spread > 0.0 { together / spread } else { 0.0 }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slope_is_that_of_the_line_through_the_points() {
        let points = [(0.0, 1.0), (1.0, 3.0), (2.0, 5.0)];
        assert!((slope(&points) - 2.0).abs() < 1e-9);
        assert_eq!((slope(&[]), slope(&points[..1])), (0.0, 0.0));
    }

    #[test]
    fn what_passes_its_bound_is_named() {
        let reading = |minutes: f64, memory: f64| {
            let values = [memory, 40.0, 20.0, 0.0, 0.0];
            Reading { node: 0, minutes, values, entries: 100.0 * minutes }
        };
        let steady = Readings((0..60).map(|n| reading(f64::from(n) / 6.0, 90.0)).collect());
        steady.judge(10).unwrap();
        let leak = |n| reading(f64::from(n) / 6.0, 90.0 + 2.0 * f64::from(n));
        let leaking = Readings((0..60).map(leak).collect());
        let told = leaking.judge(10).unwrap_err().to_string();
        assert!(told.starts_with("memory"), "{told}");
        leaking.judge(1).unwrap();
    }

    #[test]
    fn fields_are_found_by_their_names() {
        let text = "VmPeak: 9 kB\nVmRSS:\t  2048 kB\ncomity_pending 3\n";
        assert_eq!(field(text, "VmRSS:"), Some(2048.0));
        assert_eq!(field(text, "comity_pending "), Some(3.0));
        assert_eq!(field(text, "Threads:"), None);
    }
}
