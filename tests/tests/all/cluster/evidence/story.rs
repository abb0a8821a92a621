//! A share from request to revocation, with accesses, refusals, a suspension and a key that
//! leaked: what the cases of the tests beside this are about.
//! Holds: every entry is committed when the story is told.

use std::fs;
use std::path::PathBuf;

use comity_core::access::{AccessRefusal, Attempt, SignedAttempt};
use comity_core::basis::Basis;
use comity_core::dataset::{DeliveryMode, Items};
use comity_core::grant::GrantTerms;
use comity_core::ids::{ExchangeId, GrantId, LogIndex, RequestId};
use comity_core::request::RequestTerms;
use comity_core::statement::Action;
use serde_json::Value;

use crate::harness::author::{Author, Role, dataset, drawn, now, terms};
use crate::harness::consortium::Consortium;

pub(super) const DATASET: &str = "civil.th/births";
pub(super) const MATTER: &str = "SCHOOL-ENROLMENT";
const ATTEMPT_MS: u64 = 10 * 60 * 1000;

/// A consortium with a story.
pub(super) struct Story {
    pub(super) consortium: Consortium,
    pub(super) steward: PathBuf,
    officer: PathBuf,
    gateway: Author,
    pub(super) asker: Author,
    /// The grant.
    pub(super) grant: GrantId,
    /// An access, with a sealed case number.
    pub(super) access: u64,
    /// A refusal.
    pub(super) denial: u64,
}

/// Someone of an agency with a key file, registered.
fn person(consortium: &Consortium, node: usize, role: &str) -> (PathBuf, Author) {
    let agency = &consortium.nodes[node].agency;
    let key = consortium.dir().join(format!("{agency}.{role}.json"));
    let path = key.display().to_string();
    let genesis = consortium.genesis.display().to_string();
    let args = ["key", "new", "--json", "--agency", agency, "--role", role, "--out", &path];
    let rest = ["--post", "Desk <3> & co", "--no-passphrase", "--genesis", &genesis];
    let made = consortium.comity(node, &[&args[..], &rest].concat()).done_json();
    let card = made["card_file"].as_str().unwrap();
    consortium.act(node, &["key", "register", "--card", card]).done_json();
    let author = Author::of_key_file(consortium.id(), &fs::read(&key).unwrap());
    (key, author)
}

fn index(committed: &Value) -> u64 {
    committed["index"].as_u64().unwrap()
}

impl Story {
    /// Tells it.
    pub(super) fn told() -> Story {
        let (mut story, giver) = Story::granted(Some(50), Some(20));
        story.access = story.with_case_number();
        story.goes_on(&giver);
        story
    }

    /// Up to the grant, which is used so often in all and on a day; and who gave it.
    pub(super) fn granted(total_quota: Option<u64>, daily_quota: Option<u64>) -> (Story, Author) {
        let consortium = Consortium::start(2);
        let (steward, giver) = person(&consortium, 0, "steward");
        let (_, gateway) = person(&consortium, 0, "gateway");
        let (officer, asker) = person(&consortium, 1, "officer");
        let commit = |record: &[u8]| consortium.nodes[0].api.commit(record);
        let described = dataset(DATASET);
        commit(&giver.record(Action::PublishDataset { dataset: described.clone() }));
        let asked = GrantTerms { total_quota, ..terms(DATASET, "data.th") };
        let wanted =
            RequestTerms { asked: asked.clone(), once: false, needed_by: None, bundle: None };
        let opened = commit(&asker.record(Action::OpenRequest { terms: wanted }));
        let request = RequestId(LogIndex(index(&opened)));
        commit(&asker.record(Action::UrgeRequest { request }));
        let narrower = GrantTerms { daily_quota, ..asked };
        let approval = Action::ApproveRequest { request, terms: narrower };
        let grant = GrantId(LogIndex(index(&commit(&giver.record(approval)))));
        let summary = "Births, since 1950".parse().unwrap();
        let amended = comity_core::dataset::Dataset { summary, ..described };
        commit(&giver.record(Action::AmendDataset { dataset: amended, version: 1 }));
        let story =
            Story { consortium, steward, officer, gateway, asker, grant, access: 0, denial: 0 };
        (story, giver)
    }

    /// The key of one who may read what the officer's agency sealed: the officer's own is revoked.
    pub(super) fn reader(&self) -> String {
        self.consortium.admin_key(1).display().to_string()
    }

    /// So many accesses, each in a block of its own.
    pub(super) fn accesses(&self, count: u64) {
        for _ in 0..count {
            self.access_by(&self.attempt(MATTER));
        }
    }

    /// Accesses, refusals, a suspension and the end.
    fn goes_on(&mut self, giver: &Author) {
        let grant = self.grant;
        let reason = || "A leak <is> looked into".parse().unwrap();
        let first = self.attempt(MATTER);
        self.access_by(&first);
        let other = self.attempt("TAX-AUDIT");
        let matter = "TAX-AUDIT".parse().unwrap();
        self.denial = self.denied(&other, AccessRefusal::MatterNotCovered { matter });
        self.denied(&first, AccessRefusal::ExchangeUsed);
        let suspended = Action::SuspendGrant { grant, reason: reason() };
        let at = LogIndex(self.commit(&giver.record(suspended)));
        self.denied(&self.attempt(MATTER), AccessRefusal::GrantSuspended { at });
        self.commit(&giver.record(Action::ResumeGrant { grant }));
        self.access_by(&self.attempt(MATTER));
        let revoked = Action::RevokeGrant { grant, reason: reason() };
        let at = LogIndex(self.commit(&giver.record(revoked)));
        self.denied(&self.attempt(MATTER), AccessRefusal::GrantRevoked { at });
        let key = self.asker.key.public();
        let suspect_since = Some(now());
        let ended = Action::RevokeKey { key, reason: reason(), suspect_since };
        let ended = self.consortium.admin(1).record(ended);
        self.consortium.nodes[0].api.commit(&ended);
    }

    /// An access whose attempt seals a case number, by the commands.
    fn with_case_number(&self) -> u64 {
        let (grant, key) = (self.grant.to_string(), self.officer.display().to_string());
        let node = &self.consortium.nodes[1];
        node.api.json("/v1/status");
        self.consortium.same_tip(&[0, 1], 1);
        let args = ["access", "attempt", "--grant", &grant, "--matter", MATTER, "--all-items"];
        let rest = ["--mode", "verify", "--case-number", "2026-0117", "--out", "attempt.json"];
        let args = [&args[..], &rest, &["--key", &key, "--yes"]].concat();
        self.consortium.comity(1, &args).done();
        let attempt = fs::read(self.consortium.dir().join("attempt.json")).unwrap();
        self.access_by(&serde_json::from_slice(&attempt).unwrap())
    }

    pub(super) fn commit(&self, record: &[u8]) -> u64 {
        index(&self.consortium.nodes[0].api.commit(record))
    }

    fn attempt(&self, matter: &str) -> SignedAttempt {
        self.attempt_on(self.grant.into(), matter)
    }

    /// An attempt of the officer that relies on this.
    pub(super) fn attempt_on(&self, basis: Basis, matter: &str) -> SignedAttempt {
        let attempt = Attempt {
            consortium: self.consortium.id(),
            exchange: ExchangeId(drawn()),
            grant: basis,
            dataset: DATASET.parse().unwrap(),
            requester: self.asker.agency.parse().unwrap(),
            officer: self.asker.key.public(),
            matter: matter.parse().unwrap(),
            items: Items::All,
            mode: DeliveryMode::Verify,
            made_at: now(),
            valid_until: now().plus(ATTEMPT_MS),
            sealed: vec![],
            batch: None,
            capacity: Default::default(),
        };
        let signature = self.asker.key.sign_attempt(&attempt);
        SignedAttempt { attempt, signature }
    }

    pub(super) fn access_by(&self, attempt: &SignedAttempt) -> u64 {
        let attempt = attempt.clone();
        self.commit(&self.gateway.access(attempt))
    }

    pub(super) fn denied(&self, attempt: &SignedAttempt, refusal: AccessRefusal) -> u64 {
        let attempt = attempt.clone();
        self.commit(&self.gateway.denial(attempt, refusal))
    }

    /// A record about something else: the ledger goes on, the story does not.
    pub(super) fn unrelated(&self) -> u64 {
        self.commit(&self.consortium.admin(0).register(Role::Auditor).0)
    }
}
