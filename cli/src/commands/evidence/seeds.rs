//! Where a case begins: the entries and objects that it is about, before all that they need.
//! Holds: what the node lists is a beginning only; what the case must hold is checked at its end.
//! May not enter: proofs.

use std::collections::BTreeSet;

use comity_core::access::AccessRefusal;
use comity_core::basis::Basis;
use comity_core::emergency::MAX_EMERGENCY_ENTRIES;
use comity_core::ids::{GrantId, LogIndex, TimeMs};
use comity_core::state::StateKey;
use comity_core::statement::{Action, MAX_VALIDITY_MS};
use comity_core::text::AgencyId;

use crate::bundle::manifest::Case;
use crate::client::{Client, EmergencyAnswer, EntryAnswer, GrantAnswer, Query, RequestAnswer};
use crate::fault::Fault;
use crate::messages::fault;

/// What a case begins with.
#[derive(Debug, Default)]
pub(super) struct Seeds {
    /// Entries.
    pub(super) entries: BTreeSet<LogIndex>,
    /// Keys of objects.
    pub(super) keys: BTreeSet<Vec<u8>>,
}

/// Where the case begins, as the node lists it.
pub(super) fn of(case: &Case, client: &Client) -> Result<Seeds, Fault> {
    let mut seeds = Seeds::default();
    match case {
        Case::Grant { grant } => seeds.grant(&client.ask_grant(*grant)?, client)?,
        Case::Access { entry } => seeds.access(*entry, client)?,
        Case::Dataset { dataset, from, to } => {
            client.ask_dataset(dataset)?;
            seeds.keys.insert(StateKey::Dataset(dataset).to_bytes());
            for kind in ["record-access", "embed-late", "record-denial"] {
                let mut query = vec![("kind", kind.to_owned()), ("dataset", dataset.to_string())];
                query.extend(period(*from, *to));
                seeds.list(client, query)?;
            }
            let on = vec![("dataset", dataset.to_string())];
            for GrantAnswer { id, .. } in client.grants(&on)? {
                seeds.keys.insert(StateKey::Grant(id).to_bytes());
                seeds.keys.insert(StateKey::Usage(id).to_bytes());
            }
            for RequestAnswer { id, .. } in client.requests(&on)? {
                seeds.keys.insert(StateKey::Request(id).to_bytes());
            }
        }
        Case::Signer { key, from, to } => {
            seeds.keys.insert(StateKey::Key(key).to_bytes());
            let mut query = vec![("key", key.to_string())];
            query.extend(period(*from, *to));
            seeds.list(client, query)?;
        }
    }
    Ok(seeds)
}

fn period(
    from: Option<TimeMs>,
    to: Option<TimeMs>,
) -> impl Iterator<Item = (&'static str, String)> {
    let since = from.map(|from| ("since", from.to_string()));
    since.into_iter().chain(to.map(|to| ("until", to.to_string())))
}

impl Seeds {
    /// Adds the entries that fit a query.
    fn list(&mut self, client: &Client, mut query: Query) -> Result<(), Fault> {
        query.push(("order", "asc".to_owned()));
        for entry in client.all::<EntryAnswer>("/v1/entries", &query, "entries")? {
            self.entries.insert(entry.index);
            self.first_use(&entry, client)?;
        }
        Ok(())
    }

    fn grant(&mut self, answer: &GrantAnswer, client: &Client) -> Result<(), Fault> {
        let id = answer.id;
        self.keys.insert(StateKey::Grant(id).to_bytes());
        self.keys.insert(StateKey::Usage(id).to_bytes());
        self.list(client, vec![("grant", id.to_string())])?;
        match answer.grant.request {
            Some(request) => self.list(client, vec![("request", request.to_string())]),
            None => Ok(()),
        }
    }

    fn access(&mut self, index: LogIndex, client: &Client) -> Result<(), Fault> {
        let entry = client.ask_entry(index)?;
        let action = &entry.record.statement.action;
        let Some(signed) = action.attempt() else {
            return Err(fault!(Failed, "not-an-access", index = index, kind = action.kind()));
        };
        self.entries.insert(index);
        self.first_use(&entry, client)?;
        match signed.attempt.grant {
            Basis::Grant(id) => match client.find_grant(id)? {
                Some(answer) => self.quota(&answer, client),
                None => Ok(()),
            },
            Basis::Emergency(id) => match client.find_emergency(id)? {
                Some(answer) => self.entries_of(&signed.attempt.requester, &answer, client),
                None => Ok(()),
            },
        }
    }

    /// Where a grant has a quota, or may have had one, every access under it counts for whether one
    /// was allowed.
    fn quota(&mut self, answer: &GrantAnswer, client: &Client) -> Result<(), Fault> {
        let terms = &answer.grant.terms;
        let has_none = terms.total_quota.is_none() && terms.daily_quota.is_none();
        if has_none && answer.grant.version == 1 {
            return Ok(());
        }
        let id: GrantId = answer.id;
        let kind = ("kind", "record-access".to_owned());
        self.list(client, vec![kind, ("grant", id.to_string())])
    }

    /// Where an agency has recorded as many accesses in an emergency as there may be, every one
    /// counts for whether one was allowed.
    fn entries_of(
        &mut self,
        requester: &AgencyId,
        answer: &EmergencyAnswer,
        client: &Client,
    ) -> Result<(), Fault> {
        let used = answer.uses.get(requester);
        if used.is_none_or(|used| used.entries < MAX_EMERGENCY_ENTRIES) {
            return Ok(());
        }
        for kind in ["record-access", "embed-late"] {
            let kind = ("kind", kind.to_owned());
            let of = [("grant", answer.id.to_string()), ("agency", requester.to_string())];
            self.list(client, [vec![kind], of.to_vec()].concat())?;
        }
        Ok(())
    }

    /// The earlier accesses under an exchange that is kept for good.
    fn earlier_of(
        &mut self,
        client: &Client,
        exchange: String,
        before: LogIndex,
    ) -> Result<(), Fault> {
        let query: Query = vec![("exchange", exchange)];
        for earlier in client.all::<EntryAnswer>("/v1/entries", &query, "entries")? {
            let is_access = earlier.record.statement.action.access().is_some();
            if is_access && earlier.index < before {
                self.entries.insert(earlier.index);
            }
        }
        Ok(())
    }

    /// Where an exchange was refused as used, the access that used it.
    fn first_use(&mut self, entry: &EntryAnswer, client: &Client) -> Result<(), Fault> {
        let attempt = match &entry.record.statement.action {
            Action::RecordDenial { attempt, refusal: AccessRefusal::ExchangeUsed, .. } => attempt,
            Action::EmbedLate { record, against: Some(AccessRefusal::ExchangeUsed), .. } => {
                &record.attempt
            }
            _ => return Ok(()),
        };
        if attempt.attempt.grant.emergency().is_some() {
            let exchange = attempt.attempt.exchange.to_string();
            return self.earlier_of(client, exchange, entry.index);
        }
        let since = TimeMs(entry.time.0.saturating_sub(MAX_VALIDITY_MS));
        let mut query: Query = vec![("kind", "record-access".to_owned())];
        query.extend(period(Some(since), Some(entry.time.plus(1))));
        for earlier in client.all::<EntryAnswer>("/v1/entries", &query, "entries")? {
            let used = earlier.record.statement.action.attempt();
            let same = used.is_some_and(|used| used.attempt.exchange == attempt.attempt.exchange);
            if same && earlier.index < entry.index {
                self.entries.insert(earlier.index);
            }
        }
        Ok(())
    }
}
