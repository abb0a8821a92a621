//! The ledger at a point of an auditor's copy, so that the next run goes on from there at once.
//! Holds: what is not what its header commits to, or of another consortium, is not there.
//! May not enter: whether that header is one of the copy's; what follows in the archive shows it.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use comity_core::block::Header;
use comity_core::encoding::{decode, encode};
use comity_core::genesis::Genesis;
use comity_core::hash::RecordId;
use comity_core::ids::{ExchangeId, TimeMs};
use comity_core::ledger::{Ledger, Saved};
use comity_core::log_tree::Frontier;
use comity_core::state::Changes;
use comity_core::state_tree::StateTree;
use comity_core::validators::ValidatorSet;

use crate::fault::Fault;
use crate::keys;

const LEDGER: &str = "ledger.saved";
/// Bytes of the state in one piece of the file, and ids: the encoding has a bound.
const PIECE_BYTES: usize = 1024 * 1024;
const PIECE_IDS: usize = 8_192;

/// A ledger, and how much of the archive made it.
pub(super) struct SavedPoint {
    /// Bytes of the archive up to the end of that block's frames.
    pub(super) archive_bytes: u64,
    /// The block's header.
    pub(super) header: Header,
    /// The ledger after it.
    pub(super) ledger: Ledger,
}

/// What precedes the pieces: where, header, frontier, unexpired ids, validators of its height.
type Head = (u64, Header, Frontier, ValidatorSet);
/// A piece of the state, of the statements' ids, or of the exchanges'.
type Piece = (Vec<(Vec<u8>, Vec<u8>)>, BTreeMap<RecordId, TimeMs>, BTreeMap<ExchangeId, TimeMs>);

/// Keeps a ledger in the place of the one before. Errors: it cannot be written.
pub(super) fn write(dir: &Path, point: &SavedPoint) -> Result<(), Fault> {
    let SavedPoint { archive_bytes, header, ledger } = point;
    let (log, validators) = (ledger.log().clone(), ledger.tip_validators().clone());
    let head: Head = (*archive_bytes, header.clone(), log, validators);
    let mut bytes = Vec::new();
    put(&mut bytes, encode(&head));
    let (mut pairs, mut size_bytes) = (Vec::new(), 0);
    for (key, value) in ledger.state().iter() {
        size_bytes += key.len() + value.len();
        pairs.push((key.to_vec(), value.to_vec()));
        if size_bytes >= PIECE_BYTES {
            let piece = std::mem::take(&mut pairs);
            put_piece(&mut bytes, (piece, BTreeMap::new(), BTreeMap::new()));
            size_bytes = 0;
        }
    }
    put_piece(&mut bytes, (pairs, BTreeMap::new(), BTreeMap::new()));
    let records: Vec<_> = ledger.window().records().iter().map(|(id, at)| (*id, *at)).collect();
    for piece in records.chunks(PIECE_IDS) {
        put_piece(&mut bytes, (vec![], piece.iter().copied().collect(), BTreeMap::new()));
    }
    let exchanges: Vec<_> = ledger.window().exchanges().iter().map(|(id, at)| (*id, *at)).collect();
    for piece in exchanges.chunks(PIECE_IDS) {
        put_piece(&mut bytes, (vec![], BTreeMap::new(), piece.iter().copied().collect()));
    }
    keys::replace_private(&dir.join(LEDGER), &bytes)
}

/// The ledger that was kept; none where there is none that holds.
pub(super) fn read(dir: &Path, genesis: &Genesis) -> Option<SavedPoint> {
    let bytes = fs::read(dir.join(LEDGER)).ok()?;
    let mut rest = &bytes[..];
    let head = next(&mut rest)?;
    let (archive_bytes, header, log, validators): Head = decode(head, head.len()).ok()?;
    let (mut state, mut window) = (Vec::new(), Changes::default());
    while !rest.is_empty() {
        let piece = next(&mut rest)?;
        let (pairs, records, exchanges): Piece = decode(piece, piece.len()).ok()?;
        state.extend(pairs);
        window.records.extend(records);
        window.exchanges.extend(exchanges);
    }
    let state = StateTree::new(&genesis.id()).with(state);
    let saved = Saved { header: header.clone(), state, log, window, validators };
    let ledger = Ledger::restore(&genesis.id(), saved).ok()?;
    Some(SavedPoint { archive_bytes, header, ledger })
}

fn put_piece(bytes: &mut Vec<u8>, piece: Piece) {
    put(bytes, encode(&piece));
}

fn put(bytes: &mut Vec<u8>, part: Vec<u8>) {
    bytes.extend((part.len() as u64).to_le_bytes());
    bytes.extend(part);
}

fn next<'a>(rest: &mut &'a [u8]) -> Option<&'a [u8]> {
    let (length, after) = rest.split_first_chunk::<8>()?;
    let length = usize::try_from(u64::from_le_bytes(*length)).ok()?;
    let part = after.get(..length)?;
    *rest = &after[length..];
    Some(part)
}
