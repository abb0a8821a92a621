//! Who acts in the benchmark: agencies with datasets and grants made with `comity`, and the keys with
//! which their people and gateways sign in advance.
//! Holds: each record is another one; the rules allow all of them.
//! May not enter: submitting the records; in what proportion they are (see `mix`).

use std::fs;
use std::path::Path;
use std::str::FromStr;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{SystemTime, UNIX_EPOCH};

use comity_core::access::{Attempt, SignedAttempt};
use comity_core::agency::KeyRole;
use comity_core::dataset::{DeliveryMode, Items};
use comity_core::genesis::Genesis;
use comity_core::grant::GrantTerms;
use comity_core::hash::{Commitment, ConsortiumId};
use comity_core::ids::{DatasetId, ExchangeId, GrantId, Nonce, RequestId, TimeMs};
use comity_core::key_file::KeyFile;
use comity_core::keys::SecretKey;
use comity_core::legs::Acknowledgement;
use comity_core::request::RequestTerms;
use comity_core::statement::{
    Action, Capacity, MAX_SEALED, STATEMENT_VERSION, SignedRecord, Statement, StatementSigner,
};
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
/// How long grants are in force (ms).
const GRANTED_MS: u64 = 30 * 24 * 60 * 60 * 1000;

/// An agency that gives access to its dataset, and the one that has it.
pub(crate) struct Provider {
    pub(super) consortium: ConsortiumId,
    agency: AgencyId,
    gateway: SecretKey,
    steward: SecretKey,
    requester: AgencyId,
    officer: SecretKey,
    dataset: DatasetId,
    /// One that is asked for, and not granted by rule.
    asked_for: DatasetId,
    grant: GrantId,
    matter: Code,
    duty_basis: Code,
    items: Items,
    /// When it was prepared.
    since: TimeMs,
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

    /// The same with so many sealed commitments (0 to twice [`MAX_SEALED`]): the attempt's first, then
    /// the statement's. Errors: no random numbers.
    pub(super) fn access(
        &self,
        now: TimeMs,
        validity_ms: u64,
        sealed: usize,
    ) -> Result<Vec<u8>, DevnetError> {
        let valid_until = now.plus(validity_ms);
        let within = sealed.min(MAX_SEALED);
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
            sealed: commitments(within)?,
            batch: None,
            capacity: Default::default(),
        };
        let signature = self.officer.sign_attempt(&attempt);
        let action = Action::RecordAccess {
            attempt: SignedAttempt { attempt, signature },
            number: self.next.fetch_add(1, Ordering::Relaxed),
            answer: None,
        };
        let by = (&self.agency, &self.gateway, KeyRole::Gateway);
        self.signed(by, valid_until, commitments(sealed - within)?, action)
    }

    /// The requester's officer asks for a grant. Errors: no random numbers.
    pub(super) fn request(&self, valid_until: TimeMs) -> Result<Vec<u8>, DevnetError> {
        let asked = self.terms(&self.asked_for);
        let terms = RequestTerms { asked, once: false, needed_by: None, bundle: None };
        self.by_officer(valid_until, Action::OpenRequest { terms })
    }

    /// The steward grants what was asked for. Errors: no random numbers.
    pub(super) fn approval(
        &self,
        valid_until: TimeMs,
        request: RequestId,
    ) -> Result<Vec<u8>, DevnetError> {
        let terms = self.terms(&self.asked_for);
        self.by_steward(valid_until, Action::ApproveRequest { request, terms })
    }

    /// The steward grants what nobody asked for. Errors: no random numbers.
    pub(super) fn issue(&self, valid_until: TimeMs) -> Result<Vec<u8>, DevnetError> {
        self.by_steward(valid_until, Action::IssueGrant { terms: self.terms(&self.dataset) })
    }

    /// The steward takes a grant back. Errors: no random numbers.
    pub(super) fn revocation(
        &self,
        valid_until: TimeMs,
        grant: GrantId,
    ) -> Result<Vec<u8>, DevnetError> {
        let reason = readable("no longer needed")?;
        self.by_steward(valid_until, Action::RevokeGrant { grant, reason })
    }

    /// The requester's officer says that what these accesses gave was received. Errors: no random
    /// numbers.
    pub(super) fn acknowledgement(
        &self,
        valid_until: TimeMs,
        accesses: Vec<Acknowledgement>,
    ) -> Result<Vec<u8>, DevnetError> {
        let grant = self.grant.into();
        self.by_officer(valid_until, Action::AcknowledgeAccess { grant, accesses })
    }

    fn by_officer(&self, valid_until: TimeMs, action: Action) -> Result<Vec<u8>, DevnetError> {
        let by = (&self.requester, &self.officer, KeyRole::Officer);
        self.signed(by, valid_until, vec![], action)
    }

    fn by_steward(&self, valid_until: TimeMs, action: Action) -> Result<Vec<u8>, DevnetError> {
        let by = (&self.agency, &self.steward, KeyRole::Steward);
        self.signed(by, valid_until, vec![], action)
    }

    fn signed(
        &self,
        (agency, secret, role): (&AgencyId, &SecretKey, KeyRole),
        valid_until: TimeMs,
        sealed: Vec<Commitment>,
        action: Action,
    ) -> Result<Vec<u8>, DevnetError> {
        let (agency, key) = (agency.clone(), secret.public());
        let statement = Statement {
            version: STATEMENT_VERSION,
            consortium: self.consortium,
            nonce: Nonce(draw()?),
            valid_until,
            signers: vec![StatementSigner { agency, key, role, capacity: Capacity::Agency }],
            sealed,
            action,
        };
        let signatures = vec![secret.sign_statement(&statement)];
        Ok(SignedRecord { statement, signatures }.to_bytes())
    }

    fn terms(&self, dataset: &DatasetId) -> GrantTerms {
        GrantTerms {
            dataset: dataset.clone(),
            requester: self.requester.clone(),
            matters: [self.matter.clone()].into(),
            duty_basis: self.duty_basis.clone(),
            items: self.items.clone(),
            modes: [DeliveryMode::Verify].into(),
            not_before: self.since,
            not_after: self.since.plus(GRANTED_MS),
            total_quota: Some(10_000),
            daily_quota: Some(1_000),
            conditions: Default::default(),
            officers: Default::default(),
            onward: Default::default(),
            undertakings: Vec::new(),
            task_force: None,
        }
    }
}

fn commitments(count: usize) -> Result<Vec<Commitment>, DevnetError> {
    (0..count).map(|_| Ok(Commitment(draw()?))).collect()
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

fn readable<T: FromStr>(text: &str) -> Result<T, DevnetError> {
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

fn draw<const N: usize>() -> Result<[u8; N], DevnetError> {
    let mut bytes = [0; N];
    getrandom::fill(&mut bytes)
        .map_err(|e| DevnetError::Unexpected(format!("the system gave no random numbers: {e}")))?;
    Ok(bytes)
}
