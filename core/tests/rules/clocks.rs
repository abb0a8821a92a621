//! Every clock of random histories, beside one that is told from the log alone (`reader`).
//! Holds: the same seeds in every run; a failure names its seed.

mod beside;
mod deeds;
mod reader;

use std::collections::BTreeMap;

use comity_core::agency::KeyRole;
use comity_core::binding::Side;
use comity_core::calendar::{Calendar, Day, Week};
use comity_core::dataset::{Dataset, Grade, Sharing};
use comity_core::duty::{Duty, DutyState};
use comity_core::genesis::Params;
use comity_core::governance::Office;
use comity_core::grant::GrantTerms;
use comity_core::ids::{GrantId, LogIndex, RequestId, TimeMs};
use comity_core::rule_pack::{Clock, RulePack};
use comity_core::state;
use comity_core::statement::{Action, VerifiedRecord};

use crate::acts::{AUTHORITY, asking};
use crate::bindings::{undertakings, wide, without_onward};
use crate::chance::Chance;
use crate::oversight::REVIEWERS;
use crate::story::{
    CIVIL, FINANCE, HEALTH, Story, dataset, dataset_id, genesis, secret, signed_by, terms, text,
};
use reader::{Given, Reader, region};

const DAY_MS: u64 = 86_400_000;

/// A story in which members of several regions do what makes clocks run, and what stops them.
struct Clocked {
    story: Story,
    chance: Chance,
    reader: Reader,
}

impl Clocked {
    fn new(seed: u64) -> Clocked {
        let mut founded = genesis(Params::default());
        for member in &mut founded.members {
            member.agency.region = text(region(member.agency.id.as_str()));
            if [CIVIL, FINANCE].contains(&member.agency.id.as_str()) {
                member.agency.superior = Some(HEALTH.parse().unwrap());
            }
        }
        let story = Story::founded_by(founded);
        let reader = Reader::new(story.consortium());
        let mut clocked = Clocked { story, chance: Chance(seed), reader };
        clocked.story.supervised();
        clocked.story.reviewed_by(Office::EmergencyDeclarer, &[AUTHORITY, HEALTH]);
        clocked.story.reviewed_by(Office::StewardReviewer, &REVIEWERS);
        clocked.story.assessed_by(&[FINANCE, HEALTH]);
        let record = clocked.story.steward(Action::PublishDataset { dataset: dataset() });
        clocked.commit(record);
        clocked
    }

    /// Commits a record that the rules accept, and reads it.
    fn commit(&mut self, record: VerifiedRecord) {
        if self.story.check(&record).is_ok() {
            let on = self.story.now.0;
            let at = self.story.commit(vec![record.clone()]);
            self.reader.read(at.0, on, &record);
        }
    }

    fn some_request(&mut self) -> RequestId {
        let last = self.reader.requests.keys().rev().take(4).copied().collect::<Vec<_>>();
        let id = if last.is_empty() { 0 } else { *self.chance.pick(&last) };
        RequestId(LogIndex(id))
    }

    fn some_grant(&mut self) -> Option<(GrantId, Given)> {
        let last = self.reader.grants.keys().rev().take(6).copied().collect::<Vec<_>>();
        let id = if last.is_empty() { return None } else { *self.chance.pick(&last) };
        Some((GrantId(LogIndex(id)), self.reader.grants[&id].clone()))
    }

    fn some_terms(&mut self) -> GrantTerms {
        let now = self.story.now;
        let promised = if self.chance.below(3) > 0 { undertakings() } else { vec![] };
        GrantTerms {
            not_before: TimeMs(now.0 + self.chance.next() % (6 * DAY_MS) - 3 * DAY_MS),
            not_after: now.plus(4 * DAY_MS + self.chance.next() % (60 * DAY_MS)),
            undertakings: promised,
            ..wide()
        }
    }

    fn some_calendar(&mut self) -> Calendar {
        let first = if self.chance.below(2) == 0 { 1 } else { 1 + self.chance.next() % 20 };
        let mut calendar = self.story.calendar(first, 40 + self.chance.next() % 200);
        let region = *self.chance.pick(&["", "440100", "440300"]);
        calendar.region = text(region);
        calendar.week = Week(u8::try_from(1 + self.chance.below(127)).unwrap());
        for _ in 0..self.chance.below(25) {
            let length = calendar.last.0 - calendar.first.0;
            let day = Day(calendar.first.0 + self.chance.next() % length);
            let days = match calendar.week.works_on(day) {
                true => &mut calendar.holidays,
                false => &mut calendar.workdays,
            };
            days.insert(day);
        }
        calendar
    }

    fn some_pack(&mut self) -> RulePack {
        let mut pack = self.story.pack(&[]);
        for clock in Clock::ALL {
            if clock != Clock::Undertaking && self.chance.below(3) > 0 {
                let days = u16::try_from(self.chance.below(12)).unwrap();
                pack.clocks.insert(clock, days);
            }
        }
        pack.from = pack.from.plus(self.chance.next() % (5 * DAY_MS));
        pack.name = format!("PACK-{}", self.reader.packs.len()).parse().unwrap();
        pack
    }

    fn some_version(&mut self) -> Dataset {
        let sharing = [Sharing::Conditional, Sharing::Unconditional, Sharing::Unclassified];
        let update_days = [None, Some(3), Some(20)];
        Dataset {
            sharing: *self.chance.pick(&sharing),
            // What is of importance somebody decides on, however it is shared.
            grade: *self.chance.pick(&[Grade::General, Grade::General, Grade::Important]),
            update_days: *self.chance.pick(&update_days),
            title: text(&format!("Version {}", self.chance.below(1_000))),
            ..dataset()
        }
    }

    fn deed(&mut self) -> VerifiedRecord {
        if self.is_revealing() && self.chance.below(3) > 0 {
            return self.draw_deed();
        }
        if self.chance.below(5) < 2 {
            return self.further_deed();
        }
        let request = self.some_request();
        match self.chance.below(24) {
            0 => {
                let calendar = self.some_calendar();
                self.story.publishing(calendar)
            }
            1 => {
                let pack = self.some_pack();
                self.story.ruling(pack)
            }
            2..=5 => {
                let asked = self.some_terms();
                self.story.officer(Action::OpenRequest { terms: asking(asked) })
            }
            6..=7 => {
                let fault = *self.chance.pick(&["", "", "no duty is named"]);
                self.story.reviewing(request, fault)
            }
            8 => {
                let days = u16::try_from(1 + self.chance.below(10)).unwrap();
                self.story.extending(request, days)
            }
            9..=10 => {
                let asked = state::request(&self.story.ledger, request);
                let terms = asked.map_or_else(terms, |request| request.terms.asked);
                self.story.steward(Action::ApproveRequest { request, terms })
            }
            11 => self.story.refusal(request),
            12 => self.story.taking_back(request),
            13..=14 => self.dataset_deed(),
            15 => {
                let terms = self.some_terms();
                self.story.steward(Action::IssueGrant { terms })
            }
            _ => match self.some_grant() {
                Some((grant, given)) => self.grant_deed(grant, &given),
                None => self.story.refreshing(),
            },
        }
    }

    fn dataset_deed(&mut self) -> VerifiedRecord {
        let version = self.some_version();
        let published = state::dataset(&self.story.ledger, &dataset_id()).unwrap();
        match self.chance.below(6) {
            0..=2 => self.story.refreshing(),
            3 if published.withdrawals.current().is_none() => self.story.withdrawal(),
            _ if published.withdrawals.current().is_some() => {
                self.story.steward(Action::PublishDataset { dataset: version })
            }
            _ => {
                let action = Action::AmendDataset { dataset: version, version: published.version };
                self.story.steward(action)
            }
        }
    }

    fn grant_deed(&mut self, grant: GrantId, given: &Given) -> VerifiedRecord {
        let is_derived = given.parent.is_some();
        let grantor = if is_derived { FINANCE } else { CIVIL };
        let requester = if is_derived { HEALTH } else { FINANCE };
        let version = state::grant(&self.story.ledger, grant).unwrap().version;
        let mut terms = given.terms.clone();
        match self.chance.below(12) {
            0..=2 => {
                let officer = secret(requester, KeyRole::Officer);
                let mut attempt = self.story.attempt(grant);
                attempt.requester = requester.parse().unwrap();
                attempt.officer = officer.public();
                self.story.access_of(&signed_by(&officer, attempt))
            }
            3 => self.story.delivering(grant),
            4 => self.story.revoke_grant(grant),
            5 => {
                let earlier = self.chance.next() % (9 * DAY_MS);
                terms.not_after = TimeMs(terms.not_after.0 - earlier);
                if self.chance.below(2) == 0 {
                    terms.not_before = terms.not_before.plus(self.chance.next() % (9 * DAY_MS));
                }
                let action = Action::NarrowGrant { grant, terms, version };
                self.story.record(grantor, KeyRole::Steward, action)
            }
            6 => {
                terms.not_after = terms.not_after.plus(self.chance.next() % (30 * DAY_MS));
                let action = Action::ExtendGrant { grant, terms, version };
                self.story.record(grantor, KeyRole::Steward, action)
            }
            7..=8 => {
                let most = without_onward(terms.passed_on_to(&HEALTH.parse().unwrap()));
                self.story.passing_on(grant, most)
            }
            _ => {
                let number = u8::try_from(1 + self.chance.below(5)).unwrap();
                let one = given.terms.undertakings.get(usize::from(number) - 1);
                let is_providers = one.is_some_and(|one| one.by == Side::Provider);
                let member = if is_providers { grantor } else { requester };
                self.story.fulfilling(member, grant, number)
            }
        }
    }
}

/// What a duty says, apart from how it ended.
fn said(duty: &Duty) -> (Clock, &str, Option<&str>, u64, u64) {
    let to = duty.owed_to.as_ref().map(|to| to.as_str());
    (duty.clock, duty.owed_by.as_str(), to, duty.began.0, duty.due.0)
}

#[test]
fn every_clock_of_every_history_equals_one_that_is_told_from_the_log_alone() {
    let mut met = BTreeMap::<(Clock, DutyState), usize>::new();
    for seed in 0..24 {
        let mut clocked = Clocked::new(seed);
        for step in 0..150 {
            let record = clocked.deed();
            clocked.commit(record);
            let pause = [1_000, DAY_MS / 5, DAY_MS, 2 * DAY_MS];
            clocked.story.now = clocked.story.now.plus(*clocked.chance.pick(&pause));
            if step % 10 != 9 {
                continue;
            }
            let now = clocked.story.now.0;
            for (object, duties, owed) in clocked.duties() {
                let place = format!("seed {seed}, step {step}: {object}");
                let naive: Vec<_> = owed
                    .iter()
                    .map(|one| (one.clock, one.by, one.to, one.began, one.due))
                    .collect();
                assert_eq!(duties.iter().map(said).collect::<Vec<_>>(), naive, "{place}");
                for (duty, owed) in duties.iter().zip(&owed) {
                    let due = duty.due.0;
                    // As far as is known by now.
                    for time in [now, due - 1, due, due + 1, due + DAY_MS].map(|t| t.max(now)) {
                        let state = duty.state(TimeMs(time));
                        assert_eq!(state, owed.state(time), "{place}: {owed:?} at {time}");
                    }
                    *met.entry((duty.clock, duty.state(TimeMs(now)))).or_default() += 1;
                }
            }
        }
    }
    for clock in [Clock::ComplianceReview, Clock::ReplyConditional, Clock::Delivery] {
        for state in [DutyState::Met, DutyState::Lapsed, DutyState::Released, DutyState::MetLate] {
            assert!(met.contains_key(&(clock, state)), "{clock} never came to {state:?}: {met:?}");
        }
    }
    // Nobody owes an extension; an update is owed again and again.
    let owed = Clock::ALL.into_iter().filter(|clock| *clock != Clock::ReplyExtension);
    for clock in owed {
        let wanted = [DutyState::Lapsed, DutyState::Met];
        let wanted = if clock == Clock::Update { &wanted[..1] } else { &wanted };
        for state in wanted {
            assert!(met.contains_key(&(clock, *state)), "{clock} never came to {state:?}: {met:?}");
        }
    }
}
