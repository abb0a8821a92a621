//! The HTTP API of docs/openapi.json, on loopback addresses only.
//! Holds: what was answered as committed can be read by the next request; every error is a
//! problem; every wait ends.
//! May not enter: rules; TLS, which does not exist yet, and so any address that others can reach.
//! Only what is not public is asked for with a signature (see `auth`).

mod archive;
mod assessments;
mod auth;
mod blocks;
mod checks;
mod collection;
mod connections;
mod duties;
mod emergencies;
mod events;
mod extract;
mod kept;
mod limits;
mod listings;
mod members;
pub(crate) mod node_health;
mod objects;
mod operations;
mod oversight;
mod problem;
mod proofs;
pub mod reading;
mod records;
mod shapes;
mod sharing;
mod status;
mod task_forces;
#[cfg(test)]
pub(crate) mod tests;
mod tlog;
mod waiters;

use std::future::Future;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::extract::Request;
use axum::middleware::from_fn_with_state;
use axum::{Json, Router};
use comity_core::genesis::Genesis;
use comity_core::hash::ConsortiumId;
use comity_core::ids::LogIndex;
use comity_core::keys::SecretKey;
use comity_core::text::AgencyId;
use comity_replica::storage::BlockLogReader;
use tokio::net::{TcpListener, TcpSocket};
use tokio::sync::watch;
use tokio::time::timeout;

use crate::disk::FileDisk;
use crate::kept::Kept;
use crate::metrics::Metrics;
use crate::shell::ShellHandle;
use crate::view::{EntryPlace, View};
use crate::witnesses::Board;

use blocks::{Blocks, BlocksError};
use limits::{READ_PATIENCE, Room};
use problem::Problem;
use waiters::Waiters;

pub use operations::{OPENAPI, operations};

/// What a handler answers with JSON.
type Answer<T> = Result<Json<T>, Problem>;

/// Connections that may wait to be taken (count): with the usual 128, some of a few hundred clients
/// that come at once are reset.
const BACKLOG: u32 = 4096;
/// How long requests under way may take to end once the node stops.
const GRACE: Duration = Duration::from_secs(5);

/// Why the API cannot be served.
#[derive(Debug, thiserror::Error)]
pub enum HttpError {
    /// An address that others can reach.
    #[error(
        "the API does not listen on {address}: it has no TLS and no authentication yet, so that \
         whoever reaches it could read everything; let it listen on 127.0.0.1 and reach it from \
         elsewhere by `ssh -L {port}:127.0.0.1:{port} <this machine>`",
        port = address.port()
    )]
    NotLoopback {
        /// The address.
        address: SocketAddr,
    },
    /// An address that is taken.
    #[error("the API's address {address} is already in use: another node or program listens there")]
    Taken {
        /// The address.
        address: SocketAddr,
    },
    /// An address that cannot be listened on for another reason.
    #[error("the API cannot listen on {address}")]
    Listen {
        /// The address.
        address: SocketAddr,
        /// What the operating system said.
        #[source]
        source: io::Error,
    },
    /// The listener failed.
    #[error("the API's listener failed")]
    Serve(#[source] io::Error),
}

/// Why an entry cannot be shown.
#[derive(Debug, thiserror::Error)]
#[error("entry {index} cannot be shown")]
pub(crate) struct EntryUnreadable {
    index: LogIndex,
    #[source]
    source: BlocksError,
}

/// What the API serves from.
#[derive(Debug)]
pub struct ApiParts {
    /// The agency whose node this is.
    pub agency: AgencyId,
    /// The genesis.
    pub genesis: Arc<Genesis>,
    /// The view, booted.
    pub view: View,
    /// The block log.
    pub blocks: BlockLogReader<FileDisk>,
    /// The shell.
    pub shell: ShellHandle,
    /// The node's metrics.
    pub metrics: Arc<Metrics>,
    /// What the node keeps beside the log.
    pub kept: Kept,
    /// Signs checkpoints; none where the agency has no note key.
    pub note_key: Option<SecretKey>,
    /// What witnesses have cosigned; none where there are no witnesses.
    pub board: Option<Board>,
}

/// What the API serves from, shared by all requests. Clones are cheap.
#[derive(Clone, Debug)]
pub struct ApiState(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    agency: AgencyId,
    genesis: Arc<Genesis>,
    consortium: ConsortiumId,
    view: View,
    blocks: Blocks,
    shell: ShellHandle,
    metrics: Arc<Metrics>,
    kept: Kept,
    note_key: Option<SecretKey>,
    board: Option<Board>,
    waiters: Arc<Waiters>,
    room: Room,
    closing: watch::Sender<bool>,
}

impl ApiState {
    /// The state of an API that has served nothing yet.
    pub fn new(parts: ApiParts) -> ApiState {
        let ApiParts { agency, genesis, view, blocks, shell, metrics, kept, note_key, board } =
            parts;
        ApiState(Arc::new(Inner {
            agency,
            consortium: genesis.id(),
            genesis,
            view,
            blocks: Blocks::new(blocks),
            shell,
            metrics,
            kept,
            note_key,
            board,
            waiters: Arc::default(),
            room: Room::default(),
            closing: watch::Sender::new(false),
        }))
    }

    /// The consortium.
    pub(crate) fn consortium(&self) -> ConsortiumId {
        self.0.consortium
    }

    /// An entry as `GET /v1/entries/{index}` answers it. Blocks the thread. Errors: it cannot be
    /// read.
    pub(crate) fn entry_text(&self, place: &EntryPlace) -> Result<Box<str>, EntryUnreadable> {
        let unreadable = |source| EntryUnreadable { index: place.index, source };
        let block = self.blocks().block(place.height).map_err(unreadable)?;
        Ok(block.entry(place).map_err(unreadable)?.get().into())
    }

    fn view(&self) -> &View {
        &self.0.view
    }

    fn blocks(&self) -> &Blocks {
        &self.0.blocks
    }

    fn shell(&self) -> &ShellHandle {
        &self.0.shell
    }

    fn kept(&self) -> &Kept {
        &self.0.kept
    }

    fn room(&self) -> &Room {
        &self.0.room
    }

    /// Ends when the API is told to stop.
    async fn closed(&self) {
        let mut closing = self.0.closing.subscribe();
        // The sender lives as long as `self`.
        let _ = closing.wait_for(|closing| *closing).await;
    }

    /// Reads from the view or the block log, on a thread where that may take its time. Errors:
    /// `read`'s, or that there are too many others.
    async fn read<T, F>(&self, read: F) -> Result<T, Problem>
    where
        T: Send + 'static,
        F: FnOnce(&ApiState) -> Result<T, Problem> + Send + 'static,
    {
        if let Some(reason) = self.view().failure() {
            return Err(Problem::view_failed(reason));
        }
        let turn = timeout(READ_PATIENCE, self.room().reads.acquire()).await;
        let Ok(Ok(_turn)) = turn else {
            return Err(Problem::busy("too many reads are under way"));
        };
        let api = self.clone();
        tokio::task::spawn_blocking(move || read(&api)).await?
    }
}

/// Opens the API's address. Errors: `NotLoopback`, `Taken`, `Listen`.
pub async fn bind(address: SocketAddr) -> Result<TcpListener, HttpError> {
    check_loopback(address)?;
    listen(address).map_err(|source| match source.kind() {
        io::ErrorKind::AddrInUse => HttpError::Taken { address },
        _ => HttpError::Listen { address, source },
    })
}

fn listen(address: SocketAddr) -> io::Result<TcpListener> {
    let socket = if address.is_ipv4() { TcpSocket::new_v4()? } else { TcpSocket::new_v6()? };
    // A node that restarts takes its address again at once.
    socket.set_reuseaddr(true)?;
    socket.bind(address)?;
    socket.listen(BACKLOG)
}

/// Serves the API until `shutdown` ends; requests under way then have [`GRACE`] to end. Errors:
/// `NotLoopback`, `Serve`.
pub async fn serve(
    listener: TcpListener,
    state: ApiState,
    shutdown: impl Future<Output = ()> + Send + 'static,
) -> Result<(), HttpError> {
    check_loopback(listener.local_addr().map_err(HttpError::Serve)?)?;
    // Both begin before the first request is taken, so that no waiter misses anything.
    let feed = waiters::Feed::new(&state);
    let feed = tokio::spawn(feed.run());
    let api = state.clone();
    let stopping = async move {
        shutdown.await;
        api.0.closing.send_replace(true);
    };
    let server = connections::serve(listener, router(state.clone()), stopping);
    let overdue = async {
        state.closed().await;
        tokio::time::sleep(GRACE).await;
    };
    tokio::select! {
        () = server => {}
        () = overdue => {}
    }
    feed.abort();
    Ok(())
}

fn check_loopback(address: SocketAddr) -> Result<(), HttpError> {
    if address.ip().is_loopback() { Ok(()) } else { Err(HttpError::NotLoopback { address }) }
}

fn router(state: ApiState) -> Router {
    operations::routes()
        .merge(tlog::routes())
        .method_not_allowed_fallback(method_not_allowed)
        .fallback(not_found)
        .layer(from_fn_with_state(state.clone(), limits::guard))
        .with_state(state)
}

async fn not_found(request: Request) -> Problem {
    Problem::not_found(format!("there is nothing at {}", request.uri().path()))
}

async fn method_not_allowed(request: Request) -> Problem {
    let (method, path) = (request.method(), request.uri().path());
    Problem::method_not_allowed(format!("{path} does not take {method}"))
}
