//! `comity access explain`: why a recorded access was allowed or refused, clause by clause.
//! Holds: the judgement is made here, by core's evaluation on the state as it was at that
//! position; where the log says otherwise, that is said, and the command fails.

use comity_core::access::{AccessRefusal, Attempt};
use comity_core::agency::Agency;
use comity_core::apply::Position;
use comity_core::basis::Basis;
use comity_core::emergency::MAX_EMERGENCY_ENTRIES;
use comity_core::genesis::{Genesis, Params};
use comity_core::governance::{Departure, Measure};
use comity_core::grant::{Grant, GrantTerms};
use comity_core::ids::{ExchangeId, GrantId, LogIndex, TimeMs};
use comity_core::late::Accessed;
use comity_core::statement::{Action, MAX_VALIDITY_MS};
use comity_core::text::AgencyId;
use jiff::tz::TimeZone;
use serde_json::{Value, json};

use super::clauses::{Clause, Scene};
use super::log;
use crate::args::{ExplainAccess, Recorded};
use crate::client::{Client, EmergencyAnswer, EntryAnswer, ProposalAnswer, Query, Status};
use crate::fault::{Exit, Fault};
use crate::messages::{fault, say};
use crate::past::{DatasetHistory, Histories, ParentHistory, Use};
use crate::shell::Session;
use crate::time::DAY_MS;
use crate::{describe, table, time};

/// Entries looked through at a time.
const PAGE: usize = 1_000;
/// Accesses, also late ones, and denials, as `/v1/entries` names them.
const KINDS: [&str; 3] = ["record-access", "embed-late", "record-denial"];

/// A recorded access or denial with how it was judged and would be judged now.
struct Explanation {
    entry: EntryAnswer,
    /// What the log says.
    recorded: Option<AccessRefusal>,
    /// What evaluation says here.
    judged: Option<AccessRefusal>,
    /// Each clause with what was found.
    clauses: Vec<(Clause, String)>,
    /// What evaluation says of the same question now, and since which entry.
    today: (Option<AccessRefusal>, Option<LogIndex>),
    /// At which time that is.
    now: TimeMs,
}

pub(super) fn run(args: &ExplainAccess, session: &mut Session<'_>) -> Result<Exit, Fault> {
    let client = session.client()?;
    let status: Status = client.get("/v1/status")?;
    let entry = match args.access {
        Recorded::Entry(index) => client.ask_entry(LogIndex(index))?,
        Recorded::Exchange(exchange) => by_exchange(&client, exchange, session)?,
    };
    log::verified(&entry, &status)
        .map_err(|cause| fault!(Unverified, "entry-damaged", index = entry.index, cause = cause))?;
    let explanation = explained(entry, &client, &status, &session.shell.zone)?;
    let judged = explanation.judged == explanation.recorded;
    session.result(&explanation.to_json(), |shell| explanation.to_text(&shell.zone))?;
    if judged {
        return Ok(Exit::Done);
    }
    Err(fault!(Unverified, "explained-otherwise", index = explanation.entry.index))
}

/// The newest access or denial of an exchange.
fn by_exchange(
    client: &Client,
    exchange: ExchangeId,
    session: &mut Session<'_>,
) -> Result<EntryAnswer, Fault> {
    let mut found: Option<EntryAnswer> = None;
    for kind in KINDS {
        let mut query: Query = vec![("order", "desc".to_owned()), ("kind", kind.to_owned())];
        loop {
            let page = client.part("/v1/entries", &query, "entries", PAGE)?;
            for value in &page.found {
                let entry: EntryAnswer = client.read(value)?;
                if is_of(&entry, exchange) && found.as_ref().is_none_or(|f| f.index < entry.index) {
                    found = Some(entry);
                }
            }
            let is_past = |value: &Value| {
                found.as_ref().is_some_and(|found| value["index"].as_u64() < Some(found.index.0))
            };
            match page.next.filter(|_| !page.found.iter().any(is_past)) {
                Some(next) => {
                    session.shell.show_progress(&say!("progress-search", index = next));
                    query.retain(|(name, _)| *name != "from");
                    query.push(("from", next));
                }
                None => break,
            }
        }
    }
    session.shell.show_progress("");
    found.ok_or_else(|| fault!(Failed, "exchange-unknown", exchange = exchange, url = client.url()))
}

fn is_of(entry: &EntryAnswer, exchange: ExchangeId) -> bool {
    let attempt = entry.record.statement.action.attempt();
    attempt.is_some_and(|signed| signed.attempt.exchange == exchange)
}

fn explained(
    entry: EntryAnswer,
    client: &Client,
    status: &Status,
    zone: &TimeZone,
) -> Result<Explanation, Fault> {
    let action = &entry.record.statement.action;
    let recorded = match action {
        Action::RecordDenial { refusal, .. } => Some(refusal.clone()),
        Action::EmbedLate { against, .. } => against.clone(),
        _ => None,
    };
    let time = action.access().map_or(entry.time, |access| access.on(entry.time));
    let Some(signed) = action.attempt() else {
        let kind = action.kind();
        return Err(fault!(Failed, "not-an-access", index = entry.index, kind = kind));
    };
    let attempt = signed.attempt.clone();
    let histories = histories(&entry, &attempt, client, status)?;
    let past = histories.before(entry.index);
    let at = Position { index: entry.index, time };
    let judged = past.evaluate(at, &attempt).err();
    let params = histories.params_before(entry.index);
    let scene = Scene { attempt: &attempt, at, past: &past, params, zone };
    let of_basis = Clause::ALL.into_iter().filter(|clause| clause.is_of(attempt.grant));
    let clauses = of_basis.map(|clause| (clause, scene.found(clause))).collect();
    let (now, since) = histories.today(entry.index, LogIndex(status.log_size), status.time);
    let today = (now.err(), since);
    Ok(Explanation { entry, recorded, judged, clauses, today, now: status.time })
}

/// What the access depends on, as the node tells it.
fn histories(
    entry: &EntryAnswer,
    attempt: &Attempt,
    client: &Client,
    status: &Status,
) -> Result<Histories, Fault> {
    let genesis: Genesis = client.get("/v1/genesis")?;
    if genesis.id() != status.consortium {
        let cause = "the genesis is of another consortium";
        return Err(fault!(Failed, "answer-unreadable", url = client.url(), cause = cause));
    }
    let key = client.find_key(&attempt.officer)?;
    let (emergency, grant) = match attempt.grant {
        Basis::Grant(id) => (None, client.find_grant(id)?),
        Basis::Emergency(id) => (client.find_emergency(id)?, None),
    };
    let mut histories = Histories {
        params: (genesis.params, later_params(client)?),
        parties: parties(attempt, client)?,
        attempt: attempt.clone(),
        key: key.map(|answer| answer.key),
        emergency: emergency.as_ref().map(|answer| answer.emergency.clone()),
        grant: grant.map(|answer| answer.grant),
        task_force: None,
        terms: vec![],
        parent: None,
        dataset: None,
        accesses: vec![],
        same_exchange: None,
    };
    if let Some(id) = histories.dataset_id()
        && let Some(published) = client.find_dataset(id)?
    {
        let versions = client.versions(id)?;
        histories.dataset = Some(DatasetHistory { published, versions });
    }
    if let Some(answer) = &emergency {
        histories.accesses = urgent_accesses(attempt, answer, client)?;
    }
    if let Some(id) = histories.grant.as_ref().and_then(|grant| grant.parent) {
        let grant = client.ask_grant(id)?.grant;
        histories.parties.extend(member(&grant.terms.requester, client)?);
        let terms = terms_of(&grant, client)?;
        let accesses = accesses(entry, &grant, &terms, client)?;
        histories.parent = Some(ParentHistory { terms, accesses, grant });
    }
    if let Some(id) = histories.grant.as_ref().and_then(|grant| grant.terms.task_force) {
        let force = client.ask_task_force(id)?.task_force;
        if !histories.parties.iter().any(|(agency, _)| agency.id == force.terms.lead) {
            histories.parties.extend(member(&force.terms.lead, client)?);
        }
        histories.task_force = Some(force);
    }
    if !histories.begins_with_dataset() {
        let cause = "the dataset lacks the version that the grant was issued on";
        return Err(fault!(Failed, "answer-unreadable", url = client.url(), cause = cause));
    }
    if let Some(grant) = &histories.grant {
        histories.terms = terms_of(grant, client)?;
        histories.accesses = accesses(entry, grant, &histories.terms, client)?;
    }
    histories.same_exchange = same_exchange(entry, attempt, client)?;
    Ok(histories)
}

/// Parameters that passed since the genesis, ascending by the entry from which they rule.
fn later_params(client: &Client) -> Result<Vec<(LogIndex, Params)>, Fault> {
    let query = vec![("kind", "change-params".to_owned()), ("state", "passed".to_owned())];
    let passed: Vec<ProposalAnswer> = client.all("/v1/proposals", &query, "proposals")?;
    let params = passed.into_iter().filter_map(|answer| match answer.proposal.measure {
        Measure::ChangeParams { params } => Some((answer.proposal.passed_at?, params)),
        _ => None,
    });
    let mut params: Vec<_> = params.collect();
    params.sort_by_key(|(from, _)| *from);
    Ok(params)
}

/// The requesting agency and the one that owns the dataset, as far as there are such.
fn parties(attempt: &Attempt, client: &Client) -> Result<Vec<(Agency, Option<Departure>)>, Fault> {
    let of = [&attempt.requester, &attempt.dataset.agency];
    let members = client.members()?.into_iter().filter(|member| of.contains(&&member.agency.id));
    Ok(members.map(|member| (member.agency, member.departure)).collect())
}

/// A member, with how it left.
fn member(id: &AgencyId, client: &Client) -> Result<Option<(Agency, Option<Departure>)>, Fault> {
    let found = client.members()?.into_iter().find(|member| member.agency.id == *id);
    Ok(found.map(|member| (member.agency, member.departure)))
}

/// The terms that a grant had, each with the entry that made them, ascending.
fn terms_of(grant: &Grant, client: &Client) -> Result<Vec<(LogIndex, GrantTerms)>, Fault> {
    if grant.version == 1 {
        return Ok(vec![(grant.issued_at, grant.terms.clone())]);
    }
    let query = vec![("order", "asc".to_owned()), ("grant", GrantId(grant.issued_at).to_string())];
    let entries: Vec<EntryAnswer> = client.all("/v1/entries", &query, "entries")?;
    let made = |entry: EntryAnswer| {
        let terms = match entry.record.statement.action {
            Action::IssueGrant { terms }
            | Action::ApproveRequest { terms, .. }
            | Action::IssueOnward { terms, .. }
                if entry.index == grant.issued_at =>
            {
                terms
            }
            // It was granted by rule.
            Action::OpenRequest { terms } if entry.index == grant.issued_at => terms.asked,
            Action::NarrowGrant { grant: id, terms, .. }
            | Action::ExtendGrant { grant: id, terms, .. }
                if id.0 == grant.issued_at =>
            {
                terms
            }
            _ => return None,
        };
        Some((entry.index, terms))
    };
    Ok(entries.into_iter().filter_map(made).collect())
}

/// The accesses under a grant, and under those derived from it, that count for its quotas: those
/// of any of its terms, since one may have been set or lifted.
fn accesses(
    entry: &EntryAnswer,
    grant: &Grant,
    terms: &[(LogIndex, GrantTerms)],
    client: &Client,
) -> Result<Vec<Use>, Fault> {
    let total = terms.iter().find_map(|(_, terms)| terms.total_quota);
    let daily = terms.iter().find_map(|(_, terms)| terms.daily_quota);
    let mut query = of_kind("record-access");
    query.push(("grant", GrantId(grant.issued_at).to_string()));
    match (total, daily) {
        (None, None) => return Ok(vec![]),
        // A day is never longer; more than needed does not count.
        (None, Some(_)) => {
            query.push(("since", entry.time.0.saturating_sub(DAY_MS).to_string()));
        }
        (Some(_), _) => {}
    }
    let found = client.list("/v1/entries", &query, "entries", usize::MAX)?;
    let one = |entry: EntryAnswer| {
        let attempt = entry.record.statement.action.attempt();
        let count = attempt.map_or(1, |signed| signed.attempt.count());
        Use { index: entry.index, time: entry.time, count }
    };
    found.iter().map(|value| client.read(value).map(one)).collect()
}

/// The accesses of the requesting agency in an emergency, where it has as many as there may be.
fn urgent_accesses(
    attempt: &Attempt,
    answer: &EmergencyAnswer,
    client: &Client,
) -> Result<Vec<Use>, Fault> {
    let used = answer.uses.get(&attempt.requester);
    if used.is_none_or(|used| used.entries < MAX_EMERGENCY_ENTRIES) {
        return Ok(vec![]);
    }
    let mut query: Query = vec![("order", "asc".to_owned())];
    query.push(("grant", answer.id.to_string()));
    query.push(("agency", attempt.requester.to_string()));
    let entries: Vec<EntryAnswer> = client.all("/v1/entries", &query, "entries")?;
    let own = entries.into_iter().filter(|entry| {
        let access = entry.record.statement.action.access().filter(Accessed::counts);
        access.is_some_and(|access| access.attempt.attempt.requester == attempt.requester)
    });
    Ok(own.map(|entry| Use { index: entry.index, time: entry.time, count: 1 }).collect())
}

fn of_kind(kind: &str) -> Query {
    vec![("order", "asc".to_owned()), ("kind", kind.to_owned())]
}

/// An earlier access under the same exchange, as far back as one still counts.
fn same_exchange(
    entry: &EntryAnswer,
    attempt: &Attempt,
    client: &Client,
) -> Result<Option<LogIndex>, Fault> {
    if attempt.grant.emergency().is_some() {
        return same_for_good(entry, attempt, client);
    }
    let mut query = of_kind("record-access");
    let action = &entry.record.statement.action;
    let of_any =
        matches!(action, Action::RecordDenial { refusal: AccessRefusal::ExchangeUsed, .. });
    if !of_any {
        query.push(("agency", attempt.requester.to_string()));
    }
    query.push(("since", entry.time.0.saturating_sub(MAX_VALIDITY_MS).to_string()));
    query.push(("until", entry.time.plus(1).to_string()));
    for value in client.list("/v1/entries", &query, "entries", usize::MAX)? {
        let earlier: EntryAnswer = client.read(&value)?;
        let counts = |e: &EntryAnswer| {
            let signed = e.record.statement.action.attempt();
            signed.is_some_and(|signed| signed.attempt.valid_until >= entry.time)
        };
        if earlier.index < entry.index && is_of(&earlier, attempt.exchange) && counts(&earlier) {
            return Ok(Some(earlier.index));
        }
    }
    Ok(None)
}

/// The same of an access in an emergency, whose exchange is kept for good.
fn same_for_good(
    entry: &EntryAnswer,
    attempt: &Attempt,
    client: &Client,
) -> Result<Option<LogIndex>, Fault> {
    let mut query: Query = vec![("order", "asc".to_owned())];
    query.push(("exchange", attempt.exchange.to_string()));
    let entries: Vec<EntryAnswer> = client.all("/v1/entries", &query, "entries")?;
    let earlier = entries.iter().find(|earlier| {
        earlier.index < entry.index && earlier.record.statement.action.access().is_some()
    });
    Ok(earlier.map(|earlier| earlier.index))
}

/// How a clause ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Verdict {
    Holds,
    Refuses,
    NotReached,
}

impl Verdict {
    fn as_str(self) -> &'static str {
        match self {
            Verdict::Holds => "holds",
            Verdict::Refuses => "refuses",
            Verdict::NotReached => "not-reached",
        }
    }
}

impl Explanation {
    fn verdict(&self, clause: Clause) -> Verdict {
        match &self.judged {
            Some(refusal) if clause == Clause::of(refusal) => Verdict::Refuses,
            Some(refusal) if clause.is_left_by(refusal) => Verdict::NotReached,
            _ => Verdict::Holds,
        }
    }

    fn to_json(&self) -> Value {
        let clause = |(clause, found): &(Clause, String)| {
            json!({
                "clause": clause.as_str(),
                "verdict": self.verdict(*clause).as_str(),
                "found": found,
            })
        };
        let (refusal, since) = &self.today;
        json!({
            "entry": self.entry.index,
            "time": self.entry.time,
            "outcome": if self.recorded.is_some() { "denied" } else { "allowed" },
            "refusal": self.recorded,
            "late_since": self.entry.record.statement.action.access().and_then(|access| {
                access.late.map(|(record, _)| record.claimed())
            }),
            "judged": if self.judged.is_some() { "denied" } else { "allowed" },
            "judged_refusal": self.judged,
            "clauses": self.clauses.iter().map(clause).collect::<Vec<_>>(),
            "today": {
                "time": self.now,
                "outcome": if refusal.is_some() { "denied" } else { "allowed" },
                "refusal": refusal,
                "since": since,
            },
        })
    }

    fn to_text(&self, zone: &TimeZone) -> String {
        let entry = &self.entry;
        let (index, time) = (entry.index, time::show(entry.time, zone));
        let late = entry.record.statement.action.access().filter(|access| access.late.is_some());
        let head = match &self.recorded {
            None => say!("explain-allowed", index = index, time = time),
            Some(refusal) => {
                let why = describe::refusal(refusal, zone);
                let rule = refusal.rule();
                say!("explain-refused", index = index, time = time, why = why, rule = rule)
            }
        };
        let row = |(clause, found): &(Clause, String)| {
            let words = match self.verdict(*clause) {
                Verdict::Holds => say!("verdict-holds", found = found),
                Verdict::Refuses => say!("verdict-refuses", found = found),
                Verdict::NotReached => say!("verdict-not-reached"),
            };
            (clause.title(), words)
        };
        let head = match late {
            None => head,
            Some(access) => {
                let claimed = time::show(access.on(entry.time), zone);
                let late = say!("explain-late", index = index, time = time, claimed = claimed);
                format!("{late}\n{head}")
            }
        };
        let rows: Vec<(String, String)> = self.clauses.iter().map(row).collect();
        format!("{head}\n{}\n{}", table::pairs(&rows), self.today_text(zone))
    }

    /// How the same question would end now.
    fn today_text(&self, zone: &TimeZone) -> String {
        let (refusal, since) = &self.today;
        let same = match (refusal, &self.recorded) {
            (None, None) => true,
            (Some(now), Some(then)) => now.rule() == then.rule(),
            _ => false,
        };
        let since = match since {
            Some(index) => say!("explain-since", index = index),
            None => say!("explain-since-time"),
        };
        match refusal {
            _ if same => say!("explain-today-same"),
            None => say!("explain-today-allowed", since = since),
            Some(refusal) => {
                say!("explain-today-refused", why = describe::refusal(refusal, zone), since = since)
            }
        }
    }
}
