//! The exit statement of a member that left: what it still owed, what is owed to it, and what ended with it.
//! Holds: only what ended with the departure is called closed by it; what is owed is as the duty list has it.
//! May not enter: printing; rules (the ledger decides what ends).

use comity_core::duty::Duty;
use comity_core::governance::Departure;
use comity_core::ids::{GrantId, LogIndex, RequestId};
use comity_core::rule_pack::Clock;
use comity_core::text::AgencyId;
use jiff::tz::TimeZone;
use serde_json::{Value, json};

use crate::client::{Client, GrantAnswer, KeyAnswer, Query, RequestAnswer};
use crate::commands::duty::{self, DutyAnswer};
use crate::fault::Fault;
use crate::messages::say;
use crate::{table, time};

type Rows = Vec<(String, String)>;

/// What a member left behind.
pub(super) struct Exit {
    departure: Departure,
    /// Requests that wait for its reply.
    to_answer: Vec<RequestAnswer>,
    /// Requests of its own that wait for others' replies.
    asked: Vec<RequestAnswer>,
    /// Grants that it gave, ended with it.
    given: Vec<GrantAnswer>,
    /// Grants that it had, ended with it.
    had: Vec<GrantAnswer>,
    /// Its keys that ended with it.
    keys: Vec<KeyAnswer>,
    /// What it undertook in grants and has not done.
    owed_by: Vec<(DutyAnswer, Value)>,
    /// What others undertook towards it and have not done.
    owed_to: Vec<(DutyAnswer, Value)>,
}

impl Exit {
    /// What `agency` left behind. `keys` are all that it ever had.
    pub(super) fn of(
        client: &Client,
        agency: &AgencyId,
        departure: Departure,
        keys: &[KeyAnswer],
    ) -> Result<Exit, Fault> {
        let by = |name: &'static str| vec![(name, agency.to_string())];
        let open = |name| {
            let mut query = by(name);
            query.push(("state", "open".to_owned()));
            client.requests(&query)
        };
        let ended = |name| -> Result<Vec<GrantAnswer>, Fault> {
            let found = client.grants(&by(name))?.into_iter();
            Ok(found.filter(|grant| ends_with(grant, &departure)).collect())
        };
        let keys = keys.iter().filter(|found| {
            let key = &found.key;
            let revoked = key.revoked.as_ref().is_some_and(|revoked| revoked.at < departure.at);
            let expired = key.valid_until.is_some_and(|until| until <= departure.on);
            !revoked && !expired
        });
        Ok(Exit {
            to_answer: open("provider")?,
            asked: open("requester")?,
            given: ended("provider")?,
            had: ended("requester")?,
            keys: keys.cloned().collect(),
            owed_by: undertaken(client, by("agency"))?,
            owed_to: undertaken(client, by("to"))?,
            departure,
        })
    }

    /// For people.
    pub(super) fn rows(&self, zone: &TimeZone) -> Rows {
        let requests = |found: &[RequestAnswer]| listed(found.iter().map(|request| request.id));
        let grants = |found: &[GrantAnswer]| listed(found.iter().map(|grant| grant.id));
        let keys = self.keys.iter().map(|found| {
            say!("words-exit-key", role = found.key.role, key = table::short(found.public_key))
        });
        vec![
            (say!("label-exit-to-answer"), requests(&self.to_answer)),
            (say!("label-exit-asked"), requests(&self.asked)),
            (say!("label-exit-given"), grants(&self.given)),
            (say!("label-exit-had"), grants(&self.had)),
            (
                say!("label-exit-owed-by"),
                listed(self.owed_by.iter().map(|(owed, _)| promise(owed, zone))),
            ),
            (
                say!("label-exit-owed-to"),
                listed(self.owed_to.iter().map(|(owed, _)| promise(owed, zone))),
            ),
            (say!("label-exit-keys"), listed(keys)),
        ]
    }

    /// For programs.
    pub(super) fn to_json(&self) -> Value {
        let requests = |found: &[RequestAnswer]| -> Vec<RequestId> {
            found.iter().map(|request| request.id).collect()
        };
        let closed_at = self.departure.at;
        let grants = |found: &[GrantAnswer]| -> Vec<Value> {
            let closed =
                |id: GrantId| json!({ "grant": id, "issued_at": id.0, "closed_at": closed_at });
            found.iter().map(|grant| closed(grant.id)).collect()
        };
        let key = |found: &KeyAnswer| {
            let since: Option<LogIndex> = found.key.registered_at;
            json!({
                "public_key": found.public_key,
                "role": found.key.role,
                "registered_at": since,
                "closed_at": closed_at,
            })
        };
        json!({
            "departure": self.departure,
            "requests_to_answer": requests(&self.to_answer),
            "requests_asked": requests(&self.asked),
            "grants_given": grants(&self.given),
            "grants_had": grants(&self.had),
            "keys": self.keys.iter().map(key).collect::<Vec<_>>(),
            "undertakings_owed_by": self.owed_by.iter().map(|(_, value)| value).collect::<Vec<_>>(),
            "undertakings_owed_to": self.owed_to.iter().map(|(_, value)| value).collect::<Vec<_>>(),
        })
    }
}

/// What was undertaken in grants, by one side or towards it, and is not done; what is due first comes
/// first.
fn undertaken(client: &Client, side: Query) -> Result<Vec<(DutyAnswer, Value)>, Fault> {
    let query = side.into_iter().chain([("undone", "true".to_owned())]).collect();
    let (duties, values) = duty::listed(client, &query)?;
    let is_owed = |owed: &DutyAnswer| owed.duty.clock == Clock::Undertaking && duty::is_open(owed);
    let mut found: Vec<_> =
        duties.into_iter().zip(values).filter(|(owed, _)| is_owed(owed)).collect();
    found.sort_by_key(|(owed, _)| (owed.duty.due, owed.duty.object.clone()));
    Ok(found)
}

/// One undertaking that is not done: which, by whom and to whom, up to when, and how it stands.
fn promise(owed: &DutyAnswer, zone: &TimeZone) -> String {
    let Duty { object, owed_by, owed_to, due, .. } = &owed.duty;
    let to = owed_to.as_ref().map_or_else(|| say!("word-all"), ToString::to_string);
    say!(
        "words-exit-promise",
        about = duty::about(object),
        by = owed_by,
        to = to,
        day = time::last_date(*due, zone),
        state = duty::stands(owed, zone)
    )
}

/// Whether a grant was there until its provider or recipient left.
fn ends_with(found: &GrantAnswer, departure: &Departure) -> bool {
    let revoked = found.grant.revoked.as_ref().is_some_and(|revoked| revoked.at < departure.at);
    !revoked && found.grant.terms.not_after >= departure.on
}

fn listed(found: impl Iterator<Item = impl ToString>) -> String {
    let found: Vec<String> = found.map(|one| one.to_string()).collect();
    match found.is_empty() {
        true => say!("word-none"),
        false => found.join(", "),
    }
}
