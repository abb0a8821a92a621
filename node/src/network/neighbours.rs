//! Who is connected with whom, as peers say; and so what need not be passed on, because everybody has it.
//! Holds: what is not known to be needless is passed on; what a peer says bears only on what comes from that peer.
//! May not enter: what messages mean. Source: docs/formats.md, "Network"; docs/decisions/0042.

use std::collections::{BTreeMap, BTreeSet};

use comity_replica::message::{MAX_NODES_TOLD, Request, Response};
use libp2p::PeerId;
use libp2p::gossipsub::MessageAcceptance;

use super::addresses::{TooMuch, transport_key};
use super::conduct::Offence;
use super::gossip::Pending;
use super::swarm_task::{Asked, SwarmTask};

/// What peers said of their connections, and whether this node has yet to speak of its own.
#[derive(Debug, Default)]
pub(crate) struct Neighbours {
    of: BTreeMap<PeerId, BTreeSet<[u8; 32]>>,
    pub(crate) is_to_tell: bool,
}

impl Neighbours {
    /// Takes up with whom a peer is connected, by transport keys; it replaces what it said before. Errors: it is
    /// too much.
    pub(crate) fn hear(&mut self, from: PeerId, keys: Vec<[u8; 32]>) -> Result<(), TooMuch> {
        if keys.len() > MAX_NODES_TOLD {
            return Err(TooMuch);
        }
        self.of.insert(from, keys.into_iter().collect());
        Ok(())
    }

    /// Forgets what a peer said that is gone.
    pub(crate) fn forget(&mut self, peer: &PeerId) {
        self.of.remove(peer);
    }

    /// Whether each of `peers` is connected with `from`, or is `from`.
    pub(crate) fn all_know<'a>(
        &self,
        from: &PeerId,
        mut peers: impl Iterator<Item = &'a PeerId>,
    ) -> bool {
        let Some(known) = self.of.get(from) else { return false };
        peers
            .all(|peer| peer == from || transport_key(peer).is_some_and(|key| known.contains(&key)))
    }
}

impl SwarmTask {
    /// What becomes of a message that is right: it is passed on, unless everyone whom it could be passed to is
    /// connected with whom it came from, which sent it to them as it did to this node. A message that is sent again
    /// is always passed on: somebody seems not to have got it.
    pub(crate) fn passing_on(&self, message: &Pending) -> MessageAcceptance {
        let is_needless =
            !message.again && self.neighbours.all_know(&message.from, self.peers.up());
        self.metrics.gossip_accepted(!is_needless);
        if is_needless { MessageAcceptance::Ignore } else { MessageAcceptance::Accept }
    }

    /// Tells all peers with whom this node is connected. A connection that is lost is told of at once, since what
    /// came by it is to be passed on from now on; a new one can wait for the next look round.
    pub(crate) fn tell_neighbours(&mut self) {
        self.neighbours.is_to_tell = false;
        let up: Vec<PeerId> = self.peers.up().copied().collect();
        let keys: Vec<[u8; 32]> =
            up.iter().filter_map(transport_key).take(MAX_NODES_TOLD).collect();
        let rpc = &mut self.swarm.behaviour_mut().rpc;
        for peer in up {
            rpc.send_request(&peer, Ok(Request::Neighbours(keys.clone())));
        }
    }

    /// Takes up what a peer says of its connections.
    pub(crate) fn take_neighbours(&mut self, asked: Asked, keys: Vec<[u8; 32]>) {
        if self.neighbours.hear(asked.from, keys).is_err() {
            return self.offended(asked.from, Offence::WrongRequest);
        }
        // An error means that the peer is gone.
        let _ = self.swarm.behaviour_mut().rpc.send_response(asked.channel, Response::Noted);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn peer(seed: u8) -> PeerId {
        let key = comity_core::keys::SecretKey::from_seed(&[seed; 32]).public();
        super::super::peer_id(&key).unwrap()
    }

    fn key(seed: u8) -> [u8; 32] {
        transport_key(&peer(seed)).unwrap()
    }

    #[test]
    fn only_what_a_peer_said_of_itself_spares_passing_on_what_came_from_it() {
        let mut neighbours = Neighbours::default();
        let up = [peer(1), peer(2), peer(3)];
        assert!(!neighbours.all_know(&peer(1), up.iter()), "nothing was said");
        neighbours.hear(peer(1), vec![key(2), key(9)]).unwrap();
        assert!(!neighbours.all_know(&peer(1), up.iter()), "3 is not among them");
        neighbours.hear(peer(1), vec![key(3), key(2)]).unwrap();
        assert!(neighbours.all_know(&peer(1), up.iter()));
        assert!(!neighbours.all_know(&peer(2), up.iter()), "2 has said nothing");
        neighbours.forget(&peer(1));
        assert!(!neighbours.all_know(&peer(1), up.iter()));
    }

    #[test]
    fn longer_list_than_any_node_has_is_too_much_and_changes_nothing() {
        let mut neighbours = Neighbours::default();
        neighbours.hear(peer(1), vec![key(2)]).unwrap();
        assert_eq!(neighbours.hear(peer(1), vec![[0; 32]; MAX_NODES_TOLD + 1]), Err(TooMuch));
        assert!(neighbours.all_know(&peer(1), [peer(2)].iter()));
    }
}
