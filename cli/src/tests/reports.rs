//! `comity report collaboration` as people run it: over an archive and over a copy.

use super::archives::chain;
use super::fixture::{Office, Ran};
use crate::fault::Exit;
use crate::messages::Language;

fn office() -> Office {
    let office = Office::new();
    office.put("a.archive", &chain().bytes);
    office
}

fn report(office: &Office, more: &[&str]) -> Ran {
    let (file, genesis) = (office.path("a.archive"), office.path("genesis.json"));
    let args = ["report", "collaboration", "--archive", &file, "--genesis", &genesis];
    office.run(&[&args[..], more].concat())
}

#[test]
fn a_report_says_what_it_rests_on_and_how_many_matters_were_served() {
    let office = office();
    let ran = report(&office, &[]).ended(Exit::Done);
    for words in [
        "Collaboration: Test consortium",
        "every block up to 4 (2026-05-03T11:09:40+08:00)",
        "all of its 3 entries",
        "Matters served",
        "Pairs that shared",
        "By quarter:",
        "2026-Q2",
        "docs/indicators.md",
    ] {
        assert!(ran.out.contains(words), "{words}: {}", ran.out);
    }
    assert!(!ran.out.contains("(missing text)"), "{}", ran.out);
    let json = report(&office, &["--json"]).ended(Exit::Done).json();
    assert_eq!((json["verified"].as_bool(), json["height"].as_u64()), (Some(true), Some(4)));
    assert_eq!(json["overall"]["matters_served"], 1);
    assert_eq!(json["by"].as_object().unwrap().len(), 6);
    let json = report(&office, &["--json", "--by", "level"]).ended(Exit::Done).json();
    assert_eq!(json["by"].as_object().unwrap().keys().collect::<Vec<_>>(), ["level"]);
}

#[test]
fn nothing_is_reported_of_what_does_not_verify() {
    let office = Office::new();
    let mut bytes = chain().bytes;
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    office.put("a.archive", &bytes);
    let ran = report(&office, &[]).ended(Exit::Unverified);
    assert!(!ran.out.contains("Matters"), "{}", ran.out);
    let page = office.path("page.html");
    report(&office, &["--format", "html", "--out", &page]).ended(Exit::Unverified);
    assert!(!std::path::Path::new(&page).exists());
}

#[test]
fn a_page_is_written_once_in_the_language_that_was_asked_for() {
    let office = office();
    let page = office.path("page.html");
    let ran = report(&office, &["--format", "html", "--out", &page]).ended(Exit::Done);
    assert!(ran.out.contains("up to block 4, was verified"), "{}", ran.out);
    let html = std::fs::read_to_string(&page).unwrap();
    assert!(html.contains("<html lang=\"en\">") && html.contains("<svg"), "{html}");
    report(&office, &["--format", "html", "--out", &page]).ended(Exit::Failed);
    let ran = report(&office, &["--lang", Language::Chinese.code()]).ended(Exit::Done);
    assert!(ran.out.contains("服务的事项") && !ran.out.contains("Matters"), "{}", ran.out);
}

#[test]
fn a_period_is_days_and_its_end_is_not_before_its_beginning() {
    let office = office();
    let outside = report(&office, &["--json", "--to", "2026-05-02"]).ended(Exit::Done).json();
    assert_eq!(outside["overall"]["matters_served"], 0);
    let inside = ["--json", "--from", "2026-05-03", "--to", "2026-05-03"];
    let inside = report(&office, &inside).ended(Exit::Done).json();
    assert_eq!(inside["overall"]["matters_served"], 1);
    for wrong in [&["--from", "yesterday"][..], &["--from", "2026-05-03", "--to", "2026-05-02"]] {
        report(&office, wrong).ended(Exit::Usage);
    }
}
