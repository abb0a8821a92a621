//! One refusal of each kind about checks, incidents, emergencies, disputes, oversight and assessments, as core
//! makes them.

use comity_core::access::AccessRefusal;
use comity_core::grant::TermField;
use comity_core::ids::{
    AssessmentId, CheckId, DisputeId, DrawId, EmergencyId, FindingId, IncidentId, LogIndex,
    TaskForceId, TimeMs,
};
use comity_core::keys::SecretKey;
use comity_core::refusal::{
    AssessmentRefusal, CheckRefusal, DisputeRefusal, EmergencyRefusal, IncidentRefusal,
    LateRefusal, OversightRefusal, Refusal, TaskForceRefusal,
};
use comity_core::statement::Capacity;

pub(super) fn all() -> Vec<Refusal> {
    let newest = [late(), task_forces(), assessments()].concat();
    [checks(), incidents(), emergencies(), disputes(), oversight(), newest].concat()
}

fn checks() -> Vec<Refusal> {
    use CheckRefusal as C;
    let (at, limit) = (LogIndex(1), 5);
    let check = CheckId(at);
    let (agency, dataset) = (|| "a".parse().unwrap(), || "a/b".parse().unwrap());
    let all = [
        C::NotARecipient { agency: agency(), dataset: dataset() },
        C::NotAnswerable { agency: agency(), dataset: dataset() },
        C::CheckTextEmpty,
        C::CheckUnknown { check },
        C::CheckAnswered { check, at },
        C::HandoverUnfit { agency: agency() },
        C::HandoverWaiting { check, to: agency(), at },
        C::NoHandover { check },
        C::TooManyHandovers { limit },
        C::CheckPeriod,
        C::CheckNotUpheld { check },
        C::CheckCorrected { check, at },
    ];
    all.into_iter().map(Refusal::Check).collect()
}

fn incidents() -> Vec<Refusal> {
    use IncidentRefusal as I;
    let (at, limit) = (LogIndex(1), 5);
    let incident = IncidentId(at);
    let all = [
        I::AffectedCount { limit },
        I::NotAParty { agency: "a".parse().unwrap() },
        I::IncidentTimes,
        I::IncidentTextEmpty,
        I::IncidentUnknown { incident },
        I::IncidentClosed { incident, at },
    ];
    all.into_iter().map(Refusal::Incident).collect()
}

fn task_forces() -> Vec<Refusal> {
    use TaskForceRefusal as T;
    let (task_force, until) = (TaskForceId(LogIndex(7)), TimeMs(1_777_777_777_000));
    let agency = || "a".parse().unwrap();
    let all = vec![
        T::TaskForceUnknown { task_force },
        T::TaskForceOver { task_force, since: until },
        T::TaskForceSize { limit: 64 },
        T::TaskForcePeriod { latest: until },
        T::TaskForceTextEmpty,
        T::MemberNotPublic { agency: agency() },
        T::InTaskForce { agency: agency() },
        T::NotInvited { task_force, agency: agency() },
        T::NotInTaskForce { task_force, agency: agency() },
        T::LeadStays { task_force },
        T::BeyondTaskForce { task_force, field: TermField::Period },
        T::SignerCapacity { capacity: Capacity::TaskForce(task_force) },
    ];
    all.into_iter().map(Refusal::TaskForce).collect()
}

fn emergencies() -> Vec<Refusal> {
    use EmergencyRefusal as E;
    let (at, until, limit) = (LogIndex(1), TimeMs(2), 5);
    let emergency = EmergencyId(at);
    let agency = || "a".parse().unwrap();
    let all = [
        E::NotADeclarer { agency: agency() },
        E::EmergencyScope { limit },
        E::EmergencyRequesters { limit },
        E::RequesterNotPublic { agency: agency() },
        E::EmergencyPeriod { latest: until },
        E::WordsMissing,
        E::EmergencyAgain { emergency },
        E::TooManyEmergencies { limit },
        E::EmergencyUnknown { emergency },
        E::EmergencyOver { emergency, since: until },
        E::EmergencyInForce { emergency, until },
        E::ReviewerInvolved { emergency, agency: agency() },
        E::ReviewedAlready { at },
        E::TooManyReviews { limit },
        E::NotARequester { emergency, agency: agency() },
        E::JustifiedCount { limit },
        E::NoEmergencyAccess { emergency, access: at },
        E::AccessOfOther { access: at, agency: agency() },
        E::JustifiedAlready { access: at, at },
    ];
    all.into_iter().map(Refusal::Emergency).collect()
}

fn disputes() -> Vec<Refusal> {
    use DisputeRefusal as D;
    let (at, due, limit) = (LogIndex(1), TimeMs(2), 5);
    let dispute = DisputeId(at);
    let all = [
        D::NothingToDispute,
        D::DisputedAlready { dispute },
        D::TooManyReopenings { limit },
        D::DisputeTextEmpty,
        D::DisputeUnknown { dispute },
        D::DisputeSuperseded { dispute },
        D::DisputeRuled { dispute, at },
        D::DisputeEscalated { dispute, at },
        D::DisputeNotEscalated { dispute },
        D::EscalationTooEarly { dispute, due },
        D::DisputeFinal { dispute },
        D::NoCommonSuperior { dispute },
    ];
    all.into_iter().map(Refusal::Dispute).collect()
}

fn oversight() -> Vec<Refusal> {
    use OversightRefusal as O;
    let (at, until, limit) = (LogIndex(1), TimeMs(2), 5);
    let (draw, finding) = (DrawId(at), FindingId(at));
    let gateway = SecretKey::from_seed(&[1; 32]).public();
    let all = [
        O::NotAReviewer { agency: "a".parse().unwrap() },
        O::DrawScope { limit },
        O::NotAGateway { key: gateway },
        O::DrawRange { gateway, last: limit },
        O::DrawOverlap { gateway },
        O::PoolTooSmall { needed: limit },
        O::DrawCount { limit },
        O::DrawUnknown { draw },
        O::NotInPool { draw, agency: "a".parse().unwrap() },
        O::CommitsOver { draw, until },
        O::CommittedAlready { at },
        O::NotCommitted { draw, agency: "a".parse().unwrap() },
        O::RevealEarly { draw, from: until },
        O::RevealedAlready { at },
        O::RevealsOver { draw, until },
        O::RevealMismatch { draw },
        O::NothingDrawn { draw },
        O::NoSuchNumber { limit },
        O::ReportedAlready { at },
        O::FindingUnknown { finding },
        O::FindingOfOther { finding },
        O::EntryUnknown { entry: at },
        O::FindingAgainstSelf,
        O::FindingTextEmpty,
        O::FindingAnswered { finding, at },
        O::FindingUnanswered { finding, due: Some(until) },
        O::FindingClosed { finding, at },
    ];
    all.into_iter().map(Refusal::Oversight).collect()
}

fn late() -> Vec<Refusal> {
    use LateRefusal as L;
    let (at, until) = (LogIndex(1), TimeMs(2));
    let all = [
        L::LateNotOver { until },
        L::LateGatewayUnknown { key: SecretKey::from_seed(&[1; 32]).public() },
        L::LateGatewayRevoked { at },
        L::LateGatewayExpired { until },
        L::LateOrder { number: 3 },
        L::AgainstNotDue,
        L::AgainstMismatch { due: AccessRefusal::ExchangeUsed },
    ];
    all.into_iter().map(Refusal::Late).collect()
}

fn assessments() -> Vec<Refusal> {
    use AssessmentRefusal as A;
    let (at, limit) = (LogIndex(1), 5);
    let assessment = AssessmentId(at);
    let agency = || "a".parse().unwrap();
    let all = [
        A::NotAnAssessor { agency: agency() },
        A::AssessmentOfSelf,
        A::AssessorTied { assessor: agency(), agency: agency() },
        A::AssessmentPeriod { now: TimeMs(2) },
        A::AssessmentScore { limit },
        A::RespondentsMissing,
        A::AssessmentTextEmpty,
        A::AssessmentUnknown { assessment },
        A::NothingToFollowUp { assessment },
        A::FollowedUpAlready { assessment, at },
        A::AssessmentAgain { assessment },
    ];
    all.into_iter().map(Refusal::Assessment).collect()
}
