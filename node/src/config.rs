//! The operator's settings: what `config.toml` may say, and what holds where it says nothing.
//! Holds: a configuration that was read is usable; a mistake is told with its line and column.
//! May not enter: secrets, rules that all members share (they stand in the genesis).

mod address;
mod checkpoints;
mod webhook;

use std::fmt;
use std::io;
use std::path::{Path, PathBuf};

use comity_core::text::AgencyId;
use serde::Deserialize;
use serde::de::{self, Deserializer, Unexpected, Visitor};

pub use address::{AddressError, ListenAddress, LoopbackAddress, PeerOption};
pub use checkpoints::{
    CheckpointOptions, Fail, WitnessKey, WitnessKeyError, WitnessOption, WitnessUrl,
    WitnessUrlError,
};
pub use webhook::{Concerned, EntryKind, UnknownKind, WebhookOptions, WebhookUrl, WebhookUrlError};

use crate::failure::{Ending, Failure};
use crate::logging::{LogFilter, LogFormat};
use crate::toml_text::{self, Mistake};

const TEMPLATE: &str = include_str!("config/template.toml");

/// What `config.toml` says.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, expecting = "options")]
pub struct Config {
    /// The agency whose node this is.
    pub agency: AgencyId,
    /// How it meets other nodes.
    #[serde(default)]
    pub network: NetworkOptions,
    /// How it answers programs.
    #[serde(default)]
    pub api: ApiOptions,
    /// How it opens its keys.
    #[serde(default)]
    pub keys: KeyOptions,
    /// What it writes down.
    #[serde(default)]
    pub log: LogOptions,
    /// How many records wait.
    #[serde(default)]
    pub pool: PoolOptions,
    /// How it uses the machine.
    #[serde(default)]
    pub runtime: RuntimeOptions,
    /// How much room it leaves on the disk.
    #[serde(default)]
    pub disk: DiskOptions,
    /// What it keeps beside the log.
    #[serde(default)]
    pub kept: KeptOptions,
    /// When it takes snapshots.
    #[serde(default)]
    pub snapshots: SnapshotOptions,
    /// Whom it tells of what is committed, if anyone.
    #[serde(default)]
    pub webhook: Option<WebhookOptions>,
    /// Who outside watches that the log is one, if anyone.
    #[serde(default)]
    pub checkpoints: Option<CheckpointOptions>,
}

/// `[network]`.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields, expecting = "the section [network]")]
pub struct NetworkOptions {
    /// Where this node listens.
    pub listen: Vec<ListenAddress>,
    /// Nodes that it calls, and lets in whatever the ledger says.
    pub peers: Vec<PeerOption>,
}

/// `[api]`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields, expecting = "the section [api]")]
pub struct ApiOptions {
    /// Where it is served.
    pub listen: LoopbackAddress,
}

/// `[keys]`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields, expecting = "the section [keys]")]
pub struct KeyOptions {
    /// The file whose one line opens the node's keys; relative to the node's directory.
    pub passphrase_file: Option<PathBuf>,
}

/// `[log]`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields, expecting = "the section [log]")]
pub struct LogOptions {
    /// For people or for programs.
    pub format: LogFormat,
    /// How much.
    pub level: LogFilter,
}

/// `[pool]`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields, expecting = "the section [pool]")]
pub struct PoolOptions {
    /// Most pending records, of all agencies.
    pub records: Whole<1, 1_000_000>,
    /// Most pending records of one agency.
    pub records_per_agency: Whole<1, 1_000_000>,
}

/// `[runtime]`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields, expecting = "the section [runtime]")]
pub struct RuntimeOptions {
    /// Threads for network and requests.
    pub worker_threads: Whole<1, 64>,
}

/// `[disk]`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields, expecting = "the section [disk]")]
pub struct DiskOptions {
    /// While less than this is free (bytes), the node takes part in nothing.
    pub reserve_bytes: Whole<1_048_576, 1_099_511_627_776>,
}

impl Default for DiskOptions {
    fn default() -> Self {
        DiskOptions { reserve_bytes: Whole(256 << 20) }
    }
}

/// `[kept]`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields, expecting = "the section [kept]")]
pub struct KeptOptions {
    /// Most bytes, in whole blocks of the disk (4096).
    pub max_bytes: Whole<1_048_576, 1_099_511_627_776>,
}

/// `[snapshots]`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields, expecting = "the section [snapshots]")]
pub struct SnapshotOptions {
    /// A snapshot at least so often (hours of block time); 0 for none unless asked.
    pub every_hours: Whole<0, 8_760>,
}

impl Default for SnapshotOptions {
    fn default() -> Self {
        SnapshotOptions { every_hours: Whole(24) }
    }
}

impl Default for KeptOptions {
    fn default() -> Self {
        KeptOptions { max_bytes: Whole(1 << 30) }
    }
}

impl Default for NetworkOptions {
    fn default() -> Self {
        NetworkOptions { listen: vec![ListenAddress::default()], peers: Vec::new() }
    }
}

impl Default for PoolOptions {
    fn default() -> Self {
        PoolOptions { records: Whole(50_000), records_per_agency: Whole(20_000) }
    }
}

impl Default for RuntimeOptions {
    fn default() -> Self {
        RuntimeOptions { worker_threads: Whole(2) }
    }
}

/// A whole number within bounds (inclusive).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Whole<const MIN: usize, const MAX: usize>(usize);

impl<const MIN: usize, const MAX: usize> Whole<MIN, MAX> {
    /// The number.
    pub fn get(self) -> usize {
        self.0
    }
}

impl<'de, const MIN: usize, const MAX: usize> Deserialize<'de> for Whole<MIN, MAX> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Bounded<const MIN: usize, const MAX: usize>;
        impl<const MIN: usize, const MAX: usize> Visitor<'_> for Bounded<MIN, MAX> {
            type Value = usize;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, "a whole number from {MIN} to {MAX}")
            }
            fn visit_i64<E: de::Error>(self, number: i64) -> Result<usize, E> {
                let within = |n: &usize| (MIN..=MAX).contains(n);
                usize::try_from(number)
                    .ok()
                    .filter(within)
                    .ok_or_else(|| E::invalid_value(Unexpected::Signed(number), &self))
            }
        }
        deserializer.deserialize_i64(Bounded::<MIN, MAX>).map(Whole)
    }
}

/// Why a configuration cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// It cannot be read.
    #[error("could not read {path}")]
    Read {
        /// The file.
        path: PathBuf,
        /// What the system said.
        #[source]
        source: io::Error,
    },
    /// A mistake in it.
    #[error("{path}, {mistake}")]
    Mistake {
        /// The file.
        path: PathBuf,
        /// Where, and what is wrong there.
        mistake: Mistake,
    },
    /// Two options that do not go together.
    #[error("{path}: {mistake}")]
    Contradiction {
        /// The file.
        path: PathBuf,
        /// Which.
        mistake: &'static str,
    },
}

impl Config {
    /// Reads `config.toml`. Errors: `Read`, and all of `parse`.
    pub fn load(path: &Path) -> Result<Config, ConfigError> {
        let text = std::fs::read_to_string(path)
            .map_err(|source| ConfigError::Read { path: path.to_owned(), source })?;
        Config::parse(&text, path)
    }

    /// Reads settings from text that lies at `path`. Errors: `Mistake`, `Contradiction`.
    pub fn parse(text: &str, path: &Path) -> Result<Config, ConfigError> {
        let config: Config = toml_text::read(text)
            .map_err(|mistake| ConfigError::Mistake { path: path.to_owned(), mistake })?;
        let contradiction = if config.pool.records_per_agency.get() > config.pool.records.get() {
            Some("records_per_agency in [pool] is more than records, so it could never apply")
        } else if config.network.listen.is_empty() {
            Some("listen in [network] names no address, so no other node could reach this one")
        } else {
            config.checkpoints.as_ref().and_then(CheckpointOptions::contradiction)
        };
        match contradiction {
            Some(mistake) => Err(ConfigError::Contradiction { path: path.to_owned(), mistake }),
            None => Ok(config),
        }
    }
}

/// A new configuration file: every option with its meaning and default; what differs from the
/// default is written out.
pub fn new_file(
    agency: &AgencyId,
    network: &NetworkOptions,
    api: &ApiOptions,
    keys: &KeyOptions,
) -> String {
    let listen: Vec<String> = network
        .listen
        .iter()
        .map(|address| format!("{:?}", address.multiaddr().to_string()))
        .collect();
    let listen = commented(
        format!("listen = [{}]", listen.join(", ")),
        network.listen == NetworkOptions::default().listen,
    );
    let peers: String = network.peers.iter().map(peer_table).collect();
    let api =
        commented(format!("listen = \"{}\"", api.listen.get()), *api == ApiOptions::default());
    let passphrase = keys.passphrase_file.as_ref().map(|path| path.display().to_string());
    let keys = match &passphrase {
        // A JSON string is a TOML string.
        Some(path) => format!("passphrase_file = {}", serde_json::Value::from(path.as_str())),
        None => "# passphrase_file = \"/run/credentials/comityd.service/keys\"".to_owned(),
    };
    TEMPLATE
        .replace("@keys@", &keys)
        .replace("@agency@", agency.as_str())
        .replace("@listen@", &listen)
        .replace("@peers@", &peers)
        .replace("@api@", &api)
}

fn peer_table(peer: &PeerOption) -> String {
    let agency = peer.agency.as_ref().map(|agency| format!("agency = \"{agency}\"\n"));
    let identity = peer.identity.map(|identity| format!("/p2p/{identity}"));
    format!(
        "\n[[network.peers]]\n{}address = \"{}{}\"\n",
        agency.unwrap_or_default(),
        peer.address,
        identity.unwrap_or_default()
    )
}

fn commented(line: String, is_default: bool) -> String {
    if is_default { format!("# {line}") } else { line }
}

impl From<ConfigError> for Failure {
    fn from(error: ConfigError) -> Failure {
        let (ConfigError::Read { path, .. }
        | ConfigError::Mistake { path, .. }
        | ConfigError::Contradiction { path, .. }) = &error;
        let next = match path.parent() {
            Some(dir) if !matches!(error, ConfigError::Read { .. }) => {
                format!("correct it, then check with: comityd config check --dir {}", dir.display())
            }
            _ => "check the path, and that you may read the file".into(),
        };
        let meaning = "The settings are not used, not even in part. Nothing was started.";
        Failure::because(Ending::NotUnderstood, &error, meaning, next)
    }
}

#[cfg(test)]
mod tests;
