//! (being written)
use comity_core::hash::{ConsortiumId, HeaderHash};
use comity_core::ids::{Height, TimeMs};
use comity_core::keys::SecretKey;
use comity_core::ledger::Ledger;
use comity_core::text::AgencyId;
use comity_core::vote::CommitCertificate;

use crate::io::{Effect, Input, Now};
use crate::storage::Recovered;

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
    /// Its sign guard is missing or behind: it follows, and votes again from this height.
    From(Height),
    /// Its sign guard is missing or behind, and it does not yet know from where it may vote again.
    Withheld,
}

/// One node's half of consensus.
pub struct Replica {}

impl Replica {
    /// A node as it starts. Feed [`Input::Start`] next.
    pub fn new(_config: ReplicaConfig, _boot: Boot) -> Replica {
        Replica {}
    }
    /// Takes one input; says what to do about it.
    pub fn step(&mut self, _now: Now, _input: Input) -> Vec<Effect> {
        Vec::new()
    }
    /// Where it stands.
    pub fn status(&self) -> ReplicaStatus {
        unreachable!()
    }
}
