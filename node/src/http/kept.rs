//! What the node keeps beside the log: openings of sealed details, and texts about datasets.
//! Holds: an answer comes after what it says is durable; who may do what is decided here and
//! nowhere else.
//! May not enter: how it is kept (see `kept`).
//!
//! | who (a key in force of the node's own agency) | keep an opening | read | erase | keep a text about a dataset |
//! |---|---|---|---|---|
//! | officer | yes | yes | what it handed in | no |
//! | steward | yes | yes | yes | yes |
//! | admin | yes | yes | yes | no |
//! | auditor | no | yes | no | no |
//! | gateway | yes | what it handed in | what it handed in | no |
//!
//! A gateway is a machine: it records what others asked for, and needs nobody's case number. The
//! node's own keys (validator, transport, note) are nobody's to ask with.

use axum::Json;
use axum::extract::State;
use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE};
use axum::response::{IntoResponse, Response};
use comity_core::agency::KeyRole;
use comity_core::dataset::MAX_DETAILS_BYTES;
use comity_core::hash::{Commitment, DetailsHash};
use comity_core::ids::TimeMs;
use comity_core::sealed::Opening;
use comity_core::text::Text;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use super::ApiState;
use super::auth::{Caller, Signed};
use super::extract::Named;
use super::problem::Problem;
use crate::kept::{Erasure, KeptError, KeptOpening, Sought};

/// Most openings in one request: as many as a statement and an attempt can commit to together.
const MAX_OPENINGS: usize = 32;
/// Longest list of openings in JSON (bytes): every text at its longest, each byte escaped.
const MAX_OPENINGS_BYTES: usize = MAX_OPENINGS * (2048 * 6 + 256) + 64;
/// Longest erasure in JSON (bytes).
const MAX_ERASURE_BYTES: usize = 4096;

const KEEPERS: [KeyRole; 4] =
    [KeyRole::Steward, KeyRole::Officer, KeyRole::Gateway, KeyRole::Admin];
const READERS: [KeyRole; 4] =
    [KeyRole::Steward, KeyRole::Officer, KeyRole::Auditor, KeyRole::Admin];
const ERASERS: [KeyRole; 2] = [KeyRole::Steward, KeyRole::Admin];

type Answer<T> = Result<Json<T>, Problem>;

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Openings {
    pub(super) openings: Vec<Opening>,
}

#[derive(Clone, Debug, Serialize)]
pub(super) struct Commitments {
    commitments: Vec<Commitment>,
}

pub(super) async fn keep(
    State(api): State<ApiState>,
    Signed { by, body }: Signed<MAX_OPENINGS_BYTES>,
) -> Answer<Commitments> {
    by.require(&KEEPERS, "hand in sealed details")?;
    let Openings { openings } = json(&body)?;
    if !(1..=MAX_OPENINGS).contains(&openings.len()) {
        let found = openings.len();
        let detail = format!("1 to {MAX_OPENINGS} openings are kept at a time, not {found}");
        return Err(Problem::bad_request(detail));
    }
    if openings.iter().any(|opening| opening.text.as_str().is_empty()) {
        return Err(Problem::bad_request("an opening without text has nothing to keep"));
    }
    let keep = move |api: &ApiState| Ok(api.kept().keep(openings, by.key, by.now)?);
    let commitments = api.read(keep).await?;
    Ok(Json(Commitments { commitments }))
}

#[derive(Clone, Debug, Serialize)]
pub(super) struct Shown {
    commitment: Commitment,
    #[serde(flatten)]
    kept: KeptOpening,
}

pub(super) async fn show(
    State(api): State<ApiState>,
    Named(commitment): Named<Commitment>,
    Signed { by, .. }: Signed<0>,
) -> Result<Response, Problem> {
    let found = api.read(move |api| Ok(api.kept().sought(&commitment)?)).await?;
    let kept = match found {
        // A gateway may know whether its own are there; it learns nothing of others'.
        Sought::Kept(kept) if kept.kept_by == by.key => kept,
        found => {
            by.require(&READERS, "read what others handed in")?;
            match found {
                Sought::Kept(kept) => kept,
                Sought::Erased(erasure) => return Err(Problem::erased(&commitment, &erasure)),
                Sought::Unknown => return Err(not_kept(&commitment)),
            }
        }
    };
    let shown = Json(Shown { commitment, kept: *kept });
    // No cache is to outlive an erasure.
    Ok(([(CACHE_CONTROL, "no-store")], shown).into_response())
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Reason {
    pub(super) reason: Text<256>,
}

#[derive(Clone, Copy, Debug, Serialize)]
pub(super) struct Erased {
    erased_at: TimeMs,
}

pub(super) async fn erase(
    State(api): State<ApiState>,
    Named(commitment): Named<Commitment>,
    Signed { by, body }: Signed<MAX_ERASURE_BYTES>,
) -> Answer<Erased> {
    let Reason { reason } = json(&body)?;
    if reason.as_str().is_empty() {
        return Err(Problem::bad_request("an erasure has a reason, which the node keeps"));
    }
    let Caller { key, now, .. } = by;
    let erase = move |api: &ApiState| {
        let is_own = match api.kept().sought(&commitment) {
            Ok(Sought::Kept(kept)) => kept.kept_by == key,
            Ok(Sought::Erased(erasure)) => erasure.erased_by == key,
            // What is damaged or unknown is nobody's own.
            Ok(Sought::Unknown) | Err(_) => false,
        };
        if !is_own {
            by.require(&ERASERS, "erase what others handed in")?;
        }
        let erasure = Erasure { erased_at: now, erased_by: key, reason };
        match api.kept().erase(&commitment, erasure)? {
            Sought::Erased(Erasure { erased_at, .. }) => Ok(Json(Erased { erased_at })),
            Sought::Unknown | Sought::Kept(_) => Err(not_kept(&commitment)),
        }
    };
    api.read(erase).await
}

fn not_kept(commitment: &Commitment) -> Problem {
    Problem::not_kept(format!(
        "this node keeps no opening of {commitment}: it was never handed in here. Ask the node of \
         the agency whose officer sealed it"
    ))
}

#[derive(Clone, Debug, Serialize)]
pub(super) struct KeptDetails {
    hash: DetailsHash,
    size_bytes: usize,
}

pub(super) async fn keep_details(
    State(api): State<ApiState>,
    Named(hash): Named<DetailsHash>,
    Signed { by, body }: Signed<MAX_DETAILS_BYTES>,
) -> Answer<KeptDetails> {
    by.require(&[KeyRole::Steward], "hand in texts about datasets")?;
    let size_bytes = body.len();
    api.read(move |api| Ok(api.kept().keep_details(&hash, &body)?)).await?;
    Ok(Json(KeptDetails { hash, size_bytes }))
}

pub(super) async fn details(
    State(api): State<ApiState>,
    Named(hash): Named<DetailsHash>,
) -> Result<Response, Problem> {
    let found = api.read(move |api| Ok(api.kept().details(&hash)?)).await?;
    let Some(text) = found else {
        return Err(Problem::not_kept(format!(
            "this node keeps no text with the hash {hash}: the node of the dataset's owner keeps \
             it, if anyone does. Ask that node"
        )));
    };
    // As bytes, so that no browser takes it for a page.
    Ok(([(CONTENT_TYPE, "application/octet-stream")], text).into_response())
}

pub(super) fn json<T: DeserializeOwned>(body: &[u8]) -> Result<T, Problem> {
    serde_json::from_slice(body).map_err(|error| {
        // Only where, since a cause could quote a text that is to be sealed.
        Problem::bad_request(format!(
            "the body is not the JSON that belongs here (line {}, column {}); nothing was kept or \
             erased. docs/api.md shows it",
            error.line(),
            error.column()
        ))
    })
}

impl From<KeptError> for Problem {
    fn from(error: KeptError) -> Problem {
        match &error {
            KeptError::Full { .. } => Problem::kept_full(format!(
                "{error}; nothing was kept. The node's operator can raise max_bytes under [kept] \
                 in config.toml, or make room by having old details erased"
            )),
            KeptError::Erased { commitment, erasure } => Problem::erased(commitment, erasure),
            KeptError::HashMismatch => Problem::hash_mismatch(
                "the body does not have the hash in the path; nothing was kept. Hash the very \
                 bytes that are sent",
            ),
            KeptError::TooLong { limit, .. } => Problem::too_large(*limit),
            KeptError::Damaged(path) => Problem::kept_damaged(format!(
                "what this node kept of it is damaged on its disk ({}); the node's operator may \
                 have it in a backup",
                path.display()
            )),
            KeptError::Io { .. } => Problem::internal(&error),
        }
    }
}
