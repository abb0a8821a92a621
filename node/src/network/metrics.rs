//! What the network counts.
//! Holds: counting changes nothing about what is done.
//! May not enter: labels that strangers choose.

use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::registry::Registry;

use super::counted::Traffic;

#[derive(Clone, Debug, Hash, PartialEq, Eq, EncodeLabelSet)]
struct Direction {
    direction: &'static str,
}

#[derive(Clone, Debug, Hash, PartialEq, Eq, EncodeLabelSet)]
struct Outcome {
    outcome: &'static str,
}

/// What became of a request to a peer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum RequestOutcome {
    Answered,
    Failed,
}

/// Counts of the network.
#[derive(Clone, Debug)]
pub(crate) struct NetworkMetrics {
    peers: Gauge,
    gossip_bytes: Family<Direction, Counter>,
    gossip_refused: Counter,
    gossip_accepted: Family<Outcome, Counter>,
    strangers_refused: Counter,
    peers_banished: Counter,
    requests: Family<Outcome, Counter>,
}

impl NetworkMetrics {
    /// Counts that `registry` shows, those of `traffic` among them.
    pub(crate) fn register(registry: &mut Registry, traffic: &Traffic) -> Self {
        let metrics = NetworkMetrics {
            peers: Gauge::default(),
            gossip_bytes: Family::default(),
            gossip_refused: Counter::default(),
            gossip_accepted: Family::default(),
            strangers_refused: Counter::default(),
            peers_banished: Counter::default(),
            requests: Family::default(),
        };
        registry.register("comity_peers", "Connected peers", metrics.peers.clone());
        registry.register(
            "comity_gossip_bytes",
            "Bytes of gossip messages received, and of own messages sent (once each)",
            metrics.gossip_bytes.clone(),
        );
        registry.register(
            "comity_gossip_refused",
            "Gossip messages refused as malformed, or turned away for want of room",
            metrics.gossip_refused.clone(),
        );
        registry.register(
            "comity_gossip_accepted",
            "Gossip messages found right: passed on, or known to all (those whom they came from are connected with)",
            metrics.gossip_accepted.clone(),
        );
        registry.register(
            "comity_peers_banished",
            "Times that a peer was shut out for what it sent, or did not read",
            metrics.peers_banished.clone(),
        );
        registry.register(
            "comity_strangers_refused",
            "Connections refused because the other side is no member and not configured",
            metrics.strangers_refused.clone(),
        );
        registry.register(
            "comity_requests",
            "Requests made to peers, by outcome",
            metrics.requests.clone(),
        );
        registry.register(
            "comity_network_bytes",
            "Bytes that went over connections with peers, as TCP carries them",
            traffic.by_direction.clone(),
        );
        metrics
    }

    pub(crate) fn set_peers(&self, count: usize) {
        self.peers.set(i64::try_from(count).unwrap_or(i64::MAX));
    }

    pub(crate) fn gossip_in(&self, size_bytes: usize) {
        self.gossip_bytes.get_or_create(&Direction { direction: "in" }).inc_by(size_bytes as u64);
    }

    pub(crate) fn gossip_out(&self, size_bytes: usize) {
        self.gossip_bytes.get_or_create(&Direction { direction: "out" }).inc_by(size_bytes as u64);
    }

    pub(crate) fn gossip_refused(&self) {
        self.gossip_refused.inc();
    }

    pub(crate) fn gossip_accepted(&self, is_passed_on: bool) {
        let outcome = if is_passed_on { "passed-on" } else { "known-to-all" };
        self.gossip_accepted.get_or_create(&Outcome { outcome }).inc();
    }

    pub(crate) fn peer_banished(&self) {
        self.peers_banished.inc();
    }

    pub(crate) fn stranger_refused(&self) {
        self.strangers_refused.inc();
    }

    pub(crate) fn request(&self, outcome: RequestOutcome) {
        let outcome = match outcome {
            RequestOutcome::Answered => "answered",
            RequestOutcome::Failed => "failed",
        };
        self.requests.get_or_create(&Outcome { outcome }).inc();
    }
}
