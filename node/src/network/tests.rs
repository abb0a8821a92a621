//! Nodes of one process on 127.0.0.1, without replicas: what gets through and what does not.
//! Holds: every wait is for a condition, with a bound.
//! May not enter: sleeping; fixed ports.

use std::collections::BTreeMap;

use comity_core::hash::HeaderHash;
use comity_core::ids::Height;
use comity_core::keys::Signature;
use comity_core::vote::Vote;
use comity_replica::message::SignedVote;
use tokio::time::timeout;

use super::*;

const PATIENCE: Duration = Duration::from_secs(20);

fn key(seed: u8) -> SecretKey {
    SecretKey::from_seed(&[seed; 32])
}

fn identity_of(seed: u8) -> PeerId {
    peer_id(&key(seed).public()).unwrap()
}

fn agency(seed: u8) -> AgencyId {
    AgencyId::try_from(format!("agency-{seed}.gd")).unwrap()
}

fn members(seeds: &[u8]) -> Members {
    seeds.iter().map(|seed| (identity_of(*seed), agency(*seed))).collect()
}

/// The node of `seed`, to which `known` are members, dialing `dialed`.
async fn node(seed: u8, known: &[u8], dialed: &[&Network]) -> Network {
    node_of(ConsortiumId([1; 32]), seed, known, dialed).await
}

async fn node_of(consortium: ConsortiumId, seed: u8, known: &[u8], dialed: &[&Network]) -> Network {
    let config = config(consortium, seed, known, dialed);
    start(config, &mut Registry::default()).await.unwrap()
}

fn config(consortium: ConsortiumId, seed: u8, known: &[u8], dialed: &[&Network]) -> NetworkConfig {
    NetworkConfig {
        consortium,
        key: key(seed),
        listen: vec!["/ip4/127.0.0.1/tcp/0".parse().unwrap()],
        peers: dialed.iter().map(|other| other.listening[0].clone()).collect(),
        named: BTreeSet::new(),
        members: members(known),
    }
}

/// How many messages had an outcome, by what a node's metrics show.
fn counted(registry: &Registry, outcome: &str) -> u64 {
    let mut shown = String::new();
    prometheus_client::encoding::text::encode(&mut shown, registry).unwrap();
    let name = format!("comity_gossip_accepted_total{{outcome=\"{outcome}\"}} ");
    let count = shown.lines().find_map(|line| line.strip_prefix(&name));
    count.map_or(0, |count| count.parse().unwrap())
}

impl Network {
    /// The first event that `wanted` makes something of; others are dropped.
    async fn find<T>(&mut self, mut wanted: impl FnMut(NetworkEvent) -> Option<T>) -> T {
        let found = timeout(PATIENCE, async {
            loop {
                let event = self.events.recv().await.expect("the network runs");
                if let Some(found) = wanted(event) {
                    return found;
                }
            }
        });
        found.await.expect("it happens in time")
    }

    async fn up(&mut self, seed: u8) -> Peer {
        let wanted = agency(seed);
        self.find(|event| match event {
            NetworkEvent::PeerUp { peer, agency, .. } if agency.as_ref() == Some(&wanted) => {
                Some(peer)
            }
            _ => None,
        })
        .await
    }

    /// The two come up, in either order.
    async fn both_up(&mut self, seeds: [u8; 2]) -> [Peer; 2] {
        let mut found = BTreeMap::new();
        self.find(|event| {
            if let NetworkEvent::PeerUp { peer, agency: Some(agency), .. } = event {
                found.insert(agency, peer);
            }
            seeds.iter().all(|seed| found.contains_key(&agency(*seed))).then_some(())
        })
        .await;
        seeds.map(|seed| found[&agency(seed)])
    }

    async fn down(&mut self, peer: Peer) {
        self.find(|event| {
            matches!(event, NetworkEvent::PeerDown { peer: down } if down == peer).then_some(())
        })
        .await;
    }

    async fn gossip(&mut self) -> (Peer, Ticket, Gossip) {
        self.find(|event| match event {
            NetworkEvent::Gossip { peer, ticket, message } => Some((peer, ticket, message)),
            _ => None,
        })
        .await
    }

    async fn send(&self, command: Command) {
        self.commands.send(command).await.unwrap();
    }

    async fn judge(&self, ticket: Ticket, verdict: Verdict) {
        self.send(Command::Verdict { ticket, verdict }).await;
    }

    /// Asks for the body of a block; what comes back.
    async fn ask(&mut self, peer: Peer) -> Option<Response> {
        let request = Request::Body { height: Height(1), header_hash: HeaderHash([9; 32]) };
        let asked = Ticket(77);
        self.send(Command::Request { peer, ticket: asked, request }).await;
        self.find(|event| match event {
            NetworkEvent::Response { ticket, response, .. } if ticket == asked => Some(response),
            _ => None,
        })
        .await
    }

    /// Waits for a request, and answers it.
    async fn answer(&mut self, response: Option<Response>) -> Request {
        let (ticket, request) = self
            .find(|event| match event {
                NetworkEvent::Request { ticket, request, .. } => Some((ticket, request)),
                _ => None,
            })
            .await;
        self.send(Command::Respond { ticket, response, held: Held::nothing() }).await;
        request
    }
}

fn records(byte: u8) -> Gossip {
    Gossip::Records(vec![vec![byte; 100]])
}

#[tokio::test]
async fn gossip_is_passed_on_only_when_it_is_accepted() {
    // One and three are not connected: between them is two.
    let mut two = node(2, &[1, 3], &[]).await;
    let mut one = node(1, &[2], &[&two]).await;
    let mut three = node(3, &[2], &[&two]).await;
    two.both_up([1, 3]).await;
    one.up(2).await;
    three.up(2).await;
    for (byte, verdict) in [(1, Verdict::Ignore), (2, Verdict::Reject), (3, Verdict::Accept)] {
        one.send(Command::Broadcast(records(byte))).await;
        let (_, ticket, message) = two.gossip().await;
        assert_eq!(message, records(byte));
        two.judge(ticket, verdict).await;
    }
    let (from, _, message) = three.gossip().await;
    assert_eq!(message, records(3), "the first that reaches it is the first that was accepted");
    assert_eq!(from, Peer(1), "by way of the only peer");
}

#[tokio::test]
async fn what_all_have_from_whom_it_came_is_passed_on_only_once_a_connection_is_lost() {
    let mut shown = Registry::default();
    let mut two = start(config(ConsortiumId([1; 32]), 2, &[1, 3], &[]), &mut shown).await.unwrap();
    let mut three = node(3, &[1, 2], &[&two]).await;
    let mut one = node(1, &[2, 3], &[&two, &three]).await;
    let [_, to_three] = one.both_up([2, 3]).await;
    let numbered = |number: u32| Gossip::Records(vec![number.to_le_bytes().to_vec()]);
    let mut number = 0;
    let mut lost = false;
    // Nobody says more than it may.
    let mut pace = tokio::time::interval(Duration::from_millis(5));
    // Each time two has heard one, and has taken the verdict before what it says itself.
    loop {
        pace.tick().await;
        number += 1;
        one.send(Command::Broadcast(numbered(number))).await;
        let ticket = two.find(|event| match event {
            NetworkEvent::Gossip { ticket, message, .. } if message == numbered(number) => {
                Some(ticket)
            }
            _ => None,
        });
        let (ticket, passed_on) = (ticket.await, counted(&shown, "passed-on"));
        two.judge(ticket, Verdict::Accept).await;
        two.send(Command::Broadcast(numbered(u32::MAX - number))).await;
        let (_, answer, _) = one.gossip().await;
        one.judge(answer, Verdict::Ignore).await;
        if !lost && counted(&shown, "known-to-all") > 0 {
            lost = true;
            let reason = "for the test".into();
            one.send(Command::Disconnect { peer: to_three, reason }).await;
        } else if lost && counted(&shown, "passed-on") > passed_on {
            break;
        }
    }
    let from_one = |event| match event {
        NetworkEvent::Gossip { message, .. } if message == numbered(number) => Some(()),
        _ => None,
    };
    three.find(from_one).await;
}

#[tokio::test]
async fn what_is_said_again_arrives_again() {
    let mut one = node(1, &[2], &[]).await;
    let mut two = node(2, &[1], &[&one]).await;
    one.up(2).await;
    let vote = Vote {
        kind: comity_core::vote::VoteKind::Prevote,
        height: Height(5),
        round: 0,
        value: None,
        validator: key(1).public(),
    };
    let vote = Gossip::Vote(SignedVote { vote, signature: Signature([0; 64]) });
    for _ in 0..3 {
        one.send(Command::Broadcast(vote.clone())).await;
        let (_, ticket, message) = two.gossip().await;
        assert_eq!(message, vote);
        two.judge(ticket, Verdict::Ignore).await;
    }
}

#[tokio::test]
async fn request_is_answered_or_fails() {
    let mut one = node(1, &[2], &[]).await;
    let mut two = node(2, &[1], &[&one]).await;
    one.up(2).await;
    let peer = two.up(1).await;
    let body = Response::Body(Some(vec![5; 3_000_000]));
    let (asked, request) = tokio::join!(two.ask(peer), one.answer(Some(body.clone())));
    assert_eq!(asked, Some(body));
    assert!(matches!(request, Request::Body { height: Height(1), .. }));
    let (asked, _) = tokio::join!(two.ask(peer), one.answer(None));
    assert_eq!(asked, None, "refused");
    one.close().await;
    two.down(peer).await;
    assert_eq!(two.ask(peer).await, None, "gone");
}

#[tokio::test]
async fn share_is_held_until_the_answer_is_sent() {
    let mut one = node(1, &[2], &[]).await;
    let mut two = node(2, &[1], &[&one]).await;
    one.up(2).await;
    let peer = two.up(1).await;
    let share = std::sync::Arc::new(());
    let ask = two.ask(peer);
    let answer = async {
        let ticket = one.find(|event| match event {
            NetworkEvent::Request { ticket, .. } => Some(ticket),
            _ => None,
        });
        let (ticket, held) = (ticket.await, Held::new(share.clone()));
        one.send(Command::Respond { ticket, response: Some(Response::Body(None)), held }).await;
    };
    tokio::join!(ask, answer);
    let released = async {
        while std::sync::Arc::strong_count(&share) > 1 {
            tokio::task::yield_now().await;
        }
    };
    timeout(PATIENCE, released).await.expect("let go after the answer");
}

#[tokio::test]
async fn stranger_is_not_let_in() {
    let mut one = node(1, &[2], &[]).await;
    let stranger = node(3, &[1], &[&one]).await;
    let mut two = node(2, &[1], &[&one]).await;
    // The stranger began to dial first. What it says reaches nobody, before or after.
    stranger.send(Command::Broadcast(records(3))).await;
    two.up(1).await;
    stranger.send(Command::Broadcast(records(3))).await;
    two.send(Command::Broadcast(records(2))).await;
    let mut ups = Vec::new();
    let heard = one.find(|event| match event {
        NetworkEvent::PeerUp { agency, .. } => {
            ups.push(agency);
            None
        }
        NetworkEvent::Gossip { message, .. } => Some(message),
        _ => None,
    });
    assert_eq!(heard.await, records(2));
    assert_eq!(ups, [Some(agency(2))]);
}

#[tokio::test]
async fn member_that_is_one_no_more_is_disconnected_and_can_come_back() {
    let mut one = node(1, &[2], &[]).await;
    let mut two = node(2, &[1], &[&one]).await;
    let peer = one.up(2).await;
    let seen = two.up(1).await;
    one.members.send_replace(members(&[]));
    one.down(peer).await;
    two.down(seen).await;
    one.members.send_replace(members(&[2]));
    assert_ne!(one.up(2).await, peer, "two dials until it is let in");
}

#[tokio::test]
async fn configured_peer_is_let_in_by_its_identity_though_no_member() {
    let mut one = node(1, &[2], &[]).await;
    let address = one.listening[0].clone().with(Protocol::P2p(one.peer_id));
    let config = NetworkConfig {
        consortium: ConsortiumId([1; 32]),
        key: key(2),
        listen: vec![],
        peers: vec![address],
        named: BTreeSet::new(),
        members: Members::default(),
    };
    let mut two = start(config, &mut Registry::default()).await.unwrap();
    one.up(2).await;
    let agency = two.find(|event| match event {
        NetworkEvent::PeerUp { agency, .. } => Some(agency),
        _ => None,
    });
    assert_eq!(agency.await, None);
}

#[tokio::test]
async fn disconnected_peer_goes_down() {
    let mut one = node(1, &[2], &[]).await;
    let mut two = node(2, &[1], &[&one]).await;
    let peer = one.up(2).await;
    let seen = two.up(1).await;
    one.send(Command::Disconnect { peer, reason: "a test".into() }).await;
    one.down(peer).await;
    two.down(seen).await;
}

#[tokio::test]
async fn node_of_another_consortium_is_never_up() {
    let mut one = node(1, &[2, 3], &[]).await;
    let foreign = node_of(ConsortiumId([2; 32]), 3, &[1], &[&one]).await;
    let mut two = node(2, &[1], &[&one]).await;
    foreign.send(Command::Broadcast(records(3))).await;
    two.up(1).await;
    assert_eq!(one.up(2).await, Peer(1), "the first that comes up, though not to connect");
}

#[tokio::test]
async fn peer_that_starts_later_is_reached() {
    let later = node(2, &[1], &[]).await;
    let address = later.listening[0].clone();
    later.close().await;
    let config = NetworkConfig {
        consortium: ConsortiumId([1; 32]),
        key: key(1),
        listen: vec![],
        peers: vec![address.clone()],
        named: BTreeSet::new(),
        members: members(&[2]),
    };
    let mut one = start(config.clone(), &mut Registry::default()).await.unwrap();
    let returning = NetworkConfig {
        key: key(2),
        listen: vec![address],
        peers: vec![],
        members: members(&[1]),
        ..config
    };
    let _two = start(returning, &mut Registry::default()).await.unwrap();
    one.up(2).await;
}

#[tokio::test]
async fn address_in_use_is_reported() {
    let one = node(1, &[], &[]).await;
    let config = NetworkConfig {
        consortium: ConsortiumId([1; 32]),
        key: key(2),
        listen: vec![one.listening[0].clone()],
        peers: vec![],
        named: BTreeSet::new(),
        members: Members::default(),
    };
    let refused = start(config, &mut Registry::default()).await.unwrap_err();
    assert!(matches!(refused, NetworkError::Listen { .. }), "{refused}");
}

#[tokio::test]
async fn nodes_that_know_one_address_meet_all() {
    let one = node(1, &[2, 3, 4], &[]).await;
    let mut two = node(2, &[1, 3, 4], &[&one]).await;
    let mut three = node(3, &[1, 2, 4], &[&one]).await;
    let (to_three, to_two) = (two.up(3).await, three.up(2).await);
    // The one that introduced them is gone; a fourth meets both by way of one of them.
    one.close().await;
    let mut four = node(4, &[1, 2, 3], &[&two]).await;
    four.up(3).await;
    assert_eq!((to_three, to_two), (Peer(2), Peer(2)));
}

#[tokio::test]
async fn agency_that_the_operator_gave_an_address_for_is_not_called_elsewhere() {
    let mut one = node(1, &[2, 3], &[]).await;
    let three = node(3, &[1], &[&one]).await;
    one.up(3).await;
    let config = NetworkConfig {
        consortium: ConsortiumId([1; 32]),
        key: key(2),
        listen: vec![],
        peers: vec![one.listening[0].clone()],
        named: BTreeSet::from([agency(3)]),
        members: members(&[1, 3]),
    };
    let mut two = start(config, &mut Registry::default()).await.unwrap();
    two.up(1).await;
    // By the time of this answer those before it are there.
    one.up(2).await;
    let (asked, _) = tokio::join!(two.ask(Peer(1)), one.answer(Some(Response::Body(None))));
    assert_eq!(asked, Some(Response::Body(None)));
    drop(three);
}
