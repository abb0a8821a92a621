//! What it means that a node did not start or has ended, and what to do next.
//! Holds: every way to end has its own advice; nothing is called lost that is not.
//! May not enter: what happened (the errors say that themselves).

use comity_replica::replica;
use comity_replica::storage::StorageError;

use super::NodeError;
use crate::failure::{Ending, Failure};
use crate::network::NetworkError;
use crate::shell::ShellError;
use crate::view;

impl From<NodeError> for Failure {
    fn from(error: NodeError) -> Failure {
        let (ending, meaning, next) = match error {
            NodeError::Dir(error) => return error.into(),
            NodeError::Keys(error) => return error.into(),
            NodeError::Snapshot(error) => return error.into(),
            NodeError::Fetch(error) => return error.into(),
            NodeError::Webhook(error) => return error.into(),
            NodeError::Kept(_) => (
                Ending::Failed,
                "Sealed details and texts about datasets could not be shown or kept. Nothing was \
                 started, and nothing in kept/ was changed.",
                "check the disk and that comityd runs as the owner of the directory kept/",
            ),
            NodeError::OtherConsortium { .. } => (
                Ending::Refused,
                "The genesis or the directory log/ was copied here from elsewhere. Nothing was \
                 started.",
                "put the genesis.json of this node's consortium back: its id is the one that all \
                 members compared",
            ),
            ref stored @ (NodeError::Storage(_)
            | NodeError::Boot(_)
            | NodeError::Block { .. }
            | NodeError::Replica(_)
            | NodeError::View(_)) => stored_advice(stored),
            NodeError::Genesis(_) => (
                Ending::Failed,
                "The file was damaged or changed, or comes from another version of comityd.",
                "get the genesis from another member again",
            ),
            NodeError::Stranger(_) => (
                Ending::NotUnderstood,
                "The node would not know whom it is talking to. Nothing was started.",
                "correct the agency under [[network.peers]]; comity agency list shows the members",
            ),
            NodeError::Api(_) => (
                Ending::Failed,
                "Programs could not reach the node. It has stopped.",
                "stop whatever uses the address, or change listen under [api] in config.toml",
            ),
            NodeError::Shell(ref error) => shell_advice(error),
            NodeError::System(_) | NodeError::Random(_) => (
                Ending::Failed,
                "The node cannot work without it.",
                "look at the limits of the machine (ulimit -a), then start the node again",
            ),
        };
        Failure::because(ending, &error, meaning, next)
    }
}

/// What lies on the disk and cannot be used.
fn stored_advice(error: &NodeError) -> (Ending, &'static str, &'static str) {
    match error {
        NodeError::Storage(StorageError::Disk(_)) => (
            Ending::Failed,
            "The disk or its permissions do not let the node work. Nothing was lost.",
            "check the disk (df, dmesg) and that comityd runs as the owner of the directory",
        ),
        NodeError::Boot(
            view::BootError::Start { .. }
            | view::BootError::Snapshot(_)
            | view::BootError::OtherSnapshot { .. },
        ) => (
            Ending::Failed,
            "This node began from a snapshot, and without it its state cannot be built anew. \
             The members have every block; nothing is lost.",
            "put start.snapshot back; or have another member run comityd export, and put the \
             older blocks back with comityd repair --archive",
        ),
        NodeError::Storage(_)
        | NodeError::Block { .. }
        | NodeError::Boot(_)
        | NodeError::Replica(
            replica::BootError::Certificate { .. } | replica::BootError::NoCertificate(_),
        ) => (
            Ending::Failed,
            "What this node stored is damaged or was changed. The other members have the same \
             blocks; nothing is lost. The node does not go on by itself.",
            "check the disk; comityd doctor says what is damaged, and comityd repair puts it right \
             from the other members",
        ),
        NodeError::Replica(replica::BootError::Rules { .. }) => (
            Ending::Failed,
            "The members have put newer rules into force. Nothing is lost; nothing was started.",
            "install the newer comityd, then start the node again",
        ),
        NodeError::Replica(_) => (
            Ending::Refused,
            "log/wal or keys/ was copied here from another node; voting could contradict an \
             earlier vote. Nothing was started.",
            "put this node's own log/wal and keys back",
        ),
        _ => (
            Ending::Failed,
            "The view is derived from the blocks; nothing is lost.",
            "check the disk, then run comityd reindex",
        ),
    }
}

fn shell_advice(error: &ShellError) -> (Ending, &'static str, &'static str) {
    match error {
        ShellError::Network(NetworkError::Listen { .. }) => (
            Ending::Failed,
            "Other nodes could not reach this one. Nothing was started.",
            "stop whatever uses the address, or change listen under [network] in config.toml",
        ),
        ShellError::Halted { .. } => (
            Ending::Failed,
            "Going on could have done harm. What was committed is safe.",
            "do not start it again before the reason is understood; tell the other members",
        ),
        ShellError::Storage(_) => (
            Ending::Failed,
            "What was acknowledged is safe; nothing was written after the error.",
            "check the disk (df, dmesg), then start the node again",
        ),
        ShellError::Network(_) | ShellError::NetworkEnded | ShellError::Thread(_) => (
            Ending::Failed,
            "The node cannot work without it. What was committed is safe.",
            "start the node again; if it happens again, look at the lines of the log before this",
        ),
    }
}
