//! What an inbox says of task forces: those into which the agency is invited and has not come yet.

use serde_json::json;

use super::Inbox;
use crate::client::TaskForceAnswer;
use crate::fault::Fault;
use crate::messages::say;
use crate::time;

impl Inbox<'_> {
    /// Invitations that are open.
    pub(super) fn invitations(&mut self) -> Result<(), Fault> {
        let query = self.of_agency("agency", &[("state", "active")]);
        let (found, values) =
            self.client.listed::<TaskForceAnswer>("/v1/task-forces", &query, "task_forces")?;
        let found = found.into_iter().zip(values);
        let open: Vec<_> = found
            .filter(|(answer, _)| answer.task_force.invited.contains_key(&self.agency))
            .collect();
        let Some((first, _)) = open.first() else { return Ok(()) };
        let zone = &self.session.shell.zone;
        let mut lines: Vec<String> = open
            .iter()
            .map(|(answer, _)| {
                let force = &answer.task_force;
                say!(
                    "inbox-invited",
                    task_force = answer.id,
                    lead = force.terms.lead,
                    title = force.terms.title,
                    day = time::date(force.ends(), zone)
                )
            })
            .collect();
        lines.push(say!("inbox-join", task_force = first.id));
        let title = say!("inbox-invitations", count = open.len());
        let values: Vec<_> = open.into_iter().map(|(_, value)| value).collect();
        self.section("invitations", title, json!(values), lines);
        Ok(())
    }
}
