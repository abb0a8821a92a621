//! How a registered key stands: in force, about to end, ended, revoked, suspect.
//! Holds: whoever signs with a key, or reads what one signed, is told what speaks against it.
//! May not enter: rules (the ledger's); asking for more than the key.

use comity_core::agency::{Key, KeyEnd};
use comity_core::ids::TimeMs;
use comity_core::keys::PublicKey;
use jiff::tz::TimeZone;

use crate::client::Client;
use crate::messages::say;
use crate::time::{self, DAY_MS};

/// From when on the end of a key is warned of (ms before it).
const SOON_MS: u64 = 30 * DAY_MS;

/// How a key stands at some time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum KeyState {
    /// Revoked.
    Revoked,
    /// Past its end.
    Expired,
    /// Within thirty days of its end.
    EndsSoon,
    /// Neither.
    InForce,
}

impl KeyState {
    /// How `key` stands at `now`.
    pub(crate) fn of(key: &Key, now: TimeMs) -> KeyState {
        match key.end(now) {
            Some(KeyEnd::Revoked(_)) => KeyState::Revoked,
            Some(KeyEnd::Expired(_)) => KeyState::Expired,
            None if key.valid_until.is_some_and(|until| until.0 - now.0 <= SOON_MS) => {
                KeyState::EndsSoon
            }
            None => KeyState::InForce,
        }
    }

    /// The word for programs.
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            KeyState::Revoked => "revoked",
            KeyState::Expired => "expired",
            KeyState::EndsSoon => "ends-soon",
            KeyState::InForce => "in-force",
        }
    }
}

/// How a key stands, in a cell of a table.
pub(crate) fn in_short(key: &Key, now: TimeMs, zone: &TimeZone) -> String {
    let until = key.valid_until.map(|until| time::show(until, zone)).unwrap_or_default();
    match (KeyState::of(key, now), &key.revoked) {
        (KeyState::Revoked, Some(revoked)) => match revoked.suspect_since {
            Some(since) => {
                say!("key-is-suspect", index = revoked.at, since = time::show(since, zone))
            }
            None => say!("key-ended", index = revoked.at),
        },
        (KeyState::Expired, _) => say!("key-is-expired", until = until),
        (KeyState::EndsSoon, _) => {
            say!("key-ends-soon", until = until, days = days_left(key, now))
        }
        _ if key.valid_until.is_some() => say!("key-until", until = until),
        _ => say!("key-no-end"),
    }
}

/// What whoever signs with this key should know, if anything.
pub(crate) fn warning(key: &Key, now: TimeMs, zone: &TimeZone) -> Option<String> {
    let until = key.valid_until.map(|until| time::show(until, zone)).unwrap_or_default();
    match (KeyState::of(key, now), &key.revoked) {
        (KeyState::Revoked, Some(revoked)) => {
            // A key that another took the place of ended without a reason of its own.
            let (index, reason) = (revoked.at, revoked.reason.as_str());
            let why = match reason {
                "" => String::new(),
                reason => say!("words-revoked-why", reason = reason),
            };
            Some(match revoked.suspect_since {
                Some(since) => say!(
                    "warn-key-suspect",
                    index = index,
                    why = why,
                    since = time::show(since, zone)
                ),
                None => say!("warn-key-revoked", index = index, why = why),
            })
        }
        (KeyState::Expired, _) => Some(say!("warn-key-expired", until = until)),
        (KeyState::EndsSoon, _) => {
            Some(say!("warn-key-ends", until = until, days = days_left(key, now)))
        }
        _ => None,
    }
}

/// What a reader of something signed with this key at `signed` should know: a text to put behind
/// the signer, empty if nothing. Where the node does not say, nothing is said.
pub(crate) fn doubt(client: &Client, key: &PublicKey, signed: TimeMs, zone: &TimeZone) -> String {
    let answer = client.find_key(key).ok().flatten();
    let revoked = answer.and_then(|answer| answer.key.revoked);
    match revoked.and_then(|revoked| revoked.suspect_since) {
        Some(since) if signed < since => {
            say!("doubt-later", since = time::show(since, zone))
        }
        Some(since) => say!("doubt", since = time::show(since, zone)),
        None => String::new(),
    }
}

/// Whole days until a key's end.
fn days_left(key: &Key, now: TimeMs) -> u64 {
    key.valid_until.map(|until| until.0.saturating_sub(now.0) / DAY_MS).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use comity_core::agency::{KeyAlgorithm, KeyRevocation, KeyRole};
    use comity_core::ids::LogIndex;

    fn key(valid_until: Option<TimeMs>) -> Key {
        Key {
            agency: "finance.gd".parse().unwrap(),
            role: KeyRole::Officer,
            algorithm: KeyAlgorithm::Ed25519,
            post: "Desk 4".parse().unwrap(),
            registered_at: Some(LogIndex(3)),
            registered_on: Some(TimeMs(0)),
            valid_until,
            revoked: None,
        }
    }

    #[test]
    fn the_end_of_a_key_is_warned_of_for_thirty_days() {
        let end = TimeMs(100 * DAY_MS);
        let state = |now| KeyState::of(&key(Some(end)), TimeMs(now));
        assert_eq!(state(end.0 - SOON_MS - 1), KeyState::InForce);
        assert_eq!(state(end.0 - SOON_MS), KeyState::EndsSoon);
        assert_eq!(state(end.0 - 1), KeyState::EndsSoon);
        assert_eq!(state(end.0), KeyState::Expired, "the end is not included");
        assert_eq!(KeyState::of(&key(None), end), KeyState::InForce);
        let said = |now| warning(&key(Some(end)), TimeMs(now), &TimeZone::UTC);
        assert_eq!(said(0), None);
        let soon = said(end.0 - 2 * DAY_MS).unwrap();
        assert!(soon.contains("in 2 days") && soon.contains("1970-04-11"), "{soon}");
        assert!(said(end.0).unwrap().contains("ended"));
    }

    #[test]
    fn a_revoked_key_says_since_when_it_is_suspect() {
        let mut key = key(Some(TimeMs(1)));
        let reason = "Computer stolen".parse().unwrap();
        key.revoked =
            Some(KeyRevocation { at: LogIndex(9), reason, suspect_since: None, on: TimeMs(0) });
        let said = |key: &Key| in_short(key, TimeMs(5), &TimeZone::UTC);
        assert_eq!(KeyState::of(&key, TimeMs(5)), KeyState::Revoked);
        assert_eq!(said(&key), "revoked by entry 9");
        key.revoked.as_mut().unwrap().suspect_since = Some(TimeMs(0));
        assert_eq!(said(&key), "revoked by entry 9, suspect since 1970-01-01T00:00:00Z");
        let warned = warning(&key, TimeMs(5), &TimeZone::UTC).unwrap();
        assert!(warned.contains("Computer stolen") && warned.contains("1970-01-01"), "{warned}");
    }
}
