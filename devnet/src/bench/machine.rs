//! The machine on which it was measured: a number without it means nothing.
//! May not enter: anything that names the machine or its user.

use std::thread;

use jiff::Timestamp;
use jiff::tz::TimeZone;
use serde::Serialize;

/// What the machine is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(crate) struct Machine {
    /// Cores that this process may use (count).
    pub(crate) cores: usize,
    /// The processor's model, as the system calls it.
    pub(crate) processor: String,
    /// Memory (bytes), where the system says so.
    pub(crate) memory_bytes: Option<u64>,
    /// Operating system and architecture.
    pub(crate) system: String,
    /// The day of the measurement (UTC).
    pub(crate) date: String,
}

impl Machine {
    /// This one, today.
    pub(crate) fn of_this_process() -> Machine {
        let read = |path| std::fs::read_to_string(path).unwrap_or_default();
        let processor = value(&read("/proc/cpuinfo"), "model name");
        let memory = value(&read("/proc/meminfo"), "MemTotal");
        let memory_kib: Option<u64> = memory.and_then(|text| text.split(' ').next()?.parse().ok());
        Machine {
            cores: thread::available_parallelism().map_or(1, usize::from),
            processor: processor.unwrap_or_else(|| "unknown".to_owned()),
            memory_bytes: memory_kib.map(|kib| kib * 1024),
            system: format!("{} {}", std::env::consts::OS, std::env::consts::ARCH),
            date: Timestamp::now().to_zoned(TimeZone::UTC).strftime("%Y-%m-%d").to_string(),
        }
    }
}

/// The first value under this name in a list of `name : value` lines.
fn value(text: &str, name: &str) -> Option<String> {
    let mut pairs = text.lines().filter_map(|line| line.split_once(':'));
    let (_, value) = pairs.find(|(found, _)| found.trim() == name)?;
    Some(value.trim().to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn facts_are_found_by_their_names() {
        let text = "processor\t: 0\nmodel name\t: A Processor 3000\nMemTotal:   1024 kB\n";
        assert_eq!(value(text, "model name").unwrap(), "A Processor 3000");
        assert_eq!(value(text, "MemTotal").unwrap(), "1024 kB");
        assert_eq!(value(text, "model"), None);
        assert!(Machine::of_this_process().cores >= 1);
    }
}
