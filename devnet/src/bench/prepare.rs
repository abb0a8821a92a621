//! What the benchmark submits: datasets and grants made with `comity`, and access records signed
//! in advance, as an officer and a gateway would sign them.
//! Holds: each record is another exchange; the rules allow all of them.
//! May not enter: submitting the records.

use std::fs;
use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{SystemTime, UNIX_EPOCH};

use comity_core::access::{Attempt, SignedAttempt};
use comity_core::agency::KeyRole;
use comity_core::dataset::{DeliveryMode, Items};
use comity_core::genesis::Genesis;
use comity_core::hash::ConsortiumId;
use comity_core::ids::{DatasetId, ExchangeId, GrantId, Nonce, TimeMs};
use comity_core::key_file::KeyFile;
use comity_core::keys::SecretKey;
use comity_core::statement::{
    Action, Capacity, STATEMENT_VERSION, SignedRecord, Statement, StatementSigner,
};
use comity_core::text::{AgencyId, Code};
use serde::de::DeserializeOwned;

use crate::failure::DevnetError;
use crate::nodes::Network;
use crate::people::Person;
use crate::place::io_error;
use crate::topology::Node;

const MATTER: &str = "LOW-INCOME-CHECK";
const ITEM: &str = "assessment grade";
/// Far more than any run can use.
const QUOTA: &str = "1000000000";
/// How long a record may wait (ms): longer than any run.
const VALIDITY_MS: u64 = 60 * 60 * 1000;

/// An agency that gives access to its dataset, and the one that has it.
pub(crate) struct Provider {
    consortium: ConsortiumId,
    agency: AgencyId,
    gateway: SecretKey,
    requester: AgencyId,
    officer: SecretKey,
    dataset: DatasetId,
    grant: GrantId,
    matter: Code,
    items: Items,
    /// The gateway's next number.
    next: AtomicU64,
}

/// Makes every agency publish a dataset and grant it to the next one. Errors: a command fails.
pub(crate) fn all(network: &Network) -> Result<Vec<Provider>, DevnetError> {
    let nodes = &network.topology.nodes;
    for node in nodes {
        for role in ["steward", "gateway", "officer"] {
            new_key(network, node, role)?;
        }
    }
    let genesis: Genesis = read_json(&network.place.genesis_file())?;
    let next = nodes.iter().cycle().skip(1);
    nodes.iter().zip(next).map(|(node, to)| provider(network, node, to, genesis.id())).collect()
}

/// `count` records in all, a list for each provider. Errors: no random numbers.
pub(super) fn records(
    providers: &[Provider],
    count: usize,
) -> Result<Vec<Vec<Vec<u8>>>, DevnetError> {
    let now = now();
    let each = count.div_ceil(providers.len());
    let list = |provider: &Provider| (0..each).map(|_| provider.record(now, VALIDITY_MS)).collect();
    // One thread for each list: there are as many as the machine has cores, or nearly.
    std::thread::scope(|scope| {
        let lists: Vec<_> =
            providers.iter().map(|provider| scope.spawn(move || list(provider))).collect();
        lists
            .into_iter()
            .map(|list| match list.join() {
                Ok(list) => list,
                Err(_) => unreachable!("signing does not panic"),
            })
            .collect()
    })
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
        let valid_until = now.plus(validity_ms);
        let attempt = Attempt {
            consortium: self.consortium,
            exchange: ExchangeId(draw()?),
            grant: self.grant.into(),
            dataset: self.dataset.clone(),
            requester: self.requester.clone(),
            officer: self.officer.public(),
            matter: self.matter.clone(),
            items: self.items.clone(),
            mode: DeliveryMode::Verify,
            made_at: now,
            valid_until,
            sealed: vec![],
            batch: None,
            capacity: Default::default(),
        };
        let signature = self.officer.sign_attempt(&attempt);
        let signer = StatementSigner {
            agency: self.agency.clone(),
            key: self.gateway.public(),
            role: KeyRole::Gateway,
            capacity: Capacity::Agency,
        };
        let statement = Statement {
            version: STATEMENT_VERSION,
            consortium: self.consortium,
            nonce: Nonce(draw()?),
            valid_until,
            signers: vec![signer],
            sealed: vec![],
            action: Action::RecordAccess {
                attempt: SignedAttempt { attempt, signature },
                number: self.next.fetch_add(1, Ordering::Relaxed),
                answer: None,
            },
        };
        let signatures = vec![self.gateway.sign_statement(&statement)];
        Ok(SignedRecord { statement, signatures }.to_bytes())
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
    let dataset = format!("{}/register", node.agency);
    let text = format!(
        "id = \"{dataset}\"\ntitle = \"A register\"\nsharing = \"unconditional\"\n\
         openness = \"closed\"\ngrade = \"general\"\nmodes = [\"verify\"]\n\
         contact = \"Duty desk\"\n[[items]]\nname = \"{ITEM}\"\nkind = \"text\"\n"
    );
    place.write(&place.desk(&node.agency).join("register.toml"), text.as_bytes())?;
    let key = ["--key", &steward.key_name(), "--yes", "--json"];
    let publish = [&["dataset", "publish", "register.toml"][..], &key].concat();
    steward.task(place, node, &publish).run_expecting(0)?;
    let what = ["grant", "issue", "--dataset", &dataset, "--to", to.agency.as_str()];
    let why = ["--matter", MATTER, "--basis", "SOCIAL-SUPPORT-RULES", "--item", ITEM];
    let how = ["--mode", "verify", "--until", "30d"];
    let quotas = ["--total-quota", QUOTA, "--daily-quota", QUOTA];
    let issue = [&what[..], &why, &how, &quotas, &key].concat();
    let issued = steward.task(place, node, &issue).run_expecting(0)?;
    let grant = serde_json::from_str::<serde_json::Value>(&issued.out).ok();
    let grant = grant.and_then(|issued| serde_json::from_value(issued["grant"].clone()).ok());
    let (Some(grant), Ok(dataset), Ok(matter), Ok(item)) =
        (grant, dataset.parse(), MATTER.parse(), ITEM.parse())
    else {
        let text = format!("comity did not say which grant it issued: {}", issued.out);
        return Err(DevnetError::Unexpected(text));
    };
    Ok(Provider {
        consortium,
        agency: node.agency.clone(),
        gateway: read_key(&Person::of(node, "gateway").key_file(place))?,
        requester: to.agency.clone(),
        officer: read_key(&Person::of(to, "officer").key_file(place))?,
        dataset,
        grant,
        matter,
        items: Items::Only([item].into()),
        next: AtomicU64::new(1),
    })
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

fn draw<const N: usize>() -> Result<[u8; N], DevnetError> {
    let mut bytes = [0; N];
    getrandom::fill(&mut bytes)
        .map_err(|e| DevnetError::Unexpected(format!("the system gave no random numbers: {e}")))?;
    Ok(bytes)
}
