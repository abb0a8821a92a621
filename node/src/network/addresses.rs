//! Where the members' nodes listen, as far as this node knows, and who said so.
//! Holds: only what a node saw itself, or what a node says of itself, is told further; what one peer says takes
//! nothing from what others say; everything is bounded for each peer, and only members are known.
//! May not enter: sockets; when to dial (see `dialer`). Source: docs/formats.md, "Network".

use std::collections::BTreeMap;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::time::Duration;

use comity_core::keys::PublicKey;
use comity_replica::message::{MAX_ADDRESSES_OF_NODE, MAX_NODES_TOLD, NodeAddress, NodeAddresses};
use libp2p::multiaddr::Protocol;
use libp2p::{Multiaddr, PeerId};
use tokio::time::Instant;

use super::{Members, peer_id};

/// Addresses at which one node is tried (count).
const TRIED: usize = 8;
/// Answers that one peer gets within [`ANSWERS_WITHIN`] (count).
const ANSWERS: u32 = 8;
const ANSWERS_WITHIN: Duration = Duration::from_secs(10);

/// An answer that no correct node gives: it is longer than one may be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct TooMuch;

/// What is known of addresses.
#[derive(Debug, Default)]
pub(crate) struct AddressBook {
    /// Where a dial met a node that proved its key; the latest first.
    met: BTreeMap<PeerId, Vec<Multiaddr>>,
    /// What each connected peer said, by whom it said it of: itself or another.
    said: BTreeMap<PeerId, BTreeMap<PeerId, Vec<Multiaddr>>>,
    answered: BTreeMap<PeerId, (Instant, u32)>,
}

impl AddressBook {
    /// A dial to this address met that node, which proved its key.
    pub(crate) fn meet(&mut self, peer: PeerId, address: &Multiaddr) {
        let Some(place) = place(address) else { return };
        let met = self.met.entry(peer).or_default();
        met.retain(|known| *known != place);
        met.insert(0, place);
        met.truncate(MAX_ADDRESSES_OF_NODE);
    }

    /// Takes up what a peer, connected from `via`, answered; it replaces what it said before. Of nodes that
    /// are no members', and of addresses that it cannot mean, nothing is kept. Errors: it is too much.
    pub(crate) fn hear(
        &mut self,
        teller: PeerId,
        via: &Multiaddr,
        nodes: &[NodeAddresses],
        members: &Members,
    ) -> Result<(), TooMuch> {
        let is_too_long = |node: &NodeAddresses| node.addresses.len() > MAX_ADDRESSES_OF_NODE;
        if nodes.len() > MAX_NODES_TOLD || nodes.iter().any(is_too_long) {
            return Err(TooMuch);
        }
        let mut said: BTreeMap<PeerId, Vec<Multiaddr>> = BTreeMap::new();
        for node in nodes {
            let key = PublicKey::try_from(node.key).ok();
            let Some(peer) = key.as_ref().and_then(peer_id) else { continue };
            let places = node.addresses.iter().map(to_multiaddr).filter_map(|at| place(&at));
            let places: Vec<Multiaddr> = places.filter(|at| is_meant_for(at, via)).collect();
            if members.agency(&peer).is_some() && !places.is_empty() {
                said.insert(peer, places);
            }
        }
        self.said.insert(teller, said);
        Ok(())
    }

    /// Where a node may be: first where it was met, then where it says itself, then what most others say.
    pub(crate) fn places(&self, peer: &PeerId) -> Vec<Multiaddr> {
        let mut counts: BTreeMap<&Multiaddr, usize> = BTreeMap::new();
        for address in self.said.values().filter_map(|said| said.get(peer)).flatten() {
            *counts.entry(address).or_default() += 1;
        }
        let mut by_count: Vec<(&Multiaddr, usize)> = counts.into_iter().collect();
        by_count.sort_by_key(|(_, count)| std::cmp::Reverse(*count));
        let mut places = self.at_first_hand(peer);
        for (address, _) in by_count {
            if !places.contains(address) {
                places.push(address.clone());
            }
        }
        places.truncate(TRIED);
        places
    }

    /// Where this node met another, and where that one says itself that it listens.
    fn at_first_hand(&self, peer: &PeerId) -> Vec<Multiaddr> {
        let met = self.met.get(peer).into_iter().flatten();
        let of_itself = self.said.get(peer).and_then(|said| said.get(peer)).into_iter().flatten();
        let mut places: Vec<Multiaddr> = Vec::new();
        for address in met.chain(of_itself) {
            if !places.contains(address) {
                places.push(address.clone());
            }
        }
        places
    }

    /// What a peer that is connected from `via` is told: where this node (`own`) listens, and where the
    /// other members' nodes are.
    pub(crate) fn tell(
        &self,
        to: &PeerId,
        via: &Multiaddr,
        (own, listening): (&PeerId, &[Multiaddr]),
        members: &Members,
    ) -> Vec<NodeAddresses> {
        let own_places = (own, listening.iter().filter_map(place).collect());
        let others = members.peers().filter(|peer| *peer != to && *peer != own);
        let others = others.map(|peer| (peer, self.at_first_hand(peer)));
        let told = [own_places].into_iter().chain(others).filter_map(|(peer, places)| {
            let meant = places.iter().filter(|at| is_meant_for(at, via));
            let addresses: Vec<NodeAddress> =
                meant.filter_map(to_node_address).take(MAX_ADDRESSES_OF_NODE).collect();
            let key = transport_key(peer).filter(|_| !addresses.is_empty())?;
            Some(NodeAddresses { key, addresses })
        });
        told.take(MAX_NODES_TOLD).collect()
    }

    /// Whether a peer that asks is answered: so often within a while.
    pub(crate) fn may_answer(&mut self, peer: PeerId, now: Instant) -> bool {
        let (since, count) = self.answered.entry(peer).or_insert((now, 0));
        if now.saturating_duration_since(*since) >= ANSWERS_WITHIN {
            (*since, *count) = (now, 0);
        }
        *count += 1;
        *count <= ANSWERS
    }

    /// Forgets what is known of, and was said by, nodes that are no members' any more.
    pub(crate) fn keep_members(&mut self, members: &Members) {
        let is_member = |peer: &PeerId| members.agency(peer).is_some();
        self.met.retain(|peer, _| is_member(peer));
        self.said.retain(|teller, said| {
            said.retain(|peer, _| is_member(peer));
            is_member(teller)
        });
        self.answered.retain(|peer, _| is_member(peer));
    }
}

/// An IP address and a TCP port at which another machine could listen, without what follows; `None` for
/// anything else, also for addresses that are good for nothing or only on one cable (cloud machines answer
/// secrets there).
fn place(address: &Multiaddr) -> Option<Multiaddr> {
    let mut parts = address.iter();
    let (ip, port) = match (parts.next()?, parts.next()?) {
        (Protocol::Ip4(ip), Protocol::Tcp(port)) => (IpAddr::V4(ip), port),
        (Protocol::Ip6(ip), Protocol::Tcp(port)) => (IpAddr::V6(ip).to_canonical(), port),
        _ => return None,
    };
    let is_useless = match ip {
        IpAddr::V4(ip) => ip.is_broadcast() || ip.is_link_local() || ip.octets()[0] == 0,
        IpAddr::V6(ip) => ip.is_unicast_link_local(),
    };
    let is_useless = is_useless || ip.is_unspecified() || ip.is_multicast() || port == 0;
    (!is_useless).then(|| Multiaddr::from(ip).with(Protocol::Tcp(port)))
}

/// Whether a node connected over `via` can use this address: a machine's own addresses mean another machine
/// elsewhere, so they are told and believed only between nodes of one machine.
fn is_meant_for(address: &Multiaddr, via: &Multiaddr) -> bool {
    !is_loopback(address) || is_loopback(via)
}

fn is_loopback(address: &Multiaddr) -> bool {
    match address.iter().next() {
        Some(Protocol::Ip4(ip)) => ip.is_loopback(),
        Some(Protocol::Ip6(ip)) => IpAddr::V6(ip).to_canonical().is_loopback(),
        _ => false,
    }
}

fn to_multiaddr(address: &NodeAddress) -> Multiaddr {
    let (ip, port) = match *address {
        NodeAddress::Ip4 { ip, port } => (IpAddr::from(Ipv4Addr::from(ip)), port),
        NodeAddress::Ip6 { ip, port } => (IpAddr::from(Ipv6Addr::from(ip)), port),
    };
    Multiaddr::from(ip).with(Protocol::Tcp(port))
}

fn to_node_address(address: &Multiaddr) -> Option<NodeAddress> {
    let mut parts = address.iter();
    match (parts.next()?, parts.next()?) {
        (Protocol::Ip4(ip), Protocol::Tcp(port)) => {
            Some(NodeAddress::Ip4 { ip: ip.octets(), port })
        }
        (Protocol::Ip6(ip), Protocol::Tcp(port)) => {
            Some(NodeAddress::Ip6 { ip: ip.octets(), port })
        }
        _ => None,
    }
}

/// The transport key that a PeerId stands for: an Ed25519 PeerId contains it, within a message of protobuf ("type 1,
/// so many bytes"; libp2p, "Peer Ids and Keys"). It was checked to be a key when the peer proved it.
pub(crate) fn transport_key(peer: &PeerId) -> Option<[u8; 32]> {
    let key = peer.as_ref().digest().strip_prefix(&[0x08, 0x01, 0x12, 0x20])?;
    key.try_into().ok()
}

#[cfg(test)]
mod tests {
    use comity_core::keys::SecretKey;

    use super::*;

    fn key(seed: u8) -> PublicKey {
        SecretKey::from_seed(&[seed; 32]).public()
    }

    fn id(seed: u8) -> PeerId {
        peer_id(&key(seed)).unwrap()
    }

    fn members(seeds: &[u8]) -> Members {
        seeds.iter().map(|seed| (id(*seed), format!("a{seed}.gd").parse().unwrap())).collect()
    }

    fn at(text: &str) -> Multiaddr {
        text.parse().unwrap()
    }

    fn told(seed: u8, addresses: &[&str]) -> NodeAddresses {
        let addresses = addresses.iter().map(|text| to_node_address(&at(text)).unwrap()).collect();
        NodeAddresses { key: *key(seed).as_bytes(), addresses }
    }

    const FAR: &str = "/ip4/10.0.0.9/tcp/40000";
    const NEAR: &str = "/ip4/127.0.0.1/tcp/40000";

    #[test]
    fn what_a_node_saw_or_says_of_itself_is_told_and_hearsay_is_not() {
        let (mut book, all) = (AddressBook::default(), members(&[1, 2, 3, 4]));
        let said = [told(2, &["/ip4/10.0.0.2/tcp/7070"]), told(3, &["/ip4/10.0.0.3/tcp/7070"])];
        book.hear(id(2), &at(FAR), &said, &all).unwrap();
        book.meet(id(4), &at("/ip4/10.0.0.4/tcp/7070").with(Protocol::P2p(id(4))));
        assert_eq!(book.places(&id(3)), [at("/ip4/10.0.0.3/tcp/7070")], "dialed, though hearsay");
        let listening = [at("/ip4/10.0.0.1/tcp/7070")];
        let mut answer = book.tell(&id(9), &at(FAR), (&id(1), &listening), &all);
        answer.sort_by_key(|node| node.addresses.iter().map(|at| format!("{at:?}")).max());
        let expected = [1, 2, 4].map(|n| told(n, &[&format!("/ip4/10.0.0.{n}/tcp/7070")]));
        assert_eq!(answer, expected);
        let to_two = book.tell(&id(2), &at(FAR), (&id(1), &listening), &all);
        assert!(
            to_two.iter().all(|node| node.key != *key(2).as_bytes()),
            "it knows where it is itself"
        );
    }

    #[test]
    fn liar_displaces_nothing_that_others_say() {
        let (mut book, all) = (AddressBook::default(), members(&[1, 2, 3, 4, 5]));
        let right = told(5, &["/ip4/10.0.0.5/tcp/7070"]);
        for teller in [2, 3] {
            book.hear(id(teller), &at(FAR), std::slice::from_ref(&right), &all).unwrap();
        }
        for round in 0..100 {
            let lies: Vec<String> =
                (0..4).map(|n| format!("/ip4/10.9.{round}.{n}/tcp/7070")).collect();
            let lies: Vec<&str> = lies.iter().map(String::as_str).collect();
            book.hear(id(4), &at(FAR), &[told(5, &lies)], &all).unwrap();
        }
        let places = book.places(&id(5));
        assert_eq!(places[0], at("/ip4/10.0.0.5/tcp/7070"), "what most say comes first");
        assert_eq!(places.len(), 5, "of the liar only its last word counts");
        book.keep_members(&members(&[1, 2, 3, 5]));
        assert_eq!(book.places(&id(5)).len(), 1, "a liar that is gone is forgotten");
    }

    #[test]
    fn answer_that_is_too_long_is_refused_and_strangers_in_it_are_passed_over() {
        let (mut book, all) = (AddressBook::default(), members(&[1, 2]));
        let many = vec!["/ip4/10.0.0.5/tcp/7070"; MAX_ADDRESSES_OF_NODE + 1];
        assert_eq!(book.hear(id(2), &at(FAR), &[told(1, &many)], &all), Err(TooMuch));
        let nodes = vec![told(1, &[]); MAX_NODES_TOLD + 1];
        assert_eq!(book.hear(id(2), &at(FAR), &nodes, &all), Err(TooMuch));
        let stranger = told(7, &["/ip4/10.0.0.7/tcp/7070"]);
        assert_eq!(book.hear(id(2), &at(FAR), &[stranger], &all), Ok(()));
        assert!(book.places(&id(7)).is_empty());
    }

    #[test]
    fn loopback_is_believed_and_told_only_on_one_machine() {
        let (mut book, all) = (AddressBook::default(), members(&[1, 2]));
        let here = [told(2, &["/ip4/127.0.0.1/tcp/7072"])];
        book.hear(id(2), &at(FAR), &here, &all).unwrap();
        assert!(book.places(&id(2)).is_empty(), "that is another machine's");
        book.hear(id(2), &at(NEAR), &here, &all).unwrap();
        assert_eq!(book.places(&id(2)), [at("/ip4/127.0.0.1/tcp/7072")]);
        assert_eq!(book.tell(&id(1), &at(FAR), (&id(3), &[at(NEAR)]), &all), []);
        assert_eq!(book.tell(&id(1), &at(NEAR), (&id(3), &[at(NEAR)]), &all).len(), 2);
    }

    #[test]
    fn addresses_at_which_nobody_listens_are_passed_over() {
        for useless in [
            "/ip4/0.0.0.0/tcp/7070",
            "/ip4/169.254.169.254/tcp/80",
            "/ip4/224.0.0.1/tcp/7070",
            "/ip4/255.255.255.255/tcp/7070",
            "/ip4/10.0.0.1/tcp/0",
            "/ip6/fe80::1/tcp/7070",
            "/ip6/::/tcp/7070",
            "/ip6/::ffff:169.254.169.254/tcp/80",
            "/dns4/example.org/tcp/7070",
            "/ip4/10.0.0.1/udp/7070",
        ] {
            assert_eq!(place(&at(useless)), None, "{useless}");
        }
        assert_eq!(place(&at("/ip6/fd00::1/tcp/7070")), Some(at("/ip6/fd00::1/tcp/7070")));
    }

    #[test]
    fn peer_that_asks_without_end_is_answered_now_and_then() {
        let (mut book, now) = (AddressBook::default(), Instant::now());
        let answers = (0..1000).filter(|_| book.may_answer(id(2), now)).count();
        assert_eq!(answers, ANSWERS as usize);
        assert!(book.may_answer(id(2), now + ANSWERS_WITHIN));
    }

    #[test]
    fn transport_key_is_in_the_identity() {
        assert_eq!(transport_key(&id(7)), Some(*key(7).as_bytes()));
    }
}
