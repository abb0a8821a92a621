//! Collections over the API: several entries, proven over one way from the genesis.
//! Holds: what is sent verifies from the genesis alone; entries are asked for by their numbers.
//! May not enter: which entries belong together. Source: docs/formats.md, "Collections".

use axum::extract::State;
use axum::response::Response;
use comity_core::ids::LogIndex;
use comity_core::proof::{CollectedBlock, CollectedEntry, Collection, Proof};
use serde::Deserialize;

use super::ApiState;
use super::extract::Params;
use super::problem::Problem;
use super::proofs::{file, no_entry};

/// Most entries of one collection.
const MAX_ENTRIES: usize = 256;

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct CollectionParams {
    /// Positions, parted by commas.
    entries: String,
}

/// `GET /v1/collection?entries=…`.
pub(super) async fn collection(
    State(api): State<ApiState>,
    Params(params): Params<CollectionParams>,
) -> Result<Response, Problem> {
    let wanted = positions(&params.entries)?;
    let read = move |api: &ApiState| {
        let at = api.view().snapshot();
        let mut blocks: Vec<CollectedBlock> = Vec::new();
        for index in &wanted {
            let Some(place) = api.view().entry(&at, LogIndex(*index))? else {
                return Err(no_entry(api, *index, at.log_size())?);
            };
            let block = api.blocks().block(place.height)?;
            let header = &block.committed.block.header;
            let entry = CollectedEntry {
                index: LogIndex(*index),
                record: block.record(&place)?.to_vec(),
                inclusion: api.view().inclusion_path(*index, header.log_size)?,
            };
            match blocks.last_mut().filter(|last| last.header.height == place.height) {
                Some(last) => last.entries.push(entry),
                None => blocks.push(CollectedBlock {
                    header: header.clone(),
                    certificate: block.committed.certificate.clone(),
                    entries: vec![entry],
                }),
            }
        }
        let last = blocks.last().map(|block| block.header.height).unwrap_or_default();
        let changes = api.view().set_changes(last)?;
        Ok(Proof::Collection(Collection { changes, blocks }))
    };
    let proof = api.read(read).await?;
    Ok(file(&proof, "collection"))
}

/// The positions of a collection, each once and in order.
fn positions(text: &str) -> Result<Vec<u64>, Problem> {
    let read: Option<Vec<u64>> =
        text.split(',').take(MAX_ENTRIES + 1).map(|position| position.parse().ok()).collect();
    match read {
        Some(mut positions) if positions.len() <= MAX_ENTRIES => {
            positions.sort_unstable();
            positions.dedup();
            Ok(positions)
        }
        _ => Err(Problem::bad_request(format!(
            "entries are 1 to {MAX_ENTRIES} positions of the log, parted by commas"
        ))),
    }
}
