//! The state: what lies under which key, and how a record's changes are laid over it.
//! Holds: objects are never deleted; a value under a key always has that key's type.
//! Longer than 500 lines because all kinds of keys stand in one place.
//! May not enter: the rules (see `apply`); the tree (see `state_tree`).
//! Source: docs/formats.md, "State".

mod memo;
mod urgent;
mod window;

use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

use crate::agency::{Agency, Key, OfficialKeys};
use crate::assessment::{Assessment, AssessmentKind, AssessmentTerms};
use crate::calendar::RegionCalendars;
use crate::check_request::CheckRequest;
use crate::codes::{CodeEntry, CodeList, PublishedCode};
use crate::dataset::PublishedDataset;
use crate::dispute::{Dispute, DisputeAbout};
use crate::encoding::{Decode, Encode, decode_own, encode};
use crate::equivocation::Place;
use crate::gateway::GatewayNumbers;
use crate::genesis::{Genesis, Params};
use crate::governance::{Departure, Office, Proposal, Roll};
use crate::grant::{Grant, GrantTerms, Usage};
use crate::hash::{RecordId, StateRoot};
use crate::ids::{
    AssessmentId, CheckId, DatasetId, DisputeId, DrawId, EmergencyId, ExchangeId, FindingId,
    GrantId, IncidentId, LogIndex, ProposalId, RequestId, TaskForceId, TimeMs,
};
use crate::incident::Incident;
use crate::keys::PublicKey;
use crate::oversight::{Draw, Finding};
use crate::request::Request;
use crate::task_force::TaskForce;
use crate::text::{AgencyId, Code, Text};
use crate::validators::{ValidatorSet, ValidatorSetError};

pub use memo::shared;
pub(crate) use urgent::recent_emergencies;
pub use urgent::{
    emergency, emergency_access, emergency_exchange, emergency_received, emergency_use,
};
pub use window::Window;

/// The version of the rules that every consortium begins with.
const PROTOCOL_VERSION_AT_GENESIS: u16 = 1;

/// Where an object lies in the state.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum StateKey<'a> {
    /// [`Params`].
    Params,
    /// The [`AgencyId`] of the competent authority.
    CompetentAuthority,
    /// The [`ValidatorSet`] that rules from the next height.
    Validators,
    /// An [`Agency`].
    Agency(&'a AgencyId),
    /// A [`Key`].
    Key(&'a PublicKey),
    /// A [`PublishedCode`] of the matters.
    Matter(&'a Code),
    /// A [`PublishedCode`] of the duty bases.
    DutyBasis(&'a Code),
    /// A [`PublishedDataset`].
    Dataset(&'a DatasetId),
    /// A [`Grant`].
    Grant(GrantId),
    /// The [`Usage`] of a grant.
    Usage(GrantId),
    /// A [`Request`].
    Request(RequestId),
    /// A [`Proposal`].
    Proposal(ProposalId),
    /// The [`Roll`].
    Roll,
    /// A [`Departure`].
    Departure(&'a AgencyId),
    /// The [`OfficialKeys`] of an agency.
    OfficialKeys(&'a AgencyId),
    /// The version of the rules in force: a `u16`; none is version 1.
    ProtocolVersion,
    /// The [`LogIndex`] of the entry that holds an equivocation.
    Equivocation(&'a Place),
    /// A [`crate::dataset::DatasetVersion`] that a later one replaced.
    DatasetVersion(&'a DatasetId, u32),
    /// The [`RegionCalendars`] of a region.
    Calendars(&'a Text<64>),
    /// The [`crate::rule_pack::RulePacks`].
    RulePacks,
    /// The agencies that hold an office: a set of [`AgencyId`].
    Office(Office),
    /// A [`crate::grant::GrantVersion`] that a later one replaced.
    GrantVersion(GrantId, u32),
    /// The [`GatewayNumbers`] of a gateway's key.
    GatewayNumbers(&'a PublicKey),
    /// A [`CheckRequest`].
    CheckRequest(CheckId),
    /// An [`Incident`].
    Incident(IncidentId),
    /// A [`crate::emergency::Emergency`].
    Emergency(EmergencyId),
    /// The emergencies that are in force or ended a short time ago, when the last one was declared:
    /// a list of [`EmergencyId`], ascending.
    RecentEmergencies,
    /// A [`Dispute`].
    Dispute(DisputeId),
    /// The [`DisputeId`] of the last dispute about something.
    LastDispute(DisputeAbout),
    /// The [`crate::emergency::EmergencyAccess`] that an entry recorded.
    EmergencyAccess(EmergencyId, LogIndex),
    /// The [`crate::emergency::EmergencyUse`] of an emergency by an agency.
    EmergencyUse(EmergencyId, &'a AgencyId),
    /// A [`Draw`].
    Draw(DrawId),
    /// A [`Finding`].
    Finding(FindingId),
    /// The [`LogIndex`] of the first access in an emergency under an exchange: kept for good, since
    /// what goes in late may be older than the replay window.
    EmergencyExchange(&'a ExchangeId),
    /// The [`LogIndex`] of the first access of an agency to a dataset in an emergency.
    EmergencyRecipient(EmergencyId, &'a AgencyId, &'a DatasetId),
    /// A [`TaskForce`].
    TaskForce(TaskForceId),
    /// The [`Usage`] of a task force's grant by one of its members.
    MemberUsage(GrantId, &'a AgencyId),
    /// An [`Assessment`].
    Assessment(AssessmentId),
    /// The [`AssessmentId`] under which an agency reported this: the same agency, kind, matter, time and
    /// report. What else terms say is no part of the key.
    Reported(&'a AgencyId, &'a AssessmentTerms),
}

impl<'a> StateKey<'a> {
    /// Where a code of a list lies.
    pub fn code(list: CodeList, code: &'a Code) -> StateKey<'a> {
        match list {
            CodeList::Matters => StateKey::Matter(code),
            CodeList::DutyBases => StateKey::DutyBasis(code),
        }
    }

    /// The key's bytes: a letter, then the name; numbers big-endian, so that they sort.
    pub fn to_bytes(&self) -> Vec<u8> {
        let (letter, name): (u8, Vec<u8>) = match self {
            StateKey::Params => (b'p', vec![]),
            StateKey::CompetentAuthority => (b'c', vec![]),
            StateKey::Validators => (b'v', vec![]),
            StateKey::Agency(id) => (b'a', id.as_str().into()),
            StateKey::Key(key) => (b'k', key.as_bytes().into()),
            StateKey::Matter(code) => (b'm', code.as_str().into()),
            StateKey::DutyBasis(code) => (b'b', code.as_str().into()),
            StateKey::Dataset(id) => (b'd', id.to_string().into()),
            StateKey::Grant(GrantId(LogIndex(at))) => (b'g', at.to_be_bytes().into()),
            StateKey::Usage(GrantId(LogIndex(at))) => (b'u', at.to_be_bytes().into()),
            StateKey::Request(RequestId(LogIndex(at))) => (b'r', at.to_be_bytes().into()),
            StateKey::Proposal(ProposalId(LogIndex(at))) => (b'q', at.to_be_bytes().into()),
            StateKey::Roll => (b'l', vec![]),
            StateKey::Departure(id) => (b'x', id.as_str().into()),
            StateKey::OfficialKeys(id) => (b'n', id.as_str().into()),
            StateKey::ProtocolVersion => (b'o', vec![]),
            StateKey::Equivocation(place) => (b'y', place.to_name()),
            StateKey::Calendars(region) => (b'w', region.as_str().into()),
            StateKey::RulePacks => (b'z', vec![]),
            StateKey::Office(office) => (b'i', office.as_str().into()),
            StateKey::GrantVersion(GrantId(LogIndex(at)), version) => {
                (b'f', [at.to_be_bytes().as_slice(), &version.to_be_bytes()].concat())
            }
            StateKey::GatewayNumbers(key) => (b'j', key.as_bytes().into()),
            StateKey::CheckRequest(CheckId(LogIndex(at))) => (b'B', at.to_be_bytes().into()),
            StateKey::Incident(IncidentId(LogIndex(at))) => (b'I', at.to_be_bytes().into()),
            StateKey::Emergency(EmergencyId(LogIndex(at))) => (b'h', at.to_be_bytes().into()),
            StateKey::RecentEmergencies => (b'E', vec![]),
            StateKey::Dispute(DisputeId(LogIndex(at))) => (b'D', at.to_be_bytes().into()),
            StateKey::LastDispute(about) => (b'O', about.to_name()),
            StateKey::EmergencyAccess(EmergencyId(LogIndex(of)), LogIndex(at)) => {
                (b's', [of.to_be_bytes(), at.to_be_bytes()].concat())
            }
            StateKey::EmergencyUse(EmergencyId(LogIndex(of)), agency) => {
                (b'S', [of.to_be_bytes().as_slice(), agency.as_str().as_bytes()].concat())
            }
            StateKey::Draw(DrawId(LogIndex(at))) => (b'W', at.to_be_bytes().into()),
            StateKey::Finding(FindingId(LogIndex(at))) => (b'F', at.to_be_bytes().into()),
            StateKey::EmergencyExchange(exchange) => (b'X', exchange.0.into()),
            StateKey::EmergencyRecipient(EmergencyId(LogIndex(of)), agency, dataset) => {
                let of = of.to_be_bytes();
                let (agency, dataset) = (agency.as_str().as_bytes(), dataset.to_string());
                (b'R', [of.as_slice(), agency, &[0], dataset.as_bytes()].concat())
            }
            StateKey::TaskForce(TaskForceId(LogIndex(at))) => (b'T', at.to_be_bytes().into()),
            StateKey::MemberUsage(GrantId(LogIndex(of)), agency) => {
                (b'M', [of.to_be_bytes().as_slice(), agency.as_str().as_bytes()].concat())
            }
            StateKey::Assessment(AssessmentId(LogIndex(at))) => (b'A', at.to_be_bytes().into()),
            StateKey::Reported(by, terms) => (b'H', name_of_report(by, terms)),
            // No id contains a NUL, so that no id runs into another's number.
            StateKey::DatasetVersion(id, version) => {
                (b'e', [id.to_string().as_bytes(), &[0], &version.to_be_bytes()].concat())
            }
        };
        let mut bytes = vec![letter];
        bytes.extend(name);
        bytes
    }
}

/// What names a report of an agency: of all that varies in length, no part contains a NUL.
fn name_of_report(by: &AgencyId, terms: &AssessmentTerms) -> Vec<u8> {
    let kind = match terms.kind {
        AssessmentKind::Satisfaction => 0,
        AssessmentKind::ThirdParty => 1,
    };
    let (from, until) = (terms.from.0.to_be_bytes(), terms.until.0.to_be_bytes());
    let (by, agency) = (by.as_str().as_bytes(), terms.agency.as_str().as_bytes());
    let matter = terms.matter.as_ref().map_or("", Code::as_str).as_bytes();
    [terms.report.0.as_slice(), &[kind], &from, &until, by, &[0], agency, &[0], matter].concat()
}

/// All that `apply` reads: the state and the replay window.
pub trait StateRead {
    /// The value under a state key.
    fn get(&self, key: &[u8]) -> Option<&[u8]>;
    /// The root of the state in which [`StateRead::get`] finds what it answers for a key, where it has
    /// one: under one root, a key has one value.
    fn root_for(&self, _key: &[u8]) -> Option<StateRoot> {
        None
    }
    /// Whether a statement of this id was executed and has not yet expired.
    fn has_record(&self, id: &RecordId) -> bool;
    /// Whether an access under this exchange id was recorded and its attempt has not yet expired.
    fn has_exchange(&self, id: &ExchangeId) -> bool;
}

/// The object under `key`. Panics if the state is not one that `apply` wrote.
pub fn read<T: Encode + Decode<()>>(state: &impl StateRead, key: &StateKey<'_>) -> Option<T> {
    state.get(&key.to_bytes()).map(object)
}

/// Who supervises the sharing.
pub fn competent_authority(state: &impl StateRead) -> Option<AgencyId> {
    read(state, &StateKey::CompetentAuthority)
}

/// The same. Panics if the state is not one that a genesis founded.
pub fn require_competent_authority(state: &impl StateRead) -> AgencyId {
    match competent_authority(state) {
        Some(authority) => authority,
        None => unreachable!("the genesis names the competent authority"),
    }
}

/// The agencies that hold an office.
pub fn office(state: &impl StateRead, office: Office) -> BTreeSet<AgencyId> {
    read(state, &StateKey::Office(office)).unwrap_or_default()
}

/// A region's calendars; those of the empty region are common to all that have none.
pub fn calendars(state: &impl StateRead, region: &Text<64>) -> Option<RegionCalendars> {
    read(state, &StateKey::Calendars(region))
}

/// A state value's object. Panics if the value is not one that `apply` wrote.
pub fn object<T: Decode<()>>(value: &[u8]) -> T {
    match decode_own(value) {
        Ok(object) => object,
        Err(error) => unreachable!("the state holds only what the rules wrote: {error}"),
    }
}

/// What one record, or one block, adds to the state.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Changes {
    /// New values under their keys.
    pub puts: BTreeMap<Vec<u8>, Vec<u8>>,
    /// Statements executed, each with the last time at which it could be executed again.
    pub records: BTreeMap<RecordId, TimeMs>,
    /// Exchanges used, each with the last time at which it could be used again.
    pub exchanges: BTreeMap<ExchangeId, TimeMs>,
}

impl Changes {
    /// The changes that put one object under its key.
    pub fn of<T: Encode>(key: &StateKey<'_>, object: &T) -> Changes {
        let mut changes = Changes::default();
        changes.put(key, object);
        changes
    }

    /// Puts an object under its key.
    pub fn put<T: Encode>(&mut self, key: &StateKey<'_>, object: &T) {
        self.puts.insert(key.to_bytes(), encode(object));
    }

    /// Lays later changes over these.
    pub fn extend(&mut self, later: Changes) {
        self.puts.extend(later.puts);
        self.records.extend(later.records);
        self.exchanges.extend(later.exchanges);
    }
}

/// Changes laid over a state, read as one.
#[derive(Clone, Copy, Debug)]
pub struct Overlay<'a, S> {
    /// What lies below.
    pub below: &'a S,
    /// What lies above.
    pub changes: &'a Changes,
}

impl<S: StateRead> StateRead for Overlay<'_, S> {
    fn get(&self, key: &[u8]) -> Option<&[u8]> {
        self.changes.puts.get(key).map(Vec::as_slice).or_else(|| self.below.get(key))
    }
    fn root_for(&self, key: &[u8]) -> Option<StateRoot> {
        if self.changes.puts.contains_key(key) { None } else { self.below.root_for(key) }
    }
    fn has_record(&self, id: &RecordId) -> bool {
        self.changes.records.contains_key(id) || self.below.has_record(id)
    }
    fn has_exchange(&self, id: &ExchangeId) -> bool {
        self.changes.exchanges.contains_key(id) || self.below.has_exchange(id)
    }
}

/// The state that a genesis founds.
pub fn genesis_changes(genesis: &Genesis) -> Result<Changes, ValidatorSetError> {
    let mut changes = Changes::default();
    changes.put::<Params>(&StateKey::Params, &genesis.params);
    changes.put::<AgencyId>(&StateKey::CompetentAuthority, &genesis.competent_authority);
    changes.put::<ValidatorSet>(&StateKey::Validators, &genesis.validators()?);
    for (list, codes) in
        [(CodeList::Matters, &genesis.matters), (CodeList::DutyBases, &genesis.duty_bases)]
    {
        for CodeEntry { code, title } in codes {
            let (code, title) = (code.clone(), title.clone());
            let listed = PublishedCode { code, title, published_at: None, withdrawn_at: None };
            changes.put::<PublishedCode>(&StateKey::code(list, &listed.code), &listed);
        }
    }
    let electorate = genesis.members.iter().map(|member| member.agency.id.clone()).collect();
    changes.put::<Roll>(&StateKey::Roll, &Roll { electorate, hosted: BTreeMap::new() });
    for member in &genesis.members {
        let official = member.official_keys();
        changes.put::<OfficialKeys>(&StateKey::OfficialKeys(&member.agency.id), &official);
        changes.put::<Agency>(&StateKey::Agency(&member.agency.id), &member.agency);
        for key in &member.keys {
            let registered = Key {
                agency: member.agency.id.clone(),
                role: key.role,
                algorithm: key.algorithm,
                post: key.post.clone(),
                registered_at: None,
                registered_on: None,
                valid_until: None,
                revoked: None,
            };
            changes.put::<Key>(&StateKey::Key(&key.key), &registered);
        }
    }
    Ok(changes)
}

/// A dataset by its id.
pub fn dataset(state: &impl StateRead, id: &DatasetId) -> Option<PublishedDataset> {
    read(state, &StateKey::Dataset(id))
}

/// A grant by its id.
pub fn grant(state: &impl StateRead, id: GrantId) -> Option<Grant> {
    read(state, &StateKey::Grant(id))
}

/// Who granted: the owner of the dataset, or whose grant it was that was passed on.
pub fn grantor(state: &impl StateRead, grant: &Grant) -> AgencyId {
    match grant.parent.and_then(|parent| self::grant(state, parent)) {
        Some(parent) => parent.terms.requester,
        None => match dataset(state, &grant.terms.dataset) {
            Some(published) => published.dataset.decided_by(&grant.terms.requester).clone(),
            None => grant.terms.dataset.agency.clone(),
        },
    }
}

/// Whether an agency is on the side that received data under a grant: its requester, or who is or was
/// a member of the task force that holds it.
pub fn received(state: &impl StateRead, grant: &Grant, agency: &AgencyId) -> bool {
    match task_force_of(state, &grant.terms) {
        Some(force) => force.ever_had(agency),
        None => grant.terms.requester == *agency,
    }
}

/// A request by its id.
pub fn request(state: &impl StateRead, id: RequestId) -> Option<Request> {
    read(state, &StateKey::Request(id))
}

/// A check request by its id.
pub fn check_request(state: &impl StateRead, id: CheckId) -> Option<CheckRequest> {
    read(state, &StateKey::CheckRequest(id))
}

/// A dispute by its id.
pub fn dispute(state: &impl StateRead, id: DisputeId) -> Option<Dispute> {
    read(state, &StateKey::Dispute(id))
}

/// The last dispute about something.
pub fn last_dispute(state: &impl StateRead, about: DisputeAbout) -> Option<(DisputeId, Dispute)> {
    let id: DisputeId = read(state, &StateKey::LastDispute(about))?;
    dispute(state, id).map(|dispute| (id, dispute))
}

/// An incident by its id.
pub fn incident(state: &impl StateRead, id: IncidentId) -> Option<Incident> {
    read(state, &StateKey::Incident(id))
}

/// A draw by its id.
pub fn draw(state: &impl StateRead, id: DrawId) -> Option<Draw> {
    read(state, &StateKey::Draw(id))
}

/// A finding by its id.
pub fn finding(state: &impl StateRead, id: FindingId) -> Option<Finding> {
    read(state, &StateKey::Finding(id))
}

/// A task force by its id.
pub fn task_force(state: &impl StateRead, id: TaskForceId) -> Option<TaskForce> {
    read(state, &StateKey::TaskForce(id))
}

/// The task force that terms are for, if they are for one.
pub fn task_force_of(state: &impl StateRead, terms: &GrantTerms) -> Option<TaskForce> {
    terms.task_force.and_then(|id| task_force(state, id))
}

/// What one member used of a task force's grant; none yet is nothing.
pub fn member_usage(state: &impl StateRead, id: GrantId, agency: &AgencyId) -> Usage {
    read(state, &StateKey::MemberUsage(id, agency)).unwrap_or_default()
}

/// An assessment by its id.
pub fn assessment(state: &impl StateRead, id: AssessmentId) -> Option<Assessment> {
    read(state, &StateKey::Assessment(id))
}

/// The assessment as which an agency reported just this before, if it did.
pub fn reported(
    state: &impl StateRead,
    by: &AgencyId,
    terms: &AssessmentTerms,
) -> Option<AssessmentId> {
    read(state, &StateKey::Reported(by, terms))
}

/// A proposal by its id.
pub fn proposal(state: &impl StateRead, id: ProposalId) -> Option<Proposal> {
    read(state, &StateKey::Proposal(id))
}

/// How and when an agency left, if it did.
pub fn departure(state: &impl StateRead, id: &AgencyId) -> Option<Departure> {
    shared::<Departure>(state, &StateKey::Departure(id)).map(Rc::unwrap_or_clone)
}

/// The keys of an agency that only the genesis and measures change.
pub fn official_keys(state: &impl StateRead, id: &AgencyId) -> OfficialKeys {
    read(state, &StateKey::OfficialKeys(id)).unwrap_or_default()
}

/// The version of the rules in force.
pub fn protocol_version(state: &impl StateRead) -> u16 {
    read(state, &StateKey::ProtocolVersion).unwrap_or(PROTOCOL_VERSION_AT_GENESIS)
}

/// A code of a list.
pub fn code(state: &impl StateRead, list: CodeList, code: &Code) -> Option<PublishedCode> {
    read(state, &StateKey::code(list, code))
}

/// A grant's usage; none yet is zero.
pub fn usage(state: &impl StateRead, id: GrantId) -> Usage {
    read(state, &StateKey::Usage(id)).unwrap_or_default()
}

/// Which numbers the records of a gateway's key have used; none yet is none.
pub fn gateway_numbers(state: &impl StateRead, key: &PublicKey) -> GatewayNumbers {
    let numbers = shared(state, &StateKey::GatewayNumbers(key));
    numbers.map(Rc::unwrap_or_clone).unwrap_or_default()
}

/// A key's registration.
pub fn key(state: &impl StateRead, key: &PublicKey) -> Option<Key> {
    read(state, &StateKey::Key(key))
}

/// An agency by its id.
pub fn agency(state: &impl StateRead, id: &AgencyId) -> Option<Agency> {
    read(state, &StateKey::Agency(id))
}
