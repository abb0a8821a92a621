//! Proposals, ballots and members: from the file of a new member to the exit statement of an old one.

use comity_core::agency::KeyRole;
use serde_json::json;

use super::fake_node::FakeNode;
use super::fixture::{MEMBERS, Office, Ran};
use crate::fault::Exit;

struct Council {
    office: Office,
    node: FakeNode,
}

impl Council {
    fn new() -> Council {
        Council { office: Office::new(), node: FakeNode::start() }
    }

    fn ask(&self, args: &[&str]) -> Ran {
        self.office.run(&[args, &["--node", &self.node.url()]].concat())
    }

    /// Signs as the admin of a member.
    fn act(&self, member: &str, args: &[&str]) -> Ran {
        let key = self.office.key(member, KeyRole::Admin);
        self.ask(&[args, &["--key", &key, "--yes"]].concat())
    }

    /// The file of a hosted member.
    fn hosted(&self) -> String {
        let (key, out) = (self.office.path("clinic.key"), self.office.path("clinic.json"));
        let new = ["key", "new", "--agency", "clinic.gd", "--role", "admin", "--out", &key];
        let ran = self.ask(&[&new[..], &["--no-passphrase"]].concat()).ended(Exit::Done);
        assert!(ran.out.contains("comity proposal open replace-key"), "{}", ran.out);
        let card = self.office.path("clinic.card.json");
        let describe = ["agency", "describe", "clinic.gd", "--name", "Clinic", "--level", "county"];
        let rest = ["--region", "GD", "--kind", "public-institution", "--sponsor", "health.gd"];
        let last = ["--until", "2027-12-31", "--admin-card", &card, "--out", &out];
        self.ask(&[&describe[..], &rest, &last].concat()).ended(Exit::Done);
        out
    }
}

#[test]
fn a_hosted_member_is_described_proposed_voted_in_and_let_go() {
    let council = Council::new();
    let file = council.hosted();
    let ran = council.act("civil.gd", &["proposal", "open", "admit", &file]).ended(Exit::Done);
    for words in ["admit clinic.gd", "hosted", "4 (audit.gd, civil.gd", "It passes with 3 for it"] {
        assert!(ran.err.contains(words), "{words} is missing in {}", ran.err);
    }
    assert!(ran.err.contains("P0 needs 2 more for it"), "{}", ran.err);
    let ran = council.act("audit.gd", &["proposal", "vote", "P0", "against"]).ended(Exit::Done);
    assert!(ran.err.contains("So far 1 for it and 0 against"), "{}", ran.err);
    council.act("health.gd", &["proposal", "vote", "P0", "for", "--json"]).ended(Exit::Done);
    let shown = council.ask(&["proposal", "show", "P0"]).ended(Exit::Done);
    for words in ["1 more of 4 must be for it", "No ballot yet", "finance.gd", "audit.gd against"] {
        assert!(shown.out.contains(words), "{words} is missing in {}", shown.out);
    }
    let ran = council.act("finance.gd", &["proposal", "vote", "P0", "for", "--json"]);
    let ran = ran.ended(Exit::Done);
    assert_eq!(ran.json()["state"], "passed");
    assert_eq!(ran.json()["tally"], json!({"for": 3, "against": 1, "electorate": 4, "needed": 3}));
    let listed = council.ask(&["proposal", "list", "--state", "passed"]).ended(Exit::Done);
    assert!(listed.out.contains("3 of 3 for, 1 against"), "{}", listed.out);
    let shown = council.ask(&["agency", "show", "health.gd"]).ended(Exit::Done);
    assert!(shown.out.contains("Hosts") && shown.out.contains("clinic.gd"), "{}", shown.out);
    for (member, args) in [
        ("audit.gd", &["proposal", "open", "remove", "clinic.gd", "--reason", "Closed"][..]),
        ("civil.gd", &["proposal", "vote", "P4", "for"]),
        ("health.gd", &["proposal", "vote", "P4", "for"]),
    ] {
        council.act(member, args).ended(Exit::Done);
    }
    let out = council.office.path("exit.txt");
    council.ask(&["agency", "show", "clinic.gd", "--out", &out]).ended(Exit::Done);
    let text = std::fs::read_to_string(&out).unwrap();
    for words in ["Exit statement of clinic.gd: left with entry 6", "(Closed)", "Keys that ended"] {
        assert!(text.contains(words), "{words} is missing in {text}");
    }
    let ran = council.ask(&["agency", "show", "clinic.gd", "--json"]).ended(Exit::Done).json();
    assert_eq!(ran["exit"]["keys"][0]["closed_at"], 6);
    assert_eq!(ran["member_since"], 3, "{ran}");
}

#[test]
fn what_cannot_be_carried_out_is_refused_in_words() {
    let council = Council::new();
    let ran = council.act("civil.gd", &["proposal", "open", "change-authority", "audit.gd"]);
    let ran = ran.ended(Exit::Refused);
    assert!(ran.err.contains("everything is already so"), "{}", ran.err);
    let ran = council.act("civil.gd", &["proposal", "vote", "P7", "for"]).ended(Exit::Failed);
    assert!(council.node.asked("POST").len() == 1, "{}", ran.err);
}

#[test]
fn removing_a_voting_member_says_what_the_others_then_survive() {
    let council = Council::new();
    let validators = MEMBERS.map(|id| {
        let key = super::fixture::secret(id, KeyRole::Validator).public();
        json!({ "agency": id, "key": key, "power": 1 })
    });
    let mut status = council.node.inside(|inside| inside.status());
    status["validators"] = json!(validators);
    council.node.answer("GET /v1/status", super::fake_node::Answer::Json(200, status));
    let remove = ["proposal", "open", "remove", "finance.gd", "--reason", "Merged"];
    let ran = council.act("civil.gd", &remove).ended(Exit::Done);
    for words in ["4 now, 3 once it passes", "Every voting node must then run"] {
        assert!(ran.err.contains(words), "{words} is missing in {}", ran.err);
    }
}

#[test]
fn of_parameters_only_those_that_are_given_change() {
    let council = Council::new();
    let args = ["proposal", "open", "change-params", "--heartbeat-ms", "5000"];
    council.act("civil.gd", &args).ended(Exit::Done);
    let found = council.ask(&["proposal", "show", "P0", "--json"]).ended(Exit::Done).json();
    let proposed = &found["proposal"]["measure"]["params"];
    let mut expected = json!(comity_core::genesis::Params::default());
    expected["heartbeat_ms"] = json!(5000);
    assert_eq!(*proposed, expected);
}

#[test]
fn a_members_file_made_for_another_consortium_is_not_proposed() {
    let council = Council::new();
    let member = json!(super::fixture::genesis().members[0]);
    council.office.put("member.json", member.to_string().as_bytes());
    let path = council.office.path("member.json");
    let ran = council.act("civil.gd", &["proposal", "open", "admit", &path]).ended(Exit::Failed);
    assert!(ran.err.contains("does not prove possession"), "{}", ran.err);
    assert!(council.node.asked("POST").is_empty());
}
