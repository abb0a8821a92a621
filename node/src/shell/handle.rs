//! What the rest of the node holds of the shell: it asks the replica, and sees where it stands.
//! Holds: every question is answered once, or its asker learns that the shell is gone.
//! May not enter: the replica itself (see `event_loop`).

use std::collections::BTreeSet;
use std::sync::Arc;

use comity_core::access::{AccessRefusal, Attempt};
use comity_core::grant::Usage;
use comity_core::hash::LeafHash;
use comity_core::ids::Height;
use comity_core::refusal::Refusal;
use comity_core::text::AgencyId;
use comity_core::validators::{Validator, ValidatorSet};
use comity_replica::io::Admission;
use comity_replica::replica::{Health, ReplicaStatus};
use tokio::sync::{broadcast, mpsc, oneshot, watch};

use super::room::Full;

/// Questions of the API that may wait for the event loop (count).
const ASKS: usize = 1024;
/// Dropped records that a slow listener may be behind (count).
const DROPS: usize = 4096;

/// The shell has ended, so that nothing can be asked any more.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the node is shutting down")]
pub struct ShellGone;

/// Where the node stands, and with whom it is connected.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NodeStatus {
    /// The replica's own account.
    pub replica: ReplicaStatus,
    /// Connected peers, in the order in which they connected.
    pub peers: Vec<PeerStatus>,
    /// While the disk has too little room, so that the node takes part in nothing.
    pub full: Option<Full>,
    /// Where the node was when, for the first time since it started, no block was missing that a
    /// quorum of validators, itself included, knew of.
    pub caught_up_at: Option<Height>,
}

impl NodeStatus {
    /// The validators with whom the node of `own` is in contact, itself included: of the others
    /// those that have said where they stand. Who has not cannot tell that this node is behind.
    pub fn in_contact<'a>(
        &self,
        own: &AgencyId,
        validators: &'a ValidatorSet,
    ) -> Vec<&'a Validator> {
        let said = self.peers.iter().filter(|peer| peer.height.is_some());
        let agencies: BTreeSet<_> =
            said.filter_map(|peer| peer.agency.as_ref()).chain([own]).collect();
        agencies.into_iter().filter_map(|agency| validators.by_agency(agency)).collect()
    }

    /// Whether the node has every block that a quorum of `validators`, itself included, knows of.
    pub(crate) fn is_level(&self, own: &AgencyId, validators: &ValidatorSet) -> bool {
        let power = self.in_contact(own, validators).iter().map(|validator| validator.power).sum();
        self.replica.height >= self.replica.best_peer_height && validators.is_quorum(power)
    }
}

/// A connected peer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PeerStatus {
    /// The member whose node it is; `None` for another that the operator configured.
    pub agency: Option<AgencyId>,
    /// Its address on the network, as a multiaddress.
    pub address: String,
    /// The height that it last said it stands at; `None` before it has said so.
    pub height: Option<Height>,
    /// The program that it says it is, such as `comity/0.1.0`; `None` before it has said so.
    pub software: Option<String>,
}

/// A question, with where its answer goes.
#[derive(Debug)]
pub(crate) enum Ask {
    Submit { bytes: Vec<u8>, answer: oneshot::Sender<Admission> },
    Evaluate { attempt: Box<Attempt>, answer: oneshot::Sender<Result<Usage, AccessRefusal>> },
    Health { answer: oneshot::Sender<Box<Health>> },
}

/// A handle on the shell. Clones are cheap.
#[derive(Clone, Debug)]
pub struct ShellHandle {
    asks: mpsc::Sender<Ask>,
    status: watch::Receiver<NodeStatus>,
    dropped: broadcast::Sender<(LeafHash, Refusal)>,
    shutdown: Arc<watch::Sender<bool>>,
}

/// The shell's ends of what the handles hold.
#[derive(Debug)]
pub(crate) struct HandleEnds {
    pub(crate) asks: mpsc::Receiver<Ask>,
    pub(crate) status: watch::Sender<NodeStatus>,
    pub(crate) dropped: broadcast::Sender<(LeafHash, Refusal)>,
    pub(crate) shutdown: watch::Receiver<bool>,
}

impl ShellHandle {
    /// A handle and the ends that belong to the shell.
    pub(crate) fn channel(status: NodeStatus) -> (ShellHandle, HandleEnds) {
        let (asks, asked) = mpsc::channel(ASKS);
        let (tell_status, status) = watch::channel(status);
        let (dropped, _) = broadcast::channel(DROPS);
        let (shutdown, told_to_stop) = watch::channel(false);
        let ends = HandleEnds {
            asks: asked,
            status: tell_status,
            dropped: dropped.clone(),
            shutdown: told_to_stop,
        };
        (ShellHandle { asks, status, dropped, shutdown: Arc::new(shutdown) }, ends)
    }

    /// Hands a signed record to the replica, and waits for how it is received (not for its
    /// commit). Errors: the shell has ended.
    pub async fn submit(&self, bytes: Vec<u8>) -> Result<Admission, ShellGone> {
        let (answer, answered) = oneshot::channel();
        self.ask(Ask::Submit { bytes, answer }).await?;
        answered.await.map_err(|_| ShellGone)
    }

    /// How the attempt, whose signature the caller has checked, would be judged now. Errors: the
    /// shell has ended.
    pub async fn evaluate(
        &self,
        attempt: Attempt,
    ) -> Result<Result<Usage, AccessRefusal>, ShellGone> {
        let (answer, answered) = oneshot::channel();
        self.ask(Ask::Evaluate { attempt: Box::new(attempt), answer }).await?;
        answered.await.map_err(|_| ShellGone)
    }

    /// What is known of this node's own key, and of the others' clocks. Errors: the shell has ended.
    pub async fn health(&self) -> Result<Box<Health>, ShellGone> {
        let (answer, answered) = oneshot::channel();
        self.ask(Ask::Health { answer }).await?;
        answered.await.map_err(|_| ShellGone)
    }

    /// Where the node stood after the last inputs that it took. Never waits.
    pub fn status(&self) -> NodeStatus {
        self.status.borrow().clone()
    }

    /// Pending records that will not be committed as things stand, each with the rule that now
    /// refuses it, from this call on.
    pub fn dropped(&self) -> broadcast::Receiver<(LeafHash, Refusal)> {
        self.dropped.subscribe()
    }

    /// Asks the shell to end. It finishes what it has begun to write; returns at once.
    pub fn shutdown(&self) {
        self.shutdown.send_replace(true);
    }

    async fn ask(&self, ask: Ask) -> Result<(), ShellGone> {
        self.asks.send(ask).await.map_err(|_| ShellGone)
    }
}
