//! Why `comityd init` set nothing up, in an operator's words.
//! Holds: whatever it says, nothing of what it would have made is left.

use std::io;
use std::path::PathBuf;

use comity_core::agency::KeyRole;
use comity_core::genesis::GenesisError;
use comity_core::keys::SignatureError;
use comity_core::text::AgencyId;
use comity_replica::storage::StorageError;

use crate::data_dir::DataDirError;
use crate::failure::{Ending, Failure};
use crate::key_store::KeyStoreError;
use crate::passphrase::PassphraseFileError;
use crate::terminal::NoAnswer;

/// Why nothing was set up.
#[derive(Debug, thiserror::Error)]
pub(in crate::commands) enum InitError {
    #[error(transparent)]
    Dir(#[from] DataDirError),
    #[error(transparent)]
    Keys(#[from] KeyStoreError),
    #[error("could not read {path}")]
    ReadCard {
        path: PathBuf,
        #[source]
        source: io::Error,
    },
    #[error("{0} is a private key, not a key card")]
    PrivateKey(PathBuf),
    #[error("{path} cannot be read as a key card")]
    CardText {
        path: PathBuf,
        #[source]
        source: serde_json::Error,
    },
    #[error("{path} is a card of {found}, but this is the node of {expected}")]
    CardAgency { path: PathBuf, found: AgencyId, expected: AgencyId },
    #[error("{path} is the card of a key for the role {found}, not admin")]
    CardRole { path: PathBuf, found: KeyRole },
    #[error("{0} is a card for a consortium that exists already, not for a new one")]
    CardConsortium(PathBuf),
    #[error("{0} is a card for a genesis or for another consortium, not for the one to be joined")]
    CardElsewhere(PathBuf),
    #[error("{0} names this agency among the founders")]
    Founder(PathBuf),
    #[error("the proof in {path} is wrong")]
    CardProof {
        path: PathBuf,
        #[source]
        source: SignatureError,
    },
    #[error("{0} names a key that another card named before")]
    CardTwice(PathBuf),
    #[error("this member could not take part in a genesis")]
    Member(#[source] GenesisError),
    #[error("could not write the sign guard")]
    Guard(#[source] StorageError),
    #[error(transparent)]
    Passphrase(#[from] PassphraseFileError),
    #[error("the passphrase for {0} was not chosen")]
    NotChosen(PathBuf),
    #[error("{0} would lie in the node's directory")]
    AdminInside(PathBuf),
    #[error("these are missing: {}", .0.join(", "))]
    Missing(Vec<&'static str>),
    #[error(transparent)]
    NoAnswer(#[from] NoAnswer),
    #[error("not confirmed")]
    NotConfirmed,
    #[error("the system gave no random numbers")]
    Random(#[source] getrandom::Error),
}

impl From<InitError> for Failure {
    fn from(error: InitError) -> Failure {
        let nothing = "Nothing was created.";
        let (ending, meaning, next) = match error {
            InitError::Dir(error) => return error.into(),
            InitError::Keys(error) => return error.into(),
            InitError::Passphrase(error) => return error.into(),
            InitError::Missing(_) => (
                Ending::NotUnderstood,
                "Nobody is at a terminal to be asked. Nothing was created.",
                "add them (comityd init --help), or run the command in a terminal",
            ),
            InitError::NoAnswer(_) | InitError::NotConfirmed => {
                (Ending::Failed, nothing, "run the command again when you have the answers")
            }
            InitError::NotChosen(_) => (
                Ending::Failed,
                "It must be typed twice alike, and have eight characters or more. Nothing was \
                 created.",
                "run the command again",
            ),
            InitError::AdminInside(_) => (
                Ending::Refused,
                "An admin key must be taken off this machine, and a copy of the directory must not \
                 hold it. Nothing was created.",
                "name a file elsewhere after --new-admin-key, best on a stick",
            ),
            ref card @ (InitError::ReadCard { .. }
            | InitError::PrivateKey(_)
            | InitError::CardAgency { .. }
            | InitError::CardText { .. }
            | InitError::CardProof { .. }
            | InitError::CardRole { .. }
            | InitError::CardConsortium(_)
            | InitError::CardElsewhere(_)
            | InitError::CardTwice(_)) => card_advice(card),
            InitError::Founder(_) => (
                Ending::Refused,
                "A founding member is not admitted again. Nothing was created.",
                "check the id after --agency; a founder's node is set up with comityd init",
            ),
            InitError::Member(_) => {
                (Ending::Failed, nothing, "give between one and eight admin cards")
            }
            InitError::Guard(_) | InitError::Random(_) => (
                Ending::Failed,
                "A validator cannot vote safely without it. Nothing was kept.",
                "check the disk, then run the command again",
            ),
        };
        Failure::because(ending, &error, meaning, next)
    }
}

/// About an admin's card.
fn card_advice(error: &InitError) -> (Ending, &'static str, &'static str) {
    let nothing = "Nothing was created.";
    let another = "have whoever holds the admin key make the card: comity key new --help";
    match error {
        InitError::ReadCard { .. } => {
            (Ending::Failed, nothing, "check the path after --admin-card")
        }
        InitError::PrivateKey(_) => (
            Ending::Refused,
            "The private admin key must never lie on a server. Nothing was created.",
            "remove the file from this machine, and bring the key's card instead, which \
                 comity key new wrote beside it",
        ),
        InitError::CardAgency { .. } => (
            Ending::Refused,
            nothing,
            "check the id after --agency, and that this is the right card",
        ),
        InitError::CardText { .. } | InitError::CardProof { .. } => (
            Ending::Failed,
            "It was damaged or changed on its way, so it proves nothing. Nothing was created.",
            another,
        ),
        InitError::CardRole { .. } | InitError::CardConsortium(_) => {
            (Ending::Refused, nothing, another)
        }
        InitError::CardElsewhere(_) => (
            Ending::Refused,
            nothing,
            "have whoever holds the admin key make the card for this consortium: comity key \
                 new --role admin --genesis FILE",
        ),
        _ => (Ending::Refused, nothing, "name each admin key's card once"),
    }
}
