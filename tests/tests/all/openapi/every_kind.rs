//! Records of every kind, so that there is something of everything to be shown.

use comity_core::access::{AccessRefusal, Attempt, SignedAttempt};
use comity_core::basis::Basis;
use comity_core::codes::{CodeEntry, CodeList};
use comity_core::dataset::{Dataset, DeliveryMode, Item, Items};
use comity_core::equivocation::Equivocation;
use comity_core::governance::{Choice, Measure};
use comity_core::grant::GrantTerms;
use comity_core::hash::HeaderHash;
use comity_core::ids::{
    BundleId, EmergencyId, ExchangeId, GrantId, Height, LogIndex, ProposalId, RequestId,
};
use comity_core::legs::Acknowledgement;
use comity_core::request::RequestTerms;
use comity_core::statement::Action;
use comity_core::vote::{Vote, VoteKind};
use serde_json::Value;

use super::driver::{Ask, Driver};
use super::{emergencies, rules_of_sharing, task_forces};
use crate::harness::author::{Author, Role, dataset, drawn, now, terms};
use crate::harness::consortium::Consortium;

/// The dataset that stays.
pub(super) const BIRTHS: &str = "civil.th/births";
/// The dataset that is withdrawn.
pub(super) const MARRIAGES: &str = "civil.th/marriages";
pub(super) const BUNDLE: [u8; 16] = [9; 16];
const DAY_MS: u64 = 86_400_000;

/// Who acts, and what came of it.
pub(super) struct Cast {
    pub(super) admin: Author,
    pub(super) steward: Author,
    pub(super) gateway: Author,
    pub(super) officer: Author,
    /// The approved request and its grant.
    pub(super) approved: (RequestId, GrantId),
    /// What was approved.
    pub(super) approval: Vec<u8>,
    /// The grant that was revoked.
    pub(super) revoked: GrantId,
    /// The proposal that is open.
    pub(super) proposal: ProposalId,
    /// The emergency that was reviewed.
    pub(super) emergency: EmergencyId,
}

/// Commits a record and returns its index.
pub(super) fn commit(driver: &mut Driver<'_>, record: &[u8]) -> u64 {
    let headers = &["content-type: application/octet-stream"];
    let ask = Ask { method: "POST", path: "/v1/records", query: "wait=commit", ..Ask::default() };
    let answer = driver.ask(200, Ask { headers, body: record, ..ask });
    answer.json()["index"].as_u64().unwrap()
}

fn request(at: u64) -> RequestId {
    RequestId(LogIndex(at))
}

fn births() -> Dataset {
    let item =
        |name: &str, kind: &str| Item { name: name.parse().unwrap(), kind: kind.parse().unwrap() };
    let items = vec![item("name", "text"), item("date-of-birth", "date")];
    Dataset { title: "Register of births".parse().unwrap(), items, ..dataset(BIRTHS) }
}

fn asked(dataset: &str) -> RequestTerms {
    let asked = terms(dataset, "data.th");
    let needed_by = Some(now().plus(3 * DAY_MS));
    RequestTerms { asked, once: false, needed_by, bundle: Some(BundleId(BUNDLE)) }
}

/// What an officer asks of `civil.th` under a grant.
pub(super) fn attempt(officer: &Author, grant: impl Into<Basis>, matter: &str) -> SignedAttempt {
    let attempt = Attempt {
        consortium: officer.consortium,
        exchange: ExchangeId(drawn()),
        grant: grant.into(),
        dataset: BIRTHS.parse().unwrap(),
        requester: officer.agency.parse().unwrap(),
        officer: officer.key.public(),
        matter: matter.parse().unwrap(),
        items: Items::Only(["date-of-birth".parse().unwrap()].into()),
        mode: DeliveryMode::Verify,
        made_at: now(),
        valid_until: now().plus(600_000),
        sealed: vec![],
        batch: None,
        capacity: Default::default(),
    };
    SignedAttempt { signature: officer.key.sign_attempt(&attempt), attempt }
}

/// Commits at least one record of every kind but [`rules_of_sharing::NOT_YET`].
pub(super) fn commit_all(consortium: &Consortium, driver: &mut Driver<'_>) -> Cast {
    let admin = consortium.admin(0);
    let mut register = |admin: &Author, role| {
        let (record, person) = admin.register(role);
        commit(driver, &record);
        person
    };
    let steward = register(&admin, Role::Steward);
    let gateway = register(&admin, Role::Gateway);
    let leaver = register(&admin, Role::Officer);
    let officer = register(&consortium.admin(1), Role::Officer);
    let (key, reason) = (leaver.key.public(), "The post was abolished".parse().unwrap());
    commit(driver, &admin.record(Action::RevokeKey { key, reason, suspect_since: None }));
    codes_and_datasets(driver, &steward);
    let (approved, approval) = requests(driver, &steward, &officer);
    let revoked = grants(driver, &steward);
    accesses(driver, &gateway, &officer, approved.1);
    for action in interruptions() {
        commit(driver, &steward.record(action));
    }
    let proposal = proposals(driver, consortium);
    rules_of_sharing::commit_all(consortium, driver, &steward);
    let emergency = emergencies::commit_all(consortium, driver, &gateway);
    task_forces::commit_all(consortium, driver, (&steward, &gateway));
    Cast { admin, steward, gateway, officer, approved, approval, revoked, proposal, emergency }
}

/// A proposal with a ballot against it, and a validator caught at signing twice.
fn proposals(driver: &mut Driver<'_>, consortium: &Consortium) -> ProposalId {
    let agency = "civil.th".parse().unwrap();
    let operated_by = "County Data Centre".parse().unwrap();
    let measure = Measure::ChangeOperator { agency, operated_by };
    let opened = commit(driver, &consortium.admin(0).record(Action::OpenProposal { measure }));
    let proposal = ProposalId(LogIndex(opened));
    let against = Action::CastBallot { proposal, choice: Choice::Against };
    commit(driver, &consortium.admin(1).record(against));
    let node = |number: usize| {
        let file = std::fs::read(consortium.nodes[number].file("keys/validator.json")).unwrap();
        Author::of_key_file(consortium.id(), &file)
    };
    let (witness, guilty) = (node(0), node(3).key);
    let vote = |byte: u8| Vote {
        kind: VoteKind::Prevote,
        height: Height(1),
        round: 9,
        value: Some(HeaderHash([byte; 32])),
        validator: guilty.public(),
    };
    let (first, second) = (vote(1), vote(2));
    let equivocation = Equivocation::Votes {
        first_signature: guilty.sign_vote(&consortium.id(), &first),
        second_signature: guilty.sign_vote(&consortium.id(), &second),
        first,
        second,
    };
    commit(driver, &witness.record(Action::RecordEquivocation { equivocation }));
    proposal
}

fn codes_and_datasets(driver: &mut Driver<'_>, steward: &Author) {
    let title = "Housing benefit".parse().unwrap();
    let code = CodeEntry { code: "HOUSING-BENEFIT".parse().unwrap(), title };
    let (list, code, codes) = (CodeList::Matters, code.code.clone(), vec![code]);
    let reason = "Merged with LOW-INCOME-CHECK".parse().unwrap();
    let summary = "Births since 1950".parse().unwrap();
    for action in [
        Action::PublishCodes { list, codes },
        Action::WithdrawCode { list, code, reason },
        Action::PublishDataset { dataset: births() },
        Action::PublishDataset { dataset: dataset(MARRIAGES) },
        Action::AmendDataset { dataset: Dataset { summary, ..births() }, version: 1 },
    ] {
        commit(driver, &steward.record(action));
    }
}

/// One request approved, one refused, one taken back, one urged.
fn requests(
    driver: &mut Driver<'_>,
    steward: &Author,
    officer: &Author,
) -> ((RequestId, GrantId), Vec<u8>) {
    let mut open = |dataset: &str| {
        let terms = asked(dataset);
        request(commit(driver, &officer.record(Action::OpenRequest { terms })))
    };
    let (first, second, third, fourth) =
        (open(BIRTHS), open(MARRIAGES), open(BIRTHS), open(MARRIAGES));
    let granted = GrantTerms { not_before: now(), ..terms(BIRTHS, "data.th") };
    let not_after = granted.not_before.plus(DAY_MS);
    let granted = GrantTerms { not_after, total_quota: Some(500), ..granted };
    let approval = steward.record(Action::ApproveRequest { request: first, terms: granted });
    let grant = GrantId(LogIndex(commit(driver, &approval)));
    let legal_basis = "Civil Registration Act, section 9".parse().unwrap();
    let reason = "The register answers single questions only".parse().unwrap();
    let refuse = Action::RefuseRequest { request: second, legal_basis, reason };
    commit(driver, &steward.record(refuse));
    let reason = "Solved otherwise".parse().unwrap();
    let withdraw = Action::WithdrawRequest { request: third, reason };
    commit(driver, &officer.record(withdraw));
    commit(driver, &officer.record(Action::UrgeRequest { request: fourth }));
    ((first, grant), approval)
}

/// A grant that nobody asked for, suspended, resumed and revoked.
fn grants(driver: &mut Driver<'_>, steward: &Author) -> GrantId {
    let grant = GrantId(LogIndex(commit(driver, &steward.grant(MARRIAGES, "data.th"))));
    let reason = |text: &str| text.parse().unwrap();
    for action in [
        Action::SuspendGrant { grant, reason: reason("Under review") },
        Action::ResumeGrant { grant },
        Action::RevokeGrant { grant, reason: reason("Not needed any longer") },
    ] {
        commit(driver, &steward.record(action));
    }
    grant
}

fn accesses(driver: &mut Driver<'_>, gateway: &Author, officer: &Author, grant: GrantId) {
    let allowed = attempt(officer, grant, "SCHOOL-ENROLMENT");
    let exchange = allowed.attempt.exchange;
    let access = LogIndex(commit(driver, &gateway.access(allowed)));
    let received = Acknowledgement { access, exchange, digest: None, count: 1 };
    let (accesses, basis) = (vec![received], grant.into());
    commit(driver, &officer.record(Action::AcknowledgeAccess { grant: basis, accesses }));
    let refused = attempt(officer, grant, "LOW-INCOME-CHECK");
    let refusal = AccessRefusal::MatterNotCovered { matter: refused.attempt.matter.clone() };
    commit(driver, &gateway.denial(refused, refusal));
}

fn interruptions() -> [Action; 3] {
    let dataset = || MARRIAGES.parse().unwrap();
    let reason = |text: &str| text.parse().unwrap();
    [
        Action::SuspendDataset { dataset: dataset(), reason: reason("Entries are being checked") },
        Action::ResumeDataset { dataset: dataset() },
        Action::WithdrawDataset { dataset: dataset(), reason: reason("Moved to the archive") },
    ]
}

/// The kinds of all entries.
pub(super) fn kinds(entries: &Value) -> std::collections::BTreeSet<String> {
    let entries = entries["entries"].as_array().unwrap();
    entries.iter().map(|entry| entry["kind"].as_str().unwrap().to_owned()).collect()
}
