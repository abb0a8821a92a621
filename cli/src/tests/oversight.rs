//! Draws, findings and assessments: secrets beside the key, and what either side is told.

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
        watch.appoint("steward-reviewer", &["audit.gd", "health.gd"]);
        watch
    }

    fn appoint(&self, office: &str, agencies: &[&str]) {
        let appoint = [&["proposal", "open", "appoint", office], agencies, &["--json"]].concat();
        let opened = self.desk.sign("audit.gd", KeyRole::Admin, &appoint).ended(Exit::Done);
        let proposal = format!("P{}", opened.json()["index"]);
        for member in ["civil.gd", "finance.gd"] {
            let vote = ["proposal", "vote", proposal.as_str(), "for"];
            self.desk.sign(member, KeyRole::Admin, &vote).ended(Exit::Done);
        }
    }

    /// A report of civil.gd by health.gd, in the file of this name.
    fn assessed(&self, file: &str, more: &[&str]) -> Ran {
        let path = self.desk.office.path(file);
        std::fs::write(&path, "Survey of the halls").unwrap();
        let args = [
            "assessment",
            "report",
            "--agency",
            "civil.gd",
            "--from",
            "30d",
            "--until",
            "1d",
            "--file",
            path.as_str(),
            "--text",
            "Most come once",
        ];
        self.audit("health.gd", &[&args[..], more].concat())
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
    let inbox = |agency: &str, role: &str| {
        let ran = watch.desk.ask(&["inbox", "--agency", agency, "--role", role]);
        ran.ended(Exit::Done).out.split_whitespace().collect::<Vec<_>>().join(" ")
    };
    let owed = inbox("civil.gd", "steward");
    assert!(owed.contains(&format!("To answer it: comity finding answer {finding}")), "{owed}");
    watch.desk.sign("civil.gd", KeyRole::Steward, &answer).ended(Exit::Done);
    let owed = inbox("health.gd", "auditor");
    assert!(owed.contains(&format!("To close it: comity finding close {finding}")), "{owed}");
    watch.audit("health.gd", &close).ended(Exit::Done);
    let owed = inbox("health.gd", "auditor");
    assert!(!owed.contains("to close"), "{owed}");
    let shown = watch.desk.ask(&["finding", "show", &finding]).ended(Exit::Done).out;
    for words in ["No basis", "It stands in the letter", "Seen", "true, and put right"] {
        assert!(shown.contains(words), "{words} is missing in {shown}");
    }
}

const SURVEY: [&str; 8] =
    ["--kind", "satisfaction", "--respondents", "412", "--score", "87.3", "--recommendations", "2"];

#[test]
fn an_assessment_is_reported_and_followed_up_and_its_report_is_known_again() {
    let watch = Watch::new();
    watch.appoint("assessor", &["health.gd"]);
    let told = watch.assessed("survey.txt", &SURVEY).ended(Exit::Done);
    for words in ["Persons who answered", "87.3 of 100", "civil.gd has to say what it does"] {
        assert!(told.err.contains(words) || told.out.contains(words), "{words}: {told:?}");
    }
    let listed = watch.desk.ask(&["assessment", "list"]).ended(Exit::Done).out;
    assert!(listed.contains("87.3") && listed.contains("waits for its follow-up"), "{listed}");
    let found = watch.desk.ask(&["assessment", "list", "--json"]).ended(Exit::Done).json();
    let assessment = found["assessments"][0]["id"].as_str().unwrap().to_owned();
    let follow = ["assessment", "follow-up", &assessment, "--text", "One form now"];
    watch.desk.sign("civil.gd", KeyRole::Steward, &follow).ended(Exit::Done);
    let again = watch.desk.sign("civil.gd", KeyRole::Steward, &follow).ended(Exit::Refused);
    assert!(again.err.contains("was followed up with entry"), "{}", again.err);
    let (report, other) =
        (watch.desk.office.path("survey.txt"), watch.desk.office.path("genesis.json"));
    let show = |file: &str| {
        let ran = watch.desk.ask(&["assessment", "show", &assessment, "--file", file]);
        ran.ended(Exit::Done).out
    };
    let shown = show(&report);
    for words in ["Most come once", "One form now", "is the report that was signed", "412"] {
        assert!(shown.contains(words), "{words} is missing in {shown}");
    }
    assert!(show(&other).contains("is NOT the report"), "{}", show(&other));
    watch.desk.office.reads(Language::Chinese);
    assert!(show(&report).contains("就是签署时的报告"), "{}", show(&report));
}

#[test]
fn a_report_by_nobody_that_the_members_named_or_without_a_count_is_refused() {
    let watch = Watch::new();
    let ran = watch.assessed("survey.txt", &SURVEY).ended(Exit::Refused);
    assert!(ran.err.contains("health.gd is no assessor"), "{}", ran.err);
    watch.appoint("assessor", &["health.gd"]);
    let bare = ["--kind", "satisfaction", "--score", "87.3", "--recommendations", "0"];
    let ran = watch.assessed("survey.txt", &bare).ended(Exit::Refused);
    assert!(ran.err.contains("how many persons answered"), "{}", ran.err);
    let unreadable = ["--kind", "third-party", "--score", "87.35", "--recommendations", "0"];
    watch.assessed("survey.txt", &unreadable).ended(Exit::Usage);
}
