//! What in the use of data an auditor looks at first: uses after hours, spikes, many by one post, uses
//! just before what permitted them ended.
//! Holds: an alert follows from the log and the thresholds alone. It says where to look, not who is
//! guilty.
//! May not enter: reading the copy (see `alerts`); words.

use std::collections::{BTreeMap, VecDeque};

use comity_core::access::{AccessRefusal, Attempt};
use comity_core::basis::Basis;
use comity_core::calendar::{Day, RegionCalendars, WorkingDays};
use comity_core::genesis::Genesis;
use comity_core::governance::Measure;
use comity_core::ids::{DatasetId, LogIndex, TimeMs};
use comity_core::keys::PublicKey;
use comity_core::late::LateAccess;
use comity_core::statement::{Action, Statement};
use comity_core::text::{AgencyId, Text};
use serde::Serialize;

/// How many days an officer is compared with.
pub(super) const USUAL_DAYS: u64 = 30;
const MINUTE_MS: u64 = 60_000;
const DAY_MS: u64 = 24 * 60 * MINUTE_MS;

/// From where on something is unusual.
#[derive(Clone, Copy, Debug)]
pub(super) struct Thresholds {
    /// The hours that are worked, in minutes after local midnight: from …
    pub(super) opens_minute: u16,
    /// … to (exclusive).
    pub(super) closes_minute: u16,
    /// A day is a spike with more than so many times an officer's daily mean …
    pub(super) factor: u64,
    /// … and with at least so many uses.
    pub(super) least: u64,
    /// Most uses by one post on a day.
    pub(super) per_post: u64,
    /// So long (ms) before an end a use is close to it.
    pub(super) before_ms: u64,
}

/// What is unusual.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum AlertKind {
    /// Outside the hours that are worked, or on a day that is not.
    AfterHours,
    /// Many more than that officer usually has.
    Spike,
    /// Many by one post on a day.
    ManyByPost,
    /// Shortly before what permitted it was revoked, suspended or withdrawn.
    CloseToEnd,
    /// It went in late, and something stood against it when it was asked.
    LateAgainst,
    /// It went in late: only afterwards is it known to all.
    Late,
}

/// Something to look at.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub(super) struct Alert {
    /// The day, in the consortium's zone.
    pub(super) day: Day,
    pub(super) kind: AlertKind,
    /// Whose use it is.
    pub(super) agency: AgencyId,
    /// The post that the officer's key belongs to.
    pub(super) post: Text<96>,
    /// The officer's key; none where several of a post are counted together.
    pub(super) officer: Option<PublicKey>,
    /// Uses: a batch counts as many as it holds.
    pub(super) count: u64,
    /// A spike: uses in the days before, all together.
    pub(super) usual: Option<u64>,
    /// The first entry that it is about.
    pub(super) first: LogIndex,
    /// Close to an end: the entry that ended it.
    pub(super) end: Option<LogIndex>,
    /// What went in late.
    pub(super) late: Option<Late>,
}

/// How late something went in.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub(super) struct Late {
    /// When the officer says to have asked.
    pub(super) claimed: TimeMs,
    /// The time of the block that took it in.
    pub(super) entered: TimeMs,
    /// The rule that stood against it.
    pub(super) against: Option<&'static str>,
}

/// Uses that are counted together: how many, from which entry on.
type Counted<K> = BTreeMap<K, (u64, LogIndex)>;

/// A use that what permitted it may yet end.
#[derive(Clone, Debug)]
struct Use {
    index: LogIndex,
    time: TimeMs,
    count: u64,
    agency: AgencyId,
    officer: PublicKey,
    grant: Basis,
    dataset: DatasetId,
}

/// Reads a log from its beginning on.
pub(super) struct Watcher {
    thresholds: Thresholds,
    offset_minutes: i16,
    regions: BTreeMap<AgencyId, Text<64>>,
    calendars: BTreeMap<Text<64>, RegionCalendars>,
    posts: BTreeMap<PublicKey, Text<96>>,
    late: Counted<(AgencyId, PublicKey, Day)>,
    daily: Counted<(AgencyId, PublicKey, Day)>,
    by_post: Counted<(AgencyId, Text<96>, Day)>,
    recent: VecDeque<Use>,
    alerts: Vec<Alert>,
}

impl Watcher {
    pub(super) fn new(genesis: &Genesis, thresholds: Thresholds) -> Watcher {
        let members = genesis.members.iter();
        let regions = members.clone().map(|one| (one.agency.id.clone(), one.agency.region.clone()));
        let keys = members.flat_map(|one| &one.keys).map(|key| (key.key, key.post.clone()));
        Watcher {
            thresholds,
            offset_minutes: genesis.params.day_offset_minutes,
            regions: regions.collect(),
            calendars: BTreeMap::new(),
            posts: keys.collect(),
            late: Counted::new(),
            daily: Counted::new(),
            by_post: Counted::new(),
            recent: VecDeque::new(),
            alerts: Vec::new(),
        }
    }

    /// Takes in the next entry.
    pub(super) fn add(&mut self, index: LogIndex, time: TimeMs, statement: &Statement) {
        match &statement.action {
            Action::RegisterKey { key, post, .. } => {
                self.posts.insert(*key, post.clone());
            }
            Action::OpenProposal { measure: Measure::Admit { member } } => {
                // Whether or not it passes: who is no member uses nothing.
                let agency = &member.agency;
                self.regions.insert(agency.id.clone(), agency.region.clone());
            }
            Action::PublishCalendar { calendar } => {
                let of_region = self.calendars.entry(calendar.region.clone()).or_default();
                of_region.publish(calendar.clone(), index);
            }
            Action::RecordAccess { attempt, .. } => self.used(index, time, &attempt.attempt),
            Action::EmbedLate { record, against, .. } => {
                let claimed = record.claimed().min(time);
                self.used(index, claimed, &record.attempt.attempt);
                self.went_in_late(index, (claimed, time), record, against.as_ref());
            }
            Action::RevokeGrant { grant, .. } | Action::SuspendGrant { grant, .. } => {
                self.ended(index, time, |used| used.grant == (*grant).into());
            }
            Action::SuspendDataset { dataset, .. } | Action::WithdrawDataset { dataset, .. } => {
                self.ended(index, time, |used| used.dataset == *dataset);
            }
            Action::RevokeKey { key, .. } => self.ended(index, time, |used| used.officer == *key),
            _ => {}
        }
    }

    /// All alerts, by day.
    pub(super) fn alerts(mut self) -> Vec<Alert> {
        for ((agency, officer, day), (count, first)) in std::mem::take(&mut self.late) {
            self.alert(AlertKind::AfterHours, (agency, officer, day), (count, first), None, None);
        }
        self.spikes();
        for ((agency, post, day), (count, first)) in std::mem::take(&mut self.by_post) {
            if count > self.thresholds.per_post {
                let kind = AlertKind::ManyByPost;
                let (officer, usual, end, late) = (None, None, None, None);
                let alert =
                    Alert { day, kind, agency, post, officer, count, usual, first, end, late };
                self.alerts.push(alert);
            }
        }
        self.alerts.sort();
        self.alerts
    }

    fn used(&mut self, index: LogIndex, time: TimeMs, attempt: &Attempt) {
        let count = attempt.batch.map_or(1, |batch| u64::from(batch.count));
        let (agency, officer) = (attempt.requester.clone(), attempt.officer);
        let day = Day::of(time, self.offset_minutes);
        let one = (count, index);
        let of_officer = (agency.clone(), officer, day);
        if self.is_after_hours(&agency, day, time) {
            tally(&mut self.late, of_officer.clone(), one);
        }
        tally(&mut self.daily, of_officer, one);
        let post = self.posts.get(&officer).cloned().unwrap_or_default();
        if !post.as_str().is_empty() {
            tally(&mut self.by_post, (agency.clone(), post, day), one);
        }
        let (grant, dataset) = (attempt.grant, attempt.dataset.clone());
        self.forget(time);
        self.recent.push_back(Use { index, time, count, agency, officer, grant, dataset });
    }

    fn is_after_hours(&self, agency: &AgencyId, day: Day, time: TimeMs) -> bool {
        let of = |region: &Text<64>| self.calendars.get(region).cloned();
        let region = self.regions.get(agency).filter(|region| !region.as_str().is_empty());
        let worked = WorkingDays { own: region.and_then(of), common: of(&Text::default()) };
        let local = time.0.saturating_add_signed(i64::from(self.offset_minutes) * 60_000);
        let minute = local % DAY_MS / MINUTE_MS;
        let hours =
            u64::from(self.thresholds.opens_minute)..u64::from(self.thresholds.closes_minute);
        !worked.works_on(day) || !hours.contains(&minute)
    }

    /// What permitted some uses has ended here.
    fn ended(&mut self, end: LogIndex, time: TimeMs, concerns: impl Fn(&Use) -> bool) {
        self.forget(time);
        let mut close = Counted::new();
        let since = TimeMs(time.0.saturating_sub(self.thresholds.before_ms));
        // What went in late stands among later ones.
        let close_by = self.recent.iter().filter(|used| used.time >= since);
        for used in close_by.filter(|used| concerns(used)) {
            let day = Day::of(used.time, self.offset_minutes);
            tally(&mut close, (used.agency.clone(), used.officer, day), (used.count, used.index));
        }
        for (whose, counted) in close {
            self.alert(AlertKind::CloseToEnd, whose, counted, None, Some(end));
        }
    }

    /// Leaves what no end from now on is close to.
    fn forget(&mut self, now: TimeMs) {
        let since = TimeMs(now.0.saturating_sub(self.thresholds.before_ms));
        while self.recent.front().is_some_and(|used| used.time < since) {
            self.recent.pop_front();
        }
    }

    /// Days on which an officer used far more than in the days before.
    fn spikes(&mut self) {
        let daily = std::mem::take(&mut self.daily);
        for ((agency, officer, day), (count, first)) in &daily {
            let at = |day| (agency.clone(), *officer, day);
            let before = at(Day(day.0.saturating_sub(USUAL_DAYS)))..at(*day);
            let usual: u64 = daily.range(before).map(|(_, (count, _))| count).sum();
            let Thresholds { factor, least, .. } = self.thresholds;
            let is_spike = count.saturating_mul(USUAL_DAYS) > usual.saturating_mul(factor);
            if is_spike && *count >= least {
                self.alert(AlertKind::Spike, at(*day), (*count, *first), Some(usual), None);
            }
        }
    }

    fn alert(
        &mut self,
        kind: AlertKind,
        (agency, officer, day): (AgencyId, PublicKey, Day),
        (count, first): (u64, LogIndex),
        usual: Option<u64>,
        end: Option<LogIndex>,
    ) {
        let post = self.posts.get(&officer).cloned().unwrap_or_default();
        let officer = Some(officer);
        let late = None;
        let alert = Alert { day, kind, agency, post, officer, count, usual, first, end, late };
        self.alerts.push(alert);
    }

    fn went_in_late(
        &mut self,
        first: LogIndex,
        (claimed, entered): (TimeMs, TimeMs),
        record: &LateAccess,
        against: Option<&AccessRefusal>,
    ) {
        let attempt = &record.attempt.attempt;
        let post = self.posts.get(&attempt.officer).cloned().unwrap_or_default();
        let against = against.map(AccessRefusal::rule);
        let kind = if against.is_some() { AlertKind::LateAgainst } else { AlertKind::Late };
        self.alerts.push(Alert {
            day: Day::of(claimed, self.offset_minutes),
            kind,
            agency: attempt.requester.clone(),
            post,
            officer: Some(attempt.officer),
            count: attempt.count(),
            usual: None,
            first,
            end: None,
            late: Some(Late { claimed, entered, against }),
        });
    }
}

fn tally<K: Ord>(counted: &mut Counted<K>, key: K, (count, index): (u64, LogIndex)) {
    let (total, _) = counted.entry(key).or_insert((0, index));
    *total = total.saturating_add(count);
}

#[cfg(test)]
mod tests;
