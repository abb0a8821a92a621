//! What the state holds of emergencies, by name.
//! Holds: what no record has put is nothing.
//! Source: docs/formats.md, "State".

use super::{StateKey, StateRead, read};
use crate::emergency::{Emergency, EmergencyAccess, EmergencyUse};
use crate::ids::{DatasetId, EmergencyId, ExchangeId, LogIndex};
use crate::text::AgencyId;

/// An emergency by its id.
pub fn emergency(state: &impl StateRead, id: EmergencyId) -> Option<Emergency> {
    read(state, &StateKey::Emergency(id))
}

/// An access in an emergency, by its entry.
pub fn emergency_access(
    state: &impl StateRead,
    id: EmergencyId,
    access: LogIndex,
) -> Option<EmergencyAccess> {
    read(state, &StateKey::EmergencyAccess(id, access))
}

/// What an agency used of an emergency; none yet is nothing.
pub fn emergency_use(state: &impl StateRead, id: EmergencyId, agency: &AgencyId) -> EmergencyUse {
    read(state, &StateKey::EmergencyUse(id, agency)).unwrap_or_default()
}

/// The first access in an emergency under an exchange, if there was one.
pub fn emergency_exchange(state: &impl StateRead, exchange: &ExchangeId) -> Option<LogIndex> {
    read(state, &StateKey::EmergencyExchange(exchange))
}

/// An agency's first access to a dataset in an emergency, if it had one.
pub fn emergency_received(
    state: &impl StateRead,
    id: EmergencyId,
    agency: &AgencyId,
    dataset: &DatasetId,
) -> Option<LogIndex> {
    read(state, &StateKey::EmergencyRecipient(id, agency, dataset))
}

/// The emergencies that were in force or recent when the last one was declared.
pub(crate) fn recent_emergencies(state: &impl StateRead) -> Vec<EmergencyId> {
    read(state, &StateKey::RecentEmergencies).unwrap_or_default()
}
