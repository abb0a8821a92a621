//! What `comityd init` says when it is done: what was made, what is secret, what goes to whom, and
//! what comes next.
//! May not enter: secrets.

use std::fmt::Write as _;

use comity_core::agency::KeyRole;
use comity_core::genesis::GenesisMember;

use super::{Joining, NewAdmin, Plan};
use crate::commands::genesis::spoken;
use crate::data_dir::DataDir;
use crate::network::peer_id;

/// The whole report.
pub(super) fn report(dir: &DataDir, plan: &Plan, member: &GenesisMember) -> String {
    let key = |role| member.keys.iter().find(|key| key.role == role).map(|key| key.key);
    let identity = key(KeyRole::Transport).and_then(|key| peer_id(&key));
    let identity = identity.map(|id| id.to_string()).unwrap_or_default();
    let root = dir.root().display();
    let mut text = format!(
        "The node of {} ({}) is set up in {root}.\n\n{}",
        plan.agency.id,
        plan.agency.name,
        secrets(plan),
    );
    if let Some(admin) = &plan.new_admin {
        text.push_str(&about_admin(admin));
    }
    if let Some(joining) = &plan.joining {
        text.push_str(&about_joining(dir, plan, joining, &identity));
        return text;
    }
    let _ = write!(
        text,
        "Hand over:   {}, which holds nothing secret, to whoever founds the consortium.\n\
         This node's identity on the network: {identity}\n\
         \n\
         Next:\n  \
         1. In {}, set where the node listens and which nodes it calls.\n  \
         2. When genesis.json comes back, compare its id with the others by telephone, and copy\n     \
         it to {}.\n  \
         3. Start the node: comityd run --dir {root}\n",
        dir.member_file().display(),
        dir.config_file().display(),
        dir.genesis_file().display(),
    );
    text
}

/// What comes next where the consortium is there already.
fn about_joining(dir: &DataDir, plan: &Plan, joining: &Joining, identity: &str) -> String {
    let (root, member) = (dir.root().display(), dir.member_file().display().to_string());
    let agency = &plan.agency.id;
    let votes = match plan.is_validator() {
        true => "votes",
        false => "follows",
    };
    format!(
        "Hand over:   {member}, which holds nothing secret, to the admin of a member.\n\
         This node's identity on the network: {identity}\n\
         \n\
         It joins \"{}\".\n{}{}\
         \n\
         Next:\n  \
         1. Compare the consortium id with a member by telephone.\n  \
         2. The admin of a member proposes to admit {agency}, and the others vote:\n     \
         comity proposal open admit {member} --key admin.key\n  \
         3. Start the node: comityd run --dir {root}\n     \
         Until the proposal passes, the other nodes do not let it in (its log says so). From the\n     \
         next block on they do: it fetches all blocks from the genesis on, checks each, and then\n     \
         {votes} by itself (comity status).\n",
        joining.genesis.name,
        spoken(&joining.genesis.id()),
        about_peers(joining),
    )
}

/// Whom it calls, and what was found there.
fn about_peers(joining: &Joining) -> String {
    if joining.found.is_empty() {
        return "\nThe nodes that it calls were not tried.\n".to_owned();
    }
    let lines = joining.found.iter().map(|line| format!("  {line}\n"));
    format!("\nIt calls, and learns from them where the others are:\n{}", lines.collect::<String>())
}

/// What must be kept secret in the directory.
fn secrets(plan: &Plan) -> String {
    let files = if plan.is_validator() {
        "keys/validator.json, keys/transport.json and keys/note.json"
    } else {
        "keys/transport.json and keys/note.json"
    };
    let mut text = format!("Keep secret: {files}. Nobody else needs them.\n");
    match &plan.node_passphrase {
        Some((path, _)) => {
            let path = path.display();
            let _ = writeln!(text, "  The node opens them at each start with the passphrase in {path}.");
        }
        None => text.push_str(
            "  They have no passphrase, since the node starts unattended: only the user who runs\n  \
             comityd may read them.\n",
        ),
    }
    if plan.is_validator() {
        text.push_str(
            "  Never restore log/wal from a backup, and never run a copy of this directory: the node\n  \
             would sign two different votes, and be blamed for it.\n",
        );
    }
    text
}

fn about_admin(admin: &NewAdmin) -> String {
    let (file, card) = (admin.file.display(), admin.card_file().display().to_string());
    format!(
        "Take away:   {file}, the agency's admin key, and {card}. Whoever has the key and\n  \
         its passphrase registers and revokes the keys of your officers and machines. Copy both\n  \
         files to the computer of {}, keep a second copy under lock and key,\n  \
         then delete them here: a server that is taken over must not have them.\n",
        admin.post,
    )
}
