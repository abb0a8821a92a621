//! The event loop: takes what happened, hands it to the replica in batches, and obeys.
//! Holds: one input at a time; answers to the replica's own effects come before new inputs.
//! May not enter: performing effects (see `effects`); deciding anything.
//!
//! No deadlock: the loop waits for room in the queues of the disk and of the network. The disk
//! never waits for the loop, since its answers are unbounded in type (there is at most one for
//! each sync in its bounded queue), and the network takes commands even while its events wait.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use comity_core::access::AccessRefusal;
use comity_core::grant::Usage;
use comity_core::ids::Height;
use comity_core::statement::{RecordError, VerifiedRecord};
use comity_replica::io::{Admission, Input, Now, Peer, Ticket, Verdict};
use comity_replica::message::{Gossip, Request, Response};
use comity_replica::replica::Replica;
use comity_replica::storage::StorageError;
use libp2p::{Multiaddr, PeerId};
use tokio::sync::{mpsc, oneshot};
use tokio::time::Instant;

use crate::clock::system_time;
use crate::network::{Command, Members, Network, NetworkEvent};
use crate::snapshots::SnapshotServer;

use super::block_server::{BlockServer, BlocksWanted};
use super::disk_thread::DiskThread;
use super::handle::{Ask, HandleEnds, NodeStatus, PeerStatus};
use super::room::Room;
use super::timers::Timers;
use super::verify_pool::VerifyPool;
use super::{CommitSink, OwnKeys, ShellEnd, ShellError};

/// Most inputs between two moments at which the replica sends what it gathered (count).
const BATCH: usize = 256;
/// Questions whose answers are outstanding before new submissions are turned away (count).
const OUTSTANDING: usize = 4096;
/// How often the disk's room is looked at.
const ROOM_EVERY: Duration = Duration::from_millis(500);

/// What comes back from the shell's own threads.
#[derive(Debug)]
pub(crate) enum Answer {
    Durable(Ticket),
    DiskFailed(StorageError),
    Verified { ticket: Ticket, results: Vec<Result<VerifiedRecord, RecordError>> },
}

/// What a shell works with.
pub(crate) struct Organs {
    pub(crate) replica: Replica,
    pub(crate) blocks: BlockServer,
    pub(crate) snapshots: SnapshotServer,
    pub(crate) disk: DiskThread,
    pub(crate) verifier: VerifyPool,
    pub(crate) answers: mpsc::UnboundedReceiver<Answer>,
    pub(crate) network: Network,
    pub(crate) members: Members,
    pub(crate) commits: Arc<dyn CommitSink>,
    pub(crate) data_dir: PathBuf,
    pub(crate) own: OwnKeys,
    pub(crate) room: Room,
    pub(crate) ends: HandleEnds,
}

/// What the loop wakes up for.
#[allow(clippy::large_enum_variant, reason = "it lives for one turn of the loop")]
enum Occurrence {
    Shutdown,
    NetworkEnded,
    /// A timer is due.
    Due,
    /// It is time to look at the disk.
    Look,
    Answer(Answer),
    Event(NetworkEvent),
    Ask(Ask),
}

impl Organs {
    /// Waits for the next occurrence.
    async fn next(&mut self, timers: &Timers, look_at: Instant) -> Occurrence {
        let is_full = self.room.full().is_some();
        tokio::select! {
            biased;
            // An error means that every handle is gone, so that nobody can ask any more.
            Ok(_) = self.ends.shutdown.wait_for(|stop| *stop) => Occurrence::Shutdown,
            Some(answer) = self.answers.recv() => Occurrence::Answer(answer),
            () = tokio::time::sleep_until(look_at) => Occurrence::Look,
            () = timers.wait(), if !is_full => Occurrence::Due,
            event = self.network.events.recv() => {
                event.map_or(Occurrence::NetworkEnded, Occurrence::Event)
            }
            Some(ask) = self.ends.asks.recv() => Occurrence::Ask(ask),
        }
    }
}

/// A node that is ready to run.
pub struct Shell {
    pub(crate) organs: Organs,
    pub(crate) timers: Timers,
    pub(crate) submitters: BTreeMap<Ticket, oneshot::Sender<Admission>>,
    pub(crate) askers: BTreeMap<Ticket, oneshot::Sender<Result<Usage, AccessRefusal>>>,
    /// Whether the ledger has other keys for this node by now.
    pub(crate) keys_changed: bool,
    peers: BTreeMap<Peer, PeerStatus>,
    caught_up_at: Option<Height>,
    /// What came back while the disk was full.
    put_off: Vec<Answer>,
    look_at: Instant,
    last_ticket: u64,
    start: Instant,
}

impl Shell {
    pub(crate) fn new(organs: Organs) -> Self {
        Shell {
            organs,
            timers: Timers::default(),
            submitters: BTreeMap::new(),
            askers: BTreeMap::new(),
            keys_changed: false,
            peers: BTreeMap::new(),
            caught_up_at: None,
            put_off: Vec::new(),
            look_at: Instant::now(),
            last_ticket: 0,
            start: Instant::now(),
        }
    }

    /// Where the node listens for peers.
    pub fn listening(&self) -> &[Multiaddr] {
        &self.organs.network.listening
    }

    /// The node's identity on the network.
    pub fn peer_id(&self) -> PeerId {
        self.organs.network.peer_id
    }

    /// Runs until somebody asks it to end, the ledger has other keys for this node, or something
    /// forces it to. What was written is synced before it returns. Errors: `Halted`, `Storage`,
    /// `NetworkEnded`.
    pub async fn run(mut self) -> Result<ShellEnd, ShellError> {
        let served = self.serve().await;
        let Organs { disk, network, blocks, snapshots, .. } = self.organs;
        // Peers first: nothing is sent that the disk may yet refuse.
        drop((blocks, snapshots));
        network.close().await;
        let finished = disk.finish().await;
        let end = served?;
        finished?;
        Ok(end)
    }

    async fn serve(&mut self) -> Result<ShellEnd, ShellError> {
        self.organs.room.look();
        self.feed(Input::Start).await?;
        loop {
            if !self.is_full() {
                self.feed(Input::Drained).await?;
            }
            self.tell_status();
            if self.keys_changed {
                return Ok(ShellEnd::KeysChanged);
            }
            match self.organs.next(&self.timers, self.look_at).await {
                Occurrence::Shutdown => return Ok(ShellEnd::Asked),
                Occurrence::NetworkEnded => return Err(ShellError::NetworkEnded),
                Occurrence::Due => {}
                Occurrence::Look => self.look_for_room().await?,
                Occurrence::Answer(answer) => self.take_answer(answer).await?,
                Occurrence::Event(event) => self.take_event(event).await?,
                Occurrence::Ask(ask) => self.take_ask(ask).await?,
            }
            self.take_what_is_there().await?;
        }
    }

    /// Takes what has queued up: from each side in turn, so that none starves another.
    async fn take_what_is_there(&mut self) -> Result<(), ShellError> {
        for _ in 0..BATCH {
            let mut took_any = false;
            if !self.is_full()
                && let Some(timer) = self.timers.take_due(Instant::now())
            {
                took_any = true;
                self.feed(Input::Timer(timer)).await?;
            }
            if let Ok(answer) = self.organs.answers.try_recv() {
                took_any = true;
                self.take_answer(answer).await?;
            }
            if let Ok(event) = self.organs.network.events.try_recv() {
                took_any = true;
                self.take_event(event).await?;
            }
            if let Ok(ask) = self.organs.ends.asks.try_recv() {
                took_any = true;
                self.take_ask(ask).await?;
            }
            if !took_any {
                return Ok(());
            }
        }
        // There is more, and the network, which shares this thread, has its turn before it.
        tokio::task::yield_now().await;
        Ok(())
    }

    fn is_full(&self) -> bool {
        self.organs.room.full().is_some()
    }

    /// While the disk is nearly full nothing reaches the replica that could make it write: no
    /// message, no timer, no record. To the others the node is as one that is away; what it has
    /// begun to write is finished in the room that is left. Once there is room, it goes on where
    /// it was and catches up.
    async fn look_for_room(&mut self) -> Result<(), ShellError> {
        self.look_at = Instant::now() + ROOM_EVERY;
        let has_changed = self.organs.room.look();
        match self.organs.room.full() {
            Some(full) if has_changed => {
                tracing::error!(
                    free_bytes = full.free_bytes,
                    reserve_bytes = full.reserve_bytes,
                    "the disk is nearly full: this node neither votes nor takes records until \
                     there is room. Nothing is lost"
                );
            }
            None if has_changed => {
                tracing::info!("the disk has room again: this node goes on");
                for answer in std::mem::take(&mut self.put_off) {
                    self.take_answer(answer).await?;
                }
            }
            Some(_) | None => {}
        }
        Ok(())
    }

    /// Hands one input to the replica and obeys its effects.
    async fn feed(&mut self, input: Input) -> Result<(), ShellError> {
        for effect in self.organs.replica.step(self.now(), input) {
            self.obey(effect).await?;
        }
        Ok(())
    }

    async fn take_answer(&mut self, answer: Answer) -> Result<(), ShellError> {
        match answer {
            Answer::DiskFailed(error) => Err(error.into()),
            // At most what was under way: nothing new is asked for meanwhile.
            answer if self.is_full() => {
                self.put_off.push(answer);
                Ok(())
            }
            Answer::Durable(ticket) => self.feed(Input::Durable { ticket }).await,
            Answer::Verified { ticket, results } => {
                self.feed(Input::Verified { ticket, results }).await
            }
        }
    }

    async fn take_ask(&mut self, ask: Ask) -> Result<(), ShellError> {
        let ticket = self.draw_ticket();
        match ask {
            Ask::Submit { bytes, answer } => {
                if self.is_full()
                    || self.organs.verifier.is_full()
                    || !has_room(&mut self.submitters)
                {
                    let _ = answer.send(Admission::Busy);
                    return Ok(());
                }
                self.submitters.insert(ticket, answer);
                self.feed(Input::Submit { ticket, bytes }).await
            }
            Ask::Evaluate { attempt, answer } => {
                self.askers.insert(ticket, answer);
                self.feed(Input::Evaluate { ticket, attempt }).await
            }
            Ask::Health { answer } => {
                // An error means that the asker waits no longer.
                let _ = answer.send(Box::new(self.organs.replica.health()));
                Ok(())
            }
        }
    }

    async fn take_event(&mut self, event: NetworkEvent) -> Result<(), ShellError> {
        match event {
            NetworkEvent::PeerUp { peer, agency, address } => {
                let status = PeerStatus {
                    agency: agency.clone(),
                    address: address.to_string(),
                    height: None,
                    software: None,
                };
                self.peers.insert(peer, status);
                self.feed(Input::PeerUp { peer, agency }).await
            }
            NetworkEvent::PeerSoftware { peer, software } => {
                if let Some(status) = self.peers.get_mut(&peer) {
                    status.software = Some(software);
                }
                Ok(())
            }
            NetworkEvent::PeerDown { peer } => {
                self.peers.remove(&peer);
                self.organs.blocks.forget(peer);
                self.organs.snapshots.forget(peer);
                self.feed(Input::PeerDown { peer }).await
            }
            NetworkEvent::Gossip { ticket, .. } if self.is_full() => {
                self.send(Command::Verdict { ticket, verdict: Verdict::Ignore }).await
            }
            NetworkEvent::Gossip { ticket, message: Gossip::Records(_), .. }
                if self.organs.verifier.is_full() =>
            {
                // Whoever submitted them offers them again; votes must not wait behind them.
                self.send(Command::Verdict { ticket, verdict: Verdict::Ignore }).await
            }
            NetworkEvent::Gossip { peer, ticket, message } => {
                self.feed(Input::Gossip { peer, ticket, message }).await
            }
            NetworkEvent::Request {
                peer,
                ticket,
                request: Request::Blocks { from, max_bytes },
            } => {
                self.organs.blocks.serve(peer, BlocksWanted { ticket, from, max_bytes }).await;
                Ok(())
            }
            NetworkEvent::Request {
                peer,
                ticket,
                request: request @ (Request::Snapshot { .. } | Request::SnapshotChunk { .. }),
            } => {
                self.organs.snapshots.serve(peer, ticket, request).await;
                Ok(())
            }
            NetworkEvent::Request { peer, ticket, request } => {
                if let Request::Status(status) = &request {
                    self.note_height(peer, status.height);
                }
                self.feed(Input::Request { peer, ticket, request }).await
            }
            NetworkEvent::Response { peer, ticket, response } => {
                if let Some(Response::Status(status)) = &response {
                    self.note_height(peer, status.height);
                }
                // Blocks would be written; they are asked for again.
                let wanted = |of: &Response| !self.is_full() || matches!(of, Response::Status(_));
                let response = response.filter(wanted);
                self.feed(Input::Response { peer, ticket, response }).await
            }
        }
    }

    fn note_height(&mut self, peer: Peer, height: Height) {
        if let Some(status) = self.peers.get_mut(&peer) {
            status.height = Some(height);
        }
    }

    fn tell_status(&mut self) {
        let mut status = NodeStatus {
            replica: self.organs.replica.status(),
            peers: self.peers.values().cloned().collect(),
            full: self.organs.room.full(),
            caught_up_at: self.caught_up_at,
        };
        let validators = self.organs.replica.ledger().validators();
        if status.caught_up_at.is_none() && status.is_level(&self.organs.own.agency, validators) {
            self.caught_up_at = Some(status.replica.height);
            status.caught_up_at = self.caught_up_at;
        }
        self.organs.ends.status.send_if_modified(|told| {
            let has_changed = *told != status;
            if has_changed {
                *told = status;
            }
            has_changed
        });
    }

    fn draw_ticket(&mut self) -> Ticket {
        self.last_ticket += 1;
        Ticket(self.last_ticket)
    }

    fn now(&self) -> Now {
        Now { mono_ms: whole_ms(self.start.elapsed()), wall: system_time() }
    }
}

fn whole_ms(time: std::time::Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX)
}

/// Whether one more may wait, after those who wait no longer are forgotten.
fn has_room<T>(waiting: &mut BTreeMap<Ticket, oneshot::Sender<T>>) -> bool {
    if waiting.len() >= OUTSTANDING {
        waiting.retain(|_, answer| !answer.is_closed());
    }
    waiting.len() < OUTSTANDING
}
