//! Draws and findings: secrets beside the key, and what either side is told.

use std::os::unix::fs::PermissionsExt as _;

use comity_core::agency::KeyRole;
use comity_core::hash::DrawSecret;
use comity_core::statement::{Action, VerifiedRecord};

use super::fixture::{Ran, secret};
use super::flows::Desk;
use crate::fault::Exit;
use crate::messages::Language;

/// A desk where audit.gd and health.gd have auditors and review stewards, and civil.gd's gateway has recorded
/// one access.
struct Watch {
    desk: Desk,
}

impl Watch {
    fn new() -> Watch {
        let desk = Desk::new();
        desk.publish().ended(Exit::Done);
        desk.grant(&[]).ended(Exit::Done);
        let out = desk.office.path("a.json");
        let args =
            "access attempt --grant G1 --matter LOW-INCOME-CHECK --mode query --item".split(' ');
        let args: Vec<&str> = args.chain(["date of marriage", "--out", &out]).collect();
        desk.sign("finance.gd", KeyRole::Officer, &args).ended(Exit::Done);
        let args = ["access", "record", "--attempt", &out];
        desk.sign("civil.gd", KeyRole::Gateway, &args).ended(Exit::Done);
        let watch = Watch { desk };
        for agency in ["audit.gd", "health.gd"] {
            watch.register(agency);
        }
        let appoint =
            ["proposal", "open", "appoint", "steward-reviewer", "audit.gd", "health.gd", "--json"];
        let opened = watch.desk.sign("audit.gd", KeyRole::Admin, &appoint).ended(Exit::Done);
        let proposal = format!("P{}", opened.json()["index"]);
        for member in ["civil.gd", "finance.gd"] {
            let vote = ["proposal", "vote", proposal.as_str(), "for"];
            watch.desk.sign(member, KeyRole::Admin, &vote).ended(Exit::Done);
        }
        watch
    }

    fn key(&self, agency: &str) -> String {
        self.desk.office.path(&format!("{agency}.own.key"))
    }

    fn register(&self, agency: &str) {
        let (out, genesis) = (self.key(agency), self.desk.office.path("genesis.json"));
        let args = ["key", "new", "--agency", agency, "--role", "auditor", "--post", "Audit desk"];
        let rest = ["--no-passphrase", "--out", &out, "--genesis", &genesis];
        self.desk.office.run(&[&args[..], &rest].concat()).ended(Exit::Done);
        let card = out.replace(".own.key", ".own.card.json");
        let args = ["key", "register", "--card", &card];
        self.desk.sign(agency, KeyRole::Admin, &args).ended(Exit::Done);
    }

    fn audit(&self, agency: &str, args: &[&str]) -> Ran {
        let key = self.key(agency);
        self.desk.ask(&[args, &["--yes", "--key", &key]].concat())
    }

    fn opened(&self) -> String {
        let range = format!("{}:1-1", secret("civil.gd", KeyRole::Gateway).public());
        let args = ["draw", "open", "--range", &range, "--count", "1", "--json"];
        let ran = self.audit("audit.gd", &args).ended(Exit::Done);
        ran.json()["draw"].as_str().unwrap().to_owned()
    }

    /// The action that was posted last.
    fn posted(&self) -> Action {
        let bytes = self.desk.node.asked("POST /v1/records").pop().unwrap();
        let consortium = super::fixture::genesis().id();
        let record = VerifiedRecord::verify(&bytes, &consortium).unwrap();
        record.statement().action.clone()
    }
}

#[test]
fn the_secret_of_a_commitment_lies_beside_the_key_and_is_revealed_from_there() {
    let watch = Watch::new();
    let draw = watch.opened();
    let path = format!("{}.{draw}.secret", watch.key("health.gd"));
    let missing = watch.audit("health.gd", &["draw", "reveal", &draw]).ended(Exit::Failed);
    assert!(missing.err.contains(&format!("there is no secret for {draw}")), "{}", missing.err);
    let ran = watch.audit("health.gd", &["draw", "commit", &draw]).ended(Exit::Done);
    assert!(ran.err.contains(&path), "{}", ran.err);
    let mode = std::fs::metadata(&path).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
    let kept: DrawSecret = std::fs::read_to_string(&path).unwrap().trim().parse().unwrap();
    assert!(!ran.err.contains(&kept.to_string()) && !ran.out.contains(&kept.to_string()));
    let Action::CommitDraw { commitment, .. } = watch.posted() else { panic!("a commitment") };
    let consortium = super::fixture::genesis().id();
    let (id, agency) = (draw.parse().unwrap(), "health.gd".parse().unwrap());
    let due = comity_core::oversight::draw_commitment(&consortium, id, &agency, &kept);
    assert_eq!(commitment, due);
    // Again: it was not changed, and the ledger takes no second one.
    let again = watch.audit("health.gd", &["draw", "commit", &draw]).ended(Exit::Refused);
    assert!(again.err.contains("your agency committed with entry"), "{}", again.err);
    assert_eq!(std::fs::read_to_string(&path).unwrap().trim(), kept.to_string());
    // Two days have not passed.
    let early = watch.audit("health.gd", &["draw", "reveal", &draw]).ended(Exit::Refused);
    assert!(early.err.contains("secrets are revealed in"), "{}", early.err);
    assert!(matches!(watch.posted(), Action::RevealDraw { secret, .. } if secret == kept));
}

#[test]
fn a_secret_that_others_can_read_is_not_revealed() {
    let watch = Watch::new();
    let draw = watch.opened();
    watch.audit("health.gd", &["draw", "commit", &draw]).ended(Exit::Done);
    let path = format!("{}.{draw}.secret", watch.key("health.gd"));
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o644)).unwrap();
    let ran = watch.audit("health.gd", &["draw", "reveal", &draw]).ended(Exit::Usage);
    assert!(ran.err.contains("others can read") && ran.err.contains("644"), "{}", ran.err);
}

#[test]
fn a_draw_says_who_takes_part_and_how_it_stands() {
    let watch = Watch::new();
    let draw = watch.opened();
    watch.audit("health.gd", &["draw", "commit", &draw]).ended(Exit::Done);
    let shown = watch.desk.ask(&["draw", "show", &draw]).ended(Exit::Done).out;
    for words in ["agencies commit", "health.gd: has committed", "audit.gd: has not committed"] {
        assert!(shown.contains(words), "{words} is missing in {shown}");
    }
    let listed = watch.desk.ask(&["draw", "list"]).ended(Exit::Done).out;
    assert!(listed.contains(&draw) && listed.contains("1/2"), "{listed}");
    watch.desk.office.reads(Language::Chinese);
    let shown = watch.desk.ask(&["draw", "show", &draw]).ended(Exit::Done).out;
    assert!(shown.contains("承诺阶段") && shown.contains("health.gd：已承诺"), "{shown}");
}

#[test]
fn a_finding_is_opened_answered_and_closed_and_both_sides_are_shown() {
    let watch = Watch::new();
    let args = ["finding", "open", "--agency", "civil.gd", "--entry", "2", "--text", "No basis"];
    let args = [&args[..], &["--json"]].concat();
    let opened = watch.audit("health.gd", &args).ended(Exit::Done);
    let finding = opened.json()["finding"].as_str().unwrap().to_owned();
    let close = ["finding", "close", &finding, "--outcome", "remedied", "--text", "Seen"];
    let early = watch.audit("health.gd", &close).ended(Exit::Refused);
    assert!(early.err.contains("has no answer yet"), "{}", early.err);
    let listed = watch.desk.ask(&["finding", "list"]).ended(Exit::Done).out;
    assert!(listed.contains("waits for its answer") && listed.contains("entry 2"), "{listed}");
    let answer = ["finding", "answer", &finding, "--text", "It stands in the letter"];
    watch.desk.sign("civil.gd", KeyRole::Steward, &answer).ended(Exit::Done);
    watch.audit("health.gd", &close).ended(Exit::Done);
    let shown = watch.desk.ask(&["finding", "show", &finding]).ended(Exit::Done).out;
    for words in ["No basis", "It stands in the letter", "Seen", "true, and put right"] {
        assert!(shown.contains(words), "{words} is missing in {shown}");
    }
}
