//! The task that owns the swarm: turns what happens there into events, and carries out commands.
//! Holds: commands are taken even while events wait, so that the shell never waits for itself;
//! while events wait, nothing more is taken from peers.
//! May not enter: who may connect (see `peers`); when to dial (see `dialer`); what becomes of
//! the swarm's events (see `swarm_events`).

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::time::Duration;

use comity_core::text::AgencyId;
use comity_replica::io::{Peer, Ticket, Verdict};
use comity_replica::message::{Gossip, Request, Response};
use futures::StreamExt as _;
use libp2p::gossipsub::{MessageAcceptance, PublishError};
use libp2p::request_response::{InboundRequestId, OutboundRequestId, ResponseChannel};
use libp2p::swarm::dial_opts::DialOpts;
use libp2p::{PeerId, Swarm};
use tokio::sync::mpsc::error::TrySendError;
use tokio::sync::{mpsc, watch};
use tokio::time::{Instant, MissedTickBehavior};

use super::addresses::AddressBook;
use super::behaviour::{Protocols, protocol_version};
use super::conduct::{Conduct, Offence, TooFar};
use super::dialer::{Attempt, Dialer};
use super::gossip::{self, Awaiting, Pending, Topics};
use super::metrics::NetworkMetrics;
use super::neighbours::Neighbours;
use super::peers::{News, Peers};
use super::{Command, Held, Members, NetworkConfig, NetworkEvent};

/// Events that may wait in the task before it stops listening to peers (count).
const PENDING_EVENTS: usize = 64;
/// Bytes of answers that one peer may leave unread (one answer is sent in any case).
const UNREAD_BYTES: usize = 16 * 1024 * 1024;
/// How often what has run out is cleared away.
const TICK: Duration = Duration::from_secs(1);

/// The task's ends of the queues.
pub(crate) struct Ends {
    pub(crate) commands: mpsc::Receiver<Command>,
    pub(crate) events: mpsc::Sender<NetworkEvent>,
    pub(crate) members: watch::Receiver<Members>,
}

/// A request of a peer that awaits its answer.
pub(crate) struct Asked {
    pub(crate) from: PeerId,
    pub(crate) id: InboundRequestId,
    pub(crate) channel: ResponseChannel<Response>,
}

/// The swarm, and what must be known between its events.
pub(crate) struct SwarmTask {
    pub(crate) swarm: Swarm<Protocols>,
    pub(crate) topics: Topics,
    pub(crate) protocol_version: String,
    ends: Ends,
    /// Events for which the shell has no room yet.
    pending: VecDeque<NetworkEvent>,
    pub(crate) peers: Peers,
    pub(crate) dialer: Dialer,
    pub(crate) awaiting: Awaiting,
    /// Requests of peers that await the shell's answer.
    pub(crate) asked: BTreeMap<Ticket, Asked>,
    /// Answers on their way: to whom, how many bytes, and shares that are held until they are sent.
    pub(crate) answering: BTreeMap<InboundRequestId, (PeerId, usize, Held)>,
    pub(crate) conduct: Conduct,
    /// Own requests that await a peer's answer.
    pub(crate) asking: BTreeMap<OutboundRequestId, (Peer, Ticket)>,
    pub(crate) addresses: AddressBook,
    /// Agencies for whose nodes the operator gave an address.
    pub(crate) named: BTreeSet<AgencyId>,
    /// Requests for addresses that await an answer, one a peer at most.
    pub(crate) exploring: BTreeMap<OutboundRequestId, PeerId>,
    /// When to ask for addresses again, and who was asked last.
    pub(crate) explore_at: Instant,
    pub(crate) last_explored: Option<PeerId>,
    pub(crate) neighbours: Neighbours,
    last_ticket: u64,
    pub(crate) metrics: NetworkMetrics,
    pub(crate) library: libp2p::metrics::Metrics,
}

impl SwarmTask {
    pub(crate) fn new(
        swarm: Swarm<Protocols>,
        config: &NetworkConfig,
        topics: Topics,
        ends: Ends,
        (metrics, library): (NetworkMetrics, libp2p::metrics::Metrics),
    ) -> Self {
        let dialer = Dialer::new(&config.peers, swarm.local_peer_id(), Instant::now());
        let mut task = SwarmTask {
            peers: Peers::new(config.members.clone(), &config.peers),
            dialer,
            swarm,
            topics,
            protocol_version: protocol_version(&config.consortium),
            ends,
            pending: VecDeque::new(),
            awaiting: Awaiting::default(),
            asked: BTreeMap::new(),
            answering: BTreeMap::new(),
            conduct: Conduct::default(),
            asking: BTreeMap::new(),
            addresses: AddressBook::default(),
            named: config.named.clone(),
            exploring: BTreeMap::new(),
            explore_at: Instant::now(),
            last_explored: None,
            neighbours: Neighbours::default(),
            last_ticket: 0,
            metrics,
            library,
        };
        task.enforce_allow_list();
        task
    }

    /// Runs until nobody is left to give commands.
    pub(crate) async fn run(mut self) {
        let mut tick = tokio::time::interval(TICK);
        tick.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            self.hand_over();
            let has_room = self.pending.len() < PENDING_EVENTS;
            tokio::select! {
                () = room(&self.ends.events), if !self.pending.is_empty() => {}
                command = self.ends.commands.recv() => match command {
                    Some(command) => self.carry_out(command),
                    None => return,
                },
                Ok(()) = self.ends.members.changed() => self.take_up_members(),
                event = self.swarm.select_next_some(), if has_room => self.on_event(event),
                attempt = self.dialer.next() => match attempt {
                    Some(attempt) => self.dial(attempt),
                    None => {
                        let swarm = &self.swarm;
                        self.dialer.begin_due(Instant::now(), |peer| swarm.is_connected(peer));
                    }
                },
                _ = tick.tick() => self.clear_away(),
            }
        }
    }
}

/// Waits until there is room for an event, or nobody to take one.
async fn room(events: &mpsc::Sender<NetworkEvent>) {
    let _ = events.reserve().await;
}

impl SwarmTask {
    /// Hands the shell what waits for it, as far as there is room.
    fn hand_over(&mut self) {
        while let Some(event) = self.pending.pop_front() {
            match self.ends.events.try_send(event) {
                Ok(()) => {}
                Err(TrySendError::Full(event)) => return self.pending.push_front(event),
                // The shell is ending, and soon lets go of its commands too.
                Err(TrySendError::Closed(_)) => {}
            }
        }
    }

    /// Queues an event for the shell.
    pub(crate) fn tell(&mut self, event: NetworkEvent) {
        self.pending.push_back(event);
    }

    pub(crate) fn draw_ticket(&mut self) -> Ticket {
        self.last_ticket += 1;
        Ticket(self.last_ticket)
    }

    /// The peer's number; tells the shell of it if it comes up only now. `None` when it is not
    /// connected any more.
    pub(crate) fn come_up(&mut self, id: PeerId) -> Option<Peer> {
        let up = self.peers.come_up(id)?;
        if let Some(News { agency, address, software }) = up.news {
            let name = agency.as_ref().map_or("no member", |agency| agency.as_str());
            tracing::info!(agency = name, %address, peer = %id, "peer connected");
            self.tell(NetworkEvent::PeerUp { peer: up.peer, agency, address });
            if let Some(software) = software {
                self.tell(NetworkEvent::PeerSoftware { peer: up.peer, software });
            }
            self.metrics.set_peers(self.peers.count());
            self.neighbours.is_to_tell = true;
            self.ask_addresses(id);
        }
        Some(up.peer)
    }

    /// Tells the shell that a peer is gone, if it was up.
    pub(crate) fn tell_down(&mut self, number: Option<Peer>) {
        if let Some(peer) = number {
            self.tell(NetworkEvent::PeerDown { peer });
            self.metrics.set_peers(self.peers.count());
            self.tell_neighbours();
        }
    }

    /// Closes the connections with a peer, and keeps it out for a while.
    pub(crate) fn banish(&mut self, id: PeerId) {
        let now = Instant::now();
        let until = self.conduct.ban(&id, now);
        self.peers.banish(id, until);
        self.metrics.peer_banished();
        self.enforce_allow_list();
    }

    /// A peer did wrong; once too often, and it is shut out.
    pub(crate) fn offended(&mut self, id: PeerId, offence: Offence) {
        if let Err(too_far) = self.conduct.offend(&id, offence, Instant::now()) {
            self.shut_out(id, too_far);
        }
    }

    /// Whether what a peer sent is to be looked at; when it is too much, the peer is shut out.
    pub(crate) fn hears(&mut self, id: PeerId, size_bytes: usize) -> bool {
        if self.peers.is_banished(&id) {
            return false;
        }
        match self.conduct.hear(&id, size_bytes, Instant::now()) {
            Ok(()) => true,
            Err(too_far) => {
                self.shut_out(id, too_far);
                false
            }
        }
    }

    fn shut_out(&mut self, id: PeerId, reason: TooFar) {
        if !self.peers.is_banished(&id) {
            let agency = self.peers.agency(&id).map_or("no member", |id| id.as_str());
            tracing::warn!(agency, peer = %id, %reason, "disconnecting a peer");
            self.banish(id);
        }
    }

    /// Lets in who may come in; closes connections with those who may not.
    fn enforce_allow_list(&mut self) {
        let allowed = self.peers.allowed();
        let list = &mut self.swarm.behaviour_mut().allowed;
        let gone: Vec<PeerId> =
            list.allowed_peers().iter().filter(|peer| !allowed.contains(peer)).copied().collect();
        for peer in gone {
            list.disallow_peer(peer);
        }
        for peer in allowed {
            list.allow_peer(peer);
        }
    }

    fn take_up_members(&mut self) {
        let members = self.ends.members.borrow_and_update().clone();
        for id in self.peers.replace_members(members) {
            let number = self.peers.go_down(&id);
            self.tell_down(number);
            self.come_up(id);
        }
        self.enforce_allow_list();
        self.look_for_members();
    }

    fn clear_away(&mut self) {
        let now = Instant::now();
        if self.peers.pardon(now) {
            self.enforce_allow_list();
        }
        self.conduct.forget(now);
        self.explore(now);
        if self.neighbours.is_to_tell {
            self.tell_neighbours();
        }
        self.asked.retain(|_, asked| asked.channel.is_open());
    }

    fn dial(&mut self, attempt: Attempt) {
        // From a port of its own each time: two nodes that dial each other from the ports on which
        // they listen would meet half way, each taking itself for the one who dials.
        let options = match (attempt.peer, attempt.addresses.first()) {
            (Some(peer), _) => DialOpts::peer_id(peer)
                .addresses(attempt.addresses.clone())
                .allocate_new_port()
                .build(),
            (None, Some(address)) => {
                DialOpts::unknown_peer_id().address(address.clone()).allocate_new_port().build()
            }
            (None, None) => return self.dialer.not_dialed(&attempt),
        };
        let connection = options.connection_id();
        match self.swarm.dial(options) {
            Ok(()) => self.dialer.dialing(&attempt, connection),
            Err(error) => {
                tracing::debug!(addresses = ?attempt.addresses, %error, "not dialed");
                self.dialer.not_dialed(&attempt);
            }
        }
    }

    fn carry_out(&mut self, command: Command) {
        match command {
            Command::Broadcast(message) => self.broadcast(&message),
            Command::Verdict { ticket, verdict } => {
                if let Some(message) = self.awaiting.remove(ticket) {
                    self.take_verdict(&message, verdict);
                }
            }
            Command::Request { peer, ticket, request } => self.request(peer, ticket, request),
            Command::Respond { ticket, response, held } => self.respond(ticket, response, held),
            Command::Disconnect { peer, reason } => {
                if let Some(id) = self.peers.id(peer) {
                    let agency = self.peers.agency(&id).map_or("no member", |id| id.as_str());
                    tracing::warn!(agency, peer = %id, %reason, "disconnecting a peer");
                    self.banish(id);
                }
            }
            Command::Progress(block) => self.conduct.progress(block),
        }
    }

    fn take_verdict(&mut self, message: &Pending, verdict: Verdict) {
        let acceptance = match verdict {
            Verdict::Accept => self.passing_on(message),
            Verdict::Ignore => MessageAcceptance::Ignore,
            Verdict::Reject => MessageAcceptance::Reject,
        };
        self.judge(&message.id, &message.from, acceptance);
        if verdict == Verdict::Reject {
            self.offended(message.from, Offence::WrongMessage);
        }
    }

    fn broadcast(&mut self, message: &Gossip) {
        let topic = self.topics.of(message);
        let mut bytes = gossip::to_bytes(message, 0);
        self.metrics.gossip_out(bytes.len());
        let gossip = &mut self.swarm.behaviour_mut().gossip;
        let mut published = gossip.publish(topic.clone(), bytes);
        if let Err(PublishError::Duplicate) = published {
            // Said before, here or elsewhere; the replica has its reasons to say it again.
            bytes = gossip::to_bytes(message, gossip::another_attempt());
            published = gossip.publish(topic, bytes);
        }
        match published {
            Ok(_) | Err(PublishError::NoPeersSubscribedToTopic) => {}
            Err(error) => tracing::debug!(%error, "a gossip message was not sent"),
        }
    }

    fn request(&mut self, peer: Peer, ticket: Ticket, request: Request) {
        let connected = self.peers.id(peer).filter(|id| self.swarm.is_connected(id));
        match connected {
            Some(id) => {
                let request = self.swarm.behaviour_mut().rpc.send_request(&id, Ok(request));
                self.asking.insert(request, (peer, ticket));
            }
            None => self.tell(NetworkEvent::Response { peer, ticket, response: None }),
        }
    }

    fn respond(&mut self, ticket: Ticket, response: Option<Response>, held: Held) {
        // Without a response the channel is dropped here, which closes the stream.
        let (Some(asked), Some(response)) = (self.asked.remove(&ticket), response) else { return };
        let of_peer = self.answering.values().filter(|(to, ..)| *to == asked.from);
        let (unread, size_bytes) =
            (of_peer.map(|(_, size, _)| size).sum::<usize>(), size(&response));
        if unread > 0 && unread + size_bytes > UNREAD_BYTES {
            return;
        }
        if self.swarm.behaviour_mut().rpc.send_response(asked.channel, response).is_ok() {
            self.answering.insert(asked.id, (asked.from, size_bytes, held));
        }
    }
}

/// About how many bytes a response takes.
fn size(response: &Response) -> usize {
    match response {
        Response::Status(_) => 1024,
        Response::Blocks(blocks) => blocks.iter().map(Vec::len).sum(),
        Response::Body(bytes) | Response::SnapshotChunk(bytes) => {
            bytes.as_ref().map_or(1, Vec::len)
        }
        Response::Snapshot(piece) => piece.as_ref().map_or(1, |piece| piece.bytes.len()),
        Response::Addresses(nodes) => 128 * nodes.len(),
        Response::Noted => 1,
    }
}
