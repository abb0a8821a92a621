//! Attempts, accesses and denials.
//! Holds: an attempt is the requesting officer's own signed word.
//! May not enter: the rules (see `apply::accesses`); data. Source: docs/formats.md, "Accesses".

use serde::{Deserialize, Serialize};

use crate::basis::Basis;
use crate::batch::Batch;
use crate::dataset::{DeliveryMode, Items, Sharing};
use crate::encoding::{Decode, Encode};
use crate::hash::{Commitment, ConsortiumId};
use crate::ids::{DatasetId, EmergencyId, ExchangeId, GrantId, LogIndex, TaskForceId, TimeMs};
use crate::keys::{PublicKey, Signature, SignatureError};
use crate::statement::Capacity;
use crate::text::{AgencyId, Code, ItemName};

/// What an officer asks of a provider, under a grant or in an emergency.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Attempt {
    /// The consortium on whose ledger it is to be recorded.
    pub consortium: ConsortiumId,
    /// This exchange; both legs name it.
    pub exchange: ExchangeId,
    /// The grant, or the emergency, that it relies on.
    pub grant: Basis,
    /// The dataset.
    pub dataset: DatasetId,
    /// The requesting agency.
    pub requester: AgencyId,
    /// The officer's key.
    pub officer: PublicKey,
    /// For which matter.
    pub matter: Code,
    /// Which items.
    pub items: Items,
    /// In which way.
    pub mode: DeliveryMode,
    /// When the officer says to have signed it: a claim.
    pub made_at: TimeMs,
    /// It may be acted on in blocks up to and including this time.
    pub valid_until: TimeMs,
    /// Salted commitments to details kept off the log. No rule reads them.
    #[serde(default)]
    pub sealed: Vec<Commitment>,
    /// Where it stands for many accesses at once: how many, and what commits to them.
    #[serde(default)]
    pub batch: Option<Batch>,
    /// In what capacity the officer signs: for the agency, or as one of a task force.
    #[serde(default)]
    pub capacity: Capacity,
}

impl Attempt {
    /// How many accesses it is charged as: 1, or those of its batch.
    pub fn count(&self) -> u64 {
        self.batch.map_or(1, |batch| u64::from(batch.count))
    }
}

/// An attempt with its officer's signature.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SignedAttempt {
    /// What was asked.
    pub attempt: Attempt,
    /// The officer's signature.
    pub signature: Signature,
}

impl SignedAttempt {
    /// Checks the officer's signature (not whether the ledger knows the key).
    pub fn verify(&self) -> Result<(), SignatureError> {
        self.attempt.officer.verify_attempt(&self.attempt, &self.signature)
    }
}

/// Why an access is refused. Part of a denial: the rule that evaluation names at that position,
/// with what it found.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, Serialize, Deserialize, thiserror::Error)]
#[serde(tag = "rule", rename_all = "kebab-case")]
pub enum AccessRefusal {
    /// The officer's key is not on the ledger.
    #[error("the officer's key is not on the ledger")]
    OfficerUnknown,
    /// The key is on the ledger, but is not an officer's key of the requesting agency.
    #[error("the key is not an officer's key of the requesting agency")]
    NotAnOfficer,
    /// The officer's key was revoked.
    #[error("the officer's key was revoked by entry {at}")]
    OfficerRevoked {
        /// The entry that revoked it.
        at: LogIndex,
    },
    /// The officer's key had run out.
    #[error("the officer's key was valid until {until} only")]
    OfficerExpired {
        /// When it ended.
        until: TimeMs,
    },
    /// The attempt's own time is over.
    #[error("the attempt was valid until {until} only")]
    AttemptExpired {
        /// When it ended.
        until: TimeMs,
    },
    /// The attempt would be valid for longer than the format allows.
    #[error("the attempt's validity reaches too far ahead")]
    AttemptTooLong,
    /// An access under this exchange id is already recorded.
    #[error("this exchange was already used for an access")]
    ExchangeUsed,
    /// No such grant.
    #[error("there is no grant {grant}")]
    NoSuchGrant {
        /// The grant named.
        grant: GrantId,
    },
    /// The grant is on another dataset.
    #[error("the grant is on {dataset}")]
    OtherDataset {
        /// The dataset that the grant is on.
        dataset: DatasetId,
    },
    /// The grant is to another agency.
    #[error("the grant is to {requester}")]
    OtherRequester {
        /// The agency that the grant is to.
        requester: AgencyId,
    },
    /// The grant was revoked.
    #[error("the grant was revoked by entry {at}")]
    GrantRevoked {
        /// The entry that revoked it.
        at: LogIndex,
    },
    /// The grant is not yet in force.
    #[error("the grant is in force from {from} only")]
    GrantNotYetInForce {
        /// When it begins.
        from: TimeMs,
    },
    /// The grant has ended.
    #[error("the grant ended at {until}")]
    GrantExpired {
        /// When it ended.
        until: TimeMs,
    },
    /// The matter is not among the grant's.
    #[error("the grant does not cover the matter {matter}")]
    MatterNotCovered {
        /// The matter asked for.
        matter: Code,
    },
    /// An item is not among the grant's.
    #[error("the grant does not cover the item {item}")]
    ItemNotCovered {
        /// The first item asked for that is not covered.
        item: ItemName,
    },
    /// The whole dataset was asked for; the grant names single items.
    #[error("the grant covers single items, not the whole dataset")]
    WholeNotCovered,
    /// The delivery mode is not among the grant's.
    #[error("the grant does not cover this delivery mode")]
    ModeNotCovered,
    /// The accesses that the grant allows are used, or fewer are left than were asked for.
    #[error("of the {limit} accesses of the grant fewer are left than this takes")]
    QuotaUsed {
        /// The grant's total quota.
        limit: u64,
    },
    /// The accesses that the grant allows for this day are used, or fewer are left than were asked
    /// for.
    #[error("of the {limit} accesses of the grant for this day fewer are left than this takes")]
    DailyQuotaUsed {
        /// The grant's daily quota.
        limit: u64,
    },
    /// The grant is suspended.
    #[error("the grant was suspended by entry {at}")]
    GrantSuspended {
        /// The entry that suspended it.
        at: LogIndex,
    },
    /// The dataset is suspended, and with it every grant on it.
    #[error("the dataset was suspended by entry {at}")]
    DatasetSuspended {
        /// The entry that suspended it.
        at: LogIndex,
    },
    /// The dataset was withdrawn from the catalogue after the grant was issued.
    #[error("the dataset was withdrawn by entry {at}")]
    DatasetWithdrawn {
        /// The entry that withdrew it.
        at: LogIndex,
    },
    /// The dataset is no longer one that is shared.
    #[error("the dataset is not shared as it is classified now")]
    DatasetNotShared {
        /// Its attribute.
        sharing: Sharing,
    },
    /// An item asked for is not, or no longer, listed by the dataset.
    #[error("the dataset lists no item {item}")]
    ItemNotListed {
        /// The first item asked for that is not listed.
        item: ItemName,
    },
    /// The dataset is no longer offered in the delivery mode asked for.
    #[error("the dataset is no longer offered in this delivery mode")]
    ModeNoLongerOffered,
    /// The requesting agency has left the consortium.
    #[error("the requesting agency left with entry {at}")]
    RequesterLeft {
        /// The entry with which it left.
        at: LogIndex,
    },
    /// The requesting agency was hosted, and its time is over.
    #[error("the requesting agency was hosted until {until} only")]
    RequesterHostingOver {
        /// When it ended.
        until: TimeMs,
    },
    /// The provider has left the consortium.
    #[error("the provider left with entry {at}")]
    ProviderLeft {
        /// The entry with which it left.
        at: LogIndex,
    },
    /// The provider was hosted, and its time is over.
    #[error("the provider was hosted until {until} only")]
    ProviderHostingOver {
        /// When it ended.
        until: TimeMs,
    },
    /// The grant names officers, and this is none of them.
    #[error("the grant does not name this officer's post or key")]
    OfficerNotNamed,
    /// The grant from which this one was derived lets nothing through, or not this.
    #[error("the grant was derived from {parent}, which refuses: {because}")]
    ParentNotInForce {
        /// The grant from which it was derived.
        parent: GrantId,
        /// The rule by which an access under that one is refused.
        because: Code,
    },
    /// No such emergency.
    #[error("there is no emergency {emergency}")]
    NoSuchEmergency {
        /// The emergency named.
        emergency: EmergencyId,
    },
    /// The emergency does not open the dataset.
    #[error("the emergency does not open {dataset}")]
    DatasetNotOpened {
        /// The dataset asked for.
        dataset: DatasetId,
    },
    /// The emergency does not let the requesting agency ask.
    #[error("the emergency does not name the requesting agency")]
    RequesterNotNamed,
    /// The dataset is the requesting agency's own.
    #[error("an agency needs neither grant nor emergency for its own dataset")]
    OwnDataset,
    /// The emergency is over.
    #[error("the emergency was over at {since}")]
    EmergencyEnded {
        /// Since when.
        since: TimeMs,
    },
    /// The emergency is for another matter.
    #[error("the emergency is for the matter {matter}")]
    EmergencyMatter {
        /// The emergency's matter.
        matter: Code,
    },
    /// As many accesses of the requesting agency as an emergency may have.
    #[error("the agency has recorded {limit} accesses in this emergency")]
    EmergencyUsed {
        /// Records allowed.
        limit: u64,
    },
    /// The emergency was declared after the time at which the officer says to have asked: of an
    /// access that goes in late.
    #[error("the emergency was declared at {from}, after this was asked")]
    EmergencyNotYet {
        /// When it was declared.
        from: TimeMs,
    },
    /// The attempt was signed in another capacity than what it relies on is used in.
    #[error("this is used in the capacity {capacity} and in no other")]
    WrongCapacity {
        /// The capacity in which it is used.
        capacity: Capacity,
    },
    /// The requesting agency is no member of the task force.
    #[error("the requesting agency is no member of {task_force}")]
    NotAMember {
        /// The task force.
        task_force: TaskForceId,
    },
    /// The requesting agency was invited after the grant was issued, which so did not mean it.
    #[error("the requesting agency was invited by entry {at}, after the grant was issued")]
    InvitedAfterGrant {
        /// The entry that invited it.
        at: LogIndex,
    },
    /// The task force is over.
    #[error("the task force was over at {since}")]
    TaskForceEnded {
        /// Since when.
        since: TimeMs,
    },
    /// The task force's lead is a member of the consortium no more.
    #[error("the lead of {task_force} is a member of the consortium no more")]
    LeadGone {
        /// The task force.
        task_force: TaskForceId,
    },
}

impl AccessRefusal {
    /// The refusal of an access under a grant that was derived from `parent`, because one under
    /// that is refused.
    pub(crate) fn of_parent(parent: GrantId, because: &AccessRefusal) -> AccessRefusal {
        AccessRefusal::ParentNotInForce { parent, because: rule_name(because.rule()) }
    }

    /// The same, because the parent no longer names the derived grant's requester.
    pub(crate) fn no_longer_onward(parent: GrantId) -> AccessRefusal {
        AccessRefusal::ParentNotInForce { parent, because: rule_name("onward-not-allowed") }
    }

    /// The rule's name, as in denials, the API's problem types and the message catalogue.
    pub fn rule(&self) -> &'static str {
        match self {
            AccessRefusal::OfficerUnknown => "officer-unknown",
            AccessRefusal::NotAnOfficer => "not-an-officer",
            AccessRefusal::OfficerRevoked { .. } => "officer-revoked",
            AccessRefusal::OfficerExpired { .. } => "officer-expired",
            AccessRefusal::AttemptExpired { .. } => "attempt-expired",
            AccessRefusal::AttemptTooLong => "attempt-too-long",
            AccessRefusal::ExchangeUsed => "exchange-used",
            AccessRefusal::NoSuchGrant { .. } => "no-such-grant",
            AccessRefusal::OtherDataset { .. } => "other-dataset",
            AccessRefusal::OtherRequester { .. } => "other-requester",
            AccessRefusal::GrantRevoked { .. } => "grant-revoked",
            AccessRefusal::GrantNotYetInForce { .. } => "grant-not-yet-in-force",
            AccessRefusal::GrantExpired { .. } => "grant-expired",
            AccessRefusal::MatterNotCovered { .. } => "matter-not-covered",
            AccessRefusal::ItemNotCovered { .. } => "item-not-covered",
            AccessRefusal::WholeNotCovered => "whole-not-covered",
            AccessRefusal::ModeNotCovered => "mode-not-covered",
            AccessRefusal::QuotaUsed { .. } => "quota-used",
            AccessRefusal::DailyQuotaUsed { .. } => "daily-quota-used",
            AccessRefusal::GrantSuspended { .. } => "grant-suspended",
            AccessRefusal::DatasetSuspended { .. } => "dataset-suspended",
            AccessRefusal::DatasetWithdrawn { .. } => "dataset-withdrawn",
            AccessRefusal::DatasetNotShared { .. } => "dataset-not-shared",
            AccessRefusal::ItemNotListed { .. } => "item-not-listed",
            AccessRefusal::RequesterLeft { .. } => "requester-left",
            AccessRefusal::RequesterHostingOver { .. } => "requester-hosting-over",
            AccessRefusal::ProviderLeft { .. } => "provider-left",
            AccessRefusal::ProviderHostingOver { .. } => "provider-hosting-over",
            AccessRefusal::ModeNoLongerOffered => "mode-no-longer-offered",
            AccessRefusal::OfficerNotNamed => "officer-not-named",
            AccessRefusal::ParentNotInForce { .. } => "parent-not-in-force",
            AccessRefusal::NoSuchEmergency { .. } => "no-such-emergency",
            AccessRefusal::DatasetNotOpened { .. } => "dataset-not-opened",
            AccessRefusal::RequesterNotNamed => "requester-not-named",
            AccessRefusal::OwnDataset => "own-dataset",
            AccessRefusal::EmergencyEnded { .. } => "emergency-ended",
            AccessRefusal::EmergencyMatter { .. } => "emergency-matter",
            AccessRefusal::EmergencyUsed { .. } => "emergency-used",
            AccessRefusal::EmergencyNotYet { .. } => "emergency-not-yet",
            AccessRefusal::WrongCapacity { .. } => "wrong-capacity",
            AccessRefusal::NotAMember { .. } => "not-a-member",
            AccessRefusal::InvitedAfterGrant { .. } => "invited-after-grant",
            AccessRefusal::TaskForceEnded { .. } => "task-force-ended",
            AccessRefusal::LeadGone { .. } => "lead-gone",
        }
    }
}

fn rule_name(rule: &str) -> Code {
    match rule.parse() {
        Ok(name) => name,
        Err(_) => unreachable!("{rule} is a name of letters and hyphens"),
    }
}
