//! Incidents: every rule about them broken once, whom they concern, and what was undertaken.
//! Holds: a report in time keeps the promise; nobody reports of others' data.

use comity_core::access::Attempt;
use comity_core::agency::KeyRole;
use comity_core::binding::{Promise, Side};
use comity_core::dataset::Dataset;
use comity_core::duty::{self, Duty, DutyObject, DutyState};
use comity_core::grant::GrantTerms;
use comity_core::ids::{GrantId, IncidentId, LogIndex, TimeMs};
use comity_core::incident::{Incident, IncidentTerms, MAX_AFFECTED};
use comity_core::refusal::{IncidentRefusal, Refusal};
use comity_core::state;
use comity_core::statement::{Action, VerifiedRecord};

use crate::acts::{AUTHORITY, another};
use crate::bindings::{by, derived, wide};
use crate::chance::Chance;
use crate::refusals::{Case, wrong_signer};
use crate::story::{CIVIL, FINANCE, HEALTH, START, Story, dataset, dataset_id, terms, text};

const DAY_MS: u64 = 86_400_000;
const GRANT: GrantId = GrantId(LogIndex(1));

/// What the requesting agency reports of the usual grant.
pub(crate) fn leak() -> IncidentTerms {
    IncidentTerms {
        datasets: [].into(),
        grants: [GRANT].into(),
        since: START,
        found: START,
        nature: text("A laptop was lost on the way"),
    }
}

fn of_dataset() -> IncidentTerms {
    IncidentTerms { datasets: [dataset_id()].into(), grants: [].into(), ..leak() }
}

impl Story {
    pub(crate) fn reporting(&mut self, by: &str, terms: IncidentTerms) -> VerifiedRecord {
        self.record(by, KeyRole::Steward, Action::ReportIncident { terms })
    }

    pub(crate) fn reported(&mut self, by: &str, terms: IncidentTerms) -> IncidentId {
        let record = self.reporting(by, terms);
        IncidentId(self.commit(vec![record]))
    }

    pub(crate) fn telling(&mut self, by: &str, incident: IncidentId) -> VerifiedRecord {
        let action = Action::UpdateIncident { incident, note: text("It was found") };
        self.record(by, KeyRole::Steward, action)
    }

    pub(crate) fn closing(&mut self, by: &str, incident: IncidentId) -> VerifiedRecord {
        let measures = text("Disks are sealed from now on");
        self.record(by, KeyRole::Steward, Action::CloseIncident { incident, measures })
    }

    fn incident_of(&self, incident: IncidentId) -> Incident {
        state::incident(&self.ledger, incident).unwrap()
    }

    fn duties_of_incident(&self, incident: IncidentId) -> Vec<Duty> {
        duty::of_incident(&self.ledger, &self.incident_of(incident))
    }

    /// A grant in which both sides undertook to tell of incidents, within so many days.
    fn promised(&mut self, provider: u16, requester: u16) -> GrantId {
        let undertakings = vec![
            by(Side::Requester, Promise::DeleteAfterDays(30)),
            by(Side::Provider, Promise::NotifyIncidentDays(provider)),
            by(Side::Requester, Promise::NotifyIncidentDays(requester)),
        ];
        self.issue(GrantTerms { undertakings, not_after: START.plus(900 * DAY_MS), ..terms() })
    }

    fn used_now(&mut self, grant: GrantId) {
        let access = self.access(grant);
        self.commit(vec![access]);
    }
}

fn refused(refusal: IncidentRefusal) -> Refusal {
    Refusal::Incident(refusal)
}

fn not_a_party(agency: &str) -> Refusal {
    refused(IncidentRefusal::NotAParty { agency: agency.parse().unwrap() })
}

fn too_many() -> Refusal {
    refused(IncidentRefusal::AffectedCount { limit: MAX_AFFECTED as u64 })
}

/// Something that breaks each rule. The grant is the usual one.
pub(crate) const CASES: &[Case] = &[
    |story| {
        let action = Action::ReportIncident { terms: leak() };
        let record = story.record(FINANCE, KeyRole::Officer, action);
        (record, wrong_signer(FINANCE, KeyRole::Steward))
    },
    |story| {
        let terms = IncidentTerms { grants: [].into(), ..leak() };
        (story.reporting(FINANCE, terms), too_many())
    },
    |story| {
        let many = (0..MAX_AFFECTED as u64).map(|number| GrantId(LogIndex(number)));
        let terms = IncidentTerms { grants: many.collect(), ..of_dataset() };
        (story.reporting(CIVIL, terms), too_many())
    },
    |story| {
        let dataset = another().id;
        let terms = IncidentTerms { datasets: [dataset.clone()].into(), ..leak() };
        (story.reporting(CIVIL, terms), Refusal::DatasetUnknown { dataset })
    },
    |story| {
        let grant = GrantId(LogIndex(9));
        let terms = IncidentTerms { grants: [GRANT, grant].into(), ..leak() };
        (story.reporting(FINANCE, terms), Refusal::GrantUnknown { grant })
    },
    |story| (story.reporting(HEALTH, leak()), not_a_party(HEALTH)),
    |story| (story.reporting(FINANCE, of_dataset()), not_a_party(FINANCE)),
    |story| {
        // Of two things, one is another's.
        let terms = IncidentTerms { datasets: [dataset_id()].into(), ..leak() };
        (story.reporting(FINANCE, terms), not_a_party(FINANCE))
    },
    |story| {
        let found = TimeMs(START.0 - 1);
        let record = story.reporting(FINANCE, IncidentTerms { found, ..leak() });
        (record, refused(IncidentRefusal::IncidentTimes))
    },
    |story| {
        let found = story.now.plus(1);
        let record = story.reporting(FINANCE, IncidentTerms { found, ..leak() });
        (record, refused(IncidentRefusal::IncidentTimes))
    },
    |story| {
        let record = story.reporting(FINANCE, IncidentTerms { nature: text(""), ..leak() });
        (record, refused(IncidentRefusal::IncidentTextEmpty))
    },
    |story| {
        let incident = IncidentId(GRANT.0);
        let record = story.telling(FINANCE, incident);
        (record, refused(IncidentRefusal::IncidentUnknown { incident }))
    },
    |story| {
        let incident = story.reported(FINANCE, leak());
        (story.telling(CIVIL, incident), wrong_signer(FINANCE, KeyRole::Steward))
    },
    |story| {
        let incident = story.reported(FINANCE, leak());
        let action = Action::UpdateIncident { incident, note: text("") };
        let record = story.record(FINANCE, KeyRole::Steward, action);
        (record, refused(IncidentRefusal::IncidentTextEmpty))
    },
    |story| {
        let incident = story.reported(FINANCE, leak());
        (story.closing(CIVIL, incident), wrong_signer(FINANCE, KeyRole::Steward))
    },
    |story| {
        let incident = story.reported(FINANCE, leak());
        let action = Action::CloseIncident { incident, measures: text("") };
        let record = story.record(FINANCE, KeyRole::Steward, action);
        (record, refused(IncidentRefusal::IncidentTextEmpty))
    },
    |story| {
        let incident = story.reported(FINANCE, leak());
        let first = story.closing(FINANCE, incident);
        let at = story.commit(vec![first]);
        let record = story.closing(FINANCE, incident);
        (record, refused(IncidentRefusal::IncidentClosed { incident, at }))
    },
    |story| {
        let incident = story.reported(FINANCE, leak());
        let first = story.closing(FINANCE, incident);
        let at = story.commit(vec![first]);
        let record = story.telling(FINANCE, incident);
        (record, refused(IncidentRefusal::IncidentClosed { incident, at }))
    },
];

#[test]
fn whoever_owns_manages_gave_or_received_may_report() {
    let (mut story, grant) = Story::with_grant(terms());
    let (_, below) = story.passed_on(wide(), derived());
    let manager = Some(AUTHORITY.parse().unwrap());
    story.amend(Dataset { manager, ..dataset() }, 1).unwrap();
    let under = |grant: GrantId| IncidentTerms { grants: [grant].into(), ..leak() };
    for (agency, terms, allowed) in [
        (CIVIL, of_dataset(), true),
        (AUTHORITY, of_dataset(), true),
        (HEALTH, of_dataset(), false),
        (FINANCE, under(grant), true),
        (FINANCE, under(below), true),
        (HEALTH, under(below), true),
        (HEALTH, under(grant), false),
    ] {
        let record = story.reporting(agency, terms);
        assert_eq!(story.check(&record).is_ok(), allowed, "{agency}");
    }
}

#[test]
fn an_incident_under_a_grant_that_ended_is_reported_all_the_same() {
    let (mut story, grant) = Story::with_grant(terms());
    let records = vec![story.revoke_grant(grant), story.withdrawal()];
    story.commit(records);
    let record = story.reporting(FINANCE, leak());
    assert_eq!(story.check(&record), Ok(()));
}

#[test]
fn news_are_counted_until_the_incident_is_closed() {
    let (mut story, _) = Story::with_grant(terms());
    let incident = story.reported(FINANCE, leak());
    for count in 1..=3 {
        let record = story.telling(FINANCE, incident);
        let at = story.commit(vec![record]);
        let found = story.incident_of(incident);
        assert_eq!((found.updates, found.updated.unwrap().at), (count, at));
    }
    let record = story.closing(FINANCE, incident);
    let at = story.commit(vec![record]);
    let found = story.incident_of(incident);
    assert_eq!(found.closed.unwrap().on.at, at);
    assert_eq!((found.updates, found.terms), (3, leak()));
}

#[test]
fn who_received_what_since_when_follows_from_the_accesses() {
    let (mut story, grant) = Story::with_grant(terms());
    let attempt = story.attempt(grant);
    let since = story.now;
    let found = since;
    let of_grant = story.reported(FINANCE, IncidentTerms { since, found, ..leak() });
    let of_data = story.reported(CIVIL, IncidentTerms { since, found, ..of_dataset() });
    let other = Attempt { grant: GrantId(LogIndex(9)).into(), ..attempt.clone() };
    let elsewhere = Attempt { dataset: another().id, ..other.clone() };
    for (incident, told) in [(of_grant, [true, false, false]), (of_data, [true, true, false])] {
        let incident = story.incident_of(incident);
        let concerned =
            [&attempt, &other, &elsewhere].map(|attempt| incident.concerns(attempt, since));
        assert_eq!(concerned, told);
        assert!(!incident.concerns(&attempt, TimeMs(since.0 - 1)), "before that all was well");
    }
    let closed_on = story.now;
    let record = story.closing(FINANCE, of_grant);
    story.commit(vec![record]);
    let closed = story.incident_of(of_grant);
    assert!(closed.concerns(&attempt, TimeMs(closed_on.0 - 1)));
    assert!(!closed.concerns(&attempt, closed_on), "what is handed out later is not affected");
}

#[test]
fn a_report_in_time_keeps_the_promise_and_a_late_one_shows() {
    let (mut story, _) = Story::with_grant(terms());
    let grant = story.promised(5, 2);
    story.used_now(grant);
    let found = story.now;
    let report = IncidentTerms { grants: [GRANT, grant].into(), found, ..leak() };
    let soon = story.reported(FINANCE, report.clone());
    story.pass_until(found.plus(20 * DAY_MS));
    let late = story.reported(CIVIL, report);
    let [in_time, too_late] = [soon, late].map(|incident| {
        let [duty] = &story.duties_of_incident(incident)[..] else { panic!("one was promised") };
        duty.clone()
    });
    let about = |number| DutyObject::Undertaking { grant, number };
    assert_eq!((in_time.object.clone(), in_time.owed_by.as_str()), (about(3), FINANCE));
    assert_eq!((too_late.object.clone(), too_late.owed_by.as_str()), (about(2), CIVIL));
    assert_eq!((in_time.owed_to, in_time.began), (Some(CIVIL.parse().unwrap()), found));
    assert_eq!(in_time.due, duty::due(&story.ledger, &in_time.owed_by, found, 2));
    let now = story.now;
    let stands = |duty: &Duty| duty.state(now);
    assert_eq!(stands(&too_late), DutyState::MetLate);
    assert_eq!(story.duties_of_incident(soon)[0].state(now), DutyState::Met);
}

#[test]
fn nothing_is_owed_by_who_undertook_nothing_or_was_not_bound_yet() {
    let (mut story, _) = Story::with_grant(terms());
    let grant = story.promised(5, 2);
    let found = story.now;
    let report = IncidentTerms { grants: [grant].into(), found, ..leak() };
    let unused = story.reported(FINANCE, report.clone());
    assert_eq!(story.duties_of_incident(unused), [], "the requester has not used it yet");
    let earlier = IncidentTerms { found: START, ..report };
    let before = story.reported(CIVIL, earlier);
    assert_eq!(story.duties_of_incident(before), [], "it was known when the grant was issued");
    let plain = story.reported(CIVIL, leak());
    assert_eq!(story.duties_of_incident(plain), []);
}

#[test]
fn an_incident_of_a_dataset_binds_who_granted_on_it() {
    let (mut story, _) = Story::with_grant(terms());
    let grant = story.promised(5, 2);
    story.used_now(grant);
    let found = story.now;
    let incident = story.reported(CIVIL, IncidentTerms { found, ..of_dataset() });
    let incident = story.incident_of(incident);
    assert_eq!(duty::of_incident(&story.ledger, &incident), [], "no grant is named");
    let under = |grant| duty::of_incident_under(&story.ledger, &incident, &story.granted(grant));
    assert_eq!(under(grant).unwrap().owed_by.as_str(), CIVIL);
    assert_eq!(under(GRANT), None);
}

#[test]
fn what_was_promised_equals_a_naive_recomputation() {
    let mut owed = 0;
    for seed in 0..60 {
        let mut chance = Chance(seed);
        let (mut story, _) = Story::with_grant(terms());
        let days =
            [1 + chance.next() % 9, 1 + chance.next() % 9].map(|d| u16::try_from(d).unwrap());
        let grant = story.promised(days[0], days[1]);
        let issued = story.granted(grant).issued_on;
        let used = (chance.below(2) == 0).then(|| {
            story.pass_until(issued.plus(chance.next() % (3 * DAY_MS) + 1_000));
            let on = story.now;
            story.used_now(grant);
            on
        });
        let found = TimeMs(story.now.0 - chance.next() % (3 * DAY_MS));
        story.pass_until(story.now.plus(chance.next() % (20 * DAY_MS) + 1_000));
        let reported = story.now;
        let (by, promised) = *chance.pick(&[(CIVIL, days[0]), (FINANCE, days[1])]);
        let since = found;
        let terms = IncidentTerms { grants: [grant].into(), since, found, ..leak() };
        let incident = story.reported(by, terms);
        let bound = found >= issued && (by == CIVIL || used.is_some_and(|used| used <= found));
        let duties = story.duties_of_incident(incident);
        assert_eq!(duties.len(), usize::from(bound), "seed {seed}");
        if let [duty] = &duties[..] {
            let due = duty::due(&story.ledger, &by.parse().unwrap(), found, promised);
            let state = if reported < due { DutyState::Met } else { DutyState::MetLate };
            assert_eq!((duty.due, duty.state(story.now)), (due, state), "seed {seed}");
            owed += 1;
        }
    }
    assert_eq!(owed, 7, "of these seeds");
}
