//! One day: a consortium, the people who act in it, and a guide that they follow.
//! Holds: people share nothing but what one hands to another.

use std::collections::BTreeMap;
use std::fs;
use std::path::PathBuf;
use std::process::Command;

use comity_core::hash::leaf_hash;
use comity_core::ids::TimeMs;
use comity_core::statement::Action;

use crate::harness::author::{Author, now};
use crate::harness::consortium::Consortium;
use crate::harness::http::Api;
use crate::harness::links::{Links, Quality};
use crate::harness::node::Node;
use crate::harness::page::{Block, Page};
use crate::harness::ports::free_port;
use crate::harness::terminal::{self, A_PERSON, Seen};

use crate::harness::transcript::Transcript;
use crate::harness::wait;

/// Cables that nobody notices until they are cut.
const AT_ONCE: Quality = Quality { delay_ms: 0, spread_ms: 0, bytes_per_second: None };
/// For how long it is valid what a gateway signs unheard (ms).
const SHORT_MS: u64 = 1_000;
/// The cables' delays are none, whatever is drawn.
const SEED: u64 = 1;

/// The members, as the guides call them: the competent authority first.
const AGENCIES: [&str; 4] = ["data.gd", "health.gd", "civil.gz", "tax.cn"];

/// A day that goes on.
pub(super) struct Day {
    pub(super) consortium: Consortium,
    pub(super) transcript: Transcript,
    programs: PathBuf,
    /// How people's computers speak to them.
    locale: &'static str,
    /// Where an agency that joins sets up its node, and what a guide's `values` say of it.
    newcomer: Option<(Node, Vec<(&'static str, String)>)>,
    /// What lies between the nodes, where it can be cut.
    links: Option<Links>,
    /// Members that hear nothing of the others, for now.
    cut_off: Vec<String>,
    /// Until when that is valid which a gateway signed unheard.
    runs_out: Option<TimeMs>,
    /// Members without a node, each with the one whose node it uses.
    guests: BTreeMap<&'static str, &'static str>,
    /// What a page's `values` say, to whoever sits at this agency's desk.
    told: Vec<(&'static str, &'static str, String)>,
}

impl Day {
    /// Nodes run, and each agency's admin has a desk with the admin key. `None` where this machine
    /// lacks a terminal for them.
    pub(super) fn begin() -> Option<Day> {
        Day::among(&AGENCIES)
    }

    /// The same with other members, the competent authority first.
    pub(super) fn among(agencies: &[&str]) -> Option<Day> {
        if let Err(reason) = terminal::available() {
            println!("skipped: {reason}");
            return None;
        }
        let mut consortium = Consortium::found_by(agencies);
        consortium.start_all();
        Some(Day::of(consortium, None))
    }

    /// The same with cables between the nodes that a page can cut (`cuts=AGENCY`) and mend
    /// (`mends=AGENCY`).
    pub(super) fn on_cables(agencies: &[&str]) -> Option<Day> {
        if let Err(reason) = terminal::available() {
            println!("skipped: {reason}");
            return None;
        }
        let mut consortium = Consortium::found_by(agencies);
        let links = Links::lay(&consortium.nodes, AT_ONCE, SEED);
        consortium.start_all();
        Some(Day::of(consortium, Some(links)))
    }

    fn of(consortium: Consortium, links: Option<Links>) -> Day {
        let programs = consortium.dir().join("bin");
        fs::create_dir(&programs).unwrap();
        for name in ["comity", "comityd"] {
            let program = env!("CARGO_BIN_EXE_comity-multicall");
            let script = format!("#!/bin/sh\nexec '{program}' {name} \"$@\"\n");
            let path = programs.join(name);
            fs::write(&path, script).unwrap();
            let mut mode = Command::new("chmod");
            assert!(mode.arg("755").arg(&path).status().unwrap().success());
        }
        let day = Day {
            consortium,
            transcript: Transcript::default(),
            programs,
            locale: "C.UTF-8",
            newcomer: None,
            links,
            cut_off: Vec::new(),
            runs_out: None,
            guests: BTreeMap::new(),
            told: Vec::new(),
        };
        for (number, node) in day.consortium.nodes.iter().enumerate() {
            let desk = day.desk(&node.agency);
            fs::create_dir_all(&desk).unwrap();
            fs::copy(day.consortium.admin_key(number), desk.join("admin.key")).unwrap();
            fs::copy(&day.consortium.genesis, desk.join("genesis.json")).unwrap();
        }
        day
    }

    /// Somebody without a node has a desk, and works by the node of another.
    pub(super) fn receive(&mut self, guest: &'static str, host: &'static str) {
        let desk = self.desk(guest);
        fs::create_dir_all(&desk).unwrap();
        fs::copy(&self.consortium.genesis, desk.join("genesis.json")).unwrap();
        self.guests.insert(guest, host);
    }

    /// What a page leaves to be filled in (its `values`) is this, at that agency's desk.
    pub(super) fn tell(&mut self, agency: &'static str, name: &'static str, value: String) {
        self.told.push((agency, name, value));
    }

    /// The node of an agency, or the one that it uses.
    fn node_of(&self, agency: &str) -> &Node {
        let agency = self.guests.get(agency).copied().unwrap_or(agency);
        let newcomer = self.newcomer.iter().map(|(node, _)| node);
        let mut nodes = self.consortium.nodes.iter().chain(newcomer);
        let node = nodes.find(|node| node.agency == agency);
        node.unwrap_or_else(|| panic!("no agency {agency:?}"))
    }

    /// The water reaches a cable, or it is mended: between one member and all others that hear one
    /// another.
    fn weather(&mut self, block: &Block) {
        let place = |agency: &str| {
            let nodes = &self.consortium.nodes;
            nodes.iter().position(|node| node.agency == agency).unwrap()
        };
        let others = |agency: &str, cut_off: &[String]| -> Vec<usize> {
            let is_cut = |other: &&Node| cut_off.contains(&other.agency);
            let nodes = self.consortium.nodes.iter();
            let heard = nodes.filter(|other| other.agency != agency && !is_cut(other));
            heard.map(|other| place(&other.agency)).collect()
        };
        if let Some(agency) = block.mark("cuts") {
            let heard = others(agency, &self.cut_off);
            // What the one knows by now, the others know too.
            heard.iter().for_each(|other| self.consortium.hears(*other));
            self.links.as_ref().unwrap().cut(&[place(agency)], &heard);
            self.cut_off.push(agency.to_owned());
        }
        if let Some(agency) = block.mark("mends") {
            if let Some(until) = self.runs_out.take() {
                wait::until("what was signed meanwhile to run out", || {
                    if now() > until { Ok(()) } else { Err(format!("until {until}")) }
                });
            }
            let still: Vec<String> =
                self.cut_off.iter().filter(|other| *other != agency).cloned().collect();
            let heard = others(agency, &still);
            self.links.as_ref().unwrap().mend(&[place(agency)], &heard);
            self.cut_off = still;
        }
    }

    /// `unheard=FILE`: a gateway records what was asked while its node hears nobody. What it signs is
    /// left in a file, as a command leaves it, and has run out by the time the line is mended.
    fn record_unheard(&mut self, who: &str, block: &Block) {
        let Some(file) = block.mark("unheard") else { return };
        let desk = self.desk(place_of(who));
        let key = fs::read(desk.join("gateway.key")).unwrap();
        let gateway = Author::of_key_file(self.consortium.id(), &key);
        let attempt = serde_json::from_slice(&fs::read(desk.join(file)).unwrap()).unwrap();
        let api = &self.node_of(place_of(who)).api;
        let known = api.json(&format!("/v1/keys/{}", gateway.key.public()));
        let number = known["numbers"]["last"].as_u64().unwrap() + 1;
        let mut statement =
            gateway.statement(Action::RecordAccess { attempt, number, answer: None });
        let until = now().plus(SHORT_MS);
        statement.valid_until = until;
        let record = gateway.sign(statement).to_bytes();
        let name = format!("comity-pending-{}.record", &leaf_hash(&record).to_string()[..16]);
        fs::write(desk.join(name), record).unwrap();
        self.runs_out = Some(until);
    }

    /// From now on, everybody's computer speaks Chinese.
    pub(super) fn in_chinese(&mut self) {
        self.locale = "zh_CN.UTF-8";
    }

    /// What English begins with is nowhere to be seen.
    pub(super) fn is_all_chinese(&self) {
        for english in ["Done:", "Next:", "You are about to", "Nothing was"] {
            assert!(!self.seen().contains(english), "{english:?} is in\n{}", self.seen());
        }
    }

    /// Somebody else has heard of the consortium: an agency with a desk, and a place for a node.
    pub(super) fn expect(&mut self, agency: &str) {
        let desk = self.desk(agency);
        fs::create_dir_all(&desk).unwrap();
        fs::copy(&self.consortium.genesis, desk.join("genesis.json")).unwrap();
        let (port, api) = (free_port(), free_port());
        let names = ["DATA", "HEALTH", "CIVIL", "TAX"].into_iter();
        let address =
            |node: &Node| format!("/ip4/127.0.0.1/tcp/{}/p2p/{}", node.port, node.identity());
        let mut values: Vec<(&'static str, String)> =
            names.zip(self.consortium.nodes.iter().map(address)).collect();
        values.push(("HERE", format!("/ip4/127.0.0.1/tcp/{port}")));
        let node = Node::new(agency, desk.join("node"), Api { port: api }, port);
        self.newcomer = Some((node, values));
    }

    /// The newcomer's operator starts the node. It waits for its admission.
    fn newcomer_starts(&mut self) {
        let (node, _) = self.newcomer.as_mut().unwrap();
        // Many nodes share this machine, and none has a port of its own by default.
        let config = fs::read_to_string(node.file("config.toml")).unwrap();
        let own = format!("listen = \"127.0.0.1:{}\"", node.api.port);
        let own = config.replace("# listen = \"127.0.0.1:8080\"", &own);
        assert_ne!(config, own);
        fs::write(node.file("config.toml"), own).unwrap();
        node.start();
        node.until_status("to wait for its admission", |found| found["membership"] == "waiting");
    }

    /// Time passes until the node of an agency votes, and none of its keys is still to come.
    fn until_it_votes(&mut self, agency: &str) {
        let newcomer = self.newcomer.iter_mut().map(|(node, _)| node);
        let mut nodes = self.consortium.nodes.iter_mut().chain(newcomer);
        let node = nodes.find(|node| node.agency == agency).unwrap();
        let to_come = ["validator", "transport", "note"]
            .map(|role| node.file(format!("keys/{role}.next.json")));
        wait::until("the node's next keys to be in their places", || {
            let left: Vec<_> = to_come.iter().filter(|key| key.exists()).collect();
            if left.is_empty() { Ok(()) } else { Err(format!("{left:?}")) }
        });
        node.until_status("to vote", |found| {
            found["membership"] == "member" && found["voting"] == "active"
        });
    }

    /// Where an agency's people work.
    pub(super) fn desk(&self, agency: &str) -> PathBuf {
        self.consortium.dir().join(format!("desk-{agency}"))
    }

    /// Somebody (`officer@civil.gz`) types a command at the agency's desk. People hear of one
    /// another's acts later than their nodes do.
    pub(super) fn types(&self, who: &str, command: &str) -> Seen {
        let agency = &self.node_of(place_of(who)).agency;
        let found = self.consortium.nodes.iter().position(|node| node.agency == *agency);
        if let Some(number) = found
            && !self.cut_off.contains(agency)
        {
            self.consortium.hears(number);
        }
        terminal::run(self.shell(who), command, A_PERSON)
    }

    /// Where somebody sits, with nothing typed yet.
    fn shell(&self, who: &str) -> Command {
        let (role, agency) = who.split_once('@').unwrap_or_else(|| panic!("who is {who:?}?"));
        let node = self.node_of(agency);
        let desk = self.desk(agency);
        let mut shell = Command::new("env");
        shell.current_dir(&desk).env_clear();
        shell.env("PATH", format!("{}:/usr/local/bin:/usr/bin:/bin", self.programs.display()));
        shell.env("TZ", "UTC").env("LANG", self.locale).env("TERM", "dumb").env("HOME", &desk);
        shell.env("COMITY_NODE", node.api.url()).env("NODE_DIR", &node.dir);
        shell.env("COMITY_KEY", desk.join(format!("{role}.key")));
        if let Some((_, values)) = self.newcomer.as_ref().filter(|(node, _)| node.agency == agency)
        {
            shell.envs(values.iter().map(|(name, value)| (name, value)));
        }
        let told = self.told.iter().filter(|(to, _, _)| *to == agency);
        shell.envs(told.map(|(_, name, value)| (name, value)));
        shell
    }

    /// Adds pictures of a terminal of 80 columns on which somebody gave these commands, as tmux
    /// draws it. Says so where there is no tmux.
    pub(super) fn pictures(&mut self, taken: &[(&str, &str)]) -> bool {
        for (number, (who, command)) in taken.iter().enumerate() {
            let Some(picture) = self.picture(number, who, command) else {
                println!("skipped: there is no tmux for pictures of a terminal");
                return false;
            };
            self.transcript.add(who, command, &picture, 0);
        }
        true
    }

    fn picture(&self, number: usize, who: &str, command: &str) -> Option<String> {
        const END: &str = "-- end --";
        let place = self.consortium.dir().join("tmux");
        fs::create_dir_all(&place).unwrap();
        // A server that is ending could still take the next one's commands.
        let server = format!("picture-{number}");
        let tmux = |args: &[&str]| {
            let mut shell = self.shell(who);
            shell.env("TMUX_TMPDIR", &place).args(["tmux", "-u", "-f", "/dev/null", "-L", &server]);
            shell.args(args).output().unwrap()
        };
        let typed = format!("{command}; echo '{END}'; cat");
        let began = tmux(&["new-session", "-d", "-x", "80", "-y", "100", &typed]);
        if began.status.code() == Some(127) {
            return None;
        }
        assert!(began.status.success(), "{began:?}");
        let picture = wait::until("a picture of the terminal", || {
            let text = String::from_utf8_lossy(&tmux(&["capture-pane", "-p"]).stdout).into_owned();
            if text.contains(END) { Ok(text) } else { Err(text) }
        });
        assert!(tmux(&["kill-server"]).status.success());
        picture.split_once(END).map(|(drawn, _)| drawn.to_owned())
    }

    /// Somebody sets the stage: a command that no guide gives, and that must succeed.
    pub(super) fn stage(&self, who: &str, command: &str) -> String {
        let seen = self.types(who, command);
        assert_eq!(seen.code, Some(0), "{who}: {command}\n{}", seen.screen);
        seen.screen
    }

    /// Registers a key for `role` (`officer`) of an agency, with the file that `COMITY_KEY` names.
    pub(super) fn hire(&self, who: &str, post: &str) {
        let (role, agency) = who.split_once('@').unwrap();
        self.stage(
            who,
            &format!(
                "comity key new --agency {agency} --role {role} --post '{post}' --out {role}.key"
            ),
        );
        let register = format!("comity key register --key admin.key --card {role}.card.json");
        self.stage(&format!("admin@{agency}"), &register);
    }

    /// Has somebody work with a key that asks for no passphrase, as machines do: where many people
    /// act, their passphrases would be most of the day.
    pub(super) fn seat(&self, who: &str, post: &str) {
        let (role, agency) = who.split_once('@').unwrap();
        let new = format!(
            "comity key new --agency {agency} --role {role} --post '{post}' --no-passphrase --out \
             {role}.key"
        );
        self.stage(who, &new);
        let register = format!("comity key register --key admin.key --card {role}.card.json");
        self.stage(&format!("admin@{agency}"), &register);
    }

    /// Follows the marked commands of a guide, each by whom it is for.
    pub(super) fn follow(&mut self, guide: &str) {
        for block in Page::read(guide).blocks() {
            self.weather(&block);
            if block.mark("starts").is_some() {
                self.newcomer_starts();
            }
            if let Some(agency) = block.mark("waits") {
                self.until_it_votes(agency);
            }
            let Some(who) = block.mark("as") else { continue };
            self.bring(who, &block);
            self.record_unheard(who, &block);
            for command in commands(&block.text) {
                let seen = self.types(who, &command);
                let code = seen.code.unwrap_or(-1);
                self.transcript.add(who, &command, &self.without_places(&seen.screen), code);
            }
        }
    }

    /// `brings=FILE,FILE@AGENCY`: files come from another agency's desk.
    fn bring(&self, who: &str, block: &Block) {
        let Some((files, from)) = block.mark("brings").and_then(|mark| mark.split_once('@')) else {
            return;
        };
        for file in files.split(',') {
            let brought = fs::copy(self.desk(from).join(file), self.desk(place_of(who)).join(file));
            brought.unwrap_or_else(|error| panic!("{file} of {from}: {error}"));
        }
    }

    fn without_places(&self, screen: &str) -> String {
        screen.replace(&format!("{}/", self.consortium.dir().display()), "")
    }

    /// All that was seen since the last transcript was settled, as it is compared.
    pub(super) fn seen(&self) -> &str {
        self.transcript.text()
    }

    /// Compares what was seen with the transcript of this name; what follows is another's.
    pub(super) fn settle(&mut self, name: &str) {
        std::mem::take(&mut self.transcript).settle(name);
    }
}

/// Where somebody works.
fn place_of(who: &str) -> &str {
    who.split_once('@').unwrap_or_else(|| panic!("who is {who:?}?")).1
}

/// The commands of a block: lines that end in a backslash go on; a block with a here-document is
/// one command; comments are for the reader.
fn commands(text: &str) -> Vec<String> {
    if text.contains("<<") {
        return vec![text.trim_end().to_owned()];
    }
    let mut commands: Vec<String> = Vec::new();
    let mut goes_on = false;
    for line in text.lines().filter(|line| !line.trim().is_empty() && !line.starts_with('#')) {
        match commands.last_mut().filter(|_| goes_on) {
            Some(command) => *command += &format!("\n{line}"),
            None => commands.push(line.to_owned()),
        }
        goes_on = line.ends_with('\\');
    }
    commands
}

#[test]
fn commands_of_a_block_are_told_apart() {
    let found = commands("# what it does\none \\\n  --more\n\ntwo\n");
    assert_eq!(found, ["one \\\n  --more", "two"]);
}
