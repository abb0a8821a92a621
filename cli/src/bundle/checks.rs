//! The checks of a bundle whose proofs hold: that nothing is missing, and that all fits together.
//! Holds: each check has the faults of docs/formats.md, "Verifying a bundle".
//! May not enter: proofs (see `verify`), packing.

use std::collections::BTreeMap;

use comity_core::access::AccessRefusal;
use comity_core::block::Header;
use comity_core::grant::Grant;
use comity_core::ids::GrantId;
use comity_core::proof::ProvenEntry;
use comity_core::sealed::Opening;
use comity_core::state::{self, StateKey, StateRead};
use comity_core::statement::StatementSigner;

use super::closure;
use super::contents::{Contents, Entry, commitments};
use super::judging::Verdict;
use super::manifest::{AsOf, Case, Manifest, json_bytes};
use super::report::{Check, Failure, Report};
use crate::messages::say;

type Seen = Result<((), String), Failure>;

/// All checks of contents whose proofs hold.
pub(crate) fn run(contents: &Contents, report: &mut Report) {
    report.pass(Check::Case, case(contents));
    report.pass(Check::Objects, objects(contents));
    report.pass(Check::Positions, positions(contents));
    report.pass(Check::Accesses, accesses(contents));
    report.pass(Check::Signers, signers(contents));
    report.pass(Check::Judgements, judgements(contents));
}

/// Whether the bundle is of the block that it names, and no entry of a later one.
pub(crate) fn as_of(manifest: &Manifest, header: &Header, entries: &[ProvenEntry]) -> Seen {
    let as_of = manifest.as_of;
    if as_of != AsOf::of(header) {
        return Err(Failure { fault: "header", what: say!("bundle-as-of-header") });
    }
    let is_later = |entry: &&ProvenEntry| {
        let of = &entry.header;
        of.height > header.height || (of.height == header.height && of != header)
    };
    match entries.iter().find(is_later) {
        Some(entry) => {
            let what = say!("bundle-as-of-earlier", index = entry.index);
            Err(Failure { fault: "earlier", what })
        }
        None => Ok(((), say!("bundle-as-of-ok", height = as_of.height, header = as_of.header))),
    }
}

fn case(contents: &Contents) -> Seen {
    let held = |key: StateKey<'_>| contents.objects.get(&key.to_bytes()).is_some();
    let is_there = match &contents.case {
        Case::Grant { grant } => held(StateKey::Grant(*grant)),
        Case::Access { entry } => {
            let entry = contents.entry(*entry);
            entry.is_some_and(|entry| entry.statement().action.attempt().is_some())
        }
        Case::Dataset { dataset, .. } => held(StateKey::Dataset(dataset)),
        Case::Signer { key, .. } => held(StateKey::Key(key)),
    };
    match is_there {
        true => Ok(((), say!("bundle-case-ok"))),
        false => Err(Failure { fault: "subject", what: say!("bundle-case-subject") }),
    }
}

fn objects(contents: &Contents) -> Seen {
    let missing = |key: &Vec<u8>| !contents.objects.claims(key);
    let lacks = |key: &[u8], who: String| {
        let what = say!("bundle-objects-missing", key = hex::encode(key), who = who);
        Failure { fault: "missing", what }
    };
    if let Some(key) = closure::always().iter().find(|key| missing(key)) {
        return Err(lacks(key, say!("words-every-bundle")));
    }
    for entry in &contents.entries {
        let needed = closure::of_entry(entry.index, entry.statement());
        if let Some(key) = needed.iter().find(|key| missing(key)) {
            return Err(lacks(key, say!("words-the-entry", index = entry.index)));
        }
    }
    for held in contents.objects.all() {
        if let Some(key) = closure::of_object(&held).iter().find(|key| missing(key)) {
            return Err(lacks(key, say!("words-object")));
        }
    }
    Ok(((), say!("bundle-objects-ok")))
}

fn positions(contents: &Contents) -> Seen {
    let mut count = 0;
    for held in contents.objects.all() {
        for (place, index) in closure::positions(&held) {
            count += 1;
            let Some(entry) = contents.entry(index) else {
                let what = say!("bundle-positions-missing", index = index);
                return Err(Failure { fault: "missing", what });
            };
            if !closure::is_act(&held, place, index, &entry.statement().action) {
                let what = say!("bundle-positions-other", index = index);
                return Err(Failure { fault: "other", what });
            }
        }
    }
    Ok(((), say!("bundle-positions-ok", count = count)))
}

fn accesses(contents: &Contents) -> Seen {
    let mut seen = Vec::new();
    for (id, counted) in contents.counted() {
        let (count, total) = (counted.shown, counted.total);
        if !counted.holds() {
            let what = say!("bundle-accesses-count", grant = id, count = count, total = total);
            return Err(Failure { fault: "count", what });
        }
        seen.push(say!("words-so-many-of", grant = id, count = count, total = total));
    }
    members(contents)?;
    for ((id, agency), counted) in contents.counted_urgent() {
        let (count, total) = (counted.shown, counted.total);
        if !counted.holds() {
            let what = say!("bundle-accesses-count", grant = id, count = count, total = total);
            return Err(Failure { fault: "count", what });
        }
        seen.push(say!(
            "words-so-many-entries-of",
            emergency = id,
            agency = agency,
            count = count,
            total = total
        ));
    }
    match seen.is_empty() {
        true => Ok(((), say!("bundle-accesses-none"))),
        false => Ok(((), say!("bundle-accesses-ok", seen = seen.join(", ")))),
    }
}

/// Each member's own accesses under a grant to its task force, as the ledger counts them beside the
/// grant's.
fn members(contents: &Contents) -> Result<(), Failure> {
    let held: BTreeMap<GrantId, Grant> = contents.objects.grants().collect();
    let mut shown = contents.member_accesses();
    for (of, _) in contents.objects.members() {
        shown.entry(of).or_default();
    }
    for ((id, agency), count) in shown {
        let total = state::member_usage(&contents.objects, id, &agency).total;
        let must = held
            .get(&id)
            .is_some_and(|grant| contents.case.must_be_whole(id, &grant.terms.dataset));
        if count > total || (must && count < total) {
            let what = say!(
                "bundle-accesses-member",
                grant = id,
                agency = agency,
                count = count,
                total = total
            );
            return Err(Failure { fault: "count", what });
        }
    }
    Ok(())
}

fn signers(contents: &Contents) -> Seen {
    let mut count = 0;
    for entry in &contents.entries {
        for signer in &entry.statement().signers {
            count += 1;
            if let Some((fault, why)) = unfit(contents, entry, signer) {
                let (index, agency) = (entry.index, &signer.agency);
                let what = say!("bundle-signers", index = index, agency = agency, why = why);
                return Err(Failure { fault, what });
            }
        }
    }
    Ok(((), say!("bundle-signers-ok", count = count)))
}

/// Why a signer could not sign an entry, if so.
fn unfit(
    contents: &Contents,
    entry: &Entry,
    signer: &StatementSigner,
) -> Option<(&'static str, String)> {
    let (objects, at) = (&contents.objects, entry.index);
    let Some(key) = state::key(objects, &signer.key) else {
        return Some(("unknown", say!("bundle-signers-unknown")));
    };
    if key.agency != signer.agency || key.role != signer.role {
        return Some(("other", say!("bundle-signers-other")));
    }
    if let Some(from) = key.registered_at.filter(|from| *from >= at) {
        return Some(("not-yet", say!("bundle-signers-not-yet", index = from)));
    }
    if let Some(end) = key.revoked.as_ref().filter(|end| end.at < at) {
        return Some(("revoked", say!("bundle-signers-revoked", index = end.at)));
    }
    if key.valid_until.is_some_and(|until| entry.header.time >= until) {
        return Some(("expired", say!("bundle-signers-expired")));
    }
    let left = state::departure(objects, &signer.agency).filter(|left| left.at < at);
    left.map(|left| ("left", say!("bundle-signers-left", index = left.at)))
}

fn judgements(contents: &Contents) -> Seen {
    let (mut same, mut unjudged) = (0, 0);
    for judgement in &contents.judgements {
        match &judgement.verdict {
            Verdict::Same => same += 1,
            Verdict::Unjudged(_) => unjudged += 1,
            Verdict::Otherwise(found) => {
                let rule = found.as_ref().map_or("allowed", AccessRefusal::rule);
                let index = judgement.index;
                let what = say!("bundle-judgements-otherwise", index = index, rule = rule);
                return Err(Failure { fault: "otherwise", what });
            }
        }
    }
    Ok(((), say!("bundle-judgements-ok", same = same, unjudged = unjudged)))
}

/// The openings of one entry.
pub(crate) fn openings(
    index: u64,
    bytes: &[u8],
    entry: Option<&Entry>,
) -> Result<Vec<Opening>, Failure> {
    let form = || Failure { fault: "form", what: say!("bundle-openings-form", index = index) };
    let openings: Vec<Opening> = serde_json::from_slice(bytes).map_err(|_| form())?;
    if openings.is_empty() || json_bytes(&openings) != bytes {
        return Err(form());
    }
    let Some(entry) = entry else {
        let what = say!("bundle-openings-entry", index = index);
        return Err(Failure { fault: "entry", what });
    };
    let sealed = commitments(entry.statement());
    let mut rest = sealed.iter();
    for opening in &openings {
        let commitment = opening.commitment(&entry.header.consortium);
        // In order, and none twice: what was passed over is not looked at again.
        if !rest.any(|sealed| *sealed == commitment) {
            let what = say!("bundle-openings-commitment", index = index);
            return Err(Failure { fault: "commitment", what });
        }
    }
    Ok(openings)
}
