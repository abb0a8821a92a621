//! Dials the configured peers, and members of whom an address was learned, as long as they are not connected.
//! Holds: at most one attempt at a target at a time, further and further apart, never in step
//! with others; what is learned changes nothing about what is configured.
//! May not enter: whether a peer may be connected (see `peers`).

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::time::Duration;

use libp2p::multiaddr::Protocol;
use libp2p::swarm::ConnectionId;
use libp2p::{Multiaddr, PeerId};
use tokio::task::JoinSet;
use tokio::time::Instant;

use super::peers::identity;

/// The first wait between attempts (ms); it doubles with each.
const FIRST_WAIT_MS: u64 = 250;
/// The longest wait between attempts (ms).
const LONGEST_WAIT_MS: u64 = 10_000;
/// The longest wait where only others say that somebody listens (ms).
const LONGEST_HEARSAY_WAIT_MS: u64 = 60_000;
/// How long a connection must have stood for the wait to begin anew.
const STEADY: Duration = Duration::from_secs(10);

/// An attempt that is to be made now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Attempt {
    target: u64,
    /// The peer that must answer, if it is known.
    pub(crate) peer: Option<PeerId>,
    /// Where, with host names resolved.
    pub(crate) addresses: Vec<Multiaddr>,
}

/// Where a target comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Origin {
    /// The operator wrote it down.
    Configured,
    /// Others say so.
    Hearsay,
    /// Others said so, and it was true.
    Proven,
}

#[derive(Debug)]
struct Target {
    origin: Origin,
    /// One where configured, perhaps more where learned.
    addresses: Vec<Multiaddr>,
    /// Who answers there: configured, or found there last; where learned, who must.
    peer: Option<PeerId>,
    progress: Progress,
    failures: u32,
}

impl Target {
    /// What makes itself known at its address.
    fn configured_peer(&self) -> Option<PeerId> {
        self.addresses.first().and_then(identity)
    }

    fn wait(&self) -> Duration {
        let longest_ms = match self.origin {
            Origin::Configured | Origin::Proven => LONGEST_WAIT_MS,
            Origin::Hearsay => LONGEST_HEARSAY_WAIT_MS,
        };
        wait(self.failures, longest_ms)
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Progress {
    /// To be dialed at this time, unless connected by then.
    Waiting(Instant),
    /// The host's name is being looked up.
    Resolving,
    /// An attempt is under way.
    Dialing(ConnectionId),
    /// Connected, by this dialer, since.
    Connected(ConnectionId, Instant),
    /// Connected by the other side.
    Met,
    /// It is this node itself.
    Never,
}

/// Whom to call.
#[derive(Debug)]
pub(crate) struct Dialer {
    targets: BTreeMap<u64, Target>,
    last_target: u64,
    lookups: JoinSet<(u64, std::io::Result<Vec<Multiaddr>>)>,
}

impl Dialer {
    /// Dials `addresses`, all of them at once first. `own` is not dialed.
    pub(crate) fn new(addresses: &[Multiaddr], own: &PeerId, now: Instant) -> Self {
        let (targets, lookups) = (BTreeMap::new(), JoinSet::new());
        let mut dialer = Dialer { targets, last_target: 0, lookups };
        for address in addresses {
            let peer = identity(address);
            let is_own = peer == Some(*own);
            let progress = if is_own { Progress::Never } else { Progress::Waiting(now) };
            let (origin, addresses) = (Origin::Configured, vec![address.clone()]);
            dialer.insert(Target { origin, addresses, peer, progress, failures: 0 });
        }
        dialer
    }

    fn insert(&mut self, target: Target) {
        self.last_target += 1;
        self.targets.insert(self.last_target, target);
    }

    /// Calls a member's node at these addresses, if any, instead of those learned before; not if a
    /// configured target is that node.
    pub(crate) fn call(&mut self, peer: PeerId, addresses: Vec<Multiaddr>, now: Instant) {
        if addresses.is_empty() {
            return;
        }
        let mut of_peer = self.targets.values_mut().filter(|target| target.peer == Some(peer));
        match of_peer.next() {
            Some(target) if target.origin != Origin::Configured => {
                let is_new = addresses.iter().any(|address| !target.addresses.contains(address));
                // What is new is worth a try soon.
                if let (true, Progress::Waiting(_)) = (is_new, target.progress) {
                    target.failures = 0;
                    target.progress = Progress::Waiting(now + target.wait());
                }
                target.addresses = addresses;
            }
            Some(_) => {}
            None => {
                let progress = Progress::Waiting(now);
                let origin = Origin::Hearsay;
                self.insert(Target { origin, addresses, peer: Some(peer), progress, failures: 0 });
            }
        }
    }

    /// Calls no more whom it only learned of and who is not `wanted`.
    pub(crate) fn keep_learned(&mut self, wanted: impl Fn(&PeerId) -> bool) {
        self.targets.retain(|_, target| {
            target.origin == Origin::Configured || target.peer.as_ref().is_some_and(&wanted)
        });
    }

    /// Looks up the hosts that are due and not connected.
    pub(crate) fn begin_due(&mut self, now: Instant, is_connected: impl Fn(&PeerId) -> bool) {
        for (number, target) in &mut self.targets {
            let Progress::Waiting(due) = target.progress else { continue };
            if due > now {
                continue;
            }
            if target.peer.as_ref().is_some_and(&is_connected) {
                target.progress = Progress::Met;
                continue;
            }
            target.progress = Progress::Resolving;
            let (number, addresses) = (*number, target.addresses.clone());
            self.lookups.spawn(async move { (number, resolve_all(addresses).await) });
        }
    }

    /// Waits for something to do: an attempt to make now, or `None` to call `begin_due`. May be
    /// dropped at any time.
    pub(crate) async fn next(&mut self) -> Option<Attempt> {
        let due = self.targets.values().filter_map(|target| match target.progress {
            Progress::Waiting(due) => Some(due),
            _ => None,
        });
        let due = due.min();
        let ring = async {
            match due {
                Some(due) => tokio::time::sleep_until(due).await,
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            () = ring => None,
            Some(looked_up) = self.lookups.join_next() => match looked_up {
                Ok((number, Ok(addresses))) => {
                    let target = self.targets.get(&number)?;
                    Some(Attempt { target: number, peer: target.peer, addresses })
                }
                Ok((target, Err(error))) => {
                    self.fail(target, &error.to_string());
                    None
                }
                Err(_) => None,
            },
        }
    }

    /// The attempt is under way as `connection`.
    pub(crate) fn dialing(&mut self, attempt: &Attempt, connection: ConnectionId) {
        if let Some(target) = self.targets.get_mut(&attempt.target) {
            target.progress = Progress::Dialing(connection);
        }
    }

    /// The attempt could not even begin: the peer is connected, or may not be.
    pub(crate) fn not_dialed(&mut self, attempt: &Attempt) {
        let Some(target) = self.targets.get_mut(&attempt.target) else { return };
        target.failures = target.failures.saturating_add(1);
        target.progress = Progress::Waiting(Instant::now() + target.wait());
    }

    /// A connection stands; perhaps one that was dialed here.
    pub(crate) fn connected(&mut self, connection: ConnectionId, peer: PeerId) {
        if let Some(target) = self.dialed_as(connection) {
            target.peer = Some(peer);
            if target.origin == Origin::Hearsay {
                target.origin = Origin::Proven;
            }
            target.progress = Progress::Connected(connection, Instant::now());
        }
    }

    /// An attempt failed; perhaps one that was made here.
    pub(crate) fn failed(&mut self, connection: ConnectionId, reason: &str) {
        let dialed =
            |(_, target): &(&u64, &Target)| target.progress == Progress::Dialing(connection);
        if let Some(number) = self.targets.iter().find(dialed).map(|(number, _)| *number) {
            self.fail(number, reason);
        }
    }

    /// What answered an attempt was this node itself.
    pub(crate) fn found_own(&mut self, connection: ConnectionId) {
        if let Some(target) = self.dialed_as(connection) {
            tracing::warn!(addresses = ?target.addresses, "a configured peer is this node itself");
            target.progress = Progress::Never;
        }
    }

    /// A connection is closed; perhaps one that was dialed here.
    pub(crate) fn closed(&mut self, connection: ConnectionId) {
        let now = Instant::now();
        for target in self.targets.values_mut() {
            let Progress::Connected(of, since) = target.progress else { continue };
            if of == connection {
                // One that lets in and closes at once must not be dialed without pause.
                let is_steady = now.duration_since(since) >= STEADY;
                target.failures = if is_steady { 0 } else { target.failures.saturating_add(1) };
                target.progress = Progress::Waiting(now + target.wait());
            }
        }
    }

    /// The last connection with a peer is closed.
    pub(crate) fn left(&mut self, peer: &PeerId) {
        let met = |target: &&mut Target| {
            target.progress == Progress::Met && target.peer.as_ref() == Some(peer)
        };
        for target in self.targets.values_mut().filter(met) {
            target.progress = Progress::Waiting(Instant::now() + target.wait());
        }
    }

    fn dialed_as(&mut self, connection: ConnectionId) -> Option<&mut Target> {
        let mut targets = self.targets.values_mut();
        targets.find(|target| target.progress == Progress::Dialing(connection))
    }

    fn fail(&mut self, number: u64, reason: &str) {
        let Some(target) = self.targets.get_mut(&number) else { return };
        let addresses = &target.addresses;
        if target.origin != Origin::Configured {
            tracing::debug!(?addresses, reason, "a member's node is not where it is said to be");
        } else if target.failures == 0 {
            let address = addresses.first().map(ToString::to_string).unwrap_or_default();
            tracing::info!(address, reason, "cannot reach a configured peer yet");
        } else {
            tracing::debug!(?addresses, reason, "still cannot reach it");
        }
        if target.origin == Origin::Configured {
            // One that was found there may have changed since; a configured one has not.
            target.peer = target.configured_peer();
        }
        target.failures = target.failures.saturating_add(1);
        target.progress = Progress::Waiting(Instant::now() + target.wait());
    }
}

/// How long to wait after so many failures: half of it by chance, so that nodes that were
/// started together do not go on in step.
fn wait(failures: u32, longest_ms: u64) -> Duration {
    let doubled = FIRST_WAIT_MS.saturating_mul(1 << failures.saturating_sub(1).min(10));
    let longest = doubled.min(longest_ms);
    // Without chance from the system it works as well, only in step.
    let chance = getrandom::u64().unwrap_or_default() % (longest / 2);
    Duration::from_millis(longest - chance)
}

/// Where all of these are. Errors: the last one's, where none can be looked up.
async fn resolve_all(addresses: Vec<Multiaddr>) -> std::io::Result<Vec<Multiaddr>> {
    let (mut found, mut failure) = (Vec::new(), None);
    for address in addresses {
        match resolve(address).await {
            Ok(at) => found.extend(at),
            Err(error) => failure = Some(error),
        }
    }
    match failure {
        Some(error) if found.is_empty() => Err(error),
        _ => Ok(found),
    }
}

/// The address with its host's name looked up, and without its identity; one for each answer.
async fn resolve(address: Multiaddr) -> std::io::Result<Vec<Multiaddr>> {
    let parts: Vec<Protocol<'_>> =
        address.iter().filter(|part| !matches!(part, Protocol::P2p(_))).collect();
    let (host, port) = match parts.as_slice() {
        [
            Protocol::Dns(host) | Protocol::Dns4(host) | Protocol::Dns6(host),
            Protocol::Tcp(port),
        ] => (host.to_string(), *port),
        _ => return Ok(vec![parts.into_iter().collect()]),
    };
    let found = tokio::net::lookup_host((host, port)).await?;
    let is_wanted = |found: &SocketAddr| match parts[0] {
        Protocol::Dns4(_) => found.is_ipv4(),
        Protocol::Dns6(_) => found.is_ipv6(),
        _ => true,
    };
    let found: Vec<Multiaddr> = found
        .filter(is_wanted)
        .map(|found| Multiaddr::from(found.ip()).with(Protocol::Tcp(found.port())))
        .collect();
    if found.is_empty() {
        return Err(std::io::Error::new(std::io::ErrorKind::NotFound, "no address for this host"));
    }
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_double_up_to_ten_seconds_and_vary() {
        for failures in 0..40_u32 {
            let doubled = FIRST_WAIT_MS << failures.saturating_sub(1).min(20);
            let longest = Duration::from_millis(doubled.min(LONGEST_WAIT_MS));
            let waited = wait(failures, LONGEST_WAIT_MS);
            assert!(waited <= longest && waited > longest / 2, "{failures}: {waited:?}");
        }
        let some: std::collections::BTreeSet<Duration> =
            (0..20).map(|_| wait(9, LONGEST_WAIT_MS)).collect();
        assert!(some.len() > 1, "all the same");
    }

    #[tokio::test]
    async fn host_names_are_looked_up() {
        let address: Multiaddr = "/dns4/localhost/tcp/7070".parse().unwrap();
        let found = resolve(address.with(Protocol::P2p(PeerId::random()))).await.unwrap();
        assert_eq!(found, ["/ip4/127.0.0.1/tcp/7070".parse().unwrap()]);
    }

    #[tokio::test]
    async fn peer_that_the_other_side_connected_is_dialed_when_it_leaves() {
        let (own, peer, now) = (PeerId::random(), PeerId::random(), Instant::now());
        let address: Multiaddr = "/ip4/127.0.0.1/tcp/7070".parse().unwrap();
        let configured = address.clone().with(Protocol::P2p(peer));
        let mut dialer = Dialer::new(&[configured], &own, now);
        dialer.begin_due(now, |_| true);
        assert_eq!(dialer.targets[&1].progress, Progress::Met);
        dialer.left(&PeerId::random());
        assert_eq!(dialer.targets[&1].progress, Progress::Met);
        dialer.left(&peer);
        dialer.begin_due(now + Duration::from_secs(60), |_| false);
        let attempt = Attempt { target: 1, peer: Some(peer), addresses: vec![address] };
        assert_eq!(dialer.next().await, Some(attempt));
    }

    #[test]
    fn own_address_is_never_dialed() {
        let own = PeerId::random();
        let address = Multiaddr::empty().with(Protocol::P2p(own));
        let dialer = Dialer::new(&[address], &own, Instant::now());
        assert_eq!(dialer.targets[&1].progress, Progress::Never);
    }

    #[tokio::test]
    async fn learned_address_is_dialed_until_its_node_is_no_member() {
        let (own, peer, now) = (PeerId::random(), PeerId::random(), Instant::now());
        let mut dialer = Dialer::new(&[], &own, now);
        let old: Multiaddr = "/ip4/10.0.0.7/tcp/7070".parse().unwrap();
        let new: Multiaddr = "/ip4/10.0.0.8/tcp/7070".parse().unwrap();
        dialer.call(peer, vec![old.clone()], now);
        dialer.call(peer, vec![new.clone(), old.clone()], now);
        dialer.begin_due(now + Duration::from_secs(60), |_| false);
        let addresses = vec![new, old];
        let attempt = Attempt { target: 1, peer: Some(peer), addresses };
        assert_eq!(dialer.next().await, Some(attempt.clone()));
        dialer.keep_learned(|_| false);
        dialer.not_dialed(&attempt);
        assert!(dialer.targets.is_empty());
    }

    #[test]
    fn configured_peer_is_called_where_the_operator_said_and_nowhere_else() {
        let (own, peer, now) = (PeerId::random(), PeerId::random(), Instant::now());
        let address: Multiaddr = "/ip4/127.0.0.1/tcp/7070".parse().unwrap();
        let configured = address.with(Protocol::P2p(peer));
        let mut dialer = Dialer::new(std::slice::from_ref(&configured), &own, now);
        dialer.call(peer, vec!["/ip4/10.0.0.7/tcp/7070".parse().unwrap()], now);
        dialer.keep_learned(|_| false);
        assert_eq!(dialer.targets.len(), 1);
        assert_eq!(dialer.targets[&1].addresses, [configured]);
    }
}
