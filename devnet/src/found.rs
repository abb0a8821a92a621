//! Founds a devnet's consortium with the commands that operators use: admin keys, `comityd init`,
//! `comityd genesis`, and the genesis handed to every node.
//! Holds: every command and its output is kept in `setup.log`.
//! May not enter: keys or genesis files made in another way than by those commands.

use std::fs;

use crate::config;
use crate::failure::DevnetError;
use crate::people::Person;
use crate::place::{Place, io_error};
use crate::process::Program;
use crate::run::Task;
use crate::topology::{Node, Topology};

/// Sets up all nodes of `topology` in a new `place`, and writes the list of nodes last. `params`
/// are options of `comityd genesis`. Errors: a command fails, or a file cannot be written.
pub(crate) fn found(
    place: &Place,
    topology: &Topology,
    params: &[&str],
) -> Result<(), DevnetError> {
    let mut setup = Setup { place, log: String::new() };
    let done = setup.all(topology, params);
    // Kept where it failed, too: there it is needed most.
    place.write(&place.setup_log(), setup.log.as_bytes())?;
    done?;
    config::write_all(place, topology)?;
    topology.save(place)?;
    Ok(())
}

struct Setup<'a> {
    place: &'a Place,
    log: String,
}

impl Setup<'_> {
    fn all(&mut self, topology: &Topology, params: &[&str]) -> Result<(), DevnetError> {
        for node in &topology.nodes {
            self.init(node)?;
        }
        self.genesis(topology, params)?;
        for node in &topology.nodes {
            let to = self.place.node(&node.agency).join("genesis.json");
            let from = self.place.genesis_file();
            fs::copy(&from, &to).map_err(|source| io_error("copy to", &to, source))?;
        }
        Ok(())
    }

    /// The admin's key, kept away from the node, and the node's directory.
    fn init(&mut self, node: &Node) -> Result<(), DevnetError> {
        let admin = Person::of(node, "admin");
        let desk = self.place.desk(&node.agency);
        self.place.make_dir(&desk)?;
        let (agency, key) = (node.agency.as_str(), admin.key_name());
        let args = ["key", "new", "--agency", agency, "--role", "admin", "--post"];
        let rest =
            ["Head of office, kept offline", "--for-genesis", "--no-passphrase", "--out", &key];
        self.run(&Task::new(Program::Comity, &[&args[..], &rest].concat(), &desk))?;

        let dir = self.place.node(&node.agency).display().to_string();
        let card = admin.key_file(self.place).with_extension("card.json").display().to_string();
        let (listen, api) = (node.address(), format!("127.0.0.1:{}", node.api_port));
        let who = ["--agency", agency, "--name", &node.name, "--level", node.level_word()];
        let region = ["--region", &node.region];
        let place = ["--listen", &listen, "--api-listen", &api, "--admin-card", &card];
        let args = [&["init", "--dir", &dir][..], &who, &region, &place].concat();
        self.run(&Task::new(Program::Comityd, &args, self.place.root()))?;
        Ok(())
    }

    fn genesis(&mut self, topology: &Topology, params: &[&str]) -> Result<(), DevnetError> {
        let root = self.place.root();
        let codes = self.run(&Task::new(Program::Comityd, &["genesis", "--sample-codes"], root))?;
        self.place.write(&self.place.codes_file(), codes.as_bytes())?;
        let Some(first) = topology.nodes.first() else {
            unreachable!("a topology has at least one node");
        };
        let authority = first.agency.as_str();
        let mut args = vec!["genesis", "--name", "Comity devnet", "--authority", authority];
        args.extend(["--codes", "codes.toml"]);
        let members: Vec<String> = topology
            .nodes
            .iter()
            .map(|node| format!("nodes/{}/member.json", node.agency))
            .collect();
        args.extend(members.iter().flat_map(|member| ["--member", member]));
        args.extend(["--out", "genesis.json"]);
        args.extend(params);
        self.run(&Task::new(Program::Comityd, &args, root))?;
        Ok(())
    }

    fn run(&mut self, task: &Task) -> Result<String, DevnetError> {
        let ran = task.run()?;
        self.log.push_str(&format!("$ {task}\n{}{}\n", ran.out, ran.err));
        if ran.code == Some(0) {
            return Ok(ran.out);
        }
        let output = format!("{}{}", ran.out, ran.err);
        Err(task.ended_otherwise(0, &ran, output))
    }
}
