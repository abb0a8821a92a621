//! A whole conversation with one replica: what peers tell, ask and answer, in any order.
//! Holds: a replica that hears anything commits only the chain, panics never, and asks for little.

use comity_core::encoding::Encode;
use comity_core::ids::TimeMs;
use comity_core::statement::VerifiedRecord;
use comity_replica::io::{Effect, Input, Now, Peer, Ticket, Timer};
use comity_replica::message::{Gossip, Request, Response};
use comity_replica::replica::{Boot, Replica};
use comity_replica::storage::{MemoryDisk, Storage, StorageOptions};

use crate::lab::{config, lab};

/// Messages of one conversation that are listened to.
const MOST_MESSAGES: usize = 48;
/// Inputs that may follow from one message, those of the disk and of verification included.
const MOST_STEPS: usize = 4_096;
/// What one message may make a replica do.
const MOST_EFFECTS: usize = 4_096;

/// The kinds of message in a conversation, as its bytes name them.
const GOSSIP: u8 = 0;
const REQUEST: u8 = 1;
const RESPONSE: u8 = 2;
const TIMER: u8 = 3;

/// Messages as the bytes of a conversation.
pub fn spoken<'a>(messages: impl IntoIterator<Item = (u8, &'a [u8])>) -> Vec<u8> {
    let mut bytes = Vec::new();
    for (kind, message) in messages {
        let length = u32::try_from(message.len()).unwrap_or(u32::MAX);
        bytes.push(kind);
        bytes.extend(length.to_le_bytes());
        bytes.extend(message);
    }
    bytes
}

/// A conversation with a node half way up the chain: messages, each its kind (1 byte), length (4)
/// and bytes; a length past the end takes what is left.
pub fn conversation(data: &[u8]) {
    let mut node = Node::new();
    let mut rest = data;
    for _ in 0..MOST_MESSAGES {
        let Some((head, after)) = rest.split_first_chunk::<5>() else { break };
        let [kind, length @ ..] = *head;
        let length = usize::try_from(u32::from_le_bytes(length)).unwrap_or(usize::MAX);
        let (message, after) = after.split_at(length.min(after.len()));
        rest = after;
        node.hear(kind, message);
    }
    let status = node.replica.status();
    let tip = (status.height, status.header_hash);
    assert!(lab().headers.contains(&tip), "committed what the consortium never did: {tip:?}");
}

struct Node {
    replica: Replica,
    storage: Storage<MemoryDisk>,
    /// Requests that await an answer.
    asking: Vec<(Peer, Ticket)>,
    tickets: u64,
    now_ms: u64,
}

impl Node {
    fn new() -> Node {
        let lab = lab();
        let member = &lab.members[0];
        let (ledger, certificate) = lab.midway.clone();
        let mut disk = MemoryDisk::new();
        let key = *member.validator.public().as_bytes();
        Storage::create_guard(&mut disk, key, 1).expect("an empty disk takes a guard");
        let (storage, recovered) =
            Storage::open(disk, StorageOptions::new(1)).expect("an empty disk opens");
        let boot = Boot { ledger, certificate, recovered };
        let replica = Replica::new(config(member), boot).expect("the chain is genuine");
        let mut node = Node { replica, storage, asking: Vec::new(), tickets: 1 << 40, now_ms: 0 };
        node.feed(Input::Start);
        for (number, member) in (0..).zip(&lab.members).skip(1) {
            let agency = Some(member.agency.clone());
            node.feed(Input::PeerUp { peer: Peer(number), agency });
        }
        node
    }

    fn hear(&mut self, kind: u8, message: &[u8]) {
        self.now_ms += 100;
        self.tickets += 1;
        let (peer, ticket) = (Peer(1 + self.tickets % 3), Ticket(self.tickets));
        let input = match kind & 3 {
            GOSSIP => read(Gossip::from_bytes(message)).map(|message| Input::Gossip {
                peer,
                ticket,
                message,
            }),
            REQUEST => read(Request::from_bytes(message)).map(|request| Input::Request {
                peer,
                ticket,
                request,
            }),
            RESPONSE => self.asking.pop().map(|(peer, ticket)| {
                let response = read(Response::from_bytes(message));
                Input::Response { peer, ticket, response }
            }),
            _ => Some(Input::Timer(match message.first().map_or(0, |byte| byte % 4) {
                0 => Timer::Heartbeat,
                1 => Timer::Status,
                2 => Timer::Housekeeping,
                _ => Timer::Consensus { number: message.len() as u64 },
            })),
        };
        if let Some(input) = input {
            self.feed(input);
        }
        self.feed(Input::Drained);
    }

    /// Feeds an input, and all that follows from it by itself.
    fn feed(&mut self, input: Input) {
        let mut inputs = vec![input];
        let mut steps = 0;
        while let Some(input) = inputs.pop() {
            steps += 1;
            assert!(steps <= MOST_STEPS, "one message keeps a replica busy for ever");
            let wall = TimeMs(self.replica.status().time.0 + self.now_ms);
            let now = Now { mono_ms: self.now_ms, wall };
            let effects = self.replica.step(now, input);
            assert!(effects.len() <= MOST_EFFECTS, "one message has {} effects", effects.len());
            for effect in effects {
                inputs.extend(self.obey(effect));
            }
        }
        // As a shell gives requests up that nobody answers.
        let surplus = self.asking.len().saturating_sub(64);
        self.asking.drain(..surplus);
    }

    fn obey(&mut self, effect: Effect) -> Option<Input> {
        match effect {
            Effect::Persist(op) => {
                self.storage.perform(op).expect("a replica writes what storage takes");
                None
            }
            Effect::Sync { ticket } => {
                self.storage.sync().expect("a disk in memory syncs");
                Some(Input::Durable { ticket })
            }
            Effect::Verify { ticket, records } => {
                let verify = |bytes: &Vec<u8>| VerifiedRecord::verify(bytes, &lab().consortium);
                Some(Input::Verified { ticket, results: records.iter().map(verify).collect() })
            }
            Effect::Request { peer, ticket, .. } => {
                self.asking.push((peer, ticket));
                None
            }
            Effect::Broadcast(message) => {
                assert!(Gossip::from_bytes(&message.to_bytes()).is_ok(), "it says what none reads");
                None
            }
            Effect::Respond { response, .. } => {
                assert!(Response::from_bytes(&response.to_bytes()).is_ok());
                None
            }
            Effect::Halt { reason } => panic!("a peer's words halt a node: {reason}"),
            Effect::Misbehaviour(equivocation) => {
                panic!("nobody signed twice, yet somebody is blamed: {equivocation:?}")
            }
            _ => None,
        }
    }
}

/// What decodes.
fn read<T: Encode, E>(decoded: Result<T, E>) -> Option<T> {
    decoded.ok()
}

/// The numbers by which a conversation names its messages.
pub(crate) const KINDS: [u8; 4] = [GOSSIP, REQUEST, RESPONSE, TIMER];
