//! Who acts in the benchmark: agencies with datasets and grants made with `comity`, and the keys with
//! which their people and gateways sign in advance.
//! Holds: what they make here is made as people make it.
//! May not enter: what they sign afterwards (see `acts`).

use std::fs;
use std::path::Path;
use std::str::FromStr;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{SystemTime, UNIX_EPOCH};

use comity_core::dataset::Items;
use comity_core::genesis::Genesis;
use comity_core::hash::ConsortiumId;
use comity_core::ids::{DatasetId, GrantId, LogIndex, TimeMs};
use comity_core::key_file::KeyFile;
use comity_core::keys::SecretKey;
use comity_core::text::{AgencyId, Code};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use crate::failure::DevnetError;
use crate::nodes::Network;
use crate::people::Person;
use crate::place::io_error;
use crate::topology::Node;

const MATTER: &str = "LOW-INCOME-CHECK";
const DUTY_BASIS: &str = "SOCIAL-SUPPORT-RULES";
/// The dataset that is granted, and the one that is asked for.
const REGISTER: &str = "register";
const CASES: &str = "cases";
const ITEM: &str = "assessment grade";
/// Far more than any run can use.
const QUOTA: &str = "1000000000";

/// Grants on the log at equal distances: each access uses the next of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Spread {
    /// The entry of the first.
    pub(crate) first: u64,
    /// Entries from one to the next (count).
    pub(crate) step: u64,
    /// How many (count), at least one.
    pub(crate) count: u64,
}

impl Spread {
    /// One grant alone.
    pub(crate) fn of_one(grant: GrantId) -> Spread {
        Spread { first: grant.0.0, step: 0, count: 1 }
    }

    /// The one that the access with this number uses.
    pub(super) fn at(&self, number: u64) -> GrantId {
        GrantId(LogIndex(self.first + number % self.count.max(1) * self.step))
    }
}

/// What is written down of a provider, to go on with it in another run.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Noted {
    pub(crate) agency: AgencyId,
    pub(crate) grant: GrantId,
    pub(crate) since: TimeMs,
}

/// An agency that gives access to its dataset, and the one that has it.
pub(crate) struct Provider {
    pub(super) consortium: ConsortiumId,
    pub(crate) agency: AgencyId,
    pub(crate) gateway: SecretKey,
    pub(super) steward: SecretKey,
    pub(super) requester: AgencyId,
    pub(super) officer: SecretKey,
    pub(super) dataset: DatasetId,
    /// One that is asked for, and not granted by rule.
    pub(super) asked_for: DatasetId,
    pub(super) grant: GrantId,
    /// Those that accesses use.
    pub(crate) grants: Spread,
    pub(super) matter: Code,
    pub(super) duty_basis: Code,
    pub(super) items: Items,
    /// When it was prepared.
    pub(super) since: TimeMs,
    /// The gateway's next number.
    pub(crate) next: AtomicU64,
}

/// Makes every agency publish a dataset and grant it to the next one. Errors: a command fails.
pub(crate) fn all(network: &Network) -> Result<Vec<Provider>, DevnetError> {
    let nodes = &network.topology.nodes;
    for node in nodes {
        for role in ["steward", "gateway", "officer"] {
            new_key(network, node, role)?;
        }
    }
    let genesis = genesis(network)?;
    let next = nodes.iter().cycle().skip(1);
    nodes.iter().zip(next).map(|(node, to)| provider(network, node, to, genesis.id())).collect()
}

/// What the network was founded on. Errors: it cannot be read.
pub(crate) fn genesis(network: &Network) -> Result<Genesis, DevnetError> {
    read_json(&network.place.genesis_file())
}

/// This machine's time.
pub(crate) fn now() -> TimeMs {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    TimeMs(u64::try_from(now.as_millis()).unwrap_or(u64::MAX))
}

/// The providers that an earlier run prepared. Errors: their keys cannot be read.
pub(crate) fn again(network: &Network, noted: &[Noted]) -> Result<Vec<Provider>, DevnetError> {
    let nodes = &network.topology.nodes;
    let consortium = genesis(network)?.id();
    let one = |noted: &Noted| {
        let Some(at) = nodes.iter().position(|node| node.agency == noted.agency) else {
            return Err(DevnetError::Unexpected(format!("there is no node of {}", noted.agency)));
        };
        let to = &nodes[(at + 1) % nodes.len()];
        acting(network, &nodes[at], to, consortium, noted)
    };
    noted.iter().map(one).collect()
}

impl Provider {
    /// What has to be known to go on with it.
    pub(crate) fn noted(&self) -> Noted {
        Noted { agency: self.agency.clone(), grant: self.grant, since: self.since }
    }

    /// The same, whose accesses all use one grant.
    pub(super) fn with_one_grant(self) -> Provider {
        Provider { grants: Spread::of_one(self.grant), ..self }
    }

    /// Takes back the last `count` numbers, whose records will never be submitted.
    pub(super) fn take_back(&self, count: usize) {
        self.next.fetch_sub(count as u64, Ordering::Relaxed);
    }

    /// Another access, which may wait for `validity_ms` from `now`. Errors: no random numbers.
    pub(crate) fn record(&self, now: TimeMs, validity_ms: u64) -> Result<Vec<u8>, DevnetError> {
        self.access(now, validity_ms, 0)
    }
}

fn new_key(network: &Network, node: &Node, role: &str) -> Result<(), DevnetError> {
    let agency = node.agency.as_str();
    let (person, admin) = (Person::of(node, role), Person::of(node, "admin"));
    let key = person.key_name();
    let card = format!("{role}.card.json");
    let new = [
        "key",
        "new",
        "--agency",
        agency,
        "--role",
        role,
        "--post",
        "Desk",
        "--no-passphrase",
        "--out",
        &key,
    ];
    person.task(&network.place, node, &new).run_expecting(0)?;
    let register = ["key", "register", "--card", &card, "--key", &admin.key_name(), "--yes"];
    admin.task(&network.place, node, &register).run_expecting(0)?;
    Ok(())
}

fn provider(
    network: &Network,
    node: &Node,
    to: &Node,
    consortium: ConsortiumId,
) -> Result<Provider, DevnetError> {
    let place = &network.place;
    let steward = Person::of(node, "steward");
    let since = now();
    let dataset = published(network, node, REGISTER, "sharing = \"unconditional\"")?;
    let conditional = "sharing = \"conditional\"\nconditions = \"To check an application\"";
    published(network, node, CASES, conditional)?;
    let key = ["--key", &steward.key_name(), "--yes", "--json"];
    let what = ["grant", "issue", "--dataset", &dataset, "--to", to.agency.as_str()];
    let why = ["--matter", MATTER, "--basis", DUTY_BASIS, "--item", ITEM];
    let how = ["--mode", "verify", "--until", "30d"];
    let quotas = ["--total-quota", QUOTA, "--daily-quota", QUOTA];
    let issue = [&what[..], &why, &how, &quotas, &key].concat();
    let issued = steward.task(place, node, &issue).run_expecting(0)?;
    let grant = serde_json::from_str::<serde_json::Value>(&issued.out).ok();
    let grant = grant.and_then(|issued| serde_json::from_value(issued["grant"].clone()).ok());
    let Some(grant) = grant else {
        let text = format!("comity did not say which grant it issued: {}", issued.out);
        return Err(DevnetError::Unexpected(text));
    };
    let noted = Noted { agency: node.agency.clone(), grant, since };
    acting(network, node, to, consortium, &noted)
}

/// The agency of a node with its keys, ready to act.
fn acting(
    network: &Network,
    node: &Node,
    to: &Node,
    consortium: ConsortiumId,
    noted: &Noted,
) -> Result<Provider, DevnetError> {
    let place = &network.place;
    let dataset = |slug: &str| readable(&dataset_name(node, slug));
    Ok(Provider {
        consortium,
        agency: node.agency.clone(),
        gateway: read_key(&Person::of(node, "gateway").key_file(place))?,
        steward: read_key(&Person::of(node, "steward").key_file(place))?,
        requester: to.agency.clone(),
        officer: read_key(&Person::of(to, "officer").key_file(place))?,
        dataset: dataset(REGISTER)?,
        asked_for: dataset(CASES)?,
        grant: noted.grant,
        grants: Spread::of_one(noted.grant),
        matter: readable(MATTER)?,
        duty_basis: readable(DUTY_BASIS)?,
        items: Items::Only([readable(ITEM)?].into()),
        since: noted.since,
        next: AtomicU64::new(1),
    })
}

/// Publishes a dataset of the node's agency; its id.
fn published(
    network: &Network,
    node: &Node,
    slug: &str,
    sharing: &str,
) -> Result<String, DevnetError> {
    let (place, steward) = (&network.place, Person::of(node, "steward"));
    let dataset = dataset_name(node, slug);
    let text = format!(
        "id = \"{dataset}\"\ntitle = \"A register\"\n{sharing}\n\
         openness = \"closed\"\ngrade = \"general\"\nmodes = [\"verify\"]\n\
         contact = \"Duty desk\"\n[[items]]\nname = \"{ITEM}\"\nkind = \"text\"\n"
    );
    let file = format!("{slug}.toml");
    place.write(&place.desk(&node.agency).join(&file), text.as_bytes())?;
    let key = steward.key_name();
    let publish = ["dataset", "publish", &file, "--key", &key, "--yes", "--json"];
    steward.task(place, node, &publish).run_expecting(0)?;
    Ok(dataset)
}

fn dataset_name(node: &Node, slug: &str) -> String {
    format!("{}/{slug}", node.agency)
}

/// A word as a value of core's. Errors: it is none.
pub(super) fn readable<T: FromStr>(text: &str) -> Result<T, DevnetError> {
    text.parse().map_err(|_| DevnetError::Unexpected(format!("{text:?} is not well formed")))
}

/// The secret in a key file without a passphrase. Errors: it cannot be read.
pub(crate) fn read_key(path: &Path) -> Result<SecretKey, DevnetError> {
    let file: KeyFile = read_json(path)?;
    file.secret().map_err(|error| unreadable(path, &error.to_string()))
}

fn read_json<T: DeserializeOwned>(path: &Path) -> Result<T, DevnetError> {
    let text = fs::read(path).map_err(|source| io_error("read", path, source))?;
    // The cause is left out: it might quote a secret.
    serde_json::from_slice(&text).map_err(|_| unreadable(path, "it is not what comity writes"))
}

fn unreadable(path: &Path, cause: &str) -> DevnetError {
    DevnetError::Unexpected(format!("{} cannot be used: {cause}", path.display()))
}
