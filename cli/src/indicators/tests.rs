//! A small case whose figures were worked out by hand.

use std::collections::BTreeMap;

use comity_core::access::{Attempt, SignedAttempt};
use comity_core::agency::{Agency, AgencyKind, KeyRole, Level, Standing};
use comity_core::batch::Batch;
use comity_core::calendar::Day;
use comity_core::dataset::{Dataset, DeliveryMode, Items, PublishedDataset, Sharing};
use comity_core::duty::Mark;
use comity_core::genesis::Params;
use comity_core::grant::{Grant, GrantTerms};
use comity_core::hash::{AnswerHash, BatchRoot, ConsortiumId};
use comity_core::ids::{ExchangeId, GrantId, LogIndex, Nonce, RequestId, TimeMs};
use comity_core::keys::SecretKey;
use comity_core::legs::{Acknowledgement, Answer};
use comity_core::request::{Outcome, Reply, Request, RequestTerms, Urging};
use comity_core::state::{Changes, StateKey};
use comity_core::state_tree::StateTree;
use comity_core::statement::{Action, Capacity, STATEMENT_VERSION, Statement, StatementSigner};

use super::figures::{
    Breadth, DatasetFunnel, Depth, Documents, RequestFunnel, Thickness, Timeliness,
};
use super::groups::Table;
use super::waiting::Awaited;
use super::{Facts, Moment, Objects, Period, Report, measure};
use crate::args::Dimension;
use crate::messages::dataset_sample;

const CONSORTIUM: ConsortiumId = ConsortiumId([1; 32]);
/// Thursday, 1 January 2026, 00:00 UTC.
const THURSDAY: u64 = 20_454;

/// So many hours after the beginning of a day, counted from that Thursday.
fn at(days: u64, hours: u64) -> TimeMs {
    TimeMs(((THURSDAY + days) * 24 + hours) * 3_600_000)
}

fn mark(at: u64, on: TimeMs) -> Mark {
    Mark { at: LogIndex(at), on }
}

fn agency(id: &str, level: Level, region: &str, kind: AgencyKind) -> Agency {
    Agency {
        id: id.parse().unwrap(),
        name: id.parse().unwrap(),
        level,
        region: region.parse().unwrap(),
        kind,
        superior: None,
        authority: None,
        operated_by: id.parse().unwrap(),
        standing: Standing::Observer,
        sponsor: None,
    }
}

fn dataset(id: &str) -> PublishedDataset {
    let sample: Dataset = toml::from_str(dataset_sample()).unwrap();
    PublishedDataset {
        dataset: Dataset { id: id.parse().unwrap(), sharing: Sharing::Conditional, ..sample },
        version: 1,
        published_at: LogIndex(0),
        version_at: LogIndex(0),
        suspensions: Default::default(),
        withdrawals: Default::default(),
        updated: mark(0, at(0, 0)),
        version_on: at(0, 0),
        promised: None,
    }
}

fn terms(requester: &str) -> GrantTerms {
    GrantTerms {
        dataset: "civil.gd/homes".parse().unwrap(),
        requester: requester.parse().unwrap(),
        matters: ["BIRTH", "HOUSING"].map(|code| code.parse().unwrap()).into(),
        duty_basis: "ACT-12".parse().unwrap(),
        items: Items::All,
        modes: [DeliveryMode::Verify].into(),
        not_before: at(0, 0),
        not_after: at(200, 0),
        total_quota: None,
        daily_quota: None,
        conditions: Default::default(),
        officers: Default::default(),
        onward: Default::default(),
        undertakings: Vec::new(),
        task_force: None,
    }
}

fn grant(issued_at: u64, requester: &str, issued_on: TimeMs) -> Grant {
    Grant {
        terms: terms(requester),
        issued_at: LogIndex(issued_at),
        request: None,
        suspensions: Default::default(),
        revoked: None,
        issued_on,
        delivered: None,
        version: 1,
        version_at: LogIndex(issued_at),
        parent: None,
        first_use: None,
        fulfilled: Vec::new(),
        sharing: Sharing::Conditional,
    }
}

fn request(opened_at: u64, opened_on: TimeMs, reply: Option<(TimeMs, Outcome)>) -> Request {
    Request {
        terms: RequestTerms {
            asked: terms("school.gd"),
            once: false,
            needed_by: None,
            bundle: None,
        },
        opened_at: LogIndex(opened_at),
        opened_by: SecretKey::from_seed(&[1; 32]).public(),
        opened_on,
        urging: Urging::default(),
        earlier: Vec::new(),
        reply: reply.map(|(on, outcome)| Reply { at: LogIndex(opened_at + 1), on, outcome }),
        sharing: Sharing::Conditional,
        reviewer: None,
        reviewed: None,
        extension: None,
        decided_by: "civil.gd".parse().unwrap(),
    }
}

/// Three agencies; a dataset that is used and one that nobody asked for. One request granted on the
/// third working day and used, one refused late, one open, one by rule; a grant without data.
fn state() -> StateTree {
    let mut changes = Changes::default();
    let agencies = [
        agency("civil.gd", Level::Provincial, "440000", AgencyKind::Government),
        agency("school.gd", Level::County, "440183", AgencyKind::Government),
        agency("univ.gd", Level::Provincial, "440000", AgencyKind::Research),
    ];
    for agency in &agencies {
        changes.put(&StateKey::Agency(&agency.id), agency);
    }
    changes.put(&StateKey::Params, &Params { day_offset_minutes: 0, ..Params::default() });
    for name in ["civil.gd/homes", "civil.gd/idle"] {
        let published = dataset(name);
        changes.put(&StateKey::Dataset(&published.dataset.id), &published);
    }
    let approved =
        |grant: u64, by_rule: bool| Outcome::Approved { grant: GrantId(LogIndex(grant)), by_rule };
    let refused =
        Outcome::Refused { legal_basis: "Act".parse().unwrap(), reason: "No".parse().unwrap() };
    let requests = [
        // Asked on Thursday, answered on Tuesday: Friday, Monday, Tuesday.
        request(10, at(0, 9), Some((at(5, 9), approved(11, false)))),
        // Ten working days are over with Thursday, 15 January.
        request(20, at(0, 9), Some((at(15, 0), refused))),
        request(30, at(90, 9), None),
        request(40, at(0, 9), Some((at(0, 9), approved(40, true)))),
    ];
    for one in &requests {
        changes.put(&StateKey::Request(RequestId(one.opened_at)), one);
    }
    let first = Grant {
        request: Some(RequestId(LogIndex(10))),
        delivered: Some(mark(12, at(6, 0))),
        first_use: Some(mark(12, at(6, 0))),
        ..grant(11, "school.gd", at(5, 9))
    };
    let by_rule =
        Grant { request: Some(RequestId(LogIndex(40))), ..grant(40, "school.gd", at(0, 9)) };
    for one in [first, by_rule, grant(50, "univ.gd", at(95, 0))] {
        changes.put(&StateKey::Grant(GrantId(one.issued_at)), &one);
    }
    StateTree::new(&CONSORTIUM).with(changes.puts)
}

fn statement(action: Action) -> Statement {
    let key = SecretKey::from_seed(&[1; 32]).public();
    let (agency, role) = ("civil.gd".parse().unwrap(), KeyRole::Gateway);
    Statement {
        version: STATEMENT_VERSION,
        consortium: CONSORTIUM,
        nonce: Nonce([1; 16]),
        valid_until: TimeMs(0),
        signers: vec![StatementSigner { agency, key, role, capacity: Capacity::Agency }],
        sealed: vec![],
        action,
    }
}

fn access(requester: &str, matter: &str, count: u32, reliable: bool) -> Action {
    let officer = SecretKey::from_seed(&[2; 32]);
    let attempt = Attempt {
        consortium: CONSORTIUM,
        exchange: ExchangeId([4; 16]),
        grant: GrantId(LogIndex(11)).into(),
        dataset: "civil.gd/homes".parse().unwrap(),
        requester: requester.parse().unwrap(),
        officer: officer.public(),
        matter: matter.parse().unwrap(),
        items: Items::Only(["state".parse().unwrap()].into()),
        mode: DeliveryMode::Verify,
        made_at: TimeMs(0),
        valid_until: TimeMs(0),
        sealed: vec![],
        batch: (count > 1).then_some(Batch { count, root: BatchRoot([0; 32]) }),
        capacity: Default::default(),
    };
    let attempt = SignedAttempt { signature: officer.sign_attempt(&attempt), attempt };
    let answer = Some(Answer { digest: AnswerHash([7; 32]), reliable });
    Action::RecordAccess { attempt, number: 1, answer }
}

fn receipt(access: u64, count: u32, digest: [u8; 32]) -> Action {
    let (access, exchange) = (LogIndex(access), ExchangeId([4; 16]));
    let one = Acknowledgement { access, exchange, digest: Some(AnswerHash(digest)), count };
    Action::AcknowledgeAccess { grant: GrantId(LogIndex(11)).into(), accesses: vec![one] }
}

/// What the entries say, of what began in a period.
fn facts(period: Period) -> Facts {
    let mut facts = Facts::new(period);
    for (place, name) in [(0, "civil.gd/homes"), (1, "civil.gd/idle")] {
        let action = Action::PublishDataset { dataset: dataset(name).dataset };
        facts.take(LogIndex(place), at(0, 0), &statement(action));
    }
    let entries = [
        (12, 6, access("school.gd", "BIRTH", 1, true)),
        (13, 6, access("school.gd", "BIRTH", 1, false)),
        // Acknowledged, one of them by another number of answers.
        (14, 6, receipt(12, 1, [7; 32])),
        (15, 6, receipt(13, 2, [7; 32])),
        // In the second quarter.
        (16, 92, access("school.gd", "BIRTH", 30, true)),
        (17, 92, access("univ.gd", "HOUSING", 1, false)),
        (18, 93, receipt(16, 30, [8; 32])),
        // Its own.
        (19, 93, access("civil.gd", "HOUSING", 1, true)),
    ];
    for (index, day, action) in entries {
        facts.take(LogIndex(index), at(day, 0), &statement(action));
    }
    facts
}

/// As things stood on Friday, 10 April.
fn report(period: Period) -> Report {
    let (state, facts) = (state(), facts(period));
    let moment = Moment { state: &state, now: at(99, 12), offset_minutes: 0 };
    measure(&moment, &Objects::of(&state), &facts)
}

#[test]
fn a_small_case_comes_to_what_was_worked_out_by_hand() {
    let Report { overall, contributions, .. } = report(Period::default());
    let breadth = Breadth { pairs: 2, across_levels: 1, across_regions: 1, across_kinds: 1 };
    assert_eq!(overall.breadth, breadth);
    let depth = Depth {
        requests: 4,
        granted_by_decision: 1,
        granted_by_rule: 1,
        grants_standing: 3,
        grants_once: 0,
        grants_onward: 0,
        two_legged: 1,
        batches: 1,
        emergency: 0,
        emergencies: 0,
        task_force: 0,
        task_forces: 0,
    };
    assert_eq!(overall.depth, depth);
    let thickness = Thickness { datasets: 1, items: 1, exchanges: 33, entries: 4 };
    assert_eq!(overall.thickness, thickness);
    assert_eq!(overall.documents, Documents { not_asked: 31, acknowledged: 1 });
    assert_eq!(overall.matters_served, 2, "one matter each of two agencies");
    let replies = Timeliness {
        met: 1,
        met_late: 1,
        lapsed: 0,
        running: 1,
        released: 0,
        in_time_percent: Some(50),
        median_working_days: Some(3),
    };
    assert_eq!(overall.speed.replies, replies, "what a rule gave is left out");
    let deliveries = &overall.speed.deliveries;
    assert_eq!((deliveries.met, deliveries.lapsed, deliveries.running), (1, 1, 1));
    let datasets = DatasetFunnel {
        catalogued: 2,
        unclassified: 0,
        requested: 1,
        granted: 1,
        delivered: 1,
        used: 1,
    };
    assert_eq!(overall.funnel.datasets, Some(datasets));
    let requests = RequestFunnel {
        opened: 4,
        granted: 2,
        delivered: 1,
        used: 1,
        undecided: 1,
        refused: 1,
        ..RequestFunnel::default()
    };
    assert_eq!(overall.funnel.requests, requests);
    let [one] = &contributions[..] else { panic!("{contributions:?}") };
    assert_eq!((one.agencies_served, one.matters_served, one.datasets_shared), (2, 2, 1));
    assert_eq!((one.replies_in_time, one.replies_judged), (1, 2));
}

#[test]
fn who_waits_longest_is_named_first_by_the_days_of_whoever_lets_wait() {
    let waiting = report(Period::default()).waiting;
    let named: Vec<_> =
        waiting.iter().map(|one| (one.awaited, one.object.as_str(), one.working_days)).collect();
    let due = [
        (Awaited::Delivery, "G40", 71),
        // From Wednesday 1 April to Friday 10 April: without the Wednesday and a week's end.
        (Awaited::Reply, "R30", 7),
        (Awaited::Delivery, "G50", 4),
    ];
    assert_eq!(named, due);
}

#[test]
fn a_quarter_has_what_began_in_it_and_an_agency_has_two_sides() {
    let by: BTreeMap<Dimension, Table> = report(Period::default()).by;
    let Some(Table::Whole(quarters)) = by.get(&Dimension::Quarter) else { panic!() };
    let exchanges: Vec<_> = quarters
        .iter()
        .map(|one| {
            (one.group.as_str(), one.figures.thickness.exchanges, one.figures.depth.requests)
        })
        .collect();
    assert_eq!(exchanges, [("2026-Q1", 2, 3), ("2026-Q2", 31, 1)]);
    let Some(Table::TwoSided(agencies)) = by.get(&Dimension::Agency) else { panic!() };
    let pairs: Vec<_> = agencies
        .iter()
        .map(|one| {
            let sides = (one.as_provider.breadth.pairs, one.as_requester.breadth.pairs);
            (one.group.as_str(), sides, one.as_requester.funnel.datasets.is_some())
        })
        .collect();
    let due =
        [("civil.gd", (2, 0), false), ("school.gd", (0, 1), false), ("univ.gd", (0, 1), false)];
    assert_eq!(pairs, due);
}

#[test]
fn a_period_leaves_out_what_began_before() {
    let from = Some(Day(THURSDAY + 90));
    let Report { overall, waiting, .. } = report(Period { from, ..Period::default() });
    assert_eq!((overall.thickness.exchanges, overall.depth.requests), (31, 1));
    assert_eq!(overall.funnel.datasets, Some(DatasetFunnel::default()));
    assert_eq!(overall.depth.grants_standing, 1);
    assert_eq!(waiting.len(), 2);
}
