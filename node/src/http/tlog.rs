//! The log for tools that know nothing of Comity: C2SP tlog-tiles under `/tlog/`.
//! Holds: a checkpoint is of a committed block, whose log it commits to, and is published only as the
//! policy on witnesses has it; tiles and entry bundles never change once they are served, and may be
//! kept for ever.
//! May not enter: hashing, signing (core does it).
//! Source: c2sp.org/tlog-tiles, c2sp.org/tlog-checkpoint; docs/formats.md, "Checkpoints".

use axum::Router;
use axum::extract::{Path, State};
use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use comity_core::checkpoint::{Checkpoint, origin};
use comity_core::ids::LogIndex;
use comity_core::keys::SecretKey;

use super::ApiState;
use super::problem::Problem;
use super::proofs::no_entry;
use crate::view::TILE_WIDTH;
use crate::witnesses::{Board, Showing};

/// What never changes may be kept for a year.
const FOR_EVER: &str = "public, max-age=31536000, immutable";
/// A checkpoint is the newest for as long as the next block takes.
const FOR_NOW: &str = "no-cache";

/// The routes of the log. They are C2SP's, and not in docs/openapi.json.
pub(super) fn routes() -> Router<ApiState> {
    Router::new()
        .route("/tlog/checkpoint", get(checkpoint))
        .route("/tlog/tile/entries/{*place}", get(entries))
        .route("/tlog/tile/{level}/{*place}", get(tile))
}

async fn checkpoint(State(api): State<ApiState>) -> Result<Response, Problem> {
    let Some(key) = api.0.note_key.clone() else {
        return Err(Problem::not_found(
            "this node has no note key to sign checkpoints with: its agency can get one by a \
             proposal (comityd key new --role note)",
        ));
    };
    let showing = api.0.board.as_ref().map_or(Showing::Newest, Board::showing);
    let text = match showing {
        Showing::Note(note) => note.to_string(),
        Showing::Nothing => return Err(Problem::not_witnessed()),
        Showing::Newest => api.read(move |api| newest(api, &key)).await?,
    };
    let kind = [(CONTENT_TYPE, "text/plain; charset=utf-8"), (CACHE_CONTROL, FOR_NOW)];
    Ok((kind, text).into_response())
}

/// The newest checkpoint, with what cosignatures there are of it.
fn newest(api: &ApiState, key: &SecretKey) -> Result<String, Problem> {
    let at = api.view().snapshot();
    let (size, root) = (at.log_size(), at.log_root());
    let origin = origin(&api.consortium());
    let signed = Checkpoint { origin, size, root }.sign(key);
    let note = signed.map_err(|error| Problem::internal(&error))?;
    Ok(match &api.0.board {
        Some(board) => board.complete(size, note).to_string(),
        None => note.to_string(),
    })
}

async fn tile(
    State(api): State<ApiState>,
    Path((level, place)): Path<(String, String)>,
) -> Result<Response, Problem> {
    let (Some(level), Some(place)) = (level_of(&level), Place::parse(&place)) else {
        return Err(no_resource());
    };
    let read = move |api: &ApiState| {
        let hashes =
            u8::try_from(level).ok().map(|row| api.view().tile(row, place.index, place.width));
        match hashes.transpose()?.flatten() {
            Some(hashes) => Ok(hashes.concat()),
            None => Err(missing(api)?),
        }
    };
    Ok(immutable(api.read(read).await?))
}

async fn entries(
    State(api): State<ApiState>,
    Path(place): Path<String>,
) -> Result<Response, Problem> {
    let Some(place) = Place::parse(&place) else { return Err(no_resource()) };
    let read = move |api: &ApiState| {
        let at = api.view().snapshot();
        let Some(first) = place.index.checked_mul(TILE_WIDTH) else { return Err(no_resource()) };
        let end = first.saturating_add(place.width as u64);
        if end > at.log_size() {
            return Err(missing(api)?);
        }
        let mut bundle = Vec::new();
        let mut index = first;
        while index < end {
            let Some(found) = api.view().entry(&at, LogIndex(index))? else {
                return Err(no_entry(api, index, at.log_size())?);
            };
            let block = api.blocks().block(found.height)?;
            for record in block.records_from(&found) {
                if index == end {
                    break;
                }
                // A record has at most 65,535 bytes, for ever.
                let length = u16::try_from(record.len()).unwrap_or(u16::MAX);
                bundle.extend(length.to_be_bytes());
                bundle.extend(record);
                index += 1;
            }
        }
        Ok(bundle)
    };
    Ok(immutable(api.read(read).await?))
}

fn immutable(bytes: Vec<u8>) -> Response {
    let kind = [(CONTENT_TYPE, "application/octet-stream"), (CACHE_CONTROL, FOR_EVER)];
    (kind, bytes).into_response()
}

fn no_resource() -> Problem {
    Problem::not_found(
        "there is no such tile: tile/<level>/<index>[.p/<width>], as c2sp.org/tlog-tiles has it",
    )
}

/// Why a tile is not here.
fn missing(api: &ApiState) -> Result<Problem, Problem> {
    let first = api.view().first_entry()?;
    Ok(match first {
        LogIndex(0) => Problem::not_found("the log does not reach so far yet"),
        _ => Problem::not_found(format!(
            "the log does not reach so far yet, or the tile is from before entry {first}, where \
             this node, which started from a snapshot, begins"
        )),
    })
}

fn level_of(text: &str) -> Option<u32> {
    decimal(text).and_then(|level| u32::try_from(level).ok()).filter(|level| *level < 64)
}

/// A tile's or bundle's place: which, and how much of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Place {
    index: u64,
    width: usize,
}

impl Place {
    /// Reads `x001/x234/067` or `x001/x234/067.p/8`; nothing has two spellings.
    fn parse(text: &str) -> Option<Place> {
        let (path, width) = match text.split_once(".p/") {
            None => (text, TILE_WIDTH),
            Some((path, width)) => (path, decimal(width).filter(|w| (1..TILE_WIDTH).contains(w))?),
        };
        let mut index = 0u64;
        let parts: Vec<&str> = path.split('/').collect();
        for (at, part) in parts.iter().enumerate() {
            let is_last = at + 1 == parts.len();
            let digits = if is_last { part } else { part.strip_prefix('x')? };
            if digits.len() != 3 || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
                return None;
            }
            if at == 0 && !is_last && digits == "000" {
                return None;
            }
            index = index.checked_mul(1_000)?.checked_add(digits.parse().ok()?)?;
        }
        Some(Place { index, width: usize::try_from(width).ok()? })
    }
}

/// A number without a sign or leading zeros.
fn decimal(text: &str) -> Option<u64> {
    let plain = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    (plain && (text == "0" || !text.starts_with('0'))).then(|| text.parse().ok())?
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_are_read_in_their_one_spelling() {
        let place = |text: &str| Place::parse(text).map(|place| (place.index, place.width));
        assert_eq!(place("000"), Some((0, 256)));
        assert_eq!(place("067.p/8"), Some((67, 8)));
        assert_eq!(place("x001/x234/067"), Some((1_234_067, 256)));
        assert_eq!(place("x001/000.p/255"), Some((1_000, 255)));
        for wrong in [
            "",
            "0",
            "67",
            "0067",
            "x067",
            "001/067",
            "x000/067",
            "067.p/0",
            "067.p/256",
            "067.p/08",
            "067.p/",
            "x1/067",
            "-01",
            "067/",
            "x999/x999/x999/x999/x999/x999/x999/999",
        ] {
            assert_eq!(place(wrong), None, "{wrong:?}");
        }
        assert_eq!(level_of("63"), Some(63));
        assert_eq!([level_of("64"), level_of("01"), level_of("")], [None; 3]);
    }
}
