//! Alerts, from logs that are told here.

use comity_core::access::SignedAttempt;
use comity_core::batch::Batch;
use comity_core::calendar::{Calendar, Week};
use comity_core::dataset::{DeliveryMode, Items};
use comity_core::genesis::{GENESIS_VERSION, Params};
use comity_core::hash::{BatchRoot, ConsortiumId};
use comity_core::ids::{ExchangeId, GrantId, Nonce};
use comity_core::keys::SecretKey;
use comity_core::statement::STATEMENT_VERSION;

use super::*;

/// Monday, 2 March 2026, at midnight eight hours east of UTC.
const MONDAY: u64 = 1_772_409_600_000 - 8 * HOUR_MS;
const HOUR_MS: u64 = 60 * MINUTE_MS;
const USUAL: Thresholds = Thresholds {
    opens_minute: 8 * 60,
    closes_minute: 18 * 60,
    factor: 5,
    least: 20,
    per_post: 50,
    before_ms: DAY_MS,
};

fn key(number: u8) -> SecretKey {
    SecretKey::from_seed(&[number; 32])
}

/// A log as it is told.
struct Log {
    watcher: Watcher,
    next: u64,
}

impl Log {
    fn new() -> Log {
        let genesis = Genesis {
            version: GENESIS_VERSION,
            name: "A county".parse().unwrap(),
            time: TimeMs(0),
            params: Params { day_offset_minutes: 480, ..Params::default() },
            competent_authority: "data.gd".parse().unwrap(),
            matters: vec![],
            duty_bases: vec![],
            members: vec![],
        };
        Log { watcher: Watcher::new(&genesis, USUAL), next: 0 }
    }

    fn add(&mut self, at: u64, action: Action) -> LogIndex {
        let statement = Statement {
            version: STATEMENT_VERSION,
            consortium: ConsortiumId([0; 32]),
            nonce: Nonce([0; 16]),
            valid_until: TimeMs(at),
            signers: vec![],
            sealed: vec![],
            action,
        };
        let index = LogIndex(self.next);
        self.watcher.add(index, TimeMs(at), &statement);
        self.next += 1;
        index
    }

    /// An officer with a post.
    fn officer(&mut self, number: u8, post: &str) {
        let secret = key(number);
        let agency: AgencyId = "civil.gd".parse().unwrap();
        let role = comity_core::agency::KeyRole::Officer;
        let possession = secret.sign_possession(&ConsortiumId([0; 32]), &agency, role);
        let action = Action::RegisterKey {
            key: secret.public(),
            role,
            algorithm: comity_core::agency::KeyAlgorithm::Ed25519,
            post: post.parse().unwrap(),
            valid_until: None,
            possession,
        };
        self.add(MONDAY, action);
    }

    /// A use by an officer, of so many at once.
    fn used(&mut self, at: u64, number: u8, count: u32) -> LogIndex {
        let secret = key(number);
        let attempt = Attempt {
            consortium: ConsortiumId([0; 32]),
            exchange: ExchangeId([0; 16]),
            grant: GrantId(LogIndex(7)).into(),
            dataset: "health.gd/births".parse().unwrap(),
            requester: "civil.gd".parse().unwrap(),
            officer: secret.public(),
            matter: "HOUSING".parse().unwrap(),
            items: Items::All,
            mode: DeliveryMode::Query,
            made_at: TimeMs(at),
            valid_until: TimeMs(at),
            sealed: vec![],
            capacity: Default::default(),
            batch: (count > 1).then_some(Batch { count, root: BatchRoot([0; 32]) }),
        };
        let attempt = SignedAttempt { signature: secret.sign_attempt(&attempt), attempt };
        self.add(at, Action::RecordAccess { attempt, number: 1, answer: None })
    }

    fn found(self) -> Vec<(AlertKind, u64, LogIndex)> {
        let alerts = self.watcher.alerts().into_iter();
        alerts.map(|alert| (alert.kind, alert.count, alert.first)).collect()
    }
}

#[test]
fn uses_at_night_and_on_days_that_are_not_worked_are_after_hours() {
    let mut log = Log::new();
    log.used(MONDAY + 8 * HOUR_MS, 1, 1);
    log.used(MONDAY + 18 * HOUR_MS - 1, 1, 1);
    let early = log.used(MONDAY + DAY_MS + 8 * HOUR_MS - 1, 1, 1);
    log.used(MONDAY + DAY_MS + 18 * HOUR_MS, 1, 3);
    let saturday = log.used(MONDAY + 5 * DAY_MS + 10 * HOUR_MS, 1, 1);
    let kind = AlertKind::AfterHours;
    assert_eq!(log.found(), [(kind, 4, early), (kind, 1, saturday)]);
}

#[test]
fn a_calendar_says_which_days_are_worked() {
    let mut log = Log::new();
    let day = Day::of(TimeMs(MONDAY), 480);
    let calendar = Calendar {
        region: Text::default(),
        first: day,
        last: Day(day.0 + 30),
        week: Week::PLAIN,
        holidays: [day].into(),
        workdays: [Day(day.0 + 5)].into(),
    };
    log.add(MONDAY, Action::PublishCalendar { calendar });
    let holiday = log.used(MONDAY + 10 * HOUR_MS, 1, 1);
    log.used(MONDAY + 5 * DAY_MS + 10 * HOUR_MS, 1, 1);
    assert_eq!(log.found(), [(AlertKind::AfterHours, 1, holiday)]);
}

#[test]
fn a_day_far_above_the_days_before_is_a_spike() {
    let mut log = Log::new();
    let noon = |day: u64| MONDAY + day * DAY_MS + 12 * HOUR_MS;
    // Four weeks of five days with three uses each: 60, a daily mean of two.
    for day in (0..28).filter(|day| day % 7 < 5) {
        log.used(noon(day), 1, 3);
    }
    log.used(noon(28), 1, 10);
    log.used(noon(28), 2, 19);
    let spike = log.used(noon(29), 1, 24);
    let found = log.found();
    assert_eq!(found, [(AlertKind::Spike, 24, spike)], "neither ten nor who had too few in all");
}

#[test]
fn an_officer_who_had_none_spikes_with_the_least_count() {
    let mut log = Log::new();
    let first = log.used(MONDAY + 12 * HOUR_MS, 1, 20);
    assert_eq!(log.found(), [(AlertKind::Spike, 20, first)]);
}

#[test]
fn keys_of_one_post_are_counted_together() {
    let mut log = Log::new();
    for number in 1..=3 {
        log.officer(number, "Front desk");
    }
    let noon = MONDAY + 12 * HOUR_MS;
    let first = log.used(noon, 1, 17);
    log.used(noon, 2, 17);
    log.used(noon, 3, 17);
    assert_eq!(log.found(), [(AlertKind::ManyByPost, 51, first)]);
}

#[test]
fn uses_within_a_day_before_an_end_are_close_to_it() {
    let mut log = Log::new();
    let noon = MONDAY + 12 * HOUR_MS;
    log.used(noon, 1, 1);
    let close = log.used(noon + HOUR_MS, 1, 2);
    let other = log.used(noon + HOUR_MS, 2, 1);
    let reason = || "Misused".parse().unwrap();
    let elsewhere = GrantId(LogIndex(8));
    log.add(noon + DAY_MS, Action::RevokeGrant { grant: elsewhere, reason: reason() });
    let grant = GrantId(LogIndex(7));
    let end = log.add(noon + DAY_MS + HOUR_MS, Action::SuspendGrant { grant, reason: reason() });
    let alerts = log.watcher.alerts();
    assert!(alerts.iter().all(|alert| alert.end == Some(end)));
    let mut found: Vec<_> = alerts.iter().map(|alert| (alert.first, alert.count)).collect();
    found.sort();
    assert_eq!(found, [(close, 2), (other, 1)]);
}
