//! What the members decide about the consortium, and what it means for their nodes.

use comity_core::ids::TimeMs;

use super::{Event, World};
use crate::checker::Violation;
use crate::checker::plain::Change;
use crate::consortium::BEGINNING_MS;
use crate::family::Family;

impl World {
    /// Someone proposes a measure, unless one is still open.
    pub(super) fn propose_measure(&mut self) {
        let now = TimeMs(BEGINNING_MS + self.now_ms);
        let voters = self.checker.voters().to_vec();
        self.assembly.propose(&voters, now, &mut self.chance);
    }

    /// What has passed is put into effect: nodes start, stop, and get keys.
    pub(super) fn carry_out_measures(&mut self) {
        let passed: Vec<Change> =
            self.checker.passed()[self.carried_out..].iter().map(|(_, c)| c.clone()).collect();
        self.carried_out += passed.len();
        for change in passed {
            self.tally.add(Family::Membership);
            self.note(|| format!("the members have decided: {change:?}"));
            match change {
                Change::Admit { agency, power, .. } => {
                    self.assembly.entered(&agency);
                    let Some(node) = self.nodes_of(&agency).next() else { continue };
                    self.nodes[node].is_wanted = true;
                    if power.is_some() {
                        let key = self.nodes[node].member.validator.clone();
                        self.nodes[node].take_key(key, &mut self.chance);
                    }
                    let after = self.chance.between(100, 2_000);
                    self.plan_event(after, Event::Start { node });
                }
                Change::Remove(agency) => {
                    self.assembly.has_left(&agency);
                    for node in self.nodes_of(&agency).collect::<Vec<_>>() {
                        self.nodes[node].is_wanted = false;
                        if self.nodes[node].running.is_some() {
                            self.stop(node);
                        }
                    }
                }
                Change::Replace { agency, .. } | Change::Standing { agency, .. } => {
                    for node in self.nodes_of(&agency).collect::<Vec<_>>() {
                        let after = self.chance.between(100, 2_000);
                        self.plan_event(after, Event::Rekey { node });
                    }
                }
                Change::Share(..) | Change::Other => {}
            }
        }
    }

    fn nodes_of<'a>(&'a self, agency: &'a str) -> impl Iterator<Item = usize> + 'a {
        let all = self.nodes.iter().enumerate();
        all.filter(move |(_, node)| node.member.agency.as_str() == agency).map(|(at, _)| at)
    }

    /// An operator gives a node the key that the ledger names for it, and starts it again.
    pub(super) fn rekey(&mut self, node: usize) -> Result<(), Violation> {
        let agency = self.nodes[node].member.agency.to_string();
        let named = self.checker.voters().iter().find(|voter| voter.agency == agency);
        let Some(named) = named.map(|voter| voter.key) else { return Ok(()) };
        let member = &self.nodes[node].member;
        let keys = [&member.validator, &member.next_validator];
        let Some(key) = keys.into_iter().find(|key| *key.public().as_bytes() == named) else {
            return Ok(());
        };
        let held = self.nodes[node].key.as_ref().map(|key| *key.public().as_bytes());
        if held == Some(named) || !self.nodes[node].is_wanted {
            return Ok(());
        }
        let key = key.clone();
        if self.nodes[node].running.is_some() {
            self.kill(node);
        }
        match held {
            // A node that has only followed has a log of its own without a guard, and gets none: it
            // is silent for some heights. Beside an odd member that would be one too many.
            None if self.plan.odd.is_empty() => self.nodes[node].key = Some(key),
            None | Some(_) => self.nodes[node].take_key(key, &mut self.chance),
        }
        self.plan_event(100, Event::Start { node });
        Ok(())
    }
}
