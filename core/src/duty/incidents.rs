//! What was undertaken about incidents: to tell the other side soon after one came to light.
//! Holds: the report on the ledger is the telling; nothing about it is stored in grants.
//! Source: docs/formats.md, "Duties".

use super::{Duty, DutyEnd, DutyObject, due, undertaking_sides};
use crate::binding::{Promise, Side};
use crate::grant::Grant;
use crate::ids::GrantId;
use crate::incident::Incident;
use crate::rule_pack::Clock;
use crate::state::{self, StateRead};

/// What its reporter had undertaken in the grants that the report names.
pub fn of_incident(state: &impl StateRead, incident: &Incident) -> Vec<Duty> {
    let named = incident.terms.grants.iter().filter_map(|id| state::grant(state, *id));
    named.flat_map(|grant| of_incident_under(state, incident, &grant)).collect()
}

/// What the reporter of an incident had undertaken in a grant that the report names, or on a dataset
/// that it names.
pub fn of_incident_under(
    state: &impl StateRead,
    incident: &Incident,
    grant: &Grant,
) -> Option<Duty> {
    let id = GrantId(grant.issued_at);
    let terms = &incident.terms;
    let named = terms.grants.contains(&id) || terms.datasets.contains(&grant.terms.dataset);
    // What was granted after it came to light was granted with it in sight.
    if !named || grant.issued_on > terms.found {
        return None;
    }
    let numbered = (1..).zip(&grant.terms.undertakings);
    for (number, undertaking) in numbered {
        let Promise::NotifyIncidentDays(days) = undertaking.what else { continue };
        let (owed_by, owed_to) = undertaking_sides(state, grant, undertaking.by);
        // Who uses a grant agrees to it: before that, its requester owes nothing.
        let bound = undertaking.by == Side::Provider
            || grant.first_use.is_some_and(|mark| mark.on <= terms.found);
        if owed_by != incident.reported_by || !bound {
            continue;
        }
        return Some(Duty {
            clock: Clock::Undertaking,
            object: DutyObject::Undertaking { grant: id, number },
            due: due(state, &owed_by, terms.found, days),
            owed_by,
            owed_to: Some(owed_to),
            began: terms.found,
            end: Some(DutyEnd::Done(incident.reported.on)),
        });
    }
    None
}
