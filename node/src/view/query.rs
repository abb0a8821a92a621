//! Listings of what the state holds: datasets, grants, requests, keys, agencies, codes.
//! Holds: every object is as the snapshot has it; the work of one page is bounded.
//! May not enter: entries of the log (see `listing`), JSON.

use std::ops::Bound;

use comity_core::agency::{Agency, Key};
use comity_core::calendar::{PublishedCalendar, RegionCalendars};
use comity_core::codes::PublishedCode;
use comity_core::dataset::PublishedDataset;
use comity_core::encoding::{Decode, Encode};
use comity_core::ids::{DatasetId, GrantId, LogIndex, RequestId};
use comity_core::keys::PublicKey;
use comity_core::request::Request;
use comity_core::state::object;
use comity_core::text::AgencyId;
use comity_listing::{DatasetFilter, GrantFilter, GrantFound, RequestFilter, RequestState};
use sled::IVec;

use super::layout::{
    GrantTerm, RequestTerm, agency_keys_prefix, grant_prefix, number_at_end, numbered,
    request_prefix, state_key,
};
use super::tree::end_of;
use super::{Snapshot, View, ViewError};

/// Objects that one page looks up at most before it ends early.
const OBJECTS_PER_PAGE: usize = 20_000;
/// Objects that one page reads at most before it ends early.
const OBJECTS_READ_PER_PAGE: usize = 5_000;

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
    /// Datasets, ascending by id. Errors: the store.
    pub fn datasets(
        &self,
        at: &Snapshot,
        filter: &DatasetFilter,
        from: Option<&DatasetId>,
        limit: usize,
    ) -> Result<Page<PublishedDataset, DatasetId>, ViewError> {
        let prefix = match &filter.agency {
            Some(agency) => state_key(format!("d{agency}/").as_bytes()),
            None => state_key(b"d"),
        };
        let start =
            from.map_or_else(|| prefix.clone(), |id| state_key(format!("d{id}").as_bytes()));
        let mut page = Page::empty();
        for (read, key) in self.keys_from(&prefix, start)?.enumerate() {
            let Some(bytes) = at.state().get(&key?[1..]) else { continue };
            let dataset: PublishedDataset = object(bytes);
            if page.found.len() == limit || read >= OBJECTS_READ_PER_PAGE {
                page.next = Some(dataset.dataset.id);
                break;
            }
            if filter.fits(&dataset) {
                page.found.push(dataset);
            }
        }
        Ok(page)
    }

    /// Grants with their usage and standing, ascending by id. Errors: the store.
    pub fn grants(
        &self,
        at: &Snapshot,
        filter: &GrantFilter,
        from: Option<GrantId>,
        limit: usize,
    ) -> Result<Page<GrantFound, GrantId>, ViewError> {
        let prefixes: Vec<_> = grant_terms(filter).iter().map(grant_prefix).collect();
        let (first, further) = match prefixes.split_first() {
            Some((first, further)) => (first.clone(), further),
            None => (state_key(b"g"), &[][..]),
        };
        let page = self.numbers(&first, further, from.map(|from| from.0), limit, |index| {
            let found = at.grant(GrantId(index))?;
            filter.standing.is_none_or(|standing| found.standing == standing).then_some(found)
        })?;
        Ok(Page { found: page.found, next: page.next.map(GrantId) })
    }

    /// Requests, ascending by id. One that is answered while it is listed may be left out of the
    /// open ones already. Errors: the store.
    pub fn requests(
        &self,
        at: &Snapshot,
        filter: &RequestFilter,
        from: Option<RequestId>,
        limit: usize,
    ) -> Result<Page<(RequestId, Request), RequestId>, ViewError> {
        // Each prefix is of requests in the state asked for: no other is looked at.
        let prefix = |term: &RequestTerm| request_prefix(term, filter.state);
        let prefixes: Vec<_> = request_terms(filter).iter().map(prefix).collect();
        let (first, further) = match prefixes.split_first() {
            Some((first, further)) => (first.clone(), further),
            None => (prefix(&RequestTerm::Any), &[][..]),
        };
        let page = self.numbers(&first, further, from.map(|from| from.0), limit, |index| {
            let id = RequestId(index);
            let request = at.request(id)?;
            let fits = filter.state.is_none_or(|state| RequestState::of(&request) == state);
            fits.then_some((id, request))
        })?;
        Ok(Page { found: page.found, next: page.next.map(RequestId) })
    }

    /// What `read` gives for the numbers, ascending from `from` on, that stand under `first` and
    /// under every one of `further`.
    pub(super) fn numbers<T>(
        &self,
        first: &[u8],
        further: &[Vec<u8>],
        from: Option<LogIndex>,
        limit: usize,
        read: impl Fn(LogIndex) -> Option<T>,
    ) -> Result<Page<T, LogIndex>, ViewError> {
        let tree = self.0.shared.tree()?;
        let start = numbered(first, from.unwrap_or_default().0);
        let mut page = Page::empty();
        let mut reads = 0;
        for (looked_at, key) in self.keys_from(first, start)?.enumerate() {
            let Some(index) = number_at_end(&key?) else { continue };
            let is_enough = looked_at == OBJECTS_PER_PAGE || reads == OBJECTS_READ_PER_PAGE;
            if page.found.len() == limit || is_enough {
                page.next = Some(LogIndex(index));
                break;
            }
            let mut fits = true;
            for prefix in further {
                fits = fits && tree.contains_key(numbered(prefix, index))?;
            }
            if fits {
                reads += 1;
                page.found.extend(read(LogIndex(index)));
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
    pub fn matters(&self, at: &Snapshot) -> Result<Vec<PublishedCode>, ViewError> {
        self.objects(at, b'm')
    }

    /// The duty bases, ascending by code. Errors: the store.
    pub fn duty_bases(&self, at: &Snapshot) -> Result<Vec<PublishedCode>, ViewError> {
        self.objects(at, b'b')
    }

    /// The calendars of all regions, by region and then by day. Errors: the store.
    pub fn calendars(&self, at: &Snapshot) -> Result<Vec<PublishedCalendar>, ViewError> {
        let regions: Vec<RegionCalendars> = self.objects(at, b'w')?;
        Ok(regions.iter().flat_map(|region| region.all().iter().cloned()).collect())
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
    pub(super) fn keys_from(
        &self,
        prefix: &[u8],
        start: Vec<u8>,
    ) -> Result<impl Iterator<Item = Result<IVec, sled::Error>> + use<>, ViewError> {
        let range = (Bound::Included(start.max(prefix.to_vec())), end_of(prefix));
        let pairs = self.0.shared.tree()?.ascending(range);
        Ok(pairs.map(|pair| pair.map(|(key, _)| key)))
    }
}

/// The conditions but for the state, the one that lets least through (as a rule) first.
fn request_terms(filter: &RequestFilter) -> Vec<RequestTerm> {
    let terms = [
        filter.bundle.map(RequestTerm::Bundle),
        filter.dataset.as_ref().map(|id| RequestTerm::Dataset(id.to_string())),
        filter.requester.clone().map(RequestTerm::Requester),
        filter.provider.clone().map(RequestTerm::Provider),
    ];
    terms.into_iter().flatten().collect()
}

fn grant_terms(filter: &GrantFilter) -> Vec<GrantTerm> {
    let terms = [
        filter.dataset.as_ref().map(|id| GrantTerm::Dataset(id.to_string())),
        filter.requester.clone().map(GrantTerm::Requester),
        filter.provider.clone().map(GrantTerm::Provider),
    ];
    terms.into_iter().flatten().collect()
}
