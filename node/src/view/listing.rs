//! Entries of the log: where one is, and lists of those that meet conditions.
//! Holds: nothing above the snapshot that it is asked for is found; the work of one page is
//! bounded, whatever is asked.
//! May not enter: the entries' bytes (the block log has them), JSON.

use std::iter::Peekable;

use comity_core::hash::RecordId;
use comity_core::ids::{Height, LogIndex, TimeMs};
use comity_listing::{EntryFilter, Term};

use super::layout::{
    ENTRIES, EntryChunk, Positions, TIMES, entries_key, number_at_end, numbered, posting_prefix,
    time_key, value,
};
use super::query::Page;
use super::tree::Tree;
use super::{Snapshot, View, ViewError};

/// Blocks that one page looks into at most before it ends early.
const BLOCKS_PER_PAGE: usize = 20_000;

/// In which order entries are listed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Order {
    /// Oldest first.
    #[default]
    Ascending,
    /// Newest first.
    Descending,
}

/// Where an entry is, and whose statement it holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct EntryPlace {
    /// Its index on the log.
    pub index: LogIndex,
    /// The block's height.
    pub height: Height,
    /// Its position in the block, from 0.
    pub position: usize,
    /// The statement's id.
    pub record_id: RecordId,
}

/// A page of entries.
pub type EntryPage = Page<EntryPlace, LogIndex>;

impl View {
    /// Where the entry at `index` is. Errors: the store.
    pub fn entry(&self, at: &Snapshot, index: LogIndex) -> Result<Option<EntryPlace>, ViewError> {
        if index.0 >= at.log_size() {
            return Ok(None);
        }
        let Some((first, chunk)) = self.chunk_of(index)? else { return Ok(None) };
        let position = usize::try_from(index.0 - first.0).unwrap_or(usize::MAX);
        Ok(chunk.place(first, position))
    }

    /// Where the entry with this statement is. Errors: the store.
    pub fn record(&self, at: &Snapshot, id: &RecordId) -> Result<Option<EntryPlace>, ViewError> {
        for index in self.named_like(id)? {
            let place = self.entry(at, LogIndex(index?))?;
            if place.is_some_and(|place| place.record_id == *id) {
                return Ok(place);
            }
        }
        Ok(None)
    }

    /// Entries that `filter` lets through, from `from` (inclusive) on in `order`; without `from`
    /// from the first or the last. Errors: the store.
    pub fn entries(
        &self,
        at: &Snapshot,
        filter: &EntryFilter,
        order: Order,
        from: Option<LogIndex>,
        limit: usize,
    ) -> Result<EntryPage, ViewError> {
        let Some(newest) = self.newest(at, filter.until)? else { return Ok(Page::empty()) };
        let Some(oldest) = self.oldest(filter.since)? else { return Ok(Page::empty()) };
        let bounds = match order {
            Order::Ascending => (from.map_or(oldest, |from| from.0.max(oldest)), newest),
            Order::Descending => (oldest, from.map_or(newest, |from| from.0.min(newest))),
        };
        if bounds.0 > bounds.1 {
            return Ok(Page::empty());
        }
        let terms = filter.terms();
        let listing = Listing { order, bounds, limit, page: Page::empty() };
        self.list(listing, &terms)
    }

    /// The last entry of the snapshot, in blocks before `until`.
    fn newest(&self, at: &Snapshot, until: Option<TimeMs>) -> Result<Option<u64>, ViewError> {
        let end = match until {
            Some(until) => self.first_index_since(until)?.unwrap_or(u64::MAX),
            None => u64::MAX,
        };
        Ok(at.log_size().min(end).checked_sub(1))
    }

    /// The first entry in blocks of `since` or later, if there is any.
    fn oldest(&self, since: Option<TimeMs>) -> Result<Option<u64>, ViewError> {
        match since {
            Some(since) => self.first_index_since(since),
            None => Ok(Some(0)),
        }
    }

    /// The first index of the first block with entries that is not older than `time`.
    fn first_index_since(&self, time: TimeMs) -> Result<Option<u64>, ViewError> {
        let mut blocks = self.keys_from(&TIMES, time_key(time))?;
        let Some(key) = blocks.next().transpose()? else { return Ok(None) };
        let first = self.0.shared.tree()?.get(key)?;
        Ok(first.as_deref().and_then(number_at_end))
    }

    fn list(&self, mut listing: Listing, terms: &[Term]) -> Result<EntryPage, ViewError> {
        let tree = self.0.shared.tree()?;
        // The first term, which few entries have, says which blocks are looked into, the further ones
        // what is taken of each.
        let (leading, further) = match terms.split_first() {
            Some((leading, further)) => (Some(leading), further),
            None => (None, terms),
        };
        let mut blocks = self.blocks(&tree, leading, &listing)?;
        for looked_into in 0.. {
            let Some((first, listed)) = blocks.next().transpose()? else { break };
            let positions = listed.map(|listed| self.intersection(&tree, listed, further, first));
            let positions = positions.transpose()?;
            let is_last = looked_into == BLOCKS_PER_PAGE;
            if !is_last && positions.as_ref().is_some_and(|Positions(list)| list.is_empty()) {
                continue;
            }
            let Some(chunk) = chunk_at(&tree, first)? else { continue };
            if is_last {
                listing.page.next = Some(listing.nearest(first, &chunk));
                break;
            }
            if listing.take_block(first, &chunk, positions.as_ref()) {
                break;
            }
        }
        Ok(listing.page)
    }

    /// The blocks within the bounds in which a term has entries; without one, all of them.
    fn blocks<'a>(
        &'a self,
        tree: &'a Tree,
        term: Option<&Term>,
        listing: &Listing,
    ) -> Result<Blocks<'a>, ViewError> {
        let Listing { bounds, order, .. } = *listing;
        let named = term.map(|term| self.of_term(term, bounds, order)).transpose()?.flatten();
        match named {
            // Each is looked up when it is asked for: an exchange can be acknowledged any number of times.
            Some(indexes) => {
                let mut indexes = indexes.peekable();
                Ok(Box::new(std::iter::from_fn(move || self.next_block(&mut indexes).transpose())))
            }
            None => self.blocks_under(tree, term, listing),
        }
    }

    /// The blocks within the bounds that a term is posted in; without one, all of them.
    fn blocks_under<'a>(
        &self,
        tree: &'a Tree,
        term: Option<&Term>,
        listing: &Listing,
    ) -> Result<Blocks<'a>, ViewError> {
        let prefix = term.map_or(vec![ENTRIES], posting_prefix);
        let is_posting = term.is_some();
        let (lowest, highest) = listing.bounds;
        // The block in which the range begins may begin before it.
        let first_block = self.chunk_of(LogIndex(lowest))?.map_or(lowest, |(first, _)| first.0);
        let range = numbered(&prefix, first_block)..=numbered(&prefix, highest);
        Ok(Box::new(tree.pairs(range, listing.order).filter_map(move |pair| match pair {
            Ok((key, bytes)) => {
                let first = LogIndex(number_at_end(&key)?);
                let listed = is_posting.then(|| value(&bytes)).transpose();
                Some(listed.map(|listed| (first, listed)).map_err(ViewError::from))
            }
            Err(error) => Some(Err(error.into())),
        })))
    }

    /// The block of the next of these entries, with the positions of all of them that are in it.
    fn next_block(
        &self,
        indexes: &mut Peekable<impl Iterator<Item = Result<u64, ViewError>>>,
    ) -> Result<Option<Block>, ViewError> {
        let Some(index) = indexes.next().transpose()? else { return Ok(None) };
        let Some((LogIndex(first), chunk)) = self.chunk_of(LogIndex(index))? else {
            return Ok(None);
        };
        let block = first..first + chunk.record_ids.len() as u64;
        let is_in_it =
            |next: &Result<u64, ViewError>| next.as_ref().is_ok_and(|next| block.contains(next));
        let mut within = vec![index];
        while let Some(next) = indexes.next_if(is_in_it) {
            within.push(next?);
        }
        within.sort_unstable();
        let positions = positions_of(within.into_iter().map(Ok), first)?;
        Ok(Some((LogIndex(first), Some(positions))))
    }

    /// Those of a block's positions that every further term has as well.
    fn intersection(
        &self,
        tree: &Tree,
        mut positions: Positions,
        further: &[Term],
        LogIndex(first): LogIndex,
    ) -> Result<Positions, ViewError> {
        for term in further {
            let Some(last) = positions.0.last() else { break };
            let bounds = (first, first + u64::from(*last));
            let also = match self.of_term(term, bounds, Order::Ascending)? {
                Some(indexes) => positions_of(indexes, first)?,
                None => match tree.get(numbered(&posting_prefix(term), first))? {
                    Some(bytes) => value::<Positions>(&bytes)?,
                    None => Positions::default(),
                },
            };
            positions.0.retain(|position| also.0.binary_search(position).is_ok());
        }
        Ok(positions)
    }

    /// The block that holds the entry at `index`, or the last one before it that has entries.
    fn chunk_of(&self, index: LogIndex) -> Result<Option<(LogIndex, EntryChunk)>, ViewError> {
        let range = entries_key(LogIndex(0))..=entries_key(index);
        let found = self.0.shared.tree()?.descending(range).next().transpose()?;
        let Some((key, bytes)) = found else { return Ok(None) };
        let Some(first) = number_at_end(&key) else { return Ok(None) };
        Ok(Some((LogIndex(first), value(&bytes)?)))
    }
}

impl EntryChunk {
    fn place(&self, first: LogIndex, position: usize) -> Option<EntryPlace> {
        let record_id = *self.record_ids.get(position)?;
        let index = LogIndex(first.0 + position as u64);
        Some(EntryPlace { index, height: self.height, position, record_id })
    }
}

/// The first entry of a block that a list looks into, and where in it the entries are that its leading
/// term has; `None` where there is no condition.
type Block = (LogIndex, Option<Positions>);

/// Blocks in the order of a list.
type Blocks<'a> = Box<dyn Iterator<Item = Result<Block, ViewError>> + 'a>;

/// A page of entries in the making.
struct Listing {
    order: Order,
    /// First and last index that may be listed.
    bounds: (u64, u64),
    limit: usize,
    page: EntryPage,
}

impl Listing {
    /// Takes in the entries of a block at `positions` (all where there is no condition). Returns
    /// whether the page is full and `next` is set.
    fn take_block(
        &mut self,
        first: LogIndex,
        chunk: &EntryChunk,
        positions: Option<&Positions>,
    ) -> bool {
        let mut positions: Vec<usize> = match positions {
            Some(Positions(list)) => {
                list.iter().filter_map(|position| usize::try_from(*position).ok()).collect()
            }
            None => (0..chunk.record_ids.len()).collect(),
        };
        if self.order == Order::Descending {
            positions.reverse();
        }
        let (lowest, highest) = self.bounds;
        for place in positions.into_iter().filter_map(|at| chunk.place(first, at)) {
            if !(lowest..=highest).contains(&place.index.0) {
                continue;
            }
            if self.page.found.len() == self.limit {
                self.page.next = Some(place.index);
                return true;
            }
            self.page.found.push(place);
        }
        false
    }

    /// The entry of a block that comes first in this order.
    fn nearest(&self, first: LogIndex, chunk: &EntryChunk) -> LogIndex {
        match self.order {
            Order::Ascending => first,
            Order::Descending => {
                LogIndex(first.0 + (chunk.record_ids.len() as u64).saturating_sub(1))
            }
        }
    }
}

/// Where these entries, ascending, are in the block whose first is this. Errors: an item's.
fn positions_of(
    indexes: impl Iterator<Item = Result<u64, ViewError>>,
    first: u64,
) -> Result<Positions, ViewError> {
    let position = |index: u64| u32::try_from(index - first).unwrap_or(u32::MAX);
    Ok(Positions(indexes.map(|index| index.map(position)).collect::<Result<_, _>>()?))
}

fn chunk_at(tree: &Tree, first: LogIndex) -> Result<Option<EntryChunk>, ViewError> {
    match tree.get(entries_key(first))? {
        Some(bytes) => Ok(Some(value(&bytes)?)),
        None => Ok(None),
    }
}
