//! Nodes tell one another where the members' nodes listen, so that a node that knows one address meets all.
//! Holds: what is learned is only where to dial: who answers there proves its key, and only members are let in;
//! an agency that the operator gave an address for is called only there.
//! May not enter: who may connect (see `peers`).

use std::time::Duration;

use comity_replica::message::{Request, Response};
use libp2p::PeerId;
use libp2p::request_response::ResponseChannel;
use tokio::time::Instant;

use super::conduct::Offence;
use super::swarm_task::SwarmTask;

/// How often a peer is asked while a member's node is not connected.
const ASK_EVERY: Duration = Duration::from_secs(10);

impl SwarmTask {
    /// Asks a peer where the others are.
    pub(crate) fn ask_addresses(&mut self, of: PeerId) {
        if !self.exploring.values().any(|asked| *asked == of) {
            let rpc = &mut self.swarm.behaviour_mut().rpc;
            let request = rpc.send_request(&of, Ok(Request::Addresses));
            self.exploring.insert(request, of);
        }
    }

    /// While a member is missing, asks one peer after the other.
    pub(crate) fn explore(&mut self, now: Instant) {
        if now < self.explore_at {
            return;
        }
        self.explore_at = now + ASK_EVERY;
        let own = self.swarm.local_peer_id();
        let is_missing = |peer: &PeerId| peer != own && !self.swarm.is_connected(peer);
        if !self.peers.members().peers().any(is_missing) {
            return;
        }
        let up: Vec<PeerId> = self.peers.up().copied().collect();
        let after = self.last_explored.and_then(|last| up.iter().find(|peer| **peer > last));
        if let Some(next) = after.or(up.first()).copied() {
            self.last_explored = Some(next);
            self.ask_addresses(next);
        }
    }

    /// Tells a peer that asked; one that asks too often gets no answer.
    pub(crate) fn tell_addresses(&mut self, to: PeerId, channel: ResponseChannel<Response>) {
        let Some(via) = self.peers.address(&to) else { return };
        if !self.addresses.may_answer(to, Instant::now()) {
            return;
        }
        let listening: Vec<_> = self.swarm.listeners().cloned().collect();
        let own = *self.swarm.local_peer_id();
        let members = self.peers.members();
        let told = self.addresses.tell(&to, via, (&own, &listening), members);
        // An error means that the peer is gone.
        let _ = self.swarm.behaviour_mut().rpc.send_response(channel, Response::Addresses(told));
    }

    /// Takes up what a peer answered.
    pub(crate) fn take_addresses(&mut self, from: PeerId, response: Response) {
        let Some(via) = self.peers.address(&from) else { return };
        let members = self.peers.members();
        let taken = match response {
            Response::Addresses(nodes) => self.addresses.hear(from, via, &nodes, members).is_ok(),
            _ => false,
        };
        if taken {
            self.call_learned();
        } else {
            self.offended(from, Offence::WrongAnswer);
        }
    }

    /// Has the dialer call members for whom the operator gave no address.
    pub(crate) fn call_learned(&mut self) {
        let own = *self.swarm.local_peer_id();
        let members = self.peers.members();
        let is_learned =
            |peer: &PeerId| members.agency(peer).is_some_and(|id| !self.named.contains(id));
        self.dialer.keep_learned(is_learned);
        for peer in members.peers().filter(|peer| **peer != own && is_learned(peer)) {
            self.dialer.call(*peer, self.addresses.places(peer), Instant::now());
        }
    }

    /// Takes up that the members changed: whoever came may be known to somebody.
    pub(crate) fn look_for_members(&mut self) {
        self.addresses.keep_members(self.peers.members());
        self.call_learned();
        let up: Vec<PeerId> = self.peers.up().copied().collect();
        for peer in up {
            self.ask_addresses(peer);
        }
    }
}
