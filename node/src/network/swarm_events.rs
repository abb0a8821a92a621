//! What becomes of what happens in the swarm.
//! Holds: a malformed message goes no further, and is held against who sent it; a peer is up before
//! anything of it is told.
//! May not enter: waiting.

use std::io;

use comity_replica::message::{Request, Response};
use libp2p::core::ConnectedPoint;
use libp2p::gossipsub::{self, MessageAcceptance, MessageId};
use libp2p::metrics::Recorder as _;
use libp2p::request_response::{self, InboundFailure, Message, OutboundFailure};
use libp2p::swarm::{ConnectionDenied, ConnectionId, DialError, ListenError, SwarmEvent};
use libp2p::{Multiaddr, PeerId, allow_block_list, identify, ping};
use tokio::time::Instant;

use super::NetworkEvent;
use super::behaviour::ProtocolsEvent;
use super::codec::Unreadable;
use super::conduct::Offence;
use super::gossip::{self, Pending};
use super::metrics::RequestOutcome;
use super::swarm_task::{Asked, SwarmTask};

type RpcEvent = request_response::Event<Result<Request, Unreadable>, Response>;

impl SwarmTask {
    pub(crate) fn on_event(&mut self, event: SwarmEvent<ProtocolsEvent>) {
        self.library.record(&event);
        match event {
            SwarmEvent::Behaviour(event) => self.on_protocol_event(event),
            SwarmEvent::ConnectionEstablished { peer_id, connection_id, endpoint, .. } => {
                self.dialer.connected(connection_id, peer_id);
                if let ConnectedPoint::Dialer { address, .. } = &endpoint {
                    self.addresses.meet(peer_id, address);
                }
                self.peers.connect(peer_id, remote_address(endpoint));
            }
            SwarmEvent::ConnectionClosed { peer_id, connection_id, num_established, .. } => {
                self.dialer.closed(connection_id);
                if num_established == 0 {
                    self.dialer.left(&peer_id);
                    let number = self.peers.disconnect(&peer_id);
                    self.neighbours.forget(&peer_id);
                    if number.is_some() {
                        let agency = self.agency_name(&peer_id);
                        tracing::info!(agency, peer = %peer_id, "peer disconnected");
                    }
                    self.tell_down(number);
                }
            }
            SwarmEvent::IncomingConnectionError { error, send_back_addr, peer_id, .. } => {
                self.on_not_let_in(&error, &send_back_addr, peer_id);
            }
            SwarmEvent::OutgoingConnectionError { connection_id, error, .. } => {
                self.on_not_reached(connection_id, &error);
            }
            SwarmEvent::ListenerError { error, .. } => {
                tracing::warn!(%error, "trouble with listening for peers");
            }
            SwarmEvent::ListenerClosed { addresses, reason: Err(error), .. } => {
                tracing::error!(?addresses, %error, "no longer listening for peers");
            }
            _ => {}
        }
    }

    fn on_protocol_event(&mut self, event: ProtocolsEvent) {
        match event {
            ProtocolsEvent::Gossip(event) => {
                self.library.record(&event);
                self.on_gossip_event(event);
            }
            ProtocolsEvent::Rpc(event) => self.on_rpc_event(event),
            ProtocolsEvent::Identify(event) => self.on_identified(event),
            ProtocolsEvent::Ping(event) => {
                self.library.record(&event);
                // Also where the stream for it cannot be opened: whoever reads nothing lets none open.
                if let Err(ping::Failure::Timeout | ping::Failure::Other { .. }) = event.result {
                    tracing::debug!(peer = %event.peer, "no sign of life, closing the connection");
                    self.swarm.close_connection(event.connection);
                }
            }
        }
    }

    fn on_gossip_event(&mut self, event: gossipsub::Event) {
        match event {
            gossipsub::Event::Message { propagation_source, message_id, message } => {
                self.on_message(propagation_source, message_id, &message);
            }
            // From here on what is broadcast reaches it.
            gossipsub::Event::Subscribed { peer_id, topic } if self.topics.is_consensus(&topic) => {
                self.come_up(peer_id);
            }
            gossipsub::Event::SlowPeer { peer_id, .. } => {
                self.offended(peer_id, Offence::UnreadGossip);
            }
            _ => {}
        }
    }

    fn on_message(&mut self, from: PeerId, id: MessageId, message: &gossipsub::Message) {
        self.metrics.gossip_in(message.data.len());
        if !self.hears(from, message.data.len()) {
            self.metrics.gossip_refused();
            return self.judge(&id, &from, MessageAcceptance::Ignore);
        }
        let Some(content) = gossip::from_bytes(&self.topics, &message.topic, &message.data) else {
            self.metrics.gossip_refused();
            self.judge(&id, &from, MessageAcceptance::Reject);
            return self.offended(from, Offence::WrongMessage);
        };
        let number = self.awaiting.has_room(&from).then(|| self.come_up(from)).flatten();
        let Some(peer) = number else {
            self.metrics.gossip_refused();
            return self.judge(&id, &from, MessageAcceptance::Ignore);
        };
        let ticket = self.draw_ticket();
        let pending = Pending { id, from, again: gossip::is_again(&message.data) };
        if let Some(Pending { id, from, .. }) = self.awaiting.insert(ticket, pending) {
            self.judge(&id, &from, MessageAcceptance::Ignore);
        }
        self.tell(NetworkEvent::Gossip { peer, ticket, message: content });
    }

    /// Tells gossipsub what becomes of a message.
    pub(crate) fn judge(&mut self, id: &MessageId, from: &PeerId, acceptance: MessageAcceptance) {
        let gossip = &mut self.swarm.behaviour_mut().gossip;
        // False when gossipsub has forgotten the message: the verdict came too late to matter.
        gossip.report_message_validation_result(id, from, acceptance);
    }

    fn on_rpc_event(&mut self, event: RpcEvent) {
        match event {
            RpcEvent::Message {
                peer: from,
                message: Message::Request { request_id: id, request, channel },
                ..
            } => self.on_request(Asked { from, id, channel }, request),
            RpcEvent::Message {
                peer: from,
                message: Message::Response { request_id, response },
                ..
            } => {
                if self.exploring.remove(&request_id).is_some() {
                    self.take_addresses(from, response);
                } else if let Some((peer, ticket)) = self.asking.remove(&request_id) {
                    self.metrics.request(RequestOutcome::Answered);
                    let response = Some(response);
                    self.tell(NetworkEvent::Response { peer, ticket, response });
                }
            }
            RpcEvent::OutboundFailure { peer: from, request_id, error, .. } => {
                self.exploring.remove(&request_id);
                if let Some((peer, ticket)) = self.asking.remove(&request_id) {
                    tracing::debug!(peer = %from, %error, "a request was not answered");
                    self.metrics.request(RequestOutcome::Failed);
                    self.tell(NetworkEvent::Response { peer, ticket, response: None });
                }
                if let OutboundFailure::Io(error) = error
                    && error.kind() == io::ErrorKind::InvalidData
                {
                    self.offended(from, Offence::WrongAnswer);
                }
            }
            RpcEvent::InboundFailure { peer: from, request_id, error, .. } => {
                tracing::debug!(peer = %from, %error, "a peer's request was not answered");
                let was_answering = self.answering.remove(&request_id).is_some();
                if matches!(error, InboundFailure::Timeout) && was_answering {
                    self.offended(from, Offence::UnreadAnswer);
                }
            }
            RpcEvent::ResponseSent { request_id, .. } => {
                self.answering.remove(&request_id);
            }
        }
    }

    /// Where it is let go of what a peer asked, the stream is closed without an answer.
    fn on_request(&mut self, asked: Asked, request: Result<Request, Unreadable>) {
        let from = asked.from;
        // Requests are short; it is how many that counts.
        if !self.hears(from, 0) {
            return;
        }
        let request = match request {
            Ok(request) => request,
            Err(unreadable) => {
                tracing::debug!(peer = %from, %unreadable, "a request cannot be read");
                return self.offended(from, offence(&unreadable));
            }
        };
        // A peer that is just gone needs no answer.
        let Some(peer) = self.come_up(from) else { return };
        if let Request::Addresses = request {
            return self.tell_addresses(from, asked.channel);
        }
        if let Request::Neighbours(keys) = request {
            return self.take_neighbours(asked, keys);
        }
        let ticket = self.draw_ticket();
        self.asked.insert(ticket, asked);
        self.tell(NetworkEvent::Request { peer, ticket, request });
    }

    fn on_identified(&mut self, event: identify::Event) {
        let identify::Event::Received { peer_id, info, .. } = event else { return };
        if info.protocol_version == self.protocol_version {
            let software = printable(&info.agent_version);
            if let Some(peer) = self.peers.identify(&peer_id, software.clone()) {
                self.tell(NetworkEvent::PeerSoftware { peer, software });
            }
            return;
        }
        let (agency, address) = (self.agency_name(&peer_id), self.peers.address(&peer_id));
        let address = address.map(ToString::to_string).unwrap_or_default();
        let (ours, theirs) = (&self.protocol_version, printable(&info.protocol_version));
        tracing::warn!(
            agency, %address, peer = %peer_id, %ours, %theirs,
            "this peer belongs to another consortium (foreign genesis) or runs another program; \
             disconnecting it. Compare the genesis files of both nodes"
        );
        self.banish(peer_id);
    }

    fn on_not_let_in(&mut self, error: &ListenError, from: &Multiaddr, peer: Option<PeerId>) {
        if let ListenError::Denied { cause } = error
            && is_stranger(cause)
            && !peer.is_some_and(|peer| self.peers.is_banished(&peer))
        {
            self.metrics.stranger_refused();
            if self.peers.should_mention(Instant::now()) {
                let peer = peer.map(|peer| peer.to_string());
                tracing::info!(
                    address = %from, peer,
                    "refused a connection: the other side is no member and not configured"
                );
            }
            return;
        }
        tracing::debug!(address = %from, %error, "a connection did not come about");
    }

    fn on_not_reached(&mut self, connection: ConnectionId, error: &DialError) {
        match error {
            DialError::LocalPeerId { .. } => self.dialer.found_own(connection),
            DialError::Denied { cause } if is_stranger(cause) => {
                self.metrics.stranger_refused();
                let reason = "the node there is no member, and its identity is not in the address";
                self.dialer.failed(connection, reason);
            }
            DialError::WrongPeerId { obtained, .. } => {
                let reason = format!("the node there is another: {obtained}");
                self.dialer.failed(connection, &reason);
            }
            error => self.dialer.failed(connection, &error.to_string()),
        }
    }

    fn agency_name(&self, peer: &PeerId) -> String {
        self.peers.agency(peer).map_or("no member".into(), ToString::to_string)
    }
}

fn offence(unreadable: &Unreadable) -> Offence {
    match unreadable {
        Unreadable::CutShort => Offence::BrokenRequest,
        Unreadable::TooLong { .. } | Unreadable::Malformed(_) => Offence::WrongRequest,
    }
}

fn remote_address(endpoint: ConnectedPoint) -> Multiaddr {
    match endpoint {
        ConnectedPoint::Dialer { address, .. } => address,
        ConnectedPoint::Listener { send_back_addr, .. } => send_back_addr,
    }
}

fn is_stranger(cause: &ConnectionDenied) -> bool {
    cause.downcast_ref::<allow_block_list::NotAllowed>().is_some()
}

/// What a peer says of itself, fit for a log.
fn printable(said: &str) -> String {
    said.chars().take(64).flat_map(char::escape_default).collect()
}
