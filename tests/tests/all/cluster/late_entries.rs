//! An emergency during which nobody reaches anybody: what a gateway signs then cannot be committed in its time, and goes in late.
//! Holds: the log that comes of it verifies, and shows what was asked when, and what stood against it.

use std::fs;
use std::path::PathBuf;
use std::time::Duration;

use comity_core::access::{Attempt, SignedAttempt};
use comity_core::dataset::{DeliveryMode, Items};
use comity_core::emergency::{EmergencyScope, EmergencyTerms};
use comity_core::governance::{Choice, Measure, Office};
use comity_core::ids::{EmergencyId, ExchangeId, LogIndex, ProposalId, TimeMs};
use comity_core::statement::{Action, Capacity};

use crate::harness::author::{Author, Role, drawn, now};
use crate::harness::consortium::Consortium;
use crate::harness::links::{Links, Quality};
use crate::harness::wait;

const AGENCIES: [&str; 4] = ["civil.th", "data.th", "health.th", "tax.th"];
const ALL: [usize; 4] = [0, 1, 2, 3];
const AT_ONCE: Quality = Quality { delay_ms: 0, spread_ms: 0, bytes_per_second: None };
const MATTER: &str = "SCHOOL-ENROLMENT";
const HOUR_MS: u64 = 60 * 60 * 1000;
/// For how long the gateway's records of the cut are valid (ms).
const SHORT_MS: u64 = 1_500;
const LIMIT: Duration = Duration::from_secs(120);

/// The provider's gateway, with its key file.
fn gateway(consortium: &Consortium) -> (PathBuf, Author) {
    let key = consortium.dir().join("gateway.key.json");
    let path = key.display().to_string();
    let genesis = consortium.genesis.display().to_string();
    let args = ["key", "new", "--json", "--agency", AGENCIES[0], "--role", "gateway"];
    let rest = ["--out", &path, "--post", "Gateway", "--no-passphrase", "--genesis", &genesis];
    let made = consortium.comity(0, &[&args[..], &rest].concat()).done_json();
    consortium.act(0, &["key", "register", "--card", made["card_file"].as_str().unwrap()]).done();
    let author = Author::of_key_file(consortium.id(), &fs::read(&key).unwrap());
    (key, author)
}

fn commit(consortium: &Consortium, record: &[u8]) -> LogIndex {
    LogIndex(consortium.nodes[0].api.commit(record)["index"].as_u64().unwrap())
}

/// An emergency on the provider's data, for the second agency.
fn flood(consortium: &Consortium, dataset: &str) -> EmergencyId {
    let agencies = [AGENCIES[1].parse().unwrap()].into();
    let measure = Measure::Appoint { office: Office::EmergencyDeclarer, agencies };
    let opened = consortium.admin(1).record(Action::OpenProposal { measure });
    let proposal = ProposalId(commit(consortium, &opened));
    for voter in [0, 2] {
        let ballot = Action::CastBallot { proposal, choice: Choice::For };
        commit(consortium, &consortium.admin(voter).record(ballot));
    }
    let datasets = [dataset.parse().unwrap()].into();
    let terms = EmergencyTerms {
        scope: EmergencyScope { datasets, agencies: [].into() },
        requesters: [AGENCIES[1].parse().unwrap()].into(),
        matter: MATTER.parse().unwrap(),
        until: now().plus(HOUR_MS),
        reason: "The river is over its banks".parse().unwrap(),
    };
    let steward = consortium.person(1, Role::Steward);
    EmergencyId(commit(consortium, &steward.record(Action::DeclareEmergency { terms })))
}

fn attempt(officer: &Author, emergency: EmergencyId, dataset: &str, matter: &str) -> SignedAttempt {
    let attempt = Attempt {
        consortium: officer.consortium,
        exchange: ExchangeId(drawn()),
        grant: emergency.into(),
        dataset: dataset.parse().unwrap(),
        requester: officer.agency.parse().unwrap(),
        officer: officer.key.public(),
        matter: matter.parse().unwrap(),
        items: Items::All,
        mode: DeliveryMode::Query,
        made_at: now(),
        valid_until: now().plus(HOUR_MS),
        sealed: vec![],
        batch: None,
        capacity: Capacity::Agency,
    };
    SignedAttempt { signature: officer.key.sign_attempt(&attempt), attempt }
}

/// What the gateway signs while nobody hears it.
fn signed(gateway: &Author, attempt: SignedAttempt, number: u64, until: TimeMs) -> Vec<u8> {
    let mut statement = gateway.statement(Action::RecordAccess { attempt, number, answer: None });
    statement.valid_until = until;
    gateway.sign(statement).to_bytes()
}

/// Block time passes a time, by records that everyone can commit again.
fn passes(consortium: &Consortium, until: TimeMs) {
    wait::within(LIMIT, "a block after the records ran out", || {
        let record = consortium.admin(3).register(Role::Officer).0;
        let committed = consortium.nodes[3].api.commit(&record);
        let time = committed["time"].as_u64().unwrap();
        if time > until.0 { Ok(()) } else { Err(format!("{time}, not after {until}")) }
    });
}

#[test]
fn what_was_signed_while_nobody_reached_anybody_goes_in_late() {
    let mut consortium = Consortium::found_by(&AGENCIES);
    let links = Links::lay(&consortium.nodes, AT_ONCE, 7);
    consortium.start_all();
    let dataset = format!("{}/births", AGENCIES[0]);
    let steward = consortium.person(0, Role::Steward);
    let (key, gateway) = gateway(&consortium);
    let officer = consortium.person(1, Role::Officer);
    commit(&consortium, &steward.publish("births"));
    let emergency = flood(&consortium, &dataset);

    links.cut(&ALL, &ALL);
    let until = now().plus(SHORT_MS);
    let asked = [(1, MATTER), (2, "TAX-AUDIT"), (3, MATTER)];
    let files = asked.map(|(number, matter)| {
        let record =
            signed(&gateway, attempt(&officer, emergency, &dataset, matter), number, until);
        let file = consortium.dir().join(format!("cut-{number}.record"));
        fs::write(&file, &record).unwrap();
        (file.display().to_string(), record)
    });
    wait::within(LIMIT, "the records run out", || {
        if now() > until { Ok(()) } else { Err(format!("until {until}")) }
    });
    links.heal();
    passes(&consortium, until);

    // As it is, none of them can be committed any longer.
    let refused = consortium.nodes[0].api.submit("/v1/records", &files[0].1).unwrap();
    assert!(refused.text().contains("record-expired"), "{}", refused.text());
    // By their numbers, whatever the order in which they are named.
    let key = key.display().to_string();
    let [first, second, third] = files.map(|(file, _)| file);
    let args = ["access", "embed-late", &third, &first, &second, "--key", &key, "--yes", "--json"];
    let embedded = consortium.comity(0, &args).done_json();
    let embedded = embedded["embedded"].as_array().unwrap().clone();
    let numbers: Vec<_> = embedded.iter().map(|one| one["number"].as_u64().unwrap()).collect();
    assert_eq!(numbers, [1, 2, 3]);
    let rules: Vec<_> = embedded.iter().map(|one| one["against"]["rule"].as_str()).collect();
    assert_eq!(rules, [None, Some("emergency-matter"), None]);
    // None of them goes in again.
    let again = ["access", "embed-late", &first, "--key", &key, "--yes"];
    consortium.comity(0, &again).refused(3, &["another record of this gateway has that number"]);

    let last = embedded[2]["index"].as_u64().unwrap();
    let height = consortium.nodes[0].api.json(&format!("/v1/entries/{last}"))["height"].as_u64();
    consortium.same_tip(&ALL, height.unwrap());
    let shown = consortium.nodes[2].api.json("/v1/entries?kind=embed-late&order=asc");
    assert_eq!(shown["entries"].as_array().unwrap().len(), 3);
    let explained = embedded[1]["index"].to_string();
    let explained = consortium.comity(2, &["access", "explain", &explained, "--json"]).done_json();
    assert_eq!(explained["refusal"]["rule"], "emergency-matter");
    assert_eq!(explained["judged_refusal"], explained["refusal"]);
    let genesis = consortium.genesis.display().to_string();
    consortium.comity(3, &["log", "archive", "--out", "fetched.comity"]).done();
    let verify = ["verify", "archive", "fetched.comity", "--genesis", &genesis];
    consortium.comity(3, &verify).done();
    let bundle = embedded[0]["index"].to_string();
    let export = ["evidence", "export", "--access", &bundle, "--out", "late.zip"];
    consortium.comity(0, &export).done();
    consortium.comity(0, &["evidence", "verify", "late.zip", "--genesis", &genesis]).done();
}
