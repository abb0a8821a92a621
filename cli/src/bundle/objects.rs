//! The objects of an evidence bundle: what the state holds about a case, by its keys.
//! Holds: a value under a key is of that key's type, so that core's readers may read it.
//! May not enter: proofs; what the objects need (see `closure`). Source: docs/formats.md, "State".

use std::collections::BTreeMap;

use comity_core::agency::{Agency, Key};
use comity_core::codes::{CodeList, PublishedCode};
use comity_core::dataset::{DatasetVersion, PublishedDataset};
use comity_core::encoding::{Decode, Encode, decode};
use comity_core::genesis::Params;
use comity_core::governance::{Departure, Proposal};
use comity_core::grant::{Grant, Usage};
use comity_core::hash::RecordId;
use comity_core::ids::{DatasetId, ExchangeId, GrantId, LogIndex, ProposalId, RequestId};
use comity_core::keys::PublicKey;
use comity_core::request::Request;
use comity_core::state::{StateKey, StateRead};
use comity_core::text::{AgencyId, Code};

/// An object under its name.
#[derive(Clone, Debug)]
pub(crate) enum Held {
    /// A grant.
    Grant(GrantId, Grant),
    /// How far a grant is used up.
    Usage(GrantId, Usage),
    /// A request.
    Request(RequestId, Request),
    /// A dataset.
    Dataset(DatasetId, PublishedDataset),
    /// A version of a dataset that a later one replaced.
    Version(DatasetVersion),
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
        // A bundle that lacks some has fewer; more than there are keys there are not.
        let most = u32::try_from(self.values.len()).unwrap_or(u32::MAX).saturating_add(1);
        (1..below.min(most)).filter_map(version).collect()
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
        b'u' => Held::Usage(GrantId(number()?), object(value)?),
        b'r' => Held::Request(RequestId(number()?), object(value)?),
        b'q' => Held::Proposal(ProposalId(number()?), object(value)?),
        b'd' => Held::Dataset(words()?.parse().ok()?, object(value)?),
        b'e' => {
            version_of(name)?;
            Held::Version(object(value)?)
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
        _ => Held::Other,
    };
    Some(held)
}

/// The dataset whose version lies under a key: the id, a NUL, and the version's number.
fn version_of(name: &[u8]) -> Option<DatasetId> {
    let end = name.len().checked_sub(5)?;
    let (id, number) = name.split_at(end);
    number.first().filter(|nul| **nul == 0)?;
    std::str::from_utf8(id).ok()?.parse().ok()
}
