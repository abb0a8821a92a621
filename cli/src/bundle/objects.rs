//! The objects of an evidence bundle: what the state holds about a case, by its keys.
//! Holds: a value under a key is of that key's type, so that core's readers may read it.
//! May not enter: proofs; what the objects need (see `closure`). Source: docs/formats.md, "State".

use std::collections::{BTreeMap, BTreeSet};

use comity_core::agency::{Agency, Key, OfficialKeys};
use comity_core::assessment::Assessment;
use comity_core::basis::Basis;
use comity_core::calendar::RegionCalendars;
use comity_core::check_request::CheckRequest;
use comity_core::codes::{CodeList, PublishedCode};
use comity_core::dataset::{DatasetVersion, PublishedDataset};
use comity_core::dispute::Dispute;
use comity_core::emergency::{Emergency, EmergencyAccess, EmergencyUse};
use comity_core::encoding::{Decode, Encode, decode};
use comity_core::gateway::GatewayNumbers;
use comity_core::genesis::Params;
use comity_core::governance::{Departure, Office, Proposal, Roll};
use comity_core::grant::{Grant, GrantTerms, GrantVersion, Usage};
use comity_core::hash::RecordId;
use comity_core::ids::{
    AssessmentId, CheckId, DatasetId, DisputeId, DrawId, EmergencyId, ExchangeId, FindingId,
    GrantId, IncidentId, LogIndex, ProposalId, RequestId, TaskForceId,
};
use comity_core::incident::Incident;
use comity_core::keys::PublicKey;
use comity_core::oversight::{Draw, Finding};
use comity_core::request::Request;
use comity_core::rule_pack::RulePacks;
use comity_core::state::{self, StateKey, StateRead};
use comity_core::task_force::TaskForce;
use comity_core::text::{AgencyId, Code, Text};
use comity_core::validators::ValidatorSet;

/// An object under its name.
#[derive(Clone, Debug)]
pub(crate) enum Held {
    /// A grant.
    Grant(GrantId, Grant),
    /// An emergency.
    Emergency(EmergencyId, Emergency),
    /// An access in an emergency, by its entry.
    EmergencyAccess((EmergencyId, LogIndex), EmergencyAccess),
    /// What an agency used of an emergency.
    EmergencyUse,
    /// How far a grant is used up.
    Usage(GrantId, Usage),
    /// A request.
    Request(RequestId, Request),
    /// A dataset.
    Dataset(DatasetId, PublishedDataset),
    /// A version of a dataset that a later one replaced.
    Version(DatasetVersion),
    /// A version of a grant that a later one replaced.
    GrantVersion(GrantVersion),
    /// A key.
    Key(PublicKey, Key),
    /// A member.
    Agency,
    /// How a member left.
    Departure(Departure),
    /// A proposal.
    Proposal(ProposalId, Proposal),
    /// A code.
    Code(CodeList, PublishedCode),
    /// A check request.
    Check(CheckId, CheckRequest),
    /// An incident.
    Incident(IncidentId, Incident),
    /// A dispute.
    Dispute(DisputeId, Dispute),
    /// A draw.
    Draw(DrawId, Draw),
    /// A finding.
    Finding(FindingId, Finding),
    /// A task force.
    TaskForce(TaskForceId, TaskForce),
    /// What a member used of a task force's grant.
    MemberUsage((GrantId, AgencyId), Usage),
    /// An assessment.
    Assessment(AssessmentId, Assessment),
    /// The parameters.
    Params,
    /// The version of the rules.
    Rules,
    /// Something that is no part of a case.
    Other,
}

/// What is claimed of the state: each key with its value, or that it has none.
#[derive(Clone, Debug, Default)]
pub(crate) struct Objects {
    values: BTreeMap<Vec<u8>, Option<Vec<u8>>>,
}

impl Objects {
    /// These claims. Errors: the key under which lies what is none of its type.
    pub(crate) fn new<'a>(
        pairs: impl Iterator<Item = (&'a [u8], Option<&'a [u8]>)>,
    ) -> Result<Objects, Vec<u8>> {
        let mut objects = Objects::default();
        for (key, value) in pairs {
            objects.add(key, value)?;
        }
        Ok(objects)
    }

    /// Adds a claim, in the place of an earlier one under the same key. Errors: the key, where the
    /// value is none of its type.
    pub(crate) fn add(&mut self, key: &[u8], value: Option<&[u8]>) -> Result<(), Vec<u8>> {
        if let Some(value) = value {
            read(key, value).ok_or_else(|| key.to_vec())?;
        }
        self.values.insert(key.to_vec(), value.map(<[u8]>::to_vec));
        Ok(())
    }

    /// Whether something is claimed of a key: a value, or that there is none.
    pub(crate) fn claims(&self, key: &[u8]) -> bool {
        self.values.contains_key(key)
    }

    /// All keys.
    pub(crate) fn keys(&self) -> impl Iterator<Item = &[u8]> {
        self.values.keys().map(Vec::as_slice)
    }

    /// All that is held, ascending by key.
    pub(crate) fn all(&self) -> impl Iterator<Item = Held> {
        self.values.iter().filter_map(|(key, value)| read(key, value.as_deref()?))
    }

    /// What is held under a key.
    pub(crate) fn held(&self, key: &[u8]) -> Option<Held> {
        read(key, self.get(key)?)
    }

    /// The grants, ascending.
    pub(crate) fn grants(&self) -> impl Iterator<Item = (GrantId, Grant)> {
        self.all().filter_map(|held| match held {
            Held::Grant(id, grant) => Some((id, grant)),
            _ => None,
        })
    }

    /// Every replaced version of a dataset, ascending.
    pub(crate) fn versions(&self, id: &DatasetId, below: u32) -> Vec<(u32, DatasetVersion)> {
        let version = |number| {
            let key = StateKey::DatasetVersion(id, number).to_bytes();
            match self.held(&key)? {
                Held::Version(version) => Some((number, version)),
                _ => None,
            }
        };
        // A bundle that lacks some has fewer.
        (1..below.min(self.most())).filter_map(version).collect()
    }
}

impl Objects {
    /// The grants to which an access is charged, as far as they are held; in an emergency none.
    pub(crate) fn charged(&self, basis: Basis) -> impl Iterator<Item = GrantId> {
        let grant = basis.grant();
        let parent = grant.and_then(|grant| state::grant(self, grant)?.parent);
        [grant, parent].into_iter().flatten()
    }

    /// What each member used of grants to task forces, as far as it is held.
    pub(crate) fn members(&self) -> impl Iterator<Item = ((GrantId, AgencyId), Usage)> {
        self.all().filter_map(|held| match held {
            Held::MemberUsage(of, usage) => Some((of, usage)),
            _ => None,
        })
    }

    /// The terms that a grant had, as far as they are held, each with the entry that made them,
    /// ascending.
    pub(crate) fn terms(&self, grant: &Grant) -> Vec<(LogIndex, GrantTerms)> {
        let replaced = (1..grant.version.min(self.most())).filter_map(self.terms_of(grant));
        replaced.chain([(grant.version_at, grant.terms.clone())]).collect()
    }

    /// Whether all terms are there that a grant ever had.
    pub(crate) fn has_terms(&self, grant: &Grant) -> bool {
        let of = self.terms_of(grant);
        grant.version <= self.most() && (1..grant.version).all(|number| of(number).is_some())
    }

    /// Whether a dataset is there with all its versions, each of this dataset.
    pub(crate) fn has_versions(&self, id: &DatasetId) -> bool {
        let Some(published) = state::dataset(self, id) else { return false };
        let is_its = |number| {
            let key = StateKey::DatasetVersion(id, number).to_bytes();
            matches!(self.held(&key), Some(Held::Version(held)) if held.dataset.id == *id)
        };
        published.dataset.id == *id
            && published.version <= self.most()
            && (1..published.version).all(is_its)
    }

    fn terms_of(&self, grant: &Grant) -> impl Fn(u32) -> Option<(LogIndex, GrantTerms)> {
        let id = GrantId(grant.issued_at);
        move |number| match self.held(&StateKey::GrantVersion(id, number).to_bytes())? {
            Held::GrantVersion(version) => Some((version.version_at, version.terms)),
            _ => None,
        }
    }

    /// No more versions are there than this: one more than there are keys.
    fn most(&self) -> u32 {
        u32::try_from(self.values.len()).unwrap_or(u32::MAX).saturating_add(1)
    }
}

impl StateRead for Objects {
    fn get(&self, key: &[u8]) -> Option<&[u8]> {
        self.values.get(key)?.as_deref()
    }

    fn has_record(&self, _id: &RecordId) -> bool {
        false
    }

    fn has_exchange(&self, _id: &ExchangeId) -> bool {
        false
    }
}

fn object<T: Encode + Decode<()>>(value: &[u8]) -> Option<T> {
    decode(value, value.len()).ok()
}

/// What lies under a key; `None` where the value is none of the key's type.
fn read(key: &[u8], value: &[u8]) -> Option<Held> {
    let (letter, name) = key.split_first()?;
    let number = || <[u8; 8]>::try_from(name).ok().map(|bytes| LogIndex(u64::from_be_bytes(bytes)));
    let words = || std::str::from_utf8(name).ok();
    // A key that is no object's name cannot be held on a true ledger.
    let held = match letter {
        b'g' => Held::Grant(GrantId(number()?), object(value)?),
        b'h' => Held::Emergency(EmergencyId(number()?), object(value)?),
        b's' => {
            let (of, at) = name.split_first_chunk::<8>()?;
            let emergency = EmergencyId(LogIndex(u64::from_be_bytes(*of)));
            let access = LogIndex(u64::from_be_bytes(at.try_into().ok()?));
            Held::EmergencyAccess((emergency, access), object(value)?)
        }
        b'S' => {
            let (_, agency) = name.split_first_chunk::<8>()?;
            std::str::from_utf8(agency).ok()?.parse::<AgencyId>().ok()?;
            object::<EmergencyUse>(value).map(|_| Held::EmergencyUse)?
        }
        b'u' => Held::Usage(GrantId(number()?), object(value)?),
        b'r' => Held::Request(RequestId(number()?), object(value)?),
        b'q' => Held::Proposal(ProposalId(number()?), object(value)?),
        b'B' => Held::Check(CheckId(number()?), object(value)?),
        b'I' => Held::Incident(IncidentId(number()?), object(value)?),
        b'D' => Held::Dispute(DisputeId(number()?), object(value)?),
        b'W' => Held::Draw(DrawId(number()?), object(value)?),
        b'F' => Held::Finding(FindingId(number()?), object(value)?),
        b'T' => Held::TaskForce(TaskForceId(number()?), object(value)?),
        b'M' => {
            let (of, agency) = name.split_first_chunk::<8>()?;
            let grant = GrantId(LogIndex(u64::from_be_bytes(*of)));
            let agency = std::str::from_utf8(agency).ok()?.parse().ok()?;
            Held::MemberUsage((grant, agency), object(value)?)
        }
        b'A' => Held::Assessment(AssessmentId(number()?), object(value)?),
        b'd' => Held::Dataset(words()?.parse().ok()?, object(value)?),
        b'e' => {
            version_of(name)?;
            Held::Version(object(value)?)
        }
        b'f' => {
            <[u8; 12]>::try_from(name).ok()?;
            Held::GrantVersion(object(value)?)
        }
        b'k' => {
            Held::Key(PublicKey::try_from(<[u8; 32]>::try_from(name).ok()?).ok()?, object(value)?)
        }
        b'a' => {
            words()?.parse::<AgencyId>().ok()?;
            object::<Agency>(value).map(|_| Held::Agency)?
        }
        b'x' => {
            words()?.parse::<AgencyId>().ok()?;
            Held::Departure(object(value)?)
        }
        b'm' | b'b' => {
            words()?.parse::<Code>().ok()?;
            let list = if *letter == b'm' { CodeList::Matters } else { CodeList::DutyBases };
            Held::Code(list, object(value)?)
        }
        b'p' if name.is_empty() => object::<Params>(value).map(|_| Held::Params)?,
        b'o' if name.is_empty() => object::<u16>(value).map(|_| Held::Rules)?,
        _ => other(*letter, name, value)?,
    };
    Some(held)
}

/// The same, of what is no part of any case; `None` too where nothing lies under such a key.
fn other(letter: u8, name: &[u8], value: &[u8]) -> Option<Held> {
    let words = || std::str::from_utf8(name).ok();
    let key = |bytes: &[u8]| PublicKey::try_from(<[u8; 32]>::try_from(bytes).ok()?).ok();
    match letter {
        b'c' if name.is_empty() => object::<AgencyId>(value).map(drop),
        b'v' if name.is_empty() => object::<ValidatorSet>(value).map(drop),
        b'l' if name.is_empty() => object::<Roll>(value).map(drop),
        b'z' if name.is_empty() => object::<RulePacks>(value).map(drop),
        b'E' if name.is_empty() => object::<Vec<EmergencyId>>(value).map(drop),
        b'n' => {
            words()?.parse::<AgencyId>().ok()?;
            object::<OfficialKeys>(value).map(drop)
        }
        b'j' => {
            key(name)?;
            object::<GatewayNumbers>(value).map(drop)
        }
        b'w' => {
            words()?.parse::<Text<64>>().ok()?;
            object::<RegionCalendars>(value).map(drop)
        }
        b'i' => {
            Office::ALL.iter().find(|office| office.as_str().as_bytes() == name)?;
            object::<BTreeSet<AgencyId>>(value).map(drop)
        }
        b'y' => {
            let (of, place) = name.split_first_chunk::<32>()?;
            key(of)?;
            <[u8; 13]>::try_from(place).ok().filter(|[.., step]| *step <= 2)?;
            object::<LogIndex>(value).map(drop)
        }
        b'X' => {
            <[u8; 16]>::try_from(name).ok()?;
            object::<LogIndex>(value).map(drop)
        }
        b'R' => {
            let (_, received) = name.split_first_chunk::<8>()?;
            let (agency, dataset) = std::str::from_utf8(received).ok()?.split_once('\0')?;
            agency.parse::<AgencyId>().ok()?;
            dataset.parse::<DatasetId>().ok()?;
            object::<LogIndex>(value).map(drop)
        }
        b'H' => {
            is_report(name).then_some(())?;
            object::<AssessmentId>(value).map(drop)
        }
        b'O' => {
            <[u8; 9]>::try_from(name).ok().filter(|[what, ..]| b"rgB".contains(what))?;
            object::<DisputeId>(value).map(drop)
        }
        _ => None,
    }?;
    Some(Held::Other)
}

/// Whether this names a report: its hash, its kind, from and until when, by whom, of whom and in which
/// matter.
fn is_report(name: &[u8]) -> bool {
    let Some((fixed, names)) = name.split_first_chunk::<49>() else { return false };
    let names = std::str::from_utf8(names).unwrap_or_default().split('\0');
    let [by, agency, matter] = names.collect::<Vec<_>>()[..] else { return false };
    fixed[32] <= 1
        && [by, agency].iter().all(|id| id.parse::<AgencyId>().is_ok())
        && (matter.is_empty() || matter.parse::<Code>().is_ok())
}

/// The dataset whose version lies under a key: the id, a NUL, and the version's number.
fn version_of(name: &[u8]) -> Option<DatasetId> {
    let end = name.len().checked_sub(5)?;
    let (id, number) = name.split_at(end);
    number.first().filter(|nul| **nul == 0)?;
    std::str::from_utf8(id).ok()?.parse().ok()
}
