//! What is read from an archive in the place of a node: as things stood at its end, whatever the time is
//! now.

use comity_core::agency::KeyRole;
use comity_core::dataset::Dataset;
use comity_core::dispute::DisputeAbout;
use comity_core::ids::{LogIndex, RequestId, TimeMs};
use comity_core::request::RequestTerms;
use comity_core::statement::{Action, VerifiedRecord};

use super::archives::{chain, chain_of, signed, terms};
use super::fixture::{NOW, Office, Ran};
use crate::fault::Exit;
use crate::messages::{Language, dataset_sample};
use crate::time::DAY_MS;

/// A chain in which finance.gd asks for a dataset at `NOW`, and nothing happens any more up to so many
/// days later; in between comes what `then` makes of it.
fn asked_in_vain(days: u64, then: Vec<VerifiedRecord>) -> Office {
    let office = Office::new();
    let dataset: Dataset = toml::from_str(dataset_sample()).unwrap();
    let asked = terms(&dataset);
    let request = RequestTerms { asked, once: false, needed_by: None, bundle: None };
    let published = signed("civil.gd", KeyRole::Steward, 1, Action::PublishDataset { dataset });
    let opened = signed("finance.gd", KeyRole::Officer, 2, Action::OpenRequest { terms: request });
    let mut blocks = vec![(NOW, vec![published]), (TimeMs(NOW.0 + 1_000), vec![opened])];
    let later = (1u64..).map(|at| TimeMs(NOW.0 + 1_000 + 1_000 * at));
    blocks.extend(later.zip(then.into_iter().map(|record| vec![record])));
    blocks.push((TimeMs(NOW.0 + days * DAY_MS), vec![]));
    office.put("a.archive", &chain_of(blocks).bytes);
    office
}

/// R1 is refused, and D3 is about that.
fn contested(days: u64) -> Office {
    let request = RequestId(LogIndex(1));
    let (legal_basis, reason) = ("Act 9".parse().unwrap(), "Not for that".parse().unwrap());
    let refused = Action::RefuseRequest { request, legal_basis, reason };
    let (about, grounds) = (DisputeAbout::Request(request), "The Act names it".parse().unwrap());
    let disputed = Action::OpenDispute { about, grounds };
    let steward = KeyRole::Steward;
    let then =
        vec![signed("civil.gd", steward, 3, refused), signed("finance.gd", steward, 4, disputed)];
    asked_in_vain(days, then)
}

/// Runs a command over the archive.
fn held(office: &Office, args: &[&str]) -> Ran {
    let (file, genesis) = (office.path("a.archive"), office.path("genesis.json"));
    office.run(&[args, &["--archive", &file, "--genesis", &genesis]].concat())
}

#[test]
fn days_are_counted_up_to_the_end_of_an_archive_and_not_up_to_today() {
    let office = asked_in_vain(3, vec![]);
    let ran = held(&office, &["request", "show", "R1"]).ended(Exit::Done);
    assert!(ran.out.contains("3 days"), "{}", ran.out);
    let ran = held(&office, &["inbox", "--agency", "civil.gd", "--role", "steward"]);
    assert!(ran.ended(Exit::Done).out.contains("3 days"));
    let lately = |since| {
        let ran = held(&office, &["log", "list", "--since", since, "--json"]).ended(Exit::Done);
        ran.json()["entries"].as_array().unwrap().len()
    };
    assert_eq!((lately("2d"), lately("4d")), (0, 2));
}

#[test]
fn an_undecided_dispute_says_who_acts_next_and_by_when() {
    let office = contested(1);
    let ran = held(&office, &["dispute", "show", "D3"]).ended(Exit::Done);
    let says = "civil.gd has until 2026-05-08 to rule on it:\n  comity dispute answer D3 --help";
    assert!(ran.out.contains(says), "{}", ran.out);
    assert!(!ran.out.contains("escalate"), "{}", ran.out);
    office.reads(Language::Chinese);
    let ran = held(&office, &["dispute", "show", "D3"]).ended(Exit::Done);
    let says = "civil.gd 应于 2026-05-08 前（含当日）作出裁决：\n  comity dispute answer D3 --help";
    assert!(ran.out.contains(says), "{}", ran.out);
}

#[test]
fn a_dispute_that_nobody_ruled_on_in_time_says_that_it_may_go_further_up() {
    let office = contested(60);
    let ran = held(&office, &["dispute", "show", "D3"]).ended(Exit::Done);
    for says in [
        "civil.gd was to rule on it by 2026-05-08 and has not; it still may",
        "finance.gd may take it further up:\n  comity dispute escalate D3 --help",
    ] {
        assert!(ran.out.contains(says), "{says}: {}", ran.out);
    }
}

#[test]
fn an_auditor_needs_no_copy_where_there_is_an_archive() {
    let office = Office::new();
    office.put("a.archive", &chain().bytes);
    let summary = held(&office, &["audit", "summary", "--json"]).ended(Exit::Done).json();
    assert_eq!(summary["counts"]["accesses"], 1);
    assert_eq!(summary["until"], NOW.0 + 3_000);
    // The third of May is a Sunday.
    let alerts = held(&office, &["audit", "alerts", "--json"]).ended(Exit::Unverified).json();
    assert_eq!(alerts["alerts"][0]["kind"], "after-hours");
    let legs = held(&office, &["audit", "unmatched", "--json"]).ended(Exit::Unverified).json();
    assert_eq!(legs["unmatched"][0]["kind"], "unacknowledged");
    office.put("log.csv", b"time,exchange\n");
    let log = office.path("log.csv");
    let args = ["audit", "reconcile", &log, "--agency", "civil.gd", "--tolerance", "0s", "--json"];
    let found = held(&office, &args).ended(Exit::Unverified).json();
    assert_eq!(found["ledger_only"][0]["index"], 2);
    assert_eq!(found["as_of"]["height"], 4);
}

#[test]
fn an_auditors_command_says_that_it_wants_a_copy_or_an_archive() {
    let office = Office::new();
    for verb in ["alerts", "summary"] {
        let ran = office.run(&["audit", verb]).ended(Exit::Usage);
        assert!(ran.err.contains("--copy"), "{}", ran.err);
        let both = ["audit", verb, "--copy", "c", "--archive", "a", "--genesis", "g"];
        office.run(&both).ended(Exit::Usage);
        let alone = office.run(&["audit", verb, "--archive", "a"]).ended(Exit::Usage);
        assert!(alone.err.contains("--genesis"), "{}", alone.err);
    }
}
