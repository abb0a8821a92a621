//! Refusals of emergencies: who declares, what, for how long, and who reviews.
//! Holds: names never change meaning.
//! Source: docs/formats.md, "Rules", declare-emergency to justify-access.

use serde::{Deserialize, Serialize};

use crate::ids::{EmergencyId, LogIndex, TimeMs};
use crate::text::AgencyId;

/// Why an act about an emergency is refused.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[serde(tag = "rule", rename_all = "kebab-case")]
pub enum EmergencyRefusal {
    /// An agency that does not hold the office.
    #[error("{agency} may not declare emergencies")]
    NotADeclarer {
        /// The agency that signed.
        agency: AgencyId,
    },
    /// Nothing to open, or more than allowed.
    #[error("an emergency opens 1 to {limit} datasets and agencies")]
    EmergencyScope {
        /// Datasets and agencies allowed.
        limit: u64,
    },
    /// Nobody to ask, or more than allowed.
    #[error("an emergency lets 1 to {limit} agencies ask")]
    EmergencyRequesters {
        /// Agencies allowed.
        limit: u64,
    },
    /// Somebody to ask that is no public body.
    #[error("{agency} is no public body, and needs a grant in an emergency too")]
    RequesterNotPublic {
        /// The agency.
        agency: AgencyId,
    },
    /// An end that is not after the beginning, or too late.
    #[error("the emergency has to end after the entry that declares it, at {latest} at the latest")]
    EmergencyPeriod {
        /// The latest end.
        latest: TimeMs,
    },
    /// No reason, or no words.
    #[error("this has to be said in words")]
    WordsMissing,
    /// The same would be open again, without a ballot.
    #[error("{emergency} opened some of this; only a ballot opens it again so soon")]
    EmergencyAgain {
        /// The emergency that did.
        emergency: EmergencyId,
    },
    /// As many emergencies as there may be at a time.
    #[error("{limit} emergencies are in force or ended a short time ago")]
    TooManyEmergencies {
        /// Emergencies allowed.
        limit: u64,
    },
    /// No such emergency.
    #[error("there is no emergency {emergency}")]
    EmergencyUnknown {
        /// The emergency.
        emergency: EmergencyId,
    },
    /// The emergency is over.
    #[error("{emergency} was over at {since}")]
    EmergencyOver {
        /// The emergency.
        emergency: EmergencyId,
        /// Since when.
        since: TimeMs,
    },
    /// The emergency is not over.
    #[error("{emergency} is in force until {until}; it is reviewed after its end")]
    EmergencyInForce {
        /// The emergency.
        emergency: EmergencyId,
        /// Until when, as things stand.
        until: TimeMs,
    },
    /// A reviewer that had a part in it.
    #[error("{agency} had a part in {emergency}, so that another has to review it")]
    ReviewerInvolved {
        /// The emergency.
        emergency: EmergencyId,
        /// The agency that signed.
        agency: AgencyId,
    },
    /// The agency has reviewed it.
    #[error("the agency reviewed this emergency with entry {at}")]
    ReviewedAlready {
        /// The entry that did.
        at: LogIndex,
    },
    /// As many reviews as an emergency may have.
    #[error("{limit} agencies have reviewed this emergency")]
    TooManyReviews {
        /// Reviews allowed.
        limit: u64,
    },
    /// An agency that may not ask in it.
    #[error("{agency} may not ask in {emergency}")]
    NotARequester {
        /// The emergency.
        emergency: EmergencyId,
        /// The agency that signed.
        agency: AgencyId,
    },
    /// Nothing to justify, or more than allowed.
    #[error("a statement justifies 1 to {limit} accesses")]
    JustifiedCount {
        /// Accesses allowed.
        limit: u64,
    },
    /// No access in this emergency there.
    #[error("entry {access} records no access in {emergency}")]
    NoEmergencyAccess {
        /// The emergency.
        emergency: EmergencyId,
        /// The entry named.
        access: LogIndex,
    },
    /// Another agency's access.
    #[error("the access of entry {access} was for {agency}")]
    AccessOfOther {
        /// The entry named.
        access: LogIndex,
        /// Whose officer asked.
        agency: AgencyId,
    },
    /// The access was justified.
    #[error("the access of entry {access} was justified by entry {at}")]
    JustifiedAlready {
        /// The entry named.
        access: LogIndex,
        /// The entry that justified it.
        at: LogIndex,
    },
}

impl EmergencyRefusal {
    /// The rule's name.
    pub fn rule(&self) -> &'static str {
        match self {
            EmergencyRefusal::NotADeclarer { .. } => "not-a-declarer",
            EmergencyRefusal::EmergencyScope { .. } => "emergency-scope",
            EmergencyRefusal::EmergencyRequesters { .. } => "emergency-requesters",
            EmergencyRefusal::RequesterNotPublic { .. } => "requester-not-public",
            EmergencyRefusal::EmergencyPeriod { .. } => "emergency-period",
            EmergencyRefusal::WordsMissing => "words-missing",
            EmergencyRefusal::EmergencyAgain { .. } => "emergency-again",
            EmergencyRefusal::TooManyEmergencies { .. } => "too-many-emergencies",
            EmergencyRefusal::EmergencyUnknown { .. } => "emergency-unknown",
            EmergencyRefusal::EmergencyOver { .. } => "emergency-over",
            EmergencyRefusal::EmergencyInForce { .. } => "emergency-in-force",
            EmergencyRefusal::ReviewerInvolved { .. } => "reviewer-involved",
            EmergencyRefusal::ReviewedAlready { .. } => "reviewed-already",
            EmergencyRefusal::TooManyReviews { .. } => "too-many-reviews",
            EmergencyRefusal::NotARequester { .. } => "not-a-requester",
            EmergencyRefusal::JustifiedCount { .. } => "justified-count",
            EmergencyRefusal::NoEmergencyAccess { .. } => "no-emergency-access",
            EmergencyRefusal::AccessOfOther { .. } => "access-of-other",
            EmergencyRefusal::JustifiedAlready { .. } => "justified-already",
        }
    }
}
