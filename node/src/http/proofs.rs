//! Proof files over the API: receipts, extracts of the state, extensions of the log.
//! Holds: what is sent verifies from the genesis alone; it is of the block that it names.
//! May not enter: verification (core does it). Source: docs/formats.md, "Proof files".

use axum::extract::State;
use axum::http::header::{CONTENT_DISPOSITION, CONTENT_TYPE};
use axum::response::{IntoResponse, Response};
use comity_core::ids::{Height, LogIndex};
use comity_core::proof::{Claim, Extension, Extract, Proof, Receipt};
use comity_core::trust_path::TrustPath;
use serde::Deserialize;

use super::ApiState;
use super::blocks::ReadBlock;
use super::extract::{Named, Params};
use super::problem::Problem;
use crate::view::LogProofError;

/// Most keys of one extract.
const MAX_KEYS: usize = 256;
/// No key of the state is longer than this (bytes).
const MAX_KEY_BYTES: usize = 1024;

/// `GET /v1/entries/{index}/receipt`.
pub(super) async fn receipt(
    State(api): State<ApiState>,
    Named(index): Named<EntryNumber>,
) -> Result<Response, Problem> {
    let index = index.0;
    let read = move |api: &ApiState| {
        let at = api.view().snapshot();
        let Some(place) = api.view().entry(&at, LogIndex(index))? else {
            return Err(no_entry(api, index, at.log_size())?);
        };
        let block = api.blocks().block(place.height)?;
        let header = &block.committed.block.header;
        Ok(Proof::Receipt(Receipt {
            index: LogIndex(index),
            record: block.record(&place)?.to_vec(),
            inclusion: api.view().inclusion_path(index, header.log_size)?,
            path: path_to(api, &block)?,
        }))
    };
    let proof = api.read(read).await?;
    Ok(file(&proof, &format!("entry-{index}")))
}

/// The number in `/v1/entries/{index}/receipt`.
#[derive(Clone, Copy, Debug)]
pub(super) struct EntryNumber(u64);

impl std::str::FromStr for EntryNumber {
    type Err = std::num::ParseIntError;
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        text.parse().map(EntryNumber)
    }
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ExtractParams {
    /// Keys of the state, hexadecimal, parted by commas.
    keys: String,
}

/// `GET /v1/extract?keys=…`: what the state of the newest block holds under these keys.
pub(super) async fn extract(
    State(api): State<ApiState>,
    Params(params): Params<ExtractParams>,
) -> Result<Response, Problem> {
    let keys = state_keys(&params.keys)?;
    let read = move |api: &ApiState| {
        let at = api.view().snapshot();
        let (Some(header), Some(certificate)) = (at.header(), at.certificate()) else {
            return Err(Problem::not_found("there is no block yet"));
        };
        let claim = |key: Vec<u8>| Claim {
            value: at.state().get(&key).map(<[u8]>::to_vec),
            proof: at.state().prove(&key),
            key,
        };
        let path = api.view().trust_path(header.clone(), certificate.clone())?;
        Ok(Proof::Extract(Extract { claims: keys.into_iter().map(claim).collect(), path }))
    };
    let proof = api.read(read).await?;
    Ok(file(&proof, "extract"))
}

/// The keys of an extract, each once and in order.
fn state_keys(text: &str) -> Result<Vec<Vec<u8>>, Problem> {
    let wrong = || {
        Problem::bad_request(format!(
            "keys are 1 to {MAX_KEYS} keys of the state (docs/formats.md, \"State\"), hexadecimal, \
             parted by commas"
        ))
    };
    let read = |key: &str| hex::decode(key).ok().filter(|key| !key.is_empty());
    let keys: Option<Vec<Vec<u8>>> = text.split(',').take(MAX_KEYS + 1).map(read).collect();
    let mut keys = keys.ok_or_else(wrong)?;
    if keys.len() > MAX_KEYS || keys.iter().any(|key| key.len() > MAX_KEY_BYTES) {
        return Err(wrong());
    }
    keys.sort();
    keys.dedup();
    Ok(keys)
}

#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ExtensionParams {
    /// The height of the earlier block.
    earlier: Height,
    /// The height of the later block; the newest where it is left out.
    later: Option<Height>,
}

/// `GET /v1/extension?earlier=…&later=…`.
pub(super) async fn extension(
    State(api): State<ApiState>,
    Params(params): Params<ExtensionParams>,
) -> Result<Response, Problem> {
    let read = move |api: &ApiState| {
        let tip = api.view().snapshot().tip().height;
        let (earlier, later) = (params.earlier, params.later.unwrap_or(tip));
        if earlier < api.blocks().first() || earlier >= later || later > tip {
            return Err(Problem::bad_request(format!(
                "earlier is at least {} and below later, which is at most {tip}",
                api.blocks().first()
            )));
        }
        let (earlier, later) = (api.blocks().block(earlier)?, api.blocks().block(later)?);
        let sizes = [&earlier, &later].map(|block| block.committed.block.header.log_size);
        Ok(Proof::Extension(Extension {
            earlier: earlier.committed.block.header.clone(),
            earlier_certificate: earlier.committed.certificate.clone(),
            consistency: api.view().consistency_proof(sizes[0], sizes[1])?,
            path: path_to(api, &later)?,
        }))
    };
    let proof = api.read(read).await?;
    Ok(file(&proof, "extension"))
}

fn path_to(api: &ApiState, block: &ReadBlock) -> Result<TrustPath, Problem> {
    let (header, certificate) = (&block.committed.block.header, &block.committed.certificate);
    Ok(api.view().trust_path(header.clone(), certificate.clone())?)
}

/// Why an entry is not here.
pub(super) fn no_entry(api: &ApiState, index: u64, log_size: u64) -> Result<Problem, Problem> {
    let first = api.view().first_entry()?;
    Ok(match index < first.0 {
        true => Problem::not_found(format!(
            "this node started from a snapshot: its entries begin at {first}"
        )),
        false => {
            Problem::not_found(format!("there is no entry {index}: the log has {log_size} entries"))
        }
    })
}

/// A proof as a file to keep.
pub(super) fn file(proof: &Proof, name: &str) -> Response {
    let name = format!("attachment; filename=\"{name}.proof\"");
    let kind = "application/octet-stream".to_owned();
    ([(CONTENT_TYPE, kind), (CONTENT_DISPOSITION, name)], proof.to_bytes()).into_response()
}

impl From<LogProofError> for Problem {
    fn from(error: LogProofError) -> Problem {
        match error {
            LogProofError::View(error) => error.into(),
            LogProofError::Proof(_) => Problem::not_found(
                "this node started from a snapshot and lacks hashes of the log before it: ask a \
                 node that has the whole log",
            ),
        }
    }
}
