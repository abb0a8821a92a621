//! The thread that carries the network: the swarm, and the task of each connection.
//! Holds: when the swarm's task ends, so does everything that it had begun.
//! May not enter: what runs on it.
//!
//! A message of a peer passes three tasks on its way to the shell: its connection's, the swarm's, the shell's. Where the
//! first two share a thread, only the last step wakes another; waking costs more than most messages do.

use std::io;

use tokio::runtime::Builder;
use tokio::sync::oneshot;

/// What tells that a thread has ended.
#[derive(Debug)]
pub(crate) struct Ended(oneshot::Receiver<()>);

impl Ended {
    /// Waits for it.
    pub(crate) async fn wait(self) {
        // Nothing is ever sent: the other end is gone when the thread is, be it by a panic.
        let _ = self.0.await;
    }
}

/// Runs `task`, and all that it spawns, on a thread of its own. Errors: the system gives no thread, or no way to wait
/// for sockets.
pub(crate) fn run(task: impl Future<Output = ()> + Send + 'static) -> io::Result<Ended> {
    let runtime = Builder::new_current_thread().enable_all().build()?;
    let (ending, ended) = oneshot::channel::<()>();
    std::thread::Builder::new().name("comity-network".into()).spawn(move || {
        runtime.block_on(task);
        drop((runtime, ending));
    })?;
    Ok(Ended(ended))
}
