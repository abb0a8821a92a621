//! Who is connected, and where they say they stand.
//! Holds: a claim counts as proven only with a certificate that this node could check.

use std::collections::BTreeMap;

use comity_core::ids::Height;
use comity_core::text::AgencyId;

use crate::io::Peer;

/// A connected peer.
#[derive(Clone, Debug, Default)]
pub(crate) struct PeerState {
    /// The member, if it is one.
    pub(crate) agency: Option<AgencyId>,
    /// The height that it claims.
    pub(crate) claimed: Height,
    /// The highest height that it has proven.
    pub(crate) proven: Height,
}

/// The connected peers.
#[derive(Debug, Default)]
pub(crate) struct Peers(BTreeMap<Peer, PeerState>);

impl Peers {
    pub(crate) fn insert(&mut self, peer: Peer, agency: Option<AgencyId>) {
        self.0.insert(peer, PeerState { agency, ..PeerState::default() });
    }

    pub(crate) fn remove(&mut self, peer: Peer) {
        self.0.remove(&peer);
    }

    pub(crate) fn get(&self, peer: Peer) -> Option<&PeerState> {
        self.0.get(&peer)
    }

    pub(crate) fn get_mut(&mut self, peer: Peer) -> Option<&mut PeerState> {
        self.0.get_mut(&peer)
    }

    pub(crate) fn ids(&self) -> Vec<Peer> {
        self.0.keys().copied().collect()
    }

    pub(crate) fn best_proven(&self) -> Height {
        self.0.values().map(|peer| peer.proven).max().unwrap_or_default()
    }

    /// Peers that claim more than `height`.
    pub(crate) fn ahead_of(&self, height: Height) -> Vec<Peer> {
        let ahead = self.0.iter().filter(|(_, state)| state.claimed > height);
        ahead.map(|(peer, _)| *peer).collect()
    }

    /// A connection to an agency's node, if there is one.
    pub(crate) fn of_agency(&self, agency: &AgencyId) -> Option<Peer> {
        let found = self.0.iter().find(|(_, state)| state.agency.as_ref() == Some(agency));
        found.map(|(peer, _)| *peer)
    }

    /// Members among the peers, each once.
    pub(crate) fn members(&self) -> usize {
        let mut members: Vec<_> = self.0.values().filter_map(|p| p.agency.as_ref()).collect();
        members.sort();
        members.dedup();
        members.len()
    }
}
