//! Every rule that refuses a record, broken by one that is well formed and truly signed.
//! Holds: each rule has a case; each case is refused alike wherever records are judged. Longer than 500 lines because
//! the tables of all areas come together here.

use std::collections::BTreeSet;

use comity_core::access::AccessRefusal;
use comity_core::agency::{KeyAlgorithm, KeyRole};
use comity_core::codes::CodeList;
use comity_core::dataset::{Dataset, DeliveryMode, Items, MAX_ITEMS, Sharing};
use comity_core::genesis::Params;
use comity_core::grant::{GrantTerms, MAX_MATTERS};
use comity_core::ids::{GrantId, LogIndex, TimeMs};
use comity_core::ledger::BlockError;
use comity_core::refusal::{DatasetField, Refusal};
use comity_core::statement::{Action, MAX_VALIDITY_MS, StatementSigner, VerifiedRecord};

use crate::acts::another;
use crate::source::{assert_complete, parts, variant};
use crate::story::{
    CIVIL, FINANCE, HEALTH, Story, dataset, new_key, secret, signed_by_officer, terms, text,
};
use crate::{
    approval, assessments, bindings, catalogue, checks, codes, disputes, emergencies,
    equivocations, governance, incidents, late, legs, membership, oversight, requests, supervision,
    task_forces, urgent,
};

const SOURCE: &str = include_str!("../../src/refusal.rs");
/// Refusals that have an area of their own.
const AREAS: [(&str, &str); 13] = [
    (include_str!("../../src/refusal/approval.rs"), "ApprovalRefusal"),
    (include_str!("../../src/refusal/supervision.rs"), "SupervisionRefusal"),
    (include_str!("../../src/refusal/duties.rs"), "DutyRefusal"),
    (include_str!("../../src/refusal/grants.rs"), "GrantRefusal"),
    (include_str!("../../src/refusal/legs.rs"), "LegRefusal"),
    (include_str!("../../src/refusal/checks.rs"), "CheckRefusal"),
    (include_str!("../../src/refusal/incidents.rs"), "IncidentRefusal"),
    (include_str!("../../src/refusal/emergency.rs"), "EmergencyRefusal"),
    (include_str!("../../src/refusal/disputes.rs"), "DisputeRefusal"),
    (include_str!("../../src/refusal/oversight.rs"), "OversightRefusal"),
    (include_str!("../../src/refusal/late.rs"), "LateRefusal"),
    (include_str!("../../src/refusal/task_forces.rs"), "TaskForceRefusal"),
    (include_str!("../../src/refusal/assessments.rs"), "AssessmentRefusal"),
];

/// A record that is refused, and by what. The dataset is published at 0, the grant issued at 1.
pub(crate) type Case = fn(&mut Story) -> (VerifiedRecord, Refusal);

const GRANT: GrantId = GrantId(LogIndex(1));

/// Cases about the record itself and its signers.
const RECORDS: &[Case] = &[
    |story| {
        *story = Story::new(Params { record_bytes: 1_024, ..Params::default() });
        let long = Dataset { summary: text(&"词".repeat(300)), ..dataset() };
        let record = story.steward(Action::PublishDataset { dataset: long });
        let size = record.bytes().len() as u64;
        (record, Refusal::RecordTooLong { size, limit: 1_024 })
    },
    |story| {
        let until = TimeMs(story.now.0 - 1);
        let mut draft = story.draft(CIVIL, KeyRole::Steward, publication(another()));
        draft.statement.valid_until = until;
        (draft.verified(), Refusal::RecordExpired { until })
    },
    |story| {
        let mut draft = story.draft(CIVIL, KeyRole::Steward, publication(another()));
        draft.statement.valid_until = story.now.plus(MAX_VALIDITY_MS + 1);
        (draft.verified(), Refusal::RecordTooFarAhead)
    },
    |story| {
        let record = story.steward(publication(another()));
        story.commit(vec![record.clone()]);
        (record, Refusal::Replayed)
    },
    |story| {
        let key = new_key(1);
        let unknown = Refusal::SignerUnknown { key: key.public() };
        (story.draft_by(CIVIL, KeyRole::Steward, key, publication(another())).verified(), unknown)
    },
    |story| {
        let key = secret(HEALTH, KeyRole::Steward);
        let record =
            story.draft_by(CIVIL, KeyRole::Steward, key, publication(another())).verified();
        let (agency, role) = (HEALTH.parse().unwrap(), KeyRole::Steward);
        (record, Refusal::SignerMismatch { agency, role })
    },
    |story| {
        let key = secret(CIVIL, KeyRole::Officer);
        let record =
            story.draft_by(CIVIL, KeyRole::Steward, key, publication(another())).verified();
        let (agency, role) = (CIVIL.parse().unwrap(), KeyRole::Officer);
        (record, Refusal::SignerMismatch { agency, role })
    },
    |story| {
        let revocation = story.revoke_key(CIVIL, &secret(CIVIL, KeyRole::Steward));
        let at = story.commit(vec![revocation]);
        (story.steward(publication(another())), Refusal::SignerRevoked { at })
    },
    |story| {
        let (key, until) = (new_key(1), story.now.plus(60_000));
        let registration = story.register(CIVIL, KeyRole::Steward, &key, Some(until));
        story.commit(vec![registration]);
        story.now = until;
        let record = story.draft_by(CIVIL, KeyRole::Steward, key, publication(another()));
        (record.verified(), Refusal::SignerExpired { until })
    },
    |story| {
        let record = story.record(CIVIL, KeyRole::Gateway, publication(another()));
        (record, wrong_signer(CIVIL, KeyRole::Steward))
    },
    |story| {
        let record = story.record(HEALTH, KeyRole::Steward, publication(another()));
        (record, wrong_signer(CIVIL, KeyRole::Steward))
    },
    |story| {
        let mut draft = story.draft(CIVIL, KeyRole::Steward, publication(another()));
        let second = secret(HEALTH, KeyRole::Steward);
        draft.statement.signers.push(StatementSigner {
            agency: HEALTH.parse().unwrap(),
            key: second.public(),
            ..draft.statement.signers[0].clone()
        });
        draft.keys.push(second);
        (draft.verified(), wrong_signer(CIVIL, KeyRole::Steward))
    },
];

/// Cases about keys.
const KEYS: &[Case] = &[
    |story| {
        let taken = secret(HEALTH, KeyRole::Officer);
        let record = story.register(CIVIL, KeyRole::Officer, &taken, None);
        let (agency, role) = (HEALTH.parse().unwrap(), KeyRole::Officer);
        (record, Refusal::KeyTaken { agency, role })
    },
    |story| {
        let record = story.register(CIVIL, KeyRole::Admin, &new_key(1), None);
        (record, Refusal::RoleNotRegistrable { role: KeyRole::Admin })
    },
    |story| {
        let mut draft = story.draft(CIVIL, KeyRole::Admin, publication(another()));
        let key = new_key(1);
        draft.statement.action = Action::RegisterKey {
            key: key.public(),
            algorithm: KeyAlgorithm::Ed25519,
            role: KeyRole::Gateway,
            post: text(""),
            valid_until: None,
            possession: key.sign_possession(
                &story.consortium(),
                &CIVIL.parse().unwrap(),
                KeyRole::Gateway,
            ),
        };
        (draft.verified(), Refusal::PostMissing { role: KeyRole::Gateway })
    },
    |story| {
        let over = Some(story.now);
        (story.register(CIVIL, KeyRole::Officer, &new_key(1), over), Refusal::KeyValidityOver)
    },
    |story| {
        let key = new_key(1);
        (story.revoke_key(CIVIL, &key), Refusal::KeyUnknown { key: key.public() })
    },
    |story| {
        let record = story.revoke_key(CIVIL, &secret(FINANCE, KeyRole::Officer));
        (record, Refusal::KeyOfOther { agency: FINANCE.parse().unwrap() })
    },
    |story| {
        let record = story.revoke_key(CIVIL, &secret(CIVIL, KeyRole::Validator));
        (record, Refusal::RoleNotRegistrable { role: KeyRole::Validator })
    },
    |story| {
        let key = secret(CIVIL, KeyRole::Officer);
        let revocation = story.revoke_key(CIVIL, &key);
        let at = story.commit(vec![revocation]);
        (story.revoke_key(CIVIL, &key), Refusal::KeyAlreadyRevoked { at })
    },
    |story| {
        let record = story.record(CIVIL, KeyRole::Steward, {
            let key = new_key(1);
            let (agency, role) = (CIVIL.parse().unwrap(), KeyRole::Officer);
            Action::RegisterKey {
                key: key.public(),
                algorithm: KeyAlgorithm::Ed25519,
                role,
                post: text("A post"),
                valid_until: None,
                possession: key.sign_possession(&story.consortium(), &agency, role),
            }
        });
        (record, wrong_signer(CIVIL, KeyRole::Admin))
    },
];

/// Cases about datasets.
const DATASETS: &[Case] = &[
    |story| {
        let (dataset, at) = (dataset(), LogIndex(0));
        let id = dataset.id.clone();
        (story.steward(publication(dataset)), Refusal::DatasetExists { dataset: id, at })
    },
    |story| {
        let untitled = Dataset { title: text(""), ..another() };
        let field = DatasetField::Title;
        (story.steward(publication(untitled)), Refusal::DatasetFieldEmpty { field })
    },
    |story| {
        let unreachable = Dataset { contact: text(""), ..another() };
        let field = DatasetField::Contact;
        (story.steward(publication(unreachable)), Refusal::DatasetFieldEmpty { field })
    },
    |story| {
        let mut large = another();
        let item = large.items[0].clone();
        large.items = vec![item; MAX_ITEMS + 1];
        let (count, limit) = (MAX_ITEMS as u64 + 1, MAX_ITEMS as u64);
        (story.steward(publication(large)), Refusal::TooManyItems { count, limit })
    },
    |story| {
        let mut twice = another();
        twice.items[2].name = twice.items[0].name.clone();
        let item = twice.items[0].name.clone();
        (story.steward(publication(twice)), Refusal::ItemTwice { item })
    },
    |story| {
        let modeless = Dataset { modes: BTreeSet::new(), ..another() };
        (story.steward(publication(modeless)), Refusal::NoModes)
    },
    |story| {
        let withheld = Dataset { sharing: Sharing::NotShared, ..another() };
        (story.steward(publication(withheld)), Refusal::NotSharedWithoutBasis)
    },
];

/// Cases about grants.
const GRANTS: &[Case] = &[
    |story| {
        let id = another().id;
        let terms = GrantTerms { dataset: id.clone(), ..terms() };
        (issue(story, terms), Refusal::DatasetUnknown { dataset: id })
    },
    |story| {
        let undecided = Dataset { sharing: Sharing::Unclassified, ..another() };
        (issue_on(story, undecided), Refusal::NotShareable { sharing: Sharing::Unclassified })
    },
    |story| {
        let agency = "stranger.gd".parse().unwrap();
        let terms = GrantTerms { requester: "stranger.gd".parse().unwrap(), ..terms() };
        (issue(story, terms), Refusal::AgencyUnknown { agency })
    },
    |story| {
        let terms = GrantTerms { requester: CIVIL.parse().unwrap(), ..terms() };
        (issue(story, terms), Refusal::GrantToSelf)
    },
    |story| {
        let terms = GrantTerms { matters: BTreeSet::new(), ..terms() };
        (issue(story, terms), Refusal::MatterCount { limit: MAX_MATTERS as u64 })
    },
    |story| {
        let matters = (0..=MAX_MATTERS).map(|number| format!("M-{number}").parse().unwrap());
        let terms = GrantTerms { matters: matters.collect(), ..terms() };
        (issue(story, terms), Refusal::MatterCount { limit: MAX_MATTERS as u64 })
    },
    |story| {
        let mut terms = terms();
        terms.matters.insert("UNHEARD-OF".parse().unwrap());
        (
            issue(story, terms),
            Refusal::CodeUnknown { list: CodeList::Matters, code: "UNHEARD-OF".parse().unwrap() },
        )
    },
    |story| {
        // A published matter is not a duty basis.
        let code = "HOUSING".parse().unwrap();
        let terms = GrantTerms { duty_basis: "HOUSING".parse().unwrap(), ..terms() };
        (issue(story, terms), Refusal::CodeUnknown { list: CodeList::DutyBases, code })
    },
    |story| {
        let terms = GrantTerms { items: Items::Only(BTreeSet::new()), ..terms() };
        (issue(story, terms), Refusal::NoItems)
    },
    |story| {
        let items = Items::Only(["income", "religion"].map(|i| i.parse().unwrap()).into());
        let item = "religion".parse().unwrap();
        (issue(story, GrantTerms { items, ..terms() }), Refusal::ItemUnknown { item })
    },
    |story| {
        let terms = GrantTerms { modes: BTreeSet::new(), ..terms() };
        (issue(story, terms), Refusal::NoModes)
    },
    |story| {
        let mode = DeliveryMode::Batch;
        let terms = GrantTerms { modes: [DeliveryMode::Query, mode].into(), ..terms() };
        (issue(story, terms), Refusal::ModeNotOffered { mode })
    },
    |story| {
        let terms = GrantTerms { not_after: terms().not_before, ..terms() };
        (issue(story, terms), Refusal::PeriodEmpty)
    },
    |story| {
        let terms = GrantTerms { not_after: story.now, ..terms() };
        (issue(story, terms), Refusal::PeriodEmpty)
    },
    |story| {
        let terms = GrantTerms { total_quota: Some(0), ..terms() };
        (issue(story, terms), Refusal::QuotaZero)
    },
    |story| {
        let terms = GrantTerms { daily_quota: Some(0), ..terms() };
        (issue(story, terms), Refusal::QuotaZero)
    },
    |story| {
        let record = story.record(HEALTH, KeyRole::Steward, Action::IssueGrant { terms: terms() });
        (record, wrong_signer(CIVIL, KeyRole::Steward))
    },
    |story| {
        let grant = GrantId(LogIndex(0));
        (story.revoke_grant(grant), Refusal::GrantUnknown { grant })
    },
    |story| {
        let revocation = story.revoke_grant(GRANT);
        let at = story.commit(vec![revocation]);
        (story.revoke_grant(GRANT), Refusal::GrantAlreadyRevoked { grant: GRANT, at })
    },
    |story| {
        let action = Action::RevokeGrant { grant: GRANT, reason: text("not mine") };
        let record = story.record(FINANCE, KeyRole::Steward, action);
        (record, wrong_signer(CIVIL, KeyRole::Steward))
    },
];

/// Cases about accesses and denials; why an access itself is refused is for `accesses`.
const ACCESSES: &[Case] = &[
    |story| {
        let grant = GrantId(LogIndex(9));
        (story.access(grant), Refusal::Access(AccessRefusal::NoSuchGrant { grant }))
    },
    |story| {
        let attempt = signed_by_officer(story.attempt(GRANT));
        (story.denial_of(&attempt, AccessRefusal::ModeNotCovered), Refusal::DenialNotDue)
    },
    |story| {
        let mut attempt = story.attempt(GRANT);
        attempt.mode = DeliveryMode::Verify;
        let attempt = signed_by_officer(attempt);
        let due = AccessRefusal::ModeNotCovered;
        (story.denial_of(&attempt, AccessRefusal::WholeNotCovered), Refusal::DenialMismatch { due })
    },
    |story| {
        let attempt = signed_by_officer(story.attempt(GRANT));
        let action = story.recording(&attempt);
        let record = story.record(FINANCE, KeyRole::Gateway, action);
        (record, wrong_signer(CIVIL, KeyRole::Gateway))
    },
    |story| {
        let mut attempt = story.attempt(GRANT);
        attempt.mode = DeliveryMode::Verify;
        let attempt = signed_by_officer(attempt);
        let action = story.denying(&attempt, AccessRefusal::ModeNotCovered);
        let record = story.record(CIVIL, KeyRole::Steward, action);
        (record, wrong_signer(CIVIL, KeyRole::Gateway))
    },
];

const TABLES: [&[Case]; 24] = [
    RECORDS,
    KEYS,
    DATASETS,
    GRANTS,
    ACCESSES,
    approval::CASES,
    requests::CASES,
    catalogue::CASES,
    codes::CASES,
    governance::CASES,
    membership::CASES,
    equivocations::CASES,
    supervision::CASES,
    bindings::CASES,
    legs::CASES,
    checks::CASES,
    incidents::CASES,
    emergencies::CASES,
    disputes::CASES,
    urgent::CASES,
    oversight::CASES,
    late::CASES,
    task_forces::CASES,
    assessments::CASES,
];

fn publication(dataset: Dataset) -> Action {
    Action::PublishDataset { dataset }
}

fn issue(story: &mut Story, terms: GrantTerms) -> VerifiedRecord {
    story.steward(Action::IssueGrant { terms })
}

/// A grant on a dataset that is published first.
fn issue_on(story: &mut Story, dataset: Dataset) -> VerifiedRecord {
    let id = dataset.id.clone();
    let publication = story.steward(publication(dataset));
    story.commit(vec![publication]);
    issue(story, GrantTerms { dataset: id, ..terms() })
}

/// The act needs the signature of that agency in that role.
pub(crate) fn wrong_signer(agency: &str, role: KeyRole) -> Refusal {
    Refusal::WrongSigner { agency: agency.parse().unwrap(), role }
}

fn played(case: &Case) -> (Story, VerifiedRecord, Refusal) {
    let (mut story, grant) = Story::with_grant(terms());
    assert_eq!(grant, GRANT);
    let (record, refusal) = case(&mut story);
    (story, record, refusal)
}

fn all_cases() -> impl Iterator<Item = Case> {
    TABLES.into_iter().flatten().copied()
}

#[test]
fn each_rule_refuses_what_breaks_it_wherever_records_are_judged() {
    for case in all_cases() {
        let (story, record, refusal) = played(&case);
        assert_eq!(story.check(&record), Err(refusal.clone()), "when it is submitted");
        let built = story.build(vec![record.clone()]);
        assert_eq!(built.refused, [(record.leaf(), refusal.clone())], "when a block is built");
        assert!(built.executed.records.is_empty() && built.block.records.is_empty());
        let parent = story.parent();
        let executed =
            story.ledger.execute(&built.executed.header, vec![record], parent.as_ref()).err();
        let refusal = Box::new(refusal);
        assert_eq!(executed, Some(BlockError::Record { position: 0, refusal }), "in a block");
    }
}

#[test]
fn no_rule_is_without_a_case() {
    let refusals: Vec<Refusal> = all_cases().map(|case| played(&case).2).collect();
    assert_complete(&parts(SOURCE, "pub enum Refusal"), refusals.iter().map(variant));
    for (source, name) in AREAS {
        let tried = refusals.iter().filter_map(|refusal| match refusal {
            Refusal::Approval(found) if name == "ApprovalRefusal" => Some(variant(found)),
            Refusal::Supervision(found) if name == "SupervisionRefusal" => Some(variant(found)),
            Refusal::Duty(found) if name == "DutyRefusal" => Some(variant(found)),
            Refusal::Grant(found) if name == "GrantRefusal" => Some(variant(found)),
            Refusal::Leg(found) if name == "LegRefusal" => Some(variant(found)),
            Refusal::Check(found) if name == "CheckRefusal" => Some(variant(found)),
            Refusal::Incident(found) if name == "IncidentRefusal" => Some(variant(found)),
            Refusal::Emergency(found) if name == "EmergencyRefusal" => Some(variant(found)),
            Refusal::Dispute(found) if name == "DisputeRefusal" => Some(variant(found)),
            Refusal::Oversight(found) if name == "OversightRefusal" => Some(variant(found)),
            Refusal::Late(found) if name == "LateRefusal" => Some(variant(found)),
            Refusal::TaskForce(found) if name == "TaskForceRefusal" => Some(variant(found)),
            Refusal::Assessment(found) if name == "AssessmentRefusal" => Some(variant(found)),
            _ => None,
        });
        assert_complete(&parts(source, &format!("pub enum {name}")), tried);
    }
}

#[test]
fn a_refused_record_leaves_room_for_the_ones_after_it() {
    for case in all_cases() {
        let (mut story, refused, _) = played(&case);
        // One that no case removes.
        let good = story.register(FINANCE, KeyRole::Officer, &new_key(200), None);
        let built = story.build(vec![refused, good.clone()]);
        assert_eq!(built.executed.records, [good]);
    }
}

#[test]
fn rules_have_distinct_names_in_lower_case() {
    // An access and a revocation may both meet a grant that is not there: one name, one meaning.
    let mut names = BTreeSet::new();
    for case in all_cases() {
        let refusal = played(&case).2;
        let name = refusal.rule();
        assert!(name.bytes().all(|b| b.is_ascii_lowercase() || b == b'-'), "{name}");
        if !matches!(refusal, Refusal::Access(_)) {
            names.insert((
                name,
                format!("{refusal:?}").split([' ', '{']).next().unwrap().to_owned(),
            ));
        }
    }
    let distinct: BTreeSet<_> = names.iter().map(|(name, _)| name).collect();
    assert_eq!(distinct.len(), names.len(), "{names:?}");
}

#[test]
fn every_record_that_is_refused_here_was_truly_signed() {
    for case in all_cases() {
        let (story, record, _) = played(&case);
        let again = VerifiedRecord::verify(record.bytes(), &story.consortium()).unwrap();
        assert_eq!(again, record);
    }
}
