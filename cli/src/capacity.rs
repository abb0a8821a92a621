//! In what capacity an act is signed: the ledger's own rule, asked of a node.
//! Holds: where the node does not say, it is the agency's own; whether that is right the ledger judges.
//! Source: docs/formats.md, "Rules".

use comity_core::basis::Basis;
use comity_core::binding::Side;
use comity_core::ids::{GrantId, RequestId};
use comity_core::statement::{Action, Capacity};

use crate::client::Client;

/// The capacity in which the side that asks does something with a task force's request or grant;
/// everything else is done for the agency.
pub(crate) fn needed(client: &Client, action: &Action) -> Capacity {
    match action {
        Action::OpenRequest { terms } => Capacity::of(terms.asked.task_force),
        Action::WithdrawRequest { request, .. } | Action::UrgeRequest { request } => {
            of_request(client, *request)
        }
        Action::AcknowledgeAccess { grant: Basis::Grant(grant), .. } => {
            of_grant(client, *grant, None)
        }
        Action::FulfilUndertaking { grant, number, .. } => of_grant(client, *grant, Some(*number)),
        Action::OpenCheck { terms } => match terms.grant {
            Some(Basis::Grant(grant)) => of_grant(client, grant, None),
            _ => Capacity::Agency,
        },
        _ => Capacity::Agency,
    }
}

fn of_request(client: &Client, id: RequestId) -> Capacity {
    let asked = client.ask_request(id).ok();
    Capacity::of(asked.and_then(|answer| answer.request.terms.asked.task_force))
}

/// That of a grant; of an undertaking in it only where its requester undertook it.
fn of_grant(client: &Client, id: GrantId, undertaking: Option<u8>) -> Capacity {
    let Ok(answer) = client.ask_grant(id) else { return Capacity::Agency };
    let terms = &answer.grant.terms;
    let undertaken =
        |number: u8| terms.undertaking(number).is_some_and(|one| one.by == Side::Requester);
    Capacity::of(terms.task_force.filter(|_| undertaking.is_none_or(undertaken)))
}
