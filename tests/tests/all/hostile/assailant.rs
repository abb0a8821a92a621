//! A member's transport key in bad hands: a libp2p peer that is let in, and then says what it likes.
//! Holds: it ends when it is disconnected, or when its time is over.

use std::io;
use std::time::{Duration, Instant};

use comity_core::hash::ConsortiumId;
use comity_core::ids::Height;
use comity_core::key_file::KeyFile;
use comity_replica::message::{Gossip, Request};
use futures::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _, StreamExt as _};
use libp2p::gossipsub::{self, IdentTopic, MessageAuthenticity, ValidationMode};
use libp2p::identity::Keypair;
use libp2p::request_response::{self, Codec, ProtocolSupport};
use libp2p::swarm::{NetworkBehaviour, SwarmEvent};
use libp2p::{
    Multiaddr, PeerId, StreamProtocol, Swarm, SwarmBuilder, identify, noise, ping, tcp, yamux,
};
use sha2::{Digest as _, Sha256};

use crate::harness::node::Node;

/// How long an attack goes on at most.
const LONGEST: Duration = Duration::from_secs(45);
/// How long one goes on that is no offence in itself, or that comes back.
const SHORT: Duration = Duration::from_secs(8);
/// How long a frozen peer does not look at its surroundings.
const PAUSE: Duration = Duration::from_millis(100);
/// How long one that was thrown out waits before it knocks again: at full speed its own handshakes take
/// the processors that the others are measured on.
const KNOCKS_AFTER: Duration = Duration::from_millis(100);
/// Requests under way at once.
const AT_ONCE: usize = 24;

/// What it does.
#[derive(Clone, Debug)]
pub(super) enum Attack {
    /// Gossip that is no message.
    Garbage,
    /// A message that decodes, again and again, each time as another.
    Flood(Gossip),
    /// Asks for blocks from height 1, and never reads the answers.
    Unread,
    /// Asks what is no question, again and again, and comes back when it is thrown out.
    NoRequest,
    /// Announces requests far over the limit, likewise.
    LongRequest,
    /// Begins requests and breaks off, likewise.
    BrokenRequest,
    /// Is let in, and then neither reads nor says anything at all.
    Frozen,
}

impl Attack {
    /// The bytes of a request that no node sends, where it asks such.
    fn wrong_request(&self) -> Option<Vec<u8>> {
        let framed = |length: u32, body: &[u8]| [&length.to_le_bytes()[..], body].concat();
        match self {
            Attack::NoRequest => Some(framed(300, &[0xAB; 300])),
            Attack::LongRequest => Some(framed(u32::MAX, &[0xAB; 4096])),
            Attack::BrokenRequest => Some(framed(300, &[0xAB; 30])),
            _ => None,
        }
    }

    fn longest(&self) -> Duration {
        match self {
            Attack::Garbage | Attack::Flood(_) | Attack::Frozen => LONGEST,
            _ => SHORT,
        }
    }
}

/// How it ended.
#[derive(Clone, Copy, Debug)]
pub(super) struct Ended {
    /// Whether the node closed the connection.
    pub(super) disconnected: bool,
    /// How long it was connected, at first.
    pub(super) after: Duration,
    /// Messages that were sent.
    pub(super) sent: u64,
}

#[derive(NetworkBehaviour)]
struct Protocols {
    gossip: gossipsub::Behaviour,
    rpc: request_response::Behaviour<RawCodec>,
    identify: identify::Behaviour,
    ping: ping::Behaviour,
}

/// Writes what it is given as it stands; reads, or does not.
#[derive(Clone, Debug)]
struct RawCodec {
    reads: bool,
}

impl Codec for RawCodec {
    type Protocol = StreamProtocol;
    type Request = Vec<u8>;
    type Response = Vec<u8>;

    async fn read_request<T>(&mut self, _: &StreamProtocol, io: &mut T) -> io::Result<Vec<u8>>
    where
        T: AsyncRead + Unpin + Send,
    {
        let mut bytes = Vec::new();
        io.take(1 << 16).read_to_end(&mut bytes).await?;
        Ok(bytes)
    }

    async fn read_response<T>(&mut self, _: &StreamProtocol, io: &mut T) -> io::Result<Vec<u8>>
    where
        T: AsyncRead + Unpin + Send,
    {
        if !self.reads {
            return std::future::pending().await;
        }
        let mut bytes = Vec::new();
        io.take(1 << 20).read_to_end(&mut bytes).await?;
        Ok(bytes)
    }

    async fn write_request<T>(
        &mut self,
        _: &StreamProtocol,
        io: &mut T,
        bytes: Vec<u8>,
    ) -> io::Result<()>
    where
        T: AsyncWrite + Unpin + Send,
    {
        io.write_all(&bytes).await?;
        io.flush().await
    }

    async fn write_response<T>(
        &mut self,
        _: &StreamProtocol,
        _: &mut T,
        _: Vec<u8>,
    ) -> io::Result<()>
    where
        T: AsyncWrite + Unpin + Send,
    {
        Err(io::ErrorKind::Unsupported.into())
    }
}

/// Attacks a node with the transport key of a member whose own node does not run.
pub(super) fn attack(node: &Node, member: &Node, consortium: ConsortiumId, what: Attack) -> Ended {
    let file: KeyFile =
        serde_json::from_slice(&std::fs::read(member.file("keys/transport.json")).unwrap())
            .unwrap();
    let key = Keypair::ed25519_from_bytes(&mut *file.secret().unwrap().seed()).unwrap();
    let address = format!("/ip4/127.0.0.1/tcp/{}", node.port).parse().unwrap();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let is_met = || node.status()["peers"].to_string().contains(&member.agency);
    runtime.block_on(async { Assailant::new(key, consortium, what).run(address, is_met).await })
}

struct Assailant {
    swarm: Swarm<Protocols>,
    topics: [IdentTopic; 2],
    what: Attack,
    victim: Option<PeerId>,
    /// Whether the victim listens to gossip yet.
    heard: bool,
    knocks_at: Option<Instant>,
    asking: usize,
    /// Messages that were made: no two are the same, or gossipsub would not send the second.
    made: u32,
    sent: u64,
}

impl Assailant {
    fn new(key: Keypair, consortium: ConsortiumId, what: Attack) -> Assailant {
        let name = &consortium.to_string()[..16];
        let topics =
            ["records", "consensus"].map(|t| IdentTopic::new(format!("comity/{name}/{t}/1")));
        let config = gossipsub::ConfigBuilder::default()
            .validation_mode(ValidationMode::Anonymous)
            .message_id_fn(|message| gossipsub::MessageId::new(&Sha256::digest(&message.data)))
            .max_transmit_size(2 << 20)
            .build()
            .unwrap();
        let mut gossip = gossipsub::Behaviour::new(MessageAuthenticity::Anonymous, config).unwrap();
        for topic in &topics {
            gossip.subscribe(topic).unwrap();
        }
        let rpc = request_response::Config::default()
            .with_request_timeout(2 * LONGEST)
            .with_max_concurrent_streams(4 * AT_ONCE);
        let codec = RawCodec { reads: !matches!(what, Attack::Unread) };
        let protocol = (StreamProtocol::new("/comity/rpc/1"), ProtocolSupport::Full);
        let identify =
            identify::Config::new(format!("comity/1/{name}"), key.public()).with_cache_size(0);
        let protocols = Protocols {
            gossip,
            rpc: request_response::Behaviour::with_codec(codec, [protocol], rpc),
            identify: identify::Behaviour::new(identify),
            ping: ping::Behaviour::default(),
        };
        let swarm = SwarmBuilder::with_existing_identity(key)
            .with_tokio()
            .with_tcp(tcp::Config::default(), noise::Config::new, yamux::Config::default)
            .unwrap()
            .with_behaviour(|_| protocols)
            .unwrap()
            .with_swarm_config(|config| config.with_idle_connection_timeout(2 * LONGEST))
            .build();
        let (victim, heard, knocks_at) = (None, false, None);
        Assailant { swarm, topics, what, victim, heard, knocks_at, asking: 0, made: 0, sent: 0 }
    }

    async fn run(mut self, address: Multiaddr, is_met: impl Fn() -> bool) -> Ended {
        self.swarm.dial(address.clone()).unwrap();
        let mut began = Instant::now();
        let ended = |began: Instant, sent, disconnected| Ended {
            disconnected,
            after: began.elapsed(),
            sent,
        };
        let (longest, comes_back) = (self.what.longest(), self.what.wrong_request().is_some());
        let mut thrown_out = None;
        while began.elapsed() < longest {
            if self.knocks_at.is_some_and(|at| at <= Instant::now()) {
                self.swarm.dial(address.clone()).unwrap();
                self.knocks_at = None;
            }
            if self.heard && matches!(self.what, Attack::Frozen) && is_met() {
                // Nothing is polled from here on.
                while is_met() && began.elapsed() < longest {
                    std::thread::park_timeout(PAUSE);
                }
                return ended(began, 0, !is_met());
            }
            let next =
                tokio::time::timeout(Duration::from_millis(5), self.swarm.select_next_some());
            match next.await {
                Ok(SwarmEvent::ConnectionEstablished { peer_id, .. }) => {
                    self.victim = Some(peer_id);
                    if thrown_out.is_none() {
                        began = Instant::now();
                    }
                }
                Ok(SwarmEvent::ConnectionClosed { num_established: 0, .. }) if comes_back => {
                    thrown_out = thrown_out.or(Some(ended(began, self.sent, true)));
                    (self.victim, self.asking) = (None, 0);
                    self.knocks_at = Some(Instant::now() + KNOCKS_AFTER);
                }
                Ok(SwarmEvent::ConnectionClosed { num_established: 0, .. }) => {
                    return ended(began, self.sent, true);
                }
                Ok(SwarmEvent::OutgoingConnectionError { .. }) if thrown_out.is_some() => {
                    self.knocks_at = Some(Instant::now() + KNOCKS_AFTER);
                }
                Ok(SwarmEvent::OutgoingConnectionError { error, .. }) => {
                    panic!("it is not let in at all: {error}")
                }
                Ok(SwarmEvent::Behaviour(event)) => self.note(&event),
                Ok(_) | Err(_) => {}
            }
            self.strike();
        }
        thrown_out.unwrap_or(ended(began, self.sent, false))
    }

    fn note(&mut self, event: &ProtocolsEvent) {
        match event {
            ProtocolsEvent::Gossip(gossipsub::Event::Subscribed { .. }) => self.heard = true,
            ProtocolsEvent::Rpc(
                request_response::Event::OutboundFailure { .. }
                | request_response::Event::Message {
                    message: request_response::Message::Response { .. },
                    ..
                },
            ) => self.asking = self.asking.saturating_sub(1),
            _ => {}
        }
    }

    fn strike(&mut self) {
        let Some(victim) = self.victim else { return };
        match self.what.clone() {
            Attack::Garbage => {
                self.publish(1, |number| [&number.to_le_bytes()[..], &[0xAB; 300]].concat())
            }
            Attack::Flood(message) => {
                let bytes = message.to_bytes();
                let topic = usize::from(!matches!(message, Gossip::Records(_)));
                self.flood(topic, |attempt| [&attempt.to_le_bytes()[..], &bytes].concat());
            }
            Attack::Frozen => {}
            Attack::NoRequest | Attack::LongRequest | Attack::BrokenRequest => {
                let bytes = self.what.wrong_request().unwrap();
                self.ask(victim, &bytes);
            }
            Attack::Unread => {
                let request = Request::Blocks { from: Height(1), max_bytes: u32::MAX }.to_bytes();
                let length = u32::try_from(request.len()).unwrap().to_le_bytes();
                self.ask(victim, &[&length[..], &request].concat());
            }
        }
    }

    fn publish(&mut self, topic: usize, bytes: impl Fn(u32) -> Vec<u8>) {
        if self.heard {
            self.made += 1;
            let topic = self.topics[topic].hash();
            let published = self.swarm.behaviour_mut().gossip.publish(topic, bytes(self.made));
            self.sent += u64::from(published.is_ok());
        }
    }

    fn flood(&mut self, topic: usize, bytes: impl Fn(u32) -> Vec<u8>) {
        for _ in 0..200 {
            self.publish(topic, &bytes);
        }
    }

    fn ask(&mut self, victim: PeerId, bytes: &[u8]) {
        while self.asking < AT_ONCE {
            self.swarm.behaviour_mut().rpc.send_request(&victim, bytes.to_vec());
            (self.asking, self.sent) = (self.asking + 1, self.sent + 1);
        }
    }
}
