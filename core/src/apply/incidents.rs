//! Reporting, following up and closing incidents.
//! Holds: only a party reports, and only about data to which it is one.
//! Source: docs/formats.md, "Rules", report-incident to close-incident.

use super::{Position, acting, grants, require_sole_signer};
use crate::agency::KeyRole;
use crate::ids::IncidentId;
use crate::incident::{Closure, Incident, IncidentTerms, MAX_AFFECTED};
use crate::refusal::{IncidentRefusal, Refusal};
use crate::state::{self, Changes, StateKey, StateRead};
use crate::statement::StatementSigner;
use crate::text::{AgencyId, Text};

pub(super) fn report(
    state: &impl StateRead,
    at: Position,
    signers: &[StatementSigner],
    terms: &IncidentTerms,
) -> Result<Changes, Refusal> {
    let by = acting(signers);
    require_sole_signer(signers, by, KeyRole::Steward)?;
    if !(1..=MAX_AFFECTED).contains(&(terms.datasets.len() + terms.grants.len())) {
        let limit = MAX_AFFECTED as u64;
        return Err(Refusal::Incident(IncidentRefusal::AffectedCount { limit }));
    }
    check_party(state, by, terms)?;
    if terms.since > terms.found || terms.found > at.time {
        return Err(Refusal::Incident(IncidentRefusal::IncidentTimes));
    }
    require_text(&terms.nature)?;
    let incident = Incident {
        terms: terms.clone(),
        reported_by: by.clone(),
        reported: at.mark(),
        updates: 0,
        updated: None,
        closed: None,
    };
    Ok(put(IncidentId(at.index), &incident))
}

fn check_party(
    state: &impl StateRead,
    by: &AgencyId,
    terms: &IncidentTerms,
) -> Result<(), Refusal> {
    let not_a_party = || Refusal::Incident(IncidentRefusal::NotAParty { agency: by.clone() });
    for id in &terms.datasets {
        let Some(published) = state::dataset(state, id) else {
            return Err(Refusal::DatasetUnknown { dataset: id.clone() });
        };
        if !published.dataset.is_held_by(by) {
            return Err(not_a_party());
        }
    }
    for id in &terms.grants {
        let grant = grants::find(state, *id)?;
        if !state::received(state, &grant, by) && state::grantor(state, &grant) != *by {
            return Err(not_a_party());
        }
    }
    Ok(())
}

/// News of an incident. What they say is in the entry.
pub(super) fn update(
    state: &impl StateRead,
    at: Position,
    signers: &[StatementSigner],
    id: IncidentId,
    note: &Text<512>,
) -> Result<Changes, Refusal> {
    let mut incident = require_own(state, signers, id)?;
    require_text(note)?;
    incident.updates = incident.updates.saturating_add(1);
    incident.updated = Some(at.mark());
    Ok(put(id, &incident))
}

pub(super) fn close(
    state: &impl StateRead,
    at: Position,
    signers: &[StatementSigner],
    id: IncidentId,
    measures: &Text<512>,
) -> Result<Changes, Refusal> {
    let mut incident = require_own(state, signers, id)?;
    require_text(measures)?;
    incident.closed = Some(Closure { on: at.mark(), measures: measures.clone() });
    Ok(put(id, &incident))
}

/// The incident, if the signer is a steward of who reported it and it goes on.
fn require_own(
    state: &impl StateRead,
    signers: &[StatementSigner],
    id: IncidentId,
) -> Result<Incident, Refusal> {
    let Some(incident) = state::incident(state, id) else {
        return Err(Refusal::Incident(IncidentRefusal::IncidentUnknown { incident: id }));
    };
    require_sole_signer(signers, &incident.reported_by, KeyRole::Steward)?;
    match &incident.closed {
        Some(closure) => {
            let at = closure.on.at;
            Err(Refusal::Incident(IncidentRefusal::IncidentClosed { incident: id, at }))
        }
        None => Ok(incident),
    }
}

fn require_text(text: &Text<512>) -> Result<(), Refusal> {
    if text.as_str().is_empty() {
        return Err(Refusal::Incident(IncidentRefusal::IncidentTextEmpty));
    }
    Ok(())
}

fn put(id: IncidentId, incident: &Incident) -> Changes {
    Changes::of(&StateKey::Incident(id), incident)
}
