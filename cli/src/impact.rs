//! Impact: who would lose what by a change, or gain it in a task force, said before it is signed.
//! Holds: it is counted from what the node shows now; it never keeps anybody from going on. Of what a
//! task force holds, every member is named that uses it, not its lead alone.
//! May not enter: signing; rules (what the ledger would refuse is the ledger's to say).

use std::collections::{BTreeMap, BTreeSet};

use comity_core::dataset::{Dataset, Sharing};
use comity_core::grant::{Grant, GrantTerms};
use comity_core::ids::{DatasetId, GrantId, TaskForceId};
use comity_core::task_force::TaskForce;
use comity_core::text::AgencyId;
use jiff::tz::TimeZone;
use serde_json::{Value, json};

use crate::client::{Client, GrantAnswer, RequestAnswer};
use crate::fault::Fault;
use crate::messages::say;
use crate::wrap::fold;
use crate::{describe, time};

/// A change that may take something from others.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Change<'a> {
    /// A grant is revoked.
    RevokeGrant(GrantId),
    /// A grant is suspended.
    SuspendGrant(GrantId),
    /// A dataset is suspended.
    SuspendDataset(&'a DatasetId),
    /// A dataset is withdrawn.
    WithdrawDataset(&'a DatasetId),
    /// A dataset becomes this.
    AmendDataset(&'a Dataset),
}

/// What a change takes from one grant or request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Loss {
    /// All of it, for good.
    Ends,
    /// All of it, until it is resumed.
    Pauses,
    /// These items and delivery modes, by name.
    Parts(Vec<String>),
}

/// Who would lose what.
#[derive(Clone, Debug, Default)]
pub(crate) struct Impact {
    /// Grants that count now or will, with what each loses.
    pub(crate) grants: Vec<(GrantAnswer, Loss)>,
    /// Open requests that could no longer be approved as they were asked.
    pub(crate) requests: Vec<(RequestAnswer, Loss)>,
    /// The task forces of those.
    pub(crate) forces: BTreeMap<TaskForceId, TaskForce>,
}

/// What a change would do to grants and requests. Errors: the node does not answer, or knows no
/// such grant.
pub(crate) fn impact(client: &Client, change: Change<'_>) -> Result<Impact, Fault> {
    let dataset = match change {
        Change::RevokeGrant(id) | Change::SuspendGrant(id) => {
            let grant = client.ask_grant(id)?;
            let on = ("dataset", grant.grant.terms.dataset.to_string());
            let mut grants = vec![grant];
            // What was passed on under it counts no longer than it does.
            let below = client.grants(&vec![on])?;
            grants.extend(below.into_iter().filter(|below| below.grant.parent == Some(id)));
            grants.retain(GrantAnswer::may_be_used);
            let grants = grants.into_iter().map(|grant| (grant, change.loss())).collect();
            return Impact::of(client, grants, vec![]);
        }
        Change::SuspendDataset(dataset) | Change::WithdrawDataset(dataset) => dataset,
        Change::AmendDataset(dataset) => &dataset.id,
    };
    let of_dataset = ("dataset", dataset.to_string());
    let mut grants = client.grants(&vec![of_dataset.clone()])?;
    grants.retain(GrantAnswer::may_be_used);
    let open = ("state", "open".to_owned());
    let requests = match change {
        // A suspension keeps nobody from approving.
        Change::SuspendDataset(_) => vec![],
        _ => client.requests(&vec![of_dataset, open])?,
    };
    let grants = grants.into_iter().filter_map(|grant| {
        let loss = change.loss_of(&grant.grant.terms, Holds::Grant)?;
        Some((grant, loss))
    });
    let requests = requests.into_iter().filter_map(|request| {
        let loss = change.loss_of(&request.request.terms.asked, Holds::Request)?;
        Some((request, loss))
    });
    Impact::of(client, grants.collect(), requests.collect())
}

/// Who may use what is granted to a task force, and who may once it joins: for whoever lets it go. None
/// where no task force gets it. Errors: the node does not answer.
pub(crate) fn gained(client: &Client, terms: &GrantTerms) -> Result<Option<String>, Fault> {
    let Some(id) = terms.task_force else { return Ok(None) };
    let Some(answer) = client.find_task_force(id)? else { return Ok(None) };
    let force = answer.task_force;
    let members = force.members();
    let is_other = |agency: &&AgencyId| **agency != terms.dataset.agency;
    let invited = force.invited.keys().filter(|agency| !members.contains(agency));
    let (members, invited) =
        (listed(members.iter().copied().filter(is_other)), listed(invited.filter(is_other)));
    let mut lines = vec![say!("gain-members", task_force = id, agencies = members)];
    if !invited.is_empty() {
        lines.push(say!("gain-invited", agencies = invited));
    }
    Ok(Some(fold(&lines.join("\n"))))
}

fn listed<'a>(agencies: impl Iterator<Item = &'a AgencyId>) -> String {
    agencies.map(AgencyId::as_str).collect::<Vec<_>>().join(", ")
}

/// What holds terms.
#[derive(Clone, Copy)]
enum Holds {
    Grant,
    Request,
}

impl Change<'_> {
    /// What the change does to all that it reaches.
    fn loss(&self) -> Loss {
        match self {
            Change::SuspendGrant(_) | Change::SuspendDataset(_) => Loss::Pauses,
            _ => Loss::Ends,
        }
    }

    /// What terms on the changed dataset lose, if anything.
    fn loss_of(&self, terms: &GrantTerms, holds: Holds) -> Option<Loss> {
        let Change::AmendDataset(amended) = self else { return Some(self.loss()) };
        match (amended.sharing, holds) {
            (Sharing::NotShared, _) => return Some(Loss::Ends),
            // A grant on what is not classified does not count; a request on it waits.
            (Sharing::Unclassified, Holds::Grant) => return Some(Loss::Pauses),
            _ => {}
        }
        let items = amended.unlisted(&terms.items).map(ToString::to_string);
        let modes = terms.modes.difference(&amended.modes).map(|mode| mode.as_str().to_owned());
        let parts: Vec<String> = items.chain(modes).collect();
        (!parts.is_empty()).then_some(Loss::Parts(parts))
    }
}

impl Impact {
    /// Of these, with the task forces that they name.
    fn of(
        client: &Client,
        grants: Vec<(GrantAnswer, Loss)>,
        requests: Vec<(RequestAnswer, Loss)>,
    ) -> Result<Impact, Fault> {
        let granted = grants.iter().filter_map(|(answer, _)| answer.grant.terms.task_force);
        let asked = requests.iter().filter_map(|(answer, _)| answer.request.terms.asked.task_force);
        let mut forces = BTreeMap::new();
        for id in granted.chain(asked).collect::<BTreeSet<TaskForceId>>() {
            let answer = client.find_task_force(id)?;
            forces.extend(answer.map(|answer| (id, answer.task_force)));
        }
        Ok(Impact { grants, requests, forces })
    }

    /// Takes in another.
    pub(crate) fn extend(&mut self, other: Impact) {
        let Impact { grants, requests, forces } = other;
        self.grants.extend(grants);
        self.requests.extend(requests);
        self.forces.extend(forces);
    }

    /// Who uses a grant beside its requester: the members of the task force that holds it, but for
    /// those that were invited only afterwards.
    fn users(&self, grant: &Grant) -> Vec<&AgencyId> {
        let members = self.members(&grant.terms);
        let may_use = |agency: &&AgencyId| {
            let force = grant.terms.task_force.and_then(|id| self.forces.get(&id));
            let membership = force.and_then(|force| force.membership(agency));
            membership.is_some_and(|one| one.invited_at <= grant.issued_at)
        };
        members.into_iter().filter(may_use).collect()
    }

    /// The members of the task force that terms name, beside its lead and whose data it is.
    fn members(&self, terms: &GrantTerms) -> Vec<&AgencyId> {
        let force = terms.task_force.and_then(|id| self.forces.get(&id));
        let members = force.into_iter().flat_map(TaskForce::members);
        let is_other = |one: &&AgencyId| **one != terms.requester && **one != terms.dataset.agency;
        members.filter(is_other).collect()
    }

    /// The whole, for people.
    pub(crate) fn to_text(&self, zone: &TimeZone) -> String {
        if self.grants.is_empty() && self.requests.is_empty() {
            return say!("impact-none");
        }
        let mut lines = vec![say!("impact-title")];
        for (answer, loss) in &self.grants {
            lines.extend(grant_lines(answer, loss, zone));
            let users = listed(self.users(&answer.grant).into_iter());
            let force = answer.grant.terms.task_force.filter(|_| !users.is_empty());
            lines.extend(
                force.map(|id| say!("impact-grant-members", task_force = id, agencies = users)),
            );
        }
        for (answer, loss) in &self.requests {
            lines.extend(request_lines(answer, loss, zone));
            let asked = &answer.request.terms.asked;
            let members = listed(self.members(asked).into_iter());
            let force = asked.task_force.filter(|_| !members.is_empty());
            lines.extend(
                force.map(|id| say!("impact-request-members", task_force = id, agencies = members)),
            );
        }
        fold(&lines.join("\n"))
    }

    /// The whole, for programs: docs/cli.md, "JSON".
    pub(crate) fn to_json(&self) -> Value {
        let grants = self.grants.iter().map(|(answer, loss)| {
            let terms = &answer.grant.terms;
            let used = answer.usage.total;
            json!({
                "grant": answer.id, "requester": terms.requester, "matters": terms.matters,
                "standing": answer.standing, "not_after": terms.not_after, "used": used,
                "last_used_on": (used > 0).then(|| time::counted_date(answer.usage.day)),
                "loses": loss.to_json(), "task_force": terms.task_force,
                "members": self.users(&answer.grant),
            })
        });
        let requests = self.requests.iter().map(|(answer, loss)| {
            let terms = &answer.request.terms;
            json!({
                "request": answer.id, "requester": terms.asked.requester,
                "matters": terms.asked.matters, "needed_by": terms.needed_by,
                "loses": loss.to_json(), "task_force": terms.asked.task_force,
                "members": self.members(&terms.asked),
            })
        });
        json!({ "grants": grants.collect::<Vec<_>>(), "requests": requests.collect::<Vec<_>>() })
    }
}

impl Loss {
    fn to_json(&self) -> Value {
        match self {
            Loss::Ends => json!("all"),
            Loss::Pauses => json!("all-until-resumed"),
            Loss::Parts(parts) => json!(parts),
        }
    }
}

fn grant_lines(answer: &GrantAnswer, loss: &Loss, zone: &TimeZone) -> [String; 2] {
    let terms = &answer.grant.terms;
    let (grant, requester) = (answer.id, &terms.requester);
    let head = match loss {
        Loss::Ends => say!("impact-grant-ends", requester = requester, grant = grant),
        Loss::Pauses => say!("impact-grant-pauses", requester = requester, grant = grant),
        Loss::Parts(parts) => {
            let parts = parts.join(", ");
            say!("impact-grant-parts", requester = requester, grant = grant, parts = parts)
        }
    };
    let until = time::last_date(terms.not_after, zone);
    let used = describe::usage(&answer.usage);
    let matters = describe::codes(terms.matters.iter());
    [head, say!("impact-grant-more", matters = matters, until = until, used = used)]
}

fn request_lines(answer: &RequestAnswer, loss: &Loss, zone: &TimeZone) -> [String; 2] {
    let terms = &answer.request.terms;
    let (request, requester) = (answer.id, &terms.asked.requester);
    let head = match loss {
        Loss::Parts(parts) => {
            let parts = parts.join(", ");
            say!("impact-request-parts", requester = requester, request = request, parts = parts)
        }
        _ => say!("impact-request-ends", requester = requester, request = request),
    };
    let needed = match terms.needed_by {
        Some(by) => say!("words-needed-by", day = time::last_date(by, zone)),
        None => say!("words-needed-any-time"),
    };
    let matters = describe::codes(terms.asked.matters.iter());
    [head, say!("impact-request-more", matters = matters, needed = needed)]
}
