//! Clocks told from the log alone: entry by entry, and days counted one by one, from calendars and rule
//! packs as they were published.
//! May not enter: the state; the core's own counting. Source: docs/formats.md, "Duties", "Calendars",
//! "Rule packs".

mod contested;
mod watched;

use std::collections::BTreeMap;

use comity_core::binding::{Promise, Side, Undertaking};
use comity_core::calendar::{Calendar, Day};
use comity_core::dataset::{Dataset, Grade, Sharing};
use comity_core::duty::DutyState;
use comity_core::grant::GrantTerms;
use comity_core::hash::ConsortiumId;
use comity_core::ids::GrantId;
use comity_core::rule_pack::{Clock, RulePack};
use comity_core::statement::{Action, VerifiedRecord};
use comity_core::text::AgencyId;

use crate::acts::AUTHORITY;
use crate::story::{CIVIL, FINANCE, HEALTH, MEMBERS};
use contested::Contested;
use watched::Watched;

const DAY_MS: u64 = 86_400_000;
/// Days begin so long before those of UTC.
const OFFSET_MS: u64 = 8 * 3_600_000;

/// A duty as the naive clock tells it: when it was done or nobody needed it any longer, if ever.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Owed {
    pub(super) clock: Clock,
    pub(super) by: &'static str,
    pub(super) to: Option<&'static str>,
    pub(super) began: u64,
    pub(super) due: u64,
    done: Option<u64>,
    released: Option<u64>,
}

impl Owed {
    pub(super) fn state(&self, now: u64) -> DutyState {
        match (self.done, self.released) {
            (Some(done), _) if done < self.due => DutyState::Met,
            (Some(_), _) => DutyState::MetLate,
            (None, Some(released)) if released < self.due => DutyState::Released,
            _ if now >= self.due => DutyState::Lapsed,
            (None, None) => DutyState::Running,
            // Whatever comes after it is due releases nobody.
            (None, Some(_)) => DutyState::Running,
        }
    }
}

/// A request as it was opened, and what became of it.
#[derive(Clone)]
pub(super) struct Asked {
    on: u64,
    sharing: Sharing,
    /// It was granted by rule, without anybody's decision.
    by_rule: bool,
    reviewed: Option<u64>,
    returned: Option<u64>,
    taken_back: Option<u64>,
    answered: Option<u64>,
    more_days: u16,
}

/// A grant as it was given.
#[derive(Clone)]
pub(super) struct Given {
    at: u64,
    on: u64,
    first_terms: GrantTerms,
    pub(super) terms: GrantTerms,
    pub(super) parent: Option<u64>,
    revoked: Option<u64>,
    delivered: Option<u64>,
    used: Option<u64>,
    /// By number: places and times of all fulfilments.
    fulfilled: BTreeMap<u8, Vec<(u64, u64)>>,
}

/// What is known from reading the log, entry by entry.
pub(super) struct Reader {
    consortium: ConsortiumId,
    calendars: Vec<Calendar>,
    pub(super) packs: Vec<RulePack>,
    pub(super) requests: BTreeMap<u64, Asked>,
    pub(super) grants: BTreeMap<u64, Given>,
    dataset: Option<Dataset>,
    /// Places and times of the dataset's withdrawals, and whether the last goes on.
    withdrawals: Vec<(u64, u64)>,
    withdrawn: bool,
    /// Within how many days the dataset is to be made new, and since when.
    promised: Option<(u16, u64)>,
    /// Places and times of its versions.
    versions: Vec<(u64, u64)>,
    pub(super) contested: Contested,
    pub(super) watched: Watched,
}

/// A member by its name.
fn known(agency: &AgencyId) -> &'static str {
    MEMBERS.into_iter().find(|member| *member == agency.as_str()).unwrap()
}

/// Where a member is.
pub(super) fn region(member: &str) -> &'static str {
    match member {
        CIVIL => "440100",
        FINANCE => "440300",
        _ => "",
    }
}

impl Reader {
    /// Nothing was read yet.
    pub(super) fn new(consortium: ConsortiumId) -> Reader {
        Reader {
            consortium,
            calendars: Vec::new(),
            packs: Vec::new(),
            requests: BTreeMap::new(),
            grants: BTreeMap::new(),
            dataset: None,
            withdrawals: Vec::new(),
            withdrawn: false,
            promised: None,
            versions: Vec::new(),
            contested: Contested::default(),
            watched: Watched::default(),
        }
    }

    /// Reads the next entry.
    pub(super) fn read(&mut self, at: u64, on: u64, record: &VerifiedRecord) {
        let (by, action) = (known(record.agency()), &record.statement().action);
        self.read_contested((at, on), by, action);
        self.watched.read(&self.consortium, (at, on), by, action);
        match action {
            Action::PublishCalendar { calendar } => self.calendars.push(calendar.clone()),
            Action::PublishRules { pack } => self.packs.push(pack.clone()),
            Action::PublishDataset { dataset } => {
                (self.dataset, self.withdrawn) = (Some(dataset.clone()), false);
                self.versions.push((at, on));
                self.promised = dataset.update_days.map(|days| (days, on));
            }
            Action::AmendDataset { dataset, .. } => {
                self.dataset = Some(dataset.clone());
                self.versions.push((at, on));
                if self.promised.is_none() {
                    self.promised = dataset.update_days.map(|days| (days, on));
                }
            }
            Action::WithdrawDataset { .. } => {
                self.withdrawals.push((at, on));
                self.withdrawn = true;
            }
            Action::RefreshDataset { .. } => {
                let promised = self.dataset.as_ref().and_then(|dataset| dataset.update_days);
                self.promised = promised.map(|days| (days, on));
            }
            Action::OpenRequest { .. }
            | Action::ReviewRequest { .. }
            | Action::ExtendReply { .. }
            | Action::RefuseRequest { .. }
            | Action::WithdrawRequest { .. } => self.read_request(at, on, action),
            Action::ApproveRequest { request, terms } => {
                self.requests.get_mut(&request.0.0).unwrap().answered.get_or_insert(on);
                self.give(at, on, terms, None);
            }
            Action::IssueGrant { terms } => self.give(at, on, terms, None),
            Action::IssueOnward { parent, terms } => self.give(at, on, terms, Some(parent.0.0)),
            _ => self.read_grant(at, on, action),
        }
    }

    fn read_request(&mut self, at: u64, on: u64, action: &Action) {
        let id = match action {
            Action::ReviewRequest { request, .. }
            | Action::ExtendReply { request, .. }
            | Action::RefuseRequest { request, .. }
            | Action::WithdrawRequest { request, .. } => request.0.0,
            _ => at,
        };
        let dataset = self.dataset.as_ref().unwrap();
        let sharing = dataset.sharing;
        // Unconditional sharing of general data is granted by rule.
        let by_rule = sharing == Sharing::Unconditional && dataset.grade == Grade::General;
        let asked = self.requests.entry(id).or_insert(Asked {
            on,
            sharing,
            by_rule,
            reviewed: None,
            returned: None,
            taken_back: None,
            answered: None,
            more_days: 0,
        });
        // What comes after a dispute decides anew; what was owed was the first word.
        let is_first = asked.answered.is_none();
        match action {
            Action::ReviewRequest { fault, .. } if fault.as_str().is_empty() => {
                asked.reviewed = Some(on);
            }
            Action::ReviewRequest { .. } if is_first => asked.returned = Some(on),
            Action::ExtendReply { days, .. } => asked.more_days = *days,
            Action::RefuseRequest { .. } if is_first => asked.answered = Some(on),
            Action::WithdrawRequest { .. } if is_first => asked.taken_back = Some(on),
            Action::OpenRequest { terms } if by_rule => {
                asked.answered = Some(on);
                self.give(at, on, &terms.asked, None);
            }
            _ => {}
        }
    }

    fn give(&mut self, at: u64, on: u64, terms: &GrantTerms, parent: Option<u64>) {
        let given = Given {
            at,
            on,
            first_terms: terms.clone(),
            terms: terms.clone(),
            parent,
            revoked: None,
            delivered: None,
            used: None,
            fulfilled: BTreeMap::new(),
        };
        self.grants.insert(at, given);
    }

    fn read_grant(&mut self, at: u64, on: u64, action: &Action) {
        let mut of = |grant: &GrantId, change: &dyn Fn(&mut Given)| {
            change(self.grants.get_mut(&grant.0.0).unwrap());
        };
        match action {
            Action::RevokeGrant { grant, .. } => of(grant, &|given| given.revoked = Some(on)),
            Action::ReportDelivery { grant } => of(grant, &|given| given.delivered = Some(on)),
            Action::RecordAccess { attempt, .. } => {
                if let Some(grant) = attempt.attempt.grant.grant() {
                    of(&grant, &|given| {
                        given.used.get_or_insert(on);
                        given.delivered.get_or_insert(on);
                    });
                }
            }
            Action::NarrowGrant { grant, terms, .. } | Action::ExtendGrant { grant, terms, .. } => {
                of(grant, &|given| given.terms = terms.clone());
            }
            Action::FulfilUndertaking { grant, number, .. } => of(grant, &|given| {
                given.fulfilled.entry(*number).or_default().push((at, on));
            }),
            _ => {}
        }
    }

    /// Whether a day is worked there: by its own calendar, or the common one, or from Monday to Friday.
    fn works(&self, region: &str, day: u64) -> bool {
        let last = |region: &str| {
            let of = |one: &&Calendar| one.region.as_str() == region;
            let covers = |one: &&Calendar| one.first.0 <= day && day <= one.last.0;
            self.calendars.iter().rev().filter(of).find(covers)
        };
        let Some(calendar) = last(region).or_else(|| last("")) else {
            // 1970-01-01 was a Thursday, so that these are Saturday and Sunday.
            return !matches!(day % 7, 2 | 3);
        };
        let weekday = (day + 3) % 7;
        let is_usual = calendar.week.0 & (1 << weekday) != 0;
        let is_off = calendar.holidays.contains(&Day(day));
        let is_made_up = calendar.workdays.contains(&Day(day));
        (is_usual && !is_off) || is_made_up
    }

    /// The first time that is too late, when so many working days have gone by.
    fn due(&self, member: &str, began: u64, days: u16) -> u64 {
        let mut day = (began + OFFSET_MS) / DAY_MS;
        let mut worked = 0;
        while worked < days {
            day += 1;
            if self.works(region(member), day) {
                worked += 1;
            }
        }
        (day + 1) * DAY_MS - OFFSET_MS
    }

    /// The days of a clock, by the pack that began last.
    fn days(&self, clock: Clock, time: u64) -> Option<u16> {
        let begun = self.packs.iter().filter(|pack| pack.from.0 <= time);
        match begun.max_by_key(|pack| pack.from.0) {
            Some(pack) => pack.clocks.get(&clock).copied(),
            None => match clock {
                Clock::ReplyUnconditional => Some(5),
                Clock::ReplyConditional | Clock::ReplyUnclassified | Clock::Update => Some(10),
                Clock::Delivery | Clock::EmergencyReview => Some(20),
                Clock::CheckReply | Clock::Correction | Clock::DisputeDecision => Some(10),
                Clock::DisputeAnswer | Clock::DecideAnew => Some(5),
                Clock::EmergencyJustification => Some(5),
                Clock::DrawnReview | Clock::FindingClosure | Clock::AssessmentFollowUp => Some(20),
                Clock::FindingAnswer => Some(10),
                _ => None,
            },
        }
    }

    pub(super) fn of_request(&self, id: u64) -> Vec<Owed> {
        let asked = &self.requests[&id];
        let mut owed = Vec::new();
        let mut began = asked.on;
        let days = self.days(Clock::ComplianceReview, asked.on).filter(|_| !asked.by_rule);
        if let Some(days) = days {
            let due = self.due(AUTHORITY, asked.on, days);
            let done = asked.reviewed.or(asked.returned);
            let released = asked.answered.or(asked.taken_back).filter(|_| done.is_none());
            began = done.map_or(due, |done| done.min(due));
            let (clock, by, to) = (Clock::ComplianceReview, AUTHORITY, Some(FINANCE));
            owed.push(Owed { clock, by, to, began: asked.on, due, done, released });
        }
        let clock = match asked.sharing {
            Sharing::Unconditional => Clock::ReplyUnconditional,
            Sharing::Conditional | Sharing::NotShared => Clock::ReplyConditional,
            Sharing::Unclassified => Clock::ReplyUnclassified,
        };
        if let Some(days) = self.days(clock, began) {
            let due = self.due(CIVIL, began, days + asked.more_days);
            let (done, released) = (asked.answered, asked.taken_back.or(asked.returned));
            owed.push(Owed { clock, by: CIVIL, to: Some(FINANCE), began, due, done, released });
        }
        owed
    }

    fn ends(&self, given: &Given) -> u64 {
        let withdrawn = self.withdrawals.iter().find(|(at, _)| *at > given.at);
        let own = given.revoked.unwrap_or(u64::MAX).min(given.terms.not_after.0);
        let own = withdrawn.map_or(own, |(_, on)| own.min(*on));
        given.parent.map_or(own, |parent| own.min(self.ends(&self.grants[&parent])))
    }

    pub(super) fn of_grant(&self, id: u64) -> Vec<Owed> {
        let given = &self.grants[&id];
        let mut owed = Vec::new();
        let began = given.on.max(given.first_terms.not_before.0);
        if let Some(days) = self.days(Clock::Delivery, began) {
            owed.push(Owed {
                clock: Clock::Delivery,
                by: CIVIL,
                to: Some(if given.parent.is_some() { HEALTH } else { FINANCE }),
                began,
                due: self.due(CIVIL, began, days),
                done: given.delivered,
                released: Some(self.ends(given)),
            });
        }
        let numbered = (1..).zip(&given.terms.undertakings);
        owed.extend(numbered.filter_map(|(number, one)| self.of_undertaking(given, number, one)));
        owed
    }

    fn of_undertaking(&self, given: &Given, number: u8, one: &Undertaking) -> Option<Owed> {
        let told: &[(u64, u64)] = given.fulfilled.get(&number).map_or(&[], Vec::as_slice);
        let last = told.last().copied();
        let ends = self.ends(given);
        let (began, days, done, released) = match one.what {
            Promise::DeleteAfterDays(days) => {
                given.used?;
                (ends, days, last.map(|(_, on)| on), None)
            }
            Promise::ReportUseEveryDays(days) => {
                (last.map(|(_, on)| on).or(given.used)?, days, None, Some(ends))
            }
            Promise::NotifyChangeDays(days) => {
                // Each telling tells all that was changed since the one before.
                let changes = || self.versions.iter().filter(|(at, _)| *at > given.at);
                let mut owed: Option<(u64, Option<u64>)> = None;
                let mut since = 0;
                for (telling, on) in told {
                    let news = changes().find(|(at, _)| (since..*telling).contains(at));
                    owed = news.map(|(_, changed)| (*changed, Some(*on)));
                    since = *telling;
                }
                let untold = changes().find(|(at, _)| *at >= since);
                owed = untold.map(|(_, changed)| (*changed, None)).or(owed);
                let (began, done) = owed.filter(|(changed, _)| *changed < ends)?;
                (began, days, done, Some(ends))
            }
            Promise::NotifyIncidentDays(_) => return None,
        };
        let (granted_by, requester) =
            if given.parent.is_some() { (FINANCE, HEALTH) } else { (CIVIL, FINANCE) };
        let (by, to) = match one.by {
            Side::Provider => (granted_by, requester),
            Side::Requester => (requester, granted_by),
        };
        let due = self.due(by, began, days);
        Some(Owed { clock: Clock::Undertaking, by, to: Some(to), began, due, done, released })
    }

    pub(super) fn of_dataset(&self) -> Vec<Owed> {
        let withdrawn = self.withdrawals.last().filter(|_| self.withdrawn).map(|(_, on)| *on);
        let owed = self.promised.map(|(days, since)| {
            let ends = since + u64::from(days) * DAY_MS;
            let grace = self.days(Clock::Update, ends).unwrap_or(0);
            Owed {
                clock: Clock::Update,
                by: CIVIL,
                to: None,
                began: since,
                due: self.due(CIVIL, ends, grace),
                done: None,
                released: withdrawn,
            }
        });
        owed.into_iter().collect()
    }
}
