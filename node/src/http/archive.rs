//! The whole chain as one archive.
//! Holds: it ends with the certificate of its last block, the tip when it was asked for.
//! May not enter: more than a few blocks in memory. Source: docs/formats.md, "Archive".

use std::sync::Arc;

use axum::body::Body;
use axum::extract::State;
use axum::http::header::{CONTENT_DISPOSITION, CONTENT_TYPE};
use axum::response::{IntoResponse, Response};
use comity_core::archive::{block_frames, certificate_frame, head};
use comity_core::ids::Height;
use futures::stream;
use tokio::sync::OwnedSemaphorePermit;

use serde::Deserialize;

use super::ApiState;
use super::extract::Params;
use super::problem::Problem;

/// Bytes of blocks that are read at a time.
const READ_BYTES: u64 = 1024 * 1024;

#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ArchiveParams {
    /// The first block wanted, for whoever has those before; without it, all and the head.
    from: Option<Height>,
}

pub(super) async fn archive(
    State(api): State<ApiState>,
    Params(params): Params<ArchiveParams>,
) -> Result<Response, Problem> {
    let tip = api.view().snapshot().tip().height;
    if tip == Height(0) {
        return Err(Problem::not_found("there is no block yet"));
    }
    if params.from.is_some_and(|from| from == Height(0) || from > tip) {
        return Err(Problem::bad_request(format!("from is the height of a block, 1 to {tip}")));
    }
    let first = api.blocks().first();
    if first > params.from.unwrap_or(Height(1)) {
        return Err(Problem::not_found(format!(
            "this node started from a snapshot and has no blocks before {first}: ask a node that has \
             them all"
        )));
    }
    let room = Arc::clone(&api.room().archives).try_acquire_owned();
    let place =
        room.map_err(|_| Problem::busy("as many archives are sent as there is room for"))?;
    let name = format!("attachment; filename=\"comity-{tip}.archive\"");
    let kind = "application/octet-stream".to_owned();
    let next = params.from.unwrap_or(Height(0));
    let sending = Sending { api, next, tip, _place: place };
    let body = Body::from_stream(stream::try_unfold(sending, Sending::part));
    Ok(([(CONTENT_TYPE, kind), (CONTENT_DISPOSITION, name)], body).into_response())
}

/// An archive on its way.
struct Sending {
    api: ApiState,
    /// The next block; 0 for the head.
    next: Height,
    tip: Height,
    _place: OwnedSemaphorePermit,
}

/// The chain could not be read to its end; the answer breaks off, which the client notices.
#[derive(Debug, thiserror::Error)]
#[error("the archive breaks off: {0:?}")]
struct BrokenOff(Problem);

impl Sending {
    async fn part(mut self) -> Result<Option<(Vec<u8>, Sending)>, BrokenOff> {
        let (next, tip) = (self.next, self.tip);
        if next == Height(0) {
            self.next = Height(1);
            return Ok(Some((head(&self.api.0.consortium), self)));
        }
        if next > tip {
            return Ok(None);
        }
        let read = move |api: &ApiState| Ok(api.blocks().range(next, tip, READ_BYTES)?);
        let blocks = self.api.read(read).await.map_err(BrokenOff)?;
        let mut part = Vec::new();
        for committed in &blocks {
            part.extend(block_frames(&committed.block, &committed.polkas));
            if self.next == tip {
                part.extend(certificate_frame(&committed.certificate));
            }
            self.next = self.next.next();
        }
        Ok(Some((part, self)))
    }
}
