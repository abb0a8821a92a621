//! Code lists: who publishes and withdraws, and what a withdrawn code still carries.

use comity_core::agency::KeyRole;
use comity_core::codes::{CodeEntry, CodeList, MAX_CODES, PublishedCode};
use comity_core::genesis::Params;
use comity_core::grant::GrantTerms;
use comity_core::refusal::Refusal;
use comity_core::state;
use comity_core::statement::Action;

use crate::acts::{AUTHORITY, asking, entry};
use crate::refusals::{Case, wrong_signer};
use crate::story::{CIVIL, Story, terms, text};

/// Cases about codes.
pub(crate) const CASES: &[Case] = &[
    |story| {
        let codes = vec![entry("PENSIONS")];
        let record = story.steward(Action::PublishCodes { list: CodeList::Matters, codes });
        (record, wrong_signer(AUTHORITY, KeyRole::Steward))
    },
    |story| {
        let action = Action::PublishCodes { list: CodeList::Matters, codes: vec![entry("A")] };
        let record = story.record(AUTHORITY, KeyRole::Admin, action);
        (record, wrong_signer(AUTHORITY, KeyRole::Steward))
    },
    |story| {
        let record = story.listing(CodeList::Matters, Vec::new());
        (record, Refusal::CodeCount { limit: MAX_CODES as u64 })
    },
    |story| {
        let codes = (0..=MAX_CODES).map(|number| entry(&format!("C-{number}"))).collect();
        let record = story.listing(CodeList::DutyBases, codes);
        (record, Refusal::CodeCount { limit: MAX_CODES as u64 })
    },
    |story| {
        let record = story.listing(CodeList::Matters, vec![entry("A"), entry("HOUSING")]);
        (record, Refusal::CodeTaken { code: "HOUSING".parse().unwrap() })
    },
    |story| {
        let record = story.listing(CodeList::Matters, vec![entry("A"), entry("B"), entry("A")]);
        (record, Refusal::CodeTaken { code: "A".parse().unwrap() })
    },
    |story| {
        // One that was withdrawn keeps its place.
        let withdrawal = story.delisting(CodeList::Matters, "HOUSING");
        story.commit(vec![withdrawal]);
        let record = story.listing(CodeList::Matters, vec![entry("HOUSING")]);
        (record, Refusal::CodeTaken { code: "HOUSING".parse().unwrap() })
    },
    |story| {
        let untitled = CodeEntry { title: text(""), ..entry("A") };
        let record = story.listing(CodeList::Matters, vec![untitled]);
        (record, Refusal::CodeTitleEmpty { code: "A".parse().unwrap() })
    },
    |story| {
        let (list, code) = (CodeList::Matters, "HOUSING".parse().unwrap());
        let action = Action::WithdrawCode { list, code, reason: text("") };
        let record = story.record(CIVIL, KeyRole::Steward, action);
        (record, wrong_signer(AUTHORITY, KeyRole::Steward))
    },
    |story| {
        // A matter is no duty basis.
        let list = CodeList::DutyBases;
        let record = story.delisting(list, "HOUSING");
        (record, Refusal::CodeUnknown { list, code: "HOUSING".parse().unwrap() })
    },
    |story| {
        let list = CodeList::Matters;
        let withdrawal = story.delisting(list, "HOUSING");
        let at = story.commit(vec![withdrawal]);
        let code = "HOUSING".parse().unwrap();
        (story.delisting(list, "HOUSING"), Refusal::CodeWithdrawn { list, code, at })
    },
];

#[test]
fn a_published_code_is_granted_from_then_on() {
    let mut story = Story::new(Params::default());
    story.publish();
    let wanted = GrantTerms { matters: ["PENSIONS".parse().unwrap()].into(), ..terms() };
    let (list, code) = (CodeList::Matters, "PENSIONS".parse().unwrap());
    let early = story.steward(Action::IssueGrant { terms: wanted.clone() });
    assert_eq!(story.check(&early), Err(Refusal::CodeUnknown { list, code }));
    let listing = story.listing(list, vec![entry("PENSIONS"), entry("CARE")]);
    let at = story.commit(vec![listing]);
    let code = state::code(&story.ledger, list, &"CARE".parse().unwrap()).unwrap();
    let CodeEntry { code: name, title } = entry("CARE");
    let expected = PublishedCode { code: name, title, published_at: Some(at), withdrawn_at: None };
    assert_eq!(code, expected);
    assert_eq!(story.check(&early), Ok(()));
}

#[test]
fn one_code_may_stand_on_both_lists() {
    let mut story = Story::new(Params::default());
    let listing = story.listing(CodeList::DutyBases, vec![entry("HOUSING")]);
    assert_eq!(story.check(&listing), Ok(()));
}

#[test]
fn a_withdrawn_code_is_neither_asked_for_nor_granted_and_old_grants_go_on() {
    for (list, code) in [(CodeList::Matters, "LOW-INCOME"), (CodeList::DutyBases, "ACT-12")] {
        let (mut story, grant) = Story::with_grant(terms());
        let request = story.opened();
        let withdrawal = story.delisting(list, code);
        let at = story.commit(vec![withdrawal]);
        let code = code.parse().unwrap();
        let withdrawn = Refusal::CodeWithdrawn { list, code, at };
        assert_eq!(story.open(asking(terms())).unwrap_err(), withdrawn);
        assert_eq!(story.approve(request, terms()).unwrap_err(), withdrawn);
        let issue = story.steward(Action::IssueGrant { terms: terms() });
        assert_eq!(story.check(&issue).unwrap_err(), withdrawn);
        let access = story.access(grant);
        assert_eq!(story.check(&access), Ok(()), "what was granted goes on");
    }
}

#[test]
fn a_request_for_several_matters_is_approved_without_the_withdrawn_one() {
    let mut story = Story::new(Params::default());
    story.publish();
    let both = ["HOUSING", "LOW-INCOME"].map(|matter| matter.parse().unwrap());
    let request = story.open(asking(GrantTerms { matters: both.into(), ..terms() })).unwrap();
    let withdrawal = story.delisting(CodeList::Matters, "HOUSING");
    story.commit(vec![withdrawal]);
    assert!(story.approve(request, terms()).is_ok());
}

#[test]
fn as_many_codes_as_allowed_are_published_at_once() {
    let mut story = Story::new(Params::default());
    let codes = (0..MAX_CODES).map(|number| entry(&format!("C-{number}"))).collect();
    let listing = story.listing(CodeList::Matters, codes);
    assert_eq!(story.check(&listing), Ok(()));
}
