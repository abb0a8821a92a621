//! `comity dataset import`: a catalogue in, as far as it is new or changed.
//! Holds: what would be done is shown before it is signed; the second run of the same file does
//! nothing; a bad entry does not keep the others out.

use comity_core::agency::KeyRole;
use comity_core::statement::Action;
use serde_json::{Value, json};

use super::dataset_bulk::{Done, carry_out, foreseen, left_out_json, left_out_text};
use super::dataset_change::losses;
use super::dataset_export::proven;
use crate::args::ImportCatalogue;
use crate::catalogue::{self, Catalogue, Ledger, Place, Plan, Planned, Rules, Withdrawn};
use crate::fault::{Exit, Fault};
use crate::messages::{fault, say};
use crate::privacy;
use crate::shell::Session;
use crate::sign::Desk;

/// Most datasets named that are published and not in the file; `--json` names them all.
const SHOWN_MISSING: usize = 10;

pub(super) fn import(args: &ImportCatalogue, session: &mut Session<'_>) -> Result<Exit, Fault> {
    let (format, _, found) = catalogue::read(&args.file, args.format, args.encoding)?;
    let entries = found.len();
    let desk = match args.dry_run {
        true => Desk::open_to_read(session, &args.signing.key)?,
        false => Desk::open(session, &args.signing.key)?,
    };
    if desk.key.file.role != KeyRole::Steward {
        return Err(fault!(Usage, "key-not-steward", role = desk.key.file.role));
    }
    let plan = planned(args, &desk, format, found)?;
    session.shell.note(&summary(&plan, &desk, entries));
    let takes = losses(session, &desk, plan.changes.iter().map(|change| &change.action))?;
    if let Some(text) = &takes {
        session.shell.note(text);
    }
    privacy::warn_each(session, plan.changes.iter().map(|change| (&change.id, &change.action)));
    let mut done = if args.dry_run || plan.changes.is_empty() {
        foreseen(&plan.changes)
    } else {
        session.confirm()?;
        carry_out(session, &desk, &plan.changes, usize::from(args.in_flight))?
    };
    let mut left_out = plan.left_out.clone();
    left_out.append(&mut done.left_out);
    left_out.sort_by_key(|(place, _)| place.index);
    done.left_out = left_out;
    let exit = done.exit();
    let json = report(args, &plan, &done, (format, entries));
    session.result(&json, |_| report_text(args, &plan, &done))?;
    Ok(exit)
}

fn planned(
    args: &ImportCatalogue,
    desk: &Desk,
    format: Catalogue,
    found: Vec<catalogue::Found>,
) -> Result<Plan, Fault> {
    let agency = desk.key.file.agency.clone();
    let datasets = desk.client.datasets(&vec![("agency", agency.to_string())])?;
    let rules = Rules {
        sharing_basis: args.sharing_basis.clone(),
        contact: args.contact.clone(),
        modes: args.mode.iter().copied().collect(),
        grade: args.grade,
        ..Rules::of(datasets.iter().map(|published| &published.dataset))
    };
    let consortium = desk.consortium();
    // A node that does not answer here leaves the classification as it stands.
    let kept = |hash| proven(&desk.client, &consortium, hash).ok().flatten();
    let ledger = Ledger { consortium, agency, datasets, kept: &kept };
    let withdrawn = if args.republish_withdrawn { Withdrawn::Republish } else { Withdrawn::Leave };
    let mut plan = catalogue::plan(format, found, &rules, withdrawn, &ledger);
    if let (true, Some(reason)) = (args.withdraw_missing, &args.reason) {
        for id in &plan.missing {
            let action = Action::WithdrawDataset { dataset: id.clone(), reason: reason.clone() };
            let place = Place::default();
            plan.changes.push(Planned { place, id: id.clone(), action, details: None });
        }
    }
    Ok(plan)
}

/// What is about to be done, in a few lines.
fn summary(plan: &Plan, desk: &Desk, entries: usize) -> String {
    let done = foreseen(&plan.changes);
    let mut lines = vec![say!(
        "import-plan",
        entries = entries,
        agency = desk.key.file.agency,
        consortium = desk.status.name,
        publish = done.published.len(),
        amend = done.amended.len(),
        unchanged = plan.unchanged,
        withdraw = done.withdrawn.len(),
        left_out = plan.left_out.len(),
    )];
    let tally = plan.tally;
    if tally.names_dropped + tally.mailboxes_dropped + tally.masked > 0 {
        lines.push(say!(
            "import-personal",
            names = tally.names_dropped,
            mailboxes = tally.mailboxes_dropped,
            masked = tally.masked,
        ));
    }
    if tally.shortened + tally.characters_removed > 0 {
        lines.push(say!(
            "import-cut",
            shortened = tally.shortened,
            characters = tally.characters_removed
        ));
    }
    if plan.unclassified > 0 {
        lines.push(say!("import-unclassified", count = plan.unclassified));
    }
    if tally.without_basis > 0 {
        lines.push(say!("import-without-basis", count = tally.without_basis));
    }
    if !plan.classified.is_empty() {
        lines.push(say!("import-classified", count = plan.classified.len()));
    }
    if !plan.still_withdrawn.is_empty() {
        lines.push(say!("import-still-withdrawn", count = plan.still_withdrawn.len()));
    }
    lines.join("\n")
}

fn report(
    args: &ImportCatalogue,
    plan: &Plan,
    done: &Done,
    (format, entries): (Catalogue, usize),
) -> Value {
    json!({
        "file": args.file,
        "catalogue": format.as_str(),
        "dry_run": args.dry_run,
        "entries": entries,
        "published": done.published,
        "amended": done.amended,
        "withdrawn": done.withdrawn,
        "unchanged": plan.unchanged,
        "left_out": left_out_json(&done.left_out),
        "missing": plan.missing,
        "still_withdrawn": plan.still_withdrawn,
        "classification_kept": plan.classified,
        "unclassified": plan.unclassified,
        "removed": plan.tally,
        "elapsed_ms": done.elapsed_ms,
    })
}

fn report_text(args: &ImportCatalogue, plan: &Plan, done: &Done) -> String {
    let mut parts = vec![left_out_text(&done.left_out)];
    if !plan.missing.is_empty() && !args.withdraw_missing {
        let count = plan.missing.len();
        let mut names: Vec<String> =
            plan.missing.iter().take(SHOWN_MISSING).map(ToString::to_string).collect();
        if count > SHOWN_MISSING {
            names.push(say!("words-and-more", count = count - SHOWN_MISSING));
        }
        parts.push(say!("import-missing", count = count, names = names.join(", ")));
    }
    let seconds = format!("{}.{}", done.elapsed_ms / 1000, done.elapsed_ms % 1000 / 100);
    let (published, amended) = (done.published.len(), done.amended.len());
    let (withdrawn, left_out) = (done.withdrawn.len(), done.left_out.len());
    parts.push(match args.dry_run {
        true => say!("ok-import-dry"),
        false => say!(
            "ok-imported",
            published = published,
            amended = amended,
            withdrawn = withdrawn,
            unchanged = plan.unchanged,
            left_out = left_out,
            seconds = seconds,
        ),
    });
    parts.retain(|part| !part.is_empty());
    parts.join("\n")
}
