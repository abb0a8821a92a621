//! Calendars, rule packs and what is done about duties: who may, and what is refused.
//! Holds: each act is one record of those who may do it.

use std::collections::BTreeMap;

use comity_core::agency::KeyRole;
use comity_core::calendar::{Calendar, CalendarFault, Day, MAX_CALENDARS, Week};
use comity_core::dataset::Dataset;
use comity_core::duty::{self, Duty};
use comity_core::genesis::Params;
use comity_core::governance::{Measure, Office};
use comity_core::ids::{GrantId, LogIndex, RequestId};
use comity_core::refusal::{DutyRefusal, Refusal, SignerNeeded, SupervisionRefusal};
use comity_core::rule_pack::{Clock, MIN_NOTICE_MS, RulePack, RulePackFault};
use comity_core::state;
use comity_core::statement::{Action, VerifiedRecord};

use crate::acts::AUTHORITY;
use crate::governance::unfit;
use crate::refusals::{Case, wrong_signer};
use crate::story::{CIVIL, HEALTH, Story, dataset, dataset_id, secret, terms, text};

const DAY_MS: u64 = 86_400_000;
const GRANT: GrantId = GrantId(LogIndex(1));

impl Story {
    pub(crate) fn today(&self) -> Day {
        Day::of(self.now, Params::default().day_offset_minutes)
    }

    /// A calendar from so many days after today, for so many more.
    pub(crate) fn calendar(&self, first: u64, days: u64) -> Calendar {
        let first = Day(self.today().0 + first);
        Calendar {
            region: text(""),
            first,
            last: Day(first.0 + days),
            week: Week::PLAIN,
            holidays: [].into(),
            workdays: [].into(),
        }
    }

    pub(crate) fn publishing(&mut self, calendar: Calendar) -> VerifiedRecord {
        self.authority(Action::PublishCalendar { calendar })
    }

    pub(crate) fn pack(&self, clocks: &[(Clock, u16)]) -> RulePack {
        RulePack {
            name: "LOCAL".parse().unwrap(),
            title: text("Local rules"),
            source: text("Decision 7"),
            from: self.now.plus(MIN_NOTICE_MS),
            clocks: clocks.iter().copied().collect(),
            stewards_important: 2,
            stewards_core: 2,
        }
    }

    /// The health agency supervises.
    pub(crate) fn supervised(&mut self) {
        self.pass(supervisor(HEALTH));
    }

    /// A rule pack signed by the competent authority and the supervisor.
    pub(crate) fn ruling(&mut self, pack: RulePack) -> VerifiedRecord {
        self.signed_by_two(Action::PublishRules { pack }, [AUTHORITY, HEALTH])
    }

    /// A record that the stewards of two members sign.
    pub(crate) fn signed_by_two(&mut self, action: Action, members: [&str; 2]) -> VerifiedRecord {
        let mut draft = self.draft(members[0], KeyRole::Steward, action);
        let second = secret(members[1], KeyRole::Steward);
        draft.statement.signers.push(comity_core::statement::StatementSigner {
            agency: members[1].parse().unwrap(),
            key: second.public(),
            ..draft.statement.signers[0].clone()
        });
        draft.keys.push(second);
        draft.verified()
    }

    /// Rules with these clocks begin.
    pub(crate) fn under_rules(&mut self, clocks: &[(Clock, u16)]) {
        self.supervised();
        let pack = self.pack(clocks);
        let from = pack.from;
        let record = self.ruling(pack);
        self.commit(vec![record]);
        self.pass_until(from);
    }

    pub(crate) fn reviewing(&mut self, request: RequestId, fault: &str) -> VerifiedRecord {
        self.authority(Action::ReviewRequest { request, fault: text(fault) })
    }

    pub(crate) fn extending(&mut self, request: RequestId, days: u16) -> VerifiedRecord {
        self.steward(Action::ExtendReply { request, days, reason: text("much work") })
    }

    pub(crate) fn delivering(&mut self, grant: GrantId) -> VerifiedRecord {
        self.steward(Action::ReportDelivery { grant })
    }

    pub(crate) fn refreshing(&mut self) -> VerifiedRecord {
        self.steward(Action::RefreshDataset { dataset: dataset_id() })
    }

    pub(crate) fn duties_of(&self, request: RequestId) -> Vec<Duty> {
        duty::of_request(&self.ledger, &state::request(&self.ledger, request).unwrap())
    }
}

fn supervisor(agency: &str) -> Measure {
    Measure::Appoint { office: Office::Supervisor, agencies: [agency.parse().unwrap()].into() }
}

fn supervision(refusal: SupervisionRefusal) -> Refusal {
    Refusal::Supervision(refusal)
}

fn unfit_calendar(
    story: &mut Story,
    fault: CalendarFault,
    spoil: fn(&mut Calendar),
) -> (VerifiedRecord, Refusal) {
    let mut calendar = story.calendar(0, 60);
    spoil(&mut calendar);
    (story.publishing(calendar), supervision(SupervisionRefusal::CalendarUnfit { fault }))
}

fn unfit_rules(
    story: &mut Story,
    fault: RulePackFault,
    spoil: fn(&mut RulePack),
) -> (VerifiedRecord, Refusal) {
    story.supervised();
    let mut pack = story.pack(&[]);
    spoil(&mut pack);
    (story.ruling(pack), supervision(SupervisionRefusal::RulesUnfit { fault }))
}

/// Cases about calendars, rule packs and duties.
pub(crate) const CASES: &[Case] = &[
    |story| {
        let calendar = story.calendar(0, 60);
        let record = story.steward(Action::PublishCalendar { calendar });
        (record, wrong_signer(AUTHORITY, KeyRole::Steward))
    },
    |story| unfit_calendar(story, CalendarFault::Period, |calendar| calendar.last = Day(0)),
    |story| unfit_calendar(story, CalendarFault::Week, |calendar| calendar.week = Week(0)),
    |story| {
        unfit_calendar(story, CalendarFault::Days, |calendar| {
            calendar.holidays.insert(Day(calendar.last.0 + 1));
        })
    },
    |story| {
        let calendar = story.calendar(0, 29);
        let day = Day(story.today().0 + 30);
        let refusal = SupervisionRefusal::CalendarTooShort { day };
        (story.publishing(calendar), supervision(refusal))
    },
    |story| {
        let (first, again) = (story.calendar(0, 60), story.calendar(0, 60));
        let record = story.publishing(first);
        story.commit(vec![record]);
        let day = Day(story.today().0 + 1);
        (story.publishing(again), supervision(SupervisionRefusal::CalendarOverlap { day }))
    },
    |story| {
        let (first, second) = (story.calendar(0, 60), story.calendar(62, 60));
        let day = Day(first.last.0 + 1);
        let record = story.publishing(first);
        story.commit(vec![record]);
        (story.publishing(second), supervision(SupervisionRefusal::CalendarGap { day }))
    },
    |story| {
        for number in 0..MAX_CALENDARS as u64 {
            let calendar = story.calendar(40 * number, 39);
            let record = story.publishing(calendar);
            let committed = story.commit(vec![record]);
            assert!(committed.0 > number);
        }
        let calendar = story.calendar(40 * MAX_CALENDARS as u64, 39);
        let limit = MAX_CALENDARS as u64;
        (story.publishing(calendar), supervision(SupervisionRefusal::TooManyCalendars { limit }))
    },
    |story| {
        let pack = story.pack(&[]);
        let record = story.authority(Action::PublishRules { pack });
        (record, supervision(SupervisionRefusal::NoSupervisor))
    },
    |story| {
        story.supervised();
        let pack = story.pack(&[]);
        let role = KeyRole::Steward;
        let needed = [AUTHORITY, HEALTH]
            .map(|agency| SignerNeeded { agency: agency.parse().unwrap(), role });
        let record = story.authority(Action::PublishRules { pack });
        (record, Refusal::WrongSigners { needed: needed.into() })
    },
    |story| {
        story.supervised();
        let pack = story.pack(&[]);
        let role = KeyRole::Steward;
        let needed = [AUTHORITY, HEALTH]
            .map(|agency| SignerNeeded { agency: agency.parse().unwrap(), role });
        let record = story.signed_by_two(Action::PublishRules { pack }, [AUTHORITY, CIVIL]);
        (record, Refusal::WrongSigners { needed: needed.into() })
    },
    |story| unfit_rules(story, RulePackFault::Text, |pack| pack.source = text("")),
    |story| {
        unfit_rules(story, RulePackFault::Clock, |pack| {
            pack.clocks = BTreeMap::from([(Clock::Delivery, 501)]);
        })
    },
    |story| unfit_rules(story, RulePackFault::Stewards, |pack| pack.stewards_core = 0),
    |story| {
        story.supervised();
        let (pack, again) = (story.pack(&[]), story.pack(&[]));
        let record = story.ruling(pack);
        let at = story.commit(vec![record]);
        let again = RulePack { from: again.from.plus(DAY_MS), ..again };
        (story.ruling(again), supervision(SupervisionRefusal::RulesNameTaken { at }))
    },
    |story| {
        story.supervised();
        let pack = RulePack { from: story.now, ..story.pack(&[]) };
        let earliest = story.now.plus(MIN_NOTICE_MS);
        (story.ruling(pack), supervision(SupervisionRefusal::RulesTooSoon { earliest }))
    },
    |story| {
        story.supervised();
        let first = story.pack(&[]);
        for number in 0..256 {
            let name = format!("P{number}").parse().unwrap();
            let from = first.from.plus(number * DAY_MS);
            let record = story.ruling(RulePack { name, from, ..first.clone() });
            story.commit(vec![record]);
        }
        let pack = RulePack { from: first.from.plus(400 * DAY_MS), ..first };
        (story.ruling(pack), supervision(SupervisionRefusal::TooManyRules { limit: 256 }))
    },
    |story| {
        let record = story.proposing(CIVIL, supervisor(AUTHORITY));
        (record, unfit(comity_core::refusal::MeasureFault::Office))
    },
    |story| {
        let request = story.opened();
        (story.reviewing(request, ""), Refusal::Duty(DutyRefusal::NoReview { request }))
    },
    |story| {
        story.under_rules(&[(Clock::ComplianceReview, 2)]);
        let request = story.opened();
        let record = story.steward(Action::ReviewRequest { request, fault: text("") });
        (record, wrong_signer(AUTHORITY, KeyRole::Steward))
    },
    |story| {
        story.under_rules(&[(Clock::ComplianceReview, 2)]);
        let request = story.opened();
        let record = story.reviewing(request, "");
        let at = story.commit(vec![record]);
        let again = story.reviewing(request, "unclear");
        (again, Refusal::Duty(DutyRefusal::Reviewed { request, at }))
    },
    |story| {
        let request = story.opened();
        let record = story.extending(request, 3);
        let at = story.commit(vec![record]);
        let again = story.extending(request, 1);
        (again, Refusal::Duty(DutyRefusal::Extended { request, at }))
    },
    |story| {
        let request = story.opened();
        let record = story.extending(request, 11);
        (record, Refusal::Duty(DutyRefusal::ExtensionDays { limit: 10 }))
    },
    |story| {
        let request = story.opened();
        let action = Action::ExtendReply { request, days: 1, reason: text("") };
        (story.steward(action), Refusal::Duty(DutyRefusal::ExtensionWithoutReason))
    },
    |story| {
        let request = story.opened();
        let action = Action::ExtendReply { request, days: 1, reason: text("much work") };
        (story.officer(action), wrong_signer(CIVIL, KeyRole::Steward))
    },
    |story| {
        story.under_rules(&[(Clock::ReplyExtension, 5)]);
        let request = story.opened();
        let record = story.extending(request, 5);
        (record, Refusal::Duty(DutyRefusal::NoReplyClock { request }))
    },
    |story| {
        let request = story.opened();
        let due = story.duties_of(request)[0].due;
        story.pass_until(due);
        let record = story.extending(request, 1);
        (record, Refusal::Duty(DutyRefusal::ReplyLapsed { request, due }))
    },
    |story| {
        let record = story.delivering(GRANT);
        let at = story.commit(vec![record]);
        let refusal = DutyRefusal::Delivered { grant: GRANT, at };
        (story.delivering(GRANT), Refusal::Duty(refusal))
    },
    |story| {
        let until = terms().not_after;
        story.pass_until(until);
        let refusal = DutyRefusal::DeliveryOver { grant: GRANT, until };
        (story.delivering(GRANT), Refusal::Duty(refusal))
    },
    |story| {
        let dataset = dataset_id();
        (story.refreshing(), Refusal::Duty(DutyRefusal::NoUpdatePromised { dataset }))
    },
    |story| {
        let promised = Dataset { update_days: Some(0), ..dataset() };
        let record = story.steward(Action::AmendDataset { dataset: promised, version: 1 });
        (record, Refusal::Duty(DutyRefusal::UpdatePeriodZero))
    },
];
