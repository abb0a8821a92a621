//! Submitting records, and asking how an attempt would be judged.
//! Holds: a record that is on the log is answered as committed, whatever else is true of it.
//! May not enter: rules: the replica judges.

use std::time::Instant;

use axum::Json;
use axum::extract::{Request, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use comity_core::access::SignedAttempt;
use comity_core::hash::{LeafHash, RecordId, leaf_hash};
use comity_core::refusal::Refusal;
use comity_core::statement::{MAX_RECORD_BYTES, VerifiedRecord, check_attempt};
use comity_replica::io::Admission;
use serde::Deserialize;
use tokio::time::{timeout, timeout_at};

use super::ApiState;
use super::extract::{Params, body};
use super::limits::{ADMISSION_TIMEOUT, COMMIT_TIMEOUT};
use super::problem::Problem;
use super::shapes;
use super::status::disk_is_full;
use super::waiters::{Fate, Place, Waiter};
use crate::metrics::SubmitOutcome;

/// Longest attempt in JSON (bytes).
const MAX_ATTEMPT_BYTES: usize = 256 * 1024;

#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct SubmitParams {
    wait: Option<Wait>,
}

#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum Wait {
    Commit,
}

/// What a submitter is told, if it is not a problem.
enum Answer {
    Pending(shapes::Pending),
    Committed(shapes::Committed),
}

pub(super) async fn submit(
    State(api): State<ApiState>,
    Params(params): Params<SubmitParams>,
    request: Request,
) -> Result<Response, Problem> {
    let began = Instant::now();
    let bytes = body(request, "application/octet-stream", MAX_RECORD_BYTES).await?;
    if let Some(reason) = api.view().failure() {
        return Err(Problem::view_failed(reason));
    }
    // Before it is submitted, so that its commit cannot be missed.
    let waiter = params.wait.map(|Wait::Commit| api.0.waiters.wait(leaf_hash(&bytes)));
    let answer = tokio::select! {
        answer = settle(&api, bytes, waiter) => answer,
        () = api.closed() => Err((SubmitOutcome::Busy, Problem::shutting_down())),
    };
    match answer {
        Ok(Answer::Pending(pending)) => {
            api.0.metrics.submitted(SubmitOutcome::Pending);
            Ok((StatusCode::ACCEPTED, Json(pending)).into_response())
        }
        Ok(Answer::Committed(committed)) => {
            api.0.metrics.submitted(SubmitOutcome::Committed);
            api.0.metrics.commit_took(began.elapsed());
            Ok(Json(committed).into_response())
        }
        Err((outcome, problem)) => {
            api.0.metrics.submitted(outcome);
            Err(problem)
        }
    }
}

type Failed = (SubmitOutcome, Problem);

async fn settle(api: &ApiState, bytes: Vec<u8>, waiter: Option<Waiter>) -> Result<Answer, Failed> {
    let submitted = timeout(ADMISSION_TIMEOUT, api.shell().submit(bytes)).await;
    let busy = |detail: &str| (SubmitOutcome::Busy, Problem::busy(detail));
    let admission = match submitted {
        Ok(Ok(admission)) => admission,
        Ok(Err(gone)) => return Err((SubmitOutcome::Busy, gone.into())),
        Err(_) => return Err(busy("the node is too busy to take the record")),
    };
    match admission {
        Admission::Pending(record) => match waiter {
            Some(waiter) => committed(api, &record, waiter).await.map(Answer::Committed),
            None => {
                let (record_id, leaf_hash) = (record.id(), record.leaf());
                Ok(Answer::Pending(shapes::Pending { record_id, leaf_hash, status: "pending" }))
            }
        },
        Admission::Invalid(error) => Err((SubmitOutcome::Invalid, Problem::invalid_record(&error))),
        Admission::Refused { record, refusal } => {
            refused(api, &record, &refusal).await.map(Answer::Committed)
        }
        Admission::Busy if api.shell().status().full.is_some() => {
            let detail = api.shell().status().full.map(disk_is_full).unwrap_or_default();
            Err((SubmitOutcome::Busy, Problem::disk_full(detail)))
        }
        Admission::Busy => Err(busy("as many records wait as the node has room for")),
    }
}

/// Waits until the record is committed.
async fn committed(
    api: &ApiState,
    record: &VerifiedRecord,
    mut waiter: Waiter,
) -> Result<shapes::Committed, Failed> {
    match timeout(COMMIT_TIMEOUT, waiter.fate()).await {
        Ok(Some(Fate::Committed(place))) => Ok(shape(record.id(), record.leaf(), place)),
        Ok(Some(Fate::Dropped(refusal))) => refused(api, record, &refusal).await,
        Ok(None) | Err(_) => {
            let found = on_log(api, record.id()).await;
            let found = found.map_err(|problem| (SubmitOutcome::TimedOut, problem))?;
            found.ok_or_else(|| (SubmitOutcome::TimedOut, Problem::commit_timeout()))
        }
    }
}

/// A rule refuses the record; if that is because it is on the log, it is answered as committed.
async fn refused(
    api: &ApiState,
    record: &VerifiedRecord,
    refusal: &Refusal,
) -> Result<shapes::Committed, Failed> {
    let fail = |problem| (SubmitOutcome::Refused, problem);
    let deadline = tokio::time::Instant::now() + COMMIT_TIMEOUT;
    let mut heights = api.view().height();
    loop {
        heights.mark_unchanged();
        if let Some(committed) = on_log(api, record.id()).await.map_err(fail)? {
            return Ok(committed);
        }
        if *refusal != Refusal::Replayed {
            return Err(fail(Problem::refused(refusal)));
        }
        // The ledger has this statement, and the view, which follows it, will show it soon.
        match timeout_at(deadline, heights.changed()).await {
            Ok(Ok(())) => {}
            _ => return Err((SubmitOutcome::TimedOut, Problem::commit_timeout())),
        }
    }
}

/// Where this statement is on the log, if it is.
async fn on_log(api: &ApiState, id: RecordId) -> Result<Option<shapes::Committed>, Problem> {
    let read = move |api: &ApiState| {
        let at = api.view().snapshot();
        let Some(found) = api.view().record(&at, &id)? else { return Ok(None) };
        let block = api.blocks().block(found.height)?;
        let place = Place {
            index: found.index,
            height: found.height,
            time: block.committed.block.header.time,
            header_hash: block.header_hash,
        };
        let leaf = block.leaves().nth(found.position);
        Ok(leaf.map(|leaf| shape(id, leaf, place)))
    };
    api.read(read).await
}

fn shape(record_id: RecordId, leaf_hash: LeafHash, place: Place) -> shapes::Committed {
    let Place { index, height, time, header_hash } = place;
    let status = "committed";
    shapes::Committed { record_id, leaf_hash, status, index, height, time, header_hash }
}

pub(super) async fn evaluate(
    State(api): State<ApiState>,
    request: Request,
) -> Result<Json<shapes::Evaluation>, Problem> {
    let bytes = body(request, "application/json", MAX_ATTEMPT_BYTES).await?;
    let signed: SignedAttempt = serde_json::from_slice(&bytes)
        .map_err(|error| Problem::bad_request(format!("not a signed attempt: {error}")))?;
    check_attempt(&signed, &api.0.consortium).map_err(|error| Problem::invalid_record(&error))?;
    let judged = timeout(ADMISSION_TIMEOUT, api.shell().evaluate(signed.attempt)).await;
    let judged = judged.map_err(|_| Problem::busy("the node is too busy to judge"))??;
    Ok(Json(match judged {
        Ok(usage) => shapes::Evaluation::Allowed { allowed: shapes::True, usage },
        Err(refusal) => {
            let (allowed, rule) = (shapes::False, refusal.rule());
            shapes::Evaluation::Refused { allowed, rule, refusal }
        }
    }))
}
