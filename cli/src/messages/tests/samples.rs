//! One refusal of each kind, as core makes them.
//! Holds: a rule of core that is missing here is noticed (`every_rule_of_core_has_a_sample_here`).

use comity_core::access::AccessRefusal;
use comity_core::agency::KeyRole;
use comity_core::calendar::{CalendarFault, Day};
use comity_core::codes::CodeList;
use comity_core::dataset::{DeliveryMode, Sharing};
use comity_core::grant::TermField;
use comity_core::ids::{
    EmergencyId, ExchangeId, GrantId, LogIndex, ProposalId, RequestId, TaskForceId, TimeMs,
};
use comity_core::keys::SecretKey;
use comity_core::refusal::{
    ApprovalRefusal, DatasetField, DutyRefusal, GrantRefusal, LegRefusal, MeasureFault, Refusal,
    SignerNeeded, SupervisionRefusal,
};
use comity_core::rule_pack::RulePackFault;
use comity_core::statement::Capacity;

use super::newer_samples;

pub(super) fn access_refusals() -> Vec<AccessRefusal> {
    use AccessRefusal as A;
    let (at, until, from) = (LogIndex(1), TimeMs(2), TimeMs(3));
    vec![
        A::OfficerUnknown,
        A::NotAnOfficer,
        A::OfficerRevoked { at },
        A::OfficerExpired { until },
        A::AttemptExpired { until },
        A::AttemptTooLong,
        A::ExchangeUsed,
        A::NoSuchGrant { grant: GrantId(at) },
        A::OtherDataset { dataset: "a/b".parse().unwrap() },
        A::OtherRequester { requester: "a".parse().unwrap() },
        A::GrantRevoked { at },
        A::GrantNotYetInForce { from },
        A::GrantExpired { until },
        A::MatterNotCovered { matter: "A".parse().unwrap() },
        A::ItemNotCovered { item: "i".parse().unwrap() },
        A::WholeNotCovered,
        A::ModeNotCovered,
        A::QuotaUsed { limit: 1 },
        A::DailyQuotaUsed { limit: 1 },
        A::GrantSuspended { at },
        A::DatasetSuspended { at },
        A::DatasetWithdrawn { at },
        A::DatasetNotShared { sharing: Sharing::Unclassified },
        A::ItemNotListed { item: "i".parse().unwrap() },
        A::ModeNoLongerOffered,
        A::RequesterLeft { at },
        A::RequesterHostingOver { until },
        A::ProviderLeft { at },
        A::ProviderHostingOver { until },
        A::OfficerNotNamed,
        A::ParentNotInForce { parent: GrantId(at), because: "grant-revoked".parse().unwrap() },
        A::NoSuchEmergency { emergency: EmergencyId(at) },
        A::DatasetNotOpened { dataset: "a/b".parse().unwrap() },
        A::RequesterNotNamed,
        A::OwnDataset,
        A::EmergencyEnded { since: until },
        A::EmergencyMatter { matter: "M".parse().unwrap() },
        A::EmergencyUsed { limit: 1 },
        A::EmergencyNotYet { from },
        A::WrongCapacity { capacity: Capacity::Agency },
        A::NotAMember { task_force: TaskForceId(at) },
        A::InvitedAfterGrant { at },
        A::TaskForceEnded { since: until },
        A::LeadGone { task_force: TaskForceId(at) },
    ]
}

fn refusals() -> Vec<Refusal> {
    use Refusal as R;
    let (at, until, role) = (LogIndex(1), TimeMs(2), KeyRole::Officer);
    let (limit, count) = (1, 2);
    let key = SecretKey::from_seed(&[1; 32]).public();
    let agency = || "a".parse().unwrap();
    let dataset = || "a/b".parse().unwrap();
    let grant = GrantId(at);
    vec![
        R::RecordTooLong { size: 1, limit },
        R::RecordExpired { until },
        R::RecordTooFarAhead,
        R::Replayed,
        R::SignerUnknown { key },
        R::SignerMismatch { agency: agency(), role },
        R::SignerRevoked { at },
        R::SignerExpired { until },
        R::WrongSigner { agency: agency(), role },
        R::KeyTaken { agency: agency(), role },
        R::RoleNotRegistrable { role },
        R::PostMissing { role },
        R::KeyValidityOver,
        R::KeyUnknown { key },
        R::KeyOfOther { agency: agency() },
        R::KeyAlreadyRevoked { at },
        R::DatasetExists { dataset: dataset(), at },
        R::DatasetFieldEmpty { field: DatasetField::Title },
        R::TooManyItems { count, limit },
        R::ItemTwice { item: "i".parse().unwrap() },
        R::NotSharedWithoutBasis,
        R::DatasetUnknown { dataset: dataset() },
        R::NotShareable { sharing: Sharing::NotShared },
        R::AgencyUnknown { agency: agency() },
        R::GrantToSelf,
        R::MatterCount { limit },
        R::NoItems,
        R::ItemUnknown { item: "i".parse().unwrap() },
        R::NoModes,
        R::ModeNotOffered { mode: DeliveryMode::Batch },
        R::PeriodEmpty,
        R::QuotaZero,
        R::GrantUnknown { grant },
        R::GrantAlreadyRevoked { grant, at },
    ]
    .into_iter()
    .chain(newer_refusals())
    .chain(approval_refusals().into_iter().map(R::Approval))
    .collect()
}

fn approval_refusals() -> Vec<ApprovalRefusal> {
    use ApprovalRefusal as A;
    let agency = || "a".parse().unwrap();
    vec![
        A::TooManyConditions { count: 17, limit: 16 },
        A::ConditionUnfit { number: 1 },
        A::ConditionNotStated { number: 1 },
        A::BothSides { agency: agency() },
        A::NoOverseer { agency: agency() },
        A::SponsorMissing { agency: agency() },
    ]
}

fn newer_refusals() -> Vec<Refusal> {
    use Refusal as R;
    let (at, until, role) = (LogIndex(1), TimeMs(2), KeyRole::Officer);
    let limit = 1;
    let agency = || "a".parse().unwrap();
    let dataset = || "a/b".parse().unwrap();
    let (grant, request, proposal) = (GrantId(at), RequestId(at), ProposalId(at));
    let code = || "A".parse().unwrap();
    vec![
        R::DatasetGone { dataset: dataset(), at },
        R::DatasetChanged { dataset: dataset(), version: 2, at },
        R::DatasetUnchanged { dataset: dataset() },
        R::DatasetAlreadySuspended { dataset: dataset(), at },
        R::DatasetNotSuspended { dataset: dataset() },
        R::GrantAlreadySuspended { grant, at },
        R::GrantNotSuspended { grant },
        R::TooManyInterruptions { limit },
        R::RequestUnknown { request },
        R::RequestClosed { request, at },
        R::OnceQuota,
        R::NeededByOver,
        R::GrantBeyondRequest { field: TermField::Items },
        R::RefusalWithoutBasis,
        R::RefusalWithoutReason,
        R::UrgedToday { at },
        R::CodeCount { limit },
        R::CodeTaken { code: code() },
        R::CodeTitleEmpty { code: code() },
        R::CodeUnknown { list: CodeList::Matters, code: code() },
        R::CodeWithdrawn { list: CodeList::Matters, code: code(), at },
        R::AgencyLeft { agency: agency(), at },
        R::HostingOver { agency: agency(), until },
        R::NoBallot { agency: agency() },
        R::ProposalUnknown { proposal },
        R::ProposalPassed { proposal, at },
        R::ProposalClosed { proposal, closes: until },
        R::BallotCast { at },
        R::MeasureUnfit { fault: MeasureFault::NothingChanges },
        R::NotAValidator { agency: agency(), role },
        R::EquivocationKnown { at },
        R::DenialNotDue,
        R::DenialMismatch { due: AccessRefusal::ModeNotCovered },
    ]
}

pub(super) fn all_refusals() -> Vec<Refusal> {
    let areas = [refusals_of_grants(), refusals_of_legs(), newer_samples::all()].concat();
    [refusals(), refusals_of_supervision(), refusals_of_duties(), areas].concat()
}

fn refusals_of_grants() -> Vec<Refusal> {
    use GrantRefusal as G;
    let (at, until, limit, number) = (LogIndex(1), TimeMs(2), 5, 3);
    let (grant, parent, field) = (GrantId(at), GrantId(at), TermField::Items);
    let key = SecretKey::from_seed(&[1; 32]).public();
    let agency = || "a".parse().unwrap();
    let all = [
        G::OfficerCount { limit },
        G::PostEmpty,
        G::OfficerUnfit { key, agency: agency() },
        G::OnwardCount { limit },
        G::OnwardToParty { agency: agency() },
        G::UndertakingCount { limit },
        G::UndertakingDays { number, limit: 500 },
        G::UndertakingSide { number },
        G::UndertakingTwice { number },
        G::GrantChanged { grant, version: 2, at },
        G::GrantUnchanged { grant },
        G::GrantOver { grant, until },
        G::NarrowingBeyond { field },
        G::ExtensionOfOther { field },
        G::UndertakingsKept { grant },
        G::OnwardNotAllowed { parent, agency: agency() },
        G::OnwardOfOnward { parent, origin: grant },
        G::OnwardAgain,
        G::OnwardBeyond { parent, field },
        G::UndertakingUnknown { grant, number },
        G::FulfilmentWithoutNote,
        G::UndertakingNotBegun { grant, number },
        G::DeletionTooEarly { grant, until },
        G::UndertakingFulfilled { grant, number, at },
    ];
    all.into_iter().map(Refusal::Grant).collect()
}

fn refusals_of_supervision() -> Vec<Refusal> {
    use SupervisionRefusal as S;
    let (at, limit, day) = (LogIndex(1), 5, Day(20_000));
    let needed = vec![SignerNeeded { agency: "a".parse().unwrap(), role: KeyRole::Steward }];
    let all = [
        S::CalendarUnfit { fault: CalendarFault::Week },
        S::CalendarTooShort { day },
        S::CalendarOverlap { day },
        S::CalendarGap { day },
        S::TooManyCalendars { limit },
        S::NoSupervisor,
        S::RulesUnfit { fault: RulePackFault::Clock },
        S::RulesNameTaken { at },
        S::RulesTooSoon { earliest: TimeMs(3) },
        S::TooManyRules { limit },
    ];
    let signers = Refusal::WrongSigners { needed };
    all.into_iter().map(Refusal::Supervision).chain([signers]).collect()
}

fn refusals_of_duties() -> Vec<Refusal> {
    use DutyRefusal as D;
    let (at, until) = (LogIndex(1), TimeMs(2));
    let (request, grant) = (RequestId(at), GrantId(at));
    let all = [
        D::NoReview { request },
        D::Reviewed { request, at },
        D::Extended { request, at },
        D::ExtensionDays { limit: 5 },
        D::ExtensionWithoutReason,
        D::NoReplyClock { request },
        D::ReplyLapsed { request, due: until },
        D::Delivered { grant, at },
        D::DeliveryOver { grant, until },
        D::NoUpdatePromised { dataset: "a/b".parse().unwrap() },
        D::UpdatePeriodZero,
    ];
    all.into_iter().map(Refusal::Duty).collect()
}

fn refusals_of_legs() -> Vec<Refusal> {
    use LegRefusal as L;
    let limit = 5;
    let all = [
        L::GatewayNumber { expected: 3 },
        L::GatewayNumberAhead { limit },
        L::NotReliable { dataset: "a/b".parse().unwrap() },
        L::AcknowledgedCount { limit },
        L::AcknowledgedTwice { exchange: ExchangeId([1; 16]) },
        L::NoAccessThere { access: LogIndex(1) },
        L::ReceivedCount { limit },
    ];
    all.into_iter().map(Refusal::Leg).collect()
}
