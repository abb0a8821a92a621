//! Listings: pages, filters, widths, CSV, and what a page says about the next.

use comity_core::agency::KeyRole;
use serde_json::json;

use super::fake_node::Answer;
use super::fixture::{NOW, Ran};
use super::flows::Desk;
use crate::fault::Exit;
use crate::wrap;

/// A desk whose log has a publication (0), a grant (1), an access (2) and a denial (3).
pub(super) fn desk_with_accesses(grant: &[&str]) -> Desk {
    let desk = Desk::new();
    desk.publish().ended(Exit::Done);
    desk.grant(grant).ended(Exit::Done);
    access(&desk, "a.json", "LOW-INCOME-CHECK").ended(Exit::Done);
    let ran = access(&desk, "b.json", "TAX-RELIEF").ended(Exit::Denied);
    assert!(ran.err.contains("Next: comity grant show G1; ask for one"), "{}", ran.err);
    desk
}

/// An officer's attempt under G1 and the gateway's record of it.
pub(super) fn access(desk: &Desk, file: &str, matter: &str) -> Ran {
    let out = desk.office.path(file);
    let args = ["access", "attempt", "--grant", "G1", "--matter", matter, "--mode", "query"];
    let args = [&args[..], &["--item", "date of marriage", "--out", &out]].concat();
    desk.sign("finance.gd", KeyRole::Officer, &args).ended(Exit::Done);
    desk.sign("civil.gd", KeyRole::Gateway, &["access", "record", "--attempt", &out])
}

#[test]
fn a_list_is_read_page_by_page_up_to_its_limit() {
    let desk = desk_with_accesses(&[]);
    let entries = desk.node.inside(|inside| inside.entries().to_vec());
    let page = |from: usize, to: usize, next| json!({"entries": entries[from..to], "next": next});
    desk.node.answer("GET /v1/entries?order=asc&from=0&", Answer::Json(200, page(0, 1, Some(1))));
    // A node bounds its work: a page may be empty and not be the last.
    desk.node
        .answer("GET /v1/entries?order=asc&limit=2&from=1", Answer::Json(200, page(1, 1, Some(2))));
    let args = ["log", "list", "--oldest-first", "--from", "0", "--limit", "3"];
    let ran = desk.ask(&args).ended(Exit::Done);
    let first = |line: &str| line.split(' ').next().unwrap().to_owned();
    let shown: Vec<String> = ran.out.lines().map(first).collect();
    assert_eq!(shown, ["ENTRY", "0", "2", "3"], "{}", ran.out);
}

#[test]
fn a_page_says_how_to_get_the_next_one_and_that_is_so() {
    let desk = desk_with_accesses(&[]);
    let ran = desk.ask(&["log", "list", "--limit", "3"]).ended(Exit::Done);
    assert!(ran.out.lines().nth(1).unwrap().starts_with("3 "), "the newest first: {}", ran.out);
    let (_, next) = ran.err.split_once("To go on: comity ").unwrap();
    let next: Vec<&str> = next.split_whitespace().collect();
    assert_eq!(next[..4], ["log", "list", "--limit", "3"]);
    assert_eq!(next[next.len() - 2..], ["--from", "0"]);
    let ran = desk.office.run(&next).ended(Exit::Done);
    assert_eq!(ran.out.lines().count(), 2, "{}", ran.out);
    assert!(!ran.err.contains("To go on"), "{}", ran.err);

    let json = desk.ask(&["log", "list", "--limit", "3", "--json"]).ended(Exit::Done).json();
    assert_eq!(json["next"], 0);
    let json = desk.ask(&["access", "list", "--limit", "1", "--json"]).ended(Exit::Done).json();
    assert_eq!((&json["entries"][0]["index"], &json["next"]), (&json!(3), &json!(2)));
}

#[test]
fn conditions_reach_the_node_with_days_of_the_readers_zone() {
    let desk = desk_with_accesses(&[]);
    let args = "log list --kind record-access --agency finance.gd --dataset civil.gd/m --grant G1 \
                --request R4 --matter LOW-INCOME-CHECK --since 2026-05-03 --until 2026-05-03";
    let args: Vec<&str> = args.split_whitespace().collect();
    desk.ask(&args).ended(Exit::Done);
    let asked = desk.node.inside(|inside| inside.asked.last().unwrap().0.clone());
    // 2026-05-03T00:00+08:00 and the day after.
    let start = 1_777_737_600_000_u64;
    let conditions = [
        "order=desc".to_owned(),
        format!("since={start}"),
        format!("until={}", start + 86_400_000),
        "kind=record-access".to_owned(),
        "agency=finance.gd".to_owned(),
        "grant=G1".to_owned(),
        "request=R4".to_owned(),
        "matter=LOW-INCOME-CHECK".to_owned(),
    ];
    for condition in conditions {
        assert!(asked.contains(&condition), "{condition} is missing in {asked}");
    }
    desk.ask(&["log", "list", "--since", "2h"]).ended(Exit::Done);
    let asked = desk.node.inside(|inside| inside.asked.last().unwrap().0.clone());
    assert!(asked.contains(&format!("since={}", NOW.0 - 7_200_000)), "{asked}");
    let ran = desk.ask(&["log", "list", "--since", "yesterday"]).ended(Exit::Usage);
    assert!(ran.err.contains("no time that can be read"), "{}", ran.err);
    desk.ask(&["log", "list", "--limit", "0"]).ended(Exit::Usage);
}

#[test]
fn accesses_and_denials_stand_in_one_list_the_newest_first() {
    let desk = desk_with_accesses(&[]);
    let ran = desk.ask(&["access", "list", "--grant", "G1"]).ended(Exit::Done);
    let lines: Vec<&str> = ran.out.lines().collect();
    let refused = "the grant does not cover the matter TAX-RELIEF";
    assert!(lines[1].starts_with('3') && lines[1].ends_with(refused), "{}", ran.out);
    assert!(lines[2].starts_with('2') && lines[2].contains("allowed"), "{}", ran.out);
    let only = |outcome: &str| {
        let args = ["access", "list", "--outcome", outcome, "--json"];
        desk.ask(&args).ended(Exit::Done).json()["entries"].as_array().unwrap().len()
    };
    assert_eq!((only("allowed"), only("refused")), (1, 1));
}

#[test]
fn lists_fit_the_terminal_and_are_a_line_each_without_one() {
    let desk = desk_with_accesses(&[]);
    for width in [72, 80, 120] {
        desk.office.at_terminal(width);
        for args in [&["log", "list"][..], &["access", "list"], &["log", "show", "3"]] {
            let ran = desk.ask(args).ended(Exit::Done);
            // What must be copied whole (keys, hashes, commands) may be longer.
            let too_wide = ran.out.lines().find(|line| wrap::columns(line) > width);
            assert_eq!(too_wide, None, "{width}: {}", ran.out);
        }
    }
    desk.office.at_terminal(80);
    let ran = desk.ask(&["access", "list"]).ended(Exit::Done);
    assert!(ran.out.contains("marriage-register\n") || ran.out.contains("marriage-register "));
    // What is long stands beneath, whole.
    let why = "\n       the grant does not cover the matter TAX-RELIEF\n";
    assert!(ran.out.contains(why), "{}", ran.out);
    assert!(!ran.out.contains('\u{1b}') && !ran.err.contains('\u{1b}'), "no colours");
}

#[test]
fn every_listing_can_be_written_as_csv_and_nothing_else() {
    let desk = desk_with_accesses(&[]);
    let ran = desk.ask(&["access", "list", "--csv"]).ended(Exit::Done);
    let lines: Vec<&str> = ran.out.split_terminator("\r\n").collect();
    assert!(lines[0].starts_with("\u{FEFF}ENTRY,TIME (+08:00),OUTCOME,RULE,WHY,"), "{}", lines[0]);
    let refused = "3,2026-05-03 11:09:37,refused,matter-not-covered,";
    assert!(lines[1].starts_with(refused), "{}", lines[1]);
    assert_eq!(lines.len(), 3);
    let ran = desk.ask(&["log", "list", "--csv", "--json"]).ended(Exit::Usage);
    assert!(ran.err.contains("--csv"), "{}", ran.err);
    desk.ask(&["grant", "show", "G1", "--csv"]).ended(Exit::Usage);
    desk.sign("civil.gd", KeyRole::Steward, &["grant", "revoke", "G1", "--reason", "x", "--csv"])
        .ended(Exit::Usage);

    let mut leaves = Vec::new();
    leaves_with(&crate::args::command(), "", &mut leaves);
    let expected = ["key list", "dataset list", "grant list", "access list", "log list"];
    for listing in expected.into_iter().chain(["agency list"]) {
        assert!(leaves.iter().any(|leaf| leaf == &format!("comity {listing}")), "{leaves:?}");
    }
    let odd = leaves.iter().find(|leaf| leaf.contains("issue") || leaf.contains("show"));
    assert_eq!(odd, None);
}

/// The commands that take `--csv`.
fn leaves_with(command: &clap::Command, path: &str, found: &mut Vec<String>) {
    let here = format!("{path} {}", command.get_name()).trim().to_owned();
    if command.get_arguments().any(|arg| arg.get_id() == "csv") {
        found.push(here.clone());
    }
    for sub in command.get_subcommands() {
        leaves_with(sub, &here, found);
    }
}

#[test]
fn an_empty_list_says_so_beside_the_result() {
    let desk = Desk::new();
    let ran = desk.ask(&["log", "list"]).ended(Exit::Done);
    assert!(ran.err.contains("Nothing was found"), "{}", ran.err);
    assert_eq!(ran.out, "ENTRY  TIME  BY  WHAT\n");
    let ran = desk.ask(&["log", "list", "--json"]).ended(Exit::Done);
    assert_eq!((ran.json(), ran.err.as_str()), (json!({"entries": [], "next": null}), ""));
}
