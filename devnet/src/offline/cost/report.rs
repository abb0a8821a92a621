//! The costs, for people and for programs.
//! Holds: every number stands with the machine and the day on which it was measured.
//! May not enter: measuring.

use std::time::Duration;

use serde::Serialize;

use super::measure::{Cost, RECORDS};
use crate::bench::machine::Machine;
use crate::failure::{DevnetError, unexpected};
use crate::page::Page;

/// All results.
#[derive(Debug, Serialize)]
pub(super) struct Report {
    machine: Machine,
    /// Of each kind, at each size (count).
    records: u64,
    /// How many grants there were (count).
    grants: Vec<u64>,
    kinds: Vec<Row>,
    verdict: Verdict,
}

/// A kind of act.
#[derive(Debug, Serialize)]
struct Row {
    kind: &'static str,
    #[serde(skip_serializing_if = "str::is_empty")]
    note: &'static str,
    /// State keys and ids that one record reads (count), by size.
    reads: Vec<usize>,
    /// State keys that one record writes (count).
    writes: usize,
    /// Microseconds, by size.
    apply_median_us: Vec<f64>,
    apply_p99_us: Vec<f64>,
    tree_median_us: Vec<f64>,
    tree_p99_us: Vec<f64>,
    /// The median of applying at the last size, as so many times that at the first.
    growth: f64,
}

/// What it comes to.
#[derive(Debug, Serialize)]
struct Verdict {
    /// How many times deeper the tree is at the last size than at the first: logarithmic growth.
    depth: f64,
    /// The growth of the kind in the middle.
    growth: f64,
    /// The greatest growth, and whose.
    most: f64,
    most_kind: &'static str,
    /// Whether each kind reads as many keys at every size.
    reads_alike: bool,
}

impl Report {
    /// A report on these costs: for each size, one for each kind, in the same order. Errors: there
    /// are none.
    pub(super) fn new(
        machine: Machine,
        grants: Vec<u64>,
        costs: &[Vec<Cost>],
    ) -> Result<Report, DevnetError> {
        let [first, ..] = costs else { return Err(unexpected("no size was measured")) };
        let of_kind = |at: usize| costs.iter().filter_map(|size| size.get(at)).collect::<Vec<_>>();
        let kinds: Vec<Row> = (0..first.len()).map(|at| Row::new(&of_kind(at))).collect();
        let verdict = Verdict::of(&grants, &kinds);
        Ok(Report { machine, records: RECORDS, grants, kinds, verdict })
    }

    /// Shows it. Errors: it cannot be written.
    pub(super) fn show(&self, page: &mut Page) -> Result<(), DevnetError> {
        page.say(&format!(
            "Microseconds, of {} records of each kind at each number of grants. Signatures were \
             verified before.",
            self.records
        ))?;
        page.heading("Applying a record, median")?;
        page.table(&self.in_full())?;
        page.heading("Applying a record, 99 of 100 take no longer")?;
        page.table(&self.table(|row| &row.apply_p99_us))?;
        page.heading("Updating the state tree with it alone, median")?;
        page.table(&self.table(|row| &row.tree_median_us))?;
        page.gap()?;
        page.say(&self.verdict_in_words())?;
        page.gap()?;
        let Machine { cores, processor, memory_bytes, system, date } = &self.machine;
        let memory = match memory_bytes {
            Some(bytes) => format!(", {:.1} GiB of memory", as_float(*bytes) / f64::from(1 << 30)),
            None => String::new(),
        };
        page.say(&format!(
            "One thread on a machine with {cores} cores of {processor}{memory}, {system}; {date}."
        ))
    }

    /// A table of times by kind and size.
    fn table(&self, times: fn(&Row) -> &[f64]) -> Vec<Vec<String>> {
        let sizes = self.grants.iter().map(|grants| short(*grants));
        let heads = std::iter::once("KIND".to_owned()).chain(sizes).collect();
        let of_kind = |kind: &Row| {
            let cells = times(kind).iter().map(|us| format!("{us:.1}"));
            std::iter::once(kind.name()).chain(cells).collect()
        };
        std::iter::once(heads).chain(self.kinds.iter().map(of_kind)).collect()
    }

    /// The table of applying, with the keys read and the growth.
    fn in_full(&self) -> Vec<Vec<String>> {
        let mut rows = self.table(|row| &row.apply_median_us);
        let of_kind = |kind: &Row| {
            let reads = kind.reads.iter().max().copied().unwrap_or_default();
            (reads.to_string(), format!("x{:.1}", kind.growth))
        };
        let heads = ("READS".to_owned(), "GROWTH".to_owned());
        let more = std::iter::once(heads).chain(self.kinds.iter().map(of_kind));
        for (cells, (reads, growth)) in rows.iter_mut().zip(more) {
            cells.insert(1, reads);
            cells.push(growth);
        }
        rows
    }

    fn verdict_in_words(&self) -> String {
        let Verdict { depth, growth, most, most_kind, reads_alike } = &self.verdict;
        let size = |place: Option<&u64>| short(place.copied().unwrap_or_default());
        let reads = if *reads_alike { "the same" } else { "NOT the same" };
        format!(
            "Growth from {} to {} grants: x{growth:.1} (the kind in the middle; at most x{most:.1}, \
             {most_kind}). The tree is x{depth:.1} as deep: that would be logarithmic. READS: state \
             keys and ids that one record reads at most; {reads} at every size.",
            size(self.grants.first()),
            size(self.grants.last()),
        )
    }

    /// As JSON, on standard output. Errors: it cannot be written.
    pub(super) fn write(&self, page: &mut Page) -> Result<(), DevnetError> {
        let text = serde_json::to_string_pretty(self).map_err(unexpected)?;
        page.raw(&text)
    }
}

impl Row {
    fn new(costs: &[&Cost]) -> Row {
        let times = |of: fn(&Cost) -> Duration| -> Vec<f64> {
            costs.iter().map(|cost| of(cost).as_secs_f64() * 1e6).collect()
        };
        let apply_median_us = times(|cost| cost.apply.median);
        let growth = match apply_median_us.as_slice() {
            [first, .., last] if *first > 0.0 => last / first,
            _ => 1.0,
        };
        Row {
            kind: costs.first().map_or("", |cost| cost.kind),
            note: costs.first().map_or("", |cost| cost.note),
            reads: costs.iter().map(|cost| cost.reads).collect(),
            writes: costs.iter().map(|cost| cost.writes).max().unwrap_or_default(),
            apply_median_us,
            apply_p99_us: times(|cost| cost.apply.p99),
            tree_median_us: times(|cost| cost.tree.median),
            tree_p99_us: times(|cost| cost.tree.p99),
            growth,
        }
    }

    fn name(&self) -> String {
        if self.note.is_empty() {
            return self.kind.to_owned();
        }
        format!("{} ({})", self.kind, self.note)
    }
}

impl Verdict {
    fn of(grants: &[u64], kinds: &[Row]) -> Verdict {
        let depth = match grants {
            [first, .., last] if *first > 1 => as_float(*last).log2() / as_float(*first).log2(),
            _ => 1.0,
        };
        let mut by_growth: Vec<_> = kinds.iter().map(|row| (row.growth, row.kind)).collect();
        by_growth.sort_by(|one, other| one.0.total_cmp(&other.0));
        let middle = by_growth.get(by_growth.len() / 2).map_or(1.0, |(growth, _)| *growth);
        let (most, most_kind) = by_growth.last().copied().unwrap_or((1.0, ""));
        let alike = |row: &Row| row.reads.windows(2).all(|pair| pair[0] == pair[1]);
        Verdict { depth, growth: middle, most, most_kind, reads_alike: kinds.iter().all(alike) }
    }
}

/// A number of grants in short: powers of ten as such.
fn short(grants: u64) -> String {
    let power = grants.checked_ilog10().unwrap_or_default();
    if power >= 3 && grants == 10_u64.pow(power) {
        format!("10^{power}")
    } else {
        grants.to_string()
    }
}

/// A count as a number that can be divided; exact below 2^53.
fn as_float(count: u64) -> f64 {
    count as f64
}
