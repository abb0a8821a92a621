//! Refusals of what is done about duties: reviews, extensions, deliveries, updates.
//! Holds: names never change meaning.
//! Source: docs/formats.md, "Rules", review-request to refresh-dataset.

use serde::{Deserialize, Serialize};

use crate::ids::{DatasetId, GrantId, LogIndex, RequestId, TimeMs};

/// Why something that is done about a duty is refused.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[serde(tag = "rule", rename_all = "kebab-case")]
pub enum DutyRefusal {
    /// The rules of the request's day ask for no review.
    #[error("the rules of its day ask for no review of {request}")]
    NoReview {
        /// The request.
        request: RequestId,
    },
    /// The request was already reviewed.
    #[error("{request} was already reviewed, with entry {at}")]
    Reviewed {
        /// The request.
        request: RequestId,
        /// The entry.
        at: LogIndex,
    },
    /// The reply's clock was already extended.
    #[error("the reply to {request} was already put off, with entry {at}")]
    Extended {
        /// The request.
        request: RequestId,
        /// The entry.
        at: LogIndex,
    },
    /// No day, or more than the rules of the request's day allow.
    #[error("a reply may be put off by 1 to {limit} working days")]
    ExtensionDays {
        /// Working days allowed; 0 where none is.
        limit: u16,
    },
    /// An extension without a reason.
    #[error("whoever puts a reply off says why")]
    ExtensionWithoutReason,
    /// No clock runs for the reply.
    #[error("no clock runs for the reply to {request}")]
    NoReplyClock {
        /// The request.
        request: RequestId,
    },
    /// The reply is overdue.
    #[error("the reply to {request} was due by {due}")]
    ReplyLapsed {
        /// The request.
        request: RequestId,
        /// When its clock ran out.
        due: TimeMs,
    },
    /// The grant's data is already known to be ready.
    #[error("the data under {grant} is ready since entry {at}")]
    Delivered {
        /// The grant.
        grant: GrantId,
        /// The entry.
        at: LogIndex,
    },
    /// The grant has ended.
    #[error("{grant} ended at {until}")]
    DeliveryOver {
        /// The grant.
        grant: GrantId,
        /// When it ended.
        until: TimeMs,
    },
    /// Nobody promised updates of the dataset.
    #[error("{dataset} names no update period")]
    NoUpdatePromised {
        /// The dataset.
        dataset: DatasetId,
    },
    /// An update period of no day.
    #[error("an update period has at least one day")]
    UpdatePeriodZero,
}

impl DutyRefusal {
    /// The rule's name.
    pub fn rule(&self) -> &'static str {
        match self {
            DutyRefusal::NoReview { .. } => "no-review",
            DutyRefusal::Reviewed { .. } => "reviewed",
            DutyRefusal::Extended { .. } => "extended",
            DutyRefusal::ExtensionDays { .. } => "extension-days",
            DutyRefusal::ExtensionWithoutReason => "extension-without-reason",
            DutyRefusal::NoReplyClock { .. } => "no-reply-clock",
            DutyRefusal::ReplyLapsed { .. } => "reply-lapsed",
            DutyRefusal::Delivered { .. } => "delivered",
            DutyRefusal::DeliveryOver { .. } => "delivery-over",
            DutyRefusal::NoUpdatePromised { .. } => "no-update-promised",
            DutyRefusal::UpdatePeriodZero => "update-period-zero",
        }
    }
}
