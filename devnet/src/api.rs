//! A node's HTTP API, as far as the launcher needs it.
//! Holds: every request ends within a bound; nothing is sent but to this machine.
//! May not enter: submitting records (people do so with `comity`, the benchmark by itself).
//! Source: docs/api.md.

use std::time::Duration;

use comity_core::gateway::GatewayNumbers;
use comity_core::keys::PublicKey;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use ureq::Agent;

use crate::topology::Node;

const TIMEOUT: Duration = Duration::from_secs(10);

/// Why a node gave no answer that can be used.
#[derive(Debug, thiserror::Error)]
#[error("{url} gave no answer that can be used: {cause}")]
pub(crate) struct ApiError {
    url: String,
    cause: String,
}

/// Where a node stands.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub(crate) struct Status {
    /// Height of its last block.
    pub(crate) height: u64,
    /// That block's hash.
    pub(crate) header_hash: String,
    /// Entries on its log.
    pub(crate) log_size: u64,
    /// Whether it votes, in a word.
    pub(crate) voting: String,
    /// The nodes that it is connected to.
    pub(crate) peers: Vec<Peer>,
}

/// A connected node.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub(crate) struct Peer {
    /// Whose it is, if that is known.
    pub(crate) agency: Option<String>,
}

#[derive(Deserialize)]
struct Numbered {
    numbers: Option<GatewayNumbers>,
}

#[derive(Deserialize)]
struct Block {
    header_hash: String,
}

/// One node's API.
#[derive(Debug)]
pub(crate) struct Api {
    agent: Agent,
    base: String,
}

impl Api {
    /// The API of a node.
    pub(crate) fn of(node: &Node) -> Api {
        let config = Agent::config_builder()
            .http_status_as_error(false)
            .proxy(None)
            .max_redirects(0)
            .timeout_global(Some(TIMEOUT))
            .build();
        Api { agent: config.into(), base: node.url() }
    }

    /// Where the node stands. Errors: no answer.
    pub(crate) fn status(&self) -> Result<Status, ApiError> {
        self.get("/v1/status")
    }

    /// The greatest number that the records of a gateway's key have used; 0 before the first. Errors: no
    /// answer, or no such key.
    pub(crate) fn last_number(&self, key: &PublicKey) -> Result<u64, ApiError> {
        let found = self.get::<Numbered>(&format!("/v1/keys/{key}"))?;
        Ok(found.numbers.map_or(0, |numbers| numbers.last))
    }

    /// The hash of the block at this height. Errors: no answer, or no such block yet.
    pub(crate) fn header_hash(&self, height: u64) -> Result<String, ApiError> {
        self.get::<Block>(&format!("/v1/blocks/{height}")).map(|block| block.header_hash)
    }

    /// The node's metrics, as text. Errors: no answer.
    pub(crate) fn metrics(&self) -> Result<String, ApiError> {
        match self.answer("/metrics")? {
            (200, text) => Ok(text),
            (status, text) => Err(self.error("/metrics", format!("status {status}: {text}"))),
        }
    }

    /// The receipt of an entry, a proof file. Errors: no answer, or no such entry.
    pub(crate) fn receipt(&self, entry: u64) -> Result<Vec<u8>, ApiError> {
        let path = format!("/v1/entries/{entry}/receipt");
        let call = self.agent.get(format!("{}{path}", self.base)).call();
        let mut response = call.map_err(|e| self.error(&path, e.to_string()))?;
        let bytes = response.body_mut().read_to_vec();
        let bytes = bytes.map_err(|e| self.error(&path, e.to_string()))?;
        match response.status().as_u16() {
            200 => Ok(bytes),
            status => Err(self.error(&path, format!("status {status}"))),
        }
    }

    /// Whether the node is ready; if not, why.
    pub(crate) fn ready(&self) -> Result<(), String> {
        match self.answer("/readyz") {
            Ok((200, _)) => Ok(()),
            Ok((_, reason)) => Err(reason.trim().to_owned()),
            Err(_) => Err("it does not answer yet".to_owned()),
        }
    }

    /// What a path answers, as JSON. Errors: no answer, or not the one that is meant.
    pub(crate) fn get<T: DeserializeOwned>(&self, path: &str) -> Result<T, ApiError> {
        match self.answer(path)? {
            (200, text) => serde_json::from_str(&text).map_err(|e| self.error(path, e.to_string())),
            (status, text) => Err(self.error(path, format!("status {status}: {}", text.trim()))),
        }
    }

    fn answer(&self, path: &str) -> Result<(u16, String), ApiError> {
        let call = self.agent.get(format!("{}{path}", self.base)).call();
        let mut response = call.map_err(|e| self.error(path, e.to_string()))?;
        let text = response.body_mut().read_to_string();
        let text = text.map_err(|e| self.error(path, e.to_string()))?;
        Ok((response.status().as_u16(), text))
    }

    fn error(&self, path: &str, cause: String) -> ApiError {
        ApiError { url: format!("{}{path}", self.base), cause }
    }
}
