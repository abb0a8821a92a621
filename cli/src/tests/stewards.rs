//! The steward's day: answering requests, taking away with open eyes, and being able to say why.

use comity_core::agency::KeyRole;
use comity_core::dataset::{Dataset, Sharing};
use serde_json::json;

use super::fixture::secret;
use super::flows::Desk;
use super::requests::{desk, fits_80_columns, officer, open, steward};
use crate::client::Client;
use crate::fault::Exit;
use crate::impact::{Change, Loss, impact};
use crate::messages::dataset_sample;

#[test]
fn a_steward_sees_the_urgent_first_and_grants_less_than_was_asked() {
    let desk = desk();
    open(&desk, &[]).ended(Exit::Done);
    open(&desk, &["--again", "--needed-by", "2026-05-08"]).ended(Exit::Done);
    let ran = desk.ask(&["inbox", "--agency", "civil.gd", "--role", "steward"]).ended(Exit::Done);
    let expected = "\
What waits for civil.gd, steward

Requests to answer: 2
  R3  finance.gd asks for civil.gd/marriage-register
      needed by 2026-05-08, in 5 days, asked today; due up to 2026-05-15: still
        in time
  R2  finance.gd asks for civil.gd/marriage-register
      asked today; due up to 2026-05-15: still in time
  To look: comity request show R3; then comity request approve|refuse --help

Datasets not yet classified: 0
";
    assert_eq!(ran.out, expected);
    fits_80_columns(&ran.out);
    let args = ["request", "approve", "R3", "--until", "2026-06-30", "--daily-quota", "20"];
    let ran = steward(&desk, &args).ended(Exit::Done);
    let less = "You would grant other than what was asked in: in force, accesses a day.";
    assert!(ran.err.contains(less), "{}", ran.err);
    assert!(ran.err.contains("Asked on 2026-05-03 by Duty desk"), "{}", ran.err);
    assert!(ran.out.contains("R3 is approved, and the grant G4 issued"), "{}", ran.out);
    let ran = steward(&desk, &["request", "approve", "R3"]).ended(Exit::Refused);
    let expected = "Record not accepted: R3 was already closed by entry 4.\nNothing was changed. A \
                    request is approved, refused or withdrawn once, and cannot be urged after \
                    that.\nNext: comity request show R3\n";
    assert!(ran.err.ends_with(expected), "{}", ran.err);
}

#[test]
fn an_approval_beyond_the_request_is_refused_in_plain_words() {
    let desk = desk();
    open(&desk, &[]).ended(Exit::Done);
    let ran =
        steward(&desk, &["request", "approve", "R2", "--mode", "verify"]).ended(Exit::Refused);
    let what = "the grant would permit more than was asked for: a way of delivery that was not \
                asked for.";
    assert!(ran.err.contains(what), "{}", ran.err);
    let args = ["request", "refuse", "R2", "--legal-basis", "", "--reason", "No"];
    let ran = steward(&desk, &args).ended(Exit::Refused);
    assert!(ran.err.contains("must cite the law or rule"), "{}", ran.err);
}

/// A grant of civil.gd to finance.gd that answers R2, used once.
fn granted() -> Desk {
    let desk = desk();
    open(&desk, &[]).ended(Exit::Done);
    steward(&desk, &["request", "approve", "R2"]).ended(Exit::Done);
    let out = desk.office.path("a.json");
    let args = "access attempt --grant G3 --matter LOW-INCOME-CHECK --mode query --item".split(' ');
    let args: Vec<&str> = args.chain(["date of marriage", "--out", &out]).collect();
    desk.sign("finance.gd", KeyRole::Officer, &args).ended(Exit::Done);
    let args = ["access", "record", "--attempt", &out];
    desk.sign("civil.gd", KeyRole::Gateway, &args).ended(Exit::Done);
    desk
}

#[test]
fn who_loses_what_is_said_before_it_is_taken() {
    let desk = granted();
    let dry = ["grant", "revoke", "G3", "--reason", "Over", "--dry-run"];
    let ran = steward(&desk, &dry).ended(Exit::Done);
    let expected = "\
Who loses by it:
  finance.gd loses G3.
    For LOW-INCOME-CHECK, until 2026-12-31; used once, on 2026-05-03
      (consortium's day).
";
    assert_eq!(ran.out, expected);
    assert_eq!(desk.node.asked("POST /v1/records").len(), 5, "nothing was signed");
    let suspend = |extra: &[&'static str]| {
        let args = ["grant", "suspend", "--reason", "A leak is looked into"];
        steward(&desk, &[&args[..], extra].concat())
    };
    let ran = suspend(&["--dataset", "civil.gd/marriage-register"]).ended(Exit::Done);
    assert!(ran.err.contains("finance.gd loses G3 until it is resumed."), "{}", ran.err);
    let shown = desk.ask(&["grant", "show", "G3"]).ended(Exit::Done).out;
    let words = "The dataset is suspended, and so the grant, since entry 5: A leak is looked into";
    assert!(
        shown.contains("It is suspended\n  with its dataset.") && shown.contains(words),
        "{shown}"
    );
    let resume = ["grant", "resume", "--dataset", "civil.gd/marriage-register"];
    steward(&desk, &resume).ended(Exit::Done);
    suspend(&["G3"]).ended(Exit::Done);
    let ran = suspend(&["G3"]).ended(Exit::Refused);
    assert!(ran.err.contains("G3 was already suspended by entry 7"), "{}", ran.err);
    let ran = desk.ask(&["grant", "list", "--standing", "suspended"]).ended(Exit::Done);
    assert!(ran.out.contains("G3"), "{}", ran.out);
    let key = desk.office.key("finance.gd", KeyRole::Officer);
    let ran = desk.ask(&["inbox", "--key", &key]).ended(Exit::Done);
    assert!(ran.out.contains("G3  civil.gd/marriage-register\n      suspended\n"), "{}", ran.out);
    steward(&desk, &["grant", "resume", "G3"]).ended(Exit::Done);
    steward(&desk, &dry[..5]).ended(Exit::Done);
    let ran = steward(&desk, &dry).ended(Exit::Done);
    assert!(ran.out.starts_with("Nobody loses by it"), "{}", ran.out);
}

#[test]
fn an_amendment_takes_from_grants_and_requests_what_it_drops() {
    let desk = granted();
    open(&desk, &["--again"]).ended(Exit::Done);
    let client = Client::new(&desk.node.url()).unwrap();
    let sample: Dataset = toml::from_str(dataset_sample()).unwrap();
    assert!(impact(&client, Change::AmendDataset(&sample)).unwrap().grants.is_empty());
    let mut narrower = sample.clone();
    narrower.items.retain(|item| item.name.as_str() != "date of marriage");
    let found = impact(&client, Change::AmendDataset(&narrower)).unwrap();
    let parts = Loss::Parts(vec!["date of marriage".to_owned()]);
    assert_eq!((&found.grants[0].1, &found.requests[0].1), (&parts, &parts));
    let closed = Dataset { sharing: Sharing::NotShared, ..sample };
    let found = impact(&client, Change::AmendDataset(&closed)).unwrap();
    assert_eq!((&found.grants[0].1, &found.requests[0].1), (&Loss::Ends, &Loss::Ends));
    let found = impact(&client, Change::WithdrawDataset(&closed.id)).unwrap();
    let text = found.to_text(&jiff::tz::TimeZone::UTC);
    assert!(text.contains("finance.gd's open request R5 can no longer be approved."), "{text}");
    assert_eq!(found.to_json()["requests"][0]["request"], "R5");
}

#[test]
fn a_grant_explains_who_agreed_and_on_whose_request() {
    let desk = granted();
    let short = |member, role| secret(member, role).public().to_string()[..8].to_owned();
    let steward_key = short("civil.gd", KeyRole::Steward);
    let officer_key = short("finance.gd", KeyRole::Officer);
    let expected = format!(
        "G3: civil.gd lets finance.gd use civil.gd/marriage-register. It is in force.\n\
         Agreed to on 2026-05-03 for civil.gd by Duty desk (key {steward_key}), in entry 3.\n\
         Asked for in R2, on 2026-05-03, for finance.gd by Duty desk (key {officer_key}).\n\
         Accesses: used once, on 2026-05-03 (consortium's day).\n\
         It ends at 2027-01-01T00:00:00+08:00.\n"
    );
    let ran = desk.ask(&["grant", "show", "G3"]).ended(Exit::Done);
    assert!(ran.out.starts_with(&expected), "{}", ran.out);
    assert!(ran.out.contains("LOW-INCOME-CHECK (As published)"), "{}", ran.out);
}

#[test]
fn evidence_says_what_was_given_and_checked_and_on_whose_word() {
    let desk = granted();
    open(&desk, &["--again"]).ended(Exit::Done);
    let refuse = ["request", "refuse", "R5", "--legal-basis", "Act, section 9", "--reason", "Why"];
    steward(&desk, &refuse).ended(Exit::Done);
    let evidence = |member, role| {
        let key = desk.office.key(member, role);
        desk.ask(&["evidence", "list", "--mine", "--key", &key]).ended(Exit::Done).out
    };
    let short = |member, role| secret(member, role).public().to_string()[..8].to_owned();
    let (own, asks) = (short("civil.gd", KeyRole::Steward), short("finance.gd", KeyRole::Officer));
    let expected = format!(
        "Evidence of civil.gd, steward, key {own}\n\n\
         What I gave, refused and took back:\n\
         \x20 3  2026-05-03  approve the request R2 and so let finance.gd use\n\
         \x20   civil.gd/marriage-register: G3\n\
         \x20     on the word of R2: Duty desk (key {asks}) of finance.gd, 2026-05-03,\n\
         \x20       duty basis ACT-12\n\
         \x20     for LOW-INCOME-CHECK, duty basis ACT-12: date of marriage (by query)\n\
         \x20 6  2026-05-03  refuse the request R5\n\
         \x20     on the word of R5: Duty desk (key {asks}) of finance.gd, 2026-05-03,\n\
         \x20       duty basis ACT-12\n\
         \x20     on the basis of Act, section 9: Why\n\n\
         What else I signed:\n\
         \x20 0  2026-05-03  publish the dataset civil.gd/marriage-register\n\n\
         The number is the entry's: comity log show INDEX checks its signatures.\n"
    );
    assert_eq!(evidence("civil.gd", KeyRole::Steward), expected);
    let gateway = evidence("civil.gd", KeyRole::Gateway);
    let words =
        format!("on the word of Duty desk (key {asks}) of finance.gd, who signed the attempt");
    assert!(gateway.replace("\n        ", " ").contains(&words), "{gateway}");
    assert!(gateway.contains("under G3, which answers R2, duty basis ACT-12"), "{gateway}");
    let checked = evidence("finance.gd", KeyRole::Officer);
    assert!(checked.contains("What I checked and asked for:\n  4  "), "{checked}");
}

#[test]
fn codes_are_published_once_and_withdrawn_ones_are_asked_for_no_more() {
    let desk = desk();
    let codes = "[[matters]]\ncode = \"FLOOD-RELIEF\"\ntitle = \"防汛救灾 Flood relief\"\n\
                 [[matters]]\ncode = \"TAX-RELIEF\"\ntitle = \"x\"\n";
    desk.office.put("matters.toml", codes.as_bytes());
    let file = desk.office.path("matters.toml");
    let publish = ["codes", "publish", &file];
    let ran = steward(&desk, &publish).ended(Exit::Refused);
    assert!(ran.err.contains("this must be signed by audit.gd"), "{}", ran.err);
    let authority = |args: &[&str]| desk.sign("audit.gd", KeyRole::Steward, args);
    let ran = authority(&publish).ended(Exit::Done);
    assert!(ran.err.contains("on the list matters already: 1 code."), "{}", ran.err);
    let ran = authority(&publish).ended(Exit::Done);
    assert_eq!(ran.out, "Nothing to publish: every code is on its list already.\n");
    let withdraw = ["codes", "withdraw", "matters", "LOW-INCOME-CHECK", "--reason", "Now two"];
    authority(&withdraw).ended(Exit::Done);
    let ran = open(&desk, &[]).ended(Exit::Refused);
    let what = "LOW-INCOME-CHECK was withdrawn from the list of matters by entry 3";
    assert!(ran.err.contains(what), "{}", ran.err);
    let shown = desk.ask(&["codes", "list"]).ended(Exit::Done).out;
    assert!(shown.contains("FLOOD-RELIEF") && !shown.contains("LOW-INCOME-CHECK"), "{shown}");
    let shown = desk.ask(&["codes", "list", "--withdrawn"]).ended(Exit::Done).out;
    assert!(shown.contains("(withdrawn by entry 3)"), "{shown}");
}

#[test]
fn admins_see_ending_keys_and_auditors_the_newest_denials() {
    let desk = granted();
    let card = desk.office.path("new.card.json");
    let out = desk.office.path("new.key");
    let new = [
        "key",
        "new",
        "--no-passphrase",
        "--agency",
        "civil.gd",
        "--role",
        "officer",
        "--out",
        &out,
        "--post",
        "D",
    ];
    desk.ask(&new).ended(Exit::Done);
    let register = ["key", "register", "--card", &card, "--valid-until", "10d"];
    desk.sign("civil.gd", KeyRole::Admin, &register).ended(Exit::Done);
    let key = desk.office.key("civil.gd", KeyRole::Admin);
    let ran = desk.ask(&["inbox", "--key", &key]).ended(Exit::Done);
    assert!(ran.out.contains("will within 30 days: 1"), "{}", ran.out);
    assert!(ran.out.contains("officer, D\n      ends on 2026-05-13"), "{}", ran.out);
    let out = desk.office.path("b.json");
    officer(
        &desk,
        &format!(
            "access attempt --grant G9 --matter TAX-RELIEF --mode query --all-items --out {out}"
        ),
    )
    .ended(Exit::Failed);
    let ask = format!(
        "access attempt --grant G3 --matter TAX-RELIEF --mode query --all-items --out {out}"
    );
    officer(&desk, &ask).ended(Exit::Done);
    let record = ["access", "record", "--attempt", &out];
    desk.sign("civil.gd", KeyRole::Gateway, &record).ended(Exit::Denied);
    let ran = desk.ask(&["inbox", "--agency", "audit.gd", "--role", "auditor"]).ended(Exit::Done);
    assert!(ran.out.contains("Newest denials: 1"), "{}", ran.out);
    assert!(ran.out.contains("under G3, for TAX-RELIEF"), "{}", ran.out);
    let args = ["inbox", "--agency", "audit.gd", "--role", "auditor", "--json"];
    assert_eq!(desk.ask(&args).ended(Exit::Done).json()["denials"], json!([6]));
    desk.ask(&["inbox", "--agency", "audit.gd", "--role", "note"]).ended(Exit::Usage);
}

#[test]
fn approving_a_request_that_there_is_not_is_refused_in_the_rules_words() {
    let desk = desk();
    let ran = steward(&desk, &["request", "approve", "R99"]).ended(Exit::Refused);
    let expected = "Record not accepted: there is no request R99.\nNothing was changed.";
    assert!(ran.err.contains(expected), "{}", ran.err);
    assert!(ran.err.contains("Next: comity request list"), "{}", ran.err);
    let ran = steward(&desk, &["request", "approve", "R99", "--json"]).ended(Exit::Refused);
    assert_eq!(ran.json()["error"]["name"], "request-unknown");
    // As the ledger itself says it of a request that is to be refused.
    let refuse = ["request", "refuse", "R99", "--legal-basis", "Act", "--reason", "No"];
    let ran = steward(&desk, &refuse).ended(Exit::Refused);
    assert!(ran.err.contains("there is no request R99"), "{}", ran.err);
}

#[test]
fn a_grant_of_a_party_that_left_is_said_to_have_ended_with_it() {
    let desk = granted();
    let remove = ["proposal", "open", "remove", "finance.gd", "--reason", "Merged into tax.gd"];
    desk.sign("civil.gd", KeyRole::Admin, &remove).ended(Exit::Done);
    for member in ["audit.gd", "health.gd"] {
        let vote = ["proposal", "vote", "P5", "for"];
        desk.sign(member, KeyRole::Admin, &vote).ended(Exit::Done);
    }
    let ran = desk.ask(&["grant", "list", "--standing", "in-force"]).ended(Exit::Done);
    assert!(!ran.out.contains("G3"), "{}", ran.out);
    let ran = desk.ask(&["grant", "list"]).ended(Exit::Done);
    assert!(ran.out.contains("ended: the requester left"), "{}", ran.out);
    let ran = desk.ask(&["grant", "show", "G3"]).ended(Exit::Done);
    for words in [
        "use civil.gd/marriage-register. It is ended: the",
        "It ended when finance.gd left the consortium with entry 7: Merged into",
    ] {
        assert!(ran.out.contains(words), "{words} is missing in {}", ran.out);
    }
    let revoke = ["grant", "revoke", "G3", "--reason", "Over", "--dry-run"];
    let ran = steward(&desk, &revoke).ended(Exit::Done);
    assert!(ran.out.starts_with("Nobody loses by it"), "{}", ran.out);
}
