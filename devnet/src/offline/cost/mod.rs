//! What applying a record costs, by its kind and by how many grants the ledger has.
//! Holds: the rules are core's own, on a state that records could have left; no node runs.
//! May not enter: signature verification, which is measured elsewhere (`verifying`).

mod acts;
mod crowd;
mod docket;
mod measure;
mod report;
#[cfg(test)]
mod tests;
mod town;

use crate::args::BenchApplyArgs;
use crate::bench::machine::Machine;
use crate::failure::DevnetError;
use crate::page::Page;
use report::Report;
use town::Town;

/// Measures and reports. Errors: the rules refuse a record; the output cannot be written.
pub(super) fn run(args: &BenchApplyArgs, page: &mut Page) -> Result<(), DevnetError> {
    let mut sizes = args.grants.clone();
    sizes.sort_unstable();
    sizes.dedup();
    let mut costs = Vec::new();
    for grants in &sizes {
        if !args.json {
            page.say(&format!("A ledger with {grants} grants ..."))?;
        }
        let mut town = Town::founded(*grants)?;
        crowd::fill(&mut town);
        costs.push(acts::all().map(|act| measure::measure(&town, act)).collect::<Result<_, _>>()?);
    }
    let report = Report::new(Machine::of_this_process(), sizes, &costs)?;
    if args.json { report.write(page) } else { report.show(page) }
}
