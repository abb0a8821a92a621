//! Refusals of draws and findings: who reviews whom, when secrets are told, who has to be heard.
//! Holds: names never change meaning.
//! Source: docs/formats.md, "Rules", open-draw to close-finding.

use serde::{Deserialize, Serialize};

use crate::ids::{DrawId, FindingId, LogIndex, TimeMs};
use crate::keys::PublicKey;
use crate::text::AgencyId;

/// Why an act of oversight is refused.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[serde(tag = "rule", rename_all = "kebab-case")]
pub enum OversightRefusal {
    /// An agency that does not review this.
    #[error("{agency} does not review this")]
    NotAReviewer {
        /// The agency that signed.
        agency: AgencyId,
    },
    /// No range, or more than allowed.
    #[error("a draw is from 1 to {limit} ranges of gateways' records")]
    DrawScope {
        /// Ranges allowed.
        limit: u64,
    },
    /// A range of a key that records no accesses.
    #[error("the key {key} is no gateway's")]
    NotAGateway {
        /// The key.
        key: PublicKey,
    },
    /// A range that is empty, or that the gateway has not come to.
    #[error("the gateway {gateway} has used the numbers from 1 to {last}")]
    DrawRange {
        /// The gateway's key.
        gateway: PublicKey,
        /// The last number that it has used.
        last: u64,
    },
    /// Two ranges with a record in common.
    #[error("two ranges of the gateway {gateway} have records in common")]
    DrawOverlap {
        /// The gateway's key.
        gateway: PublicKey,
    },
    /// Too few agencies hold the reviewing office.
    #[error("a draw needs {needed} agencies that review stewards")]
    PoolTooSmall {
        /// Agencies needed.
        needed: u64,
    },
    /// No record to draw, or more than there are or may be.
    #[error("1 to {limit} records are drawn from these ranges")]
    DrawCount {
        /// Records that may be drawn from these ranges.
        limit: u64,
    },
    /// No such draw.
    #[error("there is no draw {draw}")]
    DrawUnknown {
        /// The draw.
        draw: DrawId,
    },
    /// An agency that did not hold the reviewing office when the draw was opened.
    #[error("{agency} has no part in {draw}")]
    NotInPool {
        /// The draw.
        draw: DrawId,
        /// The agency that signed.
        agency: AgencyId,
    },
    /// The time for commitments is over.
    #[error("commitments to {draw} were taken until {until} only")]
    CommitsOver {
        /// The draw.
        draw: DrawId,
        /// When it ended.
        until: TimeMs,
    },
    /// The agency has committed.
    #[error("the agency committed with entry {at}")]
    CommittedAlready {
        /// The entry that did.
        at: LogIndex,
    },
    /// A reveal by an agency that did not commit.
    #[error("{agency} committed to nothing in {draw}")]
    NotCommitted {
        /// The draw.
        draw: DrawId,
        /// The agency that signed.
        agency: AgencyId,
    },
    /// The time for reveals has not begun.
    #[error("secrets are revealed in {draw} from {from} on")]
    RevealEarly {
        /// The draw.
        draw: DrawId,
        /// When it begins.
        from: TimeMs,
    },
    /// The agency has revealed its secret.
    #[error("the agency revealed its secret with entry {at}")]
    RevealedAlready {
        /// The entry that did.
        at: LogIndex,
    },
    /// The time for reveals is over.
    #[error("secrets were revealed in {draw} until {until} only")]
    RevealsOver {
        /// The draw.
        draw: DrawId,
        /// When it ended.
        until: TimeMs,
    },
    /// Another secret than the one that was committed to.
    #[error("this is not the secret that the agency committed to in {draw}")]
    RevealMismatch {
        /// The draw.
        draw: DrawId,
    },
    /// Nothing is drawn, or nothing yet.
    #[error("nothing is drawn in {draw}")]
    NothingDrawn {
        /// The draw.
        draw: DrawId,
    },
    /// A place that nothing was drawn for.
    #[error("what was drawn is numbered from 1 to {limit}")]
    NoSuchNumber {
        /// Records drawn.
        limit: u64,
    },
    /// The review was reported.
    #[error("this review was reported with entry {at}")]
    ReportedAlready {
        /// The entry that did.
        at: LogIndex,
    },
    /// No such finding.
    #[error("there is no finding {finding}")]
    FindingUnknown {
        /// The finding.
        finding: FindingId,
    },
    /// A finding that is not this reviewer's about this record.
    #[error("{finding} is not the reviewer's finding about this record")]
    FindingOfOther {
        /// The finding.
        finding: FindingId,
    },
    /// A finding about an entry that there is not.
    #[error("there is no entry {entry}")]
    EntryUnknown {
        /// The entry.
        entry: LogIndex,
    },
    /// A finding of an agency against itself.
    #[error("an agency does not review itself")]
    FindingAgainstSelf,
    /// No words.
    #[error("this has to be said in words")]
    FindingTextEmpty,
    /// The finding has its answer.
    #[error("{finding} was answered with entry {at}")]
    FindingAnswered {
        /// The finding.
        finding: FindingId,
        /// The entry that did.
        at: LogIndex,
    },
    /// A finding that is held up before the agency was heard.
    #[error("{finding} was not answered, and the time for it is not over")]
    FindingUnanswered {
        /// The finding.
        finding: FindingId,
        /// From when on it may be closed without an answer, where that clock runs.
        due: Option<TimeMs>,
    },
    /// The finding is closed.
    #[error("{finding} was closed with entry {at}")]
    FindingClosed {
        /// The finding.
        finding: FindingId,
        /// The entry that closed it.
        at: LogIndex,
    },
}

impl OversightRefusal {
    /// The rule's name.
    pub fn rule(&self) -> &'static str {
        match self {
            OversightRefusal::NotAReviewer { .. } => "not-a-reviewer",
            OversightRefusal::DrawScope { .. } => "draw-scope",
            OversightRefusal::NotAGateway { .. } => "not-a-gateway",
            OversightRefusal::DrawRange { .. } => "draw-range",
            OversightRefusal::DrawOverlap { .. } => "draw-overlap",
            OversightRefusal::PoolTooSmall { .. } => "pool-too-small",
            OversightRefusal::DrawCount { .. } => "draw-count",
            OversightRefusal::DrawUnknown { .. } => "draw-unknown",
            OversightRefusal::NotInPool { .. } => "not-in-pool",
            OversightRefusal::CommitsOver { .. } => "commits-over",
            OversightRefusal::CommittedAlready { .. } => "committed-already",
            OversightRefusal::NotCommitted { .. } => "not-committed",
            OversightRefusal::RevealEarly { .. } => "reveal-early",
            OversightRefusal::RevealedAlready { .. } => "revealed-already",
            OversightRefusal::RevealsOver { .. } => "reveals-over",
            OversightRefusal::RevealMismatch { .. } => "reveal-mismatch",
            OversightRefusal::NothingDrawn { .. } => "nothing-drawn",
            OversightRefusal::NoSuchNumber { .. } => "no-such-number",
            OversightRefusal::ReportedAlready { .. } => "reported-already",
            OversightRefusal::FindingUnknown { .. } => "finding-unknown",
            OversightRefusal::FindingOfOther { .. } => "finding-of-other",
            OversightRefusal::EntryUnknown { .. } => "entry-unknown",
            OversightRefusal::FindingAgainstSelf => "finding-against-self",
            OversightRefusal::FindingTextEmpty => "finding-text-empty",
            OversightRefusal::FindingAnswered { .. } => "finding-answered",
            OversightRefusal::FindingUnanswered { .. } => "finding-unanswered",
            OversightRefusal::FindingClosed { .. } => "finding-closed",
        }
    }
}
