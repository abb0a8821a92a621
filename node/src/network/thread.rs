//! The thread that carries the network: the swarm, and the task of each connection.
//! Holds: it ends, and all that runs on it, when it is let go.
//! May not enter: what runs on it.
//!
//! A message of a peer passes three tasks on its way to the shell: its connection's, the swarm's, the shell's. Where the
//! first two share a thread, only the last step wakes another; waking costs more than most messages do.

use std::io;

use tokio::runtime::{Builder, Handle};
use tokio::sync::oneshot;

/// A running thread.
#[derive(Debug)]
pub(crate) struct NetworkThread {
    runtime: Handle,
    /// Dropped, it ends the thread.
    _ending: oneshot::Sender<()>,
}

impl NetworkThread {
    /// Starts it. Errors: the system gives no thread, or no way to wait for sockets.
    pub(crate) fn start() -> io::Result<Self> {
        let runtime = Builder::new_current_thread().enable_all().build()?;
        let handle = runtime.handle().clone();
        let (ending, ended) = oneshot::channel::<()>();
        std::thread::Builder::new().name("comity-network".into()).spawn(move || {
            // An error is what it waits for: the sender is gone.
            let _ = runtime.block_on(ended);
        })?;
        Ok(NetworkThread { runtime: handle, _ending: ending })
    }

    /// Where its tasks are spawned.
    pub(crate) fn runtime(&self) -> &Handle {
        &self.runtime
    }
}
