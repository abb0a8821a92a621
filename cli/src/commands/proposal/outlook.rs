//! What a measure would make of the consortium: shown before a proposal or a ballot is signed.
//! Holds: the votes that would be are counted as the ledger would count them.
//! May not enter: whether the measure may be carried out (core decides when it is submitted).

use comity_core::agency::Standing;
use comity_core::governance::Measure;

use crate::client::MemberAnswer;
use crate::fault::Fault;
use crate::messages::say;
use crate::shell::Session;
use crate::sign::Desk;
use crate::voting::{self, Seat};

/// Says who has a ballot, how many are needed, and what the votes would be.
pub(super) fn show(session: &mut Session<'_>, desk: &Desk, measure: &Measure) -> Result<(), Fault> {
    let (rules, members) = (desk.client.rules()?, desk.client.members()?);
    let all = rules.electorate.len() as u64;
    let share = all * u64::from(rules.params.ballot_numerator);
    let needed = share / u64::from(rules.params.ballot_denominator.max(1)) + 1;
    let names: Vec<String> = rules.electorate.iter().map(ToString::to_string).collect();
    let names = names.join(", ");
    session.shell.note(&say!("preview-electorate", all = all, names = names, needed = needed));
    for line in votes(&voting::seats(&desk.status.validators, &members), &members, measure) {
        session.shell.note(&line);
    }
    Ok(())
}

/// What the votes are, would be, and mean; nothing where nothing about them would change.
fn votes(now: &[Seat], members: &[MemberAnswer], measure: &Measure) -> Vec<String> {
    let then = after(now, members, measure);
    if then == now {
        return vec![];
    }
    let mut lines = vec![
        say!("preview-votes", before = now.len(), after = then.len()),
        voting::survives(&then),
    ];
    lines.extend(voting::warnings(&voting::shares(&then)));
    lines
}

/// The nodes that would vote.
fn after(now: &[Seat], members: &[MemberAnswer], measure: &Measure) -> Vec<Seat> {
    let mut then = now.to_vec();
    match measure {
        Measure::Admit { member } => {
            if let Standing::Validator { power } = member.agency.standing {
                let operated_by = member.agency.operated_by.to_string();
                then.push(Seat { agency: member.agency.id.clone(), operated_by, power });
            }
        }
        Measure::Remove { agency, .. }
        | Measure::ChangeStanding { agency, standing: Standing::Observer, .. } => {
            then.retain(|seat| seat.agency != *agency);
        }
        Measure::ChangeOperator { agency, operated_by } => {
            for seat in then.iter_mut().filter(|seat| seat.agency == *agency) {
                seat.operated_by = operated_by.to_string();
            }
        }
        Measure::ChangeStanding { agency, standing: Standing::Validator { power }, .. } => {
            then.retain(|seat| seat.agency != *agency);
            let member = members.iter().find(|member| member.agency.id == *agency);
            let operated_by = member.map(|member| member.agency.operated_by.to_string());
            let operated_by = operated_by.unwrap_or_else(|| agency.to_string());
            then.push(Seat { agency: agency.clone(), operated_by, power: *power });
        }
        Measure::ChangeStanding { standing: Standing::Hosted { .. }, .. }
        | Measure::ReplaceKey { .. }
        | Measure::ChangeAuthority { .. }
        | Measure::ChangeParams { .. }
        | Measure::ActivateVersion { .. }
        | Measure::Appoint { .. }
        | Measure::ChangeSponsor { .. }
        | Measure::RenewEmergency { .. } => {}
    }
    then.sort_by(|a, b| a.agency.cmp(&b.agency));
    then
}

#[cfg(test)]
mod tests {
    use super::*;
    use comity_core::text::Text;

    fn seat(agency: &str, operator: &str) -> Seat {
        Seat { agency: agency.parse().unwrap(), operated_by: operator.to_owned(), power: 1 }
    }

    #[test]
    fn what_remains_after_one_is_gone_is_said_to_survive_less() {
        let now = ["a.gd", "b.gd", "c.gd", "d.gd"].map(|agency| seat(agency, agency));
        let measure = Measure::Remove { agency: "d.gd".parse().unwrap(), reason: Text::default() };
        let said = votes(&now, &[], &measure).join("\n");
        assert!(said.contains("4") && said.contains("3"), "{said}");
        assert!(said.contains("Every voting node must then run"), "{said}");
    }

    #[test]
    fn one_hand_that_would_hold_a_third_is_warned_of() {
        let now = ["a.gd", "b.gd", "c.gd", "d.gd"].map(|agency| seat(agency, agency));
        let operated_by = "b.gd".parse().unwrap();
        let measure = Measure::ChangeOperator { agency: "a.gd".parse().unwrap(), operated_by };
        let said = votes(&now, &[], &measure).join("\n");
        assert!(said.contains("b.gd") && said.contains("50"), "{said}");
        let other = Measure::ChangeAuthority { agency: "a.gd".parse().unwrap() };
        assert_eq!(votes(&now, &[], &other), Vec::<String>::new());
    }
}
