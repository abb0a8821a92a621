//! Consensus messages for heights that have not begun here.
//! Holds: bounded in number and bytes, for each peer and in all, so that no peer crowds out the
//! others.
//! May not enter: what the messages mean (see `replica`).

use std::collections::{BTreeMap, VecDeque};

use crate::io::Peer;
use crate::message::Gossip;

/// Most messages kept of one peer.
const MAX_PEER_MESSAGES: usize = 256;
/// Most bytes kept of one peer: two proposals of the greatest size, and votes.
const MAX_PEER_BYTES: usize = 4 * 1024 * 1024;
/// Most messages kept in all.
const MAX_MESSAGES: usize = 4_096;
/// Most bytes kept in all.
const MAX_BYTES: usize = 32 * 1024 * 1024;

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Load {
    messages: usize,
    bytes: usize,
}

impl Load {
    fn with(self, bytes: usize) -> Load {
        Load { messages: self.messages + 1, bytes: self.bytes + bytes }
    }

    fn fits(self, limit: Load) -> bool {
        self.messages <= limit.messages && self.bytes <= limit.bytes
    }
}

/// The messages, in the order in which they came.
#[derive(Debug, Default)]
pub(crate) struct Early {
    messages: VecDeque<(Peer, Gossip)>,
    of_peer: BTreeMap<Peer, Load>,
    all: Load,
}

impl Early {
    /// Keeps a message, unless it would go beyond a bound.
    pub(crate) fn keep(&mut self, peer: Peer, message: Gossip) {
        let bytes = message.to_bytes().len();
        let of_peer = self.of_peer.get(&peer).copied().unwrap_or_default().with(bytes);
        let all = self.all.with(bytes);
        let most = Load { messages: MAX_MESSAGES, bytes: MAX_BYTES };
        let most_of_peer = Load { messages: MAX_PEER_MESSAGES, bytes: MAX_PEER_BYTES };
        if all.fits(most) && of_peer.fits(most_of_peer) {
            self.all = all;
            self.of_peer.insert(peer, of_peer);
            self.messages.push_back((peer, message));
        }
    }

    /// How many are kept.
    pub(crate) fn len(&self) -> usize {
        self.messages.len()
    }

    /// Takes all of them out, in the order in which they came.
    pub(crate) fn take(&mut self) -> VecDeque<(Peer, Gossip)> {
        std::mem::take(self).messages
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn message(bytes: usize) -> Gossip {
        Gossip::Records(vec![vec![0; bytes]])
    }

    #[test]
    fn one_peer_does_not_crowd_out_another() {
        let mut early = Early::default();
        for _ in 0..2 * MAX_PEER_MESSAGES {
            early.keep(Peer(1), message(1));
        }
        early.keep(Peer(2), message(1));
        let kept = early.take();
        assert_eq!(kept.len(), MAX_PEER_MESSAGES + 1);
        assert!(kept.iter().any(|(peer, _)| *peer == Peer(2)));
    }

    #[test]
    fn bytes_are_bounded_for_a_peer_and_in_all() {
        let mut early = Early::default();
        let half = message(MAX_PEER_BYTES / 2 - 100);
        for peer in 0..40 {
            for _ in 0..3 {
                early.keep(Peer(peer), half.clone());
            }
        }
        let bytes: usize = early.take().iter().map(|(_, kept)| kept.to_bytes().len()).sum();
        assert!(bytes <= MAX_BYTES && bytes > MAX_BYTES - MAX_PEER_BYTES, "{bytes}");
    }

    #[test]
    fn what_is_taken_makes_room() {
        let mut early = Early::default();
        early.keep(Peer(1), message(MAX_PEER_BYTES - 100));
        early.keep(Peer(1), message(MAX_PEER_BYTES - 100));
        assert_eq!(early.take().len(), 1);
        early.keep(Peer(1), message(MAX_PEER_BYTES - 100));
        assert_eq!(early.take().len(), 1);
    }
}
