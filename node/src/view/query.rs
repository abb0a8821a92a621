//! Listings of what the state holds: datasets, grants, keys, agencies, codes.
//! Holds: every object is as the snapshot has it; the work of one page is bounded.
//! May not enter: entries of the log (see `listing`), JSON.

use std::ops::Bound;

use comity_core::agency::{Agency, Key};
use comity_core::dataset::PublishedDataset;
use comity_core::encoding::{Decode, Encode};
use comity_core::genesis::CodeEntry;
use comity_core::grant::{Grant, Usage};
use comity_core::ids::{DatasetId, GrantId, LogIndex};
use comity_core::keys::PublicKey;
use comity_core::state::object;
use comity_core::text::AgencyId;
use sled::IVec;

use super::layout::{
    GrantTerm, agency_keys_prefix, grant_prefix, number_at_end, numbered, state_key,
};
use super::{Snapshot, View, ViewError};

/// Objects that one page of grants looks at at most before it ends early.
const OBJECTS_PER_PAGE: usize = 20_000;

/// Which grants; all conditions together.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct GrantFilter {
    /// The dataset's owner.
    pub provider: Option<AgencyId>,
    /// The agency that it is for.
    pub requester: Option<AgencyId>,
    /// The dataset.
    pub dataset: Option<DatasetId>,
}

/// A part of a listing. It may hold fewer than asked for and still not be the last.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Page<T, C> {
    /// What was found.
    pub found: Vec<T>,
    /// Where the next page begins; `None` after the last.
    pub next: Option<C>,
}

impl<T, C> Page<T, C> {
    pub(super) fn empty() -> Self {
        Page { found: Vec::new(), next: None }
    }
}

impl View {
    /// Datasets, ascending by id, of one agency or of all. Errors: the store.
    pub fn datasets(
        &self,
        at: &Snapshot,
        agency: Option<&AgencyId>,
        from: Option<&DatasetId>,
        limit: usize,
    ) -> Result<Page<PublishedDataset, DatasetId>, ViewError> {
        let prefix = match agency {
            Some(agency) => state_key(format!("d{agency}/").as_bytes()),
            None => state_key(b"d"),
        };
        let start =
            from.map_or_else(|| prefix.clone(), |id| state_key(format!("d{id}").as_bytes()));
        let mut page = Page::empty();
        for key in self.keys_from(&prefix, start)? {
            let Some(bytes) = at.state().get(&key?[1..]) else { continue };
            let dataset: PublishedDataset = object(bytes);
            if page.found.len() == limit {
                page.next = Some(dataset.dataset.id);
                break;
            }
            page.found.push(dataset);
        }
        Ok(page)
    }

    /// Grants with their usage, ascending by id. Errors: the store.
    pub fn grants(
        &self,
        at: &Snapshot,
        filter: &GrantFilter,
        from: Option<GrantId>,
        limit: usize,
    ) -> Result<Page<(GrantId, Grant, Usage), GrantId>, ViewError> {
        let db = self.0.shared.db()?;
        let terms = filter.terms();
        let prefix = terms.first().map_or(state_key(b"g"), grant_prefix);
        let start = numbered(&prefix, from.map_or(0, |from| from.0.0));
        let mut page = Page::empty();
        for (looked_at, key) in self.keys_from(&prefix, start)?.enumerate() {
            let Some(index) = number_at_end(&key?) else { continue };
            let id = GrantId(LogIndex(index));
            if page.found.len() == limit || looked_at == OBJECTS_PER_PAGE {
                page.next = Some(id);
                break;
            }
            let mut fits = true;
            for term in terms.get(1..).unwrap_or(&[]) {
                fits &= db.contains_key(numbered(&grant_prefix(term), index))?;
            }
            if let Some((grant, usage)) = at.grant(id).filter(|_| fits) {
                page.found.push((id, grant, usage));
            }
        }
        Ok(page)
    }

    /// Keys, ascending by their bytes, of one agency or of all. Errors: the store.
    pub fn keys(
        &self,
        at: &Snapshot,
        agency: Option<&AgencyId>,
        from: Option<&PublicKey>,
        limit: usize,
    ) -> Result<Page<(PublicKey, Key), PublicKey>, ViewError> {
        let prefix = agency.map_or(state_key(b"k"), agency_keys_prefix);
        let start = match from {
            Some(key) => [&prefix[..], key.as_bytes()].concat(),
            None => prefix.clone(),
        };
        let mut page = Page::empty();
        for found in self.keys_from(&prefix, start)? {
            let found = found?;
            let key = found.last_chunk::<32>().and_then(|bytes| PublicKey::try_from(*bytes).ok());
            let Some((key, registered)) = key.and_then(|key| Some((key, at.key(&key)?))) else {
                continue;
            };
            if page.found.len() == limit {
                page.next = Some(key);
                break;
            }
            page.found.push((key, registered));
        }
        Ok(page)
    }

    /// All members, ascending by id. Errors: the store.
    pub fn agencies(&self, at: &Snapshot) -> Result<Vec<Agency>, ViewError> {
        self.objects(at, b'a')
    }

    /// The matters, ascending by code. Errors: the store.
    pub fn matters(&self, at: &Snapshot) -> Result<Vec<CodeEntry>, ViewError> {
        self.objects(at, b'm')
    }

    /// The duty bases, ascending by code. Errors: the store.
    pub fn duty_bases(&self, at: &Snapshot) -> Result<Vec<CodeEntry>, ViewError> {
        self.objects(at, b'b')
    }

    fn objects<T>(&self, at: &Snapshot, letter: u8) -> Result<Vec<T>, ViewError>
    where
        T: Encode + Decode<()>,
    {
        let prefix = state_key(&[letter]);
        let mut objects = Vec::new();
        for key in self.keys_from(&prefix, prefix.clone())? {
            objects.extend(at.state().get(&key?[1..]).map(object));
        }
        Ok(objects)
    }

    /// Keys that begin with `prefix`, from `start` on.
    fn keys_from(
        &self,
        prefix: &[u8],
        start: Vec<u8>,
    ) -> Result<impl Iterator<Item = Result<IVec, sled::Error>> + use<>, ViewError> {
        let prefix = prefix.to_vec();
        let begin = start.max(prefix.clone());
        let range = (Bound::Included(begin), Bound::<Vec<u8>>::Unbounded);
        let keys = self.0.shared.db()?.range(range).keys();
        Ok(keys.take_while(move |key| key.as_ref().map_or(true, |key| key.starts_with(&prefix))))
    }
}

impl GrantFilter {
    fn terms(&self) -> Vec<GrantTerm> {
        let terms = [
            self.dataset.as_ref().map(|id| GrantTerm::Dataset(id.to_string())),
            self.requester.clone().map(GrantTerm::Requester),
            self.provider.clone().map(GrantTerm::Provider),
        ];
        terms.into_iter().flatten().collect()
    }
}
