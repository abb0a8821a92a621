//! What a process has used of the machine, as Linux tells it.
//! Holds: a system that tells nothing leaves zeros, which nobody takes for a measurement.
//! May not enter: what is made of it.

/// Parts of a second in which the system counts processor time.
const TICKS_PER_S: f64 = 100.0;

/// What a process used.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Used {
    /// Most memory that it had at once (bytes).
    pub(crate) peak_bytes: u64,
    /// Memory that it has now (bytes).
    pub(crate) now_bytes: u64,
    /// Processor time, its own and the system's for it (seconds).
    pub(crate) cpu_s: f64,
}

/// What a process has used so far, by its number or `self`.
pub(crate) fn of_process(id: &str) -> Used {
    let read = |name| std::fs::read_to_string(format!("/proc/{id}/{name}")).unwrap_or_default();
    used(&read("status"), &read("stat"))
}

/// What children of this process have used that have ended and were waited for; their memory is not told.
pub(crate) fn of_children() -> Used {
    let stat = std::fs::read_to_string("/proc/self/stat").unwrap_or_default();
    // The fourteenth and fifteenth fields after the name.
    Used { peak_bytes: 0, now_bytes: 0, cpu_s: seconds(&stat, 13) }
}

fn used(status: &str, stat: &str) -> Used {
    let bytes = |name: &str| {
        let line = status.lines().find_map(|line| line.strip_prefix(name));
        let kib = line.and_then(|text| text.trim().split(' ').next()?.parse::<u64>().ok());
        kib.unwrap_or_default() * 1024
    };
    let (peak_bytes, now_bytes) = (bytes("VmHWM:"), bytes("VmRSS:"));
    // User and system time are the twelfth and thirteenth fields after the name.
    Used { peak_bytes, now_bytes, cpu_s: seconds(stat, 11) }
}

/// The sum of two fields in a row, so many after the name in parentheses, which may have any character in
/// it (seconds).
fn seconds(stat: &str, skipped: usize) -> f64 {
    let after = stat.rsplit_once(')').map_or("", |(_, after)| after);
    let fields = after.split_whitespace().skip(skipped).take(2);
    fields.filter_map(|text| text.parse::<f64>().ok()).sum::<f64>() / TICKS_PER_S
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn time_of_the_user_and_of_the_system_are_added_whatever_the_name() {
        let stat = "17 (a) b (c)) S 1 2 3 4 5 6 7 8 9 10 250 50 7 8 20 0";
        let found = used("Name: x\nVmHWM:\t   2048 kB\nVmRSS:\t 1024 kB\n", stat);
        assert_eq!((found.peak_bytes, found.now_bytes), (2 * 1024 * 1024, 1024 * 1024));
        assert!((found.cpu_s - 3.0).abs() < 1e-9, "{found:?}");
        assert!((seconds(stat, 13) - 0.15).abs() < 1e-9, "those of children come next");
    }
}
