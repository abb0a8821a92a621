//! `[checkpoints]`: the outside witnesses of the log, and how many must have cosigned it.
//! Holds: the witnesses that were read can be asked: their keys are of the kind that cosigns, no
//! two are the same, and no more are needed than there are.
//! May not enter: asking them (see `witnesses`).

use std::collections::BTreeSet;
use std::fmt;

use axum::http::Uri;
use comity_core::note::{NoteError, NoteKey, NoteKind};
use serde::Deserialize;

use super::Whole;

/// Most witnesses of one node: what they sign fits one note, with room for the node's own lines.
const MAX_WITNESSES: usize = 16;

/// `[checkpoints]`.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, expecting = "the section [checkpoints]")]
pub struct CheckpointOptions {
    /// The witnesses.
    pub witnesses: Vec<WitnessOption>,
    /// How many of them must have cosigned a checkpoint; all, where it is not said.
    #[serde(default)]
    pub cosignatures: Option<Whole<1, MAX_WITNESSES>>,
    /// What is published while there are not so many.
    #[serde(default)]
    pub fail: Fail,
    /// They are asked at most so often (seconds).
    #[serde(default = "every_seconds")]
    pub every_seconds: Whole<1, 3_600>,
    /// So long the newest checkpoint may lack cosignatures before that counts as a failure
    /// (seconds).
    #[serde(default = "patience_seconds")]
    pub patience_seconds: Whole<1, 86_400>,
}

/// A witness: one of `[[checkpoints.witnesses]]`.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, expecting = "a witness")]
pub struct WitnessOption {
    /// Its submission prefix.
    pub url: WitnessUrl,
    /// Its verifier key.
    pub key: WitnessKey,
}

/// What is published while too few witnesses have cosigned.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Fail {
    /// The last checkpoint that enough have cosigned.
    #[default]
    Closed,
    /// The newest checkpoint, with what cosignatures there are.
    Open,
}

/// The key of a witness: of the kind that cosigns.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub struct WitnessKey(NoteKey);

/// Where a witness is asked: an `http` address without the path of the call.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub struct WitnessUrl(String);

/// Why a key cannot be a witness's.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum WitnessKeyError {
    /// Not the key of a note.
    #[error(transparent)]
    NotAKey(#[from] NoteError),
    /// A key that signs notes, but does not cosign.
    #[error(
        "the key of {0:?} signs notes, but does not cosign checkpoints: ask the witness's operator \
         for the one that does (its part after the last plus begins with B, not with A)"
    )]
    NotACosigner(String),
}

/// Why an address cannot be a witness's.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum WitnessUrlError {
    /// Something else than an `http` address.
    #[error(
        "\"{0}\" is no address at which a witness is asked: write http://, its host and port, and \
         its submission prefix if it has one, such as http://witness.example:7380/comity"
    )]
    NotHttp(String),
    /// An address that needs TLS.
    #[error(
        "\"{0}\" needs TLS, which the node does not speak. Run a TLS client on this machine (stunnel, \
         or a web server as a proxy) and write its address, such as http://127.0.0.1:7380. What is \
         sent and answered is signed by itself"
    )]
    Tls(String),
}

impl CheckpointOptions {
    /// How many witnesses must have cosigned (at least one).
    pub fn required(&self) -> usize {
        self.cosignatures.map_or(self.witnesses.len(), Whole::get)
    }

    /// What in these settings does not go together.
    pub(super) fn contradiction(&self) -> Option<&'static str> {
        let keys: BTreeSet<_> = self.witnesses.iter().map(|of| of.key.0.key().as_bytes()).collect();
        let names: BTreeSet<_> = self.witnesses.iter().map(|of| of.key.0.name()).collect();
        let count = self.witnesses.len();
        if count == 0 {
            Some("[checkpoints] names no witness: name one under [[checkpoints.witnesses]]")
        } else if count > MAX_WITNESSES {
            Some("[checkpoints] names more than 16 witnesses")
        } else if keys.len() < count || names.len() < count {
            // One witness counted twice would make a quorum of one.
            Some("two witnesses in [checkpoints] have the same key or the same name")
        } else if self.required() > count {
            Some("cosignatures in [checkpoints] is more than there are witnesses")
        } else {
            None
        }
    }
}

fn every_seconds() -> Whole<1, 3_600> {
    Whole(5)
}

fn patience_seconds() -> Whole<1, 86_400> {
    Whole(60)
}

impl WitnessKey {
    /// The key.
    pub fn get(&self) -> &NoteKey {
        &self.0
    }
}

impl TryFrom<String> for WitnessKey {
    type Error = WitnessKeyError;
    fn try_from(text: String) -> Result<Self, WitnessKeyError> {
        let key: NoteKey = text.parse()?;
        match key.kind() {
            NoteKind::Cosignature => Ok(WitnessKey(key)),
            NoteKind::Ed25519 => Err(WitnessKeyError::NotACosigner(key.name().to_owned())),
        }
    }
}

impl WitnessUrl {
    /// The address, without a slash at its end.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for WitnessUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl TryFrom<String> for WitnessUrl {
    type Error = WitnessUrlError;
    fn try_from(text: String) -> Result<Self, WitnessUrlError> {
        let Ok(uri) = text.parse::<Uri>() else { return Err(WitnessUrlError::NotHttp(text)) };
        let is_plain = uri.host().is_some() && uri.query().is_none() && !text.contains(['@', '#']);
        match uri.scheme_str() {
            Some("http") if is_plain => Ok(WitnessUrl(text.trim_end_matches('/').to_owned())),
            Some("https") if is_plain => Err(WitnessUrlError::Tls(text)),
            _ => Err(WitnessUrlError::NotHttp(text)),
        }
    }
}

#[cfg(test)]
mod tests {
    use comity_core::keys::SecretKey;

    use super::*;

    fn key(name: &str, kind: NoteKind, seed: u8) -> String {
        let key = SecretKey::from_seed(&[seed; 32]).public();
        NoteKey::new(name, kind, key).unwrap().to_string()
    }

    fn witness(name: &str, seed: u8) -> String {
        let key = key(name, NoteKind::Cosignature, seed);
        format!("[[witnesses]]\nurl = \"http://127.0.0.1:7380/\"\nkey = \"{key}\"\n")
    }

    fn read(text: &str) -> CheckpointOptions {
        toml::from_str(text).unwrap()
    }

    #[test]
    fn all_witnesses_must_cosign_unless_fewer_are_said_to() {
        let two = witness("w.example/1", 1) + &witness("w.example/2", 2);
        let options = read(&two);
        assert_eq!(
            (options.required(), options.fail, options.contradiction()),
            (2, Fail::Closed, None)
        );
        assert_eq!(options.witnesses[0].url.as_str(), "http://127.0.0.1:7380");
        let options = read(&format!("cosignatures = 1\nfail = \"open\"\n{two}"));
        assert_eq!(
            (options.required(), options.fail, options.contradiction()),
            (1, Fail::Open, None)
        );
        assert!(toml::from_str::<CheckpointOptions>(&format!("fail = \"shut\"\n{two}")).is_err());
    }

    #[test]
    fn what_could_never_be_met_or_would_count_one_witness_twice_is_refused() {
        let one = witness("w.example/1", 1);
        for (text, words) in [
            ("witnesses = []\n".to_owned(), "no witness"),
            (format!("cosignatures = 2\n{one}"), "more than there are"),
            (one.clone() + &witness("w.example/2", 1), "same key"),
            (one.clone() + &witness("w.example/1", 2), "same name"),
            ((1..=17).map(|n| witness(&format!("w/{n}"), n)).collect(), "more than 16"),
        ] {
            let found = read(&text).contradiction();
            assert!(found.is_some_and(|found| found.contains(words)), "{words}: {found:?}");
        }
    }

    #[test]
    fn witness_is_asked_by_http_and_known_by_a_key_that_cosigns() {
        for wrong in ["", "w.example", "ftp://w.example/", "http://a@w.example/", "http://w/?x=1"] {
            let error = WitnessUrl::try_from(wrong.to_owned()).unwrap_err();
            assert_eq!(error, WitnessUrlError::NotHttp(wrong.to_owned()));
        }
        let error = WitnessUrl::try_from("https://w.example/x".to_owned()).unwrap_err();
        assert!(error.to_string().contains("TLS client on this machine"), "{error}");
        let signs = WitnessKey::try_from(key("w.example/1", NoteKind::Ed25519, 1));
        assert!(matches!(signs, Err(WitnessKeyError::NotACosigner(_))), "{signs:?}");
        let other = WitnessKey::try_from("w.example/1".to_owned());
        assert!(matches!(other, Err(WitnessKeyError::NotAKey(_))), "{other:?}");
    }
}
