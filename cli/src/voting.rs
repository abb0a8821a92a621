//! What a distribution of votes means for those who rely on it.
//! Holds: the heaviest are taken to fail first, so that what is said holds whichever fail.
//! May not enter: asking the node; which sets are allowed (core decides).

use std::collections::BTreeMap;

use comity_core::text::AgencyId;

use crate::client::{MemberAnswer, Voter};
use crate::messages::say;

/// A node that votes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Seat {
    /// Whose it is.
    pub(crate) agency: AgencyId,
    /// Who operates it.
    pub(crate) operated_by: String,
    /// Its weight.
    pub(crate) power: u64,
}

/// An operator of several voting nodes, with a third of the votes or more.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Share {
    /// Who.
    pub(crate) operator: String,
    /// How much of the voting power (percent, rounded down).
    pub(crate) percent: u64,
}

/// The nodes that vote, with who operates them. One of whom the members say nothing operates itself.
pub(crate) fn seats(voters: &[Voter], members: &[MemberAnswer]) -> Vec<Seat> {
    let seat = |voter: &Voter| {
        let member = members.iter().find(|member| member.agency.id == voter.agency);
        let operated_by = member.map(|member| member.agency.operated_by.to_string());
        Seat {
            agency: voter.agency.clone(),
            operated_by: operated_by.unwrap_or_else(|| voter.agency.to_string()),
            power: voter.power,
        }
    };
    voters.iter().map(seat).collect()
}

/// How many voting nodes may fail or lie without harm, whichever they are.
pub(crate) fn spare(seats: &[Seat]) -> usize {
    let total: u64 = seats.iter().map(|seat| seat.power).sum();
    let mut powers: Vec<u64> = seats.iter().map(|seat| seat.power).collect();
    powers.sort_unstable_by(|a, b| b.cmp(a));
    let failed = powers.iter().scan(0u64, |sum, power| {
        *sum += power;
        Some(*sum)
    });
    failed.take_while(|failed| failed.saturating_mul(3) < total).count()
}

/// What that means, in a sentence.
pub(crate) fn survives(seats: &[Seat]) -> String {
    match spare(seats) {
        0 => say!("survives-none"),
        1 => say!("survives-one"),
        many => say!("survives-many", count = many),
    }
}

/// Who operates several voting nodes with a third of the votes or more.
pub(crate) fn shares(seats: &[Seat]) -> Vec<Share> {
    let total: u64 = seats.iter().map(|seat| seat.power).sum();
    let mut operators: BTreeMap<&str, (usize, u64)> = BTreeMap::new();
    for seat in seats {
        let (nodes, power) = operators.entry(&seat.operated_by).or_default();
        *nodes += 1;
        *power += seat.power;
    }
    let large = operators
        .into_iter()
        .filter(|(_, (nodes, power))| *nodes > 1 && power.saturating_mul(3) >= total);
    large
        .map(|(operator, (_, power))| Share {
            operator: operator.to_owned(),
            percent: power.saturating_mul(100) / total.max(1),
        })
        .collect()
}

/// A warning for each of them.
pub(crate) fn warnings(shares: &[Share]) -> Vec<String> {
    let warning =
        |share: &Share| say!("warn-operator", operator = share.operator, percent = share.percent);
    shares.iter().map(warning).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seats(nodes: &[(&str, u64)]) -> Vec<Seat> {
        let seat = |(at, (operator, power)): (usize, &(&str, u64))| Seat {
            agency: format!("a{at}.gd").parse().unwrap(),
            operated_by: (*operator).to_owned(),
            power: *power,
        };
        nodes.iter().enumerate().map(seat).collect()
    }

    #[test]
    fn the_heaviest_nodes_are_taken_to_fail_first() {
        let of = |powers: &[u64]| {
            let nodes: Vec<_> = powers.iter().map(|power| ("x", *power)).collect();
            spare(&seats(&nodes))
        };
        assert_eq!(of(&[1, 1, 1]), 0);
        assert_eq!(of(&[1, 1, 1, 1]), 1);
        assert_eq!(of(&[1; 7]), 2);
        assert_eq!(of(&[4, 1, 1, 1, 1]), 0, "the first alone has half");
    }

    #[test]
    fn an_operator_of_several_nodes_with_a_third_of_the_votes_is_named() {
        let found = shares(&seats(&[("Cloud Co", 1), ("Cloud Co", 1), ("own", 1), ("self", 3)]));
        let expected = Share { operator: "Cloud Co".to_owned(), percent: 33 };
        assert_eq!(found, [expected], "one node of its own is nobody else's hand");
        assert_eq!(shares(&seats(&[("A", 1), ("A", 1), ("b", 5)])), []);
    }
}
