//! Where everything lies in the view's one tree: a letter, then what is looked up by.
//! Holds: no name can run into the number after it (names carry their length); numbers are
//! big-endian, so that the tree's order is theirs.
//! May not enter: the tree itself. The layout is nobody's contract: a change raises
//! [`VIEW_VERSION`], and every node rebuilds its view from the block log.

use comity_core::encoding::{Decode, DecodeError, Encode, decode};
use comity_core::hash::{ConsortiumId, RecordId};
use comity_core::ids::{BundleId, ExchangeId, Height, LogIndex, TimeMs};
use comity_core::log_tree::Frontier;
use comity_core::text::AgencyId;
use comity_core::validators::ValidatorSet;
use std::collections::BTreeMap;

use comity_core::block::Header;

use comity_listing::{RequestState, Term};

/// Version of this layout.
pub(crate) const VIEW_VERSION: u16 = 10;

/// Every state key lies under this letter, so that objects can be listed, but for those of [`UNLISTED`]. Values lie in the
/// journal and its image.
pub(crate) const STATE: u8 = b's';
/// What the state holds of grants, gateways and emergencies beside the objects themselves: by the first letters of its
/// keys, which accesses write again and again, and which nothing lists.
pub(crate) const UNLISTED: [u8; 7] = [b'u', b'j', b'M', b'S', b'X', b'R', b'E'];
/// What each block changed in the state lies under this letter and its height.
pub(crate) const JOURNAL: u8 = b'j';
/// Entries lie under this letter, one chunk for each block that has any.
pub(crate) const ENTRIES: u8 = b'e';
/// The replay window lies under this letter, one chunk for each block that adds to it.
pub(crate) const WINDOW: u8 = b't';

/// Objects of which something may be left to do lie under this letter and their state keys.
pub(crate) const OWING: u8 = b'w';

/// Every change of the validators, under its height.
pub(crate) const SET_CHANGES: u8 = b'v';
/// Blocks at which a snapshot's entries may begin, under their times and heights.
pub(crate) const CUT_OFFS: u8 = b'o';

const HASHES: u8 = b'h';
const SUBTREES: u8 = b'f';
const META: u8 = b'm';
const NAMES: u8 = b'n';
const POSTING: u8 = b'i';
const GRANT_OF: u8 = b'g';
const KEY_OF: u8 = b'k';
const REQUEST_OF: u8 = b'q';
const TIME: u8 = b'c';

/// What the view is of. Value under [`mark_key`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode)]
pub(crate) struct Mark {
    pub(crate) version: u16,
    pub(crate) consortium: ConsortiumId,
}

/// How far the view is. Value under [`tip_key`], written in every block's batch.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub(crate) struct SavedTip {
    /// The last block applied.
    pub(crate) header: Header,
    /// The log after it.
    pub(crate) log: Frontier,
    /// The validators of its height.
    pub(crate) validators: ValidatorSet,
    /// What the replay window holds, which no root commits to.
    pub(crate) window: WindowSum,
}

/// Tells whether the chunks of the replay window that are found are those that were written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Encode, Decode)]
pub(crate) struct WindowSum {
    /// Number of chunks.
    pub(crate) chunks: u64,
    /// Exclusive or of the chunks' hashes.
    pub(crate) sum: [u8; 32],
}

/// Ids that one block adds to the replay window.
#[derive(Clone, Debug, Default, PartialEq, Eq, Encode, Decode)]
pub(crate) struct WindowChunk {
    pub(crate) records: BTreeMap<RecordId, TimeMs>,
    pub(crate) exchanges: BTreeMap<ExchangeId, TimeMs>,
}

/// The entries of one block. Value under [`entries_key`] of the first one's index.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub(crate) struct EntryChunk {
    pub(crate) height: Height,
    pub(crate) record_ids: Vec<RecordId>,
    /// The exchanges that they are about, each with the position of its entry.
    pub(crate) exchanges: Vec<(u32, ExchangeId)>,
    /// The entries that made the grants (or what else is found so) that they are about, likewise.
    pub(crate) grants: Vec<(u32, LogIndex)>,
}

/// Positions in a block, ascending. Value of a posting.
#[derive(Clone, Debug, Default, PartialEq, Eq, Encode, Decode)]
pub(crate) struct Positions(pub(crate) Vec<u32>);

/// By what grants can be found.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum GrantTerm {
    /// The dataset's owner.
    Provider(AgencyId),
    /// The agency that it is for.
    Requester(AgencyId),
    /// The dataset.
    Dataset(String),
}

/// By what requests can be found.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum RequestTerm {
    /// Every request.
    Any,
    /// The dataset's owner.
    Provider(AgencyId),
    /// The agency that asks.
    Requester(AgencyId),
    /// The dataset.
    Dataset(String),
    /// The bundle that it was opened in.
    Bundle(BundleId),
}

pub(crate) fn mark_key() -> Vec<u8> {
    vec![META, b'm']
}

pub(crate) fn tip_key() -> Vec<u8> {
    vec![META, b't']
}

/// Where the index of the first entry that is listed lies; where it is not, the log is listed whole.
pub(crate) fn begin_key() -> Vec<u8> {
    vec![META, b'b']
}

/// Which image the state begins with; where it lies not, the journal begins with the genesis.
pub(crate) fn image_key() -> Vec<u8> {
    vec![META, b'i']
}

/// What a block changed in the state. Value: pairs.
pub(crate) fn journal_key(height: Height) -> Vec<u8> {
    numbered(&[JOURNAL], height.0)
}

/// A change of the validators. Value: `SetChange`.
pub(crate) fn set_change_key(height: Height) -> Vec<u8> {
    numbered(&[SET_CHANGES], height.0)
}

/// Value: `CutOff`.
pub(crate) fn cut_off_key(time: TimeMs, height: Height) -> Vec<u8> {
    numbered(&numbered(&[CUT_OFFS], time.0), height.0)
}

/// The time in a [`cut_off_key`].
pub(crate) fn cut_off_time(key: &[u8]) -> TimeMs {
    TimeMs(key.get(1..9).and_then(number_at_end).unwrap_or(0))
}

/// A run of hashes of the log tree, in one row, from a position on. Value: the hashes.
pub(crate) fn hash_run_key(row: u8, position: u64) -> Vec<u8> {
    numbered(&[HASHES, row], position)
}

/// A complete subtree of the log that a view began with. Value: its root.
pub(crate) fn subtree_key(level: u32, index: u64) -> Vec<u8> {
    numbered(&numbered(&[SUBTREES], u64::from(level)), index)
}

pub(crate) fn state_key(key: &[u8]) -> Vec<u8> {
    [&[STATE], key].concat()
}

pub(crate) fn entries_key(first_index: LogIndex) -> Vec<u8> {
    numbered(&[ENTRIES], first_index.0)
}

/// Which runs of names there are.
pub(crate) fn name_runs_key() -> Vec<u8> {
    vec![META, b'n']
}

/// Names of one kind in the run that begins with this entry, from this one on; without it what comes
/// before all of them.
pub(crate) fn name_piece_key(kind: u8, run: u64, first: Option<&[u8; 16]>) -> Vec<u8> {
    let first = first.map_or(&[][..], |first| &first[..]);
    [&numbered(&[NAMES, kind], run), first].concat()
}

/// Sorted by when the last id of the chunk runs out.
pub(crate) fn window_key(last_until: TimeMs, height: Height) -> Vec<u8> {
    numbered(&numbered(&[WINDOW], last_until.0), height.0)
}

/// The prefix of a term's postings; the first index of a block follows. Exchanges and grants
/// have none: see `names`.
pub(crate) fn posting_prefix(term: &Term) -> Vec<u8> {
    match term {
        Term::Agency(id) => named(POSTING, b'a', id.as_str().as_bytes()),
        Term::Dataset(id) => named(POSTING, b'd', id.as_bytes()),
        Term::Grant(at) => named(POSTING, b'g', &at.0.to_be_bytes()),
        Term::Key(key) => named(POSTING, b'k', key.as_bytes()),
        Term::Kind(kind) => named(POSTING, b'n', kind.as_bytes()),
        Term::Request(at) => named(POSTING, b'r', &at.0.to_be_bytes()),
        Term::Matter(code) => named(POSTING, b'm', code.as_str().as_bytes()),
        Term::Proposal(at) => named(POSTING, b'q', &at.0.to_be_bytes()),
        Term::Exchange(id) => named(POSTING, b'x', &id.0),
    }
}

/// The prefix of a grant term's postings; the grant's index follows.
pub(crate) fn grant_prefix(term: &GrantTerm) -> Vec<u8> {
    match term {
        GrantTerm::Provider(id) => named(GRANT_OF, b'p', id.as_str().as_bytes()),
        GrantTerm::Requester(id) => named(GRANT_OF, b'r', id.as_str().as_bytes()),
        GrantTerm::Dataset(id) => named(GRANT_OF, b'd', id.as_bytes()),
    }
}

/// The prefix of a request term's postings, of requests in one state or (`None`) in any; the
/// request's index follows. A request lies under its present state and under none.
pub(crate) fn request_prefix(term: &RequestTerm, state: Option<RequestState>) -> Vec<u8> {
    let mut prefix = match term {
        RequestTerm::Any => named(REQUEST_OF, b'y', &[]),
        RequestTerm::Provider(id) => named(REQUEST_OF, b'p', id.as_str().as_bytes()),
        RequestTerm::Requester(id) => named(REQUEST_OF, b'r', id.as_str().as_bytes()),
        RequestTerm::Dataset(id) => named(REQUEST_OF, b'd', id.as_bytes()),
        RequestTerm::Bundle(id) => named(REQUEST_OF, b'b', &id.0),
    };
    prefix.push(match state {
        None => b'*',
        Some(RequestState::Open) => b'o',
        Some(RequestState::Approved) => b'a',
        Some(RequestState::Refused) => b'r',
        Some(RequestState::Withdrawn) => b'w',
        Some(RequestState::Returned) => b'b',
    });
    prefix
}

/// Where the first index of the entries of the block of this time lies. Blocks without entries are
/// not listed.
pub(crate) fn time_key(time: TimeMs) -> Vec<u8> {
    numbered(&[TIME], time.0)
}

/// The prefix of all [`time_key`]s.
pub(crate) const TIMES: [u8; 1] = [TIME];

/// The prefix of an agency's keys; the public keys follow.
pub(crate) fn agency_keys_prefix(agency: &AgencyId) -> Vec<u8> {
    named(KEY_OF, b'a', agency.as_str().as_bytes())
}

/// A prefix and a number.
pub(crate) fn numbered(prefix: &[u8], number: u64) -> Vec<u8> {
    [prefix, &number.to_be_bytes()].concat()
}

/// The number that ends a key, if it has one.
pub(crate) fn number_at_end(key: &[u8]) -> Option<u64> {
    key.last_chunk::<8>().map(|bytes| u64::from_be_bytes(*bytes))
}

/// A value of the view.
pub(crate) fn value<T: Encode + Decode<()>>(bytes: &[u8]) -> Result<T, DecodeError> {
    decode(bytes, bytes.len())
}

fn named(letter: u8, family: u8, name: &[u8]) -> Vec<u8> {
    // No name of the ledger has more than 255 bytes; a longer one, from a query, finds nothing.
    let length = u8::try_from(name.len()).unwrap_or(u8::MAX);
    [&[letter, family, length], name].concat()
}

#[cfg(test)]
mod tests {
    use comity_listing::DUTY_LETTERS;

    use super::*;

    #[test]
    fn whatever_may_owe_something_is_listed() {
        assert!(DUTY_LETTERS.iter().all(|letter| !UNLISTED.contains(letter)));
    }

    #[test]
    fn no_agency_finds_the_entries_of_one_whose_id_begins_alike() {
        let of = |id: &str| posting_prefix(&Term::Agency(id.parse().unwrap()));
        let longer = numbered(&of("health.gd"), 7);
        assert!(!longer.starts_with(&of("health")));
        assert_eq!(number_at_end(&longer), Some(7));
    }
}
