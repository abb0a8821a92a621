//! The verification of an evidence bundle, by the genesis alone.
//! Holds: the checks and their order are those of docs/formats.md, "Verifying a bundle"; nothing of
//! a bundle is used before what proves it holds.
//! May not enter: files, clocks, the network.

use std::collections::BTreeMap;

use comity_core::genesis::Genesis;
use comity_core::ids::LogIndex;
use comity_core::proof::{Proof, VerifiedCollection, VerifiedExtract};
use comity_core::sealed::Opening;

use super::checks;
use super::container::{self, MAX_BUNDLE_BYTES, Members};
use super::contents::{Contents, Entry};
use super::judging;
use super::manifest::{Exported, Manifest, ManifestFault};
use super::member::{MAX_OPENINGS, Member};
use super::objects::Objects;
use super::report::{Check, Failure, Outcome, Report};
use super::stamps;
use super::summary;
use super::timestamp::Trusted;
use crate::messages::say;

/// Verifies a bundle's bytes; its time stamps where certificates of their authorities are given.
pub(crate) fn verify(bytes: &[u8], genesis: &Genesis, authorities: Option<&Trusted>) -> Report {
    let mut report = Report::default();
    if let Some((contents, members)) = proven(bytes, genesis, &mut report) {
        let openings = openings(&members, &contents.entries);
        let contents = judged(contents, openings.as_ref().ok().map(|(openings, _)| openings));
        checks::run(&contents, &mut report);
        report.pass(Check::Openings, openings);
        let compared = summaries(&members, &contents);
        report.note(Check::Summaries, compared);
        let (stamped, stamps) = stamps::judge(&members, contents.header.time, authorities);
        report.note(Check::Timestamps, stamped);
        report.stamps = stamps;
        report.contents = Some(contents);
    }
    report
}

/// What the proofs show; `None` where a check failed on which all others rest.
fn proven(bytes: &[u8], genesis: &Genesis, report: &mut Report) -> Option<(Contents, Members)> {
    let size_bytes = bytes.len();
    let read = container::read(bytes).map_err(container_failure).map(|members| {
        let seen = say!("bundle-container-ok", count = members.len(), size_bytes = size_bytes);
        (members, seen)
    });
    let members = report.pass(Check::Container, read)?;
    let content = |member: Member| members.get(&member).map_or(&[][..], Vec::as_slice);
    let read = Manifest::read(content(Member::Manifest), &members).map_err(manifest_failure);
    let manifest = report.pass(
        Check::Manifest,
        read.map(|manifest| {
            let program = say!("bundle-manifest-ok", program = manifest.exported.program);
            (manifest, program)
        }),
    )?;
    report.pass(Check::Genesis, same_genesis(&manifest, content(Member::Genesis), genesis))?;
    let entries = report.pass(Check::Entries, entries(content(Member::Entries), genesis))?;
    let (extract, objects) = report.pass(Check::State, objects(content(Member::State), genesis))?;
    let as_of = checks::as_of(&manifest, extract.header(), entries.entries());
    report.pass(Check::AsOf, as_of);
    let about = (manifest.case, manifest.exported);
    let contents = Contents::of(genesis, about, &entries, &extract, objects);
    Some((contents, members))
}

/// The contents with what follows from them.
pub(crate) fn judged(
    contents: Contents,
    openings: Option<&BTreeMap<LogIndex, Vec<Opening>>>,
) -> Contents {
    let judgements = judging::judge(&contents);
    Contents { judgements, openings: openings.cloned().unwrap_or_default(), ..contents }
}

fn same_genesis(
    manifest: &Manifest,
    bytes: &[u8],
    genesis: &Genesis,
) -> Result<((), String), Failure> {
    let (own, named) = (genesis.id(), manifest.consortium);
    if named != own {
        let what = say!("bundle-genesis-other-consortium", found = named, expected = own);
        return Err(Failure { fault: "other-consortium", what });
    }
    let beside = serde_json::from_slice::<Genesis>(bytes).ok();
    if beside.is_none_or(|beside| beside.check().is_err() || beside.id() != own) {
        return Err(Failure { fault: "differs", what: say!("bundle-genesis-differs") });
    }
    Ok(((), say!("bundle-genesis-ok", name = genesis.name, consortium = own)))
}

fn entries(bytes: &[u8], genesis: &Genesis) -> Result<(VerifiedCollection, String), Failure> {
    let Proof::Collection(collection) = proof(bytes)? else { return Err(other_kind()) };
    let verified = collection.verify(genesis);
    let verified = verified.map_err(|error| unproven(error.name(), &error))?;
    let (count, sets) = (verified.entries().len(), collection.changes.len());
    Ok((verified, say!("bundle-entries-ok", count = count, sets = sets)))
}

type Proven = ((VerifiedExtract, Objects), String);

fn objects(bytes: &[u8], genesis: &Genesis) -> Result<Proven, Failure> {
    let Proof::Extract(extract) = proof(bytes)? else { return Err(other_kind()) };
    let verified = extract.verify(genesis);
    let verified = verified.map_err(|error| unproven(error.name(), &error))?;
    let objects = Objects::new(verified.pairs()).map_err(|key| {
        let what = say!("bundle-state-unreadable", key = hex::encode(key));
        Failure { fault: "unreadable", what }
    })?;
    let (count, height) = (extract.claims.len(), verified.header().height);
    let seen = say!("bundle-state-ok", count = count, height = height);
    Ok(((verified, objects), seen))
}

fn proof(bytes: &[u8]) -> Result<Proof, Failure> {
    Proof::from_bytes(bytes).map_err(|error| unproven(error.name(), &error))
}

/// A proof that does not hold.
pub(super) fn unproven(fault: &'static str, cause: &impl ToString) -> Failure {
    Failure { fault, what: say!("bundle-unproven", cause = cause.to_string()) }
}

fn other_kind() -> Failure {
    Failure { fault: "kind", what: say!("bundle-other-kind") }
}

type Openings = (BTreeMap<LogIndex, Vec<Opening>>, String);

/// The openings of all entries.
fn openings(members: &Members, entries: &[Entry]) -> Result<Openings, Failure> {
    let mut found = BTreeMap::new();
    for (member, bytes) in members {
        let Member::Opening(index) = member else { continue };
        let of = entries.iter().find(|entry| entry.index.0 == *index);
        found.insert(LogIndex(*index), checks::openings(*index, bytes, of)?);
    }
    let count: usize = found.values().map(Vec::len).sum();
    Ok((found, say!("bundle-openings-ok", count = count)))
}

/// Whether the summaries are what this program makes of the contents.
fn summaries(members: &Members, contents: &Contents) -> Outcome {
    let own = Exported::here(contents.exported.node.clone());
    if own.program != contents.exported.program {
        let program = &contents.exported.program;
        return Outcome::NotChecked(say!("bundle-summaries-other", program = program));
    }
    for (member, language) in summary::LANGUAGES {
        let made = summary::page(contents, language);
        if members.get(&member).map(Vec::as_slice) != Some(made.as_bytes()) {
            let what = say!("bundle-summaries-differ", member = member);
            return Outcome::Failed(Failure { fault: "differ", what });
        }
    }
    Outcome::Passed(say!("bundle-summaries-ok"))
}

fn container_failure(error: container::ContainerFault) -> Failure {
    use container::ContainerFault as F;
    let what = match &error {
        F::TooLarge => say!("bundle-container-too-large", limit = MAX_BUNDLE_BYTES),
        F::NotABundle => say!("bundle-container-not-a-bundle"),
        F::Truncated => say!("bundle-container-truncated"),
        F::Compressed => say!("bundle-container-compressed"),
        F::MemberForm => say!("bundle-container-member-form"),
        F::Name(name) => say!("bundle-container-name", name = name),
        F::Duplicate(member) => say!("bundle-container-duplicate", member = member),
        F::Order(member) => say!("bundle-container-order", member = member),
        F::TooMany => say!("bundle-container-too-many", limit = MAX_OPENINGS),
        F::Checksum(member) => say!("bundle-container-checksum", member = member),
        F::Missing(member) => say!("bundle-container-missing", member = member),
        F::Directory => say!("bundle-container-directory"),
        F::Trailing => say!("bundle-container-trailing"),
    };
    Failure { fault: error.name(), what }
}

fn manifest_failure(error: ManifestFault) -> Failure {
    let (fault, what) = match error {
        ManifestFault::Version(found) => {
            ("version", say!("bundle-manifest-version", version = found))
        }
        ManifestFault::Form(cause) => ("form", say!("bundle-manifest-form", cause = cause)),
        ManifestFault::Members => ("members", say!("bundle-manifest-members")),
        ManifestFault::Member(member) => {
            ("member", say!("bundle-manifest-member", member = member))
        }
    };
    Failure { fault, what }
}
