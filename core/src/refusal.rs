//! Refusals: every rule that can refuse a record, by name.
//! Holds: a refusal says which rule and what it found; names never change meaning. Longer than 500 lines
//! because an enum stands in one place.
//! May not enter: advice for people (it is in the message catalogue). Source: docs/formats.md, "Rules".

mod approval;
mod assessments;
mod checks;
mod disputes;
mod duties;
mod emergency;
mod found;
mod grants;
mod incidents;
mod late;
mod legs;
mod names;
mod oversight;
mod supervision;
mod task_forces;

use found::named;
use serde::{Deserialize, Serialize};

use crate::access::AccessRefusal;
use crate::agency::KeyRole;
use crate::codes::CodeList;
use crate::dataset::{DeliveryMode, Sharing};
use crate::grant::TermField;
use crate::ids::{DatasetId, GrantId, LogIndex, ProposalId, RequestId, TimeMs};
use crate::keys::PublicKey;
use crate::text::{AgencyId, Code, ItemName};

pub use approval::ApprovalRefusal;
pub use assessments::AssessmentRefusal;
pub use checks::CheckRefusal;
pub use disputes::DisputeRefusal;
pub use duties::DutyRefusal;
pub use emergency::EmergencyRefusal;
pub use found::{DatasetField, MeasureFault, SignerNeeded};
pub use grants::GrantRefusal;
pub use incidents::IncidentRefusal;
pub use late::LateRefusal;
pub use legs::LegRefusal;
pub use oversight::OversightRefusal;
pub use supervision::SupervisionRefusal;
pub use task_forces::TaskForceRefusal;

/// Why the ledger refuses a record at a position.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[serde(tag = "rule", rename_all = "kebab-case")]
pub enum Refusal {
    /// Longer than this consortium allows.
    #[error("the record has {size} bytes; this consortium allows {limit}")]
    RecordTooLong {
        /// Bytes.
        size: u64,
        /// Bytes allowed.
        limit: u64,
    },
    /// Its time is over.
    #[error("the record was valid until {until} only")]
    RecordExpired {
        /// When it ended.
        until: TimeMs,
    },
    /// It would stay valid for longer than the format allows.
    #[error("the record's validity reaches too far ahead")]
    RecordTooFarAhead,
    /// The statement is already on the log.
    #[error("this statement is already on the log")]
    Replayed,
    /// A signer's key is not on the ledger.
    #[error("the signing key {key} is not on the ledger")]
    SignerUnknown {
        /// The key.
        key: PublicKey,
    },
    /// A signer's key is of another agency or role than stated.
    #[error("the signing key belongs to {agency} as {role}, not to whom the statement names")]
    SignerMismatch {
        /// Whose it is.
        agency: AgencyId,
        /// Its role.
        role: KeyRole,
    },
    /// A signer's key was revoked.
    #[error("the signing key was revoked by entry {at}")]
    SignerRevoked {
        /// The entry that revoked it.
        at: LogIndex,
    },
    /// A signer's key has run out.
    #[error("the signing key was valid until {until} only")]
    SignerExpired {
        /// When it ended.
        until: TimeMs,
    },
    /// The wrong hands for this act.
    #[error("this needs exactly one signature, of {agency} as {role}")]
    WrongSigner {
        /// Who must sign.
        agency: AgencyId,
        /// In which role.
        role: KeyRole,
    },
    /// A key that is already registered, by anyone, ever.
    #[error("this key is already registered, to {agency} as {role}")]
    KeyTaken {
        /// Whose it is.
        agency: AgencyId,
        /// Its role.
        role: KeyRole,
    },
    /// A role that no admin registers.
    #[error("{role} keys are not registered by an admin")]
    RoleNotRegistrable {
        /// The role.
        role: KeyRole,
    },
    /// A person's key without a post.
    #[error("a {role} key needs the post that holds it")]
    PostMissing {
        /// The role.
        role: KeyRole,
    },
    /// A key whose validity is already over.
    #[error("the key's validity would already be over")]
    KeyValidityOver,
    /// No such key.
    #[error("there is no key {key}")]
    KeyUnknown {
        /// The key.
        key: PublicKey,
    },
    /// The key is another agency's.
    #[error("the key belongs to {agency}")]
    KeyOfOther {
        /// Whose it is.
        agency: AgencyId,
    },
    /// The key is already revoked.
    #[error("the key was already revoked by entry {at}")]
    KeyAlreadyRevoked {
        /// The entry that revoked it.
        at: LogIndex,
    },
    /// A dataset of that id exists.
    #[error("{dataset} was already published by entry {at}")]
    DatasetExists {
        /// The dataset.
        dataset: DatasetId,
        /// The entry that published it.
        at: LogIndex,
    },
    /// A dataset without a title or without a contact.
    #[error("the dataset's {field} is empty")]
    DatasetFieldEmpty {
        /// Which field.
        field: DatasetField,
    },
    /// More items than allowed.
    #[error("the dataset lists {count} items; at most {limit} are allowed")]
    TooManyItems {
        /// Items listed.
        count: u64,
        /// Items allowed.
        limit: u64,
    },
    /// Two items of one name.
    #[error("the item {item} stands twice")]
    ItemTwice {
        /// The name.
        item: ItemName,
    },
    /// Not shared, without saying on what basis.
    #[error("a dataset that is not shared must cite the basis in its conditions")]
    NotSharedWithoutBasis,
    /// No such dataset.
    #[error("there is no dataset {dataset}")]
    DatasetUnknown {
        /// The dataset.
        dataset: DatasetId,
    },
    /// The dataset cannot be granted.
    #[error("the dataset cannot be granted as it is classified")]
    NotShareable {
        /// Its attribute.
        sharing: Sharing,
    },
    /// No such agency.
    #[error("{agency} is not a member")]
    AgencyUnknown {
        /// The agency.
        agency: AgencyId,
    },
    /// A grant to the owner itself.
    #[error("an agency needs no grant on its own dataset")]
    GrantToSelf,
    /// No matter, or more than allowed.
    #[error("a grant or request names 1 to {limit} matters")]
    MatterCount {
        /// Matters allowed.
        limit: u64,
    },
    /// Neither all items nor any.
    #[error("neither the whole dataset nor any item is named")]
    NoItems,
    /// An item that the dataset does not have.
    #[error("the dataset has no item {item}")]
    ItemUnknown {
        /// The item.
        item: ItemName,
    },
    /// No delivery mode.
    #[error("no delivery mode is named")]
    NoModes,
    /// A delivery mode that the dataset does not offer.
    #[error("the dataset is not offered in this delivery mode")]
    ModeNotOffered {
        /// The mode.
        mode: DeliveryMode,
    },
    /// A period that is empty or already over.
    #[error("the period is empty or already over")]
    PeriodEmpty,
    /// A quota of nothing.
    #[error("a quota must allow at least one access")]
    QuotaZero,
    /// No such grant.
    #[error("there is no grant {grant}")]
    GrantUnknown {
        /// The grant.
        grant: GrantId,
    },
    /// The grant was already revoked.
    #[error("{grant} was already revoked by entry {at}")]
    GrantAlreadyRevoked {
        /// The grant.
        grant: GrantId,
        /// The entry that revoked it.
        at: LogIndex,
    },
    /// A denial of what the rules allow.
    #[error("the access would be allowed, so it cannot be denied by rule")]
    DenialNotDue,
    /// A denial by another rule than the one that refuses.
    #[error("the denial names another rule than the one that refuses: {due}")]
    DenialMismatch {
        /// The refusal that is due.
        due: AccessRefusal,
    },
    /// The dataset is not in the catalogue any longer.
    #[error("{dataset} was withdrawn from the catalogue by entry {at}")]
    DatasetGone {
        /// The dataset.
        dataset: DatasetId,
        /// The entry that withdrew it.
        at: LogIndex,
    },
    /// The dataset was amended by another statement in the meantime.
    #[error("{dataset} is at version {version}, made by entry {at}")]
    DatasetChanged {
        /// The dataset.
        dataset: DatasetId,
        /// Its version.
        version: u32,
        /// The entry that made that version.
        at: LogIndex,
    },
    /// An amendment that changes nothing.
    #[error("{dataset} already says exactly this")]
    DatasetUnchanged {
        /// The dataset.
        dataset: DatasetId,
    },
    /// The dataset is already suspended.
    #[error("{dataset} was already suspended by entry {at}")]
    DatasetAlreadySuspended {
        /// The dataset.
        dataset: DatasetId,
        /// The entry that suspended it.
        at: LogIndex,
    },
    /// The dataset is not suspended.
    #[error("{dataset} is not suspended")]
    DatasetNotSuspended {
        /// The dataset.
        dataset: DatasetId,
    },
    /// The grant is already suspended.
    #[error("{grant} was already suspended by entry {at}")]
    GrantAlreadySuspended {
        /// The grant.
        grant: GrantId,
        /// The entry that suspended it.
        at: LogIndex,
    },
    /// The grant is not suspended.
    #[error("{grant} is not suspended")]
    GrantNotSuspended {
        /// The grant.
        grant: GrantId,
    },
    /// The object was interrupted as often as an object may be.
    #[error("this was already suspended or withdrawn {limit} times")]
    TooManyInterruptions {
        /// Interruptions allowed.
        limit: u64,
    },
    /// No such request.
    #[error("there is no request {request}")]
    RequestUnknown {
        /// The request.
        request: RequestId,
    },
    /// The request has its reply, or was taken back.
    #[error("{request} was already closed by entry {at}")]
    RequestClosed {
        /// The request.
        request: RequestId,
        /// The entry that closed it.
        at: LogIndex,
    },
    /// A request for one answer that asks for more, or for less.
    #[error("a request for one answer asks for a total quota of exactly one")]
    OnceQuota,
    /// A reply needed by a time that is over.
    #[error("the reply would be needed by a time that is over")]
    NeededByOver,
    /// Terms that permit more than was asked for.
    #[error("the grant would go beyond the request in its {field}")]
    GrantBeyondRequest {
        /// The first field that does.
        field: TermField,
    },
    /// A refusal without a legal basis.
    #[error("a refusal must cite a legal basis")]
    RefusalWithoutBasis,
    /// A refusal without a reason.
    #[error("a refusal must give a reason")]
    RefusalWithoutReason,
    /// A reply that was already urged on this day.
    #[error("the reply was already urged on this day, by entry {at}")]
    UrgedToday {
        /// The entry that did.
        at: LogIndex,
    },
    /// No code, or more than allowed.
    #[error("a statement publishes 1 to {limit} codes")]
    CodeCount {
        /// Codes allowed.
        limit: u64,
    },
    /// A code that is or was on the list, or stands twice in the statement.
    #[error("{code} is already taken on this list")]
    CodeTaken {
        /// The code.
        code: Code,
    },
    /// A code without a title.
    #[error("{code} has no title")]
    CodeTitleEmpty {
        /// The code.
        code: Code,
    },
    /// A code that is not on the list.
    #[error("{code} is not on this list")]
    CodeUnknown {
        /// The list.
        list: CodeList,
        /// The code.
        code: Code,
    },
    /// A code that was withdrawn.
    #[error("{code} was withdrawn by entry {at}")]
    CodeWithdrawn {
        /// The list.
        list: CodeList,
        /// The code.
        code: Code,
        /// The entry that withdrew it.
        at: LogIndex,
    },
    /// The agency has left the consortium.
    #[error("{agency} left the consortium with entry {at}")]
    AgencyLeft {
        /// The agency.
        agency: AgencyId,
        /// The entry with which it left.
        at: LogIndex,
    },
    /// The agency was hosted, and its time is over.
    #[error("{agency} was hosted until {until} only")]
    HostingOver {
        /// The agency.
        agency: AgencyId,
        /// When it ended.
        until: TimeMs,
    },
    /// An agency without a ballot.
    #[error("{agency} has no ballot")]
    NoBallot {
        /// The agency.
        agency: AgencyId,
    },
    /// No such proposal.
    #[error("there is no proposal {proposal}")]
    ProposalUnknown {
        /// The proposal.
        proposal: ProposalId,
    },
    /// The proposal has already passed.
    #[error("{proposal} passed with entry {at}")]
    ProposalPassed {
        /// The proposal.
        proposal: ProposalId,
        /// The entry with which it passed.
        at: LogIndex,
    },
    /// The time for ballots on the proposal is over.
    #[error("ballots on {proposal} were taken until {closes} only")]
    ProposalClosed {
        /// The proposal.
        proposal: ProposalId,
        /// When it closed.
        closes: TimeMs,
    },
    /// The agency has already cast its ballot.
    #[error("the agency cast its ballot with entry {at}")]
    BallotCast {
        /// The entry that cast it.
        at: LogIndex,
    },
    /// A measure that cannot be carried out as things are.
    #[error("the measure cannot be carried out: {fault}")]
    MeasureUnfit {
        /// Why.
        fault: MeasureFault,
    },
    /// An equivocation of a key that no node votes with.
    #[error("the key belongs to {agency} as {role}; nodes vote with validator keys")]
    NotAValidator {
        /// Whose it is.
        agency: AgencyId,
        /// Its role.
        role: KeyRole,
    },
    /// The equivocation is already on the log.
    #[error("this equivocation is on the log as entry {at}")]
    EquivocationKnown {
        /// The entry.
        at: LogIndex,
    },
    /// Other signatures than the act needs.
    #[error("this needs the signatures of {} and no others", named(needed))]
    WrongSigners {
        /// Who must sign, each once, in any order.
        needed: Vec<SignerNeeded>,
    },
    /// A calendar or a rule pack is refused. Rendered as that refusal itself.
    #[error("{0}")]
    #[serde(untagged)]
    Supervision(SupervisionRefusal),
    /// What is said about sharing, or who lets data go, is refused. Rendered as that refusal itself.
    #[error("{0}")]
    #[serde(untagged)]
    Approval(ApprovalRefusal),
    /// What is done about a duty is refused. Rendered as that refusal itself.
    #[error("{0}")]
    #[serde(untagged)]
    Duty(DutyRefusal),
    /// How a grant is bound, changed or passed on is refused. Rendered as that refusal itself.
    #[error("{0}")]
    #[serde(untagged)]
    Grant(GrantRefusal),
    /// A leg of an exchange is refused. Rendered as that refusal itself.
    #[error("{0}")]
    #[serde(untagged)]
    Leg(LegRefusal),
    /// What is done about a check request is refused. Rendered as that refusal itself.
    #[error("{0}")]
    #[serde(untagged)]
    Check(CheckRefusal),
    /// What is reported about an incident is refused. Rendered as that refusal itself.
    #[error("{0}")]
    #[serde(untagged)]
    Incident(IncidentRefusal),
    /// What is done about an emergency is refused. Rendered as that refusal itself.
    #[error("{0}")]
    #[serde(untagged)]
    Emergency(EmergencyRefusal),
    /// What is done about a dispute is refused. Rendered as that refusal itself.
    #[error("{0}")]
    #[serde(untagged)]
    Dispute(DisputeRefusal),
    /// What is done about a draw or a finding is refused. Rendered as that refusal itself.
    #[error("{0}")]
    #[serde(untagged)]
    Oversight(OversightRefusal),
    /// What goes in late is refused. Rendered as that refusal itself.
    #[error("{0}")]
    #[serde(untagged)]
    Late(LateRefusal),
    /// What is done in or about a task force is refused. Rendered as that refusal itself.
    #[error("{0}")]
    #[serde(untagged)]
    TaskForce(TaskForceRefusal),
    /// What is done about an assessment is refused. Rendered as that refusal itself.
    #[error("{0}")]
    #[serde(untagged)]
    Assessment(AssessmentRefusal),
    /// The access is refused. Rendered as the refusal of the access itself.
    #[error("the access is refused: {0}")]
    #[serde(untagged)]
    Access(AccessRefusal),
}
