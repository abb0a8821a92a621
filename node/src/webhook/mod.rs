//! Telling a program on this machine of each committed entry that concerns it.
//! Holds: entries are sent in the order of the log, each at least once, however often either side
//! restarts; a receiver that is slow, wrong or gone holds up nothing but its own messages; what is
//! in memory does not grow with what waits.
//! May not enter: what the entries mean; the API. Source: docs/api.md, "Webhook".

mod courier;
mod cursor;
mod post;
#[cfg(test)]
mod tests;

use std::io;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::time::Duration;

use comity_core::hash::ConsortiumId;
use comity_core::text::AgencyId;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::registry::Registry;
use tokio::runtime::Handle;
use tokio::task::JoinHandle;

use crate::config::{Concerned, WebhookOptions};
use crate::data_dir::DataDir;
use crate::failure::{Ending, Failure};
use crate::http::ApiState;
use crate::kept::KeptError;
use crate::view::{EntryFilter, View};

use courier::{Courier, Patience};
use cursor::Cursor;
use post::Post;

/// How long the end of the node waits for a message under way.
const GRACE: Duration = Duration::from_secs(3);

/// Why the webhook cannot be started.
#[derive(Debug, thiserror::Error)]
pub(crate) enum WebhookError {
    #[error("the webhook's secret in {path} cannot be read")]
    Secret {
        path: PathBuf,
        #[source]
        source: io::Error,
    },
    #[error("others on this machine can read the webhook's secret in {path} (mode {mode:03o})")]
    SecretShared { path: PathBuf, mode: u32 },
    #[error("the webhook's secret in {path} has {size_bytes} bytes; at least {least} are needed")]
    SecretShort { path: PathBuf, size_bytes: usize, least: usize },
    #[error("{path} does not say which entry the webhook sends next")]
    Cursor { path: PathBuf },
    #[error("{path} is of the webhook of another consortium, {found}")]
    OtherConsortium { path: PathBuf, found: ConsortiumId },
    #[error("which entry the webhook sends next cannot be read or written")]
    Store(#[from] KeptError),
    #[error("the webhook's thread could not be started")]
    Thread(#[source] io::Error),
}

/// What the webhook is doing, for Prometheus.
#[derive(Clone, Debug, Default)]
struct Numbers {
    delivered: Counter,
    failing_since: Gauge<u64, AtomicU64>,
    behind: Gauge<u64, AtomicU64>,
}

impl Numbers {
    fn register(&self, registry: &mut Registry) {
        registry.register(
            "comity_webhook_delivered",
            "Entries that the webhook's receiver has taken, since the start",
            self.delivered.clone(),
        );
        registry.register(
            "comity_webhook_failing_since_seconds",
            "Since when the webhook's receiver takes nothing, in seconds since 1970; 0 while it does",
            self.failing_since.clone(),
        );
        registry.register(
            "comity_webhook_behind",
            "Entries of the log that the webhook has not come to yet",
            self.behind.clone(),
        );
    }
}

/// A running webhook; ends when dropped.
#[derive(Debug)]
pub(crate) struct Webhook {
    closing: Arc<AtomicBool>,
    bell: SyncSender<()>,
    ended: Receiver<()>,
    forward: JoinHandle<()>,
}

impl Webhook {
    /// Starts to send from where it stopped last, or from the first entry. Errors: the secret or
    /// the cursor cannot be used.
    pub(crate) fn start(
        options: &WebhookOptions,
        own: &AgencyId,
        dir: &DataDir,
        (api, view): (ApiState, View),
        runtime: &Handle,
        registry: &mut Registry,
    ) -> Result<Webhook, WebhookError> {
        let consortium = api.consortium();
        let courier = Courier {
            post: Post::new(options, dir, consortium)?,
            cursor: Cursor::open(dir.webhook_cursor_file(), consortium)?,
            filters: filters(options, own),
            api,
            view: view.clone(),
            numbers: Numbers::default(),
            patience: Patience::default(),
            closing: Arc::default(),
        };
        courier.numbers.register(registry);
        Webhook::run(courier, &view, runtime)
    }

    fn run(courier: Courier, view: &View, runtime: &Handle) -> Result<Webhook, WebhookError> {
        let closing = Arc::clone(&courier.closing);
        // One ring waits at most: it says that there is something, not what.
        let (bell, rings) = sync_channel(1);
        let (end, ended) = sync_channel::<()>(0);
        let mut heights = view.height();
        let ring = bell.clone();
        let forward = runtime.spawn(async move {
            while heights.changed().await.is_ok() {
                // Where one ring waits already, that is enough.
                let _ = ring.try_send(());
            }
        });
        let work = move || {
            // Dropped at the end, which is what is waited for.
            let _end = end;
            courier.run(&rings);
        };
        std::thread::Builder::new()
            .name("webhook".to_owned())
            .spawn(work)
            .map_err(WebhookError::Thread)?;
        Ok(Webhook { closing, bell, ended, forward })
    }
}

impl Drop for Webhook {
    fn drop(&mut self) {
        self.forward.abort();
        self.closing.store(true, Ordering::Release);
        let _ = self.bell.try_send(());
        // One that waits for its receiver's answer longer than this is left to end with the
        // process: what it was sending is sent again.
        let _ = self.ended.recv_timeout(GRACE);
    }
}

/// Whether a webhook could start with these settings and what lies in `dir`. Errors: the secret or
/// the cursor cannot be used.
pub(crate) fn check(
    options: &WebhookOptions,
    dir: &DataDir,
    consortium: ConsortiumId,
) -> Result<(), WebhookError> {
    Post::new(options, dir, consortium)?;
    Cursor::open(dir.webhook_cursor_file(), consortium).map(drop)
}

/// Which entries are sent: those that any of these lets through.
fn filters(options: &WebhookOptions, own: &AgencyId) -> Vec<EntryFilter> {
    let agencies = match &options.agencies {
        Concerned::Own => vec![Some(own.clone())],
        Concerned::These(agencies) => agencies.iter().cloned().map(Some).collect(),
        Concerned::All => vec![None],
    };
    let kinds = match options.kinds.is_empty() {
        true => vec![None],
        false => options.kinds.iter().map(|kind| Some(kind.as_str().to_owned())).collect(),
    };
    let with_kinds = |agency: Option<AgencyId>| {
        let of_kind = move |kind: &Option<String>| EntryFilter {
            kind: kind.clone(),
            agency: agency.clone(),
            ..EntryFilter::default()
        };
        kinds.iter().map(of_kind).collect::<Vec<_>>()
    };
    agencies.into_iter().flat_map(with_kinds).collect()
}

impl From<WebhookError> for Failure {
    fn from(error: WebhookError) -> Failure {
        let (ending, next) = match &error {
            WebhookError::Secret { .. } => {
                (Ending::NotUnderstood, "check secret_file under [webhook] in config.toml".into())
            }
            WebhookError::SecretShared { path, .. } => {
                (Ending::Refused, format!("make a new secret; then chmod 600 {}", path.display()))
            }
            WebhookError::SecretShort { path, .. } => (
                Ending::Refused,
                format!("make a longer one: openssl rand -hex 32 > {}", path.display()),
            ),
            WebhookError::Cursor { path } | WebhookError::OtherConsortium { path, .. } => (
                Ending::Refused,
                format!(
                    "move {} away; every entry is then sent again from the first, which a \
                     receiver that goes by the index does not mind",
                    path.display()
                ),
            ),
            WebhookError::Store(_) | WebhookError::Thread(_) => (
                Ending::Failed,
                "check the disk and the limits of the machine, then start the node again".into(),
            ),
        };
        let meaning = "Nobody would be told of what is committed. Nothing was started.";
        Failure::because(ending, &error, meaning, next)
    }
}
