//! Histories: what clients asked of nodes and were told, judged against the log that came of it.
//! Holds: an answer that never came is taken as unknown, not as no.
//! May not enter: how nodes work; what is told here is what people and programs are told.

mod checker;
mod clients;
mod live;
mod planted;

/// One thing that a client asked a node.
#[derive(Clone, Debug)]
struct Op {
    /// Which node was asked.
    node: usize,
    /// When it was asked, on one clock for all clients (µs).
    began: u64,
    /// When the answer was there; `None` where none came, or none that says anything.
    ended: Option<u64>,
    ask: Ask,
    told: Told,
}

/// What was asked.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Ask {
    /// Put this record on the log.
    Submit { record: String, act: Act },
    /// The entry at this index.
    Entry(u64),
    /// Where this record is.
    Record(String),
    /// How this grant stands.
    Grant(u64),
    /// How an access under this grant would be judged.
    Judge(u64),
}

/// What a record does, as far as it matters here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Act {
    /// Issues a grant, whose number is the entry's index.
    Issue,
    /// Revokes this grant.
    Revoke(u64),
    /// Uses this grant.
    Access(u64),
    /// Anything else.
    Other,
}

/// What was answered.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Told {
    /// The record is on the log at this index.
    Committed(u64),
    /// The record was not taken, by a rule.
    Refused,
    /// This record is there.
    Entry(String),
    /// The record is at this index.
    Record(u64),
    /// The grant, with the entry that revoked it and how often it was used.
    Grant { revoked: Option<u64>, used: u64 },
    /// Allowed; with this access it would have been used so often.
    Allowed { used: u64 },
    /// Not allowed: it was revoked by this entry.
    Revoked { at: u64 },
    /// There is no such thing yet.
    Absent,
    /// No answer, or one that says nothing.
    Unknown,
}
