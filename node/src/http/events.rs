//! Committed entries as server-sent events.
//! Holds: a listener gets every entry from where it began, in order, each once; one that is slow
//! reads from the block log and holds nothing up.
//! May not enter: a queue for each listener.

use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::sse::{Event, KeepAlive, Sse};
use comity_core::ids::{Height, LogIndex};
use futures::stream::{self, Stream, StreamExt as _};
use serde::Deserialize;
use serde_json::value::RawValue;
use tokio::sync::{OwnedSemaphorePermit, watch};

use super::ApiState;
use super::extract::Params;
use super::problem::Problem;
use crate::view::{EntryFilter, EntryPlace, Order};

/// Entries that are read for a listener at a time.
const AT_ONCE: usize = 100;
/// How often a listener hears something though nothing happens.
const KEEP_ALIVE: Duration = Duration::from_secs(15);

#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct EventsParams {
    from: Option<LogIndex>,
}

pub(super) async fn events(
    State(api): State<ApiState>,
    headers: HeaderMap,
    Params(params): Params<EventsParams>,
) -> Result<Sse<impl Stream<Item = Result<Event, Infallible>>>, Problem> {
    let room = Arc::clone(&api.room().listeners).try_acquire_owned();
    let place = room.map_err(|_| Problem::busy("as many listen to events as there is room for"))?;
    // A client that reconnects repeats its first address: what it saw last says more.
    let next = match last_event_id(&headers)? {
        Some(last) => last.saturating_add(1),
        None => params.from.map_or_else(|| api.view().snapshot().log_size(), |from| from.0),
    };
    let heights = api.view().height();
    let listener = Listener { api, heights, next, _place: place };
    let events = stream::unfold(listener, Listener::entries).flat_map(stream::iter);
    Ok(Sse::new(events).keep_alive(KeepAlive::new().interval(KEEP_ALIVE)))
}

fn last_event_id(headers: &HeaderMap) -> Result<Option<u64>, Problem> {
    let Some(id) = headers.get("last-event-id") else { return Ok(None) };
    let id = id.to_str().ok().and_then(|text| text.parse().ok());
    id.map(Some).ok_or_else(|| Problem::bad_request("Last-Event-ID is the index of an entry"))
}

struct Listener {
    api: ApiState,
    heights: watch::Receiver<Height>,
    /// The next entry's index.
    next: u64,
    _place: OwnedSemaphorePermit,
}

type Events = Vec<Result<Event, Infallible>>;

impl Listener {
    /// The entries that come next, as soon as there are any; `None` when the node stops or cannot
    /// read: the client comes back with the last id that it has.
    async fn entries(mut self) -> Option<(Events, Listener)> {
        loop {
            self.heights.mark_unchanged();
            let events = self.read().await.ok()?;
            if !events.is_empty() {
                self.next += events.len() as u64;
                return Some((events, self));
            }
            tokio::select! {
                changed = self.heights.changed() => changed.ok()?,
                () = self.api.closed() => return None,
            }
        }
    }

    async fn read(&self) -> Result<Events, Problem> {
        let next = self.next;
        if next >= self.api.view().snapshot().log_size() {
            return Ok(Events::new());
        }
        let read = move |api: &ApiState| {
            let at = api.view().snapshot();
            let (all, from) = (EntryFilter::default(), Some(LogIndex(next)));
            let page = api.view().entries(&at, &all, Order::Ascending, from, AT_ONCE)?;
            let (entries, _) = api.blocks().entries(&page.found)?;
            let event = |(place, entry): (&EntryPlace, Box<RawValue>)| {
                Ok(Event::default().event("entry").id(place.index.to_string()).data(entry.get()))
            };
            Ok(page.found.iter().zip(entries).map(event).collect())
        };
        self.api.read(read).await
    }
}
