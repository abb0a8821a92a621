//! Bounds on what requests may take: how many at once, for how long, from where.
//! Holds: nothing that a client does or fails to do holds more than its share for ever.
//! May not enter: what is asked.

use std::net::IpAddr;
use std::time::Duration;

use axum::extract::{Request, State};
use axum::http::header::HOST;
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use tokio::sync::Semaphore;
use tokio::time::timeout;

use super::ApiState;
use super::problem::Problem;

/// Requests under way at once, those that wait for a commit included (count).
pub(super) const REQUESTS: usize = 4096;
/// Reads of the view and the block log under way at once (count).
pub(super) const READS: usize = 8;
/// Listeners to events at once (count).
pub(super) const LISTENERS: usize = 64;
/// Archives being sent at once (count).
pub(super) const ARCHIVES: usize = 4;
/// How long a body may take to arrive.
pub(super) const BODY_TIMEOUT: Duration = Duration::from_secs(10);
/// How long the replica may take to receive a record or judge an attempt.
pub(super) const ADMISSION_TIMEOUT: Duration = Duration::from_secs(10);
/// How long a commit is waited for.
pub(super) const COMMIT_TIMEOUT: Duration = Duration::from_secs(30);
/// How long a read waits for its turn.
pub(super) const READ_PATIENCE: Duration = Duration::from_secs(5);
/// How long any answer may take to begin: more than all of the above together.
const ANSWER_TIMEOUT: Duration = Duration::from_secs(60);

/// What may still be begun.
#[derive(Debug)]
pub(super) struct Room {
    pub(super) requests: Semaphore,
    pub(super) reads: Semaphore,
    pub(super) listeners: std::sync::Arc<Semaphore>,
    pub(super) archives: std::sync::Arc<Semaphore>,
}

impl Default for Room {
    fn default() -> Room {
        Room {
            requests: Semaphore::new(REQUESTS),
            reads: Semaphore::new(READS),
            listeners: Semaphore::new(LISTENERS).into(),
            archives: Semaphore::new(ARCHIVES).into(),
        }
    }
}

/// Stands before every handler.
pub(super) async fn guard(State(api): State<ApiState>, request: Request, next: Next) -> Response {
    // A page from anywhere, once its own name leads to a loopback address, could otherwise make a
    // browser on this machine read the log to it.
    if let Some(host) = request.headers().get(HOST) {
        let host = host.to_str().unwrap_or_default();
        if !is_loopback_name(host) {
            return Problem::misdirected(host).into_response();
        }
    }
    let Ok(_place) = api.room().requests.try_acquire() else {
        return Problem::busy("too many requests are under way").into_response();
    };
    let answer = timeout(ANSWER_TIMEOUT, next.run(request)).await;
    answer.unwrap_or_else(|_| Problem::timeout().into_response())
}

/// Whether a `Host` header, with or without a port, names this machine's loopback.
fn is_loopback_name(host: &str) -> bool {
    let name = match host.strip_prefix('[') {
        Some(rest) => rest.split(']').next().unwrap_or_default(),
        None => host.split(':').next().unwrap_or_default(),
    };
    name.eq_ignore_ascii_case("localhost")
        || name.parse::<IpAddr>().is_ok_and(|address| address.is_loopback())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_names_of_the_loopback_are_taken() {
        for own in ["localhost", "LOCALHOST:8080", "127.0.0.1:80", "127.9.9.9", "[::1]:8080"] {
            assert!(is_loopback_name(own), "{own}");
        }
        for other in ["", "example.org", "localhost.example.org:80", "10.0.0.1", "[2001:db8::1]"] {
            assert!(!is_loopback_name(other), "{other}");
        }
    }
}
