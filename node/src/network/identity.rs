//! Who is who on the network: a node is known by its transport key.
//! Holds: a peer is a member's node only by a transport key that the ledger holds in force, of an
//! agency that has not left.
//! May not enter: addresses; who is connected (see `peers`).

use std::collections::BTreeMap;
use std::sync::Arc;

use comity_core::agency::{Key, KeyRole};
use comity_core::keys::{PublicKey, SecretKey};
use comity_core::state::{Changes, StateKey, object};
use comity_core::state_tree::StateTree;
use comity_core::text::AgencyId;
use libp2p::PeerId;
use libp2p::identity::{DecodingError, Keypair, ed25519};

/// The identity on the network that a transport key gives; `None` for bytes that are no key.
pub fn peer_id(key: &PublicKey) -> Option<PeerId> {
    let key = ed25519::PublicKey::try_from_bytes(key.as_bytes()).ok()?;
    Some(PeerId::from(libp2p::identity::PublicKey::from(key)))
}

/// The key pair as libp2p holds it, which erases its copy of the secret too.
pub(crate) fn keypair(secret: &SecretKey) -> Result<Keypair, DecodingError> {
    Keypair::ed25519_from_bytes(&mut *secret.seed())
}

/// The nodes of the members, by the ledger's word. Clones are cheap.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Members(Arc<BTreeMap<PeerId, AgencyId>>);

impl Members {
    /// The members by a whole state.
    pub fn of_state(state: &StateTree) -> Members {
        let mut members = BTreeMap::new();
        for (key, value) in state.iter() {
            take_up(&mut members, key, value);
        }
        Members(Arc::new(members))
    }

    /// Brings the members up to what a block changed; whether any came or went.
    pub fn update(&mut self, changes: &Changes) -> bool {
        if !changes.puts.keys().any(|key| public_key(key).is_some() || departed(key).is_some()) {
            return false;
        }
        let mut members = (*self.0).clone();
        for (key, value) in &changes.puts {
            take_up(&mut members, key, value);
        }
        let has_changed = members != *self.0;
        if has_changed {
            self.0 = Arc::new(members);
        }
        has_changed
    }

    /// Whose node this is, if a member's.
    pub fn agency(&self, peer: &PeerId) -> Option<&AgencyId> {
        self.0.get(peer)
    }

    /// All of them.
    pub fn peers(&self) -> impl Iterator<Item = &PeerId> {
        self.0.keys()
    }
}

impl FromIterator<(PeerId, AgencyId)> for Members {
    fn from_iter<T: IntoIterator<Item = (PeerId, AgencyId)>>(members: T) -> Self {
        Members(Arc::new(members.into_iter().collect()))
    }
}

/// Takes up one object of the state, if it is a transport key or an agency's departure. Keys come
/// before departures in the state's order, and none is registered for an agency that left.
fn take_up(members: &mut BTreeMap<PeerId, AgencyId>, state_key: &[u8], value: &[u8]) {
    // All but a few of millions of objects are neither keys nor departures.
    if !matches!(state_key.first(), Some(b'k' | b'x')) {
        return;
    }
    if let Some(agency) = departed(state_key) {
        members.retain(|_, of| *of != agency);
        return;
    }
    let Some(public) = public_key(state_key) else { return };
    let key: Key = object(value);
    let (KeyRole::Transport, Some(peer)) = (key.role, peer_id(&public)) else { return };
    if key.revoked.is_none() {
        members.insert(peer, key.agency);
    } else {
        members.remove(&peer);
    }
}

/// The agency under which a state key files a departure; `None` for other objects.
fn departed(state_key: &[u8]) -> Option<AgencyId> {
    let name = std::str::from_utf8(state_key.get(1..)?).ok()?;
    let agency: AgencyId = name.parse().ok()?;
    (StateKey::Departure(&agency).to_bytes() == state_key).then_some(agency)
}

/// The public key under which a state key files an object; `None` for other objects.
pub(crate) fn public_key(state_key: &[u8]) -> Option<PublicKey> {
    let bytes: [u8; 32] = state_key.get(1..)?.try_into().ok()?;
    let public = PublicKey::try_from(bytes).ok()?;
    (StateKey::Key(&public).to_bytes() == state_key).then_some(public)
}

#[cfg(test)]
mod tests {
    use comity_core::agency::KeyAlgorithm;
    use comity_core::governance::Departure;
    use comity_core::ids::{LogIndex, TimeMs};
    use comity_core::text::Text;

    use super::*;

    #[test]
    fn the_node_of_an_agency_that_left_is_nobodys() {
        let agency: AgencyId = "tax.gd".parse().unwrap();
        let public = SecretKey::from_seed(&[7; 32]).public();
        let key = Key {
            agency: agency.clone(),
            role: KeyRole::Transport,
            algorithm: KeyAlgorithm::Ed25519,
            post: Text::default(),
            registered_at: None,
            registered_on: None,
            valid_until: None,
            revoked: None,
        };
        let (mut members, peer) = (Members::default(), peer_id(&public).unwrap());
        let mut joining = Changes::default();
        joining.put(&StateKey::Key(&public), &key);
        assert!(members.update(&joining));
        assert_eq!(members.agency(&peer), Some(&agency));
        let mut leaving = Changes::default();
        let departure = Departure { at: LogIndex(9), on: TimeMs(9), reason: Text::default() };
        leaving.put(&StateKey::Departure(&agency), &departure);
        assert!(members.update(&leaving));
        assert_eq!(members.agency(&peer), None);
        assert!(!members.update(&leaving), "it is gone already");
    }
}
