//! Containers: what is written is read, and nothing else is.

use super::super::container::{ContainerFault, Members, read, write};
use super::super::manifest::{AsOf, Case, Exported, Manifest, ManifestFault};
use super::super::member::{MAX_OPENINGS, Member};
use comity_core::hash::{ConsortiumId, HeaderHash};
use comity_core::ids::{Height, LogIndex, TimeMs};

fn members() -> Members {
    let contents = Member::REQUIRED.map(|member| (member, member.name().into_bytes()));
    let mut members = Members::from(contents);
    members.insert(Member::Opening(9), b"[]\n".to_vec());
    members.insert(Member::Opening(10), vec![]);
    members.insert(Member::Timestamp(1), b"token".to_vec());
    members
}

fn manifest(members: &Members) -> Manifest {
    let as_of = AsOf { height: Height(3), time: TimeMs(4), header: HeaderHash([5; 32]) };
    let case = Case::Access { entry: LogIndex(7) };
    let exported = Exported::here("civil.gd".parse().unwrap());
    Manifest::new(ConsortiumId([1; 32]), (case, as_of, exported), members)
}

#[test]
fn what_is_written_is_read_again() {
    let members = members();
    let bytes = write(&members).unwrap();
    assert_eq!(read(&bytes).unwrap(), members);
    assert_eq!(write(&read(&bytes).unwrap()).unwrap(), bytes);
}

#[test]
fn every_changed_byte_is_refused() {
    let bytes = write(&members()).unwrap();
    for at in 0..bytes.len() {
        for change in [0x01, 0x20, 0x80] {
            let mut changed = bytes.clone();
            changed[at] ^= change;
            assert!(read(&changed).is_err(), "byte {at} of {}", bytes.len());
        }
    }
}

#[test]
fn every_end_that_is_cut_off_is_missed() {
    let bytes = write(&members()).unwrap();
    for length in 4..bytes.len() {
        let fault = read(&bytes[..length]).unwrap_err();
        let is_named = matches!(fault, ContainerFault::Truncated | ContainerFault::Missing(_));
        assert!(is_named, "{length}: {fault:?}");
    }
    for length in 0..4 {
        assert_eq!(read(&bytes[..length]), Err(ContainerFault::NotABundle));
    }
}

#[test]
fn names_have_one_spelling_and_stay_inside() {
    for name in [
        "",
        "manifest.json ",
        "MANIFEST.JSON",
        "./manifest.json",
        "../manifest.json",
        "/etc/passwd",
        "openings/../manifest.json",
        "openings/09.json",
        "openings/+9.json",
        "openings/-1.json",
        "openings/.json",
        "openings/18446744073709551616.json",
        "timestamps/0.tsr",
        "timestamps/17.tsr",
        "timestamps/01.tsr",
        "summary.fr.html",
        "openings\\9.json",
    ] {
        assert_eq!(Member::named(name), None, "{name}");
    }
    let all = members();
    assert!(all.keys().all(|member| Member::named(&member.name()) == Some(*member)));
    assert_eq!(
        Member::named("openings/18446744073709551615.json"),
        Some(Member::Opening(u64::MAX))
    );
}

#[test]
fn time_stamps_are_numbered_without_gaps_and_openings_are_not_without_end() {
    let mut gap = members();
    gap.insert(Member::Timestamp(3), vec![]);
    let fault = Err(ContainerFault::Order(Member::Timestamp(3)));
    assert_eq!(read(&write(&gap).unwrap()), fault);
    let mut many = members();
    many.extend((0..MAX_OPENINGS as u64 - 2).map(|number| (Member::Opening(100 + number), vec![])));
    assert!(read(&write(&many).unwrap()).is_ok());
    many.insert(Member::Opening(5_000), vec![]);
    assert_eq!(read(&write(&many).unwrap()), Err(ContainerFault::TooMany));
}

#[test]
fn member_that_is_too_large_is_neither_written_nor_read() {
    let mut large = members();
    large.insert(Member::Opening(9), vec![0; 65_537]);
    assert_eq!(write(&large), Err(ContainerFault::TooLarge));
    let mut bytes = write(&members()).unwrap();
    // The sizes of the first member.
    bytes[18..26].copy_from_slice(&[0xFF; 8]);
    assert_eq!(read(&bytes), Err(ContainerFault::TooLarge));
}

#[test]
fn manifest_is_of_its_members_alone() {
    let mut all = members();
    let bytes = manifest(&all).to_bytes();
    assert_eq!(Manifest::read(&bytes, &all), Ok(manifest(&all)));
    all.remove(&Member::Timestamp(1));
    assert!(Manifest::read(&bytes, &all).is_ok(), "time stamps come later");
    all.insert(Member::State, b"another".to_vec());
    let found = Manifest::read(&bytes, &all);
    assert_eq!(found, Err(ManifestFault::Member(Member::State)));
    all.remove(&Member::Opening(9));
    assert_eq!(Manifest::read(&bytes, &all), Err(ManifestFault::Members));
}

#[test]
fn manifest_has_one_spelling() {
    let all = members();
    let text = String::from_utf8(manifest(&all).to_bytes()).unwrap();
    assert!(
        text.starts_with("{\n  \"format\": \"comity-evidence\",\n  \"version\": 1,\n"),
        "{text}"
    );
    for (from, to) in [
        ("\"version\": 1", "\"version\":1"),
        ("\"version\": 1", "\"version\": 1, \"more\": 2"),
        ("comity-evidence", "comity-rumour"),
        ("\"entry\": 7", "\"entry\": \"7\""),
        ("\"entry\": 7", "\"entry\": 7, \"entry\": 7"),
        ("\"kind\": \"access\"", "\"kind\": \"all\""),
        ("\n}\n", "\n}"),
    ] {
        assert!(text.contains(from), "{from}");
        let found = Manifest::read(text.replace(from, to).as_bytes(), &all);
        assert!(matches!(found, Err(ManifestFault::Form(_))), "{to}: {found:?}");
    }
    let newer = text.replace("\"version\": 1", "\"version\": 2, \"more\": {}");
    let found = Manifest::read(newer.as_bytes(), &all);
    assert_eq!(found, Err(ManifestFault::Version("2".to_owned())));
}
