//! Each kind of act in the wrong hands, about nothing, and twice: made from one example of each.
//! Holds: an action without an example fails here; what may be done otherwise than by one agency in one
//! role, or again, is named.

use std::collections::BTreeSet;

use comity_core::agency::KeyRole;
use comity_core::ids::Nonce;
use comity_core::statement::{Action, SignedRecord, Statement, StatementSigner, VerifiedRecord};
use serde_json::{Value, json};

use crate::acts::AUTHORITY;
use crate::examples::ANSWERING;
use crate::reads::ACTS;
use crate::source::{assert_complete, parts, variant};
use crate::story::{
    CIVIL, FINANCE, HEALTH, MEMBERS, Story, new_key, secret, signed_by_officer, terms,
};

/// Kinds that a further role of the same agency may sign.
const FURTHER_ROLES: [(&str, KeyRole); 4] = [
    ("acknowledge-access", KeyRole::Officer),
    ("answer-finding", KeyRole::Admin),
    ("follow-up-assessment", KeyRole::Admin),
    ("review-emergency", KeyRole::Auditor),
];
/// Kinds that these may sign as well, in the same role: they hold the same office, have a ballot, run a
/// node, or are parties too.
const FURTHER_AGENCIES: [(&str, &[&str]); 6] = [
    ("cast-ballot", &[HEALTH]),
    ("commit-draw", &[AUTHORITY, FINANCE]),
    ("open-draw", &[AUTHORITY, FINANCE]),
    ("open-proposal", &MEMBERS),
    ("record-equivocation", &MEMBERS),
    ("report-incident", &[CIVIL]),
];
/// Kinds of which a second one like the first says something new.
const AGAIN: [&str; 13] = [
    "acknowledge-access",
    "form-task-force",
    "fulfil-undertaking",
    "issue-grant",
    "issue-onward",
    "open-check",
    "open-draw",
    "open-finding",
    "open-proposal",
    "open-request",
    "refresh-dataset",
    "report-incident",
    "update-incident",
];
/// Kinds that name nothing that there has to be.
const ABOUT_NOTHING: [&str; 6] = [
    "publish-calendar",
    "publish-codes",
    "publish-dataset",
    "publish-rules",
    "record-equivocation",
    "register-key",
];

/// A story before an act, and the act, which is accepted.
struct Example {
    story: Story,
    record: VerifiedRecord,
}

impl Example {
    fn statement(&self) -> &Statement {
        self.record.statement()
    }

    fn action(&self) -> &Action {
        &self.statement().action
    }

    /// By which rule an action by these is refused, if it is; `malformed` where it has no form.
    fn refused(&self, action: Action, signers: &[(&str, KeyRole)]) -> Option<String> {
        let signers = signers.iter().map(|(agency, role)| StatementSigner {
            agency: agency.parse().unwrap(),
            key: secret(agency, *role).public(),
            role: *role,
            ..self.statement().signers[0].clone()
        });
        let nonce = Nonce(self.story.clone().draw());
        let signers = signers.collect();
        let statement = Statement { nonce, signers, action, ..self.statement().clone() };
        let keys = statement.signers.iter().map(|one| secret(one.agency.as_str(), one.role));
        let signatures = keys.map(|key| key.sign_statement(&statement)).collect();
        let signed = SignedRecord { statement, signatures };
        match VerifiedRecord::verify(&signed.to_bytes(), &self.story.consortium()) {
            Ok(record) => self.story.check(&record).err().map(|refusal| refusal.rule().to_owned()),
            Err(_) => Some("malformed".to_owned()),
        }
    }

    /// Who signed it.
    fn signers(&self) -> Vec<(&str, KeyRole)> {
        self.statement().signers.iter().map(|one| (one.agency.as_str(), one.role)).collect()
    }
}

/// One of each kind at least, with its name.
fn examples() -> impl Iterator<Item = (&'static str, Example)> {
    let of = |act: &fn(&mut Story) -> VerifiedRecord| {
        let (mut story, _) = Story::with_grant(terms());
        let record = act(&mut story);
        assert_eq!(story.check(&record), Ok(()), "{:?}", record.statement().action);
        (record.statement().action.kind(), Example { story, record })
    };
    let answering: Vec<_> = ANSWERING.iter().map(of).collect();
    let known: BTreeSet<_> = answering.iter().map(|(kind, _)| *kind).collect();
    let others = ACTS.iter().map(move |(_, act)| of(act));
    others.filter(move |(kind, _)| !known.contains(kind)).chain(answering)
}

#[test]
fn every_action_has_an_example() {
    let action = include_str!("../../src/statement/action.rs");
    let tried = examples().map(|(_, example)| variant(example.action()));
    assert_complete(&parts(action, "pub enum Action"), tried);
}

#[test]
fn no_act_is_accepted_in_a_role_that_is_not_its_own() {
    for (kind, example) in examples() {
        let signers = example.signers();
        for (place, (agency, own)) in signers.iter().enumerate() {
            for role in KeyRole::ALL.into_iter().filter(|role| role != own) {
                let mut otherwise = signers.clone();
                otherwise[place] = (*agency, role);
                let refused = example.refused(example.action().clone(), &otherwise);
                let expected = !FURTHER_ROLES.contains(&(kind, role));
                assert_eq!(refused.is_some(), expected, "{kind} by a {role}: {refused:?}");
                let rules = ["wrong-signer", "wrong-signers", "malformed"];
                let fits = refused.as_deref().is_none_or(|rule| rules.contains(&rule));
                assert!(fits, "{kind} by a {role}: {refused:?}");
            }
        }
    }
}

#[test]
fn no_act_is_accepted_of_an_agency_whose_it_is_not() {
    let mut wrong = Vec::new();
    for (kind, example) in examples() {
        let signers = example.signers();
        let mut may: Vec<&str> = signers.iter().map(|(agency, _)| *agency).collect();
        let further = FURTHER_AGENCIES.iter().filter(|(known, _)| *known == kind);
        may.extend(further.flat_map(|(_, agencies)| *agencies));
        for (place, (_, role)) in signers.iter().enumerate() {
            for agency in MEMBERS.into_iter().filter(|member| !may.contains(member)) {
                let mut otherwise = signers.clone();
                otherwise[place] = (agency, *role);
                if example.refused(example.action().clone(), &otherwise).is_none() {
                    wrong.push(format!("{kind} by {agency}: accepted"));
                }
            }
        }
        // Those that may are rightly left out.
        for agency in may.iter().skip(signers.len()) {
            let otherwise = [(*agency, signers[0].1)];
            if let Some(rule) = example.refused(example.action().clone(), &otherwise) {
                wrong.push(format!("{kind} by {agency}: {rule}"));
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn no_act_is_accepted_about_something_that_there_is_not() {
    for (kind, example) in examples() {
        let action = serde_json::to_value(example.action()).unwrap();
        let mut places = Vec::new();
        named(kind, "", &action, &mut places);
        assert_eq!(places.is_empty(), ABOUT_NOTHING.contains(&kind), "{kind}: {places:?}");
        for (place, nothing) in places {
            let mut changed = action.clone();
            *changed.pointer_mut(&place).unwrap() = nothing;
            let mut changed: Action = serde_json::from_value(changed).unwrap();
            if let Action::RecordAccess { attempt, .. } | Action::RecordDenial { attempt, .. } =
                &mut changed
            {
                *attempt = signed_by_officer(attempt.attempt.clone());
            }
            if let Action::EmbedLate { record, .. } = &mut changed {
                record.attempt = signed_by_officer(record.attempt.attempt.clone());
                let signed = record.record(&example.story.consortium()).statement;
                record.signature = secret(CIVIL, KeyRole::Gateway).sign_statement(&signed);
            }
            let refused = example.refused(changed, &example.signers());
            assert!(refused.is_some(), "{kind} with another {place}");
        }
    }
}

/// Where an action names an object, and what stands for one that there is not.
fn named(kind: &str, place: &str, value: &Value, found: &mut Vec<(String, Value)>) {
    match value {
        Value::Object(fields) => {
            for (name, value) in fields {
                named(kind, &format!("{place}/{name}"), value, found);
            }
        }
        Value::Array(values) => {
            for (at, value) in values.iter().enumerate() {
                named(kind, &format!("{place}/{at}"), value, found);
            }
        }
        _ => found.extend(nothing_like(kind, place, value).map(|other| (place.to_owned(), other))),
    }
}

fn nothing_like(kind: &str, place: &str, value: &Value) -> Option<Value> {
    let mut names = place.rsplit('/').filter(|name| name.parse::<usize>().is_err());
    let name = names.next().unwrap_or_default();
    let text = value.as_str().unwrap_or_default();
    let is_id = text.starts_with(|letter: char| "ACDEFGIPRTW".contains(letter))
        && text.len() > 1
        && text[1..].bytes().all(|byte| byte.is_ascii_digit());
    // What is published is new.
    let is_new = kind == "publish-dataset";
    match name {
        _ if is_id => Some(json!(format!("{}999999", &text[..1]))),
        "id" | "dataset" | "datasets" if text.contains('/') && !is_new => {
            Some(json!("civil.gd/nothing"))
        }
        "requester" | "requesters" | "asked" | "to" | "agency" | "agencies" | "invited"
            if value.is_string() =>
        {
            Some(json!("nobody.gd"))
        }
        "matter" | "duty_basis" | "basis" if kind != "answer-check" => Some(json!("UNHEARD-OF")),
        "code" if kind == "withdraw-code" => Some(json!("UNHEARD-OF")),
        "key" if kind == "revoke-key" => Some(json!(new_key(77).public())),
        "gateway" | "officer" => Some(json!(new_key(77).public())),
        "access" | "accesses" | "entry" if value.is_u64() => Some(json!(999_999)),
        _ => None,
    }
}

#[test]
fn what_is_done_once_is_not_done_again() {
    let mut wrong = Vec::new();
    for (kind, mut example) in examples() {
        let record = example.record.clone();
        example.story.commit(vec![record]);
        let refused = example.refused(example.action().clone(), &example.signers());
        if refused.is_none() != AGAIN.contains(&kind) {
            wrong.push(format!("{kind} again: {refused:?}"));
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}
