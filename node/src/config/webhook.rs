//! `[webhook]`: whom the node tells of committed entries.
//! Holds: an address that was read is this machine's own.
//! May not enter: the secret (it has a file of its own).

use std::fmt;
use std::net::{IpAddr, Ipv6Addr};
use std::path::PathBuf;

use axum::http::Uri;
use comity_core::statement::Action;
use comity_core::text::AgencyId;
use serde::Deserialize;
use serde::de::{self, Deserializer, SeqAccess, Visitor};
use serde_json::json;

/// `[webhook]`.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, expecting = "the section [webhook]")]
pub struct WebhookOptions {
    /// Where to.
    pub url: WebhookUrl,
    /// A file with the secret that signs what is sent; relative to the data directory.
    pub secret_file: Option<PathBuf>,
    /// Only entries of these kinds; of all kinds where there are none.
    #[serde(default)]
    pub kinds: Vec<EntryKind>,
    /// Only entries that concern one of these.
    #[serde(default)]
    pub agencies: Concerned,
}

/// Whose entries are told.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Concerned {
    /// The node's own agency's.
    #[default]
    Own,
    /// Those of these agencies.
    These(Vec<AgencyId>),
    /// All.
    All,
}

/// The kind of an entry, as the API calls it.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub struct EntryKind(String);

impl EntryKind {
    /// The name.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl TryFrom<String> for EntryKind {
    type Error = UnknownKind;
    fn try_from(name: String) -> Result<Self, UnknownKind> {
        // Of a kind that exists, the fields are missed, not the kind.
        let read = serde_json::from_value::<Action>(json!({ "kind": name }));
        match read {
            Err(error) if error.to_string().starts_with("unknown variant") => {
                Err(UnknownKind(name))
            }
            _ => Ok(EntryKind(name)),
        }
    }
}

/// A name that no kind of entry has.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("no entry is of the kind \"{0}\"; docs/api.md lists the kinds")]
pub struct UnknownKind(String);

/// An `http` address on this machine.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub struct WebhookUrl(String);

/// Why an address cannot be a webhook's.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum WebhookUrlError {
    /// Something else than an `http` address.
    #[error(
        "\"{0}\" is no address that the node can post to: write http://, a loopback address and \
         port, and a path, such as http://127.0.0.1:9000/comity"
    )]
    NotHttp(String),
    /// An address of another machine.
    #[error(
        "\"{0}\" is not a loopback address, and the node has no TLS yet: what it sends could be \
         read and changed on the way. Run a relay on this machine that listens on 127.0.0.1 and \
         passes the messages on over TLS, and write its address here"
    )]
    NotLoopback(String),
}

impl WebhookUrl {
    /// The address.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl TryFrom<String> for WebhookUrl {
    type Error = WebhookUrlError;
    fn try_from(text: String) -> Result<Self, WebhookUrlError> {
        let Ok(uri) = text.parse::<Uri>() else { return Err(WebhookUrlError::NotHttp(text)) };
        let Some(host) = uri.host() else { return Err(WebhookUrlError::NotHttp(text)) };
        // By address only: what a name leads to can change.
        let bare = host.trim_start_matches('[').trim_end_matches(']');
        let is_loopback = match bare.parse::<Ipv6Addr>() {
            Ok(address) => address.is_loopback(),
            Err(_) => bare.parse::<IpAddr>().is_ok_and(|address| address.is_loopback()),
        };
        match uri.scheme_str() {
            Some("http") if is_loopback && !text.contains('@') => Ok(WebhookUrl(text)),
            Some("http" | "https") if !is_loopback => Err(WebhookUrlError::NotLoopback(text)),
            _ => Err(WebhookUrlError::NotHttp(text)),
        }
    }
}

impl<'de> Deserialize<'de> for Concerned {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Either;
        impl<'de> Visitor<'de> for Either {
            type Value = Concerned;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a list of agencies, or \"all\"")
            }
            fn visit_str<E: de::Error>(self, word: &str) -> Result<Concerned, E> {
                match word {
                    "all" => Ok(Concerned::All),
                    _ => Err(E::invalid_value(de::Unexpected::Str(word), &self)),
                }
            }
            fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Concerned, A::Error> {
                let mut agencies = Vec::new();
                while let Some(agency) = list.next_element()? {
                    agencies.push(agency);
                }
                match agencies.is_empty() {
                    true => Err(de::Error::custom("the list of agencies is empty")),
                    false => Ok(Concerned::These(agencies)),
                }
            }
        }
        deserializer.deserialize_any(Either)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_this_machine_is_told() {
        for own in ["http://127.0.0.1:9000/comity", "http://[::1]:9000", "http://127.9.9.9/x?y=1"] {
            assert_eq!(WebhookUrl::try_from(own.to_owned()).unwrap().as_str(), own);
        }
        for other in ["http://10.0.0.1/x", "https://example.org/", "http://localhost:9000/"] {
            let error = WebhookUrl::try_from(other.to_owned()).unwrap_err();
            assert!(error.to_string().contains("relay"), "{error}");
        }
        for unfit in ["", "127.0.0.1:9000", "ftp://127.0.0.1/", "https://127.0.0.1/", "/comity"] {
            let error = WebhookUrl::try_from(unfit.to_owned()).unwrap_err();
            assert_eq!(error, WebhookUrlError::NotHttp(unfit.to_owned()));
        }
    }

    #[test]
    fn concerned_are_the_own_agency_a_list_or_all() {
        let read = |text: &str| toml::from_str::<WebhookOptions>(text).map_err(|e| e.to_string());
        let url = "url = \"http://127.0.0.1:9000/\"\n";
        assert_eq!(read(url).unwrap().agencies, Concerned::Own);
        let all = read(&format!("{url}agencies = \"all\"")).unwrap();
        assert_eq!(all.agencies, Concerned::All);
        let these = read(&format!("{url}agencies = [\"tax.gd\"]")).unwrap();
        assert_eq!(these.agencies, Concerned::These(vec!["tax.gd".parse().unwrap()]));
        let kinds = read(&format!("{url}kinds = [\"record-access\", \"open-request\"]")).unwrap();
        assert_eq!(kinds.kinds.len(), 2);
        for wrong in [
            "kinds = [\"record-acces\"]",
            "agencies = []",
            "agencies = \"none\"",
            "agency = \"tax.gd\"",
        ] {
            assert!(read(&format!("{url}{wrong}")).is_err(), "{wrong}");
        }
    }
}
