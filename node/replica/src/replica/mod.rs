//! The replica: one input in, effects out.
//! Holds: nothing that this node signed leaves it before it is durable; a block is announced only
//! when it is durable; every queue is bounded.
//! May not enter: performing effects; the engine's own types (see `engine`).

mod accusations;
mod catch_up;
mod consensus;
mod health;
mod heights;
mod loads;
mod outbox;
mod polkas;
mod proposals;
mod records;
mod startup;

use std::collections::{BTreeMap, BTreeSet};

use comity_core::equivocation::{Equivocation, Place};
use comity_core::governance::PROTOCOL_VERSION;
use comity_core::hash::{ConsortiumId, HeaderHash, LeafHash};
use comity_core::ids::{Height, TimeMs};
use comity_core::keys::{PublicKey, SecretKey};
use comity_core::ledger::Ledger;
use comity_core::statement::{RecordError, VerifiedRecord};
use comity_core::text::AgencyId;
use comity_core::vote::{CommitCertificate, VerifiedCertificate};

use crate::candidates::Candidates;
use crate::early::Early;
use crate::engine::{Engine, Signer};
use crate::io::{Effect, Input, Now, Peer, Ticket, Timer};
use crate::message::Witnessed;
use crate::peers::Peers;
use crate::pool::Pool;
use crate::storage::{MarkPosition, Recovered, RecoveredBody, StorageOp};
use crate::verified::Verified;
use catch_up::{Batch, CatchUp};
pub use loads::Loads;
use outbox::Outbox;
use startup::{Heard, Standing};

pub use health::{Health, HeardOf};
pub use startup::SILENT_HEIGHTS;

/// How often peers tell one another where they stand (ms).
const STATUS_EVERY_MS: u64 = 1_000;
/// How often a node looks after what is pending (ms).
const HOUSEKEEPING_EVERY_MS: u64 = 500;
/// Most verifications under way before more gossip is passed over.
const MAX_VERIFYING_RECORDS: usize = 16_384;

/// Who this node is, and its bounds.
#[derive(Clone, Debug)]
pub struct ReplicaConfig {
    /// The agency whose node this is.
    pub agency: AgencyId,
    /// Its validator key, if it votes.
    pub validator_key: Option<SecretKey>,
    /// Most pending records, of all agencies.
    pub pool_records: usize,
    /// Most pending records of one agency.
    pub pool_records_per_agency: usize,
    /// Seed for what need not be predictable: which peer is asked first.
    pub seed: u64,
}

/// What the node found on its disk when it started.
#[derive(Debug)]
pub struct Boot {
    /// The ledger at the block log's tip.
    pub ledger: Ledger,
    /// The certificate of that tip; `None` at height 0.
    pub certificate: Option<CommitCertificate>,
    /// What the WAL held.
    pub recovered: Recovered,
}

/// A node cannot start on what it found.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BootError {
    /// The tip's certificate does not prove it.
    #[error(
        "the certificate of block {height}, the last one on this disk, does not prove it: {source}"
    )]
    Certificate {
        /// The tip's height.
        height: Height,
        /// Why.
        #[source]
        source: comity_core::vote::CertificateError,
    },
    /// There are blocks, but no certificate of the last one.
    #[error("the last block on this disk, block {0}, comes without its certificate")]
    NoCertificate(Height),
    /// The rules in force are newer than this software.
    #[error("{}", rules_unknown(*version, *height))]
    Rules {
        /// Their version.
        version: u16,
        /// The last block before them.
        height: Height,
    },
    /// The sign guard belongs to another key.
    #[error("the sign guard on this disk belongs to another validator key than the one configured")]
    OtherGuard,
}

/// What an operator is told where the consortium has moved on to newer rules.
fn rules_unknown(version: u16, height: Height) -> String {
    format!(
        "from block {height} on the consortium follows version {version} of the rules; this \
         software knows them up to version {PROTOCOL_VERSION}: install a newer comityd and start it again"
    )
}

/// Where a replica stands, for people and probes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReplicaStatus {
    /// The consortium.
    pub consortium: ConsortiumId,
    /// Height of the last committed block.
    pub height: Height,
    /// Its hash.
    pub header_hash: HeaderHash,
    /// Its time.
    pub time: TimeMs,
    /// The round of the height under decision.
    pub round: u32,
    /// Whether this node votes at present.
    pub voting: Voting,
    /// Highest tip that any peer has proven.
    pub best_peer_height: Height,
    /// Records that wait.
    pub pending: usize,
    /// Connected members.
    pub members_connected: usize,
}

/// Whether and why a node votes or not.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Voting {
    /// It votes.
    Active,
    /// It is no validator.
    Observer,
    /// It has just started and waits to hear from peers with a quorum what they know of it.
    Asking,
    /// Its sign guard was missing or behind: it follows, and votes again from this height.
    From(Height),
    /// Its sign guard is missing or behind, and it does not yet know from where it may vote again.
    Withheld,
}

/// What a height is at.
enum Phase {
    /// The next height waits for a reason to begin.
    Idle,
    /// A height is being decided.
    Deciding(Box<Engine>),
    /// Committed blocks are on their way to the disk; `0` is the outbox position to wait for.
    Committing(u64),
}

/// What a verification is for.
enum Verifying {
    Submitted(Vec<Ticket>),
    Gossip { ticket: Ticket },
    Body { header_hash: HeaderHash, peer: Peer },
    Blocks(Batch),
}

/// What a request to a peer is for.
enum Asked {
    Status,
    Body { header_hash: HeaderHash },
    Blocks { run: u64 },
}

/// What an earlier run left for a height.
#[derive(Default)]
struct Left {
    entries: Vec<Vec<u8>>,
    bodies: Vec<RecoveredBody>,
}

/// One node's half of consensus.
pub struct Replica {
    config: ReplicaConfig,
    me: Option<PublicKey>,
    ledger: Ledger,
    certificate: Option<VerifiedCertificate>,
    phase: Phase,
    standing: Standing,
    signer: Option<Signer>,
    pool: Pool,
    peers: Peers,
    candidates: Candidates,
    catch_up: CatchUp,
    outbox: Outbox,
    left: BTreeMap<u64, Left>,
    early: Early,
    newest_seen: BTreeMap<PublicKey, Witnessed>,
    /// The newest precommit of this node's own key in a certificate on the chain.
    signed_on_chain: Option<MarkPosition>,
    /// How far ahead of this node's clock each proposer's was (ms), by its last fresh proposal.
    clocks: BTreeMap<PublicKey, i64>,
    /// What verified, while no height is being decided; otherwise the engine has it.
    verified: Verified,
    accusations: BTreeMap<Place, Equivocation>,
    heard: BTreeMap<PublicKey, Heard>,
    submitted: Vec<(Ticket, (LeafHash, Vec<u8>))>,
    to_tell: Vec<VerifiedRecord>,
    verifying: BTreeMap<Ticket, (Verifying, Vec<LeafHash>)>,
    /// What `verifying` is about, each once.
    in_verification: BTreeSet<LeafHash>,
    asked: BTreeMap<Ticket, Asked>,
    tickets: u64,
    random: u64,
    now: Now,
    tip_since_ms: u64,
    heartbeat_due: bool,
    halted: bool,
    effects: Vec<Effect>,
}

impl Replica {
    /// A node as it starts; feed [`Input::Start`] next. Errors: what is on the disk does not
    /// belong together.
    pub fn new(config: ReplicaConfig, boot: Boot) -> Result<Replica, BootError> {
        let Boot { ledger, certificate, recovered } = boot;
        let certificate = startup::tip_certificate(&ledger, certificate)?;
        let version = ledger.rules_version();
        if version > PROTOCOL_VERSION {
            return Err(BootError::Rules { version, height: ledger.tip().height });
        }
        let me = config.validator_key.as_ref().map(SecretKey::public);
        let (standing, signer) = startup::standing(&config, &ledger, recovered.guard.as_ref())?;
        let newest_seen = startup::seen_on_disk(certificate.as_ref(), &recovered);
        let own = certificate.iter().flat_map(|c| startup::precommits(c.certificate()));
        let own = own.filter(|message| Some(message.validator()) == me);
        let signed_on_chain = own.map(|message| message.position()).max();
        let pool = Pool::new(config.pool_records, config.pool_records_per_agency);
        let seed = config.seed;
        Ok(Replica {
            config,
            me,
            ledger,
            certificate,
            phase: Phase::Idle,
            standing,
            signer,
            pool,
            peers: Peers::default(),
            candidates: Candidates::default(),
            catch_up: CatchUp::default(),
            outbox: Outbox::default(),
            left: startup::left_by_height(recovered),
            early: Early::default(),
            newest_seen,
            signed_on_chain,
            clocks: BTreeMap::new(),
            verified: Verified::default(),
            accusations: BTreeMap::new(),
            heard: BTreeMap::new(),
            submitted: Vec::new(),
            to_tell: Vec::new(),
            verifying: BTreeMap::new(),
            in_verification: BTreeSet::new(),
            asked: BTreeMap::new(),
            tickets: 0,
            random: seed,
            now: Now { mono_ms: 0, wall: TimeMs(0) },
            tip_since_ms: 0,
            heartbeat_due: false,
            halted: false,
            effects: Vec::new(),
        })
    }

    /// Takes one input; says what to do about it, in order. After [`Effect::Halt`] it does
    /// nothing any more.
    pub fn step(&mut self, now: Now, input: Input) -> Vec<Effect> {
        if self.halted {
            return Vec::new();
        }
        self.now = now;
        self.take(input);
        self.request_sync();
        let effects = std::mem::take(&mut self.effects);
        match effects.iter().position(|effect| matches!(effect, Effect::Halt { .. })) {
            // Nothing that follows from a broken premise may be performed.
            Some(at) => effects.into_iter().skip(at).take(1).collect(),
            None => effects,
        }
    }

    /// Where it stands.
    pub fn status(&self) -> ReplicaStatus {
        let tip = self.ledger.tip();
        ReplicaStatus {
            consortium: *self.ledger.consortium(),
            height: tip.height,
            header_hash: tip.hash,
            time: tip.time,
            round: match &self.phase {
                Phase::Deciding(engine) => engine.round(),
                Phase::Idle | Phase::Committing(_) => 0,
            },
            voting: self.voting(),
            best_peer_height: self.peers.best_proven(),
            pending: self.pool.len(),
            members_connected: self.peers.members(),
        }
    }

    /// The ledger at the last decided block.
    pub fn ledger(&self) -> &Ledger {
        &self.ledger
    }

    fn take(&mut self, input: Input) {
        match input {
            Input::Start => self.on_start(),
            Input::PeerUp { peer, agency } => self.on_peer_up(peer, agency),
            Input::PeerDown { peer } => self.peers.remove(peer),
            Input::Submit { ticket, bytes } => self.on_submit(ticket, bytes),
            Input::Evaluate { ticket, attempt } => {
                let result = self.ledger.evaluate(&attempt, self.now.wall);
                self.effects.push(Effect::Evaluated { ticket, result });
            }
            Input::Gossip { peer, ticket, message } => self.on_gossip(peer, ticket, message),
            Input::Request { peer, ticket, request } => self.on_request(peer, ticket, request),
            Input::Response { peer, ticket, response } => self.on_response(peer, ticket, response),
            Input::Timer(timer) => self.on_timer(timer),
            Input::Drained => self.on_drained(),
            Input::Durable { ticket } => self.on_durable(ticket.0),
            Input::Verified { ticket, results } => self.on_verified(ticket, results),
        }
    }

    fn on_start(&mut self) {
        self.tip_since_ms = self.now.mono_ms;
        self.set_timer(Timer::Status, STATUS_EVERY_MS);
        self.set_timer(Timer::Housekeeping, HOUSEKEEPING_EVERY_MS);
        self.set_timer(Timer::Heartbeat, self.ledger.params().heartbeat_ms);
        self.review_standing();
    }

    fn on_timer(&mut self, timer: Timer) {
        match timer {
            Timer::Consensus { number } => self.on_consensus_timer(number),
            Timer::Heartbeat => {
                self.heartbeat_due = true;
                self.start_if_due();
            }
            Timer::Status => {
                self.tell_status();
                self.set_timer(Timer::Status, STATUS_EVERY_MS);
            }
            Timer::Housekeeping => {
                self.look_after_records();
                self.raise_accusations();
                self.ask_for_bodies();
                self.catch_up_if_behind();
                self.set_timer(Timer::Housekeeping, HOUSEKEEPING_EVERY_MS);
            }
        }
    }

    fn on_drained(&mut self) {
        self.verify_submitted();
        self.tell_records();
        self.start_if_due();
    }

    fn on_verified(&mut self, ticket: Ticket, results: Vec<Result<VerifiedRecord, RecordError>>) {
        let Some((verifying, leaves)) = self.verifying.remove(&ticket) else { return };
        for leaf in &leaves {
            self.in_verification.remove(leaf);
        }
        match verifying {
            Verifying::Submitted(tickets) => self.answer_submitted(tickets, results),
            Verifying::Gossip { ticket } => self.take_gossiped(ticket, results),
            Verifying::Body { header_hash, peer } => self.take_body(header_hash, peer, results),
            Verifying::Blocks(batch) => self.take_blocks(batch, results),
        }
    }

    fn set_timer(&mut self, timer: Timer, after_ms: u64) {
        self.effects.push(Effect::SetTimer { timer, after_ms });
    }

    fn persist(&mut self, op: StorageOp) {
        self.outbox.persisted();
        self.effects.push(Effect::Persist(op));
    }

    fn note(&mut self, text: String) {
        self.effects.push(Effect::Note(text));
    }

    fn halt(&mut self, reason: String) {
        self.halted = true;
        self.effects.push(Effect::Halt { reason });
    }

    fn next_ticket(&mut self) -> Ticket {
        self.tickets += 1;
        Ticket(self.tickets)
    }

    /// One of `count` (≥ 1), by a fixed generator from the node's seed (SplitMix64).
    fn choose(&mut self, count: usize) -> usize {
        self.random = self.random.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.random;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        usize::try_from((z ^ (z >> 31)) % (count as u64)).unwrap_or(0)
    }

    fn verify(&mut self, verifying: Verifying, records: Vec<(LeafHash, Vec<u8>)>) {
        let ticket = self.next_ticket();
        let (leaves, records): (Vec<LeafHash>, Vec<_>) = records.into_iter().unzip();
        self.in_verification.extend(&leaves);
        self.verifying.insert(ticket, (verifying, leaves));
        if records.is_empty() {
            return self.on_verified(ticket, Vec::new());
        }
        self.effects.push(Effect::Verify { ticket, records });
    }

    fn verifying_records(&self) -> usize {
        self.verifying.values().map(|(_, leaves)| leaves.len()).sum()
    }
}
