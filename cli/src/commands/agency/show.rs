//! `comity agency show`: all that the ledger knows of a member, and its exit statement if it left.
//! Holds: nothing is said of a member that the ledger does not show.

use std::path::Path;

use comity_core::agency::Standing;
use comity_core::ids::LogIndex;
use comity_core::statement::Action;
use serde_json::{Value, json};

use super::exit::Exit;
use crate::args::ShowAgency;
use crate::client::{Client, EntryAnswer, KeyAnswer, MemberAnswer};
use crate::commands::key::json_bytes;
use crate::fault::Fault;
use crate::keys::{self, Readers};
use crate::messages::say;
use crate::shell::Session;
use crate::{key_state, measures, table, time};

type Rows = Vec<(String, String)>;

/// What is known of a member.
struct Found {
    member: MemberAnswer,
    keys: Vec<KeyAnswer>,
    hosts: Vec<MemberAnswer>,
    has_ballot: bool,
    is_authority: bool,
    /// Entries that prove it guilty.
    equivocations: Vec<LogIndex>,
    exit: Option<Exit>,
}

pub(super) fn show(args: &ShowAgency, session: &mut Session<'_>) -> Result<(), Fault> {
    let client = session.client()?;
    let found = Found::ask(&client, args)?;
    let object = found.to_json();
    let text = found.text(session);
    let Some(out) = &args.out else {
        return session.result(&object, |_| text);
    };
    write(out, &object, &text, session)?;
    session.result(&json!({ "file": out }), |_| say!("ok-agency-written", path = out.display()))
}

/// The statement as a file: JSON where that was asked for, else as people read it.
fn write(out: &Path, object: &Value, text: &str, session: &Session<'_>) -> Result<(), Fault> {
    let bytes = match session.global.json {
        true => json_bytes(object),
        false => format!("{text}\n").into_bytes(),
    };
    keys::write_new(out, &bytes, Readers::Any)
}

impl Found {
    fn ask(client: &Client, args: &ShowAgency) -> Result<Found, Fault> {
        let id = &args.agency;
        let member: MemberAnswer = client.get(&format!("/v1/agencies/{id}"))?;
        let (mut keys, rules) = (client.keys_of(id)?, client.rules()?);
        // The node orders them by what is random in them.
        keys.sort_by_key(|found| (found.key.role, found.key.registered_at));
        let hosts = client.members()?.into_iter().filter(|other| {
            let Standing::Hosted { sponsor, .. } = &other.agency.standing else { return false };
            sponsor == id && other.departure.is_none()
        });
        let exit = member.departure.clone();
        let exit = exit.map(|departure| Exit::of(client, id, departure, &keys)).transpose()?;
        Ok(Found {
            equivocations: equivocations(client, args, &keys)?,
            hosts: hosts.collect(),
            has_ballot: rules.electorate.contains(id),
            is_authority: rules.competent_authority == *id,
            member,
            keys,
            exit,
        })
    }

    /// The entry that admitted it; `None` for a founding member.
    fn since(&self) -> Option<LogIndex> {
        self.keys.iter().map(|found| found.key.registered_at).min().flatten()
    }

    fn to_json(&self) -> Value {
        let mut object = json!(self.member.agency);
        let keys = self.keys.iter();
        let keys: Vec<Value> =
            keys.map(|key| json!({ "public_key": key.public_key, "key": key.key })).collect();
        let hosts: Vec<_> = self.hosts.iter().map(|host| &host.agency.id).collect();
        let also = json!({
            "member_since": self.since(),
            "departure": self.member.departure,
            "has_ballot": self.has_ballot,
            "is_competent_authority": self.is_authority,
            "keys": keys,
            "hosts": hosts,
            "equivocations": self.equivocations,
            "exit": self.exit.as_ref().map(Exit::to_json),
        });
        if let (Some(object), Value::Object(also)) = (object.as_object_mut(), also) {
            object.extend(also);
        }
        object
    }

    fn text(&self, session: &Session<'_>) -> String {
        let shell = &session.shell;
        let agency = &self.member.agency;
        let mut rows = measures::agency_rows(agency, &shell.zone);
        let since = match self.since() {
            Some(at) => say!("words-since-entry", index = at),
            None => say!("words-since-genesis"),
        };
        rows.push((say!("label-member-since"), since));
        if self.is_authority {
            rows.push((say!("label-duty"), say!("words-competent-authority")));
        }
        let ballot = if self.has_ballot { say!("word-yes") } else { say!("word-no") };
        rows.push((say!("label-has-ballot"), ballot));
        for host in &self.hosts {
            rows.push((say!("label-hosts"), host.agency.id.to_string()));
        }
        rows.extend(self.key_rows(session));
        for at in &self.equivocations {
            rows.push((say!("label-guilty"), say!("words-guilty", index = at)));
        }
        let text = table::pairs(&rows);
        let (Some(departure), Some(exit)) = (&self.member.departure, &self.exit) else {
            return text;
        };
        let head = say!(
            "exit-head",
            agency = agency.id,
            index = departure.at,
            time = time::show(departure.on, &shell.zone),
            reason = departure.reason,
        );
        format!(
            "{text}\n\n{head}\n{}\n{}",
            table::pairs(&exit.rows(&shell.zone)),
            say!("exit-meaning", index = departure.at)
        )
    }

    fn key_rows(&self, session: &Session<'_>) -> Rows {
        let (zone, now) = (&session.shell.zone, session.as_of());
        let row = |found: &KeyAnswer| {
            let key = &found.key;
            let state = key_state::in_short(key, now, zone);
            let since = match key.registered_at {
                Some(at) => say!("words-since-entry", index = at),
                None => say!("words-since-genesis"),
            };
            let short = table::short(found.public_key);
            let words = say!("words-key-state", key = short, state = state, since = since);
            (say!("label-key-of", role = key.role), words)
        };
        self.keys.iter().map(row).collect()
    }
}

/// Entries that hold equivocations of the member's keys.
fn equivocations(
    client: &Client,
    args: &ShowAgency,
    keys: &[KeyAnswer],
) -> Result<Vec<LogIndex>, Fault> {
    let kind = ("kind", "record-equivocation".to_owned());
    let query = vec![kind, ("agency", args.agency.to_string())];
    let entries: Vec<EntryAnswer> = client.all("/v1/entries", &query, "entries")?;
    // Whoever put one on the log is found by the same query.
    let is_its = |entry: &EntryAnswer| {
        let Action::RecordEquivocation { equivocation } = &entry.record.statement.action else {
            return false;
        };
        let guilty = equivocation.place().map(|place| place.validator);
        keys.iter().any(|key| Some(key.public_key) == guilty)
    };
    Ok(entries.iter().filter(|entry| is_its(entry)).map(|entry| entry.index).collect())
}
