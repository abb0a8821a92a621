//! Bundles of that by which agencies answer for what was done: an access in an emergency, a check that was disputed, a finding.
//! Holds: each verifies without a node, by `comity` and by the verifier in Python, and every access in it is judged again.

use std::path::Path;
use std::process::Command;

use comity_core::access::AccessRefusal;
use comity_core::check_request::{CheckOutcome, CheckTerms};
use comity_core::dataset::Items;
use comity_core::dispute::{DisputeAbout, Ruling};
use comity_core::emergency::{EmergencyScope, EmergencyTerms};
use comity_core::governance::{Choice, Measure, Office};
use comity_core::ids::{CheckId, DisputeId, EmergencyId, FindingId, LogIndex, ProposalId};
use comity_core::oversight::{FindingAbout, FindingOutcome};
use comity_core::statement::Action;

use super::story::{DATASET, MATTER, Story};
use super::{export, outcome, verified};
use crate::harness::author::{Author, Role, now};

const HOUR_MS: u64 = 60 * 60 * 1000;

/// What is said of an emergency, a check and a finding, by the two agencies of a story.
struct Answering<'a> {
    story: &'a Story,
    /// The provider's steward.
    giver: &'a Author,
    /// The steward of the agency that asks.
    steward: Author,
}

impl Answering<'_> {
    /// An emergency from its declaration to its end. Returns an access in it, and a denial.
    fn emergency(&self) -> (u64, u64) {
        let agency = self.steward.agency.parse().unwrap();
        let measure =
            Measure::Appoint { office: Office::EmergencyDeclarer, agencies: [agency].into() };
        let opened = Action::OpenProposal { measure };
        let proposal = self.story.commit(&self.story.consortium.admin(0).record(opened));
        let ballot =
            Action::CastBallot { proposal: ProposalId(LogIndex(proposal)), choice: Choice::For };
        self.story.commit(&self.story.consortium.admin(1).record(ballot));
        let terms = EmergencyTerms {
            scope: EmergencyScope {
                datasets: [DATASET.parse().unwrap()].into(),
                ..Default::default()
            },
            requesters: [self.steward.agency.parse().unwrap()].into(),
            matter: MATTER.parse().unwrap(),
            until: now().plus(HOUR_MS),
            reason: "The river is over its banks".parse().unwrap(),
        };
        let declared = self.story.commit(&self.steward.record(Action::DeclareEmergency { terms }));
        let emergency = EmergencyId(LogIndex(declared));
        let attempt = |matter| self.story.attempt_on(emergency.into(), matter);
        let access = self.story.access_by(&attempt(MATTER));
        let matter = MATTER.parse().unwrap();
        let denial =
            self.story.denied(&attempt("TAX-AUDIT"), AccessRefusal::EmergencyMatter { matter });
        let justified = Action::JustifyAccess {
            emergency,
            accesses: [LogIndex(access)].into(),
            basis: "DEPARTMENT-MANDATE".parse().unwrap(),
            text: "Forty people on a roof".parse().unwrap(),
        };
        self.story.commit(&self.steward.record(justified));
        let reason = "The water has gone".parse().unwrap();
        self.story.commit(&self.steward.record(Action::EndEmergency { emergency, reason }));
        (access, denial)
    }

    /// A check that found nothing, was disputed, and found the same again.
    fn check(&self) {
        let terms = CheckTerms {
            dataset: DATASET.parse().unwrap(),
            items: Items::All,
            grant: Some(self.story.grant.into()),
            asked: self.giver.agency.parse().unwrap(),
            claim: "Two names stand for one person".parse().unwrap(),
        };
        let opened = self.story.asker.record(Action::OpenCheck { terms });
        let check = CheckId(LogIndex(self.story.commit(&opened)));
        let outcome = CheckOutcome::NotUpheld {
            basis: "DEPARTMENT-MANDATE".parse().unwrap(),
            reason: "They are two".parse().unwrap(),
        };
        let answer = Action::AnswerCheck { check, outcome };
        self.story.commit(&self.giver.record(answer.clone()));
        let (about, grounds) = (DisputeAbout::Check(check), "They are not".parse().unwrap());
        let disputed = self.steward.record(Action::OpenDispute { about, grounds });
        let dispute = DisputeId(LogIndex(self.story.commit(&disputed)));
        let ruling = Ruling::Anew { reason: "We look again".parse().unwrap() };
        self.story.commit(&self.giver.record(Action::AnswerDispute { dispute, ruling }));
        self.story.commit(&self.giver.record(answer));
    }

    /// What an auditor of the provider, which is the competent authority, found in an entry.
    fn finding(&self, entry: u64) {
        let auditor = self.story.consortium.person(0, Role::Auditor);
        let text = || "No reason stands beside it".parse().unwrap();
        let agency = self.steward.agency.parse().unwrap();
        let about = FindingAbout::Entry(LogIndex(entry));
        let opened = auditor.record(Action::OpenFinding { agency, about, text: text() });
        let finding = FindingId(LogIndex(self.story.commit(&opened)));
        let answer = "It stands there now".parse().unwrap();
        self.story.commit(&self.steward.record(Action::AnswerFinding { finding, answer }));
        let outcome = FindingOutcome::Remedied;
        self.story.commit(&auditor.record(Action::CloseFinding { finding, outcome, text: text() }));
    }
}

/// What the verifier in Python says of a bundle; without Python, nothing.
fn second_opinion(story: &Story, file: &str) {
    let program = Path::new(env!("CARGO_MANIFEST_DIR")).join("verifier/verify.py");
    let mut command = Command::new("python3");
    command.arg(program).arg(&story.consortium.genesis).arg(story.consortium.dir().join(file));
    match command.output() {
        Ok(ran) => assert!(ran.status.success(), "{file}: {ran:?}"),
        Err(error) => println!("skipped: python3 does not run here: {error}"),
    }
}

#[test]
fn emergency_disputed_check_and_finding_are_exported_and_verified_without_any_node() {
    let (story, giver) = Story::granted(None, None);
    story.accesses(1);
    let steward = story.consortium.person(1, Role::Steward);
    let told = Answering { story: &story, giver: &giver, steward };
    let (access, denial) = told.emergency();
    told.check();
    told.finding(access);
    story.consortium.same_tip(&[0, 1], 1);
    let (access, denial) = (access.to_string(), denial.to_string());
    let key = story.steward.display().to_string();
    for (file, args, judged) in [
        ("access.comity", &["--access", &access][..], 1),
        ("denial.comity", &["--access", &denial], 1),
        ("dataset.comity", &["--dataset", DATASET], 3),
        ("mine.comity", &["--mine", "--key", &key], 1),
    ] {
        let exported = export(&story, 0, file, args);
        let shown = verified(&story, file);
        assert_eq!(shown["entries"].as_array().unwrap().len(), exported["entries"], "{file}");
        let (word, what) = outcome(&shown, "judgements");
        let count = what.split(' ').next().and_then(|count| count.parse::<u64>().ok());
        assert_eq!((word.as_str(), count), ("passed", Some(judged)), "{file}: {what}");
        second_opinion(&story, file);
    }
}
