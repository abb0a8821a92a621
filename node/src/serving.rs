//! Answers to peers that take a read: given on other threads, a few at once for a peer and in all.
//! Holds: an answer counts until it is on its way, so that slow readers cannot pile answers up; whoever
//! asks for more at once gets none.
//! May not enter: what is asked and read; the replica.

use std::collections::BTreeMap;
use std::sync::Arc;

use comity_replica::io::{Peer, Ticket};
use comity_replica::message::Response;
use tokio::sync::{Semaphore, mpsc};

use crate::network::{Command, Held};

/// How many answers may be read or sent at once.
#[derive(Clone, Copy, Debug)]
pub(crate) struct AtOnce {
    /// To one peer (count).
    pub(crate) per_peer: usize,
    /// To all peers together (count).
    pub(crate) in_all: usize,
}

/// Who is being answered.
#[derive(Debug)]
pub(crate) struct Serving {
    network: mpsc::Sender<Command>,
    per_peer: usize,
    all: Arc<Semaphore>,
    peers: BTreeMap<Peer, Arc<Semaphore>>,
}

impl Serving {
    pub(crate) fn new(network: mpsc::Sender<Command>, at_once: AtOnce) -> Self {
        let all = Arc::new(Semaphore::new(at_once.in_all));
        Serving { network, per_peer: at_once.per_peer, all, peers: BTreeMap::new() }
    }

    /// Has `read` find the answer on another thread, and sends it. A peer that asks for more at once
    /// than it may, or asks while all are busy, gets none and asks again or elsewhere.
    pub(crate) async fn answer(
        &mut self,
        peer: Peer,
        ticket: Ticket,
        read: impl FnOnce() -> Option<Response> + Send + 'static,
    ) {
        let of_peer = self.peers.entry(peer).or_insert_with(|| {
            let permits = Semaphore::new(self.per_peer);
            Arc::new(permits)
        });
        let permits = (of_peer.clone().try_acquire_owned(), self.all.clone().try_acquire_owned());
        let (Ok(of_peer), Ok(of_all)) = permits else {
            let refusal = Command::Respond { ticket, response: None, held: Held::nothing() };
            let _ = self.network.send(refusal).await;
            return;
        };
        let (network, held) = (self.network.clone(), Held::new((of_peer, of_all)));
        tokio::task::spawn_blocking(move || {
            let response = read();
            // The network always takes commands, or is gone.
            let _ = network.blocking_send(Command::Respond { ticket, response, held });
        });
    }

    /// Forgets a peer that is gone.
    pub(crate) fn forget(&mut self, peer: Peer) {
        self.peers.remove(&peer);
    }
}
