//! What goes into the replica and what comes out: the whole of its contact with the world.
//! Holds: the replica acts only through effects, and the shell obeys them in their order.
//! May not enter: performing anything.

use std::sync::Arc;

use comity_core::access::{AccessRefusal, Attempt};
use comity_core::block::Header;
use comity_core::equivocation::Equivocation;
use comity_core::grant::Usage;
use comity_core::hash::{HeaderHash, LeafHash};
use comity_core::ids::TimeMs;
use comity_core::log_tree::Frontier;
use comity_core::refusal::Refusal;
use comity_core::state::Changes;
use comity_core::state_tree::StateTree;
use comity_core::statement::{RecordError, VerifiedRecord};
use comity_core::text::AgencyId;
use comity_core::validators::ValidatorSet;
use comity_core::vote::CommitCertificate;

use crate::message::{Gossip, Request, Response};
use crate::storage::StorageOp;

/// The time, as the shell tells it with each input.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Now {
    /// Milliseconds on a clock that never goes back, from any start: for timers.
    pub mono_ms: u64,
    /// The wall clock: for block times.
    pub wall: TimeMs,
}

/// A connected peer, as the shell numbers them; a number is never used again.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Peer(pub u64);

/// Ties an answer to what it answers. Drawn by whoever asks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Ticket(pub u64);

/// What can ring.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Timer {
    /// A step of consensus at a height; `number` tells it from all others.
    Consensus {
        /// Its number.
        number: u64,
    },
    /// The heartbeat: a block is due though no record waits.
    Heartbeat,
    /// Time to tell peers where this node stands.
    Status,
    /// Time to look after what is pending: expired records, answers that never came.
    Housekeeping,
}

/// What happened.
#[derive(Debug)]
pub enum Input {
    /// The node begins; the first input, once.
    Start,
    /// A peer is connected and authenticated.
    PeerUp {
        /// The peer.
        peer: Peer,
        /// The member whose transport key it showed, if it is one.
        agency: Option<AgencyId>,
    },
    /// A peer is gone.
    PeerDown {
        /// The peer.
        peer: Peer,
    },
    /// A signed record from this node's own API.
    Submit {
        /// For [`Effect::Answer`].
        ticket: Ticket,
        /// The bytes, unchecked.
        bytes: Vec<u8>,
    },
    /// How would this attempt be judged now? From this node's own API.
    Evaluate {
        /// For [`Effect::Evaluated`].
        ticket: Ticket,
        /// The attempt; its signature was checked.
        attempt: Box<Attempt>,
    },
    /// A gossip message.
    Gossip {
        /// Who passed it on.
        peer: Peer,
        /// For [`Effect::Verdict`].
        ticket: Ticket,
        /// The message.
        message: Gossip,
    },
    /// A peer asks. (For blocks and snapshots the shell answers, from its files.)
    Request {
        /// Who.
        peer: Peer,
        /// For [`Effect::Respond`].
        ticket: Ticket,
        /// What.
        request: Request,
    },
    /// The answer to an [`Effect::Request`]; `None` if it failed or took too long.
    Response {
        /// The peer that was asked.
        peer: Peer,
        /// From the effect.
        ticket: Ticket,
        /// The answer.
        response: Option<Response>,
    },
    /// A timer rang.
    Timer(Timer),
    /// All inputs at hand were fed: what was gathered meanwhile goes out together.
    Drained,
    /// All that was persisted before [`Effect::Sync`] is durable.
    Durable {
        /// From the effect.
        ticket: Ticket,
    },
    /// The answer to [`Effect::Verify`], in the order of its records.
    Verified {
        /// From the effect.
        ticket: Ticket,
        /// One result for each record.
        results: Vec<Result<VerifiedRecord, RecordError>>,
    },
}

/// What becomes of a gossip message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// Pass it on.
    Accept,
    /// Do not pass it on; the sender is not to blame.
    Ignore,
    /// Do not pass it on; the sender should have known better.
    Reject,
}

/// What a submitter is told at once.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Admission {
    /// It waits to be committed (or, said again, still does).
    Pending(VerifiedRecord),
    /// Its bytes or signatures are wrong, whatever the state.
    Invalid(RecordError),
    /// A rule refuses it now.
    Refused {
        /// The record.
        record: VerifiedRecord,
        /// The rule.
        refusal: Refusal,
    },
    /// There is no room at this moment.
    Busy,
}

/// A block that was just committed, with all that a view of the ledger needs.
#[derive(Clone, Debug)]
pub struct Commit {
    /// The header.
    pub header: Header,
    /// Its hash.
    pub header_hash: HeaderHash,
    /// What committed it.
    pub certificate: CommitCertificate,
    /// The records, in order, from `header.first_index` on.
    pub records: Vec<VerifiedRecord>,
    /// What changed in the state and the replay window.
    pub changes: Changes,
    /// The state after the block.
    pub state: StateTree,
    /// The log after the block.
    pub log: Frontier,
    /// The validators of the block's height.
    pub tip_validators: ValidatorSet,
    /// The validators of the next height.
    pub validators: ValidatorSet,
}

/// What the shell must do, in order. Slow ones come back as inputs.
#[derive(Debug)]
pub enum Effect {
    /// Write to stable storage (not yet durable).
    Persist(StorageOp),
    /// Make all that was persisted durable; answer [`Input::Durable`].
    Sync {
        /// For the answer.
        ticket: Ticket,
    },
    /// Tell everyone.
    Broadcast(Gossip),
    /// Say what becomes of a gossip message.
    Verdict {
        /// From [`Input::Gossip`].
        ticket: Ticket,
        /// What becomes of it.
        verdict: Verdict,
    },
    /// Ask a peer; answer [`Input::Response`].
    Request {
        /// Whom.
        peer: Peer,
        /// For the answer.
        ticket: Ticket,
        /// What.
        request: Request,
    },
    /// Answer a peer.
    Respond {
        /// From [`Input::Request`].
        ticket: Ticket,
        /// The answer.
        response: Response,
    },
    /// Close the connection to a peer that misbehaves, and do not take it back for a while.
    Disconnect {
        /// Whom.
        peer: Peer,
        /// Why, for the log.
        reason: String,
    },
    /// Verify records off the loop (`VerifiedRecord::verify`); answer [`Input::Verified`].
    Verify {
        /// For the answer.
        ticket: Ticket,
        /// The bytes.
        records: Vec<Vec<u8>>,
    },
    /// Ring once after a while (replacing the same timer).
    SetTimer {
        /// Which.
        timer: Timer,
        /// After how long (ms).
        after_ms: u64,
    },
    /// Do not ring.
    CancelTimer(Timer),
    /// Tell the submitter at once how its record fares.
    Answer {
        /// From [`Input::Submit`].
        ticket: Ticket,
        /// How.
        admission: Admission,
    },
    /// Tell the asker how its attempt would be judged.
    Evaluated {
        /// From [`Input::Evaluate`].
        ticket: Ticket,
        /// The grant's usage after it, or the rule that refuses.
        result: Result<Usage, AccessRefusal>,
    },
    /// A pending record will not be committed as things stand.
    Dropped {
        /// Which.
        leaf: LeafHash,
        /// The rule that now refuses it.
        refusal: Refusal,
    },
    /// A block is committed and durable: apply it to the view, tell who waits.
    Committed(Arc<Commit>),
    /// A validator signed two messages for one step: keep this for the record.
    Misbehaviour(Box<Equivocation>),
    /// Something that an operator may want to know.
    Note(String),
    /// Stop the node: going on could do harm.
    Halt {
        /// Why, and what to do.
        reason: String,
    },
}
