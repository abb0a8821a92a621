//! Handshakes that others have begun: each address may have so many, so that whoever opens connections
//! and then says nothing takes no place from the rest.
//! Holds: no more handshakes from one address than its share.
//! May not enter: who the other side is, which nobody knows before the handshake (see `peers`).

use std::collections::BTreeMap;
use std::convert::Infallible;
use std::net::IpAddr;
use std::task::{Context, Poll};

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

/// One address has begun as many handshakes as it may.
#[derive(Debug, thiserror::Error)]
#[error("{PER_ADDRESS} handshakes with {0} are under way already")]
pub(crate) struct Crowded(IpAddr);

/// Counts handshakes by address. Speaks to nobody.
#[derive(Debug, Default)]
pub(crate) struct Doorstep {
    waiting: BTreeMap<ConnectionId, IpAddr>,
}

impl Doorstep {
    fn let_in(&mut self, connection: ConnectionId, from: &Multiaddr) -> Result<(), Crowded> {
        let Some(address) = ip_of(from) else { return Ok(()) };
        if self.waiting.values().filter(|waiting| **waiting == address).count() >= PER_ADDRESS {
            return Err(Crowded(address));
        }
        self.waiting.insert(connection, address);
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
        self.let_in(connection, from).map_err(ConnectionDenied::new)
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
        for number in 0..PER_ADDRESS {
            doorstep.let_in(id(number), &crowd).unwrap();
        }
        let refused = doorstep.let_in(id(100), &crowd).unwrap_err();
        assert!(refused.to_string().contains("192.0.2.1"), "{refused}");
        doorstep.let_in(id(101), &other).unwrap();
        doorstep.waiting.remove(&id(3));
        doorstep.let_in(id(102), &crowd).unwrap();
    }
}
