//! One message to the receiver.
//! Holds: nothing is sent but to the address in the settings (no proxy, no redirect, no name);
//! every attempt ends.
//! May not enter: what to do when it is not taken.

use std::fs::File;
use std::io::Read as _;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::time::Duration;

use comity_core::hash::ConsortiumId;
use comity_core::ids::LogIndex;
use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::Sha256;
use ureq::Agent;
use zeroize::Zeroizing;

use super::WebhookError;
use crate::config::WebhookOptions;
use crate::data_dir::DataDir;

/// Shortest secret (bytes).
const MIN_SECRET_BYTES: usize = 16;
const SHARED_BITS: u32 = 0o077;
const CONNECT_TIMEOUT: Duration = Duration::from_secs(2);
/// How long a receiver may take to answer.
const ANSWER_TIMEOUT: Duration = Duration::from_secs(10);
/// Of an answer, read only so that the connection can be used again.
const MAX_ANSWER_BYTES: u64 = 64 * 1024;

/// Why a message was not taken.
#[derive(Debug, thiserror::Error)]
pub(super) enum NotTaken {
    #[error("no answer came")]
    Unanswered(#[source] Box<ureq::Error>),
    #[error("the receiver answered HTTP {0}")]
    Status(u16),
}

/// The way to the receiver.
#[derive(Debug)]
pub(super) struct Post {
    agent: Agent,
    url: String,
    consortium: ConsortiumId,
    secret: Option<Secret>,
}

struct Secret(Zeroizing<Vec<u8>>);

impl std::fmt::Debug for Secret {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Secret(..)")
    }
}

impl Post {
    /// Errors: the secret cannot be used.
    pub(super) fn new(
        options: &WebhookOptions,
        dir: &DataDir,
        consortium: ConsortiumId,
    ) -> Result<Post, WebhookError> {
        let secret = match &options.secret_file {
            Some(path) => Some(secret(&dir.root().join(path))?),
            None => None,
        };
        let config = Agent::config_builder()
            .http_status_as_error(false)
            .proxy(None)
            .max_redirects(0)
            .max_redirects_will_error(false)
            .timeout_connect(Some(CONNECT_TIMEOUT))
            .timeout_global(Some(ANSWER_TIMEOUT))
            .user_agent(concat!("comityd/", env!("CARGO_PKG_VERSION")))
            .build();
        let url = options.url.as_str().to_owned();
        Ok(Post { agent: config.into(), url, consortium, secret })
    }

    /// Where to.
    pub(super) fn url(&self) -> &str {
        &self.url
    }

    /// Sends an entry and waits until it is taken: any answer of 200 to 299. Errors: it is not.
    pub(super) fn send(&self, index: LogIndex, entry: &str) -> Result<(), NotTaken> {
        let mut request = self
            .agent
            .post(&self.url)
            .header("content-type", "application/json")
            .header("comity-consortium", self.consortium.to_string())
            .header("comity-index", index.to_string());
        if let Some(secret) = &self.secret {
            request = request.header("comity-signature", secret.signature(entry.as_bytes()));
        }
        let unanswered = |error: ureq::Error| NotTaken::Unanswered(Box::new(error));
        let mut response = request.send(entry).map_err(unanswered)?;
        let status = response.status().as_u16();
        // What it says beside the status is its own business.
        let _ = response.body_mut().with_config().limit(MAX_ANSWER_BYTES).read_to_vec();
        if (200..300).contains(&status) { Ok(()) } else { Err(NotTaken::Status(status)) }
    }
}

impl Secret {
    /// `sha256=` and the HMAC-SHA256 (RFC 2104) of the body, in hexadecimal.
    fn signature(&self, body: &[u8]) -> String {
        let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(&self.0) else {
            unreachable!("HMAC takes keys of any length")
        };
        mac.update(body);
        format!("sha256={}", hex::encode(mac.finalize().into_bytes()))
    }
}

/// Reads the secret: the file's bytes, but for line ends after them.
fn secret(path: &Path) -> Result<Secret, WebhookError> {
    let path: PathBuf = path.to_owned();
    // One file is looked at and read, whatever takes its name meanwhile.
    let read = File::open(&path).and_then(|mut file| {
        let metadata = file.metadata()?;
        // Room for all of it at once: a buffer that grows leaves copies behind.
        let size_bytes = usize::try_from(metadata.len()).unwrap_or_default();
        let mut bytes = Zeroizing::new(Vec::with_capacity(size_bytes.saturating_add(1)));
        file.read_to_end(&mut bytes)?;
        Ok((metadata.permissions().mode() & 0o777, bytes))
    });
    let (mode, mut bytes) = match read {
        Ok(read) => read,
        Err(source) => return Err(WebhookError::Secret { path, source }),
    };
    if mode & SHARED_BITS != 0 {
        return Err(WebhookError::SecretShared { path, mode });
    }
    while bytes.last().is_some_and(|byte| matches!(byte, b'\n' | b'\r')) {
        bytes.pop();
    }
    if bytes.len() < MIN_SECRET_BYTES {
        let (size_bytes, least) = (bytes.len(), MIN_SECRET_BYTES);
        return Err(WebhookError::SecretShort { path, size_bytes, least });
    }
    Ok(Secret(bytes))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn signature_is_hmac_sha256_as_others_compute_it() {
        // RFC 4231, test case 2.
        let secret = Secret(Zeroizing::new(b"Jefe".to_vec()));
        assert_eq!(
            secret.signature(b"what do ya want for nothing?"),
            "sha256=5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"
        );
    }

    #[test]
    fn secret_is_its_owners_alone_and_long_enough() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("secret");
        assert!(matches!(secret(&path), Err(WebhookError::Secret { .. })));
        std::fs::write(&path, "0123456789abcdef\n").unwrap();
        let set = |mode| std::fs::set_permissions(&path, std::fs::Permissions::from_mode(mode));
        set(0o640).unwrap();
        assert!(matches!(secret(&path), Err(WebhookError::SecretShared { mode: 0o640, .. })));
        set(0o600).unwrap();
        assert_eq!(secret(&path).unwrap().0.as_slice(), b"0123456789abcdef");
        std::fs::write(&path, "too short\n\n").unwrap();
        assert!(matches!(secret(&path), Err(WebhookError::SecretShort { size_bytes: 9, .. })));
    }
}
