//! `comity evidence verify`: checks a bundle without any node, check by check.
//! Holds: "verified" is said only where no check failed; what was not checked is said too.

use std::collections::BTreeMap;
use std::path::PathBuf;

use comity_core::genesis::Genesis;
use comity_core::ids::GrantId;
use serde_json::json;

use crate::args::VerifyEvidence;
use crate::bundle::container::MAX_BUNDLE_BYTES;
use crate::bundle::contents::{Contents, Counted};
use crate::bundle::report::{Check, Report};
use crate::bundle::timestamp::Trusted;
use crate::bundle::verify;
use crate::fault::Fault;
use crate::keys;
use crate::messages::{fault, say};
use crate::shell::Session;
use crate::time;

pub(super) fn verify(args: &VerifyEvidence, session: &mut Session<'_>) -> Result<(), Fault> {
    let genesis = keys::load_genesis(&args.genesis)?;
    let max_age_ms = args.max_age.as_deref().map(time::duration_ms).transpose()?;
    let limit = MAX_BUNDLE_BYTES as u64;
    let bytes = keys::read_bounded(keys::open(&args.file)?, &args.file, limit)?;
    let path = args.file.display();
    let bytes = bytes.ok_or_else(|| fault!(Unverified, "bundle-too-large", path = path))?;
    let authorities = authorities(&args.tsa)?;
    let report = verify::verify(&bytes, &genesis, authorities.as_ref());
    show(&report, &genesis, session)?;
    if let Some(fault) = refused(&report) {
        return Err(fault);
    }
    let as_of = report.contents.as_ref().map(|contents| contents.header.time);
    let is_old = |max_age_ms| as_of.is_some_and(|time| time.plus(max_age_ms) < session.shell.now());
    if let Some(time) = as_of.filter(|_| max_age_ms.is_some_and(is_old)) {
        let time = time::show(time, &session.shell.zone);
        return Err(fault!(Unverified, "proof-too-old", time = time));
    }
    Ok(())
}

/// The certificates of trusted time-stamp authorities; `None` where no file of any is named.
fn authorities(files: &[PathBuf]) -> Result<Option<Trusted>, Fault> {
    let mut authorities = Trusted::default();
    for path in files {
        let unreadable = || fault!(Failed, "tsa-unreadable", path = path.display());
        let text = String::from_utf8(keys::read(path)?).map_err(|_| unreadable())?;
        authorities = authorities.with(&text).ok_or_else(unreadable)?;
    }
    Ok((!files.is_empty()).then_some(authorities))
}

/// The first check that failed, as a fault.
pub(super) fn refused(report: &Report) -> Option<Fault> {
    let (check, failure) = report.failure()?;
    let rule = format!("{}: {}", check.as_str(), failure.fault);
    // It is the last check: all else holds.
    Some(match check {
        Check::Timestamps => fault!(Unverified, "stamp-refused", what = failure.what, fault = rule),
        _ => fault!(Unverified, "bundle-refused", what = failure.what, fault = rule),
    })
}

/// The accesses under each grant of which some, or all, are here.
fn accesses(contents: &Contents) -> BTreeMap<String, Counted> {
    let told = |(_, counted): &(GrantId, Counted)| counted.must || counted.shown > 0;
    let all = contents.counted().into_iter().filter(told);
    all.map(|(grant, counted)| (grant.to_string(), counted)).collect()
}

/// The entries of each agency in each emergency of which some are here.
fn urgent(contents: &Contents) -> BTreeMap<String, Counted> {
    let all = contents.counted_urgent().into_iter();
    all.map(|((emergency, agency), counted)| (format!("{emergency} {agency}"), counted)).collect()
}

fn show(report: &Report, genesis: &Genesis, session: &mut Session<'_>) -> Result<(), Fault> {
    let contents = report.contents.as_ref();
    let object = json!({
        "verified": report.failure().is_none(),
        "consortium": genesis.id(),
        "case": contents.map(|contents| &contents.case),
        "as_of": contents.map(|contents| json!({
            "height": contents.header.height,
            "time": contents.header.time,
            "header_hash": contents.header.hash(),
            "certified_by": contents.certified_by,
        })),
        "entries": contents.map(|contents| {
            contents.entries.iter().map(|entry| entry.index).collect::<Vec<_>>()
        }),
        "accesses": contents.map(accesses),
        "urgent": contents.map(urgent),
        "checks": report.json(),
        "timestamps": report.stamps.iter().map(|(member, stamp)| json!({
            "member": member.name(),
            "authority": stamp.authority,
            "time": stamp.time,
        })).collect::<Vec<_>>(),
    });
    session.result(&object, |shell| {
        let mut lines = report.lines();
        if let Some(contents) = contents.filter(|_| report.failure().is_none()) {
            let time = time::show(contents.header.time, &shell.zone);
            lines.push(String::new());
            lines.push(say!("bundle-verified", height = contents.header.height, time = time));
            lines.push(say!("bundle-verified-not"));
        }
        lines.join("\n")
    })
}
