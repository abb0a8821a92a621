//! What an inbox says of check requests and incidents: what is to be answered or taken over, which
//! wrong data the agency received, and which incidents concern it.
//! Holds: that somebody received something is counted from the log, not believed of anybody.

use comity_core::check_request::CheckOutcome;
use comity_core::duty::DutyObject;
use comity_core::ids::{CheckId, TimeMs};
use comity_core::rule_pack::Clock;
use comity_core::statement::Action;
use serde_json::{Value, json};

use super::super::recipients::{self, Received};
use super::super::{check, duty};
use super::{DutyAnswer, Inbox, NEAR_DAYS};
use crate::client::{CheckFound, EntryAnswer, IncidentFound};
use crate::fault::Fault;
use crate::messages::say;
use crate::time::{self, DAY_MS};

/// How an incident concerns an agency that did not report it.
enum Concern {
    Received(u64, TimeMs),
    Side,
}

impl Inbox<'_> {
    /// Checks that the agency holds, and checks that it is asked to take over.
    pub(super) fn checks(&mut self, owed: &[(DutyAnswer, Value)]) -> Result<(), Fault> {
        let query = self.of_agency("holder", &[("state", "open")]);
        let held: Vec<CheckFound> = self.client.all("/v1/checks", &query, "checks")?;
        if let Some(first) = held.first() {
            let mut lines = Vec::new();
            for found in &held {
                lines.push(claim(found));
                lines.extend(self.due(found.id, owed));
            }
            lines.push(say!("inbox-check-answer", check = first.id));
            let title = say!("inbox-checks", count = held.len());
            self.section("checks", title, of_checks(&held), lines);
        }
        let query = self.of_agency("agency", &[("state", "open")]);
        let mut offered: Vec<CheckFound> = self.client.all("/v1/checks", &query, "checks")?;
        offered.retain(|found| found.check.waiting().is_some_and(|offer| offer.to == self.agency));
        let Some(first) = offered.first() else { return Ok(()) };
        let mut lines = Vec::new();
        for found in &offered {
            lines.push(claim(found));
            let offer = found.check.waiting().into_iter();
            lines
                .extend(offer.map(|offer| {
                    say!("inbox-offer", agency = found.holder, reason = offer.reason)
                }));
        }
        lines.push(say!("inbox-accept", check = first.id));
        let title = say!("inbox-offered", count = offered.len());
        self.section("offered_checks", title, of_checks(&offered), lines);
        Ok(())
    }

    /// Disputes that the agency is to rule on, and what it is to decide anew.
    pub(super) fn disputes(&mut self, owed: &[(DutyAnswer, Value)]) -> Result<(), Fault> {
        let clocks = [Clock::DisputeAnswer, Clock::DisputeDecision, Clock::DecideAnew];
        let of_disputes = owed.iter().filter(|(answer, _)| clocks.contains(&answer.duty.clock));
        let of_disputes: Vec<_> = of_disputes.cloned().collect();
        let Some((first, _)) = of_disputes.first() else { return Ok(()) };
        let first = duty::about(&first.duty.object);
        let mut lines = self.duty_lines(&of_disputes);
        lines.push(say!("inbox-dispute-look", dispute = first));
        let title = say!("inbox-disputes", count = of_disputes.len());
        self.section("disputes", title, super::found(&of_disputes), lines);
        Ok(())
    }

    /// By when the agency owes the answer to a check.
    fn due(&self, id: CheckId, owed: &[(DutyAnswer, Value)]) -> Option<String> {
        let is_answer = |answer: &DutyAnswer| {
            answer.duty.clock == Clock::CheckReply && answer.duty.object == DutyObject::Check(id)
        };
        let (answer, _) = owed.iter().find(|(answer, _)| is_answer(answer))?;
        let zone = &self.session.shell.zone;
        let (day, state) = (time::last_date(answer.duty.due, zone), duty::stands(answer, zone));
        Some(say!("inbox-detail", detail = say!("inbox-check-due", day = day, state = state)))
    }

    /// Checks that the agency asked for.
    pub(super) fn own_checks(&mut self) -> Result<(), Fault> {
        let since = self.lately();
        let query = self.of_agency("agency", &[]);
        let mut own: Vec<CheckFound> = self.client.all("/v1/checks", &query, "checks")?;
        let recent = |found: &CheckFound| {
            found.check.answer.as_ref().is_none_or(|answer| answer.given.on >= since)
        };
        own.retain(|found| found.check.opened_by == self.agency && recent(found));
        if own.is_empty() {
            return Ok(());
        }
        let line = |found: &CheckFound| {
            let (dataset, state) = (&found.check.terms.dataset, check::state(&found.state));
            let agency = &found.holder;
            say!(
                "inbox-own-check",
                check = found.id,
                dataset = dataset,
                state = state,
                agency = agency
            )
        };
        let lines = own.iter().map(line).collect();
        let title = say!("inbox-own-checks", count = own.len());
        self.section("own_checks", title, of_checks(&own), lines);
        Ok(())
    }

    /// Wrong data that the agency received, of checks upheld lately.
    pub(super) fn wrong_data(&mut self) -> Result<(), Fault> {
        let (mut found, mut lines, mut first) = (Vec::new(), Vec::new(), None);
        for entry in self.entries("answer-check")? {
            let Action::AnswerCheck { check, outcome: CheckOutcome::Upheld { correction, .. } } =
                &entry.record.statement.action
            else {
                continue;
            };
            let upheld: CheckFound = self.client.get(&format!("/v1/checks/{check}"))?;
            let received = recipients::of_check(&self.client, &upheld.check, Some(&self.agency))?;
            let Some((count, since, until)) = summed(&received) else { continue };
            let zone = &self.session.shell.zone;
            lines.push(say!(
                "inbox-wrong-data",
                check = check,
                dataset = upheld.check.terms.dataset,
                count = count,
                first = time::date(since, zone),
                last = time::date(until, zone),
                correction = correction,
            ));
            first.get_or_insert(*check);
            found.push(json!({ "check": check, "received": received }));
        }
        let Some(first) = first else { return Ok(()) };
        lines.push(say!("inbox-wrong-look", check = first));
        let title = say!("inbox-wrong", count = found.len());
        self.section("wrong_data", title, Value::Array(found), lines);
        Ok(())
    }

    /// Incidents of others, reported lately, whose data the agency received or gave.
    pub(super) fn incidents(&mut self) -> Result<(), Fault> {
        let query = self.of_agency("agency", &[]);
        let sides: Vec<IncidentFound> = self.client.all("/v1/incidents", &query, "incidents")?;
        let (mut found, mut lines, mut first) = (Vec::new(), Vec::new(), None);
        for entry in self.entries("report-incident")? {
            let id = comity_core::ids::IncidentId(entry.index);
            let one: IncidentFound = self.client.get(&format!("/v1/incidents/{id}"))?;
            if one.incident.reported_by == self.agency {
                continue;
            }
            let received =
                recipients::of_incident(&self.client, &one.incident, Some(&self.agency))?;
            let concern = match summed(&received) {
                Some((count, since, _)) => Concern::Received(count, since),
                None if sides.iter().any(|side| side.id == id) => Concern::Side,
                None => continue,
            };
            lines.extend(self.incident_lines(&one, &concern));
            first.get_or_insert(id);
            found.push(json!({ "incident": id, "state": one.state, "received": received }));
        }
        let Some(first) = first else { return Ok(()) };
        lines.push(say!("inbox-incident-look", incident = first));
        let title = say!("inbox-incidents", count = found.len());
        self.section("incidents", title, Value::Array(found), lines);
        Ok(())
    }

    fn incident_lines(&self, found: &IncidentFound, concern: &Concern) -> [String; 2] {
        let (zone, incident) = (&self.session.shell.zone, &found.incident);
        let detail = match concern {
            Concern::Received(count, since) => {
                let first = time::date(*since, zone);
                say!("inbox-incident-received", count = count, first = first)
            }
            Concern::Side => say!("inbox-incident-side"),
        };
        let (agency, nature) = (&incident.reported_by, &incident.terms.nature);
        let day = time::date(incident.reported.on, zone);
        [
            say!(
                "inbox-incident",
                incident = found.id,
                agency = agency,
                day = day,
                nature = nature
            ),
            say!("inbox-detail", detail = detail),
        ]
    }

    /// The entries of a kind of the last days, newest first.
    fn entries(&self, kind: &str) -> Result<Vec<EntryAnswer>, Fault> {
        let query = vec![
            ("order", "desc".to_owned()),
            ("kind", kind.to_owned()),
            ("since", self.lately().to_string()),
        ];
        self.client.all("/v1/entries", &query, "entries")
    }

    fn lately(&self) -> TimeMs {
        TimeMs(self.now().0.saturating_sub(NEAR_DAYS * DAY_MS))
    }
}

/// How often, since when and until when something was received, if it was.
fn summed(received: &[Received]) -> Option<(u64, TimeMs, TimeMs)> {
    let since = received.iter().map(|one| one.first_on).min()?;
    let until = received.iter().map(|one| one.last_on).max()?;
    Some((received.iter().map(|one| one.accesses).sum(), since, until))
}

fn claim(found: &CheckFound) -> String {
    let terms = &found.check.terms;
    say!(
        "inbox-check",
        check = found.id,
        agency = found.check.opened_by,
        dataset = terms.dataset,
        claim = terms.claim,
    )
}

fn of_checks(checks: &[CheckFound]) -> Value {
    let row = |found: &CheckFound| {
        let terms = &found.check.terms;
        json!({
            "check": found.id, "state": found.state, "holder": found.holder,
            "dataset": terms.dataset, "opened_by": found.check.opened_by,
            "opened_on": found.check.opened.on,
        })
    };
    checks.iter().map(row).collect()
}
