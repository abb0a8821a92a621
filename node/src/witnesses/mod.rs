//! Outside witnesses: others than the members, who see each checkpoint of the log and sign that it
//! goes on where the last one ended, so that nobody can be shown another log than everyone else.
//! Holds: the node never waits for a witness; what is asked, answered and kept is bounded; what was
//! published with enough cosignatures is published again after a restart.
//! May not enter: consensus; what a checkpoint is (core).
//! Source: c2sp.org/tlog-witness@v1.0.0; docs/formats.md, "Witnesses"; decision 0026.

mod ask;
mod board;
mod coordinator;
mod numbers;
mod store;
#[cfg(test)]
mod tests;

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::time::Duration;

use comity_core::checkpoint::origin;
use comity_core::hash::ConsortiumId;
use comity_core::keys::SecretKey;
use prometheus_client::registry::Registry;
use tokio::runtime::Handle;
use tokio::task::JoinHandle;

use crate::config::CheckpointOptions;
use crate::data_dir::DataDir;
use crate::view::View;

use ask::Witness;
pub use board::Board;
pub(crate) use board::Showing;
use coordinator::{Coordinator, Event, Policy, Standing};
use numbers::Numbers;
use store::Store;

/// What may wait for the thread: a ring, and an answer of each witness.
const EVENTS: usize = 32;
/// How long the end of the node waits for the thread. Questions under way are left to end.
const GRACE: Duration = Duration::from_secs(3);

/// The node's witnesses, asked by a thread of its own; ends when dropped.
#[derive(Debug)]
pub(crate) struct Witnesses {
    board: Board,
    closing: Arc<AtomicBool>,
    bell: SyncSender<Event>,
    ended: Receiver<()>,
    forward: JoinHandle<()>,
}

impl Witnesses {
    /// Starts to have the log witnessed. Errors: the system gives no thread.
    pub(crate) fn start(
        options: &CheckpointOptions,
        (consortium, key): (&ConsortiumId, SecretKey),
        dir: &DataDir,
        (view, runtime): (&View, &Handle),
        registry: &mut Registry,
    ) -> io::Result<Witnesses> {
        let numbers = Numbers::default();
        let names = options.witnesses.iter().map(|option| option.key.get().name());
        numbers.register(registry, names);
        let (events, heard) = sync_channel(EVENTS);
        let coordinator = Coordinator {
            view: view.clone(),
            key,
            origin: origin(consortium),
            witnesses: options.witnesses.iter().map(Witness::new).map(Standing::new).collect(),
            policy: Policy {
                required: options.required(),
                every: Duration::from_secs(options.every_seconds.get() as u64),
                patience: Duration::from_secs(options.patience_seconds.get() as u64),
            },
            board: Board::new(options.fail),
            store: Store { path: dir.cosigned_file() },
            numbers,
            events,
            closing: Arc::default(),
            round: None,
            published: None,
            waiting_since: None,
        };
        Witnesses::run(coordinator, heard, view, runtime)
    }

    fn run(
        coordinator: Coordinator,
        heard: Receiver<Event>,
        view: &View,
        runtime: &Handle,
    ) -> io::Result<Witnesses> {
        let (board, closing) = (coordinator.board.clone(), Arc::clone(&coordinator.closing));
        let bell = coordinator.events.clone();
        let (end, ended) = sync_channel::<()>(0);
        let mut heights = view.height();
        let ring = bell.clone();
        let forward = runtime.spawn(async move {
            while heights.changed().await.is_ok() {
                // Where others wait already, that is enough.
                let _ = ring.try_send(Event::Ring);
            }
        });
        let work = move || {
            // Dropped at the end, which is what is waited for.
            let _end = end;
            coordinator.run(&heard);
        };
        std::thread::Builder::new().name("witnesses".to_owned()).spawn(work)?;
        Ok(Witnesses { board, closing, bell, ended, forward })
    }

    /// What is published.
    pub(crate) fn board(&self) -> Board {
        self.board.clone()
    }
}

impl Drop for Witnesses {
    fn drop(&mut self) {
        self.forward.abort();
        self.closing.store(true, Ordering::Release);
        let _ = self.bell.try_send(Event::Ring);
        let _ = self.ended.recv_timeout(GRACE);
    }
}
