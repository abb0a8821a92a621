//! Gossip: topics, the bytes of a message, and how gossipsub is set up.
//! Holds: a message is passed on only after the replica's verdict; one that says nothing new to
//! a node is not told to it twice.
//! May not enter: what messages mean. Source: docs/formats.md, "Network".
//!
//! The bytes of a gossip message are the number of the attempt (four bytes, little-endian), then
//! the canonical bytes of the message. gossipsub drops what has an id that it has seen, and its
//! id is the hash of the bytes; so a message that the replica sends again, such as a vote that
//! nobody seems to have got, goes out under another number.

use std::collections::{BTreeMap, HashSet};
use std::time::Duration;

use comity_core::hash::ConsortiumId;
use comity_replica::io::Ticket;
use comity_replica::message::{Gossip, MAX_GOSSIP_BYTES};
use libp2p::PeerId;
use libp2p::gossipsub::{
    self, ConfigBuilder, IdentTopic, IdentityTransform, MessageAuthenticity, MessageId,
    PeerScoreParams, PeerScoreThresholds, TopicHash, TopicScoreParams, ValidationMode,
    WhitelistSubscriptionFilter,
};
use sha2::{Digest as _, Sha256};

/// What a message has before its canonical bytes (bytes).
const ATTEMPT_BYTES: usize = 4;
/// What gossipsub may add to a message (bytes, rounded up).
const OVERHEAD_BYTES: usize = 4096;
/// Messages that may wait to be sent to one peer (count); beyond, new ones are not sent to it.
const SEND_QUEUE: usize = 512;
/// How long a message is known (so that no message can go round in circles).
const KNOWN_FOR: Duration = Duration::from_secs(60);
/// Messages that may await a verdict (count).
const AWAITING: usize = 4096;
/// Messages of one peer that may await a verdict (count).
const AWAITING_PER_PEER: usize = 1024;

/// gossipsub as a node uses it: only its own two topics exist.
pub(crate) type Gossipsub = gossipsub::Behaviour<IdentityTransform, WhitelistSubscriptionFilter>;

/// The two topics of a consortium.
#[derive(Clone, Debug)]
pub(crate) struct Topics {
    records: IdentTopic,
    consensus: IdentTopic,
}

impl Topics {
    pub(crate) fn new(consortium: &ConsortiumId) -> Self {
        let topic = |name| {
            let consortium = super::short_name(consortium);
            IdentTopic::new(format!("comity/{consortium}/{name}/1"))
        };
        Topics { records: topic("records"), consensus: topic("consensus") }
    }

    /// Where a message goes: records apart, so that they never hold up a vote.
    pub(crate) fn of(&self, message: &Gossip) -> TopicHash {
        match message {
            Gossip::Records(_) => self.records.hash(),
            _ => self.consensus.hash(),
        }
    }

    /// Whether a peer that listens to this topic can be told votes.
    pub(crate) fn is_consensus(&self, topic: &TopicHash) -> bool {
        *topic == self.consensus.hash()
    }
}

/// The bytes of a message.
pub(crate) fn to_bytes(message: &Gossip, attempt: u32) -> Vec<u8> {
    [&attempt.to_le_bytes()[..], &message.to_bytes()].concat()
}

/// A number for an attempt that is not the first.
pub(crate) fn another_attempt() -> u32 {
    // Without chance from the system the message goes out once more at most.
    getrandom::u32().unwrap_or_default().max(1)
}

/// Whether the bytes are those of a message that is sent again.
pub(crate) fn is_again(bytes: &[u8]) -> bool {
    bytes.get(..ATTEMPT_BYTES).is_some_and(|attempt| attempt != [0; ATTEMPT_BYTES])
}

/// The message that `bytes` are, if they came on the right topic.
pub(crate) fn from_bytes(topics: &Topics, topic: &TopicHash, bytes: &[u8]) -> Option<Gossip> {
    let message = Gossip::from_bytes(bytes.get(ATTEMPT_BYTES..)?).ok()?;
    (topics.of(&message) == *topic).then_some(message)
}

/// gossipsub for a consortium, subscribed to its topics. Errors: the library's, in words.
pub(crate) fn behaviour(topics: &Topics) -> Result<Gossipsub, String> {
    let config = ConfigBuilder::default()
        .validation_mode(ValidationMode::Anonymous)
        .validate_messages()
        .message_id_fn(|message| MessageId::new(&Sha256::digest(&message.data)))
        .max_transmit_size(ATTEMPT_BYTES + MAX_GOSSIP_BYTES + OVERHEAD_BYTES)
        .duplicate_cache_time(KNOWN_FOR)
        .connection_handler_queue_len(SEND_QUEUE)
        // Own messages go straight to every peer; the mesh, which for a small consortium is all
        // of it, makes up for connections that are missing.
        .flood_publish(true)
        .mesh_outbound_min(2)
        .mesh_n_low(8)
        .mesh_n(12)
        .mesh_n_high(16)
        .heartbeat_initial_delay(Duration::from_millis(500))
        .heartbeat_interval(Duration::from_secs(1))
        // "I have it, do not send it" is worth a message only for long ones.
        .idontwant_message_size_threshold(1024)
        .build()
        .map_err(|error| error.to_string())?;
    let ours = HashSet::from([topics.records.hash(), topics.consensus.hash()]);
    let mut gossipsub = Gossipsub::new_with_subscription_filter(
        MessageAuthenticity::Anonymous,
        config,
        WhitelistSubscriptionFilter(ours),
    )?;
    gossipsub.with_peer_score(score(topics), thresholds())?;
    for topic in [&topics.records, &topics.consensus] {
        gossipsub.subscribe(topic).map_err(|error| error.to_string())?;
    }
    Ok(gossipsub)
}

/// Peers lose by messages that are wrong, and gain a little by being first with good ones. What
/// fits open networks only is off: members may share an address, and a quiet one does no wrong.
fn score(topics: &Topics) -> PeerScoreParams {
    let topic = TopicScoreParams {
        topic_weight: 1.0,
        time_in_mesh_weight: 0.0,
        first_message_deliveries_weight: 0.1,
        first_message_deliveries_decay: 0.9,
        first_message_deliveries_cap: 100.0,
        mesh_message_deliveries_weight: 0.0,
        mesh_failure_penalty_weight: 0.0,
        invalid_message_deliveries_weight: -10.0,
        // Forgotten after about two minutes.
        invalid_message_deliveries_decay: 0.98,
        ..TopicScoreParams::default()
    };
    PeerScoreParams {
        topics: [&topics.records, &topics.consensus].map(|of| (of.hash(), topic.clone())).into(),
        topic_score_cap: 20.0,
        app_specific_weight: 0.0,
        ip_colocation_factor_weight: 0.0,
        behaviour_penalty_weight: -1.0,
        behaviour_penalty_threshold: 6.0,
        behaviour_penalty_decay: 0.9,
        slow_peer_weight: 0.0,
        retain_score: Duration::from_secs(600),
        ..PeerScoreParams::default()
    }
}

/// Within a minute or so, two wrong messages of a peer cost it hints of what it may have missed,
/// three cost it our messages, and four the hearing.
fn thresholds() -> PeerScoreThresholds {
    PeerScoreThresholds {
        gossip_threshold: -20.0,
        publish_threshold: -80.0,
        graylist_threshold: -120.0,
        ..PeerScoreThresholds::default()
    }
}

/// A message that was handed to the replica.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Pending {
    pub(crate) id: MessageId,
    /// Who sent it here.
    pub(crate) from: PeerId,
    /// Whether it is sent again.
    pub(crate) again: bool,
}

/// Messages that were handed to the replica and await its verdict.
#[derive(Debug, Default)]
pub(crate) struct Awaiting {
    messages: BTreeMap<Ticket, Pending>,
    per_peer: BTreeMap<PeerId, usize>,
}

impl Awaiting {
    /// Whether a message of this peer may still be handed on.
    pub(crate) fn has_room(&self, peer: &PeerId) -> bool {
        self.per_peer.get(peer).is_none_or(|count| *count < AWAITING_PER_PEER)
    }

    /// Takes note of a message; returns the oldest where there are too many.
    pub(crate) fn insert(&mut self, ticket: Ticket, message: Pending) -> Option<Pending> {
        *self.per_peer.entry(message.from).or_default() += 1;
        self.messages.insert(ticket, message);
        if self.messages.len() <= AWAITING {
            return None;
        }
        let oldest = *self.messages.first_key_value()?.0;
        self.remove(oldest)
    }

    /// The message that a verdict is about, unless it was given up.
    pub(crate) fn remove(&mut self, ticket: Ticket) -> Option<Pending> {
        let message = self.messages.remove(&ticket)?;
        if let Some(count) = self.per_peer.get_mut(&message.from) {
            *count -= 1;
            if *count == 0 {
                self.per_peer.remove(&message.from);
            }
        }
        Some(message)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn message_comes_back_whatever_the_attempt() {
        let topics = Topics::new(&ConsortiumId([7; 32]));
        let message = Gossip::Records(vec![vec![1, 2, 3]]);
        for attempt in [0, 1, u32::MAX] {
            let bytes = to_bytes(&message, attempt);
            let topic = topics.of(&message);
            assert_eq!(is_again(&bytes), attempt > 0);
            assert_eq!(from_bytes(&topics, &topic, &bytes), Some(message.clone()));
        }
    }

    #[test]
    fn message_on_the_wrong_topic_or_not_canonical_is_refused() {
        let topics = Topics::new(&ConsortiumId([7; 32]));
        let message = Gossip::Records(vec![vec![1, 2, 3]]);
        let mut bytes = to_bytes(&message, 0);
        assert_eq!(from_bytes(&topics, &topics.consensus.hash(), &bytes), None);
        bytes.push(0);
        assert_eq!(from_bytes(&topics, &topics.records.hash(), &bytes), None);
        assert_eq!(from_bytes(&topics, &topics.records.hash(), &[0, 0]), None);
    }

    #[test]
    fn messages_that_await_a_verdict_stay_within_their_bounds() {
        let mut awaiting = Awaiting::default();
        let peers: Vec<PeerId> = (0..8).map(|_| PeerId::random()).collect();
        let mut given_up = 0;
        for (number, peer) in (0..20_000).zip(peers.iter().cycle()) {
            if awaiting.has_room(peer) {
                let id = MessageId::new(&u64::to_le_bytes(number));
                let message = Pending { id, from: *peer, again: false };
                given_up += u64::from(awaiting.insert(Ticket(number), message).is_some());
            }
        }
        assert_eq!(awaiting.messages.len(), AWAITING);
        assert_eq!(given_up, 20_000 - AWAITING as u64, "the oldest give way");
        assert!(awaiting.per_peer.values().all(|count| *count <= AWAITING_PER_PEER));
    }
}
