//! `comityd config check`: whether the settings can be used, without starting anything.

use std::path::Path;

use crate::config::Config;
use crate::data_dir::DataDir;
use crate::failure::Failure;

pub(super) fn perform(dir: &Path) -> Result<String, Failure> {
    let path = DataDir::open(dir)?.config_file();
    let config = Config::load(&path)?;
    let listen: Vec<String> =
        config.network.listen.iter().map(|address| address.multiaddr().to_string()).collect();
    Ok(format!(
        "{} can be used.\n  agency:            {}\n  listens for nodes: {}\n  calls nodes:       {}\n  \
         answers programs:  http://{}\n",
        path.display(),
        config.agency,
        listen.join(", "),
        config.network.peers.len(),
        config.api.listen.get()
    ))
}
