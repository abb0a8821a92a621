//! A node's API, asked from the same machine by the operator's commands.
//! Holds: every question ends; an answer has a bound; nothing but plain HTTP to the address given.
//! May not enter: what is asked.

use std::net::SocketAddr;
use std::time::Duration;

use serde::de::DeserializeOwned;
use ureq::Agent;

const CONNECT_TIMEOUT: Duration = Duration::from_secs(2);
const ANSWER_TIMEOUT: Duration = Duration::from_secs(20);
/// Longest answer that is read (bytes).
const MAX_ANSWER_BYTES: u64 = 16 * 1024 * 1024;

/// Why there is no answer.
#[derive(Debug, thiserror::Error)]
pub(crate) enum LocalApiError {
    #[error("the node's API at http://{address} does not answer")]
    Silent {
        address: SocketAddr,
        #[source]
        source: Box<ureq::Error>,
    },
    #[error("the node's API answered HTTP {status} to {path}")]
    Status { path: String, status: u16 },
    #[error("the node's API answered {path} with something else than was asked for")]
    Unreadable {
        path: String,
        #[source]
        source: serde_json::Error,
    },
}

/// The way to a node's API.
#[derive(Debug)]
pub(crate) struct LocalApi {
    agent: Agent,
    address: SocketAddr,
}

impl LocalApi {
    pub(crate) fn new(address: SocketAddr) -> LocalApi {
        let config = Agent::config_builder()
            .http_status_as_error(false)
            .proxy(None)
            .max_redirects(0)
            .timeout_connect(Some(CONNECT_TIMEOUT))
            .timeout_global(Some(ANSWER_TIMEOUT))
            .user_agent(concat!("comityd/", env!("CARGO_PKG_VERSION")))
            .build();
        LocalApi { agent: config.into(), address }
    }

    /// Status and text of an answer. Errors: `Silent`.
    pub(crate) fn get(&self, path: &str) -> Result<(u16, String), LocalApiError> {
        let silent = |source: ureq::Error| {
            let source = Box::new(source);
            LocalApiError::Silent { address: self.address, source }
        };
        let asked = self.agent.get(format!("http://{}{path}", self.address)).call();
        let mut answer = asked.map_err(silent)?;
        let status = answer.status().as_u16();
        let body = answer.body_mut().with_config().limit(MAX_ANSWER_BYTES).read_to_string();
        Ok((status, body.map_err(silent)?))
    }

    /// The JSON at `path`. Errors: all.
    pub(crate) fn json<T: DeserializeOwned>(&self, path: &str) -> Result<T, LocalApiError> {
        let (status, text) = self.get(path)?;
        if status != 200 {
            return Err(LocalApiError::Status { path: path.to_owned(), status });
        }
        serde_json::from_str(&text)
            .map_err(|source| LocalApiError::Unreadable { path: path.to_owned(), source })
    }
}
