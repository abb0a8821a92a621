//! Bundles that were tampered with, each refused by the name of what is wrong with it.
//! Holds: a change is made as whoever wants to deceive would make it: hashes and checksums are
//! put right where anyone can.

use std::fs;

use comity_core::encoding::decode;
use comity_core::proof::{Collection, Extract, Proof};
use comity_core::state::StateKey;
use comity_core::statement::{Action, SignedRecord};
use serde_json::Value;

use super::story::Story;
use super::zip::{Parts, change_manifest, change_proof, manifest, packed, part, replace, unpacked};
use super::{export, read, verify};

/// Why a bundle is refused.
fn refused(story: &Story, bytes: &[u8], genesis: &str) -> String {
    fs::write(story.consortium.dir().join("tampered.comity"), bytes).unwrap();
    let ran = verify(&story.consortium, "tampered.comity", genesis);
    assert_eq!(ran.code, Some(5), "{ran:#?}");
    let last = ran.out.lines().last().unwrap();
    let error = serde_json::from_str::<Value>(last).unwrap()["error"].take();
    assert_eq!(error["name"], "bundle-refused", "{error}");
    error["fields"]["fault"].as_str().unwrap().to_owned()
}

#[test]
fn every_tampering_is_refused_by_its_own_name() {
    let story = Story::told();
    let grant = story.grant.to_string();
    let genesis = story.consortium.genesis.display().to_string();
    export(&story, 0, "earlier.comity", &["--grant", &grant]);
    story.unrelated();
    story.consortium.same_tip(&[0, 1], 1);
    let (access, reader) = (story.access.to_string(), story.reader());
    let args = ["--grant", &grant, "--open", &access, "--key", &reader];
    export(&story, 1, "whole.comity", &args);
    let whole = read(&story, "whole.comity");
    let parts = unpacked(&whole);
    assert_eq!(packed(&parts), whole, "the test's own writer makes the same bytes");

    for (fault, bytes) in bytes_changed(&whole) {
        assert_eq!(refused(&story, &bytes, &genesis), format!("container: {fault}"));
    }
    for (fault, parts) in members_changed(&parts).into_iter().chain(contents_changed(&parts)) {
        assert_eq!(refused(&story, &packed(&parts), &genesis), fault);
    }
    for (fault, parts) in proofs_changed(&parts, &story) {
        assert_eq!(refused(&story, &packed(&parts), &genesis), fault);
    }
    let other = story.consortium.other_genesis(None).display().to_string();
    assert_eq!(refused(&story, &whole, &other), "genesis: other-consortium");

    // Objects of an earlier block beside the same entries, put together from two bundles.
    let mut earlier = unpacked(&read(&story, "earlier.comity"));
    let mut spliced = parts.clone();
    replace(&mut spliced, "state.proof", part(&mut earlier, "state.proof").clone());
    assert_eq!(refused(&story, &packed(&spliced), &genesis), "as-of: header");
}

/// The container's own bytes.
fn bytes_changed(whole: &[u8]) -> Vec<(&'static str, Vec<u8>)> {
    let with = |at: usize, byte: u8| {
        let mut bytes = whole.to_vec();
        bytes[at] ^= byte;
        bytes
    };
    let directory = whole.windows(4).position(|four| four == b"PK\x01\x02").unwrap();
    vec![
        ("truncated", whole[..whole.len() - 1].to_vec()),
        ("truncated", whole[..20].to_vec()),
        ("truncated", whole[..directory - 100].to_vec()),
        ("truncated", whole[..directory].to_vec()),
        ("trailing", [whole, b"\n"].concat()),
        ("not-a-bundle", [b"MZ", whole].concat()),
        ("not-a-bundle", vec![]),
        ("compressed", with(8, 8)),
        ("member-form", with(6, 1)),
        ("member-form", with(28, 4)),
        ("too-large", {
            let mut bytes = whole.to_vec();
            bytes[18..26].copy_from_slice(&[0xFF; 8]);
            bytes
        }),
        ("checksum", with(60, 1)),
        ("directory", with(directory + 40, 1)),
        ("name", with(30, 0x20)),
    ]
}

/// Members added, taken away, moved and renamed; the manifest and what it lists.
fn members_changed(parts: &Parts) -> Vec<(&'static str, Parts)> {
    let with = |change: &dyn Fn(&mut Parts)| {
        let mut parts = parts.clone();
        change(&mut parts);
        parts
    };
    let opening = parts.iter().position(|(name, _)| name.starts_with("openings/")).unwrap();
    vec![
        ("container: name", with(&|p| p.push(("../../etc/passwd".to_owned(), vec![])))),
        ("container: name", with(&|p| p.push(("/timestamps/1.tsr".to_owned(), vec![])))),
        ("container: duplicate", with(&|p| p.push(p[1].clone()))),
        ("container: order", with(&|p| p.swap(1, 2))),
        ("container: order", with(&|p| p.push(("timestamps/2.tsr".to_owned(), vec![])))),
        ("container: missing", with(&|p| drop(p.remove(opening + 1)))),
        ("manifest: version", with(&|p| swap(p, "\"version\": 1", "\"version\": 2"))),
        ("manifest: form", with(&|p| swap(p, "\"version\": 1", "\"version\":  1"))),
        ("manifest: form", with(&|p| swap(p, "\"kind\": \"grant\"", "\"kind\": \"rumour\""))),
        ("manifest: members", with(&|p| drop(p.remove(opening)))),
        ("manifest: member", with(&|p| p[2].1[100] ^= 1)),
    ]
}

/// Other words in a manifest.
fn swap(parts: &mut Parts, from: &str, to: &str) {
    change_manifest(parts, |text| *text = text.replace(from, to));
}

/// What members hold, with the manifest put right.
fn contents_changed(parts: &Parts) -> Vec<(&'static str, Parts)> {
    let with = |change: &dyn Fn(&mut Parts)| {
        let mut parts = parts.clone();
        change(&mut parts);
        parts
    };
    let opening = parts.iter().find(|(name, _)| name.starts_with("openings/")).unwrap();
    let name = opening.0.clone();
    vec![
        (
            "genesis: differs",
            with(&|p| {
                let changed = String::from_utf8(part(p, "genesis.json").clone()).unwrap();
                replace(p, "genesis.json", changed.replace("Thule", "Tule").into_bytes());
            }),
        ),
        (
            "entries: kind",
            with(&|p| {
                let other = part(p, "state.proof").clone();
                replace(p, "entries.proof", other);
            }),
        ),
        (
            "entries: damaged",
            with(&|p| {
                let mut longer = part(p, "entries.proof").clone();
                longer.push(0);
                replace(p, "entries.proof", longer);
            }),
        ),
        ("state: not-a-proof", with(&|p| replace(p, "state.proof", b"COMITYP2".to_vec()))),
        (
            "as-of: header",
            with(&|p| {
                let time = manifest(p)["as_of"]["time"].to_string();
                swap(p, &format!("\"time\": {time}"), "\"time\": 1");
            }),
        ),
        (
            "case: subject",
            with(&|p| {
                let grant = manifest(p)["case"]["grant"].to_string();
                swap(p, &format!("\"grant\": {grant}"), "\"grant\": \"G0\"");
            }),
        ),
        (
            "openings: commitment",
            with(&|p| {
                let text = String::from_utf8(part(p, &name).clone()).unwrap();
                replace(p, &name, text.replace("2026-0117", "2026-0118").into_bytes());
            }),
        ),
        (
            "openings: form",
            with(&|p| {
                let text = String::from_utf8(part(p, &name).clone()).unwrap();
                replace(p, &name, text.replace('\n', "").into_bytes());
            }),
        ),
        (
            "summaries: differ",
            with(&|p| {
                let text = String::from_utf8(part(p, "summary.zh.html").clone()).unwrap();
                replace(p, "summary.zh.html", text.replace("2026-0117", "2026-0118").into_bytes());
            }),
        ),
    ]
}

/// Proofs that were cut, mixed and forged.
fn proofs_changed(parts: &Parts, story: &Story) -> Vec<(&'static str, Parts)> {
    let with = |name: &str, change: &dyn Fn(&mut Proof)| {
        let mut parts = parts.clone();
        change_proof(&mut parts, name, change);
        parts
    };
    let entries = |change: &dyn Fn(&mut Collection)| {
        with("entries.proof", &|proof| match proof {
            Proof::Collection(collection) => change(collection),
            _ => panic!("no collection"),
        })
    };
    let objects = |change: &dyn Fn(&mut Extract)| {
        with("state.proof", &|proof| match proof {
            Proof::Extract(extract) => change(extract),
            _ => panic!("no extract"),
        })
    };
    let without = |is_out: &dyn Fn(&Action) -> bool| entries(&|all| leave_out(all, is_out));
    let grant = StateKey::Grant(story.grant).to_bytes();
    let usage = StateKey::Usage(story.grant).to_bytes();
    vec![
        (
            "entries: certificate",
            entries(&|all| {
                all.blocks[0].certificate.signatures.truncate(1);
            }),
        ),
        (
            "entries: inclusion",
            entries(&|all| {
                all.blocks[1].entries[0].inclusion[0][0] ^= 1;
            }),
        ),
        ("entries: order", entries(&|all| all.blocks.swap(0, 1))),
        ("entries: order", entries(&|all| all.blocks.clear())),
        (
            "state: claim",
            objects(&|all| {
                let claim = all.claims.iter_mut().find(|claim| claim.key == usage).unwrap();
                claim.value.as_mut().unwrap()[0] ^= 1;
            }),
        ),
        ("state: claims", objects(&|all| all.claims.swap(0, 1))),
        ("case: subject", objects(&|all| all.claims.retain(|claim| claim.key != grant))),
        ("objects: missing", objects(&|all| all.claims.retain(|claim| claim.key[0] != b'm'))),
        ("positions: missing", without(&|action| matches!(action, Action::RevokeGrant { .. }))),
        ("positions: missing", without(&|action| matches!(action, Action::RegisterKey { .. }))),
        // The grant names its first use; later ones it only counts.
        ("positions: missing", entries(&|all| leave_out_at(all, story.access))),
        ("accesses: count", entries(&|all| leave_out_at(all, last_access(all)))),
    ]
}

fn last_access(all: &Collection) -> u64 {
    let mut entries = all.blocks.iter().flat_map(|block| &block.entries);
    let is_access = |record: &[u8]| {
        let record: SignedRecord = decode(record, 65_535).unwrap();
        matches!(record.statement.action, Action::RecordAccess { .. })
    };
    entries.rfind(|entry| is_access(&entry.record)).unwrap().index.0
}

fn leave_out_at(all: &mut Collection, index: u64) {
    for block in &mut all.blocks {
        block.entries.retain(|entry| entry.index.0 != index);
    }
    all.blocks.retain(|block| !block.entries.is_empty());
}

/// Leaves out entries by what they do.
fn leave_out(all: &mut Collection, is_out: &dyn Fn(&Action) -> bool) {
    for block in &mut all.blocks {
        block.entries.retain(|entry| {
            let record: SignedRecord = decode(&entry.record, 65_535).unwrap();
            !is_out(&record.statement.action)
        });
    }
    all.blocks.retain(|block| !block.entries.is_empty());
}
