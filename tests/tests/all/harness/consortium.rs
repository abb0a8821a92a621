//! A consortium of real nodes, founded with the commands that operators use.
//! Holds: consortia whose nodes run take turns, so that few processes share the machine.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};

use comity_core::genesis::Genesis;
use comity_core::hash::ConsortiumId;
use serde_json::Value;
use tempfile::TempDir;

use super::author::{Author, Role};
use super::http::Api;
use super::node::Node;
use super::ports::free_port;
use super::program::{comity, comityd, run};
use super::wait;

/// Members, in the order of their nodes.
const AGENCIES: [&str; 5] = ["civil.th", "data.th", "health.th", "school.th", "tax.th"];

static TURN: Mutex<()> = Mutex::new(());

/// Waits until no other consortium runs, and keeps others waiting.
pub(crate) fn turn() -> MutexGuard<'static, ()> {
    // A test that failed leaves nothing behind that could matter to the next.
    TURN.lock().unwrap_or_else(PoisonError::into_inner)
}

/// A founded consortium.
pub(crate) struct Consortium {
    pub(crate) nodes: Vec<Node>,
    pub(crate) genesis: PathBuf,
    consortium: ConsortiumId,
    dir: TempDir,
    _turn: MutexGuard<'static, ()>,
}

impl Consortium {
    /// Founds a consortium of `count` nodes, which do not run yet.
    pub(crate) fn found(count: usize) -> Consortium {
        Consortium::found_by(&AGENCIES[..count])
    }

    /// Founds a consortium of these agencies; the first is the competent authority.
    pub(crate) fn found_by(agencies: &[&str]) -> Consortium {
        let (turn, dir) = (turn(), tempfile::tempdir().unwrap());
        let nodes = founders(dir.path(), agencies);
        Consortium::of_nodes(nodes, dir, turn)
    }

    /// Founds a consortium of `count` validators and, last, an observer that knows the address of
    /// the first of them and no other; nobody knows its own.
    pub(crate) fn found_with_observer(count: usize) -> Consortium {
        Consortium::found_with_observer_in(tempfile::tempdir().unwrap(), count)
    }

    /// The same, whose nodes keep their files in memory where the system has such a place: what is
    /// measured there does not vary with a disk that others use too.
    pub(crate) fn found_with_observer_in_memory(count: usize) -> Consortium {
        let dir = tempfile::tempdir_in("/dev/shm").or_else(|_| tempfile::tempdir());
        Consortium::found_with_observer_in(dir.unwrap(), count)
    }

    fn found_with_observer_in(dir: TempDir, count: usize) -> Consortium {
        let turn = turn();
        let mut nodes = founders(dir.path(), &AGENCIES[..count]);
        let observer = init(dir.path(), AGENCIES[count], &["--observer"]);
        introduce(&observer, &nodes[..1]);
        nodes.push(observer);
        Consortium::of_nodes(nodes, dir, turn)
    }

    /// Tells an observer of [`Consortium::found_with_observer`] where the others are, too.
    pub(crate) fn introduce_observer(&self, number: usize) {
        introduce(&self.nodes[number], &self.nodes[1..number]);
    }

    /// Names `others` in a node's settings at addresses where nobody listens: then it calls them nowhere
    /// else either, whatever it hears.
    pub(crate) fn mislead(&self, number: usize, others: &[usize]) {
        others.iter().for_each(|other| {
            name(&self.nodes[number], &self.nodes[*other].agency, free_port());
        });
    }

    fn of_nodes(nodes: Vec<Node>, dir: TempDir, turn: MutexGuard<'static, ()>) -> Consortium {
        let genesis = found_genesis(dir.path(), "Thule", &nodes);
        for node in &nodes {
            fs::copy(&genesis, node.file("genesis.json")).unwrap();
        }
        let consortium = read_genesis(&genesis).id();
        Consortium { nodes, genesis, consortium, dir, _turn: turn }
    }

    /// Founds a consortium of `count` nodes and starts them all.
    pub(crate) fn start(count: usize) -> Consortium {
        let mut consortium = Consortium::found(count);
        consortium.start_all();
        consortium
    }

    /// Starts all nodes and waits until they are ready.
    pub(crate) fn start_all(&mut self) {
        self.nodes.iter_mut().for_each(Node::start);
        self.nodes.iter_mut().for_each(Node::ready);
    }

    /// A place for a test's own files.
    pub(crate) fn dir(&self) -> &Path {
        self.dir.path()
    }

    /// Sets up a node of an agency that is no member, which calls all nodes.
    pub(crate) fn outsider(&self) -> Node {
        let node = init(self.dir(), AGENCIES[AGENCIES.len() - 1], &[]);
        assert!(self.nodes.iter().all(|member| member.agency != node.agency));
        introduce(&node, &self.nodes);
        node
    }

    /// A new machine of the agency whose node has this number: a node set up with keys of its own, at
    /// other ports, which has the genesis and calls the others.
    pub(crate) fn new_machine(&self, number: usize) -> Node {
        let agency = &self.nodes[number].agency;
        let place = self.dir().join(format!("{}-again", agency.replace('.', "-")));
        let card = admin_key(self.dir(), agency).with_extension("card.json");
        let node = set_up(place, agency, &card.display().to_string(), &[]);
        fs::copy(&self.genesis, node.file("genesis.json")).unwrap();
        introduce(&node, &self.nodes);
        node
    }

    /// Another genesis of the same nodes, with `outsider` among them if there is one.
    pub(crate) fn other_genesis(&self, outsider: Option<&Node>) -> PathBuf {
        found_genesis(self.dir(), "Another Thule", self.nodes.iter().chain(outsider))
    }

    pub(crate) fn id(&self) -> ConsortiumId {
        self.consortium
    }

    /// The admin of the agency whose node has this number.
    pub(crate) fn admin(&self, number: usize) -> Author {
        let agency = &self.nodes[number].agency;
        let file = fs::read(admin_key(self.dir(), agency)).unwrap();
        Author::of_key_file(self.id(), &file)
    }

    /// Someone of that agency, with a key that is on the ledger.
    pub(crate) fn person(&self, number: usize, role: Role) -> Author {
        let (record, person) = self.admin(number).register(role);
        self.nodes[number].api.commit(&record);
        person
    }

    /// Waits until a node that runs has what the others have: who heard of a record from somebody
    /// else finds it at the own agency's node, which may have been the last to commit it.
    pub(crate) fn hears(&self, number: usize) {
        let height = |node: &Node| -> Option<u64> {
            let answer = node.api.ask("GET /v1/status", &[], b"").ok()?;
            answer.json()["height"].as_u64()
        };
        let highest = self.nodes.iter().filter_map(height).max();
        wait::until("a node to hear what the others know", || match height(&self.nodes[number]) {
            Some(own) if Some(own) < highest => Err(format!("it is at {own} of {highest:?}")),
            _ => Ok(()),
        });
    }

    /// Runs a command of `comity` against a node, when that has [heard](Self::hears) of the others.
    pub(crate) fn comity(&self, number: usize, args: &[&str]) -> super::program::Ran {
        self.hears(number);
        run(comity(self.dir(), args).args(["--node", &self.nodes[number].api.url()]))
    }

    /// Runs a command as the admin of an agency.
    pub(crate) fn act(&self, number: usize, args: &[&str]) -> super::program::Ran {
        let key = self.admin_key(number).display().to_string();
        self.comity(number, &[args, &["--key", &key, "--yes", "--json"]].concat())
    }

    /// Opens a proposal, and has the agencies of `voters` vote for it. Returns its id.
    pub(crate) fn propose(&self, opener: usize, voters: &[usize], args: &[&str]) -> String {
        let opened = self.act(opener, &[&["proposal", "open"], args].concat()).done_json();
        let id = opened["proposal"].as_str().unwrap().to_owned();
        for voter in voters {
            self.act(*voter, &["proposal", "vote", &id, "for"]).done_json();
        }
        id
    }

    /// `open`, `passed` or `closed`.
    pub(crate) fn state_of(&self, number: usize, proposal: &str) -> Value {
        self.comity(number, &["proposal", "show", proposal, "--json"]).done_json()["state"].clone()
    }

    /// The private key of an agency's admin.
    pub(crate) fn admin_key(&self, number: usize) -> PathBuf {
        admin_key(self.dir(), &self.nodes[number].agency)
    }

    /// Waits until all running nodes among `numbers` stand at one tip, not below `height`, and
    /// returns their status.
    pub(crate) fn same_tip(&self, numbers: &[usize], height: u64) -> Value {
        wait::until("the same tip everywhere", || {
            let found: Vec<Value> = numbers.iter().map(|n| self.nodes[*n].status()).collect();
            let parts = ["height", "header_hash", "log_root", "state_root"];
            let same = parts.iter().all(|part| found.iter().all(|s| s[part] == found[0][part]));
            if same && found[0]["height"].as_u64().unwrap() >= height {
                return Ok(found[0].clone());
            }
            Err(format!("at least height {height} wanted, found {found:#?}"))
        })
    }

    /// Every node among `numbers` shows the very entry that was acknowledged as `committed`.
    pub(crate) fn assert_everywhere(&self, numbers: &[usize], committed: &Value) {
        let id = committed["record_id"].as_str().unwrap();
        for number in numbers {
            let entry = self.nodes[*number].api.json(&format!("/v1/records/{id}"));
            for part in ["index", "height", "time", "record_id", "leaf_hash"] {
                assert_eq!(entry[part], committed[part], "{part} at node {number}: {entry}");
            }
        }
    }
}

/// The founding members' nodes, which know one another.
fn founders(dir: &Path, agencies: &[&str]) -> Vec<Node> {
    let nodes: Vec<Node> = agencies.iter().map(|name| init(dir, name, &[])).collect();
    nodes.iter().for_each(|node| introduce(node, &nodes));
    nodes
}

/// An admin's key and a node's directory, set up with some more options.
fn init(dir: &Path, agency: &str, options: &[&str]) -> Node {
    let key = admin_key(dir, agency);
    let made = run(comity(
        dir,
        ["key", "new", "--json", "--for-genesis", "--role", "admin", "--no-passphrase"],
    )
    .args(["--agency", agency, "--post", "Head of office", "--out"])
    .arg(&key));
    let card = made.done_json()["card_file"].as_str().unwrap().to_owned();
    set_up(dir.join(agency.replace('.', "-")), agency, &card, options)
}

/// A node's directory, for an agency whose admin has a card.
fn set_up(dir: PathBuf, agency: &str, card: &str, options: &[&str]) -> Node {
    let (port, api) = (free_port(), free_port());
    let node = Node::new(agency, dir, Api { port: api }, port);
    let place = [format!("/ip4/127.0.0.1/tcp/{port}"), format!("127.0.0.1:{api}")];
    let mut command = node.command(&["init", "--agency", agency, "--level", "county"]);
    command.args(["--name", agency, "--region", "Thule", "--admin-card", card]);
    command.args(["--listen", &place[0], "--api-listen", &place[1]]).args(options);
    run(&mut command).done();
    node
}

fn admin_key(dir: &Path, agency: &str) -> PathBuf {
    dir.join(format!("{agency}.admin.json"))
}

/// Writes into a node's settings that it calls all the others.
fn introduce(node: &Node, all: &[Node]) {
    for other in all.iter().filter(|other| other.agency != node.agency) {
        name(node, &other.agency, other.port);
    }
}

/// Writes into a node's settings at which port of this machine an agency's node is to be called.
fn name(node: &Node, agency: &str, port: u16) {
    let mut config = fs::read_to_string(node.file("config.toml")).unwrap();
    config.push_str(&format!(
        "\n[[network.peers]]\nagency = \"{agency}\"\naddress = \"/ip4/127.0.0.1/tcp/{port}\"\n"
    ));
    fs::write(node.file("config.toml"), config).unwrap();
}

/// Makes a genesis of the members whose nodes these are. A block comes when a record does; the
/// heartbeat is so slow that no test meets it.
fn found_genesis<'a>(dir: &Path, name: &str, nodes: impl IntoIterator<Item = &'a Node>) -> PathBuf {
    let codes = dir.join("codes.toml");
    fs::write(&codes, run(&mut comityd(["genesis", "--sample-codes"])).done()).unwrap();
    let genesis = dir.join(format!("{name}.json"));
    let mut command = comityd(["genesis", "--name", name]);
    command.args(["--heartbeat-ms", "3600000", "--codes"]).arg(&codes).arg("--out").arg(&genesis);
    for (number, node) in nodes.into_iter().enumerate() {
        if number == 0 {
            command.args(["--authority", &node.agency]);
        }
        command.arg("--member").arg(node.file("member.json"));
    }
    run(&mut command).done();
    genesis
}

fn read_genesis(path: &Path) -> Genesis {
    serde_json::from_slice(&fs::read(path).unwrap()).unwrap()
}
