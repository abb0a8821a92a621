//! `comity inbox`: what waits for whom: the steward's open requests, the officer's replies and
//! ending grants, the admin's ending keys, the auditor's newest denials; who received wrong data, or
//! is concerned by an incident, is told.
//! Holds: the most urgent comes first; whatever waits says who holds it and what to do next.

mod invited;
mod owing;
mod told;

use comity_core::agency::KeyRole;
use comity_core::duty::{Duty, DutyObject};
use comity_core::ids::TimeMs;
use comity_core::request::Outcome;
use comity_core::rule_pack::Clock;
use comity_core::statement::Action;
use comity_core::text::AgencyId;
use serde_json::{Value, json};

use super::duty::DutyAnswer;
use super::{duty, grant, request};
use crate::args::ShowInbox;
use crate::client::{Client, EntryAnswer, GrantAnswer, KeyAnswer, RequestAnswer};
use crate::fault::Fault;
use crate::holder::Holder;
use crate::messages::{fault, say, text};
use crate::shell::Session;
use crate::time::{self, DAY_MS};
use crate::wrap::fold;
use crate::{describe, table};

/// What ends or was answered within so many days is shown.
const NEAR_DAYS: u64 = 30;
/// Of a quota, what is nearly used up: nine tenths.
const NEARLY_USED: (u64, u64) = (9, 10);
/// Most denials shown.
const MAX_DENIALS: usize = 20;

/// Somebody's inbox, section by section.
struct Inbox<'a> {
    client: Client,
    agency: AgencyId,
    session: &'a Session<'a>,
    /// What programs get.
    object: serde_json::Map<String, Value>,
    /// What people read.
    lines: Vec<String>,
}

pub(super) fn run(args: &ShowInbox, session: &mut Session<'_>) -> Result<(), Fault> {
    let (agency, role, post) = match (&args.agency, args.role, &args.key) {
        (Some(agency), Some(role), _) => (agency.clone(), role, String::new()),
        (_, _, Some(path)) => {
            let Holder { agency, role, post, .. } = Holder::load(path)?;
            (agency, role, post)
        }
        _ => unreachable!("a key, or an agency with a role, is required"),
    };
    let client = session.client()?;
    let (object, lines) = {
        let object = serde_json::Map::new();
        let whose = match post.as_str() {
            "" => say!("inbox-title", agency = agency, role = role),
            post => say!("inbox-title-post", agency = agency, role = role, post = post),
        };
        let mut inbox = Inbox { client, agency, session, object, lines: vec![whose] };
        match role {
            KeyRole::Steward => {
                let owed = inbox.owed()?;
                inbox.steward(&owed)?;
                inbox.checks(&owed)?;
                inbox.disputes(&owed)?;
                inbox.duties(&owed)?;
                inbox.invitations()?;
                inbox.wrong_data()?;
                inbox.incidents()?;
            }
            KeyRole::Officer | KeyRole::Gateway => {
                inbox.officer()?;
                inbox.own_checks()?;
                inbox.wrong_data()?;
                inbox.incidents()?;
            }
            KeyRole::Admin => inbox.admin()?,
            KeyRole::Auditor => {
                inbox.reviews()?;
                inbox.auditor()?;
            }
            role => return Err(fault!(Usage, "inbox-of-node", role = role)),
        }
        inbox.object.insert("agency".to_owned(), json!(inbox.agency));
        inbox.object.insert("role".to_owned(), json!(role));
        (inbox.object, inbox.lines)
    };
    session.result(&Value::Object(object), |_| fold(&lines.join("\n")))
}

impl Inbox<'_> {
    fn now(&self) -> TimeMs {
        self.session.as_of()
    }

    fn section(&mut self, name: &str, title: String, found: Value, lines: Vec<String>) {
        self.object.insert(name.to_owned(), found);
        self.lines.push(String::new());
        self.lines.push(title);
        self.lines.extend(lines);
    }

    fn of_agency(
        &self,
        name: &'static str,
        more: &[(&'static str, &str)],
    ) -> Vec<(&'static str, String)> {
        let more = more.iter().map(|(name, value)| (*name, (*value).to_owned()));
        std::iter::once((name, self.agency.to_string())).chain(more).collect()
    }

    /// Open requests to the agency's datasets, and datasets that nobody has classified.
    fn steward(&mut self, owed: &[(DutyAnswer, Value)]) -> Result<(), Fault> {
        // Who decides is not always who owns.
        let mut open = self.client.requests(&vec![("state", "open".to_owned())])?;
        open.retain(|answer| answer.request.decided_by == self.agency);
        open.sort_by_key(urgency);
        let mut lines = Vec::new();
        for answer in &open {
            let asked = &answer.request.terms.asked;
            let (requester, dataset) = (&asked.requester, &asked.dataset);
            lines.push(say!(
                "inbox-asks",
                request = answer.id,
                requester = requester,
                dataset = dataset
            ));
            let waiting = request::waiting(answer, self.session);
            let reply = owed.iter().find(|(duty, _)| is_reply_to(duty, answer));
            let detail = match reply {
                Some((reply, _)) => {
                    let zone = &self.session.shell.zone;
                    let (day, state) =
                        (time::last_date(reply.duty.due, zone), duty::stands(reply, zone));
                    say!("inbox-reply-due", detail = waiting, day = day, state = state)
                }
                None => waiting,
            };
            lines.push(say!("inbox-detail", detail = detail));
        }
        if let Some(first) = open.first() {
            lines.push(say!("inbox-answer", request = first.id));
        }
        let title = say!("inbox-requests", count = open.len());
        self.section("requests", title, ids(&open), lines);

        let query = self.of_agency("agency", &[("sharing", "unclassified")]);
        let found: Vec<Value> = self.client.all("/v1/datasets", &query, "datasets")?;
        let withdrawn = |dataset: &&Value| dataset["state"] == "withdrawn";
        let count = found.len() - found.iter().filter(withdrawn).count();
        let lines = match count {
            0 => vec![],
            _ => vec![say!("inbox-classify", agency = self.agency)],
        };
        self.section(
            "unclassified",
            say!("inbox-unclassified", count = count),
            json!(count),
            lines,
        );
        Ok(())
    }

    /// What the agency owes and has not done.
    fn owed(&self) -> Result<Vec<(DutyAnswer, Value)>, Fault> {
        let query = self.of_agency("agency", &[("undone", "true")]);
        let (owed, values) = duty::listed(&self.client, &query)?;
        let owed = owed.into_iter().zip(values);
        Ok(owed.filter(|(answer, _)| duty::is_open(answer)).collect())
    }

    /// What the agency owes, what waits for its review, and, for who supervises the sharing, what
    /// has lapsed anywhere 督办.
    fn duties(&mut self, owed: &[(DutyAnswer, Value)]) -> Result<(), Fault> {
        let of = |clocks: fn(Clock) -> bool| {
            owed.iter().filter(|(answer, _)| clocks(answer.duty.clock)).cloned().collect::<Vec<_>>()
        };
        let review = of(|clock| clock == Clock::ComplianceReview);
        if let Some((first, _)) = review.first() {
            let request = duty::about(&first.duty.object);
            let mut lines = self.duty_lines(&review);
            lines.push(say!("inbox-review", request = request));
            let title = say!("inbox-to-review", count = review.len());
            self.section("to_review", title, found(&review), lines);
        }
        self.owing(&of(owing::is_settled_here));
        if self.client.rules()?.competent_authority != self.agency {
            return Ok(());
        }
        let lapsed = vec![("undone", "true".to_owned()), ("state", "lapsed".to_owned())];
        let (lapsed, values) = duty::listed(&self.client, &lapsed)?;
        let lapsed: Vec<_> = lapsed.into_iter().zip(values).collect();
        let lines = self.duty_lines(&lapsed);
        self.section("lapsed", say!("inbox-lapsed", count = lapsed.len()), found(&lapsed), lines);
        Ok(())
    }

    fn duty_lines(&self, duties: &[(DutyAnswer, Value)]) -> Vec<String> {
        let zone = &self.session.shell.zone;
        let lines = duties.iter().flat_map(|(answer, _)| {
            let Duty { clock, object, owed_by, due, .. } = &answer.duty;
            let (what, about) = (text(&format!("clock-{clock}")), duty::about(object));
            let (day, state) = (time::last_date(*due, zone), duty::stands(answer, zone));
            [
                say!("inbox-duty", agency = owed_by, what = what, about = about),
                say!("inbox-detail", detail = say!("inbox-duty-due", day = day, state = state)),
            ]
        });
        lines.collect()
    }

    /// The agency's requests with their replies, and grants that end or do not count.
    fn officer(&mut self) -> Result<(), Fault> {
        let mut requests = self.client.requests(&self.of_agency("requester", &[]))?;
        requests.sort_by_key(urgency);
        let (open, answered): (Vec<_>, Vec<_>) = requests.into_iter().partition(request::is_open);
        let mut lines = Vec::new();
        for answer in &open {
            let dataset = &answer.request.terms.asked.dataset;
            let contact = self.client.find_dataset(dataset)?.map(|d| d.dataset.contact.to_string());
            let contact = contact.unwrap_or_default();
            lines.push(say!("inbox-own", request = answer.id, dataset = dataset));
            lines.push(say!("inbox-detail", detail = request::waiting(answer, self.session)));
            lines.push(say!("inbox-held", agency = dataset.agency, contact = contact));
        }
        if let Some(first) = open.first() {
            lines.push(say!("inbox-urge", request = first.id));
        }
        self.section("open", say!("inbox-open", count = open.len()), ids(&open), lines);

        let since = TimeMs(self.now().0.saturating_sub(NEAR_DAYS * DAY_MS));
        let recent = |answer: &RequestAnswer| {
            answer.request.reply.as_ref().is_some_and(|reply| reply.on >= since)
        };
        let mut answered: Vec<RequestAnswer> = answered.into_iter().filter(recent).collect();
        answered
            .sort_by_key(|answer| std::cmp::Reverse(answer.request.reply.as_ref().map(|r| r.at)));
        let lines = answered.iter().flat_map(|answer| self.reply_lines(answer)).collect();
        let title = say!("inbox-answered", count = answered.len(), days = NEAR_DAYS);
        self.section("answered", title, ids(&answered), lines);
        self.grants()
    }

    fn reply_lines(&self, answer: &RequestAnswer) -> Vec<String> {
        let Some(reply) = &answer.request.reply else { return vec![] };
        let day = time::date(reply.on, &self.session.shell.zone);
        let dataset = &answer.request.terms.asked.dataset;
        let head = say!("inbox-own", request = answer.id, dataset = dataset);
        let detail = match &reply.outcome {
            Outcome::Approved { grant, by_rule: false } => {
                say!("inbox-approved", day = day, grant = grant)
            }
            Outcome::Approved { grant, by_rule: true } => {
                say!("inbox-granted-by-rule", day = day, grant = grant)
            }
            Outcome::Refused { legal_basis, reason } => {
                say!("inbox-refused", day = day, basis = legal_basis, reason = reason)
            }
            Outcome::Withdrawn { .. } => say!("inbox-withdrawn", day = day),
            Outcome::Returned { reason } => say!("inbox-returned", day = day, reason = reason),
        };
        vec![head, say!("inbox-detail", detail = detail)]
    }

    /// Grants to the agency that end soon, are nearly used up, or are suspended.
    fn grants(&mut self) -> Result<(), Fault> {
        let grants = self.client.grants(&self.of_agency("requester", &[]))?;
        let soon = self.now().plus(NEAR_DAYS * DAY_MS);
        let mut found = Vec::new();
        let mut lines = Vec::new();
        for answer in grants.iter().filter(|answer| answer.may_be_used()) {
            let Some(why) = self.why_care(answer, soon) else { continue };
            found.push(json!(answer.id));
            let dataset = &answer.grant.terms.dataset;
            lines.push(say!("inbox-grant", grant = answer.id, dataset = dataset));
            lines.push(say!("inbox-detail", detail = why));
        }
        if !found.is_empty() {
            lines.push(say!("inbox-renew"));
        }
        let title = say!("inbox-grants", count = found.len());
        self.section("grants", title, Value::Array(found), lines);
        Ok(())
    }

    fn why_care(&self, answer: &GrantAnswer, soon: TimeMs) -> Option<String> {
        let terms = &answer.grant.terms;
        if !matches!(answer.standing.as_str(), "in-force" | "not-yet-in-force") {
            return Some(grant::standing(&answer.standing));
        }
        if terms.not_after <= soon {
            let day = time::last_date(terms.not_after, &self.session.shell.zone);
            return Some(say!("words-ends", day = day));
        }
        let (part, whole) = NEARLY_USED;
        let is_near =
            |limit| answer.usage.total.saturating_mul(whole) >= part.saturating_mul(limit);
        terms
            .total_quota
            .filter(|limit| is_near(*limit))
            .map(|_| say!("words-nearly-used", used = grant::used(answer)))
    }

    /// The agency's keys that end soon or have ended.
    fn admin(&mut self) -> Result<(), Fault> {
        let query = self.of_agency("agency", &[]);
        let mut keys: Vec<KeyAnswer> = self.client.all("/v1/keys", &query, "keys")?;
        let (now, soon) = (self.now(), self.now().plus(NEAR_DAYS * DAY_MS));
        keys.retain(|answer| {
            let key = &answer.key;
            key.revoked.is_none() && key.valid_until.is_some_and(|until| until <= soon)
        });
        keys.sort_by_key(|answer| answer.key.valid_until);
        let mut lines = Vec::new();
        for answer in &keys {
            let key = &answer.key;
            let until = key.valid_until.unwrap_or(now);
            let day = time::last_date(until, &self.session.shell.zone);
            let (short, role, post) = (table::short(answer.public_key), key.role, &key.post);
            lines.push(say!("inbox-key", key = short, role = role, post = post));
            let detail = match until <= now {
                true => say!("words-ended", day = day),
                false => say!("words-ends", day = day),
            };
            lines.push(say!("inbox-detail", detail = detail));
        }
        if !keys.is_empty() {
            lines.push(say!("inbox-new-key"));
        }
        let found = keys.iter().map(|answer| json!(answer.public_key)).collect();
        self.section("keys", say!("inbox-keys", count = keys.len()), Value::Array(found), lines);
        Ok(())
    }

    /// What was drawn for the agency to review, and its findings that were answered.
    fn reviews(&mut self) -> Result<(), Fault> {
        let is_review = |clock| matches!(clock, Clock::DrawnReview | Clock::FindingClosure);
        let mut owed = self.owed()?;
        owed.retain(|(answer, _)| is_review(answer.duty.clock));
        self.settling("reviews", say!("inbox-reviews", count = owed.len()), &owed);
        Ok(())
    }

    /// The newest denials, of all agencies.
    fn auditor(&mut self) -> Result<(), Fault> {
        let query = vec![("order", "desc".to_owned()), ("kind", "record-denial".to_owned())];
        let found = self.client.list("/v1/entries", &query, "entries", MAX_DENIALS)?;
        let mut lines = Vec::new();
        for value in &found {
            let entry: EntryAnswer = self.client.read(value)?;
            let action = &entry.record.statement.action;
            let Action::RecordDenial { attempt, .. } = action else { continue };
            let day = time::date(entry.time, &self.session.shell.zone);
            let what = describe::sentence(action);
            lines.push(say!("inbox-denial", index = entry.index, day = day, what = what));
            let attempt = &attempt.attempt;
            let (grant, matter) = (attempt.grant, &attempt.matter);
            let officer = table::short(attempt.officer);
            let detail = say!("words-denied", grant = grant, matter = matter, officer = officer);
            lines.push(say!("inbox-detail", detail = detail));
        }
        if !found.is_empty() {
            lines.push(say!("inbox-explain"));
        }
        let indexes = found.iter().map(|value| value["index"].clone()).collect();
        let title = say!("inbox-denials", count = found.len());
        self.section("denials", title, Value::Array(indexes), lines);
        Ok(())
    }
}

/// Whether a duty is the reply to this request.
fn is_reply_to(answer: &DutyAnswer, request: &RequestAnswer) -> bool {
    answer.duty.object == DutyObject::Request(request.id)
        && answer.duty.clock != Clock::ComplianceReview
}

fn found(duties: &[(DutyAnswer, Value)]) -> Value {
    duties.iter().map(|(_, value)| value.clone()).collect()
}

/// The sooner needed the sooner shown, then the longer waiting.
fn urgency(answer: &RequestAnswer) -> (TimeMs, u64) {
    let needed = answer.request.terms.needed_by.unwrap_or(TimeMs(u64::MAX));
    (needed, answer.request.opened_at.0)
}

fn ids(requests: &[RequestAnswer]) -> Value {
    let row = |answer: &RequestAnswer| {
        let terms = &answer.request.terms;
        json!({
            "request": answer.id, "state": answer.state, "requester": terms.asked.requester,
            "dataset": terms.asked.dataset, "opened_on": answer.request.opened_on,
            "needed_by": terms.needed_by, "urged": answer.request.urging.count,
            "reply": answer.request.reply,
        })
    };
    requests.iter().map(row).collect()
}
