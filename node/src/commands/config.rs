//! `comityd config check`: whether the settings, the keys, the webhook and the genesis fit together,
//! without starting anything.
//! Holds: what would keep the node from starting for one of these is found here.

use std::path::Path;

use comity_core::genesis::Genesis;
use comity_core::text::AgencyId;

use crate::config::Config;
use crate::data_dir::{DataDir, DataDirError};
use crate::failure::Failure;
use crate::key_store;
use crate::node::NodeError;
use crate::webhook;

use super::genesis::spoken;

pub(super) fn perform(dir: &Path) -> Result<String, Failure> {
    let dir = DataDir::open(dir)?;
    let config = Config::load(&dir.config_file())?;
    let listen: Vec<String> =
        config.network.listen.iter().map(|address| address.multiaddr().to_string()).collect();
    let settings = format!(
        "{} can be used.\n  agency:            {}\n  listens for nodes: {}\n  calls nodes:       {}\n  \
         answers programs:  http://{}\n",
        dir.config_file().display(),
        config.agency,
        listen.join(", "),
        config.network.peers.len(),
        config.api.listen.get()
    );
    let consortium = match dir.genesis() {
        Ok(genesis) => {
            // As at the start: a key that the genesis does not name is found before it matters.
            key_store::load(&dir, &config, &genesis)?;
            if let Some(options) = &config.webhook {
                webhook::check(options, &dir, genesis.id())?;
            }
            consortium(&genesis, &config)?
        }
        Err(DataDirError::NoGenesis(path)) => {
            format!(
                "There is no {} yet: it comes from whoever founds the consortium.\n",
                path.display()
            )
        }
        Err(error) => return Err(error.into()),
    };
    Ok(format!("{settings}\n{consortium}"))
}

/// What the genesis says, and what the settings leave out of it. Errors: `Stranger`.
fn consortium(genesis: &Genesis, config: &Config) -> Result<String, NodeError> {
    let named: Vec<&AgencyId> =
        config.network.peers.iter().filter_map(|peer| peer.agency.as_ref()).collect();
    let is_member = |id: &AgencyId| genesis.members.iter().any(|member| member.agency.id == *id);
    if let Some(stranger) = named.iter().find(|id| !is_member(id)) {
        return Err(NodeError::Stranger((**stranger).clone()));
    }
    let mut text = format!(
        "genesis.json founds \"{}\"; {} is one of its {} members.\n{}\
         Compare this id with the other members by telephone: it must be the same everywhere.\n",
        genesis.name,
        config.agency,
        genesis.members.len(),
        spoken(&genesis.id()),
    );
    // Peers that are named by their key alone may be of any agency.
    let by_key = config.network.peers.iter().any(|peer| peer.agency.is_none());
    let is_called = |id: &AgencyId| by_key || *id == config.agency || named.contains(&id);
    for member in genesis.members.iter().filter(|member| !is_called(&member.agency.id)) {
        text += &format!(
            "Note: this node does not call {0}. The two meet only if {0} names this node.\n",
            member.agency.id
        );
    }
    Ok(text)
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::os::unix::fs::PermissionsExt as _;

    use crate::founding::{Founded, comityd, text};

    #[test]
    fn check_says_the_id_to_compare_and_whom_the_node_does_not_call() {
        let founded = Founded::new();
        let dir = founded.dir("health.gd");
        let check = || comityd(&["config", "check", "--dir", &text(dir.root())]);
        let mut settings = fs::read_to_string(dir.config_file()).unwrap();
        for agency in ["civil.gd", "health.gd", "tax.gd"] {
            settings += &format!(
                "\n[[network.peers]]\nagency = \"{agency}\"\naddress = \"/ip4/10.20.0.8/tcp/7070\"\n"
            );
        }
        fs::write(dir.config_file(), &settings).unwrap();
        let said = check().unwrap();
        assert!(said.contains(&founded.genesis.id().to_string()), "{said}");
        assert!(said.contains("health.gd is one of its 4 members"), "{said}");
        let notes: Vec<&str> = said.lines().filter(|line| line.starts_with("Note: ")).collect();
        assert_eq!(notes.len(), 1, "{said}");
        assert!(notes[0].contains("does not call data.gd"), "{said}");

        fs::write(dir.config_file(), settings.replace("\"tax.gd\"", "\"stranger.gd\"")).unwrap();
        let refused = check().unwrap_err().to_string();
        assert!(refused.contains("stranger.gd is not a member"), "{refused}");

        fs::write(dir.config_file(), settings).unwrap();
        fs::remove_file(dir.genesis_file()).unwrap();
        assert!(check().unwrap().contains("There is no "));
    }

    #[test]
    fn check_finds_a_webhooks_secret_that_keeps_the_node_from_starting() {
        let founded = Founded::new();
        let dir = founded.dir("health.gd");
        let check = || comityd(&["config", "check", "--dir", &text(dir.root())]);
        let mut settings = fs::read_to_string(dir.config_file()).unwrap();
        settings += "\n[webhook]\nurl = \"http://127.0.0.1:9000/\"\nsecret_file = \"secret\"\n";
        fs::write(dir.config_file(), settings).unwrap();
        let missing = check().unwrap_err().to_string();
        assert!(missing.contains("secret") && missing.contains("cannot be read"), "{missing}");
        let secret = dir.root().join("secret");
        fs::write(&secret, "0123456789abcdef").unwrap();
        fs::set_permissions(&secret, fs::Permissions::from_mode(0o644)).unwrap();
        let shared = check().unwrap_err().to_string();
        assert!(shared.contains("others on this machine can read"), "{shared}");
        fs::set_permissions(&secret, fs::Permissions::from_mode(0o600)).unwrap();
        check().unwrap();
    }

    #[test]
    fn check_finds_keys_that_the_genesis_does_not_name() {
        let (founded, other) = (Founded::new(), Founded::new());
        let dir = founded.dir("tax.gd");
        fs::copy(other.dir("tax.gd").genesis_file(), dir.genesis_file()).unwrap();
        let refused = comityd(&["config", "check", "--dir", &text(dir.root())]).unwrap_err();
        assert!(refused.to_string().contains("is not the one that the genesis has"), "{refused}");
    }
}
