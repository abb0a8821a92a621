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
use comity_core::ids::{DatasetId, GrantId, TimeMs};
use comity_core::key_file::KeyFile;
use comity_core::keys::SecretKey;
use comity_core::text::{AgencyId, Code};
use serde::de::DeserializeOwned;

use crate::failure::DevnetError;
use crate::nodes::Network;
use crate::people::Person;
use crate::place::io_error;
use crate::topology::Node;

const MATTER: &str = "LOW-INCOME-CHECK";
const DUTY_BASIS: &str = "SOCIAL-SUPPORT-RULES";
const ITEM: &str = "assessment grade";
/// Far more than any run can use.
const QUOTA: &str = "1000000000";

/// An agency that gives access to its dataset, and the one that has it.
pub(crate) struct Provider {
    pub(super) consortium: ConsortiumId,
    pub(super) agency: AgencyId,
    pub(super) gateway: SecretKey,
    pub(super) steward: SecretKey,
    pub(super) requester: AgencyId,
    pub(super) officer: SecretKey,
    pub(super) dataset: DatasetId,
    /// One that is asked for, and not granted by rule.
    pub(super) asked_for: DatasetId,
    pub(super) grant: GrantId,
    pub(super) matter: Code,
    pub(super) duty_basis: Code,
    pub(super) items: Items,
    /// When it was prepared.
    pub(super) since: TimeMs,
    /// The gateway's next number.
    pub(super) next: AtomicU64,
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
pub(super) fn genesis(network: &Network) -> Result<Genesis, DevnetError> {
    read_json(&network.place.genesis_file())
}

/// This machine's time.
pub(crate) fn now() -> TimeMs {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    TimeMs(u64::try_from(now.as_millis()).unwrap_or(u64::MAX))
}

impl Provider {
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
    let dataset = published(network, node, "register", "sharing = \"unconditional\"")?;
    let conditional = "sharing = \"conditional\"\nconditions = \"To check an application\"";
    let asked_for = published(network, node, "cases", conditional)?;
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
    Ok(Provider {
        consortium,
        agency: node.agency.clone(),
        gateway: read_key(&Person::of(node, "gateway").key_file(place))?,
        steward: read_key(&steward.key_file(place))?,
        requester: to.agency.clone(),
        officer: read_key(&Person::of(to, "officer").key_file(place))?,
        dataset: readable(&dataset)?,
        asked_for: readable(&asked_for)?,
        grant,
        matter: readable(MATTER)?,
        duty_basis: readable(DUTY_BASIS)?,
        items: Items::Only([readable(ITEM)?].into()),
        since,
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
    let dataset = format!("{}/{slug}", node.agency);
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

/// A word as a value of core's. Errors: it is none.
pub(super) fn readable<T: FromStr>(text: &str) -> Result<T, DevnetError> {
    text.parse().map_err(|_| DevnetError::Unexpected(format!("{text:?} is not well formed")))
}

fn read_key(path: &Path) -> Result<SecretKey, DevnetError> {
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
