//! `comityd config check`: whether the settings, the keys, the webhook, the witnesses and the genesis fit together,
//! without starting anything.
//! Holds: what would keep the node from starting for one of these is found here.

use std::path::Path;

use comity_core::checkpoint::origin;
use comity_core::genesis::Genesis;
use comity_core::keys::SecretKey;
use comity_core::note::{NoteKey, NoteKind};
use comity_core::text::AgencyId;

use crate::config::{CheckpointOptions, Config, Fail, WitnessOption};
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
         answers programs:  http://{}\n{}",
        dir.config_file().display(),
        config.agency,
        listen.join(", "),
        config.network.peers.len(),
        config.api.listen.get(),
        config.checkpoints.as_ref().map(witnesses).unwrap_or_default()
    );
    let consortium = match dir.genesis() {
        Ok(genesis) => {
            // As at the start: a key that the genesis does not name is found before it matters.
            let keys = key_store::load(&dir, &config, &genesis)?;
            if let Some(options) = &config.webhook {
                webhook::check(options, &dir, genesis.id())?;
            }
            let mut text = consortium(&genesis, &config)?;
            text += &checkpoints(&genesis, keys.present().note.as_ref(), &config);
            text
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

/// Who is asked to cosign the log, and what is published without.
fn witnesses(options: &CheckpointOptions) -> String {
    let count = options.witnesses.len();
    let without = match options.fail {
        Fail::Closed => "the last checkpoint that was cosigned stays",
        Fail::Open => "the newest checkpoint is published all the same",
    };
    let mut text = format!(
        "  witnesses:         {count}, of which {} must cosign; if too few do, {without}\n",
        options.required()
    );
    for WitnessOption { url, key } in &options.witnesses {
        text += &format!("                     {} at {url}\n", key.get().name());
    }
    text
}

/// The key of the node's checkpoints, as witnesses and readers of the log want it.
fn checkpoints(genesis: &Genesis, note: Option<&SecretKey>, config: &Config) -> String {
    let Some(note) = note else {
        return match config.checkpoints {
            None => String::new(),
            Some(_) => {
                "Note: witnesses are named, but there is no note key, so that they are not asked. \
                        The agency can get one by a proposal: comityd key new --role note\n"
                    .to_owned()
            }
        };
    };
    match NoteKey::new(&origin(&genesis.id()), NoteKind::Ed25519, note.public()) {
        Ok(key) => {
            format!("The verifier key of its checkpoints, for witnesses and readers:\n{key}\n")
        }
        Err(error) => unreachable!("an origin is a key's name: {error}"),
    }
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

    use super::*;
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
    fn check_says_which_witnesses_must_cosign_and_refuses_a_key_that_does_not() {
        let founded = Founded::new();
        let dir = founded.dir("health.gd");
        let check = || comityd(&["config", "check", "--dir", &text(dir.root())]);
        let public = SecretKey::from_seed(&[7; 32]).public();
        let key = |kind| NoteKey::new("w.example/1", kind, public).unwrap().to_string();
        let settings = fs::read_to_string(dir.config_file()).unwrap();
        let with = |url: &str, key: &str| {
            let section = "\n[checkpoints]\n[[checkpoints.witnesses]]\n";
            let text = format!("{settings}{section}url = \"{url}\"\nkey = \"{key}\"\n");
            fs::write(dir.config_file(), text).unwrap();
        };
        with("http://127.0.0.1:7380", &key(NoteKind::Cosignature));
        let said = check().unwrap();
        assert!(said.contains("witnesses:         1, of which 1 must cosign"), "{said}");
        assert!(said.contains("w.example/1 at http://127.0.0.1:7380"), "{said}");
        let vkey = format!("\ncomity/{}+", founded.genesis.id());
        assert!(said.contains(&vkey), "{said}");
        with("http://127.0.0.1:7380", &key(NoteKind::Ed25519));
        let refused = check().unwrap_err().to_string();
        assert!(refused.contains("does not cosign checkpoints"), "{refused}");
        with("https://w.example", &key(NoteKind::Cosignature));
        let refused = check().unwrap_err().to_string();
        assert!(refused.contains("needs TLS"), "{refused}");
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
