//! That what is measured is what records leave, and that every kind of act is measured.

use std::collections::BTreeSet;

use comity_core::agency::KeyRole;
use comity_core::apply::{self, Position};
use comity_core::duty::Mark;
use comity_core::state::{StateKey, StateRead};
use comity_core::statement::{Action, VerifiedRecord};

use super::acts;
use super::crowd::{self, Fate, Life};
use super::docket;
use super::measure::measure;
use super::town::{Town, name};

/// The records that a grant of the crowd came of, each with its place.
fn records(life: Life<'_>) -> Vec<(Mark, VerifiedRecord)> {
    let (town, terms) = (life.town, life.first_terms());
    let mut acts = Vec::new();
    if life.fate().is_asked_for() {
        let asked = Action::OpenRequest { terms: crowd::asking(terms.clone()) };
        acts.push((0, life.requester(), KeyRole::Officer, asked));
    }
    let (by, action) = match life.parent() {
        Some(parent) => (parent.requester(), Action::IssueOnward { parent: parent.id(), terms }),
        None if life.fate().is_asked_for() => {
            (life.owner(), Action::ApproveRequest { request: life.request_id(), terms })
        }
        None => (life.owner(), Action::IssueGrant { terms }),
    };
    acts.push((1, by, KeyRole::Steward, action));
    if life.fate().is_used() {
        let number = town.numbered[town.place_of(life.owner())] + 1;
        let attempt = life.attempt(life.id().0.0, life.mark(2).on);
        let action = Action::RecordAccess { attempt, number, answer: None };
        acts.push((2, life.owner(), KeyRole::Gateway, action));
    }
    let (grant, version) = (life.id(), 1);
    let last = match life.fate() {
        Fate::Revoked => Some(Action::RevokeGrant { grant, reason: name("no longer needed") }),
        Fate::Suspended => Some(Action::SuspendGrant { grant, reason: name("under review") }),
        Fate::Narrowed => Some(Action::NarrowGrant { grant, terms: life.terms(), version }),
        _ => None,
    };
    acts.extend(last.map(|action| (3, life.owner(), KeyRole::Steward, action)));
    let signed = |(step, by, role, action)| {
        let mark = life.mark(step);
        (mark, town.signed(&[(by, role)], mark.at.0, mark.on, action).unwrap())
    };
    acts.into_iter().map(signed).collect()
}

#[test]
fn what_is_laid_into_the_state_is_what_records_would_have_left_there() {
    const GRANTS: u64 = 32;
    let mut lived = Town::founded(GRANTS).unwrap();
    for number in 0..GRANTS {
        for step in records(Life { town: &lived, number }) {
            let (Mark { at: index, on: time }, record) = step;
            let changes = apply::apply(&lived, Position { index, time }, &record);
            lived.put(changes.unwrap_or_else(|refusal| panic!("{number}: {refusal}")));
            if matches!(record.statement().action, Action::RecordAccess { .. }) {
                let place = lived.place_of(record.agency());
                lived.numbered[place] += 1;
            }
        }
    }
    let mut laid = Town::founded(GRANTS).unwrap();
    crowd::fill(&mut laid);
    assert_eq!(laid.numbered, lived.numbered);
    // Nobody has told of the requests that are open, of the proposals, and of what is pending beside them.
    let waiting: BTreeSet<Vec<u8>> = (0..crowd::open_requests(&laid))
        .map(|number| StateKey::Request(crowd::open_request(&laid, number).0).to_bytes())
        .chain(
            (0..crowd::PROPOSALS)
                .map(|number| StateKey::Proposal(crowd::proposal(&laid, number).0).to_bytes()),
        )
        .chain(docket::changes(&laid).puts.into_keys())
        .collect();
    for (key, value) in laid.tree.iter().filter(|(key, _)| !waiting.contains(*key)) {
        assert_eq!(lived.get(key), Some(value), "{}", String::from_utf8_lossy(key));
    }
    assert_eq!(laid.tree.len(), lived.tree.len() + waiting.len());
}

#[test]
fn every_kind_of_act_is_measured_and_reads_as_much_however_many_grants_there_are() {
    let costs = [200, 1_000].map(|grants| {
        let mut town = Town::founded(grants).unwrap();
        crowd::fill(&mut town);
        acts::all().map(|act| measure(&town, act).unwrap()).collect::<Vec<_>>()
    });
    let [few, many] = costs;
    for (few, many) in few.iter().zip(&many) {
        assert_eq!((few.reads, few.writes), (many.reads, many.writes), "{} {}", few.kind, few.note);
    }
    let measured: BTreeSet<&str> = many.iter().map(|cost| cost.kind).collect();
    let source = include_str!("../../../../core/src/statement/action.rs");
    let (_, names) = source.split_once("pub fn kind(&self)").unwrap();
    let (names, _) = names.split_once("\n    }\n").unwrap();
    let known: BTreeSet<&str> = names.split('"').skip(1).step_by(2).collect();
    assert!(known.len() > 30, "{known:?}");
    assert_eq!(measured, known);
}
