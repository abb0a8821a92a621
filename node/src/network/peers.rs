//! Who may connect, and who is connected under which number.
//! Holds: a number is never used twice; a peer is up at most once at a time.
//! May not enter: sockets.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use comity_core::text::AgencyId;
use comity_replica::io::Peer;
use libp2p::multiaddr::Protocol;
use libp2p::{Multiaddr, PeerId};
use tokio::time::Instant;

use super::Members;

/// How often refused strangers are mentioned in the log, at most.
const MENTION_EVERY: Duration = Duration::from_secs(60);

/// A connected peer.
#[derive(Debug)]
struct Connected {
    address: Multiaddr,
    /// The program that it says it is.
    software: Option<String>,
    /// Its number, once it is up.
    number: Option<Peer>,
}

/// A peer that has come up, or was found up.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Up {
    pub(crate) peer: Peer,
    /// Where it is from, if it came up only now.
    pub(crate) news: Option<News>,
}

/// Of a peer that came up.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct News {
    pub(crate) agency: Option<AgencyId>,
    pub(crate) address: Multiaddr,
    /// The program that it says it is, if it has said so yet.
    pub(crate) software: Option<String>,
}

/// The peers of a node.
#[derive(Debug)]
pub(crate) struct Peers {
    members: Members,
    configured: BTreeSet<PeerId>,
    banished: BTreeMap<PeerId, Instant>,
    connected: BTreeMap<PeerId, Connected>,
    numbers: BTreeMap<Peer, PeerId>,
    last_number: u64,
    mentioned: Option<Instant>,
}

impl Peers {
    pub(crate) fn new(members: Members, configured: &[Multiaddr]) -> Self {
        Peers {
            members,
            configured: configured.iter().filter_map(identity).collect(),
            banished: BTreeMap::new(),
            connected: BTreeMap::new(),
            numbers: BTreeMap::new(),
            last_number: 0,
            mentioned: None,
        }
    }

    /// Who may be connected now.
    pub(crate) fn allowed(&self) -> BTreeSet<PeerId> {
        let known = self.members.peers().chain(&self.configured).copied();
        known.filter(|peer| !self.banished.contains_key(peer)).collect()
    }

    /// Takes up the members of a later block. Returns peers that are up and whose agency is now
    /// another: they are to go down, and come up again as who they are.
    pub(crate) fn replace_members(&mut self, members: Members) -> Vec<PeerId> {
        let changed = |(id, connected): (&PeerId, &Connected)| {
            (connected.number.is_some() && members.agency(id) != self.members.agency(id))
                .then_some(*id)
        };
        let changed = self.connected.iter().filter_map(changed).collect();
        self.members = members;
        changed
    }

    /// Lets a peer in no more until `until`.
    pub(crate) fn banish(&mut self, id: PeerId, until: Instant) {
        self.banished.insert(id, until);
    }

    /// Whether a peer is kept out for what it did.
    pub(crate) fn is_banished(&self, id: &PeerId) -> bool {
        self.banished.contains_key(id)
    }

    /// Ends banishments that are over; whether any was.
    pub(crate) fn pardon(&mut self, now: Instant) -> bool {
        let before = self.banished.len();
        self.banished.retain(|_, until| *until > now);
        self.banished.len() < before
    }

    /// A connection with a peer stands.
    pub(crate) fn connect(&mut self, id: PeerId, address: Multiaddr) {
        let new = Connected { address, software: None, number: None };
        self.connected.entry(id).or_insert(new);
    }

    /// The peer can be reached: its number. `None` when it is not connected.
    pub(crate) fn come_up(&mut self, id: PeerId) -> Option<Up> {
        let connected = self.connected.get_mut(&id)?;
        if let Some(peer) = connected.number {
            return Some(Up { peer, news: None });
        }
        self.last_number += 1;
        let peer = Peer(self.last_number);
        connected.number = Some(peer);
        self.numbers.insert(peer, id);
        let (address, software) = (connected.address.clone(), connected.software.clone());
        let news = News { agency: self.members.agency(&id).cloned(), address, software };
        Some(Up { peer, news: Some(news) })
    }

    /// A connected peer says which program it is: its number, if it is up.
    pub(crate) fn identify(&mut self, id: &PeerId, software: String) -> Option<Peer> {
        let connected = self.connected.get_mut(id)?;
        connected.software = Some(software);
        connected.number
    }

    /// The members, as far as the ledger goes.
    pub(crate) fn members(&self) -> &Members {
        &self.members
    }

    /// Those that are up.
    pub(crate) fn up(&self) -> impl Iterator<Item = &PeerId> {
        self.connected.iter().filter_map(|(id, connected)| connected.number.map(|_| id))
    }

    /// The peer is to be taken for down, though it may be connected: the number that it had.
    pub(crate) fn go_down(&mut self, id: &PeerId) -> Option<Peer> {
        let number = self.connected.get_mut(id)?.number.take()?;
        self.numbers.remove(&number);
        Some(number)
    }

    /// The last connection with a peer is closed: the number that it had, if it was up.
    pub(crate) fn disconnect(&mut self, id: &PeerId) -> Option<Peer> {
        let number = self.go_down(id);
        self.connected.remove(id);
        number
    }

    /// Who has a number.
    pub(crate) fn id(&self, peer: Peer) -> Option<PeerId> {
        self.numbers.get(&peer).copied()
    }

    /// Whose node a peer is, if a member's.
    pub(crate) fn agency(&self, id: &PeerId) -> Option<&AgencyId> {
        self.members.agency(id)
    }

    /// Where a connected peer is.
    pub(crate) fn address(&self, id: &PeerId) -> Option<&Multiaddr> {
        self.connected.get(id).map(|connected| &connected.address)
    }

    /// How many peers are up.
    pub(crate) fn count(&self) -> usize {
        self.numbers.len()
    }

    /// Whether a refused stranger should be mentioned now: the first within a while.
    pub(crate) fn should_mention(&mut self, now: Instant) -> bool {
        let is_due = self.mentioned.is_none_or(|last| now.duration_since(last) >= MENTION_EVERY);
        if is_due {
            self.mentioned = Some(now);
        }
        is_due
    }
}

/// The identity at the end of an address, if it has one.
pub(crate) fn identity(address: &Multiaddr) -> Option<PeerId> {
    match address.iter().last() {
        Some(Protocol::P2p(id)) => Some(id),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn member(name: &str) -> (PeerId, AgencyId) {
        (PeerId::random(), AgencyId::try_from(name.to_owned()).unwrap())
    }

    #[test]
    fn peer_that_comes_back_has_another_number() {
        let (id, agency) = member("health.gd");
        let mut peers = Peers::new([(id, agency.clone())].into_iter().collect(), &[]);
        assert_eq!(peers.come_up(id), None, "not connected");
        peers.connect(id, Multiaddr::empty());
        let first = peers.come_up(id).unwrap();
        let news = News { agency: Some(agency), address: Multiaddr::empty(), software: None };
        assert_eq!(first.news, Some(news));
        assert_eq!(peers.come_up(id).unwrap(), Up { peer: first.peer, news: None });
        assert_eq!(peers.disconnect(&id), Some(first.peer));
        assert_eq!(peers.id(first.peer), None);
        peers.connect(id, Multiaddr::empty());
        assert_eq!(peers.identify(&id, "comity/9".into()), None, "not up yet");
        let again = peers.come_up(id).unwrap();
        assert_ne!(again.peer, first.peer);
        assert_eq!(again.news.unwrap().software, Some("comity/9".into()));
    }

    #[test]
    fn banished_peer_is_let_in_again_afterwards() {
        let (id, agency) = member("health.gd");
        let mut peers = Peers::new([(id, agency)].into_iter().collect(), &[]);
        let now = Instant::now();
        peers.banish(id, now + Duration::from_secs(30));
        assert!(!peers.allowed().contains(&id));
        assert!(!peers.pardon(now + Duration::from_secs(29)));
        assert!(peers.pardon(now + Duration::from_secs(30)));
        assert!(peers.allowed().contains(&id));
    }

    #[test]
    fn configured_peer_is_allowed_and_becomes_a_member() {
        let (id, agency) = member("tax.gd");
        let address = Multiaddr::empty().with(Protocol::P2p(id));
        let mut peers = Peers::new(Members::default(), &[address]);
        assert!(peers.allowed().contains(&id));
        peers.connect(id, Multiaddr::empty());
        assert_eq!(peers.come_up(id).unwrap().news.unwrap().agency, None);
        let members: Members = [(id, agency.clone())].into_iter().collect();
        assert_eq!(peers.replace_members(members.clone()), [id]);
        assert_eq!(peers.replace_members(members), []);
        assert!(peers.go_down(&id).is_some());
        assert_eq!(peers.come_up(id).unwrap().news.unwrap().agency, Some(agency));
    }
}
