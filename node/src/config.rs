//! The operator's settings: what `config.toml` may say, and what holds where it says nothing.
//! Holds: a configuration that was read is usable; a mistake is told with its line and column.
//! May not enter: secrets, rules that all members share (they stand in the genesis).

use std::fmt;
use std::io;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use comity_core::text::AgencyId;
use libp2p::multiaddr::Protocol;
use libp2p::{Multiaddr, PeerId};
use serde::de::{self, Deserializer, Unexpected, Visitor};
use serde::{Deserialize, Serialize};

use crate::failure::{Ending, Failure};
use crate::logging::{LogFilter, LogFormat};

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
    /// What it writes down.
    #[serde(default)]
    pub log: LogOptions,
    /// How many records wait.
    #[serde(default)]
    pub pool: PoolOptions,
    /// How it uses the machine.
    #[serde(default)]
    pub runtime: RuntimeOptions,
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
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields, expecting = "the section [api]")]
pub struct ApiOptions {
    /// Where it is served.
    pub listen: LoopbackAddress,
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

impl Default for NetworkOptions {
    fn default() -> Self {
        let local = Multiaddr::from(std::net::Ipv4Addr::LOCALHOST).with(Protocol::Tcp(7070));
        NetworkOptions { listen: vec![ListenAddress(local)], peers: Vec::new() }
    }
}

impl Default for ApiOptions {
    fn default() -> Self {
        ApiOptions { listen: LoopbackAddress(SocketAddr::from(([127, 0, 0, 1], 8080))) }
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

/// Text that is not an address of the sort that is wanted.
#[derive(Debug, thiserror::Error)]
pub enum AddressError {
    /// Not a place to listen on.
    #[error("{0:?} is not an address to listen on: write it as \"/ip4/10.20.0.7/tcp/7070\"")]
    Listen(String),
    /// Not a node's address.
    #[error(
        "{0:?} is not the address of a node: write it as \"/ip4/10.20.0.8/tcp/7070\", with the \
         number of the server, not its name"
    )]
    Peer(String),
    /// A peer that cannot be recognised.
    #[error(
        "the peer at {0} needs either its agency, or an address that ends in /p2p/ and its identity"
    )]
    Nobody(Multiaddr),
    /// Not an address with a port.
    #[error("{0:?} is not an address with a port: write it as \"127.0.0.1:8080\"")]
    Api(String),
    /// An address that other machines can reach.
    #[error(
        "{0} can be reached from other machines, but the interface has no passwords or encryption \
         yet: use 127.0.0.1, and ssh -L from elsewhere"
    )]
    NotLoopback(SocketAddr),
}

/// An IP address and TCP port on which to listen for other nodes.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(try_from = "String", into = "String")]
pub struct ListenAddress(Multiaddr);

impl ListenAddress {
    /// The address.
    pub fn multiaddr(&self) -> &Multiaddr {
        &self.0
    }
}

impl TryFrom<String> for ListenAddress {
    type Error = AddressError;
    fn try_from(text: String) -> Result<Self, AddressError> {
        match text.parse().ok().and_then(in_parts) {
            Some((address, None)) => Ok(ListenAddress(address)),
            _ => Err(AddressError::Listen(text)),
        }
    }
}

impl From<ListenAddress> for String {
    fn from(address: ListenAddress) -> String {
        address.0.to_string()
    }
}

/// `[[network.peers]]`: a node that this one calls.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(try_from = "RawPeer")]
pub struct PeerOption {
    /// Whose node it is; its transport key then stands in the ledger.
    pub agency: Option<AgencyId>,
    /// IP address and TCP port.
    pub address: Multiaddr,
    /// Its identity, where the operator wrote it down.
    pub identity: Option<PeerId>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, expecting = "a peer, such as { agency = ..., address = ... }")]
struct RawPeer {
    agency: Option<AgencyId>,
    address: String,
}

impl TryFrom<RawPeer> for PeerOption {
    type Error = AddressError;
    fn try_from(raw: RawPeer) -> Result<Self, AddressError> {
        let Some((address, identity)) = raw.address.parse().ok().and_then(in_parts) else {
            return Err(AddressError::Peer(raw.address));
        };
        if raw.agency.is_none() && identity.is_none() {
            return Err(AddressError::Nobody(address));
        }
        Ok(PeerOption { agency: raw.agency, address, identity })
    }
}

/// IP address and TCP port, and the identity after them, if any; `None` for another shape.
fn in_parts(address: Multiaddr) -> Option<(Multiaddr, Option<PeerId>)> {
    let mut parts = address.iter();
    let ip = parts.next().filter(|part| matches!(part, Protocol::Ip4(_) | Protocol::Ip6(_)))?;
    let tcp = parts.next().filter(|part| matches!(part, Protocol::Tcp(_)))?;
    let place = Multiaddr::empty().with(ip).with(tcp);
    match (parts.next(), parts.next()) {
        (None, _) => Some((place, None)),
        (Some(Protocol::P2p(identity)), None) => Some((place, Some(identity))),
        _ => None,
    }
}

/// An address and port that only this machine reaches.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub struct LoopbackAddress(SocketAddr);

impl LoopbackAddress {
    /// The address.
    pub fn get(self) -> SocketAddr {
        self.0
    }
}

impl TryFrom<String> for LoopbackAddress {
    type Error = AddressError;
    fn try_from(text: String) -> Result<Self, AddressError> {
        let Ok(address) = text.parse::<SocketAddr>() else { return Err(AddressError::Api(text)) };
        if address.ip().is_loopback() {
            Ok(LoopbackAddress(address))
        } else {
            Err(AddressError::NotLoopback(address))
        }
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
    #[error("{path}, line {line}, column {column}: {mistake}")]
    Mistake {
        /// The file.
        path: PathBuf,
        /// Line, from 1.
        line: usize,
        /// Column in characters, from 1.
        column: usize,
        /// What is wrong there.
        mistake: String,
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
        let config: Config = toml::from_str(text).map_err(|error| {
            let (line, column) = position(text, error.span().map_or(0, |span| span.start));
            let mistake = in_plain_words(error.message());
            ConfigError::Mistake { path: path.to_owned(), line, column, mistake }
        })?;
        let contradiction = if config.pool.records_per_agency.get() > config.pool.records.get() {
            Some("records_per_agency in [pool] is more than records, so it could never apply")
        } else if config.network.listen.is_empty() {
            Some("listen in [network] names no address, so no other node could reach this one")
        } else {
            None
        };
        match contradiction {
            Some(mistake) => Err(ConfigError::Contradiction { path: path.to_owned(), mistake }),
            None => Ok(config),
        }
    }
}

/// A new configuration file: every option with its meaning and default; what differs from the
/// default is written out.
pub fn new_file(agency: &AgencyId, network: &NetworkOptions, api: &ApiOptions) -> String {
    let listen: Vec<String> =
        network.listen.iter().map(|address| format!("{:?}", address.0.to_string())).collect();
    let listen = commented(
        format!("listen = [{}]", listen.join(", ")),
        network.listen == NetworkOptions::default().listen,
    );
    let peers: String = network.peers.iter().map(peer_table).collect();
    let api =
        commented(format!("listen = \"{}\"", api.listen.get()), *api == ApiOptions::default());
    TEMPLATE
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

/// Line and column (from 1, in characters) of a byte of `text`.
fn position(text: &str, byte: usize) -> (usize, usize) {
    let before = text.get(..byte).unwrap_or(text);
    let line_start = before.rfind('\n').map_or(0, |at| at + 1);
    (before.matches('\n').count() + 1, before[line_start..].chars().count() + 1)
}

/// A reader's message without a programmer's words.
fn in_plain_words(message: &str) -> String {
    let words = [
        ("unknown field ", "there is no option "),
        (", expected one of ", "; there are "),
        ("missing field ", "missing option "),
        ("unknown variant ", "unknown value "),
        ("invalid type: ", "found "),
        ("invalid value: ", "found "),
    ];
    let mut text = message.trim().replace('\n', ", ");
    if let Some((_, known)) = text.split_once("unknown field ")
        && let Some((name, options)) = known.split_once(", expected ")
        && !options.starts_with("one of ")
    {
        text = format!("there is no option {name}; there is {options}");
    }
    for (theirs, ours) in words {
        text = text.replace(theirs, ours);
    }
    text
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
