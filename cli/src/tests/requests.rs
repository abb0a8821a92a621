//! The officer's day: asking for data, singly and by a scene, and following what was asked.

use comity_core::agency::KeyRole;
use serde_json::json;

use super::fixture::Ran;
use super::flows::Desk;
use crate::fault::Exit;
use crate::messages::dataset_sample;

/// A desk at a node with a dataset of civil.gd and one of health.gd.
pub(super) fn desk() -> Desk {
    let desk = Desk::new();
    desk.publish().ended(Exit::Done);
    let health = dataset_sample().replace("civil.gd/marriage-register", "health.gd/births");
    let health = health.replace("Registry Office, duty desk", "Births desk");
    desk.office.put("births.toml", health.as_bytes());
    let file = desk.office.path("births.toml");
    desk.sign("health.gd", KeyRole::Steward, &["dataset", "publish", &file]).ended(Exit::Done);
    desk
}

/// finance.gd's officer asks for civil.gd's register.
pub(super) fn open(desk: &Desk, extra: &[&str]) -> Ran {
    let args = "request open --dataset civil.gd/marriage-register --matter LOW-INCOME-CHECK \
                --basis ACT-12 --mode query --until 2026-12-31 --item";
    let words = args.split(' ').filter(|word| !word.is_empty());
    let args: Vec<&str> = words.chain(["date of marriage"]).chain(extra.iter().copied()).collect();
    desk.sign("finance.gd", KeyRole::Officer, &args)
}

pub(super) fn officer(desk: &Desk, args: &str) -> Ran {
    let args: Vec<&str> = args.split(' ').collect();
    desk.sign("finance.gd", KeyRole::Officer, &args)
}

pub(super) fn steward(desk: &Desk, args: &[&str]) -> Ran {
    desk.sign("civil.gd", KeyRole::Steward, args)
}

/// What a reader sees, with the lines of keys left out.
#[track_caller]
pub(super) fn fits_80_columns(text: &str) {
    for line in text.lines() {
        assert!(line.chars().count() <= 80, "{} columns: {line}", line.chars().count());
    }
}

#[test]
fn an_officer_asks_urges_and_is_told_who_holds_it() {
    let desk = desk();
    let ran = open(&desk, &["--needed-by", "2026-05-08"]).ended(Exit::Done);
    assert_eq!(
        ran.out,
        "Done: R2 asks for civil.gd/marriage-register. It waits at civil.gd: Registry Office, \
         duty desk.\nTo follow it: comity request show R2\n"
    );
    let shown = [
        "You are about to sign: ask for civil.gd/marriage-register on behalf of finance.gd",
        "civil.gd/marriage-register: date of marriage (by query)",
        "held by Registry Office, duty desk",
        "LOW-INCOME-CHECK",
        "ACT-12",
        "2027-01-01T00:00:00+08:00",
        "finance.gd (officer, Duty desk)",
    ];
    for words in shown {
        assert!(ran.err.contains(words), "{words} is missing in {}", ran.err);
    }
    officer(&desk, "request urge R2").ended(Exit::Done);
    let ran = officer(&desk, "request urge R2").ended(Exit::Refused);
    assert!(ran.err.contains("already urged today, by entry 3"), "{}", ran.err);
    let ran = desk.ask(&["request", "show", "R2"]).ended(Exit::Done);
    let key = &super::fixture::secret("finance.gd", KeyRole::Officer).public().to_string()[..8];
    let expected = format!(
        "R2: finance.gd asks for civil.gd/marriage-register. Asked on 2026-05-03 by Duty\n  desk \
         (key {key}).\nIt waits at civil.gd: Registry Office, duty desk. It is needed by \
         2026-05-08, in\n  5 days, asked today, urged once.\n"
    );
    assert!(ran.out.starts_with(&expected), "{}", ran.out);
    assert!(ran.out.contains("LOW-INCOME-CHECK (As published)"), "{}", ran.out);
    let history = "What happened:\n  2  2026-05-03  finance.gd  ask for civil.gd/marriage-register \
                   on behalf of\n    finance.gd\n  3  2026-05-03  finance.gd  urge the reply to the \
                   request R2\n";
    assert!(ran.out.contains(history), "{}", ran.out);
    let ran = officer(&desk, "request list --mine --state open").ended(Exit::Done);
    assert!(ran.out.contains("R2"), "{}", ran.out);
    fits_80_columns(&ran.out);
}

#[test]
fn asking_again_opens_no_double_unless_told_so() {
    let desk = desk();
    open(&desk, &[]).ended(Exit::Done);
    let ran = open(&desk, &["--json"]).ended(Exit::Done);
    assert!(ran.err.contains("R2 asks for the same and is open"), "{}", ran.err);
    assert_eq!(ran.json()["requests"][0]["status"], "already-open");
    let ran = open(&desk, &["--again", "--json"]).ended(Exit::Done);
    assert_eq!(ran.json()["requests"][0]["request"], "R3");
    steward(&desk, &["request", "approve", "R2"]).ended(Exit::Done);
    officer(&desk, "request withdraw R3 --reason double").ended(Exit::Done);
    let ran = open(&desk, &["--json"]).ended(Exit::Done);
    assert!(ran.err.contains("G4 permits it already"), "{}", ran.err);
    assert_eq!(ran.json()["requests"][0]["grant"], "G4");
}

#[test]
fn one_answer_on_one_case_asks_for_one_access_and_a_short_time() {
    let desk = desk();
    let args = "request open --once --dataset civil.gd/marriage-register --matter TAX-RELIEF \
                --basis ACT-12 --mode verify --all-items --needed-by 2026-05-08";
    let ran = officer(&desk, args).ended(Exit::Done);
    for words in ["one answer on one case", "2026-05-23T00:00:00+08:00", "Accesses in all   1"] {
        let err = ran.err.split_whitespace().collect::<Vec<_>>().join(" ");
        let words = words.split_whitespace().collect::<Vec<_>>().join(" ");
        assert!(err.contains(&words), "{words} is missing in {}", ran.err);
    }
    let ran = officer(&desk, &format!("{args} --again --total-quota 2")).ended(Exit::Refused);
    assert!(ran.err.contains("exactly one access in all"), "{}", ran.err);
}

const SCENE: &str = r#"
title = "Check of a household's means"
matters = ["LOW-INCOME-CHECK"]
basis = "ACT-12"
period = "365d"
needed_within = "5d"

[[datasets]]
dataset = "audit.gd/not-there"
all_items = true
modes = ["query"]

[[datasets]]
dataset = "civil.gd/marriage-register"
items = ["date of marriage", "certificate number"]
modes = ["verify", "query"]

[[datasets]]
dataset = "health.gd/births"
items = ["certificate number"]
modes = ["verify"]
"#;

#[test]
fn a_scene_asks_every_department_and_one_refusal_does_not_stop_the_rest() {
    let desk = desk();
    desk.office.put("scene.toml", SCENE.as_bytes());
    let scene = desk.office.path("scene.toml");
    let args = ["request", "open", "--scene", &scene];
    let ran = desk.sign("finance.gd", KeyRole::Officer, &args).ended(Exit::Refused);
    assert!(ran.err.contains("ask for data with 3 requests"), "{}", ran.err);
    assert!(ran.err.contains("Scene: Check of a household's means"), "{}", ran.err);
    assert!(ran.err.contains("there is no dataset audit.gd/not-there"), "{}", ran.err);
    assert!(ran.out.contains("Done: R2 asks for civil.gd/marriage-register."), "{}", ran.out);
    assert!(ran.out.contains("Done: R3 asks for health.gd/births."), "{}", ran.out);
    assert!(
        ran.out.ends_with("2 opened, 1 failed, 0 asked for or granted before.\n"),
        "{}",
        ran.out
    );

    let ran = desk.ask(&["request", "show", "R2", "--json"]).ended(Exit::Done).json();
    let bundle = ran["request"]["terms"]["bundle"].as_str().unwrap().to_owned();
    let ran = desk.ask(&["request", "list", "--bundle", &bundle, "--json"]).ended(Exit::Done);
    assert_eq!(ran.json()["requests"].as_array().unwrap().len(), 2);

    let args = ["request", "open", "--scene", &scene, "--json"];
    let ran = desk.sign("finance.gd", KeyRole::Officer, &args).ended(Exit::Refused);
    let found = ran.json();
    let statuses: Vec<_> =
        found["requests"].as_array().unwrap().iter().map(|r| r["status"].clone()).collect();
    assert_eq!(statuses, [json!("failed"), json!("already-open"), json!("already-open")]);
    assert_eq!(found["requests"][0]["error"]["name"], "dataset-unknown");
}

#[test]
fn the_command_line_narrows_a_scene_and_cannot_widen_it() {
    let desk = desk();
    desk.office.put("scene.toml", SCENE.as_bytes());
    let scene = desk.office.path("scene.toml");
    let base = ["request", "open", "--scene", &scene[..]];
    let run =
        |extra: &[&str]| desk.sign("finance.gd", KeyRole::Officer, &[&base[..], extra].concat());
    let ran = run(&["--dataset", "health.gd/other"]).ended(Exit::Usage);
    assert!(ran.err.contains("The scene does not name health.gd/other"), "{}", ran.err);
    let ran = run(&["--item", "spouse", "--dataset", "health.gd/births"]).ended(Exit::Usage);
    assert!(ran.err.contains("The scene does not name spouse"), "{}", ran.err);
    let ran = run(&["--mode", "batch", "--dataset", "health.gd/births"]).ended(Exit::Usage);
    assert!(ran.err.contains("nothing is left"), "{}", ran.err);
    let narrow =
        ["--dataset", "civil.gd/marriage-register", "--mode", "verify", "--until", "30d", "--json"];
    run(&narrow).ended(Exit::Done);
    let ran = desk.ask(&["request", "show", "R2", "--json"]).ended(Exit::Done).json();
    let asked = &ran["request"]["terms"]["asked"];
    assert_eq!(asked["modes"], json!(["verify"]));
    assert_eq!(ran["request"]["terms"]["bundle"], json!(null));
}

#[test]
fn the_officers_inbox_shows_waiting_requests_replies_and_grants_that_end() {
    let desk = desk();
    open(&desk, &["--needed-by", "2026-05-08"]).ended(Exit::Done);
    open(&desk, &["--again"]).ended(Exit::Done);
    open(&desk, &["--again"]).ended(Exit::Done);
    let refuse = ["request", "refuse", "R3", "--legal-basis", "Act, section 9", "--reason", "Why"];
    steward(&desk, &refuse).ended(Exit::Done);
    steward(&desk, &["request", "approve", "R4", "--until", "10d"]).ended(Exit::Done);
    let key = desk.office.key("finance.gd", KeyRole::Officer);
    let ran = desk.ask(&["inbox", "--key", &key]).ended(Exit::Done);
    let expected = "\
What waits for finance.gd, officer, Duty desk

Requests that wait for their reply: 1
  R2  civil.gd/marriage-register
      needed by 2026-05-08, in 5 days, asked today
      held by civil.gd: Registry Office, duty desk
  To urge a reply, once a day: comity request urge R2 --key KEYFILE

Replies of the last 30 days: 2
  R4  civil.gd/marriage-register
      approved on 2026-05-03: G6
  R3  civil.gd/marriage-register
      refused on 2026-05-03, on the basis of Act, section 9: Why

Grants that need attention: 1
  G6  civil.gd/marriage-register
      ends on 2026-05-13
  To ask for a new one: comity request open --help
";
    assert_eq!(ran.out, expected);
    fits_80_columns(&ran.out);
}
