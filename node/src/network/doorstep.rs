//! Handshakes that others have begun: each address may have so many at once, and so many in a second,
//! so that whoever opens connections and then says nothing takes no place from the rest, and whoever
//! knocks without a pause costs little.
//! Holds: no more handshakes from one address than its share; a bounded number of addresses is known.
//! May not enter: who the other side is, which nobody knows before the handshake (see `peers`).

use std::collections::BTreeMap;
use std::convert::Infallible;
use std::net::IpAddr;
use std::task::{Context, Poll};
use std::time::{Duration, Instant};

use libp2p::PeerId;
use libp2p::core::transport::PortUse;
use libp2p::core::{Endpoint, Multiaddr};
use libp2p::multiaddr::Protocol;
use libp2p::swarm::{
    ConnectionDenied, ConnectionId, FromSwarm, NetworkBehaviour, THandler, THandlerInEvent,
    THandlerOutEvent, ToSwarm, dummy,
};

/// Handshakes from one address at once (count): a machine may run a few nodes, and each dials twice at
/// most.
const PER_ADDRESS: usize = 16;

/// Handshakes from one address in quick succession (count), after which it gets one for each [`PAUSE`]:
/// enough for a few nodes on one machine that all lose their connections at once.
const IN_A_ROW: u32 = 64;
/// A handshake costs a good part of a millisecond: so seldom, it is below a hundredth of a processor.
const PAUSE: Duration = Duration::from_millis(62);
/// Addresses whose handshakes are counted over time (count). Of more, those that knocked longest ago are
/// forgotten.
const ADDRESSES: usize = 4096;

/// One address has begun as many handshakes as it may.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Crowded {
    /// At once.
    #[error("{PER_ADDRESS} handshakes with {0} are under way already")]
    AtOnce(IpAddr),
    /// One after the other.
    #[error("{0} has begun too many handshakes lately")]
    Lately(IpAddr),
}

/// Counts handshakes by address. Speaks to nobody.
#[derive(Debug, Default)]
pub(crate) struct Doorstep {
    waiting: BTreeMap<ConnectionId, IpAddr>,
    /// For each address when all its handshakes so far will have been paid for, one in each pause.
    paid: BTreeMap<IpAddr, Instant>,
}

impl Doorstep {
    fn let_in(
        &mut self,
        connection: ConnectionId,
        from: &Multiaddr,
        now: Instant,
    ) -> Result<(), Crowded> {
        let Some(address) = ip_of(from) else { return Ok(()) };
        if self.waiting.values().filter(|waiting| **waiting == address).count() >= PER_ADDRESS {
            return Err(Crowded::AtOnce(address));
        }
        self.pay(address, now)?;
        self.waiting.insert(connection, address);
        Ok(())
    }

    fn pay(&mut self, address: IpAddr, now: Instant) -> Result<(), Crowded> {
        let paid = self.paid.get(&address).copied().unwrap_or(now).max(now) + PAUSE;
        if paid > now + PAUSE * IN_A_ROW {
            return Err(Crowded::Lately(address));
        }
        self.paid.insert(address, paid);
        if self.paid.len() > ADDRESSES {
            self.paid.retain(|_, paid| *paid > now);
        }
        if self.paid.len() > ADDRESSES
            && let Some(first) = self.paid.iter().min_by_key(|(_, paid)| **paid)
        {
            let first = *first.0;
            self.paid.remove(&first);
        }
        Ok(())
    }
}

fn ip_of(address: &Multiaddr) -> Option<IpAddr> {
    address.iter().find_map(|part| match part {
        Protocol::Ip4(ip) => Some(ip.into()),
        Protocol::Ip6(ip) => Some(ip.into()),
        _ => None,
    })
}

impl NetworkBehaviour for Doorstep {
    type ConnectionHandler = dummy::ConnectionHandler;
    type ToSwarm = Infallible;

    fn handle_pending_inbound_connection(
        &mut self,
        connection: ConnectionId,
        _: &Multiaddr,
        from: &Multiaddr,
    ) -> Result<(), ConnectionDenied> {
        self.let_in(connection, from, Instant::now()).map_err(ConnectionDenied::new)
    }

    fn handle_established_inbound_connection(
        &mut self,
        connection: ConnectionId,
        _: PeerId,
        _: &Multiaddr,
        _: &Multiaddr,
    ) -> Result<THandler<Self>, ConnectionDenied> {
        self.waiting.remove(&connection);
        Ok(dummy::ConnectionHandler)
    }

    fn handle_established_outbound_connection(
        &mut self,
        _: ConnectionId,
        _: PeerId,
        _: &Multiaddr,
        _: Endpoint,
        _: PortUse,
    ) -> Result<THandler<Self>, ConnectionDenied> {
        Ok(dummy::ConnectionHandler)
    }

    fn on_swarm_event(&mut self, event: FromSwarm<'_>) {
        match event {
            FromSwarm::ListenFailure(failure) => {
                self.waiting.remove(&failure.connection_id);
            }
            FromSwarm::ConnectionEstablished(established) => {
                self.waiting.remove(&established.connection_id);
            }
            _ => {}
        }
    }

    fn on_connection_handler_event(
        &mut self,
        _: PeerId,
        _: ConnectionId,
        event: THandlerOutEvent<Self>,
    ) {
        match event {}
    }

    fn poll(&mut self, _: &mut Context<'_>) -> Poll<ToSwarm<Infallible, THandlerInEvent<Self>>> {
        Poll::Pending
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_address_cannot_take_the_places_of_others() {
        let mut doorstep = Doorstep::default();
        let crowd: Multiaddr = "/ip4/192.0.2.1/tcp/4000".parse().unwrap();
        let other: Multiaddr = "/ip6/2001:db8::1/tcp/4000".parse().unwrap();
        let id = ConnectionId::new_unchecked;
        let now = Instant::now();
        for number in 0..PER_ADDRESS {
            doorstep.let_in(id(number), &crowd, now).unwrap();
        }
        let refused = doorstep.let_in(id(100), &crowd, now).unwrap_err();
        assert!(refused.to_string().contains("192.0.2.1"), "{refused}");
        doorstep.let_in(id(101), &other, now).unwrap();
        doorstep.waiting.remove(&id(3));
        doorstep.let_in(id(102), &crowd, now).unwrap();
    }

    #[test]
    fn one_address_cannot_knock_without_a_pause() {
        let mut doorstep = Doorstep::default();
        let (knocking, other): (Multiaddr, Multiaddr) =
            ("/ip4/192.0.2.1/tcp/4000".parse().unwrap(), "/ip4/192.0.2.2/tcp/1".parse().unwrap());
        let began = Instant::now();
        let mut knock = |from: &Multiaddr, after: Duration| {
            let id = ConnectionId::new_unchecked(0);
            let let_in = doorstep.let_in(id, from, began + after).is_ok();
            doorstep.waiting.clear();
            let_in
        };
        let at_once = (0..1_000).filter(|_| knock(&knocking, Duration::ZERO)).count();
        assert_eq!(at_once, 64);
        assert!(knock(&other, Duration::ZERO));
        // Ten seconds of a knock in each millisecond: one in 62 is heard.
        let heard = (1..=10_000).filter(|ms| knock(&knocking, Duration::from_millis(*ms))).count();
        assert_eq!(heard, 161);
        assert!(knock(&knocking, Duration::from_secs(60)));
    }

    #[test]
    fn so_many_addresses_are_remembered_and_no_more() {
        let mut doorstep = Doorstep::default();
        let now = Instant::now();
        for number in 0..10_000u32 {
            let address = std::net::Ipv4Addr::from_bits(number);
            doorstep.pay(address.into(), now).unwrap();
        }
        assert_eq!(doorstep.paid.len(), ADDRESSES);
    }
}
